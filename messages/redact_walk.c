/* messages/redact_walk.c -- see redact_walk.h
 *
 * Streams are found by what they are of: a socket of an actor and a direction; who says bodies of which exchange to
 * whom; a body on a link. The least recently used one is ended when there are too many. The two directions of a
 * connection share what is asked in it: it is kept as long as one of them is.
 */
#include "messages/redact_walk.h"
#include "messages/redact_heads.h"
#include "messages/redact_link.h"
#include "messages/vocabulary.h"

enum { STREAMS_MAX = 1 << 16 };

enum stream_of { OF_SOCKET_IN, OF_SOCKET_OUT, OF_FILE, OF_BODY, OF_LINK_IN, OF_LINK_OUT };
enum { OF_MASK = 7 };

/* No padding: it is hashed as bytes. */
struct stream_key {
    uint64_t actor, from;
    uint64_t connection;
    uint32_t exchange, number; /* number: of a socket, or a request */
    uint64_t of;               /* enum stream_of, and more */
};

struct walk_asked {
    struct stream_key key;
    struct redact_asked asked;
    unsigned streams;
    UT_hash_handle hh;
};

struct walk_stream {
    struct stream_key key;
    struct walk_asked *asked;     /* NULL: it is of no connection */
    struct redact_stream *stream; /* one of them */
    struct redact_link *link;
    struct redact_walk *walk;
    UT_hash_handle hh;
};

struct redact_walk {
    struct redact_eyes eyes;
    struct walk_stream *streams; /* the one used last stands last */
    struct walk_asked *asked;
    struct redact_flow once; /* of what is whole */
    uint32_t records;
    unsigned depth; /* streams that are in use now: they are not to be ended */
};

/* ---- what is asked ---- */

/* The same key for all streams of a connection. What actors say of an exchange goes another way than what is answered,
 * through other actors. */
static struct stream_key key_of_asked(const struct stream_key *of)
{
    struct stream_key key = *of;
    uint64_t kind = of->of & OF_MASK;
    key.of &= ~(uint64_t)OF_MASK;
    key.of |= kind == OF_SOCKET_OUT ? OF_SOCKET_IN : kind == OF_LINK_OUT ? OF_LINK_IN : kind;
    if (kind == OF_SOCKET_IN || kind == OF_SOCKET_OUT) {
        key.exchange = 0; /* only what is read names the serial number */
    } else if (kind == OF_BODY) {
        bool swap = of->actor > of->from, known = of->exchange != 0;
        key.actor = known ? 0 : swap ? of->from : of->actor;
        key.from = known ? 0 : swap ? of->actor : of->from;
    }
    return key;
}

static struct walk_asked *join_asked(struct redact_walk *w, const struct stream_key *of)
{
    struct walk_asked *a;
    if ((of->of & OF_MASK) == OF_FILE)
        return NULL;
    struct stream_key key = key_of_asked(of);
    HASH_FIND(hh, w->asked, &key, sizeof key, a);
    if (!a) {
        a = redact_zeroed(sizeof *a);
        a->key = key;
        HASH_ADD(hh, w->asked, key, sizeof a->key, a);
    }
    a->streams++;
    return a;
}

/* early: what it has asked or answered does not end here. */
static void leave_asked(struct redact_walk *w, struct walk_asked *a, bool early)
{
    if (!a)
        return;
    a->asked.lost |= early;
    if (--a->streams)
        return;
    HASH_DEL(w->asked, a);
    redact_asked_free(&a->asked);
    free(a);
}

/* A socket of this number is another connection from now on. */
static void ask_anew(struct redact_walk *w, const struct stream_key *of)
{
    struct walk_asked *a;
    struct stream_key key = key_of_asked(of);
    HASH_FIND(hh, w->asked, &key, sizeof key, a);
    if (a)
        redact_asked_forget(&a->asked);
}

/* ---- streams ---- */

static void end_stream(struct redact_walk *w, struct walk_stream *x, bool at_end)
{
    HASH_DEL(w->streams, x);
    if (x->stream && at_end && (x->key.of & OF_MASK) != OF_BODY)
        redact_stream_gap(x->stream, 0);
    if (x->stream)
        redact_stream_free(x->stream);
    if (x->link)
        redact_link_free(x->link);
    leave_asked(w, x->asked, at_end);
    free(x);
}

