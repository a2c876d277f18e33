/* messages/wire_json_source.c -- reads a message from JSON; see wire_json.h
 *
 * `value` is what the table asks for next; what it lies in waits on a stack of frames. A group that
 * is no container in JSON (one field without a name) has a frame too, whose container is the value.
 */
#include "messages/hex.h"
#include "messages/wire_json.h"
#include "messages/wire_text.h"
#include <string.h>

static struct wire_json_source *source(struct wire_transcode *t)
{
    return t->source_state;
}

void wire_json_source_begin(struct wire_json_source *s, json_t *message)
{
    s->value = message;
    s->depth = 0;
}

void wire_json_source_release(struct wire_json_source *s)
{
    wire_buffer_release(&s->string);
}

static const char *kind_of(const json_t *value)
{
    static const char *const names[] = {"an object",  "an array", "a string", "an integer",
                                        "a fraction", "true",     "false",    "null"};
    return value ? names[json_typeof(value)] : "nothing";
}

static bool wrong(struct wire_transcode *t, const char *what)
{
    return wire_transcode_fail(t, "%s belongs here, not %s", what, kind_of(source(t)->value));
}

static bool push(struct wire_transcode *t)
{
    struct wire_json_source *s = source(t);
    if (s->depth == WIRE_JSON_DEPTH_MAX)
        return wire_transcode_fail(t, "nested too deeply");
    s->frames[s->depth++] = (struct wire_json_frame){s->value, NULL};
    return true;
}

static struct wire_json_frame *top(struct wire_transcode *t)
{
    return &source(t)->frames[source(t)->depth - 1];
}

static bool pop(struct wire_transcode *t)
{
    source(t)->depth--;
    return true;
}

/* ---- strings --------------------------------------------------------------------------------- */

static bool hex(struct wire_transcode *t, const json_t *digits, struct wire_leaf *out)
{
    struct wire_buffer *b = &source(t)->string;
    const char *text = json_string_value(digits);
    size_t n = json_string_length(digits);
    b->length = 0;
    if (n % 2)
        return wire_transcode_fail(t, "\"hex\" has an odd number of digits");
    if (!wire_buffer_room(b, n / 2 + 1))
        return wire_transcode_fail(t, "no memory");
    if (!hex_read(text, n, b->at))
        return wire_transcode_fail(t, "\"hex\" holds something else than hexadecimal digits");
    b->length = n / 2;
    out->bytes = b->at;
    out->length = b->length;
    return true;
}

static bool string(struct wire_transcode *t, struct wire_leaf *out)
{
    const json_t *v = source(t)->value;
    if (json_is_string(v)) {
        out->bytes = (const uint8_t *)json_string_value(v);
        out->length = json_string_length(v);
        return true;
    }
    const json_t *digits = json_object_get(v, "hex");
    if (json_is_string(digits) && json_object_size(v) == 1)
        return hex(t, digits, out);
    if (json_object_get(v, "begin"))
        return wire_transcode_fail(t, "this string was cut when it was printed");
    return wrong(t, "a string, or {\"hex\":\"...\"},");
}

/* ---- leaves ---------------------------------------------------------------------------------- */

static bool digits(struct wire_transcode *t, const char *text, size_t n, bool is_signed,
                   struct wire_leaf *out)
{
    bool negative = is_signed && n && *text == '-';
    if (!wire_u128_parse(text + negative, n - negative, &out->number) ||
        (is_signed && (out->number.high || out->number.low > (uint64_t)INT64_MAX + negative)))
        return wire_transcode_fail(t, "\"%s\" is no integer that fits", text);
    if (negative)
        out->number.low = 0 - out->number.low;
    return true;
}

static bool number(struct wire_transcode *t, bool is_signed, struct wire_leaf *out)
{
    const json_t *v = source(t)->value;
    if (json_is_string(v))
        return digits(t, json_string_value(v), json_string_length(v), is_signed, out);
    if (!json_is_integer(v))
        return wrong(t, "an integer, or a string of its digits,");
    out->number.low = (uint64_t)json_integer_value(v);
    return is_signed || json_integer_value(v) >= 0 || wrong(t, "an integer that is not negative");
}

static bool boolean(struct wire_transcode *t, struct wire_leaf *out)
{
    out->number.low = json_is_true(source(t)->value);
    return json_is_boolean(source(t)->value) || wrong(t, "true or false");
}

static bool address(struct wire_transcode *t, bool has_port, struct wire_leaf *out)
{
    const json_t *v = source(t)->value;
    if (json_is_string(v) &&
        wire_address_parse(json_string_value(v), json_string_length(v), has_port, &out->address))
        return true;
    return wrong(t, has_port ? "an address with a port (\"10.0.0.1:80\", \"[::1]:80\")"
                             : "an address (\"10.0.0.1\", \"::1\")");
}

static bool header_name(struct wire_transcode *t, struct wire_leaf *out)
{
    const char *name = json_object_iter_key(top(t)->member);
    out->bytes = (const uint8_t *)name;
    out->length = strlen(name);
    source(t)->value = json_object_iter_value(top(t)->member);
    return true;
}

