/* actors/agent_remote.c -- arrival, detection, raw bytes, the end; see agent_remote.h */
#include "actors/agent_remote.h"
#include "actors/agent_refs.h"
#include "actors/agent_settings.h"
#include <stdio.h>
#include <string.h>

static void become(struct agent_remote *self, enum remote_phase phase)
{
    self->phase = (uint8_t)phase;
}

/* ---- reading ---- */

static bool wants_input(const struct agent_remote *self)
{
    switch (self->phase) {
    case PHASE_CLOSING: return true;
    case PHASE_DETECTING: return self->input.length < KIB(128);
    case PHASE_RAW:
    case PHASE_HTTP: /* what nobody takes is thrown away, up to the end of the request */
        return self->input.length == 0 && (self->room > 0 || ref_is_nobody(self->answerer));
    default: return self->input.length == 0;
    }
}

static void pause_or_resume(struct agent_remote *self)
{
    bool pause = !wants_input(self);
    if (pause == self->paused || self->input_ended)
        return;
    self->paused = pause;
    if (pause)
        socket_pause(&self->actor, REMOTE);
    else
        socket_resume(&self->actor, REMOTE);
}

/* Rare: more came before the last was used. */
static void append_input(struct agent_remote *self, struct span bytes)
{
    if (self->input.length == 0) {
        span_release(&self->input);
        self->input = bytes;
        return;
    }
    uint32_t before = self->input.length, all = before + bytes.length;
    struct chunk *c = chunk_new(all);
    memcpy(c->bytes, span_bytes(self->input), before);
    memcpy(c->bytes + before, span_bytes(bytes), bytes.length);
    c->used = all;
    span_release(&bytes);
    span_release(&self->input);
    self->input = (struct span){c, 0, all};
}

/* ---- writing ---- */

void agent_remote_cut(struct agent_remote *self, const char *why)
{
    actor_log(&self->actor, LOG_INFO, "connection of a remote client cut", "why=\"%s\"", why);
    actor_stop(&self->actor, STOP_FAILED);
}

void agent_remote_count_unsent(struct agent_remote *self, uint64_t bytes)
{
    self->unsent += bytes;
    if (self->unsent <= REMOTE_UNSENT_HIGH || self->throttled)
        return;
    self->throttled = true;
    socket_notify(&self->actor, REMOTE, REMOTE_UNSENT_LOW);
}

void agent_remote_write(struct agent_remote *self, struct span bytes)
{
    if (self->actor.stopping) {
        span_release(&bytes);
        return;
    }
    agent_remote_count_unsent(self, bytes.length);
    socket_write(&self->actor, REMOTE, bytes);
}

static void on_drained(struct agent_remote *self, struct message *m)
{
    self->unsent = msg_socket_drained(m)->unsent;
    self->throttled = false;
    if (self->owed && !ref_is_nobody(self->answerer) && !self->answerer_is_session)
        SAY(self, self->answerer, credit, .bytes = self->owed);
    self->owed = 0;
}

/* ---- arrival and detection ---- */

static void remember_addresses(struct agent_remote *self, const struct msg_socket_accepted *a,
                               const struct address *listen)
{
    struct address from = {.family = a->family, .port = a->port}, to = *listen;
    memcpy(from.ip, &a->ip_high, 8);
    memcpy(from.ip + 8, &a->ip_low, 8);
    address_wildcard_to_loopback(&to);
    address_pack(&from, self->addresses);
    address_pack(&to, self->addresses + ADDRESS_PACKED_BYTES);
}

static void on_accepted(struct agent_remote *self, struct message *m)
{
    const struct msg_socket_accepted *a = msg_socket_accepted(m);
    const struct agent_port_setting *setting = &agent_settings->ports[a->tag];
    self->port = a->listener;
    self->upstream = setting->upstream;
    self->first_left = REMOTE_FIRST_READ;
    self->first = true;
    remember_addresses(self, a, &setting->listen);
    SAY(self, self->port, agent_route, .what = ASKED_ARRIVED);
}

/* A listener on port 0 has got its number only by listening. */
static void remember_port(struct agent_remote *self, uint16_t number)
{
    struct address to;
    uint8_t *destination = self->addresses + ADDRESS_PACKED_BYTES;
    self->number = number;
    address_unpack(&to, destination);
    to.port = number;
    address_pack(&to, destination);
}

static void not_http(struct agent_remote *self)
{
    timer_stop(&self->actor, TIMER_DETECT);
    become(self, PHASE_ROUTING_RAW);
    SAY(self, self->port, agent_route, .what = ASKED_RAW);
}

