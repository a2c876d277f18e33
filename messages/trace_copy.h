/* messages/trace_copy.h -- records of a trace, written again: as they were read, or changed.
 *
 * Purpose  for those that make a trace of a trace. Numbers of kinds, types and effects, and the shapes of kinds,
 *          are those of the file that was read, whatever this build knows: its tables are copied as they are.
 *          What was read and not changed becomes the same bytes.
 * Owner    whoever called trace_copier_new. The reader, and what a record points to, must live while it is copied.
 * Thread   one at a time.
 * Errors   none; the end of memory is the program's. What a reader gave can be written.
 *
 * A record may be changed between reading and copying: times, refs, numbers, flags, values, spans (their hash
 * counts when kept < length), effects (built with trace_put_effect), text. Its `kind` must be of the reader.
 */
#ifndef MESSAGES_TRACE_COPY_H
#define MESSAGES_TRACE_COPY_H

#include "messages/trace_frame.h"
#include "messages/trace_reader.h"

struct trace_copier;

struct trace_copier *trace_copier_new(void);
void trace_copier_free(struct trace_copier *c);

/* Records keep the numbers that they have, and gaps stay gaps. Without this they are given anew, from 0, without
 * a gap. */
void trace_copier_keep_sequences(struct trace_copier *c);

/* Magic, header, tables: the beginning of a file. about NULL: as read, but for first_sequence, where numbers are
 * given anew; settings NULL: as read; else they end with a NULL name. The reader has begun a file, and read its
 * tables: ask for its first record before. */
void trace_copy_beginning(struct trace_copier *c, struct trace_out *out,
                          const struct trace_reader *reader, const struct trace_about *about,
                          const struct trace_setting *settings);
void trace_copy_record(struct trace_copier *c, struct trace_out *out,
                       const struct trace_reader *reader, const struct trace_record *r);

/* Appends one effect: r->effects are such, in a row. One that the file's table does not have is left out. */
void trace_put_effect(struct trace_out *out, const struct trace_reader *reader,
                      const struct trace_effect *e);

#endif
