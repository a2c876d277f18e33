/* tests/agent_stage.c -- see agent_stage.h
 *
 * Words: Pong  Version(1.2.3)  Subscribed(port)  Stolen(port)  BadFilter  Close(text)  Log(text)
 *        New(id)  Data(id,bytes)  Fin(id)  TcpClose(id)
 *        Request|Framed|StartV1|StartV2(id/request METHOD target [frame] [last])
 *        Body(id/request [frame] [last])  Error(id/request)          mirrored ones begin with m:
 * "LINK ENDED" when the agent has closed the link.
 */
#include "tests/agent_stage.h"
#include "actors/agent.h"
#include "actors/destinations.h"
#include "messages/kinds.h"
#include <stdarg.h>
#include <stdlib.h>

void agent_stage_create(struct agent_stage *s, uint64_t seed, const char *version, uint8_t answer,
                        const struct hooks *watcher)
{
    char error[160];
    memset(s, 0, sizeof *s);
    messages_init();
    destinations_clear();
    REQUIRE(address_parse(&s->settings.listen, "127.0.0.1:61337", error));
    REQUIRE(address_parse(&s->settings.ports[0].listen, "127.0.0.1:8080", error));
    struct address upstream;
    REQUIRE(address_parse(&upstream, STAGE_UPSTREAM, error));
    s->settings.ports[0].upstream = destination_add(&upstream);
    s->settings.port_count = 1;
    REQUIRE(version_parse(version, strlen(version), &s->settings.version));
    snprintf(s->settings.version_text, sizeof s->settings.version_text, "%s", version);
    s->settings.answer = answer;
    agent_settings = &s->settings;
    sim_create(&s->sim, seed, 1, watcher);
    runtime_signals_to(&s->sim.runtime, sim_spawn(&s->sim, &agent_type, agent_first()));
    sim_peer_listen(&s->sim, STAGE_UPSTREAM, NULL, NULL);
    stage_run(s);
}

void agent_stage_destroy(struct agent_stage *s)
{
    for (unsigned i = 0; i < s->proxy_count; i++) {
        wire_decoder_destroy(&s->proxies[i]->decoder);
        free(s->proxies[i]);
    }
    CHECK_UINT(sim_destroy(&s->sim), 0);
}

void stage_run(struct agent_stage *s)
{
    CHECK(sim_run_until_idle(&s->sim));
}

/* ---- what the proxy says ---- */

struct wire_writer *stage_say(struct stage_proxy *p)
{
    p->w = wire_writer_over(p->room, sizeof p->room);
    return &p->w;
}

void stage_send(struct stage_proxy *p)
{
    REQUIRE(!p->w.overflow);
    sim_peer_write(p->link, p->room, (size_t)(p->w.at - p->room));
    stage_run(p->stage);
}

struct stage_proxy *stage_proxy(struct agent_stage *s, const char *version)
{
    struct stage_proxy *p = calloc(1, sizeof *p);
    REQUIRE(p != NULL && s->proxy_count < STAGE_PROXIES_MAX);
    s->proxies[s->proxy_count++] = p;
    p->stage = s;
    p->link = sim_peer_connect(&s->sim, "127.0.0.1:61337");
    REQUIRE(p->link != NULL);
    wire_decoder_create(&p->decoder, WIRE_FROM_AGENT, version_newest(), UINT64_C(1) << 30);
    wire_put_ping(stage_say(p));
    if (version)
        wire_put_switch_version(&p->w, (struct wire_text){version, strlen(version)});
    if (version)
        wire_put_ready_for_logs(&p->w);
    stage_send(p);
    return p;
}

void stage_say_subscribe(struct stage_proxy *p, const char *header_regex)
{
    struct wire_writer *w = stage_say(p);
    if (!header_regex) {
        wire_put_subscribe_all(w, WIRE_STEAL, STAGE_PORT);
    } else {
        wire_put_subscribe_filter(w, WIRE_STEAL, STAGE_PORT);
        wire_put_filter_header(w, (struct wire_text){header_regex, strlen(header_regex)});
    }
    stage_send(p);
}

