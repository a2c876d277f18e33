/* runtime/recording.h -- how a recording is kept; for recording.c and replay.c.
 *
 * Everything is malloc's: a recording outlives the heaps of the workers that made it.
 */
#ifndef RUNTIME_RECORDING_H
#define RUNTIME_RECORDING_H

#include "runtime/limits.h"
#include "runtime/replay.h"

/* Who holds a span alone may write in front of it, where its maker left room. The room is kept, up to
 * this; what lies there is not. */
enum { SAVED_FRONT_BYTES = 64 };

struct saved_effect {
    struct saved_effect *next;
    struct effect effect; /* message, address and bytes are this struct's own */
};

/* One call of a handler: a message, and the effects that followed it. */
struct saved_call {
    struct saved_call *next;
    struct message *input;
    uint64_t now_us;
    struct saved_effect *first, *last;
};

struct saved_actor {
    struct saved_actor *next; /* of the same worker, in order of birth */
    struct actor_ref ref;
    const struct actor_type *type;
    uint32_t exchange;
    size_t inputs;
    struct saved_call *first, *last;
    bool cut;        /* more followed that was left out */
    bool reaped;     /* it ended, on_stop included */
    uint64_t end_us; /* and when */
    uint8_t stop_reason;
};

/* What one worker records. */
struct recorded_part {
    struct saved_actor *first, *last;
    struct saved_actor **living; /* by slot */
    size_t living_room;
    size_t bytes, actors, inputs, effects, left_out;
};

struct recording {
    struct hooks hooks;
    size_t part_bytes_max;
    struct recorded_part parts[WORKERS_MAX];
};

/* An input becomes the newest call of the actor; an effect is added to the newest call. Both return the
 * bytes that this took. */
size_t saved_call_add(struct saved_actor *a, const struct message *m, uint64_t now_us);
size_t saved_effect_add(struct saved_call *c, const struct effect *e);
void saved_calls_free(struct saved_actor *a);

/* Text that is being made, cut to its room and always ended. */
struct saved_out {
    char *text;
    size_t length, room;
};

void saved_out_add(struct saved_out *o, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Equal in everything that an actor decides. */
bool saved_effect_equal(const struct saved_effect *a, const struct saved_effect *b);
/* One line, without its end. Returns its length, cut to room. */
size_t saved_effect_print(const struct saved_effect *e, char *out, size_t room);
/* A message with memory of its own, of the heap that is entered. */
struct message *saved_message_again(const struct message *m);

#endif
