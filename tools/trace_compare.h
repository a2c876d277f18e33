/* tools/trace_compare.h -- what differs between two traces, unit by unit.
 *
 * Purpose  items are compared in order for each pair of who speaks and who hears; an item too many or missing does
 *          not make all that follow it different. Streams are compared by their joined bytes.
 * Owner    whoever called trace_compare; texts are of the strings that both traces share, units of the traces.
 * Thread   one.
 */
#ifndef TOOLS_TRACE_COMPARE_H
#define TOOLS_TRACE_COMPARE_H

#include "tools/trace_rules.h"
#include "tools/trace_units.h"

enum difference_kind {
    DIFFERENCE_FIELD,   /* name: a, in B b; NULL: it is not there */
    DIFFERENCE_MISSING, /* the item is in A only */
    DIFFERENCE_EXTRA,   /* ... in B only */
    DIFFERENCE_STREAM,  /* of name: a and b say how */
};

/* In order of weight: a unit is as its heaviest difference. */
enum unit_verdict {
    UNIT_EQUAL,
    UNIT_CUT,     /* the same bytes, cut differently */
    UNIT_UNKNOWN, /* bytes were left out of a recording: it cannot be told */
    UNIT_DIFFERENT,
    UNIT_ONLY_A,
    UNIT_ONLY_B,
    UNIT_VERDICTS
};

struct trace_difference {
    enum difference_kind kind;
    enum unit_verdict weight; /* CUT, UNKNOWN or DIFFERENT */
    struct unit_pair pair;
    const char *item; /* the kind of the message, or the effect; NULL for a stream */
    bool is_socket;   /* a stream of raw bytes: what they mean is said by the other differences */
    const char *name, *a, *b;
    bool has_a, has_b; /* the sequences are known */
    uint64_t sequence_a, sequence_b;
};

struct unit_result {
    const struct trace_unit *a, *b; /* NULL: it has none */
    enum unit_verdict verdict;
    struct trace_difference *differences; /* the heaviest first; of those, sockets last */
    size_t count, room;
};

struct trace_comparison {
    struct unit_result *units; /* as they are in A, then those of B alone */
    size_t count, room;
    size_t exchanges[UNIT_VERDICTS], outside[UNIT_VERDICTS];
    uint64_t items_a, items_b, streams; /* that were compared */
    uint64_t sockets_left_out;          /* streams of sockets that were not recorded whole */
    bool lagged;                        /* calls are missing in one of the recordings */
};

/* The traces have been aligned. */
struct trace_comparison *trace_compare(const struct trace_units *a, const struct trace_units *b,
                                       const struct trace_rules *rules);
void trace_comparison_free(struct trace_comparison *c);
/* Nothing is different, unknown, or only in one; cut differently is equal unless `cuts_count`. */
bool trace_comparison_is_equal(const struct trace_comparison *c, bool cuts_count);
bool unit_result_is_equal(const struct unit_result *u, bool cuts_count);

/* "equal", "different", "cut differently", ... */
const char *unit_verdict_name(enum unit_verdict v);

#endif
