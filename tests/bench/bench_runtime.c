/* tests/bench/bench_runtime.c -- what a message, a hop and a life cost, each beside its aim.
 *
 * Every figure is taken on a whole runtime (io_ev, real threads) that is made for one run and
 * destroyed after it. All figures are taken in turn, RUNS times over, and the median counts: on a
 * shared machine only what was measured side by side can be compared. The peers of bench_queues.h
 * run in between.
 *
 * usage: bench_runtime [--runs=N] [--only=WORD]
 * exit   0; 1 when a figure was above `bound` in every run (a busy machine alone does not do that);
 *        2 when it could not be measured, or no figure's name has the word
 */
#include "messages/kinds.h"
#include "runtime/runtime.h"
#include "runtime/worker.h"
#include "tests/bench/bench_clock.h"
#include "tests/bench/bench_inbox.h"
#include "tests/bench/bench_queues.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WINDOW = 1024, ACK_EVERY = 64, RUNS_MAX = 99 };

/* What the actors of the run are to do; written before it begins. */
static struct {
    unsigned worker;  /* where the other one lives */
    uint32_t players; /* pairs */
    uint64_t each;    /* messages or lives, of each pair */
    uint32_t batch;   /* messages sent from one handler */
} plan;

/* What came of it; written on worker 0, read when the run is over. */
static struct {
    double began_ns, ended_ns;
    double grown_kib;
    uint64_t wakes;
} result;

/* Of a figure that could not be taken. What the memory has grown by may well be less than nothing. */
#define NO_FIGURE ((double)NAN)

/* ---- ping-pong: `players` pairs, each with one ball ---- */

struct judge {
    struct actor actor;
    uint32_t playing;
};

struct player {
    struct actor actor;
    struct actor_ref judge;
    uint64_t left;
};

static void on_return(struct actor *actor, struct message *m)
{
    SAY((struct player *)actor, m->from, resume, .n = msg_resume(m)->n + 1);
}

static const struct actor_type returner_type = {"returner", sizeof(struct player), on_return, NULL};

static void on_serve(struct actor *actor, struct message *m)
{
    struct player *self = (struct player *)actor;
    if (m->kind == MSG_SIGNAL) {
        self->judge = m->from;
        self->left = plan.each;
        actor_spawn(actor, &returner_type, plan.worker,
                    msg_resume_new((struct msg_resume){.n = 0}));
    } else if (--self->left == 0) {
        SAY(self, self->judge, signal, .number = 0);
    } else {
        SAY(self, m->from, resume, .n = msg_resume(m)->n + 1);
    }
}

static const struct actor_type server_type = {"server", sizeof(struct player), on_serve, NULL};

static void on_judge(struct actor *actor, struct message *m)
{
    struct judge *self = (struct judge *)actor;
    if (m->kind == MSG_SIGNAL) {
        if (--self->playing)
            return;
        result.ended_ns = bench_now_ns();
        actor_end_program(actor, 0);
        return;
    }
    result.began_ns = bench_now_ns();
    self->playing = plan.players;
    for (uint32_t i = 0; i < plan.players; i++)
        actor_spawn(actor, &server_type, WORKER_HERE, msg_signal_new((struct msg_signal){i}));
}

static const struct actor_type judge_type = {"judge", sizeof(struct judge), on_judge, NULL};

/* ---- a stream to another worker, WINDOW messages under way at most ---- */

struct sender {
    struct actor actor;
    struct actor_ref receiver;
    uint64_t sent, acked;
    bool waits;
};

struct receiver {
    struct actor actor;
    uint64_t received;
};

static void on_receive(struct actor *actor, struct message *m)
{
    struct receiver *self = (struct receiver *)actor;
    if (m->kind == MSG_CONTINUE && ++self->received % ACK_EVERY == 0)
        SAY(self, m->from, credit, .bytes = ACK_EVERY);
}

static const struct actor_type receiver_type = {"receiver", sizeof(struct receiver), on_receive,
                                                NULL};

