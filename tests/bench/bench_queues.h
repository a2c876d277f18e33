/* tests/bench/bench_queues.h -- what messages between two threads cost without our runtime.
 *
 * The peers that `make bench-runtime` prints beside the runtime's own figures. Each function makes
 * its second thread, sends, joins it, and leaves nothing behind; so it can be called again, and
 * alternately with what it is compared to, which is what a noisy machine asks for.
 *
 * Units    nanoseconds of wall time a message, from the first send to the last receipt. The time
 *          to make the thread is left out, the threads are not pinned.
 * Errors   a negative number: the system refused a thread, a socket or a descriptor.
 * Links    -lzmq -lpthread.
 * Thread   any, one call at a time a measurement: two at once would measure each other.
 */
#ifndef TESTS_BENCH_BENCH_QUEUES_H
#define TESTS_BENCH_BENCH_QUEUES_H

#include <stdint.h>

/* Messages under way at most, in the mutex and the libzmq queues. */
enum { BENCH_WINDOW = 1024 };

/* Messages pushed under one lock by bench_mutex_batches. */
enum { BENCH_BATCH = 16 };

/* A list of 64-byte cells under a mutex, with a condition variable: one push and one pop a lock. */
double bench_mutex_one_by_one(uint64_t messages);

/* The same list: BENCH_BATCH pushed under one lock, all that is there taken under one lock. */
double bench_mutex_batches(uint64_t messages);

/* libzmq, PUSH to PULL over inproc, 32 bytes a message, copied in and out by zmq_send/zmq_recv. */
double bench_zmq_inproc(uint64_t messages);

/* Ping-pong of two threads which each block in epoll_wait on their own eventfd: one way, so half a
 * round trip, to a thread that sleeps. `hops` is rounded down to a whole number of round trips. */
double bench_eventfd_hop(uint64_t hops);

#endif
