/* tests/test_agent.c -- the stand-in agent: who gets what, in which form, and how everything ends.
 *
 * Each test runs with several seeds: the order of what happens differs, what is said on a link does not.
 */
#include "actors/agent_session.h"
#include "messages/limits.h"
#include "tests/recording.h"
#include "tests/agent_stage.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#define GET          "GET /x HTTP/1.1\r\nhost: h\r\nx-mirrord: yes\r\n\r\n"
#define OTHER        "GET /other HTTP/1.1\r\nhost: h\r\n\r\n"
#define UPGRADE      "GET /ws HTTP/1.1\r\nx-mirrord: yes\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n"
#define CHUNKED_HEAD "POST /up HTTP/1.1\r\nx-mirrord: yes\r\ntransfer-encoding: chunked\r\n\r\n"
#define CHUNKED      CHUNKED_HEAD "3\r\nabc\r\n"
/* A body of 3 MiB, which are more than any window. */
#define UPLOAD       "POST /up HTTP/1.1\r\nx-mirrord: yes\r\ncontent-length: 3145728\r\n\r\n"
#define OTHER_UPLOAD "POST /other HTTP/1.1\r\ncontent-length: 3145728\r\n\r\n"
#define YES          "^x-mirrord: yes$"
#define DROPPED                                                                                    \
    "HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/plain\r\ncontent-length: 39\r\n\r\n"           \
    "intproxy-agent: the request was dropped"
#define MALFORMED                                                                                  \
    "HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\ncontent-type: text/plain\r\n"                \
    "content-length: 41\r\n\r\nintproxy-agent: the request was malformed"

/* Runs `test` with an agent of this build, once a seed. */
static void stage(const char *version, uint8_t answer, void (*test)(struct agent_stage *s))
{
    const uint64_t seeds[] = {0, 1, 2, test_seed};
    for (unsigned i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        struct agent_stage s;
        agent_stage_create(&s, seeds[i], version, answer, NULL);
        test(&s);
        agent_stage_destroy(&s);
    }
}

#define STAGED(name, version, answer)                                                              \
    static void name##_on(struct agent_stage *s);                                                  \
    static void name(void)                                                                         \
    {                                                                                              \
        stage(version, AGENT_ANSWER_##answer, name##_on);                                          \
    }                                                                                              \
    static void name##_on(struct agent_stage *s)

static void say_mirror(struct stage_proxy *p)
{
    wire_put_subscribe_all(stage_say(p), WIRE_MIRROR, STAGE_PORT);
    stage_send(p);
}

/* So many bytes of a body, or of anything. */
static void fill(struct agent_stage *s, struct sim_peer *peer, size_t length)
{
    static char piece[65536];
    memset(piece, 'x', sizeof piece);
    for (size_t n; length; length -= n) {
        n = length < sizeof piece ? length : sizeof piece;
        sim_peer_write(peer, piece, n);
    }
    stage_run(s);
}

/* How much a peer has got since it was asked last. */
static size_t got_bytes(struct sim_peer *peer)
{
    size_t length;
    sim_peer_received(peer, &length);
    sim_peer_drop(peer, length);
    return length;
}

/* ---- handshake ---- */

STAGED(versions, "1.8.1", MIN)
{
    CHECK_STR(stage_heard(stage_proxy(s, "1.29.0")), "PONG Version(1.8.1)");
    CHECK_STR(stage_heard(stage_proxy(s, "1.3.0")), "PONG Version(1.3.0)");
    CHECK_STR(stage_heard(stage_proxy(s, "1.8.1-rc.1")), "PONG Version(1.8.1-rc.1)");
    CHECK_STR(stage_heard(stage_proxy(s, NULL)), "PONG");
}

STAGED(echoes, "1.5.5", ECHO)
{
    struct stage_proxy *p = stage_proxy(s, "99.0.0");
    stage_say_subscribe(p, YES);
    stage_remote(s, GET);
    CHECK_STR(stage_heard(p), "PONG Version(99.0.0) Subscribed(8080) Framed(0/0 GET /x)");
    struct stage_proxy *q = stage_proxy(s, "1.29.0-rc.1");
    stage_say_subscribe(q, YES);
    stage_remote(s, GET);
    CHECK_STR(stage_heard(q), "PONG Version(1.29.0-rc.1) Subscribed(8080) Request(0/0 GET /x)");
}

STAGED(silent_answer, "1.29.0", NONE)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    wire_put_ping(stage_say(p));
    wire_put_env_request(&p->w, 0);
    stage_send(p);
    CHECK_STR(stage_heard(p), "PONG PONG OTHER");
}

STAGED(before_negotiation, "1.2.1", MIN)
{
    CHECK_STR(stage_heard(stage_proxy(s, "1.29.0")), "PONG LINK ENDED");
    struct stage_proxy *p = stage_proxy(s, NULL);
    stage_say_subscribe(p, YES);
    stage_remote(s, GET);
    CHECK_STR(stage_heard(p), "PONG Subscribed(8080) Request(0/0 GET /x)");
}

STAGED(logs_when_ready, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, NULL);
    stage_say_subscribe(p, NULL);
    stage_remote(s, GET);
    CHECK_STR(stage_heard(p), "PONG Subscribed(8080)");
    wire_put_ready_for_logs(stage_say(p));
    stage_send(p);
    stage_remote(s, GET);
    CHECK_STR(stage_heard(p), "Log(An HTTP request was not stolen due to mirrord-protocol "
                              "version requirement: >=1.19.4)");
}

/* ---- stealing ---- */

