/* actors/local_request.c -- what a local_connection writes: request heads, bodies, raw bytes. */
#include "actors/local_state.h"
#include "messages/http1_trailers.h"
#include "messages/http1_writer.h"
#include "runtime/limits.h"
#include <string.h>

bool local_request_is_complete(const struct local_connection *self)
{
    return http1_body_is_complete(&self->body);
}

static enum http1_asked asked_of(struct http_text method)
{
    if (method.length == 4 && !memcmp(method.at, "HEAD", 4))
        return HTTP1_ASKED_HEAD;
    if (method.length == 7 && !memcmp(method.at, "CONNECT", 7))
        return HTTP1_ASKED_CONNECT;
    return HTTP1_ASKED_OTHER;
}

/* What the kernel took of a request is known only if all that was written of it is counted. */
static void commit(struct local_connection *self, const uint8_t *begin, const uint8_t *end)
{
    uint32_t n = (uint32_t)(end - begin);
    socket_commit(&self->actor, LOCAL_SOCKET, n);
    self->written += n;
}

static void write_head(struct local_connection *self, const struct http_head *head,
                       const struct http_facts *facts, const struct http1_plan *plan)
{
    uint32_t most = (uint32_t)http1_head_bytes_max(head, facts);
    uint8_t *at = socket_reserve(&self->actor, LOCAL_SOCKET, most);
    struct http1_out out = {at, at + most, false};
    http1_write_request(&out, head, plan);
    assert(!out.overflow);
    commit(self, at, out.at);
}

static void begin_parsing(struct local_connection *self, enum http1_asked asked)
{
    if (!self->parsing)
        http1_parser_create(&self->parser, HTTP1_RESPONSES);
    self->parsing = true;
    http1_parser_begin(&self->parser, asked);
}

static void begin_reading(struct local_connection *self)
{
    if (self->paused)
        socket_resume(&self->actor, LOCAL_SOCKET);
    self->paused = false;
}

/* A read is no larger than what may be under way to the user. */
static void limit_reads(struct local_connection *self, uint64_t window)
{
    uint32_t most = (uint32_t)(window < WINDOW_MAX ? window : WINDOW_MAX);
    if (most == self->read_most)
        return;
    self->read_most = most;
    socket_limit(&self->actor, LOCAL_SOCKET, most);
}

/* ---- bodies ---- */

static void write_framed(struct local_connection *self, struct span bytes)
{
    struct actor *actor = &self->actor;
    uint32_t most = HTTP1_BODY_OPEN_BYTES_MAX + HTTP1_BODY_CLOSE_BYTES_MAX;
    bool in_one = bytes.length < COPY_BELOW_BYTES;
    uint8_t *at = socket_reserve(actor, LOCAL_SOCKET, most + (in_one ? bytes.length : 0));
    struct http1_out out = {at, at + most + (in_one ? bytes.length : 0), false};
    uint32_t n = (uint32_t)http1_body_open(&self->body, &out, bytes.length);
    if (in_one) {
        http1_out_bytes(&out, span_bytes(bytes), n);
        if (n)
            http1_body_close(&self->body, &out);
        commit(self, at, out.at);
        span_release(&bytes);
        return;
    }
    commit(self, at, out.at);
    bytes.length = n;
    self->written += n;
    socket_write(actor, LOCAL_SOCKET, bytes);
    if (n == 0)
        return;
    at = socket_reserve(actor, LOCAL_SOCKET, most);
    out = (struct http1_out){at, at + most, false};
    http1_body_close(&self->body, &out);
    commit(self, at, out.at);
}

/* False: the body is shorter than its length. */
static bool write_end(struct local_connection *self, struct span trailers)
{
    struct http1_trailers t = http1_trailers_open(trailers, self->trailer_names);
    uint8_t *at = socket_reserve(&self->actor, LOCAL_SOCKET, t.end_bytes_max);
    struct http1_out out = {at, at + t.end_bytes_max, false};
    bool whole = http1_body_end(&self->body, &out, t.map, t.names);
    commit(self, at, out.at);
    return whole;
}

/* A body may end without a frame: its chunked coding still has an end, and a length that was not reached
 * is an abort, not a wait for more (DEL-17.2). */
static void end_request(struct local_connection *self)
{
    bool whole = write_end(self, self->trailers);
    span_release(&self->trailers);
    if (!whole)
        local_fail(self, LOCAL_ANSWERING, 0,
                   "the request's body is shorter than its content-length");
}

