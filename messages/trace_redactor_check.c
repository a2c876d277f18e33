/* messages/trace_redactor_check.c -- does what was redacted hold a secret still? See trace_redactor.h
 *
 * Three ways to look, each for what the others may miss: the streams of the new records, for texts however they are
 * cut; each place that was to be replaced, also of what is not looked for everywhere; and the bare bytes of the file.
 */
#include "messages/trace_redactor_state.h"

struct redactor_check {
    struct redactor *redactor;
    redactor_left *left;
    void *context;
    const struct trace_record *record; /* the one that is looked at */
    struct redact_eyes eyes;
    struct redact_walk *walk;
    size_t next; /* patch */
    struct redact_bytes taken;
    bool too_many;
    uint32_t node; /* of the file's bytes */
    uint64_t offset;
};

static void on_end(void *context, const struct redact_text *text)
{
    struct redactor_check *c = context;
    if (c->record)
        c->left(c->context, text->what, c->record);
}

static const uint8_t *bytes_at(const struct trace_record *r, const struct patch *p)
{
    size_t end = (size_t)p->offset + p->length;
    if (p->place == REDACT_NOTE)
        return r->text && strlen(r->text) >= end ? (const uint8_t *)r->text + p->offset : NULL;
    if (p->place == REDACT_EFFECTS)
        return r->effects_length >= end ? r->effects + p->offset : NULL;
    bool has = r->what == TRACE_CALL && p->place < r->kind->span_count;
    return has && r->spans[p->place].kept >= end ? r->spans[p->place].bytes + p->offset : NULL;
}

/* Of a text that is cut, parts may stay what they were by chance; the streams show that it is not whole. The same is
 * true of one that lies partly within another. */
static void check_patch(struct redactor_check *c, const struct patch *p)
{
    const struct redact_text *text = redact_texts_number(c->redactor->texts, p->text);
    const uint8_t *bytes = bytes_at(c->record, p);
    bool is_whole = patch_take(p, &c->taken, NULL, NULL) && p->length == text->length;
    bool same = bytes && memcmp(bytes, text->bytes + p->from, p->length) == 0;
    bool could_differ = memcmp(text->bytes, text->replacement, text->length) != 0;
    if (!bytes || (same && is_whole && could_differ))
        c->left(c->context, text->what, c->record);
}

static void check_place(struct redactor_check *c)
{
    const struct patches *p = &c->redactor->patches;
    c->taken.length = 0;
    for (size_t n = patches_of_place(p, c->next); n; n--)
        check_patch(c, &p->at[c->next++]);
}

void redactor_check_record(struct redactor_check *c, const struct trace_reader *reader,
                           const struct trace_record *r)
{
    const struct redactor *d = c->redactor;
    uint32_t number = redact_walk_records(c->walk);
    c->record = r;
    c->too_many |= number >= d->records;
    while (c->next < d->patches.count && d->patches.at[c->next].record == number)
        check_place(c);
    redact_walk_record(c->walk, reader, r);
    c->record = NULL;
}

bool redactor_check_end(struct redactor_check *c)
{
    return !c->too_many && redact_walk_records(c->walk) == c->redactor->records;
}

void redactor_check_bytes(struct redactor_check *c, const uint8_t *bytes, size_t length,
                          redactor_left_bytes *left, void *context)
{
    const struct redact_texts *texts = c->redactor->texts;
    const struct redact_search *search = redact_texts_search(texts);
    uint32_t number, at;
    for (size_t i = 0; i < length;) {
        size_t n = redact_search_run(search, &c->node, bytes + i, length - i);
        c->offset += n;
        i += n;
        at = c->node;
        if (!(number = redact_search_hit(search, &at)))
            continue;
        const struct redact_text *text = redact_texts_number(texts, number);
        left(context, text->what, c->offset - text->length);
    }
}

struct redactor_check *redactor_check_new(struct redactor *d, redactor_left *left, void *context)
{
    struct redactor_check *c = redact_zeroed(sizeof *c);
    c->redactor = d;
    c->left = left;
    c->context = context;
    /* the same rules: so the same streams are taken for chunked ones */
    c->eyes = (struct redact_eyes){d->rules, {d->texts, NULL, c, on_end}, NULL, NULL};
    c->walk = redact_walk_new(&c->eyes);
    return c;
}

void redactor_check_free(struct redactor_check *c)
{
    redact_walk_free(c->walk);
    free(c->taken.at);
    free(c);
}
