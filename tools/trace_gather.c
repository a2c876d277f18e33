/* tools/trace_gather.c -- see trace_gather.h: which unit a record belongs to. */
#include "tools/trace_gather_inside.h"
#include "messages/exchange_number.h"
#include "messages/vocabulary.h"
#include <stdlib.h>

struct gather_number {
    uint32_t number;
    struct trace_unit *unit;
    UT_hash_handle hh;
};

struct gather_ids {
    struct unit_ids ids;
    struct trace_unit *unit;
    unsigned begun; /* bits of enum gather_place */
    UT_hash_handle hh;
};

struct gather_actor {
    uint64_t ref;
    struct trace_unit *unit; /* outside of exchanges; NULL: nothing was said there yet */
    uint32_t exchange;       /* that it was made for, if its first message was of one */
    UT_hash_handle hh;
};

static void *zeroed(size_t bytes)
{
    void *memory = calloc(1, bytes);
    if (!memory)
        heap_exhausted("what a trace holds", bytes);
    return memory;
}

/* ---- exchanges ------------------------------------------------------------------------------- */

static struct gather_number *of_number(struct gather *g, uint32_t number)
{
    struct gather_number *n;
    HASH_FIND(hh, g->numbers, &number, sizeof number, n);
    if (n)
        return n;
    n = zeroed(sizeof *n);
    n->number = number;
    n->unit = trace_units_add(g->units);
    n->unit->number = number;
    HASH_ADD(hh, g->numbers, number, sizeof n->number, n);
    return n;
}

static struct gather_ids *of_ids(struct gather *g, struct unit_ids ids)
{
    struct gather_ids *i;
    HASH_FIND(hh, g->ids, &ids, sizeof ids, i);
    if (i)
        return i;
    i = zeroed(sizeof *i);
    i->ids = ids;
    HASH_ADD(hh, g->ids, ids, sizeof i->ids, i);
    return i;
}

/* Some messages name the connection alone: they belong to its last exchange. */
static void is_newest(struct gather *g, struct unit_ids ids, struct trace_unit *x)
{
    ids.request = UNIT_IDS_CONNECTION;
    of_ids(g, ids)->unit = x;
}

struct trace_unit *gather_unit_of_ids(struct gather *g, struct unit_ids ids,
                                      enum gather_place begins)
{
    struct gather_ids *i = of_ids(g, ids);
    if (!i->unit || (i->begun & begins)) {
        i->unit = trace_units_add(g->units);
        i->unit->has_ids = true;
        i->unit->ids = ids;
        i->begun = 0;
        is_newest(g, ids, i->unit);
    }
    i->begun |= begins;
    return trace_unit_now(i->unit);
}

/* The interceptor's first message with ids: what was said of these before was about this exchange. */
static void bind(struct gather *g, struct gather_number *n, struct unit_ids ids)
{
    struct gather_ids *i = of_ids(g, ids);
    struct trace_unit *known = trace_unit_now(i->unit);
    if (known && !known->number)
        trace_unit_move(known, n->unit);
    else if (known != n->unit)
        i->begun = 0;
    i->unit = n->unit;
    n->unit->has_ids = true;
    n->unit->ids = ids;
    is_newest(g, ids, n->unit);
}

static bool ids_of(const struct trace_record *r, struct unit_ids *ids)
{
    uint64_t connection, mode, request;
    if (r->what != TRACE_CALL || !trace_value(r, "connection", &connection) ||
        !trace_value(r, "mode", &mode))
        return false;
    memset(ids, 0, sizeof *ids); /* it is a key, padding and all */
    ids->connection = connection;
    ids->mode = (uint32_t)mode;
    if (trace_value(r, "request", &request))
        ids->request = (uint32_t)request;
    else if (r->kind->ours == MSG_CONNECTION_CLOSED)
        ids->request = UNIT_IDS_CONNECTION;
    return true;
}

/* ---- actors outside -------------------------------------------------------------------------- */

