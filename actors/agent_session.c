/* actors/agent_session.c -- the link: bytes, control messages, subscriptions; see agent_session.h */
#include "actors/agent_exchange.h"
#include "actors/agent_speech.h"
#include "actors/agent_settings.h"
#include <stdlib.h>
#include <string.h>

#define SAY_LITERAL(text) ((struct wire_text){(text), sizeof(text) - 1})

static void session_end(struct agent_session *self, enum log_level level, const char *why,
                        const char *detail)
{
    actor_log(&self->actor, level, why, "detail=\"%s\"", detail);
    actor_stop(&self->actor, level <= LOG_WARN ? STOP_FAILED : STOP_DONE);
}

/* ---- versions ---- */

/* Who never says a version is taken for 1.2.2; by agents from 3.105 to about 3.149, which know chunked
 * requests and are of the old kind, for one of their own (HS-11). No agent says what it cannot itself. */
static struct version unnegotiated(void)
{
    struct version own = agent_settings->version, none = version_unnegotiated();
    bool takes_own = agent_is_old() && agent_settings->answer == AGENT_ANSWER_MIN &&
                     version_allows(own, GATE_HTTP_CHUNKED_REQUEST);
    return takes_own || version_is_after(none, own) ? own : none;
}

static void say_version(struct agent_session *self)
{
    SAY(self, self->agent, agent_version, .session = self->actor.ref,
        .version = self->speaks.ordinal);
}

/* What goes out is gated by the smaller version: our own build can say no more than it knows, whatever
 * it echoes. The texts are compared, for the order of pre-releases (W-9); who echoes one takes it for less
 * than any release, though (HS-12). */
static void on_switch_version(struct agent_session *self, struct span text)
{
    const char *said = (const char *)span_bytes(text), *own = agent_settings->version_text;
    size_t own_length = strlen(own);
    struct version theirs = self->decoder.message.version;
    bool echo = agent_settings->answer == AGENT_ANSWER_ECHO;
    bool ours = version_compare_texts(own, own_length, said, text.length) <= 0;
    if (agent_settings->answer == AGENT_ANSWER_NONE)
        return;
    agent_speech_version(self, ours && !echo ? (struct wire_text){own, own_length}
                                             : (struct wire_text){said, text.length});
    self->speaks =
        ours && !(echo && version_is_prerelease(theirs)) ? agent_settings->version : theirs;
    say_version(self);
}

/* ---- subscriptions ---- */

static void pending_free(struct pending_subscription *p)
{
    span_release(&p->filter);
    span_release(&p->error);
    free(p);
}

static void on_port_subscribe(struct agent_session *self, struct span bytes)
{
    const struct wire_message *w = &self->decoder.message;
    struct wire_range range = w->subscription == WIRE_SUBSCRIBE_FILTER ? w->filter : w->text;
    struct pending_subscription *p = calloc(1, sizeof *p);
    if (!p)
        abort();
    p->port = w->port;
    p->mode = w->mode == WIRE_STEAL ? MODE_STEAL : MODE_MIRROR;
    p->form = (uint8_t)w->subscription;
    if (p->form != WIRE_SUBSCRIBE_ALL)
        p->filter = span_copy(span_bytes(bytes) + range.offset, range.length);
    if (self->pending_last)
        self->pending_last->next = p;
    else
        self->pending_first = p;
    self->pending_last = p;
    SAY(self, self->agent, agent_subscribe, .filter = span_ref(p->filter),
        .session = self->actor.ref, .port = p->port, .mode = p->mode, .form = p->form);
    say_version(self);
}

/* SUB-24: the new kind says Close and goes on; but a mirror's mistake ends the link (HS-26). */
static void say_bad_filter(struct agent_session *self, const struct pending_subscription *p)
{
    if (agent_is_old()) {
        agent_speech_bad_filter(self, p);
        return;
    }
    agent_speech_close(self, (struct wire_text){span_bytes(p->error), p->error.length});
    if (p->mode == MODE_MIRROR)
        actor_stop(&self->actor, STOP_FAILED);
}

static void say_result(struct agent_session *self, const struct pending_subscription *p)
{
    switch (p->result) {
    case SUBSCRIBED_OK: agent_speech_subscribed(self, p); break;
    case SUBSCRIBED_STOLEN: agent_speech_stolen(self, p); break;
    default: say_bad_filter(self, p); break;
    }
}

