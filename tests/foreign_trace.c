/* tests/foreign_trace.c -- see foreign_trace.h */
#include "tests/foreign_trace.h"
#include "messages/trace_format.h"
#include <stdlib.h>
#include <tpl.h>

static void header(struct trace_out *out, uint64_t first)
{
    uint32_t format = 1, part = 0, workers = 2, bodies = 100, process = 4711;
    uint64_t wall = 1700000000000000, clock = 12345;
    const char *program = "moonproxyd", *build = "9.9", *options = "--moon", *protocol = "7.0.0",
               *system = "Moon", *why = "--trace";
    tpl_node *map =
        tpl_map(TRACE_FORMAT_HEADER, &format, &wall, &clock, &first, &part, &workers, &bodies,
                &process, &program, &build, &options, &protocol, &system, &why);
    tpl_pack(map, 0);
    trace_frame_dump_any(out, FRAME_HEADER, map);
}

struct foreign_kind {
    uint16_t number;
    const char *name;
    struct {
        uint8_t type;
        const char *name;
    } fields[5];
};

static void kinds(struct trace_out *out)
{
    static const struct foreign_kind all[] = {
        {FOREIGN_LANDING,
         "LANDING",
         {{FIELD_span, "bytes"}, {FIELD_u16, "moon"}, {FIELD_ref, "who"}, {FIELD_flag, "soft"}}},
        {FOREIGN_TALK, "TALK", {{FIELD_span, "text"}, {FIELD_span, "body"}, {FIELD_u64, "n"}}}};
    uint16_t number;
    uint8_t class = 0, type;
    const char *name, *field;
    tpl_node *map = tpl_map(TRACE_FORMAT_KINDS, &number, &class, &name, &type, &field);
    for (unsigned i = 0; i < 2; i++) {
        for (unsigned f = 0; all[i].fields[f].name; f++) {
            type = all[i].fields[f].type;
            field = all[i].fields[f].name;
            tpl_pack(map, 2);
        }
        number = all[i].number;
        name = all[i].name;
        tpl_pack(map, 1);
    }
    trace_frame_dump_any(out, FRAME_KINDS, map);
}

static void types(struct trace_out *out)
{
    const char *name = "moon";
    tpl_node *map = tpl_map(TRACE_FORMAT_TYPES, &name);
    tpl_pack(map, 1);
    name = "sun";
    tpl_pack(map, 1);
    trace_frame_dump_any(out, FRAME_TYPES, map);
}

static void effects(struct trace_out *out)
{
    static const struct {
        const char *name;
        uint16_t has;
    } all[] = {{"teleport", EFFECT_HAS_N | EFFECT_HAS_BYTES},
               {"write", EFFECT_HAS_N | EFFECT_HAS_BYTES},
               {"send", EFFECT_HAS_REF | EFFECT_HAS_MESSAGE},
               {"spawn", EFFECT_HAS_VALUE | EFFECT_HAS_REF | EFFECT_HAS_TYPE | EFFECT_HAS_MESSAGE}};
    const char *name;
    uint16_t has;
    tpl_node *map = tpl_map(TRACE_FORMAT_EFFECTS, &name, &has);
    for (unsigned i = 0; i < 4; i++) {
        name = all[i].name;
        has = all[i].has;
        tpl_pack(map, 1);
    }
    trace_frame_dump_any(out, FRAME_EFFECTS, map);
}

static void settings(struct trace_out *out)
{
    const char *name = "moon", *value = "full";
    tpl_node *map = tpl_map(TRACE_FORMAT_SETTINGS, &name, &value);
    tpl_pack(map, 1);
    trace_frame_dump_any(out, FRAME_SETTINGS, map);
}

void foreign_beginning(struct trace_out *out, uint64_t first)
{
    trace_tpl_prepare();
    trace_out_put(out, TRACE_MAGIC, TRACE_MAGIC_BYTES);
    header(out, first);
    kinds(out);
    types(out);
    effects(out);
    settings(out);
}

/* ---- records ---- */

static uint64_t words[TRACE_WORDS];
static uint32_t small[TRACE_SMALLS];

static void common(uint64_t sequence, uint8_t type)
{
    const uint64_t w[TRACE_WORDS] = {sequence, 1000 + sequence, 1000000 + sequence,
                                     UINT64_C(1) << 56 | UINT64_C(3) << 32 | 1,
                                     UINT64_C(4) << 32 | 2};
    const uint32_t s[TRACE_SMALLS] = {17, (uint32_t)sequence + 1, 5, 6,
                                      0x55u | (uint32_t)type << 16 | 1u << 24};
    memcpy(words, w, sizeof words);
    memcpy(small, s, sizeof small);
}

