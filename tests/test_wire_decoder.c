/* tests/test_wire_decoder.c -- the decoder against the original's verdicts, however bytes are cut. */
#include "tests/check.h"
#include "tests/wire_feed.h"
#include "tests/wire_forms.h"
#include "tests/wire_vectors.h"
#include <stdlib.h>

static const char *verdict_word(enum wire_verdict v)
{
    return v == WIRE_MESSAGE ? "ok" : v == WIRE_MORE ? "more" : v == WIRE_BAD ? "bad" : "too large";
}

/* Where they decided about a bad message must not depend on how it was cut, either. */
struct outcome {
    size_t bad_at[3];
};

static void check_case(const struct vector *v, enum wire_cut cut, struct outcome *o)
{
    struct wire_decoder d;
    size_t consumed;
    enum wire_verdict verdict =
        wire_feed_new(&d, v->from, version_newest(), v->bytes, v->length, cut, &consumed);
    if (strcmp(verdict_word(verdict), v->verdict) != 0)
        printf("\n    line %d, cut %d: %s", v->line, cut, d.error);
    CHECK_STR(verdict_word(verdict), v->verdict);
    if (verdict == WIRE_MESSAGE) {
        CHECK_UINT(consumed, v->consumed);
        CHECK_UINT(d.message.length, v->consumed);
    }
    if (verdict == WIRE_BAD)
        CHECK(d.error[0] != 0);
    o->bad_at[cut] = consumed;
    wire_decoder_destroy(&d);
}

static void check_again(const struct vector *v)
{
    struct forms again = {0};
    CHECK(forms_canonical(&again, v->from, v->bytes, v->length));
    CHECK_UINT(again.read, v->consumed);
    CHECK_UINT(again.unordered, v->unordered);
    if (!again.unordered)
        CHECK_BYTES(again.out.at, again.out.length, v->again, v->again_length);
    forms_release(&again);
}

static void each_case(const struct vector *v, void *context)
{
    struct outcome o;
    (void)context;
    random_begin((uint64_t)v->line);
    check_case(v, CUT_WHOLE, &o);
    check_case(v, CUT_SINGLE, &o);
    check_case(v, CUT_RANDOM, &o);
    CHECK_UINT(o.bad_at[CUT_SINGLE], o.bad_at[CUT_WHOLE]);
    CHECK_UINT(o.bad_at[CUT_RANDOM], o.bad_at[CUT_WHOLE]);
    if (!strcmp(v->verdict, "ok"))
        check_again(v);
}

static void decode_cases(void)
{
    CHECK_UINT(vectors_decode_cases(each_case, NULL), 4000);
}

/* ---- bytes that are not in the vectors -------------------------------------------------------- */

/* Two runs over the same bytes, cut differently, must agree in everything. */
static void check_same(const struct vector *v, enum wire_cut cut)
{
    struct wire_decoder a, b;
    size_t a_consumed, b_consumed;
    enum wire_verdict x =
        wire_feed_new(&a, v->from, version_newest(), v->bytes, v->length, CUT_WHOLE, &a_consumed);
    enum wire_verdict y =
        wire_feed_new(&b, v->from, version_newest(), v->bytes, v->length, cut, &b_consumed);
    CHECK_UINT(y, x);
    CHECK_UINT(b_consumed, a_consumed);
    CHECK_STR(b.error, a.error);
    CHECK_UINT(b.error_offset, a.error_offset);
    if (x == WIRE_MESSAGE) {
        REQUIRE(b.message.frame_count == a.message.frame_count);
        for (uint32_t i = 0; i < a.message.frame_count; i++) {
            const struct wire_frame *f = &a.message.frames[i], *g = &b.message.frames[i];
            CHECK_UINT(g->range.offset, f->range.offset);
            CHECK_UINT(g->range.length, f->range.length);
            CHECK_UINT(g->is_trailers, f->is_trailers);
        }
        a.message.frames = b.message.frames = NULL;
        CHECK(!memcmp(&a.message, &b.message, offsetof(struct wire_message, frames_inline)));
    }
    wire_decoder_destroy(&a);
    wire_decoder_destroy(&b);
}

