/* tests/test_trace_shape.c -- an image that was filled in is, byte for byte, what tpl makes of the same values. */
#include "messages/kinds.h"
#include "messages/trace_shape.h"
#include "tests/check.h"
#include "tests/trace_rig.h"
#include <stdlib.h>
#include <tpl.h>

static struct {
    uint64_t words[TRACE_WORDS];
    uint32_t smalls[TRACE_SMALLS];
} numbers;
static uint8_t payload[MESSAGE_PAYLOAD_BYTES], bytes[300];

static void fill(void *at, size_t length)
{
    for (uint8_t *byte = at; length; length--)
        *byte++ = (uint8_t)rig_random(256);
}

static void random_values(void)
{
    fill(&numbers, sizeof numbers);
    fill(payload, sizeof payload);
    fill(bytes, sizeof bytes);
}

/* As tpl_map wants them: each in a variable of its own. */
static void take_fields(uint64_t fields[FIELDS_MAX], const struct kind_info *k)
{
    for (const struct field_info *f = k->fields; f->name; f++) {
        struct actor_ref ref;
        if (f->type == FIELD_span)
            continue;
        if (f->type == FIELD_ref) {
            memcpy(&ref, payload + f->offset, sizeof ref);
            *fields++ = ref_bits(ref);
        } else {
            memcpy(fields++, payload + f->offset,
                   sizeof payload - f->offset < 8 ? sizeof payload - f->offset : 8);
        }
    }
}

static void check_same(const struct trace_shape *s, tpl_node *map, uint32_t length,
                       const uint8_t *values)
{
    void *want;
    size_t want_length;
    uint8_t *got = malloc(s->bytes + length);
    REQUIRE(got != NULL);
    tpl_pack(map, 0);
    CHECK_UINT(tpl_dump(map, TPL_MEM, &want, &want_length), 0);
    uint8_t *end = trace_shape_begin(s, got, length);
    memcpy(end, &numbers, TRACE_NUMBERS_BYTES);
    end += TRACE_NUMBERS_BYTES;
    if (s->has_bytes)
        end = trace_shape_bytes(end, bytes, length);
    end = trace_shape_fields(s, end, values);
    CHECK_BYTES(got, (size_t)(end - got), want, want_length);
    CHECK_UINT((size_t)(end - got), s->bytes + length);
    tpl_free(map);
    free(want);
    free(got);
}

static void check_kind(const struct kind_info *k, uint32_t length)
{
    char format[TRACE_CALL_FORMAT_MAX];
    struct trace_shape s;
    uint64_t fields[FIELDS_MAX] = {0}, *f = fields;
    tpl_bin rest = {bytes, length};
    unsigned count = 0;
    while (k->fields[count].name)
        count++;
    random_values();
    take_fields(fields, k);
    trace_call_format(k->fields, count, format);
    trace_shape_of_kind(&s, k);
    check_same(&s,
               tpl_map(format, numbers.words, TRACE_WORDS, numbers.smalls, TRACE_SMALLS, &rest, f,
                       f + 1, f + 2, f + 3, f + 4, f + 5, f + 6, f + 7, f + 8),
               length, payload);
}

static void test_calls_of_every_kind(void)
{
    for (uint16_t kind = 1; kind < message_kinds_count(); kind++) {
        check_kind(message_kind_info(kind), 0);
        check_kind(message_kind_info(kind), rig_random(sizeof bytes));
    }
}

/* They are copied by different ways. */
static void test_bytes_of_every_length(void)
{
    for (uint32_t length = 0; length <= sizeof bytes; length++)
        check_kind(message_kind_info(MSG_SOCKET_DATA), length);
}

static void test_what_is_no_call(void)
{
    struct trace_shape s;
    tpl_bin rest = {bytes, 77};
    uint16_t kind = 0xabcd;
    random_values();
    trace_shape_of(&s, TRACE_FORMAT_END);
    check_same(
        &s,
        tpl_map(TRACE_FORMAT_END, numbers.words, TRACE_WORDS, numbers.smalls, TRACE_SMALLS, &rest),
        77, NULL);
    trace_shape_of(&s, TRACE_FORMAT_UNDELIVERED);
    check_same(&s,
               tpl_map(TRACE_FORMAT_UNDELIVERED, numbers.words, TRACE_WORDS, numbers.smalls,
                       TRACE_SMALLS, &kind),
               0, (const uint8_t *)&kind);
}

CU_TestInfo trace_shape_tests[] = {
    {"calls of every kind", test_calls_of_every_kind},
    {"bytes of every length", test_bytes_of_every_length},
    {"what is no call", test_what_is_no_call},
    CU_TEST_INFO_NULL,
};
