/* tools/trace_text.c -- see trace_text.h */
#include "tools/trace_text.h"
#include "tools/output.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char digits[] = "0123456789abcdef";

void trace_text_free(struct trace_text *t)
{
    free(t->at);
    *t = (struct trace_text){0};
}

char *trace_text_room(struct trace_text *t, size_t bytes)
{
    if (t->room - t->length < bytes) {
        t->room = 2 * (t->length + bytes);
        t->at = realloc(t->at, t->room);
        if (!t->at)
            heap_exhausted("a text", t->room);
    }
    return t->at + t->length;
}

void trace_text_bytes(struct trace_text *t, const void *bytes, size_t length)
{
    char *out = trace_text_room(t, length + 1);
    if (length)
        memcpy(out, bytes, length);
    t->length += length;
}

void trace_text_word(struct trace_text *t, const char *word)
{
    trace_text_bytes(t, word, strlen(word));
}

void trace_text_char(struct trace_text *t, char c)
{
    *trace_text_room(t, 1) = c;
    t->length++;
}

void trace_text_digits(struct trace_text *t, uint64_t n, unsigned least)
{
    char reversed[24];
    unsigned count = 0;
    do
        reversed[count++] = (char)('0' + n % 10);
    while ((n /= 10) != 0);
    while (count < least)
        reversed[count++] = '0';
    char *out = trace_text_room(t, count);
    t->length += count;
    while (count)
        *out++ = reversed[--count];
}

void trace_text_number(struct trace_text *t, uint64_t n)
{
    trace_text_digits(t, n, 1);
}

void trace_text_format(struct trace_text *t, const char *format, ...)
{
    va_list list, again;
    va_start(list, format);
    va_copy(again, list);
    int n = vsnprintf(NULL, 0, format, list);
    va_end(list);
    if (n > 0)
        vsnprintf(trace_text_room(t, (size_t)n + 1), (size_t)n + 1, format, again);
    va_end(again);
    t->length += n > 0 ? (size_t)n : 0;
}

void trace_text_pad(struct trace_text *t, size_t from, size_t width)
{
    size_t written = t->length - from;
    if (written >= width)
        return;
    memset(trace_text_room(t, width - written), ' ', width - written);
    t->length += width - written;
}

/* ---- times ---- */

void trace_text_seconds(struct trace_text *t, uint64_t ns)
{
    trace_text_digits(t, ns / 1000000000, 1);
    trace_text_char(t, '.');
    trace_text_digits(t, ns / 1000 % 1000000, 6);
}

void trace_text_time(struct trace_text *t, uint64_t ns)
{
    static const struct {
        uint64_t ns;
        const char *name;
    } units[] = {{1000000000, "s"}, {1000000, "ms"}, {1000, "us"}, {1, "ns"}};
    unsigned u = 0;
    while (u < 3 && ns < units[u].ns)
        u++;
    uint64_t whole = ns / units[u].ns, hundredths = ns % units[u].ns * 100 / units[u].ns;
    trace_text_digits(t, whole, 1);
    if (whole < 100 && hundredths) {
        trace_text_char(t, '.');
        trace_text_digits(t, hundredths % 10 ? hundredths : hundredths / 10,
                          hundredths % 10 ? 2 : 1);
    }
    trace_text_word(t, units[u].name);
}

/* Of a second that many records in a row have. */
static void put_second(struct trace_text *t, time_t second)
{
    static time_t made = -1;
    static char text[32];
    struct tm tm;
    if (second != made &&
        (!gmtime_r(&second, &tm) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm)))
        strcpy(text, "?");
    made = second;
    trace_text_word(t, text);
}

void trace_text_wall(struct trace_text *t, uint64_t wall_us)
{
    put_second(t, (time_t)(wall_us / 1000000));
    trace_text_char(t, '.');
    trace_text_digits(t, wall_us % 1000000, 6);
    trace_text_char(t, 'Z');
}

/* ---- bytes ---- */

