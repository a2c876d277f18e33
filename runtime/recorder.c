/* runtime/recorder.c -- entries, made in place in a worker's ring; see recorder.h */
#include "runtime/heap.h"
#include "runtime/recorder_part.h"
#include "runtime/worker.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "entries are written as memory has them");

static uint8_t find_type(const struct recorder *r, const struct actor_type *t)
{
    for (unsigned i = 0; i < r->type_count; i++)
        if (r->options.types[i] == t)
            return (uint8_t)i;
    return NO_TYPE;
}

static unsigned bucket_of(const struct actor_type *t)
{
    return (unsigned)((uint64_t)(uintptr_t)t * UINT64_C(0x9e3779b97f4a7c15) >> (64 - TYPE_BITS));
}

/* By the table, mostly; two types may be in one bucket, and only one of them stands there. */
static inline uint8_t type_number(const struct recorder *r, const struct actor_type *t)
{
    uint8_t number = r->type_at[bucket_of(t)];
    return number != NO_TYPE && r->options.types[number] == t ? number : find_type(r, t);
}

static void add_spans(struct recorder *r, struct part *p, const struct message *m)
{
    const struct kind_info *k = message_kind_info(m->kind);
    for (unsigned i = 0; i < k->spans && p->entry; i++) {
        struct span s;
        memcpy(&s, m->payload.bytes + k->span_offset[i], sizeof s);
        bool is_body = r->bodies[m->kind] & 1u << i;
        part_add_bytes(p, s.chunk, span_bytes(s), s.length,
                       is_body ? r->options.bodies_max : UINT32_MAX);
    }
}

/* ---- an entry's begin and end ---- */

static void __attribute__((noinline)) wake_reader(struct recorder *r)
{
    atomic_store_explicit(&r->reader, READER_LOOKS, memory_order_relaxed);
    if (r->options.wake)
        r->options.wake(r->options.context);
}

/* The reader sleeps for half a second at most, so a wake that is missed here costs no more than that. */
static inline void look_at_reader(struct recorder *r, struct part *p)
{
    unsigned reader = atomic_load_explicit(&r->reader, memory_order_relaxed);
    if (reader == READER_LOOKS)
        return;
    if (RARELY(reader == READER_SLEEPS || ring_is_half_full(&p->ring)))
        wake_reader(r);
}

/* An entry in its place, without a message. */
static inline struct entry *blank(struct part *p, const struct worker *w, enum entry_what what,
                                  uint8_t type)
{
    struct entry *e = (struct entry *)(void *)ring_reserve(&p->ring, 0, sizeof *e);
    if (!e)
        return NULL;
    p->used = sizeof *e;
    p->room = part_room(p);
    e->what = (uint8_t)what;
    e->now_us = w->now_us;
    e->reference = e->elsewhere = 0;
    e->type = type;
    e->worker = (uint8_t)w->index;
    return e;
}

static void publish(struct part *p, struct entry *e, uint64_t ticks)
{
    /* there is room for it: all entries are multiples of 8, and so is the ring */
    uint32_t padding = -p->used & 7;
    e->padding = (uint8_t)padding;
    e->bytes = p->used + padding;
    e->ended = ticks;
    ring_publish(&p->ring, e->bytes);
}

static void lose(struct part *p, uint64_t ticks)
{
    uint64_t lost = atomic_load_explicit(&p->lost, memory_order_relaxed);
    atomic_store_explicit(&p->lost, lost + 1, memory_order_relaxed);
    p->lost_ticks = ticks;
}

/* What was left out is said before the next entry; if there is no room for it, there is none for that either. */
static bool __attribute__((noinline)) say_lost(struct part *p, const struct worker *w)
{
    uint64_t lost = atomic_load_explicit(&p->lost, memory_order_relaxed);
    struct entry *e = blank(p, w, ENTRY_LAGGED, NO_TYPE);
    if (!e)
        return false;
    e->payload.words[0] = lost;
    publish(p, e, p->lost_ticks);
    atomic_store_explicit(&p->lost, 0, memory_order_relaxed);
    return true;
}

static inline bool begin(struct recorder *r, const struct worker *w, enum entry_what what,
                         uint8_t type)
{
    struct part *p = &r->parts[w->index];
    p->open = true;
    p->worker = w;
    if (RARELY(atomic_load_explicit(&p->lost, memory_order_relaxed)) && !say_lost(p, w))
        p->entry = NULL;
    else
        p->entry = blank(p, w, what, type);
    return p->entry != NULL;
}

/* goes_on: as in hooks.h. */
static inline void finish(struct recorder *r, struct part *p, bool goes_on)
{
    struct entry *e = p->entry;
    uint64_t ticks = goes_on && e ? ENDS_LATER : ticks_now(r->options.ticks);
    p->open = false;
    p->entry = NULL;
    if (RARELY(!e)) {
        part_forget_stored(p);
        lose(p, ticks);
        look_at_reader(r, p); /* he may have begun to sleep when the ring was full already */
        return;
    }
    publish(p, e, ticks);
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
    struct part *p = &r->parts[w->index];
    if (begin(r, w, ENTRY_UNDELIVERED, NO_TYPE)) {
        p->entry->number = p->entry->actor_exchange = 0;
        entry_take(p->entry, m);
    }
    finish(r, p, false);
}

static void __attribute__((noinline)) say_all_unheard(struct recorder *r, const struct worker *w)
{
    struct part *p = &r->parts[w->index];
    for (uint32_t i = 0; i < p->unheard_count; i++)
        say_unheard(r, w, &p->unheard[i]);
    p->unheard_count = 0;
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
    uint8_t type = type_number(r, a->type);
    if (type == NO_TYPE || !begin(r, w, ENTRY_CALL, type))
        return;
    p->entry->number = a->heard;
    p->entry->actor_exchange = a->exchange;
    entry_take(p->entry, m);
    if (message_span_counts[m->kind])
        add_spans(r, p, m);
}

