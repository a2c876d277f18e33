/* actors/local_answer.c -- what a local_connection reads: answers, and raw bytes after a 101.
 *
 * Everything that lies in one SOCKET_DATA is looked at before anything is said: when the end of an
 * answer lies in the same read as the end of its head, it is one RESPONSE that is also the last (RSP-8).
 * That is a property of the input, not of time.
 */
#include "actors/answers.h"
#include "actors/local_state.h"
#include "messages/http1_trailers.h"
#include "runtime/limits.h"
#include <stdio.h>
#include <string.h>

enum { PIECES_MAX = 32 };

/* What one SOCKET_DATA holds of an answer. */
struct reading {
    struct span pieces[PIECES_MAX]; /* of its body */
    unsigned count;
    uint32_t bytes; /* in them */
    struct span head, trailers;
    bool joined; /* there were too many: pieces[0] is a chunk of our own that grows */
    bool ended;
};

static void spend_window(struct local_connection *self, uint32_t bytes)
{
    self->window -= bytes;
    if (self->window <= 0 && !self->paused) {
        self->paused = true;
        socket_pause(&self->actor, LOCAL_SOCKET);
    }
}

/* ---- collecting what was read ---- */

/* All pieces in one chunk with this capacity. */
static struct span join_all(struct reading *r, uint32_t capacity)
{
    struct chunk *c = chunk_new(capacity);
    for (unsigned i = 0; i < r->count; i++) {
        memcpy(c->bytes + c->used, span_bytes(r->pieces[i]), r->pieces[i].length);
        c->used += r->pieces[i].length;
        span_release(&r->pieces[i]);
    }
    return (struct span){c, 0, c->used};
}

static struct span join(struct reading *r)
{
    if (r->count == 0)
        return NO_BYTES;
    return r->count == 1 ? span_take(&r->pieces[0]) : join_all(r, r->bytes);
}

static void append_joined(struct reading *r, struct http_text piece)
{
    struct chunk *c = r->pieces[0].chunk;
    memcpy(c->bytes + c->used, piece.at, piece.length);
    c->used += (uint32_t)piece.length;
    r->pieces[0].length = c->used;
}

static void add_piece(struct reading *r, struct span bytes, struct http_text piece)
{
    uint32_t at = (uint32_t)(piece.at - span_bytes(bytes));
    if (r->count == PIECES_MAX) { /* the whole body of this read is no longer than the read */
        r->pieces[0] = join_all(r, bytes.length);
        r->count = 1;
        r->joined = true;
    }
    if (r->joined)
        append_joined(r, piece);
    else
        r->pieces[r->count++] = span_slice(bytes, at, (uint32_t)piece.length);
    r->bytes += (uint32_t)piece.length;
}

static struct span write_response_head(const struct local_connection *self,
                                       const struct http_head_builder *fields)
{
    const struct http1_parser *p = &self->parser;
    size_t size = http_head_builder_response_size(fields, p->status);
    struct chunk *c = chunk_new((uint32_t)(HEADROOM + size));
    http_head_builder_response_write(fields, p->status, p->version, c->bytes + HEADROOM);
    c->used = c->capacity;
    return (struct span){c, HEADROOM, (uint32_t)size};
}

/* ---- saying it ---- */

static void say_response(struct local_connection *self, struct span head, struct span body,
                         uint16_t flags)
{
    struct message *m = msg_response_new((struct msg_response){head, body});
    m->flags = flags;
    self->head_said = true;
    actor_send(&self->actor, self->user, m);
}

static void say_body(struct local_connection *self, struct span bytes, bool last, bool trailers)
{
    SAY(self, self->user, response_body, .bytes = bytes, .last = last, .trailers = trailers);
}

/* Large pieces go on as they are, small ones together. */
static void say_pieces(struct local_connection *self, struct reading *r, bool last)
{
    struct reading small = {.count = 0};
    for (unsigned i = 0; i < r->count; i++) {
        bool large = r->pieces[i].length >= COPY_BELOW_BYTES;
        if (large && small.count) {
            say_body(self, join(&small), false, false);
            small = (struct reading){.count = 0};
        }
        if (large) {
            say_body(self, span_take(&r->pieces[i]), last && i + 1 == r->count, false);
        } else {
            small.bytes += r->pieces[i].length;
            small.pieces[small.count++] = span_take(&r->pieces[i]);
        }
    }
    if (small.count || (last && r->count == 0))
        say_body(self, join(&small), last, false);
}

static void say_whole(struct local_connection *self, struct reading *r)
{
    struct span body = join(r);
    uint16_t flags = RESPONSE_LAST;
    if (r->trailers.length) {
        struct span frames = frames_of(body, r->trailers);
        span_release(&body);
        span_release(&r->trailers);
        body = frames;
        flags |= RESPONSE_FRAMES;
    }
    say_response(self, span_take(&r->head), body, flags);
}

static void say_reading(struct local_connection *self, struct reading *r)
{
    uint32_t bytes = r->bytes;
    bool trailers = r->trailers.length != 0;
    if (r->head.length && r->ended) {
        say_whole(self, r);
        return;
    }
    if (r->head.length)
        say_response(self, span_take(&r->head), join(r), 0);
    else if (r->count || (r->ended && !trailers))
        say_pieces(self, r, r->ended && !trailers);
    if (trailers)
        say_body(self, span_take(&r->trailers), true, true);
    if (!r->ended)
        spend_window(self, bytes);
}

