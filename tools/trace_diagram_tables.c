/* tools/trace_diagram_tables.c -- texts, bytes, actors and kinds of a diagram, each kept once. */
#include "runtime/hash.h"
#include "tools/trace_diagram_parts.h"
#include "messages/wire_syntax.h"
#include <stdio.h>
#include <stdlib.h>
#include <uthash.h>

void *diagram_grown(void *array, size_t have, size_t more, size_t each)
{
    size_t before = 16, room;
    while (before < have)
        before *= 2;
    for (room = before; room < have + more;)
        room *= 2;
    if (array && room == before)
        return array;
    array = realloc(array, room * each);
    if (!array)
        heap_exhausted("a diagram", room * each);
    return array;
}

static void *zeroed(size_t bytes)
{
    void *p = calloc(1, bytes);
    if (!p)
        heap_exhausted("a diagram", bytes);
    return p;
}

/* ---- texts ---- */

struct diagram_text_node {
    uint32_t number;
    UT_hash_handle hh;
    char text[];
};

/* Controls, and what turns the order of characters round, are shown by their bytes. */
static bool is_shown(uint32_t c)
{
    return c >= 0x20 && !(c >= 0x7f && c < 0xa0) && c != 0x200e && c != 0x200f &&
           !(c >= 0x2028 && c <= 0x202e) && !(c >= 0x2066 && c <= 0x2069) && c != 0xfeff;
}

/* Bytes of the character that begins here and can be shown; 0: it cannot. */
static size_t readable(const uint8_t *at, size_t left)
{
    size_t n = *at < 0x80 ? 1 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;
    if (n > left || !wire_utf8_check(at, n))
        return 0;
    uint32_t c = n == 1 ? *at : *at & (0x7fu >> n);
    for (size_t i = 1; i < n; i++)
        c = c << 6 | (at[i] & 0x3f);
    return is_shown(c) ? n : 0;
}

/* A copy in which everything can be shown. */
static struct diagram_text_node *clean(const uint8_t *text, size_t length, size_t *out_length)
{
    struct diagram_text_node *node = zeroed(sizeof *node + 4 * length + 1);
    char *out = node->text;
    for (size_t i = 0; i < length;) {
        size_t n = readable(text + i, length - i);
        if (n) {
            memcpy(out, text + i, n);
            out += n;
            i += n;
        } else
            out += sprintf(out, "\\x%02x", text[i++]);
    }
    *out_length = (size_t)(out - node->text);
    return node;
}

uint32_t diagram_text(struct diagram *d, const char *text, size_t length)
{
    struct diagram_text_node *found, *node = clean((const uint8_t *)text, length, &length);
    HASH_FIND(hh, d->p->text_of, node->text, length, found);
    if (found) {
        free(node);
        return found->number;
    }
    node->number = d->text_count;
    d->texts = diagram_grown(d->texts, d->text_count, 1, sizeof *d->texts);
    d->texts[d->text_count++] = node->text;
    HASH_ADD_KEYPTR(hh, d->p->text_of, node->text, length, node);
    return node->number;
}

/* ---- bytes ---- */

struct diagram_blob_node {
    uint64_t hash;
    uint32_t number;
    UT_hash_handle hh;
};

static uint32_t blob_add(struct diagram *d, const uint8_t *bytes, size_t length)
{
    d->bytes = diagram_grown(d->bytes, d->byte_count, length, 1);
    d->blobs = diagram_grown(d->blobs, d->blob_count, 1, sizeof *d->blobs);
    if (length)
        memcpy(d->bytes + d->byte_count, bytes, length);
    d->blobs[d->blob_count] = (struct diagram_blob){d->byte_count, (uint32_t)length};
    d->byte_count += length;
    return d->blob_count++;
}

static bool blob_is(const struct diagram *d, uint32_t number, const uint8_t *bytes, size_t length)
{
    const struct diagram_blob *b = &d->blobs[number];
    return b->length == length && memcmp(d->bytes + b->at, bytes, length) == 0;
}

static uint32_t blob_of(struct diagram *d, const uint8_t *bytes, size_t length)
{
    struct diagram_blob_node *node;
    uint64_t hash;
    if (!d->blob_count)
        blob_add(d, NULL, 0);
    if (!length)
        return 0;
    hash = hash_of(bytes, length);
    HASH_FIND(hh, d->p->blob_of, &hash, sizeof hash, node);
    if (node && blob_is(d, node->number, bytes, length))
        return node->number;
    uint32_t number = blob_add(d, bytes, length);
    if (!node) {
        node = zeroed(sizeof *node);
        node->hash = hash;
        node->number = number;
        HASH_ADD(hh, d->p->blob_of, hash, sizeof node->hash, node);
    }
    return number;
}

