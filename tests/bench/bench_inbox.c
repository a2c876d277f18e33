/* tests/bench/bench_inbox.c -- see bench_inbox.h */
#include "tests/bench/bench_inbox.h"
#include "runtime/inbox.h"
#include "tests/bench/bench_clock.h"
#include "tests/bench/bench_queues.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct cell {
    struct inbox_node node;
    uint64_t number;
    uint8_t rest[48];
};

static struct {
    struct inbox inbox;
    int wake, room; /* eventfds: of the receiver, of the sender */
    uint64_t messages;
    uint64_t sum;
    _Alignas(64) atomic_uint_fast64_t handled;
    _Alignas(64) atomic_bool sender_waits;
    _Alignas(64) struct cell cells[BENCH_WINDOW];
} q;

static void ring(int fd)
{
    uint64_t one = 1;
    while (write(fd, &one, sizeof one) < 0)
        ;
}

static void sleep_on(int fd)
{
    uint64_t count;
    while (read(fd, &count, sizeof count) < 0)
        ;
}

/* Sender: until `n` more fit into the window. Says that it waits before it looks once more, and the
 * receiver counts before it looks who waits: one of the two sees the other. */
static void await_room(uint64_t sent, unsigned n)
{
    while (sent + n > atomic_load(&q.handled) + BENCH_WINDOW) {
        atomic_store(&q.sender_waits, true);
        if (sent + n <= atomic_load(&q.handled) + BENCH_WINDOW)
            break;
        sleep_on(q.room);
    }
}

static void send_batch(uint64_t sent, unsigned n)
{
    struct cell *newest = NULL, *oldest = &q.cells[sent % BENCH_WINDOW];
    for (unsigned i = 0; i < n; i++) {
        struct cell *c = &q.cells[(sent + i) % BENCH_WINDOW];
        c->number = sent + i;
        c->node.next = newest ? &newest->node : NULL;
        newest = c;
    }
    if (inbox_push(&q.inbox, &newest->node, &oldest->node) == INBOX_WOKE)
        ring(q.wake);
}

static void count_handled(uint64_t handled)
{
    atomic_store(&q.handled, handled);
    if (atomic_load(&q.sender_waits) && atomic_exchange(&q.sender_waits, false))
        ring(q.room);
}

static void *receive(void *unused)
{
    uint64_t received = 0;
    while (received < q.messages) {
        struct inbox_node *n = inbox_take(&q.inbox);
        for (; n; n = n->next, received++)
            q.sum += ((struct cell *)(void *)n)->number;
        count_handled(received);
        if (received < q.messages && inbox_park(&q.inbox))
            sleep_on(q.wake);
    }
    return unused;
}

static double measure(uint64_t messages, unsigned batch)
{
    pthread_t receiver;
    double spent = -1;
    memset(&q, 0, sizeof q);
    inbox_create(&q.inbox);
    q.messages = messages / batch * batch;
    q.wake = eventfd(0, EFD_CLOEXEC);
    q.room = eventfd(0, EFD_CLOEXEC);
    if (q.wake >= 0 && q.room >= 0 && pthread_create(&receiver, NULL, receive, NULL) == 0) {
        double start = bench_now_ns();
        for (uint64_t sent = 0; sent < q.messages; sent += batch) {
            await_room(sent, batch);
            send_batch(sent, batch);
        }
        pthread_join(receiver, NULL);
        spent = bench_now_ns() - start;
        if (q.sum != q.messages * (q.messages - 1) / 2)
            spent = -1;
    }
    close(q.wake);
    close(q.room);
    return spent < 0 ? -1 : spent / (double)q.messages;
}

double bench_inbox_one_by_one(uint64_t messages)
{
    return measure(messages, 1);
}

double bench_inbox_batches(uint64_t messages)
{
    return measure(messages, BENCH_BATCH);
}
