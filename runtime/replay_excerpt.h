/* runtime/replay_excerpt.h -- bytes in a report of a difference: what is shown of them has the first that differs.
 *
 * Purpose  two long byte strings that part late are not cut where they still are the same.
 * Owner    texts and bytes are the caller's.
 */
#ifndef RUNTIME_REPLAY_EXCERPT_H
#define RUNTIME_REPLAY_EXCERPT_H

#include <stddef.h>
#include <stdint.h>

enum { EXCERPT_BYTES = 100, EXCERPT_BEFORE = 40 };
#define EXCERPT_SAME SIZE_MAX /* no byte differs */

struct excerpt {
    const uint8_t *bytes;
    size_t known, length; /* of those `length`, the first `known` are there */
};

/* The first byte that differs. EXCERPT_SAME: all that both know is the same, and so is the length. */
size_t excerpt_parting(struct excerpt a, struct excerpt b);
/* Appends ": NAME differs from byte `at` on". */
void excerpt_say(char *what, size_t room, const char *name, struct excerpt recorded, size_t at);
/* Appends to the text in out, which has room for REPLAY_TEXT_MAX: ..."bytes"... with the byte `at` in them. */
void excerpt_print(char *out, struct excerpt e, size_t at);

#endif
