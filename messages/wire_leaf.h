/* messages/wire_leaf.h -- how the decoder reads leaves: integers, strings, header maps, addresses.
 *
 * Purpose  private to wire_decoder.c, wire_leaf.c and wire_header_map.c. Every leaf can be left
 *          where the bytes end (GO_MORE) and is entered again with the next piece: `step` tells how
 *          far it has come. What is frequent is inline here and has a fast way for when all its bytes
 *          are at hand; what that does not take whole and sound goes the slow way, which decides.
 * Source   wire-format.md 1 and 2.
 */
#ifndef MESSAGES_WIRE_LEAF_H
#define MESSAGES_WIRE_LEAF_H

#include "messages/protocol.h"
#include "messages/wire_decoder.h"
#include "messages/wire_syntax.h"
#include "messages/wire_varint.h"
#include <string.h>

/* After a leaf: to the next field, wait for bytes, or the walk has failed. */
enum go { GO_NEXT, GO_MORE, GO_FAILED };

enum step {
    STEP_START, /* nothing read of this field, but perhaps a part of its first integer */
    STEP_STRING,
    STEP_NAME_LENGTH,
    STEP_NAME,
    STEP_VALUE_COUNT,
    STEP_VALUE_LENGTH,
    STEP_VALUE,
    STEP_OCTETS,
    STEP_PORT,
};

/* The hot path is one function. */
#define HOT static inline __attribute__((always_inline))

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

struct input {
    const uint8_t *at;
    const uint8_t *end;
    uint64_t base; /* added to the address of a byte it gives its offset in the message */
};

HOT uint64_t offset_of(const struct input *in)
{
    return in->base + (uintptr_t)in->at;
}

HOT size_t bytes_left(const struct input *in)
{
    return (size_t)(in->end - in->at);
}

HOT void *slot(struct wire_decoder *d, const struct wire_field_row *f)
{
    return (uint8_t *)&d->message + f->slot;
}

/* Ends the walk: says why in `error`, behind the name of the message. */
enum go wire_leaf_fail(struct wire_decoder *d, uint64_t offset, enum wire_verdict verdict,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));
enum go wire_leaf_no_memory(struct wire_decoder *d, uint64_t offset);
enum go wire_leaf_string_bad(struct wire_decoder *d, uint64_t offset, unsigned op);

/* A string of `n` bytes that are not all here or are very many, and what comes of it later. */
enum go wire_leaf_string_cut(struct wire_decoder *d, struct input *in, unsigned op, uint64_t n);
enum go wire_leaf_string_rest(struct wire_decoder *d, struct input *in, unsigned op);

enum go wire_leaf_headers(struct wire_decoder *d, struct input *in, const struct wire_field_row *f);
/* Leaves that no busy message has. */
enum go wire_leaf_rare(struct wire_decoder *d, struct input *in, const struct wire_field_row *f);

/* ---- integers --------------------------------------------------------------------------------- */

enum go wire_leaf_integer_long(struct wire_decoder *d, struct input *in, unsigned width,
                               struct wire_u128 *out);

/* `width`: bytes of the type, 2, 4 or 8. Most integers are one byte. */
HOT enum go integer(struct wire_decoder *d, struct input *in, unsigned width, uint64_t *out)
{
    if (likely(in->at < in->end && *in->at < WIRE_MARKER_16 && d->partial_length == 0)) {
        *out = *in->at++;
        return GO_NEXT;
    }
    struct wire_u128 n = {0, 0};
    enum go go = wire_leaf_integer_long(d, in, width, &n);
    *out = n.low;
    return go;
}

HOT enum go leaf_integer(struct wire_decoder *d, struct input *in, const struct wire_field_row *f,
                         unsigned width)
{
    uint64_t n;
    enum go go = integer(d, in, width, &n);
    if (go != GO_NEXT)
        return go;
    uint32_t n32 = (uint32_t)n;
    uint16_t n16 = (uint16_t)n;
    if (width == 8)
        memcpy(slot(d, f), &n, sizeof n);
    else if (width == 4)
        memcpy(slot(d, f), &n32, sizeof n32);
    else
        memcpy(slot(d, f), &n16, sizeof n16);
    return GO_NEXT;
}

/* A raw byte, at most `max`; u8 and i8 are no integers of the above kind (1.3). */
HOT enum go leaf_byte(struct wire_decoder *d, struct input *in, const struct wire_field_row *f,
                      unsigned max)
{
    if (in->at == in->end)
        return GO_MORE;
    uint8_t byte = *in->at++;
    if (byte > max)
        return wire_leaf_fail(d, offset_of(in), WIRE_BAD, "byte %02x where 00 or 01 belongs", byte);
    memcpy(slot(d, f), &byte, sizeof byte);
    return GO_NEXT;
}

HOT enum go read_length(struct wire_decoder *d, struct input *in, uint64_t *out)
{
    enum go go = integer(d, in, 8, out);
    if (go == GO_NEXT && unlikely(*out > WIRE_LENGTH_MAX))
        return wire_leaf_fail(d, offset_of(in), WIRE_TOO_LARGE, "a length of %llu bytes",
                              (unsigned long long)*out);
    return go;
}

HOT enum go read_count(struct wire_decoder *d, struct input *in, uint32_t *out)
{
    uint64_t n;
    enum go go = integer(d, in, 8, &n);
    if (go != GO_NEXT)
        return go;
    if (unlikely(n > WIRE_COUNT_MAX))
        return wire_leaf_fail(d, offset_of(in), WIRE_TOO_LARGE, "a list of %llu elements",
                              (unsigned long long)n);
    *out = (uint32_t)n;
    return GO_NEXT;
}

/* ---- strings ---------------------------------------------------------------------------------- */

/* Cuts up to `remaining` bytes off the input. */
HOT const uint8_t *take(struct wire_decoder *d, struct input *in, size_t *n)
{
    const uint8_t *bytes = in->at;
    *n = bytes_left(in) < d->remaining ? bytes_left(in) : (size_t)d->remaining;
    in->at += *n;
    d->remaining -= *n;
    return bytes;
}

HOT bool string_sound(struct wire_decoder *d, unsigned op, const uint8_t *bytes, size_t n)
{
    switch (op) {
    case WIRE_OP_STR: return wire_utf8_check(bytes, n);
    case WIRE_OP_METHOD: return wire_method_check(bytes, n);
    case WIRE_OP_URI: return wire_uri_check(bytes, n);
    case WIRE_OP_HTTPVER: return wire_httpver_check(bytes, n);
    case WIRE_OP_SEMVER: return version_parse(bytes, n, &d->message.version);
    default: return true;
    }
}

HOT enum go leaf_string(struct wire_decoder *d, struct input *in, const struct wire_field_row *f)
{
    if (unlikely(d->step == STEP_STRING))
        return wire_leaf_string_rest(d, in, f->op);
    uint64_t n;
    enum go go = read_length(d, in, &n);
    if (go != GO_NEXT)
        return go;
    struct wire_range range = {offset_of(in), n};
    memcpy(slot(d, f), &range, sizeof range);
    if (unlikely(n > bytes_left(in) || n > WIRE_SCRATCH_MAX))
        return wire_leaf_string_cut(d, in, f->op, n);
    const uint8_t *bytes = in->at;
    in->at += n;
    return likely(string_sound(d, f->op, bytes, n)) ? GO_NEXT
                                                    : wire_leaf_string_bad(d, offset_of(in), f->op);
}

#endif
