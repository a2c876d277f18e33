/* tools/wire_output.h -- standard output of intproxy-wire.
 *
 * A reader that has gone (`| head`) ends the program quietly, with 0: it has seen what it wanted.
 * Any other failure to write is said, and ends it with EXIT_IO: nothing is lost unnoticed.
 */
#ifndef TOOLS_WIRE_OUTPUT_H
#define TOOLS_WIRE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

/* First of all: from here on a closed pipe is an error of a write, not a signal. */
void wire_output_begin(void);
void wire_output(const void *bytes, size_t length);
void wire_output_text(const char *text);
void wire_output_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
void wire_output_hex(const void *bytes, size_t length);
/* At the end, and where somebody may be waiting for what has been said. */
void wire_output_flush(void);

/* Standard output is a terminal that takes colours (NO_COLOR and TERM=dumb are honoured). */
bool wire_output_has_colour(void);

#endif
