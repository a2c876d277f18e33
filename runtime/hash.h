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

/* For hash.c. */
enum { HASH_SHORT = 240 }; /* bytes at most; XXH3 itself does more another way */
uint64_t hash_long(const void *bytes, size_t length, uint64_t seed);

#endif
