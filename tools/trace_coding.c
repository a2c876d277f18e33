/* tools/trace_coding.c -- see trace_coding.h */
#include "tools/trace_coding.h"
#include "messages/text_out.h"
#include "runtime/heap.h"
#include <assert.h>
#include <brotli/decode.h>
#include <stdlib.h>
#define ZLIB_CONST
#include <zlib.h>

enum { PIECE_BYTES = 64 << 10, ZLIB_WINDOW = 15, ZLIB_GZIP = 16 };

/* A trace whose secrets were replaced has other bytes where one stood in a block that is not compressed. */
static const char damaged[] = "it is damaged, or was changed where a secret was hidden";
static const char cut_short[] = "it ends too early";
static const char too_long[] = "it becomes more than 16 MiB";
static_assert(CODING_PLAIN_MAX == 16 << 20, "the text says so");

typedef const char *undo(struct trace_out *out, const uint8_t *bytes, size_t length);

/* More of it. False: that is too much. */
static bool keep(struct trace_out *out, const uint8_t *piece, size_t length)
{
    if (length > CODING_PLAIN_MAX - out->length)
        return false;
    text_bytes(out, piece, length);
    return true;
}

/* ---- gzip, deflate --------------------------------------------------------------------------- */

/* Goes on until a stream ends. NULL: it did. */
static const char *inflate_stream(struct trace_out *out, z_stream *z)
{
    static uint8_t piece[PIECE_BYTES];
    int got = Z_OK;
    while (got == Z_OK) {
        z->next_out = piece;
        z->avail_out = sizeof piece;
        got = inflate(z, Z_NO_FLUSH);
        if (!keep(out, piece, sizeof piece - z->avail_out))
            return too_long;
    }
    if (got == Z_MEM_ERROR)
        heap_exhausted("a body without its coding", 0);
    return got == Z_STREAM_END ? NULL : got == Z_BUF_ERROR ? cut_short : damaged;
}

/* RFC 1952, 2.2: a gzip file is one member or several, one behind the other. */
static const char *inflate_all(struct trace_out *out, const uint8_t *bytes, size_t length,
                               int window)
{
    z_stream z = {.next_in = bytes, .avail_in = (uInt)length};
    const char *why = NULL;
    if (length != z.avail_in)
        return too_long;
    if (inflateInit2(&z, window) != Z_OK)
        heap_exhausted("a body without its coding", 0);
    while (!why && !(why = inflate_stream(out, &z)) && z.avail_in)
        if (window < ZLIB_GZIP || inflateReset(&z) != Z_OK)
            why = damaged;
    inflateEnd(&z);
    return why;
}

static const char *undo_gzip(struct trace_out *out, const uint8_t *bytes, size_t length)
{
    return inflate_all(out, bytes, length, ZLIB_GZIP + ZLIB_WINDOW);
}

/* RFC 9110, 8.4.1.2: it is the zlib format, but some send what stands in it alone. */
static const char *undo_deflate(struct trace_out *out, const uint8_t *bytes, size_t length)
{
    bool zlib =
        length >= 2 && (bytes[0] & 15) == Z_DEFLATED && (bytes[0] << 8 | bytes[1]) % 31 == 0;
    return inflate_all(out, bytes, length, zlib ? ZLIB_WINDOW : -ZLIB_WINDOW);
}

/* ---- br -------------------------------------------------------------------------------------- */

static const char *brotli_stream(struct trace_out *out, BrotliDecoderState *state,
                                 const uint8_t *bytes, size_t length)
{
    static uint8_t piece[PIECE_BYTES];
    BrotliDecoderResult got = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
    while (got == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) {
        uint8_t *at = piece;
        size_t room = sizeof piece;
        got = BrotliDecoderDecompressStream(state, &length, &bytes, &room, &at, NULL);
        if (!keep(out, piece, sizeof piece - room))
            return too_long;
    }
    if (got == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT)
        return cut_short;
    return got == BROTLI_DECODER_RESULT_SUCCESS && !length ? NULL : damaged;
}

static const char *undo_br(struct trace_out *out, const uint8_t *bytes, size_t length)
{
    BrotliDecoderState *state = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    if (!state)
        heap_exhausted("a body without its coding", 0);
    const char *why = brotli_stream(out, state, bytes, length);
    BrotliDecoderDestroyInstance(state);
    return why;
}

/* ---- codings --------------------------------------------------------------------------------- */

static undo *undo_of(struct http_text coding)
{
    if (HTTP_TEXT_IS(coding, "gzip") || HTTP_TEXT_IS(coding, "x-gzip"))
        return undo_gzip;
    if (HTTP_TEXT_IS(coding, "deflate"))
        return undo_deflate;
    return HTTP_TEXT_IS(coding, "br") ? undo_br : NULL;
}

bool coding_is_some(struct http_text codings)
{
    struct http_text coding;
    while (http_text_list_next(&codings, &coding))
        if (!HTTP_TEXT_IS(coding, "identity"))
            return true;
    return false;
}

/* In the order in which they were applied. NULL: all are known. */
static const char *read_codings(struct http_text codings, undo *steps[CODING_LAYERS_MAX],
                                unsigned *count)
{
    struct http_text coding;
    *count = 0;
    while (http_text_list_next(&codings, &coding)) {
        if (HTTP_TEXT_IS(coding, "identity"))
            continue;
        if (*count == CODING_LAYERS_MAX)
            return "it has more than 4 codings";
        if (!(steps[(*count)++] = undo_of(coding)))
            return "its coding is not known here";
    }
    return NULL;
}

const char *coding_undo(struct trace_out *out, struct http_text codings, const uint8_t *bytes,
                        size_t length)
{
    undo *steps[CODING_LAYERS_MAX];
    unsigned count;
    const char *why = read_codings(codings, steps, &count);
    if (!why && !count)
        text_bytes(out, bytes, length);
    while (!why && count) {
        struct trace_out plain = {0};
        why = steps[--count](&plain, bytes, length);
        free(out->bytes);
        *out = plain;
        bytes = plain.bytes;
        length = plain.length;
    }
    if (why)
        out->length = 0;
    return why;
}
