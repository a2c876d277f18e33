/* tests/test_redact_link.c -- what is secret on a link to an agent: in heads, and in bodies that lie between others. */
#include "messages/redact_link.h"
#include "messages/wire_encoder.h"
#include "tests/check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 2000, RECORDS = ROOM };

/* A direction of a link: what was found in it and in which bodies, in order. */
struct line {
    struct redact_rules *rules;
    struct redact_eyes eyes;
    struct redact_link *link;
    uint32_t records;
    const uint8_t *at[RECORDS]; /* the records' bytes */
    char found[ROOM], bodies[ROOM];
    uint64_t joined; /* the body that the text in `bodies` ends with; 0: none */
    bool wrong_spot;
};

static void append(char to[ROOM], const char *bytes, size_t length)
{
    size_t n = strlen(to);
    snprintf(to + n, ROOM - n, "%.*s", (int)length, bytes);
}

static void on_found(void *context, const struct redact_found *f)
{
    struct line *l = context;
    append(l->found, f->name, f->name_length);
    append(l->found, "=", 1);
    append(l->found, (const char *)f->bytes, f->length);
    append(l->found, f->partial ? "..|" : "|", 3);
}

/* c1r2s: connection, request, steal or mirror; w: raw bytes. */
static void name_body(struct line *l, const struct redact_body *b)
{
    char name[40];
    uint64_t key = b->connection << 32 | (uint64_t)b->request << 8 | (uint64_t)b->mode << 1 | 1;
    if (key != l->joined) {
        snprintf(name, sizeof name, "|c%ur%u%s%s:", (unsigned)b->connection, (unsigned)b->request,
                 b->mode == WIRE_STEAL ? "s" : "m", b->raw ? "w" : "");
        append(l->bodies, name, strlen(name));
    }
    l->joined = key;
}

static void on_body(void *context, const struct redact_body *which, const uint8_t *bytes,
                    size_t length, struct redact_spot spot)
{
    struct line *l = context;
    name_body(l, which);
    append(l->bodies, (const char *)bytes, length);
    l->wrong_spot |= memcmp(l->at[spot.record] + spot.offset, bytes, length) != 0;
}

static void on_gap(void *context, const struct redact_body *which, uint64_t missing)
{
    char text[24];
    name_body(context, which);
    snprintf(text, sizeof text, "<%u>", (unsigned)missing);
    append(((struct line *)context)->bodies, text, strlen(text));
}

static void on_edge(void *context, const struct redact_body *which)
{
    struct line *l = context;
    name_body(l, which);
    append(l->bodies, ".", 1);
    l->joined = 0;
}

static void line_begin(struct line *l, enum wire_from from)
{
    *l = (struct line){.rules = redact_rules_new()};
    l->eyes = (struct redact_eyes){.rules = l->rules, .found = on_found, .context = l};
    l->link = redact_link_new(&l->eyes, from, &(struct redact_bodies){on_body, on_gap, on_edge, l});
}

static void line_end(struct line *l)
{
    redact_link_free(l->link);
    redact_rules_free(l->rules);
    CHECK(!l->wrong_spot);
}

static void line_feed(struct line *l, const uint8_t *bytes, size_t length)
{
    l->at[l->records] = bytes;
    redact_link_feed(l->link, bytes, length, (struct redact_spot){l->records, 0, 0});
    l->records++;
}

/* However they come, it is the same. */
static void check_line(enum wire_from from, const struct wire_writer *w, const uint8_t *bytes,
                       const char *found, const char *bodies)
{
    size_t length = (size_t)(w->at - bytes);
    REQUIRE(!w->overflow);
    for (size_t cut = 1; cut <= length; cut++) {
        struct line l;
        line_begin(&l, from);
        for (size_t at = 0; at < length; at += cut)
            line_feed(&l, bytes + at, length - at < cut ? length - at : cut);
        CHECK_STR(l.found, found);
        CHECK_STR(l.bodies, bodies);
        line_end(&l);
    }
}

/* ---- messages ---- */

static void put(struct wire_writer *w, const char *text)
{
    wire_put_string(w, text, strlen(text));
}

static void put_fields(struct wire_writer *w, const char *name, const char *value)
{
    wire_put_uint(w, 2);
    put(w, "host");
    wire_put_uint(w, 1);
    put(w, "x");
    put(w, name);
    wire_put_uint(w, 1);
    put(w, value);
}

