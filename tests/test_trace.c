/* tests/test_trace.c -- a trace file: what is written is read again, and whatever became of the bytes is said.
 *
 * Damage is made at every place of a small file; what must still be read is known frame by frame.
 */
#include "messages/trace_image.h"
#include "messages/trace_format.h"
#include "runtime/worker.h"
#include "tests/check.h"
#include "tests/foreign_trace.h"
#include "tests/toys.h"
#include "tests/trace_rig.h"
#include <stdlib.h>
#include <tpl.h>

static const struct actor_type *const types[] = {&toy_asker_type, &toy_pinger_type, NULL};
static struct rig rig;
static struct sim sim;

static void begin(uint32_t bodies_max)
{
    rig_create(&rig, types, 3, 0, bodies_max);
    toy_sim(&sim, 0);
}

static void end(void)
{
    rig_destroy(&rig);
    CHECK_UINT(sim_destroy(&sim), 0);
}

/* ---- everything that can be in a record ---- */

static uint8_t noise[5000];

static void random_bytes(void *into, size_t length)
{
    for (size_t i = 0; i < length; i++)
        ((uint8_t *)into)[i] = (uint8_t)rig_random(256);
}

static struct message *random_message(uint16_t kind)
{
    struct message *m = message_new(kind);
    m->from = (struct actor_ref){rig_random(UINT32_MAX), rig_random(UINT32_MAX)};
    m->flags = (uint16_t)rig_random(65536);
    m->exchange = rig_random(UINT32_MAX);
    for (const struct field_info *f = message_kind_info(kind)->fields; f->name; f++) {
        static const uint8_t widths[] = {
            [FIELD_u8] = 1,  [FIELD_u16] = 2,  [FIELD_u32] = 4, [FIELD_u64] = 8,
            [FIELD_i32] = 4, [FIELD_flag] = 1, [FIELD_ref] = 8, [FIELD_span] = 0};
        uint8_t *at = m->payload.bytes + f->offset;
        random_bytes(at, widths[f->type]);
        if (f->type == FIELD_flag)
            *at &= 1;
        struct span s = span_copy(noise, rig_random(3) ? rig_random(sizeof noise) : 0);
        if (f->type == FIELD_span)
            memcpy(at, &s, sizeof s);
        else
            span_release(&s);
    }
    return m;
}

static struct effect random_effect(enum effect_kind kind, const struct message *m)
{
    static struct address address;
    char error[160];
    CHECK(address_parse(&address, rig_random(2) ? "[2001:db8::1]:80" : "10.1.2.3:65535", error));
    return (struct effect){.kind = kind,
                           .n = rig_random(UINT32_MAX),
                           .value = (uint64_t)rig_random(UINT32_MAX) << 32 | rig_random(UINT32_MAX),
                           .ref = {rig_random(UINT32_MAX), rig_random(UINT32_MAX)},
                           .message = m,
                           .type = rig_random(2) ? &toy_pinger_type : &toy_server_type,
                           .address = &address,
                           .bytes = noise,
                           .length = rig_random(sizeof noise)};
}

static struct worker worker;

static void random_call(uint16_t kind)
{
    struct message *m = random_message(kind);
    worker.index = rig_random(3);
    worker.now_us = rig_random(UINT32_MAX);
    uint32_t slot = rig_random(4);
    struct actor a = {.ref = {worker.index << 24 | slot, 1 + rig_random(3)},
                      .type = types[slot % 2],
                      .worker = &worker,
                      .exchange = rig_random(9)};
    m->to = a.ref;
    rig_input(&rig, &a, m, worker.now_us);
    for (unsigned i = rig_random(6); i; i--) {
        struct effect e = random_effect((enum effect_kind)rig_random(EFFECT_KINDS), m);
        rig.hooks.effect(&rig, &a, &e);
    }
    if (rig_random(4) == 0)
        rig.hooks.undelivered(&rig, &worker, m);
    rig.hooks.handled(&rig, &a, false);
    if (rig_random(10) == 0) {
        rig.hooks.ending(&rig, &a);
        rig.hooks.reaped(&rig, &a);
    }
    message_free(m);
}

static void test_messages_of_all_kinds_with_anything_in_them(void)
{
    static const uint32_t caps[] = {UINT32_MAX, 0, 1, 2000};
    random_bytes(noise, sizeof noise);
    for (unsigned c = 0; c < sizeof caps / sizeof caps[0]; c++) {
        begin(caps[c]);
        for (unsigned round = 0; round < 5; round++)
            for (uint16_t kind = 1; kind < message_kinds_count(); kind++)
                random_call(kind);
        rig_check(&rig);
        end();
    }
}

