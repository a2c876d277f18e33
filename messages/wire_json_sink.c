/* messages/wire_json_sink.c -- writes a message as JSON; see wire_json.h */
#include "messages/wire_json.h"
#include "messages/wire_syntax.h"
#include "messages/wire_text.h"
#include <inttypes.h>
#include <string.h>

static struct wire_json_sink *sink(struct wire_transcode *t)
{
    return t->sink_state;
}

static bool no_memory(struct wire_transcode *t)
{
    return wire_transcode_fail(t, "no memory");
}

static bool say(struct wire_transcode *t, const char *text)
{
    return wire_buffer_text(&sink(t)->out, text) || no_memory(t);
}

/* ---- strings --------------------------------------------------------------------------------- */

/* Not the control characters, those beyond ASCII (C2 80 to C2 9F) among them: a terminal obeys them. */
static bool stands_for_itself(const uint8_t *c, const uint8_t *end)
{
    if (*c == 0xC2 && c + 1 < end && c[1] < 0xA0)
        return false;
    return *c >= ' ' && *c != '"' && *c != '\\' && *c != 0x7F;
}

/* Returns the bytes that it stands for, 0: no memory. */
static size_t put_escape(struct wire_buffer *b, const uint8_t *c)
{
    switch (*c) {
    case 0xC2: return wire_buffer_format(b, "\\u%04x", c[1]) ? 2 : 0;
    case '"': return wire_buffer_text(b, "\\\"");
    case '\\': return wire_buffer_text(b, "\\\\");
    case '\n': return wire_buffer_text(b, "\\n");
    case '\r': return wire_buffer_text(b, "\\r");
    case '\t': return wire_buffer_text(b, "\\t");
    default: return wire_buffer_format(b, "\\u%04x", *c);
    }
}

static bool put_utf8(struct wire_buffer *b, const uint8_t *bytes, size_t n)
{
    const uint8_t *at = bytes, *end = bytes + n;
    if (!wire_buffer_put(b, "\"", 1))
        return false;
    for (;;) {
        const uint8_t *run = at;
        while (at < end && stands_for_itself(at, end))
            at++;
        if (!wire_buffer_put(b, run, (size_t)(at - run)))
            return false;
        if (at == end)
            return wire_buffer_put(b, "\"", 1);
        size_t eaten = put_escape(b, at);
        if (!eaten)
            return false;
        at += eaten;
    }
}

/* Whether people would call it text: no control characters but those that lay text out. */
static bool is_text(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((bytes[i] < ' ' && !strchr("\t\n\r", bytes[i])) || bytes[i] == 0 || bytes[i] == 0x7F)
            return false;
    return wire_utf8_check(bytes, n);
}

static bool put_hex(struct wire_buffer *b, const uint8_t *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    if (!wire_buffer_text(b, "{\"hex\":\"") || !wire_buffer_room(b, 2 * n))
        return false;
    for (size_t i = 0; i < n; i++) {
        b->at[b->length++] = (uint8_t)digits[bytes[i] >> 4];
        b->at[b->length++] = (uint8_t)digits[bytes[i] & 15];
    }
    return wire_buffer_text(b, "\"}");
}

static bool put_bytes(struct wire_buffer *b, const uint8_t *bytes, size_t n)
{
    return is_text(bytes, n) ? put_utf8(b, bytes, n) : put_hex(b, bytes, n);
}

static bool string(struct wire_transcode *t, unsigned op, const struct wire_leaf *l)
{
    struct wire_json_sink *s = sink(t);
    bool is_bytes = op == WIRE_OP_BYTES || op == WIRE_OP_HEADER_VALUE;
    bool fine;
    if (s->most && l->length > s->most)
        fine = wire_buffer_text(&s->out, "{\"begin\":") &&
               put_bytes(&s->out, l->bytes, (size_t)s->most) &&
               wire_buffer_format(&s->out, ",\"length\":%zu}", l->length);
    else if (is_bytes || !wire_utf8_check(l->bytes, l->length))
        fine = put_bytes(&s->out, l->bytes, l->length);
    else
        fine = put_utf8(&s->out, l->bytes, l->length);
    return fine || no_memory(t);
}

