/* tests/test_interceptor.c -- one exchange: cancellation, upgrades, raw bytes both ways, mirrored traffic. */
#include "actors/interceptor_state.h"
#include "actors/local_pool.h"
#include "actors/local_state.h"
#include "tests/world.h"
#include <stdlib.h>

#define SWITCHING "HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"

static struct sim_peer *raw(struct world *w, uint64_t seed)
{
    world_create(w, seed);
    world_begin(w);
    world_forget(w);
    agent_connection(w, 3);
    struct sim_peer *app = world_app(w);
    REQUIRE(app != NULL);
    return app;
}

static unsigned live(const struct world *w)
{
    return world_count(w, &interceptor_type);
}

/* ---- cancellation ---- */

/* DEL-7, RSP-14: at every point; the application sees the end, the agent hears nothing. */
static void a_close_at_any_point(void)
{
    static const char *const said[] = {"", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\n\r\n",
                                       "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc",
                                       "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"};
    for (unsigned i = 0; i < 5; i++)
        for (unsigned variant = 0; variant < 4; variant++) {
            struct world w;
            world_create(&w, 0);
            world_begin(&w);
            agent_request(&w, (struct request){.variant = variant, .connection = 1});
            struct sim_peer *app = world_app(&w);
            app_say(&w, app, said[i]);
            world_forget(&w);
            agent_close(&w, 1);
            CHECK(sim_peer_ended(app));
            CHECK_UINT(live(&w), 0);
            app_say(&w, app, "more");
            CHECK_STR(world_story(&w), "");
            world_end(&w);
        }
}

/* However the messages fall, the exchange goes, and the pool keeps nothing for it. */
static void a_close_at_any_step(void)
{
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct world w;
        world_create_with(&w, seed, 2);
        world_begin(&w);
        agent_put_request(&w, &(struct request){.variant = VARIANT_CHUNKED_V2, .connection = 1});
        for (uint32_t n = sim_random(&w.sim, 40); n; n--)
            sim_step(&w.sim);
        agent_put_close(&w, WIRE_STEAL, 1);
        world_run(&w);
        CHECK_UINT(live(&w), 0);
        CHECK_UINT(world_count(&w, &local_connection_type), 0);
        world_end(&w);
    }
}

/* DEL-6: the remote may still be there, so it gets an answer. */
static void a_broken_body(void)
{
    for (unsigned begun = 0; begun < 2; begun++) {
        struct world w;
        world_create(&w, 0);
        world_begin(&w);
        agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V1,
                                           .connection = 1,
                                           .method = "POST",
                                           .headers = "transfer-encoding: chunked\n",
                                           .body = "ab",
                                           .more = true});
        struct sim_peer *app = world_app(&w);
        if (begun)
            app_say(&w, app, "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc");
        agent_error(&w, 1);
        struct seen_answer a = world_answer(&w, 0, 1, 0);
        CHECK(begun ? a.broken : a.status == 502);
        CHECK(a.fault == NULL);
        free(a.body);
        CHECK(sim_peer_ended(app));
        CHECK(strstr(peer_text(app), "0\r\n\r\n") == NULL); /* no clean end of a body that broke */
        CHECK_UINT(live(&w), 0);
        world_end(&w);
    }
}

/* LIM-11 */
static void a_slow_answer_is_logged(void)
{
    struct world w;
    world_ready(&w, 0);
    agent_get(&w, 1, "/");
    struct sim_peer *app = world_app(&w);
    world_advance(&w, SLOW_ANSWER_US - 1000);
    CHECK(!sim_log_contains(&w.sim, "has not answered for 30 s"));
    world_advance(&w, SLOW_ANSWER_US / 3);
    CHECK(sim_log_contains(&w.sim, "has not answered for 30 s"));
    world_advance(&w, MS(3600000));
    world_forget(&w);
    app_say(&w, app, OK_2);
    CHECK_STR(world_story(&w), "framed 1/0 200 [hi]\n");
    world_end(&w);
}

