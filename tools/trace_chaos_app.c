/* tools/trace_chaos_app.c -- the recorded applications on a simulated network; see trace_chaos.h */
#include "actors/destinations.h"
#include "messages/http1_detect.h"
#include "messages/trace_walk.h"
#include "tools/trace_chaos.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum app_mode { APP_DETECT, APP_HTTP, APP_RAW };

struct chaos_app {
    struct chaos_app *older;
    struct sim_peer *peer; /* NULL: it is closed */
    enum app_mode mode;
    struct http1_detect detect;
    size_t looked; /* bytes that detect has seen */
    struct trace_http_reader reader;
    struct trace_http request;
    bool reading, playing;
    unsigned index;
    struct trace_walk walk;
    struct trace_walk_heard heard;
};

static void on_accepted(struct sim_peer *peer, void *context)
{
    struct chaos_apps *a = context;
    struct chaos_app *c = calloc(1, sizeof *c);
    if (!c)
        heap_exhausted("an application", sizeof *c);
    c->peer = peer;
    c->older = a->newest;
    a->newest = c;
}

/* From this one on, the next connection to this application, made or not. */
static const struct trace_stream *dial_to(const struct trace_stream *s, const char *destination)
{
    while (s && (s->kind != STREAM_LOCAL || s->by_agent || strcmp(s->destination, destination)))
        s = s->next;
    return s;
}

static bool was_there(const struct trace_stream *first, const char *destination)
{
    const struct trace_stream *s = dial_to(first, destination);
    while (s && !s->connected)
        s = dial_to(s->next, destination);
    return s;
}

void chaos_apps_say(const struct trace_stream *first)
{
    char text[ADDRESS_TEXT_MAX];
    unsigned refused = 0;
    for (uint16_t i = 0; i < destination_count(); i++) {
        address_print(destination(i), text);
        const struct trace_stream *s = was_there(first, text) ? dial_to(first, text) : NULL;
        for (; s; s = dial_to(s->next, text))
            refused += s->refused && !s->connected;
    }
    if (refused)
        fprintf(stderr,
                "intproxy-trace: %u connections to an application failed when it was recorded, "
                "which was there at another time; here none fails, so requests that got 502 for "
                "that are unmatched, and their answers different\n",
                refused);
}

/* Which request a connection will be for is not known when it is made, so one that was there at all takes each. */
void chaos_apps_listen(struct chaos_apps *a)
{
    char text[ADDRESS_TEXT_MAX];
    for (uint16_t i = 0; i < destination_count(); i++) {
        address_print(destination(i), text);
        sim_peer_listen(a->sim, text, on_accepted, a);
        if (dial_to(a->streams, text) && !was_there(a->streams, text))
            sim_route(a->sim, text, SIM_REFUSED, 0);
    }
}

static const struct trace_transaction *transaction_of(const struct chaos_apps *a,
                                                      const struct chaos_app *c)
{
    return &a->transactions->list[c->index];
}

static bool was_left(const struct trace_transaction *t)
{
    return !t->answer.ended && (t->resets[SIDE_NEAR] || t->ends[SIDE_NEAR]);
}

static bool goes_on(const struct trace_transaction *t, const struct trace_transaction *whole)
{
    const struct wire_buffer *some = &t->answer.body, *all = &whole->answer.body;
    return whole->answer.ended && t->answer.has_head && t->answer.status == whole->answer.status &&
           some->length <= all->length &&
           (!some->length || !memcmp(some->at, all->at, some->length));
}

/* Of requests that are alike nobody knows whose client will leave in the middle. If one did when this was recorded, it
 * may be another one now: all have the whole answer, or who stays would wait for it in vain. */
static unsigned whole_of(const struct chaos_apps *a, unsigned index)
{
    const struct trace_transaction *list = a->transactions->list;
    unsigned alike = trace_match_alike(a->match, index);
    for (unsigned i = alike; was_left(&list[index]) && i < a->transactions->count; i++)
        if (trace_match_alike(a->match, i) == alike && goes_on(&list[index], &list[i]))
            return i;
    return index;
}

static void begin_answer(struct chaos_apps *a, struct chaos_app *c)
{
    c->playing = true;
    c->index = whole_of(a, c->index);
    c->heard = (struct trace_walk_heard){0};
    trace_walk_begin(&c->walk, transaction_of(a, c), SIDE_FAR, 0, a->sim->now_us);
}

static void close_it(struct chaos_app *c)
{
    sim_peer_close(c->peer);
    c->peer = NULL;
}

static void refuse(struct chaos_apps *a, struct chaos_app *c, const char *why)
{
    struct trace_about_what about = {.method = c->request.method, .target = c->request.target};
    trace_findings_add(a->findings, FINDING_UNMATCHED, &about, "to the application: %s", why);
    close_it(c);
}

static void match(struct chaos_apps *a, struct chaos_app *c)
{
    struct wire_buffer why = {0};
    enum trace_matched how = trace_match_request(a->match, &c->request, &c->index, &why);
    if (how == MATCHED) {
        begin_answer(a, c);
        c->heard.http_ended = true;
    } else if (how == MATCHED_AGAIN) {
        close_it(c);
    } else {
        trace_put(&why, "", 1);
        refuse(a, c, (const char *)why.at);
    }
    wire_buffer_release(&why);
}

