/* messages/trace_record.c -- what is in a record: its fields by name, its effects one by one; see trace_record.h
 *
 * Nothing in it is believed: lengths and numbers are checked where they are used.
 */
#include "messages/trace_record.h"
#include "messages/trace_reader_parts.h"

bool trace_bytes_take(const uint8_t *all, size_t length, size_t *at, struct trace_bytes *out)
{
    if (length - *at < 8)
        return false;
    memcpy(&out->length, all + *at, 4);
    memcpy(&out->kept, all + *at + 4, 4);
    *at += 8;
    out->hash = 0;
    if (out->kept > out->length)
        return false;
    if (out->kept < out->length) {
        if (length - *at < 8)
            return false;
        memcpy(&out->hash, all + *at, 8);
        *at += 8;
    }
    if (length - *at < out->kept)
        return false;
    out->bytes = out->kept ? all + *at : NULL;
    *at += out->kept;
    return true;
}

int trace_field(const struct trace_kind *k, const char *name)
{
    for (int i = 0; k && i < k->field_count; i++)
        if (strcmp(k->fields[i].name, name) == 0)
            return i;
    return -1;
}

bool trace_value(const struct trace_record *r, const char *name, uint64_t *value)
{
    int i = r->what == TRACE_CALL ? trace_field(r->kind, name) : -1;
    if (i < 0 || r->kind->fields[i].type == FIELD_span)
        return false;
    *value = r->values[i];
    return true;
}

const struct trace_bytes *trace_span(const struct trace_record *r, const char *name)
{
    int i = r->what == TRACE_CALL ? trace_field(r->kind, name) : -1;
    if (i < 0 || r->kind->fields[i].type != FIELD_span)
        return NULL;
    return &r->spans[r->kind->fields[i].span];
}

/* Takes so many bytes of the effects, if they are there. */
static bool take(const struct trace_record *r, size_t *at, void *into, size_t bytes)
{
    if (r->effects_length - *at < bytes)
        return false;
    memcpy(into, r->effects + *at, bytes);
    *at += bytes;
    return true;
}

static bool take_address(const struct trace_record *r, size_t *at, char text[ADDRESS_TEXT_MAX])
{
    uint8_t length;
    if (!take(r, at, &length, 1) || length >= ADDRESS_TEXT_MAX || !take(r, at, text, length))
        return false;
    text[length] = '\0';
    return true;
}

static bool take_has(const struct trace_reader *reader, const struct trace_record *r, size_t *at,
                     struct trace_effect *e)
{
    uint8_t type;
    uint16_t kind;
    if ((e->has & EFFECT_HAS_N) && !take(r, at, &e->n, 4))
        return false;
    if ((e->has & EFFECT_HAS_VALUE) && !take(r, at, &e->value, 8))
        return false;
    if ((e->has & EFFECT_HAS_REF) && !take(r, at, &e->ref, 8))
        return false;
    if (e->has & EFFECT_HAS_TYPE) {
        if (!take(r, at, &type, 1))
            return false;
        e->type = trace_reader_tables(reader)->types[type];
    }
    if (e->has & EFFECT_HAS_MESSAGE) {
        if (!take(r, at, &kind, 2))
            return false;
        e->message = trace_reader_kind(reader, kind);
    }
    if ((e->has & EFFECT_HAS_ADDRESS) && !take_address(r, at, e->address))
        return false;
    if ((e->has & EFFECT_HAS_BYTES) &&
        !trace_bytes_take(r->effects, r->effects_length, at, &e->bytes))
        return false;
    return !(e->has & EFFECT_HAS_LENGTH) || take(r, at, &e->length, 8);
}

/* What it has beyond what is known here could not be passed over. */
enum { HAS_KNOWN = EFFECT_HAS_LENGTH * 2 - 1 };

/* There is no table, or it is of a newer build: where this effect ends, nobody knows here. */
static bool is_unreadable(const struct trace_tables *t, uint8_t number)
{
    return t->effect_count == 0 ||
           (number < t->effect_count && t->effects[number].has & ~(unsigned)HAS_KNOWN);
}

bool trace_effect_next_any(const struct trace_reader *reader, const struct trace_record *r,
                           size_t *at, struct trace_effect *effect)
{
    const struct trace_tables *t = trace_reader_tables(reader);
    size_t begin = *at;
    uint8_t number;
    *effect = (struct trace_effect){.kind = EFFECT_KINDS};
    if (!take(r, at, &number, 1))
        return false;
    if (number < t->effect_count && !is_unreadable(t, number)) {
        const struct read_effect *known = &t->effects[number];
        effect->number = number;
        effect->kind = known->ours < 0 ? EFFECT_KINDS : (enum effect_kind)known->ours;
        effect->has = known->has;
        if (take_has(reader, r, at, effect))
            return true;
    }
    *at = begin;
    return false;
}

bool trace_effect_next(const struct trace_reader *reader, const struct trace_record *r, size_t *at,
                       struct trace_effect *effect)
{
    while (trace_effect_next_any(reader, r, at, effect))
        if (effect->kind != EFFECT_KINDS)
            return true;
    return false;
}

bool trace_effects_hold(const struct trace_reader *reader, const struct trace_record *r)
{
    struct trace_effect e;
    size_t at = 0;
    while (trace_effect_next_any(reader, r, &at, &e))
        ;
    return at == r->effects_length || is_unreadable(trace_reader_tables(reader), r->effects[at]);
}
