#include "messages/http1_lines.h"
#include "messages/http1_detect.h"
#include "messages/http_head_builder.h"
#include <stdlib.h>
#include <string.h>

#define EMPTY_LINES_MAX 4
#define PEEK_BYTES      (HTTP1_METHOD_BYTES_MAX + 1)
#define ROOM_AT_FIRST   512

enum line { LINE_FIELD, LINE_EMPTY, LINE_SKIPPED, LINE_BAD };

void http1_lines_begin(struct http1_lines *l, enum http1_section section)
{
    free(l->held);
    *l = (struct http1_lines){.section = (uint8_t)section};
}

void http1_lines_destroy(struct http1_lines *l)
{
    if (l->held)
        http1_lines_begin(l, l->section);
}

static enum http1_fault control_fault(struct http_text line)
{
    for (size_t i = 0; i < line.length; i++) {
        if (line.at[i] == '\r')
            return HTTP1_FAULT_BARE_CR;
        if (line.at[i] == 0)
            return HTTP1_FAULT_NUL;
    }
    return HTTP1_FAULT_CONTROL;
}

/* A line that is not empty, without its CR LF. */
static enum http1_fault field_fault(struct http1_lines *l, struct http_text line)
{
    unsigned start_lines = l->section != HTTP1_TRAILER_LINES;
    if (line.at[0] == ' ' || line.at[0] == '\t')
        return HTTP1_FAULT_OBS_FOLD;
    if (!http_text_is_value(line))
        return control_fault(line);
    l->lines++;
    return l->lines > HTTP_FIELDS_MAX + start_lines ? HTTP1_FAULT_TOO_MANY_FIELDS
                                                    : HTTP1_FAULT_NONE;
}

static bool lacks_cr(struct http_text line)
{
    return line.length < 2 || line.at[line.length - 2] != '\r';
}

static enum line bad(enum http1_fault *fault, enum http1_fault why)
{
    *fault = why;
    return LINE_BAD;
}

/* One complete line, LF included, with which the section is section_bytes long. */
static enum line judge(struct http1_lines *l, struct http_text line, size_t section_bytes,
                       enum http1_fault *fault)
{
    if (section_bytes > HTTP_HEAD_BYTES_MAX)
        return bad(fault, HTTP1_FAULT_TOO_LONG);
    if (lacks_cr(line))
        return bad(fault, HTTP1_FAULT_BARE_LF);
    line.length -= 2;
    if (line.length) {
        *fault = field_fault(l, line);
        return *fault ? LINE_BAD : LINE_FIELD;
    }
    if (l->section != HTTP1_REQUEST_HEAD || l->lines)
        return LINE_EMPTY;
    l->skipped++;
    return l->skipped > EMPTY_LINES_MAX ? bad(fault, HTTP1_FAULT_EMPTY_LINES) : LINE_SKIPPED;
}

/* Whether the first bytes of a section, as far as they have come, can begin one. */
static bool begins_well(enum http1_section section, const uint8_t *at, size_t length)
{
    static const char http[] = "HTTP/1.";
    size_t i;
    if (section == HTTP1_TRAILER_LINES)
        return true;
    if (section == HTTP1_RESPONSE_HEAD)
        return !memcmp(at, http, length < sizeof http - 1 ? length : sizeof http - 1);
    if (length && at[0] == '\r')
        return length == 1 || at[1] == '\n';
    for (i = 0; i < length && i < PEEK_BYTES; i++) {
        if (at[i] == ' ')
            return i > 0;
        if (!http_is_token_byte(at[i]))
            return i == 0 && at[0] == '\n'; /* judge() has the better words */
    }
    return i < PEEK_BYTES;
}

static bool reserve(struct http1_lines *l, size_t more)
{
    size_t room = l->room ? l->room : ROOM_AT_FIRST;
    while (room < l->length + more)
        room *= 2;
    if (room != l->room) {
        uint8_t *held = realloc(l->held, room);
        if (!held)
            return false;
        l->held = held;
        l->room = (uint32_t)room;
    }
    return true;
}

/* The limit bounds room: 128 KiB rounded up to the next double. Out of memory counts as too long. */
static bool hold(struct http1_lines *l, const uint8_t *bytes, size_t length,
                 enum http1_fault *fault)
{
    *fault = HTTP1_FAULT_TOO_LONG;
    if (l->length + length > HTTP_HEAD_BYTES_MAX || !reserve(l, length))
        return false;
    memcpy(l->held + l->length, bytes, length);
    l->length += (uint32_t)length;
    return true;
}

