/* tests/test_wire_limits.c -- absurd lengths, deep nesting, much memory, and payload as it comes. */
#include "messages/wire_reader.h"
#include "messages/wire_syntax.h"
#include "runtime/heap.h"
#include "tests/check.h"
#include "tests/wire_feed.h"
#include "tests/wire_vectors.h"
#include <stdlib.h>

static size_t asked_max;
static size_t allocations_left;

static void *watched_realloc(void *old, size_t size)
{
    asked_max = size > asked_max ? size : asked_max;
    return allocations_left && allocations_left-- ? realloc(old, size) : NULL;
}

static enum wire_verdict decode_watched(enum wire_from from, const struct bytes *b,
                                        enum wire_cut cut, size_t allocations,
                                        struct wire_decoder *d)
{
    size_t consumed;
    asked_max = 0;
    allocations_left = allocations;
    wire_decoder_create(d, from, version_newest(), UINT64_MAX);
    wire_decoder_set_allocator(d, watched_realloc);
    return wire_feed(d, b->at, b->length, cut, &consumed);
}

#define HUGE_LENGTH "\375\0\0\0\0\0\0\0\100" /* 2^62 */
#define LONG_LENGTH "\375\0\0\0\0\0\1\0\0"   /* 2^40 */

static void absurd_lengths_are_refused_at_once(void)
{
    static const struct {
        enum wire_from from;
        const char *prefix;
        size_t length;
    } rows[] = {
        {WIRE_FROM_AGENT, "\0", 1},                /* Close: str */
        {WIRE_FROM_CLIENT, "\2\3\1", 3},           /* Data: bytes */
        {WIRE_FROM_CLIENT, "\6", 1},               /* env: set */
        {WIRE_FROM_AGENT, "\10\0", 2},             /* env: map */
        {WIRE_FROM_AGENT, "\11\0", 2},             /* look-up: list */
        {WIRE_FROM_AGENT, "\2\6\1", 3},            /* Body: frames */
        {WIRE_FROM_AGENT, "\2\6\1\1\0", 5},        /* Body: frame */
        {WIRE_FROM_AGENT, "\2\4", 2},              /* request: method */
        {WIRE_FROM_AGENT, "\2\4\1G", 4},           /* ... uri */
        {WIRE_FROM_AGENT, "\2\6\1\1\1\1", 6},      /* trailers: name */
        {WIRE_FROM_AGENT, "\2\6\1\1\1\1\1a", 8},   /* ... number of values */
        {WIRE_FROM_AGENT, "\2\6\1\1\1\1\1a\1", 9}, /* ... value */
        {WIRE_FROM_CLIENT, "\12", 1},              /* semver */
        {WIRE_FROM_CLIENT, "\2\0\2\120\2\0", 6},   /* Composite: filters */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (enum wire_cut cut = CUT_WHOLE; cut <= CUT_SINGLE; cut++) {
            struct bytes b = {NULL, 0, 0};
            struct wire_decoder d;
            bytes_append(&b, rows[i].prefix, rows[i].length);
            bytes_append(&b, HUGE_LENGTH, 9);
            CHECK_UINT(decode_watched(rows[i].from, &b, cut, 0, &d), WIRE_TOO_LARGE);
            CHECK_UINT(asked_max, 0);
            CHECK(d.error[0] != 0);
            bytes_release(&b);
            wire_decoder_destroy(&d);
        }
    }
}

static void a_long_length_reserves_nothing(void)
{
    struct bytes b = {NULL, 0, 0};
    struct wire_decoder d;
    bytes_append(&b, "\2\4", 2);
    bytes_append(&b, LONG_LENGTH, 9);
    bytes_append(&b, "GET", 3);
    CHECK_UINT(decode_watched(WIRE_FROM_AGENT, &b, CUT_WHOLE, 0, &d), WIRE_MORE);
    CHECK_UINT(asked_max, 0);
    bytes_release(&b);
    wire_decoder_destroy(&d);
}

