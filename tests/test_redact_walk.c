/* tests/test_redact_walk.c -- which bytes of which records are of one stream, and what is looked at by itself.
 *
 * Records are made by hand, with the kinds and effects of a file that the encoder has begun.
 */
#include "messages/redact_walk.h"
#include "messages/agent_vocabulary.h"
#include "messages/trace_copy.h"
#include "messages/trace_encoder.h"
#include "messages/vocabulary.h"
#include "messages/wire_encoder.h"
#include "tests/check.h"
#include "tests/record_fields.h"
#include <stdlib.h>

static const struct actor_ref A = {9, 1}, B = {10, 1}, C = {11, 1};

enum { ROOM = 2000 };

struct stage {
    struct trace_reader *reader;
    struct redact_rules *rules;
    struct redact_texts *texts; /* NULL: names are looked at */
    struct redact_walk *walk;
    struct trace_out effects;
    char told[ROOM];
};

static void tell(struct stage *s, const char *name, size_t name_length, const char *value,
                 size_t length, const char *end)
{
    size_t n = strlen(s->told);
    snprintf(s->told + n, sizeof s->told - n, "%.*s=%.*s%s|", (int)name_length, name, (int)length,
             value, end);
}

static void on_found(void *context, const struct redact_found *f)
{
    tell(context, f->name, f->name_length, (const char *)f->bytes, f->length,
         f->partial ? ".." : "");
}

/* Where a part of a text is: its record, the place in that, the offset. */
static void on_part(void *context, const struct redact_text *text, struct redact_spot spot,
                    uint32_t from, uint32_t length)
{
    char where[40];
    snprintf(where, sizeof where, "%u/%u+%u", spot.record, spot.place, spot.offset);
    tell(context, where, strlen(where), (const char *)text->bytes + from, length, "");
}

static void read_tables(struct stage *s)
{
    static const struct actor_type *const none[] = {NULL};
    static const struct trace_setting no_settings[] = {{NULL, NULL}};
    struct trace_about about = {
        .program = "p", .build = "", .options = "", .protocol = "", .system = "", .why = ""};
    struct trace_out out = {0};
    struct trace_record r;
    messages_init();
    struct trace_encoder *e = trace_encoder_new(&about, none, no_settings);
    trace_encode_beginning(e, &out, 0, "");
    s->reader = trace_reader_new();
    trace_reader_feed(s->reader, out.bytes, out.length);
    while (trace_reader_next(s->reader, &r) != TRACE_MORE)
        ;
    trace_encoder_free(e);
    free(out.bytes);
}

/* secret: looked for wherever it is; NULL: what stands behind names is told. */
static void start(struct stage *s, const char *secret)
{
    *s = (struct stage){.rules = redact_rules_new()};
    struct redact_eyes eyes = {.rules = s->rules, .found = on_found, .context = s};
    read_tables(s);
    if (secret) {
        s->texts = redact_texts_new("k", 1);
        redact_texts_learn(s->texts, (const uint8_t *)secret, strlen(secret), REDACT_PLAIN, "test");
        redact_texts_close(s->texts);
        eyes.found = NULL;
        eyes.sink = (struct redact_sink){s->texts, on_part, s, NULL};
    }
    s->walk = redact_walk_new(&eyes);
}

static void check_found(struct stage *s, const char *expected)
{
    redact_walk_free(s->walk);
    CHECK_STR(s->told, expected);
    if (s->texts)
        redact_texts_free(s->texts);
    redact_rules_free(s->rules);
    trace_reader_free(s->reader);
    free(s->effects.bytes);
}

/* ---- records ---- */

static struct trace_record record(const struct stage *s, uint16_t kind, struct actor_ref to,
                                  struct actor_ref from)
{
    return (struct trace_record){
        .what = TRACE_CALL, .kind = trace_reader_kind(s->reader, kind), .to = to, .from = from};
}

