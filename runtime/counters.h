/* runtime/counters.h -- what a worker counts. Written by the worker alone, O(1) each.
 *
 * COUNTER(name, what it counts)
 */
#ifndef RUNTIME_COUNTERS_H
#define RUNTIME_COUNTERS_H

#include <stdint.h>

#define COUNTERS(COUNTER)                                                                          \
    COUNTER(rounds, "rounds of turns")                                                             \
    COUNTER(turns, "turns of actors")                                                              \
    COUNTER(messages, "messages handled")                                                          \
    COUNTER(sent_far, "messages sent to other workers")                                            \
    COUNTER(flushes, "batches of messages pushed to other workers")                                \
    COUNTER(wakes, "sleeping workers woken")                                                       \
    COUNTER(parks, "times the worker went to sleep")                                               \
    COUNTER(spawned, "actors born")                                                                \
    COUNTER(reaped, "actors that ended")                                                           \
    COUNTER(dead_letters, "messages to actors that were gone and that nobody expected to be")      \
    COUNTER(late, "messages that came late, as some always do")                                    \
    COUNTER(bounced, "messages returned to their senders")                                         \
    COUNTER(unexpected, "messages that their receivers had no use for")                            \
    COUNTER(spawned_here, "spawns that found no place on the worker they were meant for")          \
    COUNTER(bytes_read, "bytes read from sockets")                                                 \
    COUNTER(bytes_written, "bytes written to sockets")                                             \
    COUNTER(reads, "read calls")                                                                   \
    COUNTER(writes, "write calls")                                                                 \
    COUNTER(accepted, "connections accepted")                                                      \
    COUNTER(accept_failed, "accepts that failed, mostly for want of descriptors")                  \
    COUNTER(log_dropped, "log lines dropped because the log was not read")                         \
    COUNTER(long_turns, "turns longer than TURN_LONG_MS")

struct counters {
#define COUNTER(name, what) uint64_t name;
    COUNTERS(COUNTER)
#undef COUNTER
};

#endif
