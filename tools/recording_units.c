/* tools/recording_units.c -- see recording_units.h */
#include "tools/recording_units.h"
#include "messages/trace_format.h"
#include <stdbool.h>
#include <string.h>

static bool is_magic(const uint8_t *at, size_t left)
{
    return left >= TRACE_MAGIC_BYTES && memcmp(at, TRACE_MAGIC, TRACE_MAGIC_BYTES) == 0;
}

/* The bytes of the unit that begins here; 0: none does. */
static size_t unit_bytes(const uint8_t *at, size_t left)
{
    struct trace_head h;
    if (is_magic(at, left))
        return TRACE_MAGIC_BYTES;
    return left >= FRAME_HEAD_BYTES && trace_head_read(at, &h) ? FRAME_HEAD_BYTES + h.length : 0;
}

static bool is_record(const uint8_t *at, size_t left)
{
    struct trace_head h;
    return !is_magic(at, left) && left >= FRAME_HEAD_BYTES && trace_head_read(at, &h) &&
           h.type >= FRAME_END;
}

size_t recording_units_whole(const uint8_t *bytes, size_t length)
{
    size_t at = 0, n;
    while ((n = unit_bytes(bytes + at, length - at)) && n <= length - at)
        at += n;
    return at;
}

size_t recording_units_before_records(const uint8_t *bytes, size_t length)
{
    size_t at = 0, n;
    while (!is_record(bytes + at, length - at) && (n = unit_bytes(bytes + at, length - at)) &&
           n <= length - at)
        at += n;
    return at;
}

size_t recording_units_last(const uint8_t *bytes, size_t length, size_t least)
{
    size_t at = recording_units_before_records(bytes, length), last = at, n;
    for (; length - at >= least && (n = unit_bytes(bytes + at, length - at)); at += n)
        last = at;
    return last;
}
