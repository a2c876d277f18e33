/* runtime/recorder.c -- entries, made in place in a worker's ring; see recorder.h */
#define XXH_INLINE_ALL
#include "runtime/recorder.h"
#include "runtime/heap.h"
#include "runtime/ring.h"
#include "runtime/worker.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "entries are written as memory has them");

/* What is known of a slot's tenant. */
struct tenant {
    uint32_t generation, heard;
    uint8_t type;
};

struct part {
    struct ring ring;
    struct entry *entry; /* that is being made; NULL: none, or it found no room */
    size_t used;         /* its bytes so far */
    bool open;           /* a call is being watched, with room or without */
    const void *heap;    /* that the worker's thread works with, as it was in the last call */
    uint64_t ended_ns;   /* of the call before */
    /* said in the open call to actors that had ended: each becomes an entry behind it */
    struct message *unheard;
    uint32_t unheard_count, unheard_room;
    atomic_uint_fast64_t lost;
    struct tenant *tenants;
    uint32_t tenants_room;
};

struct recorder {
    struct hooks hooks;
    struct recorder_options options;
    unsigned type_count;
    atomic_uint reader; /* enum reader_waits */
    atomic_bool saw_error;
    uint8_t bodies[MESSAGE_KINDS_MAX];
    struct part *parts; /* a worker each */
};

/* ---- tenants ---- */

static uint8_t type_number(const struct recorder *r, const struct actor_type *t)
{
    for (unsigned i = 0; i < r->type_count; i++)
        if (r->options.types[i] == t)
            return (uint8_t)i;
    return NO_TYPE;
}

static void tenants_grow(struct part *p, uint32_t slot)
{
    uint32_t room = (slot + 1) * 2;
    p->tenants = realloc(p->tenants, room * sizeof *p->tenants);
    if (!p->tenants)
        heap_exhausted("a recorder", room * sizeof *p->tenants);
    memset(p->tenants + p->tenants_room, 0, (room - p->tenants_room) * sizeof *p->tenants);
    p->tenants_room = room;
}

static struct tenant *tenant_of(struct recorder *r, struct part *p, const struct actor *a)
{
    uint32_t slot = ref_slot(a->ref);
    if (slot >= p->tenants_room)
        tenants_grow(p, slot);
    struct tenant *t = &p->tenants[slot];
    if (t->generation != a->ref.generation)
        *t = (struct tenant){a->ref.generation, 0, type_number(r, a->type)};
    return t;
}

/* ---- an entry's bytes ---- */

/* Room for so many more. NULL: the entry is given up. */
static uint8_t *more(struct part *p, size_t bytes)
{
    uint8_t *at = ring_reserve(&p->ring, p->used, bytes);
    if (!at) {
        p->entry = NULL;
        return NULL;
    }
    p->used += bytes;
    return at;
}

static uint8_t *put(uint8_t *at, const void *value, size_t bytes)
{
    memcpy(at, value, bytes);
    return at + bytes;
}

static void add_bytes(struct part *p, const uint8_t *bytes, size_t length, uint32_t most)
{
    uint32_t whole = (uint32_t)length, kept = whole < most ? whole : most;
    bool cut = kept < whole;
    uint8_t *at = more(p, 8 + (cut ? 8u : 0u) + kept);
    if (!at)
        return;
    at = put(at, &whole, 4);
    at = put(at, &kept, 4);
    if (cut) {
        uint64_t hash = XXH3_64bits(bytes, length);
        at = put(at, &hash, 8);
    }
    if (kept)
        memcpy(at, bytes, kept);
}

static void add_spans(struct recorder *r, struct part *p, const struct message *m)
{
    const struct kind_info *k = message_kind_info(m->kind);
    for (unsigned i = 0; i < k->spans && p->entry; i++) {
        struct span s;
        memcpy(&s, m->payload.bytes + k->span_offset[i], sizeof s);
        bool is_body = r->bodies[m->kind] & 1u << i;
        add_bytes(p, span_bytes(s), s.length, is_body ? r->options.bodies_max : UINT32_MAX);
    }
}

static bool begin(struct recorder *r, const struct worker *w, enum entry_what what, uint8_t type)
{
    struct part *p = &r->parts[w->index];
    p->open = true;
    p->heap = heap_here;
    p->used = 0;
    p->entry = (struct entry *)(void *)ring_reserve(&p->ring, 0, sizeof(struct entry));
    if (!p->entry)
        return false;
    p->used = sizeof(struct entry);
    p->entry->what = (uint8_t)what;
    p->entry->type = type;
    p->entry->worker = (uint16_t)w->index;
    p->entry->now_us = w->now_us;
    p->entry->number = 0;
    p->entry->actor_exchange = 0;
    return true;
}

static void wake_reader(struct recorder *r)
{
    atomic_store_explicit(&r->reader, READER_LOOKS, memory_order_relaxed);
    if (r->options.wake)
        r->options.wake(r->options.context);
}

/* The reader sleeps for half a second at most, so a wake that is missed here costs no more than that. */
static void look_at_reader(struct recorder *r, struct part *p)
{
    unsigned reader = atomic_load_explicit(&r->reader, memory_order_relaxed);
    if (reader == READER_SLEEPS || (reader == READER_NAPS && ring_is_half_full(&p->ring)))
        wake_reader(r);
}

