/* actors/tap_summary.h -- what a tap has seen, for people, at its end.
 *
 * For each link and for all: versions, bytes and messages each way, messages by name, exchanges that
 * are unfinished (requests without a finished answer), what could not be decoded.
 */
#ifndef ACTORS_TAP_SUMMARY_H
#define ACTORS_TAP_SUMMARY_H

#include "actors/tap_totals.h"
#include "messages/wire_transcode.h"

enum { TAP_OPENS_SHOWN = 20 }; /* of one link */

/* Appends; no memory: less. */
void tap_summary_link(struct wire_buffer *out, const struct tap_totals *t);
void tap_summary_all(struct wire_buffer *out, const struct tap_totals *t, uint32_t links);

#endif
