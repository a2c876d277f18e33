/* messages/wire_json.h -- messages as JSON, for programs; see wire_transcode.h.
 *
 *     {"TcpSteal":{"Data":{"connection_id":7,"bytes":"GET / HTTP/1.1\r\n"}}}
 *
 *     enum       "Variant", and with fields {"Variant":value}: an object of the fields if they have
 *                names, the value itself if it is one without a name, an array if they are several
 *     struct     likewise without the variant
 *     option     null, or the value
 *     list       an array
 *     headers    {"accept":["text/html"],"host":["a.example"]}
 *     integer    a number; beyond 2^53 either way, and for every u128, a string of decimal digits
 *     address    "10.0.0.1", "::1", "10.0.0.1:80", "[::1]:80"
 *     string     a string
 *     bytes      a string if they are UTF-8 text, {"hex":"00ff"} otherwise; header values likewise
 *
 * Lossless: what was written is read back as the same message. Stable: these rules, the names (the
 * original's) and the order of members do not change; a member may be added where the protocol adds
 * one. A sink may be told to cut long byte strings: {"begin":"...","length":1048576}, which cannot be
 * read back. Reading, the order of members is free, and a member too many is an error.
 */
#ifndef MESSAGES_WIRE_JSON_H
#define MESSAGES_WIRE_JSON_H

#include "messages/wire_transcode.h"
#include <jansson.h>

/* Beyond, a double is not exact, and an integer is written as a string. */
#define WIRE_JSON_EXACT_MAX (INT64_C(1) << 53)

struct wire_json_sink {
    struct wire_buffer out;
    uint64_t most; /* bytes of a string that are shown; 0: all */
};

extern const struct wire_sink wire_json_sink;

enum { WIRE_JSON_DEPTH_MAX = 600 };

struct wire_json_source {
    /* -- private -- */
    json_t *value; /* what comes next; borrowed */
    struct wire_json_frame {
        json_t *container;
        void *member; /* of an object that is a header map */
    } frames[WIRE_JSON_DEPTH_MAX];
    unsigned depth;
    struct wire_buffer string;
};

extern const struct wire_source wire_json_source;

/* `message` is borrowed until the walk is over; load it with JSON_ALLOW_NUL. */
void wire_json_source_begin(struct wire_json_source *s, json_t *message);
void wire_json_source_release(struct wire_json_source *s);

#endif
