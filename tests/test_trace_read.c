/* tests/test_trace_read.c -- what the reading commands are made of: filters, pairs, stories, totals, texts.
 *
 * The traces are made with the recorder's own encoder: calls that could have happened.
 */
#include "actors/actor_types.h"
#include "messages/kinds.h"
#include "messages/trace_encoder.h"
#include "messages/trace_reader.h"
#include "messages/vocabulary.h"
#include "tests/check.h"
#include "tests/foreign_trace.h"
#include "tools/trace_filter.h"
#include "tools/trace_histogram.h"
#include "tools/trace_json.h"
#include "tools/trace_line.h"
#include "tools/trace_pairs.h"
#include "tools/trace_story.h"
#include "tools/trace_totals.h"
#include <jansson.h>
#include <stdlib.h>

/* ---- a trace --------------------------------------------------------------------------------- */

static const struct actor_ref proxy = {1, 1}, interceptor = {2, 1}, pool = {3, 1}, other = {4, 7},
                              far = {1u << 24 | 5, 1};

struct made {
    struct trace_encoder *encoder;
    struct trace_out file, rest; /* the trace; what is behind the entry that is being made */
    uint64_t now_ns;
};

/* that is being made */
static struct entry entry;
static struct message input;
static struct recorded times;

static const struct trace_about about = {.format = 1,
                                         .wall_us = 1772600767000000,
                                         .clock_ns = 1000000,
                                         .program = "p",
                                         .build = "1",
                                         .options = "",
                                         .protocol = "1.29.0",
                                         .system = "s",
                                         .why = "test"};
static const struct trace_setting no_settings[1];

static uint8_t type_number(const char *name)
{
    for (uint8_t i = 0; actor_types[i]; i++)
        if (strcmp(actor_types[i]->name, name) == 0)
            return i;
    return NO_TYPE;
}

static void make(struct made *m)
{
    messages_init();
    *m = (struct made){.now_ns = 1000000};
    m->encoder = trace_encoder_new(&about, actor_types, no_settings);
    trace_encode_beginning(m->encoder, &m->file, 0, "test");
}

static void put(struct made *m, const void *bytes, size_t length)
{
    trace_out_put(&m->rest, bytes, length);
}

static void put_bytes(struct made *m, const void *bytes, uint32_t length)
{
    put(m, &length, 4);
    put(m, &length, 4);
    put(m, bytes, length);
}

/* Begins a call that takes 1000 ns, 500 ns after the one before. */
static struct message *call(struct made *m, const char *type, struct actor_ref from,
                            struct actor_ref to, uint16_t kind, uint32_t number)
{
    m->now_ns += 1500;
    entry = (struct entry){.what = ENTRY_CALL, .type = type_number(type), .number = number};
    times.took_ns = 1000;
    times.ended_ns = m->now_ns;
    input = (struct message){.from = from, .to = to, .kind = kind};
    m->rest.length = 0;
    return &input;
}

static void sends(struct made *m, struct actor_ref to, uint16_t kind)
{
    uint8_t effect = EFFECT_SEND;
    put(m, &effect, 1);
    put(m, &to, 8);
    put(m, &kind, 2);
}

static void spawns(struct made *m, struct actor_ref child, const char *type, uint16_t kind)
{
    uint8_t effect = EFFECT_SPAWN, number = type_number(type);
    uint64_t worker = 0;
    put(m, &effect, 1);
    put(m, &worker, 8);
    put(m, &child, 8);
    put(m, &number, 1);
    put(m, &kind, 2);
}

static void writes(struct made *m, const char *text)
{
    uint8_t effect = EFFECT_WRITE;
    uint32_t socket = 0;
    put(m, &effect, 1);
    put(m, &socket, 4);
    put_bytes(m, text, (uint32_t)strlen(text));
}

static void done(struct made *m)
{
    struct entry *e = malloc(sizeof *e + m->rest.length + 8);
    REQUIRE(e != NULL);
    *e = entry;
    entry_take(e, &input);
    e->bytes = (uint32_t)(sizeof *e + m->rest.length);
    if (m->rest.length)
        memcpy(e->rest, m->rest.bytes, m->rest.length);
    trace_encode_entry(m->encoder, &m->file,
                       &(struct recorded){e, NULL, times.ended_ns, times.took_ns});
    free(e);
}

