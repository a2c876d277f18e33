/* tools/trace_replay.c -- the command `intproxy-trace replay`; see trace_replay.h */
#include "tools/trace_replay.h"
#include "actors/exit_codes.h"
#include "tools/output.h"
#include "tools/trace_as.h"
#include "tools/trace_chaos.h"
#include "tools/trace_commands.h"
#include "tools/trace_reread.h"
#include <stdlib.h>
#include <string.h>

static struct replay_asked asked;
static bool chaos;
static uint64_t seed, seeds;
static struct version agent_version;
static bool has_version;

static void take_file(struct command_line *c, const char *value)
{
    trace_option_file(c, value, &asked.files);
}

static void take_speed(struct command_line *c, const char *value)
{
    char *end;
    asked.speed = strtod(value, &end);
    if (strcmp(value, "max") == 0)
        asked.speed = 0;
    else if (end == value || *end || !(asked.speed > 0) || asked.speed > 1e6)
        command_line_mistake(c, "\"%s\" is no speed: 1 is as it was, 10 ten times faster, or max",
                             value);
}

static void take_until(struct command_line *c, const char *value)
{
    trace_option_filter(c, value, &asked.until);
}

static void take_step(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.step = true;
}

/* It is looked for before (trace_as_is_asked): here it stands for --help. */
static void take_role(struct command_line *c, const char *value)
{
    (void)c, (void)value;
}

static void take_chaos(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    chaos = true;
}

static void take_seed(struct command_line *c, const char *value)
{
    if (!command_line_number(value, 0, UINT64_MAX, &seed))
        command_line_mistake(c, "\"%s\" is no number", value);
}

static void take_seeds(struct command_line *c, const char *value)
{
    if (!command_line_number(value, 1, 100000000, &seeds))
        command_line_mistake(c, "\"%s\" is no number of runs from 1 on", value);
}

static void take_version(struct command_line *c, const char *value)
{
    has_version = version_parse(value, strlen(value), &agent_version);
    if (!has_version)
        command_line_mistake(c, "\"%s\" is no version, write e.g. 1.8.0", value);
}

static const struct option_row rows[] = {
    {"", NULL, "Options", NULL, ONCE},
    {"--speed", "N|max", "1: in the time that it took, 10: ten times faster (default max)",
     take_speed, ONCE},
    {"--until", "EXPR", "no further than the first record that this filter wants", take_until,
     ONCE},
    {"--step", NULL, "show each record, and ask how to go on", take_step, ONCE},
    {"--chaos", NULL,
     "run the program anew with the recorded agent and application, in other\nlegal orders of its "
     "actors: finds races between them",
     take_chaos, ONCE},
    {"--seed", "N", "with --chaos: this order, or the first of --seeds (default 1)", take_seed,
     ONCE},
    {"--seeds", "N", "with --chaos: so many orders (default 100, or 1 with --seed)", take_seeds,
     ONCE},
    {"--agent-version", "V",
     "run it anew with an agent of this version, which asks in its own forms:\nwhat would that "
     "have "
     "got?",
     take_version, ONCE},
    {"--as", "ROLE",
     "agent, app or client: play that side of the recording to a live program,\ninstead of "
     "replaying it; \"replay --as agent --help\" says how",
     take_role, ONCE},
    OPTION_HELP_ROW,
    {NULL, NULL, NULL, NULL, ONCE},
};

static const char examples[] =
    "Every actor of the recorded program is made anew, alone, and given the messages that it had "
    "heard, at the\n"
    "times at which it had heard them; what it does is compared with what it had done: each "
    "message that it\n"
    "sends, by its receiver, kind and content; each byte that it writes; each timer, socket, file, "
    "monitor,\n"
    "spawn, log line and end, in order. Of what the runtime says, serials, times of timers and "
    "ends of actors\n"
    "are checked, and for whom a listener accepts. Not compared: addresses of peers and numbers of "
    "signals,\n"
    "which only the kernel knows; how writes were cut (those of one call to one socket are one), "
    "what is below\n"
    "a socket, how long anything took. What cannot be replayed is said before: actors whose "
    "beginning is not\n"
    "in the trace, and what follows a message whose bytes were left out (--trace-bodies) or lost. "
    "--chaos and\n"
    "--agent-version need the handshake with the agent, and all that the agent said before the "
    "first exchange.\n"
    "There, of requests whose bytes are the same each may get what any of them had got: the "
    "application\n"
    "cannot tell them apart; and an application that was there for some of the time takes all "
    "connections: if\n"
    "it had refused some, that is said before.\n"
    "\n"
    "Examples\n"
    "  intproxy-trace replay run.trace\n"
    "  intproxy-trace replay --step --until 'kind == ANSWER && conn == 7' run.trace\n"
    "  intproxy-trace replay --chaos --seeds 1000 run.trace\n"
    "  intproxy-trace replay --as agent --listen 61337 run.trace\n"
    "\n"
    "Exit status: 0 the same again; 1 not; 65 the trace is damaged, but what could be read of it "
    "is the\n"
    "same, or its settings are missing; 66 nothing of it could be replayed; 74 it cannot be "
    "read.\n";

static void check(struct command_line *c)
{
    trace_files_check(c, &asked.files, 0);
    if ((chaos || has_version) && (asked.until || asked.step || command_line_given(c, "--speed")))
        command_line_mistake(
            c, "--until, --step and --speed have no meaning with --chaos and --agent-version");
    for (unsigned i = 0; asked.step && i < asked.files.count; i++)
        if (strcmp(asked.files.names[i], "-") == 0)
            command_line_mistake(c, "--step reads its answers from standard input, name a file");
    if (chaos && has_version)
        command_line_mistake(c, "--chaos and --agent-version exclude each other, leave one out");
    if (!chaos && (command_line_given(c, "--seed") || command_line_given(c, "--seeds")))
        command_line_mistake(c, "--seed and --seeds need --chaos");
}

static int replay(void)
{
    struct trace_plan plan = {0};
    if (!trace_reread_keep(asked.files.names, asked.files.count))
        return EXIT_IO;
    int damage = trace_plan_make(&plan, asked.files.names, asked.files.count);
    if (!plan.is_mixed)
        trace_plan_say(&plan);
    bool cannot = damage == EXIT_IO || plan.is_mixed || plan_wants_settings(&plan);
    int status = cannot ? damage : replay_run(&asked, &plan);
    trace_plan_free(&plan);
    output_flush();
    return status ? status : damage;
}

int trace_replay(int argc, char **argv)
{
    struct command_line c = {
        .program = "intproxy-trace replay", .rows = rows, .argument = take_file};
    int status;
    if (trace_as_is_asked(argc, argv))
        return trace_as_command(argc, argv);
    if (!command_line_start(&c, argc, argv, "intproxy-trace replay [OPTION]... FILE...", examples,
                            check, &status))
        return status;
    output_keeps_verdict();
    if (!chaos && !has_version)
        return replay();
    bool one = command_line_given(&c, "--seed") && !seeds;
    if (has_version)
        status = chaos_run_version(&asked.files, agent_version);
    else
        status = chaos_run(&asked.files, command_line_given(&c, "--seed") ? seed : 1,
                           one     ? 1
                           : seeds ? seeds
                                   : 100);
    output_flush();
    return status;
}
