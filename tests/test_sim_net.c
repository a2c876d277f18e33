/* tests/test_sim_net.c -- the simulated network: what actors' sockets and outside peers see of each other. */
#include "messages/kinds.h"
#include "runtime/sim_parts.h"
#include "tests/check.h"
#include "tests/toys.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

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

static void check_ended(const struct sim_peer *p, size_t want_length)
{
    size_t length;
    sim_peer_received(p, &length);
    CHECK_UINT(length, want_length);
    CHECK(sim_peer_ended(p));
    CHECK_UINT(sim_peer_error(p), 0);
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
        CHECK(sim_log_contains(&sim, "no descriptor for a new connection, it waits"
                                     " why=\"Too many open files\""));
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

/* ---- an actor that does what the test says, and what it heard as words ---- */

static struct {
    void (*then)(struct actor *self, struct message *m);
    char heard[300];
    uint64_t received, unsent;
    uint32_t error;
} now;

static void note(const char *word)
{
    size_t length = strlen(now.heard), n = strlen(word);
    if (length < n || strcmp(now.heard + length - n, word) != 0) /* a stream is one word */
        snprintf(now.heard + length, sizeof now.heard - length, "%s", word);
}

static void on_doer(struct actor *self, struct message *m)
{
    switch (m->kind) {
    case MSG_SOCKET_CONNECTED:
        note(msg_socket_connected(m)->error ? "refused " : "connected ");
        break;
    case MSG_SOCKET_DATA:
        note("data ");
        now.received += msg_socket_data(m)->bytes.length;
        break;
    case MSG_SOCKET_END: note("end "); break;
    case MSG_SOCKET_DRAINED: note("drained "); break;
    case MSG_SOCKET_FAILED:
        note("failed ");
        now.error = msg_socket_failed(m)->error;
        now.unsent = msg_socket_failed(m)->unsent;
        break;
    default: break;
    }
    now.then(self, m);
}

static const struct actor_type doer_type = {"doer", sizeof(struct actor), on_doer, NULL};

static struct actor_ref begin_doer(struct sim *sim, uint64_t seed,
                                   void (*then)(struct actor *self, struct message *m))
{
    memset(&now, 0, sizeof now);
    now.then = then;
    messages_init();
    sim_create(sim, seed, 2, NULL);
    return sim_spawn(sim, &doer_type, resume(0));
}

static void tell(struct sim *sim, struct actor_ref doer, uint32_t n)
{
    sim_send(sim, doer, resume(n));
    CHECK(sim_run_until_idle(sim));
}

static bool told(struct message *m, uint32_t n)
{
    return m->kind == MSG_CONTINUE && msg_resume(m)->n == n;
}

static void dial(struct actor *self, const char *to)
{
    struct address a;
    sim_parse(&a, to);
    socket_connect(self, 0, &a);
}

static void say(struct actor *self, size_t length)
{
    static const uint8_t bytes[4000];
    socket_write(self, 0, span_copy(bytes, length));
}

/* ---- writes that fail ---- */

enum { MUCH = 3000000 }; /* more than 16 reads */

static void writes_when_told(struct actor *self, struct message *m)
{
    if (told(m, 0))
        dial(self, "10.0.0.9:1");
    if (m->kind == MSG_SOCKET_CONNECTED)
        socket_pause(self, 0);
    if (told(m, 1))
        say(self, 7);
    if (told(m, 2))
        socket_notify(self, 0, 0);
    if (told(m, 3))
        socket_resume(self, 0);
}

/* The peer says much and leaves, before the paused doer has read any of it. */
static struct actor_ref begin_left_alone(struct sim *sim, uint64_t seed, bool fin)
{
    static uint8_t bytes[MUCH];
    struct actor_ref ref = begin_doer(sim, seed, writes_when_told);
    sim_capacity(sim, 2 * sizeof bytes);
    sim_peer_listen(sim, "10.0.0.9:1", NULL, NULL);
    CHECK(sim_run_until_idle(sim));
    struct sim_peer *p = sim_peer_accept(sim, "10.0.0.9:1");
    REQUIRE(p != NULL);
    sim_peer_write(p, bytes, sizeof bytes);
    if (fin)
        sim_peer_shutdown(p);
    CHECK(sim_run_until_idle(sim));
    sim_peer_reset(p);
    CHECK(sim_run_until_idle(sim));
    CHECK_STR(now.heard, "connected ");
    return ref;
}

/* DEL-38: what the peer said before it left is heard, all of it, but not while the socket is paused nor
 * faster than otherwise. After a reset there is no end: an answer to the end of the connection would
 * count as whole (DEL-30). */
static void a_failed_write_is_told_after_all_that_came(void)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct sim sim;
        bool fin = seed % 2;
        struct actor_ref ref = begin_left_alone(&sim, seed, fin);
        tell(&sim, ref, 1);
        tell(&sim, ref, 1); /* this does not leave, either */
        CHECK_STR(now.heard, "connected ");
        tell(&sim, ref, 2);
        CHECK_STR(now.heard, "connected drained ");
        sim_send(&sim, ref, resume(3));
        while (sim_step(&sim))
            CHECK(sim_actor(&sim, ref)->sockets->unheard <= READS_UNHEARD);
        CHECK_STR(now.heard,
                  fin ? "connected drained data end failed " : "connected drained data failed ");
        CHECK_UINT(now.received, MUCH);
        CHECK_UINT(now.error, fin ? EPIPE : ECONNRESET);
        CHECK_UINT(now.unsent, 14);
        CHECK_UINT(sim_destroy(&sim), 0);
    }
}

