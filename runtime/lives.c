/* runtime/lives.c -- slots, spawns, leases; see lives.h
 *
 * A slot number and its generation name an actor. A slot that was left goes to the end of the free
 * list, with the next generation. For spawns on another worker this one holds *leases*: places there
 * that are taken and empty, so that the child's ref is known at once, and messages to it may follow
 * right behind the CONTROL_SPAWN that fills the place.
 */
#include "runtime/lives.h"
#include "runtime/runtime.h"
#include <stdlib.h>
#include <string.h>

/* ---- slots ---- */

static bool slots_grow(struct worker *w)
{
    uint32_t room = w->slots_room ? w->slots_room * 2 : 256;
    if (room > SLOTS_MAX)
        return false;
    struct slot *slots = realloc(w->slots, room * sizeof *slots);
    if (!slots)
        heap_exhausted("places for actors", room * sizeof *slots);
    w->slots = slots;
    w->slots_room = room;
    return true;
}

static void slot_free(struct worker *w, uint32_t slot)
{
    w->slots[slot].next_free = SLOTS_MAX;
    if (w->free_first == SLOTS_MAX)
        w->free_first = slot;
    else
        w->slots[w->free_last].next_free = slot;
    w->free_last = slot;
}

struct actor_ref worker_slot_take(struct worker *w)
{
    uint32_t slot = w->free_first;
    if (slot != SLOTS_MAX) {
        w->free_first = w->slots[slot].next_free;
    } else {
        /* the last number stands for the worker itself, see worker_itself() */
        if (w->slots_count + 1 >= SLOTS_MAX || (w->slots_count == w->slots_room && !slots_grow(w)))
            return NOBODY;
        slot = w->slots_count++;
        w->slots[slot].generation = 1;
        w->slots[slot].actor = NULL;
    }
    return (struct actor_ref){w->index << 24 | slot, w->slots[slot].generation};
}

void worker_slot_give(struct worker *w, struct actor_ref r)
{
    struct slot *s = &w->slots[ref_slot(r)];
    s->actor = NULL;
    if (++s->generation == 0)
        s->generation = 1;
    slot_free(w, ref_slot(r));
}

static struct actor *settle(struct worker *w, struct actor_ref ref, const struct actor_type *type,
                            uint32_t exchange)
{
    struct actor *a = heap_alloc(type->state_bytes);
    memset(a, 0, type->state_bytes);
    a->ref = ref;
    a->type = type;
    a->worker = w;
    a->exchange = exchange;
    w->slots[ref_slot(ref)].actor = a;
    w->actors++;
    w->counters.spawned++;
    return a;
}

struct actor *worker_spawn(struct worker *w, struct actor_ref from, const struct actor_type *type,
                           struct message *first)
{
    struct actor_ref ref = worker_slot_take(w);
    if (ref_is_nobody(ref))
        heap_exhausted("a place for an actor", sizeof(struct slot));
    struct actor *a = settle(w, ref, type, first->exchange);
    first->from = from;
    first->to = ref;
    worker_deliver(w, first);
    return a;
}

/* ---- spawns far away ---- */

static struct actor_ref worker_itself(unsigned index)
{
    return (struct actor_ref){index << 24 | 0xffffff, 1};
}

static void ask_for_leases(struct worker *w, unsigned there, struct lease *l)
{
    if (l->asked || l->count > LEASES / 2)
        return;
    l->asked = true;
    struct message *m = msg_control_lease_ask_new((struct msg_control_lease_ask){w->index});
    m->to = worker_itself(there);
    worker_route(w, m);
}

static bool spawn_far(struct worker *w, unsigned there, struct actor_ref from,
                      const struct actor_type *type, struct message *first, struct actor_ref *child)
{
    struct lease *l = w->leases[there];
    if (!l)
        return false;
    if (l->count == 0) {
        ask_for_leases(w, there, l);
        return false;
    }
    *child = l->refs[--l->count];
    first->from = from;
    struct message *m =
        msg_control_spawn_new((struct msg_control_spawn){(uint64_t)(uintptr_t)type});
    m->from = from;
    m->to = first->to = *child;
    m->exchange = first->exchange;
    worker_route(w, m);
    worker_route(w, first);
    ask_for_leases(w, there, l);
    return true;
}

struct actor_ref actor_spawn(struct actor *self, const struct actor_type *type, unsigned worker,
                             struct message *first)
{
    struct worker *w = self->worker;
    struct actor_ref child;
    if (w->isolated) {
        child = w->hooks->spawned(w->hooks->context, self);
        first->from = self->ref;
        first->to = child;
    } else if (worker == WORKER_HERE || worker == w->index) {
        first->from = self->ref;
        child = worker_spawn(w, self->ref, type, first)->ref;
    } else if (!spawn_far(w, worker, self->ref, type, first, &child)) {
        w->counters.spawned_here++;
        child = worker_spawn(w, self->ref, type, first)->ref;
    }
    (void)SHOWN_ONLY(self, .kind = EFFECT_SPAWN, .ref = child, .type = type, .value = worker,
                     .message = first);
    if (w->isolated)
        message_free(first);
    return child;
}

