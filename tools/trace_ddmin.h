/* tools/trace_ddmin.h -- delta debugging: which of many parts are needed for something to be still so.
 *
 * Purpose  tries without halves, quarters ... single parts, as long as that takes anything away. What is left has no
 *          part that could be left out alone (1-minimal), if nobody stopped it.
 * Source   Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input, 2002: its reduction to
 *          complements.
 * Owner    the caller's array.
 * Thread   one.
 */
#ifndef TOOLS_TRACE_DDMIN_H
#define TOOLS_TRACE_DDMIN_H

#include <stdbool.h>
#include <stddef.h>

enum ddmin_answer {
    DDMIN_STILL, /* it is still so with these parts */
    DDMIN_GONE,
    DDMIN_STOP, /* no more tries */
};

typedef enum ddmin_answer ddmin_test(void *context, const bool *keep, size_t count);

/* keep[i]: part i is there; all that are true at first are, and it is so. Those that are not needed become false.
 * False: it was stopped. */
bool ddmin(bool *keep, size_t count, ddmin_test *test, void *context);

/* The least length for which it is still so; it is so for `length`. That of a prefix: if it is so for one, it is
 * taken to be so for all that are longer. Untried: *stopped. */
typedef enum ddmin_answer ddmin_length_test(void *context, size_t length);
size_t ddmin_length(size_t length, ddmin_length_test *test, void *context, bool *stopped);

#endif
