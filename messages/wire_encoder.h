/* messages/wire_encoder.h -- writes the protocol messages that the incoming side says.
 *
 * Purpose  append canonical bytes (the ones that the original writes) to room that the caller has.
 *          Large parts, heads and payloads, are the caller's: for them there is what stands before
 *          and behind.
 * Owner    the caller owns the room.
 * Thread   pure functions.
 * Errors   no room: `overflow` is set and stays, and nothing is written from then on (what was
 *          written before is half a message: throw it away).
 * Source   wire-format.md 1.1 and 4.1 to 4.10; what may be said to whom: messages/gates.def.
 *
 * Room: a function writes at most WIRE_PUT_MAX bytes plus the bytes of the strings it is given; for
 * the frequent ones a tighter bound stands beside it.
 *
 * A request or response is put together like this (frames: 0 or more; [] for a basic one):
 *
 *     response       wire_put_response()       head   count frames [length bytes]
 *     response body  wire_put_response_body()         count frames                 wire_put_body_end()
 *     request        wire_put_request()        head   count frames [length bytes]  wire_put_request_end()
 *     StartV2        wire_put_start_v2()       head   count frames      wire_put_start_v2_end()
 *     request body   wire_put_request_body()          count frames                 wire_put_body_end()
 *
 *     head, request:   method, uri, header map, version        (a decoded message's `head` as it is)
 *     head, response:  wire_put_status(), version, header map
 *     header map:      wire_put_uint(different names), and for each name:
 *                      wire_put_string(name), wire_put_uint(values), wire_put_string(each value)
 *     frame:           wire_put_frame(length) and the bytes, or wire_put_trailers() and a header map
 *
 * What a head may hold is for the caller to check (wire_syntax.h): one bad name, and the peer drops
 * the link.
 */
#ifndef MESSAGES_WIRE_ENCODER_H
#define MESSAGES_WIRE_ENCODER_H

#include "messages/wire_message.h"
#include "messages/wire_varint.h"
#include <string.h>

struct wire_writer {
    uint8_t *at;
    uint8_t *end;
    bool overflow;
};

enum {
    WIRE_PUT_MAX = 96,

    WIRE_U16_MAX = 3,
    WIRE_U32_MAX = 5,
    WIRE_U64_MAX = 9,
    WIRE_U128_MAX = 17,

    WIRE_DATA_MAX = 2 + 2 * WIRE_U64_MAX,
    WIRE_RESPONSE_MAX = 3 + WIRE_U64_MAX + 2 * WIRE_U16_MAX,
    WIRE_BODY_BEGIN_MAX = 3 + WIRE_U64_MAX,
    WIRE_BODY_END_MAX = 1 + WIRE_U64_MAX + WIRE_U16_MAX,
    WIRE_FRAME_MAX = 1 + WIRE_U64_MAX,
    WIRE_REQUEST_END_MAX = WIRE_U64_MAX + 2 * WIRE_U16_MAX,
    WIRE_UNSUBSCRIBE_MAX = 2 + WIRE_U64_MAX,
    WIRE_OPERATOR_PONG_MAX = 1 + WIRE_U128_MAX,
};

/* What names an exchange. */
struct wire_ids {
    uint64_t connection;
    uint16_t request;
    uint16_t port;
};

struct wire_text {
    const void *at;
    size_t length;
};

/* ---- primitives ------------------------------------------------------------------------------- */

static inline struct wire_writer wire_writer_over(void *room, size_t size)
{
    return (struct wire_writer){room, (uint8_t *)room + size, false};
}

/* Makes sure of `n` bytes; false, and overflow, if they are not there. */
static inline bool wire_writer_room(struct wire_writer *w, size_t n)
{
    if ((size_t)(w->end - w->at) < n || w->overflow)
        w->overflow = true;
    return !w->overflow;
}

static inline void wire_put_raw(struct wire_writer *w, const void *bytes, size_t n)
{
    if (n && wire_writer_room(w, n)) {
        memcpy(w->at, bytes, n);
        w->at += n;
    }
}

