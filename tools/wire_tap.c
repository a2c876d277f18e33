/* tools/wire_tap.c -- intproxy-wire tap: between a proxy and an agent; see actors/tap.h */
#include "actors/tap.h"
#include "actors/tap_seen.h"
#include "messages/kinds.h"
#include "runtime/runtime.h"
#include "tools/shared_options.h"
#include "tools/tap_stdout.h"
#include "tools/wire_commands.h"
#include "tools/wire_options.h"
#include "tools/output.h"
#include <stdio.h>
#include <string.h>

enum { WORKERS = 2 }; /* the traffic's, and the output's */
#define BYTES_MAX   64
#define MESSAGE_MAX (UINT64_C(64) << 20)
/* As a record counts the bytes of a message. */
#define MESSAGE_MOST (UINT64_C(1) << 30)

static struct {
    struct tap_settings tap;
    struct filter_program *filter;
    bool has_listen, has_agent; /* right or wrong */
} asked;

/* ---- options --------------------------------------------------------------------------------- */

static void take_listen(struct command_line *c, const char *value)
{
    asked.has_listen = true;
    if (option_address(c, value, &asked.tap.listen) && asked.tap.listen.family == ADDRESS_NAME)
        command_line_mistake(c, "\"%s\" is a name, write the address to listen on", value);
}

static void take_agent(struct command_line *c, const char *value)
{
    asked.has_agent = true;
    if (option_address(c, value, &asked.tap.agent) && asked.tap.agent.port == 0 &&
        asked.tap.agent.family != ADDRESS_UNIX)
        command_line_mistake(c, "port 0 cannot be connected to, write HOST:PORT");
}

static void take_json(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.tap.json = true;
}

static void take_filter(struct command_line *c, const char *value)
{
    char error[FILTER_ERROR_MAX];
    struct filter_program *filter = filter_new(value, tap_fields, error);
    if (!filter)
        command_line_mistake(c, "%s", error);
    filter_free(asked.filter);
    asked.tap.filter = asked.filter = filter;
}

static void take_bytes_max(struct command_line *c, const char *value)
{
    wire_option_size(c, value, &asked.tap.bytes_max);
}

static void take_message_max(struct command_line *c, const char *value)
{
    if (!command_line_size(value, 1, MESSAGE_MOST, &asked.tap.message_max))
        command_line_mistake(c, "\"%s\" is no size up to 1G: write for example 64M", value);
}

static const struct option_row rows[] = {
    {"", NULL, "Where", NULL, ONCE},
    {"--listen", "ADDR",
     "proxies connect here: PORT (loopback), IP:PORT or unix:/PATH; port 0: any", take_listen,
     ONCE},
    {"--agent", "ADDR", "the agent: HOST:PORT, PORT (loopback) or unix:/PATH", take_agent, ONCE},
    {"", NULL, "What is shown", NULL, ONCE},
    {"--json", NULL, "an object a line, see below", take_json, ONCE},
    {"--filter", "EXPR", "only messages for which this holds, see below", take_filter, ONCE},
    {"--bytes-max", "SIZE", "show no more of a string (default 64; 0: all of it)", take_bytes_max,
     ONCE},
    {"--message-max", "SIZE", "a larger message is shown by name, ids and size alone (default 64M)",
     take_message_max, ONCE},
    OPTION_HELP_ROW,
    {0},
};

static const char usage[] = "intproxy-wire tap --listen ADDR --agent ADDR [OPTION]...";

