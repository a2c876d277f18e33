/* tests/test_http1_parser.c -- tables of good and bad messages, each cut at every place. */
#include "tests/check.h"
#include "tests/http1_log.h"

struct message {
    const char *what;
    const char *bytes; /* NUL is written as the byte 0x01 in `with_nul` tests only */
    const char *log;
    enum http1_asked asked;
    bool eof;
};

#define OTHER HTTP1_ASKED_OTHER
#define OK    "HTTP/1.1 200 OK\r\n"

static void expect_run(enum http1_role role, const struct message *m, size_t length, size_t first,
                       size_t step)
{
    char *log =
        http1_log_run(role, m->asked, (const uint8_t *)m->bytes, length, first, step, m->eof);
    if (strcmp(log, m->log))
        fprintf(stderr, "%s, first piece %zu, others %zu:\n", m->what, first, step);
    CHECK_STR(log, m->log);
    free(log);
}

/* Whole; in two pieces, cut anywhere; and in pieces of one and of three bytes. */
static void expect(enum http1_role role, const struct message *m)
{
    size_t length = strlen(m->bytes);
    expect_run(role, m, length, length, length);
    for (size_t cut = 0; cut < length; cut++)
        expect_run(role, m, length, cut, length);
    expect_run(role, m, length, 1, 1);
    expect_run(role, m, length, 3, 3);
}

static void expect_all(enum http1_role role, const struct message *messages, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect(role, &messages[i]);
}
#define EXPECT_ALL(role, messages) expect_all(role, messages, sizeof(messages) / sizeof *(messages))

static void good_responses(void)
{
    static const struct message messages[] = {
        {"length", OK "Content-Length: 5\r\nX-A:  b \r\n\r\nhello",
         "200 1.1 [content-length: 5] [x-a: b] length 5\nbody hello\nend keep\n", OTHER, false},
        {"length 0", OK "content-length: 0\r\n\r\n", "200 1.1 [content-length: 0] none\nend keep\n",
         OTHER, false},
        {"no reason phrase", "HTTP/1.1 404\r\ncontent-length: 0\r\n\r\n",
         "404 1.1 [content-length: 0] none\nend keep\n", OTHER, false},
        {"chunked",
         OK "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n1A\r\n"
            "abcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n",
         "200 1.1 [transfer-encoding: chunked] chunked\nbody abcabcdefghijklmnopqrstuvwxyz\n"
         "end keep\n",
         OTHER, false},
        {"trailers",
         OK "Transfer-Encoding: gzip, Chunked\r\nTrailer: X-Sum\r\n\r\n"
            "1\r\na\r\n0\r\nX-Sum: 17\r\nx-sum: 18\r\n\r\n",
         "200 1.1 [transfer-encoding: gzip, Chunked] [trailer: X-Sum] chunked\nbody a\n"
         "trailers [x-sum: 17] [x-sum: 18]\nend keep\n",
         OTHER, false},
        {"chunk extensions are dropped",
         OK "transfer-encoding: chunked\r\n\r\n2;a=b\r\nhi\r\n1;q=\"x y\"\r\n!\r\n0;end\r\n\r\n",
         "200 1.1 [transfer-encoding: chunked] chunked\nbody hi!\nend keep\n", OTHER, false},
        {"until the end of the connection", OK "a: 1\r\n\r\nsome text",
         "200 1.1 [a: 1] to-eof\nbody some text\nend\n", OTHER, true},
        {"until the end, empty", OK "\r\n", "200 1.1 to-eof\nend\n", OTHER, true},
        {"1.0 closes", "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nhi",
         "200 1.0 [content-length: 2] length 2\nbody hi\nend\n", OTHER, false},
        {"1.0 keeps when it says so",
         "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nhi",
         "200 1.0 [connection: Keep-Alive] [content-length: 2] length 2\nbody hi\nend keep\n",
         OTHER, false},
        {"1.1 closes when it says so", OK "connection: x, Close\r\ncontent-length: 0\r\n\r\n",
         "200 1.1 [connection: x, Close] [content-length: 0] none\nend\n", OTHER, false},
        {"same names are grouped",
         OK "Set-Cookie: a=1\r\ncontent-length: 0\r\nset-cookie: b=2\r\nSET-COOKIE:\r\n\r\n",
         "200 1.1 [set-cookie: a=1] [set-cookie: b=2] [set-cookie: ] [content-length: 0] none\n"
         "end keep\n",
         OTHER, false},
        {"bytes from 0x80 on and TAB in values", OK "a: \xc3\xa9\tb\r\ncontent-length: 0\r\n\r\n",
         "200 1.1 [a: \\xc3\\xa9\\x09b] [content-length: 0] none\nend keep\n", OTHER, false},
        {"coding and length: the coding counts, the connection is not used again",
         OK "content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
         "200 1.1 [content-length: 1] [transfer-encoding: chunked] chunked\nbody abc\nend\n", OTHER,
         false},
        {"a coding that does not end in chunked runs to the end",
         OK "transfer-encoding: gzip\r\n\r\nabc",
         "200 1.1 [transfer-encoding: gzip] to-eof\nbody abc\nend\n", OTHER, true},
        {"a status without a name", "HTTP/1.1 999 What\r\ncontent-length: 0\r\n\r\n",
         "999 1.1 [content-length: 0] none\nend keep\n", OTHER, false},
        {"bytes behind the end are not consumed", OK "content-length: 1\r\n\r\naHTTP/1.1 200",
         "200 1.1 [content-length: 1] length 1\nbody a\nend keep\nleft 12 surplus\n", OTHER, false},
    };
    EXPECT_ALL(HTTP1_RESPONSES, messages);
}

