/* messages/trace_redactor_patches.c -- which bytes of a record belong to which secret; see trace_redactor_state.h */
#include "messages/trace_redactor_state.h"

void patches_add(struct patches *p, const struct redact_text *text, struct redact_spot spot,
                 uint32_t from, uint32_t length)
{
    if (p->count == p->room) {
        p->room = p->room ? p->room * 2 : 1024;
        p->at = redact_grown(p->at, p->room * sizeof *p->at);
    }
    p->at[p->count++] = (struct patch){spot.record, spot.offset,  text->number, from,
                                       length,      text->length, spot.place};
}

static int64_t begins(const struct patch *p)
{
    return (int64_t)p->offset - p->from;
}

static int by_number(uint64_t x, uint64_t y)
{
    return (x > y) - (x < y);
}

static int by_place(const void *a, const void *b)
{
    const struct patch *x = a, *y = b;
    if (x->record != y->record)
        return by_number(x->record, y->record);
    if (x->place != y->place)
        return by_number(x->place, y->place);
    if (begins(x) != begins(y))
        return begins(x) < begins(y) ? -1 : 1;
    if (x->whole != y->whole)
        return by_number(y->whole, x->whole);
    return x->text != y->text ? by_number(x->text, y->text) : by_number(x->from, y->from);
}

void patches_sort(struct patches *p)
{
    size_t kept = 0;
    if (p->count)
        qsort(p->at, p->count, sizeof *p->at, by_place);
    for (size_t i = 0; i < p->count; i++)
        if (!kept || by_place(&p->at[kept - 1], &p->at[i]) != 0)
            p->at[kept++] = p->at[i];
        else if (p->at[i].length > p->at[kept - 1].length)
            p->at[kept - 1] = p->at[i];
    p->count = kept;
}

size_t patches_of_place(const struct patches *p, size_t first)
{
    size_t n = first;
    while (n < p->count && p->at[n].record == p->at[first].record &&
           p->at[n].place == p->at[first].place)
        n++;
    return n - first;
}

bool patch_take(const struct patch *p, struct redact_bytes *taken, const uint8_t *new,
                uint8_t *bytes)
{
    bool all = true;
    while (taken->length < (size_t)p->offset + p->length)
        redact_bytes_add(taken, 0);
    for (uint32_t i = 0; i < p->length; i++) {
        uint8_t *byte = &taken->at[p->offset + i];
        all &= !*byte;
        if (!*byte && bytes)
            bytes[p->offset + i] = new[i];
        *byte = 1;
    }
    return all;
}
