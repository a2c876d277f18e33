/* messages/redact_coding.c -- see redact_coding.h
 *
 * What is written is walked in *units*: a byte, or an escape that stands for one byte or one character.
 */
#include "messages/redact_coding.h"
#include "messages/hex.h"
#include <stdio.h>

struct unit {
    size_t written;   /* bytes */
    size_t meant;     /* bytes */
    uint8_t bytes[4]; /* that are meant */
};

/* ---- UTF-8 ---- */

size_t redact_utf8(const uint8_t *bytes, size_t length, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t c = bytes[0];
    size_t n = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : 4;
    if (n > length || (c >= 0x80 && c < 0xc2) || c > 0xf4)
        return 0;
    *code = n == 1 ? c : c & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (bytes[i] & 0x3f);
    }
    bool good = *code >= least[n] && *code < 0x110000 && (*code & ~0x7ffu) != 0xd800;
    return good ? n : 0;
}

static size_t put_utf8(uint32_t code, uint8_t out[4])
{
    size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n; i-- > 1; code >>= 6)
        out[i] = (uint8_t)(0x80 | (code & 0x3f));
    out[0] = (uint8_t)(lead[n] | code);
    return n;
}

/* ---- units ---- */

static bool percent_unit(const uint8_t *at, size_t left, bool form, struct unit *u)
{
    if (*at == '%') {
        u->written = 3;
        return left >= 3 && hex_read((const char *)at + 1, 2, u->bytes);
    }
    if (*at == '+' && form)
        u->bytes[0] = ' ';
    return true;
}

static bool four_digits(const uint8_t *at, size_t left, uint32_t *out)
{
    uint8_t bytes[2];
    if (left < 6 || at[0] != '\\' || at[1] != 'u' || !hex_read((const char *)at + 2, 4, bytes))
        return false;
    *out = (uint32_t)bytes[0] << 8 | bytes[1];
    return true;
}

static bool string_unit(const uint8_t *at, size_t left, struct unit *u)
{
    static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    uint32_t code, low;
    if (*at != '\\')
        return true;
    const char *known = left > 1 && at[1] ? strchr(names, at[1]) : NULL;
    if (known) {
        u->written = 2;
        u->bytes[0] = (uint8_t)meant[known - names];
        return true;
    }
    if (!four_digits(at, left, &code))
        return false;
    u->written = 6;
    if (code >= 0xd800 && code < 0xe000) {
        if (code >= 0xdc00 || !four_digits(at + 6, left - 6, &low) || low < 0xdc00 || low >= 0xe000)
            return false;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        u->written = 12;
    }
    u->meant = put_utf8(code, u->bytes);
    return true;
}

/* False: it is no sound text of this coding. */
static bool next_unit(enum redact_coding coding, const uint8_t *at, size_t left, struct unit *u)
{
    *u = (struct unit){1, 1, {*at}};
    if (coding == REDACT_STRING)
        return string_unit(at, left, u);
    return percent_unit(at, left, coding == REDACT_FORM, u);
}

static bool is_lower(const uint8_t *digits, size_t n, bool otherwise)
{
    for (size_t i = 0; i < n; i++)
        if (hex_digit((char)digits[i]) > 9)
            return digits[i] >= 'a';
    return otherwise;
}

static void put_digits(uint8_t *out, uint32_t value, unsigned digits, bool lower)
{
    const char *set = lower ? "0123456789abcdef" : "0123456789ABCDEF";
    for (unsigned i = digits; i-- > 0; value >>= 4)
        out[i] = (uint8_t)set[value & 15];
}

static void put_escape(const uint8_t *as, const struct unit *u, const uint8_t *meaning,
                       uint8_t *out)
{
    uint32_t code = 0;
    memcpy(out, as, u->written);
    if (as[0] == '%') {
        put_digits(out + 1, meaning[0], 2, is_lower(as + 1, 2, false));
        return;
    }
    if (as[1] != 'u' || redact_utf8(meaning, u->meant, &code) != u->meant)
        return; /* \n and its like: no letters, no digits are meant */
    bool lower = is_lower(as + 2, 4, true);
    if (u->written == 6) {
        put_digits(out + 2, code, 4, lower);
        return;
    }
    put_digits(out + 2, 0xd800 + ((code - 0x10000) >> 10), 4, lower);
    put_digits(out + 8, 0xdc00 + ((code - 0x10000) & 0x3ff), 4, lower);
}

