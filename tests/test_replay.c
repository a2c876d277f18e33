/* tests/test_replay.c -- recorded actors do the same again, alone; those that are not pure are found. */
#include "messages/kinds.h"
#include "runtime/hash.h"
#include "tests/recording.h"
#include "runtime/replay_effects.h"
#include "runtime/sim.h"
#include "tests/check.h"
#include "tests/toys.h"
#include <stdlib.h>

enum { SEEDS = 20, REPORT_BYTES = 8000 };

static char report[REPORT_BYTES];
static void watch_ours(void);

/* Runs `work` in a sim under the recorder, and gives the recording. */
static struct recording *record(uint64_t seed, void (*work)(struct sim *sim))
{
    struct sim sim;
    messages_init();
    watch_ours();
    struct recording *r = recording_new();
    sim_create(&sim, seed, 2, recording_hooks(r));
    work(&sim);
    CHECK_UINT(sim_destroy(&sim), 0);
    return r;
}

static uint64_t replay(struct recording *r)
{
    uint64_t divergences = replay_all(r, report, sizeof report);
    CHECK(recording_actors(r) > 0);
    recording_free(r);
    return divergences;
}

static void check_replays(void (*work)(struct sim *sim), size_t actors)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct recording *r = record(seed, work);
        CHECK_UINT(recording_actors(r), actors);
        CHECK(recording_inputs(r) >= actors);
        CHECK_UINT(recording_lost(r), 0);
        CHECK_UINT(replay(r), 0);
        CHECK_STR(report, "");
    }
}

/* ---- pure actors ---- */

static void ping(struct sim *sim)
{
    sim_spawn(sim, &toy_pinger_type, resume(1));
    CHECK(sim_run_until_idle(sim));
}

static void actors_that_talk_replay(void)
{
    check_replays(ping, 2);
}

static void tick(struct sim *sim)
{
    sim_spawn(sim, &toy_ticker_type, resume(0));
    CHECK(sim_advance(sim, 1000000));
}

static void timers_and_times_replay(void)
{
    check_replays(tick, 1);
}

static void family(struct sim *sim)
{
    sim_spawn(sim, &toy_parent_type, resume(30));
    CHECK(sim_run_until_idle(sim));
}

static void children_on_two_workers_replay_under_their_names(void)
{
    check_replays(family, 31);
}

/* What it says at its end depends on when that is. */
static void says_when_on(struct actor *actor, struct message *m)
{
    (void)actor, (void)m;
}

static void says_when_on_stop(struct actor *actor)
{
    SAY((struct toy_ticker *)actor, actor->ref, idle, .keep_us = actor_now(actor));
}

static const struct actor_type says_when_type = {"says_when", sizeof(struct toy_ticker),
                                                 says_when_on, says_when_on_stop};

static void family_cut_short(struct sim *sim)
{
    sim_spawn(sim, &says_when_type, resume(0));
    struct actor_ref killed = sim_spawn(sim, &says_when_type, resume(0));
    sim_spawn(sim, &toy_parent_type, resume(30));
    for (unsigned i = 0; i < 60; i++)
        sim_step(sim);
    CHECK(sim_advance(sim, 5000));
    CHECK(sim_kill(sim, killed));
    CHECK(sim_advance(sim, 5000));
    sim_spawn(sim, &toy_parent_type, resume(30));
    for (unsigned i = 0; i < 60; i++)
        sim_step(sim);
}

static void the_end_of_actors_that_were_ended_replays(void)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        CHECK_UINT(replay(record(seed, family_cut_short)), 0);
}

static void echo(struct sim *sim)
{
    static uint8_t bytes[30000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i >> 3);
    sim_cut(sim, 5000);
    sim_capacity(sim, 3000);
    sim_spawn(sim, &toy_server_type, toy_at("127.0.0.1:80", ""));
    CHECK(sim_run_until_idle(sim));
    sim_spawn(sim, &toy_client_type, toy_at("127.0.0.1:80", "hello"));
    for (unsigned i = 0; i < 3; i++) {
        struct sim_peer *p = sim_peer_connect(sim, "127.0.0.1:80");
        sim_peer_write(p, bytes, sizeof bytes);
        sim_peer_shutdown(p);
    }
    CHECK(sim_run_until_idle(sim));
}

