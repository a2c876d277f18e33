/* tests/test_agent_numbers.c -- the numbers that the stand-in agent gives its exchanges, in what its actors say. */
#include "messages/exchange_number.h"
#include "messages/kinds.h"
#include "messages/trace_reader.h"
#include "tests/agent_stage.h"
#include "tests/recording.h"

#define GET   "GET /x HTTP/1.1\r\nhost: h\r\nx-mirrord: yes\r\n\r\n"
#define OTHER "GET /other HTTP/1.1\r\nhost: h\r\n\r\n"
#define POST  "POST /x HTTP/1.1\r\nx-mirrord: yes\r\ncontent-length: 6\r\n\r\nabc"
#define YES   "^x-mirrord: yes$"

struct numbered {
    struct agent_stage s;
    struct recording *recording;
    char told[2000];
};

static void begin(struct numbered *n, const char *version)
{
    n->recording = recording_new();
    agent_stage_create(&n->s, test_seed, version, AGENT_ANSWER_MIN, recording_hooks(n->recording));
}

static void end(struct numbered *n)
{
    agent_stage_destroy(&n->s);
}

static void replays(struct numbered *n)
{
    char report[4000] = "";
    CHECK_UINT(replay_all(n->recording, report, sizeof report), 0);
    CHECK_STR(report, "");
}

/* "a1 a1 0 ": of each message of this kind that an actor of this type heard, in order. */
static const char *told(struct numbered *n, const char *type, uint16_t kind)
{
    const struct trace_out *trace = recording_trace(n->recording);
    struct trace_reader *reader = trace_reader_new();
    struct trace_record r;
    enum trace_got got;
    size_t length = 0;
    n->told[0] = '\0';
    trace_reader_feed(reader, trace->bytes, trace->length);
    while ((got = trace_reader_next(reader, &r)) != TRACE_MORE) {
        char number[EXCHANGE_TEXT_MAX];
        if (got != TRACE_RECORD || r.what != TRACE_CALL || r.kind->ours != kind || !r.type ||
            strcmp(r.type, type) != 0)
            continue;
        length += (size_t)snprintf(n->told + length, sizeof n->told - length, "%s ",
                                   exchange_number_print(trace_record_exchange(&r), number));
    }
    trace_reader_free(reader);
    return n->told;
}

