/* tests/test_sim.c -- deterministic mode itself: choices, clock, signature, lives, leaks, the real clock. */
#include "messages/kinds.h"
#include "runtime/sim.h"
#include "runtime/worker.h"
#include "tests/check.h"
#include "tests/toys.h"
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SEEDS = 60 };

/* ---- choices ---- */

static void two_actors_on_two_workers_say_all_they_have_to(void)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct sim sim;
        toy_sim(&sim, seed);
        sim_spawn(&sim, &toy_pinger_type, resume(1));
        CHECK(sim_run_until_idle(&sim));
        CHECK_UINT(sim_actors(&sim), 0);
        CHECK_UINT(sim.runtime.workers[1]->counters.spawned, 1);
        CHECK_UINT(sim_destroy(&sim), 0);
    }
}

/* Tells the collector that it met first whatever it is told, in order. */
struct relay {
    struct actor actor;
    struct actor_ref collector;
};

enum { RELAYED = 50, RELAYS = 3 };

struct collector {
    struct actor actor;
    uint64_t next[RELAYS];
    uint32_t out_of_order, count;
    char order[RELAYS * RELAYED + 1]; /* who spoke */
};

static void relay_on_message(struct actor *actor, struct message *m)
{
    struct relay *self = (struct relay *)actor;
    self->collector = m->from;
    for (uint32_t i = 0; i < RELAYED; i++)
        SAY(self, self->collector, idle, .keep_us = (uint64_t)msg_resume(m)->n << 32 | i);
    actor_stop(actor, STOP_DONE);
}

static const struct actor_type relay_type = {"relay", sizeof(struct relay), relay_on_message, NULL};

static void collector_on_message(struct actor *actor, struct message *m)
{
    struct collector *self = (struct collector *)actor;
    if (m->kind == MSG_CONTINUE) {
        for (uint32_t i = 0; i < RELAYS; i++)
            actor_spawn(actor, &relay_type, i % 2, resume(i));
        return;
    }
    uint64_t n = msg_idle(m)->keep_us;
    self->out_of_order += self->next[n >> 32]++ != (n & UINT32_MAX);
    self->order[self->count++] = (char)('0' + (n >> 32));
}

static const struct actor_type collector_type = {"collector", sizeof(struct collector),
                                                 collector_on_message, NULL};

static uint32_t collect(uint64_t seed, char order[RELAYS * RELAYED + 1])
{
    struct sim sim;
    toy_sim(&sim, seed);
    struct actor_ref ref = sim_spawn(&sim, &collector_type, resume(0));
    CHECK(sim_run_until_idle(&sim));
    const struct collector *c = (const struct collector *)sim_actor(&sim, ref);
    uint32_t wrong = c->out_of_order + (c->count != RELAYS * RELAYED);
    memcpy(order, c->order, sizeof c->order);
    CHECK_UINT(sim_destroy(&sim), 0);
    return wrong;
}

static void what_one_says_to_another_stays_in_order(void)
{
    char order[RELAYS * RELAYED + 1];
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        CHECK_UINT(collect(seed, order), 0);
}

static void seeds_find_different_orders(void)
{
    char first[RELAYS * RELAYED + 1], order[RELAYS * RELAYED + 1];
    unsigned different = 0;
    collect(1, first);
    for (uint64_t seed = 2; seed < SEEDS; seed++) {
        collect(seed, order);
        different += strcmp(first, order) != 0;
    }
    CHECK(different > 5);
}

static void hears_nothing_on(struct actor *actor, struct message *m)
{
    (void)actor, (void)m;
}
static const struct actor_type silent_type = {"silent", sizeof(struct actor), hears_nothing_on,
                                              NULL};

static void for_ever_on(struct actor *actor, struct message *m)
{
    actor_forward(actor, actor->ref, m);
}
static const struct actor_type for_ever_type = {"for_ever", sizeof(struct actor), for_ever_on,
                                                NULL};

static void an_endless_run_is_said_to_be_one(void)
{
    struct sim sim;
    toy_sim(&sim, 0);
    sim.steps_max = 10000;
    sim_spawn(&sim, &for_ever_type, resume(0));
    CHECK(!sim_run_until_idle(&sim));
    CHECK(!sim_advance(&sim, 1000));
    CHECK_UINT(sim_destroy(&sim), 0);
}

