/* tools/trace_run.h -- are the files of one run of one program? Actors of two have the same names.
 *
 * Owner   the caller's, zeroed; the numbers are its own.
 * Thread  one.
 */
#ifndef TOOLS_TRACE_RUN_H
#define TOOLS_TRACE_RUN_H

#include "tools/trace_input.h"

struct trace_run {
    bool known;
    uint32_t process;
    uint64_t wall_us, clock_ns;
    uint64_t files; /* of the input, that were looked at */
};

/* After each record. False, and said on stderr: this file is of another run than those before it. */
bool trace_run_goes_on(struct trace_run *run, const struct trace_input *in);

#endif
