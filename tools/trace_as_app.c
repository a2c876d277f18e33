/* tools/trace_as_app.c -- answers a live daemon as the recorded application did; see messages/trace_match.h
 *
 * A connection is HTTP if it begins so, and raw if not, or if a recorded raw one began with the same bytes. One on
 * which nothing comes for a moment is the next raw one, if the recorded application spoke first on that; one on which
 * less than a line comes is raw. Raw connections are matched by what is said first on them, and those that are alike,
 * or silent, by their order.
 */
#include "messages/http1_detect.h"
#include "messages/trace_clients.h"
#include "messages/trace_followers.h"
#include "messages/trace_match.h"
#include "messages/trace_order.h"
#include "messages/trace_walk.h"
#include "actors/exit_codes.h"
#include "tools/trace_as.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An HTTP connection has been opened for a request that follows at once. */
enum { SILENCE_US = 100000 };

enum app_mode { MODE_DETECT, MODE_HTTP, MODE_RAW };

struct app_connection {
    struct app_play *app;
    struct loop_socket *socket; /* NULL: it is gone */
    enum app_mode mode;
    struct http1_detect detect;
    struct wire_buffer in;   /* not looked at yet */
    size_t taken;            /* ... but for these */
    struct wire_buffer tail; /* of what is no HTTP */
    struct trace_http_reader reader;
    struct trace_http request;
    bool reading; /* a request is under way */
    bool playing; /* an answer is */
    unsigned index;
    struct trace_walk walk;
    bool ended; /* the daemon has finished sending */
    uint64_t active_us;
};

struct app_play {
    struct trace_play *play;
    struct trace_match *match;
    struct trace_turn *turns; /* by transaction */
    struct app_connection **connections;
    unsigned count, accepted;
    uint64_t events, active_us;
};

static const struct trace_transaction *transaction_of(const struct app_connection *c)
{
    return &c->app->play->transactions->list[c->index];
}

static void find(struct app_connection *c, enum finding_class class, const char *text)
{
    trace_as_find(c->app->play, transaction_of(c), class, text);
}

/* What has come of a request, which may be none that is recorded. */
static struct trace_about_what about_request(const struct app_connection *c)
{
    return (struct trace_about_what){.method = c->request.method, .target = c->request.target};
}

static void hang_up(struct app_connection *c)
{
    if (c->socket)
        loop_close(c->socket);
    c->socket = NULL;
}

/* ---- an answer ---- */

static void begin_answer(struct app_connection *c)
{
    struct app_play *a = c->app;
    uint64_t now_us = a->play->loop.now_us;
    c->playing = true;
    a->turns[c->index].live_began = ++a->events;
    trace_walk_begin(&c->walk, transaction_of(c), SIDE_FAR, a->play->options->speed, now_us);
    c->active_us = now_us;
}

static void end_answer(struct app_connection *c)
{
    c->playing = false;
    c->app->turns[c->index].live_ended = ++c->app->events;
}

/* The request of an answer that began early has come to its end, or did not. */
static void check_body(struct app_connection *c)
{
    const struct trace_http *expected = &transaction_of(c)->request;
    struct wire_buffer text = {0};
    bool same = expected->body.length == c->request.body.length &&
                (!c->request.body.length ||
                 !memcmp(expected->body.at, c->request.body.at, c->request.body.length));
    if (same || !expected->ended || !c->request.ended)
        return;
    trace_bytes_difference(&text, "body of the request", expected->body.at, expected->body.length,
                           c->request.body.at, c->request.body.length);
    trace_put(&text, "", 1);
    find(c, FINDING_DIFFERENT, (const char *)text.at);
    wire_buffer_release(&text);
}