static struct gather_actor *of_actor(struct gather *g, struct actor_ref who)
{
    struct gather_actor *a;
    uint64_t ref = ref_bits(who);
    HASH_FIND(hh, g->outside, &ref, sizeof ref, a);
    if (a)
        return a;
    a = zeroed(sizeof *a);
    a->ref = ref;
    HASH_ADD(hh, g->outside, ref, sizeof a->ref, a);
    return a;
}

static struct trace_unit *unit_of_actor(struct gather *g, struct actor_ref who, const char *type)
{
    struct gather_actor *a = of_actor(g, who);
    if (!a->unit) {
        a->unit = trace_units_add(g->units);
        a->unit->actor = trace_string_of(g->strings, type ? type : "?");
    }
    return a->unit;
}

/* agent_remote serves one remote client: what it says to those that serve all is about this one. */
static struct trace_unit *unit_outside(struct gather *g)
{
    const struct trace_record *r = g->record;
    const char *from = trace_actors_type(g->actors, r->from);
    if (from && strcmp(from, "agent_remote") == 0)
        return unit_of_actor(g, r->from, from);
    return unit_of_actor(g, r->to, g->type);
}

/* ---- records --------------------------------------------------------------------------------- */

static bool is_of_type(const struct gather *g, const char *type)
{
    return g->type && strcmp(g->type, type) == 0;
}

static struct trace_unit *unit_of_number(struct gather *g, uint32_t number)
{
    struct gather_number *n = of_number(g, number);
    struct unit_ids ids;
    if (!n->unit->has_ids && is_of_type(g, "interceptor") && ids_of(g->record, &ids)) {
        bind(g, n, ids);
        n->unit->raw = g->record->kind->ours == MSG_NEW_CONNECTION;
    }
    return n->unit;
}

static enum gather_place begins_at(const struct gather *g)
{
    uint16_t kind = g->record->kind->ours;
    bool begins = kind == MSG_REQUEST || kind == MSG_NEW_CONNECTION;
    return begins && is_of_type(g, "incoming_proxy") ? AT_PROXY : 0;
}

static struct trace_unit *unit_of_record(struct gather *g)
{
    const struct trace_record *r = g->record;
    uint32_t number = exchange_of_proxy(trace_record_exchange(r));
    struct gather_actor *a = of_actor(g, r->to);
    struct unit_ids ids;
    if (r->what == TRACE_CALL && r->number == 1)
        a->exchange = number;
    if (!number && r->what == TRACE_END)
        number = a->exchange;
    if (number)
        return unit_of_number(g, number);
    if (ids_of(r, &ids)) {
        struct gather_ids *newest = of_ids(g, ids);
        if (ids.request == UNIT_IDS_CONNECTION && newest->unit)
            return trace_unit_now(newest->unit);
        return gather_unit_of_ids(g, ids, begins_at(g));
    }
    return unit_outside(g);
}

static void begin_unit(struct gather *g)
{
    struct trace_unit *x = g->unit;
    if (x->begun)
        return;
    x->begun = true;
    x->began_us = g->record->now_us;
    x->sequence = g->record->sequence;
}

struct unit_pair gather_pair(struct gather *g, const char *from, const char *to)
{
    return (struct unit_pair){trace_string_of(g->strings, from ? from : "?"),
                              trace_string_of(g->strings, to ? to : "?")};
}

struct unit_item *gather_item(struct gather *g, struct trace_unit *x, struct unit_pair pair,
                              const char *kind, bool is_effect)
{
    const struct trace_record *r = g->record;
    struct unit_item *i = trace_unit_item(x, pair, trace_string_of(g->strings, kind));
    i->sequence = r->sequence;
    i->since_us = r->now_us > x->began_us ? r->now_us - x->began_us : 0;
    i->took_us = r->took_ns / 1000;
    i->once = is_effect ? rules_once_effect(g->rules, kind, pair.from)
                        : rules_once_kind(g->rules, kind, pair.to);
    i->unordered =
        i->once || g->unordered || (!is_effect && rules_unordered_kind(g->rules, kind, pair.to));
    return i;
}