static void put_frames(struct wire_writer *w, const char *first, const char *second)
{
    wire_put_uint(w, 2);
    wire_put_frame(w, strlen(first));
    wire_put_raw(w, first, strlen(first));
    wire_put_frame(w, strlen(second));
    wire_put_raw(w, second, strlen(second));
}

static const struct wire_address nowhere = {.family = 4};

static void put_request_head(struct wire_writer *w, const char *target, const char *cookie)
{
    put(w, "POST");
    put(w, target);
    put_fields(w, "cookie", cookie);
    put(w, "HTTP/1.1");
}

static void put_request(struct wire_writer *w, unsigned connection, const char *target,
                        const char *body)
{
    const struct wire_ids ids = {connection, 7, 80};
    wire_put_request(w, WIRE_STEAL, WIRE_HTTP_REQUEST);
    put_request_head(w, target, "pin=7Q3");
    put(w, body);
    wire_put_request_end(w, &ids);
}

static void put_start(struct wire_writer *w, unsigned connection, const char *first,
                      const char *second)
{
    const struct wire_ids ids = {connection, 0, 80};
    wire_put_start_v2(w, WIRE_STEAL, &ids);
    put_request_head(w, "/a", "pin=7Q3");
    put_frames(w, first, second);
    wire_put_start_v2_end(w, false, &nowhere, &nowhere, &(struct wire_tls){0});
}

static void put_more(struct wire_writer *w, unsigned connection, const char *bytes, bool last)
{
    const struct wire_ids ids = {connection, 0, 80};
    wire_put_request_body(w, WIRE_STEAL, 1);
    wire_put_frame(w, strlen(bytes));
    wire_put_raw(w, bytes, strlen(bytes));
    wire_put_body_end(w, last, &ids);
}

/* ---- the tests ---- */

static void test_heads_and_bodies_of_requests(void)
{
    uint8_t bytes[ROOM];
    struct wire_writer w = wire_writer_over(bytes, sizeof bytes);
    put_request(&w, 1, "/a?token=q7", "pwd=1");
    put_request(&w, 2, "/b", "");
    check_line(WIRE_FROM_AGENT, &w, bytes, "token=q7|pin=7Q3|pin=7Q3|",
               "|c1r7s:.|c1r7s:pwd=1.|c2r7s:.|c2r7s:.");
}

/* Two bodies, a piece of each in turn: what is between the pieces of one is none of it. */
static void test_bodies_that_lie_between_others(void)
{
    uint8_t bytes[ROOM];
    struct wire_writer w = wire_writer_over(bytes, sizeof bytes);
    put_start(&w, 1, "pw", "d=12");
    put_start(&w, 2, "token=", "");
    put_more(&w, 1, "34&x", false);
    put_more(&w, 2, "abcd", true);
    put_more(&w, 1, "=1", true);
    check_line(WIRE_FROM_AGENT, &w, bytes, "pin=7Q3|pin=7Q3|",
               "|c1r0s:.|c1r0s:pwd=12|c2r0s:.|c2r0s:token=|c1r0s:34&x|c2r0s:abcd.|c1r0s:=1.");
}

static void test_connections(void)
{
    uint8_t bytes[ROOM];
    struct wire_writer w = wire_writer_over(bytes, sizeof bytes);
    wire_put_data(&w, WIRE_FROM_AGENT, WIRE_MIRROR, 3, 3);
    wire_put_raw(&w, "GET", 3);
    wire_put_data(&w, WIRE_FROM_AGENT, WIRE_STEAL, 3, 2);
    wire_put_raw(&w, "ab", 2);
    wire_put_data(&w, WIRE_FROM_AGENT, WIRE_MIRROR, 3, 2);
    wire_put_raw(&w, " /", 2);
    wire_put_tcp_close(&w, WIRE_STEAL, 3);
    check_line(WIRE_FROM_AGENT, &w, bytes, "", "|c3r0mw:GET|c3r0sw:ab|c3r0mw: /|c3r0s:.");
}

static void test_answers(void)
{
    const struct wire_ids ids = {5, 6, 80};
    uint8_t bytes[ROOM];
    struct wire_writer w = wire_writer_over(bytes, sizeof bytes);
    wire_put_response(&w, WIRE_HTTP_RESPONSE_FRAMED, &ids);
    wire_put_status(&w, 200);
    put(&w, "HTTP/1.1");
    put_fields(&w, "set-cookie", "pid=8R4; Path=/");
    wire_put_uint(&w, 2);
    wire_put_frame(&w, 4);
    wire_put_raw(&w, "body", 4);
    wire_put_trailers(&w);
    put_fields(&w, "x-token", "t9");
    check_line(WIRE_FROM_CLIENT, &w, bytes, "pid=8R4|x-token=t9|", "|c5r6s:.|c5r6s:body.");
}

