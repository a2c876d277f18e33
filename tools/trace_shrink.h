/* tools/trace_shrink.h -- a trace of which parts are left out.
 *
 * Purpose  knows of each record which exchange and which actor it is of, and which are left; writes what is left.
 *          The bytes of the trace are kept, records are read from them again each time.
 * Owner    whoever called trace_shrink_read.
 * Thread   one.
 */
#ifndef TOOLS_TRACE_SHRINK_H
#define TOOLS_TRACE_SHRINK_H

#include "messages/trace_encoder.h"
#include "messages/trace_record.h"

#define NO_GROUP UINT32_MAX

struct shrink_record {
    uint64_t actor;    /* its ref; 0: none */
    uint32_t exchange; /* 0: none */
    bool kept;
    uint32_t lengths[TRACE_SPANS_MAX]; /* of its spans, as they are to be written */
};

struct trace_shrink {
    struct shrink_record *records;
    size_t count, room;
    const char *path;
};

/* 0; EXIT_DATA, EXIT_IO, said. Damaged places are left out. */
int trace_shrink_read(struct trace_shrink *s, const char *path);
void trace_shrink_free(struct trace_shrink *s);

/* Groups of those that are left: group[i] of record i, from 0, or NO_GROUP. Returns how many. */
enum shrink_by { SHRINK_BY_EXCHANGE, SHRINK_BY_ACTOR, SHRINK_BY_RECORD };
size_t trace_shrink_groups(const struct trace_shrink *s, enum shrink_by by, uint32_t *group);

/* What is left, without those whose group is not kept, as a trace; group NULL: all that is left. */
void trace_shrink_write(const struct trace_shrink *s, const uint32_t *group, const bool *keep,
                        struct trace_out *out);

/* How much is left. */
struct shrink_size {
    size_t records, exchanges, actors;
    uint64_t bytes; /* of payloads */
};
struct shrink_size trace_shrink_size(const struct trace_shrink *s);

#endif
