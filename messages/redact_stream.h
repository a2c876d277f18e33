/* messages/redact_stream.h -- one stream of a trace (a direction of a socket, a body): what is secret in it.
 *
 * Purpose  a flow that is scanned for names, and looked through for what was learned. What frames the chunks of
 *          HTTP/1 is left out of it, so a value that is cut over chunks is whole; it is looked through beside.
 * Owner    whoever called redact_stream_new.
 * Thread   one at a time.
 */
#ifndef MESSAGES_REDACT_STREAM_H
#define MESSAGES_REDACT_STREAM_H

#include "messages/redact_flow.h"
#include "messages/redact_scan.h"

/* What a value was found in: its offset counts from `base` in the flow. */
struct redact_source {
    struct redact_eyes *eyes;
    const struct redact_flow *flow;
    uint64_t base;
};

/* What all streams of a walk have in common. */
struct redact_eyes {
    struct redact_rules *rules; /* NULL: names are not looked at */
    struct redact_sink sink;
    /* A value behind its name; may be NULL. */
    void (*found)(void *context, const struct redact_found *found);
    void *context;
};

struct redact_stream;

/* asked: by the requests of its connection, which outlive it; NULL: not known. */
struct redact_stream *redact_stream_new(struct redact_eyes *eyes, struct redact_asked *asked);
void redact_stream_free(struct redact_stream *s);
void redact_stream_feed(struct redact_stream *s, const uint8_t *bytes, size_t length,
                        struct redact_spot spot);
/* The bytes that follow are of something else: nothing goes on. */
void redact_stream_end(struct redact_stream *s);
/* So many bytes are missing here. 0: nothing follows, it may have been whole. */
void redact_stream_gap(struct redact_stream *s, uint64_t missing);

/* For redact_take, with a struct redact_source. */
void redact_source_take(void *context, const struct redact_found *found);

#endif
