/* runtime/replay.c -- actors made anew and called again; see replay.h
 *
 * Each worker of the recording has an isolated one here, so that every actor is where it was. An actor's
 * effects are collected while its handler runs, and held against the recorded ones behind it.
 */
#include "runtime/replay_parts.h"
#include <stdlib.h>
#include <string.h>

/* The heap of the replay: the last one, which a runtime of fewer than all workers leaves free. */
enum { REPLAY_HEAP = WORKERS_MAX - 1 };

/* ---- differences ---- */

enum replay_result replay_differs(struct replay *r, struct replayed *a,
                                  const struct replay_call *call)
{
    r->difference.actor = a->ref;
    r->difference.type = a->type;
    r->difference.sequence = call->sequence;
    r->difference.number = call->number;
    r->counts.differences++;
    a->left_out = true;
    return REPLAY_DIFFERS;
}

/* ---- hooks of the isolated workers ---- */

static void on_input(void *context, const struct actor *a, const struct message *m, uint64_t now)
{
    (void)context, (void)a, (void)m, (void)now; /* we gave it ourselves */
}

/* What was said waits for its receiver. */
static void say(struct replay *r, const struct effect *e)
{
    struct message *m = message_copy(e->message);
    m->from = r->current->ref;
    m->to = e->ref;
    said_put(&r->said, m);
}

static void keep_exchange(struct replayed *a, uint32_t exchange)
{
    if (a->exchange_count && a->exchanges[0] == exchange)
        return;
    memmove(a->exchanges + 1, a->exchanges, sizeof a->exchanges - sizeof a->exchanges[0]);
    a->exchanges[0] = exchange;
    a->exchange_count += a->exchange_count < EXCHANGES_KEPT;
}

static void on_effect(void *context, const struct actor *a, const struct effect *e)
{
    struct replay *r = context;
    keep_exchange(r->current,
                  a->exchange); /* a call may go through several, and events are of any of them */
    came_effects_add(r->into, e);
    owned_did(&r->current->owned, e, r->call->now_us);
    if (e->kind == EFFECT_MONITOR)
        ends_watch(&r->ends, r->current->ref, e->ref);
    else if (e->kind == EFFECT_DEMONITOR)
        ends_unwatch(&r->ends, r->current->ref, e->ref);
    if (e->message && !r->current->left_out)
        say(r, e);
}

/* The n-th spawn of a call gets the ref that the n-th one got then. One more than there were gets a ref
 * that nobody ever had, and shows as a difference. */
static struct actor_ref on_spawned(void *context, const struct actor *a)
{
    struct replay *r = context;
    size_t n = r->spawns++;
    for (size_t i = 0; i < r->call->effect_count; i++)
        if (r->call->effects[i].effect.kind == EFFECT_SPAWN && n-- == 0)
            return r->call->effects[i].effect.ref;
    return (struct actor_ref){a->ref.place, UINT32_MAX};
}

static void on_ending(void *context, const struct actor *a)
{
    struct replay *r = context;
    (void)a;
    r->into = &r->current->last_words;
}

static void on_reaped(void *context, const struct actor *a)
{
    (void)a;
    ((struct replay *)context)->current->actor = NULL;
}

/* ---- actors ---- */

struct replayed *replay_find(const struct replay *r, struct actor_ref ref)
{
    struct replayed *a;
    HASH_FIND(hh, r->actors, &ref, sizeof ref, a);
    return a;
}

static struct replayed *add(struct replay *r, struct actor_ref ref, const struct actor_type *type)
{
    struct replayed *a = calloc(1, sizeof *a);
    if (!a)
        heap_exhausted("a replay", sizeof *a);
    a->ref = ref;
    a->type = type;
    HASH_ADD(hh, r->actors, ref, sizeof a->ref, a);
    return a;
}

