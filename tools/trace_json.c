/* tools/trace_json.c -- see trace_json.h */
#include "tools/trace_json.h"
#include "messages/trace_reader.h"
#include "messages/version.h"
#include "messages/vocabulary.h"
#include "tools/trace_fields.h"
#include "tools/trace_words.h"
#include <inttypes.h>

/* ---- members --------------------------------------------------------------------------------- */

static void key(struct trace_text *t, const char *name)
{
    char before = t->length ? t->at[t->length - 1] : '{';
    if (before != '{' && before != '[')
        trace_text_char(t, ',');
    trace_text_json(t, name, strlen(name));
    trace_text_char(t, ':');
}

static void number(struct trace_text *t, const char *name, uint64_t n)
{
    key(t, name);
    trace_text_number(t, n);
}

static void text(struct trace_text *t, const char *name, const char *value)
{
    key(t, name);
    trace_text_json(t, value, strlen(value));
}

static void actor(const struct trace_view *v, struct trace_text *t, const char *name,
                  struct actor_ref who, const char *nobody)
{
    char out[TRACE_ACTOR_TEXT_MAX];
    text(t, name, ref_is_nobody(who) ? nobody : trace_actor_text(v->actors, who, out));
}

static void hash(struct trace_text *t, uint64_t value)
{
    key(t, "hash");
    trace_text_format(t, "\"0x%016" PRIx64 "\"", value);
}

/* As many of them as do not cut a character: an excerpt of UTF-8 is UTF-8. */
static size_t whole_characters(const uint8_t *at, size_t length, size_t kept)
{
    if (length == kept)
        return length;
    while (length && (at[length] & 0xc0) == 0x80)
        length--;
    return length;
}

static void bytes(const struct trace_view *v, struct trace_text *t, const char *name,
                  const struct trace_bytes *b)
{
    size_t shown = v->bytes || b->kept <= v->excerpt ? b->kept : (size_t)v->excerpt;
    size_t whole = whole_characters(b->bytes, shown, b->kept);
    key(t, name);
    trace_text_char(t, '{');
    number(t, "length", b->length);
    number(t, "kept", b->kept);
    if (b->kept < b->length)
        hash(t, b->hash);
    if (trace_text_is_utf8(b->bytes, whole)) {
        key(t, "text");
        trace_text_json(t, b->bytes, whole);
    } else {
        key(t, "hex");
        trace_text_char(t, '"');
        trace_text_hex(t, b->bytes, shown);
        trace_text_char(t, '"');
    }
    trace_text_char(t, '}');
}

/* ---- fields ---------------------------------------------------------------------------------- */

static void head(struct trace_text *t, const struct trace_record *r)
{
    struct trace_text line = {0};
    if (trace_text_head(&line, r)) {
        trace_text_char(&line, '\0');
        t->length--; /* into the object that was just closed */
        text(t, "http", line.at);
        trace_text_char(t, '}');
    }
    trace_text_free(&line);
}

static void peer(struct trace_text *t, const struct trace_record *r)
{
    struct trace_text address = {0};
    trace_text_peer(&address, r);
    trace_text_char(&address, '\0');
    text(t, "peer", address.at);
    trace_text_free(&address);
}

static void value(const struct trace_view *v, struct trace_text *t, const struct trace_record *r,
                  unsigned i, const struct trace_word *w)
{
    const struct trace_field *f = &r->kind->fields[i];
    uint64_t n = r->values[i];
    char version[VERSION_TEXT_MAX];
    if (f->type == FIELD_ref) {
        actor(v, t, f->name, trace_ref(n), "nobody");
    } else if (f->type == FIELD_flag) {
        key(t, f->name);
        trace_text_word(t, n ? "true" : "false");
    } else if (trace_word_name(w, n)) {
        text(t, f->name, trace_word_name(w, n));
    } else if (w->role == ROLE_VERSION) {
        version[version_format((struct version){n}, version)] = '\0';
        text(t, f->name, version);
    } else if (f->type == FIELD_i32) {
        key(t, f->name);
        trace_text_format(t, "%" PRId32, (int32_t)n);
    } else {
        number(t, f->name, n);
    }
}

static void fields(const struct trace_view *v, struct trace_text *t, const struct trace_record *r)
{
    key(t, "fields");
    trace_text_char(t, '{');
    for (unsigned i = 0; i < r->kind->field_count; i++) {
        const struct trace_field *f = &r->kind->fields[i];
        const struct trace_word *w = trace_word_of(r->kind, i);
        if (f->type == FIELD_span)
            bytes(v, t, f->name, &r->spans[f->span]);
        else
            value(v, t, r, i, w);
        if (w->role == ROLE_HEAD)
            head(t, r);
        else if (w->role == ROLE_PEER)
            peer(t, r);
    }
    trace_text_char(t, '}');
}

