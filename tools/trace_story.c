/* tools/trace_story.c -- see trace_story.h */
#include "tools/trace_story.h"
#include <stdlib.h>

enum { RECENT = 1 << 16, DEPTH_MAX = 100 };

/* What is remembered of any record, in case it turns out to have led to one of the exchange. */
struct recent {
    uint64_t sequence, cause;
    uint32_t exchange;
};

struct trace_story {
    uint32_t exchange;
    struct trace_pairs *pairs;
    struct trace_told *told;
    struct recent recent[RECENT];
};

static void *checked(void *memory)
{
    if (!memory)
        heap_exhausted("an exchange of a trace", sizeof(struct trace_story));
    return memory;
}

static struct trace_told *find(const struct trace_story *s, uint64_t sequence)
{
    struct trace_told *t;
    HASH_FIND(hh, s->told, &sequence, sizeof sequence, t);
    return t;
}

static struct recent *recent_of(struct trace_story *s, uint64_t sequence)
{
    struct recent *r = &s->recent[sequence % RECENT];
    return r->sequence == sequence ? r : NULL;
}

static struct trace_told *tell(struct trace_story *s, uint64_t sequence, uint64_t cause)
{
    struct trace_told *t = checked(calloc(1, sizeof *t));
    t->sequence = sequence;
    t->cause = cause;
    HASH_ADD(hh, s->told, sequence, sizeof t->sequence, t);
    return t;
}

/* And what led to it. Of another exchange only the record that did. */
static void tell_causes(struct trace_story *s, uint64_t cause)
{
    while (cause != TRACE_NO_CAUSE && !find(s, cause)) {
        const struct recent *r = recent_of(s, cause);
        bool foreign = r && r->exchange != 0 && r->exchange != s->exchange;
        tell(s, cause, r && !foreign ? r->cause : TRACE_NO_CAUSE);
        cause = r && !foreign ? r->cause : TRACE_NO_CAUSE;
    }
}

/* The sender of what was heard early has ended its call. */
static void on_late(void *context, uint64_t heard, const struct trace_sent *sent)
{
    struct trace_story *s = context;
    struct recent *r = recent_of(s, heard);
    struct trace_told *t = find(s, heard);
    if (r)
        r->cause = sent->sequence;
    if (t)
        t->cause = sent->sequence;
}

struct trace_story *trace_story_new(uint32_t exchange)
{
    struct trace_story *s = checked(calloc(1, sizeof *s));
    s->exchange = exchange;
    s->pairs = trace_pairs_new();
    for (unsigned i = 0; i < RECENT; i++)
        s->recent[i].sequence = UINT64_MAX;
    trace_pairs_late(s->pairs, on_late, s);
    return s;
}

void trace_story_free(struct trace_story *s)
{
    struct trace_told *t, *next;
    HASH_ITER(hh, s->told, t, next)
    {
        HASH_DEL(s->told, t);
        free(t);
    }
    trace_pairs_free(s->pairs);
    free(s);
}

void trace_story_take(struct trace_story *s, const struct trace_reader *reader,
                      const struct trace_record *r)
{
    struct trace_sent sent;
    struct trace_told *t = NULL;
    uint32_t exchange = trace_record_exchange(r);
    enum trace_paired paired = trace_pairs_take(s->pairs, reader, r, &sent);
    uint64_t cause = paired == PAIR_FOUND ? sent.sequence : TRACE_NO_CAUSE;
    s->recent[r->sequence % RECENT] = (struct recent){r->sequence, cause, exchange};
    const struct trace_told *parent = cause == TRACE_NO_CAUSE ? NULL : find(s, cause);
    bool member = exchange == s->exchange;
    if (member || (parent && parent->member))
        t = tell(s, r->sequence, cause);
    if (!t)
        return;
    t->member = member;
    t->has_wait = trace_wait_ns(paired, &sent, r, &t->wait_ns);
    if (member)
        tell_causes(s, cause);
}

const struct trace_told *trace_story_find(const struct trace_story *s, uint64_t sequence)
{
    return find(s, sequence);
}

unsigned trace_story_depth(const struct trace_story *s, const struct trace_told *told)
{
    unsigned depth = 0;
    while (depth < DEPTH_MAX && told->cause != TRACE_NO_CAUSE && (told = find(s, told->cause)))
        depth++;
    return depth;
}
