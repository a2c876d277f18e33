/* tests/test_resend.c -- what is sent again: the rules as tables, and on a whole proxy. */
#include "actors/resend.h"
#include "actors/interceptor.h"
#include "messages/limits.h"
#include "tests/world.h"
#include <stdlib.h>

/* ---- pure ---- */

static void decisions(void)
{
    static const struct {
        struct resend_case c;
        enum resend want;
    } rows[] = {
        /* (a): nothing was accepted; every method, mirrored too, up to ATTEMPTS */
        {{.stage = LOCAL_UNREACHED, .held = true, .attempts = 1}, RESEND_AFTER_PAUSE},
        {{.stage = LOCAL_UNWRITTEN, .held = true, .attempts = 9}, RESEND_AFTER_PAUSE},
        {{.stage = LOCAL_UNREACHED, .held = true, .attempts = ATTEMPTS}, RESEND_NOT},
        {{.stage = LOCAL_UNREACHED, .held = true, .mirror = true, .attempts = 1},
         RESEND_AFTER_PAUSE},
        {{.stage = LOCAL_UNREACHED, .held = false, .attempts = 1}, RESEND_NOT},
        /* (b): a used connection ended without one byte of answer */
        {{.stage = LOCAL_WRITTEN, .served = true, .repeatable = true, .held = true, .attempts = 1},
         RESEND_AT_ONCE_FRESH},
        {{.stage = LOCAL_WRITTEN, .served = true, .repeatable = false, .held = true, .attempts = 1},
         RESEND_NOT},
        {{.stage = LOCAL_WRITTEN, .served = false, .repeatable = true, .held = true, .attempts = 1},
         RESEND_NOT},
        {{.stage = LOCAL_WRITTEN, .served = true, .repeatable = true, .held = false, .attempts = 1},
         RESEND_NOT},
        {{.stage = LOCAL_WRITTEN,
          .served = true,
          .repeatable = true,
          .held = true,
          .resent = true,
          .attempts = 2},
         RESEND_NOT},
        {{.stage = LOCAL_WRITTEN,
          .served = true,
          .repeatable = true,
          .held = true,
          .mirror = true,
          .attempts = 1},
         RESEND_NOT},
        {{.stage = LOCAL_ANSWERING,
          .served = true,
          .repeatable = true,
          .held = true,
          .attempts = 1},
         RESEND_NOT},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_UINT(resend_decide(&rows[i].c), rows[i].want);
}

/* DEL-29: 3.25 s in all. */
static void pauses(void)
{
    uint64_t sum = 0;
    for (uint8_t n = 1; n < ATTEMPTS; n++) {
        struct resend_case c = {.stage = LOCAL_UNREACHED, .attempts = n};
        static const unsigned ms[] = {50, 100, 200, 400, 500, 500, 500, 500, 500};
        CHECK_UINT(resend_pause_us(&c), MS(ms[n - 1]));
        sum += resend_pause_us(&c);
    }
    CHECK_UINT(sum, MS(3250));
    struct resend_case dead = {.stage = LOCAL_UNWRITTEN, .served = true, .attempts = 3};
    CHECK_UINT(resend_pause_us(&dead), 0); /* #4649 */
    dead.served = false;
    CHECK_UINT(resend_pause_us(&dead), MS(200));
}

/* ---- rule (a) ---- */

static void ten_attempts_and_no_more(void)
{
    struct world w;
    world_create(&w, 0);
    sim_peer_unlisten(&w.sim, APP);
    world_begin(&w);
    world_forget(&w);
    agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                       .connection = 1,
                                       .method = "POST",
                                       .headers = "content-length: 2\n",
                                       .body = "ab"});
    world_advance(&w, MS(3250) - 1000);
    CHECK_STR(world_story(&w), "");
    world_advance(&w, 2000);
    struct seen_answer a = world_answer(&w, 0, 1, 0);
    CHECK_UINT(a.status, 502);
    CHECK(a.body && strstr(a.body, "127.0.0.1:8080") && strstr(a.body, "(10 attempts)"));
    free(a.body);
    CHECK_UINT(world_count(&w, &interceptor_type), 0);
    world_end(&w);
}

