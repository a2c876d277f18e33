/* tests/test_filter.c -- the filter language: what it means, and what it says about mistakes. */
#include "messages/filter.h"
#include "tests/check.h"
#include "tests/wire_feed.h"
#include <stdlib.h>

static const char *const kinds[] = {
    "TcpSteal",           "Data",   "HttpResponse", "HttpResponseFramed", "Ping",
    "HttpRequestChunked", "StartV2"};
static const char *const sides[] = {"client", "agent"};

static const struct filter_field fields[] = {
    {"kind", FILTER_KIND, "", kinds, sizeof kinds / sizeof kinds[0]},
    {"from", FILTER_TEXT, "", sides, 2},
    {"conn", FILTER_NUMBER, "", NULL, 0},
    {"size", FILTER_NUMBER, "", NULL, 0},
    {"t", FILTER_TIME, "", NULL, 0},
    {"path", FILTER_TEXT, "", NULL, 0},
    {"method", FILTER_TEXT, "", NULL, 0},
    {"exchange", FILTER_EXCHANGE, "", NULL, 0},
    {NULL, FILTER_TEXT, NULL, NULL, 0},
};

/* A message by its values, in the order of the fields; "" is not there, "?" comes later. */
struct values {
    const char *of[8];
};

static bool get(void *context, unsigned field, struct filter_value *out)
{
    const struct values *v = context;
    const char *text = v->of[field];
    if (!text || !*text)
        return false;
    out->later = strcmp(text, "?") == 0;
    out->text = text;
    out->length = strlen(text);
    out->number = strtoull(text, NULL, 10);
    return true;
}

static const struct values start = {{"TcpSteal(HttpRequestChunked(StartV2))", "agent", "7", "4096",
                                     "1500000000", "/api/users?x=1", "GET", "2147483655"}};
static const struct values ping = {{"Ping", "client", "", "1", "100250", "", "", "7"}};
static const struct values begun = {{"?", "agent", "7", "?", "100000", "", "", ""}};

static enum filter_verdict judge(const char *text, const struct values *v)
{
    char error[FILTER_ERROR_MAX];
    struct values copy = *v;
    struct filter_program *f = filter_new(text, fields, error);
    if (!f)
        printf("\n    %s: %s\n", text, error);
    CHECK(f != NULL);
    if (!f)
        return FILTER_NO;
    enum filter_verdict verdict = filter_judge(f, get, &copy);
    filter_free(f);
    return verdict;
}

struct meaning {
    const char *filter;
    bool start, ping; /* does it hold for them? */
};

static void check_meanings(const struct meaning *m, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool got_start = judge(m[i].filter, &start) == FILTER_YES;
        bool got_ping = judge(m[i].filter, &ping) == FILTER_YES;
        if (got_start != m[i].start || got_ping != m[i].ping)
            printf("\n    %s: got %d %d\n", m[i].filter, got_start, got_ping);
        CHECK(got_start == m[i].start && got_ping == m[i].ping);
    }
}
#define CHECK_MEANINGS(rows) check_meanings(rows, sizeof rows / sizeof rows[0])

static void comparisons(void)
{
    static const struct meaning rows[] = {
        {"conn == 7", true, false},
        {"conn != 8", true, false},
        {"conn != 7", false, false},
        {"!(conn == 7)", false, true},
        {"conn < 8", true, false},
        {"conn <= 7", true, false},
        {"conn > 7", false, false},
        {"conn >= 7", true, false},
        {"size == 4K", true, false},
        {"size == 4k", true, false},
        {"size == 4KiB", true, false},
        {"size == 0x1000", true, false},
        {"size < 1M", true, true},
        {"size >= 1G", false, false},
        {"t < 2s", true, true},
        {"t < 1ms", false, true},
        {"t == 1.5s", true, false},
        {"t > 1499ms && t < 1501ms", true, false},
        {"t < 1m", true, true},
        {"t >= 1h", false, false},
        {"t == 100250ns", false, true},
        {"t == 100.25us", false, true},
        {"t == 0.00010025s", false, true},
        {"t == 0.000100250999s", false, true},
        {"t > 100us && t < 101us", false, true},
        {"t > 100ns", true, true},
        {"t == 1500000000ns", true, false},
        {"t > 0", true, true},
        {"exchange == 7", false, true},
        {"exchange == a7", true, false},
        {"exchange == 2147483655", true, false},
        {"exchange == 0x7", false, true},
        {"exchange >= a1", true, false},
        {"has(conn)", true, false},
        {"!has(path)", false, true},
        {"from == agent", true, false},
        {"from != agent", false, true},
        {"method == \"GET\"", true, false},
        {"method != POST", true, false},
    };
    CHECK_MEANINGS(rows);
}

