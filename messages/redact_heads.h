/* messages/redact_heads.h -- secrets in what is whole: heads, header maps and texts that lie in a flow. */
#ifndef MESSAGES_REDACT_HEADS_H
#define MESSAGES_REDACT_HEADS_H

#include "messages/redact_stream.h"

/* Each of these looks at bytes that lie at `base` in the flow, and have been fed to it. */

/* A head in the protocol's form: of a request, of a response, or of an answer with its three ids before.
 * False: it is none. */
bool redact_head(struct redact_eyes *eyes, const struct redact_flow *flow, uint64_t base,
                 const uint8_t *bytes, size_t length);
/* The beginning of one whose end is missing. */
void redact_head_begun(struct redact_eyes *eyes, const struct redact_flow *flow, uint64_t base,
                       const uint8_t *bytes, size_t length, bool is_request);
/* A header map, as trailers are. */
void redact_map(struct redact_eyes *eyes, const struct redact_flow *flow, uint64_t base,
                const uint8_t *bytes, size_t length);
/* Any text: a log line, a URL. */
void redact_plain(struct redact_eyes *eyes, const struct redact_flow *flow, uint64_t base,
                  const uint8_t *bytes, size_t length);
/* A filter of requests, in the protocol's form or the old one. */
void redact_filter(struct redact_eyes *eyes, const struct redact_flow *flow, uint64_t base,
                   const uint8_t *bytes, size_t length);

/* A list of frames in the protocol's form, count first: the next one, from *at on; *left is set by the first call,
 * with *at 0. False: there is none left, or it is no such list: then *at is not at its end. */
struct redact_frame {
    size_t offset, length;
    bool is_trailers;
};
bool redact_frame_next(const uint8_t *bytes, size_t length, size_t *at, uint64_t *left,
                       struct redact_frame *frame);
bool redact_is_frames(const uint8_t *bytes, size_t length);

#endif
