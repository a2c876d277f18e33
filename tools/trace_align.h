/* tools/trace_align.h -- which unit of one trace is which of the other.
 *
 * Purpose  exchanges are the same when they are about the same, whatever their numbers: same ids and same request
 *          first, then the same method and target in order, then the same ids, then raw connections in order.
 *          Actors outside of exchanges: the same type; of several, those that did the same, those that served
 *          the same request, then in order. Of several that would do, those of equal content; if there are
 *          none, those whose content differs only in where bytes were cut; then also in fields that have a
 *          tolerance.
 * Owner    nothing is kept but trace_unit.other.
 * Thread   one.
 */
#ifndef TOOLS_TRACE_ALIGN_H
#define TOOLS_TRACE_ALIGN_H

#include "tools/trace_rules.h"
#include "tools/trace_units.h"

/* Sets `other` on both sides; NULL stays with those that have none. Where rules say that actors of a type that
 * did the same count as one, several may have the same other. */
void trace_align(struct trace_units *a, struct trace_units *b, const struct trace_rules *rules);

#endif
