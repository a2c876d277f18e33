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
    a->mailbox_length++;
}

static struct message *mailbox_pop(struct actor *a)
{
    struct message *m = a->mailbox_oldest;
    if (m) {
        a->mailbox_oldest = message_next(m);
        if (!a->mailbox_oldest)
            a->mailbox_newest = NULL;
        a->mailbox_length--;
    }
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
    w->run_length++;
}

static struct actor *run_pop(struct worker *w)
{
    uint32_t skip =
        w->choose && w->run_length > 1 ? w->choose(w->choose_context, w->run_length) : 0;
    struct actor *before = NULL, *a = w->run_first;
    for (; skip; skip--) {
        before = a;
        a = a->run_next;
    }
    if (!a)
        return NULL;
    if (before)
        before->run_next = a->run_next;
    else
        w->run_first = a->run_next;
    if (w->run_last == a)
        w->run_last = before;
    w->run_length--;
    a->queued = false;
    return a;
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

void worker_deliver(struct worker *w, struct message *m)
{
    struct actor *a = worker_resolve(w, m->to);
    if (!a || a->stopping) {
        undeliverable(w, m);
        return;
    }
    mailbox_push(a, m);
    make_runnable(w, a);
}

void worker_event(struct worker *w, struct actor *to, struct message *m)
{
    m->to = to->ref;
    if (!m->exchange)
        m->exchange = to->exchange;
    mailbox_push(to, m);
    make_runnable(w, to);
}

static void outbox_put(struct worker *w, unsigned far, struct message *m)
{
    struct outbox *out = &w->outbox[far];
    m->node.next = out->newest ? &out->newest->node : NULL;
    out->newest = m;
    if (!out->oldest)
        out->oldest = m;
    w->outbox_used |= 1u << far;
    w->counters.sent_far++;
}

void worker_route(struct worker *w, struct message *m)
{
    unsigned at = ref_worker(m->to);
    if (at == w->index)
        worker_deliver(w, m);
    else
        outbox_put(w, at, m);
}

static bool is_control(const struct message *m)
{
    return m->kind >= MSG_CONTROL_SPAWN && m->kind <= MSG_CONTROL_STOP;
}

void worker_take_inbox(struct worker *w)
{
    struct inbox_node *n = inbox_take(&w->inbox);
    while (n) {
        struct message *m = (struct message *)(void *)n;
        n = n->next;
        if (is_control(m))
            worker_control(w, m);
        else
            worker_deliver(w, m);
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

static void handle(struct worker *w, struct actor *a, struct message *m)
{
    if (!w->isolated && is_stale(a, m)) {
        message_free(m);
        return;
    }
    if (m->kind == MSG_TIMER && !w->isolated)
        timer_stop_quietly(a, msg_timer(m)->n);
    atomic_store_explicit(&w->watch_kind, m->kind, memory_order_relaxed);
    if (w->hooks)
        w->hooks->input(w->hooks->context, a, m, w->now_us);
    w->counters.messages++;
    w->message_taken = false;
    a->type->on_message(a, m);
    if (!w->message_taken)
        message_free(m);
}

static void turn_begins(struct worker *w, struct actor *a)
{
    w->current = a;
    w->counters.turns++;
    atomic_store_explicit(&w->watch_turn, w->counters.turns, memory_order_relaxed);
    atomic_store_explicit(&w->watch_slot, ref_slot(a->ref), memory_order_relaxed);
    atomic_store_explicit(&w->watch_type, a->type->name, memory_order_relaxed);
}

static uint32_t turn(struct worker *w, struct actor *a)
{
    uint32_t budget = a->mailbox_length < TURN_MESSAGES ? a->mailbox_length : TURN_MESSAGES;
    uint32_t handled = 0;
    turn_begins(w, a);
    for (; handled < budget && !a->stopping; handled++)
        handle(w, a, mailbox_pop(a));
    w->current = NULL;
    atomic_store_explicit(&w->watch_type, NULL, memory_order_relaxed);
    if (a->stopping)
        worker_reap(w, a);
    else if (a->mailbox_oldest)
        make_runnable(w, a);
    return handled;
}

bool worker_turn(struct worker *w)
{
    struct actor *a = run_pop(w);
    if (!a)
        return false;
    turn(w, a);
    return true;
}

void worker_reap(struct worker *w, struct actor *a)
{
    a->stopping = true;
    w->current = a;
    if (a->type->on_stop)
        a->type->on_stop(a);
    w->current = NULL;
    if (w->hooks && w->hooks->reaped)
        w->hooks->reaped(w->hooks->context, a);
    sockets_close_all(a);
    timers_stop_all(a);
    files_close_all(a);
    for (struct message *m; (m = mailbox_pop(a));)
        undeliverable(w, m);
    monitors_tell(w, a);
    worker_slot_give(w, a->ref);
    w->actors--;
    w->counters.reaped++;
    heap_free(a, a->type->state_bytes);
}

/* ---- rounds ---- */

static void push_outbox(struct worker *w, unsigned far)
{
    struct outbox *out = &w->outbox[far];
    struct worker *there = runtime_worker(w->runtime, far);
    enum inbox_pushed pushed = inbox_push(&there->inbox, &out->newest->node, &out->oldest->node);
    struct message *m = out->newest;
    *out = (struct outbox){NULL, NULL};
    w->counters.flushes++;
    if (pushed == INBOX_WOKE) {
        w->counters.wakes++;
        there->io->wake(there);
    }
    while (pushed == INBOX_CLOSED && m) { /* only at the very end: nobody is to hear of it */
        struct message *next = message_next(m);
        message_free(m);
        m = next;
    }
}

void worker_flush(struct worker *w)
{
    sockets_flush(w);
    for (unsigned far = 0; w->outbox_used; far++)
        if (w->outbox_used & 1u << far) {
            w->outbox_used &= ~(1u << far);
            push_outbox(w, far);
        }
    heap_round(w->heap);
}

bool worker_round(struct worker *w)
{
    uint64_t until = w->now_us + ROUND_US;
    uint32_t handled = 0;
    worker_take_inbox(w);
    timers_expire(w, w->now_us);
    while (w->run_length && handled < ROUND_MESSAGES) {
        uint32_t snapshot = w->run_length, before = handled;
        while (snapshot-- && handled < ROUND_MESSAGES && w->run_length)
            handled += turn(w, run_pop(w));
        if (handled / TURN_MESSAGES != before / TURN_MESSAGES && w->io->clock(w) > until)
            break;
    }
    watchdog_rouse(w, handled);
    worker_flush(w);
    w->counters.rounds++;
    return w->run_length != 0;
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
    if (!w->trimmed)
        sooner(&until, idle_at);
    bool parked = inbox_park(&w->inbox);
    w->counters.parks += parked;
    uint64_t handled = w->counters.messages;
    w->io->poll(w, parked, until);
    if (w->run_length || handled != w->handled_before_sleep) {
        w->trimmed = false;
    } else if (!w->trimmed && w->now_us >= idle_at) {
        heap_trim(w->heap);
        w->trimmed = true;
    }
    w->handled_before_sleep = handled;
}

void worker_run(struct worker *w)
{
    heap_enter(w->heap);
    w->io->poll(w, false, 0);
    while (!w->stopping) {
        if (worker_round(w))
            w->io->poll(w, false, 0);
        else
            worker_sleep(w);
        if (w->lingering)
            sockets_lingering(w);
        if (w->starved)
            sockets_starved(w);
    }
    worker_flush(w);
}
