/* tests/test_link.c -- link_connection: handshake, pings, ids, order, fairness, hostile bytes. */
#include "actors/interceptor.h"
#include "actors/link_state.h"
#include "messages/wire_encoder.h"
#include "tests/world.h"
#include <stdlib.h>

#define OK_5 "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"

static unsigned heard_of(const struct world *w, enum wire_kind kind)
{
    unsigned n = 0;
    for (size_t i = 0; i < w->heard_count; i++)
        n += w->heard[i].kind == kind;
    return n;
}

/* ---- handshake ---- */

/* HS-4, HS-5, HS-7: each step waits for the one before. */
static void steps_in_order(void)
{
    struct world w;
    world_create(&w, 0);
    w.script.no_pong = w.script.no_version = w.script.no_confirm = true;
    world_begin(&w);
    CHECK_STR(world_story(&w), "ping\n");
    agent_put_bytes(&w, "\x07", 1); /* Pong */
    world_run(&w);
    CHECK_STR(world_story(&w), "switch 1.29.0\n");
    agent_version(&w, "1.20.0");
    CHECK_STR(world_story(&w), "logs\nsubscribe 80\n");
    CHECK_UINT(w.ready_count, 0);
    uint8_t out[64];
    struct wire_writer put = wire_writer_over(out, sizeof out);
    wire_put_subscribed(&put, WIRE_STEAL, 80);
    agent_put_bytes(&w, out, (size_t)(put.at - out));
    world_run(&w);
    CHECK_UINT(w.ready_count, 1);
    CHECK(strstr(w.ready, "says 1.20.0") != NULL);
    world_end(&w);
}

/* HS-14: ReadyForLogs only from 1.3.1 on. */
static void no_logs_of_old_agents(void)
{
    struct world w;
    world_create(&w, 0);
    w.script.version = w.script.reads = "1.3.0";
    world_begin(&w);
    CHECK_STR(world_story(&w), "ping\nswitch 1.29.0\nsubscribe 80\n");
    world_end(&w);
}

static void agent_that_ends_at_logs(void)
{
    struct world w;
    world_create(&w, 0);
    w.script.ends_at_logs = true;
    world_begin(&w);
    world_advance(&w, 1000000);
    CHECK_STR(world_story(&w), "ping\nswitch 1.29.0\nlogs\nping\nswitch 1.29.0\nsubscribe 80\n");
    CHECK_UINT(w.ready_count, 1);
    world_end(&w);
}

/* The first address of a name may be of a family that leads nowhere. */
static void every_address_of_the_agent_is_tried(void)
{
    for (unsigned silent = 0; silent < 2; silent++) {
        struct world w;
        char error[160];
        world_create(&w, 0);
        REQUIRE(address_parse(&w.settings.agent, "agent.test:61337", error));
        sim_name_add(&w.sim, "agent.test", "::7");
        sim_name_add(&w.sim, "agent.test", "10.0.0.8");
        sim_name_add(&w.sim, "agent.test", "10.0.0.1");
        if (silent)
            sim_route(&w.sim, "[::7]:61337", SIM_SILENT, 0);
        world_begin(&w);
        if (silent) {
            CHECK_UINT(w.ready_count, 0);
            world_advance(&w, AGENT_CONNECT_US);
        }
        CHECK_UINT(w.ready_count, 1);
        CHECK_UINT(w.session_count, 1);
        world_end(&w);
    }
}

static void an_agent_without_a_good_address_is_refused(void)
{
    struct world w;
    char error[160];
    world_create(&w, 0);
    REQUIRE(address_parse(&w.settings.agent, "agent.test:61337", error));
    sim_name_add(&w.sim, "agent.test", "::7");
    sim_name_add(&w.sim, "agent.test", "10.0.0.8");
    world_begin(&w);
    CHECK(sim_log_contains(&w.sim, "Connection refused"));
    CHECK_UINT(w.session_count, 0);
    sim_name_add(&w.sim, "agent.test", "10.0.0.1");
    world_advance(&w, 1000000); /* the next try looks the name up anew */
    CHECK_UINT(w.session_count, 1);
    world_end(&w);
}

