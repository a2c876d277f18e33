/* runtime/replay_effects.h -- what a replayed actor did in one call, held against what it had done. */
#ifndef RUNTIME_REPLAY_EFFECTS_H
#define RUNTIME_REPLAY_EFFECTS_H

#include "runtime/replay.h"

/* Bytes and addresses are the list's own. Writes that follow each other are one. */
struct came_effect {
    struct effect effect; /* no message; bytes are at `at` in the list's */
    uint16_t said;
    size_t at;
    struct address address;
};
struct came_effects {
    struct came_effect *list;
    size_t count, room;
    uint8_t *bytes;
    size_t length, bytes_room;
};

void came_effects_add(struct came_effects *c, const struct effect *e);
static inline void came_effects_clear(struct came_effects *c)
{
    c->count = c->length = 0;
}
void came_effects_free(struct came_effects *c);

/* The same. False: difference->expected and ->came say where they part. */
bool replay_effects_same(const struct came_effects *came, const struct replay_effect *expected,
                         size_t count, struct replay_difference *difference);

#endif
