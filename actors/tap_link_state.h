/* actors/tap_link_state.h -- the state of a tap_link, for the files that it is written in.
 *
 *   tap_link.c       its life: dialing, both sockets, the end
 *   tap_link_show.c  decoding what was passed on, and what of it goes to the output
 */
#ifndef ACTORS_TAP_LINK_STATE_H
#define ACTORS_TAP_LINK_STATE_H

#include "actors/tap.h"
#include "actors/tap_link.h"
#include "actors/tap_seen.h"
#include "actors/tap_stream.h"
#include "actors/tap_totals.h"
#include "messages/kinds.h"

/* Sockets, by who is at the other end: the numbers of enum wire_from. */
enum { TAP_PROXY = WIRE_FROM_CLIENT, TAP_AGENT = WIRE_FROM_AGENT };
enum { TAP_TIMER_DIAL, TAP_TIMER_LOOK };

/* One peer, and what comes from it. */
struct tap_side {
    struct tap_stream stream;
    uint64_t unsent; /* bytes written to it that may not have left */
    bool notified;   /* SOCKET_DRAINED will come */
    bool paused;     /* it is not read, since the other side is full */
    bool ended;      /* it has finished sending */
};

/* Bytes that were passed on, but not looked at. Held for one round: not worth a copy. */
struct tap_passed {
    struct tap_passed *next;
    struct span bytes;
    uint64_t at_us; /* when they came */
    uint8_t from;
};

struct tap_link {
    struct actor actor;
    struct actor_ref tap;
    struct actor_ref output; /* NOBODY: nobody reads */
    uint64_t began_us;       /* when the tap began: the zero of all times */
    struct span addresses;   /* of the agent, as RESOLVED brought them */
    uint32_t address_at;
    bool connected, finishing;
    struct tap_side sides[2];
    struct tap_passed *passed, *passed_last;
    struct tap_totals totals;
    struct tap_name name; /* see tap_seen.h */

    struct wire_buffer batch; /* records that are not on their way yet */
    uint64_t under_way;       /* bytes of records that the output has */
    uint64_t dropped;         /* messages left out since the output was last full */
    bool full;                /* messages are being left out */
};

/* ---- tap_link_show.c ---- */

void tap_link_pass(struct tap_link *self, uint8_t from, struct span bytes);
/* Looks at all that has been passed on. */
void tap_link_look(struct tap_link *self);
void tap_link_on_credit(struct tap_link *self, struct message *m);
/* A line about the link, not about a message. */
void tap_link_say(struct tap_link *self, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* What is in the batch is on its way. */
void tap_link_flush(struct tap_link *self);

#endif
