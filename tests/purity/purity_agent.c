/* tests/purity/purity_agent.c -- an agent that offers requests and connections, and changes its mind. */
#include "messages/vocabulary.h"
#include "messages/wire_decoder.h"
#include "messages/wire_encoder.h"
#include "tests/purity/purity.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LIVE_MAX = 24, PER_LINK_MAX = 4000, OUT_BYTES = 512 * 1024 };
enum {
    PATIENCE = 40
}; /* rounds of 5 ms after the unsubscription: what is unfinished then is closed */

struct agent {
    struct outside *outside;
    struct wire_decoder decoder;
    int fd;
    bool subscribed, lost;
    unsigned draining; /* rounds since the port was given back; 0: it was not */
    uint64_t next_id, offered;
    struct live {
        bool used, raw, more;
        uint64_t id;
    } live[LIVE_MAX];
    struct wire_writer w;
    uint8_t out[OUT_BYTES];
};

static const char filler[70000];

static uint32_t chance(struct agent *a, uint32_t below)
{
    return purity_chance(&a->outside->random, below);
}

static void let_out(struct agent *a)
{
    if (!purity_write(a->fd, a->out, (uint32_t)(a->w.at - a->out)))
        a->lost = true;
    a->w = wire_writer_over(a->out, sizeof a->out);
}

static void put_text(struct agent *a, const char *text)
{
    wire_put_string(&a->w, text, strlen(text));
}

static void put_frames(struct agent *a, uint32_t bytes)
{
    wire_put_uint(&a->w, bytes ? 1 : 0);
    if (bytes == 0)
        return;
    wire_put_frame(&a->w, bytes);
    wire_put_raw(&a->w, filler, bytes);
}

/* ---- what it hears ---- */

static struct live *live_of(struct agent *a, uint64_t id)
{
    for (unsigned i = 0; i < LIVE_MAX; i++)
        if (a->live[i].used && a->live[i].id == id)
            return &a->live[i];
    return NULL;
}

static void end_of(struct agent *a, uint64_t id)
{
    struct live *l = live_of(a, id);
    if (!l)
        return;
    l->used = false;
    a->outside->served++;
    wire_put_tcp_close(&a->w, WIRE_STEAL, id);
}

static void hear(struct agent *a, const struct wire_message *m)
{
    static const char version[] = "1.29.0";
    switch (m->kind) {
    case WIRE_PING: wire_put_pong(&a->w); break;
    case WIRE_SWITCH_VERSION:
        wire_put_version_answer(&a->w, (struct wire_text){version, strlen(version)});
        break;
    case WIRE_PORT_SUBSCRIBE:
        wire_put_subscribed(&a->w, m->mode, m->port);
        a->subscribed = true;
        break;
    case WIRE_PORT_UNSUBSCRIBE:
        a->subscribed = false;
        a->draining = 1;
        break;
    case WIRE_HTTP_RESPONSE:
    case WIRE_HTTP_RESPONSE_FRAMED:
    case WIRE_RESPONSE_ERROR:
    case WIRE_CONNECTION_UNSUBSCRIBE: end_of(a, m->connection); break;
    case WIRE_RESPONSE_BODY:
        if (m->is_last)
            end_of(a, m->connection);
        break;
    default: break;
    }
}

static void read_some(struct agent *a)
{
    uint8_t bytes[65536];
    ssize_t n = recv(a->fd, bytes, sizeof bytes, 0);
    size_t at = 0, used = 0;
    if (n <= 0) {
        a->lost = true;
        return;
    }
    while (at < (size_t)n) {
        switch (wire_decoder_feed(&a->decoder, bytes + at, (size_t)n - at, &used)) {
        case WIRE_MESSAGE: hear(a, &a->decoder.message); break;
        case WIRE_MORE: break;
        default: fprintf(stderr, "purity: the proxy sent %s\n", a->decoder.error); exit(1);
        }
        at += used;
    }
}

/* ---- what it offers ---- */

static void put_head(struct agent *a, const char *method, const char *path)
{
    bool body = method[0] == 'P';
    put_text(a, method);
    put_text(a, path);
    wire_put_uint(&a->w, body ? 2 : 1);
    put_text(a, "host");
    wire_put_uint(&a->w, 1);
    put_text(a, "pure.test");
    if (body) {
        put_text(a, "transfer-encoding");
        wire_put_uint(&a->w, 1);
        put_text(a, "chunked");
    }
    put_text(a, "HTTP/1.1");
}