static void test_every_effect_of_every_kind(void)
{
    begin(UINT32_MAX);
    struct message *m = resume(7);
    struct actor a = {.ref = {1, 1}, .type = types[0], .worker = &worker};
    m->to = a.ref;
    worker.index = 0;
    for (unsigned round = 0; round < 20; round++)
        for (int kind = 0; kind < EFFECT_KINDS; kind++) {
            struct effect e = random_effect((enum effect_kind)kind, m);
            rig_input(&rig, &a, m, worker.now_us);
            rig.hooks.effect(&rig, &a, &e);
            rig.hooks.handled(&rig, &a, false);
        }
    rig_check(&rig);
    message_free(m);
    end();
}

static void test_the_file_says_what_it_is(void)
{
    struct trace_record r;
    begin(17);
    struct trace_reader *reader = trace_reader_new();
    CHECK(trace_reader_about(reader) == NULL);
    trace_encode_note(rig.encoder, &rig.out, "a note", 99);
    trace_reader_feed(reader, rig.out.bytes, rig.out.length);
    CHECK_UINT(trace_reader_next(reader, &r), TRACE_BEGUN);
    CHECK_UINT(trace_reader_next(reader, &r), TRACE_RECORD);
    CHECK_STR(r.text, "a note");
    CHECK_UINT(r.ended_ns, 99);
    const struct trace_about *a = trace_reader_about(reader);
    CHECK_UINT(a->format, TRACE_FORMAT);
    CHECK_UINT(a->wall_us, 1700000000000000);
    CHECK_UINT(a->clock_ns, 5);
    CHECK_UINT(a->first_sequence, 0);
    CHECK_UINT(a->part, 0);
    CHECK_UINT(a->workers, 2);
    CHECK_UINT(a->bodies_max, 17);
    CHECK_UINT(a->process, 4711);
    CHECK_STR(a->program, "rig");
    CHECK_STR(a->build, "1.2");
    CHECK_STR(a->options, "--moon");
    CHECK_STR(a->protocol, "1.29.0");
    CHECK_STR(a->system, "Moon");
    CHECK_STR(a->why, "a test");
    CHECK_STR(trace_reader_settings(reader)[0].name, "moon");
    CHECK_STR(trace_reader_settings(reader)[0].value, "full");
    CHECK(trace_reader_settings(reader)[1].name == NULL);
    for (uint16_t i = 1; i < message_kinds_count(); i++) {
        const struct trace_kind *k = trace_reader_kind(reader, i);
        REQUIRE(k != NULL);
        CHECK_STR(k->name, message_kind_info(i)->name);
        CHECK_UINT(k->ours, i);
    }
    CHECK(trace_reader_kind(reader, message_kinds_count()) == NULL);
    CHECK_UINT(trace_reader_next(reader, &r), TRACE_MORE);
    trace_reader_free(reader);
    end();
}

static void test_an_empty_trace_reads_as_nothing(void)
{
    struct text told;
    text_begin(&told);
    rig_story(&told, NULL, 0, 0);
    CHECK_STR(text_of(&told), "");
    text_free(&told);
}

/* ---- a small file, and damage to it ---- */

enum { FRAMES_MAX = 32, TABLES = 5 };

static struct small {
    struct trace_out out;
    size_t frames[FRAMES_MAX + 1]; /* where they begin; the end of the last */
    unsigned count;
    uint64_t records;
} small;

static void find_frames(void)
{
    struct trace_head h;
    size_t at = TRACE_MAGIC_BYTES;
    for (small.count = 0; at < small.out.length; small.count++) {
        REQUIRE(small.count < FRAMES_MAX && trace_head_read(small.out.bytes + at, &h));
        small.frames[small.count] = at;
        at += FRAME_HEAD_BYTES + h.length;
    }
    small.frames[small.count] = at;
    small.records = small.count - TABLES;
}

static void small_begin(void)
{
    small.out = (struct trace_out){0};
    foreign_file(&small.out);
    find_frames();
}

static void small_end(void)
{
    free(small.out.bytes);
}

/* What was read: bit i, record i; and what was said. */
struct told {
    uint32_t records;
    unsigned bad, begun;
    size_t torn;
    uint64_t torn_at;
    char error[TRACE_ERROR_MAX]; /* the first */
    uint64_t error_at;
};

static void take_told(struct told *t, struct trace_reader *reader)
{
    struct trace_record r;
    enum trace_got got;
    while ((got = trace_reader_next(reader, &r)) != TRACE_MORE) {
        if (got == TRACE_RECORD)
            t->records |= 1u << (r.sequence & 31);
        t->begun += got == TRACE_BEGUN;
        if (got == TRACE_BAD && !t->bad++) {
            snprintf(t->error, sizeof t->error, "%s", trace_reader_error(reader));
            t->error_at = trace_reader_error_offset(reader);
        }
    }
}

static struct told read_told(const uint8_t *bytes, size_t length)
{
    struct told t = {0};
    struct trace_reader *reader = trace_reader_new();
    trace_reader_feed(reader, bytes, length);
    take_told(&t, reader);
    trace_reader_end(reader);
    take_told(&t, reader);
    t.torn = trace_reader_torn(reader, &t.torn_at);
    trace_reader_free(reader);
    return t;
}

static uint32_t all_records(void)
{
    return (1u << small.records) - 1;
}

