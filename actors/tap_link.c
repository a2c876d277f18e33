/* actors/tap_link.c -- a tapped connection: dialing, bytes both ways, the end; see tap_link.h */
#include "actors/tap_link_state.h"
#include <netdb.h>
#include <string.h>

static const char *const names[] = {[TAP_PROXY] = "proxy", [TAP_AGENT] = "agent"};

/* ---- the end --------------------------------------------------------------------------------- */

static void end(struct tap_link *self, enum stop_reason reason)
{
    tap_link_look(self);
    self->totals.ended_us = actor_now(&self->actor) - self->began_us;
    actor_stop(&self->actor, reason);
}

/* Both have finished sending: the sockets go when everything has left, however long that takes. */
static void check_finished(struct tap_link *self)
{
    if (!self->connected || !self->sides[TAP_PROXY].ended || !self->sides[TAP_AGENT].ended)
        return;
    if (!self->finishing)
        for (uint32_t n = 0; n < 2; n++)
            socket_notify(&self->actor, n, 0);
    self->finishing = true;
    if (self->sides[TAP_PROXY].unsent || self->sides[TAP_AGENT].unsent)
        return;
    tap_link_look(self);
    tap_link_say(self, "both have ended");
    end(self, STOP_DONE);
}

static void on_stop(struct actor *actor)
{
    struct tap_link *self = (struct tap_link *)actor;
    self->totals.not_shown += self->dropped;
    tap_link_flush(self);
    SAY(self, self->tap, tap_totals, .totals = tap_totals_pack(&self->totals));
    while (self->passed) {
        struct tap_passed *p = self->passed;
        self->passed = p->next;
        span_release(&p->bytes);
        heap_free(p, sizeof *p);
    }
    for (unsigned n = 0; n < 2; n++)
        tap_stream_destroy(&self->sides[n].stream);
    span_release(&self->addresses);
    wire_buffer_release(&self->batch);
    tap_totals_destroy(&self->totals);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

/* Bytes go to side `to`: one SOCKET_DRAINED is asked for long before the other must rest. */
static void count_unsent(struct tap_link *self, unsigned to, uint64_t bytes)
{
    struct tap_side *side = &self->sides[to], *source = &self->sides[1 - to];
    side->unsent += bytes;
    if (!side->notified && !self->finishing && side->unsent >= TAP_UNSENT_LOW) {
        side->notified = true;
        socket_notify(&self->actor, to, TAP_UNSENT_LOW / 2);
    }
    if (!source->paused && side->unsent >= TAP_UNSENT_MAX) {
        source->paused = true;
        socket_pause(&self->actor, 1 - to);
    }
}

static void on_data(struct tap_link *self, struct message *m)
{
    struct msg_socket_data *d = msg_socket_data(m);
    uint8_t from = (uint8_t)d->n;
    self->totals.ways[from].bytes += d->bytes.length;
    if (self->connected) {
        socket_write(&self->actor, 1u - from, span_ref(d->bytes));
        count_unsent(self, 1u - from, d->bytes.length);
    }
    tap_link_pass(self, from, span_take(&d->bytes));
}

static void on_drained(struct tap_link *self, struct message *m)
{
    const struct msg_socket_drained *d = msg_socket_drained(m);
    struct tap_side *source = &self->sides[1 - d->n];
    self->sides[d->n].unsent = d->unsent;
    self->sides[d->n].notified = false;
    if (source->paused && d->unsent < TAP_UNSENT_LOW) {
        source->paused = false;
        socket_resume(&self->actor, 1 - d->n);
    }
    check_finished(self);
}

static void on_end(struct tap_link *self, uint32_t n)
{
    self->sides[n].ended = true;
    if (!self->connected)
        return;
    socket_shutdown(&self->actor, 1 - n);
    tap_link_look(self);
    tap_link_say(self, "the %s has finished sending", names[n]);
    check_finished(self);
}

static void on_failed(struct tap_link *self, const struct msg_socket_failed *f)
{
    tap_link_look(self);
    tap_link_say(self, "the connection to the %s broke: %s", names[f->n], strerror((int)f->error));
    end(self, STOP_DONE); /* what the other side has not taken yet lingers */
}

/* ---- dialing --------------------------------------------------------------------------------- */

static void unreachable(struct tap_link *self, const char *why)
{
    char to[ADDRESS_TEXT_MAX];
    address_print(&tap_settings->agent, to);
    tap_link_say(self, "the agent %s cannot be reached: %s", to, why);
    actor_log(&self->actor, LOG_WARN, "the agent cannot be reached", "agent=%s why=\"%s\"", to,
              why);
    end(self, STOP_FAILED);
}

static void dial(struct tap_link *self, const struct address *to)
{
    socket_connect(&self->actor, TAP_AGENT, to);
    timer_start(&self->actor, TAP_TIMER_DIAL, TAP_CONNECT_US);
}

/* The first address, or the next one; without any, the agent was not reached, and this is why. */
static void dial_next(struct tap_link *self, const char *why)
{
    struct address a;
    bool again = self->address_at != 0;
    if (!resolved_next(self->addresses, &self->address_at, &a)) {
        unreachable(self, why);
        return;
    }
    if (again)
        socket_abort(&self->actor, TAP_AGENT);
    dial(self, &a);
}

static void on_welcome(struct tap_link *self, struct message *m)
{
    const struct msg_tap_welcome *w = msg_tap_welcome(m);
    const struct address *to = &tap_settings->agent;
    self->output = w->output;
    self->began_us = w->began_us;
    self->totals.link = w->number;
    self->totals.began_us = actor_now(&self->actor) - w->began_us;
    tap_link_say(self, "a proxy has connected from %s", self->totals.peer);
    if (to->family == ADDRESS_NAME)
        name_resolve(&self->actor, 0, span_copy(to->name, strlen(to->name)), to->port);
    else
        dial(self, to);
}

static void on_resolved(struct tap_link *self, struct message *m)
{
    struct msg_resolved *r = msg_resolved(m);
    if (r->error) {
        unreachable(self, gai_strerror(r->error));
        return;
    }
    self->addresses = span_take(&r->addresses);
    dial_next(self, "its name stands for no address");
}

/* What the proxy has said in the meantime goes first. */
static void on_connected(struct tap_link *self, struct message *m)
{
    uint32_t error = msg_socket_connected(m)->error;
    if (error) {
        dial_next(self, strerror((int)error));
        return;
    }
    timer_stop(&self->actor, TAP_TIMER_DIAL);
    self->connected = self->totals.reached = true;
    socket_limit(&self->actor, TAP_AGENT, TAP_READ_MOST);
    for (struct tap_passed *p = self->passed; p; p = p->next) {
        socket_write(&self->actor, TAP_AGENT, span_ref(p->bytes));
        count_unsent(self, TAP_AGENT, p->bytes.length);
    }
    if (self->sides[TAP_PROXY].ended)
        socket_shutdown(&self->actor, TAP_AGENT);
    if (!self->sides[TAP_PROXY].paused)
        socket_resume(&self->actor, TAP_PROXY);
    tap_link_look(self);
}

/* Until the agent is there the proxy is not read, but for what has been read already. */
static void on_accepted(struct tap_link *self, struct message *m)
{
    const struct msg_socket_accepted *a = msg_socket_accepted(m);
    struct address peer = {.family = a->family, .port = a->port};
    char text[ADDRESS_TEXT_MAX];
    memcpy(peer.ip, &a->ip_high, 8);
    memcpy(peer.ip + 8, &a->ip_low, 8);
    address_print(&peer, text);
    bool has_name = peer.family == ADDRESS_V4 || peer.family == ADDRESS_V6;
    const char *name = has_name ? text : "a-local-socket";
    tap_copy_text(self->totals.peer, sizeof self->totals.peer, name, strlen(name));
    self->tap = a->listener;
    for (unsigned n = 0; n < 2; n++)
        tap_stream_create(&self->sides[n].stream, (enum wire_from)n, tap_settings->bytes_max,
                          tap_settings->message_max);
    socket_pause(&self->actor, TAP_PROXY);
    socket_limit(&self->actor, TAP_PROXY, TAP_READ_MOST);
    SAY(self, self->tap, tap_hello, .unused = 0);
}

static void on_message(struct actor *actor, struct message *m)
{
    struct tap_link *self = (struct tap_link *)actor;
    switch (m->kind) {
    case MSG_SOCKET_DATA: on_data(self, m); break;
    case MSG_SOCKET_DRAINED: on_drained(self, m); break;
    case MSG_CREDIT: tap_link_on_credit(self, m); break;
    case MSG_SOCKET_ACCEPTED: on_accepted(self, m); break;
    case MSG_TAP_WELCOME: on_welcome(self, m); break;
    case MSG_RESOLVED: on_resolved(self, m); break;
    case MSG_SOCKET_CONNECTED: on_connected(self, m); break;
    case MSG_SOCKET_END: on_end(self, msg_socket_end(m)->n); break;
    case MSG_SOCKET_FAILED: on_failed(self, msg_socket_failed(m)); break;
    case MSG_TIMER:
        if (msg_timer(m)->n == TAP_TIMER_LOOK)
            tap_link_look(self);
        else
            dial_next(self, "no answer within 5 s");
        break;
    case MSG_STOP: end(self, STOP_ASKED); break;
    default: actor_unexpected(actor, m); break;
    }
}

const struct actor_type tap_link_type = {"tap_link", sizeof(struct tap_link), on_message, on_stop};
