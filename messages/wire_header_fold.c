/* messages/wire_header_fold.c -- see wire_header_fold.h */
#include "messages/wire_header_fold.h"
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 32 };

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 32) : c;
}

static uint32_t hash(const uint8_t *name, size_t length)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < length; i++)
        h = (h ^ lower(name[i])) * 16777619u;
    return h;
}

static bool same(const struct wire_folded_name *n, const uint8_t *name, size_t length)
{
    if (n->length != length)
        return false;
    for (size_t i = 0; i < length; i++)
        if (lower(n->at[i]) != lower(name[i]))
            return false;
    return true;
}

static void *grow(struct wire_header_fold *f, void *at, uint32_t room, size_t size)
{
    return (f->reallocate ? f->reallocate : realloc)(at, room * size);
}

/* Where the name stands in the table, or would stand. */
static uint32_t *place_of(struct wire_header_fold *f, const uint8_t *name, size_t length)
{
    uint32_t at = hash(name, length) & (f->table_size - 1);
    while (f->table[at] && !same(&f->names[f->table[at] - 1], name, length))
        at = (at + 1) & (f->table_size - 1);
    return &f->table[at];
}

/* Room for one more name, in a table that is at most half full. */
static bool name_room(struct wire_header_fold *f)
{
    if (f->name_count < f->name_room)
        return true;
    uint32_t room = f->name_room ? 2 * f->name_room : FIRST_ROOM;
    struct wire_folded_name *names = grow(f, f->names, room, sizeof *names);
    if (!names)
        return false;
    f->names = names;
    uint32_t *table = grow(f, f->table, 2 * room, sizeof *table);
    if (!table)
        return false;
    memset(table, 0, 2 * room * sizeof *table);
    f->table = table;
    f->table_size = 2 * room;
    f->name_room = room;
    for (uint32_t i = 0; i < f->name_count; i++)
        *place_of(f, names[i].at, names[i].length) = i + 1;
    return true;
}

void wire_header_fold_clear(struct wire_header_fold *f)
{
    f->name_count = f->value_count = 0;
    if (f->table_size)
        memset(f->table, 0, f->table_size * sizeof *f->table);
}

uint32_t wire_header_fold_name(struct wire_header_fold *f, const uint8_t *name, size_t length,
                               uint64_t values)
{
    if (!name_room(f))
        return 0;
    uint32_t *place = place_of(f, name, length);
    if (!*place) {
        if (values == 0) /* nothing: it gets no place, and its name is not asked for again */
            return 1;
        f->names[f->name_count++] = (struct wire_folded_name){name, length, 0, 0};
        *place = f->name_count;
    } else if (values == 1) {
        f->names[*place - 1].first = f->names[*place - 1].last = 0;
    }
    return *place;
}

bool wire_header_fold_value(struct wire_header_fold *f, uint32_t name, const uint8_t *value,
                            size_t length)
{
    if (f->value_count == f->value_room) {
        uint32_t room = f->value_room ? 2 * f->value_room : FIRST_ROOM;
        struct wire_folded_value *values = grow(f, f->values, room, sizeof *values);
        if (!values)
            return false;
        f->values = values;
        f->value_room = room;
    }
    f->values[f->value_count++] = (struct wire_folded_value){value, length, 0};
    struct wire_folded_name *n = &f->names[name - 1];
    if (n->last)
        f->values[n->last - 1].next = f->value_count;
    else
        n->first = f->value_count;
    n->last = f->value_count;
    return true;
}

void wire_header_fold_release(struct wire_header_fold *f)
{
    free(f->names);
    free(f->values);
    free(f->table);
    f->names = NULL;
    f->values = NULL;
    f->table = NULL;
    f->name_count = f->name_room = f->value_count = f->value_room = f->table_size = 0;
}
