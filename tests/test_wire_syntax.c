/* tests/test_wire_syntax.c -- the syntaxes of strings, against sets that are written out here. */
#include "messages/wire_syntax.h"
#include "tests/check.h"

static const uint8_t *octets(const char *text)
{
    return (const uint8_t *)text;
}

static bool uri(const char *text)
{
    return wire_uri_check(octets(text), strlen(text));
}

static bool utf8(const char *text)
{
    return wire_utf8_check(octets(text), strlen(text));
}

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static bool in_set(const char *set, unsigned c)
{
    return c != 0 && c < 128 && strchr(set, (int)c);
}

static void tokens(void)
{
    for (unsigned c = 0; c < 256; c++) {
        uint8_t text[3] = {'a', (uint8_t)c, 'z'};
        bool want = in_set(ALNUM "!#$%&'*+-.^_`|~", c);
        CHECK(wire_token_check(text, 3) == want);
        CHECK(wire_method_check(text, 3) == want);
        CHECK(wire_header_name_check(text + 1, 1) == want);
    }
    CHECK(wire_token_check(octets(""), 0));
    CHECK(!wire_method_check(octets(""), 0));
    CHECK(!wire_header_name_check(octets(""), 0));
}

/* At every place, so that words and the bytes that are left over are both looked at. */
static void header_values(void)
{
    uint8_t text[24];
    CHECK(wire_header_value_check(octets(""), 0));
    for (unsigned c = 0; c < 256; c++) {
        bool want = c == '\t' || (c >= 0x20 && c != 0x7F);
        for (size_t length = 1; length <= sizeof text; length++)
            for (size_t at = 0; at < length; at++) {
                memset(text, at % 2 ? 0x80 : '\t', sizeof text);
                text[at] = (uint8_t)c;
                if (wire_header_value_check(text, length) != want) {
                    CHECK_UINT(c << 16 | length << 8 | at, 0);
                    return;
                }
            }
    }
    CHECK(true);
}

static void header_names_have_a_longest(void)
{
    static uint8_t name[WIRE_HEADER_NAME_MAX + 1];
    memset(name, 'x', sizeof name);
    CHECK(wire_header_name_check(name, WIRE_HEADER_NAME_MAX));
    CHECK(!wire_header_name_check(name, WIRE_HEADER_NAME_MAX + 1));
}

/* Every code point is encoded and must pass; what is no code point must not. */
static size_t encode(uint32_t c, uint8_t out[4])
{
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n; i-- > 1; c >>= 6)
        out[i] = (uint8_t)(0x80 | (c & 0x3F));
    out[0] = (uint8_t)(lead[n] | c);
    return n;
}

static void every_code_point_is_utf8(void)
{
    unsigned wrong = 0;
    for (uint32_t c = 0; c < 0x200000; c++) {
        uint8_t text[4];
        size_t n = encode(c, text);
        bool want = c < 0x110000 && (c < 0xD800 || c > 0xDFFF);
        uint32_t state = WIRE_UTF8_WHOLE;
        for (size_t i = 0; i < n; i++)
            state = wire_utf8_walk(state, text + i, 1);
        wrong += wire_utf8_check(text, n) != want || (state == WIRE_UTF8_WHOLE) != want;
        wrong += n > 1 && wire_utf8_check(text, n - 1);
    }
    CHECK_UINT(wrong, 0);
}

static void broken_utf8(void)
{
    static const char *const bad[] = {"\x80",
                                      "\xC0\x80",
                                      "\xC1\xBF",
                                      "\xE0\x9F\xBF",
                                      "\xED\xA0\x80",
                                      "\xF0\x8F\xBF\xBF",
                                      "\xF4\x90\x80\x80",
                                      "\xF5\x80\x80\x80",
                                      "\xFF",
                                      "\xC3(",
                                      "a\xE2\x82",
                                      "\xE2\x28\xA1",
                                      "longer than a word \xC3"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!utf8(bad[i]));
    CHECK(utf8(""));
    CHECK(utf8("longer than a word \xC3\xA9 and on \xF0\x9F\x98\x80"));
}

