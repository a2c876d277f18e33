/* actors/tap_seen.c -- ids and the request line of a message; see tap_seen.h */
#include "actors/tap_seen.h"
#include "messages/http_head.h"

unsigned tap_ids_of(const struct wire_message *m)
{
    enum { C = TAP_HAS_CONNECTION, R = TAP_HAS_REQUEST, P = TAP_HAS_PORT };
    static const uint8_t ids[WIRE_KIND_COUNT] = {
        [WIRE_PORT_SUBSCRIBE] = P,
        [WIRE_PORT_UNSUBSCRIBE] = P,
        [WIRE_CONNECTION_UNSUBSCRIBE] = C,
        [WIRE_SUBSCRIBE_RESULT] = P,
        [WIRE_NEW_CONNECTION] = C | P,
        [WIRE_DATA] = C,
        [WIRE_TCP_CLOSE] = C,
        [WIRE_HTTP_REQUEST] = C | R | P,
        [WIRE_HTTP_REQUEST_FRAMED] = C | R | P,
        [WIRE_HTTP_REQUEST_START_V1] = C | R | P,
        [WIRE_HTTP_REQUEST_START_V2] = C | R | P,
        [WIRE_REQUEST_BODY] = C | R,
        [WIRE_REQUEST_ERROR] = C | R,
        [WIRE_HTTP_RESPONSE] = C | R | P,
        [WIRE_HTTP_RESPONSE_FRAMED] = C | R | P,
        [WIRE_HTTP_RESPONSE_START] = C | R | P,
        [WIRE_RESPONSE_BODY] = C | R,
        [WIRE_RESPONSE_ERROR] = C | R,
    };
    if (m->kind == WIRE_SUBSCRIBE_RESULT && m->result != 0)
        return 0; /* an error names a port only sometimes */
    return ids[m->kind];
}

static bool is_request(enum wire_kind kind)
{
    return kind == WIRE_HTTP_REQUEST || kind == WIRE_HTTP_REQUEST_FRAMED ||
           kind == WIRE_HTTP_REQUEST_START_V1 || kind == WIRE_HTTP_REQUEST_START_V2;
}

bool tap_request_line(const struct tap_seen *s, struct http_text *method, struct http_text *target)
{
    const struct wire_message *m = s->message;
    if (!is_request(m->kind) || m->head.offset == 0 || m->head.offset > s->held)
        return false;
    const uint8_t *at = s->bytes + m->head.offset, *end = s->bytes + s->held;
    return http_wire_take_text(&at, end, method) && http_wire_take_text(&at, end, target);
}

bool tap_kind_is_sure(const struct wire_message *m)
{
    switch (m->kind) {
    case WIRE_DATA:
    case WIRE_HTTP_REQUEST:
    case WIRE_HTTP_REQUEST_FRAMED:
    case WIRE_HTTP_REQUEST_START_V1:
    case WIRE_HTTP_REQUEST_START_V2:
    case WIRE_REQUEST_BODY:
    case WIRE_HTTP_RESPONSE:
    case WIRE_HTTP_RESPONSE_FRAMED:
    case WIRE_HTTP_RESPONSE_START:
    case WIRE_RESPONSE_BODY: return true;
    default: return false;
    }
}
