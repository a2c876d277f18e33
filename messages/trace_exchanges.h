/* messages/trace_exchanges.h -- what a trace's records tell of each exchange, gathered while they are read.
 *
 * Purpose  a record has the number of its exchange; people ask for connection ids and paths. These stand in the
 *          messages that began the exchange: REQUEST (or NEW_CONNECTION) and RESPONSE, at the interceptor. The
 *          stand-in agent's exchanges have numbers of their own (exchange_number.h), and no ids: those are
 *          said on the link alone.
 * Owner    whoever called trace_exchanges_new; entries stay until trace_exchanges_free, in order of their numbers'
 *          first appearance.
 * Thread   one at a time.
 */
#ifndef MESSAGES_TRACE_EXCHANGES_H
#define MESSAGES_TRACE_EXCHANGES_H

#include "messages/trace_record.h"
#include <uthash.h>

struct trace_exchange {
    uint32_t number;
    bool has_ids; /* mode, connection and request are known */
    bool raw;     /* a connection, not a request */
    uint8_t mode; /* enum traffic_mode */
    uint64_t connection;
    uint16_t request, port;
    bool has_request; /* method and target are known */
    char *method, *target;
    uint16_t status;             /* of the answer of the application; 0: not known */
    uint16_t answer_status;      /* of what the agent was told; 0: not known */
    uint64_t began_ns, ended_ns; /* first and last record */
    uint64_t records;
    UT_hash_handle hh;
};

struct trace_exchanges;

struct trace_exchanges *trace_exchanges_new(void);
void trace_exchanges_free(struct trace_exchanges *x);
/* Each record, in order. Returns its exchange; NULL: it belongs to none (yet: the first messages about one come
 * to incoming_proxy before it has a number; trace_exchange_of_ids finds it later). */
struct trace_exchange *trace_exchanges_take(struct trace_exchanges *x,
                                            const struct trace_record *r);
struct trace_exchange *trace_exchange_of_number(struct trace_exchanges *x, uint32_t number);
/* The newest exchange with these ids; NULL: none. */
struct trace_exchange *trace_exchange_of_ids(struct trace_exchanges *x, uint8_t mode,
                                             uint64_t connection, uint16_t request);
/* In order: the first, then trace_exchange_next. */
struct trace_exchange *trace_exchange_first(struct trace_exchanges *x);
static inline struct trace_exchange *trace_exchange_next(struct trace_exchange *x)
{
    return x->hh.next;
}

/* Method and target of a REQUEST's head, of a RESPONSE's or ANSWER's its status: of any record that has a head.
 * False: it has none, or it was left out. Texts are not NUL-terminated, and live as long as the record. */
bool trace_record_request(const struct trace_record *r, const char **method, size_t *method_length,
                          const char **target, size_t *target_length);
bool trace_record_status(const struct trace_record *r, uint16_t *status);

#endif
