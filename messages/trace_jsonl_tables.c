/* messages/trace_jsonl_tables.c -- the first line of a trace of JSON lines; see trace_jsonl_state.h
 *
 * Its tables become frames, which a trace_reader reads: so what the lines say is held against them as in any trace.
 */
#include "messages/text_out.h"
#include "messages/trace_format.h"
#include "messages/trace_jsonl_state.h"
#include <stdlib.h>
#include <tpl.h>

enum { HEADER_TEXTS = 6 };

static void pack_header(struct trace_out *out, const struct jsonl_number *n,
                        const char *const t[HEADER_TEXTS])
{
    struct trace_about a = {(uint32_t)n[0].value,
                            n[1].value,
                            n[2].value,
                            n[3].value,
                            (uint32_t)n[4].value,
                            (uint32_t)n[5].value,
                            (uint32_t)n[6].value,
                            (uint32_t)n[7].value,
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

static bool put_header(struct jsonl_source *s, struct trace_out *out, const json_t *in)
{
    static const char *const names[HEADER_TEXTS] = {"program",  "build",  "options",
                                                    "protocol", "system", "why"};
    struct jsonl_number numbers[] = {
        {"format", UINT32_MAX, 0},         {"wall_us", UINT64_MAX, 0}, {"clock_ns", UINT64_MAX, 0},
        {"first_sequence", UINT64_MAX, 0}, {"part", UINT32_MAX, 0},    {"workers", UINT32_MAX, 0},
        {"bodies_max", UINT32_MAX, 0},     {"process", UINT32_MAX, 0}, {NULL, 0, 0}};
    struct trace_out texts[HEADER_TEXTS] = {{0}};
    const char *t[HEADER_TEXTS];
    bool good = jsonl_numbers(s, in, numbers);
    for (unsigned i = 0; i < HEADER_TEXTS; i++)
        good = good && jsonl_text(s, &texts[i], in, names[i], &t[i]);
    if (s->renumber)
        numbers[3].value = 0;
    if (good)
        pack_header(out, numbers, t);
    for (unsigned i = 0; i < HEADER_TEXTS; i++)
        free(texts[i].bytes);
    return good;
}

static bool get_field_type(struct jsonl_source *s, const json_t *in, uint8_t *type)
{
    const char *name = json_string_value(json_object_get(in, "type"));
    struct jsonl_number number = {"type", UINT8_MAX, 0};
    for (uint8_t i = 0; name && i <= FIELD_span; i++)
        if (strcmp(name, jsonl_field_types[i]) == 0) {
            *type = i;
            return true;
        }
    if (!jsonl_number(s, in, &number))
        return false;
    *type = (uint8_t)number.value;
    return true;
}

/* What the map of kinds packs. */
struct kind_row {
    uint16_t number;
    uint8_t class, type;
    const char *name, *field;
};

static bool pack_kind(struct jsonl_source *s, tpl_node *map, const json_t *in, struct kind_row *row)
{
    struct jsonl_number numbers[] = {
        {"number", UINT16_MAX, 0}, {"class", UINT8_MAX, 0}, {NULL, 0, 0}};
    const json_t *fields = json_object_get(in, "fields"), *f;
    size_t i;
    json_array_foreach(fields, i, f)
    {
        if (!get_field_type(s, f, &row->type) || !jsonl_text(s, &s->text, f, "name", &row->field))
            return false;
        tpl_pack(map, 2);
    }
    if (!jsonl_numbers(s, in, numbers) || !jsonl_text(s, &s->text, in, "name", &row->name))
        return false;
    row->number = (uint16_t)numbers[0].value;
    row->class = (uint8_t)numbers[1].value;
    tpl_pack(map, 1);
    return true;
}

/* Each table becomes a frame, also one that says something wrong: the reader finds that. */
static bool put_kinds(struct jsonl_source *s, struct trace_out *out, const json_t *in)
{
    struct kind_row row = {0};
    const json_t *kind;
    size_t i;
    bool good = true;
    tpl_node *map =
        tpl_map(TRACE_FORMAT_KINDS, &row.number, &row.class, &row.name, &row.type, &row.field);
    json_array_foreach(in, i, kind)
    {
        good = good && pack_kind(s, map, kind, &row);
    }
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
        good = good && jsonl_chars(s, &s->text, type, "types");
        text_bytes(&s->text, "", 1);
        name = (const char *)s->text.bytes;
        tpl_pack(map, 1);
    }
    trace_frame_dump_any(out, FRAME_TYPES, map);
    return good;
}

bool jsonl_effect_has(struct jsonl_source *s, const json_t *in, uint16_t *has)
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
            return jsonl_fail(s, "\"effects\": one has something that is not known here");
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
        good = good && jsonl_effect_has(s, effect, &has) &&
               jsonl_text(s, &s->text, effect, "name", &name);
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
        good = good && jsonl_text(s, &s->text, setting, "name", &name) &&
               jsonl_text(s, &s->bytes, setting, "value", &value);
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
        return jsonl_fail(s, "\"header\" is missing");
    for (unsigned i = 0; i < sizeof tables / sizeof tables[0]; i++)
        if (!json_is_array(json_object_get(line, tables[i])))
            return jsonl_fail(s, "\"%s\" is missing, or no list", tables[i]);
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
            return jsonl_fail(s, "no trace can begin so: %s", trace_reader_error(s->reader));
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

/* As trace_about_same_run has it. */
static bool is_same_run(const json_t *a, const json_t *b)
{
    static const char *const same[] = {"process", "wall_us", "clock_ns", "program", "build"};
    for (unsigned i = 0; i < sizeof same / sizeof same[0]; i++) {
        const json_t *x = json_object_get(a, same[i]), *y = json_object_get(b, same[i]);
        if ((x || y) && !json_equal(x, y))
            return false;
    }
    return true;
}

static bool take_next(struct jsonl_source *s, const json_t *line)
{
    static const char *const tables[] = {"kinds", "types", "effects"};
    for (unsigned i = 0; i < sizeof tables / sizeof tables[0]; i++)
        if (!json_equal(json_object_get(line, tables[i]), json_object_get(s->tables, tables[i])))
            return jsonl_fail(s,
                              "another trace begins here, whose \"%s\" differ: make a file of each",
                              tables[i]);
    return is_same_run(json_object_get(line, "header"), json_object_get(s->tables, "header")) ||
           jsonl_fail(s, "another trace begins here, of another run: make a file of each");
}

bool jsonl_take_beginning(struct jsonl_source *s, struct trace_out *out, json_t *line)
{
    if (json_integer_value(json_object_get(line, JSONL_MARK)) != JSONL_VERSION)
        return jsonl_fail(s, "\"" JSONL_MARK "\" is not %d: this is of another version",
                          JSONL_VERSION);
    return s->reader ? take_next(s, line) : take_first(s, out, line);
}
