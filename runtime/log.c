/* runtime/log.c -- from a record to a line; see log.h */
#include "runtime/log.h"
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

/* Peers' bytes reach the log only through here: nothing of theirs moves a cursor or ends a line. */
static void put_escaped(struct out *o, const char *s, size_t n, bool json)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if (json && (c == '"' || c == '\\')) {
            put(o, '\\');
            put(o, (char)c);
        } else if (c < 0x20 || c == 0x7f) {
            char text[8];
            snprintf(text, sizeof text, json ? "\\u%04x" : "\\x%02x", c);
            put_text(o, text);
        } else {
            put(o, (char)c);
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

/* key=value key=value: each becomes a member of the object; values are strings. */
static void put_json_fields(struct out *o, struct part fields)
{
    const char *at = fields.text, *end = at + fields.length;
    while (at < end) {
        const char *equals = memchr(at, '=', (size_t)(end - at));
        if (!equals)
            return;
        const char *value = equals + 1, *stop = value;
        if (*value == '"') {
            for (stop = ++value; stop < end && *stop != '"'; stop++)
                ;
        } else {
            while (stop < end && *stop != ' ')
                stop++;
        }
        put_text(o, ",\"");
        put_escaped(o, at, (size_t)(equals - at), true);
        put_text(o, "\":\"");
        put_escaped(o, value, (size_t)(stop - value), true);
        put(o, '"');
        at = stop;
        while (at < end && (*at == ' ' || *at == '"'))
            at++;
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