static void put(struct trace_record *r, const char *field, const char *text)
{
    record_put(r, field, text, strlen(text), strlen(text));
}

static void take(struct stage *s, struct trace_record r)
{
    r.effects = s->effects.bytes;
    r.effects_length = s->effects.length;
    redact_walk_record(s->walk, s->reader, &r);
    s->effects.length = 0;
}

static void effect(struct stage *s, enum effect_kind kind, uint32_t n, const char *bytes,
                   size_t kept)
{
    const struct trace_effect e = {
        .kind = kind,
        .n = n,
        .bytes = {(const uint8_t *)bytes, (uint32_t)strlen(bytes), (uint32_t)kept, 0}};
    trace_put_effect(&s->effects, s->reader, &e);
}

static void say(struct stage *s, struct actor_ref to, struct actor_ref from, uint32_t exchange,
                const char *bytes)
{
    struct trace_record r = record(s, MSG_REQUEST_BODY, to, from);
    r.exchange = exchange;
    put(&r, "bytes", bytes);
    take(s, r);
}

/* A write to a socket, and a read from it. */
static void write_to(struct stage *s, struct actor_ref who, uint32_t n, const char *bytes)
{
    effect(s, EFFECT_WRITE, n, bytes, strlen(bytes));
    take(s, record(s, MSG_DRAIN, who, A));
}

static void read_from(struct stage *s, struct actor_ref who, uint32_t n, uint32_t serial,
                      const char *bytes)
{
    struct trace_record r = record(s, MSG_SOCKET_DATA, who, NOBODY);
    put(&r, "bytes", bytes);
    record_set(&r, "n", n);
    record_set(&r, "serial", serial);
    take(s, r);
}

/* ---- bodies ---- */

/* What one says of an exchange to another is one stream; what others say between is none of it. */
static void test_bodies(void)
{
    struct stage s;
    start(&s, NULL);
    say(&s, A, B, 1, "token=ab");
    say(&s, A, B, 2, "&pwd=");
    say(&s, B, A, 1, "x&sig=");
    say(&s, C, A, 1, "&");
    say(&s, A, B, 1, "cd&");
    say(&s, A, B, 2, "ef&");
    say(&s, B, A, 1, "gh&");
    CHECK_UINT(redact_walk_records(s.walk), 7);
    check_found(&s, "token=abcd|pwd=ef|sig=gh|");
}

/* Before it has a number, an exchange is known by its ids. */
static void test_bodies_by_their_ids(void)
{
    static const char *const pieces[] = {"token=a", "sig=b", "pwd=c", "key=d"};
    struct stage s;
    start(&s, NULL);
    for (unsigned i = 0; i < 8; i++) {
        struct trace_record r = record(&s, MSG_REQUEST_BODY, A, B);
        record_set(&r, "connection", i % 4 == 1 ? 8 : 7);
        record_set(&r, "request", i % 4 == 2 ? 1 : 0);
        record_set(&r, "mode", i % 4 == 3 ? MODE_MIRROR : MODE_STEAL);
        put(&r, "bytes", i < 4 ? pieces[i] : "z&");
        take(&s, r);
    }
    check_found(&s, "token=az|sig=bz|pwd=cz|key=dz|");
}

static void test_where_bodies_end(void)
{
    struct stage s;
    start(&s, NULL);
    struct trace_record r = record(&s, MSG_REQUEST_BODY, A, B);
    put(&r, "bytes", "token=ab");
    record_set(&r, "last", 1);
    take(&s, r);
    say(&s, A, B, 0, "cd&sig=ef");
    r = record(&s, MSG_REQUEST, A, B);
    put(&r, "head", "\x03GET\x0a/?pwd=abcd\x01\x07x-token\x01\x02qq\x08HTTP/1.1");
    take(&s, r);
    say(&s, A, B, 0, "gh&");
    put(&r, "head", "no head, but token=ij");
    take(&s, r);
    check_found(&s, "token=ab|sig=ef|pwd=abcd|x-token=qq|token=ij|");
}

