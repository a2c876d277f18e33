/* tests/recording.h -- a run of a test as a trace in memory, and the proof that its actors would do it again.
 *
 *     struct recording *recording = recording_new();
 *     sim_create(&sim, test_seed, 2, recording_hooks(recording));   or runtime_options.hooks
 *     ...
 *     sim_destroy(&sim);
 *     char report[4000];
 *     CHECK(recording_inputs(recording) > 0);
 *     if (replay_all(recording, report, sizeof report) != 0)
 *         CU_FAIL(report);
 *     recording_free(recording);
 *
 * The way is that of a real trace: recorder, encoder, reader, replay. Thread: the hooks, any worker's; all
 * else one thread, when the runtime has been destroyed.
 */
#ifndef TESTS_RECORDING_H
#define TESTS_RECORDING_H

#include "messages/trace_encoder.h"

struct recording;

/* One more type that recordings made from now on watch, beside those of the programs and the toys. */
void recording_watch(const struct actor_type *type);
struct recording *recording_new(void);
void recording_free(struct recording *r);
const struct hooks *recording_hooks(struct recording *r);
/* The trace, so far as it was encoded: all of it, when the runtime has been destroyed. */
const struct trace_out *recording_trace(struct recording *r);
/* Recorded, and calls that were lost. */
uint64_t recording_actors(struct recording *r);
uint64_t recording_inputs(struct recording *r);
uint64_t recording_lost(struct recording *r);
/* The type of this name, among those that are watched. */
const struct actor_type *recording_type(const char *name);

/* Replays every actor. Returns the number of those that differ; the first is in the report. */
uint64_t replay_all(struct recording *r, char *report, size_t room);
/* The same of a trace's bytes. */
uint64_t replay_bytes(const uint8_t *bytes, size_t length, char *report, size_t room);

#endif
