/* messages/wire_transcode.h -- conveys one protocol message from any form into any other.
 *
 * Purpose  bytes, text and JSON are forms of the same messages, and so are random ones. A walk over
 *          the table of protocol.h asks a *source* what comes next and tells a *sink*:
 *
 *              sources: wire_bytes.h  wire_text.h  wire_json.h  wire_random.h
 *              sinks:   wire_bytes.h  wire_text.h  wire_json.h  wire_dump.h
 *
 *          decode is bytes to text, encode is text to bytes, canonical form is bytes to bytes. A
 *          form knows its own syntax and nothing of the protocol; the table is the only grammar.
 * Owner    source, sink and the struct of the walk are the caller's.
 * Thread   one at a time.
 * Errors   false, and `error` says what and where. A sink may then hold half a message.
 * Memory   forms grow through struct wire_buffer: no memory is an error, never the program's end.
 *
 * What a value is made of, and the calls that convey it (each goes to the source, then to the sink):
 *
 *     ENUM     variant, and then its fields as a group
 *     STRUCT   its fields as a group
 *     OPTION   some, and if so its field as a group
 *     LIST     list_begin, (next, the element)*, list_end; BAG and ARRAY likewise
 *     headers  a list whose elements are a name, a leaf, and its values, again a list
 *     group    group_begin, (field, the value)*, group_end; without fields: nothing is called
 *     leaf     leaf
 *
 * An element of a list with more than one field is a group too.
 */
#ifndef MESSAGES_WIRE_TRANSCODE_H
#define MESSAGES_WIRE_TRANSCODE_H

#include "messages/protocol.h"

/* Leaves and lists inside of a header map, which the table counts as one leaf. */
enum {
    WIRE_OP_HEADER_NAME = 64,
    WIRE_OP_HEADER_VALUE,
    WIRE_TYPE_header_values = WIRE_TYPE_COUNT,
};

struct wire_leaf {
    struct wire_u128 number; /* integers; i32 and i64 with their sign through all of `low` */
    const uint8_t *bytes;    /* strings of every kind; valid until the next call of the source */
    size_t length;
    struct wire_address address; /* ip (port 0), sockaddr */
};

enum wire_shape { WIRE_SHAPE_VARIANT, WIRE_SHAPE_STRUCT, WIRE_SHAPE_SOME, WIRE_SHAPE_ELEMENT };

struct wire_group {
    enum wire_shape shape;
    const struct wire_field_row *fields;
    const char *const *names; /* of the fields; "_": none */
    unsigned count;           /* 1 and up */
    bool named;               /* the fields have names */
};

struct wire_transcode;

/* group_begin to list_end may be NULL in both, but for `next` of a source: nothing to do. */
struct wire_source {
    bool (*variant)(struct wire_transcode *t, unsigned type, unsigned *variant);
    bool (*some)(struct wire_transcode *t, bool *some);
    bool (*group_begin)(struct wire_transcode *t, const struct wire_group *g);
    bool (*field)(struct wire_transcode *t, const struct wire_group *g, unsigned i);
    bool (*group_end)(struct wire_transcode *t, const struct wire_group *g);
    bool (*list_begin)(struct wire_transcode *t, unsigned type);
    /* Is there an element after `done` ones? */
    bool (*next)(struct wire_transcode *t, unsigned type, uint64_t done, bool *more);
    bool (*list_end)(struct wire_transcode *t, unsigned type);
    bool (*leaf)(struct wire_transcode *t, unsigned op, struct wire_leaf *out);
};

struct wire_sink {
    bool (*variant)(struct wire_transcode *t, unsigned type, unsigned variant);
    bool (*some)(struct wire_transcode *t, bool some);
    bool (*group_begin)(struct wire_transcode *t, const struct wire_group *g);
    bool (*field)(struct wire_transcode *t, const struct wire_group *g, unsigned i);
    bool (*group_end)(struct wire_transcode *t, const struct wire_group *g);
    bool (*list_begin)(struct wire_transcode *t, unsigned type);
    bool (*next)(struct wire_transcode *t, unsigned type, uint64_t done);
    bool (*list_end)(struct wire_transcode *t, unsigned type, uint64_t count);
    bool (*leaf)(struct wire_transcode *t, unsigned op, const struct wire_leaf *leaf);
};

enum { WIRE_TRANSCODE_ERROR_MAX = 240 };

struct wire_transcode {
    const struct wire_source *source;
    void *source_state;
    const struct wire_sink *sink;
    void *sink_state;
    unsigned depth;
    char error[WIRE_TRANSCODE_ERROR_MAX];
};

/* One message of this direction. */
bool wire_transcode(struct wire_transcode *t, enum wire_from from);

/* For sources and sinks: keeps the first sentence; always false. */
bool wire_transcode_fail(struct wire_transcode *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- bytes that grow ------------------------------------------------------------------------- */

struct wire_buffer {
    uint8_t *at;
    size_t length, room;
    void *(*reallocate)(void *, size_t); /* NULL: realloc */
};

/* False, and nothing is changed, if there is no memory. */
bool wire_buffer_room(struct wire_buffer *b, size_t more);
bool wire_buffer_put(struct wire_buffer *b, const void *bytes, size_t length);
bool wire_buffer_text(struct wire_buffer *b, const char *text);
bool wire_buffer_format(struct wire_buffer *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Puts `length` bytes in at `offset`, in front of what is there. */
bool wire_buffer_insert(struct wire_buffer *b, size_t offset, const void *bytes, size_t length);
void wire_buffer_release(struct wire_buffer *b);

#endif