static uint32_t took(uint64_t began, uint64_t ended)
{
    if (ended <= began)
        return 0;
    return ended - began < UINT32_MAX ? (uint32_t)(ended - began) : UINT32_MAX;
}

static void lose(struct part *p, uint64_t lost)
{
    p->entry = NULL;
    atomic_store_explicit(&p->lost, lost + 1, memory_order_relaxed);
}

static void finish(struct recorder *r, struct part *p)
{
    struct entry *e = p->entry;
    uint64_t lost = atomic_load_explicit(&p->lost, memory_order_relaxed);
    size_t padding = -p->used & 7;
    uint64_t now = r->options.clock_ns(), before = p->ended_ns;
    p->ended_ns = now;
    p->open = false;
    if (!e || p->used > ENTRY_BYTES_MAX || (padding && !more(p, padding))) {
        lose(p, lost);
        return;
    }
    e->used = (uint32_t)(p->used - padding);
    e->bytes = (uint32_t)p->used;
    e->ended_ns = now;
    e->took_ns = took(e->now_us * 1000 > before ? e->now_us * 1000 : before, now);
    e->lost = lost;
    p->entry = NULL;
    ring_publish(&p->ring, e->bytes);
    if (lost)
        atomic_store_explicit(&p->lost, 0, memory_order_relaxed);
    look_at_reader(r, p);
}

static void keep_unheard(struct part *p, const struct message *m)
{
    if (p->unheard_count == p->unheard_room) {
        uint32_t room = p->unheard_room * 2 + 8;
        p->unheard = realloc(p->unheard, room * sizeof *p->unheard);
        if (!p->unheard)
            heap_exhausted("a recorder", room * sizeof *p->unheard);
        p->unheard_room = room;
    }
    p->unheard[p->unheard_count++] = *m;
}

static void say_unheard(struct recorder *r, const struct worker *w, const struct message *m)
{
    if (begin(r, w, ENTRY_UNDELIVERED, NO_TYPE))
        r->parts[w->index].entry->message = *m;
    finish(r, &r->parts[w->index]);
}

/* ---- the hooks ---- */

static bool is_watched(const struct recorder *r, const struct worker *w)
{
    return w->index < r->options.workers;
}

static void on_input(void *context, const struct actor *a, const struct message *m, uint64_t now)
{
    struct recorder *r = context;
    const struct worker *w = a->worker;
    (void)now;
    if (!is_watched(r, w))
        return;
    struct part *p = &r->parts[w->index];
    struct tenant *t = tenant_of(r, p, a);
    if (t->type == NO_TYPE)
        return;
    t->heard++;
    if (!begin(r, w, ENTRY_CALL, t->type))
        return;
    p->entry->number = t->heard;
    p->entry->actor_exchange = a->exchange;
    p->entry->message = *m;
    add_spans(r, p, m);
}

static void add_address(struct part *p, const struct address *a)
{
    char text[ADDRESS_TEXT_MAX];
    size_t length = strlen(address_print(a, text));
    uint8_t *at = more(p, 1 + length);
    if (!at)
        return;
    *at = (uint8_t)length;
    memcpy(at + 1, text, length);
}

/* What of the effect has a fixed size. */
static void add_values(struct recorder *r, struct part *p, const struct effect *e, unsigned has)
{
    uint8_t values[32], *end = values;
    *end++ = (uint8_t)e->kind;
    if (has & EFFECT_HAS_N)
        end = put(end, &e->n, 4);
    if (has & EFFECT_HAS_VALUE)
        end = put(end, &e->value, 8);
    if (has & EFFECT_HAS_REF)
        end = put(end, &e->ref, 8);
    if (has & EFFECT_HAS_TYPE)
        *end++ = type_number(r, e->type);
    if (has & EFFECT_HAS_MESSAGE)
        end = put(end, &e->message->kind, 2);
    size_t length = (size_t)(end - values);
    uint8_t *at = more(p, length);
    if (at)
        memcpy(at, values, length);
}

static void on_effect(void *context, const struct actor *a, const struct effect *e)
{
    struct recorder *r = context;
    if (!is_watched(r, a->worker))
        return;
    struct part *p = &r->parts[a->worker->index];
    unsigned has = effect_has(e->kind);
    if ((e->kind == EFFECT_LOG && e->n == LOG_ERROR) || (e->kind == EFFECT_END_PROGRAM && e->n))
        atomic_store_explicit(&r->saw_error, true, memory_order_relaxed);
    if (!p->entry)
        return;
    add_values(r, p, e, has);
    if (p->entry && (has & EFFECT_HAS_ADDRESS))
        add_address(p, e->address);
    if (p->entry && (has & EFFECT_HAS_BYTES))
        add_bytes(p, e->bytes, e->length,
                  e->kind == EFFECT_WRITE || e->kind == EFFECT_FILE_WRITE ? r->options.bodies_max
                                                                          : UINT32_MAX);
    uint8_t *at;
    uint64_t length = e->length;
    if (p->entry && (has & EFFECT_HAS_LENGTH) && (at = more(p, 8)))
        put(at, &length, 8);
}

