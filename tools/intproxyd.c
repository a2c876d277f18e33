/* tools/intproxyd.c -- the daemon: command line, start, exit code (actors/exit_codes.h). See --help. */
#include "actors/destinations.h"
#include "actors/exit_codes.h"
#include "actors/ready_line.h"
#include "actors/settings.h"
#include "actors/supervisor.h"
#include "messages/kinds.h"
#include "messages/wire_syntax.h"
#include "runtime/log.h"
#include "runtime/runtime.h"
#include "actors/settings_text.h"
#include "tools/recording.h"
#include "tools/shared_options.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static_assert((int)EXIT_SIGNALLED_AGAIN == (int)STATUS_SIGNALLED_AGAIN,
              "whoever hears the second signal");

static struct settings asked;
static struct agent_settings inside; /* --standalone */
static struct {
    bool has_agent, steal, version;
    bool has_remote; /* right or wrong */
    int ready_fd;
} extra = {.ready_fd = -1};

/* ---- options ---- */

static void take_agent(struct command_line *c, const char *value)
{
    extra.has_agent = true;
    if (option_address(c, value, &asked.agent) && asked.agent.port == 0 &&
        asked.agent.family != ADDRESS_UNIX)
        command_line_mistake(c, "port 0 cannot be connected to, write HOST:PORT");
}

/* [REMOTE_PORT:]DEST, where DEST may hold colons itself. */
static const char *remote_port_of(const char *value, uint64_t *port)
{
    const char *colon = strchr(value, ':');
    char digits[8];
    if (!colon || colon - value > 5 || colon == value)
        return value;
    memcpy(digits, value, (size_t)(colon - value));
    digits[colon - value] = '\0';
    return command_line_number(digits, 0, 65535, port) ? colon + 1 : value;
}

static void take_remote(struct command_line *c, const char *value)
{
    struct address to;
    uint64_t port = 0;
    extra.has_remote = true;
    const char *dest = remote_port_of(value, &port);
    if (!option_address(c, dest, &to))
        return;
    if (dest == value && to.family == ADDRESS_UNIX) {
        command_line_mistake(c, "\"%s\" names no remote port, write e.g. 80:%s", value, value);
        return;
    }
    if (dest == value)
        port = to.port;
    if (port == 0 || (to.port == 0 && to.family != ADDRESS_UNIX)) {
        command_line_mistake(c, "\"%s\": ports go from 1 to 65535", value);
        return;
    }
    for (uint16_t i = 0; i < asked.subscription_count; i++)
        if (asked.subscriptions[i].port == port)
            command_line_mistake(c, "remote port %u is given twice, leave one out", (unsigned)port);
    if (asked.subscription_count == SUBSCRIPTIONS_MAX) {
        command_line_mistake(c, "more than %d ports, start a second intproxyd for the rest",
                             SUBSCRIPTIONS_MAX);
        return;
    }
    asked.subscriptions[asked.subscription_count++] =
        (struct subscription){(uint16_t)port, destination_add(&to)};
}

static void take_steal(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    extra.steal = true;
}

static void take_mirror(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.mirror = true;
}

static void take_filter(struct command_line *c, enum filter_kind kind, const char *value)
{
    if (*value == '\0')
        command_line_mistake(
            c, "the filter is empty and would match nothing: leave it out or write one");
    else if (!wire_utf8_check((const uint8_t *)value, strlen(value)))
        command_line_mistake(c, "the filter is no UTF-8, no agent takes it: write it in UTF-8");
    else if (asked.filter_count == FILTERS_MAX)
        command_line_mistake(c, "more than %d filters, join some with | in one expression",
                             FILTERS_MAX);
    else
        asked.filters[asked.filter_count++] = (struct filter){(uint8_t)kind, value};
}

static void take_header(struct command_line *c, const char *value)
{
    take_filter(c, FILTER_HEADER, value);
}

static void take_path(struct command_line *c, const char *value)
{
    take_filter(c, FILTER_PATH, value);
}

static char *upper_copy(const char *value)
{
    char *copy = strdup(value);
    for (char *p = copy; p && *p; p++)
        if (*p >= 'a' && *p <= 'z')
            *p = (char)(*p - 'a' + 'A');
    return copy;
}

static void take_method(struct command_line *c, const char *value)
{
    static const char *const known[] = {"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                        "CONNECT", "OPTIONS", "TRACE", "PATCH"};
    const char *method = upper_copy(value);
    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(method, known[i]) == 0) {
            take_filter(c, FILTER_METHOD, method);
            return;
        }
    /* Other(...) never matches at any agent that was observed (AG-30) */
    command_line_mistake(
        c,
        "\"%s\" is no method that an agent filters by: GET, HEAD, POST, PUT, DELETE, "
        "CONNECT, OPTIONS, TRACE or PATCH",
        value);
}

