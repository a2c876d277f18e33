/* messages/trace_scanner.c -- see trace_scanner.h */
#include "messages/trace_scanner.h"
#include <stdlib.h>

/* Summing costs credit, passing on earns it. The first of it is enough for the largest frame. */
enum { CREDIT_FIRST = FRAME_BYTES_MAX, CREDIT_A_BYTE = 16 };

enum look {
    LOOK_WHOLE,
    LOOK_PART,      /* its end, or that of its head, was not fed */
    LOOK_NO_HEAD,   /* no frame begins here */
    LOOK_BAD_IMAGE, /* the head is whole, what follows is not */
};

void scanner_begin(struct trace_scanner *s)
{
    s->at = s->length = 0;
    s->offset = 0;
    s->lost = s->ended = s->done = false;
    s->credit = CREDIT_FIRST;
}

void scanner_free(struct trace_scanner *s)
{
    free(s->bytes);
}

/* What is used up goes when it is the greater part: so each byte is moved a few times at most. */
static void make_room(struct trace_scanner *s, size_t length)
{
    size_t left = scanner_left(s);
    if (s->at && s->at >= left) {
        memmove(s->bytes, s->bytes + s->at, left);
        s->length = left;
        s->at = 0;
    }
    if (s->room - s->length >= length)
        return;
    s->room = (s->length + length) * 2;
    s->bytes = realloc(s->bytes, s->room);
    if (!s->bytes)
        heap_exhausted("a trace", s->room);
}

void scanner_feed(struct trace_scanner *s, const void *bytes, size_t length)
{
    if (!length)
        return;
    make_room(s, length);
    memcpy(s->bytes + s->length, bytes, length);
    s->length += length;
}

void scanner_skip(struct trace_scanner *s, size_t bytes)
{
    s->at += bytes;
    s->offset += bytes;
    s->credit += bytes * CREDIT_A_BYTE;
}

static enum look look(struct trace_scanner *s, size_t at, struct trace_head *h)
{
    const uint8_t *head = s->bytes + at;
    if (s->length - at < FRAME_HEAD_BYTES)
        return LOOK_PART;
    if (!trace_head_read(head, h))
        return LOOK_NO_HEAD;
    if (s->length - at - FRAME_HEAD_BYTES < h->length)
        return LOOK_PART;
    if (h->length > s->credit)
        return LOOK_BAD_IMAGE;
    s->credit -= h->length;
    return trace_head_fits(head, h) ? LOOK_WHOLE : LOOK_BAD_IMAGE;
}

/* The place of the next byte that a frame may begin with, from `at` on; else the end. */
static size_t candidate(const struct trace_scanner *s, size_t at)
{
    const uint8_t *next = memchr(s->bytes + at, FRAME_MAGIC & 0xff, s->length - at);
    return next ? (size_t)(next - s->bytes) : s->length;
}

/* Places in what was fed; the end: there is none. */
struct places {
    size_t whole; /* the first whole frame */
    size_t part;  /* before it, the first that may be one, when the rest of it is here */
};

/* Looks from `at` on. Before the end of the file nothing behind a part is looked at: its rest will come. */
static struct places find(struct trace_scanner *s, size_t at)
{
    struct places p = {s->length, s->length};
    struct trace_head h;
    for (at = candidate(s, at); at < s->length; at = candidate(s, at + 1)) {
        enum look seen = look(s, at, &h);
        if (seen == LOOK_WHOLE)
            p.whole = at;
        if (seen == LOOK_PART && p.part == s->length &&
            (!s->ended || s->length - at >= FRAME_HEAD_BYTES))
            p.part = at;
        if (seen == LOOK_WHOLE || (seen == LOOK_PART && !s->ended))
            break;
    }
    return p;
}

/* False: it is still not known where a frame begins. What can be none is passed. */
static bool find_again(struct trace_scanner *s)
{
    struct places p = find(s, s->at);
    bool known = p.whole < s->length || (s->ended && p.part < s->length);
    scanner_skip(s, (p.whole < s->length ? p.whole : p.part) - s->at);
    s->lost = !known;
    return known;
}

static enum scanned damaged(struct trace_scanner *s, size_t skipped, bool lost)
{
    s->damage = s->offset;
    s->lost = lost;
    memset(s->head, 0, sizeof s->head);
    scanner_skip(s, skipped);
    return SCANNED_DAMAGE;
}

static enum scanned damaged_image(struct trace_scanner *s, size_t whole)
{
    const uint8_t *frame = s->bytes + s->at;
    damaged(s, whole, false);
    memcpy(s->head, frame, sizeof s->head);
    return SCANNED_DAMAGE;
}

/* At the end of the file a frame is not whole: it is torn, unless others follow inside of what it claims. */
static enum scanned on_part(struct trace_scanner *s)
{
    if (!s->ended || s->done || !scanner_left(s))
        return SCANNED_MORE;
    struct places p = find(s, s->at + 1);
    if (p.whole < s->length)
        return damaged(s, p.whole - s->at, false);
    s->done = true;
    return SCANNED_MORE;
}

/* Something of a trace begins there, as far as can be seen. */
static bool goes_on(const uint8_t *at, size_t left)
{
    static const uint8_t magic[2] = {FRAME_MAGIC & 0xff, FRAME_MAGIC >> 8};
    struct trace_head h;
    if (left >= FRAME_HEAD_BYTES && trace_head_read(at, &h))
        return true;
    if (left >= TRACE_MAGIC_BYTES && memcmp(at, TRACE_MAGIC, TRACE_MAGIC_BYTES) == 0)
        return true;
    return left < FRAME_HEAD_BYTES && memcmp(at, magic, left < 2 ? left : 2) == 0;
}

/* Its length is believed if a frame begins behind it, or the file ends there. */
static enum scanned on_bad_image(struct trace_scanner *s, const struct trace_head *h)
{
    size_t whole = FRAME_HEAD_BYTES + (size_t)h->length, behind = scanner_left(s) - whole;
    if (behind < FRAME_HEAD_BYTES && !s->ended)
        return SCANNED_MORE;
    return goes_on(s->bytes + s->at + whole, behind) ? damaged_image(s, whole)
                                                     : damaged(s, 1, true);
}

enum scanned scanner_next(struct trace_scanner *s, struct trace_head *head)
{
    if (s->lost && !find_again(s))
        return SCANNED_MORE;
    switch (look(s, s->at, head)) {
    case LOOK_WHOLE: return SCANNED_FRAME;
    case LOOK_PART: return on_part(s);
    case LOOK_NO_HEAD: return damaged(s, 1, true);
    default: return on_bad_image(s, head);
    }
}
