/* messages/trace_reader.c -- frames, their images, and the tables of a file; see trace_reader.h
 *
 * An image is handed to tpl only when its checksum holds and its format string is the one that its frame's
 * type has. Even so nothing in it is believed: lengths and numbers are checked where they are used.
 */
#include "messages/trace_reader.h"
#include "messages/trace_format.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <tpl.h>

enum { KINDS_MAX = 1024, TYPES_MAX = 256, EFFECTS_MAX = 256, SETTINGS_MAX = 4096 };

struct read_kind {
    struct trace_kind kind;
    tpl_node *map; /* NULL: not used yet */
    char format[TRACE_CALL_FORMAT_MAX];
};

struct read_effect {
    unsigned has;
    int ours; /* enum effect_kind; -1: not known here */
};

struct read_image {
    uint8_t *bytes;
    size_t length;
};

struct trace_reader {
    uint8_t *bytes;
    size_t length, room, at; /* what was fed, and how far it was read */
    uint64_t offset;         /* of bytes[at] in the file */
    bool begun;              /* the magic was seen */
    bool lost_track;         /* between frames: looking for one */
    char error[TRACE_ERROR_MAX];
    uint64_t error_offset;

    struct read_image images[FRAME_SETTINGS + 1]; /* of what a file begins with, by its frame */
    struct trace_about about;
    bool has_about;
    struct read_kind *kinds[KINDS_MAX];
    char *types[TYPES_MAX];
    struct read_effect effects[EFFECTS_MAX];
    unsigned effect_count;
    struct trace_setting *settings;
    unsigned setting_count;
    uint64_t next_sequence;
    bool has_sequence;

    /* what the maps fill */
    uint64_t words[TRACE_WORDS];
    uint32_t small[TRACE_SMALLS];
    tpl_bin rest;
    uint64_t fields[FIELDS_MAX];
    uint16_t undelivered_kind;
    uint32_t worker;
    uint64_t lost;
    char *text;
    tpl_node *end, *undelivered, *lagged, *note;
};

static const struct trace_setting no_settings[1];

static void *grown(void *old, size_t bytes)
{
    void *p = realloc(old, bytes ? bytes : 1);
    if (!p)
        heap_exhausted("a trace", bytes);
    return p;
}

static void *zeroed(size_t bytes)
{
    void *p = calloc(1, bytes);
    if (!p)
        heap_exhausted("a trace", bytes);
    return p;
}

