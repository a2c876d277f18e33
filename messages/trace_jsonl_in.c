/* messages/trace_jsonl_in.c -- lines of JSON become a trace again; see trace_jsonl.h
 *
 * The beginning's tables become frames, which a trace_reader reads: so what the lines say is held against them as
 * in any trace, and trace_copy writes the records.
 */
#include "messages/hex.h"
#include "messages/text_out.h"
#include "messages/trace_copy.h"
#include "messages/trace_format.h"
#include "messages/trace_jsonl.h"
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <tpl.h>

struct jsonl_source {
    bool renumber;
    struct trace_reader *reader; /* knows the tables; NULL: no line has been read */
    struct trace_copier *copier;
    json_t *tables;  /* of the first beginning */
    json_t *effects; /* its table of effects */
    struct trace_out spans[TRACE_SPANS_MAX], bytes, blob, text;
    char error[JSONL_ERROR_MAX];
};

static bool fail(struct jsonl_source *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static bool fail(struct jsonl_source *s, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    if (!s->error[0])
        vsnprintf(s->error, sizeof s->error, format, list);
    va_end(list);
    return false;
}

/* ---- values: nothing there is 0, or empty ---- */

static bool digits(const char *text, uint64_t *n)
{
    char *end;
    errno = 0;
    *n = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && !errno;
}

/* `most`: what fits where it goes. */
static bool get_number(struct jsonl_source *s, const json_t *in, const char *name, uint64_t most,
                       uint64_t *n)
{
    const json_t *v = json_object_get(in, name);
    *n = 0;
    if (!v)
        return true;
    if (json_is_integer(v) && json_integer_value(v) >= 0)
        *n = (uint64_t)json_integer_value(v);
    else if (json_is_boolean(v))
        *n = json_is_true(v);
    else if (!json_is_string(v) || !digits(json_string_value(v), n))
        return fail(s, "\"%s\" is no number", name);
    return *n <= most || fail(s, "\"%s\" is too large, %" PRIu64 " at most", name, most);
}

static bool get_signed(struct jsonl_source *s, const json_t *in, const char *name, uint64_t *n)
{
    const json_t *v = json_object_get(in, name);
    json_int_t value = json_integer_value(v);
    *n = (uint32_t)(int32_t)value;
    return !v || (json_is_integer(v) && value >= INT32_MIN && value <= INT32_MAX) ||
           fail(s, "\"%s\" is no number of 32 bits", name);
}

static bool get_ref(struct jsonl_source *s, const json_t *in, const char *name,
                    struct actor_ref *ref)
{
    const json_t *v = json_object_get(in, name);
    unsigned worker, slot, generation;
    int end = 0;
    *ref = (struct actor_ref){0, 0};
    if (!v || json_is_null(v))
        return true;
    if (!json_is_string(v) ||
        sscanf(json_string_value(v), "%3u.%8u.%10u%n", &worker, &slot, &generation, &end) != 3 ||
        json_string_value(v)[end] || worker > 255 || slot > 0xffffff)
        return fail(s, "\"%s\" is no actor: write \"worker.slot.generation\" or null", name);
    ref->place = worker << 24 | slot;
    ref->generation = generation;
    return true;
}

static bool add_hex(struct jsonl_source *s, struct trace_out *out, const json_t *hex,
                    const char *name)
{
    const char *text = json_string_value(hex);
    size_t n = text ? json_string_length(hex) : 0;
    if (!text || !hex_read(text, n, trace_out_room(out, n / 2 + 1)))
        return fail(s, "\"%s\": \"hex\" is no hexadecimal text", name);
    out->length += n / 2;
    return true;
}

/* Appends "text", or what {"text":..} or {"hex":..} stands for. */
static bool add_chars(struct jsonl_source *s, struct trace_out *out, const json_t *v,
                      const char *name)
{
    const json_t *text = json_is_object(v) ? json_object_get(v, "text") : v;
    if (!v)
        return true;
    if (json_is_string(text)) {
        text_bytes(out, json_string_value(text), json_string_length(text));
        return true;
    }
    if (json_is_object(v) && json_object_get(v, "hex"))
        return add_hex(s, out, json_object_get(v, "hex"), name);
    return fail(s, "\"%s\" is neither a string nor {\"hex\":..}", name);
}

static bool get_hash(struct jsonl_source *s, const json_t *v, const char *name, uint64_t *hash)
{
    const char *text = json_string_value(json_object_get(v, "hash"));
    int end = 0;
    if (text && sscanf(text, "0x%16" SCNx64 "%n", hash, &end) == 1 && !text[end])
        return true;
    return fail(s, "\"%s\": \"hash\" is missing or no \"0x\" and 16 digits", name);
}

/* What `out` has got since is theirs; where it lies is said by its owner when it grows no more. */
static bool get_bytes(struct jsonl_source *s, struct trace_out *out, const json_t *in,
                      const char *name, struct trace_bytes *b)
{
    const json_t *v = json_object_get(in, name);
    uint64_t length;
    *b = (struct trace_bytes){0};
    out->length = 0;
    if (!add_chars(s, out, v, name))
        return false;
    if (out->length > FRAME_BYTES_MAX)
        return fail(s, "\"%s\" is too long", name);
    b->bytes = out->bytes;
    b->length = b->kept = (uint32_t)out->length;
    if (!json_is_object(v) || !json_object_get(v, "length"))
        return true;
    if (!get_number(s, v, "length", UINT32_MAX, &length))
        return false;
    if (length < b->kept)
        return fail(s, "\"%s\": its length is less than what is there of it", name);
    b->length = (uint32_t)length;
    return length == b->kept || get_hash(s, v, name, &b->hash);
}

/* Without NUL in it. Valid until the next one. */
static bool get_text(struct jsonl_source *s, struct trace_out *out, const json_t *in,
                     const char *name, const char **text)
{
    out->length = 0;
    if (!add_chars(s, out, json_object_get(in, name), name))
        return false;
    if (out->length && memchr(out->bytes, 0, out->length))
        return fail(s, "\"%s\" has a NUL in it", name);
    text_bytes(out, "", 1);
    *text = (const char *)out->bytes;
    return true;
}

/* ---- the beginning ---- */

static bool put_header(struct jsonl_source *s, struct trace_out *out, const json_t *in)
{
    enum { TEXTS = 6 };
    static const char *const names[TEXTS] = {"program",  "build",  "options",
                                             "protocol", "system", "why"};
    struct trace_out texts[TEXTS] = {{0}};
    const char *t[TEXTS];
    uint64_t format, wall, clock, first, part, workers, bodies, process;
    bool good = get_number(s, in, "format", UINT32_MAX, &format) &&
                get_number(s, in, "wall_us", UINT64_MAX, &wall) &&
                get_number(s, in, "clock_ns", UINT64_MAX, &clock) &&
                get_number(s, in, "first_sequence", UINT64_MAX, &first) &&
                get_number(s, in, "part", UINT32_MAX, &part) &&
                get_number(s, in, "workers", UINT32_MAX, &workers) &&
                get_number(s, in, "bodies_max", UINT32_MAX, &bodies) &&
                get_number(s, in, "process", UINT32_MAX, &process);
    for (unsigned i = 0; i < TEXTS; i++)
        good = good && get_text(s, &texts[i], in, names[i], &t[i]);
    if (s->renumber)
        first = 0;
    if (good) {
        struct trace_about a = {(uint32_t)format,
                                wall,
                                clock,
                                first,
                                (uint32_t)part,
                                (uint32_t)workers,
                                (uint32_t)bodies,
                                (uint32_t)process,
                                t[0],
                                t[1],
                                t[2],
                                t[3],
                                t[4],
                                t[5]};
        tpl_node *map = tpl_map(TRACE_FORMAT_HEADER, &a.format, &a.wall_us, &a.clock_ns,
                                &a.first_sequence, &a.part, &a.workers, &a.bodies_max, &a.process,
                                &a.program, &a.build, &a.options, &a.protocol, &a.system, &a.why);
        tpl_pack(map, 0);
        trace_frame_dump_any(out, FRAME_HEADER, map);
    }
    for (unsigned i = 0; i < TEXTS; i++)
        free(texts[i].bytes);
    return good;
}

static bool get_field_type(struct jsonl_source *s, const json_t *in, uint8_t *type)
{
    const char *name = json_string_value(json_object_get(in, "type"));
    uint64_t number;
    for (uint8_t i = 0; name && i <= FIELD_span; i++)
        if (strcmp(name, jsonl_field_types[i]) == 0) {
            *type = i;
            return true;
        }
    if (!get_number(s, in, "type", UINT8_MAX, &number))
        return false;
    *type = (uint8_t)number;
    return true;
}

static bool pack_kind(struct jsonl_source *s, tpl_node *map, const json_t *in, uint16_t *number,
                      uint8_t *class, const char **name, uint8_t *type, const char **field)
{
    const json_t *fields = json_object_get(in, "fields"), *f;
    uint64_t n, c;
    size_t i;
    json_array_foreach(fields, i, f)
    {
        if (!get_field_type(s, f, type) || !get_text(s, &s->text, f, "name", field))
            return false;
        tpl_pack(map, 2);
    }
    if (!get_number(s, in, "number", UINT16_MAX, &n) ||
        !get_number(s, in, "class", UINT8_MAX, &c) || !get_text(s, &s->text, in, "name", name))
        return false;
    *number = (uint16_t)n;
    *class = (uint8_t)c;
    tpl_pack(map, 1);
    return true;
}

/* Each table becomes a frame, also one that says something wrong: the reader finds that. */
static bool put_kinds(struct jsonl_source *s, struct trace_out *out, const json_t *in)
{
    uint16_t number = 0;
    uint8_t class = 0, type = 0;
    const char *name = NULL, *field = NULL;
    const json_t *kind;
    size_t i;
    bool good = true;
    tpl_node *map = tpl_map(TRACE_FORMAT_KINDS, &number, &class, &name, &type, &field);
    json_array_foreach(in, i, kind) good =
        good && pack_kind(s, map, kind, &number, &class, &name, &type, &field);
    trace_frame_dump_any(out, FRAME_KINDS, map);
    return good;
}

static bool put_types(struct jsonl_source *s, struct trace_out *out, const json_t *in)
{
    const char *name = NULL;
    const json_t *type;
    size_t i;
    bool good = true;
    tpl_node *map = tpl_map(TRACE_FORMAT_TYPES, &name);
    json_array_foreach(in, i, type)
    {
        s->text.length = 0;
        good = good && add_chars(s, &s->text, type, "types");
        text_bytes(&s->text, "", 1);
        name = (const char *)s->text.bytes;
        tpl_pack(map, 1);
    }
    trace_frame_dump_any(out, FRAME_TYPES, map);
    return good;
}

static bool get_has(struct jsonl_source *s, const json_t *in, uint16_t *has)
{
    const json_t *word;
    size_t i;
    *has = 0;
    json_array_foreach(json_object_get(in, "has"), i, word)
    {
        unsigned bit = 0;
        while (bit < JSONL_HAS &&
               (!json_is_string(word) || strcmp(json_string_value(word), jsonl_has[bit]) != 0))
            bit++;
        if (bit == JSONL_HAS && !json_is_integer(word))
            return fail(s, "\"effects\": one has something that is not known here");
        *has |= (uint16_t)(bit < JSONL_HAS ? 1 << bit : json_integer_value(word));
    }
    return true;
}

static bool put_effects(struct jsonl_source *s, struct trace_out *out, const json_t *in)
{
    const char *name = NULL;
    uint16_t has = 0;
    const json_t *effect;
    size_t i;
    bool good = true;
    tpl_node *map = tpl_map(TRACE_FORMAT_EFFECTS, &name, &has);
    json_array_foreach(in, i, effect)
    {
        good = good && get_has(s, effect, &has) && get_text(s, &s->text, effect, "name", &name);
        if (good)
            tpl_pack(map, 1);
    }
    trace_frame_dump_any(out, FRAME_EFFECTS, map);
    return good;
}

static bool put_settings(struct jsonl_source *s, struct trace_out *out, const json_t *in)
{
    const char *name = NULL, *value = NULL;
    const json_t *setting;
    size_t i;
    bool good = true;
    tpl_node *map = tpl_map(TRACE_FORMAT_SETTINGS, &name, &value);
    json_array_foreach(in, i, setting)
    {
        good = good && get_text(s, &s->text, setting, "name", &name) &&
               get_text(s, &s->bytes, setting, "value", &value);
        if (good)
            tpl_pack(map, 1);
    }
    trace_frame_dump_any(out, FRAME_SETTINGS, map);
    return good;
}

static bool has_shape(struct jsonl_source *s, const json_t *line)
{
    static const char *const tables[] = {"kinds", "types", "effects", "settings"};
    if (!json_is_object(json_object_get(line, "header")))
        return fail(s, "\"header\" is missing");
    for (unsigned i = 0; i < sizeof tables / sizeof tables[0]; i++)
        if (!json_is_array(json_object_get(line, tables[i])))
            return fail(s, "\"%s\" is missing, or no list", tables[i]);
    return true;
}

/* The reader says what is wrong with what was made. */
static bool is_read(struct jsonl_source *s, const struct trace_out *made)
{
    struct trace_record none;
    enum trace_got got;
    trace_reader_feed(s->reader, made->bytes, made->length);
    while ((got = trace_reader_next(s->reader, &none)) != TRACE_MORE)
        if (got == TRACE_BAD)
            return fail(s, "no trace can begin so: %s", trace_reader_error(s->reader));
    return true;
}

static bool take_first(struct jsonl_source *s, struct trace_out *out, json_t *line)
{
    struct trace_out made = {0};
    trace_out_put(&made, TRACE_MAGIC, TRACE_MAGIC_BYTES);
    bool good = has_shape(s, line) && put_header(s, &made, json_object_get(line, "header")) &&
                put_kinds(s, &made, json_object_get(line, "kinds")) &&
                put_types(s, &made, json_object_get(line, "types")) &&
                put_effects(s, &made, json_object_get(line, "effects")) &&
                put_settings(s, &made, json_object_get(line, "settings"));
    s->reader = trace_reader_new();
    if (good && is_read(s, &made)) {
        s->tables = json_incref(line);
        s->effects = json_object_get(line, "effects");
        trace_out_put(out, made.bytes, made.length);
    } else {
        trace_reader_free(s->reader);
        s->reader = NULL;
    }
    free(made.bytes);
    return s->reader != NULL;
}

static bool take_beginning(struct jsonl_source *s, struct trace_out *out, json_t *line)
{
    static const char *const tables[] = {"kinds", "types", "effects"};
    if (json_integer_value(json_object_get(line, JSONL_MARK)) != JSONL_VERSION)
        return fail(s, "\"" JSONL_MARK "\" is not %d: this is of another version", JSONL_VERSION);
    if (!s->reader)
        return take_first(s, out, line);
    for (unsigned i = 0; i < sizeof tables / sizeof tables[0]; i++)
        if (!json_equal(json_object_get(line, tables[i]), json_object_get(s->tables, tables[i])))
            return fail(s, "another trace begins here, whose \"%s\" differ: make a file of each",
                        tables[i]);
    return true;
}

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
    return *kind || fail(s, "\"%s\" is missing, or none of the kinds that the beginning has", name);
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
           fail(s, "\"%s\" is none of the types that the beginning has", name);
}

