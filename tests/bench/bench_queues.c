/* tests/bench/bench_queues.c -- see bench_queues.h */
#include "tests/bench/bench_clock.h"
#include "tests/bench/bench_queues.h"
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

/* ---- a list under a mutex ---- */

struct cell {
    struct cell *next;
    uint64_t number;
    uint8_t rest[48]; /* a cell is as large as a message of the runtime */
};

struct mutex_queue {
    pthread_mutex_t mutex;
    pthread_cond_t some; /* the receiver waits for a first cell */
    pthread_cond_t room; /* the sender waits for half of the window */
    struct cell *first, **end;
    unsigned under_way; /* pushed and not yet handled */
    unsigned batch;     /* cells that the sender pushes at once */
    bool take_all;
    bool sender_waits;
    uint64_t messages;
    uint64_t sum; /* of the numbers received: makes the receiver read each cell */
    struct cell cells[BENCH_WINDOW];
};

/* Sender, locked. The cells of the window are used in turn, the oldest is free when there is room. */
static void push_batch(struct mutex_queue *q, uint64_t sent, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct cell *c = &q->cells[(sent + i) % BENCH_WINDOW];
        c->number = sent + i;
        c->next = NULL;
        *q->end = c;
        q->end = &c->next;
    }
    q->under_way += n;
}

static void send_all(struct mutex_queue *q)
{
    for (uint64_t sent = 0; sent < q->messages;) {
        uint64_t rest = q->messages - sent;
        unsigned n = rest < q->batch ? (unsigned)rest : q->batch;
        pthread_mutex_lock(&q->mutex);
        while (q->under_way + n > BENCH_WINDOW) {
            q->sender_waits = true;
            pthread_cond_wait(&q->room, &q->mutex);
        }
        bool was_empty = !q->first;
        push_batch(q, sent, n);
        pthread_mutex_unlock(&q->mutex);
        if (was_empty)
            pthread_cond_signal(&q->some);
        sent += n;
    }
}

/* Receiver, locked: takes one cell, or all. */
static struct cell *take_cells(struct mutex_queue *q)
{
    while (!q->first)
        pthread_cond_wait(&q->some, &q->mutex);
    struct cell *c = q->first;
    q->first = q->take_all ? NULL : c->next;
    if (!q->first)
        q->end = &q->first;
    if (!q->take_all)
        c->next = NULL;
    return c;
}

/* Receiver, locked: gives back the room of the cells that were handled since the last lock. */
static void give_room(struct mutex_queue *q, unsigned handled)
{
    q->under_way -= handled;
    if (q->sender_waits && q->under_way <= BENCH_WINDOW / 2) {
        q->sender_waits = false;
        pthread_cond_signal(&q->room);
    }
}

static void *receive_cells(void *argument)
{
    struct mutex_queue *q = argument;
    unsigned handled = 0;
    for (uint64_t received = 0; received < q->messages; received += handled) {
        pthread_mutex_lock(&q->mutex);
        give_room(q, handled);
        struct cell *c = take_cells(q);
        pthread_mutex_unlock(&q->mutex);
        for (handled = 0; c; c = c->next, handled++)
            q->sum += c->number;
    }
    return NULL;
}

static double bench_mutex(uint64_t messages, unsigned batch, bool take_all)
{
    static struct mutex_queue q; /* 64 KiB: not on the stack */
    pthread_t receiver;
    memset(&q, 0, sizeof q);
    q.end = &q.first;
    q.batch = batch;
    q.take_all = take_all;
    q.messages = messages;
    pthread_mutex_init(&q.mutex, NULL);
    pthread_cond_init(&q.some, NULL);
    pthread_cond_init(&q.room, NULL);
    double spent = -1;
    if (messages && pthread_create(&receiver, NULL, receive_cells, &q) == 0) {
        double start = bench_now_ns();
        send_all(&q);
        pthread_join(receiver, NULL);
        spent = bench_now_ns() - start;
        if (q.sum != messages * (messages - 1) / 2)
            spent = -1;
    }
    pthread_cond_destroy(&q.room);
    pthread_cond_destroy(&q.some);
    pthread_mutex_destroy(&q.mutex);
    return spent < 0 ? -1 : spent / (double)messages;
}

double bench_mutex_one_by_one(uint64_t messages)
{
    return bench_mutex(messages, 1, false);
}

double bench_mutex_batches(uint64_t messages)
{
    return bench_mutex(messages, BENCH_BATCH, true);
}

/* ---- libzmq ---- */

static const char zmq_place[] = "inproc://bench-queues";
enum { ZMQ_MESSAGE_BYTES = 32 };

