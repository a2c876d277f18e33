/* runtime/log.c -- from a record to a line; see log.h */
#include "runtime/log.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct log_settings log_settings = {LOG_INFO, LOG_TEXT, 2};

static const char *const level_names[] = {"error", "warn", "info", "debug", "trace"};

bool log_level_parse(const char *text, enum log_level *level)
{
    for (unsigned i = 0; i < sizeof level_names / sizeof level_names[0]; i++)
        if (strcmp(text, level_names[i]) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    return false;
}

struct out {
    char *at, *end;
    bool cut;
};

static void put(struct out *o, char c)
{
    if (o->at < o->end)
        *o->at++ = c;
    else
        o->cut = true;
}

static void put_text(struct out *o, const char *s)
{
    while (*s)
        put(o, *s++);
}

static void put_bytes(struct out *o, const char *s, size_t n)
{
    if ((size_t)(o->end - o->at) < n) {
        o->cut = true;
        return;
    }
    memcpy(o->at, s, n);
    o->at += n;
}

static void put_code(struct out *o, const char *format, unsigned code)
{
    char text[8];
    snprintf(text, sizeof text, format, code);
    put_text(o, text);
}

/* The bytes of the character of UTF-8 at s, 0: it is none (RFC 3629: also not when it is longer than
 * need be, a surrogate, or beyond the last one). */
static size_t utf8_length(const char *s, size_t n, unsigned *code)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned first = (unsigned char)*s;
    size_t length = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (length == 0 || length > n || first > 0xf4)
        return 0;
    *code = length == 1 ? first : first & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if (((unsigned char)s[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | ((unsigned char)s[i] & 0x3f);
    }
    bool is_one = *code >= least[length] && *code <= 0x10ffff && (*code < 0xd800 || *code > 0xdfff);
    return is_one ? length : 0;
}

static bool is_control(unsigned code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0); /* C1 moves cursors, too */
}

/* Peers' bytes reach the log only through here: nothing of theirs moves a cursor or ends a line, and
 * what is no UTF-8 is made so, for JSON is nothing else. */
static void put_escaped(struct out *o, const char *s, size_t n, bool json)
{
    for (size_t i = 0, length; i < n; i += length) {
        unsigned code = 0;
        length = utf8_length(s + i, n - i, &code);
        bool readable = length && !is_control(code);
        if (json && readable && (code == '"' || code == '\\')) {
            put(o, '\\');
            put(o, (char)code);
        } else if (readable) {
            put_bytes(o, s + i, length);
        } else if (json && length) {
            put_code(o, "\\u%04x", code);
        } else {
            put_code(o, json ? "\\\\x%02x" : "\\x%02x", (unsigned char)s[i]);
            length = 1;
        }
    }
}

static void put_time(struct out *o, uint64_t wall_us)
{
    time_t seconds = (time_t)(wall_us / 1000000);
    struct tm tm;
    char text[64];
    gmtime_r(&seconds, &tm);
    size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text + n, sizeof text - n, ".%03uZ", (unsigned)(wall_us / 1000 % 1000));
    put_text(o, text);
}

struct part {
    const char *text;
    size_t length;
};

static void split(const char *text, size_t length, struct part parts[3])
{
    for (unsigned i = 0; i < 3; i++) {
        const char *end = i < 2 ? memchr(text, '\x1f', length) : NULL;
        size_t n = end ? (size_t)(end - text) : length;
        parts[i] = (struct part){text, n};
        size_t skip = end ? n + 1 : n;
        text += skip;
        length -= skip;
    }
}

static bool is_escaped(const char *at, const char *end)
{
    return at + 1 < end && at[0] == '\\' && (at[1] == '"' || at[1] == '\\');
}

/* What stood between quotes, see put_value. */
static void put_unquoted(struct out *o, const char *s, const char *end)
{
    const char *from = s;
    for (; s < end; s++)
        if (is_escaped(s, end)) {
            put_escaped(o, from, (size_t)(s - from), true);
            from = ++s;
        }
    put_escaped(o, from, (size_t)(end - from), true);
}

/* The end of the value that begins here: of quotes that are not escaped, or of the word. */
static const char *value_end(const char *at, const char *end, bool quoted)
{
    for (; at < end && *at != (quoted ? '"' : ' '); at++)
        at += quoted && is_escaped(at, end);
    return at;
}

static void put_json_name(struct out *o, const char *name, size_t n)
{
    put_text(o, ",\"");
    put_escaped(o, name, n, true);
    put_text(o, "\":\"");
}

/* key=value key="a b": each becomes a member of the object; values are strings. What is no such pair,
 * and all behind it, is the member "detail". */
static void put_json_fields(struct out *o, struct part fields)
{
    const char *at = fields.text, *end = at + fields.length;
    while (at < end) {
        const char *word = value_end(at, end, false),
                   *equals = memchr(at, '=', (size_t)(word - at));
        if (!equals) {
            put_json_name(o, "detail", 6);
            put_escaped(o, at, (size_t)(end - at), true);
            put(o, '"');
            return;
        }
        bool quoted = equals + 1 < end && equals[1] == '"';
        const char *value = equals + 1 + quoted, *stop = value_end(value, end, quoted);
        put_json_name(o, at, (size_t)(equals - at));
        if (quoted)
            put_unquoted(o, value, stop);
        else
            put_escaped(o, value, (size_t)(stop - value), true);
        put(o, '"');
        for (at = stop; at < end && (*at == ' ' || *at == '"'); at++)
            ;
    }
}