static void finish_answer(struct app_connection *c)
{
    const struct trace_transaction *t = transaction_of(c);
    bool tail = t->raw || t->upgraded;
    end_answer(c);
    if (!tail || trace_as_tail_is_same(c->app->play, t, SIDE_NEAR, &c->tail))
        c->app->play->findings.matched++;
    if (!t->answer.ended && !tail && c->socket && !t->ends[SIDE_FAR]) {
        find(c, FINDING_NOTE, "the recorded proxy went away before the answer was whole");
        hang_up(c);
    }
}

static void refuse(struct app_connection *c, enum trace_matched how, const char *why)
{
    char text[700], head[200];
    bool is_head = c->request.method && strcmp(c->request.method, "HEAD") == 0;
    struct trace_about_what about = about_request(c);
    trace_findings_add(&c->app->play->findings,
                       how == MATCHED_USED_UP ? FINDING_EXTRA : FINDING_UNMATCHED, &about, "%s",
                       why);
    int n = snprintf(text, sizeof text, "intproxy-trace: %.32s %.400s: %s\n", about.method,
                     about.target, why);
    snprintf(head, sizeof head,
             "HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/plain\r\ncontent-length: %d\r\n\r\n",
             n < (int)sizeof text ? n : (int)sizeof text - 1);
    loop_write(c->socket, head, strlen(head));
    if (!is_head)
        loop_write(c->socket, text, strlen(text));
}

/* ---- requests ---- */

static void match(struct app_connection *c)
{
    struct wire_buffer why = {0};
    enum trace_matched how = trace_match_request(c->app->match, &c->request, &c->index, &why);
    trace_put(&why, "", 1);
    if (how == MATCHED)
        begin_answer(c);
    else if (how == MATCHED_AGAIN)
        hang_up(c);
    else
        refuse(c, how, (const char *)why.at);
    wire_buffer_release(&why);
}

static void begin_reading(struct app_connection *c)
{
    trace_http_release(&c->request);
    trace_http_read(&c->reader, &c->request, HTTP1_REQUESTS, HTTP1_ASKED_OTHER);
    c->reading = true;
}

static void not_http(struct app_connection *c)
{
    struct trace_about_what about = about_request(c);
    trace_findings_add(&c->app->play->findings, FINDING_UNMATCHED, &about,
                       "a request that is no HTTP/1: %s", c->reader.error);
    hang_up(c);
}

/* More of the request; false: there is nothing more to be done with what has come. */
static bool read_request(struct app_connection *c)
{
    if (c->taken == c->in.length || (c->playing && !c->reading))
        return false;
    if (!c->reading)
        begin_reading(c);
    c->taken += trace_http_feed(&c->reader, c->in.at + c->taken, c->in.length - c->taken);
    if (c->reader.error) {
        not_http(c);
        return false;
    }
    if (c->request.has_head && !c->playing && !c->request.ended &&
        trace_match_early(c->app->match, &c->request, &c->index))
        begin_answer(c);
    if (!c->request.ended)
        return false;
    c->reading = false;
    if (c->playing)
        check_body(c);
    else
        match(c);
    return true;
}

static void take_tail(struct app_connection *c)
{
    trace_put(&c->tail, c->in.at + c->taken, c->in.length - c->taken);
    c->taken = c->in.length;
}

static bool is_tail(const struct app_connection *c)
{
    return c->mode == MODE_RAW || (c->playing && !c->reading && transaction_of(c)->upgraded);
}

static void begin_raw(struct app_connection *c)
{
    c->mode = MODE_RAW;
    if (trace_match_raw(c->app->match, c->in.at, c->in.length, &c->index)) {
        begin_answer(c);
        return;
    }
    trace_findings_add(&c->app->play->findings,
                       c->app->play->transactions->count ? FINDING_EXTRA : FINDING_UNMATCHED, NULL,
                       "a raw connection, and no other one is recorded");
    hang_up(c);
}

/* A request; or one that an old agent has passed on as bytes. */
static void begin_http(struct app_connection *c)
{
    c->mode = MODE_HTTP;
    if (!trace_match_raw_like(c->app->match, c->in.at, c->in.length, &c->index))
        return;
    c->mode = MODE_RAW;
    begin_answer(c);
}

