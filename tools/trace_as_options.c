/* tools/trace_as_options.c -- options of a replay against a real peer, and `intproxy-trace as`; see trace_as.h */
#include "tools/output.h"
#include "tools/trace_as.h"
#include "tools/trace_commands.h"
#include "tools/trace_parts_order.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct trace_as asked = TRACE_AS_DEFAULTS;

static struct {
    bool listen, to, all_headers;
    unsigned own_ignored;
    const char *own[AS_NAMES_MAX];
} given;

static bool role_of(const char *text, enum trace_role *role)
{
    static const char *const names[] = {"agent", "app", "client"};
    for (unsigned i = 0; i < 3; i++)
        if (strcmp(text, names[i]) == 0) {
            *role = (enum trace_role)(AS_AGENT + i);
            return true;
        }
    return false;
}

static void take_role(struct command_line *c, const char *value)
{
    if (!role_of(value, &asked.role))
        command_line_mistake(c, "\"%s\" is nobody to be played: write agent, app or client", value);
}

static void take_file(struct command_line *c, const char *value)
{
    if (asked.file_count == AS_FILES_MAX)
        command_line_mistake(c, "more than %d files", AS_FILES_MAX);
    else
        asked.files[asked.file_count++] = value;
}

static bool take_address(struct command_line *c, const char *value, struct address *a)
{
    char error[160];
    if (address_parse(a, value, error))
        return true;
    command_line_mistake(c, "%s", error);
    a->family = ADDRESS_NONE;
    return false;
}

static void take_listen(struct command_line *c, const char *value)
{
    given.listen = true;
    if (take_address(c, value, &asked.listen) && asked.listen.family == ADDRESS_NAME)
        command_line_mistake(c, "\"%s\" is a name, write the address to listen on", value);
}

static void take_to(struct command_line *c, const char *value)
{
    given.to = true;
    if (take_address(c, value, &asked.to) && asked.to.port == 0 && asked.to.family != ADDRESS_UNIX)
        command_line_mistake(c, "port 0 cannot be connected to, write HOST:PORT");
}

static void take_destination(struct command_line *c, const char *value)
{
    static char text[ADDRESS_TEXT_MAX];
    struct address a;
    if (!take_address(c, value, &a))
        return;
    asked.destination = address_print(&a, text);
}

static void take_speed(struct command_line *c, const char *value)
{
    char *end;
    double speed = strtod(value, &end);
    if (strcmp(value, "max") == 0)
        asked.speed = 0;
    else if (end == value || *end || !(speed >= 0.001 && speed <= 1e6))
        command_line_mistake(c, "\"%s\" is no speed: 1 is as it was, 2 twice as fast, or max",
                             value);
    else
        asked.speed = speed;
}

static void take_fast(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.speed = 0;
}

static void take_concurrency(struct command_line *c, const char *value)
{
    uint64_t n = 0;
    if (!command_line_number(value, 1, 10000, &n))
        command_line_mistake(c, "\"%s\" is no number from 1 to 10000", value);
    asked.concurrency = (unsigned)n;
}

static void take_time(struct command_line *c, const char *value, uint64_t *us)
{
    uint64_t ns;
    if (!command_line_time(value, 1000, &ns))
        command_line_mistake(c, "\"%s\" is no time: write for example 200ms, 10s, 5m", value);
    else
        *us = ns / 1000;
}

static void take_timeout(struct command_line *c, const char *value)
{
    take_time(c, value, &asked.timeout_us);
}

static void take_first(struct command_line *c, const char *value)
{
    take_time(c, value, &asked.first_us);
}

static void take_settle(struct command_line *c, const char *value)
{
    take_time(c, value, &asked.settle_us);
}

static void take_strict(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.strict = true;
}

static void take_json(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.json = true;
}

static void take_all_headers(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    given.all_headers = true;
}

/* Lives as long as the program. */
static const char *lower(const char *name)
{
    char *copy = strdup(name);
    for (char *at = copy; at && *at; at++)
        *at = (char)http_lower((uint8_t)*at);
    return copy ? copy : name;
}

