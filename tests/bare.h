/* tests/bare.h -- a runtime without a world: no thread, no loop, and a clock that a test moves.
 *
 * Purpose  workers that are stepped by hand, in a fixed order, so that a test sees each message go.
 *          There are no sockets, files or names; lines of the log are kept for the test to read.
 * Owner    one at a time, created and destroyed by the test that uses it.
 */
#ifndef TESTS_BARE_H
#define TESTS_BARE_H

#include "messages/kinds.h"
#include "runtime/lives.h"
#include "runtime/runtime.h"
#include "runtime/worker.h"

struct bare {
    struct runtime r;
    uint64_t now_us;
    unsigned wakes;
    bool log_blocked; /* the reader of the log takes nothing */
    unsigned log_lines;
    char log_last[512];
};

/* `workers` for actors and, as always, the blocking worker behind them. */
void bare_create(struct bare *b, unsigned workers);
/* Checks that nothing leaked. */
void bare_destroy(struct bare *b);

/* One actor on this worker, with its first message. */
struct actor_ref bare_spawn(struct bare *b, unsigned worker, const struct actor_type *type,
                            struct message *first);
/* A message from nobody. */
void bare_send(struct bare *b, struct actor_ref to, struct message *m);
/* What is runnable on this worker has its turns, and what it said to others leaves. */
void bare_step(struct bare *b, unsigned worker);
/* All workers, until nobody has anything to do. */
void bare_run(struct bare *b);
/* The clock goes on; timers that are due are sent, not yet handled. */
void bare_advance(struct bare *b, uint64_t us);

#endif
