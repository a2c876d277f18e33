/* tools/trace_story.h -- which records tell the story of one exchange, and what each of them came from.
 *
 * Purpose  the records that are about the exchange; those that led to them, up to what came from outside, or to
 *          another exchange; and what they led to directly. Gathered in one pass, told in a second one.
 * Owner    whoever called trace_story_new. Memory: of the exchange's records, and of the last RECENT ones.
 * Thread   one at a time.
 */
#ifndef TOOLS_TRACE_STORY_H
#define TOOLS_TRACE_STORY_H

#include "tools/trace_pairs.h"
#include <uthash.h>

#define TRACE_NO_CAUSE UINT64_MAX

struct trace_told {
    uint64_t sequence;
    uint64_t
        cause; /* the record whose call sent it; TRACE_NO_CAUSE: the runtime did, or that is not known */
    bool member; /* it is about the exchange itself */
    bool has_wait;
    uint64_t wait_ns;
    UT_hash_handle hh;
};

struct trace_story;

struct trace_story *trace_story_new(uint32_t exchange);
void trace_story_free(struct trace_story *s);
/* Each record, in order. */
void trace_story_take(struct trace_story *s, const struct trace_reader *reader,
                      const struct trace_record *r);
/* Afterwards. NULL: it is no part of the story. */
const struct trace_told *trace_story_find(const struct trace_story *s, uint64_t sequence);
/* How many causes stand above it, of those that are told. */
unsigned trace_story_depth(const struct trace_story *s, const struct trace_told *told);

#endif
