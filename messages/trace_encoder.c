/* messages/trace_encoder.c -- entries to tpl images in frames; see trace_encoder.h */
#include "messages/trace_encoder.h"
#include "messages/trace_shape.h"
#include <stdlib.h>
#include <string.h>
#include <tpl.h>

static_assert(UINT64_C(2) * ENTRY_BYTES_MAX + TRACE_IMAGE_EXTRA <= FRAME_BYTES_MAX,
              "each entry fits a frame, with what it refers to");

struct trace_encoder {
    struct trace_about about;
    const struct actor_type *const *types;
    const struct trace_setting *settings;
    uint64_t records;

    struct trace_shape kinds[MESSAGE_KINDS_MAX]; /* bytes 0: not used yet */
    struct trace_shape end, undelivered;

    /* what the maps read from */
    uint64_t words[TRACE_WORDS];
    uint32_t worker;
    uint64_t lost;
    const char *text;
    tpl_node *lagged, *note;
};

/* ---- the beginning of a file ---- */

static void encode_header(struct trace_encoder *e, struct trace_out *out, uint32_t part,
                          uint64_t first_sequence, const char *why)
{
    struct trace_about a = e->about;
    a.format = TRACE_FORMAT;
    a.first_sequence = first_sequence;
    a.part = part;
    a.why = why;
    tpl_node *map = tpl_map(TRACE_FORMAT_HEADER, &a.format, &a.wall_us, &a.clock_ns,
                            &a.first_sequence, &a.part, &a.workers, &a.bodies_max, &a.process,
                            &a.program, &a.build, &a.options, &a.protocol, &a.system, &a.why);
    tpl_pack(map, 0);
    trace_frame_dump_any(out, FRAME_HEADER, map);
}

static void encode_kinds(struct trace_out *out)
{
    uint16_t number;
    uint8_t class, type;
    const char *name, *field;
    tpl_node *map = tpl_map(TRACE_FORMAT_KINDS, &number, &class, &name, &type, &field);
    for (number = 1; number < message_kinds_count(); number++) {
        const struct kind_info *k = message_kind_info(number);
        for (const struct field_info *f = k->fields; f->name; f++) {
            type = f->type;
            field = f->name;
            tpl_pack(map, 2);
        }
        class = k->class;
        name = k->name;
        tpl_pack(map, 1);
    }
    trace_frame_dump_any(out, FRAME_KINDS, map);
}

static void encode_types(struct trace_encoder *e, struct trace_out *out)
{
    const char *name;
    tpl_node *map = tpl_map(TRACE_FORMAT_TYPES, &name);
    for (unsigned i = 0; e->types[i]; i++) {
        name = e->types[i]->name;
        tpl_pack(map, 1);
    }
    trace_frame_dump_any(out, FRAME_TYPES, map);
}

static void encode_effects(struct trace_out *out)
{
    const char *name;
    uint16_t has;
    tpl_node *map = tpl_map(TRACE_FORMAT_EFFECTS, &name, &has);
    for (unsigned i = 0; i < EFFECT_KINDS; i++) {
        name = effect_name((enum effect_kind)i);
        has = (uint16_t)effect_has((enum effect_kind)i);
        tpl_pack(map, 1);
    }
    trace_frame_dump_any(out, FRAME_EFFECTS, map);
}

static void encode_settings(struct trace_encoder *e, struct trace_out *out)
{
    struct trace_setting s;
    tpl_node *map = tpl_map(TRACE_FORMAT_SETTINGS, &s.name, &s.value);
    for (unsigned i = 0; e->settings[i].name; i++) {
        s = e->settings[i];
        tpl_pack(map, 1);
    }
    trace_frame_dump_any(out, FRAME_SETTINGS, map);
}

bool trace_encode_own_table(struct trace_out *out, unsigned type)
{
    if (type == FRAME_KINDS)
        encode_kinds(out);
    else if (type == FRAME_EFFECTS)
        encode_effects(out);
    else
        return false;
    return true;
}

static void encode_beginning(struct trace_encoder *e, struct trace_out *out, uint32_t part,
                             uint64_t first_sequence, const char *why)
{
    trace_out_put(out, TRACE_MAGIC, TRACE_MAGIC_BYTES);
    encode_header(e, out, part, first_sequence, why);
    encode_kinds(out);
    encode_types(e, out);
    encode_effects(out);
    encode_settings(e, out);
}

void trace_encode_beginning(struct trace_encoder *e, struct trace_out *out, uint32_t part,
                            const char *why)
{
    encode_beginning(e, out, part, e->records, why);
}

void trace_encode_beginning_of(struct trace_encoder *e, struct trace_out *out,
                               uint64_t first_sequence, const char *why)
{
    encode_beginning(e, out, 0, first_sequence, why);
}

/* ---- records ---- */

static const struct trace_shape *shape_of(struct trace_encoder *e, uint16_t kind)
{
    struct trace_shape *s = &e->kinds[kind];
    if (!s->bytes)
        trace_shape_of_kind(s, message_kind_info(kind));
    return s;
}

