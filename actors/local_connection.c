/* actors/local_connection.c -- dial, assignment, end; see local_connection.h
 *
 *   DIALING ──connected──▶ FREE ──ASSIGN──▶ BUSY ──answer complete──▶ FREE (IDLE) or the end (RETIRED)
 *      └─failed─▶ FAILED (until ASSIGN comes and can be told why)      └──101──▶ RAW
 */
#include "actors/local_state.h"
#include "actors/destinations.h"
#include "runtime/limits.h"
#include <netdb.h>
#include <stdio.h>
#include <string.h>

static_assert(RESOLVE_US <= NAME_WAIT_US, "a look-up is not given up before its asker");

/* ---- the end ---- */

static void retire(struct local_connection *self, enum stop_reason reason)
{
    if (!ref_is_nobody(self->pool))
        SAY(self, self->pool, retired, .destination = self->destination);
    self->phase = LOCAL_PHASE_OVER;
    actor_stop(&self->actor, reason);
}

void local_fail(struct local_connection *self, enum local_stage stage, uint32_t error,
                const char *text)
{
    if (!ref_is_nobody(self->user)) {
        SAY(self, self->user, local_failed, .text = span_copy(text, strlen(text)), .error = error,
            .stage = (uint8_t)stage, .served = self->served);
        self->user = NOBODY;
    }
    retire(self, STOP_FAILED);
}

/* The answer is complete. The connection serves another, if both sides are done with this exchange. */
void local_answered(struct local_connection *self, bool reusable, uint64_t keep_us)
{
    self->user = NOBODY;
    if (!reusable || !local_request_is_complete(self) || ref_is_nobody(self->pool)) {
        retire(self, STOP_DONE);
        return;
    }
    self->phase = LOCAL_PHASE_FREE;
    self->served = true;
    self->actor.exchange = 0;
    if (self->paused)
        socket_resume(&self->actor, LOCAL_SOCKET);
    self->paused = false;
    SAY(self, self->pool, idle, .keep_us = keep_us, .destination = self->destination);
}

/* ---- dialing ---- */

static void dial_failed(struct local_connection *self, uint32_t error, const char *why)
{
    char text[ADDRESS_TEXT_MAX + 120], to[ADDRESS_TEXT_MAX];
    snprintf(text, sizeof text, "failed to connect to %s: %s",
             address_print(destination(self->destination), to), why);
    timer_stop(&self->actor, LOCAL_TIMER_DIAL);
    self->error = error;
    if (self->leaving) {
        retire(self, STOP_DONE);
        return;
    }
    if (!ref_is_nobody(self->user)) {
        local_fail(self, LOCAL_UNREACHED, error, text);
        return;
    }
    self->phase = LOCAL_PHASE_FAILED;
    self->why = span_copy(text, strlen(text));
}

/* An application may speak first, to the raw connection that is about to be assigned: it is not read
 * until there is somebody to hear it. */
static void dial(struct local_connection *self, const struct address *to)
{
    self->dialed = self->paused = true;
    socket_connect(&self->actor, LOCAL_SOCKET, to);
    socket_pause(&self->actor, LOCAL_SOCKET);
    timer_start(&self->actor, LOCAL_TIMER_DIAL, LOCAL_CONNECT_US);
}

/* False: there is no further address. */
static bool dial_next(struct local_connection *self)
{
    struct address a;
    if (!resolved_next(self->addresses, &self->address_at, &a))
        return false;
    if (self->dialed)
        socket_abort(&self->actor, LOCAL_SOCKET);
    dial(self, &a);
    return true;
}

static void on_open(struct local_connection *self, struct message *m)
{
    self->pool = msg_local_open(m)->pool;
    self->destination = msg_local_open(m)->destination;
    const struct address *to = destination(self->destination);
    if (to->family != ADDRESS_NAME) {
        dial(self, to);
        return;
    }
    /* names are looked up for every connection: what they stand for changes (DEL-10) */
    name_resolve(&self->actor, 0, span_copy(to->name, strlen(to->name)), to->port);
    timer_start(&self->actor, LOCAL_TIMER_DIAL, RESOLVE_US);
}

static void on_resolved(struct local_connection *self, struct message *m)
{
    struct msg_resolved *r = msg_resolved(m);
    if (self->phase != LOCAL_PHASE_DIALING)
        return;
    if (r->error) {
        dial_failed(self, 0, gai_strerror(r->error));
        return;
    }
    self->addresses = span_take(&r->addresses);
    dial_next(self);
}

static void replay_waiting(struct local_connection *self)
{
    while (self->waiting) {
        struct message *m = self->waiting;
        self->waiting = message_next(m);
        if (self->phase != LOCAL_PHASE_OVER)
            local_on_part(self, m);
        message_free(m);
    }
    self->waiting_last = NULL;
}

