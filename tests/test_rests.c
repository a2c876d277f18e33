/* tests/test_rests.c -- the link rests for an upload, for milliseconds, and not again at once (DESIGN, decision 6). */
#include "actors/interceptor_state.h"
#include "actors/link_state.h"
#include "tests/world.h"
#include <stdlib.h>

/* Uploads to applications of which the test says when they read. */
struct rests {
    struct world w; /* first: its on_send finds the rest */
    unsigned asked; /* HOLDs, on */
    uint64_t asked_us;
};

static void see_hold(struct world *w, const struct actor *from, const struct effect *e)
{
    struct rests *t = (struct rests *)w;
    struct msg_hold hold;
    (void)from;
    if (e->message->kind != MSG_HOLD)
        return;
    memcpy(&hold, e->message->payload.words, sizeof hold);
    t->asked += hold.on;
    if (hold.on)
        t->asked_us = hold.most_us;
}

static void begin(struct rests *t)
{
    t->asked = 0;
    world_create(&t->w, 0);
    t->w.on_send = see_hold;
    world_begin(&t->w);
}

/* One more upload, to an application that does not read. */
static struct sim_peer *upload(struct rests *t, uint64_t connection)
{
    agent_request(&t->w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                          .connection = connection,
                                          .method = "POST",
                                          .headers = "transfer-encoding: chunked\n",
                                          .more = true});
    struct sim_peer *app = world_app(&t->w);
    REQUIRE(app != NULL);
    sim_peer_reads(app, false);
    return app;
}

static void put(struct rests *t, uint64_t connection, size_t bytes)
{
    char *part = calloc(1, bytes);
    REQUIRE(part != NULL);
    agent_put_body(&t->w, connection, 0, part, bytes, false);
    free(part);
    world_run(&t->w);
}

/* In small ones, so that the link is asked before there are many more on their way. */
static void put_until_asked(struct rests *t, uint64_t connection)
{
    unsigned before = t->asked;
    for (unsigned i = 0; i < 400 && t->asked == before; i++)
        put(t, connection, 10000);
    CHECK_UINT(t->asked, before + 1);
}

static bool is_resting(const struct rests *t)
{
    const struct link_connection *l =
        (const void *)sim_actor(&t->w.sim, world_find(&t->w, &link_connection_type, 0));
    REQUIRE(l != NULL);
    return l->held;
}

static void catch_up(struct rests *t, struct sim_peer *app)
{
    sim_peer_reads(app, true);
    world_run(&t->w);
}

static void an_application_catches_up(void)
{
    struct rests t;
    begin(&t);
    struct sim_peer *app = upload(&t, 1);
    for (unsigned i = 0; i < 3; i++) { /* it helped, so it may help again at once */
        sim_peer_reads(app, false);
        put_until_asked(&t, 1);
        CHECK_UINT(t.asked_us, GRACE_US);
        CHECK(is_resting(&t));
        agent_get(&t.w, 100 + i, "/"); /* is not read */
        CHECK(world_app(&t.w) == NULL);
        world_advance(&t.w, GRACE_US - 1);
        CHECK(is_resting(&t));
        catch_up(&t, app);
        CHECK(!is_resting(&t));
        app_say(&t.w, world_app(&t.w), "HTTP/1.1 204 x\r\nconnection: close\r\n\r\n");
    }
    CHECK_UINT(t.asked, 3);
    CHECK_UINT(sim_files_open(&t.w.sim), 0);
    world_end(&t.w);
}

