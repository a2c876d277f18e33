/* messages/trace_http_compare.c -- in what two requests or answers differ; see trace_http.h */
#include "messages/trace_http.h"
#include "runtime/hash.h"
#include <inttypes.h>
#include <stdio.h>

enum { SHOWN = 60 };

const char *const trace_http_ignored[] = {
    "date", "server", "connection", "keep-alive", "transfer-encoding", NULL};

/* ---- showing ---- */

static void put_text(struct wire_buffer *out, const char *text)
{
    trace_put(out, text, strlen(text));
}

static void put_shown(struct wire_buffer *out, const uint8_t *bytes, size_t length)
{
    size_t shown = length < SHOWN ? length : SHOWN;
    put_text(out, "\"");
    for (size_t i = 0; i < shown; i++) {
        char text[5] = {(char)bytes[i], 0};
        if (bytes[i] < ' ' || bytes[i] > '~' || bytes[i] == '"' || bytes[i] == '\\')
            snprintf(text, sizeof text, "\\x%02x", bytes[i]);
        put_text(out, text);
    }
    put_text(out, shown < length ? "\"..." : "\"");
}

static bool numbers_differ(struct wire_buffer *out, const char *what, unsigned expected,
                           unsigned came)
{
    char line[80];
    if (expected == came)
        return false;
    snprintf(line, sizeof line, "%s: expected %u, came %u\n", what, expected, came);
    put_text(out, line);
    return true;
}

void trace_bytes_difference(struct wire_buffer *out, const char *what, const void *expected,
                            size_t expected_length, const void *came, size_t came_length)
{
    const uint8_t *a = expected, *b = came;
    size_t least = expected_length < came_length ? expected_length : came_length, at = 0;
    char line[160];
    while (at < least && a[at] == b[at])
        at++;
    snprintf(line, sizeof line, "%s: expected %zu bytes, came %zu; from byte %zu: expected ", what,
             expected_length, came_length, at);
    put_text(out, line);
    if (at < expected_length)
        put_shown(out, a + at, expected_length - at);
    else
        put_text(out, "the end");
    put_text(out, ", came ");
    if (at < came_length)
        put_shown(out, b + at, came_length - at);
    else
        put_text(out, "the end");
    put_text(out, "\n");
}

/* ---- header lines ---- */

static struct http_text map_of(const struct wire_buffer *b)
{
    return (struct http_text){b->at, b->length};
}

bool trace_http_values(const struct wire_buffer *map, struct http_text name,
                       struct wire_buffer *out)
{
    struct http_fields f;
    struct http_text n, value;
    bool found = false;
    out->length = 0;
    if (!map->length)
        return false;
    http_fields_begin(&f, map_of(map));
    while (http_fields_next(&f, &n, &value)) {
        if (!http_text_same(n, name))
            continue;
        if (found)
            put_text(out, ", ");
        found = true;
        trace_put(out, value.at, value.length);
    }
    return found;
}

static bool is_ignored(const struct trace_http_rules *rules, struct http_text name)
{
    for (unsigned i = 0; rules->ignored && rules->ignored[i]; i++)
        if (http_text_is(name, rules->ignored[i], strlen(rules->ignored[i])))
            return true;
    return false;
}

/* How long a body is may be said in another way; the bodies themselves are compared. */
static bool may_be_absent(const struct trace_http_rules *rules, struct http_text name)
{
    return !rules->strict && HTTP_TEXT_IS(name, "content-length");
}

static void say_line(struct wire_buffer *out, const char *where, struct http_text name,
                     const struct wire_buffer *expected, const struct wire_buffer *came)
{
    put_text(out, where);
    put_text(out, " ");
    trace_put(out, name.at, name.length);
    put_text(out, ": expected ");
    if (expected)
        put_shown(out, expected->at, expected->length);
    else
        put_text(out, "none");
    put_text(out, ", came ");
    if (came)
        put_shown(out, came->at, came->length);
    else
        put_text(out, "none");
    put_text(out, "\n");
}

struct lines {
    const char *where;
    const struct wire_buffer *of, *others;
    bool expected; /* `of` is what was expected; lines that both have are compared then */
};