static void on_connected(struct local_connection *self, struct message *m)
{
    uint32_t error = msg_socket_connected(m)->error;
    if (error) {
        if (!dial_next(self))
            dial_failed(self, error, strerror((int)error));
        return;
    }
    timer_stop(&self->actor, LOCAL_TIMER_DIAL);
    span_release(&self->addresses);
    self->phase = ref_is_nobody(self->user) ? LOCAL_PHASE_FREE : LOCAL_PHASE_BUSY;
    replay_waiting(self);
    if (self->leaving && self->phase != LOCAL_PHASE_OVER)
        retire(self, STOP_DONE);
}

static void on_timer(struct local_connection *self)
{
    if (self->phase == LOCAL_PHASE_DIALING && !dial_next(self))
        dial_failed(self, 0, "no answer within the time limit");
}

/* ---- what the user says ---- */

static void keep_waiting(struct local_connection *self, struct message *m)
{
    actor_take(&self->actor, m);
    m->node.next = NULL;
    if (self->waiting_last)
        self->waiting_last->node.next = &m->node;
    else
        self->waiting = m;
    self->waiting_last = m;
}

static void on_assign(struct local_connection *self, struct message *m)
{
    self->user = m->from;
    self->actor.exchange = m->exchange;
    switch (self->phase) {
    case LOCAL_PHASE_DIALING: keep_waiting(self, m); break;
    case LOCAL_PHASE_FAILED: {
        char text[ADDRESS_TEXT_MAX + 120];
        snprintf(text, sizeof text, "%.*s", (int)self->why.length,
                 (const char *)span_bytes(self->why));
        local_fail(self, LOCAL_UNREACHED, self->error, text);
        break;
    }
    default:
        self->phase = LOCAL_PHASE_BUSY;
        local_on_part(self, m);
        break;
    }
}

static void on_assign_body(struct local_connection *self, struct message *m)
{
    if (!ref_equal(m->from, self->user))
        return;
    if (self->phase == LOCAL_PHASE_DIALING)
        keep_waiting(self, m);
    else
        local_on_part(self, m);
}

static void on_credit(struct local_connection *self, struct message *m)
{
    if (!ref_equal(m->from, self->user))
        return;
    self->window += (int64_t)msg_credit(m)->bytes;
    if (self->paused && self->window > 0 && self->phase != LOCAL_PHASE_OVER) {
        self->paused = false;
        socket_resume(&self->actor, LOCAL_SOCKET);
    }
}

static void on_abandon(struct local_connection *self, struct message *m)
{
    bool busy = ref_equal(m->from, self->user);
    if (!busy && !ref_is_nobody(self->user))
        return;
    self->user = NOBODY;
    if (self->phase == LOCAL_PHASE_DIALING && msg_abandon(m)->after_written) {
        self->leaving = true;
        return;
    }
    if (self->phase != LOCAL_PHASE_OVER && self->dialed && !msg_abandon(m)->after_written)
        socket_abort(&self->actor, LOCAL_SOCKET);
    retire(self, STOP_DONE);
}

static void on_message(struct actor *actor, struct message *m)
{
    struct local_connection *self = (struct local_connection *)actor;
    switch (m->kind) {
    case MSG_LOCAL_OPEN: on_open(self, m); break;
    case MSG_RESOLVED: on_resolved(self, m); break;
    case MSG_SOCKET_CONNECTED: on_connected(self, m); break;
    case MSG_ASSIGN: on_assign(self, m); break;
    case MSG_ASSIGN_BODY: on_assign_body(self, m); break;
    case MSG_CREDIT: on_credit(self, m); break;
    case MSG_ABANDON: on_abandon(self, m); break;
    case MSG_SOCKET_DATA: local_on_data(self, m); break;
    case MSG_SOCKET_END: local_on_end(self); break;
    case MSG_SOCKET_FAILED: local_on_failed(self, m); break;
    case MSG_SOCKET_DRAINED: local_on_drained(self, m); break;
    case MSG_TIMER: on_timer(self); break;
    case MSG_STOP: retire(self, STOP_ASKED); break;
    default: actor_unexpected(actor, m); break;
    }
}

static void on_stop(struct actor *actor)
{
    struct local_connection *self = (struct local_connection *)actor;
    if (!ref_is_nobody(self->user))
        SAY(self, self->user, local_failed, .stage = LOCAL_ANSWERING, .served = self->served);
    while (self->waiting) {
        struct message *m = self->waiting;
        self->waiting = message_next(m);
        message_free(m);
    }
    span_release(&self->addresses);
    span_release(&self->why);
    span_release(&self->trailer_names);
    span_release(&self->trailers);
    if (self->parsing)
        http1_parser_destroy(&self->parser);
}

const struct actor_type local_connection_type = {
    "local_connection", sizeof(struct local_connection), on_message, on_stop};