static void detect(struct app_connection *c)
{
    bool speaks_first;
    size_t begin = c->taken;
    switch (http1_detect(&c->detect, c->in.at + begin, c->in.length - begin)) {
    case HTTP1_DETECT_HTTP: begin_http(c); break;
    case HTTP1_DETECT_OTHER:
        if (trace_match_raw_left(c->app->match, &speaks_first))
            begin_raw(c);
        else
            c->mode = MODE_HTTP; /* which says what is wrong with it */
        break;
    default: c->taken = c->in.length; return;
    }
    c->taken = 0;
}

static void look(struct app_connection *c)
{
    if (c->mode == MODE_DETECT)
        detect(c);
    if (c->mode == MODE_DETECT)
        return;
    while (c->socket && c->mode == MODE_HTTP && !is_tail(c) && read_request(c))
        ;
    if (is_tail(c))
        take_tail(c);
    memmove(c->in.at, c->in.at + c->taken, c->in.length - c->taken);
    c->in.length -= c->taken;
    c->taken = 0;
}

/* No whole line has come, and no more comes: it is raw. If nothing has come at all, the application spoke first on the
 * raw connection that is next. */
static bool may_be_raw(const struct app_connection *c)
{
    bool speaks_first;
    return c->mode == MODE_DETECT && c->socket &&
           trace_match_raw_left(c->app->match, &speaks_first) && (c->in.length || speaks_first);
}

static void take_for_raw(struct app_connection *c)
{
    c->taken = 0;
    begin_raw(c);
    if (c->in.length)
        look(c);
}

/* ---- sockets ---- */

static void on_accepted(struct loop_socket *s)
{
    struct app_play *a = s->owner;
    struct app_connection *c = calloc(1, sizeof *c);
    if (!c)
        heap_exhausted("a connection", sizeof *c);
    c->app = a;
    c->socket = s;
    s->owner = c;
    c->active_us = a->active_us = s->loop->now_us;
    a->connections = trace_grow(a->connections, a->count, sizeof *a->connections);
    a->connections[a->count++] = c;
    a->accepted++;
}

static void touch(struct app_connection *c)
{
    c->active_us = c->app->active_us = c->app->play->loop.now_us;
}

static void on_heard(struct loop_socket *s, const uint8_t *bytes, size_t length)
{
    struct app_connection *c = s->owner;
    touch(c);
    trace_put(&c->in, bytes, length);
    look(c);
}

/* As recorded, if that one was not whole either. */
static void broke_request(struct app_connection *c)
{
    struct trace_about_what about = about_request(c);
    if (c->request.has_head && trace_match_broken(c->app->match, &c->request, &c->index))
        c->app->play->findings.matched++;
    else
        trace_findings_add(&c->app->play->findings, FINDING_NOTE, &about,
                           "a request that is not whole: the connection ended");
}

static void broke(struct app_connection *c)
{
    const struct trace_transaction *t = c->playing ? transaction_of(c) : NULL;
    if (c->reading && !c->playing && c->reader.began)
        broke_request(c);
    if (t && !t->resets[SIDE_NEAR] && !t->ends[SIDE_NEAR] && c->walk.at < t->count) {
        find(c, FINDING_DIFFERENT, "the daemon ended the connection before the answer was whole");
        end_answer(c);
    } else if (t) {
        finish_answer(c);
    }
}

static void on_ended(struct loop_socket *s)
{
    struct app_connection *c = s->owner;
    touch(c);
    c->ended = true;
    if (c->in.length && may_be_raw(c))
        take_for_raw(c);
    if (c->mode == MODE_RAW || (c->playing && transaction_of(c)->upgraded))
        return;
    if (c->playing || c->reading)
        broke(c);
    hang_up(c);
}

