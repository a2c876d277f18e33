/* messages/trace_transactions.c -- see trace_transactions.h */
#include "messages/trace_transactions.h"
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

static const char bytes_left_out[] =
    "its bytes were left out when it was recorded (--trace-bodies)";

static void set_left_out(struct trace_transaction *t, const char *why)
{
    if (!t->left_out)
        t->left_out = why;
}

/* ---- one transaction: what was said, and when ---- */

static void take_bytes(struct trace_transaction *t, const struct trace_piece *p)
{
    if (!t->length[p->side])
        t->offset[p->side] = p->offset;
    t->length[p->side] += p->kept;
    t->cut[p->side] |= p->kept < p->length;
    if (p->side == SIDE_NEAR) {
        if (!t->began_ns)
            t->began_ns = p->at_ns;
        return;
    }
    if (!t->answered_ns)
        t->answered_ns = p->at_ns;
    t->ended_ns = p->at_ns;
}

/* A connection that ends while nobody waits for anything: no part of the exchange. */
static bool is_idle(const struct trace_transaction *t)
{
    return !t->raw && t->answer.ended && !t->upgraded;
}

static void take_piece(struct trace_transaction *t, const struct trace_piece *p)
{
    if (p->missing)
        set_left_out(t, "records of it are missing in the trace");
    if (p->what == PIECE_BYTES)
        take_bytes(t, p);
    if ((p->what != PIECE_END && p->what != PIECE_RESET) || is_idle(t))
        return;
    t->ended_ns = p->at_ns;
    if (p->what == PIECE_END)
        t->ends[p->side] = true;
    else
        t->resets[p->side] = true;
}

/* ---- as HTTP ---- */

struct reading {
    struct trace_http_reader near, far;
};

static void read_request(struct trace_transaction *t, struct reading *r,
                         const struct trace_piece *p)
{
    bool was = t->request.ended;
    if (was || r->near.error)
        return;
    t->http[SIDE_NEAR] += trace_http_feed(&r->near, trace_piece_bytes(t->stream, p), p->kept);
    t->asked_ns = p->at_ns;
}

static void read_answer(struct trace_transaction *t, struct reading *r, const struct trace_piece *p)
{
    if (!r->far.into)
        trace_http_read(&r->far, &t->answer, HTTP1_RESPONSES, trace_http_asked(t->request.method));
    t->early |= !t->request.ended;
    if (t->answer.ended || r->far.error)
        return;
    t->http[SIDE_FAR] += trace_http_feed(&r->far, trace_piece_bytes(t->stream, p), p->kept);
    t->upgraded = r->far.upgrade;
}

static void read_piece(struct trace_transaction *t, struct reading *r, const struct trace_piece *p)
{
    if (p->what == PIECE_BYTES && !p->kept)
        return;
    if (p->what == PIECE_BYTES && p->side == SIDE_NEAR)
        read_request(t, r, p);
    else if (p->what == PIECE_BYTES)
        read_answer(t, r, p);
    else if (p->side == SIDE_FAR && p->what == PIECE_END && r->far.into)
        trace_http_eof(&r->far);
    else if (p->side == SIDE_FAR && !t->answer.ended)
        t->answer.broken = true;
    if (t->answer.ended && !t->whole_ns)
        t->whole_ns = p->at_ns;
}

/* `from` is the ASSIGN that it begins with. Returns the piece behind it. */
static unsigned read_one(struct trace_transaction *t, const struct trace_stream *s, unsigned from)
{
    struct reading r = {0};
    unsigned i = from;
    t->stream = s;
    t->first = from;
    if (s->pieces[from].what == PIECE_ASSIGN) {
        t->exchange = s->pieces[from].exchange;
        t->raw = s->pieces[from].raw;
        i++;
    } else {
        set_left_out(t, "its beginning is not in the trace");
    }
    if (!t->raw)
        trace_http_read(&r.near, &t->request, HTTP1_REQUESTS, HTTP1_ASKED_OTHER);
    for (; i < s->count && s->pieces[i].what != PIECE_ASSIGN; i++) {
        take_piece(t, &s->pieces[i]);
        if (!t->raw)
            read_piece(t, &r, &s->pieces[i]);
    }
    t->count = i - from;
    trace_http_reader_release(&r.near);
    trace_http_reader_release(&r.far);
    return i;
}

static bool is_something(const struct trace_transaction *t)
{
    return t->length[SIDE_NEAR] || t->length[SIDE_FAR] || t->left_out;
}

static void judge(struct trace_transaction *t)
{
    if (!t->began_ns)
        t->began_ns = t->stream->pieces[t->first].at_ns;
    if (!t->asked_ns)
        t->asked_ns = t->began_ns;
    if (!t->ended_ns)
        t->ended_ns = t->asked_ns;
    if (t->cut[SIDE_NEAR] || t->cut[SIDE_FAR])
        set_left_out(t, bytes_left_out);
    if (!t->raw && !t->request.has_head)
        set_left_out(t, "its request is not whole in the trace");
}

/* ---- what was left out ---- */

