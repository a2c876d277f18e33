/* actors/tap_totals.h -- what a link has seen, counted; and how it travels to the tap.
 *
 * Owner    a tap_link counts into its own; the tap adds them up.
 * Memory   a row for each kind of message that came, and for each exchange that is open, at most
 *          TAP_EXCHANGES_MAX: more are not followed, and counted as such.
 */
#ifndef ACTORS_TAP_TOTALS_H
#define ACTORS_TAP_TOTALS_H

#include "actors/tap_seen.h"
#include "messages/wire_decoder.h"
#include "runtime/chunk.h"

enum { TAP_EXCHANGES_MAX = 4096, TAP_VERSION_MAX = 40, TAP_PEER_MAX = 64, TAP_TARGET_MAX = 96 };

/* One direction. */
struct tap_way {
    uint64_t bytes, messages;
    uint64_t error_at;             /* offset of what could not be decoded */
    uint64_t undecoded;            /* bytes that were passed on from there */
    char error[WIRE_ERROR_MAX];    /* the decoder's words; empty: none */
    char version[TAP_VERSION_MAX]; /* announced or answered last; empty: never */
};

/* Messages with this name from this side. */
struct tap_kind {
    uint64_t messages, bytes;
    uint16_t path[WIRE_PATH_MAX];
    uint8_t path_length;
    uint8_t from; /* enum wire_from */
};

/* A stolen request that has no finished answer. */
struct tap_open {
    uint64_t connection;
    uint64_t began_us; /* since the tap began */
    uint16_t request;
    bool answering; /* the answer has begun */
    char method[16];
    char target[TAP_TARGET_MAX];
};

struct tap_totals {
    uint32_t link;
    uint32_t kind_count, open_count;
    bool reached; /* the agent was */
    uint64_t began_us, ended_us;
    uint64_t not_shown;    /* messages that were wanted, but the output did not take them */
    uint64_t not_followed; /* requests beyond TAP_EXCHANGES_MAX */
    char peer[TAP_PEER_MAX];
    struct tap_way ways[2]; /* by enum wire_from */
    struct tap_kind *kinds;
    struct tap_open *opens;
    /* -- private -- */
    uint32_t kind_room, open_room;
    uint32_t kind_last; /* where the last one was: the next is often the same */
};

/* Safe on a zeroed struct, which is an empty one. */
void tap_totals_destroy(struct tap_totals *t);

/* A whole message. */
void tap_totals_note(struct tap_totals *t, const struct tap_seen *s);
/* The same for the exchanges alone; see tap_exchanges.c. */
void tap_exchanges_note(struct tap_totals *t, const struct tap_seen *s);

/* Adds what `more` has counted. What is a link's own is left out: versions, errors, peers, and which
 * exchanges are open; `opens` of a sum is NULL. */
void tap_totals_add(struct tap_totals *t, const struct tap_totals *more);

/* In bytes, and back: the copy's rows lie in `packed`, so it is not to be destroyed. */
struct span tap_totals_pack(const struct tap_totals *t);
struct tap_totals tap_totals_unpack(struct span packed);

/* Printable characters of `text`, for the eyes. */
void tap_copy_text(char *out, size_t room, const void *text, size_t length);

#endif
