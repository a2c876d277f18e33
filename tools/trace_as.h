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
#include "messages/trace_answers.h"
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

/* Plays, reports on stdout (where nothing can be played, only as JSON), and returns the exit status: 0 everything came
 * as recorded; 1 it did not, or not all could be played; EXIT_NOTHING: none of it; EXIT_USAGE, EXIT_DATA, EXIT_IO. */
int trace_replay_as(const struct trace_as *options);

/* `replay` with --as among its arguments: they are trace_as_command's, all of them. */
bool trace_as_is_asked(int argc, char **argv);

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
    struct trace_answers *answers;           /* client */
    bool is_complete;                        /* no record of the trace is missing or damaged */
    struct trace_findings findings;
    struct loop loop;
    char summary[200];                  /* what was played */
    bool nothing;                       /* ... could be */
    struct trace_as_latency *latencies; /* client */
    unsigned latency_count;
};

/* Each plays and judges: 0. Or it could not begin, for what is said: EXIT_NOTHING, that can be played, or EXIT_IO. */
int trace_as_agent(struct trace_play *p);
int trace_as_app(struct trace_play *p);
int trace_as_client(struct trace_play *p);

/* On stderr: "intproxy-trace: ...". */
void trace_as_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What cannot be played, before it is played. */
void trace_as_say_left_out(const struct trace_play *p);
bool trace_as_listen(struct trace_play *p, const struct loop_handlers *handlers, void *owner,
                     const char *what);

/* trace_as_judge.c: app and client */
struct trace_turn;
struct trace_order;
struct trace_about_what trace_as_about(const struct trace_transaction *t);
void trace_as_find(struct trace_play *p, const struct trace_transaction *t,
                   enum finding_class class, const char *text);
/* What came behind the HTTP of this side, or on a raw connection. False: what is different has been found. */
bool trace_as_tail_is_same(struct trace_play *p, const struct trace_transaction *t,
                           enum stream_side side, const struct wire_buffer *tail);
/* One for each transaction, of which there must be one; malloc's. */
struct trace_turn *trace_as_turns(const struct trace_transactions *all);
struct trace_order *trace_as_order(const struct trace_turn *turns, unsigned count);

/* trace_as_report.c */
void trace_as_report(struct trace_play *p);

#endif
