/* messages/trace_format.c -- the head of a frame, and how tpl is tamed; see trace_format.h */
#include "messages/trace_format.h"
#include "runtime/hash.h"
#include <tpl.h>

static uint64_t first_of(const uint8_t *head)
{
    uint64_t first;
    memcpy(&first, head, sizeof first);
    return first;
}

static uint32_t sum_of_head(uint64_t first)
{
    return (uint32_t)hash_of_word(first);
}

/* In one piece: a processor waits for bytes that it reads together and has just written one by one. */
void trace_head_write(uint8_t head[FRAME_HEAD_BYTES], unsigned type, const uint8_t *image,
                      uint32_t length)
{
    uint64_t first = FRAME_MAGIC | (uint64_t)(uint16_t)type << 16 | (uint64_t)length << 32;
    uint32_t sum = sum_of_head(first);
    uint64_t image_sum = hash_seeded(image, length, first);
    memcpy(head, &first, 8);
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
    return magic == FRAME_MAGIC && sum == sum_of_head(first_of(head)) &&
           out->length <= FRAME_BYTES_MAX;
}

bool trace_head_fits(const uint8_t head[FRAME_HEAD_BYTES], const struct trace_head *h)
{
    return hash_seeded(head + FRAME_HEAD_BYTES, h->length, first_of(head)) == h->sum;
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
