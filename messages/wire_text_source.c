/* messages/wire_text_source.c -- reads a message from a line of text; see wire_text.h
 *
 * The table says what must come; this file only knows how it is written. Errors give the column.
 */
#include "messages/escape.h"
#include "messages/wire_syntax.h"
#include "messages/wire_text.h"
#include <string.h>

static struct wire_text_source *source(struct wire_transcode *t)
{
    return t->source_state;
}

void wire_text_source_begin(struct wire_text_source *s, const char *text, size_t length)
{
    s->begin = s->at = text;
    s->end = text + length;
}

void wire_text_source_release(struct wire_text_source *s)
{
    wire_buffer_release(&s->string);
}

/* ---- words ----------------------------------------------------------------------------------- */

static void skip_blanks(struct wire_text_source *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
        s->at++;
}

static bool wrong(struct wire_transcode *t, const char *what)
{
    struct wire_text_source *s = source(t);
    size_t column = (size_t)(s->at - s->begin) + 1;
    if (s->at == s->end)
        return wire_transcode_fail(t, "column %zu: the text ends where %s belongs", column, what);
    int n = s->end - s->at < 20 ? (int)(s->end - s->at) : 20;
    return wire_transcode_fail(t, "column %zu: %s belongs here, not \"%.*s\"", column, what, n,
                               s->at);
}

static bool looking_at(struct wire_text_source *s, char c)
{
    skip_blanks(s);
    return s->at < s->end && *s->at == c;
}

static bool sign(struct wire_transcode *t, char c)
{
    const char what[] = {'\'', c, '\'', 0};
    if (!looking_at(source(t), c))
        return wrong(t, what);
    source(t)->at++;
    return true;
}

static bool in_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Letters, digits and _; may be empty. */
static size_t word(struct wire_text_source *s, const char **out)
{
    skip_blanks(s);
    *out = s->at;
    while (s->at < s->end && in_word(*s->at))
        s->at++;
    return (size_t)(s->at - *out);
}

static bool word_is(struct wire_text_source *s, const char *wanted)
{
    const char *text;
    size_t n = word(s, &text);
    if (n == strlen(wanted) && memcmp(text, wanted, n) == 0)
        return true;
    s->at = text;
    return false;
}

/* What an address or a number is made of. */
static size_t token(struct wire_text_source *s, const char **out)
{
    skip_blanks(s);
    *out = s->at;
    while (s->at < s->end &&
           (in_word(*s->at) || (*s->at && strchr(".:-", *s->at)) ||
            (s->at == *out && *s->at == '[') ||
            (*s->at == ']' && **out == '[' && !memchr(*out, ']', (size_t)(s->at - *out)))))
        s->at++;
    return (size_t)(s->at - *out);
}

bool wire_text_source_over(struct wire_transcode *t)
{
    struct wire_text_source *s = source(t);
    skip_blanks(s);
    return s->at == s->end || wrong(t, "the end");
}

/* ---- strings --------------------------------------------------------------------------------- */

static bool quoted(struct wire_transcode *t, struct wire_leaf *out)
{
    struct wire_text_source *s = source(t);
    struct wire_buffer *b = &s->string;
    b->length = 0;
    if (!looking_at(s, '"'))
        return wrong(t, "a string in double quotes");
    s->at++;
    for (;;) {
        const char *run = s->at;
        while (s->at < s->end && *s->at != '"' && *s->at != '\\')
            s->at++;
        if (!wire_buffer_put(b, run, (size_t)(s->at - run)))
            return wire_transcode_fail(t, "no memory");
        if (s->at == s->end)
            return wrong(t, "the closing quote of a string");
        if (*s->at++ == '"')
            break;
        uint8_t byte = 0;
        size_t n = escape_read(s->at, s->end, &byte);
        if (n == 0)
            return wrong(t, "\", \\, n, r, t or xNN after a backslash");
        if (!wire_buffer_put(b, &byte, 1))
            return wire_transcode_fail(t, "no memory");
        s->at += n;
    }
    if (s->end - s->at >= 4 && memcmp(s->at, "...(", 4) == 0)
        return wrong(t, "the whole string (this one was cut when it was printed)");
    out->bytes = b->at;
    out->length = b->length;
    return true;
}

/* ---- leaves ---------------------------------------------------------------------------------- */

