/* runtime/runtime.c -- start, threads and end; see runtime.h */
#include "runtime/runtime.h"
#include "runtime/lives.h"
#include "runtime/worker.h"
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct worker *runtime_worker(const struct runtime *r, unsigned index)
{
    return r->workers[index];
}

static void wake_owner(void *context)
{
    struct worker *w = context;
    w->io->wake(w);
}

static struct worker *worker_new(struct runtime *r, unsigned index, const struct runtime_options *o)
{
    struct worker *w = aligned_alloc(64, (sizeof *w + 63) & ~(size_t)63);
    if (!w)
        heap_exhausted("a worker", sizeof *w);
    worker_create(w, r, index, o->io);
    w->hooks = o->hooks;
    w->heap = heap_new(index, wake_owner, w);
    r->workers[index] = w;
    if (o->io->start(w) != 0)
        heap_exhausted("an event loop", 0);
    w->now_us = o->io->clock(w);
    return w;
}

static struct actor_ref spawn_on(struct worker *w, const struct actor_type *type)
{
    struct heap *before = heap_enter(w->heap);
    struct actor_ref ref = worker_spawn(w, NOBODY, type, message_new(MSG_WATCH))->ref;
    heap_enter(before);
    return ref;
}

void runtime_create(struct runtime *r, const struct runtime_options *o)
{
    assert(o->workers >= 1 && o->workers + 1 + o->names_apart <= WORKERS_MAX);
    memset(r, 0, sizeof *r);
    r->blocking_index = o->workers;
    r->count = o->workers + 1 + o->names_apart;
    r->file_total_max = o->file_total_max;
    r->before_exit = o->before_exit;
    for (unsigned i = 0; i < r->count; i++)
        worker_new(r, i, o);
    for (unsigned from = 0; from < r->blocking_index; from++)
        for (unsigned to = 0; to < r->blocking_index; to++)
            if (from != to) {
                struct heap *before = heap_enter(r->workers[from]->heap);
                leases_prepare(r->workers[from], r->workers[to]);
                heap_enter(before);
            }
    struct worker *blocking = r->workers[r->blocking_index];
    r->blocking = spawn_on(blocking, &blocking_type);
    r->log = spawn_on(blocking, &log_writer_type);
    r->watchdog = spawn_on(blocking, &watchdog_type);
    r->names = o->names_apart ? spawn_on(r->workers[r->count - 1], &blocking_type) : r->blocking;
    heap_enter(r->workers[0]->heap);
}

struct actor_ref runtime_spawn_root(struct runtime *r, const struct actor_type *type,
                                    struct message *first)
{
    return worker_spawn(r->workers[0], NOBODY, type, first)->ref;
}

void runtime_signals_to(struct runtime *r, struct actor_ref who)
{
    r->signal_actor = who;
}

static void *worker_thread(void *argument)
{
    worker_run(argument);
    return NULL;
}

static void start_thread(struct runtime *r, unsigned index)
{
    int error = pthread_create(&r->threads[index], NULL, worker_thread, r->workers[index]);
    if (error) {
        fprintf(stderr, "cannot start a thread: %s\n", strerror(error));
        abort();
    }
}

static void stop_worker(struct runtime *r, unsigned index)
{
    worker_post(r->workers[index], msg_control_stop_new((struct msg_control_stop){0}));
}

static void join_worker(struct runtime *r, unsigned index)
{
    stop_worker(r, index);
    pthread_join(r->threads[index], NULL);
}

/* What a worker has done in its life, for --log-level debug; its thread is joined. */
static void say_counters(struct worker *w)
{
    char text[80];
    heap_enter(w->heap);
#define COUNTER(name, what)                                                                        \
    if (w->counters.name) {                                                                        \
        snprintf(text, sizeof text, "worker=%u count=%" PRIu64, w->index, w->counters.name);       \
        runtime_say(w, LOG_DEBUG, what, text);                                                     \
    }
    COUNTERS(COUNTER)
#undef COUNTER
    worker_flush(w);
}

/* Nobody reads signals any more, and what is joined may be at a disk that does not answer. */
static void end_now(int number)
{
    (void)number;
    _exit(STATUS_SIGNALLED_AGAIN);
}

static void signals_end_now(void)
{
    signal(SIGTERM, end_now);
    signal(SIGINT, end_now);
}

/* The worker of names sets looking_up and then reads `ending`; here it is the other way round. So a
 * look-up that is not seen here will not begin. */
static bool names_are_stuck(struct runtime *r)
{
    return r->count > r->blocking_index + 1 && atomic_load(&r->looking_up);
}

/* The blocking worker last: what the others had to log is before its end. False: the thread of names
 * runs still. */
