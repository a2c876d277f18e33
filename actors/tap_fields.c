/* actors/tap_fields.c -- what a filter can ask of a message; see tap_seen.h */
#include "actors/tap_seen.h"
#include "messages/http_head.h"
#include "messages/protocol.h"
#include <string.h>

enum { KIND, FROM, CONN, REQ, PORT, SIZE, T, VERSION, METHOD, PATH, STATUS, HOST, MODE, LINK };

enum { MODES = 2 };
static const char *const sides[] = {[WIRE_FROM_CLIENT] = "client", [WIRE_FROM_AGENT] = "agent"};
static const char *const modes[] = {[WIRE_MIRROR] = "mirror", [WIRE_STEAL] = "steal"};

/* How many names there are is a constant of another file: each variant of the table has one. */
#define ENUM(type)
#define VARIANT(type, variant, since, kind, ...) +1
#define END(type)
#define STRUCT(type, fields)
#define OPTION(type, fields)
#define LIST(type, fields)
#define BAG(type, fields)
#define ARRAY(type, times, fields)
#define E(name, type, slot, edge)
enum {
    NAMES = 0
#include "messages/protocol.def"
};

/* A kind's values are the names of all variants there are: a few of them begin no message, but a name
 * that is none of them is a mistake for sure. */
const struct filter_field tap_fields[] = {
    [KIND] = {"kind", FILTER_KIND,
              "the message's name, e.g. TcpSteal(HttpRequestFramed), or a part of it",
              wire_variant_names, NAMES},
    [FROM] = {"from", FILTER_TEXT, "who speaks: agent or client", sides, 2},
    [CONN] = {"conn", FILTER_NUMBER, "connection id, of incoming traffic", NULL, 0},
    [REQ] = {"req", FILTER_NUMBER, "request id, of HTTP", NULL, 0},
    [PORT] = {"port", FILTER_NUMBER, "the remote port, where a message names it", NULL, 0},
    [SIZE] = {"size", FILTER_NUMBER, "bytes of the message", NULL, 0},
    [T] = {"t", FILTER_TIME, "since the tap began", NULL, 0},
    [VERSION] = {"version", FILTER_TEXT, "as announced or answered", NULL, 0},
    [METHOD] = {"method", FILTER_TEXT, "of an HTTP request", NULL, 0},
    [PATH] = {"path", FILTER_TEXT, "of an HTTP request, with its query", NULL, 0},
    [STATUS] = {"status", FILTER_NUMBER, "of an HTTP response", NULL, 0},
    [HOST] = {"host", FILTER_TEXT, "of an HTTP request", NULL, 0},
    [MODE] = {"mode", FILTER_TEXT, "of incoming traffic: steal or mirror", modes, MODES},
    [LINK] = {"link", FILTER_NUMBER, "the number of the tapped connection", NULL, 0},
    {NULL, FILTER_TEXT, NULL, NULL, 0},
};

static bool text(struct filter_value *out, const void *at, size_t length)
{
    out->text = at;
    out->length = length;
    return true;
}

static bool number(struct filter_value *out, uint64_t n)
{
    out->number = n;
    return true;
}

/* Fields that a message tells only in passing, or behind its payload. */
static bool later(struct filter_value *out)
{
    return out->later = true;
}

static bool is_named(const struct tap_name *n, const struct wire_message *m)
{
    return n->text[0] && n->path_length == m->path_length &&
           memcmp(n->path, m->path, sizeof n->path) == 0;
}

static bool kind(const struct tap_seen *s, struct filter_value *out)
{
    const struct wire_message *m = s->message;
    struct tap_name *n = s->name;
    if (!s->ended && !tap_kind_is_sure(m))
        return later(out);
    if (!is_named(n, m)) {
        wire_message_name(m, n->text);
        n->path_length = m->path_length;
        memcpy(n->path, m->path, sizeof n->path);
    }
    return text(out, n->text, strlen(n->text));
}

static bool id(const struct tap_seen *s, unsigned bit, uint64_t n, struct filter_value *out)
{
    const struct wire_message *m = s->message;
    if (!s->ended && (bit != TAP_HAS_CONNECTION || m->kind != WIRE_DATA))
        return later(out);
    return tap_ids_of(m) & bit && number(out, n);
}

static bool is_incoming(const struct wire_message *m)
{
    return m->top == 1 || m->top == 2; /* Tcp, TcpSteal: of both directions */
}

static bool version(const struct tap_seen *s, struct filter_value *out)
{
    const struct wire_message *m = s->message;
    bool has = m->kind == WIRE_SWITCH_VERSION || m->kind == WIRE_VERSION_ANSWER;
    if (!s->ended)
        return later(out);
    return has && m->text.offset + m->text.length <= s->held &&
           text(out, s->bytes + m->text.offset, m->text.length);
}

static bool status(const struct tap_seen *s, struct filter_value *out)
{
    const struct wire_message *m = s->message;
    if (!s->ended)
        return later(out);
    return (m->kind == WIRE_HTTP_RESPONSE || m->kind == WIRE_HTTP_RESPONSE_FRAMED ||
            m->kind == WIRE_HTTP_RESPONSE_START) &&
           number(out, m->status);
}

/* ---- of requests ----------------------------------------------------------------------------- */

static bool path(struct http_text target, struct filter_value *out)
{
    struct http_text p = http_target_path(target);
    return text(out, p.at, p.length);
}

static bool host(const struct tap_seen *s, struct http_text target, struct filter_value *out)
{
    const struct wire_message *m = s->message;
    struct http_head head;
    struct http_text value;
    struct http_text authority = http_target_authority(target);
    if (authority.at)
        return text(out, authority.at, authority.length);
    return m->head.offset + m->head.length <= s->held &&
           http_head_open_request(&head, NULL, s->bytes + m->head.offset, m->head.length) &&
           http_fields_find(head.fields, "host", &value) && text(out, value.at, value.length);
}

static bool of_request(const struct tap_seen *s, unsigned field, struct filter_value *out)
{
    struct http_text method, target;
    if (!s->ended)
        return later(out);
    if (!tap_request_line(s, &method, &target))
        return false;
    switch (field) {
    case METHOD: return text(out, method.at, method.length);
    case PATH: return path(target, out);
    default: return host(s, target, out);
    }
}

bool tap_field(void *context, unsigned field, struct filter_value *out)
{
    const struct tap_seen *s = context;
    const struct wire_message *m = s->message;
    switch (field) {
    case KIND: return kind(s, out);
    case FROM: return text(out, sides[m->from], strlen(sides[m->from]));
    case CONN: return id(s, TAP_HAS_CONNECTION, m->connection, out);
    case REQ: return id(s, TAP_HAS_REQUEST, m->request, out);
    case PORT: return id(s, TAP_HAS_PORT, m->port, out);
    case SIZE: return s->ended ? number(out, m->length) : later(out);
    case T: return number(out, s->at_us * 1000);
    case VERSION: return version(s, out);
    case STATUS: return status(s, out);
    case MODE:
        if (!s->ended)
            return later(out);
        return is_incoming(m) && text(out, modes[m->mode], strlen(modes[m->mode]));
    case LINK: return number(out, s->link);
    default: return of_request(s, field, out);
    }
}
