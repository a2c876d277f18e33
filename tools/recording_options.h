/* tools/recording_options.h -- the options that ask for a trace, of both programs.
 *
 * Owner    one set a process.
 * Thread   the main one, before anything runs; then read-only.
 * Errors   mistakes of the command line.
 */
#ifndef TOOLS_RECORDING_OPTIONS_H
#define TOOLS_RECORDING_OPTIONS_H

#include "tools/command_line.h"

struct recording_options {
    const char *file;                   /* NULL: no trace */
    uint32_t bodies_max;                /* UINT32_MAX: whole */
    uint64_t last_ns;                   /* 0: into the file; else in memory, for so long */
    uint64_t part_ns, part_bytes, keep; /* 0: not asked for */
    uint64_t memory;                    /* 0: as usual */
};
extern struct recording_options recording_asked;

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
         "error, on a crash; then to FILE.2, FILE.3 ...",                                          \
         recording_take_last, ONCE},                                                               \
        {"--trace-part-size", "BYTES", "write FILE.1, and begin FILE.2, FILE.3 ... at this size",  \
         recording_take_part_size, ONCE},                                                          \
        {"--trace-part-time", "TIME", "... and after this time", recording_take_part_time, ONCE},  \
        {"--trace-keep", "N", "of these files, the last N stay (default: all)",                    \
         recording_take_keep, ONCE},                                                               \
    {                                                                                              \
        "--trace-memory", "BYTES",                                                                 \
            "for what is not written yet, a worker (32M, without bodies 8M);\nfor --trace-last, "  \
            "in all (64M)",                                                                        \
            recording_take_memory, ONCE                                                            \
    }

/* Mistakes that options make together. */
void recording_check(struct command_line *c);
bool recording_is_wanted(void);
/* The command line as it was, but for the values of header and path filters: these name people and their secrets.
 * malloc's. */
char *recording_command_line(int argc, char **argv);

#endif
