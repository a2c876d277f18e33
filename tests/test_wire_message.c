/* tests/test_wire_message.c -- what the decoder tells of each kind of message. */
#include "messages/protocol.h"
#include "tests/check.h"
#include "tests/wire_feed.h"
#include "tests/wire_vectors.h"
#include <stdlib.h>

struct told {
    struct vector v;
    struct wire_decoder d;
};

/* Decodes a named message, byte by byte, so that what is told has been gathered from pieces. */
static const struct wire_message *tell(struct told *t, enum wire_from from, const char *name)
{
    size_t consumed;
    wire_decoder_destroy(&t->d);
    REQUIRE(vectors_find(from, name, &t->v));
    REQUIRE(wire_feed_new(&t->d, from, version_newest(), t->v.bytes, t->v.length, CUT_SINGLE,
                          &consumed) == WIRE_MESSAGE);
    return &t->d.message;
}

static void check_range(const struct told *t, struct wire_range r, const char *want)
{
    CHECK(r.offset != 0 && r.offset + r.length <= t->v.length);
    CHECK_BYTES(t->v.bytes + r.offset, r.length, want, strlen(want));
}

static void check_ids(const struct wire_message *m, uint64_t connection, uint16_t request,
                      uint16_t port)
{
    CHECK_UINT(m->connection, connection);
    CHECK_UINT(m->request, request);
    CHECK_UINT(m->port, port);
    CHECK_UINT(m->mode, WIRE_STEAL);
}

static struct told *told_new(void)
{
    return calloc(1, sizeof(struct told));
}

static void told_free(struct told *t)
{
    wire_decoder_destroy(&t->d);
    free(t);
}

static void tells_control_messages(void)
{
    struct told *t = told_new();
    const struct wire_message *m = tell(t, WIRE_FROM_CLIENT, "switch");
    CHECK_UINT(m->kind, WIRE_SWITCH_VERSION);
    CHECK_UINT(m->version.ordinal, VERSION_ORDINAL(1, 8, 1));
    check_range(t, m->text, "1.8.1");
    m = tell(t, WIRE_FROM_AGENT, "switch");
    CHECK_UINT(m->kind, WIRE_VERSION_ANSWER);
    CHECK_UINT(m->version.ordinal, VERSION_ORDINAL(1, 8, 1));
    CHECK_UINT(tell(t, WIRE_FROM_CLIENT, "ping")->kind, WIRE_PING);
    CHECK_UINT(tell(t, WIRE_FROM_AGENT, "pong")->kind, WIRE_PONG);
    CHECK_UINT(tell(t, WIRE_FROM_CLIENT, "ready")->kind, WIRE_READY_FOR_LOGS);
    CHECK_UINT(tell(t, WIRE_FROM_CLIENT, "close")->kind, WIRE_CLOSE);
    CHECK_UINT(tell(t, WIRE_FROM_CLIENT, "env")->kind, WIRE_ENV_REQUEST);
    m = tell(t, WIRE_FROM_AGENT, "close");
    CHECK_UINT(m->kind, WIRE_CLOSE);
    check_range(t, m->text, "bye");
    m = tell(t, WIRE_FROM_AGENT, "log");
    CHECK_UINT(m->kind, WIRE_LOG);
    CHECK_UINT(m->level, WIRE_LEVEL_WARN);
    check_range(t, m->text, "hi");
    m = tell(t, WIRE_FROM_AGENT, "opping");
    CHECK_UINT(m->kind, WIRE_OPERATOR_PING);
    CHECK_UINT(m->operator_id.low, 300);
    m = tell(t, WIRE_FROM_CLIENT, "oppong-large");
    CHECK_UINT(m->kind, WIRE_OPERATOR_PONG);
    CHECK_UINT(m->operator_id.low, 0x0011223344556677);
    CHECK_UINT(m->operator_id.high, 0x0123456789ABCDEF);
    told_free(t);
}

