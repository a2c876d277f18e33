/* tools/trace_two.h -- two traces and what differs between them: what diff, assert and minimize work with.
 *
 * Purpose  the way from two names of files to a comparison, by what trace_two_options.h was told.
 * Owner    whoever called trace_two_read.
 * Thread   one.
 */
#ifndef TOOLS_TRACE_TWO_H
#define TOOLS_TRACE_TWO_H

#include "tools/trace_compare.h"

/* What is missing in a file; calls that its recorder left out, trace_units counts. */
struct trace_two_damage {
    uint64_t bad;  /* places that could not be read: it was said, the status is EXIT_DATA */
    uint64_t torn; /* files that end within a record: how the run went on is not known */
    int status;    /* 0, EXIT_DATA, EXIT_IO */
};

struct trace_two {
    const char *paths[2];
    struct trace_two_damage damage[2];
    struct trace_strings *strings;
    struct trace_units *units[2];
    struct trace_comparison *comparison;
    int status; /* the worse of both: something could not be read, it was said */
};

/* quiet: damage is not said. kept_most: see struct trace_units. NULL comparison: a file could not be read. */
void trace_two_read(struct trace_two *t, const char *a, const char *b, size_t kept_most,
                    bool quiet);
void trace_two_free(struct trace_two *t);
/* Nothing is missing in this one: no call, no place, no end. */
bool trace_two_is_whole(const struct trace_two *t, unsigned side);
/* Something was compared, both are whole, and nothing is different. */
bool trace_two_is_equal(const struct trace_two *t, bool cuts_count);
/* What diff and assert end with: status; EXIT_NOTHING, which is said: there is nothing to compare, in neither;
 * 0 equal, 1 different. */
int trace_two_verdict(const struct trace_two *t, bool cuts_count);

#endif
