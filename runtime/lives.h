/* runtime/lives.h -- birth and death: slots, spawns near and far, monitors.
 *
 * Thread  the worker's; what concerns another worker goes there as a control message.
 */
#ifndef RUNTIME_LIVES_H
#define RUNTIME_LIVES_H

#include "runtime/worker.h"

/* A place for an actor, without one; NOBODY when all SLOTS_MAX are taken. */
struct actor_ref worker_slot_take(struct worker *w);
void worker_slot_give(struct worker *w, struct actor_ref r);
/* A new actor here, on behalf of `from` (may be NOBODY), that hears `first`. */
struct actor *worker_spawn(struct worker *w, struct actor_ref from, const struct actor_type *type,
                           struct message *first);

/* Gives `to` places on `from`. Before the threads start. */
void leases_prepare(struct worker *from, struct worker *to);
/* A control message that came from another worker. Consumes m. */
void worker_control(struct worker *w, struct message *m);

/* DOWN to all who watch `dead`. */
void monitors_tell(struct worker *w, struct actor *dead);

/* Timers and files of an actor that ends. */
void timer_stop_quietly(struct actor *owner, uint32_t n);
void files_close_all(struct actor *owner);

#endif
