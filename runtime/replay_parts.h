/* runtime/replay_parts.h -- between the files that are one replay.
 *
 *   replay.c         actors are made anew, called and ended, and what they do is compared
 *   replay_heard.c   what they hear: was it said, may it be heard?
 */
#ifndef RUNTIME_REPLAY_PARTS_H
#define RUNTIME_REPLAY_PARTS_H

#include "runtime/hooks.h"
#include "runtime/replay.h"
#include "runtime/replay_effects.h"
#include "runtime/replay_ends.h"
#include "runtime/replay_events.h"
#include "runtime/replay_said.h"
#include "runtime/worker.h"
#include <uthash.h>

enum { EXCHANGES_KEPT = 8 };

struct replayed {
    struct actor_ref ref;
    const struct actor_type *type;
    struct actor *actor; /* NULL: it has ended by itself */
    uint32_t heard;
    bool left_out;                  /* nothing of it is compared from here on */
    bool doubted;                   /* calls of it are missing, somewhere */
    struct came_effects last_words; /* of its on_stop, until its end is compared */
    struct owned_all owned;
    /* that it was at work on lately, the last one first: events may be of an older one */
    uint32_t exchanges[EXCHANGES_KEPT], exchange_count;
    UT_hash_handle hh;
};

struct replay {
    struct worker *workers; /* WORKERS_MAX */
    bool begun[WORKERS_MAX];
    struct hooks hooks;
    struct heap *heap;
    struct replayed *actors;
    struct said said;
    struct replay_ends ends;
    bool is_complete;      /* nobody is unknown */
    replay_bounds *bounds; /* NULL: none */

    /* of the call that runs */
    struct replayed *current;
    const struct replay_call *call;
    struct came_effects came;
    struct came_effects *into; /* came, or the current's last words */
    size_t spawns;

    struct replay_difference difference;
    struct replay_counts counts;
};

/* replay.c. NULL: nothing has been heard of it. */
struct replayed *replay_find(const struct replay *r, struct actor_ref ref);
/* The difference, which is in r->difference but for its place, is one of this actor. */
enum replay_result replay_differs(struct replay *r, struct replayed *a,
                                  const struct replay_call *call);

/* replay_heard.c. False: r->difference says why. */
/* It is what its sender had said, who may be no actor. */
bool replay_was_said(struct replay *r, const struct replay_call *call, const struct message *m);
/* Whoever made it, it may be heard by this actor now. */
bool replay_may_hear(struct replay *r, struct replayed *a, const struct replay_call *call,
                     const struct message *m);

#endif
