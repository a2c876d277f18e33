/* tests/test_local_connection.c -- one connection to an application: dial, answers, surplus, raw bytes. */
#include "actors/local_state.h"
#include "actors/interceptor.h"
#include "tests/world.h"
#include <stdlib.h>

static void check_502(struct world *w, uint64_t connection, const char *words)
{
    struct seen_answer a = world_answer(w, 0, connection, 0);
    CHECK_UINT(a.kind, WIRE_HTTP_RESPONSE);
    CHECK_UINT(a.status, 502);
    CHECK(a.fault == NULL);
    CHECK(a.body && strstr(a.body, words) != NULL);
    if (a.body && !strstr(a.body, words))
        printf("\n    %s\n", a.body);
    free(a.body);
}

/* ---- dialing ---- */

static void connect_has_three_seconds(void)
{
    struct world w;
    world_create(&w, 0);
    sim_route(&w.sim, APP, SIM_SILENT, 0);
    world_begin(&w);
    world_forget(&w);
    agent_get(&w, 1, "/");
    world_advance(&w, LOCAL_CONNECT_US - 1000);
    CHECK_UINT(world_count(&w, &local_connection_type), 1);
    struct actor_ref first = world_find(&w, &local_connection_type, 0);
    world_advance(&w, 2000);
    CHECK(sim_actor(&w.sim, first) == NULL);
    sim_route(&w.sim, APP, SIM_OPEN, 0); /* the next attempt is 50 ms later */
    world_advance(&w, MS(60));
    struct sim_peer *app = world_app(&w);
    app_say(&w, app, OK_2);
    CHECK_STR(world_story(&w), "framed 1/0 200 [hi]\n");
    world_end(&w);
}

/* DEL-10: what a name stands for may change from one attempt to the next. */
static void names_are_looked_up_anew(void)
{
    struct world w;
    world_create(&w, 0);
    w.settings.subscription_count = 0;
    world_serve(&w, 80, "app.test:9000");
    sim_peer_listen(&w.sim, "10.2.0.2:9000", NULL, NULL);
    sim_name_fail(&w.sim, "app.test", -2);
    world_begin(&w);
    world_forget(&w);
    agent_get(&w, 1, "/");
    world_advance(&w, MS(500));
    CHECK_STR(world_story(&w), "");
    sim_name_add(&w.sim, "app.test", "10.2.0.2");
    world_advance(&w, MS(500));
    struct sim_peer *app = sim_peer_accept(&w.sim, "10.2.0.2:9000");
    REQUIRE(app != NULL);
    app_say(&w, app, OK_2);
    CHECK_STR(world_story(&w), "framed 1/0 200 [hi]\n");
    world_end(&w);
}

static void a_name_that_stands_for_nothing(void)
{
    struct world w;
    world_create(&w, 0);
    w.settings.subscription_count = 0;
    world_serve(&w, 80, "nowhere.test:9000");
    world_begin(&w);
    agent_get(&w, 1, "/");
    world_advance(&w, MS(4000));
    check_502(&w, 1, "nowhere.test:9000");
    world_end(&w);
}

/* All addresses of a name are tried, one that refuses and one that is silent included. */
static void each_address_of_a_name_is_tried(void)
{
    for (unsigned silent = 0; silent < 2; silent++) {
        struct world w;
        world_create(&w, 0);
        w.settings.subscription_count = 0;
        world_serve(&w, 80, "app.test:9000");
        sim_name_add(&w.sim, "app.test", "10.2.0.1");
        sim_name_add(&w.sim, "app.test", "10.2.0.2");
        sim_route(&w.sim, "10.2.0.1:9000", silent ? SIM_SILENT : SIM_REFUSED, 0);
        sim_peer_listen(&w.sim, "10.2.0.2:9000", NULL, NULL);
        world_begin(&w);
        agent_get(&w, 1, "/");
        world_advance(&w, silent ? LOCAL_CONNECT_US + 1000 : 0);
        struct sim_peer *app = sim_peer_accept(&w.sim, "10.2.0.2:9000");
        CHECK(app != NULL);
        if (app)
            app_say(&w, app, OK_2);
        struct seen_answer a = world_answer(&w, 0, 1, 0);
        CHECK_UINT(a.status, 200);
        free(a.body);
        world_end(&w);
    }
}

