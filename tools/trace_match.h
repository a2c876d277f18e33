/* tools/trace_match.h -- which item of one list is which of the other.
 *
 * Purpose  in order, so that as many as possible are the same, and of the rest as many as possible are of the same
 *          kind; unordered ones whatever their order; of those that count once, one is as good as many.
 *          Two are the same if they are equal but for what follows from how bytes were cut, and for fields that
 *          are within their tolerance: these decide only where there is a choice.
 * Thread   one.
 */
#ifndef TOOLS_TRACE_MATCH_H
#define TOOLS_TRACE_MATCH_H

#include "tools/trace_units.h"

/* a or b NULL: it is in the other list alone. */
typedef void match_found(void *context, const struct unit_item *a, const struct unit_item *b);

/* Of two of the same `near`: each field is equal or within its tolerance, but for what follows from the cut. */
typedef bool match_near(void *context, const struct unit_item *a, const struct unit_item *b);

struct matching {
    match_found *found;
    match_near *near;
    void *context;
};

/* The lists are of one pair; they are reordered. */
void trace_match(const struct unit_item **a, size_t a_count, const struct unit_item **b,
                 size_t b_count, const struct matching *m);

#endif
