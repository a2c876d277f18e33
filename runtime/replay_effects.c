/* runtime/replay_effects.c -- see replay_effects.h */
#include "runtime/hash.h"
#include "runtime/replay_effects.h"
#include "runtime/replay_excerpt.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what came ---- */

static void *grow(void *old, size_t bytes)
{
    void *p = realloc(old, bytes);
    if (!p)
        heap_exhausted("a replay", bytes);
    return p;
}

static void add_bytes(struct came_effects *c, const uint8_t *bytes, size_t length)
{
    if (c->bytes_room - c->length < length) {
        c->bytes_room = (c->length + length) * 2;
        c->bytes = grow(c->bytes, c->bytes_room);
    }
    if (length)
        memcpy(c->bytes + c->length, bytes, length);
    c->length += length;
}

static bool goes_on(const struct came_effects *c, const struct effect *e)
{
    const struct effect *last = c->count ? &c->list[c->count - 1].effect : NULL;
    return e->kind == EFFECT_WRITE && last && last->kind == EFFECT_WRITE && last->n == e->n;
}

void came_effects_add(struct came_effects *c, const struct effect *e)
{
    if (e->kind == EFFECT_WRITE && e->length == 0)
        return; /* nothing of it is ever seen */
    if (goes_on(c, e)) {
        add_bytes(c, e->bytes, e->length);
        c->list[c->count - 1].effect.length += e->length;
        return;
    }
    if (c->count == c->room) {
        c->room = c->room * 2 + 16;
        c->list = grow(c->list, c->room * sizeof *c->list);
    }
    struct came_effect *x = &c->list[c->count++];
    x->effect = *e;
    x->said = e->message ? e->message->kind : 0;
    x->effect.message = NULL;
    x->at = c->length;
    if (e->address)
        x->address = *e->address;
    if (effect_has(e->kind) & EFFECT_HAS_BYTES)
        add_bytes(c, e->bytes, e->length);
}

void came_effects_free(struct came_effects *c)
{
    free(c->list);
    free(c->bytes);
}

/* ---- printing ---- */