static void sockets_replay(void)
{
    check_replays(echo, 6);
}

/* Tells itself bytes with room in front, and fills the room when they come. */
static void prepend_on(struct actor *actor, struct message *m)
{
    struct span *s = &msg_data(m)->bytes;
    if (!msg_data(m)->connection) {
        struct chunk *c = chunk_new(30);
        memcpy(c->bytes + 24, "bytes", 6);
        SAY((struct toy_client *)actor, actor->ref, data, .bytes = {c, 24, 6}, .connection = 1);
        return;
    }
    s->offset -= 4;
    s->length += 4;
    memcpy(s->chunk->bytes + s->offset, "four", 4);
    actor_forward(actor, NOBODY, m);
}
static const struct actor_type prepend_type = {"prepend", sizeof(struct toy_client), prepend_on,
                                               NULL};

static void prepend(struct sim *sim)
{
    sim_spawn(sim, &prepend_type, toy_at("", ""));
    CHECK(sim_run_until_idle(sim));
}

static void bytes_written_in_front_of_a_span_replay(void)
{
    check_replays(prepend, 1);
}

/* ---- actors that are not pure ---- */

static unsigned others_memory;

static void count_on(struct actor *actor, struct message *m)
{
    if (m->kind == MSG_CONTINUE)
        timer_start(actor, 1, 1000);
    else
        timer_start(actor, 1, 1000 + (++others_memory > 3 ? others_memory : 0));
}
static const struct actor_type count_type = {"impure_counter", sizeof(struct actor), count_on,
                                             NULL};

static void count(struct sim *sim)
{
    others_memory = 0;
    sim_spawn(sim, &count_type, resume(0));
    CHECK(sim_advance(sim, 6500));
}

static void an_actor_with_a_static_counter_is_found(void)
{
    CHECK_UINT(replay(record(1, count)), 1);
    CHECK(strstr(report, "impure_counter/0.256 (generation 1) diverged at message 2: ") != NULL);
    CHECK(strstr(report, "\n  expected  timer_start n=1 value=1000\n") != NULL);
    CHECK(strstr(report, "\n  came      timer_start n=1 value=100") != NULL);
}

/* Says what `others_memory` makes it say: what was recorded with 0 is replayed with another number. */
struct liar {
    struct actor actor;
};

static void lie(struct actor *actor, unsigned how)
{
    struct address at = {
        .family = ADDRESS_V4, .ip = {127, 0, 0, (uint8_t)(1 + (how == 4))}, .port = 80};
    SAY((struct liar *)actor, actor->ref, data, .connection = how == 1,
        .bytes = span_copy(how == 2 ? "lie" : "yes", how == 3 ? 2 : 3));
    socket_connect(actor, 1, &at);
    socket_write(actor, 1, span_copy("0123", how == 7 ? 2 : 4));
    if (how != 7)
        socket_write(actor, 1, span_copy(how == 5 ? "45x7" : "4567", 4));
    else
        socket_write(actor, 1, span_copy("234567", 6)); /* cut otherwise, the same bytes */
    if (how != 6)
        timer_stop(actor, 1);
    if (how == 8)
        actor_monitor(actor, actor->ref);
    if (how == 9)
        actor_stop(actor, STOP_DONE);
    for (unsigned i = 0; i < (how == 10 ? 2 : 1); i++)
        actor_spawn(actor, &toy_ticker_type, how == 11 ? 0 : 1, resume(how == 12));
}

static void liar_on(struct actor *actor, struct message *m)
{
    if (m->kind == MSG_CONTINUE)
        lie(actor, others_memory);
}
static const struct actor_type liar_type = {"liar", sizeof(struct liar), liar_on, NULL};

static void lies(struct sim *sim)
{
    others_memory = 0;
    sim_spawn(sim, &liar_type, resume(0));
    CHECK(sim_run_until_idle(sim));
}

static void check_said(const char *said)
{
    CHECK(strstr(report, said) != NULL);
    if (!strstr(report, said))
        printf("\n    wanted %s\n    in %s\n", said, report);
}

