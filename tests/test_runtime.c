/* tests/test_runtime.c -- the whole runtime on libev: start and end, sockets, files, names.
 *
 * Each test is two actors on worker 0: the client, which begins, and the server, which a listener
 * spawns. Both write down what they hear; what they do is in the test's two functions. Nothing here
 * waits for a fixed time: a guard ends a test that hangs.
 */
#include "messages/kinds.h"
#include "runtime/runtime.h"
#include "runtime/socket.h"
#include "runtime/worker.h"
#include "tests/check.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LISTENER = 9, GUARD = 77, TICK = 78, TAG = 4711 };
enum { GUARD_US = 20000000, TICK_US = 1000, HUNG = 99, MEBIBYTE = 1 << 20 };

struct side {
    struct actor *actor; /* NULL: not born, or dead */
    struct actor_ref ref;
    void (*then)(struct actor *self, struct message *m);
    char heard[512];
    uint64_t bytes;
    uint32_t sum; /* of the bytes */
    uint64_t unsent;
    unsigned ticks;
};

static struct {
    struct runtime r;
    struct side client, server;
    struct address at;
    bool internal;
    bool bye; /* the server writes when it is ended */
    unsigned accepted;
} t;

/* ---- what was heard, as words; a stream of data is one ---- */

static void note(struct side *side, const char *word)
{
    size_t length = strlen(side->heard), n = strlen(word);
    if (length >= n && !strcmp(side->heard + length - n, word) && !strcmp(word, "data "))
        return;
    snprintf(side->heard + length, sizeof side->heard - length, "%s", word);
}

static void note_error(struct side *side, const char *word, uint32_t error)
{
    char text[64];
    snprintf(text, sizeof text, error ? "%s=%s " : "%s ", word, strerrorname_np((int)error));
    note(side, text);
}

static void note_data(struct side *side, struct span bytes)
{
    note(side, "data ");
    side->bytes += bytes.length;
    for (uint32_t i = 0; i < bytes.length; i++)
        side->sum += span_bytes(bytes)[i];
}

static void hear(struct side *side, struct message *m)
{
    switch (m->kind) {
    case MSG_SOCKET_LISTENING: note_error(side, "listening", msg_socket_listening(m)->error); break;
    case MSG_SOCKET_CONNECTED: note_error(side, "connected", msg_socket_connected(m)->error); break;
    case MSG_SOCKET_ACCEPTED: note(side, "accepted "); break;
    case MSG_SOCKET_DATA: note_data(side, msg_socket_data(m)->bytes); break;
    case MSG_SOCKET_END: note(side, "end "); break;
    case MSG_SOCKET_FAILED:
        note(side, "failed ");
        side->unsent = msg_socket_failed(m)->unsent;
        break;
    case MSG_SOCKET_DRAINED: note(side, "drained "); break;
    case MSG_SIGNAL: note(side, "signal "); break;
    case MSG_CONTINUE: note(side, "go "); break;
    default: break;
    }
}

/* ---- the two sides ---- */

static void step(struct side *side, struct actor *self, struct message *m)
{
    side->actor = self;
    side->ref = self->ref;
    if (m->kind == MSG_TIMER && msg_timer(m)->n == TICK)
        side->ticks++;
    hear(side, m);
    if (side->then)
        side->then(self, m);
}

static void on_server(struct actor *self, struct message *m)
{
    if (m->kind == MSG_SOCKET_ACCEPTED) {
        t.accepted++;
        CHECK_UINT(msg_socket_accepted(m)->tag, TAG);
        CHECK(ref_equal(msg_socket_accepted(m)->listener, t.client.ref));
        CHECK_UINT(msg_socket_accepted(m)->family, t.internal ? ADDRESS_INTERNAL : ADDRESS_V4);
        CHECK(t.internal || msg_socket_accepted(m)->port != 0);
    }
    step(&t.server, self, m);
}

