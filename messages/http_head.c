#include "messages/http_head.h"
#include <string.h>

bool http_wire_take_text(const uint8_t **at, const uint8_t *end, struct http_text *text)
{
    uint64_t length;
    if (!http_wire_take_number(at, end, &length) || length > (uint64_t)(end - *at))
        return false;
    *text = (struct http_text){*at, (size_t)length};
    *at += length;
    return true;
}

static bool take_version(const uint8_t **at, const uint8_t *end, uint8_t *version)
{
    struct http_text text;
    if (!http_wire_take_text(at, end, &text))
        return false;
    int index = wire_httpver_index(text.at, text.length);
    *version = (uint8_t)index;
    return index >= 0;
}

void http_fields_begin(struct http_fields *f, struct http_text map)
{
    *f = (struct http_fields){.at = map.at, .end = map.at + map.length};
    f->bad = !http_wire_take_number(&f->at, f->end, &f->names_left);
}

/* Every name and every value costs at least the byte of its length: an absurd count ends with the
 * bytes. A name without values is no line (W-7). Blanks at the ends of a value are none of it (RFC
 * 9110 section 5.5), but HTTP/2 clients may have sent them: cut off here, so that all who count,
 * write or compare values mean the same bytes. */
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
    *value = http_text_trim(*value);
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
    size_t length = strlen(name), written = 0;
    http_fields_begin(&fields, map);
    while (http_fields_next(&fields, &line, &value)) {
        if (!http_text_is(line, name, length))
            continue;
        if (value.length >= room - written)
            break;
        if (value.length)
            memcpy(out + written, value.at, value.length);
        written += value.length;
        out[written++] = ',';
    }
    return written;
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
            http_facts_note(facts, name, value);
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
