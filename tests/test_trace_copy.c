/* tests/test_trace_copy.c -- records written again: the same bytes, or changed where they were changed.
 *
 * The file is of another build (foreign_trace.h): nothing of its tables may be replaced by ours.
 */
#include "messages/trace_copy.h"
#include "tests/check.h"
#include "tests/foreign_trace.h"
#include <stdlib.h>

struct copying {
    struct trace_reader *reader;
    struct trace_copier *copier;
    struct trace_out out;
    struct trace_record record;
    bool begun;
};

static void start(struct copying *c, const struct trace_out *file)
{
    *c = (struct copying){.reader = trace_reader_new(), .copier = trace_copier_new()};
    trace_reader_feed(c->reader, file->bytes, file->length);
}

static void finish(struct copying *c)
{
    trace_copier_free(c->copier);
    trace_reader_free(c->reader);
    free(c->out.bytes);
}

/* The next record; the beginning is copied as it is, before the first. */
static bool next(struct copying *c)
{
    enum trace_got got;
    while ((got = trace_reader_next(c->reader, &c->record)) == TRACE_BEGUN)
        ;
    if (got != TRACE_RECORD) {
        CHECK_UINT(got, TRACE_MORE);
        return false;
    }
    if (!c->begun)
        trace_copy_beginning(c->copier, &c->out, c->reader, NULL, NULL);
    c->begun = true;
    return true;
}

static void copy(struct copying *c)
{
    trace_copy_record(c->copier, &c->out, c->reader, &c->record);
}

static void test_what_was_not_changed_is_the_same_bytes(void)
{
    struct trace_out file = {0};
    struct copying c;
    foreign_file(&file);
    start(&c, &file);
    while (next(&c))
        copy(&c);
    CHECK_BYTES(c.out.bytes, c.out.length, file.bytes, file.length);
    finish(&c);
    free(file.bytes);
}

static void test_effects_are_built_again(void)
{
    struct trace_out file = {0}, effects = {0};
    struct trace_effect e;
    struct copying c;
    unsigned count = 0;
    foreign_file(&file);
    start(&c, &file);
    while (next(&c)) {
        effects.length = 0;
        for (size_t at = 0; trace_effect_next_any(c.reader, &c.record, &at, &e); count++)
            trace_put_effect(&effects, c.reader, &e);
        c.record.effects = effects.bytes;
        c.record.effects_length = effects.length;
        copy(&c);
    }
    CHECK_UINT(count, 8);
    CHECK_BYTES(c.out.bytes, c.out.length, file.bytes, file.length);
    finish(&c);
    free(effects.bytes);
    free(file.bytes);
}

static void test_unknown_effects_are_passed_over(void)
{
    struct trace_out file = {0};
    struct trace_effect e;
    struct copying c;
    size_t at = 0;
    foreign_file(&file);
    start(&c, &file);
    for (unsigned i = 0; i < 3; i++)
        REQUIRE(next(&c));
    REQUIRE(trace_effect_next(c.reader, &c.record, &at, &e));
    CHECK_UINT(e.kind, EFFECT_SEND);
    CHECK_STR(e.message->name, "TALK");
    REQUIRE(trace_effect_next(c.reader, &c.record, &at, &e));
    CHECK_UINT(e.kind, EFFECT_WRITE);
    CHECK_UINT(e.bytes.length, 26);
    CHECK_UINT(e.bytes.kept, 7);
    REQUIRE(trace_effect_next(c.reader, &c.record, &at, &e));
    CHECK_UINT(e.kind, EFFECT_SPAWN);
    CHECK_STR(e.type, "sun");
    CHECK(!trace_effect_next(c.reader, &c.record, &at, &e));
    at = 0;
    REQUIRE(trace_effect_next_any(c.reader, &c.record, &at, &e));
    CHECK_UINT(e.kind, EFFECT_KINDS);
    CHECK_BYTES(e.bytes.bytes, e.bytes.kept, "beam", 4);
    finish(&c);
    free(file.bytes);
}

/* Reads what was written, up to its n-th record. */
static void read_again(struct copying *c, struct copying *again, unsigned n)
{
    start(again, &c->out);
    for (unsigned i = 0; i <= n; i++)
        REQUIRE(next(again));
}

