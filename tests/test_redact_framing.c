/* tests/test_redact_framing.c -- values in HTTP/1 as it goes over a connection: no head is taken for a body's part. */
#include "messages/redact_scan.h"
#include "messages/redact_stream.h"
#include "tests/check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CUTS = 9, CAP = 1000 };

/* A connection of which both directions are scanned: what was found behind names, each value in < and >. */
struct connection {
    struct redact_rules *rules;
    struct redact_asked asked;
    struct redact_eyes eyes;
    struct redact_stream *requests, *answers;
    char found[CAP];
    size_t cut; /* bytes that come at once */
};

static void on_found(void *context, const struct redact_found *f)
{
    struct connection *c = context;
    size_t n = strlen(c->found);
    snprintf(c->found + n, sizeof c->found - n, "<%.*s>", (int)f->length, (const char *)f->bytes);
}

static void connection_begin(struct connection *c, size_t cut)
{
    *c = (struct connection){.rules = redact_rules_new(), .cut = cut};
    c->eyes = (struct redact_eyes){c->rules, {NULL, NULL, NULL, NULL}, on_found, c};
    c->requests = redact_stream_new(&c->eyes, &c->asked);
    c->answers = redact_stream_new(&c->eyes, &c->asked);
}

static void check_end(struct connection *c, const char *expected)
{
    redact_stream_free(c->requests);
    redact_stream_free(c->answers);
    CHECK_STR(c->found, expected);
    redact_asked_free(&c->asked);
    redact_rules_free(c->rules);
}

static void say(struct connection *c, struct redact_stream *s, const char *text)
{
    for (size_t at = 0, length = strlen(text); at < length; at += c->cut) {
        size_t n = length - at < c->cut ? length - at : c->cut;
        redact_stream_feed(s, (const uint8_t *)text + at, n, (struct redact_spot){0});
    }
}

static void check_exchange(const char *requests, const char *answers, const char *expected)
{
    for (size_t cut = 1; cut <= CUTS; cut++) {
        struct connection c;
        connection_begin(&c, cut);
        say(&c, c.requests, requests);
        say(&c, c.answers, answers);
        check_end(&c, expected);
    }
}

/* An answer that announces 33 bytes, which end in the name of the next head's cookie. */
#define ANNOUNCES(status) "HTTP/1.1 " status "\r\nContent-Length: 33\r\n\r\n"
#define NEXT              "HTTP/1.1 200 OK\r\nSet-Cookie: pin=7Q3; Path=/\r\nContent-Length: 0\r\n\r\n"
#define ASKS(method)      method " /x HTTP/1.1\r\nHost: x\r\n\r\n"

