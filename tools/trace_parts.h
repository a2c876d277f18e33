/* tools/trace_parts.h -- the parts of a rotated trace, FILE.1, FILE.2 ...: which there are.
 *
 * Purpose  who writes one makes sure that there are none yet; who reads one takes them in their order, though the
 *          first may have been removed (--trace-keep), and though it is written meanwhile.
 * Thread   any.
 */
#ifndef TOOLS_TRACE_PARTS_H
#define TOOLS_TRACE_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TRACE_PATH_MAX = 4096 };

/* path.number */
void trace_part_name(const char *path, uint32_t number, char out[TRACE_PATH_MAX]);
/* The lowest number of a part of path that is greater than this one; 0: there is none. */
uint32_t trace_part_after(const char *path, uint32_t number);
/* The highest number of a part of path; 0: there is none. */
uint32_t trace_part_last(const char *path);
/* `file` is one of these, or a part of what one of them stands for: who writes there loses what is to be read. */
bool trace_parts_include(const char *const *paths, unsigned count, const char *file);
/* The same, and if so that is said on stderr. */
bool trace_parts_refuse(const char *const *paths, unsigned count, const char *file);

#endif
