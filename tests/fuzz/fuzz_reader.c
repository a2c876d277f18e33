/* tests/fuzz/fuzz_reader.c -- libFuzzer over what a link reads: the wire_reader, spans and chunks.
 *
 * The first byte chooses direction, limits and the cuts; the rest is the stream. It is read into
 * small chunks in small pieces, as a socket would hand it over. A decoder that sees the stream whole
 * says what has to come: the same messages, the same bytes in every range, a Data message's payload
 * in pieces that join without a gap. In the end no chunk is left.
 */
#include "messages/wire_reader.h"
#include "runtime/heap.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct source {
    const uint8_t *at; /* read up to here */
    const uint8_t *end;
    struct chunk *chunk; /* what is read into; one reference is held here */
    uint32_t cut;        /* state of the random cuts */
};

struct stream {
    const uint8_t *message; /* where the message under way begins */
    const uint8_t *end;
    uint64_t handed; /* bytes of its payload that came as pieces */
};

static void must(bool holds)
{
    if (!holds)
        abort();
}

static uint32_t cut_below(struct source *s, uint32_t n)
{
    s->cut = s->cut * 1103515245 + 12345;
    return 1 + (s->cut >> 16) % n;
}

/* The next piece. A new chunk when this one is full: often tiny, sometimes of a few hundred bytes. */
static struct span source_read(struct source *s)
{
    if (!s->chunk || s->chunk->used == s->chunk->capacity) {
        if (s->chunk)
            chunk_unref(s->chunk);
        s->chunk = chunk_new(cut_below(s, s->cut & 0x800000 ? 7 : 400));
    }
    uint32_t room = s->chunk->capacity - s->chunk->used;
    uint32_t n = cut_below(s, s->cut & 0x400000 ? 5 : 300);
    n = n < room ? n : room;
    n = (size_t)(s->end - s->at) < n ? (uint32_t)(s->end - s->at) : n;
    struct span piece = {s->chunk, s->chunk->used, n};
    memcpy(s->chunk->bytes + s->chunk->used, s->at, n);
    s->chunk->used += n;
    s->at += n;
    return span_ref(piece);
}

static void check_bytes(const struct stream *t, uint64_t offset, struct span got)
{
    if (got.length == 0)
        return;
    must(offset + got.length <= (uint64_t)(t->end - t->message));
    must(memcmp(t->message + offset, span_bytes(got), got.length) == 0);
}

/* The bytes of an oversized message need not be there, but those that are must be right. */
static void check_range(struct wire_reader *r, const struct stream *t, struct wire_range range)
{
    uint64_t done = 0, before;
    struct span part;
    do {
        before = done;
        part = wire_reader_part(r, range, &done);
        must(done == before + part.length && done <= range.length);
        check_bytes(t, range.offset + before, part);
        span_release(&part);
    } while (done > before);
    must(done == range.length || r->decoder.message.oversized);
    struct span whole = wire_reader_span(r, range);
    must(whole.length == done);
    check_bytes(t, range.offset, whole);
    span_release(&whole);
}

static void check_message(struct wire_reader *r, const struct stream *t)
{
    const struct wire_message *m = &r->decoder.message;
    const struct wire_range all[] = {m->head,   m->body,   m->filter, m->text,
                                     m->reason, m->policy, m->alpn,   m->server_name};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        check_range(r, t, all[i]);
    for (uint32_t i = 0; i < m->frame_count; i++)
        check_range(r, t, m->frames[i].range);
}

static void check_same(const struct wire_message *got, const struct wire_message *want)
{
    must(got->frame_count == want->frame_count);
    for (uint32_t i = 0; i < got->frame_count; i++) {
        const struct wire_frame *f = &got->frames[i], *g = &want->frames[i];
        must(f->range.offset == g->range.offset && f->range.length == g->range.length);
        must(f->is_trailers == g->is_trailers);
    }
    struct wire_message a = *got, b = *want;
    a.frames = b.frames = NULL;
    must(memcmp(&a, &b, offsetof(struct wire_message, frames_inline)) == 0);
}

static void check_piece(const struct wire_reader *r, struct stream *t, uint64_t payload)
{
    check_bytes(t, payload + t->handed, r->piece);
    t->handed += r->piece.length;
}

/* A piece of Data behind which more is to come: else the decoder is at a message's end. */
static bool more_data_follows(const struct wire_reader *r)
{
    struct wire_data_progress progress;
    return wire_decoder_data_in_progress(&r->decoder, &progress);
}

/* Reads on until the message under way has ended, or the stream; hands out its Data meanwhile. */
static enum reader_event read_message(struct wire_reader *r, struct source *s, struct stream *t)
{
    for (;;) {
        enum reader_event event = wire_reader_next(r);
        if (event == READER_PIECE && more_data_follows(r))
            check_piece(r, t, r->data.offset);
        else if (event != READER_NOTHING)
            return event;
        else if (s->at == s->end)
            return READER_NOTHING;
        else
            wire_reader_give(r, source_read(s));
    }
}

static void check_whole(struct wire_reader *r, struct stream *t, const struct wire_message *want,
                        enum reader_event event)
{
    const struct wire_message *got = &r->decoder.message;
    must(event == (want->kind == WIRE_DATA ? READER_PIECE : READER_MESSAGE));
    check_same(got, want);
    if (event == READER_MESSAGE) {
        check_message(r, t);
        return;
    }
    check_piece(r, t, want->payload.offset);
    must(t->handed == want->payload.length && !more_data_follows(r));
    must(r->data.connection == want->connection && r->data.mode == want->mode);
}

static void compare(struct wire_reader *r, struct wire_decoder *whole, struct source *s)
{
    struct stream t = {.message = s->at, .end = s->end};
    size_t eaten;
    enum wire_verdict verdict;
    do {
        verdict = wire_decoder_feed(whole, t.message, (size_t)(t.end - t.message), &eaten);
        enum reader_event event = read_message(r, s, &t);
        if (verdict == WIRE_MESSAGE)
            check_whole(r, &t, &whole->message, event);
        else
            must(event == (verdict == WIRE_MORE ? READER_NOTHING : READER_BAD));
        t.message += eaten;
        t.handed = 0;
    } while (verdict == WIRE_MESSAGE);
    must(strcmp(r->decoder.error, whole->error) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct heap *heap;
    static struct wire_decoder whole;
    static struct wire_reader reader;
    if (!heap) {
        heap = heap_new(0, NULL, NULL);
        heap_enter(heap);
    }
    if (size == 0)
        return 0;
    enum wire_from from = data[0] & 1 ? WIRE_FROM_AGENT : WIRE_FROM_CLIENT;
    struct version limit =
        data[0] & 2 ? (struct version){VERSION_ORDINAL(1, 2, 2)} : version_newest();
    uint64_t message_max = data[0] & 4 ? 300 : UINT64_MAX;
    struct source source = {.at = data + 1, .end = data + size, .cut = data[0] * 2654435761u};
    wire_decoder_create(&whole, from, limit, message_max);
    wire_reader_create(&reader, from, limit, message_max);
    compare(&reader, &whole, &source);
    wire_reader_destroy(&reader);
    wire_decoder_destroy(&whole);
    if (source.chunk)
        chunk_unref(source.chunk);
    must(heap_live(heap) == 0);
    return 0;
}
