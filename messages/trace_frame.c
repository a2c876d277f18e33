/* messages/trace_frame.c -- see trace_frame.h */
#include "messages/trace_frame.h"
#include "messages/trace_format.h"
#include <stdlib.h>
#include <tpl.h>

uint8_t *trace_out_room(struct trace_out *out, size_t bytes)
{
    if (out->room - out->length < bytes) {
        size_t room = out->room ? out->room : 64 << 10;
        while (room - out->length < bytes)
            room *= 2;
        out->bytes = realloc(out->bytes, room);
        if (!out->bytes)
            heap_exhausted("a trace", room);
        out->room = room;
    }
    return out->bytes + out->length;
}

void trace_out_put(struct trace_out *out, const void *bytes, size_t length)
{
    if (length)
        memcpy(trace_out_room(out, length), bytes, length);
    out->length += length;
}

/* The image is in its place, behind the room for the frame's head. */
static void seal(struct trace_out *out, unsigned type, uint32_t length)
{
    uint8_t *head = out->bytes + out->length;
    trace_head_write(head, type, head + FRAME_HEAD_BYTES, length);
    out->length += FRAME_HEAD_BYTES + length;
}

void trace_frame_put(struct trace_out *out, unsigned type, const void *image, size_t length)
{
    uint8_t *at = trace_out_room(out, FRAME_HEAD_BYTES + length) + FRAME_HEAD_BYTES;
    memcpy(at, image, length);
    seal(out, type, (uint32_t)length);
}

void trace_frame_dump(struct trace_out *out, unsigned type, tpl_node *map, size_t most)
{
    uint8_t *at = trace_out_room(out, FRAME_HEAD_BYTES + most) + FRAME_HEAD_BYTES;
    uint32_t length;
    if (tpl_dump(map, TPL_MEM | TPL_PREALLOCD, at, out->room - out->length - FRAME_HEAD_BYTES))
        abort(); /* `most` was no bound */
    memcpy(&length, at + 4, 4);
    seal(out, type, length);
}

void trace_frame_dump_any(struct trace_out *out, unsigned type, tpl_node *map)
{
    size_t bytes = 0;
    tpl_dump(map, TPL_GETSIZE, &bytes);
    trace_frame_dump(out, type, map, bytes);
    tpl_free(map);
}