static void http_versions(void)
{
    static const char *const good[] = {"HTTP/0.9", "HTTP/1.0", "HTTP/1.1", "HTTP/2.0", "HTTP/3.0"};
    static const char *const bad[] = {"HTTP/2", "http/1.1", "HTTP/1.2", "HTTP/1.1 ", ""};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CHECK_UINT(wire_httpver_index(octets(good[i]), strlen(good[i])), i);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!wire_httpver_check(octets(bad[i]), strlen(bad[i])));
}

static void uris_that_pass(void)
{
    static const char *const good[] = {"/",
                                       "*",
                                       "/api?x=1",
                                       "/a\"{}|^\\b",
                                       "/\xC3\xA9?\xC3\xA9",
                                       "/?a`b",
                                       "/a#<>\x01",
                                       "h:443",
                                       "h",
                                       ":",
                                       "http://h",
                                       "HTTP://h?q",
                                       "http://h#",
                                       "://a",
                                       "a~+-.9://x",
                                       "https://[::1]:80/x",
                                       "u%41:p@h:1",
                                       "[::1]:80",
                                       "h:",
                                       "a*b",
                                       "http://[a:b:c:d:e:f:g:h:i]/",
                                       "x@[::]",
                                       "/a??b?",
                                       "1:2@h"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (!uri(good[i]))
            printf("\n    refused: %s\n", good[i]);
        CHECK(uri(good[i]));
    }
}

static void uris_that_do_not(void)
{
    static const char *const bad[] = {
        "",
        "?q",
        "#",
        "http://",
        "http:///x",
        "://",
        "/a b",
        "/<",
        "/>",
        "/`",
        "/\x7F",
        "/\x01",
        "/?<",
        "/?\"",
        "/?a b",
        "h:1:2",
        "h%41",
        "h#x",
        "*#x",
        "h/x",
        "h?x",
        "a_b://x",
        "[::1",
        "::1]",
        "[[::1]]",
        "[a][b]",
        "a%41[b]",
        "u@",
        "http://u@/",
        "1:2:3:4:5:6:7:8:9:0@h",
        "/\xC3",
        "/#\xFF",
        "h\xC3\xA9",
        "a b",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa://x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (uri(bad[i]))
            printf("\n    accepted: %s\n", bad[i]);
        CHECK(!uri(bad[i]));
    }
}

static void bytes_of_each_part_of_a_uri(void)
{
    for (unsigned c = 1; c < 128; c++) {
        char path[] = "/x", query[] = "/?x", authority[] = "aXb.c", scheme[] = "aXb://h";
        path[1] = query[2] = authority[1] = scheme[1] = (char)c;
        bool visible = c > 0x20 && c != 0x7F;
        CHECK(uri(path) == (visible && !in_set("<>`", c)));
        CHECK(uri(query) == (visible && !in_set("<>\"", c)));
        CHECK(uri(authority) == in_set(ALNUM "!$&'()*+,-.:;=@_~", c));
        CHECK(uri(scheme) == in_set(ALNUM "+-.~", c));
    }
}

static void uris_have_a_longest(void)
{
    static uint8_t text[WIRE_URI_MAX + 1];
    memset(text, 'x', sizeof text);
    text[0] = '/';
    CHECK(wire_uri_check(text, WIRE_URI_MAX));
    CHECK(!wire_uri_check(text, WIRE_URI_MAX + 1));
}

CU_TestInfo wire_syntax_tests[] = {
    {"a token is made of the token characters and no others", tokens},
    {"a header value holds no control byte but TAB, wherever it stands", header_values},
    {"a header name has at most 65535 bytes", header_names_have_a_longest},
    {"UTF-8 is every code point but the surrogates, whole or in pieces", every_code_point_is_utf8},
    {"overlong, cut and stray bytes are not UTF-8", broken_utf8},
    {"five HTTP versions are known", http_versions},
    {"request targets that the original takes pass", uris_that_pass},
    {"request targets that the original refuses do not", uris_that_do_not},
    {"each part of a URI has its own set of bytes", bytes_of_each_part_of_a_uri},
    {"a URI has at most 65534 bytes", uris_have_a_longest},
    CU_TEST_INFO_NULL,
};
