/* tools/trace_run.c -- see trace_run.h */
#include "tools/trace_run.h"
#include "tools/trace_reread.h"
#include <inttypes.h>
#include <stdio.h>

static void say(const struct trace_run *run, const struct trace_input *in, uint32_t process)
{
    fprintf(stderr,
            "intproxy-trace: %s is of another run (process %" PRIu32
            ") than what stands before it (process %" PRIu32
            "): only the parts of one trace belong together\n",
            trace_reread_shown(in->name), process, run->process);
}

bool trace_run_goes_on(struct trace_run *run, const struct trace_input *in)
{
    const struct trace_about *a = trace_input_about(in);
    if (!a || in->files == run->files)
        return true;
    run->files = in->files;
    if (!run->known) {
        *run = (struct trace_run){true, a->process, a->wall_us, a->clock_ns, in->files};
        return true;
    }
    if (a->process == run->process && a->wall_us == run->wall_us && a->clock_ns == run->clock_ns)
        return true;
    say(run, in, a->process);
    return false;
}