/* An upload of a minute is no slow answer; the half minute after it is. */
static void a_slow_upload_is_not_logged(void)
{
    struct world w;
    world_create(&w, 0);
    world_begin(&w);
    agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                       .connection = 1,
                                       .method = "POST",
                                       .headers = "content-length: 8\n",
                                       .more = true});
    for (unsigned i = 0; i < 8; i++) {
        world_advance(&w, SLOW_ANSWER_US / 3);
        agent_body(&w, 1, "x", i == 7);
    }
    world_advance(&w, SLOW_ANSWER_US - 1000);
    CHECK(!sim_log_contains(&w.sim, "has not answered"));
    world_advance(&w, SLOW_ANSWER_US);
    CHECK(sim_log_contains(&w.sim, "has not answered for 30 s, waiting on"));
    world_end(&w);
}

static void http2_is_refused(void)
{
    struct world w;
    world_create(&w, 0);
    world_begin(&w);
    agent_request(&w, (struct request){
                          .variant = VARIANT_CHUNKED_V2, .connection = 1, .version = "HTTP/2.0"});
    struct seen_answer a = world_answer(&w, 0, 1, 0);
    CHECK_UINT(a.status, 502);
    CHECK(a.body && strstr(a.body, "HTTP/1 only"));
    free(a.body);
    world_end(&w);
}

/* --collect-max */
static void a_collected_answer_has_a_limit(void)
{
    struct world w;
    static char big[2000];
    memset(big, 'x', sizeof big);
    world_create(&w, 0);
    w.settings.collect_max = 1500;
    w.script.version = "1.7.0";
    world_begin(&w);
    agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V1, .connection = 1});
    struct sim_peer *app = world_app(&w);
    app_say(&w, app, "HTTP/1.1 200 OK\r\ncontent-length: 3000\r\n\r\n");
    sim_peer_write(app, big, 1000);
    world_run(&w);
    sim_peer_write(app, big, 1000);
    world_run(&w);
    struct seen_answer a = world_answer(&w, 0, 1, 0);
    CHECK_UINT(a.status, 502);
    CHECK(a.body && strstr(a.body, "cannot take streamed answers"));
    free(a.body);
    CHECK(sim_peer_ended(app));
    world_end(&w);
}

/* ---- upgrades ---- */

/* DEL-43: Data that comes before the 101 is written after it. */
static void data_before_the_upgrade(void)
{
    struct world w;
    world_ready(&w, 0);
    agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                       .connection = 1,
                                       .headers = "connection: upgrade\nupgrade: x\n"});
    struct sim_peer *app = world_app(&w);
    peer_text(app);
    agent_data(&w, 1, "early ");
    agent_data(&w, 1, "bird");
    CHECK_STR(peer_text(app), "");
    app_say(&w, app, SWITCHING);
    CHECK_STR(peer_text(app), "early bird");
    agent_data(&w, 1, "");
    CHECK(sim_peer_ended(app));
    app_say(&w, app, "still here");
    sim_peer_close(app);
    world_run(&w);
    CHECK_STR(world_story(&w), "framed 1/0 101 []\ndata 1 [still here]\ndata 1 []\n");
    world_end(&w);
}

/* The credit of a long request body has nothing to do with what follows. */
static void an_upgrade_behind_a_long_body(void)
{
    static char big[100000];
    struct world w;
    world_create(&w, 0);
    world_begin(&w);
    memset(big, 'x', sizeof big);
    agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                       .connection = 1,
                                       .method = "POST",
                                       .headers = "content-length: 100000\nupgrade: x\n",
                                       .body = big,
                                       .body_length = sizeof big});
    struct sim_peer *app = world_app(&w);
    app_say(&w, app, SWITCHING);
    peer_text(app);
    for (unsigned i = 0; i < 20; i++)
        agent_put_data(&w, WIRE_STEAL, 1, big, sizeof big);
    world_run(&w);
    size_t length;
    sim_peer_received(app, &length);
    CHECK_UINT(length, 20 * sizeof big);
    world_end(&w);
}

static const struct interceptor *interceptor_at(const struct world *w, unsigned n)
{
    return (const void *)sim_actor(&w->sim, world_find(w, &interceptor_type, n));
}

/* A body that crosses the 101 is no bytes of the upgraded connection: neither its parts nor its end, and
 * no credit is given for them. */
