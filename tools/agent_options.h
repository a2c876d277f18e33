/* tools/agent_options.h -- what both programs ask about a stand-in agent. */
#ifndef TOOLS_AGENT_OPTIONS_H
#define TOOLS_AGENT_OPTIONS_H

#include "actors/agent_settings.h"
#include "tools/command_line.h"

/* LISTEN=UPSTREAM: one more port of the agent. Mistakes go to c. */
void agent_option_port(struct command_line *c, struct agent_settings *into, const char *value);
/* A version that a program can be of. */
bool agent_option_version(struct command_line *c, const char *value, struct version *v);

#endif