/* What the original takes from an application, llhttp or RFC 9112 does not. */
static void responses_may_be_a_little_wrong(void)
{
    static const struct message messages[] = {
        {"bare LF behind the first line", "HTTP/1.1 200 OK\na: b\r\ncontent-length: 0\r\n\r\n",
         "200 1.1 [a: b] [content-length: 0] none\nend keep\n", OTHER, false},
        {"bare LF behind a value", OK "a: b\ncontent-length: 1\r\n\r\nx",
         "200 1.1 [a: b] [content-length: 1] length 1\nbody x\nend keep\n", OTHER, false},
        {"bare LF ends the head", OK "content-length: 1\r\n\nx",
         "200 1.1 [content-length: 1] length 1\nbody x\nend keep\n", OTHER, false},
        {"nothing but bare LF, interim answers too",
         "HTTP/1.1 100 Continue\n\nHTTP/1.1 200\nTransfer-Encoding: chunked\na:\n\n1\r\nx\r\n"
         "0\r\n\r\n",
         "200 1.1 [transfer-encoding: chunked] [a: ] chunked\nbody x\nend keep\n", OTHER, false},
        {"two equal lengths", OK "content-length: 5\r\nx: y\r\nContent-Length:  5 \r\n\r\nhello",
         "200 1.1 [content-length: 5] [x: y] length 5\nbody hello\nend keep\n", OTHER, false},
        {"a list of equal lengths, and another",
         OK "content-length: 5, 5\r\ncontent-length: 05\r\n"
            "\r\nhello",
         "200 1.1 [content-length: 5] length 5\nbody hello\nend keep\n", OTHER, false},
        {"two equal lengths, bare LF", OK "content-length: 1\ncontent-length: 1\n\nx",
         "200 1.1 [content-length: 1] length 1\nbody x\nend keep\n", OTHER, false},
        {"two equal lengths beside a coding",
         OK "content-length: 5\r\ncontent-length: 5\r\ntransfer-encoding: chunked\t\r\n\r\n"
            "1\r\nx\r\n0\r\n\r\n",
         "200 1.1 [content-length: 5] [transfer-encoding: chunked] chunked\nbody x\nend\n", OTHER,
         false},
        {"two equal lengths, asked with HEAD", OK "content-length: 5\r\ncontent-length: 5\r\n\r\n",
         "200 1.1 [content-length: 5] none\nend keep\n", HTTP1_ASKED_HEAD, false},
        {"llhttp: chunked and a TAB is another coding to it",
         OK "transfer-encoding: chunked\t\r\n\r\n1\r\nx\r\n0\r\n\r\n",
         "200 1.1 [transfer-encoding: chunked] chunked\nbody x\nend keep\n", OTHER, false},
        {"a list of codings that ends in blanks",
         OK "a: b\t \r\ntransfer-encoding: gzip, chunked \t \r\n\r\n1\r\nx\r\n0\r\n\r\n",
         "200 1.1 [a: b] [transfer-encoding: gzip, chunked] chunked\nbody x\nend keep\n", OTHER,
         false},
    };
    EXPECT_ALL(HTTP1_RESPONSES, messages);
}

static void responses_without_body(void)
{
    static const struct message messages[] = {
        {"llhttp: 304 with a length waits for a body",
         "HTTP/1.1 304 Not Modified\r\ncontent-length: 10\r\n\r\nHTTP/1.1",
         "304 1.1 [content-length: 10] none\nend keep\nleft 8 surplus\n", OTHER, false},
        {"llhttp: 204 with chunked waits for a body",
         "HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n",
         "204 1.1 [transfer-encoding: chunked] none\nend keep\n", OTHER, false},
        {"204 with a length", "HTTP/1.1 204 No Content\r\ncontent-length: 3\r\n\r\n",
         "204 1.1 [content-length: 3] none\nend keep\n", OTHER, false},
        {"204 with nothing", "HTTP/1.1 204 No Content\r\n\r\n", "204 1.1 none\nend keep\n", OTHER,
         false},
        {"HEAD with a length", OK "content-length: 10\r\n\r\n",
         "200 1.1 [content-length: 10] none\nend keep\n", HTTP1_ASKED_HEAD, false},
        {"HEAD with chunked", OK "transfer-encoding: chunked\r\n\r\n",
         "200 1.1 [transfer-encoding: chunked] none\nend keep\n", HTTP1_ASKED_HEAD, false},
        {"HEAD with neither", OK "\r\n", "200 1.1 none\nend keep\n", HTTP1_ASKED_HEAD, false},
        {"CONNECT that was refused has a body", "HTTP/1.1 403 No\r\ncontent-length: 2\r\n\r\nno",
         "403 1.1 [content-length: 2] length 2\nbody no\nend keep\n", HTTP1_ASKED_CONNECT, false},
        {"CONNECT that was granted leaves HTTP", OK "content-length: 2\r\n\r\nraw",
         "200 1.1 [content-length: 2] none\nend keep upgrade\nleft 3\n", HTTP1_ASKED_CONNECT,
         false},
    };
    EXPECT_ALL(HTTP1_RESPONSES, messages);
}

static void interim_responses(void)
{
    static const struct message messages[] = {
        {"100 and 103 are swallowed",
         "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n"
         "content-length: 7\r\n\r\n" OK "content-length: 1\r\n\r\nx",
         "200 1.1 [content-length: 1] length 1\nbody x\nend keep\n", OTHER, false},
        {"101 leaves HTTP, what follows is not consumed",
         "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "
         "x\r\n\r\n\x81\x05hello",
         "101 1.1 [connection: Upgrade] [upgrade: x] none\nend keep upgrade\nleft 7\n", OTHER,
         false},
        {"llhttp: 101 without Upgrade goes on parsing",
         "HTTP/1.1 101 Switching Protocols\r\n\r\nraw bytes",
         "101 1.1 none\nend keep upgrade\nleft 9\n", OTHER, false},
        {"101 behind a 100", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 x\r\n\r\nraw",
         "101 1.1 none\nend keep upgrade\nleft 3\n", OTHER, false},
        {"the end behind a 100", "HTTP/1.1 100 Continue\r\n\r\n",
         "error: response ended within its head\n", OTHER, true},
    };
    EXPECT_ALL(HTTP1_RESPONSES, messages);
}

#define CHUNKED     OK "transfer-encoding: chunked\r\n\r\n"
#define CHUNKED_LOG "200 1.1 [transfer-encoding: chunked] chunked\n"

