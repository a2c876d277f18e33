/* actors/agent_words.c -- see agent_words.h */
#include "actors/agent_words.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A request's headers may be long; a log line need not. */
enum { WORDS_MAX = 4096 };

struct words {
    char text[WORDS_MAX];
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void words_add(struct words *w, const char *format,
                                                            ...)
{
    va_list list;
    va_start(list, format);
    size_t room = WORDS_MAX - w->length;
    int n = vsnprintf(w->text + w->length, room, format, list);
    va_end(list);
    w->length += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

/* Printable ASCII as it is, the rest escaped: the text must be UTF-8. */
static void words_add_bytes(struct words *w, struct http_text text)
{
    for (size_t i = 0; i < text.length && w->length + 5 < WORDS_MAX; i++) {
        uint8_t c = text.at[i];
        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\')
            w->text[w->length++] = (char)c;
        else
            words_add(w, c == '"' || c == '\\' ? "\\%c" : "\\x%02x", c);
    }
}

static void words_add_request(struct words *w, const struct http_head *head, uint16_t port)
{
    struct http_fields fields;
    struct http_text name, value;
    const char *comma = "";
    words_add(w, ". METHOD=(");
    words_add_bytes(w, head->method);
    words_add(w, ") URI=(");
    words_add_bytes(w, head->target);
    words_add(w, "), HEADERS=({");
    http_fields_begin(&fields, head->fields);
    while (http_fields_next(&fields, &name, &value)) {
        words_add(w, "%s\"", comma);
        words_add_bytes(w, name);
        words_add(w, "\": \"");
        words_add_bytes(w, value);
        words_add(w, "\"");
        comma = ", ";
    }
    words_add(w, "}) PORT=(%u)", (unsigned)port);
}

struct span agent_words_too_old(enum agent_words_what what, const char *requirement,
                                const struct http_head *head, uint16_t port)
{
    static const char *const whats[] = {"An HTTP request was not stolen",
                                        "An HTTP request was not mirrored",
                                        "A TCP connection was not stolen"};
    struct words w = {.length = 0};
    words_add(&w, "%s due to mirrord-protocol version requirement: %s", whats[what], requirement);
    if (head)
        words_add_request(&w, head, port);
    return span_copy(w.text, w.length);
}

struct span agent_words_taken(const struct http_head *head, uint16_t port)
{
    struct words w = {.length = 0};
    words_add(&w, "An HTTP request was stolen by another user");
    words_add_request(&w, head, port);
    return span_copy(w.text, w.length);
}

struct span agent_words_failed(bool mirrored, uint64_t connection, const char *why,
                               size_t why_length)
{
    struct words w = {.length = 0};
    words_add(&w, "%s connection %llu failed: ", mirrored ? "Mirrored" : "Stolen",
              (unsigned long long)connection);
    words_add_bytes(&w, (struct http_text){(const uint8_t *)why, why_length});
    return span_copy(w.text, w.length);
}