struct trace_stream *gather_stream(struct gather *g, struct trace_unit *x, struct unit_pair pair,
                                   const char *name)
{
    return trace_unit_stream(g->units, x, pair, trace_string_of(g->strings, name),
                             g->record->sequence);
}

/* ---- requests that are not compared ---------------------------------------------------------- */

static void ask_rules(struct gather *g, struct trace_unit *x, const char *method,
                      const char *target)
{
    if (rules_ignore_request(g->rules, method, target))
        x->ignored = true;
    else
        x->asked = true;
}

/* A remote client may ask for several. */
static void look_at_request(struct gather *g)
{
    const char *method, *target;
    size_t method_length, target_length;
    const char *actor = g->unit->actor;
    if (actor && strcmp(actor, "agent_remote") == 0 &&
        trace_record_request(g->record, &method, &method_length, &target, &target_length))
        ask_rules(g, g->unit, trace_string(g->strings, method, method_length),
                  trace_string(g->strings, target, target_length));
}

/* Once its request is known, wherever that was said. */
static void look_at_exchanges(struct gather *g)
{
    for (size_t i = 0; i < g->units->count; i++) {
        struct trace_unit *x = g->units->all[i];
        if (!x->actor && x->method)
            ask_rules(g, x, x->method, x->target);
    }
}

/* ---- all of them ----------------------------------------------------------------------------- */

static void take(struct gather *g, struct trace_filter *filter, struct trace_exchanges *exchanges)
{
    const struct trace_record *r = g->record;
    const struct trace_exchange *x = trace_exchanges_take(exchanges, r);
    trace_actors_take(g->actors, g->reader, r);
    g->type = r->type ? r->type : trace_actors_type(g->actors, r->to);
    if (r->what == TRACE_LAGGED) {
        g->units->calls_lost += r->lost;
        gather_links_lost(g);
    }
    if (r->what == TRACE_LAGGED || r->what == TRACE_NOTE)
        return;
    g->unit = unit_of_record(g);
    begin_unit(g);
    look_at_request(g);
    g->unordered = false;
    g->wanted = !rules_judge_record(g->rules, g->reader, r, x, &g->unordered);
    if (filter && !trace_filter_wants(filter, r, x))
        g->wanted = false;
    if (g->unit->actor && rules_ignore_outside(g->rules, g->unit->actor))
        g->wanted = false;
    gather_message(g);
    gather_effects(g);
}

static void gather_free(struct gather *g)
{
    struct gather_number *n, *next_number;
    struct gather_ids *i, *next_ids;
    struct gather_actor *a, *next_actor;
    HASH_ITER(hh, g->numbers, n, next_number)
    {
        HASH_DEL(g->numbers, n);
        free(n);
    }
    HASH_ITER(hh, g->ids, i, next_ids)
    {
        HASH_DEL(g->ids, i);
        free(i);
    }
    HASH_ITER(hh, g->outside, a, next_actor)
    {
        HASH_DEL(g->outside, a);
        free(a);
    }
    gather_links_free(g);
    trace_actors_free(g->actors);
}

void trace_gather(struct trace_units *units, struct trace_input *in, struct trace_rules *rules,
                  struct trace_filter *filter)
{
    struct trace_exchanges *exchanges = trace_exchanges_new();
    struct gather g = {.units = units,
                       .strings = units->strings,
                       .rules = rules,
                       .reader = in->reader,
                       .actors = trace_actors_new()};
    struct trace_record r;
    if (filter)
        trace_filter_reader(filter, in->reader);
    while (trace_input_next(in, &r)) {
        units->records++;
        g.record = &r;
        take(&g, filter, exchanges);
    }
    look_at_exchanges(&g);
    gather_free(&g);
    trace_exchanges_free(exchanges);
    trace_units_finish(units);
}
