/* tests/test_incoming_proxy.c -- subscriptions, stale traffic, duplicates, readiness, the drain. */
#include "actors/incoming_proxy.h"
#include "actors/interceptor.h"
#include "messages/wire_encoder.h"
#include "tests/world.h"
#include <signal.h>
#include <stdlib.h>

/* What a test writes as the agent. */
struct words {
    uint8_t bytes[400];
    struct wire_writer w;
};

static struct wire_writer *words(struct words *x)
{
    x->w = wire_writer_over(x->bytes, sizeof x->bytes);
    return &x->w;
}

static void say(struct world *w, struct words *x)
{
    agent_put_bytes(w, x->bytes, (size_t)(x->w.at - x->bytes));
    world_run(w);
}

static int status(const struct world *w)
{
    return sim_has_ended(&w->sim) ? atomic_load(&w->sim.runtime.status) : -1;
}

/* IncomingProxyMessage is what the issue calls this set. */
static void the_set_of_its_messages(void)
{
    static const uint16_t yes[] = {
        MSG_LINK_READY,    MSG_AGENT_PROTOCOL_VERSION, MSG_REQUEST, MSG_REQUEST_BODY,
        MSG_DATA,          MSG_NEW_CONNECTION,         MSG_DRAIN,   MSG_CONNECTION_CLOSED,
        MSG_REQUEST_ERROR, MSG_SUBSCRIBE_RESULT};
    static const uint16_t no[] = {MSG_ANSWER, MSG_RESPONSE, MSG_WANT, MSG_SOCKET_DATA, MSG_CREDIT};
    for (unsigned i = 0; i < sizeof yes / sizeof yes[0]; i++)
        CHECK(incoming_proxy_accepts(yes[i]));
    for (unsigned i = 0; i < sizeof no / sizeof no[0]; i++)
        CHECK(!incoming_proxy_accepts(no[i]));
}

/* ---- subscriptions ---- */

static void ready_when_all_are_confirmed(void)
{
    struct world w;
    struct words x;
    world_create(&w, 0);
    world_serve(&w, 81, "127.0.0.1:8081");
    w.script.no_confirm = true;
    world_begin(&w);
    CHECK_STR(world_story(&w), "ping\nswitch 1.29.0\nlogs\nsubscribe 80\nsubscribe 81\n");
    wire_put_subscribed(words(&x), WIRE_STEAL, 81);
    say(&w, &x);
    CHECK_UINT(w.ready_count, 0);
    wire_put_subscribed(words(&x), WIRE_STEAL, 80);
    say(&w, &x);
    CHECK_UINT(w.ready_count, 1);
    say(&w, &x); /* SUB-11: once more is nothing */
    wire_put_port_stolen(words(&x), WIRE_STEAL, 80);
    say(&w, &x); /* SUB-16 */
    CHECK_UINT(w.ready_count, 1);
    CHECK_UINT((unsigned)status(&w), (unsigned)-1);
    world_end(&w);
}

/* SUB-16, SUB-17, SUB-18, SUB-24 */
static void refusals_are_77(void)
{
    for (unsigned i = 0; i < 5; i++) {
        static const char *const want[] = {"another client has it already", "a policy forbids it",
                                           "cannot read the filter", "bad regex", "it failed"};
        struct world w;
        struct words x;
        struct wire_text filter = {"\x00\x01x", 3}, error = {"bad regex", 9};
        world_create(&w, 0);
        w.script.no_confirm = true;
        world_begin(&w);
        switch (i) {
        case 0: wire_put_port_stolen(words(&x), WIRE_STEAL, 80); break;
        case 1: wire_put_forbidden(words(&x), WIRE_STEAL, 80); break;
        case 2: wire_put_bad_header_filter(words(&x), WIRE_STEAL, filter, error); break;
        case 3: wire_put_bad_filter(words(&x), WIRE_STEAL, filter, error); break;
        default: wire_put_not_implemented(words(&x), WIRE_STEAL); break;
        }
        say(&w, &x);
        CHECK_UINT((unsigned)status(&w), 77);
        CHECK(strstr(w.failed, want[i]) != NULL);
        world_end(&w);
    }
}