static bool get_address(struct jsonl_source *s, const json_t *in, struct trace_effect *e)
{
    const char *text;
    if (!get_text(s, &s->text, in, "address", &text))
        return false;
    if (strlen(text) >= sizeof e->address)
        return fail(s, "\"address\" is too long");
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
        return fail(s, "\"effect\" is missing, or none that the beginning has");
    if (!get_has(s, json_array_get(s->effects, number), &has))
        return false;
    e->kind = EFFECT_KINDS; /* by its number */
    e->number = (uint8_t)number;
    e->has = has;
    return true;
}

static bool add_effect(struct jsonl_source *s, const json_t *in)
{
    struct trace_effect e = {0};
    uint64_t n, value, length;
    bool good = get_effect_kind(s, in, &e) && get_number(s, in, "n", UINT32_MAX, &n) &&
                get_number(s, in, "value", UINT64_MAX, &value) && get_ref(s, in, "ref", &e.ref) &&
                get_type(s, in, "type", &e.type) &&
                (!(e.has & EFFECT_HAS_MESSAGE) || get_kind(s, in, "message", &e.message)) &&
                get_address(s, in, &e) && get_bytes(s, &s->bytes, in, "bytes", &e.bytes) &&
                get_number(s, in, "length", UINT64_MAX, &length);
    if (!good)
        return false;
    e.n = (uint32_t)n;
    e.value = value;
    e.length = length;
    trace_put_effect(&s->blob, s->reader, &e);
    return true;
}

