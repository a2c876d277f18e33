/* messages/http_head.h -- reading an HTTP head in wire form.
 *
 * Wire form is what mirrord-protocol writes (wire format 4.8), one contiguous byte string:
 *
 *     request   method str | uri str | fields | version str
 *     response  status u16 varint | version str | fields
 *     fields    count of distinct names, then for each: name str, count of values, values
 *
 * where str is a varint length and the bytes, and a varint is one byte up to 250, else FB + u16,
 * FC + u32 or FD + u64, little endian. Heads travel through the actors in this form.
 *
 * The head should have passed the decoder already; whatever the bytes are, nothing outside of them
 * is read. Everything opened keeps pointing into the caller's bytes. No allocation. Any thread.
 */
#ifndef MESSAGES_HTTP_HEAD_H
#define MESSAGES_HTTP_HEAD_H

#include "messages/http_facts.h"
#include "messages/wire_syntax.h"
#include "messages/wire_varint.h"
#include <assert.h>

enum http_version {
    HTTP_VERSION_0_9,
    HTTP_VERSION_1_0,
    HTTP_VERSION_1_1,
    HTTP_VERSION_2,
    HTTP_VERSION_3,
};
static_assert(HTTP_VERSION_3 + 1 == WIRE_HTTPVERS, "the places of wire_httpver_texts");

struct http_head {
    struct http_text method; /* requests */
    struct http_text target; /* requests: the URI as sent */
    struct http_text fields; /* the whole header map, for http_fields_begin */
    uint16_t status;         /* responses */
    uint8_t version;         /* enum http_version */
};

/* bytes must be exactly one head. facts may be NULL; else one pass fills both. False: malformed,
 * and nothing in h or facts is to be used. */
bool http_head_open_request(struct http_head *h, struct http_facts *facts, const uint8_t *bytes,
                            size_t length);
bool http_head_open_response(struct http_head *h, struct http_facts *facts, const uint8_t *bytes,
                             size_t length);

/* The header lines in order: a name with three values is three lines. Values come without the blanks
 * at their ends, whatever the map holds. */
struct http_fields {
    const uint8_t *at, *end;
    uint64_t names_left, values_left;
    struct http_text name;
    bool bad; /* after the last line: the map was malformed there */
};

void http_fields_begin(struct http_fields *f, struct http_text map);
bool http_fields_next(struct http_fields *f, struct http_text *name, struct http_text *value);

/* The first value of a name (in lower case); false if there is none. */
bool http_fields_find(struct http_text map, const char *name, struct http_text *value);

/* The values of all lines of one name, a comma behind each, up to the first that does not fit into
 * room; returns the bytes written (0: no such line). Copies what must outlive its head, as Trailer's
 * list. */
size_t http_fields_join(struct http_text map, const char *name, uint8_t *out, size_t room);

/* Primitives of the wire form (wire_varint.h), for those who read or write parts of heads. False:
 * the bytes end before, or a marker that no length may begin with. */
bool http_wire_take_text(const uint8_t **at, const uint8_t *end, struct http_text *text);
static inline bool http_wire_take_number(const uint8_t **at, const uint8_t *end, uint64_t *number)
{
    return wire_varint_take(at, end, number);
}
static inline size_t http_wire_number_bytes(uint64_t number)
{
    return wire_varint_bytes(number);
}
static inline uint8_t *http_wire_put_number(uint8_t *out, uint64_t number)
{
    return wire_varint_put(out, number);
}

#endif
