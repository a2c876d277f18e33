/* runtime/recording.c -- the recorder, and what is known of saved messages and effects; see recording.h */
#include "runtime/recording.h"
#include "runtime/heap.h"
#include "runtime/runtime.h"
#include "runtime/worker.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *alloc(size_t bytes)
{
    void *p = calloc(1, bytes);
    if (!p)
        heap_exhausted("a recording", bytes);
    return p;
}

static void *grow(void *old, size_t bytes)
{
    void *p = realloc(old, bytes);
    if (!p)
        heap_exhausted("a recording", bytes);
    return p;
}

/* ---- messages ---- */

static struct span *span_at(struct message *m, unsigned i)
{
    return (struct span *)(void *)(m->payload.bytes + message_kind_info(m->kind)->span_offset[i]);
}

static struct span span_save(struct span s)
{
    if (s.length == 0)
        return NO_BYTES;
    uint32_t front = s.offset < SAVED_FRONT_BYTES ? s.offset : SAVED_FRONT_BYTES;
    struct chunk *c = alloc(sizeof *c + front + s.length);
    atomic_init(&c->references, 1);
    c->capacity = c->used = front + s.length;
    memcpy(c->bytes + front, span_bytes(s), s.length);
    return (struct span){c, front, s.length};
}

static struct span span_again(struct span s)
{
    if (s.length == 0)
        return NO_BYTES;
    struct chunk *c = chunk_new(s.offset + s.length);
    memset(c->bytes, 0, s.offset);
    memcpy(c->bytes + s.offset, span_bytes(s), s.length);
    c->used = s.offset + s.length;
    return (struct span){c, s.offset, s.length};
}

static struct message *message_save(const struct message *m, size_t *bytes)
{
    struct message *saved = alloc(sizeof *saved);
    *saved = *m;
    saved->node.next = NULL;
    *bytes += sizeof *saved;
    for (unsigned i = 0; i < message_kind_info(m->kind)->spans; i++) {
        struct span *s = span_at(saved, i);
        *s = span_save(*s);
        *bytes += s->length;
    }
    return saved;
}

static void message_forget(struct message *m)
{
    for (unsigned i = 0; m && i < message_kind_info(m->kind)->spans; i++)
        free(span_at(m, i)->chunk);
    free(m);
}

struct message *saved_message_again(const struct message *m)
{
    struct message *again = message_new(m->kind);
    *again = *m;
    for (unsigned i = 0; i < message_kind_info(m->kind)->spans; i++) {
        struct span *s = span_at(again, i);
        *s = span_again(*s);
    }
    return again;
}

/* ---- effects ---- */

static bool has_bytes(enum effect_kind kind)
{
    return effect_has(kind) & EFFECT_HAS_BYTES;
}

static void append_bytes(struct effect *to, const struct effect *e)
{
    if (e->length == 0)
        return;
    uint8_t *bytes = grow((void *)(uintptr_t)to->bytes, to->length + e->length);
    memcpy(bytes + to->length, e->bytes, e->length);
    to->bytes = bytes;
    to->length += e->length;
}

static void append_effect(struct saved_call *c, struct saved_effect *s)
{
    if (c->last)
        c->last->next = s;
    else
        c->first = s;
    c->last = s;
}

size_t saved_effect_add(struct saved_call *c, const struct effect *e)
{
    struct saved_effect *last = c->last;
    if (e->kind == EFFECT_WRITE && e->length == 0)
        return 0; /* nothing of it is ever seen */
    if (e->kind == EFFECT_WRITE && last && last->effect.kind == EFFECT_WRITE &&
        last->effect.n == e->n) {
        append_bytes(&last->effect, e);
        return e->length;
    }
    struct saved_effect *s = alloc(sizeof *s);
    size_t bytes = sizeof *s;
    s->effect = *e;
    if (e->message)
        s->effect.message = message_save(e->message, &bytes);
    if (e->address) {
        struct address *a = alloc(sizeof *a);
        *a = *e->address;
        s->effect.address = a;
    }
    if (has_bytes(e->kind)) {
        s->effect.bytes = NULL;
        s->effect.length = 0;
        append_bytes(&s->effect, e);
        bytes += e->length;
    }
    append_effect(c, s);
    return bytes;
}

