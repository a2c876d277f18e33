/* tools/trace_coding.h -- bodies without their content codings: gzip, deflate, br.
 *
 * Purpose  who reads an archive wants what a body says, not how it was packed for the way.
 * Source   RFC 9110 section 8.4.1. zlib does RFC 1950, 1951 and 1952, libbrotlidec RFC 7932.
 * Thread   one at a time.
 * Errors   in words; the end of memory is the program's.
 */
#ifndef TOOLS_TRACE_CODING_H
#define TOOLS_TRACE_CODING_H

#include "messages/http_text.h"
#include "messages/trace_frame.h"

/* A few bytes may become gigabytes: what becomes more than this is not decoded. */
enum { CODING_PLAIN_MAX = 16 << 20, CODING_LAYERS_MAX = 4 };

/* Whether a value of Content-Encoding names any but identity. */
bool coding_is_some(struct http_text codings);

/* Puts into `out`, which is empty, what the bytes are without the codings; the last one is undone first. NULL: done.
 * Else why it cannot be, and out is empty. */
const char *coding_undo(struct trace_out *out, struct http_text codings, const uint8_t *bytes,
                        size_t length);

#endif
