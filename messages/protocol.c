/* messages/protocol.c -- see protocol.h
 *
 * The preprocessor counts the rows: an enumerator of its own for each variant, and for each run of
 * fields one that holds its first row and one that sets the count back to go on after the last.
 */
#include "messages/protocol.h"
#include <stdio.h>
#include <string.h>

/* Which op a field of some type has, and how many bytes of struct wire_message it may fill. */
enum {
    op_u8 = WIRE_OP_U8,
    op_boolean = WIRE_OP_BOOLEAN,
    op_u16 = WIRE_OP_U16,
    op_u32 = WIRE_OP_U32,
    op_u64 = WIRE_OP_U64,
    op_u128 = WIRE_OP_U128,
    op_i32 = WIRE_OP_I32,
    op_i64 = WIRE_OP_I64,
    op_status = WIRE_OP_STATUS,
    op_bytes = WIRE_OP_BYTES,
    op_str = WIRE_OP_STR,
    op_semver = WIRE_OP_SEMVER,
    op_method = WIRE_OP_METHOD,
    op_uri = WIRE_OP_URI,
    op_httpver = WIRE_OP_HTTPVER,
    op_headers = WIRE_OP_HEADERS,
    op_ip = WIRE_OP_IP,
    op_sockaddr = WIRE_OP_SOCKADDR,
#define ENUM(type) op_##type = WIRE_OP_ENUM,
#define VARIANT(type, variant, since, kind, ...)
#define END(type)
#define STRUCT(type, fields)       op_##type = WIRE_OP_STRUCT,
#define OPTION(type, fields)       op_##type = WIRE_OP_OPTION,
#define LIST(type, fields)         op_##type = WIRE_OP_LIST,
#define BAG(type, fields)          op_##type = WIRE_OP_BAG,
#define ARRAY(type, times, fields) op_##type = WIRE_OP_ARRAY,
#define E(name, type, slot, edge)
#include "messages/protocol.def"
};

/* The first variant of each enum, each variant, and one past the last. */
enum {
#define ENUM(type)                               first_##type, enum_##type = first_##type - 1,
#define VARIANT(type, variant, since, kind, ...) variant_##type##_##variant,
#define END(type)                                last_##type, end_##type = last_##type - 1,
#define STRUCT(type, fields)
#define OPTION(type, fields)
#define LIST(type, fields)
#define BAG(type, fields)
#define ARRAY(type, times, fields)
#define E(name, type, slot, edge)
#include "messages/protocol.def"
    variant_rows
};

/* The first field of each variant or other type. */
#define RUN(owner, fields) fields_##owner, after_##owner = fields_##owner - 1 + (0 fields),
enum {
#define ENUM(type)
#define VARIANT(type, variant, since, kind, ...) RUN(type##_##variant, __VA_ARGS__)
#define END(type)
#define STRUCT(type, fields)       RUN(type, fields)
#define OPTION(type, fields)       RUN(type, fields)
#define LIST(type, fields)         RUN(type, fields)
#define BAG(type, fields)          RUN(type, fields)
#define ARRAY(type, times, fields) RUN(type, fields)
#define E(name, type, slot, edge)  +1
#include "messages/protocol.def"
    field_rows
};

#define LEAF(op)                     {0, 0, 0, op},
#define ROW(type, fields, times, op) {fields_##type, 0 fields, times, op},
const struct wire_type_row wire_types[] = {
    LEAF(WIRE_OP_U8) LEAF(WIRE_OP_BOOLEAN) LEAF(WIRE_OP_U16) LEAF(WIRE_OP_U32) LEAF(WIRE_OP_U64)
        LEAF(WIRE_OP_U128) LEAF(WIRE_OP_I32) LEAF(WIRE_OP_I64) LEAF(WIRE_OP_STATUS)
            LEAF(WIRE_OP_BYTES) LEAF(WIRE_OP_STR) LEAF(WIRE_OP_SEMVER) LEAF(WIRE_OP_METHOD)
                LEAF(WIRE_OP_URI) LEAF(WIRE_OP_HTTPVER) LEAF(WIRE_OP_HEADERS) LEAF(WIRE_OP_IP)
                    LEAF(WIRE_OP_SOCKADDR)
#define ENUM(type) {first_##type, last_##type - first_##type, 0, WIRE_OP_ENUM},
#define VARIANT(type, variant, since, kind, ...)
#define END(type)
#define STRUCT(type, fields)       ROW(type, fields, 0, WIRE_OP_STRUCT)
#define OPTION(type, fields)       ROW(type, fields, 0, WIRE_OP_OPTION)
#define LIST(type, fields)         ROW(type, fields, 0, WIRE_OP_LIST)
#define BAG(type, fields)          ROW(type, fields, 0, WIRE_OP_BAG)
#define ARRAY(type, times, fields) ROW(type, fields, times, WIRE_OP_ARRAY)
#define E(name, type, slot, edge)  +1
#include "messages/protocol.def"
};

