/* actors/tap_link.h -- one proxy's connection through the tap, and the one to the agent that was made for it.
 *
 * Receives  SOCKET_ACCEPTED from the tap's listener, TAP_WELCOME; then what its two sockets say;
 *           CREDIT from the output; STOP.
 * Sends     TAP_HELLO and, when it ends, TAP_TOTALS to the tap; TAP_SHOW to the output.
 * Owns      both sockets, a decoder for each direction.
 * Runs on   the worker of the tap's listener.
 *
 * What was read is written to the other side first, unchanged, and looked at in the next round, when
 * it has left: a timer of 0 us is what comes after the flush. Ends are passed on one by one (FIN for
 * FIN); a connection that breaks ends both. A side that does not read stops the other one at
 * TAP_UNSENT_MAX bytes.
 *
 * What is to be shown, and has not been, is TAP_WINDOW bytes at most (or one message). Beyond that
 * messages are counted and left out, until half of it is free again.
 */
#ifndef ACTORS_TAP_LINK_H
#define ACTORS_TAP_LINK_H

#include "runtime/actor.h"

enum {
    /* Bytes of one read, and bytes that wait for a side that does not read. Both are one pooled chunk:
     * then bulk goes through the same chunk again and again, which stays in the cache (1.7 GB/s where
     * four chunks under way give 0.9 GB/s; a loop of read and write 1.6 GB/s). */
    TAP_READ_MOST = 256 * 1024,
    TAP_UNSENT_MAX = 256 * 1024,
    TAP_UNSENT_LOW = 128 * 1024, /* ... until they are so few again */
    TAP_WINDOW = 2 * 1024 * 1024,
    TAP_BATCH = 64 * 1024, /* records are sent on at this size, or when there is no more for now */
};
#define TAP_CONNECT_US 5000000 /* each address of the agent */

/* In the flags of CREDIT: the output takes nothing any more. */
enum { TAP_NOBODY_READS = 1 };

extern const struct actor_type tap_link_type;

#endif
