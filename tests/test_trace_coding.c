/* tests/test_trace_coding.c -- content codings are undone: whole ones, cut ones, damaged ones, bombs. */
#include "messages/text_out.h"
#include "runtime/heap.h"
#include "tests/check.h"
#include "tools/trace_coding.h"
#include <stdlib.h>
#define ZLIB_CONST
#include <zlib.h>

enum { ZLIB = 15, GZIP = 16 + 15, RAW = -15, BOMB_BYTES = CODING_PLAIN_MAX + 1 };

static const char said[] = "the same again, the same again, the same again";

static const uint8_t br_text[] = {0x1f, 0x51, 0x00, 0x90, 0x1d, 0x09, 0x76, 0x0c, 0xe1, 0xc6, 0x45,
                                  0x60, 0x02, 0x7f, 0x2d, 0x22, 0x43, 0xb7, 0x37, 0x59, 0xd0, 0xf0,
                                  0x4a, 0xa7, 0xcf, 0x31, 0x4e, 0x74, 0x30, 0x9f, 0x97, 0x07, 0x3c,
                                  0x5f, 0x68, 0xd8, 0x80, 0xe3, 0x84, 0x62, 0x9d, 0x9f, 0xfc, 0x5c,
                                  0x54, 0xd1, 0x2c, 0x05, 0xb0, 0x87, 0x8a, 0x3c, 0x84, 0x87, 0x16};
static const char br_said[] =
    "{\"token\":\"hunter2hunter2\",\"text\":\"the same again, the same again, the same again\"}";
/* 17 MiB of zeros */
static const uint8_t br_bomb[] = {0xcf, 0xff, 0xff, 0x7f, 0xf8, 0x27, 0x00, 0xe2, 0xb1,
                                  0x40, 0x20, 0xf7, 0xfe, 0xbf, 0xfe, 0xff, 0x1f, 0xff,
                                  0x04, 0x40, 0x1c, 0x16, 0x00, 0xe8, 0xde, 0x3f, 0x00};

static void pack(struct trace_out *out, const void *bytes, size_t length, int window)
{
    z_stream z = {.next_in = bytes, .avail_in = (uInt)length};
    REQUIRE(deflateInit2(&z, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    size_t most = deflateBound(&z, (uLong)length);
    z.next_out = trace_out_room(out, most);
    z.avail_out = (uInt)most;
    REQUIRE(deflate(&z, Z_FINISH) == Z_STREAM_END);
    out->length += z.total_out;
    deflateEnd(&z);
}

static struct trace_out packed(int window)
{
    struct trace_out out = {0};
    pack(&out, said, strlen(said), window);
    return out;
}

/* What it becomes; NULL as `want`: it cannot be undone, and nothing came of it. */
static void check(const char *codings, const void *bytes, size_t length, const char *want)
{
    struct trace_out out = {0};
    const char *why = coding_undo(
        &out, (struct http_text){(const uint8_t *)codings, strlen(codings)}, bytes, length);
    CHECK(!why == !!want);
    CHECK_BYTES(out.bytes, out.length, want, want ? strlen(want) : 0);
    free(out.bytes);
}

static void check_packed(const char *codings, int window)
{
    struct trace_out p = packed(window);
    check(codings, p.bytes, p.length, said);
    for (size_t i = 0; i < p.length; i++)
        check(codings, p.bytes, i, NULL);
    trace_out_put(&p, "x", 1);
    check(codings, p.bytes, p.length, NULL);
    free(p.bytes);
}

static void test_each(void)
{
    check_packed("gzip", GZIP);
    check_packed("X-GZIP", GZIP);
    check_packed("deflate", ZLIB);
    check_packed("deflate", RAW);
    check_packed(" , identity, gzip , ", GZIP);
    check("identity", said, strlen(said), said);
    check("br", br_text, sizeof br_text, br_said);
    for (size_t i = 0; i < sizeof br_text; i++)
        check("br", br_text, i, NULL);
}

static void test_members(void)
{
    struct trace_out two = packed(GZIP), none = {0};
    pack(&two, "!", 1, GZIP);
    pack(&two, "", 0, GZIP);
    char want[sizeof said + 1];
    snprintf(want, sizeof want, "%s!", said);
    check("gzip", two.bytes, two.length, want);
    pack(&none, "", 0, GZIP);
    check("gzip", none.bytes, none.length, "");
    free(two.bytes);
    free(none.bytes);
}

static void test_layers(void)
{
    struct trace_out inner = packed(ZLIB), outer = {0};
    pack(&outer, inner.bytes, inner.length, GZIP);
    check("deflate, gzip", outer.bytes, outer.length, said);
    check("gzip, deflate", outer.bytes, outer.length, NULL);
    check("gzip", outer.bytes, outer.length - 1, NULL);
    check("gzip,gzip,gzip,gzip,gzip", outer.bytes, outer.length, NULL);
    check("zstd, gzip", outer.bytes, outer.length, NULL);
    check("zstd", said, strlen(said), NULL);
    free(inner.bytes);
    free(outer.bytes);
}

/* Whichever byte is not what it was: nothing is read wrong, nothing is said. */
static void test_damage(void)
{
    struct trace_out p = packed(GZIP);
    for (size_t i = 10; i < p.length;
         i++) { /* before is what nobody looks at: the time, the system */
        p.bytes[i] ^= 1;
        check("gzip", p.bytes, p.length, NULL);
        p.bytes[i] ^= 1;
    }
    free(p.bytes);
}

static void test_bombs(void)
{
    struct trace_out p = {0}, out = {0};
    uint8_t *zeros = calloc(1, BOMB_BYTES);
    REQUIRE(zeros != NULL);
    pack(&p, zeros, BOMB_BYTES, GZIP);
    check("gzip", p.bytes, p.length, NULL);
    check("br", br_bomb, sizeof br_bomb, NULL);
    p.length = 0;
    pack(&p, zeros, CODING_PLAIN_MAX, GZIP);
    CHECK(!coding_undo(&out, (struct http_text){(const uint8_t *)"gzip", 4}, p.bytes, p.length));
    CHECK_UINT(out.length, CODING_PLAIN_MAX);
    free(p.bytes);
    free(out.bytes);
    free(zeros);
}

CU_TestInfo trace_coding_tests[] = {
    {"gzip, deflate with and without its frame, br: whole, cut, too long", test_each},
    {"the members of gzip, and nothing at all", test_members},
    {"the last coding is undone first", test_layers},
    {"what is damaged is not read", test_damage},
    {"bombs", test_bombs},
    CU_TEST_INFO_NULL,
};
