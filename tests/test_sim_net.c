/* tests/test_sim_net.c -- the simulated network: what actors' sockets and outside peers see of each other. */
#include "messages/kinds.h"
#include "runtime/sim_parts.h"
#include "tests/check.h"
#include "tests/toys.h"
#include <errno.h>
#include <stdlib.h>

enum { SEEDS = 40 };

static struct actor_ref begin(struct sim *sim, uint64_t seed)
{
    messages_init();
    sim_create(sim, seed, 2, NULL);
    struct actor_ref server = sim_spawn(sim, &toy_server_type, toy_at("127.0.0.1:80", ""));
    CHECK(sim_run_until_idle(sim));
    return server;
}

static const struct toy_client *client(const struct sim *sim, struct actor_ref ref)
{
    return (const struct toy_client *)sim_actor(sim, ref);
}

static void fill(uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 251);
}

static void check_received(const struct sim_peer *p, const void *want, size_t want_length)
{
    size_t length;
    const uint8_t *bytes = sim_peer_received(p, &length);
    CHECK_BYTES(bytes, length, want, want_length);
}

static void bytes_come_back_however_they_are_cut(void)
{
    static uint8_t bytes[20000];
    fill(bytes, sizeof bytes);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct sim sim;
        begin(&sim, seed);
        sim_cut(&sim, 1 + (size_t)seed * 37);
        sim_capacity(&sim, 3000);
        size_t length = seed ? sizeof bytes : 500;
        struct sim_peer *p = sim_peer_connect(&sim, "127.0.0.1:80");
        REQUIRE(p != NULL);
        sim_peer_write(p, bytes, length);
        sim_peer_shutdown(p);
        CHECK(sim_run_until_idle(&sim));
        check_received(p, bytes, length);
        CHECK(sim_peer_ended(p));
        CHECK_UINT(sim_peer_error(p), 0);
        CHECK_UINT(sim_actors(&sim), 1); /* the echo has ended */
        CHECK_UINT(sim_destroy(&sim), 0);
    }
}

static void a_peer_that_does_not_read_stops_the_sender(void)
{
    static uint8_t bytes[100000];
    fill(bytes, sizeof bytes);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct sim sim;
        begin(&sim, seed);
        sim_capacity(&sim, 2000);
        struct sim_peer *p = sim_peer_connect(&sim, "127.0.0.1:80");
        sim_peer_reads(p, false);
        sim_peer_write(p, bytes, sizeof bytes);
        CHECK(sim_run_until_idle(&sim));
        check_received(p, "", 0);
        CHECK(sim_peer_unread(p) > sizeof bytes / 2);
        sim_peer_reads(p, true);
        CHECK(sim_run_until_idle(&sim));
        check_received(p, bytes, sizeof bytes);
        CHECK_UINT(sim_peer_unread(p), 0);
        CHECK_UINT(sim_destroy(&sim), 0);
    }
}

static void what_was_received_can_be_dropped(void)
{
    struct sim sim;
    begin(&sim, 0);
    struct sim_peer *p = sim_peer_connect(&sim, "127.0.0.1:80");
    sim_peer_write(p, "one two", 7);
    CHECK(sim_run_until_idle(&sim));
    sim_peer_drop(p, 4);
    check_received(p, "two", 3);
    sim_peer_write(p, "!", 1);
    CHECK(sim_run_until_idle(&sim));
    check_received(p, "two!", 4);
    CHECK_UINT(sim_destroy(&sim), 0);
}

