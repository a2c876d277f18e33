/* messages/redact_heads.c -- see redact_heads.h */
#include "messages/redact_heads.h"
#include "messages/http_head.h"

void redact_plain(struct redact_eyes *eyes, const struct redact_flow *flow, uint64_t base,
                  const uint8_t *bytes, size_t length)
{
    struct redact_source source = {eyes, flow, base};
    struct redact_scan scan;
    if (!eyes->rules)
        return;
    redact_scan_begin(&scan, eyes->rules, redact_source_take, &source);
    redact_scan_feed(&scan, bytes, length);
    redact_scan_boundary(&scan);
    redact_scan_free(&scan);
}

/* A value without any of these has nothing to find in it. */
static bool may_hold_some(struct http_text value)
{
    return value.length &&
           (memchr(value.at, '=', value.length) || memchr(value.at, ':', value.length) ||
            memchr(value.at, '%', value.length));
}

static void look_at_fields(struct redact_eyes *eyes, const struct redact_flow *flow, uint64_t base,
                           const uint8_t *bytes, struct http_text map)
{
    struct redact_source source = {eyes, flow, base};
    struct http_fields fields;
    struct http_text name, value;
    if (!eyes->rules)
        return;
    http_fields_begin(&fields, map);
    while (http_fields_next(&fields, &name, &value)) {
        uint64_t offset = (uint64_t)(value.at - bytes);
        if (redact_header_is_secret(eyes->rules, (const char *)name.at, name.length))
            redact_header(eyes->rules, (const char *)name.at, name.length, value.at, value.length,
                          offset, redact_source_take, &source);
        else if (may_hold_some(value))
            redact_plain(eyes, flow, base + offset, value.at, value.length);
    }
}

void redact_map(struct redact_eyes *eyes, const struct redact_flow *flow, uint64_t base,
                const uint8_t *bytes, size_t length)
{
    look_at_fields(eyes, flow, base, bytes, (struct http_text){bytes, length});
}

static size_t ids_length(const uint8_t *bytes, size_t length)
{
    const uint8_t *at = bytes;
    uint64_t number;
    for (unsigned i = 0; i < 3; i++)
        if (!http_wire_take_number(&at, bytes + length, &number))
            return length;
    return (size_t)(at - bytes);
}

bool redact_head(struct redact_eyes *eyes, const struct redact_flow *flow, uint64_t base,
                 const uint8_t *bytes, size_t length)
{
    struct http_head h;
    if (http_head_open_request(&h, NULL, bytes, length)) {
        redact_plain(eyes, flow, base + (uint64_t)(h.target.at - bytes), h.target.at,
                     h.target.length);
    } else if (!http_head_open_response(&h, NULL, bytes, length)) {
        size_t ids = ids_length(bytes, length);
        if (!http_head_open_response(&h, NULL, bytes + ids, length - ids))
            return false;
    }
    look_at_fields(eyes, flow, base, bytes, h.fields);
    return true;
}

void redact_head_begun(struct redact_eyes *eyes, const struct redact_flow *flow, uint64_t base,
                       const uint8_t *bytes, size_t length, bool is_request)
{
    const uint8_t *at = bytes, *end = bytes + length;
    struct http_text text;
    uint64_t status;
    if (is_request ? !http_wire_take_text(&at, end, &text)
                   : !http_wire_take_number(&at, end, &status))
        return;
    const uint8_t *second = at;
    if (!http_wire_take_text(&at, end, &text))
        text = (struct http_text){second, (size_t)(end - second)};
    if (is_request)
        redact_plain(eyes, flow, base + (uint64_t)(text.at - bytes), text.at, text.length);
    if (at != second)
        look_at_fields(eyes, flow, base, bytes, (struct http_text){at, (size_t)(end - at)});
}

/* ---- filters ---- */

/* "^name", from the name before a colon. */
static size_t filter_name(const uint8_t *bytes, const uint8_t *colon, char name[REDACT_NAME_ROOM])
{
    const uint8_t *at = colon;
    while (at > bytes && at[-1] != '^' && http_is_token_byte(at[-1]))
        at--;
    size_t length = (size_t)(colon - at);
    if (!length || length >= REDACT_NAME_ROOM)
        return 0;
    name[0] = '^';
    memcpy(name + 1, at, length);
    return length + 1;
}

static bool is_text(uint8_t c)
{
    return c >= ' ' && c != 0x7f;
}