static unsigned frame_at(size_t offset)
{
    unsigned i = 0;
    while (offset >= small.frames[i + 1])
        i++;
    return i;
}

/* Records that are of no use without the table of kinds. */
enum { RECORDS_WITH_KIND = 0x17 };

static uint32_t readable_without(size_t offset)
{
    if (offset < TRACE_MAGIC_BYTES)
        return all_records();
    unsigned frame = frame_at(offset);
    if (frame == 1)
        return all_records() & ~(uint32_t)RECORDS_WITH_KIND;
    return frame < TABLES ? all_records() : all_records() & ~(1u << (frame - TABLES));
}

static void test_each_bit_of_a_file_is_noticed(void)
{
    unsigned unnoticed = 0, unread = 0, invented = 0;
    small_begin();
    for (size_t bit = 0; bit < small.out.length * 8; bit++) {
        small.out.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        struct told t = read_told(small.out.bytes, small.out.length);
        uint32_t readable = readable_without(bit / 8);
        unnoticed += t.bad == 0;
        unread += (t.records & readable) != readable;
        invented += (t.records & ~readable) != 0;
        small.out.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    CHECK_UINT(unnoticed, 0);
    CHECK_UINT(unread, 0);
    CHECK_UINT(invented, 0);
    CHECK_UINT(read_told(small.out.bytes, small.out.length).bad, 0);
    small_end();
}

/* One record, whatever chance says. */
static void one_call(uint16_t kind)
{
    struct message *m = random_message(kind);
    worker.index = 0;
    struct actor a = {.ref = {1, 1}, .type = types[0], .worker = &worker};
    m->to = a.ref;
    rig_input(&rig, &a, m, worker.now_us);
    rig.hooks.handled(&rig, &a, false);
    message_free(m);
}

/* The table of kinds, or of effects, as this build writes it, is known by its sum. One of another build is not. */
static void test_a_damaged_table_that_is_our_own(void)
{
    struct told t;
    begin(UINT32_MAX);
    one_call(MSG_CONTINUE);
    rig_drain(&rig);
    small.out = rig.out;
    find_frames();
    for (unsigned frame = 0; frame < TABLES; frame++) {
        uint8_t *middle = small.out.bytes + (small.frames[frame] + small.frames[frame + 1]) / 2;
        bool own = frame == FRAME_KINDS - 1 || frame == FRAME_EFFECTS - 1;
        middle[0] ^= 0xff;
        middle[1] ^= 0x55;
        t = read_told(small.out.bytes, small.out.length);
        CHECK((t.bad == 1) == own);
        CHECK((strstr(t.error, "of which this program has the same") != NULL) == own);
        CHECK_UINT(t.records, 1);
        middle[0] ^= 0xff;
        middle[1] ^= 0x55;
    }
    small.out.bytes[small.frames[FRAME_KINDS - 1] + FRAME_HEAD_BYTES - 1] ^= 1; /* the sum itself */
    t = read_told(small.out.bytes, small.out.length);
    CHECK(t.bad > 1 && t.records == 0);
    end();
}

static void test_a_file_that_is_cut_anywhere(void)
{
    small_begin();
    for (size_t length = 0; length <= small.out.length; length++) {
        struct told t = read_told(small.out.bytes, length);
        unsigned whole = length < TRACE_MAGIC_BYTES   ? 0
                         : length == small.out.length ? small.count
                                                      : frame_at(length);
        size_t rest = length < TRACE_MAGIC_BYTES
                          ? length
                          : length - (whole ? small.frames[whole] : TRACE_MAGIC_BYTES);
        CHECK_UINT(t.records, whole < TABLES ? 0 : (1u << (whole - TABLES)) - 1);
        CHECK_UINT(t.bad, 0);
        CHECK_UINT(t.torn, rest);
        CHECK(!rest || t.torn_at == length - rest);
    }
    small_end();
}

/* Several places are damaged, in several ways; the pieces in which the bytes come make no difference. */
static void test_any_pieces_say_the_same(void)
{
    struct text whole, pieces;
    for (unsigned round = 0; round < 300; round++) {
        small_begin();
        for (unsigned n = rig_random(4); n; n--) {
            size_t at = rig_random((uint32_t)small.out.length);
            size_t length = 1 + rig_random(40);
            length = length < small.out.length - at ? length : small.out.length - at;
            if (rig_random(2)) {
                random_bytes(small.out.bytes + at, length);
            } else { /* a hole */
                memmove(small.out.bytes + at, small.out.bytes + at + length,
                        small.out.length - at - length);
                small.out.length -= length;
            }
        }
        text_begin(&whole);
        text_begin(&pieces);
        rig_story(&whole, small.out.bytes, small.out.length, 0);
        rig_story(&pieces, small.out.bytes, small.out.length, round % 2 ? 1 : 1 + rig_random(500));
        CHECK_STR(text_of(&pieces), text_of(&whole));
        text_free(&whole);
        text_free(&pieces);
        small_end();
    }
}

/* The small file's frames in this order: '0' is the first record's, 'H' to 'S' are the tables. */
static struct told told_of(const char *order)
{
    static const char tables[] = "HKTES";
    struct trace_out out = {0};
    trace_out_put(&out, TRACE_MAGIC, TRACE_MAGIC_BYTES);
    for (; *order; order++) {
        const char *table = strchr(tables, *order);
        unsigned i = table ? (unsigned)(table - tables) : TABLES + (unsigned)(*order - '0');
        trace_out_put(&out, small.out.bytes + small.frames[i],
                      small.frames[i + 1] - small.frames[i]);
    }
    struct told t = read_told(out.bytes, out.length);
    free(out.bytes);
    return t;
}

#define CHECK_TOLD(order, count, what)                                                             \
    do {                                                                                           \
        struct told t = told_of(order);                                                            \
        CHECK_UINT(t.bad, count);                                                                  \
        CHECK(strstr(t.error, what) != NULL);                                                      \
        if (!strstr(t.error, what))                                                                \
            printf("\n    %s: %s\n", order, t.error);                                              \
    } while (0)

static void test_frames_removed_swapped_and_doubled_are_said(void)
{
    small_begin();
    CHECK_TOLD("HKTES0123456", 0, "");
    CHECK_TOLD("HKTES123456", 1, "records 0 to 0 are missing");
    CHECK_TOLD("HKTES01256", 1, "records 3 to 4 are missing");
    CHECK_TOLD("HKTES0213456", 2, "records 1 to 1 are missing");
    CHECK_TOLD("HKTES01123456", 1, "record 1 comes behind record 1");
    CHECK_TOLD("HKTES012345601", 2, "record 0 comes behind record 6");
    CHECK_TOLD("KTES0123456", 1, "the header is missing");
    CHECK_TOLD("HTES56", 2, "the table of kinds is missing");
    CHECK_TOLD("HKES0123456", 1, "the table of actors' types is missing");
    CHECK_TOLD("HKTS0123456", 1, "the table of effects is missing");
    CHECK_TOLD("HKTE0123456", 1, "the list of settings is missing");
    CHECK_TOLD("H56", 2, "the table of kinds is missing");
    CHECK_TOLD("HKTES0H123456", 2, "a header that does not belong here");
    CHECK_TOLD("HKTESK0123456", 1, "a table of kinds that does not belong here");
    CHECK_TOLD("HKKTES0123456", 1, "a table of kinds that does not belong here");
    CHECK_TOLD("HTKES0123456", 2, "the table of kinds is missing");
    small_end();
}

static void test_a_record_that_is_out_of_order_is_given_all_the_same(void)
{
    small_begin();
    CHECK_UINT(told_of("HKTES60").records, 1u << 6 | 1);
    CHECK_UINT(told_of("HKTES3333").records, 1u << 3);
    small_end();
}

/* ---- frames ---- */

static void put_frame(struct trace_out *out, unsigned i)
{
    trace_out_put(out, small.out.bytes + small.frames[i], small.frames[i + 1] - small.frames[i]);
}

static void test_frames_of_a_newer_build_are_passed_over(void)
{
    struct trace_out out = {0};
    small_begin();
    trace_out_put(&out, TRACE_MAGIC, TRACE_MAGIC_BYTES);
    for (unsigned i = 0; i < small.count; i++) {
        put_frame(&out, i);
        if (i >= TABLES - 1) {
            trace_frame_put(&out, 6, "any", 3);
            trace_frame_put(&out, 40, noise, sizeof noise);
        }
    }
    struct told t = read_told(out.bytes, out.length);
    CHECK_UINT(t.bad, 0);
    CHECK_UINT(t.records, all_records());
    free(out.bytes);
    small_end();
}

static void header_of_format(struct trace_out *out, uint32_t format)
{
    struct trace_about a = {
        .program = "", .build = "", .options = "", .protocol = "", .system = "", .why = ""};
    a.format = format;
    tpl_node *map = tpl_map(TRACE_FORMAT_HEADER, &a.format, &a.wall_us, &a.clock_ns,
                            &a.first_sequence, &a.part, &a.workers, &a.bodies_max, &a.process,
                            &a.program, &a.build, &a.options, &a.protocol, &a.system, &a.why);
    tpl_pack(map, 0);
    trace_frame_dump_any(out, FRAME_HEADER, map);
}

static void test_a_newer_format_is_refused_as_a_whole(void)
{
    struct trace_out out = {0};
    small_begin();
    trace_out_put(&out, "intptrc2", TRACE_MAGIC_BYTES);
    header_of_format(&out, 2);
    for (unsigned i = 1; i < small.count; i++)
        put_frame(&out, i);
    struct told t = read_told(out.bytes, out.length);
    CHECK_UINT(t.bad, 2);
    CHECK_UINT(t.records, 0);
    CHECK_UINT(t.torn, 0);
    struct told old = read_told(out.bytes + 0, TRACE_MAGIC_BYTES);
    CHECK_UINT(old.bad, 1);
    free(out.bytes);
    small_end();
}

static void test_what_is_no_trace_is_said_so(void)
{
    const char *texts[] = {"x", "intptr", "GET / HTTP/1.1\r\n\r\n", "intptrc", "{\"a\": 1}"};
    const unsigned bad[] = {1, 0, 1, 0, 1};
    for (unsigned i = 0; i < 5; i++) {
        struct told t = read_told((const uint8_t *)texts[i], strlen(texts[i]));
        CHECK_UINT(t.bad, bad[i]);
        CHECK_UINT(t.torn, bad[i] ? 0 : strlen(texts[i]));
        CHECK(!bad[i] || strstr(t.error, "offset 0: this is no trace"));
    }
}

/* ---- damaged lengths, and work in proportion ---- */

/* The first bytes of a frame, whose rest was never written, and then the file goes on. */
static void test_what_stands_behind_a_frame_that_was_never_finished(void)
{
    struct trace_out out = {0}, large = {0};
    small_begin();
    trace_frame_put(&large, FRAME_NOTE, noise, sizeof noise);
    trace_out_put(&out, small.out.bytes, small.frames[TABLES + 2]);
    trace_out_put(&out, large.bytes, 1000);
    trace_out_put(&out, small.out.bytes + small.frames[TABLES + 2],
                  small.out.length - small.frames[TABLES + 2]);
    struct told t = read_told(out.bytes, out.length);
    CHECK_UINT(t.bad, 1);
    CHECK_UINT(t.error_at, small.frames[TABLES + 2]);
    CHECK_UINT(t.records, all_records());
    CHECK_UINT(t.torn, 0);
    free(out.bytes);
    free(large.bytes);
    small_end();
}

/* The reader does not wait for the end of the file: a length that is damaged is known at once. */
static void test_a_damaged_length_is_known_at_once(void)
{
    struct trace_record r;
    small_begin();
    size_t length_at = small.frames[TABLES] + 4;
    small.out.bytes[length_at + 3] ^= 0x20; /* half a gigabyte */
    struct trace_reader *reader = trace_reader_new();
    trace_reader_feed(reader, small.out.bytes, small.out.length);
    CHECK_UINT(trace_reader_next(reader, &r), TRACE_BEGUN);
    CHECK_UINT(trace_reader_next(reader, &r), TRACE_BAD);
    CHECK_UINT(trace_reader_next(reader, &r), TRACE_BAD); /* record 0 is missing */
    CHECK_UINT(trace_reader_next(reader, &r), TRACE_RECORD);
    CHECK_UINT(r.sequence, 1);
    trace_reader_free(reader);
    small_end();
}

/* Heads one behind the other, each of which promises all the rest, and holds none of it. */
static void test_many_false_promises_cost_little(void)
{
    enum { HEADS = 200000, PROMISED = HEADS / 2 * FRAME_HEAD_BYTES };
    static uint8_t empty[PROMISED];
    struct trace_out frame = {0}, out = {0};
    small_begin();
    trace_frame_put(&frame, FRAME_NOTE, empty, PROMISED);
    trace_out_put(&out, small.out.bytes, small.frames[TABLES]);
    for (unsigned i = 0; i < HEADS; i++)
        trace_out_put(&out, frame.bytes, FRAME_HEAD_BYTES);
    trace_out_put(&out, small.out.bytes + small.frames[TABLES],
                  small.out.length - small.frames[TABLES]);
    struct told t = read_told(out.bytes, out.length);
    CHECK(t.bad >= 1);
    CHECK_UINT(t.records, all_records());
    free(out.bytes);
    free(frame.bytes);
    small_end();
}

static void test_a_lot_of_noise_in_the_middle(void)
{
    enum { NOISE = 3 << 20 };
    struct trace_out out = {0};
    small_begin();
    trace_out_put(&out, small.out.bytes, small.frames[TABLES + 3]);
    random_bytes(trace_out_room(&out, NOISE), NOISE);
    memset(trace_out_room(&out, NOISE), FRAME_MAGIC & 0xff, NOISE / 2);
    out.length += NOISE;
    trace_out_put(&out, small.out.bytes + small.frames[TABLES + 3],
                  small.out.length - small.frames[TABLES + 3]);
    struct told t = read_told(out.bytes, out.length);
    CHECK_UINT(t.bad, 1);
    CHECK_UINT(t.records, all_records());
    free(out.bytes);
    small_end();
}

/* Bytes of a trace that went through the proxy are in this trace's payload: they are not taken for records of its
 * own when a record around them is damaged. */
static void test_a_trace_within_a_trace(void)
{
    struct trace_out out = {0};
    small_begin();
    trace_out_put(&out, small.out.bytes, small.frames[TABLES + 1]);
    size_t at = out.length;
    trace_frame_put(&out, FRAME_NOTE, small.out.bytes, small.out.length);
    out.bytes[at + FRAME_HEAD_BYTES + 2] ^= 1;
    put_frame(&out, TABLES + 2);
    struct told t = read_told(out.bytes, out.length);
    CHECK_UINT(t.records, 1 | 1u << 2);
    CHECK_UINT(t.begun, 1);
    CHECK_UINT(t.bad, 2);
    free(out.bytes);
    small_end();
}

/* ---- parts ---- */

static void encode_parts(struct trace_out parts[3])
{
    begin(UINT32_MAX);
    for (uint32_t part = 0; part < 3; part++) {
        rig.out.length = 0;
        trace_encode_beginning(rig.encoder, &rig.out, part, "--trace");
        struct actor a = {.ref = {1, 1}, .type = types[0], .worker = &worker};
        struct message *m = resume(part);
        for (unsigned i = 0; i < 3; i++) {
            rig_input(&rig, &a, m, 1);
            rig.hooks.handled(&rig, &a, false);
        }
        message_free(m);
        rig_drain(&rig);
        parts[part] = (struct trace_out){0};
        trace_out_put(&parts[part], rig.out.bytes, rig.out.length);
    }
    end();
}

static void take_part(struct told *t, struct trace_reader *reader, const struct trace_out *part)
{
    trace_reader_feed(reader, part->bytes, part->length);
    take_told(t, reader);
    trace_reader_end(reader);
    take_told(t, reader);
    CHECK(!trace_reader_next_file(reader));
}

static struct told told_of_parts(const struct trace_out parts[3], const char *order)
{
    struct told t = {0};
    struct trace_reader *reader = trace_reader_new();
    for (; *order; order++)
        take_part(&t, reader, &parts[*order - '1']);
    trace_reader_free(reader);
    return t;
}

static void test_parts_of_a_trace(void)
{
    struct trace_out parts[3];
    encode_parts(parts);
    CHECK_UINT(told_of_parts(parts, "123").bad, 0);
    CHECK_UINT(told_of_parts(parts, "123").records, 0x1ff);
    CHECK_UINT(told_of_parts(parts, "123").begun, 3);
    CHECK_UINT(told_of_parts(parts, "23").bad, 0); /* --trace-keep */
    CHECK_UINT(told_of_parts(parts, "3").bad, 0);
    struct told t = told_of_parts(parts, "13");
    CHECK_UINT(t.bad, 1);
    CHECK_STR(strchr(t.error, ':'), ": records 3 to 5 are missing");
    t = told_of_parts(parts, "21");
    CHECK_UINT(t.bad, 3);
    CHECK_STR(strchr(t.error, ':'), ": record 0 comes behind record 5");
    for (unsigned i = 0; i < 3; i++)
        free(parts[i].bytes);
}

static void test_parts_in_one_file(void)
{
    struct trace_out parts[3], all = {0};
    encode_parts(parts);
    for (unsigned i = 0; i < 3; i++)
        trace_out_put(&all, parts[i].bytes, parts[i].length);
    struct told t = read_told(all.bytes, all.length);
    CHECK_UINT(t.bad, 0);
    CHECK_UINT(t.records, 0x1ff);
    CHECK_UINT(t.begun, 3);
    free(all.bytes);
    for (unsigned i = 0; i < 3; i++)
        free(parts[i].bytes);
}

/* Who compares by pointer, or keeps one, may do so through all parts. */
static void test_kinds_and_types_live_on(void)
{
    struct trace_out parts[3];
    struct trace_record r;
    const struct trace_kind *kind = NULL;
    const char *type = NULL;
    encode_parts(parts);
    struct trace_reader *reader = trace_reader_new();
    for (unsigned i = 0; i < 3; i++) {
        trace_reader_next_file(reader);
        trace_reader_feed(reader, parts[i].bytes, parts[i].length);
        CHECK_UINT(trace_reader_next(reader, &r), TRACE_BEGUN);
        for (unsigned n = 0; n < 3; n++)
            REQUIRE(trace_reader_next(reader, &r) == TRACE_RECORD);
        CHECK(i == 0 || (r.kind == kind && r.type == type));
        kind = r.kind;
        type = r.type;
        free(parts[i].bytes);
    }
    struct trace_out foreign = {0};
    foreign_file(&foreign);
    trace_reader_next_file(reader);
    trace_reader_feed(reader, foreign.bytes, foreign.length);
    CHECK_UINT(trace_reader_next(reader, &r), TRACE_BEGUN); /* another trace: numbers begin anew */
    CHECK_UINT(trace_reader_next(reader, &r), TRACE_RECORD);
    CHECK_STR(r.kind->name, "LANDING");
    CHECK_STR(kind->name, "CONTINUE");
    CHECK_STR(type, "toy_asker");
    free(foreign.bytes);
    trace_reader_free(reader);
}

/* ---- other builds ---- */

static void test_what_is_not_known_here_can_be_read(void)
{
    struct trace_record r;
    struct trace_effect e;
    size_t at = 0;
    small_begin();
    struct trace_reader *reader = trace_reader_new();
    trace_reader_feed(reader, small.out.bytes, small.out.length);
    CHECK_UINT(trace_reader_next(reader, &r), TRACE_BEGUN);
    for (unsigned i = 0; i < 3; i++)
        REQUIRE(trace_reader_next(reader, &r) == TRACE_RECORD);
    CHECK_STR(r.kind->name, "LANDING");
    CHECK_UINT(r.kind->ours, MSG_NONE);
    CHECK_STR(r.type, "sun");
    REQUIRE(trace_effect_next(reader, &r, &at, &e));
    CHECK_UINT(e.kind, EFFECT_SEND); /* teleport was passed over */
    trace_reader_free(reader);
    small_end();
}

/* A table of one kind, CONTINUE; its second field, if there is one, of this type. */
static void put_kinds(struct trace_out *out, const char *first, uint8_t second_type)
{
    uint16_t number = 5;
    uint8_t class = 0, type = FIELD_u32;
    const char *name = "CONTINUE", *field = first;
    tpl_node *map = tpl_map(TRACE_FORMAT_KINDS, &number, &class, &name, &type, &field);
    tpl_pack(map, 2);
    type = second_type;
    field = "more";
    if (type != UINT8_MAX)
        tpl_pack(map, 2);
    tpl_pack(map, 1);
    trace_frame_dump_any(out, FRAME_KINDS, map);
}

static void put_continue(struct trace_out *out, bool with_more)
{
    uint64_t words[TRACE_WORDS] = {0}, n = 77, more = 5;
    uint32_t smalls[TRACE_SMALLS] = {0};
    tpl_bin rest = {NULL, 0};
    char without[] = "U#u#Bu", with[] = "U#u#BuU";
    tpl_node *map = with_more ? tpl_map(with, words, 5, smalls, 5, &rest, &n, &more)
                              : tpl_map(without, words, 5, smalls, 5, &rest, &n);
    tpl_pack(map, 0);
    trace_frame_dump_any(out, FRAME_CALL + 5, map);
}

static void check_other_fields(const char *first, uint8_t second, uint16_t ours, bool readable)
{
    struct trace_out out = {0};
    struct trace_record r;
    uint64_t n;
    small_begin();
    trace_out_put(&out, small.out.bytes, small.frames[1]);
    put_kinds(&out, first, second);
    for (unsigned i = 2; i < TABLES; i++)
        put_frame(&out, i);
    put_continue(&out, second != UINT8_MAX);
    struct trace_reader *reader = trace_reader_new();
    trace_reader_feed(reader, out.bytes, out.length);
    CHECK_UINT(trace_reader_next(reader, &r), TRACE_BEGUN);
    CHECK_UINT(trace_reader_next(reader, &r), readable ? TRACE_RECORD : TRACE_BAD);
    if (readable) {
        CHECK_UINT(r.kind->ours, ours);
        CHECK(trace_value(&r, first, &n) && n == 77);
    } else {
        CHECK(strstr(trace_reader_error(reader), "has fields of a newer build") != NULL);
    }
    trace_reader_free(reader);
    free(out.bytes);
    small_end();
}

static void test_kinds_with_other_fields(void)
{
    messages_init();
    check_other_fields("n", UINT8_MAX, MSG_CONTINUE, true);
    check_other_fields("m", UINT8_MAX, MSG_NONE, true);
    check_other_fields("n", FIELD_u64, MSG_NONE, true);
    check_other_fields("n", FIELD_span + 1, MSG_NONE, false);
}

/* ---- images that lie, behind a good sum ---- */

static struct told told_with_image(unsigned instead_of, unsigned type, const void *image,
                                   size_t length)
{
    struct trace_out out = {0};
    small_begin();
    trace_out_put(&out, small.out.bytes, small.frames[instead_of]);
    trace_frame_put(&out, type, image, length);
    for (unsigned i = instead_of + 1; i < small.count; i++)
        put_frame(&out, i);
    struct told t = read_told(out.bytes, out.length);
    free(out.bytes);
    small_end();
    return t;
}

static const uint8_t *image_of(unsigned frame, size_t *length)
{
    *length = small.frames[frame + 1] - small.frames[frame] - FRAME_HEAD_BYTES;
    return small.out.bytes + small.frames[frame] + FRAME_HEAD_BYTES;
}

/* Each byte of each image is changed, and the sum is made to fit: whatever comes of it, nothing breaks, and all
 * other records are there, unless it is a table that they need. */
static void test_images_that_lie(void)
{
    static const uint8_t changes[] = {0x01, 0x80, 0xff};
    uint8_t image[2000];
    size_t length;
    small_begin();
    uint32_t all = all_records();
    unsigned count = small.count;
    small_end();
    for (unsigned frame = 0; frame < count; frame++) {
        small_begin();
        const uint8_t *good = image_of(frame, &length);
        REQUIRE(length < sizeof image);
        memcpy(image, good, length);
        struct trace_head h;
        REQUIRE(trace_head_read(small.out.bytes + small.frames[frame], &h));
        unsigned type = h.type;
        small_end();
        for (size_t i = 0; i < length * 3; i++) {
            image[i / 3] ^= changes[i % 3];
            struct told t = told_with_image(frame, type, image, length);
            if (frame >= TABLES)
                CHECK((t.records | 1u << (frame - TABLES)) == all || t.records > all);
            image[i / 3] ^= changes[i % 3];
        }
    }
}

/* tpl takes a count of 2^31 and more for none when it checks, and for as many when it reads. */
static void test_an_array_that_claims_billions(void)
{
    static const uint8_t types_image[] = "tpl\2\21\0\0\0A(s)\0\377\377\377\377";
    struct told t = told_with_image(2, FRAME_TYPES, types_image, sizeof types_image - 1);
    CHECK_UINT(t.bad, 1);
    CHECK(strstr(t.error, "actors' types cannot be read") != NULL);
    static const uint8_t empty[] = "tpl\2\21\0\0\0A(s)\0\0\0\0\0";
    CHECK(trace_image_fits("A(s)", empty, sizeof empty - 1));
    CHECK(!trace_image_fits("A(s)", types_image, sizeof types_image - 1));
}

static void test_only_one_form_of_an_image_is_let_through(void)
{
    uint8_t image[] = "tpl\0\25\0\0\0Bu\0\3\0\0\0abc\1\0\0\0";
    size_t length = sizeof image - 1;
    image[4] = (uint8_t)length;
    CHECK(trace_image_fits("Bu", image, length));
    CHECK(!trace_image_fits("Bv", image, length));
    CHECK(!trace_image_fits("B", image, length));
    CHECK(!trace_image_fits("Bu", image, length - 1));
    for (size_t i = 0; i < 11; i++) { /* the head, and the format */
        image[i] ^= 1;
        CHECK(!trace_image_fits("Bu", image, length));
        image[i] ^= 1;
    }
    image[11] = 4;
    CHECK(!trace_image_fits("Bu", image, length));
}

/* An effect that is not whole makes the record a bad one; the next is read. */
static void test_effects_that_are_cut(void)
{
    struct trace_out out = {0};
    struct trace_out effects = {0};
    const uint8_t write[] = {FOREIGN_WRITE, 1, 0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0, 'x'};
    small_begin();
    trace_out_put(&out, small.out.bytes, small.frames[TABLES]);
    trace_out_put(&effects, write, sizeof write);
    foreign_landing(&out, 0, "dust", 4, &effects);
    put_frame(&out, TABLES + 1);
    struct told t = read_told(out.bytes, out.length);
    CHECK_UINT(t.bad, 2);
    CHECK(strstr(t.error, "not whole") != NULL);
    CHECK_UINT(t.records, 2);
    free(out.bytes);
    free(effects.bytes);
    small_end();
}

CU_TestInfo trace_tests[] = {
    {"messages of all kinds with anything in them",
     test_messages_of_all_kinds_with_anything_in_them},
    {"every effect of every kind", test_every_effect_of_every_kind},
    {"the file says what it is", test_the_file_says_what_it_is},
    {"an empty trace reads as nothing", test_an_empty_trace_reads_as_nothing},
    {"each bit of a file is noticed", test_each_bit_of_a_file_is_noticed},
    {"a damaged table that is our own", test_a_damaged_table_that_is_our_own},
    {"a file that is cut anywhere", test_a_file_that_is_cut_anywhere},
    {"any pieces say the same", test_any_pieces_say_the_same},
    {"frames removed, swapped and doubled are said",
     test_frames_removed_swapped_and_doubled_are_said},
    {"a record that is out of order is given all the same",
     test_a_record_that_is_out_of_order_is_given_all_the_same},
    {"frames of a newer build are passed over", test_frames_of_a_newer_build_are_passed_over},
    {"a newer format is refused as a whole", test_a_newer_format_is_refused_as_a_whole},
    {"what is no trace is said so", test_what_is_no_trace_is_said_so},
    {"what stands behind a frame that was never finished",
     test_what_stands_behind_a_frame_that_was_never_finished},
    {"a damaged length is known at once", test_a_damaged_length_is_known_at_once},
    {"many false promises cost little", test_many_false_promises_cost_little},
    {"a lot of noise in the middle", test_a_lot_of_noise_in_the_middle},
    {"a trace within a trace", test_a_trace_within_a_trace},
    {"parts of a trace", test_parts_of_a_trace},
    {"parts in one file", test_parts_in_one_file},
    {"kinds and types live on", test_kinds_and_types_live_on},
    {"what is not known here can be read", test_what_is_not_known_here_can_be_read},
    {"kinds with other fields", test_kinds_with_other_fields},
    {"images that lie", test_images_that_lie},
    {"an array that claims billions", test_an_array_that_claims_billions},
    {"only one form of an image is let through", test_only_one_form_of_an_image_is_let_through},
    {"effects that are cut", test_effects_that_are_cut},
    CU_TEST_INFO_NULL,
};