static void texts(void)
{
    static const struct meaning rows[] = {
        {"path ~ \"/api\"", true, false},
        {"path ~ /api", true, false},
        {"path ~ users", true, false},
        {"path ~ \"/api*\"", true, false},
        {"path ~ \"api*\"", false, false},
        {"path ~ \"*x=1\"", true, false},
        {"path ~ \"/a?i/*\"", true, false},
        {"path ~ \"/a?i?user\"", false, false},
        {"path ~ \"*a*s*1\"", true, false},
        {"path ~ \"*\"", true, false},
        {"path ~ \"\"", true, false},
        {"path !~ \"/admin*\"", true, false},
        {"path !~ api", false, false},
        {"path == \"/api/users\"", false, false},
        {"path == \"\\x2fapi/users?x=1\"", true, false},
        {"path ~ \"\\\"\"", false, false},
        {"method ~ get", false, false},
        {"path ~ '/api'", true, false},
        {"path ~'/api'", true, false},
        {"path ~ '/api*'", true, false},
        {"path ~ '\\x2fapi'", true, false},
        {"path !~ '\"' && method == 'GET'", true, false},
        {"path !~ \"'\" && path !~ '\\\"'", true, false},
        {"path ~ ''", true, false},
    };
    CHECK_MEANINGS(rows);
}

static void kinds_in_kinds(void)
{
    static const struct meaning rows[] = {
        {"kind == TcpSteal", true, false},
        {"kind == HttpRequestChunked", true, false},
        {"kind == StartV2", true, false},
        {"kind == \"TcpSteal(HttpRequestChunked(StartV2))\"", true, false},
        {"kind == \"HttpRequestChunked(StartV2)\"", true, false},
        {"kind == \"HttpRequestChunked\"", true, false},
        {"kind == 'HttpRequestChunked(StartV2)'", true, false},
        {"kind != Ping", true, false},
        {"kind != StartV2", false, true},
        {"kind ~ \"HttpRequest*\"", true, false},
        {"kind ~ Http", true, false},
        {"kind ~ \"P?ng\"", false, true},
        {"kind ~ \"*V2\"", true, false},
        {"kind ~ \"HttpResponse*\"", false, false},
    };
    CHECK_MEANINGS(rows);
}

static void joined(void)
{
    static const struct meaning rows[] = {
        {"kind ~ \"HttpRequest*\" && conn == 7 && t < 2s && path ~ \"/api\"", true, false},
        {"conn==7||kind==Ping", true, true},
        {"kind == Ping || conn == 7 && conn == 8", false, true},
        {"(kind == Ping || conn == 7) && conn == 8", false, false},
        {"!kind == Ping", true, false},
        {"!!(kind == Ping)", false, true},
        {"!(conn == 7 && size == 4K) || from == agent", true, true},
        {"conn == 8 && conn == 7 || kind == Ping && size == 1", false, true},
        {"  ( ( conn == 7 ) )\t", true, false},
    };
    CHECK_MEANINGS(rows);
}

