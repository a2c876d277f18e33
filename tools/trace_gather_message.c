/* tools/trace_gather_message.c -- what a message says: its fields, and its part of a stream. */
#include "tools/trace_gather_inside.h"
#include "messages/agent_vocabulary.h"
#include "messages/http_head.h"
#include <stdio.h>

/* Kinds that carry a stream, or say how it is cut. */
static const struct carrier {
    uint16_t kind;
    const char *field;  /* the span with its bytes; NULL: none */
    const char *stream; /* NULL: a socket */
    uint16_t last;      /* of flags: the stream ends with it */
    uint16_t frames;    /* of flags: the bytes are a list of frames */
    uint16_t cut;       /* of flags: all that follows from how the stream was cut */
    bool alone;         /* it says nothing else */
} carriers[] = {
    {MSG_DATA, "bytes", "data", 0, 0, 0, true},
    {MSG_REQUEST, NULL, "body", 0, 0, 0, false},
    {MSG_REQUEST_BODY, "bytes", "body", 0, 0, 0, true},
    {MSG_RESPONSE, "body", "body", RESPONSE_LAST, RESPONSE_FRAMES,
     RESPONSE_LAST | RESPONSE_FRAMES | RESPONSE_HAS_DATA, false},
    {MSG_RESPONSE_BODY, "bytes", "body", 0, 0, 0, true},
    {MSG_ANSWER, "body", "body", ANSWER_LAST, ANSWER_FRAMES,
     ANSWER_LAST | ANSWER_FRAMES | ANSWER_FORMAT_MASK, false},
    {MSG_ANSWER_BODY, "bytes", "body", 0, 0, 0, true},
    {MSG_ASSIGN, NULL, "body", ASSIGN_LAST, 0, ASSIGN_LAST | ASSIGN_DATA, false},
    {MSG_ASSIGN_BODY, "bytes", "body", 0, 0, 0, true},
    {MSG_AGENT_OFFER, "body", "body", OFFER_LAST, 0, OFFER_LAST, false},
    {MSG_AGENT_OFFER_BODY, "bytes", "body", 0, 0, 0, true},
    {MSG_SOCKET_DATA, "bytes", NULL, 0, 0, 0, true},
};

static const struct carrier *carrier_of(const struct trace_record *r)
{
    for (size_t i = 0; i < sizeof carriers / sizeof carriers[0]; i++)
        if (r->kind->ours == carriers[i].kind)
            return &carriers[i];
    return NULL;
}

static bool flag(const struct trace_record *r, const char *field)
{
    uint64_t value = 0;
    return trace_value(r, field, &value) && value;
}

/* ---- streams --------------------------------------------------------------------------------- */

static void trailers(struct gather *g, struct unit_pair pair, const uint8_t *at, size_t length)
{
    struct unit_item *i = gather_item(g, g->unit, pair, "trailers", false);
    gather_headers(g, i, at, length);
}

/* A list of frames, count first: 0 and data, 1 and a header map, which is the last. */
static void frames(struct gather *g, struct trace_stream *s, struct unit_pair pair,
                   const struct trace_bytes *b)
{
    const uint8_t *at = b->bytes, *end = at + b->kept;
    uint64_t count;
    struct http_text data;
    if (!http_wire_take_number(&at, end, &count))
        return;
    for (; count && at < end; count--) {
        if (*at++) {
            trailers(g, pair, at, (size_t)(end - at));
            return;
        }
        if (!http_wire_take_text(&at, end, &data))
            return;
        trace_stream_add(
            s, &(struct trace_bytes){data.at, (uint32_t)data.length, (uint32_t)data.length, 0});
    }
}

static bool ends(const struct trace_record *r, const struct carrier *c)
{
    if (r->kind->ours == MSG_DATA)
        return r->spans[0].length == 0;
    return (r->flags & c->last) || flag(r, "last");
}

static const char *stream_name(const struct gather *g, const struct carrier *c, char text[32])
{
    uint64_t n = 0;
    if (c->stream)
        return c->stream;
    (void)trace_value(g->record, "n", &n);
    snprintf(text, 32, "socket %u", (unsigned)n);
    return text;
}

static void stream(struct gather *g, const struct carrier *c, struct unit_pair pair)
{
    const struct trace_record *r = g->record;
    const struct trace_bytes *b = c->field ? trace_span(r, c->field) : NULL;
    char text[32];
    struct trace_stream *s = gather_stream(g, g->unit, pair, stream_name(g, c, text));
    s->ended |= ends(r, c);
    if (!b || !b->length)
        return;
    if (flag(r, "trailers") && b->kept == b->length)
        trailers(g, pair, b->bytes, b->kept);
    else if ((r->flags & c->frames) && b->kept == b->length)
        frames(g, s, pair, b);
    else
        trace_stream_add(s, b);
}

