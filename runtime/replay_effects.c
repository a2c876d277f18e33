/* runtime/replay_effects.c -- see replay_effects.h */
#include "runtime/hash.h"
#include "runtime/replay_effects.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t replay_hash(const void *bytes, size_t length)
{
    return hash_of(bytes, length);
}

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

static void print_bytes(char *out, const uint8_t *bytes, size_t length)
{
    size_t shown = length < 200 ? length : 200;
    add(out, " \"");
    for (size_t i = 0; i < shown; i++) {
        bool plain = bytes[i] >= ' ' && bytes[i] < 0x7f && bytes[i] != '\\' && bytes[i] != '"';
        add(out, plain ? "%c" : "\\x%02x", bytes[i]);
    }
    add(out, length > shown ? "\"..." : "\"");
}

static void print(char *out, const struct effect *e, uint16_t said, const struct address *address,
                  const uint8_t *bytes, size_t kept)
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
        add(out, " length=%zu", e->length);
    if (has & EFFECT_HAS_BYTES)
        print_bytes(out, bytes, kept);
}

static void print_expected(char *out, const struct replay_effect *x)
{
    if (x)
        print(out, &x->effect, x->said, x->effect.address, x->effect.bytes, x->kept);
    else
        snprintf(out, REPLAY_TEXT_MAX, "nothing more");
}

static void print_came(char *out, const struct came_effects *c, size_t i)
{
    const struct came_effect *x = &c->list[i];
    if (i < c->count)
        print(out, &x->effect, x->said, &x->address, c->bytes + x->at, x->effect.length);
    else
        snprintf(out, REPLAY_TEXT_MAX, "nothing more");
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

static bool same_bytes(const uint8_t *came, const struct replay_effect *x)
{
    if (x->kept < x->effect.length && replay_hash(came, x->effect.length) != x->hash)
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
            print_expected(d->expected, at < count ? &expected[at] : NULL);
            print_came(d->came, came, i);
            snprintf(d->what, sizeof d->what, "effect %zu is not the one that was recorded", i + 1);
            return false;
        }
        at += pieces;
        i++;
    }
    return true;
}