/* What is held ends in the LF of its last line. */
static enum http1_lines_verdict end_held_line(struct http1_lines *l, struct http_text *text,
                                              enum http1_fault *fault)
{
    struct http_text line = {l->held + l->line, l->length - l->line};
    if (l->section == HTTP1_RESPONSE_HEAD && lacks_cr(line)) {
        l->held[l->length - 1] = '\r';
        if (!hold(l, (const uint8_t *)"\n", 1, fault))
            return HTTP1_LINES_BAD;
        line = (struct http_text){l->held + l->line, l->length - l->line};
    }
    switch (judge(l, line, l->length, fault)) {
    case LINE_BAD: return HTTP1_LINES_BAD;
    case LINE_FIELD: l->line = l->length; return HTTP1_LINES_MORE;
    case LINE_SKIPPED: l->length = 0; return HTTP1_LINES_MORE;
    default: *text = (struct http_text){l->held, l->length}; return HTTP1_LINES_DONE;
    }
}

/* Nothing is held yet: lines are judged where they lie, only an incomplete section is copied, or one
 * of which a line needs its CR. */
static enum http1_lines_verdict feed_in_place(struct http1_lines *l, const uint8_t *bytes,
                                              size_t length, size_t *used, struct http_text *text,
                                              enum http1_fault *fault)
{
    const uint8_t *line = bytes, *end = bytes + length, *start = bytes, *lf;
    bool fresh = true;
    for (;; line = lf + 1) {
        if (fresh && !begins_well(l->section, start, (size_t)(end - start))) {
            *fault = HTTP1_FAULT_NOT_HTTP;
            return HTTP1_LINES_BAD;
        }
        lf = line == end ? NULL : memchr(line, '\n', (size_t)(end - line));
        if (!lf)
            break;
        struct http_text whole = {line, (size_t)(lf + 1 - line)};
        size_t so_far = (size_t)(lf + 1 - start);
        fresh = false;
        *used = (size_t)(lf + 1 - bytes);
        if (l->section == HTTP1_RESPONSE_HEAD && lacks_cr(whole)) {
            l->line = (uint32_t)(line - start);
            return hold(l, start, so_far, fault) ? end_held_line(l, text, fault) : HTTP1_LINES_BAD;
        }
        switch (judge(l, whole, so_far, fault)) {
        case LINE_FIELD: break;
        case LINE_BAD: return HTTP1_LINES_BAD;
        case LINE_SKIPPED:
            start = lf + 1;
            fresh = true;
            break;
        case LINE_EMPTY: *text = (struct http_text){start, so_far}; return HTTP1_LINES_DONE;
        }
    }
    *used = length;
    l->line = (uint32_t)(line - start);
    return start == end || hold(l, start, (size_t)(end - start), fault) ? HTTP1_LINES_MORE
                                                                        : HTTP1_LINES_BAD;
}

/* The first bytes may lie on both sides of a cut. */
static bool still_begins_well(const struct http1_lines *l, const uint8_t *bytes, size_t length)
{
    uint8_t peek[PEEK_BYTES];
    if (l->lines || l->length >= sizeof peek)
        return true;
    size_t n = sizeof peek - l->length < length ? sizeof peek - l->length : length;
    memcpy(peek, l->held, l->length);
    memcpy(peek + l->length, bytes, n);
    return begins_well(l->section, peek, l->length + n);
}

/* Something is held: append up to the end of the line, judge it, and so on. */
static enum http1_lines_verdict feed_held(struct http1_lines *l, const uint8_t *bytes,
                                          size_t length, size_t *used, struct http_text *text,
                                          enum http1_fault *fault)
{
    const uint8_t *lf = memchr(bytes, '\n', length);
    size_t n = lf ? (size_t)(lf + 1 - bytes) : length;
    *used = n;
    if (!still_begins_well(l, bytes, length)) {
        *fault = HTTP1_FAULT_NOT_HTTP;
        return HTTP1_LINES_BAD;
    }
    if (!hold(l, bytes, n, fault))
        return HTTP1_LINES_BAD;
    if (!lf)
        return HTTP1_LINES_MORE;
    return end_held_line(l, text, fault);
}

bool http1_lines_own(struct http1_lines *l, struct http_text *text)
{
    enum http1_fault fault;
    if (text->at == l->held)
        return true;
    if (!hold(l, text->at, text->length, &fault))
        return false;
    text->at = l->held;
    return true;
}

enum http1_lines_verdict http1_lines_feed(struct http1_lines *l, const uint8_t *bytes,
                                          size_t length, size_t *used, struct http_text *text,
                                          enum http1_fault *fault)
{
    enum http1_lines_verdict verdict = HTTP1_LINES_MORE;
    *used = 0;
    while (*used < length && verdict == HTTP1_LINES_MORE) {
        size_t n = 0;
        verdict = l->length ? feed_held(l, bytes + *used, length - *used, &n, text, fault)
                            : feed_in_place(l, bytes + *used, length - *used, &n, text, fault);
        *used += n;
    }
    return verdict;
}