static bool number(struct wire_transcode *t, struct wire_leaf *out, bool may_be_negative)
{
    const char *text;
    struct wire_text_source *s = source(t);
    size_t n = token(s, &text);
    bool negative = may_be_negative && n && *text == '-';
    if (!wire_u128_parse(text + negative, n - negative, &out->number)) {
        s->at = text;
        return wrong(t, may_be_negative ? "an integer" : "a positive integer");
    }
    if (may_be_negative && (out->number.high || out->number.low > (uint64_t)INT64_MAX + negative)) {
        s->at = text;
        return wrong(t, "an integer of 64 bits");
    }
    if (negative)
        out->number.low = 0 - out->number.low;
    return true;
}

static bool boolean(struct wire_transcode *t, struct wire_leaf *out)
{
    out->number.low = word_is(source(t), "true");
    return out->number.low || word_is(source(t), "false") || wrong(t, "true or false");
}

static bool address(struct wire_transcode *t, struct wire_leaf *out, bool has_port)
{
    const char *text;
    struct wire_text_source *s = source(t);
    size_t n = token(s, &text);
    if (wire_address_parse(text, n, has_port, &out->address))
        return true;
    s->at = text;
    return wrong(t, has_port ? "an address with a port (10.0.0.1:80 or [::1]:80)"
                             : "an address (10.0.0.1 or ::1)");
}

static bool leaf(struct wire_transcode *t, unsigned op, struct wire_leaf *out)
{
    switch (op) {
    case WIRE_OP_BOOLEAN: return boolean(t, out);
    case WIRE_OP_U8:
    case WIRE_OP_U16:
    case WIRE_OP_U32:
    case WIRE_OP_U64:
    case WIRE_OP_U128:
    case WIRE_OP_STATUS: return number(t, out, false);
    case WIRE_OP_I32:
    case WIRE_OP_I64: return number(t, out, true);
    case WIRE_OP_IP: return address(t, out, false);
    case WIRE_OP_SOCKADDR: return address(t, out, true);
    default: return quoted(t, out);
    }
}

/* ---- what is made of rows -------------------------------------------------------------------- */

static bool variant(struct wire_transcode *t, unsigned type, unsigned *out)
{
    const struct wire_type_row *row = &wire_types[type];
    const char *text, *const *names = wire_variant_names + row->first;
    struct wire_text_source *s = source(t);
    size_t n = word(s, &text);
    for (*out = 0; *out < row->count; ++*out)
        if (strlen(names[*out]) == n && memcmp(names[*out], text, n) == 0)
            return true;
    s->at = text;
    char what[80] = "a variant of ";
    strncat(what, wire_type_names[type], 60);
    return wrong(t, what);
}

static bool some(struct wire_transcode *t, bool *out)
{
    *out = word_is(source(t), "Some");
    return *out || word_is(source(t), "None") || wrong(t, "Some(...) or None");
}

static bool in_braces(const struct wire_group *g)
{
    return g->named && g->shape != WIRE_SHAPE_SOME;
}

static bool group_begin(struct wire_transcode *t, const struct wire_group *g)
{
    return sign(t, in_braces(g) ? '{' : '(');
}

static bool field(struct wire_transcode *t, const struct wire_group *g, unsigned i)
{
    if (i && !sign(t, ','))
        return false;
    if (!in_braces(g))
        return true;
    return (word_is(source(t), g->names[i]) || wrong(t, g->names[i])) && sign(t, ':');
}

static bool group_end(struct wire_transcode *t, const struct wire_group *g)
{
    return sign(t, in_braces(g) ? '}' : ')');
}

static bool list_begin(struct wire_transcode *t, unsigned type)
{
    if (type == WIRE_TYPE_header_values && !sign(t, ':'))
        return false;
    return sign(t, type == WIRE_TYPE_headers ? '{' : '[');
}

static bool next(struct wire_transcode *t, unsigned type, uint64_t done, bool *more)
{
    *more = !looking_at(source(t), type == WIRE_TYPE_headers ? '}' : ']');
    return !*more || done == 0 || sign(t, ',');
}

static bool list_end(struct wire_transcode *t, unsigned type)
{
    return sign(t, type == WIRE_TYPE_headers ? '}' : ']');
}

const struct wire_source wire_text_source = {
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
