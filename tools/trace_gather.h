/* tools/trace_gather.h -- reads a trace into units, as rules and a filter want them.
 *
 * Purpose  which unit a record belongs to, and what of it is compared. A record belongs to its exchange, or to
 *          the one whose ids it names (the first messages about one have no number yet); what agent_remote says
 *          and hears belongs to it, as it serves one remote client, and the stand-in agent's own numbers are not
 *          looked at; all else to the actor that heard it. The bytes
 *          of the link are taken apart: each protocol message belongs to whom its ids say.
 * Thread   one.
 */
#ifndef TOOLS_TRACE_GATHER_H
#define TOOLS_TRACE_GATHER_H

#include "tools/trace_filter.h"
#include "tools/trace_input.h"
#include "tools/trace_rules.h"
#include "tools/trace_units.h"

/* Reads all that is left of the input. filter NULL: everything. */
void trace_gather(struct trace_units *units, struct trace_input *in, struct trace_rules *rules,
                  struct trace_filter *filter);

#endif
