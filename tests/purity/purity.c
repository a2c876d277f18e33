/* tests/purity/purity.c -- the live daemon, recorded under load and replayed; see purity.h
 *
 * usage: purity [--runs=N] [--ms=N] [--seed=N]
 *
 * Each run is a process of its own: it serves for so many milliseconds while a killer on each worker
 * ends actors between two of their turns, then it drains. Ends with 1 at the first run that ended
 * otherwise than by its drain, in which something leaked, or in which an actor did not do again what it
 * had done.
 */
#include "tests/purity/purity.h"
#include "tests/recording.h"
#include "actors/destinations.h"
#include "actors/interceptor.h"
#include "actors/local_connection.h"
#include "actors/settings.h"
#include "actors/supervisor.h"
#include "messages/kinds.h"
#include "runtime/runtime.h"
#include "runtime/worker.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 2, KILL_EVERY_US = 4000 };

static struct settings asked;
static uint64_t run_us = 600000, seed = 1;
static struct actor_ref supervisor; /* of the run; written before the workers start */

/* ---- sockets, for both threads ---- */

uint32_t purity_chance(uint64_t *random, uint32_t below)
{
    uint64_t x = *random;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    *random = x;
    return (uint32_t)((x >> 32) * below >> 32);
}

int purity_wait(int fd, int ms)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    return poll(&one, 1, ms) > 0;
}

int purity_write(int fd, const void *bytes, uint32_t length)
{
    const char *at = bytes;
    while (length) {
        ssize_t n = send(fd, at, length, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return 0;
        at += n;
        length -= (uint32_t)n;
    }
    return 1;
}

int purity_listen(uint16_t *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 128) ||
        getsockname(fd, (struct sockaddr *)&at, &size)) {
        perror("purity: no listener");
        exit(2);
    }
    *port = ntohs(at.sin_port);
    return fd;
}

/* ---- the killer: one on each worker ---- */

struct killer {
    struct actor actor;
    uint64_t random, until_us;
    bool first;
};

static const struct actor_type killer_type;

/* What a test of the sim does between two turns, done in a turn of somebody else's. */
static void kill_one(struct killer *self)
{
    struct worker *w = self->actor.worker;
    uint32_t begin = purity_chance(&self->random, w->slots_count);
    for (uint32_t i = 0; i < w->slots_count; i++) {
        struct actor *a = w->slots[(begin + i) % w->slots_count].actor;
        if (!a || (a->type != &interceptor_type && a->type != &local_connection_type))
            continue;
        a->stop_reason = STOP_KILLED;
        worker_reap(w, a);
        return;
    }
}

static void killer_on_message(struct actor *actor, struct message *m)
{
    struct killer *self = (struct killer *)actor;
    if (m->kind == MSG_CONTINUE) {
        self->first = msg_resume(m)->n != 0;
        self->random = seed * 77 + actor_worker(actor) + 1;
        self->until_us = actor_now(actor) + run_us;
        if (self->first)
            actor_spawn(actor, &killer_type, 1, msg_resume_new((struct msg_resume){0}));
    } else if (!actor->worker->isolated) {
        kill_one(self);
    }
    if (actor_now(actor) < self->until_us)
        timer_start(actor, 0, KILL_EVERY_US);
    else if (self->first)
        SAY(self, supervisor, signal, .number = SIGTERM);
}

static const struct actor_type killer_type = {"killer", sizeof(struct killer), killer_on_message,
                                              NULL};

/* ---- one run ---- */

struct totals {
    uint64_t actors, inputs, lost, answers;
};

static void settings_for(uint16_t agent_port, uint16_t app_port)
{
    char text[60], error[160];
    struct address app;
    settings_default(&asked);
    asked.workers = WORKERS;
    asked.seed = seed;
    snprintf(text, sizeof text, "127.0.0.1:%u", agent_port);
    (void)address_parse(&asked.agent, text, error);
    snprintf(text, sizeof text, "127.0.0.1:%u", app_port);
    (void)address_parse(&app, text, error);
    asked.subscriptions[0] = (struct subscription){80, destination_add(&app)};
    asked.subscription_count = 1;
    settings = &asked;
}

