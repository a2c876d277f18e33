/* tools/trace_actors.h -- which type an actor has, gathered while a trace is read.
 *
 * Purpose  a record says the type of the actor that was called; of who spoke, and of refs in its fields, only
 *          who they are. What was called or spawned before is remembered: the last few tenants of each place.
 * Owner    whoever called trace_actors_new; names live as long as it does, also when the reader goes on to
 *          another file.
 * Thread   one at a time.
 */
#ifndef TOOLS_TRACE_ACTORS_H
#define TOOLS_TRACE_ACTORS_H

#include "messages/trace_record.h"

struct trace_actors;

struct trace_actors *trace_actors_new(void);
void trace_actors_free(struct trace_actors *a);
/* Each record, in order. reader NULL: its effects, which tell what is spawned, are not looked at. */
void trace_actors_take(struct trace_actors *a, const struct trace_reader *reader,
                       const struct trace_record *r);
/* NULL: not known, or nobody. */
const char *trace_actors_type(const struct trace_actors *a, struct actor_ref who);

/* "interceptor/0.9": type, worker, slot, as the log has it; "?/0.9" if the type is not known, "nobody". */
enum { TRACE_ACTOR_TEXT_MAX = TRACE_NAME_MAX + 24 };
const char *trace_actor_text(const struct trace_actors *a, struct actor_ref who,
                             char out[TRACE_ACTOR_TEXT_MAX]);

#endif
