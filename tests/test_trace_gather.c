/* tests/test_trace_gather.c -- whole exchanges out of records.
 *
 * Records are made by hand, with the kinds and effects of a file that the encoder has begun.
 */
#include "messages/agent_vocabulary.h"
#include "messages/kinds.h"
#include "messages/trace_copy.h"
#include "messages/trace_gather.h"
#include "messages/trace_reader.h"
#include "messages/vocabulary.h"
#include "tests/check.h"
#include "tests/record_fields.h"
#include <stdlib.h>

#define REQUEST_HEAD  "\x03GET\x02/a\x01\x04host\x01\x01h\x08HTTP/1.1"
#define RESPONSE_HEAD "\xc8\x08HTTP/1.1\x00"

static const struct actor_ref INTERCEPTOR = {9, 1}, LOCAL = {10, 1}, LINK = {6, 1},
                              REMOTE = {11, 1};

struct stage {
    struct trace_reader *reader;
    struct trace_gather *gather;
    struct trace_out effects;
    uint64_t now; /* each record takes 1 of 10 */
};

static void start(struct stage *s)
{
    static const struct actor_type *const none[] = {NULL};
    static const struct trace_setting no_settings[] = {{NULL, NULL}};
    struct trace_about about = {
        .program = "p", .build = "", .options = "", .protocol = "", .system = "", .why = ""};
    messages_init();
    struct trace_encoder *e = trace_encoder_new(&about, none, no_settings);
    struct trace_out out = {0};
    struct trace_record r;
    trace_encode_beginning(e, &out, 0, "");
    *s = (struct stage){.reader = trace_reader_new(),
                        .gather = trace_gather_new(GATHER_APPLICATION)};
    trace_reader_feed(s->reader, out.bytes, out.length);
    while (trace_reader_next(s->reader, &r) != TRACE_MORE)
        ;
    trace_encoder_free(e);
    free(out.bytes);
}

static void finish(struct stage *s)
{
    trace_gather_free(s->gather);
    trace_reader_free(s->reader);
    free(s->effects.bytes);
}

/* ---- what happens ---- */

static struct trace_record record(const struct stage *s, uint16_t kind, const char *type,
                                  struct actor_ref to, struct actor_ref from, uint32_t exchange)
{
    return (struct trace_record){.what = TRACE_CALL,
                                 .kind = trace_reader_kind(s->reader, kind),
                                 .type = type,
                                 .to = to,
                                 .from = from,
                                 .exchange = exchange};
}

static void effect(struct stage *s, const struct trace_effect *e)
{
    trace_put_effect(&s->effects, s->reader, e);
}

static void take(struct stage *s, struct trace_record r)
{
    s->now += 10;
    r.ended_ns = s->now;
    r.took_ns = 1;
    r.effects = s->effects.bytes;
    r.effects_length = s->effects.length;
    trace_gather_take(s->gather, s->reader, &r);
    s->effects.length = 0;
}

static void request(struct stage *s, uint32_t exchange, bool last)
{
    struct trace_record r = record(s, MSG_REQUEST, "interceptor", INTERCEPTOR, LINK, exchange);
    record_put(&r, "head", REQUEST_HEAD, sizeof REQUEST_HEAD - 1, sizeof REQUEST_HEAD - 1);
    record_set(&r, "connection", 7);
    record_set(&r, "request", 2);
    record_set(&r, "mode", MODE_STEAL);
    record_set(&r, "last", last);
    take(s, r);
}

static void body(struct stage *s, uint16_t kind, uint32_t exchange, const char *bytes,
                 size_t length, size_t kept, bool last)
{
    struct trace_record r = record(s, kind, "interceptor", INTERCEPTOR, LOCAL, exchange);
    record_put(&r, "bytes", bytes, length, kept);
    record_set(&r, "last", last);
    take(s, r);
}

static void assign(struct stage *s, uint32_t exchange)
{
    effect(s, &(struct trace_effect){.kind = EFFECT_WRITE,
                                     .bytes = {(const uint8_t *)"GET", 3, 3, 0}});
    take(s, record(s, MSG_ASSIGN, "local_connection", LOCAL, INTERCEPTOR, exchange));
}

static void response(struct stage *s, uint32_t exchange, const char *bytes, size_t length,
                     uint16_t flags)
{
    struct trace_record r = record(s, MSG_RESPONSE, "interceptor", INTERCEPTOR, LOCAL, exchange);
    record_put(&r, "head", RESPONSE_HEAD, sizeof RESPONSE_HEAD - 1, sizeof RESPONSE_HEAD - 1);
    record_put(&r, "body", bytes, length, length);
    r.flags = flags;
    take(s, r);
}

static void over(struct stage *s, uint32_t exchange)
{
    struct trace_record r = {.what = TRACE_END, .type = "interceptor", .to = INTERCEPTOR};
    r.actor_exchange = exchange;
    take(s, r);
}