static void a_body_that_crosses_the_upgrade(void)
{
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct world w;
        world_create_with(&w, seed, 2);
        world_begin(&w);
        agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                           .connection = 1,
                                           .method = "POST",
                                           .headers = "transfer-encoding: chunked\nupgrade: x\n",
                                           .more = true});
        struct sim_peer *app = world_app(&w);
        peer_text(app);
        peer_say(app, SWITCHING);
        agent_put_body(&w, 1, 0, "body", 4, false);
        agent_put_body(&w, 1, 0, "end", 3, true);
        world_run(&w);
        agent_data(&w, 1, "raw");
        const char *got = peer_text(app);
        const char *rest = strncmp(got, "4\r\nbody\r\n", 9) ? got : got + 9;
        rest = strncmp(rest, "3\r\nend\r\n0\r\n\r\n", 13) ? rest : rest + 13;
        CHECK_STR(rest, "raw");
        CHECK(!sim_peer_ended(app));
        const struct interceptor *i = interceptor_at(&w, 0);
        const struct local_connection *l =
            (const void *)sim_actor(&w.sim, world_find(&w, &local_connection_type, 0));
        REQUIRE(i != NULL && l != NULL);
        CHECK_UINT((uint64_t)(i->upload.credit + (int64_t)l->uncredited), LOCAL_WINDOW);
        world_end(&w);
    }
}

/* AG-24: nothing follows a half-close, and nothing is kept of it. */
static void half_closes_before_the_upgrade(void)
{
    struct world w;
    world_create(&w, 0);
    world_begin(&w);
    agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                       .connection = 1,
                                       .headers = "connection: upgrade\nupgrade: x\n"});
    struct sim_peer *app = world_app(&w);
    peer_text(app);
    agent_data(&w, 1, "a");
    for (unsigned i = 0; i < 50; i++)
        agent_data(&w, 1, i % 2 ? "b" : "");
    const struct interceptor *i = interceptor_at(&w, 0);
    REQUIRE(i != NULL && i->early != NULL && i->early->next != NULL);
    CHECK(i->early->next->next == NULL);
    app_say(&w, app, SWITCHING);
    CHECK_STR(peer_text(app), "a");
    CHECK(sim_peer_ended(app));
    world_end(&w);
}

/* DEL-42: what the agent says of the request that it was ends the connection, and the agent hears so. */
static void an_error_behind_the_upgrade(void)
{
    static char big[200000];
    for (unsigned large = 0; large < 2; large++) {
        struct world w;
        world_create(&w, 0);
        w.settings.agent_message_max = 100000;
        world_begin(&w);
        world_forget(&w);
        agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V1,
                                           .connection = 1,
                                           .headers = "connection: upgrade\nupgrade: x\n"});
        struct sim_peer *app = world_app(&w);
        app_say(&w, app, SWITCHING);
        if (large)
            agent_put_body(&w, 1, 0, big, sizeof big, false);
        else
            agent_error(&w, 1);
        world_run(&w);
        CHECK_STR(world_story(&w), "framed 1/0 101 []\nunsubscribe 1\n");
        CHECK(sim_peer_ended(app));
        CHECK_UINT(live(&w), 0);
        world_end(&w);
    }
}

static void too_much_data_before_the_upgrade(void)
{
    struct world w;
    static char big[EARLY_DATA_MAX + 1];
    world_create(&w, 0);
    world_begin(&w);
    agent_get(&w, 1, "/");
    agent_put_data(&w, WIRE_STEAL, 1, big, sizeof big);
    world_run(&w);
    struct seen_answer a = world_answer(&w, 0, 1, 0);
    CHECK_UINT(a.status, 502);
    free(a.body);
    world_end(&w);
}

/* AG-6: an old agent puts several requests on one connection, and an upgrade at its end. */
static void an_upgrade_after_other_requests(void)
{
    struct world w;
    world_ready(&w, 0);
    for (uint16_t i = 0; i < 3; i++) {
        agent_request(&w, (struct request){.variant = VARIANT_FRAMED,
                                           .connection = 1,
                                           .request = i,
                                           .headers = i == 2 ? "upgrade: x\n" : NULL});
        static struct sim_peer *app;
        if (i == 0)
            app = world_app(&w);
        app_say(&w, app, i == 2 ? SWITCHING : OK_2);
        if (i == 2) {
            peer_text(app);
            agent_data(&w, 1, "up");
            CHECK_STR(peer_text(app), "up");
        }
    }
    CHECK_STR(world_story(&w), "framed 1/0 200 [hi]\nframed 1/1 200 [hi]\nframed 1/2 101 []\n");
    agent_close(&w, 1);
    CHECK_UINT(live(&w), 0);
    world_end(&w);
}