/* A single raw byte: bool, option tag, or any discriminant below 251. */
static inline void wire_put_byte(struct wire_writer *w, unsigned byte)
{
    if (wire_writer_room(w, 1))
        *w->at++ = (uint8_t)byte;
}

void wire_put_uint_long(struct wire_writer *w, uint64_t n);

/* An unsigned integer of any width, length or discriminant, in its shortest form. */
static inline void wire_put_uint(struct wire_writer *w, uint64_t n)
{
    if (n < WIRE_MARKER_16)
        wire_put_byte(w, (unsigned)n);
    else
        wire_put_uint_long(w, n);
}

void wire_put_u128(struct wire_writer *w, struct wire_u128 n);

/* A string or byte string: length, then bytes. */
static inline void wire_put_string(struct wire_writer *w, const void *bytes, size_t n)
{
    wire_put_uint(w, n);
    wire_put_raw(w, bytes, n);
}

/* IpAddr; without the port. */
void wire_put_ip(struct wire_writer *w, const struct wire_address *a);
void wire_put_sockaddr(struct wire_writer *w, const struct wire_address *a);

/* ---- client to agent -------------------------------------------------------------------------- */

void wire_put_client_close(struct wire_writer *w);
void wire_put_ping(struct wire_writer *w);
void wire_put_switch_version(struct wire_writer *w, struct wire_text version);
void wire_put_ready_for_logs(struct wire_writer *w);
void wire_put_operator_pong(struct wire_writer *w,
                            struct wire_u128 id); /* WIRE_OPERATOR_PONG_MAX */

/* GetEnvVarsRequest; follow it with `select` strings. */
void wire_put_env_request(struct wire_writer *w, size_t select);

/* WIRE_SUBSCRIBE_ALL. */
void wire_put_subscribe_all(struct wire_writer *w, enum wire_mode mode, uint16_t port);
/* WIRE_SUBSCRIBE_HEADER; stealing only. */
void wire_put_subscribe_header(struct wire_writer *w, uint16_t port, struct wire_text regex);
/* WIRE_SUBSCRIBE_FILTER; one HttpFilter follows. */
void wire_put_subscribe_filter(struct wire_writer *w, enum wire_mode mode, uint16_t port);
void wire_put_port_unsubscribe(struct wire_writer *w, enum wire_mode mode, uint16_t port);
/* WIRE_UNSUBSCRIBE_MAX */
void wire_put_connection_unsubscribe(struct wire_writer *w, enum wire_mode mode,
                                     uint64_t connection);

/* An HttpFilter. After `all` or `any`, `count` filters follow. */
void wire_put_filter_header(struct wire_writer *w, struct wire_text regex);
void wire_put_filter_path(struct wire_writer *w, struct wire_text regex);
void wire_put_filter_all(struct wire_writer *w, size_t count);
void wire_put_filter_any(struct wire_writer *w, size_t count);
/* Upper case names of known methods become their number; others are sent as they are. */
void wire_put_filter_method(struct wire_writer *w, struct wire_text method);
void wire_put_filter_json_body(struct wire_writer *w, struct wire_text query,
                               struct wire_text regex);
void wire_put_filter_header_jq(struct wire_writer *w, struct wire_text program);

/* Everything of Data that stands before its payload of `length` bytes. To the agent: stealing only.
 * WIRE_DATA_MAX */
void wire_put_data(struct wire_writer *w, enum wire_from from, enum wire_mode mode,
                   uint64_t connection, uint64_t length);

/* `kind`: WIRE_HTTP_RESPONSE, WIRE_HTTP_RESPONSE_FRAMED or WIRE_HTTP_RESPONSE_START. What stands
 * before the head. WIRE_RESPONSE_MAX */
void wire_put_response(struct wire_writer *w, enum wire_kind kind, const struct wire_ids *ids);
/* The same without the ids, for a head that has them in front already: port, connection, request. */
void wire_put_response_kind(struct wire_writer *w, enum wire_kind kind);
/* ... and before the frames of a further part; wire_put_body_end() follows. WIRE_BODY_BEGIN_MAX */
void wire_put_response_body(struct wire_writer *w, size_t frames);
void wire_put_response_error(struct wire_writer *w, const struct wire_ids *ids);

