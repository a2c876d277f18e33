/* runtime/heap.c -- slabs by size class, blocks, and the way home of what others free.
 *
 * A slab is SLAB_BYTES at an address that is a multiple of SLAB_BYTES, so that an object finds its
 * slab by clearing its lower bits. Slabs with free objects are in a list of their class; a full one
 * is in none. Objects freed by a thread that is not the owner are chained per owner, and pushed to
 * the owner's `returned` word in batches (a push of a chain, taken whole: the inbox's algorithm
 * without its states).
 */
#include "runtime/heap.h"
#include "runtime/limits.h"
#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { CLASSES = 12, CELL_CLASS = 1 /* of HEAP_CELL_BYTES */ };
static const uint16_t class_bytes[CLASSES] = {32,  64,  96,  128,  192,  256,
                                              384, 512, 768, 1024, 1536, 2048};

struct object {
    struct object *next;
};

/* An object on its way home that carries others: what is freed on another thread lies in that thread's
 * cache, and a list through all of it would be read at one miss after the other. */
struct parcel {
    struct parcel *next;
    uint32_t count;
    uint32_t room; /* from the size of the object that it is made of */
    void *objects[];
};
enum { PARCEL_ROOM_MAX = 30 };

struct slab {
    struct heap *owner;
    struct slab *next, *previous; /* in its class's list, while it has room */
    struct object *free;
    uint32_t used;   /* objects that are out */
    uint32_t carved; /* objects that were ever handed out; the rest is untouched memory */
    uint16_t room;   /* objects in all */
    uint8_t class;
    bool listed;
};

struct heap {
    struct heap_front front; /* first, see heap.h */
    struct slab *with_room[CLASSES];
    struct slab *spare; /* empty slabs, any class */
    struct object *blocks;
    unsigned spares, block_spares;
    unsigned index;
    uint64_t live; /* objects and blocks handed out, minus taken back, by this heap's thread */
    uint32_t outgoing_used; /* bit a heap */
    void (*wake)(void *);
    void *wake_context;
    struct outgoing {
        struct parcel *newest, *oldest;
        unsigned count;
    } outgoing[WORKERS_MAX];
    _Alignas(64) _Atomic(struct parcel *) returned;
    atomic_uint returned_count;
};

_Thread_local struct heap_front *heap_here;
static _Atomic(struct heap *) heaps[WORKERS_MAX];

static struct heap *here(void)
{
    return (struct heap *)(void *)heap_here;
}

void heap_exhausted(const char *what, size_t bytes)
{
    fprintf(stderr, "out of memory: %s, %zu bytes\n", what, bytes);
    abort();
}