/* RFC 9112 section 7.1.1: extensions that are not known MUST be ignored; llhttp refuses some. */
static void chunk_headers_are_read_as_they_may_be(void)
{
    static const struct message messages[] = {
        {"llhttp: an extension behind one with a value is refused",
         CHUNKED "5;a=b;c=d\r\nhello\r\n0;e=f;g\r\n\r\n", CHUNKED_LOG "body hello\nend keep\n",
         OTHER, false},
        {"llhttp: blanks around an extension are refused",
         CHUNKED "5; a=b\r\nhello\r\n1 ;\ta = b ; c\r\n!\r\n0 ; d\r\n\r\n",
         CHUNKED_LOG "body hello!\nend keep\n", OTHER, false},
        {"llhttp: a padded size is refused",
         CHUNKED "5 \r\nhello\r\n1\t  \r\n!\r\n0  \r\nT: x\r\n\r\n",
         CHUNKED_LOG "body hello!\ntrailers [t: x]\nend keep\n", OTHER, false},
        {"quoted values, and bytes above 0x7f in them",
         CHUNKED "5;a=\"b;c\\\" \xc3\xa9\";d\r\nhello\r\n0;;\r\n\r\n",
         CHUNKED_LOG "body hello\nend keep\n", OTHER, false},
        {"zeros in front, and letters in either case",
         CHUNKED "00000000000000000000a\r\n0123456789\r\n0B\r\n0123456789X\r\n00\r\n\r\n",
         CHUNKED_LOG "body 01234567890123456789X\nend keep\n", OTHER, false},
        {"the largest size", CHUNKED "ffffffffffffffff\r\nhello",
         CHUNKED_LOG "body hello\nerror: response ended within its body\n", OTHER, true},
    };
    EXPECT_ALL(HTTP1_RESPONSES, messages);
}

static void interim_responses_are_bounded(void)
{
    static const char one[] = "HTTP/1.1 102 Processing\r\n\r\n";
    static const char last[] = OK "content-length: 0\r\n\r\n";
    char bytes[70 * sizeof one + sizeof last];
    for (int count = HTTP1_INTERIM_MAX; count <= HTTP1_INTERIM_MAX + 1; count++) {
        bytes[0] = 0;
        for (int i = 0; i < count; i++)
            strcat(bytes, one);
        strcat(bytes, last);
        char *log =
            http1_log_run(HTTP1_RESPONSES, OTHER, (uint8_t *)bytes, strlen(bytes), 7, 7, false);
        CHECK_STR(log,
                  count == HTTP1_INTERIM_MAX
                      ? "200 1.1 [content-length: 0] none\nend keep\n"
                      : "error: malformed response head: more than 64 interim (1xx) responses\n");
        free(log);
    }
}

#define HEAD_ERROR(words) "error: malformed response head: " words "\n"
#define BODY_ERROR(words) "error: malformed response body: " words "\n"

static void bad_response_heads(void)
{
    static const struct message messages[] = {
        {"llhttp: status 99 passes", "HTTP/1.1 099 Low\r\n\r\n",
         HEAD_ERROR("the status is no number from 100 to 999"), OTHER, false},
        {"two digits", "HTTP/1.1 20 OK\r\n\r\n",
         HEAD_ERROR("the status is no number from 100 to 999"), OTHER, false},
        {"llhttp: four digits with a leading zero pass", "HTTP/1.1 0200 OK\r\n\r\n",
         HEAD_ERROR("the status is no number from 100 to 999"), OTHER, false},
        {"four digits", "HTTP/1.1 2000 OK\r\n\r\n",
         HEAD_ERROR("the status is no number from 100 to 999"), OTHER, false},
        {"llhttp: no digits pass", "HTTP/1.1  OK\r\n\r\n",
         HEAD_ERROR("the status is no number from 100 to 999"), OTHER, false},
        {"no status", "HTTP/1.1\r\n\r\n",
         HEAD_ERROR("the first line has not the three parts it must have"), OTHER, false},
        {"version 1.2", "HTTP/1.2 200 OK\r\n\r\n",
         HEAD_ERROR("the version is neither HTTP/1.0 nor HTTP/1.1"), OTHER, false},
        {"version 1.10", "HTTP/1.10 200 OK\r\n\r\n",
         HEAD_ERROR("the version is neither HTTP/1.0 nor HTTP/1.1"), OTHER, false},
        {"llhttp: HTTP/2.0 passes", "HTTP/2.0 200 OK\r\n\r\n",
         HEAD_ERROR("it does not begin as HTTP/1 does"), OTHER, false},
        {"llhttp: HTTP/0.9 passes", "HTTP/0.9 200 OK\r\n\r\n",
         HEAD_ERROR("it does not begin as HTTP/1 does"), OTHER, false},
        {"something else", "SSH-2.0-OpenSSH\r\n", HEAD_ERROR("it does not begin as HTTP/1 does"),
         OTHER, false},
        {"something else, at its first byte", "\x15",
         HEAD_ERROR("it does not begin as HTTP/1 does"), OTHER, false},
        {"llhttp: empty lines in front pass", "\r\n" OK "\r\n",
         HEAD_ERROR("it does not begin as HTTP/1 does"), OTHER, false},
        {"llhttp: A : x passes", OK "A : x\r\n\r\n",
         HEAD_ERROR("a header name that is empty or no token"), OTHER, false},
        {"llhttp: an empty name passes", OK ": x\r\n\r\n",
         HEAD_ERROR("a header name that is empty or no token"), OTHER, false},
        {"a name that is no token", OK "a(b: x\r\n\r\n",
         HEAD_ERROR("a header name that is empty or no token"), OTHER, false},
        {"a name above 0x7f", OK "\xc3\xa9: x\r\n\r\n",
         HEAD_ERROR("a header name that is empty or no token"), OTHER, false},
        {"a line without a colon", OK "abc\r\n\r\n",
         HEAD_ERROR("a header name that is empty or no token"), OTHER, false},
        {"llhttp: obs-fold passes", OK "a: b\r\n c\r\n\r\n",
         HEAD_ERROR("a line that begins with a blank (obsolete folding)"), OTHER, false},
        {"llhttp: obs-fold with TAB behind an empty value", OK "a:\r\n\tc\r\n\r\n",
         HEAD_ERROR("a line that begins with a blank (obsolete folding)"), OTHER, false},
        {"a blank behind the first line", OK " a: b\r\n\r\n",
         HEAD_ERROR("a line that begins with a blank (obsolete folding)"), OTHER, false},
        {"llhttp: CR in the reason phrase", "HTTP/1.1 200 O\rK\r\n\r\n",
         HEAD_ERROR("bare CR in a line"), OTHER, false},
        {"bare CR in a value", OK "a: b\rc\r\n\r\n", HEAD_ERROR("bare CR in a line"), OTHER, false},
        {"bare CR in a name", OK "a\rb: c\r\n\r\n", HEAD_ERROR("bare CR in a line"), OTHER, false},
        {"CR CR LF", OK "a: b\r\r\n\r\n", HEAD_ERROR("bare CR in a line"), OTHER, false},
        {"a control byte in a value", OK "a: b\x01\r\n\r\n", HEAD_ERROR("control byte in a line"),
         OTHER, false},
        {"DEL in a value", OK "a: b\x7f\r\n\r\n", HEAD_ERROR("control byte in a line"), OTHER,
         false},
        {"llhttp: a control byte in the reason phrase", "HTTP/1.1 200 \x02\r\n\r\n",
         HEAD_ERROR("control byte in a line"), OTHER, false},
        {"a length with a sign", OK "content-length: +5\r\n\r\n",
         HEAD_ERROR("Content-Length is not one plain number"), OTHER, false},
        {"an empty length", OK "content-length:\r\n\r\n",
         HEAD_ERROR("Content-Length is not one plain number"), OTHER, false},
        {"a length beyond 64 bits", OK "content-length: 18446744073709551616\r\n\r\n",
         HEAD_ERROR("Content-Length is not one plain number"), OTHER, false},
        {"two lengths", OK "content-length: 5\r\ncontent-length: 6\r\n\r\n",
         HEAD_ERROR("Content-Length beside Transfer-Encoding, or twice"), OTHER, false},
        {"two lengths, apart", OK "content-length: 5\r\na: b\t\r\nContent-Length: 6\r\n\r\n",
         HEAD_ERROR("Content-Length beside Transfer-Encoding, or twice"), OTHER, false},
        {"two lengths in a line", OK "content-length: 5, 6\r\n\r\n",
         HEAD_ERROR("Content-Length is not one plain number"), OTHER, false},
        {"two equal lengths that are none", OK "content-length: x\r\ncontent-length: x\r\n\r\n",
         HEAD_ERROR("Content-Length is not one plain number"), OTHER, false},
        {"a length, then one that is none", OK "content-length: 5\r\ncontent-length:\r\n\r\n",
         HEAD_ERROR("Content-Length is not one plain number"), OTHER, false},
        {"bare CR in front of bare LF", OK "a: b\rc\nd: e\n\n", HEAD_ERROR("bare CR in a line"),
         OTHER, false},
        {"obs-fold behind bare LF", OK "a: b\n c\n\n",
         HEAD_ERROR("a line that begins with a blank (obsolete folding)"), OTHER, false},
        {"DEL-23: a coding in 1.0", "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
         HEAD_ERROR("Transfer-Encoding in an HTTP/1.0 message"), OTHER, false},
        {"llhttp: an empty coding is none to it", OK "transfer-encoding:\r\n\r\n",
         HEAD_ERROR("Transfer-Encoding that leaves the end of the body open"), OTHER, false},
    };
    EXPECT_ALL(HTTP1_RESPONSES, messages);
}