static void a_write_after_the_end_fails_at_once(void)
{
    for (uint64_t seed = 0; seed < 10; seed++) {
        struct sim sim;
        struct actor_ref ref = begin_left_alone(&sim, seed, true);
        tell(&sim, ref, 3);
        CHECK_STR(now.heard, "connected data end ");
        tell(&sim, ref, 1);
        CHECK_STR(now.heard, "connected data end failed ");
        CHECK_UINT(sim_destroy(&sim), 0);
    }
}

/* ---- closing while the peer speaks ---- */

static void answers_and_closes(struct actor *self, struct message *m)
{
    if (told(m, 0))
        dial(self, "10.0.0.9:1");
    if (m->kind == MSG_SOCKET_CONNECTED)
        socket_pause(self, 0);
    if (told(m, 1)) {
        say(self, 3000);
        socket_close(self, 0);
    }
    if (told(m, 2))
        socket_abort(self, 0);
}

static struct actor_ref begin_spoken_to(struct sim *sim, uint64_t seed, struct sim_peer **p)
{
    struct actor_ref ref = begin_doer(sim, seed, answers_and_closes);
    sim_reset_drops(sim, true);
    sim_peer_listen(sim, "10.0.0.9:1", NULL, NULL);
    CHECK(sim_run_until_idle(sim));
    *p = sim_peer_accept(sim, "10.0.0.9:1");
    REQUIRE(*p != NULL);
    return ref;
}

/* The answer reaches a peer that goes on asking, whether or not the kernel has it all at the close. */
static void an_answer_survives_what_the_peer_still_says(void)
{
    static uint8_t bytes[10000];
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct sim sim;
        struct sim_peer *p;
        struct actor_ref ref = begin_spoken_to(&sim, seed, &p);
        p->end->link->capacity_bytes = seed % 2 ? 500 : 5000;
        sim_peer_reads(p, false);
        sim_peer_write(p, bytes, sizeof bytes);
        tell(&sim, ref, 1);
        sim_peer_write(p, bytes, sizeof bytes);
        CHECK(sim_run_until_idle(&sim));
        sim_peer_reads(p, true);
        CHECK(sim_run_until_idle(&sim));
        check_ended(p, 3000);
        CHECK_UINT(sim.descriptors, 1); /* the peer might go on */
        sim_peer_shutdown(p);
        CHECK(sim_run_until_idle(&sim));
        CHECK_UINT(sim.descriptors, 0);
        CHECK_UINT(sim_destroy(&sim), 0);
    }
}

static void a_peer_without_end_is_not_waited_for_for_long(void)
{
    struct sim sim;
    struct sim_peer *p;
    struct actor_ref ref = begin_spoken_to(&sim, 0, &p);
    tell(&sim, ref, 1);
    check_ended(p, 3000);
    CHECK(sim_advance(&sim, (uint64_t)FIN_WAIT_MS * 1000 - 1));
    CHECK_UINT(sim.descriptors, 1);
    CHECK(sim_advance(&sim, 1));
    CHECK_UINT(sim.descriptors, 0);
    CHECK_UINT(sim_destroy(&sim), 0);
}

