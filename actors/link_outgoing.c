/* actors/link_outgoing.c -- what is said to the agent: encoding, queues, credit.
 *
 * As long as nothing waits, a message is encoded into the socket at once and costs no state. When the
 * socket holds LINK_UNSENT_MAX bytes, messages wait in their exchange's queue, and queues take turns
 * (deficit round robin, LINK_QUANTUM). Messages are whole, so a turn may go into debt: one round of 500
 * streams is 32 MB. A queue that had nothing to say, has no debt and says something small now is sparse
 * and does not wait for that: every other turn is one of the sparse.
 */
#include "actors/link_state.h"
#include "actors/settings.h"
#include "runtime/heap.h"
#include "runtime/limits.h"
#include <string.h>
#include <utlist.h>

#define CREDIT_AT (WINDOW_MIN / 2)

/* ---- bytes ---- */

static void count_unsent(struct link_connection *self, uint64_t bytes)
{
    self->unsent += bytes;
    if (self->notified || self->unsent < LINK_UNSENT_LOW)
        return;
    self->notified = true;
    socket_notify(&self->actor, LINK_SOCKET, LINK_UNSENT_LOW / 2);
}

struct wire_writer link_begin_control(struct link_connection *self, uint32_t room)
{
    return wire_writer_over(socket_reserve(&self->actor, LINK_SOCKET, room), room);
}

void link_say_control(struct link_connection *self, const struct wire_writer *w)
{
    assert(!w->overflow);
    count_unsent(self, socket_commit_up_to(&self->actor, LINK_SOCKET, w->at));
}

/* prefix, then the payload (copied behind it when it is short), then a suffix. Takes payload. */
struct parts {
    uint8_t prefix[64];
    uint8_t suffix[32];
    struct wire_writer before, after;
};

static void parts_begin(struct parts *p)
{
    p->before = wire_writer_over(p->prefix, sizeof p->prefix);
    p->after = wire_writer_over(p->suffix, sizeof p->suffix);
}

static uint32_t length_of(const struct wire_writer *w, const uint8_t *begin)
{
    assert(!w->overflow);
    return (uint32_t)(w->at - begin);
}

static void write_parts(struct link_connection *self, const struct parts *p, struct span head,
                        const struct parts *middle, struct span payload)
{
    struct actor *actor = &self->actor;
    uint32_t before = length_of(&p->before, p->prefix), after = length_of(&p->after, p->suffix);
    uint32_t between = middle ? length_of(&middle->before, middle->prefix) : 0;
    bool in_one = payload.length < COPY_BELOW_BYTES;
    uint32_t most = before + head.length + between + (in_one ? payload.length + after : 0);
    uint8_t *at = socket_reserve(actor, LINK_SOCKET, most);
    struct wire_writer w = wire_writer_over(at, most);
    wire_put_raw(&w, p->prefix, before);
    wire_put_raw(&w, span_bytes(head), head.length);
    if (middle)
        wire_put_raw(&w, middle->prefix, between);
    if (in_one) {
        wire_put_raw(&w, span_bytes(payload), payload.length);
        wire_put_raw(&w, p->suffix, after);
    }
    socket_commit(actor, LINK_SOCKET, most);
    count_unsent(self, most);
    if (in_one) {
        span_release(&payload);
        return;
    }
    count_unsent(self, payload.length + after);
    socket_write(actor, LINK_SOCKET, payload);
    if (after) {
        memcpy(socket_reserve(actor, LINK_SOCKET, after), p->suffix, after);
        socket_commit(actor, LINK_SOCKET, after);
    }
}

/* ---- encoding one message ---- */

static enum wire_kind kind_of(enum answer_format format)
{
    static const uint8_t kinds[] = {[ANSWER_BASIC] = WIRE_HTTP_RESPONSE,
                                    [ANSWER_FRAMED] = WIRE_HTTP_RESPONSE_FRAMED,
                                    [ANSWER_CHUNKED] = WIRE_HTTP_RESPONSE_START};
    static_assert(sizeof kinds == ANSWER_CHUNKED + 1, "one for each format");
    assert(format < sizeof kinds);
    return (enum wire_kind)kinds[format];
}