static struct walk_stream *find_stream(struct redact_walk *w, const struct stream_key *key)
{
    struct walk_stream *x;
    HASH_FIND(hh, w->streams, key, sizeof *key, x);
    if (x) {
        HASH_DEL(w->streams, x);
        HASH_ADD(hh, w->streams, key, sizeof x->key, x);
    }
    return x;
}

static void drop_stream(struct redact_walk *w, const struct stream_key *key)
{
    struct walk_stream *x = find_stream(w, key);
    if (x)
        end_stream(w, x, false);
}

static struct walk_stream *add_stream(struct redact_walk *w, const struct stream_key *key)
{
    if (w->depth == 0 && HASH_COUNT(w->streams) >= STREAMS_MAX)
        end_stream(w, w->streams, true);
    struct walk_stream *x = redact_zeroed(sizeof *x);
    x->key = *key;
    x->walk = w;
    HASH_ADD(hh, w->streams, key, sizeof x->key, x);
    return x;
}

/* Bytes of a stream, of which not all may have been kept. */
static void feed(struct redact_walk *w, const struct stream_key *key, const uint8_t *bytes,
                 size_t length, struct redact_spot spot)
{
    struct walk_stream *x = find_stream(w, key);
    if (!x)
        x = add_stream(w, key);
    if (!x->stream) {
        x->asked = join_asked(w, key);
        x->stream = redact_stream_new(&w->eyes, x->asked ? &x->asked->asked : NULL);
    }
    redact_stream_feed(x->stream, bytes, length, spot);
}

/* Its end is missing. */
static void gap(struct redact_walk *w, const struct stream_key *key, const struct trace_bytes *b)
{
    if (b->kept == b->length)
        return;
    struct walk_stream *x = find_stream(w, key);
    if (x && x->link)
        redact_link_gap(x->link, b->length - b->kept);
    if (x && x->stream)
        redact_stream_gap(x->stream, b->length - b->kept);
}

/* ---- links ---- */

static struct stream_key key_on_link(const struct walk_stream *link, const struct redact_body *b)
{
    struct stream_key key = link->key;
    key.connection = b->connection;
    key.exchange = link->key.number;
    key.number = b->request;
    key.of |= (uint64_t)(b->raw ? 1 : 2) << 8 | (uint64_t)b->mode << 16;
    return key;
}

static void on_body(void *context, const struct redact_body *which, const uint8_t *bytes,
                    size_t length, struct redact_spot spot)
{
    struct walk_stream *link = context;
    struct stream_key key = key_on_link(link, which);
    feed(link->walk, &key, bytes, length, spot);
}

static void on_gap(void *context, const struct redact_body *which, uint64_t missing)
{
    struct walk_stream *link = context;
    struct stream_key key = key_on_link(link, which);
    struct walk_stream *x = find_stream(link->walk, &key);
    if (x)
        redact_stream_gap(x->stream, missing);
}

static void on_edge(void *context, const struct redact_body *which)
{
    struct walk_stream *link = context;
    struct stream_key key = key_on_link(link, which);
    drop_stream(link->walk, &key);
}

static void feed_link(struct redact_walk *w, const struct stream_key *key, enum wire_from from,
                      const struct trace_bytes *b, struct redact_spot spot)
{
    struct walk_stream *x = find_stream(w, key);
    if (!x)
        x = add_stream(w, key);
    if (!x->link)
        x->link =
            redact_link_new(&w->eyes, from, &(struct redact_bodies){on_body, on_gap, on_edge, x});
    w->depth++;
    redact_link_feed(x->link, b->bytes, b->kept, spot);
    w->depth--;
}

/* Who has a link to an agent, and who speaks in what comes in there. */
static bool is_link(const char *type, bool in, enum wire_from *from)
{
    bool proxy = type && strcmp(type, "link_connection") == 0;
    bool agent = type && strcmp(type, "agent_session") == 0;
    *from = proxy == in ? WIRE_FROM_AGENT : WIRE_FROM_CLIENT;
    return proxy || agent;
}