static void a_busy_actor_starves_nobody_in_the_fixed_order(void)
{
    struct sim sim;
    toy_sim(&sim, 0);
    sim.steps_max = 10000;
    sim_spawn(&sim, &for_ever_type, resume(0));
    sim_spawn(&sim, &toy_pinger_type, resume(1));
    sim_spawn(&sim, &toy_server_type, toy_at("127.0.0.1:80", ""));
    CHECK(!sim_run_until_idle(&sim));
    CHECK_UINT(sim_actors(&sim), 2);
    struct sim_peer *p = sim_peer_connect(&sim, "127.0.0.1:80");
    REQUIRE(p != NULL);
    sim_peer_write(p, "x", 1);
    CHECK(!sim_run_until_idle(&sim));
    size_t length;
    sim_peer_received(p, &length);
    CHECK_UINT(length, 1);
    CHECK_UINT(sim_destroy(&sim), 0);
}

/* ---- the clock ---- */

static const struct toy_ticker *ticker(const struct sim *sim, struct actor_ref ref)
{
    return (const struct toy_ticker *)sim_actor(sim, ref);
}

static void timers_ring_in_order_at_their_times(void)
{
    static const uint32_t rang[] = {1, 1, 2, 1, 1, 1};
    static const uint64_t at_ms[] = {10, 20, 25, 30, 40, 50};
    for (uint64_t seed = 0; seed < 5; seed++) {
        struct sim sim;
        toy_sim(&sim, seed);
        struct actor_ref ref = sim_spawn(&sim, &toy_ticker_type, resume(0));
        CHECK(sim_advance(&sim, 9999));
        CHECK_UINT(ticker(&sim, ref)->count, 0);
        CHECK(sim_advance(&sim, 1));
        CHECK_UINT(ticker(&sim, ref)->count, 1);
        CHECK(sim_advance(&sim, 1000000));
        CHECK_UINT(ticker(&sim, ref)->count, TOY_TICKS);
        for (unsigned i = 0; i < TOY_TICKS; i++) {
            CHECK_UINT(ticker(&sim, ref)->rang[i], rang[i]);
            CHECK_UINT(ticker(&sim, ref)->at_us[i], SIM_START_US + at_ms[i] * 1000);
        }
        CHECK(sim_log_contains(&sim, "2026-01-01T00:00:01.050Z I toy_ticker/0.256 the ticker has"
                                     " ticked ticks=6\n"));
        CHECK(!sim_log_contains(&sim, "ticks=7"));
        CHECK_UINT(sim_destroy(&sim), 0);
    }
}

static bool has_ticked_twice(void *context)
{
    return ((const struct toy_ticker *)context)->count >= 2;
}

static void running_until_moves_the_clock_no_further_than_needed(void)
{
    struct sim sim;
    toy_sim(&sim, 0);
    struct actor_ref ref = sim_spawn(&sim, &toy_ticker_type, resume(0));
    void *state = (void *)(uintptr_t)sim_actor(&sim, ref);
    CHECK(!sim_run_until(&sim, has_ticked_twice, state, 15000));
    CHECK_UINT(sim.now_us, SIM_START_US + 15000);
    CHECK(sim_run_until(&sim, has_ticked_twice, state, 1000000));
    CHECK_UINT(sim.now_us, SIM_START_US + 20000);
    CHECK_UINT(sim_destroy(&sim), 0);
}

static void reads_clock_on(struct actor *actor, struct message *m)
{
    struct timespec t;
    (void)actor, (void)m;
    clock_gettime(CLOCK_MONOTONIC, &t);
}
static const struct actor_type reads_clock_type = {"reads_clock", sizeof(struct actor),
                                                   reads_clock_on, NULL};

static void reading_the_real_clock_aborts(void)
{
    int ends[2];
    char said[200] = "";
    int status = 0;
    REQUIRE(pipe(ends) == 0);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        struct sim sim;
        dup2(ends[1], 2);
        toy_sim(&sim, 0);
        sim_spawn(&sim, &reads_clock_type, resume(0));
        sim_run_until_idle(&sim);
        _exit(0);
    }
    close(ends[1]);
    CHECK(read(ends[0], said, sizeof said - 1) > 0);
    close(ends[0]);
    waitpid(pid, &status, 0);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    CHECK(strstr(said, "clock_gettime: the real clock was read") != NULL);
}

/* ---- lives ---- */

static void a_parent_hears_of_each_of_its_children(void)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct sim sim;
        toy_sim(&sim, seed);
        struct actor_ref ref = sim_spawn(&sim, &toy_parent_type, resume(400));
        CHECK(sim_run_until_idle(&sim));
        const struct toy_parent *p = (const struct toy_parent *)sim_actor(&sim, ref);
        CHECK_UINT(p->downs, 400);
        CHECK_UINT(p->answers, 800);
        CHECK_UINT(sim_actors(&sim), 1);
        CHECK_UINT(sim_destroy(&sim), 0);
    }
}