static void test_trailers_and_frames(void)
{
    static const char frames[] = "\x03\x00\x07pwd=\"ab\x00\x03"
                                 "cd\"\x01\x01\x08x-secret\x01\x02rr";
    struct stage s;
    start(&s, NULL);
    struct trace_record r = record(&s, MSG_REQUEST_BODY, A, B);
    put(&r, "bytes", "\x01\x07x-token\x01\x02qq");
    record_set(&r, "trailers", 1);
    take(&s, r);
    r = record(&s, MSG_RESPONSE, A, B);
    record_put(&r, "body", frames, sizeof frames - 1, sizeof frames - 1);
    take(&s, r);
    r.exchange = 5; /* the same text, but it is no list: its beginning alone */
    record_put(&r, "body", frames, sizeof frames - 1, sizeof frames - 3);
    take(&s, r);
    check_found(&s, "x-token=qq|pwd=abcd|x-secret=rr|pwd=ab|");
}

/* The beginning of a value whose end was left out is one. */
static void test_capped_bodies(void)
{
    struct stage s;
    start(&s, NULL);
    struct trace_record r = record(&s, MSG_REQUEST_BODY, A, B);
    record_put(&r, "bytes", "token=abcdef&", 13, 9);
    take(&s, r);
    say(&s, A, B, 0, "sig=gh&");
    effect(&s, EFFECT_WRITE, 3, "pwd=abcdef", 7);
    take(&s, record(&s, MSG_DRAIN, A, B));
    check_found(&s, "token=abc..|sig=gh|pwd=abc..|");
}

/* ---- sockets ---- */

static void test_sockets(void)
{
    struct stage s;
    start(&s, NULL);
    write_to(&s, A, 1, "token=ab");
    write_to(&s, A, 2, "sig=");
    write_to(&s, B, 1, "pwd=");
    read_from(&s, A, 1, 77, "key=");
    read_from(&s, A, 1, 78, "otp=");
    write_to(&s, A, 1, "cd&");
    write_to(&s, A, 2, "ef&");
    write_to(&s, B, 1, "gh&");
    read_from(&s, A, 1, 77, "ij&");
    read_from(&s, A, 1, 78, "kl&");
    check_found(&s, "token=abcd|sig=ef|pwd=gh|key=ij|otp=kl|");
}

/* The next connection of the same number has nothing of the one before. */
static void test_another_connection(void)
{
    struct stage s;
    start(&s, NULL);
    write_to(&s, A, 1, "token=ab");
    effect(&s, EFFECT_CONNECT, 1, "", 0);
    effect(&s, EFFECT_WRITE, 1, "cd&sig=ef", 9);
    take(&s, record(&s, MSG_DRAIN, A, B));
    check_found(&s, "token=ab|sig=ef..|"); /* the trace ends: it may go on */
}

/* What is no head is a body: in it no line goes on in the next one. */
#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 32\r\n\r\n"
#define BODY   "HTTP/1.1 200\r\nX-Token: ab\r\n open"

/* What was asked in one direction says what an answer in the other one has: an answer to HEAD, no body. */
static void test_what_is_asked_on_a_connection(void)
{
    struct stage s;
    start(&s, NULL);
    write_to(&s, A, 1, "GET / HTTP/1.1\r\n\r\n");
    read_from(&s, A, 1, 77, ANSWER BODY);
    check_found(&s, "X-Token=ab|");
    start(&s, NULL);
    write_to(&s, A, 1, "HEAD / HTTP/1.1\r\n\r\n");
    read_from(&s, A, 1, 77, ANSWER BODY);
    check_found(&s, "X-Token=ab\r\n open|");
}

