/* messages/wire_encoder.c -- see wire_encoder.h
 *
 * The numbers are positions of variants (wire-format.md 4.1 to 4.10); what each is stands in the
 * enums. The tests compare every message with the original's bytes, and decode it again.
 */
#include "messages/wire_encoder.h"
#include <assert.h>

enum {
    CLIENT_CLOSE = 0,
    CLIENT_ENV_REQUEST = 6,
    CLIENT_PING = 7,
    CLIENT_SWITCH = 10,
    CLIENT_READY = 11,
    CLIENT_OPERATOR_PONG = 14,

    AGENT_CLOSE = 0,
    AGENT_LOG = 5,
    AGENT_PONG = 7,
    AGENT_ENV = 8,
    AGENT_VERSION = 11,
    AGENT_OPERATOR_PING = 13,

    /* Both: Tcp is 1, TcpSteal is 2. LayerTcp and LayerTcpSteal: */
    LAYER_SUBSCRIBE = 0,
    LAYER_CONNECTION_UNSUBSCRIBE = 1,
    LAYER_PORT_UNSUBSCRIBE = 2,
    LAYER_MIRROR_FILTER = 3,
    LAYER_DATA = 3,
    LAYER_RESPONSE = 4,
    LAYER_RESPONSE_FRAMED = 5,
    LAYER_RESPONSE_CHUNKED = 6,

    DAEMON_NEW_CONNECTION_V1 = 0,
    DAEMON_DATA = 1,
    DAEMON_CLOSE = 2,
    DAEMON_SUBSCRIBE_RESULT = 3,
    DAEMON_REQUEST = 4,
    DAEMON_REQUEST_FRAMED = 5,
    DAEMON_REQUEST_CHUNKED = 6,
    DAEMON_NEW_CONNECTION_V2 = 7,

    /* ChunkedRequest, ChunkedResponse */
    CHUNKED_START = 0,
    CHUNKED_BODY = 1,
    CHUNKED_ERROR = 2,
    CHUNKED_START_V2 = 3,
    CHUNKED_ERROR_V2 = 4,

    FILTER_HEADER = 0,
    FILTER_PATH = 1,
    FILTER_COMPOSITE = 2,
    FILTER_METHOD = 3,
    FILTER_BODY = 4,
    FILTER_HEADER_JQ = 5,

    BODY_FILTER_JSON = 0,
    METADATA_V1 = 0,

    RESULT_OK = 0,
    RESULT_ERR = 1,
};

/* ---- primitives ------------------------------------------------------------------------------- */

void wire_put_uint_long(struct wire_writer *w, uint64_t n)
{
    if (wire_writer_room(w, wire_varint_bytes(n)))
        w->at = wire_varint_put(w->at, n);
}

void wire_put_u128(struct wire_writer *w, struct wire_u128 n)
{
    if (n.high == 0) {
        wire_put_uint(w, n.low);
        return;
    }
    if (!wire_writer_room(w, WIRE_U128_MAX))
        return;
    *w->at++ = WIRE_MARKER_128;
    w->at = wire_put_little_endian(w->at, n.low, 8);
    w->at = wire_put_little_endian(w->at, n.high, 8);
}

void wire_put_ip(struct wire_writer *w, const struct wire_address *a)
{
    assert(a->family == 4 || a->family == 6);
    wire_put_byte(w, a->family == 6);
    wire_put_raw(w, a->octets, a->family == 6 ? 16 : 4);
}

void wire_put_sockaddr(struct wire_writer *w, const struct wire_address *a)
{
    wire_put_ip(w, a);
    wire_put_uint(w, a->port);
}

static void put_text(struct wire_writer *w, struct wire_text t)
{
    wire_put_string(w, t.at, t.length);
}

/* Tcp or TcpSteal, and the variant within. */
static void put_incoming(struct wire_writer *w, enum wire_mode mode, unsigned variant)
{
    wire_put_byte(w, mode == WIRE_MIRROR ? 1 : 2);
    wire_put_byte(w, variant);
}

static void put_connection(struct wire_writer *w, const struct wire_ids *ids)
{
    wire_put_uint(w, ids->connection);
    wire_put_uint(w, ids->request);
}

/* ---- client to agent -------------------------------------------------------------------------- */

void wire_put_client_close(struct wire_writer *w)
{
    wire_put_byte(w, CLIENT_CLOSE);
}

void wire_put_ping(struct wire_writer *w)
{
    wire_put_byte(w, CLIENT_PING);
}

void wire_put_switch_version(struct wire_writer *w, struct wire_text version)
{
    wire_put_byte(w, CLIENT_SWITCH);
    put_text(w, version);
}