/* SUB-17, SUB-18: an error that is not about the filter must not say so, and a policy about something
 * else is no answer at all. */
static void errors_about_something_else(void)
{
    static const uint8_t outgoing[] = {
        WIRE_ERROR_FORBIDDEN, WIRE_BLOCKED_OUTGOING_TCP, 0, 0, 10, 0, 0, 1, 80, 0};
    static const uint8_t remote[] = {WIRE_ERROR_REMOTE, 1, 2, 'n', 'o'};
    struct world w;
    struct words x;
    world_create(&w, 0);
    w.script.no_confirm = true;
    world_begin(&w);
    wire_put_not_implemented(words(&x), WIRE_STEAL);
    x.w.at--; /* the error, which is the last byte */
    wire_put_raw(&x.w, outgoing, sizeof outgoing);
    say(&w, &x);
    CHECK_UINT((unsigned)status(&w), (unsigned)-1);
    CHECK(sim_log_contains(&w.sim, "the agent forbids outgoing traffic"));
    wire_put_not_implemented(words(&x), WIRE_STEAL);
    x.w.at--;
    wire_put_raw(&x.w, remote, sizeof remote);
    say(&w, &x);
    CHECK_UINT((unsigned)status(&w), 77);
    CHECK(strstr(w.failed, "it failed: no") != NULL);
    CHECK(strstr(w.failed, "filter") == NULL);
    world_end(&w);
}

/* After readiness a port that is refused stays so for this link; it costs neither the others nor the link. */
static void a_refusal_after_a_new_link(void)
{
    struct world w;
    struct words x;
    world_create(&w, 0);
    world_serve(&w, 81, APP);
    world_begin(&w);
    sim_peer_close(agent_peer(&w));
    w.script.no_confirm = true;
    world_advance(&w, MS(1000));
    wire_put_subscribed(words(&x), WIRE_STEAL, 80);
    say(&w, &x);
    wire_put_forbidden(words(&x), WIRE_STEAL, 81);
    say(&w, &x);
    CHECK(sim_log_contains(&w.sim, "the agent refuses port 81"));
    world_advance(&w, 4 * SUBSCRIBE_RESULT_US);
    CHECK_UINT(w.session_count, 2);
    CHECK(!sim_log_contains(&w.sim, "does not answer a subscription"));
    world_forget(&w);
    agent_get(&w, 1, "/");
    app_say(&w, world_app(&w), OK_2);
    CHECK_STR(world_story(&w), "framed 1/0 200 [hi]\n");
    world_end(&w);
}

static void silence_about_a_subscription(void)
{
    struct world w;
    world_create(&w, 0);
    w.script.no_confirm = true;
    world_begin(&w);
    world_advance(&w, SUBSCRIBE_RESULT_US - 1000);
    CHECK_UINT((unsigned)status(&w), (unsigned)-1);
    world_advance(&w, 2000);
    CHECK_UINT((unsigned)status(&w), 77);
    CHECK(strstr(w.failed, "the subscription of port 80") != NULL);
    world_end(&w);
}

/* A link that we ended ourselves tells nothing of what the agent knows. */
static void silence_for_long_blames_no_filter(void)
{
    struct world w;
    world_create(&w, 0);
    memcpy(w.settings.filters, &(struct filter){FILTER_PATH, "/x"}, sizeof(struct filter));
    w.settings.filter_count = 1;
    world_begin(&w);
    sim_peer_close(agent_peer(&w));
    w.script.no_confirm = true;
    world_advance(&w, 5 * (SUBSCRIBE_RESULT_US + RECONNECT_MOST_US));
    CHECK(w.session_count >= 5);
    CHECK(sim_log_contains(&w.sim, "does not answer a subscription port=80"));
    CHECK(!sim_log_contains(&w.sim, "kind of filter"));
    CHECK(!sim_log_contains(&w.sim, "port=-1"));
    world_end(&w);
}

