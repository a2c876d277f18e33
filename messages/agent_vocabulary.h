/* messages/agent_vocabulary.h -- the words of what the stand-in agent's actors say to each other.
 *
 * The answer to a stolen request travels from agent_session to agent_remote as RESPONSE and
 * RESPONSE_BODY, just as it comes from a local_connection when the request went to the upstream.
 */
#ifndef MESSAGES_AGENT_VOCABULARY_H
#define MESSAGES_AGENT_VOCABULARY_H

#include "messages/vocabulary.h"

/* AGENT_PORT_OPEN.index: a port that clients ask for and that nobody serves. */
enum { AGENT_NO_LISTENER = 0xffff };

enum agent_subscribed {
    SUBSCRIBED_OK,
    SUBSCRIBED_STOLEN,     /* another client has the port (SUB-16), agents of the old kind only */
    SUBSCRIBED_BAD_FILTER, /* SUB-24 */
};

enum agent_asked {
    ASKED_ARRIVED, /* a connection, no byte of it is known */
    ASKED_RAW,     /* it does not speak HTTP/1 */
    ASKED_HTTP,    /* a request; head */
};

enum agent_treat {
    TREAT_DETECT, /* find out whether it is HTTP/1; mirrors get its bytes from now on */
    TREAT_RAW,    /* bytes both ways, with session or the upstream */
    TREAT_HTTP,   /* the request is for session or the upstream */
    TREAT_REFUSE, /* 502: its client is too old for an upgrade (AG-10, agents of the old kind) */
};

/* message.flags of AGENT_OFFER */
enum offer_flags {
    OFFER_MIRROR = 1, /* a copy: no answer is wanted */
    OFFER_RAW = 2,    /* a connection, not a request */
    OFFER_LAST = 4,   /* the body is complete with this */
};

/* message.flags of a RESPONSE, beside enum response_flags. */
enum {
    /* There is body data to be framed, even if it is empty: a basic answer (AG-15, AG-20). */
    RESPONSE_HAS_DATA = 256,
};

#endif
