/* tools/trace_gathered_http.c -- see trace_gathered_http.h */
#include "tools/trace_gathered_http.h"
#include "messages/http1_body.h"
#include "messages/http1_trailers.h"
#include "messages/http1_writer.h"
#include "messages/vocabulary.h"
#include "tools/trace_coding.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { TITLE_TEXT_MAX = 200, REMARK_TEXT_MAX = 300 };

bool gathered_http_request(const struct gathered *x, struct http_head *h, struct http_facts *facts)
{
    return x->has_request &&
           http_head_open_request(h, facts, x->request_head.bytes, x->request_head.length);
}

bool gathered_http_response(const struct gathered *x, struct http_head *h)
{
    return x->has_response &&
           http_head_open_response(h, NULL, x->response_head.bytes, x->response_head.length);
}

/* ---- content codings ---- */

bool gathered_http_codings(struct trace_out *list, const struct http_head *h)
{
    struct http_fields f;
    struct http_text name, value;
    http_fields_begin(&f, h->fields);
    while (http_fields_next(&f, &name, &value))
        if (HTTP_TEXT_IS(name, "content-encoding")) {
            text_bytes(list, value.at, value.length);
            text_add(list, ",");
        }
    return coding_is_some((struct http_text){list->bytes, list->length});
}

static const char *undo_codings(struct trace_out *out, const struct gathered_body *b,
                                const struct trace_out *list)
{
    if (gathered_missing(b))
        return "not all of it was recorded";
    if (!b->ended)
        return "its end was not seen";
    return coding_undo(out, (struct http_text){list->bytes, list->length}, b->data.bytes,
                       b->data.length);
}

bool gathered_http_plain(struct trace_out *out, const struct gathered *x, const char **why)
{
    struct trace_out list = {0};
    struct http_head h;
    *why = NULL;
    bool coded =
        x->response.length && gathered_http_response(x, &h) && gathered_http_codings(&list, &h);
    if (coded)
        *why = undo_codings(out, &x->response, &list);
    free(list.bytes);
    return coded && !*why;
}

/* ---- URLs ---- */

static bool is_whole_url(struct http_text target)
{
    const char *colon = target.length ? memchr(target.at, ':', target.length) : NULL;
    size_t rest = colon ? target.length - (size_t)(colon - (const char *)target.at) : 0;
    return target.at && target.length && target.at[0] != '/' && rest > 3 &&
           !memcmp(colon, "://", 3);
}

static void put_host(struct trace_out *out, const struct gathered *x, const struct http_head *h)
{
    struct http_text host;
    if (http_fields_find(h->fields, "host", &host) && host.length)
        text_bytes(out, host.at, host.length);
    else if (!x->remote && x->address[0] && !strchr(x->address, '/'))
        text_add(out, x->address);
    else
        text_format(out, "localhost:%u", x->port);
}

/* RFC 9112, 3.3: "*" and a CONNECT's host and port stand for no path. */
void gathered_http_url(struct trace_out *out, const struct gathered *x, const struct http_head *h)
{
    bool connects = HTTP_TEXT_IS(h->method, "connect");
    if (!is_whole_url(h->target)) {
        text_add(out, x->tls ? "https://" : "http://");
        if (!connects)
            put_host(out, x, h);
        if (HTTP_TEXT_IS(h->target, "*"))
            return;
        if (!connects && h->target.length && h->target.at[0] != '/')
            text_add(out, "/");
    }
    text_bytes(out, h->target.at, h->target.length);
}

/* ---- a request as text ---- */

static struct http1_out begin(struct trace_out *out, size_t most)
{
    uint8_t *at = trace_out_room(out, most);
    return (struct http1_out){at, at + most, false};
}

static void end(struct trace_out *out, const struct http1_out *text)
{
    out->length = (size_t)(text->at - out->bytes);
}

static void put_data(struct trace_out *out, struct http1_body *body, const struct trace_out *data)
{
    struct http1_out text = begin(out, HTTP1_BODY_OPEN_BYTES_MAX);
    size_t n = http1_body_open(body, &text, data->length);
    end(out, &text);
    text_bytes(out, data->bytes, n);
    text = begin(out, HTTP1_BODY_CLOSE_BYTES_MAX);
    if (n)
        http1_body_close(body, &text);
    end(out, &text);
}