/* ---- raw connections ---- */

static void bytes_and_half_closes_both_ways(void)
{
    struct world w;
    struct sim_peer *app = raw(&w, 0);
    agent_data(&w, 3, "hello");
    CHECK_STR(peer_text(app), "hello");
    app_say(&w, app, "world");
    CHECK_STR(world_story(&w), "data 3 [world]\n");
    agent_data(&w, 3, ""); /* TCP-7 */
    CHECK(sim_peer_ended(app));
    app_say(&w, app, "after");
    sim_peer_shutdown(app); /* TCP-8: exactly one empty Data */
    world_run(&w);
    CHECK_STR(world_story(&w), "data 3 [after]\ndata 3 []\n");
    world_advance(&w, RAW_CLOSE_US - 1000);
    CHECK_STR(world_story(&w), "");
    CHECK_UINT(live(&w), 1);
    world_advance(&w, 2000); /* TCP-9: agents of 3.93 to 3.149 never say Close */
    CHECK_STR(world_story(&w), "unsubscribe 3\n");
    CHECK_UINT(live(&w), 0);
    agent_close(&w, 3);
    CHECK_STR(world_story(&w), "");
    world_end(&w);
}

static void greet(struct sim_peer *peer, void *context)
{
    (void)context;
    peer_say(peer, "welcome");
}

/* An application may speak first; it is heard however the messages fall, on any number of workers. */
static void an_application_that_speaks_first(void)
{
    for (uint64_t seed = 0; seed < 150; seed++) {
        struct world w;
        world_create_with(&w, seed, 1 + (unsigned)(seed % 3));
        sim_peer_unlisten(&w.sim, APP);
        sim_peer_listen(&w.sim, APP, greet, NULL);
        world_begin(&w);
        world_forget(&w);
        agent_connection(&w, 3);
        CHECK_STR(world_story(&w), "data 3 [welcome]\n");
        CHECK_UINT(live(&w), 1);
        world_end(&w);
    }
}

/* EMFILE counts as full, for raw connections too: they wait, and lose nothing. */
static void raw_connections_wait_for_descriptors(void)
{
    for (unsigned closed = 0; closed < 2; closed++) {
        struct world w;
        world_create(&w, 0);
        sim_descriptors(&w.sim, 2); /* one is the link's */
        world_begin(&w);
        world_forget(&w);
        agent_connection(&w, 3);
        struct sim_peer *first = world_app(&w);
        agent_put_connection(&w, WIRE_STEAL, 4, 80);
        agent_put_data(&w, WIRE_STEAL, 4, "four", 4);
        if (closed)
            agent_put_close(&w, WIRE_STEAL, 4);
        world_run(&w);
        agent_data(&w, 4, closed ? "" : "teen");
        world_advance(&w, MS(20000));
        CHECK_STR(world_story(&w), "");
        CHECK_UINT(live(&w), 2);
        agent_close(&w, 3);
        CHECK(sim_peer_ended(first));
        sim_peer_close(first);
        world_advance(&w, MS(200));
        struct sim_peer *second = world_app(&w);
        REQUIRE(second != NULL);
        CHECK_STR(peer_text(second), closed ? "four" : "fourteen");
        CHECK_UINT(sim_peer_ended(second), closed);
        CHECK_STR(world_story(&w), "");
        CHECK_UINT(live(&w), !closed);
        world_end(&w);
    }
}

static void the_agents_close_is_waited_for(void)
{
    struct world w;
    struct sim_peer *app = raw(&w, 0);
    agent_data(&w, 3, "");
    sim_peer_close(app);
    world_run(&w);
    world_advance(&w, RAW_CLOSE_US / 2);
    agent_close(&w, 3);
    world_advance(&w, RAW_CLOSE_US * 2);
    CHECK_STR(world_story(&w), "data 3 []\n");
    world_end(&w);
}

