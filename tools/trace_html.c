/* tools/trace_html.c -- see trace_html.h
 *
 * Everything of the trace is data: JSON in a script element of another type, and base64. A < in it is written
 * as an escape, so nothing in it can end the element; the page makes text of it, never markup.
 *
 * Arrows are columns, one array a field: a browser reads those fast. Times, sequences and causes are differences
 * to the arrow before, or to the arrow itself.
 */
#include "tools/trace_html.h"
#include "messages/version.h"
#include "tools/output.h"
#include "tools/trace_page.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_part(const struct trace_page_part *part)
{
    output(part->begin, (size_t)(part->end - part->begin));
}

/* ---- JSON ---- */

static void put_string(const char *text)
{
    char one[2] = "";
    output_text("\"");
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        one[0] = *text;
        if (c < 0x20 || strchr("\"\\<>&", c))
            output_format("\\u%04x", c);
        else
            output_text(one);
    }
    output_text("\"");
}

/* Of a name that came from outside: what is no UTF-8 is no JSON. */
static void put_foreign(const char *text)
{
    char ascii[4] = "";
    output_text("\"");
    for (; text && *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c > 0x7e || strchr("\"\\<>&", c))
            output_format("\\u%04x", c);
        else {
            ascii[0] = *text;
            output_text(ascii);
        }
    }
    output_text("\"");
}

static void put_name(const char *name)
{
    output_format(",\n\"%s\":", name);
}

/* JavaScript's numbers are exact up to 2^53. */
static void put_number(uint64_t n)
{
    output_format(n >> 53 ? "\"%" PRIu64 "\"" : "%" PRIu64, n);
}

/* ---- what the arrows need ----
 *
 * Of what belongs to arrows that were left out nothing is written: perhaps they were left out for a reason.
 */

struct used {
    bool *blobs, *texts;
    uint32_t *exchanges; /* sorted */
    uint32_t exchange_count;
};

static void *zeroed(size_t count, size_t each)
{
    void *p = calloc(count + 1, each);
    if (!p)
        heap_exhausted("a diagram", count * each);
    return p;
}

