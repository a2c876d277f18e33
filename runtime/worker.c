/* runtime/worker.c -- rounds, turns, mailboxes and the way of a message; see worker.h
 *
 * A round: take the inbox, give a turn to each actor that was runnable when the round began, and go
 * on until nobody is or ROUND_MESSAGES were handled; then flush sockets and outboxes, and poll.
 */
#include "runtime/worker.h"
#include "runtime/lives.h"
#include "runtime/runtime.h"
#include <stdlib.h>
#include <string.h>

/* Hints for the hottest path: watched runs and ends are rare. */

/* While there is work, the sockets are polled when this has gone by, not after each short round. */
enum { POLL_EVERY_US = 50 };
/* Messages staged for one worker that are pushed at the end of a turn, not of the round. */
enum { OUTBOX_PUSH = 64, TURN_LONG = TURN_MESSAGES / 2 };
/* Bounds of the end, see worker_last. */
enum { LAST_ROUNDS = 64, LAST_WRITES_US = 1000000 };

void worker_create(struct worker *w, struct runtime *r, unsigned index, const struct io_ops *io)
{
    memset(w, 0, sizeof *w);
    inbox_create(&w->inbox);
    w->runtime = r;
    w->index = index;
    w->io = io;
    w->free_first = w->free_last = SLOTS_MAX;
}

void worker_destroy(struct worker *w)
{
    timers_finish(w);
    sockets_finish(w);
    if (w->read_chunk)
        chunk_unref(w->read_chunk);
    if (w->write_chunk)
        chunk_unref(w->write_chunk);
    for (unsigned i = 0; i < WORKERS_MAX; i++)
        free(w->leases[i]);
    free(w->slots);
}

/* ---- mailboxes ---- */

static void mailbox_push(struct actor *a, struct message *m)
{
    m->node.next = NULL;
    if (a->mailbox_newest)
        a->mailbox_newest->node.next = &m->node;
    else
        a->mailbox_oldest = m;
    a->mailbox_newest = m;
}

/* Not empty. */
static struct message *mailbox_pop(struct actor *a)
{
    struct message *m = a->mailbox_oldest;
    a->mailbox_oldest = message_next(m);
    if (!a->mailbox_oldest)
        a->mailbox_newest = NULL;
    return m;
}

static void make_runnable(struct worker *w, struct actor *a)
{
    if (a->queued)
        return;
    a->queued = true;
    a->run_next = NULL;
    if (w->run_last)
        w->run_last->run_next = a;
    else
        w->run_first = a;
    w->run_last = a;
}

/* Out of the run queue, if it is there; `before` stands before it, NULL: it is the first. */
static void run_unlink(struct worker *w, struct actor *a, struct actor *before)
{
    if (before)
        before->run_next = a->run_next;
    else
        w->run_first = a->run_next;
    if (w->run_last == a)
        w->run_last = before;
}

static struct actor *run_pop_chosen(struct worker *w)
{
    struct actor *before = NULL, *a = w->run_first;
    uint32_t runnable = 1;
    for (struct actor *at = a; at != w->run_last; at = at->run_next)
        runnable++;
    for (uint32_t skip = w->choose(w->choose_context, runnable); skip; skip--) {
        before = a;
        a = a->run_next;
    }
    run_unlink(w, a, before);
    return a;
}

/* Not empty. The actor stays `queued` until its turn has ended: what it hears meanwhile needs no
 * second entry, and an actor that ends in its turn is in no list. */
static struct actor *run_pop(struct worker *w)
{
    if (RARELY(w->choose) && w->run_first != w->run_last)
        return run_pop_chosen(w);
    struct actor *a = w->run_first;
    run_unlink(w, a, NULL);
    return a;
}

/* Only an actor that is ended from outside of its turn can be in the run queue still. */
static void run_remove(struct worker *w, struct actor *a)
{
    struct actor *before = NULL, *at = w->run_first;
    for (; at && at != a; at = at->run_next)
        before = at;
    if (at)
        run_unlink(w, a, before);
}

