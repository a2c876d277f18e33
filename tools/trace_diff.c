/* tools/trace_diff.c -- intproxy-trace diff: what is different in two traces. */
#include "tools/output.h"
#include "tools/trace_commands.h"
#include "tools/trace_report.h"
#include <stdio.h>

enum { KEPT_FOR_DETAILS = 64 << 10 };

static struct {
    const char *paths[2];
    unsigned count;
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
    if (asked.count < 2)
        asked.paths[asked.count] = value;
    else
        command_line_mistake(c, "%s: two traces are compared, this is one more", value);
    asked.count++;
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
static const char examples[] =
    "A and B are traces; the name that --trace was given stands for all parts of one. Of one of "
    "them, - is\n"
    "standard input.\n"
    "\n"
    "  intproxy-trace diff before.trace after.trace\n"
    "  intproxy-trace diff --details --filter 'path ~ \"/api\"' before.trace after.trace\n"
    "  intproxy-trace diff --ignore rules --tolerance time=20ms before.trace after.trace\n"
    "  intproxy-trace diff --json a b | jq -r '.units[] | select(.verdict == \"different\").name'\n"
    "\n"
    "exit status: 0 equal; 1 different; 2 a mistake on the command line, or in rules; 65 no trace, "
    "or\n"
    "damaged places; 74 not readable\n";

static void check(struct command_line *c)
{
    if (asked.count < 2)
        command_line_mistake(c, "two traces must be named: diff A B");
    else if (asked.paths[0][0] == '-' && asked.paths[1][0] == '-')
        command_line_mistake(c, "only one of them can be standard input");
    if (asked.json && asked.details)
        command_line_mistake(c, "--json has all details; leave --details out");
}

static void check_unless_rules(struct command_line *c)
{
    if (!command_line_given(c, "--rules"))
        check(c);
}

static int report(const struct trace_two *t)
{
    struct report_sides s = {"A", "B"};
    if (asked.json)
        report_json(t, s);
    else
        report_text(t, s, asked.details);
    output_flush();
    if (t->status)
        return t->status;
    return trace_comparison_is_equal(t->comparison, trace_two_cuts_count()) ? 0 : 1;
}

int trace_diff(int argc, char **argv)
{
    static char help[8000];
    struct command_line c = {.program = "intproxy-trace diff", .rows = rows, .argument = take_file};
    struct trace_two two;
    int status;
    snprintf(help, sizeof help, "%s\n%s", trace_two_help, examples);
    trace_two_begin();
    if (!command_line_start(&c, argc, argv, usage, help, check_unless_rules, &status))
        return status;
    if (trace_two_printed_rules())
        return 0;
    trace_two_end();
    trace_two_read(&two, asked.paths[0], asked.paths[1],
                   asked.details || asked.json ? KEPT_FOR_DETAILS : 0, false);
    status = two.comparison ? report(&two) : two.status;
    trace_two_free(&two);
    return status;
}
