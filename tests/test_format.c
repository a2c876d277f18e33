/* tests/test_format.c -- in which form an answer goes out: request variant, version, and what was ready.
 *
 * Source: RSP-6, RSP-7, RSP-8, HS-7, HS-8, HS-12, W-9; the race is that of the version with a Start.
 */
#include "actors/interceptor.h"
#include "actors/local_state.h"
#include "messages/answer_format.h"
#include "tests/world.h"
#include <stdlib.h>

#define HEAD_5 "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"

static const enum request_variant variants[] = {VARIANT_BASIC, VARIANT_FRAMED, VARIANT_CHUNKED_V1,
                                                VARIANT_CHUNKED_V2};

/* ---- the table ---- */

static void pure_table(void)
{
    struct version below = version_of(1, 8, 0), at = version_of(1, 8, 1), pre = at;
    pre.ordinal &= ~VERSION_RELEASE;
    for (unsigned whole = 0; whole < 2; whole++) {
        CHECK_UINT(answer_format_of(VARIANT_BASIC, version_newest(), whole), ANSWER_BASIC);
        CHECK_UINT(answer_format_of(VARIANT_FRAMED, version_newest(), whole), ANSWER_FRAMED);
        for (unsigned v = 2; v < 4; v++) {
            enum answer_format late = whole ? ANSWER_FRAMED : ANSWER_CHUNKED;
            CHECK_UINT(answer_format_of(variants[v], below, whole), ANSWER_FRAMED);
            CHECK_UINT(answer_format_of(variants[v], pre, whole), ANSWER_FRAMED);
            CHECK_UINT(answer_format_of(variants[v], version_unnegotiated(), whole), ANSWER_FRAMED);
            CHECK_UINT(answer_format_of(variants[v], at, whole), late);
        }
    }
}

struct row {
    const char *says;
    bool streams; /* a chunked request's late answer */
};

static const struct row rows[] = {
    {"1.2.1", false},      {"1.3.0", false},        {"1.7.0", false}, {"1.8.0", false},
    {"1.8.1-rc.1", false}, {"1.29.0-rc.1", false},  {"1.8.1", true},  {"1.19.0", true},
    {"1.29.0", true},      {"1.8.1+build.5", true},
};

static void one_answer(const struct row *row, enum request_variant variant, bool late)
{
    struct world w;
    const char *want;
    world_create(&w, 0);
    w.script.version = row->says;
    world_begin(&w);
    world_forget(&w);
    agent_request(&w, (struct request){.variant = variant, .connection = 7, .request = 3});
    struct sim_peer *app = world_app(&w);
    REQUIRE(app != NULL);
    app_say(&w, app, late ? HEAD_5 "he" : HEAD_5 "hello");
    if (late)
        app_say(&w, app, "llo");
    if (variant == VARIANT_BASIC)
        want = "basic 7/3 200 [hello]\n";
    else if (variant >= VARIANT_CHUNKED_V1 && late && row->streams)
        want = "start 7/3 200 [he]\nbody 7/3 [llo] last\n";
    else
        want = "framed 7/3 200 [hello]\n";
    CHECK_STR(world_story(&w), want);
    world_end(&w);
}

static void every_variant_and_version(void)
{
    for (unsigned r = 0; r < sizeof rows / sizeof rows[0]; r++)
        for (unsigned v = 0; v < 4; v++)
            for (unsigned late = 0; late < 2; late++)
                one_answer(&rows[r], variants[v], late);
}

/* HS-12: it says our own version and knows nothing of chunked messages. */
static void echoing_agent(void)
{
    for (unsigned v = 0; v < 2; v++) {
        struct world w;
        world_create(&w, 0);
        w.script.echoes = true;
        w.script.reads = v ? "1.5.5" : "1.3.4";
        world_begin(&w);
        CHECK(strstr(w.ready, "says 1.29.0") != NULL);
        world_forget(&w);
        agent_request(&w, (struct request){.variant = variants[v], .connection = 1});
        struct sim_peer *app = world_app(&w);
        app_say(&w, app, HEAD_5 "he");
        app_say(&w, app, "llo");
        CHECK_STR(world_story(&w), v ? "framed 1/0 200 [hello]\n" : "basic 1/0 200 [hello]\n");
        world_end(&w);
    }
}