/* Sends a batch if the window allows it, and comes back by way of the mailbox for the next one. */
static void send_batch(struct sender *self)
{
    self->waits = self->sent + plan.batch > self->acked + WINDOW || self->sent == plan.each;
    if (self->waits)
        return;
    for (uint32_t i = 0; i < plan.batch; i++)
        SAY(self, self->receiver, resume, .n = i);
    self->sent += plan.batch;
    SAY(self, self->actor.ref, resume, .n = 0);
}

static void on_send(struct actor *actor, struct message *m)
{
    struct sender *self = (struct sender *)actor;
    if (m->kind == MSG_CREDIT) {
        self->acked += ACK_EVERY;
        if (self->acked == plan.each) {
            result.ended_ns = bench_now_ns();
            actor_end_program(actor, 0);
        } else if (self->waits) {
            send_batch(self);
        }
        return;
    }
    if (ref_is_nobody(self->receiver)) {
        result.began_ns = bench_now_ns();
        self->receiver =
            actor_spawn(actor, &receiver_type, plan.worker, msg_signal_new((struct msg_signal){0}));
    }
    send_batch(self);
}

static const struct actor_type sender_type = {"sender", sizeof(struct sender), on_send, NULL};

/* ---- lives: spawned, monitored, one message, stopped, DOWN ---- */

struct parent {
    struct actor actor;
    uint64_t left;
};

static void on_live(struct actor *actor, struct message *m)
{
    (void)m;
    actor_stop(actor, STOP_DONE);
}

static const struct actor_type child_type = {"child", sizeof(struct actor), on_live, NULL};

static void bear(struct parent *self)
{
    struct actor_ref child =
        actor_spawn(&self->actor, &child_type, WORKER_HERE, msg_resume_new((struct msg_resume){0}));
    actor_monitor(&self->actor, child);
    self->left--;
}

static void on_parent(struct actor *actor, struct message *m)
{
    struct parent *self = (struct parent *)actor;
    if (m->kind != MSG_DOWN) {
        result.began_ns = bench_now_ns();
        self->left = plan.each;
        for (uint32_t i = 0; i < plan.players; i++)
            bear(self);
    } else if (self->left) {
        bear(self);
    } else {
        result.ended_ns =
            bench_now_ns(); /* up to `players` lives more come to their end; never mind */
        actor_end_program(actor, 0);
    }
}

static const struct actor_type parent_type = {"parent", sizeof(struct parent), on_parent, NULL};

/* ---- a burst, and what is left of it a second later ---- */

struct source {
    struct actor actor;
    struct actor_ref sink;
    double before_kib;
};

static double resident_kib(void)
{
    unsigned long size = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%lu %lu", &size, &resident) != 2)
        resident = 0;
    if (f)
        fclose(f);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1024;
}

static void on_sink(struct actor *actor, struct message *m)
{
    struct receiver *self = (struct receiver *)actor;
    if (++self->received == plan.each)
        SAY(self, m->from, credit, .bytes = plan.each);
}

static const struct actor_type sink_type = {"sink", sizeof(struct receiver), on_sink, NULL};

static void on_source(struct actor *actor, struct message *m)
{
    struct source *self = (struct source *)actor;
    if (m->kind == MSG_CREDIT) {
        timer_start(actor, 0, 1000000);
    } else if (m->kind == MSG_TIMER) {
        result.grown_kib = resident_kib() - self->before_kib;
        actor_end_program(actor, 0);
    } else {
        self->before_kib = resident_kib();
        self->sink = actor_spawn(actor, &sink_type, plan.worker,
                                 msg_resume_new((struct msg_resume){.n = 0}));
        for (uint64_t i = 1; i < plan.each; i++)
            SAY(self, self->sink, resume, .n = 0);
    }
}

static const struct actor_type source_type = {"source", sizeof(struct source), on_source, NULL};

/* ---- one run ---- */

/* False when something leaked: then no figure of it is worth anything. */
static bool run(const struct actor_type *root, unsigned workers)
{
    static struct runtime r;
    struct runtime_options options = {.workers = workers, .io = &io_ev};
    runtime_create(&r, &options);
    runtime_spawn_root(&r, root, msg_resume_new((struct msg_resume){.n = 0}));
    runtime_run(&r);
    result.wakes = 0;
    for (unsigned i = 0; i < workers; i++)
        result.wakes += r.workers[i]->counters.wakes;
    return runtime_destroy(&r) == 0;
}

