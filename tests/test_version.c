/* tests/test_version.c -- version texts, their order, and the gates. */
#include "messages/version.h"
#include "tests/check.h"

static struct version parsed(const char *text)
{
    struct version v = {0};
    REQUIRE(version_parse(text, strlen(text), &v));
    return v;
}

static bool is_version(const char *text)
{
    struct version v;
    return version_parse(text, strlen(text), &v);
}

static void accepts_canonical_texts(void)
{
    static const char *const good[] = {"0.0.0",     "1.8.1",
                                       "1.29.0",    "10.20.30-rc.1",
                                       "1.0.0-0",   "1.0.0-alpha-x.0a",
                                       "1.0.0+001", "1.0.0-a+b.c-d",
                                       "1.0.0--",   "18446744073709551615.0.0"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CHECK(is_version(good[i]));
}

static void refuses_what_is_not_strict(void)
{
    static const char *const bad[] = {
        "",       "1",          "1.8",      "1.8.1.1",  "v1.8.1",    " 1.8.1",
        "1.8.1 ", "1.08.1",     "01.8.1",   "1.8.01",   "1.8.1-",    "1.8.1+",
        "1.8.-1", "1.8.1-a..b", "1.8.1-01", "1.8.1-a+", "1.8.1-a_b", "18446744073709551616.0.0",
        "1..1",   "1.8.",       ".8.1",     "1.8.1+a+b"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!is_version(bad[i]));
    CHECK(!version_parse("1.8.1\0", 6, &(struct version){0}));
}

static void prints_what_it_parsed(void)
{
    char text[VERSION_TEXT_MAX];
    CHECK_UINT(version_format(parsed("1.19.4"), text), 6);
    CHECK_STR(text, "1.19.4");
    version_format(parsed("2.0.0-alpha.1+z"), text);
    CHECK_STR(text, "2.0.0-pre");
    version_format(parsed("18446744073709551615.9999999.3-x"), text);
    CHECK_STR(text, "2097151.2097151.3-pre");
    version_format(version_newest(), text);
    CHECK_STR(text, "1.29.0");
    version_format(version_unnegotiated(), text);
    CHECK_STR(text, "1.2.2");
}

static int order(const char *a, const char *b)
{
    int n = version_compare_texts(a, strlen(a), b, strlen(b));
    return (n > 0) - (n < 0);
}

/* Every text is smaller than all that follow it. */
static void orders_as_semantic_versioning_does(void)
{
    static const char *const rising[] = {
        "0.9.9",      "1.0.0-1",     "1.0.0-2",       "1.0.0-10",
        "1.0.0-a",    "1.0.0-a.1",   "1.0.0-a.b",     "1.0.0-b",
        "1.0.0-rc.1", "1.0.0",       "1.0.0+0",       "1.0.0+00",
        "1.0.0+1",    "1.0.0+z",     "1.0.0+z.1",     "1.2.0",
        "1.10.0",     "1.29.0-rc.1", "1.29.0-rc.1+b", "1.29.0",
        "1.29.0+z",   "2.0.0-a",     "2.0.0",         "18446744073709551615.0.0"};
    enum { N = sizeof rising / sizeof *rising };
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++)
            CHECK(order(rising[i], rising[j]) == (i > j) - (i < j));
}

static void gates_open_at_their_version(void)
{
    for (enum gate g = 0; g < GATE_COUNT; g++) {
        struct version at = gate_minimum(g), below = {at.ordinal - 1};
        CHECK(version_allows(at, g));
        CHECK(!version_allows(below, g));
        CHECK(version_allows(version_newest(), g));
        CHECK(!version_allows(version_unnegotiated(), g));
        CHECK(gate_name(g)[0] && gate_words(g)[0]);
    }
    CHECK_UINT(GATE_COUNT, 31);
}

static void gates_have_the_versions_of_the_protocol(void)
{
    CHECK(!version_allows(parsed("1.8.0"), GATE_HTTP_CHUNKED_RESPONSE));
    CHECK(version_allows(parsed("1.8.1"), GATE_HTTP_CHUNKED_RESPONSE));
    CHECK(version_allows(parsed("1.8.1+x"), GATE_HTTP_CHUNKED_RESPONSE));
    CHECK(version_allows(parsed("2.0.0"), GATE_HTTP_CHUNKED_RESPONSE));
    CHECK(!version_allows(parsed("1.3.0"), GATE_READY_FOR_LOGS));
    CHECK(version_allows(parsed("1.19.4"), GATE_MODE_AGNOSTIC_HTTP));
    CHECK(!version_allows(parsed("1.19.3"), GATE_MODE_AGNOSTIC_HTTP));
    CHECK(!version_allows(parsed("1.28.9"), GATE_SHARE_LINK));
}

static void a_prerelease_meets_no_gate(void)
{
    static const char *const pre[] = {"1.9.0-rc.1", "1.8.1-rc.1", "2.0.0-alpha", "99.0.0-0"};
    for (size_t i = 0; i < sizeof pre / sizeof *pre; i++) {
        CHECK(version_is_prerelease(parsed(pre[i])));
        for (enum gate g = 0; g < GATE_COUNT; g++)
            CHECK(!version_allows(parsed(pre[i]), g));
    }
    CHECK(!version_is_prerelease(parsed("1.0.0+build-1")));
}

static void huge_parts_saturate_and_meet_all_gates(void)
{
    struct version v = parsed("1.18446744073709551615.0");
    for (enum gate g = 0; g < GATE_COUNT; g++)
        CHECK(version_allows(v, g));
    CHECK_UINT(version_of(UINT64_MAX, UINT64_MAX, UINT64_MAX).ordinal, UINT64_MAX);
}

CU_TestInfo version_tests[] = {
    {"canonical version texts parse", accepts_canonical_texts},
    {"loose, empty and overflowing texts do not", refuses_what_is_not_strict},
    {"a version prints as it was parsed, saturated and without identifiers", prints_what_it_parsed},
    {"texts order as semantic versioning says, build metadata last",
     orders_as_semantic_versioning_does},
    {"each of 31 gates opens exactly at its version", gates_open_at_their_version},
    {"gates stand at the protocol's versions", gates_have_the_versions_of_the_protocol},
    {"a pre-release, however new, meets no gate", a_prerelease_meets_no_gate},
    {"parts that do not fit saturate", huge_parts_saturate_and_meet_all_gates},
    CU_TEST_INFO_NULL,
};
