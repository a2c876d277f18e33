/* tests/test_http1_writer.c -- framing plans, heads as text, bodies as text, and the way back. */
#include "messages/http1_body.h"
#include "messages/http1_writer.h"
#include "messages/wire_encoder.h"
#include "tests/check.h"
#include "tests/http1_log.h"

struct wire {
    uint8_t bytes[2048];
    size_t length;
    struct http_head head;
    struct http_facts facts;
};

static struct http_text text(const char *s)
{
    return (struct http_text){(const uint8_t *)s, strlen(s)};
}

/* lines: "name: value\n" each. */
static void add_lines(struct http_head_builder *b, const char *lines)
{
    http_head_builder_create(b);
    while (*lines) {
        const char *colon = strchr(lines, ':'), *end = strchr(lines, '\n');
        struct http_text name = {(const uint8_t *)lines, (size_t)(colon - lines)};
        struct http_text value = {(const uint8_t *)colon + 1, (size_t)(end - colon - 1)};
        CHECK_UINT(http_head_builder_add(b, name, value), HTTP_ADD_OK);
        lines = end + 1;
    }
}

static void make_request(struct wire *w, const char *method, const char *target,
                         enum http_version version, const char *lines)
{
    struct http_head_builder b;
    add_lines(&b, lines);
    uint8_t *end =
        http_head_builder_request_write(&b, text(method), text(target), version, w->bytes);
    w->length = (size_t)(end - w->bytes);
    REQUIRE(http_head_open_request(&w->head, &w->facts, w->bytes, w->length));
}

static void make_response(struct wire *w, unsigned status, enum http_version version,
                          const char *lines)
{
    struct http_head_builder b;
    add_lines(&b, lines);
    w->length =
        (size_t)(http_head_builder_response_write(&b, status, version, w->bytes) - w->bytes);
    REQUIRE(http_head_open_response(&w->head, &w->facts, w->bytes, w->length));
}

static struct http1_out out_of(uint8_t *bytes, size_t size)
{
    return (struct http1_out){.at = bytes, .end = bytes + size};
}

struct request_case {
    const char *what, *method;
    enum http_version version;
    const char *lines;
    enum http1_body_known known;
    const char *want; /* framing, then the lines that are written; NULL: refused */
};

static const char *framing_name(const struct http1_plan *plan)
{
    static const char *const names[] = {"none", "length", "chunked", "to-eof"};
    return names[plan->framing];
}

static void expect_request(const struct request_case *c)
{
    struct wire w;
    uint8_t bytes[1024];
    char want[1024];
    make_request(&w, c->method, "/x", c->version, c->lines);
    struct http1_plan plan = http1_plan_request(&w.head, &w.facts, c->known);
    CHECK_UINT(plan.refused == NULL, c->want != NULL);
    if (plan.refused || !c->want)
        return;
    uint64_t bound = http1_head_bytes_max(&w.head, &w.facts);
    REQUIRE(bound <= sizeof bytes);
    struct http1_out out = out_of(bytes, (size_t)bound);
    http1_write_request(&out, &w.head, &plan);
    CHECK(!out.overflow);
    snprintf(want, sizeof want, "%s /x HTTP/1.%d\r\n%s\r\n", c->method,
             c->version == HTTP_VERSION_1_1, strchr(c->want, '|') + 1);
    CHECK_BYTES(bytes, (size_t)(out.at - bytes), want, strlen(want));
    CHECK(!strncmp(c->want, framing_name(&plan), strlen(framing_name(&plan))));
    if (strncmp(c->want, framing_name(&plan), strlen(framing_name(&plan))))
        fprintf(stderr, "%s: framed as %s\n", c->what, framing_name(&plan));
}

