/* tools/trace_packets_write.c -- segments of TCP, with sequence numbers that fit; see trace_packets_state.h */
#include "messages/pcapng.h"
#include "messages/exchange_number.h"
#include "tools/trace_packets_state.h"
#include <inttypes.h>
#include <stdio.h>

static void say_who(const struct trace_packets *s, char *text, size_t room)
{
    const struct trace_record *r = s->record;
    uint32_t exchange = trace_record_exchange(r);
    char number[EXCHANGE_TEXT_MAX];
    int n = snprintf(text, room, "record %" PRIu64 ": %s %" PRIu32 ".%" PRIu32, r->sequence,
                     r->type ? r->type : "an actor", r->to.place, r->to.generation);
    if (exchange && n > 0 && (size_t)n < room)
        snprintf(text + n, room - (size_t)n, ", exchange %s",
                 exchange_number_print(exchange, number));
}

/* One frame of what `from` says. */
static void put_segment(struct trace_packets *s, const struct stream *t, enum side from,
                        uint64_t when, unsigned flags, const uint8_t *bytes, uint32_t length,
                        uint32_t kept)
{
    static struct trace_out frame;
    char comment[200];
    struct packet p = {.from = t->ends[from],
                       .to = t->ends[!from],
                       .sequence = t->next[from],
                       .acknowledged = flags & TCP_ACK ? t->next[!from] : 0,
                       .flags = (uint8_t)flags,
                       .payload = bytes,
                       .length = length,
                       .kept = kept,
                       .number = (uint16_t)++s->frames};
    frame.length = 0;
    size_t original = packet_tcp(&frame, &p);
    say_who(s, comment, sizeof comment);
    pcapng_packet(s->out, s->interface, when + s->wall_offset, frame.bytes, frame.length, original,
                  length || (flags & ~(unsigned)TCP_ACK) ? comment : NULL);
}

void stream_put_flags(struct trace_packets *s, struct stream *t, enum side from, uint64_t when,
                      unsigned flags)
{
    put_segment(s, t, from, when, flags, NULL, 0, 0);
    t->next[from] += (flags & TCP_SYN ? 1u : 0) + (flags & TCP_FIN ? 1u : 0);
}

void stream_put_data(struct trace_packets *s, struct stream *t, enum side from, uint64_t when,
                     const uint8_t *bytes, uint32_t length, uint32_t kept)
{
    if (t->reset || t->ended[from] || !length)
        return;
    if (kept < length) {
        s->missing++;
        s->missing_bytes += length - kept;
    }
    while (length) {
        uint32_t n = length < PACKET_PAYLOAD_MAX ? length : PACKET_PAYLOAD_MAX;
        uint32_t known = kept < n ? kept : n;
        put_segment(s, t, from, when, TCP_PSH | TCP_ACK, known ? bytes : NULL, n, known);
        t->next[from] += n;
        if (known)
            bytes += known;
        kept -= known;
        length -= n;
    }
    stream_put_flags(s, t, !from, when, TCP_ACK);
}

void stream_put_fin(struct trace_packets *s, struct stream *t, enum side from, uint64_t when)
{
    if (t->reset || t->ended[from] || !t->established)
        return;
    stream_put_flags(s, t, from, when, TCP_FIN | TCP_ACK);
    t->ended[from] = true;
    stream_put_flags(s, t, !from, when, TCP_ACK);
}

void stream_put_reset(struct trace_packets *s, struct stream *t, enum side from, uint64_t when)
{
    if (t->reset || (t->ended[OURS] && t->ended[PEERS]))
        return;
    stream_put_flags(s, t, from, when, TCP_RST | TCP_ACK);
    t->reset = true;
}