static void test_what_is_asked_on_another_connection(void)
{
    struct stage s;
    start(&s, NULL);
    write_to(&s, A, 1, "HEAD / HTTP/1.1\r\n\r\n");
    read_from(&s, A, 1, 77, "");
    effect(&s, EFFECT_CONNECT, 1, "", 0);
    write_to(&s, A, 1, "GET / HTTP/1.1\r\n\r\n");
    read_from(&s, A, 1, 78, ANSWER BODY);
    check_found(&s, "X-Token=ab|");
}

static void say_data(struct stage *s, struct actor_ref to, struct actor_ref from, uint32_t exchange,
                     const char *bytes)
{
    struct trace_record r = record(s, MSG_DATA, to, from);
    r.exchange = exchange;
    record_set(&r, "connection", 3);
    put(&r, "bytes", bytes);
    take(s, r);
}

/* Of bytes that actors hand on: between the same two, or by the exchange's number. */
static void test_what_is_asked_in_raw_bytes(void)
{
    struct stage s;
    start(&s, NULL);
    say_data(&s, A, B, 0, "GET / HTTP/1.1\r\n\r\n");
    say_data(&s, B, A, 0, ANSWER BODY);
    say_data(&s, A, B, 9, "GET / HTTP/1.1\r\n\r\n");
    say_data(&s, C, A, 9, ANSWER BODY);
    check_found(&s, "X-Token=ab|X-Token=ab|");
}

/* ---- links ---- */

static size_t put_request(uint8_t bytes[ROOM], const char *body)
{
    static const char head[] = "\x03GET\x01/\x01\x06"
                               "cookie\x01\x05pin=7\x08HTTP/1.1";
    const struct wire_ids ids = {1, 0, 80};
    struct wire_writer w = wire_writer_over(bytes, ROOM);
    wire_put_request(&w, WIRE_STEAL, WIRE_HTTP_REQUEST);
    wire_put_raw(&w, head, sizeof head - 1);
    wire_put_string(&w, body, strlen(body));
    wire_put_request_end(&w, &ids);
    REQUIRE(!w.overflow);
    return (size_t)(w.at - bytes);
}

static void from_agent(struct stage *s, const char *type, const uint8_t *bytes, size_t length,
                       size_t kept)
{
    struct trace_record r = record(s, MSG_SOCKET_DATA, A, NOBODY);
    r.type = type;
    record_put(&r, "bytes", bytes, length, kept);
    record_set(&r, "serial", 5);
    take(s, r);
}

/* Protocol messages are taken apart where a link is: at the proxy's end, and at the agent's. */
static void test_links(void)
{
    uint8_t bytes[ROOM];
    size_t length = put_request(bytes, "token=ab");
    struct stage s;
    start(&s, NULL);
    from_agent(&s, "link_connection", bytes, 20, 20);
    from_agent(&s, "link_connection", bytes + 20, length - 20, length - 20);
    CHECK_STR(s.told, "pin=7|token=ab|");
    struct trace_record r = record(&s, MSG_DRAIN, B, A);
    r.type = "agent_session";
    const struct trace_effect e = {
        .kind = EFFECT_WRITE, .n = 2, .bytes = {bytes, (uint32_t)length, (uint32_t)length, 0}};
    trace_put_effect(&s.effects, s.reader, &e);
    take(&s, r);
    check_found(&s, "pin=7|token=ab|pin=7|token=ab|");
    start(&s, NULL);
    from_agent(&s, "local_connection", bytes, length, length);
    check_found(&s, "token=ab|");
}

static void to_agent(struct stage *s, const uint8_t *bytes, size_t length)
{
    struct trace_record r = record(s, MSG_DRAIN, A, B);
    r.type = "link_connection";
    const struct trace_effect e = {
        .kind = EFFECT_WRITE, .n = 2, .bytes = {bytes, (uint32_t)length, (uint32_t)length, 0}};
    trace_put_effect(&s->effects, s->reader, &e);
    take(s, r);
}

