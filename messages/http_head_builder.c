#include "messages/http_head_builder.h"
#include <assert.h>
#include <string.h>

#define EACH_BYTE(b)  (0x0101010101010101u * (uint64_t)(b))
#define VERSION_BYTES (1 + WIRE_HTTPVER_LENGTH)

/* Letters of eight bytes at once to lower case; bytes from 0x80 on are left alone. */
static uint64_t lower_eight(uint64_t eight)
{
    uint64_t low = eight & EACH_BYTE(0x7f);
    uint64_t from_a = low + EACH_BYTE(0x80 - 'A');
    uint64_t above_z = low + EACH_BYTE(0x80 - 'Z' - 1);
    uint64_t upper = from_a & ~above_z & ~eight & EACH_BYTE(0x80);
    return eight | upper >> 2;
}

/* For hashing: which byte comes to lie where matters only in that it depends on the length alone. */
static uint64_t load_up_to_eight(const uint8_t *at, size_t length)
{
    uint64_t eight = 0;
    if (length >= 8) {
        memcpy(&eight, at, 8);
    } else if (length >= 4) {
        uint32_t front, back;
        memcpy(&front, at, 4);
        memcpy(&back, at + length - 4, 4);
        eight = front | (uint64_t)back << 32;
    } else {
        for (size_t i = 0; i < length; i++)
            eight |= (uint64_t)at[i] << (8 * i);
    }
    return eight;
}

/* Of length and both ends only: names that agree in all three are compared, that is all. */
static uint32_t hash_of(struct http_text name)
{
    size_t behind = name.length > 8 ? name.length - 8 : 0;
    uint64_t head = lower_eight(load_up_to_eight(name.at, name.length));
    uint64_t tail = lower_eight(load_up_to_eight(name.at + behind, name.length - behind));
    uint64_t mixed = (head * 0x9e3779b97f4a7c15u) ^ (tail * 0xc2b2ae3d27d4eb4fu) ^ name.length;
    return (uint32_t)((mixed * 0xff51afd7ed558ccdu) >> 32);
}

void http_head_builder_create(struct http_head_builder *b)
{
    b->seen = 0;
    b->map_bytes = 0;
    b->lines = 0;
    b->distinct = 0;
}

/* The index of the name among the distinct ones, or HTTP_FIELDS_MAX. */
static unsigned find(const struct http_head_builder *b, struct http_text name, uint32_t hash)
{
    if (!(b->seen >> (hash % 64) & 1))
        return HTTP_FIELDS_MAX;
    for (unsigned d = 0; d < b->distinct; d++)
        if (b->hash[d] == hash && http_text_same(b->line[b->first[d]].name, name))
            return d;
    return HTTP_FIELDS_MAX;
}

enum http_add http_head_builder_add(struct http_head_builder *b, struct http_text name,
                                    struct http_text value)
{
    if (!http_text_is_value(value))
        return HTTP_ADD_BAD_VALUE;
    return http_head_builder_add_judged(b, name, http_text_trim(value));
}

enum http_add http_head_builder_add_judged(struct http_head_builder *b, struct http_text name,
                                           struct http_text value)
{
    if (b->lines == HTTP_FIELDS_MAX)
        return HTTP_ADD_TOO_MANY;
    if (name.length > UINT16_MAX || !http_text_is_token(name))
        return HTTP_ADD_BAD_NAME;
    uint32_t hash = hash_of(name);
    unsigned d = find(b, name, hash);
    uint8_t line = (uint8_t)b->lines++;
    b->line[line] = (struct http_head_line){name, value};
    b->map_bytes += http_wire_number_bytes(value.length) + value.length;
    if (d == HTTP_FIELDS_MAX) {
        d = b->distinct++;
        b->seen |= (uint64_t)1 << (hash % 64);
        b->hash[d] = hash;
        b->first[d] = line;
        b->count[d] = 0;
        b->map_bytes += http_wire_number_bytes(name.length) + name.length + 1;
    } else {
        b->next[b->last[d]] = line;
    }
    b->last[d] = line;
    b->count[d]++;
    return HTTP_ADD_OK;
}

static uint8_t *put_bytes(uint8_t *out, struct http_text text)
{
    if (text.length)
        memcpy(out, text.at, text.length);
    return out + text.length;
}

static uint8_t *put_text(uint8_t *out, struct http_text text)
{
    return put_bytes(http_wire_put_number(out, text.length), text);
}

static uint8_t *put_lower(uint8_t *out, struct http_text name)
{
    size_t i = 0;
    out = http_wire_put_number(out, name.length);
    for (; name.length - i >= 8; i += 8) {
        uint64_t eight;
        memcpy(&eight, name.at + i, 8);
        eight = lower_eight(eight);
        memcpy(out + i, &eight, 8);
    }
    for (; i < name.length; i++)
        out[i] = http_lower(name.at[i]);
    return out + name.length;
}

static uint8_t *put_version(uint8_t *out, enum http_version version)
{
    *out = WIRE_HTTPVER_LENGTH;
    memcpy(out + 1, wire_httpver_texts[version], WIRE_HTTPVER_LENGTH);
    return out + VERSION_BYTES;
}

size_t http_head_builder_map_size(const struct http_head_builder *b)
{
    return 1 + b->map_bytes;
}

uint8_t *http_head_builder_map_write(const struct http_head_builder *b, uint8_t *out)
{
    static_assert(HTTP_FIELDS_MAX <= 250, "both counts are one byte");
    *out++ = (uint8_t)b->distinct;
    for (unsigned d = 0; d < b->distinct; d++) {
        uint8_t line = b->first[d];
        out = put_lower(out, b->line[line].name);
        *out++ = b->count[d];
        out = put_text(out, b->line[line].value);
        while (line != b->last[d]) {
            line = b->next[line];
            out = put_text(out, b->line[line].value);
        }
    }
    return out;
}

size_t http_head_builder_response_size(const struct http_head_builder *b, unsigned status)
{
    return http_wire_number_bytes(status) + VERSION_BYTES + http_head_builder_map_size(b);
}

uint8_t *http_head_builder_response_write(const struct http_head_builder *b, unsigned status,
                                          enum http_version version, uint8_t *out)
{
    assert(status >= 100 && status <= 999);
    out = put_version(http_wire_put_number(out, status), version);
    return http_head_builder_map_write(b, out);
}

size_t http_head_builder_request_size(const struct http_head_builder *b, struct http_text method,
                                      struct http_text target)
{
    return http_wire_number_bytes(method.length) + method.length +
           http_wire_number_bytes(target.length) + target.length + http_head_builder_map_size(b) +
           VERSION_BYTES;
}

uint8_t *http_head_builder_request_write(const struct http_head_builder *b, struct http_text method,
                                         struct http_text target, enum http_version version,
                                         uint8_t *out)
{
    out = put_text(put_text(out, method), target);
    return put_version(http_head_builder_map_write(b, out), version);
}
