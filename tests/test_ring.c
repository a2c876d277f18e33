/* tests/test_ring.c -- the ring by itself: order, its end, its limits. With threads: tests/models/ring_stress.c. */
#include "runtime/ring.h"
#include "tests/check.h"
#include "tests/trace_rig.h"

static void test_it_is_as_large_as_was_asked_for(void)
{
    struct ring r;
    CHECK_UINT(ring_create(&r, 1, false), 0);
    CHECK(r.size >= 1 && (r.size & (r.size - 1)) == 0);
    ring_destroy(&r);
    CHECK_UINT(ring_create(&r, 100000, false), 0);
    CHECK_UINT(r.size, 131072);
    CHECK_UINT(r.room, 131072);
    ring_destroy(&r);
    CHECK_UINT(ring_create(&r, 100000, true), 0);
    CHECK_UINT(r.size, 131072);
    CHECK_UINT(r.room, 65536);
    ring_destroy(&r);
}

static void test_memory_that_cannot_be_had_is_an_error(void)
{
    struct ring r;
    CHECK(ring_create(&r, SIZE_MAX / 8, true) != 0);
}

static void test_nothing_is_seen_before_it_is_published(void)
{
    struct ring r;
    size_t n;
    REQUIRE(ring_create(&r, 8192, true) == 0);
    memcpy(ring_reserve(&r, 0, 4), "abcd", 4);
    ring_readable(&r, 0, &n);
    CHECK_UINT(n, 0);
    memcpy(ring_reserve(&r, 4, 4), "efgh", 4);
    ring_publish(&r, 8);
    const uint8_t *at = ring_readable(&r, 0, &n);
    CHECK_BYTES(at, n, "abcdefgh", 8);
    ring_release(&r, 8);
    ring_readable(&r, 0, &n);
    CHECK_UINT(n, 0);
    ring_destroy(&r);
}

static void test_what_was_given_up_leaves_nothing(void)
{
    struct ring r;
    size_t n;
    REQUIRE(ring_create(&r, 8192, true) == 0);
    memcpy(ring_reserve(&r, 0, 4), "lost", 4);
    CHECK(ring_reserve(&r, 4, r.room) == NULL);
    memcpy(ring_reserve(&r, 0, 4), "kept", 4);
    ring_publish(&r, 4);
    const uint8_t *at = ring_readable(&r, 0, &n);
    CHECK_BYTES(at, n, "kept", 4);
    ring_destroy(&r);
}

/* Bytes that are published, seen and released. */
static void pass(struct ring *r, size_t bytes)
{
    size_t n;
    ring_publish(r, bytes);
    ring_readable(r, 0, &n);
    CHECK_UINT(n, bytes);
    ring_release(r, bytes);
}

/* Pieces of an entry lie in a row wherever the ring's end is, for writer and reader. */
static void test_no_piece_is_cut_at_the_end(void)
{
    struct ring r;
    size_t n;
    REQUIRE(ring_create(&r, 8192, true) == 0);
    for (size_t offset = 1; offset < 64; offset++) {
        size_t at = atomic_load(&r.published) & (r.size - 1);
        size_t to_end = r.size - at > offset ? r.size - at - offset : r.size - at;
        for (size_t left = to_end, part; left; left -= part) {
            part = left < r.room ? left : r.room;
            memset(ring_reserve(&r, 0, part), 1, part);
            pass(&r, part);
        }
        uint8_t *one = ring_reserve(&r, 0, 32), *two = ring_reserve(&r, 32, 32);
        CHECK(two == one + 32);
        memset(one, (int)offset, 32);
        memset(two, (int)offset + 1, 32);
        ring_publish(&r, 64);
        const uint8_t *read = ring_readable(&r, 0, &n);
        CHECK_UINT(n, 64);
        CHECK(read[0] == offset && read[31] == offset && read[32] == offset + 1 &&
              read[63] == offset + 1);
        ring_release(&r, 64);
    }
    ring_destroy(&r);
}

static void test_it_is_full_at_its_room_and_not_before(void)
{
    struct ring r;
    REQUIRE(ring_create(&r, 8192, true) == 0);
    CHECK(ring_reserve(&r, 0, r.room) != NULL);
    CHECK(ring_reserve(&r, 0, r.room + 1) == NULL);
    CHECK(ring_reserve(&r, r.room, 1) == NULL);
    ring_publish(&r, r.room);
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
    REQUIRE(ring_create(&r, 8192, true) == 0);
    for (unsigned round = 0; round < 5; round++) {
        ring_publish(&r, r.room / 2);
        CHECK(!ring_is_half_full(&r));
        ring_publish(&r, 1);
        CHECK(ring_is_half_full(&r));
        ring_release(&r, r.room / 2 + 1);
        CHECK(!ring_is_half_full(&r));
    }
    ring_destroy(&r);
}

