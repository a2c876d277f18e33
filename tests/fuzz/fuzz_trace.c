/* tests/fuzz/fuzz_trace.c -- libFuzzer over the reader of traces: any bytes give records and errors, and end.
 *
 * The first byte chooses what the rest is:
 *   0  a file as it is
 *   1  images, each behind its type (u16) and length (u16), put into frames with good sums
 *   2  the same behind the tables of this build
 *   3  values of records of this build: kind, words, payload; they become images that are well-formed
 *   4  changes of a file of such records, whose sums they do not mend
 * Of each record every field, span, effect and exchange is looked at. Pieces must make no difference.
 */
#include "messages/kinds.h"
#include "messages/trace_encoder.h"
#include "messages/trace_exchanges.h"
#include "messages/trace_format.h"
#include "messages/trace_frame.h"
#include "messages/trace_reader.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    messages_init();
    return 0;
}

static void must(bool holds)
{
    if (!holds)
        abort();
}

static uint64_t sum;

static void touch(const void *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        sum = sum * 31 + ((const uint8_t *)bytes)[i];
}

static void touch_text(const char *text)
{
    if (text)
        touch(text, strlen(text));
}

static void touch_span(const struct trace_bytes *b)
{
    must(b->kept <= b->length);
    touch(b->bytes, b->kept);
}

static void touch_effects(const struct trace_reader *reader, const struct trace_record *r)
{
    struct trace_effect e;
    size_t at = 0;
    while (trace_effect_next_any(reader, r, &at, &e)) {
        must(at <= r->effects_length && (unsigned)e.kind <= EFFECT_KINDS);
        touch_text(e.type);
        touch_text(e.message ? e.message->name : NULL);
        touch_text(e.address);
        touch_span(&e.bytes);
    }
}

static void touch_record(const struct trace_reader *reader, const struct trace_record *r)
{
    uint64_t value;
    touch_text(r->type);
    touch_text(r->text);
    if (r->what == TRACE_CALL) {
        must(r->kind && r->kind->field_count <= FIELDS_MAX);
        for (unsigned i = 0; i < r->kind->field_count; i++) {
            const struct trace_bytes *b = trace_span(r, r->kind->fields[i].name);
            if (b)
                touch_span(b);
            else
                (void)trace_value(r, r->kind->fields[i].name, &value);
        }
    }
    touch_effects(reader, r);
}

static void touch_file(const struct trace_reader *reader)
{
    const struct trace_about *a = trace_reader_about(reader);
    size_t length;
    for (const struct trace_setting *s = trace_reader_settings(reader); s->name; s++) {
        touch_text(s->name);
        touch_text(s->value);
    }
    for (unsigned type = FRAME_HEADER; type <= FRAME_SETTINGS; type++) {
        const uint8_t *image = trace_reader_image(reader, type, &length);
        if (image)
            touch(image, length);
    }
    if (a) {
        touch_text(a->program);
        touch_text(a->options);
        touch_text(a->why);
    }
}

struct counts {
    uint64_t records, begun, bad, torn, torn_at, last_bad;
};

static void take(struct trace_reader *reader, struct trace_exchanges *x, struct counts *c)
{
    struct trace_record r;
    enum trace_got got;
    while ((got = trace_reader_next(reader, &r)) != TRACE_MORE) {
        c->records += got == TRACE_RECORD;
        c->begun += got == TRACE_BEGUN;
        if (got == TRACE_RECORD) {
            touch_record(reader, &r);
            (void)trace_exchanges_take(x, &r);
        }
        if (got == TRACE_BAD) {
            c->bad++;
            c->last_bad = trace_reader_error_offset(reader);
            touch_text(trace_reader_error(reader));
        }
    }
}

static struct counts read_all(const uint8_t *bytes, size_t length, size_t piece)
{
    struct counts c = {0};
    struct trace_reader *reader = trace_reader_new();
    struct trace_exchanges *x = trace_exchanges_new();
    for (size_t at = 0, n; at < length; at += n) {
        n = length - at < piece ? length - at : piece;
        trace_reader_feed(reader, bytes + at, n);
        take(reader, x, &c);
    }
    trace_reader_end(reader);
    take(reader, x, &c);
    c.torn = trace_reader_torn(reader, &c.torn_at);
    must(c.torn + c.torn_at == length);
    touch_file(reader);
    trace_exchanges_free(x);
    trace_reader_free(reader);
    return c;
}

/* ---- files ---- */

static void put_beginning(struct trace_out *out)
{
    static const struct actor_type one = {.name = "one"}, two = {.name = "two"};
    static const struct actor_type *const types[] = {&one, &two, NULL};
    static const struct trace_setting settings[] = {{"moon", "full"}, {NULL, NULL}};
    static const struct trace_about about = {
        .program = "fuzz", .build = "1", .options = "", .system = ""};
    static struct trace_out made;
    if (!made.length) {
        struct trace_encoder *e = trace_encoder_new(&about, types, settings);
        trace_encode_beginning(e, &made, 0, "fuzz");
        trace_encoder_free(e);
    }
    trace_out_put(out, made.bytes, made.length);
}

struct input {
    const uint8_t *at;
    size_t left;
};

