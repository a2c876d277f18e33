/* messages/text_out.c -- see trace_text.h */
#include "messages/text_out.h"
#include "messages/wire_syntax.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_bytes(struct trace_out *out, const void *bytes, size_t length)
{
    if (!length)
        return;
    memcpy(trace_out_room(out, length), bytes, length);
    out->length += length;
}

void text_add(struct trace_out *out, const char *text)
{
    text_bytes(out, text, strlen(text));
}

void text_format(struct trace_out *out, const char *format, ...)
{
    va_list list, again;
    va_start(list, format);
    va_copy(again, list);
    int n = vsnprintf(NULL, 0, format, list);
    va_end(list);
    size_t length = n < 0 ? 0 : (size_t)n;
    vsnprintf((char *)trace_out_room(out, length + 1), length + 1, format, again);
    va_end(again);
    out->length += length;
}

void text_hex(struct trace_out *out, const void *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *b = bytes;
    uint8_t *at = trace_out_room(out, 2 * length);
    for (size_t i = 0; i < length; i++) {
        *at++ = (uint8_t)digits[b[i] >> 4];
        *at++ = (uint8_t)digits[b[i] & 15];
    }
    out->length += 2 * length;
}

/* ---- base64 ---- */

/* Of up to three bytes the four characters. */
static void put_group(uint8_t out[4], const uint8_t *b, size_t n)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t group = (uint32_t)b[0] << 16 | (n > 1 ? (uint32_t)b[1] << 8 : 0) | (n > 2 ? b[2] : 0);
    for (unsigned i = 0; i < 4; i++)
        out[i] = (uint8_t)letters[group >> (18 - 6 * i) & 63];
    for (size_t i = n + 1; i < 4; i++)
        out[i] = '=';
}

void text_base64(struct trace_out *out, const void *bytes, size_t length)
{
    const uint8_t *b = bytes;
    uint8_t *at = trace_out_room(out, (length + 2) / 3 * 4);
    for (size_t i = 0; i < length; i += 3, at += 4)
        put_group(at, b + i, length - i < 3 ? length - i : 3);
    out->length += (length + 2) / 3 * 4;
}

/* ---- JSON ---- */

static bool stands_for_itself(uint8_t c)
{
    return c >= ' ' && c != '"' && c != '\\' && c != 0x7F;
}

/* A control character of Latin-1, in UTF-8. */
static bool is_high_control(const uint8_t *at, const uint8_t *end)
{
    return *at == 0xC2 && at + 1 < end && at[1] < 0xA0;
}

/* Returns how many bytes it stands for. */
static size_t put_escape(struct trace_out *out, const uint8_t *at)
{
    switch (*at) {
    case 0xC2: text_format(out, "\\u%04x", at[1]); return 2;
    case '"': text_add(out, "\\\""); return 1;
    case '\\': text_add(out, "\\\\"); return 1;
    case '\n': text_add(out, "\\n"); return 1;
    case '\r': text_add(out, "\\r"); return 1;
    case '\t': text_add(out, "\\t"); return 1;
    default: text_format(out, "\\u%04x", *at); return 1;
    }
}

static void put_utf8(struct trace_out *out, const uint8_t *at, const uint8_t *end)
{
    while (at < end) {
        const uint8_t *run = at;
        while (at < end && stands_for_itself(*at) && !is_high_control(at, end))
            at++;
        text_bytes(out, run, (size_t)(at - run));
        if (at < end)
            at += put_escape(out, at);
    }
}

static void put_latin1(struct trace_out *out, const uint8_t *at, const uint8_t *end)
{
    for (; at < end; at++)
        if (*at >= 0x80)
            text_format(out, "\\u%04x", *at);
        else if (stands_for_itself(*at))
            text_bytes(out, at, 1);
        else
            put_escape(out, at);
}

bool text_json(struct trace_out *out, const void *bytes, size_t length)
{
    const uint8_t *at = length ? bytes : (const uint8_t *)"";
    bool utf8 = wire_utf8_check(at, length);
    text_add(out, "\"");
    if (utf8)
        put_utf8(out, at, at + length);
    else
        put_latin1(out, at, at + length);
    text_add(out, "\"");
    return utf8;
}

void text_json_string(struct trace_out *out, const char *text)
{
    text_json(out, text, strlen(text));
}

void text_json_name(struct trace_out *out, const char *name, bool first)
{
    text_format(out, first ? "\"%s\":" : ",\"%s\":", name);
}

/* ---- for people ---- */

bool text_is_text(const void *bytes, size_t length)
{
    const uint8_t *b = bytes;
    for (size_t i = 0; i < length; i++)
        if ((b[i] < ' ' && b[i] != '\t' && b[i] != '\n' && b[i] != '\r') || b[i] == 0x7F ||
            is_high_control(b + i, b + length))
            return false;
    return wire_utf8_check(b, length);
}

void text_printable(struct trace_out *out, const void *bytes, size_t length, size_t most)
{
    const uint8_t *b = bytes;
    for (size_t i = 0; i < length && i < most; i++)
        if (b[i] >= ' ' && b[i] < 0x7F && b[i] != '\\')
            text_bytes(out, b + i, 1);
        else if (b[i] == '\r' || b[i] == '\n' || b[i] == '\\')
            text_add(out, b[i] == '\r' ? "\\r" : b[i] == '\n' ? "\\n" : "\\\\");
        else
            text_format(out, "\\x%02x", b[i]);
    if (length > most)
        text_add(out, "...");
}
