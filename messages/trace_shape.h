/* messages/trace_shape.h -- a record's tpl image of which only the values are missing.
 *
 * Purpose  a recorder writes the same few images a million times. tpl makes each of them once, empty; then what it
 *          made is copied, and the values are put where it puts them. That takes 20 ns; tpl_pack and tpl_dump, which
 *          go through lists and allocate, took 100. The bytes are the same (tests/test_trace_shape.c).
 * Owner    a value; nothing to free.
 * Thread   any; but for the making of a shape they are pure.
 */
#ifndef MESSAGES_TRACE_SHAPE_H
#define MESSAGES_TRACE_SHAPE_H

#include "messages/trace_format.h"

enum { TRACE_SHAPE_START_MAX = 40, TRACE_SHAPE_LENGTH_AT = 4 };

struct trace_shape {
    uint8_t start[TRACE_SHAPE_START_MAX]; /* all that stands before the values */
    uint32_t start_bytes;
    uint32_t bytes; /* of the image, without those of B */
    bool has_bytes; /* B stands behind the numbers */
    uint8_t count;  /* of fields, behind B */
    struct {
        uint8_t offset, width; /* in the payload; width 0: a ref */
    } fields[FIELDS_MAX];
};

/* What all records begin with: words, then smalls, as memory has them. */
enum { TRACE_NUMBERS_BYTES = TRACE_WORDS * 8 + TRACE_SMALLS * 4 };

/* Of FRAME_CALL, for a kind. */
void trace_shape_of_kind(struct trace_shape *s, const struct kind_info *k);
/* "U#u#", "U#u#B" or "U#u#v"; of the last, a kind's number is the payload. */
void trace_shape_of(struct trace_shape *s, const char *format);

/* The image in three steps, at `at`, which has room for s->bytes and for those of B. What stands before the numbers;
 * returns where these are to be put. */
static inline uint8_t *trace_shape_begin(const struct trace_shape *s, uint8_t *at, uint32_t length)
{
    uint32_t whole = s->bytes + length;
    memcpy(at, s->start, TRACE_SHAPE_START_MAX); /* what is too much is written over */
    memcpy(at + TRACE_SHAPE_LENGTH_AT, &whole, 4);
    return at + s->start_bytes;
}
/* The bytes of B, behind the numbers; of a shape that has some. Returns their end. */
uint8_t *trace_shape_bytes(uint8_t *at, const uint8_t *bytes, uint32_t length);
/* Then the fields. Returns the end of the image. */
uint8_t *trace_shape_fields(const struct trace_shape *s, uint8_t *at, const uint8_t *payload);

#endif
