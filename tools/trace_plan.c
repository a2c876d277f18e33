/* tools/trace_plan.c -- see trace_plan.h */
#include "tools/trace_plan.h"
#include "actors/actor_types.h"
#include "actors/exit_codes.h"
#include "messages/trace_format.h"
#include "messages/trace_message.h"
#include "tools/trace_run.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct plan_actor *find(struct trace_plan *p, const struct trace_record *r)
{
    struct plan_actor *a;
    HASH_FIND(hh, p->actors, &r->to, sizeof r->to, a);
    if (a)
        return a;
    a = calloc(1, sizeof *a);
    if (!a)
        heap_exhausted("a plan", sizeof *a);
    a->ref = r->to;
    a->worker = r->worker;
    snprintf(a->type, sizeof a->type, "%s", r->type ? r->type : "");
    HASH_ADD(hh, p->actors, ref, sizeof a->ref, a);
    return a;
}

static void stop_at(struct plan_actor *a, enum plan_why why)
{
    if (a->why == PLAN_WHOLE)
        a->why = (uint8_t)why;
}

static void take_call(struct trace_plan *p, struct trace_call *call,
                      const struct trace_reader *reader, const struct trace_record *r)
{
    struct plan_actor *a = find(p, r);
    bool follows = r->number == a->heard + (r->what == TRACE_CALL);
    if (!follows)
        stop_at(a, a->heard ? PLAN_GAP : PLAN_UNBORN);
    a->heard = r->number;
    a->ended = r->what == TRACE_END;
    if (!trace_call_take(call, reader, r, actor_type_named)) {
        if (!*p->unknown)
            snprintf(p->unknown, sizeof p->unknown, "%s", call->error);
        stop_at(a, PLAN_UNKNOWN);
    }
    if (call->call.capped)
        stop_at(a, PLAN_CAPPED);
    if (r->what != TRACE_CALL)
        return;
    p->calls++;
    if (a->why == PLAN_WHOLE)
        a->replayable = r->number;
}

/* The parts of one trace all have them; one part's may be damaged. */
static void take_settings(struct trace_plan *p, const struct trace_reader *reader)
{
    size_t length;
    if (p->settings != PLAN_SETTINGS_NONE || !trace_reader_image(reader, FRAME_SETTINGS, &length))
        return;
    bool taken = settings_take(trace_reader_settings(reader), p->settings_error);
    p->settings = taken ? PLAN_SETTINGS_TAKEN : PLAN_SETTINGS_WRONG;
}

static void take(struct trace_plan *p, struct trace_call *call, const struct trace_reader *reader,
                 const struct trace_record *r)
{
    if (!p->records++)
        p->is_complete = r->sequence == 0;
    take_settings(p, reader);
    if (r->what == TRACE_CALL || r->what == TRACE_END)
        take_call(p, call, reader, r);
    else if (r->what == TRACE_LAGGED)
        p->lost += r->lost;
}

bool plan_wants_settings(const struct trace_plan *p)
{
    return p->calls && p->settings != PLAN_SETTINGS_TAKEN;
}

int trace_plan_make(struct trace_plan *p, const char *const *paths, unsigned count)
{
    struct trace_input in = {0};
    struct trace_record r;
    struct trace_call call = {0};
    struct trace_run run = {0};
    trace_input_open(&in, paths, count);
    while (!p->is_mixed && trace_input_next(&in, &r)) {
        p->is_mixed = !trace_run_goes_on(&run, &in);
        take(p, &call, in.reader, &r);
    }
    int status = p->is_mixed && !in.failed ? EXIT_DATA : trace_input_status(&in);
    p->is_damaged = in.bad > 0;
    p->is_complete = p->is_complete && !p->is_damaged && !p->lost;
    trace_input_close(&in);
    trace_call_free(&call);
    for (struct plan_actor *a = p->actors; a; a = a->hh.next) {
        p->count[a->why]++;
        p->replayable += a->replayable;
    }
    return status || !plan_wants_settings(p) ? status : EXIT_DATA;
}

void trace_plan_free(struct trace_plan *p)
{
    struct plan_actor *a, *next;
    HASH_ITER(hh, p->actors, a, next)
    {
        HASH_DEL(p->actors, a);
        free(a);
    }
}

void trace_plan_say(const struct trace_plan *p)
{
    static const char *const why[PLAN_WHYS] = {
        [PLAN_UNBORN] = "not replayed: they had heard messages before the trace begins",
        [PLAN_CAPPED] = "replayed only up to the first message whose bytes were left out "
                        "(--trace-bodies)",
        [PLAN_GAP] = "replayed only up to where messages of them are missing",
        [PLAN_UNKNOWN] = "replayed only up to what this build does not know",
    };
    if (plan_wants_settings(p)) {
        fprintf(stderr, "intproxy-trace: no actor can be replayed, all of them read settings: %s\n",
                p->settings == PLAN_SETTINGS_WRONG ? p->settings_error
                                                   : "the trace has none that can be read");
        return;
    }
    for (unsigned i = PLAN_UNBORN; i < PLAN_WHYS; i++)
        if (p->count[i])
            fprintf(stderr, "intproxy-trace: %" PRIu64 " of %u actors are %s%s%s%s\n", p->count[i],
                    HASH_COUNT(p->actors), why[i], i == PLAN_UNKNOWN ? " (" : "",
                    i == PLAN_UNKNOWN ? p->unknown : "", i == PLAN_UNKNOWN ? ")" : "");
    if (p->lost)
        fprintf(stderr,
                "intproxy-trace: %" PRIu64
                " messages were lost while the trace was recorded (lagged)\n",
                p->lost);
    if (p->replayable < p->calls)
        fprintf(stderr, "intproxy-trace: %" PRIu64 " of %" PRIu64 " messages are replayed\n",
                p->replayable, p->calls);
}
