/* tools/commands.h -- a program that is several commands: which one is meant, and the help that lists them. */
#ifndef TOOLS_COMMANDS_H
#define TOOLS_COMMANDS_H

struct command {
    const char *name;                  /* NULL ends the table */
    int (*run)(int argc, char **argv); /* its own name is argv[0] */
    const char *what;
};

/* Runs the command that argv[1] names, or --help, --version. `more`: what help says behind the list. Returns the exit
 * status. */
int commands_run(const char *program, const struct command *commands, const char *more, int argc,
                 char **argv);

#endif