void diagram_add_span(struct diagram *d, const uint8_t *bytes, size_t kept, uint64_t all)
{
    size_t shown = kept < d->options.bytes_max ? kept : (size_t)d->options.bytes_max;
    d->spans = diagram_grown(d->spans, d->span_count, 1, sizeof *d->spans);
    d->spans[d->span_count++] =
        (struct diagram_bytes){all, blob_of(d, bytes, shown), (uint32_t)kept};
}

void diagram_add_value(struct diagram *d, uint64_t value)
{
    d->values = diagram_grown(d->values, d->value_count, 1, sizeof *d->values);
    d->values[d->value_count++] = value;
}

/* ---- actors ---- */

struct diagram_actor_node {
    uint64_t bits;
    uint32_t number;
    UT_hash_handle hh;
};

static uint32_t actor_add(struct diagram *d, struct actor_ref ref, enum lifeline lifeline)
{
    d->actors = diagram_grown(d->actors, d->actor_count, 1, sizeof *d->actors);
    d->actors[d->actor_count] = (struct diagram_actor){ref, (uint8_t)lifeline, 0};
    return d->actor_count++;
}

static enum lifeline lifeline_of(const char *type)
{
    for (int i = 0; i < LIFELINES; i++)
        if (lifelines[i].type && strcmp(lifelines[i].type, type) == 0)
            return (enum lifeline)i;
    return LIFE_OTHER;
}

static void set_type(struct diagram *d, uint32_t actor, const char *type)
{
    struct diagram_actor *a = &d->actors[actor];
    if (a->type)
        return;
    uint32_t text = diagram_text(d, type, strlen(type));
    a->type = text;
    a->lifeline = (uint8_t)lifeline_of(type);
    d->p->seen[a->lifeline] = true;
}

uint32_t diagram_actor_of(struct diagram *d, struct actor_ref ref, const char *type)
{
    struct diagram_actor_node *node;
    uint64_t bits = ref_bits(ref);
    HASH_FIND(hh, d->p->actor_of, &bits, sizeof bits, node);
    if (!node) {
        node = zeroed(sizeof *node);
        node->bits = bits;
        node->number = actor_add(d, ref, LIFE_OTHER);
        HASH_ADD(hh, d->p->actor_of, bits, sizeof node->bits, node);
    }
    if (type)
        set_type(d, node->number, type);
    return node->number;
}

uint32_t diagram_outside(struct diagram *d, enum lifeline lifeline)
{
    if (!d->p->outside[lifeline])
        d->p->outside[lifeline] = actor_add(d, NOBODY, lifeline) + 1;
    return d->p->outside[lifeline] - 1;
}

/* ---- kinds ---- */

uint32_t diagram_kind_like(struct diagram *d, const struct diagram_kind *like)
{
    for (uint32_t i = 0; i < d->kind_count; i++)
        if (strcmp(d->kinds[i].name, like->name) == 0 &&
            d->kinds[i].field_count == like->field_count &&
            memcmp(d->kinds[i].fields, like->fields, sizeof like->fields) == 0)
            return i;
    d->kinds = diagram_grown(d->kinds, d->kind_count, 1, sizeof *d->kinds);
    d->kinds[d->kind_count] = *like;
    return d->kind_count++;
}

static bool kind_is(const struct diagram_kind *k, const struct trace_kind *kind)
{
    return strcmp(k->name, kind->name) == 0 && k->field_count == kind->field_count;
}

uint32_t diagram_kind_of(struct diagram *d, const struct trace_kind *kind)
{
    unsigned number = kind->number < DIAGRAM_KINDS_MAX ? kind->number : 0;
    uint32_t known = d->p->kind_of[number];
    if (known && kind_is(&d->kinds[known - 1], kind))
        return known - 1;
    struct diagram_kind k = {.field_count = kind->field_count, .span_count = kind->span_count};
    snprintf(k.name, sizeof k.name, "%s", kind->name);
    for (unsigned i = 0; i < kind->field_count; i++) { /* by parts: what lies between is compared */
        snprintf(k.fields[i].name, sizeof k.fields[i].name, "%s", kind->fields[i].name);
        k.fields[i].type = kind->fields[i].type;
        k.fields[i].span = kind->fields[i].span;
    }
    uint32_t found = diagram_kind_like(d, &k);
    d->p->kind_of[number] = found + 1;
    return found;
}

void diagram_tables_free(struct diagram *d)
{
    struct diagram_text_node *t, *t_next;
    struct diagram_blob_node *b, *b_next;
    struct diagram_actor_node *a, *a_next;
    HASH_ITER(hh, d->p->text_of, t, t_next)
    {
        HASH_DEL(d->p->text_of, t);
        free(t);
    }
    HASH_ITER(hh, d->p->blob_of, b, b_next)
    {
        HASH_DEL(d->p->blob_of, b);
        free(b);
    }
    HASH_ITER(hh, d->p->actor_of, a, a_next)
    {
        HASH_DEL(d->p->actor_of, a);
        free(a);
    }
}
