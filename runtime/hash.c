/* runtime/hash.c -- see hash.h */
#if defined __GNUC__ && !defined __clang__
#pragma GCC optimize("O3") /* a third faster for 1 kB and more */
#endif
#define XXH_INLINE_ALL /* the header alone */
#include "runtime/hash.h"
#include <xxhash.h>

uint64_t hash_of_word(uint64_t word)
{
    return XXH3_64bits(&word, sizeof word);
}

uint64_t hash_seeded(const void *bytes, size_t length, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, length, seed);
}

/* A seed of 0 is none. */
uint64_t hash_of(const void *bytes, size_t length)
{
    return hash_seeded(bytes, length, 0);
}
