/* messages/trace_format.c -- the head of a frame, and how tpl is tamed; see trace_format.h */
#define XXH_INLINE_ALL
#include "messages/trace_format.h"
#include <tpl.h>
#include <xxhash.h>

static uint64_t seed_of(const uint8_t *head)
{
    uint64_t seed;
    memcpy(&seed, head, sizeof seed);
    return seed;
}

static uint32_t sum_of_head(const uint8_t *head)
{
    return (uint32_t)XXH3_64bits(head, 8);
}

void trace_head_write(uint8_t head[FRAME_HEAD_BYTES], unsigned type, const uint8_t *image,
                      uint32_t length)
{
    uint16_t magic = FRAME_MAGIC, number = (uint16_t)type;
    memcpy(head, &magic, 2);
    memcpy(head + 2, &number, 2);
    memcpy(head + 4, &length, 4);
    uint32_t sum = sum_of_head(head);
    uint64_t image_sum = XXH3_64bits_withSeed(image, length, seed_of(head));
    memcpy(head + 8, &sum, 4);
    memcpy(head + 12, &image_sum, 8);
}

bool trace_head_read(const uint8_t head[FRAME_HEAD_BYTES], struct trace_head *out)
{
    uint16_t magic;
    uint32_t sum;
    memcpy(&magic, head, 2);
    memcpy(&out->type, head + 2, 2);
    memcpy(&out->length, head + 4, 4);
    memcpy(&sum, head + 8, 4);
    memcpy(&out->sum, head + 12, 8);
    return magic == FRAME_MAGIC && sum == sum_of_head(head) && out->length <= FRAME_BYTES_MAX;
}

bool trace_head_fits(const uint8_t head[FRAME_HEAD_BYTES], const struct trace_head *h)
{
    return XXH3_64bits_withSeed(head + FRAME_HEAD_BYTES, h->length, seed_of(head)) == h->sum;
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
