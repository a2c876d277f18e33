/* tools/trace_phrases.c -- the fields of a message, and effects, in words; see trace_line.h */
#include "messages/trace_reader.h"
#include "messages/version.h"
#include "messages/vocabulary.h"
#include "tools/trace_line.h"
#include "tools/trace_words.h"
#include <inttypes.h>
#include <netdb.h>

/* ---- fields ---------------------------------------------------------------------------------- */

static void put_ref(const struct trace_view *v, struct trace_text *t, struct actor_ref who)
{
    char text[TRACE_ACTOR_TEXT_MAX];
    trace_text_word(t, trace_actor_text(v->actors, who, text));
}

static void put_error(struct trace_text *t, uint64_t error)
{
    const char *name = error <= INT32_MAX ? strerrorname_np((int)error) : NULL;
    if (name)
        trace_text_word(t, name);
    else
        trace_text_number(t, error);
}

static void put_signal(struct trace_text *t, uint64_t number)
{
    const char *name = number <= INT32_MAX ? sigabbrev_np((int)number) : NULL;
    if (name)
        trace_text_format(t, "SIG%s", name);
    else
        trace_text_number(t, number);
}

static void put_kind_name(const struct trace_view *v, struct trace_text *t, uint64_t number)
{
    const struct trace_kind *k =
        number <= UINT16_MAX ? trace_reader_kind(v->reader, (unsigned)number) : NULL;
    if (k)
        trace_text_escaped(t, k->name, strlen(k->name));
    else
        trace_text_number(t, number);
}

static void put_value(const struct trace_view *v, struct trace_text *t,
                      const struct trace_record *r, unsigned field, const struct trace_word *w)
{
    uint64_t value = r->values[field];
    char version[VERSION_TEXT_MAX];
    if (r->kind->fields[field].type == FIELD_ref)
        put_ref(v, t, trace_ref(value));
    else if (trace_word_name(w, value))
        trace_text_word(t, trace_word_name(w, value));
    else if (w->role == ROLE_VERSION)
        trace_text_bytes(t, version, version_format((struct version){value}, version));
    else if (w->role == ROLE_ERROR)
        put_error(t, value);
    else if (w->role == ROLE_EAI)
        trace_text_quoted(t, gai_strerror((int32_t)value), strlen(gai_strerror((int32_t)value)), 0);
    else if (w->role == ROLE_US)
        trace_text_time(t, value <= UINT64_MAX / 1000 ? value * 1000 : UINT64_MAX);
    else if (w->role == ROLE_SIGNAL)
        put_signal(t, value);
    else if (w->role == ROLE_KIND)
        put_kind_name(v, t, value);
    else if (w->role == ROLE_PEER)
        trace_text_peer(t, r);
    else if (r->kind->fields[field].type == FIELD_i32)
        trace_text_format(t, "%" PRId32, (int32_t)value);
    else
        trace_text_number(t, value);
}

/* What was left out can still be compared with what somebody has: xxhsum -H3 says the same of it. */
static void put_hash(struct trace_text *t, const struct trace_bytes *b)
{
    if (b->kept < b->length)
        trace_text_format(t, " (XXH3 of all: %016" PRIx64 ")", b->hash);
}

static void put_excerpt(const struct trace_view *v, struct trace_text *t,
                        const struct trace_bytes *b)
{
    trace_text_char(t, '[');
    trace_text_number(t, b->length);
    trace_text_char(t, ']');
    if (!b->length || !v->excerpt)
        return;
    if (!b->kept) {
        trace_text_word(t, " not kept");
        put_hash(t, b);
        return;
    }
    size_t shown = b->kept < v->excerpt ? b->kept : (size_t)v->excerpt;
    trace_text_char(t, ' ');
    trace_text_quoted(t, b->bytes, shown, 0);
    if (shown < b->length)
        trace_text_word(t, "...");
    put_hash(t, b);
}

