/* tools/trace_align.c -- see trace_align.h */
#include "tools/trace_align.h"
#include "runtime/heap.h"
#include <stdlib.h>
#include <string.h>

/* What two units must have in common in a pass. */
struct key {
    uint64_t connection, hash;
    uint32_t request, mode;
    const char *actor, *method, *target;
    uint64_t raw;
};

enum common {
    OF_EXCHANGES = 1,
    OF_ACTORS = 2,
    BY_IDS = 4,
    BY_REQUEST = 8, /* method and target, and whether it is raw */
    BY_CONTENT = 16,
    ONLY_RAW = 32,
    ONLY_HTTP = 64, /* its request is known */
    BY_UNCUT = 128, /* content, wherever its bytes were cut */
    BY_NEAR = 256,  /* ... and whatever the fields say that have a tolerance */
};

static const unsigned passes[] = {
    OF_EXCHANGES | BY_IDS | BY_REQUEST | BY_CONTENT,
    OF_EXCHANGES | BY_REQUEST | BY_CONTENT,
    OF_EXCHANGES | BY_IDS | BY_REQUEST | BY_UNCUT,
    OF_EXCHANGES | BY_REQUEST | BY_UNCUT,
    OF_EXCHANGES | BY_IDS | BY_REQUEST | BY_NEAR,
    OF_EXCHANGES | BY_REQUEST | BY_NEAR,
    OF_EXCHANGES | BY_IDS | BY_REQUEST,
    OF_EXCHANGES | BY_REQUEST | ONLY_HTTP,
    OF_EXCHANGES | BY_IDS,
    OF_EXCHANGES | ONLY_RAW,
    OF_ACTORS | BY_REQUEST | BY_CONTENT,
    OF_ACTORS | BY_REQUEST | BY_UNCUT,
    OF_ACTORS | BY_REQUEST | BY_NEAR,
    OF_ACTORS | BY_REQUEST,
    OF_ACTORS,
};

/* False: it takes no part in this pass. */
static bool key_of(const struct trace_unit *x, unsigned pass, struct key *k)
{
    memset(k, 0, sizeof *k);
    if (!(pass & (x->actor ? OF_ACTORS : OF_EXCHANGES)) || (pass & BY_IDS && !x->has_ids) ||
        (pass & ONLY_RAW && !x->raw) || (pass & ONLY_HTTP && !x->method))
        return false;
    k->actor = x->actor;
    if (pass & BY_IDS) {
        k->connection = x->ids.connection;
        k->request = x->ids.request;
        k->mode = x->ids.mode;
    }
    if (pass & (BY_REQUEST | ONLY_RAW))
        k->raw = x->raw;
    if (pass & BY_REQUEST) {
        k->method = x->method;
        k->target = x->target;
    }
    if (pass & (BY_CONTENT | BY_UNCUT | BY_NEAR))
        k->hash = pass & BY_CONTENT ? x->hash : pass & BY_UNCUT ? x->uncut : x->near;
    return true;
}

/* Units of one trace with the same key, in order. */
struct row {
    struct key key;
    struct trace_unit **units;
    size_t count, room, taken;
    UT_hash_handle hh;
};

static struct row *row_of(struct row *table, const struct key *k)
{
    struct row *r;
    HASH_FIND(hh, table, k, sizeof *k, r);
    return r;
}

static struct row *add_row(struct row **table, const struct key *k)
{
    struct row *r = row_of(*table, k);
    if (r)
        return r;
    r = calloc(1, sizeof *r);
    if (!r)
        heap_exhausted("an alignment of traces", sizeof *r);
    r->key = *k;
    HASH_ADD(hh, *table, key, sizeof r->key, r);
    return r;
}

static struct row *table_of(const struct trace_units *u, unsigned pass, bool free_ones)
{
    struct row *table = NULL;
    struct key k;
    for (size_t i = 0; i < u->count; i++) {
        if ((free_ones && u->all[i]->other) || !key_of(u->all[i], pass, &k))
            continue;
        struct row *r = add_row(&table, &k);
        r->units = trace_grow(r->units, r->count, &r->room, sizeof *r->units);
        r->units[r->count++] = u->all[i];
    }
    return table;
}

static void table_free(struct row *table)
{
    struct row *r, *next;
    HASH_ITER(hh, table, r, next)
    {
        HASH_DEL(table, r);
        free(r->units);
        free(r);
    }
}

static void run(struct trace_units *a, struct trace_units *b, unsigned pass)
{
    struct row *table = table_of(b, pass, true);
    struct key k;
    for (size_t i = 0; i < a->count; i++) {
        struct trace_unit *x = a->all[i];
        if (x->other || !key_of(x, pass, &k))
            continue;
        struct row *r = row_of(table, &k);
        if (!r || r->taken == r->count)
            continue;
        x->other = r->units[r->taken++];
        x->other->other = x;
    }
    table_free(table);
}

/* Those of u that are left, and did what one of `others` did. */
static void run_once(struct trace_units *u, const struct trace_units *others,
                     const struct trace_rules *rules, unsigned pass)
{
    struct row *table = table_of(others, pass, false);
    struct key k;
    for (size_t i = 0; i < u->count; i++) {
        struct trace_unit *x = u->all[i];
        if (x->other || !key_of(x, pass, &k) || !rules_once_actor(rules, x->actor))
            continue;
        struct row *r = row_of(table, &k);
        if (r)
            x->other = r->units[0];
    }
    table_free(table);
}

void trace_align(struct trace_units *a, struct trace_units *b, const struct trace_rules *rules)
{
    for (size_t i = 0; i < sizeof passes / sizeof passes[0]; i++) {
        run(a, b, passes[i]);
        if (passes[i] & OF_ACTORS && passes[i] & (BY_CONTENT | BY_UNCUT | BY_NEAR)) {
            run_once(a, b, rules, passes[i]);
            run_once(b, a, rules, passes[i]);
        }
    }
}