/* As many bytes as there are; the rest are zero. */
static void draw(struct input *in, void *into, size_t length)
{
    size_t n = length < in->left ? length : in->left;
    memset(into, 0, length);
    memcpy(into, in->at, n);
    in->at += n;
    in->left -= n;
}

/* The length that an image has of itself is made right: a fuzzer seldom guesses it. */
static void put_images(struct trace_out *out, struct input *in)
{
    static uint8_t image[65536];
    while (in->left >= 4) {
        uint16_t type, length;
        draw(in, &type, 2);
        draw(in, &length, 2);
        uint32_t whole = length < in->left ? length : (uint32_t)in->left;
        draw(in, image, whole);
        if (whole >= 8)
            memcpy(image + 4, &whole, 4);
        trace_frame_put(out, type % 512, image, whole);
    }
}

static void put_head(struct trace_out *image, const char *format)
{
    const uint32_t five[2] = {TRACE_WORDS, TRACE_SMALLS}, later = 0;
    image->length = 0;
    trace_out_put(image, "tpl", 4);
    trace_out_put(image, &later, 4);
    trace_out_put(image, format, strlen(format) + 1);
    trace_out_put(image, five, sizeof five);
}

static void put_values(struct trace_out *image, const char *format, struct input *in)
{
    uint64_t word;
    for (; *format; format++) {
        size_t width = *format == 'c' ? 1 : *format == 'v' ? 2 : *format == 'U' ? 8 : 4;
        draw(in, &word, width);
        trace_out_put(image, &word, width);
    }
}

/* "U#u#B", which calls and ends begin with. */
static void put_common(struct trace_out *image, struct input *in)
{
    static uint8_t bytes[256];
    uint8_t small;
    uint32_t length;
    uint64_t words[TRACE_WORDS] = {0};
    uint32_t smalls[TRACE_SMALLS] = {0};
    for (unsigned i = 0; i < TRACE_WORDS; i++) {
        draw(in, &small, 1);
        words[i] = smalls[i] = small;
    }
    trace_out_put(image, words, sizeof words);
    trace_out_put(image, smalls, sizeof smalls);
    draw(in, &small, 1);
    length = small;
    draw(in, bytes, length);
    trace_out_put(image, &length, 4);
    trace_out_put(image, bytes, length);
}

static void put_record(struct trace_out *out, struct input *in)
{
    struct trace_out image = {0};
    char format[TRACE_CALL_FORMAT_MAX];
    uint8_t kind;
    unsigned count = 0;
    draw(in, &kind, 1);
    const struct kind_info *k = message_kind_info((uint16_t)(kind % message_kinds_count()));
    while (k->fields[count].name)
        count++;
    trace_call_format(k->fields, count, format);
    bool is_end = kind % message_kinds_count() == 0;
    put_head(&image, is_end ? TRACE_FORMAT_END : format);
    put_common(&image, in);
    if (!is_end)
        put_values(&image, format + 5, in);
    uint32_t whole = (uint32_t)image.length;
    memcpy(image.bytes + 4, &whole, 4);
    trace_frame_put(out, is_end ? FRAME_END : FRAME_CALL + kind % message_kinds_count(),
                    image.bytes, image.length);
    free(image.bytes);
}

static void put_records(struct trace_out *out, struct input *in)
{
    while (in->left)
        put_record(out, in);
}

static void put_changed(struct trace_out *out, struct input *in)
{
    static const uint8_t seeds[] = "\1\2\3\4\5\6\7abcdefgh\17ijklm\21nopqrstuvwxyz";
    struct input some = {seeds, sizeof seeds};
    put_beginning(out);
    put_records(out, &some);
    while (in->left >= 4 && out->length) {
        uint16_t at;
        uint8_t length, byte;
        draw(in, &at, 2);
        draw(in, &length, 1);
        draw(in, &byte, 1);
        size_t from = at % out->length,
               n = length < out->length - from ? length : out->length - from;
        if (byte) {
            out->bytes[from] ^= byte;
        } else {
            memmove(out->bytes + from, out->bytes + from + n, out->length - from - n);
            out->length -= n;
        }
    }
}

enum { WAYS = 5 };

static void make_file(struct trace_out *out, unsigned way, struct input *in)
{
    switch (way) {
    case 0: trace_out_put(out, in->at, in->left); break;
    case 1:
        trace_out_put(out, TRACE_MAGIC, TRACE_MAGIC_BYTES);
        put_images(out, in);
        break;
    case 2:
        put_beginning(out);
        put_images(out, in);
        break;
    case 3:
        put_beginning(out);
        put_records(out, in);
        break;
    default: put_changed(out, in); break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct trace_out out = {0};
    if (size < 2)
        return 0;
    struct input in = {data + 1, size - 1};
    make_file(&out, data[0] % WAYS, &in);
    struct counts whole = read_all(out.bytes, out.length, out.length + 1);
    size_t piece = 1 + data[0] / WAYS + out.length / 100; /* not too small: each costs time */
    struct counts pieces = read_all(out.bytes, out.length, piece);
    must(memcmp(&whole, &pieces, sizeof whole) == 0);
    free(out.bytes);
    return 0;
}
