/* messages/http1_writer.h -- heads from wire form to HTTP/1 text.
 *
 * Lines are written as they are, in their order, except for what the plan (http1_framing.h) changes
 * (DEL-21). The URI is written untouched (DEL-14), without a fragment: the original drops it when
 * it decodes, unchecked, so it might hold anything, CR LF included.
 */
#ifndef MESSAGES_HTTP1_WRITER_H
#define MESSAGES_HTTP1_WRITER_H

#include "messages/http1_framing.h"
#include "messages/http1_out.h"

/* The most that a head takes as text. May be far more than its wire form (a long name with many
 * empty values is repeated with each): compare it with a limit before allocating. */
uint64_t http1_head_bytes_max(const struct http_head *head, const struct http_facts *facts);

/* plan->refused must be NULL. Check out->overflow. */
void http1_write_request(struct http1_out *out, const struct http_head *head,
                         const struct http1_plan *plan);
void http1_write_response(struct http1_out *out, const struct http_head *head,
                          const struct http1_plan *plan);

/* "HTTP/1.1 100 Continue" and its empty line, for a request with Expect: 100-continue (AG-3). */
#define HTTP1_CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"

#endif
