/* tests/http1_log.h -- runs http1_parser over bytes in pieces and writes down what it said.
 *
 * Two runs over the same bytes must give the same text however the bytes were cut. Each piece is a
 * heap block of its own that is gone before the next: the address sanitizer sees who reads beyond.
 * Shared by unit tests and fuzz targets, hence all in the header.
 */
#ifndef TESTS_HTTP1_LOG_H
#define TESTS_HTTP1_LOG_H

#include "messages/http1_parser.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct http1_log {
    char *text;
    size_t length, room;
    bool in_body;
};

static inline void http1_log_add(struct http1_log *log, const char *bytes, size_t length)
{
    if (log->length + length + 1 > log->room) {
        log->room = (log->length + length + 1) * 2;
        log->text = realloc(log->text, log->room);
        if (!log->text)
            abort();
    }
    memcpy(log->text + log->length, bytes, length);
    log->length += length;
    log->text[log->length] = 0;
}

__attribute__((format(printf, 2, 3))) static inline void http1_log_say(struct http1_log *log,
                                                                       const char *format, ...)
{
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    http1_log_add(log, line, n < (int)sizeof line ? (size_t)n : sizeof line - 1);
}

static inline void http1_log_text(struct http1_log *log, struct http_text text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] >= 0x20 && text.at[i] < 0x7f && text.at[i] != '\\')
            http1_log_add(log, (const char *)&text.at[i], 1);
        else
            http1_log_say(log, "\\x%02x", text.at[i]);
    }
}

static inline void http1_log_fields(struct http1_log *log, struct http_text map)
{
    struct http_fields fields;
    struct http_text name, value;
    http_fields_begin(&fields, map);
    while (http_fields_next(&fields, &name, &value)) {
        http1_log_say(log, " [");
        http1_log_text(log, name);
        http1_log_say(log, ": ");
        http1_log_text(log, value);
        http1_log_say(log, "]");
    }
    if (fields.bad)
        http1_log_say(log, " MALFORMED");
}

/* What a parsed head says, and that its wire form has the size that was foretold. */
static inline void http1_log_head(struct http1_log *log, const struct http1_parser *p,
                                  const struct http_head_builder *fields)
{
    static const char *const framings[] = {"none", "length", "chunked", "to-eof"};
    bool request = p->role == HTTP1_REQUESTS;
    size_t size = request ? http_head_builder_request_size(fields, p->method, p->target)
                          : http_head_builder_response_size(fields, p->status);
    uint8_t *wire = malloc(size);
    if (!wire)
        abort();
    uint8_t *end =
        request ? http_head_builder_request_write(fields, p->method, p->target, p->version, wire)
                : http_head_builder_response_write(fields, p->status, p->version, wire);
    struct http_head head;
    struct http_facts facts;
    bool opened = request ? http_head_open_request(&head, &facts, wire, size)
                          : http_head_open_response(&head, &facts, wire, size);
    if (end != wire + size || !opened)
        abort();
    if (request) {
        http1_log_text(log, head.method);
        http1_log_say(log, " ");
        http1_log_text(log, head.target);
    } else {
        http1_log_say(log, "%u", (unsigned)head.status);
    }
    http1_log_say(log, head.version == HTTP_VERSION_1_0 ? " 1.0" : " 1.1");
    http1_log_fields(log, head.fields);
    http1_log_say(log, " %s", framings[p->body]);
    if (p->body == HTTP1_LENGTH)
        http1_log_say(log, " %llu", (unsigned long long)p->facts.content_length);
    http1_log_say(log, "\n");
    free(wire);
}

static inline void http1_log_trailers(struct http1_log *log, const struct http_head_builder *fields)
{
    size_t size = http_head_builder_map_size(fields);
    uint8_t *wire = malloc(size);
    if (!wire || http_head_builder_map_write(fields, wire) != wire + size)
        abort();
    http1_log_say(log, "trailers");
    http1_log_fields(log, (struct http_text){wire, size});
    http1_log_say(log, "\n");
    free(wire);
}