/* Bytes of a request. Returns how many were taken. */
static size_t read_request(struct chaos_apps *a, struct chaos_app *c, const uint8_t *bytes,
                           size_t length)
{
    if (!c->reading) {
        trace_http_release(&c->request);
        trace_http_read(&c->reader, &c->request, HTTP1_REQUESTS, HTTP1_ASKED_OTHER);
        c->reading = true;
    }
    size_t n = trace_http_feed(&c->reader, bytes, length);
    if (c->reader.error) {
        refuse(a, c, c->reader.error);
        return n;
    }
    if (c->request.has_head && !c->playing && !c->request.ended &&
        trace_match_early(a->match, &c->request, &c->index))
        begin_answer(a, c);
    if (!c->request.ended)
        return n;
    c->reading = false;
    if (c->playing)
        c->heard.http_ended = true;
    else
        match(a, c);
    return n;
}

static bool is_tail(const struct chaos_apps *a, const struct chaos_app *c)
{
    return c->mode == APP_RAW || (c->playing && !c->reading && transaction_of(a, c)->upgraded);
}

static void begin_raw(struct chaos_apps *a, struct chaos_app *c, const uint8_t *bytes,
                      size_t length)
{
    c->mode = APP_RAW;
    if (trace_match_raw(a->match, bytes, length, &c->index))
        begin_answer(a, c);
    else
        refuse(a, c, "a raw connection that was not recorded");
}

/* A request; or one that an old agent has passed on as bytes. */
static void begin_http(struct chaos_apps *a, struct chaos_app *c, const uint8_t *bytes,
                       size_t length)
{
    c->mode = APP_HTTP;
    if (!trace_match_raw_like(a->match, bytes, length, &c->index))
        return;
    c->mode = APP_RAW;
    begin_answer(a, c);
}

static void detect(struct chaos_apps *a, struct chaos_app *c, const uint8_t *bytes, size_t length)
{
    bool speaks_first;
    enum http1_detected found = http1_detect(&c->detect, bytes + c->looked, length - c->looked);
    c->looked = length;
    if (found == HTTP1_DETECT_HTTP)
        begin_http(a, c, bytes, length);
    else if (found == HTTP1_DETECT_OTHER && trace_match_raw_left(a->match, &speaks_first))
        begin_raw(a, c, bytes, length);
    else if (found == HTTP1_DETECT_OTHER)
        c->mode = APP_HTTP; /* which says what is wrong with it */
    else if (trace_match_raw_left(a->match, &speaks_first) && (length || speaks_first))
        /* all is quiet, and it has said nothing, or no whole line */
        begin_raw(a, c, bytes, length);
}

/* What has come. True: something of it was taken. */
static bool hear(struct chaos_apps *a, struct chaos_app *c)
{
    size_t length, taken = 0;
    const uint8_t *bytes = sim_peer_received(c->peer, &length);
    if (c->mode == APP_DETECT)
        detect(a, c, bytes, length);
    if (!c->peer || c->mode == APP_DETECT)
        return false;
    while (c->peer && taken < length && !is_tail(a, c) && (!c->playing || c->reading))
        taken += read_request(a, c, bytes + taken, length - taken);
    if (!c->peer)
        return true;
    if (is_tail(a, c)) {
        c->heard.tail += length - taken;
        taken = length;
    }
    sim_peer_drop(c->peer, taken);
    return taken > 0;
}

/* What is to be said now. True: something was. */
static bool say(struct chaos_apps *a, struct chaos_app *c)
{
    const uint8_t *bytes;
    size_t length;
    uint64_t due;
    bool said = false;
    while (c->peer && c->playing) {
        switch (trace_walk_next(&c->walk, &c->heard, a->sim->now_us, &bytes, &length, &due)) {
        case WALK_SAY: /* one piece: the daemon is to read them one by one, as it did */
            sim_peer_write(c->peer, bytes, length);
            return true;
        case WALK_END: sim_peer_shutdown(c->peer); break;
        case WALK_RESET:
            sim_peer_reset(c->peer);
            c->peer = NULL;
            break;
        case WALK_OVER: c->playing = false; break;
        case WALK_WAIT: return said;
        }
        said = true;
    }
    return said;
}

static bool act(struct chaos_apps *a, struct chaos_app *c)
{
    bool acted = hear(a, c);
    acted = say(a, c) || acted;
    if (!c->peer)
        return acted;
    bool over = sim_peer_error(c->peer) || (sim_peer_ended(c->peer) && !c->playing);
    if (sim_peer_ended(c->peer) && !c->heard.ended) {
        c->heard.ended = true;
        acted |= say(a, c);
    }
    if (c->peer && over)
        close_it(c);
    return acted;
}

bool chaos_apps_act(struct chaos_apps *a)
{
    bool acted = false;
    for (struct chaos_app *c = a->newest; c; c = c->older)
        if (c->peer)
            acted |= act(a, c);
    return acted;
}

void chaos_apps_free(struct chaos_apps *a)
{
    while (a->newest) {
        struct chaos_app *c = a->newest;
        a->newest = c->older;
        trace_http_release(&c->request);
        trace_http_reader_release(&c->reader);
        free(c);
    }
}