static void tells_subscriptions(void)
{
    struct told *t = told_new();
    const struct wire_message *m = tell(t, WIRE_FROM_CLIENT, "steal-all-8080");
    CHECK_UINT(m->kind, WIRE_PORT_SUBSCRIBE);
    CHECK_UINT(m->subscription, WIRE_SUBSCRIBE_ALL);
    CHECK_UINT(m->mode, WIRE_STEAL);
    CHECK_UINT(m->port, 8080);
    CHECK_UINT(m->filter.offset, 0);
    m = tell(t, WIRE_FROM_CLIENT, "steal-filteredhttp");
    CHECK_UINT(m->subscription, WIRE_SUBSCRIBE_HEADER);
    check_range(t, m->text, "x-user: alice");
    m = tell(t, WIRE_FROM_CLIENT, "steal-ex-header");
    CHECK_UINT(m->subscription, WIRE_SUBSCRIBE_FILTER);
    CHECK_UINT(m->filter.offset, 4);
    CHECK_UINT(m->filter.length, t->v.length - 4);
    m = tell(t, WIRE_FROM_CLIENT, "mirror-sub");
    CHECK_UINT(m->kind, WIRE_PORT_SUBSCRIBE);
    CHECK_UINT(m->mode, WIRE_MIRROR);
    CHECK_UINT(m->subscription, WIRE_SUBSCRIBE_ALL);
    m = tell(t, WIRE_FROM_CLIENT, "mirror-filtered");
    CHECK_UINT(m->mode, WIRE_MIRROR);
    CHECK_UINT(m->subscription, WIRE_SUBSCRIBE_FILTER);
    CHECK_UINT(m->filter.offset, 3);
    m = tell(t, WIRE_FROM_CLIENT, "mirror-unsub");
    CHECK_UINT(m->kind, WIRE_PORT_UNSUBSCRIBE);
    CHECK_UINT(m->port, 443);
    m = tell(t, WIRE_FROM_CLIENT, "steal-connunsub");
    CHECK_UINT(m->kind, WIRE_CONNECTION_UNSUBSCRIBE);
    CHECK_UINT(m->connection, 300);
    told_free(t);
}

static void tells_results_of_subscriptions(void)
{
    struct told *t = told_new();
    const struct wire_message *m = tell(t, WIRE_FROM_AGENT, "sub-ok");
    CHECK_UINT(m->kind, WIRE_SUBSCRIBE_RESULT);
    CHECK_UINT(m->result, 0);
    CHECK_UINT(m->port, 80);
    m = tell(t, WIRE_FROM_AGENT, "sub-stolen");
    CHECK_UINT(m->result, 1);
    CHECK_UINT(m->error, WIRE_ERROR_PORT_ALREADY_STOLEN);
    CHECK_UINT(m->port, 80);
    m = tell(t, WIRE_FROM_AGENT, "sub-forbidden");
    CHECK_UINT(m->error, WIRE_ERROR_FORBIDDEN);
    CHECK_UINT(m->error_detail, WIRE_BLOCKED_STEAL);
    CHECK_UINT(m->port, 80);
    check_range(t, m->policy, "p");
    m = tell(t, WIRE_FROM_AGENT, "sub-forbidden-reason");
    CHECK_UINT(m->mode, WIRE_MIRROR);
    CHECK_UINT(m->error, WIRE_ERROR_FORBIDDEN_WITH_REASON);
    CHECK_UINT(m->error_detail, WIRE_BLOCKED_MIRROR);
    CHECK_UINT(m->policy.offset, 0);
    check_range(t, m->reason, "no");
    m = tell(t, WIRE_FROM_AGENT, "sub-remoteio");
    CHECK_UINT(m->error, WIRE_ERROR_REMOTE_IO);
    CHECK_UINT(m->os_error, 98);
    CHECK_STR(wire_variant_names[wire_types[WIRE_TYPE_ErrorKindInternal].first + m->error_detail],
              "AddrInUse");
    m = tell(t, WIRE_FROM_AGENT, "sub-sysfail");
    CHECK_UINT(m->error, WIRE_ERROR_SYSTEM_FAILURE);
    check_range(t, m->text, "lost");
    m = tell(t, WIRE_FROM_AGENT, "sub-badregex");
    CHECK_UINT(m->error, WIRE_ERROR_REMOTE);
    CHECK_UINT(m->error_detail, WIRE_REMOTE_BAD_FILTER_EX);
    CHECK_UINT(m->filter.offset, 5);
    CHECK_UINT(m->filter.length, 3);
    check_range(t, m->reason, "bad");
    told_free(t);
}

