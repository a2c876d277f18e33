/* messages/trace_message.h -- a record as what replay_hear() wants: a message with memory of its own, and effects.
 *
 * Owner   struct trace_call: the caller's, used again for each record; what call.effects points to lives as long
 *         as the record.
 * Thread  one at a time.
 * Errors  false: the record is of a kind, or has an effect, that is not known here, so its actor cannot be
 *         replayed by this build; `error` says which.
 */
#ifndef MESSAGES_TRACE_MESSAGE_H
#define MESSAGES_TRACE_MESSAGE_H

#include "messages/trace_reader.h"
#include "runtime/replay.h"

struct trace_call {
    struct replay_call call;
    struct replay_effect *effects;
    struct address *addresses; /* of the effects */
    size_t room;
    char error[200];
};

/* A TRACE_CALL or TRACE_END. `type`: by name; NULL: there is none. */
bool trace_call_take(struct trace_call *c, const struct trace_reader *reader,
                     const struct trace_record *r,
                     const struct actor_type *(*type)(const char *name));
void trace_call_free(struct trace_call *c);
/* Gives the record to the replay, whatever it is. What replay does not know of (notes, counts of what was lost) is
 * REPLAY_SAME; what trace_call_take cannot take, REPLAY_LEFT_OUT. */
enum replay_result trace_replay_record(struct replay *replay, struct trace_call *c,
                                       const struct trace_reader *reader,
                                       const struct trace_record *r,
                                       const struct actor_type *(*type)(const char *name));
/* Its message, in the heap that is entered, with those bytes that were kept. The record's kind is known here. */
struct message *trace_message(const struct trace_record *r);
/* Bytes of spans were cut short. */
bool trace_is_capped(const struct trace_record *r);

#endif