/* ---- bundles ---- */

/* The bundle's own cache line counts as one message, and so each size fills a slab's class. */
static size_t bundle_bytes(uint32_t room)
{
    return sizeof(struct bundle) + room * sizeof(struct message);
}

static struct bundle *bundle_new(uint32_t wanted, struct bundle *before)
{
    uint32_t room = 1;
    while (room < wanted && room < BUNDLE_MESSAGES)
        room = room * 2 + 1;
    struct bundle *b = heap_alloc(bundle_bytes(room));
    b->node.next = before ? &before->node : NULL;
    b->count = 0;
    b->room = room;
    return b;
}

/* The first of a list are copied into the bundle: their cells stay with the worker that they belong to. */
static void bundle_fill(struct bundle *b, struct message *first)
{
    for (uint32_t i = 0; i < b->count; i++) {
        struct message *m = first;
        first = message_next(m);
        b->messages[i] = *m;
        heap_cell_free(m);
    }
}

static void bundle_free(struct bundle *b)
{
    heap_free(b, bundle_bytes(b->room));
}

/* ---- the way of a message ---- */

struct actor *worker_resolve(const struct worker *w, struct actor_ref r)
{
    uint32_t slot = ref_slot(r);
    if (slot >= w->slots_count || w->slots[slot].generation != r.generation)
        return NULL;
    return w->slots[slot].actor;
}

static void undeliverable(struct worker *w, struct message *m)
{
    if (w->hooks && w->hooks->undelivered)
        w->hooks->undelivered(w->hooks->context, w, m);
    switch (message_kind_info(m->kind)->class) {
    case KIND_BOUNCE: {
        w->counters.bounced++;
        struct message *back = msg_bounced_new((struct msg_bounced){m->to, m->kind});
        back->from = m->to;
        back->to = m->from;
        back->exchange = m->exchange;
        message_free(m);
        worker_route(w, back);
        return;
    }
    case KIND_EXPECTED: w->counters.late++; break;
    default: w->counters.dead_letters++; break;
    }
    message_free(m);
}

static inline void deliver(struct worker *w, struct message *m)
{
    struct actor *a = worker_resolve(w, m->to);
    if (RARELY(!a || a->stopping)) {
        undeliverable(w, m);
        return;
    }
    mailbox_push(a, m);
    make_runnable(w, a);
}

void worker_deliver(struct worker *w, struct message *m)
{
    deliver(w, m);
}

void worker_event(struct worker *w, struct actor *to, struct message *m)
{
    m->to = to->ref;
    if (!m->exchange)
        m->exchange = to->exchange;
    mailbox_push(to, m);
    make_runnable(w, to);
}

static void outbox_more(struct outbox *out)
{
    if (out->newest)
        bundle_fill(out->newest, out->staged);
    out->newest = bundle_new(out->usual > out->count ? out->usual : out->count + 1, out->newest);
    out->end = &out->staged;
    if (!out->oldest)
        out->oldest = out->newest;
}

static void outbox_put(struct worker *w, unsigned far, struct message *m)
{
    struct outbox *out = &w->outbox[far];
    if (!out->newest || out->newest->count == out->newest->room)
        outbox_more(out);
    __builtin_prefetch(&out->newest->messages[out->newest->count++], 1);
    *out->end = m;
    out->end = (struct message **)(void *)&m->node.next;
    out->count++;
    w->outbox_used |= 1u << far;
    w->counters.sent_far++;
}

static inline void route(struct worker *w, struct message *m)
{
    unsigned at = ref_worker(m->to);
    if (at == w->index)
        deliver(w, m);
    else
        outbox_put(w, at, m);
}

void worker_route(struct worker *w, struct message *m)
{
    route(w, m);
}

/* True when it was only shown. Out of line: the hot path is without watchers. */
static bool __attribute__((noinline)) send_shown(struct actor *self, struct message *m)
{
    if (!SHOWN_ONLY(self, .kind = EFFECT_SEND, .ref = m->to, .message = m))
        return false;
    message_free(m);
    return true;
}

