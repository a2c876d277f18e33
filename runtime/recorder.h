/* runtime/recorder.h -- what every actor hears and does, handed to a thread that writes it down.
 *
 * Purpose  hooks (hooks.h) that make one *entry* of each call of a handler: the message, and the effects
 *          that followed. An entry is bytes in a ring of the worker; nobody is waited for. When the ring
 *          is full, calls are left out and counted; an entry before the next one says how many.
 * Owner    whoever called recorder_new; it must outlive the runtime that it watches.
 * Thread   the hooks: the worker's. recorder_next and recorder_took: one thread, the reader.
 * Units    ticks, of which the scale makes nanoseconds; microseconds of the worker's clock (now_us).
 * Source   DESIGN.md, "A trace"; architecture.md, "What makes replay possible".
 *
 * Bytes behind struct entry, all little-endian:
 *   each span of the message, in the order of its fields    BYTES
 *   each effect: kind u8, then what it has, in this order (effects.def):
 *     n u32, value u64, ref (place u32, generation u32), type u8, kind of the message u16,
 *     address as text (length u8, text), bytes BYTES, length u64
 *   BYTES: length u32, kept u32, when kept < length the hash of all (XXH3, u64), then those kept; or, if these
 *          stand in the ring already, struct reference instead. recorded_bytes puts them in
 *
 * The message of a SEND or SPAWN is not repeated here: it is the input of its receiver. Per pair of actors
 * the n-th that was sent is the n-th that was heard, or an entry of what was not heard.
 */
#ifndef RUNTIME_RECORDER_H
#define RUNTIME_RECORDER_H

#include "runtime/hooks.h"
#include "runtime/message.h"
#include "runtime/ticks.h"
#include <string.h>

enum entry_what {
    ENTRY_CALL,        /* a handler was called with the message */
    ENTRY_END,         /* `to` ended; effects of its on_stop */
    ENTRY_UNDELIVERED, /* nobody was there any more to hear the message; its payload is not kept */
    ENTRY_LAGGED,      /* payload.words[0] calls of this worker were left out here */
};

/* Up to `worker` in the order of a record's numbers (messages/trace_format.h), which are then copied at once; what the
 * record says in the places of `bytes` to `kind`, of `ended` and of `reference` is known later. */
struct entry {
    uint32_t bytes;          /* of the whole entry, padding included; a multiple of 8 */
    uint8_t padding;         /* so many of them, at its end */
    uint8_t what;            /* enum entry_what */
    uint16_t kind;           /* of the message */
    uint64_t now_us;         /* what actor_now() said */
    uint64_t ended;          /* ticks; ENDS_LATER: when the next one of this worker does */
    uint64_t from, to;       /* bits of refs */
    uint32_t reference;      /* where in `rest` the first struct reference is; 0: there is none */
    uint32_t number;         /* the message is the n-th that `to` has heard, from 1 */
    uint32_t exchange;       /* of the message */
    uint32_t actor_exchange; /* of `to`, when it was called */
    uint16_t flags;          /* of the message; an END's: why (enum stop_reason) */
    uint8_t type;            /* of `to`, in the options' types; NO_TYPE: not known, it has ended */
    uint8_t worker;
    uint32_t elsewhere; /* bytes that the references stand for */
    /* The message's; a LAGGED's word: how many. Its spans are in `rest`, what it says of them means nothing. */
    union {
        uint64_t words[MESSAGE_PAYLOAD_BYTES / 8];
        uint8_t bytes[MESSAGE_PAYLOAD_BYTES];
    } payload;
    uint8_t rest[];
};

static inline void entry_take(struct entry *e, const struct message *m)
{
    e->kind = m->kind;
    e->from = ref_bits(m->from);
    e->to = ref_bits(m->to);
    e->exchange = m->exchange;
    e->flags = m->flags;
    memcpy(e->payload.bytes, m->payload.bytes, sizeof e->payload);
}
static_assert(WORKERS_MAX <= 256, "a worker is a byte");

