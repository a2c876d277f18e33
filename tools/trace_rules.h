/* tools/trace_rules.h -- what a comparison of two traces does not look at: the language of rules.
 *
 * Purpose  some differences mean nothing: times, numbers that are given anew in each run, what flow control
 *          says. Which, is written down, a rule a line; what is left out without being asked for is the text
 *          trace_rules_default, in the same language.
 * Owner    whoever called trace_rules_new.
 * Thread   one at a time.
 * Errors   every mistake, with its line: "rules:3: ...".
 *
 *     # to the end of the line                    a comment
 *     ignore kind TIMER                           messages of a kind
 *     ignore kind DOWN of local_pool              ... that this type of actor hears
 *     ignore effect limit [of TYPE]               what an actor does
 *     ignore field serial [of KIND]               a field, by its name; of a kind, or an effect
 *     ignore header date                          a header line of heads, whoever carries them
 *     ignore outside [TYPE]                       what belongs to no exchange; at actors of this type
 *     ignore undelivered                          messages that nobody heard any more
 *     ignore where EXPRESSION                     calls that the filter language describes; if it asks of method
 *                                                 and path alone, all of the exchange
 *     tolerate window 10%                         a field may differ so much: N, N%, or any
 *     tolerate time 20ms | took 50%               since the exchange began; how long the call took
 *     unordered headers                           the order of header lines
 *     unordered kind P | unordered where E        these messages may come in any order among themselves
 *     once kind P | once effect P                 ... and those that are equal count as one
 *     once actor TYPE                             actors of this type that did the same count as one
 *
 * Names may have * and ? and may be "in quotes" or 'in quotes'; header names are in either case.
 */
#ifndef TOOLS_TRACE_RULES_H
#define TOOLS_TRACE_RULES_H

#include "messages/trace_exchanges.h"
#include "messages/trace_reader.h"

struct trace_rules;

enum { RULE_ERRORS_BYTES = 8000 };
struct rule_errors {
    unsigned count;
    size_t length;
    char text[RULE_ERRORS_BYTES]; /* a line each, as many as fit */
};

extern const char trace_rules_default[];

struct trace_rules *trace_rules_new(void);
void trace_rules_free(struct trace_rules *r);
/* Adds the rules of a text. `name` is said in errors. False: there were mistakes. */
bool trace_rules_read(struct trace_rules *r, const char *name, const char *text, size_t length,
                      struct rule_errors *errors);

/* ---- questions ---- */

/* of: the type of the actor that hears it, or does it */
bool rules_ignore_kind(const struct trace_rules *r, const char *kind, const char *of);
bool rules_ignore_effect(const struct trace_rules *r, const char *effect, const char *of);
/* of: the kind, or the effect */
bool rules_ignore_field(const struct trace_rules *r, const char *field, const char *of);
/* In either case. */
bool rules_ignore_header(const struct trace_rules *r, const void *name, size_t length);
bool rules_ignore_outside(const struct trace_rules *r, const char *type);
bool rules_ignore_undelivered(const struct trace_rules *r);
bool rules_unordered_headers(const struct trace_rules *r);
bool rules_unordered_kind(const struct trace_rules *r, const char *kind, const char *of);
bool rules_once_kind(const struct trace_rules *r, const char *kind, const char *of);
bool rules_once_effect(const struct trace_rules *r, const char *effect, const char *of);
bool rules_once_actor(const struct trace_rules *r, const char *type);

/* `ignore where`, `unordered where`, asked of each record in order: *unordered is set. True: ignore it. */
bool rules_judge_record(struct trace_rules *r, const struct trace_reader *reader,
                        const struct trace_record *record, const struct trace_exchange *exchange,
                        bool *unordered);
/* An `ignore where` that asks of nothing but the request: its whole exchange is not to be compared. */
bool rules_ignore_request(const struct trace_rules *r, const char *method, const char *target);
/* Another trace is about to be read. */
void rules_begin_trace(struct trace_rules *r);

/* Two values of a field are near enough. Numbers; microseconds for time and took. */
bool rules_tolerate(const struct trace_rules *r, const char *field, const char *of, double a,
                    double b);
/* There is a tolerance for this. */
bool rules_tolerate_some(const struct trace_rules *r, const char *field, const char *of);
/* There is a tolerance other than `any` for this: it is to be compared at all. */
bool rules_tolerance_of(const struct trace_rules *r, const char *field, const char *of);

#endif