static void an_actor_ends_the_program_with_its_status(void)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct sim sim;
        toy_sim(&sim, seed);
        struct actor_ref ref =
            sim_spawn(&sim, &toy_parent_type, msg_stop_new((struct msg_stop){STOP_ASKED}));
        sim_send(&sim, ref, resume(3));
        CHECK(!sim_has_ended(&sim));
        CHECK(sim_run_until_idle(&sim));
        CHECK(sim_has_ended(&sim));
        CHECK_UINT(atomic_load(&sim.runtime.status), 7);
        CHECK_UINT(sim_destroy(&sim), 0);
    }
}

static void last_words_on(struct actor *actor, struct message *m)
{
    (void)m;
    actor_end_program(actor, 3);
    actor_log(actor, LOG_INFO, "these are the last words", NULL);
}
static const struct actor_type last_words_type = {"last_words", sizeof(struct actor), last_words_on,
                                                  NULL};

static void what_was_said_before_the_end_is_heard(void)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct sim sim;
        toy_sim(&sim, seed);
        sim_spawn(&sim, &last_words_type, resume(0));
        CHECK(sim_run_until_idle(&sim));
        CHECK(sim_has_ended(&sim));
        CHECK(sim_log_contains(&sim, "these are the last words"));
        CHECK_UINT(sim_destroy(&sim), 0);
    }
}

static void the_killed_are_told_of_and_leave_nothing(void)
{
    unsigned killed = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct sim sim;
        toy_sim(&sim, seed);
        struct actor_ref parent = sim_spawn(&sim, &toy_parent_type, resume(6));
        for (unsigned i = 0; i < 8 + seed % 20; i++)
            sim_step(&sim);
        for (uint32_t i = 0; i < 3; i++) {
            killed += sim_kill(&sim, (struct actor_ref){parent.place + 1 + i, 1});
            killed += sim_kill(&sim, (struct actor_ref){(1u << 24) + LEASES - 1 - i, 1});
        }
        CHECK(sim_run_until_idle(&sim));
        const struct toy_parent *p = (const struct toy_parent *)sim_actor(&sim, parent);
        CHECK_UINT(p->downs, 6);
        CHECK(sim_kill(&sim, parent));
        CHECK(!sim_kill(&sim, parent));
        CHECK_UINT(sim_destroy(&sim), 0);
    }
    CHECK(killed > SEEDS);
}

static void signals_come_to_who_wants_them(void)
{
    struct sim sim;
    toy_sim(&sim, 0);
    struct actor_ref ref = sim_spawn(&sim, &silent_type, resume(0));
    runtime_signals_to(&sim.runtime, ref);
    CHECK(sim_run_until_idle(&sim));
    uint64_t before = sim.runtime.workers[0]->counters.messages;
    sim_signal(&sim, 15);
    CHECK(sim_run_until_idle(&sim));
    CHECK_UINT(sim.runtime.workers[0]->counters.messages, before + 1);
    CHECK_UINT(sim_destroy(&sim), 0);
}

static void loses_on(struct actor *actor, struct message *m)
{
    actor_take(actor, m); /* and never lets go */
}
static const struct actor_type loses_type = {"loses", sizeof(struct actor), loses_on, NULL};

static void a_message_that_is_lost_is_counted(void)
{
    struct sim sim;
    if (HEAP_IS_MALLOC)
        return; /* the sanitizer would say it too, and fail the run */
    toy_sim(&sim, 0);
    sim_spawn(&sim, &loses_type, resume(0));
    CHECK(sim_run_until_idle(&sim));
    CHECK_UINT(sim_destroy(&sim), 1);
}

/* What is under way at the end, of any kind, is freed: the run is cut short anywhere. */
static void a_run_may_end_anywhere(void)
{
    for (unsigned steps = 0; steps < 300; steps++) {
        struct sim sim;
        toy_sim(&sim, steps + 1);
        sim_spawn(&sim, &toy_parent_type, resume(20));
        sim_spawn(&sim, &toy_server_type, toy_at("127.0.0.1:80", ""));
        sim_spawn(&sim, &toy_client_type, toy_at("127.0.0.1:80", "hello"));
        sim_spawn(&sim, &toy_pinger_type, resume(1));
        for (unsigned i = 0; i < steps && sim_step(&sim); i++) {
            struct sim_peer *p = i % 10 == 9 ? sim_peer_connect(&sim, "127.0.0.1:80") : NULL;
            if (p)
                sim_peer_write(p, "hello", 5);
        }
        CHECK_UINT(sim_destroy(&sim), 0);
    }
}

/* ---- signature ---- */