/* `from`: where in the input the bytes begin that were not looked at. */
static void detect(struct agent_remote *self, uint32_t from)
{
    enum http1_detected d =
        http1_detect(&self->detect, span_bytes(self->input) + from, self->input.length - from);
    if (d == HTTP1_DETECT_HTTP) {
        timer_stop(&self->actor, TIMER_DETECT);
        become(self, PHASE_HTTP);
        agent_remote_pump(self);
    } else if (d == HTTP1_DETECT_OTHER || self->input_ended) {
        not_http(self);
    } else {
        timer_start(&self->actor, TIMER_DETECT, DETECT_US);
    }
}

void agent_remote_become_raw(struct agent_remote *self)
{
    become(self, PHASE_RAW);
    self->keep_alive = false;
    self->request_ended = self->answer_ended = false;
}

static void on_routed(struct agent_remote *self, struct message *m)
{
    struct msg_agent_routed *r = msg_agent_routed(m);
    self->actor.exchange = m->exchange;
    if (self->phase == PHASE_ROUTING) {
        self->mirrors = span_take(&r->mirrors);
        agent_remote_request_routed(self, r->session, r->treat == TREAT_REFUSE);
        return;
    }
    if (self->phase != PHASE_ARRIVED && self->phase != PHASE_ROUTING_RAW)
        return;
    bool arrived = self->phase == PHASE_ARRIVED;
    if (arrived)
        remember_port(self, r->port);
    if (r->mirrors.length)
        agent_remote_begin_raw_mirrors(self, span_take(&r->mirrors));
    if (r->treat == TREAT_DETECT) {
        become(self, PHASE_DETECTING);
        detect(self, 0);
        return;
    }
    if (arrived) /* nothing was read for a decision: no cut in the first bytes */
        self->first_left = 0;
    agent_remote_become_raw(self);
    agent_remote_choose(self, r->session);
    agent_remote_offer_raw(self);
}

/* ---- raw bytes ---- */

static void raw_finished(struct agent_remote *self)
{
    if (self->phase == PHASE_RAW && self->request_ended && self->answer_ended)
        actor_stop(&self->actor, STOP_DONE);
}

static void raw_pump(struct agent_remote *self)
{
    while (self->input.length && self->room > 0) {
        uint32_t n = self->input.length;
        n = (uint64_t)self->room < n ? (uint32_t)self->room : n;
        n = self->first_left && self->first_left < n ? self->first_left : n;
        self->first_left = 0;
        agent_remote_part(self, span_split(&self->input, n), false, false);
    }
    if (self->input.length || !self->input_ended || self->request_ended)
        return;
    if (self->input_failed) {
        agent_remote_broken(self, "connection reset by the remote client");
        actor_stop(&self->actor, STOP_FAILED);
        return;
    }
    self->request_ended = true;
    agent_remote_part(self, NO_BYTES, true, false);
    raw_finished(self);
}

/* AG-19: the remote was told the end; the connection goes as soon as it says anything more. */
static void raw_orphan(struct agent_remote *self)
{
    if (self->input.length || self->input_ended)
        actor_stop(&self->actor, STOP_DONE);
}

/* ---- on and on ---- */

void agent_remote_pump(struct agent_remote *self)
{
    switch (self->phase) {
    case PHASE_HTTP: agent_remote_request_pump(self); break;
    case PHASE_RAW:
        if (ref_is_nobody(self->answerer))
            raw_orphan(self);
        else
            raw_pump(self);
        break;
    case PHASE_CLOSING:
        span_release(&self->input);
        if (self->input_ended)
            actor_stop(&self->actor, STOP_DONE);
        break;
    default: break;
    }
    if (!self->actor.stopping)
        pause_or_resume(self);
}

void agent_remote_become_closing(struct agent_remote *self)
{
    become(self, PHASE_CLOSING);
    agent_remote_let_go(self);
    socket_shutdown(&self->actor, REMOTE);
    timer_start(&self->actor, TIMER_LINGER, REMOTE_LINGER_US);
    self->actor.exchange = 0;
}

static void on_data(struct agent_remote *self, struct span bytes)
{
    uint32_t before = self->input.length;
    agent_remote_copy_raw(self, bytes, false);
    append_input(self, bytes);
    if (self->phase == PHASE_DETECTING)
        detect(self, before);
    agent_remote_pump(self);
}

static void on_input_end(struct agent_remote *self, bool failed)
{
    if (self->input_ended)
        return;
    self->input_ended = true;
    self->input_failed = failed;
    if (!failed)
        agent_remote_copy_raw(self, NO_BYTES, true);
    if (self->phase == PHASE_DETECTING)
        not_http(self);
    else
        agent_remote_pump(self);
}

static void on_failed(struct agent_remote *self)
{
    on_input_end(self, true);
    if (self->actor.stopping)
        return;
    if (self->phase == PHASE_RAW || (self->request_begun && !self->request_ended))
        agent_remote_broken(self, "connection reset by the remote client");
    actor_stop(&self->actor, STOP_FAILED);
}

