/* runtime/chunk.c -- see chunk.h */
#include "runtime/chunk.h"
#include "runtime/heap.h"
#include "runtime/limits.h"
#include <assert.h>
#include <string.h>

static struct chunk *chunk_init(struct chunk *c, uint32_t capacity, uint32_t pooled)
{
    atomic_init(&c->references, 1);
    c->capacity = capacity;
    c->used = 0;
    c->pooled = pooled;
    c->stamp = heap_stamp();
    return c;
}

struct chunk *chunk_new(uint32_t capacity)
{
    return chunk_init(heap_alloc(sizeof(struct chunk) + capacity), capacity, 0);
}

struct chunk *chunk_new_pooled(void)
{
    return chunk_init(heap_block_alloc(), CHUNK_BYTES - (uint32_t)sizeof(struct chunk), 1);
}

void chunk_ref(struct chunk *c)
{
    /* relaxed: the new reference is made from one that the caller holds */
    atomic_fetch_add_explicit(&c->references, 1, memory_order_relaxed);
}

void chunk_unref(struct chunk *c)
{
    /* the last holder alone may skip the atomic: nobody else can make a reference */
    if (atomic_load_explicit(&c->references, memory_order_acquire) != 1 &&
        atomic_fetch_sub_explicit(&c->references, 1, memory_order_acq_rel) != 1)
        return;
    if (c->pooled)
        heap_block_free(c);
    else
        heap_free(c, sizeof *c + c->capacity);
}

void chunk_recycle(struct chunk *c)
{
    /* acquire: what the last other holder read, it read before we overwrite it */
    if (!c->used || atomic_load_explicit(&c->references, memory_order_acquire) != 1)
        return;
    c->used = 0;
    c->stamp = heap_stamp();
}

struct span span_ref(struct span s)
{
    if (s.chunk)
        chunk_ref(s.chunk);
    return s;
}

void span_release(struct span *s)
{
    if (s->chunk)
        chunk_unref(s->chunk);
    *s = NO_BYTES;
}

struct span span_slice(struct span s, uint32_t offset, uint32_t length)
{
    assert(offset <= s.length && length <= s.length - offset);
    if (length == 0)
        return NO_BYTES;
    chunk_ref(s.chunk);
    return (struct span){s.chunk, s.offset + offset, length};
}

struct span span_split(struct span *s, uint32_t length)
{
    if (length >= s->length)
        return span_take(s);
    struct span head = span_slice(*s, 0, length);
    s->offset += length;
    s->length -= length;
    return head;
}

struct span span_copy(const void *bytes, size_t length)
{
    assert(length <= UINT32_MAX);
    if (length == 0)
        return NO_BYTES;
    struct chunk *c = chunk_new((uint32_t)length);
    memcpy(c->bytes, bytes, length);
    c->used = (uint32_t)length;
    return (struct span){c, 0, (uint32_t)length};
}

void span_settle(struct span *s)
{
    if (s->chunk == NULL || s->length >= s->chunk->capacity / PIN_DIVISOR)
        return;
    struct span own = span_copy(span_bytes(*s), s->length);
    span_release(s);
    *s = own;
}

bool span_equal(struct span a, struct span b)
{
    return a.length == b.length &&
           (a.length == 0 || !memcmp(span_bytes(a), span_bytes(b), a.length));
}
