/* tools/trace_totals.h -- what a trace's records come to: by kind, by type of actor, by exchange.
 *
 * Owner    whoever called trace_totals_new. Memory: kinds, types, exchanges, and who lives; not records.
 * Thread   one at a time.
 */
#ifndef TOOLS_TRACE_TOTALS_H
#define TOOLS_TRACE_TOTALS_H

#include "messages/trace_exchanges.h"
#include "tools/trace_histogram.h"
#include <uthash.h>

/* Of a kind of message, or of a type of actor. */
struct trace_total {
    char name[TRACE_NAME_MAX];
    uint64_t calls, undelivered;
    uint64_t bytes;                 /* of payloads */
    uint64_t written;               /* to sockets; types only */
    uint64_t spawned, ended;        /* types only */
    struct trace_histogram wait;    /* in the mailbox, of those whose sender is known */
    struct trace_histogram handled; /* from the beginning to the end of the call */
    UT_hash_handle hh;
};

struct trace_exchange_total {
    uint32_t number;
    uint64_t records, bytes, wait_ns, handled_ns;
    uint64_t began_ns, ended_ns;
    UT_hash_handle hh;
};

struct trace_totals {
    struct trace_total *kinds, *types;
    struct trace_exchange_total *exchanges;
    struct trace_total all;
    uint64_t records, lost, unpaired, notes;
    bool has_begun;
    uint64_t began_ns, ended_ns;
};

struct trace_totals *trace_totals_new(void);
void trace_totals_free(struct trace_totals *t);

/* One record that is wanted. wait_ns NULL: not known, or it came from the runtime. */
void trace_totals_take(struct trace_totals *t, const struct trace_reader *reader,
                       const struct trace_record *r, const uint64_t *wait_ns);
/* Both tables, what took most time first. */
void trace_totals_sort(struct trace_totals *t);
/* The slowest, at most so many, in an array of malloc's; *count says how many. */
const struct trace_exchange_total **trace_totals_slowest(const struct trace_totals *t,
                                                         unsigned most, unsigned *count);
/* How long exchanges took: those of the stand-in agent, or all others. */
void trace_totals_durations(const struct trace_totals *t, bool agents, struct trace_histogram *out);

#endif
