/* tools/trace_replay.h -- `intproxy-trace replay`: recorded inputs into the very same actors, and how far.
 *
 * Purpose  the command (trace_replay.c) asks; the pass over the trace (trace_replay_run.c) replays; where it
 *          parts from the recording, the story before is told (trace_replay_context.c); somebody may walk along
 *          (trace_replay_step.c).
 * Thread   one.
 */
#ifndef TOOLS_TRACE_REPLAY_H
#define TOOLS_TRACE_REPLAY_H

#include "messages/trace_exchanges.h"
#include "runtime/replay.h"
#include "tools/trace_filter.h"
#include "tools/trace_line.h"
#include "tools/trace_options.h"
#include "tools/trace_plan.h"

struct replay_asked {
    struct trace_files files;
    double speed;               /* times the original; 0: as fast as possible */
    struct trace_filter *until; /* NULL: to the end */
    bool step;
};

/* Replays, and says what came of it on stdout. The plan has taken the settings. 0: the same again; 1: not;
 * EXIT_NOTHING: nothing of it could be replayed. */
int replay_run(const struct replay_asked *asked, const struct trace_plan *plan);

/* The last messages that the actor heard, up to record `sequence`, as `show` has them. */
void replay_context(const struct trace_files *files, struct actor_ref actor, uint64_t sequence);

/* ---- --step ---- */

enum step_answer { STEP_GO, STEP_QUIT };
struct replay_step {
    uint64_t go; /* records that are not asked about */
    bool to_the_end;
    struct trace_filter *until; /* go on to the first that it wants; then it is freed */
    struct trace_exchanges *exchanges;
    struct trace_view view;
    struct trace_text text;
};
void replay_step_begin(struct replay_step *s, const struct trace_reader *reader);
void replay_step_end(struct replay_step *s);
/* Before the record is replayed: it is shown, and somebody says how to go on. */
enum step_answer replay_step(struct replay_step *s, const struct trace_record *r);

#endif
