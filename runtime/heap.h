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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

#endif
