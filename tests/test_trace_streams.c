/* tests/test_trace_streams.c -- what two peers said to each other, out of the records of a run. */
#include "messages/trace_speech.h"
#include "messages/trace_transactions.h"
#include "tests/recorded_world.h"
#include <stdlib.h>

#define CHUNKS "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"

static void check_side(const struct trace_stream *s, enum stream_side side, const char *text)
{
    CHECK_BYTES(s->bytes[side].at, s->bytes[side].length, text, strlen(text));
}

/* ---- streams ---- */

static void test_both_sides_of_an_application(void)
{
    struct recorded_world r;
    recorded_begin(&r);
    agent_get(&r.w, 7, "/a");
    struct sim_peer *app = world_app(&r.w);
    app_say(&r.w, app, "HTTP/1.1 200 OK\r\ncontent-le");
    app_say(&r.w, app, "ngth: 2\r\n\r\nhi");
    agent_get(&r.w, 8, "/b");
    app_say(&r.w, app, OK_2);
    recorded_end(&r);
    const struct trace_stream *s = recorded_stream(&r, STREAM_LOCAL, 0);
    REQUIRE(s != NULL);
    CHECK(!recorded_stream(&r, STREAM_LOCAL, 1));
    check_side(s, SIDE_NEAR, "GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n");
    check_side(s, SIDE_FAR, OK_2 OK_2);
    CHECK_STR(s->destination, APP);
    CHECK(s->connected && !s->middle && !s->by_agent);
    static const uint8_t whats[] = {PIECE_ASSIGN, PIECE_BYTES, PIECE_BYTES, PIECE_BYTES,
                                    PIECE_ASSIGN, PIECE_BYTES, PIECE_BYTES};
    REQUIRE(s->count >= sizeof whats);
    for (unsigned i = 0; i < sizeof whats; i++)
        CHECK_UINT(s->pieces[i].what, whats[i]);
    CHECK_UINT(s->pieces[2].length, 27);
    CHECK(s->pieces[0].exchange != s->pieces[4].exchange);
    recorded_free(&r);
}

static void test_connections_that_were_refused(void)
{
    struct recorded_world r;
    recorded_begin(&r);
    sim_route(&r.w.sim, APP, SIM_REFUSED, 0);
    agent_get(&r.w, 1, "/a");
    world_run(&r.w);
    sim_route(&r.w.sim, APP, SIM_OPEN, 0);
    world_advance(&r.w, MS(1000));
    app_say(&r.w, recorded_app(&r), OK_2);
    recorded_end(&r);
    unsigned refused = 0, connected = 0;
    const struct trace_stream *s;
    for (unsigned i = 0; (s = recorded_stream(&r, STREAM_LOCAL, i)); i++) {
        CHECK(s->refused != s->connected);
        refused += s->refused;
        connected += s->connected;
    }
    CHECK(refused > 0);
    CHECK_UINT(connected, 1);
    recorded_free(&r);
}

static void test_ends_and_resets(void)
{
    struct recorded_world r;
    recorded_begin(&r);
    agent_connection(&r.w, 1);
    struct sim_peer *app = world_app(&r.w);
    agent_data(&r.w, 1, "x");
    sim_peer_shutdown(app);
    world_run(&r.w);
    agent_data(&r.w, 1, "");
    agent_connection(&r.w, 2);
    app = world_app(&r.w);
    agent_data(&r.w, 2, "y");
    sim_peer_reset(app);
    world_run(&r.w);
    recorded_end(&r);
    const struct trace_stream *ended = recorded_stream(&r, STREAM_LOCAL, 0),
                              *reset = recorded_stream(&r, STREAM_LOCAL, 1);
    REQUIRE(ended && reset);
    unsigned ends[SIDES] = {0}, resets = 0;
    for (unsigned i = 0; i < ended->count; i++)
        ends[ended->pieces[i].side] += ended->pieces[i].what == PIECE_END;
    for (unsigned i = 0; i < reset->count; i++)
        resets += reset->pieces[i].what == PIECE_RESET && reset->pieces[i].side == SIDE_FAR;
    CHECK_UINT(ends[SIDE_NEAR], 1);
    CHECK_UINT(ends[SIDE_FAR], 1);
    CHECK_UINT(resets, 1);
    recorded_free(&r);
}

