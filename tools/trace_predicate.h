/* tools/trace_predicate.h -- whether a trace still fails: what minimize asks of each smaller one.
 *
 * Purpose  a command that ends with 0 (COMMAND, {} is the file); `replay` that diverges, or the difference to
 *          another trace: in the same way as it did at first.
 * Owner    whoever called trace_predicate_begin; one a program, as it has a file and a child.
 * Thread   one.
 * Errors   PREDICATE_ERROR, said on stderr.
 */
#ifndef TOOLS_TRACE_PREDICATE_H
#define TOOLS_TRACE_PREDICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum predicate_kind { PREDICATE_REPLAY, PREDICATE_COMMAND, PREDICATE_DIFF };
enum predicate_answer {
    PREDICATE_FAILS_STILL,
    PREDICATE_FINE, /* the failure is gone */
    PREDICATE_LATE, /* the deadline, or a signal, came first */
    PREDICATE_ERROR,
};

enum { PREDICATE_SAID_MAX = 8192 };

struct trace_predicate {
    enum predicate_kind kind;
    const char *text;     /* the command; the other trace */
    uint64_t deadline_ns; /* of CLOCK_MONOTONIC */
    int status;           /* after PREDICATE_ERROR: what the program ends with */
    /* -- private -- */
    char path[64];                 /* of the file that is tried */
    char *signature;               /* of the divergence, or difference, at first */
    char said[PREDICATE_SAID_MAX]; /* by replay: its first bytes */
};

/* False: no file can be made; said. */
bool trace_predicate_begin(struct trace_predicate *p);
void trace_predicate_end(struct trace_predicate *p);
/* The bytes of a trace. The first call is about the whole one. */
enum predicate_answer trace_predicate_ask(struct trace_predicate *p, const void *bytes,
                                          size_t length);

/* The deadline is over, or somebody asked for an end (SIGINT, SIGTERM): what was found so far is the result. */
bool trace_predicate_late(const struct trace_predicate *p);

#endif
