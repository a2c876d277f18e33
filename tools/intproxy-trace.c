/* tools/intproxy-trace.c -- traces of intproxyd and intproxy-agent, for people and for CI.
 *
 * The commands stand in trace_commands.h, each in a file of its own.
 */
#include "tools/trace_commands.h"
#include "messages/kinds.h"
#include "tools/output.h"
#include <stdio.h>
#include <string.h>

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *what;
} commands[] = {
    {"replay", trace_replay,
     "recorded inputs into the very same actors: do they do the same again?"},
    {"diagram", trace_diagram, "arrows between lifelines, as a page or as mermaid's text"},
    {"show", trace_show, "one line a message"},
    {"follow", trace_follow, "the same, of a trace that is being written"},
    {"stat", trace_stat, "counts, waits and handling times; the slowest exchanges"},
    {"tree", trace_tree, "one exchange as a story, or a list of all exchanges"},
    {"info", trace_info, "what a trace says of itself, and whether it is whole"},
    {"redact", trace_redact, "a copy without secrets, that replays as the original does"},
    {"convert", trace_convert, "into JSON lines, HAR, curl commands, packets or plain requests"},
    {"diff", trace_diff, "what is different in two traces"},
    {"assert", trace_assert, "a trace is as the golden one: for CI, as TAP or JUnit"},
    {"minimize", trace_minimize, "the few messages of a failing trace that matter"},
    {"as", trace_as_command, "replay against a real peer, as agent, app or client"},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static const char status_help[] =
    "\n"
    "exit status: 0; 1 what was asked does not hold (replay, diff, assert, redact --verify); 2 a "
    "mistake on\n"
    "the command line; 65 damaged or bad data; 74 something cannot be read or written\n";

static int help(FILE *out)
{
    fputs("usage: intproxy-trace COMMAND [OPTION]...\n"
          "       intproxy-trace COMMAND --help\n\n",
          out);
    for (unsigned i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].what);
    fputs(status_help, out);
    return out == stdout ? 0 : EXIT_USAGE;
}

static const struct command *find(const char *name)
{
    for (unsigned i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

int main(int argc, char **argv)
{
    output_begin("intproxy-trace");
    messages_init();
    if (argc < 2)
        return help(stderr);
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help"))
        return help(stdout);
    if (!strcmp(argv[1], "--version")) {
        puts("intproxy-trace " INTPROXYD_VERSION);
        return 0;
    }
    const struct command *c = find(argv[1]);
    if (c)
        return c->run(argc - 1, argv + 1);
    fprintf(stderr, "intproxy-trace: there is no command \"%s\", --help lists them\n", argv[1]);
    return EXIT_USAGE;
}
