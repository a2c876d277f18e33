/* messages/trace_http.c -- requests and answers, read; see trace_http.h and trace_http_compare.c */
#include "messages/trace_http.h"

void trace_http_release(struct trace_http *h)
{
    free(h->method);
    free(h->target);
    wire_buffer_release(&h->fields);
    wire_buffer_release(&h->body);
    wire_buffer_release(&h->trailers);
    *h = (struct trace_http){0};
}

size_t trace_http_body_length(const struct trace_http *h)
{
    size_t length = h->body.length;
    for (unsigned i = 0; i < h->part_count; i++)
        length += h->parts[i].length;
    return length;
}

static void take_head(struct trace_http *h, const struct http_head *head)
{
    h->has_head = true;
    h->status = head->status;
    h->version = head->version;
    h->fields.length = 0;
    trace_put(&h->fields, head->fields.at, head->fields.length);
}

static void take_line(struct trace_http *h, struct http_text method, struct http_text target)
{
    free(h->method);
    free(h->target);
    h->method = trace_text(method.at, method.length);
    h->target = trace_text(target.at, target.length);
}

bool trace_http_request(struct trace_http *h, const uint8_t *head, size_t length)
{
    struct http_head opened;
    if (!http_head_open_request(&opened, NULL, head, length))
        return false;
    take_head(h, &opened);
    take_line(h, opened.method, opened.target);
    return true;
}

bool trace_http_answer(struct trace_http *h, const uint8_t *head, size_t length)
{
    struct http_head opened;
    if (!http_head_open_response(&opened, NULL, head, length))
        return false;
    take_head(h, &opened);
    return true;
}

/* ---- HTTP/1 ---- */

void trace_http_read(struct trace_http_reader *r, struct trace_http *into, enum http1_role role,
                     enum http1_asked asked)
{
    if (!r->created)
        http1_parser_create(&r->parser, role);
    r->created = true;
    r->into = into;
    r->error = NULL;
    r->began = r->upgrade = false;
    http1_parser_begin(&r->parser, asked);
}

void trace_http_reader_release(struct trace_http_reader *r)
{
    if (r->created)
        http1_parser_destroy(&r->parser);
    r->created = false;
}

enum http1_asked trace_http_asked(const char *method)
{
    if (method && strcmp(method, "HEAD") == 0)
        return HTTP1_ASKED_HEAD;
    return method && strcmp(method, "CONNECT") == 0 ? HTTP1_ASKED_CONNECT : HTTP1_ASKED_OTHER;
}

static void take_map(struct wire_buffer *into, const struct http_head_builder *fields)
{
    size_t size = http_head_builder_map_size(fields);
    into->length = 0;
    if (!wire_buffer_room(into, size))
        heap_exhausted("a head of a trace", size);
    http_head_builder_map_write(fields, into->at);
    into->length = size;
}

static void take_parsed_head(struct trace_http_reader *r, const struct http_head_builder *fields)
{
    struct trace_http *h = r->into;
    h->has_head = true;
    h->status = r->parser.status;
    h->version = r->parser.version;
    take_map(&h->fields, fields);
    if (r->parser.role == HTTP1_REQUESTS)
        take_line(h, r->parser.method, r->parser.target);
}

static void take_event(struct trace_http_reader *r, enum http1_event event,
                       const struct http_head_builder *fields)
{
    switch (event) {
    case HTTP1_HEAD: take_parsed_head(r, fields); break;
    case HTTP1_BODY: trace_put(&r->into->body, r->parser.piece.at, r->parser.piece.length); break;
    case HTTP1_TRAILERS: take_map(&r->into->trailers, fields); break;
    case HTTP1_END:
        r->into->ended = true;
        r->upgrade = r->parser.upgrade;
        r->keep_alive = r->parser.keep_alive;
        break;
    case HTTP1_ERROR:
        r->error = r->parser.error;
        r->into->broken = true;
        break;
    case HTTP1_MORE: break;
    }
}

size_t trace_http_feed(struct trace_http_reader *r, const uint8_t *bytes, size_t length)
{
    struct http_head_builder fields;
    size_t at = 0, consumed;
    enum http1_event event = HTTP1_MORE;
    r->began |= length != 0;
    while (!r->error && !r->into->ended) {
        event = http1_parser_next(&r->parser, &fields, bytes + at, length - at, &consumed);
        at += consumed;
        take_event(r, event, &fields);
        if (event == HTTP1_MORE)
            break;
    }
    return at;
}

void trace_http_eof(struct trace_http_reader *r)
{
    if (r->into->ended || r->error)
        return;
    enum http1_event event = http1_parser_eof(&r->parser);
    take_event(r, event, NULL);
    if (event == HTTP1_MORE)
        r->into->broken = true;
}