static enum trace_got bad(struct trace_reader *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static enum trace_got bad(struct trace_reader *r, const char *format, ...)
{
    va_list list;
    int n = snprintf(r->error, sizeof r->error, "offset %" PRIu64 ": ", r->offset);
    va_start(list, format);
    vsnprintf(r->error + n, sizeof r->error - (size_t)n, format, list);
    va_end(list);
    r->error_offset = r->offset;
    return TRACE_BAD;
}

/* ---- what a file says of itself ---- */

static void forget_about(struct trace_reader *r)
{
    free((void *)(uintptr_t)r->about.program);
    free((void *)(uintptr_t)r->about.build);
    free((void *)(uintptr_t)r->about.options);
    free((void *)(uintptr_t)r->about.protocol);
    free((void *)(uintptr_t)r->about.system);
    free((void *)(uintptr_t)r->about.why);
    r->about = (struct trace_about){0};
    r->has_about = false;
}

static void forget_kinds(struct trace_reader *r)
{
    for (unsigned i = 0; i < KINDS_MAX; i++) {
        if (r->kinds[i] && r->kinds[i]->map)
            tpl_free(r->kinds[i]->map);
        free(r->kinds[i]);
        r->kinds[i] = NULL;
    }
}

static void forget_types(struct trace_reader *r)
{
    for (unsigned i = 0; i < TYPES_MAX; i++) {
        free(r->types[i]);
        r->types[i] = NULL;
    }
}

static void forget_settings(struct trace_reader *r)
{
    for (unsigned i = 0; i < r->setting_count; i++) {
        free((void *)(uintptr_t)r->settings[i].name);
        free((void *)(uintptr_t)r->settings[i].value);
    }
    free(r->settings);
    r->settings = NULL;
    r->setting_count = 0;
}

static char *text_or_empty(char *text)
{
    return text ? text : zeroed(1);
}

static enum trace_got read_header(struct trace_reader *r, tpl_node *map, struct trace_about *a)
{
    forget_about(r);
    tpl_unpack(map, 0);
    const char **const texts[] = {&a->program,  &a->build,  &a->options,
                                  &a->protocol, &a->system, &a->why};
    for (unsigned i = 0; i < sizeof texts / sizeof texts[0]; i++)
        *texts[i] = text_or_empty((char *)(uintptr_t)*texts[i]);
    r->about = *a;
    r->has_about = true;
    return TRACE_BEGUN;
}

static enum trace_got on_header(struct trace_reader *r, void *image, size_t length)
{
    struct trace_about a = {0};
    tpl_node *map = tpl_map(TRACE_FORMAT_HEADER, &a.format, &a.wall_us, &a.clock_ns,
                            &a.first_sequence, &a.part, &a.workers, &a.bodies_max, &a.process,
                            &a.program, &a.build, &a.options, &a.protocol, &a.system, &a.why);
    enum trace_got got = tpl_load(map, TPL_MEM, image, length) ? bad(r, "the header cannot be read")
                                                               : read_header(r, map, &a);
    tpl_free(map);
    return got;
}

static void copy_name(char into[TRACE_NAME_MAX], const char *name)
{
    snprintf(into, TRACE_NAME_MAX, "%s", name ? name : "");
}

/* Ours, if there is one that has the same fields in the same order. */
static uint16_t our_kind(const struct trace_kind *k)
{
    for (uint16_t i = 1; i < message_kinds_count(); i++) {
        const struct kind_info *ours = message_kind_info(i);
        if (strcmp(ours->name, k->name) != 0)
            continue;
        for (unsigned f = 0; f < k->field_count; f++)
            if (!ours->fields[f].name || strcmp(ours->fields[f].name, k->fields[f].name) != 0 ||
                ours->fields[f].type != k->fields[f].type)
                return 0;
        return ours->fields[k->field_count].name ? 0 : i;
    }
    return 0;
}

static bool take_field(struct trace_kind *k, uint8_t type, const char *name)
{
    if (k->field_count == FIELDS_MAX || type > FIELD_span ||
        (type == FIELD_span && k->span_count == TRACE_SPANS_MAX))
        return false;
    struct trace_field *f = &k->fields[k->field_count++];
    copy_name(f->name, name);
    f->type = type;
    if (type == FIELD_span)
        f->span = k->span_count++;
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

static bool add_kind(struct trace_reader *r, tpl_node *map, uint16_t number, const char *name,
                     const uint8_t *type, char **field)
{
    if (number >= KINDS_MAX || r->kinds[number])
        return false;
    struct read_kind *k = r->kinds[number] = zeroed(sizeof *k);
    k->kind.number = number;
    copy_name(k->kind.name, name);
    bool good = true;
    while (tpl_unpack(map, 2) > 0) {
        good = take_field(&k->kind, *type, *field) && good;
        free(*field);
        *field = NULL;
    }
    k->kind.ours = our_kind(&k->kind);
    find_format(k);
    return good;
}

static enum trace_got on_kinds(struct trace_reader *r, void *image, size_t length)
{
    uint16_t number = 0;
    uint8_t class = 0, type = 0;
    char *name = NULL, *field = NULL;
    bool good = true;
    forget_kinds(r);
    tpl_node *map = tpl_map(TRACE_FORMAT_KINDS, &number, &class, &name, &type, &field);
    if (tpl_load(map, TPL_MEM, image, length))
        good = false;
    while (good && tpl_unpack(map, 1) > 0) {
        good = add_kind(r, map, number, name, &type, &field);
        free(name);
        name = NULL;
    }
    tpl_free(map);
    return good ? TRACE_MORE : bad(r, "the table of kinds cannot be read");
}

static enum trace_got on_types(struct trace_reader *r, void *image, size_t length)
{
    char *name = NULL;
    unsigned count = 0;
    forget_types(r);
    tpl_node *map = tpl_map(TRACE_FORMAT_TYPES, &name);
    bool good = tpl_load(map, TPL_MEM, image, length) == 0;
    while (good && tpl_unpack(map, 1) > 0) {
        if (count < TYPES_MAX)
            r->types[count++] = text_or_empty(name);
        else
            free(name);
        name = NULL;
    }
    tpl_free(map);
    return good ? TRACE_MORE : bad(r, "the table of actors' types cannot be read");
}

static int our_effect(const char *name)
{
    for (int i = 0; name && i < EFFECT_KINDS; i++)
        if (strcmp(effect_name((enum effect_kind)i), name) == 0)
            return i;
    return -1;
}

static enum trace_got on_effects(struct trace_reader *r, void *image, size_t length)
{
    char *name = NULL;
    uint16_t has = 0;
    r->effect_count = 0;
    tpl_node *map = tpl_map(TRACE_FORMAT_EFFECTS, &name, &has);
    bool good = tpl_load(map, TPL_MEM, image, length) == 0;
    while (good && tpl_unpack(map, 1) > 0) {
        if (r->effect_count < EFFECTS_MAX)
            r->effects[r->effect_count++] = (struct read_effect){has, our_effect(name)};
        free(name);
        name = NULL;
    }
    tpl_free(map);
    return good ? TRACE_MORE : bad(r, "the table of effects cannot be read");
}

static enum trace_got on_settings(struct trace_reader *r, void *image, size_t length)
{
    char *name = NULL, *value = NULL;
    forget_settings(r);
    tpl_node *map = tpl_map(TRACE_FORMAT_SETTINGS, &name, &value);
    bool good = tpl_load(map, TPL_MEM, image, length) == 0;
    while (good && r->setting_count < SETTINGS_MAX && tpl_unpack(map, 1) > 0) {
        r->settings = grown(r->settings, (r->setting_count + 2) * sizeof *r->settings);
        r->settings[r->setting_count++] =
            (struct trace_setting){text_or_empty(name), text_or_empty(value)};
        r->settings[r->setting_count] = (struct trace_setting){NULL, NULL};
        name = value = NULL;
    }
    tpl_free(map);
    return good ? TRACE_MORE : bad(r, "the settings cannot be read");
}

/* ---- records ---- */

static void drop_rest(struct trace_reader *r)
{
    free(r->rest.addr);
    r->rest = (tpl_bin){NULL, 0};
    free(r->text);
    r->text = NULL;
}

/* BYTES of runtime/recorder.h. False: they are longer than what there is. */
static bool take_bytes(const uint8_t *all, size_t length, size_t *at, struct trace_bytes *out)
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
    out->bytes = all + *at;
    *at += out->kept;
    return true;
}

static void take_common(const struct trace_reader *r, struct trace_record *out)
{
    uint8_t type = (uint8_t)(r->small[4] >> 16);
    out->sequence = r->words[0];
    out->now_us = r->words[1];
    out->ended_ns = r->words[2];
    out->from = trace_ref(r->words[3]);
    out->to = trace_ref(r->words[4]);
    out->took_ns = r->small[0];
    out->number = r->small[1];
    out->exchange = r->small[2];
    out->actor_exchange = r->small[3];
    out->flags = (uint16_t)r->small[4];
    out->worker = (uint16_t)(r->small[4] >> 24);
    out->type = r->types[type];
}

static bool take_call(const struct trace_reader *r, const struct trace_kind *k,
                      struct trace_record *out)
{
    const uint64_t *from = r->fields;
    size_t at = 0;
    out->kind = k;
    for (unsigned i = 0; i < k->field_count; i++)
        if (k->fields[i].type != FIELD_span)
            out->values[i] = *from++;
    for (unsigned i = 0; i < k->span_count; i++)
        if (!take_bytes(r->rest.addr, r->rest.sz, &at, &out->spans[i]))
            return false;
    out->effects = (const uint8_t *)r->rest.addr + at;
    out->effects_length = r->rest.sz - at;
    return true;
}

static tpl_node *map_of(struct trace_reader *r, struct read_kind *k)
{
    uint64_t *f = r->fields;
    if (!k->map)
        k->map = tpl_map(k->format, r->words, TRACE_WORDS, r->small, TRACE_SMALLS, &r->rest, f,
                         f + 1, f + 2, f + 3, f + 4, f + 5, f + 6, f + 7, f + 8);
    return k->map;
}

static bool load(struct trace_reader *r, tpl_node *map, void *image, size_t length)
{
    memset(r->fields, 0, sizeof r->fields);
    return tpl_load(map, TPL_MEM, image, length) == 0 && tpl_unpack(map, 0) >= 0;
}

static enum trace_got on_call(struct trace_reader *r, unsigned number, void *image, size_t length,
                              struct trace_record *out)
{
    struct read_kind *k = number < KINDS_MAX ? r->kinds[number] : NULL;
    if (!k)
        return bad(r, "a message of kind %u, which the file's table does not have", number);
    if (!load(r, map_of(r, k), image, length))
        return bad(r, "a message %s that does not have the shape of its kind", k->kind.name);
    take_common(r, out);
    out->what = TRACE_CALL;
    if (!take_call(r, &k->kind, out))
        return bad(r, "a message %s whose bytes end too early", k->kind.name);
    return TRACE_RECORD;
}

static enum trace_got on_end(struct trace_reader *r, void *image, size_t length,
                             struct trace_record *out)
{
    if (!load(r, r->end, image, length))
        return bad(r, "the end of an actor that does not have the shape of one");
    take_common(r, out);
    out->what = TRACE_END;
    out->effects = r->rest.addr;
    out->effects_length = r->rest.sz;
    return TRACE_RECORD;
}

static enum trace_got on_undelivered(struct trace_reader *r, void *image, size_t length,
                                     struct trace_record *out)
{
    if (!load(r, r->undelivered, image, length))
        return bad(r, "an undelivered message that does not have the shape of one");
    take_common(r, out);
    out->what = TRACE_UNDELIVERED;
    out->type = NULL;
    out->kind = trace_reader_kind(r, r->undelivered_kind);
    return out->kind ? TRACE_RECORD
                     : bad(r, "a message of kind %u, which the file's table does not have",
                           r->undelivered_kind);
}

static enum trace_got on_lagged(struct trace_reader *r, void *image, size_t length,
                                struct trace_record *out)
{
    if (!load(r, r->lagged, image, length))
        return bad(r, "a count of what was lost that does not have the shape of one");
    memset(r->small, 0, sizeof r->small);
    take_common(r, out);
    out->what = TRACE_LAGGED;
    out->type = NULL;
    out->worker = (uint16_t)r->worker;
    out->lost = r->lost;
    return TRACE_RECORD;
}

static enum trace_got on_note(struct trace_reader *r, void *image, size_t length,
                              struct trace_record *out)
{
    if (!load(r, r->note, image, length))
        return bad(r, "a note that does not have the shape of one");
    memset(r->small, 0, sizeof r->small);
    take_common(r, out);
    out->what = TRACE_NOTE;
    out->type = NULL;
    out->text = r->text ? r->text : "";
    return TRACE_RECORD;
}

/* A header is that of another file, whose tables will follow. */
static void keep_image(struct trace_reader *r, unsigned type, const void *image, size_t length)
{
    for (unsigned i = type; i <= (type == FRAME_HEADER ? FRAME_SETTINGS : type); i++) {
        free(r->images[i].bytes);
        r->images[i] = (struct read_image){NULL, 0};
    }
    r->images[type] = (struct read_image){grown(NULL, length), length};
    if (length)
        memcpy(r->images[type].bytes, image, length);
}

static enum trace_got on_image(struct trace_reader *r, unsigned type, void *image, size_t length,
                               struct trace_record *out)
{
    drop_rest(r);
    if (type >= FRAME_HEADER && type <= FRAME_SETTINGS)
        keep_image(r, type, image, length);
    switch (type) {
    case FRAME_HEADER: return on_header(r, image, length);
    case FRAME_KINDS: return on_kinds(r, image, length);
    case FRAME_TYPES: return on_types(r, image, length);
    case FRAME_EFFECTS: return on_effects(r, image, length);
    case FRAME_SETTINGS: return on_settings(r, image, length);
    case FRAME_END: return on_end(r, image, length, out);
    case FRAME_UNDELIVERED: return on_undelivered(r, image, length, out);
    case FRAME_LAGGED: return on_lagged(r, image, length, out);
    case FRAME_NOTE: return on_note(r, image, length, out);
    default: break;
    }
    if (type >= FRAME_CALL)
        return on_call(r, type - FRAME_CALL, image, length, out);
    return TRACE_MORE; /* a frame of a newer build, which does not need to be understood */
}

/* Records are numbered without a gap; a first one may have any number. */
static enum trace_got check_sequence(struct trace_reader *r, const struct trace_record *record)
{
    uint64_t expected = r->next_sequence;
    bool gap = r->has_sequence && record->sequence != expected;
    r->has_sequence = true;
    r->next_sequence = record->sequence + !gap; /* it is looked at once more, when a gap was said */
    if (!gap)
        return TRACE_RECORD;
    if (record->sequence < expected)
        return bad(r, "record %" PRIu64 " comes behind record %" PRIu64, record->sequence,
                   expected - 1);
    return bad(r, "records %" PRIu64 " to %" PRIu64 " are missing", expected, record->sequence - 1);
}

/* ---- frames ---- */

struct frame {
    uint16_t type;
    uint32_t length;
    uint8_t *payload;
};

enum framed { FRAME_WHOLE, FRAME_PART, FRAME_WRONG };

static enum framed look(const struct trace_reader *r, size_t at, struct frame *f)
{
    uint8_t *head = r->bytes + at;
    size_t left = r->length - at;
    uint16_t magic;
    uint64_t sum;
    if (left < FRAME_HEAD_BYTES)
        return FRAME_PART;
    memcpy(&magic, head, 2);
    memcpy(&f->type, head + 2, 2);
    memcpy(&f->length, head + 4, 4);
    memcpy(&sum, head + 8, 8);
    if (magic != FRAME_MAGIC || f->length > FRAME_BYTES_MAX)
        return FRAME_WRONG;
    if (left - FRAME_HEAD_BYTES < f->length)
        return FRAME_PART;
    f->payload = head + FRAME_HEAD_BYTES;
    return trace_checksum(head, f->payload, f->length) == sum ? FRAME_WHOLE : FRAME_WRONG;
}

static void skip(struct trace_reader *r, size_t bytes)
{
    r->at += bytes;
    r->offset += bytes;
}

/* To the next whole frame. False: there is none in what was fed; the end is kept, one may begin there. */
static bool find_frame(struct trace_reader *r)
{
    struct frame f;
    const uint8_t first = FRAME_MAGIC & 0xff;
    while (r->length - r->at >= FRAME_HEAD_BYTES) {
        const uint8_t *next = memchr(r->bytes + r->at, first, r->length - r->at);
        skip(r, next ? (size_t)(next - (r->bytes + r->at)) : r->length - r->at);
        if (!next)
            return false;
        if (look(r, r->at, &f) == FRAME_WHOLE)
            return true;
        if (r->length - r->at < FRAME_HEAD_BYTES)
            return false;
        skip(r, 1);
    }
    return false;
}

static enum trace_got begin(struct trace_reader *r)
{
    if (r->length - r->at < TRACE_MAGIC_BYTES)
        return TRACE_MORE;
    r->begun = true;
    const uint8_t *magic = r->bytes + r->at;
    if (memcmp(magic, TRACE_MAGIC, TRACE_MAGIC_BYTES) == 0) {
        skip(r, TRACE_MAGIC_BYTES);
        return TRACE_RECORD;
    }
    bool newer = memcmp(magic, TRACE_MAGIC, TRACE_MAGIC_BYTES - 1) == 0;
    bad(r,
        newer ? "this trace is of format \"%.8s\", which this program is too old (or the file "
                "too damaged) to read"
              : "this is no trace: it does not begin with \"" TRACE_MAGIC "\"%.0s",
        magic);
    r->lost_track = true;
    return TRACE_BAD;
}

/* Something is wrong at r->at. */
static enum trace_got lose_track(struct trace_reader *r)
{
    enum trace_got got = bad(r, "damaged: what is here is no record, or not as it was written");
    skip(r, 1);
    r->lost_track = true;
    return got;
}

enum trace_got trace_reader_next(struct trace_reader *r, struct trace_record *record)
{
    enum trace_got got;
    struct frame f;
    if (!r->begun && (got = begin(r)) != TRACE_RECORD)
        return got;
    for (;;) {
        if (r->lost_track && !find_frame(r))
            return TRACE_MORE;
        r->lost_track = false;
        enum framed framed = look(r, r->at, &f);
        if (framed == FRAME_PART)
            return TRACE_MORE;
        if (framed == FRAME_WRONG)
            return lose_track(r);
        memset(record, 0, sizeof *record);
        record->offset = r->offset;
        got = on_image(r, f.type, f.payload, f.length, record);
        if (got == TRACE_RECORD && (got = check_sequence(r, record)) == TRACE_BAD)
            return got; /* the record itself is given when it is asked for again */
        skip(r, FRAME_HEAD_BYTES + f.length);
        if (got != TRACE_MORE)
            return got;
    }
}

/* ---- bytes ---- */

void trace_reader_feed(struct trace_reader *r, const void *bytes, size_t length)
{
    if (r->at) {
        memmove(r->bytes, r->bytes + r->at, r->length - r->at);
        r->length -= r->at;
        r->at = 0;
    }
    if (r->room - r->length < length) {
        r->room = (r->length + length) * 2;
        r->bytes = grown(r->bytes, r->room);
    }
    if (length)
        memcpy(r->bytes + r->length, bytes, length);
    r->length += length;
}

bool trace_reader_next_file(struct trace_reader *r)
{
    bool torn = r->length != r->at;
    r->at = r->length = 0;
    r->offset = 0;
    r->begun = r->lost_track = false;
    return torn;
}

size_t trace_reader_torn(const struct trace_reader *r, uint64_t *offset)
{
    *offset = r->offset;
    return r->length - r->at;
}

/* ---- the rest ---- */

const char *trace_reader_error(const struct trace_reader *r)
{
    return r->error;
}

uint64_t trace_reader_error_offset(const struct trace_reader *r)
{
    return r->error_offset;
}

const struct trace_about *trace_reader_about(const struct trace_reader *r)
{
    return r->has_about ? &r->about : NULL;
}

const struct trace_setting *trace_reader_settings(const struct trace_reader *r)
{
    return r->settings ? r->settings : no_settings;
}

const struct trace_kind *trace_reader_kind(const struct trace_reader *r, unsigned number)
{
    return number < KINDS_MAX && r->kinds[number] ? &r->kinds[number]->kind : NULL;
}

const uint8_t *trace_reader_image(const struct trace_reader *r, unsigned type, size_t *length)
{
    if (type > FRAME_SETTINGS)
        return NULL;
    *length = r->images[type].length;
    return r->images[type].bytes;
}

uint8_t trace_reader_type_number(const struct trace_reader *r, const char *type)
{
    for (unsigned i = 0; type && i < TYPES_MAX && r->types[i]; i++)
        if (r->types[i] == type || strcmp(r->types[i], type) == 0)
            return (uint8_t)i;
    return UINT8_MAX;
}

int trace_reader_effect_number(const struct trace_reader *r, enum effect_kind kind, unsigned *has)
{
    for (unsigned i = 0; i < r->effect_count; i++)
        if (r->effects[i].ours == (int)kind) {
            *has = r->effects[i].has;
            return (int)i;
        }
    return -1;
}

struct trace_reader *trace_reader_new(void)
{
    struct trace_reader *r = zeroed(sizeof *r);
    trace_tpl_prepare();
    r->end = tpl_map(TRACE_FORMAT_END, r->words, TRACE_WORDS, r->small, TRACE_SMALLS, &r->rest);
    r->undelivered = tpl_map(TRACE_FORMAT_UNDELIVERED, r->words, TRACE_WORDS, r->small,
                             TRACE_SMALLS, &r->undelivered_kind);
    r->lagged = tpl_map(TRACE_FORMAT_LAGGED, r->words, TRACE_WORDS, &r->worker, &r->lost);
    r->note = tpl_map(TRACE_FORMAT_NOTE, r->words, TRACE_WORDS, &r->text);
    return r;
}

void trace_reader_free(struct trace_reader *r)
{
    drop_rest(r);
    forget_about(r);
    forget_kinds(r);
    forget_types(r);
    forget_settings(r);
    tpl_free(r->end);
    tpl_free(r->undelivered);
    tpl_free(r->lagged);
    tpl_free(r->note);
    for (unsigned i = 0; i <= FRAME_SETTINGS; i++)
        free(r->images[i].bytes);
    free(r->bytes);
    free(r);
}

/* ---- what is in a record ---- */

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
        e->type = reader->types[type];
    }
    if (e->has & EFFECT_HAS_MESSAGE) {
        if (!take(r, at, &kind, 2))
            return false;
        e->message = trace_reader_kind(reader, kind);
    }
    if ((e->has & EFFECT_HAS_ADDRESS) && !take_address(r, at, e->address))
        return false;
    if ((e->has & EFFECT_HAS_BYTES) && !take_bytes(r->effects, r->effects_length, at, &e->bytes))
        return false;
    return !(e->has & EFFECT_HAS_LENGTH) || take(r, at, &e->length, 8);
}

/* What it has beyond what is known here could not be passed over. */
enum { HAS_KNOWN = EFFECT_HAS_LENGTH * 2 - 1 };

bool trace_effect_next_any(const struct trace_reader *reader, const struct trace_record *r,
                           size_t *at, struct trace_effect *effect)
{
    uint8_t number;
    *effect = (struct trace_effect){.kind = EFFECT_KINDS};
    if (!take(r, at, &number, 1) || number >= reader->effect_count ||
        reader->effects[number].has & ~(unsigned)HAS_KNOWN)
        return false;
    if (reader->effects[number].ours >= 0)
        effect->kind = (enum effect_kind)reader->effects[number].ours;
    effect->number = number;
    effect->has = reader->effects[number].has;
    return take_has(reader, r, at, effect);
}

bool trace_effect_next(const struct trace_reader *reader, const struct trace_record *r, size_t *at,
                       struct trace_effect *effect)
{
    while (trace_effect_next_any(reader, r, at, effect))
        if (effect->kind != EFFECT_KINDS)
            return true;
    return false;
}
