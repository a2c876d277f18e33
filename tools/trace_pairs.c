/* tools/trace_pairs.c -- see trace_pairs.h */
#include "tools/trace_pairs.h"
#include "messages/kinds.h"
#include <stdlib.h>
#include <uthash.h>

/* One that is under way; or, in an early pair, one that was heard and whose sender is still to come. */
struct under_way {
    uint16_t kind; /* in the file */
    uint64_t sequence, ended_ns;
};

/* While something is under way from one actor to another. */
struct pair {
    struct actor_ref ends[2]; /* from, to */
    bool early;
    unsigned first, count, room;
    struct under_way *queue;
    UT_hash_handle hh;
};

/* All that this actor ever heard and said is in the trace. */
struct born {
    struct actor_ref who;
    UT_hash_handle hh;
};

struct trace_pairs {
    struct pair *pairs;
    struct born *born;
    bool has_sequence;
    uint64_t next_sequence;
    void (*late)(void *context, uint64_t heard, const struct trace_sent *sent);
    void *context;
};

static void *checked(void *memory)
{
    if (!memory)
        heap_exhausted("messages of a trace", sizeof(struct pair));
    return memory;
}

struct trace_pairs *trace_pairs_new(void)
{
    return checked(calloc(1, sizeof(struct trace_pairs)));
}

void trace_pairs_late(struct trace_pairs *p,
                      void (*late)(void *context, uint64_t heard, const struct trace_sent *sent),
                      void *context)
{
    p->late = late;
    p->context = context;
}

/* ---- who was born here ----------------------------------------------------------------------- */

static struct born *find_born(struct trace_pairs *p, struct actor_ref who)
{
    struct born *b;
    HASH_FIND(hh, p->born, &who, sizeof who, b);
    return b;
}

static void bear(struct trace_pairs *p, struct actor_ref who)
{
    if (find_born(p, who))
        return;
    struct born *b = checked(calloc(1, sizeof *b));
    b->who = who;
    HASH_ADD(hh, p->born, who, sizeof b->who, b);
}

static void bury(struct trace_pairs *p, struct actor_ref who)
{
    struct born *b = find_born(p, who);
    if (b) {
        HASH_DEL(p->born, b);
        free(b);
    }
}

/* ---- pairs ----------------------------------------------------------------------------------- */

static struct pair *find_pair(struct trace_pairs *p, struct actor_ref from, struct actor_ref to)
{
    struct actor_ref ends[2] = {from, to};
    struct pair *pair;
    HASH_FIND(hh, p->pairs, ends, sizeof ends, pair);
    return pair;
}

static struct pair *add_pair(struct trace_pairs *p, struct actor_ref from, struct actor_ref to,
                             bool early)
{
    struct pair *pair = checked(calloc(1, sizeof *pair));
    pair->ends[0] = from;
    pair->ends[1] = to;
    pair->early = early;
    HASH_ADD(hh, p->pairs, ends, sizeof pair->ends, pair);
    return pair;
}

static void drop_pair(struct trace_pairs *p, struct pair *pair)
{
    HASH_DEL(p->pairs, pair);
    free(pair->queue);
    free(pair);
}

static void push(struct pair *pair, struct under_way u)
{
    if (pair->first + pair->count == pair->room && pair->first) {
        memmove(pair->queue, pair->queue + pair->first, pair->count * sizeof *pair->queue);
        pair->first = 0;
    }
    if (pair->count == pair->room) {
        pair->room = pair->room ? 2 * pair->room : 2;
        pair->queue = checked(realloc(pair->queue, pair->room * sizeof *pair->queue));
    }
    pair->queue[pair->first + pair->count++] = u;
}

/* The oldest. The pair is gone when it was the last. */
static struct under_way pop(struct trace_pairs *p, struct pair *pair)
{
    struct under_way u = pair->queue[pair->first++];
    if (--pair->count == 0)
        drop_pair(p, pair);
    return u;
}

static void forget_all(struct trace_pairs *p)
{
    struct pair *pair, *next;
    struct born *b, *next_born;
    HASH_ITER(hh, p->pairs, pair, next)
    {
        drop_pair(p, pair);
    }
    HASH_ITER(hh, p->born, b, next_born)
    {
        HASH_DEL(p->born, b);
        free(b);
    }
}

