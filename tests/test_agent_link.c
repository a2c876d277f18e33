/* tests/test_agent_link.c -- tries, pauses, what is mended and what ends the program. */
#include "actors/interceptor.h"
#include "actors/link_connection.h"
#include "tests/world.h"
#include <stdlib.h>

enum { RUNS = 40 };

/* Moves the clock until the next session comes; returns the time that it took. */
static uint64_t until_next_session(struct world *w)
{
    uint64_t began = w->sim.now_us, at;
    unsigned before = w->session_count;
    while (w->session_count == before && sim_next_due(&w->sim, &at))
        world_advance(w, at - w->sim.now_us);
    return w->sim.now_us - began;
}

/* 0.25 s, doubled up to 10 s, each +- 25 %. */
static void pauses_double(void)
{
    bool varied = false;
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        struct world w;
        uint64_t pause = RECONNECT_FIRST_US, now = 0;
        world_create(&w, seed);
        w.script.no_pong = true;
        world_begin(&w);
        sim_peer_close(agent_peer(&w));
        world_run(&w);
        for (unsigned i = 0; i < 8; i++) {
            uint64_t took = until_next_session(&w);
            CHECK(took >= pause - pause / 4 && took <= pause + pause / 4);
            varied |= now && took > now && took - now > pause / 8;
            now = took;
            pause = pause * 2 < RECONNECT_MOST_US ? pause * 2 : RECONNECT_MOST_US;
            sim_peer_close(agent_peer(&w));
            world_run(&w);
        }
        world_end(&w);
    }
    CHECK(varied);
}

static void pauses_begin_anew_after_use(void)
{
    struct world w;
    world_create(&w, 7);
    w.script.no_pong = true;
    world_begin(&w);
    for (unsigned i = 0; i < 5; i++) {
        sim_peer_close(agent_peer(&w));
        world_run(&w);
        w.script.no_pong = i < 4;
        until_next_session(&w);
    }
    CHECK_UINT(w.ready_count, 1);
    sim_peer_reset(agent_peer(&w));
    world_run(&w);
    uint64_t took = until_next_session(&w);
    CHECK(took <= RECONNECT_FIRST_US + RECONNECT_FIRST_US / 4);
    CHECK_UINT(w.ready_count, 1); /* said once */
    CHECK(sim_log_contains(&w.sim, "serving again"));
    world_end(&w);
}

/* A connect without an answer is no link that was lost. */
static void a_silent_agent_cannot_be_reached(void)
{
    struct world w;
    world_create(&w, 1);
    sim_route(&w.sim, AGENT, SIM_SILENT, 0);
    world_begin(&w);
    world_advance(&w, AGENT_CONNECT_US + 1000);
    CHECK(sim_log_contains(&w.sim, "cannot be reached: the connection was not made within 5 s"));
    CHECK(!sim_log_contains(&w.sim, "lost"));
    world_end(&w);
}

static void unreachable_is_tried_for_ever(void)
{
    struct world w;
    world_create(&w, 1);
    sim_route(&w.sim, AGENT, SIM_REFUSED, 0);
    world_begin(&w);
    world_advance(&w, 120000000);
    CHECK(!sim_has_ended(&w.sim));
    CHECK(sim_log_contains(&w.sim, "cannot be reached"));
    sim_route(&w.sim, AGENT, SIM_OPEN, 0);
    world_advance(&w, 2 * RECONNECT_MOST_US);
    CHECK_UINT(w.ready_count, 1);
    world_end(&w);
}

static void unreachable_without_retry_is_69(void)
{
    for (unsigned silent = 0; silent < 2; silent++) {
        struct world w;
        world_create(&w, 1);
        w.settings.no_retry = true;
        sim_route(&w.sim, AGENT, silent ? SIM_SILENT : SIM_REFUSED, 0);
        world_begin(&w);
        CHECK_UINT(sim_has_ended(&w.sim), !silent);
        world_advance(&w, AGENT_CONNECT_US + 1000);
        CHECK(sim_has_ended(&w.sim));
        CHECK_UINT(atomic_load(&w.sim.runtime.status), 69);
        world_end(&w);
    }
}

static void an_agent_by_name(void)
{
    struct world w;
    char error[160];
    world_create(&w, 1);
    REQUIRE(address_parse(&w.settings.agent, "agent.test:61337", error));
    world_begin(&w);
    CHECK(sim_log_contains(&w.sim, "agent agent.test:61337 cannot be reached"));
    sim_name_add(&w.sim, "agent.test", "10.0.0.1");
    world_advance(&w, 1000000);
    CHECK_UINT(w.ready_count, 1);
    world_end(&w);
}

/* SUB-24: the newest agents say Close instead of an answer. Before readiness that is final. */
static void close_before_readiness_is_77(void)
{
    static const char *const versions[] = {"1.29.0", "1.3.0"};
    for (unsigned i = 0; i < 2; i++) {
        struct world w;
        world_create(&w, 1);
        w.script.version = versions[i];
        w.script.closes_at_subscribe = "bad filter";
        world_begin(&w);
        CHECK(sim_has_ended(&w.sim));
        CHECK_UINT(atomic_load(&w.sim.runtime.status), 77);
        CHECK(strstr(w.failed, "bad filter") != NULL);
        world_end(&w);
    }
}

/* HS-22 is about sessions that cannot be mended; ours are. */
static void close_in_use_is_mended(void)
{
    struct world w;
    world_create(&w, 1);
    world_begin(&w);
    agent_put_bytes(&w,
                    "\x00\x03"
                    "bye",
                    5);
    world_run(&w);
    CHECK(sim_log_contains(&w.sim, "closes the session"));
    world_advance(&w, 1000000);
    CHECK_UINT(w.session_count, 2);
    world_end(&w);
}

