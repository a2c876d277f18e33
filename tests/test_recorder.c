/* tests/test_recorder.c -- what the recorder makes of what actors hear and do, in deterministic mode.
 *
 * A spy writes down the same run in its own words (trace_rig.h); the trace must say the same, word for word.
 */
#include "runtime/hash.h"
#include "runtime/heap.h"
#include "runtime/worker.h"
#include "tests/check.h"
#include "tests/toys.h"
#include "tests/trace_rig.h"
#include "tests/world.h"
#include "actors/actor_types.h"
#include <stdlib.h>

static const struct actor_type *const toys[] = {
    &toy_pinger_type, &toy_ticker_type, &toy_server_type,
    &toy_echo_type,   &toy_parent_type, &toy_child_type,
    &toy_client_type, &toy_asker_type,  NULL};

static struct rig rig;
static struct sim sim;

static void begin(uint64_t seed, size_t ring_bytes, uint32_t bodies_max)
{
    rig_create(&rig, toys, 2, ring_bytes, bodies_max);
    sim_create(&sim, seed, 2, &rig.hooks);
}

static void end(void)
{
    CHECK_UINT(sim_destroy(&sim), 0);
    rig_check(&rig);
    CHECK_UINT(recorder_lost(rig.recorder, 0) + recorder_lost(rig.recorder, 1), 0);
    rig_destroy(&rig);
}

/* ---- whole runs ---- */

/* Returns how many entries there were, each of which says what the spy saw. */
static uint64_t run_toys(uint64_t seed)
{
    begin(seed, 0, UINT32_MAX);
    sim_send(&sim, sim_spawn(&sim, &toy_pinger_type, resume(1)), resume(0));
    sim_spawn(&sim, &toy_ticker_type, resume(0));
    sim_spawn(&sim, &toy_parent_type, resume(20));
    sim_spawn(&sim, &toy_server_type, toy_at("127.0.0.1:8080", ""));
    CHECK(sim_run_until_idle(&sim));
    sim_spawn(&sim, &toy_client_type, toy_at("127.0.0.1:8080", "hello"));
    CHECK(sim_advance(&sim, 1000000));
    rig_drain(&rig);
    uint64_t entries = rig.entries;
    CHECK(rig.went_on > 10);
    CHECK_UINT(rig.broken, 0);
    end();
    return entries;
}

static void test_all_that_toys_hear_and_do(void)
{
    CHECK(run_toys(0) > 150);
    for (unsigned i = 0; i < 20; i++)
        CHECK(run_toys(test_seed + i) > 150);
}

/* Returns how many responses the proxy's interceptors heard. */
static unsigned run_world(uint64_t seed, unsigned workers)
{
    struct world w;
    unsigned responses = 0;
    rig_create(&rig, actor_types, workers, 0, UINT32_MAX);
    world_create_with(&w, seed, workers);
    rig.also = &w.hooks;
    w.sim.watcher = &rig.hooks;
    world_begin(&w);
    for (uint64_t i = 1; i <= 5; i++)
        agent_get(&w, i, "/a");
    for (struct sim_peer *app; (app = world_app(&w));)
        app_say(&w, app, OK_2);
    agent_get(&w, 9, "/never answered");
    agent_close(&w, 9);
    sim_signal(&w.sim, 15);
    world_advance(&w, 20000000);
    w.sim.watcher = &rig.hooks;
    world_end(&w);
    rig_check(&rig);
    CHECK_UINT(rig.broken, 0);
    static const char heard[] = "\ncall interceptor RESPONSE";
    for (const char *at = text_of(&rig.seen); (at = strstr(at, heard)); at += sizeof heard - 1)
        responses++;
    rig_destroy(&rig);
    return responses;
}

static void test_all_that_a_proxy_hears_and_does(void)
{
    CHECK_UINT(run_world(0, 1), 5);
    for (unsigned i = 0; i < 5; i++)
        CHECK_UINT(run_world(test_seed + i, 2), 5);
}

/* ---- ends ---- */

