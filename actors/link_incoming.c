/* actors/link_incoming.c -- the agent's messages, turned into IncomingProxyMessage values.
 *
 * Ids, heads and frames become messages of our own; their bytes stay where they were read.
 */
#include "actors/link_state.h"
#include <stdio.h>
#include <string.h>

static const struct wire_message *current(const struct link_connection *self)
{
    return &self->reader.decoder.message;
}

/* ---- requests ---- */

static void say_body(struct link_connection *self, struct span bytes, bool last, bool trailers)
{
    const struct wire_message *m = current(self);
    SAY(self, self->proxy, request_body, .bytes = bytes, .connection = m->connection,
        .request = m->request, .mode = (uint8_t)m->mode, .last = last, .trailers = trailers);
}

/* One frame; it may lie across reads. */
static void say_frame(struct link_connection *self, const struct wire_frame *f, bool last)
{
    uint64_t done = 0;
    if (f->is_trailers) {
        say_body(self, wire_reader_span(&self->reader, f->range), last, true);
        return;
    }
    while (done < f->range.length) {
        struct span part = wire_reader_part(&self->reader, f->range, &done);
        if (part.length == 0)
            return;
        say_body(self, part, last && done == f->range.length, false);
    }
}

static void say_frames(struct link_connection *self, bool last)
{
    const struct wire_message *m = current(self);
    for (uint32_t i = 0; i < m->frame_count; i++)
        say_frame(self, &m->frames[i], last && i + 1 == m->frame_count);
    if (m->frame_count == 0 && last)
        say_body(self, NO_BYTES, true, false);
}

static void say_request(struct link_connection *self, enum request_variant variant, bool last)
{
    const struct wire_message *m = current(self);
    link_id_opened(self, (uint8_t)m->mode, m->connection);
    SAY(self, self->proxy, request, .head = wire_reader_span(&self->reader, m->head),
        .connection = m->connection, .request = m->request, .port = m->port,
        .mode = (uint8_t)m->mode, .variant = (uint8_t)variant, .last = last,
        .tls = m->transport == WIRE_TRANSPORT_TLS);
}

/* `start`: it was a request's first message; else a Body. */
static void too_large(struct link_connection *self, bool start)
{
    const struct wire_message *m = current(self);
    SAY(self, self->proxy, request_too_large, .connection = m->connection, .request = m->request,
        .port = m->port, .mode = (uint8_t)m->mode, .start = start);
}

/* DEL-1: what each variant promises of its body. */
static void on_request(struct link_connection *self, enum request_variant variant, bool last)
{
    const struct wire_message *m = current(self);
    if (m->oversized) {
        too_large(self, true);
        return;
    }
    say_request(self, variant, last && m->frame_count == 0);
    if (m->frame_count)
        say_frames(self, last);
}

static void on_basic(struct link_connection *self)
{
    const struct wire_message *m = current(self);
    if (m->oversized) {
        too_large(self, true);
        return;
    }
    struct wire_frame body = {m->body, false};
    say_request(self, VARIANT_BASIC, m->body.length == 0);
    if (m->body.length)
        say_frame(self, &body, true);
}

static void on_body(struct link_connection *self)
{
    if (current(self)->oversized)
        too_large(self, false);
    else
        say_frames(self, current(self)->is_last);
}

/* ---- the rest ---- */

static void on_new_connection(struct link_connection *self)
{
    const struct wire_message *m = current(self);
    link_id_opened(self, (uint8_t)m->mode, m->connection);
    SAY(self, self->proxy, new_connection, .connection = m->connection, .port = m->port,
        .mode = (uint8_t)m->mode, .tls = m->transport == WIRE_TRANSPORT_TLS);
}

static void on_closed(struct link_connection *self)
{
    const struct wire_message *m = current(self);
    link_id_closed(self, (uint8_t)m->mode, m->connection);
    SAY(self, self->proxy, connection_closed, .connection = m->connection,
        .mode = (uint8_t)m->mode);
}

static void on_request_error(struct link_connection *self)
{
    const struct wire_message *m = current(self);
    SAY(self, self->proxy, request_error, .text = wire_reader_span(&self->reader, m->text),
        .connection = m->connection, .request = m->request, .mode = (uint8_t)m->mode);
}