static void served_when_the_application_appears(void)
{
    struct world w;
    world_create(&w, 0);
    sim_peer_unlisten(&w.sim, APP);
    world_begin(&w);
    world_forget(&w);
    agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                       .connection = 1,
                                       .method = "POST",
                                       .headers = "content-length: 4\n",
                                       .body = "ab",
                                       .more = true});
    world_advance(&w, MS(1000));
    agent_body(&w, 1, "cd", true);
    sim_peer_listen(&w.sim, APP, NULL, NULL);
    world_advance(&w, MS(1000));
    struct sim_peer *app = world_app(&w);
    CHECK_STR(peer_text(app), "POST / HTTP/1.1\r\ncontent-length: 4\r\n\r\nabcd");
    app_say(&w, app, OK_2);
    CHECK_STR(world_story(&w), "framed 1/0 200 [hi]\n");
    world_end(&w);
}

/* DEL-7 */
static void a_close_ends_the_attempts(void)
{
    struct world w;
    world_create(&w, 0);
    sim_peer_unlisten(&w.sim, APP);
    world_begin(&w);
    world_forget(&w);
    agent_get(&w, 1, "/");
    world_advance(&w, MS(200));
    CHECK_UINT(world_count(&w, &interceptor_type), 1);
    agent_close(&w, 1);
    CHECK_UINT(world_count(&w, &interceptor_type), 0);
    world_advance(&w, MS(5000));
    CHECK_STR(world_story(&w), "");
    world_end(&w);
}

/* ---- rule (b), and what it does not allow ---- */

/* One request is served, so the connection is a used one; then it ends when `method` was written. */
static void after_use(struct world *w, const char *method, bool reset)
{
    world_create(w, 0);
    world_begin(w);
    agent_get(w, 1, "/");
    struct sim_peer *app = world_app(w);
    app_say(w, app, OK_2);
    peer_text(app);
    world_forget(w);
    agent_request(w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                      .connection = 2,
                                      .method = method,
                                      .path = "/second",
                                      .headers = "content-length: 2\n",
                                      .body = "ab"});
    CHECK(strstr(peer_text(app), "/second") != NULL);
    if (reset)
        sim_peer_reset(app);
    else
        sim_peer_close(app);
    world_run(w);
}

static void repeatable_methods_once_more(void)
{
    static const char *const methods[] = {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"};
    for (unsigned i = 0; i < 6; i++)
        for (unsigned reset = 0; reset < 2; reset++) {
            struct world w;
            after_use(&w, methods[i], reset);
            struct sim_peer *app = world_app(&w);
            const char *text = peer_text(app);
            CHECK(strncmp(text, methods[i], strlen(methods[i])) == 0);
            CHECK(strlen(text) > 2 && strcmp(text + strlen(text) - 2, "ab") == 0);
            sim_peer_close(app); /* and never a third time: this one had served nobody */
            world_run(&w);
            world_advance(&w, MS(5000));
            CHECK(world_app(&w) == NULL);
            struct seen_answer a = world_answer(&w, 0, 2, 0);
            CHECK_UINT(a.status, 502);
            free(a.body);
            world_end(&w);
        }
}

static void others_are_not_repeated(void)
{
    static const char *const methods[] = {"POST", "PATCH", "PURGE"};
    for (unsigned i = 0; i < 3; i++) {
        struct world w;
        char words[100];
        after_use(&w, methods[i], false);
        CHECK(world_app(&w) == NULL);
        struct seen_answer a = world_answer(&w, 0, 2, 0);
        CHECK_UINT(a.status, 502);
        snprintf(words, sizeof words, "after the request was written; %s is not repeated",
                 methods[i]);
        CHECK(a.body && strstr(a.body, words));
        free(a.body);
        world_end(&w);
    }
}

static void not_when_the_answer_had_begun(void)
{
    struct world w;
    world_create(&w, 0);
    world_begin(&w);
    agent_get(&w, 1, "/");
    struct sim_peer *app = world_app(&w);
    app_say(&w, app, OK_2);
    agent_get(&w, 2, "/");
    peer_say(app, "HTTP/1.1 2");
    world_run(&w);
    sim_peer_close(app);
    world_run(&w);
    CHECK(world_app(&w) == NULL);
    struct seen_answer a = world_answer(&w, 0, 2, 0);
    CHECK_UINT(a.status, 502);
    free(a.body);
    world_end(&w);
}

/* More than HOLD_MAX was sent: it is not here any more. */
static void not_when_the_request_is_not_held(void)
{
    struct world w;
    static char big[100000];
    world_create(&w, 0);
    world_begin(&w);
    agent_get(&w, 1, "/");
    struct sim_peer *app = world_app(&w);
    app_say(&w, app, OK_2);
    memset(big, 'x', sizeof big);
    agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                       .connection = 2,
                                       .method = "PUT",
                                       .headers = "content-length: 100000\n",
                                       .body = big,
                                       .body_length = sizeof big});
    sim_peer_close(app);
    world_run(&w);
    CHECK(world_app(&w) == NULL);
    struct seen_answer a = world_answer(&w, 0, 2, 0);
    CHECK_UINT(a.status, 502);
    free(a.body);
    world_end(&w);
}

