/* tools/trace_show.c -- intproxy-trace show and follow: a trace, one line a message. */
#include "messages/trace_notes.h"
#include "tools/output.h"
#include "tools/trace_alive.h"
#include "tools/trace_commands.h"
#include "tools/trace_filter.h"
#include "tools/trace_input.h"
#include "tools/trace_json.h"
#include "tools/trace_options.h"
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

enum { PRINT_BYTES = 64 << 10 };

static struct {
    struct trace_view view;
    struct trace_filter *filter;
    struct trace_files files;
    bool json, follow, fields;
} asked;

/* ---- options --------------------------------------------------------------------------------- */

static void take_json(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.json = true;
}

static void take_bytes(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.view.bytes = true;
}

static void take_filter(struct command_line *c, const char *value)
{
    trace_option_filter(c, value, &asked.filter);
}

static void take_fields(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.fields = true;
}

static void take_effects(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.view.effects = true;
}

static void take_no_effects(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.view.effects = false;
}

static void take_time(struct command_line *c, const char *value)
{
    trace_option_times(c, value, &asked.view.times);
}

static void take_excerpt(struct command_line *c, const char *value)
{
    trace_option_number(c, value, UINT32_MAX, &asked.view.excerpt);
}

static void take_file(struct command_line *c, const char *value)
{
    trace_option_file(c, value, &asked.files);
}

static const struct option_row rows[] = {
    {"--filter", "EXPR", "only the records that it wants; --fields lists what it can ask for",
     take_filter, ONCE},
    {"--fields", NULL, "explain the filter language and its fields, and end", take_fields, ONCE},
    {"--time", "HOW",
     "relative (to the first record, the default), delta (to the line\nbefore) "
     "or wall (UTC)",
     take_time, ONCE},
    {"--excerpt", "N", "so many bytes of a payload are in its line (48)", take_excerpt, ONCE},
    {"--effects", NULL, "with what the actor did then (the default)", take_effects, ONCE},
    {"--no-effects", NULL, "without", take_no_effects, ONCE},
    {"--bytes", NULL, "whole payloads, as hexadecimal and text", take_bytes, ONCE},
    {"--json", NULL, "one object a line, for jq (tools/trace_json.h has its names)", take_json,
     ONCE},
    OPTION_HELP_ROW,
    {NULL, NULL, NULL, NULL, ONCE},
};

static const char show_usage[] = "intproxy-trace show [OPTION]... FILE...";
static const char show_examples[] =
    "FILE... are the parts of one trace, in any order; the name that --trace was given stands for "
    "all its\n"
    "parts. - is standard input. Damaged places are said on standard error; all else is shown.\n"
    "\n"
    "  intproxy-trace show run.trace | less -S\n"
    "  intproxy-trace show --filter 'conn == 7 && to == interceptor' run.trace\n"
    "  intproxy-trace show --filter 'kind ~ \"HttpResponse*\" && status >= 500' --bytes run.trace\n"
    "  intproxy-trace show --json run.trace | jq -r 'select(.took_us > 1000) | .to'\n"
    "\n"
    "exit status: 0; 2 a mistake on the command line; 65 damaged places; 74 not readable\n";

static const char follow_usage[] = "intproxy-trace follow [OPTION]... FILE";
static const char follow_examples[] =
    "Shows a trace that is being written, as show does, and goes on with what comes: also with the "
    "next\n"
    "parts, if it is rotated. It ends when the recorded program has ended, or its process is "
    "gone from\n"
    "this machine, and on SIGINT or SIGTERM.\n"
    "\n"
    "  intproxy-trace follow --filter 'what != call || status >= 500' run.trace\n"
    "  intproxy-trace follow --json run.trace | jq -r .kind\n"
    "\n"
    "exit status: 0; 2 a mistake on the command line; 65 damaged places; 74 not readable\n";