static void encode_answer(struct link_connection *self, struct message *m)
{
    struct msg_answer *a = msg_answer(m);
    struct parts p, middle;
    enum answer_format format = m->flags & ANSWER_FORMAT_MASK;
    parts_begin(&p);
    parts_begin(&middle);
    wire_put_response_kind(&p.before, kind_of(format)); /* the ids stand in front of the head */
    if (format == ANSWER_BASIC) {
        wire_put_uint(&middle.before, a->body.length);
    } else if (!(m->flags & ANSWER_FRAMES)) {
        wire_put_uint(&middle.before, a->body.length ? 1 : 0);
        if (a->body.length)
            wire_put_frame(&middle.before, a->body.length);
    }
    write_parts(self, &p, a->head, &middle, span_take(&a->body));
}

static void encode_body(struct link_connection *self, struct message *m)
{
    struct msg_answer_body *b = msg_answer_body(m);
    struct wire_ids ids = {b->connection, b->request, 0};
    struct parts p;
    parts_begin(&p);
    wire_put_response_body(&p.before, b->bytes.length ? 1 : 0);
    if (b->bytes.length && b->trailers)
        wire_put_trailers(&p.before);
    else if (b->bytes.length)
        wire_put_frame(&p.before, b->bytes.length);
    wire_put_body_end(&p.after, b->last, &ids);
    write_parts(self, &p, NO_BYTES, NULL, span_take(&b->bytes));
}

static void encode_data(struct link_connection *self, struct message *m)
{
    struct msg_data *d = msg_data(m);
    struct parts p;
    parts_begin(&p);
    wire_put_data(&p.before, WIRE_FROM_CLIENT, WIRE_STEAL, d->connection, d->bytes.length);
    write_parts(self, &p, NO_BYTES, NULL, span_take(&d->bytes));
}

static void encode_small(struct link_connection *self, struct message *m)
{
    struct wire_writer w = link_begin_control(self, WIRE_PUT_MAX);
    if (m->kind == MSG_ANSWER_ERROR) {
        struct wire_ids ids = {msg_answer_error(m)->connection, msg_answer_error(m)->request, 0};
        wire_put_response_error(&w, &ids);
    } else {
        wire_put_connection_unsubscribe(&w, msg_connection_unsubscribe(m)->mode,
                                        msg_connection_unsubscribe(m)->connection);
    }
    link_say_control(self, &w);
}

static void encode(struct link_connection *self, struct message *m)
{
    switch (m->kind) {
    case MSG_ANSWER: encode_answer(self, m); break;
    case MSG_ANSWER_BODY: encode_body(self, m); break;
    case MSG_DATA: encode_data(self, m); break;
    default: encode_small(self, m); break;
    }
}

/* ---- queues ---- */

static struct out_queue *find(struct link_connection *self, uint32_t exchange)
{
    struct out_queue *q;
    HASH_FIND(hh, self->queues, &exchange, sizeof exchange, q);
    return q;
}

static struct out_queue *queue_for(struct link_connection *self, const struct message *m)
{
    struct out_queue *q = find(self, m->exchange);
    if (q)
        return q;
    q = heap_alloc(sizeof *q);
    memset(q, 0, sizeof *q);
    q->exchange = m->exchange;
    q->sender = m->from;
    HASH_ADD(hh, self->queues, exchange, sizeof q->exchange, q);
    return q;
}

static void drop_messages(struct out_queue *q)
{
    while (q->oldest) {
        struct message *m = q->oldest;
        q->oldest = message_next(m);
        message_free(m);
    }
    q->newest = NULL;
}