static bool get_effects(struct jsonl_source *s, const json_t *in, struct trace_record *r)
{
    const json_t *effects = json_object_get(in, "effects"), *e;
    size_t i;
    s->blob.length = 0;
    if (effects && !json_is_array(effects))
        return fail(s, "\"effects\" is no list");
    json_array_foreach(effects, i, e) if (!add_effect(s, e)) return false;
    if (!add_chars(s, &s->blob, json_object_get(in, "effects_rest"), "effects_rest"))
        return false;
    r->effects = s->blob.bytes;
    r->effects_length = s->blob.length;
    return true;
}

static bool get_value(struct jsonl_source *s, const json_t *in, const struct trace_field *f,
                      struct trace_record *r, uint64_t *value)
{
    static const uint64_t most[] = {
        [FIELD_u8] = UINT8_MAX,   [FIELD_u16] = UINT16_MAX, [FIELD_u32] = UINT32_MAX,
        [FIELD_u64] = UINT64_MAX, [FIELD_flag] = UINT8_MAX, [FIELD_span] = 0};
    struct actor_ref ref;
    switch (f->type) {
    case FIELD_span: return get_bytes(s, &s->spans[f->span], in, f->name, &r->spans[f->span]);
    case FIELD_i32: return get_signed(s, in, f->name, value);
    case FIELD_ref:
        if (!get_ref(s, in, f->name, &ref))
            return false;
        *value = ref_bits(ref);
        return true;
    default: return get_number(s, in, f->name, most[f->type], value);
    }
}

