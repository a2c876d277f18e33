/* messages/trace_transactions.h -- what was asked of an application and what it said, one by one.
 *
 * Purpose  the streams to applications (trace_streams.h), cut where one exchange ends and the next begins, and
 *          read as HTTP: what is played as the application, or as its client.
 * Owner    whoever called trace_transactions_new; the streams must outlive it and take no more records.
 * Thread   one at a time.
 */
#ifndef MESSAGES_TRACE_TRANSACTIONS_H
#define MESSAGES_TRACE_TRANSACTIONS_H

#include "messages/trace_http.h"
#include "messages/trace_streams.h"

struct trace_transaction {
    const struct trace_stream *stream;
    unsigned lane;         /* which connection, from 0 */
    unsigned first, count; /* pieces of the stream */
    uint32_t exchange;
    bool raw;             /* no HTTP: bytes both ways */
    bool early;           /* the answer began before the request was whole */
    bool upgraded;        /* after a 101: bytes both ways behind both heads */
    const char *left_out; /* why it cannot be played; NULL: it can */
    uint64_t began_ns;    /* the first byte of the request */
    uint64_t asked_ns;    /* the last one of the request itself */
    uint64_t answered_ns; /* the first byte of the answer; 0: there was none */
    uint64_t whole_ns;    /* the last byte of the answer itself; 0: it has no end */
    uint64_t ended_ns;    /* the last thing that the application did; or when the proxy gave up */
    size_t offset[SIDES]; /* bytes of each side, in stream->bytes */
    size_t length[SIDES];
    size_t
        http[SIDES]; /* so many of these are the request, the answer; behind a 101 there are more */
    bool cut[SIDES]; /* some of these bytes are not in the trace (--trace-bodies) */
    bool ends[SIDES]; /* this side finished sending */
    bool resets[SIDES];
    struct trace_http request, answer;
};

struct trace_transactions {
    struct trace_transaction *list; /* by began_ns */
    unsigned count;
    unsigned lanes; /* connections */
    unsigned left_out;
};

/* `first` and those that follow it. A request that was sent again, because a connection had ended without a byte of
 * answer, is one: as it was sent last. destination: only connections to this address; NULL: all. Those that the
 * stand-in agent inside opened are left out if there are others. */
struct trace_transactions *trace_transactions_new(const struct trace_stream *first,
                                                  const char *destination);
void trace_transactions_free(struct trace_transactions *t);

/* All of the request is there, and no more is left out than bytes of its answer. */
bool trace_transaction_lacks_answer(const struct trace_transaction *t);
/* What is known of it, whole; a copy but for the parts. The transaction can be asked again then. */
void trace_transaction_answer(struct trace_transaction *t, const struct trace_http *answer,
                              const struct trace_http_part *parts, unsigned count);

static inline const uint8_t *trace_transaction_bytes(const struct trace_transaction *t,
                                                     enum stream_side side)
{
    return t->length[side] ? t->stream->bytes[side].at + t->offset[side] : NULL;
}

#endif
