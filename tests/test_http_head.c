/* tests/test_http_head.c -- the wire form of heads: reading, facts, building; texts below them. */
#include "messages/http_head_builder.h"
#include "tests/check.h"
#include <stdlib.h>

static struct http_text text(const char *s)
{
    return (struct http_text){(const uint8_t *)s, strlen(s)};
}

#define CHECK_TEXT(got, want) CHECK_BYTES((got).at, (got).length, want, strlen(want))

/* POST /a?b of 1.1 with three names, four lines; the bytes are written out by hand. */
static const uint8_t request[] = "\4POST\4/a?b\3"
                                 "\4host\1\1h"
                                 "\12set-cookie\2\3a=1\3b=2"
                                 "\16content-length\1\0023\61"
                                 "\10HTTP/1.1";
static const size_t request_bytes = sizeof request - 1;

/* 404 of 1.0 with one line. */
static const uint8_t response[] = "\xfb\x94\x01\10HTTP/1.0\1\6server\1\1x";

static void request_heads_are_read(void)
{
    struct http_head h;
    struct http_facts f;
    struct http_fields fields;
    struct http_text name, value;
    REQUIRE(http_head_open_request(&h, &f, request, request_bytes));
    CHECK_TEXT(h.method, "POST");
    CHECK_TEXT(h.target, "/a?b");
    CHECK_UINT(h.version, HTTP_VERSION_1_1);
    CHECK_UINT(f.length, HTTP_LENGTH_VALID);
    CHECK_UINT(f.content_length, 31);
    static const char *const lines[][2] = {
        {"host", "h"}, {"set-cookie", "a=1"}, {"set-cookie", "b=2"}, {"content-length", "31"}};
    http_fields_begin(&fields, h.fields);
    for (int i = 0; i < 4; i++) {
        REQUIRE(http_fields_next(&fields, &name, &value));
        CHECK_TEXT(name, lines[i][0]);
        CHECK_TEXT(value, lines[i][1]);
    }
    CHECK(!http_fields_next(&fields, &name, &value) && !fields.bad);
}

static void response_heads_are_read(void)
{
    struct http_head h;
    struct http_text value;
    REQUIRE(http_head_open_response(&h, NULL, response, sizeof response - 1));
    CHECK_UINT(h.status, 404);
    CHECK_UINT(h.version, HTTP_VERSION_1_0);
    REQUIRE(http_fields_find(h.fields, "server", &value));
    CHECK_TEXT(value, "x");
    CHECK(!http_fields_find(h.fields, "serve", &value));
}

static bool opens(bool is_request, const uint8_t *bytes, size_t length)
{
    struct http_head h;
    struct http_facts f;
    uint8_t *exact = malloc(length + 1); /* the sanitizer sees who reads further */
    memcpy(exact, bytes, length);
    exact = realloc(exact, length ? length : 1);
    bool opened = is_request ? http_head_open_request(&h, &f, exact, length)
                             : http_head_open_response(&h, &f, exact, length);
    free(exact);
    return opened;
}

static void no_prefix_is_a_head(void)
{
    for (size_t n = 0; n < request_bytes; n++)
        CHECK(!opens(true, request, n));
    for (size_t n = 0; n < sizeof response - 1; n++)
        CHECK(!opens(false, response, n));
    uint8_t longer[sizeof request];
    memcpy(longer, request, sizeof request);
    CHECK(!opens(true, longer, sizeof longer));
}

/* Every byte set to every value: no read outside, and what opens can be walked to its end. */
static void changed_bytes_do_no_harm(void)
{
    uint8_t bytes[sizeof request];
    unsigned opened = 0;
    for (size_t i = 0; i < request_bytes; i++) {
        for (unsigned c = 0; c < 256; c++) {
            memcpy(bytes, request, request_bytes);
            bytes[i] = (uint8_t)c;
            opened += opens(true, bytes, request_bytes);
            memcpy(bytes, response, sizeof response - 1);
            if (i < sizeof response - 1) {
                bytes[i] = (uint8_t)c;
                opened += opens(false, bytes, sizeof response - 1);
            }
        }
    }
    CHECK(opened > 256); /* bytes of values may be anything */
}

