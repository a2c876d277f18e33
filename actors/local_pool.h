/* actors/local_pool.h -- who may talk to the application over which connection; one a worker.
 *
 * Receives  WANT, UNWANT from interceptors; IDLE, RETIRED from local_connections; their DOWN.
 * Sends     GRANT, in the order of the wants of one destination; STOP to connections idle too long.
 * Owns      the refs of its worker's local_connections. At most --local-connections-max a destination;
 *           further wants wait (descriptors are finite, a wait is better than an error).
 * Runs on   the worker whose interceptors it serves.
 */
#ifndef ACTORS_LOCAL_POOL_H
#define ACTORS_LOCAL_POOL_H

#include "messages/vocabulary.h"
#include "runtime/actor.h"

extern const struct actor_type local_pool_type;
struct actor_ref local_pool_spawn(struct actor *parent, unsigned worker);

#endif
