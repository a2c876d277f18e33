/* tools/trace_two.h -- two traces and what differs between them: what diff, assert and minimize work with.
 *
 * Purpose  the way from two names of files to a comparison, by what trace_two_options.h was told.
 * Owner    whoever called trace_two_read.
 * Thread   one.
 */
#ifndef TOOLS_TRACE_TWO_H
#define TOOLS_TRACE_TWO_H

#include "tools/trace_compare.h"

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
