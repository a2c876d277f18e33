/* runtime/heap.h -- memory of a worker: cells, actors and small chunks from slabs.
 *
 * Purpose  an allocation costs a few ns, and memory goes back to the system after a burst (a million
 *          messages once held 80 MB for ever in the C library's arenas).
 * Owner    each thread that runs actors has one heap. An object goes back to the heap it came from,
 *          whoever frees it: in batches, over one lock-free word.
 * Thread   heap_alloc and heap_free: any thread that has entered a heap. The others: see each.
 * Errors   out of memory ends the program with a message. Under address, thread and memory
 *          sanitizers every object is malloc's, so that they see each use after free.
 */
#ifndef RUNTIME_HEAP_H
#define RUNTIME_HEAP_H

#include "runtime/limits.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HEAP_IS_MALLOC 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define HEAP_IS_MALLOC 1
#endif
#endif
#ifndef HEAP_IS_MALLOC
#define HEAP_IS_MALLOC 0
#endif

struct heap;

/* `index` < WORKERS_MAX, one heap each. `wake` is called, from another thread, when much was freed
 * for a heap whose owner sleeps; may be NULL. */
struct heap *heap_new(unsigned index, void (*wake)(void *context), void *context);
/* All objects must have come back. Frees what the heap still holds. */
void heap_delete(struct heap *h);
/* The calling thread works with this heap from now on. Returns the one before. */
struct heap *heap_enter(struct heap *h);

void *heap_alloc(size_t bytes);
/* `bytes` as given to heap_alloc. */
void heap_free(void *object, size_t bytes);

/* The same for HEAP_CELL_BYTES, the size of a message: a few free ones are kept at hand. A cell of
 * another heap is not asked whose it is, and goes home only when too many are at hand. */
enum { HEAP_CELL_BYTES = 64, HEAP_CELLS_MAX = 512, HEAP_CELLS_FETCH = 64 };
static inline void *heap_cell_alloc(void);
static inline void heap_cell_free(void *cell);

/* For the owner, once a round: sends home what belongs to others, takes in what others freed. */
void heap_round(struct heap *h);
/* For the owner, before a long sleep: gives spare memory back to the system. */
void heap_trim(struct heap *h);

/* The pool of CHUNK_BYTES blocks of the calling thread's heap. */
void *heap_block_alloc(void);
void heap_block_free(void *block);

/* Objects and blocks that are out, over all heaps' own counts: 0 when nothing leaks. Owner's view. */
uint64_t heap_live(const struct heap *h);

/* Ends the program: `what` could not be had. */
_Noreturn void heap_exhausted(const char *what, size_t bytes);

/* ---- the fast path ---- */

struct heap_cell {
    struct heap_cell *next;
};
/* A heap begins with the cells that it has at hand. */
struct heap_front {
    struct heap_cell *cells;
    uint32_t count;
    uint64_t stamps;
};
extern _Thread_local struct heap_front *heap_here;
/* None at hand; too many. */
void heap_cells_fetch(void);
void heap_cells_spill(void);

/* A number that no other call was given, of any heap; for as long as none is made anew. */
static inline uint64_t heap_stamp(void)
{
    return ++heap_here->stamps;
}

static inline void *heap_cell_alloc(void)
{
    if (HEAP_IS_MALLOC)
        return heap_alloc(HEAP_CELL_BYTES);
    struct heap_front *h = heap_here;
    if (!h->cells)
        heap_cells_fetch();
    struct heap_cell *c = h->cells;
    h->cells = c->next;
    h->count--;
    return c;
}

static inline void heap_cell_free(void *cell)
{
    if (HEAP_IS_MALLOC) {
        heap_free(cell, HEAP_CELL_BYTES);
        return;
    }
    struct heap_front *h = heap_here;
    struct heap_cell *c = cell;
    c->next = h->cells;
    h->cells = c;
    if (++h->count >= HEAP_CELLS_MAX)
        heap_cells_spill();
}

#endif