static inline void send(struct actor *self, struct actor_ref to, struct message *m)
{
    struct worker *w = self->worker;
    m->from = self->ref;
    m->to = to;
    if (RARELY(w->hooks)) {
        if (w->hooks->sent)
            w->hooks->sent(w->hooks->context, self, m);
        else if (send_shown(self, m))
            return;
    }
    route(w, m);
}

void actor_send(struct actor *self, struct actor_ref to, struct message *m)
{
    if (!m->exchange)
        m->exchange = self->exchange;
    send(self, to, m);
}

void actor_forward(struct actor *self, struct actor_ref to, struct message *m)
{
    send(self, to, actor_take(self, m));
}

static bool is_control(const struct message *m)
{
    return m->kind >= MSG_CONTROL_SPAWN && m->kind <= MSG_CONTROL_STOP;
}

static void open_bundle(struct worker *w, const struct bundle *b)
{
    for (uint32_t i = 1; i < b->count; i++)
        __builtin_prefetch(&b->messages[i], 1); /* to be written next by the one who wrote it */
    for (uint32_t i = 0; i < b->count; i++) {
        struct message *m = heap_cell_alloc();
        *m = b->messages[i];
        if (RARELY(is_control(m)))
            worker_control(w, m);
        else
            deliver(w, m);
    }
}

void worker_take_inbox(struct worker *w)
{
    struct inbox_node *n = inbox_take(&w->inbox);
    while (n) {
        struct bundle *b = (struct bundle *)(void *)n;
        n = n->next;
        open_bundle(w, b);
        bundle_free(b);
    }
}

/* ---- the way to other workers ---- */

/* Only at the very end: nobody is to hear of it. */
static void drop_bundles(struct bundle *b)
{
    while (b) {
        struct bundle *next = (struct bundle *)(void *)b->node.next;
        for (uint32_t i = 0; i < b->count; i++)
            message_release_spans(&b->messages[i]);
        bundle_free(b);
        b = next;
    }
}

static void push_outbox(struct worker *w, unsigned far)
{
    struct outbox *out = &w->outbox[far];
    struct worker *there = runtime_worker(w->runtime, far);
    struct bundle *newest = out->newest, *oldest = out->oldest;
    bundle_fill(newest, out->staged);
    *out = (struct outbox){.usual = out->count};
    w->counters.flushes++;
    enum inbox_pushed pushed = inbox_push(&there->inbox, &newest->node, &oldest->node);
    if (pushed == INBOX_WOKE) {
        w->counters.wakes++;
        there->io->wake(there);
    } else if (pushed == INBOX_CLOSED) {
        drop_bundles(newest);
    }
}

static void push_outboxes(struct worker *w, uint32_t at_least)
{
    uint32_t left = w->outbox_used;
    for (unsigned far = 0; left; far++, left >>= 1)
        if ((left & 1) && w->outbox[far].count >= at_least) {
            w->outbox_used &= ~(1u << far);
            push_outbox(w, far);
        }
}

/* ---- turns ---- */

/* Events about a timer or socket that the actor has put away meanwhile are not shown to it. */
static bool is_stale(const struct actor *a, struct message *m)
{
    switch (m->kind) {
    case MSG_TIMER: return !timer_is_live(a, msg_timer(m)->n, msg_timer(m)->serial);
    case MSG_SOCKET_DATA:
        return !socket_is_live(a, msg_socket_data(m)->n, msg_socket_data(m)->serial);
    case MSG_SOCKET_CONNECTED:
        return !socket_is_live(a, msg_socket_connected(m)->n, msg_socket_connected(m)->serial);
    case MSG_SOCKET_END: return !socket_is_live(a, msg_socket_end(m)->n, msg_socket_end(m)->serial);
    case MSG_SOCKET_FAILED:
        return !socket_is_live(a, msg_socket_failed(m)->n, msg_socket_failed(m)->serial);
    case MSG_SOCKET_DRAINED:
        return !socket_is_live(a, msg_socket_drained(m)->n, msg_socket_drained(m)->serial);
    case MSG_SOCKET_LISTENING:
        return !socket_is_live(a, msg_socket_listening(m)->n, msg_socket_listening(m)->serial);
    default: return false;
    }
}

