/* tools/trace_strings.h -- each text once: equal texts are the same pointer.
 *
 * Purpose  two traces have the same few thousand names and values a million times; kept once, they cost little
 *          and compare as pointers.
 * Owner    whoever called trace_strings_new; the texts live until trace_strings_free.
 * Thread   one at a time.
 * Errors   none; the end of memory is the program's.
 */
#ifndef TOOLS_TRACE_STRINGS_H
#define TOOLS_TRACE_STRINGS_H

#include <stddef.h>

struct trace_strings;

struct trace_strings *trace_strings_new(void);
void trace_strings_free(struct trace_strings *s);
/* NUL-terminated; a NUL within the text stays within it. */
const char *trace_string(struct trace_strings *s, const char *text, size_t length);
const char *trace_string_of(struct trace_strings *s, const char *text);
const char *trace_string_format(struct trace_strings *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What is behind `length` elements of `size` has room for one more; *room grows as needed. */
void *trace_grow(void *array, size_t length, size_t *room, size_t size);

#endif
