/* messages/trace_answers.h -- what applications answered, of traces that have not its bytes (--trace-bodies).
 *
 * Purpose  heads are always in a trace, as RESPONSE at the interceptor; of a body's pieces there are at least
 *          lengths and hashes. That is enough to compare an answer with another one, though not to say it again.
 * Owner    whoever called trace_answers_new; it must outlive the transactions that it was given to.
 * Thread   one at a time.
 */
#ifndef MESSAGES_TRACE_ANSWERS_H
#define MESSAGES_TRACE_ANSWERS_H

#include "messages/trace_transactions.h"

struct trace_answers;

struct trace_answers *trace_answers_new(void);
void trace_answers_free(struct trace_answers *a);
/* Each record, in order. */
void trace_answers_take(struct trace_answers *a, const struct trace_record *r);
/* Those that were left out for want of their answers' bytes alone get what is known of them, and can be asked again.
 * Once, when all records have been taken. */
void trace_answers_give(struct trace_answers *a, struct trace_transactions *to);

#endif