static void test_the_killed_and_the_unheard(void)
{
    begin(0, 0, UINT32_MAX);
    struct actor_ref parent = sim_spawn(&sim, &toy_parent_type, resume(3));
    struct actor_ref pinger = sim_spawn(&sim, &toy_pinger_type, resume(1));
    for (unsigned i = 0; i < 7; i++)
        sim_step(&sim);
    sim_send(&sim, pinger, resume(1));
    CHECK(sim_kill(&sim, pinger)); /* what is in its mailbox will not be heard */
    CHECK(sim_kill(&sim, parent));
    sim_send(&sim, parent, resume(1));
    CHECK(sim_run_until_idle(&sim));
    CHECK(strstr(text_of(&rig.seen), "\nunheard") != NULL);
    CHECK(strstr(text_of(&rig.seen), "\nend toy_parent") != NULL);
    end();
}

/* An actor of another worker has ended, and this one's call is open when that is found: the entry of what was not
 * heard comes behind the call. */
static void test_what_is_said_to_the_dead_comes_behind_the_call(void)
{
    for (unsigned i = 0; i < 50; i++) {
        begin(test_seed + i, 0, UINT32_MAX);
        struct actor_ref pinger = sim_spawn(&sim, &toy_pinger_type, resume(0));
        for (unsigned n = rig_random(60); n; n--)
            sim_step(&sim);
        const struct toy_pinger *p = (const void *)sim_actor(&sim, pinger);
        if (p && sim_actor(&sim, p->partner))
            sim_kill(&sim, p->partner);
        CHECK(sim_run_until_idle(&sim));
        end();
    }
}

/* ---- limits ---- */

static struct worker worker;
static struct actor actor;

/* An actor without a runtime: the hooks are called by hand. */
static void hand_made(unsigned index, uint32_t slot)
{
    worker.index = index;
    worker.heap = (struct heap *)(void *)heap_here;
    worker.now_us = 1000;
    actor =
        (struct actor){.ref = {index << 24 | slot, 1}, .type = &toy_asker_type, .worker = &worker};
}

/* goes_on: as in hooks.h. */
static void call_of_many(struct message *m, uint32_t writes, bool goes_on)
{
    static const uint8_t bytes[4096] = {1, 2, 3};
    m->to = actor.ref;
    rig_input(&rig, &actor, m, worker.now_us);
    for (; writes; writes--)
        rig.hooks.effect(
            &rig, &actor,
            &(struct effect){.kind = EFFECT_WRITE, .bytes = bytes, .length = sizeof bytes});
    rig.hooks.handled(&rig, &actor, goes_on);
    message_free(m);
}

static void call_with(struct message *m, uint32_t writes)
{
    call_of_many(m, writes, false);
}

static void test_a_full_ring_loses_whole_calls_and_says_how_many(void)
{
    struct text told;
    begin(0, 8192, UINT32_MAX);
    hand_made(0, 7);
    for (uint32_t i = 0; i < 100; i++)
        call_with(resume(i), 0);
    uint64_t lost = recorder_lost(rig.recorder, 0), kept = rig_drain(&rig);
    CHECK_UINT(lost + kept, 100);
    CHECK(kept > 10 && kept < 60);
    call_with(resume(100), 0);
    CHECK_UINT(recorder_lost(rig.recorder, 0), 0);
    CHECK_UINT(rig_drain(&rig), 1);
    text_begin(&told);
    rig_read(&told, rig.out.bytes, rig.out.length);
    char want[100];
    snprintf(want, sizeof want,
             "\nlagged w0 %" PRIu64 " \ncall toy_asker CONTINUE w0 7.1<-0.0 #101 ", lost);
    CHECK(strstr(text_of(&told), want) != NULL);
    CHECK(strstr(text_of(&told), "bad") == NULL);
    text_free(&told);
    CHECK_UINT(sim_destroy(&sim), 0);
    rig_destroy(&rig);
}

