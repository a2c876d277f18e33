/* tests/test_http_filter.c -- HttpFilter: what compiles, and what it matches. */
#include "messages/http_filter.h"
#include "messages/wire_encoder.h"
#include "tests/check.h"
#include <stdlib.h>

struct bytes {
    uint8_t at[4096];
    size_t length;
};

static struct wire_text text(const char *s)
{
    return (struct wire_text){s, strlen(s)};
}

/* A request head in wire form: "name: value" lines, NULL ends them; every name once. */
static struct bytes request(const char *method, const char *target, const char *const *lines)
{
    struct bytes b;
    struct wire_writer w = wire_writer_over(b.at, sizeof b.at);
    size_t count = 0;
    while (lines && lines[count])
        count++;
    wire_put_string(&w, method, strlen(method));
    wire_put_string(&w, target, strlen(target));
    wire_put_uint(&w, count);
    for (size_t i = 0; i < count; i++) {
        const char *colon = strstr(lines[i], ": ");
        wire_put_string(&w, lines[i], (size_t)(colon - lines[i]));
        wire_put_uint(&w, 1);
        wire_put_string(&w, colon + 2, strlen(colon + 2));
    }
    wire_put_string(&w, "HTTP/1.1", 8);
    REQUIRE(!w.overflow);
    b.length = (size_t)(w.at - b.at);
    return b;
}

static bool holds(struct wire_writer filter, const uint8_t *begin, struct bytes head)
{
    char error[HTTP_FILTER_ERROR_MAX] = "";
    struct http_head h;
    struct http_filter *f = http_filter_new(begin, (size_t)(filter.at - begin), error);
    CHECK_STR(error, "");
    REQUIRE(f != NULL);
    REQUIRE(http_head_open_request(&h, NULL, head.at, head.length));
    bool matches = http_filter_matches(f, &h);
    http_filter_free(f);
    return matches;
}

static bool header(const char *regex, const char *line)
{
    uint8_t room[1024];
    struct wire_writer w = wire_writer_over(room, sizeof room);
    wire_put_filter_header(&w, text(regex));
    return holds(w, room, request("GET", "/", (const char *const[]){"accept: */*", line, NULL}));
}

static bool path(const char *regex, const char *target)
{
    uint8_t room[1024];
    struct wire_writer w = wire_writer_over(room, sizeof room);
    wire_put_filter_path(&w, text(regex));
    return holds(w, room, request("GET", target, NULL));
}

static bool method(const char *wanted, const char *got)
{
    uint8_t room[256];
    struct wire_writer w = wire_writer_over(room, sizeof room);
    wire_put_filter_method(&w, text(wanted));
    return holds(w, room, request(got, "/", NULL));
}

static void header_lines(void)
{
    CHECK(header("x-mirrord: yes", "x-mirrord: yes"));
    CHECK(header("X-MIRRORD: YES", "x-mirrord: yes"));
    CHECK(header("mirr.*e", "x-mirrord: yes"));
    CHECK(header("^x-mirrord: yes$", "x-mirrord: yes"));
    CHECK(header("", "x-mirrord: yes"));
    CHECK(!header("x-mirrord: no", "x-mirrord: yes"));
    CHECK(!header("accept.*mirrord", "x-mirrord: yes"));
}

static void look_around(void)
{
    const char *not_other = "^baggage: (?!.*session=other).*session=mine";
    CHECK(header(not_other, "baggage: a=b,session=mine"));
    CHECK(!header(not_other, "baggage: session=other,session=mine"));
    CHECK(header("(?<=user: )ann(?=a|e)", "user: anna"));
    CHECK(!header("(?<=user: )ann(?=a|e)", "user: anni"));
    CHECK(header("^x: (\\w+)-\\1$", "x: ab-ab"));
    CHECK(!header("^x: (\\w+)-\\1$", "x: ab-ba"));
}

static void invisible_values(void)
{
    CHECK(header("^x: a\tb$", "x: a\tb"));
    CHECK(!header("^x: ", "x: caf\xc3\xa9"));
    CHECK(!header("^x: ", "x: \xff"));
}

static void repeated_headers(void)
{
    static const uint8_t head[] = "\x03GET\x01/\x01\x01x\x02\x03one\x03two\x08HTTP/1.1";
    struct bytes b = {.length = sizeof head - 1};
    memcpy(b.at, head, b.length);
    uint8_t room[64];
    struct wire_writer w = wire_writer_over(room, sizeof room);
    wire_put_filter_header(&w, text("^x: two$"));
    CHECK(holds(w, room, b));
    w = wire_writer_over(room, sizeof room);
    wire_put_filter_header(&w, text("one.*two"));
    CHECK(!holds(w, room, b));
}

