/* messages/trace_streams.c -- see trace_streams.h */
#include "messages/trace_streams.h"
#include "messages/http1_trailers.h"
#include "messages/http1_writer.h"
#include "messages/kinds.h"
#include "messages/trace_grow.h"
#include "messages/vocabulary.h"
#include "runtime/hash.h"
#include <stdio.h>
#include <uthash.h>

/* A stream and what only the gatherer needs of it. */
struct gathered {
    struct trace_stream stream;
    struct wire_buffer bytes[SIDES];
    uint32_t heard;           /* messages of the actor so far */
    uint64_t missing;         /* that are to be told by the next piece */
    bool over;                /* the near side has closed it, or the actor has ended */
    struct wire_buffer asked; /* the text of the head that was assigned, as it is written */
    uint64_t key;
    UT_hash_handle hh;
};

/* An actor of the stand-in agent that opens local connections. */
struct opener {
    uint64_t key;
    UT_hash_handle hh;
};

struct trace_streams {
    struct gathered **all;
    unsigned count;
    struct gathered *live; /* by actor */
    struct opener *openers;
};

struct trace_streams *trace_streams_new(void)
{
    struct trace_streams *s = calloc(1, sizeof *s);
    if (!s)
        heap_exhausted("streams of a trace", sizeof *s);
    return s;
}

void trace_streams_free(struct trace_streams *s)
{
    struct opener *o, *next;
    HASH_CLEAR(hh, s->live);
    HASH_ITER(hh, s->openers, o, next)
    {
        HASH_DEL(s->openers, o);
        free(o);
    }
    for (unsigned i = 0; i < s->count; i++) {
        for (unsigned side = 0; side < SIDES; side++)
            wire_buffer_release(&s->all[i]->bytes[side]);
        wire_buffer_release(&s->all[i]->asked);
        free(s->all[i]->stream.pieces);
        free(s->all[i]);
    }
    free(s->all);
    free(s);
}

const struct trace_stream *trace_streams_first(const struct trace_streams *s)
{
    return s->count ? &s->all[0]->stream : NULL;
}

/* ---- actors ---- */

static bool is_stream(const char *type, enum stream_kind *kind, bool *by_agent)
{
    *by_agent = type && strcmp(type, "agent_session") == 0;
    *kind = type && strcmp(type, "local_connection") == 0 ? STREAM_LOCAL : STREAM_LINK;
    return *by_agent || *kind == STREAM_LOCAL || (type && strcmp(type, "link_connection") == 0);
}

static struct gathered *find(struct trace_streams *s, struct actor_ref actor)
{
    struct gathered *g;
    uint64_t key = ref_bits(actor);
    HASH_FIND(hh, s->live, &key, sizeof key, g);
    return g;
}

static struct gathered *add(struct trace_streams *s, const struct trace_record *r,
                            enum stream_kind kind, bool by_agent)
{
    struct gathered *g = calloc(1, sizeof *g);
    if (!g)
        heap_exhausted("a stream of a trace", sizeof *g);
    g->stream.kind = kind;
    g->stream.by_agent = by_agent;
    g->stream.actor = r->to;
    g->stream.began_ns = r->ended_ns - r->took_ns;
    g->stream.middle = r->number > 1;
    g->stream.connected = g->stream.middle;
    g->heard = r->number ? r->number - 1 : 0;
    g->key = ref_bits(r->to);
    HASH_ADD(hh, s->live, key, sizeof g->key, g);
    s->all = trace_grow(s->all, s->count, sizeof *s->all);
    if (s->count)
        s->all[s->count - 1]->stream.next = &g->stream;
    s->all[s->count++] = g;
    return g;
}

static void note_opener(struct trace_streams *s, const struct trace_record *r)
{
    struct opener *o;
    uint64_t key = ref_bits(r->to);
    HASH_FIND(hh, s->openers, &key, sizeof key, o);
    if (r->what == TRACE_END && o) {
        HASH_DEL(s->openers, o);
        free(o);
    } else if (r->what == TRACE_CALL && !o) {
        o = calloc(1, sizeof *o);
        if (!o)
            heap_exhausted("an actor of a trace", sizeof *o);
        o->key = key;
        HASH_ADD(hh, s->openers, key, sizeof o->key, o);
    }
}

static bool is_opener(const struct trace_streams *s, struct actor_ref who)
{
    struct opener *o;
    uint64_t key = ref_bits(who);
    HASH_FIND(hh, s->openers, &key, sizeof key, o);
    return o != NULL;
}

/* ---- pieces ---- */

static enum stream_side side_of(const struct gathered *g, bool heard)
{
    bool near = heard == (g->stream.kind == STREAM_LINK && g->stream.by_agent);
    return near ? SIDE_NEAR : SIDE_FAR;
}

static struct trace_piece *put(struct gathered *g, enum piece_what what, enum stream_side side,
                               uint64_t at_ns)
{
    struct trace_stream *t = &g->stream;
    t->pieces = trace_grow(t->pieces, t->count, sizeof *t->pieces);
    struct trace_piece *p = &t->pieces[t->count++];
    *p = (struct trace_piece){.what = (uint8_t)what, .side = (uint8_t)side, .at_ns = at_ns};
    p->missing = g->missing;
    g->missing = 0;
    return p;
}

