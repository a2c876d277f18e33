/* actors/agent_remote_answer.c -- answers are framed and written; see agent_remote.h
 *
 * They come from a session or from the upstream, in the same words. What the remote gets is framed by the
 * head that came and by what is known of the body at that moment (AG-20).
 */
#include "actors/agent_remote.h"
#include "messages/http1_trailers.h"
#include "messages/http1_writer.h"
#include "runtime/limits.h"
#include <stdio.h>
#include <string.h>

/* ---- bytes to the remote ---- */

/* Text that is made in place; between begin and end no other effect. */
static struct http1_out begin(struct agent_remote *self, size_t most)
{
    uint8_t *at = socket_reserve(&self->actor, REMOTE, (uint32_t)most);
    return (struct http1_out){at, at + most, false};
}

static void end(struct agent_remote *self, const struct http1_out *out, size_t most)
{
    size_t left = (size_t)(out->end - out->at);
    assert(!out->overflow);
    socket_commit(&self->actor, REMOTE, (uint32_t)(most - left));
    agent_remote_count_unsent(self, most - left);
}

/* Credit is for the upstream; it waits while much is unsent. */
static void pass_credit(struct agent_remote *self, uint32_t bytes)
{
    if (self->answerer_is_session || ref_is_nobody(self->answerer) || !bytes)
        return;
    if (self->throttled)
        self->owed += bytes;
    else
        SAY(self, self->answerer, credit, .bytes = bytes);
}

/* Takes bytes. */
static void write_data(struct agent_remote *self, struct span bytes)
{
    size_t most = HTTP1_BODY_OPEN_BYTES_MAX;
    struct http1_out out = begin(self, most);
    uint32_t length = bytes.length, n = (uint32_t)http1_body_open(&self->body, &out, length);
    end(self, &out, most);
    bytes.length = n;
    if (n) {
        agent_remote_write(self, bytes);
        most = HTTP1_BODY_CLOSE_BYTES_MAX;
        out = begin(self, most);
        http1_body_close(&self->body, &out);
        end(self, &out, most);
    } else {
        span_release(&bytes);
    }
    pass_credit(self, length);
}

static bool write_end(struct agent_remote *self)
{
    struct http1_trailers t = http1_trailers_open(self->trailers, self->trailer_names);
    struct http1_out out = begin(self, t.end_bytes_max);
    bool whole = http1_body_end(&self->body, &out, t.map, t.names);
    end(self, &out, t.end_bytes_max);
    return whole;
}

/* ---- the end of an answer ---- */

static void answer_over(struct agent_remote *self)
{
    if (!write_end(self)) {
        agent_remote_cut(self, "its answer is shorter than its content-length");
        return;
    }
    self->answer_ended = true;
    /* an upstream's connection ends with its answer; a session goes on taking the request (AG-23) */
    if (!self->answerer_is_session)
        self->answerer = NOBODY;
    agent_remote_pump(self);
}

/* ---- the head ---- */

static enum http1_body_known known_of(const struct message *m, struct span body)
{
    if (body.length || m->flags & RESPONSE_HAS_DATA)
        return HTTP1_BODY_HAS_DATA;
    return m->flags & RESPONSE_LAST ? HTTP1_BODY_EMPTY : HTTP1_BODY_UNKNOWN;
}

static void write_head(struct agent_remote *self, const struct http_head *head,
                       const struct http_facts *facts, const struct http1_plan *plan)
{
    size_t most = (size_t)http1_head_bytes_max(head, facts);
    struct http1_out out = begin(self, most);
    http1_write_response(&out, head, plan);
    end(self, &out, most);
    if (self->te_trailers) /* AG-16 */
        self->trailer_names = http1_trailers_names(head, facts);
    http1_body_create(&self->body, plan->framing, plan->length);
    self->answer_begun = true;
    self->keep_alive = plan->keep_alive && self->asker.keep_alive;
}

/* Frames in the protocol's form, count first: what the upstream's answer is when it has trailers. */
static void write_frames(struct agent_remote *self, struct span frames)
{
    const uint8_t *at = span_bytes(frames), *start = at, *stop = at + frames.length;
    uint64_t count, kind;
    struct http_text data;
    if (!http_wire_take_number(&at, stop, &count))
        return;
    while (count-- && http_wire_take_number(&at, stop, &kind)) {
        if (kind != 0) { /* trailers are the last frame */
            self->trailers = span_slice(frames, (uint32_t)(at - start), (uint32_t)(stop - at));
            return;
        }
        if (!http_wire_take_text(&at, stop, &data))
            return;
        if (data.length)
            write_data(self,
                       span_slice(frames, (uint32_t)(data.at - start), (uint32_t)data.length));
    }
}

