/* tests/test_recorder_bytes.c -- bytes that many entries speak of stand in the ring once, and come out in all. */
#include "runtime/hash.h"
#include "runtime/recorder_part.h"
#include "tests/check.h"
#include "tests/toys.h"
#include "tests/trace_rig.h"
#include <stdlib.h>

enum { LENGTH = 10000, EFFECT_START = 1 + 4 /* kind, n */ };

static const struct actor_type *const toys[] = {&toy_asker_type, NULL};
static struct rig rig;
static struct sim sim; /* whose heap chunks are of */
static struct worker worker;
static struct actor actor;

static void begin(size_t ring_bytes, uint32_t bodies_max)
{
    rig_create(&rig, toys, 1, ring_bytes, bodies_max);
    sim_create(&sim, 0, 1, NULL);
    worker = (struct worker){.heap = (struct heap *)(void *)heap_here, .now_us = 1000};
    actor = (struct actor){.ref = {1, 1}, .type = &toy_asker_type, .worker = &worker};
}

static void end(void)
{
    CHECK_UINT(sim_destroy(&sim), 0);
    rig_destroy(&rig);
}

static void hear(struct span s)
{
    struct message *m = msg_data_new((struct msg_data){.bytes = span_ref(s)});
    m->to = actor.ref;
    actor.heard++;
    recorder_hooks(rig.recorder)->input(recorder_hooks(rig.recorder)->context, &actor, m, 1000);
    message_free(m);
}

static void write(struct span s)
{
    struct effect e = {
        .kind = EFFECT_WRITE, .chunk = s.chunk, .bytes = span_bytes(s), .length = s.length};
    recorder_hooks(rig.recorder)->effect(recorder_hooks(rig.recorder)->context, &actor, &e);
}

static void done(void)
{
    recorder_hooks(rig.recorder)->handled(recorder_hooks(rig.recorder)->context, &actor, false);
}

static struct span filled(struct chunk *c, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        c->bytes[i] = (uint8_t)rig_random(256);
    c->used = length;
    return (struct span){c, 0, length};
}

/* What the entry says, as the encoder puts it into a record. */
static uint32_t take(uint8_t *rest)
{
    const struct recorded *h = recorder_next(rig.recorder, UINT64_MAX);
    REQUIRE(h != NULL);
    CHECK(recorded_put(h, rest) == rest + recorded_bytes(h));
    uint32_t bytes = h->entry->bytes;
    recorder_took(rig.recorder, h);
    return bytes;
}

static uint32_t number_at(const uint8_t *at)
{
    uint32_t n;
    memcpy(&n, at, sizeof n);
    return n;
}

/* A read is heard by the link; a body out of it by two more, one of which writes it. */
static void test_a_part_of_what_was_heard_is_not_put_in_again(void)
{
    static uint8_t rest[3 * LENGTH];
    begin(0, UINT32_MAX);
    struct span read = filled(chunk_new(LENGTH), LENGTH), body = {read.chunk, 77, LENGTH - 100};
    hear(read);
    done();
    hear(body);
    write(body);
    write((struct span){body.chunk, body.offset + 5, 600});
    done();
    CHECK(take(rest) > LENGTH);
    CHECK_UINT(number_at(rest), LENGTH);
    CHECK_BYTES(rest + 8, LENGTH, span_bytes(read), LENGTH);
    CHECK(take(rest) < 400);
    for (unsigned i = 0; i < 2; i++) {
        const uint8_t *at = rest + i * (8 + body.length + EFFECT_START);
        CHECK_UINT(number_at(at), body.length);
        CHECK_UINT(number_at(at + 4), body.length);
        CHECK_BYTES(at + 8, body.length, span_bytes(body), body.length);
    }
    const uint8_t *last = rest + 2 * (8 + body.length + EFFECT_START);
    CHECK_UINT(number_at(last), 600);
    CHECK_BYTES(last + 8, 600, span_bytes(body) + 5, 600);
    span_release(&read);
    end();
}

/* The hash is of all, the bytes are those that are kept: each is known from the first time. */
static void test_bytes_that_are_kept_in_part(void)
{
    static uint8_t rest[2 * LENGTH];
    begin(0, 1000);
    struct span read = filled(chunk_new(LENGTH), LENGTH);
    uint64_t hash = hash_of(span_bytes(read), LENGTH);
    for (unsigned i = 0; i < 3; i++) {
        hear(read);
        done();
        uint32_t bytes = take(rest);
        CHECK(i ? bytes < 200 : bytes > 1000);
        CHECK_UINT(number_at(rest), LENGTH);
        CHECK_UINT(number_at(rest + 4), 1000);
        CHECK_BYTES(rest + 8, 8, (uint8_t *)&hash, 8);
        CHECK_BYTES(rest + 16, 1000, span_bytes(read), 1000);
    }
    span_release(&read);
    end();
}