static void test_texts_and_filters(void)
{
    static const char log[] = "no token=abc here", legacy[] = "^x-token: def",
                      one[] = "^x-token: gh";
    uint8_t bytes[ROOM];
    struct wire_writer w = wire_writer_over(bytes, sizeof bytes);
    wire_put_log(&w, WIRE_LEVEL_WARN, (struct wire_text){log, sizeof log - 1});
    check_line(WIRE_FROM_AGENT, &w, bytes, "token=abc|", "");
    w = wire_writer_over(bytes, sizeof bytes);
    wire_put_subscribe_header(&w, 80, (struct wire_text){legacy, sizeof legacy - 1});
    wire_put_subscribe_filter(&w, WIRE_STEAL, 80);
    wire_put_filter_all(&w, 2);
    wire_put_filter_header(&w, (struct wire_text){one, sizeof one - 1});
    wire_put_filter_path(&w, (struct wire_text){"token=(ij|k)", 12});
    check_line(WIRE_FROM_CLIENT, &w, bytes, "^x-token=def..|^x-token=gh..|token=ij..|token=k..|",
               "");
}

/* ---- gaps ---- */

/* `missing` bytes from `at` on are not there. */
static void check_gap(const struct wire_writer *w, const uint8_t *bytes, size_t at, size_t missing,
                      const char *found, const char *bodies)
{
    size_t length = (size_t)(w->at - bytes);
    struct line l;
    REQUIRE(!w->overflow && at + missing <= length);
    line_begin(&l, WIRE_FROM_AGENT);
    line_feed(&l, bytes, at);
    redact_link_gap(l.link, missing);
    if (at + missing < length)
        line_feed(&l, bytes + at + missing, length - at - missing);
    CHECK_STR(l.found, found);
    CHECK_STR(l.bodies, bodies);
    line_end(&l);
}

static size_t place_of(const struct wire_writer *w, const uint8_t *bytes, const char *text)
{
    const uint8_t *place = memmem(bytes, (size_t)(w->at - bytes), text, strlen(text));
    REQUIRE(place != NULL);
    return (size_t)(place - bytes);
}

/* Its head, what was kept of it, and all that follows are known nevertheless. */
static void test_a_body_that_was_cut(void)
{
    uint8_t bytes[ROOM];
    struct wire_writer w = wire_writer_over(bytes, sizeof bytes);
    put_request(&w, 1, "/a", "pwd=1234567");
    put_start(&w, 2, "token=abcdef", "ghi");
    put_more(&w, 2, "", true);
    check_gap(&w, bytes, place_of(&w, bytes, "34567"), 5, "pin=7Q3|pin=7Q3|",
              "|c1r7s:.|c1r7s:pwd=12<5>.|c2r0s:.|c2r0s:token=abcdefghi.");
    check_gap(&w, bytes, place_of(&w, bytes, "4567"), 2, "pin=7Q3|pin=7Q3|",
              "|c1r7s:.|c1r7s:pwd=123<2>67.|c2r0s:.|c2r0s:token=abcdefghi.");
    check_gap(&w, bytes, place_of(&w, bytes, "cdef"), 4, "pin=7Q3|pin=7Q3|",
              "|c1r7s:.|c1r7s:pwd=1234567.|c2r0s:.|c2r0s:token=ab<4>ghi.");
}

/* More than a body is missing: what follows is no beginning of a message, the next piece is. */
static void test_messages_that_were_cut(void)
{
    uint8_t bytes[ROOM], next[ROOM];
    struct wire_writer w = wire_writer_over(bytes, sizeof bytes),
                       after = wire_writer_over(next, sizeof next);
    struct line l;
    put_request(&w, 1, "/a?token=abc", "pwd=12");
    put_request(&after, 2, "/b", "x");
    line_begin(&l, WIRE_FROM_AGENT);
    line_feed(&l, bytes, place_of(&w, bytes, "d=12"));
    redact_link_gap(l.link, 5);
    CHECK_STR(l.found, "token=abc|pin=7Q3|");
    CHECK_STR(l.bodies, "");
    line_feed(&l, (const uint8_t *)"\xff no message", 12);
    line_feed(&l, next, (size_t)(after.at - next));
    CHECK_STR(l.found, "token=abc|pin=7Q3|pin=7Q3|");
    CHECK_STR(l.bodies, "|c2r7s:.|c2r7s:x.");
    line_end(&l);
}