static void check(struct command_line *c)
{
    if (asked.fields)
        return;
    trace_files_check(c, &asked.files, asked.follow ? 1 : 0);
    if (asked.json && command_line_given(c, "--time"))
        command_line_mistake(c, "--time: --json has both times, t and wall; leave it out");
    if (command_line_given(c, "--effects") && command_line_given(c, "--no-effects"))
        command_line_mistake(c, "--effects and --no-effects: leave one out");
}

/* ---- records --------------------------------------------------------------------------------- */

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static struct trace_text text;

/* The program will write no more, though it did not say so: it was killed. A pipe ends by itself, and may come from
 * another machine. */
static bool is_gone(const struct trace_input *in)
{
    struct stat st;
    const struct trace_about *a = trace_input_about(in);
    return a && fstat(in->fd, &st) == 0 && S_ISREG(st.st_mode) && trace_program_is_gone(a);
}

/* What it wrote before it went is read first. */
static bool ends(const struct trace_input *in)
{
    static bool was_gone;
    bool ends = was_gone;
    was_gone = is_gone(in);
    if (ends)
        fprintf(stderr,
                "intproxy-trace: %s: its program, process %" PRIu32
                ", is gone; its end is not in the trace\n",
                in->name, trace_input_about(in)->process);
    return ends;
}

/* Nothing more is there for now. That the last record is still being written is no damage when one stops here. */
static bool waits(void *context)
{
    struct trace_input *in = context;
    trace_text_print(&text);
    output_flush();
    in->quiet = in->quiet || stopped;
    return !stopped && !ends(in);
}

static void show(const struct trace_record *r, struct trace_exchanges *exchanges)
{
    const struct trace_exchange *x = trace_exchanges_take(exchanges, r);
    trace_view_take(&asked.view, r);
    if (!trace_filter_wants(asked.filter, r, x))
        return;
    if (asked.json)
        trace_json(&asked.view, &text, r, x);
    else
        trace_line(&asked.view, &text, r, x);
    if (text.length >= PRINT_BYTES)
        trace_text_print(&text);
}

static int show_all(void)
{
    struct trace_input in = {.follow = asked.follow, .waits = waits, .context = &in};
    struct trace_record r;
    struct trace_exchanges *exchanges = trace_exchanges_new();
    trace_input_open(&in, asked.files.names, asked.files.count);
    trace_view_create(&asked.view, in.reader);
    trace_filter_reader(asked.filter, in.reader);
    while (!stopped && trace_input_next(&in, &r)) {
        show(&r, exchanges);
        if (asked.follow && trace_note_is_last(&r))
            break;
    }
    trace_text_print(&text);
    output_flush();
    int status = trace_input_status(&in);
    trace_view_destroy(&asked.view);
    trace_exchanges_free(exchanges);
    trace_input_close(&in);
    return status;
}

static int run(int argc, char **argv, const char *program, const char *usage, const char *examples)
{
    struct command_line c = {.program = program, .rows = rows, .argument = take_file};
    char error[FILTER_ERROR_MAX];
    int status;
    asked.view.effects = true;
    asked.view.excerpt = TRACE_EXCERPT;
    if (!command_line_start(&c, argc, argv, usage, examples, check, &status))
        return status;
    if (asked.fields) {
        trace_filter_help();
        output_flush();
        return 0;
    }
    if (!asked.filter)
        asked.filter = trace_filter_new(NULL, error);
    asked.view.colour = output_has_colour();
    status = show_all();
    trace_filter_free(asked.filter);
    trace_text_free(&text);
    return status;
}

int trace_show(int argc, char **argv)
{
    return run(argc, argv, "intproxy-trace show", show_usage, show_examples);
}

int trace_follow(int argc, char **argv)
{
    struct sigaction end = {.sa_handler = stop};
    sigaction(SIGINT, &end, NULL);
    sigaction(SIGTERM, &end, NULL);
    asked.follow = true;
    return run(argc, argv, "intproxy-trace follow", follow_usage, follow_examples);
}
