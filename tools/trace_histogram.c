/* tools/trace_histogram.c -- see trace_histogram.h */
#include "tools/trace_histogram.h"

enum { STEP_BITS = HISTOGRAM_STEP_BITS, PER_POWER = 1 << STEP_BITS };

/* Below PER_POWER each number has its own step; above, the bits behind the first one choose. */
static unsigned step_of(uint64_t ns)
{
    if (ns < PER_POWER)
        return (unsigned)ns;
    unsigned shift = (unsigned)(63 - __builtin_clzll(ns)) - STEP_BITS;
    return ((shift + 1) << STEP_BITS) + (unsigned)((ns >> shift) & (PER_POWER - 1));
}

/* The greatest of its step. */
static uint64_t top_of(unsigned step)
{
    if (step < PER_POWER)
        return step;
    unsigned shift = (step >> STEP_BITS) - 1;
    uint64_t first = (uint64_t)(PER_POWER + (step & (PER_POWER - 1))) << shift;
    return first + (UINT64_C(1) << shift) - 1;
}

void trace_histogram_add(struct trace_histogram *h, uint64_t ns)
{
    h->count++;
    h->sum += ns;
    h->most = ns > h->most ? ns : h->most;
    h->steps[step_of(ns)]++;
}

uint64_t trace_histogram_mean(const struct trace_histogram *h)
{
    return h->count ? h->sum / h->count : 0;
}

uint64_t trace_histogram_quantile(const struct trace_histogram *h, double share)
{
    uint64_t wanted = (uint64_t)(share * (double)h->count + 0.999999), seen = 0;
    for (unsigned i = 0; i < HISTOGRAM_STEPS && h->count; i++) {
        seen += h->steps[i];
        if (seen >= wanted && seen)
            return top_of(i) < h->most ? top_of(i) : h->most;
    }
    return h->most;
}
