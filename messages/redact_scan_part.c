/* messages/redact_scan_part.c -- fields of multipart/form-data (RFC 7578); see redact_scan.h
 *
 * A part begins with the delimiter, a line of "--" and the boundary, and ends where it comes again. Between are
 * headers, of which Content-Disposition has the name, a blank line, and the value.
 */
#include "messages/redact_scan_parts.h"

/* ---- delimiters ---- */

/* A line of the form, kept behind the end of line that will stand before the next one. */
static void delimiter_byte(struct redact_part *p, uint8_t c)
{
    p->is_delimiter = (p->column == 0 || p->is_delimiter) && (p->column == 2 || c == '-');
    if (p->column == 0 && p->is_delimiter) {
        memcpy(p->delimiter, "\r\n", 2);
        p->length = 2;
    }
    p->column = p->column ? 2 : 1;
    if (p->is_delimiter && p->length < REDACT_DELIMITER_ROOM)
        p->delimiter[p->length++] = c;
}

/* The last one has two more dashes. */
static void delimiter_end(struct redact_part *p)
{
    bool is_one = p->is_delimiter && p->column == 2;
    p->column = 0;
    if (!is_one)
        return;
    bool has_cr = p->delimiter[p->length - 1] == '\r';
    p->length -= has_cr;
    p->skipped = !has_cr;
    bool is_last = memcmp(p->delimiter + p->length - 2, "--", 2) == 0;
    if (is_last || p->length == REDACT_DELIMITER_ROOM)
        p->length = 0;
    p->in_form &= p->length > 0;
    p->is_secret = false;
}

/* ---- values ---- */

/* The delimiter is held back as far as it has come: it is no part of the value. */
static void value_byte(struct redact_scan *s, uint8_t c)
{
    struct redact_part *p = &s->part;
    if (c != p->delimiter[p->matched]) {
        for (unsigned i = p->skipped; i < p->matched; i++)
            redact_gather(s, &p->value, REDACT_QUERY, p->delimiter[i]);
        p->matched = p->skipped;
    }
    if (c != p->delimiter[p->matched])
        redact_gather(s, &p->value, REDACT_QUERY, c);
    else if (++p->matched == p->length) {
        redact_give(s, &p->value, REDACT_QUERY, REDACT_PLAIN, p->value.bytes.length);
        p->value.on = false;
        p->is_delimiter = true; /* what is left of its line */
        p->column = 2;
    }
}

void redact_part_byte(struct redact_scan *s, uint8_t c)
{
    struct redact_part *p = &s->part;
    if (p->value.on)
        value_byte(s, c);
    else if (c == '\n')
        delimiter_end(p);
    else if (p->is_delimiter || p->column == 0)
        delimiter_byte(p, c);
}

void redact_part_blank_line(struct redact_scan *s)
{
    struct redact_part *p = &s->part;
    if (!p->is_secret || p->value.on)
        return;
    redact_gather_begin(&p->value, p->name, p->name_length, s->at);
    p->matched = p->skipped;
    p->is_secret = false;
}

void redact_part_boundary(struct redact_scan *s)
{
    struct redact_part *p = &s->part;
    bool was_cut = s->is_cut;
    s->is_cut = true;
    if (p->value.on)
        redact_give(s, &p->value, REDACT_QUERY, REDACT_PLAIN, p->value.bytes.length);
    s->is_cut = was_cut;
    p->value.on = p->is_secret = p->is_delimiter = p->in_form = false;
    p->column = p->length = 0;
}

/* ---- names ---- */

static struct http_text parameter(struct http_text value)
{
    bool is_quoted = value.length && *value.at == '"';
    value.at += is_quoted;
    value.length -= is_quoted;
    const uint8_t *stop =
        value.length ? memchr(value.at, is_quoted ? '"' : ';', value.length) : NULL;
    value.length = stop ? (size_t)(stop - value.at) : value.length;
    return http_text_trim(value);
}

/* Of `form-data; name="password"`: the name. */
static struct http_text name_in(struct http_text value)
{
    enum { NAME_IS = 5 };
    const uint8_t *at = value.at, *end = value.at + value.length;
    while (at < end && (at = memchr(at, ';', (size_t)(end - at)))) {
        struct http_text rest = http_text_trim((struct http_text){at + 1, (size_t)(end - at) - 1});
        struct http_text begins = {rest.at, rest.length < NAME_IS ? rest.length : NAME_IS};
        if (HTTP_TEXT_IS(begins, "name="))
            return parameter((struct http_text){rest.at + NAME_IS, rest.length - NAME_IS});
        at++;
    }
    return (struct http_text){0};
}

void redact_part_disposition(struct redact_scan *s, struct http_text value)
{
    enum { FORM_DATA = 9 };
    struct redact_part *p = &s->part;
    struct http_text begins = {value.at, value.length < FORM_DATA ? value.length : FORM_DATA};
    if (p->value.on || !p->length || !HTTP_TEXT_IS(begins, "form-data"))
        return;
    struct http_text name = name_in(value);
    p->in_form = true;
    p->is_secret = name.length && name.length < REDACT_NAME_ROOM &&
                   redact_rules_want(s->rules, REDACT_QUERY, (const char *)name.at, name.length);
    p->name_length = p->is_secret ? (uint8_t)name.length : 0;
    if (p->name_length)
        memcpy(p->name, name.at, name.length);
}
