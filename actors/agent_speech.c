/* actors/agent_speech.c -- see agent_speech.h */
#include "actors/agent_speech.h"
#include "messages/limits.h"

enum { LINK = 0 }; /* the session's socket: it has no other */

static const struct wire_tls no_tls = {.is_tls = false};

/* How much has left is told only when it is asked for. */
static void ask(struct agent_session *s, uint64_t below)
{
    if (s->notify_below >= below)
        return;
    s->notify_below = below;
    socket_notify(&s->actor, LINK, below);
}

/* Copies come without asking, and may keep so much on its way that LINK_UNSENT_LOW is never reached,
 * though the client keeps up: so it is asked a second time. */
static void count_unsent(struct agent_session *s, uint64_t bytes)
{
    s->unsent += bytes;
    if (s->unsent > AGENT_MIRROR_BEHIND_ASK)
        ask(s, AGENT_MIRROR_BEHIND_ASK);
    else if (s->unsent > LINK_UNSENT_LOW)
        ask(s, LINK_UNSENT_LOW);
}

void agent_speech_drained(struct agent_session *s, uint64_t unsent)
{
    s->unsent = unsent;
    s->notify_below = 0;
    if (unsent > LINK_UNSENT_LOW)
        ask(s, LINK_UNSENT_LOW);
}

/* Bytes of one message that are made in place, between begin and end; no other effect in between. */
struct draft {
    struct wire_writer w;
    uint8_t *begin;
};

static struct draft begin(struct agent_session *s, size_t room)
{
    uint8_t *at = socket_reserve(&s->actor, LINK, (uint32_t)room);
    return (struct draft){wire_writer_over(at, room), at};
}

static void end(struct agent_session *s, struct draft *d)
{
    uint32_t length = (uint32_t)(d->w.at - d->begin);
    assert(!d->w.overflow);
    socket_commit(&s->actor, LINK, length);
    count_unsent(s, length);
}

/* Takes bytes. */
static void put(struct agent_session *s, struct span bytes)
{
    count_unsent(s, bytes.length);
    socket_write(&s->actor, LINK, bytes);
}

static struct wire_text text_of(struct span s)
{
    return (struct wire_text){span_bytes(s), s.length};
}

static enum wire_mode wire_mode_of(uint64_t mode)
{
    return mode == MODE_STEAL ? WIRE_STEAL : WIRE_MIRROR;
}

static struct wire_ids ids_of(const struct agent_exchange *x)
{
    uint16_t port = x->remote ? x->remote->port : 0;
    return (struct wire_ids){x->id.connection, x->request, port};
}

/* ---- about the link ---- */

void agent_speech_pong(struct agent_session *s)
{
    struct draft d = begin(s, WIRE_PUT_MAX);
    wire_put_pong(&d.w);
    end(s, &d);
}

void agent_speech_version(struct agent_session *s, struct wire_text version)
{
    struct draft d = begin(s, WIRE_PUT_MAX + version.length);
    wire_put_version_answer(&d.w, version);
    end(s, &d);
}

void agent_speech_close(struct agent_session *s, struct wire_text reason)
{
    struct draft d = begin(s, WIRE_PUT_MAX + reason.length);
    wire_put_agent_close(&d.w, reason);
    end(s, &d);
}

void agent_speech_log(struct agent_session *s, enum wire_level level, struct span text)
{
    if (!s->wants_logs)
        return;
    struct draft d = begin(s, WIRE_PUT_MAX + text.length);
    wire_put_log(&d.w, level, text_of(text));
    end(s, &d);
}

void agent_speech_no_environment(struct agent_session *s)
{
    struct draft d = begin(s, WIRE_PUT_MAX);
    wire_put_env_answer(&d.w, 0);
    end(s, &d);
}

void agent_speech_subscribed(struct agent_session *s, const struct pending_subscription *p)
{
    struct draft d = begin(s, WIRE_PUT_MAX);
    wire_put_subscribed(&d.w, wire_mode_of(p->mode), p->port);
    end(s, &d);
}

void agent_speech_stolen(struct agent_session *s, const struct pending_subscription *p)
{
    struct draft d = begin(s, WIRE_PUT_MAX);
    wire_put_port_stolen(&d.w, wire_mode_of(p->mode), p->port);
    end(s, &d);
}

void agent_speech_bad_filter(struct agent_session *s, const struct pending_subscription *p)
{
    struct draft d = begin(s, WIRE_PUT_MAX + p->filter.length + p->error.length);
    if (p->form == WIRE_SUBSCRIBE_HEADER)
        wire_put_bad_header_filter(&d.w, wire_mode_of(p->mode), text_of(p->filter),
                                   text_of(p->error));
    else
        wire_put_bad_filter(&d.w, wire_mode_of(p->mode), text_of(p->filter), text_of(p->error));
    end(s, &d);
}

/* ---- raw connections ---- */

void agent_speech_new_connection(struct agent_session *s, const struct agent_exchange *x)
{
    const struct attached_remote *r = x->remote;
    struct draft d = begin(s, WIRE_PUT_MAX);
    if (version_allows(s->speaks, GATE_MODE_AGNOSTIC_HTTP))
        wire_put_new_connection_v2(&d.w, wire_mode_of(x->id.mode), x->id.connection, &r->source,
                                   &r->destination, &no_tls);
    else
        wire_put_new_connection_v1(&d.w, wire_mode_of(x->id.mode), x->id.connection, &r->source,
                                   &r->destination);
    end(s, &d);
}