/* TCP-6, TCP-10: all in one read, before there is a connection: nothing is lost. */
static void a_connection_that_is_over_before_it_began(void)
{
    for (unsigned seed = 0; seed < 60; seed++)
        for (unsigned end = 0; end < 2; end++) {
            struct world w;
            world_create_with(&w, seed, 1 + seed % 2);
            world_begin(&w);
            world_forget(&w);
            if (seed % 3 == 0)
                sim_route(&w.sim, APP, SIM_OPEN, MS(20));
            agent_put_connection(&w, WIRE_STEAL, 3, 80);
            agent_put_data(&w, WIRE_STEAL, 3, "all there is", 12);
            if (end)
                agent_put_data(&w, WIRE_STEAL, 3, "", 0);
            agent_put_close(&w, WIRE_STEAL, 3);
            world_run(&w);
            world_advance(&w, MS(100));
            struct sim_peer *app = world_app(&w);
            CHECK(app != NULL);
            if (app) {
                CHECK_STR(peer_text(app), "all there is");
                CHECK(sim_peer_ended(app));
            }
            CHECK_STR(world_story(&w), "");
            CHECK_UINT(live(&w), 0);
            world_end(&w);
        }
}

/* TCP-10: what is queued behind an application that reads slowly is still written. */
static void a_close_writes_what_is_queued(void)
{
    static char big[1000000];
    struct world w;
    struct sim_peer *app = raw(&w, 0);
    size_t length;
    sim_peer_reads(app, false);
    for (size_t at = 0; at < sizeof big; at += 50000)
        agent_put_data(&w, WIRE_STEAL, 3, big + at, 50000);
    agent_put_close(&w, WIRE_STEAL, 3);
    world_run(&w);
    world_advance(&w, MS(10000));
    sim_peer_reads(app, true);
    world_run(&w);
    sim_peer_received(app, &length);
    CHECK_UINT(length, sizeof big);
    CHECK(sim_peer_ended(app));
    CHECK_STR(world_story(&w), "");
    CHECK_UINT(live(&w), 0);
    CHECK_UINT(sim_files_open(&w.sim), 0);
    world_end(&w);
}

/* Both ways have ended, but the application has not yet taken all: the second is not cut short. */
static void an_application_that_ends_first_and_reads_slowly(void)
{
    static char big[1000000];
    struct world w;
    struct sim_peer *app = raw(&w, 0);
    size_t length;
    sim_peer_reads(app, false);
    sim_peer_shutdown(app);
    for (size_t at = 0; at < sizeof big; at += 50000)
        agent_put_data(&w, WIRE_STEAL, 3, big + at, 50000);
    agent_put_data(&w, WIRE_STEAL, 3, "", 0);
    world_run(&w);
    world_advance(&w, MS(10000));
    sim_peer_reads(app, true);
    world_run(&w);
    world_advance(&w, MS(10000));
    sim_peer_received(app, &length);
    CHECK_UINT(length, sizeof big);
    CHECK(sim_peer_ended(app));
    CHECK_STR(world_story(&w), "data 3 []\nunsubscribe 3\n");
    CHECK_UINT(live(&w), 0);
    world_end(&w);
}

/* TCP-3, TCP-5, TCP-11: that one connection, once, and nothing else. */
static void failures_end_one_connection(void)
{
    struct world w;
    struct sim_peer *app = raw(&w, 0);
    sim_peer_reset(app);
    world_run(&w);
    CHECK_STR(world_story(&w), "unsubscribe 3\n");
    sim_peer_unlisten(&w.sim, APP);
    agent_connection(&w, 4);
    CHECK_STR(world_story(&w), "unsubscribe 4\n");
    CHECK(sim_log_contains(&w.sim, "did not reach the application"));
    agent_data(&w, 4, "late");
    agent_close(&w, 4);
    CHECK_STR(world_story(&w), "");
    CHECK_UINT(w.session_count, 1);
    CHECK_UINT(live(&w), 0);
    world_end(&w);
}

/* TCP-13: one direction that stands still does not hold up the other. */
static void directions_are_independent(void)
{
    static char big[3000000];
    struct world w;
    struct sim_peer *app = raw(&w, 0);
    sim_peer_reads(app, false);
    agent_put_data(&w, WIRE_STEAL, 3, big, sizeof big);
    world_run(&w);
    app_say(&w, app, "I do not read");
    CHECK_STR(world_story(&w), "data 3 [I do not read]\n");
    sim_peer_reads(app, true);
    world_run(&w);
    size_t length;
    sim_peer_received(app, &length);
    CHECK_UINT(length, sizeof big);
    world_end(&w);
}