static void say(struct actor *self, const char *text)
{
    socket_write(self, 0, span_copy(text, strlen(text)));
}

static void on_server_stop(struct actor *self)
{
    t.server.actor = NULL;
    if (t.bye)
        say(self, "bye");
}

static const struct actor_type server_type = {"server", sizeof(struct actor), on_server,
                                              on_server_stop};

static void on_client(struct actor *self, struct message *m)
{
    if (m->kind == MSG_TIMER && msg_timer(m)->n == GUARD) {
        printf("\n    hangs: client heard \"%s\", server \"%s\"\n", t.client.heard, t.server.heard);
        actor_end_program(self, HUNG);
        return;
    }
    if (m->kind == MSG_STOP) { /* the very first */
        t.client.ref = self->ref;
        timer_start(self, GUARD, GUARD_US);
        if (!t.at.family) {
            t.client.then(self, m);
            return;
        }
        socket_listen(self, LISTENER, &t.at, &server_type, TAG);
        return;
    }
    if (m->kind == MSG_SOCKET_LISTENING && msg_socket_listening(m)->error == 0) {
        if (!t.internal)
            t.at.port = msg_socket_listening(m)->port;
        socket_connect(self, 0, &t.at);
    }
    step(&t.client, self, m);
}

static const struct actor_type client_type = {"client", sizeof(struct actor), on_client, NULL};

static void prepare(const char *address, void (*client)(struct actor *, struct message *),
                    void (*server)(struct actor *, struct message *))
{
    char error[160];
    memset(&t, 0, sizeof t);
    t.client.then = client;
    t.server.then = server;
    if (address)
        REQUIRE(address_parse(&t.at, address, error));
    t.internal = t.at.family == ADDRESS_INTERNAL;
    messages_init();
}

/* Runs to the end; nothing may leak. */
static void run(int want_status)
{
    runtime_create(&t.r, &(struct runtime_options){.workers = 1, .io = &io_ev});
    struct actor_ref client =
        runtime_spawn_root(&t.r, &client_type, msg_stop_new((struct msg_stop){0}));
    runtime_signals_to(&t.r, client);
    CHECK_UINT(runtime_run(&t.r), want_status);
    CHECK_UINT(runtime_destroy(&t.r), 0);
}

/* The same over TCP and over a socketpair. */
static void over_both(void (*client)(struct actor *, struct message *),
                      void (*server)(struct actor *, struct message *), void (*check)(void))
{
    static const char *const addresses[] = {"127.0.0.1:0", "internal:here"};
    for (unsigned i = 0; i < 2; i++) {
        prepare(addresses[i], client, server);
        run(0);
        check();
    }
}

/* A mebibyte `count` times, each a reference to the same bytes. */
static void say_much(struct actor *self, unsigned count)
{
    struct chunk *c = chunk_new(MEBIBYTE);
    memset(c->bytes, 1, MEBIBYTE);
    struct span s = {c, 0, MEBIBYTE};
    for (unsigned i = 0; i < count; i++)
        socket_write(self, 0, span_ref(s));
    span_release(&s);
}

/* ---- start and end ---- */

static void end_with_seven(struct actor *self, struct message *m)
{
    (void)m;
    actor_end_program(self, 7);
    actor_end_program(self, 8); /* the first word counts */
}

static void ends_with_the_status(void)
{
    prepare(NULL, end_with_seven, NULL);
    run(7);
}

static void raise_term(struct actor *self, struct message *m)
{
    if (m->kind == MSG_STOP)
        CHECK_UINT(kill(getpid(), SIGTERM), 0);
    if (m->kind == MSG_SIGNAL) {
        CHECK_UINT(msg_signal(m)->number, SIGTERM);
        actor_end_program(self, 0);
    }
}

static void signal_is_a_message(void)
{
    prepare(NULL, raise_term, NULL);
    run(0);
    CHECK_STR(t.client.heard, "signal ");
}