/* A REQUEST to the interceptor: GET /api?x=1 of connection 7. */
static void request(struct made *m, uint32_t number)
{
    static const char head[] = "\x03GET\x08/api?x=1\x01\x04host\x01\x01"
                               "a\x08HTTP/1.1";
    struct message *message = call(m, "interceptor", proxy, interceptor, MSG_REQUEST, number);
    message->exchange = 5;
    *msg_request(message) = (struct msg_request){.connection = 7,
                                                 .request = 3,
                                                 .port = 80,
                                                 .mode = MODE_STEAL,
                                                 .variant = VARIANT_FRAMED,
                                                 .last = true};
    put_bytes(m, head, sizeof head - 1);
    sends(m, pool, MSG_WANT);
    writes(m, "hello");
    done(m);
}

static void simple(struct made *m, const char *type, struct actor_ref from, struct actor_ref to,
                   uint16_t kind, uint32_t number)
{
    call(m, type, from, to, kind, number);
    done(m);
}

static void finish(struct made *m)
{
    trace_encoder_free(m->encoder);
    free(m->file.bytes);
    free(m->rest.bytes);
}

/* Records of it, one by one. */
struct reading {
    struct trace_reader *reader;
    struct trace_record record;
};

static void start(struct reading *g, const struct made *m)
{
    g->reader = trace_reader_new();
    trace_reader_feed(g->reader, m->file.bytes, m->file.length);
}

static bool next(struct reading *g)
{
    enum trace_got got;
    while ((got = trace_reader_next(g->reader, &g->record)) == TRACE_BEGUN)
        ;
    CHECK(got != TRACE_BAD);
    return got == TRACE_RECORD;
}

/* ---- filters --------------------------------------------------------------------------------- */

/* So many records of the trace pass. */
static unsigned passes(const struct made *m, const char *text)
{
    char error[FILTER_ERROR_MAX] = "";
    struct reading g;
    unsigned n = 0;
    struct trace_filter *f = trace_filter_new(text, error);
    CHECK_STR(error, "");
    REQUIRE(f != NULL);
    struct trace_exchanges *x = trace_exchanges_new();
    start(&g, m);
    trace_filter_reader(f, g.reader);
    while (next(&g))
        n += trace_filter_wants(f, &g.record, trace_exchanges_take(x, &g.record));
    trace_reader_free(g.reader);
    trace_exchanges_free(x);
    trace_filter_free(f);
    return n;
}

/* Five records: two calls about an exchange, one about nothing, an end, a note. */
static void make_some(struct made *m)
{
    make(m);
    simple(m, "incoming_proxy", NOBODY, proxy, MSG_DRAINED, 1);
    request(m, 1);
    struct message *want = call(m, "local_pool", interceptor, pool, MSG_WANT, 1);
    want->exchange = 5;
    times.took_ns = 250000;
    m->now_ns += 2000000;
    times.ended_ns = m->now_ns;
    done(m);
    call(m, "interceptor", NOBODY, interceptor, MSG_NONE, 2);
    entry.what = ENTRY_END;
    entry.actor_exchange = 5;
    done(m);
    trace_encode_note(m->encoder, &m->file, "a note", m->now_ns);
}

static void test_filter_fields(void)
{
    static const struct {
        const char *filter;
        unsigned passes;
    } cases[] = {
        {NULL, 5},
        {"kind == REQUEST", 1},
        {"kind == HttpRequestFramed && kind ~ \"HttpRequest*\"", 1},
        {"kind == HttpRequest", 0},
        {"what == call", 3},
        {"what == end", 1},
        {"what == note", 1},
        {"seq >= 1 && seq < 3", 2},
        {"t == 0us", 1},
        {"t > 1ms", 3},
        {"took == 250us", 1},
        {"took > 249999ns && took <= 250000ns", 1},
        {"path ~ '/api*'", 3},
        {"from == incoming_proxy", 1},
        {"from == runtime", 1},
        {"from == interceptor && to == local_pool", 1},
        {"actor == \"interceptor/0.2\"", 2},
        {"exchange == 5", 3},
        {"conn == 7", 3},
        {"conn != 7", 0},
        {"!(conn == 7)", 2},
        {"req == 3 && request == 3", 3},
        {"mode == steal && port == 80", 3},
        {"method == GET && path ~ \"/api*\"", 3},
        {"host == a", 1},
        {"has(status)", 0},
        {"has(version) || has(error)", 0},
        {"size == 31", 1},
        {"payload ~ HTTP/1.1", 1},
        {"effect == write", 1},
        {"effect == send && effect ~ \"wri*\"", 1},
        {"effect == spawn", 0},
        {"worker == 0", 4},
    };
    struct made m;
    make_some(&m);
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned n = passes(&m, cases[i].filter);
        if (n != cases[i].passes)
            printf("\n    %s: %u", cases[i].filter ? cases[i].filter : "NULL", n);
        CHECK_UINT(n, cases[i].passes);
    }
    finish(&m);
}

