/* tools/trace_parts_order.h -- the files that were named, in the order in which they were written.
 *
 * Purpose  a shell gives run.trace.10 before run.trace.2; what the files say of themselves decides. Only parts of
 *          one run change places among each other; what is of another run, or no regular file, stays where it is.
 * Owner    the names are the caller's.
 * Errors   the same records given twice, which nobody means, is a mistake; it is said once. What cannot be read
 *          is left to who reads it.
 */
#ifndef TOOLS_TRACE_PARTS_ORDER_H
#define TOOLS_TRACE_PARTS_ORDER_H

#include "tools/command_line.h"

/* When all names are known. */
void trace_parts_order(struct command_line *c, const char **names, unsigned count);

#endif
