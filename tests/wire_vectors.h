/* tests/wire_vectors.h -- reads tests/data/vectors/: tab separated lines, bytes in hexadecimal. */
#ifndef TESTS_WIRE_VECTORS_H
#define TESTS_WIRE_VECTORS_H

#include "messages/wire_message.h"
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { VECTOR_BYTES_MAX = 4096, VECTOR_LINE_MAX = 4 * VECTOR_BYTES_MAX };

/* A growing byte string of the tests. */
struct bytes {
    uint8_t *at;
    size_t length;
    size_t room;
};
void bytes_append(struct bytes *b, const void *more, size_t length);
void bytes_release(struct bytes *b);

/* One row of decode-cases.tsv or named-messages.tsv; what a file does not have is empty. */
struct vector {
    enum wire_from from;
    char verdict[8]; /* ok, more, bad */
    size_t consumed;
    char name[64];
    uint8_t bytes[VECTOR_BYTES_MAX];
    size_t length;
    uint8_t again[VECTOR_BYTES_MAX]; /* re-encoded */
    size_t again_length;
    bool unordered; /* re-encoded differently each time */
    int line;
};

/* Calls `each` for every row; returns how many there were (0: the file cannot be read). */
int vectors_decode_cases(void (*each)(const struct vector *v, void *context), void *context);
int vectors_named(void (*each)(const struct vector *v, void *context), void *context);

/* A row of named-messages.tsv by direction and name; false if there is none. */
bool vectors_find(enum wire_from from, const char *name, struct vector *out);

#endif
