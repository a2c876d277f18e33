/* messages/trace_streams.h -- what two peers said to each other over each socket of a trace.
 *
 * Purpose  a replay against a real peer needs the bytes of a connection, both ways, in their order and with their
 *          times. A trace has them as SOCKET_DATA that an actor heard and as its WRITE effects; this gathers
 *          them by actor.
 * Owner    whoever called trace_streams_new. Streams and all in them stay until trace_streams_free, but change
 *          with each record that is taken.
 * Thread   one at a time.
 * Memory   all bytes that were recorded of links and of connections to applications.
 *
 * Which sockets
 *   STREAM_LINK   link_connection (as the proxy saw it), agent_session (as the stand-in agent saw it)
 *   STREAM_LOCAL  local_connection: to the application of a proxy, or, by_agent, to that behind the agent
 *
 * The text of a request's head that was written and left out (--trace-bodies) is made again of the head that was
 * assigned, which is always there; its hash tells that it is the same.
 *
 * The *far* side is who answers the proxy: agent, application. The *near* side is the proxy. It does not depend
 * on which of the two was recorded.
 */
#ifndef MESSAGES_TRACE_STREAMS_H
#define MESSAGES_TRACE_STREAMS_H

#include "messages/trace_record.h"

enum stream_kind { STREAM_LINK, STREAM_LOCAL };
enum stream_side { SIDE_NEAR, SIDE_FAR, SIDES };

enum piece_what {
    PIECE_BYTES,
    PIECE_END,    /* this side has finished sending */
    PIECE_RESET,  /* this side, or the network, has broken the connection */
    PIECE_ASSIGN, /* near: what follows is for another exchange */
};

struct trace_piece {
    uint8_t what;      /* enum piece_what */
    uint8_t side;      /* enum stream_side */
    bool raw;          /* ASSIGN: a connection, not a request */
    uint32_t exchange; /* ASSIGN: its number */
    uint64_t at_ns;    /* when it was heard, or said */
    uint64_t offset;   /* BYTES: in stream.bytes[side] */
    uint32_t kept;     /* ... so many */
    uint32_t length;   /* > kept: the rest was left out (--trace-bodies) */
    uint64_t missing;  /* calls of the actor that are not in the trace, right before this */
};

struct trace_stream {
    enum stream_kind kind;
    struct actor_ref actor;
    bool by_agent;  /* LOCAL: opened by the stand-in agent; LINK: recorded at the agent */
    bool connected; /* there was a connection */
    bool refused;   /* one was tried, in vain */
    bool middle;    /* its beginning is not in the trace */
    char destination[ADDRESS_TEXT_MAX]; /* that was connected to; "": not known */
    uint64_t began_ns;
    struct trace_piece *pieces;
    unsigned count;
    struct {
        const uint8_t *at;
        size_t length;
    } bytes[SIDES];
    const struct trace_stream *next; /* in the order of their beginnings */
};

/* Those of a piece that are in the trace. */
static inline const uint8_t *trace_piece_bytes(const struct trace_stream *s,
                                               const struct trace_piece *p)
{
    return p->kept ? s->bytes[p->side].at + p->offset : NULL;
}

struct trace_streams;

struct trace_streams *trace_streams_new(void);
void trace_streams_free(struct trace_streams *s);
/* Each record, in order. */
void trace_streams_take(struct trace_streams *s, const struct trace_reader *reader,
                        const struct trace_record *r);
/* NULL: there is none. */
const struct trace_stream *trace_streams_first(const struct trace_streams *s);

#endif