static const char output_help[] =
    "Passes every byte on, unchanged and at once, and shows what is said on standard output:\n"
    "\n"
    "  0.004321 1 < TcpSteal(Data) conn=7 size=24 TcpSteal(Data{connection_id: 7, bytes: "
    "\"...\"})\n"
    "\n"
    "seconds since the tap began, number of the connection, who speaks (> proxy, < agent, * the "
    "tap\n"
    "itself), name, those of conn= req= port= that the message has, its bytes, the message. With\n"
    "--json an object a line, stable for programs:\n"
    "\n"
    "  "
    "{\"t\":0.004321,\"link\":1,\"from\":\"agent\",\"kind\":\"TcpSteal(Data)\",\"conn\":7,\"size\":"
    "24,\n"
    "   \"message\":{...}}            message as `intproxy-wire decode --json`; null: too large\n"
    "  {\"t\":0.005,\"link\":1,\"note\":\"...\"}\n"
    "\n"
    "What cannot be decoded is said once a direction; its bytes are passed on all the same. A "
    "reader\n"
    "that is slow does not slow the traffic: messages are left out, and the number is said. When "
    "the\n"
    "reader has gone (`| head`), bytes are passed on until the last connection has ended.\n"
    "Ctrl-C ends it and prints a summary on stderr: messages by kind, bytes, versions, exchanges "
    "that\n"
    "are unfinished.\n"
    "\n"
    "Filter\n"
    "  comparisons joined by && || ! ( ), and has(FIELD): the message has it\n"
    "  numbers and times  == != < <= > >=      7  0x1f  64K      2s  15ms  3us  1m\n"
    "  texts              == != ~ !~           \"in quotes\", 'in quotes' or a bare word\n"
    "  ~ is a pattern over the whole value, * for any characters, ? for one; without * and ? the "
    "text\n"
    "  is looked for anywhere in the value. A kind compares by its name and by each name in it.\n"
    "  A comparison with a field that the message does not have does not hold, also with !=.\n"
    "\n";

static const char examples[] =
    "\n"
    "Examples\n"
    "  # instead of the agent at 61337 the proxy is told of 7000\n"
    "  intproxy-wire tap --listen 7000 --agent 127.0.0.1:61337\n"
    "  intproxyd --agent 127.0.0.1:7000 -R 8080:9000\n"
    "\n"
    "  # only answers on connection 7 in the first two seconds\n"
    "  intproxy-wire tap --listen 7000 --agent 61337 --filter 'kind ~ \"HttpResponse*\" && conn == "
    "7 &&\n"
    "      t < 2s'\n"
    "  intproxy-wire tap --listen 7000 --agent 61337 --json --filter 'path ~ \"/api\"' | jq "
    ".message\n"
    "\n"
    "exit status: 0; 2 a mistake on the command line; 65 a direction could not be decoded; 69 "
    "proxies\n"
    "came, and the agent was never reached; 74 the address cannot be listened on\n";

static void help(const struct command_line *c)
{
    static char text[sizeof output_help + sizeof examples + 4000];
    size_t n = (size_t)snprintf(text, sizeof text, "%s", output_help);
    for (const struct filter_field *f = tap_fields; f->name && n < sizeof text; f++)
        n += (size_t)snprintf(text + n, sizeof text - n, "  %-10s %s\n", f->name, f->help);
    snprintf(text + n, sizeof text - n, "%s", examples);
    command_line_help(c, usage, text);
}

/* ---- start ----------------------------------------------------------------------------------- */

static void check_together(struct command_line *c)
{
    if (!asked.has_listen)
        command_line_mistake(c, "no --listen: write where proxies connect, e.g. --listen 7000");
    if (!asked.has_agent)
        command_line_mistake(c,
                             "no --agent: write where the agent is, e.g. --agent 127.0.0.1:61337");
}

static void say_ready(const char *line)
{
    fprintf(stderr, "intproxy-wire: %s\n", line);
}

static void say_summary(const char *text)
{
    fprintf(stderr, "\n%s", text);
}

static int run(void)
{
    struct runtime r;
    messages_init();
    tap_settings = &asked.tap;
    runtime_create(&r, &(struct runtime_options){.workers = WORKERS, .io = &io_ev});
    runtime_signals_to(&r, runtime_spawn_root(&r, &tap_type, tap_first()));
    int status = runtime_run(&r);
    runtime_destroy(&r);
    return status;
}

int wire_tap(int argc, char **argv)
{
    struct command_line c = {.program = "intproxy-wire tap", .rows = rows};
    asked.tap = (struct tap_settings){.bytes_max = BYTES_MAX,
                                      .message_max = MESSAGE_MAX,
                                      .write = tap_stdout_write,
                                      .ready = say_ready,
                                      .summary = say_summary};
    command_line_read(&c, argc, argv);
    if (c.help) {
        help(&c);
        output_flush();
        return 0;
    }
    check_together(&c);
    if (c.mistakes) {
        fprintf(stderr, "intproxy-wire tap: --help shows all options, with examples\n");
        return EXIT_USAGE;
    }
    asked.tap.colour = !asked.tap.json && output_has_colour();
    output_begin("intproxy-wire");
    raise_descriptor_limit();
    int status = run();
    filter_free(asked.filter);
    return status;
}