static void each_mutated(const struct vector *v, void *context)
{
    static const uint8_t likely[] = {0, 1, 2, 3, 4, 6, 0x20, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF};
    struct vector changed = *v;
    (void)context;
    random_begin((uint64_t)v->line + 1000000);
    if (!v->length)
        return;
    for (int i = 0; i < 3; i++) {
        size_t at = (size_t)random_below(v->length);
        changed.bytes[at] =
            random_below(2) ? likely[random_below(sizeof likely)] : (uint8_t)random_below(256);
        check_same(&changed, CUT_SINGLE);
        check_same(&changed, CUT_RANDOM);
    }
}

static void changed_bytes_give_the_same_however_cut(void)
{
    CHECK_UINT(vectors_decode_cases(each_mutated, NULL), 4000);
}

/* ---- named messages --------------------------------------------------------------------------- */

static void each_named(const struct vector *v, void *context)
{
    struct wire_decoder d;
    size_t consumed;
    struct forms again = {0};
    (void)context;
    CHECK_UINT(
        wire_feed_new(&d, v->from, version_newest(), v->bytes, v->length, CUT_WHOLE, &consumed),
        WIRE_MESSAGE);
    CHECK_UINT(consumed, v->length);
    CHECK_UINT(wire_decoder_pending_bytes(&d), 0);
    wire_decoder_destroy(&d);
    CHECK(forms_canonical(&again, v->from, v->bytes, v->length));
    CHECK_BYTES(again.out.at, again.out.length, v->bytes, v->length);
    forms_release(&again);
    for (size_t n = 0; n < v->length; n++) {
        CHECK_UINT(wire_feed_new(&d, v->from, version_newest(), v->bytes, n, CUT_WHOLE, &consumed),
                   WIRE_MORE);
        CHECK_UINT(consumed, n);
        CHECK_UINT(wire_decoder_pending_bytes(&d), n);
        CHECK_UINT(wire_decoder_feed(&d, v->bytes + n, v->length - n, &consumed), WIRE_MESSAGE);
        CHECK_UINT(consumed, v->length - n);
        wire_decoder_destroy(&d);
    }
}

static void named_messages_and_all_their_prefixes(void)
{
    CHECK_UINT(vectors_named(each_named, NULL), 65);
}

/* All named messages of one direction, one after another. */
struct stream {
    enum wire_from from;
    struct bytes bytes;
    size_t ends[80];
    size_t count;
};

static void add_to_stream(const struct vector *v, void *context)
{
    struct stream *s = context;
    if (v->from != s->from)
        return;
    bytes_append(&s->bytes, v->bytes, v->length);
    s->ends[s->count++] = s->bytes.length;
}

static void check_stream(const struct stream *s, size_t piece_max)
{
    struct wire_decoder d;
    size_t at = 0, n = 0, eaten;
    wire_decoder_create(&d, s->from, version_newest(), UINT64_MAX);
    while (at < s->bytes.length) {
        size_t left = s->bytes.length - at;
        size_t piece = 1 + (size_t)random_below(piece_max);
        piece = piece < left ? piece : left;
        enum wire_verdict v = wire_decoder_feed(&d, s->bytes.at + at, piece, &eaten);
        REQUIRE(v == WIRE_MORE || v == WIRE_MESSAGE);
        at += eaten;
        if (v == WIRE_MESSAGE) {
            CHECK_UINT(at, s->ends[n]);
            CHECK_UINT(d.message.length, n ? s->ends[n] - s->ends[n - 1] : s->ends[0]);
            n++;
        }
    }
    CHECK_UINT(n, s->count);
    wire_decoder_destroy(&d);
}

static void streams_of_messages(void)
{
    for (enum wire_from from = WIRE_FROM_CLIENT; from <= WIRE_FROM_AGENT; from++) {
        struct stream s = {.from = from};
        vectors_named(add_to_stream, &s);
        random_begin(from);
        check_stream(&s, 1);
        check_stream(&s, 7);
        check_stream(&s, 300);
        check_stream(&s, SIZE_MAX / 2);
        bytes_release(&s.bytes);
    }
}