/* ---- tests ---- */

static void test_a_whole_exchange(void)
{
    struct stage s;
    start(&s);
    request(&s, 1, false);                                                       /* ends at 10 */
    body(&s, MSG_REQUEST_BODY, 1, "hel", 3, 3, false);                           /* 20 */
    body(&s, MSG_REQUEST_BODY, 1, "lo", 2, 2, true);                             /* 30 */
    assign(&s, 1);                                                               /* 40 */
    take(&s, record(&s, MSG_SOCKET_DATA, "local_connection", LOCAL, NOBODY, 1)); /* 50 */
    response(&s, 1, "an", 2, 0);                                                 /* 60 */
    body(&s, MSG_RESPONSE_BODY, 1, "swer", 4, 4, true);                          /* 70 */
    CHECK(trace_gather_next(s.gather) == NULL);
    over(&s, 1); /* 80 */
    struct gathered *x = trace_gather_next(s.gather);
    REQUIRE(x != NULL);
    CHECK(gathered_is_whole(x));
    CHECK_UINT(x->connection, 7);
    CHECK_UINT(x->request_id, 2);
    CHECK_BYTES(x->request.data.bytes, x->request.data.length, "hello", 5);
    CHECK_BYTES(x->response.data.bytes, x->response.data.length, "answer", 6);
    CHECK_UINT(x->times.began, 9);
    CHECK_UINT(x->times.assigned, 39);
    CHECK_UINT(x->times.sent, 40);
    CHECK_UINT(x->times.first_byte, 49);
    CHECK_UINT(x->times.ended, 80);
    gathered_free(x);
    CHECK(trace_gather_next(s.gather) == NULL);
    finish(&s);
}

static void local_hears(struct stage *s, uint16_t kind, enum effect_kind does)
{
    struct trace_effect e = {.kind = does, .bytes = {(const uint8_t *)"body", 4, 4, 0}};
    e.message = does == EFFECT_SEND ? trace_reader_kind(s->reader, MSG_RESPONSE) : NULL;
    effect(s, &e);
    take(s, record(s, kind, "local_connection", LOCAL, NOBODY, 1));
}

/* 100 Continue is no byte of the answer; an answer that comes before all of the request was sent is one. */
static void test_when_an_answer_begins(void)
{
    for (unsigned early = 0; early < 2; early++) {
        struct stage s;
        start(&s);
        request(&s, 1, true);                                                 /* ends at 10 */
        assign(&s, 1);                                                        /* 20 */
        local_hears(&s, MSG_SOCKET_DATA, early ? EFFECT_SEND : EFFECT_WRITE); /* 30 */
        local_hears(&s, MSG_ASSIGN_BODY, EFFECT_WRITE);                       /* 40 */
        local_hears(&s, MSG_SOCKET_DATA, EFFECT_SEND);                        /* 50 */
        response(&s, 1, "an", 2, RESPONSE_LAST);
        over(&s, 1);
        struct gathered *x = trace_gather_next(s.gather);
        REQUIRE(x != NULL);
        CHECK_UINT(x->times.sent, 40);
        CHECK_UINT(x->times.first_byte, early ? 29 : 49);
        CHECK_UINT(x->times.last_byte, 49);
        gathered_free(x);
        finish(&s);
    }
}

/* Whole in one message, as a list of frames with trailers. */
static void test_frames(void)
{
    static const char frames[] = "\x03\x00\x02"
                                 "ab"
                                 "\x00\x01"
                                 "c"
                                 "\x01\x00";
    struct stage s;
    start(&s);
    request(&s, 1, true);
    response(&s, 1, frames, sizeof frames - 1, RESPONSE_LAST | RESPONSE_FRAMES);
    over(&s, 1);
    struct gathered *x = trace_gather_next(s.gather);
    REQUIRE(x != NULL);
    CHECK_BYTES(x->response.data.bytes, x->response.data.length, "abc", 3);
    CHECK_BYTES(x->response.trailers.bytes, x->response.trailers.length, "\0", 1);
    CHECK(gathered_is_whole(x));
    gathered_free(x);
    finish(&s);
}

static void test_capped_bodies_are_not_made_up(void)
{
    struct stage s;
    start(&s);
    request(&s, 1, false);
    body(&s, MSG_REQUEST_BODY, 1, "abc", 1000, 3, true);
    response(&s, 1, "", 0, RESPONSE_LAST);
    over(&s, 1);
    struct gathered *x = trace_gather_next(s.gather);
    REQUIRE(x != NULL);
    CHECK_UINT(x->request.length, 1000);
    CHECK_UINT(x->request.data.length, 3);
    CHECK_UINT(gathered_missing(&x->request), 997);
    gathered_free(x);
    finish(&s);
}

