/* tools/trace_stat.c -- intproxy-trace stat: counts and times of a whole trace. */
#include "tools/trace_stat.h"
#include "tools/output.h"
#include "tools/trace_commands.h"
#include "tools/trace_filter.h"
#include "tools/trace_options.h"
#include "tools/trace_pairs.h"
#include "tools/trace_run.h"

enum { TOP = 10 };

static struct {
    struct trace_filter *filter;
    struct trace_files files;
    uint64_t top;
    bool json;
} asked = {.top = TOP};

/* ---- options --------------------------------------------------------------------------------- */

static void take_filter(struct command_line *c, const char *value)
{
    trace_option_filter(c, value, &asked.filter);
}

static void take_top(struct command_line *c, const char *value)
{
    trace_option_number(c, value, INT32_MAX, &asked.top);
}

static void take_json(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.json = true;
}

static void take_file(struct command_line *c, const char *value)
{
    trace_option_file(c, value, &asked.files);
}

static const struct option_row rows[] = {
    {"--filter", "EXPR",
     "count only the records that it wants; `show --fields` lists what it\ncan ask for",
     take_filter, ONCE},
    {"--top", "N", "list the N slowest exchanges (10)", take_top, ONCE},
    {"--json", NULL, "one JSON object; times in nanoseconds", take_json, ONCE},
    OPTION_HELP_ROW,
    {NULL, NULL, NULL, NULL, ONCE},
};

static const char usage[] = "intproxy-trace stat [OPTION]... FILE...";
static const char examples[] =
    "Counts, and times: a message waits in its mailbox from the end of the call that sent it to "
    "the\n"
    "beginning of the call that handles it. p50 and p99 are right to 3 %. Bytes are those of "
    "payloads,\n"
    "written those to sockets. An exchange takes from its first to its last record. Calls of one "
    "turn\n"
    "for messages of one kind are timed together: each has an equal share of the handling.\n"
    "\n"
    "  intproxy-trace stat run.trace\n"
    "  intproxy-trace stat --filter 'path ~ \"/api\"' --top 50 run.trace\n"
    "  intproxy-trace stat --json run.trace | jq '.kinds[] | select(.name == \"REQUEST\") | "
    ".wait_ns'\n"
    "\n"
    "exit status: 0; 2 a mistake on the command line; 65 damaged places; 74 not readable\n";

static void check(struct command_line *c)
{
    trace_files_check(c, &asked.files, 0);
}

/* ---- records --------------------------------------------------------------------------------- */

static void take(struct trace_stat *s, struct trace_pairs *pairs, const struct trace_reader *reader,
                 const struct trace_record *r)
{
    struct trace_sent sent;
    uint64_t wait_ns;
    enum trace_paired paired = trace_pairs_take(pairs, reader, r, &sent);
    bool known = trace_wait_ns(paired, &sent, r, &wait_ns);
    if (!trace_filter_wants(asked.filter, r, trace_exchanges_take(s->exchanges, r)))
        return;
    trace_totals_take(s->totals, reader, r, known ? &wait_ns : NULL);
    s->totals->unpaired += paired == PAIR_UNKNOWN;
}

static int stat_all(void)
{
    struct trace_input in = {0};
    struct trace_record r;
    struct trace_run run = {0};
    bool is_one = true; /* exchanges and actors of two runs have the same numbers */
    struct trace_stat s = {trace_totals_new(), trace_exchanges_new(), &in, asked.top};
    struct trace_pairs *pairs = trace_pairs_new();
    trace_input_open(&in, asked.files.names, asked.files.count);
    trace_filter_reader(asked.filter, in.reader);
    while (is_one && trace_input_next(&in, &r)) {
        take(&s, pairs, in.reader, &r);
        is_one = trace_run_goes_on(&run, &in);
    }
    trace_totals_sort(s.totals);
    if (is_one && asked.json)
        trace_stat_json(&s);
    else if (is_one)
        trace_stat_print(&s);
    output_flush();
    int status = is_one ? trace_input_status(&in) : EXIT_DATA;
    trace_pairs_free(pairs);
    trace_totals_free(s.totals);
    trace_exchanges_free(s.exchanges);
    trace_input_close(&in);
    return status;
}

int trace_stat(int argc, char **argv)
{
    struct command_line c = {.program = "intproxy-trace stat", .rows = rows, .argument = take_file};
    char error[FILTER_ERROR_MAX];
    int status;
    if (!command_line_start(&c, argc, argv, usage, examples, check, &status))
        return status;
    if (!asked.filter)
        asked.filter = trace_filter_new(NULL, error);
    status = stat_all();
    trace_filter_free(asked.filter);
    return status;
}