/* HS-13: an agent that ends the link at our announcement is never told of versions again. */
static void not_negotiated(void)
{
    struct world w;
    world_create(&w, 0);
    w.script.ends_at_switch = true;
    world_begin(&w);
    w.script.ends_at_logs = true;
    world_advance(&w, 1000000);
    CHECK_STR(world_story(&w), "ping\nswitch 1.29.0\nping\nsubscribe 80\n");
    CHECK(strstr(w.ready, "not negotiated") != NULL);
    agent_request(&w, (struct request){.variant = VARIANT_BASIC, .connection = 1});
    struct sim_peer *app = world_app(&w);
    app_say(&w, app, HEAD_5 "he");
    app_say(&w, app, "llo");
    CHECK_STR(world_story(&w), "basic 1/0 200 [hello]\n");
    world_end(&w);
}

/* ---- bodies and their absence ---- */

static const char chunked_with_trailers[] =
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n"
    "2\r\nhi\r\n0\r\nx-sum: 9\r\n\r\n";

/* DEL-46; a Basic answer has no place for them. */
static void trailers_survive(void)
{
    static const char *const want[] = {"basic 1/0 200 [hi]\n", "framed 1/0 200 [hi] trailers\n",
                                       "framed 1/0 200 [hi] trailers\n",
                                       "framed 1/0 200 [hi] trailers\n"};
    static const char *const late[] = {"basic 1/0 200 [hi]\n", "framed 1/0 200 [hi] trailers\n",
                                       "start 1/0 200 [hi]\nbody 1/0 [] trailers last\n",
                                       "start 1/0 200 [hi]\nbody 1/0 [] trailers last\n"};
    size_t cut = (size_t)(strstr(chunked_with_trailers, "0\r\nx-sum") - chunked_with_trailers);
    for (unsigned v = 0; v < 4; v++)
        for (unsigned pieces = 0; pieces < 2; pieces++) {
            struct world w;
            world_create(&w, 0);
            world_begin(&w);
            world_forget(&w);
            agent_request(&w, (struct request){.variant = variants[v], .connection = 1});
            struct sim_peer *app = world_app(&w);
            if (pieces) {
                sim_peer_write(app, chunked_with_trailers, cut);
                world_run(&w);
                app_say(&w, app, chunked_with_trailers + cut);
            } else {
                app_say(&w, app, chunked_with_trailers);
            }
            CHECK_STR(world_story(&w), pieces ? late[v] : want[v]);
            world_end(&w);
        }
}