static void put_bytes(struct trace_out *out, const char *bytes, uint32_t kept)
{
    uint32_t length = (uint32_t)strlen(bytes);
    uint64_t hash = 0xfeedface;
    trace_out_put(out, &length, 4);
    trace_out_put(out, &kept, 4);
    if (kept < length)
        trace_out_put(out, &hash, 8);
    trace_out_put(out, bytes, kept);
}

void foreign_landing(struct trace_out *out, uint64_t sequence, const char *bytes, uint32_t kept,
                     const struct trace_out *what_followed)
{
    struct trace_out rest = {0};
    uint16_t moon = 3;
    uint64_t who = words[3];
    uint8_t soft = 1;
    char format[] = "U#u#BvUc";
    tpl_bin bin;
    common(sequence, 1);
    put_bytes(&rest, bytes, kept);
    if (what_followed)
        trace_out_put(&rest, what_followed->bytes, what_followed->length);
    bin = (tpl_bin){rest.bytes, (uint32_t)rest.length};
    tpl_node *map =
        tpl_map(format, words, TRACE_WORDS, small, TRACE_SMALLS, &bin, &moon, &who, &soft);
    tpl_pack(map, 0);
    trace_frame_dump_any(out, FRAME_CALL + FOREIGN_LANDING, map);
    free(rest.bytes);
}

static void all_effects(struct trace_out *out)
{
    const uint8_t teleport = FOREIGN_TELEPORT, write = FOREIGN_WRITE, send = FOREIGN_SEND,
                  spawn = FOREIGN_SPAWN, sun = 1;
    const uint16_t talk = FOREIGN_TALK;
    const uint32_t n = 9;
    trace_out_put(out, &teleport, 1);
    trace_out_put(out, &n, 4);
    put_bytes(out, "beam", 4);
    trace_out_put(out, &send, 1);
    trace_out_put(out, &words[3], 8);
    trace_out_put(out, &talk, 2);
    trace_out_put(out, &write, 1);
    trace_out_put(out, &n, 4);
    put_bytes(out, "written, but not all of it", 7);
    trace_out_put(out, &spawn, 1);
    trace_out_put(out, &words[0], 8);
    trace_out_put(out, &words[4], 8);
    trace_out_put(out, &sun, 1);
    trace_out_put(out, &talk, 2);
}

static void end(struct trace_out *out, uint64_t sequence, const struct trace_out *last)
{
    tpl_bin bin = {last->bytes, (uint32_t)last->length};
    common(sequence, 0);
    tpl_node *map = tpl_map(TRACE_FORMAT_END, words, TRACE_WORDS, small, TRACE_SMALLS, &bin);
    tpl_pack(map, 0);
    trace_frame_dump_any(out, FRAME_END, map);
}

static void undelivered(struct trace_out *out, uint64_t sequence)
{
    uint16_t kind = FOREIGN_TALK;
    common(sequence, UINT8_MAX);
    tpl_node *map =
        tpl_map(TRACE_FORMAT_UNDELIVERED, words, TRACE_WORDS, small, TRACE_SMALLS, &kind);
    tpl_pack(map, 0);
    trace_frame_dump_any(out, FRAME_UNDELIVERED, map);
}

static void lagged(struct trace_out *out, uint64_t sequence)
{
    uint32_t worker = 1;
    uint64_t lost = 12;
    common(sequence, 0);
    words[3] = words[4] = 0;
    tpl_node *map = tpl_map(TRACE_FORMAT_LAGGED, words, TRACE_WORDS, &worker, &lost);
    tpl_pack(map, 0);
    trace_frame_dump_any(out, FRAME_LAGGED, map);
}

static void note(struct trace_out *out, uint64_t sequence)
{
    const char *text = "the moon has set";
    common(sequence, 0);
    words[3] = words[4] = 0;
    tpl_node *map = tpl_map(TRACE_FORMAT_NOTE, words, TRACE_WORDS, &text);
    tpl_pack(map, 0);
    trace_frame_dump_any(out, FRAME_NOTE, map);
}

void foreign_file(struct trace_out *out)
{
    struct trace_out what_followed = {0};
    foreign_beginning(out, 0);
    foreign_landing(out, 0, "dust", 4, NULL);
    foreign_landing(out, 1, "more dust", 4, NULL);
    all_effects(&what_followed);
    foreign_landing(out, 2, "", 0, &what_followed);
    end(out, 3, &what_followed);
    undelivered(out, 4);
    lagged(out, 5);
    note(out, 6);
    free(what_followed.bytes);
}
