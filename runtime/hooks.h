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
    EFFECT_SEND,
    EFFECT_SPAWN,
    EFFECT_STOP,
    EFFECT_MONITOR,
    EFFECT_DEMONITOR,
    EFFECT_TIMER_START,
    EFFECT_TIMER_STOP,
    EFFECT_CONNECT,
    EFFECT_LISTEN,
    EFFECT_WRITE,
    EFFECT_NOTIFY,
    EFFECT_LIMIT,
    EFFECT_PAUSE,
    EFFECT_RESUME,
    EFFECT_SHUTDOWN,
    EFFECT_CLOSE,
    EFFECT_ABORT,
    EFFECT_RESET,
    EFFECT_RESOLVE,
    EFFECT_FILE_OPEN,
    EFFECT_FILE_WRITE,
    EFFECT_FILE_READ,
    EFFECT_FILE_CLOSE,
    EFFECT_END_PROGRAM,
    EFFECT_KINDS,
};

const char *effect_name(enum effect_kind kind);

struct effect {
    enum effect_kind kind;
    uint32_t n;                    /* socket, timer or file; stop reason; exit status */
    uint64_t value;                /* delay, threshold, offset, tag, worker */
    struct actor_ref ref;          /* receiver, child or monitored */
    const struct message *message; /* SEND, SPAWN */
    const struct actor_type *type; /* SPAWN, LISTEN */
    const struct address *address; /* CONNECT, LISTEN */
    const uint8_t *bytes;          /* WRITE, RESOLVE, FILE_OPEN, FILE_WRITE */
    size_t length;
};

struct hooks {
    void (*input)(void *context, const struct actor *actor, const struct message *m, uint64_t now);
    void (*effect)(void *context, const struct actor *actor, const struct effect *e);
    /* Isolated workers only: the ref that the next spawn is to return. */
    struct actor_ref (*spawned)(void *context, const struct actor *actor);
    /* The actor is being reaped; may be NULL. */
    void (*reaped)(void *context, const struct actor *actor);
    void *context;
};

#endif