static void a_slow_look_up_is_given_up(void)
{
    struct world w;
    world_create(&w, 0);
    w.settings.subscription_count = 0;
    world_serve(&w, 80, "slow.test:9000");
    sim_name_add(&w.sim, "slow.test", "10.2.0.2");
    sim_name_delay(&w.sim, "slow.test", MS(60000));
    world_begin(&w);
    agent_get(&w, 1, "/");
    struct actor_ref first = world_find(&w, &local_connection_type, 0);
    world_advance(&w, RESOLVE_US - 1000);
    CHECK(sim_actor(&w.sim, first) != NULL);
    world_advance(&w, 2000);
    CHECK(sim_actor(&w.sim, first) == NULL);
    CHECK_UINT(world_count(&w, &interceptor_type), 1); /* goes on trying */
    agent_close(&w, 1);
    world_advance(&w, MS(120000));
    CHECK_UINT(world_count(&w, &interceptor_type), 0);
    world_end(&w);
}

/* DEL-9 */
static void a_wildcard_is_loopback(void)
{
    struct world w;
    world_create(&w, 0);
    w.settings.subscription_count = 0;
    world_serve(&w, 80, "0.0.0.0:8080");
    world_serve(&w, 81, "[::]:8080");
    sim_peer_listen(&w.sim, "[::1]:8080", NULL, NULL);
    world_begin(&w);
    agent_get(&w, 1, "/");
    CHECK(world_app(&w) != NULL);
    agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V2, .connection = 2, .port = 81});
    CHECK(sim_peer_accept(&w.sim, "[::1]:8080") != NULL);
    world_end(&w);
}

/* ---- what makes a connection unfit to serve again ---- */

static void used_again_or_not(void)
{
    static const struct {
        const char *answer;
        bool again;
    } cases[] = {
        {OK_2, true},
        {"HTTP/1.1 204 x\r\n\r\n", true},
        {"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi", false},
        {"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nhi", false},
        {"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nhi", true},
        {OK_2 "surplus", false}, /* bytes behind a complete answer */
        {"HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 2\r\n\r\nhi", false},
        {"HTTP/1.1 200 OK\r\nkeep-alive: timeout=5\r\ncontent-length: 2\r\n\r\nhi", true},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        world_create(&w, 0);
        world_begin(&w);
        agent_get(&w, 1, "/");
        struct sim_peer *app = world_app(&w);
        app_say(&w, app, cases[i].answer);
        peer_text(app);
        agent_get(&w, 2, "/second");
        struct sim_peer *other = world_app(&w);
        CHECK_UINT(other == NULL, cases[i].again);
        if (!other)
            other = app;
        CHECK(strncmp(peer_text(other), "GET /second", 11) == 0);
        app_say(&w, other, OK_2);
        struct seen_answer a = world_answer(&w, 0, 1, 0), b = world_answer(&w, 0, 2, 0);
        CHECK(a.ended && !a.fault && b.ended && !b.fault);
        free(a.body);
        free(b.body);
        world_end(&w);
    }
}

/* An application that speaks while nobody asks is dropped, not believed. */
static void words_without_a_question(void)
{
    struct world w;
    world_ready(&w, 0);
    agent_get(&w, 1, "/");
    struct sim_peer *app = world_app(&w);
    app_say(&w, app, OK_2);
    app_say(&w, app, "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil");
    CHECK(sim_peer_ended(app));
    agent_get(&w, 2, "/");
    app = world_app(&w);
    app_say(&w, app, OK_2);
    CHECK_STR(world_story(&w), "framed 1/0 200 [hi]\nframed 2/0 200 [hi]\n");
    world_end(&w);
}

/* ---- answers that come early, to their end only, or broken ---- */