static void put_head(struct wire_writer *w, uint16_t status, int length)
{
    char digits[12];
    wire_put_status(w, status);
    wire_put_string(w, "HTTP/1.1", 8);
    wire_put_uint(w, length >= 0);
    if (length < 0)
        return;
    int n = snprintf(digits, sizeof digits, "%d", length);
    wire_put_string(w, "content-length", 14);
    wire_put_uint(w, 1);
    wire_put_string(w, digits, (size_t)n);
}

static void put_frames(struct wire_writer *w, const char *frame)
{
    wire_put_uint(w, frame != NULL);
    if (!frame)
        return;
    wire_put_frame(w, strlen(frame));
    wire_put_raw(w, frame, strlen(frame));
}

void stage_say_answer(struct stage_proxy *p, enum wire_kind kind, uint64_t connection,
                      uint16_t request, uint16_t status, int length, const char *frame)
{
    struct wire_ids ids = {connection, request, STAGE_PORT};
    struct wire_writer *w = stage_say(p);
    wire_put_response(w, kind, &ids);
    put_head(w, status, length);
    if (kind == WIRE_HTTP_RESPONSE)
        wire_put_string(w, frame ? frame : "", frame ? strlen(frame) : 0);
    else
        put_frames(w, frame);
    stage_send(p);
}

void stage_say_body(struct stage_proxy *p, uint64_t connection, uint16_t request, const char *frame,
                    bool last)
{
    struct wire_ids ids = {connection, request, STAGE_PORT};
    struct wire_writer *w = stage_say(p);
    wire_put_response_body(w, frame != NULL);
    if (frame) {
        wire_put_frame(w, strlen(frame));
        wire_put_raw(w, frame, strlen(frame));
    }
    wire_put_body_end(w, last, &ids);
    stage_send(p);
}

void stage_say_data(struct stage_proxy *p, uint64_t connection, const char *bytes)
{
    struct wire_writer *w = stage_say(p);
    wire_put_data(w, WIRE_FROM_CLIENT, WIRE_STEAL, connection, strlen(bytes));
    wire_put_raw(w, bytes, strlen(bytes));
    stage_send(p);
}

/* ---- what it hears ---- */

__attribute__((format(printf, 2, 3))) static void add(struct stage_proxy *p, const char *format,
                                                      ...)
{
    size_t used = strlen(p->heard);
    va_list list;
    va_start(list, format);
    vsnprintf(p->heard + used, sizeof p->heard - used, format, list);
    va_end(list);
}

static void add_range(struct stage_proxy *p, const uint8_t *bytes, struct wire_range r)
{
    add(p, "%.*s", (int)r.length, (const char *)bytes + r.offset);
}

static void add_request(struct stage_proxy *p, const uint8_t *bytes, const char *word)
{
    const struct wire_message *m = &p->decoder.message;
    const uint8_t *at = bytes + m->head.offset;
    add(p, "%s(%llu/%u", word, (unsigned long long)m->connection, (unsigned)m->request);
    if (m->head.offset) {
        add(p, " %.*s", at[0], (const char *)at + 1);
        at += 1 + at[0];
        add(p, " %.*s", at[0], (const char *)at + 1);
    }
    for (uint32_t i = 0; i < m->frame_count; i++) {
        add(p, m->frames[i].is_trailers ? " trailers" : " ");
        if (!m->frames[i].is_trailers)
            add_range(p, bytes, m->frames[i].range);
    }
    if (m->body.length) {
        add(p, " ");
        add_range(p, bytes, m->body);
    }
    add(p, m->is_last ? " last)" : ")");
}

static void add_words(struct stage_proxy *p, const uint8_t *bytes, const char *word,
                      struct wire_range text)
{
    add(p, "%s(", word);
    add_range(p, bytes, text);
    add(p, ")");
}

