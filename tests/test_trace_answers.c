/* tests/test_trace_answers.c -- answers whose bytes were left out: what is known of them, and when it is not enough. */
#include "messages/trace_answers.h"
#include "messages/kinds.h"
#include "runtime/hash.h"
#include "tests/record_fields.h"
#include "tests/recorded_world.h"
#include <stdlib.h>

#define CHUNKED "HTTP/1.1 201 Made\r\ntransfer-encoding: chunked\r\nx-of: app\r\n\r\n"

/* What becomes of a record before it is taken. */
typedef void edit(struct trace_record *r);

struct stage {
    struct recorded_world r;
    struct trace_answers *answers;
    struct trace_transactions *asked;
};

static struct trace_bytes *span(struct trace_record *r, const char *field)
{
    int i = trace_field(r->kind, field);
    return i < 0 ? NULL : &r->spans[r->kind->fields[i].span];
}

/* As --trace-bodies 1; of what is left out there is nothing. */
static void cap(struct trace_record *r, const char *field)
{
    static const uint8_t kept[4096];
    struct trace_bytes *b = span(r, field);
    if (!b || b->length < 2)
        return;
    b->hash = hash_of(b->bytes, b->length);
    b->bytes = kept;
    b->kept = 1;
}

static void take_all(struct stage *s, edit *change)
{
    struct trace_reader *reader = trace_reader_new();
    struct trace_record r;
    enum trace_got got;
    trace_reader_feed(reader, s->r.trace.bytes, s->r.trace.length);
    while ((got = trace_reader_next(reader, &r)) != TRACE_MORE) {
        if (got != TRACE_RECORD)
            continue;
        if (r.what == TRACE_CALL) {
            cap(&r, "body");
            cap(&r, "bytes");
        }
        if (change)
            change(&r);
        trace_answers_take(s->answers, &r);
    }
    trace_reader_free(reader);
}

/* The run is over: what was asked in it, without the bytes of the answers. */
static void finish_run(struct stage *s, unsigned count)
{
    s->r.bodies_max = 10;
    recorded_end(&s->r);
    s->asked = trace_transactions_new(trace_streams_first(s->r.streams), NULL);
    s->answers = trace_answers_new();
    REQUIRE(s->asked->count == count);
    CHECK_UINT(s->asked->left_out, count);
}

static void finish(struct stage *s)
{
    trace_transactions_free(s->asked);
    trace_answers_free(s->answers);
    recorded_free(&s->r);
}

/* Two requests on one connection; the second answer comes in chunks, the first one has a length. */
static void run_of_two(struct stage *s)
{
    recorded_begin(&s->r);
    recorded_get(&s->r, 7, "/a");
    agent_get(&s->r.w, 8, "/b");
    app_say(&s->r.w, recorded_app(&s->r), CHUNKED "5\r\nhello\r\n");
    app_say(&s->r.w, recorded_app(&s->r), "3\r\n, w\r\n");
    app_say(&s->r.w, recorded_app(&s->r), "4\r\norld\r\n0\r\n\r\n");
    agent_close(&s->r.w, 8);
    finish_run(s, 2);
}

static void check_part(const struct trace_transaction *t, unsigned i, const char *bytes)
{
    REQUIRE(t->answer.part_count > i);
    CHECK_UINT(t->answer.parts[i].length, strlen(bytes));
    CHECK_UINT(t->answer.parts[i].hash, hash_of(bytes, strlen(bytes)));
}

/* ---- the tests ---- */

static void test_answers_are_known_without_their_bytes(void)
{
    struct stage s;
    run_of_two(&s);
    take_all(&s, NULL);
    trace_answers_give(s.answers, s.asked);
    CHECK_UINT(s.asked->left_out, 0);
    const struct trace_transaction *a = &s.asked->list[0], *b = &s.asked->list[1];
    CHECK(!a->left_out && !b->left_out);
    CHECK_UINT(a->answer.status, 200);
    CHECK_UINT(a->answer.part_count, 1);
    check_part(a, 0, "hi");
    CHECK_UINT(b->answer.status, 201);
    CHECK(b->answer.has_head && b->answer.ended);
    CHECK_UINT(b->answer.part_count, 3);
    check_part(b, 0, "hello");
    check_part(b, 1, ", w");
    check_part(b, 2, "orld");
    struct wire_buffer of = {0};
    CHECK(
        trace_http_values(&b->answer.fields, (struct http_text){(const uint8_t *)"x-of", 4}, &of));
    CHECK_BYTES(of.at, of.length, "app", 3);
    wire_buffer_release(&of);
    CHECK(b->answered_ns && b->whole_ns >= b->answered_ns);
    finish(&s);
}

