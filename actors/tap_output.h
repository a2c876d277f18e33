/* actors/tap_output.h -- what tap_links have to show, as lines for whoever reads.
 *
 * Receives  TAP_SHOW from links; its own TIMER while the reader takes nothing; STOP.
 * Sends     CREDIT for each TAP_SHOW that has been written; TAP_UNREAD to the tap when the reader
 *           is gone, or has not taken everything when the end came.
 * Owns      the records that wait: each link bounds its own.
 * Runs on   a worker of its own, so that making lines does not delay the traffic.
 *
 * It alone of the tap's actors touches the world, through tap_settings->write, which says how much
 * was taken: it is no function of its messages.
 */
#ifndef ACTORS_TAP_OUTPUT_H
#define ACTORS_TAP_OUTPUT_H

#include "runtime/actor.h"

enum {
    TAP_WRITE_RETRY_US = 5000,
    TAP_LAST_RETRIES = 40,       /* after STOP, for a reader that is slow and not gone */
    TAP_LINES_BYTES = 32 * 1024, /* lines made before they are written */
};

extern const struct actor_type tap_output_type;

#endif