static bool is_event(uint16_t kind)
{
    return kind <= MSG_LAST_EVENT;
}

/* False when the event is stale. A timer that is shown has run out. */
static bool take_event(struct actor *a, struct message *m)
{
    if (is_stale(a, m))
        return false;
    if (m->kind == MSG_TIMER)
        timer_stop_quietly(a, msg_timer(m)->n);
    else if (m->kind == MSG_SOCKET_DATA)
        socket_heard(a, msg_socket_data(m)->n);
    return true;
}

/* An event may turn out to be stale, and not be shown. */
static bool goes_on(const struct actor *a, uint16_t kind, bool more)
{
    return a->stopping || (more && !is_event(kind) && a->mailbox_oldest->kind == kind);
}

/* more: there is another message in this turn. */
static void handle(struct worker *w, struct actor *a, struct message *m, bool more)
{
    uint16_t kind = m->kind;
    if (RARELY(is_event(kind)) && !w->isolated && !take_event(a, m)) {
        message_free(m);
        return;
    }
    atomic_store_explicit(&w->watch_kind, kind, memory_order_relaxed);
    if (RARELY(w->hooks)) {
        a->heard++;
        w->hooks->input(w->hooks->context, a, m, w->now_us);
    }
    w->counters.messages++;
    w->message_taken = false;
    a->type->on_message(a, m);
    if (!w->message_taken)
        message_free(m);
    if (RARELY(w->hooks) && w->hooks->handled)
        w->hooks->handled(w->hooks->context, a, goes_on(a, kind, more));
}

static void turn_begins(struct worker *w, struct actor *a)
{
    w->counters.turns++;
    atomic_store_explicit(&w->watch_turn, w->counters.turns, memory_order_relaxed);
    atomic_store_explicit(&w->watch_place, a->ref.place, memory_order_relaxed);
    atomic_store_explicit(&w->watch_type, a->type->name, memory_order_relaxed);
}

/* What the actor says to itself meanwhile comes after what had been there, in another turn. */
static inline uint32_t turn(struct worker *w, struct actor *a)
{
    const struct message *last = a->mailbox_newest;
    uint32_t handled = 0;
    turn_begins(w, a);
    for (bool more = true; more && !a->stopping; handled++) {
        struct message *m = mailbox_pop(a);
        more = m != last && handled + 1 < TURN_MESSAGES;
        handle(w, a, m, more);
    }
    a->queued = false;
    atomic_store_explicit(&w->watch_type, NULL, memory_order_relaxed);
    if (RARELY(a->stopping))
        worker_reap(w, a);
    else if (a->mailbox_oldest)
        make_runnable(w, a);
    return handled;
}

/* Turns until nobody is runnable, `limit` messages were handled or ROUND_US have gone by. */
static uint32_t turns(struct worker *w, uint32_t limit)
{
    uint32_t handled = 0, look = TURN_MESSAGES;
    while (w->run_first && handled < limit) {
        uint32_t in_turn = turn(w, run_pop(w));
        handled += in_turn;
        /* much is not kept for the end, nor what a long turn had to say (credit, mostly): the others
         * could go on meanwhile */
        if (w->outbox_used)
            push_outboxes(w, in_turn >= TURN_LONG ? 1 : OUTBOX_PUSH);
        if (handled < look)
            continue;
        if (w->io->clock(w) > w->now_us + ROUND_US)
            break;
        look = handled + TURN_MESSAGES;
    }
    return handled;
}

