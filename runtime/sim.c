/* runtime/sim.c -- steps, the virtual clock, and the signature of a run; see sim.h */
#include "runtime/sim_parts.h"
#include <string.h>

/* What can happen next: these for each worker, and one for the network. */
enum choice_kind { TAKE_INBOX, EXPIRE_TIMERS, TURN, FLUSH, CHOICE_KINDS };
enum { NETWORK = WORKERS_MAX * CHOICE_KINDS, CHOICES_MAX = NETWORK + 4, LAST_ROUNDS = 64 };

static _Thread_local unsigned running;

bool sim_is_running(void)
{
    return running != 0;
}

void sim_enter(struct worker *w)
{
    running++;
    heap_enter(w->heap);
}

void sim_leave(struct sim *sim)
{
    running--;
    heap_enter(sim->runtime.workers[0]->heap);
}

void sim_hold(struct worker *w, uint64_t us)
{
    struct sim *sim = sim_of(w);
    uint64_t *until = &sim->held_until_us[w->index];
    if (us)
        *until = (*until > sim->now_us ? *until : sim->now_us) + us;
}

/* ---- chance: splitmix64, so that a seed means the same everywhere ---- */

uint32_t sim_random(struct sim *sim, uint32_t below)
{
    uint64_t z = sim->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    return (uint32_t)((z >> 32) * below >> 32);
}

static uint32_t choose_actor(void *context, uint32_t n)
{
    return sim_random(context, n);
}

/* ---- the signature: FNV-1a over what every actor hears ---- */

static void sign(struct sim *sim, const void *bytes, size_t length)
{
    const uint8_t *b = bytes;
    uint64_t hash = sim->signature;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ b[i]) * UINT64_C(0x100000001b3);
    sim->signature = hash;
}

static void sign_number(struct sim *sim, uint64_t number)
{
    sign(sim, &number, sizeof number);
}