void agent_speech_data(struct agent_session *s, const struct agent_exchange *x, struct span bytes)
{
    struct draft d = begin(s, WIRE_DATA_MAX);
    wire_put_data(&d.w, WIRE_FROM_AGENT, wire_mode_of(x->id.mode), x->id.connection, bytes.length);
    end(s, &d);
    put(s, bytes);
}

void agent_speech_tcp_close(struct agent_session *s, const struct agent_exchange *x)
{
    struct draft d = begin(s, WIRE_PUT_MAX);
    wire_put_tcp_close(&d.w, wire_mode_of(x->id.mode), x->id.connection);
    end(s, &d);
}

/* ---- requests ---- */

static void put_frame(struct agent_session *s, struct span bytes, bool trailers)
{
    struct draft d = begin(s, WIRE_FRAME_MAX);
    if (trailers)
        wire_put_trailers(&d.w);
    else
        wire_put_frame(&d.w, bytes.length);
    end(s, &d);
    put(s, bytes);
}

static void put_count(struct agent_session *s, uint64_t count)
{
    struct draft d = begin(s, WIRE_U64_MAX);
    wire_put_uint(&d.w, count);
    end(s, &d);
}

/* Data frames joined, trailers dropped: that is what HttpRequest can hold. */
static void put_basic_body(struct agent_session *s, const struct agent_exchange *x)
{
    uint64_t length = 0;
    for (const struct held_frame *f = x->held_first; f; f = f->next)
        length += f->trailers ? 0 : f->bytes.length;
    put_count(s, length);
    for (const struct held_frame *f = x->held_first; f; f = f->next)
        if (!f->trailers)
            put(s, span_ref(f->bytes));
}

static void put_frames(struct agent_session *s, const struct agent_exchange *x)
{
    uint64_t count = 0;
    for (const struct held_frame *f = x->held_first; f; f = f->next)
        count++;
    put_count(s, count);
    for (const struct held_frame *f = x->held_first; f; f = f->next)
        put_frame(s, span_ref(f->bytes), f->trailers);
}

static void put_request_end(struct agent_session *s, const struct agent_exchange *x)
{
    struct wire_ids ids = ids_of(x);
    struct draft d = begin(s, WIRE_REQUEST_END_MAX);
    wire_put_request_end(&d.w, &ids);
    end(s, &d);
}

void agent_speech_request(struct agent_session *s, const struct agent_exchange *x)
{
    bool basic = x->variant == VARIANT_BASIC;
    struct draft d = begin(s, WIRE_PUT_MAX);
    wire_put_request(&d.w, wire_mode_of(x->id.mode),
                     basic ? WIRE_HTTP_REQUEST : WIRE_HTTP_REQUEST_FRAMED);
    end(s, &d);
    put(s, span_ref(x->head));
    if (basic)
        put_basic_body(s, x);
    else
        put_frames(s, x);
    put_request_end(s, x);
}

static void put_start_v2_end(struct agent_session *s, const struct agent_exchange *x, bool last)
{
    struct draft d = begin(s, WIRE_PUT_MAX);
    wire_put_start_v2_end(&d.w, last, &x->remote->source, &x->remote->destination, &no_tls);
    end(s, &d);
}

void agent_speech_start(struct agent_session *s, const struct agent_exchange *x, struct span head,
                        struct span frame, bool last)
{
    bool v2 = x->variant == VARIANT_CHUNKED_V2;
    struct wire_ids ids = ids_of(x);
    struct draft d = begin(s, WIRE_PUT_MAX);
    if (v2)
        wire_put_start_v2(&d.w, wire_mode_of(x->id.mode), &ids);
    else
        wire_put_request(&d.w, wire_mode_of(x->id.mode), WIRE_HTTP_REQUEST_START_V1);
    end(s, &d);
    put(s, head);
    put_count(s, frame.length != 0);
    if (frame.length)
        put_frame(s, frame, false);
    if (v2)
        put_start_v2_end(s, x, last);
    else
        put_request_end(s, x);
}

void agent_speech_body(struct agent_session *s, const struct agent_exchange *x, struct span bytes,
                       bool trailers)
{
    bool any = bytes.length != 0;
    struct wire_ids ids = ids_of(x);
    struct draft d = begin(s, WIRE_BODY_BEGIN_MAX);
    wire_put_request_body(&d.w, wire_mode_of(x->id.mode), any);
    end(s, &d);
    if (any)
        put_frame(s, bytes, trailers);
    d = begin(s, WIRE_BODY_END_MAX);
    wire_put_body_end(&d.w, !any, &ids);
    end(s, &d);
}

void agent_speech_request_error(struct agent_session *s, const struct agent_exchange *x,
                                struct wire_text why)
{
    struct wire_ids ids = ids_of(x);
    struct draft d = begin(s, WIRE_PUT_MAX + why.length);
    if (version_allows(s->speaks, GATE_HTTP_CHUNKED_REQUEST_V2))
        wire_put_request_error_v2(&d.w, wire_mode_of(x->id.mode), &ids, why);
    else
        wire_put_request_error_v1(&d.w, wire_mode_of(x->id.mode), &ids);
    end(s, &d);
}