/* After readiness the same is mended with a new link. */
static void silence_after_readiness_is_a_new_link(void)
{
    struct world w;
    world_create(&w, 0);
    world_begin(&w);
    sim_peer_close(agent_peer(&w));
    w.script.no_confirm = true;
    world_advance(&w, MS(400) + SUBSCRIBE_RESULT_US);
    w.script.no_confirm = false;
    world_advance(&w, MS(1000));
    CHECK_UINT(w.session_count, 3);
    CHECK_UINT((unsigned)status(&w), (unsigned)-1);
    world_forget(&w);
    agent_get(&w, 1, "/");
    app_say(&w, world_app(&w), OK_2);
    CHECK_STR(world_story(&w), "framed 1/0 200 [hi]\n");
    world_end(&w);
}

static struct filter two_filters[] = {{FILTER_HEADER, "^x: y$"}, {FILTER_METHOD, "GET"}};

static void with_filters(struct world *w, uint16_t count, const char *version)
{
    world_create(w, 0);
    memcpy(w->settings.filters, two_filters, sizeof two_filters);
    w->settings.filter_count = count;
    w->script.version = version;
}

/* SUB-8: what this version cannot express is refused, with the reason; never widened. */
static void filters_that_an_agent_does_not_know(void)
{
    struct world w;
    with_filters(&w, 2, "1.10.0");
    world_begin(&w);
    CHECK_UINT((unsigned)status(&w), 77);
    CHECK(strstr(w.failed, "1.11.0") != NULL);
    CHECK(strstr(world_story(&w), "subscribe") == NULL);
    world_end(&w);
}

/* After a new link with an older agent: suspended and said; a third agent that knows it is asked. */
static void filters_after_a_new_link(void)
{
    struct world w;
    with_filters(&w, 2, "1.29.0");
    world_begin(&w);
    CHECK_STR(world_story(&w), "ping\nswitch 1.29.0\nlogs\nfilter 80\n");
    CHECK_UINT(w.ready_count, 1);
    sim_peer_close(agent_peer(&w));
    w.script.version = "1.7.0";
    world_advance(&w, MS(1000));
    CHECK_STR(world_story(&w), "ping\nswitch 1.29.0\nlogs\n");
    CHECK(sim_log_contains(&w.sim, "a port is not served while this agent is connected"));
    CHECK_UINT((unsigned)status(&w), (unsigned)-1);
    agent_get(&w, 1, "/"); /* SUB-20: nobody asked for it */
    struct seen_answer a = world_answer(&w, 1, 1, 0);
    CHECK_UINT(a.status, 502);
    free(a.body);
    world_forget(&w);
    sim_peer_close(agent_peer(&w));
    w.script.version = "1.29.0";
    world_advance(&w, MS(2000));
    CHECK_STR(world_story(&w), "ping\nswitch 1.29.0\nlogs\nfilter 80\n");
    world_end(&w);
}

/* SUB-24: an old agent that echoes our version ends the link when it hears the filter. */
static void an_agent_that_ends_at_the_subscription(void)
{
    struct world w;
    with_filters(&w, 1, "1.29.0");
    w.script.ends_at_subscribe = true;
    world_begin(&w);
    world_advance(&w, MS(20000));
    CHECK_UINT((unsigned)status(&w), 77);
    CHECK(strstr(w.failed, "does not know this kind of filter") != NULL);
    world_end(&w);
}

/* Without a filter there is none to blame; and after readiness it is no port that is not served. */
static void an_agent_that_ends_without_a_filter(void)
{
    for (unsigned ready = 0; ready < 2; ready++) {
        struct world w;
        world_create(&w, 0);
        w.script.ends_at_subscribe = !ready;
        world_begin(&w);
        if (ready)
            sim_peer_close(agent_peer(&w));
        w.script.ends_at_subscribe = true;
        world_advance(&w, MS(60000));
        CHECK_UINT((unsigned)status(&w), ready ? (unsigned)-1 : 77);
        CHECK(sim_log_contains(&w.sim, "ended three links before it answered"));
        CHECK(!sim_log_contains(&w.sim, "filter"));
        CHECK(!sim_log_contains(&w.sim, "a port is not served"));
        world_end(&w);
    }
}

