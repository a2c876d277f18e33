/* actors/agent_refs.c -- see agent_refs.h */
#include "actors/agent_refs.h"
#include <string.h>

unsigned agent_refs_count(struct span refs)
{
    return refs.length / sizeof(struct actor_ref);
}

struct actor_ref agent_refs_get(struct span refs, unsigned i)
{
    struct actor_ref r;
    memcpy(&r, span_bytes(refs) + i * sizeof r, sizeof r);
    return r;
}

bool agent_refs_has(struct span refs, struct actor_ref r)
{
    for (unsigned i = 0; i < agent_refs_count(refs); i++)
        if (ref_equal(agent_refs_get(refs, i), r))
            return true;
    return false;
}

void agent_refs_add(struct span *refs, struct actor_ref r)
{
    uint32_t before = refs->length, all = before + (uint32_t)sizeof r;
    struct chunk *c = chunk_new(all);
    if (before)
        memcpy(c->bytes, span_bytes(*refs), before);
    memcpy(c->bytes + before, &r, sizeof r);
    c->used = all;
    span_release(refs);
    *refs = (struct span){c, 0, all};
}

void agent_refs_remove(struct span *refs, struct actor_ref r)
{
    struct span rest = NO_BYTES;
    for (unsigned i = 0; i < agent_refs_count(*refs); i++)
        if (!ref_equal(agent_refs_get(*refs, i), r))
            agent_refs_add(&rest, agent_refs_get(*refs, i));
    span_release(refs);
    *refs = rest;
}
