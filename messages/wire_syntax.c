/* messages/wire_syntax.c -- see wire_syntax.h */
#include "messages/wire_syntax.h"
#include <string.h>

/* What a byte may be part of. */
enum {
    IN_TOKEN = 1,
    IN_VALUE = 2,
    IN_PATH = 4,
    IN_QUERY = 8,
    IN_AUTHORITY = 16,
    IN_SCHEME = 32,
};

/* Sums of the above, a row for each sixteen bytes; the tests hold the sets written out.
 * Source: wire-format.md 2.2 (token), 2.3 (the parts of a URI), 2.6 (value). */
/* clang-format off */
static const uint8_t classes[256] = {
     0,  0,  0,  0,  0,  0,  0,  0,  0,  2,  0,  0,  0,  0,  0,  0, /* 00 */
     0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0, /* 10 */
     2, 31,  6, 15, 31, 31, 31, 31, 30, 30, 31, 63, 30, 63, 63, 14, /* 20 */
    63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 30, 30,  2, 30,  2, 14, /* 30 */
    30, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, /* 40 */
    63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 30, 14, 30, 15, 31, /* 50 */
    11, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, /* 60 */
    63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 14, 15, 14, 63,  0, /* 70 */
    14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, /* 80 */
    14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, /* 90 */
    14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, /* a0 */
    14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, /* b0 */
    14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, /* c0 */
    14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, /* d0 */
    14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, /* e0 */
    14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, /* f0 */
};
/* clang-format on */

#define EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))
#define HIGH_BITS    EACH_BYTE(0x80)

