/* messages/wire_text_sink.c -- writes a message as a line of text; see wire_text.h */
#include "messages/wire_syntax.h"
#include "messages/wire_text.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static struct wire_text_sink *sink(struct wire_transcode *t)
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

static const char *escape_of(uint8_t c)
{
    switch (c) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: return NULL;
    }
}

/* How many bytes stand for themselves, from here on. */
static size_t plain(const uint8_t *bytes, size_t n, bool utf8)
{
    size_t i = 0;
    while (i < n &&
           (bytes[i] >= 0x80 ? utf8 : bytes[i] >= ' ' && bytes[i] != 0x7F && !escape_of(bytes[i])))
        i++;
    return i;
}

/* Control characters beyond ASCII (C2 80 to C2 9F) would move a terminal's cursor. */
static bool shows_itself(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i + 1 < n; i++)
        if (bytes[i] == 0xC2 && bytes[i + 1] < 0xA0)
            return false;
    return wire_utf8_check(bytes, n);
}

static bool put_bytes(struct wire_buffer *b, const uint8_t *bytes, size_t n, bool utf8)
{
    while (n) {
        size_t run = plain(bytes, n, utf8);
        if (!wire_buffer_put(b, bytes, run))
            return false;
        bytes += run;
        n -= run;
        if (n == 0)
            break;
        const char *escape = escape_of(*bytes);
        if (!(escape ? wire_buffer_text(b, escape) : wire_buffer_format(b, "\\x%02x", *bytes)))
            return false;
        bytes++;
        n--;
    }
    return true;
}

static bool string(struct wire_transcode *t, unsigned op, const struct wire_leaf *leaf)
{
    struct wire_text_sink *s = sink(t);
    size_t shown = s->most && leaf->length > s->most ? (size_t)s->most : leaf->length;
    bool utf8 = op != WIRE_OP_BYTES && op != WIRE_OP_HEADER_VALUE &&
                shows_itself(leaf->bytes, leaf->length) && shown == leaf->length;
    if (!wire_buffer_put(&s->out, "\"", 1) || !put_bytes(&s->out, leaf->bytes, shown, utf8) ||
        !wire_buffer_put(&s->out, "\"", 1))
        return no_memory(t);
    if (shown == leaf->length)
        return true;
    return wire_buffer_format(&s->out, "...(%zu bytes)", leaf->length) || no_memory(t);
}

/* ---- leaves ---------------------------------------------------------------------------------- */

static bool leaf(struct wire_transcode *t, unsigned op, const struct wire_leaf *l)
{
    struct wire_buffer *out = &sink(t)->out;
    char text[WIRE_ADDRESS_TEXT_MAX];
    switch (op) {
    case WIRE_OP_BOOLEAN: return say(t, l->number.low ? "true" : "false");
    case WIRE_OP_U128: return say(t, wire_u128_text(l->number, text));
    case WIRE_OP_I32:
    case WIRE_OP_I64:
        return wire_buffer_format(out, "%" PRId64, (int64_t)l->number.low) || no_memory(t);
    case WIRE_OP_IP:
    case WIRE_OP_SOCKADDR:
        return say(t, wire_address_text(&l->address, op == WIRE_OP_SOCKADDR, text));
    case WIRE_OP_U8:
    case WIRE_OP_U16:
    case WIRE_OP_U32:
    case WIRE_OP_U64:
    case WIRE_OP_STATUS: return wire_buffer_format(out, "%" PRIu64, l->number.low) || no_memory(t);
    default: return string(t, op, l);
    }
}

/* ---- what is made of rows -------------------------------------------------------------------- */

static bool variant(struct wire_transcode *t, unsigned type, unsigned n)
{
    return say(t, wire_variant_names[wire_types[type].first + n]);
}

static bool some(struct wire_transcode *t, bool is_some)
{
    return say(t, is_some ? "Some" : "None");
}

static bool group_begin(struct wire_transcode *t, const struct wire_group *g)
{
    return say(t, g->named && g->shape != WIRE_SHAPE_SOME ? "{" : "(");
}

static bool field(struct wire_transcode *t, const struct wire_group *g, unsigned i)
{
    if (i && !say(t, ", "))
        return false;
    if (!g->named || g->shape == WIRE_SHAPE_SOME)
        return true;
    return (say(t, g->names[i]) && say(t, ": "));
}

static bool group_end(struct wire_transcode *t, const struct wire_group *g)
{
    return say(t, g->named && g->shape != WIRE_SHAPE_SOME ? "}" : ")");
}

static bool list_begin(struct wire_transcode *t, unsigned type)
{
    return type == WIRE_TYPE_header_values ? say(t, ": [")
                                           : say(t, type == WIRE_TYPE_headers ? "{" : "[");
}

static bool next(struct wire_transcode *t, unsigned type, uint64_t done)
{
    (void)type;
    return done == 0 || say(t, ", ");
}

static bool list_end(struct wire_transcode *t, unsigned type, uint64_t count)
{
    (void)count;
    return say(t, type == WIRE_TYPE_headers ? "}" : "]");
}

const struct wire_sink wire_text_sink = {
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
