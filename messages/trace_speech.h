/* messages/trace_speech.h -- the protocol messages of a link that a trace has, both ways, in their order.
 *
 * Purpose  a link's stream (trace_streams.h) decoded: each message at the piece in which it ended.
 * Thread   one at a time.
 * Errors   what lies behind a hole (bytes that were left out, records that are missing) can be found only if the
 *          hole lies within one string; otherwise reading ends there, and `error` says where.
 */
#ifndef MESSAGES_TRACE_SPEECH_H
#define MESSAGES_TRACE_SPEECH_H

#include "messages/trace_streams.h"
#include "messages/wire_decoder.h"

struct trace_spoken {
    enum stream_side side; /* FAR: the agent */
    uint64_t at_ns;
    const struct wire_message *message;
    const uint8_t *bytes; /* of the stream; with `capped` not all of them */
    size_t length;
    bool capped; /* some of its bytes were left out */
};

enum { TRACE_SPEECH_ERROR_MAX = WIRE_ERROR_MAX + 120 };

/* Calls `hear` for each message. False: the link cannot be followed to its end. */
bool trace_speech_read(const struct trace_stream *link,
                       void (*hear)(void *context, const struct trace_spoken *m), void *context,
                       char error[TRACE_SPEECH_ERROR_MAX]);

#endif
