/* actors/incoming_proxy.h -- who is being served: subscriptions, and the map from ids to interceptors.
 *
 * IncomingProxyMessage is the set of kinds that this actor accepts; incoming_proxy_accepts() lists it.
 *
 * Receives  LINK_READY, AGENT_PROTOCOL_VERSION, SUBSCRIBE_RESULT, NEW_CONNECTION, DATA, CONNECTION_CLOSED,
 *           REQUEST, REQUEST_BODY, REQUEST_ERROR, REQUEST_TOO_LARGE from a link_connection, in the order
 *           in which the agent said it;
 *           DOWN of that link and of interceptors; DRAIN from the supervisor; its timers.
 * Sends     INTERCEPT (spawn) and request parts to interceptors, the version to every live one;
 *           SUBSCRIBE, UNSUBSCRIBE to the link; SUBSCRIBED, DRAINED to the supervisor.
 * Owns      an id is in its map from the first message about it to its interceptor's DOWN. What is
 *           said about an id that is not in the map is released without a word: the agent may not
 *           have heard yet that we are done (SUB-21, TCP-15).
 * Runs on   worker 0, with the link.
 */
#ifndef ACTORS_INCOMING_PROXY_H
#define ACTORS_INCOMING_PROXY_H

#include "messages/vocabulary.h"
#include "runtime/actor.h"

extern const struct actor_type incoming_proxy_type;

/* A new incoming_proxy, which reports to its spawner. */
struct actor_ref incoming_proxy_spawn(struct actor *parent);

bool incoming_proxy_accepts(uint16_t kind);

#endif
