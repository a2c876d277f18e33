/* messages/trace_speech.c -- see trace_speech.h */
#include "messages/trace_speech.h"
#include <inttypes.h>
#include <stdio.h>

struct voice {
    struct wire_decoder decoder;
    size_t begin; /* of the message under way, in the stream's bytes */
    bool capped;  /* it has a hole */
};

struct speech {
    const struct trace_stream *link;
    struct voice voices[SIDES];
    void (*hear)(void *context, const struct trace_spoken *m);
    void *context;
    uint64_t messages;
    char *error;
};

static bool fail(struct speech *s, const struct trace_piece *p, const char *why)
{
    snprintf(s->error, TRACE_SPEECH_ERROR_MAX,
             "what the %s said cannot be followed behind message %" PRIu64 " of the link: %s",
             p->side == SIDE_FAR ? "agent" : "proxy", s->messages, why);
    return false;
}

static void say(struct speech *s, const struct trace_piece *p, size_t end)
{
    struct voice *v = &s->voices[p->side];
    const uint8_t *bytes = s->link->bytes[p->side].at;
    struct trace_spoken m = {p->side,          p->at_ns,       &v->decoder.message,
                             bytes + v->begin, end - v->begin, v->capped};
    s->messages++;
    s->hear(s->context, &m);
    v->begin = end;
    v->capped = false;
}

static bool read_kept(struct speech *s, const struct trace_piece *p)
{
    struct voice *v = &s->voices[p->side];
    size_t at = p->offset, end = p->offset + p->kept, consumed;
    while (at < end) {
        enum wire_verdict verdict =
            wire_decoder_feed(&v->decoder, s->link->bytes[p->side].at + at, end - at, &consumed);
        at += consumed;
        if (verdict == WIRE_BAD || verdict == WIRE_TOO_LARGE)
            return fail(s, p, v->decoder.error);
        if (verdict == WIRE_MESSAGE)
            say(s, p, at);
    }
    return true;
}

/* Walks over what was left out, if it is within one string: its bytes do not matter then. */
static bool read_hole(struct speech *s, const struct trace_piece *p)
{
    static const char hole[] = "bytes were left out when it was recorded (--trace-bodies)";
    static const uint8_t filler[4096];
    struct voice *v = &s->voices[p->side];
    uint64_t left = p->length - p->kept;
    if (!left)
        return true;
    if (!wire_decoder_pending_bytes(&v->decoder) || v->decoder.remaining < left)
        return fail(s, p, hole);
    v->capped = true;
    while (left) {
        size_t n = left < sizeof filler ? (size_t)left : sizeof filler, consumed;
        enum wire_verdict verdict = wire_decoder_feed(&v->decoder, filler, n, &consumed);
        if (verdict == WIRE_BAD || verdict == WIRE_TOO_LARGE)
            return fail(s, p, hole); /* a string with a syntax of its own */
        left -= consumed;
        if (verdict == WIRE_MESSAGE)
            say(s, p, p->offset + p->kept);
    }
    return true;
}

static bool read_all(struct speech *s)
{
    if (s->link->middle)
        return fail(s, &(struct trace_piece){.side = SIDE_FAR},
                    "the link began before the trace did");
    for (unsigned i = 0; i < s->link->count; i++) {
        const struct trace_piece *p = &s->link->pieces[i];
        if (p->missing)
            return fail(s, p, "records are missing in the trace");
        if (p->what == PIECE_BYTES && (!read_kept(s, p) || !read_hole(s, p)))
            return false;
    }
    return true;
}

bool trace_speech_read(const struct trace_stream *link,
                       void (*hear)(void *context, const struct trace_spoken *m), void *context,
                       char error[TRACE_SPEECH_ERROR_MAX])
{
    struct speech s = {.link = link, .hear = hear, .context = context, .error = error};
    wire_decoder_create(&s.voices[SIDE_NEAR].decoder, WIRE_FROM_CLIENT, version_newest(),
                        UINT64_MAX);
    wire_decoder_create(&s.voices[SIDE_FAR].decoder, WIRE_FROM_AGENT, version_newest(), UINT64_MAX);
    error[0] = '\0';
    bool whole = read_all(&s);
    for (unsigned i = 0; i < SIDES; i++)
        wire_decoder_destroy(&s.voices[i].decoder);
    return whole;
}