static void take_any_of(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.any_of = true;
}

static void take_protocol(struct command_line *c, const char *value)
{
    option_protocol_version(c, value, &asked.announce);
}

static void take_standalone(struct command_line *c, const char *value)
{
    option_agent_port(c, &inside, value);
    asked.standalone = true;
}

static void take_workers(struct command_line *c, const char *value)
{
    uint64_t n;
    if (strcmp(value, "auto") == 0) {
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        asked.workers = cores > 4 ? (unsigned)((cores - 2) / 2) : 1;
        if (asked.workers > WORKERS_MAX - 2)
            asked.workers = WORKERS_MAX - 2;
    } else if (command_line_number(value, 1, WORKERS_MAX - 2, &n)) {
        asked.workers = (unsigned)n;
    } else {
        command_line_mistake(c, "\"%s\" is no number of workers, write 1 to %d, or auto", value,
                             WORKERS_MAX - 2);
    }
}

static bool is_directory_to_write(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISDIR(s.st_mode) && access(path, W_OK | X_OK) == 0;
}

enum { SPOOL_DIR_MAX = 250 }; /* bytes; see on_file_open in runtime/blocking.c */

static void take_spool_dir(struct command_line *c, const char *value)
{
    if (!is_directory_to_write(value))
        command_line_mistake(
            c, "\"%s\" is no directory that can be written, make it or name another", value);
    else if (strlen(value) > SPOOL_DIR_MAX)
        command_line_mistake(c, "the path is longer than %d bytes, use a shorter one",
                             SPOOL_DIR_MAX);
    asked.spool_dir = value;
}

/* $TMPDIR is not said to us: what is no place for a spool is left aside. */
static void take_environment(void)
{
    const char *tmp = getenv("TMPDIR");
    if (tmp && strlen(tmp) <= SPOOL_DIR_MAX && is_directory_to_write(tmp))
        asked.spool_dir = tmp;
}

static void take_bytes(struct command_line *c, const char *value, uint64_t least, uint64_t *into)
{
    if (!command_line_size(value, least, UINT64_C(1) << 50, into))
        command_line_mistake(c, "\"%s\" is no size from %llu bytes on, write e.g. 64M", value,
                             (unsigned long long)least);
}

/* What is kept of a message must lie in one chunk, whose size is of 32 bits (wire_reader_span). */
static void take_message_max(struct command_line *c, const char *value)
{
    if (!command_line_size(value, 64 << 10, 1 << 30, &asked.agent_message_max))
        command_line_mistake(c, "\"%s\" is no size from 64K to 1G, write e.g. 64M", value);
}

static void take_collect_max(struct command_line *c, const char *value)
{
    take_bytes(c, value, 1 << 10, &asked.collect_max);
}

static void take_spool_max(struct command_line *c, const char *value)
{
    take_bytes(c, value, 0, &asked.spool_max);
}

static void take_spool_total(struct command_line *c, const char *value)
{
    take_bytes(c, value, 0, &asked.spool_total_max);
}

static void take_connections(struct command_line *c, const char *value)
{
    uint64_t n;
    if (command_line_number(value, 1, 1000000, &n))
        asked.local_connections_max = (uint32_t)n;
    else
        command_line_mistake(c, "\"%s\" is no number from 1 to 1000000", value);
}

static void take_no_retry(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.no_retry = true;
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) != -1;
}

static void take_ready_fd(struct command_line *c, const char *value)
{
    uint64_t n;
    if (!command_line_number(value, 0, 1 << 20, &n))
        command_line_mistake(c, "\"%s\" is no descriptor number", value);
    else if (is_open((int)n))
        extra.ready_fd = (int)n;
    else
        command_line_mistake(c, "descriptor %s is not open, open it in the shell, e.g. 3>file",
                             value);
}

static void take_version(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    extra.version = true;
}

