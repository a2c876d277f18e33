/* messages/redact_link.c -- see redact_link.h */
#include "messages/redact_link.h"
#include "messages/redact_heads.h"
#include "messages/wire_decoder.h"

/* More of one body that are missing at once are not walked over. */
enum { SKIPPED_MAX = 1 << 24, SKIPPED_BLOCK = 4096 };

struct redact_link {
    struct redact_eyes *eyes;
    struct redact_bodies bodies;
    struct wire_decoder decoder;
    struct redact_flow flow;
    struct redact_bytes message; /* as far as it has come */
    uint64_t begun;              /* where in the flow */
    enum wire_from from;
    uint32_t record; /* the last one that it has bytes of */
    bool lost;       /* messages cannot be told apart any more */
    bool doubtful;   /* they could not, and no record has ended with the end of one since */
};

static const uint8_t *at(const struct redact_link *l, struct wire_range r)
{
    return l->message.at + r.offset;
}

static void give_body(struct redact_link *l, const struct redact_body *which, struct wire_range r)
{
    for (uint64_t given = 0, n; given < r.length; given += n) {
        struct redact_segment s = redact_flow_find(&l->flow, l->begun + r.offset + given);
        n = s.length ? s.length : redact_flow_missing(&l->flow, s.at);
        n = n < r.length - given ? n : r.length - given;
        if (!n)
            return;
        if (s.length)
            l->bodies.body(l->bodies.context, which, at(l, r) + given, (size_t)n, s.spot);
        else
            l->bodies.gap(l->bodies.context, which, n);
    }
}

static void look_at_text(struct redact_link *l, struct wire_range r)
{
    if (r.offset)
        redact_plain(l->eyes, &l->flow, l->begun + r.offset, at(l, r), (size_t)r.length);
}

static void look_at_frames(struct redact_link *l, const struct wire_message *m,
                           const struct redact_body *which)
{
    for (uint32_t i = 0; i < m->frame_count; i++) {
        struct wire_range r = m->frames[i].range;
        if (m->frames[i].is_trailers)
            redact_map(l->eyes, &l->flow, l->begun + r.offset, at(l, r), (size_t)r.length);
        else
            give_body(l, which, r);
    }
}

static bool is_streamed(enum wire_kind kind)
{
    return kind == WIRE_HTTP_REQUEST_START_V1 || kind == WIRE_HTTP_REQUEST_START_V2 ||
           kind == WIRE_REQUEST_BODY || kind == WIRE_HTTP_RESPONSE_START ||
           kind == WIRE_RESPONSE_BODY;
}

static void look_at_message(struct redact_link *l, const struct wire_message *m)
{
    struct redact_body which = {m->connection, m->request, m->mode, m->kind == WIRE_DATA};
    look_at_text(l, m->text);
    look_at_text(l, m->reason);
    look_at_text(l, m->policy);
    if (m->filter.offset)
        redact_filter(l->eyes, &l->flow, l->begun + m->filter.offset, at(l, m->filter),
                      (size_t)m->filter.length);
    if (m->head.offset) {
        redact_head(l->eyes, &l->flow, l->begun + m->head.offset, at(l, m->head),
                    (size_t)m->head.length);
        l->bodies.edge(l->bodies.context, &which);
    }
    if (m->payload.offset)
        give_body(l, &which, m->payload);
    if (m->body.offset)
        give_body(l, &which, m->body);
    look_at_frames(l, m, &which);
    if (m->is_last || (m->head.offset && !is_streamed(m->kind)) || m->kind == WIRE_TCP_CLOSE)
        l->bodies.edge(l->bodies.context, &which);
}

