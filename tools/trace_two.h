/* tools/trace_two.h -- two traces and what differs between them: what diff, assert and minimize begin with.
 *
 * Purpose  the options that say what is compared, the same for each command; and the way from two names of files
 *          to a comparison.
 * Owner    whoever called trace_two_read.
 * Thread   one.
 */
#ifndef TOOLS_TRACE_TWO_H
#define TOOLS_TRACE_TWO_H

#include "tools/command_line.h"
#include "tools/trace_compare.h"

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

extern const char trace_two_help[];

/* Before the table is read; after it: the rules that hold are put together. */
void trace_two_begin(void);
void trace_two_end(void);
/* --rules was given: they have been printed. */
bool trace_two_printed_rules(void);
bool trace_two_cuts_count(void);

struct trace_two {
    const char *paths[2];
    struct trace_strings *strings;
    struct trace_units *units[2];
    struct trace_comparison *comparison;
    int status; /* 0; EXIT_DATA, EXIT_IO: something could not be read, it was said */
};

/* quiet: damage is not said. kept_most: see struct trace_units. NULL comparison: a file could not be read. */
void trace_two_read(struct trace_two *t, const char *a, const char *b, size_t kept_most,
                    bool quiet);
void trace_two_free(struct trace_two *t);

#endif
