/* tests/test_trace_jsonl.c -- a trace as lines of JSON and back: the same bytes; and lines that are none. */
#include "messages/trace_jsonl.h"
#include "tests/check.h"
#include "tests/foreign_trace.h"
#include <stdlib.h>

static void to_lines(const struct trace_out *file, struct trace_out *lines)
{
    struct trace_reader *reader = trace_reader_new();
    struct jsonl_sink sink = {0};
    struct trace_record r;
    enum trace_got got;
    bool begun = false;
    trace_reader_feed(reader, file->bytes, file->length);
    while ((got = trace_reader_next(reader, &r)) != TRACE_MORE) {
        CHECK(got != TRACE_BAD);
        if (got != TRACE_RECORD)
            continue;
        if (!begun)
            jsonl_put_beginning(&sink, lines, reader, NULL, NULL);
        begun = true;
        jsonl_put_record(&sink, lines, reader, &r);
    }
    jsonl_sink_release(&sink);
    trace_reader_free(reader);
}

/* Returns the lines that could not be read. */
static unsigned to_file(const struct trace_out *lines, struct trace_out *file)
{
    struct jsonl_source *s = jsonl_source_new(false);
    unsigned bad = 0;
    for (size_t at = 0; at < lines->length;) {
        const char *line = (const char *)lines->bytes + at;
        const char *end = memchr(line, '\n', lines->length - at);
        size_t length = end ? (size_t)(end - line) : lines->length - at;
        if (!jsonl_source_take(s, file, line, length)) {
            CHECK(*jsonl_source_error(s));
            bad++;
        }
        at += length + 1;
    }
    jsonl_source_free(s);
    return bad;
}

/* Of another build: its kinds, types and effects are not ours, bodies are capped, and so on. */
static void test_there_and_back(void)
{
    struct trace_out file = {0}, lines = {0}, again = {0};
    foreign_file(&file);
    to_lines(&file, &lines);
    CHECK_UINT(to_file(&lines, &again), 0);
    CHECK_BYTES(again.bytes, again.length, file.bytes, file.length);
    free(file.bytes);
    free(lines.bytes);
    free(again.bytes);
}

/* Valid until the next one. */
static const char *beginning(const char *kinds, const char *types, const char *effects)
{
    static char line[400];
    snprintf(line, sizeof line,
             "{\"intproxy_trace_jsonl\":1,\"header\":{},\"kinds\":[%s],\"types\":[%s],"
             "\"effects\":[%s],\"settings\":[]}\n",
             kinds, types, effects);
    return line;
}

/* A beginning and a record: as lines they say `kept`, and become the same bytes again. */
static void check_is_kept(const char *first, const char *record, const char *kept)
{
    struct trace_out lines = {0}, file = {0}, lines_again = {0}, again = {0};
    trace_out_put(&lines, first, strlen(first));
    trace_out_put(&lines, record, strlen(record));
    CHECK_UINT(to_file(&lines, &file), 0);
    to_lines(&file, &lines_again);
    trace_out_put(&lines_again, "", 1);
    CHECK(strstr((const char *)lines_again.bytes, kept) != NULL);
    lines_again.length--;
    CHECK_UINT(to_file(&lines_again, &again), 0);
    CHECK(file.length > 0);
    CHECK_BYTES(again.bytes, again.length, file.bytes, file.length);
    free(lines.bytes);
    free(file.bytes);
    free(lines_again.bytes);
    free(again.bytes);
}

/* What cannot be understood of a record's effects is kept all the same: here an effect of a newer build. */
static void test_rests_of_effects(void)
{
    check_is_kept(beginning("", "", "{\"name\":\"x\",\"has\":[256]}"),
                  "{\"what\":\"end\",\"effects_rest\":{\"hex\":\"00ff0102\"}}\n",
                  "\"effects_rest\":{\"hex\":\"00ff0102\"}");
}

/* Recordings do not say whose type it was, that actor has ended; a line may. */
static void test_type_of_one_that_was_not_heard(void)
{
    check_is_kept(beginning("{\"number\":7,\"name\":\"A\",\"fields\":[]}", "\"s\",\"t\"", ""),
                  "{\"what\":\"undelivered\",\"to\":\"0.8.1\",\"type\":\"t\",\"kind\":\"A\"}\n",
                  "\"type\":\"t\"");
}