static void take_name(struct command_line *c, const char *value, const char **names)
{
    unsigned n = 0;
    while (names[n])
        n++;
    if (!http_text_is_token((struct http_text){(const uint8_t *)value, strlen(value)}))
        command_line_mistake(c, "\"%s\" is no name of a header line", value);
    else if (n + 1 == AS_NAMES_MAX)
        command_line_mistake(c, "more than %d names", AS_NAMES_MAX - 1);
    else
        names[n] = lower(value);
}

static void take_ignore(struct command_line *c, const char *value)
{
    take_name(c, value, given.own);
}

static void take_match(struct command_line *c, const char *value)
{
    take_name(c, value, asked.counted);
}

static void collect_ignored(struct command_line *c)
{
    const char **out = asked.ignored;
    unsigned n = 0;
    for (unsigned i = 0; trace_http_ignored[i] && !given.all_headers; i++)
        out[n++] = trace_http_ignored[i];
    for (unsigned i = 0; given.own[i]; i++) {
        if (n + 1 == AS_NAMES_MAX) {
            command_line_mistake(c, "too many --ignore-header");
            return;
        }
        out[n++] = given.own[i];
    }
}

/* An option that does nothing would be believed to do something. */
static void check_whose(struct command_line *c, enum trace_role role)
{
    if (role != AS_CLIENT && asked.concurrency)
        command_line_mistake(c, "--concurrency is for client");
    if (role == AS_CLIENT && command_line_given(c, "--first"))
        command_line_mistake(c, "--first is for agent and app: a client waits for nobody");
    if (role == AS_AGENT && command_line_given(c, "--destination"))
        command_line_mistake(c, "--destination is for app and client");
    if (role != AS_APP && command_line_given(c, "--match-header"))
        command_line_mistake(c, "--match-header is for app");
}

static void check_role(struct command_line *c)
{
    enum trace_role role = asked.role;
    collect_ignored(c);
    if (role == AS_NOBODY)
        return;
    if (role == AS_CLIENT && !given.to)
        command_line_mistake(c, "no --to: write where the application is, e.g. --to 8080");
    if (role == AS_CLIENT && given.listen)
        command_line_mistake(c, "--listen is for agent and app: a client connects, --to ADDR");
    if (role != AS_CLIENT && !given.listen)
        command_line_mistake(c, "no --listen: write where to wait for the %s, e.g. --listen 7000",
                             role == AS_AGENT ? "proxy" : "daemon");
    if (role != AS_CLIENT && given.to)
        command_line_mistake(c, "--to is for client: agent and app wait, --listen ADDR");
    check_whose(c, role);
    if (command_line_given(c, "--fast") && command_line_given(c, "--speed"))
        command_line_mistake(c, "--speed and --fast: write one of them");
    if (!asked.file_count)
        command_line_mistake(c, "no file: write which trace is to be played");
    trace_parts_order(c, asked.files, asked.file_count);
}

/* ---- the command ---- */

static void take_argument(struct command_line *c, const char *value)
{
    if (asked.role == AS_NOBODY && role_of(value, &asked.role))
        return;
    take_file(c, value);
}

static const struct option_row rows[] = {
    {"", NULL, "Where", NULL, ONCE},
    {"--listen", "ADDR",
     "agent, app: wait for the peer here: PORT (loopback), IP:PORT, unix:/PATH; port 0: any",
     take_listen, ONCE},
    {"--to", "ADDR", "client: the application: HOST:PORT, PORT (loopback), unix:/PATH", take_to,
     ONCE},
    {"", NULL, "What is played", NULL, ONCE},
    {"--destination", "ADDR",
     "app, client: only connections that were recorded to this address (all)", take_destination,
     ONCE},
    {"--concurrency", "N",
     "client: N requests at a time, in recorded order, instead of as recorded", take_concurrency,
     ONCE},
    {"--as", "ROLE", "agent, app or client, if it is not the first argument", take_role, ONCE},
    {"--speed", "N|max", "1: with the recorded pauses (default), 2: twice as fast, max: without",
     take_speed, ONCE},
    {"--fast", NULL, "--speed max", take_fast, ONCE},
    {"--timeout", "TIME", "what does not come in this time is missing (10s)", take_timeout, ONCE},
    {"--first", "TIME", "agent, app: the same for the first connection (60s)", take_first, ONCE},
    {"--settle", "TIME", "at the end, so long something more may come (200ms)", take_settle, ONCE},
    {"", NULL, "What counts", NULL, ONCE},
    {"--ignore-header", "NAME", "do not compare these header lines either", take_ignore,
     REPEATABLE},
    {"--all-headers", NULL,
     "compare also date, server, connection, keep-alive and transfer-encoding", take_all_headers,
     ONCE},
    {"--match-header", "NAME", "app: requests are the same only if these header lines are, too",
     take_match, REPEATABLE},
    {"--strict", NULL, "another form, version or order of what ran side by side are failures, too",
     take_strict, ONCE},
    {"--json", NULL, "the report as one JSON object", take_json, ONCE},
    OPTION_HELP_ROW,
    {0},
};

