/* runtime/hooks.h -- the two places where a run can be watched: what an actor got, what it did.
 *
 * Purpose  a recorder sees each input and each effect of each actor, in order; a replayer runs one
 *          actor alone on a worker that is `isolated`: its effects are shown and not carried out.
 * Thread   called on the actor's worker. One hooks struct may serve several workers.
 */
#ifndef RUNTIME_HOOKS_H
#define RUNTIME_HOOKS_H

#include "runtime/effects.h"

/* All but input and effect may be NULL. */
struct hooks {
    void (*input)(void *context, const struct actor *actor, const struct message *m, uint64_t now);
    void (*effect)(void *context, const struct actor *actor, const struct effect *e);
    /* EFFECT_SEND, the most frequent of all, by a shorter way; NULL, as for isolated
     * workers: it comes to `effect`. */
    void (*sent)(void *context, const struct actor *actor, const struct message *m);
    /* The handler has returned. goes_on: at once, in this turn, this actor is called with a message of the
     * same kind, or ends. */
    void (*handled)(void *context, const struct actor *actor, bool goes_on);
    /* Isolated workers only: the ref that the next spawn is to return. */
    struct actor_ref (*spawned)(void *context, const struct actor *actor);
    /* The actor is about to be reaped: effects of its on_stop follow, then `reaped`. */
    void (*ending)(void *context, const struct actor *actor);
    void (*reaped)(void *context, const struct actor *actor);
    /* m will not be heard: whom it is for has ended. */
    void (*undelivered)(void *context, const struct worker *worker, const struct message *m);
    void *context;
};

#endif