static void add_address(struct part *p, const struct address *a)
{
    char text[ADDRESS_TEXT_MAX];
    size_t length = strlen(address_print(a, text));
    uint8_t *at = part_more(p, 1 + length);
    if (!at)
        return;
    *at = (uint8_t)length;
    memcpy(at + 1, text, length);
}

enum { VALUES_MAX = 1 + 4 + 8 + 8 + 1 + 2 };

/* What of the effect has a fixed size. */
static inline void add_values(struct recorder *r, struct part *p, const struct effect *e,
                              unsigned has)
{
    uint8_t *at = part_more(p, VALUES_MAX), *end = at;
    if (!at)
        return;
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
    p->used -= VALUES_MAX - (uint32_t)(end - at);
}

static void add_rest(struct recorder *r, struct part *p, const struct effect *e, unsigned has)
{
    bool is_body = e->kind == EFFECT_WRITE || e->kind == EFFECT_FILE_WRITE;
    uint8_t *at;
    uint64_t length = e->length;
    if (p->entry && (has & EFFECT_HAS_ADDRESS))
        add_address(p, e->address);
    if (p->entry && (has & EFFECT_HAS_BYTES))
        part_add_bytes(p, e->chunk, e->bytes, e->length,
                       is_body ? r->options.bodies_max : UINT32_MAX);
    if (p->entry && (has & EFFECT_HAS_LENGTH) && (at = part_more(p, 8)))
        put(at, &length, 8);
}

static inline bool is_error(const struct effect *e)
{
    return (e->kind == EFFECT_LOG && e->n == LOG_ERROR) || (e->kind == EFFECT_END_PROGRAM && e->n);
}

static void on_effect(void *context, const struct actor *a, const struct effect *e)
{
    enum { BEYOND_VALUES = EFFECT_HAS_ADDRESS | EFFECT_HAS_BYTES | EFFECT_HAS_LENGTH };
    struct recorder *r = context;
    if (RARELY(!is_watched(r, a->worker)))
        return;
    struct part *p = &r->parts[a->worker->index];
    unsigned has = effect_has(e->kind);
    if (RARELY(is_error(e)))
        atomic_store_explicit(&r->saw_error, true, memory_order_relaxed);
    if (RARELY(!p->entry))
        return;
    add_values(r, p, e, has);
    if (has & BEYOND_VALUES)
        add_rest(r, p, e, has);
}

static void on_sent(void *context, const struct actor *a, const struct message *m)
{
    struct recorder *r = context;
    uint8_t *at;
    if (RARELY(!is_watched(r, a->worker)))
        return;
    struct part *p = &r->parts[a->worker->index];
    if (RARELY(!p->entry) || !(at = part_more(p, 1 + 8 + 2)))
        return;
    *at++ = EFFECT_SEND;
    at = put(at, &m->to, 8);
    put(at, &m->kind, 2);
}

static void on_handled(void *context, const struct actor *a, bool goes_on)
{
    struct recorder *r = context;
    if (!is_watched(r, a->worker) || !r->parts[a->worker->index].open)
        return;
    struct part *p = &r->parts[a->worker->index];
    finish(r, p, goes_on && !p->unheard_count);
    if (RARELY(p->unheard_count))
        say_all_unheard(r, a->worker);
}

static void on_reaped(void *context, const struct actor *a)
{
    on_handled(context, a, false);
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
    uint8_t type = type_number(r, a->type);
    if (type == NO_TYPE || !begin(r, w, ENTRY_END, type))
        return;
    p->entry->number = a->heard;
    p->entry->actor_exchange = a->exchange;
    p->entry->from = 0;
    p->entry->to = ref_bits(a->ref);
    p->entry->exchange = 0;
    p->entry->flags = a->stop_reason;
}

/* A call is open, and this is the thread that it is in. */
static bool is_here(const struct part *p)
{
    return p->open && p->worker->heap == (const void *)heap_here;
}

void recorder_crashed(struct recorder *r)
{
    for (unsigned i = 0; i < r->options.workers; i++)
        if (is_here(&r->parts[i]))
            finish(r, &r->parts[i], false);
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
        free(r->parts[i].unheard);
    }
    free(r->parts);
    free(r);
}

/* An errno. Where bodies are cut to less than is worth a reference, none is made. */
static int create_ring(struct ring *ring, const struct recorder_options *o)
{
    bool refers = o->bodies_max >= KNOWN_LEAST;
    size_t usual = refers ? RECORDER_RING_WITH_BODIES : RECORDER_RING_BYTES;
    return ring_create(ring, o->ring_bytes ? o->ring_bytes : usual, refers);
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
    memset(r->type_at, NO_TYPE, sizeof r->type_at);
    for (; o->types[r->type_count]; r->type_count++)
        r->type_at[bucket_of(o->types[r->type_count])] = (uint8_t)r->type_count;
    for (unsigned i = 0; i < message_kinds_count(); i++)
        r->bodies[i] = (uint8_t)recorder_bodies_of(message_kind_info((uint16_t)i));
    r->hooks = (struct hooks){.input = on_input,
                              .effect = on_effect,
                              .sent = on_sent,
                              .handled = on_handled,
                              .ending = on_ending,
                              .reaped = on_reaped,
                              .undelivered = on_undelivered,
                              .context = r};
    for (unsigned i = 0; i < o->workers; i++)
        if ((*error = create_ring(&parts[i].ring, o))) {
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