static void add(char *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(char *out, const char *format, ...)
{
    va_list list;
    size_t at = strlen(out);
    va_start(list, format);
    vsnprintf(out + at, REPLAY_TEXT_MAX - at, format, list);
    va_end(list);
}

/* `at`: the byte that is to be seen. */
static void print(char *out, const struct effect *e, uint16_t said, const struct address *address,
                  struct excerpt bytes, size_t at)
{
    unsigned has = effect_has(e->kind);
    char text[ADDRESS_TEXT_MAX];
    *out = '\0';
    add(out, "%s", effect_name(e->kind));
    if (has & EFFECT_HAS_MESSAGE)
        add(out, " %s", message_kind_info(said)->name);
    if (has & EFFECT_HAS_N)
        add(out, " n=%" PRIu32, e->n);
    if (has & EFFECT_HAS_VALUE)
        add(out, " value=%" PRIu64, e->value);
    if (has & EFFECT_HAS_REF)
        add(out, " ref=%u/%" PRIu32 ".%" PRIu32, ref_worker(e->ref), ref_slot(e->ref),
            e->ref.generation);
    if (has & EFFECT_HAS_TYPE)
        add(out, " type=%s", e->type ? e->type->name : "?");
    if (has & EFFECT_HAS_ADDRESS)
        add(out, " address=%s", address_print(address, text));
    if (has & (EFFECT_HAS_BYTES | EFFECT_HAS_LENGTH))
        add(out, " length=%zu", bytes.length);
    if (has & EFFECT_HAS_BYTES)
        excerpt_print(out, bytes, at);
}

/* ---- comparing ---- */

static bool same_type(const struct actor_type *a, const struct actor_type *b)
{
    return a == b || (a && b && strcmp(a->name, b->name) == 0);
}

static bool same_values(const struct effect *a, const struct effect *b)
{
    return a->kind == b->kind && a->n == b->n && a->value == b->value &&
           ref_equal(a->ref, b->ref) && same_type(a->type, b->type);
}

/* Redacted ones that were cut go by their length: of two secrets that begin alike, the beginning that was kept became
 * that of one of them. */
static bool same_bytes(const uint8_t *came, const struct replay_effect *x)
{
    bool is_cut = x->kept < x->effect.length;
    if (is_cut && hash_is_hidden(x->hash))
        return true;
    if (is_cut && !hash_fits(x->hash, came, x->effect.length))
        return false;
    return x->kept == 0 || memcmp(came, x->effect.bytes, x->kept) == 0;
}

/* Expected writes may be in several pieces: they are one byte string. Returns how many pieces there were; 0:
 * they differ. */
static size_t same_written(const struct came_effect *came, const uint8_t *bytes,
                           const struct replay_effect *expected, size_t count)
{
    size_t done = 0, i = 0;
    for (; i < count && expected[i].effect.kind == EFFECT_WRITE &&
           expected[i].effect.n == came->effect.n;
         i++) {
        size_t length = expected[i].effect.length;
        if (length > came->effect.length - done || !same_bytes(bytes + done, &expected[i]))
            return 0;
        done += length;
    }
    return done == came->effect.length ? i : 0;
}

static bool same_effect(const struct came_effect *came, const uint8_t *bytes,
                        const struct replay_effect *x)
{
    unsigned has = effect_has(came->effect.kind);
    if (!same_values(&came->effect, &x->effect) || came->said != x->said ||
        came->effect.length != x->effect.length)
        return false;
    if ((has & EFFECT_HAS_ADDRESS) && !address_equal(&came->address, x->effect.address))
        return false;
    return !(has & EFFECT_HAS_BYTES) || same_bytes(bytes, x);
}

static size_t same_next(const struct came_effects *came, size_t i, const struct replay_effect *x,
                        size_t left)
{
    const struct came_effect *c = &came->list[i];
    if (i == came->count || left == 0)
        return 0;
    if (c->effect.kind == EFFECT_WRITE && x->effect.kind == EFFECT_WRITE &&
        c->effect.n == x->effect.n)
        return same_written(c, came->bytes + c->at, x, left);
    return same_effect(c, came->bytes + c->at, x);
}

/* ---- where they part ---- */

static bool has_bytes(const struct effect *e)
{
    return effect_has(e->kind) & EFFECT_HAS_BYTES;
}

static struct excerpt bytes_came(const struct came_effects *c, const struct came_effect *x)
{
    size_t length = x->effect.length;
    return (struct excerpt){c->bytes + x->at, has_bytes(&x->effect) ? length : 0, length};
}

static bool is_same_write(const struct replay_effect *a, const struct replay_effect *b)
{
    return a->effect.kind == EFFECT_WRITE && b->effect.kind == EFFECT_WRITE &&
           a->effect.n == b->effect.n;
}

/* Of all pieces of a write, up to the first that was cut short and is not what came. The bytes are in `all`. */
static struct excerpt bytes_expected(struct came_effects *all, const struct replay_effect *x,
                                     size_t count, struct excerpt came)
{
    bool known = has_bytes(&x->effect);
    size_t length = 0;
    for (size_t i = 0; i < count && (i == 0 || is_same_write(x, &x[i])); i++) {
        size_t piece = x[i].effect.length;
        bool came_so = length + piece <= came.known && same_bytes(came.bytes + length, &x[i]);
        bool is_cut = x[i].kept < piece && !came_so;
        if (known)
            add_bytes(all, came_so ? came.bytes + length : x[i].effect.bytes,
                      is_cut ? x[i].kept : piece);
        known = known && !is_cut;
        length += piece;
    }
    return (struct excerpt){all->bytes, all->length, length};
}

/* Both are there, and their bytes are not the same. */
static size_t parting(const struct came_effect *c, struct excerpt came,
                      const struct replay_effect *x, struct excerpt expected)
{
    if (c->effect.kind != x->effect.kind || !has_bytes(&x->effect))
        return EXCERPT_SAME;
    size_t at = excerpt_parting(came, expected);
    /* only what was left out can make the difference, if nothing else does */
    return at == EXCERPT_SAME && same_values(&c->effect, &x->effect) ? expected.known : at;
}

/* c, x NULL: nothing more. */
static void say_difference(struct replay_difference *d, const struct came_effects *all,
                           const struct came_effect *c, const struct replay_effect *x, size_t count)
{
    struct came_effects pieces = {0};
    struct excerpt came = {0}, expected = {0};
    if (c)
        came = bytes_came(all, c);
    if (x)
        expected = bytes_expected(&pieces, x, count, came);
    size_t at = c && x ? parting(c, came, x, expected) : EXCERPT_SAME;
    snprintf(d->expected, REPLAY_TEXT_MAX, "nothing more");
    snprintf(d->came, REPLAY_TEXT_MAX, "nothing more");
    if (x)
        print(d->expected, &x->effect, x->said, x->effect.address, expected, at);
    if (c)
        print(d->came, &c->effect, c->said, &c->address, came, at);
    excerpt_say(d->what, sizeof d->what, "it", expected, at);
    came_effects_free(&pieces);
}

bool replay_effects_same(const struct came_effects *came, const struct replay_effect *expected,
                         size_t count, struct replay_difference *d)
{
    size_t i = 0, at = 0;
    while (i < came->count || at < count) {
        if (at < count && expected[at].effect.kind == EFFECT_WRITE &&
            expected[at].effect.length == 0) {
            at++;
            continue;
        }
        size_t pieces = same_next(came, i, expected + at, count - at);
        if (!pieces) {
            snprintf(d->what, sizeof d->what, "effect %zu is not the one that was recorded", i + 1);
            say_difference(d, came, i < came->count ? &came->list[i] : NULL,
                           at < count ? &expected[at] : NULL, count - at);
            return false;
        }
        at += pieces;
        i++;
    }
    return true;
}