static int compare(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static struct used used_of(const struct diagram *d)
{
    struct used u = {zeroed(d->blob_count, sizeof *u.blobs), zeroed(d->text_count, sizeof *u.texts),
                     zeroed(d->arrow_count, sizeof *u.exchanges), 0};
    for (uint32_t i = 0; i < d->arrow_count; i++) {
        const struct diagram_arrow *a = &d->arrows[i];
        u.texts[a->label] = u.texts[a->detail] = true;
        for (unsigned s = 0; s < d->kinds[a->kind].span_count; s++)
            u.blobs[d->spans[a->bytes + s].blob] = true;
        uint32_t last = u.exchange_count ? u.exchanges[u.exchange_count - 1] : 0;
        if (a->exchange != last)
            u.exchanges[u.exchange_count++] = a->exchange;
    }
    for (uint32_t i = 0; i < d->actor_count; i++)
        u.texts[d->actors[i].type] = true;
    qsort(u.exchanges, u.exchange_count, sizeof *u.exchanges, compare);
    return u;
}

static void used_free(struct used *u)
{
    free(u->blobs);
    free(u->texts);
    free(u->exchanges);
}

/* ---- tables ---- */

static void put_about(const struct trace_about *a)
{
    output_text("{\"program\":");
    put_foreign(a->program);
    output_text(",\"build\":");
    put_foreign(a->build);
    output_text(",\"options\":");
    put_foreign(a->options);
    output_text(",\"protocol\":");
    put_foreign(a->protocol);
    output_text(",\"system\":");
    put_foreign(a->system);
    output_text(",\"why\":");
    put_foreign(a->why);
    output_format(",\"workers\":%" PRIu32 ",\"wall_us\":%" PRIu64 "}", a->workers, a->wall_us);
}

static void put_beginning(const struct diagram *d, const struct trace_html *h)
{
    uint64_t first = d->arrow_count ? d->arrows[0].at_ns : 0;
    uint64_t clock = h->about ? h->about->clock_ns : first;
    output_text("{\"format\":1");
    put_name("title");
    put_foreign(h->title);
    put_name("about");
    if (h->about)
        put_about(h->about);
    else
        output_text("null");
    put_name("filter");
    put_foreign(h->filter);
    output_format(",\"redacted\":%s,\"after_clock_us\":%" PRId64, h->redacted ? "true" : "false",
                  ((int64_t)first - (int64_t)clock) / 1000);
    output_format(",\"bytes_max\":%" PRIu64 ",\"cut_spans\":%" PRIu64 ",\"cut_bytes\":%" PRIu64
                  ",\"capped_spans\":%" PRIu64 ",\"left_out\":%" PRIu64,
                  d->options.bytes_max, d->cut_spans, d->cut_bytes, d->capped_spans, d->left_out);
}

/* Those that have arrows; returns the place of each among them in `place`. */
static void put_lifelines(const struct diagram *d, unsigned place[LIFELINES])
{
    unsigned count = 0;
    put_name("lifelines");
    output_text("[");
    for (int i = 0; i < LIFELINES; i++) {
        place[i] = count;
        if (!d->has[i])
            continue;
        output_text(count++ ? ",{\"name\":" : "{\"name\":");
        put_string(lifelines[i].name);
        output_text(",\"help\":");
        put_string(lifelines[i].help);
        output_text(",\"type\":");
        put_string(lifelines[i].type ? lifelines[i].type : "");
        output_format(",\"outside\":%s}", lifelines[i].type || i == LIFE_OTHER ? "false" : "true");
    }
    output_text("]");
}

static void put_actors(const struct diagram *d, const unsigned place[LIFELINES])
{
    put_name("actors");
    output_text("[");
    for (uint32_t i = 0; i < d->actor_count; i++) {
        const struct diagram_actor *a = &d->actors[i];
        output_format("%s%d,%" PRIu32, i ? "," : "",
                      d->has[a->lifeline] ? (int)place[a->lifeline] : -1, a->type);
        if (ref_is_nobody(a->ref))
            output_text(",\"\"");
        else
            output_format(",\"%u/%" PRIu32 ".%" PRIu32 "\"", ref_worker(a->ref), ref_slot(a->ref),
                          a->ref.generation);
    }
    output_text("]");
}

static const char *field_type_name(uint8_t type)
{
    static const char *const names[] = {"u8", "u16", "u32", "u64", "i32", "flag", "ref", "span"};
    return type < sizeof names / sizeof names[0] ? names[type] : "u64";
}

static void put_kinds(const struct diagram *d)
{
    put_name("kinds");
    output_text("[");
    for (uint32_t i = 0; i < d->kind_count; i++) {
        const struct diagram_kind *k = &d->kinds[i];
        output_text(i ? ",[" : "[");
        put_foreign(k->name);
        for (unsigned f = 0; f < k->field_count; f++) {
            output_text(",");
            put_foreign(k->fields[f].name);
            output_format(",\"%s\"", field_type_name(k->fields[f].type));
        }
        output_text("]");
    }
    output_text("]");
}

static void put_texts(const struct diagram *d, const struct used *u)
{
    put_name("texts");
    output_text("[");
    for (uint32_t i = 0; i < d->text_count; i++) {
        if (i)
            output_text(",\n");
        put_string(u->texts[i] ? d->texts[i] : "");
    }
    output_text("]");
}

static void put_exchange(const struct trace_exchange *x, uint64_t base)
{
    output_format("[%" PRIu32 ",%d,%u,", x->number, x->has_ids, x->mode);
    put_number(x->connection);
    output_format(",%u,%u,%d,%u,%u,%" PRId64 ",%" PRId64 ",", x->request, x->port, x->raw,
                  x->status, x->answer_status, (int64_t)(x->began_ns - base),
                  (int64_t)(x->ended_ns - x->began_ns));
    put_foreign(x->method);
    output_text(",");
    put_foreign(x->target);
    output_text("]");
}

static void put_exchanges(const struct diagram *d, const struct used *u)
{
    const char *comma = "";
    uint64_t base = d->arrow_count ? d->arrows[0].at_ns : 0;
    put_name("exchanges");
    output_text("[");
    for (struct trace_exchange *x = trace_exchange_first(d->exchanges); x;
         x = trace_exchange_next(x)) {
        if (!bsearch(&x->number, u->exchanges, u->exchange_count, sizeof x->number, compare))
            continue;
        output_text(comma);
        put_exchange(x, base);
        comma = ",\n";
    }
    output_text("]");
}

/* ---- arrows ---- */

#define COLUMN(d, name, format, expression)                                                        \
    do {                                                                                           \
        put_name(name);                                                                            \
        output_text("[");                                                                          \
        for (uint32_t i = 0; i < (d)->arrow_count; i++) {                                          \
            const struct diagram_arrow *a = &(d)->arrows[i], *p = i ? a - 1 : a;                   \
            (void)a, (void)p;                                                                      \
            output_format(i ? ",%" format : "%" format, (expression));                             \
        }                                                                                          \
        output_text("]");                                                                          \
    } while (0)

enum { ARROW_SPAWNED = 1, ARROW_REPEATS = 2 };

static void put_arrows(const struct diagram *d)
{
    COLUMN(d, "what", "u", a->what);
    COLUMN(d, "kind", "u", a->kind);
    COLUMN(d, "from", PRIu32, a->from);
    COLUMN(d, "to", PRIu32, a->to);
    COLUMN(d, "exchange", PRIu32, a->exchange);
    COLUMN(d, "at", PRId64, (int64_t)(a->at_ns - p->at_ns));
    COLUMN(d, "took", PRIu32, a->took_ns);
    COLUMN(d, "sequence", PRIu64, i ? a->sequence - p->sequence : a->sequence);
    COLUMN(d, "label", PRIu32, a->label);
    COLUMN(d, "detail", PRIu32, a->detail);
    COLUMN(d, "cause", PRIu32, a->cause == DIAGRAM_NONE ? 0 : i - a->cause);
    COLUMN(d, "flags", "u", a->flags);
    COLUMN(d, "worker", "u", a->worker);
    COLUMN(d, "bits", "u", (a->spawned ? ARROW_SPAWNED : 0u) | (a->repeats ? ARROW_REPEATS : 0u));
}

static bool is_version(const struct trace_field *f)
{
    return f->type == FIELD_u64 && (!strcmp(f->name, "version") || !strcmp(f->name, "announce"));
}

static void put_value(const struct trace_field *f, uint64_t value)
{
    char text[VERSION_TEXT_MAX];
    if (f->type == FIELD_i32)
        output_format("%" PRId32, (int32_t)value);
    else if (f->type == FIELD_ref)
        output_format("%" PRId64, value == DIAGRAM_NONE ? -1 : (int64_t)value);
    else if (is_version(f) && value) {
        version_format((struct version){value}, text);
        output_format("\"%s\"", text);
    } else
        put_number(value);
}

/* By the fields of each arrow's kind, spans left out. */
static void put_values(const struct diagram *d)
{
    const char *comma = "";
    put_name("values");
    output_text("[");
    for (uint32_t i = 0; i < d->arrow_count; i++) {
        const struct diagram_kind *k = &d->kinds[d->arrows[i].kind];
        const uint64_t *value = d->values + d->arrows[i].values;
        for (unsigned f = 0; f < k->field_count; f++)
            if (k->fields[f].type != FIELD_span) {
                output_text(comma);
                put_value(&k->fields[f], *value++);
                comma = ",";
            }
    }
    output_text("]");
}

/* Of each span its length and its blob. */
static void put_spans(const struct diagram *d)
{
    const char *comma = "";
    put_name("spans");
    output_text("[");
    for (uint32_t i = 0; i < d->arrow_count; i++)
        for (unsigned s = 0; s < d->kinds[d->arrows[i].kind].span_count; s++) {
            const struct diagram_bytes *b = &d->spans[d->arrows[i].bytes + s];
            output_format("%s%" PRIu64 ",%" PRIu32, comma, b->length, b->blob);
            comma = ",";
        }
    output_text("]");
}

/* ---- bytes ---- */

static void put_base64(const uint8_t *at, size_t length)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char four[4];
    for (size_t i = 0; i < length; i += 3) {
        size_t n = length - i < 3 ? length - i : 3;
        uint32_t bits = (uint32_t)at[i] << 16 | (n > 1 ? (uint32_t)at[i + 1] << 8 : 0) |
                        (n > 2 ? at[i + 2] : 0);
        for (unsigned k = 0; k < 4; k++)
            four[k] = k <= n ? letters[bits >> (18 - 6 * k) & 63] : '=';
        output(four, 4);
    }
}

