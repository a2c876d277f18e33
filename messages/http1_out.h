/* messages/http1_out.h -- the bounded buffer that HTTP/1 text is appended to.
 *
 * Once something does not fit, overflow is set and nothing more is written: the writers need no
 * check of their own, the caller checks once. Who reserves what the *_bytes_max functions say never
 * sees it.
 */
#ifndef MESSAGES_HTTP1_OUT_H
#define MESSAGES_HTTP1_OUT_H

#include "messages/http_text.h"
#include <string.h>

struct http1_out {
    uint8_t *at, *end;
    bool overflow;
};

static inline void http1_out_bytes(struct http1_out *out, const void *bytes, size_t length)
{
    if (out->overflow || length > (size_t)(out->end - out->at)) {
        out->overflow = true;
        return;
    }
    if (length)
        memcpy(out->at, bytes, length);
    out->at += length;
}

static inline void http1_out_text(struct http1_out *out, struct http_text text)
{
    http1_out_bytes(out, text.at, text.length);
}

#define HTTP1_OUT_LITERAL(out, literal) http1_out_bytes((out), (literal), sizeof(literal) - 1)

static inline void http1_out_field(struct http1_out *out, struct http_text name,
                                   struct http_text value)
{
    http1_out_text(out, name);
    HTTP1_OUT_LITERAL(out, ": ");
    http1_out_text(out, value);
    HTTP1_OUT_LITERAL(out, "\r\n");
}

/* In hexadecimal, CR LF behind it. HTTP1_CHUNK_SIZE_BYTES_MAX */
#define HTTP1_CHUNK_SIZE_BYTES_MAX 18
static inline void http1_out_chunk_size(struct http1_out *out, uint64_t size)
{
    uint8_t digits[16];
    unsigned first = sizeof digits;
    do {
        digits[--first] = (uint8_t) "0123456789abcdef"[size & 15];
        size >>= 4;
    } while (size);
    http1_out_bytes(out, digits + first, sizeof digits - first);
    HTTP1_OUT_LITERAL(out, "\r\n");
}

#endif