static bool leaf(struct wire_transcode *t, unsigned op, struct wire_leaf *out)
{
    switch (op) {
    case WIRE_OP_BOOLEAN: return boolean(t, out);
    case WIRE_OP_U8:
    case WIRE_OP_U16:
    case WIRE_OP_U32:
    case WIRE_OP_U64:
    case WIRE_OP_U128:
    case WIRE_OP_STATUS: return number(t, false, out);
    case WIRE_OP_I32:
    case WIRE_OP_I64: return number(t, true, out);
    case WIRE_OP_IP: return address(t, false, out);
    case WIRE_OP_SOCKADDR: return address(t, true, out);
    case WIRE_OP_HEADER_NAME: return header_name(t, out);
    default: return string(t, out);
    }
}

/* ---- what is made of rows -------------------------------------------------------------------- */

static bool find_variant(struct wire_transcode *t, unsigned type, const char *name, unsigned *out)
{
    const struct wire_type_row *row = &wire_types[type];
    for (*out = 0; *out < row->count; ++*out)
        if (strcmp(wire_variant_names[row->first + *out], name) == 0)
            return true;
    return wire_transcode_fail(t, "%s has no variant \"%.80s\"", wire_type_names[type], name);
}

static bool variant(struct wire_transcode *t, unsigned type, unsigned *out)
{
    struct wire_json_source *s = source(t);
    const char *name = json_string_value(s->value);
    json_t *fields = NULL;
    if (json_is_object(s->value) && json_object_size(s->value) == 1) {
        void *only = json_object_iter(s->value);
        name = json_object_iter_key(only);
        fields = json_object_iter_value(only);
    }
    if (!name)
        return wire_transcode_fail(
            t, "a variant of %s belongs here, as \"Name\" or {\"Name\":...}, not %s",
            wire_type_names[type], kind_of(s->value));
    if (!find_variant(t, type, name, out))
        return false;
    bool has_fields = wire_variants[wire_types[type].first + *out].count != 0;
    if (has_fields != (fields != NULL))
        return wire_transcode_fail(t, has_fields ? "%s needs its fields" : "%s has no fields",
                                   name);
    s->value = fields;
    return true;
}

static bool some(struct wire_transcode *t, bool *out)
{
    *out = !json_is_null(source(t)->value);
    return true;
}

static bool is_field(const struct wire_group *g, const char *name)
{
    for (unsigned i = 0; i < g->count; i++)
        if (strcmp(g->names[i], name) == 0)
            return true;
    return false;
}

/* The first member that is no field of the group is an error: it would be lost. */
static bool no_strangers(struct wire_transcode *t, const struct wire_group *g)
{
    const char *name;
    json_t *value;
    json_object_foreach(
        source(t)->value, name,
        value) if (!is_field(g,
                             name)) return wire_transcode_fail(t,
                                                               "there is no field \"%.80s\" here",
                                                               name);
    return true;
}

static bool group_begin(struct wire_transcode *t, const struct wire_group *g)
{
    const json_t *v = source(t)->value;
    if (g->named && !json_is_object(v))
        return wrong(t, "an object");
    if (g->named && !no_strangers(t, g))
        return false;
    if (!g->named && g->count > 1 && (!json_is_array(v) || json_array_size(v) != g->count))
        return wire_transcode_fail(t, "an array of %u values belongs here", g->count);
    return push(t);
}

static bool field(struct wire_transcode *t, const struct wire_group *g, unsigned i)
{
    json_t *container = top(t)->container;
    source(t)->value = g->named       ? json_object_get(container, g->names[i])
                       : g->count > 1 ? json_array_get(container, i)
                                      : container;
    return source(t)->value || wire_transcode_fail(t, "the field \"%s\" is missing", g->names[i]);
}

static bool group_end(struct wire_transcode *t, const struct wire_group *g)
{
    (void)g;
    return pop(t);
}

static bool list_begin(struct wire_transcode *t, unsigned type)
{
    const json_t *v = source(t)->value;
    if (type == WIRE_TYPE_headers ? !json_is_object(v) : !json_is_array(v))
        return wrong(t, type == WIRE_TYPE_headers ? "an object of headers" : "an array");
    return push(t);
}

static bool next(struct wire_transcode *t, unsigned type, uint64_t done, bool *more)
{
    struct wire_json_frame *f = top(t);
    if (type == WIRE_TYPE_headers) {
        f->member =
            done ? json_object_iter_next(f->container, f->member) : json_object_iter(f->container);
        *more = f->member != NULL;
    } else {
        source(t)->value = json_array_get(f->container, (size_t)done);
        *more = source(t)->value != NULL;
    }
    return true;
}

static bool list_end(struct wire_transcode *t, unsigned type)
{
    (void)type;
    return pop(t);
}

const struct wire_source wire_json_source = {
    .variant = variant,
    .some = some,
    .group_begin = group_begin,
    .field = field,
    .group_end = group_end,
    .list_begin = list_begin,
    .next = next,
    .list_end = list_end,
    .leaf = leaf,
};