STAGED(steals_what_matches, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    struct sim_peer *application, *remote = NULL;
    stage_say_subscribe(p, YES);
    remote = stage_remote(s, GET);
    CHECK_STR(stage_heard(p), "PONG Version(1.29.0) Subscribed(8080) StartV2(0/0 GET /x last)");
    stage_say_answer(p, WIRE_HTTP_RESPONSE_FRAMED, 0, 0, 200, 2, "ok");
    CHECK_STR(stage_got(remote), "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    CHECK_STR(stage_heard(p), "TcpClose(0)");
    stage_write(s, remote, OTHER);
    CHECK_STR(stage_upstream_got(s, &application), OTHER);
    REQUIRE(application != NULL);
    stage_write(s, application, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    CHECK_STR(stage_got(remote), "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
    stage_write(s, remote, GET);
    CHECK_STR(stage_heard(p), "StartV2(1/0 GET /x last)");
}

STAGED(pipelined, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, YES);
    struct sim_peer *remote = stage_remote(s, GET GET);
    CHECK_STR(stage_heard(p), "PONG Version(1.29.0) Subscribed(8080) StartV2(0/0 GET /x last)");
    stage_say_answer(p, WIRE_HTTP_RESPONSE_FRAMED, 0, 0, 200, 1, "a");
    CHECK_STR(stage_heard(p), "TcpClose(0) StartV2(1/0 GET /x last)");
    CHECK_STR(stage_got(remote), "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na");
}

STAGED(upload, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, YES);
    struct sim_peer *remote = stage_remote(s, CHUNKED);
    CHECK_STR(stage_heard(p), "PONG Version(1.29.0) Subscribed(8080) StartV2(0/0 POST /up abc)");
    stage_write(s, remote, "2\r\nde\r\n0\r\nx-sum: 1\r\n\r\n");
    CHECK_STR(stage_heard(p), "Body(0/0 de) Body(0/0 trailers) Body(0/0 last)");
    stage_say_answer(p, WIRE_HTTP_RESPONSE_START, 0, 0, 200, -1, NULL);
    CHECK_STR(stage_got(remote), "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    stage_say_body(p, 0, 0, "one", false);
    CHECK_STR(stage_got(remote), "3\r\none\r\n");
    stage_say_body(p, 0, 0, NULL, true);
    CHECK_STR(stage_got(remote), "0\r\n\r\n");
    CHECK_STR(stage_heard(p), "TcpClose(0)");
}

STAGED(early_answer, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, YES);
    struct sim_peer *remote = stage_remote(s, CHUNKED);
    stage_say_answer(p, WIRE_HTTP_RESPONSE_FRAMED, 0, 0, 200, 1, "a");
    stage_heard(p);
    stage_write(s, remote, "1\r\nd\r\n0\r\n\r\n" GET);
    CHECK_STR(stage_heard(p), "Body(0/0 d) Body(0/0 last) TcpClose(0) StartV2(1/0 GET /x last)");
}

/* AG-3: trailers right behind the head are no less trailers. */
STAGED(trailers_at_once, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, YES);
    stage_heard(p);
    stage_remote(s, CHUNKED_HEAD "0\r\nx-sum: 1\r\n\r\n");
    CHECK_STR(stage_heard(p), "StartV2(0/0 POST /up) Body(0/0 trailers) Body(0/0 last)");
}

/* AG-4 */
STAGED(bad_body_at_once, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0"), *q = stage_proxy(s, "1.29.0");
    struct sim_peer *application;
    stage_say_subscribe(p, YES);
    say_mirror(q);
    stage_heard(p);
    stage_heard(q);
    struct sim_peer *remote = stage_remote(s, CHUNKED_HEAD "zz\r\n");
    CHECK_STR(stage_got(remote), MALFORMED);
    CHECK(sim_peer_ended(remote));
    CHECK_STR(stage_heard(p), "");
    remote = stage_remote(s, "POST /other HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n");
    CHECK_STR(stage_got(remote), MALFORMED);
    CHECK_STR(stage_upstream_got(s, &application), "(nobody came)");
    CHECK_STR(stage_heard(q), "");
}

/* ... and no more than it, when the connection has served a request before. */
STAGED(old_bad_body_at_once, "1.8.1", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, YES);
    struct sim_peer *remote = stage_remote(s, GET);
    stage_say_answer(p, WIRE_HTTP_RESPONSE_FRAMED, 0, 0, 200, 0, NULL);
    stage_heard(p);
    stage_got(remote);
    stage_write(s, remote, CHUNKED_HEAD "zz\r\n");
    CHECK_STR(stage_got(remote), MALFORMED);
    CHECK_STR(stage_heard(p), "");
    sim_advance(&s->sim, MS(2000));
    CHECK_STR(stage_heard(p), "TcpClose(0)");
}

STAGED(framing, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, YES);
    struct sim_peer *remote = stage_remote(s, GET GET GET);
    stage_say_answer(p, WIRE_HTTP_RESPONSE_FRAMED, 0, 0, 200, -1, NULL);
    CHECK_STR(stage_got(remote), "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    stage_say_answer(p, WIRE_HTTP_RESPONSE, 1, 0, 200, -1, NULL);
    CHECK_STR(stage_got(remote), "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n");
    stage_say_answer(p, WIRE_HTTP_RESPONSE_FRAMED, 2, 0, 200, 9, "short");
    CHECK_STR(stage_got(remote), "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort");
    CHECK(sim_peer_ended(remote));
}

STAGED(misfits, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, YES);
    struct sim_peer *remote = stage_remote(s, GET);
    stage_say_body(p, 0, 0, "before its start", false);
    stage_say_data(p, 0, "not upgraded");
    stage_say_answer(p, WIRE_HTTP_RESPONSE, 0, 1, 500, -1, NULL);
    stage_say_answer(p, WIRE_HTTP_RESPONSE, 7, 0, 500, -1, NULL);
    CHECK_STR(stage_got(remote), "");
    stage_say_answer(p, WIRE_HTTP_RESPONSE_FRAMED, 0, 0, 200, 1, "a");
    stage_say_answer(p, WIRE_HTTP_RESPONSE_FRAMED, 0, 0, 500, 1, "b");
    stage_say_body(p, 0, 0, "after its end", true);
    CHECK_STR(stage_got(remote), "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na");
}