static void what_an_agent_says_early_is_ignored(void)
{
    struct world w;
    world_create(&w, 0);
    w.script.no_pong = true;
    world_begin(&w);
    agent_get(&w, 1, "/early");
    agent_connection(&w, 2);
    agent_data(&w, 2, "x");
    agent_put_bytes(&w, "\x07", 1);
    world_run(&w);
    CHECK_UINT(w.ready_count, 1);
    CHECK(world_app(&w) == NULL);
    CHECK_UINT(world_count(&w, &interceptor_type), 0);
    world_end(&w);
}

static void logs_operator_pings_and_the_rest(void)
{
    struct world w;
    uint8_t out[200];
    world_ready(&w, 0);
    struct wire_writer put = wire_writer_over(out, sizeof out);
    wire_put_log(&put, WIRE_LEVEL_ERROR, (struct wire_text){"it rains", 8});
    wire_put_operator_ping(&put, (struct wire_u128){77, 3});
    wire_put_env_answer(&put, 0); /* of no use here */
    wire_put_pong(&put);          /* nobody asked: not fatal, HS-18 is not followed */
    wire_put_operator_ping(&put, (struct wire_u128){78, 0});
    agent_put_bytes(&w, out, (size_t)(put.at - out));
    world_run(&w);
    CHECK_STR(world_story(&w), "operator pong\noperator pong\n");
    CHECK(sim_log_contains(&w.sim, "it rains"));
    CHECK(sim_log_contains(&w.sim, "nobody asked for"));
    world_end(&w);
}

/* ---- silence ---- */

static void silence_in_the_handshake_ends_the_program(void)
{
    for (unsigned step = 0; step < 2; step++) {
        struct world w;
        world_create(&w, 0);
        w.script.no_pong = step == 0;
        w.script.no_version = step == 1;
        world_begin(&w);
        world_advance(&w, PONG_US - 1000);
        CHECK(!sim_has_ended(&w.sim));
        world_advance(&w, 2000);
        CHECK(sim_has_ended(&w.sim));
        CHECK_UINT(atomic_load(&w.sim.runtime.status), 77);
        CHECK(strstr(w.failed, step ? "no answer to our version" : "no pong within 10 s") != NULL);
        world_end(&w);
    }
}

/* HS-15 */
static void a_ping_every_half_minute(void)
{
    struct world w;
    world_ready(&w, 0);
    world_advance(&w, PING_EVERY_US - 1000);
    CHECK_STR(world_story(&w), "");
    world_advance(&w, 2000);
    CHECK_STR(world_story(&w), "ping\n");
    world_advance(&w, 10 * PING_EVERY_US);
    CHECK_UINT(heard_of(&w, WIRE_PING), 12);
    CHECK_UINT(w.session_count, 1);
    world_end(&w);
}

/* HS-16: a Pong that is late behind other messages is no reason to give up; silence is. */
static void only_silence_ends_the_link(void)
{
    struct world w;
    world_create(&w, 0);
    world_begin(&w);
    w.script.no_pong = true;
    for (unsigned i = 0; i < 4; i++) {
        world_advance(&w, PING_EVERY_US - 500000);
        uint8_t out[64];
        struct wire_writer put = wire_writer_over(out, sizeof out);
        wire_put_log(&put, WIRE_LEVEL_WARN, (struct wire_text){"busy", 4});
        agent_put_bytes(&w, out, (size_t)(put.at - out));
        world_advance(&w, 500000);
    }
    CHECK_UINT(w.session_count, 1);
    w.script.no_pong = false;
    world_advance(&w, 2 * PING_EVERY_US);
    CHECK_UINT(w.session_count, 2);
    CHECK(sim_log_contains(&w.sim, "no word from the agent for a whole ping interval"));
    world_end(&w);
}

/* ---- ids ---- */