/* No call heard it, so none took any time. */
static void test_filter_of_what_nobody_heard(void)
{
    struct made m;
    make(&m);
    request(&m, 1);
    call(&m, "interceptor", proxy, interceptor, MSG_SLOW, 0);
    entry.what = ENTRY_UNDELIVERED;
    done(&m);
    CHECK_UINT(passes(&m, "kind == SLOW"), 1);
    CHECK_UINT(passes(&m, "has(took)"), 1);
    CHECK_UINT(passes(&m, "took < 1s"), 1);
    CHECK_UINT(passes(&m, "took != 1ns && kind == SLOW"), 0);
    finish(&m);
}

static void test_filter_mistakes(void)
{
    char error[FILTER_ERROR_MAX];
    CHECK(!trace_filter_new("from == interceptr", error));
    CHECK_STR(error, "column 9: from is never \"interceptr\", did you mean interceptor?");
    CHECK(!trace_filter_new("kind == REQUST", error));
    CHECK(strstr(error, "did you mean REQUEST") != NULL);
    CHECK(!trace_filter_new("effect == rite", error));
    CHECK(strstr(error, "did you mean write") != NULL);
    CHECK(!trace_filter_new("pth == x", error));
    CHECK(strstr(error, "path") != NULL);
}

/* ---- pairs ----------------------------------------------------------------------------------- */

struct paired {
    enum trace_paired paired;
    uint64_t sent; /* sequence */
};

static uint64_t late_heard, late_sent;

static void on_late(void *context, uint64_t heard, const struct trace_sent *sent)
{
    (void)context;
    late_heard = heard;
    late_sent = sent->sequence;
}

static unsigned pair_all(const struct made *m, struct paired *out, unsigned most)
{
    struct reading g;
    struct trace_sent sent;
    struct trace_pairs *p = trace_pairs_new();
    unsigned n = 0;
    late_heard = late_sent = UINT64_MAX;
    trace_pairs_late(p, on_late, NULL);
    start(&g, m);
    while (next(&g) && n < most) {
        sent.sequence = UINT64_MAX;
        out[n].paired = trace_pairs_take(p, g.reader, &g.record, &sent);
        out[n++].sent = sent.sequence;
    }
    trace_reader_free(g.reader);
    trace_pairs_free(p);
    return n;
}

static void send_twice(struct made *m, uint32_t number)
{
    call(m, "incoming_proxy", NOBODY, proxy, MSG_CONTINUE, number);
    sends(m, interceptor, MSG_CANCEL);
    sends(m, interceptor, MSG_SLOW);
    done(m);
}

static void test_pairs_in_order(void)
{
    struct made m;
    struct paired p[8];
    make(&m);
    send_twice(&m, 1);
    send_twice(&m, 2);
    simple(&m, "interceptor", proxy, interceptor, MSG_CANCEL, 1);
    simple(&m, "interceptor", proxy, interceptor, MSG_SLOW, 2);
    simple(&m, "interceptor", proxy, interceptor, MSG_DOWN, 3); /* the runtime says so */
    simple(&m, "interceptor", proxy, interceptor, MSG_CANCEL, 4);
    call(&m, "interceptor", proxy, interceptor, MSG_SLOW, 0);
    entry.what = ENTRY_UNDELIVERED;
    done(&m);
    REQUIRE(pair_all(&m, p, 8) == 7);
    CHECK_UINT(p[0].paired, PAIR_RUNTIME);
    CHECK_UINT(p[2].paired, PAIR_FOUND);
    CHECK_UINT(p[2].sent, 0);
    CHECK_UINT(p[3].sent, 0);
    CHECK_UINT(p[4].paired, PAIR_RUNTIME);
    CHECK_UINT(p[5].sent, 1);
    CHECK_UINT(p[6].paired, PAIR_FOUND);
    CHECK_UINT(p[6].sent, 1);
    finish(&m);
}

