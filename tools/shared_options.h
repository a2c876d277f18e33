/* tools/shared_options.h -- options and preparations that both programs have. Mistakes go to the command
 * line. */
#ifndef TOOLS_SHARED_OPTIONS_H
#define TOOLS_SHARED_OPTIONS_H

#include "actors/agent_settings.h"
#include "tools/command_line.h"

bool option_address(struct command_line *c, const char *value, struct address *a);
/* LISTEN=UPSTREAM: one more port of a stand-in agent. */
void option_agent_port(struct command_line *c, struct agent_settings *into, const char *value);
/* A protocol version that a program can be of. */
bool option_protocol_version(struct command_line *c, const char *value, struct version *v);

/* What a program is, on stdout. */
void print_version(const char *program);

/* As many descriptors as the system grants: each connection needs one. */
void raise_descriptor_limit(void);

/* For the tables of both. */
void option_log_level(struct command_line *c, const char *value);
void option_log_format(struct command_line *c, const char *value);
#define OPTION_LOG_ROWS                                                                            \
    {"--log-level", "LEVEL", "error, warn, info (default), debug or trace; the log is stderr",     \
     option_log_level, ONCE},                                                                      \
    {                                                                                              \
        "--log-format", "FORMAT", "text (default) or json", option_log_format, ONCE                \
    }

#endif