/* Between calls of one turn with messages of one kind, and before the end of an actor that one of them stopped, the
 * clock is not asked: that takes as long as many of them do. */
#define ENDS_LATER UINT64_MAX

/* Of bytes that this worker's entries held a moment ago; not aligned. */
struct reference {
    uint64_t place; /* in the memory of the ring */
    uint32_t bytes;
    uint32_t next; /* where in `rest` the next one is; 0: it is the last */
};
enum { NO_TYPE = 255 };
/* More is left out, as if the ring were full; what an entry refers to may be as much again. */
enum { ENTRY_BYTES_MAX = 1 << 28 };

struct recorder_options {
    const struct actor_type *const *types; /* who is watched; at most NO_TYPE, NULL ends */
    unsigned workers;                      /* that are watched, from 0 */
    size_t ring_bytes;                     /* a worker; 0: as much as such bodies want */
    uint32_t
        bodies_max; /* of a body so many bytes are kept, and the hash of all; UINT32_MAX: all */
    ticks_clock *ticks;
    const struct tick_scale *scale; /* of these ticks, the reader's; NULL: they are nanoseconds */
    /* The reader should look soon: it waits, or a ring is half full. Any worker; may be NULL. */
    void (*wake)(void *context);
    void *context;
};
/* With bodies half of it is for what waits to be written: a burst of some MB finds room. */
enum { RECORDER_RING_BYTES = 8 << 20, RECORDER_RING_WITH_BODIES = 32 << 20 };

struct recorder;

/* NULL, and *error an errno: no memory. messages_init has been called. */
struct recorder *recorder_new(const struct recorder_options *options, int *error);
void recorder_free(struct recorder *r);
/* To be given to the runtime or the sim. */
const struct hooks *recorder_hooks(struct recorder *r);

/* An entry as its reader gets it. */
struct recorded {
    const struct entry *entry;
    const uint8_t *memory; /* of the ring that it is in; NULL if it has no references */
    uint64_t ended_ns;
    uint32_t took_ns; /* an equal share of what ends together; 0: not yet, or an END with calls */
};

/* How many bytes stand behind an entry, with those that it refers to. */
static inline uint32_t recorded_bytes(const struct recorded *h)
{
    const struct entry *e = h->entry;
    return e->bytes - e->padding - (uint32_t)sizeof *e + e->elsewhere;
}
/* Puts them at `at`, and returns their end. */
uint8_t *recorded_put(const struct recorded *h, uint8_t *at);

/* The oldest entry of all workers that ended before `before_ns`, in the order of their ends; NULL: none.
 * Valid until recorder_took. With a `before_ns` of a moment ago no older one comes later, unless a worker lost its
 * core for that long just then: the order among workers is no promise, that of each worker is. An end that does not
 * come within a second is not waited for: a handler may hang. */
const struct recorded *recorder_next(struct recorder *r, uint64_t before_ns);
void recorder_took(struct recorder *r, const struct recorded *h);
/* By the reader, before anything is recorded or soon after: memory that the workers then need not wait for. */
void recorder_touch(struct recorder *r);
/* The reader is about to wait, for long or for a moment; or looks again. */
enum reader_waits { READER_LOOKS, READER_NAPS, READER_SLEEPS };
void recorder_waits(struct recorder *r, enum reader_waits how);
/* Calls left out at the ends of the rings, that no entry says yet. */
uint64_t recorder_lost(const struct recorder *r, unsigned worker);

/* This thread will not go on. If it is a worker's, the call that it is in becomes an entry, as far as it got.
 * Async-signal-safe, as far as ticks and wake are. */
void recorder_crashed(struct recorder *r);

/* An actor has logged an error, or ended the program with one, since this was asked last. */
bool recorder_saw_error(struct recorder *r);

/* Bodies are what --trace-bodies caps: bit i for the i-th span of the kind. */
unsigned recorder_bodies_of(const struct kind_info *k);

#endif