static void each_request_has_one(void)
{
    struct numbered n;
    struct sim_peer *application, *remote;
    begin(&n, "1.29.0");
    struct stage_proxy *p = stage_proxy(&n.s, "1.29.0");
    stage_say_subscribe(p, YES);
    remote = stage_remote(&n.s, POST);
    stage_write(&n.s, remote, "def");
    stage_say_answer(p, WIRE_HTTP_RESPONSE_START, 0, 0, 200, -1, "ok");
    stage_say_body(p, 0, 0, "!", true);
    stage_write(&n.s, remote, OTHER);
    stage_upstream_got(&n.s, &application);
    stage_write(&n.s, application, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nup");
    stage_write(&n.s, remote, GET);
    stage_remote(&n.s, GET);
    end(&n);
    /* a connection's first request is asked for under the number that its arrival got */
    CHECK_STR(told(&n, "agent_port", MSG_AGENT_ROUTE), "0 a1 0 0 0 a4 ");
    CHECK_STR(told(&n, "agent_remote", MSG_AGENT_ROUTED), "a1 a1 a2 a3 a4 a4 ");
    CHECK_STR(told(&n, "agent_session", MSG_AGENT_OFFER), "a1 a3 a4 ");
    CHECK_STR(told(&n, "agent_session", MSG_AGENT_OFFER_BODY), "a1 a1 ");
    CHECK_STR(told(&n, "local_connection", MSG_LOCAL_OPEN), "a2 ");
    CHECK_STR(told(&n, "local_connection", MSG_ASSIGN), "a2 ");
    CHECK_STR(told(&n, "local_connection", MSG_SOCKET_DATA), "a2 ");
    CHECK_STR(told(&n, "agent_remote", MSG_RESPONSE), "a1 a2 ");
    CHECK_STR(told(&n, "agent_remote", MSG_SOCKET_ACCEPTED), "0 0 ");
    replays(&n);
    recording_free(n.recording);
}

static void none_between_two(void)
{
    struct numbered n;
    begin(&n, "1.29.0");
    struct stage_proxy *p = stage_proxy(&n.s, "1.29.0");
    stage_say_subscribe(p, YES);
    struct sim_peer *remote = stage_remote(&n.s, ""); /* what comes before its route has none yet */
    stage_write(&n.s, remote, "GET /x HTTP/1.1\r\nx-mirrord: yes\r\n");
    stage_write(&n.s, remote, "\r\n");
    stage_say_answer(p, WIRE_HTTP_RESPONSE_FRAMED, 0, 0, 200, 2, "ok");
    stage_write(&n.s, remote, "GET /x HTTP/1.1\r\nx-mirrord: yes\r\nconnection: close\r\n\r\n");
    stage_say_answer(p, WIRE_HTTP_RESPONSE_FRAMED, 1, 0, 200, 2, "ok");
    end(&n);
    CHECK_STR(told(&n, "agent_remote", MSG_RESPONSE), "a1 a2 ");
    CHECK_STR(told(&n, "agent_remote", MSG_SOCKET_DATA), "a1 a1 0 ");
    replays(&n);
    recording_free(n.recording);
}

/* Who lets go of it says so of the exchange that it had, whoever hears it when. */
static void ends_have_it(void)
{
    struct numbered n;
    begin(&n, "1.29.0");
    struct stage_proxy *p = stage_proxy(&n.s, "1.29.0");
    stage_say_subscribe(p, YES);
    stage_remote(&n.s, GET);
    struct sim_peer *remote = stage_remote(&n.s, POST);
    wire_put_connection_unsubscribe(stage_say(p), WIRE_STEAL, 0);
    stage_send(p);
    sim_peer_reset(remote);
    stage_run(&n.s);
    end(&n);
    CHECK_STR(told(&n, "agent_remote", MSG_AGENT_DROPPED), "a1 ");
    CHECK_STR(told(&n, "agent_session", MSG_AGENT_BROKEN), "a2 ");
    replays(&n);
    recording_free(n.recording);
}

static void logs_have_it(void)
{
    struct numbered n;
    begin(&n, "1.29.0");
    struct stage_proxy *p = stage_proxy(&n.s, "1.3.0");
    stage_say_subscribe(p, NULL);
    stage_remote(&n.s, GET);
    end(&n);
    CHECK_STR(told(&n, "agent_session", MSG_AGENT_LOG), "a1 ");
    recording_free(n.recording);
}

/* The old kind mirrors all bytes of a connection, and steals request by request. */
static void mirrors_have_the_connections(void)
{
    struct numbered n;
    begin(&n, "1.8.1");
    struct stage_proxy *p = stage_proxy(&n.s, "1.8.1"), *mirror = stage_proxy(&n.s, "1.8.1");
    stage_say_subscribe(p, YES);
    wire_put_subscribe_all(stage_say(mirror), WIRE_MIRROR, STAGE_PORT);
    stage_send(mirror);
    struct sim_peer *remote = stage_remote(&n.s, GET);
    stage_say_answer(p, WIRE_HTTP_RESPONSE_FRAMED, 0, 0, 200, 2, "ok");
    stage_write(&n.s, remote, GET);
    end(&n);
    CHECK_STR(told(&n, "agent_session", MSG_AGENT_OFFER), "a1 a1 a2 ");
    CHECK_STR(told(&n, "agent_session", MSG_AGENT_OFFER_BODY), "a1 a1 ");
    replays(&n);
    recording_free(n.recording);
}

/* As the first of two would count. */
static void ports_take_turns(void)
{
    struct numbered n;
    begin(&n, "1.29.0");
    n.s.settings.port_count = 2;
    stage_remote(&n.s, GET);
    stage_remote(&n.s, GET);
    n.s.settings.port_count = 1;
    end(&n);
    CHECK_STR(told(&n, "agent_remote", MSG_AGENT_ROUTED), "a1 a3 ");
    recording_free(n.recording);
}

static bool reads(const char *text, uint32_t *number)
{
    return exchange_number_read(text, strlen(text), number);
}

static void as_text(void)
{
    static const char *const wrong[] = {"", "a", "7a", "b7", "a-1", "a2147483648", "4294967296"};
    char text[EXCHANGE_TEXT_MAX];
    uint32_t number;
    CHECK_STR(exchange_number_print(7, text), "7");
    CHECK_STR(exchange_number_print(EXCHANGE_OF_AGENT | 7, text), "a7");
    CHECK_STR(exchange_number_print(UINT32_MAX, text), "a2147483647");
    CHECK(reads("7", &number) && number == 7);
    CHECK(reads("a7", &number) && number == (EXCHANGE_OF_AGENT | 7));
    CHECK(reads("2147483655", &number) && number == (EXCHANGE_OF_AGENT | 7));
    CHECK(reads("a2147483647", &number) && number == UINT32_MAX);
    for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK(!reads(wrong[i], &number));
}

CU_TestInfo agent_numbers_tests[] = {
    {"each request has a number, and all that is said for it", each_request_has_one},
    {"what a remote hears between two requests has none", none_between_two},
    {"who breaks off says it with the number", ends_have_it},
    {"what a client is told of a route has it", logs_have_it},
    {"mirrors of all bytes have the connection's", mirrors_have_the_connections},
    {"no two ports give the same", ports_take_turns},
    {"numbers as texts", as_text},
    CU_TEST_INFO_NULL,
};
