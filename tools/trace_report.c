/* tools/trace_report.c -- a comparison as text; see trace_report.h */
#include "tools/trace_report.h"
#include "tools/output.h"
#include "tools/trace_two_options.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- words ----------------------------------------------------------------------------------- */

struct words {
    char *out;
    size_t length;
};

static void put(struct words *w, const char *text)
{
    for (; *text && w->length + 5 < REPORT_LINE_MAX; text++) {
        unsigned char c = (unsigned char)*text;
        if (c >= ' ' && c < 0x7f)
            w->out[w->length++] = (char)c;
        else
            w->length += (size_t)snprintf(w->out + w->length, 5, "\\x%02x", c);
    }
    w->out[w->length] = '\0';
}

static void put_all(struct words *w, const char *const *texts)
{
    for (; *texts; texts++)
        put(w, *texts);
}
#define PUT(w, ...) put_all((w), (const char *const[]){__VA_ARGS__, NULL})

static void put_sequences(struct words *w, const struct trace_difference *d, struct report_sides s)
{
    char text[80];
    snprintf(text, sizeof text, "%" PRIu64, d->sequence_a);
    if (d->has_a)
        PUT(w, " [", s.a, " ", text);
    snprintf(text, sizeof text, "%" PRIu64, d->sequence_b);
    if (d->has_b)
        PUT(w, d->has_a ? ", " : " [", s.b, " ", text);
    if (d->has_a || d->has_b)
        put(w, "]");
}

static void put_two(struct words *w, const struct trace_difference *d, struct report_sides s)
{
    PUT(w, d->name, ": ", d->a ? d->a : "not there", ", in ", s.b, " ", d->b ? d->b : "not there");
    if (d->kind == DIFFERENCE_STREAM && d->weight == UNIT_CUT)
        put(w, "; the same bytes, cut differently");
    if (d->weight == UNIT_UNKNOWN)
        put(w, "; not known: bytes were left out of the recording");
}

const char *report_difference(const struct trace_difference *d, struct report_sides s,
                              char out[REPORT_LINE_MAX])
{
    struct words w = {out, 0};
    PUT(&w, d->pair.from, " -> ", d->pair.to, " ");
    if (d->item)
        PUT(&w, d->item, ": ");
    if (d->kind == DIFFERENCE_MISSING || d->kind == DIFFERENCE_EXTRA)
        PUT(&w, "only in ", d->kind == DIFFERENCE_MISSING ? s.a : s.b);
    else
        put_two(&w, d, s);
    put_sequences(&w, d, s);
    return out;
}

const char *report_verdict(enum unit_verdict v, struct report_sides s, char out[REPORT_LINE_MAX])
{
    struct words w = {out, 0};
    if (v == UNIT_ONLY_A || v == UNIT_ONLY_B)
        PUT(&w, "only in ", v == UNIT_ONLY_A ? s.a : s.b);
    else
        put(&w, unit_verdict_name(v));
    return out;
}

const char *report_unit(const struct unit_result *u, struct report_sides s,
                        char out[REPORT_LINE_MAX])
{
    struct words w = {out, 0};
    char name[UNIT_NAME_MAX], other[UNIT_NAME_MAX];
    put(&w, trace_unit_name(u->a ? u->a : u->b, name));
    if (u->a && u->b && strcmp(name, trace_unit_name(u->b, other)) != 0)
        PUT(&w, " (in ", s.b, " ", other, ")");
    return out;
}

static void put_missing(struct words *w, const struct trace_two *t, unsigned side, const char *name)
{
    const struct trace_two_damage *d = &t->damage[side];
    char text[160] = "";
    if (trace_two_is_whole(t, side))
        return;
    PUT(w, w->length ? "; " : "", name, ": ");
    snprintf(text, sizeof text,
             "calls that are missing: %" PRIu64 ", damaged places: %" PRIu64 "%s",
             t->units[side]->calls_lost, d->bad, d->torn ? ", and its end is torn off" : "");
    put(w, text);
}

