/* tools/recording.h -- the options that make a trace, and the thread that writes it.
 *
 * Purpose  both programs take --trace and its like, and record what all their actors hear and do: into a
 *          file, or, with --trace-last, into memory, which is written out when something went wrong.
 * Owner    one recording a process.
 * Thread   options, start and stop: the main thread. Between them a thread of its own encodes and writes;
 *          no worker ever waits for it.
 * Errors   options: mistakes of the command line. Start: said on stderr. A disk that is full: said there once,
 *          and in the trace; the program goes on.
 */
#ifndef TOOLS_RECORDING_H
#define TOOLS_RECORDING_H

#include "messages/trace_about.h"
#include "runtime/hooks.h"
#include "tools/command_line.h"

/* For the tables of both programs. */
void recording_take_file(struct command_line *c, const char *value);
void recording_take_bodies(struct command_line *c, const char *value);
void recording_take_last(struct command_line *c, const char *value);
void recording_take_part_size(struct command_line *c, const char *value);
void recording_take_part_time(struct command_line *c, const char *value);
void recording_take_keep(struct command_line *c, const char *value);
void recording_take_memory(struct command_line *c, const char *value);
#define RECORDING_ROWS                                                                             \
    {"", NULL, "A trace of all messages (intproxy-trace reads it)", NULL, ONCE},                   \
        {"--trace", "FILE",                                                                        \
         "record into this file, which must not exist yet; it holds all that\n"                    \
         "passes, secrets too: see intproxy-trace redact",                                         \
         recording_take_file, ONCE},                                                               \
        {"--trace-bodies", "N|none",                                                               \
         "keep so many bytes of each body, and length and hash (default: all);\nwhat is cut does " \
         "not replay",                                                                             \
         recording_take_bodies, ONCE},                                                             \
        {"--trace-last", "TIME",                                                                   \
         "keep the last TIME (e.g. 60s) in memory; it is written to FILE on\nSIGUSR1, on an "      \
         "error, on a crash",                                                                      \
         recording_take_last, ONCE},                                                               \
        {"--trace-part-size", "BYTES", "begin another file, FILE.2, FILE.3 ..., at this size",     \
         recording_take_part_size, ONCE},                                                          \
        {"--trace-part-time", "TIME", "... and after this time", recording_take_part_time, ONCE},  \
        {"--trace-keep", "N", "of these files, the last N stay (default: all)",                    \
         recording_take_keep, ONCE},                                                               \
    {                                                                                              \
        "--trace-memory", "BYTES",                                                                 \
            "for what is not written yet, a worker (8M); for --trace-last,\nin all (64M)",         \
            recording_take_memory, ONCE                                                            \
    }

/* Mistakes that options make together. */
void recording_check(struct command_line *c);
bool recording_is_wanted(void);

/* What a program says of itself; the rest of struct trace_about is found here. argv: for the options. */
struct recording_program {
    const char *name, *protocol;
    unsigned workers;
    char **argv;
    int argc;
};

/* Begins. NULL: it cannot, which was said on stderr. The hooks are for runtime_options. settings as of
 * settings_texts, until recording_stop. */
const struct hooks *recording_start(const struct recording_program *p,
                                    const struct trace_setting *settings);
/* When the runtime has been destroyed: the rest is written. */
void recording_stop(void);

#endif
