/* tests/test_trace_redactor.c -- whole traces without their secrets: cut ones, capped ones, planted ones.
 *
 * The traces are of another build (foreign_trace.h): bodies are streams by who says them to whom, writes by socket.
 */
#include "messages/trace_copy.h"
#include "messages/trace_redactor.h"
#include "tests/check.h"
#include "tests/foreign_trace.h"
#include <stdlib.h>

struct run {
    struct trace_out file, out;
    struct redact_rules *rules;
    struct redactor *redactor;
    unsigned left, records;
    const char *beside; /* bytes that are in no record; NULL: none */
};

static void each(struct run *run, const struct trace_out *file,
                 void (*take)(struct run *run, const struct trace_reader *reader,
                              const struct trace_record *r))
{
    struct trace_reader *reader = trace_reader_new();
    struct trace_record r;
    enum trace_got got;
    trace_reader_feed(reader, file->bytes, file->length);
    while ((got = trace_reader_next(reader, &r)) != TRACE_MORE) {
        CHECK(got != TRACE_BAD);
        if (got == TRACE_RECORD)
            take(run, reader, &r);
    }
    trace_reader_free(reader);
}

static void learn(struct run *run, const struct trace_reader *reader, const struct trace_record *r)
{
    redactor_learn(run->redactor, reader, r);
}

static void find(struct run *run, const struct trace_reader *reader, const struct trace_record *r)
{
    redactor_find(run->redactor, reader, r);
}

static struct trace_copier *copier;

static void apply(struct run *run, const struct trace_reader *reader, const struct trace_record *r)
{
    if (run->records++ == 0)
        trace_copy_beginning(copier, &run->out, reader, NULL, NULL);
    r = redactor_apply(run->redactor, reader, r);
    REQUIRE(r != NULL);
    trace_copy_record(copier, &run->out, reader, r);
}

static void redact(struct run *run, const char *key)
{
    run->rules = redact_rules_new();
    run->redactor = redactor_new(run->rules, key, strlen(key));
    copier = trace_copier_new();
    each(run, &run->file, learn);
    if (run->beside)
        redactor_learn_bytes(run->redactor, (const uint8_t *)run->beside, strlen(run->beside));
    redactor_learned(run->redactor);
    each(run, &run->file, find);
    redactor_found(run->redactor);
    each(run, &run->file, apply);
    trace_copier_free(copier);
    CHECK_UINT(run->out.length, run->file.length);
}

static void finish(struct run *run)
{
    redactor_free(run->redactor);
    redact_rules_free(run->rules);
    free(run->file.bytes);
    free(run->out.bytes);
}

static const uint8_t *in(const struct trace_out *out, const char *text)
{
    return out->length ? memmem(out->bytes, out->length, text, strlen(text)) : NULL;
}

/* ---- */

static struct redactor_check *checker;

static void on_left(void *context, const char *what, const struct trace_record *where)
{
    struct run *run = context;
    (void)what, (void)where;
    run->left++;
}

static void on_left_bytes(void *context, const char *what, uint64_t offset)
{
    struct run *run = context;
    (void)what, (void)offset;
    run->left++;
}

static void check_record(struct run *run, const struct trace_reader *reader,
                         const struct trace_record *r)
{
    (void)run;
    redactor_check_record(checker, reader, r);
}

/* Places where a secret is found in `out`. */
static unsigned left_in(struct run *run, const struct trace_out *out, bool bytes_too)
{
    run->left = 0;
    checker = redactor_check_new(run->redactor, on_left, run);
    each(run, out, check_record);
    CHECK(redactor_check_end(checker));
    if (bytes_too)
        redactor_check_bytes(checker, out->bytes, out->length, on_left_bytes, run);
    redactor_check_free(checker);
    return run->left;
}

/* ---- */

static void put_write(struct trace_out *effects, const char *bytes)
{
    const uint8_t write = FOREIGN_WRITE;
    const uint32_t n = 9, length = (uint32_t)strlen(bytes);
    trace_out_put(effects, &write, 1);
    trace_out_put(effects, &n, 4);
    trace_out_put(effects, &length, 4);
    trace_out_put(effects, &length, 4);
    trace_out_put(effects, bytes, length);
}

static void landing(struct run *run, uint64_t sequence, const char *bytes, const char *write1,
                    const char *write2)
{
    struct trace_out effects = {0};
    put_write(&effects, write1);
    put_write(&effects, write2);
    foreign_landing(&run->file, sequence, bytes, (uint32_t)strlen(bytes), &effects);
    free(effects.bytes);
}

