/* messages/wire_header_map.c -- header maps of heads and trailers (wire-format.md 2.6).
 *
 *     count of names, and for each: name, count of values, values
 */
#include "messages/wire_leaf.h"

/* Takes entries of the usual shape that are here whole: a short name, one value, all sound. Returns
 * how many; what is different stays for header_step, which alone says what is malformed. */
static uint32_t simple_headers(struct input *in, uint32_t left)
{
    const uint8_t *p = in->at, *end = in->end;
    uint32_t n = 0;
    for (; n < left && end - p > 3; n++) {
        size_t name = p[0], value;
        if (name == 0 || name >= WIRE_MARKER_16 || (size_t)(end - p) < name + 3 || p[1 + name] != 1)
            break;
        const uint8_t *at = p + name + 3;
        value = at[-1];
        if (value >= WIRE_MARKER_16) {
            if (value > WIRE_MARKER_16 || end - at < 2)
                break;
            value = (size_t)wire_little_endian(at, 2);
            at += 2;
        }
        if ((size_t)(end - at) < value || !wire_token_check(p + 1, name) ||
            !wire_header_value_check(at, value))
            break;
        p = at + value;
    }
    in->at = p;
    return n;
}

static enum go header_name_length(struct wire_decoder *d, struct input *in)
{
    enum go go = read_length(d, in, &d->remaining);
    if (go == GO_NEXT) {
        d->entry_bad = d->remaining == 0 || d->remaining > WIRE_HEADER_NAME_MAX;
        d->utf8 = WIRE_UTF8_WHOLE;
        d->step = STEP_NAME;
    }
    return go;
}

/* The name must be UTF-8 as soon as it is there, a token only when its values are there, too. */
static enum go header_name(struct wire_decoder *d, struct input *in)
{
    size_t n;
    const uint8_t *bytes = take(d, in, &n);
    d->utf8 = wire_utf8_walk(d->utf8, bytes, n);
    d->entry_bad |= !wire_token_check(bytes, n);
    if (d->remaining)
        return GO_MORE;
    if (d->utf8 != WIRE_UTF8_WHOLE)
        return wire_leaf_fail(d, offset_of(in), WIRE_BAD, "a header name is not UTF-8");
    d->step = STEP_VALUE_COUNT;
    return GO_NEXT;
}

static enum go header_value_length(struct wire_decoder *d, struct input *in)
{
    if (d->values_left) {
        enum go go = read_length(d, in, &d->remaining);
        if (go == GO_NEXT)
            d->step = STEP_VALUE;
        return go;
    }
    if (d->entry_bad)
        return wire_leaf_fail(d, offset_of(in), WIRE_BAD, "malformed header name or value");
    d->headers_left--;
    d->step = STEP_NAME_LENGTH;
    return GO_NEXT;
}

static enum go header_value(struct wire_decoder *d, struct input *in)
{
    size_t n;
    const uint8_t *bytes = take(d, in, &n);
    d->entry_bad |= !wire_header_value_check(bytes, n);
    if (d->remaining)
        return GO_MORE;
    d->values_left--;
    d->step = STEP_VALUE_LENGTH;
    return GO_NEXT;
}

/* One step of an entry: name length, name, number of values, then for each its length and bytes. */
static enum go header_step(struct wire_decoder *d, struct input *in)
{
    enum go go;
    switch (d->step) {
    case STEP_NAME_LENGTH: return header_name_length(d, in);
    case STEP_NAME: return header_name(d, in);
    case STEP_VALUE_COUNT:
        go = read_count(d, in, &d->values_left);
        if (go == GO_NEXT)
            d->step = STEP_VALUE_LENGTH;
        return go;
    case STEP_VALUE_LENGTH: return header_value_length(d, in);
    default: return header_value(d, in);
    }
}

static enum go headers_begin(struct wire_decoder *d, struct input *in)
{
    uint64_t names;
    d->map_offset = offset_of(in) - d->partial_length;
    enum go go = integer(d, in, 8, &names);
    if (go != GO_NEXT)
        return go;
    if (names > WIRE_HEADERS_MAX)
        return wire_leaf_fail(d, offset_of(in), WIRE_BAD, "a map of %llu headers",
                              (unsigned long long)names);
    d->headers_left = (uint32_t)names;
    d->step = STEP_NAME_LENGTH;
    return GO_NEXT;
}

enum go wire_leaf_headers(struct wire_decoder *d, struct input *in, const struct wire_field_row *f)
{
    if (d->step == STEP_START) {
        enum go go = headers_begin(d, in);
        if (go != GO_NEXT)
            return go;
    }
    for (;;) {
        if (d->step == STEP_NAME_LENGTH && d->partial_length == 0)
            d->headers_left -= simple_headers(in, d->headers_left);
        if (d->headers_left == 0)
            break;
        enum go go = header_step(d, in);
        if (go != GO_NEXT)
            return go;
    }
    d->step = STEP_START;
    struct wire_range range = {d->map_offset, offset_of(in) - d->map_offset};
    memcpy(slot(d, f), &range, sizeof range);
    return GO_NEXT;
}