/* The application has closed an idle connection, and the request is on its way to it: over and over,
 * no request is lost, whoever comes first. */
static void does_not_read(struct sim_peer *peer, void *context)
{
    struct sim_peer **first = context;
    CHECK(*first == NULL); /* it is not sent again */
    *first = peer;
    sim_peer_reads(peer, false);
}

/* The kernel took the head: that the rest waits, chunk headers and all, makes nothing of it unwritten. */
static void not_when_the_head_was_taken(void)
{
    struct world w;
    struct sim_peer *app = NULL;
    world_create(&w, 0);
    world_begin(&w);
    sim_capacity(&w.sim, 70);
    sim_peer_unlisten(&w.sim, APP);
    sim_peer_listen(&w.sim, APP, does_not_read, &app);
    agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                       .connection = 1,
                                       .method = "POST",
                                       .headers = "transfer-encoding: chunked\n",
                                       .more = true});
    for (unsigned i = 0; i < 40; i++)
        agent_body(&w, 1, "x", i == 39);
    REQUIRE(app != NULL);
    sim_peer_reset(app);
    world_run(&w);
    world_advance(&w, MS(4000));
    struct seen_answer a = world_answer(&w, 0, 1, 0);
    CHECK_UINT(a.status, 502);
    CHECK(a.body && strstr(a.body, "POST is not repeated") != NULL);
    free(a.body);
    world_end(&w);
}

static void an_idle_connection_that_dies_costs_nothing(void)
{
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct world w;
        world_create(&w, seed);
        world_begin(&w);
        agent_get(&w, 1, "/");
        struct sim_peer *app = world_app(&w);
        app_say(&w, app, OK_2);
        agent_put_request(&w, &(struct request){.variant = VARIANT_CHUNKED_V2, .connection = 2});
        for (uint32_t n = sim_random(&w.sim, 14); n; n--)
            sim_step(&w.sim);
        sim_peer_close(app);
        app = world_app(&w);
        REQUIRE(app != NULL);
        app_say(&w, app, OK_2);
        struct seen_answer a = world_answer(&w, 0, 2, 0);
        CHECK_UINT(a.status, 200);
        CHECK(!a.fault);
        free(a.body);
        world_end(&w);
    }
}

CU_TestInfo resend_tests[] = {
    {"what is decided for each case", decisions},
    {"the pauses are 3.25 s in all", pauses},
    {"an application that is not there is tried ten times", ten_attempts_and_no_more},
    {"a request is served when the application appears", served_when_the_application_appears},
    {"a Close ends the attempts", a_close_ends_the_attempts},
    {"repeatable methods are sent once more when a used connection ends",
     repeatable_methods_once_more},
    {"other methods are not", others_are_not_repeated},
    {"nothing is repeated when the answer had begun", not_when_the_answer_had_begun},
    {"nothing is repeated that is not held", not_when_the_request_is_not_held},
    {"a request whose head was taken is not repeated", not_when_the_head_was_taken},
    {"an idle connection that dies costs no request", an_idle_connection_that_dies_costs_nothing},
    CU_TEST_INFO_NULL,
};