static bool get_fields(struct jsonl_source *s, const json_t *in, struct trace_record *r)
{
    const json_t *fields = json_object_get(in, "fields");
    for (unsigned i = 0; i < r->kind->field_count; i++)
        if (!get_value(s, fields, &r->kind->fields[i], r, &r->values[i]))
            return false;
    return true;
}

static bool get_call(struct jsonl_source *s, const json_t *in, struct trace_record *r)
{
    uint64_t took, worker, number, exchange, actor_exchange, flags;
    bool good = get_ref(s, in, "from", &r->from) && get_ref(s, in, "to", &r->to) &&
                get_type(s, in, "type", &r->type) &&
                get_number(s, in, "took_ns", UINT32_MAX, &took) &&
                get_number(s, in, "worker", UINT8_MAX, &worker) &&
                get_number(s, in, "number", UINT32_MAX, &number) &&
                get_number(s, in, "exchange", UINT32_MAX, &exchange) &&
                get_number(s, in, "actor_exchange", UINT32_MAX, &actor_exchange) &&
                get_number(s, in, "flags", UINT16_MAX, &flags) &&
                (r->what == TRACE_END || get_kind(s, in, "kind", &r->kind)) &&
                (r->what != TRACE_CALL || get_fields(s, in, r)) &&
                (r->what == TRACE_UNDELIVERED || get_effects(s, in, r));
    if (!good)
        return false;
    r->took_ns = (uint32_t)took;
    r->worker = (uint16_t)worker;
    r->number = (uint32_t)number;
    r->exchange = (uint32_t)exchange;
    r->actor_exchange = (uint32_t)actor_exchange;
    r->flags = (uint16_t)flags;
    return true;
}