static void bad_response_bodies(void)
{
    static const struct message messages[] = {
        {"no number", CHUNKED "x\r\n",
         CHUNKED_LOG BODY_ERROR("a chunk size that is no hexadecimal number"), OTHER, false},
        {"no size", CHUNKED "\r\n",
         CHUNKED_LOG BODY_ERROR("a chunk size that is no hexadecimal number"), OTHER, false},
        {"a size beyond 64 bits", CHUNKED "10000000000000000\r\n",
         CHUNKED_LOG BODY_ERROR("a chunk size that is no hexadecimal number"), OTHER, false},
        {"a blank in front of the size", CHUNKED " 1\r\na\r\n0\r\n\r\n",
         CHUNKED_LOG BODY_ERROR("a chunk size that is no hexadecimal number"), OTHER, false},
        {"two sizes", CHUNKED "1 1\r\na\r\n0\r\n\r\n",
         CHUNKED_LOG BODY_ERROR("a chunk size that is no hexadecimal number"), OTHER, false},
        {"a plus sign", CHUNKED "+1\r\na\r\n0\r\n\r\n",
         CHUNKED_LOG BODY_ERROR("a chunk size that is no hexadecimal number"), OTHER, false},
        {"a minus sign", CHUNKED "-1\r\na\r\n0\r\n\r\n",
         CHUNKED_LOG BODY_ERROR("a chunk size that is no hexadecimal number"), OTHER, false},
        {"0x", CHUNKED "0x1\r\na\r\n0\r\n\r\n",
         CHUNKED_LOG BODY_ERROR("a chunk size that is no hexadecimal number"), OTHER, false},
        {"an underscore", CHUNKED "1_0\r\na\r\n0\r\n\r\n",
         CHUNKED_LOG BODY_ERROR("a chunk size that is no hexadecimal number"), OTHER, false},
        {"bare LF behind a size", CHUNKED "1\na\r\n0\r\n\r\n",
         CHUNKED_LOG BODY_ERROR("no CR LF behind a chunk or its size"), OTHER, false},
        {"bare LF behind an extension", CHUNKED "1;a\na\r\n0\r\n\r\n",
         CHUNKED_LOG BODY_ERROR("no CR LF behind a chunk or its size"), OTHER, false},
        {"bare CR in an extension", CHUNKED "1;a\rb\r\na\r\n0\r\n\r\n",
         CHUNKED_LOG BODY_ERROR("no CR LF behind a chunk or its size"), OTHER, false},
        {"a control byte in an extension", CHUNKED "1;a\x01\r\na\r\n0\r\n\r\n",
         CHUNKED_LOG BODY_ERROR("a malformed chunk extension"), OTHER, false},
        {"DEL in an extension", CHUNKED "1;a\x7f\r\na\r\n0\r\n\r\n",
         CHUNKED_LOG BODY_ERROR("a malformed chunk extension"), OTHER, false},
        {"bare LF behind a chunk", CHUNKED "1\r\na\n0\r\n\r\n",
         CHUNKED_LOG "body a\n" BODY_ERROR("no CR LF behind a chunk or its size"), OTHER, false},
        {"llhttp loose: anything for the LF behind a size", CHUNKED "1\rXa\r\n0\r\n\r\n",
         CHUNKED_LOG BODY_ERROR("no CR LF behind a chunk or its size"), OTHER, false},
        {"llhttp loose: anything for the CR LF behind a chunk", CHUNKED "1\r\naXX0\r\n\r\n",
         CHUNKED_LOG "body a\n" BODY_ERROR("no CR LF behind a chunk or its size"), OTHER, false},
        {"llhttp: obs-fold in trailers", CHUNKED "0\r\na: b\r\n c\r\n\r\n",
         CHUNKED_LOG
         "error: malformed response trailers: no header lines, or beyond the limits of a head\n",
         OTHER, false},
        {"bare LF behind trailers", CHUNKED "0\r\na: b\r\n\n",
         CHUNKED_LOG
         "error: malformed response trailers: no header lines, or beyond the limits of a head\n",
         OTHER, false},
        {"a trailer that is no token", CHUNKED "0\r\na b: c\r\n\r\n",
         CHUNKED_LOG
         "error: malformed response trailers: no header lines, or beyond the limits of a head\n",
         OTHER, false},
        {"ended within the head", "HTTP/1.1 200 OK\r\na", "error: response ended within its head\n",
         OTHER, true},
        {"ended within a length", OK "content-length: 5\r\n\r\nab",
         "200 1.1 [content-length: 5] length 5\nbody ab\nerror: response ended within its body\n",
         OTHER, true},
        {"ended before a length", OK "content-length: 5\r\n\r\n",
         "200 1.1 [content-length: 5] length 5\nerror: response ended within its body\n", OTHER,
         true},
        {"ended within a chunk", CHUNKED "5\r\nab",
         CHUNKED_LOG "body ab\nerror: response ended within its body\n", OTHER, true},
        {"ended behind a chunk", CHUNKED "2\r\nab\r\n",
         CHUNKED_LOG "body ab\nerror: response ended within its body\n", OTHER, true},
        {"ended within the trailers", CHUNKED "0\r\n",
         CHUNKED_LOG "error: response ended within its trailers\n", OTHER, true},
        {"ended before anything", "", "error: closed before a byte of the response\n", OTHER, true},
    };
    EXPECT_ALL(HTTP1_RESPONSES, messages);
}