/* W-4: the same number in both spaces, and a second NewConnection of a live id. */
static void ids_and_their_spaces(void)
{
    struct world w;
    struct sim_peer *app = raw(&w, 0);
    agent_put_close(&w, WIRE_MIRROR, 3);
    agent_put_data(&w, WIRE_MIRROR, 3, "not mine", 8);
    world_run(&w);
    CHECK_STR(peer_text(app), "");
    CHECK_UINT(live(&w), 1);
    agent_data(&w, 3, "mine");
    CHECK_STR(peer_text(app), "mine");
    agent_connection(&w, 3);
    CHECK(sim_log_contains(&w.sim, "opened an id twice"));
    CHECK(world_app(&w) == NULL);
    CHECK_UINT(live(&w), 1);
    agent_data(&w, 3, "still mine");
    CHECK_STR(peer_text(app), "still mine");
    CHECK_STR(world_story(&w), "");
    world_end(&w);
}

/* ---- mirrored traffic ---- */

static void mirrored_requests_are_not_answered(void)
{
    for (unsigned fails = 0; fails < 2; fails++) {
        struct world w;
        world_create(&w, 0);
        w.settings.mirror = true;
        world_begin(&w);
        world_forget(&w);
        agent_request(
            &w, (struct request){.variant = VARIANT_CHUNKED_V2, .connection = 1, .mirror = true});
        struct sim_peer *app = world_app(&w);
        CHECK_STR(peer_text(app), "GET / HTTP/1.1\r\n\r\n");
        agent_put_close(&w, WIRE_MIRROR, 1); /* DEL-31: it goes on to its end */
        world_run(&w);
        CHECK(!sim_peer_ended(app));
        if (fails) {
            sim_peer_reset(app);
        } else {
            app_say(&w, app, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nh");
            peer_say(app, "i");
        }
        world_run(&w);
        CHECK_UINT(live(&w), 0);
        CHECK_STR(world_story(&w), "");
        world_end(&w);
    }
}

/* A mirrored request whose body will never end has no end of its own to run to. */
static void a_mirrored_request_without_its_body(void)
{
    for (unsigned lost = 0; lost < 2; lost++) {
        struct world w;
        world_create(&w, 0);
        w.settings.mirror = true;
        world_begin(&w);
        world_forget(&w);
        agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                           .connection = 1,
                                           .method = "POST",
                                           .headers = "content-length: 9\n",
                                           .body = "half",
                                           .more = true,
                                           .mirror = true});
        struct sim_peer *app = world_app(&w);
        CHECK_UINT(live(&w), 1);
        if (lost)
            sim_peer_close(agent_peer(&w));
        else
            agent_put_close(&w, WIRE_MIRROR, 1);
        world_run(&w);
        CHECK_UINT(live(&w), 0);
        CHECK(sim_peer_ended(app));
        CHECK_STR(world_story(&w), "");
        world_end(&w);
    }
}

/* DEL-31: not even when the version rises while its answer is being read. */
static void a_mirrored_answer_and_a_new_version(void)
{
    struct world w;
    world_create(&w, 0);
    w.settings.mirror = true;
    w.script.version = "1.7.0";
    world_begin(&w);
    world_forget(&w);
    agent_request(&w,
                  (struct request){.variant = VARIANT_CHUNKED_V2, .connection = 1, .mirror = true});
    struct sim_peer *app = world_app(&w);
    app_say(&w, app, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nh");
    agent_version(&w, "1.29.0");
    app_say(&w, app, "i");
    CHECK_STR(world_story(&w), "");
    CHECK_UINT(live(&w), 0);
    world_end(&w);
}

/* DEL-44: the Close came first; the raw bytes that follow linger like others. */
static void a_mirrored_upgrade_behind_its_close(void)
{
    struct world w;
    world_create(&w, 0);
    w.settings.mirror = true;
    world_begin(&w);
    world_forget(&w);
    agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                       .connection = 1,
                                       .headers = "upgrade: x\n",
                                       .mirror = true});
    struct sim_peer *app = world_app(&w);
    agent_put_close(&w, WIRE_MIRROR, 1);
    world_run(&w);
    app_say(&w, app, SWITCHING);
    CHECK_UINT(live(&w), 1);
    world_advance(&w, MIRROR_LINGER_US + 1000);
    CHECK_UINT(live(&w), 0);
    CHECK_STR(world_story(&w), "");
    world_end(&w);
}

