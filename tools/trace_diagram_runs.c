/* tools/trace_diagram_runs.c -- repeated data, to be drawn as one; see trace_diagram.h
 *
 * A body passes through five actors in turn, and other exchanges come between: so runs are found for each
 * exchange apart. tools/trace_page_rows.js does the same over what its reader has chosen.
 */
#include "tools/trace_diagram.h"
#include <stdlib.h>
#include <uthash.h>

struct run_key {
    uint32_t exchange, from, to, kind;
};

struct run {
    struct run_key key;
    uint32_t first;
    uint32_t epoch; /* of its exchange */
    UT_hash_handle hh;
};

/* Advances whenever something comes that is no piece: the runs of before have ended. */
struct epoch {
    uint32_t exchange;
    uint32_t count;
    UT_hash_handle hh;
};

struct finder {
    struct run *runs;
    struct epoch *epochs;
};

static void *zeroed(size_t bytes)
{
    void *p = calloc(1, bytes);
    if (!p)
        heap_exhausted("a diagram", bytes);
    return p;
}

static struct epoch *epoch_of(struct finder *f, uint32_t exchange)
{
    struct epoch *e;
    HASH_FIND(hh, f->epochs, &exchange, sizeof exchange, e);
    if (!e) {
        e = zeroed(sizeof *e);
        e->exchange = exchange;
        HASH_ADD(hh, f->epochs, exchange, sizeof e->exchange, e);
    }
    return e;
}

/* The first of the run that this piece goes on with; itself, if it begins one. */
static uint32_t first_of(struct finder *f, const struct diagram_arrow *a, uint32_t arrow,
                         uint32_t epoch)
{
    struct run *r;
    struct run_key key = {a->exchange, a->from, a->to, a->kind};
    HASH_FIND(hh, f->runs, &key, sizeof key, r);
    if (!r) {
        r = zeroed(sizeof *r);
        r->key = key;
        HASH_ADD(hh, f->runs, key, sizeof r->key, r);
    } else if (r->epoch == epoch)
        return r->first;
    r->first = arrow;
    r->epoch = epoch;
    return arrow;
}

static void finder_free(struct finder *f)
{
    struct run *r, *r_next;
    struct epoch *e, *e_next;
    HASH_ITER(hh, f->runs, r, r_next)
    {
        HASH_DEL(f->runs, r);
        free(r);
    }
    HASH_ITER(hh, f->epochs, e, e_next)
    {
        HASH_DEL(f->epochs, e);
        free(e);
    }
}

uint32_t *diagram_runs(const struct diagram *d)
{
    struct finder f = {NULL, NULL};
    uint32_t *first = malloc((d->arrow_count + 1) * sizeof *first);
    if (!first)
        heap_exhausted("a diagram", d->arrow_count * sizeof *first);
    for (uint32_t i = 0; i < d->arrow_count; i++) {
        const struct diagram_arrow *a = &d->arrows[i];
        struct epoch *e = epoch_of(&f, a->exchange);
        if (!a->repeats)
            e->count++;
        first[i] = a->repeats ? first_of(&f, a, i, e->count) : i;
    }
    finder_free(&f);
    return first;
}