/* What is not known yet decides only if the rest does not. */
static void later(void)
{
    CHECK_UINT(judge("kind == Ping", &begun), FILTER_LATER);
    CHECK_UINT(judge("!(kind == Ping)", &begun), FILTER_LATER);
    CHECK_UINT(judge("kind == Ping && conn == 8", &begun), FILTER_NO);
    CHECK_UINT(judge("conn == 8 && kind == Ping", &begun), FILTER_NO);
    CHECK_UINT(judge("kind == Ping && conn == 7", &begun), FILTER_LATER);
    CHECK_UINT(judge("kind == Ping || conn == 7", &begun), FILTER_YES);
    CHECK_UINT(judge("kind == Ping || conn == 8", &begun), FILTER_LATER);
    CHECK_UINT(judge("kind == Ping || path == x", &begun), FILTER_LATER);
    CHECK_UINT(filter_judge(NULL, get, NULL), FILTER_YES);
}

static void check_error(const char *text, const char *want)
{
    char error[FILTER_ERROR_MAX];
    struct filter_program *f = filter_new(text, fields, error);
    CHECK(f == NULL);
    CHECK_STR(error, want);
    filter_free(f);
}

#define ALL "(there are kind, from, conn, size, t, path, method, exchange)"

static void mistakes_in_words(void)
{
    check_error("", "column 1: expected a field, has(field), ! or (, found the end");
    check_error("knd == Ping", "column 1: there is no field \"knd\", did you mean kind? " ALL);
    check_error("con == 1", "column 1: there is no field \"con\", did you mean conn? " ALL);
    check_error("colour == 1", "column 1: there is no field \"colour\" " ALL);
    check_error("conn", "column 5: expected ==, !=, <, <=, > or >= behind conn, found the end");
    check_error("conn = 7", "column 6: found \"=\": equality is written ==");
    check_error("conn == 7 & t < 1s", "column 11: found \"&\": write &&");
    check_error("conn == 7 and t < 1s", "column 11: found \"and\": write &&");
    check_error("conn == 7 or t < 1s", "column 11: found \"or\": write ||");
    check_error("conn == 7 t < 1s", "column 11: expected &&, || or the end, found \"t\"");
    check_error("conn == 7 &&", "column 13: expected a field, has(field), ! or (, found the end");
    check_error("(conn == 7",
                "column 11: expected &&, || or ) for the ( in column 1, found the end");
    check_error("conn == 7)", "column 10: expected &&, || or the end, found \")\"");
    check_error("has conn", "column 5: expected ( behind has, as in has(conn), found \"conn\"");
    check_error("has(conn",
                "column 9: expected ) behind the field, as in has(conn), found the end");
    check_error("path ~ \"/api", "column 8: the text that begins here has no second \"");
    check_error("path ~ '/api\"", "column 8: the text that begins here has no second '");
    check_error("path ~ don't", "column 11: the text that begins here has no second '");
    check_error("conn == '7'", "column 9: expected a number such as 7, 0x1f or 64K, found '7'");
    check_error("path ~ \"a\\qb\"",
                "column 10: \"\\q\" is no escape: there are \\\" \\\\ \\n \\r \\t and \\x41");
    check_error("path == \"\xC3\xA4\" && x == 1",
                "column 16: there is no field \"x\" " ALL); /* an umlaut is one character */
    check_error("kind == TcpSteal(Data)",
                "column 17: expected &&, || or the end (a text with parentheses is written in "
                "quotes), found \"(\"");
}