/* SUB-24; a RemoteError can be about anything else. */
static bool is_about_filter(const struct wire_message *m)
{
    return m->error_detail == WIRE_REMOTE_BAD_FILTER ||
           m->error_detail == WIRE_REMOTE_BAD_FILTER_EX;
}

static enum subscribe_error error_of(const struct wire_message *m)
{
    if (m->result == 0)
        return SUBSCRIBE_OK;
    switch (m->error) {
    case WIRE_ERROR_PORT_ALREADY_STOLEN: return SUBSCRIBE_STOLEN;
    case WIRE_ERROR_FORBIDDEN:
    case WIRE_ERROR_FORBIDDEN_WITH_REASON: return SUBSCRIBE_FORBIDDEN;
    case WIRE_ERROR_REMOTE: return is_about_filter(m) ? SUBSCRIBE_FILTER : SUBSCRIBE_OTHER;
    default: return SUBSCRIBE_OTHER;
    }
}

/* SUB-17: a policy against something that was never asked of this agent. */
static bool forbids_outgoing(const struct wire_message *m)
{
    return error_of(m) == SUBSCRIBE_FORBIDDEN && m->error_detail != WIRE_BLOCKED_STEAL &&
           m->error_detail != WIRE_BLOCKED_MIRROR;
}

static void put_words(struct link_connection *self, char *out, size_t room, const char *what,
                      struct wire_range range)
{
    size_t at = strlen(out);
    struct span text = wire_reader_span(&self->reader, range);
    if (text.length)
        snprintf(out + at, room - at, "%s%.*s", what, (int)(text.length < 200 ? text.length : 200),
                 (const char *)span_bytes(text));
    span_release(&text);
}

static struct span reason_of(struct link_connection *self, const struct wire_message *m)
{
    static const char *const words[] = {
        [SUBSCRIBE_OK] = "",
        [SUBSCRIBE_STOLEN] = "another client has it already",
        [SUBSCRIBE_FORBIDDEN] = "a policy forbids it",
        [SUBSCRIBE_FILTER] = "it cannot read the filter",
        [SUBSCRIBE_OTHER] = "it failed",
    };
    char text[600];
    snprintf(text, sizeof text, "%s", words[error_of(m)]);
    put_words(self, text, sizeof text, ", policy ", m->policy);
    put_words(self, text, sizeof text, ": ", m->text);
    put_words(self, text, sizeof text, ": ", m->reason);
    return span_copy(text, strlen(text));
}

static void on_subscribe_result(struct link_connection *self)
{
    const struct wire_message *m = current(self);
    enum subscribe_error error = error_of(m);
    if (forbids_outgoing(m)) {
        actor_log(&self->actor, LOG_WARN,
                  "the agent forbids outgoing traffic, which nobody asked for: ignored", NULL);
        return;
    }
    bool names_port = error == SUBSCRIBE_OK || error == SUBSCRIBE_STOLEN ||
                      (error == SUBSCRIBE_FORBIDDEN && m->port);
    SAY(self, self->proxy, subscribe_result, .text = error ? reason_of(self, m) : NO_BYTES,
        .port = m->port, .mode = (uint8_t)m->mode, .error = (uint8_t)error,
        .names_port = names_port);
}

static void on_whole(struct link_connection *self)
{
    const struct wire_message *m = current(self);
    switch (m->kind) {
    case WIRE_HTTP_REQUEST_START_V2: on_request(self, VARIANT_CHUNKED_V2, m->is_last); break;
    case WIRE_HTTP_REQUEST_START_V1: on_request(self, VARIANT_CHUNKED_V1, false); break;
    case WIRE_HTTP_REQUEST_FRAMED: on_request(self, VARIANT_FRAMED, true); break;
    case WIRE_HTTP_REQUEST: on_basic(self); break;
    case WIRE_REQUEST_BODY: on_body(self); break;
    case WIRE_REQUEST_ERROR: on_request_error(self); break;
    case WIRE_NEW_CONNECTION: on_new_connection(self); break;
    case WIRE_TCP_CLOSE: on_closed(self); break;
    case WIRE_SUBSCRIBE_RESULT: on_subscribe_result(self); break;
    default: link_on_wire(self); return;
    }
}

/* Before our announcement is answered only control messages make sense; an agent that says more is
 * walked over (an operator may be early). */