STAGED(waits_for_the_whole_body, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.3.0");
    stage_say_subscribe(p, YES);
    stage_heard(p);
    struct sim_peer *remote = stage_remote(s, CHUNKED);
    CHECK_STR(stage_heard(p), "");
    stage_write(s, remote, "2\r\nde\r\n0\r\n\r\n");
    CHECK_STR(stage_heard(p), "Framed(0/0 POST /up abc de)");
}

STAGED(version_changes, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.2.0");
    stage_say_subscribe(p, YES);
    stage_remote(s, GET);
    wire_put_switch_version(stage_say(p), (struct wire_text){"1.8.1", 5});
    stage_send(p);
    stage_remote(s, GET);
    CHECK_STR(stage_heard(p), "PONG Version(1.2.0) Subscribed(8080) Request(0/0 GET /x) "
                              "Version(1.8.1) StartV1(1/0 GET /x) Body(1/0 last)");
}

/* ---- giving up ---- */

STAGED(error_before_start, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, YES);
    struct sim_peer *remote = stage_remote(s, GET);
    stage_heard(p);
    wire_put_response_error(stage_say(p), &(struct wire_ids){0, 0, 0});
    stage_send(p);
    CHECK_STR(stage_got(remote), DROPPED);
    CHECK_STR(stage_heard(p), "");
}

STAGED(unsubscribed_in_the_middle, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, YES);
    struct sim_peer *remote = stage_remote(s, GET);
    stage_say_answer(p, WIRE_HTTP_RESPONSE_START, 0, 0, 200, -1, "one");
    stage_heard(p);
    wire_put_connection_unsubscribe(stage_say(p), WIRE_STEAL, 0);
    stage_send(p);
    CHECK_STR(stage_got(remote), "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
                                 "3\r\none\r\n0\r\n\r\n");
    CHECK_STR(stage_heard(p), "");
}

STAGED(undecodable, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0"), *q = stage_proxy(s, "1.29.0");
    struct sim_peer *application;
    stage_say_subscribe(p, YES);
    struct sim_peer *remote = stage_remote(s, GET);
    stage_heard(p);
    stage_heard(q);
    wire_put_byte(stage_say(p), 99);
    stage_send(p);
    CHECK_STR(stage_heard(p), "LINK ENDED");
    CHECK_STR(stage_heard(q), "");
    CHECK_STR(stage_got(remote), DROPPED);
    stage_write(s, remote, GET);
    CHECK_STR(stage_upstream_got(s, &application), GET);
    CHECK(sim_log_contains(&s->sim, "cannot read what the proxy says"));
}

STAGED(half_a_message, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, YES);
    struct sim_peer *remote = stage_remote(s, GET);
    wire_put_raw(stage_say(p), "\x02\x05", 2);
    stage_send(p);
    sim_peer_shutdown(p->link);
    stage_run(s);
    CHECK_STR(stage_got(remote), DROPPED);
}

STAGED(start_for_an_old_agent, "1.7.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, YES);
    struct sim_peer *remote = stage_remote(s, GET);
    stage_say_answer(p, WIRE_HTTP_RESPONSE_START, 0, 0, 200, -1, "one");
    CHECK_STR(stage_heard(p), "PONG Version(1.7.0) Subscribed(8080) StartV1(0/0 GET /x) "
                              "Body(0/0 last) LINK ENDED");
    CHECK_STR(stage_got(remote), DROPPED);
}

/* The session that a request of a running connection was routed to dies before the route arrives. */
static void dies_while_routed(void)
{
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct agent_stage s;
        struct sim_peer *application;
        agent_stage_create(&s, seed, "1.29.0", AGENT_ANSWER_MIN, NULL);
        struct stage_proxy *p = stage_proxy(&s, "1.29.0");
        stage_say_subscribe(p, YES);
        struct sim_peer *remote = stage_remote(&s, GET);
        stage_say_answer(p, WIRE_HTTP_RESPONSE_FRAMED, 0, 0, 200, 0, NULL);
        stage_got(remote);
        sim_peer_write(remote, GET, sizeof GET - 1);
        sim_peer_reset(p->link);
        stage_run(&s);
        if (*stage_upstream_got(&s, &application) != 'G')
            CHECK_STR(stage_got(remote), DROPPED);
        agent_stage_destroy(&s);
    }
}

/* ---- answers that are too long ---- */

static void say_raw(struct stage_proxy *p, const void *bytes, size_t length)
{
    sim_peer_write(p->link, bytes, length);
}

/* An answer in Framed that begins with so many frames, or with a frame of so many bytes. */
static struct wire_writer *say_framed(struct stage_proxy *p, uint64_t connection)
{
    struct wire_ids ids = {connection, 0, STAGE_PORT};
    struct wire_writer *w = stage_say(p);
    wire_put_response(w, WIRE_HTTP_RESPONSE_FRAMED, &ids);
    wire_put_status(w, 200);
    wire_put_string(w, "HTTP/1.1", 8);
    wire_put_uint(w, 0);
    return w;
}

/* The decoder keeps no more than so many frames of a message: an answer cut short is none. */
STAGED(answer_of_too_many_frames, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    size_t count = WIRE_FRAMES_MAX + 1;
    uint8_t *frames = malloc(3 * count);
    REQUIRE(frames != NULL);
    for (size_t i = 0; i < count; i++)
        memcpy(frames + 3 * i, "\0\1x", 3);
    stage_say_subscribe(p, YES);
    struct sim_peer *remote = stage_remote(s, GET);
    stage_heard(p);
    wire_put_uint(say_framed(p, 0), count);
    stage_send(p);
    say_raw(p, frames, 3 * count);
    free(frames);
    stage_run(s);
    CHECK_STR(stage_got(remote), DROPPED);
    CHECK_STR(stage_heard(p), "Log(Stolen connection 0 failed: the client's message is too long) "
                              "TcpClose(0)");
    stage_write(s, remote, GET);
    CHECK_STR(stage_heard(p), "StartV2(1/0 GET /x last)");
}

