/* tools/trace_gather_link.c -- the bytes of a link, as the protocol messages that they are.
 *
 * How answers of several exchanges interleave on a link is chance; so is whether an answer is framed or chunked,
 * which follows from how the application's bytes came. So each message goes to the unit that its ids name, and
 * bodies become streams.
 */
#include "tools/trace_gather_inside.h"
#include "messages/wire_decoder.h"
#include "messages/wire_transcode.h"
#include <stdlib.h>

struct gather_link {
    struct link_key {
        uint64_t ref;
        uint64_t written;
    } key;
    struct wire_decoder decoder;
    struct wire_buffer held; /* of the message under way */
    bool broken;             /* no message can be found any more */
    struct unit_pair pair;
    UT_hash_handle hh;
};

bool gather_is_link(const char *type)
{
    return type && (strcmp(type, "link_connection") == 0 || strcmp(type, "agent_session") == 0);
}

static enum wire_from speaker(const struct gather *g, bool written)
{
    bool proxy = strcmp(g->type, "link_connection") == 0;
    return proxy == written ? WIRE_FROM_CLIENT : WIRE_FROM_AGENT;
}

static struct gather_link *link_of(struct gather *g, bool written)
{
    struct link_key key = {ref_bits(g->record->to), written};
    struct gather_link *l;
    HASH_FIND(hh, g->links, &key, sizeof key, l);
    if (l)
        return l;
    l = calloc(1, sizeof *l);
    if (!l)
        heap_exhausted("a link of a trace", sizeof *l);
    l->key = key;
    l->pair = written ? gather_pair(g, g->type, "outside") : gather_pair(g, "outside", g->type);
    wire_decoder_create(&l->decoder, speaker(g, written), version_newest(), UINT64_MAX);
    HASH_ADD(hh, g->links, key, sizeof l->key, l);
    return l;
}

void gather_links_lost(struct gather *g)
{
    for (struct gather_link *l = g->links; l; l = l->hh.next)
        l->broken = true;
}

void gather_links_free(struct gather *g)
{
    struct gather_link *l, *next;
    HASH_ITER(hh, g->links, l, next)
    {
        HASH_DEL(g->links, l);
        wire_decoder_destroy(&l->decoder);
        wire_buffer_release(&l->held);
        free(l);
    }
}

/* ---- whose it is ----------------------------------------------------------------------------- */

enum wire_about { ABOUT_NOTHING, ABOUT_CONNECTION, ABOUT_RAW, ABOUT_REQUEST };

static enum wire_about about(enum wire_kind kind)
{
    switch (kind) {
    case WIRE_TCP_CLOSE:
    case WIRE_CONNECTION_UNSUBSCRIBE: return ABOUT_CONNECTION;
    case WIRE_NEW_CONNECTION:
    case WIRE_DATA: return ABOUT_RAW;
    case WIRE_HTTP_REQUEST:
    case WIRE_HTTP_REQUEST_FRAMED:
    case WIRE_HTTP_REQUEST_START_V1:
    case WIRE_HTTP_REQUEST_START_V2:
    case WIRE_REQUEST_BODY:
    case WIRE_REQUEST_ERROR:
    case WIRE_HTTP_RESPONSE:
    case WIRE_HTTP_RESPONSE_FRAMED:
    case WIRE_HTTP_RESPONSE_START:
    case WIRE_RESPONSE_BODY:
    case WIRE_RESPONSE_ERROR: return ABOUT_REQUEST;
    default: return ABOUT_NOTHING;
    }
}

static bool is_request(enum wire_kind kind)
{
    return kind == WIRE_HTTP_REQUEST || kind == WIRE_HTTP_REQUEST_FRAMED ||
           kind == WIRE_HTTP_REQUEST_START_V1 || kind == WIRE_HTTP_REQUEST_START_V2;
}

static bool is_response(enum wire_kind kind)
{
    return kind == WIRE_HTTP_RESPONSE || kind == WIRE_HTTP_RESPONSE_FRAMED ||
           kind == WIRE_HTTP_RESPONSE_START;
}

static enum gather_place begins_at(const struct gather *g, enum wire_kind kind)
{
    if (!is_request(kind) && kind != WIRE_NEW_CONNECTION)
        return 0;
    return strcmp(g->type, "agent_session") == 0 ? AT_AGENT_SESSION : AT_LINK;
}

static struct trace_unit *unit_of(struct gather *g, const struct wire_message *m)
{
    enum wire_about what = about(m->kind);
    struct unit_ids ids;
    if (what == ABOUT_NOTHING)
        return g->unit;
    memset(&ids, 0, sizeof ids);
    ids.connection = m->connection;
    ids.mode = m->mode;
    ids.request = what == ABOUT_REQUEST      ? m->request
                  : what == ABOUT_CONNECTION ? UNIT_IDS_CONNECTION
                                             : 0;
    struct trace_unit *x = gather_unit_of_ids(g, ids, begins_at(g, m->kind));
    if (!x->begun) {
        x->begun = true;
        x->began_us = g->record->now_us;
        x->sequence = g->record->sequence;
    }
    return x;
}

