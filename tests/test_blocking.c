/* tests/test_blocking.c -- what must not hold up a program: long turns are named, names are not waited for.
 *
 * The first half moves the clock of a bare runtime. The second half runs real threads; where these
 * have to end the process, it is a child's. Nothing waits for a fixed time.
 */
#include "tests/bare.h"
#include "tests/check.h"
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GUARD_S = 20, SECOND_US = 1000000 };

static struct bare bare;
static int32_t name_error;

/* ---- the watchdog ---- */

/* What the other worker does while this turn goes on: it looks every WATCH_EVERY_MS. */
static void hold_for(uint64_t us)
{
    struct heap *mine = heap_enter(NULL);
    bare_step(&bare, 1);
    for (uint64_t gone = 0; gone < us; gone += WATCH_EVERY_MS * 1000) {
        bare.now_us += WATCH_EVERY_MS * 1000;
        bare.r.workers[1]->now_us = bare.now_us;
        heap_enter(bare.r.workers[1]->heap);
        timers_expire(bare.r.workers[1], bare.now_us);
        bare_step(&bare, 1);
    }
    heap_enter(mine);
}

static void on_hold(struct actor *self, struct message *m)
{
    (void)self;
    hold_for(msg_resume(m)->n);
}

static const struct actor_type holder_type = {"holder", sizeof(struct actor), on_hold, NULL};

/* One round of worker 0, in which one message takes so long. */
static void round_of(uint32_t us)
{
    struct worker *w = bare.r.workers[0];
    bare_spawn(&bare, 0, &holder_type, msg_resume_new((struct msg_resume){.n = us}));
    w->now_us = bare.now_us;
    worker_round(w);
}

static void long_turn_is_named(void)
{
    char want[120];
    bare_create(&bare, 1);
    for (unsigned i = 1; i <= 2; i++) {
        bare.log_last[0] = '\0';
        round_of(100000); /* the first thing that happens for long */
        snprintf(want, sizeof want, " W watchdog/1.%u an actor holds its worker worker=0 ",
                 (unsigned)ref_slot(bare.r.watchdog));
        CHECK(strstr(bare.log_last, want) != NULL);
        CHECK(strstr(bare.log_last, " holder=holder/0.") != NULL);
        CHECK(strstr(bare.log_last, " kind=CONTINUE ms=3") != NULL);
        CHECK_UINT(bare.log_lines, i); /* once a turn */
        CHECK_UINT(bare.r.workers[1]->counters.long_turns, i);
        for (unsigned s = 0; s < 2 * WATCH_LINGER_MS / WATCH_EVERY_MS; s++) {
            bare_advance(&bare, WATCH_EVERY_MS * 1000);
            bare_run(&bare);
        }
        CHECK(!atomic_load(&bare.r.watched)); /* it sleeps */
    }
    bare_destroy(&bare);
}

static void short_turns_are_not_named(void)
{
    bare_create(&bare, 1);
    for (unsigned i = 0; i < 100; i++)
        round_of(WATCH_EVERY_MS * 1000);
    CHECK_UINT(bare.log_lines, 0);
    bare_destroy(&bare);
}

/* ---- look-ups that nobody waits for ---- */

static void on_ask(struct actor *self, struct message *m)
{
    if (m->kind == MSG_CONTINUE)
        name_resolve(self, 1, span_copy("a.test", 6), 80);
    else
        name_error = msg_resolved(m)->error;
}

static const struct actor_type asker_type = {"asker", sizeof(struct actor), on_ask, NULL};

static unsigned looked_up;

static int resolve_none(struct worker *w, const char *host, uint16_t port, struct address *out,
                        unsigned *count)
{
    (void)w, (void)host, (void)port, (void)out;
    *count = 0;
    looked_up++;
    return EAI_NONAME;
}

/* What becomes of a look-up whose turn comes after `us`, in a program that ends or does not. */
static int32_t name_after(uint64_t us, bool ending)
{
    struct io_ops io;
    bare_create(&bare, 1);
    io = *bare.r.workers[1]->io;
    io.resolve = resolve_none;
    bare.r.workers[1]->io = &io;
    bare_spawn(&bare, 0, &asker_type, msg_resume_new((struct msg_resume){0}));
    bare_step(&bare, 0);
    bare_advance(&bare, us);
    atomic_store(&bare.r.ending, ending);
    name_error = 0;
    looked_up = 0;
    bare_run(&bare);
    bare_destroy(&bare);
    return name_error;
}

static void late_look_up_is_not_begun(void)
{
    CHECK(name_after(NAME_WAIT_US - SECOND_US, false) == EAI_NONAME);
    CHECK_UINT(looked_up, 1);
    CHECK(name_after(NAME_WAIT_US + SECOND_US, false) == EAI_AGAIN);
    CHECK_UINT(looked_up, 0);
    CHECK(name_after(3600ull * SECOND_US, false) == EAI_AGAIN);
    CHECK_UINT(looked_up, 0);
}

static void ending_program_looks_nothing_up(void)
{
    CHECK(name_after(0, true) == EAI_AGAIN);
    CHECK_UINT(looked_up, 0);
}

/* ---- real threads ---- */

static struct io_ops io;
static struct runtime r;

static int run_root(const struct actor_type *type)
{
    messages_init();
    runtime_create(&r, &(struct runtime_options){.workers = 1, .names_apart = true, .io = &io});
    struct actor_ref root = runtime_spawn_root(&r, type, msg_stop_new((struct msg_stop){0}));
    runtime_signals_to(&r, root);
    int status = runtime_run(&r);
    return runtime_destroy(&r) == 0 ? status : 98;
}

