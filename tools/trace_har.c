/* tools/trace_har.c -- see trace_har.h */
#include "tools/trace_har.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void put_pair(struct trace_out *out, bool first, struct http_text name,
                     struct http_text value)
{
    text_add(out, first ? "{\"name\":" : ",{\"name\":");
    text_json(out, name.at, name.length);
    text_add(out, ",\"value\":");
    text_json(out, value.at, value.length);
}

void har_put_fields(struct trace_out *out, struct http_text map)
{
    struct http_fields f;
    struct http_text name, value;
    bool first = true;
    http_fields_begin(&f, map);
    text_add(out, ",\"headers\":[");
    for (; http_fields_next(&f, &name, &value); first = false) {
        put_pair(out, first, name, value);
        text_add(out, "}");
    }
    text_add(out, "]");
}

/* What stands before the first `mark`, and what behind it is left of *rest. False: nothing is left. */
static bool cut(struct http_text *rest, char mark, struct http_text *part)
{
    if (!rest->at)
        return false;
    const uint8_t *found = rest->length ? memchr(rest->at, mark, rest->length) : NULL;
    *part = *rest;
    if (!found) {
        *rest = (struct http_text){NULL, 0};
        return true;
    }
    part->length = (size_t)(found - rest->at);
    rest->at += part->length + 1;
    rest->length -= part->length + 1;
    return true;
}

/* "a=b": without a sign all is the name. */
static void split(struct http_text pair, struct http_text *name, struct http_text *value)
{
    struct http_text rest = pair;
    *value = (struct http_text){(const uint8_t *)"", 0};
    if (cut(&rest, '=', name) && rest.at)
        *value = rest;
}

void har_put_query(struct trace_out *out, struct http_text target)
{
    struct http_text rest = target, part, name, value;
    bool first = true;
    text_add(out, ",\"queryString\":[");
    (void)cut(&rest, '?', &part);
    while (cut(&rest, '&', &part)) {
        if (!part.length)
            continue;
        split(part, &name, &value);
        put_pair(out, first, name, value);
        text_add(out, "}");
        first = false;
    }
    text_add(out, "]");
}

/* ---- cookies ---- */

void har_put_request_cookies(struct trace_out *out, struct http_text map)
{
    struct http_fields f;
    struct http_text field, rest, part, name, value;
    bool first = true;
    http_fields_begin(&f, map);
    text_add(out, ",\"cookies\":[");
    while (http_fields_next(&f, &field, &rest))
        while (HTTP_TEXT_IS(field, "cookie") && cut(&rest, ';', &part)) {
            part = http_text_trim(part);
            if (!part.length)
                continue;
            split(part, &name, &value);
            put_pair(out, first, name, value);
            text_add(out, "}");
            first = false;
        }
    text_add(out, "]");
}

/* HTTP's date as ISO 8601; one that is not read is left out. */
static void put_expires(struct trace_out *out, struct http_text value)
{
    char text[64];
    struct tm tm = {0};
    if (value.length >= sizeof text)
        return;
    memcpy(text, value.at, value.length);
    text[value.length] = '\0';
    const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    if (!end)
        end = strptime(text, "%a, %d-%b-%Y %H:%M:%S GMT", &tm);
    if (!end || *end)
        return;
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.000Z", &tm);
    text_add(out, ",\"expires\":");
    text_json_string(out, text);
}

static void put_attribute(struct trace_out *out, struct http_text part)
{
    struct http_text name, value;
    split(http_text_trim(part), &name, &value);
    if (HTTP_TEXT_IS(name, "path") || HTTP_TEXT_IS(name, "domain")) {
        text_add(out, HTTP_TEXT_IS(name, "path") ? ",\"path\":" : ",\"domain\":");
        text_json(out, value.at, value.length);
    } else if (HTTP_TEXT_IS(name, "expires")) {
        put_expires(out, value);
    } else if (HTTP_TEXT_IS(name, "httponly")) {
        text_add(out, ",\"httpOnly\":true");
    } else if (HTTP_TEXT_IS(name, "secure")) {
        text_add(out, ",\"secure\":true");
    }
}

void har_put_response_cookies(struct trace_out *out, struct http_text map)
{
    struct http_fields f;
    struct http_text field, rest, part, name, value;
    bool first = true;
    http_fields_begin(&f, map);
    text_add(out, ",\"cookies\":[");
    while (http_fields_next(&f, &field, &rest)) {
        if (!HTTP_TEXT_IS(field, "set-cookie") || !cut(&rest, ';', &part))
            continue;
        split(http_text_trim(part), &name, &value);
        put_pair(out, first, name, value);
        while (cut(&rest, ';', &part))
            put_attribute(out, part);
        text_add(out, "}");
        first = false;
    }
    text_add(out, "]");
}
