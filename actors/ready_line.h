/* actors/ready_line.h -- one line that says what is served, to whom, and what this agent cannot do.
 *
 *   ready: stealing port 80 to 127.0.0.1:8080 if header ~ "^x-user: me$"; agent 10.0.0.7:61337 says 1.29.0
 *
 * An answer equal to our announcement proves nothing: agents of 2023-08 to 2024-06 echo it (HS-12). So
 * the line says "says". Pure.
 */
#ifndef ACTORS_READY_LINE_H
#define ACTORS_READY_LINE_H

#include "messages/version.h"
#include <stddef.h>

enum { READY_LINE_MAX = 4096 };

void ready_line(char *out, size_t room, struct version agent, bool negotiated);

#endif
