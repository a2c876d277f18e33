/* tests/test_trace_stream.c -- streams: equal, cut differently, different, not known; HTTP/1 without what rules
 * ignore.
 */
#include "tests/check.h"
#include "tools/trace_http_text.h"
#include "tools/trace_stream.h"

static struct trace_rules *rules_of(const char *text)
{
    static struct rule_errors errors;
    struct trace_rules *r = trace_rules_new();
    CHECK(trace_rules_read(r, "rules", text, strlen(text), &errors));
    return r;
}

static void add(struct trace_stream *s, const char *bytes)
{
    uint32_t length = (uint32_t)strlen(bytes);
    trace_stream_add(s, &(struct trace_bytes){(const uint8_t *)bytes, length, length, 0});
}

/* Pieces of a text, cut where there is a bar. */
static struct trace_stream stream_of(const char *pieces, bool ended)
{
    struct trace_stream s;
    char text[200], *at = text, *piece;
    trace_stream_create(&s, NULL, 100);
    snprintf(text, sizeof text, "%s", pieces);
    while ((piece = strsep(&at, "|")))
        add(&s, piece);
    s.ended = ended;
    trace_stream_finish(&s);
    return s;
}

static enum stream_verdict compare(const char *a, bool a_ended, const char *b, bool b_ended)
{
    struct trace_stream x = stream_of(a, a_ended), y = stream_of(b, b_ended);
    enum stream_verdict v = trace_stream_compare(&x, &y);
    CHECK_UINT(trace_stream_compare(&y, &x), v);
    trace_stream_destroy(&x);
    trace_stream_destroy(&y);
    return v;
}

static void verdicts(void)
{
    CHECK_UINT(compare("hello", true, "hello", true), STREAM_EQUAL);
    CHECK_UINT(compare("hel|lo", true, "hel|lo", true), STREAM_EQUAL);
    CHECK_UINT(compare("hel|lo", true, "hello", true), STREAM_CUT);
    CHECK_UINT(compare("hel|lo", true, "he|llo", true), STREAM_CUT);
    CHECK_UINT(compare("hel|lo", true, "hel|lO", true), STREAM_DIFFERENT);
    CHECK_UINT(compare("hello", true, "hello!", true), STREAM_DIFFERENT);
    CHECK_UINT(compare("hello", true, "hello", false), STREAM_DIFFERENT);
    CHECK_UINT(compare("", true, "", true), STREAM_EQUAL);
    CHECK_UINT(compare("|a|", true, "a", true), STREAM_EQUAL); /* empty pieces are none */
}

static void none_is_an_empty_one(void)
{
    struct trace_stream empty = stream_of("", false), ended = stream_of("", true);
    CHECK_UINT(trace_stream_compare(NULL, &empty), STREAM_EQUAL);
    CHECK_UINT(trace_stream_compare(&empty, NULL), STREAM_EQUAL);
    CHECK_UINT(trace_stream_compare(NULL, &ended), STREAM_DIFFERENT);
    trace_stream_destroy(&empty);
    trace_stream_destroy(&ended);
}

static struct trace_stream left_out(uint32_t first, uint64_t first_hash, uint32_t second)
{
    struct trace_stream s;
    trace_stream_create(&s, NULL, 0);
    trace_stream_add(&s, &(struct trace_bytes){NULL, first, 0, first_hash});
    trace_stream_add(&s, &(struct trace_bytes){NULL, second, 0, 7});
    trace_stream_finish(&s);
    return s;
}

static void what_was_left_out_is_not_known(void)
{
    struct trace_stream a = left_out(10, 1, 20), same = left_out(10, 1, 20);
    struct trace_stream other = left_out(10, 2, 20), cut = left_out(20, 1, 10);
    struct trace_stream longer = left_out(10, 1, 21);
    CHECK_UINT(trace_stream_compare(&a, &same), STREAM_EQUAL);
    CHECK_UINT(trace_stream_compare(&a, &other), STREAM_DIFFERENT);
    CHECK_UINT(trace_stream_compare(&a, &cut), STREAM_UNKNOWN);
    CHECK_UINT(trace_stream_compare(&a, &longer), STREAM_DIFFERENT);
    trace_stream_destroy(&a);
    trace_stream_destroy(&same);
    trace_stream_destroy(&other);
    trace_stream_destroy(&cut);
    trace_stream_destroy(&longer);
}

