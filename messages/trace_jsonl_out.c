/* messages/trace_jsonl_out.c -- a trace becomes lines of JSON; see trace_jsonl.h */
#include "messages/text_out.h"
#include "messages/trace_copy.h"
#include "messages/trace_format.h"
#include "messages/trace_jsonl.h"
#include <inttypes.h>
#include <stdlib.h>
#include <tpl.h>

const char *const jsonl_field_types[] = {
    [FIELD_u8] = "u8",   [FIELD_u16] = "u16",   [FIELD_u32] = "u32", [FIELD_u64] = "u64",
    [FIELD_i32] = "i32", [FIELD_flag] = "flag", [FIELD_ref] = "ref", [FIELD_span] = "span"};
const char *const jsonl_whats[] = {"call", "end", "undelivered", "lagged", "note"};
const char *const jsonl_has[JSONL_HAS] = {"n",       "value",   "ref",   "type",
                                          "message", "address", "bytes", "length"};

#define EXACT_MAX (UINT64_C(1) << 53)

/* ---- values ---- */

static void put_number(struct trace_out *out, uint64_t n)
{
    text_format(out, n > EXACT_MAX ? "\"%" PRIu64 "\"" : "%" PRIu64, n);
}

static void put_member(struct trace_out *out, const char *name, uint64_t n)
{
    text_json_name(out, name, false);
    put_number(out, n);
}

static void put_ref(struct trace_out *out, struct actor_ref ref)
{
    if (!ref.place && !ref.generation)
        text_add(out, "null");
    else
        text_format(out, "\"%u.%u.%" PRIu32 "\"", (unsigned)(ref.place >> 24),
                    (unsigned)(ref.place & 0xffffff), ref.generation);
}

static void put_chars(struct trace_out *out, const void *bytes, size_t length)
{
    if (text_is_text(bytes, length)) {
        text_json(out, bytes, length);
        return;
    }
    text_add(out, "{\"hex\":\"");
    text_hex(out, bytes, length);
    text_add(out, "\"}");
}

static void put_text(struct trace_out *out, const char *text)
{
    put_chars(out, text ? text : "", text ? strlen(text) : 0);
}

static void put_bytes(struct trace_out *out, const struct trace_bytes *b)
{
    bool text = text_is_text(b->bytes, b->kept);
    if (b->kept == b->length) {
        put_chars(out, b->bytes, b->kept);
        return;
    }
    text_format(out, "{\"length\":%" PRIu32 ",\"hash\":\"0x%016" PRIx64 "\",", b->length, b->hash);
    text_json_name(out, text ? "text" : "hex", true);
    if (text) {
        text_json(out, b->bytes, b->kept);
    } else {
        text_add(out, "\"");
        text_hex(out, b->bytes, b->kept);
        text_add(out, "\"");
    }
    text_add(out, "}");
}

/* ---- the beginning ---- */

static void put_header(struct trace_out *out, const struct trace_about *a)
{
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = {
        {"wall_us", a->wall_us}, {"clock_ns", a->clock_ns}, {"first_sequence", a->first_sequence},
        {"part", a->part},       {"workers", a->workers},   {"bodies_max", a->bodies_max},
        {"process", a->process}};
    const struct {
        const char *name, *value;
    } texts[] = {{"program", a->program},   {"build", a->build},   {"options", a->options},
                 {"protocol", a->protocol}, {"system", a->system}, {"why", a->why}};
    text_format(out, "{\"format\":%" PRIu32, a->format);
    for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        put_member(out, numbers[i].name, numbers[i].value);
    for (unsigned i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        text_json_name(out, texts[i].name, false);
        put_text(out, texts[i].value);
    }
    text_add(out, "}");
}

/* The image of a table, in a map that reads it. False: there is none. */
static bool load(const struct trace_reader *reader, unsigned type, tpl_node *map)
{
    size_t length;
    const uint8_t *image = trace_reader_image(reader, type, &length);
    return image && tpl_load(map, TPL_MEM, (void *)(uintptr_t)image, length) == 0;
}

static void put_field_type(struct trace_out *out, uint8_t type)
{
    if (type <= FIELD_span)
        text_json_string(out, jsonl_field_types[type]);
    else
        put_number(out, type);
}

/* tpl gives each text to us. */
static void put_and_free(struct trace_out *out, char **text)
{
    put_text(out, *text);
    free(*text);
    *text = NULL;
}

