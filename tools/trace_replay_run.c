/* tools/trace_replay_run.c -- one pass over a trace, with actors beside it; see trace_replay.h */
#include "actors/actor_types.h"
#include "actors/exit_codes.h"
#include "actors/heard_bounds.h"
#include "messages/trace_message.h"
#include "runtime/ticks.h"
#include "tools/output.h"
#include "tools/trace_replay.h"
#include "tools/trace_replay_guard.h"
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

struct run {
    const struct replay_asked *asked;
    struct trace_input in;
    struct replay *replay;
    struct trace_call call;
    uint64_t began_ns, first_ns;
    bool differed;
    struct replay_difference difference; /* the first */
    bool stopped;                        /* before the end */
    struct trace_exchanges *exchanges;   /* for --until; else NULL */
    struct replay_step step;
};

/* Where something is missing, that may be an end, and with it what was said last. */
static void doubt_incomplete(struct run *run, const struct trace_plan *plan)
{
    bool ends_miss = plan->lost || plan->is_damaged;
    for (const struct plan_actor *a = plan->actors; a; a = a->hh.next)
        if (a->why != PLAN_WHOLE || (ends_miss && !a->ended))
            replay_doubt(run->replay, a->ref, actor_type_named(a->type));
}

static void say_difference(const struct run *run)
{
    const struct replay_difference *d = replay_difference(run->replay);
    output_format("diverged: %s/%u.%" PRIu32 " (generation %" PRIu32 "), at record %" PRIu64
                  ", its message %" PRIu32 ": %s\n  expected  %s\n  came      %s\n",
                  d->type ? d->type->name : "?", ref_worker(d->actor), ref_slot(d->actor),
                  d->actor.generation, d->sequence, d->number, d->what, d->expected, d->came);
}

static void keep_pace(struct run *run, const struct trace_record *r)
{
    if (!run->first_ns)
        run->first_ns = r->ended_ns;
    if (run->asked->speed <= 0)
        return;
    uint64_t due =
        run->began_ns + (uint64_t)((double)(r->ended_ns - run->first_ns) / run->asked->speed);
    uint64_t now = monotonic_ns();
    if (due > now)
        nanosleep(&(struct timespec){(time_t)((due - now) / 1000000000),
                                     (long)((due - now) % 1000000000)},
                  NULL);
}

static void say_summary(const struct run *run, double seconds)
{
    const struct replay_counts *c = replay_counts(run->replay);
    output_format("%s: %" PRIu64 " actors, %" PRIu64 " messages heard, %" PRIu64
                  " effects, %" PRIu64 " messages said and heard",
                  run->differed  ? "not the same"
                  : run->stopped ? "the same again, so far"
                                 : "the same again",
                  c->actors, c->calls, c->effects, c->said);
    if (c->left_out)
        output_format(", %" PRIu64 " left out", c->left_out);
    if (c->unheard)
        output_format(", %" PRIu64 " not heard %s", c->unheard,
                      run->stopped ? "until there" : "before the trace ends");
    if (c->differences)
        output_format(", %" PRIu64 " actors differ", c->differences);
    output_format("; %.3f s, %.0f messages a second\n", seconds,
                  seconds > 0 ? (double)c->calls / seconds : 0);
}

/* False: no further. */
static bool goes_on(struct run *run, const struct trace_record *r)
{
    struct trace_filter *until = run->asked->until;
    if (!until)
        return true;
    const struct trace_exchange *x = trace_exchanges_take(run->exchanges, r);
    run->stopped = trace_filter_wants(until, r, x);
    if (run->stopped)
        output_format("stopped at record %" PRIu64 ", as --until says\n", r->sequence);
    return !run->stopped;
}

static void compare(struct run *run, const struct trace_record *r)
{
    replay_guard_at("record", r->sequence, r->type);
    enum replay_result result =
        trace_replay_record(run->replay, &run->call, run->in.reader, r, actor_type_named);
    if (result != REPLAY_DIFFERS || run->differed)
        return;
    run->differed = true;
    run->difference = *replay_difference(run->replay);
    say_difference(run);
    output_flush();
}

static void pass(struct run *run)
{
    struct trace_record r;
    while (!run->stopped && trace_input_next(&run->in, &r)) {
        if (run->asked->step && replay_step(&run->step, &r) == STEP_QUIT) {
            run->stopped = true;
            break;
        }
        keep_pace(run, &r);
        compare(run, &r);
        (void)goes_on(run, &r);
    }
}

/* Whoever asks where to stop wants to know that there was no such place. */
static void say_not_stopped(const struct run *run, const char *asked)
{
    output_flush();
    if (!run->stopped)
        fprintf(stderr,
                "intproxy-trace: %s: there is no such record, so it was replayed to the end\n",
                asked);
}

static void begin(struct run *run, const struct trace_plan *plan)
{
    run->in.quiet = true; /* the plan has said what is damaged */
    run->replay = replay_new();
    run->began_ns = monotonic_ns();
    trace_input_open(&run->in, run->asked->files.names, run->asked->files.count);
    if (run->asked->until) {
        run->exchanges = trace_exchanges_new();
        trace_filter_reader(run->asked->until, run->in.reader);
    }
    if (run->asked->step)
        replay_step_begin(&run->step, run->in.reader);
    replay_set_bounds(run->replay, heard_within_bounds);
    if (plan->is_complete)
        replay_complete(run->replay);
    doubt_incomplete(run, plan);
    replay_guard_begin();
}

static void end(struct run *run)
{
    trace_input_close(&run->in);
    trace_call_free(&run->call);
    if (run->exchanges)
        trace_exchanges_free(run->exchanges);
    if (run->step.until)
        say_not_stopped(run, "u");
    if (run->asked->step)
        replay_step_end(&run->step);
    uint64_t kept = replay_free(run->replay);
    replay_guard_end();
    if (kept && !run->stopped)
        output_format("%" PRIu64 " objects are kept by actors after their ends\n", kept);
}

int replay_run(const struct replay_asked *asked, const struct trace_plan *plan)
{
    struct run run = {.asked = asked};
    begin(&run, plan);
    pass(&run);
    replay_finish(run.replay);
    bool compared = replay_counts(run.replay)->calls > 0;
    if (compared || run.differed)
        say_summary(&run, (double)(monotonic_ns() - run.began_ns) / 1e9);
    end(&run);
    if (asked->until)
        say_not_stopped(&run, "--until");
    if (run.differed)
        replay_context(&asked->files, run.difference.actor, run.difference.sequence);
    if (compared || run.differed || run.stopped)
        return run.differed;
    fprintf(stderr, "intproxy-trace: nothing in this trace can be replayed\n");
    return EXIT_NOTHING;
}
