/* tools/trace_alive.h -- whether the program that wrote a trace is still there to go on with it.
 *
 * Thread   any.
 * Limits   it is looked for on this machine, by the number of its process.
 */
#ifndef TOOLS_TRACE_ALIVE_H
#define TOOLS_TRACE_ALIVE_H

#include "messages/trace_about.h"
#include <stdbool.h>

/* No process has its number any more, or one that began later. False also if that cannot be known. */
bool trace_program_is_gone(const struct trace_about *a);

#endif
