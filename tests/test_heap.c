/* tests/test_heap.c -- slabs, blocks, and the way home of what another thread frees. */
#include "runtime/heap.h"
#include "runtime/limits.h"
#include "tests/check.h"
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct two_heaps {
    struct heap *a, *b;
    unsigned woken;
};

static void on_wake(void *context)
{
    ((struct two_heaps *)context)->woken++;
}

static void enter_two(struct two_heaps *h)
{
    h->woken = 0;
    h->a = heap_new(0, on_wake, h);
    h->b = heap_new(1, NULL, NULL);
    REQUIRE(heap_enter(h->a) == NULL);
}

/* Everything that was handed out has come back, whoever freed it. */
static void leave_two(struct two_heaps *h)
{
    for (unsigned i = 0; i < 2; i++) {
        heap_round(h->a);
        heap_round(h->b);
    }
    CHECK_UINT(heap_live(h->a) + heap_live(h->b), 0);
    heap_delete(h->b);
    heap_delete(h->a);
    CHECK(heap_enter(NULL) == NULL);
}

static void every_size_has_its_room(void)
{
    enum { OBJECTS = 200, STEP = 17 };
    struct two_heaps h;
    static uint8_t *objects[OBJECTS];
    enter_two(&h);
    for (size_t i = 0; i < OBJECTS; i++) {
        size_t bytes = i * STEP + 1;
        objects[i] = heap_alloc(bytes);
        CHECK_UINT((uintptr_t)objects[i] % 16, 0);
        memset(objects[i], (int)i, bytes);
    }
    CHECK_UINT(heap_live(h.a), OBJECTS);
    for (size_t i = 0; i < OBJECTS; i++) {
        size_t bytes = i * STEP + 1;
        CHECK_UINT(objects[i][0], (uint8_t)i);
        CHECK_UINT(objects[i][bytes - 1], (uint8_t)i);
        heap_free(objects[i], bytes);
    }
    leave_two(&h);
}

static void cell_is_one_cache_line(void)
{
    struct two_heaps h;
    enter_two(&h);
    void *cells[100];
    for (unsigned i = 0; i < 100; i++) {
        cells[i] = heap_cell_alloc();
        if (!HEAP_IS_MALLOC)
            CHECK_UINT((uintptr_t)cells[i] % HEAP_CELL_BYTES, 0);
        memset(cells[i], 1, HEAP_CELL_BYTES);
    }
    CHECK_UINT(heap_live(h.a), 100);
    for (unsigned i = 0; i < 100; i++)
        heap_cell_free(cells[i]);
    CHECK_UINT(heap_live(h.a), 0);
    leave_two(&h);
}

static void freed_cell_is_the_next_one(void)
{
    struct two_heaps h;
    enter_two(&h);
    void *first = heap_cell_alloc();
    heap_cell_free(first);
    void *second = heap_cell_alloc();
    CHECK(HEAP_IS_MALLOC || first == second);
    heap_cell_free(second);
    leave_two(&h);
}

static void cells_mix_with_other_objects(void)
{
    enum { N = 3000 };
    struct two_heaps h;
    static void *cells[N];
    enter_two(&h);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < N; i++)
            cells[i] = i % 2 ? heap_cell_alloc() : heap_alloc(HEAP_CELL_BYTES);
        CHECK_UINT(heap_live(h.a), N);
        for (unsigned i = 0; i < N; i++)
            if (i % 3)
                heap_cell_free(cells[i]);
            else
                heap_free(cells[i], HEAP_CELL_BYTES);
        CHECK_UINT(heap_live(h.a), 0);
    }
    leave_two(&h);
}

static void foreign_objects_go_home(void)
{
    enum { N = 1000 };
    struct two_heaps h;
    static void *cells[N], *others[N];
    enter_two(&h);
    for (unsigned i = 0; i < N; i++) {
        cells[i] = heap_cell_alloc();
        others[i] = heap_alloc(200);
    }
    heap_enter(h.b);
    for (unsigned i = 0; i < N; i++) {
        heap_cell_free(cells[i]);
        heap_free(others[i], 200);
    }
    heap_round(h.b);
    heap_enter(h.a);
    heap_round(h.a);
    /* they are at home again: the same memory is handed out, none is mapped */
    bool again = false;
    void *cell = heap_cell_alloc();
    for (unsigned i = 0; i < N; i++)
        again |= cells[i] == cell;
    CHECK(HEAP_IS_MALLOC || again);
    heap_cell_free(cell);
    leave_two(&h);
}