/* They come in the order in which they began, however they end. */
static void test_order(void)
{
    struct stage s;
    start(&s);
    request(&s, 1, true);
    request(&s, 2, true);
    response(&s, 2, "", 0, RESPONSE_LAST);
    over(&s, 2);
    CHECK(trace_gather_next(s.gather) == NULL);
    response(&s, 1, "", 0, RESPONSE_LAST);
    over(&s, 1);
    for (uint32_t i = 1; i <= 2; i++) {
        struct gathered *x = trace_gather_next(s.gather);
        REQUIRE(x != NULL);
        CHECK_UINT(x->number, i);
        gathered_free(x);
    }
    finish(&s);
}

/* One that lives long holds up others only so far. */
static void test_what_waits_is_bounded(void)
{
    enum { EACH = 9 << 20 };
    struct stage s;
    char *large = calloc(1, EACH);
    struct gathered *x = NULL;
    uint32_t number = 1;
    REQUIRE(large != NULL);
    start(&s);
    request(&s, 1, true);
    while (!x && number < 20) {
        request(&s, ++number, true);
        response(&s, number, large, EACH, RESPONSE_LAST);
        over(&s, number);
        x = trace_gather_next(s.gather);
    }
    REQUIRE(x != NULL);
    CHECK_UINT(x->number, 2);
    CHECK(number <= 2 + GATHER_WAIT_BYTES / EACH);
    gathered_free(x);
    free(large);
    finish(&s);
}

/* The application did not answer: what the proxy said comes to the link after the interceptor has ended. */
static void test_answered_by_the_proxy(void)
{
    static const char head[] = "\x50\x07\x02\xfb\xf6\x01\x08HTTP/1.1\x00";
    struct stage s;
    start(&s);
    request(&s, 1, true);
    struct trace_record r = record(&s, MSG_LOCAL_FAILED, "interceptor", INTERCEPTOR, LOCAL, 1);
    record_put(&r, "text", "refused", 7, 7);
    effect(&s, &(struct trace_effect){.kind = EFFECT_SEND,
                                      .message = trace_reader_kind(s.reader, MSG_ANSWER)});
    take(&s, r);
    over(&s, 1);
    CHECK(trace_gather_next(s.gather) == NULL);
    r = record(&s, MSG_ANSWER, "link_connection", LINK, INTERCEPTOR, 1);
    record_put(&r, "head", head, sizeof head - 1, sizeof head - 1);
    record_put(&r, "body", "sorry", 5, 5);
    r.flags = ANSWER_LAST;
    take(&s, r);
    struct gathered *x = trace_gather_next(s.gather);
    REQUIRE(x != NULL);
    CHECK(x->from_proxy);
    CHECK_STR(x->failure, "refused");
    CHECK_BYTES(x->response_head.bytes, x->response_head.length, head + 3, sizeof head - 4);
    CHECK_BYTES(x->response.data.bytes, x->response.data.length, "sorry", 5);
    gathered_free(x);
    finish(&s);
}

static void test_an_upgrade(void)
{
    struct stage s;
    start(&s);
    request(&s, 1, true);
    response(&s, 1, "", 0, RESPONSE_UPGRADE);
    struct trace_record r = record(&s, MSG_DATA, "interceptor", INTERCEPTOR, LINK, 1);
    record_put(&r, "bytes", "ping", 4, 4);
    take(&s, r);
    body(&s, MSG_RESPONSE_BODY, 1, "pong!", 5, 5, false);
    over(&s, 1);
    struct gathered *x = trace_gather_next(s.gather);
    REQUIRE(x != NULL);
    CHECK(x->upgraded);
    CHECK(gathered_is_whole(x));
    CHECK_UINT(x->response.length, 0);
    CHECK_BYTES(x->to_application.data.bytes, x->to_application.data.length, "ping", 4);
    CHECK_BYTES(x->from_application.data.bytes, x->from_application.data.length, "pong!", 5);
    gathered_free(x);
    finish(&s);
}

static void test_the_trace_ends_first(void)
{
    struct stage s;
    start(&s);
    request(&s, 1, true);
    trace_gather_end(s.gather);
    struct gathered *x = trace_gather_next(s.gather);
    REQUIRE(x != NULL);
    CHECK(!x->over);
    CHECK(!gathered_is_whole(x));
    gathered_free(x);
    finish(&s);
}

static void numbered_body(struct stage *s, uint32_t number, const char *bytes, bool last)
{
    struct trace_record r = record(s, MSG_REQUEST_BODY, "interceptor", INTERCEPTOR, LINK, 1);
    record_put(&r, "bytes", bytes, strlen(bytes), strlen(bytes));
    record_set(&r, "last", last);
    r.number = number;
    take(s, r);
}

