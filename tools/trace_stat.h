/* tools/trace_stat.h -- intproxy-trace stat: totals as tables for people, or as one JSON object. */
#ifndef TOOLS_TRACE_STAT_H
#define TOOLS_TRACE_STAT_H

#include "tools/trace_input.h"
#include "tools/trace_totals.h"

struct trace_stat {
    struct trace_totals *totals;
    struct trace_exchanges *exchanges;
    const struct trace_input *input;
    uint64_t top; /* slowest exchanges that are listed */
};

void trace_stat_print(const struct trace_stat *s);
/* For --help: the names in it. */
void trace_stat_json(const struct trace_stat *s);

#endif