static void end_amid_writes(struct actor *self, struct message *m)
{
    if (m->kind != MSG_SOCKET_CONNECTED)
        return;
    say_much(self, 16);
    actor_end_program(self, 0);
}

static void pause_for_ever(struct actor *self, struct message *m)
{
    if (m->kind == MSG_SOCKET_ACCEPTED)
        socket_pause(self, 0);
}

static void check_nothing(void) {}

static void ends_amid_writes(void)
{
    over_both(end_amid_writes, pause_for_ever, check_nothing);
}

/* The write is asked for when the actors are reaped, and nobody flushes any more. */
static void ends_amid_words_of_the_dying(void)
{
    static const char *const addresses[] = {"127.0.0.1:0", "internal:here"};
    for (unsigned i = 0; i < 2; i++) {
        prepare(addresses[i], end_amid_writes, pause_for_ever);
        t.bye = true;
        run(0);
        CHECK(t.server.actor == NULL);
    }
}

static void end_with_last_words(struct actor *self, struct message *m)
{
    if (m->kind != MSG_SOCKET_CONNECTED)
        return;
    say_much(self, 4);
    socket_close(self, 0);
    actor_end_program(self, 0);
}

static void last_words_leave(void)
{
    prepare("127.0.0.1:0", end_with_last_words, NULL);
    runtime_create(&t.r, &(struct runtime_options){.workers = 1, .io = &io_ev});
    runtime_spawn_root(&t.r, &client_type, msg_stop_new((struct msg_stop){0}));
    CHECK_UINT(runtime_run(&t.r), 0);
    CHECK_UINT(t.r.workers[0]->counters.bytes_written, 4 * MEBIBYTE);
    CHECK_UINT(runtime_destroy(&t.r), 0);
}

/* ---- connecting ---- */

/* DEL-11: a short write does not wait for the one before to be acknowledged. */
static void check_no_delay(const struct actor *self)
{
    int value = 0;
    socklen_t length = sizeof value;
    int fd = socket_find(self, 0)->fd;
    CHECK_UINT(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &length), 0);
    CHECK(value != 0);
}

static void no_delay_client(struct actor *self, struct message *m)
{
    if (m->kind == MSG_SOCKET_CONNECTED)
        check_no_delay(self);
    else if (m->kind == MSG_SOCKET_END)
        actor_end_program(self, 0);
}

static void no_delay_server(struct actor *self, struct message *m)
{
    if (m->kind != MSG_SOCKET_ACCEPTED)
        return;
    check_no_delay(self);
    actor_stop(self, STOP_DONE);
}

static void short_writes_do_not_wait(void)
{
    prepare("127.0.0.1:0", no_delay_client, no_delay_server);
    run(0);
    CHECK_STR(t.client.heard, "listening connected end ");
    CHECK_STR(t.server.heard, "accepted ");
}

static void refused_client(struct actor *self, struct message *m)
{
    if (m->kind == MSG_STOP) {
        struct address to = t.at;
        to.family = t.internal ? ADDRESS_INTERNAL : ADDRESS_V4;
        socket_connect(self, 0, &to);
        say(self, "into the void");
        socket_notify(self, 0, 1000);
    } else if (m->kind == MSG_SOCKET_CONNECTED) {
        socket_close(self, 0);
        actor_end_program(self, 0);
    }
}

/* A port that is bound and not listened on is refused, and nobody else can have it. */
static int refusing_port(struct address *a)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof in;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(fd >= 0);
    REQUIRE(bind(fd, (struct sockaddr *)&in, sizeof in) == 0);
    REQUIRE(getsockname(fd, (struct sockaddr *)&in, &length) == 0);
    memcpy(a->ip, &in.sin_addr, 4);
    a->port = ntohs(in.sin_port);
    return fd;
}

