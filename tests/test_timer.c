/* tests/test_timer.c -- timers: in order, once, never after they were stopped. */
#include "tests/bare.h"
#include "tests/check.h"
#include <stdlib.h>

enum { HEARD_MAX = 2000 };

struct listener {
    struct actor actor;
};

static struct {
    struct actor *actor;
    uint32_t heard[HEARD_MAX]; /* the numbers of the timers that ran out */
    unsigned count;
    void (*then)(struct actor *self, uint32_t n);
} now;

static void on_message(struct actor *self, struct message *m)
{
    now.actor = self;
    if (m->kind != MSG_TIMER)
        return;
    REQUIRE(now.count < HEARD_MAX);
    now.heard[now.count++] = msg_timer(m)->n;
    if (now.then)
        now.then(self, msg_timer(m)->n);
}

static const struct actor_type listener_type = {"listener", sizeof(struct listener), on_message,
                                                NULL};

static void begin(struct bare *b)
{
    memset(&now, 0, sizeof now);
    bare_create(b, 1);
    bare_spawn(b, 0, &listener_type, msg_resume_new((struct msg_resume){0}));
    bare_run(b);
    REQUIRE(now.actor != NULL);
}

static void run_out_in_the_order_of_their_deadlines(void)
{
    struct bare b;
    begin(&b);
    timer_start(now.actor, 1, 300);
    timer_start(now.actor, 2, 100);
    timer_start(now.actor, 3, 200);
    bare_advance(&b, 99);
    bare_run(&b);
    CHECK_UINT(now.count, 0);
    bare_advance(&b, 1);
    bare_run(&b);
    CHECK_UINT(now.count, 1);
    bare_advance(&b, 1000);
    bare_run(&b);
    CHECK_UINT(now.count, 3);
    CHECK(now.heard[0] == 2 && now.heard[1] == 3 && now.heard[2] == 1);
    bare_advance(&b, 1000000);
    bare_run(&b);
    CHECK_UINT(now.count, 3); /* once each */
    bare_destroy(&b);
}

static void zero_delay_is_due_at_once(void)
{
    struct bare b;
    begin(&b);
    timer_start(now.actor, 1, 0);
    bare_advance(&b, 0);
    bare_run(&b);
    CHECK_UINT(now.count, 1);
    bare_destroy(&b);
}

static void arming_again_moves_the_time(void)
{
    struct bare b;
    begin(&b);
    timer_start(now.actor, 1, 100);
    timer_start(now.actor, 1, 500);
    bare_advance(&b, 499);
    bare_run(&b);
    CHECK_UINT(now.count, 0);
    bare_advance(&b, 1);
    bare_run(&b);
    CHECK_UINT(now.count, 1);
    bare_destroy(&b);
}

static void stopped_one_is_silent(void)
{
    struct bare b;
    begin(&b);
    timer_start(now.actor, 1, 100);
    timer_stop(now.actor, 1);
    timer_stop(now.actor, 1);
    timer_stop(now.actor, 77); /* was never armed */
    bare_advance(&b, 100);
    bare_run(&b);
    CHECK_UINT(now.count, 0);
    bare_destroy(&b);
}

/* The message is in the mailbox already when the timer is stopped or armed anew. */
static void late_one_is_not_shown(void)
{
    struct bare b;
    begin(&b);
    timer_start(now.actor, 1, 100);
    timer_start(now.actor, 2, 100);
    bare_advance(&b, 100);
    timer_stop(now.actor, 1);
    timer_start(now.actor, 2, 50);
    bare_run(&b);
    CHECK_UINT(now.count, 0);
    bare_advance(&b, 50);
    bare_run(&b);
    CHECK_UINT(now.count, 1);
    CHECK_UINT(now.heard[0], 2);
    bare_destroy(&b);
}

static void start_again(struct actor *self, uint32_t n)
{
    if (now.count < 5)
        timer_start(self, n, 10);
}

static void handler_may_arm_it_again(void)
{
    struct bare b;
    begin(&b);
    now.then = start_again;
    timer_start(now.actor, 4, 10);
    for (unsigned i = 0; i < 10; i++) {
        bare_advance(&b, 10);
        bare_run(&b);
    }
    CHECK_UINT(now.count, 5);
    bare_destroy(&b);
}

static void dead_actor_has_no_timers(void)
{
    struct bare b;
    begin(&b);
    timer_start(now.actor, 1, 100);
    timer_start(now.actor, 2, 200);
    timer_start(now.actor, 3, 300);
    bare_advance(&b, 100); /* one is on its way */
    worker_reap(b.r.workers[0], now.actor);
    bare_advance(&b, 1000);
    bare_run(&b);
    CHECK_UINT(now.count, 0);
    CHECK_UINT(b.r.workers[0]->timers.count, 0);
    bare_destroy(&b);
}

static void earliest_deadline_is_known(void)
{
    struct bare b;
    uint64_t deadline = 0;
    begin(&b);
    const struct timer_heap *h = &b.r.workers[0]->timers;
    CHECK(!timers_next(h, &deadline));
    timer_start(now.actor, 1, 70);
    timer_start(now.actor, 2, 30);
    CHECK(timers_next(h, &deadline));
    CHECK_UINT(deadline, b.now_us + 30);
    timer_stop(now.actor, 2);
    CHECK(timers_next(h, &deadline));
    CHECK_UINT(deadline, b.now_us + 70);
    bare_destroy(&b);
}

/* ---- many, at random, against a list ---- */

enum { TIMERS = 300 };

static unsigned next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*state >> 33);
}

static unsigned count_due(const uint64_t *deadlines, uint64_t at)
{
    unsigned due = 0;
    for (unsigned i = 0; i < TIMERS; i++)
        due += deadlines[i] && deadlines[i] <= at;
    return due;
}

static void many_keep_their_order(void)
{
    struct bare b;
    static uint64_t deadlines[TIMERS]; /* 0: not armed */
    uint64_t state = test_seed;
    begin(&b);
    memset(deadlines, 0, sizeof deadlines);
    for (unsigned step = 0; step < 1500; step++) {
        uint32_t n = next_random(&state) % TIMERS;
        if (next_random(&state) % 3 == 0) {
            timer_stop(now.actor, n);
            deadlines[n] = 0;
        } else {
            uint32_t delay = 1 + next_random(&state) % 1000;
            timer_start(now.actor, n, delay);
            deadlines[n] = b.now_us + delay;
        }
    }
    unsigned armed = count_due(deadlines, UINT64_MAX);
    for (unsigned step = 0; step < 1000; step += 10) {
        bare_advance(&b, 10);
        bare_run(&b);
        CHECK_UINT(now.count, count_due(deadlines, b.now_us));
    }
    CHECK_UINT(now.count, armed);
    for (unsigned i = 1; i < now.count; i++)
        CHECK(deadlines[now.heard[i - 1]] <= deadlines[now.heard[i]]);
    bare_destroy(&b);
}

CU_TestInfo timer_tests[] = {
    {"timers run out in the order of their deadlines", run_out_in_the_order_of_their_deadlines},
    {"a delay of zero is due at once", zero_delay_is_due_at_once},
    {"arming again moves the time", arming_again_moves_the_time},
    {"a stopped timer is silent", stopped_one_is_silent},
    {"a TIMER that is late is not shown", late_one_is_not_shown},
    {"a handler may arm its timer again", handler_may_arm_it_again},
    {"a dead actor has no timers", dead_actor_has_no_timers},
    {"the earliest deadline is known", earliest_deadline_is_known},
    {"hundreds of timers, armed and stopped at random, keep their order", many_keep_their_order},
    CU_TEST_INFO_NULL,
};
