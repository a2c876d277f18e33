/* actors/tap_stream.h -- one direction of a tapped link: its messages, and as many of their bytes as needed.
 *
 * Purpose  join the decoder, which walks, with who shows messages, who wants their bytes in one piece.
 *          A message that lies whole in what was read is shown where it lies. Of one that is cut, what
 *          will not be shown is not kept: of Data no more than `most` bytes of the payload, of a
 *          message that nobody wants no more than TAP_FRONT, of none more than `message_max`.
 * Owner    a tap_link. Points into itself: it must not be moved.
 *
 *     while ((event = tap_stream_next(&s, &bytes, &length, wanted, context)) == TAP_MESSAGE)
 *         s.decoder.message, s.bytes, s.held, s.whole       valid until the next call
 *     if (event == TAP_BAD)
 *         s.decoder.error, s.error_at                        once; from then on TAP_NOTHING
 */
#ifndef ACTORS_TAP_STREAM_H
#define ACTORS_TAP_STREAM_H

#include "messages/wire_decoder.h"
#include "messages/wire_transcode.h"

/* Enough for the request line of most requests: of each, wanted or not, the summary tells it. */
enum { TAP_FRONT = 4096 };

enum tap_event { TAP_NOTHING, TAP_MESSAGE, TAP_BAD };

struct tap_stream {
    struct wire_decoder decoder;
    const uint8_t *bytes; /* of the message: the first `held` */
    size_t held;
    bool whole;        /* that is all that is needed to show it */
    bool unwanted;     /* nobody wanted it when it began */
    uint64_t error_at; /* offset in the stream */
    /* -- private -- */
    struct wire_buffer kept; /* of a message that is cut */
    uint64_t offset;         /* of the message under way in the stream */
    uint64_t most, message_max;
    bool asked; /* whether it is wanted */
    bool broken;
};

/* Asked at most once a message, when it is cut and its kind is sure (tap_seen.h). */
typedef bool tap_wanted(void *context, struct tap_stream *s);

/* `most`: bytes of a Data's payload that are shown; 0: all. */
void tap_stream_create(struct tap_stream *s, enum wire_from from, uint64_t most,
                       uint64_t message_max);
/* Safe on a zeroed struct. */
void tap_stream_destroy(struct tap_stream *s);

/* Moves on in what was read, up to the end of the next message. */
enum tap_event tap_stream_next(struct tap_stream *s, const uint8_t **bytes, size_t *length,
                               tap_wanted *wanted, void *context);
/* Nothing is decoded any more. */
bool tap_stream_is_broken(const struct tap_stream *s);

#endif