static void match_limit(void)
{
    /* Exponential in the number of a's: ends by the limit, not by patience. */
    CHECK(!header("^x: (a|aa)+(?=z)\\1$",
                  "x: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"));
    CHECK(!header("^x: (a+)+(b)?\\2c$",
                  "x: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"));
}

/* A group that repeats takes memory for each turn: what the compiled code has at first, 32 KiB, is not
 * enough for a long value, and no reason to say that it does not match. */
static void long_values(void)
{
    enum { LENGTH = 60000 };
    static const char *const patterns[] = {"^x: (a|b)*c$", "(a|b)*c", "^x: (?:(a)|b)+(c)$",
                                           "^x: (?=(a|b)*c)", "^x: (ab?|ba?)*c"};
    uint8_t *head = malloc(LENGTH + 64);
    struct wire_writer w = wire_writer_over(head, LENGTH + 64);
    char *value = malloc(LENGTH);
    for (size_t i = 0; i < LENGTH; i++)
        value[i] = i % 3 ? 'a' : 'b';
    value[LENGTH - 1] = 'c';
    wire_put_raw(&w, "\3GET\1/\1\1x\1", 10);
    wire_put_string(&w, value, LENGTH);
    wire_put_raw(&w, "\10HTTP/1.1", 9);
    struct http_head h;
    REQUIRE(!w.overflow && http_head_open_request(&h, NULL, head, (size_t)(w.at - head)));
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        char error[HTTP_FILTER_ERROR_MAX] = "";
        struct http_filter *f =
            http_filter_new_header((const uint8_t *)patterns[i], strlen(patterns[i]), error);
        REQUIRE(f != NULL);
        CHECK(http_filter_matches(f, &h));
        if (!http_filter_matches(f, &h))
            fprintf(stderr, "no match: %s\n", patterns[i]);
        http_filter_free(f);
    }
    free(head);
    free(value);
}

static void paths(void)
{
    CHECK(path("^/api/", "/api/users"));
    CHECK(path("^/API/", "/api/users"));
    CHECK(path("users$", "/api/users?x=1"));
    CHECK(path("x=1$", "/api/users?x=1"));
    CHECK(path("users\\?x", "/api/users?x=1"));
    CHECK(!path("^users", "/api/users"));
    CHECK(!path("a b", "/a%20b"));
    CHECK(path("^/p$", "http://host:80/p?q"));
    CHECK(path("^/p\\?q$", "http://host:80/p?q"));
    CHECK(!path("host", "http://host:80/p?q"));
    CHECK(path("^/$", "http://host"));
    CHECK(!path("host", "host:443"));
    CHECK(path("^\\*$", "*"));
}

static void methods(void)
{
    CHECK(method("GET", "GET"));
    CHECK(method("GET", "get"));
    CHECK(method("PATCH", "PATCH"));
    CHECK(!method("GET", "POST"));
    CHECK(!method("GET", "GETS"));
    CHECK(!method("PURGE", "PURGE"));
    CHECK(!method("PURGE", "purge"));
}

/* all(header, any(path, method)) */
static void composites(void)
{
    uint8_t room[256];
    struct wire_writer w = wire_writer_over(room, sizeof room);
    wire_put_filter_all(&w, 2);
    wire_put_filter_header(&w, text("^who: me$"));
    wire_put_filter_any(&w, 2);
    wire_put_filter_path(&w, text("^/api"));
    wire_put_filter_method(&w, text("POST"));
    const char *const me[] = {"who: me", NULL};
    CHECK(holds(w, room, request("GET", "/api", me)));
    CHECK(holds(w, room, request("POST", "/", me)));
    CHECK(!holds(w, room, request("GET", "/", me)));
    CHECK(!holds(w, room, request("POST", "/api", NULL)));
}

static void members_after_a_nested_one(void)
{
    uint8_t room[256];
    struct wire_writer w = wire_writer_over(room, sizeof room);
    wire_put_filter_any(&w, 2);
    wire_put_filter_all(&w, 2);
    wire_put_filter_path(&w, text("^/a"));
    wire_put_filter_path(&w, text("b$"));
    wire_put_filter_method(&w, text("PUT"));
    CHECK(holds(w, room, request("PUT", "/x", NULL)));
    CHECK(holds(w, room, request("GET", "/a/b", NULL)));
    CHECK(!holds(w, room, request("GET", "/a/c", NULL)));
}

static void empty_composites(void)
{
    uint8_t room[8];
    struct wire_writer w = wire_writer_over(room, sizeof room);
    wire_put_filter_all(&w, 0);
    CHECK(holds(w, room, request("GET", "/", NULL)));
    w = wire_writer_over(room, sizeof room);
    wire_put_filter_any(&w, 0);
    CHECK(!holds(w, room, request("GET", "/", NULL)));
}

