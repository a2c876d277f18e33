/* runtime/replay.c -- each recorded actor alone again, its effects beside the recorded ones; see replay.h */
#include "runtime/recording.h"
#include "runtime/worker.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The heap of the replay: the last one, which a runtime of fewer than all workers leaves free. */
enum { REPLAY_HEAP = WORKERS_MAX - 1 };

struct replay {
    struct worker *worker; /* isolated, made anew for each actor */
    struct hooks hooks;
    struct heap *heap;
    const struct saved_actor *recorded;
    const struct saved_call *call; /* that is being replayed */
    struct saved_actor again;      /* what comes of it: its last call is this one */
    uint32_t spawns;               /* in this call */
    bool reaped;
    struct saved_out report;
};

/* ---- hooks of the isolated worker ---- */

static void on_input(void *context, const struct actor *a, const struct message *m, uint64_t now)
{
    (void)context, (void)a, (void)m, (void)now; /* we gave it ourselves */
}

static void on_effect(void *context, const struct actor *a, const struct effect *e)
{
    struct replay *r = context;
    (void)a;
    (void)saved_effect_add(r->again.last, e);
}

/* The n-th spawn of a call gets the ref that the n-th one got then. One more than there were gets a ref
 * that nobody ever had, and shows as a divergence. */
static struct actor_ref on_spawned(void *context, const struct actor *a)
{
    struct replay *r = context;
    uint32_t n = r->spawns++;
    for (const struct saved_effect *s = r->call->first; s; s = s->next)
        if (s->effect.kind == EFFECT_SPAWN && n-- == 0)
            return s->effect.ref;
    return (struct actor_ref){a->ref.place, UINT32_MAX};
}

static void on_reaped(void *context, const struct actor *a)
{
    (void)a;
    ((struct replay *)context)->reaped = true;
}

/* ---- one actor ---- */

static void worker_begin(struct replay *r, const struct saved_actor *s)
{
    struct worker *w = r->worker;
    worker_create(w, NULL, ref_worker(s->ref), NULL);
    w->hooks = &r->hooks;
    w->heap = r->heap;
    w->isolated = true;
    w->slots_room = w->slots_count = ref_slot(s->ref) + 1;
    w->slots = calloc(w->slots_room, sizeof *w->slots);
    if (!w->slots)
        heap_exhausted("a replay", w->slots_room * sizeof *w->slots);
}

/* Without a first message: that is the first recorded input. */
static struct actor *settle(struct replay *r, const struct saved_actor *s)
{
    struct worker *w = r->worker;
    struct actor *a = heap_alloc(s->type->state_bytes);
    memset(a, 0, s->type->state_bytes);
    a->ref = s->ref;
    a->type = s->type;
    a->worker = w;
    a->exchange = s->exchange;
    w->slots[ref_slot(s->ref)].actor = a;
    w->slots[ref_slot(s->ref)].generation = s->ref.generation;
    w->actors++;
    return a;
}

static void print_effect(struct replay *r, const char *label, const struct saved_effect *s)
{
    char text[1400] = "nothing more";
    if (s)
        saved_effect_print(s, text, sizeof text);
    saved_out_add(&r->report, "  %-9s %s\n", label, text);
}

static void print_input(struct replay *r, const char *label, const struct saved_call *c)
{
    char text[1024] = "nothing";
    if (c)
        message_print(c->input, text, sizeof text);
    saved_out_add(&r->report, "  %-9s %s\n", label, text);
}

static void print_difference(struct replay *r, const struct effect *a, const struct effect *b)
{
    size_t i = 0;
    if (a->kind != EFFECT_WRITE || b->kind != EFFECT_WRITE)
        return;
    while (i < a->length && i < b->length && a->bytes[i] == b->bytes[i])
        i++;
    saved_out_add(&r->report, "  the first %zu bytes are the same\n", i);
}

