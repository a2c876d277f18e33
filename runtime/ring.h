/* runtime/ring.h -- bytes from one thread to another, through memory of a fixed size.
 *
 * Purpose  what a worker records goes to the thread that writes it down; when that thread is slow, the
 *          ring is full, and the worker goes on at once.
 * Owner    whoever called ring_create.
 * Thread   one writer (reserve, publish), one reader (readable, release); no lock, nobody waits.
 * Shapes   behind the memory there is as much again, for the one piece that begins before its end and goes beyond: so
 *          none is ever cut. If half of it is asked to be kept, what was released last is there still, and need
 *          not be put in once more.
 *
 * Why this is enough. `published` is stored by the writer only, `released` by the reader only; both only grow,
 * and 0 <= published - released <= room always. What the reader may read is [released - kept, published), what the
 * writer may write is [published, released + room): these do not overlap, as the ends are no more than size apart,
 * which is kept + room.
 *   publish (release) -> readable (acquire)   the bytes of an entry were written before it can be seen
 *   release (release) -> reserve (acquire)    the reader's last look at bytes was before they are written anew
 * A thread reads its own counter relaxed: nobody else stores it. Each keeps what it saw of the other's, and looks
 * again when that is used up: an old value only makes the ring seem fuller to the writer, emptier to the reader,
 * than it is.
 * An entry begins below `size`. What of it lies beyond is written anew by the entry that goes beyond one turn of the
 * ring later, which is when what is below would be: so both live equally long, and the place below that it
 * stands for stays empty.
 */
#ifndef RUNTIME_RING_H
#define RUNTIME_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What each of the two threads needs is on a cache line of its own, the memory on both. */
struct ring {
    _Alignas(64) atomic_size_t published;
    size_t released_seen; /* the writer's; what it last saw of released */
    uint8_t *memory;      /* `size`, and as much behind it */
    size_t size;          /* bytes; a power of two, of whole pages */
    size_t room, kept;    /* of them, for what is not released, and what was released last */
    void *mapping;        /* that the memory is in */
    _Alignas(64) atomic_size_t released;
    size_t published_seen;  /* the reader's; what it last saw of published */
    const uint8_t *to_read; /* memory, */
    size_t to_read_size;    /* ... and its size */
};

/* At least `bytes` of memory, half of which is kept or none. 0 or an errno. */
int ring_create(struct ring *r, size_t bytes, bool keeps);
void ring_destroy(struct ring *r);
/* The first 64 MB of the memory are there from now on: the writer need not wait for the kernel at each new page.
 * Any thread. */
void ring_touch(struct ring *r);

/* Writer: room for so many bytes behind `from` bytes that are reserved already and not published. NULL:
 * it is full. The pieces of one entry lie in a row. */
static inline uint8_t *ring_reserve(struct ring *r, size_t from, size_t bytes)
{
    size_t at = atomic_load_explicit(&r->published, memory_order_relaxed);
    size_t end = at + from + bytes;
    if (end - r->released_seen > r->room) {
        r->released_seen = atomic_load_explicit(&r->released, memory_order_acquire);
        if (end - r->released_seen > r->room)
            return NULL;
    }
    return r->memory + (at & (r->size - 1)) + from;
}

/* Writer: so many can be reserved in all without another look at the reader. */
static inline size_t ring_room(const struct ring *r)
{
    return r->released_seen + r->room - atomic_load_explicit(&r->published, memory_order_relaxed);
}

/* Writer: how many bytes were published before these. */
static inline size_t ring_published(const struct ring *r)
{
    return atomic_load_explicit(&r->published, memory_order_relaxed);
}

/* Writer: what stood behind that many can still be read by who reads what is published next. */
static inline bool ring_is_kept(const struct ring *r, size_t position)
{
    return position + r->kept >= ring_published(r);
}

/* The first `bytes` that were reserved can be read from now on. The memory of what comes some entries later is fetched
 * meanwhile, as much as an entry mostly has: no cache near this core holds it, and a store that waits for it keeps
 * all stores behind it waiting (4 % of the time that a proxy's worker takes). */
static inline void ring_publish(struct ring *r, size_t bytes)
{
    enum { LINE = 64, AHEAD = 8 * LINE };
    size_t at = atomic_load_explicit(&r->published, memory_order_relaxed) + bytes;
    atomic_store_explicit(&r->published, at, memory_order_release);
    const uint8_t *there = r->memory + (at & (r->size - 1)) + AHEAD;
    __builtin_prefetch(there, 1);
    __builtin_prefetch(there + LINE, 1);
    __builtin_prefetch(there + 2 * LINE, 1);
}

/* Writer: more than half of it is not read yet. */
static inline bool ring_is_half_full(struct ring *r)
{
    size_t at = atomic_load_explicit(&r->published, memory_order_relaxed);
    if (at - r->released_seen <= r->room / 2)
        return false;
    r->released_seen = atomic_load_explicit(&r->released, memory_order_acquire);
    return at - r->released_seen > r->room / 2;
}

/* Reader: where what was published `from` bytes behind what is released begins, and how many bytes can be read from
 * there. Only what was published at once lies in a row. */
static inline const uint8_t *ring_readable(struct ring *r, size_t from, size_t *bytes)
{
    size_t at = atomic_load_explicit(&r->released, memory_order_relaxed) + from;
    if (r->published_seen == at)
        r->published_seen = atomic_load_explicit(&r->published, memory_order_acquire);
    *bytes = r->published_seen - at;
    return r->to_read + (at & (r->to_read_size - 1));
}

/* Reader: what was published once may be written anew. */
static inline void ring_release(struct ring *r, size_t bytes)
{
    size_t at = atomic_load_explicit(&r->released, memory_order_relaxed);
    atomic_store_explicit(&r->released, at + bytes, memory_order_release);
}

#endif