/* What is dropped within the handler is little, or read in large pieces. */
static void a_close_reads_little(void)
{
    static uint8_t bytes[MUCH];
    for (uint32_t how = 1; how <= 2; how++) {
        struct sim sim;
        struct sim_peer *p;
        struct actor_ref ref = begin_spoken_to(&sim, 0, &p);
        p->end->link->capacity_bytes = MUCH;
        sim_peer_write(p, bytes, sizeof bytes);
        CHECK(sim_run_until_idle(&sim));
        const struct counters *c = &sim.runtime.workers[0]->counters;
        uint64_t reads = c->reads, read = c->bytes_read;
        sim_send(&sim, ref, resume(how));
        while (sim_actor(&sim, ref)->sockets)
            sim_step(&sim);
        CHECK(c->reads > reads && c->reads - reads <= (how == 1 ? 1 : 8));
        CHECK(c->bytes_read - read >= (how == 1 ? READ_MOST : DISCARD_MAX));
        CHECK_UINT(sim_destroy(&sim), 0);
    }
}

/* ---- closing before there is a connection ---- */

static void writes_and_closes_at_once(struct actor *self, struct message *m)
{
    if (!told(m, 0))
        return;
    dial(self, "10.0.0.9:1");
    say(self, 20);
    socket_close(self, 0);
}

static void what_is_written_leaves_once_there_is_a_connection(void)
{
    for (uint64_t seed = 0; seed < 10; seed++) {
        struct sim sim;
        begin_doer(&sim, seed, writes_and_closes_at_once);
        sim_peer_listen(&sim, "10.0.0.9:1", NULL, NULL);
        sim_route(&sim, "10.0.0.9:1", seed % 2 ? SIM_REFUSED : SIM_OPEN, 50000);
        CHECK(sim_run_until_idle(&sim));
        CHECK_UINT(sim.descriptors, 1);
        CHECK(sim_advance(&sim, 50000));
        struct sim_peer *p = sim_peer_accept(&sim, "10.0.0.9:1");
        CHECK_UINT(p == NULL, seed % 2);
        if (p) {
            check_ended(p, 20);
            sim_peer_close(p);
            CHECK(sim_run_until_idle(&sim));
        }
        CHECK_UINT(sim.descriptors, 0);
        CHECK_STR(now.heard, "");
        CHECK_UINT(sim_destroy(&sim), 0);
    }
}

/* ---- listeners without descriptors ---- */

static void listens_and_fidgets(struct actor *self, struct message *m)
{
    struct address at;
    sim_parse(&at, "127.0.0.1:81");
    if (told(m, 0))
        socket_listen(self, 0, &at, &toy_echo_type, 0);
    if (told(m, 1))
        socket_resume(self, 0);
    if (told(m, 2))
        socket_pause(self, 0);
}

static void a_starved_listener_may_be_paused_and_resumed(void)
{
    for (uint64_t seed = 0; seed < 10; seed++) {
        struct sim sim;
        struct actor_ref ref = begin_doer(&sim, seed, listens_and_fidgets);
        CHECK(sim_run_until_idle(&sim));
        sim_descriptors(&sim, 1);
        struct sim_peer *first = sim_peer_connect(&sim, "127.0.0.1:81");
        struct sim_peer *second = sim_peer_connect(&sim, "127.0.0.1:81");
        sim_peer_write(first, "1", 1);
        sim_peer_write(second, "2", 1);
        CHECK(sim_run_until_idle(&sim));
        CHECK_UINT(sim.runtime.workers[0]->counters.accept_failed, 1);
        tell(&sim, ref, 1); /* it does not look again before its time */
        CHECK_UINT(sim.runtime.workers[0]->counters.accept_failed, 1);
        CHECK(sim_advance(&sim, (uint64_t)ACCEPT_RETRY_MS * 1000));
        CHECK_UINT(sim.runtime.workers[0]->counters.accept_failed, 2);
        tell(&sim, ref, 2);
        sim_descriptors(&sim, 3);
        CHECK(sim_advance(&sim, (uint64_t)ACCEPT_RETRY_MS * 1000));
        check_received(first, "", 0); /* its owner's own pause */
        tell(&sim, ref, 1);
        check_received(first, "1", 1);
        check_received(second, "2", 1);
        CHECK_UINT(sim_destroy(&sim), 0);
    }
}

