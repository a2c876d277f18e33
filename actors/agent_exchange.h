/* actors/agent_exchange.h -- the exchanges of one client of the stand-in agent, and who is at their other ends.
 *
 * Purpose  state and ids for agent_session*.c; the states are drawn in agent_session.h.
 * Owner    the session. An exchange is in the session's table from its offer to its end; what ends it
 *          also takes it out of its remote's hands.
 */
#ifndef ACTORS_AGENT_EXCHANGE_H
#define ACTORS_AGENT_EXCHANGE_H

#include "actors/agent_session.h"
#include <uthash.h>

enum exchange_state {
    EXCHANGE_TCP,
    EXCHANGE_COLLECTING, /* the whole body first: HttpRequest, HttpRequestFramed */
    EXCHANGE_WAITING,
    EXCHANGE_ANSWERING,
    EXCHANGE_ANSWERED,
    EXCHANGE_UPGRADED,
};

/* A frame that waits: for the rest of its body, or for the end of a 101. */
struct held_frame {
    struct held_frame *next;
    struct span bytes;
    bool trailers, fin;
};

struct exchange_id {
    uint64_t connection;
    uint64_t mode; /* as wide as the id: no padding in a key that is hashed as bytes */
};

struct agent_exchange {
    struct exchange_id id;
    struct attached_remote *remote; /* NULL: it has left */
    uint32_t number;                /* the remote's, for what is said to it (exchange_number.h) */
    uint16_t request;               /* old kind: 0, 1, 2 ... */
    uint8_t state;                  /* enum exchange_state */
    uint8_t variant;                /* enum request_variant: how it is offered */
    bool switching;                 /* the answer is a 101, not complete: what comes is held */
    bool request_ended;             /* the remote's direction has */
    bool client_ended;              /* raw: the client's direction has */
    bool broken;                    /* old kind: an Error was said, Close comes after the answer */
    uint64_t owed;                  /* credit that waits for the link */
    struct span head;               /* while COLLECTING */
    struct held_frame *held_first, *held_last;
    uint64_t held_bytes;
    UT_hash_handle hh;
};

struct attached_remote {
    uint64_t key; /* ref_bits */
    struct actor_ref ref;
    struct wire_address source, destination;
    uint16_t port;
    struct agent_exchange *current[2]; /* by enum traffic_mode */
    UT_hash_handle hh;
};

/* NULL: there is none of this id. */
struct agent_exchange *agent_exchange_find(struct agent_session *self, uint64_t mode,
                                           uint64_t connection);
/* With the next id of its mode. */
struct agent_exchange *agent_exchange_new(struct agent_session *self, struct attached_remote *r,
                                          uint64_t mode);
void agent_exchange_remove(struct agent_session *self, struct agent_exchange *x);
/* Says Close, and removes it. */
void agent_exchange_close(struct agent_session *self, struct agent_exchange *x);
/* The two may remove it. */
void agent_exchange_close_if_finished(struct agent_session *self, struct agent_exchange *x);
void agent_exchange_close_if_both_ended(struct agent_session *self, struct agent_exchange *x);
bool agent_exchange_is_raw(const struct agent_exchange *x);

/* To its remote, which there must be, and about the exchange. */
void agent_exchange_send(struct agent_session *self, const struct agent_exchange *x,
                         struct message *m);
#define SAY_REMOTE(self, x, name, ...)                                                             \
    agent_exchange_send((self), (x), msg_##name##_new((struct msg_##name){__VA_ARGS__}))

/* Keeps a frame, or the end, for later. Takes bytes. */
void agent_exchange_hold(struct agent_exchange *x, struct span bytes, bool trailers, bool fin);
void agent_exchange_drop_held(struct agent_exchange *x);

/* So many bytes of the remote were passed on: it may send as many again, now or when the link has room;
 * if they are held for the end of a 101, not before it (0 bytes: now is the time). */
void agent_exchange_credit(struct agent_session *self, struct agent_exchange *x, uint64_t bytes);
/* The link has room again: pays what is owed. */
void agent_session_pay(struct agent_session *self);

/* A Warn log: "Stolen connection 7 failed: ..." */
void agent_exchange_say_failed(struct agent_session *self, const struct agent_exchange *x,
                               const char *why, size_t length);
/* Its remote hears that nobody answers. */
void agent_exchange_drop_remote(struct agent_session *self, struct agent_exchange *x);
void agent_session_forget_all(struct agent_session *self);

#endif