/* ---- what it says ---------------------------------------------------------------------------- */

static struct trace_bytes range_of(const struct gather_link *l, struct wire_range range)
{
    return (struct trace_bytes){l->held.at + range.offset, (uint32_t)range.length,
                                (uint32_t)range.length, 0};
}

static void text_field(struct gather *g, const struct gather_link *l, struct unit_item *i,
                       const char *name, struct wire_range range)
{
    if (range.offset)
        gather_text_field(g, i, name, l->held.at + range.offset, range.length);
}

static void body(struct gather *g, struct gather_link *l, struct trace_unit *x)
{
    const struct wire_message *m = &l->decoder.message;
    struct trace_stream *s = gather_stream(g, x, l->pair, m->kind == WIRE_DATA ? "data" : "body");
    struct trace_bytes piece = range_of(l, m->kind == WIRE_DATA ? m->payload : m->body);
    if ((m->kind == WIRE_DATA ? m->payload : m->body).offset)
        trace_stream_add(s, &piece);
    for (uint32_t f = 0; f < m->frame_count; f++) {
        piece = range_of(l, m->frames[f].range);
        if (m->frames[f].is_trailers)
            gather_headers(g, gather_item(g, x, l->pair, "trailers", false), piece.bytes,
                           piece.length);
        else
            trace_stream_add(s, &piece);
    }
    s->ended |= m->is_last || (m->kind == WIRE_DATA && !m->payload.length) ||
                m->kind == WIRE_HTTP_REQUEST || m->kind == WIRE_HTTP_REQUEST_FRAMED ||
                m->kind == WIRE_HTTP_RESPONSE || m->kind == WIRE_HTTP_RESPONSE_FRAMED;
}

/* How a response is sent follows from how it was cut. */
static void item(struct gather *g, struct gather_link *l, struct trace_unit *x, const char *kind)
{
    const struct wire_message *m = &l->decoder.message;
    char name[WIRE_NAME_MAX];
    struct unit_item *i = gather_item(g, x, l->pair, kind, false);
    if (is_response(m->kind) && !rules_ignore_field(g->rules, "form", kind))
        unit_item_field(i, trace_string_of(g->strings, "form"),
                        trace_string_of(g->strings, wire_message_name(m, name)), true);
    if (m->port)
        gather_number_field(g, i, "port", m->port, false);
    if (m->kind == WIRE_SUBSCRIBE_RESULT)
        gather_number_field(g, i, "result", m->result ? m->error : 0, false);
    text_field(g, l, i, "text", m->text);
    text_field(g, l, i, "filter", m->filter);
    text_field(g, l, i, "reason", m->reason);
    if (m->kind == WIRE_OTHER)
        gather_text_field(g, i, "bytes", l->held.at, m->length);
    if (m->head.offset)
        gather_head(g, x, i, is_request(m->kind), l->held.at + m->head.offset, m->head.length);
}

static void on_message(struct gather *g, struct gather_link *l)
{
    const struct wire_message *m = &l->decoder.message;
    struct trace_unit *x = unit_of(g, m);
    char name[WIRE_NAME_MAX];
    const char *kind = is_response(m->kind) ? "HttpResponse" : wire_message_name(m, name);
    bool alone =
        m->kind == WIRE_DATA || m->kind == WIRE_REQUEST_BODY || m->kind == WIRE_RESPONSE_BODY;
    if (!g->wanted || rules_ignore_kind(g->rules, kind, g->type))
        return;
    if (about(m->kind) >= ABOUT_RAW && m->kind != WIRE_NEW_CONNECTION &&
        m->kind != WIRE_REQUEST_ERROR && m->kind != WIRE_RESPONSE_ERROR)
        body(g, l, x);
    if (!alone)
        item(g, l, x, kind);
}

static void on_bad(struct gather *g, struct gather_link *l)
{
    l->broken = true;
    if (!g->wanted)
        return;
    struct unit_item *i = gather_item(g, g->unit, l->pair, "no message", false);
    gather_text_field(g, i, "error", l->decoder.error, strlen(l->decoder.error));
}

void gather_link_bytes(struct gather *g, const struct trace_bytes *bytes, bool written)
{
    struct gather_link *l = link_of(g, written);
    const uint8_t *at = bytes->bytes, *end = at + bytes->kept;
    if (bytes->kept < bytes->length) {
        g->units->link_left_out = true;
        l->broken = true;
    }
    while (!l->broken && at < end) {
        size_t consumed;
        enum wire_verdict v = wire_decoder_feed(&l->decoder, at, (size_t)(end - at), &consumed);
        if (v == WIRE_BAD || v == WIRE_TOO_LARGE) {
            on_bad(g, l);
            return;
        }
        wire_buffer_put(&l->held, at, consumed);
        at += consumed;
        if (v != WIRE_MESSAGE)
            continue;
        on_message(g, l);
        l->held.length = 0;
    }
}