static void test_changes_are_written(void)
{
    struct trace_out file = {0};
    struct copying c, again;
    const char *longer = "much more dust than there was";
    uint64_t moon;
    foreign_file(&file);
    start(&c, &file);
    while (next(&c)) {
        if (c.record.sequence == 1) {
            c.record.spans[0] = (struct trace_bytes){(const uint8_t *)longer, 29, 29, 0};
            c.record.values[1] = 8;
        }
        copy(&c);
    }
    read_again(&c, &again, 1);
    CHECK_BYTES(again.record.spans[0].bytes, again.record.spans[0].length, longer, 29);
    REQUIRE(trace_value(&again.record, "moon", &moon));
    CHECK_UINT(moon, 8);
    finish(&again);
    finish(&c);
    free(file.bytes);
}

static void test_numbers_are_given_anew(void)
{
    struct trace_out file = {0};
    struct copying c, again;
    foreign_file(&file);
    start(&c, &file);
    while (next(&c))
        if (c.record.sequence != 0 && c.record.sequence != 3)
            copy(&c);
    read_again(&c, &again, 0);
    CHECK_UINT(again.record.sequence, 0);
    CHECK_UINT(again.record.ended_ns, 1000001);
    for (uint64_t n = 1; next(&again); n++) /* it would see a gap */
        CHECK_UINT(again.record.sequence, n);
    finish(&again);
    finish(&c);
    free(file.bytes);
}

static void test_numbers_can_stay(void)
{
    struct trace_out file = {0};
    struct copying c;
    foreign_beginning(&file, 70);
    foreign_landing(&file, 70, "dust", 4, NULL);
    foreign_landing(&file, 71, "dust", 4, NULL);
    start(&c, &file);
    trace_copier_keep_sequences(c.copier);
    while (next(&c))
        copy(&c);
    CHECK_BYTES(c.out.bytes, c.out.length, file.bytes, file.length);
    finish(&c);
    start(&c, &file);
    while (next(&c))
        copy(&c);
    CHECK_UINT(c.out.length, file.length);
    struct copying again;
    read_again(&c, &again, 1);
    CHECK_UINT(trace_reader_about(again.reader)->first_sequence, 0);
    CHECK_UINT(again.record.sequence, 1);
    finish(&again);
    finish(&c);
    free(file.bytes);
}

static void test_header_and_settings_can_be_replaced(void)
{
    static const struct trace_setting settings[] = {{"moon", "new"}, {"sun", "on"}, {NULL, NULL}};
    struct trace_out file = {0};
    struct copying c, again;
    foreign_file(&file);
    start(&c, &file);
    REQUIRE(next(&c));
    struct trace_about about = *trace_reader_about(c.reader);
    about.options = "--sun";
    c.out.length = 0;
    trace_copy_beginning(c.copier, &c.out, c.reader, &about, settings);
    do
        copy(&c);
    while (next(&c));
    read_again(&c, &again, 0);
    CHECK_STR(trace_reader_about(again.reader)->options, "--sun");
    CHECK_STR(trace_reader_about(again.reader)->program, "moonproxyd");
    CHECK_STR(trace_reader_settings(again.reader)[0].value, "new");
    CHECK_STR(trace_reader_settings(again.reader)[1].name, "sun");
    CHECK(trace_reader_settings(again.reader)[2].name == NULL);
    CHECK_STR(again.record.kind->name, "LANDING");
    CHECK_STR(again.record.type, "sun");
    finish(&again);
    finish(&c);
    free(file.bytes);
}

CU_TestInfo trace_copy_tests[] = {
    {"what was not changed is the same bytes", test_what_was_not_changed_is_the_same_bytes},
    {"effects are built again, known or not", test_effects_are_built_again},
    {"unknown effects are passed over", test_unknown_effects_are_passed_over},
    {"changes are written", test_changes_are_written},
    {"numbers are given anew, without a gap", test_numbers_are_given_anew},
    {"numbers can stay as they were", test_numbers_can_stay},
    {"header and settings can be replaced", test_header_and_settings_can_be_replaced},
    CU_TEST_INFO_NULL,
};