static struct out_queue **ring_of(struct link_connection *self, const struct out_queue *q)
{
    return q->sparse ? &self->sparse : &self->ring;
}

static void leave_ring(struct link_connection *self, struct out_queue *q)
{
    struct out_queue **ring = ring_of(self, q);
    if (q->waits)
        CDL_DELETE(*ring, q);
    q->waits = false;
}

static void join_ring(struct link_connection *self, struct out_queue *q, bool sparse)
{
    q->sparse = sparse;
    q->waits = true;
    struct out_queue **ring = ring_of(self, q);
    CDL_APPEND(*ring, q);
}

static void drop_queue(struct link_connection *self, struct out_queue *q)
{
    leave_ring(self, q);
    drop_messages(q);
    HASH_DELETE(hh, self->queues, q);
    heap_free(q, sizeof *q);
}

void link_drop_queues(struct link_connection *self)
{
    while (self->queues)
        drop_queue(self, self->queues);
}

void link_on_forget(struct link_connection *self, struct message *m)
{
    struct out_queue *q = find(self, m->exchange);
    if (q)
        drop_queue(self, q);
}

static bool was_closed(const struct link_connection *self, uint8_t mode, uint64_t connection)
{
    unsigned n = self->closed_count < LINK_CLOSED_KEPT ? self->closed_count : LINK_CLOSED_KEPT;
    for (unsigned i = 0; i < n; i++)
        if (self->closed[i].connection == connection && self->closed[i].mode == mode)
            return true;
    return false;
}

void link_id_closed(struct link_connection *self, uint8_t mode, uint64_t connection)
{
    self->closed[self->closed_count++ % LINK_CLOSED_KEPT] = (struct closed_id){connection, mode};
    if (connection > self->closed_highest)
        self->closed_highest = connection;
    for (struct out_queue *q = self->queues; q; q = q->hh.next) {
        if (!q->names_connection || q->connection != connection || q->mode != mode)
            continue;
        q->closed = true;
        leave_ring(self, q);
        drop_messages(q);
    }
}

/* The agent uses an id again that it has closed. */
void link_id_opened(struct link_connection *self, uint8_t mode, uint64_t connection)
{
    unsigned n = self->closed_count < LINK_CLOSED_KEPT ? self->closed_count : LINK_CLOSED_KEPT;
    if (connection > self->closed_highest)
        return; /* ids go up, with the agents that there are */
    for (unsigned i = 0; i < n; i++)
        if (self->closed[i].connection == connection && self->closed[i].mode == mode)
            self->closed[i].mode = LINK_REOPENED;
}

/* ---- what may go out, and what goes back ---- */

static bool is_stream_part(const struct message *m)
{
    return m->kind == MSG_ANSWER_BODY || m->kind == MSG_ANSWER_ERROR ||
           (m->kind == MSG_ANSWER && (m->flags & ANSWER_FORMAT_MASK) == ANSWER_CHUNKED);
}

/* A part of a stream that this agent cannot read, or whose beginning went back already. */
static bool must_return(const struct link_connection *self, const struct out_queue *q,
                        const struct message *m)
{
    if (!is_stream_part(m))
        return false;
    if (m->kind == MSG_ANSWER)
        return !version_allows(self->version, GATE_HTTP_CHUNKED_RESPONSE);
    return !q || !q->begun; /* one that was begun ends as it began */
}

static void return_to_sender(struct link_connection *self, struct message *m)
{
    struct actor_ref sender = m->from;
    m->flags |= ANSWER_RETURNED;
    actor_send(&self->actor, sender, m);
}

static uint64_t payload_of(struct message *m)
{
    switch (m->kind) {
    case MSG_ANSWER: return msg_answer(m)->head.length + msg_answer(m)->body.length;
    case MSG_ANSWER_BODY: return msg_answer_body(m)->bytes.length;
    case MSG_DATA: return msg_data(m)->bytes.length;
    default: return 0;
    }
}