static void sleeping_owner_is_woken_once(void)
{
    enum { N = RETURN_WAKE + 2 * RETURN_BATCH };
    struct two_heaps h;
    static void *objects[N];
    enter_two(&h);
    for (unsigned i = 0; i < N; i++)
        objects[i] = heap_alloc(200);
    heap_enter(h.b);
    for (unsigned i = 0; i < N; i++)
        heap_free(objects[i], 200);
    heap_round(h.b);
    CHECK(HEAP_IS_MALLOC || h.woken == 1);
    heap_enter(h.a);
    leave_two(&h);
}

static uint64_t resident_bytes(void)
{
    unsigned long size = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f) {
        CHECK(fscanf(f, "%lu %lu", &size, &resident) == 2);
        fclose(f);
    }
    return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void burst_goes_back_to_the_system(void)
{
    enum { N = 200000 };
    if (HEAP_IS_MALLOC)
        return;
    struct two_heaps h;
    void **cells = malloc(N * sizeof *cells);
    REQUIRE(cells != NULL);
    memset(cells, 1, N * sizeof *cells);
    enter_two(&h);
    uint64_t before = resident_bytes();
    for (unsigned i = 0; i < N; i++)
        memset(cells[i] = heap_cell_alloc(), 1, HEAP_CELL_BYTES);
    CHECK(resident_bytes() > before + N * HEAP_CELL_BYTES / 2);
    for (unsigned i = 0; i < N; i++)
        heap_cell_free(cells[i]);
    heap_trim(h.a);
    CHECK(resident_bytes() < before + (1u << 20));
    leave_two(&h);
    free(cells);
}

static void blocks_are_pooled_and_counted(void)
{
    enum { N = CHUNKS_SPARE + 5 };
    struct two_heaps h;
    void *blocks[N];
    enter_two(&h);
    for (unsigned i = 0; i < N; i++)
        memset(blocks[i] = heap_block_alloc(), 1, CHUNK_BYTES);
    CHECK_UINT(heap_live(h.a), N);
    for (unsigned i = 0; i < N; i++)
        heap_block_free(blocks[i]);
    CHECK_UINT(heap_live(h.a), 0);
    void *one = heap_block_alloc();
    heap_enter(h.b); /* a block stays where it is freed */
    heap_block_free(one);
    heap_enter(h.a);
    leave_two(&h);
}

/* ---- threads ---- */

enum { ROUNDS = 200, EACH = 100 };

struct hand_over {
    struct heap *heap;
    void **objects;
};

static size_t size_of(unsigned i)
{
    return i % 5 ? HEAP_CELL_BYTES : 1 + i * 37 % 2500;
}

static void *free_all(void *argument)
{
    struct hand_over *h = argument;
    heap_enter(h->heap);
    for (unsigned i = 0; i < EACH; i++)
        heap_free(h->objects[i], size_of(i));
    heap_round(h->heap);
    heap_enter(NULL);
    return NULL;
}

/* One thread frees the objects of a round while this one allocates and frees its own. */
static void threads_free_for_each_other(void)
{
    struct two_heaps h;
    static void *objects[EACH];
    enter_two(&h);
    for (unsigned round = 0; round < ROUNDS; round++) {
        pthread_t thread;
        struct hand_over hand = {h.b, objects};
        for (unsigned i = 0; i < EACH; i++)
            memset(objects[i] = heap_alloc(size_of(i)), (int)round, size_of(i));
        REQUIRE(pthread_create(&thread, NULL, free_all, &hand) == 0);
        for (unsigned i = 0; i < 10 * EACH; i++) {
            heap_cell_free(heap_cell_alloc());
            if (i % 50 == 0)
                heap_round(h.a);
        }
        pthread_join(thread, NULL);
    }
    leave_two(&h);
}

CU_TestInfo heap_tests[] = {
    {"an object of every size has its room to itself", every_size_has_its_room},
    {"a cell is one cache line", cell_is_one_cache_line},
    {"the cell that was freed last is the next one", freed_cell_is_the_next_one},
    {"cells and objects of the same size can be mixed", cells_mix_with_other_objects},
    {"what another heap's thread frees goes home", foreign_objects_go_home},
    {"an owner that sleeps is woken once when much came back", sleeping_owner_is_woken_once},
    {"memory goes back to the system after a burst", burst_goes_back_to_the_system},
    {"blocks are pooled, counted, and stay where they are freed", blocks_are_pooled_and_counted},
    {"two threads may free each other's objects", threads_free_for_each_other},
    CU_TEST_INFO_NULL,
};
