/* tools/trace_two.c -- see trace_two.h */
#include "tools/trace_two.h"
#include "actors/exit_codes.h"
#include "tools/output.h"
#include "tools/trace_align.h"
#include "tools/trace_gather.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RULES_BYTES_MAX = 1 << 20 };

static struct {
    struct trace_rules *rules; /* of files and options */
    const char *filter;        /* its text; checked */
    bool strict, cuts, print_rules;
} asked;

/* ---- options --------------------------------------------------------------------------------- */

void trace_two_begin(void)
{
    asked.rules = trace_rules_new();
}

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
    "A rule a line. # begins a comment. Names may have * and ?, and may be \"in quotes\".\n"
    "\n"
    "  ignore kind NAME [of TYPE]      messages of a kind, which this type of actor hears; also\n"
    "                                  END, and protocol messages on the link, e.g. Ping\n"
    "  ignore effect NAME [of TYPE]    what an actor does (show has their names)\n"
    "  ignore field NAME [of KIND]     a field; of a kind, or of an effect\n"
    "  ignore header NAME              a header line, also in the bytes of HTTP/1 connections\n"
    "  ignore outside [TYPE]           what belongs to no exchange; of this type of actor\n"
    "  ignore undelivered              messages that nobody heard any more\n"
    "  ignore where EXPRESSION         calls that a filter wants (show --fields explains it),\n"
    "                                  with what the actor did in them\n"
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

bool trace_two_printed_rules(void)
{
    if (!asked.print_rules)
        return false;
    output_text(rules_help);
    output_text(trace_rules_default);
    output_flush();
    return true;
}

bool trace_two_cuts_count(void)
{
    return asked.cuts;
}

const char trace_two_help[] =
    "What is compared: exchanges are found again by their ids and requests, then by method and "
    "target in\n"
    "order, raw ones by order; actors outside of exchanges by their type. Within each, messages "
    "and effects\n"
    "are compared for each pair of who speaks and who hears, in order, field by field; bytes that "
    "come in\n"
    "pieces (bodies, data, sockets) as a whole: \"cut differently\" are the same bytes in other "
    "pieces. The\n"
    "link's bytes are compared as the protocol messages that they are.\n"
    "Not compared: times (unless tolerated), sequences, the numbers of exchanges and actors "
    "(actors are their\n"
    "type), and by default serials, connection and request ids, ports of clients, Date, timers, "
    "flow control\n"
    "and which connection to the application serves whom: --rules prints it all. Numbers in log "
    "lines are #.\n";

/* The default rules come behind, so that what is said here of tolerances is the last word: rules that ignore have
 * no order. */
void trace_two_end(void)
{
    static struct rule_errors errors;
    struct trace_rules *given = asked.rules;
    if (asked.strict)
        return;
    trace_rules_read(given, "the default rules", trace_rules_default, strlen(trace_rules_default),
                     &errors);
}

/* ---- traces ---------------------------------------------------------------------------------- */

static void worse(int *status, int other)
{
    if (other > *status)
        *status = other;
}

static void read_side(struct trace_two *t, unsigned side, size_t kept_most, bool quiet)
{
    char error[FILTER_ERROR_MAX];
    struct trace_input in = {.quiet = quiet};
    struct trace_filter *filter = asked.filter ? trace_filter_new(asked.filter, error) : NULL;
    struct trace_units *u = trace_units_new(t->strings, asked.rules);
    u->kept_most = kept_most;
    t->units[side] = u;
    rules_begin_trace(asked.rules);
    trace_input_open(&in, &t->paths[side], 1);
    trace_gather(u, &in, asked.rules, filter);
    worse(&t->status, trace_input_status(&in));
    if (!in.failed && !in.files) {
        if (!quiet && !in.bad)
            fprintf(stderr, "intproxy-trace: %s: no trace: it is empty\n", t->paths[side]);
        worse(&t->status, EXIT_DATA);
    }
    trace_input_close(&in);
    trace_filter_free(filter);
}

void trace_two_read(struct trace_two *t, const char *a, const char *b, size_t kept_most, bool quiet)
{
    *t = (struct trace_two){.paths = {a, b}, .strings = trace_strings_new()};
    read_side(t, 0, kept_most, quiet);
    read_side(t, 1, kept_most, quiet);
    if (t->status == EXIT_IO || !t->units[0]->records || !t->units[1]->records)
        return;
    trace_align(t->units[0], t->units[1], asked.rules);
    t->comparison = trace_compare(t->units[0], t->units[1], asked.rules);
}

void trace_two_free(struct trace_two *t)
{
    trace_comparison_free(t->comparison);
    trace_units_free(t->units[0]);
    trace_units_free(t->units[1]);
    trace_strings_free(t->strings);
    *t = (struct trace_two){0};
}