static void say_long_answer(struct stage_proxy *p, uint64_t connection, size_t length)
{
    struct wire_writer *w = say_framed(p, connection);
    wire_put_uint(w, 1);
    wire_put_frame(w, length);
    stage_send(p);
    fill(p->stage, p->link, length);
}

/* An answer may be longer than what our own proxy collects. */
STAGED(long_answer, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, YES);
    struct sim_peer *remote = stage_remote(s, GET);
    stage_heard(p);
    say_long_answer(p, 0, COLLECT_MAX + MIB(2));
    CHECK_STR(stage_heard(p), "TcpClose(0)");
    CHECK(got_bytes(remote) > COLLECT_MAX + MIB(2));
    CHECK(!sim_peer_ended(remote));
}

/* Beyond the limit a message costs its exchange, not the link. */
STAGED(message_over_the_limit, "1.29.0", MIN)
{
    s->settings.message_max = 100000;
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, YES);
    struct sim_peer *remote = stage_remote(s, GET);
    stage_heard(p);
    say_long_answer(p, 0, 300000);
    CHECK_STR(stage_got(remote), DROPPED);
    CHECK_STR(stage_heard(p), "Log(Stolen connection 0 failed: the client's message is too long) "
                              "TcpClose(0)");
    CHECK(sim_log_contains(&s->sim, "limit=100000"));
    stage_say_subscribe(p, NULL);
    remote = stage_remote(s, "\x01hi");
    stage_heard(p);
    wire_put_data(stage_say(p), WIRE_FROM_CLIENT, WIRE_STEAL, 1, 200000);
    stage_send(p);
    fill(s, p->link, 200000);
    CHECK_STR(stage_got(remote), "");
    CHECK(sim_peer_ended(remote));
    CHECK_STR(stage_heard(p), "Log(Stolen connection 1 failed: the client's message is too long) "
                              "TcpClose(1)");
    wire_put_ping(stage_say(p));
    stage_send(p);
    CHECK_STR(stage_heard(p), "PONG");
}

/* ---- remotes that leave ---- */

STAGED(leaves_before_the_answer, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, YES);
    sim_peer_close(stage_remote(s, GET));
    sim_peer_close(stage_remote(s, GET));
    stage_run(s);
    stage_heard(p);
    stage_say_answer(p, WIRE_HTTP_RESPONSE_FRAMED, 0, 0, 200, 1, "a");
    CHECK_STR(stage_heard(p), "TcpClose(0)");
    stage_say_answer(p, WIRE_HTTP_RESPONSE_START, 1, 0, 200, -1, NULL);
    CHECK_STR(stage_heard(p), "");
    stage_say_body(p, 1, 0, "a", false);
    CHECK_STR(stage_heard(p),
              "TcpClose(1) Log(Stolen connection 1 failed: stealing client dropped the "
              "connection/request) TcpClose(1)");
}

STAGED(leaves_in_its_upload, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, YES);
    struct sim_peer *remote = stage_remote(s, CHUNKED);
    stage_heard(p);
    sim_peer_close(remote);
    stage_run(s);
    CHECK_STR(stage_heard(p), "Log(Stolen connection 0 failed: connection closed before message "
                              "completed) TcpClose(0)");
}

/* The same when it is the agent that cuts the connection (AG-21). */
STAGED(cut_in_its_upload, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, YES);
    struct sim_peer *remote = stage_remote(s, CHUNKED);
    stage_heard(p);
    stage_say_answer(p, WIRE_HTTP_RESPONSE_FRAMED, 0, 0, 200, 9, "short");
    CHECK_STR(stage_got(remote), "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort");
    CHECK(sim_peer_ended(remote));
    CHECK_STR(stage_heard(p), "Log(Stolen connection 0 failed: connection closed before message "
                              "completed) TcpClose(0)");
}

STAGED(refused_in_its_upload, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, YES);
    struct sim_peer *remote = stage_remote(s, CHUNKED);
    stage_heard(p);
    stage_say_answer(p, WIRE_HTTP_RESPONSE_FRAMED, 0, 0, 100, -1, NULL);
    CHECK(strstr(stage_got(remote), "HTTP/1.1 500 ") != NULL);
    sim_advance(&s->sim, MS(2000));
    CHECK_STR(stage_heard(p), "Log(Stolen connection 0 failed: connection closed before message "
                              "completed) TcpClose(0)");
}

/* ---- upgrades and raw bytes ---- */

STAGED(upgraded, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, YES);
    struct sim_peer *remote = stage_remote(s, UPGRADE "early");
    stage_heard(p);
    stage_say_answer(p, WIRE_HTTP_RESPONSE_START, 0, 0, 101, -1, NULL);
    CHECK_STR(stage_got(remote), "HTTP/1.1 101 Switching Protocols\r\n\r\n");
    stage_say_data(p, 0, "before its end");
    CHECK_STR(stage_heard(p), "");
    stage_say_body(p, 0, 0, NULL, true);
    CHECK_STR(stage_heard(p), "Data(0,early)");
    stage_say_data(p, 0, "hello");
    CHECK_STR(stage_got(remote), "hello");
    sim_peer_shutdown(remote);
    stage_run(s);
    CHECK_STR(stage_heard(p), "Fin(0)");
    stage_say_data(p, 0, "still");
    stage_say_data(p, 0, "");
    CHECK_STR(stage_got(remote), "still");
    CHECK(sim_peer_ended(remote));
    CHECK_STR(stage_heard(p), "TcpClose(0)");
}

/* What is held for the end of a 101 is bounded: no credit is given for it. */
STAGED(upgrade_that_is_not_completed, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, YES);
    struct sim_peer *remote = stage_remote(s, UPGRADE);
    stage_say_answer(p, WIRE_HTTP_RESPONSE_START, 0, 0, 101, -1, NULL);
    stage_heard(p);
    fill(s, remote, MIB(3));
    CHECK(sim_peer_unread(remote) > MIB(2));
    stage_say_body(p, 0, 0, NULL, true);
    CHECK_UINT(sim_peer_unread(remote), 0);
    CHECK(got_bytes(p->link) > MIB(3));
}

