/* tools/trace_redact_filters.h -- do the filters of a redacted trace decide as they did?
 *
 * Purpose  the stand-in agent's filters are expressions; one that has a piece of a secret in it may fit no more, and
 *          then the trace does not replay: each is held against each head that it was asked about, before and after.
 * Owner    whoever called redact_filters_new.
 * Thread   one.
 */
#ifndef TOOLS_TRACE_REDACT_FILTERS_H
#define TOOLS_TRACE_REDACT_FILTERS_H

#include "messages/trace_record.h"

struct redact_filters;

struct redact_filters *redact_filters_new(void);
void redact_filters_free(struct redact_filters *f);
/* A record, as it was and as it is now. */
void redact_filters_record(struct redact_filters *f, const struct trace_record *before,
                           const struct trace_record *after);
/* On stderr, a line each that decides otherwise. path: of the redacted trace. */
void redact_filters_say(const struct redact_filters *f, const char *path);

#endif