static bool get_what(struct jsonl_source *s, const json_t *in, enum trace_what *what)
{
    const char *text = json_string_value(json_object_get(in, "what"));
    for (unsigned i = 0; text && i <= TRACE_NOTE; i++)
        if (strcmp(text, jsonl_whats[i]) == 0) {
            *what = (enum trace_what)i;
            return true;
        }
    return fail(s, "\"what\" is missing, or none of call, end, undelivered, lagged, note");
}

static bool get_record(struct jsonl_source *s, const json_t *in, struct trace_record *r)
{
    uint64_t worker;
    if (!get_what(s, in, &r->what) || !get_number(s, in, "seq", UINT64_MAX, &r->sequence) ||
        !get_number(s, in, "now_us", UINT64_MAX, &r->now_us) ||
        !get_number(s, in, "ended_ns", UINT64_MAX, &r->ended_ns))
        return false;
    if (r->what == TRACE_NOTE)
        return get_text(s, &s->text, in, "text", &r->text);
    if (r->what != TRACE_LAGGED)
        return get_call(s, in, r);
    if (!get_number(s, in, "worker", UINT16_MAX, &worker) ||
        !get_number(s, in, "lost", UINT64_MAX, &r->lost))
        return false;
    r->worker = (uint16_t)worker;
    return true;
}

static bool take_record(struct jsonl_source *s, struct trace_out *out, const json_t *line)
{
    struct trace_record r = {0};
    if (!s->reader)
        return fail(s, "a trace does not begin so: its first line has \"" JSONL_MARK "\"");
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
    json_t *in = json_loadb(line, length, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
    if (!in)
        return fail(s, "no JSON: %s (column %d)", error.text, error.column);
    bool good = json_is_object(in) ? json_object_get(in, JSONL_MARK) ? take_beginning(s, out, in)
                                                                     : take_record(s, out, in)
                                   : fail(s, "no object");
    json_decref(in);
    return good;
}

const char *jsonl_source_error(const struct jsonl_source *s)
{
    return s->error;
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
