/* messages/trace_gather_parts.c -- messages and bodies become an exchange; see trace_gather_state.h */
#include "messages/http_head.h"
#include "messages/trace_gather_state.h"
#include "messages/vocabulary.h"
#include <stdlib.h>

/* ---- bodies ---- */

void gathered_add(struct gathered_body *b, const struct trace_bytes *bytes)
{
    text_bytes(&b->data, bytes->bytes, bytes->kept);
    b->length += bytes->length;
}

void gathered_add_part(struct gathered_body *b, const struct trace_record *r)
{
    uint64_t last = 0, trailers = 0;
    const struct trace_bytes *bytes = trace_span(r, "bytes");
    if (!bytes || b->ended)
        return;
    (void)trace_value(r, "last", &last);
    (void)trace_value(r, "trailers", &trailers);
    if (!trailers)
        gathered_add(b, bytes);
    else if (bytes->kept == bytes->length)
        text_bytes(&b->trailers, bytes->bytes, bytes->length);
    b->ended = last;
}

/* A list of frames in the protocol's form, count first; trailers are the last one. */
static void body_add_frames(struct gathered_body *b, const struct trace_bytes *bytes)
{
    const uint8_t *at = bytes->bytes, *end;
    uint64_t count, kind;
    struct http_text data;
    if (bytes->kept < bytes->length) { /* how long the frames were cannot be known */
        b->length += bytes->length;
        return;
    }
    if (!bytes->length)
        return;
    end = at + bytes->kept;
    if (!http_wire_take_number(&at, end, &count))
        return;
    while (count-- && http_wire_take_number(&at, end, &kind)) {
        if (kind != 0) {
            text_bytes(&b->trailers, at, (size_t)(end - at));
            return;
        }
        if (!http_wire_take_text(&at, end, &data))
            return;
        text_bytes(&b->data, data.at, data.length);
        b->length += data.length;
    }
}

void gathered_add_whole(struct gathered_body *b, const struct trace_bytes *bytes, bool frames)
{
    if (!bytes)
        return;
    if (frames)
        body_add_frames(b, bytes);
    else
        gathered_add(b, bytes);
}

/* ---- what the interceptor hears ---- */

bool gathered_take_head(struct gathered *x, struct trace_out *out, const struct trace_bytes *head)
{
    if (!head || !head->length)
        return false;
    if (head->kept < head->length) {
        x->cut = true;
        return false;
    }
    text_bytes(out, head->bytes, head->length);
    return true;
}

static void take_ids(struct gathered *x, const struct trace_record *r)
{
    uint64_t connection = 0, request = 0, mode = 0, port = 0, tls = 0;
    if (x->has_ids || !trace_value(r, "connection", &connection) || !trace_value(r, "mode", &mode))
        return;
    (void)trace_value(r, "request", &request);
    (void)trace_value(r, "port", &port);
    (void)trace_value(r, "tls", &tls);
    x->has_ids = true;
    x->connection = connection;
    x->mode = (uint8_t)mode;
    x->request_id = (uint16_t)request;
    x->port = (uint16_t)port;
    x->tls = tls;
}

static void on_request(struct gathered *x, const struct trace_record *r)
{
    uint64_t last = 0;
    if (x->has_request)
        return;
    (void)trace_value(r, "last", &last);
    x->has_request = gathered_take_head(x, &x->request_head, trace_span(r, "head"));
    x->request.ended = last;
}

static bool is_from_its_connection(const struct gathered *x, const struct trace_record *r)
{
    return x->remote || ref_is_nobody(x->local) || ref_equal(x->local, r->from);
}

void gathered_take_response(struct gathered *x, const struct trace_record *r)
{
    if (x->has_response || !is_from_its_connection(x, r))
        return;
    x->has_response = gathered_take_head(x, &x->response_head, trace_span(r, "head"));
    x->upgraded = r->flags & RESPONSE_UPGRADE;
    gathered_add_whole(&x->response, trace_span(r, "body"), r->flags & RESPONSE_FRAMES);
    x->response.ended = r->flags & (RESPONSE_LAST | RESPONSE_UPGRADE);
}

static void on_response_body(struct gathered *x, const struct trace_record *r)
{
    if (is_from_its_connection(x, r))
        gathered_add_part(x->raw || x->upgraded ? &x->from_application : &x->response, r);
}

/* Raw bytes of the agent; none: its direction has ended. */
static void on_data(struct gathered *x, const struct trace_record *r)
{
    const struct trace_bytes *bytes = trace_span(r, "bytes");
    if (!bytes || x->to_application.ended)
        return;
    gathered_add(&x->to_application, bytes);
    x->to_application.ended = bytes->length == 0;
}

void gathered_set_failure(struct gathered *x, const struct trace_bytes *text)
{
    free(x->failure);
    x->failure = NULL;
    if (text && text->kept)
        x->failure = gather_must(strndup((const char *)text->bytes, text->kept));
}

void gathered_take_message(struct gathered *x, const struct trace_record *r)
{
    take_ids(x, r);
    switch (r->kind->ours) {
    case MSG_INTERCEPT: x->raw = r->flags & INTERCEPT_RAW; break;
    case MSG_NEW_CONNECTION: x->raw = true; break;
    case MSG_REQUEST: on_request(x, r); break;
    case MSG_REQUEST_BODY: gathered_add_part(&x->request, r); break;
    case MSG_DATA: on_data(x, r); break;
    case MSG_RESPONSE: gathered_take_response(x, r); break;
    case MSG_RESPONSE_BODY: on_response_body(x, r); break;
    case MSG_LOCAL_FAILED: gathered_set_failure(x, trace_span(r, "text")); break;
    default: break;
    }
}

/* ---- what the link hears ---- */

/* port, connection, request. */
static bool skip_ids(const uint8_t **at, const uint8_t *end)
{
    uint64_t number;
    for (unsigned i = 0; i < 3; i++)
        if (!http_wire_take_number(at, end, &number))
            return false;
    return true;
}

/* What the agent is told. It is the application's own answer unless there was none. */
static void on_answer(struct trace_gather *g, struct gathered *x, const struct trace_record *r)
{
    const struct trace_bytes *head = trace_span(r, "head");
    x->answers_heard++;
    if (!x->has_response && head && head->length && head->kept == head->length) {
        const uint8_t *at = head->bytes, *end = at + head->length;
        x->has_response = x->from_proxy = skip_ids(&at, end);
        text_bytes(&x->response_head, at, (size_t)(end - at));
        gathered_add_whole(&x->response, trace_span(r, "body"), r->flags & ANSWER_FRAMES);
        x->response.ended = r->flags & ANSWER_LAST;
    }
    gather_finish_if_over(g, x);
}

/* An answer that the link hears, or that nobody hears any more. */
void gather_take_answer(struct trace_gather *g, const struct trace_record *r, uint32_t number)
{
    struct gathered *x = gather_find(g, number);
    if (!x || (r->flags & ANSWER_RETURNED))
        return;
    if (r->what == TRACE_CALL) {
        on_answer(g, x, r);
        return;
    }
    x->answers_heard++;
    gather_finish_if_over(g, x);
}
