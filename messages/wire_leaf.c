/* messages/wire_leaf.c -- see wire_leaf.h */
#include "messages/wire_leaf.h"
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

enum go wire_leaf_fail(struct wire_decoder *d, uint64_t offset, enum wire_verdict verdict,
                       const char *format, ...)
{
    char name[WIRE_NAME_MAX];
    wire_message_name(&d->message, name);
    int n = snprintf(d->error, sizeof d->error, "%s%s", name, name[0] ? ": " : "");
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(d->error + n, sizeof d->error - (size_t)n, format, arguments);
    va_end(arguments);
    d->verdict = verdict;
    d->error_offset = offset;
    return GO_FAILED;
}

enum go wire_leaf_no_memory(struct wire_decoder *d, uint64_t offset)
{
    return wire_leaf_fail(d, offset, WIRE_TOO_LARGE, "no memory");
}

/* With a marker, here whole and with what stands behind it, as nearly all of them are. */
static inline bool integer_whole(struct wire_decoder *d, struct input *in, unsigned width,
                                 struct wire_u128 *out)
{
    if (d->partial_length || bytes_left(in) <= sizeof(uint64_t))
        return false;
    unsigned size = wire_varint_width(*in->at);
    if (size == 0 || size > width || size > sizeof(uint64_t))
        return false;
    *out = (struct wire_u128){wire_little_endian_of_8(in->at + 1, size), 0};
    in->at += 1 + size;
    return true;
}

/* Any integer of a marker, and any that is cut; what was read is kept until it is whole. A marker
 * for more than `width` bytes is malformed as soon as it is seen. */
enum go wire_leaf_integer_long(struct wire_decoder *d, struct input *in, unsigned width,
                               struct wire_u128 *out)
{
    if (integer_whole(d, in, width, out))
        return GO_NEXT;
    if (in->at == in->end)
        return GO_MORE;
    if (d->partial_length == 0)
        d->partial[d->partial_length++] = *in->at++;
    unsigned size = wire_varint_width(d->partial[0]);
    if (size == 0) {
        d->partial_length = 0;
        *out = (struct wire_u128){d->partial[0], 0};
        return GO_NEXT;
    }
    if (size > width)
        return wire_leaf_fail(d, offset_of(in), WIRE_BAD, "integer of %u bits begins with %02x",
                              8 * width, d->partial[0]);
    size_t missing = size + 1 - d->partial_length;
    size_t take = bytes_left(in) < missing ? bytes_left(in) : missing;
    memcpy(d->partial + d->partial_length, in->at, take);
    in->at += take;
    d->partial_length = (uint8_t)(d->partial_length + take);
    if (take < missing)
        return GO_MORE;
    d->partial_length = 0;
    out->low = wire_little_endian(d->partial + 1, size < 8 ? size : 8);
    out->high = size > 8 ? wire_little_endian(d->partial + 9, 8) : 0;
    return GO_NEXT;
}

/* Zig-zag: even numbers are twice a positive one, odd ones count down from -1 (1.2). */
static enum go leaf_i32(struct wire_decoder *d, struct input *in, const struct wire_field_row *f)
{
    uint64_t n;
    enum go go = integer(d, in, 4, &n);
    if (go != GO_NEXT)
        return go;
    int32_t value = (int32_t)((uint32_t)n >> 1);
    if (n & 1)
        value = -1 - value;
    memcpy(slot(d, f), &value, sizeof value);
    return GO_NEXT;
}

static enum go leaf_u128(struct wire_decoder *d, struct input *in, const struct wire_field_row *f)
{
    struct wire_u128 n;
    enum go go = wire_leaf_integer_long(d, in, 16, &n);
    if (go == GO_NEXT)
        memcpy(slot(d, f), &n, sizeof n);
    return go;
}

static enum go leaf_status(struct wire_decoder *d, struct input *in, const struct wire_field_row *f)
{
    uint64_t n;
    enum go go = integer(d, in, 2, &n);
    if (go != GO_NEXT)
        return go;
    if (n < 100 || n > 999)
        return wire_leaf_fail(d, offset_of(in), WIRE_BAD, "status %u", (unsigned)n);
    uint16_t status = (uint16_t)n;
    memcpy(slot(d, f), &status, sizeof status);
    return GO_NEXT;
}

/* ---- strings ---------------------------------------------------------------------------------- */

static bool scratch_append(struct wire_decoder *d, const uint8_t *bytes, size_t n)
{
    uint64_t want = d->scratch_length + n;
    if (n == 0)
        return true;
    if (want > d->scratch_room) {
        uint32_t room = d->scratch_room ? d->scratch_room : 256;
        while (room < want)
            room *= 2;
        uint8_t *grown = d->reallocate(d->scratch, room);
        if (!grown)
            return false;
        d->scratch = grown;
        d->scratch_room = room;
    }
    memcpy(d->scratch + d->scratch_length, bytes, n);
    d->scratch_length += (uint32_t)n;
    return true;
}

/* Strings whose syntax needs all their bytes at once are gathered; a URI or an HTTP version of a
 * wrong length need not be, since it is malformed anyway (when its last byte is there). */