static void on_handled(void *context, const struct actor *a)
{
    struct recorder *r = context;
    if (!is_watched(r, a->worker) || !r->parts[a->worker->index].open)
        return;
    struct part *p = &r->parts[a->worker->index];
    finish(r, p);
    for (uint32_t i = 0; i < p->unheard_count; i++)
        say_unheard(r, a->worker, &p->unheard[i]);
    p->unheard_count = 0;
}

static void on_undelivered(void *context, const struct worker *w, const struct message *m)
{
    struct recorder *r = context;
    if (!is_watched(r, w))
        return;
    if (r->parts[w->index].open)
        keep_unheard(&r->parts[w->index], m);
    else
        say_unheard(r, w, m);
}

static void on_ending(void *context, const struct actor *a)
{
    struct recorder *r = context;
    const struct worker *w = a->worker;
    if (!is_watched(r, w))
        return;
    struct part *p = &r->parts[w->index];
    struct tenant *t = tenant_of(r, p, a);
    if (t->type == NO_TYPE || !begin(r, w, ENTRY_END, t->type))
        return;
    p->entry->number = t->heard;
    p->entry->actor_exchange = a->exchange;
    p->entry->message = (struct message){.to = a->ref, .flags = a->stop_reason};
}

/* ---- the reader ---- */

static const struct entry *head(const struct part *p)
{
    size_t bytes;
    const uint8_t *at = ring_readable(&p->ring, &bytes);
    return bytes ? (const struct entry *)(const void *)at : NULL;
}

const struct entry *recorder_next(struct recorder *r, uint64_t before_ns)
{
    const struct entry *oldest = NULL;
    for (unsigned i = 0; i < r->options.workers; i++) {
        const struct entry *e = head(&r->parts[i]);
        if (e && e->ended_ns < before_ns && (!oldest || e->ended_ns < oldest->ended_ns))
            oldest = e;
    }
    return oldest;
}

void recorder_took(struct recorder *r, const struct entry *e)
{
    ring_release(&r->parts[e->worker].ring, e->bytes);
}

void recorder_waits(struct recorder *r, enum reader_waits how)
{
    atomic_store_explicit(&r->reader, how, memory_order_relaxed);
}

uint64_t recorder_lost(const struct recorder *r, unsigned worker)
{
    return atomic_load_explicit(&r->parts[worker].lost, memory_order_relaxed);
}

void recorder_crashed(struct recorder *r)
{
    for (unsigned i = 0; i < r->options.workers; i++)
        if (r->parts[i].open && r->parts[i].heap == (const void *)heap_here)
            finish(r, &r->parts[i]);
}

bool recorder_saw_error(struct recorder *r)
{
    return atomic_load_explicit(&r->saw_error, memory_order_relaxed) &&
           atomic_exchange(&r->saw_error, false);
}

/* ---- begin and end ---- */

/* Heads, texts and names are whole always: without them nothing could be told about a message. */
static bool is_body(const char *field)
{
    return strcmp(field, "bytes") == 0 || strcmp(field, "body") == 0 ||
           strcmp(field, "records") == 0;
}

unsigned recorder_bodies_of(const struct kind_info *k)
{
    unsigned bodies = 0, span = 0;
    for (const struct field_info *f = k->fields; f->name; f++)
        if (f->type == FIELD_span)
            bodies |= (unsigned)is_body(f->name) << span++;
    return bodies;
}

static void free_parts(struct recorder *r, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        ring_destroy(&r->parts[i].ring);
        free(r->parts[i].tenants);
        free(r->parts[i].unheard);
    }
    free(r->parts);
    free(r);
}

struct recorder *recorder_new(const struct recorder_options *o, int *error)
{
    struct recorder *r = calloc(1, sizeof *r);
    struct part *parts = aligned_alloc(64, o->workers * sizeof *parts);
    *error = r && parts ? 0 : ENOMEM;
    if (*error) {
        free(r);
        free(parts);
        return NULL;
    }
    memset(parts, 0, o->workers * sizeof *parts);
    r->parts = parts;
    r->options = *o;
    while (o->types[r->type_count])
        r->type_count++;
    for (unsigned i = 0; i < message_kinds_count(); i++)
        r->bodies[i] = (uint8_t)recorder_bodies_of(message_kind_info((uint16_t)i));
    r->hooks = (struct hooks){.input = on_input,
                              .effect = on_effect,
                              .handled = on_handled,
                              .ending = on_ending,
                              .reaped = on_handled,
                              .undelivered = on_undelivered,
                              .context = r};
    for (unsigned i = 0; i < o->workers; i++)
        if ((*error = ring_create(&parts[i].ring,
                                  o->ring_bytes ? o->ring_bytes : RECORDER_RING_BYTES))) {
            free_parts(r, i);
            return NULL;
        }
    return r;
}

void recorder_free(struct recorder *r)
{
    free_parts(r, r->options.workers);
}

const struct hooks *recorder_hooks(struct recorder *r)
{
    return &r->hooks;
}