void trace_pairs_free(struct trace_pairs *p)
{
    if (!p)
        return;
    forget_all(p);
    free(p);
}

/* What was believed of the two does not hold: the kinds differ. */
static void distrust(struct trace_pairs *p, struct pair *pair)
{
    bury(p, pair->ends[0]);
    bury(p, pair->ends[1]);
    drop_pair(p, pair);
}

/* ---- records --------------------------------------------------------------------------------- */

bool trace_kind_is_sent(const struct trace_kind *k)
{
    return k->ours == MSG_NONE || !kind_is_of_runtime(k->ours);
}

static enum trace_paired hear(struct trace_pairs *p, const struct trace_record *r,
                              struct trace_sent *sent)
{
    if (ref_is_nobody(r->from) || !trace_kind_is_sent(r->kind))
        return PAIR_RUNTIME;
    struct pair *pair = find_pair(p, r->from, r->to);
    if (pair && !pair->early) {
        if (pair->queue[pair->first].kind != r->kind->number) {
            distrust(p, pair);
            return PAIR_UNKNOWN;
        }
        struct under_way u = pop(p, pair);
        *sent = (struct trace_sent){u.sequence, u.ended_ns};
        return PAIR_FOUND;
    }
    if (!pair && !find_born(p, r->to) && !find_born(p, r->from))
        return PAIR_UNKNOWN;
    if (!pair)
        pair = add_pair(p, r->from, r->to, true);
    push(pair, (struct under_way){r->kind->number, r->sequence, 0});
    return PAIR_EARLY;
}

static void say(struct trace_pairs *p, const struct trace_record *r, const struct trace_effect *e)
{
    struct trace_sent sent = {r->sequence, r->ended_ns};
    struct pair *pair = find_pair(p, r->to, e->ref);
    if (!e->message)
        return;
    if (pair && pair->early) {
        if (pair->queue[pair->first].kind != e->message->number) {
            distrust(p, pair);
            return;
        }
        struct under_way heard = pop(p, pair);
        if (p->late)
            p->late(p->context, heard.sequence, &sent);
        return;
    }
    if (!pair && !find_born(p, r->to) && !find_born(p, e->ref))
        return;
    if (!pair)
        pair = add_pair(p, r->to, e->ref, false);
    push(pair, (struct under_way){e->message->number, r->sequence, r->ended_ns});
}

static void take_effects(struct trace_pairs *p, const struct trace_reader *reader,
                         const struct trace_record *r)
{
    struct trace_effect e;
    size_t at = 0;
    while (trace_effect_next(reader, r, &at, &e)) {
        if (e.kind == EFFECT_SPAWN)
            bear(p, e.ref);
        if (e.kind == EFFECT_SPAWN || e.kind == EFFECT_SEND)
            say(p, r, &e);
    }
}

enum trace_paired trace_pairs_take(struct trace_pairs *p, const struct trace_reader *reader,
                                   const struct trace_record *r, struct trace_sent *sent)
{
    enum trace_paired paired = PAIR_RUNTIME;
    if ((p->has_sequence && r->sequence != p->next_sequence) || r->what == TRACE_LAGGED)
        forget_all(p);
    p->has_sequence = true;
    p->next_sequence = r->sequence + 1;
    if (r->what == TRACE_CALL && r->number == 1)
        bear(p, r->to);
    if (r->what == TRACE_CALL || r->what == TRACE_UNDELIVERED)
        paired = hear(p, r, sent);
    if (r->what == TRACE_CALL || r->what == TRACE_END)
        take_effects(p, reader, r);
    if (r->what == TRACE_END)
        bury(p, r->to);
    return paired;
}

bool trace_wait_ns(enum trace_paired paired, const struct trace_sent *sent,
                   const struct trace_record *r, uint64_t *ns)
{
    uint64_t began_ns = r->ended_ns - r->took_ns;
    if (paired != PAIR_FOUND && paired != PAIR_EARLY)
        return false;
    *ns = paired == PAIR_FOUND && began_ns > sent->ended_ns ? began_ns - sent->ended_ns : 0;
    return true;
}
