/* tests/test_redact_heads.c -- what is secret in heads of the protocol's form, and lists of frames taken apart. */
#include "messages/redact_heads.h"
#include "messages/wire_encoder.h"
#include "tests/check.h"
#include <stdio.h>
#include <string.h>

enum { ROOM = 1000, BASE = 100 };

/* "place name=value|" of each. */
struct found {
    char text[ROOM];
};

static void put(struct wire_writer *w, const char *text)
{
    wire_put_string(w, text, strlen(text));
}

static void put_field(struct wire_writer *w, const char *name, const char *value)
{
    put(w, name);
    wire_put_uint(w, 1);
    put(w, value);
}

static size_t length_of(const struct wire_writer *w, const uint8_t *bytes)
{
    REQUIRE(!w->overflow);
    return (size_t)(w->at - bytes);
}

static void on_found(void *context, const struct redact_found *f)
{
    struct found *l = context;
    size_t n = strlen(l->text);
    snprintf(l->text + n, sizeof l->text - n, "%s %.*s=%.*s|", redact_place_name(f->place),
             (int)f->name_length, f->name, (int)f->length, (const char *)f->bytes);
}

static struct redact_eyes eyes_of(struct redact_rules *rules, struct found *found)
{
    *found = (struct found){.text = ""};
    return (struct redact_eyes){.rules = rules, .found = on_found, .context = found};
}

static const char *in_head(const uint8_t *bytes, size_t length, bool is_one)
{
    static struct found found;
    struct redact_rules *rules = redact_rules_new();
    struct redact_eyes eyes = eyes_of(rules, &found);
    const struct redact_flow none = {0};
    CHECK(redact_head(&eyes, &none, BASE, bytes, length) == is_one);
    redact_rules_free(rules);
    return found.text;
}

static const char *in_map(const uint8_t *bytes, size_t length)
{
    static struct found found;
    struct redact_rules *rules = redact_rules_new();
    struct redact_eyes eyes = eyes_of(rules, &found);
    const struct redact_flow none = {0};
    redact_map(&eyes, &none, BASE, bytes, length);
    redact_rules_free(rules);
    return found.text;
}

/* ---- heads ---- */

static size_t put_request(uint8_t bytes[ROOM])
{
    struct wire_writer w = wire_writer_over(bytes, ROOM);
    put(&w, "GET");
    put(&w, "/a?sig=abc&x=1");
    wire_put_uint(&w, 4);
    put_field(&w, "cookie", "a=1; bb=2");
    put_field(&w, "referer", "https://me:pw@h/?token=def");
    put_field(&w, "x-open", "token and password");
    put(&w, "x-token");
    wire_put_uint(&w, 2);
    put(&w, "first");
    put(&w, "second");
    put(&w, "HTTP/1.1");
    return length_of(&w, bytes);
}

static void test_requests(void)
{
    static const char all[] =
        "query sig=abc|cookie a=1|cookie bb=2|url userinfo=me:pw|query token=def|"
        "header x-token=first|header x-token=second|";
    uint8_t bytes[ROOM];
    size_t length = put_request(bytes);
    CHECK_STR(in_head(bytes, length, true), all);
    CHECK_STR(in_head(bytes, length - 1, false), "");
    CHECK_STR(in_head(bytes, 0, false), "");
}

/* As an interceptor gives it to its link, the answer's ids stand before the head. */
static void test_answers(void)
{
    uint8_t bytes[ROOM];
    struct wire_writer w = wire_writer_over(bytes, ROOM);
    wire_put_uint(&w, 8080);
    wire_put_uint(&w, 70000);
    wire_put_uint(&w, 3);
    size_t ids = length_of(&w, bytes);
    wire_put_status(&w, 200);
    put(&w, "HTTP/1.1");
    wire_put_uint(&w, 2);
    put_field(&w, "set-cookie", "s=abc; Path=/");
    put_field(&w, "location", "/?access_token=d%20f");
    size_t length = length_of(&w, bytes);
    CHECK_STR(in_head(bytes + ids, length - ids, true), "cookie s=abc|query access_token=d%20f|");
    CHECK_STR(in_head(bytes, length, true), "cookie s=abc|query access_token=d%20f|");
    CHECK_STR(in_head(bytes, length - 1, false), "");
    CHECK_STR(in_head(bytes, 4, false), "");
}