static inline uint64_t load_word(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* Every byte of `bytes` has `class`. */
static bool all_in(const uint8_t *bytes, size_t length, unsigned class)
{
    unsigned common = class;
    for (size_t i = 0; i < length; i++)
        common &= classes[bytes[i]];
    return common != 0;
}

/* How many bytes from the start have `class`. */
static size_t span_in(const uint8_t *bytes, size_t length, unsigned class)
{
    size_t i = 0;
    while (i < length && classes[bytes[i]] & class)
        i++;
    return i;
}

static size_t ascii_span(const uint8_t *bytes, size_t length)
{
    size_t i = 0;
    while (length - i >= 8 && !(load_word(bytes + i) & HIGH_BITS))
        i += 8;
    while (i < length && bytes[i] < 0x80)
        i++;
    return i;
}

/* In the middle of a character the state holds what the next byte must be:
 * bits 0..7 how many bytes are missing, 8..15 and 16..23 bounds of the next one. 1 << 24 keeps it
 * apart from WIRE_UTF8_BROKEN. */
static uint32_t utf8_expect(uint32_t missing, uint32_t low, uint32_t high)
{
    return UINT32_C(1) << 24 | high << 16 | low << 8 | missing;
}

/* The second byte's bounds shut out overlong forms, surrogates and what lies above U+10FFFF. */
static uint32_t utf8_lead(uint8_t b)
{
    if (b < 0x80)
        return WIRE_UTF8_WHOLE;
    if (b < 0xC2 || b > 0xF4)
        return WIRE_UTF8_BROKEN;
    if (b < 0xE0)
        return utf8_expect(1, 0x80, 0xBF);
    if (b < 0xF0)
        return utf8_expect(2, b == 0xE0 ? 0xA0 : 0x80, b == 0xED ? 0x9F : 0xBF);
    return utf8_expect(3, b == 0xF0 ? 0x90 : 0x80, b == 0xF4 ? 0x8F : 0xBF);
}

static uint32_t utf8_next(uint32_t state, uint8_t b)
{
    uint32_t missing = state & 0xFF;
    if (b < (state >> 8 & 0xFF) || b > (state >> 16 & 0xFF))
        return WIRE_UTF8_BROKEN;
    return missing == 1 ? WIRE_UTF8_WHOLE : utf8_expect(missing - 1, 0x80, 0xBF);
}

uint32_t wire_utf8_walk(uint32_t state, const uint8_t *bytes, size_t length)
{
    size_t i = 0;
    while (i < length && state != WIRE_UTF8_BROKEN) {
        if (state == WIRE_UTF8_WHOLE) {
            i += ascii_span(bytes + i, length - i);
            if (i == length)
                break;
            state = utf8_lead(bytes[i++]);
        } else {
            state = utf8_next(state, bytes[i++]);
        }
    }
    return state;
}

bool wire_utf8_check(const uint8_t *bytes, size_t length)
{
    return wire_utf8_walk(WIRE_UTF8_WHOLE, bytes, length) == WIRE_UTF8_WHOLE;
}

bool wire_token_check(const uint8_t *bytes, size_t length)
{
    return all_in(bytes, length, IN_TOKEN);
}

bool wire_method_check(const uint8_t *bytes, size_t length)
{
    return length > 0 && wire_token_check(bytes, length);
}

bool wire_header_name_check(const uint8_t *bytes, size_t length)
{
    return length > 0 && length <= WIRE_HEADER_NAME_MAX && wire_token_check(bytes, length);
}

/* True if some byte of the word may be a control or DEL. Never false when one is: both tests are
 * exact about whether there is any such byte (each borrow starts at a real one). */
static bool word_suspicious(uint64_t word)
{
    uint64_t del = word ^ EACH_BYTE(0x7F);
    uint64_t control = (word - EACH_BYTE(0x20)) & ~word;
    return ((control | ((del - EACH_BYTE(1)) & ~del)) & HIGH_BITS) != 0;
}

/* Eight bytes at a time, the last eight overlapping those before. */
bool wire_header_value_check(const uint8_t *bytes, size_t length)
{
    if (length < 8)
        return all_in(bytes, length, IN_VALUE);
    for (size_t i = 0; i < length; i += 8) {
        const uint8_t *at = bytes + (length - i < 8 ? length - 8 : i);
        if (word_suspicious(load_word(at)) && !all_in(at, 8, IN_VALUE))
            return false;
    }
    return true;
}

const char wire_httpver_texts[WIRE_HTTPVERS][WIRE_HTTPVER_LENGTH + 1] = {
    "HTTP/0.9", "HTTP/1.0", "HTTP/1.1", "HTTP/2.0", "HTTP/3.0"};

int wire_httpver_index(const uint8_t *bytes, size_t length)
{
    if (length != WIRE_HTTPVER_LENGTH)
        return -1;
    for (int i = 0; i < WIRE_HTTPVERS; i++)
        if (!memcmp(bytes, wire_httpver_texts[i], WIRE_HTTPVER_LENGTH))
            return i;
    return -1;
}

bool wire_httpver_check(const uint8_t *bytes, size_t length)
{
    return wire_httpver_index(bytes, length) >= 0;
}

/* Path, ?query and #fragment; all may be empty. What follows a '#' is not looked at (2.3). */
static bool path_check(const uint8_t *bytes, size_t length)
{
    size_t i = 0;
    while (i < length && bytes[i] != '?' && bytes[i] != '#' && classes[bytes[i]] & IN_PATH)
        i++;
    if (i < length && bytes[i] == '?')
        for (i++; i < length && bytes[i] != '#' && classes[bytes[i]] & IN_QUERY;)
            i++;
    return i == length || bytes[i] == '#';
}

/* What an authority has shown so far. Colons and percent signs count anew after '@' and ']'. */
struct authority {
    unsigned colons;
    bool percent;
    bool opened;
    bool closed;
};

enum { COLONS_MAX = 8 };

static bool authority_byte(struct authority *a, uint8_t b)
{
    switch (b) {
    case ':': return ++a->colons <= COLONS_MAX;
    case '%': a->percent = true; return true;
    case '@':
        a->colons = 0;
        a->percent = false;
        return true;
    case '[':
        if (a->opened || a->percent)
            return false;
        a->opened = true;
        return true;
    case ']':
        if (!a->opened || a->closed)
            return false;
        a->closed = true;
        a->colons = 0;
        a->percent = false;
        return true;
    default: return (classes[b] & IN_AUTHORITY) != 0;
    }
}

/* The length of the authority at the start of `bytes`, 0 if there is none or it is malformed. */
static size_t authority_length(const uint8_t *bytes, size_t length)
{
    struct authority a = {0, false, false, false};
    size_t i = 0;
    for (;;) {
        i += span_in(bytes + i, length - i, IN_SCHEME); /* nothing special in an authority */
        if (i == length || bytes[i] == '/' || bytes[i] == '?' || bytes[i] == '#')
            break;
        if (!authority_byte(&a, bytes[i++]))
            return 0;
    }
    if (a.opened != a.closed || a.colons > 1 || a.percent || (i && bytes[i - 1] == '@'))
        return 0;
    return i;
}

enum { SCHEME_MAX = 64 };

/* The length of "scheme://" at the start, 0 if there is none. An empty scheme passes if anything
 * follows it; one that is too long is none, and its slashes then fit no authority. */
static size_t scheme_length(const uint8_t *bytes, size_t length)
{
    size_t n = span_in(bytes, length, IN_SCHEME);
    if (n > SCHEME_MAX || length < n + 3 || length == 3 || memcmp(bytes + n, "://", 3) != 0)
        return 0;
    return n + 3;
}

bool wire_uri_check(const uint8_t *bytes, size_t length)
{
    if (length == 0 || length > WIRE_URI_MAX || !wire_utf8_check(bytes, length))
        return false;
    if (bytes[0] == '/')
        return path_check(bytes, length);
    size_t scheme = scheme_length(bytes, length);
    size_t authority = authority_length(bytes + scheme, length - scheme);
    if (authority == 0)
        return false;
    size_t rest = scheme + authority;
    return scheme ? path_check(bytes + rest, length - rest) : rest == length;
}
