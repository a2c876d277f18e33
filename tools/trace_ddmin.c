/* tools/trace_ddmin.c -- see trace_ddmin.h */
#include "tools/trace_ddmin.h"
#include "runtime/heap.h"
#include <stdlib.h>
#include <string.h>

static size_t count_kept(const bool *keep, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += keep[i];
    return n;
}

/* Tries without the next `size` parts from `from` on. Says where those end. */
static enum ddmin_answer try_without(bool *keep, size_t count, size_t from, size_t size,
                                     size_t *end, bool *tried, ddmin_test *test, void *context)
{
    size_t left = size, at = from;
    memcpy(tried, keep, count * sizeof *keep);
    for (; at < count && left; at++)
        if (tried[at]) {
            tried[at] = false;
            left--;
        }
    *end = at;
    if (left == size)
        return DDMIN_GONE; /* none is left there */
    enum ddmin_answer answer = test(context, tried, count);
    if (answer == DDMIN_STILL)
        memcpy(keep, tried, count * sizeof *keep);
    return answer;
}

/* One walk with pieces of this size. */
static enum ddmin_answer walk(bool *keep, size_t count, size_t size, bool *tried, ddmin_test *test,
                              void *context)
{
    enum ddmin_answer found = DDMIN_GONE;
    for (size_t at = 0; at < count;) {
        enum ddmin_answer answer = try_without(keep, count, at, size, &at, tried, test, context);
        if (answer == DDMIN_STOP)
            return DDMIN_STOP;
        if (answer == DDMIN_STILL)
            found = DDMIN_STILL;
    }
    return found;
}

bool ddmin(bool *keep, size_t count, ddmin_test *test, void *context)
{
    bool *tried = malloc((count + 1) * sizeof *tried);
    enum ddmin_answer answer = DDMIN_GONE;
    size_t size = count_kept(keep, count);
    if (!tried)
        heap_exhausted("a smaller trace", count);
    while (size && answer != DDMIN_STOP) {
        answer = walk(keep, count, size, tried, test, context);
        if (size > 1)
            size /= 2;
        else if (answer != DDMIN_STILL)
            size = 0; /* each single part is needed */
    }
    free(tried);
    return answer != DDMIN_STOP;
}

size_t ddmin_length(size_t length, ddmin_length_test *test, void *context, bool *stopped)
{
    size_t low = 0; /* [low, length): not known; it is so for length */
    while (low < length) {
        size_t middle = low + (length - low) / 2;
        enum ddmin_answer answer = test(context, middle);
        if (answer == DDMIN_STOP) {
            *stopped = true;
            break;
        }
        if (answer == DDMIN_STILL)
            length = middle;
        else
            low = middle + 1;
    }
    return length;
}