/* Another worker may have handled it before its sender's call has ended, and so been recorded. */
static void test_pairs_early(void)
{
    struct made m;
    struct paired p[4];
    make(&m);
    simple(&m, "interceptor", proxy, far, MSG_CANCEL, 1);
    call(&m, "incoming_proxy", NOBODY, proxy, MSG_CONTINUE, 1);
    spawns(&m, far, "interceptor", MSG_CANCEL);
    sends(&m, far, MSG_SLOW);
    done(&m);
    simple(&m, "interceptor", proxy, far, MSG_SLOW, 2);
    REQUIRE(pair_all(&m, p, 4) == 3);
    CHECK_UINT(p[0].paired, PAIR_EARLY);
    CHECK_UINT(late_heard, 0);
    CHECK_UINT(late_sent, 1);
    CHECK_UINT(p[2].paired, PAIR_FOUND);
    CHECK_UINT(p[2].sent, 1);
    finish(&m);
}

/* What was sent before the loss might be what is heard: only who was born since is believed. */
static void test_pairs_after_a_loss(void)
{
    struct made m;
    struct paired p[10];
    make(&m);
    send_twice(&m, 1);
    trace_encode_lagged(m.encoder, &m.file, 0, 3, m.now_ns);
    simple(&m, "interceptor", proxy, interceptor, MSG_SLOW, 9);
    call(&m, "incoming_proxy", NOBODY, proxy, MSG_CONTINUE, 8);
    sends(&m, interceptor, MSG_SLOW);
    spawns(&m, other, "interceptor", MSG_INTERCEPT);
    done(&m);
    simple(&m, "interceptor", proxy, interceptor, MSG_SLOW, 10);
    simple(&m, "interceptor", proxy, other, MSG_INTERCEPT, 1);
    REQUIRE(pair_all(&m, p, 10) == 6);
    CHECK_UINT(p[2].paired, PAIR_UNKNOWN);
    CHECK_UINT(p[4].paired, PAIR_UNKNOWN);
    CHECK_UINT(p[5].paired, PAIR_FOUND);
    CHECK_UINT(p[5].sent, 3);
    finish(&m);
}

static void test_pairs_that_do_not_fit(void)
{
    struct made m;
    struct paired p[4];
    make(&m);
    send_twice(&m, 1);
    simple(&m, "interceptor", proxy, interceptor, MSG_SLOW, 1);
    simple(&m, "interceptor", proxy, interceptor, MSG_SLOW, 2);
    REQUIRE(pair_all(&m, p, 4) == 3);
    CHECK_UINT(p[1].paired, PAIR_UNKNOWN);
    CHECK_UINT(p[2].paired, PAIR_UNKNOWN);
    finish(&m);
}

static void test_waits(void)
{
    struct trace_record r = {.ended_ns = 5000, .took_ns = 1000};
    struct trace_sent sent = {.ended_ns = 3000};
    uint64_t ns = 1;
    CHECK(trace_wait_ns(PAIR_FOUND, &sent, &r, &ns));
    CHECK_UINT(ns, 1000);
    CHECK(trace_wait_ns(PAIR_EARLY, &sent, &r, &ns));
    CHECK_UINT(ns, 0);
    sent.ended_ns = 4500; /* while its sender's call was still on */
    CHECK(trace_wait_ns(PAIR_FOUND, &sent, &r, &ns));
    CHECK_UINT(ns, 0);
    CHECK(!trace_wait_ns(PAIR_RUNTIME, &sent, &r, &ns));
    CHECK(!trace_wait_ns(PAIR_UNKNOWN, &sent, &r, &ns));
}

/* ---- stories --------------------------------------------------------------------------------- */