/* The beginning, with each bad record behind it: an error, and no byte of it. */
static void test_bad_records(void)
{
    static const char *const bad[] = {
        "{",
        "[]",
        "{}",
        "{\"what\":\"dance\"}",
        "{\"what\":\"call\"}",
        "{\"what\":\"call\",\"kind\":\"NOTHING\"}",
        "{\"what\":\"call\",\"kind\":5}",
        "{\"what\":\"call\",\"kind\":\"LANDING\",\"to\":\"0.1\"}",
        "{\"what\":\"call\",\"kind\":\"LANDING\",\"to\":\"256.1.1\"}",
        "{\"what\":\"call\",\"kind\":\"LANDING\",\"type\":\"comet\"}",
        "{\"what\":\"call\",\"kind\":\"LANDING\",\"fields\":{\"moon\":65536}}",
        "{\"what\":\"call\",\"kind\":\"LANDING\",\"fields\":{\"moon\":\"1x\"}}",
        "{\"what\":\"call\",\"kind\":\"LANDING\",\"fields\":{\"bytes\":7}}",
        "{\"what\":\"call\",\"kind\":\"LANDING\",\"fields\":{\"bytes\":{\"hex\":\"0\"}}}",
        "{\"what\":\"call\",\"kind\":\"LANDING\",\"fields\":{\"bytes\":{\"text\":\"ab\",\"length\":"
        "1}}}",
        "{\"what\":\"call\",\"kind\":\"LANDING\",\"fields\":{\"bytes\":{\"text\":\"ab\",\"length\":"
        "3}}}",
        "{\"what\":\"end\",\"effects\":7}",
        "{\"what\":\"end\",\"effects\":[{}]}",
        "{\"what\":\"end\",\"effects\":[{\"effect\":\"send\"}]}",
        "{\"what\":\"end\",\"effects\":[{\"effect\":99}]}",
        "{\"what\":\"end\",\"seq\":-1}",
        "{\"what\":\"undelivered\"}",
        "{\"what\":\"note\",\"text\":\"a\\u0000b\"}",
        "{\"intproxy_trace_jsonl\":2}",
        "{\"intproxy_trace_jsonl\":1}",
    };
    struct trace_out file = {0}, lines = {0}, again = {0};
    struct jsonl_source *s = jsonl_source_new(false);
    foreign_beginning(&file, 0);
    foreign_landing(&file, 0, "x", 1, &(struct trace_out){0});
    to_lines(&file, &lines);
    size_t first = (size_t)((uint8_t *)memchr(lines.bytes, '\n', lines.length) - lines.bytes);
    REQUIRE(jsonl_source_take(s, &again, (const char *)lines.bytes, first));
    size_t before = again.length;
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK(!jsonl_source_take(s, &again, bad[i], strlen(bad[i])));
        CHECK(*jsonl_source_error(s));
    }
    CHECK_UINT(again.length, before);
    static const char good[] =
        "{\"what\":\"end\",\"to\":\"1.2.3\",\"seq\":\"18446744073709551615\"}";
    CHECK(jsonl_source_take(s, &again, good, strlen(good)));
    CHECK(again.length > before);
    jsonl_source_free(s);
    free(file.bytes);
    free(lines.bytes);
    free(again.bytes);
}

static void test_no_beginning(void)
{
    static const char *const bad[] = {
        "{\"what\":\"end\"}",
        "{\"intproxy_trace_jsonl\":1}",
        "{\"intproxy_trace_jsonl\":1,\"header\":{},\"kinds\":[{\"number\":5000}],\"types\":[],"
        "\"effects\":[],\"settings\":[]}",
        "{\"intproxy_trace_jsonl\":1,\"header\":{},\"kinds\":[],\"types\":[7],\"effects\":[],"
        "\"settings\":[]}",
        "{\"intproxy_trace_jsonl\":1,\"header\":{},\"kinds\":[],\"types\":[],\"effects\":[{"
        "\"name\":"
        "\"x\",\"has\":[\"wings\"]}],\"settings\":[]}",
    };
    struct trace_out out = {0};
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct jsonl_source *s = jsonl_source_new(false);
        CHECK(!jsonl_source_take(s, &out, bad[i], strlen(bad[i])));
        CHECK(*jsonl_source_error(s));
        CHECK(jsonl_source_is_lost(s));
        jsonl_source_free(s);
    }
    CHECK_UINT(out.length, 0);
    free(out.bytes);
}

