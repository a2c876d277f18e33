/* tools/trace_units.c -- see trace_units.h */
#include "tools/trace_units.h"
#include "runtime/heap.h"
#include "tools/trace_rules.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct trace_units *trace_units_new(struct trace_strings *strings, const struct trace_rules *rules)
{
    struct trace_units *u = calloc(1, sizeof *u);
    if (!u)
        heap_exhausted("what a trace holds", sizeof *u);
    u->strings = strings;
    u->rules = rules;
    return u;
}

static void unit_free(struct trace_unit *x)
{
    for (size_t i = 0; i < x->item_count; i++)
        free(x->items[i].fields);
    for (size_t i = 0; i < x->stream_count; i++)
        trace_stream_destroy(&x->streams[i].bytes);
    free(x->items);
    free(x->streams);
    free(x);
}

void trace_units_free(struct trace_units *u)
{
    if (!u)
        return;
    for (size_t i = 0; i < u->count; i++)
        unit_free(u->all[i]);
    free(u->all);
    free(u);
}

struct trace_unit *trace_units_add(struct trace_units *u)
{
    struct trace_unit *x = calloc(1, sizeof *x);
    if (!x)
        heap_exhausted("what a trace holds", sizeof *x);
    u->all = trace_grow(u->all, u->count, &u->room, sizeof *u->all);
    u->all[u->count++] = x;
    return x;
}

struct trace_unit *trace_unit_now(struct trace_unit *x)
{
    while (x && x->into)
        x = x->into;
    return x;
}

/* ---- items and streams ----------------------------------------------------------------------- */

struct unit_item *trace_unit_item(struct trace_unit *x, struct unit_pair pair, const char *kind)
{
    x->items = trace_grow(x->items, x->item_count, &x->item_room, sizeof *x->items);
    struct unit_item *i = &x->items[x->item_count++];
    *i = (struct unit_item){.pair = pair, .kind = kind};
    return i;
}

void unit_item_field(struct unit_item *i, const char *name, const char *value, bool cut)
{
    size_t room = i->count; /* it grows at 0, 4, 8, 16 ... */
    if (!i->count || (i->count >= 4 && (i->count & (i->count - 1)) == 0))
        i->fields = trace_grow(i->fields, i->count, &room, sizeof *i->fields);
    i->fields[i->count++] = (struct unit_field){name, value, cut};
}

static struct unit_stream *find_stream(struct trace_unit *x, struct unit_pair pair,
                                       const char *name)
{
    for (size_t i = 0; i < x->stream_count; i++) {
        struct unit_stream *s = &x->streams[i];
        if (s->pair.from == pair.from && s->pair.to == pair.to && s->name == name)
            return s;
    }
    return NULL;
}

static struct unit_stream *add_stream(struct trace_unit *x)
{
    x->streams = trace_grow(x->streams, x->stream_count, &x->stream_room, sizeof *x->streams);
    return &x->streams[x->stream_count++];
}

struct trace_stream *trace_unit_stream(struct trace_units *u, struct trace_unit *x,
                                       struct unit_pair pair, const char *name, uint64_t sequence)
{
    bool socket = strncmp(name, "socket", 6) == 0;
    struct unit_stream *s = find_stream(x, pair, name);
    if (!s) {
        s = add_stream(x);
        *s = (struct unit_stream){.pair = pair, .name = name, .sequence = sequence};
        trace_stream_create(&s->bytes, socket ? u->rules : NULL, u->kept_most);
    }
    return &s->bytes;
}

/* ---- two that are one ------------------------------------------------------------------------ */

static void adopt(struct trace_unit *from, struct trace_unit *into)
{
    if (!into->has_ids && from->has_ids) {
        into->has_ids = true;
        into->ids = from->ids;
        into->raw = from->raw;
    }
    if (!into->method) {
        into->method = from->method;
        into->target = from->target;
    }
    if (from->begun && (!into->begun || from->began_us < into->began_us)) {
        into->began_us = from->began_us;
        into->sequence = from->sequence;
        into->begun = true;
    }
}

void trace_unit_move(struct trace_unit *from, struct trace_unit *into)
{
    if (from == into)
        return;
    for (size_t i = 0; i < from->item_count; i++)
        *trace_unit_item(into, from->items[i].pair, from->items[i].kind) = from->items[i];
    for (size_t i = 0; i < from->stream_count; i++) {
        struct unit_stream *s = &from->streams[i];
        struct unit_stream *same = find_stream(into, s->pair, s->name);
        if (same)
            trace_stream_append(&same->bytes, &s->bytes);
        else
            *add_stream(into) = *s;
    }
    from->item_count = from->stream_count = 0; /* what they hold belongs to the other one now */
    adopt(from, into);
    from->into = into;
}

