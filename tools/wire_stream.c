/* tools/wire_stream.c -- see wire_stream.h */
#include "tools/wire_stream.h"
#include <stdio.h>
#include <string.h>

void wire_stream_create(struct wire_stream *s, enum wire_from from, struct version limit,
                        uint64_t message_max)
{
    memset(s, 0, sizeof *s);
    wire_decoder_create(&s->decoder, from, limit, message_max);
}

void wire_stream_destroy(struct wire_stream *s)
{
    wire_decoder_destroy(&s->decoder);
    wire_buffer_release(&s->kept);
}

static enum wire_verdict give_up(struct wire_stream *s, const char *why)
{
    snprintf(s->decoder.error, sizeof s->decoder.error, "%s", why);
    s->decoder.error_offset = s->kept.length;
    return s->decoder.verdict = WIRE_TOO_LARGE;
}

/* The message is shown where it lies, unless its beginning came in an earlier piece. */
static bool whole(struct wire_stream *s, const uint8_t *bytes, size_t length,
                  wire_stream_message *message, void *context)
{
    bool joined = s->kept.length != 0;
    bool more = message(context, s, joined ? s->kept.at : bytes, joined ? s->kept.length : length);
    s->offset += s->decoder.message.length;
    s->messages++;
    s->kept.length = 0;
    return more;
}

enum wire_verdict wire_stream_feed(struct wire_stream *s, const uint8_t *bytes, size_t length,
                                   wire_stream_message *message, void *context)
{
    while (length) {
        size_t eaten;
        enum wire_verdict v = wire_decoder_feed(&s->decoder, bytes, length, &eaten);
        if (v == WIRE_BAD || v == WIRE_TOO_LARGE)
            return v;
        if (s->decoder.message.oversized)
            return give_up(s, "a message is longer than --message-max");
        if ((v == WIRE_MORE || s->kept.length) && !wire_buffer_put(&s->kept, bytes, eaten))
            return give_up(s, "no memory");
        if (v == WIRE_MESSAGE && !whole(s, bytes, eaten, message, context))
            return v;
        bytes += eaten;
        length -= eaten;
    }
    return WIRE_MORE;
}
