/* tools/trace_http_text.c -- see trace_http_text.h */
#include "tools/trace_http_text.h"
#include "messages/hex.h"
#include "messages/http_text.h"
#include "tools/trace_strings.h"
#include <stdlib.h>

enum { HEAD_MAX = 256 << 10, LINES_MAX = 512, FIRST_LINE_MAX = 16 };

enum where {
    IN_HEAD,  /* held until its empty line */
    IN_BODY,  /* `left` bytes of it are still to come; LEFT_ALL: all that comes */
    IN_SIZE,  /* the line of a chunk's size, held */
    IN_CHUNK, /* `left` bytes, then a line end */
    IN_TAIL,  /* trailers, held until their empty line */
};

#define LEFT_ALL UINT64_MAX

struct trace_http_text {
    const struct trace_rules *rules;
    enum where where;
    uint64_t left;
    uint8_t *held;
    size_t length, room;
    size_t line; /* where the line under way begins in held */
};

struct trace_http_text *trace_http_text_new(const struct trace_rules *rules)
{
    struct trace_http_text *t = calloc(1, sizeof *t);
    if (!t)
        heap_exhausted("a stream of a trace", sizeof *t);
    t->rules = rules;
    return t;
}

void trace_http_text_free(struct trace_http_text *t)
{
    if (t)
        free(t->held);
    free(t);
}

static void release(struct trace_http_text *t, http_text_out *out, void *context)
{
    out(context, t->held, t->length);
    t->length = t->line = 0;
}

static void become(struct trace_http_text *t, enum where where, uint64_t left)
{
    t->where = where;
    t->left = left;
    t->length = t->line = 0;
}

/* ---- heads ----------------------------------------------------------------------------------- */

struct head {
    struct http_text lines[LINES_MAX];
    size_t count;
    uint64_t length; /* of the body, as the head says; LEFT_ALL: until the end */
    bool chunked, has_length, is_request, bodiless;
};

static struct http_text line_of(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
    return (struct http_text){at, (size_t)(newline ? newline + 1 - at : end - at)};
}

/* "Name: value" CR LF. False: there is no colon. */
static bool split(struct http_text line, struct http_text *name, struct http_text *value)
{
    const uint8_t *colon = memchr(line.at, ':', line.length);
    if (!colon)
        return false;
    *name = (struct http_text){line.at, (size_t)(colon - line.at)};
    *value = (struct http_text){colon + 1, line.length - name->length - 1};
    while (value->length &&
           (value->at[value->length - 1] == '\n' || value->at[value->length - 1] == '\r'))
        value->length--;
    *value = http_text_trim(*value);
    return true;
}

/* A 1xx has another head behind it; 204 and 304 have no body. */
static void take_first_line(struct head *h, struct http_text line)
{
    h->is_request = line.length < 9 || memcmp(line.at, "HTTP/1.", 7) != 0;
    if (h->is_request || line.length < 12)
        return;
    const uint8_t *status = line.at + 9;
    h->bodiless = (status[0] == '1' && memcmp(status, "101", 3) != 0) ||
                  memcmp(status, "204", 3) == 0 || memcmp(status, "304", 3) == 0;
}

static void take_line(struct head *h, const struct trace_rules *rules, struct http_text line)
{
    struct http_text name, value;
    if (!split(line, &name, &value)) {
        h->lines[h->count++] = line;
        return;
    }
    if (HTTP_TEXT_IS(name, "content-length"))
        h->has_length = http_text_number(value, &h->length);
    if (HTTP_TEXT_IS(name, "transfer-encoding"))
        h->chunked = HTTP_TEXT_IS(value, "chunked");
    if (!rules_ignore_header(rules, name.at, name.length))
        h->lines[h->count++] = line;
}

