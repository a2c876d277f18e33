/* runtime/timer.c -- a binary heap of deadlines; see timer.h */
#include "runtime/lives.h"
#include "runtime/worker.h"
#include <stdlib.h>

static void put_at(struct timer_heap *h, uint32_t at, struct timer *t)
{
    h->entries[at] = t;
    t->at = at;
}

static void sift_up(struct timer_heap *h, struct timer *t)
{
    uint32_t at = t->at;
    while (at && h->entries[(at - 1) / 2]->deadline_us > t->deadline_us) {
        put_at(h, at, h->entries[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put_at(h, at, t);
}

static void sift_down(struct timer_heap *h, struct timer *t)
{
    uint32_t at = t->at;
    for (;;) {
        uint32_t child = at * 2 + 1;
        if (child >= h->count)
            break;
        if (child + 1 < h->count &&
            h->entries[child + 1]->deadline_us < h->entries[child]->deadline_us)
            child++;
        if (h->entries[child]->deadline_us >= t->deadline_us)
            break;
        put_at(h, at, h->entries[child]);
        at = child;
    }
    put_at(h, at, t);
}

static void heap_insert(struct timer_heap *h, struct timer *t)
{
    if (h->count == h->room) {
        h->room = h->room ? h->room * 2 : 64;
        h->entries = realloc(h->entries, h->room * sizeof(struct timer *));
        if (!h->entries)
            heap_exhausted("timers", h->room * sizeof(struct timer *));
    }
    t->at = h->count++;
    sift_up(h, t);
}

static void heap_remove(struct timer_heap *h, struct timer *t)
{
    struct timer *last = h->entries[--h->count];
    if (last == t)
        return;
    put_at(h, t->at, last);
    sift_up(h, last);
    sift_down(h, last);
}

static struct timer **find(const struct actor *owner, uint32_t n)
{
    struct timer **at = (struct timer **)(uintptr_t)&owner->timers;
    while (*at && (*at)->n != n)
        at = &(*at)->next;
    return at;
}

bool timer_is_live(const struct actor *owner, uint32_t n, uint32_t serial)
{
    struct timer *t = *find(owner, n);
    return t && t->serial == serial;
}

bool timers_next(const struct timer_heap *h, uint64_t *deadline_us)
{
    if (h->count == 0)
        return false;
    *deadline_us = h->entries[0]->deadline_us;
    return true;
}

void timer_start(struct actor *self, uint32_t n, uint64_t delay_us)
{
    if (SHOWN_ONLY(self, .kind = EFFECT_TIMER_START, .n = n, .value = delay_us))
        return;
    timer_stop_quietly(self, n);
    struct timer *t = heap_alloc(sizeof *t);
    *t = (struct timer){.deadline_us = self->worker->now_us + delay_us,
                        .next = self->timers,
                        .owner = self,
                        .n = n,
                        .serial = ++self->serial};
    self->timers = t;
    heap_insert(&self->worker->timers, t);
}

void timer_stop(struct actor *self, uint32_t n)
{
    if (!SHOWN_ONLY(self, .kind = EFFECT_TIMER_STOP, .n = n))
        timer_stop_quietly(self, n);
}

enum { NOT_IN_HEAP = UINT32_MAX >> 1 };

void timer_stop_quietly(struct actor *owner, uint32_t n)
{
    struct timer **at = find(owner, n), *t = *at;
    if (!t)
        return;
    *at = t->next;
    if (t->at != NOT_IN_HEAP)
        heap_remove(&owner->worker->timers, t);
    heap_free(t, sizeof *t);
}

void timers_stop_all(struct actor *owner)
{
    while (owner->timers)
        timer_stop_quietly(owner, owner->timers->n);
}

/* A timer that has run out stays with its actor until TIMER is handled, so that stopping it in
 * between makes the TIMER a late one. */
unsigned timers_expire(struct worker *w, uint64_t now_us)
{
    unsigned expired = 0;
    struct timer_heap *h = &w->timers;
    while (h->count && h->entries[0]->deadline_us <= now_us) {
        struct timer *t = h->entries[0];
        heap_remove(h, t);
        t->at = NOT_IN_HEAP;
        worker_event(w, t->owner, msg_timer_new((struct msg_timer){t->n, t->serial}));
        expired++;
    }
    return expired;
}

void timers_finish(struct worker *w)
{
    free(w->timers.entries);
    w->timers = (struct timer_heap){NULL, 0, 0};
}
