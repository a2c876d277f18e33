/* messages/redact_stream.c -- see redact_stream.h
 *
 * What frames a chunk is CR LF, a size in hexadecimal, perhaps an extension, CR LF. While it may be one it is held.
 * If it was one, it is fed to `aside`, which goes on from the flow as it was before: should it be no framing after all
 * but text, what is in it, or over its edges, is found there.
 */
#include "messages/redact_stream.h"
#include "messages/hex.h"

enum { HELD_MAX = 128, SIZE_DIGITS_MAX = 8, CUT_MIN = REDACT_EVERYWHERE_MIN, CUT_AT_END_MIN = 8 };
enum chunk_step { CHUNK_NONE, CHUNK_CR, CHUNK_LF, CHUNK_SIZE, CHUNK_EXTENSION, CHUNK_LAST_CR };

struct held {
    uint8_t byte;
    struct redact_spot spot;
};

struct redact_stream {
    struct redact_eyes *eyes;
    struct redact_flow flow, aside;
    struct redact_scan scan;
    struct redact_source source;
    bool has_aside, had_gap;
    uint64_t aside_until; /* where in it the framing ended */
    uint8_t step;
    uint64_t chunk_size;
    unsigned held_count, digits;
    struct held held[HELD_MAX];
};

void redact_source_take(void *context, const struct redact_found *found)
{
    const struct redact_source *source = context;
    struct redact_eyes *eyes = source->eyes;
    if (eyes->found)
        eyes->found(eyes->context, found);
    if (!eyes->sink.texts || found->only_meant)
        return;
    const struct redact_text *text =
        redact_texts_find(eyes->sink.texts, found->bytes, found->length);
    if (text && !text->everywhere)
        redact_flow_tell(source->flow, &eyes->sink, text, source->base + found->offset,
                         found->length);
}

/* ---- text, without what frames it ---- */

static void drop_aside(struct redact_stream *s)
{
    if (s->has_aside)
        redact_flow_settle(&s->aside, &s->eyes->sink);
    redact_flow_free(&s->aside);
    s->has_aside = false;
}

static void feed_aside(struct redact_stream *s, const uint8_t *bytes, size_t length,
                       struct redact_spot spot)
{
    const struct redact_sink *sink = &s->eyes->sink;
    for (size_t i = 0; i < length; i++, spot.offset++) {
        redact_flow_feed(&s->aside, sink, bytes + i, 1, spot);
        if (redact_flow_needs(&s->aside, sink) >= s->aside_until) {
            drop_aside(s);
            return;
        }
    }
}

/* Of the flow, by what looks at it. */
static uint64_t needs(const struct redact_stream *s)
{
    uint64_t scan = redact_scan_needs(&s->scan);
    uint64_t aside = s->has_aside ? redact_flow_needs(&s->aside, &s->eyes->sink) : scan;
    return aside < scan ? aside : scan;
}

static void feed_text(struct redact_stream *s, const uint8_t *bytes, size_t length,
                      struct redact_spot spot)
{
    if (!length)
        return;
    redact_flow_feed(&s->flow, &s->eyes->sink, bytes, length, spot);
    redact_scan_feed(&s->scan, bytes, length);
    redact_flow_forget(&s->flow, &s->eyes->sink, needs(s));
    if (s->has_aside)
        feed_aside(s, bytes, length, spot);
}

/* It was no framing. */
static void release_held(struct redact_stream *s)
{
    unsigned count = s->held_count;
    s->held_count = 0;
    s->step = CHUNK_NONE;
    for (unsigned i = 0; i < count; i++)
        feed_text(s, &s->held[i].byte, 1, s->held[i].spot);
}

/* ---- chunks ---- */

static void begin_aside(struct redact_stream *s)
{
    const struct redact_flow *f = &s->flow;
    drop_aside(s);
    s->aside = (struct redact_flow){.at = f->at, .node = f->node, .before = f, .split = f->at};
    s->has_aside = true;
    s->aside_until = UINT64_MAX; /* alive until all that is held was fed */
    for (unsigned i = 0; i < s->held_count; i++) {
        if (i + 1 == s->held_count)
            s->aside_until = s->aside.at + 1;
        feed_aside(s, &s->held[i].byte, 1, s->held[i].spot);
    }
}

/* The first one ends a head; the one of size 0 a body. */
static void leave_out_held(struct redact_stream *s)
{
    bool ends_head = !s->scan.line_name_length && s->scan.line_step == 0 && s->scan.at > 0;
    if (s->eyes->sink.texts)
        begin_aside(s);
    s->held_count = 0;
    s->step = CHUNK_NONE;
    if (ends_head)
        redact_scan_blank_line(&s->scan);
    else if (!s->chunk_size)
        redact_scan_boundary(&s->scan);
    redact_framing_chunk(&s->scan.framing, s->chunk_size);
}

