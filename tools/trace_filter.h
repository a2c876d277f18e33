/* tools/trace_filter.h -- which records are wanted: the filter language over what a trace's records have.
 *
 * Purpose  messages/filter.h is the language; the table of fields stands in trace_filter.c, with what each
 *          means. Words that the tap has too (actors/tap_fields.c) mean the same here.
 * Owner    whoever called trace_filter_new.
 * Thread   one at a time: it remembers what it has seen.
 * Errors   trace_filter_new says where in the text, what was expected and what was found.
 */
#ifndef TOOLS_TRACE_FILTER_H
#define TOOLS_TRACE_FILTER_H

#include "messages/filter.h"
#include "messages/trace_exchanges.h"
#include "tools/command_line.h"

struct trace_filter;

/* text NULL: everything is wanted. NULL, and `error` filled: it is no filter. */
struct trace_filter *trace_filter_new(const char *text, char error[FILTER_ERROR_MAX]);
void trace_filter_free(struct trace_filter *f);
/* Whose records they will be: `effect` looks at them through it. Before the first trace_filter_wants. */
void trace_filter_reader(struct trace_filter *f, const struct trace_reader *reader);
/* Asked of each record, in order: t counts from the first, and who spoke is known from before. x: the record's
 * exchange as trace_exchanges_take gave it; NULL: none, or not known. */
bool trace_filter_wants(struct trace_filter *f, const struct trace_record *r,
                        const struct trace_exchange *x);

/* It asks of nothing but a request, by method and path: what it says goes for all of an exchange, also for what was
 * said of it before its request was known. */
bool trace_filter_is_of_request(const struct trace_filter *f);
bool trace_filter_wants_request(struct trace_filter *f, const char *method, const char *target);

/* For tables of options: --filter EXPR. A mistake is said; *out stays NULL then. */
void trace_option_filter(struct command_line *c, const char *value, struct trace_filter **out);

/* The fields, a line each, for a command's --help; ends with NULL name. */
extern const struct filter_field trace_filter_fields[];
/* Prints them, and the language in short, on standard output. */
void trace_filter_help(void);

#endif
