/* runtime/hash.h -- XXH3 in the form that this processor is fastest with.
 *
 * Purpose  one way to the hash of some bytes, for all who must come to the same one.
 * Thread   any; pure.
 * Source   libxxhash. Short ones by its header, without a call into the library: these are made of each record of a
 *          trace, twice. Long ones, on x86, by the instructions that it picks (seven times as fast for 10 kB as what
 *          all have).
 */
#ifndef RUNTIME_HASH_H
#define RUNTIME_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t hash_of(const void *bytes, size_t length);
uint64_t hash_seeded(const void *bytes, size_t length, uint64_t seed);
/* Of the 8 bytes of a word, as memory has them. */
uint64_t hash_of_word(uint64_t word);

/* For hash.c. */
enum { HASH_SHORT = 240 }; /* bytes at most; XXH3 itself does more another way */
uint64_t hash_long(const void *bytes, size_t length, uint64_t seed);

#endif