/* The exit status of a child in which `type` is the root, and what it had to log. */
static int run_in_child(const struct actor_type *type, char *log, size_t room)
{
    int ends[2], status = 0;
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(GUARD_S);
        log_settings.fd = ends[1];
        _exit(run_root(type));
    }
    close(ends[1]);
    size_t length = 0;
    for (ssize_t n; (n = read(ends[0], log + length, room - 1 - length)) > 0;)
        length += (size_t)n;
    log[length] = '\0';
    close(ends[0]);
    REQUIRE(child > 0 && waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static atomic_bool at_it;

static int resolve_never(struct worker *w, const char *host, uint16_t port, struct address *out,
                         unsigned *count)
{
    (void)w, (void)host, (void)port, (void)out, (void)count;
    atomic_store(&at_it, true);
    while (atomic_load(&at_it))
        pause();
    return EAI_NONAME;
}

/* Two names, of which the first is never answered; then a file, and the end. */
static void on_ask_and_write(struct actor *self, struct message *m)
{
    if (m->kind == MSG_STOP) {
        name_resolve(self, 1, span_copy("a.test", 6), 80);
        name_resolve(self, 2, span_copy("b.test", 6), 80);
        file_open(self, 0, span_copy(".", 1));
        file_write(self, 0, span_copy("hello", 5));
    }
    if (m->kind == MSG_FILE_WRITTEN)
        timer_start(self, 0, 0);
    if (m->kind == MSG_TIMER && !atomic_load(&at_it)) {
        timer_start(self, 0, 1000);
    } else if (m->kind == MSG_TIMER) {
        actor_log(self, LOG_INFO, "last words", NULL);
        actor_end_program(self, 7);
    }
}

static const struct actor_type writer_type = {"writer", sizeof(struct actor), on_ask_and_write,
                                              NULL};

static void name_without_answer_holds_up_nothing(void)
{
    char log[4096];
    io = io_ev;
    io.resolve = resolve_never;
    atomic_store(&at_it, false);
    CHECK_UINT(run_in_child(&writer_type, log, sizeof log), 7);
    CHECK(strstr(log, "last words\n") != NULL);
}

/* A disk that does not answer, and a user who wants it to end: again and again SIGTERM. */
static int open_never(struct worker *w, const char *directory, uint64_t *file)
{
    (void)w, (void)directory, (void)file;
    while (kill(getpid(), SIGTERM) == 0)
        sched_yield();
    return ESRCH;
}

static void on_open_and_end(struct actor *self, struct message *m)
{
    if (m->kind == MSG_STOP)
        file_open(self, 0, span_copy(".", 1));
    else if (m->kind == MSG_SIGNAL)
        actor_end_program(self, 0);
}

static const struct actor_type opener_type = {"opener", sizeof(struct actor), on_open_and_end,
                                              NULL};

static void second_signal_ends_at_once(void)
{
    char log[4096];
    io = io_ev;
    io.file_open = open_never;
    CHECK_UINT(run_in_child(&opener_type, log, sizeof log), STATUS_SIGNALLED_AGAIN);
}

/* Its turn ends when the log has a line: that it takes so long, namely. */
static int log_read_end;

static void on_wait_for_the_log(struct actor *self, struct message *m)
{
    struct pollfd line = {.fd = log_read_end, .events = POLLIN};
    (void)m;
    CHECK_UINT(poll(&line, 1, GUARD_S * 1000), 1);
    actor_end_program(self, 0);
}

static const struct actor_type slow_type = {"slow", sizeof(struct actor), on_wait_for_the_log,
                                            NULL};

/* The counters of all workers are said at the end; the watchdog counts on the blocking one. */
static void long_turn_is_said_and_counted(void)
{
    char log[8192];
    int ends[2];
    struct log_settings before = log_settings;
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    log_settings = (struct log_settings){LOG_DEBUG, LOG_TEXT, ends[1]};
    log_read_end = ends[0];
    io = io_ev;
    CHECK_UINT(run_root(&slow_type), 0);
    log_settings = before;
    close(ends[1]);
    ssize_t n = read(ends[0], log, sizeof log - 1);
    close(ends[0]);
    REQUIRE(n > 0);
    log[n] = '\0';
    CHECK(strstr(log, "an actor holds its worker worker=0 holder=slow/0.0 kind=STOP ms=") != NULL);
    CHECK(strstr(log, "turns longer than TURN_LONG_MS worker=1 count=1\n") != NULL);
    CHECK(strstr(log, "actors that ended worker=0 count=") == NULL); /* nobody had, by then */
    CHECK(strstr(log, "turns of actors worker=2 count=") != NULL);
}

CU_TestInfo blocking_tests[] = {
    {"a turn that holds its worker is named, once", long_turn_is_named},
    {"short turns are not named", short_turns_are_not_named},
    {"a look-up that has waited too long is not begun", late_look_up_is_not_begun},
    {"a program that ends looks nothing up", ending_program_looks_nothing_up},
    {"a name without an answer holds up neither files nor the end",
     name_without_answer_holds_up_nothing},
    {"a second signal ends a program that waits for its disk", second_signal_ends_at_once},
    {"a long turn is said, and counted at the end", long_turn_is_said_and_counted},
    CU_TEST_INFO_NULL,
};