static void absurd_numbers_are_refused(void)
{
    static const uint8_t names[] = "\3GET\1/\xfd\xff\xff\xff\xff\xff\xff\xff\x3f\10HTTP/1.1";
    static const uint8_t length[] = "\xfd\xff\xff\xff\xff\xff\xff\xff\xff/";
    static const uint8_t marker[] = "\xff";
    static const uint8_t status[] = "\x63\10HTTP/1.1\0";
    static const uint8_t version[] = "\xc8\10HTTP/1.2\0";
    CHECK(!opens(true, names, sizeof names - 1));
    CHECK(!opens(true, length, sizeof length - 1));
    CHECK(!opens(true, marker, 1));
    CHECK(!opens(false, status, sizeof status - 1));
    CHECK(!opens(false, version, sizeof version - 1));
}

/* Wire format 2.6: a name with no values disappears; 1.1: overlong numbers are read. */
static void lenient_forms_are_read(void)
{
    static const uint8_t head[] = "\xfb\3\0GET\1/\2\1a\0\1b\1\xfc\1\0\0\0x\10HTTP/1.1";
    struct http_head h;
    struct http_facts f;
    struct http_text value;
    REQUIRE(http_head_open_request(&h, &f, head, sizeof head - 1));
    CHECK_UINT(f.text_bytes, strlen("b: x\r\n"));
    CHECK(!http_fields_find(h.fields, "a", &value));
    REQUIRE(http_fields_find(h.fields, "b", &value));
    CHECK_TEXT(value, "x");
}