static const char *refused(const void *bytes, size_t length)
{
    static char error[HTTP_FILTER_ERROR_MAX];
    struct http_filter *f = http_filter_new(bytes, length, error);
    CHECK(f == NULL);
    http_filter_free(f);
    return error;
}

static void bad_expressions(void)
{
    const char *error = refused("\x00\x05[a-z(", 7);
    CHECK(strncmp(error, "regular expression, at byte 5: ", 31) == 0);
    CHECK(strncmp(refused("\x02\x01\x02\x01\x01"
                          "a\x00\x01(",
                          9),
                  "regular expression, at byte 1: ", 31) == 0);
    CHECK_STR(refused("\x05\x03.a ", 5), "jq filters are not offered by this agent");
    CHECK_STR(refused("\x04\x00\x01$\x01x", 6), "filters on bodies are not offered by this agent");
}

/* The decoder lets none of these through; whatever the bytes are, nothing beyond them is read. */
static void malformed_bytes(void)
{
    static const uint8_t good[] = "\x02\x01\x03\x00\x03"
                                  "abc\x01\x02/a\x03\x09\x05PURGE";
    for (size_t n = 0; n < sizeof good - 1; n++) {
        uint8_t *exact = malloc(n ? n : 1);
        memcpy(exact, good, n);
        CHECK_STR(refused(exact, n), "the filter is cut short");
        free(exact);
    }
    CHECK_STR(refused("\x03\x00\x00", 3), "bytes follow the filter");
    CHECK_STR(refused("\x03\x0a", 2), "a method filter that is not known");
    CHECK_STR(refused("\x06", 1), "a kind of filter that is not known");
}

static void nesting(void)
{
    uint8_t deep[3 * (HTTP_FILTER_DEPTH_MAX + 2) + 2];
    size_t n = 0;
    for (unsigned i = 0; i < HTTP_FILTER_DEPTH_MAX + 1; i++) {
        memcpy(deep + n, "\x02\x01\x01", 3);
        n += 3;
    }
    memcpy(deep + n, "\x03\x00", 2);
    CHECK_STR(refused(deep, n + 2), "filters are nested too deep");
    char error[HTTP_FILTER_ERROR_MAX] = "";
    struct http_filter *f = http_filter_new(deep + 3, n - 1, error);
    CHECK_STR(error, "");
    CHECK(f != NULL);
    http_filter_free(f);
}

static void too_many(void)
{
    enum { COUNT = HTTP_FILTER_NODES_MAX };
    static uint8_t wide[5 + 2 * COUNT];
    struct wire_writer w = wire_writer_over(wide, sizeof wide);
    wire_put_filter_all(&w, COUNT);
    for (unsigned i = 0; i < COUNT; i++)
        wire_put_raw(&w, "\x03\x00", 2);
    CHECK_STR(refused(wide, (size_t)(w.at - wide)), "too many filters");
}

static void legacy_text(void)
{
    char error[HTTP_FILTER_ERROR_MAX] = "";
    struct bytes b = request("GET", "/", (const char *const[]){"x-mirrord: yes", NULL});
    struct http_head h;
    REQUIRE(http_head_open_request(&h, NULL, b.at, b.length));
    struct http_filter *f = http_filter_new_header((const uint8_t *)"mirrord: YES", 12, error);
    REQUIRE(f != NULL);
    CHECK(http_filter_matches(f, &h));
    http_filter_free(f);
    CHECK(http_filter_new_header((const uint8_t *)"(", 1, error) == NULL);
    CHECK(strstr(error, "regular expression") != NULL);
}

CU_TestInfo http_filter_tests[] = {
    {"a header filter is searched in each line, in either case", header_lines},
    {"look-around and back-references work", look_around},
    {"values that are not visible ASCII are passed over", invisible_values},
    {"repeated headers are separate lines", repeated_headers},
    {"beyond the match limit there is no match", match_limit},
    {"long values are matched", long_values},
    {"a path filter sees the path, then path and query, and nothing else", paths},
    {"methods match in either case, others never", methods},
    {"all-of and any-of nest", composites},
    {"a member behind a nested composite is judged", members_after_a_nested_one},
    {"all of none matches, any of none does not", empty_composites},
    {"what does not compile is refused with the place", bad_expressions},
    {"filters that are cut anywhere are refused", malformed_bytes},
    {"nesting is bounded", nesting},
    {"the number of filters is bounded", too_many},
    {"the legacy text is a header filter", legacy_text},
    CU_TEST_INFO_NULL,
};