static void test_answers_without_a_body(void)
{
    check_exchange(ASKS("HEAD") ASKS("GET"), ANNOUNCES("200 OK") NEXT, "<7Q3>");
    check_exchange(ASKS("GET") ASKS("GET"), ANNOUNCES("304 Not Modified") NEXT, "<7Q3>");
    check_exchange(ASKS("GET") ASKS("GET"), ANNOUNCES("204 No Content") NEXT, "<7Q3>");
    check_exchange(ASKS("CONNECT"), ANNOUNCES("200 OK") "Set-Cookie: pin=7Q3\r\n", "<7Q3>");
    check_exchange(ASKS("GET"), ANNOUNCES("101 Switching") "Set-Cookie: pin=7Q3\r\n", "<7Q3>");
    check_exchange(ASKS("HEAD") ASKS("GET"),
                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" NEXT, "<7Q3>");
}

/* A lone "password=p", and behind it what would go on with it. */
#define FORM "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\npassword=p"

static void test_answers_with_a_body(void)
{
    check_exchange(ASKS("GET") ASKS("GET"), FORM NEXT, "<p><7Q3>");
    check_exchange(ASKS("CONNECT"),
                   "HTTP/1.1 403 No\r\nContent-Length: 10\r\n\r\npassword=pHTTP/1.1 ", "<p>");
}

/* Each answer is its own request's, however many wait; an interim one is nobody's. */
static void test_pipelined_requests(void)
{
    check_exchange(ASKS("HEAD") ASKS("GET") ASKS("HEAD") ASKS("GET"),
                   ANNOUNCES("200 OK") FORM ANNOUNCES("200 OK") NEXT, "<p><7Q3>");
    check_exchange(ASKS("GET") ASKS("HEAD") ASKS("GET"),
                   "HTTP/1.1 100 Continue\r\n\r\n" FORM ANNOUNCES("200 OK") NEXT, "<p><7Q3>");
    check_exchange("POST / HTTP/1.1\r\nContent-Length: 28\r\n\r\nHEAD / HTTP/1.1\r\nHost: x\r\n\r\n"
                   "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "13\r\n\r\nHEAD / HTTP/1.1\r\n\r\n0\r\n\r\n" ASKS("GET"),
                   FORM FORM NEXT, "<p><p><7Q3>");
}

/* Its request came before the trace began. */
static void test_answers_to_nobody(void)
{
    check_exchange("", ANNOUNCES("200 OK") NEXT, "<7Q3>");
    check_exchange("", FORM NEXT, "<p><7Q3>");
    for (size_t cut = 1; cut <= CUTS; cut++) {
        struct connection c;
        connection_begin(&c, cut);
        say(&c, c.answers, FORM);
        say(&c, c.requests, ASKS("HEAD"));
        say(&c, c.answers, ANNOUNCES("200 OK"));
        say(&c, c.requests, ASKS("GET"));
        say(&c, c.answers, NEXT);
        check_end(&c, "<p><7Q3>");
    }
}

/* What --trace-bodies left out: within a body no count is lost; elsewhere nobody knows whose the next answer is. */
static void test_missing_bytes(void)
{
    for (size_t cut = 1; cut <= CUTS; cut++) {
        struct connection c;
        connection_begin(&c, cut);
        say(&c, c.requests, ASKS("GET") ASKS("HEAD") ASKS("GET"));
        say(&c, c.answers, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nab");
        redact_stream_gap(c.answers, 8);
        say(&c, c.answers, "password=p");
        say(&c, c.answers, ANNOUNCES("200 OK") NEXT);
        redact_stream_gap(c.answers, 8);
        say(&c, c.answers, FORM ANNOUNCES("200 OK") NEXT);
        check_end(&c, "<p><7Q3><p><7Q3>");
    }
}

/* Lines of a body with a length are no framing of chunks, though they look so: its end is where it was. */
static void test_numbers_in_a_body(void)
{
    check_exchange(
        ASKS("GET") ASKS("GET"),
        "HTTP/1.1 200 OK\r\nContent-Length: 36\r\n\r\n12\r\n34\r\n56\r\n78\r\n90\r\n12\r\n"
        "\r\npassword=p" NEXT,
        "<p><7Q3>");
}

/* What is typed into a form may be a number: no size of a chunk, whoever says it. */
#define FIELD(value) "--b\r\nContent-Disposition: form-data; name=pwd\r\n\r\n" value "\r\n"
#define FIELD_CHUNK                                                                                \
    "3e\r\n--b\r\nContent-Disposition: form-data; name=pwd\r\n\r\n1234\r\n--b--\r\n\r\n"

static void test_numbers_in_forms(void)
{
    check_exchange(FIELD("1234") FIELD("56") FIELD("a") "--b--\r\n", "", "<1234><56><a>");
    check_exchange("POST / HTTP/1.1\r\nContent-Length: 113\r\n\r\n" FIELD("1234")
                       FIELD("56") "--b--" ASKS("HEAD") ASKS("GET"),
                   FORM ANNOUNCES("200 OK") NEXT, "<1234><56><p><7Q3>");
    check_exchange("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" FIELD_CHUNK
                   "0\r\n\r\n" ASKS("HEAD") ASKS("GET"),
                   FORM ANNOUNCES("200 OK") NEXT, "<1234><p><7Q3>");
    check_exchange("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "33\r\n--b\r\nContent-Disposition: form-data; name=pwd\r\n\r\n12\r\n"
                   "9\r\n34\r\n--b--\r\n0\r\n\r\n" ASKS("HEAD"),
                   ANNOUNCES("200 OK"), "<1234>");
}

CU_TestInfo redact_framing_tests[] = {
    {"answers without a body, whatever they announce", test_answers_without_a_body},
    {"answers with a body", test_answers_with_a_body},
    {"pipelined requests, each with its answer", test_pipelined_requests},
    {"answers whose request was not seen", test_answers_to_nobody},
    {"missing bytes", test_missing_bytes},
    {"numbers in a body are no chunk sizes", test_numbers_in_a_body},
    {"numbers in forms are no chunk sizes", test_numbers_in_forms},
    CU_TEST_INFO_NULL,
};