/* After a 101 the application's side takes as much as at the beginning, whatever is left of the body. */
STAGED(upgraded_in_an_upload, "1.29.0", MIN)
{
    struct sim_peer *application;
    stage_say_subscribe(stage_proxy(s, "1.29.0"), "never");
    struct sim_peer *remote = stage_remote(s, "POST /ws HTTP/1.1\r\nconnection: upgrade\r\n"
                                              "upgrade: echo\r\ncontent-length: 3145728\r\n\r\n");
    (void)stage_upstream_got(s, &application);
    REQUIRE(application != NULL);
    sim_peer_reads(application, false);
    fill(s, remote, MIB(3));
    CHECK(sim_peer_unread(remote) > MIB(2));
    stage_write(s, application, "HTTP/1.1 101 Yes\r\nUpgrade: echo\r\n\r\n");
    sim_peer_reads(application, true);
    stage_run(s);
    CHECK_UINT(sim_peer_unread(remote), 0);
}

STAGED(upgraded_by_the_application, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    struct sim_peer *application;
    stage_say_subscribe(p, "never");
    struct sim_peer *remote = stage_remote(s, UPGRADE "early");
    CHECK_STR(stage_upstream_got(s, &application), UPGRADE);
    REQUIRE(application != NULL);
    stage_write(s, application, "HTTP/1.1 101 Yes\r\nUpgrade: echo\r\n\r\nhello");
    CHECK_STR(stage_got(remote), "HTTP/1.1 101 Switching Protocols\r\nupgrade: echo\r\n\r\nhello");
    CHECK_STR(stage_got(application), "early");
    sim_peer_shutdown(remote);
    stage_run(s);
    CHECK(sim_peer_ended(application));
}

STAGED(raw, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, NULL);
    struct sim_peer *remote = stage_remote(s, "\x01hi");
    CHECK_STR(stage_heard(p), "PONG Version(1.29.0) Subscribed(8080) New(0) Data(0,\x01hi)");
    stage_say_data(p, 0, "back");
    CHECK_STR(stage_got(remote), "back");
    sim_peer_reset(remote);
    stage_run(s);
    CHECK_STR(stage_heard(p), "Log(Stolen connection 0 failed: connection reset by the remote "
                              "client) TcpClose(0)");
}

STAGED(silent_remote, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, NULL);
    stage_heard(p);
    stage_remote(s, "GET / HT");
    sim_advance(&s->sim, DETECT_US - 1);
    CHECK_STR(stage_heard(p), "");
    sim_advance(&s->sim, 1);
    CHECK_STR(stage_heard(p), "New(0) Data(0,GET / HT)");
}

STAGED(raw_when_filtered, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    struct sim_peer *application;
    stage_say_subscribe(p, YES);
    stage_heard(p);
    stage_remote(s, "\x01hi");
    CHECK_STR(stage_upstream_got(s, &application), "\x01hi");
    CHECK_STR(stage_heard(p), "");
}

/* ---- who gets it ---- */

STAGED(unsubscribed_port, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    struct sim_peer *application;
    stage_say_subscribe(p, YES);
    struct sim_peer *remote = stage_remote(s, GET GET);
    stage_heard(p);
    wire_put_port_unsubscribe(stage_say(p), WIRE_STEAL, STAGE_PORT);
    stage_send(p);
    stage_say_answer(p, WIRE_HTTP_RESPONSE_FRAMED, 0, 0, 200, 1, "a");
    CHECK_STR(stage_heard(p), "TcpClose(0)");
    CHECK_STR(stage_got(remote), "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na");
    CHECK_STR(stage_upstream_got(s, &application), GET);
    stage_remote(s, "\x01raw, without a look");
    CHECK_STR(stage_upstream_got(s, &application), "\x01raw, without a look");
}

STAGED(two_clients, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0"), *q = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, YES);
    stage_say_subscribe(q, "mirrord");
    stage_heard(p);
    stage_heard(q);
    stage_remote(s, GET);
    CHECK_STR(stage_heard(q), "StartV2(0/0 GET /x last)");
    CHECK_STR(stage_heard(p), "Log(An HTTP request was stolen by another user. METHOD=(GET) "
                              "URI=(/x), HEADERS=({\"host\": \"h\", \"x-mirrord\": \"yes\"}) "
                              "PORT=(8080))");
    stage_say_subscribe(p, NULL);
    stage_heard(p);
    stage_remote(s, OTHER);
    stage_remote(s, GET);
    CHECK_STR(stage_heard(p), "StartV2(0/0 GET /other last) StartV2(1/0 GET /x last)");
    CHECK_STR(stage_heard(q), "");
}

STAGED(bad_filter, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, "(");
    stage_say_subscribe(p, YES);
    CHECK_STR(stage_heard(p), "PONG Version(1.29.0) Close(regular expression, at byte 1: missing "
                              "closing parenthesis) Subscribed(8080)");
}

STAGED(mirrored, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0"), *q = stage_proxy(s, "1.29.0");
    struct sim_peer *application;
    say_mirror(p);
    stage_say_subscribe(q, YES);
    stage_heard(q);
    stage_remote(s, CHUNKED "0\r\n\r\n");
    stage_remote(s, OTHER);
    CHECK_STR(stage_heard(p),
              "PONG Version(1.29.0) m:Subscribed(8080) m:StartV2(0/0 POST /up abc) "
              "m:Body(0/0 last) m:TcpClose(0) m:StartV2(1/0 GET /other last) m:TcpClose(1)");
    CHECK_STR(stage_heard(q), "StartV2(0/0 POST /up abc) Body(0/0 last)");
    CHECK_STR(stage_upstream_got(s, &application), OTHER);
}

