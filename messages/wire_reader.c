/* messages/wire_reader.c -- see wire_reader.h */
#include "messages/wire_reader.h"
#include "runtime/heap.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

void wire_reader_create(struct wire_reader *r, enum wire_from from, struct version limit,
                        uint64_t message_max)
{
    memset(r, 0, sizeof *r);
    wire_decoder_create(&r->decoder, from, limit, message_max);
}

static void drop_kept(struct wire_reader *r)
{
    for (uint32_t i = 0; i < r->kept_count; i++)
        span_release(&r->kept[i].bytes);
    r->kept_count = 0;
}

void wire_reader_destroy(struct wire_reader *r)
{
    drop_kept(r);
    free(r->kept);
    span_release(&r->given);
    span_release(&r->message);
    span_release(&r->piece);
    wire_decoder_destroy(&r->decoder);
    memset(r, 0, sizeof *r);
}

void wire_reader_give(struct wire_reader *r, struct span bytes)
{
    assert(r->given.length == 0);
    span_release(&r->given);
    r->given = bytes;
}

/* ---- pieces of a message that is not whole ---- */

/* Reads that are shorter than this together are kept as one: a message that comes byte by byte is not
 * a list of bytes. What is joined depends on lengths alone, never on where the bytes lie: how a message
 * is cut into parts is seen by others, and must be the same when a run is replayed. */
enum { JOIN_BYTES = 4096 };

static void join(struct reader_piece *last, struct span bytes)
{
    struct chunk *c = last->bytes.chunk;
    if (!last->joined) {
        c = chunk_new(JOIN_BYTES);
        memcpy(c->bytes, span_bytes(last->bytes), last->bytes.length);
        uint32_t length = last->bytes.length;
        span_release(&last->bytes);
        last->bytes = (struct span){c, 0, length};
        last->joined = true;
    }
    memcpy(c->bytes + last->bytes.length, span_bytes(bytes), bytes.length);
    last->bytes.length += bytes.length;
    c->used = last->bytes.length;
    span_release(&bytes);
}

static void keep(struct wire_reader *r, struct span bytes, uint64_t offset)
{
    if (r->kept_count && r->kept[r->kept_count - 1].bytes.length + bytes.length <= JOIN_BYTES) {
        join(&r->kept[r->kept_count - 1], bytes);
        return;
    }
    if (r->kept_count == r->kept_room) {
        r->kept_room = r->kept_room ? r->kept_room * 2 : 16;
        r->kept = realloc(r->kept, r->kept_room * sizeof *r->kept);
        if (!r->kept)
            heap_exhausted("pieces of a message", r->kept_room * sizeof *r->kept);
    }
    span_settle(&bytes);
    r->kept[r->kept_count++] = (struct reader_piece){bytes, offset, false};
}

/* The part of `given` that begins at offset `from` of the message. */
static struct span given_from(struct wire_reader *r, uint64_t from)
{
    uint32_t skip = from > r->walked ? (uint32_t)(from - r->walked) : 0;
    struct span rest = span_slice(r->given, skip, r->given.length - skip);
    span_release(&r->given);
    return rest;
}

static enum reader_event more(struct wire_reader *r)
{
    uint64_t walked = r->walked + r->given.length;
    if (wire_decoder_data_in_progress(&r->decoder, &r->data)) {
        r->piece = given_from(r, r->data.offset);
    } else if (r->decoder.message.oversized) {
        drop_kept(r);
        span_release(&r->given);
    } else if (wire_decoder_pending_bytes(&r->decoder)) {
        keep(r, span_take(&r->given), r->walked);
    } else {
        span_release(&r->given);
    }
    r->walked = walked;
    return r->piece.length ? READER_PIECE : READER_NOTHING;
}

/* The last payload of a Data message lies in r->message. */
static enum reader_event last_of_data(struct wire_reader *r)
{
    const struct wire_message *m = &r->decoder.message;
    uint64_t from = m->payload.offset > r->message_at ? m->payload.offset - r->message_at : 0;
    r->data.connection = m->connection;
    r->data.mode = m->mode;
    r->piece = span_slice(r->message, (uint32_t)from, r->message.length - (uint32_t)from);
    return READER_PIECE;
}

static enum reader_event whole(struct wire_reader *r, uint32_t consumed)
{
    r->message = span_split(&r->given, consumed);
    r->message_at = r->walked;
    r->walked = 0;
    return r->decoder.message.kind == WIRE_DATA ? last_of_data(r) : READER_MESSAGE;
}

enum reader_event wire_reader_next(struct wire_reader *r)
{
    span_release(&r->piece);
    if (r->message.length && r->walked == 0) {
        span_release(&r->message);
        drop_kept(r);
    }
    if (r->given.length == 0)
        return READER_NOTHING;
    size_t consumed = 0;
    switch (wire_decoder_feed(&r->decoder, span_bytes(r->given), r->given.length, &consumed)) {
    case WIRE_MESSAGE: return whole(r, (uint32_t)consumed);
    case WIRE_MORE: return more(r);
    default: return READER_BAD;
    }
}

/* ---- ranges ---- */

/* The kept piece that holds `offset`, or NULL: pieces lie in the order of their offsets, and a large
 * message has as many as the link had reads, so this is a search and not a walk. */
static const struct reader_piece *kept_at(struct wire_reader *r, uint64_t offset)
{
    uint32_t low = 0, high = r->kept_count; /* those before `low` begin at `offset` or before it */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        r->searched++;
        if (r->kept[middle].offset <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;
    const struct reader_piece *found = &r->kept[low - 1];
    return offset - found->offset < found->bytes.length ? found : NULL;
}

/* The contiguous bytes from `offset` of the message on. */
static struct span at_offset(struct wire_reader *r, uint64_t offset, uint64_t most)
{
    struct span from = r->message;
    uint64_t base = r->message_at;
    if (offset < base) {
        const struct reader_piece *piece = kept_at(r, offset);
        if (!piece)
            return NO_BYTES; /* an oversized message: the bytes were not kept */
        from = piece->bytes;
        base = piece->offset;
    }
    if (offset - base >= from.length)
        return NO_BYTES;
    uint32_t skip = (uint32_t)(offset - base);
    uint32_t n = from.length - skip;
    return span_slice(from, skip, n < most ? n : (uint32_t)most);
}

struct span wire_reader_part(struct wire_reader *r, struct wire_range range, uint64_t *done)
{
    if (*done >= range.length)
        return NO_BYTES;
    struct span part = at_offset(r, range.offset + *done, range.length - *done);
    *done += part.length;
    return part;
}

struct span wire_reader_span(struct wire_reader *r, struct wire_range range)
{
    uint64_t done = 0;
    struct span first = wire_reader_part(r, range, &done);
    if (done == range.length || first.length == 0)
        return first;
    assert(range.length <= UINT32_MAX); /* what is kept is bounded by --agent-message-max: 1 GiB */
    struct chunk *c = chunk_new((uint32_t)range.length);
    while (first.length) {
        memcpy(c->bytes + c->used, span_bytes(first), first.length);
        c->used += first.length;
        span_release(&first);
        first = wire_reader_part(r, range, &done);
    }
    return (struct span){c, 0, c->used};
}
