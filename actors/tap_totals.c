/* actors/tap_totals.c -- see tap_totals.h */
#include "actors/tap_totals.h"
#include "runtime/heap.h"
#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

void tap_totals_destroy(struct tap_totals *t)
{
    free(t->kinds);
    free(t->opens);
    memset(t, 0, sizeof *t);
}

void tap_copy_text(char *out, size_t room, const void *text, size_t length)
{
    const uint8_t *bytes = text;
    size_t n = length < room - 1 ? length : room - 1;
    for (size_t i = 0; i < n; i++)
        out[i] = bytes[i] > ' ' && bytes[i] < 0x7F ? (char)bytes[i] : '?';
    out[n] = 0;
    if (length > n && n >= 3)
        memcpy(out + n - 3, "...", 3);
}

/* ---- kinds ----------------------------------------------------------------------------------- */

static bool is_kind(const struct tap_kind *k, const struct tap_kind *other)
{
    return k->from == other->from && k->path_length == other->path_length &&
           memcmp(k->path, other->path, sizeof k->path) == 0;
}

static struct tap_kind *new_kind(struct tap_totals *t)
{
    if (t->kind_count == t->kind_room) {
        t->kind_room = t->kind_room ? 2 * t->kind_room : 16;
        t->kinds = realloc(t->kinds, t->kind_room * sizeof *t->kinds);
        if (!t->kinds)
            heap_exhausted("kinds of messages", t->kind_room * sizeof *t->kinds);
    }
    t->kind_last = t->kind_count;
    return &t->kinds[t->kind_count++];
}

/* `k` brings its own counts. */
static void add_kind(struct tap_totals *t, const struct tap_kind *k)
{
    for (uint32_t i = 0; i < t->kind_count; i++) {
        uint32_t at =
            t->kind_last + i < t->kind_count ? t->kind_last + i : t->kind_last + i - t->kind_count;
        if (is_kind(&t->kinds[at], k)) {
            t->kinds[at].messages += k->messages;
            t->kinds[at].bytes += k->bytes;
            t->kind_last = at;
            return;
        }
    }
    *new_kind(t) = *k;
}

static void note_kind(struct tap_totals *t, const struct wire_message *m)
{
    struct tap_kind k = {.messages = 1, .bytes = m->length, .from = (uint8_t)m->from};
    k.path_length = m->path_length;
    memcpy(k.path, m->path, m->path_length * sizeof k.path[0]);
    add_kind(t, &k);
}

static void note_version(struct tap_way *w, const struct tap_seen *s)
{
    const struct wire_range *text = &s->message->text;
    if (text->offset + text->length <= s->held)
        tap_copy_text(w->version, sizeof w->version, s->bytes + text->offset, text->length);
}

void tap_totals_note(struct tap_totals *t, const struct tap_seen *s)
{
    const struct wire_message *m = s->message;
    struct tap_way *w = &t->ways[m->from];
    w->messages++;
    note_kind(t, m);
    if (m->kind == WIRE_SWITCH_VERSION || m->kind == WIRE_VERSION_ANSWER)
        note_version(w, s);
    tap_exchanges_note(t, s);
}

void tap_totals_add(struct tap_totals *t, const struct tap_totals *more)
{
    for (unsigned i = 0; i < 2; i++) {
        t->ways[i].bytes += more->ways[i].bytes;
        t->ways[i].messages += more->ways[i].messages;
        t->ways[i].undecoded += more->ways[i].undecoded;
    }
    t->not_shown += more->not_shown;
    t->not_followed += more->not_followed;
    t->open_count += more->open_count;
    for (uint32_t i = 0; i < more->kind_count; i++)
        add_kind(t, &more->kinds[i]);
}

/* ---- on the way ------------------------------------------------------------------------------ */

static uint8_t *put(uint8_t *out, const void *bytes, size_t length)
{
    if (length)
        memcpy(out, bytes, length);
    return out + length;
}

struct span tap_totals_pack(const struct tap_totals *t)
{
    size_t kinds = t->kind_count * sizeof *t->kinds, opens = t->open_count * sizeof *t->opens;
    struct chunk *c = chunk_new((uint32_t)(sizeof *t + kinds + opens));
    struct tap_totals head = *t;
    head.kinds = NULL; /* where it lies here means nothing there */
    head.opens = NULL;
    uint8_t *at = put(c->bytes, &head, sizeof head);
    put(put(at, t->kinds, kinds), t->opens, opens);
    c->used = (uint32_t)(sizeof *t + kinds + opens);
    return (struct span){c, 0, c->used};
}

/* A chunk's bytes begin at a multiple of 8, and so do the rows in them. */
static_assert(sizeof(struct tap_totals) % 8 == 0 && sizeof(struct tap_kind) % 8 == 0 &&
                  offsetof(struct chunk, bytes) % 8 == 0,
              "rows are aligned");

struct tap_totals tap_totals_unpack(struct span packed)
{
    struct tap_totals t;
    uint8_t *rows = packed.chunk->bytes + packed.offset + sizeof t;
    memcpy(&t, packed.chunk->bytes + packed.offset, sizeof t);
    t.kinds = (struct tap_kind *)(void *)rows;
    t.opens = (struct tap_open *)(void *)(rows + t.kind_count * sizeof *t.kinds);
    return t;
}
