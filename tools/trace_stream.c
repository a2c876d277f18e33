/* tools/trace_stream.c -- see trace_stream.h */
#define XXH_INLINE_ALL
#include "tools/trace_stream.h"
#include "tools/trace_http_text.h"
#include "tools/trace_strings.h"
#include <stdlib.h>
#include <xxhash.h>

struct trace_hash_state {
    XXH3_state_t xxh;
};

uint64_t trace_bytes_hash(const void *bytes, size_t length)
{
    return XXH3_64bits(bytes, length);
}

static struct trace_hash_state *state_new(void)
{
    size_t bytes = (sizeof(struct trace_hash_state) + 63) & ~(size_t)63;
    struct trace_hash_state *s = aligned_alloc(64, bytes);
    if (!s)
        heap_exhausted("a stream of a trace", bytes);
    XXH3_64bits_reset(&s->xxh);
    return s;
}

void trace_stream_create(struct trace_stream *s, const struct trace_rules *rules, size_t kept_most)
{
    *s = (struct trace_stream){.kept_most = kept_most, .is_socket = rules, .state = state_new()};
    if (rules)
        s->http = trace_http_text_new(rules);
}

void trace_stream_destroy(struct trace_stream *s)
{
    free(s->pieces);
    free(s->blocks);
    free(s->kept);
    free(s->state);
    trace_http_text_free(s->http);
    *s = (struct trace_stream){0};
}

static void keep(struct trace_stream *s, const uint8_t *bytes, size_t length)
{
    if (length > s->kept_most - s->kept_length)
        length = s->kept_most - s->kept_length;
    for (size_t i = 0; i < length; i++) {
        s->kept = trace_grow(s->kept, s->kept_length, &s->kept_room, 1);
        s->kept[s->kept_length++] = bytes[i];
    }
}

static uint64_t less(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void end_block(struct trace_stream *s)
{
    s->blocks = trace_grow(s->blocks, s->block_count, &s->block_room, sizeof *s->blocks);
    s->blocks[s->block_count++] = XXH3_64bits_digest(&s->state->xxh);
}

static void count(void *context, const uint8_t *bytes, size_t length)
{
    struct trace_stream *s = context;
    keep(s, bytes, length);
    while (length) {
        size_t n = less(length, STREAM_BLOCK_BYTES - s->length % STREAM_BLOCK_BYTES);
        XXH3_64bits_update(&s->state->xxh, bytes, n);
        s->length += n;
        bytes += n;
        length -= n;
        if (s->length % STREAM_BLOCK_BYTES == 0)
            end_block(s);
    }
}

void trace_stream_add(struct trace_stream *s, const struct trace_bytes *piece)
{
    bool whole = piece->kept == piece->length;
    if (!piece->length)
        return;
    s->pieces = trace_grow(s->pieces, s->piece_count, &s->piece_room, sizeof *s->pieces);
    s->pieces[s->piece_count++] = (struct stream_piece){
        piece->length, whole ? trace_bytes_hash(piece->bytes, piece->length) : piece->hash};
    if (!whole) {
        s->left_out = true;
        s->length += piece->length;
    } else if (s->http) {
        trace_http_text_give(s->http, piece->bytes, piece->length, count, s);
    } else {
        count(s, piece->bytes, piece->length);
    }
}

void trace_stream_finish(struct trace_stream *s)
{
    if (s->finished)
        return;
    if (s->http)
        trace_http_text_end(s->http, count, s);
    s->hash = XXH3_64bits_digest(&s->state->xxh);
    s->finished = true;
    trace_http_text_free(s->http);
    s->http = NULL;
    free(s->state); /* it is half a kilobyte, and there are many streams */
    s->state = NULL;
}

/* Units are put together before much was said of them: the case of two that both hold bytes is one that does not
 * come, and if it does, it cannot be told what they would have been. */
void trace_stream_append(struct trace_stream *s, struct trace_stream *more)
{
    bool was_empty = !s->piece_count, ended = s->ended | more->ended;
    if (was_empty) {
        struct trace_stream old = *s;
        *s = *more;
        *more = old;
    } else if (more->piece_count) {
        s->left_out = true;
        s->length += more->length;
        for (size_t i = 0; i < more->piece_count; i++) {
            s->pieces = trace_grow(s->pieces, s->piece_count, &s->piece_room, sizeof *s->pieces);
            s->pieces[s->piece_count++] = more->pieces[i];
        }
    }
    s->ended = ended;
    trace_stream_destroy(more);
}

/* ---- two of them ----------------------------------------------------------------------------- */

static bool same_pieces(const struct trace_stream *a, const struct trace_stream *b, bool hashes)
{
    if (a->piece_count != b->piece_count)
        return false;
    for (size_t i = 0; i < a->piece_count; i++)
        if (a->pieces[i].length != b->pieces[i].length ||
            (hashes && a->pieces[i].hash != b->pieces[i].hash))
            return false;
    return true;
}

enum stream_verdict trace_stream_compare(const struct trace_stream *a, const struct trace_stream *b)
{
    static const struct trace_stream none = {.finished = true};
    a = a ? a : &none;
    b = b ? b : &none;
    if (a->ended != b->ended)
        return STREAM_DIFFERENT;
    if (a->left_out || b->left_out) {
        if (same_pieces(a, b, true))
            return STREAM_EQUAL;
        return a->length == b->length && !same_pieces(a, b, false) ? STREAM_UNKNOWN
                                                                   : STREAM_DIFFERENT;
    }
    if (a->length != b->length || (a->length && a->hash != b->hash))
        return STREAM_DIFFERENT;
    return same_pieces(a, b, false) ? STREAM_EQUAL : STREAM_CUT;
}

/* How many blocks are the same, from the beginning on. */
static size_t same_blocks(const struct trace_stream *a, const struct trace_stream *b)
{
    size_t n = 0, most = less(a->block_count, b->block_count);
    while (n < most && a->blocks[n] == b->blocks[n])
        n++;
    return n;
}

bool trace_stream_first_difference(const struct trace_stream *a, const struct trace_stream *b,
                                   struct stream_place *place)
{
    size_t n = 0, most = less(a->kept_length, b->kept_length);
    uint64_t block = same_blocks(a, b) * (uint64_t)STREAM_BLOCK_BYTES;
    if (a->left_out || b->left_out || (a->length == b->length && a->hash == b->hash))
        return false;
    while (n < most && a->kept[n] == b->kept[n])
        n++;
    place->from = n > block ? n : block;
    place->to = block + STREAM_BLOCK_BYTES;
    if (n < most || n == less(a->length, b->length))
        place->to = n + 1;
    place->to = less(place->to, a->length > b->length ? a->length : b->length);
    return true;
}
