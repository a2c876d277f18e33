/* runtime/replay_events.h -- the timers and sockets that a replayed actor has, as far as its events tell.
 *
 * An event of the runtime is not said by anybody who could be replayed. But it is about a timer or a socket
 * that the actor had opened, by number and serial, and a timer does not run out early.
 */
#ifndef RUNTIME_REPLAY_EVENTS_H
#define RUNTIME_REPLAY_EVENTS_H

#include "runtime/effects.h"
#include "runtime/message.h"

struct owned;
struct owned_all {
    struct owned *list; /* few */
    uint32_t count, room;
    uint32_t serial; /* the last that was given */
};

/* The actor did this at `now_us`. */
void owned_did(struct owned_all *o, const struct effect *e, uint64_t now_us);
/* The actor heard this at `now_us`. False: it cannot have; `why` says it. */
bool owned_heard(struct owned_all *o, const struct message *m, uint64_t now_us, char why[200]);
void owned_free(struct owned_all *o);

#endif