/* A long answer to nobody is read to its end: nothing waits for credit. */
static void a_long_mirrored_answer_is_read(void)
{
    static char big[2000000];
    struct world w;
    world_create(&w, 0);
    w.settings.mirror = true;
    world_begin(&w);
    agent_request(&w,
                  (struct request){.variant = VARIANT_CHUNKED_V2, .connection = 1, .mirror = true});
    struct sim_peer *app = world_app(&w);
    app_say(&w, app, "HTTP/1.1 200 OK\r\ncontent-length: 2000000\r\n\r\n");
    sim_peer_write(app, big, sizeof big);
    world_run(&w);
    CHECK_UINT(sim_peer_unread(app), 0);
    CHECK_UINT(live(&w), 0);
    world_end(&w);
}

/* TCP-12 */
static void a_mirrored_connection_lingers(void)
{
    struct world w;
    world_create(&w, 0);
    w.settings.mirror = true;
    world_begin(&w);
    world_forget(&w);
    agent_put_connection(&w, WIRE_MIRROR, 3, 80);
    agent_put_data(&w, WIRE_MIRROR, 3, "copy", 4);
    struct sim_peer *app = world_app(&w);
    CHECK_STR(peer_text(app), "copy");
    app_say(&w, app, "answer");
    agent_put_close(&w, WIRE_MIRROR, 3);
    world_run(&w);
    for (unsigned i = 0; i < 3; i++) {
        world_advance(&w, MIRROR_LINGER_US - 1000);
        CHECK_UINT(live(&w), 1);
        app_say(&w, app, "more");
    }
    world_advance(&w, MIRROR_LINGER_US + 1000);
    CHECK_UINT(live(&w), 0);
    CHECK(sim_peer_ended(app));
    CHECK_STR(world_story(&w), "");
    world_end(&w);
}

CU_TestInfo interceptor_tests[] = {
    {"a Close at any point ends the exchange in silence", a_close_at_any_point},
    {"a Close at any step leaves nothing behind", a_close_at_any_step},
    {"a request whose body broke is answered", a_broken_body},
    {"an answer that takes 30 s is logged and waited for", a_slow_answer_is_logged},
    {"a slow upload is not taken for a slow answer", a_slow_upload_is_not_logged},
    {"an HTTP/2 request is a 502", http2_is_refused},
    {"a collected answer has a limit", a_collected_answer_has_a_limit},
    {"Data before the 101 is written after it", data_before_the_upgrade},
    {"an upgrade may follow a long body", an_upgrade_behind_a_long_body},
    {"a body that crosses the 101 is dropped", a_body_that_crosses_the_upgrade},
    {"nothing is kept behind a half-close before the 101", half_closes_before_the_upgrade},
    {"an error behind the 101 is an end that the agent hears", an_error_behind_the_upgrade},
    {"there is a limit to Data before the 101", too_much_data_before_the_upgrade},
    {"a connection of several requests may end in an upgrade", an_upgrade_after_other_requests},
    {"raw bytes and half-closes go both ways", bytes_and_half_closes_both_ways},
    {"an application may speak first", an_application_that_speaks_first},
    {"raw connections wait for descriptors", raw_connections_wait_for_descriptors},
    {"the agent's Close is waited for", the_agents_close_is_waited_for},
    {"a connection that is over before it began loses nothing",
     a_connection_that_is_over_before_it_began},
    {"a Close writes what is queued", a_close_writes_what_is_queued},
    {"an application that ends first may read slowly",
     an_application_that_ends_first_and_reads_slowly},
    {"a failure ends one connection", failures_end_one_connection},
    {"the two directions are independent", directions_are_independent},
    {"stolen and mirrored ids are two spaces, each id is one", ids_and_their_spaces},
    {"mirrored requests are served and not answered", mirrored_requests_are_not_answered},
    {"a mirrored request without the rest of its body ends", a_mirrored_request_without_its_body},
    {"a mirrored request is not answered when the version rises",
     a_mirrored_answer_and_a_new_version},
    {"a mirrored upgrade behind its Close lingers", a_mirrored_upgrade_behind_its_close},
    {"a long mirrored answer is read to its end", a_long_mirrored_answer_is_read},
    {"a mirrored connection lingers until it is quiet", a_mirrored_connection_lingers},
    CU_TEST_INFO_NULL,
};
