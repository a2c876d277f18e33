/* tools/trace_gathered_http.h -- HTTP of gathered exchanges, as text: URLs, request heads, remarks. */
#ifndef TOOLS_TRACE_GATHERED_HTTP_H
#define TOOLS_TRACE_GATHERED_HTTP_H

#include "messages/http_head.h"
#include "messages/trace_gather.h"
#include "messages/text_out.h"

/* The heads of an exchange, opened. False: it has none, or it is malformed. */
bool gathered_http_request(const struct gathered *x, struct http_head *h, struct http_facts *facts);
bool gathered_http_response(const struct gathered *x, struct http_head *h);

/* Puts the head's content codings into `list`, which is empty: those of all its lines. False: there is none but
 * identity. */
bool gathered_http_codings(struct trace_out *list, const struct http_head *h);
/* The answer's body as it is without its content codings, into `out`, which is empty. False: it has none, or they
 * cannot be undone, and *why says why; else *why is NULL. */
bool gathered_http_plain(struct trace_out *out, const struct gathered *x, const char **why);

/* Scheme, host and target as the client meant them: of the target if it is a whole URL, else of Host, else of the
 * address of the application. */
void gathered_http_url(struct trace_out *out, const struct gathered *x, const struct http_head *h);

/* The request as HTTP/1.1 text, head and body, as it goes to the application. False, with the reason in *why: it
 * cannot be written so. */
bool gathered_http_request_text(struct trace_out *out, const struct gathered *x, const char **why);

/* What somebody who uses the exchange should know: "mirrored; not ended when the trace ends; ...". Printable, on
 * one line, empty if there is nothing to say. */
void gathered_http_remarks(struct trace_out *out, const struct gathered *x);
/* "exchange 3, connection 1 request 0: GET /path -> 200" */
void gathered_http_title(struct trace_out *out, const struct gathered *x);

#endif