static void test_maps(void)
{
    uint8_t bytes[ROOM];
    struct wire_writer w = wire_writer_over(bytes, ROOM);
    wire_put_uint(&w, 2);
    put_field(&w, "x-token", "abc");
    put_field(&w, "x-secret", "def");
    size_t length = length_of(&w, bytes);
    CHECK_STR(in_map(bytes, length), "header x-token=abc|header x-secret=def|");
    CHECK_STR(in_map(bytes, length - 1), "header x-token=abc|");
    CHECK_STR(in_map(bytes, 0), "");
}

/* The beginning of a head: whatever the place of the cut, nothing is read behind it, and what is whole is found. */
static void test_every_beginning(void)
{
    uint8_t bytes[ROOM];
    size_t length = put_request(bytes);
    static struct found found;
    struct redact_rules *rules = redact_rules_new();
    const struct redact_flow none = {0};
    size_t least = 0;
    for (size_t n = 0; n < length; n++) {
        char exact[ROOM];
        struct redact_eyes eyes = eyes_of(rules, &found);
        memcpy(exact, bytes, n);
        redact_head_begun(&eyes, &none, BASE, (const uint8_t *)exact, n, true);
        CHECK((strstr(found.text, "x-token=first|") != NULL) == (n >= length - 16));
        CHECK(strlen(found.text) >= least || n < 20); /* sig=a, sig=ab, then the rest */
        least = strlen(found.text);
    }
    redact_rules_free(rules);
}

/* ---- where a value is that is replaced behind its name only ---- */

static char told[ROOM];

static void on_part(void *context, const struct redact_text *text, struct redact_spot spot,
                    uint32_t from, uint32_t length)
{
    size_t n = strlen(told);
    (void)context;
    snprintf(told + n, sizeof told - n, "%.*s at %u+%u|", (int)length,
             (const char *)text->bytes + from, spot.record, spot.offset);
}

static void learn(struct redact_texts *t, const char *text)
{
    redact_texts_learn(t, (const uint8_t *)text, strlen(text), REDACT_PLAIN, "test");
}

/* Bytes that lie in a flow, of which a record has the first ones, and another the rest. */
static const char *places(const uint8_t *bytes, size_t length, size_t first, bool is_whole)
{
    struct redact_rules *rules = redact_rules_new();
    struct redact_texts *texts = redact_texts_new("k", 1);
    struct redact_eyes eyes = {.rules = rules};
    struct redact_flow flow = {0};
    learn(texts, "qx7");
    redact_texts_close(texts);
    eyes.sink = (struct redact_sink){texts, on_part, NULL, NULL};
    told[0] = '\0';
    redact_flow_feed(&flow, &eyes.sink, (const uint8_t *)"before", 6, (struct redact_spot){0});
    redact_flow_feed(&flow, &eyes.sink, bytes, first, (struct redact_spot){1, 50, 0});
    redact_flow_feed(&flow, &eyes.sink, bytes + first, length - first,
                     (struct redact_spot){2, 0, 0});
    if (!is_whole)
        redact_head_begun(&eyes, &flow, 6, bytes, length, true);
    CHECK(!is_whole || redact_head(&eyes, &flow, 6, bytes, length));
    redact_flow_free(&flow);
    redact_texts_free(texts);
    redact_rules_free(rules);
    return told;
}

static void test_places(void)
{
    uint8_t bytes[ROOM];
    struct wire_writer w = wire_writer_over(bytes, ROOM);
    put(&w, "GET");
    put(&w, "/?sig=qx7"); /* from 5 on */
    wire_put_uint(&w, 2);
    put_field(&w, "x-pin", "qx7");
    put_field(&w, "referer", "/?sig=qx7"); /* from 36 on */
    put(&w, "HTTP/1.1");
    size_t length = length_of(&w, bytes);
    CHECK_STR(places(bytes, length, 12, true), "q at 1+61|x7 at 2+0|qx7 at 2+30|");
    CHECK_STR(places(bytes, length - 1, 12, false), "q at 1+61|x7 at 2+0|qx7 at 2+30|");
    bytes[4]++; /* the target is longer than what there is */
    CHECK_STR(places(bytes, 14, 12, false), "q at 1+61|x7 at 2+0|");
}

