/* messages/trace_agent.h -- plays the agent of a recorded link to a live proxy, and compares what that says.
 *
 * Purpose  what the recorded agent said is said again. Each message waits until the live proxy has said what the
 *          recorded one had said before it, so nothing is ever sent ahead of its recorded cause; then for the
 *          recorded pause. What the proxy says is aligned by exchange (mode, connection, request), not by place.
 * Owner    whoever called trace_agent_new. Sockets and the clock are the caller's.
 * Thread   one at a time.
 * Errors   none but findings.
 *
 * What counts
 *   answers     status, header lines (trace_http_rules), the joined body, trailers, how it ended
 *   Data        the joined bytes, and their end
 *   announcing, subscribing, OperatorPong       each once
 *   Ping        is answered at once, whenever it comes, if the recorded agent did so
 *   not at all  PortUnsubscribe, Close: the recorded proxy said them because it was told to end
 * What was awaited in vain (give_up_us) is missing, and the play goes on without it.
 */
#ifndef MESSAGES_TRACE_AGENT_H
#define MESSAGES_TRACE_AGENT_H

#include "messages/trace_findings.h"
#include "messages/trace_http.h"
#include "messages/trace_streams.h"

struct trace_agent;

struct trace_agent_options {
    struct trace_http_rules rules;
    double speed;        /* of the recorded pauses; 0: without them */
    uint64_t give_up_us; /* what does not come in this time does not come */
    uint64_t settle_us;  /* at the end: so long something more may come */
    /* The application cannot tell requests whose bytes are the same: each may get the answer of another
     * one, if no two get the same. */
    bool swaps;
};

/* The link must outlive it. What cannot be played becomes findings at once (FINDING_LEFT_OUT). */
struct trace_agent *trace_agent_new(const struct trace_stream *link,
                                    const struct trace_agent_options *options,
                                    struct trace_findings *findings);
void trace_agent_free(struct trace_agent *a);
/* The recorded proxy announced itself to it, and nothing that belongs to no exchange was cut: else what follows was
 * said to a proxy that had heard what the trace does not have. */
bool trace_agent_has_beginning(const struct trace_agent *a);
unsigned trace_agent_exchanges(const struct trace_agent *a);
/* Messages that are said, and of the recorded proxy. */
unsigned trace_agent_steps(const struct trace_agent *a, enum stream_side side);

/* The proxy is connected. */
void trace_agent_begin(struct trace_agent *a, uint64_t now_us);
/* It says this. False: that is no protocol, the link must end. */
bool trace_agent_hear(struct trace_agent *a, const uint8_t *bytes, size_t length, uint64_t now_us);
/* It has ended the link. */
void trace_agent_lost(struct trace_agent *a, uint64_t now_us);

enum trace_agent_next {
    AGENT_SAY,  /* *bytes; then ask again */
    AGENT_WAIT, /* until *due_us, or until the proxy says something */
    AGENT_OVER, /* everything was played */
};
enum trace_agent_next trace_agent_next(struct trace_agent *a, uint64_t now_us,
                                       const uint8_t **bytes, size_t *length, uint64_t *due_us);
/* At the end, whichever way it came: the comparison. Once. */
void trace_agent_judge(struct trace_agent *a);

#endif