/* strlen() would end the table's messages here. */
static void nul_is_refused(void)
{
    static const char *const heads[] = {"HTTP/1.1 200 O@K\r\n\r\n", OK "a: b@c\r\n\r\n",
                                        OK "a@: b\r\n\r\n"};
    for (size_t i = 0; i < 3; i++) {
        char bytes[64];
        size_t length = strlen(heads[i]);
        memcpy(bytes, heads[i], length);
        *(char *)memchr(bytes, '@', length) = 0;
        char *log = http1_log_run(HTTP1_RESPONSES, OTHER, (uint8_t *)bytes, length, 1, 2, false);
        CHECK_STR(log, HEAD_ERROR("NUL in a line"));
        free(log);
    }
}

/* Every byte as a whole header value, and as a whole name, against the rules of the protocol. */
static void values_and_names_follow_the_protocol(void)
{
    for (unsigned c = 1; c < 256; c++) {
        char bytes[64];
        int length = snprintf(bytes, sizeof bytes, OK "content-length: 0\r\na: x%cy\r\n\r\n", c);
        char *log =
            http1_log_run(HTTP1_RESPONSES, OTHER, (uint8_t *)bytes, (size_t)length, 64, 64, false);
        CHECK_UINT(!strncmp(log, "200", 3), c == '\t' || (c >= 0x20 && c != 0x7f));
        free(log);
        length = snprintf(bytes, sizeof bytes, OK "content-length: 0\r\nb%c: y\r\n\r\n", c);
        log =
            http1_log_run(HTTP1_RESPONSES, OTHER, (uint8_t *)bytes, (size_t)length, 64, 64, false);
        CHECK_UINT(!strncmp(log, "200", 3), http_is_token_byte((uint8_t)c) || c == ':');
        free(log);
    }
}

static char *lines_of(size_t count, size_t value_bytes, const char *first, size_t *length)
{
    char *bytes = malloc(strlen(first) + count * (value_bytes + 16) + 32);
    size_t n = (size_t)sprintf(bytes, "%s", first);
    for (size_t i = 0; i < count; i++) {
        n += (size_t)sprintf(bytes + n, "x-%zu: ", i);
        memset(bytes + n, 'v', value_bytes);
        n += value_bytes;
        n += (size_t)sprintf(bytes + n, "\r\n");
    }
    n += (size_t)sprintf(bytes + n, "content-length: 0\r\n\r\n");
    *length = n;
    return bytes;
}

static void expect_limit(size_t count, size_t value_bytes, const char *words)
{
    size_t length;
    char *bytes = lines_of(count, value_bytes, OK, &length);
    static const size_t steps[] = {1, 1000, 200000};
    for (int i = 0; i < 3; i++) {
        char *log = http1_log_run(HTTP1_RESPONSES, OTHER, (uint8_t *)bytes, length, steps[i],
                                  steps[i], false);
        if (words)
            CHECK_STR(log, words);
        else
            CHECK(strstr(log, "end keep") != NULL);
        free(log);
    }
    free(bytes);
}

static void heads_are_bounded(void)
{
    expect_limit(127, 10, NULL);
    expect_limit(128, 10, HEAD_ERROR("more than 128 header lines"));
    expect_limit(1, 128 * 1024 - 17 - 7 - 21, NULL);
    expect_limit(1, 128 * 1024 - 17 - 7 - 20, HEAD_ERROR("longer than 128 KiB"));
    expect_limit(126, 1030, NULL);
    expect_limit(2, 128 * 1024, HEAD_ERROR("longer than 128 KiB"));
}

/* A peer that never ends its line, or its head, is not waited for. */
static void limits_count_before_the_head_is_whole(void)
{
    static uint8_t bytes[HTTP_HEAD_BYTES_MAX + 1];
    size_t n = (size_t)sprintf((char *)bytes, OK "a: ");
    memset(bytes + n, 'v', sizeof bytes - n);
    for (size_t more = 0; more < 2; more++) {
        char *log = http1_log_run(HTTP1_RESPONSES, OTHER, bytes, HTTP_HEAD_BYTES_MAX + more, 9,
                                  5000, false);
        CHECK_STR(log, more ? HEAD_ERROR("longer than 128 KiB") : "");
        free(log);
    }
    n = (size_t)sprintf((char *)bytes, OK);
    for (int i = 0; i < HTTP_FIELDS_MAX; i++)
        n += (size_t)sprintf((char *)bytes + n, "a: b\r\n");
    char *log = http1_log_run(HTTP1_RESPONSES, OTHER, bytes, n, 9, 50, false);
    CHECK_STR(log, "");
    free(log);
    n += (size_t)sprintf((char *)bytes + n, "a: b\r\n");
    log = http1_log_run(HTTP1_RESPONSES, OTHER, bytes, n, 9, 50, false);
    CHECK_STR(log, HEAD_ERROR("more than 128 header lines"));
    free(log);
}

