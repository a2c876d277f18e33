/* runtime/hash.h -- XXH3 in the form that this processor is fastest with.
 *
 * Purpose  one way to the hash of some bytes, for all who must come to the same one.
 * Thread   any; pure.
 * Source   libxxhash; on x86 it picks the instructions (seven times as fast for 10 kB as what all have).
 */
#ifndef RUNTIME_HASH_H
#define RUNTIME_HASH_H

#include <stddef.h>
#include <stdint.h>
#if defined __x86_64__
#include <xxh_x86dispatch.h>
#else
#include <xxhash.h>
#endif

static inline uint64_t hash_of(const void *bytes, size_t length)
{
    return XXH3_64bits(bytes, length);
}
static inline uint64_t hash_seeded(const void *bytes, size_t length, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, length, seed);
}

#endif