static void test_cut_values(void)
{
    struct run run = {0};
    foreign_beginning(&run.file, 0);
    landing(&run, 0, "{\"token\":\"hunt", "to the server: hu", "n");
    landing(&run, 1, "er", "ter", "twoa");
    landing(&run, 2, "twoandmore\"}", "ndmo", "re and so on");
    redact(&run, "k");
    CHECK_UINT(redactor_sums(run.redactor).values, 1);
    CHECK(in(&run.file, "{\"token\":\"hunt") && !in(&run.out, "{\"token\":\"hunt"));
    CHECK(!in(&run.out, "twoandmore") && !in(&run.out, "ndmo") && !in(&run.out, "twoa"));
    CHECK(in(&run.out, "{\"token\":\"") && in(&run.out, "to the server: ") &&
          in(&run.out, " and so on"));
    CHECK_UINT(left_in(&run, &run.out, true), 0);
    CHECK(left_in(&run, &run.file, true) > 0);
    finish(&run);
}

static void test_keys(void)
{
    struct run a = {0}, b = {0}, c = {0};
    struct run *all[] = {&a, &b, &c};
    for (unsigned i = 0; i < 3; i++) {
        foreign_beginning(&all[i]->file, 0);
        landing(all[i], 0, "token=abcdefgh&x=1", i == 1 ? "nothing" : "abcdefgh", "");
        redact(all[i], i == 2 ? "other" : "k");
    }
    const char *token = (const char *)in(&a.out, "token=") + 6;
    char same[9] = {0};
    memcpy(same, token, 8);
    CHECK(strcmp(same, "abcdefgh") != 0);
    CHECK(in(&b.out, same) && !in(&c.out, same));
    for (unsigned i = 0; i < 3; i++)
        finish(all[i]);
}

static void test_a_planted_value_is_found(void)
{
    struct run run = {0};
    struct trace_out planted = {0};
    foreign_beginning(&run.file, 0);
    landing(&run, 0, "token=abcdefgh&", "a", "b");
    landing(&run, 1, "nothing", "c", "d");
    redact(&run, "k");
    foreign_beginning(&planted, 0);
    foreign_landing(&planted, 0, "token=xxxxxxxx&", 15, NULL);
    foreign_landing(&planted, 1, "abcdefgh", 8, NULL);
    CHECK_UINT(left_in(&run, &planted, false), 1);
    CHECK_UINT(left_in(&run, &planted, true), 2);
    planted.length = 0; /* over two records: no bytes of the file show it */
    foreign_beginning(&planted, 0);
    foreign_landing(&planted, 0, "token=yyyyyyyabcd", 17, NULL);
    foreign_landing(&planted, 1, "efgh", 4, NULL);
    CHECK_UINT(left_in(&run, &planted, true), 1);
    free(planted.bytes);
    finish(&run);
}

/* Three letters are not looked for everywhere; where they stood they are checked for. */
static void test_short_values(void)
{
    struct run run = {0};
    foreign_beginning(&run.file, 0);
    landing(&run, 0, "{\"pwd\":\"abc\",\"other\":\"abc\"}", "token=12&abc", "y");
    redact(&run, "k");
    CHECK(!in(&run.out, "\"pwd\":\"abc\"") && in(&run.out, "\"other\":\"abc\"}"));
    CHECK(!in(&run.out, "token=12&") && in(&run.out, "&abc"));
    CHECK_UINT(redactor_sums(run.redactor).in_place, 2);
    CHECK_UINT(left_in(&run, &run.out, true), 0);
    CHECK_UINT(left_in(&run, &run.file, true), 2);
    finish(&run);
}

/* Of a value in a row of itself each next one has the last bytes of what became of it, whatever the key. */
static void test_rows_of_a_value(void)
{
    static const char *const values[] = {"aaaaaa", "ababab", "777777777"};
    for (unsigned i = 0; i < 60; i++) {
        const char *value = values[i % 3];
        char said[40], row[60], key[8];
        struct run run = {0};
        snprintf(said, sizeof said, "token=%s&", value);
        snprintf(row, sizeof row, "%s%s%s%s%s", value, value, value, value, value);
        snprintf(key, sizeof key, "k%u", i);
        foreign_beginning(&run.file, 0);
        landing(&run, 0, said, row, "x");
        redact(&run, key);
        CHECK(!in(&run.out, value));
        CHECK_UINT(left_in(&run, &run.out, true), 0);
        finish(&run);
    }
}