/* A line that ends in LF alone counts as if its CR were there, wherever it is cut. */
static void bare_lf_counts_as_two(void)
{
    static uint8_t bytes[HTTP_HEAD_BYTES_MAX + 64];
    static const size_t steps[] = {1, 1000, 2 * HTTP_HEAD_BYTES_MAX};
    for (size_t i = 0; i < 6; i++) {
        size_t n = (size_t)sprintf((char *)bytes, "HTTP/1.1 304 x\na: ");
        size_t fill = HTTP_HEAD_BYTES_MAX - n - strlen("\n\n") - 3 + i % 2; /* 3 that are missing */
        memset(bytes + n, 'v', fill);
        n += fill;
        n += (size_t)sprintf((char *)bytes + n, "\n\n");
        char *log =
            http1_log_run(HTTP1_RESPONSES, OTHER, bytes, n, steps[i / 2], steps[i / 2], false);
        if (i % 2)
            CHECK_STR(log, HEAD_ERROR("longer than 128 KiB"));
        else
            CHECK(strstr(log, "end keep") != NULL);
        free(log);
    }
}

static void chunk_overhead_is_bounded(void)
{
    static char bytes[HTTP1_CHUNK_OVERHEAD_BYTES_MAX * 2];
    for (size_t extension = 16000; extension < 17000; extension += 900) {
        size_t n = (size_t)sprintf(bytes, CHUNKED "1\r\na\r\n1;");
        memset(bytes + n, 'x', extension);
        n += extension;
        n += (size_t)sprintf(bytes + n, "\r\nb\r\n0\r\n\r\n");
        for (size_t step = 1; step < 2 * sizeof bytes; step *= 300) {
            char *log =
                http1_log_run(HTTP1_RESPONSES, OTHER, (uint8_t *)bytes, n, step, step, false);
            CHECK_STR(log,
                      extension == 16000 ? CHUNKED_LOG "body ab\nend keep\n"
                                         : CHUNKED_LOG
                          "body a\n" BODY_ERROR("more than 16 KiB of chunk header without data"));
            free(log);
        }
    }
}

static void good_requests(void)
{
    static const struct message messages[] = {
        {"GET", "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n",
         "GET /a?b=c 1.1 [host: x] none\nend keep\n", OTHER, false},
        {"pipelined",
         "POST /1 HTTP/1.1\r\ncontent-length: 2\r\n\r\nhiGET /2 HTTP/1.1\r\n\r\n"
         "PUT /3 HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1;x=y\r\na\r\n0\r\nT: 1\r\n\r\n",
         "POST /1 1.1 [content-length: 2] length 2\nbody hi\nend keep\nGET /2 1.1 none\nend keep\n"
         "PUT /3 1.1 [transfer-encoding: chunked] chunked\nbody a\ntrailers [t: 1]\nend keep\n",
         OTHER, true},
        {"1.0", "GET / HTTP/1.0\r\n\r\n", "GET / 1.0 none\nend\n", OTHER, true},
        {"1.0 that would stay", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
         "GET / 1.0 [connection: keep-alive] none\nend keep\n", OTHER, false},
        {"close", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
         "GET / 1.1 [connection: close] none\nend\n", OTHER, false},
        {"llhttp: methods that are not on its list are refused",
         "FROBNICATE /x HTTP/1.1\r\ncontent-length: 1\r\n\r\nx",
         "FROBNICATE /x 1.1 [content-length: 1] length 1\nbody x\nend keep\n", OTHER, false},
        {"methods are case-sensitive", "get / HTTP/1.1\r\n\r\n", "get / 1.1 none\nend keep\n",
         OTHER, false},
        {"absolute form", "GET http://h:80/x HTTP/1.1\r\n\r\n",
         "GET http://h:80/x 1.1 none\nend keep\n", OTHER, false},
        {"asterisk form", "OPTIONS * HTTP/1.1\r\n\r\n", "OPTIONS * 1.1 none\nend keep\n", OTHER,
         false},
        {"CONNECT", "CONNECT h:443 HTTP/1.1\r\n\r\n", "CONNECT h:443 1.1 none\nend keep upgrade\n",
         OTHER, false},
        {"upgrade",
         "GET /ws HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n",
         "GET /ws 1.1 [connection: keep-alive, Upgrade] [upgrade: websocket] none\n"
         "end keep upgrade\n",
         OTHER, false},
        {"upgrade with a body",
         "POST /h HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\ncontent-length: 1\r\n\r\nx",
         "POST /h 1.1 [connection: Upgrade] [upgrade: h2c] [content-length: 1] length 1\nbody x\n"
         "end keep upgrade\n",
         OTHER, false},
        {"Upgrade that Connection does not name", "GET / HTTP/1.1\r\nUpgrade: x\r\n\r\n",
         "GET / 1.1 [upgrade: x] none\nend keep\n", OTHER, false},
        {"empty lines in front", "\r\n\r\nGET / HTTP/1.1\r\n\r\n\r\nGET /2 HTTP/1.1\r\n\r\n\r\n",
         "GET / 1.1 none\nend keep\nGET /2 1.1 none\nend keep\n", OTHER, true},
    };
    EXPECT_ALL(HTTP1_REQUESTS, messages);
}

#define REQUEST_ERROR(words) "error: malformed request head: " words "\n"

