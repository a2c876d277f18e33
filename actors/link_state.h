/* actors/link_state.h -- the state of a link_connection, for the files that are one: link_connection.c
 * (life and negotiation), link_incoming.c (what the agent says), link_outgoing.c (what is said to it).
 */
#ifndef ACTORS_LINK_STATE_H
#define ACTORS_LINK_STATE_H

#include "actors/link_connection.h"
#include "messages/limits.h"
#include "messages/wire_encoder.h"
#include "messages/wire_reader.h"
#include <uthash.h>

enum { LINK_SOCKET = 0, LINK_TIMER_STEP = 0, LINK_TIMER_PING = 1, LINK_TIMER_HOLD = 2 };
enum { LINK_WAITING_MAX = 8 };
/* Closes that are remembered, for the first words about an id that cross its Close (AG-47). */
enum { LINK_CLOSED_KEPT = 512, LINK_REOPENED = UINT8_MAX };

struct closed_id {
    uint64_t connection;
    uint8_t mode; /* LINK_REOPENED: the id is in use again */
};

/* What one exchange has to say to the agent, as long as it streams or has to wait. */
struct out_queue {
    uint32_t exchange;
    struct actor_ref sender;
    uint64_t connection; /* once it is known */
    uint8_t mode;
    bool names_connection;
    bool begun;  /* the Start of its stream was written */
    bool closed; /* the agent closed the id: nothing may be said about it (AG-47) */
    bool raw;    /* Data has passed: kept until it is forgotten */
    bool waits;  /* in one of the rings */
    bool sparse; /* ... in that of the sparse */
    struct message *oldest, *newest;
    int64_t deficit;
    uint64_t uncredited;           /* bytes written that its sender was not credited for */
    struct out_queue *prev, *next; /* the ring of those that wait */
    UT_hash_handle hh;             /* by exchange */
};

struct link_connection {
    struct actor actor;
    struct actor_ref parent, proxy;
    struct version announce, version;
    uint8_t ladder;               /* enum link_ladder */
    uint8_t step;                 /* enum link_step */
    bool negotiated, ended, busy; /* busy: CONTINUE is under way */
    bool used;                    /* the agent has said something once it was ready */
    struct span addresses;        /* that the agent's name stands for */
    uint32_t address_at;          /* before it they were tried */
    uint32_t pongs_due;
    bool reading, held; /* the socket is read; an upload was granted a rest of the link */
    struct actor_ref holder;
    uint64_t hold_us;
    uint64_t no_hold_until_us, no_hold_us; /* none of this length or less, until then */
    bool heard;                            /* something but a Pong since the last Ping */
    struct span waiting[LINK_WAITING_MAX]; /* reads that came while busy */
    uint8_t waiting_count;
    bool over;                /* the socket has ended; what it brought before is still read */
    uint32_t over_error;      /* with this errno, or 0 */
    uint64_t unsent;          /* an upper bound of what the socket still holds */
    bool notified;            /* SOCKET_DRAINED is awaited */
    struct out_queue *queues; /* by exchange */
    struct out_queue *ring;   /* those with much to say, in turn */
    struct out_queue *sparse; /* those whose only message fits into a turn */
    struct closed_id closed[LINK_CLOSED_KEPT];
    uint32_t closed_count;
    uint64_t closed_highest;
    struct wire_reader reader;
};

/* link_connection.c */
void link_end(struct link_connection *self, enum link_end why, uint32_t error, const char *text);
void link_on_wire(struct link_connection *self); /* a control message from the agent */
/* The socket has ended and all that it brought was read. */
void link_lost(struct link_connection *self);

/* link_incoming.c */
void link_on_data(struct link_connection *self, struct message *m);
void link_on_continue(struct link_connection *self);
void link_on_hold(struct link_connection *self, struct message *m);
void link_on_hold_timeout(struct link_connection *self);

/* link_outgoing.c */
struct wire_writer link_begin_control(struct link_connection *self, uint32_t room);
void link_say_control(struct link_connection *self, const struct wire_writer *w);
void link_on_subscribe(struct link_connection *self, struct message *m);
void link_on_unsubscribe(struct link_connection *self, struct message *m);
void link_on_answer(struct link_connection *self,
                    struct message *m); /* ANSWER, _BODY, _ERROR, DATA, ... */
void link_on_forget(struct link_connection *self, struct message *m);
void link_on_drained(struct link_connection *self, struct message *m);
/* The agent uses this id for something new. */
void link_id_opened(struct link_connection *self, uint8_t mode, uint64_t connection);
/* The agent closed this id. */
void link_id_closed(struct link_connection *self, uint8_t mode, uint64_t connection);
void link_drop_queues(struct link_connection *self);

#endif