/* W-11, SUB-21, AG-21, TCP-15 */
static void unknown_ids_are_nothing(void)
{
    struct world w;
    world_ready(&w, 0);
    agent_close(&w, 9);
    agent_data(&w, 9, "x");
    agent_body(&w, 9, "x", true);
    agent_error(&w, 9);
    agent_get(&w, 1, "/");
    struct sim_peer *app = world_app(&w);
    app_say(&w, app, OK_5 "hello");
    agent_close(&w, 1);
    agent_body(&w, 1, "late", true);
    agent_data(&w, 1, "late");
    agent_close(&w, 1);
    CHECK_STR(world_story(&w), "framed 1/0 200 [hello]\n");
    CHECK_UINT(w.session_count, 1);
    world_end(&w);
}

/* AG-47: the first Data about a connection crosses its Close: it must not reach agent 3.80.0. */
static void nothing_is_said_after_a_close(void)
{
    unsigned crossed = 0;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct world w;
        world_create_with(&w, seed, 2);
        world_begin(&w);
        world_forget(&w);
        agent_connection(&w, 3);
        struct sim_peer *app = world_app(&w);
        REQUIRE(app != NULL);
        peer_say(app, "welcome");
        for (uint32_t n = sim_random(&w.sim, 8); n; n--)
            sim_step(&w.sim);
        agent_put_close(&w, WIRE_STEAL, 3);
        size_t before = w.heard_count;
        /* what the link wrote before it read the Close is on its way already */
        while (sim_peer_unread(agent_peer(&w)) && sim_step(&w.sim))
            continue;
        struct actor_ref link = world_find(&w, &link_connection_type, 0);
        const struct link_connection *state = (const void *)sim_actor(&w.sim, link);
        while (state->closed_count == 0 && sim_step(&w.sim))
            continue;
        uint64_t written = w.links[0].written;
        world_run(&w);
        CHECK_UINT(w.links[0].written, written);
        /* its first word, not one of several */
        crossed += w.heard_count == before && world_story(&w)[0] == '\0';
        world_end(&w);
    }
    CHECK(crossed > 10);
}

/* ---- order and shares ---- */

static void twenty_streams(struct world *w, struct sim_peer **apps)
{
    static char big[600000];
    memset(big, 'x', sizeof big);
    for (unsigned i = 0; i < 20; i++) {
        agent_get(w, i, "/");
        apps[i] = world_app(w);
        peer_say(apps[i], "HTTP/1.1 200 OK\r\ncontent-length: 600000\r\n\r\n");
    }
    world_run(w);
    sim_peer_reads(agent_peer(w), false);
    for (unsigned i = 0; i < 20; i++)
        sim_peer_write(apps[i], big, sizeof big);
    world_run(w);
}

/* LIM-5: a small answer waits for a turn of each stream, not for their bytes. */
static void small_answer_beside_streams(void)
{
    struct world w;
    struct sim_peer *apps[20];
    world_create(&w, 0);
    sim_capacity(&w.sim, 64 * 1024);
    world_begin(&w);
    twenty_streams(&w, apps);
    agent_get(&w, 100, "/small");
    struct sim_peer *app = world_app(&w);
    app_say(&w, app, OK_5 "hello");
    size_t before = w.heard_count;
    sim_peer_reads(agent_peer(&w), true);
    world_run(&w);
    uint64_t bytes = 0;
    size_t i = before;
    while (i < w.heard_count && w.heard[i].connection != 100)
        bytes += w.heard[i++].body_length;
    CHECK(i < w.heard_count);
    /* the connection's own buffer, what the socket holds and the message that went beyond, and one
     * message of the streams before the turn of the sparse */
    CHECK(bytes <= 64 * 1024 + LINK_UNSENT_MAX + 2 * 64 * 1024);
    for (unsigned k = 0; k < 20; k++) {
        struct seen_answer a = world_answer(&w, 0, k, 0);
        CHECK(a.ended && !a.fault);
        CHECK_UINT(a.length, 600000);
        free(a.body);
    }
    world_end(&w);
}

/* What incoming_proxy refuses waits like all else. Each is about an id of its own: none takes the
 * others with it, and nobody is credited for them. */