static void on_socket(struct redact_walk *w, const struct trace_record *r, bool in, uint32_t number,
                      uint32_t serial, const struct trace_bytes *b, struct redact_spot spot)
{
    enum wire_from from;
    bool link = is_link(r->type, in, &from);
    struct stream_key key = {.actor = ref_bits(r->to),
                             .number = number,
                             .exchange = serial,
                             .of = link ? (in ? OF_LINK_IN : OF_LINK_OUT)
                                        : (in ? OF_SOCKET_IN : OF_SOCKET_OUT)};
    if (link)
        feed_link(w, &key, from, b, spot);
    else
        feed(w, &key, b->bytes, b->kept, spot);
    gap(w, &key, b);
}

/* ---- spans ---- */

/* All of it lies in a flow of its own. */
static void once(struct redact_walk *w, const uint8_t *bytes, size_t length,
                 struct redact_spot spot)
{
    struct redact_flow *f = &w->once;
    redact_flow_anew(f);
    redact_flow_feed(f, &w->eyes.sink, bytes, length, spot);
    redact_flow_settle(f, &w->eyes.sink);
}

static void look_at_text(struct redact_walk *w, const struct trace_bytes *b,
                         struct redact_spot spot)
{
    once(w, b->bytes, b->kept, spot);
    redact_plain(&w->eyes, &w->once, 0, b->bytes, b->kept);
    if (b->kept < b->length)
        redact_flow_cut(&w->once, &w->eyes.sink, REDACT_EVERYWHERE_MIN);
}

static void look_at_filter(struct redact_walk *w, const struct trace_bytes *b,
                           struct redact_spot spot)
{
    once(w, b->bytes, b->kept, spot);
    redact_filter(&w->eyes, &w->once, 0, b->bytes, b->kept);
}

static void look_at_head(struct redact_walk *w, const struct trace_bytes *b,
                         struct redact_spot spot)
{
    once(w, b->bytes, b->kept, spot);
    if (!redact_head(&w->eyes, &w->once, 0, b->bytes, b->kept))
        redact_plain(&w->eyes, &w->once, 0, b->bytes, b->kept);
}

static void look_at_map(struct redact_walk *w, const uint8_t *bytes, size_t length,
                        struct redact_spot spot)
{
    once(w, bytes, length, spot);
    redact_map(&w->eyes, &w->once, 0, bytes, length);
}

static uint64_t value_of(const struct trace_record *r, const char *name)
{
    uint64_t value;
    return trace_value(r, name, &value) ? value : 0;
}

/* Not all messages of an exchange name its ids; those that came before it had a number do. */
static struct stream_key key_of_body(const struct trace_record *r)
{
    struct stream_key key = {.actor = ref_bits(r->to),
                             .from = ref_bits(r->from),
                             .exchange = r->exchange,
                             .of = OF_BODY};
    if (!r->exchange) {
        key.connection = value_of(r, "connection");
        key.number = (uint32_t)value_of(r, "request");
        key.of |= value_of(r, "mode") << 16;
    }
    return key;
}

static void look_at_frames(struct redact_walk *w, const struct stream_key *key,
                           const struct trace_bytes *b, struct redact_spot spot)
{
    struct redact_frame frame;
    struct redact_spot here = spot;
    size_t at = 0;
    uint64_t left;
    while (redact_frame_next(b->bytes, b->length, &at, &left, &frame)) {
        here.offset = spot.offset + (uint32_t)frame.offset;
        if (frame.is_trailers)
            look_at_map(w, b->bytes + frame.offset, frame.length, here);
        else
            feed(w, key, b->bytes + frame.offset, frame.length, here);
    }
}

