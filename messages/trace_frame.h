/* messages/trace_frame.h -- frames of a trace file, as bytes in a buffer that grows.
 *
 * Purpose  what all that write traces need: the encoder (of a recorder's entries), the copier (of records
 *          that were read).
 * Owner    whoever owns the buffer; free(out.bytes).
 * Thread   one at a time.
 * Errors   none; the end of memory is the program's.
 */
#ifndef MESSAGES_TRACE_FRAME_H
#define MESSAGES_TRACE_FRAME_H

#include <stddef.h>
#include <stdint.h>

struct trace_out {
    uint8_t *bytes; /* malloc's */
    size_t length, room;
};
/* Room for so many more, behind length. */
uint8_t *trace_out_room(struct trace_out *out, size_t bytes);
void trace_out_put(struct trace_out *out, const void *bytes, size_t length);

/* A frame of this image. */
void trace_frame_put(struct trace_out *out, unsigned type, const void *image, size_t length);
/* What the map holds becomes a frame. `most` bounds its image. */
struct tpl_node;
void trace_frame_dump(struct trace_out *out, unsigned type, struct tpl_node *map, size_t most);
/* The same, its size not known; and the map is freed. */
void trace_frame_dump_any(struct trace_out *out, unsigned type, struct tpl_node *map);

/* An image is no longer than its bytes and texts and this, for its values, its format and its head. */
enum { TRACE_IMAGE_EXTRA = 256 };

#endif
