/* messages/wire_bytes_source.c -- reads protocol bytes as values; see wire_bytes.h */
#include "messages/wire_bytes.h"
#include "messages/wire_varint.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct wire_bytes_source *source(struct wire_transcode *t)
{
    return t->source_state;
}

void wire_bytes_source_begin(struct wire_bytes_source *s, const void *bytes, size_t length)
{
    s->begin = s->at = bytes;
    s->end = s->begin + length;
    s->unordered = false;
    s->lists = 0;
    s->name = s->value = 0;
}

void wire_bytes_source_release(struct wire_bytes_source *s)
{
    wire_header_fold_release(&s->fold);
    wire_buffer_release(&s->text);
}

static bool out_of_memory(struct wire_transcode *t)
{
    return wire_transcode_fail(t, "no memory");
}

/* ---- what everything is made of -------------------------------------------------------------- */

static bool take(struct wire_transcode *t, uint64_t n, const uint8_t **bytes)
{
    struct wire_bytes_source *s = source(t);
    if ((uint64_t)(s->end - s->at) < n)
        return wire_transcode_fail(t, "byte %zu: the message ends too early",
                                   (size_t)(s->at - s->begin));
    *bytes = s->at;
    s->at += n;
    return true;
}

static bool byte(struct wire_transcode *t, uint64_t *out)
{
    const uint8_t *b = NULL;
    if (!take(t, 1, &b))
        return false;
    *out = *b;
    return true;
}

/* 1.1: the first byte, or 2, 4, 8 or 16 that follow FB, FC, FD or FE; little endian. */
static bool wide(struct wire_transcode *t, struct wire_u128 *out)
{
    const uint8_t *b = NULL;
    *out = (struct wire_u128){0, 0};
    if (!byte(t, &out->low))
        return false;
    unsigned width = wire_varint_width((uint8_t)out->low);
    if (width == 0)
        return true;
    if (width > 16)
        return wire_transcode_fail(t, "an integer begins with ff");
    if (!take(t, width, &b))
        return false;
    out->low = wire_little_endian(b, width < 8 ? width : 8);
    out->high = width > 8 ? wire_little_endian(b + 8, 8) : 0;
    return true;
}

static bool integer(struct wire_transcode *t, uint64_t *out)
{
    struct wire_u128 n;
    if (!wide(t, &n))
        return false;
    *out = n.low;
    return n.high == 0 || wire_transcode_fail(t, "an integer is too large");
}

static bool string(struct wire_transcode *t, const uint8_t **bytes, size_t *length)
{
    uint64_t n = 0;
    if (!integer(t, &n) || !take(t, n, bytes))
        return false;
    *length = (size_t)n;
    return true;
}

/* ---- leaves ---------------------------------------------------------------------------------- */

/* 1.2 */
static bool zigzag(struct wire_transcode *t, struct wire_u128 *out)
{
    uint64_t n = 0;
    if (!integer(t, &n))
        return false;
    out->low = n & 1 ? ~(n >> 1) : n >> 1;
    return true;
}

static bool address(struct wire_transcode *t, struct wire_address *out, bool has_port)
{
    uint64_t six = 0, port = 0;
    const uint8_t *octets = NULL;
    if (!integer(t, &six) || !take(t, six ? 16 : 4, &octets) || (has_port && !integer(t, &port)))
        return false;
    memcpy(out->octets, octets, six ? 16 : 4);
    out->family = six ? 6 : 4;
    out->port = (uint16_t)port;
    return true;
}

static bool is_scheme(const char *text, size_t n, const char *scheme)
{
    return n == strlen(scheme) && strncasecmp(text, scheme, n) == 0;
}

/* 2.3, as the reader keeps a URI: no fragment; in absolute form http and https in lower case, and a
 * path of at least "/". */
static bool uri(struct wire_transcode *t, struct wire_leaf *out)
{
    struct wire_buffer *b = &source(t)->text;
    const char *text = (const char *)out->bytes;
    size_t n = out->length;
    const char *fragment = n ? memchr(text, '#', n) : NULL;
    out->length = n = fragment ? (size_t)(fragment - text) : n;
    const char *mark = n == 0 || text[0] == '/' ? NULL : memmem(text, n, "://", 3);
    if (!mark)
        return true;
    size_t scheme = (size_t)(mark - text), path = scheme + 3;
    while (path < n && text[path] != '/' && text[path] != '?')
        path++;
    const char *known = is_scheme(text, scheme, "http")    ? "http"
                        : is_scheme(text, scheme, "https") ? "https"
                                                           : text;
    bool slash = path == n || text[path] == '?';
    b->length = 0;
    if (!wire_buffer_put(b, known, scheme) || !wire_buffer_put(b, mark, path - scheme) ||
        (slash && !wire_buffer_put(b, "/", 1)) || !wire_buffer_put(b, text + path, n - path))
        return out_of_memory(t);
    out->bytes = b->at;
    out->length = b->length;
    return true;
}

static bool lower_case(struct wire_transcode *t, struct wire_leaf *out)
{
    struct wire_buffer *b = &source(t)->text;
    b->length = 0;
    if (!wire_buffer_put(b, out->bytes, out->length))
        return out_of_memory(t);
    for (size_t i = 0; i < b->length; i++)
        if (b->at[i] >= 'A' && b->at[i] <= 'Z')
            b->at[i] |= 32;
    out->bytes = b->at;
    return true;
}