/* Nothing is given, by what they say, and to the other what is due to it. */
static void check_only(edit *change, bool first, bool second)
{
    struct stage s;
    run_of_two(&s);
    take_all(&s, change);
    trace_answers_give(s.answers, s.asked);
    CHECK_UINT(s.asked->left_out, (unsigned)!first + !second);
    CHECK_UINT(s.asked->list[0].left_out == NULL, first);
    CHECK_UINT(s.asked->list[1].left_out == NULL, second);
    finish(&s);
}

static bool is_answer(const struct trace_record *r, uint16_t kind)
{
    return r->what == TRACE_CALL && r->kind->ours == kind && r->type &&
           strcmp(r->type, "interceptor") == 0;
}

static void without_heads(struct trace_record *r)
{
    if (is_answer(r, MSG_RESPONSE))
        r->what = TRACE_NOTE;
}

static void with_cut_heads(struct trace_record *r)
{
    if (is_answer(r, MSG_RESPONSE))
        span(r, "head")->kept--;
}

static void with_broken_heads(struct trace_record *r)
{
    if (is_answer(r, MSG_RESPONSE))
        span(r, "head")->bytes++;
}

static void with_frames(struct trace_record *r)
{
    if (is_answer(r, MSG_RESPONSE) && r->flags & RESPONSE_LAST)
        r->flags |= RESPONSE_FRAMES;
}

static void with_an_upgrade(struct trace_record *r)
{
    if (is_answer(r, MSG_RESPONSE) && r->flags & RESPONSE_LAST)
        r->flags |= RESPONSE_UPGRADE;
}

static void with_trailers(struct trace_record *r)
{
    if (is_answer(r, MSG_RESPONSE_BODY))
        record_set(r, "trailers", 1);
}

static void without_ends(struct trace_record *r)
{
    if (is_answer(r, MSG_RESPONSE))
        r->flags &= (uint16_t)~RESPONSE_LAST;
    else if (is_answer(r, MSG_RESPONSE_BODY))
        record_set(r, "last", 0);
}

static void at_another_actor(struct trace_record *r)
{
    if (is_answer(r, MSG_RESPONSE))
        r->type = "link_connection";
}

static void of_no_exchange(struct trace_record *r)
{
    if (is_answer(r, MSG_RESPONSE) && r->flags & RESPONSE_LAST)
        r->exchange = 0;
}

static void test_what_is_not_enough(void)
{
    check_only(NULL, true, true);
    check_only(without_heads, false, false);
    check_only(with_cut_heads, false, false);
    check_only(with_broken_heads, false, false);
    check_only(with_frames, false, true);
    check_only(with_an_upgrade, false, true);
    check_only(with_trailers, true, false);
    check_only(without_ends, false, false);
    check_only(at_another_actor, false, false);
    check_only(of_no_exchange, false, true);
}

/* Which of two answers was to which of two requests is not known. */
static void test_more_than_one_of_an_exchange(void)
{
    struct stage s;
    run_of_two(&s);
    take_all(&s, NULL);
    s.asked->list[0].exchange = s.asked->list[1].exchange;
    trace_answers_give(s.answers, s.asked);
    CHECK_UINT(s.asked->left_out, 2);
    finish(&s);
    run_of_two(&s);
    take_all(&s, NULL);
    take_all(&s, NULL);
    trace_answers_give(s.answers, s.asked);
    CHECK_UINT(s.asked->left_out, 2);
    finish(&s);
}

/* One that is left out for another reason stays so, and one that has its answer keeps it. */
static void test_those_that_lack_no_answer(void)
{
    struct stage s;
    run_of_two(&s);
    take_all(&s, NULL);
    s.asked->list[0].left_out = "another reason";
    s.asked->list[1].cut[SIDE_NEAR] = true;
    trace_answers_give(s.answers, s.asked);
    CHECK_UINT(s.asked->left_out, 2);
    CHECK_STR(s.asked->list[0].left_out, "another reason");
    finish(&s);
    trace_answers_free(NULL);
}

CU_TestInfo trace_answers_tests[] = {
    {"answers are known without their bytes", test_answers_are_known_without_their_bytes},
    {"what is not enough", test_what_is_not_enough},
    {"more than one of an exchange", test_more_than_one_of_an_exchange},
    {"those that lack no answer", test_those_that_lack_no_answer},
    CU_TEST_INFO_NULL,
};
