/* actors/supervisor.h -- the daemon's graph: begins it, says when it is ready, drains and ends it.
 *
 * Receives  SUBSCRIBED, DRAINED from incoming_proxy; LINK_LOST from agent_link; SIGNAL.
 * Sends     LINK_OPEN, SUBSCRIBED and STOP to agent_link, DRAIN to incoming_proxy.
 * Says      to supervisor_ready one line when ready, only after every subscription is confirmed; to the log
 *           what becomes of the link; to supervisor_failed why the program ends.
 * Ends      with 0 after a drain of up to 10 s; at once at the second signal; else with the exit code
 *           of what cannot be mended (69, 76, 77).
 */
#ifndef ACTORS_SUPERVISOR_H
#define ACTORS_SUPERVISOR_H

#include "messages/vocabulary.h"
#include "runtime/actor.h"

extern const struct actor_type supervisor_type;

/* The message to spawn it with. */
struct message *supervisor_first(void);

/* Called once by the supervisor, on worker 0, with the ready line: prints it, tells --ready-fd. */
extern void (*supervisor_ready)(const char *line);
/* Called with why the program ends with another status than 0. */
extern void (*supervisor_failed)(const char *why);

#endif