STAGED(broken_off, "1.29.0", MIN)
{
    static const char begun[] = "HTTP/1.0 200 OK\r\n\r\nthe first half";
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, YES);
    struct sim_peer *application, *remote = stage_remote(s, "GET /other HTTP/1.0\r\n\r\n");
    (void)stage_upstream_got(s, &application);
    REQUIRE(application != NULL);
    stage_write(s, application, begun);
    CHECK(strstr(stage_got(remote), "the first half") != NULL);
    sim_peer_reset(application);
    stage_run(s);
    CHECK_UINT(sim_peer_error(remote), ECONNRESET);
}

STAGED(nobody_home, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, YES);
    sim_peer_unlisten(&s->sim, STAGE_UPSTREAM);
    struct sim_peer *remote = stage_remote(s, OTHER);
    const char *got = stage_got(remote);
    CHECK(strstr(got, "HTTP/1.1 502 Bad Gateway\r\n") != NULL);
    CHECK(strstr(got, "\r\n\r\nintproxy-agent: failed to pass the request to its original "
                      "destination: failed to connect to 127.0.0.1:8081") != NULL);
}

/* ---- the old kind ---- */

STAGED(old_ids, "1.8.1", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, YES);
    stage_heard(p);
    struct sim_peer *remote = stage_remote(s, GET);
    stage_say_answer(p, WIRE_HTTP_RESPONSE_FRAMED, 0, 0, 200, 1, "a");
    stage_write(s, remote, GET);
    CHECK_STR(stage_heard(p), "StartV1(0/0 GET /x) Body(0/0 last) StartV1(0/1 GET /x) "
                              "Body(0/1 last)");
    sim_peer_close(remote);
    stage_run(s);
    CHECK_STR(stage_heard(p), "TcpClose(0)");
}

STAGED(old_unfiltered, "1.8.1", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0"), *q = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, NULL);
    stage_say_subscribe(q, YES);
    CHECK_STR(stage_heard(q), "PONG Version(1.8.1) Stolen(8080)");
    stage_heard(p);
    struct sim_peer *remote = stage_remote(s, GET);
    CHECK_STR(stage_heard(p), "New(0) Data(0," GET ")");
    stage_say_data(p, 0, "any");
    stage_say_data(p, 0, "");
    CHECK_STR(stage_got(remote), "any");
    sim_peer_shutdown(remote);
    stage_run(s);
    CHECK_STR(stage_heard(p), "Fin(0)");
}

STAGED(old_broken_body, "1.7.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, YES);
    stage_heard(p);
    struct sim_peer *remote = stage_remote(s, CHUNKED);
    stage_write(s, remote, "no chunk\r\n");
    CHECK_STR(stage_heard(p), "StartV1(0/0 POST /up abc) Error(0/0)");
    CHECK_STR(stage_got(remote), "");
    stage_say_answer(p, WIRE_HTTP_RESPONSE_FRAMED, 0, 0, 502, 1, "e");
    CHECK_STR(stage_got(remote),
              "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 1\r\nconnection: close\r\n\r\ne");
    CHECK_STR(stage_heard(p), "TcpClose(0)");
}

STAGED(old_composite, "1.8.1", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    wire_put_subscribe_filter(stage_say(p), WIRE_STEAL, STAGE_PORT);
    wire_put_filter_all(&p->w, 0);
    stage_send(p);
    CHECK_STR(stage_heard(p), "PONG Version(1.8.1) LINK ENDED");
}

static void lost_body_end(void)
{
    struct agent_stage s;
    agent_stage_create(&s, test_seed, "1.8.1", AGENT_ANSWER_MIN, NULL);
    s.settings.lose_body_end = true;
    struct stage_proxy *p = stage_proxy(&s, "1.29.0");
    stage_say_subscribe(p, YES);
    stage_heard(p);
    stage_remote(&s, GET);
    CHECK_STR(stage_heard(p), "StartV1(0/0 GET /x)");
    struct sim_peer *remote = stage_remote(&s, CHUNKED);
    stage_write(&s, remote, "0\r\n\r\n");
    CHECK_STR(stage_heard(p), "StartV1(1/0 POST /up abc) Body(1/0 last)");
    agent_stage_destroy(&s);
}

/* ---- slow ones ---- */

STAGED(remote_that_does_not_read, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    static char piece[65000];
    memset(piece, 'x', sizeof piece - 1);
    stage_say_subscribe(p, YES);
    struct sim_peer *remote = stage_remote(s, GET);
    sim_peer_reads(remote, false);
    stage_say_answer(p, WIRE_HTTP_RESPONSE_START, 0, 0, 200, -1, NULL);
    stage_heard(p);
    for (unsigned sent = 0; sent < MIB(66); sent += sizeof piece)
        stage_say_body(p, 0, 0, piece, false);
    wire_put_ping(stage_say(p));
    stage_send(p);
    CHECK(strstr(stage_heard(p), "PONG") != NULL);
    CHECK(sim_log_contains(&s->sim, "64 MiB wait"));
}

/* A link that is not read holds up the remotes that send to it, and nobody else. */
STAGED(proxy_that_does_not_read, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    static char piece[65536];
    memset(piece, 'x', sizeof piece - 1);
    piece[0] = 1;
    stage_say_subscribe(p, NULL);
    sim_peer_reads(p->link, false);
    struct sim_peer *remote = stage_remote(s, piece);
    for (unsigned i = 0; i < 100; i++)
        stage_write(s, remote, piece);
    CHECK(sim_peer_unread(remote) > MIB(5));
    sim_peer_reads(p->link, true);
    stage_run(s);
    CHECK_UINT(sim_peer_unread(remote), 0);
}

/* AG-12 is about who is behind, not about how much was copied. */
STAGED(mirrors_more_than_may_wait, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    say_mirror(p);
    stage_heard(p);
    fill(s, stage_remote(s, UPLOAD), MIB(3));
    CHECK(got_bytes(p->link) > MIB(3));
    struct sim_peer *raw = stage_remote(s, "\x01");
    fill(s, raw, MIB(3));
    CHECK(got_bytes(p->link) > MIB(3));
    sim_peer_close(raw);
    stage_run(s);
    CHECK_STR(stage_heard(p), "m:Fin(1) m:TcpClose(1)");
}