static const struct option_row rows[] = {
    {"", NULL, "The agent", NULL, ONCE},
    {"--agent", "HOST:PORT", "the agent to connect to, e.g. a port-forward", take_agent, ONCE},
    {"--standalone", "LISTEN=UPSTREAM",
     "no cluster: a stand-in agent inside; clients come to LISTEN,\nwhat is not stolen goes to "
     "UPSTREAM",
     take_standalone, REPEATABLE},
    {"--no-retry", NULL, "end with 69 when the agent cannot be reached at first", take_no_retry,
     ONCE},
    {"--protocol-version", "V", "announce less than the newest, which --version tells",
     take_protocol, ONCE},
    {"", NULL, "The traffic", NULL, ONCE},
    {"-R", "[REMOTE_PORT:]DEST",
     "serve this remote port from DEST: PORT, HOST:PORT, [V6]:PORT or\nunix:/PATH", take_remote,
     REPEATABLE},
    {"--steal", NULL, "the local application answers (default)", take_steal, ONCE},
    {"--mirror", NULL, "it gets a copy, its answers are dropped", take_mirror, ONCE},
    {"--header-filter", "RE", "only requests with a header line \"name: value\" that matches",
     take_header, REPEATABLE},
    {"--path-filter", "RE", "only requests whose path, or path and query, matches", take_path,
     REPEATABLE},
    {"--method-filter", "M", "only requests with this method", take_method, REPEATABLE},
    {"--any-of", NULL, "one matching filter is enough (default: all must match)", take_any_of,
     ONCE},
    {"", NULL, "Limits (sizes take K, M, G)", NULL, ONCE},
    {"--workers", "N|auto", "threads that serve exchanges (default 1)", take_workers, ONCE},
    {"--local-connections-max", "N", "to one destination; more requests wait (default 512)",
     take_connections, ONCE},
    {"--agent-message-max", "BYTES", "a larger request that cannot be streamed gets 413 (64M)",
     take_message_max, ONCE},
    {"--collect-max", "BYTES", "a larger answer gets 502 if the agent takes no streams (64M)",
     take_collect_max, ONCE},
    {"--spool-dir", "DIR",
     "for uploads that the application does not take (default $TMPDIR,\nif that can be written, "
     "else /var/tmp)",
     take_spool_dir, ONCE},
    {"--spool-max", "BYTES", "of one upload; beyond it gets 507 (1G)", take_spool_max, ONCE},
    {"--spool-total-max", "BYTES", "of all uploads (4G)", take_spool_total, ONCE},
    RECORDING_ROWS,
    {"", NULL, "Running", NULL, ONCE},
    {"--ready-fd", "N",
     "the ready line is also written to this descriptor, which is closed\nthen (but for 0, 1 and "
     "2)",
     take_ready_fd, ONCE},
    OPTION_LOG_ROWS,
    {"--version", NULL, "what this is", take_version, ONCE},
    OPTION_HELP_ROW,
    {NULL, NULL, NULL, NULL, ONCE},
};

static const char examples[] =
    "Examples\n"
    "  # requests with the header x-user: me to port 80 of the pod, served from port 8080 here\n"
    "  kubectl port-forward pod/agent 61337 &\n"
    "  intproxyd --agent 127.0.0.1:61337 -R 80:8080 --header-filter '^x-user: me$'\n"
    "\n"
    "  # a copy of all traffic of port 9000, to an application behind a socket file\n"
    "  intproxyd --agent 127.0.0.1:61337 --mirror -R 9000:unix:/run/app.sock\n"
    "\n"
    "  # without a cluster: clients come to 8000; /api is served here, the rest by port 8001\n"
    "  intproxyd --standalone 8000=8001 -R 8000:8080 --path-filter '^/api'\n"
    "\n"
    "Exit status: 0 after SIGTERM or SIGINT (up to 10 s are taken to finish), 130 after a second "
    "one,\n"
    "which ends it now; 2 usage, or --standalone cannot listen; 69 agent unreachable "
    "(--no-retry);\n"
    "76 protocol error; 77 refused by the agent, or it did not answer in time.\n";

/* ---- start ---- */

static bool listens_inside(uint16_t port)
{
    for (uint16_t i = 0; i < inside.port_count; i++)
        if (inside.ports[i].listen.port == port)
            return true;
    return false;
}

/* What the agent inside does not listen on, nobody can come to. */
static void check_ports_inside(struct command_line *c)
{
    for (uint16_t i = 0; i < asked.subscription_count && inside.port_count; i++) {
        const struct subscription *s = &asked.subscriptions[i];
        char to[ADDRESS_TEXT_MAX];
        if (!listens_inside(s->port))
            command_line_mistake(c,
                                 "-R %u: the agent inside listens on no such port, write "
                                 "--standalone %u=UPSTREAM or -R %u:%s",
                                 s->port, s->port, inside.ports[0].listen.port,
                                 address_print(destination(s->destination), to));
    }
}

