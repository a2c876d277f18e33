/* actors/interceptor_http.c -- a request to the application, its answer to the agent.
 *
 * The format of the answer is chosen when the head goes out, from the request's variant and the version
 * that the agent said last (RSP-6, RSP-7), and once more by the link (ANSWER_RETURNED).
 */
#include "actors/interceptor_state.h"
#include "actors/resend.h"
#include "actors/settings.h"
#include "messages/answer_format.h"
#include <stdio.h>
#include <string.h>

/* ---- the request ---- */

void http_on_request(struct interceptor *self, struct message *m)
{
    struct msg_request *r = msg_request(m);
    self->ids = (struct answer_ids){r->port, r->connection, r->request};
    self->variant = r->variant;
    self->head = span_take(&r->head);
    span_settle(&self->head);
    if (r->last)
        self->upload.ended = true;
    if (http_version_of(self->head) >= HTTP_VERSION_2) {
        http_fail(self, 502, "this version delivers HTTP/1 only, the request is HTTP/2");
        return;
    }
    interceptor_want(self, 0);
}

void http_on_request_body(struct interceptor *self, struct message *m)
{
    struct msg_request_body *b = msg_request_body(m);
    if (self->phase == PHASE_ENDED || self->phase == PHASE_RAW || self->complete)
        return; /* it goes on behind its answer (AG-23) */
    interceptor_moved(self);
    interceptor_upload_result(
        self, upload_add(&self->actor, &self->upload, span_take(&b->bytes), b->last, b->trailers));
}

void http_assign(struct interceptor *self)
{
    struct message *m = msg_assign_new((struct msg_assign){span_ref(self->head), self->window});
    bool data = self->upload.held_bytes != 0;
    m->flags = data ? ASSIGN_DATA : self->upload.ended ? ASSIGN_LAST : 0;
    actor_send(&self->actor, self->local, m);
    interceptor_moved(self);
    upload_attach(&self->actor, &self->upload, self->local, HOLD_MAX);
}

/* ---- what goes to the agent ---- */

static void say_answer(struct interceptor *self, struct span head, struct span body, uint16_t flags)
{
    struct message *m = msg_answer_new((struct msg_answer){head, body});
    m->flags = flags;
    actor_send(&self->actor, self->link, m);
}

/* The local connection has failed, or belongs to its pool again. */
static void release_local(struct interceptor *self)
{
    self->local = NOBODY;
    upload_detach(&self->upload);
}

/* It has done its part: nobody takes the rest of the request's body, in memory or in a file. */
static void done_with_local(struct interceptor *self)
{
    release_local(self);
    upload_destroy(&self->actor, &self->upload);
}

static void answer_whole(struct interceptor *self, struct span head, struct span body,
                         uint16_t flags)
{
    enum answer_format f = answer_format_of(self->variant, self->version, true);
    if (f == ANSWER_BASIC && flags & ANSWER_FRAMES) {
        body = frames_data(body);
        flags = 0;
    }
    say_answer(self, head, body, (uint16_t)(flags | f | ANSWER_LAST));
    interceptor_end(self);
}

static void finish_collecting(struct interceptor *self)
{
    enum answer_format f = answer_format_of(self->variant, self->version, true);
    uint16_t flags = 0;
    struct span body = collected_finish(&self->collected, f == ANSWER_FRAMED, &flags);
    answer_whole(self, span_take(&self->answer_head), body, flags);
}

static void start_streaming(struct interceptor *self, struct span head, struct span body)
{
    self->phase = PHASE_STREAMING;
    self->parts = 0;
    self->answer_head = span_ref(head); /* should it come back, see http_on_returned() */
    say_answer(self, head, body, ANSWER_CHUNKED);
}

/* An answer that is being collected when the version rises starts at once with what it holds; if parts
 * of it are still on their way back from the link, as soon as they are here. */
void http_on_version(struct interceptor *self)
{
    if (self->phase != PHASE_COLLECTING || self->mirror || self->complete || self->returning ||
        answer_format_of(self->variant, self->version, false) != ANSWER_CHUNKED)
        return;
    uint16_t flags = 0;
    struct span trailers = span_take(&self->collected.trailers);
    struct span body = collected_finish(&self->collected, false, &flags);
    struct span head = span_take(&self->answer_head);
    span_release(&trailers);
    self->credited_ahead += body.length;
    start_streaming(self, head, body);
}

void http_give_credit(struct interceptor *self, uint64_t bytes)
{
    uint64_t ahead = bytes < self->credited_ahead ? bytes : self->credited_ahead;
    self->credited_ahead -= ahead;
    if (bytes > ahead && !ref_is_nobody(self->local))
        SAY(self, self->local, credit, .bytes = bytes - ahead);
}

