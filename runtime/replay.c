/* runtime/replay.c -- actors made anew and called again; see replay.h
 *
 * Each worker of the recording has an isolated one here, so that every actor is where it was. An actor's
 * effects are collected while its handler runs, and held against the recorded ones behind it.
 */
#include "runtime/replay.h"
#include "runtime/hooks.h"
#include "runtime/kinds.h"
#include "runtime/replay_effects.h"
#include "runtime/replay_ends.h"
#include "runtime/replay_events.h"
#include "runtime/replay_said.h"
#include "runtime/worker.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

/* The heap of the replay: the last one, which a runtime of fewer than all workers leaves free. */
enum { REPLAY_HEAP = WORKERS_MAX - 1 };
enum { EXCHANGES_KEPT = 4 };

struct replayed {
    struct actor_ref ref;
    const struct actor_type *type;
    struct actor *actor; /* NULL: it has ended by itself */
    uint32_t heard;
    bool left_out;                  /* nothing of it is compared from here on */
    bool doubted;                   /* calls of it are missing, somewhere */
    struct came_effects last_words; /* of its on_stop, until its end is compared */
    struct owned_all owned;
    /* that it was at work on lately, the last one first: events may be of an older one */
    uint32_t exchanges[EXCHANGES_KEPT], exchange_count;
    UT_hash_handle hh;
};

struct replay {
    struct worker *workers; /* WORKERS_MAX */
    bool begun[WORKERS_MAX];
    struct hooks hooks;
    struct heap *heap;
    struct replayed *actors;
    struct said said;
    struct replay_ends ends;
    bool is_complete; /* nobody is unknown */

    /* of the call that runs */
    struct replayed *current;
    const struct replay_call *call;
    struct came_effects came;
    struct came_effects *into; /* came, or the current's last words */
    size_t spawns;

    struct replay_difference difference;
    struct replay_counts counts;
};

/* ---- differences ---- */