/* Brackets and quotes stay where they are, also when they are written as codes; what only these mean is not left. */
static void test_values_of_which_all_stays(void)
{
    struct run run = {0};
    foreign_beginning(&run.file, 0);
    landing(&run, 0, "?token=%7B%7D&code=%257B%257D", "{\"pwd\":\"\\u007b\\u007d\"}", "%7B%7Dx");
    redact(&run, "k");
    CHECK(in(&run.out, "token=%7B%7D&") && in(&run.out, "%7B%7Dx"));
    CHECK_UINT(left_in(&run, &run.out, true), 0);
    finish(&run);
}

/* The beginning of such a value is looked for as little, but that of another is. */
static void test_parts_of_which_all_stays(void)
{
    struct run run = {0};
    foreign_beginning(&run.file, 0);
    landing(&run, 0, "?token=%7B%7Babc%7D&", "?token=hazelnut&", "%7B%7Bx haze");
    foreign_landing(&run.file, 1, "?token=%7B%7Babc", 13, NULL);
    foreign_landing(&run.file, 2, "?token=hazelnut", 11, NULL);
    redact(&run, "k");
    CHECK(in(&run.out, "%7B%7Bx") && !in(&run.out, "abc") && !in(&run.out, "haze"));
    CHECK_UINT(left_in(&run, &run.out, true), 0);
    finish(&run);
}

/* JSON in a string of JSON, over two records; what it has is known elsewhere, and what is short replaced in place. */
static void test_codings_within_codings(void)
{
    struct run run = {0};
    foreign_beginning(&run.file, 0);
    landing(&run, 0, "{\"a\":\"{\\\"token\\\":\\\"hun", "hunter\\\"two", "and hunter%22two, 7Q");
    landing(&run, 1, "ter\\\\\\\"two\\\",\\\"pwd\\\":\\\"7Q\\\",\\\"b\\\":\\\"7Q\\\"}\"}",
            "?payload=%7B%22pwd%22%3A%22x%22%7D", "%22x");
    redact(&run, "k");
    CHECK(!in(&run.out, "hun") && !in(&run.out, "ter") && !in(&run.out, "two"));
    CHECK(!in(&run.out, "pwd\\\":\\\"7Q") && in(&run.out, "\\\"b\\\":\\\"7Q\\\"}\"}"));
    CHECK(in(&run.out, ", 7Q") && !in(&run.out, "%22x%22%7D") && in(&run.out, "%22x"));
    CHECK_UINT(left_in(&run, &run.out, true), 0);
    CHECK_UINT(redactor_sums(run.redactor).values, 3);
    finish(&run);
}

/* The end was not recorded: what came is taken for the beginning of a value that is known. */
static void test_capped_codings_within_codings(void)
{
    static const char capped[] = "{\"a\":\"{\\\"token\\\":\\\"abcdefghijkl\\\"}\"}";
    struct run run = {0};
    foreign_beginning(&run.file, 0);
    foreign_landing(&run.file, 0, capped, 25, NULL);
    foreign_landing(&run.file, 1, "then abcdefghijkl", 17, NULL);
    foreign_landing(&run.file, 2, "token=abcdefghijkl", 18, NULL);
    redact(&run, "k");
    const uint8_t *token = in(&run.out, "token="), *cut = in(&run.out, "token\\\":\\\"");
    REQUIRE(token != NULL && cut != NULL);
    CHECK_BYTES(cut + 10, 6, token + 6, 6);
    CHECK(!in(&run.out, "abc"));
    finish(&run);
}

/* The cut leaves so little of the value that what any other one becomes has it: "\\u043", or "%D0%BF". */
static void test_cuts_in_escapes(void)
{
    static const char in_json[] =
        "{\"pwd\":\"\\u043f\\u0430\\u0440\\u043e\\u043b\\u044c\\u043d\\u0430\"}",
                      in_form[] = "pwd=%D0%BF%D0%B0%D1%80%D0%BE%D0%BB%D1%8C%D0%BD%D0%B0",
                      open_text[] = "{\"name\":\"\\u043f%D0%BF\"}";
    for (unsigned i = 0; i < 24; i++) {
        const char *whole = i % 2 ? in_json : in_form;
        uint32_t kept = (i % 2 ? 13 : 10) + i / 8;
        char key[8];
        struct run run = {0};
        snprintf(key, sizeof key, "k%u", i);
        foreign_beginning(&run.file, 0);
        foreign_landing(&run.file, 0, whole, (uint32_t)strlen(whole), NULL);
        foreign_landing(&run.file, 1, whole, kept, NULL);
        foreign_landing(&run.file, 2, open_text, (uint32_t)strlen(open_text), NULL);
        redact(&run, key);
        CHECK(in(&run.out, open_text) != NULL);
        CHECK(!in(&run.out, whole) && left_in(&run, &run.out, true) == 0);
        finish(&run);
    }
}

