/* tools/trace_selection.c -- see trace_selection.h */
#include "tools/trace_selection.h"
#include <stdlib.h>
#include <uthash.h>

struct chosen {
    uint64_t number;
    UT_hash_handle hh;
};

struct trace_selection {
    struct chosen *exchanges, *actors, *speakers;
};

static void add(struct chosen **set, uint64_t number)
{
    struct chosen *c;
    HASH_FIND(hh, *set, &number, sizeof number, c);
    if (c || !number)
        return;
    c = calloc(1, sizeof *c);
    if (!c)
        heap_exhausted("what a filter selects", sizeof *c);
    c->number = number;
    HASH_ADD(hh, *set, number, sizeof c->number, c);
}

static bool has(struct chosen *set, uint64_t number)
{
    struct chosen *c;
    HASH_FIND(hh, set, &number, sizeof number, c);
    return c != NULL;
}

static void clear(struct chosen **set)
{
    struct chosen *c, *next;
    HASH_ITER(hh, *set, c, next)
    {
        HASH_DEL(*set, c);
        free(c);
    }
}

struct trace_selection *trace_selection_new(void)
{
    struct trace_selection *s = calloc(1, sizeof *s);
    if (!s)
        heap_exhausted("what a filter selects", sizeof *s);
    return s;
}

void trace_selection_free(struct trace_selection *s)
{
    if (!s)
        return;
    clear(&s->exchanges);
    clear(&s->actors);
    clear(&s->speakers);
    free(s);
}

void trace_selection_add(struct trace_selection *s, const struct trace_record *r)
{
    add(&s->exchanges, trace_record_exchange(r));
    add(&s->actors, ref_bits(r->to));
    add(&s->speakers, ref_bits(r->from));
}

bool trace_selection_has_exchange(const struct trace_selection *s, uint32_t number)
{
    return !s || has(s->exchanges, number);
}

bool trace_selection_has_actor(const struct trace_selection *s, struct actor_ref who)
{
    return !s || has(s->actors, ref_bits(who));
}

bool trace_selection_has_party(const struct trace_selection *s, struct actor_ref who)
{
    return !s || has(s->actors, ref_bits(who)) || has(s->speakers, ref_bits(who));
}