static void on_message_read(struct link_connection *self)
{
    if (current(self)->kind != WIRE_PONG)
        self->heard = true;
    if (self->step >= STEP_READY_FOR_LOGS && current(self)->kind != WIRE_CLOSE) {
        self->step = STEP_USE;
        self->used = true;
    }
    if (self->step >= STEP_READY_FOR_LOGS || current(self)->kind < WIRE_PORT_SUBSCRIBE)
        on_whole(self);
}

static void on_piece(struct link_connection *self)
{
    struct wire_reader *r = &self->reader;
    bool empty = r->piece.length == 0;
    self->heard = true;
    if (self->step < STEP_READY_FOR_LOGS || (empty && r->decoder.message.payload.length))
        return; /* the last piece of a payload has been handed on already */
    SAY(self, self->proxy, data, .bytes = span_take(&r->piece), .connection = r->data.connection,
        .mode = (uint8_t)r->data.mode);
}

/* ---- turns ---- */

/* At most LINK_TURN_MESSAGES; true when the bytes are used up. */
static bool read_some(struct link_connection *self)
{
    for (unsigned i = 0; i < LINK_TURN_MESSAGES && !self->ended; i++) {
        switch (wire_reader_next(&self->reader)) {
        case READER_MESSAGE: on_message_read(self); break;
        case READER_PIECE: on_piece(self); break;
        case READER_NOTHING: return true;
        case READER_BAD: link_end(self, END_PROTOCOL, 0, self->reader.decoder.error); return true;
        }
    }
    return self->ended;
}

static void update_reading(struct link_connection *self)
{
    bool wanted = !self->busy && !self->held;
    if (wanted == self->reading || self->ended)
        return;
    self->reading = wanted;
    if (wanted)
        socket_resume(&self->actor, LINK_SOCKET);
    else
        socket_pause(&self->actor, LINK_SOCKET);
}

static void go_on_later(struct link_connection *self)
{
    self->busy = true;
    update_reading(self);
    if (!self->held) /* else the end of the rest says it */
        SAY(self, self->actor.ref, resume, .n = 0);
}

static bool give_next(struct link_connection *self)
{
    if (self->waiting_count == 0 || self->ended)
        return false;
    wire_reader_give(&self->reader, self->waiting[0]);
    self->waiting_count--;
    memmove(self->waiting, self->waiting + 1, self->waiting_count * sizeof self->waiting[0]);
    return true;
}

void link_on_continue(struct link_connection *self)
{
    do {
        if (self->held || !read_some(self)) {
            go_on_later(self);
            return;
        }
    } while (give_next(self));
    self->busy = false;
    if (self->over)
        link_lost(self);
    update_reading(self);
}

/* ---- rests: an upload is about to catch up ---- */

static void end_hold(struct link_connection *self)
{
    self->held = false;
    self->holder = NOBODY;
    timer_stop(&self->actor, LINK_TIMER_HOLD);
    if (self->busy)
        SAY(self, self->actor.ref, resume, .n = 0);
    update_reading(self);
}

/* One at a time, and none for a while after one that did not help: the others' requests come over this
 * link too. */
void link_on_hold(struct link_connection *self, struct message *m)
{
    const struct msg_hold *h = msg_hold(m);
    if (!h->on) {
        if (self->held && ref_equal(self->holder, m->from))
            end_hold(self);
        return;
    }
    bool tired = actor_now(&self->actor) < self->no_hold_until_us;
    if (self->held || self->ended || (tired && h->most_us <= self->no_hold_us))
        return;
    self->held = true;
    self->holder = m->from;
    self->hold_us = h->most_us;
    timer_start(&self->actor, LINK_TIMER_HOLD, h->most_us);
    update_reading(self);
}

void link_on_hold_timeout(struct link_connection *self)
{
    self->no_hold_us = self->hold_us;
    self->no_hold_until_us = actor_now(&self->actor) + HOLD_REST_FACTOR * self->hold_us;
    end_hold(self);
}

void link_on_data(struct link_connection *self, struct message *m)
{
    struct span bytes = span_take(&msg_socket_data(m)->bytes);
    if (self->ended) {
        span_release(&bytes);
    } else if (self->busy) {
        assert(self->waiting_count <
               LINK_WAITING_MAX); /* the socket is paused: two reads at most */
        self->waiting[self->waiting_count++] = bytes;
    } else {
        wire_reader_give(&self->reader, bytes);
        link_on_continue(self);
    }
}