static void every_kind_of_lie_is_found(void)
{
    static const struct {
        unsigned how;
        const char *said;
    } liars[] = {
        {1, "what it heard is not what its sender says now"},
        {2, "what it heard is not what its sender says now"},
        {3, "bytes=<2 bytes>"},
        {4, "came      connect n=1 address=127.0.0.2:80"},
        {5, "came      write n=1 length=8 \"012345x7\""},
        {6, "expected  timer_stop n=1"},
        {8, "came      monitor"},
        {9, "came      stop"},
        {10, "expected  nothing more\n  came      spawn CONTINUE value=1 ref=0/256.4294967295"},
        {11, "came      spawn CONTINUE value=0 ref=1/255.1"},
        {12, "what it heard is not what its sender says now"},
    };
    for (size_t i = 0; i < sizeof liars / sizeof liars[0]; i++) {
        struct recording *r = record(1, lies);
        others_memory = liars[i].how;
        CHECK_UINT(replay(r), 1);
        check_said(liars[i].said);
    }
}

/* Says and writes three hundred bytes, of which number 250 is what `others_memory` makes it. */
static void talk_long(struct actor *actor, struct message *m)
{
    uint8_t bytes[300];
    if (m->kind != MSG_CONTINUE)
        return;
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)('a' + i % 26);
    bytes[250] = others_memory == 1 ? 'X' : 'Y';
    SAY((struct liar *)actor, actor->ref, data, .bytes = span_copy(bytes, sizeof bytes));
    bytes[250] = others_memory == 2 ? 'X' : 'Y';
    socket_connect(actor, 1,
                   &(struct address){.family = ADDRESS_V4, .ip = {127, 0, 0, 1}, .port = 80});
    socket_write(actor, 1, span_copy(bytes, 120));
    socket_write(actor, 1, span_copy(bytes + 120, others_memory == 3 ? 170 : 180));
}
static const struct actor_type long_type = {"long", sizeof(struct liar), talk_long, NULL};

static void long_talks(struct sim *sim)
{
    others_memory = 0;
    sim_spawn(sim, &long_type, resume(0));
    CHECK(sim_run_until_idle(sim));
}

static void of_long_bytes_the_first_that_differs_is_shown(void)
{
    static const struct {
        unsigned how;
        const char *what, *expected, *came;
    } parts[] = {
        {1, "now: bytes differs from byte 250 on\n",
         "...\"cdefghijklmnopqrstuvwxyzabcdefghijklmnopYrst",
         "...\"cdefghijklmnopqrstuvwxyzabcdefghijklmnopXrst"},
        {2, "recorded: it differs from byte 250 on\n",
         "length=300 ...\"cdefghijklmnopqrstuvwxyzabcdefghijklmnopYrst",
         "length=300 ...\"cdefghijklmnopqrstuvwxyzabcdefghijklmnopXrst"},
        {3, "recorded: it differs from byte 290 on\n",
         "length=300 ...\"Yrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmn\"\n",
         "length=290 ...\"Yrstuvwxyzabcdefghijklmnopqrstuvwxyzabcd\"\n"},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct recording *r = record(1, long_talks);
        others_memory = parts[i].how;
        CHECK_UINT(replay(r), 1);
        check_said(parts[i].what);
        check_said(parts[i].expected);
        check_said(parts[i].came);
    }
}

static void what_was_left_out_may_be_what_differs(void)
{
    static const uint8_t bytes[] = "what was kept, and what was not";
    static struct replay_difference d;
    struct came_effects came = {0};
    const struct effect write = {.kind = EFFECT_WRITE, .n = 1, .bytes = bytes, .length = 31};
    const struct replay_effect expected = {.effect = write, .kept = 13, .hash = 1};
    came_effects_add(&came, &write);
    CHECK(!replay_effects_same(&came, &expected, 1, &d));
    CHECK_STR(
        d.what,
        "effect 1 is not the one that was recorded: it differs from byte 13 on, or behind it: "
        "the rest was not recorded");
    CHECK_STR(d.expected, "write n=1 length=31 \"what was kept\"...");
    CHECK_STR(d.came, "write n=1 length=31 \"what was kept, and what was not\"");
    const struct replay_effect hidden = {.effect = write, .kept = 13, .hash = hash_hidden(1)};
    CHECK(replay_effects_same(&came, &hidden, 1, &d));
    struct replay_effect redacted = hidden;
    redacted.effect.bytes = (const uint8_t *)"what was KEPT";
    CHECK(replay_effects_same(&came, &redacted, 1, &d));
    redacted.effect.length--;
    CHECK(!replay_effects_same(&came, &redacted, 1, &d));
    redacted = expected;
    redacted.hash = hash_of(bytes, 31);
    CHECK(replay_effects_same(&came, &redacted, 1, &d));
    redacted.effect.bytes = (const uint8_t *)"what was KEPT";
    CHECK(!replay_effects_same(&came, &redacted, 1, &d));
    came_effects_free(&came);
}

