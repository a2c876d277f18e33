/* messages/trace_encoder.h -- what the recorder saw, as frames of a trace file.
 *
 * Purpose  entries (runtime/recorder.h) become records; trace_format.h says of which shape. One tpl map a
 *          kind, made once (trace_shape.h).
 * Owner    whoever called trace_encoder_new.
 * Thread   one at a time.
 * Errors   none; the end of memory is the program's.
 */
#ifndef MESSAGES_TRACE_ENCODER_H
#define MESSAGES_TRACE_ENCODER_H

#include "messages/trace_about.h"
#include "messages/trace_frame.h"
#include "runtime/recorder.h"

struct trace_encoder;

/* What the pointers lead to must live on. types as in recorder_options; settings end with a NULL name. */
struct trace_encoder *trace_encoder_new(const struct trace_about *about,
                                        const struct actor_type *const *types,
                                        const struct trace_setting *settings);
void trace_encoder_free(struct trace_encoder *e);

/* Each appends to out. The beginning of a file: magic, header and tables. */
void trace_encode_beginning(struct trace_encoder *e, struct trace_out *out, uint32_t part,
                            const char *why);
/* The same, of a file whose first record was encoded before; UINT64_MAX: nobody knows which one that is. */
void trace_encode_beginning_of(struct trace_encoder *e, struct trace_out *out,
                               uint64_t first_sequence, const char *why);
/* A frame of the beginning that is the same in all files of this build: FRAME_KINDS, FRAME_EFFECTS. False: `type` is
 * none of these. */
bool trace_encode_own_table(struct trace_out *out, unsigned type);
/* A record. */
void trace_encode_entry(struct trace_encoder *e, struct trace_out *out,
                        const struct recorded *heard);
/* So many calls of the worker are missing here. */
void trace_encode_lagged(struct trace_encoder *e, struct trace_out *out, unsigned worker,
                         uint64_t lost, uint64_t ended_ns);
void trace_encode_note(struct trace_encoder *e, struct trace_out *out, const char *text,
                       uint64_t ended_ns);
/* Records so far. */
uint64_t trace_encoder_records(const struct trace_encoder *e);
/* Those from this number on will never be in the file: their numbers are given again. */
void trace_encoder_take_back(struct trace_encoder *e, uint64_t number);

#endif
