/* tests/world_agent.c -- the agent of a world: what it hears, as a story, and what it says. */
#include "messages/http_head.h"
#include "messages/wire_encoder.h"
#include "tests/world_parts.h"
#include <stdarg.h>
#include <stdlib.h>

/* One link, seen from the agent. */
struct session {
    struct world *world;
    struct session *older;
    struct sim_peer *peer;
    struct wire_decoder decoder;
    uint8_t *in; /* from the first byte of the message under way */
    size_t length, room, fed;
    uint64_t offset; /* of in[0] in all that the link sent */
    unsigned number;
    bool bad;
};

/* ---- what it hears ---- */

static char *copy_of(const struct session *s, struct wire_range r)
{
    char *text = malloc(r.length + 1);
    if (!text)
        abort();
    if (r.length)
        memcpy(text, s->in + r.offset, r.length);
    text[r.length] = '\0';
    return text;
}

static void take_body(struct session *s, const struct wire_message *m, struct heard *h)
{
    size_t length = m->body.length + m->payload.length;
    for (uint32_t i = 0; i < m->frame_count; i++)
        length += m->frames[i].range.length;
    h->body = malloc(length + 1);
    if (!h->body)
        abort();
    struct wire_range whole = m->body.length ? m->body : m->payload;
    if (whole.length)
        memcpy(h->body, s->in + whole.offset, whole.length);
    h->body_length = whole.length;
    for (uint32_t i = 0; i < m->frame_count; i++) {
        struct wire_range r = m->frames[i].range;
        h->trailers |= m->frames[i].is_trailers;
        if (m->frames[i].is_trailers)
            continue;
        memcpy(h->body + h->body_length, s->in + r.offset, r.length);
        h->body_length += r.length;
    }
    h->body[h->body_length] = '\0';
}

static void remember(struct session *s, const struct wire_message *m)
{
    struct world *w = s->world;
    w->heard = world_grown(w->heard, w->heard_count, &w->heard_room, sizeof *w->heard);
    struct heard *h = &w->heard[w->heard_count++];
    *h = (struct heard){.kind = m->kind,
                        .mode = m->mode,
                        .connection = m->connection,
                        .request = m->request,
                        .port = m->port,
                        .status = m->status,
                        .is_last = m->is_last,
                        .frames = m->frame_count,
                        .filter_bytes = m->filter.length,
                        .link = s->number,
                        .at_us = w->sim.now_us};
    h->head = copy_of(s, m->head);
    h->head_length = m->head.length;
    h->text = copy_of(s, m->text);
    h->version = world_version_at(w, s->number, s->offset);
    take_body(s, m, h);
}

static void write_out(struct session *s, const struct wire_writer *w, const uint8_t *begin)
{
    REQUIRE(!w->overflow);
    sim_peer_write(s->peer, begin, (size_t)(w->at - begin));
}

static void answer_version(struct session *s)
{
    const struct agent_script *script = &s->world->script;
    const char *text = script->version;
    uint8_t out[300];
    struct wire_writer w = wire_writer_over(out, sizeof out);
    if (script->echoes)
        text = s->world->heard[s->world->heard_count - 1].text;
    wire_put_version_answer(&w, (struct wire_text){text, strlen(text)});
    write_out(s, &w, out);
}

static void answer_subscribe(struct session *s, const struct wire_message *m)
{
    const char *text = s->world->script.closes_at_subscribe;
    uint8_t out[300];
    struct wire_writer w = wire_writer_over(out, sizeof out);
    if (text)
        wire_put_agent_close(&w, (struct wire_text){text, strlen(text)});
    else
        wire_put_subscribed(&w, m->mode, m->port);
    write_out(s, &w, out);
}