static void put_kinds(struct trace_out *out, const struct trace_reader *reader)
{
    uint16_t number = 0;
    uint8_t class = 0, type = 0;
    char *name = NULL, *field = NULL;
    tpl_node *map = tpl_map(TRACE_FORMAT_KINDS, &number, &class, &name, &type, &field);
    bool any = load(reader, FRAME_KINDS, map), first = true;
    for (; any && tpl_unpack(map, 1) > 0; first = false) {
        text_format(out, "%s{\"number\":%u,\"class\":%u,\"name\":", first ? "" : ",", number,
                    class);
        put_and_free(out, &name);
        text_add(out, ",\"fields\":[");
        for (bool first_field = true; tpl_unpack(map, 2) > 0; first_field = false) {
            text_add(out, first_field ? "{\"name\":" : ",{\"name\":");
            put_and_free(out, &field);
            text_add(out, ",\"type\":");
            put_field_type(out, type);
            text_add(out, "}");
        }
        text_add(out, "]}");
    }
    tpl_free(map);
}

static void put_types(struct trace_out *out, const struct trace_reader *reader)
{
    char *name = NULL;
    tpl_node *map = tpl_map(TRACE_FORMAT_TYPES, &name);
    bool any = load(reader, FRAME_TYPES, map);
    for (bool first = true; any && tpl_unpack(map, 1) > 0; first = false) {
        text_add(out, first ? "" : ",");
        put_and_free(out, &name);
    }
    tpl_free(map);
}

static void put_has(struct trace_out *out, unsigned has)
{
    const char *comma = "";
    text_add(out, "[");
    for (unsigned i = 0; i < JSONL_HAS; i++)
        if (has & 1u << i) {
            text_format(out, "%s\"%s\"", comma, jsonl_has[i]);
            comma = ",";
        }
    if (has >> JSONL_HAS)
        text_format(out, "%s%u", comma, has >> JSONL_HAS << JSONL_HAS);
    text_add(out, "]");
}

static void put_effect_table(struct trace_out *out, const struct trace_reader *reader)
{
    char *name = NULL;
    uint16_t has = 0;
    tpl_node *map = tpl_map(TRACE_FORMAT_EFFECTS, &name, &has);
    bool any = load(reader, FRAME_EFFECTS, map);
    for (bool first = true; any && tpl_unpack(map, 1) > 0; first = false) {
        text_add(out, first ? "{\"name\":" : ",{\"name\":");
        put_and_free(out, &name);
        text_add(out, ",\"has\":");
        put_has(out, has);
        text_add(out, "}");
    }
    tpl_free(map);
}

static void put_settings(struct trace_out *out, const struct trace_setting *s)
{
    for (bool first = true; s->name; s++, first = false) {
        text_add(out, first ? "{\"name\":" : ",{\"name\":");
        put_text(out, s->name);
        text_add(out, ",\"value\":");
        put_text(out, s->value);
        text_add(out, "}");
    }
}

static void find_ambiguous(struct jsonl_sink *s, const struct trace_reader *reader)
{
    memset(s->ambiguous, 0, sizeof s->ambiguous);
    for (unsigned i = 0; i < JSONL_KINDS_MAX; i++) {
        const struct trace_kind *k = trace_reader_kind(reader, i), *other;
        for (unsigned j = 0; k && j < JSONL_KINDS_MAX; j++)
            if (j != i && (other = trace_reader_kind(reader, j)) && !strcmp(k->name, other->name))
                s->ambiguous[i] = true;
    }
}

void jsonl_put_beginning(struct jsonl_sink *s, struct trace_out *out,
                         const struct trace_reader *reader, const struct trace_about *about,
                         const struct trace_setting *settings)
{
    find_ambiguous(s, reader);
    text_format(out, "{\"" JSONL_MARK "\":%d,\"header\":", JSONL_VERSION);
    put_header(out, about ? about : trace_reader_about(reader));
    text_add(out, ",\"kinds\":[");
    put_kinds(out, reader);
    text_add(out, "],\"types\":[");
    put_types(out, reader);
    text_add(out, "],\"effects\":[");
    put_effect_table(out, reader);
    text_add(out, "],\"settings\":[");
    put_settings(out, settings ? settings : trace_reader_settings(reader));
    text_add(out, "]}\n");
}

/* ---- effects ---- */

static void put_kind(const struct jsonl_sink *s, struct trace_out *out, const struct trace_kind *k)
{
    if (s->ambiguous[k->number % JSONL_KINDS_MAX])
        put_number(out, k->number);
    else
        put_text(out, k->name);
}

static void put_type(struct trace_out *out, const char *type)
{
    if (type)
        put_text(out, type);
    else
        text_add(out, "null");
}

