/* runtime/message.h -- the cell in which everything travels, and the values that name an actor.
 *
 * Purpose  one 64-byte cell a message: linked, moved, never copied. What does not fit hangs off it
 *          in refcounted spans.
 * Owner    whoever holds the pointer. Sending gives it away, always, even to a dead actor. A
 *          handler borrows its message, takes what it keeps (span_take, actor_forward), and the
 *          runtime releases the rest.
 * Thread   a cell is touched by one thread at a time; it crosses threads through the inbox.
 * Source   the kinds and their fields stand in kinds.def (here) and messages/kinds.def (above).
 */
#ifndef RUNTIME_MESSAGE_H
#define RUNTIME_MESSAGE_H

#include "runtime/chunk.h"
#include "runtime/heap.h"
#include "runtime/inbox.h"
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Names an actor. A value: it may be stored, compared and sent; it is resolved only on the worker
 * where the actor lives, and a stale one finds nobody. All zero is nobody. */
struct actor_ref {
    uint32_t place;      /* worker in the upper 8 bits, slot in the lower 24 */
    uint32_t generation; /* 1 and up; a slot's next tenant has another one */
};

#define NOBODY ((struct actor_ref){0, 0})

static inline bool ref_is_nobody(struct actor_ref r)
{
    return r.generation == 0;
}
static inline bool ref_equal(struct actor_ref a, struct actor_ref b)
{
    return a.place == b.place && a.generation == b.generation;
}
static inline unsigned ref_worker(struct actor_ref r)
{
    return r.place >> 24;
}
static inline uint32_t ref_slot(struct actor_ref r)
{
    return r.place & 0xffffff;
}
static inline uint64_t ref_bits(struct actor_ref r)
{
    return (uint64_t)r.place << 32 | r.generation;
}

enum { MESSAGE_PAYLOAD_BYTES = 32 };

struct message {
    struct inbox_node node; /* next in a mailbox, or wherever messages wait in a row */
    struct actor_ref to;
    struct actor_ref from;
    uint16_t kind;     /* enum message_kind; the runtime's own come first */
    uint16_t flags;    /* free for the kind: what the table says */
    uint32_t exchange; /* which exchange this is about; 0: none. For logs and traces. */
    union {
        uint64_t words[MESSAGE_PAYLOAD_BYTES / 8];
        uint8_t bytes[MESSAGE_PAYLOAD_BYTES];
    } payload;
};
static_assert(sizeof(struct message) == HEAP_CELL_BYTES && HEAP_CELL_BYTES == 64,
              "a message is one cache line");

static inline struct message *message_next(const struct message *m)
{
    return (struct message *)(void *)m->node.next;
}

/* What the tables say about a kind; generated, see kinds.h. */
enum field_type {
    FIELD_u8,
    FIELD_u16,
    FIELD_u32,
    FIELD_u64,
    FIELD_i32,
    FIELD_flag,
    FIELD_ref,
    FIELD_span
};
enum kind_class { KIND_PLAIN, KIND_BOUNCE, KIND_EXPECTED };
enum { FIELDS_MAX = 9 };

struct field_info {
    const char *name; /* NULL ends the list */
    uint8_t type;     /* enum field_type */
    uint8_t offset;   /* in the payload */
};

struct kind_info {
    const char *name;
    uint8_t class; /* enum kind_class */
    uint8_t spans; /* how many fields are spans */
    uint8_t span_offset[2];
    struct field_info fields[FIELDS_MAX + 1];
};

/* The table of all kinds; given once, at start, by the floor that knows them all. */
void message_kinds_set(const struct kind_info *kinds, unsigned count);
/* How many spans a kind has: all that the release of most messages needs to know. */
enum { MESSAGE_KINDS_MAX = 256 };
extern uint8_t message_span_counts[MESSAGE_KINDS_MAX];
const struct kind_info *message_kind_info(uint16_t kind);
unsigned message_kinds_count(void);

/* A cell with this kind and everything else zero. Never fails: memory's end is the program's. */
static inline struct message *message_new(uint16_t kind)
{
    struct message *m = heap_cell_alloc();
    /* field by field: what is read next, by the sender, must not wait for wider stores */
    m->node.next = NULL;
    m->to = m->from = NOBODY;
    m->kind = kind;
    m->flags = 0;
    m->exchange = 0;
    memset(&m->payload, 0, sizeof m->payload);
    return m;
}

void message_release_spans(struct message *m);

/* Releases the spans that are still in it, and the cell. */
static inline void message_free(struct message *m)
{
    if (message_span_counts[m->kind])
        message_release_spans(m);
    heap_cell_free(m);
}

/* One line for logs and tests:
 * "REQUEST from=0/3.1 to=0/4.1 exchange=7 flags=0 head=<120 bytes> port=80".
 * Returns what it would have written, as snprintf does. */
int message_print(const struct message *m, char *out, size_t room);

/* Equal in kind, flags, exchange and every field; spans by their bytes. `from` and `to` are not compared. */
bool message_equal(const struct message *a, const struct message *b);

/* A second cell with the same content; its spans share the chunks. */
struct message *message_copy(const struct message *m);

#endif