/* A message is written in pieces; those behind the one that was cut begin none, though they could: 01 does. So does
 * what goes on with a message that was not seen, until a record ends as one does. */
static void test_pieces_of_messages_that_were_cut(void)
{
    uint8_t bytes[ROOM];
    struct wire_writer w = wire_writer_over(bytes, sizeof bytes);
    struct line l;
    put_request(&w, 1, "/a", "pwd=12");
    line_begin(&l, WIRE_FROM_AGENT);
    line_feed(&l, bytes, 10);
    redact_link_gap(l.link, 20);
    l.records--;
    line_feed(&l, (const uint8_t *)"\x01\x01", 2);
    CHECK_STR(l.bodies, "");
    line_feed(&l, (const uint8_t *)"\x01\x01\x05\xfc\xff\xff\xff\x0f", 8);
    for (unsigned i = 0; i < 2; i++) {
        line_feed(&l, bytes, 9);
        l.records--; /* of the same call */
        l.at[l.records] = bytes;
        redact_link_feed(l.link, bytes + 9, (size_t)(w.at - bytes) - 9,
                         (struct redact_spot){l.records++, 9, 0});
    }
    CHECK_STR(l.found, "pin=7Q3|pin=7Q3|");
    CHECK_STR(l.bodies, "|c1r7s:.|c1r7s:pwd=12.|c1r7s:.|c1r7s:pwd=12.");
    line_end(&l);
}

/* Of a head that was cut the lines that are whole are looked at, and the target as far as it came. */
static void test_heads_that_were_cut(void)
{
    const struct wire_ids ids = {1, 0, 80};
    uint8_t bytes[ROOM];
    struct wire_writer w = wire_writer_over(bytes, sizeof bytes);
    wire_put_request(&w, WIRE_STEAL, WIRE_HTTP_REQUEST);
    put(&w, "POST");
    put(&w, "/a?token=abc");
    put_fields(&w, "x-token", "t9");
    put(&w, "HTTP/1.1");
    size_t length = (size_t)(w.at - bytes);
    check_gap(&w, bytes, length - 4, 4, "token=abc|x-token=t9|", "");
    check_gap(&w, bytes, place_of(&w, bytes, "9\x08HTTP"), 1, "token=abc|", "");
    check_gap(&w, bytes, place_of(&w, bytes, "c\x02"), 1, "token=ab|", "");
    check_gap(&w, bytes, place_of(&w, bytes, "POST") + 2, 1, "", "");
    w = wire_writer_over(bytes, sizeof bytes);
    wire_put_response(&w, WIRE_HTTP_RESPONSE, &ids);
    wire_put_status(&w, 200);
    put(&w, "HTTP/1.1");
    wire_put_uint(&w, 2);
    put(&w, "set-cookie");
    wire_put_uint(&w, 1);
    put(&w, "pid=8R4");
    put(&w, "x-cut");
    struct line l;
    line_begin(&l, WIRE_FROM_CLIENT);
    line_feed(&l, bytes, (size_t)(w.at - bytes));
    redact_link_gap(l.link, 1);
    CHECK_STR(l.found, "pid=8R4|");
    line_end(&l);
}

/* A recorder in memory begins anywhere. */
static void test_a_beginning_within_a_message(void)
{
    uint8_t bytes[ROOM];
    struct wire_writer w = wire_writer_over(bytes, sizeof bytes);
    struct line l;
    put_request(&w, 1, "/a", "x");
    line_begin(&l, WIRE_FROM_AGENT);
    line_feed(&l, (const uint8_t *)"the rest of a body", 18);
    line_feed(&l, bytes, (size_t)(w.at - bytes));
    CHECK_STR(l.found, "pin=7Q3|");
    CHECK_STR(l.bodies, "|c1r7s:.|c1r7s:x.");
    line_end(&l);
}

CU_TestInfo redact_link_tests[] = {
    {"heads and bodies of requests", test_heads_and_bodies_of_requests},
    {"bodies that lie between others", test_bodies_that_lie_between_others},
    {"connections", test_connections},
    {"answers, and their trailers", test_answers},
    {"texts and filters", test_texts_and_filters},
    {"a body that was cut", test_a_body_that_was_cut},
    {"messages that were cut", test_messages_that_were_cut},
    {"pieces of messages that were cut", test_pieces_of_messages_that_were_cut},
    {"heads that were cut", test_heads_that_were_cut},
    {"a beginning within a message", test_a_beginning_within_a_message},
    CU_TEST_INFO_NULL,
};
