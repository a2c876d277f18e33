/* tools/command_line.h -- options from a table; every mistake is reported, not only the first.
 *
 * A table of rows makes the parser and --help, so the two cannot differ. Forms: --name VALUE,
 * --name=VALUE, -x VALUE; flags take no value.
 */
#ifndef TOOLS_COMMAND_LINE_H
#define TOOLS_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct command_line;

struct option_row {
    const char *name;  /* "--agent"; NULL ends the table; "" begins a group, help is its title */
    const char *value; /* what stands for the value in help; NULL: a flag */
    const char *help;  /* a sentence; lines are broken at \n */
    /* Takes the value (NULL for a flag). Mistakes: command_line_mistake(). */
    void (*take)(struct command_line *c, const char *value);
};

struct command_line {
    const char *program;
    const struct option_row *rows;
    const char *option; /* that is being taken */
    void *context;      /* the taker's */
    unsigned mistakes;
};

/* Reads all arguments. Returns false when there were mistakes; they are on stderr by then. */
bool command_line_read(struct command_line *c, int argc, char **argv);
/* "intproxyd: --workers: "x" is no number: write 1 to 14, or auto" */
void command_line_mistake(struct command_line *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void command_line_help(const struct command_line *c, const char *usage, const char *examples);

/* A number with an optional K, M or G (1024); false when it is none or out of bounds. */
bool command_line_number(const char *text, uint64_t least, uint64_t most, uint64_t *number);

#endif