static void render_json(struct out *o, enum log_level level, uint64_t wall_us, struct part parts[3])
{
    put_text(o, "{\"time\":\"");
    put_time(o, wall_us);
    put_text(o, "\",\"level\":\"");
    put_text(o, level_names[level]);
    put_text(o, "\",\"actor\":\"");
    put_escaped(o, parts[0].text, parts[0].length, true);
    put_text(o, "\",\"message\":\"");
    put_escaped(o, parts[1].text, parts[1].length, true);
    put(o, '"');
    put_json_fields(o, parts[2]);
    put(o, '}');
}

static void render_text(struct out *o, enum log_level level, uint64_t wall_us, struct part parts[3])
{
    put_time(o, wall_us);
    put(o, ' ');
    put(o, "EWIDT"[level]);
    for (unsigned i = 0; i < 3; i++)
        if (parts[i].length) {
            put(o, ' ');
            put_escaped(o, parts[i].text, parts[i].length, false);
        }
}

size_t log_render(char *out, size_t room, enum log_format format, enum log_level level,
                  uint64_t wall_us, const char *text, size_t length)
{
    struct out o = {out, out + room - 1, false}; /* the end of the line always fits */
    struct part parts[3];
    split(text ? text : "", text ? length : 0, parts);
    if (format == LOG_JSON) {
        render_json(&o, level, wall_us, parts);
        /* an object that is cut is none: less of what was said, then */
        for (; o.cut && parts[1].length; parts[1].length /= 2) {
            parts[0].length = parts[0].length < 64 ? parts[0].length : 64;
            parts[2].length = 0;
            o = (struct out){out, out + room - 1, false};
            render_json(&o, level, wall_us, parts);
        }
    } else {
        render_text(&o, level, wall_us, parts);
    }
    *o.at++ = '\n';
    return (size_t)(o.at - out);
}

/* ---- records ---- */

/* A character of a value: whoever it comes from, it ends no value and begins none. */
static void put_value_char(struct out *o, char c, bool quoted)
{
    bool special = c == '"' || c == '\\';
    if (quoted && special)
        put(o, '\\');
    put(o, quoted || (!special && c != ' ' && c != '\x1f') ? c : '_');
}

/* printf's conversions, one at a time: only so can be told what is a value. */
struct conversion {
    char text[24]; /* as snprintf wants it */
    char kind;
    char size;          /* 'l', 'L' for ll, 'z', or 0 */
    bool has_precision; /* as an argument */
};

/* Behind the %. Returns what follows the conversion. */
static const char *read_conversion(struct conversion *c, const char *format)
{
    size_t n = strspn(format, "-+ #0123456789.*hlz");
    assert(n + 3 < sizeof c->text && format[n] && strchr("sdiuxXc", format[n]));
    *c = (struct conversion){.kind = format[n]};
    c->text[0] = '%';
    memcpy(c->text + 1, format, n + 1);
    for (size_t i = 0; i < n; i++) {
        if (format[i] == 'l' || format[i] == 'z')
            c->size = c->size ? 'L' : format[i];
        c->has_precision |= format[i] == '*';
    }
    return format + n + 1;
}

struct arguments {
    va_list list;
};

static void put_string(struct out *o, const struct conversion *c, struct arguments *a, bool quoted)
{
    size_t most = c->has_precision ? (size_t)va_arg(a->list, int) : SIZE_MAX;
    const char *s = va_arg(a->list, const char *);
    for (size_t i = 0; i < most && s[i]; i++)
        put_value_char(o, s[i], quoted);
}

static void put_number(struct out *o, const struct conversion *c, struct arguments *a)
{
    char text[80];
    switch (c->size) {
    case 'l': snprintf(text, sizeof text, c->text, va_arg(a->list, unsigned long)); break;
    case 'L': snprintf(text, sizeof text, c->text, va_arg(a->list, unsigned long long)); break;
    case 'z': snprintf(text, sizeof text, c->text, va_arg(a->list, size_t)); break;
    default: snprintf(text, sizeof text, c->text, va_arg(a->list, unsigned)); break;
    }
    put_text(o, text);
}

size_t log_fields(char *out, size_t room, const char *format, va_list list)
{
    struct out o = {out, out + room, false};
    struct arguments a;
    bool quoted = false;
    va_copy(a.list, list);
    while (*format) {
        struct conversion c;
        char plain = *format++;
        quoted ^= plain == '"';
        if (plain != '%' || *format == '%') {
            format += plain == '%';
            put(&o, plain);
            continue;
        }
        format = read_conversion(&c, format);
        if (c.kind == 's')
            put_string(&o, &c, &a, quoted);
        else
            put_number(&o, &c, &a);
    }
    va_end(a.list);
    return (size_t)(o.at - out);
}

size_t log_record(char *out, size_t room, const char *speaker, const char *sentence)
{
    struct out o = {out, out + room, false};
    put_text(&o, speaker);
    put(&o, '\x1f');
    for (; *sentence; sentence++)
        if (*sentence == '\x1f')
            put_text(&o, "\\x1f");
        else
            put(&o, *sentence);
    put(&o, '\x1f');
    return (size_t)(o.at - out);
}
