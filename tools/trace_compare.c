/* tools/trace_compare.c -- see trace_compare.h */
#include "tools/trace_compare.h"
#include "runtime/heap.h"
#include "tools/trace_match.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct comparing {
    const struct trace_rules *rules;
    struct trace_strings *strings;
    struct trace_comparison *all;
    struct unit_result *unit;
};

static const char *const names[] = {
    [UNIT_EQUAL] = "equal",         [UNIT_CUT] = "cut differently", [UNIT_UNKNOWN] = "not known",
    [UNIT_DIFFERENT] = "different", [UNIT_ONLY_A] = "only in A",    [UNIT_ONLY_B] = "only in B",
};

const char *unit_verdict_name(enum unit_verdict v)
{
    return names[v];
}

static struct trace_difference *add(struct comparing *c, enum difference_kind kind,
                                    enum unit_verdict weight, struct unit_pair pair)
{
    struct unit_result *u = c->unit;
    u->differences = trace_grow(u->differences, u->count, &u->room, sizeof *u->differences);
    struct trace_difference *d = &u->differences[u->count++];
    *d = (struct trace_difference){.kind = kind, .weight = weight, .pair = pair};
    if (weight > u->verdict)
        u->verdict = weight;
    return d;
}

static void set_sequences(struct trace_difference *d, const uint64_t *a, const uint64_t *b)
{
    d->has_a = a != NULL;
    d->has_b = b != NULL;
    d->sequence_a = a ? *a : 0;
    d->sequence_b = b ? *b : 0;
}

/* ---- fields ---------------------------------------------------------------------------------- */

struct two_items {
    const struct unit_item *a, *b;
};

static void field_differs(struct comparing *c, struct two_items of, const char *name, const char *a,
                          const char *b, bool cut)
{
    struct trace_difference *d =
        add(c, DIFFERENCE_FIELD, cut ? UNIT_CUT : UNIT_DIFFERENT, of.a->pair);
    d->item = of.a->kind;
    d->name = name;
    d->a = a;
    d->b = b;
    set_sequences(d, &of.a->sequence, &of.b->sequence);
}

static bool number_of(const char *text, double *n)
{
    char *end;
    *n = strtod(text, &end);
    return end != text && !*end;
}

static bool near_enough(const struct comparing *c, const char *name, const char *kind,
                        const char *a, const char *b)
{
    double x, y;
    return number_of(a, &x) && number_of(b, &y) && rules_tolerate(c->rules, name, kind, x, y);
}

/* The how manyth of its name in the list; names may repeat, as header lines do. */
static const struct unit_field *same_field(const struct unit_item *from, uint32_t n,
                                           const struct unit_item *in)
{
    unsigned before = 0;
    for (uint32_t i = 0; i < n; i++)
        before += from->fields[i].name == from->fields[n].name;
    for (uint32_t i = 0; i < in->count; i++)
        if (in->fields[i].name == from->fields[n].name && before-- == 0)
            return &in->fields[i];
    return NULL;
}

static void fields(struct comparing *c, struct two_items of)
{
    for (uint32_t n = 0; n < of.a->count; n++) {
        const struct unit_field *x = &of.a->fields[n], *y = same_field(of.a, n, of.b);
        if (!y)
            field_differs(c, of, x->name, x->value, NULL, x->cut);
        else if (x->value != y->value && !near_enough(c, x->name, of.a->kind, x->value, y->value))
            field_differs(c, of, x->name, x->value, y->value, x->cut);
    }
    for (uint32_t n = 0; n < of.b->count; n++)
        if (!same_field(of.b, n, of.a))
            field_differs(c, of, of.b->fields[n].name, NULL, of.b->fields[n].value,
                          of.b->fields[n].cut);
}

/* Each field of `of` is in the other, and says the same or nearly so. */
static bool fields_near(const struct comparing *c, const struct unit_item *of,
                        const struct unit_item *other)
{
    for (uint32_t n = 0; n < of->count; n++) {
        const struct unit_field *x = &of->fields[n], *y = same_field(of, n, other);
        if (x->cut || (y && x->value == y->value))
            continue;
        if (!y || !near_enough(c, x->name, of->kind, x->value, y->value))
            return false;
    }
    return true;
}

static bool on_near(void *context, const struct unit_item *a, const struct unit_item *b)
{
    return fields_near(context, a, b) && fields_near(context, b, a);
}