static void look_at_body(struct redact_walk *w, const struct trace_record *r,
                         const struct trace_bytes *b, struct redact_spot spot, bool may_be_frames)
{
    struct stream_key key = key_of_body(r);
    if (value_of(r, "trailers"))
        look_at_map(w, b->bytes, b->kept, spot);
    else if (may_be_frames && b->kept == b->length && redact_is_frames(b->bytes, b->length))
        look_at_frames(w, &key, b, spot);
    else
        feed(w, &key, b->bytes, b->kept, spot);
    gap(w, &key, b);
    if (value_of(r, "last"))
        drop_stream(w, &key);
}

static void look_at_span(struct redact_walk *w, const struct trace_record *r,
                         const struct trace_field *f)
{
    const struct trace_bytes *b = &r->spans[f->span];
    struct redact_spot spot = {w->records, 0, f->span};
    uint64_t serial;
    if (strcmp(f->name, "head") == 0 && b->length) {
        struct stream_key key = key_of_body(r);
        drop_stream(w, &key);
        look_at_head(w, b, spot);
    } else if (strcmp(f->name, "body") == 0) {
        look_at_body(w, r, b, spot, true);
    } else if (strcmp(f->name, "bytes") == 0 && trace_value(r, "serial", &serial)) {
        on_socket(w, r, true, (uint32_t)value_of(r, "n"), (uint32_t)serial, b, spot);
    } else if (strcmp(f->name, "bytes") == 0) {
        look_at_body(w, r, b, spot, false);
    } else if (strcmp(f->name, "filter") == 0) {
        look_at_filter(w, b, spot);
    } else {
        look_at_text(w, b, spot);
    }
}

/* ---- effects ---- */

static void look_at_effect(struct redact_walk *w, const struct trace_record *r,
                           const struct trace_effect *e)
{
    struct redact_spot spot = {w->records, (uint32_t)(e->bytes.bytes - r->effects), REDACT_EFFECTS};
    struct stream_key key = {.actor = ref_bits(r->to), .number = e->n, .of = OF_SOCKET_OUT};
    if (e->kind == EFFECT_CONNECT || e->kind == EFFECT_FILE_OPEN) {
        key.of = e->kind == EFFECT_FILE_OPEN ? OF_FILE : OF_SOCKET_OUT;
        drop_stream(w, &key);
        if (e->kind == EFFECT_CONNECT)
            ask_anew(w, &key);
        key.of = OF_LINK_OUT;
        if (e->kind == EFFECT_CONNECT)
            drop_stream(w, &key);
    }
    if (!(e->has & EFFECT_HAS_BYTES))
        return;
    if (e->kind == EFFECT_WRITE) {
        on_socket(w, r, false, e->n, 0, &e->bytes, spot);
    } else if (e->kind == EFFECT_FILE_WRITE) {
        key.of = OF_FILE;
        feed(w, &key, e->bytes.bytes, e->bytes.kept, spot);
        gap(w, &key, &e->bytes);
    } else {
        look_at_text(w, &e->bytes, spot);
    }
}

void redact_walk_record(struct redact_walk *w, const struct trace_reader *reader,
                        const struct trace_record *r)
{
    struct trace_effect e;
    size_t at = 0;
    if (r->what == TRACE_CALL)
        for (unsigned i = 0; i < r->kind->field_count; i++)
            if (r->kind->fields[i].type == FIELD_span)
                look_at_span(w, r, &r->kind->fields[i]);
    while (trace_effect_next_any(reader, r, &at, &e))
        look_at_effect(w, r, &e);
    if (r->what == TRACE_NOTE) {
        struct trace_bytes b = {(const uint8_t *)r->text, (uint32_t)strlen(r->text),
                                (uint32_t)strlen(r->text), 0};
        look_at_text(w, &b, (struct redact_spot){w->records, 0, REDACT_NOTE});
    }
    w->records++;
}

/* ---- begin and end ---- */

uint32_t redact_walk_records(const struct redact_walk *w)
{
    return w->records;
}

struct redact_walk *redact_walk_new(const struct redact_eyes *eyes)
{
    struct redact_walk *w = redact_zeroed(sizeof *w);
    w->eyes = *eyes;
    return w;
}

void redact_walk_free(struct redact_walk *w)
{
    while (w->streams) /* and so what is asked, too */
        end_stream(w, w->streams, true);
    redact_flow_free(&w->once);
    free(w);
}
