/* tools/trace_replay.c -- `intproxy-trace replay`: recorded inputs into the very same actors. */
#include "actors/actor_types.h"
#include "actors/settings_text.h"
#include "messages/trace_message.h"
#include "tools/command_line.h"
#include "tools/output.h"
#include "tools/trace_commands.h"
#include "tools/trace_plan.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { INPUTS_MAX = 1024 };

static struct {
    const char *paths[INPUTS_MAX];
    unsigned count;
    double speed; /* times the original; 0: as fast as possible */
    bool help;
} asked;

struct run {
    struct trace_input in;
    struct replay *replay;
    struct trace_call call;
    uint64_t began_ns, first_ns;
    bool has_settings, differed;
};

static uint64_t clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* ---- one pass ---- */

static void doubt_incomplete(struct run *run, const struct trace_plan *plan)
{
    for (const struct plan_actor *a = plan->actors; a; a = a->hh.next)
        if (a->why != PLAN_WHOLE || (plan->lost && !a->ended))
            replay_doubt(run->replay, a->ref, actor_type_named(a->type));
}

static bool take_settings(struct run *run)
{
    char error[SETTINGS_ERROR_MAX];
    if (run->has_settings)
        return true;
    run->has_settings = true;
    if (settings_take(trace_reader_settings(run->in.reader), error))
        return true;
    fprintf(stderr, "intproxy-trace: %s: %s\n", run->in.name, error);
    return false;
}

static void say_difference(const struct run *run)
{
    const struct replay_difference *d = replay_difference(run->replay);
    output_format("diverged: %s/%u.%" PRIu32 " (generation %" PRIu32 "), at record %" PRIu64
                  ", its message %" PRIu32 ": %s\n  expected  %s\n  came      %s\n",
                  d->type ? d->type->name : "?", ref_worker(d->actor), ref_slot(d->actor),
                  d->actor.generation, d->sequence, d->number, d->what, d->expected, d->came);
}

static enum replay_result replay_record(struct run *run, const struct trace_record *r)
{
    if (r->what == TRACE_UNDELIVERED)
        return replay_lost(run->replay, r->from, r->to, r->kind->ours, r->sequence);
    if (r->what != TRACE_CALL && r->what != TRACE_END)
        return REPLAY_SAME;
    if (!trace_call_take(&run->call, run->in.reader, r, actor_type_named))
        return REPLAY_LEFT_OUT;
    if (r->what == TRACE_END)
        return replay_end(run->replay, &run->call.call, (uint8_t)r->flags);
    struct heap *before = replay_enter(run->replay);
    struct message *m = trace_message(r);
    replay_leave(before);
    return replay_hear(run->replay, &run->call.call, m);
}

static void keep_pace(struct run *run, const struct trace_record *r)
{
    if (!run->first_ns)
        run->first_ns = r->ended_ns;
    if (asked.speed <= 0)
        return;
    uint64_t due = run->began_ns + (uint64_t)((double)(r->ended_ns - run->first_ns) / asked.speed);
    uint64_t now = clock_ns();
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
                  run->differed ? "not the same" : "the same again", c->actors, c->calls,
                  c->effects, c->said);
    if (c->left_out)
        output_format(", %" PRIu64 " left out", c->left_out);
    if (c->unheard)
        output_format(", %" PRIu64 " not heard before the trace ends", c->unheard);
    if (c->differences)
        output_format(", %" PRIu64 " actors differ", c->differences);
    output_format("; %.3f s, %.0f messages a second\n", seconds,
                  seconds > 0 ? (double)c->calls / seconds : 0);
}

static int run_all(const struct trace_plan *plan)
{
    struct run run = {.replay = replay_new(), .began_ns = clock_ns()};
    struct trace_record r;
    bool good = true;
    run.in.quiet = true; /* the plan has said what is damaged */
    trace_input_open(&run.in, asked.paths, asked.count);
    doubt_incomplete(&run, plan);
    while (good && trace_input_next(&run.in, &r)) {
        good = take_settings(&run);
        keep_pace(&run, &r);
        if (good && replay_record(&run, &r) == REPLAY_DIFFERS && !run.differed) {
            run.differed = true;
            say_difference(&run);
        }
    }
    replay_finish(run.replay);
    if (good)
        say_summary(&run, (double)(clock_ns() - run.began_ns) / 1e9);
    bool compared = replay_counts(run.replay)->calls > 0;
    trace_input_close(&run.in);
    trace_call_free(&run.call);
    replay_free(run.replay);
    if (!good)
        return EXIT_DATA;
    if (!compared)
        fprintf(stderr, "intproxy-trace: nothing in this trace can be replayed\n");
    return run.differed || !compared;
}

/* ---- the command ---- */

static void take_path(struct command_line *c, const char *value)
{
    if (asked.count == INPUTS_MAX)
        command_line_mistake(c, "more than %d files", INPUTS_MAX);
    else
        asked.paths[asked.count++] = value;
}

static void take_speed(struct command_line *c, const char *value)
{
    char *end;
    asked.speed = strtod(value, &end);
    if (strcmp(value, "max") == 0)
        asked.speed = 0;
    else if (end == value || *end || !(asked.speed > 0) || asked.speed > 1e6)
        command_line_mistake(c, "\"%s\" is no speed: 1 is as it was, 10 ten times faster, or max",
                             value);
}

static void take_help(struct command_line *c, const char *value)
{
    (void)c, (void)value;
    asked.help = true;
}

static const struct option_row rows[] = {
    {"", NULL, "Options", NULL, ONCE},
    {"--speed", "N|max", "1: in the time that it took, 10: ten times faster (default max)",
     take_speed, ONCE},
    {"--help", NULL, "this text", take_help, ONCE},
    {NULL, NULL, NULL, NULL, ONCE},
};

static const char examples[] = "Examples\n"
                               "  intproxy-trace replay run.trace\n";

static void check(struct command_line *c)
{
    if (asked.count == 0)
        command_line_mistake(c, "no file: name a trace");
}

int trace_replay(int argc, char **argv)
{
    struct command_line c = {
        .program = "intproxy-trace replay", .rows = rows, .argument = take_path};
    struct trace_plan plan = {0};
    int status;
    if (!command_line_start(&c, argc, argv, &asked.help,
                            "intproxy-trace replay [OPTION]... FILE...", examples, check, &status))
        return status;
    int damage = trace_plan_make(&plan, asked.paths, asked.count);
    trace_plan_say(&plan);
    status = damage == EXIT_IO ? damage : run_all(&plan);
    trace_plan_free(&plan);
    output_flush();
    return status ? status : damage;
}