/* Times are compared only where a tolerance is given. */
static void duration(struct comparing *c, struct two_items of, const char *name, uint64_t a,
                     uint64_t b)
{
    if (!rules_tolerance_of(c->rules, name, of.a->kind) ||
        rules_tolerate(c->rules, name, of.a->kind, (double)a, (double)b))
        return;
    field_differs(c, of, trace_string_of(c->strings, name),
                  trace_string_format(c->strings, "%" PRIu64 "us", a),
                  trace_string_format(c->strings, "%" PRIu64 "us", b), false);
}

static void on_match(void *context, const struct unit_item *a, const struct unit_item *b)
{
    struct comparing *c = context;
    const struct unit_item *one = a ? a : b;
    if (a && b) {
        struct two_items of = {a, b};
        if (a->hash != b->hash)
            fields(c, of);
        duration(c, of, "time", a->since_us, b->since_us);
        duration(c, of, "took", a->took_us, b->took_us);
        return;
    }
    struct trace_difference *d = add(c, a ? DIFFERENCE_MISSING : DIFFERENCE_EXTRA,
                                     one->cut ? UNIT_CUT : UNIT_DIFFERENT, one->pair);
    d->item = one->kind;
    set_sequences(d, a ? &a->sequence : NULL, b ? &b->sequence : NULL);
}

/* ---- items of a unit, pair by pair ----------------------------------------------------------- */

static int by_pair(const void *x, const void *y)
{
    const struct unit_item *a = *(const struct unit_item *const *)x;
    const struct unit_item *b = *(const struct unit_item *const *)y;
    int order = strcmp(a->pair.from, b->pair.from);
    if (!order)
        order = strcmp(a->pair.to, b->pair.to);
    return order ? order : (a > b) - (a < b);
}

/* In order of pairs, and within a pair as they came. */
static const struct unit_item **sorted(const struct trace_unit *x)
{
    const struct unit_item **list = malloc((x->item_count + 1) * sizeof *list);
    if (!list)
        heap_exhausted("a comparison of traces", x->item_count);
    for (size_t i = 0; i < x->item_count; i++)
        list[i] = &x->items[i];
    qsort(list, x->item_count, sizeof *list, by_pair);
    return list;
}

static bool same_pair(struct unit_pair a, struct unit_pair b)
{
    return a.from == b.from && a.to == b.to;
}

/* How many from `at` on are of this pair. */
static size_t run_of(const struct unit_item **list, size_t at, size_t count, struct unit_pair pair)
{
    size_t n = 0;
    while (at + n < count && same_pair(list[at + n]->pair, pair))
        n++;
    return n;
}

static int order_of(const struct unit_item *a, const struct unit_item *b)
{
    int order = strcmp(a->pair.from, b->pair.from);
    return order ? order : strcmp(a->pair.to, b->pair.to);
}

static void items(struct comparing *c, const struct trace_unit *a, const struct trace_unit *b)
{
    const struct matching m = {.found = on_match, .near = on_near, .context = c};
    const struct unit_item **x = sorted(a), **y = sorted(b);
    size_t i = 0, j = 0;
    while (i < a->item_count || j < b->item_count) {
        bool of_a = j == b->item_count || (i < a->item_count && order_of(x[i], y[j]) <= 0);
        struct unit_pair pair = of_a ? x[i]->pair : y[j]->pair;
        size_t of_x = run_of(x, i, a->item_count, pair), of_y = run_of(y, j, b->item_count, pair);
        trace_match(x + i, of_x, y + j, of_y, &m);
        i += of_x;
        j += of_y;
    }
    free(x);
    free(y);
}

/* ---- streams --------------------------------------------------------------------------------- */

static const struct unit_stream *same_stream(const struct unit_stream *s,
                                             const struct trace_unit *in)
{
    for (size_t i = 0; i < in->stream_count; i++)
        if (same_pair(in->streams[i].pair, s->pair) && in->streams[i].name == s->name)
            return &in->streams[i];
    return NULL;
}

static const char *stream_text(struct comparing *c, const struct trace_stream *s,
                               enum unit_verdict weight)
{
    if (!s)
        return "nothing";
    if (weight == UNIT_CUT)
        return trace_string_format(c->strings, "%zu pieces", s->piece_count);
    return trace_string_format(c->strings, "%" PRIu64 " bytes%s%s", s->length,
                               s->ended ? "" : ", without an end",
                               s->left_out ? ", not all recorded" : "");
}

/* "300 bytes; they differ from byte 7 on" */
static const char *with_place(struct comparing *c, const char *text, struct stream_place at)
{
    if (at.to == at.from + 1)
        return trace_string_format(c->strings, "%s; they differ from byte %" PRIu64 " on", text,
                                   at.from);
    return trace_string_format(c->strings,
                               "%s; they differ first between bytes %" PRIu64 " and %" PRIu64, text,
                               at.from, at.to);
}

