/* tools/trace_minimize.c -- intproxy-trace minimize: the few messages of a failing trace that matter.
 *
 * Whole exchanges are tried to be left out first, then whole actors, then the ends of what actors heard, then single
 * records, then bytes of payloads: what is large goes first, so that later tries are fast. Whether a trace still
 * fails is for trace_predicate.h to say. To replay that is the same: it makes each actor again from its first record
 * on, so what such an actor heard has no holes; but one whose first record is left out was there before the trace
 * began, and is not replayed: what others heard of it is believed, and the rest of its records may go.
 */
#include "runtime/ticks.h"
#include "tools/output.h"
#include "tools/trace_commands.h"
#include "tools/trace_ddmin.h"
#include "tools/trace_parts.h"
#include "tools/trace_predicate.h"
#include "tools/trace_replace.h"
#include "tools/trace_reread.h"
#include "tools/trace_shrink.h"
#include "tools/trace_two.h"
#include "tools/trace_two_options.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TRIES = 5000 };
#define TIME_NS (UINT64_C(600) * 1000000000)

static struct {
    const char *path, *out;
    unsigned files;
    struct trace_predicate predicate;
    unsigned predicates; /* given */
    uint64_t tries, time_ns;
} asked;

/* ---- options --------------------------------------------------------------------------------- */

static void take_out(struct command_line *c, const char *value)
{
    (void)c;
    asked.out = value;
}

static void take_predicate(enum predicate_kind kind, const char *text)
{
    asked.predicate.kind = kind;
    asked.predicate.text = text;
    asked.predicates++;
}

static void take_while(struct command_line *c, const char *value)
{
    if (!*value)
        command_line_mistake(c, "an empty command");
    take_predicate(PREDICATE_COMMAND, value);
}

static void take_diff(struct command_line *c, const char *value)
{
    if (strcmp(value, "-") == 0)
        command_line_mistake(c, "it is read many times: it must be a file");
    take_predicate(PREDICATE_DIFF, value);
}

static void take_replay(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    take_predicate(PREDICATE_REPLAY, NULL);
}

static void take_tries(struct command_line *c, const char *value)
{
    if (!command_line_number(value, 1, UINT32_MAX, &asked.tries))
        command_line_mistake(c, "\"%s\" is no number of tries: write 1 or more", value);
}

static void take_time(struct command_line *c, const char *value)
{
    if (!command_line_time(value, 1, &asked.time_ns))
        command_line_mistake(c, "\"%s\" is no time: write e.g. 30s or 5m", value);
}

static void take_file(struct command_line *c, const char *value)
{
    asked.path = value;
    if (asked.files++)
        command_line_mistake(c, "%s: one trace is made smaller, this is one more", value);
}

static const struct option_row rows[] = {
    {"-o", "OUT", "where the small trace goes", take_out, ONCE},
    {"", NULL, "When does a trace fail?", NULL, ONCE},
    {"--replay", NULL, "replay of it diverges (the default)", take_replay, ONCE},
    {"--while", "COMMAND", "this command of the shell ends with 0; {} is the file", take_while,
     ONCE},
    {"--diff", "OTHER", "the first difference to this trace is still there", take_diff, ONCE},
    {"", NULL, "How long?", NULL, ONCE},
    {"--tries", "N", "so many smaller traces are tried at most (5000)", take_tries, ONCE},
    {"--time", "T", "for so long at most (10m)", take_time, ONCE},
    {"", NULL, "For --diff, what is compared:", NULL, ONCE},
    TRACE_TWO_ROWS,
    OPTION_HELP_ROW,
    {NULL, NULL, NULL, NULL, ONCE},
};

static const char usage[] = "intproxy-trace minimize [OPTION]... FILE -o OUT";
static const char examples[] =
    "Leaves out exchanges, then actors, the ends of what they heard, single records and bytes, as "
    "long as the\n"
    "trace still fails; header and tables stay. Progress is said on standard error, the result in "
    "one line.\n"
    "\n"
    "  intproxy-trace minimize failing.trace -o small.trace\n"
    "  intproxy-trace minimize run.trace -o small.trace --diff golden.trace\n"
    "  intproxy-trace minimize run.trace -o small.trace \\\n"
    "      --while 'intproxy-trace show --filter \"status == 502\" {} | grep -q .'\n"
    "\n"
    "exit status: 0 OUT is written, also if a limit or SIGINT ended it; 1 FILE does not fail; 2 a "
    "mistake on "
    "the command\n"
    "line; 65 no trace, also that of --diff; 74 not readable, or not writable\n";

static void check(struct command_line *c)
{
    if (!asked.files)
        command_line_mistake(c, "no trace: write which one is to be made smaller");
    if (!asked.out)
        command_line_mistake(c, "no -o: write where the small trace goes, e.g. -o small.trace");
    if (asked.predicates > 1)
        command_line_mistake(c, "--replay, --while, --diff: one of them says when a trace fails");
}

