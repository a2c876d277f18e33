/* actors/agent.h -- the stand-in agent: listens for proxies, and owns the ports that they steal.
 *
 * Receives  AGENT_OPEN, SOCKET_LISTENING, AGENT_PORT_READY;
 *           AGENT_SUBSCRIBE, AGENT_UNSUBSCRIBE, AGENT_VERSION from sessions, for their port;
 *           SIGNAL, STOP: it ends, and with it, when it was told so, the program.
 * Sends     AGENT_READY, once, to who opened it: everything listens, or why it cannot.
 * Owns      the listener for proxies (each connection becomes an agent_session), one agent_port for
 *           each port of the settings and for each further one that a client asks for.
 * Runs on   the worker where it is spawned; so do all actors of the agent.
 *
 * A port without a listener is confirmed like any other (a real agent redirects a port whether or not
 * somebody listens there); no traffic ever comes.
 */
#ifndef ACTORS_AGENT_H
#define ACTORS_AGENT_H

#include "actors/agent_settings.h"
#include "runtime/actor.h"

extern const struct actor_type agent_type;

/* Set by tools/ before the run, or NULL: is told the ready line, once. */
extern void (*agent_ready_line)(const char *line);

/* The first message of an agent that is the program: it ends the program with 0 when it is told to stop,
 * with 2 when it cannot listen. */
struct message *agent_first(void);
/* A new agent, as agent_settings say; AGENT_READY comes to the parent. */
struct actor_ref agent_spawn(struct actor *parent);

#endif
