/* tests/trace_rig.c -- see trace_rig.h */
#include "tests/trace_rig.h"
#include "messages/kinds.h"
#include "runtime/worker.h"
#include "tests/check.h"
#include <stdlib.h>

uint64_t rig_now_ns;

static uint64_t clock_ns(void)
{
    return ++rig_now_ns;
}

uint32_t rig_random(uint32_t below)
{
    static uint64_t state;
    if (!state)
        state = test_seed | 1;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32) % below;
}

/* ---- texts ---- */

void text_begin(struct text *t)
{
    t->text = NULL;
    t->file = open_memstream(&t->text, &t->length);
    if (!t->file)
        abort();
}

const char *text_of(struct text *t)
{
    fflush(t->file);
    return t->text;
}

void text_free(struct text *t)
{
    fclose(t->file);
    free(t->text);
}

static void text_move(struct text *to, struct text *from)
{
    fputs(text_of(from), to->file);
    text_free(from);
    text_begin(from);
}

/* ---- the words ---- */

/* Bytes as their length, how many are kept, and a sum of these. */
static void put_bytes(FILE *out, const char *name, const uint8_t *bytes, size_t length, size_t kept)
{
    uint32_t sum = 2166136261u;
    for (size_t i = 0; i < kept; i++)
        sum = (sum ^ bytes[i]) * 16777619u;
    fprintf(out, " %s=<%zu,%zu,%08x>", name, length, kept, sum);
}

struct line {
    const char *what, *type, *kind;
    unsigned worker;
    struct actor_ref to, from;
    uint32_t number, exchange, actor_exchange;
    unsigned flags;
    uint64_t now_us;
};

static void put_line(FILE *out, const struct line *l)
{
    fprintf(out, "\n%s %s %s w%u %u.%u<-%u.%u #%u x%u/%u f%x @%" PRIu64, l->what, l->type, l->kind,
            l->worker, l->to.place, l->to.generation, l->from.place, l->from.generation, l->number,
            l->exchange, l->actor_exchange, l->flags, l->now_us);
}

/* ---- the spy ---- */

static size_t kept_of(const struct rig *r, bool is_body, size_t length)
{
    return is_body && length > r->bodies_max ? r->bodies_max : length;
}

static const char *name_of(const struct rig *r, const struct actor_type *type)
{
    for (const struct actor_type *const *t = r->types; *t; t++)
        if (*t == type)
            return type->name;
    return NULL;
}

static uint32_t *heard_of(struct rig *r, const struct actor *a)
{
    uint32_t i = (ref_slot(a->ref) & 0x3ff) | ref_worker(a->ref) << 10;
    if (r->generation[i] != a->ref.generation)
        r->heard[i] = 0;
    r->generation[i] = a->ref.generation;
    return &r->heard[i];
}

static uint64_t field_value(const uint8_t *at, uint8_t type)
{
    uint64_t wide = 0;
    struct actor_ref ref;
    if (type == FIELD_ref) {
        memcpy(&ref, at, sizeof ref);
        return ref_bits(ref);
    }
    static const uint8_t widths[] = {[FIELD_u8] = 1,  [FIELD_u16] = 2, [FIELD_u32] = 4,
                                     [FIELD_u64] = 8, [FIELD_i32] = 4, [FIELD_flag] = 1};
    memcpy(&wide, at, widths[type]);
    return wide;
}

static bool is_body(const char *field)
{
    return !strcmp(field, "bytes") || !strcmp(field, "body") || !strcmp(field, "records");
}

static void put_fields(struct rig *r, const struct message *m)
{
    FILE *out = r->call.file;
    for (const struct field_info *f = message_kind_info(m->kind)->fields; f->name; f++) {
        const uint8_t *at = m->payload.bytes + f->offset;
        struct span s;
        if (f->type != FIELD_span) {
            fprintf(out, " %s=%" PRIu64, f->name, field_value(at, f->type));
            continue;
        }
        memcpy(&s, at, sizeof s);
        put_bytes(out, f->name, span_bytes(s), s.length, kept_of(r, is_body(f->name), s.length));
    }
}

static void begin_call(struct rig *r, const struct actor *a, const struct line *l)
{
    r->open = true;
    put_line(r->call.file, l);
    (void)a;
}

