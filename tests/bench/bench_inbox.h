/* tests/bench/bench_inbox.h -- what the inbox costs by itself, as its peers in bench_queues.h are measured.
 *
 * Two threads, the same 64-byte cells, the same window of BENCH_WINDOW, both ends sleep when they have
 * nothing to do (eventfd). No actors: what these add stands in the other lines of `make bench-runtime`.
 * Units and errors as in bench_queues.h.
 */
#ifndef TESTS_BENCH_BENCH_INBOX_H
#define TESTS_BENCH_BENCH_INBOX_H

#include <stdint.h>

/* One push a cell. */
double bench_inbox_one_by_one(uint64_t messages);
/* BENCH_BATCH cells a push. */
double bench_inbox_batches(uint64_t messages);

#endif