/* An entry that outgrows the ring by its effects leaves nothing behind, and the next one fits. */
static void test_a_call_that_is_larger_than_the_ring(void)
{
    begin(0, 32768, UINT32_MAX);
    hand_made(1, 3);
    call_with(resume(1), 0);
    call_with(resume(2), 3);
    call_with(resume(3), 4);
    CHECK_UINT(recorder_lost(rig.recorder, 1), 1);
    CHECK_UINT(rig_drain(&rig), 2);
    call_with(resume(4), 3);
    CHECK_UINT(rig_drain(&rig), 1);
    struct text told;
    text_begin(&told);
    rig_read(&told, rig.out.bytes, rig.out.length);
    CHECK(strstr(text_of(&told), "lagged w1 1 ") != NULL);
    CHECK(strstr(text_of(&told), " #4 ") != NULL && strstr(text_of(&told), " #3 ") == NULL);
    text_free(&told);
    CHECK_UINT(sim_destroy(&sim), 0);
    rig_destroy(&rig);
}

/* Never more than the ring, and whole entries only, whatever sizes come. */
static void test_any_sizes_in_a_small_ring(void)
{
    uint64_t calls = 0, lost = 0;
    struct trace_record r;
    enum trace_got got;
    begin(0, 65536, UINT32_MAX);
    for (uint64_t i = 0; i < 3000; i++, calls++) {
        hand_made(rig_random(2), rig_random(5));
        call_of_many(msg_data_new((struct msg_data){.bytes = span_copy(&rig, rig_random(3000))}),
                     rig_random(4), rig_random(2));
        if (rig_random(9) == 0)
            rig_drain(&rig);
    }
    rig_drain(&rig);
    struct trace_reader *reader = trace_reader_new();
    trace_reader_feed(reader, rig.out.bytes, rig.out.length);
    while ((got = trace_reader_next(reader, &r)) != TRACE_MORE) {
        CHECK(got != TRACE_BAD);
        lost += got == TRACE_RECORD && r.what == TRACE_LAGGED ? r.lost : 0;
    }
    trace_reader_free(reader);
    lost += recorder_lost(rig.recorder, 0) + recorder_lost(rig.recorder, 1);
    CHECK_UINT(lost + rig.entries, calls);
    CHECK(lost > 0);
    CHECK_UINT(sim_destroy(&sim), 0);
    rig_destroy(&rig);
}

/* Of all bodies of this length in the trace, the fewest bytes that are kept; UINT32_MAX: there is none. */
static uint32_t kept_of(uint32_t length)
{
    struct text told;
    uint32_t least = UINT32_MAX, kept;
    char body[40];
    snprintf(body, sizeof body, "=<%" PRIu32 ",", length);
    rig_drain(&rig);
    text_begin(&told);
    rig_read(&told, rig.out.bytes, rig.out.length);
    for (const char *at = text_of(&told); (at = strstr(at, body)); at++) {
        kept = (uint32_t)strtoul(at + strlen(body), NULL, 10);
        least = kept < least ? kept : least;
    }
    text_free(&told);
    return least;
}

/* Returns how many bytes of a body of 24 are kept. */
static uint32_t capped(uint32_t bodies_max)
{
    begin(test_seed, 0, bodies_max);
    sim_spawn(&sim, &toy_server_type, toy_at("127.0.0.1:8080", ""));
    CHECK(sim_run_until_idle(&sim));
    sim_spawn(&sim, &toy_client_type, toy_at("127.0.0.1:8080", "twenty-four bytes, or so"));
    CHECK(sim_run_until_idle(&sim));
    uint32_t kept = kept_of(24);
    end();
    return kept;
}

static void test_bodies_are_kept_as_far_as_asked_for(void)
{
    CHECK_UINT(capped(0), 0);
    CHECK_UINT(capped(1), 1);
    CHECK_UINT(capped(23), 23);
    CHECK_UINT(capped(24), 24);
    CHECK_UINT(capped(25), 24);
}

