/* tools/trace_commands.h -- the commands of intproxy-trace.
 *
 * Each gets its own name as argv[0] and what follows, and returns the exit status: 0, 1 (what was asked does not
 * hold), EXIT_USAGE, EXIT_DATA (what was given is no trace, or damaged), EXIT_NOTHING (it holds nothing of what was
 * asked for) or EXIT_IO (it could not be read or written).
 */
#ifndef TOOLS_TRACE_COMMANDS_H
#define TOOLS_TRACE_COMMANDS_H

#include "actors/exit_codes.h"

int trace_replay(int argc, char **argv);
int trace_diagram(int argc, char **argv);
int trace_show(int argc, char **argv);
int trace_follow(int argc, char **argv);
int trace_stat(int argc, char **argv);
int trace_info(int argc, char **argv);
int trace_tree(int argc, char **argv);
int trace_redact(int argc, char **argv);
int trace_convert(int argc, char **argv);
int trace_diff(int argc, char **argv);
int trace_assert(int argc, char **argv);
int trace_minimize(int argc, char **argv);
int trace_as_command(int argc, char **argv);

#endif
