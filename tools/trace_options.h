/* tools/trace_options.h -- what several commands of intproxy-trace take, read in one way. */
#ifndef TOOLS_TRACE_OPTIONS_H
#define TOOLS_TRACE_OPTIONS_H

#include "tools/command_line.h"
#include "tools/trace_line.h"

/* Files of a trace, or "-" for standard input. */
enum { TRACE_FILES_MAX = 4096 };
struct trace_files {
    const char *names[TRACE_FILES_MAX];
    unsigned count;
};
void trace_option_file(struct command_line *c, const char *value, struct trace_files *out);
/* A mistake if there are fewer, or more (0: any number). The parts of a run are in order from here on. */
void trace_files_check(struct command_line *c, struct trace_files *files, unsigned most);

void trace_option_times(struct command_line *c, const char *value, enum trace_times *out);
void trace_option_number(struct command_line *c, const char *value, uint64_t most, uint64_t *out);
/* The number of an exchange: 7, or of the stand-in agent a7. */
void trace_option_exchange(struct command_line *c, const char *value, uint32_t *out);

#endif