static void on_subscribed(struct agent_session *self, struct message *m)
{
    struct msg_agent_subscribed *s = msg_agent_subscribed(m);
    struct pending_subscription *p = self->pending_first;
    while (p && (p->answered || p->port != s->port || p->mode != s->mode))
        p = p->next;
    if (!p)
        return;
    p->answered = true;
    p->result = s->result;
    p->error = span_take(&s->text);
    while ((p = self->pending_first) && p->answered) {
        self->pending_first = p->next;
        if (!p->next)
            self->pending_last = NULL;
        say_result(self, p);
        pending_free(p);
    }
}

static void on_port_unsubscribe(struct agent_session *self)
{
    const struct wire_message *w = &self->decoder.message;
    SAY(self, self->agent, agent_unsubscribe, .session = self->actor.ref, .port = w->port,
        .mode = w->mode == WIRE_STEAL ? MODE_STEAL : MODE_MIRROR);
}

/* ---- what the client says ---- */

static uint64_t message_max(void)
{
    return agent_settings->message_max ? agent_settings->message_max : AGENT_CLIENT_MESSAGE_MAX;
}

/* Requests of other features (files, names, outgoing) are walked over and left unanswered. */
static void on_other(struct agent_session *self)
{
    char name[WIRE_NAME_MAX];
    const char *what = wire_message_name(&self->decoder.message, name);
    actor_log(&self->actor, LOG_DEBUG, "not answered", "message=%s", what);
    if (strncmp(what, "PauseTarget", 11) == 0)
        agent_speech_close(self, SAY_LITERAL("pausing the target is not offered by this agent"));
    else if (strncmp(what, "Vpn", 3) == 0)
        agent_speech_close(self, SAY_LITERAL("a VPN is not offered by this agent"));
}

static struct span text_span(struct agent_session *self, struct span bytes)
{
    struct wire_range text = self->decoder.message.text;
    return (struct span){bytes.chunk, bytes.offset + (uint32_t)text.offset, (uint32_t)text.length};
}

static void hear(struct agent_session *self, struct span bytes)
{
    switch (self->decoder.message.kind) {
    case WIRE_PING: agent_speech_pong(self); break;
    case WIRE_SWITCH_VERSION: on_switch_version(self, text_span(self, bytes)); break;
    case WIRE_READY_FOR_LOGS: self->wants_logs = true; break;
    case WIRE_ENV_REQUEST: agent_speech_no_environment(self); break;
    case WIRE_PORT_SUBSCRIBE: on_port_subscribe(self, bytes); break;
    case WIRE_PORT_UNSUBSCRIBE: on_port_unsubscribe(self); break;
    case WIRE_CLOSE: session_end(self, LOG_INFO, "the proxy says goodbye", "Close"); break;
    case WIRE_OPERATOR_PONG: break;
    case WIRE_OTHER: on_other(self); break;
    default: agent_session_hear(self, bytes); break;
    }
}

static void hear_too_long(struct agent_session *self)
{
    const struct wire_message *w = &self->decoder.message;
    char name[WIRE_NAME_MAX];
    actor_log(&self->actor, LOG_WARN, "a message of the proxy is too long, dropped",
              "message=%s bytes=%llu limit=%llu frames_limit=%d", wire_message_name(w, name),
              (unsigned long long)w->length, (unsigned long long)message_max(),
              (int)WIRE_FRAMES_MAX);
    if (w->kind == WIRE_DATA || w->kind >= WIRE_HTTP_RESPONSE)
        agent_session_hear_too_long(self);
}

/* ---- bytes ---- */

static void drop_partial(struct agent_session *self)
{
    if (self->partial)
        chunk_unref(self->partial);
    self->partial = NULL;
}

/* Keeps the beginning of a message. The room doubles, so that a message costs what it is long. */
static void keep_partial(struct agent_session *self, const uint8_t *bytes, uint32_t length)
{
    struct chunk *c = self->partial;
    uint32_t used = c ? c->used : 0;
    if (!c || c->capacity - used < length) {
        struct chunk *larger = chunk_new((used + length) * 2);
        if (c)
            memcpy(larger->bytes, c->bytes, used);
        if (c)
            chunk_unref(c);
        self->partial = c = larger;
    }
    memcpy(c->bytes + used, bytes, length);
    c->used = used + length;
}