static void test_story(void)
{
    struct made m;
    struct reading g;
    make(&m);
    simple(&m, "incoming_proxy", NOBODY, other, MSG_CONTINUE, 1); /* 0: of no interest */
    call(&m, "incoming_proxy", NOBODY, proxy, MSG_CONTINUE, 1);   /* 1: what led to it */
    sends(&m, interceptor, MSG_REQUEST);
    done(&m);
    request(&m, 1);                                             /* 2: the exchange */
    simple(&m, "local_pool", interceptor, pool, MSG_WANT, 1);   /* 3: what it led to */
    call(&m, "incoming_proxy", NOBODY, other, MSG_CONTINUE, 2); /* 4: another exchange ... */
    input.exchange = 6;
    sends(&m, interceptor, MSG_CANCEL);
    done(&m);
    call(&m, "interceptor", other, interceptor, MSG_CANCEL, 2); /* 5: ... that led to this */
    input.exchange = 5;
    done(&m);
    struct trace_story *s = trace_story_new(5);
    start(&g, &m);
    while (next(&g))
        trace_story_take(s, g.reader, &g.record);
    CHECK(!trace_story_find(s, 0));
    const struct trace_told *told[6];
    for (unsigned i = 1; i < 6; i++) {
        told[i] = trace_story_find(s, i);
        REQUIRE(told[i] != NULL);
        CHECK_UINT(told[i]->member, i == 2 || i == 5);
    }
    CHECK_UINT(told[2]->cause, 1);
    CHECK_UINT(told[3]->cause, 2);
    CHECK_UINT(told[5]->cause, 4);
    CHECK_UINT(trace_story_depth(s, told[1]), 0);
    CHECK_UINT(trace_story_depth(s, told[3]), 2);
    CHECK(told[2]->has_wait);
    CHECK_UINT(told[2]->wait_ns, 500);
    trace_story_free(s);
    trace_reader_free(g.reader);
    finish(&m);
}

/* ---- times and texts ------------------------------------------------------------------------- */

static void test_histogram(void)
{
    struct trace_histogram *h = calloc(1, sizeof *h);
    REQUIRE(h != NULL);
    CHECK_UINT(trace_histogram_quantile(h, 0.5), 0);
    for (uint64_t i = 1; i <= 100000; i++)
        trace_histogram_add(h, i * 10);
    uint64_t p50 = trace_histogram_quantile(h, 0.5), p99 = trace_histogram_quantile(h, 0.99);
    CHECK_UINT(h->most, 1000000);
    CHECK_UINT(trace_histogram_mean(h), 500005);
    CHECK(p50 >= 500000 && p50 <= 516000);
    CHECK(p99 >= 990000 && p99 <= 1000000);
    trace_histogram_add(h, UINT64_MAX >> 1);
    CHECK_UINT(trace_histogram_quantile(h, 1), UINT64_MAX >> 1);
    free(h);
}

static void check_text(struct trace_text *t, const char *want)
{
    trace_text_char(t, '\0');
    CHECK_STR(t->at, want);
    t->length = 0;
}

static void test_texts(void)
{
    struct trace_text t = {0};
    trace_text_quoted(&t, "a\"\\\n\0\x1b[", 7, 0);
    check_text(&t, "\"a\\\"\\\\\\n\\x00\\x1b[\"");
    trace_text_quoted(&t, "abcdef", 6, 2);
    check_text(&t, "\"ab\"...");
    trace_text_json(&t, "a\"\x01\xc3\xa4\xff", 6);
    check_text(&t, "\"a\\\"\\u0001\xc3\xa4\\ufffd\"");
    trace_text_json(&t, "\xed\xa0\x80\xc0\x80\xf4\x90\x80\x80", 9);
    check_text(&t, "\"\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\"");
    trace_text_time(&t, 999);
    trace_text_char(&t, ' ');
    trace_text_time(&t, 12050);
    trace_text_char(&t, ' ');
    trace_text_time(&t, 2500000000);
    check_text(&t, "999ns 12.05us 2.5s");
    trace_text_wall(&t, 1772600767891234);
    check_text(&t, "2026-03-04T05:06:07.891234Z");
    trace_text_dump(&t, "  ", "0123456789abcdefg", 17);
    check_text(&t,
               "  00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  0123456789abcdef\n"
               "  00000010  67                                                g\n");
    trace_text_free(&t);
}