static void refusal_is_told(void)
{
    prepare(NULL, refused_client, NULL);
    int fd = refusing_port(&t.at);
    run(0);
    close(fd);
    CHECK_STR(t.client.heard, "connected=ECONNREFUSED ");
    prepare(NULL, refused_client, NULL);
    t.internal = true;
    memcpy(t.at.name, "nobody", sizeof "nobody");
    run(0);
    CHECK_STR(t.client.heard, "connected=ECONNREFUSED ");
}

static void listen_twice(struct actor *self, struct message *m)
{
    if (m->kind != MSG_SOCKET_LISTENING)
        return;
    if (msg_socket_listening(m)->n == LISTENER)
        socket_listen(self, LISTENER + 1, &t.at, &server_type, TAG);
    else
        actor_end_program(self, 0);
}

static void taken_port_is_told(void)
{
    prepare("127.0.0.1:0", listen_twice, NULL);
    run(0);
    CHECK(strstr(t.client.heard, "listening=EADDRINUSE ") != NULL);
}

/* ---- data, both ways ---- */

static void hello_client(struct actor *self, struct message *m)
{
    if (m->kind == MSG_SOCKET_LISTENING)
        say(self, "hel"); /* before it is connected */
    if (m->kind == MSG_SOCKET_CONNECTED)
        say(self, "lo");
    if (m->kind == MSG_SOCKET_DATA && t.client.bytes == 10) {
        socket_close(self, 0);
        socket_close(self, LISTENER);
    }
}

static void echo_twice(struct actor *self, struct message *m)
{
    if (m->kind == MSG_SOCKET_DATA) {
        socket_write(self, 0, span_ref(msg_socket_data(m)->bytes));
        uint32_t n = msg_socket_data(m)->bytes.length;
        memcpy(socket_reserve(self, 0, n + 10), span_bytes(msg_socket_data(m)->bytes), n);
        socket_commit(self, 0, n);
    }
    if (m->kind == MSG_SOCKET_END)
        actor_end_program(self, 0);
}

static void check_hello(void)
{
    CHECK_STR(t.client.heard, "listening connected data ");
    CHECK_STR(t.server.heard, "accepted data end ");
    CHECK_UINT(t.server.bytes, 5);
    CHECK_UINT(t.client.bytes, 10);
    CHECK_UINT(t.server.sum, 'h' + 'e' + 'l' + 'l' + 'o');
    CHECK_UINT(t.client.sum, 2 * t.server.sum);
}

static void data_goes_both_ways(void)
{
    over_both(hello_client, echo_twice, check_hello);
}

/* ---- half-closed ---- */

static void finish_then_listen(struct actor *self, struct message *m)
{
    if (m->kind == MSG_SOCKET_CONNECTED) {
        say(self, "question");
        socket_shutdown(self, 0);
        say(self, "lost"); /* after the end there is nothing to say */
    }
    if (m->kind == MSG_SOCKET_END)
        actor_end_program(self, 0);
}

static void answer_at_the_end(struct actor *self, struct message *m)
{
    if (m->kind == MSG_SOCKET_END) {
        say_much(self, 3);
        socket_close(self, 0);
        actor_stop(self, STOP_DONE); /* what is written still leaves */
    }
}

static void check_question(void)
{
    CHECK_STR(t.client.heard, "listening connected data end ");
    CHECK_STR(t.server.heard, "accepted data end ");
    CHECK_UINT(t.server.bytes, strlen("question"));
    CHECK_UINT(t.client.bytes, 3 * MEBIBYTE);
    CHECK_UINT(t.client.sum, 3 * MEBIBYTE);
}

static void half_close_toward_the_server(void)
{
    over_both(finish_then_listen, answer_at_the_end, check_question);
}

static void speak_after_the_end(struct actor *self, struct message *m)
{
    if (m->kind == MSG_SOCKET_END) {
        say_much(self, 3);
        socket_shutdown(self, 0);
    }
}

