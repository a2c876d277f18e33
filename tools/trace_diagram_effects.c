/* tools/trace_diagram_effects.c -- what a handler did: arrows to the world outside, or words beside its own. */
#include "tools/trace_diagram_parts.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

static uint32_t effect_kind(struct diagram *d, const char *name, bool bytes)
{
    struct diagram_kind k = {.field_count = 1};
    for (size_t i = 0; name[i] && i + 1 < sizeof k.name; i++)
        k.name[i] = (char)toupper((unsigned char)name[i]);
    snprintf(k.fields[0].name, sizeof k.fields[0].name, "n");
    k.fields[0].type = FIELD_u32;
    if (bytes) {
        snprintf(k.fields[1].name, sizeof k.fields[1].name, "bytes");
        k.fields[1].type = FIELD_span;
        k.field_count = 2;
        k.span_count = 1;
    }
    return diagram_kind_like(d, &k);
}

static uint32_t effect_arrow(struct diagram *d, const struct trace_record *r, uint32_t cause,
                             const struct trace_effect *e, enum diagram_what what)
{
    uint32_t arrow = diagram_add(d, r, what);
    struct diagram_arrow *a = &d->arrows[arrow];
    a->at_ns = r->ended_ns;
    a->took_ns = 0;
    a->cause = cause;
    a->exchange = d->arrows[cause].exchange;
    a->from = a->to = d->arrows[cause].to;
    diagram_set_kind(d, arrow, effect_kind(d, effect_name(e->kind), e->has & EFFECT_HAS_BYTES));
    diagram_add_value(d, e->n);
    return arrow;
}

/* To whom it goes; the world beyond the actor's sockets, or the system. */
static void leaves(struct diagram *d, uint32_t arrow, bool peer)
{
    uint32_t from = d->arrows[arrow].from;
    uint32_t to =
        diagram_outside(d, peer ? diagram_peer_of(diagram_lifeline(d, from)) : LIFE_SYSTEM);
    d->arrows[arrow].to = to;
}

/* Writes of one handler to one socket, as if they were one. */
struct writes {
    bool some;
    struct trace_effect first;
};

static void join(struct diagram *d, const struct trace_effect *e)
{
    struct diagram_parts *p = d->p;
    p->joined = diagram_grown(p->joined, p->joined_length, e->bytes.kept, 1);
    if (e->bytes.kept && p->joined_all == p->joined_length) {
        memcpy(p->joined + p->joined_length, e->bytes.bytes, e->bytes.kept);
        p->joined_length += e->bytes.kept;
    }
    p->joined_all += e->bytes.length;
}

static void end_writes(struct diagram *d, const struct trace_record *r, uint32_t cause,
                       struct writes *w)
{
    struct diagram_parts *p = d->p;
    if (!w->some)
        return;
    uint32_t arrow = effect_arrow(d, r, cause, &w->first, DIAGRAM_LEAVES);
    leaves(d, arrow, true);
    diagram_add_span(d, p->joined, p->joined_length, p->joined_all);
    diagram_tell_bytes(d, arrow, d->arrows[arrow].from, false, p->joined, p->joined_length,
                       p->joined_all);
    w->some = false;
    p->joined_length = 0;
    p->joined_all = 0;
}

static void take_write(struct diagram *d, const struct trace_record *r, uint32_t cause,
                       struct writes *w, const struct trace_effect *e)
{
    if (w->some && w->first.n != e->n)
        end_writes(d, r, cause, w);
    if (!w->some)
        w->first = *e;
    w->some = true;
    join(d, e);
}

/* "speaker \x1f sentence \x1f fields" as people read it. */
static size_t log_text(const struct trace_bytes *b, char *out, size_t room)
{
    const uint8_t *at = b->kept ? memchr(b->bytes, 0x1f, b->kept) : NULL;
    size_t from = at ? (size_t)(at - b->bytes) + 1 : 0, n = 0;
    for (; from < b->kept && n < room; from++)
        out[n++] = b->bytes[from] == 0x1f ? ' ' : (char)b->bytes[from];
    while (n && out[n - 1] == ' ')
        n--;
    return n;
}