static struct http_facts facts_of(const char *const *lines, size_t count)
{
    struct http_facts f;
    http_facts_create(&f);
    for (size_t i = 0; i < count; i += 2)
        http_facts_note(&f, text(lines[i]), text(lines[i + 1]));
    return f;
}
#define FACTS(...)                                                                                 \
    facts_of((const char *const[]){__VA_ARGS__},                                                   \
             sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void lengths_are_judged(void)
{
    CHECK_UINT(FACTS("content-length", "5").length, HTTP_LENGTH_VALID);
    CHECK_UINT(FACTS("Content-Length", "18446744073709551615").content_length, UINT64_MAX);
    CHECK_UINT(FACTS("content-length", "18446744073709551616").length, HTTP_LENGTH_INVALID);
    CHECK_UINT(FACTS("content-length", "5", "content-length", "5").length, HTTP_LENGTH_VALID);
    CHECK_UINT(FACTS("content-length", "5, 5").length, HTTP_LENGTH_VALID);
    CHECK_UINT(FACTS("content-length", "5", "content-length", "6").length, HTTP_LENGTH_CONFLICTING);
    CHECK_UINT(FACTS("content-length", "5,6").length, HTTP_LENGTH_CONFLICTING);
    CHECK_UINT(FACTS("content-length", "").length, HTTP_LENGTH_INVALID);
    CHECK_UINT(FACTS("content-length", ",").length, HTTP_LENGTH_INVALID);
    CHECK_UINT(FACTS("content-length", "0x5").length, HTTP_LENGTH_INVALID);
    CHECK_UINT(FACTS("content-length", "x", "content-length", "5").length, HTTP_LENGTH_INVALID);
    CHECK_UINT(FACTS("content-lengt", "5", "content-lengthy", "5").length, HTTP_LENGTH_NONE);
}

static void codings_and_connections_are_judged(void)
{
    CHECK(FACTS("transfer-encoding", "gzip , CHUNKED").chunked_last);
    CHECK(!FACTS("transfer-encoding", "chunked, gzip").chunked_last);
    CHECK(!FACTS("transfer-encoding", "chunked", "transfer-encoding", "x").chunked_last);
    CHECK(FACTS("transfer-encoding", "x", "transfer-encoding", "chunked").chunked_last);
    CHECK(FACTS("transfer-encoding", "").transfer_encoding);
    struct http_facts f = FACTS("connection", "Upgrade, close", "Connection", "keep-alive");
    CHECK(f.close && f.keep_alive && f.connection_upgrade && !f.upgrade);
    f = FACTS("connection", "closed, keepalive");
    CHECK(!f.close && !f.keep_alive);
    CHECK(FACTS("upgrade", "h2c").upgrade);
    CHECK(FACTS("expect", "100-Continue").expect_continue);
    CHECK(FACTS("te", "trailers").te_trailers && !FACTS("te", "trailers, x").te_trailers);
    CHECK_UINT(FACTS("trailer", "a", "trailer", "bc").trailer_bytes, 5);
    f = FACTS("keep-alive", "timeout=30, max=5");
    CHECK(f.has_keep_alive_timeout);
    CHECK_UINT(f.keep_alive_timeout_s, 30);
    CHECK(!FACTS("keep-alive", "timeout=x").has_keep_alive_timeout);
    CHECK_UINT(FACTS("a", "b", "cc", "").text_bytes, 6 + 6);
}

/* Each of 128 trailers is looked up in the list: one that is as long as a head may be would hold the
 * worker. Of a longer one, whole names up to the bound are remembered. */
static void a_trailer_list_is_bounded(void)
{
    static uint8_t wire[40000], names[HTTP_TRAILER_LIST_BYTES_MAX];
    uint8_t *at = wire + sprintf((char *)wire, "\3GET\1/\1\7trailer%c", 250);
    for (int i = 0; i < 250; i++)
        at += sprintf((char *)at, "\144%0100d", i);
    at += sprintf((char *)at, "\10HTTP/1.1");
    struct http_head h;
    struct http_facts f;
    REQUIRE(http_head_open_request(&h, &f, wire, (size_t)(at - wire)));
    CHECK_UINT(f.trailer_bytes, HTTP_TRAILER_LIST_BYTES_MAX);
    size_t n = http_fields_join(h.fields, "trailer", names, f.trailer_bytes);
    CHECK_UINT(n, HTTP_TRAILER_LIST_BYTES_MAX / 101 * 101);
    CHECK_BYTES(names + n - 3, 3, "80,", 3);
}

static void values_can_be_joined(void)
{
    static const uint8_t map[] = "\2\7trailer\2\1a\3b,c\1x\1\1y";
    uint8_t out[8] = {0};
    struct http_text fields = {map, sizeof map - 1};
    CHECK_UINT(http_fields_join(fields, "trailer", out, sizeof out), 6);
    CHECK_BYTES(out, 6, "a,b,c,", 6);
    CHECK_UINT(http_fields_join(fields, "x-none", out, sizeof out), 0);
    /* what does not fit is left out, and what is returned was written */
    for (size_t room = 0; room < 8; room++) {
        memset(out, 0x5a, sizeof out);
        size_t n = http_fields_join(fields, "trailer", out, room);
        CHECK_UINT(n, room < 2 ? 0 : room < 6 ? 2 : 6);
        CHECK_BYTES(out, n, "a,b,c,", n);
        CHECK_UINT(out[n], 0x5a);
    }
}

static void builder_writes_the_wire_form(void)
{
    struct http_head_builder b;
    uint8_t out[256];
    http_head_builder_create(&b);
    CHECK_UINT(http_head_builder_add(&b, text("Host"), text("h")), HTTP_ADD_OK);
    CHECK_UINT(http_head_builder_add(&b, text("Set-Cookie"), text(" a=1\t")), HTTP_ADD_OK);
    CHECK_UINT(http_head_builder_add(&b, text("CONTENT-LENGTH"), text("31")), HTTP_ADD_OK);
    CHECK_UINT(http_head_builder_add(&b, text("set-cooKie"), text("b=2")), HTTP_ADD_OK);
    size_t size = http_head_builder_request_size(&b, text("POST"), text("/a?b"));
    uint8_t *end =
        http_head_builder_request_write(&b, text("POST"), text("/a?b"), HTTP_VERSION_1_1, out);
    CHECK_UINT(end - out, size);
    CHECK_BYTES(out, size, request, request_bytes);
    http_head_builder_create(&b);
    CHECK_UINT(http_head_builder_add(&b, text("Server"), text("x")), HTTP_ADD_OK);
    end = http_head_builder_response_write(&b, 404, HTTP_VERSION_1_0, out);
    CHECK_UINT(end - out, http_head_builder_response_size(&b, 404));
    CHECK_BYTES(out, (size_t)(end - out), response, sizeof response - 1);
    http_head_builder_create(&b);
    end = http_head_builder_map_write(&b, out);
    CHECK_BYTES(out, (size_t)(end - out), "\0", 1);
}

static void builder_refuses_what_the_protocol_cannot_carry(void)
{
    struct http_head_builder b;
    static uint8_t long_name[65536];
    memset(long_name, 'a', sizeof long_name);
    http_head_builder_create(&b);
    CHECK_UINT(http_head_builder_add(&b, text(""), text("x")), HTTP_ADD_BAD_NAME);
    CHECK_UINT(http_head_builder_add(&b, text(":path"), text("x")), HTTP_ADD_BAD_NAME);
    CHECK_UINT(http_head_builder_add(&b, text("a b"), text("x")), HTTP_ADD_BAD_NAME);
    CHECK_UINT(http_head_builder_add(&b, (struct http_text){long_name, 65536}, text("x")),
               HTTP_ADD_BAD_NAME);
    CHECK_UINT(http_head_builder_add(&b, (struct http_text){long_name, 65535}, text("x")),
               HTTP_ADD_OK);
    CHECK_UINT(http_head_builder_add(&b, text("a"), text("x\ry")), HTTP_ADD_BAD_VALUE);
    CHECK_UINT(http_head_builder_add(&b, text("a"), text("12345678\x7f")), HTTP_ADD_BAD_VALUE);
    CHECK_UINT(http_head_builder_add(&b, text("a"), (struct http_text){(const uint8_t *)"\0", 1}),
               HTTP_ADD_BAD_VALUE);
    CHECK_UINT(b.lines, 1);
}

/* 128 lines with names that agree at both ends, so that hashes collide; sizes of all widths. */
static void builder_holds_128_lines(void)
{
    static char names[HTTP_FIELDS_MAX][40];
    static uint8_t value[70000];
    struct http_head_builder b;
    struct http_head h;
    struct http_facts f;
    memset(value, 'v', sizeof value);
    http_head_builder_create(&b);
    for (int i = 0; i < HTTP_FIELDS_MAX; i++) {
        snprintf(names[i], sizeof names[i], "%s-%02d-same-end", i % 2 ? "Same-Start" : "same-start",
                 i / 4);
        size_t length = i == 5 ? sizeof value : i == 9 ? 251 : i == 13 ? 250 : (size_t)i % 7;
        CHECK_UINT(http_head_builder_add(&b, text(names[i]), (struct http_text){value, length}),
                   HTTP_ADD_OK);
    }
    CHECK_UINT(b.distinct, HTTP_FIELDS_MAX / 4);
    CHECK_UINT(http_head_builder_add(&b, text("x"), text("y")), HTTP_ADD_TOO_MANY);
    size_t size = http_head_builder_response_size(&b, 200);
    uint8_t *wire = malloc(size);
    CHECK(http_head_builder_response_write(&b, 200, HTTP_VERSION_1_1, wire) == wire + size);
    REQUIRE(http_head_open_response(&h, &f, wire, size));
    CHECK_UINT(h.fields.at[0], HTTP_FIELDS_MAX / 4);
    free(wire);
}

static void numbers_have_their_shortest_form(void)
{
    static const uint64_t numbers[] = {0,     250,        251,         65535,
                                       65536, UINT32_MAX, 4294967296u, UINT64_MAX};
    static const size_t widths[] = {1, 1, 3, 3, 5, 5, 9, 9};
    for (size_t i = 0; i < 8; i++) {
        uint8_t out[9];
        const uint8_t *at = out;
        uint64_t back = 0;
        uint8_t *end = http_wire_put_number(out, numbers[i]);
        CHECK_UINT(end - out, widths[i]);
        CHECK_UINT(http_wire_number_bytes(numbers[i]), widths[i]);
        CHECK(http_wire_take_number(&at, end, &back) && at == end);
        CHECK_UINT(back, numbers[i]);
        at = out;
        CHECK(!http_wire_take_number(&at, end - 1, &back));
    }
}

/* Wire format 2.3. */
static void targets_are_judged(void)
{
    static const char *const good[] = {"/",         "/a?x=1",     "*",          "h:443",
                                       "http://h/", "http://h",   "http://h?q", "/a?b{|}^\\",
                                       "/?a`b{|}",  "u%41:p@h:1", "[::1]:80",   "HTTPS://x/",
                                       "/a?b?c/d",  "h",          "a.b-c:1",    "http://u@h:1/x"};
    static const char *const bad[] = {
        "", "?q", "http://", "/a b", "/a\x7f", "/a\r\nb", "/<", "/a`b", "/?a\"b", "/a#b", "h:1:2",
        "h%41", "u@", "[[::1]", "[::1", "a]", "::::::::::::", "/\xc3\xa9", "h/x", "ht_tp://h/",
        "http:/h",
        /* what decoders differ on */
        "/a\"b", "/{", "/}", "/|", "/^", "/\\", "http://h/|", "://a", "/?\xc3\xa9"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        CHECK(http_target_is_valid(text(good[i])));
        if (!http_target_is_valid(text(good[i])))
            fprintf(stderr, "refused: %s\n", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(!http_target_is_valid(text(bad[i])));
        if (http_target_is_valid(text(bad[i])))
            fprintf(stderr, "accepted: %s\n", bad[i]);
    }
    static uint8_t longest[65535];
    memset(longest, '/', sizeof longest);
    CHECK(http_target_is_valid((struct http_text){longest, 65534}));
    CHECK(!http_target_is_valid((struct http_text){longest, 65535}));
}

/* At every place among others, so that each of the eight lanes is tried. */
static void every_control_byte_is_seen_everywhere(void)
{
    for (unsigned c = 0; c < 256; c++) {
        for (size_t place = 0; place < 20 * 20; place++) {
            uint8_t bytes[20];
            size_t length = place / 20, at = place % 20;
            if (at >= length)
                continue;
            memset(bytes, length % 2 ? 'a' : 0xff, sizeof bytes);
            bytes[at] = (uint8_t)c;
            CHECK_UINT(http_text_is_value((struct http_text){bytes, length}),
                       c == '\t' || (c >= 0x20 && c != 0x7f));
        }
    }
}

static void lists_are_taken_apart(void)
{
    struct http_text list = text(" , a,\tb ,, c"), element;
    static const char *const want[] = {"a", "b", "c"};
    for (int i = 0; i < 3; i++) {
        REQUIRE(http_text_list_next(&list, &element));
        CHECK_TEXT(element, want[i]);
    }
    CHECK(!http_text_list_next(&list, &element));
    CHECK_STR(http_reason(200), "OK");
    CHECK_STR(http_reason(502), "Bad Gateway");
    CHECK_STR(http_reason(299), "");
}

CU_TestInfo http_head_tests[] = {
    {"request heads are read", request_heads_are_read},
    {"response heads are read", response_heads_are_read},
    {"no prefix of a head is one, nor a head with more behind it", no_prefix_is_a_head},
    {"changed bytes never lead outside", changed_bytes_do_no_harm},
    {"absurd numbers are refused", absurd_numbers_are_refused},
    {"names without values and overlong numbers are read", lenient_forms_are_read},
    {"content-length is valid, invalid or conflicting", lengths_are_judged},
    {"codings and connection options are judged", codings_and_connections_are_judged},
    {"values of a name can be joined", values_can_be_joined},
    {"of a Trailer list 8 KiB are remembered", a_trailer_list_is_bounded},
    {"the builder writes the wire form", builder_writes_the_wire_form},
    {"the builder refuses what the protocol cannot carry",
     builder_refuses_what_the_protocol_cannot_carry},
    {"the builder holds 128 lines and no more", builder_holds_128_lines},
    {"numbers have their shortest form", numbers_have_their_shortest_form},
    {"request targets are judged as URIs", targets_are_judged},
    {"a control byte is seen in every place", every_control_byte_is_seen_everywhere},
    {"comma-separated lists are taken apart", lists_are_taken_apart},
    CU_TEST_INFO_NULL,
};