static void effect_forget(struct saved_effect *s)
{
    message_forget((struct message *)(uintptr_t)s->effect.message);
    free((void *)(uintptr_t)s->effect.address);
    if (has_bytes(s->effect.kind))
        free((void *)(uintptr_t)s->effect.bytes);
    free(s);
}

static bool same_bytes(const struct effect *a, const struct effect *b)
{
    return a->length == b->length &&
           (!has_bytes(a->kind) || a->length == 0 || memcmp(a->bytes, b->bytes, a->length) == 0);
}

static bool same_type(const struct actor_type *a, const struct actor_type *b)
{
    return a == b || (a && b && strcmp(a->name, b->name) == 0);
}

bool saved_effect_equal(const struct saved_effect *x, const struct saved_effect *y)
{
    const struct effect *a = &x->effect, *b = &y->effect;
    if (a->kind != b->kind || a->n != b->n || a->value != b->value || !ref_equal(a->ref, b->ref) ||
        !same_type(a->type, b->type) || !same_bytes(a, b))
        return false;
    if (a->message && !message_equal(a->message, b->message))
        return false;
    return !a->address || address_equal(a->address, b->address);
}

/* ---- printing ---- */

void saved_out_add(struct saved_out *o, const char *format, ...)
{
    va_list list;
    size_t left = o->room - o->length;
    if (left == 0)
        return;
    va_start(list, format);
    int n = vsnprintf(o->text + o->length, left, format, list);
    va_end(list);
    if (n > 0)
        o->length += (size_t)n < left ? (size_t)n : left - 1;
}

static void print_bytes(const struct effect *e, struct saved_out *o)
{
    size_t shown = e->length < 32 ? e->length : 32;
    saved_out_add(o, " \"");
    for (size_t i = 0; i < shown; i++) {
        bool plain = e->bytes[i] >= ' ' && e->bytes[i] < 0x7f;
        saved_out_add(o, plain ? "%c" : "\\x%02x", e->bytes[i]);
    }
    saved_out_add(o, e->length > shown ? "\"..." : "\"");
}

size_t saved_effect_print(const struct saved_effect *s, char *out, size_t room)
{
    struct saved_out o = {out, 0, room};
    const struct effect *e = &s->effect;
    char text[1024];
    saved_out_add(&o, "%s n=%" PRIu32 " value=%" PRIu64, effect_name(e->kind), e->n, e->value);
    if (!ref_is_nobody(e->ref))
        saved_out_add(&o, " ref=%u/%" PRIu32 ".%" PRIu32, ref_worker(e->ref), ref_slot(e->ref),
                      e->ref.generation);
    if (e->type)
        saved_out_add(&o, " type=%s", e->type->name);
    if (e->address)
        saved_out_add(&o, " address=%s", address_print(e->address, text));
    if (e->length)
        saved_out_add(&o, " length=%zu", e->length);
    if (has_bytes(e->kind))
        print_bytes(e, &o);
    if (e->message) {
        message_print(e->message, text, sizeof text);
        saved_out_add(&o, " %s", text);
    }
    return o.length;
}

/* ---- calls ---- */

size_t saved_call_add(struct saved_actor *a, const struct message *m, uint64_t now_us)
{
    struct saved_call *c = alloc(sizeof *c);
    size_t bytes = sizeof *c;
    c->input = message_save(m, &bytes);
    c->now_us = now_us;
    if (a->last)
        a->last->next = c;
    else
        a->first = c;
    a->last = c;
    a->inputs++;
    return bytes;
}

static void call_forget(struct saved_call *c)
{
    while (c->first) {
        struct saved_effect *s = c->first;
        c->first = s->next;
        effect_forget(s);
    }
    message_forget(c->input);
    free(c);
}

void saved_calls_free(struct saved_actor *a)
{
    while (a->first) {
        struct saved_call *c = a->first;
        a->first = c->next;
        call_forget(c);
    }
    a->last = NULL;
}

/* ---- the recorder ---- */

