/* messages/trace_copy.c -- see trace_copy.h
 *
 * The counterpart of trace_reader.c: each of its maps is packed here.
 */
#include "messages/trace_copy.h"
#include "messages/trace_format.h"
#include <stdlib.h>
#include <tpl.h>

enum { KINDS_MAX = 1024 };

struct copy_kind {
    char format[TRACE_CALL_FORMAT_MAX];
    tpl_node *map;
};

struct trace_copier {
    uint64_t next;
    bool keeps_sequences;
    struct copy_kind *kinds[KINDS_MAX]; /* by their numbers in the file; NULL: not used yet */
    struct trace_out rest_of_call;

    /* what the maps read from */
    uint64_t words[TRACE_WORDS];
    uint32_t small[TRACE_SMALLS];
    tpl_bin rest;
    uint64_t fields[FIELDS_MAX];
    uint16_t undelivered_kind;
    uint32_t worker;
    uint64_t lost;
    const char *text;
    tpl_node *end, *undelivered, *lagged, *note;
};

/* ---- the beginning ---- */

static void put_header(struct trace_out *out, struct trace_about a)
{
    tpl_node *map = tpl_map(TRACE_FORMAT_HEADER, &a.format, &a.wall_us, &a.clock_ns,
                            &a.first_sequence, &a.part, &a.workers, &a.bodies_max, &a.process,
                            &a.program, &a.build, &a.options, &a.protocol, &a.system, &a.why);
    tpl_pack(map, 0);
    trace_frame_dump_any(out, FRAME_HEADER, map);
}

static void put_settings(struct trace_out *out, const struct trace_setting *settings)
{
    struct trace_setting s;
    tpl_node *map = tpl_map(TRACE_FORMAT_SETTINGS, &s.name, &s.value);
    for (unsigned i = 0; settings[i].name; i++) {
        s = settings[i];
        tpl_pack(map, 1);
    }
    trace_frame_dump_any(out, FRAME_SETTINGS, map);
}

static void put_image(struct trace_out *out, const struct trace_reader *reader, unsigned type)
{
    size_t length;
    const uint8_t *image = trace_reader_image(reader, type, &length);
    if (image)
        trace_frame_put(out, type, image, length);
}

static void copy_header(struct trace_copier *c, struct trace_out *out,
                        const struct trace_reader *reader, const struct trace_about *about)
{
    const struct trace_about *read = trace_reader_about(reader);
    bool renumbered = !c->keeps_sequences && read && read->first_sequence != c->next;
    if (!about && !renumbered) {
        put_image(out, reader, FRAME_HEADER);
        return;
    }
    struct trace_about a = about ? *about : *read;
    if (!c->keeps_sequences)
        a.first_sequence = c->next;
    put_header(out, a);
}

void trace_copy_beginning(struct trace_copier *c, struct trace_out *out,
                          const struct trace_reader *reader, const struct trace_about *about,
                          const struct trace_setting *settings)
{
    trace_out_put(out, TRACE_MAGIC, TRACE_MAGIC_BYTES);
    copy_header(c, out, reader, about);
    put_image(out, reader, FRAME_KINDS);
    put_image(out, reader, FRAME_TYPES);
    put_image(out, reader, FRAME_EFFECTS);
    if (settings)
        put_settings(out, settings);
    else
        put_image(out, reader, FRAME_SETTINGS);
}

/* ---- bytes and effects ---- */

static void put_bytes(struct trace_out *out, const struct trace_bytes *b)
{
    trace_out_put(out, &b->length, sizeof b->length);
    trace_out_put(out, &b->kept, sizeof b->kept);
    if (b->kept < b->length)
        trace_out_put(out, &b->hash, sizeof b->hash);
    trace_out_put(out, b->bytes, b->kept);
}

static void put_address(struct trace_out *out, const char *text)
{
    uint8_t length = (uint8_t)strlen(text);
    trace_out_put(out, &length, 1);
    trace_out_put(out, text, length);
}

static void put_has(struct trace_out *out, const struct trace_reader *reader, unsigned has,
                    const struct trace_effect *e)
{
    uint8_t type = trace_reader_type_number(reader, e->type);
    uint16_t message = e->message ? e->message->number : 0;
    if (has & EFFECT_HAS_N)
        trace_out_put(out, &e->n, sizeof e->n);
    if (has & EFFECT_HAS_VALUE)
        trace_out_put(out, &e->value, sizeof e->value);
    if (has & EFFECT_HAS_REF)
        trace_out_put(out, &e->ref, sizeof e->ref);
    if (has & EFFECT_HAS_TYPE)
        trace_out_put(out, &type, sizeof type);
    if (has & EFFECT_HAS_MESSAGE)
        trace_out_put(out, &message, sizeof message);
    if (has & EFFECT_HAS_ADDRESS)
        put_address(out, e->address);
    if (has & EFFECT_HAS_BYTES)
        put_bytes(out, &e->bytes);
    if (has & EFFECT_HAS_LENGTH)
        trace_out_put(out, &e->length, sizeof e->length);
}

void trace_put_effect(struct trace_out *out, const struct trace_reader *reader,
                      const struct trace_effect *e)
{
    unsigned has = e->has;
    int number =
        e->kind < EFFECT_KINDS ? trace_reader_effect_number(reader, e->kind, &has) : e->number;
    if (number < 0)
        return;
    uint8_t byte = (uint8_t)number;
    trace_out_put(out, &byte, 1);
    put_has(out, reader, has, e);
}

/* ---- records ---- */

