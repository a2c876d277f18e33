/* actors/link_connection.c -- life and negotiation; see link_connection.h
 *
 * A port-forward accepts before the agent is reached, so a Pong comes first (HS-4). Logs, OperatorPing and
 * Close may come at any time.
 */
#include "actors/link_state.h"
#include "actors/settings.h"
#include <netdb.h>
#include <stdio.h>
#include <string.h>

void link_end(struct link_connection *self, enum link_end why, uint32_t error, const char *text)
{
    if (self->ended)
        return;
    self->ended = true;
    SAY(self, self->parent, link_ended, .text = span_copy(text, strlen(text)), .error = error,
        .why = (uint8_t)why, .step = self->step, .used = self->used);
    actor_stop(&self->actor, why == END_ASKED ? STOP_ASKED : STOP_FAILED);
}

/* ---- negotiation ---- */

static void say_ping(struct link_connection *self)
{
    struct wire_writer w = link_begin_control(self, WIRE_PUT_MAX);
    wire_put_ping(&w);
    link_say_control(self, &w);
    self->pongs_due++;
    self->heard = false;
}

static void await(struct link_connection *self, enum link_step step, uint64_t limit_us)
{
    self->step = (uint8_t)step;
    timer_start(&self->actor, LINK_TIMER_STEP, limit_us);
}

static void in_use(struct link_connection *self)
{
    timer_stop(&self->actor, LINK_TIMER_STEP);
    timer_start(&self->actor, LINK_TIMER_PING, PING_EVERY_US);
    bool logs = self->ladder == LADDER_FULL && version_allows(self->version, GATE_READY_FOR_LOGS);
    self->step = STEP_USE;
    if (logs) {
        self->step = STEP_READY_FOR_LOGS; /* until the agent is heard again */
        struct wire_writer w = link_begin_control(self, WIRE_PUT_MAX);
        wire_put_ready_for_logs(&w);
        link_say_control(self, &w);
    }
    SAY(self, self->proxy, link_ready, .version = self->version.ordinal,
        .negotiated = self->negotiated);
}

static void announce(struct link_connection *self)
{
    char text[VERSION_TEXT_MAX];
    struct wire_writer w = link_begin_control(self, WIRE_PUT_MAX);
    wire_put_switch_version(&w, (struct wire_text){text, version_format(self->announce, text)});
    link_say_control(self, &w);
    await(self, STEP_VERSION, VERSION_ANSWER_US);
}

static void on_pong(struct link_connection *self)
{
    if (self->pongs_due == 0) {
        actor_log(&self->actor, LOG_WARN, "the agent sent a pong that nobody asked for", NULL);
        return; /* HS-18 is not followed: it harms nobody */
    }
    self->pongs_due--;
    if (self->step != STEP_PONG)
        return;
    if (self->ladder == LADDER_NO_VERSION)
        in_use(self);
    else
        announce(self);
}

/* The answer to our announcement, or a second word at any time (HS-7, AG-44). */
static void on_version(struct link_connection *self, const struct wire_message *m)
{
    char text[VERSION_TEXT_MAX];
    self->version = m->version;
    self->negotiated = true;
    version_format(self->version, text);
    actor_log(&self->actor, LOG_DEBUG, "the agent answered with its version", "version=%s", text);
    if (self->step == STEP_VERSION)
        in_use(self);
    else if (self->step > STEP_VERSION)
        SAY(self, self->proxy, agent_protocol_version, .version = self->version.ordinal,
            .negotiated = true);
}

static void on_close(struct link_connection *self, const struct wire_message *m)
{
    struct span text = wire_reader_span(&self->reader, m->text);
    char why[300];
    snprintf(why, sizeof why, "%.*s", (int)(text.length < 280 ? text.length : 280),
             text.length ? (const char *)span_bytes(text) : "");
    span_release(&text);
    link_end(self, END_CLOSED, 0, why);
}

static void on_log(struct link_connection *self, const struct wire_message *m)
{
    static const enum log_level levels[] = {LOG_WARN, LOG_ERROR, LOG_INFO};
    struct span text = wire_reader_span(&self->reader, m->text);
    actor_log(&self->actor, levels[m->level < 3 ? m->level : 0], "the agent says", "text=\"%.*s\"",
              (int)(text.length < 800 ? text.length : 800),
              text.length ? (const char *)span_bytes(text) : "");
    span_release(&text);
}

static void on_operator_ping(struct link_connection *self, const struct wire_message *m)
{
    struct wire_writer w = link_begin_control(self, WIRE_PUT_MAX);
    wire_put_operator_pong(&w, m->operator_id);
    link_say_control(self, &w);
}

void link_on_wire(struct link_connection *self)
{
    const struct wire_message *m = &self->reader.decoder.message;
    char name[WIRE_NAME_MAX];
    switch (m->kind) {
    case WIRE_PONG: on_pong(self); break;
    case WIRE_VERSION_ANSWER: on_version(self, m); break;
    case WIRE_CLOSE: on_close(self, m); break;
    case WIRE_LOG: on_log(self, m); break;
    case WIRE_OPERATOR_PING: on_operator_ping(self, m); break;
    default:
        /* walked over: nobody here asks for files, names or environments */
        actor_log(&self->actor, LOG_DEBUG, "a message of the agent that is of no use here",
                  "message=%s", wire_message_name(m, name));
        break;
    }
}

/* ---- dialing ---- */

static void dial(struct link_connection *self, const struct address *to)
{
    socket_connect(&self->actor, LINK_SOCKET, to);
}

