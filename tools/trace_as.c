/* tools/trace_as.c -- replay against a real peer: from files to a report; see trace_as.h */
#include "tools/trace_as.h"
#include "tools/output.h"
#include "tools/trace_commands.h"
#include "tools/trace_input.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void trace_as_say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("intproxy-trace: ", stderr);
    vfprintf(stderr, format, arguments);
    fputs("\n", stderr);
    va_end(arguments);
    fflush(stderr);
}

void trace_as_say_left_out(const struct trace_play *p)
{
    enum { SHOWN = 10 };
    uint64_t count = p->findings.counts[FINDING_LEFT_OUT];
    unsigned shown = 0;
    char about[ABOUT_TEXT_MAX];
    if (count)
        trace_as_say("%llu cannot be played:", (unsigned long long)count);
    for (unsigned i = 0; i < p->findings.count && shown < SHOWN; i++) {
        const struct trace_finding *f = &p->findings.list[i];
        if (f->class != FINDING_LEFT_OUT)
            continue;
        trace_about_text(&f->about, about);
        trace_as_say("  %s%s%s", about, *about ? ": " : "", f->text);
        shown++;
    }
    if (count > shown)
        trace_as_say("  ... and %llu more, see the report", (unsigned long long)count - shown);
}

bool trace_as_listen(struct trace_play *p, const struct loop_handlers *handlers, void *owner,
                     const char *what)
{
    char error[200], at[ADDRESS_TEXT_MAX];
    struct loop_socket *s = loop_listen(&p->loop, &p->options->listen, handlers, owner, error);
    if (!s) {
        trace_as_say("%s", error);
        return false;
    }
    trace_as_say("ready: playing %s on %s", what, loop_address(s, at));
    return true;
}

/* ---- reading ---- */

static int read_files(struct trace_play *p)
{
    struct trace_input in = {0};
    struct trace_record r;
    uint64_t lost = 0;
    trace_input_open(&in, p->options->files, p->options->file_count);
    while (trace_input_next(&in, &r)) {
        if (r.what == TRACE_LAGGED)
            lost += r.lost;
        trace_streams_take(p->streams, in.reader, &r);
        trace_exchanges_take(p->exchanges, &r);
        if (p->options->role == AS_CLIENT)
            trace_answers_take(p->answers, &r);
    }
    p->is_complete = !lost && !in.bad;
    int status = in.failed ? EXIT_IO : in.files == 0 ? EXIT_DATA : 0;
    if (in.files == 0 && !in.failed)
        trace_as_say("there is no trace to play");
    if (lost)
        trace_findings_add(&p->findings, FINDING_NOTE, NULL,
                           "%llu calls were lost while it was recorded", (unsigned long long)lost);
    if (in.bad || in.torn)
        trace_findings_add(&p->findings, FINDING_NOTE, NULL,
                           "the trace is damaged in %llu places and torn in %llu",
                           (unsigned long long)in.bad, (unsigned long long)in.torn);
    /* the kinds and types that streams point to are not used from here on */
    trace_input_close(&in);
    return status;
}

static void find_left_out(struct trace_play *p)
{
    for (unsigned i = 0; i < p->transactions->count; i++) {
        const struct trace_transaction *t = &p->transactions->list[i];
        struct trace_about_what about = trace_as_about(t);
        if (t->left_out)
            trace_findings_add(&p->findings, FINDING_LEFT_OUT, &about, "%s", t->left_out);
    }
}

static int play(struct trace_play *p)
{
    if (p->options->role == AS_AGENT)
        return trace_as_agent(p);
    p->transactions =
        trace_transactions_new(trace_streams_first(p->streams), p->options->destination);
    if (p->options->role == AS_CLIENT && p->is_complete)
        trace_answers_give(p->answers, p->transactions);
    find_left_out(p);
    trace_as_say_left_out(p);
    return p->options->role == AS_APP ? trace_as_app(p) : trace_as_client(p);
}

/* Of a thing's ids the number that the trace gave it. */
static void find_exchanges(struct trace_play *p)
{
    for (unsigned i = 0; i < p->findings.count; i++) {
        struct trace_about_what *a = &p->findings.list[i].about;
        struct trace_exchange *x =
            a->exchange  ? trace_exchange_of_number(p->exchanges, a->exchange)
            : a->has_ids ? trace_exchange_of_ids(p->exchanges, a->mode, a->connection, a->request)
                         : NULL;
        if (!x)
            continue;
        a->exchange = x->number;
        if (!a->has_ids && x->has_ids) {
            a->has_ids = true;
            a->mode = x->mode;
            a->connection = x->connection;
            a->request = x->request;
        }
    }
}

int trace_replay_as(const struct trace_as *options)
{
    struct trace_play p = {.options = options};
    p.streams = trace_streams_new();
    p.exchanges = trace_exchanges_new();
    p.answers = trace_answers_new();
    loop_begin(&p.loop);
    int status = read_files(&p);
    if (!status)
        status = play(&p);
    p.nothing = status == EXIT_NOTHING;
    if (!status || (p.nothing && options->json)) {
        find_exchanges(&p);
        trace_as_report(&p);
        output_flush();
    }
    if (!status)
        status = trace_findings_failed(&p.findings, options->strict) || loop_interrupted() ||
                 p.findings.counts[FINDING_LEFT_OUT];
    loop_release(&p.loop);
    if (p.transactions)
        trace_transactions_free(p.transactions);
    trace_answers_free(p.answers);
    free(p.latencies);
    trace_findings_release(&p.findings);
    trace_exchanges_free(p.exchanges);
    trace_streams_free(p.streams);
    return status;
}