static void bad_requests(void)
{
    static const struct message messages[] = {
        {"a method that is no token", "G(T / HTTP/1.1\r\n\r\n",
         REQUEST_ERROR("it does not begin as HTTP/1 does"), OTHER, false},
        {"a method without end", "GGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGG",
         REQUEST_ERROR("it does not begin as HTTP/1 does"), OTHER, false},
        {"TLS", "\x16\x03\x01", REQUEST_ERROR("it does not begin as HTTP/1 does"), OTHER, false},
        {"empty lines without end", "\r\n\r\n\r\n\r\n\r\n",
         REQUEST_ERROR("more than 4 empty lines in front of it"), OTHER, false},
        {"bare LF in front", "\nGET / HTTP/1.1\r\n\r\n",
         REQUEST_ERROR("a line that ends in LF without CR"), OTHER, false},
        {"llhttp: HTTP/0.9", "GET /\r\n\r\n",
         REQUEST_ERROR("the first line has not the three parts it must have"), OTHER, false},
        {"llhttp: HTTP/0.9 written out", "GET / HTTP/0.9\r\n\r\n",
         REQUEST_ERROR("the version is neither HTTP/1.0 nor HTTP/1.1"), OTHER, false},
        {"llhttp: HTTP/2.0", "GET / HTTP/2.0\r\n\r\n",
         REQUEST_ERROR("the version is neither HTTP/1.0 nor HTTP/1.1"), OTHER, false},
        {"llhttp: RTSP", "OPTIONS / RTSP/1.0\r\n\r\n",
         REQUEST_ERROR("the version is neither HTTP/1.0 nor HTTP/1.1"), OTHER, false},
        {"the HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
         REQUEST_ERROR("the version is neither HTTP/1.0 nor HTTP/1.1"), OTHER, false},
        {"llhttp: several blanks", "GET  / HTTP/1.1\r\n\r\n",
         REQUEST_ERROR("the request target is no URI that can be passed on"), OTHER, false},
        {"a blank at the end", "GET / HTTP/1.1 \r\n\r\n",
         REQUEST_ERROR("the version is neither HTTP/1.0 nor HTTP/1.1"), OTHER, false},
        {"no target", "GET  HTTP/1.1\r\n\r\n",
         REQUEST_ERROR("the request target is no URI that can be passed on"), OTHER, false},
        {"llhttp: a fragment", "GET /a#b HTTP/1.1\r\n\r\n",
         REQUEST_ERROR("the request target is no URI that can be passed on"), OTHER, false},
        {"no URI", "GET ?q HTTP/1.1\r\n\r\n",
         REQUEST_ERROR("the request target is no URI that can be passed on"), OTHER, false},
        {"a target above 0x7f", "GET /\xc3\xa9 HTTP/1.1\r\n\r\n",
         REQUEST_ERROR("the request target is no URI that can be passed on"), OTHER, false},
        {"length and coding",
         "POST / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
         REQUEST_ERROR("Content-Length beside Transfer-Encoding, or twice"), OTHER, false},
        {"two equal lengths", "POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\n",
         REQUEST_ERROR("Content-Length beside Transfer-Encoding, or twice"), OTHER, false},
        {"a list of equal lengths", "POST / HTTP/1.1\r\ncontent-length: 1, 1\r\n\r\n",
         REQUEST_ERROR("Content-Length is not one plain number"), OTHER, false},
        {"chunked and a TAB", "POST / HTTP/1.1\r\ntransfer-encoding: chunked\t\r\n\r\n",
         REQUEST_ERROR("Transfer-Encoding that leaves the end of the body open"), OTHER, false},
        {"bare LF behind the first line", "GET / HTTP/1.1\na: b\r\n\r\n",
         REQUEST_ERROR("a line that ends in LF without CR"), OTHER, false},
        {"bare LF behind a value", "GET / HTTP/1.1\r\na: b\nc: d\r\n\r\n",
         REQUEST_ERROR("a line that ends in LF without CR"), OTHER, false},
        {"bare LF ends the head", "GET / HTTP/1.1\r\n\n",
         REQUEST_ERROR("a line that ends in LF without CR"), OTHER, false},
        {"a coding that does not end in chunked",
         "POST / HTTP/1.1\r\ntransfer-encoding: chunked, gzip\r\n\r\n",
         REQUEST_ERROR("Transfer-Encoding that leaves the end of the body open"), OTHER, false},
        {"a coding in 1.0", "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n",
         REQUEST_ERROR("Transfer-Encoding in an HTTP/1.0 message"), OTHER, false},
        {"A : x", "GET / HTTP/1.1\r\nA : x\r\n\r\n",
         REQUEST_ERROR("a header name that is empty or no token"), OTHER, false},
        {"obs-fold", "GET / HTTP/1.1\r\na: b\r\n c\r\n\r\n",
         REQUEST_ERROR("a line that begins with a blank (obsolete folding)"), OTHER, false},
        {"ended within the head", "GET / HTT", "error: request ended within its head\n", OTHER,
         true},
        {"ended within the body", "POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\na",
         "POST / 1.1 [content-length: 2] length 2\nbody a\nerror: request ended within its body\n",
         OTHER, true},
    };
    EXPECT_ALL(HTTP1_REQUESTS, messages);
}

static enum http1_event feed(struct http1_parser *p, struct http_head_builder *fields,
                             const char *bytes, size_t *consumed)
{
    return http1_parser_next(p, fields, (const uint8_t *)bytes, strlen(bytes), consumed);
}

static void surplus_is_told(void)
{
    static const char answer[] = OK "content-length: 1\r\n\r\na";
    struct http_head_builder fields;
    struct http1_parser p;
    size_t used, at = 0;
    http1_parser_create(&p, HTTP1_RESPONSES);
    for (int extra = 0; extra < 2; extra++) {
        char bytes[128];
        snprintf(bytes, sizeof bytes, "%s%s", answer, extra ? "x" : "");
        http1_parser_begin(&p, OTHER);
        CHECK(!p.began);
        CHECK_UINT(feed(&p, &fields, bytes, &at), HTTP1_HEAD);
        CHECK(p.began);
        CHECK_UINT(feed(&p, &fields, bytes + at, &used), HTTP1_BODY);
        at += used;
        CHECK_UINT(feed(&p, &fields, bytes + at, &used), HTTP1_END);
        CHECK_UINT(p.surplus, extra);
    }
    CHECK_UINT(http1_parser_eof(&p), HTTP1_MORE);
    CHECK_UINT(feed(&p, &fields, "", &used), HTTP1_MORE);
    CHECK_UINT(feed(&p, &fields, "x", &used), HTTP1_ERROR);
    CHECK(p.surplus);
    CHECK_STR(p.error, "bytes from the application that belong to no request");
    http1_parser_destroy(&p);
}