static size_t escape(char out[4], uint8_t c)
{
    const char *known = strchr("\"\\\n\r\t", c);
    out[0] = '\\';
    if (c && known) {
        out[1] = "\"\\nrt"[known - "\"\\\n\r\t"];
        return 2;
    }
    out[1] = 'x';
    out[2] = digits[c >> 4];
    out[3] = digits[c & 15];
    return 4;
}

void trace_text_escaped(struct trace_text *t, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    char *begin = trace_text_room(t, 4 * length + 1), *out = begin;
    for (size_t i = 0; i < length; i++)
        if (at[i] >= ' ' && at[i] < 0x7f && at[i] != '"' && at[i] != '\\')
            *out++ = (char)at[i];
        else
            out += escape(out, at[i]);
    t->length += (size_t)(out - begin);
}

void trace_text_quoted(struct trace_text *t, const void *bytes, size_t length, size_t most)
{
    size_t shown = most && most < length ? most : length;
    trace_text_char(t, '"');
    trace_text_escaped(t, bytes, shown);
    trace_text_word(t, shown < length ? "\"..." : "\"");
}

/* How many bytes the character has that begins here; 0: it is no UTF-8. */
static size_t utf8_length(const uint8_t *at, size_t left)
{
    size_t n = at[0] < 0x80 ? 1 : at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : at[0] >= 0xc2 ? 2 : 0;
    if (n == 0 || n > left || at[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    bool bad = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] >= 0xa0) ||
               (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] >= 0x90);
    return bad ? 0 : n;
}

bool trace_text_is_utf8(const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    for (size_t i = 0, n; i < length; i += n)
        if ((n = utf8_length(at + i, length - i)) == 0)
            return false;
    return true;
}

/* How many bytes from here on stand for themselves, and are ASCII. */
static size_t plain_length(const uint8_t *at, size_t left)
{
    size_t n = 0;
    while (n < left && at[n] >= ' ' && at[n] < 0x7f && at[n] != '"' && at[n] != '\\')
        n++;
    return n;
}

void trace_text_json(struct trace_text *t, const void *bytes, size_t length)
{
    const uint8_t *at = bytes, *end = at + length;
    trace_text_char(t, '"');
    while (at < end) {
        size_t n = plain_length(at, (size_t)(end - at));
        trace_text_bytes(t, at, n);
        at += n;
        if (at == end)
            break;
        n = utf8_length(at, (size_t)(end - at));
        if (n == 0)
            trace_text_word(t, "\\ufffd");
        else if (*at == '"' || *at == '\\')
            trace_text_format(t, "\\%c", *at);
        else if (*at < ' ' || *at == 0x7f)
            trace_text_format(t, "\\u%04x", *at);
        else
            trace_text_bytes(t, at, n);
        at += n ? n : 1;
    }
    trace_text_char(t, '"');
}

void trace_text_hex(struct trace_text *t, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    char *out = trace_text_room(t, 2 * length + 1);
    for (size_t i = 0; i < length; i++) {
        *out++ = digits[at[i] >> 4];
        *out++ = digits[at[i] & 15];
    }
    t->length += 2 * length;
}

void trace_text_dump(struct trace_text *t, const char *margin, const void *bytes, size_t length)
{
    enum { LINE = 16 };
    const uint8_t *at = bytes;
    for (size_t i = 0; i < length; i += LINE) {
        size_t n = length - i < LINE ? length - i : LINE;
        trace_text_format(t, "%s%08zx ", margin, i);
        size_t from = t->length;
        for (size_t k = 0; k < n; k++) {
            trace_text_word(t, k == LINE / 2 ? "  " : " ");
            trace_text_hex(t, at + i + k, 1);
        }
        trace_text_pad(t, from, 3 * LINE + 1);
        trace_text_word(t, "  ");
        for (size_t k = 0; k < n; k++)
            trace_text_char(t, at[i + k] >= ' ' && at[i + k] < 0x7f ? (char)at[i + k] : '.');
        trace_text_char(t, '\n');
    }
}

void trace_text_print(struct trace_text *t)
{
    if (t->length)
        output(t->at, t->length);
    t->length = 0;
}