static void put_end(struct trace_out *out, struct http1_body *body, const struct http_head *h,
                    const struct gathered_body *b)
{
    static uint8_t allowed[HTTP_TRAILER_LIST_BYTES_MAX];
    struct http_text trailers = {b->trailers.bytes, b->trailers.length};
    struct http_text names = {allowed,
                              http_fields_join(h->fields, "trailer", allowed, sizeof allowed)};
    uint64_t most = HTTP1_BODY_END_BYTES_MAX;
    if (trailers.length)
        most += http1_body_trailers_bytes_max(trailers);
    if (most > HTTP1_TEXT_MAX) {
        trailers.length = 0;
        most = HTTP1_BODY_END_BYTES_MAX;
    }
    struct http1_out text = begin(out, (size_t)most);
    (void)http1_body_end(body, &text, trailers, names);
    end(out, &text);
}

static enum http1_body_known known_of(const struct gathered_body *b)
{
    return b->length ? HTTP1_BODY_HAS_DATA : b->ended ? HTTP1_BODY_EMPTY : HTTP1_BODY_UNKNOWN;
}

bool gathered_http_request_text(struct trace_out *out, const struct gathered *x, const char **why)
{
    struct http_head h;
    struct http_facts facts;
    struct http1_body body;
    *why = "its head is not in the trace";
    if (!gathered_http_request(x, &h, &facts))
        return false;
    struct http1_plan plan = http1_plan_request(&h, &facts, known_of(&x->request));
    uint64_t most = http1_head_bytes_max(&h, &facts);
    *why = plan.refused ? plan.refused : "its head is too large for HTTP/1";
    if (plan.refused || most > HTTP1_TEXT_MAX)
        return false;
    struct http1_out text = begin(out, (size_t)most);
    http1_write_request(&text, &h, &plan);
    end(out, &text);
    http1_body_create(&body, plan.framing, plan.length);
    put_data(out, &body, &x->request.data);
    if (x->request.ended && !gathered_missing(&x->request) && !x->gap)
        put_end(out, &body, &h, &x->request);
    return true;
}

/* ---- for people ---- */

static void remark(struct trace_out *out, size_t begun, const char *text)
{
    if (out->length > begun)
        text_add(out, "; ");
    text_add(out, text);
}

static void remark_body(struct trace_out *out, size_t begun, const char *what,
                        const struct gathered_body *b, bool expected)
{
    char text[160];
    if (gathered_missing(b)) {
        snprintf(text, sizeof text, "%s: %zu of %" PRIu64 " bytes were recorded", what,
                 b->data.length, b->length);
        remark(out, begun, text);
    }
    if (expected && !b->ended) {
        snprintf(text, sizeof text, "%s: its end was not seen", what);
        remark(out, begun, text);
    }
}

static void remark_end(struct trace_out *out, size_t begun, const struct gathered *x)
{
    if (x->gap)
        remark(out, begun,
               x->remote ? "messages of it may have been lost while the trace was recorded"
                         : "messages of it were lost while the trace was recorded");
    if (!x->over)
        remark(out, begun, "not over when the trace ends");
    else if (!x->has_response)
        remark(out, begun,
               x->cut      ? "the answer's head was not recorded whole"
               : x->remote ? "no answer, or one of the agent itself"
                           : "never answered");
    if (x->from_proxy)
        remark(out, begun, "answered by the proxy, not by the application");
    if (x->failure) {
        remark(out, begun, "failed: ");
        text_printable(out, x->failure, strlen(x->failure), REMARK_TEXT_MAX);
    }
}

void gathered_http_remarks(struct trace_out *out, const struct gathered *x)
{
    char text[160];
    size_t begun = out->length;
    if (x->has_ids && x->mode == MODE_MIRROR)
        remark(out, begun, "a copy (mirrored)");
    if (x->attempts > 1) {
        snprintf(text, sizeof text, "sent %" PRIu32 " times", x->attempts);
        remark(out, begun, text);
    }
    remark_body(out, begun, "the request's body", &x->request, x->has_request);
    remark_body(out, begun, "the answer's body", &x->response, x->has_response);
    remark_end(out, begun, x);
    if (!x->upgraded)
        return;
    snprintf(text, sizeof text,
             "the connection was upgraded: %" PRIu64 " bytes to the application, %" PRIu64
             " from it",
             x->to_application.length, x->from_application.length);
    remark(out, begun, text);
}

void gathered_http_title(struct trace_out *out, const struct gathered *x)
{
    struct http_head h;
    text_format(out, x->remote ? "remote exchange %" PRIu32 : "exchange %" PRIu32, x->number);
    if (x->has_ids)
        text_format(out, ", connection %" PRIu64 " request %u", x->connection, x->request_id);
    if (gathered_http_request(x, &h, NULL)) {
        text_add(out, ": ");
        text_printable(out, h.method.at, h.method.length, TITLE_TEXT_MAX);
        text_add(out, " ");
        text_printable(out, h.target.at, h.target.length, TITLE_TEXT_MAX);
    }
    if (gathered_http_response(x, &h))
        text_format(out, " -> %u", h.status);
}
