/* messages/redact_flow.c -- see redact_flow.h */
#include "messages/redact_flow.h"

static bool continues(const struct redact_segment *last, struct redact_spot spot)
{
    return last->spot.record == spot.record && last->spot.place == spot.place &&
           last->spot.offset + last->length == spot.offset;
}

static void remember(struct redact_flow *f, size_t length, struct redact_spot spot)
{
    if (f->count > f->first && continues(&f->segments[f->count - 1], spot)) {
        f->segments[f->count - 1].length += (uint32_t)length;
        return;
    }
    if (f->count == f->room && f->first > f->room / 2) {
        memmove(f->segments, f->segments + f->first, (f->count - f->first) * sizeof *f->segments);
        f->count -= f->first;
        f->first = 0;
    }
    if (f->count == f->room) {
        f->room = f->room ? f->room * 2 : 4;
        f->segments = redact_grown(f->segments, f->room * sizeof *f->segments);
    }
    f->segments[f->count++] = (struct redact_segment){f->at, (uint32_t)length, spot};
}

static struct redact_segment find_before(const struct redact_flow *f, uint64_t at)
{
    struct redact_segment s = redact_flow_find(f->before, at);
    if (s.length > f->split - at)
        s.length = (uint32_t)(f->split - at);
    return s;
}

/* The last one that does not begin behind `at`, or the first. */
static size_t place_of(const struct redact_flow *f, uint64_t at)
{
    size_t low = f->first, high = f->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (f->segments[middle].at <= at)
            low = middle;
        else
            high = middle;
    }
    return low;
}

struct redact_segment redact_flow_find(const struct redact_flow *f, uint64_t at)
{
    if (f->before && at < f->split)
        return find_before(f, at);
    size_t low = place_of(f, at);
    if (low == f->count || f->segments[low].at > at ||
        at - f->segments[low].at >= f->segments[low].length)
        return (struct redact_segment){at, 0, {0}};
    struct redact_segment s = f->segments[low];
    uint32_t skipped = (uint32_t)(at - s.at);
    s.at = at;
    s.length -= skipped;
    s.spot.offset += skipped;
    return s;
}

uint64_t redact_flow_missing(const struct redact_flow *f, uint64_t at)
{
    size_t low = place_of(f, at);
    low += low < f->count && f->segments[low].at <= at;
    return (low < f->count ? f->segments[low].at : f->at) - at;
}

static uint32_t depth(const struct redact_flow *f, const struct redact_sink *sink)
{
    return sink->texts ? redact_search_depth(redact_texts_search(sink->texts), f->node) : 0;
}

uint64_t redact_flow_needs(const struct redact_flow *f, const struct redact_sink *sink)
{
    return f->at - depth(f, sink);
}

/* Its bytes from `told` to `length`. */
static void tell(const struct redact_flow *f, const struct redact_sink *sink,
                 const struct redact_text *text, uint64_t at, uint64_t told, uint64_t length)
{
    while (told < length) {
        struct redact_segment s = redact_flow_find(f, at + told);
        if (!s.length)
            return;
        uint32_t n = s.length < length - told ? s.length : (uint32_t)(length - told);
        sink->part(sink->context, text, s.spot, (uint32_t)told, n);
        told += n;
    }
}

void redact_flow_tell(const struct redact_flow *f, const struct redact_sink *sink,
                      const struct redact_text *text, uint64_t at, uint64_t length)
{
    if (sink->part)
        tell(f, sink, text, at, 0, length);
}

static void tell_settled(struct redact_flow *f, const struct redact_sink *sink, uint64_t needed)
{
    struct redact_match m;
    uint64_t own;
    while (redact_matches_next(&f->matches, needed, &m, &own))
        tell(f, sink, redact_texts_number(sink->texts, m.text), m.begin, own - m.begin,
             m.end - m.begin);
}

static void on_end(struct redact_flow *f, const struct redact_sink *sink, uint32_t number)
{
    const struct redact_text *text = redact_texts_number(sink->texts, number);
    if (sink->ended)
        sink->ended(sink->context, text);
    if (!sink->part)
        return;
    tell_settled(f, sink, redact_flow_needs(f, sink));
    redact_matches_add(&f->matches, f->at - text->length, f->at, number);
}

void redact_flow_feed(struct redact_flow *f, const struct redact_sink *sink, const uint8_t *bytes,
                      size_t length, struct redact_spot spot)
{
    if (!length)
        return;
    remember(f, length, spot);
    if (!sink->texts) {
        f->at += length;
        return;
    }
    const struct redact_search *search = redact_texts_search(sink->texts);
    uint32_t number, at;
    for (size_t i = 0; i < length;) {
        size_t n = redact_search_run(search, &f->node, bytes + i, length - i);
        f->at += n;
        i += n;
        at = f->node;
        if ((number = redact_search_hit(search, &at)))
            on_end(f, sink, number);
    }
}

void redact_flow_skip(struct redact_flow *f, uint64_t missing)
{
    f->at += missing;
}

void redact_flow_settle(struct redact_flow *f, const struct redact_sink *sink)
{
    tell_settled(f, sink, UINT64_MAX);
}

void redact_flow_anew(struct redact_flow *f)
{
    f->first = f->count = 0;
    f->at = 0;
    f->node = 0;
    f->matches.settled = 0;
}

void redact_flow_forget(struct redact_flow *f, const struct redact_sink *sink, uint64_t at)
{
    uint64_t needed = redact_flow_needs(f, sink);
    tell_settled(f, sink, needed);
    if (at < needed)
        needed = at;
    while (f->first < f->count && f->segments[f->first].at + f->segments[f->first].length <= needed)
        f->first++;
    if (f->first == f->count)
        f->first = f->count = 0;
}

void redact_flow_cut(struct redact_flow *f, const struct redact_sink *sink, uint32_t least)
{
    uint32_t come = depth(f, sink);
    redact_flow_settle(f, sink);
    if (come >= least && come) {
        uint32_t number = redact_search_begun(redact_texts_search(sink->texts), f->node);
        redact_flow_tell(f, sink, redact_texts_number(sink->texts, number), f->at - come, come);
    }
    f->node = 0;
}

void redact_flow_free(struct redact_flow *f)
{
    free(f->segments);
    redact_matches_free(&f->matches);
    *f = (struct redact_flow){0};
}
