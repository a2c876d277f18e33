/* messages/http1_tidy.c -- see http1_tidy.h */
#include "messages/http1_tidy.h"
#include <string.h>

struct tidy {
    uint8_t *out;    /* never beyond what is being read */
    bool has_length; /* a Content-Length line was written */
    uint64_t content_length;
};

static void put(struct tidy *t, struct http_text text)
{
    memmove(t->out, text.at, text.length);
    t->out += text.length;
}

static void put_line_end(struct tidy *t)
{
    *t->out++ = '\r';
    *t->out++ = '\n';
}

/* The first of a list of numbers that are all *number. */
static bool one_number(struct http_text list, struct http_text *first, uint64_t *number)
{
    struct http_text element;
    uint64_t n;
    if (!http_text_list_next(&list, first) || !http_text_number(*first, number))
        return false;
    while (http_text_list_next(&list, &element))
        if (!http_text_number(element, &n) || n != *number)
            return false;
    return true;
}

static void tidy_length(struct tidy *t, struct http_text line, struct http_text name_and_colon)
{
    struct http_text first,
        value = {line.at + name_and_colon.length, line.length - name_and_colon.length};
    uint64_t number;
    if (!one_number(value, &first, &number) || (t->has_length && number != t->content_length)) {
        put(t, line);
    } else if (t->has_length) {
        return;
    } else {
        t->has_length = true;
        t->content_length = number;
        put(t, name_and_colon);
        put(t, first);
    }
    put_line_end(t);
}

static void tidy_line(struct tidy *t, struct http_text line)
{
    static const char name[] = "content-length:";
    struct http_text start = {line.at, sizeof name - 1};
    if (line.length >= start.length && HTTP_TEXT_IS(start, name)) {
        tidy_length(t, line, start);
    } else {
        put(t, line);
        put_line_end(t);
    }
}

size_t http1_tidy_head(uint8_t *head, size_t length)
{
    struct tidy t = {.out = head};
    const uint8_t *at = head, *end = head + length;
    while (at < end) {
        const uint8_t *lf = memchr(at, '\n', (size_t)(end - at));
        tidy_line(&t, http_text_trim((struct http_text){at, (size_t)(lf - 1 - at)}));
        at = lf + 1;
    }
    return (size_t)(t.out - head);
}
