/* messages/wire_bytes_sink.c -- writes values as protocol bytes; see wire_bytes.h
 *
 * A list's length stands before it and is known behind it: the few bytes are put in at the end.
 */
#include "messages/version.h"
#include "messages/wire_bytes.h"
#include "messages/wire_decoder.h"
#include "messages/wire_syntax.h"
#include "messages/wire_text.h"
#include "messages/wire_varint.h"
#include <string.h>

static struct wire_bytes_sink *sink(struct wire_transcode *t)
{
    return t->sink_state;
}

void wire_bytes_sink_release(struct wire_bytes_sink *s)
{
    wire_buffer_release(&s->out);
}

/* ---- what everything is made of -------------------------------------------------------------- */

static bool put(struct wire_transcode *t, const void *bytes, size_t length)
{
    return wire_buffer_put(&sink(t)->out, bytes, length) || wire_transcode_fail(t, "no memory");
}

/* The shortest form (1.1). Returns its length. */
static size_t integer_bytes(struct wire_u128 n, uint8_t out[WIRE_VARINT_MAX])
{
    if (n.high == 0)
        return (size_t)(wire_varint_put(out, n.low) - out);
    out[0] = WIRE_MARKER_128;
    wire_put_little_endian(wire_put_little_endian(out + 1, n.low, 8), n.high, 8);
    return 1 + 16;
}

static bool integer(struct wire_transcode *t, uint64_t low, uint64_t high)
{
    uint8_t bytes[WIRE_VARINT_MAX];
    return put(t, bytes, integer_bytes((struct wire_u128){low, high}, bytes));
}

static bool string(struct wire_transcode *t, const struct wire_leaf *leaf)
{
    return integer(t, leaf->length, 0) && put(t, leaf->bytes, leaf->length);
}

/* ---- leaves ---------------------------------------------------------------------------------- */

static bool fits(struct wire_transcode *t, const struct wire_leaf *leaf, uint64_t max)
{
    char text[WIRE_U128_TEXT_MAX];
    if (leaf->number.high == 0 && leaf->number.low <= max)
        return true;
    return wire_transcode_fail(t, "%s is more than %llu", wire_u128_text(leaf->number, text),
                               (unsigned long long)max);
}

static bool limited(struct wire_transcode *t, const struct wire_leaf *leaf, uint64_t max)
{
    return fits(t, leaf, max) && integer(t, leaf->number.low, 0);
}

static bool raw_byte(struct wire_transcode *t, const struct wire_leaf *leaf, uint64_t max)
{
    uint8_t byte = (uint8_t)leaf->number.low;
    return fits(t, leaf, max) && put(t, &byte, 1);
}

static bool zigzag(struct wire_transcode *t, const struct wire_leaf *leaf, unsigned bits)
{
    int64_t n;
    memcpy(&n, &leaf->number.low, sizeof n);
    if (bits == 32 && (n < INT32_MIN || n > INT32_MAX))
        return wire_transcode_fail(t, "%lld is no 32-bit integer", (long long)n);
    uint64_t twice = leaf->number.low << 1;
    return integer(t, n < 0 ? ~twice : twice, 0);
}

static bool status(struct wire_transcode *t, const struct wire_leaf *leaf)
{
    if (leaf->number.low < 100 || leaf->number.low > 999)
        return wire_transcode_fail(t, "%llu is no HTTP status (100 to 999)",
                                   (unsigned long long)leaf->number.low);
    return integer(t, leaf->number.low, 0);
}

static bool address(struct wire_transcode *t, const struct wire_address *a, bool has_port)
{
    bool six = a->family == 6;
    return integer(t, six, 0) && put(t, a->octets, six ? 16 : 4) &&
           (!has_port || integer(t, a->port, 0));
}

static bool is_semver(const uint8_t *bytes, size_t length)
{
    struct version v;
    return version_parse(bytes, length, &v);
}

static bool any(const uint8_t *bytes, size_t length)
{
    (void)bytes, (void)length;
    return true;
}

