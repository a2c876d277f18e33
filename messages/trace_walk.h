/* messages/trace_walk.h -- one side of a recorded exchange with an application, said again piece by piece.
 *
 * Purpose  decides what is said next and when: pieces as they were cut, with the pauses between them. Where both
 *          sides speak (raw connections, and bytes behind a 101) a piece waits until as much has come from the other
 *          side as had in the recording; within HTTP it does not, but for a client whose answer was not whole: it
 *          leaves when it has heard as much. A connection that ends while nobody waits for anything is no piece.
 * Owner    the struct is the caller's; the transaction must outlive it. No memory of its own.
 * Thread   one at a time.
 */
#ifndef MESSAGES_TRACE_WALK_H
#define MESSAGES_TRACE_WALK_H

#include "messages/trace_transactions.h"

struct trace_walk {
    const struct trace_transaction *of;
    enum stream_side mine;
    double speed;       /* of the pauses; 0: without them */
    unsigned at;        /* piece of the transaction */
    size_t said[SIDES]; /* bytes of the pieces that were passed */
    uint64_t before_us; /* when the last one was passed */
    uint64_t before_ns; /* ... in the recording */
};

/* What the live peer has done. */
struct trace_walk_heard {
    bool http_ended; /* its part of the HTTP exchange */
    size_t tail;     /* bytes behind that; of a raw connection all */
    bool ended;      /* it has finished sending */
    bool
        http_as_far; /* near: the answer has come as far as in the recording, where it had no end */
};

enum trace_walk_next {
    WALK_SAY,   /* *bytes; ask again */
    WALK_END,   /* finish sending; ask again */
    WALK_RESET, /* break the connection */
    WALK_WAIT,  /* until *due_us, or (UINT64_MAX) until the peer has done something */
    WALK_OVER,
};

void trace_walk_begin(struct trace_walk *w, const struct trace_transaction *of,
                      enum stream_side mine, double speed, uint64_t now_us);
enum trace_walk_next trace_walk_next(struct trace_walk *w, const struct trace_walk_heard *heard,
                                     uint64_t now_us, const uint8_t **bytes, size_t *length,
                                     uint64_t *due_us);

#endif
