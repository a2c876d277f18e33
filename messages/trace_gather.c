/* messages/trace_gather.c -- see trace_gather.h */
#include "messages/trace_gather.h"
#include "messages/http_head.h"
#include "messages/kinds.h"
#include "messages/text_out.h"
#include "messages/vocabulary.h"
#include <stdlib.h>
#include <string.h>

/* A local_connection, and for which exchange it works. */
struct local {
    uint64_t ref;
    uint32_t user; /* number of the exchange */
    uint32_t uses;
    struct gathered_times times;
    char address[ADDRESS_TEXT_MAX];
    UT_hash_handle hh;
};

struct trace_gather {
    struct gathered *by_number;
    struct gathered *oldest, *newest;
    struct local *locals;
    uint64_t waiting; /* bytes of those that have ended and were not given */
    bool at_end;
};

static void *must(void *p)
{
    if (!p)
        heap_exhausted("the exchanges of a trace", 0);
    return p;
}

/* ---- exchanges ---- */

static void release(struct trace_out *out)
{
    free(out->bytes);
}

static void body_release(struct gathered_body *b)
{
    release(&b->data);
    release(&b->trailers);
}

void gathered_free(struct gathered *x)
{
    release(&x->request_head);
    release(&x->response_head);
    body_release(&x->request);
    body_release(&x->response);
    body_release(&x->to_application);
    body_release(&x->from_application);
    free(x->failure);
    free(x);
}

bool gathered_is_whole(const struct gathered *x)
{
    return x->has_request && x->has_response && x->request.ended && x->response.ended;
}

static uint64_t bytes_of(const struct gathered *x)
{
    return sizeof *x + x->request.data.room + x->response.data.room + x->to_application.data.room +
           x->from_application.data.room;
}

static struct gathered *find(struct trace_gather *g, uint32_t number)
{
    struct gathered *x;
    HASH_FIND(hh, g->by_number, &number, sizeof number, x);
    return x;
}

static struct gathered *add(struct trace_gather *g, uint32_t number, uint64_t began)
{
    struct gathered *x = must(calloc(1, sizeof *x));
    x->number = number;
    x->times.began = began;
    x->older = g->newest;
    if (g->newest)
        g->newest->newer = x;
    else
        g->oldest = x;
    g->newest = x;
    HASH_ADD(hh, g->by_number, number, sizeof x->number, x);
    return x;
}

static void take_out(struct trace_gather *g, struct gathered *x)
{
    if (x->older)
        x->older->newer = x->newer;
    else
        g->oldest = x->newer;
    if (x->newer)
        x->newer->older = x->older;
    else
        g->newest = x->older;
    if (x->finished)
        g->waiting -= bytes_of(x);
    else
        HASH_DEL(g->by_number, x);
    x->older = x->newer = NULL;
}

/* Nothing more comes about it. */
static void finish(struct trace_gather *g, struct gathered *x)
{
    if (x->finished)
        return;
    HASH_DEL(g->by_number, x);
    x->finished = true;
    g->waiting += bytes_of(x);
}

/* It has ended, and what it said last has arrived. */
static void finish_if_over(struct trace_gather *g, struct gathered *x)
{
    if (x->over && (x->has_response || x->raw || x->answers_heard >= x->answers_sent))
        finish(g, x);
}

struct gathered *trace_gather_next(struct trace_gather *g)
{
    struct gathered *x = g->oldest;
    if (x && !x->finished && !g->at_end) {
        if (g->waiting <= GATHER_WAIT_BYTES)
            return NULL;
        while (x && !x->finished)
            x = x->newer;
    }
    if (x)
        take_out(g, x);
    return x;
}

/* ---- bodies ---- */

static void body_add(struct gathered_body *b, const struct trace_bytes *bytes)
{
    text_bytes(&b->data, bytes->bytes, bytes->kept);
    b->length += bytes->length;
}

static void body_add_part(struct gathered_body *b, const struct trace_record *r)
{
    uint64_t last = 0, trailers = 0;
    const struct trace_bytes *bytes = trace_span(r, "bytes");
    if (!bytes || b->ended)
        return;
    (void)trace_value(r, "last", &last);
    (void)trace_value(r, "trailers", &trailers);
    if (!trailers)
        body_add(b, bytes);
    else if (bytes->kept == bytes->length)
        text_bytes(&b->trailers, bytes->bytes, bytes->length);
    b->ended = last;
}