static void finish_first(struct actor *self, struct message *m)
{
    if (m->kind == MSG_SOCKET_ACCEPTED)
        socket_shutdown(self, 0);
    if (m->kind == MSG_SOCKET_END)
        actor_end_program(self, 0);
}

static void check_after_the_end(void)
{
    CHECK_STR(t.client.heard, "listening connected end ");
    CHECK_STR(t.server.heard, "accepted data end ");
    CHECK_UINT(t.server.bytes, 3 * MEBIBYTE);
}

static void half_close_toward_the_client(void)
{
    over_both(speak_after_the_end, finish_first, check_after_the_end);
}

/* ---- pause, resume, notify ---- */

enum { MUCH = 32 }; /* mebibytes: more than any kernel keeps for a socket */

static void write_much(struct actor *self, struct message *m)
{
    if (m->kind == MSG_SOCKET_CONNECTED) {
        say_much(self, MUCH);
        socket_notify(self, 0, 0);
        timer_start(self, TICK, TICK_US);
    }
    if (m->kind == MSG_TIMER && t.client.ticks < 5)
        timer_start(self, TICK, TICK_US);
    if (m->kind == MSG_TIMER && t.client.ticks == 5) {
        CHECK_UINT(t.server.bytes, 0);
        CHECK_STR(t.client.heard, "listening connected ");
        actor_send(self, t.server.ref, msg_resume_new((struct msg_resume){0}));
    }
    if (m->kind == MSG_SOCKET_DRAINED) {
        CHECK_UINT(msg_socket_drained(m)->unsent, 0);
        socket_close(self, 0);
    }
}

static void read_when_told(struct actor *self, struct message *m)
{
    if (m->kind == MSG_SOCKET_ACCEPTED)
        socket_pause(self, 0);
    if (m->kind == MSG_CONTINUE)
        socket_resume(self, 0);
    if (m->kind == MSG_SOCKET_END)
        actor_end_program(self, 0);
}

static void check_much(void)
{
    CHECK_STR(t.client.heard, "listening connected drained ");
    CHECK_STR(t.server.heard, "accepted go data end ");
    CHECK_UINT(t.server.bytes, (uint64_t)MUCH * MEBIBYTE);
    CHECK_UINT(t.server.sum, MUCH * MEBIBYTE);
}

static void paused_socket_is_silent(void)
{
    over_both(write_much, read_when_told, check_much);
}

static void notify_at_once(struct actor *self, struct message *m)
{
    if (m->kind == MSG_SOCKET_CONNECTED) {
        say(self, "few");
        socket_notify(self, 0, 3);
    }
    if (m->kind == MSG_SOCKET_DRAINED)
        actor_end_program(self, 0);
}

static void check_notified(void)
{
    CHECK_STR(t.client.heard, "listening connected drained ");
}

static void little_is_drained_at_once(void)
{
    over_both(notify_at_once, NULL, check_notified);
}

/* ---- abort ---- */

static void write_and_abort(struct actor *self, struct message *m)
{
    if (m->kind == MSG_SOCKET_CONNECTED) {
        say_much(self, MUCH);
        timer_start(self, TICK, TICK_US);
    }
    if (m->kind == MSG_TIMER) {
        socket_abort(self, 0);
        actor_send(self, t.server.ref, msg_resume_new((struct msg_resume){0}));
    }
}

static void read_to_any_end(struct actor *self, struct message *m)
{
    read_when_told(self, m);
    if (m->kind == MSG_SOCKET_FAILED)
        actor_end_program(self, 0);
}

static void check_aborted(void)
{
    CHECK_STR(t.client.heard, "listening connected "); /* and nothing after it */
    CHECK(t.server.bytes < (uint64_t)MUCH * MEBIBYTE);
}

static void abort_drops_what_is_left(void)
{
    over_both(write_and_abort, read_to_any_end, check_aborted);
}

