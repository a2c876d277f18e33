/* runtime/replay.h -- what each actor heard and did, and the proof that it would do it again.
 *
 * Purpose  a recording keeps, for each actor, each message it was given and the effects that followed,
 *          in order. Replay hands every actor its messages again, alone, on a worker that carries
 *          nothing out, and compares the effects: an actor whose output depends on anything but its
 *          input (a clock, chance, another's memory) is found, and the place where it shows.
 *          Writes to one socket that follow each other in one call count as one byte string.
 * Owner    whoever called recording_new; it must outlive the runtime that it watches.
 * Thread   the hooks: the worker's, each has its own part and takes no lock. All else: one thread, when
 *          the runtime has been destroyed.
 * Limits   the runtime's own actors (blocking, log, watchdog) are not recorded, they are not pure.
 *          When a worker's part exceeds bytes_max / WORKERS_MAX, new actors are left out and old ones
 *          are kept up to there. Spans in messages must be initialized throughout; of the room in front
 *          of a span, which its holder may fill, 64 bytes are kept.
 *
 *     struct recording *recording = recording_new(RECORDING_ANY);
 *     sim_create(&sim, test_seed, 2, recording_hooks(recording));   or runtime_options.hooks
 *     ...
 *     sim_destroy(&sim);
 *     char report[4000];
 *     CHECK(recording_inputs(recording) > 0);
 *     if (replay_all(recording, report, sizeof report) != 0)
 *         CU_FAIL(report);
 *     recording_free(recording);
 */
#ifndef RUNTIME_REPLAY_H
#define RUNTIME_REPLAY_H

#include "runtime/hooks.h"

struct recording;

#define RECORDING_ANY SIZE_MAX

/* bytes_max: about so much memory is used; RECORDING_ANY: no limit. */
struct recording *recording_new(size_t bytes_max);
void recording_free(struct recording *r);
/* To be given to the runtime or the sim. */
const struct hooks *recording_hooks(struct recording *r);
/* Actors recorded, their inputs, and what they did. */
size_t recording_actors(const struct recording *r);
size_t recording_inputs(const struct recording *r);
size_t recording_effects(const struct recording *r);
/* Inputs that were left out for want of memory. */
size_t recording_left_out(const struct recording *r);

/* Replays every actor. Returns the number of those that diverged; each is in the report with the input,
 * what was expected, what came, and the input before, as far as there is room. */
size_t replay_all(struct recording *r, char *report, size_t room);

#endif
