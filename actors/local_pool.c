/* actors/local_pool.c -- see local_pool.h
 *
 * Idle connections of a destination are kept newest first: the newest is the one least likely to have
 * been closed by the application, and the oldest run out by themselves.
 */
#include "actors/local_pool.h"
#include "actors/destinations.h"
#include "actors/local_connection.h"
#include "actors/settings.h"
#include "messages/exchange_number.h"
#include "runtime/heap.h"
#include <string.h>
#include <uthash.h>
#include <utlist.h>

enum { TIMER_EXPIRE, TIMER_FULL };
#define FULL_RETRY_US MS(100)

struct pooled {
    struct actor_ref connection;
    uint64_t key; /* ref_bits of connection */
    uint16_t destination;
    bool idle;
    uint32_t granted_to; /* exchange; to know which one it was when the GRANT comes back */
    uint64_t idle_since_us, expires_us;
    struct pooled *prev, *next; /* in the idle list */
    UT_hash_handle hh;
};

struct waiter {
    struct actor_ref interceptor;
    uint32_t exchange;
    uint16_t flags;
    struct waiter *prev, *next;
};

struct destination_pool {
    uint16_t number;
    uint32_t open;
    struct pooled *idle; /* newest first */
    struct waiter *waiters;
    UT_hash_handle hh;
};

struct local_pool {
    struct actor actor;
    struct pooled *connections; /* by key */
    struct destination_pool *destinations;
    uint64_t next_expiry_us; /* what the timer is set to; 0: it is not */
    bool full;               /* no descriptor was to be had: none is opened until TIMER_FULL ... */
    uint32_t room;           /* ... but as many as came back meanwhile */
};

static struct destination_pool *pool_for(struct local_pool *self, uint16_t number)
{
    struct destination_pool *d;
    HASH_FIND(hh, self->destinations, &number, sizeof number, d);
    if (d)
        return d;
    d = heap_alloc(sizeof *d);
    memset(d, 0, sizeof *d);
    d->number = number;
    HASH_ADD(hh, self->destinations, number, sizeof d->number, d);
    return d;
}

static void grant(struct local_pool *self, struct actor_ref to, uint32_t exchange, struct pooled *c,
                  bool served)
{
    c->granted_to = exchange;
    struct message *m = msg_grant_new((struct msg_grant){c->connection, served});
    m->exchange = exchange;
    actor_send(&self->actor, to, m);
}

static struct pooled *open_connection(struct local_pool *self, struct destination_pool *d)
{
    struct message *first = msg_local_open_new(
        (struct msg_local_open){.pool = self->actor.ref, .destination = d->number});
    struct pooled *c = heap_alloc(sizeof *c);
    memset(c, 0, sizeof *c);
    c->connection = actor_spawn(&self->actor, &local_connection_type, WORKER_HERE, first);
    c->key = ref_bits(c->connection);
    c->destination = d->number;
    HASH_ADD(hh, self->connections, key, sizeof c->key, c);
    actor_monitor(&self->actor, c->connection);
    d->open++;
    return c;
}

static void leave_idle(struct destination_pool *d, struct pooled *c)
{
    if (!c->idle)
        return;
    c->idle = false;
    DL_DELETE(d->idle, c);
}

static struct pooled *idle_for(struct local_pool *self, struct destination_pool *d, uint16_t flags)
{
    struct pooled *c = d->idle;
    if (!c || flags & WANT_FRESH)
        return NULL;
    uint64_t now = actor_now(&self->actor);
    if (c->expires_us <= now ||
        (flags & WANT_SHORT_IDLE && now - c->idle_since_us >= SHORT_IDLE_US))
        return NULL;
    return c;
}

/* A connection for this want, if there is one to be had now. */
static bool serve(struct local_pool *self, struct destination_pool *d, struct actor_ref who,
                  uint32_t exchange, uint16_t flags)
{
    struct pooled *c = idle_for(self, d, flags);
    if (c) {
        leave_idle(d, c);
        grant(self, who, exchange, c, true);
        return true;
    }
    if (d->open >= settings->local_connections_max && d->idle) {
        /* full of idle ones that do not suit: the oldest makes room */
        SAY(self, d->idle->prev->connection, stop, .reason = STOP_ASKED);
        leave_idle(d, d->idle->prev);
        return false;
    }
    if (d->open >= settings->local_connections_max || (self->full && !self->room))
        return false;
    self->room -= self->room != 0;
    grant(self, who, exchange, open_connection(self, d), false);
    return true;
}

static void serve_waiters(struct local_pool *self, struct destination_pool *d)
{
    struct waiter *w;
    while ((w = d->waiters) && serve(self, d, w->interceptor, w->exchange, w->flags)) {
        DL_DELETE(d->waiters, w);
        heap_free(w, sizeof *w);
    }
}

/* In the order of the exchanges: one that has no descriptor comes back behind those that came later. */
static void wait_for_turn(struct destination_pool *d, struct message *m)
{
    struct waiter *before = d->waiters ? d->waiters->prev : NULL;
    struct waiter *w = heap_alloc(sizeof *w);
    *w = (struct waiter){.interceptor = m->from,
                         .exchange = m->exchange,
                         .flags = m->flags & (uint16_t)~WANT_AFTER_FULL};
    while (before && exchange_is_after(before->exchange, w->exchange))
        before = before == d->waiters ? NULL : before->prev;
    DL_APPEND_ELEM(d->waiters, before, w);
}

