/* tools/trace_replace.h -- writes a file so that others see the old one or the new one, never half of one.
 *
 * A link stays: what it leads to is written. What is no regular file (a fifo, a device) is not replaced, the bytes
 * go into it.
 *
 * Owner    the file beside it, NAME.new-PID, until it takes its place.
 * Thread   one.
 * Errors   false; *error says what failed, with the name. Nothing is left behind, but for what went into a fifo.
 */
#ifndef TOOLS_TRACE_REPLACE_H
#define TOOLS_TRACE_REPLACE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { REPLACE_ERROR_MAX = 4400 };

/* How a name is to be written. */
struct replace_target {
    char path[PATH_MAX]; /* where its links lead to */
    bool
        into; /* it is there and no regular file: it must not be renamed over, only be written into */
    mode_t mode; /* of what takes its place: as it was; a new one is for its owner alone */
};

/* False: a name too long, or a loop of links. */
bool trace_replace_target(const char *path, struct replace_target *target,
                          char error[REPLACE_ERROR_MAX]);

bool trace_replace(const char *path, const void *bytes, size_t length,
                   char error[REPLACE_ERROR_MAX]);
/* With what is in another file. */
bool trace_replace_by_file(const char *path, const char *from, char error[REPLACE_ERROR_MAX]);

#endif
