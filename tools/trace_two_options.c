/* tools/trace_two_options.c -- see trace_two_options.h */
#include "tools/trace_two_options.h"
#include "tools/output.h"
#include "tools/trace_filter.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { RULES_BYTES_MAX = 1 << 20 };

static struct {
    struct trace_rules *rules; /* of files and options */
    const char *filter;        /* its text; checked */
    bool strict, cuts, print_rules;
    void (*check)(struct command_line *c);
} asked;

/* ---- rows ------------------------------------------------------------------------------------ */

static void read_rules(struct command_line *c, const char *name, const char *text, size_t length)
{
    static struct rule_errors errors;
    errors = (struct rule_errors){0};
    if (trace_rules_read(asked.rules, name, text, length, &errors))
        return;
    fputs(errors.text, stderr);
    c->mistakes += errors.count;
}

void trace_two_take_ignore(struct command_line *c, const char *value)
{
    static char text[RULES_BYTES_MAX];
    FILE *f = fopen(value, "re");
    if (!f) {
        command_line_mistake(c, "%s: %s", value, strerror(errno));
        return;
    }
    size_t length = fread(text, 1, sizeof text, f);
    if (ferror(f))
        command_line_mistake(c, "%s: %s", value, strerror(errno));
    else if (length == sizeof text)
        command_line_mistake(c, "%s: more than 1 MiB of rules", value);
    else
        read_rules(c, value, text, length);
    fclose(f);
}

/* One rule out of an option. */
static void read_one(struct command_line *c, const char *verb, const char *name, size_t length,
                     const char *rest)
{
    char text[500];
    int n = snprintf(text, sizeof text, "%s \"%.*s\" %s", verb, (int)length, name, rest);
    if (n < 0 || (size_t)n >= sizeof text || strchr(text, '\n'))
        command_line_mistake(c, "a name of more than 400 characters, or of two lines");
    else
        read_rules(c, c->option, text, (size_t)n);
}

void trace_two_take_field(struct command_line *c, const char *value)
{
    read_one(c, "ignore field", value, strlen(value), "");
}

void trace_two_take_tolerance(struct command_line *c, const char *value)
{
    const char *equals = strchr(value, '=');
    if (!equals || equals == value)
        command_line_mistake(c, "\"%s\": write NAME=VALUE, e.g. window=10%% or time=20ms", value);
    else
        read_one(c, "tolerate", value, (size_t)(equals - value), equals + 1);
}

void trace_two_take_filter(struct command_line *c, const char *value)
{
    struct trace_filter *f = NULL;
    trace_option_filter(c, value, &f);
    trace_filter_free(f);
    asked.filter = value;
}

void trace_two_take_strict(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.strict = true;
}

void trace_two_take_cuts(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.cuts = true;
}

static const char rules_help[] =
    "A rule a line. # begins a comment. Names may have * and ?, and may be \"in quotes\" or 'in "
    "quotes'.\n"
    "\n"
    "  ignore kind NAME [of TYPE]      messages of a kind, which this type of actor hears; also\n"
    "                                  END, and protocol messages on the link, e.g. Ping\n"
    "  ignore effect NAME [of TYPE]    what an actor does (show has their names)\n"
    "  ignore field NAME [of KIND]     a field; of a kind, or of an effect\n"
    "  ignore header NAME              a header line, also in the bytes of HTTP/1 connections\n"
    "  ignore outside [TYPE]           what belongs to no exchange; of this type of actor\n"
    "  ignore undelivered              messages that nobody heard any more\n"
    "  ignore where EXPRESSION         calls that a filter wants (show --fields explains it),\n"
    "                                  with what the actor did in them; if it asks of method and\n"
    "                                  path alone, whole exchanges, also what the link says\n"
    "  tolerate NAME AMOUNT [of KIND]  a field may differ by 5, by 10%, or by any amount\n"
    "  tolerate time 20ms              ... and so may times, which are else not compared: since\n"
    "  tolerate took 50%               the exchange began, and how long a call took\n"
    "  unordered headers               the order of header lines means nothing\n"
    "  unordered kind NAME [of TYPE]   these messages may come in any order among themselves\n"
    "  unordered where EXPRESSION      ... and these\n"
    "  once kind NAME [of TYPE]        the same, and equal ones count as one; as many as there "
    "are\n"
    "  once effect NAME [of TYPE]\n"
    "  once actor TYPE                 actors of a type that did the same count as one\n"
    "\n"
    "The last rule that tolerates a field counts. These rules hold unless --strict is given:\n"
    "\n";

void trace_two_take_rules(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.print_rules = true;
}

void trace_two_option_name(struct command_line *c, const char *value, struct trace_two_names *out)
{
    if (out->count < 2)
        out->paths[out->count] = value;
    else
        command_line_mistake(c, "%s: two traces are compared, this is one more", value);
    out->count++;
}

/* ---- all of them ----------------------------------------------------------------------------- */

static void print_rules(void)
{
    output_text(rules_help);
    output_text(trace_rules_default);
    output_flush();
}

/* The default rules come behind, so that what is said here of tolerances is the last word: rules that ignore have
 * no order. */
static void add_default_rules(void)
{
    static struct rule_errors errors;
    if (!asked.strict)
        trace_rules_read(asked.rules, "the default rules", trace_rules_default,
                         strlen(trace_rules_default), &errors);
}

/* Who asks for the rules need not say what is to be compared. */
static void check_unless_rules(struct command_line *c)
{
    if (!command_line_given(c, "--rules"))
        asked.check(c);
}

bool trace_two_start(struct command_line *c, int argc, char **argv, const char *usage,
                     const char *examples, void (*check)(struct command_line *c), int *status)
{
    asked.rules = trace_rules_new();
    asked.check = check;
    output_keeps_verdict();
    if (!command_line_start(c, argc, argv, usage, examples, check_unless_rules, status))
        return false;
    if (asked.print_rules)
        print_rules();
    else
        add_default_rules();
    return !asked.print_rules;
}

struct trace_rules *trace_two_rules(void)
{
    return asked.rules;
}

const char *trace_two_filter(void)
{
    return asked.filter;
}

bool trace_two_cuts_count(void)
{
    return asked.cuts;
}
