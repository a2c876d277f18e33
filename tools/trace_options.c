/* tools/trace_options.c -- see trace_options.h */
#include "tools/trace_options.h"
#include "messages/exchange_number.h"
#include "tools/trace_parts_order.h"
#include <inttypes.h>
#include <string.h>

void trace_option_file(struct command_line *c, const char *value, struct trace_files *out)
{
    if (out->count == TRACE_FILES_MAX)
        command_line_mistake(c, "too many files, %d at most", TRACE_FILES_MAX);
    else
        out->names[out->count++] = value;
}

void trace_files_check(struct command_line *c, struct trace_files *files, unsigned most)
{
    if (files->count == 0)
        command_line_mistake(c, "no trace is given: name its FILE, or - for standard input");
    else if (most && files->count > most)
        command_line_mistake(c, "\"%s\" is one file too many", files->names[most]);
    else
        trace_parts_order(c, files->names, files->count);
}

void trace_option_times(struct command_line *c, const char *value, enum trace_times *out)
{
    static const char *const names[] = {[TRACE_TIME_RELATIVE] = "relative",
                                        [TRACE_TIME_DELTA] = "delta",
                                        [TRACE_TIME_WALL] = "wall"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], value) == 0) {
            *out = (enum trace_times)i;
            return;
        }
    command_line_mistake(c, "\"%s\" is none of relative, delta, wall", value);
}

void trace_option_number(struct command_line *c, const char *value, uint64_t most, uint64_t *out)
{
    if (!command_line_number(value, 0, most, out))
        command_line_mistake(c, "\"%s\" is no number from 0 to %" PRIu64, value, most);
}

void trace_option_exchange(struct command_line *c, const char *value, uint32_t *out)
{
    if (!exchange_number_read(value, strlen(value), out) || *out == 0)
        command_line_mistake(
            c,
            "\"%s\" is no number of an exchange: write for example 7, or a7 of the stand-in agent",
            value);
}
