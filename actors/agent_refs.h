/* actors/agent_refs.h -- a list of actors in a span, packed: as AGENT_ROUTED carries it. */
#ifndef ACTORS_AGENT_REFS_H
#define ACTORS_AGENT_REFS_H

#include "runtime/chunk.h"
#include "runtime/message.h"

unsigned agent_refs_count(struct span refs);
struct actor_ref agent_refs_get(struct span refs, unsigned i);
bool agent_refs_has(struct span refs, struct actor_ref r);
/* The bytes of other spans on the same list stay as they are. */
void agent_refs_add(struct span *refs, struct actor_ref r);
void agent_refs_remove(struct span *refs, struct actor_ref r);

#endif