static void test_lines(void)
{
    static const char *const lines[] = {
        "  0.000000 runtime               -> incoming_proxy/0.1            DRAINED         "
        "left=0\n",
        "  0.000001 incoming_proxy/0.1    -> interceptor/0.2       [7/3]   REQUEST         GET "
        "/api?x=1 "
        "port=80 variant=framed last | send WANT to ?/0.3; write 5 bytes\n",
        "  0.001754 interceptor/0.2       -> local_pool/0.3        [7/3]   WANT            "
        "destination=0\n",
        "  0.002004                          interceptor/0.2       [7/3]   ended: done\n",
        "  0.002005 * a note\n",
    };
    struct made m;
    struct reading g;
    struct trace_view view = {.effects = true, .excerpt = 8};
    struct trace_text t = {0};
    struct trace_exchanges *x = trace_exchanges_new();
    make_some(&m);
    start(&g, &m);
    trace_view_create(&view, g.reader);
    for (unsigned i = 0; next(&g); i++) {
        REQUIRE(i < sizeof lines / sizeof lines[0]);
        trace_view_take(&view, &g.record);
        trace_line(&view, &t, &g.record, trace_exchanges_take(x, &g.record));
        check_text(&t, lines[i]);
    }
    trace_text_free(&t);
    trace_view_destroy(&view);
    trace_exchanges_free(x);
    trace_reader_free(g.reader);
    finish(&m);
}

/* Also what nobody heard is a record of its exchange, though no time was spent on it. */
static void test_totals_of_an_exchange(void)
{
    struct made m;
    struct reading g;
    struct trace_totals *totals = trace_totals_new();
    unsigned count;
    make(&m);
    request(&m, 1);
    call(&m, "interceptor", proxy, interceptor, MSG_SLOW, 0)->exchange = 5;
    entry.what = ENTRY_UNDELIVERED;
    done(&m);
    start(&g, &m);
    while (next(&g))
        trace_totals_take(totals, g.reader, &g.record, NULL);
    const struct trace_exchange_total **all = trace_totals_slowest(totals, 9, &count);
    REQUIRE(count == 1);
    CHECK_UINT(all[0]->number, 5);
    CHECK_UINT(all[0]->records, 2);
    CHECK_UINT(all[0]->handled_ns, 1000);
    CHECK_UINT(all[0]->ended_ns - all[0]->began_ns, 2500);
    CHECK_UINT(totals->all.calls, 1);
    CHECK_UINT(totals->all.undelivered, 1);
    free(all);
    trace_totals_free(totals);
    trace_reader_free(g.reader);
    finish(&m);
}

/* Kinds, types and effects that are not known here are shown by their names. */
static void test_another_builds_trace(void)
{
    struct trace_out file = {0};
    struct reading g = {.reader = trace_reader_new()};
    struct trace_view view = {.effects = true, .excerpt = 8, .bytes = true};
    struct trace_text lines = {0}, json = {0};
    struct trace_totals *totals = trace_totals_new();
    struct trace_story *story = trace_story_new(1);
    messages_init();
    foreign_file(&file);
    trace_reader_feed(g.reader, file.bytes, file.length);
    trace_view_create(&view, g.reader);
    while (next(&g)) {
        trace_view_take(&view, &g.record);
        trace_line(&view, &lines, &g.record, NULL);
        trace_json(&view, &json, &g.record, NULL);
        trace_totals_take(totals, g.reader, &g.record, NULL);
        trace_story_take(story, g.reader, &g.record);
        trace_text_char(&json, '\0');
        json_t *object = json_loads(json.at, 0, NULL);
        CHECK(json_is_object(object));
        json_decref(object);
        json.length = 0;
    }
    trace_text_char(&lines, '\0');
    CHECK(strstr(lines.at, "LANDING") != NULL);
    CHECK(strstr(lines.at, "send TALK to ") != NULL);
    CHECK(strstr(lines.at, "sun/0.4 ") != NULL);
    trace_text_free(&lines);
    trace_text_free(&json);
    trace_totals_free(totals);
    trace_story_free(story);
    trace_view_destroy(&view);
    trace_reader_free(g.reader);
    free(file.bytes);
}

CU_TestInfo trace_read_tests[] = {
    {"a filter asks for each field", test_filter_fields},
    {"a filter asks what nobody heard", test_filter_of_what_nobody_heard},
    {"mistakes in a filter are explained", test_filter_mistakes},
    {"what was sent is what was heard, in order", test_pairs_in_order},
    {"what was heard before its sender's call ended", test_pairs_early},
    {"after a loss nothing is guessed", test_pairs_after_a_loss},
    {"kinds that differ are not paired", test_pairs_that_do_not_fit},
    {"how long a message waited", test_waits},
    {"a story has what led to it and what it led to", test_story},
    {"quantiles", test_histogram},
    {"texts, times, dumps", test_texts},
    {"lines", test_lines},
    {"what an exchange comes to", test_totals_of_an_exchange},
    {"a trace of another build", test_another_builds_trace},
    CU_TEST_INFO_NULL,
};
