/* tools/trace_two_options.h -- what is compared in two traces: the options of diff, assert and minimize.
 *
 * Purpose  the same rows, the same rules and the same words for each of these commands.
 * Owner    the program: there is one command in it.
 * Thread   one.
 */
#ifndef TOOLS_TRACE_TWO_OPTIONS_H
#define TOOLS_TRACE_TWO_OPTIONS_H

#include "tools/command_line.h"
#include "tools/trace_rules.h"

/* Rows for a command's table. */
void trace_two_take_ignore(struct command_line *c, const char *value);
void trace_two_take_field(struct command_line *c, const char *value);
void trace_two_take_tolerance(struct command_line *c, const char *value);
void trace_two_take_filter(struct command_line *c, const char *value);
void trace_two_take_strict(struct command_line *c, const char *value);
void trace_two_take_cuts(struct command_line *c, const char *value);
void trace_two_take_rules(struct command_line *c, const char *value);

#define TRACE_TWO_ROWS                                                                             \
    {"--ignore", "FILE", "rules: what is not to be compared; --rules explains them",               \
     trace_two_take_ignore, REPEATABLE},                                                           \
        {"--ignore-field", "NAME", "do not compare fields of this name", trace_two_take_field,     \
         REPEATABLE},                                                                              \
        {"--tolerance", "NAME=VALUE",                                                              \
         "a field may differ by so much: 5, 10%, 20ms (time and took), any",                       \
         trace_two_take_tolerance, REPEATABLE},                                                    \
        {"--filter", "EXPR", "compare only what the filter wants (show --fields explains it)",     \
         trace_two_take_filter, ONCE},                                                             \
        {"--strict", NULL, "without the rules that hold by default", trace_two_take_strict, ONCE}, \
        {"--cuts", NULL,                                                                           \
         "the same bytes in other pieces are a difference, too; else they are\nsaid, and equal",   \
         trace_two_take_cuts, ONCE},                                                               \
    {                                                                                              \
        "--rules", NULL,                                                                           \
            "explain the language of rules, print those that hold by default, and end",            \
            trace_two_take_rules, ONCE                                                             \
    }

/* The two traces, as a command line names them. */
struct trace_two_names {
    const char *paths[2];
    unsigned count; /* of all that were named */
};
void trace_two_option_name(struct command_line *c, const char *value, struct trace_two_names *out);

/* What --help says of it. */
#define TRACE_TWO_HELP                                                                             \
    "What is compared: exchanges are found again by their ids and requests, then by method and "   \
    "target in\n"                                                                                  \
    "order, raw ones by order; actors outside of exchanges by their type. Within each, messages "  \
    "and effects\n"                                                                                \
    "are compared for each pair of who speaks and who hears, in order, field by field; bytes "     \
    "that come in\n"                                                                               \
    "pieces (bodies, data, sockets) as a whole: \"cut differently\" are the same bytes in other "  \
    "pieces. The\n"                                                                                \
    "link's bytes are compared as the protocol messages that they are.\n"                          \
    "Not compared: times (unless tolerated), sequences, the numbers of exchanges and actors "      \
    "(actors are their\n"                                                                          \
    "type), and by default serials, connection and request ids, ports of clients, Date, timers, "  \
    "flow control\n"                                                                               \
    "and which connection to the application serves whom: --rules prints it all. Numbers in log "  \
    "lines are #.\n"

/* command_line_start for a table with these rows; what --rules asks for is printed here, and then there is nothing
 * more to do. */
bool trace_two_start(struct command_line *c, int argc, char **argv, const char *usage,
                     const char *examples, void (*check)(struct command_line *c), int *status);

/* From then on: the rules that hold, those by default too; the filter's text, or NULL; --cuts. */
struct trace_rules *trace_two_rules(void);
const char *trace_two_filter(void);
bool trace_two_cuts_count(void);

#endif
