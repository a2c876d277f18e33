/* tests/wire_canonical.c -- see wire_canonical.h */
#include "tests/wire_canonical.h"
#include "messages/protocol.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct reader {
    const uint8_t *at;
    const uint8_t *end;
    struct bytes *out;
    bool unordered;
};

static const uint8_t *take(struct reader *r, size_t n)
{
    const uint8_t *bytes = r->at;
    if ((size_t)(r->end - r->at) < n)
        abort();
    r->at += n;
    return bytes;
}

static void copy(struct reader *r, size_t n)
{
    bytes_append(r->out, take(r, n), n);
}

struct wide {
    uint64_t low, high;
};

static struct wide get_integer(struct reader *r)
{
    struct wide n = {*take(r, 1), 0};
    if (n.low < 251)
        return n;
    size_t size = (size_t)2 << (n.low - 251);
    const uint8_t *bytes = take(r, size);
    n.low = 0;
    for (size_t i = 0; i < size; i++)
        if (i < 8)
            n.low |= (uint64_t)bytes[i] << 8 * i;
        else
            n.high |= (uint64_t)bytes[i] << 8 * (i - 8);
    return n;
}

static void put_integer(struct bytes *out, struct wide n)
{
    uint8_t bytes[17];
    size_t size = n.high ? 16 : n.low >> 32 ? 8 : n.low >> 16 ? 4 : n.low > 250 ? 2 : 0;
    bytes[0] = (uint8_t)(size == 16  ? 254
                         : size == 8 ? 253
                         : size == 4 ? 252
                         : size == 2 ? 251
                                     : n.low);
    for (size_t i = 0; i < size; i++)
        bytes[1 + i] = (uint8_t)((i < 8 ? n.low : n.high) >> 8 * (i % 8));
    bytes_append(out, bytes, 1 + size);
}

static uint64_t copy_integer(struct reader *r)
{
    struct wide n = get_integer(r);
    put_integer(r->out, n);
    return n.low;
}

static void put_string(struct bytes *out, const void *bytes, size_t n)
{
    put_integer(out, (struct wide){n, 0});
    bytes_append(out, bytes, n);
}

/* Absolute form: the scheme in lower case if it is http or https, at least "/" as path. All forms:
 * no fragment (wire-format.md 2.3). */
static void copy_uri(struct reader *r)
{
    size_t n = get_integer(r).low;
    const char *text = (const char *)take(r, n);
    struct bytes uri = {NULL, 0, 0};
    const char *fragment = memchr(text, '#', n);
    if (fragment)
        n = (size_t)(fragment - text);
    const char *mark = text[0] == '/' ? NULL : memmem(text, n, "://", 3);
    if (mark) {
        size_t scheme = (size_t)(mark - text);
        const char *rest = mark + 3, *end = text + n;
        size_t authority = 0;
        while (rest + authority < end && !strchr("/?", rest[authority]))
            authority++;
        if (scheme == 4 && !strncasecmp(text, "http", 4))
            bytes_append(&uri, "http", 4);
        else if (scheme == 5 && !strncasecmp(text, "https", 5))
            bytes_append(&uri, "https", 5);
        else
            bytes_append(&uri, text, scheme);
        bytes_append(&uri, mark, 3 + authority);
        if (rest + authority == end || rest[authority] == '?')
            bytes_append(&uri, "/", 1);
        bytes_append(&uri, rest + authority, (size_t)(end - rest) - authority);
    } else {
        bytes_append(&uri, text, n);
        if (n == 0)
            abort();
    }
    put_string(r->out, uri.at, uri.length);
    bytes_release(&uri);
}

/* Entries of a header map as it is rebuilt: an entry with one value replaces, one with several
 * appends, one without values is nothing (2.6). */
struct header {
    uint8_t *name;
    size_t name_length;
    struct bytes values; /* encoded */
    size_t count;
};

struct header_map {
    struct header *rows;
    size_t count;
};