static void test_the_hash_is_that_of_all_bytes(void)
{
    struct trace_record r;
    uint64_t hashes[3] = {0};
    static const char *const texts[] = {"abcdefgh", "abcdefgX", "abcdefgh"};
    begin(0, 0, 4);
    hand_made(0, 1);
    for (unsigned i = 0; i < 3; i++)
        call_with(msg_data_new((struct msg_data){.bytes = span_copy(texts[i], 8)}), 0);
    rig_drain(&rig);
    struct trace_reader *reader = trace_reader_new();
    trace_reader_feed(reader, rig.out.bytes, rig.out.length);
    CHECK_UINT(trace_reader_next(reader, &r), TRACE_BEGUN);
    for (unsigned i = 0; i < 3; i++) {
        REQUIRE(trace_reader_next(reader, &r) == TRACE_RECORD);
        const struct trace_bytes *b = trace_span(&r, "bytes");
        CHECK_UINT(b->length, 8);
        CHECK_BYTES(b->bytes, b->kept, "abcd", 4);
        hashes[i] = b->hash;
    }
    CHECK(hashes[0] == hashes[2] && hashes[0] != hashes[1] && hashes[0] != 0);
    trace_reader_free(reader);
    CHECK_UINT(sim_destroy(&sim), 0);
    rig_destroy(&rig);
}

static void test_which_spans_are_bodies(void)
{
    messages_init();
    CHECK_UINT(recorder_bodies_of(message_kind_info(MSG_SOCKET_DATA)), 1);
    CHECK_UINT(recorder_bodies_of(message_kind_info(MSG_RESPONSE)), 2); /* head, body */
    CHECK_UINT(recorder_bodies_of(message_kind_info(MSG_REQUEST)), 0);
    CHECK_UINT(recorder_bodies_of(message_kind_info(MSG_LINK_ENDED)), 0);
    CHECK_UINT(recorder_bodies_of(message_kind_info(MSG_CREDIT)), 0);
}

/* A body goes from actor to actor; its hash is remembered, but not beyond the chunk's next use. */
static void test_a_chunk_that_is_filled_anew_has_other_hashes(void)
{
    enum { LENGTH = 4000, ROUNDS = 6 };
    struct trace_record r;
    uint64_t hashes[ROUNDS * 2];
    begin(0, 0, 0);
    hand_made(0, 1);
    struct chunk *c = chunk_new(LENGTH);
    for (unsigned i = 0; i < ROUNDS; i++) {
        chunk_recycle(c);
        memset(c->bytes, (int)i, LENGTH);
        c->used = LENGTH;
        for (unsigned twice = 0; twice < 2; twice++) {
            chunk_ref(c);
            call_with(msg_data_new((struct msg_data){.bytes = {c, 0, LENGTH}}), 0);
        }
    }
    chunk_unref(c);
    rig_drain(&rig);
    struct trace_reader *reader = trace_reader_new();
    trace_reader_feed(reader, rig.out.bytes, rig.out.length);
    CHECK_UINT(trace_reader_next(reader, &r), TRACE_BEGUN);
    for (unsigned i = 0; i < ROUNDS * 2; i++) {
        REQUIRE(trace_reader_next(reader, &r) == TRACE_RECORD);
        hashes[i] = trace_span(&r, "bytes")->hash;
        uint8_t same[LENGTH];
        memset(same, (int)(i / 2), LENGTH);
        CHECK_UINT(hashes[i], hash_of(same, LENGTH));
    }
    trace_reader_free(reader);
    CHECK_UINT(sim_destroy(&sim), 0);
    rig_destroy(&rig);
}

/* ---- the reader's side ---- */

static void test_workers_entries_come_in_the_order_of_their_ends(void)
{
    uint64_t before = 0;
    const struct recorded *h;
    begin(0, 0, UINT32_MAX);
    for (uint32_t i = 0; i < 200; i++) {
        hand_made(rig_random(2), 1);
        call_with(resume(i), 0);
    }
    for (uint32_t i = 0; i < 200; i++) {
        REQUIRE((h = recorder_next(rig.recorder, UINT64_MAX)) != NULL);
        CHECK(h->ended_ns > before);
        CHECK(recorder_next(rig.recorder, h->ended_ns) == NULL);
        CHECK(recorder_next(rig.recorder, h->ended_ns + 1) == h);
        struct msg_resume said;
        memcpy(&said, h->entry->payload.bytes, sizeof said);
        CHECK_UINT(said.n, i);
        before = h->ended_ns;
        recorder_took(rig.recorder, h);
    }
    CHECK_UINT(sim_destroy(&sim), 0);
    rig_destroy(&rig);
}

