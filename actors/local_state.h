/* actors/local_state.h -- the state of a local_connection, for the files that are one: local_connection.c
 * (dial, assignment, end), local_request.c (what is written), local_answer.c (what is read).
 */
#ifndef ACTORS_LOCAL_STATE_H
#define ACTORS_LOCAL_STATE_H

#include "actors/local_connection.h"
#include "messages/http1_body.h"
#include "messages/http1_parser.h"
#include "messages/limits.h"

enum { LOCAL_SOCKET = 0, LOCAL_TIMER_DIAL = 0 };
/* Bytes of a request that may be on their way to the socket; beyond LOCAL_UNSENT_LOW unsent ones no
 * credit is given. */
#define LOCAL_WINDOW     KIB(256)
#define LOCAL_UNSENT_LOW KIB(64)
#define LOCAL_CREDIT_AT  KIB(32)

enum local_phase {
    LOCAL_PHASE_DIALING,
    LOCAL_PHASE_FREE,
    LOCAL_PHASE_BUSY, /* HTTP */
    LOCAL_PHASE_RAW,
    LOCAL_PHASE_FAILED, /* could not be dialed, nobody was told yet */
    LOCAL_PHASE_OVER,
};

struct local_connection {
    struct actor actor;
    struct actor_ref pool, user;
    uint16_t destination;
    uint8_t phase;  /* enum local_phase */
    bool served;    /* somebody before */
    bool dialed;    /* there is a socket */
    bool leaving;   /* the user has gone; what it said is written when there is a connection */
    bool paused;    /* the socket is not read: there is no user yet, or it has no credit for us */
    bool notified;  /* SOCKET_DRAINED is awaited */
    bool credited;  /* the user knows that it may send more than HOLD_MAX */
    bool parsing;   /* parser was created */
    bool head_said; /* RESPONSE went out for the answer under way */
    uint32_t error; /* of the dial */
    uint32_t read_most; /* what socket_limit was told */
    int64_t window;     /* bytes of the answer that may go to the user; at 0 the socket is paused */
    uint64_t written;   /* of this exchange given to the socket, chunk headers included */
    uint64_t uncredited; /* bytes of its body for which the user has no credit yet */
    struct message *waiting, *waiting_last; /* parts that came while dialing */
    struct span addresses;                  /* that a name stands for, and have not been tried */
    uint32_t address_at;
    struct span why;           /* the dial failed */
    struct span trailer_names; /* that the request head promised (DEL-19) */
    struct span trailers;      /* of the request; its end is still to come (AG-3, AG-8) */
    struct http1_body body;    /* the request's, as it is written */
    struct http1_parser parser;
};

/* local_connection.c */
void local_fail(struct local_connection *self, enum local_stage stage, uint32_t error,
                const char *text);
void local_answered(struct local_connection *self, bool reusable, uint64_t keep_us);

/* local_request.c */
void local_on_part(struct local_connection *self, struct message *m); /* ASSIGN, ASSIGN_BODY */
void local_on_drained(struct local_connection *self, struct message *m);
bool local_request_is_complete(const struct local_connection *self);

/* local_answer.c */
void local_on_data(struct local_connection *self, struct message *m);
void local_on_end(struct local_connection *self);
void local_on_failed(struct local_connection *self, struct message *m);

#endif