bool trace_transaction_lacks_answer(const struct trace_transaction *t)
{
    return t->left_out == bytes_left_out && !t->cut[SIDE_NEAR] && !t->raw && !t->upgraded &&
           t->request.ended;
}

/* Where the answer ended could not be seen: behind its last bytes the connection was idle. */
static void end_with_bytes(struct trace_transaction *t)
{
    const struct trace_piece *pieces = &t->stream->pieces[t->first];
    for (unsigned i = 0; i < t->count; i++)
        if (pieces[i].what == PIECE_BYTES && pieces[i].side == SIDE_FAR)
            t->ended_ns = t->whole_ns = pieces[i].at_ns;
    for (unsigned side = 0; side < SIDES; side++)
        t->ends[side] = t->resets[side] = false;
}

void trace_transaction_answer(struct trace_transaction *t, const struct trace_http *answer,
                              const struct trace_http_part *parts, unsigned count)
{
    trace_http_release(&t->answer);
    t->answer = (struct trace_http){.has_head = true,
                                    .ended = true,
                                    .status = answer->status,
                                    .version = answer->version,
                                    .parts = parts,
                                    .part_count = count};
    trace_put(&t->answer.fields, answer->fields.at, answer->fields.length);
    t->left_out = NULL;
    end_with_bytes(t);
}

/* ---- all ---- */

static void release(struct trace_transaction *t)
{
    trace_http_release(&t->request);
    trace_http_release(&t->answer);
}

/* The readers point into the transaction: it is made in place, in a list that does not grow meanwhile. */
static void read_stream(struct trace_transactions *all, const struct trace_stream *s)
{
    unsigned at = 0;
    while (at < s->count) {
        all->list = trace_grow(all->list, all->count, sizeof *all->list);
        struct trace_transaction *t = &all->list[all->count];
        *t = (struct trace_transaction){.lane = all->lanes};
        at = read_one(t, s, at);
        judge(t);
        if (!is_something(t)) {
            release(t);
            *t = (struct trace_transaction){0};
            continue;
        }
        all->left_out += t->left_out != NULL;
        all->count++;
    }
    all->lanes++;
}

static bool is_wanted(const struct trace_stream *s, const char *destination, bool by_agent)
{
    return s->kind == STREAM_LOCAL && s->by_agent == by_agent && s->count &&
           (!destination || strcmp(destination, s->destination) == 0);
}

static int by_begin(const void *a, const void *b)
{
    const struct trace_transaction *x = a, *y = b;
    if (x->began_ns != y->began_ns)
        return x->began_ns < y->began_ns ? -1 : 1;
    return x->lane != y->lane ? (x->lane < y->lane ? -1 : 1) : x->first < y->first ? -1 : 1;
}

/* ---- what was sent again ---- */

struct seen {
    uint32_t exchange;
    UT_hash_handle hh;
};

/* True: it was there already. */
static bool note_seen(struct seen **all, uint32_t exchange)
{
    struct seen *s;
    HASH_FIND(hh, *all, &exchange, sizeof exchange, s);
    if (s)
        return true;
    s = calloc(1, sizeof *s);
    if (!s)
        heap_exhausted("requests of a trace", sizeof *s);
    s->exchange = exchange;
    HASH_ADD(hh, *all, exchange, sizeof s->exchange, s);
    return false;
}

static void free_seen(struct seen *all)
{
    struct seen *s, *next;
    HASH_ITER(hh, all, s, next)
    {
        HASH_DEL(all, s);
        free(s);
    }
}

/* A connection ended without a byte of answer, and the request was sent again on another one (actors/resend.h): its
 * client asked once, and on which connection an application meets a request is chance. The last one counts. */
static void drop_sent_again(struct trace_transactions *all)
{
    struct seen *seen = NULL;
    unsigned kept = all->count;
    for (unsigned i = all->count; i-- > 0;) {
        struct trace_transaction *t = &all->list[i];
        if (t->exchange && note_seen(&seen, t->exchange) && !t->raw && !t->length[SIDE_FAR]) {
            all->left_out -= t->left_out != NULL;
            release(t);
        } else {
            all->list[--kept] = *t;
        }
    }
    memmove(all->list, all->list + kept, (all->count - kept) * sizeof *all->list);
    all->count -= kept;
    free_seen(seen);
}

struct trace_transactions *trace_transactions_new(const struct trace_stream *first,
                                                  const char *destination)
{
    struct trace_transactions *all = calloc(1, sizeof *all);
    bool by_agent = true;
    if (!all)
        heap_exhausted("requests of a trace", sizeof *all);
    for (const struct trace_stream *s = first; s; s = s->next)
        if (is_wanted(s, destination, false))
            by_agent = false;
    for (const struct trace_stream *s = first; s; s = s->next)
        if (is_wanted(s, destination, by_agent))
            read_stream(all, s);
    if (all->count) {
        qsort(all->list, all->count, sizeof *all->list, by_begin);
        drop_sent_again(all);
    }
    return all;
}

void trace_transactions_free(struct trace_transactions *t)
{
    for (unsigned i = 0; i < t->count; i++)
        release(&t->list[i]);
    free(t->list);
    free(t);
}
