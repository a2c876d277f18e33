/* runtime/timer.h -- a worker's timers: a heap by deadline, an entry per armed (actor, n).
 *
 * Thread  the worker's. Units: microseconds of the worker's clock.
 */
#ifndef RUNTIME_TIMER_H
#define RUNTIME_TIMER_H

#include "runtime/actor.h"

struct timer {
    uint64_t deadline_us;
    struct timer *next; /* of the same actor */
    struct actor *owner;
    uint32_t n, serial;
    uint32_t at; /* in the heap */
};

struct timer_heap {
    struct timer **entries;
    uint32_t count, room;
};

/* Sends TIMER for all that are due. Returns how many. */
unsigned timers_expire(struct worker *w, uint64_t now_us);
/* The earliest deadline; false when none is armed. */
bool timers_next(const struct timer_heap *h, uint64_t *deadline_us);
bool timer_is_live(const struct actor *owner, uint32_t n, uint32_t serial);
void timers_stop_all(struct actor *owner);
void timers_finish(struct worker *w);

#endif