/* RSP-9: an answer without a body is complete with its head, whatever its headers say (DEL-23). */
static void no_body_is_framed_without_frames(void)
{
    static const struct {
        const char *method, *answer;
        unsigned status;
    } cases[] = {
        {"HEAD", "HTTP/1.1 200 OK\r\ncontent-length: 70\r\n\r\n", 200},
        {"HEAD", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", 200},
        {"GET", "HTTP/1.1 204 No Content\r\n\r\n", 204},
        {"GET", "HTTP/1.1 304 Not Modified\r\ncontent-length: 70\r\n\r\n", 304},
        {"POST", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", 200},
        {"GET", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 x\r\n\r\n", 204},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        world_create(&w, 0);
        world_begin(&w);
        agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                           .connection = 1,
                                           .method = cases[i].method});
        app_say(&w, world_app(&w), cases[i].answer);
        const struct heard *h = &w.heard[w.heard_count - 1];
        CHECK_UINT(h->kind, WIRE_HTTP_RESPONSE_FRAMED);
        CHECK_UINT(h->status, cases[i].status);
        CHECK_UINT(h->frames, 0);
        world_end(&w);
    }
}

/* DEL-40, DEL-41, W-11. */
static void upgrade_goes_before_its_bytes(void)
{
    struct world w;
    world_ready(&w, 0);
    agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                       .connection = 4,
                                       .headers = "connection: upgrade\nupgrade: x\n"});
    struct sim_peer *app = world_app(&w);
    CHECK_STR(peer_text(app), "GET / HTTP/1.1\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n");
    app_say(&w, app, "HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nfirst");
    CHECK_STR(world_story(&w), "framed 4/0 101 []\ndata 4 [first]\n");
    CHECK_UINT(w.heard[w.heard_count - 2].frames, 0);
    CHECK_STR(heard_header(&w.heard[w.heard_count - 2], "upgrade"), "x");
    agent_data(&w, 4, "ping");
    CHECK_STR(peer_text(app), "ping");
    app_say(&w, app, "pong");
    CHECK_STR(world_story(&w), "data 4 [pong]\n");
    agent_close(&w, 4);
    CHECK(sim_peer_ended(app));
    CHECK_STR(world_story(&w), "");
    world_end(&w);
}

/* RSP-15: every agent reads a Basic answer; RSP-13 after the head. */
static void errors(void)
{
    for (unsigned v = 0; v < 4; v++)
        for (unsigned begun = 0; begun < 2; begun++) {
            struct world w;
            world_create(&w, 0);
            world_begin(&w);
            world_forget(&w);
            agent_request(&w, (struct request){.variant = variants[v], .connection = 1});
            struct sim_peer *app = world_app(&w);
            app_say(&w, app, begun ? HEAD_5 "he" : "HTTP/1.1 99 no\r\n\r\n");
            if (begun)
                sim_peer_reset(app);
            world_run(&w);
            if (begun && v >= VARIANT_CHUNKED_V1) {
                CHECK_STR(world_story(&w), "start 1/0 200 [he]\nerror 1/0\n");
            } else {
                struct seen_answer a = world_answer(&w, 0, 1, 0);
                CHECK_UINT(a.kind, WIRE_HTTP_RESPONSE);
                CHECK_UINT(a.status, 502);
                CHECK(a.body && strncmp(a.body, "intproxyd v", 11) == 0);
                CHECK(a.fault == NULL);
                free(a.body);
            }
            CHECK_UINT(world_count(&w, &interceptor_type), 0);
            world_end(&w);
        }
}

/* ---- the version changes ---- */

static void begin_late(struct world *w, unsigned count, struct sim_peer **apps)
{
    for (unsigned i = 0; i < count; i++) {
        agent_request(w, (struct request){.variant = VARIANT_CHUNKED_V1, .connection = i});
        apps[i] = world_app(w);
        REQUIRE(apps[i] != NULL);
    }
}

/* HS-8: to those that live, and to all that come after. */
static void version_reaches_all(void)
{
    static const char *const versions[] = {"1.8.0", "1.8.1", "1.7.0"};
    struct world w;
    struct sim_peer *apps[8];
    world_create(&w, 0);
    world_begin(&w);
    begin_late(&w, 7, apps);
    world_forget(&w);
    for (unsigned i = 0; i < 3; i++) {
        agent_version(&w, versions[i]);
        for (unsigned k = 0; k < 2; k++) { /* one that lived before, one that comes now */
            struct sim_peer *app = apps[2 * i];
            unsigned c = 2 * i;
            if (k) { /* over the same local connection, which is free again */
                c = 100 + i;
                agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V1, .connection = c});
            }
            char want[200];
            app_say(&w, app, HEAD_5 "he");
            app_say(&w, app, "llo");
            snprintf(want, sizeof want,
                     i == 1 ? "start %u/0 200 [he]\nbody %u/0 [llo] last\n"
                            : "framed %u/0 200 [hello]\n",
                     c, c);
            CHECK_STR(world_story(&w), want);
        }
    }
    world_end(&w);
}