/* ---- an answer before the end of the question ---- */

/* Paused, so that it is a write that meets the failure, and not the read of the answer. */
static void write_to_the_deaf(struct actor *self, struct message *m)
{
    if (m->kind == MSG_SOCKET_CONNECTED) {
        socket_pause(self, 0);
        say_much(self, MUCH);
        socket_notify(self, 0, 0);
        timer_start(self, TICK, TICK_US);
    }
    if (m->kind == MSG_TIMER && msg_timer(m)->n == TICK)
        actor_send(self, t.server.ref, msg_resume_new((struct msg_resume){0}));
    if (m->kind == MSG_SOCKET_DRAINED)
        socket_resume(self, 0);
    if (m->kind == MSG_SOCKET_FAILED)
        timer_start(self, TICK + 1, TICK_US);
    if (m->kind == MSG_TIMER && msg_timer(m)->n == TICK + 1) {
        socket_close(self, 0);
        actor_end_program(self, 0);
    }
}

/* It reads nothing, answers and breaks off. */
static void answer_early(struct actor *self, struct message *m)
{
    if (m->kind == MSG_SOCKET_ACCEPTED)
        socket_pause(self, 0);
    if (m->kind == MSG_CONTINUE) {
        say(self, "413 too large");
        socket_notify(self, 0, 0);
    }
    if (m->kind == MSG_SOCKET_DRAINED) {
        const struct linger reset = {.l_onoff = 1};
        CHECK(setsockopt(self->sockets->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset) == 0);
        socket_abort(self, 0);
    }
}

/* A reset is no end, though the kernel's second word about it is that of an end. A pair knows no reset. */
static void check_early_answer(void)
{
    CHECK_STR(t.client.heard, t.internal ? "listening connected drained data end failed "
                                         : "listening connected drained data failed ");
    CHECK_UINT(t.client.bytes, strlen("413 too large"));
    CHECK(t.client.unsent > 0 && t.client.unsent < (uint64_t)MUCH * MEBIBYTE);
}

static void early_answer_is_read_before_the_failure(void)
{
    over_both(write_to_the_deaf, answer_early, check_early_answer);
}

/* ---- a close while the peer speaks ---- */

enum { ANSWER = 8 }; /* mebibytes: more than the kernel keeps */

static void ask_on(struct actor *self, struct message *m)
{
    if (m->kind == MSG_SOCKET_CONNECTED) {
        socket_pause(self, 0);
        say(self, "question");
    }
    if (m->kind == MSG_CONTINUE) { /* the answer is on its way */
        say_much(self, 1);
        timer_start(self, TICK, TICK_US);
    }
    if (m->kind == MSG_TIMER)
        socket_resume(self, 0);
    if (m->kind == MSG_SOCKET_END || m->kind == MSG_SOCKET_FAILED)
        actor_end_program(self, 0);
}

static void answer_and_close(struct actor *self, struct message *m)
{
    if (m->kind != MSG_SOCKET_DATA)
        return;
    say_much(self, ANSWER);
    socket_close(self, 0);
    actor_send(self, t.client.ref, msg_resume_new((struct msg_resume){0}));
}

static void check_whole_answer(void)
{
    CHECK_STR(t.client.heard, "listening connected go data end ");
    CHECK_UINT(t.client.bytes, (uint64_t)ANSWER * MEBIBYTE);
}

static void answer_survives_more_questions(void)
{
    over_both(ask_on, answer_and_close, check_whole_answer);
}

/* ---- no descriptor ---- */

enum { FDS = 64 };
static int hoard[FDS];
static unsigned hoarded;