static void add_result(struct stage_proxy *p)
{
    const struct wire_message *m = &p->decoder.message;
    if (m->result == 0)
        add(p, "Subscribed(%u)", (unsigned)m->port);
    else if (m->error == WIRE_ERROR_PORT_ALREADY_STOLEN)
        add(p, "Stolen(%u)", (unsigned)m->port);
    else
        add(p, "BadFilter");
}

static void add_message(struct stage_proxy *p, const uint8_t *bytes)
{
    const struct wire_message *m = &p->decoder.message;
    unsigned long long id = m->connection;
    add(p, "%s%s", p->heard[0] ? " " : "", m->mode == WIRE_MIRROR && m->top == 1 ? "m:" : "");
    switch (m->kind) {
    case WIRE_VERSION_ANSWER: add_words(p, bytes, "Version", m->text); break;
    case WIRE_CLOSE: add_words(p, bytes, "Close", m->text); break;
    case WIRE_LOG: add_words(p, bytes, "Log", m->text); break;
    case WIRE_SUBSCRIBE_RESULT: add_result(p); break;
    case WIRE_NEW_CONNECTION: add(p, "New(%llu)", id); break;
    case WIRE_TCP_CLOSE: add(p, "TcpClose(%llu)", id); break;
    case WIRE_HTTP_REQUEST: add_request(p, bytes, "Request"); break;
    case WIRE_HTTP_REQUEST_FRAMED: add_request(p, bytes, "Framed"); break;
    case WIRE_HTTP_REQUEST_START_V1: add_request(p, bytes, "StartV1"); break;
    case WIRE_HTTP_REQUEST_START_V2: add_request(p, bytes, "StartV2"); break;
    case WIRE_REQUEST_BODY: add_request(p, bytes, "Body"); break;
    case WIRE_REQUEST_ERROR: add_request(p, bytes, "Error"); break;
    case WIRE_DATA:
        if (m->payload.length == 0)
            add(p, "Fin(%llu)", id);
        else
            add(p, "Data(%llu,%.*s)", id, (int)m->payload.length,
                (const char *)bytes + m->payload.offset);
        break;
    default: add(p, "%s", wire_kind_name(m->kind)); break;
    }
}

const char *stage_heard(struct stage_proxy *p)
{
    size_t length, at = 0, n = 0;
    const uint8_t *bytes = sim_peer_received(p->link, &length);
    p->heard[0] = '\0';
    /* every message is whole by now: the agent says nothing by halves */
    while (at < length &&
           wire_decoder_feed(&p->decoder, bytes + at, length - at, &n) == WIRE_MESSAGE) {
        add_message(p, bytes + at);
        at += n;
    }
    CHECK_UINT(at, length);
    sim_peer_drop(p->link, length);
    if (sim_peer_ended(p->link))
        add(p, "%sLINK ENDED", p->heard[0] ? " " : "");
    return p->heard;
}

/* ---- remotes and the application ---- */

void stage_write(struct agent_stage *s, struct sim_peer *peer, const char *bytes)
{
    sim_peer_write(peer, bytes, strlen(bytes));
    stage_run(s);
}

struct sim_peer *stage_remote(struct agent_stage *s, const char *bytes)
{
    struct sim_peer *peer = sim_peer_connect(&s->sim, "127.0.0.1:8080");
    REQUIRE(peer != NULL);
    stage_write(s, peer, bytes);
    return peer;
}

const char *stage_got(struct sim_peer *peer)
{
    static char text[8192];
    size_t length;
    const uint8_t *bytes = sim_peer_received(peer, &length);
    size_t n = length < sizeof text ? length : sizeof text - 1;
    if (n)
        memcpy(text, bytes, n);
    text[n] = '\0';
    sim_peer_drop(peer, length);
    return text;
}

const char *stage_upstream_got(struct agent_stage *s, struct sim_peer **application)
{
    *application = sim_peer_accept(&s->sim, STAGE_UPSTREAM);
    return *application ? stage_got(*application) : "(nobody came)";
}
