/* actors/tap_seen.h -- one message as the tap sees it, and what a filter can ask of it.
 *
 * Owner    the link that decoded it; valid while it is being looked at.
 */
#ifndef ACTORS_TAP_SEEN_H
#define ACTORS_TAP_SEEN_H

#include "messages/filter.h"
#include "messages/http_text.h"
#include "messages/wire_message.h"

/* The name that was asked for last: the next message often has the same. Zero it at first. */
struct tap_name {
    uint16_t path[WIRE_PATH_MAX];
    uint8_t path_length;
    char text[WIRE_NAME_MAX];
};

struct tap_seen {
    const struct wire_message *message;
    const uint8_t *bytes; /* its first `held` bytes */
    size_t held;
    uint64_t at_us; /* since the tap began */
    uint32_t link;
    bool ended;            /* the whole message was walked */
    struct tap_name *name; /* for tap_field, kept from message to message */
};

/* Which ids a message has. */
enum { TAP_HAS_CONNECTION = 1, TAP_HAS_REQUEST = 2, TAP_HAS_PORT = 4 };
unsigned tap_ids_of(const struct wire_message *m);

/* HTTP requests: method and target, as far as they are held. False: this is none, or they are not. */
bool tap_request_line(const struct tap_seen *s, struct http_text *method, struct http_text *target);

/* The table of fields for filter_new, and their values: `context` is a struct tap_seen. */
extern const struct filter_field tap_fields[];
filter_get tap_field;

/* What the message will be is sure, although it is not whole; its name does not grow any more. */
bool tap_kind_is_sure(const struct wire_message *m);

#endif
