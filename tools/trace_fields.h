/* tools/trace_fields.h -- one record as a filter sees it; see trace_filter.h */
#ifndef TOOLS_TRACE_FIELDS_H
#define TOOLS_TRACE_FIELDS_H

#include "messages/filter.h"
#include "messages/trace_exchanges.h"
#include "tools/trace_actors.h"

/* Rows of trace_filter_fields. FROM to ACTOR need the actors' types. */
enum trace_filter_field {
    TRACE_FIELD_KIND,
    TRACE_FIELD_WHAT,
    TRACE_FIELD_SEQ,
    TRACE_FIELD_T,
    TRACE_FIELD_TOOK,
    TRACE_FIELD_FROM,
    TRACE_FIELD_TO,
    TRACE_FIELD_ACTOR,
    TRACE_FIELD_WORKER,
    TRACE_FIELD_EXCHANGE,
    TRACE_FIELD_CONN,
    TRACE_FIELD_REQ,
    TRACE_FIELD_REQUEST,
    TRACE_FIELD_MODE,
    TRACE_FIELD_PORT,
    TRACE_FIELD_METHOD,
    TRACE_FIELD_PATH,
    TRACE_FIELD_HOST,
    TRACE_FIELD_STATUS,
    TRACE_FIELD_VERSION,
    TRACE_FIELD_ERROR,
    TRACE_FIELD_SIZE,
    TRACE_FIELD_PAYLOAD,
    TRACE_FIELD_EFFECT,
    TRACE_FIELDS
};

enum { TRACE_FIELD_TEXT_MAX = 600 }; /* the names of all effects */

struct trace_seen {
    const struct trace_record *record;
    const struct trace_exchange *exchange; /* may be NULL */
    const struct trace_reader *reader;     /* for effects */
    struct trace_actors *actors;
    bool has_begun;
    uint64_t began_ns;               /* the first record: where t is 0 */
    char text[TRACE_FIELD_TEXT_MAX]; /* of a value that had to be made */
    char *scratch;                   /* the same, of any length */
    size_t scratch_room;
};

/* Fills the lists of values. Before filter_new with trace_filter_fields. */
void trace_fields_prepare(void);
/* context: a struct trace_seen */
filter_get trace_field_get;

/* "call", "end" ... */
const char *trace_what_name(enum trace_what what);
/* How the agent's protocol calls what a message says: "HttpRequestChunked(StartV2)" for a REQUEST; NULL: it has
 * no word for it. */
const char *trace_protocol_name(const struct trace_record *r);

#endif
