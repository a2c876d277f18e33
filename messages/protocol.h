/* messages/protocol.h -- the protocol's types as constant tables.
 *
 * Purpose  protocol.def turned into rows that a program can walk: by the decoder on its hot path, by
 *          a printer, a generator, and tests, all of which so cannot disagree.
 * Thread   constant data: any thread.
 *
 *   wire_types[type]       op, and the rows that it is made of
 *        ENUM         ->   wire_variants[first .. first + count), by discriminant
 *        others       ->   wire_fields[first .. first + count)
 *   wire_variants[v]  ->   wire_fields[first .. first + count)
 *   wire_fields[f]         op and type of the field; where its value goes in struct wire_message
 */
#ifndef MESSAGES_PROTOCOL_H
#define MESSAGES_PROTOCOL_H

#include "messages/wire_message.h"
#include <stdint.h>

/* How a type lies on the wire (wire-format.md 1.1 to 1.4). */
enum wire_op {
    WIRE_OP_U8,
    WIRE_OP_BOOLEAN,
    WIRE_OP_U16,
    WIRE_OP_U32,
    WIRE_OP_U64,
    WIRE_OP_U128,
    WIRE_OP_I32,
    WIRE_OP_I64,
    WIRE_OP_STATUS,
    WIRE_OP_BYTES,
    WIRE_OP_STR,
    WIRE_OP_SEMVER,
    WIRE_OP_METHOD,
    WIRE_OP_URI,
    WIRE_OP_HTTPVER,
    WIRE_OP_HEADERS,
    WIRE_OP_IP,
    WIRE_OP_SOCKADDR,
    WIRE_OP_ENUM, /* from here on: made of rows */
    WIRE_OP_STRUCT,
    WIRE_OP_OPTION,
    WIRE_OP_LIST,
    WIRE_OP_BAG,
    WIRE_OP_ARRAY,
};

/* Noted when a walk comes to the field (for frames: when it has passed it). */
enum wire_edge {
    WIRE_EDGE_NONE,
    WIRE_EDGE_HEAD_BEGIN,
    WIRE_EDGE_HEAD_END,
    WIRE_EDGE_FILTER_BEGIN,
    WIRE_EDGE_FILTER_END,
    WIRE_EDGE_FRAME_DATA,
    WIRE_EDGE_FRAME_TRAILERS,
};

enum wire_type {
    WIRE_TYPE_u8,
    WIRE_TYPE_boolean,
    WIRE_TYPE_u16,
    WIRE_TYPE_u32,
    WIRE_TYPE_u64,
    WIRE_TYPE_u128,
    WIRE_TYPE_i32,
    WIRE_TYPE_i64,
    WIRE_TYPE_status,
    WIRE_TYPE_bytes,
    WIRE_TYPE_str,
    WIRE_TYPE_semver,
    WIRE_TYPE_method,
    WIRE_TYPE_uri,
    WIRE_TYPE_httpver,
    WIRE_TYPE_headers,
    WIRE_TYPE_ip,
    WIRE_TYPE_sockaddr,
#define ENUM(type) WIRE_TYPE_##type,
#define VARIANT(type, variant, since, kind, ...)
#define END(type)
#define STRUCT(type, fields)       WIRE_TYPE_##type,
#define OPTION(type, fields)       WIRE_TYPE_##type,
#define LIST(type, fields)         WIRE_TYPE_##type,
#define BAG(type, fields)          WIRE_TYPE_##type,
#define ARRAY(type, times, fields) WIRE_TYPE_##type,
#define E(name, type, slot, edge)
#include "messages/protocol.def"
    WIRE_TYPE_COUNT
};

struct wire_type_row {
    uint16_t first; /* row of wire_variants (ENUM) or wire_fields */
    uint16_t count;
    uint16_t times; /* of an ARRAY */
    uint8_t op;     /* enum wire_op */
};

struct wire_variant_row {
    uint64_t since; /* ordinal of the first version that knows it; 0: all do */
    uint16_t first; /* row of wire_fields */
    uint8_t count;
    uint8_t kind; /* enum wire_kind; 0: says nothing */
};

struct wire_field_row {
    uint8_t op;    /* enum wire_op of `type` */
    uint8_t type;  /* enum wire_type */
    uint16_t slot; /* where in struct wire_message the value goes, in bytes */
    uint8_t edge;  /* enum wire_edge */
};

extern const struct wire_type_row wire_types[];
extern const struct wire_variant_row wire_variants[];
extern const struct wire_field_row wire_fields[];
extern const unsigned wire_variant_count;
extern const unsigned wire_field_count;

/* Names as the original spells them. A field without a name is "_". */
extern const char *const wire_type_names[];
extern const char *const wire_variant_names[];
extern const char *const wire_field_names[];

#endif
