/* messages/redact_framing.h -- where bodies end in HTTP/1 that comes line by line (RFC 9112 section 6.3).
 *
 * Purpose  to scan what stands behind a body as what it is, the next head. How long an answer's body is depends on the
 *          request that it answers, which is in another stream: both know the same struct redact_asked.
 * Owner    whoever has the structs; zeroed but for redact_framing_begin. redact_asked_free.
 * Thread   one at a time.
 *
 * Lines that are no HTTP are let pass. An answer whose request is not known has the body that it announces, unless a
 * status line stands there instead.
 */
#ifndef MESSAGES_REDACT_FRAMING_H
#define MESSAGES_REDACT_FRAMING_H

#include "messages/http_text.h"
#include "messages/redact_bytes.h"

/* What is asked in a connection, in its order. Several streams may bring it, as it is seen at several places. */
struct redact_asked {
    struct redact_bytes methods; /* enum redact_method each */
    bool lost; /* some were not seen: which answer is whose is not known any more */
};

void redact_asked_forget(struct redact_asked *a);
void redact_asked_free(struct redact_asked *a);

enum { REDACT_FIRST_LINE_ROOM = 32 };

struct redact_framing {
    struct redact_asked *asked; /* NULL: not known */
    uint64_t requests, answers; /* of this stream, so far */
    uint64_t length_said,
        body_left;   /* by Content-Length; UINT64_MAX: none. body_left 0: not known */
    uint64_t recent; /* the last bytes of the line */
    uint8_t line_length,
        status_seen; /* status_seen: so much of a status line stands in the body's place */
    uint8_t line[REDACT_FIRST_LINE_ROOM];
    uint64_t chunk_left;   /* of a chunk, in_chunks */
    bool coded, in_chunks; /* by Transfer-Encoding: chunked */
    bool without_body;     /* the answer has none, whatever it announces */
    bool is_doubtful;      /* it may have none */
};

void redact_framing_begin(struct redact_framing *f, struct redact_asked *asked);
/* A byte of a line, but of its end; the end. */
void redact_framing_byte(struct redact_framing *f, uint8_t c);
void redact_framing_line_end(struct redact_framing *f);
/* Values of these headers. */
void redact_framing_length(struct redact_framing *f, struct http_text value);
void redact_framing_coding(struct redact_framing *f, struct http_text value);
/* A blank line. */
void redact_framing_blank_line(struct redact_framing *f);
/* A byte came, of a body with a length. True: it was the last one. */
bool redact_framing_body_byte(struct redact_framing *f, uint8_t c);
/* A chunk of this size begins; 0 is the last one's. */
void redact_framing_chunk(struct redact_framing *f, uint64_t size);
/* Its head has a length, so no chunks are in it. */
bool redact_framing_is_counted(const struct redact_framing *f);
/* So many bytes are missing. */
void redact_framing_gap(struct redact_framing *f, uint64_t missing);

#endif