static void too_many_headers_are_malformed_at_once(void)
{
    struct bytes b = {NULL, 0, 0};
    struct wire_decoder d;
    bytes_append(&b, "\2\6\1\1\1\373\0\140", 8); /* 24576 */
    CHECK_UINT(decode_watched(WIRE_FROM_AGENT, &b, CUT_WHOLE, 0, &d), WIRE_MORE);
    wire_decoder_destroy(&d);
    b.at[6] = 1;
    CHECK_UINT(decode_watched(WIRE_FROM_AGENT, &b, CUT_WHOLE, 0, &d), WIRE_BAD);
    wire_decoder_destroy(&d);
    bytes_release(&b);
}

/* PortSubscribe with `levels` composites around a header filter. */
static enum wire_verdict decode_nested(size_t levels)
{
    struct bytes b = {NULL, 0, 0};
    struct wire_decoder d;
    bytes_append(&b, "\2\0\2\120", 4);
    for (size_t i = 0; i < levels; i++)
        bytes_append(&b, "\2\1\1", 3);
    bytes_append(&b, "\0\1a", 3);
    enum wire_verdict v = decode_watched(WIRE_FROM_CLIENT, &b, CUT_WHOLE, 0, &d);
    CHECK_UINT(asked_max, 0);
    bytes_release(&b);
    wire_decoder_destroy(&d);
    return v;
}

static void filters_nest_to_a_limit(void)
{
    CHECK_UINT(decode_nested(1), WIRE_MESSAGE);
    CHECK_UINT(decode_nested(120), WIRE_MESSAGE);
    CHECK_UINT(decode_nested(WIRE_NESTING_MAX), WIRE_MESSAGE);
    CHECK_UINT(decode_nested(WIRE_NESTING_MAX + 1), WIRE_TOO_LARGE);
    CHECK_UINT(decode_nested(100000), WIRE_TOO_LARGE);
}

static void a_cut_string_costs_what_has_come_of_it(void)
{
    struct bytes b = {NULL, 0, 0};
    struct wire_decoder d;
    bytes_append(&b, "\2\4\3GET\373\376\377/", 10); /* a URI of 65534 bytes */
    CHECK_UINT(decode_watched(WIRE_FROM_AGENT, &b, CUT_WHOLE, 9, &d), WIRE_MORE);
    CHECK(asked_max > 0 && asked_max <= 256);
    wire_decoder_destroy(&d);
    CHECK_UINT(decode_watched(WIRE_FROM_AGENT, &b, CUT_WHOLE, 0, &d), WIRE_TOO_LARGE);
    wire_decoder_destroy(&d);
    for (size_t i = 0; i < WIRE_URI_MAX - 2; i++)
        bytes_append(&b, "x", 1);
    CHECK_UINT(decode_watched(WIRE_FROM_AGENT, &b, CUT_SINGLE, 9, &d), WIRE_MORE);
    CHECK(asked_max <= WIRE_SCRATCH_MAX);
    wire_decoder_destroy(&d);
    bytes_append(&b, "x\0\10HTTP/1.1\0\1\0\120", 15);
    CHECK_UINT(decode_watched(WIRE_FROM_AGENT, &b, CUT_SINGLE, 9, &d), WIRE_MESSAGE);
    wire_decoder_destroy(&d);
    bytes_release(&b);
}

static void add_many(struct bytes *b, char c, size_t n)
{
    for (size_t i = 0; i < n; i++)
        bytes_append(b, &c, 1);
}

/* Longer than any URI may be: malformed at its last byte, and not kept until then. */
static void a_uri_that_is_too_long_is_not_gathered(void)
{
    struct wire_decoder d;
    struct bytes b = {NULL, 0, 0};
    bytes_append(&b, "\2\4\3GET\374\0\0\20\0/", 12); /* 2^20 */
    add_many(&b, 'x', (1 << 20) - 2);
    for (enum wire_cut cut = CUT_WHOLE; cut <= CUT_RANDOM; cut++) {
        CHECK_UINT(decode_watched(WIRE_FROM_AGENT, &b, cut, 0, &d), WIRE_MORE);
        CHECK_UINT(asked_max, 0);
        size_t consumed;
        CHECK_UINT(wire_decoder_feed(&d, (const uint8_t *)"x", 1, &consumed), WIRE_BAD);
        wire_decoder_destroy(&d);
    }
    bytes_release(&b);
}