/* A further part of a trace is none of its own; that of another run would be taken for it. */
static void test_another_run(void)
{
    static const char first[] = "{\"intproxy_trace_jsonl\":1,\"header\":{\"process\":7,\"part\":0},"
                                "\"kinds\":[],\"types\":[],\"effects\":[],\"settings\":[]}",
                      part[] = "{\"intproxy_trace_jsonl\":1,\"header\":{\"process\":7,\"part\":1},"
                               "\"kinds\":[],\"types\":[],\"effects\":[],\"settings\":[]}",
                      other[] = "{\"intproxy_trace_jsonl\":1,\"header\":{\"process\":8,\"part\":0},"
                                "\"kinds\":[],\"types\":[],\"effects\":[],\"settings\":[]}";
    struct jsonl_source *s = jsonl_source_new(false);
    struct trace_out out = {0};
    CHECK(jsonl_source_take(s, &out, first, strlen(first)));
    size_t length = out.length;
    CHECK(jsonl_source_take(s, &out, part, strlen(part)));
    CHECK(!jsonl_source_take(s, &out, "{}", 2));
    CHECK(!jsonl_source_is_lost(s));
    CHECK(!jsonl_source_take(s, &out, other, strlen(other)));
    CHECK(strstr(jsonl_source_error(s), "of another run") != NULL);
    CHECK(jsonl_source_is_lost(s));
    CHECK_UINT(out.length, length);
    jsonl_source_free(s);
    free(out.bytes);
}

/* A record could not say which one it means, or no line could say it. */
static void test_names_that_are_none(void)
{
    static const struct {
        const char *kinds, *types, *effects;
    } bad[] = {
        {"{\"number\":3,\"name\":\"\\u0001\",\"fields\":[]}", "", ""},
        {"", "\"a\",\"b\",\"a\"", ""},
        {"", "{\"hex\":\"ff\"}", ""},
        {"", "", "{\"name\":\"send\",\"has\":[]},{\"name\":\"send\",\"has\":[]}"},
        {"", "", "{\"name\":\"\\t\",\"has\":[]}"},
    };
    struct trace_out out = {0};
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct jsonl_source *s = jsonl_source_new(false);
        const char *line = beginning(bad[i].kinds, bad[i].types, bad[i].effects);
        CHECK(!jsonl_source_take(s, &out, line, strlen(line)));
        CHECK(strstr(jsonl_source_error(s), "no trace can begin so") != NULL);
        jsonl_source_free(s);
    }
    free(out.bytes);
}

/* Such a kind may stand in the table; no call can be made with it. */
static void test_fields_of_one_name(void)
{
    static const char call[] = "{\"what\":\"call\",\"kind\":3}";
    const char *line = beginning("{\"number\":3,\"name\":\"A\",\"fields\":[{\"name\":\"x\","
                                 "\"type\":\"u8\"},{\"name\":\"x\",\"type\":\"u8\"}]}",
                                 "", "");
    struct jsonl_source *s = jsonl_source_new(false);
    struct trace_out out = {0};
    CHECK(jsonl_source_take(s, &out, line, strlen(line)));
    CHECK(!jsonl_source_take(s, &out, call, strlen(call)));
    CHECK(*jsonl_source_error(s));
    jsonl_source_free(s);
    free(out.bytes);
}

CU_TestInfo trace_jsonl_tests[] = {
    {"there and back: the same bytes", test_there_and_back},
    {"effects that cannot be read are kept", test_rests_of_effects},
    {"the type of one that was not heard", test_type_of_one_that_was_not_heard},
    {"records that are none", test_bad_records},
    {"beginnings that are none", test_no_beginning},
    {"the beginning of another run", test_another_run},
    {"names that are none", test_names_that_are_none},
    {"two fields of one name", test_fields_of_one_name},
    CU_TEST_INFO_NULL,
};
