/* messages/http1_body.h -- a body as HTTP/1 text: chunks, lengths, trailers.
 *
 * Payload is never copied here: around each piece of it the caller writes what open and close
 * append.
 *
 *     n = http1_body_open(b, out, length);  then n bytes of the payload;  http1_body_close(b, out);
 *     http1_body_end(b, out, trailers, allowed);
 */
#ifndef MESSAGES_HTTP1_BODY_H
#define MESSAGES_HTTP1_BODY_H

#include "messages/http1_framing.h"
#include "messages/http1_out.h"

#define HTTP1_BODY_OPEN_BYTES_MAX  HTTP1_CHUNK_SIZE_BYTES_MAX
#define HTTP1_BODY_CLOSE_BYTES_MAX 2
#define HTTP1_BODY_END_BYTES_MAX   5 /* without trailers */

struct http1_body {
    uint64_t left;   /* LENGTH: bytes that are still to come */
    uint8_t framing; /* enum http1_framing */
    bool ended;
};

void http1_body_create(struct http1_body *b, enum http1_framing framing, uint64_t length);

/* How many of length bytes of payload may be written: all, or what is left of the length (excess is
 * cut off, DEL-17.2), or none. 0: write nothing and skip close; so an empty data frame never
 * becomes the chunk that ends the body (DEL-18). */
size_t http1_body_open(struct http1_body *b, struct http1_out *out, size_t length);
void http1_body_close(struct http1_body *b, struct http1_out *out);

/* No more bytes are needed for the peer to know the end: NO_BODY, a length reached, or ended. */
bool http1_body_is_complete(const struct http1_body *b);

/* The end has come. False: the length was not reached, the connection has to be aborted so that the
 * peer takes the body for what it is, truncated.
 *
 * trailers: the header map of a trailers frame, length 0 for none. allowed: the values of the
 * head's Trailer lines (http_fields_join), length 0 for none: with chunked coding, those trailers
 * are written that are named there (DEL-19) and that may be trailers at all (RFC 9110 section
 * 6.5.1). For an answer pass them only if the client sent TE: trailers (AG-16). */
bool http1_body_end(struct http1_body *b, struct http1_out *out, struct http_text trailers,
                    struct http_text allowed);

/* The most that http1_body_end appends for these trailers. */
uint64_t http1_body_trailers_bytes_max(struct http_text trailers);

#endif
