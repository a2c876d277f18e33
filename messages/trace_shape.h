/* messages/trace_shape.h -- a record's tpl image of which only the values are missing.
 *
 * Purpose  a recorder writes the same few images a million times. tpl makes each of them once, empty; then what it
 *          made is copied, and the values are put where it puts them. That takes 20 ns; tpl_pack and tpl_dump, which
 *          go through lists and allocate, took 100. The bytes are the same (tests/test_trace_shape.c).
 * Owner    a value; nothing to free.
 * Thread   any; trace_shape_fill is pure.
 */
#ifndef MESSAGES_TRACE_SHAPE_H
#define MESSAGES_TRACE_SHAPE_H

#include "messages/trace_format.h"

enum { TRACE_SHAPE_START_MAX = 40 };

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

/* What all records begin with. */
struct trace_numbers {
    uint64_t words[TRACE_WORDS];
    uint32_t smalls[TRACE_SMALLS];
};

/* Of FRAME_CALL, for a kind. */
void trace_shape_of_kind(struct trace_shape *s, const struct kind_info *k);
/* "U#u#", "U#u#B" or "U#u#v"; of the last, a kind's number is the payload. */
void trace_shape_of(struct trace_shape *s, const char *format);

/* The image in two steps: what stands before the bytes of B, for the caller to put there; and what follows them. Each
 * returns its end. */
uint8_t *trace_shape_start(const struct trace_shape *s, uint8_t *at,
                           const struct trace_numbers *numbers, uint32_t length);
uint8_t *trace_shape_end(const struct trace_shape *s, uint8_t *at, const uint8_t *payload);
/* In one; `at` has room for s->bytes and for those of B. Returns its end. */
uint8_t *trace_shape_fill(const struct trace_shape *s, uint8_t *at,
                          const struct trace_numbers *numbers, const void *bytes, uint32_t length,
                          const uint8_t *payload);

#endif