static bool string_gathers(const struct wire_decoder *d, unsigned op)
{
    return op == WIRE_OP_SEMVER || (op == WIRE_OP_URI && d->string_length <= WIRE_URI_MAX) ||
           (op == WIRE_OP_HTTPVER && d->string_length == WIRE_HTTPVER_LENGTH);
}

static bool string_piece(struct wire_decoder *d, unsigned op, const uint8_t *bytes, size_t n)
{
    if (op == WIRE_OP_STR)
        d->utf8 = wire_utf8_walk(d->utf8, bytes, n);
    else if (op == WIRE_OP_METHOD)
        d->string_bad |= !wire_token_check(bytes, n);
    else if (string_gathers(d, op))
        return scratch_append(d, bytes, n);
    return true;
}

static bool string_end(struct wire_decoder *d, unsigned op)
{
    if (op == WIRE_OP_STR || op == WIRE_OP_BYTES || op == WIRE_OP_METHOD)
        return d->utf8 == WIRE_UTF8_WHOLE && !d->string_bad;
    return string_sound(d, op, d->scratch, d->scratch_length);
}

enum go wire_leaf_string_bad(struct wire_decoder *d, uint64_t offset, unsigned op)
{
    return wire_leaf_fail(d, offset, WIRE_BAD, "malformed %s",
                          op == WIRE_OP_STR ? "UTF-8" : wire_type_names[op]);
}

/* The rest of a string of which not all bytes were there at once. */
enum go wire_leaf_string_rest(struct wire_decoder *d, struct input *in, unsigned op)
{
    size_t n;
    const uint8_t *bytes = take(d, in, &n);
    if (!string_piece(d, op, bytes, n))
        return wire_leaf_no_memory(d, offset_of(in));
    if (d->remaining)
        return GO_MORE;
    d->step = STEP_START;
    return string_end(d, op) ? GO_NEXT : wire_leaf_string_bad(d, offset_of(in), op);
}

enum go wire_leaf_string_cut(struct wire_decoder *d, struct input *in, unsigned op, uint64_t n)
{
    if (op == WIRE_OP_SEMVER && n > WIRE_SCRATCH_MAX)
        return wire_leaf_fail(d, offset_of(in), WIRE_TOO_LARGE, "a version of %llu bytes",
                              (unsigned long long)n);
    d->step = STEP_STRING;
    d->string_length = d->remaining = n;
    d->string_bad = false;
    d->utf8 = WIRE_UTF8_WHOLE;
    d->scratch_length = 0;
    return wire_leaf_string_rest(d, in, op);
}

/* ---- addresses -------------------------------------------------------------------------------- */

static enum go address_begin(struct wire_decoder *d, struct input *in, struct wire_address *a)
{
    uint64_t version;
    enum go go = integer(d, in, 4, &version);
    if (go != GO_NEXT)
        return go;
    if (version > 1)
        return wire_leaf_fail(d, offset_of(in), WIRE_BAD, "unknown variant %u of an IP address",
                              (unsigned)version);
    a->family = version ? 6 : 4;
    d->remaining = version ? 16 : 4;
    d->step = STEP_OCTETS;
    return GO_NEXT;
}

/* Family and octets, which are here whole. */
static bool octets_whole(struct wire_decoder *d, struct input *in, struct wire_address *a)
{
    if (d->partial_length || bytes_left(in) <= sizeof a->octets || *in->at > 1)
        return false;
    bool six = *in->at++ == 1;
    a->family = six ? 6 : 4;
    memcpy(a->octets, in->at, six ? 16 : 4);
    in->at += six ? 16 : 4;
    d->step = STEP_PORT;
    return true;
}

/* ip, and sockaddr, which is an ip and a port. */
static enum go leaf_address(struct wire_decoder *d, struct input *in,
                            const struct wire_field_row *f)
{
    struct wire_address *a = slot(d, f);
    enum go go;
    if (d->step == STEP_START && !octets_whole(d, in, a) &&
        (go = address_begin(d, in, a)) != GO_NEXT)
        return go;
    if (d->step == STEP_OCTETS) {
        size_t n, done = (a->family == 6 ? 16 : 4) - (size_t)d->remaining;
        const uint8_t *bytes = take(d, in, &n);
        memcpy(a->octets + done, bytes, n);
        if (d->remaining)
            return GO_MORE;
        d->step = STEP_PORT;
    }
    if (f->op == WIRE_OP_SOCKADDR) {
        uint64_t port;
        if ((go = integer(d, in, 2, &port)) != GO_NEXT)
            return go;
        a->port = (uint16_t)port;
    }
    d->step = STEP_START;
    return GO_NEXT;
}

enum go wire_leaf_rare(struct wire_decoder *d, struct input *in, const struct wire_field_row *f)
{
    switch (f->op) {
    case WIRE_OP_U8: return leaf_byte(d, in, f, UINT8_MAX);
    case WIRE_OP_I64: return leaf_integer(d, in, f, 8);
    case WIRE_OP_I32: return leaf_i32(d, in, f);
    case WIRE_OP_U128: return leaf_u128(d, in, f);
    case WIRE_OP_STATUS: return leaf_status(d, in, f);
    default: break;
    }
    assert(f->op == WIRE_OP_IP || f->op == WIRE_OP_SOCKADDR);
    return leaf_address(d, in, f);
}
