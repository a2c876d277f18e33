/* actors/interceptor_state.h -- the state of an interceptor, for the files that are one: interceptor.c
 * (dispatch and life), interceptor_http.c (requests and answers), interceptor_raw.c (bytes both ways).
 */
#ifndef ACTORS_INTERCEPTOR_STATE_H
#define ACTORS_INTERCEPTOR_STATE_H

#include "actors/answers.h"
#include "actors/interceptor.h"
#include "actors/upload.h"
#include "messages/limits.h"
#include "messages/version.h"

enum interceptor_timer { TIMER_PAUSE, TIMER_CLOSE, TIMER_LINGER, TIMER_SLOW };

enum interceptor_phase {
    PHASE_BORN,       /* INTERCEPT came, what it is about has not */
    PHASE_WAITING,    /* for a connection to the application */
    PHASE_PAUSING,    /* before the next attempt */
    PHASE_ASKED,      /* the application has the request, or is getting it */
    PHASE_COLLECTING, /* its answer, for an agent that takes no streams */
    PHASE_STREAMING,  /* Start went out */
    PHASE_RAW,        /* bytes both ways */
    PHASE_CLOSING,    /* the agent closed a raw connection: what it sent is still written */
    PHASE_ENDED,
};

struct interceptor {
    struct actor actor;
    struct actor_ref link, pool;
    struct actor_ref local; /* that was assigned; NOBODY: none */
    struct version version; /* the agent's, last heard */
    struct answer_ids ids;
    uint32_t window;
    uint16_t destination;
    uint8_t phase;       /* enum interceptor_phase */
    uint8_t variant;     /* enum request_variant */
    uint8_t attempts;    /* assignments that were made */
    bool mirror;         /* nothing is said to the agent */
    bool raw_born;       /* began with NEW_CONNECTION, not with a request */
    bool raw;            /* `local` carries bytes both ways: assigned so, or upgraded */
    bool wanting;        /* WANT was said: GRANT is awaited */
    bool resent;         /* once, at once, on a fresh connection */
    bool granted_served; /* `local` had served somebody before */
    bool complete;       /* the answer has ended, whole or broken: no more of the request is used */
    bool broken;         /* ANSWER_ERROR was said: ANSWERED is awaited, or its return */
    bool agent_ended;    /* raw: the agent's direction */
    bool app_ended;      /* raw: the application's direction */
    bool closed_by_agent;    /* or lost its link: nothing may be said about the id (AG-47) */
    struct span head;        /* of the request, kept until an answer begins */
    struct span answer_head; /* ids included, while collecting */
    uint32_t parts;          /* of the stream that were sent after its Start */
    uint32_t returning;      /* of these, on their way back: what the link cannot send */
    uint64_t
        credited_ahead; /* bytes of the Start that the application's side has credit for already */
    struct collected collected;
    struct part *early, *early_last; /* Data that came before the 101 (DEL-43) */
    uint32_t early_bytes;
    uint64_t moved_us; /* when something of the request came or left last */
    struct upload upload;
};

static inline struct interceptor *interceptor_of(struct actor *actor)
{
    return (struct interceptor *)actor;
}

/* interceptor.c */
void interceptor_want(struct interceptor *self, uint16_t flags);
void interceptor_end(struct interceptor *self);
void interceptor_upload_result(struct interceptor *self, enum upload_result r);
/* Something of the request came or left: the time in which the application may answer begins anew. */
void interceptor_moved(struct interceptor *self);
/* EMFILE and ENFILE are no failure of the application: they count as a full pool. */
bool interceptor_lacks_descriptor(const struct msg_local_failed *f);

/* interceptor_http.c */
void http_on_request(struct interceptor *self, struct message *m);
void http_on_request_body(struct interceptor *self, struct message *m);
void http_assign(struct interceptor *self);
void http_on_response(struct interceptor *self, struct message *m);
void http_on_response_body(struct interceptor *self, struct message *m);
void http_on_failed(struct interceptor *self, struct message *m);
void http_on_version(struct interceptor *self);
/* Bytes of the answer have left, or are kept: the local connection may send as many. */
void http_give_credit(struct interceptor *self, uint64_t bytes);
void http_on_returned(struct interceptor *self, struct message *m);
void http_on_cancel(struct interceptor *self, enum cancel_why why);
/* The exchange ends with this error, in whatever form its state allows. */
void http_fail(struct interceptor *self, unsigned status, const char *text);

/* interceptor_raw.c */
void raw_begin(struct interceptor *self, struct message *m);
void raw_assign(struct interceptor *self);
void raw_upgrade(struct interceptor *self);
void raw_on_data(struct interceptor *self, struct message *m);
void raw_on_bytes(struct interceptor *self, struct message *m);
void raw_on_failed(struct interceptor *self, struct message *m);
void raw_on_cancel(struct interceptor *self, enum cancel_why why);
/* Nothing more of this connection: the agent hears so, unless it closed it itself. */
void raw_unsubscribe(struct interceptor *self);
void raw_on_timer(struct interceptor *self, uint32_t n);
void raw_check_closing(struct interceptor *self);
void raw_drop_early(struct interceptor *self);

#endif