static void mistakes_in_types(void)
{
    check_error("method < 3",
                "column 8: method is a text, which < does not compare: write ==, !=, ~ or !~");
    check_error("conn ~ \"7\"",
                "column 6: conn is a number, which ~ does not compare: write ==, !=, "
                "<, <=, > or >=");
    check_error("t ~ 1s",
                "column 3: t is a time, which ~ does not compare: write ==, !=, <, <=, > or >=");
    check_error("conn == abc", "column 9: expected a number such as 7, 0x1f or 64K, found \"abc\"");
    check_error("exchange == b7", "column 13: expected the number of an exchange, such as 7 or a7, "
                                  "found \"b7\"");
    check_error("exchange ~ a7",
                "column 10: exchange is the number of an exchange, which ~ does not compare: "
                "write ==, !=, <, <=, > or >=");
    check_error("conn == \"7\"", "column 9: expected a number such as 7, 0x1f or 64K, found \"7\"");
    check_error("conn == 2s",
                "column 9: expected a number such as 7, 0x1f or 64K (and no time), found \"2s\"");
    check_error("conn == 99999999999999999999",
                "column 9: expected a number such as 7, 0x1f or 64K, found "
                "\"99999999999999999999\"");
    check_error("t < 2",
                "column 5: expected a time with its unit, such as 2s, 15ms or 3us, found \"2\"");
    check_error("t < soon", "column 5: expected a time such as 2s, 15ms or 3us, found \"soon\"");
    check_error("path == &&", "column 9: expected a text in quotes, or a word, found \"&&\"");
    check_error("from == agnet", "column 9: from is never \"agnet\", did you mean agent?");
    check_error("from == both", "column 9: from is never \"both\" (it is one of client, agent)");
    check_error("kind == HttpRespons",
                "column 9: kind is never \"HttpRespons\", did you mean HttpResponse?");
    check_error("kind == \"TcpSteal(Dat)\"", "column 9: kind is never \"Dat\", did you mean Data?");
}

static void limits(void)
{
    char text[20000], error[FILTER_ERROR_MAX], want[80];
    size_t n = 0;
    for (unsigned i = 0; i < FILTER_TESTS_MAX; i++)
        n += (size_t)sprintf(text + n, "%sconn == %u", i ? " || " : "", i);
    CHECK_UINT(judge(text, &start), FILTER_YES);
    sprintf(text + n, " || conn == 7");
    snprintf(want, sizeof want, "column %zu: more than 128 comparisons", n + 5);
    check_error(text, want);
    memset(text, '(', FILTER_NESTING_MAX + 1);
    text[FILTER_NESTING_MAX + 1] = 0;
    check_error(text, "column 65: more than 64 of ( and ! within each other");
    memset(text, '!', 19999);
    text[19999] = 0;
    check_error(text, "column 65: more than 64 of ( and ! within each other");
    memset(text, 'k', 19999); /* a long word is cut in the error */
    CHECK(filter_new(text, fields, error) == NULL);
    CHECK(strlen(error) < 200);
}

/* No text, however it is put together, does anything but give a filter or an error. */
static void anything(void)
{
    static const char *const parts[] = {
        "conn", "t", "path", "kind", "has", "(", ")",  "!", "==", "!=",   "~",  "<",   "&&",
        "||",   "7", "2s",   "\"a",  "\"",  "'", "\\", "*", " ",  "from", "\t", "Ping"};
    random_begin(17);
    for (unsigned i = 0; i < 20000; i++) {
        char text[200] = "", error[FILTER_ERROR_MAX];
        struct values v = i % 2 ? start : begun;
        for (uint64_t n = random_below(14); n; n--) {
            strcat(text, parts[random_below(sizeof parts / sizeof parts[0])]);
            strcat(text, random_below(3) ? " " : "");
        }
        struct filter_program *f = filter_new(text, fields, error);
        CHECK((f == NULL) == (error[0] != 0));
        if (f)
            CHECK(filter_judge(f, get, &v) <= FILTER_YES);
        filter_free(f);
    }
}

CU_TestInfo filter_tests[] = {
    {"numbers, times and presence", comparisons},
    {"texts and patterns", texts},
    {"a kind is each of its names", kinds_in_kinds},
    {"&& binds more than ||, and ! most", joined},
    {"what is not known yet", later},
    {"mistakes are told with column and a way out", mistakes_in_words},
    {"mistakes of type are found before any message", mistakes_in_types},
    {"limits", limits},
    {"any text gives a filter or an error", anything},
    CU_TEST_INFO_NULL,
};