static void on_failed(struct loop_socket *s, int error)
{
    struct app_connection *c = s->owner;
    (void)error;
    c->socket = NULL;
    c->ended = true;
    if (c->playing || c->reading)
        broke(c);
}

static const struct loop_handlers handlers = {
    .accepted = on_accepted, .heard = on_heard, .ended = on_ended, .failed = on_failed};

/* ---- time ---- */

static void stalled(struct app_connection *c)
{
    find(c, FINDING_MISSING, "what the daemon was to say next did not come");
    end_answer(c);
    hang_up(c);
}

/* As much of the answer as is due. Returns when to look again. */
static uint64_t play_on(struct app_connection *c, uint64_t now_us)
{
    const uint8_t *bytes;
    size_t length;
    uint64_t due_us;
    while (c->playing && c->socket) {
        struct trace_walk_heard heard = {
            .http_ended = !c->reading, .tail = c->tail.length, .ended = c->ended};
        switch (trace_walk_next(&c->walk, &heard, now_us, &bytes, &length, &due_us)) {
        case WALK_SAY: loop_write(c->socket, bytes, length); break;
        case WALK_END: loop_shutdown(c->socket); break;
        case WALK_RESET:
            loop_reset(c->socket);
            c->socket = NULL;
            finish_answer(c);
            return UINT64_MAX;
        case WALK_WAIT:
            if (due_us != UINT64_MAX)
                return due_us;
            due_us = c->active_us + c->app->play->options->timeout_us;
            if (now_us < due_us)
                return due_us;
            stalled(c);
            return UINT64_MAX;
        case WALK_OVER:
            if (c->reading) /* the rest of the request of an early answer */
                return UINT64_MAX;
            finish_answer(c);
            touch(c);
            look(c);
            break;
        }
        touch(c);
    }
    return UINT64_MAX;
}

static uint64_t wait_silent(struct app_connection *c, uint64_t now_us)
{
    uint64_t due_us = c->active_us + SILENCE_US;
    if (!may_be_raw(c))
        return UINT64_MAX;
    if (now_us < due_us)
        return due_us;
    take_for_raw(c);
    return now_us;
}

static void release(struct app_connection *c)
{
    wire_buffer_release(&c->in);
    wire_buffer_release(&c->tail);
    trace_http_reader_release(&c->reader);
    trace_http_release(&c->request);
    free(c);
}

/* All connections; returns when to look again. */
static uint64_t step(struct app_play *a, bool *busy)
{
    uint64_t due_us = UINT64_MAX, now_us = a->play->loop.now_us;
    unsigned kept = 0;
    *busy = false;
    for (unsigned i = 0; i < a->count; i++) {
        struct app_connection *c = a->connections[i];
        uint64_t silent = wait_silent(c, now_us), next = play_on(c, now_us);
        next = silent < next ? silent : next;
        due_us = next < due_us ? next : due_us;
        *busy |= c->playing || (c->reading && c->socket);
        if (c->socket || c->playing)
            a->connections[kept++] = c;
        else
            release(c);
    }
    a->count = kept;
    return due_us;
}

/* When it is over if nothing happens until then. */
static uint64_t patience(const struct app_play *a)
{
    const struct trace_as *o = a->play->options;
    if (!a->accepted)
        return a->active_us + o->first_us;
    return a->active_us + (trace_match_left(a->match) ? o->timeout_us : o->settle_us);
}

static void play(struct app_play *a)
{
    struct loop *l = &a->play->loop;
    bool busy;
    a->active_us = l->now_us = loop_clock_us();
    while (!loop_interrupted()) {
        uint64_t due_us = step(a, &busy), until = patience(a);
        if (!busy && l->now_us >= until)
            break;
        loop_wait(l, !busy && until < due_us ? until : due_us);
    }
}

/* ---- judging ---- */

/* 0: it followed nothing for certain. What was mirrored did not wait for the answers of this application: its client
 * had them of another one. */