void wire_put_ready_for_logs(struct wire_writer *w)
{
    wire_put_byte(w, CLIENT_READY);
}

void wire_put_operator_pong(struct wire_writer *w, struct wire_u128 id)
{
    wire_put_byte(w, CLIENT_OPERATOR_PONG);
    wire_put_u128(w, id);
}

void wire_put_env_request(struct wire_writer *w, size_t select)
{
    wire_put_byte(w, CLIENT_ENV_REQUEST);
    wire_put_uint(w, 0); /* env_vars_filter: nothing is left out */
    wire_put_uint(w, select);
}

/* Stealing has a StealType where mirroring has variants of its own. */
void wire_put_subscribe_all(struct wire_writer *w, enum wire_mode mode, uint16_t port)
{
    put_incoming(w, mode, LAYER_SUBSCRIBE);
    if (mode == WIRE_STEAL)
        wire_put_byte(w, WIRE_SUBSCRIBE_ALL);
    wire_put_uint(w, port);
}

void wire_put_subscribe_header(struct wire_writer *w, uint16_t port, struct wire_text regex)
{
    put_incoming(w, WIRE_STEAL, LAYER_SUBSCRIBE);
    wire_put_byte(w, WIRE_SUBSCRIBE_HEADER);
    wire_put_uint(w, port);
    put_text(w, regex);
}

void wire_put_subscribe_filter(struct wire_writer *w, enum wire_mode mode, uint16_t port)
{
    put_incoming(w, mode, mode == WIRE_MIRROR ? LAYER_MIRROR_FILTER : LAYER_SUBSCRIBE);
    if (mode == WIRE_STEAL)
        wire_put_byte(w, WIRE_SUBSCRIBE_FILTER);
    wire_put_uint(w, port);
}

void wire_put_port_unsubscribe(struct wire_writer *w, enum wire_mode mode, uint16_t port)
{
    put_incoming(w, mode, LAYER_PORT_UNSUBSCRIBE);
    wire_put_uint(w, port);
}

void wire_put_connection_unsubscribe(struct wire_writer *w, enum wire_mode mode,
                                     uint64_t connection)
{
    put_incoming(w, mode, LAYER_CONNECTION_UNSUBSCRIBE);
    wire_put_uint(w, connection);
}

static void put_filter(struct wire_writer *w, unsigned variant, struct wire_text text)
{
    wire_put_byte(w, variant);
    put_text(w, text);
}

void wire_put_filter_header(struct wire_writer *w, struct wire_text regex)
{
    put_filter(w, FILTER_HEADER, regex);
}

void wire_put_filter_path(struct wire_writer *w, struct wire_text regex)
{
    put_filter(w, FILTER_PATH, regex);
}

void wire_put_filter_header_jq(struct wire_writer *w, struct wire_text program)
{
    put_filter(w, FILTER_HEADER_JQ, program);
}

static void put_composite(struct wire_writer *w, bool all, size_t count)
{
    wire_put_byte(w, FILTER_COMPOSITE);
    wire_put_byte(w, all);
    wire_put_uint(w, count);
}

void wire_put_filter_all(struct wire_writer *w, size_t count)
{
    put_composite(w, true, count);
}

void wire_put_filter_any(struct wire_writer *w, size_t count)
{
    put_composite(w, false, count);
}

