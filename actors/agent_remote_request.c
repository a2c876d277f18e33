/* actors/agent_remote_request.c -- requests are read, routed and handed on; see agent_remote.h */
#include "actors/agent_remote.h"
#include "actors/agent_settings.h"
#include "messages/http1_trailers.h"
#include "messages/http1_writer.h"
#include <string.h>

/* ---- the head ---- */

static struct span head_of(const struct http1_parser *p, const struct http_head_builder *fields)
{
    size_t size = http_head_builder_request_size(fields, p->method, p->target);
    struct chunk *c = chunk_new((uint32_t)size);
    http_head_builder_request_write(fields, p->method, p->target, p->version, c->bytes);
    c->used = (uint32_t)size;
    return (struct span){c, 0, (uint32_t)size};
}

static bool method_is(const struct http1_parser *p, const char *name)
{
    return p->method.length == strlen(name) && !memcmp(p->method.at, name, p->method.length);
}

static void on_head(struct agent_remote *self, const struct http_head_builder *fields)
{
    const struct http1_parser *p = &self->parser;
    self->head = head_of(p, fields);
    self->asker = (struct http1_asker){.version = p->version,
                                       .head = method_is(p, "HEAD"),
                                       .connect = method_is(p, "CONNECT"),
                                       .keep_alive = p->keep_alive};
    self->te_trailers = p->facts.te_trailers;
    self->expects = p->facts.expect_continue && p->version == HTTP_VERSION_1_1;
    self->request_begun = true;
    self->phase = PHASE_ROUTING;
    SAY(self, self->port, agent_route, .head = span_ref(self->head), .what = ASKED_HTTP,
        .upgrade = p->facts.upgrade);
}

/* ---- what came with the head ---- */

/* One event. What it says lies in `eaten`, which is to be released when it was used. */
struct reading {
    struct http_head_builder fields;
    struct span eaten;
    struct span piece; /* BODY */
};

static enum http1_event next_event(struct agent_remote *self, struct reading *r, uint32_t most)
{
    const uint8_t *at = span_bytes(self->input);
    size_t n = 0;
    uint32_t length = self->input.length < most ? self->input.length : most;
    enum http1_event e = http1_parser_next(&self->parser, &r->fields, at, length, &n);
    r->piece = NO_BYTES;
    if (e == HTTP1_BODY)
        r->piece = span_slice(self->input, (uint32_t)(self->parser.piece.at - at),
                              (uint32_t)self->parser.piece.length);
    self->first_left = n < self->first_left ? self->first_left - (uint32_t)n : 0;
    r->eaten = span_split(&self->input, (uint32_t)n);
    return e;
}

static void request_failed(struct agent_remote *self);

/* AG-3: of the first request's body, what lies in the first kilobyte, of others what has come; at most
 * one chunk; and the end only if the head tells it. Says what it ended with. */
static enum http1_event first_piece(struct agent_remote *self, uint32_t room, struct span *piece)
{
    struct reading r;
    enum http1_event e = HTTP1_MORE;
    bool chunked = self->parser.body == HTTP1_CHUNKED;
    *piece = NO_BYTES;
    if (self->parser.body == HTTP1_NO_BODY || (self->input.length && room)) {
        e = next_event(self, &r, room);
        *piece = r.piece;
        if (e == HTTP1_TRAILERS)
            self->request_trailers = http1_trailers_map(&r.fields);
        span_release(&r.eaten);
    }
    if (e == HTTP1_BODY && !chunked) {
        e = next_event(self, &r, 0);
        span_release(&r.eaten);
    }
    return e;
}

static void offer_with(struct agent_remote *self, struct span piece, bool last)
{
    self->request_ended = last;
    if (self->expects && !last && !piece.length)
        agent_remote_write(self, span_copy(HTTP1_CONTINUE, sizeof HTTP1_CONTINUE - 1));
    agent_remote_offer(self, piece, last);
}

void agent_remote_request_routed(struct agent_remote *self, struct actor_ref session, bool refused)
{
    static const char why[] = "intproxy-agent: failed to receive a response from the connected "
                              "mirrord session";
    uint32_t room = self->first ? self->first_left : HOLD_MAX;
    struct span piece;
    self->first = false;
    self->phase = PHASE_HTTP;
    if (refused) {
        agent_remote_answer(self, 502, why, false);
        return;
    }
    enum http1_event e = first_piece(self, room, &piece);
    if (e ==
        HTTP1_ERROR) { /* AG-4: nobody hears of it. Old agents leave it unanswered, we do better */
        span_release(&self->mirrors);
        request_failed(self);
        return;
    }
    agent_remote_choose(self, session);
    offer_with(self, piece, e == HTTP1_END);
}