static void whole_and_left_out_compare_by_pieces(void)
{
    struct trace_stream whole = stream_of("hello|you", false), capped;
    trace_stream_create(&capped, NULL, 0);
    trace_stream_add(&capped, &(struct trace_bytes){NULL, 5, 0, trace_bytes_hash("hello", 5)});
    trace_stream_add(&capped, &(struct trace_bytes){NULL, 3, 0, trace_bytes_hash("you", 3)});
    trace_stream_finish(&capped);
    CHECK_UINT(trace_stream_compare(&whole, &capped), STREAM_EQUAL);
    trace_stream_destroy(&whole);
    trace_stream_destroy(&capped);
}

static void first_difference(void)
{
    struct trace_stream a = stream_of("hel|lo", true), b = stream_of("helmet", true);
    struct trace_stream prefix = stream_of("he", true);
    struct stream_place at;
    CHECK(trace_stream_first_difference(&a, &b, &at));
    CHECK(at.from == 3 && at.to == 4);
    CHECK(trace_stream_first_difference(&a, &prefix, &at));
    CHECK(at.from == 2 && at.to == 3);
    CHECK(!trace_stream_first_difference(&a, &a, &at));
    trace_stream_destroy(&a);
    trace_stream_destroy(&b);
    trace_stream_destroy(&prefix);
}

/* `length` bytes in pieces of `piece`, of which the first 100 are kept; the one at `odd` is another. */
static struct trace_stream long_stream(size_t length, size_t piece, size_t odd)
{
    static uint8_t bytes[3 * STREAM_BLOCK_BYTES];
    struct trace_stream s;
    memset(bytes, 'x', sizeof bytes);
    if (odd < length)
        bytes[odd] = 'y';
    trace_stream_create(&s, NULL, 100);
    for (size_t at = 0, n; at < length; at += n) {
        n = length - at < piece ? length - at : piece;
        trace_stream_add(&s, &(struct trace_bytes){bytes + at, (uint32_t)n, (uint32_t)n, 0});
    }
    trace_stream_finish(&s);
    return s;
}

static void first_difference_behind_what_was_kept(void)
{
    enum { B = STREAM_BLOCK_BYTES };
    static const struct {
        size_t length, other, odd;
        uint64_t from, to;
    } cases[] = {
        {3 * B, 3 * B, 99, 99, 100},
        {3 * B, 3 * B, 100, 100, B},
        {3 * B, 3 * B, B - 1, 100, B},
        {3 * B, 3 * B, B, B, 2 * B},
        {3 * B, 3 * B, 3 * B - 1, 2 * B, 3 * B},
        {3 * B - 7, 3 * B - 7, 3 * B - 8, 2 * B, 3 * B - 7},
        {3 * B, B, SIZE_MAX, B, 2 * B}, /* it is the beginning of the other one */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct trace_stream a = long_stream(cases[i].length, 1000, SIZE_MAX);
        struct trace_stream b = long_stream(cases[i].other, 777, cases[i].odd);
        struct stream_place at;
        CHECK(trace_stream_first_difference(&a, &b, &at));
        CHECK_UINT(at.from, cases[i].from);
        CHECK_UINT(at.to, cases[i].to);
        trace_stream_destroy(&a);
        trace_stream_destroy(&b);
    }
}

/* ---- HTTP/1 ---------------------------------------------------------------------------------- */

struct text {
    char bytes[1000];
    size_t length;
};

static void collect(void *context, const uint8_t *bytes, size_t length)
{
    struct text *t = context;
    REQUIRE(t->length + length < sizeof t->bytes);
    if (length)
        memcpy(t->bytes + t->length, bytes, length);
    t->length += length;
    t->bytes[t->length] = '\0';
}