static void collected_starts_when_the_version_rises(void)
{
    struct world w;
    world_create(&w, 0);
    w.script.version = "1.8.0";
    world_begin(&w);
    world_forget(&w);
    struct sim_peer *app;
    begin_late(&w, 1, &app);
    app_say(&w, app, "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc");
    app_say(&w, app, "def");
    CHECK_STR(world_story(&w), "");
    agent_version(&w, "1.8.1");
    CHECK_STR(world_story(&w), "start 0/0 200 [abcdef]\n");
    app_say(&w, app, "ghi");
    CHECK_STR(world_story(&w), "body 0/0 [ghi] last\n");
    world_end(&w);
}

/* What is collected has been credited; when it leaves in a Start it is not credited again, whatever
 * becomes of the version meanwhile. */
static void credit_of_what_was_collected(void)
{
    static char big[200000];
    struct world w;
    struct sim_peer *app;
    world_create(&w, 0);
    w.script.version = "1.8.0";
    world_begin(&w);
    begin_late(&w, 1, &app);
    app_say(&w, app, "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n");
    for (unsigned i = 0; i < 4; i++) {
        sim_peer_write(app, big, sizeof big);
        world_run(&w);
        agent_version(&w, i % 2 ? "1.8.0" : "1.8.1");
        const struct local_connection *l =
            (const void *)sim_actor(&w.sim, world_find(&w, &local_connection_type, 0));
        REQUIRE(l != NULL);
        CHECK(l->window <= (int64_t)WINDOW_MAX && l->window > (int64_t)(WINDOW_MAX - WINDOW_MIN));
    }
    sim_peer_write(app, big, sizeof big);
    world_run(&w);
    struct seen_answer a = world_answer(&w, 0, 0, 0);
    CHECK(a.ended && !a.fault);
    CHECK_UINT(a.length, 5 * sizeof big);
    free(a.body);
    world_end(&w);
}

static void collected_for_an_old_variant_does_not(void)
{
    struct world w;
    world_create(&w, 0);
    w.script.version = "1.8.0";
    world_begin(&w);
    world_forget(&w);
    agent_request(&w, (struct request){.variant = VARIANT_FRAMED, .connection = 0});
    struct sim_peer *app = world_app(&w);
    app_say(&w, app, HEAD_5 "he");
    agent_version(&w, "1.29.0");
    CHECK_STR(world_story(&w), "");
    app_say(&w, app, "llo");
    CHECK_STR(world_story(&w), "framed 0/0 200 [hello]\n");
    world_end(&w);
}

static void a_stream_ends_as_it_began(void)
{
    struct world w;
    struct sim_peer *app;
    world_ready(&w, 0);
    begin_late(&w, 1, &app);
    app_say(&w, app, HEAD_5 "he");
    agent_version(&w, "1.7.0");
    app_say(&w, app, "l");
    app_say(&w, app, "lo");
    CHECK_STR(world_story(&w), "start 0/0 200 [he]\nbody 0/0 [l]\nbody 0/0 [lo] last\n");
    world_end(&w);
}

/* ---- the race: the version changes while a Start is on its way to the link ---- */

enum race { FALLS, FALLS_AND_RISES, FALLS_AND_BREAKS, RACES };

static void some_steps(struct world *w)
{
    for (uint32_t n = sim_random(&w->sim, 12); n && sim_step(&w->sim); n--)
        continue;
}