static void requests_are_framed_by_their_head(void)
{
    static const struct request_case cases[] = {
        {"DEL-17.1", "POST", HTTP_VERSION_1_1, "transfer-encoding: chunked\n", HTTP1_BODY_UNKNOWN,
         "chunked|transfer-encoding: chunked\r\n"},
        {"DEL-17.1 drops the length", "POST", HTTP_VERSION_1_1,
         "content-length: 5\ntransfer-encoding: chunked\nx: y\n", HTTP1_BODY_UNKNOWN,
         "chunked|transfer-encoding: chunked\r\nx: y\r\n"},
        {"DEL-17.1 drops a bad length too", "POST", HTTP_VERSION_1_1,
         "content-length: x\ntransfer-encoding: chunked\n", HTTP1_BODY_UNKNOWN,
         "chunked|transfer-encoding: chunked\r\n"},
        {"DEL-17.1 appends chunked", "POST", HTTP_VERSION_1_1, "transfer-encoding: gzip\nx: y\n",
         HTTP1_BODY_UNKNOWN,
         "chunked|transfer-encoding: gzip\r\nx: y\r\ntransfer-encoding: chunked\r\n"},
        {"DEL-17.1 for GET", "GET", HTTP_VERSION_1_1, "transfer-encoding: chunked\n",
         HTTP1_BODY_EMPTY, "chunked|transfer-encoding: chunked\r\n"},
        {"DEL-17.2", "PUT", HTTP_VERSION_1_1, "content-length: 5\n", HTTP1_BODY_UNKNOWN,
         "length|content-length: 5\r\n"},
        {"DEL-17.2 for GET", "GET", HTTP_VERSION_1_1, "content-length: 5\n", HTTP1_BODY_HAS_DATA,
         "length|content-length: 5\r\n"},
        {"DEL-17.3 GET", "GET", HTTP_VERSION_1_1, "", HTTP1_BODY_HAS_DATA, "none|"},
        {"DEL-17.3 HEAD", "HEAD", HTTP_VERSION_1_1, "", HTTP1_BODY_HAS_DATA, "none|"},
        {"DEL-17.3 CONNECT", "CONNECT", HTTP_VERSION_1_1, "", HTTP1_BODY_HAS_DATA, "none|"},
        {"methods are case-sensitive", "get", HTTP_VERSION_1_1, "", HTTP1_BODY_HAS_DATA,
         "chunked|transfer-encoding: chunked\r\n"},
        {"DEL-17.4", "POST", HTTP_VERSION_1_1, "x: y\n", HTTP1_BODY_HAS_DATA,
         "chunked|x: y\r\ntransfer-encoding: chunked\r\n"},
        {"a bodiless DELETE stays bodiless", "DELETE", HTTP_VERSION_1_1, "", HTTP1_BODY_EMPTY,
         "none|"},
        {"AG-45: neither length nor coding is no body", "POST", HTTP_VERSION_1_1, "",
         HTTP1_BODY_UNKNOWN, "none|"},
        {"DEL-17.5 removes the coding", "POST", HTTP_VERSION_1_0,
         "transfer-encoding: chunked\nx: y\n", HTTP1_BODY_HAS_DATA, "none|x: y\r\n"},
        {"DEL-17.5 obeys a length", "POST", HTTP_VERSION_1_0,
         "transfer-encoding: chunked\ncontent-length: 3\n", HTTP1_BODY_HAS_DATA,
         "length|content-length: 3\r\n"},
        {"DEL-17.5 without either", "POST", HTTP_VERSION_1_0, "", HTTP1_BODY_HAS_DATA, "none|"},
        {"DEL-21: hop-by-hop lines stay", "GET", HTTP_VERSION_1_1,
         "connection: keep-alive, upgrade\nupgrade: x\nte: trailers\nkeep-alive: timeout=5\n",
         HTTP1_BODY_EMPTY,
         "none|connection: keep-alive, upgrade\r\nupgrade: x\r\nte: trailers\r\n"
         "keep-alive: timeout=5\r\n"},
        {"values of a name keep their order", "GET", HTTP_VERSION_1_1, "c: 1\nd: 2\nc: 3\n",
         HTTP1_BODY_EMPTY, "none|c: 1\r\nc: 3\r\nd: 2\r\n"},
        {"lengths that differ", "POST", HTTP_VERSION_1_1, "content-length: 1\ncontent-length: 2\n",
         HTTP1_BODY_HAS_DATA, NULL},
        {"a length that is none", "POST", HTTP_VERSION_1_1, "content-length: 1x\n",
         HTTP1_BODY_HAS_DATA, NULL},
        {"HTTP/2", "GET", HTTP_VERSION_2, "", HTTP1_BODY_EMPTY, NULL},
        {"HTTP/0.9", "GET", HTTP_VERSION_0_9, "", HTTP1_BODY_EMPTY, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_request(&cases[i]);
}

static void the_head_alone_tells_the_end(void)
{
    static const struct {
        enum http_version version;
        const char *lines;
        enum http1_framing framing;
        uint64_t length;
    } cases[] = {{HTTP_VERSION_1_1, "content-length: 9\n", HTTP1_LENGTH, 9},
                 {HTTP_VERSION_1_1, "transfer-encoding: chunked\n", HTTP1_CHUNKED, 0},
                 {HTTP_VERSION_1_1, "", HTTP1_NO_BODY, 0},
                 {HTTP_VERSION_1_0, "transfer-encoding: chunked\n", HTTP1_NO_BODY, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wire w;
        make_request(&w, "POST", "/", cases[i].version, cases[i].lines);
        struct http1_plan plan = http1_plan_request(&w.head, &w.facts, HTTP1_BODY_UNKNOWN);
        CHECK_UINT(plan.framing, cases[i].framing);
        CHECK_UINT(plan.length, cases[i].length);
    }
}

/* A decoder drops what follows '#' unread, so it might be anything. */
static void a_fragment_is_not_written(void)
{
    struct wire w;
    uint8_t bytes[256];
    struct http1_out out = out_of(bytes, sizeof bytes);
    make_request(&w, "GET", "/a?b#c\r\nx: y", HTTP_VERSION_1_1, "");
    struct http1_plan plan = http1_plan_request(&w.head, &w.facts, HTTP1_BODY_EMPTY);
    http1_write_request(&out, &w.head, &plan);
    CHECK_BYTES(bytes, (size_t)(out.at - bytes), "GET /a?b HTTP/1.1\r\n\r\n", 21);
}

struct response_case {
    const char *what;
    unsigned status;
    enum http_version version;
    const char *lines;
    struct http1_asker asker;
    enum http1_body_known known;
    const char *want; /* framing, keep or close, then the text; NULL: refused */
};

static void expect_response(const struct response_case *c)
{
    struct wire w;
    uint8_t bytes[1024];
    char want[1024];
    make_response(&w, c->status, c->version, c->lines);
    struct http1_plan plan = http1_plan_response(&w.head, &w.facts, &c->asker, c->known);
    CHECK_UINT(plan.refused == NULL, c->want != NULL);
    if (plan.refused || !c->want)
        return;
    uint64_t bound = http1_head_bytes_max(&w.head, &w.facts);
    REQUIRE(bound <= sizeof bytes);
    struct http1_out out = out_of(bytes, (size_t)bound);
    http1_write_response(&out, &w.head, &plan);
    CHECK(!out.overflow);
    int n = snprintf(want, sizeof want, "%s %s%s|", framing_name(&plan),
                     plan.keep_alive ? "keep" : "close", plan.upgrade ? " upgrade" : "");
    memcpy(want + n, bytes, (size_t)(out.at - bytes));
    want[n + (out.at - bytes)] = 0;
    CHECK_STR(want, c->want);
    if (strcmp(want, c->want))
        fprintf(stderr, "%s\n", c->what);
}

static void responses_are_framed_by_their_head(void)
{
#define NEW                                                                                        \
    {                                                                                              \
        .version = HTTP_VERSION_1_1, .keep_alive = true                                            \
    }
#define OLD                                                                                        \
    {                                                                                              \
        .version = HTTP_VERSION_1_0                                                                \
    }
    static const struct response_case cases[] = {
        {"length", 200, HTTP_VERSION_1_1, "content-length: 2\n", NEW, HTTP1_BODY_HAS_DATA,
         "length keep|HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"},
        {"chunked", 200, HTTP_VERSION_1_1, "transfer-encoding: chunked\n", NEW, HTTP1_BODY_UNKNOWN,
         "chunked keep|HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"},
        {"both", 200, HTTP_VERSION_1_1, "content-length: 7\ntransfer-encoding: chunked\n", NEW,
         HTTP1_BODY_UNKNOWN, "chunked keep|HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"},
        {"neither, 1.1", 200, HTTP_VERSION_1_1, "", NEW, HTTP1_BODY_UNKNOWN,
         "chunked keep|HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"},
        {"neither, Framed without frames", 404, HTTP_VERSION_1_1, "a: b\n", NEW, HTTP1_BODY_EMPTY,
         "length keep|HTTP/1.1 404 Not Found\r\na: b\r\ncontent-length: 0\r\n\r\n"},
        {"neither, Basic with an empty body", 200, HTTP_VERSION_1_1, "", NEW, HTTP1_BODY_HAS_DATA,
         "chunked keep|HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"},
        {"neither, asked in 1.0", 200, HTTP_VERSION_1_1, "", OLD, HTTP1_BODY_UNKNOWN,
         "to-eof close|HTTP/1.0 200 OK\r\n\r\n"},
        {"chunked, asked in 1.0", 200, HTTP_VERSION_1_1,
         "transfer-encoding: chunked\ncontent-length: 4\nx: y\n", OLD, HTTP1_BODY_UNKNOWN,
         "to-eof close|HTTP/1.0 200 OK\r\nx: y\r\n\r\n"},
        {"DEL-24: answered in 1.0", 200, HTTP_VERSION_1_0, "", NEW, HTTP1_BODY_HAS_DATA,
         "to-eof close|HTTP/1.0 200 OK\r\n\r\n"},
        {"answered in 1.0 with a length", 200, HTTP_VERSION_1_0, "content-length: 1\n", NEW,
         HTTP1_BODY_HAS_DATA, "length close|HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\n"},
        {"a 1.0 client that would stay",
         200,
         HTTP_VERSION_1_1,
         "content-length: 1\n",
         {.version = HTTP_VERSION_1_0, .keep_alive = true},
         HTTP1_BODY_HAS_DATA,
         "length keep|HTTP/1.0 200 OK\r\ncontent-length: 1\r\nconnection: keep-alive\r\n\r\n"},
        {"the application closes", 200, HTTP_VERSION_1_1, "connection: close\ncontent-length: 1\n",
         NEW, HTTP1_BODY_HAS_DATA,
         "length close|HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1\r\n\r\n"},
        {"the client closes",
         200,
         HTTP_VERSION_1_1,
         "content-length: 1\n",
         {.version = HTTP_VERSION_1_1},
         HTTP1_BODY_HAS_DATA,
         "length close|HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: close\r\n\r\n"},
        {"HEAD keeps the length",
         200,
         HTTP_VERSION_1_1,
         "content-length: 10\n",
         {.version = HTTP_VERSION_1_1, .head = true, .keep_alive = true},
         HTTP1_BODY_EMPTY,
         "none keep|HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n"},
        {"HEAD with neither",
         200,
         HTTP_VERSION_1_1,
         "",
         {.version = HTTP_VERSION_1_1, .head = true, .keep_alive = true},
         HTTP1_BODY_EMPTY,
         "none keep|HTTP/1.1 200 OK\r\n\r\n"},
        {"204", 204, HTTP_VERSION_1_1, "", NEW, HTTP1_BODY_EMPTY,
         "none keep|HTTP/1.1 204 No Content\r\n\r\n"},
        {"304", 304, HTTP_VERSION_1_1, "content-length: 10\n", NEW, HTTP1_BODY_EMPTY,
         "none keep|HTTP/1.1 304 Not Modified\r\ncontent-length: 10\r\n\r\n"},
        {"204 is never chunked (RFC 9112 section 6.1)", 204, HTTP_VERSION_1_1,
         "transfer-encoding: chunked\nx: y\n", NEW, HTTP1_BODY_EMPTY,
         "none keep|HTTP/1.1 204 No Content\r\nx: y\r\n\r\n"},
        {"304 is not either", 304, HTTP_VERSION_1_1, "transfer-encoding: chunked\n", NEW,
         HTTP1_BODY_EMPTY, "none keep|HTTP/1.1 304 Not Modified\r\n\r\n"},
        {"HEAD keeps the coding",
         200,
         HTTP_VERSION_1_1,
         "transfer-encoding: chunked\n",
         {.version = HTTP_VERSION_1_1, .head = true, .keep_alive = true},
         HTTP1_BODY_EMPTY,
         "none keep|HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"},
        {"the client closes, the application would stay: one word of it",
         200,
         HTTP_VERSION_1_1,
         "Connection: Keep-Alive\ncontent-length: 1\n",
         {.version = HTTP_VERSION_1_1},
         HTTP1_BODY_HAS_DATA,
         "length close|HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: close\r\n\r\n"},
        {"to the end of the connection, where 1.0 would stay",
         200,
         HTTP_VERSION_1_0,
         "connection: keep-alive\n",
         {.version = HTTP_VERSION_1_0, .keep_alive = true},
         HTTP1_BODY_UNKNOWN,
         "to-eof close|HTTP/1.0 200 OK\r\n\r\n"},
        {"an application of 1.0 that stays",
         200,
         HTTP_VERSION_1_0,
         "connection: keep-alive\ncontent-length: 1\n",
         {.version = HTTP_VERSION_1_1, .keep_alive = true},
         HTTP1_BODY_HAS_DATA,
         "length keep|HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 1\r\n\r\n"},
        {"other options stay",
         200,
         HTTP_VERSION_1_1,
         "connection: keep-alive, x\ncontent-length: 1\n",
         {.version = HTTP_VERSION_1_1},
         HTTP1_BODY_HAS_DATA,
         "length close|HTTP/1.1 200 OK\r\nconnection: keep-alive, x\r\ncontent-length: 1\r\n"
         "connection: close\r\n\r\n"},
        {"101", 101, HTTP_VERSION_1_1, "connection: upgrade\nupgrade: x\n", NEW, HTTP1_BODY_EMPTY,
         "none close upgrade|HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\n"
         "upgrade: x\r\n\r\n"},
        {"AG-24: CONNECT is no tunnel",
         200,
         HTTP_VERSION_1_1,
         "",
         {.version = HTTP_VERSION_1_1, .connect = true},
         HTTP1_BODY_EMPTY,
         "none close|HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"},
        {"AG-24: CONNECT of a client that would stay",
         200,
         HTTP_VERSION_1_1,
         "transfer-encoding: chunked\nconnection: keep-alive\n",
         {.version = HTTP_VERSION_1_1, .connect = true, .keep_alive = true},
         HTTP1_BODY_EMPTY,
         "none close|HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"},
        {"CONNECT that was refused",
         403,
         HTTP_VERSION_1_1,
         "content-length: 1\n",
         {.version = HTTP_VERSION_1_1, .connect = true, .keep_alive = true},
         HTTP1_BODY_HAS_DATA,
         "length keep|HTTP/1.1 403 Forbidden\r\ncontent-length: 1\r\n\r\n"},
        {"101 for a client that would stay, of an application that says keep-alive",
         101,
         HTTP_VERSION_1_1,
         "connection: keep-alive, upgrade\nupgrade: x\n",
         {.version = HTTP_VERSION_1_1, .keep_alive = true},
         HTTP1_BODY_EMPTY,
         "none close upgrade|HTTP/1.1 101 Switching Protocols\r\n"
         "connection: keep-alive, upgrade\r\nupgrade: x\r\n\r\n"},
        {"no registered reason", 599, HTTP_VERSION_2, "", NEW, HTTP1_BODY_EMPTY,
         "length keep|HTTP/1.1 599 \r\ncontent-length: 0\r\n\r\n"},
        {"AG-20: 100 as the final answer", 100, HTTP_VERSION_1_1, "", NEW, HTTP1_BODY_EMPTY, NULL},
        {"a length that is none", 200, HTTP_VERSION_1_1, "content-length: -1\n", NEW,
         HTTP1_BODY_EMPTY, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_response(&cases[i]);
}

static void write_piece(struct http1_body *b, struct http1_out *out, const char *piece)
{
    size_t n = http1_body_open(b, out, strlen(piece));
    http1_out_bytes(out, piece, n);
    if (n)
        http1_body_close(b, out);
}

#define NO_TEXT ((struct http_text){NULL, 0})

static void chunks_are_written(void)
{
    uint8_t bytes[256];
    struct http1_out out = out_of(bytes, sizeof bytes);
    struct http1_body b;
    http1_body_create(&b, HTTP1_CHUNKED, 0);
    write_piece(&b, &out, "hello");
    write_piece(&b, &out, "");
    write_piece(&b, &out, "0123456789abcdef");
    CHECK(!http1_body_is_complete(&b));
    CHECK(http1_body_end(&b, &out, NO_TEXT, NO_TEXT));
    CHECK(http1_body_end(&b, &out, NO_TEXT, NO_TEXT));
    write_piece(&b, &out, "late");
    CHECK(http1_body_is_complete(&b));
    static const char want[] = "5\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n";
    CHECK_BYTES(bytes, (size_t)(out.at - bytes), want, strlen(want));
    CHECK_UINT(http1_body_open(&(struct http1_body){.framing = HTTP1_CHUNKED},
                               &(struct http1_out){bytes, bytes + HTTP1_BODY_OPEN_BYTES_MAX, false},
                               SIZE_MAX),
               SIZE_MAX);
    CHECK_BYTES(bytes, 18, "ffffffffffffffff\r\n", 18);
}

static void a_length_cuts_excess_and_knows_when_short(void)
{
    uint8_t bytes[64];
    struct http1_out out = out_of(bytes, sizeof bytes);
    struct http1_body b;
    http1_body_create(&b, HTTP1_LENGTH, 7);
    write_piece(&b, &out, "hello");
    CHECK(!http1_body_is_complete(&b));
    CHECK(!http1_body_end(&(struct http1_body){.framing = HTTP1_LENGTH, .left = b.left}, &out,
                          NO_TEXT, NO_TEXT));
    write_piece(&b, &out, "world");
    CHECK(http1_body_is_complete(&b));
    CHECK_UINT(http1_body_open(&b, &out, 3), 0);
    CHECK(http1_body_end(&b, &out, NO_TEXT, NO_TEXT));
    CHECK_BYTES(bytes, (size_t)(out.at - bytes), "hellowo", 7);
}

static void other_framings(void)
{
    uint8_t bytes[64];
    struct http1_out out = out_of(bytes, sizeof bytes);
    struct http1_body b;
    http1_body_create(&b, HTTP1_NO_BODY, 5);
    write_piece(&b, &out, "lost");
    CHECK(http1_body_is_complete(&b));
    CHECK(http1_body_end(&b, &out, NO_TEXT, NO_TEXT));
    CHECK(out.at == bytes);
    http1_body_create(&b, HTTP1_TO_EOF, 0);
    write_piece(&b, &out, "raw");
    CHECK(!http1_body_is_complete(&b));
    CHECK(http1_body_end(&b, &out, NO_TEXT, NO_TEXT));
    CHECK_BYTES(bytes, (size_t)(out.at - bytes), "raw", 3);
}

static void trailers_are_those_that_were_listed(void)
{
    static const char lines[] = "x-sum: 1\nx-other: 2\ncontent-length: 3\nX-SUM: 4\n";
    struct http_head_builder b;
    uint8_t map[256], bytes[256];
    add_lines(&b, lines);
    struct http_text trailers = {map, (size_t)(http_head_builder_map_write(&b, map) - map)};
    const char *const allowed[] = {"X-Sum, content-length,", ""};
    const char *const want[] = {"0\r\nx-sum: 1\r\nx-sum: 4\r\n\r\n", "0\r\n\r\n"};
    for (int i = 0; i < 2; i++) {
        struct http1_body body;
        uint64_t bound = http1_body_trailers_bytes_max(trailers);
        REQUIRE(bound <= sizeof bytes);
        struct http1_out out = out_of(bytes, (size_t)bound);
        http1_body_create(&body, HTTP1_CHUNKED, 0);
        CHECK(http1_body_end(&body, &out, trailers, text(allowed[i])));
        CHECK(!out.overflow);
        CHECK_BYTES(bytes, (size_t)(out.at - bytes), want[i], strlen(want[i]));
    }
    struct http1_body body;
    struct http1_out out = out_of(bytes, sizeof bytes);
    http1_body_create(&body, HTTP1_LENGTH, 0);
    CHECK(http1_body_end(&body, &out, trailers, text(allowed[0])));
    CHECK(out.at == bytes);
}

/* In every room that is too small: overflow, and not a byte beyond. */
static void a_small_buffer_overflows_quietly(void)
{
    struct wire w;
    make_request(&w, "GET", "/x", HTTP_VERSION_1_1, "host: h\naccept: */*\n");
    struct http1_plan plan = http1_plan_request(&w.head, &w.facts, HTTP1_BODY_EMPTY);
    const size_t whole = strlen("GET /x HTTP/1.1\r\nhost: h\r\naccept: */*\r\n\r\n");
    for (size_t room = 0; room <= whole; room++) {
        uint8_t *bytes = malloc(room + 1);
        bytes[room] = 0x5a;
        struct http1_out out = out_of(bytes, room);
        http1_write_request(&out, &w.head, &plan);
        CHECK_UINT(out.overflow, room < whole);
        CHECK_UINT(bytes[room], 0x5a);
        free(bytes);
    }
}

/* A long name with many empty values: short in wire form, long as text. */
static void the_bound_counts_repeated_names(void)
{
    uint8_t wire[1024] = "\3GET\1/\1\xc8";
    size_t n = 8;
    struct http_head head;
    struct http_facts facts;
    memset(wire + n, 'a', 200);
    n += 200;
    wire[n++] = 250; /* values, all empty */
    n += 250;
    memcpy(wire + n, "\10HTTP/1.1", 9);
    REQUIRE(http_head_open_request(&head, &facts, wire, n + 9));
    CHECK_UINT(facts.text_bytes, 250 * 204);
    CHECK(http1_head_bytes_max(&head, &facts) > 250 * 204);
}

/* RFC 9110 section 5.5: blanks around a value are none of it, and agents do send them. What is counted
 * and what is written is one text, for a request's lines and for its Trailer list. */
static void blanks_around_values_are_not_written(void)
{
    uint8_t wire[1024], bytes[512], names[512];
    struct wire_writer w = wire_writer_over(wire, sizeof wire);
    char value[302];
    memset(value, ' ', sizeof value);
    value[0] = '\t';
    value[1] = 'x';
    wire_put_raw(&w, "\3GET\1/\2\1a\2", 10);
    wire_put_string(&w, value, sizeof value);
    wire_put_string(&w, value, 1); /* nothing but a blank */
    wire_put_raw(&w, "\7trailer\1", 9);
    wire_put_string(&w, value, sizeof value);
    wire_put_raw(&w, "\10HTTP/1.1", 9);
    struct http_head head;
    struct http_facts facts;
    REQUIRE(!w.overflow && http_head_open_request(&head, &facts, wire, (size_t)(w.at - wire)));
    uint64_t bound = http1_head_bytes_max(&head, &facts);
    REQUIRE(bound <= sizeof bytes);
    struct http1_out out = out_of(bytes, (size_t)bound);
    struct http1_plan plan = http1_plan_request(&head, &facts, HTTP1_BODY_EMPTY);
    http1_write_request(&out, &head, &plan);
    CHECK(!out.overflow);
    static const char want[] = "GET / HTTP/1.1\r\na: x\r\na: \r\ntrailer: x\r\n\r\n";
    CHECK_BYTES(bytes, (size_t)(out.at - bytes), want, strlen(want));
    CHECK_UINT(facts.trailer_bytes, 2);
    CHECK_UINT(http_fields_join(head.fields, "trailer", names, facts.trailer_bytes), 2);
    CHECK_BYTES(names, 2, "x,", 2);
}

/* head -> text -> parser -> head: the same bytes. */
static void requests_come_back_as_they_were(void)
{
    static const char *const lines[] = {
        "", "host: h\n", "host: h\nset-cookie: a\nset-cookie: b\ncontent-length: 0\n",
        "x: \nte: trailers\ntransfer-encoding: chunked\n", "a: \xff\tb  c\ncontent-length: 12\n"};
    static const char *const targets[] = {"/", "*", "http://h/a?b", "h:443"};
    for (size_t i = 0; i < 20; i++) {
        struct wire w;
        struct http1_parser p;
        struct http_head_builder fields;
        uint8_t bytes[512], back[512];
        size_t consumed;
        make_request(&w, i % 3 ? "POST" : "BREW", targets[i % 4],
                     i % 2 && !strstr(lines[i / 4], "chunked") ? HTTP_VERSION_1_0
                                                               : HTTP_VERSION_1_1,
                     lines[i / 4]);
        struct http1_plan plan = http1_plan_request(&w.head, &w.facts, HTTP1_BODY_UNKNOWN);
        struct http1_out out = out_of(bytes, sizeof bytes);
        http1_write_request(&out, &w.head, &plan);
        http1_parser_create(&p, HTTP1_REQUESTS);
        http1_parser_begin(&p, HTTP1_ASKED_OTHER);
        REQUIRE(http1_parser_next(&p, &fields, bytes, (size_t)(out.at - bytes), &consumed) ==
                HTTP1_HEAD);
        uint8_t *end =
            http_head_builder_request_write(&fields, p.method, p.target, p.version, back);
        CHECK_BYTES(back, (size_t)(end - back), w.bytes, w.length);
        CHECK(p.body == plan.framing || (p.body == HTTP1_NO_BODY && !plan.length));
        http1_parser_destroy(&p);
    }
}

/* A whole answer, written in pieces and read again. */
static void a_written_answer_is_read_again(void)
{
    struct wire w;
    uint8_t bytes[512];
    struct http1_out out = out_of(bytes, sizeof bytes);
    struct http1_body b;
    const struct http1_asker asker = NEW;
    make_response(&w, 200, HTTP_VERSION_1_1, "trailer: x-sum\n");
    struct http1_plan plan = http1_plan_response(&w.head, &w.facts, &asker, HTTP1_BODY_UNKNOWN);
    http1_write_response(&out, &w.head, &plan);
    http1_body_create(&b, plan.framing, plan.length);
    write_piece(&b, &out, "hello ");
    write_piece(&b, &out, "world");
    static const uint8_t trailers[] = "\1\5x-sum\1\00217";
    CHECK(http1_body_end(&b, &out, (struct http_text){trailers, sizeof trailers - 1},
                         text("x-sum,")));
    size_t length = (size_t)(out.at - bytes);
    for (size_t cut = 0; cut < length; cut++) {
        char *log =
            http1_log_run(HTTP1_RESPONSES, HTTP1_ASKED_OTHER, bytes, length, cut, length, false);
        CHECK_STR(log, "200 1.1 [trailer: x-sum] [transfer-encoding: chunked] chunked\n"
                       "body hello world\ntrailers [x-sum: 17]\nend keep\n");
        free(log);
    }
}

CU_TestInfo http1_writer_tests[] = {
    {"requests are framed by their head (DEL-17)", requests_are_framed_by_their_head},
    {"the head alone tells the end of a request (AG-45)", the_head_alone_tells_the_end},
    {"a fragment is not written", a_fragment_is_not_written},
    {"answers are framed by their head (AG-20)", responses_are_framed_by_their_head},
    {"chunks are written, empty data is none (DEL-18)", chunks_are_written},
    {"a length cuts excess and knows when short", a_length_cuts_excess_and_knows_when_short},
    {"no body, and a body to the end of the connection", other_framings},
    {"trailers are written if listed and allowed (DEL-19)", trailers_are_those_that_were_listed},
    {"a small buffer overflows quietly", a_small_buffer_overflows_quietly},
    {"the bound counts repeated names", the_bound_counts_repeated_names},
    {"blanks around values are neither counted nor written", blanks_around_values_are_not_written},
    {"requests come back as they were", requests_come_back_as_they_were},
    {"a written answer is read again at every cut", a_written_answer_is_read_again},
    CU_TEST_INFO_NULL,
};
