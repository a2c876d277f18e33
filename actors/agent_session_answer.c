/* actors/agent_session_answer.c -- what the client says about its exchanges; see agent_session.h */
#include "actors/agent_exchange.h"
#include "actors/agent_speech.h"

static struct span slice(struct span message, struct wire_range range)
{
    return span_slice(message, (uint32_t)range.offset, (uint32_t)range.length);
}

/* A frame for a remote that has left: the client is told now (AG-21, AG-22). */
static void nobody_takes_it(struct agent_session *self, struct agent_exchange *x)
{
    static const char why[] = "stealing client dropped the connection/request";
    agent_speech_tcp_close(self, x);
    agent_exchange_say_failed(self, x, why, sizeof why - 1);
    agent_exchange_close(self, x);
}

static void say_frames(struct agent_session *self, struct agent_exchange *x, struct span bytes,
                       uint32_t from)
{
    const struct wire_message *w = &self->decoder.message;
    for (uint32_t i = from; i < w->frame_count; i++)
        SAY_REMOTE(self, x, response_body, .bytes = slice(bytes, w->frames[i].range),
                   .trailers = w->frames[i].is_trailers);
}

/* What came of the remote's bytes before the upgrade. */
static void upgraded(struct agent_session *self, struct agent_exchange *x)
{
    x->state = EXCHANGE_UPGRADED;
    x->switching = x->request_ended = false;
    struct held_frame *f = x->held_first;
    x->held_first = x->held_last = NULL;
    while (f) {
        struct held_frame *next = f->next;
        if (f->bytes.length)
            agent_speech_data(self, x, span_take(&f->bytes));
        if (f->fin) {
            x->request_ended = true;
            agent_speech_data(self, x, NO_BYTES);
        }
        free(f);
        f = next;
    }
    agent_exchange_credit(self, x, 0);
}

static void answer_ended(struct agent_session *self, struct agent_exchange *x)
{
    if (x->switching && x->remote) {
        upgraded(self, x);
        return;
    }
    x->state = EXCHANGE_ANSWERED;
    agent_exchange_close_if_finished(self, x);
}

/* The head, with the first data frame. The agent's HTTP server frames by what it knows (AG-20): a basic
 * answer has data, though it may be empty; a framed one without a frame has none. */
static void say_head(struct agent_session *self, struct agent_exchange *x, struct span bytes,
                     bool whole)
{
    const struct wire_message *w = &self->decoder.message;
    bool basic = w->kind == WIRE_HTTP_RESPONSE;
    bool first = w->frame_count && !w->frames[0].is_trailers && !x->switching;
    struct message *m = msg_response_new((struct msg_response){.head = slice(bytes, w->head)});
    struct msg_response *r = msg_response(m);
    if (basic && w->body.length)
        r->body = slice(bytes, w->body);
    else if (first)
        r->body = slice(bytes, w->frames[0].range);
    bool all = whole && w->frame_count <= (first ? 1u : 0u);
    m->flags = (uint16_t)((all ? RESPONSE_LAST : 0) | (x->switching ? RESPONSE_UPGRADE : 0) |
                          (basic || w->frame_count ? RESPONSE_HAS_DATA : 0));
    agent_exchange_send(self, x, m);
    if (x->switching)
        return;
    say_frames(self, x, bytes, first);
    if (whole && !all)
        SAY_REMOTE(self, x, response_body, .last = true);
}

static void on_answer(struct agent_session *self, struct agent_exchange *x, struct span bytes)
{
    const struct wire_message *w = &self->decoder.message;
    bool whole = w->kind != WIRE_HTTP_RESPONSE_START;
    if (x->state != EXCHANGE_WAITING)
        return;
    if (!x->remote && !whole && w->frame_count) {
        nobody_takes_it(self, x);
        return;
    }
    x->state = EXCHANGE_ANSWERING;
    x->switching = w->status == 101;
    if (x->remote)
        say_head(self, x, bytes, whole);
    if (whole)
        answer_ended(self, x);
}

static void on_answer_body(struct agent_session *self, struct agent_exchange *x, struct span bytes)
{
    const struct wire_message *w = &self->decoder.message;
    if (x->state != EXCHANGE_ANSWERING)
        return;
    if (!x->remote && w->frame_count) {
        nobody_takes_it(self, x);
        return;
    }
    if (x->remote && !x->switching) {
        say_frames(self, x, bytes, 0);
        if (w->is_last)
            SAY_REMOTE(self, x, response_body, .last = true);
    }
    if (w->is_last)
        answer_ended(self, x);
}

/* The client gives the exchange up: by Error (AG-17) or ConnectionUnsubscribe (AG-19). No Close. */
static void give_up(struct agent_session *self, struct agent_exchange *x)
{
    agent_exchange_drop_remote(self, x);
    agent_exchange_remove(self, x);
}

static void on_client_data(struct agent_session *self, struct agent_exchange *x, struct span bytes)
{
    struct wire_range payload = self->decoder.message.payload;
    if (!agent_exchange_is_raw(x) || x->client_ended || !x->remote || x->id.mode == MODE_MIRROR)
        return;
    x->client_ended = payload.length == 0;
    SAY_REMOTE(self, x, response_body, .bytes = payload.length ? slice(bytes, payload) : NO_BYTES,
               .last = x->client_ended);
    agent_exchange_close_if_both_ended(self, x);
}

static void on_connection_unsubscribe(struct agent_session *self, struct agent_exchange *x)
{
    if (x->id.mode == MODE_STEAL && x->state != EXCHANGE_COLLECTING)
        give_up(self, x);
    else if (x->id.mode == MODE_MIRROR)
        agent_exchange_remove(self, x);
}

/* The exchange that the message is about; NULL: there is none. */
static struct agent_exchange *meant(struct agent_session *self)
{
    const struct wire_message *w = &self->decoder.message;
    uint64_t mode = w->mode == WIRE_MIRROR ? MODE_MIRROR : MODE_STEAL;
    return agent_exchange_find(self, mode, w->connection);
}

/* The client does not know that nothing will come of it: it hears Close. */
void agent_session_hear_too_long(struct agent_session *self)
{
    static const char why[] = "the client's message is too long";
    const struct wire_message *w = &self->decoder.message;
    struct agent_exchange *x = meant(self);
    if (!x || x->id.mode == MODE_MIRROR || agent_exchange_is_raw(x) != (w->kind == WIRE_DATA))
        return;
    if (!agent_exchange_is_raw(x) && (w->request != x->request || (x->state != EXCHANGE_WAITING &&
                                                                   x->state != EXCHANGE_ANSWERING)))
        return;
    agent_exchange_drop_remote(self, x);
    agent_exchange_say_failed(self, x, why, sizeof why - 1);
    agent_exchange_close(self, x);
}

void agent_session_hear(struct agent_session *self, struct span bytes)
{
    const struct wire_message *w = &self->decoder.message;
    struct agent_exchange *x = meant(self);
    if (!x)
        return;
    if (w->kind == WIRE_DATA)
        on_client_data(self, x, bytes);
    else if (w->kind == WIRE_CONNECTION_UNSUBSCRIBE)
        on_connection_unsubscribe(self, x);
    else if (w->request != x->request || agent_exchange_is_raw(x))
        return;
    else if (w->kind == WIRE_RESPONSE_BODY)
        on_answer_body(self, x, bytes);
    else if (w->kind != WIRE_RESPONSE_ERROR)
        on_answer(self, x, bytes);
    else if (x->state == EXCHANGE_WAITING || x->state == EXCHANGE_ANSWERING)
        give_up(self, x);
}
