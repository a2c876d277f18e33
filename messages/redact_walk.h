/* messages/redact_walk.h -- every byte of a trace's records, given to those streams and texts that it is part of.
 *
 * Purpose  what the passes of a redactor have in common: which spans and effects are of one stream, which bytes of a
 *          link are whose body, what is a head.
 * Owner    whoever called redact_walk_new.
 * Thread   one at a time.
 */
#ifndef MESSAGES_REDACT_WALK_H
#define MESSAGES_REDACT_WALK_H

#include "messages/redact_stream.h"
#include "messages/trace_reader.h"

struct redact_walk;

struct redact_walk *redact_walk_new(const struct redact_eyes *eyes);
/* Ends all streams. */
void redact_walk_free(struct redact_walk *w);
void redact_walk_record(struct redact_walk *w, const struct trace_reader *reader,
                        const struct trace_record *r);
/* Records so far. */
uint32_t redact_walk_records(const struct redact_walk *w);

#endif
