/* messages/trace_reader.c -- frames become records; see trace_reader.h
 *
 * trace_scanner finds the frames, trace_tables knows what a file says of itself, trace_image looks at each image
 * before tpl does. Here are the records, and whether all are there.
 */
#include "messages/trace_encoder.h"
#include "messages/trace_image.h"
#include "messages/trace_reader_parts.h"
#include "messages/trace_scanner.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <tpl.h>

struct trace_reader {
    struct trace_scanner scanner;
    struct trace_tables tables;
    bool begun;        /* the magic was looked at */
    bool refused;      /* this file is of a format that is newer */
    unsigned expected; /* the next table of the beginning; FRAME_SETTINGS + 1: all were there */
    uint64_t next_sequence;
    bool has_sequence;
    bool said_sequence; /* of the record that comes next: it is not the one that should */
    bool again;         /* the frame is looked at once more: what was said of it was not all */
    char error[TRACE_ERROR_MAX];
    uint64_t error_offset;

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

static enum trace_got bad_at(struct trace_reader *r, uint64_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static enum trace_got bad_at(struct trace_reader *r, uint64_t offset, const char *format, ...)
{
    va_list list;
    int n = snprintf(r->error, sizeof r->error, "offset %" PRIu64 ": ", offset);
    va_start(list, format);
    vsnprintf(r->error + n, sizeof r->error - (size_t)n, format, list);
    va_end(list);
    r->error_offset = offset;
    return TRACE_BAD;
}

#define bad(r, ...) bad_at((r), (r)->scanner.offset, __VA_ARGS__)

/* ---- records ---- */

static void drop_rest(struct trace_reader *r)
{
    free(r->rest.addr);
    r->rest = (tpl_bin){NULL, 0};
    free(r->text);
    r->text = NULL;
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
    out->type = r->tables.types[type];
}

static void take_effects(const struct trace_reader *r, size_t at, struct trace_record *out)
{
    out->effects_length = r->rest.sz - at;
    out->effects = out->effects_length ? (const uint8_t *)r->rest.addr + at : NULL;
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
        if (!trace_bytes_take(r->rest.addr, r->rest.sz, &at, &out->spans[i]))
            return false;
    take_effects(r, at, out);
    return trace_effects_hold(r, out);
}

static tpl_node *map_of(struct trace_reader *r, struct read_kind *k)
{
    uint64_t *f = r->fields;
    if (!k->map)
        k->map = tpl_map(k->format, r->words, TRACE_WORDS, r->small, TRACE_SMALLS, &r->rest, f,
                         f + 1, f + 2, f + 3, f + 4, f + 5, f + 6, f + 7, f + 8);
    return k->map;
}

static enum trace_got on_call(struct trace_reader *r, unsigned number, void *image, size_t length,
                              struct trace_record *out)
{
    struct read_kind *k = number < TABLE_KINDS_MAX ? r->tables.kinds[number] : NULL;
    if (!k)
        return bad(r, "a message of kind %u, which the file's table does not have", number);
    if (!k->kind.is_known)
        return bad(r, "a message %s, which has fields of a newer build", k->kind.name);
    memset(r->fields, 0, sizeof r->fields);
    if (!trace_image_load(map_of(r, k), k->format, image, length))
        return bad(r, "a message %s that does not have the shape of its kind", k->kind.name);
    take_common(r, out);
    out->what = TRACE_CALL;
    if (!take_call(r, &k->kind, out))
        return bad(r, "a message %s whose bytes or effects are not whole", k->kind.name);
    return TRACE_RECORD;
}

static enum trace_got on_end(struct trace_reader *r, void *image, size_t length,
                             struct trace_record *out)
{
    if (!trace_image_load(r->end, TRACE_FORMAT_END, image, length))
        return bad(r, "the end of an actor that does not have the shape of one");
    take_common(r, out);
    out->what = TRACE_END;
    take_effects(r, 0, out);
    return trace_effects_hold(r, out) ? TRACE_RECORD
                                      : bad(r, "the end of an actor whose effects are not whole");
}

static enum trace_got on_undelivered(struct trace_reader *r, void *image, size_t length,
                                     struct trace_record *out)
{
    if (!trace_image_load(r->undelivered, TRACE_FORMAT_UNDELIVERED, image, length))
        return bad(r, "an undelivered message that does not have the shape of one");
    take_common(r, out);
    out->what = TRACE_UNDELIVERED;
    out->kind = trace_reader_kind(r, r->undelivered_kind);
    return out->kind ? TRACE_RECORD
                     : bad(r, "a message of kind %u, which the file's table does not have",
                           r->undelivered_kind);
}

/* The recorder's own: no actor, no message. */
static void take_own(struct trace_reader *r, struct trace_record *out)
{
    memset(r->small, 0, sizeof r->small);
    take_common(r, out);
    out->type = NULL;
}

static enum trace_got on_lagged(struct trace_reader *r, void *image, size_t length,
                                struct trace_record *out)
{
    if (!trace_image_load(r->lagged, TRACE_FORMAT_LAGGED, image, length))
        return bad(r, "a count of what was lost that does not have the shape of one");
    take_own(r, out);
    out->what = TRACE_LAGGED;
    out->worker = (uint16_t)r->worker;
    out->lost = r->lost;
    return TRACE_RECORD;
}

static enum trace_got on_note(struct trace_reader *r, void *image, size_t length,
                              struct trace_record *out)
{
    if (!trace_image_load(r->note, TRACE_FORMAT_NOTE, image, length))
        return bad(r, "a note that does not have the shape of one");
    take_own(r, out);
    out->what = TRACE_NOTE;
    out->text = r->text ? r->text : "";
    return TRACE_RECORD;
}

static enum trace_got on_record(struct trace_reader *r, unsigned type, void *image, size_t length,
                                struct trace_record *out)
{
    switch (type) {
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

/* ---- the beginning of a file ---- */

static const char *const table_names[] = {
    [FRAME_HEADER] = "header",
    [FRAME_KINDS] = "table of kinds",
    [FRAME_TYPES] = "table of actors' types",
    [FRAME_EFFECTS] = "table of effects",
    [FRAME_SETTINGS] = "list of settings",
};

static enum trace_got on_header(struct trace_reader *r)
{
    const struct trace_about *a = &r->tables.about;
    if (a->format <= TRACE_FORMAT)
        return TRACE_BEGUN;
    r->refused = true;
    return bad(r,
               "this trace is of format %" PRIu32 ", and here formats up to %d are read: a newer "
               "intproxy-trace is needed",
               a->format, TRACE_FORMAT);
}

static enum trace_got on_table(struct trace_reader *r, unsigned type, void *image, size_t length)
{
    unsigned expected = r->expected, traces = r->tables.traces;
    const char *wrong = trace_tables_take(&r->tables, type, image, length);
    r->expected = type == FRAME_HEADER || type >= expected ? type + 1 : expected;
    if (r->tables.traces != traces)
        r->has_sequence = r->said_sequence = false;
    if (wrong)
        return bad(r, "%s", wrong);
    if (type > expected)
        return bad(r, "the %s is missing before this", table_names[expected]);
    if (type < expected)
        return bad(r, "a %s that does not belong here", table_names[type]);
    return type == FRAME_HEADER ? on_header(r) : TRACE_MORE;
}

/* The magic; or it is said that there is none, and frames are looked for. */
static enum trace_got on_magic(struct trace_reader *r)
{
    struct trace_scanner *s = &r->scanner;
    size_t left = scanner_left(s), known = left < TRACE_MAGIC_BYTES ? left : TRACE_MAGIC_BYTES;
    bool fits = known && memcmp(s->bytes + s->at, TRACE_MAGIC, known) == 0;
    if (!known || (known < TRACE_MAGIC_BYTES && !s->ended))
        return TRACE_MORE;
    r->begun = true;
    if (fits && known == TRACE_MAGIC_BYTES) {
        scanner_skip(s, known);
        return TRACE_RECORD;
    }
    if (fits) {
        s->done = true; /* torn */
        return TRACE_MORE;
    }
    s->lost = true;
    return bad(r, "this is no trace, or a damaged one: it does not begin with \"" TRACE_MAGIC "\"");
}

/* Parts that were put together in one file. */
static bool is_magic_again(const struct trace_scanner *s)
{
    return !s->lost && scanner_left(s) >= TRACE_MAGIC_BYTES &&
           memcmp(s->bytes + s->at, TRACE_MAGIC, TRACE_MAGIC_BYTES) == 0;
}

/* ---- whether all are there ---- */

/* Records are numbered without a gap; the header says with which number they begin. */
static enum trace_got check_sequence(struct trace_reader *r, const struct trace_record *record)
{
    uint64_t got = record->sequence, first = r->tables.about.first_sequence;
    uint64_t expected = r->has_sequence ? r->next_sequence : first < got ? first : got;
    if (r->said_sequence || got == expected) {
        r->said_sequence = false;
        r->has_sequence = true;
        r->next_sequence = got < expected ? expected : got + 1;
        return TRACE_RECORD;
    }
    r->said_sequence = r->again = true;
    if (got < expected)
        return bad(r, "record %" PRIu64 " comes behind record %" PRIu64, got, expected - 1);
    return bad(r, "records %" PRIu64 " to %" PRIu64 " are missing", expected, got - 1);
}

static enum trace_got check_tables(struct trace_reader *r)
{
    unsigned expected = r->expected;
    if (expected > FRAME_SETTINGS)
        return TRACE_RECORD;
    r->expected = FRAME_SETTINGS + 1;
    r->again = true;
    return bad(r, "the %s is missing before this", table_names[expected]);
}

/* ---- frames ---- */

/* TRACE_MORE: it is of no interest. */
static enum trace_got on_image(struct trace_reader *r, unsigned type, void *image, size_t length,
                               struct trace_record *record)
{
    if (type >= FRAME_HEADER && type <= FRAME_SETTINGS)
        return on_table(r, type, image, length);
    enum trace_got got = check_tables(r);
    if (got == TRACE_RECORD)
        got = on_record(r, type, image, length, record);
    return got == TRACE_RECORD ? check_sequence(r, record) : got;
}

static enum trace_got on_frame(struct trace_reader *r, const struct trace_head *h,
                               struct trace_record *record)
{
    struct trace_scanner *s = &r->scanner;
    drop_rest(r);
    memset(record, 0, sizeof *record);
    record->offset = s->offset;
    r->again = false;
    enum trace_got got =
        on_image(r, h->type, s->bytes + s->at + FRAME_HEAD_BYTES, h->length, record);
    if (!r->again)
        scanner_skip(s, FRAME_HEAD_BYTES + (size_t)h->length);
    return got;
}

/* The table that stood there was the one that this build writes: what is left of its frame, the head, has the sum
 * of it. Then that one is as good. Without its kinds nothing of a file can be read. */
static bool takes_own_table(struct trace_reader *r)
{
    const uint8_t *head = r->scanner.head;
    struct trace_head h;
    struct trace_out own = {0};
    bool same = trace_head_read(head, &h) && h.type == r->expected &&
                trace_encode_own_table(&own, h.type) && own.length >= FRAME_HEAD_BYTES &&
                memcmp(own.bytes, head, FRAME_HEAD_BYTES) == 0;
    if (same)
        (void)on_table(r, h.type, own.bytes + FRAME_HEAD_BYTES, h.length);
    free(own.bytes);
    return same;
}

static enum trace_got on_damage(struct trace_reader *r)
{
    unsigned table = r->expected;
    if (takes_own_table(r))
        return bad_at(r, r->scanner.damage,
                      "damaged: the %s, of which this program has the same, by its checksum; that "
                      "one is used",
                      table_names[table]);
    return bad_at(r, r->scanner.damage,
                  "damaged: what is here is no record, or not as it was written");
}

enum trace_got trace_reader_next(struct trace_reader *r, struct trace_record *record)
{
    struct trace_scanner *s = &r->scanner;
    struct trace_head h;
    enum trace_got got = TRACE_MORE;
    if (!r->begun && (got = on_magic(r)) != TRACE_RECORD)
        return got;
    do {
        if (r->refused)
            scanner_skip(s, scanner_left(s));
        if (is_magic_again(s)) {
            scanner_skip(s, TRACE_MAGIC_BYTES);
            r->expected = FRAME_HEADER;
        }
        switch (scanner_next(s, &h)) {
        case SCANNED_FRAME: got = on_frame(r, &h, record); break;
        case SCANNED_DAMAGE: return on_damage(r);
        case SCANNED_MORE: return TRACE_MORE;
        }
    } while (got == TRACE_MORE);
    return got;
}

/* ---- files ---- */

static void begin_file(struct trace_reader *r)
{
    scanner_begin(&r->scanner);
    r->begun = r->refused = false;
    r->expected = FRAME_HEADER;
}

void trace_reader_feed(struct trace_reader *r, const void *bytes, size_t length)
{
    scanner_feed(&r->scanner, bytes, length);
}

void trace_reader_end(struct trace_reader *r)
{
    r->scanner.ended = true;
}

bool trace_reader_next_file(struct trace_reader *r)
{
    bool torn = scanner_left(&r->scanner) > 0;
    begin_file(r);
    return torn;
}

size_t trace_reader_torn(const struct trace_reader *r, uint64_t *offset)
{
    *offset = r->scanner.offset;
    return scanner_left(&r->scanner);
}

/* ---- what was read ---- */

const char *trace_reader_error(const struct trace_reader *r)
{
    return r->error;
}

uint64_t trace_reader_error_offset(const struct trace_reader *r)
{
    return r->error_offset;
}

const struct trace_tables *trace_reader_tables(const struct trace_reader *r)
{
    return &r->tables;
}

const struct trace_about *trace_reader_about(const struct trace_reader *r)
{
    return r->tables.has_about ? &r->tables.about : NULL;
}

const struct trace_setting *trace_reader_settings(const struct trace_reader *r)
{
    static const struct trace_setting none[1];
    return r->tables.settings ? r->tables.settings : none;
}

const struct trace_kind *trace_reader_kind(const struct trace_reader *r, unsigned number)
{
    return number < TABLE_KINDS_MAX && r->tables.kinds[number] ? &r->tables.kinds[number]->kind
                                                               : NULL;
}

const uint8_t *trace_reader_image(const struct trace_reader *r, unsigned type, size_t *length)
{
    if (type > FRAME_SETTINGS)
        return NULL;
    *length = r->tables.images[type].length;
    return r->tables.images[type].bytes;
}

uint8_t trace_reader_type_number(const struct trace_reader *r, const char *type)
{
    return type ? trace_tables_type(&r->tables, type) : UINT8_MAX;
}

int trace_reader_effect_number(const struct trace_reader *r, enum effect_kind kind, unsigned *has)
{
    int number = trace_tables_effect(&r->tables, (int)kind);
    if (number >= 0)
        *has = r->tables.effects[number].has;
    return number;
}

/* ---- begin and end ---- */

struct trace_reader *trace_reader_new(void)
{
    struct trace_reader *r = calloc(1, sizeof *r);
    if (!r)
        heap_exhausted("a trace", sizeof *r);
    trace_tpl_prepare();
    begin_file(r);
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
    trace_tables_free(&r->tables);
    tpl_free(r->end);
    tpl_free(r->undelivered);
    tpl_free(r->lagged);
    tpl_free(r->note);
    scanner_free(&r->scanner);
    free(r);
}