/* Whoever reads what is published next finds it, and the writer does not write there before that was read. */
static void test_what_was_released_is_kept_for_a_while(void)
{
    struct ring r;
    size_t n;
    REQUIRE(ring_create(&r, 8192, true) == 0);
    const uint8_t *old = memset(ring_reserve(&r, 0, 8), 'o', 8);
    size_t position = ring_published(&r);
    pass(&r, 8);
    CHECK(ring_is_kept(&r, position));
    memset(ring_reserve(&r, 0, r.room - 8), 'n', r.room - 8);
    pass(&r, r.room - 8);
    CHECK(ring_is_kept(&r, position));
    while (ring_reserve(&r, 0, 8)) { /* all that fits before the reader goes on */
        memset(ring_reserve(&r, 0, 8), 'x', 8);
        ring_publish(&r, 8);
    }
    CHECK(!ring_is_kept(&r, position));
    ring_readable(&r, 0, &n);
    CHECK_UINT(n, r.room);
    CHECK_BYTES(old, 8, "oooooooo", 8);
    ring_release(&r, 8);
    memset(ring_reserve(&r, 0, 8), 'y', 8);
    CHECK_BYTES(old, 8, "yyyyyyyy", 8);
    ring_destroy(&r);
}

static void test_nothing_is_kept_where_nothing_was_asked_for(void)
{
    struct ring r;
    REQUIRE(ring_create(&r, 4096, false) == 0);
    memset(ring_reserve(&r, 0, 8), 'o', 8);
    pass(&r, 8);
    CHECK(!ring_is_kept(&r, 0));
    CHECK(ring_is_kept(&r, ring_published(&r))); /* what is not published yet */
    ring_destroy(&r);
}

/* The first two bytes of a piece say how long it is. */
static bool put_piece(struct ring *r, uint16_t bytes, uint8_t *next)
{
    uint8_t *at = ring_reserve(r, 0, bytes);
    if (!at)
        return false;
    memcpy(at, &bytes, sizeof bytes);
    for (size_t i = sizeof bytes; i < bytes; i++)
        at[i] = (*next)++;
    ring_publish(r, bytes);
    return true;
}

static bool take_piece(struct ring *r, uint8_t *next)
{
    size_t n;
    uint16_t bytes;
    bool good = true;
    const uint8_t *at = ring_readable(r, 0, &n);
    if (!n)
        return false;
    memcpy(&bytes, at, sizeof bytes);
    for (size_t i = sizeof bytes; i < bytes; i++)
        good &= at[i] == (*next)++;
    CHECK(good && n >= bytes);
    ring_release(r, bytes);
    return true;
}

static void test_any_pieces_come_out_as_they_went_in(void)
{
    struct ring r;
    uint8_t next_in = 0, next_out = 0;
    unsigned beyond = 0;
    REQUIRE(ring_create(&r, 8192, true) == 0);
    for (unsigned round = 0; round < 20000; round++) {
        size_t at = ring_published(&r) & (r.size - 1);
        uint16_t bytes = (uint16_t)(2 + rig_random(700));
        beyond += put_piece(&r, bytes, &next_in) && at + bytes > r.size;
        for (uint32_t pieces = rig_random(4); pieces && take_piece(&r, &next_out); pieces--)
            ;
    }
    while (take_piece(&r, &next_out))
        ;
    CHECK(next_in == next_out && beyond > 100);
    ring_destroy(&r);
}

CU_TestInfo ring_tests[] = {
    {"it is as large as was asked for", test_it_is_as_large_as_was_asked_for},
    {"memory that cannot be had is an error", test_memory_that_cannot_be_had_is_an_error},
    {"nothing is seen before it is published", test_nothing_is_seen_before_it_is_published},
    {"what was given up leaves nothing", test_what_was_given_up_leaves_nothing},
    {"no piece is cut at the end", test_no_piece_is_cut_at_the_end},
    {"it is full at its room and not before", test_it_is_full_at_its_room_and_not_before},
    {"half full", test_half_full},
    {"what was released is kept for a while", test_what_was_released_is_kept_for_a_while},
    {"nothing is kept where nothing was asked for",
     test_nothing_is_kept_where_nothing_was_asked_for},
    {"any pieces come out as they went in", test_any_pieces_come_out_as_they_went_in},
    CU_TEST_INFO_NULL,
};
