/* actors/interceptor.h -- one exchange: an HTTP request, a raw connection, or the one that became the other.
 *
 * Receives  INTERCEPT first, then what the agent said about its id (REQUEST, REQUEST_BODY, DATA), CANCEL,
 *           AGENT_PROTOCOL_VERSION from incoming_proxy; GRANT from its pool; RESPONSE, RESPONSE_BODY, CREDIT,
 *           LOCAL_FAILED from its local_connection; CREDIT, ANSWERED and what the agent could not read
 *           (ANSWER, ANSWER_BODY, ANSWER_ERROR with ANSWER_RETURNED) from its link; FILE_*, TIMER.
 * Sends     ANSWER, ANSWER_BODY, ANSWER_ERROR, DATA, CONNECTION_UNSUBSCRIBE to the link: all that is said to
 *           the agent about this exchange comes from here, so it is in one order (W-11).
 * Knows     neither sockets nor HTTP syntax: heads and bodies are bytes.
 * Ends      when the answer is complete, even if the request's body is not (AG-23).
 *
 *   REQUEST ──▶ WAITING ──GRANT──▶ ASKED ──RESPONSE──▶ (whole) ANSWER, end
 *                  ▲                 │                  STREAMING ──last──▶ ANSWERED, end
 *                  └──PAUSING◀─fail──┘                  COLLECTING ─last─▶ ANSWER, end
 *                                                       RAW (after 101, or from NEW_CONNECTION on)
 */
#ifndef ACTORS_INTERCEPTOR_H
#define ACTORS_INTERCEPTOR_H

#include "messages/vocabulary.h"
#include "runtime/actor.h"

extern const struct actor_type interceptor_type;

#endif
