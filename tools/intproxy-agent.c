/* tools/intproxy-agent.c -- the stand-in agent as a program: command line, start, exit code. See --help.
 *
 * Exit codes, of actors/exit_codes.h: EXIT_DRAINED, EXIT_USAGE, EXIT_SIGNALLED_AGAIN.
 */
#include "actors/agent.h"
#include "actors/exit_codes.h"
#include "messages/kinds.h"
#include "runtime/runtime.h"
#include "actors/settings_text.h"
#include "tools/recording.h"
#include "tools/shared_options.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>

static struct agent_settings asked;
static bool wants_version;
static bool has_listen, has_port; /* right or wrong */

/* ---- options ---- */

static void take_listen(struct command_line *c, const char *value)
{
    has_listen = true;
    if (option_address(c, value, &asked.listen) && asked.listen.family == ADDRESS_NAME)
        command_line_mistake(c, "\"%s\" is a name, write the address to listen on", value);
}

static void take_port(struct command_line *c, const char *value)
{
    has_port = true;
    option_agent_port(c, &asked, value);
}

static void take_protocol(struct command_line *c, const char *value)
{
    option_protocol_version(c, value, &asked.version);
}

static void take_answer(struct command_line *c, const char *value)
{
    if (strcmp(value, "min") == 0)
        asked.answer = AGENT_ANSWER_MIN;
    else if (strcmp(value, "echo") == 0)
        asked.answer = AGENT_ANSWER_ECHO;
    else if (strcmp(value, "none") == 0)
        asked.answer = AGENT_ANSWER_NONE;
    else
        command_line_mistake(c, "\"%s\" is none of min, echo, none", value);
}

static void take_lose_body_end(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.lose_body_end = true;
}

static void take_version(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    wants_version = true;
}

static const struct option_row rows[] = {
    {"", NULL, "Where", NULL, ONCE},
    {"--listen", "ADDR",
     "proxies connect here: PORT (loopback), IP:PORT or unix:/PATH; port 0: any", take_listen,
     ONCE},
    {"--port", "LISTEN=UPSTREAM",
     "remote clients connect to LISTEN, whose port number is the one that\nproxies subscribe to; "
     "what nobody steals goes to UPSTREAM",
     take_port, REPEATABLE},
    {"", NULL, "Which agent to be", NULL, ONCE},
    {"--protocol-version", "V",
     "the agent's build: what it can read at all (default: the newest, which\n--version tells); "
     "below "
     "1.19.4 it is of the old kind: one id per\nconnection, unfiltered = raw",
     take_protocol, ONCE},
    {"--answer", "min|echo|none",
     "to the proxy's version: the smaller one (default), the proxy's own\n(agents of 2023-08 to "
     "2024-06), or nothing",
     take_answer, ONCE},
    {"--lose-body-end", NULL,
     "do not say that a body is complete which was there at the start\n(a defect of agents 3.107 "
     "to 3.109, protocol 1.7.0 to 1.8.1)",
     take_lose_body_end, ONCE},
    RECORDING_ROWS,
    {"", NULL, "Running", NULL, ONCE},
    OPTION_LOG_ROWS,
    {"--version", NULL, "what this is", take_version, ONCE},
    OPTION_HELP_ROW,
    {NULL, NULL, NULL, NULL, ONCE},
};

static const char examples[] =
    "When everything listens, a line \"agent ready - version ...\" comes on stdout.\n"
    "\n"
    "Examples\n"
    "  # an application at 8081, reached at 8080; a proxy may steal 8080\n"
    "  intproxy-agent --listen 61337 --port 8080=8081\n"
    "  intproxyd --agent 127.0.0.1:61337 -R 8080:9000 --header-filter '^x-user: me$'\n"
    "\n"
    "  # as an agent of 2024-05, which echoes the proxy's version and knows no streams\n"
    "  intproxy-agent --listen 61337 --port 8080=8081 --protocol-version 1.5.5 --answer echo\n"
    "\n"
    "Exit status: 0 after SIGTERM or SIGINT, 2 usage or an address that cannot be listened on.\n";

/* ---- start ---- */

static void check_together(struct command_line *c)
{
    if (!has_listen)
        command_line_mistake(c, "no --listen: write where proxies connect, e.g. --listen 61337");
    if (!has_port)
        command_line_mistake(c, "no --port: write LISTEN=UPSTREAM at least once, e.g. --port "
                                "8080=8081");
    /* AG-45 is about requests in parts, and there were none before */
    if (asked.lose_body_end && !version_allows(asked.version, GATE_HTTP_CHUNKED_REQUEST)) {
        char least[VERSION_TEXT_MAX];
        version_format(gate_minimum(GATE_HTTP_CHUNKED_REQUEST), least);
        command_line_mistake(c, "--lose-body-end needs --protocol-version %s or newer", least);
    }
    recording_check(c);
}

static void say_ready(const char *line)
{
    printf("%s\n", line);
    fflush(stdout);
}

static int run(const struct hooks *hooks)
{
    struct runtime r;
    runtime_create(&r, &(struct runtime_options){.workers = 1,
                                                 .names_apart = true,
                                                 .io = &io_ev,
                                                 .hooks = hooks,
                                                 .before_exit = recording_stop});
    agent_ready_line = say_ready;
    runtime_signals_to(&r, runtime_spawn_root(&r, &agent_type, agent_first()));
    int status = runtime_run(&r);
    runtime_destroy(&r);
    return status;
}

static int run_recorded(int argc, char **argv)
{
    struct trace_setting *texts = settings_texts(NULL, &asked);
    const struct hooks *hooks = recording_start(
        &(struct recording_program){"intproxy-agent", asked.version_text, 1, argv, argc}, texts);
    int status = hooks ? run(hooks) : EXIT_USAGE;
    recording_stop();
    settings_texts_free(texts);
    return status;
}

int main(int argc, char **argv)
{
    struct command_line c = {.program = "intproxy-agent", .rows = rows};
    asked.version = version_newest();
    command_line_read(&c, argc, argv);
    if (c.help) {
        command_line_help(&c, "intproxy-agent --listen ADDR --port LISTEN=UPSTREAM [options]",
                          examples);
        return 0;
    }
    if (wants_version) {
        print_version("intproxy-agent");
        return 0;
    }
    check_together(&c);
    if (c.mistakes) {
        fprintf(stderr, "intproxy-agent: --help shows all options, with examples\n");
        return EXIT_USAGE;
    }
    raise_descriptor_limit();
    version_format(asked.version, asked.version_text);
    agent_settings = &asked;
    messages_init();
    signal(SIGUSR1, SIG_IGN); /* who asks for a trace that is not kept does not mean the end */
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of its write, no end either */
    return recording_is_wanted() ? run_recorded(argc, argv) : run(NULL);
}
