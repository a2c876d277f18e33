/* tests/test_wire_encoder.c -- every message that is written, against the original's bytes. */
#include "messages/wire_encoder.h"
#include "messages/wire_decoder.h"
#include "tests/check.h"
#include "tests/wire_vectors.h"
#include <stdlib.h>

static struct wire_text text(const char *t)
{
    return (struct wire_text){t, t ? strlen(t) : 0};
}

/* Room for one message; begins anew with each. */
static uint8_t room[512];
static struct wire_writer writer;

static struct wire_writer *begin(void)
{
    memset(room, 0xAA, sizeof room);
    writer = wire_writer_over(room, sizeof room);
    return &writer;
}

static void check_named(enum wire_from from, const char *name)
{
    struct vector v;
    REQUIRE(vectors_find(from, name, &v));
    CHECK(!writer.overflow);
    if (v.length != (size_t)(writer.at - room) || memcmp(room, v.bytes, v.length) != 0)
        printf("\n    %s:", name);
    CHECK_BYTES(room, (size_t)(writer.at - room), v.bytes, v.length);
}

#define CLIENT(name) check_named(WIRE_FROM_CLIENT, name)
#define AGENT(name)  check_named(WIRE_FROM_AGENT, name)

static void put_string(const char *t)
{
    wire_put_string(&writer, t, strlen(t));
}

static void put_header(const char *name, const char *value)
{
    put_string(name);
    wire_put_uint(&writer, 1);
    put_string(value);
}

static void put_frame(const char *payload)
{
    wire_put_frame(&writer, strlen(payload));
    wire_put_raw(&writer, payload, strlen(payload));
}

static void control_messages_of_the_client(void)
{
    wire_put_client_close(begin());
    CLIENT("close");
    wire_put_ping(begin());
    CLIENT("ping");
    wire_put_switch_version(begin(), text("1.8.1"));
    CLIENT("switch");
    wire_put_ready_for_logs(begin());
    CLIENT("ready");
    wire_put_operator_pong(begin(), (struct wire_u128){1, 0});
    CLIENT("oppong-small");
    wire_put_operator_pong(begin(), (struct wire_u128){0x0011223344556677, 0x0123456789ABCDEF});
    CLIENT("oppong-large");
    wire_put_env_request(begin(), 1);
    put_string("*");
    CLIENT("env");
}

static void subscriptions(void)
{
    wire_put_subscribe_all(begin(), WIRE_STEAL, 80);
    CLIENT("steal-all-80");
    wire_put_subscribe_all(begin(), WIRE_STEAL, 8080);
    CLIENT("steal-all-8080");
    wire_put_subscribe_all(begin(), WIRE_MIRROR, 80);
    CLIENT("mirror-sub");
    wire_put_subscribe_header(begin(), 80, text("x-user: alice"));
    CLIENT("steal-filteredhttp");
    wire_put_port_unsubscribe(begin(), WIRE_STEAL, 80);
    CLIENT("steal-portunsub");
    wire_put_port_unsubscribe(begin(), WIRE_MIRROR, 443);
    CLIENT("mirror-unsub");
    wire_put_connection_unsubscribe(begin(), WIRE_STEAL, 300);
    CLIENT("steal-connunsub");
}

static void filters(void)
{
    wire_put_subscribe_filter(begin(), WIRE_STEAL, 80);
    wire_put_filter_header(&writer, text("x-user: alice"));
    CLIENT("steal-ex-header");
    wire_put_subscribe_filter(begin(), WIRE_STEAL, 8080);
    wire_put_filter_all(&writer, 3);
    wire_put_filter_header(&writer, text("a: b"));
    wire_put_filter_path(&writer, text("^/api"));
    wire_put_filter_method(&writer, text("GET"));
    CLIENT("steal-ex-composite");
    wire_put_subscribe_filter(begin(), WIRE_STEAL, 80);
    wire_put_filter_method(&writer, text("PURGE"));
    CLIENT("steal-ex-method-other");
    wire_put_subscribe_filter(begin(), WIRE_STEAL, 80);
    wire_put_filter_json_body(&writer, text("$.a"), text("^1$"));
    CLIENT("steal-ex-body");
    wire_put_subscribe_filter(begin(), WIRE_STEAL, 80);
    wire_put_filter_header_jq(&writer, text("true"));
    CLIENT("steal-ex-jq");
    wire_put_subscribe_filter(begin(), WIRE_MIRROR, 80);
    wire_put_filter_path(&writer, text("/x"));
    CLIENT("mirror-filtered");
}