/* HS-33, HS-7: requests go by the version of the link that they came over. */
static void another_version_after_the_loss(void)
{
    struct world w;
    world_ready(&w, 1);
    sim_peer_close(agent_peer(&w));
    w.script.version = w.script.reads = "1.7.0";
    world_advance(&w, 1000000);
    CHECK_STR(world_story(&w), "ping\nswitch 1.29.0\nlogs\nsubscribe 80\n");
    agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V1, .connection = 0});
    struct sim_peer *app = world_app(&w);
    app_say(&w, app, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe");
    app_say(&w, app, "llo");
    CHECK_STR(world_story(&w), "framed 0/0 200 [hello]\n");
    world_end(&w);
}

/* HS-29, HS-35: what was under way is let go; the application sees an end, not a reset. */
static void exchanges_end_with_their_link(void)
{
    struct world w;
    world_create(&w, 1);
    world_begin(&w);
    agent_get(&w, 1, "/");
    struct sim_peer *http = world_app(&w);
    agent_connection(&w, 2);
    struct sim_peer *raw = world_app(&w);
    agent_get(&w, 3, "/streams");
    struct sim_peer *streams = world_app(&w);
    app_say(&w, streams, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe");
    CHECK_UINT(world_count(&w, &interceptor_type), 3);
    world_forget(&w);
    sim_peer_close(agent_peer(&w));
    world_run(&w);
    CHECK_UINT(world_count(&w, &interceptor_type), 0);
    CHECK(sim_peer_ended(http) && sim_peer_ended(raw) && sim_peer_ended(streams));
    CHECK_UINT(sim_peer_error(http), 0);
    CHECK_UINT(sim_peer_error(raw), 0);
    CHECK_UINT(sim_peer_error(streams), 0);
    /* the same ids again, over a new link: nothing of the old ones is left */
    world_advance(&w, 1000000);
    world_forget(&w);
    agent_get(&w, 1, "/again");
    app_say(&w, world_app(&w), "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi");
    CHECK_STR(world_story(&w), "framed 1/0 200 [hi]\n");
    world_end(&w);
}

/* A link that fails without a word (here: killed) is replaced like any other. */
static void a_killed_link_is_replaced(void)
{
    struct world w;
    world_create(&w, 1);
    world_begin(&w);
    CHECK(sim_kill(&w.sim, world_find(&w, &link_connection_type, 0)));
    world_run(&w);
    world_advance(&w, 1000000);
    CHECK_UINT(w.session_count, 2);
    world_end(&w);
}

/* What is said over the next link, when the one that is has ended. */
static const char *story_of_next(struct world *w)
{
    world_forget(w);
    sim_peer_close(agent_peer(w));
    world_run(w);
    until_next_session(w);
    return world_story(w);
}

#define NEW_AGENT "ping\nswitch 1.29.0\nlogs\nsubscribe 80\n"

/* HS-13: one that has answered our version is no agent of before 2023-08, whatever its network does. */
static void a_chance_end_at_the_version_is_none_of_an_old_agent(void)
{
    struct world w;
    world_create(&w, 1);
    world_begin(&w);
    sim_peer_close(agent_peer(&w));
    w.script.ends_at_switch = true;
    world_run(&w);
    until_next_session(&w);
    CHECK_UINT(w.session_count, 2);
    w.script.ends_at_switch = false;
    world_forget(&w);
    until_next_session(&w);
    CHECK_STR(world_story(&w), NEW_AGENT);
    CHECK(!sim_log_contains(&w.sim, "trying without"));
    CHECK_STR(story_of_next(&w), NEW_AGENT);
    world_end(&w);
}

/* ... but twice in a row it is another one; and when that is gone, the next may be new again. */
static void another_agent_may_be_an_old_one(void)
{
    struct world w;
    world_create(&w, 1);
    world_begin(&w);
    sim_peer_close(agent_peer(&w));
    w.script.ends_at_switch = true;
    world_run(&w);
    until_next_session(&w);
    world_forget(&w);
    until_next_session(&w);
    CHECK(sim_log_contains(&w.sim, "trying without"));
    CHECK_STR(world_story(&w), "ping\nswitch 1.29.0\nping\nsubscribe 80\n");
    w.script.ends_at_switch = false;
    CHECK_STR(story_of_next(&w), NEW_AGENT);
    world_end(&w);
}

CU_TestInfo agent_link_tests[] = {
    {"pauses double from 0.25 s to 10 s, give or take a quarter", pauses_double},
    {"pauses begin anew when a link was used", pauses_begin_anew_after_use},
    {"an agent that does not answer the connect cannot be reached",
     a_silent_agent_cannot_be_reached},
    {"an agent that cannot be reached is tried for ever", unreachable_is_tried_for_ever},
    {"without retries an agent that cannot be reached is 69", unreachable_without_retry_is_69},
    {"an agent's name is looked up at each try", an_agent_by_name},
    {"a Close before readiness is 77, with its words", close_before_readiness_is_77},
    {"a Close in use is mended", close_in_use_is_mended},
    {"a new link may have another version", another_version_after_the_loss},
    {"exchanges end with their link", exchanges_end_with_their_link},
    {"a link that was killed is replaced", a_killed_link_is_replaced},
    {"an agent that was new is not taken for an old one by chance",
     a_chance_end_at_the_version_is_none_of_an_old_agent},
    {"an old agent may follow a new one, and a new one it", another_agent_may_be_an_old_one},
    CU_TEST_INFO_NULL,
};