static const char usage[] = "intproxy-trace as agent|app|client FILE... [OPTION]...";

static const char examples[] =
    "Plays one side of a recorded run to a live program and compares what that says:\n"
    "  agent   a live proxy connects; the recorded agent's messages are said, each when the proxy\n"
    "          has said what the recorded one had said before it\n"
    "  app     a live daemon connects; each request gets what was answered to it when it was\n"
    "          recorded, as it was cut and timed; others get 502\n"
    "  client  the recorded requests are sent to a live application, with the concurrency and the\n"
    "          pauses as recorded; where the recorded client left before the answer was whole, it\n"
    "          leaves again when as much of it has come, and so long after\n"
    "\n"
    "Counted and listed: matched; unmatched (never recorded), missing (did not come), extra (came\n"
    "too often), reordered (came before what it had followed), different. Other cuts of a body "
    "are\n"
    "no difference. Told, and a failure only with --strict: another form of an answer that is as\n"
    "right, another version, another order (overtaken). What cannot be played (--trace-bodies) is\n"
    "said before it begins, left out, and makes the exit status 1; client needs requests only: of\n"
    "bodies of answers that were left out, lengths and hashes are compared.\n"
    "\n"
    "app: a request followed another one if that was of the same connection of a client and had\n"
    "been answered before it began; that of requests of two clients one came later is chance. "
    "With\n"
    "--strict it counts as reordered, too. Requests that are alike cannot be told apart: each may\n"
    "have been any of them. A trace of the agent alone does not say whose connection it was. What\n"
    "was mirrored followed nothing: its client waits for the answers of another application.\n"
    "\n"
    "SIGINT ends it with the report so far.\n"
    "\n"
    "Examples\n"
    "  # does the new proxy say to this agent what the old one said?\n"
    "  intproxy-trace as agent run.trace --listen 7000 &\n"
    "  intproxyd --agent 127.0.0.1:7000 -R 8080:9000\n"
    "\n"
    "  # without the application: the daemon gets its recorded answers\n"
    "  intproxy-trace as app run.trace --listen 9000 &\n"
    "  intproxyd --standalone 8080=9000 -R 8080:9000\n"
    "\n"
    "  # does the new version of the application answer as the old one did, and how fast?\n"
    "  intproxy-trace as client run.trace --to 9000 --fast\n"
    "\n"
    "exit status: 0 everything came as recorded; 1 it did not, or not all could be played; 2 a\n"
    "mistake on the command line; 65 no trace; 66 nothing of it can be played (--json: with the\n"
    "report); 74 a file or an address cannot be used\n";

static void check(struct command_line *c)
{
    if (asked.role == AS_NOBODY)
        command_line_mistake(c, "who is to be played? write agent, app or client");
    check_role(c);
}

bool trace_as_is_asked(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--as") == 0 || strncmp(argv[i], "--as=", 5) == 0)
            return true;
    return false;
}

int trace_as_command(int argc, char **argv)
{
    struct command_line c = {
        .program = "intproxy-trace as", .rows = rows, .argument = take_argument};
    int status;
    if (!command_line_start(&c, argc, argv, usage, examples, check, &status))
        return status;
    output_keeps_verdict();
    return trace_replay_as(&asked);
}
