/* runtime/replay_events.h -- the timers and sockets that a replayed actor has, as far as its events tell.
 *
 * An event of the runtime is not said by anybody who could be replayed. But it is about a timer or a socket
 * that the actor had opened, by number and serial, and a timer does not run out early. Who is accepted is of a type
 * and with a tag that its listener had named, and comes from outside if that listens there.
 */
#ifndef RUNTIME_REPLAY_EVENTS_H
#define RUNTIME_REPLAY_EVENTS_H

#include "runtime/effects.h"
#include "runtime/message.h"

struct owned;
struct listened;
struct owned_all {
    struct owned *list; /* few */
    uint32_t count, room;
    uint32_t serial;          /* the last that was given */
    struct listened *listens; /* all that there were: one that is closed may have accepted before */
    uint32_t listen_count;
};

/* The actor did this at `now_us`. */
void owned_did(struct owned_all *o, const struct effect *e, uint64_t now_us);
/* The actor heard this at `now_us`. False: it cannot have; `why` says it. */
bool owned_heard(struct owned_all *o, const struct message *m, uint64_t now_us, char why[200]);
/* SOCKET_ACCEPTED, to an actor of this type, whose listener has done what o knows. */
bool owned_accepts(const struct owned_all *o, const struct actor_type *type,
                   const struct message *m, char why[200]);
void owned_free(struct owned_all *o);

#endif
