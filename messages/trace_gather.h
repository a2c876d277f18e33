/* messages/trace_gather.h -- whole exchanges out of a trace: request and answer, with their bodies and times.
 *
 * Purpose  what converts a trace into other forms of HTTP needs requests and answers whole, where the trace has
 *          the messages they were made of. Fed record by record; an exchange is given when it has ended.
 * Source   REQUEST, REQUEST_BODY, RESPONSE, RESPONSE_BODY, DATA at the interceptor: what came from the agent and
 *          what the application answered. ANSWER at the link, when the application gave none: what the proxy
 *          said in its place. Times: from what the local_connection did for it. Or the same at agent_remote.
 * Owner    whoever called trace_gather_new. A gathered exchange belongs to whom it was given: gathered_free.
 * Thread   one at a time.
 * Bounds   exchanges under way are in memory. Those that have ended wait for older ones, so that they come in
 *          the order in which they began, but only up to GATHER_WAIT_BYTES.
 */
#ifndef MESSAGES_TRACE_GATHER_H
#define MESSAGES_TRACE_GATHER_H

#include "messages/trace_encoder.h"
#include "messages/trace_record.h"
#include <uthash.h>

enum { GATHER_WAIT_BYTES = 64 << 20 };

struct gathered_body {
    struct trace_out data;     /* what the trace has of it, without framing */
    uint64_t length;           /* that it had */
    struct trace_out trailers; /* a header map in the protocol's form; empty: none */
    bool ended;
};

/* Times of the trace's clock, ns; 0: not known. */
struct gathered_times {
    uint64_t began;                 /* the first message to its interceptor */
    uint64_t resolve, resolved;     /* the destination's name was looked up for it */
    uint64_t dial, connected;       /* a connection was made for it */
    uint64_t assigned;              /* it was given a connection */
    uint64_t sent;                  /* the last write of the request */
    uint64_t first_byte, last_byte; /* of the answer */
    uint64_t ended;                 /* the last record of its interceptor */
};

struct gathered {
    uint32_t number;
    uint8_t mode; /* enum traffic_mode */
    bool
        remote; /* an exchange of the stand-in agent: its number counts these, address is the client's */
    bool has_ids, raw, tls;
    uint64_t connection;
    uint16_t request_id, port;

    bool has_request, has_response;               /* the heads are there */
    bool cut;                                     /* the head was not recorded whole */
    struct trace_out request_head, response_head; /* in the protocol's form (http_head.h) */
    struct gathered_body request, response;
    bool from_proxy; /* the response is what the proxy said, not the application */
    bool upgraded;
    struct gathered_body to_application,
        from_application; /* raw bytes: a connection, or behind a 101 */

    struct actor_ref local; /* the connection that served it, or on which it came; NOBODY: none */
    char address[ADDRESS_TEXT_MAX]; /* of its other end; "": not known */
    bool reused;                    /* the connection had served another */
    uint32_t attempts;
    char *failure; /* why it was not served, in words; NULL: nothing was said */
    bool over;     /* its interceptor has ended; false: the trace ends before */
    bool gap;      /* messages to its interceptor were lost, or, if remote, maybe some of it */
    struct gathered_times times;

    /* -- private -- */
    uint32_t answers_sent, answers_heard;
    uint32_t last; /* number of the interceptor's last message */
    struct gathered *older, *newer;
    bool finished;
    UT_hash_handle hh;
};

/* Bytes of a body that the trace has not: --trace-bodies, or they were lost. */
static inline uint64_t gathered_missing(const struct gathered_body *b)
{
    return b->length - b->data.length;
}
/* The request was answered, and both are whole. */
bool gathered_is_whole(const struct gathered *x);
void gathered_free(struct gathered *x);

struct trace_gather;

/* Where: what the application was asked and answered; or what the stand-in agent's remote clients asked and got. */
enum gather_at { GATHER_APPLICATION, GATHER_REMOTE };

struct trace_gather *trace_gather_new(enum gather_at at);
void trace_gather_free(struct trace_gather *g);
void trace_gather_take(struct trace_gather *g, const struct trace_reader *reader,
                       const struct trace_record *r);
/* There are no more records: what has not ended is given as it is. */
void trace_gather_end(struct trace_gather *g);
/* The next that can be given; NULL: none now. */
struct gathered *trace_gather_next(struct trace_gather *g);

#endif