static void look_at_begun_head(struct redact_link *l)
{
    const struct wire_message *m = &l->decoder.message;
    if (!l->message.length || !m->head.offset)
        return;
    uint64_t base = l->begun + m->head.offset;
    const uint8_t *head = at(l, m->head);
    if (m->head.length)
        redact_head(l->eyes, &l->flow, base, head, (size_t)m->head.length);
    else
        redact_head_begun(l->eyes, &l->flow, base, head, l->message.length - (size_t)m->head.offset,
                          l->from == WIRE_FROM_AGENT);
}

static void lose(struct redact_link *l)
{
    l->lost = l->doubtful = true;
    l->message.length = 0;
    l->begun = l->flow.at;
}

/* Most records begin with a message. It is tried; if it is none, with the next one. */
static void begin_again(struct redact_link *l)
{
    look_at_begun_head(l);
    lose(l);
    wire_decoder_destroy(&l->decoder);
    wire_decoder_create(&l->decoder, l->from, version_newest(), UINT64_MAX);
    l->lost = false;
}

/* Those that were fed to the flow. */
static void take(struct redact_link *l, const uint8_t *bytes, size_t length,
                 enum wire_verdict verdict)
{
    if (!l->lost)
        redact_bytes_put(&l->message, bytes, length);
    if (verdict == WIRE_MESSAGE)
        look_at_message(l, &l->decoder.message);
    if (verdict == WIRE_MESSAGE || l->lost) {
        l->message.length = 0;
        l->begun = l->flow.at;
        redact_flow_forget(&l->flow, &l->eyes->sink, l->begun);
    }
}

void redact_link_feed(struct redact_link *l, const uint8_t *bytes, size_t length,
                      struct redact_spot spot)
{
    if (l->doubtful && spot.record != l->record)
        begin_again(l);
    l->record = spot.record;
    while (length) {
        size_t eaten = length;
        enum wire_verdict v =
            l->lost ? WIRE_MORE : wire_decoder_feed(&l->decoder, bytes, length, &eaten);
        if (v == WIRE_BAD || v == WIRE_TOO_LARGE) {
            lose(l);
            eaten = length;
        }
        redact_flow_feed(&l->flow, &l->eyes->sink, bytes, eaten, spot);
        take(l, bytes, eaten, v);
        l->doubtful &= v != WIRE_MESSAGE || eaten < length;
        bytes += eaten;
        length -= eaten;
        spot.offset += (uint32_t)eaten;
    }
}

/* ---- gaps ---- */

/* They are of one body: what they were does not matter to those that follow. */
static void skip(struct redact_link *l, uint64_t missing)
{
    static const uint8_t nothing[SKIPPED_BLOCK];
    size_t eaten;
    for (; missing; missing -= eaten) {
        size_t n = missing < sizeof nothing ? (size_t)missing : sizeof nothing;
        enum wire_verdict v = wire_decoder_feed(&l->decoder, nothing, n, &eaten);
        redact_flow_skip(&l->flow, eaten);
        take(l, nothing, eaten, v);
    }
}

void redact_link_gap(struct redact_link *l, uint64_t missing)
{
    redact_flow_cut(&l->flow, &l->eyes->sink, REDACT_EVERYWHERE_MIN);
    if (!l->lost && missing <= SKIPPED_MAX && missing <= wire_decoder_bytes_left(&l->decoder)) {
        skip(l, missing);
        return;
    }
    look_at_begun_head(l);
    lose(l);
}

struct redact_link *redact_link_new(struct redact_eyes *eyes, enum wire_from from,
                                    const struct redact_bodies *bodies)
{
    struct redact_link *l = redact_zeroed(sizeof *l);
    l->eyes = eyes;
    l->bodies = *bodies;
    l->from = from;
    wire_decoder_create(&l->decoder, from, version_newest(), UINT64_MAX);
    return l;
}

void redact_link_free(struct redact_link *l)
{
    redact_flow_cut(&l->flow, &l->eyes->sink, REDACT_DIGITS_MIN);
    wire_decoder_destroy(&l->decoder);
    redact_flow_free(&l->flow);
    free(l->message.at);
    free(l);
}
