/* tests/test_http1_detect.c -- what is taken for HTTP/1, whole and byte by byte. */
#include "messages/http1_detect.h"
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
    DETECT("GET / HTTP/1.0\n", HTTP);
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

CU_TestInfo http1_detect_tests[] = {
    {"a whole request line is HTTP/1", requests},
    {"everything else is not, HTTP/2 neither", others},
    {"the beginning of a request line is undecided", undecided},
    {"the first wrong byte decides", first_wrong_byte},
    CU_TEST_INFO_NULL,
};
