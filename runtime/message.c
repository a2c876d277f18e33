/* runtime/message.c -- cells; see message.h */
#include "runtime/message.h"
#include "runtime/heap.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct kind_info *kinds;
uint8_t message_span_counts[MESSAGE_KINDS_MAX];
static unsigned kinds_count;

void message_kinds_set(const struct kind_info *table, unsigned count)
{
    assert(count <= MESSAGE_KINDS_MAX);
    kinds = table;
    for (unsigned i = 0; i < count; i++)
        message_span_counts[i] = table[i].spans;
    kinds_count = count;
}

const struct kind_info *message_kind_info(uint16_t kind)
{
    assert(kind < kinds_count);
    return &kinds[kind];
}

unsigned message_kinds_count(void)
{
    return kinds_count;
}

static struct span *message_span(struct message *m, const struct kind_info *k, unsigned i)
{
    return (struct span *)(void *)(m->payload.bytes + k->span_offset[i]);
}

void message_release_spans(struct message *m)
{
    const struct kind_info *k = message_kind_info(m->kind);
    for (unsigned i = 0; i < k->spans; i++)
        span_release(message_span(m, k, i));
}

struct message *message_copy(const struct message *m)
{
    struct message *copy = heap_cell_alloc();
    *copy = *m;
    copy->node.next = NULL;
    const struct kind_info *k = message_kind_info(m->kind);
    for (unsigned i = 0; i < k->spans; i++)
        span_ref(*message_span(copy, k, i));
    return copy;
}

/* The value of a field that is no span, as 64 bits. */
static uint64_t field_bits(const struct message *m, const struct field_info *f)
{
    static const uint8_t widths[] = {
        [FIELD_u8] = 1,  [FIELD_u16] = 2,  [FIELD_u32] = 4, [FIELD_u64] = 8,
        [FIELD_i32] = 4, [FIELD_flag] = 1, [FIELD_ref] = 8, [FIELD_span] = 0};
    uint64_t bits = 0;
    memcpy(&bits, m->payload.bytes + f->offset, widths[f->type]);
    return bits;
}

static struct span field_span_of(const struct message *m, const struct field_info *f)
{
    struct span s;
    memcpy(&s, m->payload.bytes + f->offset, sizeof s);
    return s;
}

bool message_equal(const struct message *a, const struct message *b)
{
    if (a->kind != b->kind || a->flags != b->flags || a->exchange != b->exchange)
        return false;
    for (const struct field_info *f = message_kind_info(a->kind)->fields; f->name; f++) {
        bool same = f->type == FIELD_span ? span_equal(field_span_of(a, f), field_span_of(b, f))
                                          : field_bits(a, f) == field_bits(b, f);
        if (!same)
            return false;
    }
    return true;
}

static int print_ref(char *out, size_t room, struct actor_ref r)
{
    return snprintf(out, room, "%u/%" PRIu32 ".%" PRIu32, ref_worker(r), ref_slot(r), r.generation);
}

static int print_field(const struct message *m, const struct field_info *f, char *out, size_t room)
{
    if (f->type == FIELD_span)
        return snprintf(out, room, " %s=<%" PRIu32 " bytes>", f->name, field_span_of(m, f).length);
    if (f->type == FIELD_ref) {
        struct actor_ref r;
        memcpy(&r, m->payload.bytes + f->offset, sizeof r);
        char text[40];
        print_ref(text, sizeof text, r);
        return snprintf(out, room, " %s=%s", f->name, text);
    }
    if (f->type == FIELD_i32)
        return snprintf(out, room, " %s=%" PRId32, f->name, (int32_t)field_bits(m, f));
    return snprintf(out, room, " %s=%" PRIu64, f->name, field_bits(m, f));
}

int message_print(const struct message *m, char *out, size_t room)
{
    const struct kind_info *k = message_kind_info(m->kind);
    char from[40], to[40];
    print_ref(from, sizeof from, m->from);
    print_ref(to, sizeof to, m->to);
    int n = snprintf(out, room, "%s from=%s to=%s exchange=%" PRIu32 " flags=%x", k->name, from, to,
                     m->exchange, m->flags);
    for (const struct field_info *f = k->fields; f->name; f++) {
        size_t at = (size_t)n < room ? (size_t)n : room;
        n += print_field(m, f, out + at, room - at);
    }
    return n;
}
