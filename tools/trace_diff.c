/* tools/trace_diff.c -- intproxy-trace diff: what is different in two traces. */
#include "tools/output.h"
#include "tools/trace_commands.h"
#include "tools/trace_report.h"
#include "tools/trace_two_options.h"

/* Of each stream, so that the first byte that differs can be named; behind them, only its block can. */
enum { KEPT_FOR_DETAILS = 64 << 10, KEPT = 256 };

static struct {
    struct trace_two_names names;
    bool details, json;
} asked;

static void take_details(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.details = true;
}

static void take_json(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.json = true;
}

static void take_file(struct command_line *c, const char *value)
{
    trace_two_option_name(c, value, &asked.names);
}

static const struct option_row rows[] = {
    {"--details", NULL, "every difference, and where bytes differ first", take_details, ONCE},
    {"--json", NULL,
     "one JSON object, with every difference (tools/trace_report_json.c\nhas its "
     "members)",
     take_json, ONCE},
    TRACE_TWO_ROWS,
    OPTION_HELP_ROW,
    {NULL, NULL, NULL, NULL, ONCE},
};

static const char usage[] = "intproxy-trace diff [OPTION]... A B";
static const char examples[] = TRACE_TWO_HELP
    "\n"
    "A and B are traces; the name that --trace was given stands for all parts of one. Of one of "
    "them, - is\n"
    "standard input.\n"
    "\n"
    "  intproxy-trace diff before.trace after.trace\n"
    "  intproxy-trace diff --details --filter 'path ~ \"/api\"' before.trace after.trace\n"
    "  intproxy-trace diff --ignore rules --tolerance time=20ms before.trace after.trace\n"
    "  intproxy-trace diff --json a b | jq -r '.units[] | select(.verdict == \"different\").name'\n"
    "\n"
    "exit status: 0 equal; 1 different, or one is not whole; 2 a mistake on the command line, or "
    "in rules;\n"
    "65 no trace, or damaged places; 66 nothing to compare is left by filter and rules; 74 not "
    "readable\n";

static void check(struct command_line *c)
{
    if (asked.names.count < 2)
        command_line_mistake(c, "two traces must be named: diff A B");
    else if (asked.names.paths[0][0] == '-' && asked.names.paths[1][0] == '-')
        command_line_mistake(c, "only one of them can be standard input");
    if (asked.json && asked.details)
        command_line_mistake(c, "--json has all details; leave --details out");
}

static int report(const struct trace_two *t)
{
    struct report_sides s = {"A", "B"};
    if (asked.json)
        report_json(t, s);
    else
        report_text(t, s, asked.details);
    output_flush();
    return trace_two_verdict(t, trace_two_cuts_count());
}

int trace_diff(int argc, char **argv)
{
    struct command_line c = {.program = "intproxy-trace diff", .rows = rows, .argument = take_file};
    struct trace_two two;
    int status;
    if (!trace_two_start(&c, argc, argv, usage, examples, check, &status))
        return status;
    trace_two_read(&two, asked.names.paths[0], asked.names.paths[1],
                   asked.details || asked.json ? KEPT_FOR_DETAILS : KEPT, false);
    status = two.comparison ? report(&two) : two.status;
    trace_two_free(&two);
    return status;
}
