/* tools/trace_as_client.c -- sends the recorded requests to a live application and compares its answers
 *
 * As recorded: each connection of the recording is a lane, its requests follow each other there; none begins before
 * all that had ended before it has ended here (messages/trace_order.h), nor before its time. With --concurrency N
 * there are N lanes, which take the requests in their order.
 */
#include "actors/exit_codes.h"
#include "messages/trace_order.h"
#include "messages/trace_walk.h"
#include "tools/trace_as.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct client_lane {
    struct client_play *client;
    struct loop_socket *socket; /* NULL: none */
    bool connected, served;     /* it has answered before */
    unsigned *queue;            /* transactions; NULL: takes what is next */
    unsigned queued, at;
    bool running;
    bool retried;
    unsigned index;
    struct trace_walk walk;
    bool walked;        /* everything was said */
    bool ended, broken; /* the application has finished sending, or the connection failed */
    bool stalled;       /* what was to come next did not come in time */
    struct trace_http_reader reader;
    struct trace_http answer;
    struct wire_buffer tail;
    uint64_t began_us, active_us;
    uint64_t whole_us; /* when the answer had come; 0: not yet */
};

struct client_play {
    struct trace_play *play;
    struct client_lane *lanes;
    unsigned lane_count;
    struct trace_gate *gate; /* NULL: --concurrency */
    struct trace_turn *turns;
    unsigned next; /* the transaction that is to begin next */
    unsigned done, playable;
    uint64_t events, began_us;
    struct wire_buffer text;
    bool reached;          /* there has been a connection */
    char unreachable[200]; /* why there is none; "": there is, or none was tried */
};

static const struct trace_transaction *transaction_of(const struct client_lane *l)
{
    return &l->client->play->transactions->list[l->index];
}

static void find(struct client_lane *l, enum finding_class class, const char *text)
{
    trace_as_find(l->client->play, transaction_of(l), class, text);
}

static void drop_socket(struct client_lane *l)
{
    if (l->socket)
        loop_close(l->socket);
    l->socket = NULL;
    l->connected = l->served = false;
    trace_http_reader_release(&l->reader);
}

/* ---- comparing ---- */

/* What came is the same. */
static void match(struct client_lane *l)
{
    if (l->stalled)
        find(l, FINDING_MISSING, "what the application was to do next: it took too long");
    else
        l->client->play->findings.matched++;
}

static void judge_tail(struct client_lane *l)
{
    if (trace_as_tail_is_same(l->client->play, transaction_of(l), SIDE_FAR, &l->tail))
        match(l);
}

/* Of an answer that the recorded client did not hear to its end, as much has to come as it had heard. */
static bool has_come_as_far(const struct client_lane *l)
{
    const struct trace_http *expected = &transaction_of(l)->answer, *came = &l->answer;
    return (came->has_head || !expected->has_head) && came->body.length >= expected->body.length;
}

static bool falls_short(const struct client_lane *l)
{
    const struct trace_http *expected = &transaction_of(l)->answer;
    return expected->has_head && !expected->ended && !expected->broken && !has_come_as_far(l);
}

static void say_missing(struct client_lane *l, const char *why)
{
    const struct trace_http *expected = &transaction_of(l)->answer;
    char line[300], came[60] = "none";
    if (l->answer.has_head)
        snprintf(came, sizeof came, "%zu bytes", l->answer.body.length);
    snprintf(line, sizeof line, "answer: expected %u with %zu bytes, %s came: %s", expected->status,
             trace_http_body_length(expected), came, why ? why : "its end");
    find(l, FINDING_MISSING, line);
}

static void judge_answer(struct client_lane *l, const char *why)
{
    const struct trace_transaction *t = transaction_of(l);
    const struct trace_as *o = l->client->play->options;
    struct trace_http_rules rules = {o->ignored, o->strict};
    struct wire_buffer *text = &l->client->text;
    text->length = 0;
    if (t->answer.has_head && !l->answer.has_head) {
        say_missing(l, why);
    } else if (!t->answer.has_head && t->answer.broken && l->answer.has_head) {
        find(l, FINDING_EXTRA, "an answer, where the recorded application gave none");
    } else if (!trace_http_compare(&t->answer, &l->answer, &rules, text)) {
        trace_put(text, "", 1);
        find(l, FINDING_DIFFERENT, (const char *)text->at);
    } else if (t->answer.ended && !l->answer.ended) {
        find(l, FINDING_MISSING, "the end of the answer");
    } else if (falls_short(l)) {
        say_missing(l, why);
    } else if (t->upgraded) {
        judge_tail(l);
    } else {
        match(l);
    }
}