/* What the reader's decoder accepts (2.1 to 2.6). */
static const struct {
    unsigned op;
    bool (*check)(const uint8_t *bytes, size_t length);
    const char *what;
} syntaxes[] = {
    {WIRE_OP_BYTES, any, ""},
    {WIRE_OP_STR, wire_utf8_check, "UTF-8"},
    {WIRE_OP_SEMVER, is_semver, "a semantic version (MAJOR.MINOR.PATCH)"},
    {WIRE_OP_METHOD, wire_method_check, "an HTTP method"},
    {WIRE_OP_URI, wire_uri_check, "a request target"},
    {WIRE_OP_HTTPVER, wire_httpver_check, "an HTTP version (HTTP/1.1)"},
    {WIRE_OP_HEADER_NAME, wire_header_name_check, "a header name"},
    {WIRE_OP_HEADER_VALUE, wire_header_value_check, "a header value"},
};

static bool checked(struct wire_transcode *t, unsigned op, const struct wire_leaf *leaf)
{
    for (size_t i = 0; i < sizeof syntaxes / sizeof syntaxes[0] && !sink(t)->unchecked; i++)
        if (syntaxes[i].op == op && !syntaxes[i].check(leaf->bytes, leaf->length))
            return wire_transcode_fail(t, "\"%.*s\" is not %s",
                                       leaf->length < 60 ? (int)leaf->length : 60,
                                       (const char *)leaf->bytes, syntaxes[i].what);
    return string(t, leaf);
}

static bool leaf(struct wire_transcode *t, unsigned op, const struct wire_leaf *l)
{
    switch (op) {
    case WIRE_OP_U8: return raw_byte(t, l, UINT8_MAX);
    case WIRE_OP_BOOLEAN: return raw_byte(t, l, 1);
    case WIRE_OP_U16: return limited(t, l, UINT16_MAX);
    case WIRE_OP_U32: return limited(t, l, UINT32_MAX);
    case WIRE_OP_U64: return limited(t, l, UINT64_MAX);
    case WIRE_OP_U128: return integer(t, l->number.low, l->number.high);
    case WIRE_OP_I32: return zigzag(t, l, 32);
    case WIRE_OP_I64: return zigzag(t, l, 64);
    case WIRE_OP_STATUS: return status(t, l);
    case WIRE_OP_IP: return address(t, &l->address, false);
    case WIRE_OP_SOCKADDR: return address(t, &l->address, true);
    default: return checked(t, op, l);
    }
}

/* ---- what is made of rows -------------------------------------------------------------------- */

static bool variant(struct wire_transcode *t, unsigned type, unsigned n)
{
    (void)type;
    return integer(t, n, 0);
}

static bool some(struct wire_transcode *t, bool is_some)
{
    uint8_t tag = is_some;
    return put(t, &tag, 1);
}

static bool list_begin(struct wire_transcode *t, unsigned type)
{
    struct wire_bytes_sink *s = sink(t);
    (void)type;
    if (s->lists == WIRE_BYTES_LISTS_MAX)
        return wire_transcode_fail(t, "nested too deeply");
    s->begun[s->lists++] = s->out.length;
    return true;
}

/* An array's length is the type's, and a header without values is nothing (2.6). */
static bool list_end(struct wire_transcode *t, unsigned type, uint64_t count)
{
    struct wire_bytes_sink *s = sink(t);
    size_t begun = s->begun[--s->lists];
    uint8_t bytes[WIRE_VARINT_MAX];
    if (type == WIRE_TYPE_header_values && count == 0)
        return wire_transcode_fail(t, "a header without values");
    if (type == WIRE_TYPE_headers && count > WIRE_HEADERS_MAX)
        return wire_transcode_fail(t, "more than %d headers", WIRE_HEADERS_MAX);
    if (type < WIRE_TYPE_COUNT && wire_types[type].op == WIRE_OP_ARRAY)
        return true;
    size_t n = integer_bytes((struct wire_u128){count, 0}, bytes);
    return wire_buffer_insert(&s->out, begun, bytes, n) || wire_transcode_fail(t, "no memory");
}

const struct wire_sink wire_bytes_sink = {
    .variant = variant,
    .some = some,
    .list_begin = list_begin,
    .list_end = list_end,
    .leaf = leaf,
};
