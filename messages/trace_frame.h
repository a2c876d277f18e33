/* messages/trace_frame.h -- frames of a trace file, as bytes in a buffer that grows.
 *
 * Purpose  what all that write traces need: the encoder (of a recorder's entries), the copier (of records
 *          that were read).
 * Owner    whoever owns the buffer; free(out.bytes), or trace_out_free.
 * Thread   one at a time.
 * Errors   none; the end of memory is the program's.
 */
#ifndef MESSAGES_TRACE_FRAME_H
#define MESSAGES_TRACE_FRAME_H

#include <stddef.h>
#include <stdint.h>

struct trace_out {
    uint8_t *bytes; /* malloc's, or within memory */
    size_t length, room;
    uint8_t *memory; /* NULL, or malloc's: see trace_out_begin_at */
};
/* What goes to a file past the page cache has to lie in memory as it will lie in the file: the first byte comes
 * `phase` bytes behind an address that can be divided by TRACE_OUT_ALIGNED. Of an empty buffer only, and of one that
 * was made so from the first. Freed by trace_out_free. */
enum { TRACE_OUT_ALIGNED = 4096 };
void trace_out_begin_at(struct trace_out *out, size_t phase);
void trace_out_free(struct trace_out *out);
/* For trace_out_room. */
uint8_t *trace_out_grow(struct trace_out *out, size_t bytes);
/* Room for so many more, behind length. */
static inline uint8_t *trace_out_room(struct trace_out *out, size_t bytes)
{
    return out->room - out->length < bytes ? trace_out_grow(out, bytes) : out->bytes + out->length;
}
void trace_out_put(struct trace_out *out, const void *bytes, size_t length);

/* A frame of this image. */
void trace_frame_put(struct trace_out *out, unsigned type, const void *image, size_t length);
/* The same, its image made in place: room for so many bytes, and where the image ended. */
uint8_t *trace_frame_begin(struct trace_out *out, size_t most);
void trace_frame_end(struct trace_out *out, unsigned type, const uint8_t *end);
/* What the map holds becomes a frame. `most` bounds its image. */
struct tpl_node;
void trace_frame_dump(struct trace_out *out, unsigned type, struct tpl_node *map, size_t most);
/* The same, its size not known; and the map is freed. */
void trace_frame_dump_any(struct trace_out *out, unsigned type, struct tpl_node *map);

/* An image is no longer than its bytes and texts and this, for its values, its format and its head. */
enum { TRACE_IMAGE_EXTRA = 256 };

#endif