static void offer_request(struct agent *a, struct live *l)
{
    static const char *const methods[] = {"GET", "GET", "PUT", "POST"};
    static const char manners[] = "wwwwlllkkxbn";
    static const struct wire_address local = {{10, 0, 0, 1}, 80, 4};
    const char *method = methods[chance(a, 4)];
    struct wire_ids ids = {l->id, 0, 80};
    char path[40];
    enum request_variant variant = chance(a, 4);
    uint32_t body = method[0] == 'P' ? chance(a, chance(a, 4) ? 300 : sizeof filler) : 0;
    l->more = variant >= VARIANT_CHUNKED_V1 && method[0] == 'P' && chance(a, 2);
    snprintf(path, sizeof path, "/%u/%c", chance(a, chance(a, 4) ? 200 : 100000),
             manners[chance(a, sizeof manners - 1)]);
    if (variant == VARIANT_CHUNKED_V2)
        wire_put_start_v2(&a->w, WIRE_STEAL, &ids);
    else
        wire_put_request(&a->w, WIRE_STEAL,
                         variant == VARIANT_BASIC    ? WIRE_HTTP_REQUEST
                         : variant == VARIANT_FRAMED ? WIRE_HTTP_REQUEST_FRAMED
                                                     : WIRE_HTTP_REQUEST_START_V1);
    put_head(a, method, path);
    if (variant == VARIANT_BASIC)
        wire_put_string(&a->w, filler, body);
    else
        put_frames(a, body);
    if (variant == VARIANT_CHUNKED_V2)
        wire_put_start_v2_end(&a->w, !l->more, &local, &local, &(struct wire_tls){.is_tls = false});
    else
        wire_put_request_end(&a->w, &ids);
    if (variant == VARIANT_CHUNKED_V1 && !l->more) {
        wire_put_request_body(&a->w, WIRE_STEAL, 0);
        wire_put_body_end(&a->w, true, &ids);
    }
}

static void put_data(struct agent *a, uint64_t id, uint32_t bytes)
{
    wire_put_data(&a->w, WIRE_FROM_AGENT, WIRE_STEAL, id, bytes);
    wire_put_raw(&a->w, filler, bytes);
}

static void offer(struct agent *a)
{
    static const struct wire_address address = {{10, 0, 0, 1}, 80, 4};
    for (unsigned i = 0; i < LIVE_MAX && a->offered < PER_LINK_MAX; i++) {
        struct live *l = &a->live[i];
        if (l->used)
            continue;
        *l = (struct live){.used = true, .raw = chance(a, 12) == 0, .id = a->next_id++};
        a->offered++;
        if (!l->raw) {
            offer_request(a, l);
            return;
        }
        wire_put_new_connection_v1(&a->w, WIRE_STEAL, l->id, &address, &address);
        put_data(a, l->id, 1 + chance(a, 2000));
        return;
    }
}

static void go_on(struct agent *a, struct live *l)
{
    struct wire_ids ids = {l->id, 0, 80};
    if (l->raw) {
        put_data(a, l->id, chance(a, 6) ? 1 + chance(a, 20000) : 0);
    } else if (l->more) {
        l->more = chance(a, 3);
        wire_put_request_body(&a->w, WIRE_STEAL, 1);
        wire_put_frame(&a->w, 500);
        wire_put_raw(&a->w, filler, 500);
        wire_put_body_end(&a->w, !l->more, &ids);
    }
}

static void act(struct agent *a)
{
    static const char *const versions[] = {"1.2.1", "1.7.0", "1.8.1", "1.29.0", "1.29.0"};
    struct live *l = &a->live[chance(a, LIVE_MAX)];
    uint32_t what = chance(a, 200);
    if (what < 2) {
        const char *v = versions[chance(a, 5)];
        wire_put_version_answer(&a->w, (struct wire_text){v, strlen(v)});
    } else if (what < 8 && l->used) {
        l->used = false;
        wire_put_tcp_close(&a->w, WIRE_STEAL, l->id);
    } else if (what < 60 && l->used) {
        go_on(a, l);
    } else if (what == 60 && chance(a, 40) == 0) {
        a->lost = true;
    } else {
        offer(a);
    }
}

/* The proxy drains: bodies come to their ends, and what has not been answered in a while is closed. */
static void finish(struct agent *a)
{
    for (unsigned i = 0; i < LIVE_MAX; i++) {
        struct live *l = &a->live[i];
        if (l->used && l->more)
            go_on(a, l);
        if (l->used && a->draining > PATIENCE) {
            l->used = false;
            wire_put_tcp_close(&a->w, WIRE_STEAL, l->id);
        }
    }
    a->draining++;
}

/* ---- its life ---- */

static void serve(struct agent *a)
{
    while (!a->lost && !atomic_load(a->outside->stop)) {
        if (purity_wait(a->fd, a->subscribed ? 0 : 5))
            read_some(a);
        for (unsigned i = 0; i < 4 && a->subscribed; i++)
            act(a);
        if (a->draining)
            finish(a);
        if (a->w.at == a->out)
            purity_wait(a->fd, 1);
        let_out(a);
    }
}

void *purity_agent(void *argument)
{
    struct agent *a = calloc(1, sizeof *a);
    if (!a)
        abort();
    a->outside = argument;
    while (!atomic_load(a->outside->stop)) {
        if (!purity_wait(a->outside->listener, 20))
            continue;
        a->fd = accept(a->outside->listener, NULL, NULL);
        if (a->fd < 0)
            continue;
        a->w = wire_writer_over(a->out, sizeof a->out);
        a->subscribed = a->lost = false;
        a->draining = 0;
        a->offered = 0;
        memset(a->live, 0, sizeof a->live);
        wire_decoder_create(&a->decoder, WIRE_FROM_CLIENT, version_newest(), UINT64_MAX);
        serve(a);
        wire_decoder_destroy(&a->decoder);
        close(a->fd);
    }
    free(a);
    return NULL;
}