static void put_bytes(struct gathered *g, enum stream_side side, uint64_t at_ns,
                      const struct trace_bytes *b)
{
    if (!b->length)
        return;
    struct wire_buffer *all = &g->bytes[side];
    struct trace_piece *p = put(g, PIECE_BYTES, side, at_ns);
    p->offset = all->length;
    p->kept = b->kept;
    p->length = b->length;
    trace_put(all, b->bytes, b->kept);
    g->stream.bytes[side].at = all->at;
    g->stream.bytes[side].length = all->length;
}

/* The text that local_connection makes of a head, which is kept whatever --trace-bodies says. */
static void write_head(struct gathered *g, const struct trace_bytes *b, unsigned flags)
{
    struct http_head head;
    struct http_facts facts;
    g->asked.length = 0;
    if (!b || b->kept < b->length || (flags & ASSIGN_RAW) ||
        !http_head_open_request(&head, &facts, b->bytes, b->length))
        return;
    struct http1_plan plan = http1_plan_request(&head, &facts,
                                                flags & ASSIGN_LAST   ? HTTP1_BODY_EMPTY
                                                : flags & ASSIGN_DATA ? HTTP1_BODY_HAS_DATA
                                                                      : HTTP1_BODY_UNKNOWN);
    uint64_t most = http1_head_bytes_max(&head, &facts);
    if (plan.refused || most > HTTP1_TEXT_MAX || !wire_buffer_room(&g->asked, most))
        return;
    struct http1_out out = {g->asked.at, g->asked.at + most, false};
    http1_write_request(&out, &head, &plan);
    g->asked.length = out.overflow ? 0 : (size_t)(out.at - g->asked.at);
}

/* What was written and not kept is made again, if it is that head and nothing else. */
static void put_written(struct gathered *g, uint64_t at_ns, const struct trace_bytes *b)
{
    struct trace_bytes whole = *b;
    if (b->kept < b->length && b->length == g->asked.length &&
        b->hash == hash_of(g->asked.at, g->asked.length)) {
        whole.bytes = g->asked.at;
        whole.kept = b->length;
    }
    put_bytes(g, side_of(g, false), at_ns, &whole);
}

static void heard(struct trace_streams *s, struct gathered *g, const struct trace_record *r)
{
    uint64_t at_ns = r->ended_ns - r->took_ns, error = 0;
    const struct trace_bytes *bytes;
    switch (r->kind->ours) {
    case MSG_SOCKET_ACCEPTED: g->stream.connected = true; break;
    case MSG_SOCKET_CONNECTED: {
        bool known = trace_value(r, "error", &error);
        g->stream.connected |= known && error == 0;
        g->stream.refused |= known && error != 0;
        break;
    }
    case MSG_SOCKET_DATA:
        if ((bytes = trace_span(r, "bytes")))
            put_bytes(g, side_of(g, true), at_ns, bytes);
        break;
    case MSG_SOCKET_END: put(g, PIECE_END, side_of(g, true), at_ns); break;
    case MSG_SOCKET_FAILED: put(g, PIECE_RESET, side_of(g, true), at_ns); break;
    case MSG_ASSIGN: {
        struct trace_piece *p = put(g, PIECE_ASSIGN, SIDE_NEAR, at_ns);
        p->exchange = r->exchange;
        p->raw = (r->flags & ASSIGN_RAW) != 0;
        write_head(g, trace_span(r, "head"), r->flags);
        g->stream.by_agent |= is_opener(s, r->from);
        break;
    }
    default: break;
    }
}

/* Whom we said the end to hears it once. */
static void put_end(struct gathered *g, enum piece_what what, uint64_t at_ns)
{
    if (g->over)
        return;
    g->over = true;
    put(g, what, side_of(g, false), at_ns);
}

static void did(struct gathered *g, const struct trace_effect *e, uint64_t at_ns)
{
    switch (e->kind) {
    case EFFECT_CONNECT:
        snprintf(g->stream.destination, sizeof g->stream.destination, "%s", e->address);
        g->over = false;
        break;
    case EFFECT_WRITE: put_written(g, at_ns, &e->bytes); break;
    case EFFECT_SHUTDOWN:
    case EFFECT_CLOSE: put_end(g, PIECE_END, at_ns); break;
    case EFFECT_ABORT:
    case EFFECT_RESET:
        if (g->stream.connected)
            put_end(g, PIECE_RESET, at_ns);
        break;
    default: break;
    }
}

static void count_missing(struct gathered *g, const struct trace_record *r)
{
    if (r->number > g->heard + 1)
        g->missing += r->number - g->heard - 1;
    g->heard = r->number;
}

void trace_streams_take(struct trace_streams *s, const struct trace_reader *reader,
                        const struct trace_record *r)
{
    enum stream_kind kind;
    bool by_agent;
    if (r->type && strcmp(r->type, "agent_remote") == 0)
        note_opener(s, r);
    if ((r->what != TRACE_CALL && r->what != TRACE_END) || !is_stream(r->type, &kind, &by_agent))
        return;
    struct gathered *g = find(s, r->to);
    if (!g)
        g = add(s, r, kind, by_agent);
    if (r->what == TRACE_CALL) {
        count_missing(g, r);
        heard(s, g, r);
    }
    struct trace_effect e;
    size_t at = 0;
    while (trace_effect_next(reader, r, &at, &e))
        if (!(effect_has(e.kind) & EFFECT_HAS_N) || e.n == 0)
            did(g, &e, r->ended_ns);
    if (r->what == TRACE_END) {
        if (g->stream.connected)
            put_end(g, PIECE_END, r->ended_ns);
        HASH_DEL(s->live, g);
    }
}
