/* tests/wire_feed.c -- see wire_feed.h */
#include "tests/wire_feed.h"
#include "tests/check.h"
#include <stdlib.h>

static uint64_t random_state;

uint64_t random_below(uint64_t n)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (random_state >> 33) % n;
}

void random_begin(uint64_t salt)
{
    random_state = test_seed ^ salt * UINT64_C(0x9E3779B97F4A7C15);
}

static size_t piece_length(size_t left, enum wire_cut cut)
{
    if (cut == CUT_WHOLE)
        return left;
    return cut == CUT_SINGLE ? 1 : 1 + (size_t)random_below(left < 12 ? left : 12);
}

/* Every piece lies in a block of its own, so that the address sanitizer sees a read beyond it. */
enum wire_verdict wire_feed(struct wire_decoder *d, const uint8_t *bytes, size_t length,
                            enum wire_cut cut, size_t *consumed)
{
    enum wire_verdict verdict = WIRE_MORE;
    size_t at = 0;
    while (at < length && verdict == WIRE_MORE) {
        size_t piece = piece_length(length - at, cut), eaten;
        uint8_t *copy = malloc(piece);
        REQUIRE(copy != NULL);
        memcpy(copy, bytes + at, piece);
        verdict = wire_decoder_feed(d, copy, piece, &eaten);
        free(copy);
        CHECK(verdict != WIRE_MORE || eaten == piece);
        at += eaten;
    }
    *consumed = at;
    return verdict;
}

enum wire_verdict wire_feed_new(struct wire_decoder *d, enum wire_from from, struct version limit,
                                const uint8_t *bytes, size_t length, enum wire_cut cut,
                                size_t *consumed)
{
    wire_decoder_create(d, from, limit, UINT64_MAX);
    return wire_feed(d, bytes, length, cut, consumed);
}
