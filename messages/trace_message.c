/* messages/trace_message.c -- see trace_message.h */
#include "messages/trace_message.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Who holds a span alone may write in front of it, where its maker left room: so there is room again. */
enum { FRONT_BYTES = 64 };

/* What was left out is not made up: a length alone may be any number. */
static struct span span_of(const struct trace_bytes *b)
{
    if (b->kept == 0)
        return NO_BYTES;
    struct chunk *c = chunk_new(FRONT_BYTES + b->kept);
    memset(c->bytes, 0, FRONT_BYTES);
    memcpy(c->bytes + FRONT_BYTES, b->bytes, b->kept);
    c->used = FRONT_BYTES + b->kept;
    return (struct span){c, FRONT_BYTES, b->kept};
}

static void put_field(struct message *m, const struct field_info *f, uint64_t value)
{
    static const uint8_t widths[] = {[FIELD_u8] = 1,  [FIELD_u16] = 2, [FIELD_u32] = 4,
                                     [FIELD_u64] = 8, [FIELD_i32] = 4, [FIELD_flag] = 1};
    if (f->type == FIELD_ref) {
        struct actor_ref ref = trace_ref(value);
        memcpy(m->payload.bytes + f->offset, &ref, sizeof ref);
    } else {
        memcpy(m->payload.bytes + f->offset, &value, widths[f->type]);
    }
}

struct message *trace_message(const struct trace_record *r)
{
    struct message *m = message_new(r->kind->ours);
    const struct field_info *fields = message_kind_info(r->kind->ours)->fields;
    m->from = r->from;
    m->to = r->to;
    m->flags = r->flags;
    m->exchange = r->exchange;
    for (unsigned i = 0; i < r->kind->field_count; i++) {
        if (fields[i].type != FIELD_span) {
            put_field(m, &fields[i], r->values[i]);
            continue;
        }
        struct span s = span_of(&r->spans[r->kind->fields[i].span]);
        memcpy(m->payload.bytes + fields[i].offset, &s, sizeof s);
    }
    return m;
}

bool trace_is_capped(const struct trace_record *r)
{
    for (unsigned i = 0; r->kind && i < r->kind->span_count; i++)
        if (r->spans[i].kept < r->spans[i].length)
            return true;
    return false;
}

static bool cannot(struct trace_call *c, const char *what)
{
    snprintf(c->error, sizeof c->error, "%s is not known to this build", what);
    return false;
}

static void grow(struct trace_call *c)
{
    c->room = c->room * 2 + 16;
    c->effects = realloc(c->effects, c->room * sizeof *c->effects);
    c->addresses = realloc(c->addresses, c->room * sizeof *c->addresses);
    if (!c->effects || !c->addresses)
        heap_exhausted("a replay", c->room * sizeof *c->effects);
}

static bool take_effect(struct trace_call *c, const struct trace_effect *e,
                        const struct actor_type *(*type)(const char *name))
{
    char error[160];
    size_t i = c->call.effect_count;
    if (i == c->room)
        grow(c);
    if (e->has != effect_has(e->kind))
        return cannot(c, "an effect");
    if ((e->has & EFFECT_HAS_MESSAGE) && (!e->message || !e->message->ours))
        return cannot(c, e->message ? e->message->name : "a kind of message");
    if ((e->has & EFFECT_HAS_ADDRESS) && !address_parse(&c->addresses[i], e->address, error))
        return cannot(c, e->address);
    c->effects[i] = (struct replay_effect){
        .effect = {.kind = e->kind,
                   .n = e->n,
                   .value = e->value,
                   .ref = e->ref,
                   .type = e->type ? type(e->type) : NULL,
                   .bytes = e->bytes.bytes,
                   .length = e->has & EFFECT_HAS_LENGTH ? (size_t)e->length : e->bytes.length},
        .said = e->message ? e->message->ours : 0,
        .kept = e->bytes.kept,
        .hash = e->bytes.hash};
    c->call.effect_count++;
    return true;
}

static bool take_effects(struct trace_call *c, const struct trace_reader *reader,
                         const struct trace_record *r,
                         const struct actor_type *(*type)(const char *name))
{
    struct trace_effect e;
    size_t at = 0;
    while (trace_effect_next(reader, r, &at, &e))
        if (!take_effect(c, &e, type))
            return false;
    if (at != r->effects_length)
        return cannot(c, "an effect");
    for (size_t i = 0; i < c->call.effect_count; i++) /* the lists have stopped growing */
        c->effects[i].effect.address = &c->addresses[i];
    return true;
}

bool trace_call_take(struct trace_call *c, const struct trace_reader *reader,
                     const struct trace_record *r,
                     const struct actor_type *(*type)(const char *name))
{
    c->call = (struct replay_call){.actor = r->to,
                                   .type = r->type ? type(r->type) : NULL,
                                   .exchange = r->actor_exchange,
                                   .number = r->number,
                                   .now_us = r->now_us,
                                   .sequence = r->sequence,
                                   .capped = trace_is_capped(r)};
    if (!c->call.type)
        return cannot(c, r->type ? r->type : "the actor's type");
    if (r->what == TRACE_CALL && !r->kind->ours)
        return cannot(c, r->kind->name);
    for (unsigned i = 0; r->kind && i < r->kind->span_count; i++) {
        c->call.length[i] = r->spans[i].length;
        c->call.kept[i] = r->spans[i].kept;
        c->call.hash[i] = r->spans[i].hash;
    }
    if (!take_effects(c, reader, r, type))
        return false;
    c->call.effects = c->effects;
    return true;
}

enum replay_result trace_replay_record(struct replay *replay, struct trace_call *c,
                                       const struct trace_reader *reader,
                                       const struct trace_record *r,
                                       const struct actor_type *(*type)(const char *name))
{
    if (r->what == TRACE_UNDELIVERED)
        return replay_lost(replay, r->from, r->to, r->kind->ours, r->sequence);
    if (r->what != TRACE_CALL && r->what != TRACE_END)
        return REPLAY_SAME;
    if (!trace_call_take(c, reader, r, type))
        return REPLAY_LEFT_OUT;
    if (r->what == TRACE_END)
        return replay_end(replay, &c->call, (uint8_t)r->flags);
    struct heap *before = replay_enter(replay);
    struct message *m = trace_message(r);
    replay_leave(before);
    return replay_hear(replay, &c->call, m);
}

void trace_call_free(struct trace_call *c)
{
    free(c->effects);
    free(c->addresses);
}