static void put_effect(const struct jsonl_sink *s, struct trace_out *out,
                       const struct trace_effect *e)
{
    text_add(out, "{\"effect\":");
    if (e->kind < EFFECT_KINDS)
        text_json_string(out, effect_name(e->kind));
    else
        put_number(out, e->number);
    for (unsigned i = 0; i < JSONL_HAS; i++) {
        if (!(e->has & 1u << i))
            continue;
        text_json_name(out, jsonl_has[i], false);
        switch (1u << i) {
        case EFFECT_HAS_N: put_number(out, e->n); break;
        case EFFECT_HAS_VALUE: put_number(out, e->value); break;
        case EFFECT_HAS_REF: put_ref(out, e->ref); break;
        case EFFECT_HAS_TYPE: put_type(out, e->type); break;
        case EFFECT_HAS_MESSAGE: put_kind(s, out, e->message); break;
        case EFFECT_HAS_ADDRESS: put_text(out, e->address); break;
        case EFFECT_HAS_BYTES: put_bytes(out, &e->bytes); break;
        default: put_number(out, e->length); break;
        }
    }
    text_add(out, "}");
}

/* What is written here would be read back as the very bytes that it was. */
static bool comes_back(struct jsonl_sink *s, const struct trace_reader *reader,
                       const struct trace_record *r, size_t from, size_t to,
                       const struct trace_effect *e)
{
    struct trace_out *again = &s->again;
    if ((e->has & EFFECT_HAS_MESSAGE) && !e->message)
        return false;
    again->length = 0;
    trace_put_effect(again, reader, e);
    return again->length == to - from && memcmp(again->bytes, r->effects + from, to - from) == 0;
}

static void put_effects(struct jsonl_sink *s, struct trace_out *out,
                        const struct trace_reader *reader, const struct trace_record *r)
{
    struct trace_effect e;
    size_t at = 0, read = 0;
    text_add(out, ",\"effects\":[");
    while (trace_effect_next_any(reader, r, &at, &e) && comes_back(s, reader, r, read, at, &e)) {
        text_add(out, read ? "," : "");
        put_effect(s, out, &e);
        read = at;
    }
    text_add(out, "]");
    if (read == r->effects_length)
        return;
    text_add(out, ",\"effects_rest\":{\"hex\":\"");
    text_hex(out, r->effects + read, r->effects_length - read);
    text_add(out, "\"}");
}

/* ---- records ---- */

static void put_field(struct trace_out *out, const struct trace_record *r, unsigned i)
{
    uint64_t n = r->values[i];
    switch (r->kind->fields[i].type) {
    case FIELD_span: put_bytes(out, &r->spans[r->kind->fields[i].span]); break;
    case FIELD_ref: put_ref(out, trace_ref(n)); break;
    case FIELD_i32: text_format(out, "%" PRId32, (int32_t)n); break;
    case FIELD_flag:
        if (n < 2)
            text_add(out, n ? "true" : "false");
        else
            put_number(out, n);
        break;
    default: put_number(out, n); break;
    }
}

static void put_fields(struct trace_out *out, const struct trace_record *r)
{
    text_add(out, ",\"fields\":{");
    for (unsigned i = 0; i < r->kind->field_count; i++) {
        text_add(out, i ? "," : "");
        text_json_string(out, r->kind->fields[i].name);
        text_add(out, ":");
        put_field(out, r, i);
    }
    text_add(out, "}");
}

static void put_call(struct jsonl_sink *s, struct trace_out *out, const struct trace_reader *reader,
                     const struct trace_record *r)
{
    text_add(out, ",\"from\":");
    put_ref(out, r->from);
    text_add(out, ",\"to\":");
    put_ref(out, r->to);
    text_add(out, ",\"type\":");
    put_type(out, r->type);
    put_member(out, "took_ns", r->took_ns);
    put_member(out, "worker", r->worker);
    put_member(out, "number", r->number);
    put_member(out, "exchange", r->exchange);
    put_member(out, "actor_exchange", r->actor_exchange);
    put_member(out, "flags", r->flags);
    if (r->kind) {
        text_add(out, ",\"kind\":");
        put_kind(s, out, r->kind);
    }
    if (r->what == TRACE_CALL)
        put_fields(out, r);
    if (r->what != TRACE_UNDELIVERED)
        put_effects(s, out, reader, r);
}

void jsonl_put_record(struct jsonl_sink *s, struct trace_out *out,
                      const struct trace_reader *reader, const struct trace_record *r)
{
    text_format(out, "{\"what\":\"%s\"", jsonl_whats[r->what]);
    put_member(out, "seq", r->sequence);
    put_member(out, "now_us", r->now_us);
    put_member(out, "ended_ns", r->ended_ns);
    if (r->what == TRACE_LAGGED) {
        put_member(out, "worker", r->worker);
        put_member(out, "lost", r->lost);
    } else if (r->what == TRACE_NOTE) {
        text_add(out, ",\"text\":");
        put_text(out, r->text);
    } else {
        put_call(s, out, reader, r);
    }
    text_add(out, "}\n");
}

void jsonl_sink_release(struct jsonl_sink *s)
{
    free(s->again.bytes);
}
