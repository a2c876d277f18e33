/* messages/trace_reversion.c -- see trace_reversion.h */
#include "messages/trace_reversion.h"
#include "messages/trace_grow.h"
#include "messages/trace_speech.h"
#include "messages/wire_encoder.h"
#include <stdlib.h>
#include <string.h>

/* A request whose body is not whole yet. */
struct waiting {
    struct waiting *next;
    enum wire_mode mode;
    struct wire_ids ids;
    struct wire_buffer head, frames; /* frames: as they are written */
    struct wire_buffer data;         /* the data frames' bytes, joined */
    size_t count;
};

struct trace_reversion {
    struct version version;
    struct trace_stream link;
    struct wire_buffer bytes[SIDES];
    struct waiting *waiting;
    unsigned impossible;
};

/* ---- writing ---- */

static void add_piece(struct trace_reversion *r, enum stream_side side, uint64_t at_ns,
                      const void *bytes, size_t length)
{
    struct trace_stream *l = &r->link;
    l->pieces = trace_grow(l->pieces, l->count, sizeof *l->pieces);
    l->pieces[l->count++] = (struct trace_piece){.what = PIECE_BYTES,
                                                 .side = (uint8_t)side,
                                                 .at_ns = at_ns,
                                                 .offset = r->bytes[side].length,
                                                 .kept = (uint32_t)length,
                                                 .length = (uint32_t)length};
    trace_put(&r->bytes[side], bytes, length);
}

/* What a writer has put into room of its own. */
static void add_written(struct wire_buffer *to, const uint8_t *room, const struct wire_writer *w)
{
    trace_put(to, room, (size_t)(w->at - room));
}

static void put_frames(struct waiting *x, const struct trace_spoken *m)
{
    for (uint32_t i = 0; i < m->message->frame_count; i++) {
        const struct wire_frame *f = &m->message->frames[i];
        uint8_t room[WIRE_PUT_MAX];
        struct wire_writer w = wire_writer_over(room, sizeof room);
        if (f->is_trailers)
            wire_put_trailers(&w);
        else
            wire_put_frame(&w, f->range.length);
        add_written(&x->frames, room, &w);
        trace_put(&x->frames, m->bytes + f->range.offset, (size_t)f->range.length);
        if (!f->is_trailers)
            trace_put(&x->data, m->bytes + f->range.offset, (size_t)f->range.length);
        x->count++;
    }
}

/* ---- requests ---- */

static bool allows(const struct trace_reversion *r, enum gate gate)
{
    return version_allows(r->version, gate);
}

static enum wire_kind form_of(const struct trace_reversion *r, enum wire_kind kind)
{
    if (kind == WIRE_HTTP_REQUEST_START_V2 && !allows(r, GATE_HTTP_CHUNKED_REQUEST_V2))
        kind = WIRE_HTTP_REQUEST_START_V1;
    if (kind == WIRE_HTTP_REQUEST_START_V1 && !allows(r, GATE_HTTP_CHUNKED_REQUEST))
        kind = WIRE_HTTP_REQUEST_FRAMED;
    if (kind == WIRE_HTTP_REQUEST_FRAMED && !allows(r, GATE_HTTP_FRAMED))
        kind = WIRE_HTTP_REQUEST;
    return kind;
}

static void say_request(struct trace_reversion *r, const struct waiting *x, enum wire_kind kind,
                        uint64_t at_ns)
{
    uint8_t room[WIRE_PUT_MAX];
    struct wire_buffer out = {0};
    struct wire_writer w = wire_writer_over(room, sizeof room);
    wire_put_request(&w, x->mode, kind);
    add_written(&out, room, &w);
    trace_put(&out, x->head.at, x->head.length);
    w = wire_writer_over(room, sizeof room);
    wire_put_uint(&w, kind == WIRE_HTTP_REQUEST ? x->data.length : x->count);
    add_written(&out, room, &w);
    if (kind == WIRE_HTTP_REQUEST)
        trace_put(&out, x->data.at, x->data.length);
    else
        trace_put(&out, x->frames.at, x->frames.length);
    w = wire_writer_over(room, sizeof room);
    wire_put_request_end(&w, &x->ids);
    add_written(&out, room, &w);
    add_piece(r, SIDE_FAR, at_ns, out.at, out.length);
    wire_buffer_release(&out);
}

static void say_last(struct trace_reversion *r, const struct waiting *x, uint64_t at_ns)
{
    uint8_t room[WIRE_PUT_MAX];
    struct wire_writer w = wire_writer_over(room, sizeof room);
    wire_put_request_body(&w, x->mode, 0);
    wire_put_body_end(&w, true, &x->ids);
    add_piece(r, SIDE_FAR, at_ns, room, (size_t)(w.at - room));
}

static void release(struct waiting *x)
{
    wire_buffer_release(&x->head);
    wire_buffer_release(&x->frames);
    wire_buffer_release(&x->data);
}

static struct waiting request_of(const struct trace_spoken *m)
{
    const struct wire_message *w = m->message;
    struct waiting x = {.mode = w->mode, .ids = {w->connection, w->request, w->port}};
    trace_put(&x.head, m->bytes + w->head.offset, (size_t)w->head.length);
    put_frames(&x, m);
    return x;
}