const struct wire_variant_row wire_variants[] = {
#define ENUM(type)
#define VARIANT(type, variant, since, kind, ...)                                                   \
    {since, fields_##type##_##variant, 0 __VA_ARGS__, kind},
#define END(type)
#define STRUCT(type, fields)
#define OPTION(type, fields)
#define LIST(type, fields)
#define BAG(type, fields)
#define ARRAY(type, times, fields)
#define E(name, type, slot, edge) +1
#include "messages/protocol.def"
};

const struct wire_field_row wire_fields[] = {
#define ENUM(type)
#define VARIANT(type, variant, since, kind, ...) __VA_ARGS__
#define END(type)
#define STRUCT(type, fields)       fields
#define OPTION(type, fields)       fields
#define LIST(type, fields)         fields
#define BAG(type, fields)          fields
#define ARRAY(type, times, fields) fields
#define E(name, type, slot, edge)                                                                  \
    {op_##type, WIRE_TYPE_##type, offsetof(struct wire_message, slot), WIRE_EDGE_##edge},
#include "messages/protocol.def"
};

const char *const wire_type_names[] = {
    "u8",    "bool", "u16",    "u32",    "u64", "u128",    "i32",     "i64", "status",
    "bytes", "str",  "semver", "method", "uri", "httpver", "headers", "ip",  "sockaddr",
#define ENUM(type) #type,
#define VARIANT(type, variant, since, kind, ...)
#define END(type)
#define STRUCT(type, fields)       #type,
#define OPTION(type, fields)       #type,
#define LIST(type, fields)         #type,
#define BAG(type, fields)          #type,
#define ARRAY(type, times, fields) #type,
#define E(name, type, slot, edge)
#include "messages/protocol.def"
};

const char *const wire_variant_names[] = {
#define ENUM(type)
#define VARIANT(type, variant, since, kind, ...) #variant,
#define END(type)
#define STRUCT(type, fields)
#define OPTION(type, fields)
#define LIST(type, fields)
#define BAG(type, fields)
#define ARRAY(type, times, fields)
#define E(name, type, slot, edge)
#include "messages/protocol.def"
};

const char *const wire_field_names[] = {
#define ENUM(type)
#define VARIANT(type, variant, since, kind, ...) __VA_ARGS__
#define END(type)
#define STRUCT(type, fields)       fields
#define OPTION(type, fields)       fields
#define LIST(type, fields)         fields
#define BAG(type, fields)          fields
#define ARRAY(type, times, fields) fields
#define E(name, type, slot, edge)  #name,
#include "messages/protocol.def"
};

/* How many bytes of struct wire_message the decoder fills for a field of some type. */
enum {
    size_u8 = 1,
    size_boolean = sizeof(bool),
    size_u16 = sizeof(uint16_t),
    size_u32 = sizeof(uint32_t),
    size_u64 = sizeof(uint64_t),
    size_u128 = sizeof(struct wire_u128),
    size_i32 = sizeof(int32_t),
    size_i64 = sizeof(uint64_t),
    size_status = sizeof(uint16_t),
    size_bytes = sizeof(struct wire_range),
    size_str = sizeof(struct wire_range),
    size_semver = sizeof(struct wire_range),
    size_method = sizeof(struct wire_range),
    size_uri = sizeof(struct wire_range),
    size_httpver = sizeof(struct wire_range),
    size_headers = sizeof(struct wire_range),
    size_ip = sizeof(struct wire_address),
    size_sockaddr = sizeof(struct wire_address),
    size_ignored = sizeof(((struct wire_message *)0)->ignored),
#define ENUM(type) size_##type = sizeof(uint32_t),
#define VARIANT(type, variant, since, kind, ...)
#define END(type)
#define STRUCT(type, fields)       size_##type = 0,
#define OPTION(type, fields)       size_##type = 0,
#define LIST(type, fields)         size_##type = 0,
#define BAG(type, fields)          size_##type = 0,
#define ARRAY(type, times, fields) size_##type = 0,
#define E(name, type, slot, edge)
#include "messages/protocol.def"
};

/* Every slot is just as large as what goes there. */
#define ENUM(type)
#define VARIANT(type, variant, since, kind, ...) __VA_ARGS__
#define END(type)
#define STRUCT(type, fields)       fields
#define OPTION(type, fields)       fields
#define LIST(type, fields)         fields
#define BAG(type, fields)          fields
#define ARRAY(type, times, fields) fields
#define E(name, type, slot, edge)                                                                  \
    _Static_assert(sizeof(((struct wire_message *)0)->slot) == (size_t)size_##type ||              \
                       offsetof(struct wire_message, slot) ==                                      \
                           offsetof(struct wire_message, ignored),                                 \
                   "slot " #slot " does not fit its field");
#include "messages/protocol.def"

const unsigned wire_variant_count = variant_rows;
const unsigned wire_field_count = field_rows;

_Static_assert(sizeof wire_fields / sizeof wire_fields[0] == field_rows, "rows were counted wrong");
_Static_assert(sizeof wire_variants / sizeof wire_variants[0] == variant_rows, "counted wrong");
_Static_assert(sizeof wire_types / sizeof wire_types[0] == WIRE_TYPE_COUNT, "leaves are missing");
_Static_assert(sizeof wire_type_names / sizeof wire_type_names[0] == WIRE_TYPE_COUNT, "names");
_Static_assert(WIRE_TYPE_COUNT <= UINT8_MAX, "wire_field_row.type is too narrow");
_Static_assert(sizeof(((struct wire_message *)0)->ignored) >= sizeof(struct wire_u128), "narrow");

static const char *const kind_names[WIRE_KIND_COUNT] = {
    [WIRE_OTHER] = "OTHER",
    [WIRE_CLOSE] = "CLOSE",
    [WIRE_PING] = "PING",
    [WIRE_PONG] = "PONG",
    [WIRE_SWITCH_VERSION] = "SWITCH_VERSION",
    [WIRE_VERSION_ANSWER] = "VERSION_ANSWER",
    [WIRE_READY_FOR_LOGS] = "READY_FOR_LOGS",
    [WIRE_LOG] = "LOG",
    [WIRE_OPERATOR_PING] = "OPERATOR_PING",
    [WIRE_OPERATOR_PONG] = "OPERATOR_PONG",
    [WIRE_ENV_REQUEST] = "ENV_REQUEST",
    [WIRE_PORT_SUBSCRIBE] = "PORT_SUBSCRIBE",
    [WIRE_PORT_UNSUBSCRIBE] = "PORT_UNSUBSCRIBE",
    [WIRE_CONNECTION_UNSUBSCRIBE] = "CONNECTION_UNSUBSCRIBE",
    [WIRE_SUBSCRIBE_RESULT] = "SUBSCRIBE_RESULT",
    [WIRE_NEW_CONNECTION] = "NEW_CONNECTION",
    [WIRE_DATA] = "DATA",
    [WIRE_TCP_CLOSE] = "TCP_CLOSE",
    [WIRE_HTTP_REQUEST] = "HTTP_REQUEST",
    [WIRE_HTTP_REQUEST_FRAMED] = "HTTP_REQUEST_FRAMED",
    [WIRE_HTTP_REQUEST_START_V1] = "HTTP_REQUEST_START_V1",
    [WIRE_HTTP_REQUEST_START_V2] = "HTTP_REQUEST_START_V2",
    [WIRE_REQUEST_BODY] = "REQUEST_BODY",
    [WIRE_REQUEST_ERROR] = "REQUEST_ERROR",
    [WIRE_HTTP_RESPONSE] = "HTTP_RESPONSE",
    [WIRE_HTTP_RESPONSE_FRAMED] = "HTTP_RESPONSE_FRAMED",
    [WIRE_HTTP_RESPONSE_START] = "HTTP_RESPONSE_START",
    [WIRE_RESPONSE_BODY] = "RESPONSE_BODY",
    [WIRE_RESPONSE_ERROR] = "RESPONSE_ERROR",
};

const char *wire_kind_name(enum wire_kind kind)
{
    return kind < WIRE_KIND_COUNT ? kind_names[kind] : "?";
}

/* The variant's only field is itself an enum that is worth naming: no Result. */
static bool names_go_on(unsigned variant)
{
    const struct wire_variant_row *v = &wire_variants[variant];
    if (v->count != 1 || wire_fields[v->first].op != WIRE_OP_ENUM)
        return false;
    const struct wire_type_row *type = &wire_types[wire_fields[v->first].type];
    return strcmp(wire_variant_names[type->first], "Ok") != 0;
}

const char *wire_message_name(const struct wire_message *m, char out[WIRE_NAME_MAX])
{
    unsigned depth = 0;
    size_t n = 0;
    out[0] = 0;
    while (depth < m->path_length) {
        unsigned v = m->path[depth];
        n += (size_t)snprintf(out + n, WIRE_NAME_MAX - n, "%s%s", depth ? "(" : "",
                              wire_variant_names[v]);
        depth++;
        if (!names_go_on(v))
            break;
    }
    for (; depth > 1; depth--)
        out[n++] = ')';
    out[n] = 0;
    return out;
}
