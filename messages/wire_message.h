/* messages/wire_message.h -- what the decoder tells of one protocol message.
 *
 * Purpose  all that the incoming side wants to know of a message, without a copy of its bytes: small
 *          values are here, the rest are ranges.
 * Owner    the decoder that filled it, until the next message begins.
 * Units    ranges count bytes from the first byte of the message. An offset of 0 means "not there":
 *          byte 0 is always the discriminant.
 * Source   wire-format.md, sections 4.1 to 4.10.
 */
#ifndef MESSAGES_WIRE_MESSAGE_H
#define MESSAGES_WIRE_MESSAGE_H

#include "messages/version.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who speaks: the two directions are different languages. */
enum wire_from { WIRE_FROM_CLIENT, WIRE_FROM_AGENT };

enum wire_mode { WIRE_MIRROR, WIRE_STEAL };

/* Beside each kind: what it fills in, beyond kind, from, length and mode. */
enum wire_kind {
    WIRE_OTHER,                  /* walked and of no interest; wire_message_name() says which */
    WIRE_CLOSE,                  /* both; from the agent: text */
    WIRE_PING,                   /* client */
    WIRE_PONG,                   /* agent */
    WIRE_SWITCH_VERSION,         /* client: version, text (as written) */
    WIRE_VERSION_ANSWER,         /* agent: version, text */
    WIRE_READY_FOR_LOGS,         /* client */
    WIRE_LOG,                    /* agent: text, level */
    WIRE_OPERATOR_PING,          /* agent: operator_id */
    WIRE_OPERATOR_PONG,          /* client: operator_id */
    WIRE_ENV_REQUEST,            /* client */
    WIRE_PORT_SUBSCRIBE,         /* client: port, subscription; text or filter */
    WIRE_PORT_UNSUBSCRIBE,       /* client: port */
    WIRE_CONNECTION_UNSUBSCRIBE, /* client: connection */
    WIRE_SUBSCRIBE_RESULT,       /* agent: result; port if 0, else error and what it brings */
    WIRE_NEW_CONNECTION,         /* agent: connection, port, source_port, remote, local; transport,
                                    alpn, server_name (V1: plain TCP) */
    WIRE_DATA,                   /* both: connection, payload. Empty: this direction has ended */
    WIRE_TCP_CLOSE,              /* agent: connection */
    WIRE_HTTP_REQUEST,           /* agent: connection, request, port, head, body */
    WIRE_HTTP_REQUEST_FRAMED,    /* agent: connection, request, port, head, frames */
    WIRE_HTTP_REQUEST_START_V1,  /* agent: connection, request, port, head, frames */
    WIRE_HTTP_REQUEST_START_V2,  /* agent: connection, request, head, frames, is_last, remote,
                                    local, transport, alpn, server_name; port is local's */
    WIRE_REQUEST_BODY,           /* agent: connection, request, frames, is_last */
    WIRE_REQUEST_ERROR,          /* agent: connection, request; V2: text */
    WIRE_HTTP_RESPONSE,          /* client: connection, request, port, status, head, body */
    WIRE_HTTP_RESPONSE_FRAMED,   /* client: ... frames */
    WIRE_HTTP_RESPONSE_START,    /* client: ... frames */
    WIRE_RESPONSE_BODY,          /* client: connection, request, frames, is_last */
    WIRE_RESPONSE_ERROR,         /* client: connection, request */
    WIRE_KIND_COUNT
};

/* The three ways to ask for a port; the numbers of StealType's variants. */
enum wire_subscription {
    WIRE_SUBSCRIBE_ALL,    /* every connection */
    WIRE_SUBSCRIBE_HEADER, /* `text` is a regular expression over "name: value" (legacy form) */
    WIRE_SUBSCRIBE_FILTER, /* `filter` is an HttpFilter */
};

enum wire_level { WIRE_LEVEL_WARN, WIRE_LEVEL_ERROR, WIRE_LEVEL_INFO };

enum wire_transport { WIRE_TRANSPORT_TCP, WIRE_TRANSPORT_TLS };

