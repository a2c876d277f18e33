#include "messages/http_head.h"
#include <string.h>

bool http_wire_take_number(const uint8_t **at, const uint8_t *end, uint64_t *number)
{
    if (*at == end)
        return false;
    uint8_t marker = *(*at)++;
    if (marker <= 250) {
        *number = marker;
        return true;
    }
    if (marker > 0xfd)
        return false;
    unsigned width = marker == 0xfb ? 2 : marker == 0xfc ? 4 : 8;
    if ((size_t)(end - *at) < width)
        return false;
    *number = 0;
    for (unsigned i = 0; i < width; i++)
        *number |= (uint64_t)(*(*at)++) << (8 * i);
    return true;
}

bool http_wire_take_text(const uint8_t **at, const uint8_t *end, struct http_text *text)
{
    uint64_t length;
    if (!http_wire_take_number(at, end, &length) || length > (uint64_t)(end - *at))
        return false;
    *text = (struct http_text){*at, (size_t)length};
    *at += length;
    return true;
}

size_t http_wire_number_bytes(uint64_t number)
{
    return number <= 250 ? 1 : number <= UINT16_MAX ? 3 : number <= UINT32_MAX ? 5 : 9;
}

uint8_t *http_wire_put_number(uint8_t *out, uint64_t number)
{
    if (number <= 250) {
        *out++ = (uint8_t)number;
        return out;
    }
    unsigned width = number <= UINT16_MAX ? 2 : number <= UINT32_MAX ? 4 : 8;
    *out++ = width == 2 ? 0xfb : width == 4 ? 0xfc : 0xfd;
    for (unsigned i = 0; i < width; i++)
        *out++ = (uint8_t)(number >> (8 * i));
    return out;
}

/* Wire format 2.4: five texts of eight bytes, nothing else. */
static bool take_version(const uint8_t **at, const uint8_t *end, uint8_t *version)
{
    static const char known[][9] = {"HTTP/0.9", "HTTP/1.0", "HTTP/1.1", "HTTP/2.0", "HTTP/3.0"};
    struct http_text text;
    if (!http_wire_take_text(at, end, &text) || text.length != 8)
        return false;
    for (uint8_t v = HTTP_VERSION_0_9; v <= HTTP_VERSION_3; v++) {
        if (!memcmp(text.at, known[v], 8)) {
            *version = v;
            return true;
        }
    }
    return false;
}

void http_fields_begin(struct http_fields *f, struct http_text map)
{
    *f = (struct http_fields){.at = map.at, .end = map.at + map.length};
    f->bad = !http_wire_take_number(&f->at, f->end, &f->names_left);
}

/* Every name and every value costs at least the byte of its length: an absurd count ends with the
 * bytes. A name without values is no line (W-7). */
bool http_fields_next(struct http_fields *f, struct http_text *name, struct http_text *value)
{
    while (!f->bad && !f->values_left) {
        if (!f->names_left)
            return false;
        f->names_left--;
        f->bad = !http_wire_take_text(&f->at, f->end, &f->name) || !f->name.length ||
                 !http_wire_take_number(&f->at, f->end, &f->values_left);
    }
    if (f->bad || !http_wire_take_text(&f->at, f->end, value)) {
        f->bad = true;
        return false;
    }
    f->values_left--;
    *name = f->name;
    return true;
}

bool http_fields_find(struct http_text map, const char *name, struct http_text *value)
{
    struct http_fields fields;
    struct http_text line;
    size_t length = strlen(name);
    http_fields_begin(&fields, map);
    while (http_fields_next(&fields, &line, value))
        if (http_text_is(line, name, length))
            return true;
    return false;
}

size_t http_fields_join(struct http_text map, const char *name, uint8_t *out, size_t room)
{
    struct http_fields fields;
    struct http_text line, value;
    size_t length = strlen(name), total = 0;
    http_fields_begin(&fields, map);
    while (http_fields_next(&fields, &line, &value)) {
        if (!http_text_is(line, name, length))
            continue;
        if (total < room && value.length < room - total) {
            memcpy(out + total, value.at, value.length);
            out[total + value.length] = ',';
        }
        total += value.length + 1;
    }
    return total;
}

/* Walks the map, which begins at *at, to its end. */
static bool take_fields(const uint8_t **at, const uint8_t *end, struct http_text *map,
                        struct http_facts *facts)
{
    struct http_fields fields;
    struct http_text name, value;
    http_fields_begin(&fields, (struct http_text){*at, (size_t)(end - *at)});
    if (facts)
        http_facts_create(facts);
    while (http_fields_next(&fields, &name, &value))
        if (facts)
            http_facts_note(facts, name, http_text_trim(value));
    if (fields.bad)
        return false;
    *map = (struct http_text){*at, (size_t)(fields.at - *at)};
    *at = fields.at;
    return true;
}

bool http_head_open_request(struct http_head *h, struct http_facts *facts, const uint8_t *bytes,
                            size_t length)
{
    const uint8_t *at = bytes, *end = bytes + length;
    *h = (struct http_head){.status = 0};
    return http_wire_take_text(&at, end, &h->method) && h->method.length &&
           http_wire_take_text(&at, end, &h->target) && h->target.length &&
           take_fields(&at, end, &h->fields, facts) && take_version(&at, end, &h->version) &&
           at == end;
}

bool http_head_open_response(struct http_head *h, struct http_facts *facts, const uint8_t *bytes,
                             size_t length)
{
    const uint8_t *at = bytes, *end = bytes + length;
    uint64_t status;
    *h = (struct http_head){.status = 0};
    if (!http_wire_take_number(&at, end, &status) || status < 100 || status > 999)
        return false;
    h->status = (uint16_t)status;
    return take_version(&at, end, &h->version) && take_fields(&at, end, &h->fields, facts) &&
           at == end;
}
