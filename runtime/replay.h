/* runtime/replay.h -- recorded actors again, each alone, beside what was recorded of them.
 *
 * Purpose  every actor is given the messages that it had heard, at the times at which it had heard them, on a
 *          worker that carries nothing out (hooks.h, `isolated`); what it does is compared with what it had
 *          done. An actor whose output depends on anything but its input (a clock, chance, another's memory)
 *          is found, and so is an input that is not what somebody had said.
 * Owner    whoever called replay_new.
 * Thread   one; it works with a heap of its own, which is entered during each call.
 *
 * What is compared: each effect of each call, in order, with all that belongs to it (effects.def); writes to
 * one socket that follow each other in one call count as one byte string, of which a piece that was cut short
 * in the recording is compared by length and hash (by length alone where that is hidden, hash.h). The message of a
 * SEND or SPAWN is compared when the receiver's call comes: per pair of actors, the n-th that was said is the n-th
 * that is heard, or was lost (replay_lost). Of the runtime's own events: the serial of the timer or socket that they
 * are about, that no timer runs out early, for whom a listener accepts, who is watched, and how it ended. What lies
 * below an effect (partial writes, wake-ups, rounds, how workers took turns) is not: it was never recorded, and nobody
 * could see it.
 *
 *     replay_hear(r, &call, message)       for each call, in order of their ends
 *     replay_end(r, &call, reason)         when an actor had ended
 *     replay_lost(r, from, to, kind)       a message that nobody heard
 *     replay_finish(r)
 */
#ifndef RUNTIME_REPLAY_H
#define RUNTIME_REPLAY_H

#include "runtime/effects.h"
#include "runtime/message.h"

/* An effect as it was recorded. */
struct replay_effect {
    struct effect effect; /* SEND, SPAWN: message is NULL */
    uint16_t said;        /* ... and its kind is this */
    uint32_t kept; /* of effect.bytes: fewer than effect.length when they were cut short ... */
    uint64_t hash; /* ... then XXH3 of all */
};

struct replay_call {
    struct actor_ref actor;
    const struct actor_type *type;
    uint32_t exchange; /* the actor's, when it was called */
    uint32_t number;   /* of the message among those that it heard, from 1 */
    uint64_t now_us;
    uint64_t sequence; /* in the trace, for reports */
    const struct replay_effect *effects;
    size_t effect_count;
    bool capped;        /* spans of the message were cut short: ... */
    uint32_t length[2]; /* ... it had so many bytes ... */
    uint32_t kept[2];   /* ... and has so many, the first ones ... */
    uint64_t hash[2];   /* ... and this was the hash of all */
};

enum replay_result {
    REPLAY_SAME,
    REPLAY_DIFFERS,  /* replay_difference says how; the actor is not called any more */
    REPLAY_LEFT_OUT, /* its beginning is not known, or something was missing before */
};

enum { REPLAY_TEXT_MAX = 2000 };
struct replay_difference {
    struct actor_ref actor;
    const struct actor_type *type;
    uint64_t sequence; /* of the call; of the input, when that is what nobody said */
    uint32_t number;
    char what[200];                 /* one sentence */
    char expected[REPLAY_TEXT_MAX]; /* as it was recorded */
    char came[REPLAY_TEXT_MAX];
};

struct replay_counts {
    uint64_t actors, calls, effects, said; /* compared, and the same */
    uint64_t differences;                  /* actors that did something else */
    uint64_t left_out;                     /* calls that could not be compared */
    uint64_t unheard;                      /* said, but the recording ends before they are heard */
};

struct replay;

struct replay *replay_new(void);
/* Returns the objects that actors kept after their ends: 0. */
uint64_t replay_free(struct replay *r);
/* Consumes m, which is of the heap that replay_enter enters. */
enum replay_result replay_hear(struct replay *r, const struct replay_call *call, struct message *m);
enum replay_result replay_end(struct replay *r, const struct replay_call *call, uint8_t reason);
enum replay_result replay_lost(struct replay *r, struct actor_ref from, struct actor_ref to,
                               uint16_t kind, uint64_t sequence);
/* Calls of this actor are missing, nobody knows where: that others heard something of it proves nothing. Before
 * anything of it is heard. */
void replay_doubt(struct replay *r, struct actor_ref actor, const struct actor_type *type);
/* The recording begins with the program, and nothing of it is missing: whoever says something has been heard of. */
void replay_complete(struct replay *r);
/* The recording has ended: counts. */
void replay_finish(struct replay *r);

/* Whether an actor of this type can be given m, of which nothing was cut, at all: what is recorded is not believed.
 * False: why. */
typedef bool replay_bounds(const struct actor_type *type, const struct message *m, char why[200]);
void replay_set_bounds(struct replay *r, replay_bounds *bounds);

/* Messages for replay_hear are made between these. */
struct heap *replay_enter(struct replay *r);
void replay_leave(struct heap *before);

/* The last one. */
const struct replay_difference *replay_difference(const struct replay *r);
const struct replay_counts *replay_counts(const struct replay *r);
#endif
