/* messages/trace_jsonl_in.c -- lines of JSON become a trace again; see trace_jsonl.h */
#include "messages/trace_jsonl_state.h"
#include <stdio.h>
#include <stdlib.h>

/* ---- records ---- */

static const struct trace_kind *kind_named(const struct jsonl_source *s, const char *name)
{
    for (unsigned i = 0; i < JSONL_KINDS_MAX; i++) {
        const struct trace_kind *k = trace_reader_kind(s->reader, i);
        if (k && strcmp(k->name, name) == 0)
            return k;
    }
    return NULL;
}

static bool get_kind(struct jsonl_source *s, const json_t *in, const char *name,
                     const struct trace_kind **kind)
{
    const json_t *v = json_object_get(in, name);
    *kind = json_is_string(v)    ? kind_named(s, json_string_value(v))
            : json_is_integer(v) ? trace_reader_kind(s->reader, (unsigned)json_integer_value(v))
                                 : NULL;
    return *kind ||
           jsonl_fail(s, "\"%s\" is missing, or none of the kinds that the beginning has", name);
}

static bool get_type(struct jsonl_source *s, const json_t *in, const char *name, const char **type)
{
    const json_t *v = json_object_get(in, name);
    *type = NULL;
    if (!v || json_is_null(v))
        return true;
    /* the reader's own words, or the JSON's: both live until the record is written */
    *type = json_string_value(v);
    return (*type && trace_reader_type_number(s->reader, *type) != 255) ||
           jsonl_fail(s, "\"%s\" is none of the types that the beginning has", name);
}

static bool get_address(struct jsonl_source *s, const json_t *in, struct trace_effect *e)
{
    const char *text;
    if (!jsonl_text(s, &s->text, in, "address", &text))
        return false;
    if (strlen(text) >= sizeof e->address)
        return jsonl_fail(s, "\"address\" is too long");
    snprintf(e->address, sizeof e->address, "%s", text);
    return true;
}

static bool get_effect_kind(struct jsonl_source *s, const json_t *in, struct trace_effect *e)
{
    const json_t *v = json_object_get(in, "effect"), *known;
    size_t i, number = json_array_size(s->effects);
    uint16_t has;
    json_array_foreach(s->effects, i,
                       known) if (number == json_array_size(s->effects) && json_is_string(v) &&
                                  json_equal(v, json_object_get(known, "name"))) number = i;
    if (json_is_integer(v) && json_integer_value(v) >= 0)
        number = (size_t)json_integer_value(v);
    if (number >= json_array_size(s->effects) || number > UINT8_MAX)
        return jsonl_fail(s, "\"effect\" is missing, or none that the beginning has");
    if (!jsonl_effect_has(s, json_array_get(s->effects, number), &has))
        return false;
    e->kind = EFFECT_KINDS; /* by its number */
    e->number = (uint8_t)number;
    e->has = has;
    return true;
}

static bool add_effect(struct jsonl_source *s, const json_t *in)
{
    struct trace_effect e = {0};
    struct jsonl_number numbers[] = {
        {"n", UINT32_MAX, 0}, {"value", UINT64_MAX, 0}, {"length", UINT64_MAX, 0}, {NULL, 0, 0}};
    bool good = get_effect_kind(s, in, &e) && jsonl_numbers(s, in, numbers) &&
                jsonl_ref(s, in, "ref", &e.ref) && get_type(s, in, "type", &e.type) &&
                (!(e.has & EFFECT_HAS_MESSAGE) || get_kind(s, in, "message", &e.message)) &&
                get_address(s, in, &e) && jsonl_bytes(s, &s->bytes, in, "bytes", &e.bytes);
    if (!good)
        return false;
    e.n = (uint32_t)numbers[0].value;
    e.value = numbers[1].value;
    e.length = numbers[2].value;
    trace_put_effect(&s->blob, s->reader, &e);
    return true;
}

static bool get_effects(struct jsonl_source *s, const json_t *in, struct trace_record *r)
{
    const json_t *effects = json_object_get(in, "effects"), *e;
    size_t i;
    s->blob.length = 0;
    if (effects && !json_is_array(effects))
        return jsonl_fail(s, "\"effects\" is no list");
    json_array_foreach(effects, i, e) if (!add_effect(s, e)) return false;
    if (!jsonl_chars(s, &s->blob, json_object_get(in, "effects_rest"), "effects_rest"))
        return false;
    r->effects = s->blob.bytes;
    r->effects_length = s->blob.length;
    return true;
}

static uint64_t most_of(uint8_t type)
{
    switch (type) {
    case FIELD_u8:
    case FIELD_flag: return UINT8_MAX;
    case FIELD_u16: return UINT16_MAX;
    case FIELD_u32: return UINT32_MAX;
    default: return UINT64_MAX;
    }
}

static bool get_value(struct jsonl_source *s, const json_t *in, const struct trace_field *f,
                      struct trace_record *r, uint64_t *value)
{
    struct jsonl_number number = {f->name, most_of(f->type), 0};
    struct actor_ref ref;
    switch (f->type) {
    case FIELD_span: return jsonl_bytes(s, &s->spans[f->span], in, f->name, &r->spans[f->span]);
    case FIELD_i32: return jsonl_signed(s, in, f->name, value);
    case FIELD_ref:
        if (!jsonl_ref(s, in, f->name, &ref))
            return false;
        *value = ref_bits(ref);
        return true;
    default:
        if (!jsonl_number(s, in, &number))
            return false;
        *value = number.value;
        return true;
    }
}