static void *map_aligned(size_t bytes)
{
    /* twice the room, then the ends are given back: mmap knows no alignment above a page */
    uint8_t *wide =
        mmap(NULL, bytes * 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (wide == MAP_FAILED)
        heap_exhausted("a slab", bytes);
    uintptr_t start = ((uintptr_t)wide + bytes - 1) & ~(uintptr_t)(bytes - 1);
    size_t before = start - (uintptr_t)wide, after = bytes - before;
    if (before)
        munmap(wide, before);
    if (after)
        munmap((uint8_t *)start + bytes, after);
    return (void *)start;
}

struct heap *heap_new(unsigned index, void (*wake)(void *context), void *context)
{
    assert(index < WORKERS_MAX && atomic_load(&heaps[index]) == NULL);
    struct heap *h = aligned_alloc(64, (sizeof *h + 63) & ~(size_t)63);
    if (!h)
        heap_exhausted("a heap", sizeof *h);
    memset(h, 0, sizeof *h);
    h->index = index;
    h->front.stamps = (uint64_t)index << 56;
    h->wake = wake;
    h->wake_context = context;
    atomic_store(&heaps[index], h);
    return h;
}

struct heap *heap_enter(struct heap *h)
{
    struct heap *before = here();
    heap_here = h ? &h->front : NULL;
    return before;
}

uint64_t heap_live(const struct heap *h)
{
    return h->live - h->front.count;
}

/* ---- slabs ---- */

static uint8_t class_of(size_t bytes)
{
    uint8_t class = 0;
    while (class_bytes[class] < bytes)
        class ++;
    return class;
}

static struct slab *slab_of(void *object)
{
    return (struct slab *)((uintptr_t)object & ~(uintptr_t)(SLAB_BYTES - 1));
}

static void slab_list(struct heap *h, struct slab *s)
{
    s->previous = NULL;
    s->next = h->with_room[s->class];
    if (s->next)
        s->next->previous = s;
    h->with_room[s->class] = s;
    s->listed = true;
}

static void slab_unlist(struct heap *h, struct slab *s)
{
    if (s->previous)
        s->previous->next = s->next;
    else
        h->with_room[s->class] = s->next;
    if (s->next)
        s->next->previous = s->previous;
    s->listed = false;
}

static struct slab *slab_new(struct heap *h, uint8_t class)
{
    struct slab *s = h->spare;
    if (s) {
        h->spare = s->next;
        h->spares--;
    } else {
        s = map_aligned(SLAB_BYTES);
    }
    /* objects begin on a cache line: a 64-byte cell is one line */
    size_t first = class_bytes[class] >= 64 ? 64 * ((sizeof *s + 63) / 64) : sizeof *s;
    memset(s, 0, sizeof *s);
    s->owner = h;
    s->class = class;
    s->room = (uint16_t)((SLAB_BYTES - first) / class_bytes[class]);
    slab_list(h, s);
    return s;
}

static void *slab_carve(struct slab *s)
{
    size_t bytes = class_bytes[s->class];
    uint8_t *end = (uint8_t *)s + SLAB_BYTES;
    return end - bytes * ++s->carved;
}

static void slab_retire(struct heap *h, struct slab *s)
{
    slab_unlist(h, s);
    if (h->spares >= SLABS_SPARE) {
        munmap(s, SLAB_BYTES);
        return;
    }
    s->next = h->spare;
    h->spare = s;
    h->spares++;
}

static void slab_put(struct heap *h, struct slab *s, struct object *o)
{
    o->next = s->free;
    s->free = o;
    if (!s->listed)
        slab_list(h, s);
    if (--s->used == 0 && (s->next || s->previous))
        slab_retire(h, s);
}

static void take_home(struct heap *h, void *object)
{
    struct slab *s = slab_of(object);
    if (s->class != CELL_CLASS || h->front.count >= HEAP_CELLS_MAX - 1) {
        slab_put(h, s, object);
        return;
    }
    struct heap_cell *c = object;
    c->next = h->front.cells;
    h->front.cells = c;
    h->front.count++;
}

/* Cells that come home stay at hand while there is room, without a detour by their slab. */
static void take_returned(struct heap *h)
{
    struct parcel *p = atomic_exchange_explicit(&h->returned, NULL, memory_order_acquire);
    uint32_t before = h->front.count;
    atomic_store_explicit(&h->returned_count, 0, memory_order_relaxed);
    while (p) {
        struct parcel *next = p->next;
        for (uint32_t i = 0; i < p->count; i++)
            take_home(h, p->objects[i]);
        take_home(h, p);
        p = next;
    }
    h->live += h->front.count - before; /* see heap_live */
}

static void *slab_take(struct heap *h, uint8_t class)
{
    struct slab *s = h->with_room[class];
    if (!s && atomic_load_explicit(&h->returned, memory_order_relaxed)) {
        take_returned(h);
        s = h->with_room[class];
    }
    if (!s)
        s = slab_new(h, class);
    struct object *o = s->free;
    if (o)
        s->free = o->next;
    else
        o = slab_carve(s);
    if (++s->used == s->room)
        slab_unlist(h, s);
    return o;
}

/* ---- what belongs to others ---- */

static void send_home(struct heap *owner, struct outgoing *out)
{
    struct parcel *old = atomic_load_explicit(&owner->returned, memory_order_relaxed);
    do {
        out->oldest->next = old;
    } while (!atomic_compare_exchange_weak_explicit(&owner->returned, &old, out->newest,
                                                    memory_order_release, memory_order_relaxed));
    unsigned before =
        atomic_fetch_add_explicit(&owner->returned_count, out->count, memory_order_relaxed);
    if (before < RETURN_WAKE && before + out->count >= RETURN_WAKE && owner->wake)
        owner->wake(owner->wake_context);
    *out = (struct outgoing){NULL, NULL, 0};
}

static uint32_t parcel_room(void *object)
{
    uint32_t room = (class_bytes[slab_of(object)->class] - (uint32_t)sizeof(struct parcel)) /
                    (uint32_t)sizeof(void *);
    return room < PARCEL_ROOM_MAX ? room : PARCEL_ROOM_MAX;
}

/* An object with more room than the newest parcel becomes one itself. */
static void put_foreign(struct heap *h, struct heap *owner, void *object)
{
    struct outgoing *out = &h->outgoing[owner->index];
    uint32_t room = parcel_room(object);
    h->outgoing_used |= 1u << owner->index;
    if (out->newest && out->newest->count < out->newest->room && room <= out->newest->room) {
        out->newest->objects[out->newest->count++] = object;
    } else {
        struct parcel *p = object;
        *p = (struct parcel){.next = out->newest, .room = room};
        out->newest = p;
    }
    if (!out->oldest)
        out->oldest = out->newest;
    if (++out->count >= RETURN_BATCH)
        send_home(owner, out);
}

void heap_round(struct heap *h)
{
    for (unsigned i = 0; h->outgoing_used; i++) {
        if (h->outgoing[i].count)
            send_home(atomic_load_explicit(&heaps[i], memory_order_acquire), &h->outgoing[i]);
        h->outgoing_used &= ~(1u << i);
    }
    if (atomic_load_explicit(&h->returned, memory_order_relaxed))
        take_returned(h);
}

/* ---- the interface ---- */

static void give_back(struct heap *h, void *object)
{
    struct slab *s = slab_of(object);
    if (s->owner == h)
        slab_put(h, s, object);
    else
        put_foreign(h, s->owner, object);
}

/* A thread without a heap may have what is malloc's; it is only not counted. */
static void count(struct heap *h, int change)
{
    if (h)
        h->live += (uint64_t)change; /* modulo 2^64: a heap may have taken more back than given */
}

void *heap_alloc(size_t bytes)
{
    struct heap *h = here();
    count(h, 1);
    if (!HEAP_IS_MALLOC && bytes <= SLAB_OBJECT_MAX)
        return slab_take(h, class_of(bytes));
    void *p = malloc(bytes);
    if (!p)
        heap_exhausted("an object", bytes);
    return p;
}

void heap_free(void *object, size_t bytes)
{
    struct heap *h = here();
    count(h, -1);
    if (!HEAP_IS_MALLOC && bytes <= SLAB_OBJECT_MAX)
        give_back(h, object);
    else
        free(object);
}

/* Cells at hand are counted as live and subtracted by heap_live, so that each costs no count. */
void heap_cells_fetch(void)
{
    struct heap *h = here();
    if (atomic_load_explicit(&h->returned, memory_order_relaxed))
        take_returned(h);
    while (h->front.count < HEAP_CELLS_FETCH) {
        struct heap_cell *c = heap_alloc(HEAP_CELL_BYTES);
        c->next = h->front.cells;
        h->front.cells = c;
        h->front.count++;
    }
}

static void spill(struct heap *h, unsigned keep)
{
    while (h->front.count > keep) {
        struct heap_cell *c = h->front.cells;
        h->front.cells = c->next;
        h->front.count--;
        heap_free(c, HEAP_CELL_BYTES);
    }
}

void heap_cells_spill(void)
{
    spill(here(), HEAP_CELLS_MAX - HEAP_CELLS_FETCH);
}

void *heap_block_alloc(void)
{
    struct heap *h = here();
    if (HEAP_IS_MALLOC)
        return heap_alloc(CHUNK_BYTES);
    h->live++;
    struct object *b = h->blocks;
    if (!b)
        return map_aligned(CHUNK_BYTES);
    h->blocks = b->next;
    h->block_spares--;
    return b;
}

void heap_block_free(void *block)
{
    struct heap *h = here();
    if (HEAP_IS_MALLOC) {
        heap_free(block, CHUNK_BYTES);
        return;
    }
    h->live--;
    if (h->block_spares >= CHUNKS_SPARE) {
        munmap(block, CHUNK_BYTES);
    } else {
        struct object *b = block;
        b->next = h->blocks;
        h->blocks = b;
        h->block_spares++;
    }
}

static void drop_blocks(struct heap *h, unsigned keep)
{
    while (h->block_spares > keep) {
        struct object *b = h->blocks;
        h->blocks = b->next;
        h->block_spares--;
        munmap(b, CHUNK_BYTES);
    }
}

static void drop_slabs(struct heap *h, unsigned keep)
{
    while (h->spares > keep) {
        struct slab *s = h->spare;
        h->spare = s->next;
        h->spares--;
        munmap(s, SLAB_BYTES);
    }
}

void heap_trim(struct heap *h)
{
    spill(h, 0);
    heap_round(h);
    drop_blocks(h, CHUNKS_SPARE_IDLE);
    drop_slabs(h, 1);
}

void heap_delete(struct heap *h)
{
    struct heap *before = heap_enter(h);
    spill(h, 0);
    heap_round(h);
    drop_blocks(h, 0);
    drop_slabs(h, 0);
    for (unsigned c = 0; c < CLASSES; c++)
        while (h->with_room[c] && h->with_room[c]->used == 0) {
            struct slab *s = h->with_room[c];
            slab_unlist(h, s);
            munmap(s, SLAB_BYTES);
        }
    atomic_store(&heaps[h->index], NULL);
    heap_enter(before == h ? NULL : before);
    free(h);
}
