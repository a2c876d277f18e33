/* tools/trace_histogram.h -- times by the million, in little memory: mean, greatest, and quantiles to 3 %.
 *
 * Units  nanoseconds. Each power of two is cut into 32 steps.
 */
#ifndef TOOLS_TRACE_HISTOGRAM_H
#define TOOLS_TRACE_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_STEP_BITS = 5, HISTOGRAM_STEPS = 60 << HISTOGRAM_STEP_BITS };

struct trace_histogram {
    uint64_t count, sum, most;
    uint32_t steps[HISTOGRAM_STEPS];
};

void trace_histogram_add(struct trace_histogram *h, uint64_t ns);
/* 0 of none. */
uint64_t trace_histogram_mean(const struct trace_histogram *h);
/* The time that this share of all do not exceed: 0.5, 0.99. 0 of none. */
uint64_t trace_histogram_quantile(const struct trace_histogram *h, double share);

#endif