static bool get_fields(struct jsonl_source *s, const json_t *in, struct trace_record *r)
{
    const json_t *fields = json_object_get(in, "fields");
    if (!r->kind->is_known)
        return jsonl_fail(s, "\"kind\" is %s, which has fields of a newer build", r->kind->name);
    for (unsigned i = 0; i < r->kind->field_count; i++)
        if (!get_value(s, fields, &r->kind->fields[i], r, &r->values[i]))
            return false;
    return true;
}

static bool get_call(struct jsonl_source *s, const json_t *in, struct trace_record *r)
{
    struct jsonl_number numbers[] = {{"took_ns", UINT32_MAX, 0},
                                     {"worker", UINT8_MAX, 0},
                                     {"number", UINT32_MAX, 0},
                                     {"exchange", UINT32_MAX, 0},
                                     {"actor_exchange", UINT32_MAX, 0},
                                     {"flags", UINT16_MAX, 0},
                                     {NULL, 0, 0}};
    if (!jsonl_numbers(s, in, numbers) || !jsonl_ref(s, in, "from", &r->from) ||
        !jsonl_ref(s, in, "to", &r->to) || !get_type(s, in, "type", &r->type))
        return false;
    r->took_ns = (uint32_t)numbers[0].value;
    r->worker = (uint16_t)numbers[1].value;
    r->number = (uint32_t)numbers[2].value;
    r->exchange = (uint32_t)numbers[3].value;
    r->actor_exchange = (uint32_t)numbers[4].value;
    r->flags = (uint16_t)numbers[5].value;
    return (r->what == TRACE_END || get_kind(s, in, "kind", &r->kind)) &&
           (r->what != TRACE_CALL || get_fields(s, in, r)) &&
           (r->what == TRACE_UNDELIVERED || get_effects(s, in, r));
}

static bool get_what(struct jsonl_source *s, const json_t *in, enum trace_what *what)
{
    const char *text = json_string_value(json_object_get(in, "what"));
    for (unsigned i = 0; text && i <= TRACE_NOTE; i++)
        if (strcmp(text, jsonl_whats[i]) == 0) {
            *what = (enum trace_what)i;
            return true;
        }
    return jsonl_fail(s, "\"what\" is missing, or none of call, end, undelivered, lagged, note");
}

static bool get_lagged(struct jsonl_source *s, const json_t *in, struct trace_record *r)
{
    struct jsonl_number numbers[] = {
        {"worker", UINT16_MAX, 0}, {"lost", UINT64_MAX, 0}, {NULL, 0, 0}};
    if (!jsonl_numbers(s, in, numbers))
        return false;
    r->worker = (uint16_t)numbers[0].value;
    r->lost = numbers[1].value;
    return true;
}

static bool get_record(struct jsonl_source *s, const json_t *in, struct trace_record *r)
{
    struct jsonl_number numbers[] = {{"seq", UINT64_MAX, 0},
                                     {"now_us", UINT64_MAX, 0},
                                     {"ended_ns", UINT64_MAX, 0},
                                     {NULL, 0, 0}};
    if (!get_what(s, in, &r->what) || !jsonl_numbers(s, in, numbers))
        return false;
    r->sequence = numbers[0].value;
    r->now_us = numbers[1].value;
    r->ended_ns = numbers[2].value;
    switch (r->what) {
    case TRACE_NOTE: return jsonl_text(s, &s->text, in, "text", &r->text);
    case TRACE_LAGGED: return get_lagged(s, in, r);
    default: return get_call(s, in, r);
    }
}

static bool take_record(struct jsonl_source *s, struct trace_out *out, const json_t *line)
{
    struct trace_record r = {0};
    if (!s->reader)
        return jsonl_fail(s, "a trace does not begin so: its first line has \"" JSONL_MARK "\"");
    if (!get_record(s, line, &r))
        return false;
    trace_copy_record(s->copier, out, s->reader, &r);
    return true;
}

/* ---- lines ---- */

bool jsonl_source_take(struct jsonl_source *s, struct trace_out *out, const char *line,
                       size_t length)
{
    json_error_t error;
    s->error[0] = '\0';
    s->is_lost = !s->reader;
    json_t *in = json_loadb(line, length, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
    if (!in)
        return jsonl_fail(s, "no JSON: %s (column %d)", error.text, error.column);
    bool begins = json_object_get(in, JSONL_MARK);
    bool good = !json_is_object(in) ? jsonl_fail(s, "no object")
                : begins            ? jsonl_take_beginning(s, out, in)
                                    : take_record(s, out, in);
    s->is_lost = !good && (begins || !s->reader);
    json_decref(in);
    return good;
}

const char *jsonl_source_error(const struct jsonl_source *s)
{
    return s->error;
}

bool jsonl_source_is_lost(const struct jsonl_source *s)
{
    return s->is_lost;
}

struct jsonl_source *jsonl_source_new(bool renumber)
{
    struct jsonl_source *s = calloc(1, sizeof *s);
    if (!s)
        heap_exhausted("a trace of JSON lines", sizeof *s);
    s->copier = trace_copier_new();
    s->renumber = renumber;
    if (!renumber)
        trace_copier_keep_sequences(s->copier);
    return s;
}

void jsonl_source_free(struct jsonl_source *s)
{
    if (s->reader)
        trace_reader_free(s->reader);
    trace_copier_free(s->copier);
    json_decref(s->tables);
    for (unsigned i = 0; i < TRACE_SPANS_MAX; i++)
        free(s->spans[i].bytes);
    free(s->bytes.bytes);
    free(s->blob.bytes);
    free(s->text.bytes);
    free(s);
}
