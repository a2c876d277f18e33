/* tests/test_http1_detect.c -- what is taken for HTTP/1, whole and byte by byte. */
#include "messages/http1_detect.h"
#include "messages/http1_parser.h"
#include "tests/check.h"

static enum http1_detected detect(const char *s, size_t n, size_t *at)
{
    struct http1_detect whole = {0}, cut = {0};
    enum http1_detected all = http1_detect(&whole, (const uint8_t *)s, n);
    enum http1_detected one = HTTP1_DETECT_MORE;
    for (*at = 0; *at < n && one == HTTP1_DETECT_MORE; ++*at)
        one = http1_detect(&cut, (const uint8_t *)s + *at, 1);
    CHECK_UINT(one, all);
    return all;
}

#define DETECT(s, want)                                                                            \
    do {                                                                                           \
        size_t at;                                                                                 \
        CHECK_UINT(detect(s, sizeof(s) - 1, &at), HTTP1_DETECT_##want);                            \
    } while (0)

static void requests(void)
{
    DETECT("GET / HTTP/1.1\r\n", HTTP);
    DETECT("GET / HTTP/1.0\r\n", HTTP);
    DETECT("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345 / HTTP/1.1\r\n", HTTP);
    DETECT("X-Y!z http://h/?q HTTP/1.1\r\nHost: h\r\n\r\n", HTTP);
    DETECT("OPTIONS * HTTP/1.1\r\n", HTTP);
    DETECT("CONNECT h:443 HTTP/1.1\r\n", HTTP);
}

static void others(void)
{
    DETECT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", OTHER);
    DETECT("GET / HTTP/a\r\n", OTHER);
    DETECT("GET / HTTP/1.2\r\n", OTHER);
    DETECT("GET / HTTP/1.1 x\r\n", OTHER);
    DETECT("GET / HTTP/1.1\rx", OTHER);
    DETECT("GET  / HTTP/1.1\r\n", OTHER);
    DETECT("GET / HTTP/1.0\n\n", OTHER);
    DETECT("GET /\xc3\xa9 HTTP/1.1\r\n", OTHER);
    DETECT("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456", OTHER);
    DETECT(" GET / HTTP/1.1\r\n", OTHER);
    DETECT("\x16\x03\x01\x02", OTHER);
    DETECT("\0", OTHER);
    DETECT("hello\r\n", OTHER);
    DETECT("GET /\r\n", OTHER);
}

static void undecided(void)
{
    DETECT("", MORE);
    DETECT("hello ther", MORE);
    DETECT("GET / HTTP/1.1", MORE);
    DETECT("GET / HTTP/1.1\r", MORE);
}

static void first_wrong_byte(void)
{
    size_t at;
    CHECK_UINT(detect("GET / HTTP/2.0\r\n", 16, &at), HTTP1_DETECT_OTHER);
    CHECK_UINT(at, 12);
    CHECK_UINT(detect("ab\x01rest", 7, &at), HTTP1_DETECT_OTHER);
    CHECK_UINT(at, 3);
}

/* What the parser makes of a head with this line alone. */
static const char *parser_error(const char *line, size_t length)
{
    struct http_head_builder fields;
    struct http1_parser p;
    uint8_t head[128];
    size_t used;
    memcpy(head, line, length);
    memcpy(head + length, "\r\n", 2);
    http1_parser_create(&p, HTTP1_REQUESTS);
    http1_parser_begin(&p, HTTP1_ASKED_OTHER);
    enum http1_event e = http1_parser_next(&p, &fields, head, length + 2, &used);
    http1_parser_destroy(&p);
    return e == HTTP1_HEAD ? NULL : e == HTTP1_ERROR ? p.error : "no head";
}

/* Of a line that was taken for HTTP the parser may only say that its target is no URI (AG-1): one
 * that it answers 400 for another reason should have been passed on as it is. */
static void the_parser_takes_what_was_detected(void)
{
    static const char no_uri[] =
        "malformed request head: the request target is no URI that can be passed on";
    static const char *const lines[] = {"GET / HTTP/1.1\r\n", "GET /a HTTP/1.0\r\n",
                                        "GET / HTTP/1.0\n\r\n",
                                        "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345 / HTTP/1.1\r\n",
                                        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456 / HTTP/1.1\r\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        size_t length = strlen(lines[i]), at;
        for (size_t place = 0; place < length; place++) {
            for (unsigned c = 0; c < 256; c++) {
                char line[64];
                memcpy(line, lines[i], length);
                line[place] = (char)c;
                const char *error = parser_error(line, length);
                bool taken = !error || !strcmp(error, no_uri);
                if (detect(line, length, &at) == HTTP1_DETECT_HTTP && !taken)
                    CHECK_STR(error, no_uri);
                if (detect(line, length, &at) == HTTP1_DETECT_OTHER)
                    CHECK(error != NULL);
            }
        }
    }
}

CU_TestInfo http1_detect_tests[] = {
    {"a whole request line is HTTP/1", requests},
    {"everything else is not, HTTP/2 neither", others},
    {"the beginning of a request line is undecided", undecided},
    {"the first wrong byte decides", first_wrong_byte},
    {"the parser takes what was detected, but for targets that are no URI",
     the_parser_takes_what_was_detected},
    CU_TEST_INFO_NULL,
};