/* What was said to come at once comes now, or something else. */
static void keep_promise(struct rig *r, const struct actor *a, bool as_promised)
{
    if (r->goes_on && (r->last_actor != ref_bits(a->ref) || !as_promised))
        r->broken++;
    r->goes_on = false;
    r->last_actor = ref_bits(a->ref);
}

static void spy_input(void *context, const struct actor *a, const struct message *m, uint64_t now)
{
    struct rig *r = context;
    const char *type = name_of(r, a->type);
    keep_promise(r, a, r->last_kind == m->kind);
    r->last_kind = m->kind;
    if (r->also)
        r->also->input(r->also->context, a, m, now);
    recorder_hooks(r->recorder)->input(recorder_hooks(r->recorder)->context, a, m, now);
    if (!type)
        return;
    begin_call(r, a,
               &(struct line){"call", type, message_kind_info(m->kind)->name, a->worker->index,
                              a->ref, m->from, ++*heard_of(r, a), m->exchange, a->exchange,
                              m->flags, now});
    put_fields(r, m);
}

static void put_effect(struct rig *r, const struct effect *e)
{
    FILE *out = r->call.file;
    unsigned has = effect_has(e->kind);
    char text[ADDRESS_TEXT_MAX];
    fprintf(out, " +%s", effect_name(e->kind));
    if (has & EFFECT_HAS_N)
        fprintf(out, " n=%u", e->n);
    if (has & EFFECT_HAS_VALUE)
        fprintf(out, " value=%" PRIu64, e->value);
    if (has & EFFECT_HAS_REF)
        fprintf(out, " ref=%u.%u", e->ref.place, e->ref.generation);
    if (has & EFFECT_HAS_TYPE)
        fprintf(out, " type=%s", name_of(r, e->type) ? e->type->name : "?");
    if (has & EFFECT_HAS_MESSAGE)
        fprintf(out, " %s", message_kind_info(e->message->kind)->name);
    if (has & EFFECT_HAS_ADDRESS)
        fprintf(out, " at=%s", address_print(e->address, text));
    if (has & EFFECT_HAS_BYTES)
        put_bytes(out, "bytes", e->bytes, e->length,
                  kept_of(r, e->kind == EFFECT_WRITE || e->kind == EFFECT_FILE_WRITE, e->length));
    if (has & EFFECT_HAS_LENGTH)
        fprintf(out, " length=%zu", e->length);
}

static void spy_effect(void *context, const struct actor *a, const struct effect *e)
{
    struct rig *r = context;
    if (r->also)
        r->also->effect(r->also->context, a, e);
    recorder_hooks(r->recorder)->effect(recorder_hooks(r->recorder)->context, a, e);
    if (r->open && name_of(r, a->type))
        put_effect(r, e);
}

static void finish_call(struct rig *r)
{
    r->open = false;
    text_move(&r->seen, &r->call);
    text_move(&r->seen, &r->unheard);
}

static void spy_handled(void *context, const struct actor *a, bool goes_on)
{
    struct rig *r = context;
    recorder_hooks(r->recorder)->handled(recorder_hooks(r->recorder)->context, a, goes_on);
    r->goes_on = goes_on;
    r->went_on += goes_on;
    if (r->open)
        finish_call(r);
}

static void spy_ending(void *context, const struct actor *a)
{
    struct rig *r = context;
    const char *type = name_of(r, a->type);
    keep_promise(r, a, true);
    recorder_hooks(r->recorder)->ending(recorder_hooks(r->recorder)->context, a);
    if (type)
        begin_call(r, a,
                   &(struct line){"end", type, "-", a->worker->index, a->ref, NOBODY,
                                  *heard_of(r, a), 0, a->exchange, a->stop_reason,
                                  a->worker->now_us});
}

static void spy_reaped(void *context, const struct actor *a)
{
    struct rig *r = context;
    if (r->also && r->also->reaped)
        r->also->reaped(r->also->context, a);
    spy_handled(context, a, false);
}