/* ---- fields ---------------------------------------------------------------------------------- */

static bool is_request_head(uint16_t kind)
{
    return kind == MSG_REQUEST || kind == MSG_ASSIGN || kind == MSG_AGENT_ROUTE ||
           kind == MSG_AGENT_OFFER;
}

/* An ANSWER's has port, connection and request in front. */
static void head(struct gather *g, struct unit_item *i, const struct trace_bytes *b)
{
    uint16_t kind = g->record->kind->ours;
    const uint8_t *at = b->bytes, *end = at + b->kept;
    uint64_t number;
    if (!b->length)
        return;
    if (b->kept < b->length) {
        if (i)
            gather_bytes_field(g, i, "head", b);
        return;
    }
    for (unsigned n = 0; kind == MSG_ANSWER && n < 3; n++)
        if (!http_wire_take_number(&at, end, &number))
            return;
    gather_head(g, g->unit, i, is_request_head(kind), at, (size_t)(end - at));
}

static bool has_head(const struct trace_record *r)
{
    uint16_t kind = r->kind->ours;
    return is_request_head(kind) || kind == MSG_RESPONSE || kind == MSG_ANSWER;
}

static void flags(struct gather *g, struct unit_item *i, uint16_t cut)
{
    uint16_t said = g->record->flags;
    if (said & ~cut)
        gather_number_field(g, i, "flags", said & ~(unsigned)cut, false);
    if (cut)
        gather_number_field(g, i, "flags of the cut", said & cut, true);
}

static void field(struct gather *g, struct unit_item *i, const struct carrier *c, unsigned n)
{
    const struct trace_record *r = g->record;
    const struct trace_field *f = &r->kind->fields[n];
    if (f->type != FIELD_span)
        gather_value_field(g, i, f, r->values[n], c && strcmp(f->name, "last") == 0);
    else if (strcmp(f->name, "head") == 0 && has_head(r))
        head(g, i, &r->spans[f->span]);
    else if (!c || !c->field || strcmp(f->name, c->field) != 0)
        gather_bytes_field(g, i, f->name, &r->spans[f->span]);
}

static void fields(struct gather *g, struct unit_item *i, const struct carrier *c)
{
    i->cut = g->record->kind->ours == MSG_ANSWERED;
    flags(g, i, c ? c->cut : 0);
    for (unsigned n = 0; n < g->record->kind->field_count; n++)
        field(g, i, c, n);
}

/* ---- messages -------------------------------------------------------------------------------- */

static struct unit_pair pair_of(struct gather *g)
{
    const struct trace_record *r = g->record;
    const char *from = ref_is_nobody(r->from) ? "outside" : trace_actors_type(g->actors, r->from);
    return gather_pair(g, from, g->type);
}

/* What the unit is, although it is not compared. */
static void learn(struct gather *g)
{
    const struct trace_record *r = g->record;
    const struct trace_bytes *b = trace_span(r, "head");
    if (!g->unit->method && b && is_request_head(r->kind->ours))
        head(g, NULL, b);
}

static void call(struct gather *g)
{
    const struct trace_record *r = g->record;
    const struct carrier *c = carrier_of(r);
    if (r->kind->ours == MSG_SOCKET_DATA && gather_is_link(g->type)) {
        gather_link_bytes(g, &r->spans[0], false);
        return;
    }
    learn(g);
    if (!g->wanted || rules_ignore_kind(g->rules, r->kind->name, g->type))
        return;
    struct unit_pair pair = pair_of(g);
    if (c && !(r->kind->ours == MSG_ASSIGN && r->flags & ASSIGN_RAW))
        stream(g, c, pair);
    if (!c || !c->alone)
        fields(g, gather_item(g, g->unit, pair, r->kind->name, false), c);
}

static void end(struct gather *g)
{
    if (rules_ignore_kind(g->rules, "END", g->type))
        return;
    struct unit_item *i = gather_item(g, g->unit, gather_pair(g, "outside", g->type), "END", false);
    gather_number_field(g, i, "reason", g->record->flags, false);
}

static void undelivered(struct gather *g)
{
    const struct trace_record *r = g->record;
    if (rules_ignore_undelivered(g->rules) || rules_ignore_kind(g->rules, r->kind->name, g->type))
        return;
    struct unit_item *i = gather_item(g, g->unit, pair_of(g), "UNDELIVERED", false);
    gather_text_field(g, i, "kind", r->kind->name, strlen(r->kind->name));
}

void gather_message(struct gather *g)
{
    if (g->record->what == TRACE_CALL)
        call(g);
    else if (g->wanted && g->record->what == TRACE_END)
        end(g);
    else if (g->wanted)
        undelivered(g);
}