static void refusals_that_wait(void)
{
    struct world w;
    struct sim_peer *apps[20];
    world_create(&w, 0);
    sim_capacity(&w.sim, 64 * 1024);
    world_begin(&w);
    twenty_streams(&w, apps);
    for (unsigned i = 0; i < 300; i++)
        if (i % 3)
            agent_put_request(&w, &(struct request){.variant = VARIANT_CHUNKED_V2,
                                                    .connection = 100 + i,
                                                    .port = 99});
        else
            agent_put_connection(&w, WIRE_STEAL, 100 + i, 99);
    world_run(&w);
    CHECK_UINT(heard_of(&w, WIRE_CONNECTION_UNSUBSCRIBE), 0);
    sim_peer_reads(agent_peer(&w), true);
    world_run(&w);
    CHECK_UINT(heard_of(&w, WIRE_CONNECTION_UNSUBSCRIBE), 100);
    CHECK_UINT(heard_of(&w, WIRE_HTTP_RESPONSE), 200);
    CHECK(!sim_log_contains(&w.sim, "nobody expected"));
    world_end(&w);
}

/* Without credit the application's socket is not read: memory stays bounded (W-11, LIM-3). */
static void agent_that_does_not_read_stops_the_application(void)
{
    struct world w;
    struct sim_peer *apps[20];
    world_create(&w, 0);
    sim_capacity(&w.sim, 16 * 1024);
    world_begin(&w);
    twenty_streams(&w, apps);
    static char more[4000000];
    sim_peer_write(apps[0], more, sizeof more);
    world_run(&w);
    CHECK(sim_peer_unread(apps[0]) > sizeof more - WINDOW_MAX);
    sim_peer_reads(agent_peer(&w), true);
    world_run(&w);
    world_end(&w);
}

/* ---- hostile bytes ---- */

static void garbage_before_use_is_76(void)
{
    struct world w;
    world_create(&w, 0);
    w.script.no_pong = true;
    world_begin(&w);
    agent_put_bytes(&w, "HTTP/1.1 400 Bad\r\n", 18);
    world_run(&w);
    CHECK(sim_has_ended(&w.sim));
    CHECK_UINT(atomic_load(&w.sim.runtime.status), 76);
    world_end(&w);
}

