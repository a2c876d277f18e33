/* actors/agent_session.h -- one client of the stand-in agent: its link, what it may be told, its exchanges.
 *
 * Receives  SOCKET_ACCEPTED (it owns the link), SOCKET_*; AGENT_SUBSCRIBED, AGENT_LOG from ports;
 *           AGENT_ATTACH, AGENT_OFFER, AGENT_OFFER_BODY, AGENT_BROKEN from remotes; DOWN of remotes and of
 *           the agent.
 * Sends     AGENT_SUBSCRIBE, AGENT_UNSUBSCRIBE, AGENT_VERSION to the agent; RESPONSE, RESPONSE_BODY, CREDIT,
 *           AGENT_DROPPED to remotes.
 * Owns      the link, its decoder (the protocol as this agent's version knows it), the ids.
 * Errors    bytes that are no message end the link, without a Close message (AG-41); so does half a
 *           message before its end. The death is all that ports and remotes hear, and all they need.
 *           A message that is too long to be kept, or has too many frames, costs its exchange: the
 *           remote hears that nobody answers, the client a Warn log and Close.
 *
 * An exchange's states, for what the client says about its id (AG-14; all else is ignored):
 *
 *     OFFER raw -> TCP                            Data, both ways
 *     OFFER -> COLLECTING -> WAITING              nothing was said of it yet; then an answer is awaited
 *              WAITING -> ANSWERING -> ANSWERED   Start; Body; the end of both: Close (new kind)
 *                                   -> UPGRADED   the end of a 101 (AG-24): Data, both ways
 *
 * A remote that leaves before its answer is not told of until the answer comes (AG-21, AG-22); by the
 * old kind with a Close at once.
 */
#ifndef ACTORS_AGENT_SESSION_H
#define ACTORS_AGENT_SESSION_H

#include "messages/agent_vocabulary.h"
#include "messages/limits.h"
#include "messages/wire_decoder.h"
#include "runtime/actor.h"

extern const struct actor_type agent_session_type;

/* ---- its state, for agent_session*.c ---- */

/* Far more than our own proxy collects by default, for proxies that were told otherwise. */
#define AGENT_CLIENT_MESSAGE_MAX GIB(1)

/* A mirror is given up when more waits in the link: 32 full reads (AG-12). The count is of what is not
 * known to have left, so a while before it is asked. */
#define AGENT_MIRROR_BEHIND_MAX MIB(2)
#define AGENT_MIRROR_BEHIND_ASK KIB(512)

/* Answers to subscriptions go out in the order of the questions: an error names no port. */
struct pending_subscription {
    struct pending_subscription *next;
    struct span filter, error;
    uint16_t port;
    uint8_t mode, form, result;
    bool answered;
};

struct agent_exchange;
struct attached_remote;

struct agent_session {
    struct actor actor;
    struct actor_ref agent;
    struct wire_decoder decoder;
    struct chunk *partial; /* the beginning of a message; used says how much */
    struct version speaks; /* what the client may be told */
    bool wants_logs;
    uint64_t unsent;       /* at most so many bytes are not with the kernel */
    uint64_t notify_below; /* SOCKET_DRAINED is awaited for this; 0: it is not */
    uint64_t next_id[2];   /* by enum traffic_mode (AG-7) */
    struct agent_exchange *exchanges;
    struct attached_remote *remotes;
    struct pending_subscription *pending_first, *pending_last;
};

/* One whole message of the client, for exchanges: answers, Data, ConnectionUnsubscribe. bytes: all of
 * it; decoder.message says what is where. */
void agent_session_hear(struct agent_session *self, struct span bytes);
/* The same, when its bytes or its frames were not kept: its exchange is over. */
void agent_session_hear_too_long(struct agent_session *self);

/* From remotes. */
void agent_session_attach(struct agent_session *self, struct message *m);
void agent_session_offer(struct agent_session *self, struct message *m);
void agent_session_offer_body(struct agent_session *self, struct message *m);
void agent_session_broken(struct agent_session *self, struct message *m);
void agent_session_remote_down(struct agent_session *self, struct actor_ref who);

#endif