static void keep(struct trace_reversion *r, const struct waiting *x)
{
    struct waiting *kept = malloc(sizeof *kept);
    if (!kept)
        heap_exhausted("a request", sizeof *kept);
    *kept = *x;
    kept->next = r->waiting;
    r->waiting = kept;
}

static bool is_whole(const struct wire_message *m)
{
    return m->kind == WIRE_HTTP_REQUEST_FRAMED ||
           (m->kind == WIRE_HTTP_REQUEST_START_V2 && m->is_last);
}

/* True: it was said in another form, or waits. */
static bool take_request(struct trace_reversion *r, const struct trace_spoken *m)
{
    const struct wire_message *w = m->message;
    enum wire_kind kind = form_of(r, w->kind);
    if (w->mode == WIRE_MIRROR && !allows(r, GATE_MODE_AGNOSTIC_HTTP)) {
        r->impossible++;
        return false;
    }
    if (kind == w->kind)
        return false;
    struct waiting x = request_of(m);
    bool streams = kind == WIRE_HTTP_REQUEST_START_V1;
    if (streams || is_whole(w))
        say_request(r, &x, kind, m->at_ns);
    if (streams && is_whole(w))
        say_last(r, &x, m->at_ns);
    if (!streams && !is_whole(w))
        keep(r, &x);
    else
        release(&x);
    return true;
}

static struct waiting **find(struct trace_reversion *r, const struct wire_message *m)
{
    struct waiting **at = &r->waiting;
    while (*at && ((*at)->mode != m->mode || (*at)->ids.connection != m->connection ||
                   (*at)->ids.request != m->request))
        at = &(*at)->next;
    return at;
}

static bool take_body(struct trace_reversion *r, const struct trace_spoken *m)
{
    struct waiting **at = find(r, m->message), *x = *at;
    if (!x)
        return false;
    put_frames(x, m);
    if (!m->message->is_last)
        return true;
    enum wire_kind kind = form_of(r, WIRE_HTTP_REQUEST_FRAMED);
    say_request(r, x, kind, m->at_ns);
    *at = x->next;
    release(x);
    free(x);
    return true;
}

/* ---- the rest ---- */

static bool take_version(struct trace_reversion *r, const struct trace_spoken *m)
{
    char text[VERSION_TEXT_MAX];
    uint8_t room[WIRE_PUT_MAX + VERSION_TEXT_MAX];
    struct wire_writer w = wire_writer_over(room, sizeof room);
    size_t length = (size_t)version_format(r->version, text);
    wire_put_version_answer(&w, (struct wire_text){text, length});
    add_piece(r, SIDE_FAR, m->at_ns, room, (size_t)(w.at - room));
    return true;
}

static bool take_connection(struct trace_reversion *r, const struct trace_spoken *m)
{
    const struct wire_message *c = m->message;
    uint8_t room[2 * WIRE_PUT_MAX];
    struct wire_writer w = wire_writer_over(room, sizeof room);
    if (allows(r, GATE_MODE_AGNOSTIC_HTTP))
        return false;
    wire_put_new_connection_v1(&w, c->mode, c->connection, &c->remote, &c->local);
    add_piece(r, SIDE_FAR, m->at_ns, room, (size_t)(w.at - room));
    return true;
}

static bool take(struct trace_reversion *r, const struct trace_spoken *m)
{
    switch (m->message->kind) {
    case WIRE_VERSION_ANSWER: return take_version(r, m);
    case WIRE_NEW_CONNECTION: return take_connection(r, m);
    case WIRE_HTTP_REQUEST_FRAMED:
    case WIRE_HTTP_REQUEST_START_V1:
    case WIRE_HTTP_REQUEST_START_V2: return take_request(r, m);
    case WIRE_REQUEST_BODY: return take_body(r, m);
    default: return false;
    }
}

static void hear(void *context, const struct trace_spoken *m)
{
    struct trace_reversion *r = context;
    if (m->side == SIDE_NEAR || m->capped || !take(r, m))
        add_piece(r, m->side, m->at_ns, m->bytes, m->length);
}

struct trace_reversion *trace_reversion_new(const struct trace_stream *link, struct version agent)
{
    char error[TRACE_SPEECH_ERROR_MAX];
    struct trace_reversion *r = calloc(1, sizeof *r);
    if (!r)
        heap_exhausted("a link", sizeof *r);
    r->version = agent;
    r->link = *link;
    r->link.pieces = NULL;
    r->link.count = 0;
    if (!trace_speech_read(link, hear, r, error))
        r->impossible++;
    for (unsigned side = 0; side < SIDES; side++) {
        r->link.bytes[side].at = r->bytes[side].at;
        r->link.bytes[side].length = r->bytes[side].length;
    }
    return r;
}

void trace_reversion_free(struct trace_reversion *r)
{
    while (r->waiting) {
        struct waiting *x = r->waiting;
        r->waiting = x->next;
        release(x);
        free(x);
    }
    free(r->link.pieces);
    wire_buffer_release(&r->bytes[SIDE_NEAR]);
    wire_buffer_release(&r->bytes[SIDE_FAR]);
    free(r);
}

const struct trace_stream *trace_reversion_link(const struct trace_reversion *r)
{
    return &r->link;
}

unsigned trace_reversion_impossible(const struct trace_reversion *r)
{
    return r->impossible;
}