/* Until the answer had come, whatever its connection did then. */
static void note_latency(struct client_lane *l)
{
    struct trace_play *p = l->client->play;
    const struct trace_transaction *t = transaction_of(l);
    if (t->raw || !t->whole_ns || !l->whole_us)
        return;
    p->latencies = trace_grow(p->latencies, p->latency_count, sizeof *p->latencies);
    p->latencies[p->latency_count++] =
        (struct trace_as_latency){(t->whole_ns - t->began_ns) / 1000, l->whole_us - l->began_us};
}

/* It may have come to its end. */
static void look_at_answer(struct client_lane *l)
{
    if (l->answer.ended && !l->whole_us)
        l->whole_us = l->client->play->loop.now_us;
}

/* ---- one request ---- */

static void finish(struct client_lane *l, const char *why)
{
    struct client_play *c = l->client;
    const struct trace_transaction *t = transaction_of(l);
    note_latency(l);
    if (t->raw)
        judge_tail(l);
    else
        judge_answer(l, why);
    bool again = l->socket && !t->raw && l->answer.ended && !l->reader.upgrade &&
                 l->reader.keep_alive && l->walked && !l->ended;
    l->served = true;
    if (!again)
        drop_socket(l);
    trace_http_release(&l->answer);
    l->running = false;
    c->done++;
    c->turns[l->index].live_ended = ++c->events;
    if (c->gate)
        trace_gate_ended(c->gate, l->index);
}