static void take_common(struct trace_copier *c, const struct trace_reader *reader,
                        const struct trace_record *r)
{
    uint8_t type = trace_reader_type_number(reader, r->type);
    c->words[0] = c->keeps_sequences ? r->sequence : c->next;
    c->words[1] = r->now_us;
    c->words[2] = r->ended_ns;
    c->words[3] = ref_bits(r->from);
    c->words[4] = ref_bits(r->to);
    c->small[0] = r->took_ns;
    c->small[1] = r->number;
    c->small[2] = r->exchange;
    c->small[3] = r->actor_exchange;
    c->small[4] = (uint32_t)r->flags | (uint32_t)type << 16 | (uint32_t)r->worker << 24;
    c->next = c->words[0] + 1;
}

/* The shape that it has in this file; another one may have numbered its kinds otherwise. */
static tpl_node *map_of(struct trace_copier *c, const struct trace_kind *k)
{
    struct copy_kind **known = &c->kinds[k->number % KINDS_MAX];
    struct field_info fields[FIELDS_MAX];
    char format[TRACE_CALL_FORMAT_MAX];
    uint64_t *f = c->fields;
    for (unsigned i = 0; i < k->field_count; i++)
        fields[i].type = k->fields[i].type;
    trace_call_format(fields, k->field_count, format);
    if (!*known && !(*known = calloc(1, sizeof **known)))
        heap_exhausted("a trace", sizeof **known);
    if ((*known)->map && strcmp((*known)->format, format) == 0)
        return (*known)->map;
    if ((*known)->map)
        tpl_free((*known)->map);
    memcpy((*known)->format, format, sizeof format);
    return (*known)->map = tpl_map(format, c->words, TRACE_WORDS, c->small, TRACE_SMALLS, &c->rest,
                                   f, f + 1, f + 2, f + 3, f + 4, f + 5, f + 6, f + 7, f + 8);
}

static void set_rest(struct trace_copier *c, const uint8_t *bytes, size_t length)
{
    c->rest.addr = (void *)(uintptr_t)bytes;
    c->rest.sz = (uint32_t)length;
}

static void copy_call(struct trace_copier *c, struct trace_out *out, const struct trace_record *r)
{
    const struct trace_kind *k = r->kind;
    tpl_node *map = map_of(c, k);
    uint64_t *into = c->fields;
    struct trace_out *rest = &c->rest_of_call;
    for (unsigned i = 0; i < k->field_count; i++)
        if (k->fields[i].type != FIELD_span)
            *into++ = r->values[i];
    rest->length = 0;
    for (unsigned i = 0; i < k->span_count; i++)
        put_bytes(rest, &r->spans[i]);
    trace_out_put(rest, r->effects, r->effects_length);
    set_rest(c, rest->bytes, rest->length);
    tpl_pack(map, 0);
    trace_frame_dump(out, FRAME_CALL + (unsigned)k->number, map, TRACE_IMAGE_EXTRA + rest->length);
}

void trace_copy_record(struct trace_copier *c, struct trace_out *out,
                       const struct trace_reader *reader, const struct trace_record *r)
{
    take_common(c, reader, r);
    switch (r->what) {
    case TRACE_CALL: copy_call(c, out, r); break;
    case TRACE_END:
        set_rest(c, r->effects, r->effects_length);
        tpl_pack(c->end, 0);
        trace_frame_dump(out, FRAME_END, c->end, TRACE_IMAGE_EXTRA + r->effects_length);
        break;
    case TRACE_UNDELIVERED:
        c->undelivered_kind = r->kind->number;
        tpl_pack(c->undelivered, 0);
        trace_frame_dump(out, FRAME_UNDELIVERED, c->undelivered, TRACE_IMAGE_EXTRA);
        break;
    case TRACE_LAGGED:
        c->worker = r->worker;
        c->lost = r->lost;
        tpl_pack(c->lagged, 0);
        trace_frame_dump(out, FRAME_LAGGED, c->lagged, TRACE_IMAGE_EXTRA);
        break;
    case TRACE_NOTE:
        c->text = r->text;
        tpl_pack(c->note, 0);
        trace_frame_dump(out, FRAME_NOTE, c->note, TRACE_IMAGE_EXTRA + strlen(r->text));
        break;
    }
}

/* ---- begin and end ---- */

void trace_copier_keep_sequences(struct trace_copier *c)
{
    c->keeps_sequences = true;
}

struct trace_copier *trace_copier_new(void)
{
    struct trace_copier *c = calloc(1, sizeof *c);
    if (!c)
        heap_exhausted("a trace", sizeof *c);
    trace_tpl_prepare();
    c->end = tpl_map(TRACE_FORMAT_END, c->words, TRACE_WORDS, c->small, TRACE_SMALLS, &c->rest);
    c->undelivered = tpl_map(TRACE_FORMAT_UNDELIVERED, c->words, TRACE_WORDS, c->small,
                             TRACE_SMALLS, &c->undelivered_kind);
    c->lagged = tpl_map(TRACE_FORMAT_LAGGED, c->words, TRACE_WORDS, &c->worker, &c->lost);
    c->note = tpl_map(TRACE_FORMAT_NOTE, c->words, TRACE_WORDS, &c->text);
    return c;
}

void trace_copier_free(struct trace_copier *c)
{
    for (unsigned i = 0; i < KINDS_MAX; i++)
        if (c->kinds[i]) {
            tpl_free(c->kinds[i]->map);
            free(c->kinds[i]);
        }
    tpl_free(c->end);
    tpl_free(c->undelivered);
    tpl_free(c->lagged);
    tpl_free(c->note);
    free(c->rest_of_call.bytes);
    free(c);
}