/* A list of frames in the protocol's form, count first; trailers are the last one. */
static void body_add_frames(struct gathered_body *b, const struct trace_bytes *bytes)
{
    const uint8_t *at = bytes->bytes, *end = at + bytes->kept;
    uint64_t count, kind;
    struct http_text data;
    if (bytes->kept < bytes->length) { /* how long the frames were cannot be known */
        b->length += bytes->length;
        return;
    }
    if (!bytes->length || !http_wire_take_number(&at, end, &count))
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

static void body_add_whole(struct gathered_body *b, const struct trace_bytes *bytes, bool frames)
{
    if (!bytes)
        return;
    if (frames)
        body_add_frames(b, bytes);
    else
        body_add(b, bytes);
}

/* ---- what the interceptor hears ---- */

static bool take_head(struct gathered *x, struct trace_out *out, const struct trace_bytes *head)
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
    x->has_request = take_head(x, &x->request_head, trace_span(r, "head"));
    x->request.ended = last;
}

static bool is_from_its_connection(const struct gathered *x, const struct trace_record *r)
{
    return ref_is_nobody(x->local) || ref_equal(x->local, r->from);
}

static void on_response(struct gathered *x, const struct trace_record *r)
{
    if (x->has_response || !is_from_its_connection(x, r))
        return;
    x->has_response = take_head(x, &x->response_head, trace_span(r, "head"));
    x->upgraded = r->flags & RESPONSE_UPGRADE;
    body_add_whole(&x->response, trace_span(r, "body"), r->flags & RESPONSE_FRAMES);
    x->response.ended = r->flags & (RESPONSE_LAST | RESPONSE_UPGRADE);
}

static void on_response_body(struct gathered *x, const struct trace_record *r)
{
    if (is_from_its_connection(x, r))
        body_add_part(x->raw || x->upgraded ? &x->from_application : &x->response, r);
}

/* Raw bytes of the agent; none: its direction has ended. */
static void on_data(struct gathered *x, const struct trace_record *r)
{
    const struct trace_bytes *bytes = trace_span(r, "bytes");
    if (!bytes || x->to_application.ended)
        return;
    body_add(&x->to_application, bytes);
    x->to_application.ended = bytes->length == 0;
}

static void set_failure(struct gathered *x, const struct trace_bytes *text)
{
    free(x->failure);
    x->failure = NULL;
    if (text && text->kept)
        x->failure = must(strndup((const char *)text->bytes, text->kept));
}

static void on_interceptor(struct gathered *x, const struct trace_record *r)
{
    take_ids(x, r);
    switch (r->kind->ours) {
    case MSG_INTERCEPT: x->raw = r->flags & INTERCEPT_RAW; break;
    case MSG_NEW_CONNECTION: x->raw = true; break;
    case MSG_REQUEST: on_request(x, r); break;
    case MSG_REQUEST_BODY: body_add_part(&x->request, r); break;
    case MSG_DATA: on_data(x, r); break;
    case MSG_RESPONSE: on_response(x, r); break;
    case MSG_RESPONSE_BODY: on_response_body(x, r); break;
    case MSG_LOCAL_FAILED: set_failure(x, trace_span(r, "text")); break;
    default: break;
    }
}

static void count_answers(struct gathered *x, const struct trace_reader *reader,
                          const struct trace_record *r)
{
    struct trace_effect e;
    size_t at = 0;
    while (trace_effect_next(reader, r, &at, &e))
        if (e.kind == EFFECT_SEND && e.message && e.message->ours == MSG_ANSWER)
            x->answers_sent++;
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
    if (!x->has_response && head && head->kept == head->length) {
        const uint8_t *at = head->bytes, *end = at + head->length;
        x->has_response = x->from_proxy = skip_ids(&at, end);
        text_bytes(&x->response_head, at, (size_t)(end - at));
        body_add_whole(&x->response, trace_span(r, "body"), r->flags & ANSWER_FRAMES);
        x->response.ended = r->flags & ANSWER_LAST;
    }
    finish_if_over(g, x);
}

/* ---- what the connection to the application does ---- */

static struct local *local_of(struct trace_gather *g, struct actor_ref ref)
{
    uint64_t bits = ref_bits(ref);
    struct local *l;
    HASH_FIND(hh, g->locals, &bits, sizeof bits, l);
    if (l)
        return l;
    l = must(calloc(1, sizeof *l));
    l->ref = bits;
    HASH_ADD(hh, g->locals, ref, sizeof l->ref, l);
    return l;
}

/* Times of the connection itself are the exchange's if it was made for it. */
static void copy_dial(struct gathered *x, const struct local *l)
{
    memcpy(x->address, l->address, sizeof x->address);
    if (l->uses != 1)
        return;
    x->times.resolve = l->times.resolve;
    x->times.resolved = l->times.resolved;
    x->times.dial = l->times.dial;
    x->times.connected = l->times.connected;
}