static void collect(struct interceptor *self, struct span bytes)
{
    uint32_t length = bytes.length;
    if (collected_add(&self->collected, bytes, settings->collect_max)) {
        http_give_credit(self, length);
        return;
    }
    http_fail(self, 502,
              "this agent cannot take streamed answers, and the answer is larger than "
              "--collect-max");
}

/* ---- the answer ---- */

static void discard(struct interceptor *self, uint32_t bytes, bool last)
{
    if (last) {
        interceptor_end(self);
    } else if (bytes) {
        SAY(self, self->local, credit, .bytes = bytes);
    }
}

static void answer_begins(struct interceptor *self)
{
    span_release(&self->head);
    upload_release_held(&self->upload);
}

static void on_upgrade(struct interceptor *self, struct msg_response *r)
{
    if (!self->mirror) {
        enum answer_format f = answer_format_of(self->variant, self->version, true);
        answer_ids_prepend(&self->ids, &r->head);
        say_answer(self, span_take(&r->head), NO_BYTES, (uint16_t)(f | ANSWER_LAST));
    }
    raw_upgrade(self); /* in this very handler: Data may come at once (DEL-43) */
}

void http_on_response(struct interceptor *self, struct message *m)
{
    struct msg_response *r = msg_response(m);
    uint16_t flags = m->flags & RESPONSE_FRAMES ? ANSWER_FRAMES : 0;
    bool last = m->flags & RESPONSE_LAST;
    if (self->phase != PHASE_ASKED)
        return;
    answer_begins(self);
    if (m->flags & RESPONSE_UPGRADE) {
        on_upgrade(self, r);
        return;
    }
    if (last)
        done_with_local(self);
    if (self->mirror) {
        self->phase = PHASE_COLLECTING;
        discard(self, r->body.length, last);
        return;
    }
    answer_ids_prepend(&self->ids, &r->head);
    if (last) {
        answer_whole(self, span_take(&r->head), span_take(&r->body), flags);
    } else if (answer_format_of(self->variant, self->version, false) == ANSWER_CHUNKED) {
        start_streaming(self, span_take(&r->head), span_take(&r->body));
    } else {
        self->phase = PHASE_COLLECTING;
        self->answer_head = span_take(&r->head);
        collect(self, r->body);
    }
}

static void collect_part(struct interceptor *self, struct span *bytes, bool last, bool trailers)
{
    if (trailers)
        self->collected.trailers = span_take(bytes);
    else
        collect(self, *bytes);
    if (last && self->phase == PHASE_COLLECTING)
        finish_collecting(self);
}

static void stream_part(struct interceptor *self, struct msg_response_body *b)
{
    SAY(self, self->link, answer_body, .bytes = span_take(&b->bytes),
        .connection = self->ids.connection, .request = self->ids.request, .last = b->last,
        .trailers = b->trailers);
    self->parts++;
}

void http_on_response_body(struct interceptor *self, struct message *m)
{
    struct msg_response_body *b = msg_response_body(m);
    if (b->last)
        done_with_local(self);
    if (self->mirror) {
        discard(self, b->bytes.length, b->last);
    } else if (self->phase == PHASE_COLLECTING && self->returning) {
        self->complete |= b->last;
        self->returning++; /* it must not overtake those that are coming back */
        stream_part(self, b);
    } else if (self->phase == PHASE_COLLECTING) {
        self->complete |= b->last;
        collect_part(self, &b->bytes, b->last, b->trailers);
    } else if (self->phase == PHASE_STREAMING) {
        stream_part(self, b);
        self->complete |= b->last; /* ANSWERED is waited for: the Start may still come back */
    }
}

static void on_returned_start(struct interceptor *self, struct msg_answer *a)
{
    self->phase = PHASE_COLLECTING;
    self->returning = self->parts;
    span_release(&self->answer_head);
    self->answer_head = span_take(&a->head);
    if (!self->broken)
        collect(self, a->body);
    /* a version that rose after the link sent this comes after it: both come from the link's worker */
}

static void on_returned_part(struct interceptor *self, struct msg_answer_body *b)
{
    self->returning--;
    if (self->broken)
        return;
    collect_part(self, &b->bytes, b->last, b->trailers);
    http_on_version(self); /* it may have risen meanwhile */
}

/* The link found that this agent cannot read a streamed answer: the version fell while the Start was
 * on its way. Everything that was sent comes back, in order, and is collected instead. */
