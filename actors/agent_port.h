/* actors/agent_port.h -- one port of the stand-in agent: who has subscribed, and who gets what.
 *
 * Receives  AGENT_PORT_OPEN; AGENT_SUBSCRIBE, AGENT_UNSUBSCRIBE, AGENT_VERSION (through agent, so in the
 *           order in which a session said them); AGENT_ROUTE from remotes; DOWN of sessions, STOP.
 * Sends     AGENT_PORT_READY; AGENT_SUBSCRIBED and AGENT_LOG to sessions; AGENT_ROUTED to remotes.
 * Owns      the listener (each connection becomes an agent_remote) and the compiled filters.
 *
 * A client has one steal and one mirror subscription of a port at most; a new one takes the old one's
 * place (SUB-23). Who gets a request is decided for each request anew (AG-2): the last client that
 * asked and whose subscription matches. Clients whose version is too low do not count (AG-10, AG-32).
 *
 * An exchange gets its number here: who asks for a route and is at work on none, for a connection that has
 * arrived or for a request, is told one with it (exchange_number.h).
 *
 *                        new kind                             old kind
 *   unfiltered, again    takes the port from all others       PortAlreadyStolen (SUB-16)
 *   connection arrives   somebody subscribed: HTTP or not?    stolen unfiltered: raw at once (AG-6)
 *                        nobody: to the upstream (SUB-26)     filtered: HTTP or not? else: upstream
 *   request              filtered or not                      filtered only
 *   not HTTP             unfiltered                           to the upstream
 *   mirror               requests, and raw if unfiltered      raw connections, whatever they carry
 */
#ifndef ACTORS_AGENT_PORT_H
#define ACTORS_AGENT_PORT_H

#include "runtime/actor.h"

extern const struct actor_type agent_port_type;

#endif