/* The numbers of ResponseError's variants: `error`. What each fills in stands beside it. */
enum wire_error {
    WIRE_ERROR_IDS_EXHAUSTED = 0, /* text */
    WIRE_ERROR_NOT_FOUND,
    WIRE_ERROR_NOT_DIRECTORY,
    WIRE_ERROR_NOT_FILE,
    WIRE_ERROR_REMOTE_IO,           /* os_error (0: none), error_detail: ErrorKindInternal */
    WIRE_ERROR_DNS_LOOKUP,          /* error_detail: ResolveErrorKindInternal */
    WIRE_ERROR_REMOTE,              /* error_detail: enum wire_remote_error */
    WIRE_ERROR_PORT_ALREADY_STOLEN, /* port */
    WIRE_ERROR_NOT_IMPLEMENTED,
    WIRE_ERROR_FORBIDDEN,    /* error_detail: enum wire_blocked; policy; port, steal_type */
    WIRE_ERROR_STRIP_PREFIX, /* text */
    WIRE_ERROR_OPEN_LOCAL,
    WIRE_ERROR_FORBIDDEN_WITH_REASON, /* as FORBIDDEN, and reason */
    WIRE_ERROR_SYSTEM_FAILURE,        /* text */
};

enum wire_remote_error {
    WIRE_REMOTE_BAD_FILTER = 4,    /* text: the filter; reason */
    WIRE_REMOTE_BAD_FILTER_EX = 5, /* filter; reason */
};

enum wire_blocked {
    WIRE_BLOCKED_STEAL = 0,
    WIRE_BLOCKED_MIRROR = 1,
    WIRE_BLOCKED_OUTGOING_TCP = 2,
    WIRE_BLOCKED_OUTGOING_UDP = 3,
};

struct wire_range {
    uint64_t offset; /* bytes from the start of the message; 0: not there */
    uint64_t length;
};

struct wire_address {
    uint8_t octets[16]; /* network order; IPv4 in the first four */
    uint16_t port;
    uint8_t family; /* 4 or 6; 0: not there */
};

struct wire_u128 {
    uint64_t low;
    uint64_t high;
};

/* A piece of a body. Empty data frames mean nothing (DEL-18) and are left out. */
struct wire_frame {
    struct wire_range range; /* the payload; for trailers the header map, its count included */
    bool is_trailers;
};

enum {
    WIRE_FRAMES_INLINE = 8,
    /* Kept at most, 24 MiB of memory; a message with more of them is `oversized`. A frame that is
     * kept costs its sender at least 3 bytes. */
    WIRE_FRAMES_MAX = 1 << 20,
    WIRE_PATH_MAX = 3,
    WIRE_NAME_MAX = 128, /* room for wire_message_name, NUL included */
};

struct wire_message {
    enum wire_kind kind;
    enum wire_from from;
    enum wire_mode mode;
    uint32_t top;    /* discriminant of the ClientMessage or DaemonMessage */
    uint64_t length; /* bytes of the whole message; set when it is whole */

    uint64_t connection;
    uint16_t request;
    uint16_t port;
    uint16_t status;
    bool is_last;
    /* More bytes (Data's payload not counted) or more frames than the limit. The walk went on and
     * everything else holds, but `frames` may be short; the bytes need not have been kept. */
    bool oversized;

    uint8_t path_length;
    uint16_t path[WIRE_PATH_MAX]; /* variants of the first enums: rows of wire_variants */

    struct wire_range payload; /* of Data */
    struct wire_range head;    /* request: method, uri, headers, version; response: status, version,
                                  headers. Contiguous, ready to be sent on, known to be sound. */
    struct wire_range body;    /* of a basic request or response */
    uint32_t frame_count;
    const struct wire_frame *frames; /* the pieces of a body; trailers, if any, among them */

    uint16_t source_port; /* from here on: what Data, bodies and responses never fill in */
    uint32_t level;       /* enum wire_level */
    uint32_t transport;   /* enum wire_transport */
    uint32_t steal_type;  /* enum wire_subscription, as `subscription` but also inside errors */
    uint32_t result;      /* 0: Ok, 1: Err */
    uint32_t error;       /* enum wire_error */
    uint32_t error_detail;
    int32_t os_error;
    enum wire_subscription subscription;
    struct wire_range filter; /* an HttpFilter */
    struct wire_range text;
    struct wire_range reason;
    struct wire_range policy;
    struct wire_range alpn;
    struct wire_range server_name;
    struct wire_address remote; /* the peer, with source_port */
    struct wire_address local;  /* where it was caught, with port */
    struct wire_u128 operator_id;
    struct version version;

    /* From here on nothing is cleared between messages. */
    struct wire_frame frames_inline[WIRE_FRAMES_INLINE];
    union {
        struct wire_address address;
        struct wire_range range;
    } ignored; /* where values go that nobody asked for */
};

/* "WIRE_DATA" without its prefix, for logs. */
const char *wire_kind_name(enum wire_kind kind);

/* "TcpSteal(HttpRequestChunked(StartV2))": as far as the walk has come. */
const char *wire_message_name(const struct wire_message *m, char out[WIRE_NAME_MAX]);

#endif