/* The next entry that ended before then, which is taken. */
static struct recorded taken_before(uint64_t before_ns)
{
    const struct recorded *h = recorder_next(rig.recorder, before_ns);
    REQUIRE(h != NULL);
    struct recorded copy = *h;
    recorder_took(rig.recorder, h);
    return copy;
}

static struct recorded taken(void)
{
    return taken_before(UINT64_MAX);
}

static void begin_at(uint64_t ns)
{
    begin(0, 0, UINT32_MAX);
    hand_made(0, 1);
    worker.now_us = 0;
    rig_now_ns = ns - 1;
    call_with(resume(0), 0);
    CHECK_UINT(taken().ended_ns, ns);
}

static void end_by_hand(void)
{
    CHECK(recorder_next(rig.recorder, UINT64_MAX) == NULL);
    CHECK_UINT(sim_destroy(&sim), 0);
    rig_destroy(&rig);
}

/* The clock is read once, and each has an equal share; the next call has its own time. */
static void test_calls_of_one_turn_end_together(void)
{
    begin_at(1000);
    call_of_many(resume(1), 0, true);
    call_of_many(resume(2), 0, true);
    CHECK(recorder_next(rig.recorder, 5000) == NULL);
    rig_now_ns = 3999;
    call_of_many(resume(3), 0, false);
    rig_now_ns = 4499;
    call_with(resume(4), 0);
    CHECK(recorder_next(rig.recorder, 4000) == NULL);
    CHECK(recorder_next(rig.recorder, 4001) != NULL);
    for (unsigned i = 0; i < 3; i++) {
        struct recorded h = taken();
        CHECK_UINT(h.ended_ns, 4000);
        CHECK_UINT(h.took_ns, 1000);
    }
    struct recorded next = taken();
    CHECK_UINT(next.ended_ns, 4500);
    CHECK_UINT(next.took_ns, 500);
    end_by_hand();
}

/* The call that stops an actor has the time of its end, too. */
static void test_an_end_has_no_share(void)
{
    begin_at(1000);
    call_of_many(resume(1), 0, true);
    rig_now_ns = 1799;
    rig.hooks.ending(&rig, &actor);
    rig.hooks.reaped(&rig, &actor);
    rig_now_ns = 1999;
    rig.hooks.ending(&rig, &actor); /* by somebody else: it has a time of its own */
    rig.hooks.reaped(&rig, &actor);
    static const uint32_t want[][2] = {{1800, 800}, {1800, 0}, {2000, 200}};
    for (unsigned i = 0; i < 3; i++) {
        struct recorded h = taken();
        CHECK_UINT(h.ended_ns, want[i][0]);
        CHECK_UINT(h.took_ns, want[i][1]);
    }
    end_by_hand();
}

/* A handler hangs, and calls before it wait for its end: for a second, and what others do does not wait. */
static void test_who_hangs_does_not_hide_what_was_before(void)
{
    begin_at(1000);
    call_of_many(resume(1), 0, true);
    call_of_many(resume(2), 0, true);
    hand_made(1, 1);
    worker.now_us = 0;
    rig_now_ns = 1999;
    call_with(resume(3), 0);
    CHECK_UINT(taken_before(3000).entry->worker, 1);
    CHECK(recorder_next(rig.recorder, 1000000000 - 1) == NULL);
    rig_now_ns = 1000000998;
    CHECK(recorder_next(rig.recorder, 1000001000) != NULL);
    for (unsigned i = 0; i < 2; i++) {
        struct recorded h = taken();
        CHECK_UINT(h.entry->worker, 0);
        CHECK_UINT(h.ended_ns, 1000000999);
        CHECK_UINT(h.took_ns, 0);
    }
    hand_made(0, 1);
    worker.now_us = 0;
    rig_now_ns = UINT64_C(2000000999);
    call_of_many(resume(3), 0, false);
    struct recorded last = taken();
    CHECK_UINT(last.ended_ns, UINT64_C(2000001000));
    CHECK_UINT(last.took_ns, 1000000001);
    end_by_hand();
}