static void spy_undelivered(void *context, const struct worker *w, const struct message *m)
{
    struct rig *r = context;
    recorder_hooks(r->recorder)->undelivered(recorder_hooks(r->recorder)->context, w, m);
    put_line(r->open ? r->unheard.file : r->seen.file,
             &(struct line){"unheard", "-", message_kind_info(m->kind)->name, w->index, m->to,
                            m->from, 0, m->exchange, 0, m->flags, w->now_us});
}

void rig_input(struct rig *r, struct actor *a, const struct message *m, uint64_t now)
{
    a->heard = *heard_of(r, a) + 1;
    r->hooks.input(r, a, m, now);
}

/* ---- the rig ---- */

static void on_wake(void *context)
{
    ((struct rig *)context)->wakes++;
}

void rig_create(struct rig *r, const struct actor_type *const *types, unsigned workers,
                size_t ring_bytes, uint32_t bodies_max)
{
    static const struct trace_setting texts[] = {{"moon", "full"}, {NULL, NULL}};
    static const struct trace_about about = {.wall_us = 1700000000000000,
                                             .clock_ns = 5,
                                             .workers = 2,
                                             .bodies_max = 17,
                                             .process = 4711,
                                             .program = "rig",
                                             .build = "1.2",
                                             .options = "--moon",
                                             .protocol = "1.29.0",
                                             .system = "Moon"};
    int error;
    memset(r, 0, sizeof *r);
    messages_init();
    rig_now_ns = 0;
    r->types = types;
    r->bodies_max = bodies_max;
    r->recorder = recorder_new(&(struct recorder_options){.types = types,
                                                          .workers = workers,
                                                          .ring_bytes = ring_bytes,
                                                          .bodies_max = bodies_max,
                                                          .ticks = clock_ns,
                                                          .wake = on_wake,
                                                          .context = r},
                               &error);
    REQUIRE(r->recorder != NULL);
    r->encoder = trace_encoder_new(&about, types, texts);
    trace_encode_beginning(r->encoder, &r->out, 0, "a test");
    r->hooks = (struct hooks){.input = spy_input,
                              .effect = spy_effect,
                              .handled = spy_handled,
                              .ending = spy_ending,
                              .reaped = spy_reaped,
                              .undelivered = spy_undelivered,
                              .context = r};
    text_begin(&r->seen);
    text_begin(&r->call);
    text_begin(&r->unheard);
}

uint64_t rig_drain(struct rig *r)
{
    const struct recorded *h;
    uint64_t count = 0;
    while ((h = recorder_next(r->recorder, UINT64_MAX))) {
        count += h->entry->what != ENTRY_LAGGED;
        trace_encode_entry(r->encoder, &r->out, h);
        recorder_took(r->recorder, h);
    }
    r->entries += count;
    return count;
}

void rig_destroy(struct rig *r)
{
    recorder_free(r->recorder);
    trace_encoder_free(r->encoder);
    free(r->out.bytes);
    text_free(&r->seen);
    text_free(&r->call);
    text_free(&r->unheard);
}

/* ---- reading ---- */

static void put_trace_bytes(FILE *out, const char *name, const struct trace_bytes *b)
{
    put_bytes(out, name, b->bytes, b->length, b->kept);
}

static void put_trace_effect(FILE *out, const struct trace_effect *e)
{
    fprintf(out, " +%s", e->kind == EFFECT_KINDS ? "?" : effect_name(e->kind));
    if (e->has & EFFECT_HAS_N)
        fprintf(out, " n=%u", e->n);
    if (e->has & EFFECT_HAS_VALUE)
        fprintf(out, " value=%" PRIu64, e->value);
    if (e->has & EFFECT_HAS_REF)
        fprintf(out, " ref=%u.%u", e->ref.place, e->ref.generation);
    if (e->has & EFFECT_HAS_TYPE)
        fprintf(out, " type=%s", e->type ? e->type : "?");
    if (e->has & EFFECT_HAS_MESSAGE)
        fprintf(out, " %s", e->message ? e->message->name : "?");
    if (e->has & EFFECT_HAS_ADDRESS)
        fprintf(out, " at=%s", e->address);
    if (e->has & EFFECT_HAS_BYTES)
        put_trace_bytes(out, "bytes", &e->bytes);
    if (e->has & EFFECT_HAS_LENGTH)
        fprintf(out, " length=%" PRIu64, e->length);
}