/* Each name of one side, held against the other. */
static bool lines_differ(const struct lines *l, const struct trace_http_rules *rules,
                         struct wire_buffer *out)
{
    struct wire_buffer mine = {0}, theirs = {0};
    struct http_fields f;
    struct http_text name, value, before = {0};
    bool differ = false;
    if (!l->of->length)
        return false;
    http_fields_begin(&f, map_of(l->of));
    while (http_fields_next(&f, &name, &value)) {
        bool again = before.at == name.at; /* one more value of the same name */
        before = name;
        if (again || is_ignored(rules, name))
            continue;
        trace_http_values(l->of, name, &mine);
        bool both = trace_http_values(l->others, name, &theirs);
        if (both ? !l->expected || (mine.length == theirs.length &&
                                    (!mine.length || !memcmp(mine.at, theirs.at, mine.length)))
                 : may_be_absent(rules, name))
            continue;
        differ = true;
        say_line(out, l->where, name,
                 l->expected ? &mine
                 : both      ? &theirs
                             : NULL,
                 l->expected ? (both ? &theirs : NULL) : &mine);
    }
    wire_buffer_release(&mine);
    wire_buffer_release(&theirs);
    return differ;
}

static bool maps_differ(const char *where, const struct wire_buffer *expected,
                        const struct wire_buffer *came, const struct trace_http_rules *rules,
                        struct wire_buffer *out)
{
    bool differ = lines_differ(&(struct lines){where, expected, came, true}, rules, out);
    return lines_differ(&(struct lines){where, came, expected, false}, rules, out) || differ;
}

/* ---- all of it ---- */

/* Of the expected body no byte is known, but the lengths and hashes of its pieces. */
static bool parts_differ(const struct trace_http *expected, const struct trace_http *came,
                         struct wire_buffer *out)
{
    size_t a = trace_http_body_length(expected), b = came->body.length, at = 0;
    unsigned i = 0;
    char line[160];
    while (a == b && i < expected->part_count &&
           hash_fits(expected->parts[i].hash, came->body.at + at, expected->parts[i].length))
        at += expected->parts[i++].length;
    if (a == b && i == expected->part_count)
        return false;
    if (a == b)
        snprintf(line, sizeof line, "body: of its %zu bytes, those from %zu to %zu are others\n", a,
                 at, at + expected->parts[i].length - 1);
    else
        snprintf(line, sizeof line, "body: expected %zu bytes, came %zu\n", a, b);
    put_text(out, line);
    return true;
}

static bool bodies_differ(const struct trace_http *expected, const struct trace_http *came,
                          struct wire_buffer *out)
{
    size_t a = expected->body.length, b = came->body.length;
    bool whole = (expected->ended || expected->broken) && (came->ended || came->broken);
    size_t least = a < b ? a : b;
    if (whole && expected->broken && came->broken)
        whole = false; /* how far a broken one got is chance */
    if ((!whole || a == b) && (least == 0 || !memcmp(expected->body.at, came->body.at, least)))
        return false;
    trace_bytes_difference(out, "body", expected->body.at, a, came->body.at, b);
    return true;
}

static bool ends_differ(const struct trace_http *expected, const struct trace_http *came,
                        struct wire_buffer *out)
{
    bool known = (expected->ended || expected->broken) && (came->ended || came->broken);
    if (!known || expected->broken == came->broken)
        return false;
    put_text(out, expected->broken ? "end: expected to be broken off, came whole\n"
                                   : "end: expected whole, came broken off\n");
    return true;
}

bool trace_http_compare(const struct trace_http *expected, const struct trace_http *came,
                        const struct trace_http_rules *rules, struct wire_buffer *differences)
{
    bool differ = false;
    if (expected->has_head && came->has_head) {
        differ |= numbers_differ(differences, "status", expected->status, came->status);
        if (rules->strict)
            differ |= numbers_differ(differences, "HTTP version", expected->version, came->version);
        differ |= maps_differ("header", &expected->fields, &came->fields, rules, differences);
        differ |= expected->parts ? parts_differ(expected, came, differences)
                                  : bodies_differ(expected, came, differences);
        if (expected->ended && came->ended)
            differ |=
                maps_differ("trailer", &expected->trailers, &came->trailers, rules, differences);
    }
    return !(ends_differ(expected, came, differences) || differ);
}
