/* messages/trace_format.c -- checksum of a frame, and how tpl is tamed; see trace_format.h */
#define XXH_INLINE_ALL
#include "messages/trace_format.h"
#include <tpl.h>
#include <xxhash.h>

uint64_t trace_checksum(const uint8_t head[8], const uint8_t *payload, size_t length)
{
    uint64_t seed;
    memcpy(&seed, head, sizeof seed);
    return XXH3_64bits_withSeed(payload, length, seed);
}

static int say_nothing(const char *format, ...)
{
    (void)format;
    return 0;
}

static void no_memory(const char *format, ...)
{
    (void)format;
    heap_exhausted("a trace record", 0);
}

extern tpl_hook_t tpl_hook;

void trace_tpl_prepare(void)
{
    tpl_hook.oops = say_nothing;
    tpl_hook.fatal = no_memory;
}