static void hoard_all(void)
{
    int fd;
    while (hoarded < FDS && (fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
        hoard[hoarded++] = fd;
    CHECK(hoarded < FDS && errno == EMFILE);
}

static void share_all(void)
{
    while (hoarded)
        close(hoard[--hoarded]);
}

static void connect_without_descriptors(struct actor *self, struct message *m)
{
    if (m->kind == MSG_SOCKET_LISTENING) {
        hoard_all(); /* the client has its socket; the server will find none */
        say(self, "x");
        timer_start(self, TICK, TICK_US);
    }
    if (m->kind == MSG_TIMER && self->worker->counters.accept_failed == 0)
        timer_start(self, TICK, TICK_US);
    else if (m->kind == MSG_TIMER)
        share_all();
}

static void end_at_data(struct actor *self, struct message *m)
{
    if (m->kind == MSG_SOCKET_DATA)
        actor_end_program(self, 0);
}

static void connection_waits_for_a_descriptor(void)
{
    struct rlimit before, few;
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
    few = (struct rlimit){FDS, before.rlim_max};
    enum log_level level = log_settings.level;
    log_settings.level = LOG_ERROR; /* the runtime says that it found none */
    REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
    prepare("127.0.0.1:0", connect_without_descriptors, end_at_data);
    run(0);
    share_all();
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    log_settings.level = level;
    CHECK_UINT(t.accepted, 1);
    CHECK_STR(t.server.heard, "accepted data ");
}

static void connect_with_the_last_descriptor(struct actor *self, struct message *m)
{
    if (m->kind == MSG_SOCKET_LISTENING) {
        hoard_all();
        close(hoard[--hoarded]); /* the server's */
        say(self, "x");
    }
}

/* accept4 looks for a descriptor first: that there is none is no news while nobody waits. */
static void nobody_waits_for_a_descriptor(void)
{
    struct rlimit before, few;
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
    few = (struct rlimit){FDS, before.rlim_max};
    enum log_level level = log_settings.level;
    log_settings.level = LOG_ERROR;
    REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
    prepare("127.0.0.1:0", connect_with_the_last_descriptor, end_at_data);
    runtime_create(&t.r, &(struct runtime_options){.workers = 1, .io = &io_ev});
    runtime_spawn_root(&t.r, &client_type, msg_stop_new((struct msg_stop){0}));
    CHECK_UINT(runtime_run(&t.r), 0);
    CHECK_UINT(t.r.workers[0]->counters.accept_failed, 0);
    CHECK_UINT(runtime_destroy(&t.r), 0);
    share_all();
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    log_settings.level = level;
}

/* ---- files and names ---- */

static char file_heard[256];

static void note_file(const char *word, uint32_t error, uint64_t n)
{
    size_t length = strlen(file_heard);
    snprintf(file_heard + length, sizeof file_heard - length, "%s:%u:%u ", word, (unsigned)error,
             (unsigned)n);
}

static void begin_with_files(struct actor *self)
{
    file_heard[0] = '\0';
    file_open(self, 0, span_copy(".", 1));
    file_open(self, 1, span_copy("no such directory", 17));
    file_write(self, 0, span_copy("hello ", 6));
    file_write(self, 0, span_copy("world", 5));
    file_read(self, 0, 6, 3);
    file_read(self, 0, 9, 100);
    file_read(self, 0, 11, 100);
    file_write(self, 1, span_copy("x", 1));
    file_close(self, 1);
}

static void use_files(struct actor *self, struct message *m)
{
    switch (m->kind) {
    case MSG_STOP: begin_with_files(self); break;
    case MSG_FILE_OPENED:
        note_file(msg_file_opened(m)->n ? "opened1" : "opened0", msg_file_opened(m)->error, 0);
        break;
    case MSG_FILE_WRITTEN:
        note_file("written", msg_file_written(m)->error, msg_file_written(m)->bytes);
        if (msg_file_written(m)->n == 1)
            actor_end_program(self, 0); /* file 0 is open still */
        break;
    case MSG_FILE_READ:
        note_file("read", msg_file_read(m)->error, msg_file_read(m)->bytes.length);
        if (msg_file_read(m)->bytes.length == 3)
            CHECK_BYTES(span_bytes(msg_file_read(m)->bytes), 3, "wor", 3);
        break;
    default: break;
    }
}

static void files_are_written_and_read(void)
{
    char want[256];
    prepare(NULL, use_files, NULL);
    run(0);
    snprintf(want, sizeof want,
             "opened0:0:0 opened1:%d:0 written:0:6 written:0:5 read:0:3 read:0:2 read:0:0 "
             "written:%d:0 ",
             ENOENT, ENOENT);
    CHECK_STR(file_heard, want);
}

/* Stands in front of the C library's, to see what it is asked. */
static int flags_asked;

int getaddrinfo(const char *restrict host, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict found)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    flags_asked |= hints ? hints->ai_flags : 0;
    return real(host, service, hints, found);
}

/* A label of more than 63 bytes is no name: it is refused without a question to anybody. */
static const char no_name[] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                              "xxxxxxxxxxxxxxxxxxxxx.invalid";

static void use_names(struct actor *self, struct message *m)
{
    if (m->kind == MSG_STOP) {
        name_resolve(self, 5, span_copy("127.0.0.9", 9), 80);
        name_resolve(self, 6, span_copy(no_name, sizeof no_name - 1), 80);
        name_resolve(self, 7, span_copy("localhost", 9), 81);
    }
    if (m->kind != MSG_RESOLVED)
        return;
    const struct msg_resolved *r = msg_resolved(m);
    note_file("name", r->n, r->error == 0);
    struct address a;
    char text[ADDRESS_TEXT_MAX];
    if (r->error == 0) {
        REQUIRE(r->addresses.length >= ADDRESS_PACKED_BYTES);
        address_unpack(&a, span_bytes(r->addresses));
        address_print(&a, text);
    }
    if (r->n == 5)
        CHECK_STR(text, "127.0.0.9:80");
    if (r->n == 7) {
        CHECK_UINT(a.port, 81);
        actor_end_program(self, 0);
    }
}

static void names_are_looked_up(void)
{
    file_heard[0] = '\0';
    flags_asked = 0;
    prepare(NULL, use_names, NULL);
    run(0);
    CHECK_STR(file_heard, "name:5:1 name:6:0 name:7:1 ");
    CHECK(!(flags_asked &
            AI_ADDRCONFIG)); /* it would hide ::1 where nothing else is of IPv6 (DEL-9) */
}

CU_TestInfo runtime_tests[] = {
    {"a program ends with the first status that is said", ends_with_the_status},
    {"a signal is a message", signal_is_a_message},
    {"a program may end amid writes, and nothing leaks", ends_amid_writes},
    {"actors may write when they are ended with the program", ends_amid_words_of_the_dying},
    {"what a closed socket has left to write leaves at the end", last_words_leave},
    {"short writes do not wait for each other (DEL-11)", short_writes_do_not_wait},
    {"a refused connection is told", refusal_is_told},
    {"a port that is taken is told", taken_port_is_told},
    {"data goes both ways, and before the connection is made", data_goes_both_ways},
    {"a client that has finished can still listen", half_close_toward_the_server},
    {"a server that has finished can still listen", half_close_toward_the_client},
    {"a paused socket is silent, and drained when all has left", paused_socket_is_silent},
    {"what is few enough is drained at once", little_is_drained_at_once},
    {"abort drops what has not left", abort_drops_what_is_left},
    {"an early answer is read before the failure is told", early_answer_is_read_before_the_failure},
    {"an answer survives more questions", answer_survives_more_questions},
    {"a connection waits for a descriptor", connection_waits_for_a_descriptor},
    {"nobody waits for a descriptor that is not needed", nobody_waits_for_a_descriptor},
    {"files are written and read on the blocking worker", files_are_written_and_read},
    {"names are looked up on the blocking worker", names_are_looked_up},
    CU_TEST_INFO_NULL,
};