static enum unit_verdict weight_of(enum stream_verdict v)
{
    return v == STREAM_CUT ? UNIT_CUT : v == STREAM_UNKNOWN ? UNIT_UNKNOWN : UNIT_DIFFERENT;
}

static void stream(struct comparing *c, const struct unit_stream *a, const struct unit_stream *b)
{
    const struct unit_stream *one = a ? a : b;
    const struct trace_stream *x = a ? &a->bytes : NULL, *y = b ? &b->bytes : NULL;
    struct stream_place at;
    c->all->streams++;
    if (one->bytes.is_socket && ((x && x->left_out) || (y && y->left_out))) {
        c->all->sockets_left_out++;
        return;
    }
    enum stream_verdict v = trace_stream_compare(x, y);
    if (v == STREAM_EQUAL)
        return;
    struct trace_difference *d = add(c, DIFFERENCE_STREAM, weight_of(v), one->pair);
    d->name = one->name;
    d->is_socket = one->bytes.is_socket;
    d->a = stream_text(c, x, d->weight);
    d->b = stream_text(c, y, d->weight);
    if (v == STREAM_DIFFERENT && x && y && trace_stream_first_difference(x, y, &at))
        d->b = with_place(c, d->b, at);
    set_sequences(d, a ? &a->sequence : NULL, b ? &b->sequence : NULL);
}

static void streams(struct comparing *c, const struct trace_unit *a, const struct trace_unit *b)
{
    for (size_t i = 0; i < a->stream_count; i++)
        stream(c, &a->streams[i], same_stream(&a->streams[i], b));
    for (size_t i = 0; i < b->stream_count; i++)
        if (!same_stream(&b->streams[i], a))
            stream(c, NULL, &b->streams[i]);
}

/* ---- units ----------------------------------------------------------------------------------- */

static int by_weight(const void *x, const void *y)
{
    const struct trace_difference *a = x, *b = y;
    uint64_t at_a = a->has_a ? a->sequence_a : a->sequence_b;
    uint64_t at_b = b->has_a ? b->sequence_a : b->sequence_b;
    if (a->weight != b->weight)
        return (a->weight < b->weight) - (a->weight > b->weight);
    if (a->is_socket != b->is_socket)
        return a->is_socket - b->is_socket;
    return (at_a > at_b) - (at_a < at_b);
}

static void unit(struct comparing *c, const struct trace_unit *a, const struct trace_unit *b)
{
    struct trace_comparison *all = c->all;
    all->units = trace_grow(all->units, all->count, &all->room, sizeof *all->units);
    c->unit = &all->units[all->count++];
    *c->unit = (struct unit_result){.a = a, .b = b};
    if (a && b) {
        items(c, a, b);
        streams(c, a, b);
        all->items_a += a->item_count;
        all->items_b += b->item_count;
    } else {
        c->unit->verdict = a ? UNIT_ONLY_A : UNIT_ONLY_B;
    }
    if (c->unit->count)
        qsort(c->unit->differences, c->unit->count, sizeof *c->unit->differences, by_weight);
    ((a ? a : b)->actor ? all->outside : all->exchanges)[c->unit->verdict]++;
}

struct trace_comparison *trace_compare(const struct trace_units *a, const struct trace_units *b,
                                       const struct trace_rules *rules)
{
    struct trace_comparison *all = calloc(1, sizeof *all);
    if (!all)
        heap_exhausted("a comparison of traces", sizeof *all);
    struct comparing c = {.rules = rules, .strings = a->strings, .all = all};
    all->lagged = a->calls_lost || b->calls_lost;
    for (size_t i = 0; i < a->count; i++)
        unit(&c, a->all[i], a->all[i]->other);
    for (size_t i = 0; i < b->count; i++)
        if (!b->all[i]->other)
            unit(&c, NULL, b->all[i]);
    return all;
}

void trace_comparison_free(struct trace_comparison *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->count; i++)
        free(c->units[i].differences);
    free(c->units);
    free(c);
}

bool unit_result_is_equal(const struct unit_result *u, bool cuts_count)
{
    return u->verdict == UNIT_EQUAL || (u->verdict == UNIT_CUT && !cuts_count);
}

bool trace_comparison_is_equal(const struct trace_comparison *c, bool cuts_count)
{
    if (c->lagged)
        return false;
    for (size_t i = 0; i < c->count; i++)
        if (!unit_result_is_equal(&c->units[i], cuts_count))
            return false;
    return true;
}
