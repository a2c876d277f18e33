/* messages/trace_about.h -- what a trace says of itself, in its header. */
#ifndef MESSAGES_TRACE_ABOUT_H
#define MESSAGES_TRACE_ABOUT_H

#include <stdbool.h>
#include <stdint.h>

struct trace_about {
    uint32_t format;         /* TRACE_FORMAT of who wrote it */
    uint64_t wall_us;        /* since 1970, when ... */
    uint64_t clock_ns;       /* ... the clock of the records said this */
    uint64_t first_sequence; /* of this part; UINT64_MAX: not known */
    uint32_t part;           /* of a rotated trace, from 0 */
    uint32_t workers;        /* that are recorded */
    uint32_t bodies_max;     /* --trace-bodies; UINT32_MAX: whole */
    uint32_t process;        /* its number */
    const char *program;     /* "intproxyd" */
    const char *build;       /* its version */
    const char *options;     /* its command line, secrets removed */
    const char *protocol;    /* the version it announces, or is of */
    const char *system;      /* what it ran on */
    const char *why;         /* "--trace", or why a flight recorder was written out */
};

/* Parts of one run differ in their numbers and in nothing else. */
bool trace_about_same_run(const struct trace_about *a, const struct trace_about *b);

/* One setting of those that actors read. */
struct trace_setting {
    const char *name, *value;
};

/* The expression of a filter, which may name a secret. Replay needs it, so it stands in the file as it is. */
bool trace_setting_is_expression(const struct trace_setting *s);

#endif