/* In two pieces, cut everywhere, and byte by byte: the same comes. */
static void check_text(const char *rules, const char *in, const char *out)
{
    struct trace_rules *r = rules_of(rules);
    size_t length = strlen(in);
    for (size_t cut = 0; cut <= length + 1; cut++) {
        struct trace_http_text *t = trace_http_text_new(r);
        struct text got = {{0}, 0};
        const uint8_t *bytes = (const uint8_t *)in;
        for (size_t i = 0; cut > length && i < length; i++)
            trace_http_text_give(t, bytes + i, 1, collect, &got);
        if (cut <= length) {
            trace_http_text_give(t, bytes, cut, collect, &got);
            trace_http_text_give(t, bytes + cut, length - cut, collect, &got);
        }
        trace_http_text_end(t, collect, &got);
        CHECK_STR(got.bytes, out);
        trace_http_text_free(t);
    }
    trace_rules_free(r);
}

static void lines_are_left_out(void)
{
    check_text("ignore header date",
               "HTTP/1.1 200 OK\r\nDate: today\r\nA: b\r\nContent-Length: 12\r\n\r\nDate: body\r\n",
               "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 12\r\n\r\nDate: body\r\n");
    check_text("ignore header date", /* a second answer behind the first */
               "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 304 No\r\nDate: t\r\n\r\n",
               "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 304 No\r\n\r\n");
    check_text(
        "ignore header date",
        "HTTP/1.1 100 Continue\r\nDate: x\r\n\r\nHTTP/1.0 200 OK\r\nDate: y\r\n\r\nDate: z\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\n\r\nDate: z\r\n");
}

static void requests_too(void)
{
    check_text("ignore header x-id",
               "GET / HTTP/1.1\r\nX-Id: 1\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 2\r\nx-id: "
               "2\r\n\r\nhiGET / HTTP/1.1\r\n\r\n",
               "GET / HTTP/1.1\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 2\r\n\r\nhiGET / "
               "HTTP/1.1\r\n\r\n");
}

static void order_of_lines(void)
{
    check_text("unordered headers", "GET / HTTP/1.1\r\nb: 2\r\na: 1\r\n\r\n",
               "GET / HTTP/1.1\r\n\r\na: 1\r\nb: 2\r\n");
}

static void chunks_are_joined(void)
{
    check_text(
        "ignore header date",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n03;a=b\r\nllo\r\n0\r\n"
        "Date: t\r\nC: d\r\n\r\nHTTP/1.1 204 No\r\nDate: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhelloC: d\r\n\r\nHTTP/1.1 204 "
        "No\r\n\r\n");
}

static void other_bytes_pass(void)
{
    check_text("ignore header date", "\x01\x02\nDate: x\r\n\r\n", "\x01\x02\nDate: x\r\n\r\n");
    check_text("ignore header date", "hello\r\nDate: x\r\n", "hello\r\nDate: x\r\n");
    check_text("ignore header date", "HTTP/1.", "HTTP/1.");
    check_text("ignore header date", "HTTP/1.1 200 OK\r\nDate: x", "HTTP/1.1 200 OK\r\nDate: x");
    check_text("ignore header date",
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nDate: x\r\n",
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nDate: x\r\n");
}

CU_TestInfo trace_stream_tests[] = {
    {"streams are equal, cut differently, or different", verdicts},
    {"no stream is an empty one", none_is_an_empty_one},
    {"bytes that were left out: equal by pieces, or not known", what_was_left_out_is_not_known},
    {"a whole stream compares with one of which bytes were left out",
     whole_and_left_out_compare_by_pieces},
    {"the first byte that differs is found", first_difference},
    {"... or its block, behind what was kept", first_difference_behind_what_was_kept},
    {"header lines that are ignored are left out of a socket's bytes", lines_are_left_out},
    {"... of requests too", requests_too},
    {"... and sorted where their order means nothing", order_of_lines},
    {"chunked bodies are the same whatever their chunks", chunks_are_joined},
    {"what is no HTTP/1 passes as it is", other_bytes_pass},
    CU_TEST_INFO_NULL,
};