static void race_once(uint64_t seed, enum race race, uint64_t *returned)
{
    struct world w;
    unsigned records = CU_get_number_of_failure_records();
    world_create_with(&w, seed, 2);
    world_begin(&w);
    agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V2, .connection = 5});
    struct sim_peer *app = world_app(&w);
    REQUIRE(app != NULL);
    peer_say(app, "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc");
    some_steps(&w);
    agent_put_version(&w, "1.7.0");
    some_steps(&w);
    peer_say(app, "def");
    some_steps(&w);
    if (race == FALLS_AND_RISES)
        agent_put_version(&w, "1.29.0");
    some_steps(&w);
    if (race == FALLS_AND_BREAKS)
        sim_peer_reset(app);
    else
        peer_say(app, "ghi");
    world_run(&w);
    struct seen_answer a = world_answer(&w, 0, 5, 0);
    CHECK(a.fault == NULL);
    if (race != FALLS_AND_BREAKS) {
        CHECK_STR(a.body ? a.body : "(none)", "abcdefghi");
        CHECK(a.ended && !a.broken);
    } else {
        CHECK(a.broken || (a.kind == WIRE_HTTP_RESPONSE && a.status == 502));
    }
    CHECK_UINT(world_count(&w, &interceptor_type), 0);
    if (CU_get_number_of_failure_records() != records)
        printf(" seed %" PRIu64 " race %d %s\n", seed, (int)race, a.fault ? a.fault : "");
    *returned += w.returned;
    free(a.body);
    world_end(&w);
}

static void the_race(enum race race)
{
    uint64_t returned = 0;
    for (uint64_t i = 1; i <= 300; i++)
        race_once(i, race, &returned);
    CHECK(returned > 20); /* it was hit, and not by luck once */
}

static void version_falls(void)
{
    the_race(FALLS);
}

static void version_falls_and_rises(void)
{
    the_race(FALLS_AND_RISES);
}

static void version_falls_and_answer_breaks(void)
{
    the_race(FALLS_AND_BREAKS);
}

/* A whole answer waits at the link, and then the agent says that the request's body broke off (AG-23): when the
 * version falls the answer comes back, and is given in another form. */
static void version_falls_under_a_whole_answer_whose_request_breaks(void)
{
    struct world w;
    world_create_with(&w, 0, 1);
    sim_capacity(&w.sim, 1000);
    world_begin(&w);
    sim_peer_reads(agent_peer(&w), false);
    for (uint64_t connection = 4; connection <= 5; connection++) {
        agent_request(&w,
                      (struct request){.variant = VARIANT_CHUNKED_V2, .connection = connection});
        struct sim_peer *app = world_app(&w);
        REQUIRE(app != NULL);
        peer_say(app, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n");
        for (unsigned i = 0; connection == 4 && i < 3000; i++) /* what the other has to wait for */
            peer_say(app, "0123456789012345678901234567890123456789012345678901234567890123456789");
        peer_say(app, "abc");
        world_run(&w);
        sim_peer_close(app);
        world_run(&w);
    }
    agent_put_version(&w, "1.7.0");
    agent_put_error(&w, WIRE_STEAL, 5);
    world_run(&w);
    sim_peer_reads(agent_peer(&w), true);
    world_run(&w);
    struct seen_answer a = world_answer(&w, 0, 5, 0);
    CHECK_UINT(w.returned, 2);
    CHECK_STR(a.body ? a.body : "(none)", "abc");
    CHECK(a.ended && !a.broken && a.fault == NULL);
    CHECK_UINT(world_count(&w, &interceptor_type), 0);
    free(a.body);
    world_end(&w);
}

/* A Start that comes back without a part behind it goes out again when the version has risen: a stream
 * that never ends does not wait for its end. */
static void version_falls_and_rises_before_an_endless_stream(void)
{
    uint64_t returned = 0;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct world w;
        world_create_with(&w, seed, 1 + (unsigned)(seed % 2));
        world_begin(&w);
        agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V2, .connection = 5});
        struct sim_peer *app = world_app(&w);
        peer_say(app, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        some_steps(&w);
        agent_put_version(&w, "1.7.0");
        some_steps(&w);
        agent_put_version(&w, "1.29.0");
        world_run(&w);
        struct seen_answer a = world_answer(&w, 0, 5, 0);
        CHECK_UINT(a.kind, WIRE_HTTP_RESPONSE_START);
        CHECK(a.fault == NULL && !a.ended);
        returned += w.returned;
        free(a.body);
        world_end(&w);
    }
    CHECK(returned > 20);
}

