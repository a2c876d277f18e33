/* messages/trace_redactor_state.h -- what a redactor knows; of trace_redactor*.c alone. */
#ifndef MESSAGES_TRACE_REDACTOR_STATE_H
#define MESSAGES_TRACE_REDACTOR_STATE_H

#include "messages/redact_walk.h"
#include "messages/trace_redactor.h"

/* So many bytes of a text are at this place of a record. */
struct patch {
    uint32_t record, offset;
    uint32_t text, from, length;
    uint8_t place;
};

struct redactor {
    struct redact_rules *rules;
    struct redact_texts *texts;
    struct redact_eyes eyes;
    struct redact_walk *walk; /* of the pass that is under way */
    bool knows_file;
    uint64_t wall_us; /* of the run that it is of */
    uint32_t process;
    uint32_t records; /* that the passes so far have seen */
    struct patch *patches;
    size_t count, room;
    size_t next; /* of the first of the next record to be applied */
    uint32_t applied;
    uint64_t places;
    struct trace_record record;
    struct redact_bytes spans[TRACE_SPANS_MAX], effects, text;
};

#endif
