/* tools/tap_stdout.h -- standard output for a tap: written as far as the reader takes it, never waited for.
 *
 * Thread   the output's worker alone.
 */
#ifndef TOOLS_TAP_STDOUT_H
#define TOOLS_TAP_STDOUT_H

#include <stddef.h>

/* As tap_settings->write wants it: bytes that were taken, 0 for none now, TAP_READER_GONE. A failure
 * other than a reader that has gone is said on stderr, once. */
long tap_stdout_write(const char *bytes, size_t length);

#endif
