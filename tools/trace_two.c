/* tools/trace_two.c -- see trace_two.h */
#include "tools/trace_two.h"
#include "actors/exit_codes.h"
#include "tools/trace_align.h"
#include "tools/trace_gather.h"
#include "tools/trace_reread.h"
#include "tools/trace_two_options.h"
#include <stdio.h>

static void worse(int *status, int other)
{
    if (other > *status)
        *status = other;
}

static void read_side(struct trace_two *t, unsigned side, size_t kept_most, bool quiet)
{
    char error[FILTER_ERROR_MAX];
    struct trace_input in = {.quiet = quiet};
    const char *wanted = trace_two_filter();
    struct trace_filter *filter = wanted ? trace_filter_new(wanted, error) : NULL;
    struct trace_rules *rules = trace_two_rules();
    struct trace_units *u = trace_units_new(t->strings, rules);
    u->kept_most = kept_most;
    t->units[side] = u;
    rules_begin_trace(rules);
    trace_input_open(&in, &t->paths[side], 1);
    trace_gather(u, &in, rules, filter);
    t->damage[side] = (struct trace_two_damage){in.bad, in.torn, trace_input_status(&in)};
    if (!in.failed && !in.files) {
        if (!quiet && !in.bad)
            fprintf(stderr, "intproxy-trace: %s: no trace: it is empty\n",
                    trace_reread_shown(t->paths[side]));
        worse(&t->damage[side].status, EXIT_DATA);
    }
    worse(&t->status, t->damage[side].status);
    trace_input_close(&in);
    trace_filter_free(filter);
}

void trace_two_read(struct trace_two *t, const char *a, const char *b, size_t kept_most, bool quiet)
{
    *t = (struct trace_two){.paths = {a, b}, .strings = trace_strings_new()};
    read_side(t, 0, kept_most, quiet);
    read_side(t, 1, kept_most, quiet);
    if (t->status == EXIT_IO || !t->units[0]->records || !t->units[1]->records)
        return;
    trace_align(t->units[0], t->units[1], trace_two_rules());
    t->comparison = trace_compare(t->units[0], t->units[1], trace_two_rules());
}

bool trace_two_is_whole(const struct trace_two *t, unsigned side)
{
    return !t->damage[side].bad && !t->damage[side].torn && !t->units[side]->calls_lost;
}

bool trace_two_is_equal(const struct trace_two *t, bool cuts_count)
{
    return t->comparison && t->comparison->count && trace_two_is_whole(t, 0) &&
           trace_two_is_whole(t, 1) && trace_comparison_is_equal(t->comparison, cuts_count);
}

int trace_two_verdict(const struct trace_two *t, bool cuts_count)
{
    if (t->status)
        return t->status;
    if (t->comparison && !t->comparison->count) {
        fprintf(stderr, "intproxy-trace: nothing was compared: of neither trace is anything left "
                        "by the filter and the rules\n");
        return EXIT_NOTHING;
    }
    return trace_two_is_equal(t, cuts_count) ? 0 : 1;
}

void trace_two_free(struct trace_two *t)
{
    trace_comparison_free(t->comparison);
    trace_units_free(t->units[0]);
    trace_units_free(t->units[1]);
    trace_strings_free(t->strings);
    *t = (struct trace_two){0};
}