/* GRACE_AGAIN_US: who did not catch up is spooled, and asks for no rest in that time. */
static void an_application_that_does_not(void)
{
    struct rests t;
    begin(&t);
    struct sim_peer *app = upload(&t, 1);
    put_until_asked(&t, 1);
    world_advance(&t.w, GRACE_US);
    CHECK(!is_resting(&t));
    put(&t, 1, 10000);
    CHECK_UINT(sim_files_open(&t.w.sim), 1);
    for (uint64_t us = 0; us + MS(100) < GRACE_AGAIN_US; us += MS(100)) {
        catch_up(&t, app);
        CHECK_UINT(sim_files_open(&t.w.sim), 0);
        sim_peer_reads(app, false);
        for (unsigned i = 0; i < 400 && sim_files_open(&t.w.sim) == 0; i++)
            put(&t, 1, 10000);
        CHECK_UINT(sim_files_open(&t.w.sim), 1);
        world_advance(&t.w, MS(100));
    }
    CHECK_UINT(t.asked, 1);
    catch_up(&t, app);
    world_advance(&t.w, MS(100));
    sim_peer_reads(app, false);
    put_until_asked(&t, 1);
    CHECK(is_resting(&t));
    world_end(&t.w);
}

/* HOLD_REST_FACTOR: after a rest that did not help, others ask in vain for 20 times its length. */
static void a_rest_that_did_not_help(void)
{
    struct rests t;
    begin(&t);
    upload(&t, 1);
    upload(&t, 2);
    upload(&t, 3);
    put_until_asked(&t, 1);
    world_advance(&t.w, GRACE_US);
    world_advance(&t.w, HOLD_REST_FACTOR * GRACE_US - 1);
    put_until_asked(&t, 2);
    CHECK(!is_resting(&t));
    world_advance(&t.w, 1);
    put_until_asked(&t, 3);
    CHECK(is_resting(&t));
    world_end(&t.w);
}

/* Puts into a file until the disk is so far behind that the link is asked to rest. */
static void fall_behind(struct rests *t)
{
    unsigned before = t->asked;
    world_advance(&t->w, GRACE_US);
    world_advance(&t->w, HOLD_REST_FACTOR * GRACE_US);
    for (unsigned i = 0; i < 200 && t->asked == before; i++)
        put(t, 1, 100000);
    CHECK_UINT(t->asked, before + 1);
    CHECK_UINT(t->asked_us, DISK_GRACE_US);
    CHECK(is_resting(t));
}

/* DISK_GRACE_US: a disk that is behind, but at work. */
static void a_disk_catches_up(void)
{
    struct rests t;
    begin(&t);
    upload(&t, 1);
    put_until_asked(&t, 1);
    sim_file_delay(&t.w.sim, 400); /* some 100 parts are on their way */
    for (unsigned i = 0; i < 2; i++) {
        fall_behind(&t);
        world_advance(&t.w, DISK_GRACE_US - 1);
        CHECK(!is_resting(&t));
    }
    CHECK(!sim_log_contains(&t.w.sim, "does not take the upload"));
    world_end(&t.w);
}

/* One that is not: the link goes on after that time, and its limit counts. */
static void a_disk_that_does_not(void)
{
    struct rests t;
    begin(&t);
    upload(&t, 1);
    put_until_asked(&t, 1);
    sim_file_delay(&t.w.sim, MS(3000));
    fall_behind(&t);
    world_advance(&t.w, DISK_GRACE_US - 1);
    CHECK(is_resting(&t));
    world_advance(&t.w, 1);
    CHECK(!is_resting(&t));
    for (unsigned i = 0; i < 200; i++)
        put(&t, 1, 100000);
    world_run(&t.w);
    struct seen_answer a = world_answer(&t.w, 0, 1, 0);
    CHECK_UINT(a.status, 507);
    free(a.body);
    world_end(&t.w);
}

CU_TestInfo rests_tests[] = {
    {"the link rests for an application that catches up", an_application_catches_up},
    {"who did not catch up asks for no rest for a second", an_application_that_does_not},
    {"after a rest that did not help none is granted for a while", a_rest_that_did_not_help},
    {"the link rests for a disk that catches up", a_disk_catches_up},
    {"it does not wait for one that does not", a_disk_that_does_not},
    CU_TEST_INFO_NULL,
};