static void put_what_followed(FILE *out, const struct trace_reader *reader,
                              const struct trace_record *r)
{
    struct trace_effect e;
    size_t at = 0;
    while (trace_effect_next_any(reader, r, &at, &e))
        put_trace_effect(out, &e);
}

static void put_trace_fields(FILE *out, const struct trace_record *r)
{
    for (unsigned i = 0; i < r->kind->field_count; i++) {
        const struct trace_field *f = &r->kind->fields[i];
        if (f->type == FIELD_span)
            put_trace_bytes(out, f->name, &r->spans[f->span]);
        else
            fprintf(out, " %s=%" PRIu64, f->name, r->values[i]);
    }
}

void rig_line(struct text *text, const struct trace_reader *reader, const struct trace_record *r)
{
    static const char *const whats[] = {"call", "end", "unheard", "lagged", "note"};
    FILE *out = text->file;
    if (r->what == TRACE_LAGGED || r->what == TRACE_NOTE) {
        fprintf(out, "\n%s w%u %" PRIu64 " %s", whats[r->what], r->worker, r->lost,
                r->text ? r->text : "");
        return;
    }
    put_line(out, &(struct line){whats[r->what], r->type ? r->type : "-",
                                 r->kind ? r->kind->name : "-", r->worker, r->to, r->from,
                                 r->number, r->exchange, r->actor_exchange, r->flags, r->now_us});
    if (r->what == TRACE_CALL)
        put_trace_fields(out, r);
    put_what_followed(out, reader, r);
}

void rig_read(struct text *out, const uint8_t *bytes, size_t length)
{
    struct trace_reader *reader = trace_reader_new();
    struct trace_record r;
    enum trace_got got;
    trace_reader_feed(reader, bytes, length);
    trace_reader_end(reader);
    while ((got = trace_reader_next(reader, &r)) != TRACE_MORE) {
        if (got == TRACE_RECORD)
            rig_line(out, reader, &r);
        if (got == TRACE_BAD)
            fprintf(out->file, "\nbad %s", trace_reader_error(reader));
    }
    trace_reader_free(reader);
}

static void tell(struct text *out, struct trace_reader *reader)
{
    struct trace_record r;
    enum trace_got got;
    while ((got = trace_reader_next(reader, &r)) != TRACE_MORE) {
        switch (got) {
        case TRACE_RECORD:
            fprintf(out->file, "record %" PRIu64 " at %" PRIu64 "\n", r.sequence, r.offset);
            break;
        case TRACE_BEGUN:
            fprintf(out->file, "part %u of %s\n", trace_reader_about(reader)->part,
                    trace_reader_about(reader)->program);
            break;
        default: fprintf(out->file, "bad %s\n", trace_reader_error(reader)); break;
        }
    }
}

void rig_story(struct text *out, const uint8_t *bytes, size_t length, size_t piece)
{
    struct trace_reader *reader = trace_reader_new();
    uint64_t offset;
    for (size_t at = 0, n; at < length; at += n) {
        n = piece ? 1 + rig_random((uint32_t)piece) : length;
        n = n < length - at ? n : length - at;
        trace_reader_feed(reader, bytes + at, n);
        tell(out, reader);
    }
    trace_reader_end(reader);
    tell(out, reader);
    size_t torn = trace_reader_torn(reader, &offset);
    if (torn)
        fprintf(out->file, "torn %zu at %" PRIu64 "\n", torn, offset);
    trace_reader_free(reader);
}

/* Equal texts; the first line that differs is shown. */
static void check_same(const char *got, const char *want)
{
    CU_ASSERT(strcmp(got, want) == 0);
    size_t i = 0, line = 0;
    for (; got[i] && got[i] == want[i]; i++)
        line = got[i] == '\n' ? i : line;
    if (got[i] != want[i])
        printf("\n    trace: %.*s\n    spy:   %.*s\n", (int)(1 + strcspn(got + line + 1, "\n")),
               got + line, (int)(1 + strcspn(want + line + 1, "\n")), want + line);
}

void rig_check(struct rig *r)
{
    struct text told;
    rig_drain(r);
    text_begin(&told);
    rig_read(&told, r->out.bytes, r->out.length);
    check_same(text_of(&told), text_of(&r->seen));
    text_free(&told);
}