static struct header *find_header(struct header_map *map, const uint8_t *name, size_t n)
{
    for (size_t i = 0; i < map->count; i++)
        if (map->rows[i].name_length == n &&
            !strncasecmp((const char *)map->rows[i].name, (const char *)name, n))
            return &map->rows[i];
    map->rows = realloc(map->rows, (map->count + 1) * sizeof *map->rows);
    struct header *h = &map->rows[map->count++];
    *h = (struct header){malloc(n + 1), n, {NULL, 0, 0}, 0};
    for (size_t i = 0; i < n; i++)
        h->name[i] = (uint8_t)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] | 32 : name[i]);
    return h;
}

static void read_header(struct reader *r, struct header_map *map)
{
    size_t n = get_integer(r).low;
    const uint8_t *name = take(r, n);
    size_t values = get_integer(r).low;
    if (!values)
        return;
    struct header *h = find_header(map, name, n);
    if (values == 1) {
        h->values.length = 0;
        h->count = 0;
    }
    for (size_t i = 0; i < values; i++) {
        size_t length = get_integer(r).low;
        put_string(&h->values, take(r, length), length);
        h->count++;
    }
}

static void copy_headers(struct reader *r)
{
    struct header_map map = {NULL, 0};
    size_t entries = get_integer(r).low;
    for (size_t i = 0; i < entries; i++)
        read_header(r, &map);
    put_integer(r->out, (struct wide){map.count, 0});
    for (size_t i = 0; i < map.count; i++) {
        struct header *h = &map.rows[i];
        put_string(r->out, h->name, h->name_length);
        put_integer(r->out, (struct wide){h->count, 0});
        bytes_append(r->out, h->values.at, h->values.length);
        free(h->name);
        bytes_release(&h->values);
    }
    free(map.rows);
}

static void copy_rows(struct reader *r, unsigned first, unsigned count);

static void copy_list(struct reader *r, const struct wire_type_row *type)
{
    uint64_t n = type->op == WIRE_OP_ARRAY ? type->times : copy_integer(r);
    if (type->op == WIRE_OP_BAG && n > 1)
        r->unordered = true;
    for (uint64_t i = 0; i < n; i++)
        copy_rows(r, type->first, type->count);
}

static void copy_field(struct reader *r, const struct wire_field_row *f)
{
    const struct wire_type_row *type = &wire_types[f->type];
    switch (f->op) {
    case WIRE_OP_U8:
    case WIRE_OP_BOOLEAN: copy(r, 1); break;
    case WIRE_OP_URI: copy_uri(r); break;
    case WIRE_OP_HEADERS: copy_headers(r); break;
    case WIRE_OP_BYTES:
    case WIRE_OP_STR:
    case WIRE_OP_SEMVER:
    case WIRE_OP_METHOD:
    case WIRE_OP_HTTPVER: copy(r, copy_integer(r)); break;
    case WIRE_OP_IP:
    case WIRE_OP_SOCKADDR:
        copy(r, copy_integer(r) ? 16 : 4);
        if (f->op == WIRE_OP_SOCKADDR)
            copy_integer(r);
        break;
    case WIRE_OP_ENUM: {
        uint64_t n = copy_integer(r);
        const struct wire_variant_row *v = &wire_variants[type->first + n];
        copy_rows(r, v->first, v->count);
        break;
    }
    case WIRE_OP_STRUCT: copy_rows(r, type->first, type->count); break;
    case WIRE_OP_OPTION: {
        bool some = *r->at == 1;
        copy(r, 1);
        copy_rows(r, type->first, some ? type->count : 0);
        break;
    }
    case WIRE_OP_LIST:
    case WIRE_OP_BAG:
    case WIRE_OP_ARRAY: copy_list(r, type); break;
    default: copy_integer(r); break;
    }
}

static void copy_rows(struct reader *r, unsigned first, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        copy_field(r, &wire_fields[first + i]);
}

size_t wire_canonical(enum wire_from from, const uint8_t *bytes, size_t length, struct bytes *out,
                      bool *unordered)
{
    struct reader r = {bytes, bytes + length, out, false};
    unsigned root = from == WIRE_FROM_CLIENT ? WIRE_TYPE_ClientStream : WIRE_TYPE_AgentStream;
    copy_rows(&r, wire_types[root].first, wire_types[root].count);
    *unordered = r.unordered;
    return (size_t)(r.at - bytes);
}
