/* messages/trace_gather.c -- the list of exchanges, and records on their way to it; see trace_gather.h */
#include "messages/trace_gather_state.h"
#include <stdlib.h>

void *gather_must(void *p)
{
    if (!p)
        heap_exhausted("the exchanges of a trace", 0);
    return p;
}

/* ---- exchanges ---- */

static void release(struct trace_out *out)
{
    free(out->bytes);
}

static void body_release(struct gathered_body *b)
{
    release(&b->data);
    release(&b->trailers);
}

void gathered_free(struct gathered *x)
{
    release(&x->request_head);
    release(&x->response_head);
    body_release(&x->request);
    body_release(&x->response);
    body_release(&x->to_application);
    body_release(&x->from_application);
    free(x->failure);
    free(x);
}

bool gathered_is_whole(const struct gathered *x)
{
    return x->has_request && x->has_response && x->request.ended && x->response.ended && !x->gap;
}

static uint64_t bytes_of(const struct gathered *x)
{
    return sizeof *x + x->request.data.room + x->response.data.room + x->to_application.data.room +
           x->from_application.data.room;
}

struct gathered *gather_find(struct trace_gather *g, uint32_t number)
{
    struct gathered *x;
    HASH_FIND(hh, g->by_number, &number, sizeof number, x);
    return x;
}

struct gathered *gather_add(struct trace_gather *g, uint32_t number, uint64_t began)
{
    struct gathered *x = gather_must(calloc(1, sizeof *x));
    x->number = number;
    x->times.began = began;
    x->older = g->newest;
    if (g->newest)
        g->newest->newer = x;
    else
        g->oldest = x;
    g->newest = x;
    HASH_ADD(hh, g->by_number, number, sizeof x->number, x);
    return x;
}

static void take_out(struct trace_gather *g, struct gathered *x)
{
    if (x->older)
        x->older->newer = x->newer;
    else
        g->oldest = x->newer;
    if (x->newer)
        x->newer->older = x->older;
    else
        g->newest = x->older;
    if (x->finished)
        g->waiting -= bytes_of(x);
    else
        HASH_DEL(g->by_number, x);
    x->older = x->newer = NULL;
}

/* Nothing more comes about it. */
void gather_finish(struct trace_gather *g, struct gathered *x)
{
    if (x->finished)
        return;
    HASH_DEL(g->by_number, x);
    x->finished = true;
    g->waiting += bytes_of(x);
}

/* It has ended, and what it said last has arrived. */
void gather_finish_if_over(struct trace_gather *g, struct gathered *x)
{
    if (x->over && (x->has_response || x->raw || x->answers_heard >= x->answers_sent))
        gather_finish(g, x);
}

struct gathered *trace_gather_next(struct trace_gather *g)
{
    struct gathered *x = g->oldest;
    if (x && !x->finished && !g->at_end) {
        if (g->waiting <= GATHER_WAIT_BYTES)
            return NULL;
        while (x && !x->finished)
            x = x->newer;
    }
    if (x)
        take_out(g, x);
    return x;
}

static void count_answers(struct gathered *x, const struct trace_reader *reader,
                          const struct trace_record *r)
{
    struct trace_effect e;
    size_t at = 0;
    while (trace_effect_next(reader, r, &at, &e))
        if (e.kind == EFFECT_SEND && e.message && e.message->ours == MSG_ANSWER)
            x->answers_sent++;
}

/* ---- records ---- */

/* An actor's messages have numbers, and its end has the last one's. Before the first there is no telling. */
static void look_for_gap(struct gathered *x, const struct trace_record *r)
{
    uint32_t next = x->last + (r->what == TRACE_CALL);
    x->gap |= x->last && r->number > next;
    x->last = r->number;
}

static void take_interceptor(struct trace_gather *g, const struct trace_reader *reader,
                             const struct trace_record *r, uint32_t number)
{
    struct gathered *x = gather_find(g, number);
    if (!x && r->what == TRACE_END)
        return;
    if (!x)
        x = gather_add(g, number, r->ended_ns - r->took_ns);
    x->times.ended = r->ended_ns;
    look_for_gap(x, r);
    if (r->what == TRACE_CALL)
        gathered_take_message(x, r);
    count_answers(x, reader, r);
    if (r->what == TRACE_END) {
        x->over = true;
        gather_finish_if_over(g, x);
    }
}

void trace_gather_take(struct trace_gather *g, const struct trace_reader *reader,
                       const struct trace_record *r)
{
    uint32_t number = trace_record_exchange(r);
    if (g->at == GATHER_REMOTE) {
        gather_take_remote(g, r);
        return;
    }
    if (r->what == TRACE_LAGGED || r->what == TRACE_NOTE)
        return;
    if (gather_is_type(r, "local_connection") && r->what != TRACE_UNDELIVERED)
        gather_take_local(g, reader, r);
    else if (gather_is_type(r, "interceptor") && number && r->what != TRACE_UNDELIVERED)
        take_interceptor(g, reader, r, number);
    else if (number && r->kind && r->kind->ours == MSG_ANSWER)
        gather_take_answer(g, r, number);
}

/* ---- begin and end ---- */

void trace_gather_end(struct trace_gather *g)
{
    g->at_end = true;
}

struct trace_gather *trace_gather_new(enum gather_at at)
{
    struct trace_gather *g = gather_must(calloc(1, sizeof *g));
    g->at = at;
    return g;
}

void trace_gather_free(struct trace_gather *g)
{
    struct gathered *x;
    trace_gather_end(g);
    while ((x = trace_gather_next(g)))
        gathered_free(x);
    gather_forget_locals(g);
    gather_forget_remotes(g);
    free(g);
}
