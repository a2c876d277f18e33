/* tools/trace_selection.h -- which exchanges and actors a filter asks for: those that have a record it wants.
 *
 * Purpose  a filter judges records, but an exchange or a connection is converted whole or not at all.
 * Owner    whoever called trace_selection_new.
 */
#ifndef TOOLS_TRACE_SELECTION_H
#define TOOLS_TRACE_SELECTION_H

#include "messages/trace_record.h"

struct trace_selection;

struct trace_selection *trace_selection_new(void);
void trace_selection_free(struct trace_selection *s);
/* A record that is wanted. */
void trace_selection_add(struct trace_selection *s, const struct trace_record *r);
/* NULL selects everything. */
bool trace_selection_has_exchange(const struct trace_selection *s, uint32_t number);
bool trace_selection_has_actor(const struct trace_selection *s, struct actor_ref who);
/* It heard, or said, what is wanted. */
bool trace_selection_has_party(const struct trace_selection *s, struct actor_ref who);

#endif