static void check_together(struct command_line *c)
{
    if (!extra.has_agent && !asked.standalone)
        command_line_mistake(c, "no agent: write --agent HOST:PORT, or --standalone "
                                "LISTEN=UPSTREAM to try without one");
    if (extra.has_agent && asked.standalone)
        command_line_mistake(c, "--agent and --standalone exclude each other, leave one out");
    if (!extra.has_remote)
        command_line_mistake(c, "no traffic: write -R [REMOTE_PORT:]DEST at least once");
    if (extra.steal && asked.mirror)
        command_line_mistake(c, "--steal and --mirror exclude each other, leave one out");
    if (asked.any_of && asked.filter_count < 2)
        command_line_mistake(c, "--any-of needs two filters or more");
    if (asked.no_retry && asked.standalone)
        command_line_mistake(c, "--no-retry has no effect with --standalone, leave it out");
    if (asked.standalone)
        check_ports_inside(c);
    recording_check(c);
}

/* The ready line is no log line, but who reads the log as JSON must find an object there too. */
static void print_ready(const char *line)
{
    char text[READY_LINE_MAX + 16], out[READY_LINE_MAX * 6 + 200];
    struct timespec t;
    if (log_settings.format == LOG_TEXT) {
        fprintf(stderr, "intproxyd: %s\n", line);
        return;
    }
    clock_gettime(CLOCK_REALTIME, &t);
    size_t n = log_record(text, sizeof text, "intproxyd", line);
    size_t length = log_render(out, sizeof out, LOG_JSON, LOG_INFO,
                               (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000, text, n);
    fwrite(out, 1, length, stderr);
}

static void say_ready(const char *line)
{
    print_ready(line);
    if (extra.ready_fd < 0)
        return;
    if (dprintf(extra.ready_fd, "%s\n", line) < 0)
        fprintf(stderr, "intproxyd: the ready line could not be written to descriptor %d\n",
                extra.ready_fd);
    /* the next socket would get the number of a closed stderr, and the log with it */
    if (extra.ready_fd > STDERR_FILENO)
        close(extra.ready_fd);
    extra.ready_fd = -1;
}

static uint64_t some_seed(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_nsec << 20 ^ (uint64_t)t.tv_sec ^ (uint64_t)getpid() << 40;
}

/* The stand-in agent runs in this very process: every byte passes both codecs, over a socketpair. */
static void stand_alone(void)
{
    asked.agent = (struct address){.family = ADDRESS_INTERNAL, .name = "agent"};
    inside.listen = asked.agent;
    inside.version = version_newest();
    version_format(inside.version, inside.version_text);
    agent_settings = &inside;
}

static int run(const struct hooks *hooks)
{
    struct runtime r;
    runtime_create(&r, &(struct runtime_options){.workers = asked.workers,
                                                 .names_apart = true,
                                                 .io = &io_ev,
                                                 .hooks = hooks,
                                                 .before_exit = recording_stop,
                                                 .file_total_max = asked.spool_total_max});
    supervisor_ready = say_ready;
    runtime_signals_to(&r, runtime_spawn_root(&r, &supervisor_type, supervisor_first()));
    int status = runtime_run(&r);
    runtime_destroy(&r);
    return status;
}

static int run_recorded(int argc, char **argv)
{
    char protocol[VERSION_TEXT_MAX];
    version_format(asked.announce, protocol);
    struct trace_setting *texts = settings_texts(&asked, asked.standalone ? &inside : NULL);
    const struct hooks *hooks = recording_start(
        &(struct recording_program){"intproxyd", protocol, asked.workers, argv, argc}, texts);
    int status = hooks ? run(hooks) : EXIT_USAGE;
    recording_stop();
    settings_texts_free(texts);
    return status;
}

int main(int argc, char **argv)
{
    struct command_line c = {.program = "intproxyd", .rows = rows};
    settings_default(&asked);
    take_environment();
    command_line_read(&c, argc, argv);
    if (c.help) {
        command_line_help(&c, "intproxyd --agent HOST:PORT -R [REMOTE_PORT:]DEST [options]",
                          examples);
        return 0;
    }
    if (extra.version) {
        print_version("intproxyd");
        return 0;
    }
    check_together(&c);
    if (c.mistakes) {
        fprintf(stderr, "intproxyd: --help shows all options, with examples\n");
        return EXIT_USAGE;
    }
    raise_descriptor_limit();
    asked.seed = some_seed();
    settings = &asked;
    if (asked.standalone)
        stand_alone();
    messages_init();
    signal(SIGUSR1, SIG_IGN); /* who asks for a trace that is not kept does not mean the end */
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of its write, no end either */
    return recording_is_wanted() ? run_recorded(argc, argv) : run(NULL);
}
