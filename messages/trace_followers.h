/* messages/trace_followers.h -- which requests followed another one for certain, and whether they did again.
 *
 * A request *follows* the one before it on its client's connection, if that had been answered before it began: it may
 * have been made of the answer. That it came after one of another client is chance.
 *
 * Requests that are alike cannot be told apart in a play, so which of two clients sent one is not known there. Of
 * those that are alike, some follow one sort and the others do not: when more have begun than can be without it,
 * as many of that sort must have been answered.
 * Thread   one at a time.
 */
#ifndef MESSAGES_TRACE_FOLLOWERS_H
#define MESSAGES_TRACE_FOLLOWERS_H

#include "messages/trace_order.h"

struct trace_follower {
    uint32_t client; /* whose connection it came over; 0: not known, so it follows nobody */
    uint32_t alike;  /* the same for all that are alike */
};

/* `out` has room for one each: the turn that it began before, and had followed; its own: there is none. One that did
 * not come at all is not waited for. */
void trace_followers_judge(const struct trace_turn *turns, const struct trace_follower *who,
                           unsigned count, unsigned *out);

#endif