/* The end of a body is an event of the same input as its last byte (RSP-9): no more bytes needed. */
static void the_end_needs_no_more_bytes(void)
{
    static const char *const answers[] = {OK "content-length: 1\r\n\r\na",
                                          CHUNKED "1\r\na\r\n0\r\n\r\n"};
    for (int i = 0; i < 2; i++) {
        struct http_head_builder fields;
        struct http1_parser p;
        size_t used, at;
        http1_parser_create(&p, HTTP1_RESPONSES);
        http1_parser_begin(&p, OTHER);
        CHECK_UINT(feed(&p, &fields, answers[i], &at), HTTP1_HEAD);
        CHECK_UINT(feed(&p, &fields, answers[i] + at, &used), HTTP1_BODY);
        CHECK_BYTES(p.piece.at, p.piece.length, "a", 1);
        at += used;
        CHECK_UINT(http1_parser_next(&p, &fields, i ? (const uint8_t *)answers[i] + at : NULL,
                                     strlen(answers[i] + at), &used),
                   HTTP1_END);
        http1_parser_destroy(&p);
    }
}

static void facts_of_a_request(void)
{
    static const char head[] = "POST / HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\n"
                               "TE: trailers\r\nTrailer: x, y\r\nKeep-Alive: max=1, timeout=7\r\n"
                               "content-length: 3\r\n\r\n";
    struct http_head_builder fields;
    struct http1_parser p;
    size_t used;
    http1_parser_create(&p, HTTP1_REQUESTS);
    http1_parser_begin(&p, OTHER);
    REQUIRE(feed(&p, &fields, head, &used) == HTTP1_HEAD);
    CHECK(p.facts.expect_continue && p.facts.te_trailers);
    CHECK_UINT(p.facts.trailer_bytes, 5);
    CHECK_UINT(p.facts.keep_alive_timeout_s, 7);
    CHECK_UINT(fields.lines, 6);
    CHECK_UINT(p.body, HTTP1_LENGTH);
    http1_parser_destroy(&p);
}

/* An idle connection costs its struct and nothing else. */
static void an_idle_parser_is_small(void)
{
    struct http_head_builder fields;
    struct http1_parser p;
    size_t used;
    CHECK(sizeof p <= 600);
    http1_parser_create(&p, HTTP1_RESPONSES);
    http1_parser_begin(&p, OTHER);
    CHECK_UINT(feed(&p, &fields, "HTTP/1.1 200", &used), HTTP1_MORE);
    CHECK(p.section.held != NULL);
    CHECK_UINT(feed(&p, &fields, " OK\r\ncontent-length: 0\r\n\r\n", &used), HTTP1_HEAD);
    CHECK_UINT(feed(&p, &fields, "", &used), HTTP1_END);
    CHECK(p.section.held == NULL);
    http1_parser_destroy(&p);
}

/* Random small edits of good messages: whatever comes out, comes out of every cutting. */
static void cuts_never_matter(void)
{
    static const char *const seeds[] = {
        OK "Content-Length: 5\r\nX-A:  b \r\n\r\nhello",
        CHUNKED "3;a=b\r\nabc\r\n0\r\nT: x\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 304 x\r\ntransfer-encoding: chunked\r\n\r\nabc",
        "POST /1 HTTP/1.1\r\ncontent-length: 2\r\n\r\nhiGET /2 HTTP/1.1\r\n\r\n",
        OK "content-length: 1\r\ncontent-length: 1\r\na: b\r\n\r\nx",
    };
    static const uint8_t bytes_of_interest[] = "\r\n :,;\t0a\x7f\x80\"";
    uint64_t random = test_seed | 1;
    for (int round = 0; round < 4000; round++) {
        uint8_t bytes[128];
        enum http1_role role = round % 5 == 3 ? HTTP1_REQUESTS : HTTP1_RESPONSES;
        size_t length = strlen(seeds[round % 5]);
        memcpy(bytes, seeds[round % 5], length);
        for (int edit = 0; edit < 3; edit++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            bytes[(random >> 33) % length] =
                bytes_of_interest[(random >> 20) % sizeof bytes_of_interest];
        }
        size_t cut = (random >> 40) % length;
        char *whole = http1_log_run(role, OTHER, bytes, length, length, length, true);
        char *in_two = http1_log_run(role, OTHER, bytes, length, cut, length, true);
        char *by_one = http1_log_run(role, OTHER, bytes, length, 1, 1, true);
        CHECK_STR(in_two, whole);
        CHECK_STR(by_one, whole);
        free(whole);
        free(in_two);
        free(by_one);
    }
}

CU_TestInfo http1_parser_tests[] = {
    {"good responses give the same events at every cut", good_responses},
    {"bare LF, equal lengths and blanks behind a coding are taken from an application",
     responses_may_be_a_little_wrong},
    {"HEAD, 204, 304 and CONNECT have no body whatever their lines say", responses_without_body},
    {"interim responses are swallowed, 101 leaves HTTP", interim_responses},
    {"chunk sizes may be padded, extensions are ignored", chunk_headers_are_read_as_they_may_be},
    {"64 interim responses are the most", interim_responses_are_bounded},
    {"malformed response heads are refused at every cut", bad_response_heads},
    {"malformed and short bodies are refused at every cut", bad_response_bodies},
    {"NUL is refused", nul_is_refused},
    {"values and names may hold what the protocol can carry", values_and_names_follow_the_protocol},
    {"128 lines and 128 KiB are the most, at every cut", heads_are_bounded},
    {"both limits count before the head is whole", limits_count_before_the_head_is_whole},
    {"a bare LF counts as CR LF against the limit", bare_lf_counts_as_two},
    {"16 KiB of chunk extension are the most", chunk_overhead_is_bounded},
    {"good requests, pipelined ones too", good_requests},
    {"malformed requests are refused at every cut", bad_requests},
    {"bytes behind an answer are told", surplus_is_told},
    {"the end needs no byte behind the last of the body", the_end_needs_no_more_bytes},
    {"facts of a request", facts_of_a_request},
    {"an idle parser is small and holds nothing", an_idle_parser_is_small},
    {"edited messages give the same events at every cut", cuts_never_matter},
    CU_TEST_INFO_NULL,
};
