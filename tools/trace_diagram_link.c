/* tools/trace_diagram_link.c -- what the bytes on a link say: the protocol's messages in them.
 *
 * Each direction of each link is decoded as it passes. When bytes are missing (--trace-bodies, a trace that
 * begins in the middle) or are no messages, that direction is shown as bytes from there on.
 */
#include "tools/trace_diagram_parts.h"
#include "actors/tap_seen.h"
#include "messages/wire_decoder.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <uthash.h>

#define MESSAGE_MAX (UINT64_C(1) << 40) /* nothing is kept of one */

struct stream_key {
    uint64_t actor;
    uint64_t from; /* enum wire_from */
};

struct diagram_stream {
    struct stream_key key;
    bool broken;
    uint32_t parts; /* arrows that carry a part of the message under way; DIAGRAM_NONE ends */
    struct wire_decoder decoder; /* points into itself */
    UT_hash_handle hh;
};

static struct diagram_stream *stream_of(struct diagram *d, struct actor_ref actor,
                                        enum wire_from from)
{
    struct diagram_stream *s;
    struct stream_key key = {ref_bits(actor), from};
    HASH_FIND(hh, d->p->streams, &key, sizeof key, s);
    if (s)
        return s;
    s = calloc(1, sizeof *s);
    if (!s)
        heap_exhausted("a diagram", sizeof *s);
    s->key = key;
    s->parts = DIAGRAM_NONE;
    wire_decoder_create(&s->decoder, from, version_newest(), MESSAGE_MAX);
    HASH_ADD(hh, d->p->streams, key, sizeof s->key, s);
    return s;
}

void diagram_link_free(struct diagram *d)
{
    struct diagram_stream *s, *next;
    HASH_ITER(hh, d->p->streams, s, next)
    {
        HASH_DEL(d->p->streams, s);
        wire_decoder_destroy(&s->decoder);
        free(s);
    }
}

/* ---- what they say, in a few words ---- */

struct telling {
    struct diagram_link *out;
    size_t length; /* of the text */
    unsigned names, same;
    char name[WIRE_NAME_MAX]; /* the last one */
    unsigned messages;        /* that end here */
    bool several;             /* not all are about one exchange */
    struct diagram_ids ids;   /* of the first */
};

static void put(struct telling *t, const char *text)
{
    size_t room = sizeof t->out->text - t->length;
    int n = snprintf(t->out->text + t->length, room, "%s", text);
    t->length += (size_t)n < room ? (size_t)n : room - 1;
}

enum { NAMES_MAX = 3 };

static void put_times(struct telling *t)
{
    char times[32];
    if (t->same > 1 && t->names <= NAMES_MAX) {
        snprintf(times, sizeof times, " x %u", t->same);
        put(t, times);
    }
}

static void put_name(struct telling *t, const char *before, const char *name)
{
    if (t->names && strcmp(name, t->name) == 0) {
        t->same++;
        return;
    }
    put_times(t);
    snprintf(t->name, sizeof t->name, "%s", name);
    t->same = 1;
    if (++t->names > NAMES_MAX)
        return;
    put(t, t->names > 1 ? ", " : "");
    put(t, before);
    put(t, name);
}

static bool is_piece(const struct wire_message *m)
{
    return m->kind == WIRE_DATA || m->kind == WIRE_REQUEST_BODY || m->kind == WIRE_RESPONSE_BODY;
}

static bool begins(const struct wire_message *m)
{
    return m->kind == WIRE_NEW_CONNECTION ||
           (m->kind >= WIRE_HTTP_REQUEST && m->kind <= WIRE_HTTP_REQUEST_START_V2);
}

static void take_ids(struct telling *t, const struct wire_message *m)
{
    unsigned has = tap_ids_of(m);
    struct diagram_ids ids = {.has_request = has & TAP_HAS_REQUEST,
                              .begins = begins(m),
                              .mode = (uint8_t)m->mode,
                              .request = m->request,
                              .connection = m->connection};
    struct diagram_ids *first = &t->ids;
    if (!(has & TAP_HAS_CONNECTION))
        t->several = true;
    else if (t->messages == 0)
        *first = ids;
    else if (first->connection != ids.connection || first->mode != ids.mode ||
             first->request != ids.request || first->has_request != ids.has_request)
        t->several = true;
}

static void tell(struct telling *t, const struct wire_message *m)
{
    char name[WIRE_NAME_MAX];
    put_name(t, "", wire_message_name(m, name));
    t->out->pieces = t->out->pieces && is_piece(m);
    take_ids(t, m);
    t->messages++;
}

static void put_ids(struct telling *t)
{
    char text[64];
    snprintf(text, sizeof text, " conn %" PRIu64, t->ids.connection);
    put(t, text);
    if (t->ids.has_request) {
        snprintf(text, sizeof text, " req %u", t->ids.request);
        put(t, text);
    }
}

static void end_telling(struct telling *t)
{
    char more[48];
    put_times(t);
    if (t->names > NAMES_MAX) {
        snprintf(more, sizeof more, " and more, %u messages", t->messages);
        put(t, more);
    }
    if (t->messages && !t->several)
        put_ids(t);
}

/* ---- bytes ---- */

/* The message whose parts they carry has ended: whose it was is known. */
static void settle_parts(struct diagram *d, struct diagram_stream *s, const struct telling *t)
{
    while (s->parts != DIAGRAM_NONE) {
        uint32_t arrow = s->parts;
        s->parts = d->arrows[arrow].next_waiting; /* which diagram_ids_take may use */
        if (!t->several)
            diagram_ids_take(d, &t->ids, arrow);
    }
}

static void tell_part(struct diagram *d, struct diagram_stream *s, struct telling *t,
                      uint32_t arrow)
{
    char name[WIRE_NAME_MAX];
    const struct wire_message *m = &s->decoder.message;
    put_name(t, "part of ", wire_message_name(m, name));
    t->out->pieces = is_piece(m);
    d->arrows[arrow].next_waiting = s->parts;
    s->parts = arrow;
}

/* The client's first byte and the agent's answer to it, before there is a protocol, are messages as well. */
static bool decode(struct diagram *d, struct diagram_stream *s, const uint8_t *bytes, size_t length,
                   struct telling *t)
{
    while (length) {
        size_t eaten;
        enum wire_verdict v = wire_decoder_feed(&s->decoder, bytes, length, &eaten);
        if (v == WIRE_BAD || v == WIRE_TOO_LARGE)
            return false;
        bytes += eaten;
        length -= eaten;
        if (v == WIRE_MESSAGE) {
            tell(t, &s->decoder.message);
            settle_parts(d, s, t);
        }
    }
    return true;
}

void diagram_link_bytes(struct diagram *d, uint32_t arrow, struct actor_ref actor,
                        enum wire_from from, const uint8_t *bytes, size_t kept, uint64_t all,
                        struct diagram_link *out)
{
    struct diagram_stream *s = stream_of(d, actor, from);
    struct telling t = {.out = out};
    *out = (struct diagram_link){.pieces = true};
    s->broken = s->broken || kept != all;
    if (s->broken)
        return;
    s->broken = !decode(d, s, bytes, kept, &t);
    if (!s->broken && !t.messages)
        tell_part(d, s, &t, arrow);
    end_telling(&t);
    if (t.messages && !t.several)
        diagram_ids_take(d, &t.ids, arrow);
}