/* One that finds no room: those before it end when it did. */
static void test_calls_before_a_lost_one_end_with_it(void)
{
    begin(0, 8192, UINT32_MAX);
    hand_made(0, 1);
    worker.now_us = 0;
    call_of_many(resume(1), 0, true);
    rig_now_ns = 499;
    call_of_many(resume(2), 2, true); /* too large */
    CHECK_UINT(recorder_lost(rig.recorder, 0), 1);
    rig_now_ns = 999;
    call_with(resume(3), 0);
    static const uint32_t want[][3] = {
        {ENTRY_CALL, 500, 500}, {ENTRY_LAGGED, 500, 0}, {ENTRY_CALL, 1000, 500}};
    for (unsigned i = 0; i < 3; i++) {
        struct recorded h = taken();
        CHECK_UINT(h.entry->what, want[i][0]);
        CHECK_UINT(h.ended_ns, want[i][1]);
        CHECK_UINT(h.took_ns, want[i][2]);
    }
    end_by_hand();
}

static void test_who_sleeps_is_woken_once(void)
{
    begin(0, 0, UINT32_MAX);
    hand_made(0, 1);
    call_with(resume(0), 0);
    CHECK_UINT(rig.wakes, 0);
    recorder_waits(rig.recorder, READER_SLEEPS);
    call_with(resume(0), 0);
    call_with(resume(0), 0);
    CHECK_UINT(rig.wakes, 1);
    rig_drain(&rig);
    CHECK_UINT(sim_destroy(&sim), 0);
    rig_destroy(&rig);
}

/* And not again and again when it has drained the ring. */
static void test_who_naps_is_woken_when_a_ring_is_half_full(void)
{
    begin(0, 131072, UINT32_MAX);
    hand_made(0, 1);
    for (unsigned round = 0; round < 20; round++) {
        recorder_waits(rig.recorder, READER_NAPS);
        for (unsigned i = 0; rig.wakes == round; i++) {
            REQUIRE(i < 20);
            call_with(resume(0), 1);
        }
        CHECK_UINT(rig_drain(&rig), 8); /* of 4 K and a little: more than half */
    }
    CHECK_UINT(sim_destroy(&sim), 0);
    rig_destroy(&rig);
}

/* What filled it may have been too young to be taken when he looked. */
static void test_who_sleeps_beside_a_full_ring_is_woken(void)
{
    begin(0, 131072, UINT32_MAX);
    hand_made(0, 1);
    for (unsigned i = 0; i < 30; i++)
        call_with(resume(0), 1);
    CHECK(recorder_lost(rig.recorder, 0) > 0 && rig.wakes == 0);
    recorder_waits(rig.recorder, READER_SLEEPS);
    call_with(resume(0), 1);
    call_with(resume(0), 1);
    CHECK(recorder_lost(rig.recorder, 0) > 0);
    CHECK_UINT(rig.wakes, 1);
    rig_drain(&rig);
    CHECK_UINT(sim_destroy(&sim), 0);
    rig_destroy(&rig);
}

static void test_an_error_is_seen_once(void)
{
    static const uint8_t text[] = "oh";
    begin(0, 0, UINT32_MAX);
    hand_made(0, 1);
    CHECK(!recorder_saw_error(rig.recorder));
    struct effect e = {.kind = EFFECT_LOG, .n = LOG_WARN, .bytes = text, .length = 2};
    rig.hooks.effect(&rig, &actor, &e);
    CHECK(!recorder_saw_error(rig.recorder));
    e.n = LOG_ERROR;
    rig.hooks.effect(&rig, &actor, &e);
    CHECK(recorder_saw_error(rig.recorder));
    CHECK(!recorder_saw_error(rig.recorder));
    e = (struct effect){.kind = EFFECT_END_PROGRAM, .n = 0};
    rig.hooks.effect(&rig, &actor, &e);
    CHECK(!recorder_saw_error(rig.recorder));
    e.n = 69;
    rig.hooks.effect(&rig, &actor, &e);
    CHECK(recorder_saw_error(rig.recorder));
    CHECK_UINT(sim_destroy(&sim), 0);
    rig_destroy(&rig);
}