/* An answer, whose first bytes were written to another connection, too. */
static void test_answers_on_links(void)
{
    const struct wire_ids ids = {1, 0, 80};
    uint8_t bytes[ROOM];
    struct wire_writer w = wire_writer_over(bytes, ROOM);
    wire_put_response(&w, WIRE_HTTP_RESPONSE, &ids);
    wire_put_status(&w, 200);
    wire_put_string(&w, "HTTP/1.1", 8);
    wire_put_uint(&w, 1);
    wire_put_string(&w, "set-cookie", 10);
    wire_put_uint(&w, 1);
    wire_put_string(&w, "pid=8", 5);
    wire_put_string(&w, "token=ab", 8);
    REQUIRE(!w.overflow);
    struct stage s;
    start(&s, NULL);
    to_agent(&s, bytes, 9);
    effect(&s, EFFECT_CONNECT, 2, "", 0);
    to_agent(&s, bytes, (size_t)(w.at - bytes));
    check_found(&s, "pid=8|token=ab|");
}

/* A connection and a request may have the same number. */
static void test_connections_on_links(void)
{
    const struct wire_ids ids = {1, 0, 80};
    uint8_t bytes[ROOM];
    struct wire_writer w = wire_writer_over(bytes, ROOM);
    wire_put_data(&w, WIRE_FROM_AGENT, WIRE_STEAL, 1, 7);
    wire_put_raw(&w, "token=a", 7);
    wire_put_request_body(&w, WIRE_STEAL, 1);
    wire_put_frame(&w, 2);
    wire_put_raw(&w, "z&", 2);
    wire_put_body_end(&w, false, &ids);
    wire_put_data(&w, WIRE_FROM_AGENT, WIRE_STEAL, 1, 2);
    wire_put_raw(&w, "b&", 2);
    REQUIRE(!w.overflow);
    struct stage s;
    start(&s, NULL);
    from_agent(&s, "link_connection", bytes, (size_t)(w.at - bytes), (size_t)(w.at - bytes));
    check_found(&s, "token=ab|");
}

/* Of a body on it bytes are missing: the value is not whole, and the next message is one. */
static void test_capped_links(void)
{
    uint8_t bytes[ROOM];
    size_t length = put_request(bytes, "token=abcdef&");
    const uint8_t *end = memmem(bytes, length, "def&", 4);
    REQUIRE(end != NULL);
    size_t kept = (size_t)(end - bytes);
    struct stage s;
    start(&s, NULL);
    from_agent(&s, "link_connection", bytes, kept + 4, kept);
    from_agent(&s, "link_connection", end + 4, length - kept - 4, length - kept - 4);
    from_agent(&s, "link_connection", bytes, length, length);
    check_found(&s, "pin=7|token=abc..|pin=7|token=abcdef|");
}

/* ---- files and texts ---- */

static void test_files(void)
{
    struct stage s;
    start(&s, NULL);
    effect(&s, EFFECT_FILE_WRITE, 1, "token=ab", 8);
    effect(&s, EFFECT_FILE_WRITE, 1, "cd ", 3);
    effect(&s, EFFECT_WRITE, 1, "sig=", 4);
    effect(&s, EFFECT_FILE_WRITE, 1, "pwd=ef", 6);
    take(&s, record(&s, MSG_DRAIN, A, B));
    effect(&s, EFFECT_FILE_OPEN, 1, "/log/key=gh", 11);
    effect(&s, EFFECT_FILE_WRITE, 1, "ij ", 3);
    effect(&s, EFFECT_WRITE, 1, "kl ", 3);
    take(&s, record(&s, MSG_DRAIN, A, B));
    check_found(&s, "token=abcd|pwd=ef|key=gh|sig=kl|");
}