static void tells_connections(void)
{
    static const uint8_t ten_one[16] = {10, 0, 0, 1}, ten_two[16] = {10, 0, 0, 2};
    static const uint8_t loopback[16] = {[15] = 1};
    struct told *t = told_new();
    const struct wire_message *m = tell(t, WIRE_FROM_AGENT, "newconn-v1");
    CHECK_UINT(m->kind, WIRE_NEW_CONNECTION);
    check_ids(m, 1, 0, 80);
    CHECK_UINT(m->source_port, 50000);
    CHECK_UINT(m->remote.family, 4);
    CHECK_UINT(m->remote.port, 50000);
    CHECK_UINT(m->local.port, 80);
    CHECK_BYTES(m->remote.octets, 16, ten_one, 16);
    CHECK_BYTES(m->local.octets, 16, ten_two, 16);
    CHECK_UINT(m->transport, WIRE_TRANSPORT_TCP);
    m = tell(t, WIRE_FROM_AGENT, "newconn-v2-tls");
    CHECK_UINT(m->kind, WIRE_NEW_CONNECTION);
    CHECK_UINT(m->transport, WIRE_TRANSPORT_TLS);
    CHECK_UINT(m->local.family, 6);
    CHECK_BYTES(m->local.octets, 16, loopback, 16);
    check_range(t, m->alpn, "h2");
    CHECK_UINT(m->server_name.offset, 0);
    m = tell(t, WIRE_FROM_AGENT, "tcpclose");
    CHECK_UINT(m->kind, WIRE_TCP_CLOSE);
    CHECK_UINT(m->connection, 1);
    m = tell(t, WIRE_FROM_AGENT, "data");
    CHECK_UINT(m->kind, WIRE_DATA);
    CHECK_UINT(m->connection, 1);
    check_range(t, m->payload, "hello");
    m = tell(t, WIRE_FROM_CLIENT, "steal-data-empty");
    CHECK_UINT(m->kind, WIRE_DATA);
    CHECK_UINT(m->payload.length, 0);
    CHECK(m->payload.offset != 0);
    told_free(t);
}

static void check_head(const struct told *t, struct wire_range head, size_t offset, size_t length)
{
    CHECK_UINT(head.offset, offset);
    CHECK_UINT(head.length, length);
    CHECK(offset + length <= t->v.length);
}

static void tells_requests_and_their_bodies(void)
{
    struct told *t = told_new();
    const struct wire_message *m = tell(t, WIRE_FROM_AGENT, "req-basic");
    CHECK_UINT(m->kind, WIRE_HTTP_REQUEST);
    check_ids(m, 2, 0, 80);
    check_head(t, m->head, 2, 16);
    CHECK_UINT(m->body.length, 0);
    m = tell(t, WIRE_FROM_AGENT, "req-framed");
    CHECK_UINT(m->kind, WIRE_HTTP_REQUEST_FRAMED);
    check_ids(m, 2, 0, 80);
    CHECK_UINT(m->frame_count, 0);
    m = tell(t, WIRE_FROM_AGENT, "req-start-v1");
    CHECK_UINT(m->kind, WIRE_HTTP_REQUEST_START_V1);
    check_ids(m, 2, 0, 8080);
    check_head(t, m->head, 3, t->v.length - 3 - 5 - 5);
    CHECK_UINT(m->frame_count, 1);
    check_range(t, m->frames[0].range, "ab");
    m = tell(t, WIRE_FROM_AGENT, "req-body");
    CHECK_UINT(m->kind, WIRE_REQUEST_BODY);
    CHECK(!m->is_last);
    check_range(t, m->frames[0].range, "cd");
    m = tell(t, WIRE_FROM_AGENT, "req-body-last");
    CHECK(m->is_last);
    CHECK_UINT(m->frame_count, 0);
    CHECK_UINT(m->connection, 2);
    CHECK_UINT(tell(t, WIRE_FROM_AGENT, "req-error-v1")->kind, WIRE_REQUEST_ERROR);
    m = tell(t, WIRE_FROM_AGENT, "req-error-v2");
    CHECK_UINT(m->kind, WIRE_REQUEST_ERROR);
    check_range(t, m->text, "eof");
    m = tell(t, WIRE_FROM_AGENT, "req-start-v2");
    CHECK_UINT(m->kind, WIRE_HTTP_REQUEST_START_V2);
    check_ids(m, 2, 0, 443);
    CHECK(m->is_last);
    CHECK_UINT(m->source_port, 50000);
    CHECK_UINT(m->transport, WIRE_TRANSPORT_TLS);
    check_range(t, m->alpn, "h2");
    check_range(t, m->server_name, "a.io");
    told_free(t);
}