static double play(unsigned worker, uint32_t pairs, uint64_t messages)
{
    plan.worker = worker;
    plan.players = pairs;
    plan.each = messages / 2 / pairs;
    if (!run(&judge_type, worker + 1))
        return NO_FIGURE;
    return (result.ended_ns - result.began_ns) / (double)(plan.each * pairs * 2);
}

static double stream(uint32_t batch, uint64_t messages)
{
    plan.worker = 1;
    plan.batch = batch;
    plan.each = messages / WINDOW * WINDOW;
    if (!run(&sender_type, 2))
        return NO_FIGURE;
    return (result.ended_ns - result.began_ns) / (double)plan.each;
}

static double burst(unsigned worker)
{
    plan.worker = worker;
    plan.each = 1000000;
    return run(&source_type, worker + 1) ? result.grown_kib : NO_FIGURE;
}

/* ---- the figures ---- */

enum { MESSAGES = 400 * WINDOW, HOPS = 4000, LIVES = 200000, LIVING = 100 };

static double local_one(void)
{
    return play(0, 1, MESSAGES * 4);
}

static double local_many(void)
{
    return play(0, 1000, MESSAGES * 4);
}

static double far_single(void)
{
    return stream(1, MESSAGES * 4);
}

static double far_batch(void)
{
    return stream(BENCH_BATCH, MESSAGES * 4);
}

/* Of the messages that crossed; those of the sender to itself wake nobody. */
static double far_wakes(void)
{
    return isnan(stream(1, MESSAGES * 4)) ? NO_FIGURE : (double)result.wakes / (double)plan.each;
}

static double far_tokens(void)
{
    return play(1, WINDOW, MESSAGES * 2);
}

static double life(void)
{
    plan.players = LIVING;
    plan.each = LIVES;
    if (!run(&parent_type, 1))
        return NO_FIGURE;
    return (result.ended_ns - result.began_ns) / (double)LIVES;
}

/* The peers say a negative time when they could not be measured. */
static double peer(double ns)
{
    return ns < 0 ? NO_FIGURE : ns;
}

static double raw_hop(void)
{
    return peer(bench_eventfd_hop(HOPS)) / 1000;
}

static double hop(void)
{
    return play(1, 1, HOPS) / 1000;
}

/* One beside the other, or the machine's mood is measured. */
static double hop_ratio(void)
{
    double raw = raw_hop(), ours = hop(), again = raw_hop();
    return ours * 2 / (raw + again);
}

static double local_rss(void)
{
    return burst(0);
}

static double far_rss(void)
{
    return burst(1);
}

static double inbox_single(void)
{
    return peer(bench_inbox_one_by_one(MESSAGES));
}

static double inbox_batch(void)
{
    return peer(bench_inbox_batches(MESSAGES));
}

static double mutex_single(void)
{
    return peer(bench_mutex_one_by_one(MESSAGES / 2));
}

static double mutex_batch(void)
{
    return peer(bench_mutex_batches(MESSAGES));
}

static double zmq_inproc(void)
{
    return peer(bench_zmq_inproc(MESSAGES / 2));
}

/* aim 0: a peer, only to compare with. bound: more is a failure. For a time it is generous, for a
 * shared machine is slow at times; for a ratio and for memory it is not. */
