/* tools/wire_stream.h -- one direction of a link, cut into whole messages.
 *
 * Purpose  joins the decoder, which measures, with what shows a message, which wants all its bytes.
 * Owner    the caller of wire_stream_create; points into itself, so it must not be moved.
 * Errors   a stream that is not understood stays so: see wire_decoder.h.
 */
#ifndef TOOLS_WIRE_STREAM_H
#define TOOLS_WIRE_STREAM_H

#include "messages/wire_decoder.h"
#include "messages/wire_transcode.h"

struct wire_stream {
    struct wire_decoder decoder;
    struct wire_buffer kept; /* of a message that is not whole */
    uint64_t offset;         /* in the stream, of the message under way */
    uint64_t messages;
};

/* A whole message; `bytes` are valid during the call. False: stop, it has been said why. */
typedef bool wire_stream_message(void *context, struct wire_stream *s, const uint8_t *bytes,
                                 size_t length);

/* `message_max`: a longer message ends the stream. `limit`: of the speaker's version. */
void wire_stream_create(struct wire_stream *s, enum wire_from from, struct version limit,
                        uint64_t message_max);
void wire_stream_destroy(struct wire_stream *s);

/* WIRE_MORE: everything was eaten. WIRE_MESSAGE: `message` said stop. WIRE_BAD, WIRE_TOO_LARGE:
 * s->decoder.error. */
enum wire_verdict wire_stream_feed(struct wire_stream *s, const uint8_t *bytes, size_t length,
                                   wire_stream_message *message, void *context);

#endif