static int next_step(struct redact_stream *s, uint8_t c)
{
    int digit = hex_digit((char)c);
    bool is_digit = digit >= 0;
    switch (s->step) {
    case CHUNK_CR: return c == '\n' ? CHUNK_LF : -1;
    case CHUNK_LF:
        s->digits = 1;
        s->chunk_size = is_digit ? (uint64_t)digit : 0;
        return is_digit ? CHUNK_SIZE : -1;
    case CHUNK_SIZE:
        s->chunk_size = is_digit ? s->chunk_size << 4 | (uint64_t)digit : s->chunk_size;
        return is_digit    ? (s->digits++ < SIZE_DIGITS_MAX ? CHUNK_SIZE : -1)
               : c == '\r' ? CHUNK_LAST_CR
               : c == ';' || c == ' ' || c == '\t' ? CHUNK_EXTENSION
                                                   : -1;
    case CHUNK_EXTENSION: return c == '\r' ? CHUNK_LAST_CR : c == '\n' ? -1 : CHUNK_EXTENSION;
    default: return c == '\n' ? CHUNK_NONE : -1;
    }
}

/* A byte while some are held. False: it does not belong to them, and they were released. */
static bool hold(struct redact_stream *s, uint8_t c, struct redact_spot spot)
{
    int step = s->held_count < HELD_MAX ? next_step(s, c) : -1;
    if (step < 0) {
        release_held(s);
        return false;
    }
    s->held[s->held_count++] = (struct held){c, spot};
    s->step = (uint8_t)step;
    if (step == CHUNK_NONE)
        leave_out_held(s);
    return true;
}

/* METHOD /... or HTTP/1. */
static bool begins_head(const uint8_t *bytes, size_t length)
{
    static const char version[] = "HTTP/1.";
    size_t n = 0;
    while (n < length && bytes[n] >= 'A' && bytes[n] <= 'Z')
        n++;
    return (n > 2 && length - n > 1 && bytes[n] == ' ' && bytes[n + 1] == '/') ||
           (length >= sizeof version - 1 && memcmp(bytes, version, sizeof version - 1) == 0);
}

void redact_stream_feed(struct redact_stream *s, const uint8_t *bytes, size_t length,
                        struct redact_spot spot)
{
    size_t at = 0;
    uint32_t first = spot.offset;
    /* How long the body before it was, only the gap had said. */
    if (s->had_gap && begins_head(bytes, length)) {
        release_held(s);
        redact_scan_boundary(&s->scan);
    }
    while (at < length) {
        spot.offset = first + (uint32_t)at;
        if (s->step != CHUNK_NONE) {
            at += hold(s, bytes[at], spot);
            continue;
        }
        const uint8_t *cr = memchr(bytes + at, '\r', length - at);
        size_t run = cr ? (size_t)(cr - bytes) - at : length - at;
        feed_text(s, bytes + at, run, spot);
        at += run;
        if (cr) {
            spot.offset = first + (uint32_t)at++;
            if (!redact_scan_may_be_chunks(&s->scan)) {
                feed_text(s, cr, 1, spot);
                continue;
            }
            redact_scan_no_fold(&s->scan);
            s->held[0] = (struct held){'\r', spot};
            s->held_count = 1;
            s->step = CHUNK_CR;
        }
    }
}

/* ---- ends ---- */

static void stop(struct redact_stream *s, uint32_t least, uint64_t missing)
{
    release_held(s);
    if (least == UINT32_MAX)
        redact_scan_boundary(&s->scan);
    else
        redact_scan_cut(&s->scan, missing);
    drop_aside(s);
    redact_flow_cut(&s->flow, &s->eyes->sink, least);
    redact_flow_forget(&s->flow, &s->eyes->sink, s->flow.at);
}

void redact_stream_end(struct redact_stream *s)
{
    stop(s, UINT32_MAX, 0);
}

void redact_stream_gap(struct redact_stream *s, uint64_t missing)
{
    s->had_gap |= missing > 0;
    stop(s, missing ? CUT_MIN : CUT_AT_END_MIN, missing);
}

struct redact_stream *redact_stream_new(struct redact_eyes *eyes, struct redact_asked *asked)
{
    struct redact_stream *s = redact_zeroed(sizeof *s);
    s->eyes = eyes;
    s->source = (struct redact_source){eyes, &s->flow, 0};
    redact_scan_begin(&s->scan, eyes->rules, redact_source_take, &s->source);
    redact_framing_begin(&s->scan.framing, asked);
    return s;
}

void redact_stream_free(struct redact_stream *s)
{
    redact_stream_end(s);
    redact_scan_free(&s->scan);
    redact_flow_free(&s->flow);
    free(s);
}
