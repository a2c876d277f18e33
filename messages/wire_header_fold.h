/* messages/wire_header_fold.h -- a header map as its reader understands it.
 *
 * Purpose  on the wire a map is a list of entries, and the reader puts them together: an entry with
 *          one value replaces what its name had, one with several appends, one without values is
 *          nothing; names are compared and kept in lower case (wire-format.md 2.6).
 * Owner    points into the caller's bytes; its own memory is released by wire_header_fold_release.
 * Errors   false: no memory.
 * Cost     O(entries), by a hash table: a map may have 24 576 names.
 */
#ifndef MESSAGES_WIRE_HEADER_FOLD_H
#define MESSAGES_WIRE_HEADER_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire_folded_value {
    const uint8_t *at;
    size_t length;
    uint32_t next; /* of the same name, as an index and 1; 0: none */
};

struct wire_folded_name {
    const uint8_t *at; /* as it came, perhaps with upper case */
    size_t length;
    uint32_t first, last; /* values, as an index and 1 */
};

struct wire_header_fold {
    struct wire_folded_name *names; /* in the order in which they first came */
    struct wire_folded_value *values;
    uint32_t *table; /* names by hash, as an index and 1; a power of two */
    uint32_t name_count, name_room;
    uint32_t value_count, value_room;
    uint32_t table_size;
    void *(*reallocate)(void *, size_t); /* NULL: realloc */
};

/* Empties it, and keeps the memory. */
void wire_header_fold_clear(struct wire_header_fold *f);
/* The next entry; its values follow, in order. Returns the name's index and 1, 0: no memory. */
uint32_t wire_header_fold_name(struct wire_header_fold *f, const uint8_t *name, size_t length,
                               uint64_t values);
bool wire_header_fold_value(struct wire_header_fold *f, uint32_t name, const uint8_t *value,
                            size_t length);
void wire_header_fold_release(struct wire_header_fold *f);

#endif