/* user:password of which the @ behind it was left out; a host and its port are not that, nor is nothing. */
static void test_capped_urls(void)
{
    static const char url[] = "to https://me:hunterabc@h/ ", host[] = "http://host:8080/a",
                      ip[] = "http://[::1]:8080/b";
    struct run run = {0};
    foreign_beginning(&run.file, 0);
    foreign_landing(&run.file, 0, url, 19, NULL);
    foreign_landing(&run.file, 1, host, 15, NULL);
    foreign_landing(&run.file, 2, ip, 11, NULL);
    foreign_landing(&run.file, 3, host, 7, NULL);
    redact(&run, "k");
    CHECK(!in(&run.out, "hunt") && !in(&run.out, "me:"));
    CHECK(in(&run.out, "http://host:808") && in(&run.out, "http://[::1"));
    finish(&run);
}

static uint64_t hashes[3];

static void take_hash(struct run *run, const struct trace_reader *reader,
                      const struct trace_record *r)
{
    (void)run, (void)reader;
    hashes[r->sequence] = r->spans[0].hash;
}

static void test_capped_bodies(void)
{
    struct run run = {0};
    foreign_beginning(&run.file, 0);
    foreign_landing(&run.file, 0, "token=abcdefghijkl&", 19, NULL);
    foreign_landing(&run.file, 1, "and then abcdefghijkl, too", 15, NULL);
    foreign_landing(&run.file, 2, "another that is cut off", 7, NULL);
    redact(&run, "k");
    CHECK(!in(&run.out, "abcdef") && in(&run.out, "and then "));
    each(&run, &run.out, take_hash);
    CHECK(hashes[1] != 0xfeedface && hashes[1] != hashes[2] && hashes[0] == 0);
    finish(&run);
}

static void put_capped_write(struct trace_out *effects, const char *bytes, uint32_t kept)
{
    const uint8_t write = FOREIGN_WRITE;
    const uint32_t n = 9, length = (uint32_t)strlen(bytes);
    const uint64_t hash = 0xfeedface;
    trace_out_put(effects, &write, 1);
    trace_out_put(effects, &n, 4);
    trace_out_put(effects, &length, 4);
    trace_out_put(effects, &kept, 4);
    trace_out_put(effects, &hash, sizeof hash);
    trace_out_put(effects, bytes, kept);
}

static void take_write_hashes(struct run *run, const struct trace_reader *reader,
                              const struct trace_record *r)
{
    struct trace_effect e;
    (void)run;
    for (size_t at = 0, i = 0; trace_effect_next(reader, r, &at, &e); i++)
        hashes[i] = e.bytes.hash;
}

/* The length of its body is not known: it ends where a head begins, at the latest. */
static void test_a_body_behind_a_capped_head(void)
{
    struct run run = {0};
    struct trace_out effects = {0};
    put_capped_write(&effects, "POST /a HTTP/1.1\r\nContent-Length: 17\r\n\r\n", 20);
    put_write(&effects, "token=abcdefghijk");
    foreign_beginning(&run.file, 0);
    foreign_landing(&run.file, 0, "token=abcdefghijk&", 18, &effects);
    landing(&run, 1, "", "GET /b HTTP/1.1\r\n\r\n", "");
    redact(&run, "k");
    const uint8_t *first = in(&run.out, "token=");
    REQUIRE(first != NULL);
    const uint8_t *second =
        memmem(first + 6, run.out.length - (size_t)(first + 6 - run.out.bytes), "token=", 6);
    REQUIRE(second != NULL);
    CHECK_BYTES(second, 17, first, 17);
    CHECK(in(&run.out, "GET /b HTTP/1.1") && !in(&run.out, "abcdef"));
    free(effects.bytes);
    finish(&run);
}

/* Also of those of which nothing was kept. */
static void test_capped_writes(void)
{
    struct run run = {0};
    struct trace_out effects = {0};
    put_capped_write(&effects, "token=abcdefghijkl&", 12);
    put_capped_write(&effects, "nothing of this", 0);
    foreign_beginning(&run.file, 0);
    foreign_landing(&run.file, 0, "", 0, &effects);
    redact(&run, "k");
    CHECK(in(&run.out, "token=") && !in(&run.out, "abcdef"));
    each(&run, &run.file, take_write_hashes);
    CHECK(hashes[0] == 0xfeedface && hashes[1] == 0xfeedface);
    each(&run, &run.out, take_write_hashes);
    CHECK(hashes[0] != 0xfeedface && hashes[1] != 0xfeedface);
    free(effects.bytes);
    finish(&run);
}

