/* tools/command_line.h -- options from a table; every mistake is reported, not only the first.
 *
 * A table of rows makes the parser and --help, so the two cannot differ. Forms: --name VALUE,
 * --name=VALUE, -x VALUE; flags take no value. Where there are arguments, all behind -- is one. An
 * option that is given twice is a mistake: which one was meant, nobody knows. Flags may be, and what
 * is REPEATABLE, which --help says.
 */
#ifndef TOOLS_COMMAND_LINE_H
#define TOOLS_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct command_line;

enum option_times { ONCE, REPEATABLE };
enum { OPTIONS_MAX = 64 };

struct option_row {
    const char *name;  /* "--agent"; NULL ends the table; "" begins a group, help is its title */
    const char *value; /* what stands for the value in help; NULL: a flag */
    const char *help;  /* a sentence; lines are broken at \n */
    /* Takes the value (NULL for a flag). Mistakes: command_line_mistake(). */
    void (*take)(struct command_line *c, const char *value);
    enum option_times times;
};

struct command_line {
    const char *program;
    const struct option_row *rows;
    /* What is no option: does not begin with -, or is - itself, or stands behind --. NULL: there is no such thing. */
    void (*argument)(struct command_line *c, const char *value);
    const char *option; /* that is being taken */
    unsigned mistakes;
    bool help;               /* is asked for */
    bool given[OPTIONS_MAX]; /* by row */
};

/* Reads all arguments. Mistakes are counted, and on stderr by then. */
void command_line_read(struct command_line *c, int argc, char **argv);
/* "intproxyd: --workers: "x" is no number: write 1 to 14, or auto" */
void command_line_mistake(struct command_line *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void command_line_help(const struct command_line *c, const char *usage, const char *examples);

/* A row of every table. */
void command_line_take_help(struct command_line *c, const char *value);
#define OPTION_HELP_ROW                                                                            \
    {                                                                                              \
        "--help", NULL, "this text", command_line_take_help, ONCE                                  \
    }

/* Reads the arguments of a command. False: it ends now, with *status, for help was asked for (and is
 * printed), or there were mistakes: `check`, if there is one, looks for those that options make
 * together. */
bool command_line_start(struct command_line *c, int argc, char **argv, const char *usage,
                        const char *examples, void (*check)(struct command_line *c), int *status);

/* A number; false when it is none or out of bounds. */
bool command_line_number(const char *text, uint64_t least, uint64_t most, uint64_t *number);
/* The same in bytes, with an optional K, M or G (1024). */
bool command_line_size(const char *text, uint64_t least, uint64_t most, uint64_t *bytes);
/* A time: 500us, 20ms, 1.5s, 5m, 1h; in nanoseconds, at least `least`. */
bool command_line_time(const char *text, uint64_t least, uint64_t *ns);
/* The option of this name was given. */
bool command_line_given(const struct command_line *c, const char *name);

#endif