/* ---- tries ----------------------------------------------------------------------------------- */

struct minimizing {
    struct trace_shrink trace;
    struct trace_out out;
    uint64_t tries, began_ns;
    bool stopped, failed; /* a limit came; something cannot be done, it was said */
    /* what is being tried */
    uint32_t *group;
    size_t record;
    unsigned span;
    uint64_t actor;
};

static enum ddmin_answer ask(struct minimizing *m, const uint32_t *group, const bool *keep)
{
    if (m->tries >= asked.tries || trace_predicate_late(&asked.predicate)) {
        m->stopped = true;
        return DDMIN_STOP;
    }
    m->tries++;
    trace_shrink_write(&m->trace, group, keep, &m->out);
    enum predicate_answer a = trace_predicate_ask(&asked.predicate, m->out.bytes, m->out.length);
    m->stopped |= a == PREDICATE_LATE;
    m->failed |= a == PREDICATE_ERROR;
    if (m->stopped || m->failed)
        return DDMIN_STOP;
    return a == PREDICATE_FAILS_STILL ? DDMIN_STILL : DDMIN_GONE;
}

static bool goes_on(const struct minimizing *m)
{
    return !m->stopped && !m->failed;
}

static void say_progress(const struct minimizing *m, const char *phase)
{
    struct shrink_size s = trace_shrink_size(&m->trace);
    fprintf(stderr,
            "intproxy-trace: %s: %zu records, %zu exchanges, %zu actors, %" PRIu64
            " bytes are left after %" PRIu64 " tries\n",
            phase, s.records, s.exchanges, s.actors, s.bytes, m->tries);
}

/* ---- whole groups ---------------------------------------------------------------------------- */

static enum ddmin_answer ask_groups(void *context, const bool *keep, size_t count)
{
    struct minimizing *m = context;
    (void)count;
    return ask(m, m->group, keep);
}

static void by_groups(struct minimizing *m, enum shrink_by by, const char *phase)
{
    size_t count = trace_shrink_groups(&m->trace, by, m->group);
    bool *keep = malloc((count + 1) * sizeof *keep);
    if (!keep)
        heap_exhausted("a smaller trace", count);
    memset(keep, true, count * sizeof *keep);
    ddmin(keep, count, ask_groups, m);
    for (size_t i = 0; i < m->trace.count; i++)
        if (m->group[i] != NO_GROUP && !keep[m->group[i]])
            m->trace.records[i].kept = false;
    free(keep);
    say_progress(m, phase);
}

/* ---- ends ------------------------------------------------------------------------------------ */

/* Group 0: the actor's records from `length` on. */
static size_t mark_end(struct minimizing *m, size_t length)
{
    size_t n = 0;
    for (size_t i = 0; i < m->trace.count; i++) {
        const struct shrink_record *x = &m->trace.records[i];
        bool of_actor = x->kept && x->actor == m->actor;
        m->group[i] = of_actor && n >= length ? 0 : NO_GROUP;
        n += of_actor;
    }
    return n;
}

static enum ddmin_answer ask_end(void *context, size_t length)
{
    static const bool keep[] = {false};
    struct minimizing *m = context;
    mark_end(m, length);
    return ask(m, m->group, keep);
}

static void cut_end(struct minimizing *m, uint64_t actor)
{
    m->actor = actor;
    size_t length = ddmin_length(mark_end(m, SIZE_MAX), ask_end, m, &m->stopped);
    mark_end(m, length);
    for (size_t i = 0; i < m->trace.count; i++)
        if (m->group[i] == 0)
            m->trace.records[i].kept = false;
}