static void an_actor_connects_to_a_peer(void)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct sim sim;
        begin(&sim, seed);
        sim_peer_listen(&sim, "10.0.0.9:8080", NULL, NULL);
        struct actor_ref ref =
            sim_spawn(&sim, &toy_client_type, toy_at("10.0.0.9:8080", "GET / HTTP/1.1\r\n"));
        CHECK(sim_peer_accept(&sim, "10.0.0.9:8080") == NULL);
        CHECK(sim_run_until_idle(&sim));
        struct sim_peer *p = sim_peer_accept(&sim, "10.0.0.9:8080");
        REQUIRE(p != NULL);
        CHECK(sim_peer_accept(&sim, "10.0.0.9:8080") == NULL);
        check_received(p, "GET / HTTP/1.1\r\n", 16);
        sim_peer_write(p, "answer", 6);
        sim_peer_close(p);
        CHECK(sim_run_until_idle(&sim));
        CHECK(client(&sim, ref)->connected);
        CHECK_UINT(client(&sim, ref)->received, 6);
        CHECK(client(&sim, ref)->ended);
        CHECK(!client(&sim, ref)->failed);
        CHECK_UINT(sim_destroy(&sim), 0);
    }
}

static void an_actor_connects_to_an_actor(void)
{
    static const char *const addresses[] = {"127.0.0.1:81", "[::1]:81", "unix:/run/a.sock",
                                            "internal:agent", "0.0.0.0:81"};
    static const char *const from[] = {"127.0.0.1:81", "[::1]:81", "unix:/run/a.sock",
                                       "internal:agent", "127.0.0.1:81"};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct sim sim;
        begin(&sim, seed);
        sim_spawn(&sim, &toy_server_type, toy_at(addresses[seed % 5], ""));
        CHECK(sim_run_until_idle(&sim));
        struct actor_ref ref =
            sim_spawn(&sim, &toy_client_type, toy_at(from[seed % 5], "to and fro"));
        CHECK(sim_run_until_idle(&sim));
        CHECK(client(&sim, ref)->connected);
        CHECK_UINT(client(&sim, ref)->received, 10);
        CHECK_UINT(sim_actors(&sim), 4);
        CHECK_UINT(sim_destroy(&sim), 0);
    }
}

static const struct toy_client *try(struct sim *sim, const char *to, uint64_t wait_us)
{
    struct actor_ref ref = sim_spawn(sim, &toy_client_type, toy_at(to, "bytes"));
    CHECK(sim_advance(sim, wait_us));
    return client(sim, ref);
}

static void connects_fail_as_they_do_outside(void)
{
    for (uint64_t seed = 0; seed < 10; seed++) {
        struct sim sim;
        begin(&sim, seed);
        CHECK_UINT(try(&sim, "10.0.0.1:1", 0)->error, ECONNREFUSED);
        CHECK_UINT(try(&sim, "unix:/nothing", 0)->error, ENOENT);
        CHECK_UINT(try(&sim, "internal:nothing", 0)->error, ECONNREFUSED);
        sim_route(&sim, "127.0.0.1:80", SIM_REFUSED, 250000);
        uint64_t now = sim.now_us;
        const struct toy_client *first = try(&sim, "127.0.0.1:80", 249999);
        CHECK_UINT(first->answered_us, 0);
        CHECK(sim_advance(&sim, 1));
        CHECK_UINT(first->answered_us, now + 250000);
        const struct toy_client *late = try(&sim, "127.0.0.1:80", 250000);
        CHECK_UINT(late->error, ECONNREFUSED);
        CHECK_UINT(late->answered_us, now + 500000);
        sim_route(&sim, "127.0.0.1:80", SIM_SILENT, 0);
        CHECK_UINT(try(&sim, "127.0.0.1:80", 3600000000)->answered_us, 0);
        sim_route(&sim, "127.0.0.1:80", SIM_OPEN, 10);
        CHECK(try(&sim, "127.0.0.1:80", 10)->connected);
        CHECK_UINT(sim_destroy(&sim), 0);
    }
}