static void mixed_client(struct sim_peer *peer, void *context)
{
    size_t length;
    sim_peer_received(peer, &length);
    if (length >= *(size_t *)context)
        sim_peer_shutdown(peer);
}

/* A bit of everything; 0 when it did not end well. Checks nothing: it also runs before CUnit does. */
static uint64_t signature_of(uint64_t seed)
{
    struct sim sim;
    size_t wanted = 5000;
    uint8_t bytes[5000] = {1, 2, 3};
    toy_sim(&sim, seed);
    sim_cut(&sim, 700);
    sim_spawn(&sim, &toy_server_type, toy_at("127.0.0.1:80", ""));
    sim_spawn(&sim, &toy_parent_type, resume(20));
    sim_spawn(&sim, &toy_ticker_type, resume(0));
    sim_spawn(&sim, &toy_client_type, toy_at("127.0.0.1:80", "hello"));
    sim_spawn(&sim, &toy_asker_type, resume(TOY_OPEN)); /* jobs for files name them by a pointer */
    bool idle = sim_run_until_idle(&sim);
    sim_spawn(&sim, &toy_pinger_type, resume(1));
    for (unsigned i = 0; i < 4; i++) {
        struct sim_peer *p = sim_peer_connect(&sim, "127.0.0.1:80");
        sim_peer_on_bytes(p, mixed_client, &wanted);
        sim_peer_write(p, bytes, sizeof bytes);
    }
    idle = sim_advance(&sim, 100000) && idle;
    uint64_t signature = sim.signature;
    return sim_destroy(&sim) == 0 && idle ? signature : 0;
}

static void equal_seeds_are_equal_runs(void)
{
    for (uint64_t seed = 0; seed < 10; seed++) {
        uint64_t first = signature_of(seed);
        CHECK(first != 0);
        void *shift = malloc(100000 + seed * 4096); /* other addresses */
        CHECK_UINT(signature_of(seed), first);
        free(shift);
        CHECK(signature_of(seed + 100) != first);
    }
}

/* The program started anew has its code, stack and heap at other addresses. */
#define CHILD_VARIABLE "SIM_SIGNATURE_OF_SEED"

__attribute__((constructor)) static void child(void)
{
    const char *seed = getenv(CHILD_VARIABLE);
    if (!seed)
        return;
    printf("%" PRIu64 "\n", signature_of(strtoull(seed, NULL, 10)));
    fflush(stdout);
    _exit(0);
}

static uint64_t signature_in_child(const char *seed)
{
    int ends[2];
    uint64_t signature = 0;
    char line[100] = "";
    REQUIRE(pipe(ends) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], 1);
        setenv(CHILD_VARIABLE, seed, 1);
        execl("/proc/self/exe", "unit", (char *)NULL);
        _exit(3);
    }
    close(ends[1]);
    ssize_t n = read(ends[0], line, sizeof line - 1);
    CHECK(n > 0);
    signature = strtoull(line, NULL, 10);
    close(ends[0]);
    waitpid(pid, NULL, 0);
    return signature;
}

static void no_address_enters_the_signature(void)
{
    uint64_t here = signature_of(4711);
    CHECK_UINT(signature_in_child("4711"), here);
    CHECK_UINT(signature_in_child("4711"), here);
}

CU_TestInfo sim_tests[] = {
    {"two actors on two workers say all they have to",
     two_actors_on_two_workers_say_all_they_have_to},
    {"what one says to another stays in order", what_one_says_to_another_stays_in_order},
    {"seeds find different orders", seeds_find_different_orders},
    {"an endless run is said to be one", an_endless_run_is_said_to_be_one},
    {"a busy actor starves nobody in the fixed order",
     a_busy_actor_starves_nobody_in_the_fixed_order},
    {"equal seeds are equal runs", equal_seeds_are_equal_runs},
    {"no address enters the signature", no_address_enters_the_signature},
    {"timers ring in order at their times", timers_ring_in_order_at_their_times},
    {"running until moves the clock no further than needed",
     running_until_moves_the_clock_no_further_than_needed},
    {"reading the real clock aborts", reading_the_real_clock_aborts},
    {"a parent hears of each of its children", a_parent_hears_of_each_of_its_children},
    {"an actor ends the program with its status", an_actor_ends_the_program_with_its_status},
    {"what was said before the end is heard", what_was_said_before_the_end_is_heard},
    {"the killed are told of and leave nothing", the_killed_are_told_of_and_leave_nothing},
    {"signals come to who wants them", signals_come_to_who_wants_them},
    {"a message that is lost is counted", a_message_that_is_lost_is_counted},
    {"a run may end anywhere", a_run_may_end_anywhere},
    CU_TEST_INFO_NULL,
};
