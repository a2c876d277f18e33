/* tools/trace_shrink.c -- see trace_shrink.h */
#include "tools/trace_shrink.h"
#include "messages/exchange_number.h"
#include "actors/exit_codes.h"
#include "messages/trace_copy.h"
#include "tools/trace_input.h"
#include "tools/trace_reread.h"
#include "tools/trace_strings.h"
#include <stdio.h>
#include <stdlib.h>
#include <uthash.h>

static void take(struct trace_shrink *s, const struct trace_record *r)
{
    s->records = trace_grow(s->records, s->count, &s->room, sizeof *s->records);
    struct shrink_record *x = &s->records[s->count++];
    *x = (struct shrink_record){.kept = true};
    for (unsigned i = 0; r->what == TRACE_CALL && i < r->kind->span_count; i++)
        x->lengths[i] = r->spans[i].length;
    if (r->what == TRACE_LAGGED || r->what == TRACE_NOTE)
        return;
    x->actor = ref_bits(r->to);
    x->exchange = trace_record_exchange(r);
}

int trace_shrink_read(struct trace_shrink *s, const char *path)
{
    struct trace_input in = {0};
    struct trace_record r;
    *s = (struct trace_shrink){.path = path};
    trace_input_open(&in, &s->path, 1);
    while (trace_input_next(&in, &r))
        take(s, &r);
    int status = in.failed ? EXIT_IO : s->count ? 0 : EXIT_DATA;
    if (status == EXIT_DATA && !in.bad)
        fprintf(stderr, "intproxy-trace: %s: no trace, or one without records\n",
                trace_reread_shown(path));
    trace_input_close(&in);
    return status;
}

void trace_shrink_free(struct trace_shrink *s)
{
    free(s->records);
    s->records = NULL;
}

/* ---- groups ---------------------------------------------------------------------------------- */

struct number {
    uint64_t of;
    uint32_t group;
    UT_hash_handle hh;
};

static uint32_t number_of(struct number **table, uint64_t of)
{
    struct number *n;
    HASH_FIND(hh, *table, &of, sizeof of, n);
    if (n)
        return n->group;
    n = calloc(1, sizeof *n);
    if (!n)
        heap_exhausted("a smaller trace", sizeof *n);
    n->of = of;
    n->group = HASH_COUNT(*table);
    HASH_ADD(hh, *table, of, sizeof n->of, n);
    return n->group;
}

static size_t end(struct number *table)
{
    struct number *n, *next;
    size_t count = HASH_COUNT(table);
    HASH_ITER(hh, table, n, next)
    {
        HASH_DEL(table, n);
        free(n);
    }
    return count;
}

size_t trace_shrink_groups(const struct trace_shrink *s, enum shrink_by by, uint32_t *group)
{
    struct number *table = NULL;
    for (size_t i = 0; i < s->count; i++) {
        const struct shrink_record *x = &s->records[i];
        uint64_t of = by == SHRINK_BY_EXCHANGE ? x->exchange
                      : by == SHRINK_BY_ACTOR  ? x->actor
                                               : i + 1;
        group[i] = x->kept && of ? number_of(&table, of) : NO_GROUP;
    }
    return end(table);
}

/* Of a trace that has both, the proxy's: one request is an exchange of either. */
static size_t count_exchanges(const struct trace_shrink *s)
{
    struct number *table = NULL;
    bool proxys = false;
    for (size_t i = 0; i < s->count && !proxys; i++)
        proxys = exchange_of_proxy(s->records[i].exchange);
    for (size_t i = 0; i < s->count; i++) {
        const struct shrink_record *x = &s->records[i];
        if (x->kept && x->exchange && !(proxys && exchange_is_agents(x->exchange)))
            number_of(&table, x->exchange);
    }
    return end(table);
}

struct shrink_size trace_shrink_size(const struct trace_shrink *s)
{
    struct shrink_size size = {0};
    uint32_t *group = malloc((s->count + 1) * sizeof *group);
    if (!group)
        heap_exhausted("a smaller trace", s->count);
    size.exchanges = count_exchanges(s);
    size.actors = trace_shrink_groups(s, SHRINK_BY_ACTOR, group);
    free(group);
    for (size_t i = 0; i < s->count; i++) {
        size.records += s->records[i].kept;
        for (unsigned n = 0; s->records[i].kept && n < TRACE_SPANS_MAX; n++)
            size.bytes += s->records[i].lengths[n];
    }
    return size;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Spans that were made shorter are whole as such. */
static void shorten(struct trace_record *r, const struct shrink_record *x)
{
    for (unsigned i = 0; r->what == TRACE_CALL && i < r->kind->span_count; i++) {
        struct trace_bytes *b = &r->spans[i];
        if (x->lengths[i] >= b->length)
            continue;
        b->length = x->lengths[i];
        if (b->kept > b->length)
            b->kept = b->length;
    }
}

void trace_shrink_write(const struct trace_shrink *s, const uint32_t *group, const bool *keep,
                        struct trace_out *out)
{
    struct trace_input in = {.quiet = true};
    struct trace_copier *copier = trace_copier_new();
    struct trace_record r;
    bool begun = false;
    out->length = 0;
    trace_input_open(&in, &s->path, 1);
    for (size_t i = 0; i < s->count && trace_input_next(&in, &r); i++) {
        if (!begun)
            trace_copy_beginning(copier, out, in.reader, NULL, NULL);
        begun = true;
        if (!s->records[i].kept || (group && group[i] != NO_GROUP && !keep[group[i]]))
            continue;
        shorten(&r, &s->records[i]);
        trace_copy_record(copier, out, in.reader, &r);
    }
    trace_input_close(&in);
    trace_copier_free(copier);
}
