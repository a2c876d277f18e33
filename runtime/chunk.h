/* runtime/chunk.h -- bytes that are shared, not copied: refcounted chunks and spans into them.
 *
 * Purpose  what was read once is passed on as spans; the last holder frees the chunk.
 * Owner    a span in a variable is one reference. span_ref makes a second one, span_take moves it
 *          out, span_release gives it back and leaves the span empty. The empty span owns nothing.
 * Thread   the count is atomic: a span may be released on any worker. The bytes of a chunk are
 *          written only by who filled it, and only beyond what has been handed out.
 */
#ifndef RUNTIME_CHUNK_H
#define RUNTIME_CHUNK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chunk {
    atomic_uint references;
    uint32_t capacity; /* bytes that fit */
    uint32_t used;     /* bytes that were handed out; only the filler looks */
    uint32_t pooled;   /* of CHUNK_BYTES, comes from and goes to the heap's pool */
    /* another one each time that it is filled anew: who remembers something of its bytes knows by it that they are
     * still the same */
    uint64_t stamp;
    uint8_t bytes[];
};

struct span {
    struct chunk *chunk; /* NULL: empty */
    uint32_t offset;
    uint32_t length;
};

#define NO_BYTES ((struct span){NULL, 0, 0})

/* A chunk with room for at least `capacity` bytes and one reference. */
struct chunk *chunk_new(uint32_t capacity);
/* A chunk of CHUNK_BYTES in all, from the worker's pool. */
struct chunk *chunk_new_pooled(void);
void chunk_ref(struct chunk *c);
void chunk_unref(struct chunk *c);
/* Empty again, if the caller's reference is the only one: it may be filled anew. */
void chunk_recycle(struct chunk *c);

static inline const uint8_t *span_bytes(struct span s)
{
    return s.chunk ? s.chunk->bytes + s.offset : NULL;
}

/* Another reference to the same bytes. */
struct span span_ref(struct span s);
void span_release(struct span *s);
static inline struct span span_take(struct span *s)
{
    struct span taken = *s;
    *s = NO_BYTES;
    return taken;
}
/* A reference to `length` bytes from `offset` of s; they must lie within. */
struct span span_slice(struct span s, uint32_t offset, uint32_t length);
/* Cuts the first `length` bytes off s and returns them; s keeps the rest. */
struct span span_split(struct span *s, uint32_t length);
/* The bytes in a chunk of their own. */
struct span span_copy(const void *bytes, size_t length);
/* To be called by who keeps a span beyond its turn: a short piece of a large chunk is copied out. */
void span_settle(struct span *s);
bool span_equal(struct span a, struct span b);

#endif