static void test_without_rules_nothing_is_looked_at(void)
{
    uint8_t bytes[ROOM];
    size_t length = put_request(bytes);
    struct found found;
    struct redact_eyes eyes = eyes_of(NULL, &found);
    const struct redact_flow none = {0};
    CHECK(redact_head(&eyes, &none, 0, bytes, length));
    redact_plain(&eyes, &none, 0, (const uint8_t *)"token=abc", 9);
    redact_filter(&eyes, &none, 0, (const uint8_t *)"^x-token: abc", 13);
    CHECK_STR(found.text, "");
}

/* A name that is longer than any is none. */
static void test_long_names_in_filters(void)
{
    char text[REDACT_NAME_ROOM + 40] = "^";
    struct redact_rules *rules = redact_rules_new();
    struct found found;
    struct redact_eyes eyes = eyes_of(rules, &found);
    const struct redact_flow none = {0};
    memset(text + 1, 'x', REDACT_NAME_ROOM);
    strcpy(text + 1 + REDACT_NAME_ROOM - 6, "-token: abc");
    redact_filter(&eyes, &none, 0, (const uint8_t *)text, strlen(text));
    CHECK_STR(found.text, "");
    redact_filter(&eyes, &none, 0, (const uint8_t *)text + 9, strlen(text) - 9);
    CHECK(strstr(found.text, "-token=abc|") != NULL);
    redact_rules_free(rules);
}

/* ---- frames ---- */

/* "ab" of data, [..] of trailers; ! at the end: it is no list of frames. */
static const char *frames(const char *bytes, size_t length)
{
    static char text[ROOM];
    struct redact_frame f;
    size_t at = 0, n = 0;
    uint64_t left;
    while (redact_frame_next((const uint8_t *)bytes, length, &at, &left, &f))
        n += (size_t)snprintf(text + n, sizeof text - n, f.is_trailers ? "[%.*s]" : "%.*s|",
                              (int)f.length, bytes + f.offset);
    snprintf(text + n, sizeof text - n, "%s", at == length && length ? "" : "!");
    CHECK(redact_is_frames((const uint8_t *)bytes, length) == (at == length && length));
    return text;
}

#define FRAMES(text) frames(text, sizeof text - 1)

static void test_frames(void)
{
    CHECK_STR(FRAMES("\x02\x00\x02"
                     "ab\x00\x01"
                     "c"),
              "ab|c|");
    CHECK_STR(FRAMES("\x02\x00\x01"
                     "a\x01\x01\x01x\x01\x01y"),
              "a|[\x01\x01x\x01\x01y]");
    CHECK_STR(FRAMES("\x01\x01\x00"), "[]");
    CHECK_STR(FRAMES("\x00"), "");
    CHECK_STR(FRAMES(""), "!");
    CHECK_STR(FRAMES("\x00more"), "!");
    CHECK_STR(FRAMES("\x01\x00\x01"
                     "ab"),
              "a|!");
    CHECK_STR(FRAMES("\x02\x00\x01"
                     "a"),
              "a|!");
    CHECK_STR(FRAMES("\x01\x00\x02"
                     "a"),
              "!");
    CHECK_STR(FRAMES("\x01\x02\x01"
                     "a"),
              "!");
    CHECK_STR(FRAMES("\x02\x00\x01"
                     "a\x01\x01\x01x\x01\x05y"),
              "a|!");
    CHECK_STR(FRAMES("\xfb"), "!");
    CHECK_STR(FRAMES("{\"a\":1}"), "!");
}

CU_TestInfo redact_heads_tests[] = {
    {"requests", test_requests},
    {"answers, with ids and without", test_answers},
    {"header maps", test_maps},
    {"every beginning of a head", test_every_beginning},
    {"places of short values", test_places},
    {"without rules nothing is looked at", test_without_rules_nothing_is_looked_at},
    {"long names in filters", test_long_names_in_filters},
    {"lists of frames", test_frames},
    CU_TEST_INFO_NULL,
};
