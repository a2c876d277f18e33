/* tools/commands.c -- see commands.h */
#include "tools/commands.h"
#include "actors/exit_codes.h"
#include <stdio.h>
#include <string.h>

static int help(FILE *out, const char *program, const struct command *commands, const char *more)
{
    fprintf(out,
            "usage: %s COMMAND [OPTION]...\n"
            "       %s COMMAND --help\n\n",
            program, program);
    for (const struct command *c = commands; c->name; c++)
        fprintf(out, "  %-10s %s\n", c->name, c->what);
    fputs(more, out);
    return out == stdout ? 0 : EXIT_USAGE;
}

int commands_run(const char *program, const struct command *commands, const char *more, int argc,
                 char **argv)
{
    if (argc < 2)
        return help(stderr, program, commands, more);
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help"))
        return help(stdout, program, commands, more);
    if (!strcmp(argv[1], "--version")) {
        printf("%s " INTPROXYD_VERSION "\n", program);
        return 0;
    }
    for (const struct command *c = commands; c->name; c++)
        if (strcmp(c->name, argv[1]) == 0)
            return c->run(argc - 1, argv + 1);
    fprintf(stderr, "%s: there is no command \"%s\", --help lists them\n", program, argv[1]);
    return EXIT_USAGE;
}