/* ---- speech ---- */

struct names {
    char text[4000];
};

static void put_name(void *context, const struct trace_spoken *m)
{
    struct names *n = context;
    char name[WIRE_NAME_MAX];
    size_t at = strlen(n->text);
    snprintf(n->text + at, sizeof n->text - at, "%s%s%s\n", m->side == SIDE_FAR ? "<" : ">",
             wire_message_name(m->message, name), m->capped ? " capped" : "");
}

static void test_a_link_as_messages(void)
{
    struct recorded_world r;
    struct names n = {""};
    char error[TRACE_SPEECH_ERROR_MAX];
    recorded_begin(&r);
    recorded_get(&r, 7, "/a");
    recorded_end(&r);
    const struct trace_stream *link = recorded_stream(&r, STREAM_LINK, 0);
    REQUIRE(link != NULL);
    CHECK(trace_speech_read(link, put_name, &n, error));
    CHECK_STR(error, "");
    CHECK_STR(n.text, ">Ping\n<Pong\n>SwitchProtocolVersion\n<SwitchProtocolVersionResponse\n"
                      ">ReadyForLogs\n>TcpSteal(PortSubscribe(All))\n<TcpSteal(SubscribeResult)\n"
                      "<TcpSteal(HttpRequestChunked(StartV2))\n>TcpSteal(HttpResponseFramed)\n"
                      "<TcpSteal(Close)\n");
    recorded_free(&r);
}

/* A hole within one string is walked over; any other ends what can be followed. */
static void test_holes(void)
{
    struct recorded_world r;
    struct names n = {""};
    char error[TRACE_SPEECH_ERROR_MAX], long_text[500];
    memset(long_text, 'z', sizeof long_text);
    recorded_begin(&r);
    agent_connection(&r.w, 1);
    agent_put_data(&r.w, WIRE_STEAL, 1, long_text, sizeof long_text);
    world_run(&r.w);
    agent_data(&r.w, 1, "short");
    r.bodies_max = 100;
    recorded_end(&r);
    const struct trace_stream *link = recorded_stream(&r, STREAM_LINK, 0);
    CHECK(trace_speech_read(link, put_name, &n, error));
    CHECK(strstr(n.text, "<TcpSteal(Data) capped\n<TcpSteal(Data)\n") != NULL);
    recorded_free(&r);

    n.text[0] = '\0';
    recorded_begin(&r);
    recorded_get(&r, 7, "/a");
    r.bodies_max = 3;
    recorded_end(&r);
    link = recorded_stream(&r, STREAM_LINK, 0);
    CHECK(!trace_speech_read(link, put_name, &n, error));
    CHECK(strstr(error, "--trace-bodies") != NULL);
    recorded_free(&r);
}

/* Whatever one record is missing, what was said before it is the same, and what is not known is not made up. */
static void test_a_missing_record(void)
{
    struct names whole = {""};
    char error[TRACE_SPEECH_ERROR_MAX];
    for (unsigned skip = 0; skip < 40; skip++) {
        struct recorded_world r;
        struct names n = {""};
        recorded_begin(&r);
        recorded_get(&r, 7, "/a");
        r.skip_one = skip > 0;
        r.skip_at = skip - 1;
        recorded_end(&r);
        const struct trace_stream *link = recorded_stream(&r, STREAM_LINK, 0);
        if (link && skip == 0)
            trace_speech_read(link, put_name, &whole, error);
        else if (link && !trace_speech_read(link, put_name, &n, error))
            CHECK(error[0] != '\0');
        CHECK(strncmp(whole.text, n.text, strlen(n.text)) == 0);
        struct trace_transactions *t = trace_transactions_new(trace_streams_first(r.streams), NULL);
        for (unsigned i = 0; i < t->count; i++)
            CHECK(t->list[i].left_out ||
                  (!strcmp(t->list[i].request.target, "/a") && t->list[i].answer.ended) ||
                  skip > 0);
        trace_transactions_free(t);
        recorded_free(&r);
    }
}

/* ---- transactions ---- */

static void check_answer(const struct trace_transaction *t, const char *target, unsigned status,
                         const char *body)
{
    CHECK_STR(t->request.target, target);
    CHECK_UINT(t->answer.status, status);
    CHECK_BYTES(t->answer.body.at, t->answer.body.length, body, strlen(body));
    CHECK(t->request.ended && t->answer.ended && !t->answer.broken && !t->left_out);
}

