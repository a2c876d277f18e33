/* tools/intproxy-wire.c -- the protocol between mirrord's proxy and agent, for people.
 *
 *     decode encode verdict tap versions gen check       see wire_commands.h
 */
#include "tools/wire_commands.h"
#include "tools/output.h"
#include <stdio.h>
#include <string.h>

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *what;
} commands[] = {
    {"decode", wire_decode, "bytes to text, JSON or an annotated dump"},
    {"encode", wire_encode, "text or JSON to bytes"},
    {"verdict", wire_verdict, "what the original's decoder would say of some bytes"},
    {"tap", wire_tap, "stands between a proxy and an agent, and shows what they say"},
    {"versions", wire_versions, "what each version of the protocol brought, and what one lacks"},
    {"gen", wire_gen, "random valid messages"},
    {"check", wire_check, "this program against vectors taken from the original"},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static const char forms[] =
    "\n"
    "Text: a message is written as its type would be in Rust, one a line:\n"
    "  TcpSteal(Data{connection_id: 7, bytes: \"GET / HTTP/1.1\\r\\n\"})\n"
    "  Variant, Variant(value), Variant{name: value}; {name: value} for a struct; None, "
    "Some(value);\n"
    "  [value, value]; {\"header\": [\"value\", \"value\"]}; 10.0.0.1, [::1]:80; \"text\", where "
    "\\\" \\\\ \\n\n"
    "  \\r \\t and \\xNN stand for what cannot stand for itself.\n"
    "\n"
    "JSON:\n"
    "  "
    "{\"from\":\"agent\",\"offset\":0,\"size\":9,\"message\":{\"Tcp\":{\"Close\":{\"connection_"
    "id\":7}}}}\n"
    "  A variant without fields is a string, with fields an object of one member. None is null. "
    "Integers\n"
    "  beyond 2^53, and all of 128 bits, are strings of digits. Bytes are a string if they are "
    "text, and\n"
    "  {\"hex\":\"00ff\"} if not. Both forms are lossless: encode gives back what decode has "
    "read.\n"
    "\n"
    "Colours: on a terminal, unless NO_COLOR is set.\n"
    "\n"
    "exit status: 0; 1 check found a difference; 2 a mistake on the command line; 65 bad data; 69 "
    "the\n"
    "agent cannot be reached (tap); 74 something cannot be read or written\n";

static int help(FILE *out)
{
    fputs("usage: intproxy-wire COMMAND [OPTION]...\n"
          "       intproxy-wire COMMAND --help\n\n",
          out);
    for (unsigned i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].what);
    fputs(forms, out);
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
    output_begin("intproxy-wire");
    if (argc < 2)
        return help(stderr);
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help"))
        return help(stdout);
    if (!strcmp(argv[1], "--version")) {
        puts("intproxy-wire " INTPROXYD_VERSION);
        return 0;
    }
    const struct command *c = find(argv[1]);
    if (c)
        return c->run(argc - 1, argv + 1);
    fprintf(stderr, "intproxy-wire: there is no command \"%s\", --help lists them\n", argv[1]);
    return EXIT_USAGE;
}