/* However it is cut: the limit is of the length, not of what happens to be there. */
static void a_version_of_absurd_length_is_too_large(void)
{
    struct wire_decoder d;
    struct bytes b = {NULL, 0, 0};
    bytes_append(&b,
                 "\12\374\1\0\1\0"
                 "1.0.0+",
                 12); /* 65537 */
    add_many(&b, 'x', 65537 - 6);
    for (enum wire_cut cut = CUT_WHOLE; cut <= CUT_RANDOM; cut++) {
        CHECK_UINT(decode_watched(WIRE_FROM_CLIENT, &b, cut, 9, &d), WIRE_TOO_LARGE);
        wire_decoder_destroy(&d);
    }
    b.at[2] = 0; /* 65536 */
    b.length--;
    for (enum wire_cut cut = CUT_WHOLE; cut <= CUT_RANDOM; cut++) {
        CHECK_UINT(decode_watched(WIRE_FROM_CLIENT, &b, cut, 9, &d), WIRE_MESSAGE);
        CHECK_UINT(d.message.version.ordinal, VERSION_ORDINAL(1, 0, 0));
        wire_decoder_destroy(&d);
    }
    bytes_release(&b);
}

static void add_number(struct bytes *b, uint32_t n)
{
    uint8_t bytes[5] = {0xFC, (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16),
                        (uint8_t)(n >> 24)};
    bytes_append(b, bytes, sizeof bytes);
}

/* Body with that many data frames of one byte each, every second one preceded by an empty one. */
static struct bytes body_of_frames(uint32_t frames)
{
    struct bytes b = {NULL, 0, 0};
    bytes_append(&b, "\2\6\1", 3);
    add_number(&b, frames + frames / 2);
    for (uint32_t i = 0; i < frames; i++) {
        if (i % 2)
            bytes_append(&b, "\0\0", 2);
        bytes_append(&b, "\0\1x", 3);
    }
    bytes_append(&b, "\1\7\0", 3);
    return b;
}

static void check_frames(uint32_t count, size_t allocations)
{
    struct wire_decoder d;
    struct bytes b = body_of_frames(count);
    CHECK_UINT(decode_watched(WIRE_FROM_AGENT, &b, CUT_WHOLE, allocations, &d), WIRE_MESSAGE);
    CHECK_UINT(d.message.frame_count, count);
    CHECK_UINT(d.message.connection, 7);
    for (uint32_t i = 0; i < d.message.frame_count; i++) {
        const struct wire_frame *f = &d.message.frames[i];
        if (f->range.length != 1 || f->is_trailers || b.at[f->range.offset] != 'x')
            CHECK_UINT(i, UINT32_MAX);
    }
    CHECK(asked_max <= 4 * count * sizeof(struct wire_frame) + 1024);
    wire_decoder_destroy(&d);
    bytes_release(&b);
}

static void frames_are_kept_and_empty_ones_left_out(void)
{
    check_frames(0, 0);
    check_frames(8, 0);
    check_frames(9, 1);
    check_frames(33, 2);
    check_frames(5000, 20);
}

static void a_list_of_frames_needs_memory(void)
{
    struct wire_decoder d;
    struct bytes b = body_of_frames(100);
    for (size_t allocations = 0; allocations <= 3; allocations++) {
        CHECK_UINT(decode_watched(WIRE_FROM_AGENT, &b, CUT_WHOLE, allocations, &d),
                   allocations < 3 ? WIRE_TOO_LARGE : WIRE_MESSAGE);
        wire_decoder_destroy(&d);
    }
    bytes_release(&b);
}

static void frames_beyond_the_limit_make_a_message_oversized(void)
{
    struct wire_decoder d;
    struct bytes b = body_of_frames(WIRE_FRAMES_MAX + 2);
    CHECK_UINT(decode_watched(WIRE_FROM_AGENT, &b, CUT_WHOLE, 100, &d), WIRE_MESSAGE);
    CHECK(d.message.oversized);
    CHECK_UINT(d.message.frame_count, WIRE_FRAMES_MAX);
    CHECK_UINT(d.message.connection, 7);
    size_t consumed;
    CHECK_UINT(wire_decoder_feed(&d, (const uint8_t *)"\7", 1, &consumed), WIRE_MESSAGE);
    CHECK(!d.message.oversized);
    CHECK_UINT(d.frames_room, 0);
    wire_decoder_destroy(&d);
    bytes_release(&b);
}

