/* messages/trace_reversion.h -- a recorded link, as it would have been with an agent of another version.
 *
 * Purpose  the agent's messages are said in the forms that an agent of that version has: its answer to the version,
 *          requests (StartV2, StartV1, framed, basic: a body that came in parts is waited for), connections without
 *          TLS facts. The proxy's side stays as it was recorded, to be compared with.
 * Owner    whoever called trace_reversion_new. The link must outlive it.
 * Thread   one at a time.
 * Errors   what such an agent could not have said at all (mirrored requests, before 1.19.4) stays as it was, and is
 *          counted.
 */
#ifndef MESSAGES_TRACE_REVERSION_H
#define MESSAGES_TRACE_REVERSION_H

#include "messages/trace_streams.h"
#include "messages/version.h"

struct trace_reversion;

struct trace_reversion *trace_reversion_new(const struct trace_stream *link, struct version agent);
void trace_reversion_free(struct trace_reversion *r);
const struct trace_stream *trace_reversion_link(const struct trace_reversion *r);
/* Messages that no agent of this version says. */
unsigned trace_reversion_impossible(const struct trace_reversion *r);

#endif