/* The name before an equals sign. Of \btoken the b is none of it. */
static struct http_text parameter_name(const uint8_t *begin, const uint8_t *equals)
{
    const uint8_t *at = equals;
    while (at > begin && equals - at < REDACT_NAME_ROOM && redact_is_name_byte(at[-1]))
        at--;
    at += at > begin && at < equals && at[-1] == '\\';
    return (struct http_text){at, (size_t)(equals - at)};
}

/* Parameters in an expression, "token=(ab|cd)"; what is none of these is looked at as text. */
static void look_at_parameters(struct redact_eyes *eyes, const struct redact_flow *flow,
                               uint64_t base, const uint8_t *bytes, size_t length)
{
    struct redact_source source = {eyes, flow, base};
    const uint8_t *end = bytes + length, *at = bytes, *seen = bytes, *text_end = bytes;
    while (at < end && (at = memchr(at, '=', (size_t)(end - at)))) {
        struct http_text name = parameter_name(seen, at++);
        for (text_end = text_end < at ? at : text_end; text_end < end && is_text(*text_end);)
            text_end++;
        if (!name.length || name.length >= REDACT_NAME_ROOM ||
            !redact_rules_want(eyes->rules, REDACT_QUERY, (const char *)name.at, name.length))
            continue;
        size_t n =
            redact_expression((const char *)name.at, name.length, at, (size_t)(text_end - at),
                              (uint64_t)(at - bytes), redact_source_take, &source);
        if (!n)
            continue;
        redact_plain(eyes, flow, base + (uint64_t)(seen - bytes), seen, (size_t)(at - seen));
        seen = at += n;
    }
    redact_plain(eyes, flow, base + (uint64_t)(seen - bytes), seen, (size_t)(end - seen));
}

/* Expressions like "^name: value", one behind the other; bytes that are no text are between. In what is none of
 * these, like a path's, parameters are looked for. */
void redact_filter(struct redact_eyes *eyes, const struct redact_flow *flow, uint64_t base,
                   const uint8_t *bytes, size_t length)
{
    struct redact_source source = {eyes, flow, base};
    const uint8_t *end = bytes + length, *at = bytes, *seen = bytes, *stop;
    char name[REDACT_NAME_ROOM];
    for (; eyes->rules && at < end && (at = memchr(at, ':', (size_t)(end - at))); at = stop) {
        size_t n = filter_name(bytes, at++, name);
        for (stop = at; stop < end && is_text(*stop);)
            stop++;
        if (!n || !redact_header_is_secret(eyes->rules, name, n))
            continue;
        look_at_parameters(eyes, flow, base + (uint64_t)(seen - bytes), seen,
                           (size_t)(at - 1 - seen));
        redact_header(eyes->rules, name, n, at, (size_t)(stop - at), (uint64_t)(at - bytes),
                      redact_source_take, &source);
        seen = stop;
    }
    if (eyes->rules)
        look_at_parameters(eyes, flow, base + (uint64_t)(seen - bytes), seen, (size_t)(end - seen));
}

/* ---- frames ---- */

bool redact_frame_next(const uint8_t *bytes, size_t length, size_t *at, uint64_t *left,
                       struct redact_frame *frame)
{
    const uint8_t *here = bytes + *at, *end = bytes + length;
    struct http_fields fields;
    struct http_text text;
    uint64_t variant;
    if (*at == 0 && !http_wire_take_number(&here, end, left))
        return false;
    if (!*left || !http_wire_take_number(&here, end, &variant) || variant > 1) {
        *at = *left ? 0 : (size_t)(here - bytes);
        return false;
    }
    if (variant == 1) {
        http_fields_begin(&fields, (struct http_text){here, (size_t)(end - here)});
        while (http_fields_next(&fields, &text, &text))
            ;
        text = (struct http_text){here, (size_t)(fields.at - here)};
        here = fields.at;
    }
    if (variant == 1 ? fields.bad : !http_wire_take_text(&here, end, &text)) {
        *at = 0;
        return false;
    }
    --*left;
    *frame = (struct redact_frame){(size_t)(text.at - bytes), text.length, variant == 1};
    *at = (size_t)(here - bytes);
    return true;
}

bool redact_is_frames(const uint8_t *bytes, size_t length)
{
    struct redact_frame frame;
    size_t at = 0;
    uint64_t left;
    while (redact_frame_next(bytes, length, &at, &left, &frame))
        ;
    return length > 0 && at == length;
}