/* ---- parts of heads and bodies ---------------------------------------------------------------- */

static inline void wire_put_status(struct wire_writer *w, uint16_t status)
{
    wire_put_uint(w, status);
}

/* WIRE_FRAME_MAX */
static inline void wire_put_frame(struct wire_writer *w, uint64_t length)
{
    wire_put_byte(w, 0);
    wire_put_uint(w, length);
}

static inline void wire_put_trailers(struct wire_writer *w)
{
    wire_put_byte(w, 1);
}

/* WIRE_BODY_END_MAX */
void wire_put_body_end(struct wire_writer *w, bool is_last, const struct wire_ids *ids);

/* ---- agent to client -------------------------------------------------------------------------- */

void wire_put_agent_close(struct wire_writer *w, struct wire_text reason);
void wire_put_pong(struct wire_writer *w);
void wire_put_version_answer(struct wire_writer *w, struct wire_text version);
void wire_put_log(struct wire_writer *w, enum wire_level level, struct wire_text message);
void wire_put_operator_ping(struct wire_writer *w, struct wire_u128 id);

/* GetEnvVarsResponse(Ok); `count` times a key and a value string follow. */
void wire_put_env_answer(struct wire_writer *w, size_t count);

void wire_put_subscribed(struct wire_writer *w, enum wire_mode mode, uint16_t port);
/* Failures: PortAlreadyStolen, BadHttpFilterRegex, BadHttpFilterExRegex (`filter`: the bytes of the
 * HttpFilter as they came), NotImplemented, Forbidden (of stealing all of a port, or mirroring it). */
void wire_put_port_stolen(struct wire_writer *w, enum wire_mode mode, uint16_t port);
void wire_put_bad_header_filter(struct wire_writer *w, enum wire_mode mode, struct wire_text filter,
                                struct wire_text error);
void wire_put_bad_filter(struct wire_writer *w, enum wire_mode mode, struct wire_text filter,
                         struct wire_text error);
void wire_put_not_implemented(struct wire_writer *w, enum wire_mode mode);
void wire_put_forbidden(struct wire_writer *w, enum wire_mode mode, uint16_t port);

/* What lies between a connection and its protocol. An `at` of NULL: none. */
struct wire_tls {
    bool is_tls;
    struct wire_text alpn;
    struct wire_text server_name;
};

void wire_put_new_connection_v1(struct wire_writer *w, enum wire_mode mode, uint64_t connection,
                                const struct wire_address *remote,
                                const struct wire_address *local);
void wire_put_new_connection_v2(struct wire_writer *w, enum wire_mode mode, uint64_t connection,
                                const struct wire_address *remote, const struct wire_address *local,
                                const struct wire_tls *tls);
void wire_put_tcp_close(struct wire_writer *w, enum wire_mode mode, uint64_t connection);

/* `kind`: WIRE_HTTP_REQUEST, WIRE_HTTP_REQUEST_FRAMED or WIRE_HTTP_REQUEST_START_V1; a head and a
 * body follow, then the ids. */
void wire_put_request(struct wire_writer *w, enum wire_mode mode, enum wire_kind kind);
void wire_put_request_end(struct wire_writer *w,
                          const struct wire_ids *ids); /* WIRE_REQUEST_END_MAX */

void wire_put_start_v2(struct wire_writer *w, enum wire_mode mode, const struct wire_ids *ids);
void wire_put_start_v2_end(struct wire_writer *w, bool is_last, const struct wire_address *source,
                           const struct wire_address *destination, const struct wire_tls *tls);

/* WIRE_BODY_BEGIN_MAX; wire_put_body_end() follows the frames. */
void wire_put_request_body(struct wire_writer *w, enum wire_mode mode, size_t frames);
void wire_put_request_error_v1(struct wire_writer *w, enum wire_mode mode,
                               const struct wire_ids *ids);
void wire_put_request_error_v2(struct wire_writer *w, enum wire_mode mode,
                               const struct wire_ids *ids, struct wire_text message);

#endif
