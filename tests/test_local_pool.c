/* tests/test_local_pool.c -- who gets which connection: order, limits, idle times, want of descriptors. */
#include "actors/local_pool.h"
#include "actors/interceptor.h"
#include "actors/local_connection.h"
#include "tests/world.h"
#include <stdlib.h>

static void post(struct world *w, uint64_t connection)
{
    agent_request(w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                      .connection = connection,
                                      .method = "POST",
                                      .headers = "content-length: 0\n"});
}

static unsigned open_connections(const struct world *w)
{
    return world_count(w, &local_connection_type);
}

/* DEL-37: the second request goes over the first's connection. */
static void a_connection_is_used_again(void)
{
    struct world w;
    world_create(&w, 0);
    world_begin(&w);
    agent_get(&w, 1, "/");
    struct sim_peer *app = world_app(&w);
    app_say(&w, app, OK_2);
    sim_peer_unlisten(&w.sim, APP);
    world_forget(&w);
    for (unsigned i = 2; i < 50; i++) {
        peer_text(app);
        agent_get(&w, i, "/");
        CHECK_STR(peer_text(app), "GET / HTTP/1.1\r\n\r\n");
        app_say(&w, app, OK_2);
        CHECK_UINT(open_connections(&w), 1);
    }
    world_end(&w);
}

/* DEL-34 */
static void one_request_at_a_time(void)
{
    struct world w;
    world_create(&w, 0);
    world_begin(&w);
    for (unsigned i = 0; i < 5; i++)
        agent_get(&w, i, "/");
    CHECK_UINT(open_connections(&w), 5);
    world_end(&w);
}

/* DEL-36; the newest idle one is taken, so the others run out. */
static void idle_connections_are_closed(void)
{
    struct world w;
    struct sim_peer *apps[3];
    world_create(&w, 0);
    world_begin(&w);
    for (unsigned i = 0; i < 3; i++)
        agent_get(&w, i, "/");
    for (unsigned i = 0; i < 3; i++) {
        apps[i] = world_app(&w);
        app_say(&w, apps[i], OK_2);
        world_advance(&w, MS(100));
    }
    world_advance(&w, POOL_IDLE_US - MS(350));
    CHECK_UINT(open_connections(&w), 3);
    peer_text(apps[2]);
    agent_get(&w, 3, "/");
    CHECK(strlen(peer_text(apps[2])) > 0);
    app_say(&w, apps[2], OK_2);
    world_advance(&w, MS(300));
    CHECK_UINT(open_connections(&w), 1);
    CHECK(sim_peer_ended(apps[0]) && sim_peer_ended(apps[1]) && !sim_peer_ended(apps[2]));
    world_advance(&w, POOL_IDLE_US);
    CHECK_UINT(open_connections(&w), 0);
    world_end(&w);
}

/* The application's own word is shorter: one second less than it says. */
static void keep_alive_timeout_is_heeded(void)
{
    struct world w;
    world_create(&w, 0);
    world_begin(&w);
    agent_get(&w, 1, "/");
    struct sim_peer *app = world_app(&w);
    app_say(&w, app, "HTTP/1.1 200 OK\r\nkeep-alive: timeout=2\r\ncontent-length: 2\r\n\r\nhi");
    world_advance(&w, MS(1000) - 1000);
    CHECK_UINT(open_connections(&w), 1);
    world_advance(&w, 2000);
    CHECK_UINT(open_connections(&w), 0);
    world_end(&w);
}

/* What cannot be repeated takes no connection that may be dead. */
static void a_post_wants_a_fresh_one(void)
{
    struct world w;
    world_create(&w, 0);
    world_begin(&w);
    agent_get(&w, 1, "/");
    struct sim_peer *app = world_app(&w);
    app_say(&w, app, OK_2);
    world_advance(&w, SHORT_IDLE_US - 1000);
    post(&w, 2);
    CHECK_UINT(open_connections(&w), 1);
    app_say(&w, app, OK_2);
    world_advance(&w, SHORT_IDLE_US);
    post(&w, 3);
    CHECK_UINT(open_connections(&w), 2);
    app_say(&w, world_app(&w), OK_2);
    agent_get(&w, 4, "/");
    CHECK_UINT(open_connections(&w), 2); /* a GET takes what is there */
    world_end(&w);
}

/* ---- limits ---- */

static void more_wait_in_order(void)
{
    struct world w;
    struct sim_peer *apps[2];
    world_create(&w, 0);
    w.settings.local_connections_max = 2;
    world_begin(&w);
    world_forget(&w);
    for (unsigned i = 0; i < 10; i++) {
        char path[20];
        snprintf(path, sizeof path, "/%u", i);
        agent_get(&w, i, path);
    }
    apps[0] = world_app(&w);
    apps[1] = world_app(&w);
    CHECK(apps[0] && apps[1] && !world_app(&w));
    for (unsigned i = 0; i < 10; i++) {
        char want[60];
        snprintf(want, sizeof want, "GET /%u HTTP/1.1\r\n\r\n", i);
        CHECK_STR(peer_text(apps[i % 2]), want);
        app_say(&w, apps[i % 2], OK_2);
        snprintf(want, sizeof want, "framed %u/0 200 [hi]\n", i);
        CHECK_STR(world_story(&w), want);
    }
    world_end(&w);
}

/* Full of idle ones that a raw connection cannot use: one makes room. */
static void an_idle_one_makes_room(void)
{
    struct world w;
    struct sim_peer *apps[2];
    world_create(&w, 0);
    w.settings.local_connections_max = 2;
    world_begin(&w);
    agent_get(&w, 1, "/");
    agent_get(&w, 2, "/");
    for (unsigned i = 0; i < 2; i++) {
        apps[i] = world_app(&w);
        app_say(&w, apps[i], OK_2);
    }
    agent_connection(&w, 3);
    struct sim_peer *app = world_app(&w);
    CHECK(app != NULL);
    CHECK_UINT(open_connections(&w), 2);
    CHECK(sim_peer_ended(apps[0]) != sim_peer_ended(apps[1]));
    world_end(&w);
}