/* A line a blob. */
static void put_blobs(const struct diagram *d, const struct used *u)
{
    for (uint32_t i = 0; i < d->blob_count; i++) {
        if (u->blobs[i])
            put_base64(d->bytes + d->blobs[i].at, d->blobs[i].length);
        output_text("\n");
    }
}

void trace_html_write(const struct diagram *d, const struct trace_html *h)
{
    unsigned place[LIFELINES];
    struct used used = used_of(d);
    output_text("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<style>\n");
    put_part(&trace_page_style);
    output_text("</style>\n");
    put_part(&trace_page_body);
    output_text("<script type=\"application/json\" id=\"trace\">\n");
    put_beginning(d, h);
    put_lifelines(d, place);
    put_actors(d, place);
    put_kinds(d);
    put_texts(d, &used);
    put_exchanges(d, &used);
    put_arrows(d);
    put_values(d);
    put_spans(d);
    output_text("}\n</script>\n<script type=\"text/plain\" id=\"bytes\">\n");
    put_blobs(d, &used);
    output_text("</script>\n<script>\n\"use strict\";\n");
    for (const struct trace_page_part *part = trace_page_scripts; part->begin; part++)
        put_part(part);
    output_text("</script>\n</body>\n</html>\n");
    used_free(&used);
}