static void garbage_in_use_is_a_new_link(void)
{
    struct world w;
    world_create(&w, 0);
    world_begin(&w);
    agent_put_bytes(&w, "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 17);
    world_run(&w);
    CHECK(sim_log_contains(&w.sim, "is no message of mirrord-protocol"));
    world_advance(&w, 400000);
    CHECK_UINT(w.session_count, 2);
    CHECK(!sim_has_ended(&w.sim));
    world_end(&w);
}

/* Random bytes, cut at random: never worse than a lost link. */
static void random_bytes_never_kill(void)
{
    for (uint64_t seed = 1; seed <= 150; seed++) {
        struct world w;
        uint8_t bytes[400];
        world_create(&w, seed);
        sim_cut(&w.sim, 40);
        world_begin(&w);
        agent_get(&w, 1, "/");
        for (unsigned i = 0; i < sizeof bytes; i++)
            bytes[i] =
                (uint8_t)(sim_random(&w.sim, 4) ? sim_random(&w.sim, 8) : sim_random(&w.sim, 256));
        bytes[0] = 2; /* TcpSteal, to come further */
        agent_put_bytes(&w, bytes, 1 + sim_random(&w.sim, sizeof bytes));
        world_run(&w);
        world_advance(&w, 1000000);
        CHECK(!sim_has_ended(&w.sim));
        world_end(&w);
    }
}

static unsigned turns; /* that links asked for */

static void count_turns(struct world *w, const struct actor *from, const struct effect *e)
{
    (void)w;
    turns += from->type == &link_connection_type && e->message->kind == MSG_CONTINUE;
}

/* A body of many frames is decoded in several turns, and others have theirs in between. */
static void many_messages_take_turns(void)
{
    struct world w;
    world_create(&w, 0);
    w.on_send = count_turns;
    world_begin(&w);
    turns = 0;
    world_forget(&w);
    for (unsigned i = 0; i < 500; i++)
        agent_put_data(&w, WIRE_STEAL, 1, "x", 1);
    agent_put_request(&w, &(struct request){.variant = VARIANT_CHUNKED_V2, .connection = 2});
    world_run(&w);
    CHECK(turns >= 500 / LINK_TURN_MESSAGES);
    app_say(&w, world_app(&w), OK_5 "hello");
    CHECK_STR(world_story(&w), "framed 2/0 200 [hello]\n");
    world_end(&w);
}

/* The agent's last words may wait for their turn when its end comes: they say why. */
static void the_last_words_before_the_end(void)
{
    for (uint64_t seed = 0; seed < 40; seed++) {
        struct world w;
        uint8_t out[64];
        struct wire_writer put = wire_writer_over(out, sizeof out);
        world_create(&w, seed);
        world_begin(&w);
        for (unsigned i = 0; i < 1000; i++)
            agent_put_data(&w, WIRE_STEAL, 1, "x", 1);
        for (uint32_t n = sim_random(&w.sim, 30); n; n--)
            sim_step(&w.sim);
        for (unsigned i = 0; i < 1000; i++)
            agent_put_data(&w, WIRE_STEAL, 1, "x", 1);
        wire_put_agent_close(&put, (struct wire_text){"I must go", 9});
        agent_put_bytes(&w, out, (size_t)(put.at - out));
        for (uint32_t n = sim_random(&w.sim, 30); n; n--)
            sim_step(&w.sim);
        if (seed % 2)
            sim_peer_close(agent_peer(&w));
        else
            sim_peer_shutdown(agent_peer(&w));
        world_run(&w);
        CHECK(sim_log_contains(&w.sim, "closes the session: \"I must go\""));
        world_end(&w);
    }
}

/* A link at rest is not read, not even when writing finds that the agent has gone: megabytes may lie
 * unread, and there is room for a few reads. */
static void a_resting_link_that_breaks_is_no_flood(void)
{
    static char big[3000000];
    struct world w;
    world_create(&w, 0);
    sim_capacity(&w.sim, sizeof big * 2);
    world_begin(&w);
    agent_get(&w, 1, "/");
    struct sim_peer *app = world_app(&w);
    struct actor_ref link = world_find(&w, &link_connection_type, 0);
    sim_send(&w.sim, link, msg_hold_new((struct msg_hold){.most_us = 100000, .on = true}));
    world_run(&w);
    agent_put_data(&w, WIRE_STEAL, 9, big, sizeof big);
    world_run(&w);
    sim_peer_reset(agent_peer(&w));
    app_say(&w, app, OK_5 "hello");
    world_advance(&w, 1000000);
    CHECK_UINT(w.session_count, 2);
    world_end(&w);
}

CU_TestInfo link_tests[] = {
    {"each step of the handshake waits for the one before", steps_in_order},
    {"agents before 1.3.1 are not asked for logs", no_logs_of_old_agents},
    {"an agent that ends at ReadyForLogs is not asked again", agent_that_ends_at_logs},
    {"every address of the agent's name is tried", every_address_of_the_agent_is_tried},
    {"an agent without a good address is refused", an_agent_without_a_good_address_is_refused},
    {"what an agent says before its version is ignored", what_an_agent_says_early_is_ignored},
    {"logs, operator pings and useless messages are taken", logs_operator_pings_and_the_rest},
    {"silence in the handshake ends the program with 77",
     silence_in_the_handshake_ends_the_program},
    {"a Ping goes out every 30 s", a_ping_every_half_minute},
    {"only silence ends a link in use", only_silence_ends_the_link},
    {"what is said about unknown ids is nothing", unknown_ids_are_nothing},
    {"nothing is said about an id after its Close", nothing_is_said_after_a_close},
    {"a small answer does not wait for streams", small_answer_beside_streams},
    {"refusals that wait do not drop each other", refusals_that_wait},
    {"an agent that does not read stops the application",
     agent_that_does_not_read_stops_the_application},
    {"garbage before use ends the program with 76", garbage_before_use_is_76},
    {"garbage in use gives a new link", garbage_in_use_is_a_new_link},
    {"random bytes cost a link at most", random_bytes_never_kill},
    {"many messages are decoded in turns", many_messages_take_turns},
    {"the agent's last words come before its end", the_last_words_before_the_end},
    {"a resting link that breaks is no flood", a_resting_link_that_breaks_is_no_flood},
    CU_TEST_INFO_NULL,
};