static bool header_name(struct wire_transcode *t, struct wire_leaf *out)
{
    struct wire_bytes_source *s = source(t);
    if (s->raw)
        return string(t, &out->bytes, &out->length);
    const struct wire_folded_name *n = &s->fold.names[s->name - 1];
    out->bytes = n->at;
    out->length = n->length;
    s->value = n->first;
    return lower_case(t, out);
}

static bool header_value(struct wire_transcode *t, struct wire_leaf *out)
{
    struct wire_bytes_source *s = source(t);
    if (s->raw)
        return string(t, &out->bytes, &out->length);
    const struct wire_folded_value *v = &s->fold.values[s->value - 1];
    out->bytes = v->at;
    out->length = v->length;
    s->value = v->next;
    return true;
}

static bool leaf(struct wire_transcode *t, unsigned op, struct wire_leaf *out)
{
    switch (op) {
    case WIRE_OP_U8:
    case WIRE_OP_BOOLEAN: return byte(t, &out->number.low);
    case WIRE_OP_U128: return wide(t, &out->number);
    case WIRE_OP_I32:
    case WIRE_OP_I64: return zigzag(t, &out->number);
    case WIRE_OP_IP: return address(t, &out->address, false);
    case WIRE_OP_SOCKADDR: return address(t, &out->address, true);
    case WIRE_OP_HEADER_NAME: return header_name(t, out);
    case WIRE_OP_HEADER_VALUE: return header_value(t, out);
    case WIRE_OP_URI: return string(t, &out->bytes, &out->length) && uri(t, out);
    case WIRE_OP_BYTES:
    case WIRE_OP_STR:
    case WIRE_OP_SEMVER:
    case WIRE_OP_METHOD:
    case WIRE_OP_HTTPVER: return string(t, &out->bytes, &out->length);
    default: return integer(t, &out->number.low);
    }
}

/* ---- lists and maps -------------------------------------------------------------------------- */

static bool list_push(struct wire_transcode *t, uint64_t count)
{
    struct wire_bytes_source *s = source(t);
    if (s->lists == WIRE_BYTES_LISTS_MAX)
        return wire_transcode_fail(t, "nested too deeply");
    s->left[s->lists++] = count;
    return true;
}

static bool fold_entry(struct wire_transcode *t, struct wire_header_fold *f)
{
    const uint8_t *bytes = NULL;
    size_t length = 0;
    uint64_t values = 0;
    if (!string(t, &bytes, &length) || !integer(t, &values))
        return false;
    uint32_t name = wire_header_fold_name(f, bytes, length, values);
    if (!name)
        return out_of_memory(t);
    for (; values; values--) {
        if (!string(t, &bytes, &length))
            return false;
        if (!wire_header_fold_value(f, name, bytes, length))
            return out_of_memory(t);
    }
    return true;
}

static bool headers_begin(struct wire_transcode *t)
{
    struct wire_bytes_source *s = source(t);
    uint64_t entries = 0;
    if (!integer(t, &entries))
        return false;
    if (s->raw)
        return list_push(t, entries);
    wire_header_fold_clear(&s->fold);
    for (; entries; entries--)
        if (!fold_entry(t, &s->fold))
            return false;
    s->name = 0;
    return list_push(t, s->fold.name_count);
}

static uint64_t values_of(const struct wire_header_fold *f, uint32_t value)
{
    uint64_t n = 0;
    for (; value; value = f->values[value - 1].next)
        n++;
    return n;
}

static bool list_begin(struct wire_transcode *t, unsigned type)
{
    struct wire_bytes_source *s = source(t);
    uint64_t count = 0;
    if (type == WIRE_TYPE_headers)
        return headers_begin(t);
    if (type == WIRE_TYPE_header_values && !s->raw)
        return list_push(t, values_of(&s->fold, s->value));
    if (type != WIRE_TYPE_header_values && wire_types[type].op == WIRE_OP_ARRAY)
        return list_push(t, wire_types[type].times);
    if (!integer(t, &count))
        return false;
    if (type != WIRE_TYPE_header_values && wire_types[type].op == WIRE_OP_BAG)
        s->unordered |= count > 1;
    return list_push(t, count);
}

static bool next(struct wire_transcode *t, unsigned type, uint64_t done, bool *more)
{
    struct wire_bytes_source *s = source(t);
    *more = done < s->left[s->lists - 1];
    if (*more && type == WIRE_TYPE_headers)
        s->name++;
    return true;
}

static bool list_end(struct wire_transcode *t, unsigned type)
{
    (void)type;
    source(t)->lists--;
    return true;
}

/* ---- what is made of rows -------------------------------------------------------------------- */

static bool variant(struct wire_transcode *t, unsigned type, unsigned *out)
{
    uint64_t n = 0;
    if (!integer(t, &n))
        return false;
    if (n >= wire_types[type].count)
        return wire_transcode_fail(t, "%s has no variant %llu", wire_type_names[type],
                                   (unsigned long long)n);
    *out = (unsigned)n;
    return true;
}

static bool some(struct wire_transcode *t, bool *out)
{
    uint64_t tag = 0;
    if (!byte(t, &tag))
        return false;
    *out = tag == 1;
    return tag <= 1 || wire_transcode_fail(t, "an option begins with %02x", (unsigned)tag);
}

const struct wire_source wire_bytes_source = {
    .variant = variant,
    .some = some,
    .list_begin = list_begin,
    .next = next,
    .list_end = list_end,
    .leaf = leaf,
};
