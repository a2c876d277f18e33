/* runtime/watchdog.c -- names the actor and the message that hold a worker for too long.
 *
 * Receives  WATCH from a worker that has work again, TIMER every WATCH_EVERY_MS while anything runs.
 * How       each worker publishes the number of its turn and what runs in it; a turn that is still
 *           the same after TURN_LONG_MS is named, once. Workers read no clock for this. When nothing
 *           has run for WATCH_LINGER_MS the watchdog sleeps until it is roused.
 */
#include "runtime/runtime.h"
#include "runtime/worker.h"
#include <inttypes.h>

struct watched {
    uint64_t turn;
    uint64_t since_us;
    bool named;
};

struct watchdog {
    struct actor actor;
    struct watched workers[WORKERS_MAX];
    uint64_t quiet_since_us;
};

/* At once, not with the flush of this round: it may be this round that takes long. */
void watchdog_rouse(struct worker *w)
{
    struct runtime *r = w->runtime;
    if (w->index >= r->blocking_index || atomic_load_explicit(&r->watched, memory_order_relaxed))
        return;
    if (atomic_exchange_explicit(&r->watched, true, memory_order_relaxed))
        return;
    struct message *m = msg_watch_new((struct msg_watch){w->index});
    m->to = r->watchdog;
    worker_post(runtime_worker(r, r->blocking_index), m);
}

static void name_it(struct watchdog *self, struct worker *w, const char *type, uint64_t since)
{
    uint16_t kind = (uint16_t)atomic_load_explicit(&w->watch_kind, memory_order_relaxed);
    self->actor.worker->counters.long_turns++;
    actor_log(&self->actor, LOG_WARN, "an actor holds its worker",
              "worker=%u holder=%s/%u.%u kind=%s ms=%" PRIu64, w->index, type, w->index,
              (unsigned)atomic_load_explicit(&w->watch_place, memory_order_relaxed) & 0xffffff,
              message_kind_info(kind)->name, (actor_now(&self->actor) - since) / 1000);
}

/* True when the worker has done something since the last look, or is at it. A turn begins with its
 * number, then comes what runs in it: a number that has changed in between is not that turn's. */
static bool look(struct watchdog *self, struct worker *w, struct watched *seen)
{
    uint64_t now = actor_now(&self->actor);
    const char *type = atomic_load_explicit(&w->watch_type, memory_order_acquire);
    uint64_t turn = atomic_load_explicit(&w->watch_turn, memory_order_relaxed);
    if (turn != seen->turn) {
        *seen = (struct watched){turn, now, false};
        return true;
    }
    if (type && !seen->named && now - seen->since_us > TURN_LONG_MS * 1000) {
        seen->named = true;
        name_it(self, w, type, seen->since_us);
    }
    return type != NULL;
}

static void on_timer(struct watchdog *self)
{
    struct runtime *r = self->actor.worker->runtime;
    uint64_t now = actor_now(&self->actor);
    for (unsigned i = 0; i < r->blocking_index; i++)
        if (look(self, r->workers[i], &self->workers[i]))
            self->quiet_since_us = now;
    if (now - self->quiet_since_us > WATCH_LINGER_MS * 1000)
        atomic_store_explicit(&r->watched, false, memory_order_relaxed);
    else
        timer_start(&self->actor, 0, WATCH_EVERY_MS * 1000);
}

static void on_message(struct actor *actor, struct message *m)
{
    struct watchdog *self = (struct watchdog *)actor;
    if (m->kind == MSG_TIMER) {
        on_timer(self);
    } else if (m->kind == MSG_WATCH && atomic_load(&actor->worker->runtime->watched)) {
        self->quiet_since_us = actor_now(actor);
        timer_start(actor, 0, WATCH_EVERY_MS * 1000);
    }
}

const struct actor_type watchdog_type = {"watchdog", sizeof(struct watchdog), on_message, NULL};
