/* actors/tap_stream.c -- see tap_stream.h */
#include "actors/tap_stream.h"
#include "actors/tap_seen.h"
#include <string.h>

/* A buffer that one large message has left is given back. */
enum { KEPT_ROOM_MAX = 1 << 20 };

void tap_stream_create(struct tap_stream *s, enum wire_from from, uint64_t most,
                       uint64_t message_max)
{
    memset(s, 0, sizeof *s);
    s->most = most;
    s->message_max = message_max;
    wire_decoder_create(&s->decoder, from, version_newest(), message_max);
}

void tap_stream_destroy(struct tap_stream *s)
{
    wire_decoder_destroy(&s->decoder);
    wire_buffer_release(&s->kept);
}

bool tap_stream_is_broken(const struct tap_stream *s)
{
    return s->broken;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* How many bytes it takes to show the message, which has `size`. */
static uint64_t needed(const struct tap_stream *s, uint64_t size)
{
    const struct wire_message *m = &s->decoder.message;
    bool is_cut_short = s->most && m->kind == WIRE_DATA && m->payload.offset;
    return is_cut_short ? smaller(size, m->payload.offset + s->most) : size;
}

static void keep(struct tap_stream *s, const uint8_t *bytes, size_t n)
{
    uint64_t most = needed(s, s->unwanted ? smaller(TAP_FRONT, s->message_max) : s->message_max);
    uint64_t room = most > s->kept.length ? most - s->kept.length : 0;
    (void)wire_buffer_put(&s->kept, bytes, (size_t)smaller(n, room)); /* no memory: not whole */
}

static void begin(struct tap_stream *s)
{
    s->unwanted = s->asked = false;
    s->kept.length = 0;
    if (s->kept.room > KEPT_ROOM_MAX)
        wire_buffer_release(&s->kept);
}

static void more(struct tap_stream *s, const uint8_t *bytes, size_t n, tap_wanted *wanted,
                 void *context)
{
    if (!s->asked && tap_kind_is_sure(&s->decoder.message)) {
        s->asked = true;
        s->unwanted = !wanted(context, s);
    }
    keep(s, bytes, n);
}

static void whole(struct tap_stream *s, const uint8_t *bytes, size_t n, bool in_place)
{
    const struct wire_message *m = &s->decoder.message;
    uint64_t need = needed(s, m->length);
    if (!in_place)
        keep(s, bytes, n);
    s->bytes = in_place ? bytes : s->kept.at;
    s->held = in_place ? n : s->kept.length;
    s->whole = s->held >= need && m->length <= UINT32_MAX && need <= s->message_max;
    if (s->whole)
        s->held = (size_t)need;
    s->offset += m->length;
}

static enum tap_event bad(struct tap_stream *s)
{
    s->error_at = s->offset + s->decoder.error_offset;
    s->broken = true;
    wire_buffer_release(&s->kept);
    return TAP_BAD;
}

enum tap_event tap_stream_next(struct tap_stream *s, const uint8_t **bytes, size_t *length,
                               tap_wanted *wanted, void *context)
{
    size_t eaten;
    const uint8_t *at = *bytes;
    bool in_place = wire_decoder_pending_bytes(&s->decoder) == 0;
    if (s->broken || *length == 0)
        return TAP_NOTHING;
    if (in_place)
        begin(s);
    enum wire_verdict v = wire_decoder_feed(&s->decoder, at, *length, &eaten);
    *bytes += eaten;
    *length -= eaten;
    switch (v) {
    case WIRE_MESSAGE: whole(s, at, eaten, in_place); return TAP_MESSAGE;
    case WIRE_MORE: more(s, at, eaten, wanted, context); return TAP_NOTHING;
    default: return bad(s);
    }
}
