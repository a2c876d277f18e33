/* runtime/inbox.h -- what other threads have sent to one worker: a lock-free list in one word.
 *
 * The word says all there is to say:
 *
 *     EMPTY ──push──▶ newest ─next▶ … ─next▶ oldest ─next▶ NULL      push: INBOX_PUSHED
 *       ▲  ◀──take──     │
 *       │                └─push──▶ a newer newest                    push: INBOX_PUSHED
 *       ├──park──▶ PARKED ──push──▶ newest …                         push: INBOX_WOKE
 *       └──unpark, take──┘
 *     any ──close──▶ CLOSED, for ever                                push: INBOX_CLOSED
 *
 * Contract   In order per producer; across producers in the order of the pushes. A message is in
 *            the inbox whole or not at all. Each park ends exactly once: by one push that returns
 *            INBOX_WOKE, or on the consumer's side (inbox_unpark true, inbox_take NULL, or close).
 * Owner      A push gives its nodes to the inbox, take and close give them to the consumer. A
 *            refused push leaves them with the producer. The inbox allocates and frees nothing.
 * Threads    The consumer is the worker whose inbox it is; everybody else is a producer.
 *
 *                              while a push runs   while take, park, unpark or close runs
 *      inbox_push                     yes                         yes
 *      inbox_take, park, unpark       yes                no: consumer's thread only
 *      inbox_close                    yes                no: consumer's thread only
 *      inbox_create                   no                          no
 *
 *            What a producer did before inbox_push is visible to the consumer once inbox_take or
 *            inbox_close has returned the node. Nothing flows back: no return value of inbox_push
 *            tells a producer anything about the consumer's memory.
 * Life       The word must outlive the last push. So must the consumer's wake handle (ev_async):
 *            a producer may stand between INBOX_WOKE and its wake while the inbox is being closed.
 *            Join the producers first, free afterwards.
 * Cost       Push: one load, one compare-and-swap a chain. Take: one load, one exchange, and one
 *            visit of each node. Both are bounded but for pushes that lose against another push.
 * Errors     Only INBOX_CLOSED. A consumer that parks twice, or after closing, is a bug: assert.
 */
#ifndef RUNTIME_INBOX_H
#define RUNTIME_INBOX_H

#include "runtime/atomic.h"
#include <stdbool.h>
#include <stdint.h>

/* The head of whatever is sent: a bundle of messages begins with it. While a node is in an inbox, `next`
 * is the one pushed before it; when it has been taken, the one to be handled after it. */
struct inbox_node {
    RT_PLAIN(struct inbox_node *) next;
};

/* On a cache line of its own, or each push would slow down whatever lies beside it: a struct that
 * holds one must be allocated at a multiple of 64 bytes. */
struct inbox {
    RT_OWN_LINE RT_ATOMIC(uintptr_t) word;
};

enum inbox_pushed {
    INBOX_PUSHED, /* the consumer is awake, or was woken for an earlier push */
    INBOX_WOKE,   /* it had parked: this producer, and no other, must wake it now */
    INBOX_CLOSED, /* nothing was pushed: the chain is the caller's again, to be bounced */
};

/* An empty inbox whose consumer is awake. */
void inbox_create(struct inbox *inbox);

/* Any thread. Pushes newest → … → oldest, linked by `next` from the later message to the earlier
 * one; a single message is both ends. The chain arrives together, its oldest message first.
 * After INBOX_CLOSED it is what it was, and oldest->next is NULL. */
enum inbox_pushed inbox_push(struct inbox *inbox, struct inbox_node *newest,
                             struct inbox_node *oldest);

/* Consumer. Everything that is there, oldest first, NULL when nothing is. A parked inbox is not
 * parked any more afterwards: if the answer is NULL, no wake will come for that park; if it is not,
 * one was sent or is about to be. After inbox_close: always NULL. */
struct inbox_node *inbox_take(struct inbox *inbox);

/* Consumer, before it sleeps. True: the next push wakes it, so it may block. False: it may not,
 * there is something to take. */
bool inbox_park(struct inbox *inbox);

/* Consumer, parked, but up again for another reason (a socket, a timer). True: the park is undone
 * and no wake will come. False: a push was faster, there is something to take and a wake on its
 * way, which then finds the consumer awake and costs it one idle turn of its loop. */
bool inbox_unpark(struct inbox *inbox);

/* Consumer, once, parked or not. From here on every push is refused; what had been pushed before
 * is returned, oldest first. */
struct inbox_node *inbox_close(struct inbox *inbox);

#endif
