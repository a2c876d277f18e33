/* messages/redact_bytes.h -- bytes that grow, for what redaction gathers. */
#ifndef MESSAGES_REDACT_BYTES_H
#define MESSAGES_REDACT_BYTES_H

#include "runtime/heap.h"
#include <stdlib.h>
#include <string.h>

struct redact_bytes {
    uint8_t *at;
    size_t length, room;
};

static inline void *redact_grown(void *old, size_t bytes)
{
    void *p = realloc(old, bytes);
    if (!p)
        heap_exhausted("redaction", bytes);
    return p;
}

static inline void *redact_zeroed(size_t bytes)
{
    return memset(redact_grown(NULL, bytes), 0, bytes);
}

static inline void redact_bytes_put(struct redact_bytes *b, const void *bytes, size_t length)
{
    if (b->room - b->length < length) {
        b->room = (b->length + length) * 2;
        b->at = redact_grown(b->at, b->room);
    }
    if (length)
        memcpy(b->at + b->length, bytes, length);
    b->length += length;
}

static inline void redact_bytes_add(struct redact_bytes *b, uint8_t byte)
{
    redact_bytes_put(b, &byte, 1);
}

#endif
