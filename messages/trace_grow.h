/* messages/trace_grow.h -- arrays and texts that grow while a trace is read; memory's end is the program's. */
#ifndef MESSAGES_TRACE_GROW_H
#define MESSAGES_TRACE_GROW_H

#include "messages/wire_transcode.h"
#include "runtime/heap.h"
#include <stdlib.h>
#include <string.h>

/* Room for one element more behind `count`; what is new is zeroed. */
static inline void *trace_grow(void *array, size_t count, size_t size)
{
    if (count & (count - 1)) /* room is made at 0, 1, 2, 4, 8 ... */
        return array;
    size_t room = count ? 2 * count : 1;
    char *grown = realloc(array, room * size);
    if (!grown)
        heap_exhausted("what is read of a trace", room * size);
    memset(grown + count * size, 0, (room - count) * size);
    return grown;
}

static inline void trace_put(struct wire_buffer *b, const void *bytes, size_t length)
{
    if (length && !wire_buffer_put(b, bytes, length))
        heap_exhausted("what is read of a trace", length);
}

/* A copy that ends with a NUL. */
static inline char *trace_text(const void *bytes, size_t length)
{
    char *copy = malloc(length + 1);
    if (!copy)
        heap_exhausted("what is read of a trace", length + 1);
    if (length)
        memcpy(copy, bytes, length);
    copy[length] = '\0';
    return copy;
}

#endif