static void on_want(struct local_pool *self, struct message *m)
{
    struct destination_pool *d = pool_for(self, msg_want(m)->destination);
    if (m->flags & WANT_AFTER_FULL) {
        /* no descriptor was to be had: whoever gives one back serves it, or time does */
        wait_for_turn(d, m);
        if (!self->full)
            timer_start(&self->actor, TIMER_FULL, FULL_RETRY_US);
        self->full = true;
        return;
    }
    if (d->waiters || !serve(self, d, m->from, m->exchange, m->flags))
        wait_for_turn(d, m);
}

static void on_unwant(struct local_pool *self, struct message *m)
{
    struct destination_pool *d = pool_for(self, msg_unwant(m)->destination);
    struct waiter *w, *next;
    DL_FOREACH_SAFE(d->waiters, w, next)
    {
        if (!ref_equal(w->interceptor, m->from))
            continue;
        DL_DELETE(d->waiters, w);
        heap_free(w, sizeof *w);
    }
}

static struct pooled *find(struct local_pool *self, struct actor_ref connection)
{
    struct pooled *c;
    uint64_t key = ref_bits(connection);
    HASH_FIND(hh, self->connections, &key, sizeof key, c);
    return c;
}

static void arm_expiry(struct local_pool *self, uint64_t at_us)
{
    if (self->next_expiry_us && self->next_expiry_us <= at_us)
        return;
    uint64_t now = actor_now(&self->actor);
    self->next_expiry_us = at_us;
    timer_start(&self->actor, TIMER_EXPIRE, at_us > now ? at_us - now : 0);
}

static void on_idle(struct local_pool *self, struct message *m)
{
    struct pooled *c = find(self, m->from);
    if (!c || c->idle)
        return;
    struct destination_pool *d = pool_for(self, c->destination);
    uint64_t now = actor_now(&self->actor);
    c->idle = true;
    c->idle_since_us = now;
    c->expires_us = now + msg_idle(m)->keep_us;
    DL_PREPEND(d->idle, c);
    serve_waiters(self, d);
    if (c->idle)
        arm_expiry(self, c->expires_us);
}

static void on_down(struct local_pool *self, struct message *m)
{
    struct pooled *c = find(self, msg_down(m)->who);
    if (!c)
        return;
    if (self->full && msg_down(m)->reason != STOP_FAILED) /* a failed one may never have had any */
        self->room++;
    struct destination_pool *d = pool_for(self, c->destination);
    leave_idle(d, c);
    HASH_DELETE(hh, self->connections, c);
    heap_free(c, sizeof *c);
    d->open--;
    serve_waiters(self, d);
}

/* It serves nobody any more, but its descriptor is still out: it counts until its DOWN. */
static void on_retired(struct local_pool *self, struct message *m)
{
    struct pooled *c = find(self, m->from);
    if (c)
        leave_idle(pool_for(self, c->destination), c);
}

/* Who waited has ended meanwhile: nobody uses the connection, and nobody will say IDLE for it. */
static void on_bounced(struct local_pool *self, struct message *m)
{
    for (struct pooled *c = self->connections; c; c = c->hh.next)
        if (!c->idle && c->granted_to == m->exchange) {
            SAY(self, c->connection, stop, .reason = STOP_ASKED);
            return;
        }
}

static void expire(struct local_pool *self)
{
    uint64_t now = actor_now(&self->actor), next = 0;
    for (struct destination_pool *d = self->destinations; d; d = d->hh.next) {
        struct pooled *c, *after;
        DL_FOREACH_SAFE(d->idle, c, after)
        {
            if (c->expires_us <= now) {
                leave_idle(d, c);
                SAY(self, c->connection, stop, .reason = STOP_ASKED);
            } else if (!next || c->expires_us < next) {
                next = c->expires_us;
            }
        }
    }
    self->next_expiry_us = 0;
    if (next)
        arm_expiry(self, next);
}

static void on_timer(struct local_pool *self, struct message *m)
{
    if (msg_timer(m)->n == TIMER_EXPIRE) {
        expire(self);
        return;
    }
    self->full = false;
    self->room = 0;
    for (struct destination_pool *d = self->destinations; d; d = d->hh.next)
        serve_waiters(self, d);
}

static void on_message(struct actor *actor, struct message *m)
{
    struct local_pool *self = (struct local_pool *)actor;
    switch (m->kind) {
    case MSG_WANT: on_want(self, m); break;
    case MSG_UNWANT: on_unwant(self, m); break;
    case MSG_IDLE: on_idle(self, m); break;
    case MSG_RETIRED: on_retired(self, m); break;
    case MSG_DOWN: on_down(self, m); break;
    case MSG_TIMER: on_timer(self, m); break;
    case MSG_BOUNCED: on_bounced(self, m); break;
    case MSG_CONTINUE: break; /* its birth */
    default: actor_unexpected(actor, m); break;
    }
}

static void drop_destination(struct local_pool *self, struct destination_pool *d)
{
    while (d->waiters) {
        struct waiter *w = d->waiters;
        DL_DELETE(d->waiters, w);
        heap_free(w, sizeof *w);
    }
    HASH_DELETE(hh, self->destinations, d);
    heap_free(d, sizeof *d);
}

static void on_stop(struct actor *actor)
{
    struct local_pool *self = (struct local_pool *)actor;
    while (self->destinations)
        drop_destination(self, self->destinations);
    while (self->connections) {
        struct pooled *c = self->connections;
        HASH_DELETE(hh, self->connections, c);
        heap_free(c, sizeof *c);
    }
}

const struct actor_type local_pool_type = {"local_pool", sizeof(struct local_pool), on_message,
                                           on_stop};

struct actor_ref local_pool_spawn(struct actor *parent, unsigned worker)
{
    return actor_spawn(parent, &local_pool_type, worker, msg_resume_new((struct msg_resume){0}));
}