static void put_span(const struct trace_view *v, struct trace_text *t, const struct trace_record *r,
                     const struct trace_field *f, const struct trace_word *w)
{
    const struct trace_bytes *b = &r->spans[f->span];
    if (!b->length && strcmp(f->name, "bytes") != 0)
        return;
    trace_text_char(t, ' ');
    size_t from = t->length;
    if (w->role == ROLE_HEAD && trace_text_head(t, r))
        return;
    t->length = from;
    trace_text_escaped(t, f->name, strlen(f->name));
    if (w->role == ROLE_ADDRESSES && b->kept == b->length) {
        trace_text_char(t, '=');
        trace_text_addresses(t, b);
    } else {
        put_excerpt(v, t, b);
    }
}

/* What is false or says that all went well is left out: a line tells what there is. */
static bool is_silent(const struct trace_record *r, unsigned field, const struct trace_word *w)
{
    return w->role == ROLE_QUIET ||
           (r->values[field] == 0 &&
            (r->kind->fields[field].type == FIELD_flag || w->role == ROLE_ERROR ||
             w->role == ROLE_EAI || w->role == ROLE_VERSION));
}

static void put_field(const struct trace_view *v, struct trace_text *t,
                      const struct trace_record *r, unsigned field)
{
    const struct trace_field *f = &r->kind->fields[field];
    const struct trace_word *w = trace_word_of(r->kind, field);
    const char *label = w->label ? w->label : f->name;
    if (f->type == FIELD_span) {
        put_span(v, t, r, f, w);
        return;
    }
    if (is_silent(r, field, w))
        return;
    trace_text_char(t, ' ');
    trace_text_escaped(t, label, strlen(label));
    if (f->type == FIELD_flag)
        return;
    trace_text_char(t, '=');
    put_value(v, t, r, field, w);
}

static bool is_id(const struct trace_field *f)
{
    return f->type != FIELD_ref &&
           (strcmp(f->name, "connection") == 0 || strcmp(f->name, "request") == 0 ||
            strcmp(f->name, "mode") == 0);
}

void trace_line_fields(const struct trace_view *v, struct trace_text *t,
                       const struct trace_record *r, const struct trace_exchange *x)
{
    bool has_ids = trace_line_has_ids(r, x);
    unsigned at = 0;
    const char *flag, *before = " flags=";
    for (unsigned i = 0; i < r->kind->field_count; i++)
        if (!has_ids || !is_id(&r->kind->fields[i]))
            put_field(v, t, r, i);
    for (; (flag = trace_flag_next(r, &at)) != NULL; before = "|") {
        trace_text_word(t, before);
        trace_text_word(t, flag);
    }
}

/* ---- effects --------------------------------------------------------------------------------- */

static void put_message(struct trace_text *t, const struct trace_effect *e)
{
    const char *name = e->message ? e->message->name : "?";
    trace_text_escaped(t, name, strlen(name));
}

/* "speaker\x1fsentence\x1ffields" */
static void put_log(struct trace_text *t, const struct trace_effect *e)
{
    const char *at = (const char *)e->bytes.bytes, *end = at + e->bytes.kept;
    const char *sentence = e->bytes.kept ? memchr(at, '\x1f', e->bytes.kept) : NULL;
    trace_text_format(t, "log %s \"", trace_log_level(e->n));
    while (end > at && end[-1] == '\x1f')
        end--;
    for (at = sentence ? sentence + 1 : at; at < end; at++)
        trace_text_escaped(t, *at == '\x1f' ? " " : at, 1);
    trace_text_char(t, '"');
}

static void put_to(const struct trace_view *v, struct trace_text *t, const struct trace_effect *e)
{
    trace_text_word(t, e->kind == EFFECT_SPAWN ? "spawn " : "send ");
    if (e->kind == EFFECT_SPAWN) {
        put_ref(v, t, e->ref);
        trace_text_word(t, " with ");
        put_message(t, e);
    } else {
        put_message(t, e);
        trace_text_word(t, " to ");
        put_ref(v, t, e->ref);
    }
}

