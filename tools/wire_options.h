/* tools/wire_options.h -- values that several commands of intproxy-wire take, read in one way. */
#ifndef TOOLS_WIRE_OPTIONS_H
#define TOOLS_WIRE_OPTIONS_H

#include "messages/version.h"
#include "messages/wire_message.h"
#include "tools/command_line.h"

/* Each says its mistake through command_line_mistake. */
void wire_option_from(struct command_line *c, const char *value, enum wire_from *out);
void wire_option_version(struct command_line *c, const char *value, struct version *out);
void wire_option_size(struct command_line *c, const char *value, uint64_t *out);
void wire_option_number(struct command_line *c, const char *value, uint64_t *out);

/* Files, or "-" for standard input. */
enum { WIRE_INPUTS_MAX = 64 };
struct wire_inputs {
    const char *names[WIRE_INPUTS_MAX];
    unsigned count;
};
void wire_option_input(struct command_line *c, const char *value, struct wire_inputs *out);
/* None given: standard input. */
void wire_inputs_default(struct wire_inputs *in);

#endif