/* Where a record's numbers are in an image, and what an entry has there. */
enum {
    SEQUENCE_AT = 0,
    ENDED_AT = 16,
    TOOK_AT = TRACE_WORDS * 8,
    ENTRY_NUMBERS_BYTES = offsetof(struct entry, worker) + 1,
};
static_assert(offsetof(struct entry, now_us) == 8 && offsetof(struct entry, ended) == ENDED_AT &&
                  offsetof(struct entry, from) == 24 && offsetof(struct entry, to) == 32 &&
                  offsetof(struct entry, reference) == TOOK_AT &&
                  offsetof(struct entry, number) == TOOK_AT + 4 &&
                  offsetof(struct entry, exchange) == TOOK_AT + 8 &&
                  offsetof(struct entry, actor_exchange) == TOOK_AT + 12 &&
                  offsetof(struct entry, flags) == TOOK_AT + 16 &&
                  offsetof(struct entry, type) == TOOK_AT + 18 &&
                  offsetof(struct entry, worker) == TOOK_AT + 19 &&
                  (int)ENTRY_NUMBERS_BYTES == (int)TRACE_NUMBERS_BYTES,
              "an entry's numbers are a record's");

static uint8_t *put_numbers(struct trace_encoder *e, uint8_t *at, const struct recorded *h)
{
    uint64_t sequence = e->records++;
    memcpy(at, h->entry, ENTRY_NUMBERS_BYTES);
    memcpy(at + SEQUENCE_AT, &sequence, 8);
    memcpy(at + ENDED_AT, &h->ended_ns, 8);
    memcpy(at + TOOK_AT, &h->took_ns, 4);
    return at + ENTRY_NUMBERS_BYTES;
}

static uint8_t *put_rest(uint8_t *at, const struct recorded *h, uint32_t length)
{
    if (!h->entry->reference)
        return trace_shape_bytes(at, h->entry->rest, length);
    memcpy(at, &length, 4);
    return recorded_put(h, at + 4);
}

static void encode(struct trace_encoder *e, struct trace_out *out, unsigned frame,
                   const struct trace_shape *s, const struct recorded *h, const void *payload)
{
    uint32_t rest = s->has_bytes ? recorded_bytes(h) : 0;
    uint8_t *at = trace_shape_begin(s, trace_frame_begin(out, s->bytes + rest), rest);
    at = put_numbers(e, at, h);
    if (s->has_bytes)
        at = put_rest(at, h, rest);
    trace_frame_end(out, frame, trace_shape_fields(s, at, payload));
}

void trace_encode_entry(struct trace_encoder *e, struct trace_out *out, const struct recorded *h)
{
    const struct entry *x = h->entry;
    switch (x->what) {
    case ENTRY_CALL:
        encode(e, out, FRAME_CALL + x->kind, shape_of(e, x->kind), h, x->payload.bytes);
        break;
    case ENTRY_END: encode(e, out, FRAME_END, &e->end, h, NULL); break;
    case ENTRY_LAGGED:
        trace_encode_lagged(e, out, x->worker, x->payload.words[0], h->ended_ns);
        break;
    default: encode(e, out, FRAME_UNDELIVERED, &e->undelivered, h, &x->kind); break;
    }
}

static void take_own(struct trace_encoder *e, uint64_t ended_ns)
{
    memcpy(e->words, (uint64_t[TRACE_WORDS]){e->records++, ended_ns / 1000, ended_ns},
           sizeof e->words);
}

void trace_encode_lagged(struct trace_encoder *e, struct trace_out *out, unsigned worker,
                         uint64_t lost, uint64_t ended_ns)
{
    take_own(e, ended_ns);
    e->worker = worker;
    e->lost = lost;
    tpl_pack(e->lagged, 0);
    trace_frame_dump(out, FRAME_LAGGED, e->lagged, TRACE_IMAGE_EXTRA);
}

void trace_encode_note(struct trace_encoder *e, struct trace_out *out, const char *text,
                       uint64_t ended_ns)
{
    take_own(e, ended_ns);
    e->text = text;
    tpl_pack(e->note, 0);
    trace_frame_dump(out, FRAME_NOTE, e->note, TRACE_IMAGE_EXTRA + strlen(text));
}

uint64_t trace_encoder_records(const struct trace_encoder *e)
{
    return e->records;
}

void trace_encoder_take_back(struct trace_encoder *e, uint64_t number)
{
    e->records = number;
}

/* ---- begin and end ---- */

struct trace_encoder *trace_encoder_new(const struct trace_about *about,
                                        const struct actor_type *const *types,
                                        const struct trace_setting *settings)
{
    struct trace_encoder *e = calloc(1, sizeof *e);
    if (!e)
        heap_exhausted("a trace", sizeof *e);
    trace_tpl_prepare();
    e->about = *about;
    e->types = types;
    e->settings = settings;
    trace_shape_of(&e->end, TRACE_FORMAT_END);
    trace_shape_of(&e->undelivered, TRACE_FORMAT_UNDELIVERED);
    e->lagged = tpl_map(TRACE_FORMAT_LAGGED, e->words, TRACE_WORDS, &e->worker, &e->lost);
    e->note = tpl_map(TRACE_FORMAT_NOTE, e->words, TRACE_WORDS, &e->text);
    return e;
}

void trace_encoder_free(struct trace_encoder *e)
{
    tpl_free(e->lagged);
    tpl_free(e->note);
    free(e);
}