/* The user may send so much again. The first time it learns that there is a connection at all. */
static void give_credit(struct local_connection *self, uint64_t bytes)
{
    uint64_t more = self->credited ? 0 : LOCAL_WINDOW - HOLD_MAX;
    if (ref_is_nobody(self->user))
        return;
    self->credited = true;
    if (bytes + more)
        SAY(self, self->user, credit, .bytes = bytes + more);
}

static void owe_credit(struct local_connection *self, uint32_t bytes)
{
    self->uncredited += bytes;
    if (!self->credited)
        give_credit(self, 0);
    if (self->uncredited < LOCAL_CREDIT_AT || self->notified)
        return;
    self->notified = true;
    socket_notify(&self->actor, LOCAL_SOCKET, LOCAL_UNSENT_LOW);
}

void local_on_drained(struct local_connection *self, struct message *m)
{
    uint64_t unsent = msg_socket_drained(m)->unsent;
    self->notified = false;
    if (ref_is_nobody(self->user) || self->uncredited <= unsent)
        return;
    uint64_t left = self->uncredited - unsent;
    self->uncredited = unsent;
    give_credit(self, left);
}

static void on_raw(struct local_connection *self, struct msg_assign_body *b)
{
    uint32_t length = b->bytes.length;
    if (length)
        socket_write(&self->actor, LOCAL_SOCKET, span_take(&b->bytes));
    if (b->last)
        socket_shutdown(&self->actor, LOCAL_SOCKET);
    else
        owe_credit(self, length);
}

static void keep_trailers(struct local_connection *self, struct span bytes)
{
    span_release(&self->trailers);
    self->trailers = bytes;
    span_settle(&self->trailers); /* agents say the end in a message of its own (AG-8) */
}

static void on_body(struct local_connection *self, struct msg_assign_body *b)
{
    uint32_t length = b->bytes.length;
    if (b->trailers)
        keep_trailers(self, span_take(&b->bytes));
    else if (length)
        write_framed(self, span_take(&b->bytes));
    if (b->last)
        end_request(self);
    else
        owe_credit(self, length);
}

/* ---- what the user says ---- */

static void on_assign(struct local_connection *self, struct message *m)
{
    struct msg_assign *a = msg_assign(m);
    struct http_head head;
    struct http_facts facts;
    self->window = (int64_t)a->window;
    limit_reads(self, a->window);
    begin_reading(self);
    span_release(&self->trailers);
    self->uncredited = self->written = 0;
    self->credited = self->head_said = false;
    if (m->flags & ASSIGN_RAW) {
        self->phase = LOCAL_PHASE_RAW;
        http1_body_create(&self->body, HTTP1_TO_EOF, 0);
        return;
    }
    if (!http_head_open_request(&head, &facts, span_bytes(a->head), a->head.length) ||
        http1_head_bytes_max(&head, &facts) > HTTP1_TEXT_MAX) {
        local_fail(self, LOCAL_ANSWERING, 0, "the request's head is too large for HTTP/1");
        return;
    }
    enum http1_body_known known = m->flags & ASSIGN_LAST   ? HTTP1_BODY_EMPTY
                                  : m->flags & ASSIGN_DATA ? HTTP1_BODY_HAS_DATA
                                                           : HTTP1_BODY_UNKNOWN;
    struct http1_plan plan = http1_plan_request(&head, &facts, known);
    if (plan.refused) {
        local_fail(self, LOCAL_ANSWERING, 0, plan.refused);
        return;
    }
    span_release(&self->trailer_names);
    self->trailer_names = http1_trailers_names(&head, &facts);
    write_head(self, &head, &facts, &plan);
    http1_body_create(&self->body, plan.framing, plan.length);
    begin_parsing(self, asked_of(head.method));
    if (m->flags & ASSIGN_LAST)
        end_request(self);
}

void local_on_part(struct local_connection *self, struct message *m)
{
    if (m->kind == MSG_ASSIGN)
        on_assign(self, m);
    else if (self->phase == LOCAL_PHASE_RAW && m->flags & ASSIGN_HTTP)
        return; /* it crossed the 101: no bytes of the upgraded connection, and no credit for it */
    else if (self->phase == LOCAL_PHASE_RAW)
        on_raw(self, msg_assign_body(m));
    else if (self->phase == LOCAL_PHASE_BUSY)
        on_body(self, msg_assign_body(m));
}
