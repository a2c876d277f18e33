/* tools/trace_replace.h -- writes a file so that others see the old one or the new one, never half of one.
 *
 * Owner    the file beside it, NAME.new-PID, until it takes its place.
 * Thread   one.
 * Errors   false; *error says what failed, with the name. Nothing is left behind.
 */
#ifndef TOOLS_TRACE_REPLACE_H
#define TOOLS_TRACE_REPLACE_H

#include <stdbool.h>
#include <stddef.h>

enum { REPLACE_ERROR_MAX = 4400 };

bool trace_replace(const char *path, const void *bytes, size_t length,
                   char error[REPLACE_ERROR_MAX]);
/* With what is in another file. */
bool trace_replace_by_file(const char *path, const char *from, char error[REPLACE_ERROR_MAX]);

#endif