static void on_timer(struct agent_remote *self, struct message *m)
{
    if (msg_timer(m)->n == TIMER_LINGER)
        actor_stop(&self->actor, STOP_DONE);
    else if (self->phase == PHASE_DETECTING)
        not_http(self);
}

/* ---- the answerer ---- */

static bool is_from_answerer(const struct agent_remote *self, const struct message *m)
{
    return ref_equal(m->from, self->answerer) && !self->actor.stopping;
}

static void on_credit(struct agent_remote *self, struct message *m)
{
    if (!is_from_answerer(self, m))
        return;
    self->room += (int64_t)msg_credit(m)->bytes;
    agent_remote_pump(self);
}

static void on_local_failed(struct agent_remote *self, struct message *m)
{
    const struct msg_local_failed *f = msg_local_failed(m);
    char text[300];
    if (!is_from_answerer(self, m))
        return;
    snprintf(text, sizeof text,
             "intproxy-agent: failed to pass the request to its original destination: %.*s",
             (int)f->text.length, f->text.length ? (const char *)span_bytes(f->text) : "");
    self->answerer = NOBODY;
    agent_remote_answerer_gone(self, text);
}

static void on_gone(struct agent_remote *self, struct actor_ref who)
{
    if (!ref_equal(who, self->answerer) || self->actor.stopping)
        return;
    self->answerer = NOBODY;
    agent_remote_answerer_gone(self, "intproxy-agent: the request was dropped");
}

/* A route that is on its way may still name it: it is attached anew then, and its death heard again. */
static void on_down(struct agent_remote *self, struct actor_ref who)
{
    agent_refs_remove(&self->attached, who);
    on_gone(self, who);
}

/* More of an answer; its end costs nothing. */
static bool brings_bytes(struct message *m)
{
    return m->kind == MSG_RESPONSE ||
           (m->kind == MSG_RESPONSE_BODY && msg_response_body(m)->bytes.length);
}

static void on_answer_part(struct agent_remote *self, struct message *m)
{
    if (!is_from_answerer(self, m))
        return;
    /* one part may be longer than that, and is none the less in memory */
    bool behind = self->unsent > REMOTE_UNSENT_MAX && brings_bytes(m);
    if (m->kind == MSG_RESPONSE)
        agent_remote_on_response(self, m);
    else if (m->kind == MSG_RESPONSE_BODY)
        agent_remote_on_response_body(self, m);
    else if (m->kind == MSG_AGENT_DROPPED)
        agent_remote_answerer_gone(self, "intproxy-agent: the request was dropped");
    if (!self->actor.stopping && behind) {
        socket_abort(&self->actor, REMOTE);
        agent_remote_cut(self, "it does not read its answer, 64 MiB wait");
    }
    if (!self->actor.stopping)
        raw_finished(self);
}

/* ---- its life ---- */

static void agent_remote_on_message(struct actor *actor, struct message *m)
{
    struct agent_remote *self = (struct agent_remote *)actor;
    switch (m->kind) {
    case MSG_SOCKET_ACCEPTED: on_accepted(self, m); break;
    case MSG_SOCKET_DATA: on_data(self, span_take(&msg_socket_data(m)->bytes)); break;
    case MSG_SOCKET_END: on_input_end(self, false); break;
    case MSG_SOCKET_FAILED: on_failed(self); break;
    case MSG_SOCKET_DRAINED: on_drained(self, m); break;
    case MSG_TIMER: on_timer(self, m); break;
    case MSG_AGENT_ROUTED: on_routed(self, m); break;
    case MSG_RESPONSE:
    case MSG_RESPONSE_BODY:
    case MSG_AGENT_DROPPED: on_answer_part(self, m); break;
    case MSG_CREDIT: on_credit(self, m); break;
    case MSG_LOCAL_FAILED: on_local_failed(self, m); break;
    case MSG_BOUNCED: on_gone(self, msg_bounced(m)->whom); break;
    case MSG_DOWN: on_down(self, msg_down(m)->who); break;
    default: actor_unexpected(actor, m); break;
    }
    if (!self->actor.stopping && m->kind == MSG_AGENT_ROUTED)
        agent_remote_pump(self);
}

static void agent_remote_on_stop(struct actor *actor)
{
    struct agent_remote *self = (struct agent_remote *)actor;
    agent_remote_let_go(self);
    agent_remote_detach(self);
    if (self->parsing)
        http1_parser_destroy(&self->parser);
    span_release(&self->input);
    span_release(&self->head);
    span_release(&self->mirrors);
    span_release(&self->raw_mirrors);
    span_release(&self->request_trailers);
    span_release(&self->trailers);
    span_release(&self->trailer_names);
}

const struct actor_type agent_remote_type = {"agent_remote", sizeof(struct agent_remote),
                                             agent_remote_on_message, agent_remote_on_stop};
