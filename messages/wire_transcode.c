/* messages/wire_transcode.c -- see wire_transcode.h
 *
 * A recursion over the table. It is as deep as the message is nested, and a message may be nested as
 * deeply as the decoder allows (WIRE_NESTING_MAX), which a hostile text could exceed: hence `depth`.
 */
#include "messages/wire_transcode.h"
#include "messages/wire_decoder.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A filter in a filter is an enum in a group in a list in a group in an enum. */
enum { DEPTH_MAX = 4 * WIRE_NESTING_MAX };

/* A form that has nothing to do at a place leaves the call out. */
#define CALL(t, side, call, ...) (!(t)->side->call || (t)->side->call((t), __VA_ARGS__))
#define BOTH(t, call, ...)       (CALL(t, source, call, __VA_ARGS__) && CALL(t, sink, call, __VA_ARGS__))

static bool convey(struct wire_transcode *t, unsigned type);

bool wire_transcode_fail(struct wire_transcode *t, const char *format, ...)
{
    if (t->error[0])
        return false;
    va_list list;
    va_start(list, format);
    vsnprintf(t->error, sizeof t->error, format, list);
    va_end(list);
    return false;
}

static bool convey_leaf(struct wire_transcode *t, unsigned op)
{
    struct wire_leaf leaf = {0};
    if (!t->source->leaf(t, op, &leaf))
        return false;
    if (!leaf.bytes) /* an empty string has an address too */
        leaf.bytes = (const uint8_t *)"";
    return t->sink->leaf(t, op, &leaf);
}

static bool convey_group(struct wire_transcode *t, enum wire_shape shape, unsigned first,
                         unsigned count)
{
    if (count == 0)
        return true;
    struct wire_group g = {shape, wire_fields + first, wire_field_names + first, count, false};
    g.named = strcmp(g.names[0], "_") != 0;
    if (!BOTH(t, group_begin, &g))
        return false;
    for (unsigned i = 0; i < count; i++)
        if (!BOTH(t, field, &g, i) || !convey(t, g.fields[i].type))
            return false;
    return BOTH(t, group_end, &g);
}

static bool convey_enum(struct wire_transcode *t, unsigned type)
{
    const struct wire_type_row *row = &wire_types[type];
    unsigned n = 0;
    if (!t->source->variant(t, type, &n))
        return false;
    if (n >= row->count)
        return wire_transcode_fail(t, "%s has no variant %u", wire_type_names[type], n);
    const struct wire_variant_row *v = &wire_variants[row->first + n];
    return t->sink->variant(t, type, n) && convey_group(t, WIRE_SHAPE_VARIANT, v->first, v->count);
}

static bool convey_option(struct wire_transcode *t, unsigned type)
{
    bool some = false;
    if (!t->source->some(t, &some) || !t->sink->some(t, some))
        return false;
    const struct wire_type_row *row = &wire_types[type];
    return !some || convey_group(t, WIRE_SHAPE_SOME, row->first, row->count);
}

/* The source's answer is passed on to the sink. */
static bool list_next(struct wire_transcode *t, unsigned type, uint64_t done, bool *more)
{
    *more = false;
    return t->source->next(t, type, done, more) && (!*more || CALL(t, sink, next, type, done));
}

static bool list_end(struct wire_transcode *t, unsigned type, uint64_t count)
{
    return CALL(t, source, list_end, type) && CALL(t, sink, list_end, type, count);
}

static bool convey_element(struct wire_transcode *t, const struct wire_type_row *row)
{
    return row->count == 1 ? convey(t, wire_fields[row->first].type)
                           : convey_group(t, WIRE_SHAPE_ELEMENT, row->first, row->count);
}

static bool convey_list(struct wire_transcode *t, unsigned type)
{
    const struct wire_type_row *row = &wire_types[type];
    uint64_t done = 0;
    bool more;
    if (!BOTH(t, list_begin, type))
        return false;
    for (;; done++) {
        if (!list_next(t, type, done, &more))
            return false;
        if (!more)
            break;
        if (!convey_element(t, row))
            return false;
    }
    if (row->op == WIRE_OP_ARRAY && done != row->times)
        return wire_transcode_fail(t, "%s has %u elements, not %llu", wire_type_names[type],
                                   row->times, (unsigned long long)done);
    return list_end(t, type, done);
}

static bool convey_header_values(struct wire_transcode *t)
{
    uint64_t done = 0;
    bool more;
    if (!BOTH(t, list_begin, WIRE_TYPE_header_values))
        return false;
    for (;; done++) {
        if (!list_next(t, WIRE_TYPE_header_values, done, &more))
            return false;
        if (!more)
            return list_end(t, WIRE_TYPE_header_values, done);
        if (!convey_leaf(t, WIRE_OP_HEADER_VALUE))
            return false;
    }
}

static bool convey_headers(struct wire_transcode *t)
{
    uint64_t done = 0;
    bool more;
    if (!BOTH(t, list_begin, WIRE_TYPE_headers))
        return false;
    for (;; done++) {
        if (!list_next(t, WIRE_TYPE_headers, done, &more))
            return false;
        if (!more)
            return list_end(t, WIRE_TYPE_headers, done);
        if (!convey_leaf(t, WIRE_OP_HEADER_NAME) || !convey_header_values(t))
            return false;
    }
}

static bool convey_any(struct wire_transcode *t, unsigned type)
{
    const struct wire_type_row *row = &wire_types[type];
    switch (row->op) {
    case WIRE_OP_ENUM: return convey_enum(t, type);
    case WIRE_OP_STRUCT: return convey_group(t, WIRE_SHAPE_STRUCT, row->first, row->count);
    case WIRE_OP_OPTION: return convey_option(t, type);
    case WIRE_OP_LIST:
    case WIRE_OP_BAG:
    case WIRE_OP_ARRAY: return convey_list(t, type);
    case WIRE_OP_HEADERS: return convey_headers(t);
    default: return convey_leaf(t, row->op);
    }
}

static bool convey(struct wire_transcode *t, unsigned type)
{
    if (t->depth == DEPTH_MAX)
        return wire_transcode_fail(t, "nested too deeply");
    t->depth++;
    bool fine = convey_any(t, type);
    t->depth--;
    return fine;
}

bool wire_transcode(struct wire_transcode *t, enum wire_from from)
{
    t->depth = 0;
    t->error[0] = 0;
    return convey(t, from == WIRE_FROM_CLIENT ? WIRE_TYPE_ClientMessage : WIRE_TYPE_DaemonMessage);
}
