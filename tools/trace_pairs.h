/* tools/trace_pairs.h -- which call sent the message that an actor heard.
 *
 * Purpose  a SEND has no payload and a record no word about its sender's call; but per pair of actors the n-th
 *          that was sent or spawned with is the n-th that was heard, or was not delivered. So mailbox waits and
 *          causes are known. Where calls are missing (lagged, damaged, begun in the middle), nothing is guessed:
 *          a pair is followed only if one of the two was born since.
 * Owner    whoever called trace_pairs_new. Memory: what is under way, and who lives.
 * Thread   one at a time.
 */
#ifndef TOOLS_TRACE_PAIRS_H
#define TOOLS_TRACE_PAIRS_H

#include "messages/trace_record.h"

enum trace_paired {
    PAIR_RUNTIME, /* the runtime says it: nobody's call sent it */
    PAIR_FOUND,   /* *sent is filled */
    PAIR_EARLY,   /* heard before the call that sent it ended: it is a later record; see `late` */
    PAIR_UNKNOWN, /* records are missing */
};

struct trace_sent {
    uint64_t sequence; /* of the call that sent it */
    uint64_t ended_ns; /* when that ended */
};

struct trace_pairs;

struct trace_pairs *trace_pairs_new(void);
void trace_pairs_free(struct trace_pairs *p);
/* Each record, in order. What it says about other records than calls and undelivered ones is PAIR_RUNTIME. */
enum trace_paired trace_pairs_take(struct trace_pairs *p, const struct trace_reader *reader,
                                   const struct trace_record *r, struct trace_sent *sent);
/* Called within trace_pairs_take, when the sender of a message that was PAIR_EARLY has come: heard is the sequence
 * of the record that was. */
void trace_pairs_late(struct trace_pairs *p,
                      void (*late)(void *context, uint64_t heard, const struct trace_sent *sent),
                      void *context);

/* The kind is one that actors send, not the runtime in their name (DOWN, SOCKET_ACCEPTED ...). */
bool trace_kind_is_sent(const struct trace_kind *k);
/* How long a message waited in its receiver's mailbox. False: that is not known, or it came from nobody. */
bool trace_wait_ns(enum trace_paired paired, const struct trace_sent *sent,
                   const struct trace_record *r, uint64_t *ns);

#endif