/* A message that follows another must not tell what only that one had. */
static void each_after_each(const struct vector *v, void *context)
{
    const struct vector *before = context;
    struct wire_decoder a, b;
    size_t consumed;
    if (v->from != before->from)
        return;
    wire_feed_new(&a, v->from, version_newest(), v->bytes, v->length, CUT_WHOLE, &consumed);
    wire_decoder_create(&b, v->from, version_newest(), UINT64_MAX);
    wire_decoder_feed(&b, before->bytes, before->length, &consumed);
    wire_decoder_feed(&b, v->bytes, v->length, &consumed);
    a.message.frames = b.message.frames = NULL;
    CHECK(!memcmp(&a.message, &b.message, offsetof(struct wire_message, frames_inline)));
    wire_decoder_destroy(&a);
    wire_decoder_destroy(&b);
}

static void keep(const struct vector *v, void *context)
{
    struct vector **next = context;
    *(*next)++ = *v;
}

static void nothing_is_left_over_from_the_message_before(void)
{
    struct vector *all = calloc(80, sizeof *all), *end = all;
    vectors_named(keep, &end);
    for (struct vector *before = all; before < end; before++)
        vectors_named(each_after_each, before);
    free(all);
}

/* A last Body with one trailer, whose value has `length` bytes: its length takes three bytes. */
static struct bytes body_with_trailer(size_t length, char last)
{
    struct bytes b = {NULL, 0, 0};
    uint8_t marked[3] = {0xFB, (uint8_t)length, (uint8_t)(length >> 8)};
    bytes_append(&b, "\2\6\1\1\1\1\3x-t\1", 11);
    bytes_append(&b, marked, sizeof marked);
    for (size_t i = 1; i < length; i++)
        bytes_append(&b, "v", 1);
    bytes_append(&b, &last, 1);
    bytes_append(&b, "\1\7\0", 3);
    return b;
}

static void long_header_values_are_the_same_however_cut(void)
{
    enum { LENGTH = 300, MAP = 1 + 4 + 1 + 3 + LENGTH };
    struct bytes good = body_with_trailer(LENGTH, 'v'), bad = body_with_trailer(LENGTH, '\n');
    for (enum wire_cut cut = CUT_WHOLE; cut <= CUT_RANDOM; cut++) {
        struct wire_decoder d;
        size_t consumed;
        CHECK_UINT(wire_feed_new(&d, WIRE_FROM_AGENT, version_newest(), good.at, good.length, cut,
                                 &consumed),
                   WIRE_MESSAGE);
        CHECK_UINT(d.message.frame_count, 1);
        CHECK(d.message.frames[0].is_trailers);
        CHECK_UINT(d.message.frames[0].range.offset, 5);
        CHECK_UINT(d.message.frames[0].range.length, MAP);
        wire_decoder_destroy(&d);
        CHECK_UINT(wire_feed_new(&d, WIRE_FROM_AGENT, version_newest(), bad.at, bad.length, cut,
                                 &consumed),
                   WIRE_BAD);
        CHECK_UINT(d.error_offset, 5 + MAP);
        wire_decoder_destroy(&d);
    }
    bytes_release(&good);
    bytes_release(&bad);
}

CU_TestInfo wire_decoder_tests[] = {
    {"4000 verdicts of the original, whole, byte by byte and cut at random", decode_cases},
    {"changed bytes give the same however they are cut", changed_bytes_give_the_same_however_cut},
    {"named messages are whole, every prefix of them needs more",
     named_messages_and_all_their_prefixes},
    {"messages one after another are told apart", streams_of_messages},
    {"long header values are told or refused however they are cut",
     long_header_values_are_the_same_however_cut},
    {"nothing is left over from the message before", nothing_is_left_over_from_the_message_before},
    CU_TEST_INFO_NULL,
};