static int by_text(const void *a, const void *b)
{
    const struct http_text *x = a, *y = b;
    size_t least = x->length < y->length ? x->length : y->length;
    int order = memcmp(x->at, y->at, least);
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

static void after_head(struct trace_http_text *t, const struct head *h)
{
    if (h->chunked)
        become(t, IN_SIZE, 0);
    else if (h->bodiless || (h->is_request && !h->has_length))
        become(t, IN_HEAD, 0);
    else
        become(t, IN_BODY, h->has_length ? h->length : LEFT_ALL);
    if (t->where == IN_BODY && !t->left)
        become(t, IN_HEAD, 0);
}

/* held is a whole head, its empty line included; `first`: it has a first line, trailers have none. */
static void pass_head(struct trace_http_text *t, struct head *h, bool first, http_text_out *out,
                      void *context)
{
    const uint8_t *at = t->held, *end = at + t->length;
    *h = (struct head){0};
    while (at < end && h->count < LINES_MAX) {
        struct http_text line = line_of(at, end);
        at += line.length;
        if (first && line.at == t->held) {
            take_first_line(h, line);
            out(context, line.at, line.length);
        } else {
            take_line(h, t->rules, line);
        }
    }
    if (rules_unordered_headers(t->rules))
        qsort(h->lines, h->count, sizeof h->lines[0], by_text);
    for (size_t i = 0; i < h->count; i++)
        out(context, h->lines[i].at, h->lines[i].length);
    out(context, at, (size_t)(end - at));
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* The beginning of "GET /", "HTTP/1.1 200"; as far as it is there. */
static bool begins_as_http(const uint8_t *bytes, size_t length)
{
    static const char response[] = "HTTP/1.";
    size_t n = length < sizeof response - 1 ? length : sizeof response - 1;
    if (memcmp(bytes, response, n) == 0)
        return true;
    for (size_t i = 0; i < length && i < FIRST_LINE_MAX; i++) {
        if (bytes[i] == ' ')
            return i > 0;
        if (bytes[i] < 'A' || bytes[i] > 'Z')
            return false;
    }
    return length < FIRST_LINE_MAX;
}

static void give_up(struct trace_http_text *t, http_text_out *out, void *context)
{
    release(t, out, context);
    become(t, IN_BODY, LEFT_ALL);
}

/* The size of a chunk; false: it is none. */
static bool chunk_size(const uint8_t *line, size_t length, uint64_t *size)
{
    size_t n = 0;
    *size = 0;
    while (n < length && n < 15 && hex_digit((char)line[n]) >= 0)
        *size = *size << 4 | (unsigned)hex_digit((char)line[n++]);
    return n > 0;
}

static void on_size(struct trace_http_text *t, http_text_out *out, void *context)
{
    uint64_t size;
    if (t->length <= 2 && t->held[0] != '0' && (t->held[0] == '\r' || t->held[0] == '\n'))
        become(t, IN_SIZE, 0); /* the line end behind a chunk */
    else if (!chunk_size(t->held, t->length, &size))
        give_up(t, out, context);
    else if (size)
        become(t, IN_CHUNK, size);
    else
        become(t, IN_TAIL, 0);
}

static void on_line(struct trace_http_text *t, http_text_out *out, void *context)
{
    static struct head h;
    size_t length = t->length - t->line;
    bool empty = length == 1 || (length == 2 && t->held[t->line] == '\r');
    if (t->where == IN_SIZE) {
        on_size(t, out, context);
        return;
    }
    t->line = t->length;
    if (!empty)
        return;
    pass_head(t, &h, t->where == IN_HEAD, out, context);
    if (t->where == IN_HEAD)
        after_head(t, &h);
    else
        become(t, IN_HEAD, 0);
}

static void hold(struct trace_http_text *t, uint8_t byte, http_text_out *out, void *context)
{
    t->held = trace_grow(t->held, t->length, &t->room, 1);
    t->held[t->length++] = byte;
    if (t->length > HEAD_MAX ||
        (t->where == IN_HEAD && t->length <= FIRST_LINE_MAX && !begins_as_http(t->held, t->length)))
        give_up(t, out, context);
    else if (byte == '\n')
        on_line(t, out, context);
}

static size_t pass(struct trace_http_text *t, const uint8_t *bytes, size_t length,
                   http_text_out *out, void *context)
{
    size_t n = length < t->left ? length : (size_t)t->left;
    out(context, bytes, n);
    if (t->left != LEFT_ALL)
        t->left -= n;
    if (!t->left)
        become(t, t->where == IN_CHUNK ? IN_SIZE : IN_HEAD, 0);
    return n;
}

void trace_http_text_give(struct trace_http_text *t, const uint8_t *bytes, size_t length,
                          http_text_out *out, void *context)
{
    size_t at = 0;
    while (at < length)
        if (t->where == IN_BODY || t->where == IN_CHUNK)
            at += pass(t, bytes + at, length - at, out, context);
        else
            hold(t, bytes[at++], out, context);
}

void trace_http_text_end(struct trace_http_text *t, http_text_out *out, void *context)
{
    release(t, out, context);
}