static enum replay_result differs(struct replay *r, struct replayed *a,
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

static void print_message(char out[REPLAY_TEXT_MAX], const struct message *m)
{
    int n = message_print(m, out, REPLAY_TEXT_MAX);
    const struct kind_info *k = message_kind_info(m->kind);
    for (unsigned i = 0; i < k->spans && n >= 0 && n < REPLAY_TEXT_MAX; i++) {
        struct span s;
        memcpy(&s, m->payload.bytes + k->span_offset[i], sizeof s);
        n += snprintf(out + n, (size_t)(REPLAY_TEXT_MAX - n), " [");
        for (uint32_t b = 0; b < s.length && b < 100 && n < REPLAY_TEXT_MAX - 8; b++) {
            uint8_t byte = span_bytes(s)[b];
            bool plain = byte >= ' ' && byte < 0x7f && byte != '\\';
            n += snprintf(out + n, (size_t)(REPLAY_TEXT_MAX - n), plain ? "%c" : "\\x%02x", byte);
        }
        if (n < REPLAY_TEXT_MAX)
            n += snprintf(out + n, (size_t)(REPLAY_TEXT_MAX - n), "]");
    }
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

static void on_effect(void *context, const struct actor *a, const struct effect *e)
{
    struct replay *r = context;
    (void)a;
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

static struct replayed *find(const struct replay *r, struct actor_ref ref)
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

static bool had_exchange(const struct replayed *a, uint32_t exchange)
{
    for (unsigned i = 0; i < a->exchange_count; i++)
        if (a->exchanges[i] == exchange)
            return true;
    return false;
}

static void keep_exchange(struct replayed *a, uint32_t exchange)
{
    if (a->exchange_count && a->exchanges[0] == exchange)
        return;
    memmove(a->exchanges + 1, a->exchanges, sizeof a->exchanges - sizeof a->exchanges[0]);
    a->exchanges[0] = exchange;
    a->exchange_count += a->exchange_count < EXCHANGES_KEPT;
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
    struct replayed *a = find(r, call->actor);
    bool known = ref_worker(call->actor) < WORKERS_MAX && ref_slot(call->actor) < SLOTS_MAX / 2;
    if (!a)
        a = add(r, call->actor, call->type);
    if (!a->heard && !a->left_out) {
        if (call->number != 1 || !call->type || !known)
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

/* ---- what was heard was said ---- */

/* Kinds that the runtime itself makes, whoever `from` is. */
static bool is_runtimes(uint16_t kind)
{
    switch (kind) {
    case MSG_DOWN:
    case MSG_BOUNCED:
    case MSG_SIGNAL:
    case MSG_SOCKET_ACCEPTED:
    case MSG_RESOLVED:
    case MSG_FILE_OPENED:
    case MSG_FILE_WRITTEN:
    case MSG_FILE_READ: return true;
    default: return kind <= MSG_LAST_EVENT;
    }
}

/* One that is compared still. */
static bool is_whole(const struct replay *r, struct actor_ref ref)
{
    const struct replayed *a = find(r, ref);
    return a && !a->left_out && !a->doubted;
}

static bool same_capped(const struct replay_call *call, const struct message *said,
                        const struct message *heard)
{
    const struct kind_info *k = message_kind_info(said->kind);
    struct message *a = message_copy(said), *b = message_copy(heard);
    bool same = said->kind == heard->kind;
    for (unsigned i = 0; i < k->spans && same; i++) {
        struct span s, h, none = NO_BYTES;
        memcpy(&s, said->payload.bytes + k->span_offset[i], sizeof s);
        memcpy(&h, heard->payload.bytes + k->span_offset[i], sizeof h);
        if (call->kept[i] == h.length)
            continue;
        same = s.length == h.length && replay_hash(span_bytes(s), s.length) == call->hash[i];
        span_release((struct span *)(void *)(a->payload.bytes + k->span_offset[i]));
        span_release((struct span *)(void *)(b->payload.bytes + k->span_offset[i]));
        memcpy(a->payload.bytes + k->span_offset[i], &none, sizeof none);
        memcpy(b->payload.bytes + k->span_offset[i], &none, sizeof none);
    }
    same = same && message_equal(a, b);
    message_free(a);
    message_free(b);
    return same;
}

static bool same_message(const struct replay_call *call, const struct message *said,
                         const struct message *heard)
{
    return call->capped ? same_capped(call, said, heard) : message_equal(said, heard);
}

static bool not_heard(struct replay *r, const struct message *heard, const char *what,
                      const struct message *said)
{
    snprintf(r->difference.what, sizeof r->difference.what, "%s", what);
    print_message(r->difference.expected, heard);
    if (said)
        print_message(r->difference.came, said);
    else
        snprintf(r->difference.came, sizeof r->difference.came, "nothing");
    return false;
}

/* False: it is not what `from` had said. */
static bool was_said(struct replay *r, const struct replay_call *call, const struct message *m)
{
    struct message *said = said_take(&r->said, m->from, m->to);
    if (!said && is_whole(r, m->from))
        return not_heard(r, m, "it heard what its sender had not said", NULL);
    if (!said && r->is_complete && !find(r, m->from))
        return not_heard(r, m, "it heard something of somebody who does not live", NULL);
    if (!said)
        return true;
    bool same = same_message(call, said, m);
    if (same)
        r->counts.said++;
    else
        not_heard(r, m, "what it heard is not what its sender says now", said);
    message_free(said);
    return same;
}

/* ---- what was heard came from the runtime ---- */

/* False: the runtime does not make it so. */
static bool was_made(struct replay *r, struct replayed *a, const struct replay_call *call,
                     const struct message *m)
{
    char why[200];
    bool event = m->kind <= MSG_LAST_EVENT;
    if (event && (!ref_equal(m->from, NOBODY) || !had_exchange(a, m->exchange)))
        return not_heard(r, m, "an event of the runtime that is not made as events are", NULL);
    if (m->flags || (m->kind == MSG_SIGNAL && m->exchange))
        return not_heard(r, m, "what the runtime makes has no flags, and a signal no exchange",
                         NULL);
    if (m->kind == MSG_DOWN && !ends_heard(&r->ends, m, why))
        return not_heard(r, m, why, NULL);
    if (!owned_heard(&a->owned, m, call->now_us, why))
        return not_heard(r, m, why, NULL);
    return true;
}

/* Whoever made it, it may be heard by this actor now. */
static bool may_hear(struct replay *r, struct replayed *a, const struct replay_call *call,
                     const struct message *m)
{
    if (ref_is_nobody(m->from) && !ref_equal(m->from, NOBODY))
        return not_heard(r, m, "it heard something of a ref that there cannot be", NULL);
    if (a->actor->exchange != call->exchange)
        return not_heard(r, m, "it was at work on another exchange", NULL);
    if (is_runtimes(m->kind))
        return was_made(r, a, call, m);
    if (ref_is_nobody(m->from) && (call->number > 1 || m->flags))
        return not_heard(r, m, "it heard what only an actor says, of nobody", NULL);
    return true;
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
        return differs(r, a, call);
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
    bool by_actor = !ref_is_nobody(m->from) && !is_runtimes(m->kind);
    bool said = !by_actor || was_said(r, call, m);
    struct replayed *a = called(r, call, m->exchange);
    enum replay_result result = REPLAY_LEFT_OUT;
    if (a && said && may_hear(r, a, call, m)) {
        result = hear(r, a, call, m);
    } else {
        r->counts.left_out += a == NULL;
        message_free(m);
        if (a)
            result = differs(r, a, call);
    }
    heap_enter(before);
    return result;
}

enum replay_result replay_end(struct replay *r, const struct replay_call *call, uint8_t reason)
{
    struct heap *before = heap_enter(r->heap);
    struct replayed *a = find(r, call->actor);
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

enum replay_result replay_lost(struct replay *r, struct actor_ref from, struct actor_ref to,
                               uint16_t kind, uint64_t sequence)
{
    struct heap *before = heap_enter(r->heap);
    enum replay_result result = REPLAY_LEFT_OUT;
    bool by_actor = !ref_is_nobody(from) && !is_runtimes(kind);
    struct message *said = by_actor ? said_take(&r->said, from, to) : NULL;
    if (by_actor && is_whole(r, from) && (!said || said->kind != kind)) {
        snprintf(r->difference.what, sizeof r->difference.what,
                 "what nobody heard of it is not what it says now");
        snprintf(r->difference.expected, REPLAY_TEXT_MAX, "%s", message_kind_info(kind)->name);
        snprintf(r->difference.came, REPLAY_TEXT_MAX, "nothing");
        if (said)
            print_message(r->difference.came, said);
        result = differs(r, find(r, from), &(struct replay_call){.sequence = sequence});
    } else if (said) {
        result = REPLAY_SAME;
    }
    if (said)
        message_free(said);
    heap_enter(before);
    return result;
}

void replay_doubt(struct replay *r, struct actor_ref ref, const struct actor_type *type)
{
    struct replayed *a = find(r, ref);
    if (!a)
        a = add(r, ref, type);
    a->doubted = true;
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