static void stays_starved(struct actor *self, struct message *m)
{
    listens_and_fidgets(self, m);
    if (told(m, 3))
        socket_close(self, 0);
}

static void a_starved_listener_may_be_closed(void)
{
    struct sim sim;
    struct actor_ref ref = begin_doer(&sim, 0, stays_starved);
    CHECK(sim_run_until_idle(&sim));
    sim_descriptors(&sim, 1);
    struct sim_peer *p = sim_peer_connect(&sim, "127.0.0.1:81");
    CHECK(sim_run_until_idle(&sim));
    tell(&sim, ref, 3);
    CHECK(sim.runtime.workers[0]->starved == NULL);
    CHECK_UINT(sim_peer_error(p), ECONNRESET);
    CHECK_UINT(sim_destroy(&sim), 0);
}

/* ---- internal connections ---- */

static void listens_and_dials_inside(struct actor *self, struct message *m)
{
    struct address at;
    sim_parse(&at, "internal:x");
    if (told(m, 0))
        socket_listen(self, 1, &at, &toy_echo_type, 0);
    if (told(m, 1))
        dial(self, "internal:x");
}

static void an_internal_connection_without_descriptors_fails_once(void)
{
    for (uint64_t seed = 0; seed < 10; seed++) {
        struct sim sim;
        struct actor_ref ref = begin_doer(&sim, seed, listens_and_dials_inside);
        sim_descriptors(&sim, 1); /* a pair needs two */
        tell(&sim, ref, 1);
        CHECK_STR(now.heard, "refused ");
        CHECK_UINT(sim_actors(&sim), 1);
        CHECK_UINT(sim_destroy(&sim), 0);
    }
}

/* ---- what ends the program, for it would go on with something broken ---- */

static void far_on(struct actor *self, struct message *m)
{
    if (m->kind == MSG_STOP) /* the parent's */
        actor_spawn(self, &doer_type, 1, resume(0));
}

static const struct actor_type far_type = {"far", sizeof(struct actor), far_on, NULL};

static void dials_inside(struct actor *self, struct message *m)
{
    if (told(m, 0))
        dial(self, "internal:x");
}

static void limits_to_nothing(struct actor *self, struct message *m)
{
    if (told(m, 0))
        dial(self, "10.0.0.9:1");
    socket_limit(self, 0, 0);
}

/* The doer does this on worker 1, in a process of its own. */
static bool aborts(void (*then)(struct actor *self, struct message *m))
{
    int status = 0;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        struct sim sim;
        close(2); /* the assert's words */
        now.then = then;
        messages_init();
        sim_create(&sim, 0, 2, NULL);
        sim_spawn(&sim, &far_type, msg_stop_new((struct msg_stop){0}));
        sim_run_until_idle(&sim);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void internal_sockets_live_on_worker_0(void)
{
    CHECK(aborts(listens_and_dials_inside));
    CHECK(aborts(dials_inside));
}

static void a_read_has_room(void)
{
    CHECK(aborts(limits_to_nothing));
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
    {"a failed write is told after all that came", a_failed_write_is_told_after_all_that_came},
    {"a write after the peer's end fails at once", a_write_after_the_end_fails_at_once},
    {"an answer survives what the peer still says", an_answer_survives_what_the_peer_still_says},
    {"a peer without end is not waited for for long",
     a_peer_without_end_is_not_waited_for_for_long},
    {"a close reads little", a_close_reads_little},
    {"what is written leaves once there is a connection",
     what_is_written_leaves_once_there_is_a_connection},
    {"a starved listener may be paused and resumed", a_starved_listener_may_be_paused_and_resumed},
    {"a starved listener may be closed", a_starved_listener_may_be_closed},
    {"an internal connection without descriptors fails once",
     an_internal_connection_without_descriptors_fails_once},
    {"internal sockets live on worker 0 only", internal_sockets_live_on_worker_0},
    {"a read has room", a_read_has_room},
    CU_TEST_INFO_NULL,
};