static bool may_be_sent_again(const char *method)
{
    static const char *const methods[] = {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"};
    for (unsigned i = 0; method && i < sizeof methods / sizeof *methods; i++)
        if (strcmp(methods[i], method) == 0)
            return true;
    return false;
}

/* Where there never was a connection, the address is wrong, and that is no finding about any request. */
static void not_connected(struct client_lane *l, const char *why)
{
    struct client_play *c = l->client;
    if (c->reached)
        finish(l, why);
    else
        snprintf(c->unreachable, sizeof c->unreachable, "%s", why);
}

static const struct loop_handlers handlers;

static bool connect_lane(struct client_lane *l)
{
    struct client_play *c = l->client;
    char error[200];
    l->ended = l->broken = l->connected = false;
    l->socket = loop_connect(&c->play->loop, &c->play->options->to, &handlers, l, error);
    if (!l->socket)
        not_connected(l, error);
    return l->socket != NULL;
}

static void begin_walk(struct client_lane *l)
{
    struct client_play *c = l->client;
    const struct trace_transaction *t = transaction_of(l);
    l->walked = false;
    l->tail.length = 0;
    trace_http_release(&l->answer);
    l->began_us = l->active_us = c->play->loop.now_us;
    if (!t->raw)
        trace_http_read(&l->reader, &l->answer, HTTP1_RESPONSES,
                        trace_http_asked(t->request.method));
    trace_walk_begin(&l->walk, t, SIDE_NEAR, c->play->options->speed, l->began_us);
}

static void begin(struct client_lane *l, unsigned index)
{
    struct client_play *c = l->client;
    l->index = index;
    l->running = true;
    l->retried = l->stalled = false;
    l->whole_us = 0;
    c->turns[index].live_began = ++c->events;
    l->active_us = c->play->loop.now_us;
    if (transaction_of(l)->raw)
        drop_socket(l);
    if (!l->socket ? connect_lane(l) : true) {
        if (l->connected)
            begin_walk(l);
    }
}

/* The connection ended while it was needed. */
static void broke(struct client_lane *l, const char *why)
{
    const struct trace_transaction *t = transaction_of(l);
    if (l->served && !l->reader.began && !l->retried && may_be_sent_again(t->request.method)) {
        drop_socket(l); /* it was idle for too long: as a client does, once, on a new one */
        l->retried = true;
        connect_lane(l);
        return;
    }
    if (!t->raw && l->connected)
        trace_http_eof(&l->reader);
    look_at_answer(l);
    l->ended = true;
    if (l->connected)
        finish(l, why);
    else
        not_connected(l, why);
}

/* ---- sockets ---- */

static void on_connected(struct loop_socket *s)
{
    struct client_lane *l = s->owner;
    l->connected = l->client->reached = true;
    if (l->running)
        begin_walk(l);
}

static void on_heard(struct loop_socket *s, const uint8_t *bytes, size_t length)
{
    struct client_lane *l = s->owner;
    size_t used = 0;
    l->active_us = s->loop->now_us;
    if (!l->running) {
        trace_findings_add(&l->client->play->findings, FINDING_EXTRA, NULL,
                           "%zu bytes of the application that nobody asked for", length);
        drop_socket(l);
        return;
    }
    const struct trace_transaction *t = transaction_of(l);
    if (!t->raw)
        used = trace_http_feed(&l->reader, bytes, length);
    look_at_answer(l);
    if (!t->raw && l->reader.error) {
        find(l, FINDING_NOTE, l->reader.error);
        finish(l, l->reader.error);
    } else if (used < length && !t->raw && !l->reader.upgrade) {
        find(l, FINDING_EXTRA, "bytes behind the end of the answer");
        l->ended = true;
    } else {
        trace_put(&l->tail, bytes + used, length - used);
    }
}

static void on_ended(struct loop_socket *s)
{
    struct client_lane *l = s->owner;
    l->active_us = s->loop->now_us;
    l->ended = true;
    if (!l->running) {
        drop_socket(l);
        return;
    }
    const struct trace_transaction *t = transaction_of(l);
    if (t->raw || (t->upgraded && l->answer.ended) || l->answer.ended)
        return;
    broke(l, "the connection ended");
}

static void on_failed(struct loop_socket *s, int error)
{
    struct client_lane *l = s->owner;
    l->socket = NULL;
    l->ended = true;
    if (l->running)
        broke(l, error ? strerror(error) : "the connection ended");
    else
        drop_socket(l);
}

static const struct loop_handlers handlers = {
    .connected = on_connected, .heard = on_heard, .ended = on_ended, .failed = on_failed};

/* ---- time ---- */

static uint64_t stalled_at(const struct client_lane *l)
{
    return l->active_us + l->client->play->options->timeout_us;
}

/* What the recorded request has, as it is due. Returns when to look again. */
static uint64_t walk(struct client_lane *l, uint64_t now_us)
{
    const uint8_t *bytes;
    size_t length;
    uint64_t due_us = UINT64_MAX;
    while (l->running && !l->walked && l->socket) {
        bool raw = transaction_of(l)->raw;
        struct trace_walk_heard heard = {.http_ended = raw || l->answer.ended,
                                         .tail = l->tail.length,
                                         .ended = l->ended,
                                         .http_as_far = has_come_as_far(l)};
        switch (trace_walk_next(&l->walk, &heard, now_us, &bytes, &length, &due_us)) {
        case WALK_SAY:
            loop_write(l->socket, bytes, length);
            l->active_us = now_us;
            break;
        case WALK_END:
            if (raw || transaction_of(l)->upgraded)
                loop_shutdown(l->socket);
            break;
        case WALK_RESET: l->walked = true; break;
        case WALK_WAIT: return due_us;
        case WALK_OVER: l->walked = true; break;
        }
    }
    return UINT64_MAX;
}

static bool is_over(const struct client_lane *l)
{
    const struct trace_transaction *t = transaction_of(l);
    if (!l->walked)
        return false;
    bool cut = t->resets[SIDE_NEAR] || (t->ends[SIDE_NEAR] && !t->answer.ended);
    return t->raw || cut || l->answer.ended;
}

static uint64_t run(struct client_lane *l, uint64_t now_us)
{
    uint64_t due_us = l->connected ? walk(l, now_us) : UINT64_MAX, end_us = stalled_at(l);
    if (l->running && is_over(l)) {
        finish(l, NULL);
        return now_us;
    }
    if (due_us == UINT64_MAX && now_us >= end_us) {
        l->stalled = true;
        if (l->connected)
            finish(l, "it took too long");
        else
            not_connected(l, "it took too long");
        return now_us;
    }
    return due_us == UINT64_MAX ? end_us : due_us;
}

/* They begin in recorded order. With a queue, a lane has only those of its connection. */
static bool is_next(struct client_lane *l)
{
    struct client_play *c = l->client;
    const struct trace_transactions *all = c->play->transactions;
    while (c->next < all->count && all->list[c->next].left_out)
        c->next++;
    if (c->next == all->count)
        return false;
    return !l->queue || (l->at < l->queued && l->queue[l->at] == c->next);
}

static uint64_t due_of(const struct client_play *c, unsigned index)
{
    const struct trace_transactions *all = c->play->transactions;
    double speed = c->play->options->speed;
    uint64_t after_ns = all->list[index].began_ns - all->list[0].began_ns;
    return speed > 0 ? c->began_us + (uint64_t)((double)after_ns / 1000 / speed) : 0;
}

static uint64_t take_next(struct client_lane *l, uint64_t now_us)
{
    struct client_play *c = l->client;
    if (!is_next(l) || (c->gate && !trace_gate_is_open(c->gate, c->next)))
        return UINT64_MAX; /* looked at again when something has ended */
    unsigned index = c->next;
    if (now_us < due_of(c, index))
        return due_of(c, index);
    l->at++;
    c->next++;
    begin(l, index);
    return now_us;
}

static bool goes_on(const struct client_play *c)
{
    return c->done < c->playable && !*c->unreachable && !loop_interrupted();
}

static void play(struct client_play *c)
{
    struct loop *loop = &c->play->loop;
    c->began_us = loop->now_us = loop_clock_us();
    while (goes_on(c)) {
        uint64_t due_us = UINT64_MAX;
        for (unsigned i = 0; i < c->lane_count && goes_on(c); i++) {
            struct client_lane *l = &c->lanes[i];
            uint64_t next = l->running ? run(l, loop->now_us) : take_next(l, loop->now_us);
            due_us = next < due_us ? next : due_us;
        }
        if (goes_on(c))
            loop_wait(loop, due_us);
    }
    /* what nobody asked for may still come */
    uint64_t until = *c->unreachable ? 0 : loop_clock_us() + c->play->options->settle_us;
    while (loop_clock_us() < until && !loop_interrupted())
        loop_wait(loop, until);
}

/* ---- all ---- */

static void make_lanes(struct client_play *c)
{
    const struct trace_transactions *all = c->play->transactions;
    unsigned concurrency = c->play->options->concurrency;
    c->lane_count = concurrency ? concurrency : all->lanes;
    c->lanes = calloc(c->lane_count, sizeof *c->lanes);
    if (!c->lanes)
        heap_exhausted("connections", c->lane_count * sizeof *c->lanes);
    for (unsigned i = 0; i < c->lane_count; i++)
        c->lanes[i].client = c;
    for (unsigned i = 0; i < all->count && !concurrency; i++) {
        struct client_lane *l = &c->lanes[all->list[i].lane];
        if (all->list[i].left_out)
            continue;
        l->queue = trace_grow(l->queue, l->queued, sizeof *l->queue);
        l->queue[l->queued++] = i;
    }
}

static void make_order(struct client_play *c)
{
    const struct trace_transactions *all = c->play->transactions;
    c->turns = trace_as_turns(all);
    if (!c->play->options->concurrency)
        c->gate = trace_gate_new(c->turns, all->count);
    for (unsigned i = 0; i < all->count && c->gate; i++)
        if (all->list[i].left_out)
            trace_gate_ended(c->gate, i);
}

/* What did not keep its order did so because --concurrency asked for it; what had no answer was not asked. */
static void judge(struct client_play *c)
{
    const struct trace_transactions *all = c->play->transactions;
    struct trace_order *order = trace_as_order(c->turns, all->count);
    for (unsigned i = 0; i < all->count; i++) {
        struct trace_about_what about = trace_as_about(&all->list[i]);
        char other[ABOUT_TEXT_MAX];
        if (!all->list[i].left_out && !c->turns[i].live_ended)
            trace_findings_add(&c->play->findings, FINDING_MISSING, &about,
                               "it was not answered before the play ended");
        if (order[i].how == TURNED_RIGHT)
            continue;
        struct trace_about_what first = trace_as_about(&all->list[order[i].other]);
        trace_findings_add(&c->play->findings, FINDING_OVERTAKEN, &about,
                           "began before %s, otherwise than in the recording",
                           trace_about_text(&first, other));
    }
    free(order);
}

static void release(struct client_play *c)
{
    for (unsigned i = 0; i < c->lane_count; i++) {
        struct client_lane *l = &c->lanes[i];
        trace_http_reader_release(&l->reader);
        trace_http_release(&l->answer);
        wire_buffer_release(&l->tail);
        free(l->queue);
    }
    free(c->lanes);
    free(c->turns);
    wire_buffer_release(&c->text);
    trace_gate_free(c->gate);
}

int trace_as_client(struct trace_play *p)
{
    struct client_play c = {.play = p};
    const struct trace_transactions *all = p->transactions;
    char to[ADDRESS_TEXT_MAX];
    c.playable = all->count - all->left_out;
    if (!c.playable) {
        trace_as_say("there is no request to an application in this trace that can be played");
        return EXIT_NOTHING;
    }
    make_lanes(&c);
    make_order(&c);
    play(&c);
    if (!*c.unreachable)
        judge(&c);
    else
        trace_as_say("cannot connect to %s: %s", address_print(&p->options->to, to), c.unreachable);
    snprintf(p->summary, sizeof p->summary, "%u of %u recorded requests sent over %u lane%s",
             c.done, all->count, c.lane_count, c.lane_count == 1 ? "" : "s");
    release(&c);
    return *c.unreachable ? EXIT_IO : 0;
}
