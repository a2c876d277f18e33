/* messages/trace_tables.c -- see trace_tables.h */
#include "messages/trace_tables.h"
#include "messages/trace_image.h"
#include <stdio.h>
#include <stdlib.h>
#include <tpl.h>

static void *grown(void *old, size_t bytes)
{
    void *p = realloc(old, bytes);
    if (!p)
        heap_exhausted("a trace's tables", bytes);
    return p;
}

static void *zeroed(size_t bytes)
{
    return memset(grown(NULL, bytes), 0, bytes);
}

static char *text_or_empty(char *text)
{
    return text ? text : zeroed(1);
}

/* Names are printed, asked for by filters and stand in lines of JSON: no build writes others. */
static bool is_name(const char *name)
{
    for (; name && *name; name++)
        if (*name < ' ' || *name > '~')
            return false;
    return true;
}

/* ---- the header ---- */

static void free_about(struct trace_about *a)
{
    free((void *)(uintptr_t)a->program);
    free((void *)(uintptr_t)a->build);
    free((void *)(uintptr_t)a->options);
    free((void *)(uintptr_t)a->protocol);
    free((void *)(uintptr_t)a->system);
    free((void *)(uintptr_t)a->why);
}

static bool load_about(struct trace_about *a, void *image, size_t length)
{
    tpl_node *map = tpl_map(TRACE_FORMAT_HEADER, &a->format, &a->wall_us, &a->clock_ns,
                            &a->first_sequence, &a->part, &a->workers, &a->bodies_max, &a->process,
                            &a->program, &a->build, &a->options, &a->protocol, &a->system, &a->why);
    bool good = trace_image_load(map, TRACE_FORMAT_HEADER, image, length);
    const char **const texts[] = {&a->program,  &a->build,  &a->options,
                                  &a->protocol, &a->system, &a->why};
    tpl_free(map);
    for (unsigned i = 0; i < sizeof texts / sizeof texts[0]; i++)
        *texts[i] = text_or_empty((char *)(uintptr_t)*texts[i]);
    return good;
}

bool trace_setting_is_expression(const struct trace_setting *s)
{
    return strcmp(s->name, "header_filter") == 0 || strcmp(s->name, "path_filter") == 0;
}

bool trace_about_same_run(const struct trace_about *a, const struct trace_about *b)
{
    return a->process == b->process && a->wall_us == b->wall_us && a->clock_ns == b->clock_ns &&
           strcmp(a->program, b->program) == 0 && strcmp(a->build, b->build) == 0;
}

static void forget_all(struct trace_tables *t);

static const char *take_header(struct trace_tables *t, void *image, size_t length)
{
    struct trace_about a = {0};
    if (!load_about(&a, image, length)) {
        free_about(&a);
        return "the header cannot be read";
    }
    if (!t->has_about || !trace_about_same_run(&a, &t->about)) {
        forget_all(t);
        t->traces++;
    }
    free_about(&t->about);
    t->about = a;
    t->has_about = true;
    return NULL;
}

/* ---- kinds ---- */

/* Records that were given point to them. */
static void put_away_kinds(struct trace_tables *t)
{
    for (unsigned i = 0; i < TABLE_KINDS_MAX; i++) {
        struct read_kind *k = t->kinds[i];
        t->kinds[i] = NULL;
        if (!k)
            continue;
        if (k->map)
            tpl_free(k->map);
        k->map = NULL;
        k->before = t->kinds_before;
        t->kinds_before = k;
    }
}

static void copy_name(char into[TRACE_NAME_MAX], const char *name)
{
    snprintf(into, TRACE_NAME_MAX, "%s", name ? name : "");
}

static bool has_fields_of(const struct trace_kind *k, const struct kind_info *ours)
{
    for (unsigned f = 0; f < k->field_count; f++)
        if (!ours->fields[f].name || strcmp(ours->fields[f].name, k->fields[f].name) != 0 ||
            ours->fields[f].type != k->fields[f].type)
            return false;
    return !ours->fields[k->field_count].name;
}

static bool is_named(uint16_t ours, const char *name)
{
    return ours && ours < message_kinds_count() && strcmp(message_kind_info(ours)->name, name) == 0;
}

/* Ours, if there is one that has the same fields in the same order. Mostly it has the same number, too. */
static uint16_t our_kind(const struct trace_kind *k)
{
    uint16_t i = k->number;
    if (!is_named(i, k->name))
        for (i = 1; i < message_kinds_count() && !is_named(i, k->name); i++)
            ;
    return i < message_kinds_count() && has_fields_of(k, message_kind_info(i)) ? i : 0;
}