static void test_requests_and_answers(void)
{
    struct recorded_world r;
    recorded_begin(&r);
    agent_get(&r.w, 1, "/a");
    struct sim_peer *app = world_app(&r.w);
    app_say(&r.w, app, CHUNKS "3\r\nabc\r\n");
    app_say(&r.w, app, "2\r\nde\r\n0\r\n\r\n");
    agent_request(&r.w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                         .connection = 2,
                                         .method = "POST",
                                         .path = "/b",
                                         .body = "12345",
                                         .headers = "content-length: 5\n"});
    app_say(&r.w, app, "HTTP/1.0 404 No\r\n\r\nto the end");
    sim_peer_close(app);
    world_run(&r.w);
    recorded_end(&r);
    struct trace_transactions *t = trace_transactions_new(trace_streams_first(r.streams), NULL);
    REQUIRE(t->count == 2);
    check_answer(&t->list[0], "/a", 200, "abcde");
    check_answer(&t->list[1], "/b", 404, "to the end");
    CHECK_STR(t->list[1].request.method, "POST");
    CHECK_BYTES(t->list[1].request.body.at, t->list[1].request.body.length, "12345", 5);
    CHECK(!t->list[0].ends[SIDE_FAR] && t->list[1].ends[SIDE_FAR]);
    CHECK(t->list[0].ended_ns < t->list[1].began_ns);
    trace_transactions_free(t);
    CHECK_UINT((t = trace_transactions_new(trace_streams_first(r.streams), "127.0.0.1:1"))->count,
               0);
    trace_transactions_free(t);
    recorded_free(&r);
}

static void test_upgraded_and_raw(void)
{
    struct recorded_world r;
    recorded_begin(&r);
    agent_request(&r.w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                         .connection = 1,
                                         .headers = "connection: upgrade\nupgrade: x\n"});
    struct sim_peer *app = world_app(&r.w);
    app_say(&r.w, app, "HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nfirst");
    agent_data(&r.w, 1, "second");
    app_say(&r.w, app, "third");
    agent_connection(&r.w, 2);
    app = world_app(&r.w);
    agent_data(&r.w, 2, "GET");
    app_say(&r.w, app, "what?");
    recorded_end(&r);
    struct trace_transactions *t = trace_transactions_new(trace_streams_first(r.streams), NULL);
    REQUIRE(t->count == 2);
    CHECK(t->list[0].upgraded && !t->list[0].raw && t->list[1].raw);
    size_t far = t->list[0].length[SIDE_FAR] - t->list[0].http[SIDE_FAR];
    size_t near = t->list[0].length[SIDE_NEAR] - t->list[0].http[SIDE_NEAR];
    CHECK_UINT(far, 10);
    CHECK_UINT(near, 6);
    CHECK_UINT(t->list[1].length[SIDE_NEAR], 3);
    CHECK_BYTES(trace_transaction_bytes(&t->list[1], SIDE_FAR), t->list[1].length[SIDE_FAR],
                "what?", 5);
    trace_transactions_free(t);
    recorded_free(&r);
}

static void test_what_was_left_out_is_said(void)
{
    struct recorded_world r;
    recorded_begin(&r);
    recorded_get(&r, 1, "/a");
    r.bodies_max = 10;
    recorded_end(&r);
    struct trace_transactions *t = trace_transactions_new(trace_streams_first(r.streams), NULL);
    REQUIRE(t->count == 1);
    CHECK_UINT(t->left_out, 1);
    CHECK(strstr(t->list[0].left_out, "--trace-bodies") != NULL);
    trace_transactions_free(t);
    recorded_free(&r);
}

CU_TestInfo trace_streams_tests[] = {
    {"both sides of an application", test_both_sides_of_an_application},
    {"connections that were refused", test_connections_that_were_refused},
    {"ends and resets", test_ends_and_resets},
    {"a link as messages", test_a_link_as_messages},
    {"holes", test_holes},
    {"a missing record", test_a_missing_record},
    {"requests and answers", test_requests_and_answers},
    {"upgraded and raw", test_upgraded_and_raw},
    {"what was left out is said", test_what_was_left_out_is_said},
    CU_TEST_INFO_NULL,
};