/* AG-23, DEL-38: the answer is complete, the upload is not: the exchange ends, the connection with it. */
static void an_early_answer(void)
{
    struct world w;
    world_ready(&w, 0);
    agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                       .connection = 1,
                                       .method = "POST",
                                       .headers = "content-length: 100\n",
                                       .body = "ab",
                                       .more = true});
    struct sim_peer *app = world_app(&w);
    app_say(&w, app, OK_2);
    CHECK_STR(world_story(&w), "framed 1/0 200 [hi]\n");
    CHECK(sim_peer_ended(app));
    CHECK_UINT(world_count(&w, &interceptor_type), 0);
    agent_body(&w, 1, "cd", false);
    CHECK_STR(world_story(&w), "");
    world_end(&w);
}

static void an_answer_to_the_end_of_the_connection(void)
{
    struct world w;
    world_ready(&w, 0);
    agent_get(&w, 1, "/");
    struct sim_peer *app = world_app(&w);
    app_say(&w, app, "HTTP/1.0 200 OK\r\n\r\nabc");
    sim_peer_close(app);
    world_run(&w);
    CHECK_STR(world_story(&w), "start 1/0 200 [abc]\nbody 1/0 [] last\n");
    world_end(&w);
}

static void broken_answers(void)
{
    static const struct {
        const char *answer, *words;
    } cases[] = {
        {"", "closed the connection"},
        {"HTTP/1.1 2", "in the middle of its answer"},
        {"HTTP/1.1 99 x\r\n\r\n", "no sound HTTP/1"},
        {"HTTP/1.1 200 OK\r\na b: c\r\n\r\n", "no sound HTTP/1"},
        {"HTTP/1.1 200 OK\r\na: b\x01\r\n\r\n", "no sound HTTP/1"},
        {"HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n", "no sound HTTP/1"},
        {"SSH-2.0-x\r\n", "no sound HTTP/1"},
        {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", "chunk"},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        world_create(&w, 0);
        world_begin(&w);
        agent_request(&w, (struct request){.variant = VARIANT_FRAMED, .connection = 1});
        struct sim_peer *app = world_app(&w);
        app_say(&w, app, cases[i].answer);
        sim_peer_close(app);
        world_run(&w);
        struct seen_answer a = world_answer(&w, 0, 1, 0);
        CHECK_UINT(a.status, 502);
        CHECK(a.fault == NULL);
        check_502(&w, 1, cases[i].words);
        free(a.body);
        CHECK_UINT(world_count(&w, &interceptor_type), 0);
        world_end(&w);
    }
}

/* RSP-12: an error in the read that brought the head, whatever of the body came before it. */
static void an_answer_that_breaks_in_its_first_read(void)
{
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n"};
    for (unsigned i = 0; i < 2; i++)
        for (unsigned v = VARIANT_BASIC; v <= VARIANT_CHUNKED_V2; v++) {
            struct world w;
            world_create(&w, 0);
            world_begin(&w);
            agent_request(&w, (struct request){.variant = v, .connection = 1});
            app_say(&w, world_app(&w), answers[i]);
            check_502(&w, 1, "no sound HTTP/1");
            CHECK_UINT(world_count(&w, &interceptor_type), 0);
            world_end(&w);
        }
}

/* Content-Length says 5 and the connection ends after 2 (DEL-30, RSP-13). */
static void a_short_answer_is_an_error(void)
{
    for (unsigned v = VARIANT_BASIC; v <= VARIANT_CHUNKED_V2; v++) {
        struct world w;
        world_create(&w, 0);
        world_begin(&w);
        agent_request(&w, (struct request){.variant = v, .connection = 1});
        struct sim_peer *app = world_app(&w);
        app_say(&w, app, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhi");
        sim_peer_close(app);
        world_run(&w);
        struct seen_answer a = world_answer(&w, 0, 1, 0);
        CHECK(a.fault == NULL);
        CHECK(v >= VARIANT_CHUNKED_V1 ? a.broken && !a.ended : a.status == 502);
        free(a.body);
        world_end(&w);
    }
}

/* ---- what is written ---- */

static void requests_as_they_are_written(void)
{
    static const struct {
        struct request r;
        const char *want;
    } cases[] = {
        {{.headers = "host: a\nx: 1\n"}, "GET / HTTP/1.1\r\nhost: a\r\nx: 1\r\n\r\n"},
        {{.method = "POST", .body = "ab", .headers = "content-length: 2\n"},
         "POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\nab"},
        /* DEL-17, 4: chunked coding is added */
        {{.method = "POST", .body = "ab"},
         "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"},
        {{.path = "http://a/b?c", .version = "HTTP/1.0"}, "GET http://a/b?c HTTP/1.0\r\n\r\n"},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        struct request r = cases[i].r;
        world_create(&w, 0);
        world_begin(&w);
        r.variant = VARIANT_CHUNKED_V2;
        agent_request(&w, r);
        CHECK_STR(peer_text(world_app(&w)), cases[i].want);
        world_end(&w);
    }
}

/* DEL-5, DEL-17: a body that is complete without a frame ends all the same. */
static void an_end_without_a_frame(void)
{
    static const enum request_variant variants[] = {VARIANT_BASIC, VARIANT_FRAMED,
                                                    VARIANT_CHUNKED_V2};
    for (unsigned i = 0; i < 3; i++) {
        struct world w;
        struct request r = {.variant = variants[i], .connection = 1, .method = "POST"};
        world_create(&w, 0);
        world_begin(&w);
        r.headers = "transfer-encoding: chunked\n";
        agent_request(&w, r);
        struct sim_peer *app = world_app(&w);
        CHECK_STR(peer_text(app), "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n");
        app_say(&w, app, OK_2);
        CHECK(!sim_peer_ended(app)); /* both sides are done: it serves again */
        r.headers = "content-length: 5\n";
        r.connection = 2;
        agent_request(&w, r);
        check_502(&w, 2, "shorter than its content-length");
        CHECK(sim_peer_ended(app));
        world_end(&w);
    }
}

/* DEL-19, DEL-46: agents say the trailers in one Body and the end in another (AG-3, AG-8). */
static void trailers_before_the_end(void)
{
    for (unsigned alone = 0; alone < 2; alone++) {
        struct world w;
        world_create(&w, 0);
        world_begin(&w);
        agent_request(&w,
                      (struct request){.variant = VARIANT_CHUNKED_V2,
                                       .connection = 1,
                                       .method = "POST",
                                       .headers = "transfer-encoding: chunked\ntrailer: x-sum\n",
                                       .more = true});
        struct sim_peer *app = world_app(&w);
        peer_text(app);
        agent_body(&w, 1, "abc", false);
        agent_put_trailers(&w, 1, 0, "x-sum: 1\n", false);
        agent_put_trailers(&w, 1, 0, "x-sum: 2\nx-other: 3\n", alone); /* the last ones count */
        world_run(&w);
        if (!alone)
            agent_body(&w, 1, "", true);
        CHECK_STR(peer_text(app), "3\r\nabc\r\n0\r\nx-sum: 2\r\n\r\n");
        app_say(&w, app, OK_2);
        agent_request(&w,
                      (struct request){.variant = VARIANT_CHUNKED_V2,
                                       .connection = 2,
                                       .headers = "transfer-encoding: chunked\ntrailer: x-sum\n"});
        CHECK(strstr(peer_text(app), "\r\n\r\n0\r\n\r\n") != NULL); /* none of the request before */
        world_end(&w);
    }
}

/* ... also when the end never comes. */
static void trailers_without_an_end(void)
{
    struct world w;
    world_create(&w, 0);
    world_begin(&w);
    agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                       .connection = 1,
                                       .method = "POST",
                                       .headers = "transfer-encoding: chunked\ntrailer: x\n",
                                       .more = true});
    agent_put_trailers(&w, 1, 0, "x: 1\n", false);
    agent_close(&w, 1);
    CHECK_UINT(world_count(&w, &local_connection_type), 0);
    world_end(&w);
}

