/* runtime/replay_said.h -- what one actor said to another, until the other hears it: per pair, in order. */
#ifndef RUNTIME_REPLAY_SAID_H
#define RUNTIME_REPLAY_SAID_H

#include "runtime/replay.h"

struct said_pair;
struct said {
    struct said_pair *pairs;
    uint64_t waiting; /* messages said and not heard */
};

/* Consumes m: m->from said it to m->to. */
void said_put(struct said *s, struct message *m);
/* The oldest from `from` to `to` that was not heard; NULL: there is none. The caller's from now on. */
struct message *said_take(struct said *s, struct actor_ref from, struct actor_ref to);
void said_free(struct said *s);

#endif
