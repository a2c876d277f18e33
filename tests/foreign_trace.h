/* tests/foreign_trace.h -- a trace that another build could have written, its tables made by hand.
 *
 * Kinds: 7 LANDING (span bytes, u16 moon, ref who, flag soft), 900 TALK (span text, span body, u64 n). Types: moon,
 * sun. Effects: teleport (N, BYTES), of which nothing is known here; write (N, BYTES); send (REF, MESSAGE);
 * spawn (VALUE, REF, TYPE, MESSAGE).
 */
#ifndef TESTS_FOREIGN_TRACE_H
#define TESTS_FOREIGN_TRACE_H

#include "messages/trace_frame.h"
#include "messages/trace_record.h"

enum { FOREIGN_LANDING = 7, FOREIGN_TALK = 900 };
enum { FOREIGN_TELEPORT, FOREIGN_WRITE, FOREIGN_SEND, FOREIGN_SPAWN };

/* Magic, header (options "--moon", sequences from `first`), tables, one setting "moon" of "full". */
void foreign_beginning(struct trace_out *out, uint64_t first);
/* A LANDING with these bytes, of which `kept` are there, and what followed. */
void foreign_landing(struct trace_out *out, uint64_t sequence, const char *bytes, uint32_t kept,
                     const struct trace_out *effects);
/* A whole file: landings, one capped, one with each effect; an end; an undelivered TALK; what was lost; a note. */
void foreign_file(struct trace_out *out);

#endif
