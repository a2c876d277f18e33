/* messages/trace_order.h -- what must come after what when a recording is played, and whether it did.
 *
 * Two things are *in order* in a recording if one had ended before the other began. Only these must keep their
 * order: what went on at the same time may end either way.
 * Thread   one at a time.
 */
#ifndef MESSAGES_TRACE_ORDER_H
#define MESSAGES_TRACE_ORDER_H

#include <stdbool.h>
#include <stdint.h>

struct trace_turn {
    uint64_t began, ended;           /* in the recording */
    uint64_t live_began, live_ended; /* in the play; 0: it did not */
};

/* ---- before: what may begin now? ---- */

struct trace_gate;

struct trace_gate *trace_gate_new(const struct trace_turn *turns, unsigned count);
void trace_gate_free(struct trace_gate *g);
/* All that had ended before it began has ended. */
bool trace_gate_is_open(const struct trace_gate *g, unsigned turn);
void trace_gate_ended(struct trace_gate *g, unsigned turn);

/* ---- behind: what came of it? ---- */

enum trace_turned {
    TURNED_RIGHT,
    TURNED_OVERTAKEN, /* began before one that it ran beside, which had begun first in the recording */
    TURNED_REORDERED, /* began before one had ended that it came after in the recording */
};

struct trace_order {
    enum trace_turned how;
    unsigned other; /* which one */
};
/* `out` has room for one each. */
void trace_order_judge(const struct trace_turn *turns, unsigned count, struct trace_order *out);

#endif
