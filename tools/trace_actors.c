/* tools/trace_actors.c -- see trace_actors.h */
#include "tools/trace_actors.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <uthash.h>

/* A record may name an actor whose place has another tenant by now: it was written a moment later. */
enum { TENANTS = 4, TYPES_MAX = 256 };

struct place {
    uint32_t number;
    uint32_t generations[TENANTS]; /* the newest first; 0: none */
    uint8_t types[TENANTS];
    UT_hash_handle hh;
};

struct trace_actors {
    struct place *places;
    char *types[TYPES_MAX];
    unsigned type_count;
};

static void *checked(void *memory)
{
    if (!memory)
        heap_exhausted("a trace's actors", sizeof(struct place));
    return memory;
}

struct trace_actors *trace_actors_new(void)
{
    return checked(calloc(1, sizeof(struct trace_actors)));
}

void trace_actors_free(struct trace_actors *a)
{
    struct place *p, *next;
    if (!a)
        return;
    HASH_ITER(hh, a->places, p, next)
    {
        HASH_DEL(a->places, p);
        free(p);
    }
    for (unsigned i = 0; i < a->type_count; i++)
        free(a->types[i]);
    free(a);
}

static struct place *find(const struct trace_actors *a, uint32_t number)
{
    struct place *p;
    HASH_FIND(hh, a->places, &number, sizeof number, p);
    return p;
}

static bool number_of(struct trace_actors *a, const char *type, uint8_t *number)
{
    for (unsigned i = 0; i < a->type_count; i++)
        if (strcmp(a->types[i], type) == 0) {
            *number = (uint8_t)i;
            return true;
        }
    if (a->type_count == TYPES_MAX)
        return false;
    char *copy = a->types[a->type_count] = checked(strdup(type));
    for (; *copy; copy++) /* it is shown on terminals, and a file may say anything */
        *copy = *copy > ' ' && *copy < 0x7f ? *copy : '?';
    *number = (uint8_t)a->type_count++;
    return true;
}

static struct place *add(struct trace_actors *a, uint32_t number)
{
    struct place *p = checked(calloc(1, sizeof *p));
    p->number = number;
    HASH_ADD(hh, a->places, number, sizeof p->number, p);
    return p;
}

static void remember(struct trace_actors *a, struct actor_ref who, const char *type)
{
    uint8_t number;
    if (!type || ref_is_nobody(who))
        return;
    struct place *p = find(a, who.place);
    for (unsigned i = 0; p && i < TENANTS; i++)
        if (p->generations[i] == who.generation)
            return;
    if (!number_of(a, type, &number))
        return;
    p = p ? p : add(a, who.place);
    memmove(p->generations + 1, p->generations, (TENANTS - 1) * sizeof p->generations[0]);
    memmove(p->types + 1, p->types, (TENANTS - 1) * sizeof p->types[0]);
    p->generations[0] = who.generation;
    p->types[0] = number;
}

void trace_actors_take(struct trace_actors *a, const struct trace_reader *reader,
                       const struct trace_record *r)
{
    struct trace_effect e;
    size_t at = 0;
    remember(a, r->to, r->type);
    while (reader && trace_effect_next(reader, r, &at, &e))
        if (e.kind == EFFECT_SPAWN)
            remember(a, e.ref, e.type);
}

const char *trace_actors_type(const struct trace_actors *a, struct actor_ref who)
{
    const struct place *p = ref_is_nobody(who) ? NULL : find(a, who.place);
    for (unsigned i = 0; p && i < TENANTS; i++)
        if (p->generations[i] == who.generation)
            return a->types[p->types[i]];
    return NULL;
}

const char *trace_actor_text(const struct trace_actors *a, struct actor_ref who,
                             char out[TRACE_ACTOR_TEXT_MAX])
{
    const char *type = trace_actors_type(a, who);
    if (ref_is_nobody(who))
        snprintf(out, TRACE_ACTOR_TEXT_MAX, "nobody");
    else
        snprintf(out, TRACE_ACTOR_TEXT_MAX, "%.*s/%u.%" PRIu32, TRACE_NAME_MAX, type ? type : "?",
                 ref_worker(who), ref_slot(who));
    return out;
}