/* ---- a thousand ---- */

enum { THOUSAND = 1000 };

static void thousand(bool rises)
{
    static struct sim_peer *apps[THOUSAND];
    struct world w;
    world_create_with(&w, 0, 2);
    w.settings.local_connections_max = THOUSAND;
    w.script.version = rises ? "1.7.0" : "1.29.0";
    world_begin(&w);
    for (unsigned i = 0; i < THOUSAND; i++)
        agent_put_request(&w,
                          &(struct request){.variant = variants[2 + i % 2], .connection = i + 1});
    for (unsigned i = 0; i < THOUSAND; i++)
        REQUIRE((apps[i] = world_app(&w)) != NULL);
    for (unsigned i = 0; i < THOUSAND; i++)
        if (i % 3 == 0) /* has begun, or is collected, when the version changes */
            peer_say(apps[i], HEAD_5 "h");
    world_run(&w);
    agent_version(&w, rises ? "1.8.1" : "1.7.0");
    for (unsigned i = 0; i < THOUSAND; i++)
        peer_say(apps[i], i % 3 ? HEAD_5 "he" : "e");
    world_run(&w);
    for (unsigned i = 0; i < THOUSAND; i++)
        peer_say(apps[i], "llo");
    world_run(&w);
    unsigned streamed = 0;
    for (unsigned i = 0; i < THOUSAND; i++) {
        struct seen_answer a = world_answer(&w, 0, i + 1, 0);
        CHECK(a.fault == NULL && a.ended);
        CHECK_STR(a.body ? a.body : "(none)", "hello");
        streamed += a.kind == WIRE_HTTP_RESPONSE_START;
        free(a.body);
    }
    CHECK_UINT(streamed, rises ? THOUSAND : (THOUSAND + 2) / 3);
    world_end(&w);
}

static void thousand_rise(void)
{
    thousand(true);
}

static void thousand_fall(void)
{
    thousand(false);
}

CU_TestInfo format_tests[] = {
    {"the format is a function of variant, version and what is whole", pure_table},
    {"every variant and version gets the form that it can read", every_variant_and_version},
    {"an agent that echoes our version is believed by what it sends", echoing_agent},
    {"an agent that never negotiated gets Basic answers", not_negotiated},
    {"trailers survive, but for Basic answers", trailers_survive},
    {"an answer without a body is Framed without frames", no_body_is_framed_without_frames},
    {"the 101 goes before the bytes that follow it", upgrade_goes_before_its_bytes},
    {"errors are Basic before the head and Error after it", errors},
    {"a new version reaches all that live and all that come", version_reaches_all},
    {"what is collected starts when the version rises", collected_starts_when_the_version_rises},
    {"what was collected is credited once", credit_of_what_was_collected},
    {"what is collected for an old variant does not", collected_for_an_old_variant_does_not},
    {"a stream ends as it began", a_stream_ends_as_it_began},
    {"the version falls while a Start is on its way", version_falls},
    {"the version falls and rises while a Start is on its way", version_falls_and_rises},
    {"the version falls under a whole answer whose request breaks",
     version_falls_under_a_whole_answer_whose_request_breaks},
    {"the version falls and rises before an endless stream",
     version_falls_and_rises_before_an_endless_stream},
    {"the version falls while a Start is on its way that breaks off",
     version_falls_and_answer_breaks},
    {"a thousand exchanges hear of a version that rises", thousand_rise},
    {"a thousand exchanges hear of a version that falls", thousand_fall},
    CU_TEST_INFO_NULL,
};