/* The next `length` bytes of data complete a message. */
static void whole_message(struct agent_session *self, struct span *data, uint32_t length)
{
    struct span message = span_split(data, length);
    const struct wire_message *w = &self->decoder.message;
    if (w->oversized || w->length > message_max()) {
        drop_partial(self);
        span_release(&message);
        hear_too_long(self);
        return;
    }
    if (self->partial) {
        keep_partial(self, span_bytes(message), length);
        span_release(&message);
        message = (struct span){self->partial, 0, self->partial->used};
        self->partial = NULL;
    }
    hear(self, message);
    span_release(&message);
}

/* What will be too long when it is whole is not kept, only walked over. */
static void keep_or_drop(struct agent_session *self, struct span bytes)
{
    if (wire_decoder_pending_bytes(&self->decoder) > message_max())
        drop_partial(self);
    else
        keep_partial(self, span_bytes(bytes), bytes.length);
}

static void on_data(struct agent_session *self, struct span data)
{
    while (data.length && !self->actor.stopping) {
        size_t eaten = 0;
        switch (wire_decoder_feed(&self->decoder, span_bytes(data), data.length, &eaten)) {
        case WIRE_MESSAGE: whole_message(self, &data, (uint32_t)eaten); break;
        case WIRE_MORE:
            keep_or_drop(self, data);
            span_release(&data);
            break;
        default:
            session_end(self, LOG_WARN, "cannot read what the proxy says, link closed",
                        self->decoder.error);
            break;
        }
    }
    span_release(&data);
}

static void on_end(struct agent_session *self)
{
    if (wire_decoder_pending_bytes(&self->decoder))
        session_end(self, LOG_WARN, "the link ended", "within a message");
    else
        session_end(self, LOG_INFO, "the link ended", "closed by the proxy");
}

/* ---- its life ---- */

static void on_accepted(struct agent_session *self, struct message *m)
{
    self->agent = msg_socket_accepted(m)->listener;
    self->speaks = unnegotiated();
    wire_decoder_create(&self->decoder, WIRE_FROM_CLIENT, agent_settings->version, message_max());
    actor_monitor(&self->actor, self->agent);
    actor_log(&self->actor, LOG_INFO, "a proxy has come", NULL);
}

static void on_drained(struct agent_session *self, struct message *m)
{
    agent_speech_drained(self, msg_socket_drained(m)->unsent);
    if (self->unsent <= LINK_UNSENT_MAX)
        agent_session_pay(self);
}

static void on_down(struct agent_session *self, struct actor_ref who)
{
    if (ref_equal(who, self->agent))
        session_end(self, LOG_INFO, "the link ends", "the agent does");
    else
        agent_session_remote_down(self, who);
}

static void agent_session_on_message(struct actor *actor, struct message *m)
{
    struct agent_session *self = (struct agent_session *)actor;
    switch (m->kind) {
    case MSG_SOCKET_ACCEPTED: on_accepted(self, m); break;
    case MSG_SOCKET_DATA: on_data(self, span_take(&msg_socket_data(m)->bytes)); break;
    case MSG_SOCKET_END: on_end(self); break;
    case MSG_SOCKET_FAILED:
        session_end(self, LOG_INFO, "the link broke", strerror((int)msg_socket_failed(m)->error));
        break;
    case MSG_SOCKET_DRAINED: on_drained(self, m); break;
    case MSG_AGENT_SUBSCRIBED: on_subscribed(self, m); break;
    case MSG_AGENT_LOG:
        agent_speech_log(self, msg_agent_log(m)->level, msg_agent_log(m)->text);
        break;
    case MSG_AGENT_ATTACH: agent_session_attach(self, m); break;
    case MSG_AGENT_OFFER: agent_session_offer(self, m); break;
    case MSG_AGENT_OFFER_BODY: agent_session_offer_body(self, m); break;
    case MSG_AGENT_BROKEN: agent_session_broken(self, m); break;
    case MSG_DOWN: on_down(self, msg_down(m)->who); break;
    case MSG_STOP: actor_stop(actor, STOP_ASKED); break;
    default: actor_unexpected(actor, m); break;
    }
}

static void agent_session_on_stop(struct actor *actor)
{
    struct agent_session *self = (struct agent_session *)actor;
    struct pending_subscription *p;
    while ((p = self->pending_first)) {
        self->pending_first = p->next;
        pending_free(p);
    }
    drop_partial(self);
    wire_decoder_destroy(&self->decoder);
    agent_session_forget_all(self);
}

const struct actor_type agent_session_type = {"agent_session", sizeof(struct agent_session),
                                              agent_session_on_message, agent_session_on_stop};
