/* actors/agent_remote.h -- one connection of a remote client to a port of the stand-in agent.
 *
 * Receives  SOCKET_ACCEPTED (it owns the connection), SOCKET_*, TIMER; AGENT_ROUTED from its port;
 *           RESPONSE, RESPONSE_BODY, CREDIT from its *answerer*: an agent_session, or a local_connection to
 *           the upstream; AGENT_DROPPED, DOWN of sessions; LOCAL_FAILED, BOUNCED of the local_connection.
 * Sends     AGENT_ROUTE to its port; AGENT_ATTACH, AGENT_OFFER, AGENT_OFFER_BODY, AGENT_BROKEN to sessions;
 *           LOCAL_OPEN (spawn), ASSIGN, ASSIGN_BODY, CREDIT, ABANDON to local_connections.
 * Owns      the remote's socket and its HTTP/1 parser.
 *
 *   ARRIVED --routed--> DETECTING --HTTP/1--> HTTP <--> ROUTING          HTTP --101--> RAW
 *      |                    '--not HTTP--> ROUTING_RAW --> RAW           HTTP --last answer--> CLOSING
 *      '--routed--> RAW
 *
 * HTTP    one request at a time: the next one is not taken up before the answer is finished (AG-2). Each is
 *         routed anew. Its body goes on as it comes, its answer is framed by AG-20.
 * RAW     bytes both ways, each direction with an end of its own.
 * CLOSING the last answer is written, what the remote still says is thrown away, for LINGER at most: a close
 *         with unread bytes would destroy the answer on its way.
 *
 * What goes to the answerer is limited by its credit; without credit the remote is not read. What comes
 * from a session cannot be held back (the protocol knows no credit): a remote that has let more than
 * REMOTE_UNSENT_MAX pile up is cut off when still more comes.
 *
 * A connection is an exchange from its first route on, and its first request is the same one; each later
 * request is one from its own route to the end of its answer, and what lies between them belongs to none.
 * Mirrors of all bytes have the connection's. The number comes with AGENT_ROUTED.
 *
 * A remote that ends its direction while an answer is due counts as gone, as with the real agent (AG-22).
 */
#ifndef ACTORS_AGENT_REMOTE_H
#define ACTORS_AGENT_REMOTE_H

#include "messages/agent_vocabulary.h"
#include "messages/http1_body.h"
#include "messages/http1_detect.h"
#include "messages/http1_parser.h"
#include "messages/limits.h"
#include "runtime/actor.h"
#include "runtime/address.h"

extern const struct actor_type agent_remote_type;

/* ---- its state, for agent_remote*.c ---- */

enum { REMOTE = 0, TIMER_DETECT = 1, TIMER_LINGER = 2 };
#define REMOTE_UNSENT_MAX  MIB(64)
#define REMOTE_UNSENT_HIGH KIB(256) /* beyond it the upstream gets no credit ... */
#define REMOTE_UNSENT_LOW  KIB(64)  /* ... until no more than this is left */
#define REMOTE_LINGER_US   MS(1000)
#define REMOTE_FIRST_READ  1024 /* what the agent has read when it decides (AG-1, AG-3) */

enum remote_phase {
    PHASE_ARRIVED,
    PHASE_DETECTING,
    PHASE_ROUTING_RAW,
    PHASE_ROUTING,
    PHASE_HTTP,
    PHASE_RAW,
    PHASE_CLOSING,
};

struct agent_remote {
    struct actor actor;
    struct actor_ref port;
    uint16_t upstream;                           /* destination number */
    uint16_t number;                             /* of the port, in the protocol */
    uint8_t phase;                               /* enum remote_phase */
    uint8_t addresses[2 * ADDRESS_PACKED_BYTES]; /* source, destination */

    /* from the remote */
    struct span input; /* read and not used yet */
    bool input_ended;  /* FIN, or an error */
    bool paused;
    bool input_failed;   /* an error: why */
    uint32_t first_left; /* of REMOTE_FIRST_READ */
    bool first;          /* nothing was offered yet */
    struct http1_detect detect;

    /* to the answerer and the mirrors */
    struct actor_ref answerer; /* NOBODY: what comes is thrown away */
    bool answerer_is_session;
    int64_t room;            /* bytes that the answerer takes now */
    struct span mirrors;     /* refs of sessions that get a copy of this request */
    struct span raw_mirrors; /* ... of all bytes */
    uint32_t raw_exchange;   /* theirs: the connection's */
    struct span attached;    /* refs of sessions that know us */

    /* the request under way */
    struct http1_parser parser;
    struct span head;
    struct span request_trailers; /* until its end */
    struct http1_asker asker;
    bool parsing;       /* parser was created */
    bool request_begun; /* its head was read */
    bool request_ended;
    bool te_trailers, expects;

    /* its answer */
    struct http1_body body;
    struct span trailers;      /* that came, for the end */
    struct span trailer_names; /* that the head promised */
    bool answer_begun;
    bool answer_ended;
    bool keep_alive;
    bool write_ended; /* FIN was asked for */

    /* to the remote */
    uint64_t unsent; /* at most so many bytes are not with the kernel */
    uint64_t owed;   /* credit for the upstream, that waits */
    bool throttled;  /* SOCKET_DRAINED was asked for */
};

/* agent_remote.c: goes on as far as it can, after any event */
void agent_remote_pump(struct agent_remote *self);
/* So many bytes were given to the remote's socket. */
void agent_remote_count_unsent(struct agent_remote *self, uint64_t bytes);
/* Writes to the remote. Takes bytes. */
void agent_remote_write(struct agent_remote *self, struct span bytes);
void agent_remote_become_raw(struct agent_remote *self);
/* After the last answer. */
void agent_remote_become_closing(struct agent_remote *self);
/* Ends. What is written still leaves; the remote sees an end that it did not expect. */
void agent_remote_cut(struct agent_remote *self, const char *why);

/* agent_remote_offer.c: what goes to the answerer and to mirrors */
void agent_remote_offer_raw(struct agent_remote *self);
/* Takes body. */
void agent_remote_offer(struct agent_remote *self, struct span body, bool last);
/* A part of the request, or raw bytes. Takes bytes. */
void agent_remote_part(struct agent_remote *self, struct span bytes, bool last, bool trailers);
void agent_remote_begin_raw_mirrors(struct agent_remote *self, struct span mirrors);
void agent_remote_copy_raw(struct agent_remote *self, struct span bytes, bool last);
/* The request's body or the connection broke: all who have a part of it hear why. */
void agent_remote_broken(struct agent_remote *self, const char *why);
void agent_remote_choose(struct agent_remote *self, struct actor_ref session);
void agent_remote_let_go(struct agent_remote *self);
void agent_remote_detach(struct agent_remote *self);

/* agent_remote_request.c: the HTTP/1 server's reading half */
void agent_remote_request_pump(struct agent_remote *self);
/* The route of the request whose head was read. */
void agent_remote_request_routed(struct agent_remote *self, struct actor_ref session, bool refused);

/* agent_remote_answer.c: its writing half */
void agent_remote_on_response(struct agent_remote *self, struct message *m);
void agent_remote_on_response_body(struct agent_remote *self, struct message *m);
/* An answer of the agent itself; text is the body. */
void agent_remote_answer(struct agent_remote *self, unsigned status, const char *text, bool close);
/* Nobody will go on with this answer (AG-17, AG-19). */
void agent_remote_answerer_gone(struct agent_remote *self, const char *why);

#endif
