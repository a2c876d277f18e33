/* actors/link_connection.h -- one TCP connection to the agent, from its dial to its end.
 *
 * Receives  LINK_OPEN first; its socket's events; from incoming_proxy SUBSCRIBE, UNSUBSCRIBE; from
 *           interceptors ANSWER, ANSWER_BODY, ANSWER_ERROR, DATA, CONNECTION_UNSUBSCRIBE, FORGET.
 * Sends     LINK_READY and then all that the agent says to incoming_proxy, in the agent's order; CREDIT,
 *           ANSWERED and what the agent cannot read to interceptors; LINK_ENDED to its agent_link.
 * Owns      the socket, the decoder, the negotiation, and one queue an exchange: control messages first,
 *           then deficit round robin, whole messages (LIM-5). The agent's messages are decoded at most
 *           LINK_TURN_MESSAGES a turn, and never held back for one slow exchange (LIM-1).
 * Gate      every message that needs a version is held against what this agent said last, when it is
 *           about to be written: what the agent could not read goes back to its sender.
 * Runs on   worker 0.
 *
 *   CONNECT ─▶ PONG ─▶ VERSION ─▶ READY_FOR_LOGS ─▶ USE         (enum link_step)
 *   Ping       Switch   LINK_READY
 */
#ifndef ACTORS_LINK_CONNECTION_H
#define ACTORS_LINK_CONNECTION_H

#include "messages/vocabulary.h"
#include "runtime/actor.h"

/* What is left out for agents that end the link when they hear it (HS-13, HS-14). */
enum link_ladder {
    LADDER_FULL,
    LADDER_NO_LOGS,    /* no ReadyForLogs */
    LADDER_NO_VERSION, /* no SwitchProtocolVersion either: Basic answers, nothing gated */
};

extern const struct actor_type link_connection_type;

#endif