static void reading_drop(struct reading *r)
{
    for (unsigned i = 0; i < r->count; i++)
        span_release(&r->pieces[i]);
    span_release(&r->head);
    span_release(&r->trailers);
}

/* ---- the end of an answer ---- */

static uint64_t keep_of(const struct http1_parser *p)
{
    uint64_t keep = POOL_IDLE_US;
    if (!p->facts.has_keep_alive_timeout)
        return keep;
    uint64_t said = (uint64_t)p->facts.keep_alive_timeout_s * 1000000;
    said = said > MS(1000) ? said - MS(1000) : 0;
    return said < keep ? said : keep;
}

static void on_upgraded(struct local_connection *self, struct reading *r, struct span rest)
{
    say_response(self, span_take(&r->head), NO_BYTES, RESPONSE_UPGRADE);
    self->phase = LOCAL_PHASE_RAW;
    self->uncredited = 0; /* of the request: nobody waits for it any more */
    self->credited = false;
    http1_body_create(&self->body, HTTP1_TO_EOF, 0);
    if (rest.length) { /* what the application said right behind its 101 (DEL-41) */
        spend_window(self, rest.length);
        say_body(self, rest, false, false);
    }
}

static void malformed(struct local_connection *self, struct reading *r)
{
    char text[300];
    bool early =
        !self->head_said; /* what came with its head is lost: a 502 can still be given (RSP-12) */
    snprintf(text, sizeof text, "%s%s",
             early ? "the application's answer is no sound HTTP/1: " : "", self->parser.error);
    if (!early)
        say_reading(self, r);
    reading_drop(r);
    local_fail(self, LOCAL_ANSWERING, 0, text);
}

static void on_answer_bytes(struct local_connection *self, struct span bytes)
{
    struct reading r = {.count = 0};
    struct http_head_builder fields;
    const uint8_t *at = span_bytes(bytes);
    size_t left = bytes.length;
    for (;;) {
        size_t n = 0;
        enum http1_event e = http1_parser_next(&self->parser, &fields, at, left, &n);
        at += n;
        left -= n;
        switch (e) {
        case HTTP1_HEAD: r.head = write_response_head(self, &fields); break;
        case HTTP1_BODY: add_piece(&r, bytes, self->parser.piece); break;
        case HTTP1_TRAILERS: r.trailers = http1_trailers_map(&fields); break;
        case HTTP1_ERROR: malformed(self, &r); return;
        case HTTP1_MORE: say_reading(self, &r); return;
        case HTTP1_END:
            r.ended = true;
            if (self->parser.upgrade) {
                on_upgraded(self, &r,
                            left ? span_slice(bytes, bytes.length - (uint32_t)left, (uint32_t)left)
                                 : NO_BYTES);
                return;
            }
            say_reading(self, &r);
            local_answered(self, self->parser.keep_alive && left == 0 && !self->parser.surplus,
                           keep_of(&self->parser));
            return;
        }
    }
}

/* ---- events of the socket ---- */

void local_on_data(struct local_connection *self, struct message *m)
{
    struct span bytes = span_take(&msg_socket_data(m)->bytes);
    switch (self->phase) {
    case LOCAL_PHASE_RAW:
        spend_window(self, bytes.length);
        say_body(self, bytes, false, false);
        return;
    case LOCAL_PHASE_BUSY: on_answer_bytes(self, bytes); break;
    case LOCAL_PHASE_FREE: /* it speaks without being asked: it is of no use to anybody */
        local_fail(self, LOCAL_ANSWERING, 0, "the application spoke without being asked");
        break;
    default: break;
    }
    span_release(&bytes);
}

static enum local_stage stage_now(const struct local_connection *self)
{
    return self->parsing && self->parser.began ? LOCAL_ANSWERING : LOCAL_WRITTEN;
}

void local_on_end(struct local_connection *self)
{
    if (self->phase == LOCAL_PHASE_RAW) {
        say_body(self, NO_BYTES, true, false);
        return;
    }
    if (self->phase == LOCAL_PHASE_BUSY && self->head_said &&
        http1_parser_eof(&self->parser) == HTTP1_END) {
        say_body(self, NO_BYTES, true, false);
        local_answered(self, false, 0);
        return;
    }
    const char *why = self->phase == LOCAL_PHASE_BUSY && stage_now(self) == LOCAL_ANSWERING
                          ? "the application closed the connection in the middle of its answer"
                          : "the application closed the connection";
    local_fail(self, stage_now(self), 0, why);
}

void local_on_failed(struct local_connection *self, struct message *m)
{
    const struct msg_socket_failed *f = msg_socket_failed(m);
    char text[160];
    enum local_stage stage = stage_now(self);
    if (stage == LOCAL_WRITTEN && f->unsent >= self->written)
        stage = LOCAL_UNWRITTEN; /* the kernel took nothing */
    snprintf(text, sizeof text, "the connection to the application failed: %s",
             strerror((int)f->error));
    local_fail(self, stage, f->error, text);
}
