/* tools/trace_chaos.h -- `replay --chaos`: the recorded outside, and the whole program in another legal order.
 *
 * Purpose  the program of the trace runs anew in deterministic mode (runtime/sim.h): a seed chooses who has the next
 *          turn, when workers hear of each other, and how bytes are cut. Agent and application are played as they were
 *          recorded (messages/trace_agent.h, trace_match.h), each of their messages released by its recorded cause.
 *          What the agent hears must be what it heard, whatever the order: where not, actors race.
 * Owner    chaos_run's own, all of it.
 * Thread   one.
 */
#ifndef TOOLS_TRACE_CHAOS_H
#define TOOLS_TRACE_CHAOS_H

#include "messages/trace_agent.h"
#include "messages/trace_match.h"
#include "messages/version.h"
#include "runtime/sim.h"
#include "tools/trace_options.h"

/* Runs it once with an agent of this version in place of the recorded one, and says which answers that would have
 * got in another form. The same returns as chaos_run. */
int chaos_run_version(const struct trace_files *files, struct version version);

/* Runs seeds first to first + count - 1, and says what came of it; before, what is not played. 0: the same each time;
 * 1: not; EXIT_NOTHING: nothing of the trace can be played; EXIT_DATA: the same, but it is damaged, or its settings
 * cannot be taken; EXIT_IO. */
int chaos_run(const struct trace_files *files, uint64_t first, uint64_t count);

/* ---- the links, trace_chaos_links.c ---- */

/* A proxy can be brought to where the recorded one was only from the beginning of a link on. */
struct chaos_links {
    const struct trace_stream **list; /* that can be played, in order */
    unsigned count, without_beginning;
    uint64_t left_out; /* findings about those that are played: what of them is not */
};
void chaos_links_find(struct chaos_links *l, const struct trace_stream *first);
void chaos_links_free(struct chaos_links *l);
/* NULL: there are not so many. */
const struct trace_stream *chaos_link(const struct chaos_links *l, unsigned number);
/* What will not be played, on stderr; nothing, if all is. */
void chaos_links_say(const struct chaos_links *l);

/* ---- the applications, trace_chaos_app.c ---- */

struct chaos_app;
struct chaos_apps {
    struct sim *sim;
    const struct trace_stream *streams;
    const struct trace_transactions *transactions;
    struct trace_match *match;
    struct trace_findings *findings;
    struct chaos_app *newest;
};
/* What will be otherwise than it was, on stderr. The settings were taken. */
void chaos_apps_say(const struct trace_stream *first);
/* One listens at each address that the settings name. */
void chaos_apps_listen(struct chaos_apps *a);
/* True: one of them has said something. Not from within a step of the sim. */
bool chaos_apps_act(struct chaos_apps *a);
void chaos_apps_free(struct chaos_apps *a);

#endif