/* ---- stale and double ---- */

/* SUB-20 */
static void traffic_of_no_subscription(void)
{
    struct world w;
    world_ready(&w, 0);
    agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V2, .connection = 1, .port = 99});
    struct seen_answer a = world_answer(&w, 0, 1, 0);
    CHECK_UINT(a.kind, WIRE_HTTP_RESPONSE);
    CHECK_UINT(a.status, 502);
    CHECK(a.body && strstr(a.body, "port no longer subscribed with an HTTP filter"));
    free(a.body);
    world_forget(&w);
    agent_put_connection(&w, WIRE_STEAL, 2, 99);
    agent_put_connection(&w, WIRE_MIRROR, 3, 80); /* the mode counts, too */
    world_run(&w);
    CHECK_STR(world_story(&w), "unsubscribe 2\nmirror unsubscribe 3\n");
    agent_request(&w,
                  (struct request){.variant = VARIANT_CHUNKED_V2, .connection = 4, .mirror = true});
    CHECK_STR(world_story(&w), "");
    CHECK_UINT(world_count(&w, &interceptor_type), 0);
    world_end(&w);
}

/* DEL-3 */
static void a_second_start(void)
{
    struct world w;
    world_ready(&w, 0);
    agent_get(&w, 1, "/first");
    agent_get(&w, 1, "/second");
    struct sim_peer *app = world_app(&w);
    CHECK(strncmp(peer_text(app), "GET /first", 10) == 0);
    CHECK(world_app(&w) == NULL);
    CHECK(sim_log_contains(&w.sim, "started a request twice"));
    app_say(&w, app, OK_2);
    CHECK_STR(world_story(&w), "framed 1/0 200 [hi]\n");
    world_end(&w);
}

/* DEL-2, AG-6: the requests of one connection are independent of each other. */
static void requests_of_one_connection(void)
{
    struct world w;
    struct sim_peer *apps[3];
    world_ready(&w, 0);
    for (uint16_t i = 0; i < 3; i++) {
        agent_request(
            &w, (struct request){.variant = VARIANT_CHUNKED_V1, .connection = 7, .request = i});
        apps[i] = world_app(&w);
    }
    app_say(&w, apps[2], OK_2);
    app_say(&w, apps[0], OK_2);
    CHECK_STR(world_story(&w), "framed 7/2 200 [hi]\nframed 7/0 200 [hi]\n");
    agent_close(&w, 7); /* ends the one that is left */
    CHECK(sim_peer_ended(apps[1]));
    CHECK_UINT(world_count(&w, &interceptor_type), 0);
    world_end(&w);
}

/* --agent-message-max */
static void a_message_that_is_too_large(void)
{
    static char big[200000];
    struct world w;
    world_create(&w, 0);
    w.settings.agent_message_max = 100000;
    world_begin(&w);
    agent_request(&w, (struct request){.variant = VARIANT_FRAMED,
                                       .connection = 1,
                                       .method = "POST",
                                       .body = big,
                                       .body_length = sizeof big});
    struct seen_answer a = world_answer(&w, 0, 1, 0);
    CHECK_UINT(a.status, 413);
    free(a.body);
    agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                       .connection = 2,
                                       .method = "POST",
                                       .headers = "content-length: 200000\n",
                                       .more = true});
    agent_put_body(&w, 2, 0, big, sizeof big, true);
    world_run(&w);
    a = world_answer(&w, 0, 2, 0);
    CHECK_UINT(a.status, 413);
    free(a.body);
    agent_connection(&w, 3); /* a Data is handed on in pieces, it has no such limit */
    agent_put_data(&w, WIRE_STEAL, 3, big, sizeof big);
    struct sim_peer *upload = world_app(&w), *app = world_app(&w);
    REQUIRE(upload != NULL && app != NULL);
    CHECK(sim_peer_ended(upload)); /* by the 413 */
    size_t length;
    const uint8_t *got = sim_peer_received(app, &length);
    CHECK_BYTES(got, length, big, sizeof big);
    CHECK_UINT(w.session_count, 1);
    world_end(&w);
}

