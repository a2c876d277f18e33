/* tools/wire_commands.h -- the commands of intproxy-wire.
 *
 * Each gets its own name as argv[0] and what follows, and returns the exit status: 0, EXIT_USAGE,
 * EXIT_DATA (what was given is no valid message) or EXIT_IO (it could not be read or written).
 */
#ifndef TOOLS_WIRE_COMMANDS_H
#define TOOLS_WIRE_COMMANDS_H

#include "actors/exit_codes.h"

int wire_decode(int argc, char **argv);
int wire_encode(int argc, char **argv);
int wire_verdict(int argc, char **argv);
int wire_tap(int argc, char **argv);
int wire_versions(int argc, char **argv);
int wire_gen(int argc, char **argv);
int wire_check(int argc, char **argv);

#endif