/* One turn, and nothing is pushed: deterministic mode chooses when. */
bool worker_turn(struct worker *w)
{
    if (!w->run_first)
        return false;
    turn(w, run_pop(w));
    return true;
}

void worker_reap(struct worker *w, struct actor *a)
{
    a->stopping = true;
    if (a->queued)
        run_remove(w, a);
    if (w->hooks && w->hooks->ending)
        w->hooks->ending(w->hooks->context, a);
    if (a->type->on_stop)
        a->type->on_stop(a);
    if (w->hooks && w->hooks->reaped)
        w->hooks->reaped(w->hooks->context, a);
    sockets_close_all(a);
    timers_stop_all(a);
    files_close_all(a);
    while (a->mailbox_oldest)
        undeliverable(w, mailbox_pop(a));
    monitors_tell(w, a);
    worker_slot_give(w, a->ref);
    w->actors--;
    w->counters.reaped++;
    heap_free(a, a->type->state_bytes);
}

/* ---- rounds ---- */

void worker_post(struct worker *there, struct message *m)
{
    struct bundle *b = bundle_new(1, NULL);
    b->count = 1;
    bundle_fill(b, m);
    if (inbox_push(&there->inbox, &b->node, &b->node) == INBOX_WOKE)
        there->io->wake(there);
}

void worker_flush(struct worker *w)
{
    sockets_flush(w);
    push_outboxes(w, 1);
    heap_round(w->heap);
}

bool worker_round(struct worker *w)
{
    worker_take_inbox(w);
    timers_expire(w, w->now_us);
    if (w->run_first)
        watchdog_rouse(w);
    turns(w, ROUND_MESSAGES);
    worker_flush(w);
    w->counters.rounds++;
    return w->run_first != NULL;
}

static void sooner(uint64_t *until_us, uint64_t us)
{
    if (*until_us == WAIT_FOREVER_US || *until_us > us)
        *until_us = us;
}

/* Waits for what comes next. A worker that was busy waits IDLE_US at most the first time, and then
 * gives its spare memory back. */
static void worker_sleep(struct worker *w)
{
    uint64_t until = WAIT_FOREVER_US, idle_at = w->now_us + IDLE_US;
    timers_next(&w->timers, &until);
    if (w->lingering)
        sooner(&until, w->now_us + IDLE_US);
    if (w->starved)
        sooner(&until, w->now_us + (uint64_t)ACCEPT_RETRY_MS * 1000);
    if (w->counters.messages != w->handled_before_sleep)
        w->trimmed = false;
    w->handled_before_sleep = w->counters.messages;
    if (!w->trimmed)
        sooner(&until, idle_at);
    bool parked = inbox_park(&w->inbox);
    w->counters.parks += parked;
    w->io->poll(w, parked, until);
    if (!w->trimmed && !w->run_first && w->now_us >= idle_at) {
        heap_trim(w->heap);
        w->trimmed = true;
    }
}

/* What had been said when the stop came is still handled (the log's last lines), and what was
 * written still leaves, if the peers take it soon. Both have an end: LAST_ROUNDS, LAST_WRITES_US. */
static void worker_last(struct worker *w)
{
    for (unsigned i = 0; i < LAST_ROUNDS && worker_round(w); i++)
        ;
    uint64_t until = w->io->clock(w) + LAST_WRITES_US;
    while (w->lingering && w->now_us < until) {
        w->io->poll(w, true, until);
        worker_round(w);
        sockets_lingering(w);
    }
}

void worker_run(struct worker *w)
{
    heap_enter(w->heap);
    w->io->poll(w, false, 0);
    for (;;) {
        bool more = worker_round(w);
        if (w->stopping) /* looked at here: a stop that this round took would be slept over */
            break;
        if (!more)
            worker_sleep(w);
        else if (w->io->clock(w) >= w->now_us + POLL_EVERY_US)
            w->io->poll(w, false, 0);
        if (w->lingering)
            sockets_lingering(w);
        if (w->starved)
            sockets_starved(w);
    }
    worker_last(w);
}