static bool join_all(struct runtime *r)
{
    for (unsigned i = r->blocking_index + 1; i < r->count; i++)
        stop_worker(r, i); /* it may end while others are joined */
    for (unsigned i = 1; i < r->blocking_index; i++)
        join_worker(r, i);
    bool stuck = names_are_stuck(r);
    for (unsigned i = r->blocking_index + 1; i < r->count && !stuck; i++)
        pthread_join(r->threads[i], NULL);
    join_worker(r, r->blocking_index);
    return !stuck;
}

static void sweep(struct runtime *r, unsigned workers);

int runtime_run(struct runtime *r)
{
    for (unsigned i = 1; i < r->count; i++)
        start_thread(r, i);
    worker_run(r->workers[0]);
    signals_end_now();
    unsigned mine = join_all(r) ? r->count : r->blocking_index + 1; /* workers without a thread */
    for (unsigned i = 0; i < mine && log_wants(LOG_DEBUG); i++)
        say_counters(r->workers[i]);
    heap_enter(r->workers[0]->heap);
    if (mine < r->count) {
        sweep(r, mine);
        if (r->before_exit)
            r->before_exit();
        _exit(atomic_load(&r->status));
    }
    return atomic_load(&r->status);
}

void runtime_end(struct runtime *r, int status)
{
    if (atomic_exchange(&r->ending, true))
        return;
    atomic_store(&r->status, status);
    stop_worker(r, 0);
}

static void reap_all(struct worker *w)
{
    for (uint32_t i = 0; i < w->slots_count; i++)
        if (w->slots[i].actor)
            worker_reap(w, w->slots[i].actor);
}

/* Messages that were said by the dying to the dead. The blocking worker still does what it was asked
 * for: files are closed, and last words are logged. */
static void sweep(struct runtime *r, unsigned workers)
{
    for (unsigned i = 0; i < workers; i++) {
        struct worker *w = r->workers[i];
        heap_enter(w->heap);
        worker_take_inbox(w);
        while (i == r->blocking_index && worker_turn(w))
            ;
        reap_all(w);
        w->dirty = NULL;
        worker_flush(w);
    }
}

uint64_t runtime_destroy(struct runtime *r)
{
    uint64_t leaked = 0;
    for (unsigned i = 0; i < 3; i++)
        sweep(r, r->count);
    for (unsigned i = 0; i < r->count; i++) {
        heap_enter(r->workers[i]->heap);
        worker_destroy(r->workers[i]);
        r->workers[i]->io->finish(r->workers[i]);
    }
    /* cells that are kept at hand may be of other heaps: all go home before the first heap goes */
    for (unsigned round = 0; round < 2; round++)
        for (unsigned i = 0; i < r->count; i++) {
            heap_enter(r->workers[i]->heap);
            heap_trim(r->workers[i]->heap);
        }
    for (unsigned i = 0; i < r->count; i++) {
        leaked += heap_live(r->workers[i]->heap);
        heap_delete(r->workers[i]->heap);
        free(r->workers[i]);
    }
    return leaked;
}

/* ---- the log ---- */

void runtime_log(struct worker *w, enum log_level level, const char *text, size_t length)
{
    struct runtime *r = w->runtime;
    if (atomic_fetch_add_explicit(&r->log_under_way, 1, memory_order_relaxed) >= LOG_LINES_MAX) {
        atomic_fetch_sub_explicit(&r->log_under_way, 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&r->log_dropped, 1, memory_order_relaxed);
        w->counters.log_dropped++;
        return;
    }
    struct message *m = msg_log_line_new((struct msg_log_line){
        .text = span_copy(text, length), .when = w->now_us, .level = (uint8_t)level});
    m->to = r->log;
    worker_route(w, m);
}

void runtime_say(struct worker *w, enum log_level level, const char *sentence, const char *detail)
{
    char text[LOG_TEXT_MAX], speaker[32];
    if (!log_wants(level))
        return;
    snprintf(speaker, sizeof speaker, "runtime/%u", w->index);
    size_t length = log_record(text, sizeof text, speaker, sentence);
    size_t more = strnlen(detail, sizeof text - length);
    memcpy(text + length, detail, more);
    runtime_log(w, level, text, length + more);
}

/* ---- listeners by name ---- */

void runtime_internal_add(struct runtime *r, struct socket *listener, const struct address *at)
{
    assert(listener->worker->index == 0); /* and so are both ends of what it leads to */
    listener->internal = malloc(sizeof *at);
    if (!listener->internal)
        heap_exhausted("an internal listener", sizeof *at);
    *listener->internal = *at;
    listener->internal_next = r->internal;
    r->internal = listener;
}

void runtime_internal_remove(struct runtime *r, struct socket *listener)
{
    for (struct socket **at = &r->internal; *at; at = &(*at)->internal_next)
        if (*at == listener) {
            *at = listener->internal_next;
            return;
        }
}

struct socket *runtime_internal_find(struct runtime *r, const struct address *at)
{
    struct socket *s = r->internal;
    while (s && !address_equal(s->internal, at))
        s = s->internal_next;
    return s;
}