/* Who has gone does not keep its place, nor does a connection wait for it. */
static void waiters_may_go(void)
{
    struct world w;
    world_create(&w, 0);
    w.settings.local_connections_max = 1;
    world_begin(&w);
    world_forget(&w);
    for (unsigned i = 0; i < 4; i++)
        agent_get(&w, i, "/");
    struct sim_peer *app = world_app(&w);
    agent_close(&w, 1);
    agent_close(&w, 2);
    app_say(&w, app, OK_2);
    app_say(&w, app, OK_2);
    CHECK_STR(world_story(&w), "framed 0/0 200 [hi]\nframed 3/0 200 [hi]\n");
    CHECK_UINT(world_count(&w, &interceptor_type), 0);
    world_end(&w);
}

/* ... at whatever step. */
static void waiters_may_go_at_any_step(void)
{
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct world w;
        world_create(&w, seed);
        w.settings.local_connections_max = 1;
        world_begin(&w);
        for (unsigned i = 0; i < 3; i++)
            agent_put_request(&w,
                              &(struct request){.variant = VARIANT_CHUNKED_V2, .connection = i});
        struct sim_peer *app = world_app(&w);
        REQUIRE(app != NULL);
        peer_say(app, OK_2);
        for (uint32_t n = sim_random(&w.sim, 20); n; n--)
            sim_step(&w.sim);
        agent_put_close(&w, WIRE_STEAL, 1);
        for (unsigned i = 0; i < 5; i++) {
            struct sim_peer *other = world_app(&w);
            app = other ? other : app;
            if (strlen(peer_text(app)))
                app_say(&w, app, OK_2);
        }
        CHECK_UINT(world_count(&w, &interceptor_type), 0);
        struct seen_answer a = world_answer(&w, 0, 2, 0);
        CHECK_UINT(a.status, 200);
        free(a.body);
        world_advance(&w, POOL_IDLE_US + 1000);
        CHECK_UINT(open_connections(&w), 0);
        world_end(&w);
    }
}

/* EMFILE is "wait", never an error: all are served, with few descriptors. */
static void want_of_descriptors_is_a_wait(void)
{
    struct world w;
    world_create(&w, 0);
    sim_descriptors(&w.sim, 4); /* one is the link's */
    world_begin(&w);
    for (unsigned i = 0; i < 30; i++)
        agent_get(&w, i, "/");
    struct sim_peer *apps[3];
    for (unsigned i = 0; i < 3; i++)
        REQUIRE((apps[i] = world_app(&w)) != NULL);
    CHECK(world_app(&w) == NULL);
    for (unsigned round = 0; round < 40; round++) {
        for (unsigned i = 0; i < 3; i++)
            if (strlen(peer_text(apps[i])))
                app_say(&w, apps[i], OK_2);
        world_advance(&w, MS(110));
    }
    for (unsigned i = 0; i < 30; i++) {
        struct seen_answer a = world_answer(&w, 0, i, 0);
        CHECK_UINT(a.status, 200);
        free(a.body);
    }
    world_end(&w);
}

/* With many that wait and no descriptor, nobody spins: one try in 100 ms. */
static void want_of_descriptors_is_no_work(void)
{
    struct world w;
    world_create(&w, 1);
    sim_descriptors(&w.sim, 1);
    world_begin(&w);
    w.sim.steps_max = 5000;
    for (unsigned i = 0; i < 20; i++)
        agent_get(&w, i, "/");
    uint64_t before = w.sim.steps;
    world_advance(&w, MS(10000));
    CHECK(w.sim.steps - before < 100 * 20 * 20);
    sim_descriptors(&w.sim, 100);
    world_advance(&w, MS(110));
    for (unsigned i = 0; i < 20; i++)
        app_say(&w, world_app(&w), OK_2);
    CHECK_UINT(world_count(&w, &interceptor_type), 0);
    world_end(&w);
}

/* Two destinations have nothing to do with each other. */
static void destinations_are_apart(void)
{
    struct world w;
    world_create(&w, 0);
    w.settings.local_connections_max = 1;
    world_serve(&w, 81, "127.0.0.1:8081");
    sim_peer_listen(&w.sim, "127.0.0.1:8081", NULL, NULL);
    world_begin(&w);
    agent_get(&w, 1, "/");
    agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V2, .connection = 2, .port = 81});
    CHECK(world_app(&w) != NULL);
    CHECK(sim_peer_accept(&w.sim, "127.0.0.1:8081") != NULL);
    world_end(&w);
}

CU_TestInfo local_pool_tests[] = {
    {"a connection is used again", a_connection_is_used_again},
    {"a connection serves one request at a time", one_request_at_a_time},
    {"idle connections are closed after 3 s", idle_connections_are_closed},
    {"an application's keep-alive timeout is heeded", keep_alive_timeout_is_heeded},
    {"a POST takes no connection that was idle for long", a_post_wants_a_fresh_one},
    {"more than the limit wait, in order", more_wait_in_order},
    {"an idle connection that does not suit makes room", an_idle_one_makes_room},
    {"who waits may go", waiters_may_go},
    {"who waits may go at any step", waiters_may_go_at_any_step},
    {"want of descriptors is a wait", want_of_descriptors_is_a_wait},
    {"want of descriptors is no work", want_of_descriptors_is_no_work},
    {"destinations have nothing to do with each other", destinations_are_apart},
    CU_TEST_INFO_NULL,
};
