/* tools/trace_diagram_label.c -- what a message or an effect is about, in a few words. */
#include "tools/trace_diagram_parts.h"
#include "messages/kinds.h"
#include "messages/vocabulary.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct words {
    char *out;
    size_t length, room;
};

static void put(struct words *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct words *w, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int n = vsnprintf(w->out + w->length, w->room - w->length, format, list);
    va_end(list);
    size_t left = w->room - w->length;
    w->length += n < 0 ? 0 : (size_t)n < left ? (size_t)n : left - 1;
}

static void put_bytes(struct words *w, const void *bytes, size_t length, size_t most)
{
    size_t n = length < most ? length : most;
    if (n > w->room - w->length - 4)
        n = w->room - w->length - 4;
    memcpy(w->out + w->length, bytes, n);
    w->length += n;
    w->out[w->length] = '\0';
    if (n < length)
        put(w, "...");
}

static const char *before(const struct words *w)
{
    return w->length ? ", " : "";
}

/* ---- messages ---- */

enum { TARGET_MAX = 120, TEXT_MAX = 100 };

static void put_request(struct words *w, const struct trace_record *r)
{
    const char *method, *target;
    size_t method_length, target_length;
    if (!trace_record_request(r, &method, &method_length, &target, &target_length))
        return;
    put_bytes(w, method, method_length, 20);
    put(w, " ");
    put_bytes(w, target, target_length, TARGET_MAX);
}

static void put_status(struct words *w, const struct trace_record *r)
{
    uint16_t status;
    if (trace_record_status(r, &status))
        put(w, "%u", status);
}

static void put_text(struct words *w, const struct trace_record *r)
{
    const struct trace_bytes *text = trace_span(r, "text");
    if (text && text->kept)
        put_bytes(w, text->bytes, text->kept, TEXT_MAX);
}

static void put_number(struct words *w, const struct trace_record *r, const char *field,
                       const char *format)
{
    uint64_t n;
    if (trace_value(r, field, &n) && n)
        put(w, format, before(w), n);
}

static const char *reason_name(uint64_t reason)
{
    static const char *const names[] = {"done", "failed", "asked to", "nobody was there", "killed"};
    return reason < sizeof names / sizeof names[0] ? names[reason] : "?";
}

static void put_fields(struct words *w, const struct trace_record *r)
{
    uint64_t n;
    put_number(w, r, "port", "%sport %" PRIu64);
    if (trace_value(r, "error", &n) && n && r->kind->ours != MSG_SUBSCRIBE_RESULT &&
        r->kind->ours != MSG_RESOLVED)
        put(w, "%s%s", before(w), strerror((int)(n & 0xffff)));
    else
        put_number(w, r, "error", "%serror %" PRIu64);
    if (trace_value(r, "last", &n) && n)
        put(w, "%slast", before(w));
    if (trace_value(r, "trailers", &n) && n)
        put(w, "%strailers", before(w));
}

static void put_version(struct words *w, const struct trace_record *r)
{
    char text[VERSION_TEXT_MAX];
    uint64_t n;
    if (trace_value(r, "version", &n)) {
        version_format((struct version){n}, text);
        put(w, "%s", text);
    }
}

static void put_signal(struct words *w, const struct trace_record *r)
{
    uint64_t n;
    const char *name = trace_value(r, "number", &n) && n < 65 ? sigabbrev_np((int)n) : NULL;
    if (name)
        put(w, "SIG%s", name);
}

static void put_of(struct words *w, const struct trace_record *r, const char *field,
                   const char *unit)
{
    uint64_t n;
    if (trace_value(r, field, &n))
        put(w, "%" PRIu64 "%s", n, unit);
}

size_t diagram_label(const struct trace_record *r, char out[DIAGRAM_LABEL_MAX])
{
    struct words w = {out, 0, DIAGRAM_LABEL_MAX};
    uint64_t n;
    out[0] = '\0';
    switch (r->kind->ours) {
    case MSG_TIMER: put_of(&w, r, "n", ""); break;
    case MSG_CREDIT: put_of(&w, r, "bytes", " bytes"); break;
    case MSG_SOCKET_DRAINED: put_of(&w, r, "unsent", " bytes left"); break;
    case MSG_SIGNAL: put_signal(&w, r); break;
    case MSG_LINK_READY:
    case MSG_AGENT_PROTOCOL_VERSION:
    case MSG_AGENT_VERSION: put_version(&w, r); break;
    case MSG_DOWN:
    case MSG_STOP: put(&w, "%s", trace_value(r, "reason", &n) ? reason_name(n) : ""); break;
    default:
        put_request(&w, r);
        put_status(&w, r);
        put_text(&w, r);
        put_fields(&w, r);
    }
    return w.length;
}

/* ---- bytes of sockets ---- */

static bool is_line(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] < 0x20 || bytes[i] > 0x7e)
            return false;
    return true;
}

size_t diagram_http_line(const uint8_t *bytes, size_t length, char out[DIAGRAM_LABEL_MAX])
{
    struct words w = {out, 0, DIAGRAM_LABEL_MAX};
    const uint8_t *end = length ? memchr(bytes, '\r', length) : NULL;
    size_t line = end ? (size_t)(end - bytes) : 0;
    out[0] = '\0';
    if (line < 12 || !is_line(bytes, line))
        return 0;
    bool answer = memcmp(bytes, "HTTP/1.", 7) == 0;
    bool request = memcmp(bytes + line - 9, " HTTP/1.", 8) == 0;
    if (answer)
        put_bytes(&w, bytes + 9, line - 9, TEXT_MAX);
    else if (request)
        put_bytes(&w, bytes, line - 9, TARGET_MAX + 20);
    return w.length;
}

/* ---- effects ---- */

static const char *timer_text(uint64_t us, char out[32])
{
    if (us < 1000)
        snprintf(out, 32, "%" PRIu64 " us", us);
    else if (us < 1000000)
        snprintf(out, 32, "%" PRIu64 " ms", us / 1000);
    else
        snprintf(out, 32, "%" PRIu64 ".%u s", us / 1000000, (unsigned)(us / 100000 % 10));
    return out;
}

size_t diagram_effect_text(const struct trace_effect *e, char *out, size_t room)
{
    struct words w = {out, 0, room};
    char text[32];
    put(&w, "%s", effect_name(e->kind));
    if (e->kind == EFFECT_STOP)
        put(&w, " (%s)", reason_name(e->n));
    else if (e->has & EFFECT_HAS_N)
        put(&w, " %" PRIu32, e->n);
    if (e->kind == EFFECT_TIMER_START)
        put(&w, " in %s", timer_text(e->value, text));
    else if (e->has & EFFECT_HAS_VALUE)
        put(&w, " %" PRIu64, e->value);
    if (e->has & EFFECT_HAS_ADDRESS)
        put(&w, " %s", e->address);
    if (e->has & EFFECT_HAS_LENGTH)
        put(&w, " %" PRIu64 " bytes", e->length);
    return w.length;
}