static void sign_message(struct sim *sim, const struct message *m)
{
    char text[1024];
    const struct kind_info *k = message_kind_info(m->kind);
    int n = message_print(m, text, sizeof text);
    sign(sim, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
    for (unsigned i = 0; i < k->spans; i++) {
        struct span s;
        memcpy(&s, m->payload.bytes + k->span_offset[i], sizeof s);
        sign(sim, span_bytes(s), s.length);
    }
}

static bool is_runtimes_own(const struct actor *a)
{
    return a->type == &blocking_type || a->type == &log_writer_type || a->type == &watchdog_type;
}

static void on_input(void *context, const struct actor *a, const struct message *m, uint64_t now)
{
    struct sim *sim = context;
    sign(sim, a->type->name, strlen(a->type->name));
    sign_number(sim, ref_bits(a->ref));
    sign_number(sim, m->kind);
    sign_number(sim, now);
    if (!is_runtimes_own(a)) /* a job names its file by a pointer */
        sign_message(sim, m);
    if (sim->watcher)
        sim->watcher->input(sim->watcher->context, a, m, now);
}

static void on_effect(void *context, const struct actor *a, const struct effect *e)
{
    const struct hooks *watcher = ((struct sim *)context)->watcher;
    if (watcher)
        watcher->effect(watcher->context, a, e);
}

static void on_handled(void *context, const struct actor *a, bool goes_on)
{
    const struct hooks *watcher = ((struct sim *)context)->watcher;
    if (watcher && watcher->handled)
        watcher->handled(watcher->context, a, goes_on);
}

static void on_ending(void *context, const struct actor *a)
{
    const struct hooks *watcher = ((struct sim *)context)->watcher;
    if (watcher && watcher->ending)
        watcher->ending(watcher->context, a);
}

static void on_reaped(void *context, const struct actor *a)
{
    const struct hooks *watcher = ((struct sim *)context)->watcher;
    if (watcher && watcher->reaped)
        watcher->reaped(watcher->context, a);
}

static void on_undelivered(void *context, const struct worker *w, const struct message *m)
{
    const struct hooks *watcher = ((struct sim *)context)->watcher;
    if (watcher && watcher->undelivered)
        watcher->undelivered(watcher->context, w, m);
}

/* ---- beginning and end ---- */

void sim_create(struct sim *sim, uint64_t seed, unsigned workers, const struct hooks *watcher)
{
    memset(sim, 0, sizeof *sim);
    sim->seed = sim->random = seed;
    sim->now_us = SIM_START_US;
    sim->steps_max = SIM_STEPS_MAX;
    sim->signature = UINT64_C(0xcbf29ce484222325);
    sim->capacity_bytes = SIM_CAPACITY_BYTES;
    sim->descriptors_max = UINT32_MAX;
    sim->file_room_bytes = UINT64_MAX;
    sim->watcher = watcher;
    sim->hooks = (struct hooks){.input = on_input,
                                .effect = on_effect,
                                .handled = on_handled,
                                .ending = on_ending,
                                .reaped = on_reaped,
                                .undelivered = on_undelivered,
                                .context = sim};
    runtime_create(&sim->runtime, &(struct runtime_options){
                                      .workers = workers, .io = &io_sim, .hooks = &sim->hooks});
    for (unsigned i = 0; seed && i < sim->runtime.count; i++) {
        sim->runtime.workers[i]->choose = choose_actor;
        sim->runtime.workers[i]->choose_context = sim;
    }
}

uint64_t sim_destroy(struct sim *sim)
{
    running++;
    uint64_t leaked = runtime_destroy(&sim->runtime);
    running--;
    sim_net_destroy(sim);
    sim_world_destroy(sim);
    return leaked;
}

/* ---- actors ---- */

struct actor_ref sim_spawn(struct sim *sim, const struct actor_type *type, struct message *first)
{
    return runtime_spawn_root(&sim->runtime, type, first);
}

void sim_send(struct sim *sim, struct actor_ref to, struct message *m)
{
    m->from = NOBODY;
    m->to = to;
    worker_route(sim->runtime.workers[0], m);
}

void sim_signal(struct sim *sim, int number)
{
    sim_send(sim, sim->runtime.signal_actor, msg_signal_new((struct msg_signal){(uint32_t)number}));
}

static struct actor *actor_of(const struct sim *sim, struct actor_ref who)
{
    assert(ref_worker(who) < sim->runtime.count);
    return worker_resolve(sim->runtime.workers[ref_worker(who)], who);
}

const struct actor *sim_actor(const struct sim *sim, struct actor_ref who)
{
    return actor_of(sim, who);
}

bool sim_kill(struct sim *sim, struct actor_ref who)
{
    struct actor *a = actor_of(sim, who);
    if (!a)
        return false;
    sim_enter(a->worker);
    a->stop_reason = STOP_KILLED;
    worker_reap(a->worker, a);
    sim_leave(sim);
    return true;
}

uint32_t sim_actors(const struct sim *sim)
{
    uint32_t n = 0;
    for (unsigned i = 0; i < sim->runtime.count; i++)
        n += sim->runtime.workers[i]->actors;
    return n - 3;
}

bool sim_has_ended(const struct sim *sim)
{
    return sim->runtime.workers[0]->stopping;
}

/* ---- what can happen ---- */

static bool timer_is_due(const struct worker *w)
{
    uint64_t at;
    return timers_next(&w->timers, &at) && at <= w->now_us;
}

static bool is_possible(const struct sim *sim, const struct worker *w, enum choice_kind kind)
{
    switch (kind) {
    case TAKE_INBOX: return sim->inboxes >> w->index & 1;
    case EXPIRE_TIMERS: return timer_is_due(w);
    case TURN: return w->run_first != NULL;
    default: return w->outbox_used || w->dirty;
    }
}

/* In rising order. The network has more chances the more can happen there, up to a point. */
static unsigned choices(const struct sim *sim, unsigned *list)
{
    unsigned n = 0;
    for (unsigned i = 0; i < sim->runtime.count; i++) {
        const struct worker *w = sim->runtime.workers[i];
        if (w->stopping || sim->held_until_us[i] > sim->now_us)
            continue;
        for (unsigned kind = 0; kind < CHOICE_KINDS; kind++)
            if (is_possible(sim, w, (enum choice_kind)kind))
                list[n++] = i * CHOICE_KINDS + kind;
    }
    for (size_t i = 0; i < sim->ready.count && i < CHOICES_MAX - NETWORK; i++)
        list[n++] = NETWORK;
    return n;
}

/* The next one after the one before, round and round: nobody starves. */
static unsigned choose_in_order(struct sim *sim, const unsigned *list, unsigned n)
{
    unsigned i = 0;
    while (i < n && list[i] <= sim->cursor)
        i++;
    return sim->cursor = list[i < n ? i : 0];
}

/* ---- a step ---- */

static void flush(struct sim *sim, struct worker *w)
{
    uint32_t pushed = w->outbox_used;
    worker_flush(w);
    sim->inboxes |= pushed;
    if (w->lingering)
        sockets_lingering(w);
}

/* The end of worker_run: what had been said is still handled. All others may have got something. */
static void stop(struct sim *sim, struct worker *w)
{
    for (unsigned i = 0; i < LAST_ROUNDS && worker_round(w); i++)
        ;
    sim->inboxes = (1u << sim->runtime.count) - 1;
}

static void step_worker(struct sim *sim, struct worker *w, enum choice_kind kind)
{
    sim_enter(w);
    switch (kind) {
    case TAKE_INBOX:
        sim->inboxes &= ~(1u << w->index);
        worker_take_inbox(w);
        if (w->stopping)
            stop(sim, w);
        break;
    case EXPIRE_TIMERS: timers_expire(w, w->now_us); break;
    case TURN: worker_turn(w); break;
    default: flush(sim, w); break;
    }
    sim_leave(sim);
}

static void step_network(struct sim *sim)
{
    size_t i = sim->seed ? sim_random(sim, (uint32_t)sim->ready.count)
                         : (size_t)(sim->steps % sim->ready.count);
    struct sim_turn *turn = sim->ready.list[i];
    struct worker *w = turn->socket ? turn->socket->base.worker : sim->runtime.workers[0];
    if (w->stopping && turn->socket && turn->socket->base.owner) {
        sim_ready_set(sim, turn,
                      false); /* what was written still leaves, but nobody hears any more */
        return;
    }
    sim_enter(w);
    if (turn->socket)
        sim_socket_step(turn->socket);
    else
        sim_peer_step(turn->peer);
    sim_leave(sim);
}

bool sim_step(struct sim *sim)
{
    unsigned list[CHOICES_MAX];
    assert(!running); /* from a peer's callback, or an actor */
    unsigned n = choices(sim, list);
    if (n == 0)
        return false;
    unsigned chosen = sim->seed ? list[sim_random(sim, n)] : choose_in_order(sim, list, n);
    sim->steps++;
    if (chosen == NETWORK)
        step_network(sim);
    else
        step_worker(sim, sim->runtime.workers[chosen / CHOICE_KINDS],
                    (enum choice_kind)(chosen % CHOICE_KINDS));
    if (!sim->end_seen && atomic_load(&sim->runtime.ending)) {
        sim->end_seen = true; /* the runtime itself has pushed to worker 0 */
        sim->inboxes |= 1;
    }
    return true;
}

bool sim_run_until_idle(struct sim *sim)
{
    uint64_t limit = sim->steps + sim->steps_max;
    while (sim_step(sim))
        if (sim->steps >= limit)
            return false;
    return true;
}

/* ---- time ---- */

static void sooner(uint64_t *at_us, uint64_t us)
{
    if (us < *at_us)
        *at_us = us;
}

static void worker_due(const struct sim *sim, const struct worker *w, uint64_t *at_us)
{
    uint64_t timer;
    if (timers_next(&w->timers, &timer))
        sooner(at_us, timer);
    if (sim->held_until_us[w->index] > sim->now_us)
        sooner(at_us, sim->held_until_us[w->index]);
    for (const struct socket *s = w->lingering; s; s = s->next)
        sooner(at_us, s->linger_until_us);
    for (const struct socket *s = w->starved; s; s = s->starved_next)
        sooner(at_us, s->starved_until_us);
}

bool sim_next_due(const struct sim *sim, uint64_t *at_us)
{
    *at_us = UINT64_MAX;
    for (unsigned i = 0; i < sim->runtime.count; i++)
        if (!sim->runtime.workers[i]->stopping)
            worker_due(sim, sim->runtime.workers[i], at_us);
    for (const struct sim_socket *x = sim->connecting; x; x = x->next)
        sooner(at_us, x->due_us);
    return *at_us != UINT64_MAX;
}

/* The clock says `us`; what waits for that is made possible. */
static void set_clock(struct sim *sim, uint64_t us)
{
    assert(us >= sim->now_us);
    sim->now_us = us;
    for (unsigned i = 0; i < sim->runtime.count; i++) {
        struct worker *w = sim->runtime.workers[i];
        sim_enter(w);
        w->now_us = us;
        if (w->lingering)
            sockets_lingering(w);
        if (w->starved)
            sockets_starved(w);
        sim_leave(sim);
    }
    sim_sockets_due(sim);
}

bool sim_advance(struct sim *sim, uint64_t us)
{
    uint64_t until = sim->now_us + us, at;
    bool idle = sim_run_until_idle(sim);
    while (idle && sim_next_due(sim, &at) && at <= until) {
        set_clock(sim, at > sim->now_us ? at : sim->now_us);
        idle = sim_run_until_idle(sim);
    }
    if (idle)
        set_clock(sim, until);
    return idle;
}

bool sim_run_until(struct sim *sim, bool (*holds)(void *context), void *context, uint64_t limit_us)
{
    uint64_t until = sim->now_us + limit_us, at, most = sim->steps + sim->steps_max;
    while (!holds(context)) {
        if (sim->steps >= most)
            return false;
        if (sim_step(sim))
            continue;
        if (!sim_next_due(sim, &at) || at > until) {
            set_clock(sim, until);
            return holds(context);
        }
        set_clock(sim, at > sim->now_us ? at : sim->now_us);
    }
    return true;
}
