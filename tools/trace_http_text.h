/* tools/trace_http_text.h -- the bytes of a socket that speaks HTTP/1, without what is not compared.
 *
 * Purpose  `ignore header date` must hold for the bytes of a socket too; and chunked bodies are the same
 *          whatever their chunks. Heads lose the lines that rules ignore (and get their lines sorted when their
 *          order means nothing), chunked bodies lose their framing; all else passes as it is. What does not begin
 *          as HTTP/1 does passes whole.
 * Owner    whoever called trace_http_text_new.
 * Thread   one at a time.
 * Errors   none: what is no sound HTTP passes as it is from there on.
 */
#ifndef TOOLS_TRACE_HTTP_TEXT_H
#define TOOLS_TRACE_HTTP_TEXT_H

#include "tools/trace_rules.h"

struct trace_http_text;
typedef void http_text_out(void *context, const uint8_t *bytes, size_t length);

struct trace_http_text *trace_http_text_new(const struct trace_rules *rules);
/* NULL is fine. */
void trace_http_text_free(struct trace_http_text *t);
void trace_http_text_give(struct trace_http_text *t, const uint8_t *bytes, size_t length,
                          http_text_out *out, void *context);
/* What was held back. */
void trace_http_text_end(struct trace_http_text *t, http_text_out *out, void *context);

#endif