static void diverged(struct replay *r, size_t input, const struct saved_call *before,
                     const struct saved_effect *expected, const struct saved_effect *came)
{
    const struct saved_actor *s = r->recorded;
    saved_out_add(
        &r->report, "%s/%u.%" PRIu32 " (generation %" PRIu32 ") diverged at input %zu of %zu:\n",
        s->type->name, ref_worker(s->ref), ref_slot(s->ref), s->ref.generation, input, s->inputs);
    print_effect(r, "expected", expected);
    print_effect(r, "came", came);
    if (expected && came)
        print_difference(r, &expected->effect, &came->effect);
    print_input(r, "input", r->call);
    print_input(r, "before", before);
}

/* Compares what came of the call with what was recorded. */
static bool is_same(struct replay *r, size_t input, const struct saved_call *before)
{
    const struct saved_effect *expected = r->call->first, *came = r->again.last->first;
    while (expected && came && saved_effect_equal(expected, came)) {
        expected = expected->next;
        came = came->next;
    }
    if (expected || came) {
        diverged(r, input, before, expected, came);
        return false;
    }
    return true;
}

static void give(struct replay *r, struct actor *a, const struct saved_call *c)
{
    r->call = c;
    r->spawns = 0;
    saved_calls_free(&r->again);
    (void)saved_call_add(&r->again, c->input, c->now_us);
    r->worker->now_us = c->now_us;
    struct message *m = saved_message_again(c->input);
    uint32_t exchange = m->exchange;
    worker_event(r->worker, a, m);
    m->exchange = exchange;
    m->to = c->input->to;
    worker_turn(r->worker);
}

/* The end of an actor that was killed, or ended with the program: on_stop, at the time it was. */
static void end(struct replay *r, struct actor *a)
{
    r->worker->now_us = r->recorded->end_us;
    a->stop_reason = r->recorded->stop_reason;
    worker_reap(r->worker, a);
}

/* All inputs, in order. False at the first divergence. */
static bool replay_inputs(struct replay *r, struct actor *a)
{
    const struct saved_call *before = NULL;
    size_t input = 1;
    for (const struct saved_call *c = r->recorded->first; c; before = c, c = c->next, input++) {
        bool is_last = c->next == NULL;
        give(r, a, c);
        if (is_last && r->recorded->reaped && !r->reaped)
            end(r, a);
        if (!is_same(r, input, before))
            return false;
        assert(!r->reaped || is_last); /* nobody hears anything after its stop */
    }
    return true;
}

static bool replay_actor(struct replay *r, const struct saved_actor *s)
{
    uint64_t live = heap_live(r->heap);
    r->recorded = s;
    r->again = (struct saved_actor){.ref = s->ref, .type = s->type};
    r->reaped = false;
    worker_begin(r, s);
    struct actor *a = settle(r, s);
    bool same = replay_inputs(r, a);
    if (!r->reaped)
        worker_reap(r->worker, a);
    worker_destroy(r->worker);
    saved_calls_free(&r->again);
    if (same && heap_live(r->heap) != live) {
        saved_out_add(&r->report, "%s/%u.%" PRIu32 " keeps %" PRIu64 " objects after its end\n",
                      s->type->name, ref_worker(s->ref), ref_slot(s->ref),
                      heap_live(r->heap) - live);
        return false;
    }
    return same;
}

size_t replay_all(struct recording *recording, char *report, size_t room)
{
    _Alignas(64) struct worker worker;
    struct replay r = {.worker = &worker,
                       .hooks = {.input = on_input,
                                 .effect = on_effect,
                                 .spawned = on_spawned,
                                 .reaped = on_reaped,
                                 .context = &r},
                       .report = {report, 0, room}};
    size_t divergences = 0;
    if (room)
        report[0] = '\0';
    r.heap = heap_new(REPLAY_HEAP, NULL, NULL);
    struct heap *before = heap_enter(r.heap);
    for (unsigned i = 0; i < WORKERS_MAX; i++)
        for (const struct saved_actor *s = recording->parts[i].first; s; s = s->next)
            if (s->first && !replay_actor(&r, s))
                divergences++;
    heap_delete(r.heap);
    heap_enter(before);
    return divergences;
}