static void put_number(struct trace_text *t, const char *word, uint64_t n)
{
    trace_text_word(t, word);
    trace_text_number(t, n);
}

static void put_address(struct trace_text *t, const char *word, const struct trace_effect *e)
{
    trace_text_format(t, word, e->n);
    trace_text_escaped(t, e->address, strlen(e->address));
}

static void put_file(const struct trace_view *v, struct trace_text *t, const struct trace_effect *e)
{
    switch (e->kind) {
    case EFFECT_RESOLVE:
        put_number(t, "resolve ", e->n);
        trace_text_char(t, ' ');
        trace_text_escaped(t, e->bytes.bytes, e->bytes.kept);
        put_number(t, " port ", e->value);
        break;
    case EFFECT_FILE_OPEN: put_number(t, "open file ", e->n); break;
    case EFFECT_FILE_WRITE:
        trace_text_format(t, "write file %" PRIu32 ": %" PRIu32 " bytes", e->n, e->bytes.length);
        break;
    case EFFECT_FILE_READ:
        trace_text_format(t, "read file %" PRIu32 ": %" PRIu64 " bytes at %" PRIu64, e->n,
                          e->length, e->value);
        break;
    case EFFECT_FILE_CLOSE: put_number(t, "close file ", e->n); break;
    case EFFECT_LOG: put_log(t, e); break;
    case EFFECT_END_PROGRAM: put_number(t, "end the program with ", e->n); break;
    default: trace_text_word(t, effect_name(e->kind)); break;
    }
    (void)v;
}

static void put_socket(const struct trace_view *v, struct trace_text *t,
                       const struct trace_effect *e)
{
    switch (e->kind) {
    case EFFECT_CONNECT: put_address(t, "connect socket %u to ", e); break;
    case EFFECT_LISTEN: put_address(t, "listen on socket %u at ", e); break;
    case EFFECT_WRITE:
        trace_text_word(t, "write ");
        trace_text_number(t, e->bytes.length);
        trace_text_word(t, " bytes");
        if (e->n)
            put_number(t, " to socket ", e->n);
        break;
    case EFFECT_NOTIFY:
        put_number(t, "notify below ", e->value);
        put_number(t, " of socket ", e->n);
        break;
    case EFFECT_LIMIT:
        put_number(t, "limit socket ", e->n);
        put_number(t, " to ", e->value);
        break;
    case EFFECT_PAUSE: put_number(t, "pause socket ", e->n); break;
    case EFFECT_RESUME: put_number(t, "resume socket ", e->n); break;
    case EFFECT_SHUTDOWN: put_number(t, "shut down socket ", e->n); break;
    case EFFECT_CLOSE: put_number(t, "close socket ", e->n); break;
    case EFFECT_ABORT: put_number(t, "abort socket ", e->n); break;
    case EFFECT_RESET: put_number(t, "reset socket ", e->n); break;
    default: put_file(v, t, e); break;
    }
}

void trace_line_effect(const struct trace_view *v, struct trace_text *t,
                       const struct trace_effect *e)
{
    switch (e->kind) {
    case EFFECT_SEND:
    case EFFECT_SPAWN: put_to(v, t, e); break;
    case EFFECT_STOP:
        trace_text_word(t, "stop: ");
        trace_text_word(t, trace_stop_reason(e->n));
        break;
    case EFFECT_MONITOR:
    case EFFECT_DEMONITOR:
        trace_text_word(t, e->kind == EFFECT_MONITOR ? "monitor " : "demonitor ");
        put_ref(v, t, e->ref);
        break;
    case EFFECT_TIMER_START:
        put_number(t, "timer ", e->n);
        trace_text_word(t, " in ");
        trace_text_time(t, e->value <= UINT64_MAX / 1000 ? e->value * 1000 : UINT64_MAX);
        break;
    case EFFECT_TIMER_STOP: put_number(t, "stop timer ", e->n); break;
    default: put_socket(v, t, e); break;
    }
}