static void an_address_is_listened_on_once(void)
{
    struct sim sim;
    struct actor_ref first = begin(&sim, 0);
    struct actor_ref second = sim_spawn(&sim, &toy_server_type, toy_at("127.0.0.1:80", ""));
    struct actor_ref any = sim_spawn(&sim, &toy_server_type, toy_at("127.0.0.1:0", ""));
    CHECK(sim_run_until_idle(&sim));
    CHECK_UINT(((const struct toy_server *)sim_actor(&sim, second))->error, EADDRINUSE);
    CHECK_UINT(((const struct toy_server *)sim_actor(&sim, any))->error, 0);
    CHECK_UINT(((const struct toy_server *)sim_actor(&sim, any))->port, 40000);
    CHECK(sim_peer_connect(&sim, "127.0.0.1:81") == NULL);
    struct sim_peer *waits = sim_peer_connect(&sim, "127.0.0.1:80");
    REQUIRE(waits != NULL);
    CHECK(sim_kill(&sim, first)); /* before it could accept */
    CHECK(sim_run_until_idle(&sim));
    CHECK_UINT(sim_peer_error(waits), ECONNRESET);
    CHECK(sim_peer_connect(&sim, "127.0.0.1:80") == NULL);
    CHECK_UINT(sim_destroy(&sim), 0);
}

static void a_reset_is_a_failure_after_what_came_before_it(void)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct sim sim;
        begin(&sim, seed);
        sim_peer_listen(&sim, "10.0.0.9:1", NULL, NULL);
        struct actor_ref ref = sim_spawn(&sim, &toy_client_type, toy_at("10.0.0.9:1", "x"));
        CHECK(sim_run_until_idle(&sim));
        struct sim_peer *p = sim_peer_accept(&sim, "10.0.0.9:1");
        sim_peer_write(p, "last words", 10);
        while (p->outgoing.length) /* until the bytes are on their way */
            REQUIRE(sim_step(&sim));
        sim_peer_reset(p);
        CHECK(sim_run_until_idle(&sim));
        CHECK_UINT(client(&sim, ref)->received, 10);
        CHECK_UINT(client(&sim, ref)->failed_error, ECONNRESET);
        CHECK_UINT(sim_destroy(&sim), 0);
    }
}

static void stops_reading(struct sim_peer *p, void *context)
{
    *(struct sim_peer **)context = p;
    sim_peer_reads(p, false);
}

static void closing_with_bytes_unread_is_a_reset(void)
{
    for (unsigned unread = 0; unread < 2; unread++) {
        struct sim sim;
        struct sim_peer *p = NULL;
        begin(&sim, 0);
        sim_peer_listen(&sim, "10.0.0.9:1", stops_reading, &p);
        struct actor_ref ref =
            sim_spawn(&sim, &toy_client_type, toy_at("10.0.0.9:1", unread ? "unheard" : ""));
        CHECK(sim_run_until_idle(&sim));
        REQUIRE(p != NULL);
        sim_peer_close(p);
        CHECK(sim_run_until_idle(&sim));
        CHECK(client(&sim, ref)->failed == (unread != 0));
        CHECK(client(&sim, ref)->ended == (unread == 0));
        CHECK_UINT(client(&sim, ref)->failed_error, unread ? ECONNRESET : 0);
        CHECK_UINT(sim_destroy(&sim), 0);
    }
}

static void without_descriptors_connections_wait(void)
{
    for (uint64_t seed = 0; seed < 10; seed++) {
        struct sim sim;
        begin(&sim, seed);
        sim_descriptors(&sim, 2); /* the listener has one */
        struct sim_peer *first = sim_peer_connect(&sim, "127.0.0.1:80");
        struct sim_peer *second = sim_peer_connect(&sim, "127.0.0.1:80");
        sim_peer_write(first, "1", 1);
        sim_peer_write(second, "2", 1);
        CHECK(sim_run_until_idle(&sim));
        check_received(first, "1", 1);
        check_received(second, "", 0);
        CHECK(sim_log_contains(&sim, "no descriptor for a new connection"));
        CHECK_UINT(try(&sim, "127.0.0.1:80", 0)->error, EMFILE);
        sim_peer_close(first);
        CHECK(sim_advance(&sim, (uint64_t)ACCEPT_RETRY_MS * 1000));
        check_received(second, "2", 1);
        CHECK_UINT(sim_destroy(&sim), 0);
    }
}

