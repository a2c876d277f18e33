/* tools/output.h -- standard output of the programs that print what they find.
 *
 * A reader that has gone (`| head`) ends the program quietly, with 0: it has seen what it wanted. Where the exit
 * status is a verdict, it is still to be given: the program goes on, and what it says is thrown away.
 * Any other failure to write is said, and ends it with EXIT_IO: nothing is lost unnoticed.
 */
#ifndef TOOLS_OUTPUT_H
#define TOOLS_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

/* First of all: from here on a closed pipe is an error of a write, not a signal. */
void output_begin(const char *program);
/* Standard output has become this file: what is said when it cannot be written. Kept, not copied. */
void output_named(const char *file);
/* The exit status is a verdict. */
void output_keeps_verdict(void);
void output(const void *bytes, size_t length);
void output_text(const char *text);
void output_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
void output_hex(const void *bytes, size_t length);
/* At the end, and where somebody may be waiting for what has been said. */
void output_flush(void);

/* Standard output is a terminal that takes colours (NO_COLOR and TERM=dumb are honoured). */
bool output_has_colour(void);

#endif
