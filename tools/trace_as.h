/* tools/trace_as.h -- replay against a real peer: `intproxy-trace replay --as agent|app|client`.
 *
 * Purpose  one side of a recorded run is played to a live program, and what that says is compared:
 *            agent    to a live proxy           messages/trace_agent.h       tools/trace_as_agent.c
 *            app      to a live daemon          messages/trace_match.h       tools/trace_as_app.c
 *            client   to a live application     messages/trace_order.h       tools/trace_as_client.c
 * Thread   one; SIGINT and SIGTERM end it, with the report so far.
 */
#ifndef TOOLS_TRACE_AS_H
#define TOOLS_TRACE_AS_H

#include "messages/trace_agent.h"
#include "messages/trace_exchanges.h"
#include "messages/trace_transactions.h"
#include "runtime/address.h"
#include "tools/command_line.h"
#include "tools/trace_as_loop.h"

enum trace_role { AS_NOBODY, AS_AGENT, AS_APP, AS_CLIENT };

enum { AS_NAMES_MAX = 32, AS_FILES_MAX = 1024 };

struct trace_as {
    enum trace_role role;
    const char *files[AS_FILES_MAX];
    unsigned file_count;
    struct address listen, to; /* family ADDRESS_NONE: not given */
    const char *destination;   /* only connections that were recorded to this address; NULL: all */
    double speed;              /* of the recorded pauses; 0: none (--fast) */
    unsigned concurrency;      /* client: requests at a time; 0: as recorded */
    uint64_t timeout_us;       /* what does not come in this time does not come */
    uint64_t first_us;         /* the same for the first connection */
    uint64_t settle_us;        /* at the end: so long something more may come */
    bool strict, json;
    const char *ignored[AS_NAMES_MAX]; /* header lines that do not count, in lower case */
    const char *counted[AS_NAMES_MAX]; /* app: header lines by which requests are told apart */
};

/* The defaults. */
#define TRACE_AS_DEFAULTS                                                                          \
    {                                                                                              \
        .speed = 1, .timeout_us = 10000000, .first_us = 60000000, .settle_us = 200000              \
    }

/* Plays, reports on stdout, and returns the exit status: 0 everything came as recorded; 1 it did not, or not all
 * could be played; EXIT_USAGE, EXIT_DATA, EXIT_IO. */
int trace_replay_as(const struct trace_as *options);

/* ---- options, for the tables of commands: TRACE_AS_OPTION_ROWS fill trace_as_asked ---- */

extern struct trace_as trace_as_asked;
bool trace_as_role(const char *text, enum trace_role *role);
void trace_as_take_file(struct command_line *c, const char *value);
void trace_as_take_role(struct command_line *c, const char *value);
void trace_as_take_listen(struct command_line *c, const char *value);
void trace_as_take_to(struct command_line *c, const char *value);
void trace_as_take_destination(struct command_line *c, const char *value);
void trace_as_take_speed(struct command_line *c, const char *value);
void trace_as_take_fast(struct command_line *c, const char *value);
void trace_as_take_concurrency(struct command_line *c, const char *value);
void trace_as_take_timeout(struct command_line *c, const char *value);
void trace_as_take_first(struct command_line *c, const char *value);
void trace_as_take_settle(struct command_line *c, const char *value);
void trace_as_take_strict(struct command_line *c, const char *value);
void trace_as_take_json(struct command_line *c, const char *value);
void trace_as_take_ignore(struct command_line *c, const char *value);
void trace_as_take_all_headers(struct command_line *c, const char *value);
void trace_as_take_match(struct command_line *c, const char *value);
/* What options together make wrong. */
void trace_as_check(struct command_line *c);

/* --speed, --fast and --json are their own rows, since a replay without --as has them, too. */
#define TRACE_AS_OPTION_ROWS                                                                       \
    {"--listen", "ADDR",                                                                           \
     "agent, app: wait for the peer here: PORT (loopback), IP:PORT, unix:/PATH; port 0: any",      \
     trace_as_take_listen, ONCE},                                                                  \
        {"--to", "ADDR", "client: the application: HOST:PORT, PORT (loopback), unix:/PATH",        \
         trace_as_take_to, ONCE},                                                                  \
        {"--destination", "ADDR",                                                                  \
         "app, client: only connections that were recorded to this address (all)",                 \
         trace_as_take_destination, ONCE},                                                         \
        {"--concurrency", "N",                                                                     \
         "client: N requests at a time, in recorded order, instead of as recorded",                \
         trace_as_take_concurrency, ONCE},                                                         \
        {"--timeout", "TIME", "what does not come in this time is missing (10s)",                  \
         trace_as_take_timeout, ONCE},                                                             \
        {"--first", "TIME", "agent, app: the same for the first connection (60s)",                 \
         trace_as_take_first, ONCE},                                                               \
        {"--settle", "TIME", "at the end, so long something more may come (200ms)",                \
         trace_as_take_settle, ONCE},                                                              \
        {"--ignore-header", "NAME", "do not compare these header lines either",                    \
         trace_as_take_ignore, REPEATABLE},                                                        \
        {"--all-headers", NULL,                                                                    \
         "compare also date, server, connection, keep-alive and transfer-encoding",                \
         trace_as_take_all_headers, ONCE},                                                         \
        {"--match-header", "NAME",                                                                 \
         "app: requests are the same only if these header lines are, too", trace_as_take_match,    \
         REPEATABLE},                                                                              \
    {                                                                                              \
        "--strict", NULL,                                                                          \
            "another form, version or order of what ran side by side are failures, too",           \
            trace_as_take_strict, ONCE                                                             \
    }

/* ---- between the files that are one ---- */

/* One request of a client: how long the application took. */
struct trace_as_latency {
    uint64_t recorded_us, live_us;
};

struct trace_play {
    const struct trace_as *options;
    struct trace_streams *streams;
    struct trace_exchanges *exchanges;
    struct trace_transactions *transactions; /* app, client */
    struct trace_findings findings;
    struct loop loop;
    char summary[200];                  /* what was played */
    struct trace_as_latency *latencies; /* client */
    unsigned latency_count;
};

/* Each plays and judges. False: it could not begin (said). */
bool trace_as_agent(struct trace_play *p);
bool trace_as_app(struct trace_play *p);
bool trace_as_client(struct trace_play *p);

struct trace_about_what trace_as_about(const struct trace_transaction *t);
/* On stderr: "intproxy-trace: ...". */
void trace_as_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What cannot be played, before it is played. */
void trace_as_say_left_out(const struct trace_play *p);
bool trace_as_listen(struct trace_play *p, const struct loop_handlers *handlers, void *owner,
                     const char *what);

/* trace_as_report.c */
void trace_as_report(struct trace_play *p);

#endif
