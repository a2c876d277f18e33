/* tests/models/ring_stress.c -- the ring between two real threads, under the thread sanitizer.
 *
 * usage: ring_stress [--entries=N]
 *
 * A writer and a reader; entries of one to four pieces, of random sizes, each byte of which is known from its number;
 * and each says where the last piece of an older one stands, if that is kept still.
 * A small ring, so that it is full often, and a large one; on two cores, then on one: a thread that loses its core
 * between two stores is what finds an order that is missing.
 *
 * Checked: each entry comes once, in order, whole; what was left out is what the writer counted; and whatever the
 * sanitizer says. With -DFAULT=1 `publish` does not release, with -DFAULT=2 `release` does not: the sanitizer must
 * find both.
 */
#ifndef FAULT
#define FAULT 0
#endif
#if FAULT == 1
#define ring_publish ring_publish_of_the_shipped_text
#elif FAULT == 2
#define ring_release ring_release_of_the_shipped_text
#endif
#include "runtime/ring.h"
#undef ring_publish
#undef ring_release
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "ring_stress: %s:%d: %s\n", __FILE__, __LINE__, #condition);           \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

#if FAULT == 1
static void ring_publish(struct ring *r, size_t bytes)
{
    size_t at = atomic_load_explicit(&r->published, memory_order_relaxed);
    atomic_store_explicit(&r->published, at + bytes, memory_order_relaxed);
}
#elif FAULT == 2
static void ring_release(struct ring *r, size_t bytes)
{
    size_t at = atomic_load_explicit(&r->released, memory_order_relaxed);
    atomic_store_explicit(&r->released, at + bytes, memory_order_relaxed);
}
#endif

struct head {
    uint32_t bytes; /* of all of it */
    uint32_t number;
    uint64_t old_place; /* in the ring's memory */
    uint32_t old_bytes; /* 0: it is not kept any more */
    uint32_t old_number;
};

enum { PIECE_MAX = 300 };

static struct ring ring;
static uint32_t entries = 300000;
static atomic_bool finished;
static uint32_t left_out;
static uint32_t referred; /* the reader's */

/* The writer's: a last piece. */
struct piece {
    size_t position;
    uint64_t place;
    uint32_t bytes, number;
};
enum { PIECES = 8 };
static struct piece olds[PIECES];

static uint32_t random_next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static size_t add_piece(size_t used, uint32_t number, size_t bytes, struct piece *last)
{
    uint8_t *at = ring_reserve(&ring, used, bytes);
    if (!at)
        return 0;
    memset(at, (int)(number & 0xff), bytes);
    *last = (struct piece){ring_published(&ring), (uint64_t)(at - ring.memory), (uint32_t)bytes,
                           number};
    return used + bytes;
}

static void refer(struct head *head, const struct piece *old)
{
    head->old_bytes = ring_is_kept(&ring, old->position) ? old->bytes : 0;
    head->old_place = old->place;
    head->old_number = old->number;
}

/* As the recorder does: a head, pieces, then the head's length; or all of it is given up. */
static bool add_entry(uint32_t number, uint32_t *state)
{
    struct head *head = (struct head *)(void *)ring_reserve(&ring, 0, sizeof *head);
    size_t used = sizeof *head;
    if (!head)
        return false;
    struct piece last = {0};
    head->number = number;
    refer(head, &olds[random_next(state) % PIECES]);
    for (uint32_t pieces = random_next(state) % 4; pieces && used; pieces--)
        used = add_piece(used, number, 8 * (1 + random_next(state) % (PIECE_MAX / 8)), &last);
    if (!used)
        return false;
    head->bytes = (uint32_t)used;
    ring_publish(&ring, used);
    if (last.bytes)
        olds[number % PIECES] = last;
    return true;
}

static void *write_all(void *unused)
{
    uint32_t state = 4711, number = 0;
    (void)unused;
    while (number < entries) {
        if (add_entry(number, &state))
            number++;
        else if (random_next(&state) % 4 == 0)
            sched_yield();
        else
            left_out++;
    }
    atomic_store(&finished, true);
    return NULL;
}

static size_t take_entry(const uint8_t *at, uint32_t expected)
{
    struct head head;
    memcpy(&head, at, sizeof head);
    MUST(head.number == expected);
    MUST(head.bytes >= sizeof head && head.bytes % 8 == 0);
    for (uint32_t i = sizeof head; i < head.bytes; i++)
        MUST(at[i] == (expected & 0xff));
    for (uint32_t i = 0; i < head.old_bytes; i++)
        MUST(ring.to_read[head.old_place + i] == (head.old_number & 0xff));
    referred += head.old_bytes > 0;
    return head.bytes;
}

static void read_all(void)
{
    uint32_t next = 0;
    size_t bytes;
    while (next < entries) {
        const uint8_t *at = ring_readable(&ring, 0, &bytes);
        if (!bytes) {
            MUST(!atomic_load(&finished) || (ring_readable(&ring, 0, &bytes), bytes));
            sched_yield();
            continue;
        }
        ring_release(&ring, take_entry(at, next++));
    }
}

static void phase(const char *name, size_t bytes, bool one_core)
{
    pthread_t writer;
    cpu_set_t one, before;
    MUST(ring_create(&ring, bytes, true) == 0);
    MUST(sched_getaffinity(0, sizeof before, &before) == 0);
    CPU_ZERO(&one);
    for (size_t i = 0; i < CPU_SETSIZE && !CPU_COUNT(&one); i++)
        if (CPU_ISSET(i, &before))
            CPU_SET(i, &one);
    if (one_core)
        sched_setaffinity(0, sizeof one, &one); /* the threads that are made from now on, too */
    atomic_store(&finished, false);
    left_out = referred = 0;
    memset(olds, 0, sizeof olds);
    MUST(pthread_create(&writer, NULL, write_all, NULL) == 0);
    read_all();
    MUST(pthread_join(writer, NULL) == 0);
    sched_setaffinity(0, sizeof before, &before);
    ring_destroy(&ring);
    MUST(referred > entries / 10);
    printf("ring_stress: %-22s %u entries, %u times full, %u said what stood before\n", name,
           entries, left_out, referred);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strncmp(argv[1], "--entries=", 10) == 0)
        entries = (uint32_t)strtoul(argv[1] + 10, NULL, 10);
    phase("a small ring", 8192, false);
    phase("a large ring", 2 << 20, false);
    phase("a small one, one core", 8192, true);
    return 0;
}
