/* tools/trace_report_json.c -- a comparison as one JSON object.
 *
 *     {"a": {"path", "records", "lost", "damaged", "torn"}, "b": {...}, "equal": bool,
 *      "exchanges": {"equal": n, "different": n, "only_a": n, "only_b": n, "cut": n, "unknown": n},
 *      "outside": {...}, "compared": {"a": n, "b": n, "streams": n},
 *      "units": [{"name", "verdict", "a": exchange or null, "b", "method", "target",
 *                 "differences": [{"kind": "field" | "missing" | "extra" | "stream", "weight",
 *                                  "from", "to", "item", "name", "a", "b", "sequence_a", "sequence_b"}]}]}
 *
 * Units that are equal are only counted. A member that is not known is null. Names and the meaning of members do
 * not change; members may be added.
 */
#include "tools/output.h"
#include "tools/trace_report.h"
#include "tools/trace_two_options.h"
#include <jansson.h>
#include <stdlib.h>

static const char *const words[UNIT_VERDICTS] = {"equal",     "cut",    "unknown",
                                                 "different", "only_a", "only_b"};
static const char *const kinds[] = {"field", "missing", "extra", "stream"};

/* A text that is no UTF-8 comes byte by byte: as Latin-1. */
static json_t *text(const char *t)
{
    json_t *j = t ? json_string(t) : json_null();
    if (j)
        return j;
    char *wide = malloc(2 * strlen(t) + 1), *at = wide;
    if (!wide)
        heap_exhausted("a report", strlen(t));
    for (; *t; t++) {
        unsigned char c = (unsigned char)*t;
        if (c >= 0x80)
            *at++ = (char)(0xc0 | c >> 6);
        *at++ = (char)(c >= 0x80 ? 0x80 | (c & 0x3f) : c);
    }
    *at = '\0';
    j = json_string(wide);
    free(wide);
    return j;
}

static json_t *number(bool has, uint64_t n)
{
    return has ? json_integer((json_int_t)n) : json_null();
}

static void set(json_t *object, const char *name, json_t *value)
{
    if (json_object_set_new(object, name, value) != 0)
        heap_exhausted("a report", 0);
}

static json_t *side(const struct trace_two *t, unsigned n)
{
    const struct trace_units *u = t->units[n];
    json_t *o = json_object();
    set(o, "path", text(t->paths[n]));
    set(o, "records", number(true, u->records));
    set(o, "lost", number(true, u->calls_lost));
    set(o, "damaged", number(true, t->damage[n].bad));
    set(o, "torn", json_boolean(t->damage[n].torn));
    return o;
}

static json_t *counts(const size_t n[UNIT_VERDICTS])
{
    json_t *o = json_object();
    for (unsigned i = 0; i < UNIT_VERDICTS; i++)
        set(o, words[i], number(true, n[i]));
    return o;
}

static json_t *difference(const struct trace_difference *d)
{
    json_t *o = json_object();
    set(o, "kind", text(kinds[d->kind]));
    set(o, "weight", text(words[d->weight]));
    set(o, "from", text(d->pair.from));
    set(o, "to", text(d->pair.to));
    set(o, "item", text(d->item));
    set(o, "name", text(d->name));
    set(o, "a", text(d->a));
    set(o, "b", text(d->b));
    set(o, "sequence_a", number(d->has_a, d->sequence_a));
    set(o, "sequence_b", number(d->has_b, d->sequence_b));
    return o;
}

static json_t *exchange(const struct trace_unit *x)
{
    return number(x && x->number, x ? x->number : 0);
}

static json_t *unit(const struct unit_result *u)
{
    const struct trace_unit *one = u->a ? u->a : u->b;
    char name[UNIT_NAME_MAX];
    json_t *o = json_object(), *list = json_array();
    set(o, "name", text(trace_unit_name(one, name)));
    set(o, "verdict", text(words[u->verdict]));
    set(o, "a", exchange(u->a));
    set(o, "b", exchange(u->b));
    set(o, "method", text(one->method));
    set(o, "target", text(one->target));
    for (size_t i = 0; i < u->count; i++)
        json_array_append_new(list, difference(&u->differences[i]));
    set(o, "differences", list);
    return o;
}

static json_t *report(const struct trace_two *t)
{
    const struct trace_comparison *c = t->comparison;
    json_t *o = json_object(), *compared = json_object(), *units = json_array();
    set(o, "a", side(t, 0));
    set(o, "b", side(t, 1));
    set(o, "equal", json_boolean(trace_two_is_equal(t, trace_two_cuts_count())));
    set(o, "exchanges", counts(c->exchanges));
    set(o, "outside", counts(c->outside));
    set(compared, "a", number(true, c->items_a));
    set(compared, "b", number(true, c->items_b));
    set(compared, "streams", number(true, c->streams));
    set(o, "compared", compared);
    for (size_t i = 0; i < c->count; i++)
        if (c->units[i].verdict != UNIT_EQUAL)
            json_array_append_new(units, unit(&c->units[i]));
    set(o, "units", units);
    return o;
}

void report_json(const struct trace_two *t, struct report_sides s)
{
    json_t *o = report(t);
    char *line = json_dumps(o, JSON_COMPACT);
    (void)s;
    if (!line)
        heap_exhausted("a report", 0);
    output_text(line);
    output_text("\n");
    free(line);
    json_decref(o);
}
