/* messages/trace_frame.c -- see trace_frame.h */
#include "messages/trace_frame.h"
#include "messages/trace_format.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <tpl.h>

enum { ROOM_USUAL = 64 << 10, ROOM_ALIGNED = 4 << 20 /* huge pages, if the kernel has some */ };

/* Memory of `room` bytes with `phase` of them in front of what is in use. */
static void move_to(struct trace_out *out, size_t room, size_t phase)
{
    uint8_t *memory = aligned_alloc(ROOM_ALIGNED, room);
    if (!memory)
        heap_exhausted("a trace", room);
    (void)madvise(memory, room, MADV_HUGEPAGE);
    if (out->length)
        memcpy(memory + phase, out->bytes, out->length);
    free(out->memory);
    out->memory = memory;
    out->bytes = memory + phase;
    out->room = room - phase;
}

static void make_room(struct trace_out *out, size_t bytes)
{
    size_t phase = out->memory ? (size_t)(out->bytes - out->memory) : 0;
    size_t room = out->room ? out->room + phase : ROOM_USUAL;
    while (room - phase - out->length < bytes)
        room *= 2;
    if (out->memory) {
        move_to(out, room, phase);
        return;
    }
    out->bytes = realloc(out->bytes, room);
    if (!out->bytes)
        heap_exhausted("a trace", room);
    out->room = room;
}

uint8_t *trace_out_grow(struct trace_out *out, size_t bytes)
{
    make_room(out, bytes);
    return out->bytes + out->length;
}

void trace_out_begin_at(struct trace_out *out, size_t phase)
{
    if (!out->memory)
        move_to(out, ROOM_ALIGNED, phase);
    out->room += (size_t)(out->bytes - out->memory);
    out->bytes = out->memory + phase;
    out->room -= phase;
}

void trace_out_free(struct trace_out *out)
{
    free(out->memory ? out->memory : out->bytes);
    *out = (struct trace_out){0};
}

void trace_out_put(struct trace_out *out, const void *bytes, size_t length)
{
    if (length)
        memcpy(trace_out_room(out, length), bytes, length);
    out->length += length;
}

uint8_t *trace_frame_begin(struct trace_out *out, size_t most)
{
    return trace_out_room(out, FRAME_HEAD_BYTES + most) + FRAME_HEAD_BYTES;
}

/* The image is in its place, behind the room for the frame's head. */
void trace_frame_end(struct trace_out *out, unsigned type, const uint8_t *end)
{
    uint8_t *head = out->bytes + out->length;
    size_t length = (size_t)(end - head) - FRAME_HEAD_BYTES;
    trace_head_write(head, type, head + FRAME_HEAD_BYTES, (uint32_t)length);
    out->length += FRAME_HEAD_BYTES + length;
}

void trace_frame_put(struct trace_out *out, unsigned type, const void *image, size_t length)
{
    uint8_t *at = trace_frame_begin(out, length);
    memcpy(at, image, length);
    trace_frame_end(out, type, at + length);
}

void trace_frame_dump(struct trace_out *out, unsigned type, tpl_node *map, size_t most)
{
    uint8_t *at = trace_frame_begin(out, most);
    uint32_t length;
    if (tpl_dump(map, TPL_MEM | TPL_PREALLOCD, at, out->room - out->length - FRAME_HEAD_BYTES))
        abort(); /* `most` was no bound */
    memcpy(&length, at + 4, 4);
    trace_frame_end(out, type, at + length);
}

void trace_frame_dump_any(struct trace_out *out, unsigned type, tpl_node *map)
{
    size_t bytes = 0;
    tpl_dump(map, TPL_GETSIZE, &bytes);
    trace_frame_dump(out, type, map, bytes);
    tpl_free(map);
}