/* The pieces with the numbers 2, `second` and 4, then the answer and an end after `heard` messages. */
static struct gathered *with_numbers(struct stage *s, uint32_t second, uint32_t heard)
{
    start(s);
    request(s, 1, false);
    numbered_body(s, 2, "one", false);
    numbered_body(s, second, "two", false);
    numbered_body(s, 4, "three", true);
    struct trace_record r = record(s, MSG_RESPONSE, "interceptor", INTERCEPTOR, LOCAL, 1);
    record_put(&r, "head", RESPONSE_HEAD, sizeof RESPONSE_HEAD - 1, sizeof RESPONSE_HEAD - 1);
    r.flags = RESPONSE_LAST;
    r.number = 5;
    take(s, r);
    r = (struct trace_record){.what = TRACE_END, .type = "interceptor", .to = INTERCEPTOR};
    r.actor_exchange = 1;
    r.number = heard;
    take(s, r);
    return trace_gather_next(s->gather);
}

static void check_numbers(uint32_t second, uint32_t heard, bool whole)
{
    struct stage s;
    struct gathered *x = with_numbers(&s, second, heard);
    REQUIRE(x != NULL);
    CHECK(x->over && x->request.ended && x->response.ended);
    CHECK_UINT(x->gap, !whole);
    CHECK_UINT(gathered_is_whole(x), whole);
    gathered_free(x);
    finish(&s);
}

static void test_messages_that_were_lost(void)
{
    check_numbers(3, 5, true);
    check_numbers(4, 5, false); /* the third */
    check_numbers(3, 6, false); /* the last */
}

static void to_remote(struct stage *s, uint16_t kind, const char *bytes, bool last)
{
    struct trace_record r = record(s, kind, "agent_remote", REMOTE, LOCAL, 0);
    if (kind == MSG_RESPONSE)
        record_put(&r, "head", RESPONSE_HEAD, sizeof RESPONSE_HEAD - 1, sizeof RESPONSE_HEAD - 1);
    else if (kind == MSG_RESPONSE_BODY)
        record_put(&r, "bytes", bytes, strlen(bytes), strlen(bytes));
    if (kind == MSG_RESPONSE_BODY)
        record_set(&r, "last", last);
    take(s, r);
}

static void from_remote(struct stage *s, uint16_t kind)
{
    struct trace_record r = record(s, kind, "agent_port", LINK, REMOTE, 0);
    if (kind == MSG_AGENT_ROUTE) {
        record_put(&r, "head", REQUEST_HEAD, sizeof REQUEST_HEAD - 1, sizeof REQUEST_HEAD - 1);
        record_set(&r, "what", ASKED_HTTP);
    }
    r.flags = kind == MSG_ASSIGN ? ASSIGN_LAST : 0;
    take(s, r);
}

/* Whose they were is not known there: those under way may lack some. */
static void test_a_remote_exchange_under_way_may_have_lost_some(void)
{
    struct stage s;
    start(&s);
    trace_gather_free(s.gather);
    s.gather = trace_gather_new(GATHER_REMOTE);
    for (unsigned i = 0; i < 2; i++) {
        to_remote(&s, MSG_SOCKET_ACCEPTED, "", false);
        from_remote(&s, MSG_AGENT_ROUTE);
        from_remote(&s, MSG_ASSIGN);
        to_remote(&s, MSG_RESPONSE, "", false);
        if (i == 1)
            take(&s, (struct trace_record){.what = TRACE_LAGGED, .lost = 1});
        to_remote(&s, MSG_RESPONSE_BODY, "end", true);
    }
    take(&s, (struct trace_record){.what = TRACE_LAGGED, .lost = 1});
    take(&s, (struct trace_record){.what = TRACE_END, .type = "agent_remote", .to = REMOTE});
    for (unsigned i = 0; i < 2; i++) {
        struct gathered *x = trace_gather_next(s.gather);
        REQUIRE(x != NULL);
        CHECK_UINT(gathered_is_whole(x), i == 0);
        gathered_free(x);
    }
    finish(&s);
}

CU_TestInfo trace_gather_tests[] = {
    {"request and answer, with their times", test_a_whole_exchange},
    {"when an answer begins", test_when_an_answer_begins},
    {"a body that is a list of frames", test_frames},
    {"bodies that were capped", test_capped_bodies_are_not_made_up},
    {"in the order of their beginnings", test_order},
    {"what waits for an older one is bounded", test_what_waits_is_bounded},
    {"answered by the proxy", test_answered_by_the_proxy},
    {"an upgrade", test_an_upgrade},
    {"the trace ends first", test_the_trace_ends_first},
    {"messages that were lost", test_messages_that_were_lost},
    {"a remote exchange under way may have lost some",
     test_a_remote_exchange_under_way_may_have_lost_some},
    CU_TEST_INFO_NULL,
};
