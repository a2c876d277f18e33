/* tools/trace_har.h -- the lists of a HAR's requests and responses: headers, cookies, query. */
#ifndef TOOLS_TRACE_HAR_H
#define TOOLS_TRACE_HAR_H

#include "messages/http_head.h"
#include "messages/text_out.h"

/* ,"headers":[{"name":..,"value":..}, ...] and so on: each with a comma in front. */
void har_put_fields(struct trace_out *out, struct http_text map);
void har_put_request_cookies(struct trace_out *out, struct http_text map);
void har_put_response_cookies(struct trace_out *out, struct http_text map);
/* Of a request's target; not decoded, as browsers write it. */
void har_put_query(struct trace_out *out, struct http_text target);

#endif
