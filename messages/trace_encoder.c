/* messages/trace_encoder.c -- entries to tpl images in frames; see trace_encoder.h */
#include "messages/trace_encoder.h"
#include "messages/trace_format.h"
#include <stdlib.h>
#include <string.h>
#include <tpl.h>

static_assert(ENTRY_BYTES_MAX + TRACE_IMAGE_EXTRA <= FRAME_BYTES_MAX, "each entry fits a frame");

struct trace_encoder {
    struct trace_about about;
    const struct actor_type *const *types;
    const struct trace_setting *settings;
    uint64_t records;

    /* what the maps read from */
    uint64_t words[TRACE_WORDS];
    uint32_t small[TRACE_SMALLS];
    tpl_bin rest;
    uint64_t fields[FIELDS_MAX]; /* each in the first bytes of its word */
    uint16_t kind;
    uint32_t worker;
    uint64_t lost;
    const char *text;

    tpl_node *kinds[MESSAGE_KINDS_MAX]; /* NULL: not used yet */
    tpl_node *end, *undelivered, *lagged, *note;
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

static tpl_node *map_of(struct trace_encoder *e, uint16_t kind)
{
    if (e->kinds[kind])
        return e->kinds[kind];
    char format[TRACE_CALL_FORMAT_MAX];
    const struct kind_info *k = message_kind_info(kind);
    unsigned count = 0;
    while (k->fields[count].name)
        count++;
    trace_call_format(k->fields, count, format);
    uint64_t *f = e->fields;
    return e->kinds[kind] = tpl_map(format, e->words, TRACE_WORDS, e->small, TRACE_SMALLS, &e->rest,
                                    f, f + 1, f + 2, f + 3, f + 4, f + 5, f + 6, f + 7, f + 8);
}

static void take_fields(struct trace_encoder *e, const struct message *m)
{
    uint64_t *into = e->fields;
    for (const struct field_info *f = message_kind_info(m->kind)->fields; f->name; f++) {
        const uint8_t *at = m->payload.bytes + f->offset;
        struct actor_ref ref;
        switch (f->type) {
        case FIELD_span: continue;
        case FIELD_u8:
        case FIELD_flag: memcpy(into, at, 1); break;
        case FIELD_u16: memcpy(into, at, 2); break;
        case FIELD_u64: memcpy(into, at, 8); break;
        case FIELD_ref:
            memcpy(&ref, at, sizeof ref);
            *into = ref_bits(ref);
            break;
        default: memcpy(into, at, 4); break;
        }
        into++;
    }
}

static void take_common(struct trace_encoder *e, const struct entry *x)
{
    const struct message *m = &x->message;
    e->words[0] = e->records++;
    e->words[1] = x->now_us;
    e->words[2] = x->ended_ns;
    e->words[3] = ref_bits(m->from);
    e->words[4] = ref_bits(m->to);
    e->small[0] = x->took_ns;
    e->small[1] = x->number;
    e->small[2] = m->exchange;
    e->small[3] = x->actor_exchange;
    e->small[4] = (uint32_t)m->flags | (uint32_t)x->type << 16 | (uint32_t)x->worker << 24;
    e->rest.addr = (void *)(uintptr_t)x->rest;
    e->rest.sz = x->used - (uint32_t)sizeof *x;
}

static void encode_call(struct trace_encoder *e, struct trace_out *out, const struct entry *x)
{
    tpl_node *map = map_of(e, x->message.kind);
    take_fields(e, &x->message);
    tpl_pack(map, 0);
    trace_frame_dump(out, FRAME_CALL + x->message.kind, map, TRACE_IMAGE_EXTRA + e->rest.sz);
}

void trace_encode_entry(struct trace_encoder *e, struct trace_out *out, const struct entry *x)
{
    if (x->lost)
        trace_encode_lagged(e, out, x->worker, x->lost, x->ended_ns - x->took_ns);
    take_common(e, x);
    switch (x->what) {
    case ENTRY_CALL: encode_call(e, out, x); break;
    case ENTRY_END:
        tpl_pack(e->end, 0);
        trace_frame_dump(out, FRAME_END, e->end, TRACE_IMAGE_EXTRA + e->rest.sz);
        break;
    default:
        e->kind = x->message.kind;
        tpl_pack(e->undelivered, 0);
        trace_frame_dump(out, FRAME_UNDELIVERED, e->undelivered, TRACE_IMAGE_EXTRA);
        break;
    }
}

static void take_own(struct trace_encoder *e, uint64_t ended_ns)
{
    memset(e->words, 0, sizeof e->words);
    e->words[0] = e->records++;
    e->words[1] = ended_ns / 1000;
    e->words[2] = ended_ns;
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
    e->end = tpl_map(TRACE_FORMAT_END, e->words, TRACE_WORDS, e->small, TRACE_SMALLS, &e->rest);
    e->undelivered =
        tpl_map(TRACE_FORMAT_UNDELIVERED, e->words, TRACE_WORDS, e->small, TRACE_SMALLS, &e->kind);
    e->lagged = tpl_map(TRACE_FORMAT_LAGGED, e->words, TRACE_WORDS, &e->worker, &e->lost);
    e->note = tpl_map(TRACE_FORMAT_NOTE, e->words, TRACE_WORDS, &e->text);
    return e;
}

void trace_encoder_free(struct trace_encoder *e)
{
    for (unsigned i = 0; i < MESSAGE_KINDS_MAX; i++)
        if (e->kinds[i])
            tpl_free(e->kinds[i]);
    tpl_free(e->end);
    tpl_free(e->undelivered);
    tpl_free(e->lagged);
    tpl_free(e->note);
    free(e);
}
