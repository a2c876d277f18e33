/* tools/trace_packets.c -- what actors did with their sockets becomes TCP; see trace_packets.h */
#include "messages/kinds.h"
#include "tools/trace_packets_state.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOCKETS_OF_AN_ACTOR = 8 };

static struct stream_key key_of(struct actor_ref actor, uint64_t n)
{
    return (struct stream_key){ref_bits(actor), n};
}

static struct stream *find(struct trace_packets *s, struct actor_ref actor, uint64_t n)
{
    struct stream_key key = key_of(actor, n);
    struct stream *t;
    HASH_FIND(hh, s->streams, &key, sizeof key, t);
    return t;
}

static void forget(struct trace_packets *s, struct stream *t)
{
    while (t->early) {
        struct early *e = t->early;
        t->early = e->next;
        free(e);
    }
    HASH_DEL(s->streams, t);
    free(t);
}

static struct stream *add(struct trace_packets *s, struct actor_ref actor, uint64_t n)
{
    struct stream *t = find(s, actor, n);
    if (t)
        forget(s, t);
    t = streams_must(calloc(1, sizeof *t));
    t->key = key_of(actor, n);
    t->next[OURS] = t->next[PEERS] = 1000;
    HASH_ADD(hh, s->streams, key, sizeof t->key, t);
    return t;
}

static void put_handshake_answer(struct trace_packets *s, struct stream *t, uint64_t when)
{
    enum side client = t->client ? OURS : PEERS;
    stream_put_flags(s, t, !client, when, TCP_SYN | TCP_ACK);
    stream_put_flags(s, t, client, when, TCP_ACK);
    t->established = true;
}

static void on_connect(struct trace_packets *s, uint32_t n, const char *to, uint64_t when)
{
    struct stream *t = add(s, s->record->to, n);
    char error[160];
    t->client = true;
    if (!address_parse(&t->ends[PEERS], to, error) || !streams_is_ip(&t->ends[PEERS]))
        streams_name_address(s, to, &t->ends[PEERS]);
    streams_own_address(s, &t->ends[PEERS], &t->ends[OURS]);
    stream_put_flags(s, t, OURS, when, TCP_SYN);
}

static void flush_early(struct trace_packets *s, struct stream *t, uint64_t when)
{
    while (t->early) {
        struct early *e = t->early;
        t->early = e->next;
        stream_put_data(s, t, OURS, when, e->bytes, e->length, e->kept);
        free(e);
    }
    t->early_last = NULL;
}

static void keep_early(struct stream *t, const struct trace_bytes *b)
{
    struct early *e = streams_must(malloc(sizeof *e + b->kept));
    *e = (struct early){NULL, b->length, b->kept};
    if (b->kept)
        memcpy(e->bytes, b->bytes, b->kept);
    if (t->early_last)
        t->early_last->next = e;
    else
        t->early = e;
    t->early_last = e;
}

static void on_connected(struct trace_packets *s, struct stream *t, uint64_t error, uint64_t when)
{
    if (t->established || !t->client)
        return;
    if (!error) {
        put_handshake_answer(s, t, when);
        flush_early(s, t, when);
    } else if (error == ECONNREFUSED) {
        stream_put_reset(s, t, PEERS, when);
    }
}

/* It was there before the trace began: how it began is not known. */
static struct stream *find_or_assume(struct trace_packets *s, uint32_t n)
{
    struct stream *t = find(s, s->record->to, n);
    char name[ADDRESS_TEXT_MAX];
    if (t)
        return t;
    t = add(s, s->record->to, n);
    t->established = true;
    snprintf(name, sizeof name, "whom %s talks with",
             s->record->type ? s->record->type : "an actor");
    streams_name_address(s, name, &t->ends[PEERS]);
    streams_own_address(s, &t->ends[PEERS], &t->ends[OURS]);
    return t;
}

/* ---- listening ---- */

static void on_listen(struct trace_packets *s, const struct trace_effect *e)
{
    struct stream_key key = key_of(s->record->to, e->value);
    struct listener *l;
    char error[160];
    HASH_FIND(hh, s->listeners, &key, sizeof key, l);
    if (!l) {
        l = streams_must(calloc(1, sizeof *l));
        l->key = key;
        HASH_ADD(hh, s->listeners, key, sizeof l->key, l);
    }
    l->n = e->n;
    if (!address_parse(&l->at, e->address, error) || !streams_is_ip(&l->at))
        streams_name_address(s, e->address, &l->at);
    address_wildcard_to_loopback(&l->at);
}

/* Now its port is known. */
static void on_listening(struct trace_packets *s, uint32_t n, uint64_t port)
{
    for (struct listener *l = s->listeners; l; l = l->hh.next)
        if (l->key.actor == ref_bits(s->record->to) && l->n == n && port)
            l->at.port = (uint16_t)port;
}

static void find_own_end(struct trace_packets *s, struct address *own)
{
    uint64_t listener = 0, tag = 0;
    struct listener *l;
    (void)trace_value(s->record, "listener", &listener);
    (void)trace_value(s->record, "tag", &tag);
    struct stream_key key = {listener, tag};
    HASH_FIND(hh, s->listeners, &key, sizeof key, l);
    if (l)
        *own = l->at;
    else
        streams_name_address(s, s->record->type ? s->record->type : "this program", own);
}

static void find_peer(struct trace_packets *s, struct address *peer)
{
    uint64_t high = 0, low = 0, port = 0, family = 0;
    (void)trace_value(s->record, "ip_high", &high);
    (void)trace_value(s->record, "ip_low", &low);
    (void)trace_value(s->record, "port", &port);
    (void)trace_value(s->record, "family", &family);
    *peer = (struct address){.family = (uint8_t)family, .port = (uint16_t)port};
    memcpy(peer->ip, &high, 8);
    memcpy(peer->ip + 8, &low, 8);
    if (streams_is_ip(peer))
        return;
    streams_name_address(s, family == ADDRESS_UNIX ? "a peer of a socket file" : "this program",
                         peer);
    peer->port = streams_next_port(s);
}

