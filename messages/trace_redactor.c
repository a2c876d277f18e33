/* messages/trace_redactor.c -- see trace_redactor.h
 *
 * The second pass makes *patches*: such bytes of such a text belong to such a place of a record. Where two are about
 * the same byte, that of the text that begins first counts, then that of the longer one. So it depends on the bytes
 * around alone what becomes of them, not on how they were cut into records. A flow makes none that would not count
 * (redact_matches.h); two are about one byte where it is in two flows, or found behind its name.
 */
#include "messages/redact_heads.h"
#include "messages/trace_format.h"
#include "messages/trace_redactor_state.h"
#include <stdio.h>

static bool is_cut(const struct trace_bytes *b)
{
    return b->kept < b->length;
}

/* ---- learning ---- */

static void on_found(void *context, const struct redact_found *f)
{
    struct redactor *d = context;
    char what[REDACT_WHAT_MAX];
    snprintf(what, sizeof what, "%s %.*s", redact_place_name(f->place), (int)f->name_length,
             f->name);
    if (f->partial)
        redact_texts_learn_part(d->texts, f->bytes, f->length, what);
    else
        redact_texts_learn(d->texts, f->bytes, f->length, f->coding, what);
}

void redactor_learn_bytes(struct redactor *d, const uint8_t *bytes, size_t length)
{
    struct redact_flow none = {0};
    redact_plain(&d->eyes, &none, 0, bytes, length);
}

static void learn_text(struct redactor *d, const char *text)
{
    redactor_learn_bytes(d, (const uint8_t *)text, strlen(text));
}

static void learn_filter(struct redactor *d, const char *text)
{
    struct redact_flow none = {0};
    redact_filter(&d->eyes, &none, 0, (const uint8_t *)text, strlen(text));
}

static void keep_text(struct redactor *d, const char *text)
{
    redact_texts_keep(d->texts, text, strlen(text));
}

/* What a file says of itself: its names have to stay, its options and settings may have secrets. */
static void learn_file(struct redactor *d, const struct trace_reader *reader)
{
    size_t length;
    const struct trace_about *a = trace_reader_about(reader);
    if (!a || (d->knows_file && a->wall_us == d->wall_us && a->process == d->process))
        return;
    d->knows_file = true;
    d->wall_us = a->wall_us;
    d->process = a->process;
    for (unsigned type = FRAME_KINDS; type <= FRAME_EFFECTS; type++) {
        const uint8_t *image = trace_reader_image(reader, type, &length);
        if (image)
            redact_texts_keep(d->texts, image, length);
    }
    keep_text(d, a->program);
    keep_text(d, a->build);
    keep_text(d, a->protocol);
    keep_text(d, a->system);
    learn_text(d, a->options);
    for (const struct trace_setting *s = trace_reader_settings(reader); s->name; s++) {
        keep_text(d, s->name);
        if (trace_setting_is_expression(s))
            learn_filter(d, s->value);
        else
            learn_text(d, s->value);
    }
}

void redactor_learn(struct redactor *d, const struct trace_reader *reader,
                    const struct trace_record *r)
{
    learn_file(d, reader);
    redact_walk_record(d->walk, reader, r);
}

static void on_part(void *context, const struct redact_text *text, struct redact_spot spot,
                    uint32_t from, uint32_t length)
{
    patches_add(context, text, spot, from, length);
}

void redactor_learned(struct redactor *d)
{
    const char *value;
    size_t length;
    d->records = redact_walk_records(d->walk);
    redact_walk_free(d->walk);
    for (unsigned i = 0; (value = redact_rules_value(d->rules, i, &length)); i++)
        redact_texts_learn(d->texts, (const uint8_t *)value, length, REDACT_PLAIN, "value");
    redact_texts_close(d->texts);
    d->eyes.found = NULL;
    d->eyes.sink = (struct redact_sink){d->texts, on_part, &d->patches, NULL};
    d->walk = redact_walk_new(&d->eyes);
}

/* ---- finding ---- */

void redactor_find(struct redactor *d, const struct trace_reader *reader,
                   const struct trace_record *r)
{
    if (redact_walk_records(d->walk) < d->records)
        redact_walk_record(d->walk, reader, r);
}

void redactor_found(struct redactor *d)
{
    d->records = redact_walk_records(d->walk);
    redact_walk_free(d->walk);
    d->walk = NULL;
    patches_sort(&d->patches);
    for (size_t i = 0; i < d->patches.count; i++)
        d->places += d->patches.at[i].from == 0;
}

/* ---- applying ---- */

static void patch_bytes(struct redactor *d, const struct patch *p, size_t count, uint8_t *bytes)
{
    d->taken.length = 0;
    for (size_t i = 0; i < count; i++) {
        const struct redact_text *text = redact_texts_number(d->texts, p[i].text);
        patch_take(&p[i], &d->taken, text->replacement + p[i].from, bytes);
    }
}

/* The patches of the place, which are the next ones. */
static const struct patch *patches_of(struct redactor *d, uint8_t place, size_t *count)
{
    const struct patches *p = &d->patches;
    const struct patch *first = d->next < p->count ? &p->at[d->next] : NULL;
    bool here = first && first->record == d->applied && first->place == place;
    *count = here ? patches_of_place(p, d->next) : 0;
    d->next += *count;
    return first;
}