/* AG-45: agents 3.107 to 3.109 say nothing after a StartV1 whose body is whole. */
static void a_start_without_an_end(void)
{
    struct world w;
    world_create(&w, 0);
    w.script.version = "1.7.0";
    world_begin(&w);
    agent_request(
        &w, (struct request){
                .variant = VARIANT_CHUNKED_V1, .connection = 1, .method = "DELETE", .more = true});
    struct sim_peer *app = world_app(&w);
    CHECK_STR(peer_text(app), "DELETE / HTTP/1.1\r\n\r\n");
    agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V1,
                                       .connection = 2,
                                       .method = "POST",
                                       .headers = "content-length: 2\n",
                                       .body = "ab",
                                       .more = true});
    struct sim_peer *post = world_app(&w);
    CHECK_STR(peer_text(post), "POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\nab");
    app_say(&w, app, OK_2);
    app_say(&w, post, OK_2);
    CHECK(!sim_peer_ended(app) && !sim_peer_ended(post)); /* complete: both serve again */
    world_end(&w);
}

/* DEL-48: each frame reaches the application as it comes. */
static void uploads_are_streamed(void)
{
    struct world w;
    world_create(&w, 0);
    world_begin(&w);
    agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                       .connection = 1,
                                       .method = "POST",
                                       .headers = "transfer-encoding: chunked\n",
                                       .more = true});
    struct sim_peer *app = world_app(&w);
    CHECK_STR(peer_text(app), "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n");
    agent_body(&w, 1, "abc", false);
    CHECK_STR(peer_text(app), "3\r\nabc\r\n");
    agent_body(&w, 1, "", false); /* DEL-18: no chunk of nothing */
    CHECK_STR(peer_text(app), "");
    agent_body(&w, 1, "d", true);
    CHECK_STR(peer_text(app), "1\r\nd\r\n0\r\n\r\n");
    agent_body(&w, 1, "after the end", true); /* DEL-5 */
    CHECK_STR(peer_text(app), "");
    world_end(&w);
}

