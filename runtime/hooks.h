/* runtime/hooks.h -- the two places where a run can be watched: what an actor got, what it did.
 *
 * Purpose  a recorder sees each input and each effect of each actor, in order; a replayer runs one
 *          actor alone on a worker that is `isolated`: its effects are shown and not carried out.
 * Thread   called on the actor's worker. One hooks struct may serve several workers.
 */
#ifndef RUNTIME_HOOKS_H
#define RUNTIME_HOOKS_H

#include "runtime/actor.h"

enum effect_kind {
#define EFFECT(NAME, name, has) EFFECT_##NAME,
#include "runtime/effects.def"
#undef EFFECT
    EFFECT_KINDS
};

/* Which fields of struct effect a kind has. */
enum effect_has {
    EFFECT_HAS_N = 1,
    EFFECT_HAS_VALUE = 2,
    EFFECT_HAS_REF = 4,
    EFFECT_HAS_TYPE = 8,
    EFFECT_HAS_MESSAGE = 16,
    EFFECT_HAS_ADDRESS = 32,
    EFFECT_HAS_BYTES = 64,
    EFFECT_HAS_LENGTH = 128,
};

const char *effect_name(enum effect_kind kind);
unsigned effect_has(enum effect_kind kind); /* bits of enum effect_has */

struct effect {
    enum effect_kind kind;
    uint32_t n;                    /* socket, timer or file; reason, status, level */
    uint64_t value;                /* delay, threshold, offset, tag, worker */
    struct actor_ref ref;          /* receiver, child or monitored */
    const struct message *message; /* SEND, SPAWN */
    const struct actor_type *type; /* SPAWN, LISTEN */
    const struct address *address; /* CONNECT, LISTEN */
    const uint8_t *bytes;          /* WRITE, RESOLVE, FILE_OPEN, FILE_WRITE, LOG */
    size_t length;
};

/* All but input and effect may be NULL. */
struct hooks {
    void (*input)(void *context, const struct actor *actor, const struct message *m, uint64_t now);
    void (*effect)(void *context, const struct actor *actor, const struct effect *e);
    /* The handler has returned. */
    void (*handled)(void *context, const struct actor *actor);
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