static void on_accepted(struct trace_packets *s, uint64_t when)
{
    struct stream *t = add(s, s->record->to, 0);
    find_own_end(s, &t->ends[OURS]);
    find_peer(s, &t->ends[PEERS]);
    if (t->ends[OURS].family != t->ends[PEERS].family) /* one of them has a made-up address */
        streams_name_address(s, "the other end",
                             t->ends[OURS].family == ADDRESS_V6 ? &t->ends[OURS] : &t->ends[PEERS]);
    stream_put_flags(s, t, PEERS, when, TCP_SYN);
    put_handshake_answer(s, t, when);
}

/* ---- records ---- */

/* The peer is gone: whether it said so is known of these errors. */
static void on_failed(struct trace_packets *s, struct stream *t, uint64_t when)
{
    uint64_t error = 0;
    (void)trace_value(s->record, "error", &error);
    if (t->established && (error == ECONNRESET || error == EPIPE))
        stream_put_reset(s, t, PEERS, when);
}

static void on_input(struct trace_packets *s, uint64_t when)
{
    const struct trace_record *r = s->record;
    const struct trace_bytes *bytes;
    uint64_t n = 0, value = 0;
    (void)trace_value(r, "n", &n);
    switch (r->kind->ours) {
    case MSG_SOCKET_ACCEPTED: on_accepted(s, when); break;
    case MSG_SOCKET_LISTENING:
        (void)trace_value(r, "port", &value);
        on_listening(s, (uint32_t)n, value);
        break;
    case MSG_SOCKET_CONNECTED:
        (void)trace_value(r, "error", &value);
        if (find(s, r->to, n))
            on_connected(s, find(s, r->to, n), value, when);
        break;
    case MSG_SOCKET_DATA:
        bytes = trace_span(r, "bytes");
        stream_put_data(s, find_or_assume(s, (uint32_t)n), PEERS, when, bytes->bytes, bytes->length,
                        bytes->kept);
        break;
    case MSG_SOCKET_END: stream_put_fin(s, find_or_assume(s, (uint32_t)n), PEERS, when); break;
    case MSG_SOCKET_FAILED: on_failed(s, find_or_assume(s, (uint32_t)n), when); break;
    default: break;
    }
}

static void on_write(struct trace_packets *s, const struct trace_effect *e, uint64_t when)
{
    struct stream *t = find_or_assume(s, e->n);
    if (t->established)
        stream_put_data(s, t, OURS, when, e->bytes.bytes, e->bytes.length, e->bytes.kept);
    else
        keep_early(t, &e->bytes);
}

static void on_effect(struct trace_packets *s, const struct trace_effect *e, uint64_t when)
{
    struct stream *t;
    switch (e->kind) {
    case EFFECT_CONNECT: on_connect(s, e->n, e->address, when); break;
    case EFFECT_LISTEN: on_listen(s, e); break;
    case EFFECT_WRITE: on_write(s, e, when); break;
    case EFFECT_SHUTDOWN: stream_put_fin(s, find_or_assume(s, e->n), OURS, when); break;
    case EFFECT_CLOSE:
    case EFFECT_ABORT:
    case EFFECT_RESET:
        t = find(s, s->record->to, e->n);
        if (!t)
            break;
        if (e->kind == EFFECT_RESET)
            stream_put_reset(s, t, OURS, when);
        stream_put_fin(s, t, OURS, when);
        forget(s, t);
        break;
    default: break;
    }
}

/* Its sockets are closed with it. */
static void on_end(struct trace_packets *s, uint64_t when)
{
    for (unsigned n = 0; n < SOCKETS_OF_AN_ACTOR; n++) {
        struct stream *t = find(s, s->record->to, n);
        if (!t)
            continue;
        stream_put_fin(s, t, OURS, when);
        forget(s, t);
    }
}

void trace_packets_take(struct trace_packets *s, struct trace_out *out,
                        const struct trace_reader *reader, const struct trace_record *r,
                        uint64_t wall_offset, bool wanted)
{
    struct trace_effect e;
    size_t at = 0;
    if (r->what != TRACE_CALL && r->what != TRACE_END)
        return;
    s->out = out;
    s->record = r;
    s->wall_offset = wall_offset;
    if (r->what == TRACE_CALL && (wanted || r->kind->ours == MSG_SOCKET_LISTENING))
        on_input(s, r->ended_ns - r->took_ns);
    while (trace_effect_next(reader, r, &at, &e))
        if (wanted || e.kind == EFFECT_LISTEN)
            on_effect(s, &e, r->ended_ns);
    if (wanted && r->what == TRACE_END)
        on_end(s, r->ended_ns);
}

void trace_packets_missing(const struct trace_packets *s, uint64_t *pieces, uint64_t *bytes)
{
    *pieces = s->missing;
    *bytes = s->missing_bytes;
}

struct trace_packets *trace_packets_new(uint32_t interface)
{
    struct trace_packets *s = streams_must(calloc(1, sizeof *s));
    s->interface = interface;
    return s;
}

void trace_packets_free(struct trace_packets *s)
{
    struct listener *l, *next_listener;
    while (s->streams)
        forget(s, s->streams);
    HASH_ITER(hh, s->listeners, l, next_listener)
    {
        HASH_DEL(s->listeners, l);
        free(l);
    }
    streams_forget_names(s);
    free(s);
}
