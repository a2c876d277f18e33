/* tools/trace_redaction.h -- traces are read without their secrets: options, and the passes over the files.
 *
 * Purpose  for `redact`, and for all that makes something of a trace that leaves the machine.
 * Owner    the struct is the caller's; zeroed, then trace_redaction_create.
 * Thread   one.
 *
 *     trace_redaction_prepare(&redaction, paths, count)      reads them twice, and says what it cannot read
 *     each record: r = redactor_apply(redaction.redactor, in.reader, &record); if (!r) the file has grown: stop
 */
#ifndef TOOLS_TRACE_REDACTION_H
#define TOOLS_TRACE_REDACTION_H

#include "messages/trace_redactor.h"
#include "tools/command_line.h"

struct trace_redaction {
    struct redact_rules *rules;
    struct redactor *redactor; /* from trace_redaction_prepare on */
    /* Called when all records have been learned from: what will be shown of them in another form may teach more.
     * NULL: nothing does. */
    void (*learn_more)(void *context, struct redactor *d);
    void *context;
    uint8_t *key;
    size_t key_length;
    bool coded; /* a head names a Content-Encoding; from trace_redaction_prepare on */
};

void trace_redaction_create(struct trace_redaction *x);
void trace_redaction_destroy(struct trace_redaction *x);

/* For rows of options: --key FILE, --key-text K, --rules FILE; --header, --query, --cookie and --json, whose value
 * follows `place` in a rule. */
void trace_redaction_key_file(struct trace_redaction *x, struct command_line *c, const char *value);
void trace_redaction_key_text(struct trace_redaction *x, struct command_line *c, const char *value);
void trace_redaction_rules_file(struct trace_redaction *x, struct command_line *c,
                                const char *value);
void trace_redaction_rule(struct trace_redaction *x, struct command_line *c, const char *place,
                          const char *value);

/* 0, or an exit status: standard input cannot be read twice, a file cannot be read. What is damaged in them is said
 * unless `quiet`, and does not count here. */
int trace_redaction_prepare(struct trace_redaction *x, const char *const *paths, unsigned count,
                            bool quiet);
/* Who is told that secrets were replaced in `out` must know where none were looked for: on standard error, if so. */
void trace_redaction_say_coded(const struct trace_redaction *x, const char *out);

#endif