void http_on_returned(struct interceptor *self, struct message *m)
{
    if (!(m->flags & ANSWER_RETURNED) || self->phase == PHASE_ENDED)
        return;
    if (m->kind == MSG_ANSWER) {
        on_returned_start(self, msg_answer(m));
    } else if (m->kind == MSG_ANSWER_BODY) {
        on_returned_part(self, msg_answer_body(m));
    } else {
        self->broken = false; /* nothing of the stream went out: there is still an answer to give */
        http_fail(self, 502, "the application's answer broke off");
    }
}

/* ---- failures ---- */

/* A second answer is not possible: the stream is broken off (RSP-13). It ends when that has gone out. */
static void break_off(struct interceptor *self)
{
    if (!ref_is_nobody(self->local))
        SAY(self, self->local, abandon, .after_written = false);
    done_with_local(self);
    self->broken = self->complete = true;
    SAY(self, self->link, answer_error, .connection = self->ids.connection,
        .request = self->ids.request);
}

void http_fail(struct interceptor *self, unsigned status, const char *text)
{
    if (self->phase == PHASE_ENDED || self->broken)
        return;
    if (self->mirror) {
        actor_log(&self->actor, LOG_DEBUG, "a mirrored request was not served", "why=\"%s\"", text);
    } else if (self->phase == PHASE_STREAMING) {
        break_off(self);
        return;
    } else {
        enum http_version v = self->head.length ? http_version_of(self->head) : HTTP_VERSION_1_1;
        actor_send(&self->actor, self->link, answer_error_new(&self->ids, v, status, text));
    }
    interceptor_end(self);
}

static void fail_for_good(struct interceptor *self, const struct msg_local_failed *f)
{
    char text[400], method[32] = "the request", why[260] = "the connection was closed";
    if (self->head.length)
        http_method_of(self->head, method, sizeof method);
    if (f->text.length)
        snprintf(why, sizeof why, "%.*s", (int)f->text.length, (const char *)span_bytes(f->text));
    if (f->stage == LOCAL_WRITTEN)
        snprintf(text, sizeof text, "%s after the request was written; %s is not repeated", why,
                 method);
    else if (f->stage == LOCAL_ANSWERING)
        snprintf(text, sizeof text, "%s", why);
    else
        snprintf(text, sizeof text, "%s (%u attempts)", why, self->attempts);
    actor_log(&self->actor, LOG_WARN, "a request was not served by the application",
              "port=%u method=%s why=\"%s\"", self->ids.port, method, text);
    http_fail(self, 502, text);
}

static void again(struct interceptor *self, const struct resend_case *c, enum resend how)
{
    if (how == RESEND_AT_ONCE_FRESH) {
        self->resent = true;
        interceptor_want(self, WANT_FRESH);
        return;
    }
    uint64_t pause = resend_pause_us(c);
    if (pause == 0) {
        interceptor_want(self, 0);
        return;
    }
    self->phase = PHASE_PAUSING;
    timer_start(&self->actor, TIMER_PAUSE, pause);
}

void http_on_failed(struct interceptor *self, struct message *m)
{
    const struct msg_local_failed *f = msg_local_failed(m);
    bool reached = f->stage != LOCAL_UNREACHED && f->stage != LOCAL_UNWRITTEN;
    struct resend_case c = {.stage = f->stage,
                            .served = f->served,
                            .repeatable = self->head.length && http_is_repeatable(self->head),
                            .held = self->head.length && upload_is_held(&self->upload, reached),
                            .mirror = self->mirror,
                            .resent = self->resent,
                            .attempts = self->attempts};
    release_local(self);
    if (self->phase != PHASE_ASKED) {
        fail_for_good(self, f);
        return;
    }
    if (interceptor_lacks_descriptor(f)) {
        self->attempts--;
        interceptor_want(self, WANT_AFTER_FULL);
        return;
    }
    enum resend how = resend_decide(&c);
    if (how == RESEND_NOT)
        fail_for_good(self, f);
    else
        again(self, &c, how);
}

void http_on_cancel(struct interceptor *self, enum cancel_why why)
{
    /* a whole answer needs no more of the request (AG-23): it stays one, should it come back */
    if (self->complete && (why == CANCEL_BROKEN || why == CANCEL_TOO_LARGE))
        return;
    switch (why) {
    case CANCEL_BROKEN: /* the remote may still be there and waits for an answer (DEL-6) */
        http_fail(self, 502, "the request's body broke off");
        return;
    case CANCEL_TOO_LARGE:
        http_fail(self, 413, "the request is larger than --agent-message-max");
        return;
    default:
        self->closed_by_agent = true;
        if (self->mirror && self->upload.ended)
            return; /* runs to its end (DEL-31, HS-29); without the rest of its body it has none */
        raw_drop_early(self);
        interceptor_end(self);
        return;
    }
}
