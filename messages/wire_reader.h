/* messages/wire_reader.h -- protocol messages out of spans, however the link has cut them.
 *
 * Purpose  joins the decoder, which knows bytes and offsets, with the chunks in which the bytes lie.
 *          What a message holds is handed out as spans of the chunks that were read, not copied; a
 *          head that lies across two reads is put together.
 * Owner    the actor of the link. The reader keeps the spans of a message that is not whole.
 * Memory   at most `message_max` bytes of an undecoded message; beyond it they are dropped and the
 *          message says oversized. Data's payload is handed out as it comes.
 *
 *     wire_reader_give(&r, bytes);
 *     while ((e = wire_reader_next(&r)) ...)
 *         READER_MESSAGE   r.decoder.message; its ranges through wire_reader_span()
 *         READER_PIECE     r.piece: payload of Data, r.data says of which connection
 *         READER_NOTHING   give more
 *         READER_BAD       r.decoder.error; close the link
 */
#ifndef MESSAGES_WIRE_READER_H
#define MESSAGES_WIRE_READER_H

#include "messages/wire_decoder.h"
#include "runtime/chunk.h"

enum reader_event { READER_NOTHING, READER_MESSAGE, READER_PIECE, READER_BAD };

struct reader_piece {
    struct span bytes;
    uint64_t offset; /* in the message */
    bool joined;     /* in a chunk of its own, which has room for more */
};

struct wire_reader {
    struct wire_decoder decoder;
    struct span piece;
    struct wire_data_progress data; /* of READER_PIECE: connection and mode */

    /* -- private -- */
    struct span given;         /* not decoded yet */
    struct span message;       /* the last piece of the message that was reported */
    uint64_t message_at;       /* its offset in the message */
    struct reader_piece *kept; /* earlier pieces of the message under way */
    uint32_t kept_count, kept_room;
    uint64_t walked;   /* bytes of the message under way, before `given` */
    uint64_t searched; /* kept pieces that were looked at to find bytes: the measure of that work */
};

void wire_reader_create(struct wire_reader *r, enum wire_from from, struct version limit,
                        uint64_t message_max);
void wire_reader_destroy(struct wire_reader *r);

/* Takes bytes. What was given before must have been read to its end (READER_NOTHING). */
void wire_reader_give(struct wire_reader *r, struct span bytes);
enum reader_event wire_reader_next(struct wire_reader *r);

/* A range of the message that was just reported, contiguous: a share of what was read, or a copy
 * when it lies across reads. Empty for an empty range. */
struct span wire_reader_span(struct wire_reader *r, struct wire_range range);
/* The next contiguous part of the range, from `*done` bytes on; advances *done. Empty at its end. */
struct span wire_reader_part(struct wire_reader *r, struct wire_range range, uint64_t *done);

#endif