static void on_assign(struct trace_gather *g, struct local *l, const struct trace_record *r)
{
    struct gathered *x = find(g, r->exchange);
    l->user = r->exchange;
    l->uses++;
    if (!x)
        return;
    x->attempts++;
    x->local = r->to;
    x->reused = l->uses > 1;
    x->times =
        (struct gathered_times){.began = x->times.began, .assigned = r->ended_ns - r->took_ns};
    set_failure(x, NULL);
    copy_dial(x, l);
}

static void on_effect(struct local *l, struct gathered *x, const struct trace_effect *e,
                      uint64_t when)
{
    switch (e->kind) {
    case EFFECT_RESOLVE: l->times.resolve = when; break;
    case EFFECT_CONNECT:
        l->times.dial = when;
        memcpy(l->address, e->address, sizeof l->address);
        break;
    case EFFECT_WRITE:
        if (x && !x->upgraded && e->bytes.length)
            x->times.sent = when;
        break;
    default: break;
    }
}

static void note_events(struct local *l, struct gathered *x, const struct trace_record *r)
{
    uint64_t when = r->ended_ns - r->took_ns, error = 0;
    (void)trace_value(r, "error", &error);
    if (r->kind->ours == MSG_RESOLVED && !error)
        l->times.resolved = when;
    if (r->kind->ours == MSG_SOCKET_CONNECTED && !error)
        l->times.connected = when;
    if (r->kind->ours != MSG_SOCKET_DATA || !x)
        return;
    if (!x->times.first_byte)
        x->times.first_byte = when;
    x->times.last_byte = when;
}

static void on_local(struct trace_gather *g, const struct trace_reader *reader,
                     const struct trace_record *r)
{
    struct local *l = local_of(g, r->to);
    if (r->what == TRACE_END) {
        HASH_DEL(g->locals, l);
        free(l);
        return;
    }
    if (r->kind->ours == MSG_ASSIGN)
        on_assign(g, l, r);
    struct gathered *x = l->user ? find(g, l->user) : NULL;
    note_events(l, x, r);
    struct trace_effect e;
    size_t at = 0;
    while (trace_effect_next(reader, r, &at, &e))
        on_effect(l, x, &e, r->ended_ns);
    if (x)
        copy_dial(x, l);
}

/* ---- records ---- */

static bool is_type(const struct trace_record *r, const char *type)
{
    return r->type && strcmp(r->type, type) == 0;
}

static void take_interceptor(struct trace_gather *g, const struct trace_reader *reader,
                             const struct trace_record *r, uint32_t number)
{
    struct gathered *x = find(g, number);
    if (!x && r->what == TRACE_END)
        return;
    if (!x)
        x = add(g, number, r->ended_ns - r->took_ns);
    x->times.ended = r->ended_ns;
    if (r->what == TRACE_CALL)
        on_interceptor(x, r);
    count_answers(x, reader, r);
    if (r->what == TRACE_END) {
        x->over = true;
        finish_if_over(g, x);
    }
}

/* An answer that the link hears, or that nobody hears any more. */
static void take_answer(struct trace_gather *g, const struct trace_record *r, uint32_t number)
{
    struct gathered *x = find(g, number);
    if (!x || (r->flags & ANSWER_RETURNED))
        return;
    if (r->what == TRACE_CALL) {
        on_answer(g, x, r);
        return;
    }
    x->answers_heard++;
    finish_if_over(g, x);
}

void trace_gather_take(struct trace_gather *g, const struct trace_reader *reader,
                       const struct trace_record *r)
{
    uint32_t number = r->exchange ? r->exchange : r->actor_exchange;
    if (r->what == TRACE_LAGGED || r->what == TRACE_NOTE)
        return;
    if (is_type(r, "local_connection") && r->what != TRACE_UNDELIVERED)
        on_local(g, reader, r);
    else if (is_type(r, "interceptor") && number && r->what != TRACE_UNDELIVERED)
        take_interceptor(g, reader, r, number);
    else if (number && r->kind && r->kind->ours == MSG_ANSWER)
        take_answer(g, r, number);
}

/* ---- begin and end ---- */

void trace_gather_end(struct trace_gather *g)
{
    g->at_end = true;
}

struct trace_gather *trace_gather_new(void)
{
    return must(calloc(1, sizeof(struct trace_gather)));
}

void trace_gather_free(struct trace_gather *g)
{
    struct gathered *x;
    struct local *l, *next;
    trace_gather_end(g);
    while ((x = trace_gather_next(g)))
        gathered_free(x);
    HASH_ITER(hh, g->locals, l, next)
    {
        HASH_DEL(g->locals, l);
        free(l);
    }
    free(g);
}