/* The call that a crash came in is an entry, with what it had done by then; a call that has returned is none. */
static void test_the_call_of_a_crash_is_kept(void)
{
    struct text told;
    struct message *m;
    begin(0, 0, UINT32_MAX);
    hand_made(0, 1);
    recorder_crashed(rig.recorder);
    CHECK_UINT(rig_drain(&rig), 0);
    m = resume(42);
    m->to = actor.ref;
    rig_input(&rig, &actor, m, 1000);
    rig.hooks.effect(&rig, &actor, &(struct effect){.kind = EFFECT_TIMER_STOP, .n = 3});
    CHECK_UINT(rig_drain(&rig), 0);
    recorder_crashed(rig.recorder);
    CHECK_UINT(rig_drain(&rig), 1);
    text_begin(&told);
    rig_read(&told, rig.out.bytes, rig.out.length);
    CHECK(strstr(text_of(&told), " n=42 +timer_stop n=3") != NULL);
    text_free(&told);
    message_free(m);
    CHECK_UINT(sim_destroy(&sim), 0);
    rig_destroy(&rig);
}

/* A call that lasts longer than 32 bits of nanoseconds has lasted that long, not a moment. */
static void test_a_call_that_took_very_long(void)
{
    begin(0, 0, UINT32_MAX);
    hand_made(0, 1);
    call_with(resume(0), 0);
    worker.now_us = 0;
    rig_now_ns += UINT64_C(20000000000);
    call_with(resume(0), 0);
    recorder_took(rig.recorder, recorder_next(rig.recorder, UINT64_MAX));
    CHECK_UINT(recorder_next(rig.recorder, UINT64_MAX)->took_ns, UINT32_MAX);
    rig_drain(&rig);
    CHECK_UINT(sim_destroy(&sim), 0);
    rig_destroy(&rig);
}

CU_TestInfo recorder_tests[] = {
    {"all that toys hear and do", test_all_that_toys_hear_and_do},
    {"all that a proxy hears and does", test_all_that_a_proxy_hears_and_does},
    {"the killed and the unheard", test_the_killed_and_the_unheard},
    {"what is said to the dead comes behind the call",
     test_what_is_said_to_the_dead_comes_behind_the_call},
    {"a full ring loses whole calls and says how many",
     test_a_full_ring_loses_whole_calls_and_says_how_many},
    {"a call that is larger than the ring", test_a_call_that_is_larger_than_the_ring},
    {"any sizes in a small ring", test_any_sizes_in_a_small_ring},
    {"bodies are kept as far as asked for", test_bodies_are_kept_as_far_as_asked_for},
    {"the hash is that of all bytes", test_the_hash_is_that_of_all_bytes},
    {"which spans are bodies", test_which_spans_are_bodies},
    {"a chunk that is filled anew has other hashes",
     test_a_chunk_that_is_filled_anew_has_other_hashes},
    {"workers' entries come in the order of their ends",
     test_workers_entries_come_in_the_order_of_their_ends},
    {"calls of one turn end together", test_calls_of_one_turn_end_together},
    {"an end has no share", test_an_end_has_no_share},
    {"who hangs does not hide what was before", test_who_hangs_does_not_hide_what_was_before},
    {"calls before a lost one end with it", test_calls_before_a_lost_one_end_with_it},
    {"who sleeps is woken once", test_who_sleeps_is_woken_once},
    {"who naps is woken when a ring is half full", test_who_naps_is_woken_when_a_ring_is_half_full},
    {"who sleeps beside a full ring is woken", test_who_sleeps_beside_a_full_ring_is_woken},
    {"an error is seen once", test_an_error_is_seen_once},
    {"the call of a crash is kept", test_the_call_of_a_crash_is_kept},
    {"a call that took very long", test_a_call_that_took_very_long},
    CU_TEST_INFO_NULL,
};
