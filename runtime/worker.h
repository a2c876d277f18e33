/* runtime/worker.h -- a worker: one thread, its actors, and the rounds in which they have their turns.
 *
 * Purpose  see DESIGN.md, "A round". Inside of the runtime and for tests; actors see actor.h only.
 * Thread   everything in the struct is touched by the worker's own thread, except what is said to be
 *          shared.
 */
#ifndef RUNTIME_WORKER_H
#define RUNTIME_WORKER_H

#include "runtime/counters.h"
#include "runtime/heap.h"
#include "runtime/hooks.h"
#include "runtime/inbox.h"
#include "runtime/io.h"
#include "runtime/limits.h"
#include "runtime/timer.h"

struct runtime;

#define RARELY(condition) __builtin_expect(!!(condition), 0)

struct slot {
    struct actor *actor; /* NULL: free, or leased to another worker */
    uint32_t generation;
    uint32_t next_free; /* FIFO, so that a slot rests before it is used again */
};

/* Messages on their way to another worker, oldest first, each on its own cache line. */
struct bundle {
    struct inbox_node node;
    uint32_t count, room;
    uint64_t rest_of_the_line[6];
    struct message messages[];
};
static_assert(sizeof(struct bundle) == sizeof(struct message), "see bundle_bytes");

struct outbox {
    struct bundle *newest, *oldest; /* linked from newest to oldest, as the inbox wants it */
    struct message *staged, **end;  /* for the newest, in which their places are reserved */
    uint32_t count;
    uint32_t usual; /* the count at the last push */
};

/* Slots of another worker that we may spawn into without asking. */
struct lease {
    struct actor_ref refs[LEASES];
    uint32_t count;
    bool asked;
};

struct worker {
    _Alignas(64) struct inbox inbox; /* shared */
    _Alignas(64) struct runtime *runtime;
    unsigned index;
    const struct io_ops *io;
    void *io_state;
    struct heap *heap;
    uint64_t now_us;

    struct slot *slots;
    uint32_t slots_count, slots_room;
    uint32_t free_first, free_last; /* slot numbers; SLOTS_MAX: none */
    uint32_t actors;                /* alive */

    struct actor *run_first, *run_last;
    bool message_taken;

    struct outbox outbox[WORKERS_MAX];
    uint32_t outbox_used; /* bit a worker */
    struct lease *leases[WORKERS_MAX];

    struct socket *dirty;
    struct socket *lingering;
    struct socket *starved; /* listeners that wait for a descriptor */
    struct chunk *read_chunk, *write_chunk;
    uint8_t *reserved; /* by socket_reserve; what was reserved must be committed first */
    uint32_t reserved_most;
    struct timer_heap timers;

    const struct hooks *hooks; /* NULL: nobody watches */
    bool isolated;             /* effects are shown to the hooks and not carried out */
    /* Deterministic mode: which of `n` runnable actors has the next turn. NULL: the first. */
    uint32_t (*choose)(void *context, uint32_t n);
    void *choose_context;

    bool stopping;
    bool trimmed; /* spare memory was given back since the last message */
    uint64_t handled_before_sleep;
    struct counters counters;
    /* shared, for the watchdog: what runs now */
    _Alignas(64) _Atomic(const char *) watch_type; /* NULL: between turns */
    atomic_uint_fast64_t watch_turn;
    atomic_uint watch_kind;
    atomic_uint watch_place;
};

void worker_create(struct worker *w, struct runtime *r, unsigned index, const struct io_ops *io);
void worker_destroy(struct worker *w);

/* Rounds until told to stop. */
void worker_run(struct worker *w);
/* One round: what came from others, turns, and the flush. True when more is to be done at once. */
bool worker_round(struct worker *w);
/* One turn of one actor; false when nobody is runnable. For deterministic mode. */
bool worker_turn(struct worker *w);
void worker_take_inbox(struct worker *w);
void worker_flush(struct worker *w);

/* Hands m to its receiver, here or far; m->from and m->to are set. */
void worker_route(struct worker *w, struct message *m);
/* The same for a message that only this worker's actors may get. */
void worker_deliver(struct worker *w, struct message *m);
/* From outside of all workers, or from one that cannot wait for its flush. Any thread with a heap. */
void worker_post(struct worker *there, struct message *m);
/* An event of the runtime itself for one of its actors. */
void worker_event(struct worker *w, struct actor *to, struct message *m);
/* The actor, if it lives. Own worker's refs only. */
struct actor *worker_resolve(const struct worker *w, struct actor_ref r);

/* The end of an actor, at once; not from within its own handler. */
void worker_reap(struct worker *w, struct actor *a);

/* The effect is shown to whoever watches. True when it must not be carried out. */
bool worker_effect(struct actor *self, const struct effect *e);
#define SHOWN_ONLY(self, ...)                                                                      \
    ((self)->worker->hooks && worker_effect((self), &(struct effect){__VA_ARGS__}))

#endif