static const struct figure {
    const char *name, *unit;
    double aim, bound;
    double (*take)(void);
    unsigned runs; /* 0: as asked for */
} figures[] = {
    {"same worker, ping-pong, 1 pair", "ns", 8, 80, local_one, 0},
    {"same worker, ping-pong, 1000 pairs", "ns", 8, 80, local_many, 0},
    {"the inbox alone, one by one, window 1024", "ns", 20, 300, inbox_single, 0},
    {"across, sent one by one, window 1024 (*)", "ns", 20, 300, far_single, 0},
    {"across, 1024 that bounce", "ns", 20, 300, far_tokens, 0},
    {"  peer: mutex queue, one by one", "ns", 0, 0, mutex_single, 0},
    {"  peer: libzmq inproc", "ns", 0, 0, zmq_inproc, 0},
    {"the inbox alone, chains of 16", "ns", 5, 200, inbox_batch, 0},
    {"across, 16 from one handler (*)", "ns", 5, 200, far_batch, 0},
    {"  peer: mutex queue, batches of 16", "ns", 0, 0, mutex_batch, 0},
    {"wakes a message, across, one by one", "", 0.005, 0.05, far_wakes, 0},
    {"hop to a sleeping worker", "us", 0, 0, hop, 0},
    {"  peer: eventfd and epoll", "us", 0, 0, raw_hop, 0},
    {"  the first through the second", "x", 1.2, 2, hop_ratio, 0},
    {"a life: spawn, monitor, stop, DOWN", "ns", 60, 600, life, 0},
    {"memory 1 s after a burst, same worker", "KiB", 1024, 3072, local_rss, 7},
    {"memory 1 s after a burst, across", "KiB", 1024, 3072, far_rss, 7},
};

enum { FIGURES = sizeof figures / sizeof figures[0] };
static double taken[FIGURES][RUNS_MAX];
static unsigned taken_count[FIGURES];

static bool is_wanted(const struct figure *f, unsigned round, unsigned runs, const char *only)
{
    if (only && !strstr(f->name, only))
        return false;
    return round < (f->runs && f->runs < runs ? f->runs : runs);
}

/* False when one could not be measured. */
static bool take_all(unsigned runs, const char *only)
{
    for (unsigned round = 0; round < runs; round++)
        for (unsigned i = 0; i < FIGURES; i++) {
            if (!is_wanted(&figures[i], round, runs, only))
                continue;
            double value = figures[i].take();
            if (isnan(value)) {
                fprintf(stderr, "bench_runtime: %s: cannot be measured\n", figures[i].name);
                return false;
            }
            taken[i][taken_count[i]++] = value;
        }
    return true;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* True unless the figure was always above its bound. */
static bool print_figure(const struct figure *f, double *values, unsigned count)
{
    qsort(values, count, sizeof *values, by_value);
    double median = values[count / 2];
    bool far_off = values[0] > f->bound;
    const char *verdict = median <= f->aim ? "met" : far_off ? "FAR OFF" : "missed";
    char aim[24] = "";
    if (f->aim > 0)
        snprintf(aim, sizeof aim, "<= %g", f->aim);
    printf("%-40s %-8s %9.4g  %9.4g .. %-9.4g %-4s %s\n", f->name, aim, median, values[0],
           values[count - 1], f->unit, f->aim > 0 ? verdict : "");
    return f->aim <= 0 || !far_off;
}

static bool print_all(void)
{
    bool fine = true;
    printf("%-40s %-8s %9s  %9s .. %-9s %-4s %s\n", "", "aim", "median", "least", "most", "",
           "verdict");
    for (unsigned i = 0; i < FIGURES; i++)
        if (taken_count[i])
            fine &= print_figure(&figures[i], taken[i], taken_count[i]);
    printf("(*) the sender's handler is called anew by a message to itself: one for each that "
           "crosses, or\n"
           "    for 16 of them; it is in the figure. The inbox alone and the peers have a loop "
           "instead.\n");
    return fine;
}

int main(int argc, char **argv)
{
    unsigned runs = 9;
    const char *only = NULL;
    for (int i = 1; i < argc; i++) {
        if (!strncmp(argv[i], "--runs=", 7))
            runs = (unsigned)strtoul(argv[i] + 7, NULL, 10);
        else if (!strncmp(argv[i], "--only=", 7))
            only = argv[i] + 7;
        else
            runs = 0;
    }
    if (runs == 0 || runs > RUNS_MAX) {
        fprintf(stderr, "usage: bench_runtime [--runs=1..%d] [--only=WORD]\n", RUNS_MAX);
        return 2;
    }
    bool known = false;
    for (unsigned i = 0; i < FIGURES; i++)
        known |= is_wanted(&figures[i], 0, runs, only);
    if (!known) {
        fprintf(stderr, "bench_runtime: no figure's name has \"%s\"\n", only);
        return 2;
    }
    messages_init();
    log_settings.level = LOG_ERROR;
    if (!take_all(runs, only))
        return 2;
    return print_all() ? 0 : 1;
}