static void answer(struct session *s, const struct wire_message *m)
{
    const struct agent_script *script = &s->world->script;
    uint8_t out[64];
    struct wire_writer w = wire_writer_over(out, sizeof out);
    switch (m->kind) {
    case WIRE_PING:
        wire_put_pong(&w);
        if (!script->no_pong)
            write_out(s, &w, out);
        break;
    case WIRE_SWITCH_VERSION:
        if (script->ends_at_switch)
            sim_peer_close(s->peer);
        else if (!script->no_version)
            answer_version(s);
        break;
    case WIRE_READY_FOR_LOGS:
        if (script->ends_at_logs)
            sim_peer_close(s->peer);
        break;
    case WIRE_PORT_SUBSCRIBE:
        if (script->ends_at_subscribe)
            sim_peer_close(s->peer);
        else if (!script->no_confirm)
            answer_subscribe(s, m);
        break;
    default: break;
    }
}

static void drop_message(struct session *s)
{
    s->length -= s->fed;
    memmove(s->in, s->in + s->fed, s->length);
    s->offset += s->fed;
    s->fed = 0;
}

static void read_messages(struct session *s)
{
    while (!s->bad && s->fed < s->length) {
        size_t n = 0;
        switch (wire_decoder_feed(&s->decoder, s->in + s->fed, s->length - s->fed, &n)) {
        case WIRE_MESSAGE:
            s->fed += n;
            remember(s, &s->decoder.message);
            answer(s, &s->decoder.message);
            drop_message(s);
            break;
        case WIRE_MORE: s->fed += n; return;
        default:
            s->bad = s->world->undecodable = true;
            printf("\nthe agent cannot read: %s\n", s->decoder.error);
            sim_peer_close(s->peer);
            break;
        }
    }
}

static void on_bytes(struct sim_peer *peer, void *context)
{
    struct session *s = context;
    size_t length;
    const uint8_t *bytes = sim_peer_received(peer, &length);
    if (length + s->length > s->room) {
        s->room = (length + s->length) * 2;
        s->in = realloc(s->in, s->room);
        if (!s->in)
            abort();
    }
    if (length)
        memcpy(s->in + s->length, bytes, length);
    s->length += length;
    sim_peer_drop(peer, length);
    read_messages(s);
    if (sim_peer_ended(peer) && sim_peer_error(peer) == 0)
        sim_peer_close(peer);
}

static void on_link(struct sim_peer *peer, void *context)
{
    struct world *w = context;
    struct session *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    struct version reads = version_newest();
    const char *text = w->script.reads;
    if (text)
        REQUIRE(version_parse(text, strlen(text), &reads));
    *s = (struct session){
        .world = w, .older = w->session, .peer = peer, .number = w->session_count++};
    wire_decoder_create(&s->decoder, WIRE_FROM_CLIENT, reads, UINT64_MAX);
    w->session = s;
    sim_peer_on_bytes(peer, on_bytes, s);
}

void world_listen(struct world *w)
{
    sim_peer_listen(&w->sim, AGENT, on_link, w);
}

void world_agent_free(struct world *w)
{
    while (w->session) {
        struct session *s = w->session;
        w->session = s->older;
        wire_decoder_destroy(&s->decoder);
        free(s->in);
        free(s);
    }
    for (size_t i = 0; i < w->heard_count; i++) {
        free(w->heard[i].body);
        free(w->heard[i].head);
        free(w->heard[i].text);
    }
    free(w->heard);
}

struct sim_peer *agent_peer(struct world *w)
{
    return w->session ? w->session->peer : NULL;
}

/* ---- the story ---- */