/* Each of a name's addresses has the whole time. False: there is none left. */
static bool dial_next(struct link_connection *self)
{
    struct address a;
    bool again = self->address_at != 0;
    if (!resolved_next(self->addresses, &self->address_at, &a))
        return false;
    if (again)
        socket_abort(&self->actor, LINK_SOCKET);
    await(self, STEP_CONNECT, AGENT_CONNECT_US);
    dial(self, &a);
    return true;
}

/* ---- time ---- */

static void on_step_timeout(struct link_connection *self)
{
    static const char *const what[] = {"the connection was not made within 5 s",
                                       "no pong within 10 s: the agent is not there, or busy",
                                       "no answer to our version within 10 s", "", ""};
    if (self->step != STEP_CONNECT || !dial_next(self))
        link_end(self, END_SILENT, 0, what[self->step]);
}

/* HS-16: a big transfer ahead of the Pong is no reason to give up. */
static void on_ping_time(struct link_connection *self)
{
    if (self->pongs_due && !self->heard) {
        link_end(self, END_SILENT, 0, "no word from the agent for a whole ping interval of 30 s");
        return;
    }
    say_ping(self);
    timer_start(&self->actor, LINK_TIMER_PING, PING_EVERY_US);
}

/* ---- the socket ---- */

static void on_open(struct link_connection *self, struct message *m)
{
    const struct msg_link_open *o = msg_link_open(m);
    const struct address *to = &settings->agent;
    self->parent = m->from;
    self->proxy = o->proxy;
    self->announce.ordinal = o->announce;
    self->ladder = o->ladder;
    self->version = version_unnegotiated();
    self->reading = true;
    wire_reader_create(&self->reader, WIRE_FROM_AGENT, version_newest(),
                       settings->agent_message_max);
    await(self, STEP_CONNECT, AGENT_CONNECT_US);
    if (to->family == ADDRESS_NAME)
        name_resolve(&self->actor, 0, span_copy(to->name, strlen(to->name)), to->port);
    else
        dial(self, to);
}

static void on_resolved(struct link_connection *self, struct message *m)
{
    struct msg_resolved *r = msg_resolved(m);
    if (r->error) {
        link_end(self, END_REFUSED, 0, gai_strerror(r->error));
        return;
    }
    self->addresses = span_take(&r->addresses);
    dial_next(self);
}

static void on_connected(struct link_connection *self, struct message *m)
{
    uint32_t error = msg_socket_connected(m)->error;
    if (error) {
        if (!dial_next(self))
            link_end(self, END_REFUSED, error, strerror((int)error));
        return;
    }
    span_release(&self->addresses);
    socket_limit(&self->actor, LINK_SOCKET, WINDOW_MAX);
    await(self, STEP_PONG, PONG_US);
    say_ping(self);
}

void link_lost(struct link_connection *self)
{
    uint32_t error = self->over_error;
    link_end(self, END_LOST, error, error ? strerror((int)error) : "the agent closed the link");
}

/* Reads may still wait for their turn, and the agent's last words in them, which say why. */
static void on_lost(struct link_connection *self, uint32_t error)
{
    self->over = true;
    self->over_error = error;
    if (!self->busy)
        link_lost(self);
}

static void on_message(struct actor *actor, struct message *m)
{
    struct link_connection *self = (struct link_connection *)actor;
    switch (m->kind) {
    case MSG_SOCKET_DATA: link_on_data(self, m); break;
    case MSG_ANSWER:
    case MSG_ANSWER_BODY:
    case MSG_ANSWER_ERROR:
    case MSG_DATA:
    case MSG_CONNECTION_UNSUBSCRIBE: link_on_answer(self, m); break;
    case MSG_FORGET: link_on_forget(self, m); break;
    case MSG_HOLD: link_on_hold(self, m); break;
    case MSG_SOCKET_DRAINED: link_on_drained(self, m); break;
    case MSG_CONTINUE: link_on_continue(self); break;
    case MSG_LINK_OPEN: on_open(self, m); break;
    case MSG_RESOLVED: on_resolved(self, m); break;
    case MSG_SOCKET_CONNECTED: on_connected(self, m); break;
    case MSG_SOCKET_END: on_lost(self, 0); break;
    case MSG_SOCKET_FAILED: on_lost(self, msg_socket_failed(m)->error); break;
    case MSG_SUBSCRIBE: link_on_subscribe(self, m); break;
    case MSG_UNSUBSCRIBE: link_on_unsubscribe(self, m); break;
    case MSG_STOP: link_end(self, END_ASKED, 0, "we closed it"); break;
    case MSG_TIMER:
        if (msg_timer(m)->n == LINK_TIMER_PING)
            on_ping_time(self);
        else if (msg_timer(m)->n == LINK_TIMER_HOLD)
            link_on_hold_timeout(self);
        else
            on_step_timeout(self);
        break;
    default: actor_unexpected(actor, m); break;
    }
}

static void on_stop(struct actor *actor)
{
    struct link_connection *self = (struct link_connection *)actor;
    if (!self->ended &&
        !ref_is_nobody(self->parent)) /* whoever stopped it: the next is to be tried */
        SAY(self, self->parent, link_ended, .why = END_LOST, .step = self->step,
            .used = self->used);
    link_drop_queues(self);
    span_release(&self->addresses);
    for (unsigned i = 0; i < self->waiting_count; i++)
        span_release(&self->waiting[i]);
    wire_reader_destroy(&self->reader);
}

const struct actor_type link_connection_type = {"link_connection", sizeof(struct link_connection),
                                                on_message, on_stop};