static uint32_t client_of(const struct app_play *a, const struct trace_clients *clients,
                          const struct trace_transaction *t)
{
    const struct trace_exchange *x = trace_exchange_of_number(a->play->exchanges, t->exchange);
    if (!x || !x->has_ids || x->mode == WIRE_MIRROR || t->left_out)
        return 0;
    return trace_client_of(clients, x->mode, x->connection, x->request, t->began_ns);
}

/* By transaction: the one of its client that it came before, and had followed; malloc's. */
static unsigned *followed(const struct app_play *a)
{
    const struct trace_transactions *all = a->play->transactions;
    struct trace_clients *clients = trace_clients_new(trace_streams_first(a->play->streams));
    struct trace_follower *who = calloc(all->count, sizeof *who);
    unsigned *out = calloc(all->count, sizeof *out);
    if (!who || !out)
        heap_exhausted("a report", all->count * sizeof *who);
    for (unsigned i = 0; i < all->count; i++)
        who[i] = (struct trace_follower){client_of(a, clients, &all->list[i]),
                                         trace_match_alike(a->match, i)};
    trace_followers_judge(a->turns, who, all->count, out);
    trace_clients_free(clients);
    free(who);
    return out;
}

static void find_turned(struct app_play *a, unsigned index, enum finding_class class,
                        unsigned other, const char *how)
{
    const struct trace_transaction *list = a->play->transactions->list;
    struct trace_about_what about = trace_as_about(&list[index]),
                            first = trace_as_about(&list[other]);
    char text[ABOUT_TEXT_MAX];
    trace_findings_add(&a->play->findings, class, &about, "came before %s%s",
                       trace_about_text(&first, text), how);
}

/* Only what followed on its client's connection must do so again. */
static void judge_order(struct app_play *a)
{
    bool strict = a->play->options->strict;
    unsigned count = a->play->transactions->count, *other = followed(a);
    struct trace_order *order = trace_as_order(a->turns, count);
    for (unsigned i = 0; i < count; i++) {
        if (other[i] != i)
            find_turned(a, i, FINDING_REORDERED, other[i],
                        " was answered, which it followed on its client's connection");
        else if (order[i].how == TURNED_REORDERED)
            find_turned(a, i, strict ? FINDING_REORDERED : FINDING_OVERTAKEN, order[i].other,
                        " was answered, which it followed in the recording");
        else if (order[i].how == TURNED_OVERTAKEN)
            find_turned(a, i, FINDING_OVERTAKEN, order[i].other,
                        ", which ran beside it in the recording");
    }
    free(order);
    free(other);
}

static void judge(struct app_play *a)
{
    const struct trace_transactions *all = a->play->transactions;
    for (unsigned i = 0; i < all->count; i++)
        if (!all->list[i].left_out && !trace_match_is_used(a->match, i))
            trace_as_find(a->play, &all->list[i], FINDING_MISSING,
                          all->list[i].raw ? "this connection did not come"
                                           : "this request did not come");
    judge_order(a);
}

int trace_as_app(struct trace_play *p)
{
    struct app_play a = {.play = p};
    const struct trace_transactions *all = p->transactions;
    if (all->count == all->left_out) {
        trace_as_say("there is no request to an application in this trace that can be played");
        return EXIT_NOTHING;
    }
    a.match = trace_match_new(all, p->options->counted);
    a.turns = trace_as_turns(all);
    bool begun = trace_as_listen(p, &handlers, &a, "the application");
    if (begun) {
        play(&a);
        judge(&a);
    }
    snprintf(p->summary, sizeof p->summary,
             "%u recorded request%s and connection%s; %u connection%s came", all->count,
             all->count == 1 ? "" : "s", all->count == 1 ? "" : "s", a.accepted,
             a.accepted == 1 ? "" : "s");
    while (a.count)
        release(a.connections[--a.count]);
    free(a.connections);
    free(a.turns);
    trace_match_free(a.match);
    return begun ? 0 : EXIT_IO;
}