static bool is_runtimes_own(const struct actor *a)
{
    return a->type == &blocking_type || a->type == &log_writer_type || a->type == &watchdog_type;
}

/* An actor lives and dies on one worker, so nobody else touches the part. */
static struct recorded_part *part_of(struct recording *r, const struct actor *a)
{
    return &r->parts[ref_worker(a->ref)];
}

static struct saved_actor *find(const struct recorded_part *p, struct actor_ref ref)
{
    uint32_t slot = ref_slot(ref);
    struct saved_actor *s = slot < p->living_room ? p->living[slot] : NULL;
    return s && ref_equal(s->ref, ref) ? s : NULL;
}

static void make_room(struct recorded_part *p, uint32_t slot)
{
    if (slot < p->living_room)
        return;
    size_t room = ((size_t)slot + 1) * 2;
    p->living = grow(p->living, room * sizeof *p->living);
    memset(p->living + p->living_room, 0, (room - p->living_room) * sizeof *p->living);
    p->living_room = room;
}

static struct saved_actor *born(struct recorded_part *p, const struct actor *a)
{
    struct saved_actor *s = alloc(sizeof *s);
    s->ref = a->ref;
    s->type = a->type;
    s->exchange = a->exchange;
    make_room(p, ref_slot(a->ref));
    p->living[ref_slot(a->ref)] = s;
    if (p->last)
        p->last->next = s;
    else
        p->first = s;
    p->last = s;
    p->actors++;
    p->bytes += sizeof *s;
    return s;
}

static void on_input(void *context, const struct actor *a, const struct message *m, uint64_t now)
{
    struct recording *r = context;
    struct recorded_part *p = part_of(r, a);
    if (is_runtimes_own(a))
        return;
    struct saved_actor *s = find(p, a->ref);
    if (p->bytes >= r->part_bytes_max) {
        p->left_out++;
        if (s)
            s->cut = true;
        else
            born(p, a)->cut = true;
        return;
    }
    if (!s)
        s = born(p, a);
    if (s->cut)
        return;
    p->bytes += saved_call_add(s, m, now);
    p->inputs++;
}

static void on_effect(void *context, const struct actor *a, const struct effect *e)
{
    struct recorded_part *p = part_of(context, a);
    struct saved_actor *s = find(p, a->ref);
    if (!s || s->cut || !s->last)
        return;
    p->bytes += saved_effect_add(s->last, e);
    p->effects++;
}

static void on_reaped(void *context, const struct actor *a)
{
    struct recorded_part *p = part_of(context, a);
    struct saved_actor *s = find(p, a->ref);
    if (!s)
        return;
    s->reaped = !s->cut;
    s->end_us = a->worker->now_us;
    s->stop_reason = a->stop_reason;
    p->living[ref_slot(a->ref)] = NULL;
}

struct recording *recording_new(size_t bytes_max)
{
    struct recording *r = alloc(sizeof *r);
    r->hooks =
        (struct hooks){.input = on_input, .effect = on_effect, .reaped = on_reaped, .context = r};
    r->part_bytes_max = bytes_max == RECORDING_ANY ? SIZE_MAX : bytes_max / WORKERS_MAX;
    return r;
}

void recording_free(struct recording *r)
{
    for (unsigned i = 0; i < WORKERS_MAX; i++) {
        struct recorded_part *p = &r->parts[i];
        while (p->first) {
            struct saved_actor *a = p->first;
            p->first = a->next;
            saved_calls_free(a);
            free(a);
        }
        free(p->living);
    }
    free(r);
}

const struct hooks *recording_hooks(struct recording *r)
{
    return &r->hooks;
}

#define SUM(r, what)                                                                               \
    size_t sum = 0;                                                                                \
    for (unsigned i = 0; i < WORKERS_MAX; i++)                                                     \
        sum += (r)->parts[i].what;                                                                 \
    return sum

size_t recording_actors(const struct recording *r)
{
    SUM(r, actors);
}

size_t recording_inputs(const struct recording *r)
{
    SUM(r, inputs);
}

size_t recording_effects(const struct recording *r)
{
    SUM(r, effects);
}

size_t recording_left_out(const struct recording *r)
{
    SUM(r, left_out);
}