/* Each actor at its last record: what is behind it is not looked at any more. */
static void by_ends(struct minimizing *m)
{
    uint32_t *of = malloc((m->trace.count + 1) * sizeof *of);
    if (!of)
        heap_exhausted("a smaller trace", m->trace.count);
    size_t actors = trace_shrink_groups(&m->trace, SHRINK_BY_ACTOR, of);
    for (uint32_t a = 0; a < actors; a++) {
        size_t i = 0;
        while (i < m->trace.count && of[i] != a)
            i++;
        if (goes_on(m))
            cut_end(m, m->trace.records[i].actor);
    }
    free(of);
    say_progress(m, "ends");
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static enum ddmin_answer ask_bytes(void *context, size_t length)
{
    struct minimizing *m = context;
    uint32_t *at = &m->trace.records[m->record].lengths[m->span], was = *at;
    *at = (uint32_t)length;
    enum ddmin_answer answer = ask(m, NULL, NULL);
    *at = was;
    return answer;
}

static void by_bytes(struct minimizing *m)
{
    for (m->record = 0; m->record < m->trace.count; m->record++)
        for (m->span = 0; m->span < TRACE_SPANS_MAX; m->span++) {
            uint32_t *at = &m->trace.records[m->record].lengths[m->span];
            if (m->trace.records[m->record].kept && *at && goes_on(m))
                *at = (uint32_t)ddmin_length(*at, ask_bytes, m, &m->stopped);
        }
    say_progress(m, "bytes");
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* An actor that only lived because another did may go when that one's end is gone. */
static void actors_and_ends(struct minimizing *m)
{
    size_t before;
    do {
        before = trace_shrink_size(&m->trace).records;
        by_groups(m, SHRINK_BY_ACTOR, "actors");
        if (goes_on(m))
            by_ends(m);
    } while (goes_on(m) && trace_shrink_size(&m->trace).records < before);
}

static void shrink(struct minimizing *m)
{
    if (goes_on(m))
        by_groups(m, SHRINK_BY_EXCHANGE, "exchanges");
    if (goes_on(m))
        actors_and_ends(m);
    if (goes_on(m))
        by_groups(m, SHRINK_BY_RECORD, "records");
    if (goes_on(m))
        by_bytes(m);
}

static int finish(struct minimizing *m, struct shrink_size before)
{
    char error[REPLACE_ERROR_MAX];
    struct shrink_size s = trace_shrink_size(&m->trace);
    trace_shrink_write(&m->trace, NULL, NULL, &m->out);
    if (!trace_replace(asked.out, m->out.bytes, m->out.length, error)) {
        fprintf(stderr, "intproxy-trace: %s\n", error);
        return EXIT_IO;
    }
    output_format("%zu of %zu records, %zu of %zu exchanges, %zu of %zu actors, %" PRIu64
                  " of %" PRIu64 " bytes of payload, %" PRIu64 " tries, %.1f s%s: %s\n",
                  s.records, before.records, s.exchanges, before.exchanges, s.actors, before.actors,
                  s.bytes, before.bytes, m->tries, (double)(monotonic_ns() - m->began_ns) / 1e9,
                  m->stopped ? ", ended early: it may not be the least" : "", asked.out);
    output_flush();
    return 0;
}

static const char *why_not(void)
{
    switch (asked.predicate.kind) {
    case PREDICATE_COMMAND: return "the command of --while does not end with 0 for it, copied";
    case PREDICATE_DIFF: return "it has no difference to the trace of --diff but what it lacks";
    default: return "its replay does not diverge";
    }
}

static int does_not_fail(void)
{
    fprintf(stderr, "intproxy-trace: %s does not fail: %s\n", trace_reread_shown(asked.path),
            why_not());
    return 1;
}

static int run(struct minimizing *m)
{
    struct shrink_size before = trace_shrink_size(&m->trace);
    switch (ask(m, NULL, NULL)) {
    case DDMIN_GONE: return does_not_fail();
    case DDMIN_STILL: break;
    default: return m->failed ? asked.predicate.status : finish(m, before);
    }
    shrink(m);
    return m->failed ? asked.predicate.status : finish(m, before);
}

static int minimize(void)
{
    struct minimizing m = {.began_ns = monotonic_ns()};
    int status = trace_shrink_read(&m.trace, asked.path);
    asked.predicate.deadline_ns = m.began_ns + asked.time_ns;
    if (!status && !trace_predicate_begin(&asked.predicate))
        status = EXIT_IO;
    if (!status) {
        m.group = malloc((m.trace.count + 1) * sizeof *m.group);
        if (!m.group)
            heap_exhausted("a smaller trace", m.trace.count);
        status = run(&m);
        trace_predicate_end(&asked.predicate);
    }
    free(m.group);
    free(m.out.bytes);
    trace_shrink_free(&m.trace);
    return status;
}

/* FILE alone may be made smaller in its place. A file among its parts, or of the name that stands for them, would
 * leave no whole trace, and OTHER is somebody's golden one. */
static bool out_is_input(void)
{
    bool has_parts = access(asked.path, F_OK) != 0;
    bool is_diff = asked.predicate.kind == PREDICATE_DIFF;
    return (has_parts && trace_parts_refuse(&asked.path, 1, asked.out)) ||
           (is_diff && trace_parts_refuse(&asked.predicate.text, 1, asked.out));
}

int trace_minimize(int argc, char **argv)
{
    struct command_line c = {
        .program = "intproxy-trace minimize", .rows = rows, .argument = take_file};
    int status;
    asked.tries = TRIES;
    asked.time_ns = TIME_NS;
    if (!trace_two_start(&c, argc, argv, usage, examples, check, &status))
        return status;
    return !out_is_input() && trace_reread_keep(&asked.path, 1) ? minimize() : EXIT_IO;
}