static struct worker *worker_of(struct replay *r, struct actor_ref ref)
{
    unsigned i = ref_worker(ref);
    struct worker *w = &r->workers[i];
    if (!r->begun[i]) {
        worker_create(w, NULL, i, NULL);
        w->hooks = &r->hooks;
        w->heap = r->heap;
        w->isolated = true;
        r->begun[i] = true;
    }
    return w;
}

static void make_slot(struct worker *w, uint32_t slot)
{
    if (slot < w->slots_count)
        return;
    uint32_t room = (slot + 1) * 2;
    w->slots = realloc(w->slots, room * sizeof *w->slots);
    if (!w->slots)
        heap_exhausted("a replay", room * sizeof *w->slots);
    memset(w->slots + w->slots_count, 0, (room - w->slots_count) * sizeof *w->slots);
    w->slots_room = w->slots_count = room;
}

/* Without a first message: that is the first recorded one. */
static void settle(struct replay *r, struct replayed *x, uint32_t exchange)
{
    struct worker *w = worker_of(r, x->ref);
    struct actor *a = heap_alloc(x->type->state_bytes);
    memset(a, 0, x->type->state_bytes);
    a->ref = x->ref;
    a->type = x->type;
    a->worker = w;
    a->exchange = exchange;
    make_slot(w, ref_slot(x->ref));
    w->slots[ref_slot(x->ref)].actor = a;
    w->slots[ref_slot(x->ref)].generation = x->ref.generation;
    w->actors++;
    x->actor = a;
    keep_exchange(x, exchange);
    r->counts.actors++;
}

/* The actor that is called; NULL: it cannot be. */
static struct replayed *called(struct replay *r, const struct replay_call *call, uint32_t exchange)
{
    struct replayed *a = replay_find(r, call->actor);
    bool known = ref_worker(call->actor) < WORKERS_MAX && ref_slot(call->actor) < SLOTS_MAX / 2;
    if (!a)
        a = add(r, call->actor, call->type);
    if (!a->heard && !a->left_out) {
        if (call->number != 1 || !a->type || !known)
            a->left_out = true;
        else
            settle(r, a, exchange);
    }
    if (a->left_out)
        return NULL;
    if (call->number != ++a->heard || !a->actor)
        a->left_out = true;
    return a->left_out ? NULL : a;
}

static void forget(struct replay *r, struct replayed *a)
{
    HASH_DEL(r->actors, a);
    came_effects_free(&a->last_words);
    owned_free(&a->owned);
    free(a);
}

/* ---- calls ---- */

static void give(struct replay *r, struct replayed *a, const struct replay_call *call,
                 struct message *m)
{
    struct worker *w = a->actor->worker;
    uint32_t exchange = m->exchange;
    r->current = a;
    r->call = call;
    r->spawns = 0;
    r->into = &r->came;
    came_effects_clear(&r->came);
    w->now_us = call->now_us;
    worker_event(w, a->actor, m);
    m->exchange = exchange;
    worker_turn(w);
}

static enum replay_result compare(struct replay *r, struct replayed *a,
                                  const struct replay_call *call, const struct came_effects *came)
{
    if (!replay_effects_same(came, call->effects, call->effect_count, &r->difference))
        return replay_differs(r, a, call);
    r->counts.effects += came->count;
    return REPLAY_SAME;
}

static enum replay_result hear(struct replay *r, struct replayed *a, const struct replay_call *call,
                               struct message *m)
{
    if (call->capped) {
        a->left_out = true;
        r->counts.left_out++;
        message_free(m);
        return REPLAY_LEFT_OUT;
    }
    give(r, a, call, m);
    r->counts.calls++;
    if (a->actor)
        keep_exchange(a, a->actor->exchange);
    return compare(r, a, call, &r->came);
}

