/* tests/bare.c -- see bare.h */
#include "tests/bare.h"
#include "tests/check.h"

static struct bare *the_one; /* io_ops have no context of their own */

static int bare_start(struct worker *w)
{
    (void)w;
    return 0;
}

static void bare_finish(struct worker *w)
{
    (void)w;
}

static uint64_t bare_clock(struct worker *w)
{
    (void)w;
    return the_one->now_us;
}

static void bare_wake(struct worker *w)
{
    (void)w;
    the_one->wakes++;
}

static bool bare_log(struct worker *w, const char *line, size_t length)
{
    (void)w;
    if (the_one->log_blocked)
        return false;
    the_one->log_lines++;
    if (length >= sizeof the_one->log_last)
        length = sizeof the_one->log_last - 1;
    memcpy(the_one->log_last, line, length);
    the_one->log_last[length] = '\0';
    return true;
}

static const struct io_ops bare_io = {
    .socket_bytes = sizeof(struct socket),
    .start = bare_start,
    .finish = bare_finish,
    .clock = bare_clock,
    .wall = bare_clock,
    .wake = bare_wake,
    .log = bare_log,
};

void bare_create(struct bare *b, unsigned workers)
{
    memset(b, 0, sizeof *b);
    the_one = b;
    b->now_us = 1000000;
    messages_init();
    runtime_create(&b->r, &(struct runtime_options){.workers = workers, .io = &bare_io});
}

void bare_destroy(struct bare *b)
{
    bare_run(b);
    CHECK_UINT(runtime_destroy(&b->r), 0);
    the_one = NULL;
}

struct actor_ref bare_spawn(struct bare *b, unsigned worker, const struct actor_type *type,
                            struct message *first)
{
    heap_enter(b->r.workers[worker]->heap);
    return worker_spawn(b->r.workers[worker], NOBODY, type, first)->ref;
}

void bare_send(struct bare *b, struct actor_ref to, struct message *m)
{
    struct worker *w = b->r.workers[ref_worker(to)];
    heap_enter(w->heap);
    m->to = to;
    worker_deliver(w, m);
}

void bare_step(struct bare *b, unsigned worker)
{
    struct worker *w = b->r.workers[worker];
    heap_enter(w->heap);
    worker_take_inbox(w);
    while (worker_turn(w))
        ;
    worker_flush(w);
}

static uint64_t work_done(const struct bare *b)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < b->r.count; i++)
        sum += b->r.workers[i]->counters.messages + b->r.workers[i]->counters.flushes;
    return sum;
}

void bare_run(struct bare *b)
{
    uint64_t before;
    do {
        before = work_done(b);
        for (unsigned i = 0; i < b->r.count; i++)
            bare_step(b, i);
    } while (work_done(b) != before);
    heap_enter(b->r.workers[0]->heap);
}

void bare_advance(struct bare *b, uint64_t us)
{
    b->now_us += us;
    for (unsigned i = 0; i < b->r.count; i++) {
        b->r.workers[i]->now_us = b->now_us;
        heap_enter(b->r.workers[i]->heap);
        timers_expire(b->r.workers[i], b->now_us);
    }
    heap_enter(b->r.workers[0]->heap);
}