static void a_message_above_the_limit_is_walked_and_marked(void)
{
    struct vector v;
    struct wire_decoder d;
    size_t consumed;
    REQUIRE(vectors_find(WIRE_FROM_AGENT, "req-start-v1", &v));
    wire_decoder_create(&d, WIRE_FROM_AGENT, version_newest(), v.length - 1);
    CHECK_UINT(wire_decoder_feed(&d, v.bytes, v.length - 1, &consumed), WIRE_MORE);
    CHECK(!d.message.oversized);
    CHECK_UINT(wire_decoder_feed(&d, v.bytes + v.length - 1, 1, &consumed), WIRE_MESSAGE);
    CHECK(d.message.oversized);
    CHECK_UINT(d.message.connection, 2);
    CHECK_UINT(d.message.port, 8080);
    CHECK_UINT(wire_decoder_feed(&d, (const uint8_t *)"\7", 1, &consumed), WIRE_MESSAGE);
    CHECK(!d.message.oversized);
    wire_decoder_destroy(&d);
}

static void data_is_told_while_it_comes(void)
{
    struct wire_decoder d;
    struct wire_data_progress p;
    size_t consumed;
    const uint8_t *bytes = (const uint8_t *)"\1\1\373\54\1\5hello";
    wire_decoder_create(&d, WIRE_FROM_AGENT, version_newest(), 6);
    CHECK(!wire_decoder_data_in_progress(&d, &p));
    CHECK_UINT(wire_decoder_feed(&d, bytes, 5, &consumed), WIRE_MORE);
    CHECK(!wire_decoder_data_in_progress(&d, &p));
    CHECK_UINT(wire_decoder_feed(&d, bytes + 5, 1, &consumed), WIRE_MORE);
    REQUIRE(wire_decoder_data_in_progress(&d, &p));
    CHECK_UINT(p.connection, 300);
    CHECK_UINT(p.mode, WIRE_MIRROR);
    CHECK_UINT(p.offset, 6);
    CHECK_UINT(p.length, 5);
    CHECK_UINT(p.seen, 0);
    CHECK_UINT(wire_decoder_feed(&d, bytes + 6, 4, &consumed), WIRE_MORE);
    REQUIRE(wire_decoder_data_in_progress(&d, &p));
    CHECK_UINT(p.seen, 4);
    CHECK_UINT(wire_decoder_feed(&d, bytes + 10, 1, &consumed), WIRE_MESSAGE);
    CHECK(!wire_decoder_data_in_progress(&d, &p));
    CHECK(!d.message.oversized);
    wire_decoder_destroy(&d);
}

static void nothing_given_is_nothing_eaten(void)
{
    struct wire_decoder d;
    size_t consumed = 1;
    wire_decoder_create(&d, WIRE_FROM_AGENT, version_newest(), UINT64_MAX);
    CHECK_UINT(wire_decoder_feed(&d, NULL, 0, &consumed), WIRE_MORE);
    CHECK_UINT(consumed, 0);
    CHECK_UINT(wire_decoder_pending_bytes(&d), 0);
    wire_decoder_destroy(&d);
}

/* Gives all of b to the reader, `cut` bytes at a time, each piece in a chunk of its own. */
static enum reader_event read_in_pieces(struct wire_reader *r, const struct bytes *b, size_t cut)
{
    enum reader_event event = READER_NOTHING;
    for (size_t at = 0; at < b->length && event == READER_NOTHING; at += cut) {
        wire_reader_give(r, span_copy(b->at + at, cut < b->length - at ? cut : b->length - at));
        event = wire_reader_next(r);
    }
    return event;
}

/* The bytes of a range, part by part; returns how many parts. */
static uint64_t walk_range(struct wire_reader *r, const struct bytes *b, struct wire_range range)
{
    uint64_t done = 0, parts = 0;
    while (done < range.length) {
        uint64_t at = range.offset + done;
        struct span part = wire_reader_part(r, range, &done);
        REQUIRE(part.length > 0);
        if (memcmp(span_bytes(part), b->at + at, part.length) != 0)
            CHECK_UINT(at, UINT64_MAX);
        span_release(&part);
        parts++;
    }
    return parts;
}

