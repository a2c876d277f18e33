/* tests/test_ring.c -- the ring by itself: order, its end, its limits. With threads: tests/models/ring_stress.c. */
#include "runtime/ring.h"
#include "tests/check.h"
#include "tests/trace_rig.h"

static void test_it_is_as_large_as_was_asked_for(void)
{
    struct ring r;
    CHECK_UINT(ring_create(&r, 1), 0);
    CHECK(r.size >= 1 && (r.size & (r.size - 1)) == 0);
    ring_destroy(&r);
    CHECK_UINT(ring_create(&r, 100000), 0);
    CHECK_UINT(r.size, 131072);
    ring_destroy(&r);
}

static void test_memory_that_cannot_be_had_is_an_error(void)
{
    struct ring r;
    CHECK(ring_create(&r, SIZE_MAX / 8) != 0);
}

static void test_nothing_is_seen_before_it_is_published(void)
{
    struct ring r;
    size_t n;
    REQUIRE(ring_create(&r, 4096) == 0);
    memcpy(ring_reserve(&r, 0, 4), "abcd", 4);
    ring_readable(&r, &n);
    CHECK_UINT(n, 0);
    memcpy(ring_reserve(&r, 4, 4), "efgh", 4);
    ring_publish(&r, 8);
    const uint8_t *at = ring_readable(&r, &n);
    CHECK_BYTES(at, n, "abcdefgh", 8);
    ring_release(&r, 8);
    ring_readable(&r, &n);
    CHECK_UINT(n, 0);
    ring_destroy(&r);
}

static void test_what_was_given_up_leaves_nothing(void)
{
    struct ring r;
    size_t n;
    REQUIRE(ring_create(&r, 4096) == 0);
    memcpy(ring_reserve(&r, 0, 4), "lost", 4);
    CHECK(ring_reserve(&r, 4, r.size) == NULL);
    memcpy(ring_reserve(&r, 0, 4), "kept", 4);
    ring_publish(&r, 4);
    const uint8_t *at = ring_readable(&r, &n);
    CHECK_BYTES(at, n, "kept", 4);
    ring_destroy(&r);
}

/* Bytes that are published, seen and released. */
static void pass(struct ring *r, size_t bytes)
{
    size_t n;
    ring_publish(r, bytes);
    ring_readable(r, &n);
    CHECK_UINT(n, bytes);
    ring_release(r, bytes);
}

/* Pieces of an entry lie in a row wherever the ring's end is, for writer and reader. */
static void test_no_piece_is_cut_at_the_end(void)
{
    struct ring r;
    size_t n;
    REQUIRE(ring_create(&r, 4096) == 0);
    for (size_t offset = 1; offset < 64; offset++) {
        size_t at = atomic_load(&r.published) & (r.size - 1);
        size_t to_end = r.size - at > offset ? r.size - at - offset : r.size - at;
        memset(ring_reserve(&r, 0, to_end), 1, to_end);
        pass(&r, to_end);
        uint8_t *one = ring_reserve(&r, 0, 32), *two = ring_reserve(&r, 32, 32);
        CHECK(two == one + 32);
        memset(one, (int)offset, 32);
        memset(two, (int)offset + 1, 32);
        ring_publish(&r, 64);
        const uint8_t *read = ring_readable(&r, &n);
        CHECK_UINT(n, 64);
        CHECK(read[0] == offset && read[31] == offset && read[32] == offset + 1 &&
              read[63] == offset + 1);
        ring_release(&r, 64);
    }
    ring_destroy(&r);
}

static void test_it_is_full_at_its_size_and_not_before(void)
{
    struct ring r;
    REQUIRE(ring_create(&r, 4096) == 0);
    CHECK(ring_reserve(&r, 0, r.size) != NULL);
    CHECK(ring_reserve(&r, 0, r.size + 1) == NULL);
    CHECK(ring_reserve(&r, r.size, 1) == NULL);
    ring_publish(&r, r.size);
    CHECK(ring_reserve(&r, 0, 1) == NULL);
    ring_release(&r, 1);
    CHECK(ring_reserve(&r, 0, 1) != NULL);
    CHECK(ring_reserve(&r, 0, 2) == NULL);
    ring_destroy(&r);
}

/* Also when the writer has seen nothing of what was released for long. */
static void test_half_full(void)
{
    struct ring r;
    REQUIRE(ring_create(&r, 4096) == 0);
    for (unsigned round = 0; round < 5; round++) {
        ring_publish(&r, r.size / 2);
        CHECK(!ring_is_half_full(&r));
        ring_publish(&r, 1);
        CHECK(ring_is_half_full(&r));
        ring_release(&r, r.size / 2 + 1);
        CHECK(!ring_is_half_full(&r));
    }
    ring_destroy(&r);
}

static void test_any_pieces_come_out_as_they_went_in(void)
{
    struct ring r;
    uint8_t next_in = 0, next_out = 0;
    size_t n;
    REQUIRE(ring_create(&r, 4096) == 0);
    for (unsigned round = 0; round < 20000; round++) {
        size_t bytes = 1 + rig_random(700);
        uint8_t *at = ring_reserve(&r, 0, bytes);
        for (size_t i = 0; at && i < bytes; i++)
            at[i] = next_in++;
        if (at)
            ring_publish(&r, bytes);
        const uint8_t *read = ring_readable(&r, &n);
        size_t take = n ? rig_random((uint32_t)n + 1) : 0;
        bool good = true;
        for (size_t i = 0; i < take; i++)
            good &= read[i] == next_out++;
        CHECK(good);
        ring_release(&r, take);
    }
    ring_destroy(&r);
}

CU_TestInfo ring_tests[] = {
    {"it is as large as was asked for", test_it_is_as_large_as_was_asked_for},
    {"memory that cannot be had is an error", test_memory_that_cannot_be_had_is_an_error},
    {"nothing is seen before it is published", test_nothing_is_seen_before_it_is_published},
    {"what was given up leaves nothing", test_what_was_given_up_leaves_nothing},
    {"no piece is cut at the end", test_no_piece_is_cut_at_the_end},
    {"it is full at its size and not before", test_it_is_full_at_its_size_and_not_before},
    {"half full", test_half_full},
    {"any pieces come out as they went in", test_any_pieces_come_out_as_they_went_in},
    CU_TEST_INFO_NULL,
};