static bool ends_exchange(struct message *m)
{
    switch (m->kind) {
    case MSG_ANSWER: return false; /* a 101 may be followed by Data */
    case MSG_ANSWER_BODY: return msg_answer_body(m)->last;
    case MSG_ANSWER_ERROR:
    case MSG_CONNECTION_UNSUBSCRIBE: return true;
    default: return false;
    }
}

/* Exchange 0 is incoming_proxy: what it refuses stands in one queue, and each refusal ends only the id
 * that it is about. */
static bool is_of_proxy(const struct out_queue *q)
{
    return q->exchange == 0;
}

static bool ends_queue(const struct out_queue *q, struct message *m)
{
    return !is_of_proxy(q) && ends_exchange(m);
}

static void give_credit(struct link_connection *self, struct out_queue *q, uint64_t bytes)
{
    if (is_of_proxy(q))
        return;
    q->uncredited += bytes;
    if (q->uncredited < CREDIT_AT)
        return;
    struct message *m = msg_credit_new((struct msg_credit){q->uncredited});
    m->exchange = q->exchange;
    q->uncredited = 0;
    actor_send(&self->actor, q->sender, m);
}

static void say_answered(struct link_connection *self, const struct message *m)
{
    struct message *done = msg_answered_new((struct msg_answered){0});
    done->exchange = m->exchange;
    actor_send(&self->actor, m->from, done);
}

/* Writes m, or sends it back. Takes m. */
static void let_out(struct link_connection *self, struct out_queue *q, struct message *m)
{
    if (must_return(self, q, m)) {
        return_to_sender(self, m);
        return;
    }
    uint64_t bytes = m->kind == MSG_ANSWER ? msg_answer(m)->body.length : payload_of(m);
    bool ends = ends_exchange(m), streams = m->kind != MSG_ANSWER && is_stream_part(m);
    if (m->kind == MSG_ANSWER && is_stream_part(m))
        q->begun = true;
    encode(self, m);
    if (ends && streams)
        say_answered(self, m);
    else if (!ends && q)
        give_credit(self, q, bytes);
    message_free(m);
}

static void put_in_queue(struct link_connection *self, struct out_queue *q, struct message *m)
{
    m->node.next = NULL;
    if (q->newest)
        q->newest->node.next = &m->node;
    else
        q->oldest = m;
    q->newest = m;
    if (!q->waits)
        join_ring(self, q, q->deficit >= 0 && payload_of(m) <= LINK_QUANTUM);
}

/* Nothing to say and nothing to remember: what was in it went back. */
static bool is_spent(const struct out_queue *q)
{
    return !q->oldest && !q->begun && !q->raw;
}

/* One turn of the queue at a ring's head: messages up to its deficit. */
static void serve_first(struct link_connection *self, struct out_queue **ring)
{
    struct out_queue *q = *ring;
    bool ended = false;
    q->deficit += (int64_t)LINK_QUANTUM;
    while (q->oldest && q->deficit > 0 && !ended) {
        struct message *m = q->oldest;
        q->oldest = message_next(m);
        if (!q->oldest)
            q->newest = NULL;
        q->deficit -= (int64_t)payload_of(m) + 32;
        ended = ends_queue(q, m);
        let_out(self, q, m);
    }
    if (ended || is_spent(q)) {
        drop_queue(self, q);
    } else if (!q->oldest) {
        q->deficit = q->deficit > 0 ? 0 : q->deficit;
        leave_ring(self, q);
    } else if (q->sparse) {
        leave_ring(self, q);
        join_ring(self, q, false);
    } else {
        *ring = q->next;
    }
}

static void pump(struct link_connection *self)
{
    while ((self->sparse || self->ring) && self->unsent < LINK_UNSENT_MAX) {
        if (self->sparse)
            serve_first(self, &self->sparse);
        if (self->ring && self->unsent < LINK_UNSENT_MAX)
            serve_first(self, &self->ring);
    }
}

