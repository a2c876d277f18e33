/* messages/wire_random.h -- random valid messages as a source; see wire_transcode.h.
 *
 * Purpose  every variant that a peer of a version may say, with values that are legal and often at
 *          an edge (0, 250, 251, 2^16, the largest; empty strings, bytes above 0x7F).
 * Promise  the same seed and version give the same messages, on every machine.
 * Errors   none: whatever sink it is conveyed to takes it.
 */
#ifndef MESSAGES_WIRE_RANDOM_H
#define MESSAGES_WIRE_RANDOM_H

#include "messages/version.h"
#include "messages/wire_transcode.h"

enum { WIRE_RANDOM_STRING_MAX = 400 };

struct wire_random_source {
    uint64_t state;
    struct version limit; /* variants that came later are not said */
    /* -- private -- */
    uint32_t serial; /* makes the names of headers different */
    uint8_t string[WIRE_RANDOM_STRING_MAX];
};

extern const struct wire_source wire_random_source;

void wire_random_source_begin(struct wire_random_source *s, uint64_t seed, struct version limit);

/* Any number below `n`, which is not 0. For those who share the dice. */
uint64_t wire_random_below(struct wire_random_source *s, uint64_t n);

#endif