static void take_log(struct diagram *d, const struct trace_record *r, uint32_t cause,
                     const struct trace_effect *e)
{
    char text[DIAGRAM_LABEL_MAX];
    uint32_t arrow = effect_arrow(d, r, cause, e, DIAGRAM_LOG);
    diagram_add_span(d, e->bytes.bytes, e->bytes.kept, e->bytes.length);
    diagram_set_label(d, arrow, text, log_text(&e->bytes, text, sizeof text));
}

static void take_outward(struct diagram *d, const struct trace_record *r, uint32_t cause,
                         const struct trace_effect *e, bool peer)
{
    uint32_t arrow = effect_arrow(d, r, cause, e, DIAGRAM_LEAVES);
    leaves(d, arrow, peer);
    if (e->has & EFFECT_HAS_BYTES)
        diagram_add_span(d, e->bytes.bytes, e->bytes.kept, e->bytes.length);
    if (e->has & EFFECT_HAS_ADDRESS)
        diagram_set_label(d, arrow, e->address, strlen(e->address));
    else if (e->kind == EFFECT_RESOLVE)
        diagram_set_label(d, arrow, (const char *)e->bytes.bytes, e->bytes.kept);
    d->arrows[arrow].repeats = e->kind == EFFECT_FILE_WRITE || e->kind == EFFECT_FILE_READ;
}

/* Of a kind that the file's table does not have (it is damaged) nobody can have heard it. */
static void take_send(struct diagram *d, const struct trace_record *r, uint32_t cause,
                      const struct trace_effect *e)
{
    if (e->message)
        diagram_said(d, r->to, e->ref, e->message->number, e->kind == EFFECT_SPAWN, cause);
}

static bool take_effect(struct diagram *d, const struct trace_record *r, uint32_t cause,
                        const struct trace_effect *e)
{
    switch (e->kind) {
    case EFFECT_SPAWN:
        diagram_actor_of(d, e->ref, e->type);
        take_send(d, r, cause, e);
        return true;
    case EFFECT_SEND: take_send(d, r, cause, e); return true;
    case EFFECT_CONNECT:
    case EFFECT_SHUTDOWN:
    case EFFECT_CLOSE:
    case EFFECT_ABORT:
    case EFFECT_RESET: take_outward(d, r, cause, e, true); return true;
    case EFFECT_LISTEN:
    case EFFECT_RESOLVE:
    case EFFECT_FILE_OPEN:
    case EFFECT_FILE_WRITE:
    case EFFECT_FILE_READ:
    case EFFECT_FILE_CLOSE:
    case EFFECT_END_PROGRAM: take_outward(d, r, cause, e, false); return true;
    case EFFECT_LOG: take_log(d, r, cause, e); return true;
    default: return false;
    }
}

struct detail {
    char text[400];
    size_t length;
};

static void put_detail(struct detail *detail, const struct trace_effect *e)
{
    size_t room = sizeof detail->text - detail->length;
    if (room < 100)
        return;
    if (detail->length) {
        memcpy(detail->text + detail->length, "; ", 2);
        detail->length += 2;
        room -= 2;
    }
    detail->length += diagram_effect_text(e, detail->text + detail->length, room);
}

void diagram_take_effects(struct diagram *d, const struct trace_reader *reader,
                          const struct trace_record *r, uint32_t cause)
{
    struct trace_effect e;
    struct writes writes = {false, {0}};
    struct detail detail = {"", 0};
    size_t at = 0;
    while (trace_effect_next(reader, r, &at, &e)) {
        if (e.kind == EFFECT_WRITE) {
            take_write(d, r, cause, &writes, &e);
            continue;
        }
        if (e.kind != EFFECT_SEND && e.kind != EFFECT_NOTIFY)
            end_writes(d, r, cause, &writes);
        if (!take_effect(d, r, cause, &e))
            put_detail(&detail, &e);
    }
    end_writes(d, r, cause, &writes);
    uint32_t text = diagram_text(d, detail.text, detail.length);
    d->arrows[cause].detail = text;
}
