/* tools/trace_diagram_causes.c -- which handler said what was heard.
 *
 * Per pair of actors the n-th that was said is the n-th that is heard (runtime/recorder.h). What the runtime
 * itself says in an actor's name (DOWN) was never said: so kinds are compared as well.
 */
#include "tools/trace_diagram_parts.h"
#include <stdlib.h>
#include <uthash.h>
#include <utlist.h>

struct said {
    struct said *next, *prev;
    uint32_t arrow;
    uint16_t number;
    bool spawned;
};

struct diagram_pair {
    uint64_t key[2]; /* from, to */
    struct said *said;
    UT_hash_handle hh;
};

static struct diagram_pair *pair_of(struct diagram *d, struct actor_ref from, struct actor_ref to)
{
    struct diagram_pair *p;
    uint64_t key[2] = {ref_bits(from), ref_bits(to)};
    HASH_FIND(hh, d->p->pairs, key, sizeof key, p);
    return p;
}

static struct diagram_pair *pair_new(struct diagram *d, struct actor_ref from, struct actor_ref to)
{
    struct diagram_pair *p = calloc(1, sizeof *p);
    if (!p)
        heap_exhausted("a diagram", sizeof *p);
    p->key[0] = ref_bits(from);
    p->key[1] = ref_bits(to);
    HASH_ADD(hh, d->p->pairs, key, sizeof p->key, p);
    return p;
}

void diagram_said(struct diagram *d, struct actor_ref from, struct actor_ref to, uint16_t number,
                  bool spawned, uint32_t arrow)
{
    struct diagram_pair *p = pair_of(d, from, to);
    struct said *s = calloc(1, sizeof *s);
    if (!s)
        heap_exhausted("a diagram", sizeof *s);
    *s = (struct said){NULL, NULL, arrow, number, spawned};
    if (!p)
        p = pair_new(d, from, to);
    DL_APPEND(p->said, s);
}

static void drop(struct diagram *d, struct diagram_pair *p, struct said *s)
{
    DL_DELETE(p->said, s);
    free(s);
    if (p->said)
        return;
    HASH_DEL(d->p->pairs, p);
    free(p);
}

uint32_t diagram_heard(struct diagram *d, struct actor_ref from, struct actor_ref to,
                       uint16_t number, bool *spawned)
{
    struct diagram_pair *p = pair_of(d, from, to);
    *spawned = false;
    if (!p || p->said->number != number)
        return DIAGRAM_NONE;
    uint32_t arrow = p->said->arrow;
    *spawned = p->said->spawned;
    drop(d, p, p->said);
    return arrow;
}

void diagram_said_forget(struct diagram *d)
{
    struct diagram_pair *p, *next;
    HASH_ITER(hh, d->p->pairs, p, next)
    {
        while (p->said->next)
            drop(d, p, p->said);
        drop(d, p, p->said);
    }
}