static struct span lease_refs(struct worker *from, uint32_t count)
{
    struct actor_ref refs[LEASES];
    uint32_t n = 0;
    while (n < count && !ref_is_nobody(refs[n] = worker_slot_take(from)))
        n++;
    return span_copy(refs, n * sizeof refs[0]);
}

static void lease_take(struct worker *w, unsigned there, struct span refs)
{
    struct lease *l = w->leases[there];
    uint32_t n = refs.length / (uint32_t)sizeof l->refs[0];
    if (n) /* none: all places there are taken */
        memcpy(l->refs + l->count, span_bytes(refs), refs.length);
    l->count += n;
    l->asked = false;
}

void leases_prepare(struct worker *from, struct worker *to)
{
    to->leases[from->index] = calloc(1, sizeof(struct lease));
    if (!to->leases[from->index])
        heap_exhausted("leases", sizeof(struct lease));
    struct span refs = lease_refs(from, LEASES);
    lease_take(to, from->index, refs);
    span_release(&refs);
}

static void on_lease_ask(struct worker *w, struct message *m)
{
    uint32_t asker = msg_control_lease_ask(m)->worker;
    struct message *grant = msg_control_lease_new(
        (struct msg_control_lease){.refs = lease_refs(w, LEASES / 2), .worker = w->index});
    grant->to = worker_itself(asker);
    worker_route(w, grant);
}

/* The child's first message comes next, in the same push. */
static void on_spawn(struct worker *w, struct message *m)
{
    settle(w, m->to, (const struct actor_type *)(uintptr_t)msg_control_spawn(m)->type, m->exchange);
}

/* ---- monitors ---- */

struct monitor {
    struct monitor *next;
    struct actor_ref watcher;
};

static void say_down(struct worker *w, struct actor_ref watcher, struct actor_ref who,
                     uint32_t exchange, uint32_t reason)
{
    struct message *m = msg_down_new((struct msg_down){who, reason});
    m->from = who;
    m->to = watcher;
    m->exchange = exchange;
    worker_route(w, m);
}

static void monitor_add(struct worker *w, struct actor_ref whom, struct actor_ref watcher)
{
    struct actor *a = worker_resolve(w, whom);
    if (!a) {
        say_down(w, watcher, whom, 0, STOP_NOBODY);
        return;
    }
    struct monitor *m = heap_alloc(sizeof *m);
    m->watcher = watcher;
    m->next = a->watchers;
    a->watchers = m;
}

static void monitor_remove(struct worker *w, struct actor_ref whom, struct actor_ref watcher)
{
    struct actor *a = worker_resolve(w, whom);
    if (!a)
        return;
    for (struct monitor **at = &a->watchers; *at; at = &(*at)->next)
        if (ref_equal((*at)->watcher, watcher)) {
            struct monitor *gone = *at;
            *at = gone->next;
            heap_free(gone, sizeof *gone);
            return;
        }
}

static void say_control(struct worker *w, struct actor_ref to, struct message *m)
{
    m->to = to;
    worker_route(w, m);
}

void actor_monitor(struct actor *self, struct actor_ref whom)
{
    struct worker *w = self->worker;
    if (SHOWN_ONLY(self, .kind = EFFECT_MONITOR, .ref = whom))
        return;
    if (ref_worker(whom) == w->index)
        monitor_add(w, whom, self->ref);
    else
        say_control(w, whom, msg_control_monitor_new((struct msg_control_monitor){self->ref}));
}

void actor_demonitor(struct actor *self, struct actor_ref whom)
{
    struct worker *w = self->worker;
    if (SHOWN_ONLY(self, .kind = EFFECT_DEMONITOR, .ref = whom))
        return;
    if (ref_worker(whom) == w->index)
        monitor_remove(w, whom, self->ref);
    else
        say_control(w, whom, msg_control_demonitor_new((struct msg_control_demonitor){self->ref}));
}

void monitors_tell(struct worker *w, struct actor *dead)
{
    while (dead->watchers) {
        struct monitor *m = dead->watchers;
        dead->watchers = m->next;
        say_down(w, m->watcher, dead->ref, dead->exchange, dead->stop_reason);
        heap_free(m, sizeof *m);
    }
}

/* ---- control messages ---- */

void worker_control(struct worker *w, struct message *m)
{
    switch (m->kind) {
    case MSG_CONTROL_SPAWN: on_spawn(w, m); break;
    case MSG_CONTROL_MONITOR: monitor_add(w, m->to, msg_control_monitor(m)->watcher); break;
    case MSG_CONTROL_DEMONITOR: monitor_remove(w, m->to, msg_control_demonitor(m)->watcher); break;
    case MSG_CONTROL_LEASE_ASK: on_lease_ask(w, m); break;
    case MSG_CONTROL_LEASE:
        lease_take(w, msg_control_lease(m)->worker, msg_control_lease(m)->refs);
        break;
    default: w->stopping = true; break;
    }
    message_free(m);
}
