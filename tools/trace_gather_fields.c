/* tools/trace_gather_fields.c -- values as texts, heads as fields; see trace_gather_inside.h */
#include "tools/trace_gather_inside.h"
#include "messages/http_head.h"
#include "messages/version.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { TEXT_SHOWN_MAX = 200, HEADERS_MAX = 1024 };

static bool is_ignored(const struct gather *g, const struct unit_item *i, const char *name)
{
    return rules_ignore_field(g->rules, name, i->kind);
}

static void put(struct gather *g, struct unit_item *i, const char *name, const char *value,
                bool cut)
{
    if (!is_ignored(g, i, name))
        unit_item_field(i, trace_string_of(g->strings, name), value, cut);
}

void gather_number_field(struct gather *g, struct unit_item *i, const char *name, uint64_t value,
                         bool cut)
{
    put(g, i, name, trace_string_format(g->strings, "%" PRIu64, value), cut);
}

static bool is_text(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((bytes[i] < ' ' && bytes[i] != '\n' && bytes[i] != '\t') || bytes[i] >= 0x7f)
            return false;
    return length <= TEXT_SHOWN_MAX;
}

/* As it is if people can read it; else as length and hash. */
static const char *text_of(struct gather *g, const void *text, size_t length)
{
    if (is_text(text, length))
        return trace_string(g->strings, text, length);
    return trace_string_format(g->strings, "<%zu bytes, hash %016" PRIx64 ">", length,
                               trace_bytes_hash(text, length));
}

void gather_text_field(struct gather *g, struct unit_item *i, const char *name, const void *text,
                       size_t length)
{
    if (!is_ignored(g, i, name))
        put(g, i, name, text_of(g, text, length), false);
}

void gather_bytes_field(struct gather *g, struct unit_item *i, const char *name,
                        const struct trace_bytes *b)
{
    if (b->kept == b->length)
        gather_text_field(g, i, name, b->bytes, b->length);
    else
        put(g, i, name,
            trace_string_format(g->strings, "<%" PRIu32 " bytes, hash %016" PRIx64 ">", b->length,
                                b->hash),
            false);
}

static const char *type_of(struct gather *g, uint64_t bits)
{
    struct actor_ref who = trace_ref(bits);
    const char *type = trace_actors_type(g->actors, who);
    return trace_string_of(g->strings, ref_is_nobody(who) ? "nobody" : type ? type : "?");
}

static const char *version_of_bits(struct gather *g, uint64_t bits)
{
    char text[VERSION_TEXT_MAX];
    version_format((struct version){bits}, text);
    return trace_string_of(g->strings, text);
}

void gather_value_field(struct gather *g, struct unit_item *i, const struct trace_field *field,
                        uint64_t value, bool cut)
{
    if (is_ignored(g, i, field->name))
        return;
    if (field->type == FIELD_ref)
        put(g, i, field->name, type_of(g, value), cut);
    else if (strcmp(field->name, "version") == 0 && field->type == FIELD_u64)
        put(g, i, field->name, version_of_bits(g, value), cut);
    else if (field->type == FIELD_i32)
        put(g, i, field->name, trace_string_format(g->strings, "%" PRId32, (int32_t)value), cut);
    else
        gather_number_field(g, i, field->name, value, cut);
}

/* ---- heads ----------------------------------------------------------------------------------- */

struct header {
    const char *name, *value;
    size_t at;
};

static int by_name(const void *a, const void *b)
{
    const struct header *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : (x->at > y->at) - (x->at < y->at);
}

static int by_name_and_value(const void *a, const void *b)
{
    const struct header *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : strcmp(x->value, y->value);
}

/* The names in order, if that is to be compared: a field of its own. */
static void put_order(struct gather *g, struct unit_item *i, const struct header *list, size_t n)
{
    char text[4096];
    size_t at = 0;
    text[0] = '\0';
    for (size_t h = 0; h < n && at < sizeof text; h++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", at ? ", " : "",
                               list[h].name + strlen("header "));
    put(g, i, "header order", trace_string_of(g->strings, text), false);
}

static void put_headers(struct gather *g, struct unit_item *i, struct header *list, size_t n)
{
    bool unordered = rules_unordered_headers(g->rules);
    if (!unordered)
        put_order(g, i, list, n);
    if (n)
        qsort(list, n, sizeof *list, unordered ? by_name_and_value : by_name);
    for (size_t h = 0; h < n; h++)
        put(g, i, list[h].name, list[h].value, false);
}

void gather_headers(struct gather *g, struct unit_item *i, const uint8_t *bytes, size_t length)
{
    static struct header list[HEADERS_MAX];
    struct http_fields fields;
    struct http_text name, value;
    size_t n = 0;
    http_fields_begin(&fields, (struct http_text){bytes, length});
    while (n < HEADERS_MAX && http_fields_next(&fields, &name, &value))
        if (!rules_ignore_header(g->rules, name.at, name.length)) {
            list[n] = (struct header){trace_string_format(g->strings, "header %.*s",
                                                          (int)name.length, (const char *)name.at),
                                      text_of(g, value.at, value.length), n};
            n++;
        }
    put_headers(g, i, list, n);
    if (fields.bad)
        put(g, i, "headers", trace_string_of(g->strings, "malformed"), false);
}

static void tell_unit(struct gather *g, struct trace_unit *x, const struct http_head *h)
{
    if (x->method)
        return;
    x->method = trace_string(g->strings, (const char *)h->method.at, h->method.length);
    x->target = trace_string(g->strings, (const char *)h->target.at, h->target.length);
}

static void put_request(struct gather *g, struct unit_item *i, const struct http_head *h)
{
    gather_text_field(g, i, "method", h->method.at, h->method.length);
    gather_text_field(g, i, "target", h->target.at, h->target.length);
}

void gather_head(struct gather *g, struct trace_unit *x, struct unit_item *i, bool request,
                 const uint8_t *bytes, size_t length)
{
    struct http_head h;
    bool fine = request ? http_head_open_request(&h, NULL, bytes, length)
                        : http_head_open_response(&h, NULL, bytes, length);
    if (fine && request)
        tell_unit(g, x, &h);
    if (!i)
        return;
    if (!fine) {
        gather_text_field(g, i, "head", bytes, length);
        return;
    }
    if (request)
        put_request(g, i, &h);
    else
        gather_number_field(g, i, "status", h.status, false);
    put(g, i, "http version", trace_string_of(g->strings, wire_httpver_texts[h.version]), false);
    gather_headers(g, i, h.fields.at, h.fields.length);
}
