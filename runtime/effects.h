/* runtime/effects.h -- what an actor does, as a value: for those who watch, write down and compare.
 *
 * Source   the rows of effects.def; what they mean is said in actor.h.
 */
#ifndef RUNTIME_EFFECTS_H
#define RUNTIME_EFFECTS_H

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
extern const uint8_t effect_fields[];
static inline unsigned effect_has(enum effect_kind kind) /* bits of enum effect_has */
{
    return effect_fields[kind];
}

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
    const struct chunk *chunk; /* that these bytes are in; NULL: nobody says */
};

#endif