/* The numbers of HttpMethodFilter, in its order; case counts. */
static void methods_of_filters(void)
{
    static const char *const known[] = {"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                        "CONNECT", "OPTIONS", "TRACE", "PATCH"};
    for (unsigned i = 0; i < 9; i++) {
        wire_put_filter_method(begin(), text(known[i]));
        CHECK_UINT(writer.at - room, 2);
        CHECK_UINT(room[1], i);
    }
    wire_put_filter_method(begin(), text("get"));
    CHECK_BYTES(room, (size_t)(writer.at - room), "\3\11\3get", 6);
    wire_put_filter_any(begin(), 0);
    CHECK_BYTES(room, (size_t)(writer.at - room), "\2\0\0", 3);
}

static void data(void)
{
    wire_put_data(begin(), WIRE_FROM_CLIENT, WIRE_STEAL, 1, 5);
    wire_put_raw(&writer, "hello", 5);
    CLIENT("steal-data");
    wire_put_data(begin(), WIRE_FROM_CLIENT, WIRE_STEAL, 1, 0);
    CLIENT("steal-data-empty");
    wire_put_data(begin(), WIRE_FROM_AGENT, WIRE_STEAL, 1, 5);
    wire_put_raw(&writer, "hello", 5);
    AGENT("data");
    wire_put_tcp_close(begin(), WIRE_STEAL, 1);
    AGENT("tcpclose");
}

static void put_response_head(uint16_t status, const char *name, const char *value)
{
    wire_put_status(&writer, status);
    put_string("HTTP/1.1");
    wire_put_uint(&writer, name ? 1 : 0);
    if (name)
        put_header(name, value);
}

static void responses(void)
{
    struct wire_ids ids = {1, 0, 80};
    wire_put_response(begin(), WIRE_HTTP_RESPONSE, &ids);
    put_response_head(200, "content-length", "2");
    put_string("ok");
    CLIENT("resp-basic");
    wire_put_response(begin(), WIRE_HTTP_RESPONSE_FRAMED, &ids);
    put_response_head(404, NULL, NULL);
    wire_put_uint(&writer, 2);
    put_frame("no");
    wire_put_trailers(&writer);
    wire_put_uint(&writer, 1);
    put_header("x-t", "1");
    CLIENT("resp-framed");
    wire_put_response(begin(), WIRE_HTTP_RESPONSE_START, &ids);
    put_response_head(200, "content-type", "text/plain");
    wire_put_uint(&writer, 1);
    put_frame("ab");
    CLIENT("resp-chunk-start");
    wire_put_response_body(begin(), 1);
    put_frame("hi");
    wire_put_body_end(&writer, false, &ids);
    CLIENT("resp-chunk-body");
    wire_put_response_body(begin(), 0);
    wire_put_body_end(&writer, true, &ids);
    CLIENT("resp-chunk-last");
    wire_put_response_error(begin(), &ids);
    CLIENT("resp-chunk-error");
}

static void control_messages_of_the_agent(void)
{
    wire_put_agent_close(begin(), text("bye"));
    AGENT("close");
    wire_put_pong(begin());
    AGENT("pong");
    wire_put_version_answer(begin(), text("1.8.1"));
    AGENT("switch");
    wire_put_log(begin(), WIRE_LEVEL_WARN, text("hi"));
    AGENT("log");
    wire_put_operator_ping(begin(), (struct wire_u128){300, 0});
    AGENT("opping");
    wire_put_env_answer(begin(), 1);
    put_string("A");
    put_string("1");
    AGENT("env");
}

static void results_of_subscriptions(void)
{
    wire_put_subscribed(begin(), WIRE_STEAL, 80);
    AGENT("sub-ok");
    wire_put_port_stolen(begin(), WIRE_STEAL, 80);
    AGENT("sub-stolen");
    wire_put_bad_filter(begin(), WIRE_STEAL, (struct wire_text){"\0\1[", 3}, text("bad"));
    AGENT("sub-badregex");
}

/* For these there is no vector: they must be whole, and tell what was put in. */
static struct wire_decoder decoder;

static const struct wire_message *decoded(enum wire_from from)
{
    size_t length = (size_t)(writer.at - room), consumed;
    wire_decoder_destroy(&decoder);
    wire_decoder_create(&decoder, from, version_newest(), UINT64_MAX);
    REQUIRE(wire_decoder_feed(&decoder, room, length, &consumed) == WIRE_MESSAGE);
    CHECK_UINT(consumed, length);
    return &decoder.message;
}

static void other_failures_are_read_back(void)
{
    wire_put_not_implemented(begin(), WIRE_MIRROR);
    CHECK_UINT(decoded(WIRE_FROM_AGENT)->error, WIRE_ERROR_NOT_IMPLEMENTED);
    wire_put_bad_header_filter(begin(), WIRE_STEAL, text("["), text("bad"));
    CHECK_UINT(decoded(WIRE_FROM_AGENT)->error_detail, WIRE_REMOTE_BAD_FILTER);
    wire_put_forbidden(begin(), WIRE_STEAL, 81);
    CHECK_UINT(decoded(WIRE_FROM_AGENT)->error, WIRE_ERROR_FORBIDDEN);
    CHECK_UINT(decoder.message.error_detail, WIRE_BLOCKED_STEAL);
    CHECK_UINT(decoder.message.port, 81);
    wire_put_forbidden(begin(), WIRE_MIRROR, 82);
    CHECK_UINT(decoded(WIRE_FROM_AGENT)->error_detail, WIRE_BLOCKED_MIRROR);
    CHECK_UINT(decoder.message.mode, WIRE_MIRROR);
    CHECK_UINT(decoder.message.port, 82);
    wire_decoder_destroy(&decoder);
}

static const struct wire_address ten_one = {{10, 0, 0, 1}, 50000, 4};
static const struct wire_address ten_two = {{10, 0, 0, 2}, 80, 4};
static const struct wire_tls plain;

static void new_connections(void)
{
    struct wire_address remote = {{[15] = 1}, 50000, 6}, local = {{[15] = 1}, 80, 6};
    struct wire_tls h2 = {true, text("h2"), text(NULL)};
    wire_put_new_connection_v1(begin(), WIRE_STEAL, 1, &ten_one, &ten_two);
    AGENT("newconn-v1");
    wire_put_new_connection_v2(begin(), WIRE_STEAL, 1, &remote, &local, &h2);
    AGENT("newconn-v2-tls");
    wire_put_new_connection_v2(begin(), WIRE_MIRROR, 1, &remote, &local, &plain);
    CHECK_UINT(decoded(WIRE_FROM_AGENT)->transport, WIRE_TRANSPORT_TCP);
    wire_decoder_destroy(&decoder);
}

static void put_request_head(const char *method, const char *uri, size_t headers)
{
    put_string(method);
    put_string(uri);
    wire_put_uint(&writer, headers);
}

static void requests_in_one(void)
{
    struct wire_ids ids = {2, 0, 80};
    wire_put_request(begin(), WIRE_STEAL, WIRE_HTTP_REQUEST);
    put_request_head("GET", "/", 0);
    put_string("HTTP/1.1");
    put_string("");
    wire_put_request_end(&writer, &ids);
    AGENT("req-basic");
    wire_put_request(begin(), WIRE_STEAL, WIRE_HTTP_REQUEST_FRAMED);
    put_request_head("GET", "/api?x=1", 2);
    put_header("host", "example.com");
    put_header("accept", "*/*");
    put_string("HTTP/1.1");
    wire_put_uint(&writer, 0);
    wire_put_request_end(&writer, &ids);
    AGENT("req-framed");
}

static void requests_in_parts(void)
{
    struct wire_ids ids = {2, 0, 8080};
    wire_put_request(begin(), WIRE_STEAL, WIRE_HTTP_REQUEST_START_V1);
    put_request_head("POST", "/p", 2);
    put_string("x-a");
    wire_put_uint(&writer, 2);
    put_string("1");
    put_string("2");
    put_header("x-b", "\377");
    put_string("HTTP/1.1");
    wire_put_uint(&writer, 1);
    put_frame("ab");
    wire_put_request_end(&writer, &ids);
    AGENT("req-start-v1");
    wire_put_request_body(begin(), WIRE_STEAL, 1);
    put_frame("cd");
    wire_put_body_end(&writer, false, &ids);
    AGENT("req-body");
    wire_put_request_body(begin(), WIRE_STEAL, 0);
    wire_put_body_end(&writer, true, &ids);
    AGENT("req-body-last");
    wire_put_request_error_v1(begin(), WIRE_STEAL, &ids);
    AGENT("req-error-v1");
    wire_put_request_error_v2(begin(), WIRE_STEAL, &ids, text("eof"));
    AGENT("req-error-v2");
}

static void requests_of_the_second_form(void)
{
    struct wire_ids ids = {2, 0, 0};
    struct wire_address to = ten_two;
    struct wire_tls tls = {true, text("h2"), text("a.io")};
    to.port = 443;
    wire_put_start_v2(begin(), WIRE_STEAL, &ids);
    put_request_head("GET", "https://a.io/", 1);
    put_header("te", "trailers");
    put_string("HTTP/2.0");
    wire_put_uint(&writer, 0);
    wire_put_start_v2_end(&writer, true, &ten_one, &to, &tls);
    AGENT("req-start-v2");
}

static void integers_are_as_short_as_can_be(void)
{
    static const struct {
        uint64_t value;
        const char *bytes;
        size_t length;
    } rows[] = {
        {0, "\0", 1},
        {250, "\372", 1},
        {251, "\373\373\0", 3},
        {65535, "\373\377\377", 3},
        {65536, "\374\0\0\1\0", 5},
        {UINT32_MAX, "\374\377\377\377\377", 5},
        {UINT64_C(1) << 32, "\375\0\0\0\0\1\0\0\0", 9},
        {UINT64_MAX, "\375\377\377\377\377\377\377\377\377", 9},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        wire_put_uint(begin(), rows[i].value);
        CHECK_BYTES(room, (size_t)(writer.at - room), rows[i].bytes, rows[i].length);
        wire_put_u128(begin(), (struct wire_u128){rows[i].value, 0});
        CHECK_BYTES(room, (size_t)(writer.at - room), rows[i].bytes, rows[i].length);
    }
    wire_put_u128(begin(), (struct wire_u128){UINT64_MAX, UINT64_MAX});
    CHECK_UINT(writer.at - room, WIRE_U128_MAX);
}

/* With one byte less than needed nothing is written beyond the end, and the writer says so. */
static void without_room_nothing_is_written(void)
{
    static const struct wire_ids ids = {UINT64_MAX, UINT16_MAX, UINT16_MAX};
    for (size_t size = 0; size < WIRE_RESPONSE_MAX; size++) {
        uint8_t *tight = malloc(size ? size : 1);
        struct wire_writer w = wire_writer_over(tight, size);
        wire_put_response(&w, WIRE_HTTP_RESPONSE_START, &ids);
        CHECK(w.overflow);
        wire_put_byte(&w, 0);
        CHECK(w.overflow);
        CHECK(w.at <= tight + size);
        free(tight);
    }
}

static size_t written(void)
{
    CHECK(!writer.overflow);
    return (size_t)(writer.at - room);
}

/* The largest of each kind keeps to the bound that callers reserve. */
static void bounds_hold(void)
{
    static const struct wire_ids ids = {UINT64_MAX, UINT16_MAX, UINT16_MAX};
    static const struct wire_address six = {{0}, UINT16_MAX, 6};
    static const struct wire_u128 all = {UINT64_MAX, UINT64_MAX};
    struct wire_tls tls = {true, text(""), text("")};
    wire_put_data(begin(), WIRE_FROM_CLIENT, WIRE_STEAL, UINT64_MAX, UINT64_MAX);
    CHECK_UINT(written(), WIRE_DATA_MAX);
    wire_put_response(begin(), WIRE_HTTP_RESPONSE_START, &ids);
    CHECK_UINT(written(), WIRE_RESPONSE_MAX);
    wire_put_response_body(begin(), SIZE_MAX);
    CHECK_UINT(written(), WIRE_BODY_BEGIN_MAX);
    wire_put_body_end(begin(), true, &ids);
    CHECK_UINT(written(), WIRE_BODY_END_MAX);
    wire_put_frame(begin(), UINT64_MAX);
    CHECK_UINT(written(), WIRE_FRAME_MAX);
    wire_put_request_end(begin(), &ids);
    CHECK_UINT(written(), WIRE_REQUEST_END_MAX);
    wire_put_connection_unsubscribe(begin(), WIRE_STEAL, UINT64_MAX);
    CHECK_UINT(written(), WIRE_UNSUBSCRIBE_MAX);
    wire_put_operator_pong(begin(), all);
    CHECK_UINT(written(), WIRE_OPERATOR_PONG_MAX);
    wire_put_new_connection_v2(begin(), WIRE_STEAL, UINT64_MAX, &six, &six, &tls);
    CHECK(written() + 2 * (WIRE_U64_MAX - 1) <= WIRE_PUT_MAX);
    wire_put_start_v2_end(begin(), true, &six, &six, &tls);
    CHECK(written() + 2 * (WIRE_U64_MAX - 1) <= WIRE_PUT_MAX);
}

/* The link writes what stands in front of the ids, since they lie in front of the head already; the
 * bytes must be those that the vectors prove. */
static void a_response_may_have_its_ids_already(void)
{
    static const enum wire_kind kinds[] = {WIRE_HTTP_RESPONSE, WIRE_HTTP_RESPONSE_FRAMED,
                                           WIRE_HTTP_RESPONSE_START};
    const struct wire_ids ids = {.connection = 70000, .request = 300, .port = 8080};
    for (size_t i = 0; i < 3; i++) {
        uint8_t whole[64];
        struct wire_writer w = wire_writer_over(whole, sizeof whole);
        wire_put_response(&w, kinds[i], &ids);
        wire_put_response_kind(begin(), kinds[i]);
        wire_put_uint(&writer, ids.port);
        wire_put_uint(&writer, ids.connection);
        wire_put_uint(&writer, ids.request);
        CHECK_BYTES(room, (size_t)(writer.at - room), whole, (size_t)(w.at - whole));
    }
}

/* Wire format 1.1 and 8.7. */
static void integers_are_written_and_read_alike(void)
{
    static const struct {
        uint64_t n;
        const char *bytes;
        size_t length;
    } rows[] = {{0, "\0", 1},
                {250, "\372", 1},
                {251, "\373\373\0", 3},
                {65535, "\373\377\377", 3},
                {65536, "\374\0\0\1\0", 5},
                {UINT32_MAX, "\374\377\377\377\377", 5},
                {UINT64_C(1) << 32, "\375\0\0\0\0\1\0\0\0", 9},
                {UINT64_MAX, "\375\377\377\377\377\377\377\377\377", 9}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const uint8_t *bytes = (const uint8_t *)rows[i].bytes, *at = bytes;
        uint64_t n = 0;
        wire_put_uint(begin(), rows[i].n);
        CHECK_BYTES(room, (size_t)(writer.at - room), bytes, rows[i].length);
        CHECK_UINT(wire_varint_put(room, rows[i].n) - room, rows[i].length);
        CHECK_BYTES(room, rows[i].length, bytes, rows[i].length);
        CHECK_UINT(wire_varint_bytes(rows[i].n), rows[i].length);
        CHECK(wire_varint_take(&at, bytes + rows[i].length, &n) && at == bytes + rows[i].length);
        CHECK_UINT(n, rows[i].n);
        at = bytes;
        CHECK(!wire_varint_take(&at, bytes + rows[i].length - 1, &n) && at == bytes);
    }
    static const uint8_t longer[] = {0xFE, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
                         never[40] = {0xFF}, overlong[] = {0xFB, 7, 0};
    const uint8_t *at = longer;
    uint64_t n = 0;
    CHECK(!wire_varint_take(&at, longer + sizeof longer, &n));
    at = never;
    CHECK(!wire_varint_take(&at, never + sizeof never, &n));
    at = overlong;
    CHECK(wire_varint_take(&at, overlong + sizeof overlong, &n));
    CHECK_UINT(n, 7);
}

CU_TestInfo wire_encoder_tests[] = {
    {"the client's control messages are the original's bytes", control_messages_of_the_client},
    {"so are subscriptions", subscriptions},
    {"so are filters", filters},
    {"known methods are numbers in a filter, others text", methods_of_filters},
    {"so are data both ways", data},
    {"so are responses in each form", responses},
    {"a response may have its ids already", a_response_may_have_its_ids_already},
    {"integers are written and read alike", integers_are_written_and_read_alike},
    {"so are the agent's control messages", control_messages_of_the_agent},
    {"so are results of subscriptions", results_of_subscriptions},
    {"failures without a vector are read back as they were meant", other_failures_are_read_back},
    {"so are new connections", new_connections},
    {"so are requests in one message", requests_in_one},
    {"so are requests in parts", requests_in_parts},
    {"so are requests of the second form", requests_of_the_second_form},
    {"integers are as short as can be", integers_are_as_short_as_can_be},
    {"without room nothing is written, and that is told", without_room_nothing_is_written},
    {"no message is longer than its bound", bounds_hold},
    CU_TEST_INFO_NULL,
};
