/* messages/trace_jsonl_values.c -- values of JSON lines; see trace_jsonl_state.h */
#include "messages/hex.h"
#include "messages/text_out.h"
#include "messages/trace_format.h"
#include "messages/trace_jsonl_state.h"
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool jsonl_fail(struct jsonl_source *s, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    if (!s->error[0])
        vsnprintf(s->error, sizeof s->error, format, list);
    va_end(list);
    return false;
}

/* ---- values: nothing there is 0, or empty ---- */

static bool digits(const char *text, uint64_t *n)
{
    char *end;
    errno = 0;
    *n = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && !errno;
}

bool jsonl_number(struct jsonl_source *s, const json_t *in, struct jsonl_number *n)
{
    const json_t *v = json_object_get(in, n->name);
    n->value = 0;
    if (!v)
        return true;
    if (json_is_integer(v) && json_integer_value(v) >= 0)
        n->value = (uint64_t)json_integer_value(v);
    else if (json_is_boolean(v))
        n->value = json_is_true(v);
    else if (!json_is_string(v) || !digits(json_string_value(v), &n->value))
        return jsonl_fail(s, "\"%s\" is no number", n->name);
    return n->value <= n->most ||
           jsonl_fail(s, "\"%s\" is too large, %" PRIu64 " at most", n->name, n->most);
}

bool jsonl_numbers(struct jsonl_source *s, const json_t *in, struct jsonl_number *n)
{
    while (n->name && jsonl_number(s, in, n))
        n++;
    return !n->name;
}

bool jsonl_signed(struct jsonl_source *s, const json_t *in, const char *name, uint64_t *n)
{
    const json_t *v = json_object_get(in, name);
    json_int_t value = json_integer_value(v);
    *n = (uint32_t)(int32_t)value;
    return !v || (json_is_integer(v) && value >= INT32_MIN && value <= INT32_MAX) ||
           jsonl_fail(s, "\"%s\" is no number of 32 bits", name);
}

bool jsonl_ref(struct jsonl_source *s, const json_t *in, const char *name, struct actor_ref *ref)
{
    const json_t *v = json_object_get(in, name);
    unsigned worker, slot, generation;
    int end = 0;
    *ref = (struct actor_ref){0, 0};
    if (!v || json_is_null(v))
        return true;
    if (!json_is_string(v) ||
        sscanf(json_string_value(v), "%3u.%8u.%10u%n", &worker, &slot, &generation, &end) != 3 ||
        json_string_value(v)[end] || worker > 255 || slot > 0xffffff)
        return jsonl_fail(s, "\"%s\" is no actor: write \"worker.slot.generation\" or null", name);
    ref->place = worker << 24 | slot;
    ref->generation = generation;
    return true;
}

static bool add_hex(struct jsonl_source *s, struct trace_out *out, const json_t *hex,
                    const char *name)
{
    const char *text = json_string_value(hex);
    size_t n = text ? json_string_length(hex) : 0;
    if (!text || !hex_read(text, n, trace_out_room(out, n / 2 + 1)))
        return jsonl_fail(s, "\"%s\": \"hex\" is no hexadecimal text", name);
    out->length += n / 2;
    return true;
}

bool jsonl_chars(struct jsonl_source *s, struct trace_out *out, const json_t *v, const char *name)
{
    const json_t *text = json_is_object(v) ? json_object_get(v, "text") : v;
    if (!v)
        return true;
    if (json_is_string(text)) {
        text_bytes(out, json_string_value(text), json_string_length(text));
        return true;
    }
    if (json_is_object(v) && json_object_get(v, "hex"))
        return add_hex(s, out, json_object_get(v, "hex"), name);
    return jsonl_fail(s, "\"%s\" is neither a string nor {\"hex\":..}", name);
}

static bool get_hash(struct jsonl_source *s, const json_t *v, const char *name, uint64_t *hash)
{
    const char *text = json_string_value(json_object_get(v, "hash"));
    int end = 0;
    if (text && sscanf(text, "0x%16" SCNx64 "%n", hash, &end) == 1 && !text[end])
        return true;
    return jsonl_fail(s, "\"%s\": \"hash\" is missing or no \"0x\" and 16 digits", name);
}

bool jsonl_bytes(struct jsonl_source *s, struct trace_out *out, const json_t *in, const char *name,
                 struct trace_bytes *b)
{
    const json_t *v = json_object_get(in, name);
    struct jsonl_number length = {"length", UINT32_MAX, 0};
    *b = (struct trace_bytes){0};
    out->length = 0;
    if (!jsonl_chars(s, out, v, name))
        return false;
    if (out->length > FRAME_BYTES_MAX)
        return jsonl_fail(s, "\"%s\" is too long", name);
    b->bytes = out->bytes;
    b->length = b->kept = (uint32_t)out->length;
    if (!json_is_object(v) || !json_object_get(v, "length"))
        return true;
    if (!jsonl_number(s, v, &length))
        return false;
    if (length.value < b->kept)
        return jsonl_fail(s, "\"%s\": its length is less than what is there of it", name);
    b->length = (uint32_t)length.value;
    return length.value == b->kept || get_hash(s, v, name, &b->hash);
}

bool jsonl_text(struct jsonl_source *s, struct trace_out *out, const json_t *in, const char *name,
                const char **text)
{
    out->length = 0;
    if (!jsonl_chars(s, out, json_object_get(in, name), name))
        return false;
    if (out->length && memchr(out->bytes, 0, out->length))
        return jsonl_fail(s, "\"%s\" has a NUL in it", name);
    text_bytes(out, "", 1);
    *text = (const char *)out->bytes;
    return true;
}