/* AG-12: it is given up, and holds up nobody. */
STAGED(mirror_that_is_behind, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    struct sim_peer *application;
    say_mirror(p);
    stage_heard(p);
    sim_peer_reads(p->link, false);
    struct sim_peer *remote = stage_remote(s, UPLOAD);
    CHECK_STR(stage_upstream_got(s, &application), UPLOAD);
    REQUIRE(application != NULL);
    fill(s, remote, MIB(3));
    CHECK_UINT(got_bytes(application), MIB(3));
    sim_peer_reads(p->link, true);
    stage_run(s);
    size_t length;
    const uint8_t *bytes = sim_peer_received(p->link, &length);
    static const char why[] = "Mirrored connection 0 failed: the client is too slow";
    CHECK(length > AGENT_MIRROR_BEHIND_MAX && length < MIB(3));
    CHECK(memmem(bytes + length - 100, 100, why, sizeof why - 1) != NULL);
    stage_write(s, application, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    CHECK_STR(stage_got(remote), "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    got_bytes(p->link);
    stage_write(s, remote, OTHER);
    CHECK_STR(stage_heard(p), "m:StartV2(1/0 GET /other last) m:TcpClose(1)");
}

/* Heads count too, and what the remote has read does not. */
STAGED(heads_alone, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    static char value[65000];
    memset(value, 'x', sizeof value);
    stage_say_subscribe(p, YES);
    struct sim_peer *remote = stage_remote(s, GET);
    for (uint64_t id = 0; id * sizeof value < MIB(66) && !sim_peer_ended(remote); id++) {
        struct wire_ids ids = {id, 0, STAGE_PORT};
        struct wire_writer *w = stage_say(p);
        wire_put_response(w, WIRE_HTTP_RESPONSE_FRAMED, &ids);
        wire_put_status(w, 204);
        wire_put_string(w, "HTTP/1.1", 8);
        wire_put_uint(w, 1);
        wire_put_string(w, "x-long", 6);
        wire_put_uint(w, 1);
        wire_put_string(w, value, sizeof value);
        wire_put_uint(w, 0);
        stage_send(p);
        CHECK(got_bytes(remote) > sizeof value);
        stage_write(s, remote, GET);
    }
    CHECK(!sim_peer_ended(remote));
}

/* ---- uploads that nobody takes: they are read to their end, else a client that does not read before
 * it has written never sees its answer ---- */

STAGED(upload_for_nobody, "1.29.0", MIN)
{
    sim_route(&s->sim, STAGE_UPSTREAM, SIM_SILENT, 0);
    stage_say_subscribe(stage_proxy(s, "1.29.0"), YES);
    struct sim_peer *remote = stage_remote(s, OTHER_UPLOAD);
    fill(s, remote, MIB(3));
    CHECK(sim_peer_unread(remote) > MIB(2));
    sim_advance(&s->sim, LOCAL_CONNECT_US);
    CHECK_UINT(sim_peer_unread(remote), 0);
    CHECK(strstr(stage_got(remote), "HTTP/1.1 502 Bad Gateway\r\n") != NULL);
}

STAGED(upload_answered_early, "1.29.0", MIN)
{
    struct sim_peer *application;
    stage_say_subscribe(stage_proxy(s, "1.29.0"), YES);
    struct sim_peer *remote = stage_remote(s, OTHER_UPLOAD);
    CHECK_STR(stage_upstream_got(s, &application), OTHER_UPLOAD);
    REQUIRE(application != NULL);
    sim_peer_reads(application, false);
    fill(s, remote, MIB(3));
    CHECK(sim_peer_unread(remote) > MIB(2));
    stage_write(s, application, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    CHECK_UINT(sim_peer_unread(remote), 0);
    CHECK_STR(stage_got(remote), "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    stage_write(s, remote, OTHER);
    CHECK_STR(stage_upstream_got(s, &application), OTHER);
}

/* The proxy's link is full; it gives the request up, or is lost itself. */
static void upload_given_up(struct agent_stage *s, bool lost)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, YES);
    struct sim_peer *remote = stage_remote(s, UPLOAD);
    sim_peer_reads(p->link, false);
    fill(s, remote, MIB(3));
    CHECK(sim_peer_unread(remote) > MIB(2));
    if (lost) {
        sim_peer_reset(p->link);
        stage_run(s);
    } else {
        wire_put_response_error(stage_say(p), &(struct wire_ids){0, 0, 0});
        stage_send(p);
    }
    CHECK_UINT(sim_peer_unread(remote), 0);
    CHECK_STR(stage_got(remote), DROPPED);
}

STAGED(upload_given_up_by_error, "1.29.0", MIN)
{
    upload_given_up(s, false);
}

STAGED(upload_given_up_by_death, "1.29.0", MIN)
{
    upload_given_up(s, true);
}

/* AG-19: it goes as soon as it says anything more. */
STAGED(raw_upload_given_up, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, NULL);
    sim_peer_reads(p->link, false);
    uint32_t before = sim_actors(&s->sim);
    struct sim_peer *remote = stage_remote(s, "\x01");
    fill(s, remote, MIB(3));
    CHECK_UINT(sim_actors(&s->sim), before + 1);
    wire_put_connection_unsubscribe(stage_say(p), WIRE_STEAL, 0);
    stage_send(p);
    CHECK_UINT(sim_actors(&s->sim), before);
}

/* ---- the whole ---- */

STAGED(told_to_end, "1.29.0", MIN)
{
    struct stage_proxy *p = stage_proxy(s, "1.29.0");
    stage_say_subscribe(p, YES);
    stage_remote(s, GET);
    sim_signal(&s->sim, SIGTERM);
    stage_run(s);
    CHECK(sim_has_ended(&s->sim));
}

/* Reads and writes that move a few bytes at a time change nothing of what is said. */
static void cut_anywhere(void)
{
    static void (*const scenes[])(struct agent_stage *) = {
        steals_what_matches_on, pipelined_on, framing_on,     misfits_on,     error_before_start_on,
        undecodable_on,         versions_on,  two_clients_on, nobody_home_on, version_changes_on,
    };
    for (unsigned i = 0; i < 3 * sizeof scenes / sizeof *scenes; i++) {
        struct agent_stage s;
        agent_stage_create(&s, test_seed + i, i % 10 == 6 ? "1.8.1" : "1.29.0", AGENT_ANSWER_MIN,
                           NULL);
        sim_cut(&s.sim, 1 + i / 10 * 3);
        scenes[i % 10](&s);
        agent_stage_destroy(&s);
    }
}

/* Each actor, given its messages again, does the same again. */
static void replayed(void)
{
    static void (*const scenes[])(struct agent_stage *) = {
        steals_what_matches_on,
        upload_on,
        leaves_before_the_answer_on,
        upgraded_on,
        raw_on,
        mirrored_on,
        undecodable_on,
        silent_remote_on,
        two_clients_on,
        nobody_home_on,
        upgraded_by_the_application_on,
        trailers_at_once_on,
        bad_body_at_once_on,
        cut_in_its_upload_on,
        message_over_the_limit_on,
        upgrade_that_is_not_completed_on,
    };
    for (unsigned i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        struct recording *recording = recording_new();
        struct agent_stage s;
        char report[4000] = "";
        agent_stage_create(&s, test_seed, "1.29.0", AGENT_ANSWER_MIN, recording_hooks(recording));
        scenes[i](&s);
        agent_stage_destroy(&s);
        CHECK(recording_inputs(recording) > 0);
        CHECK_UINT(replay_all(recording, report, sizeof report), 0);
        CHECK_STR(report, "");
        recording_free(recording);
    }
}

CU_TestInfo agent_tests[] = {
    {"the smaller version is answered", versions},
    {"an echoing agent answers anything and says what it knows itself", echoes},
    {"an agent may leave the version unanswered", silent_answer},
    {"an agent before 1.3.0 ends the link at the question", before_negotiation},
    {"logs come only after ReadyForLogs", logs_when_ready},
    {"what matches is stolen, the rest of the connection passed on", steals_what_matches},
    {"a pipelined request waits for the answer before it", pipelined},
    {"uploads and answers are streamed", upload},
    {"the body goes on after an early answer", early_answer},
    {"trailers may come right behind the head", trailers_at_once},
    {"a body that fails at once is offered to nobody", bad_body_at_once},
    {"old kind: the same, and nothing is said of the request before", old_bad_body_at_once},
    {"answers are framed by what is known of them", framing},
    {"what does not fit the state of an id is ignored", misfits},
    {"below 1.7.0 a request comes when its body is complete", waits_for_the_whole_body},
    {"a second version takes effect with the next request", version_changes},
    {"an error before the start is a 502", error_before_start},
    {"an answer given up in the middle ends cleanly if chunked", unsubscribed_in_the_middle},
    {"undecodable bytes end this link and no other", undecodable},
    {"half a message and the end are as bad", half_a_message},
    {"a Start ends the link of an agent below 1.8.0", start_for_an_old_agent},
    {"a session that dies while its request is routed is noticed", dies_while_routed},
    {"an answer of too many frames is given up", answer_of_too_many_frames},
    {"an answer may be longer than 64 MiB", long_answer},
    {"a message beyond the limit costs its exchange, not the link", message_over_the_limit},
    {"a remote that leaves early is noticed with the answer", leaves_before_the_answer},
    {"a remote that leaves in its upload is noticed at once", leaves_in_its_upload},
    {"a remote that is cut in its upload is told of", cut_in_its_upload},
    {"a remote that is refused in its upload is told of", refused_in_its_upload},
    {"an upgrade is raw once its 101 is complete", upgraded},
    {"what comes before the end of a 101 is bounded", upgrade_that_is_not_completed},
    {"after a 101 credit begins anew", upgraded_in_an_upload},
    {"the application may upgrade too", upgraded_by_the_application},
    {"what is no HTTP is stolen raw", raw},
    {"a silent remote is raw after two seconds", silent_remote},
    {"what is no HTTP goes to the application if the port is filtered", raw_when_filtered},
    {"without subscriptions everything goes to the application", unsubscribed_port},
    {"of two clients one gets it", two_clients},
    {"a bad filter is a Close, and the link goes on", bad_filter},
    {"copies go to who mirrors", mirrored},
    {"an upstream that is not there is a 502", nobody_home},
    {"an answer that breaks off does not seem whole", broken_off},
    {"old kind: an id a connection, request ids count", old_ids},
    {"old kind: an unfiltered port is raw and for one client", old_unfiltered},
    {"old kind: a broken body is an Error, and the answer goes through", old_broken_body},
    {"old kind: a composite filter ends the link", old_composite},
    {"some old agents forget the end of a complete body", lost_body_end},
    {"a remote that does not read is cut off, the link goes on", remote_that_does_not_read},
    {"a proxy that does not read holds up the remotes", proxy_that_does_not_read},
    {"a mirror that reads gets all, however much", mirrors_more_than_may_wait},
    {"a mirror that is behind is given up", mirror_that_is_behind},
    {"heads alone do not add up against a remote that reads", heads_alone},
    {"an upload is read although nobody can be reached", upload_for_nobody},
    {"an upload is read although it was answered", upload_answered_early},
    {"an upload is read although the proxy gave it up", upload_given_up_by_error},
    {"an upload is read although its proxy is gone", upload_given_up_by_death},
    {"a raw upload that was given up ends", raw_upload_given_up},
    {"SIGTERM ends it", told_to_end},
    {"bytes may come cut anywhere", cut_anywhere},
    {"every actor of the agent is a function of its messages", replayed},
    CU_TEST_INFO_NULL,
};
