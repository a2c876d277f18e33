/* actors/agent_link.h -- the link to the agent, for ever: tries, pauses, and what the user is told of them.
 *
 * Receives  LINK_ENDED from its link_connection, TIMER; SUBSCRIBED from its spawner: the program was ready once.
 * Sends     LINK_OPEN (spawn), LINK_LOST to its spawner.
 * Owns      the ladder for old agents: a link that ends between our announcement and its answer is
 *           tried again without announcing (HS-13), one that ends at ReadyForLogs without that. An agent
 *           that was in use as a new one is taken for an old one only when it does so twice.
 * Pauses    0.25 s, doubled up to 10 s, +- 25 %; begun anew by a link that came into use.
 */
#ifndef ACTORS_AGENT_LINK_H
#define ACTORS_AGENT_LINK_H

#include "messages/vocabulary.h"
#include "runtime/actor.h"

extern const struct actor_type agent_link_type;

/* `proxy` gets what the agent says. Reports to its spawner. */
struct actor_ref agent_link_spawn(struct actor *parent, struct actor_ref proxy);

#endif