/* The upstream's side begins anew (local_connection.h); a session goes on paying for what it passes on. */
static void on_upgraded(struct agent_remote *self)
{
    if (!self->answerer_is_session)
        self->room = HOLD_MAX;
    agent_remote_become_raw(self);
    agent_remote_pump(self);
}

/* What cannot be written as an answer at all. */
static void refuse(struct agent_remote *self, const char *why)
{
    actor_log(&self->actor, LOG_WARN, "an answer cannot be written", "why=\"%s\"", why);
    agent_remote_let_go(self);
    agent_remote_answer(self, 500, "", true);
}

void agent_remote_on_response(struct agent_remote *self, struct message *m)
{
    struct msg_response *r = msg_response(m);
    struct http_head head;
    struct http_facts facts;
    if (self->phase != PHASE_HTTP || self->answer_begun)
        return;
    if (!http_head_open_response(&head, &facts, span_bytes(r->head), r->head.length) ||
        http1_head_bytes_max(&head, &facts) > HTTP1_TEXT_MAX) {
        refuse(self, "its head is malformed or too large");
        return;
    }
    struct http1_plan plan = http1_plan_response(&head, &facts, &self->asker, known_of(m, r->body));
    if (plan.refused) {
        refuse(self, plan.refused);
        return;
    }
    write_head(self, &head, &facts, &plan);
    if (plan.upgrade) {
        on_upgraded(self);
        return;
    }
    if (m->flags & RESPONSE_FRAMES)
        write_frames(self, r->body);
    else if (r->body.length)
        write_data(self, span_take(&r->body));
    if (m->flags & RESPONSE_LAST && !self->actor.stopping)
        answer_over(self);
}

/* ---- the body, and raw bytes ---- */

static void on_raw(struct agent_remote *self, struct msg_response_body *b)
{
    uint32_t length = b->bytes.length;
    if (self->answer_ended)
        return;
    if (length)
        agent_remote_write(self, span_take(&b->bytes));
    pass_credit(self, length);
    if (!b->last)
        return;
    self->answer_ended = true;
    socket_shutdown(&self->actor, REMOTE);
}

void agent_remote_on_response_body(struct agent_remote *self, struct message *m)
{
    struct msg_response_body *b = msg_response_body(m);
    if (self->phase == PHASE_RAW) {
        on_raw(self, b);
        return;
    }
    if (self->phase != PHASE_HTTP || !self->answer_begun || self->answer_ended)
        return;
    if (b->trailers) {
        span_release(&self->trailers);
        self->trailers = span_take(&b->bytes);
    } else if (b->bytes.length) {
        write_data(self, span_take(&b->bytes));
    }
    if (b->last && !self->actor.stopping)
        answer_over(self);
}

/* ---- the agent's own answers ---- */

void agent_remote_answer(struct agent_remote *self, unsigned status, const char *text, bool close)
{
    char head[200];
    size_t length = strlen(text);
    int n = snprintf(head, sizeof head, "HTTP/1.1 %u %s\r\n%s%scontent-length: %zu\r\n\r\n", status,
                     http_reason(status), close ? "connection: close\r\n" : "",
                     length ? "content-type: text/plain\r\n" : "", length);
    agent_remote_write(self, span_copy(head, (size_t)n));
    if (!self->asker.head && length)
        agent_remote_write(self, span_copy(text, length));
    self->answer_begun = self->answer_ended = true;
    self->keep_alive = self->asker.keep_alive && !close;
    agent_remote_pump(self);
}

/* An answer that lasts until its connection's end would seem to be whole if it ended properly. */
static void broken_off(struct agent_remote *self, const char *why)
{
    if (self->body.framing == HTTP1_TO_EOF)
        socket_reset(&self->actor, REMOTE);
    agent_remote_cut(self, why);
}

/* Before the head: 502. In the middle: a chunked body ends as if it were complete, one with a length is
 * cut (AG-17), and from upstream it is never made whole. Raw: the remote hears the end. */
void agent_remote_answerer_gone(struct agent_remote *self, const char *why)
{
    bool session = self->answerer_is_session;
    agent_remote_let_go(self);
    if (self->phase == PHASE_RAW) {
        if (!self->answer_ended)
            socket_shutdown(&self->actor, REMOTE);
        self->answer_ended = true;
        if (!session || self->request_ended)
            actor_stop(&self->actor, STOP_DONE);
        else
            agent_remote_pump(self);
        return;
    }
    if (self->phase != PHASE_HTTP || !self->request_begun)
        return;
    if (self->answer_ended)
        agent_remote_pump(self); /* what is left of the request is thrown away */
    else if (!self->answer_begun)
        agent_remote_answer(self, 502, why, false);
    else if (session)
        answer_over(self);
    else
        broken_off(self, why);
}
