/* actors/local_connection.h -- one connection to an application, from its dial to its close.
 *
 * Purpose   speaks HTTP/1 (or nothing at all: raw bytes) with the application for one *user* at a time:
 *           an interceptor, or the stand-in agent's agent_remote on behalf of its upstream.
 * Begins    with LOCAL_OPEN {pool or NOBODY, destination}: it resolves, connects, waits for work.
 *
 * Hears from its user
 *   ASSIGN       serve this. A head in the protocol's form, window = how many body bytes of the answer
 *                may be under way to the user before CREDIT comes. ASSIGN_LAST: no body. ASSIGN_RAW:
 *                no head, bytes both ways. May come before the connection is made.
 *                Bounced when the connection has just died: nothing was written then.
 *   ASSIGN_BODY  a data frame, or a trailers map; last ends the request, and may come behind its trailers.
 *                Raw: bytes; last = FIN. With ASSIGN_HTTP it is of a request and nothing behind a 101: the
 *                user may not have heard of that yet.
 *                Until CREDIT says more, at most HOLD_MAX bytes may be sent.
 *   CREDIT       so many bytes of the answer were passed on.
 *   ABANDON      nobody waits any more: the socket is closed; after_written: once what was written has left.
 *
 * Says to its user
 *   CREDIT         bytes of the body were taken by the application's side (first one: when connected)
 *   RESPONSE       head (HEADROOM bytes free in front; the span begins behind them) and the body bytes that came
 *                  with it; flags enum response_flags. RESPONSE_LAST: that was all (RSP-8). After
 *                  RESPONSE_UPGRADE both sides go on with raw bytes: RESPONSE_BODY and ASSIGN_BODY,
 *                  of which HOLD_MAX may be sent until CREDIT says more, as at the beginning.
 *   RESPONSE_BODY  more; last ends it (may be empty). Raw: last = the application's FIN.
 *   LOCAL_FAILED   once, instead of anything further: stage tells what may be sent again.
 * Says to its pool
 *   IDLE           the answer is complete and the connection can serve another (for keep_us)
 *   RETIRED        it will serve nobody any more
 *
 * With pool = NOBODY it serves one user and stops after the answer.
 * A user that ends must say ABANDON in its on_stop, if it has not heard the end of its answer.
 */
#ifndef ACTORS_LOCAL_CONNECTION_H
#define ACTORS_LOCAL_CONNECTION_H

#include "messages/vocabulary.h"
#include "runtime/actor.h"

extern const struct actor_type local_connection_type;

#endif