/* Filters and lines of JSON know a field by its name. */
static bool has_field(const struct trace_kind *k, const char *name)
{
    for (unsigned i = 0; i < k->field_count; i++)
        if (strcmp(k->fields[i].name, name) == 0)
            return true;
    return false;
}

static bool add_field(struct trace_kind *k, uint8_t type, const char *name)
{
    struct trace_field *f = &k->fields[k->field_count];
    if (k->field_count == FIELDS_MAX || type > FIELD_span || !is_name(name) ||
        (type == FIELD_span && k->span_count == TRACE_SPANS_MAX))
        return false;
    copy_name(f->name, name);
    if (has_field(k, f->name))
        return false;
    f->type = type;
    if (type == FIELD_span)
        f->span = k->span_count++;
    k->field_count++;
    return true;
}

/* The letters that tpl needs, in the fields' order. */
static void find_format(struct read_kind *k)
{
    struct field_info fields[FIELDS_MAX];
    for (unsigned i = 0; i < k->kind.field_count; i++)
        fields[i].type = k->kind.fields[i].type;
    trace_call_format(fields, k->kind.field_count, k->format);
}

/* One row of the table, as tpl unpacks it. */
struct kind_row {
    uint16_t number;
    uint8_t class, type;
    char *name, *field;
};

static struct read_kind *read_row(tpl_node *map, struct kind_row *row)
{
    struct read_kind *k = zeroed(sizeof *k);
    k->kind.is_known = true;
    k->kind.number = row->number;
    copy_name(k->kind.name, row->name);
    while (tpl_unpack(map, 2) > 0) {
        k->kind.is_known = add_field(&k->kind, row->type, row->field) && k->kind.is_known;
        free(row->field);
        row->field = NULL;
    }
    k->kind.ours = k->kind.is_known ? our_kind(&k->kind) : 0;
    if (k->kind.is_known)
        find_format(k);
    return k;
}

static bool add_kind(struct trace_tables *t, struct read_kind *k)
{
    uint16_t number = k->kind.number;
    if (number >= TABLE_KINDS_MAX || t->kinds[number]) {
        free(k);
        return false;
    }
    t->kinds[number] = k;
    return true;
}

static const char *take_kinds(struct trace_tables *t, void *image, size_t length)
{
    struct kind_row row = {0};
    put_away_kinds(t);
    tpl_node *map =
        tpl_map(TRACE_FORMAT_KINDS, &row.number, &row.class, &row.name, &row.type, &row.field);
    bool good = trace_image_load(map, TRACE_FORMAT_KINDS, image, length);
    bool read = good;
    while (read && tpl_unpack(map, 1) > 0) {
        good = add_kind(t, read_row(map, &row)) && is_name(row.name) && good;
        free(row.name);
        row.name = NULL;
    }
    tpl_free(map);
    return good ? NULL : "the table of kinds cannot be read, or not all of it";
}

/* ---- types ---- */

static const char *keep_text(struct trace_tables *t, const char *text)
{
    size_t length = strlen(text) + 1;
    struct kept_text *k = grown(NULL, sizeof *k + length);
    memcpy(k->text, text, length);
    k->before = t->texts;
    t->texts = k;
    return k->text;
}

uint8_t trace_tables_type(const struct trace_tables *t, const char *name)
{
    for (unsigned i = 0; t->types[i]; i++)
        if (t->types[i] == name || strcmp(t->types[i], name) == 0)
            return (uint8_t)i;
    return UINT8_MAX;
}

static bool add_type(struct trace_tables *t, unsigned count, const char *name)
{
    if (count >= TABLE_TYPES_MAX)
        return false;
    bool is_new = trace_tables_type(t, name) == UINT8_MAX;
    t->types[count] = keep_text(t, name);
    return is_new && is_name(name);
}

static const char *take_types(struct trace_tables *t, void *image, size_t length)
{
    char *name = NULL;
    unsigned count = 0;
    memset(t->types, 0, sizeof t->types);
    tpl_node *map = tpl_map(TRACE_FORMAT_TYPES, &name);
    bool good = trace_image_load(map, TRACE_FORMAT_TYPES, image, length), read = good;
    while (read && tpl_unpack(map, 1) > 0) {
        good = add_type(t, count++, name ? name : "") && good;
        free(name);
        name = NULL;
    }
    tpl_free(map);
    return good ? NULL : "the table of actors' types cannot be read, or not all of it";
}

/* ---- effects ---- */

static int our_effect(const char *name)
{
    for (int i = 0; name && i < EFFECT_KINDS; i++)
        if (strcmp(effect_name((enum effect_kind)i), name) == 0)
            return i;
    return -1;
}