static void tells_responses(void)
{
    struct told *t = told_new();
    const struct wire_message *m = tell(t, WIRE_FROM_CLIENT, "resp-basic");
    CHECK_UINT(m->kind, WIRE_HTTP_RESPONSE);
    check_ids(m, 1, 0, 80);
    CHECK_UINT(m->status, 200);
    check_head(t, m->head, 5, t->v.length - 5 - 3);
    check_range(t, m->body, "ok");
    m = tell(t, WIRE_FROM_CLIENT, "resp-framed");
    CHECK_UINT(m->kind, WIRE_HTTP_RESPONSE_FRAMED);
    CHECK_UINT(m->status, 404);
    CHECK_UINT(m->frame_count, 2);
    check_range(t, m->frames[0].range, "no");
    CHECK(!m->frames[0].is_trailers);
    CHECK(m->frames[1].is_trailers);
    check_range(t, m->frames[1].range, "\1\3x-t\1\0011");
    CHECK_UINT(tell(t, WIRE_FROM_CLIENT, "resp-chunk-start")->kind, WIRE_HTTP_RESPONSE_START);
    m = tell(t, WIRE_FROM_CLIENT, "resp-chunk-body");
    CHECK_UINT(m->kind, WIRE_RESPONSE_BODY);
    CHECK(!m->is_last);
    CHECK(tell(t, WIRE_FROM_CLIENT, "resp-chunk-last")->is_last);
    CHECK_UINT(tell(t, WIRE_FROM_CLIENT, "resp-chunk-error")->kind, WIRE_RESPONSE_ERROR);
    told_free(t);
}

static void names_every_message(void)
{
    struct told *t = told_new();
    char name[WIRE_NAME_MAX];
    CHECK_STR(wire_message_name(tell(t, WIRE_FROM_AGENT, "file-xstat"), name), "File(Xstat)");
    CHECK_STR(wire_message_name(tell(t, WIRE_FROM_AGENT, "req-start-v2"), name),
              "TcpSteal(HttpRequestChunked(StartV2))");
    CHECK_STR(wire_message_name(tell(t, WIRE_FROM_AGENT, "sub-stolen"), name),
              "TcpSteal(SubscribeResult)");
    CHECK_STR(wire_message_name(tell(t, WIRE_FROM_CLIENT, "ping"), name), "Ping");
    CHECK_STR(wire_message_name(tell(t, WIRE_FROM_CLIENT, "steal-all-80"), name),
              "TcpSteal(PortSubscribe(All))");
    CHECK_UINT(tell(t, WIRE_FROM_AGENT, "file-xstat")->kind, WIRE_OTHER);
    for (enum wire_kind k = 0; k < WIRE_KIND_COUNT; k++)
        CHECK(wire_kind_name(k)[0] != 0);
    told_free(t);
}

CU_TestInfo wire_message_tests[] = {
    {"control messages are told", tells_control_messages},
    {"subscriptions are told", tells_subscriptions},
    {"results of subscriptions are told", tells_results_of_subscriptions},
    {"connections and their data are told", tells_connections},
    {"requests and their bodies are told", tells_requests_and_their_bodies},
    {"responses are told", tells_responses},
    {"every message has a name", names_every_message},
    CU_TEST_INFO_NULL,
};