static void flags(struct trace_text *t, const struct trace_record *r)
{
    unsigned at = 0;
    const char *flag = trace_flag_next(r, &at);
    if (!flag)
        return;
    key(t, "flags");
    for (char before = '['; flag; flag = trace_flag_next(r, &at), before = ',') {
        trace_text_char(t, before);
        trace_text_json(t, flag, strlen(flag));
    }
    trace_text_char(t, ']');
}

/* ---- effects --------------------------------------------------------------------------------- */

static void effect(const struct trace_view *v, struct trace_text *t, const struct trace_effect *e)
{
    trace_text_char(t, '{');
    text(t, "effect", effect_name(e->kind));
    if (e->has & EFFECT_HAS_N)
        number(t, "n", e->n);
    if (e->has & EFFECT_HAS_VALUE)
        number(t, "value", e->value);
    if (e->has & EFFECT_HAS_REF)
        actor(v, t, "actor", e->ref, "nobody");
    if ((e->has & EFFECT_HAS_TYPE) && e->type)
        text(t, "type", e->type);
    if ((e->has & EFFECT_HAS_MESSAGE) && e->message)
        text(t, "kind", e->message->name);
    if (e->has & EFFECT_HAS_ADDRESS)
        text(t, "address", e->address);
    if (e->has & EFFECT_HAS_BYTES)
        bytes(v, t, "bytes", &e->bytes);
    if (e->has & EFFECT_HAS_LENGTH)
        number(t, "length", e->length);
    trace_text_char(t, '}');
}

static void effects(const struct trace_view *v, struct trace_text *t, const struct trace_record *r)
{
    struct trace_effect e;
    size_t at = 0;
    if (!v->effects || !r->effects_length)
        return;
    key(t, "effects");
    trace_text_char(t, '[');
    for (bool first = true; trace_effect_next(v->reader, r, &at, &e); first = false) {
        if (!first)
            trace_text_char(t, ',');
        effect(v, t, &e);
    }
    trace_text_char(t, ']');
}

/* ---- objects --------------------------------------------------------------------------------- */

static void exchange(struct trace_text *t, const struct trace_record *r,
                     const struct trace_exchange *x)
{
    uint32_t n = trace_record_exchange(r);
    if (!n)
        return;
    number(t, "exchange", n);
    if (!x || !x->has_ids)
        return;
    number(t, "connection", x->connection);
    if (!x->raw)
        number(t, "request", x->request);
    text(t, "mode", x->mode == MODE_MIRROR ? "mirror" : "steal");
    number(t, "port", x->port);
}

static void call(const struct trace_view *v, struct trace_text *t, const struct trace_record *r,
                 const struct trace_exchange *x)
{
    const char *protocol = trace_protocol_name(r);
    if (r->what != TRACE_END)
        actor(v, t, "from", r->from, "runtime");
    actor(v, t, "to", r->to, "nobody");
    if (r->kind)
        text(t, "kind", r->kind->name);
    if (protocol)
        text(t, "protocol", protocol);
    exchange(t, r, x);
    if (r->what == TRACE_END)
        text(t, "reason", trace_stop_reason(r->flags));
    if (r->what == TRACE_UNDELIVERED)
        return;
    number(t, "number", r->number);
    key(t, "took_us");
    trace_text_number(t, r->took_ns / 1000);
    trace_text_char(t, '.');
    trace_text_digits(t, r->took_ns % 1000, 3);
    if (r->what == TRACE_CALL) {
        fields(v, t, r);
        flags(t, r);
    }
    effects(v, t, r);
}

static void times(const struct trace_view *v, struct trace_text *t, const struct trace_record *r)
{
    uint64_t ns = trace_view_since(v, trace_began_ns(r));
    key(t, "t");
    trace_text_number(t, ns / 1000000000);
    trace_text_char(t, '.');
    trace_text_digits(t, ns % 1000000000, 9);
    key(t, "wall");
    trace_text_char(t, '"');
    trace_text_wall(t, trace_view_wall(v, trace_began_ns(r)));
    trace_text_char(t, '"');
}

void trace_json(const struct trace_view *v, struct trace_text *t, const struct trace_record *r,
                const struct trace_exchange *x)
{
    trace_text_char(t, '{');
    number(t, "seq", r->sequence);
    times(v, t, r);
    text(t, "what", trace_what_name(r->what));
    if (r->what != TRACE_NOTE)
        number(t, "worker", r->worker);
    if (r->what == TRACE_NOTE)
        text(t, "text", r->text);
    else if (r->what == TRACE_LAGGED)
        number(t, "lost", r->lost);
    else
        call(v, t, r, x);
    trace_text_word(t, "}\n");
}
