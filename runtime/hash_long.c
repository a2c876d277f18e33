/* runtime/hash_long.c -- by the library; it and the header alone exclude each other in one file. See hash.h */
#include "runtime/hash.h"
#if defined __x86_64__
#include <xxh_x86dispatch.h>
#else
#include <xxhash.h>
#endif

uint64_t hash_long(const void *bytes, size_t length, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, length, seed);
}