/* ---- failures ---- */

/* The remote sent what is no HTTP. New kind: it hears 400 for a head, 502 for a body. Old kind: if its
 * request was offered, it waits for the answer (AG-6). */
static void request_failed(struct agent_remote *self)
{
    bool body = self->request_begun;
    if (body)
        agent_remote_broken(self, self->parser.error);
    self->request_ended = true;
    self->asker.keep_alive = self->keep_alive = false;
    if (body && agent_is_old() && self->answerer_is_session)
        return;
    if (self->answer_begun)
        agent_remote_cut(self, "its request is malformed");
    else if (body)
        agent_remote_answer(self, 502, "intproxy-agent: the request was malformed", true);
    else
        agent_remote_answer(self, 400, "", true);
}

/* The remote ends its direction. With a request under way it is gone (AG-22). */
static void input_over(struct agent_remote *self)
{
    if (self->request_begun && !self->request_ended)
        agent_remote_broken(self, self->input_failed
                                      ? "connection reset by the remote client"
                                      : "connection closed before message completed");
    if (!self->actor.stopping)
        actor_stop(&self->actor, STOP_DONE);
}

/* ---- one after another ---- */

static void next_request(struct agent_remote *self)
{
    if (self->parsing)
        self->actor.exchange = 0; /* its route brings a new one */
    else
        http1_parser_create(&self->parser, HTTP1_REQUESTS);
    self->parsing = true;
    http1_parser_begin(&self->parser, HTTP1_ASKED_OTHER);
    span_release(&self->head);
    span_release(&self->mirrors);
    span_release(&self->request_trailers);
    span_release(&self->trailers);
    span_release(&self->trailer_names);
    self->request_begun = self->request_ended = false;
    self->answer_begun = self->answer_ended = false;
    self->answerer = NOBODY; /* who answered the request before has nothing to do with this one */
    self->answerer_is_session = false;
    self->room = HOLD_MAX;
}

static void on_request_end(struct agent_remote *self)
{
    bool trailers = self->request_trailers.length != 0;
    self->request_ended = true;
    agent_remote_part(self, span_take(&self->request_trailers), true, trailers);
}

static bool on_event(struct agent_remote *self, enum http1_event e, struct reading *r)
{
    switch (e) {
    case HTTP1_HEAD: on_head(self, &r->fields); return false;
    case HTTP1_BODY: agent_remote_part(self, r->piece, false, false); return true;
    case HTTP1_TRAILERS: self->request_trailers = http1_trailers_map(&r->fields); return true;
    case HTTP1_END: on_request_end(self); return true;
    case HTTP1_ERROR: request_failed(self); return true;
    case HTTP1_MORE: break;
    }
    return self->input.length != 0;
}

/* One event; false: there is nothing more to be had now. */
static bool step(struct agent_remote *self)
{
    struct reading r;
    uint32_t most = UINT32_MAX;
    if (self->request_begun && !ref_is_nobody(self->answerer))
        most = self->room > 0 ? (uint32_t)self->room : 0;
    if (most == 0)
        return false;
    enum http1_event e = next_event(self, &r, most);
    bool more = on_event(self, e, &r);
    span_release(&r.eaten);
    return more;
}

/* The exchange is over: the answer has ended, and so has the request. */
static bool over(const struct agent_remote *self)
{
    return self->request_ended && self->answer_ended;
}

void agent_remote_request_pump(struct agent_remote *self)
{
    while (self->phase == PHASE_HTTP && !self->actor.stopping) {
        if (!self->parsing || (over(self) && self->keep_alive))
            next_request(self);
        if (self->answer_ended && !self->keep_alive) {
            if (!self->request_ended)
                agent_remote_broken(self, "connection closed before message completed");
            agent_remote_become_closing(self);
            return;
        }
        /* an end may need no more bytes */
        bool more =
            !self->request_ended && (self->input.length || self->request_begun) && step(self);
        if (more || over(self) || self->phase != PHASE_HTTP || self->actor.stopping)
            continue;
        if (self->input_ended && (self->input.length == 0 || self->request_ended))
            input_over(self);
        return;
    }
}