/* ---- base64 ---- */

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char of_urls[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void put_base64(const uint8_t *bytes, size_t length, const char *set, bool padded,
                       struct redact_bytes *out)
{
    for (size_t i = 0; i < length; i += 3) {
        size_t n = length - i < 3 ? length - i : 3;
        uint32_t word = (uint32_t)bytes[i] << 16 | (n > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                        (n > 2 ? bytes[i + 2] : 0u);
        for (size_t k = 0; k < 4; k++)
            if (k <= n)
                redact_bytes_add(out, (uint8_t)set[word >> (18 - 6 * k) & 63]);
            else if (padded)
                redact_bytes_add(out, '=');
    }
}

static size_t unpadded(const uint8_t *bytes, size_t length)
{
    for (unsigned i = 0; i < 2 && length && bytes[length - 1] == '='; i++)
        length--;
    return length;
}

static const char *alphabet_of(const uint8_t *bytes, size_t length)
{
    return memchr(bytes, '-', length) || memchr(bytes, '_', length) ? of_urls : standard;
}

/* Only what would be written again as it is. */
static bool read_base64(const uint8_t *bytes, size_t length, struct redact_bytes *out)
{
    const char *set = alphabet_of(bytes, length);
    size_t n = unpadded(bytes, length);
    uint32_t word = 0;
    if (n < 2 || n % 4 == 1 || (n != length && length % 4))
        return false;
    for (size_t i = 0; i < n; i++) {
        const char *digit = bytes[i] ? strchr(set, bytes[i]) : NULL;
        if (!digit)
            return false;
        word = word << 6 | (uint32_t)(digit - set);
        if (i % 4)
            redact_bytes_add(out, (uint8_t)(word >> (6 - i % 4 * 2)));
    }
    unsigned left = n % 4 == 2 ? 4 : n % 4 == 3 ? 2 : 0;
    return (word & ((1u << left) - 1)) == 0;
}

/* ---- reading and writing again ---- */

bool redact_decode(enum redact_coding coding, const uint8_t *bytes, size_t length,
                   struct redact_bytes *out)
{
    struct unit u;
    bool coded = false;
    if (coding == REDACT_PLAIN || coding == REDACT_PAIR)
        return false;
    if (coding == REDACT_BASE64)
        return read_base64(bytes, length, out);
    for (size_t at = 0; at < length; at += u.written) {
        if (!next_unit(coding, bytes + at, length - at, &u))
            return false;
        coded |= u.written > 1 || u.bytes[0] != bytes[at];
        redact_bytes_put(out, u.bytes, u.meant);
    }
    return coded;
}

void redact_recode(enum redact_coding coding, const uint8_t *bytes, size_t length,
                   const uint8_t *meaning, uint8_t *out)
{
    struct unit u;
    if (coding == REDACT_BASE64) {
        struct redact_bytes text = {0};
        size_t n = unpadded(bytes, length);
        put_base64(meaning, n * 3 / 4, alphabet_of(bytes, length), n != length, &text);
        memcpy(out, text.at, length);
        free(text.at);
        return;
    }
    for (size_t at = 0; at < length; at += u.written, meaning += u.meant) {
        next_unit(coding, bytes + at, length - at, &u);
        if (u.written > 1)
            put_escape(bytes + at, &u, meaning, out + at);
        else
            out[at] = bytes[at] == '+' && coding == REDACT_FORM ? '+' : *meaning;
    }
}

/* ---- how others would write it ---- */

static bool stays_in_url(uint8_t c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' || c == '_' ||
           c == '.' || c == '~';
}

static void write_percent(const uint8_t *bytes, size_t length, bool lower, bool form,
                          struct redact_bytes *out)
{
    for (size_t i = 0; i < length; i++) {
        uint8_t escape[3] = {'%'};
        if (stays_in_url(bytes[i]) || (form && bytes[i] == ' ')) {
            redact_bytes_add(out, bytes[i] == ' ' ? '+' : bytes[i]);
            continue;
        }
        put_digits(escape + 1, bytes[i], 2, lower);
        redact_bytes_put(out, escape, 3);
    }
}

static void write_u(struct redact_bytes *out, uint32_t unit)
{
    char text[8];
    snprintf(text, sizeof text, "\\u%04x", (unsigned)(unit & 0xffff));
    redact_bytes_put(out, text, 6);
}

static void write_character(struct redact_bytes *out, const uint8_t *bytes, size_t n, uint32_t code,
                            enum redact_writing writing)
{
    static const char names[] = "\"\\bfnrt", meant[] = "\"\\\b\f\n\r\t";
    const char *known = code && code < 0x80 ? strchr(meant, (char)code) : NULL;
    if (known || (code == '/' && writing == REDACT_WRITE_STRING_SLASH)) {
        redact_bytes_add(out, '\\');
        redact_bytes_add(out, known ? (uint8_t)names[known - meant] : '/');
    } else if (code >= 0x10000 && writing == REDACT_WRITE_STRING_ASCII) {
        write_u(out, 0xd800 + ((code - 0x10000) >> 10));
        write_u(out, 0xdc00 + ((code - 0x10000) & 0x3ff));
    } else if (code < 0x20 || (code >= 0x80 && writing == REDACT_WRITE_STRING_ASCII)) {
        write_u(out, code);
    } else {
        redact_bytes_put(out, bytes, n);
    }
}

static void write_string(const uint8_t *bytes, size_t length, enum redact_writing writing,
                         struct redact_bytes *out)
{
    uint32_t code;
    for (size_t at = 0, n; at < length; at += n) {
        n = redact_utf8(bytes + at, length - at, &code);
        if (n) {
            write_character(out, bytes + at, n, code, writing);
        } else {
            redact_bytes_add(out, bytes[at]);
            n = 1;
        }
    }
}

void redact_write(enum redact_writing writing, const uint8_t *bytes, size_t length,
                  struct redact_bytes *out)
{
    switch (writing) {
    case REDACT_WRITE_PERCENT:
    case REDACT_WRITE_PERCENT_LOWER:
    case REDACT_WRITE_FORM:
        write_percent(bytes, length, writing == REDACT_WRITE_PERCENT_LOWER,
                      writing == REDACT_WRITE_FORM, out);
        break;
    case REDACT_WRITE_BASE64: put_base64(bytes, length, standard, false, out); break;
    case REDACT_WRITE_BASE64_URL: put_base64(bytes, length, of_urls, false, out); break;
    default: write_string(bytes, length, writing, out); break;
    }
}

enum redact_coding redact_writing_coding(enum redact_writing writing)
{
    switch (writing) {
    case REDACT_WRITE_PERCENT:
    case REDACT_WRITE_PERCENT_LOWER: return REDACT_PERCENT;
    case REDACT_WRITE_FORM: return REDACT_FORM;
    case REDACT_WRITE_BASE64:
    case REDACT_WRITE_BASE64_URL: return REDACT_BASE64;
    default: return REDACT_STRING;
    }
}