/* Bytes cut anywhere, both ways: the same answer. */
static void however_the_bytes_are_cut(void)
{
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct world w;
        world_create(&w, seed);
        sim_cut(&w.sim, 1 + seed % 9);
        world_begin(&w);
        agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                           .connection = 1,
                                           .method = "POST",
                                           .headers = "content-length: 6\n",
                                           .body = "ab",
                                           .more = true});
        agent_put_body(&w, 1, 0, "cdef", 4, true);
        struct sim_peer *app = world_app(&w);
        CHECK_STR(peer_text(app), "POST / HTTP/1.1\r\ncontent-length: 6\r\n\r\nabcdef");
        app_say(&w, app,
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n"
                "8\r\ndefghijk\r\n0\r\n\r\n");
        struct seen_answer a = world_answer(&w, 0, 1, 0);
        CHECK_STR(a.body ? a.body : "", "abcdefghijk");
        CHECK(a.ended && !a.fault);
        free(a.body);
        world_end(&w);
    }
}

CU_TestInfo local_connection_tests[] = {
    {"an attempt to connect has 3 s", connect_has_three_seconds},
    {"names are looked up anew for each attempt", names_are_looked_up_anew},
    {"a name that stands for nothing is a 502", a_name_that_stands_for_nothing},
    {"each address of a name is tried", each_address_of_a_name_is_tried},
    {"a slow look-up is given up", a_slow_look_up_is_given_up},
    {"a wildcard destination is loopback", a_wildcard_is_loopback},
    {"a connection serves again or not, as the answer says", used_again_or_not},
    {"an application that speaks without being asked is dropped", words_without_a_question},
    {"an early answer ends the exchange and its connection", an_early_answer},
    {"an answer may go on to the end of the connection", an_answer_to_the_end_of_the_connection},
    {"an answer that is no HTTP is a 502", broken_answers},
    {"an answer that breaks in its first read is a 502", an_answer_that_breaks_in_its_first_read},
    {"an answer shorter than it said is an error", a_short_answer_is_an_error},
    {"requests are written as they came", requests_as_they_are_written},
    {"a body without a frame has an end", an_end_without_a_frame},
    {"trailers may come before the end", trailers_before_the_end},
    {"trailers may come without an end", trailers_without_an_end},
    {"a StartV1 without an end is ended by its head", a_start_without_an_end},
    {"uploads are streamed as they come", uploads_are_streamed},
    {"bytes may be cut anywhere", however_the_bytes_are_cut},
    CU_TEST_INFO_NULL,
};