static uint8_t *copied(struct redact_bytes *into, const void *bytes, size_t length)
{
    into->length = 0;
    redact_bytes_put(into, bytes, length);
    redact_bytes_add(into, '\0');
    return into->at;
}

static void apply_span(struct redactor *d, unsigned i)
{
    struct trace_bytes *b = &d->record.spans[i];
    size_t count;
    const struct patch *p = patches_of(d, (uint8_t)i, &count);
    if (is_cut(b))
        b->hash = redact_texts_hash(d->texts, b->hash, b->length);
    if (!count)
        return;
    b->bytes = copied(&d->spans[i], b->bytes, b->kept);
    patch_bytes(d, p, count, d->spans[i].at);
}

/* Of the effect that ends there: the hash of what was left out stands before the bytes, of which there may be none. */
static size_t hash_place(const struct trace_effect *e, size_t end)
{
    size_t behind = e->has & EFFECT_HAS_LENGTH ? sizeof e->length : 0;
    return end - behind - e->bytes.kept - sizeof e->bytes.hash;
}

static bool hash_effects(struct redactor *d, const struct trace_reader *reader, bool write)
{
    struct trace_effect e;
    bool some = false;
    for (size_t at = 0; trace_effect_next_any(reader, &d->record, &at, &e);) {
        if (!(e.has & EFFECT_HAS_BYTES) || !is_cut(&e.bytes))
            continue;
        some = true;
        uint64_t hash = redact_texts_hash(d->texts, e.bytes.hash, e.bytes.length);
        if (write)
            memcpy(d->effects.at + hash_place(&e, at), &hash, sizeof hash);
    }
    return some;
}

static void apply_effects(struct redactor *d, const struct trace_reader *reader)
{
    size_t count;
    const struct patch *p = patches_of(d, REDACT_EFFECTS, &count);
    bool hashes = hash_effects(d, reader, false);
    if (!count && !hashes)
        return;
    copied(&d->effects, d->record.effects, d->record.effects_length);
    if (hashes)
        hash_effects(d, reader, true);
    patch_bytes(d, p, count, d->effects.at);
    d->record.effects = d->effects.at;
}

const struct trace_record *redactor_apply(struct redactor *d, const struct trace_reader *reader,
                                          const struct trace_record *r)
{
    size_t count;
    if (d->applied == d->records)
        return NULL;
    d->record = *r;
    if (r->what == TRACE_CALL)
        for (unsigned i = 0; i < r->kind->span_count; i++)
            apply_span(d, i);
    apply_effects(d, reader);
    const struct patch *p = patches_of(d, REDACT_NOTE, &count);
    if (count) {
        d->record.text = (char *)copied(&d->text, r->text, strlen(r->text));
        patch_bytes(d, p, count, d->text.at);
    }
    d->applied++;
    return &d->record;
}

/* ---- texts beside the records ---- */

typedef void look(struct redact_eyes *eyes, const struct redact_flow *flow, uint64_t base,
                  const uint8_t *bytes, size_t length);

static void hide(struct redactor *d, uint8_t *bytes, size_t length, look *look_at)
{
    struct patches found = {0};
    struct redact_eyes eyes = {d->rules, {d->texts, on_part, &found, NULL}, NULL, NULL};
    struct redact_flow flow = {0};
    redact_flow_feed(&flow, &eyes.sink, bytes, length, (struct redact_spot){0});
    redact_flow_settle(&flow, &eyes.sink);
    look_at(&eyes, &flow, 0, bytes, length);
    patches_sort(&found);
    patch_bytes(d, found.at, found.count, bytes);
    redact_flow_free(&flow);
    free(found.at);
}

void redactor_hide(struct redactor *d, uint8_t *bytes, size_t length)
{
    hide(d, bytes, length, redact_plain);
}

static char *hidden(struct redactor *d, const char *text, look *look_at)
{
    size_t length = strlen(text);
    char *out = redact_grown(NULL, length + 1);
    memcpy(out, text, length + 1);
    hide(d, (uint8_t *)out, length, look_at);
    return out;
}

char *redactor_text(struct redactor *d, const char *text)
{
    return hidden(d, text, redact_plain);
}

char *redactor_setting(struct redactor *d, const struct trace_setting *setting)
{
    return hidden(d, setting->value,
                  trace_setting_is_expression(setting) ? redact_filter : redact_plain);
}

struct redactor_sums redactor_sums(const struct redactor *d)
{
    struct redactor_sums sums = {.places = d->places};
    redact_texts_count(d->texts, &sums.values, &sums.in_place);
    return sums;
}

/* ---- begin and end ---- */

struct redactor *redactor_new(struct redact_rules *rules, const void *key, size_t key_length)
{
    struct redactor *d = redact_zeroed(sizeof *d);
    d->rules = rules;
    d->texts = redact_texts_new(key, key_length);
    d->eyes = (struct redact_eyes){rules, {NULL, NULL, NULL, NULL}, on_found, d};
    d->walk = redact_walk_new(&d->eyes);
    return d;
}

void redactor_free(struct redactor *d)
{
    if (d->walk)
        redact_walk_free(d->walk);
    redact_texts_free(d->texts);
    for (unsigned i = 0; i < TRACE_SPANS_MAX; i++)
        free(d->spans[i].at);
    free(d->effects.at);
    free(d->text.at);
    free(d->taken.at);
    free(d->patches.at);
    free(d);
}
