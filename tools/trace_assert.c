/* tools/trace_assert.c -- intproxy-trace assert: a trace is as the golden one, said as CI reads it. */
#include "tools/output.h"
#include "tools/trace_commands.h"
#include "tools/trace_replace.h"
#include "tools/trace_report.h"
#include "tools/trace_two_options.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
    struct trace_two_names names;
    bool update, tap, junit;
} asked;

static void take_update(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.update = true;
}

static void take_tap(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.tap = true;
}

static void take_junit(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.junit = true;
}

static void take_file(struct command_line *c, const char *value)
{
    trace_two_option_name(c, value, &asked.names);
}

static const struct option_row rows[] = {
    {"--tap", NULL, "as TAP 13: a test for each exchange, and for each actor outside of them",
     take_tap, ONCE},
    {"--junit", NULL, "the same as JUnit's XML", take_junit, ONCE},
    {"--update", NULL,
     "when they differ, TRACE takes GOLDEN's place, as one step; what\n"
     "changed is said. Also when there is no GOLDEN yet",
     take_update, ONCE},
    TRACE_TWO_ROWS,
    OPTION_HELP_ROW,
    {NULL, NULL, NULL, NULL, ONCE},
};

static const char usage[] = "intproxy-trace assert [OPTION]... GOLDEN TRACE";
static const char examples[] = TRACE_TWO_HELP
    "\n"
    "  intproxy-trace assert tests/login.trace run.trace\n"
    "  intproxy-trace assert --ignore tests/rules --junit tests/login.trace run.trace >junit.xml\n"
    "  intproxy-trace assert --update tests/login.trace run.trace\n"
    "\n"
    "exit status: 0 as the golden one, or that was updated; 1 different, or one is not whole; 2 a "
    "mistake on\n"
    "the command line, or in rules; 65 no trace, damaged places, or --update with a TRACE that is "
    "not whole;\n"
    "66 nothing to compare is left by filter and rules; 74 not readable, or not writable\n";

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* It is read more than once, or written after it was read. */
static bool can_update(unsigned i)
{
    const char *path = asked.names.paths[i];
    return strcmp(path, "-") != 0 && (is_file(path) || (i == 0 && !exists(path)));
}

static void check(struct command_line *c)
{
    if (asked.names.count < 2)
        command_line_mistake(c, "two traces must be named: assert GOLDEN TRACE");
    if (asked.tap && asked.junit)
        command_line_mistake(c, "--tap and --junit: leave one out");
    for (unsigned i = 0; i < asked.names.count && i < 2; i++)
        if (asked.update && !can_update(i))
            command_line_mistake(c,
                                 "--update: %s is no file by itself: it must be one, not a "
                                 "trace of several parts, a pipe or standard input",
                                 asked.names.paths[i]);
}

/* ---- update ---------------------------------------------------------------------------------- */

/* What lacks something is never as the golden one: it must not become it. */
static int update(const struct trace_two *t, const char *what)
{
    char error[REPLACE_ERROR_MAX];
    if (!trace_two_is_whole(t, 1)) {
        fprintf(stderr, "intproxy-trace: %s is not whole: it does not become the golden one\n",
                asked.names.paths[1]);
        return EXIT_DATA;
    }
    if (!trace_replace_by_file(asked.names.paths[0], asked.names.paths[1], error)) {
        fprintf(stderr, "intproxy-trace: %s\n", error);
        return EXIT_IO;
    }
    fprintf(stderr, "intproxy-trace: %s %s\n", asked.names.paths[0], what);
    return 0;
}

/* There is nothing to compare with: it must be a trace, that is all. */
static int create(void)
{
    struct trace_two two;
    trace_two_read(&two, asked.names.paths[1], asked.names.paths[1], 0, false);
    int status = two.status ? two.status : two.comparison ? update(&two, "was made") : EXIT_DATA;
    trace_two_free(&two);
    return status;
}

/* ---- report ---------------------------------------------------------------------------------- */

static void report(const struct trace_two *t)
{
    struct report_sides s = {"golden", "trace"};
    if (asked.tap)
        report_tap(t, s);
    else if (asked.junit)
        report_junit(t, s);
    else
        report_text(t, s, true);
    output_flush();
}

static int judge(const struct trace_two *t)
{
    report(t);
    int status = trace_two_verdict(t, trace_two_cuts_count());
    return status == 1 && asked.update ? update(t, "was updated") : status;
}

int trace_assert(int argc, char **argv)
{
    enum { KEPT = 64 << 10 };
    struct command_line c = {
        .program = "intproxy-trace assert", .rows = rows, .argument = take_file};
    struct trace_two two;
    int status;
    if (!trace_two_start(&c, argc, argv, usage, examples, check, &status))
        return status;
    if (asked.update && !exists(asked.names.paths[0]))
        return create();
    trace_two_read(&two, asked.names.paths[0], asked.names.paths[1], KEPT, false);
    status = two.comparison ? judge(&two) : two.status;
    trace_two_free(&two);
    return status;
}