struct zmq_receiver {
    void *pull;
    uint64_t messages;
    bool failed;
};

static void *receive_zmq(void *argument)
{
    struct zmq_receiver *r = argument;
    char bytes[ZMQ_MESSAGE_BYTES];
    for (uint64_t i = 0; i < r->messages && !r->failed; i++)
        r->failed = zmq_recv(r->pull, bytes, sizeof bytes, 0) != ZMQ_MESSAGE_BYTES;
    return NULL;
}

static void *zmq_end(void *context, int type, int option)
{
    int window = BENCH_WINDOW / 2; /* inproc adds up the marks of both ends */
    int linger = 0;                /* or a failed run would wait for ever at the end */
    void *socket = zmq_socket(context, type);
    if (socket) {
        zmq_setsockopt(socket, option, &window, sizeof window);
        zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    }
    return socket;
}

static double measure_zmq(void *push, struct zmq_receiver *r)
{
    pthread_t receiver;
    char bytes[ZMQ_MESSAGE_BYTES] = {0};
    bool sent = true;
    if (pthread_create(&receiver, NULL, receive_zmq, r) != 0)
        return -1;
    double start = bench_now_ns();
    for (uint64_t i = 0; i < r->messages && sent; i++)
        sent = zmq_send(push, bytes, sizeof bytes, 0) == ZMQ_MESSAGE_BYTES;
    if (!sent)
        pthread_cancel(receiver); /* zmq_recv blocks in poll, a cancellation point */
    pthread_join(receiver, NULL);
    return sent && !r->failed ? bench_now_ns() - start : -1;
}

double bench_zmq_inproc(uint64_t messages)
{
    double spent = -1;
    void *context = zmq_ctx_new();
    if (!context)
        return -1;
    void *pull = zmq_end(context, ZMQ_PULL, ZMQ_RCVHWM);
    void *push = zmq_end(context, ZMQ_PUSH, ZMQ_SNDHWM);
    struct zmq_receiver r = {pull, messages, false};
    if (messages && pull && push && zmq_bind(pull, zmq_place) == 0 &&
        zmq_connect(push, zmq_place) == 0)
        spent = measure_zmq(push, &r);
    if (push)
        zmq_close(push);
    if (pull)
        zmq_close(pull);
    zmq_ctx_term(context);
    return spent < 0 ? -1 : spent / (double)messages;
}

/* ---- eventfd and epoll ---- */

/* One of the two players: sleeps on `own`, wakes the other by `other`. */
struct player {
    int epoll, own, other;
    uint64_t rounds;
    bool failed;
};

static bool hop_send(struct player *p)
{
    uint64_t one = 1;
    return write(p->other, &one, sizeof one) == sizeof one;
}

static bool hop_receive(struct player *p)
{
    struct epoll_event event;
    uint64_t value;
    return epoll_wait(p->epoll, &event, 1, -1) == 1 &&
           read(p->own, &value, sizeof value) == sizeof value;
}

static void *answer_hops(void *argument)
{
    struct player *p = argument;
    for (uint64_t i = 0; i < p->rounds && !p->failed; i++)
        p->failed = !hop_receive(p) || !hop_send(p);
    return NULL;
}

static bool player_open(struct player *p)
{
    struct epoll_event event = {.events = EPOLLIN};
    p->epoll = epoll_create1(EPOLL_CLOEXEC);
    p->own = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return p->epoll >= 0 && p->own >= 0 && epoll_ctl(p->epoll, EPOLL_CTL_ADD, p->own, &event) == 0;
}

static void player_close(struct player *p)
{
    if (p->epoll >= 0)
        close(p->epoll);
    if (p->own >= 0)
        close(p->own);
}

static double measure_hops(struct player *here, struct player *there)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, answer_hops, there) != 0)
        return -1;
    double start = bench_now_ns();
    for (uint64_t i = 0; i < here->rounds && !here->failed; i++)
        here->failed = !hop_send(here) || !hop_receive(here);
    if (here->failed)
        pthread_cancel(thread);
    pthread_join(thread, NULL);
    return here->failed || there->failed ? -1 : bench_now_ns() - start;
}

double bench_eventfd_hop(uint64_t hops)
{
    struct player here = {-1, -1, -1, hops / 2, false}, there = here;
    double spent = -1;
    if (hops >= 2 && player_open(&here) && player_open(&there)) {
        here.other = there.own;
        there.other = here.own;
        spent = measure_hops(&here, &there);
    }
    player_close(&there);
    player_close(&here);
    return spent < 0 ? -1 : spent / (double)(hops / 2 * 2);
}