static void writes_that_follow_each_other_are_one(void)
{
    struct recording *r = record(1, lies);
    others_memory = 7;
    CHECK_UINT(replay(r), 0);
}

/* ---- the live daemon's runtime: threads, libev and real sockets ---- */

struct live {
    struct actor actor;
    struct actor_ref pinger;
    uint32_t downs;
};

enum { LIVE_PINGERS = 20, GUARD_US = 20000000, HUNG = 99 };

static void live_begin(struct live *self)
{
    timer_start(&self->actor, 0, GUARD_US);
    for (unsigned i = 0; i < LIVE_PINGERS; i++)
        actor_monitor(&self->actor, actor_spawn(&self->actor, &toy_pinger_type, i % 2, resume(1)));
    struct address at = {.family = ADDRESS_INTERNAL, .name = "echo"};
    socket_listen(&self->actor, 0, &at, &toy_echo_type, 1);
    socket_connect(&self->actor, 1, &at);
    for (unsigned i = 0; i < 100; i++)
        socket_write(&self->actor, 1, span_copy("a hundred times the same", 24));
    socket_shutdown(&self->actor, 1);
}

static void live_on_message(struct actor *actor, struct message *m)
{
    struct live *self = (struct live *)actor;
    if (m->kind == MSG_CONTINUE)
        live_begin(self);
    if (m->kind == MSG_TIMER)
        actor_end_program(actor, HUNG);
    self->downs += m->kind == MSG_DOWN || (m->kind == MSG_SOCKET_END && msg_socket_end(m)->n == 1);
    if (self->downs == LIVE_PINGERS + 1)
        actor_end_program(actor, 0);
}
static const struct actor_type live_type = {"live", sizeof(struct live), live_on_message, NULL};

static void actors_on_two_threads_replay(void)
{
    struct runtime runtime;
    messages_init();
    watch_ours();
    struct recording *r = recording_new();
    runtime_create(&runtime, &(struct runtime_options){
                                 .workers = 2, .io = &io_ev, .hooks = recording_hooks(r)});
    runtime_spawn_root(&runtime, &live_type, resume(0));
    CHECK_UINT(runtime_run(&runtime), 0);
    CHECK_UINT(runtime_destroy(&runtime), 0);
    CHECK_UINT(recording_actors(r), 2 + 2 * LIVE_PINGERS);
    CHECK(recording_inputs(r) > 2 * TOY_PINGS);
    CHECK_UINT(replay(r), 0);
    CHECK_STR(report, "");
}

static void watch_ours(void)
{
    recording_watch(&says_when_type);
    recording_watch(&prepend_type);
    recording_watch(&count_type);
    recording_watch(&liar_type);
    recording_watch(&long_type);
    recording_watch(&live_type);
}

CU_TestInfo replay_tests[] = {
    {"actors that talk replay", actors_that_talk_replay},
    {"timers and times replay", timers_and_times_replay},
    {"children on two workers replay under their names",
     children_on_two_workers_replay_under_their_names},
    {"the end of actors that were ended replays", the_end_of_actors_that_were_ended_replays},
    {"sockets replay", sockets_replay},
    {"bytes written in front of a span replay", bytes_written_in_front_of_a_span_replay},
    {"an actor with a static counter is found", an_actor_with_a_static_counter_is_found},
    {"every kind of lie is found", every_kind_of_lie_is_found},
    {"of long bytes the first that differs is shown",
     of_long_bytes_the_first_that_differs_is_shown},
    {"what was left out may be what differs", what_was_left_out_may_be_what_differs},
    {"writes that follow each other are one", writes_that_follow_each_other_are_one},
    {"actors on two threads replay", actors_on_two_threads_replay},
    CU_TEST_INFO_NULL,
};