/* An application that answers each line. */
static void on_request(struct sim_peer *p, void *context)
{
    size_t length;
    const uint8_t *bytes = sim_peer_received(p, &length);
    const uint8_t *end = length ? memchr(bytes, '\n', length) : NULL;
    if (end) {
        ++*(unsigned *)context;
        sim_peer_drop(p, (size_t)(end - bytes) + 1);
        sim_peer_write(p, "ok\n", 3);
    }
    if (sim_peer_ended(p))
        sim_peer_close(p);
}

static void on_accepted(struct sim_peer *p, void *context)
{
    sim_peer_on_bytes(p, on_request, context);
}

static void scripted_peers_answer_by_themselves(void)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct sim sim;
        unsigned requests = 0;
        begin(&sim, seed);
        sim_cut(&sim, 2);
        sim_peer_listen(&sim, "unix:/run/app", on_accepted, &requests);
        struct actor_ref refs[5];
        for (unsigned i = 0; i < 5; i++)
            refs[i] = sim_spawn(&sim, &toy_client_type, toy_at("unix:/run/app", "request\n"));
        CHECK(sim_run_until_idle(&sim));
        CHECK_UINT(requests, 5);
        for (unsigned i = 0; i < 5; i++) {
            CHECK_UINT(client(&sim, refs[i])->received, 3);
            sim_send(&sim, refs[i], msg_stop_new((struct msg_stop){STOP_ASKED}));
        }
        CHECK(sim_run_until_idle(&sim));
        CHECK_UINT(sim_actors(&sim), 1);
        CHECK_UINT(sim_destroy(&sim), 0);
    }
}

/* What was written by an actor that has ended still leaves, until LINGER_MS are over. */
static void the_written_outlives_the_writer_for_a_while(void)
{
    static char text[3001];
    memset(text, 'x', sizeof text - 1);
    for (unsigned reads = 0; reads < 2; reads++) {
        struct sim sim;
        begin(&sim, 0);
        struct sim_peer *p = NULL;
        sim_peer_listen(&sim, "10.0.0.9:1", stops_reading, &p);
        sim_capacity(&sim, 100);
        struct actor_ref ref = sim_spawn(&sim, &toy_client_type, toy_at("10.0.0.9:1", text));
        CHECK(sim_run_until_idle(&sim));
        REQUIRE(p != NULL);
        CHECK(sim_kill(&sim, ref));
        if (reads)
            sim_peer_reads(p, true);
        CHECK(sim_advance(&sim, (uint64_t)LINGER_MS * 1000));
        sim_peer_reads(p, true);
        CHECK(sim_run_until_idle(&sim));
        size_t length;
        sim_peer_received(p, &length);
        CHECK(reads ? length == 3000 : length < 3000);
        CHECK(sim_peer_ended(p));
        CHECK_UINT(sim_destroy(&sim), 0);
    }
}

CU_TestInfo sim_net_tests[] = {
    {"bytes come back however they are cut", bytes_come_back_however_they_are_cut},
    {"a peer that does not read stops the sender", a_peer_that_does_not_read_stops_the_sender},
    {"what was received can be dropped", what_was_received_can_be_dropped},
    {"an actor connects to a peer", an_actor_connects_to_a_peer},
    {"an actor connects to an actor", an_actor_connects_to_an_actor},
    {"connects fail as they do outside", connects_fail_as_they_do_outside},
    {"an address is listened on once", an_address_is_listened_on_once},
    {"a reset is a failure after what came before it",
     a_reset_is_a_failure_after_what_came_before_it},
    {"closing with bytes unread is a reset", closing_with_bytes_unread_is_a_reset},
    {"without descriptors connections wait", without_descriptors_connections_wait},
    {"scripted peers answer by themselves", scripted_peers_answer_by_themselves},
    {"the written outlives the writer for a while", the_written_outlives_the_writer_for_a_while},
    CU_TEST_INFO_NULL,
};