void link_on_drained(struct link_connection *self, struct message *m)
{
    self->notified = false;
    self->unsent = msg_socket_drained(m)->unsent;
    pump(self);
}

static void note_connection(const struct link_connection *self, struct out_queue *q,
                            struct message *m)
{
    q->raw |= m->kind == MSG_DATA;
    if (q->names_connection)
        return;
    if (m->kind == MSG_DATA)
        q->connection = msg_data(m)->connection;
    else if (m->kind == MSG_ANSWER_BODY)
        q->connection = msg_answer_body(m)->connection;
    else
        return;
    q->mode = MODE_STEAL;
    q->names_connection = true;
    q->closed = was_closed(self, q->mode, q->connection);
}

static bool needs_state(const struct message *m)
{
    return m->kind == MSG_DATA || is_stream_part(m);
}

void link_on_answer(struct link_connection *self, struct message *m)
{
    bool can_go = !self->ring && !self->sparse && self->unsent < LINK_UNSENT_MAX;
    if (self->ended || self->step < STEP_READY_FOR_LOGS)
        return;
    actor_take(&self->actor, m);
    if (can_go && !needs_state(m)) {
        struct out_queue *q = find(self, m->exchange);
        bool ends = q && ends_queue(q, m);
        if (q && q->closed)
            message_free(m);
        else
            let_out(self, q, m);
        if (ends)
            drop_queue(self, q);
        return;
    }
    struct out_queue *q = queue_for(self, m);
    note_connection(self, q, m);
    if (q->closed) {
        message_free(m);
    } else if (can_go && !q->oldest) {
        bool ends = ends_queue(q, m);
        let_out(self, q, m);
        if (ends || is_spent(q))
            drop_queue(self, q);
    } else {
        put_in_queue(self, q, m);
        pump(self);
    }
}

/* ---- subscriptions ---- */

static void put_filter(struct wire_writer *w, const struct filter *f)
{
    struct wire_text text = {f->text, strlen(f->text)};
    switch (f->kind) {
    case FILTER_HEADER: wire_put_filter_header(w, text); break;
    case FILTER_PATH: wire_put_filter_path(w, text); break;
    default: wire_put_filter_method(w, text); break;
    }
}

static uint32_t filters_room(void)
{
    size_t room = WIRE_PUT_MAX;
    for (uint16_t i = 0; i < settings->filter_count; i++)
        room += WIRE_PUT_MAX + strlen(settings->filters[i].text);
    return (uint32_t)room;
}

static void put_filters(struct wire_writer *w)
{
    if (settings->filter_count > 1 && settings->any_of)
        wire_put_filter_any(w, settings->filter_count);
    else if (settings->filter_count > 1)
        wire_put_filter_all(w, settings->filter_count);
    for (uint16_t i = 0; i < settings->filter_count; i++)
        put_filter(w, &settings->filters[i]);
}

static enum wire_mode mode_wanted(void)
{
    return settings->mirror ? WIRE_MIRROR : WIRE_STEAL;
}

void link_on_subscribe(struct link_connection *self, struct message *m)
{
    uint16_t port = settings->subscriptions[msg_subscribe(m)->subscription].port;
    struct wire_writer w = link_begin_control(self, filters_room() + WIRE_PUT_MAX);
    if (settings->filter_count) {
        wire_put_subscribe_filter(&w, mode_wanted(), port);
        put_filters(&w);
    } else {
        wire_put_subscribe_all(&w, mode_wanted(), port);
    }
    link_say_control(self, &w);
}

void link_on_unsubscribe(struct link_connection *self, struct message *m)
{
    struct wire_writer w = link_begin_control(self, WIRE_PUT_MAX);
    wire_put_port_unsubscribe(&w, msg_unsubscribe(m)->mode, msg_unsubscribe(m)->port);
    link_say_control(self, &w);
}