/* Some steps for each part, however many pieces there are: a search, not a walk. */
#define STEPS_A_PART 32

static void a_large_body_in_many_pieces_is_found_at_once(void)
{
    enum { BODY = 64 << 20, CUT = 2048 };
    struct heap *heap = heap_new(0, NULL, NULL);
    struct wire_reader r;
    struct bytes b = {NULL, 0, 0};
    heap_enter(heap);
    bytes_append(&b, "\2\4\3GET\1/\0\10HTTP/1.1\374\0\0\0\4", 23); /* a Basic request */
    uint8_t *body = malloc(BODY);
    for (size_t i = 0; i < BODY; i++)
        body[i] = (uint8_t)(i >> 11);
    bytes_append(&b, body, BODY);
    bytes_append(&b, "\7\0\120", 3);
    wire_reader_create(&r, WIRE_FROM_AGENT, version_newest(), UINT64_MAX);
    REQUIRE(read_in_pieces(&r, &b, CUT) == READER_MESSAGE);
    CHECK_UINT(r.decoder.message.body.length, BODY);
    uint64_t parts = walk_range(&r, &b, r.decoder.message.body);
    CHECK(parts > BODY / CUT / 4);
    CHECK(r.searched <= parts * STEPS_A_PART);
    struct span whole = wire_reader_span(&r, r.decoder.message.body);
    CHECK(whole.length == BODY && memcmp(span_bytes(whole), body, BODY) == 0);
    span_release(&whole);
    wire_reader_destroy(&r);
    CHECK_UINT(heap_live(heap), 0);
    heap_delete(heap);
    bytes_release(&b);
    free(body);
}

static void many_frames_in_many_pieces_are_found_at_once(void)
{
    struct heap *heap = heap_new(0, NULL, NULL);
    struct wire_reader r;
    struct bytes b = body_of_frames(WIRE_FRAMES_MAX);
    heap_enter(heap);
    wire_reader_create(&r, WIRE_FROM_AGENT, version_newest(), UINT64_MAX);
    REQUIRE(read_in_pieces(&r, &b, 2048) == READER_MESSAGE);
    REQUIRE(r.decoder.message.frame_count == WIRE_FRAMES_MAX);
    for (uint32_t i = 0; i < WIRE_FRAMES_MAX; i++)
        if (walk_range(&r, &b, r.decoder.message.frames[i].range) != 1)
            CHECK_UINT(i, UINT32_MAX);
    CHECK(r.searched <= (uint64_t)WIRE_FRAMES_MAX * STEPS_A_PART);
    wire_reader_destroy(&r);
    CHECK_UINT(heap_live(heap), 0);
    heap_delete(heap);
    bytes_release(&b);
}

CU_TestInfo wire_limits_tests[] = {
    {"absurd lengths are refused before memory is touched", absurd_lengths_are_refused_at_once},
    {"a long length reserves nothing", a_long_length_reserves_nothing},
    {"more than 24576 headers are malformed at once", too_many_headers_are_malformed_at_once},
    {"filters nest to a limit", filters_nest_to_a_limit},
    {"a string that is cut costs what has come of it", a_cut_string_costs_what_has_come_of_it},
    {"a URI that is too long is refused at its end and not kept",
     a_uri_that_is_too_long_is_not_gathered},
    {"a version of absurd length is too large, however cut",
     a_version_of_absurd_length_is_too_large},
    {"frames are kept, empty ones left out", frames_are_kept_and_empty_ones_left_out},
    {"without memory for frames a message is too large", a_list_of_frames_needs_memory},
    {"too many frames make a message oversized", frames_beyond_the_limit_make_a_message_oversized},
    {"a message above the limit is walked to its ids",
     a_message_above_the_limit_is_walked_and_marked},
    {"data is told while it comes", data_is_told_while_it_comes},
    {"nothing given is nothing eaten", nothing_given_is_nothing_eaten},
    {"a body of 64 MiB in 2 KiB reads is found without walking over them",
     a_large_body_in_many_pieces_is_found_at_once},
    {"so are as many frames as there may be", many_frames_in_many_pieces_are_found_at_once},
    CU_TEST_INFO_NULL,
};
