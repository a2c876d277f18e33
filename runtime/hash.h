/* runtime/hash.h -- XXH3, for all who must come to the same hash of some bytes.
 *
 * Thread   any; pure.
 * Source   libxxhash, by its header: short ones are made of each record of a trace, twice, and a call into the library
 *          would take as long. With the instructions that all processors of a kind have: the widest hash 10 kB in two
 *          thirds of the time, but some processors run slowly for some 10 us when they wake the upper halves of
 *          their registers. A worker that hashed 2 kB a round so took 5 % more time for all that it did, and
 *          with bodies of 10 kB 7 %.
 */
#ifndef RUNTIME_HASH_H
#define RUNTIME_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint64_t hash_of(const void *bytes, size_t length);
uint64_t hash_seeded(const void *bytes, size_t length, uint64_t seed);
/* Of the 8 bytes of a word, as memory has them. */
uint64_t hash_of_word(uint64_t word);

/* In place of the hash of bytes that are not there, when nobody is to guess at them by it: made of another one that
 * only its maker knows, equal for equal ones, and it can be seen that it is no hash (one of 2^32 looks the same). */
#define HASH_HIDDEN UINT64_C(0x6869646e)
static inline uint64_t hash_hidden(uint64_t secret)
{
    return HASH_HIDDEN << 32 | secret >> 32;
}

static inline bool hash_is_hidden(uint64_t hash)
{
    return hash >> 32 == HASH_HIDDEN;
}

/* It is that of these bytes; or hidden, and says nothing. */
static inline bool hash_fits(uint64_t hash, const void *bytes, size_t length)
{
    return hash_is_hidden(hash) || hash_of(bytes, length) == hash;
}

#endif
