/* tests/fuzz/fuzz_decoder.c -- libFuzzer: both directions, bytes cut as the input says.
 *
 * The first byte chooses direction, version and how to cut, the rest is the stream. A run in one
 * piece and a run in pieces must agree: verdicts, lengths, kinds, and all that is told of messages.
 */
#include "messages/wire_decoder.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MESSAGE_MAX = 300 };

struct run {
    struct wire_decoder d;
    const uint8_t *at;
    const uint8_t *end;
    unsigned cut; /* 0: one piece */
};

static void run_begin(struct run *r, const uint8_t *data, size_t size, unsigned cut)
{
    static const uint64_t limits[] = {VERSION_ORDINAL(1, 29, 0), VERSION_ORDINAL(1, 29, 0),
                                      VERSION_ORDINAL(1, 8, 1), VERSION_ORDINAL(1, 2, 2)};
    struct version limit = {limits[data[0] >> 1 & 3]};
    wire_decoder_create(&r->d, data[0] & 1 ? WIRE_FROM_AGENT : WIRE_FROM_CLIENT, limit,
                        MESSAGE_MAX);
    r->at = data + 1;
    r->end = data + size;
    r->cut = cut;
}

static size_t piece_length(struct run *r)
{
    size_t left = (size_t)(r->end - r->at);
    if (r->cut == 0)
        return left;
    r->cut = r->cut * 1103515245 + 12345;
    size_t piece = 1 + (r->cut >> 16) % (r->cut & 0x1000 ? 3 : 40);
    return piece < left ? piece : left;
}

/* To the next verdict that is not WIRE_MORE, or the end. Pieces are copied, so that a read beyond
 * one is seen. */
static enum wire_verdict run_next(struct run *r)
{
    enum wire_verdict v = WIRE_MORE;
    while (v == WIRE_MORE && r->at < r->end) {
        size_t piece = piece_length(r), eaten;
        uint8_t *copy = malloc(piece);
        memcpy(copy, r->at, piece);
        v = wire_decoder_feed(&r->d, copy, piece, &eaten);
        free(copy);
        if (eaten > piece || (v == WIRE_MORE && eaten != piece))
            abort();
        r->at += eaten;
    }
    return v;
}

static void check_ranges(const struct wire_message *m)
{
    const struct wire_range all[] = {m->head,   m->payload, m->body, m->filter,     m->text,
                                     m->reason, m->policy,  m->alpn, m->server_name};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].offset + all[i].length > m->length)
            abort();
    for (uint32_t i = 0; i < m->frame_count; i++)
        if (m->frames[i].range.offset + m->frames[i].range.length > m->length)
            abort();
}

/* Field by field: the padding of a frame says nothing. */
static bool same_frames(const struct wire_message *m, const struct wire_message *n)
{
    for (uint32_t i = 0; i < m->frame_count && i < n->frame_count; i++) {
        const struct wire_frame *f = &m->frames[i], *g = &n->frames[i];
        if (f->range.offset != g->range.offset || f->range.length != g->range.length ||
            f->is_trailers != g->is_trailers)
            return false;
    }
    return m->frame_count == n->frame_count;
}

static void check_same(struct run *a, struct run *b, enum wire_verdict x, enum wire_verdict y)
{
    if (x != y || a->at != b->at || strcmp(a->d.error, b->d.error) != 0)
        abort();
    if (x != WIRE_MESSAGE)
        return;
    struct wire_message m = a->d.message, n = b->d.message;
    check_ranges(&m);
    if (!same_frames(&m, &n))
        abort();
    m.frames = n.frames = NULL;
    if (memcmp(&m, &n, offsetof(struct wire_message, frames_inline)) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct run whole, cut;
    enum wire_verdict x, y;
    if (size == 0)
        return 0;
    run_begin(&whole, data, size, 0);
    run_begin(&cut, data, size, 1u + (data[0] >> 3));
    do {
        x = run_next(&whole);
        y = run_next(&cut);
        check_same(&whole, &cut, x, y);
    } while (x == WIRE_MESSAGE);
    wire_decoder_destroy(&whole.d);
    wire_decoder_destroy(&cut.d);
    return 0;
}