static void test_texts(void)
{
    struct stage s;
    start(&s, NULL);
    struct trace_record r = record(&s, MSG_AGENT_LOG, A, B);
    put(&r, "text", "no token=ab");
    take(&s, r);
    put(&r, "text", "cd");
    take(&s, r);
    r = record(&s, MSG_AGENT_SUBSCRIBE, A, B);
    put(&r, "filter", "\x10^x-token: (ef|gh)\x0etoken=(kl|mn)$");
    take(&s, r);
    take(&s, (struct trace_record){.what = TRACE_NOTE, .text = "not written: sig=ij"});
    check_found(&s, "token=ab|^x-token=ef..|^x-token=gh..|token=kl..|token=mn..|sig=ij|");
}

/* ---- places ---- */

/* What is told of a text: the record, the span's number or what else it is, and the offset in it. */
static void test_places(void)
{
    struct stage s;
    start(&s, "sekrit7");
    struct trace_record r = record(&s, MSG_RESPONSE, A, B);
    put(&r, "head", "xx sekrit7");
    put(&r, "body", "x sekr");
    effect(&s, EFFECT_WRITE, 1, "sekri", 5);
    effect(&s, EFFECT_WRITE, 1, "t7", 2);
    take(&s, r);
    put(&r, "head", "");
    put(&r, "body", "it7.");
    take(&s, r);
    take(&s, (struct trace_record){.what = TRACE_NOTE, .text = "a sekrit7"});
    redact_walk_free(s.walk);
    s.walk = redact_walk_new(&(struct redact_eyes){.rules = s.rules});
    char expected[ROOM];
    struct trace_out write = {0};
    const struct trace_effect e = {.kind = EFFECT_WRITE,
                                   .bytes = {(const uint8_t *)"sekri", 5, 5, 0}};
    trace_put_effect(&write, s.reader, &e);
    unsigned before = (unsigned)write.length - 5;
    snprintf(expected, sizeof expected,
             "0/0+3=sekrit7|0/1+2=sekr|1/1+0=it7|2/%u+2=sekrit7|0/%u+%u=sekri|0/%u+%u=t7|",
             (unsigned)REDACT_NOTE, (unsigned)REDACT_EFFECTS, before, (unsigned)REDACT_EFFECTS,
             (unsigned)write.length + before);
    free(write.bytes);
    check_found(&s, expected);
}

/* In a frame; and of a text that is cut on a link the part that is there. */
static void test_places_of_parts(void)
{
    uint8_t bytes[ROOM];
    size_t length = put_request(bytes, "x sekrit7");
    const uint8_t *cut = memmem(bytes, length, "it7", 3);
    REQUIRE(cut != NULL);
    size_t kept = (size_t)(cut - bytes);
    char expected[80];
    struct stage s;
    start(&s, "sekrit7");
    struct trace_record r = record(&s, MSG_RESPONSE, A, B);
    record_put(&r, "body", "\x01\x00\x07sekrit7", 10, 10);
    take(&s, r);
    from_agent(&s, "link_connection", bytes, kept + 3, kept);
    snprintf(expected, sizeof expected, "1/0+%u=sekr|0/1+3=sekrit7|", (unsigned)kept - 4);
    check_found(&s, expected);
}

CU_TestInfo redact_walk_tests[] = {
    {"bodies", test_bodies},
    {"bodies by their ids", test_bodies_by_their_ids},
    {"where bodies end", test_where_bodies_end},
    {"trailers and frames", test_trailers_and_frames},
    {"capped bodies", test_capped_bodies},
    {"sockets", test_sockets},
    {"another connection", test_another_connection},
    {"what is asked on a connection", test_what_is_asked_on_a_connection},
    {"what is asked on another connection", test_what_is_asked_on_another_connection},
    {"what is asked in raw bytes", test_what_is_asked_in_raw_bytes},
    {"links", test_links},
    {"answers on links", test_answers_on_links},
    {"connections on links", test_connections_on_links},
    {"capped links", test_capped_links},
    {"files", test_files},
    {"texts, filters, notes", test_texts},
    {"places", test_places},
    {"places of parts", test_places_of_parts},
    CU_TEST_INFO_NULL,
};