enum replay_result replay_hear(struct replay *r, const struct replay_call *call, struct message *m)
{
    struct heap *before = heap_enter(r->heap);
    bool said = replay_was_said(r, call, m);
    struct replayed *a = called(r, call, m->exchange);
    enum replay_result result = REPLAY_LEFT_OUT;
    if (a && said && replay_may_hear(r, a, call, m)) {
        result = hear(r, a, call, m);
    } else {
        r->counts.left_out += a == NULL;
        message_free(m);
        if (a)
            result = replay_differs(r, a, call);
    }
    heap_enter(before);
    return result;
}

enum replay_result replay_end(struct replay *r, const struct replay_call *call, uint8_t reason)
{
    struct heap *before = heap_enter(r->heap);
    struct replayed *a = replay_find(r, call->actor);
    enum replay_result result = REPLAY_LEFT_OUT;
    ends_end(&r->ends, call->actor, call->exchange, reason);
    if (a && call->number != a->heard) /* its last messages are missing */
        a->left_out = true;
    if (a && !a->left_out) {
        r->current = a;
        r->call = call;
        r->spawns = 0;
        if (a->actor) { /* it was ended from outside: killed, or with the program */
            a->actor->worker->now_us = call->now_us;
            a->actor->stop_reason = reason;
            worker_reap(a->actor->worker, a->actor);
        }
        result = compare(r, a, call, &a->last_words);
    }
    if (a && a->actor) {
        struct replay_call none = {.actor = a->ref};
        r->current = a;
        r->call = &none;
        worker_reap(a->actor->worker, a->actor);
    }
    /* of one that is not compared, others may still hear what it had said */
    if (a && result != REPLAY_DIFFERS && !a->left_out)
        forget(r, a);
    heap_enter(before);
    return result;
}

void replay_doubt(struct replay *r, struct actor_ref ref, const struct actor_type *type)
{
    struct replayed *a = replay_find(r, ref);
    if (!a)
        a = add(r, ref, type);
    a->doubted = true;
}

void replay_set_bounds(struct replay *r, replay_bounds *bounds)
{
    r->bounds = bounds;
}

void replay_complete(struct replay *r)
{
    r->is_complete = true;
}

void replay_finish(struct replay *r)
{
    r->counts.unheard = r->said.waiting;
}

/* ---- begin and end ---- */

struct replay *replay_new(void)
{
    struct replay *r = calloc(1, sizeof *r);
    struct worker *workers = aligned_alloc(64, WORKERS_MAX * sizeof *workers);
    if (!r || !workers)
        heap_exhausted("a replay", WORKERS_MAX * sizeof *workers);
    r->workers = workers;
    r->hooks = (struct hooks){.input = on_input,
                              .effect = on_effect,
                              .spawned = on_spawned,
                              .ending = on_ending,
                              .reaped = on_reaped,
                              .context = r};
    r->heap = heap_new(REPLAY_HEAP, NULL, NULL);
    return r;
}

uint64_t replay_free(struct replay *r)
{
    struct heap *before = heap_enter(r->heap);
    struct replay_call none = {0};
    struct replayed *a, *next;
    HASH_ITER(hh, r->actors, a, next)
    {
        r->current = a;
        r->call = &none;
        if (a->actor)
            worker_reap(a->actor->worker, a->actor);
        forget(r, a);
    }
    for (unsigned i = 0; i < WORKERS_MAX; i++)
        if (r->begun[i])
            worker_destroy(&r->workers[i]);
    said_free(&r->said);
    ends_free(&r->ends);
    came_effects_free(&r->came);
    uint64_t kept = heap_live(r->heap);
    heap_delete(r->heap);
    heap_enter(before);
    free(r->workers);
    free(r);
    return kept;
}

struct heap *replay_enter(struct replay *r)
{
    return heap_enter(r->heap);
}

void replay_leave(struct heap *before)
{
    heap_enter(before);
}

const struct replay_difference *replay_difference(const struct replay *r)
{
    return &r->difference;
}

const struct replay_counts *replay_counts(const struct replay *r)
{
    return &r->counts;
}
