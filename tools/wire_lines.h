/* tools/wire_lines.h -- files and standard input, line by line. */
#ifndef TOOLS_WIRE_LINES_H
#define TOOLS_WIRE_LINES_H

#include <stddef.h>

struct wire_line {
    const char *input; /* its name */
    unsigned long number;
    char *text; /* without its end; NUL behind it; may be changed */
    size_t length;
};

/* Returns 0 to go on, or the exit status to end with. */
typedef int wire_line_read(void *context, const struct wire_line *line);

/* `what`: a file, or "-". Returns the exit status; what cannot be read is said on stderr. */
int wire_lines_read(const char *what, wire_line_read *each, void *context);

/* "intproxy-wire: FILE, line 3: ..." on stderr. Returns `status`. */
int wire_line_mistake(const struct wire_line *line, int status, const char *why);

#endif