/* "A secret in the options" of the header is the tool's to write; here: the text itself. */
static void test_texts_beside_the_records(void)
{
    struct run run = {0};
    foreign_beginning(&run.file, 0);
    landing(&run, 0, "token=abcdefgh&", "", "");
    redact(&run, "k");
    char *text = redactor_text(run.redactor, "--header x=abcdefgh --moon");
    CHECK_UINT(strlen(text), 26);
    CHECK(strncmp(text, "--header x=", 11) == 0 && strcmp(text + 19, " --moon") == 0);
    CHECK(strstr(text, "abcdefgh") == NULL);
    free(text);
    finish(&run);
}

/* A body that was decoded: what is secret in it alone, what is in a record as well, and what is too short to be looked
 * for elsewhere. */
static void test_bytes_in_no_record(void)
{
    static const char beside[] =
        "{\"token\":\"qrstuvwxyz\",\"pin\":\"x\",\"secret\":\"7Q\",\"text\":\"abcdefgh 7Q\"}";
    struct run run = {.beside = beside};
    uint8_t shown[sizeof beside];
    foreign_beginning(&run.file, 0);
    landing(&run, 0, "token=abcdefgh&", "then qrstuvwxyz is used", "and 7Q");
    redact(&run, "k");
    CHECK(!in(&run.out, "qrstuvwxyz") && in(&run.out, "and 7Q"));
    memcpy(shown, beside, sizeof beside);
    redactor_hide(run.redactor, shown, sizeof beside - 1);
    const char *text = (const char *)shown;
    CHECK_UINT(strlen(text), sizeof beside - 1);
    CHECK(!strstr(text, "qrstuvwxyz") && !strstr(text, "abcdefgh") && !strstr(text, "\"7Q\""));
    CHECK(strstr(text, " 7Q\"}") && strstr(text, "\"pin\":\"x\""));
    const uint8_t *used = in(&run.out, "then ");
    REQUIRE(used != NULL);
    CHECK_BYTES(used + 5, 10, text + 10, 10);
    finish(&run);
}

static void test_nothing_secret_nothing_changed(void)
{
    struct run run = {0};
    foreign_beginning(&run.file, 0);
    landing(&run, 0, "{\"name\":\"moon\"}", "GET /x?a=1 HTTP/1.1\r\n", "Host: x\r\n\r\n");
    landing(&run, 1, "a\r\n5\r\nb\r\n", "\r\n", "");
    redact(&run, "k");
    CHECK_BYTES(run.out.bytes, run.out.length, run.file.bytes, run.file.length);
    CHECK_UINT(redactor_sums(run.redactor).values, 0);
    finish(&run);
}

static void test_records_that_came_later_are_not_given(void)
{
    struct run run = {0};
    struct trace_reader *reader = trace_reader_new();
    struct trace_record r;
    foreign_beginning(&run.file, 0);
    landing(&run, 0, "token=abcdefgh&", "", "");
    redact(&run, "k");
    trace_reader_feed(reader, run.file.bytes, run.file.length);
    while (trace_reader_next(reader, &r) != TRACE_RECORD)
        ;
    CHECK(redactor_apply(run.redactor, reader, &r) == NULL);
    trace_reader_free(reader);
    finish(&run);
}

CU_TestInfo trace_redactor_tests[] = {
    {"values that records cut", test_cut_values},
    {"equal with one key, unequal with another", test_keys},
    {"a planted value is found", test_a_planted_value_is_found},
    {"short values, in their places", test_short_values},
    {"rows of a value", test_rows_of_a_value},
    {"values of which all stays", test_values_of_which_all_stays},
    {"parts of which all stays", test_parts_of_which_all_stays},
    {"codings within codings", test_codings_within_codings},
    {"capped codings within codings", test_capped_codings_within_codings},
    {"cuts in escapes", test_cuts_in_escapes},
    {"capped URLs", test_capped_urls},
    {"capped bodies: their ends and their hashes", test_capped_bodies},
    {"capped writes: their hashes, also without a byte kept", test_capped_writes},
    {"a body behind a capped head", test_a_body_behind_a_capped_head},
    {"texts beside the records", test_texts_beside_the_records},
    {"bytes that are in no record", test_bytes_in_no_record},
    {"nothing secret, nothing changed", test_nothing_secret_nothing_changed},
    {"records that came later are not given", test_records_that_came_later_are_not_given},
    CU_TEST_INFO_NULL,
};