/* 0, or what the run ended with in place of a drain, or without all that it had taken given back. */
static int serve(struct recording *recording)
{
    struct runtime r;
    runtime_create(&r, &(struct runtime_options){
                           .workers = WORKERS, .io = &io_ev, .hooks = recording_hooks(recording)});
    supervisor = runtime_spawn_root(&r, &supervisor_type, supervisor_first());
    runtime_signals_to(&r, supervisor);
    runtime_spawn_root(&r, &killer_type, msg_resume_new((struct msg_resume){1}));
    int status = runtime_run(&r);
    uint64_t leaked = runtime_destroy(&r);
    if (status || leaked)
        fprintf(stderr, "purity: status %d, %llu objects leaked, --seed=%llu\n", status,
                (unsigned long long)leaked, (unsigned long long)seed);
    return status || leaked;
}

static int replay(struct recording *recording, struct totals *t)
{
    char report[8000] = "";
    uint64_t diverged = replay_all(recording, report, sizeof report);
    t->actors = recording_actors(recording);
    t->inputs = recording_inputs(recording);
    t->lost = recording_lost(recording);
    if (diverged)
        fprintf(stderr, "purity: %llu actors diverged, --seed=%llu\n%s\n",
                (unsigned long long)diverged, (unsigned long long)seed, report);
    return diverged != 0;
}

static int run(struct totals *t)
{
    uint16_t agent_port, app_port;
    atomic_bool stop = false;
    struct outside agent = {purity_listen(&agent_port), seed * 2654435761u + 1, &stop, 0};
    struct outside app = {purity_listen(&app_port), seed * 40503u + 7, &stop, 0};
    pthread_t threads[2];
    log_settings.level = LOG_ERROR;
    messages_init();
    struct recording *recording = recording_new();
    settings_for(agent_port, app_port);
    if (pthread_create(&threads[0], NULL, purity_agent, &agent) ||
        pthread_create(&threads[1], NULL, purity_application, &app)) {
        perror("purity: no thread");
        return 2;
    }
    int status = serve(recording);
    atomic_store(&stop, true);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    t->answers = agent.served;
    status |= replay(recording, t);
    recording_free(recording);
    if (!status && (t->answers < 10 || t->inputs < 1000)) {
        fprintf(stderr, "purity: only %llu answers, that is no load\n",
                (unsigned long long)t->answers);
        return 2;
    }
    return status;
}

/* ---- all runs ---- */

static int run_apart(struct totals *t)
{
    int pipe_ends[2], status = 2;
    if (pipe(pipe_ends))
        return 2;
    pid_t child = fork();
    if (child == 0) {
        struct totals mine = {0};
        status = run(&mine);
        if (write(pipe_ends[1], &mine, sizeof mine) != sizeof mine)
            status = 2;
        _exit(status);
    }
    close(pipe_ends[1]);
    if (child < 0 || read(pipe_ends[0], t, sizeof *t) != sizeof *t)
        memset(t, 0, sizeof *t);
    close(pipe_ends[0]);
    if (child > 0)
        waitpid(child, &status, 0);
    return status;
}

static int all_runs(uint64_t runs)
{
    struct totals sum = {0};
    for (uint64_t i = 0; i < runs; i++, seed++) {
        struct totals t;
        int status = run_apart(&t);
        if (status) {
            fprintf(stderr, "purity: run %llu failed (status %d), --seed=%llu\n",
                    (unsigned long long)i + 1, status, (unsigned long long)seed);
            return 1;
        }
        sum.actors += t.actors;
        sum.inputs += t.inputs;
        sum.lost += t.lost;
        sum.answers += t.answers;
    }
    printf("purity: %llu runs, %llu requests, %llu actors, %llu messages heard, all the same again "
           "(%llu messages not recorded)\n",
           (unsigned long long)runs, (unsigned long long)sum.answers,
           (unsigned long long)sum.actors, (unsigned long long)sum.inputs,
           (unsigned long long)sum.lost);
    return 0;
}

static int take(const char *argument, const char *name, uint64_t *into)
{
    size_t n = strlen(name);
    if (strncmp(argument, name, n) != 0)
        return 0;
    *into = strtoull(argument + n, NULL, 0);
    return 1;
}

int main(int argc, char **argv)
{
    uint64_t runs = 100, ms = 600;
    signal(SIGPIPE, SIG_IGN);
    for (int i = 1; i < argc; i++)
        if (!take(argv[i], "--runs=", &runs) && !take(argv[i], "--ms=", &ms) &&
            !take(argv[i], "--seed=", &seed)) {
            fprintf(stderr, "usage: purity [--runs=N] [--ms=N] [--seed=N]\n");
            return 2;
        }
    run_us = ms * 1000;
    return all_runs(runs);
}
