/* messages/trace_shape.c -- see trace_shape.h; the layout of an image is told in trace_image.c */
#include "messages/trace_shape.h"
#include <stdlib.h>
#include <tpl.h>

static uint8_t width_of(uint8_t field_type)
{
    switch (field_type) {
    case FIELD_u8:
    case FIELD_flag: return 1;
    case FIELD_u16: return 2;
    case FIELD_u64: return 8;
    case FIELD_ref: return 0;
    default: return 4;
    }
}

static uint32_t values_bytes(const struct trace_shape *s)
{
    uint32_t bytes = TRACE_NUMBERS_BYTES + (s->has_bytes ? 4 : 0);
    for (unsigned i = 0; i < s->count; i++)
        bytes += s->fields[i].width ? s->fields[i].width : 8;
    return bytes;
}

/* tpl makes one of which all values are zero. */
static void start(struct trace_shape *s, const char *format)
{
    uint64_t words[TRACE_WORDS] = {0};
    uint32_t smalls[TRACE_SMALLS] = {0};
    uint64_t fields[FIELDS_MAX] = {0}, *f = fields;
    tpl_bin empty = {NULL, 0};
    void *image;
    size_t length;
    tpl_node *map = s->has_bytes
                        ? tpl_map(TRACE_TPL(format), words, TRACE_WORDS, smalls, TRACE_SMALLS,
                                  &empty, f, f + 1, f + 2, f + 3, f + 4, f + 5, f + 6, f + 7, f + 8)
                        : tpl_map(TRACE_TPL(format), words, TRACE_WORDS, smalls, TRACE_SMALLS, f);
    tpl_pack(map, 0);
    tpl_dump(map, TPL_MEM, &image, &length);
    tpl_free(map);
    s->bytes = (uint32_t)length;
    s->start_bytes = s->bytes - values_bytes(s);
    if (length < values_bytes(s) || s->start_bytes > TRACE_SHAPE_START_MAX)
        abort(); /* this is another tpl */
    memcpy(s->start, image, s->start_bytes);
    free(image);
}

void trace_shape_of_kind(struct trace_shape *s, const struct kind_info *k)
{
    char format[TRACE_CALL_FORMAT_MAX];
    unsigned count = 0;
    *s = (struct trace_shape){.has_bytes = true};
    for (; k->fields[count].name; count++) {
        const struct field_info *f = &k->fields[count];
        if (f->type == FIELD_span)
            continue;
        s->fields[s->count].offset = f->offset;
        s->fields[s->count++].width = width_of(f->type);
    }
    trace_call_format(k->fields, count, format);
    start(s, format);
}

void trace_shape_of(struct trace_shape *s, const char *format)
{
    char last = format[strlen(format) - 1];
    *s = (struct trace_shape){.has_bytes = last == 'B', .count = last == 'v'};
    s->fields[0].width = 2;
    start(s, format);
}

static inline uint8_t *put(uint8_t *at, const void *value, size_t bytes)
{
    memcpy(at, value, bytes);
    return at + bytes;
}

/* Most of these are short, and of a length that nobody knows before. */
static inline uint8_t *put_bytes(uint8_t *at, const uint8_t *bytes, uint32_t length)
{
    if (length > 64)
        return put(at, bytes, length);
    if (length >= 32) {
        memcpy(at, bytes, 32);
        memcpy(at + length - 32, bytes + length - 32, 32);
    } else if (length >= 8) {
        memcpy(at, bytes, 8);
        if (length >= 16)
            memcpy(at + 8, bytes + 8, 8);
        if (length >= 24)
            memcpy(at + 16, bytes + 16, 8);
        memcpy(at + length - 8, bytes + length - 8, 8);
    } else {
        for (uint32_t i = 0; i < length; i++)
            at[i] = bytes[i];
    }
    return at + length;
}

static inline uint8_t *put_field(uint8_t *at, const uint8_t *field, uint8_t width)
{
    struct actor_ref ref;
    uint64_t bits;
    switch (width) {
    case 1: return put(at, field, 1);
    case 2: return put(at, field, 2);
    case 4: return put(at, field, 4);
    case 8: return put(at, field, 8);
    default:
        memcpy(&ref, field, sizeof ref);
        bits = ref_bits(ref);
        return put(at, &bits, 8);
    }
}

uint8_t *trace_shape_bytes(uint8_t *at, const uint8_t *bytes, uint32_t length)
{
    return put_bytes(put(at, &length, 4), bytes, length);
}

uint8_t *trace_shape_fields(const struct trace_shape *s, uint8_t *at, const uint8_t *payload)
{
    for (unsigned i = 0; i < s->count; i++)
        at = put_field(at, payload + s->fields[i].offset, s->fields[i].width);
    return at;
}
