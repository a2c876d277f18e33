/* tools/trace_stdin.h -- standard input that is read more than once: it is kept in a file without a name.
 *
 * Purpose  secrets are found before anything is written, which takes several passes; a pipe gives its bytes once.
 * Owner    the file is of this unit, and is gone with the program, however that ends.
 * Thread   one.
 * Errors   that it cannot be kept is said.
 */
#ifndef TOOLS_TRACE_STDIN_H
#define TOOLS_TRACE_STDIN_H

#include <stdbool.h>

/* Reads all of it if one of the names is "-", which becomes one that can be opened again and again. False: it could
 * not be kept. */
bool trace_stdin_keep(const char **names, unsigned count);
void trace_stdin_forget(void);
/* "-", or what became of it; people know it as standard input. */
bool trace_stdin_is(const char *name);

#endif