const char *report_missing(const struct trace_two *t, struct report_sides s,
                           char out[REPORT_LINE_MAX])
{
    struct words w = {out, 0};
    out[0] = '\0';
    put_missing(&w, t, 0, s.a);
    put_missing(&w, t, 1, s.b);
    return out;
}

/* ---- text ------------------------------------------------------------------------------------ */

static void counts(const char *what, const size_t n[UNIT_VERDICTS], struct report_sides s)
{
    output_format("%s: %zu equal, %zu different, %zu only in %s, %zu only in %s, %zu cut "
                  "differently",
                  what, n[UNIT_EQUAL], n[UNIT_DIFFERENT], n[UNIT_ONLY_A], s.a, n[UNIT_ONLY_B], s.b,
                  n[UNIT_CUT]);
    if (n[UNIT_UNKNOWN])
        output_format(", %zu not known", n[UNIT_UNKNOWN]);
    output_text("\n");
}

static void lacks(const struct trace_two *t, unsigned n, const char *side)
{
    const struct trace_units *u = t->units[n];
    if (t->damage[n].bad)
        output_format("%s is damaged at %" PRIu64 " places: what was there is not known\n", side,
                      t->damage[n].bad);
    if (t->damage[n].torn)
        output_format("%s is torn: how it ends is not known\n", side);
    if (u->calls_lost)
        output_format("%s lacks %" PRIu64 " calls, which its recorder had no room for: what they "
                      "were is not known,\nand from there on the bytes of its links are not "
                      "compared\n",
                      side, u->calls_lost);
    if (u->link_left_out)
        output_format("%s was recorded without bodies: the bytes of its link are not compared, the "
                      "messages in them are\n",
                      side);
}

static void summary(const struct trace_two *t, struct report_sides s)
{
    const struct trace_comparison *c = t->comparison;
    output_format("%s: %s, %" PRIu64 " records\n%s: %s, %" PRIu64 " records\n", s.a, t->paths[0],
                  t->units[0]->records, s.b, t->paths[1], t->units[1]->records);
    counts("exchanges", c->exchanges, s);
    counts("outside of exchanges", c->outside, s);
    output_format("compared: %" PRIu64 " messages and effects of %s, %" PRIu64
                  " of %s, and %" PRIu64 " streams of bytes\n",
                  c->items_a, s.a, c->items_b, s.b, c->streams);
    if (c->sockets_left_out)
        output_format("%" PRIu64 " streams of sockets were not recorded whole and are not "
                      "compared\n",
                      c->sockets_left_out);
    lacks(t, 0, s.a);
    lacks(t, 1, s.b);
    output_text(!c->count                                       ? "nothing was compared\n"
                : trace_two_is_equal(t, trace_two_cuts_count()) ? "equal\n"
                                                                : "different\n");
}

static void unit(const struct unit_result *u, struct report_sides s, bool details)
{
    char name[REPORT_LINE_MAX], verdict[REPORT_LINE_MAX], line[REPORT_LINE_MAX];
    output_format("%s: %s", report_unit(u, s, name), report_verdict(u->verdict, s, verdict));
    if (u->count && !details)
        output_format(": %s", report_difference(&u->differences[0], s, line));
    if (u->count > 1 && !details)
        output_format(", and %zu more", u->count - 1);
    output_text("\n");
    for (size_t i = 0; details && i < u->count; i++)
        output_format("    %s\n", report_difference(&u->differences[i], s, line));
}

void report_text(const struct trace_two *t, struct report_sides s, bool details)
{
    bool first = true;
    summary(t, s);
    for (size_t i = 0; i < t->comparison->count; i++) {
        const struct unit_result *u = &t->comparison->units[i];
        if (u->verdict == UNIT_EQUAL ||
            (u->verdict == UNIT_CUT && !details && !trace_two_cuts_count()))
            continue;
        output_text(first ? "\n" : "");
        unit(u, s, details);
        first = false;
    }
}