static size_t add(struct world *w, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static size_t add(struct world *w, size_t at, const char *format, ...)
{
    va_list list;
    char line[400];
    va_start(list, format);
    size_t n = (size_t)vsnprintf(line, sizeof line, format, list);
    va_end(list);
    if (n >= sizeof line)
        n = sizeof line - 1;
    if (at + n + 1 > w->story_room) {
        w->story_room = (at + n + 1) * 2;
        w->story = realloc(w->story, w->story_room);
        if (!w->story)
            abort();
    }
    memcpy(w->story + at, line, n + 1);
    return at + n;
}

static size_t tell_body(struct world *w, size_t at, const struct heard *h)
{
    if (h->body_length > 100)
        at = add(w, at, "[%zu bytes]", h->body_length);
    else
        at = add(w, at, "[%s]", h->body);
    if (h->trailers)
        at = add(w, at, " trailers");
    return at;
}

static size_t tell_answer(struct world *w, size_t at, const char *word, const struct heard *h)
{
    at = add(w, at, "%s %" PRIu64 "/%u %u ", word, h->connection, h->request, h->status);
    return add(w, tell_body(w, at, h), "\n");
}

static size_t tell(struct world *w, size_t at, const struct heard *h)
{
    const char *side = h->mode == WIRE_MIRROR ? "mirror " : "";
    switch (h->kind) {
    case WIRE_PING: return add(w, at, "ping\n");
    case WIRE_SWITCH_VERSION: return add(w, at, "switch %s\n", h->text);
    case WIRE_READY_FOR_LOGS: return add(w, at, "logs\n");
    case WIRE_OPERATOR_PONG: return add(w, at, "operator pong\n");
    case WIRE_CLOSE: return add(w, at, "close\n");
    case WIRE_PORT_SUBSCRIBE:
        return add(w, at, "%s%s %u\n", side, h->filter_bytes ? "filter" : "subscribe", h->port);
    case WIRE_PORT_UNSUBSCRIBE: return add(w, at, "%sunsubscribe port %u\n", side, h->port);
    case WIRE_CONNECTION_UNSUBSCRIBE:
        return add(w, at, "%sunsubscribe %" PRIu64 "\n", side, h->connection);
    case WIRE_HTTP_RESPONSE: return tell_answer(w, at, "basic", h);
    case WIRE_HTTP_RESPONSE_FRAMED: return tell_answer(w, at, "framed", h);
    case WIRE_HTTP_RESPONSE_START: return tell_answer(w, at, "start", h);
    case WIRE_RESPONSE_BODY:
        at = add(w, at, "body %" PRIu64 "/%u ", h->connection, h->request);
        return add(w, tell_body(w, at, h), "%s\n", h->is_last ? " last" : "");
    case WIRE_RESPONSE_ERROR:
        return add(w, at, "error %" PRIu64 "/%u\n", h->connection, h->request);
    case WIRE_DATA:
        at = add(w, at, "data %" PRIu64 " ", h->connection);
        return add(w, tell_body(w, at, h), "\n");
    default: return add(w, at, "%s\n", wire_kind_name(h->kind));
    }
}

const char *world_story(struct world *w)
{
    size_t at = add(w, 0, "%s", "");
    while (w->told < w->heard_count)
        at = tell(w, at, &w->heard[w->told++]);
    return w->story;
}

void world_forget(struct world *w)
{
    w->told = w->heard_count;
}

static void begin_seen(struct seen_answer *a, const struct heard *h)
{
    if (a->kind != WIRE_OTHER)
        a->fault = "two answers";
    if (h->kind == WIRE_HTTP_RESPONSE_START &&
        !version_allows(h->version, GATE_HTTP_CHUNKED_RESPONSE))
        a->fault = "a start to an agent that cannot read it";
    a->kind = h->kind;
    a->status = h->status;
    a->ended = h->kind != WIRE_HTTP_RESPONSE_START;
}

static void go_on_seen(struct seen_answer *a, const struct heard *h)
{
    if (a->kind != WIRE_HTTP_RESPONSE_START)
        a->fault = "a part without a start";
    else if (a->ended || a->broken)
        a->fault = "a part after the end";
    a->broken |= h->kind == WIRE_RESPONSE_ERROR;
    a->ended |= h->is_last;
}

static void collect_seen(struct seen_answer *a, const struct heard *h)
{
    a->parts++;
    a->trailers |= h->trailers;
    a->body = realloc(a->body, a->length + h->body_length + 1);
    if (!a->body)
        abort();
    memcpy(a->body + a->length, h->body, h->body_length + 1);
    a->length += h->body_length;
}

struct seen_answer world_answer(const struct world *w, unsigned link, uint64_t connection,
                                uint16_t request)
{
    struct seen_answer a = {.kind = WIRE_OTHER};
    for (size_t i = 0; i < w->heard_count; i++) {
        const struct heard *h = &w->heard[i];
        if (h->link != link || h->connection != connection || h->request != request ||
            h->kind < WIRE_HTTP_RESPONSE)
            continue;
        if (h->kind == WIRE_RESPONSE_BODY || h->kind == WIRE_RESPONSE_ERROR)
            go_on_seen(&a, h);
        else
            begin_seen(&a, h);
        collect_seen(&a, h);
    }
    return a;
}

const char *heard_header(const struct heard *h, const char *name)
{
    static char text[400];
    struct http_head head;
    struct http_text value;
    if (!http_head_open_response(&head, NULL, (const uint8_t *)h->head, h->head_length) ||
        !http_fields_find(head.fields, name, &value))
        return NULL;
    snprintf(text, sizeof text, "%.*s", (int)value.length, (const char *)value.at);
    return text;
}

/* ---- what it says ---- */

struct saying {
    struct world *world;
    uint8_t *begin;
    struct wire_writer w;
};

static struct saying say_begin(struct world *w, size_t room)
{
    struct saying s = {.world = w, .begin = malloc(room)};
    if (!s.begin)
        abort();
    s.w = wire_writer_over(s.begin, room);
    return s;
}

static void say_end(struct saying *s)
{
    REQUIRE(!s->w.overflow);
    agent_put_bytes(s->world, s->begin, (size_t)(s->w.at - s->begin));
    free(s->begin);
}

void agent_put_bytes(struct world *w, const void *bytes, size_t length)
{
    if (w->session)
        sim_peer_write(w->session->peer, bytes, length);
}

static void put_text(struct wire_writer *w, const char *text)
{
    wire_put_string(w, text, strlen(text));
}

static void put_headers(struct wire_writer *w, const char *lines)
{
    unsigned count = 0;
    for (const char *at = lines; at && *at; at++)
        count += *at == '\n';
    wire_put_uint(w, count);
    while (lines && *lines) {
        size_t name = strcspn(lines, ":"), line = strcspn(lines, "\n");
        wire_put_string(w, lines, name);
        wire_put_uint(w, 1);
        wire_put_string(w, lines + name + 2, line - name - 2);
        lines += line + 1;
    }
}

static void put_head(struct wire_writer *w, const struct request *r)
{
    put_text(w, r->method ? r->method : "GET");
    put_text(w, r->path ? r->path : "/");
    put_headers(w, r->headers);
    put_text(w, r->version ? r->version : "HTTP/1.1");
}

static void put_frames(struct wire_writer *w, const char *bytes, size_t length)
{
    wire_put_uint(w, length ? 1 : 0);
    if (length) {
        wire_put_frame(w, length);
        wire_put_raw(w, bytes, length);
    }
}

static const struct wire_address remote = {{10, 9, 9, 9}, 40000, 4};

static struct wire_address local_of(uint16_t port)
{
    return (struct wire_address){{10, 0, 0, 1}, port, 4};
}

void agent_put_request(struct world *w, const struct request *r)
{
    static const enum wire_kind kinds[] = {WIRE_HTTP_REQUEST, WIRE_HTTP_REQUEST_FRAMED,
                                           WIRE_HTTP_REQUEST_START_V1};
    size_t length = r->body_length ? r->body_length : r->body ? strlen(r->body) : 0;
    struct wire_ids ids = {r->connection, r->request, r->port ? r->port : 80};
    struct wire_address local = local_of(ids.port), source = remote;
    enum wire_mode mode = r->mirror ? WIRE_MIRROR : WIRE_STEAL;
    size_t text = (r->headers ? strlen(r->headers) : 0) + (r->path ? strlen(r->path) : 0);
    struct saying s = say_begin(w, 1000 + length + 2 * text);
    source.port = r->source_port ? r->source_port : remote.port;
    if (r->variant == VARIANT_CHUNKED_V2)
        wire_put_start_v2(&s.w, mode, &ids);
    else
        wire_put_request(&s.w, mode, kinds[r->variant]);
    put_head(&s.w, r);
    if (r->variant == VARIANT_BASIC)
        wire_put_string(&s.w, r->body, length);
    else
        put_frames(&s.w, r->body, length);
    if (r->variant == VARIANT_CHUNKED_V2)
        wire_put_start_v2_end(&s.w, !r->more, &source, &local,
                              &(struct wire_tls){.is_tls = r->tls});
    else
        wire_put_request_end(&s.w, &ids);
    say_end(&s);
    if (r->variant == VARIANT_CHUNKED_V1 && !r->more)
        agent_put_body_of(w, mode, r->connection, r->request, "", 0, true);
}

void agent_put_body(struct world *w, uint64_t connection, uint16_t request, const char *bytes,
                    size_t length, bool last)
{
    agent_put_body_of(w, WIRE_STEAL, connection, request, bytes, length, last);
}

void agent_put_body_of(struct world *w, enum wire_mode mode, uint64_t connection, uint16_t request,
                       const char *bytes, size_t length, bool last)
{
    struct wire_ids ids = {connection, request, 80};
    struct saying s = say_begin(w, 200 + length);
    wire_put_request_body(&s.w, mode, length ? 1 : 0);
    if (length) {
        wire_put_frame(&s.w, length);
        wire_put_raw(&s.w, bytes, length);
    }
    wire_put_body_end(&s.w, last, &ids);
    say_end(&s);
}

void agent_put_trailers(struct world *w, uint64_t connection, uint16_t request, const char *headers,
                        bool last)
{
    struct wire_ids ids = {connection, request, 80};
    struct saying s = say_begin(w, 200 + 2 * strlen(headers));
    wire_put_request_body(&s.w, WIRE_STEAL, 1);
    wire_put_trailers(&s.w);
    put_headers(&s.w, headers);
    wire_put_body_end(&s.w, last, &ids);
    say_end(&s);
}

void agent_put_error(struct world *w, enum wire_mode mode, uint64_t connection)
{
    struct saying s = say_begin(w, 200);
    struct wire_ids ids = {connection, 0, 80};
    wire_put_request_error_v1(&s.w, mode, &ids);
    say_end(&s);
}

void agent_put_connection(struct world *w, enum wire_mode mode, uint64_t connection, uint16_t port)
{
    struct saying s = say_begin(w, 200);
    struct wire_address local = local_of(port);
    wire_put_new_connection_v1(&s.w, mode, connection, &remote, &local);
    say_end(&s);
}

void agent_put_data(struct world *w, enum wire_mode mode, uint64_t connection, const char *bytes,
                    size_t length)
{
    struct saying s = say_begin(w, 200 + length);
    wire_put_data(&s.w, WIRE_FROM_AGENT, mode, connection, length);
    wire_put_raw(&s.w, bytes, length);
    say_end(&s);
}

void agent_put_close(struct world *w, enum wire_mode mode, uint64_t connection)
{
    struct saying s = say_begin(w, 200);
    wire_put_tcp_close(&s.w, mode, connection);
    say_end(&s);
}

void agent_put_version(struct world *w, const char *version)
{
    struct saying s = say_begin(w, 200);
    wire_put_version_answer(&s.w, (struct wire_text){version, strlen(version)});
    say_end(&s);
}

/* ---- and runs ---- */

void agent_request(struct world *w, struct request r)
{
    agent_put_request(w, &r);
    world_run(w);
}

void agent_get(struct world *w, uint64_t connection, const char *path)
{
    agent_request(
        w, (struct request){.variant = VARIANT_CHUNKED_V2, .connection = connection, .path = path});
}

void agent_body(struct world *w, uint64_t connection, const char *bytes, bool last)
{
    agent_put_body(w, connection, 0, bytes, strlen(bytes), last);
    world_run(w);
}

void agent_data(struct world *w, uint64_t connection, const char *bytes)
{
    agent_put_data(w, WIRE_STEAL, connection, bytes, strlen(bytes));
    world_run(w);
}

void agent_connection(struct world *w, uint64_t connection)
{
    agent_put_connection(w, WIRE_STEAL, connection, 80);
    world_run(w);
}

void agent_close(struct world *w, uint64_t connection)
{
    agent_put_close(w, WIRE_STEAL, connection);
    world_run(w);
}

void agent_version(struct world *w, const char *version)
{
    agent_put_version(w, version);
    world_run(w);
}

void agent_error(struct world *w, uint64_t connection)
{
    agent_put_error(w, WIRE_STEAL, connection);
    world_run(w);
}