/* ---- leaves ---------------------------------------------------------------------------------- */

static bool leaf(struct wire_transcode *t, unsigned op, const struct wire_leaf *l)
{
    struct wire_buffer *out = &sink(t)->out;
    char text[WIRE_ADDRESS_TEXT_MAX];
    int64_t n = (int64_t)l->number.low;
    switch (op) {
    case WIRE_OP_BOOLEAN: return say(t, l->number.low ? "true" : "false");
    case WIRE_OP_U128:
        return wire_buffer_format(out, "\"%s\"", wire_u128_text(l->number, text)) || no_memory(t);
    case WIRE_OP_I32:
    case WIRE_OP_I64:
        return wire_buffer_format(out,
                                  n > WIRE_JSON_EXACT_MAX || n < -WIRE_JSON_EXACT_MAX ? "\"%" PRId64
                                                                                        "\""
                                                                                      : "%" PRId64,
                                  n) ||
               no_memory(t);
    case WIRE_OP_IP:
    case WIRE_OP_SOCKADDR:
        return wire_buffer_format(out, "\"%s\"",
                                  wire_address_text(&l->address, op == WIRE_OP_SOCKADDR, text)) ||
               no_memory(t);
    case WIRE_OP_U8:
    case WIRE_OP_U16:
    case WIRE_OP_U32:
    case WIRE_OP_U64:
    case WIRE_OP_STATUS:
        return wire_buffer_format(
                   out, l->number.low > WIRE_JSON_EXACT_MAX ? "\"%" PRIu64 "\"" : "%" PRIu64,
                   l->number.low) ||
               no_memory(t);
    case WIRE_OP_HEADER_NAME: return string(t, op, l) && say(t, ":");
    default: return string(t, op, l);
    }
}

/* ---- what is made of rows -------------------------------------------------------------------- */

static bool variant(struct wire_transcode *t, unsigned type, unsigned n)
{
    const struct wire_variant_row *v = &wire_variants[wire_types[type].first + n];
    const char *name = wire_variant_names[wire_types[type].first + n];
    return wire_buffer_format(&sink(t)->out, v->count ? "{\"%s\":" : "\"%s\"", name) ||
           no_memory(t);
}

static bool some(struct wire_transcode *t, bool is_some)
{
    return is_some || say(t, "null");
}

static bool group_begin(struct wire_transcode *t, const struct wire_group *g)
{
    return say(t, g->named ? "{" : g->count > 1 ? "[" : "");
}

static bool field(struct wire_transcode *t, const struct wire_group *g, unsigned i)
{
    if (i && !say(t, ","))
        return false;
    return !g->named || wire_buffer_format(&sink(t)->out, "\"%s\":", g->names[i]) || no_memory(t);
}

static bool group_end(struct wire_transcode *t, const struct wire_group *g)
{
    return say(t, g->named       ? "}"
                  : g->count > 1 ? "]"
                                 : "") &&
           say(t, g->shape == WIRE_SHAPE_VARIANT ? "}" : "");
}

static bool list_begin(struct wire_transcode *t, unsigned type)
{
    return say(t, type == WIRE_TYPE_headers ? "{" : "[");
}

static bool next(struct wire_transcode *t, unsigned type, uint64_t done)
{
    (void)type;
    return done == 0 || say(t, ",");
}

static bool list_end(struct wire_transcode *t, unsigned type, uint64_t count)
{
    (void)count;
    return say(t, type == WIRE_TYPE_headers ? "}" : "]");
}

const struct wire_sink wire_json_sink = {
    .variant = variant,
    .some = some,
    .group_begin = group_begin,
    .field = field,
    .group_end = group_end,
    .list_begin = list_begin,
    .next = next,
    .list_end = list_end,
    .leaf = leaf,
};
