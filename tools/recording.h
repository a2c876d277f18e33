/* tools/recording.h -- a program that is recorded: the thread that writes its trace, and when it does.
 *
 * Purpose  both programs record what all their actors hear and do: into a file, or, with --trace-last, into
 *          memory, which is written out when something went wrong.
 * Owner    one recording a process.
 * Thread   start and stop: the main thread. Between them a thread of its own encodes and writes; no worker
 *          ever waits for it.
 * Errors   start: said on stderr. A disk that is full: said there once, and in the trace; the program goes on.
 * Signals  SIGUSR1, and those that end the program with a core: after the trace has been written they do what
 *          they did before. A worker whose stack is exhausted dies without that.
 */
#ifndef TOOLS_RECORDING_H
#define TOOLS_RECORDING_H

#include "messages/trace_about.h"
#include "runtime/hooks.h"
#include "tools/recording_options.h"

/* What a program says of itself; the rest of struct trace_about is found here. argv: for the options. */
struct recording_program {
    const char *name, *protocol;
    unsigned workers;
    char **argv;
    int argc;
};

/* Begins. NULL: it cannot, which was said on stderr, and all is as if it had not been tried. The hooks are for
 * runtime_options. settings as of settings_texts, until recording_stop. */
const struct hooks *recording_start(const struct recording_program *p,
                                    const struct trace_setting *settings);
/* When the workers have ended: the rest is written. */
void recording_stop(void);

#endif