/* A call that found no room has put its bytes nowhere. */
static void test_bytes_of_a_call_that_was_lost_are_not_there(void)
{
    static uint8_t rest[2 * LENGTH];
    begin(32768, UINT32_MAX);
    struct span one = filled(chunk_new(LENGTH), LENGTH), two = filled(chunk_new(LENGTH), LENGTH);
    hear(one);
    write(two); /* no room for both */
    done();
    CHECK_UINT(recorder_lost(rig.recorder, 0), 1);
    hear(two);
    done();
    take(rest); /* lagged */
    CHECK(take(rest) > LENGTH);
    CHECK_BYTES(rest + 8, LENGTH, span_bytes(two), LENGTH);
    hear(one);
    done();
    CHECK(take(rest) > LENGTH);
    CHECK_BYTES(rest + 8, LENGTH, span_bytes(one), LENGTH);
    span_release(&one);
    span_release(&two);
    end();
}

/* ---- anything in any order ---- */

enum { CALLS = 20000, WRITES_MAX = 3, CHUNKS = 6 };

/* What a call said: hashes, as no bytes stay where they were. */
static struct said {
    unsigned count;
    struct {
        uint32_t length;
        uint64_t hash;
    } of[1 + WRITES_MAX];
} said[CALLS + 1];

static struct span chunks[CHUNKS];

static void note_said(struct span s)
{
    struct said *now = &said[actor.heard];
    now->of[now->count].length = s.length;
    now->of[now->count++].hash = hash_of(span_bytes(s), s.length);
}

static struct span any_span(void)
{
    struct span *whole = &chunks[rig_random(CHUNKS)];
    if (rig_random(8) == 0) {
        chunk_recycle(whole->chunk);
        *whole = filled(whole->chunk, 1 + rig_random(3000));
    }
    uint32_t offset = rig_random(2) ? 0 : rig_random(whole->length);
    uint32_t left = whole->length - offset;
    return (struct span){whole->chunk, offset, rig_random(3) ? left : 1 + rig_random(left)};
}

static void any_call(void)
{
    struct span s = any_span();
    hear(s);
    said[actor.heard].count = 0;
    note_said(s);
    for (unsigned writes = rig_random(WRITES_MAX + 1); writes; writes--) {
        s = any_span();
        write(s);
        note_said(s);
    }
    done();
}

static void check_said(const struct trace_bytes *b, const struct said *want, unsigned i)
{
    REQUIRE(i < want->count);
    CHECK_UINT(b->length, want->of[i].length);
    CHECK_UINT(b->kept, b->length);
    CHECK_UINT(hash_of(b->bytes, b->kept), want->of[i].hash);
}

/* Returns how many calls it was lost instead. */
static uint64_t check_record(const struct trace_reader *reader, const struct trace_record *r)
{
    struct trace_effect e;
    unsigned i = 0;
    if (r->what == TRACE_LAGGED)
        return r->lost;
    REQUIRE(r->what == TRACE_CALL && r->number <= CALLS);
    check_said(trace_span(r, "bytes"), &said[r->number], i++);
    for (size_t at = 0; trace_effect_next(reader, r, &at, &e); i++)
        check_said(&e.bytes, &said[r->number], i);
    CHECK_UINT(i, said[r->number].count);
    return 0;
}

static uint64_t check_trace(void)
{
    struct trace_record r;
    enum trace_got got;
    uint64_t lost = 0;
    struct trace_reader *reader = trace_reader_new();
    trace_reader_feed(reader, rig.out.bytes, rig.out.length);
    while ((got = trace_reader_next(reader, &r)) != TRACE_MORE) {
        CHECK(got != TRACE_BAD);
        if (got == TRACE_RECORD)
            lost += check_record(reader, &r);
    }
    trace_reader_free(reader);
    return lost + recorder_lost(rig.recorder, 0);
}

static void test_any_bytes_of_any_chunks(void)
{
    begin(131072, UINT32_MAX);
    for (unsigned i = 0; i < CHUNKS; i++)
        chunks[i] = filled(chunk_new(3000), 3000);
    for (unsigned i = 0; i < CALLS; i++) {
        any_call();
        if (rig_random(20) == 0)
            rig_drain(&rig);
    }
    rig_drain(&rig);
    uint64_t lost = check_trace();
    CHECK(lost > 0 && lost < CALLS / 2);
    CHECK_UINT(rig.entries + lost, CALLS);
    for (unsigned i = 0; i < CHUNKS; i++)
        span_release(&chunks[i]);
    end();
}

CU_TestInfo recorder_bytes_tests[] = {
    {"a part of what was heard is not put in again",
     test_a_part_of_what_was_heard_is_not_put_in_again},
    {"bytes that are kept in part", test_bytes_that_are_kept_in_part},
    {"bytes of a call that was lost are not there",
     test_bytes_of_a_call_that_was_lost_are_not_there},
    {"any bytes of any chunks", test_any_bytes_of_any_chunks},
    CU_TEST_INFO_NULL,
};