int trace_tables_effect(const struct trace_tables *t, int ours)
{
    for (unsigned i = 0; i < t->effect_count; i++)
        if (t->effects[i].ours == ours)
            return (int)i;
    return -1;
}

static bool add_effect(struct trace_tables *t, const char *name, unsigned has)
{
    int ours = our_effect(name);
    if (t->effect_count == TABLE_EFFECTS_MAX)
        return false;
    bool is_new = ours < 0 || trace_tables_effect(t, ours) < 0;
    t->effects[t->effect_count++] = (struct read_effect){has, ours};
    return is_new && is_name(name);
}

static const char *take_effects(struct trace_tables *t, void *image, size_t length)
{
    char *name = NULL;
    uint16_t has = 0;
    t->effect_count = 0;
    tpl_node *map = tpl_map(TRACE_FORMAT_EFFECTS, &name, &has);
    bool good = trace_image_load(map, TRACE_FORMAT_EFFECTS, image, length), read = good;
    while (read && tpl_unpack(map, 1) > 0) {
        good = add_effect(t, name, has) && good;
        free(name);
        name = NULL;
    }
    tpl_free(map);
    return good ? NULL : "the table of effects cannot be read, or not all of it";
}

/* ---- settings ---- */

static void forget_settings(struct trace_tables *t)
{
    for (size_t i = 0; i < t->setting_count; i++) {
        free((void *)(uintptr_t)t->settings[i].name);
        free((void *)(uintptr_t)t->settings[i].value);
    }
    free(t->settings);
    t->settings = NULL;
    t->setting_count = 0;
}

static void add_setting(struct trace_tables *t, char *name, char *value)
{
    size_t n = t->setting_count++;
    if ((n & (n - 1)) == 0) /* twice as many, and one that ends the list */
        t->settings = grown(t->settings, (n * 2 + 2) * sizeof *t->settings);
    t->settings[n] = (struct trace_setting){text_or_empty(name), text_or_empty(value)};
    t->settings[n + 1] = (struct trace_setting){NULL, NULL};
}

static const char *take_settings(struct trace_tables *t, void *image, size_t length)
{
    char *name = NULL, *value = NULL;
    forget_settings(t);
    tpl_node *map = tpl_map(TRACE_FORMAT_SETTINGS, &name, &value);
    bool good = trace_image_load(map, TRACE_FORMAT_SETTINGS, image, length);
    while (good && tpl_unpack(map, 1) > 0) {
        add_setting(t, name, value);
        name = value = NULL;
    }
    tpl_free(map);
    return good ? NULL : "the settings cannot be read";
}

/* ---- all ---- */

static void forget_image(struct read_image *known)
{
    free(known->bytes);
    *known = (struct read_image){NULL, 0};
}

static void forget_all(struct trace_tables *t)
{
    put_away_kinds(t);
    memset(t->types, 0, sizeof t->types);
    t->effect_count = 0;
    forget_settings(t);
    for (unsigned i = 0; i <= FRAME_SETTINGS; i++)
        forget_image(&t->images[i]);
}

static bool is_known_image(const struct read_image *known, const void *image, size_t length)
{
    return known->bytes && known->length == length && memcmp(known->bytes, image, length) == 0;
}

static void keep_image(struct read_image *known, const void *image, size_t length)
{
    known->bytes = grown(known->bytes, length + 1);
    known->length = length;
    memcpy(known->bytes, image, length);
}

const char *trace_tables_take(struct trace_tables *t, unsigned type, void *image, size_t length)
{
    static const char *(*const takers[])(struct trace_tables *, void *, size_t) = {
        [FRAME_HEADER] = take_header,     [FRAME_KINDS] = take_kinds,
        [FRAME_TYPES] = take_types,       [FRAME_EFFECTS] = take_effects,
        [FRAME_SETTINGS] = take_settings,
    };
    if (is_known_image(&t->images[type], image, length))
        return NULL; /* the next part says the same */
    const char *wrong = takers[type](t, image, length);
    if (wrong)
        forget_image(&t->images[type]);
    else
        keep_image(&t->images[type], image, length);
    return wrong;
}

static void free_kinds(struct read_kind *k)
{
    while (k) {
        struct read_kind *before = k->before;
        free(k);
        k = before;
    }
}

void trace_tables_free(struct trace_tables *t)
{
    forget_all(t);
    free_about(&t->about);
    free_kinds(t->kinds_before);
    while (t->texts) {
        struct kept_text *k = t->texts;
        t->texts = k->before;
        free(k);
    }
}
