/* tools/trace_reread.h -- inputs that can be read once, for commands that read them several times.
 *
 * Purpose  standard input and pipes are copied into files without names, and read from there.
 * Owner    the process: the copies are there until it ends.
 * Thread   one.
 * Errors   false: one could not be read or kept, said on stderr.
 */
#ifndef TOOLS_TRACE_REREAD_H
#define TOOLS_TRACE_REREAD_H

#include <stdbool.h>

/* Names that are "-", or neither a file nor missing, are replaced by those of their copies. Only one may be "-". */
bool trace_reread_keep(const char **names, unsigned count);
/* What people call it: a copy's original, "standard input" for "-", else the name itself. */
const char *trace_reread_shown(const char *name);

#endif