void wire_put_filter_method(struct wire_writer *w, struct wire_text method)
{
    static const char *const known[] = {"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                        "CONNECT", "OPTIONS", "TRACE", "PATCH"};
    enum { KNOWN = sizeof known / sizeof known[0] };
    unsigned i = 0;
    while (i < KNOWN &&
           (strlen(known[i]) != method.length || memcmp(known[i], method.at, method.length) != 0))
        i++;
    wire_put_byte(w, FILTER_METHOD);
    wire_put_byte(w, i); /* Other stands behind the known ones */
    if (i == KNOWN)
        put_text(w, method);
}

void wire_put_filter_json_body(struct wire_writer *w, struct wire_text query,
                               struct wire_text regex)
{
    wire_put_byte(w, FILTER_BODY);
    wire_put_byte(w, BODY_FILTER_JSON);
    put_text(w, query);
    put_text(w, regex);
}

void wire_put_data(struct wire_writer *w, enum wire_from from, enum wire_mode mode,
                   uint64_t connection, uint64_t length)
{
    assert(from == WIRE_FROM_AGENT || mode == WIRE_STEAL);
    put_incoming(w, mode, from == WIRE_FROM_CLIENT ? LAYER_DATA : DAEMON_DATA);
    wire_put_uint(w, connection);
    wire_put_uint(w, length);
}

void wire_put_response_kind(struct wire_writer *w, enum wire_kind kind)
{
    switch (kind) {
    case WIRE_HTTP_RESPONSE: put_incoming(w, WIRE_STEAL, LAYER_RESPONSE); break;
    case WIRE_HTTP_RESPONSE_FRAMED: put_incoming(w, WIRE_STEAL, LAYER_RESPONSE_FRAMED); break;
    default:
        assert(kind == WIRE_HTTP_RESPONSE_START);
        put_incoming(w, WIRE_STEAL, LAYER_RESPONSE_CHUNKED);
        wire_put_byte(w, CHUNKED_START);
    }
}

void wire_put_response(struct wire_writer *w, enum wire_kind kind, const struct wire_ids *ids)
{
    wire_put_response_kind(w, kind);
    wire_put_uint(w, ids->port);
    put_connection(w, ids);
}

void wire_put_response_body(struct wire_writer *w, size_t frames)
{
    put_incoming(w, WIRE_STEAL, LAYER_RESPONSE_CHUNKED);
    wire_put_byte(w, CHUNKED_BODY);
    wire_put_uint(w, frames);
}

void wire_put_response_error(struct wire_writer *w, const struct wire_ids *ids)
{
    put_incoming(w, WIRE_STEAL, LAYER_RESPONSE_CHUNKED);
    wire_put_byte(w, CHUNKED_ERROR);
    put_connection(w, ids);
}

void wire_put_body_end(struct wire_writer *w, bool is_last, const struct wire_ids *ids)
{
    wire_put_byte(w, is_last);
    put_connection(w, ids);
}

/* ---- agent to client -------------------------------------------------------------------------- */

void wire_put_agent_close(struct wire_writer *w, struct wire_text reason)
{
    wire_put_byte(w, AGENT_CLOSE);
    put_text(w, reason);
}

void wire_put_pong(struct wire_writer *w)
{
    wire_put_byte(w, AGENT_PONG);
}

void wire_put_version_answer(struct wire_writer *w, struct wire_text version)
{
    wire_put_byte(w, AGENT_VERSION);
    put_text(w, version);
}

void wire_put_log(struct wire_writer *w, enum wire_level level, struct wire_text message)
{
    wire_put_byte(w, AGENT_LOG);
    put_text(w, message);
    wire_put_byte(w, level);
}

void wire_put_operator_ping(struct wire_writer *w, struct wire_u128 id)
{
    wire_put_byte(w, AGENT_OPERATOR_PING);
    wire_put_u128(w, id);
}

void wire_put_env_answer(struct wire_writer *w, size_t count)
{
    wire_put_byte(w, AGENT_ENV);
    wire_put_byte(w, RESULT_OK);
    wire_put_uint(w, count);
}

void wire_put_subscribed(struct wire_writer *w, enum wire_mode mode, uint16_t port)
{
    put_incoming(w, mode, DAEMON_SUBSCRIBE_RESULT);
    wire_put_byte(w, RESULT_OK);
    wire_put_uint(w, port);
}

static void put_failure(struct wire_writer *w, enum wire_mode mode, enum wire_error error)
{
    put_incoming(w, mode, DAEMON_SUBSCRIBE_RESULT);
    wire_put_byte(w, RESULT_ERR);
    wire_put_byte(w, error);
}

void wire_put_port_stolen(struct wire_writer *w, enum wire_mode mode, uint16_t port)
{
    put_failure(w, mode, WIRE_ERROR_PORT_ALREADY_STOLEN);
    wire_put_uint(w, port);
}

void wire_put_bad_header_filter(struct wire_writer *w, enum wire_mode mode, struct wire_text filter,
                                struct wire_text error)
{
    put_failure(w, mode, WIRE_ERROR_REMOTE);
    wire_put_byte(w, WIRE_REMOTE_BAD_FILTER);
    put_text(w, filter);
    put_text(w, error);
}

void wire_put_bad_filter(struct wire_writer *w, enum wire_mode mode, struct wire_text filter,
                         struct wire_text error)
{
    put_failure(w, mode, WIRE_ERROR_REMOTE);
    wire_put_byte(w, WIRE_REMOTE_BAD_FILTER_EX);
    wire_put_raw(w, filter.at, filter.length);
    put_text(w, error);
}

void wire_put_not_implemented(struct wire_writer *w, enum wire_mode mode)
{
    put_failure(w, mode, WIRE_ERROR_NOT_IMPLEMENTED);
}

void wire_put_forbidden(struct wire_writer *w, enum wire_mode mode, uint16_t port)
{
    put_failure(w, mode, WIRE_ERROR_FORBIDDEN);
    if (mode == WIRE_STEAL) {
        wire_put_byte(w, WIRE_BLOCKED_STEAL);
        wire_put_byte(w, WIRE_SUBSCRIBE_ALL);
    } else {
        wire_put_byte(w, WIRE_BLOCKED_MIRROR);
    }
    wire_put_uint(w, port);
    wire_put_byte(w, 0); /* the policy has no name */
}

static void put_option(struct wire_writer *w, struct wire_text t)
{
    wire_put_byte(w, t.at != NULL);
    if (t.at)
        put_text(w, t);
}

static void put_transport(struct wire_writer *w, const struct wire_tls *tls)
{
    if (!tls->is_tls) {
        wire_put_byte(w, WIRE_TRANSPORT_TCP);
        return;
    }
    wire_put_byte(w, WIRE_TRANSPORT_TLS);
    put_option(w, tls->alpn);
    put_option(w, tls->server_name);
}

/* The two ports stand between the two addresses. */
static void put_new_connection(struct wire_writer *w, uint64_t connection,
                               const struct wire_address *remote, const struct wire_address *local)
{
    wire_put_uint(w, connection);
    wire_put_ip(w, remote);
    wire_put_uint(w, local->port);
    wire_put_uint(w, remote->port);
    wire_put_ip(w, local);
}

void wire_put_new_connection_v1(struct wire_writer *w, enum wire_mode mode, uint64_t connection,
                                const struct wire_address *remote, const struct wire_address *local)
{
    put_incoming(w, mode, DAEMON_NEW_CONNECTION_V1);
    put_new_connection(w, connection, remote, local);
}

void wire_put_new_connection_v2(struct wire_writer *w, enum wire_mode mode, uint64_t connection,
                                const struct wire_address *remote, const struct wire_address *local,
                                const struct wire_tls *tls)
{
    put_incoming(w, mode, DAEMON_NEW_CONNECTION_V2);
    put_new_connection(w, connection, remote, local);
    put_transport(w, tls);
}

void wire_put_tcp_close(struct wire_writer *w, enum wire_mode mode, uint64_t connection)
{
    put_incoming(w, mode, DAEMON_CLOSE);
    wire_put_uint(w, connection);
}

void wire_put_request(struct wire_writer *w, enum wire_mode mode, enum wire_kind kind)
{
    switch (kind) {
    case WIRE_HTTP_REQUEST: put_incoming(w, mode, DAEMON_REQUEST); break;
    case WIRE_HTTP_REQUEST_FRAMED: put_incoming(w, mode, DAEMON_REQUEST_FRAMED); break;
    default:
        assert(kind == WIRE_HTTP_REQUEST_START_V1);
        put_incoming(w, mode, DAEMON_REQUEST_CHUNKED);
        wire_put_byte(w, CHUNKED_START);
    }
}

void wire_put_request_end(struct wire_writer *w, const struct wire_ids *ids)
{
    put_connection(w, ids);
    wire_put_uint(w, ids->port);
}

static void put_chunked(struct wire_writer *w, enum wire_mode mode, unsigned variant)
{
    put_incoming(w, mode, DAEMON_REQUEST_CHUNKED);
    wire_put_byte(w, variant);
}

void wire_put_start_v2(struct wire_writer *w, enum wire_mode mode, const struct wire_ids *ids)
{
    put_chunked(w, mode, CHUNKED_START_V2);
    put_connection(w, ids);
}

void wire_put_start_v2_end(struct wire_writer *w, bool is_last, const struct wire_address *source,
                           const struct wire_address *destination, const struct wire_tls *tls)
{
    wire_put_byte(w, is_last);
    wire_put_byte(w, METADATA_V1);
    wire_put_sockaddr(w, source);
    wire_put_sockaddr(w, destination);
    put_transport(w, tls);
}

void wire_put_request_body(struct wire_writer *w, enum wire_mode mode, size_t frames)
{
    put_chunked(w, mode, CHUNKED_BODY);
    wire_put_uint(w, frames);
}

void wire_put_request_error_v1(struct wire_writer *w, enum wire_mode mode,
                               const struct wire_ids *ids)
{
    put_chunked(w, mode, CHUNKED_ERROR);
    put_connection(w, ids);
}

void wire_put_request_error_v2(struct wire_writer *w, enum wire_mode mode,
                               const struct wire_ids *ids, struct wire_text message)
{
    put_chunked(w, mode, CHUNKED_ERROR_V2);
    put_connection(w, ids);
    put_text(w, message);
}