/* SUB-21: the rest of a body that nobody waits for any more is no request. */
static void a_body_that_is_too_large_and_unknown(void)
{
    static char big[200000];
    struct world w;
    world_create(&w, 0);
    w.settings.agent_message_max = 100000;
    world_begin(&w);
    world_forget(&w);
    agent_put_body(&w, 9, 0, big, sizeof big, true);
    world_run(&w);
    CHECK_STR(world_story(&w), "");
    CHECK_UINT(w.session_count, 1);
    world_end(&w);
}

/* ---- the drain ---- */

static void a_quiet_drain_is_short(void)
{
    struct world w;
    world_ready(&w, 0);
    sim_signal(&w.sim, SIGTERM);
    world_run(&w);
    CHECK_STR(world_story(&w), "unsubscribe port 80\n");
    CHECK_UINT((unsigned)status(&w), (unsigned)-1);
    world_advance(&w, DRAIN_QUIET_US + 1000);
    CHECK_UINT((unsigned)status(&w), 0);
    world_end(&w);
}

static void a_drain_finishes_what_is_under_way(void)
{
    struct world w;
    world_create(&w, 0);
    world_begin(&w);
    agent_get(&w, 1, "/");
    struct sim_peer *app = world_app(&w);
    world_forget(&w);
    sim_signal(&w.sim, SIGTERM);
    world_run(&w);
    agent_get(&w, 2, "/under-way"); /* SUB-22: it had been sent before the agent heard */
    struct sim_peer *second = world_app(&w);
    agent_connection(&w, 3);
    world_advance(&w, MS(3000));
    CHECK_UINT((unsigned)status(&w), (unsigned)-1);
    app_say(&w, app, OK_2);
    app_say(&w, second, OK_2);
    CHECK_STR(world_story(&w),
              "unsubscribe port 80\nunsubscribe 3\nframed 1/0 200 [hi]\nframed 2/0 200 [hi]\n");
    world_advance(&w, DRAIN_QUIET_US + 1000);
    CHECK_UINT((unsigned)status(&w), 0);
    world_end(&w);
}

static void a_drain_has_ten_seconds(void)
{
    struct world w;
    world_create(&w, 0);
    world_begin(&w);
    agent_get(&w, 1, "/never");
    sim_signal(&w.sim, SIGTERM);
    world_advance(&w, DRAIN_US - 1000);
    CHECK_UINT((unsigned)status(&w), (unsigned)-1);
    world_advance(&w, 2000);
    CHECK_UINT((unsigned)status(&w), 0);
    CHECK(sim_log_contains(&w.sim, "ending with exchanges unfinished"));
    world_end(&w);
}

static void the_second_signal_ends_now(void)
{
    struct world w;
    world_create(&w, 0);
    world_begin(&w);
    agent_get(&w, 1, "/never");
    sim_signal(&w.sim, SIGTERM);
    sim_signal(&w.sim, SIGTERM);
    world_run(&w);
    CHECK_UINT((unsigned)status(&w), 130);
    world_end(&w);
}

/* What was asked of a new link is not waited for any more: the drain keeps its link. */
static void a_drain_before_the_answer(void)
{
    struct world w;
    world_create(&w, 0);
    world_begin(&w);
    sim_peer_close(agent_peer(&w));
    w.script.no_confirm = true;
    world_advance(&w, SUBSCRIBE_RESULT_US / 2);
    CHECK_UINT(w.session_count, 2);
    world_forget(&w);
    agent_get(&w, 1, "/");
    struct sim_peer *app = world_app(&w);
    sim_signal(&w.sim, SIGTERM);
    world_advance(&w, DRAIN_US - MS(1000));
    app_say(&w, app, OK_2);
    CHECK_STR(world_story(&w), "unsubscribe port 80\nframed 1/0 200 [hi]\n");
    CHECK_UINT(w.session_count, 2);
    world_end(&w);
}

