/* tools/trace_totals.c -- see trace_totals.h */
#include "tools/trace_totals.h"
#include "messages/exchange_number.h"
#include <stdlib.h>

static void *checked(void *memory)
{
    if (!memory)
        heap_exhausted("totals of a trace", sizeof(struct trace_total));
    return memory;
}

struct trace_totals *trace_totals_new(void)
{
    return checked(calloc(1, sizeof(struct trace_totals)));
}

static void free_table(struct trace_total **table)
{
    struct trace_total *e, *next;
    HASH_ITER(hh, *table, e, next)
    {
        HASH_DEL(*table, e);
        free(e);
    }
}

void trace_totals_free(struct trace_totals *t)
{
    struct trace_exchange_total *x, *next;
    free_table(&t->kinds);
    free_table(&t->types);
    HASH_ITER(hh, t->exchanges, x, next)
    {
        HASH_DEL(t->exchanges, x);
        free(x);
    }
    free(t);
}

static struct trace_total *total_of(struct trace_total **table, const char *name)
{
    struct trace_total *e;
    size_t length = strnlen(name, TRACE_NAME_MAX - 1);
    HASH_FIND(hh, *table, name, length, e);
    if (e)
        return e;
    e = checked(calloc(1, sizeof *e));
    memcpy(e->name, name, length);
    HASH_ADD_KEYPTR(hh, *table, e->name, length, e);
    return e;
}

/* ---- records --------------------------------------------------------------------------------- */

struct seen {
    uint64_t began_ns, took_ns, bytes, written, spawned;
    const uint64_t *wait_ns;
};

static void see_effects(const struct trace_reader *reader, const struct trace_record *r,
                        struct seen *s)
{
    struct trace_effect e;
    size_t at = 0;
    while (trace_effect_next(reader, r, &at, &e))
        if (e.kind == EFFECT_WRITE)
            s->written += e.bytes.length;
        else if (e.kind == EFFECT_SPAWN)
            s->spawned++;
}

static void add(struct trace_total *t, const struct seen *s)
{
    t->calls++;
    t->bytes += s->bytes;
    t->written += s->written;
    trace_histogram_add(&t->handled, s->took_ns);
    if (s->wait_ns)
        trace_histogram_add(&t->wait, *s->wait_ns);
}

static void add_to_exchange(struct trace_totals *t, const struct trace_record *r,
                            const struct seen *s)
{
    struct trace_exchange_total *x;
    uint32_t number = trace_record_exchange(r);
    if (!number)
        return;
    HASH_FIND(hh, t->exchanges, &number, sizeof number, x);
    if (!x) {
        x = checked(calloc(1, sizeof *x));
        x->number = number;
        x->began_ns = s->began_ns;
        HASH_ADD(hh, t->exchanges, number, sizeof x->number, x);
    }
    uint64_t ended_ns = s->began_ns + s->took_ns;
    x->records++;
    x->bytes += s->bytes;
    x->handled_ns += s->took_ns;
    x->wait_ns += s->wait_ns ? *s->wait_ns : 0;
    x->began_ns = s->began_ns < x->began_ns ? s->began_ns : x->began_ns;
    x->ended_ns = ended_ns > x->ended_ns ? ended_ns : x->ended_ns;
}

static void take_call(struct trace_totals *t, const struct trace_reader *reader,
                      const struct trace_record *r, const uint64_t *wait_ns)
{
    struct seen s = {.began_ns = r->ended_ns - r->took_ns, .took_ns = r->took_ns};
    s.wait_ns = wait_ns;
    for (unsigned i = 0; r->what == TRACE_CALL && i < r->kind->span_count; i++)
        s.bytes += r->spans[i].length;
    see_effects(reader, r, &s);
    if (r->what == TRACE_CALL) {
        add(&t->all, &s);
        add(total_of(&t->kinds, r->kind->name), &s);
        add(total_of(&t->types, r->type ? r->type : "?"), &s);
    }
    add_to_exchange(t, r, &s);
}

/* A record of its exchange, as tree counts them, though nobody handled it. */
static void take_undelivered(struct trace_totals *t, const struct trace_record *r)
{
    total_of(&t->kinds, r->kind->name)->undelivered++;
    t->all.undelivered++;
    add_to_exchange(t, r, &(struct seen){.began_ns = r->ended_ns});
}

static void take_time(struct trace_totals *t, const struct trace_record *r)
{
    uint64_t began_ns = r->ended_ns - r->took_ns;
    if (!t->has_begun || began_ns < t->began_ns)
        t->began_ns = began_ns;
    if (r->ended_ns > t->ended_ns)
        t->ended_ns = r->ended_ns;
    t->has_begun = true;
}

void trace_totals_take(struct trace_totals *t, const struct trace_reader *reader,
                       const struct trace_record *r, const uint64_t *wait_ns)
{
    t->records++;
    take_time(t, r);
    switch (r->what) {
    case TRACE_CALL: take_call(t, reader, r, wait_ns); break;
    case TRACE_END:
        take_call(t, reader, r, NULL);
        total_of(&t->types, r->type ? r->type : "?")->ended++;
        t->all.ended++;
        break;
    case TRACE_UNDELIVERED: take_undelivered(t, r); break;
    case TRACE_LAGGED: t->lost += r->lost; break;
    default: t->notes++; break;
    }
}

/* ---- order ----------------------------------------------------------------------------------- */

static int by_time(const struct trace_total *a, const struct trace_total *b)
{
    if (a->handled.sum != b->handled.sum)
        return a->handled.sum < b->handled.sum ? 1 : -1;
    return strcmp(a->name, b->name);
}

void trace_totals_sort(struct trace_totals *t)
{
    HASH_SORT(t->kinds, by_time);
    HASH_SORT(t->types, by_time);
}

static uint64_t duration(const struct trace_exchange_total *x)
{
    return x->ended_ns - x->began_ns;
}

static int slower_first(const void *a, const void *b)
{
    const struct trace_exchange_total *x = *(const struct trace_exchange_total *const *)a;
    const struct trace_exchange_total *y = *(const struct trace_exchange_total *const *)b;
    if (duration(x) != duration(y))
        return duration(x) < duration(y) ? 1 : -1;
    return x->number < y->number ? -1 : x->number > y->number;
}

const struct trace_exchange_total **trace_totals_slowest(const struct trace_totals *t,
                                                         unsigned most, unsigned *count)
{
    unsigned n = 0;
    const struct trace_exchange_total **all =
        checked(calloc(HASH_COUNT(t->exchanges) + 1, sizeof *all));
    for (const struct trace_exchange_total *x = t->exchanges; x; x = x->hh.next)
        all[n++] = x;
    qsort(all, n, sizeof *all, slower_first);
    *count = n < most ? n : most;
    return all;
}

void trace_totals_durations(const struct trace_totals *t, bool agents, struct trace_histogram *out)
{
    for (const struct trace_exchange_total *x = t->exchanges; x; x = x->hh.next)
        if (exchange_is_agents(x->number) == agents)
            trace_histogram_add(out, duration(x));
}