/* ---- the end --------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t with)
{
    hash ^= with + UINT64_C(0x9e3779b97f4a7c15) + (hash << 6) + (hash >> 2);
    return hash * UINT64_C(0xff51afd7ed558ccd);
}

static uint64_t of_text(const char *text)
{
    return (uint64_t)(uintptr_t)text; /* equal ones are the same */
}

static uint64_t with_field(uint64_t hash, const struct unit_field *x)
{
    return mix(mix(hash, of_text(x->name)), of_text(x->value));
}

static void hash_item(struct unit_item *i, const struct trace_rules *rules)
{
    i->hash = i->uncut = i->near = of_text(i->kind);
    for (uint32_t f = 0; f < i->count; f++) {
        const struct unit_field *x = &i->fields[f];
        i->hash = with_field(i->hash, x);
        if (x->cut)
            continue;
        i->uncut = with_field(i->uncut, x);
        if (!rules || !rules_tolerate_some(rules, x->name, i->kind))
            i->near = with_field(i->near, x);
    }
}

static uint64_t in_pair(uint64_t hash, struct unit_pair pair)
{
    return mix(mix(hash, of_text(pair.from)), of_text(pair.to));
}

/* A stream's hash is of its joined bytes: it does not know of cuts. */
static uint64_t hash_stream(struct unit_stream *s)
{
    trace_stream_finish(&s->bytes);
    return mix(mix(s->bytes.hash, of_text(s->name)), of_text(s->pair.from));
}

/* What is said between different pairs may interleave in any way: the sum does not know. */
static void finish(struct trace_unit *x, const struct trace_rules *rules)
{
    for (size_t i = 0; i < x->item_count; i++) {
        struct unit_item *item = &x->items[i];
        hash_item(item, rules);
        x->hash += in_pair(item->hash, item->pair);
        x->uncut += item->cut ? 0 : in_pair(item->uncut, item->pair);
        x->near += item->cut ? 0 : in_pair(item->near, item->pair);
    }
    for (size_t i = 0; i < x->stream_count; i++) {
        uint64_t hash = hash_stream(&x->streams[i]);
        x->hash += hash;
        x->uncut += hash;
        x->near += hash;
    }
}

/* The how manyth of its type: types are few. */
static void number_actors(struct trace_units *u)
{
    enum { TYPES_MAX = 64 };
    struct {
        const char *actor;
        uint32_t count;
    } types[TYPES_MAX] = {{NULL, 0}};
    for (size_t i = 0; i < u->count; i++) {
        unsigned t = 0;
        if (!u->all[i]->actor)
            continue;
        while (t < TYPES_MAX - 1 && types[t].actor && types[t].actor != u->all[i]->actor)
            t++;
        types[t].actor = u->all[i]->actor;
        u->all[i]->ordinal = ++types[t].count;
    }
}

void trace_units_finish(struct trace_units *u)
{
    size_t kept = 0;
    for (size_t i = 0; i < u->count; i++) {
        struct trace_unit *x = u->all[i];
        bool ignored = x->ignored && !x->asked;
        if (x->into || ignored || (!x->item_count && !x->stream_count)) {
            unit_free(x);
            continue;
        }
        finish(x, u->rules);
        u->all[kept++] = x;
    }
    u->count = kept;
    number_actors(u);
}

const char *trace_unit_name(const struct trace_unit *x, char out[UNIT_NAME_MAX])
{
    int n;
    if (x->actor)
        n = snprintf(out, UNIT_NAME_MAX, "%s %" PRIu32 " outside of exchanges", x->actor,
                     x->ordinal);
    else if (x->number)
        n = snprintf(out, UNIT_NAME_MAX, "exchange %" PRIu32, x->number);
    else
        n = snprintf(out, UNIT_NAME_MAX, "exchange of connection %" PRIu64, x->ids.connection);
    if (x->method && n < UNIT_NAME_MAX)
        snprintf(out + n, (size_t)(UNIT_NAME_MAX - n), " %s %s", x->method, x->target);
    else if (x->raw && n < UNIT_NAME_MAX)
        snprintf(out + n, (size_t)(UNIT_NAME_MAX - n), " raw");
    return out;
}