static inline void http1_log_event(struct http1_log *log, const struct http1_parser *p,
                                   const struct http_head_builder *fields, enum http1_event event)
{
    if (log->in_body && event != HTTP1_BODY && event != HTTP1_MORE) {
        http1_log_say(log, "\n");
        log->in_body = false;
    }
    switch (event) {
    case HTTP1_HEAD: http1_log_head(log, p, fields); break;
    case HTTP1_BODY:
        if (!log->in_body)
            http1_log_say(log, "body ");
        log->in_body = true;
        http1_log_text(log, p->piece);
        break;
    case HTTP1_TRAILERS: http1_log_trailers(log, fields); break;
    case HTTP1_END:
        http1_log_say(log, "end%s%s\n", p->keep_alive ? " keep" : "", p->upgrade ? " upgrade" : "");
        break;
    case HTTP1_ERROR: http1_log_say(log, "error: %s\n", p->error); break;
    default: break;
    }
}

/* All of one piece: a response ends at its END, requests go on. True: nothing more is to be fed. */
static inline bool http1_log_piece(struct http1_log *log, struct http1_parser *p,
                                   const uint8_t *bytes, size_t length, size_t *eaten)
{
    struct http_head_builder fields;
    for (;;) {
        size_t consumed;
        enum http1_event event =
            http1_parser_next(p, &fields, bytes + *eaten, length - *eaten, &consumed);
        *eaten += consumed;
        http1_log_event(log, p, &fields, event);
        if (event == HTTP1_ERROR || (event == HTTP1_END && p->role == HTTP1_RESPONSES))
            return true;
        if (event == HTTP1_END)
            http1_parser_begin(p, HTTP1_ASKED_OTHER);
        if (event == HTTP1_MORE)
            return false;
    }
}

/* Whether the parser of responses has told of the bytes behind an answer, or does when it is given the
 * next of them: which, depends on the cut, that it does not. */
static inline bool http1_log_surplus(struct http1_parser *p, const uint8_t *bytes, size_t length)
{
    struct http_head_builder fields;
    size_t consumed;
    if (p->role == HTTP1_RESPONSES && !p->upgrade && !p->surplus &&
        http1_parser_next(p, &fields, bytes, length, &consumed) != HTTP1_ERROR)
        abort();
    return p->surplus;
}

/* Runs over bytes: the first piece is `first` long, all others `step`; then, with eof, the end of
 * the connection. Says at the end how many bytes were not consumed, and whether that is surplus. The
 * log is to be freed. */
static inline char *http1_log_run(enum http1_role role, enum http1_asked asked,
                                  const uint8_t *bytes, size_t length, size_t first, size_t step,
                                  bool eof)
{
    struct http1_log log = {.text = NULL};
    struct http1_parser p;
    size_t at = 0, size = first;
    bool done = false;
    http1_log_add(&log, "", 0);
    http1_parser_create(&p, role);
    http1_parser_begin(&p, asked);
    while (at < length && !done) {
        size_t n = size < length - at ? size : length - at, eaten = 0;
        uint8_t *piece = malloc(n ? n : 1);
        if (!piece)
            abort();
        memcpy(piece, bytes + at, n);
        done = http1_log_piece(&log, &p, piece, n, &eaten);
        if (!done && eaten != n)
            abort();
        free(piece);
        at += eaten;
        size = step;
    }
    if (eof && !done) {
        struct http_head_builder none = {.lines = 0};
        http1_log_event(&log, &p, &none, http1_parser_eof(&p));
    }
    if (log.in_body)
        http1_log_say(&log, "\n");
    if (at < length && !p.error)
        http1_log_say(&log, "left %zu%s\n", length - at,
                      http1_log_surplus(&p, bytes + at, length - at) ? " surplus" : "");
    http1_parser_destroy(&p);
    return log.text;
}

#endif