static void a_drain_without_a_link(void)
{
    struct world w;
    world_create(&w, 0);
    world_begin(&w);
    agent_get(&w, 1, "/never");
    sim_route(&w.sim, AGENT, SIM_REFUSED, 0);
    sim_peer_close(agent_peer(&w));
    world_run(&w);
    sim_signal(&w.sim, SIGTERM);
    world_run(&w);
    world_advance(&w, DRAIN_QUIET_US + 1000);
    CHECK_UINT((unsigned)status(&w), 0);
    world_end(&w);
}

/* ---- what is not built ---- */

static unsigned lines_with(const struct world *w, const char *text)
{
    unsigned n = 0;
    for (unsigned i = 0; i < SIM_LOG_LINES; i++)
        n += w->sim.log[i] && strstr(w->sim.log[i], text);
    return n;
}

/* Said once a port, also when there is another link. */
static void what_is_not_built_is_said_once_a_port(void)
{
    struct world w;
    world_create(&w, 0);
    world_serve(&w, 81, APP);
    world_begin(&w);
    for (uint64_t i = 0; i < 6; i++) {
        uint16_t port = i % 2 ? 81 : 80;
        agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                           .connection = 2 * i,
                                           .port = port,
                                           .version = "HTTP/2.0"});
        agent_request(&w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                           .connection = 2 * i + 1,
                                           .port = port,
                                           .tls = true});
        struct seen_answer a = world_answer(&w, w.session_count - 1, 2 * i, 0);
        CHECK_UINT(a.status, 502);
        free(a.body);
        if (i == 3) {
            sim_peer_close(agent_peer(&w));
            world_advance(&w, MS(1000));
        }
    }
    CHECK_UINT(w.session_count, 2);
    CHECK_UINT(lines_with(&w, "an HTTP/2 request is refused"), 2);
    CHECK_UINT(lines_with(&w, "TLS traffic is delivered in clear"), 2);
    CHECK_UINT(lines_with(&w, "delivered in clear port=80"), 1);
    CHECK_UINT(lines_with(&w, "HTTP/1 only port=81"), 1);
    world_end(&w);
}

CU_TestInfo incoming_proxy_tests[] = {
    {"what is not built is said once a port", what_is_not_built_is_said_once_a_port},
    {"IncomingProxyMessage is a set of kinds", the_set_of_its_messages},
    {"ready is said when all ports are confirmed", ready_when_all_are_confirmed},
    {"a refused subscription is 77, with the reason", refusals_are_77},
    {"an error about something else is not taken for one about the filter",
     errors_about_something_else},
    {"a port that is refused after a new link costs nothing else", a_refusal_after_a_new_link},
    {"a subscription that is not answered is 77", silence_about_a_subscription},
    {"silence about a subscription blames no filter", silence_for_long_blames_no_filter},
    {"the same after readiness is a new link", silence_after_readiness_is_a_new_link},
    {"filters that an agent does not know are refused", filters_that_an_agent_does_not_know},
    {"filters are judged anew for a new link", filters_after_a_new_link},
    {"an agent that ends at the subscription three times is 77",
     an_agent_that_ends_at_the_subscription},
    {"an agent that ends without a filter is not told of one", an_agent_that_ends_without_a_filter},
    {"traffic of no subscription is refused by kind", traffic_of_no_subscription},
    {"a second Start of a live request is ignored", a_second_start},
    {"requests of one connection are independent", requests_of_one_connection},
    {"a message that is too large is a 413", a_message_that_is_too_large},
    {"a body that is too large and unknown is nothing", a_body_that_is_too_large_and_unknown},
    {"a quiet drain takes 100 ms", a_quiet_drain_is_short},
    {"a drain finishes what is under way", a_drain_finishes_what_is_under_way},
    {"a drain has 10 s", a_drain_has_ten_seconds},
    {"the second signal ends now", the_second_signal_ends_now},
    {"a drain does not wait for a subscription's answer", a_drain_before_the_answer},
    {"a drain needs no link", a_drain_without_a_link},
    CU_TEST_INFO_NULL,
};
