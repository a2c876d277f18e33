/* tools/wire_options.c -- see wire_options.h */
#include "tools/wire_options.h"
#include "tools/wire_commands.h"
#include "tools/wire_show.h"
#include <string.h>

#define SIZE_MOST (UINT64_C(1) << 40)

void wire_option_from(struct command_line *c, const char *value, enum wire_from *out)
{
    if (!wire_from_parse(value, strlen(value), out))
        command_line_mistake(c, "\"%s\" is neither agent nor client", value);
}

void wire_option_version(struct command_line *c, const char *value, struct version *out)
{
    if (!version_parse(value, strlen(value), out))
        command_line_mistake(c, "\"%s\" is no version: write for example 1.19.0", value);
}

void wire_option_size(struct command_line *c, const char *value, uint64_t *out)
{
    if (!command_line_size(value, 0, SIZE_MOST, out))
        command_line_mistake(c, "\"%s\" is no size up to 1024G: write for example 64 or 4K", value);
}

void wire_option_number(struct command_line *c, const char *value, uint64_t *out)
{
    if (!command_line_number(value, 0, UINT64_MAX, out))
        command_line_mistake(c, "\"%s\" is no number", value);
}

void wire_option_input(struct command_line *c, const char *value, struct wire_inputs *out)
{
    if (out->count == WIRE_INPUTS_MAX)
        command_line_mistake(c, "too many inputs, %d at most", WIRE_INPUTS_MAX);
    else
        out->names[out->count++] = value;
}

void wire_inputs_default(struct wire_inputs *in)
{
    if (in->count == 0)
        in->names[in->count++] = "-";
}
