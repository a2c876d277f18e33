/* tools/trace_gather_effects.c -- what an actor does, as far as nobody hears it.
 *
 * SEND and SPAWN are left out: what was said is compared where it is heard.
 */
#include "tools/trace_gather_inside.h"
#include <stdio.h>

/* "speaker\x1fsentence\x1ffields": sentence and fields, each number a #, as ports and times are. */
static void log_line(struct gather *g, struct unit_item *i, const struct trace_bytes *b)
{
    char text[1024];
    size_t n = 0, at = 0;
    while (at < b->kept && b->bytes[at] != 0x1f)
        at++;
    for (at++; at < b->kept && n < sizeof text; at++) {
        char c = (char)b->bytes[at];
        bool digit = c >= '0' && c <= '9';
        if (digit && n && text[n - 1] == '#')
            continue;
        text[n++] = digit ? '#' : c == 0x1f ? ' ' : c;
    }
    while (n && text[n - 1] == ' ')
        n--;
    gather_text_field(g, i, "text", text, n);
}

static void fields(struct gather *g, struct unit_item *i, const struct trace_effect *e)
{
    if (e->has & EFFECT_HAS_N)
        gather_number_field(g, i, e->kind == EFFECT_LOG ? "level" : "n", e->n, false);
    if (e->has & EFFECT_HAS_VALUE)
        gather_number_field(g, i, "value", e->value, false);
    if (e->has & EFFECT_HAS_REF) {
        const struct trace_field who = {.name = "who", .type = FIELD_ref};
        gather_value_field(g, i, &who, ref_bits(e->ref), false);
    }
    if ((e->has & EFFECT_HAS_TYPE) && e->type)
        gather_text_field(g, i, "type", e->type, strlen(e->type));
    if (e->has & EFFECT_HAS_ADDRESS)
        gather_text_field(g, i, "address", e->address, strlen(e->address));
    if (e->has & EFFECT_HAS_LENGTH)
        gather_number_field(g, i, "length", e->length, false);
    if (e->kind == EFFECT_LOG)
        log_line(g, i, &e->bytes);
    else if (e->has & EFFECT_HAS_BYTES)
        gather_bytes_field(g, i, "bytes", &e->bytes);
}

static void write_effect(struct gather *g, const struct trace_effect *e, struct unit_pair pair)
{
    char name[32];
    snprintf(name, sizeof name, "socket %u", (unsigned)e->n);
    if (g->wanted && !rules_ignore_effect(g->rules, "write", g->type))
        trace_stream_add(gather_stream(g, g->unit, pair, name), &e->bytes);
}

static void effect(struct gather *g, const struct trace_effect *e)
{
    const char *name = effect_name(e->kind);
    struct unit_pair pair = gather_pair(g, g->type, "outside");
    if (e->kind == EFFECT_SEND || e->kind == EFFECT_SPAWN)
        return;
    if (e->kind == EFFECT_WRITE && gather_is_link(g->type)) {
        gather_link_bytes(g, &e->bytes, true);
        return;
    }
    if (e->kind == EFFECT_WRITE)
        write_effect(g, e, pair);
    else if (g->wanted && !rules_ignore_effect(g->rules, name, g->type))
        fields(g, gather_item(g, g->unit, pair, name, true), e);
}

void gather_effects(struct gather *g)
{
    struct trace_effect e;
    size_t at = 0;
    while (trace_effect_next(g->reader, g->record, &at, &e))
        effect(g, &e);
}
