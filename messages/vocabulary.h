/* messages/vocabulary.h -- the words that payloads of messages/kinds.def are made of.
 *
 * Purpose  enums for the small fields, so that a message reads as a sentence.
 * Source   rule numbers name the behaviour behind a word.
 */
#ifndef MESSAGES_VOCABULARY_H
#define MESSAGES_VOCABULARY_H

#include "messages/kinds.h"
#include "messages/wire_message.h"

/* Two separate spaces of connection ids (W-4). */
enum traffic_mode { MODE_MIRROR = WIRE_MIRROR, MODE_STEAL = WIRE_STEAL };

/* How a request came. It says what the agent knows, whatever it says of its version (RSP-6). */
enum request_variant {
    VARIANT_BASIC,      /* HttpRequest */
    VARIANT_FRAMED,     /* HttpRequestFramed */
    VARIANT_CHUNKED_V1, /* HttpRequestChunked(StartV1) */
    VARIANT_CHUNKED_V2, /* HttpRequestChunked(StartV2) */
};

enum answer_format { ANSWER_BASIC, ANSWER_FRAMED, ANSWER_CHUNKED };

/* message.flags of ANSWER and ANSWER_BODY */
enum answer_flags {
    ANSWER_FORMAT_MASK = 3, /* enum answer_format */
    ANSWER_LAST = 4,        /* nothing follows: the answer is whole */
    ANSWER_FRAMES = 8,      /* body is a list of frames in the protocol's form, count first */
    ANSWER_RETURNED = 16,   /* from the link, back: this agent cannot read it */
};

enum intercept_flags {
    INTERCEPT_MIRROR = 1, /* answers are dropped */
    INTERCEPT_RAW = 2,    /* a connection, not a request */
};

enum want_flags {
    WANT_FRESH = 1, /* a connection that has served nobody yet */
    WANT_SHORT_IDLE =
        2, /* if used, then idle for less than SHORT_IDLE_US: what is not to be repeated */
    WANT_AFTER_FULL = 4, /* the last one failed for want of descriptors: wait for one to be free */
};

enum assign_flags {
    ASSIGN_LAST = 1, /* there is no body, that is certain */
    ASSIGN_RAW = 2,  /* no HTTP: bytes both ways */
    ASSIGN_DATA = 4, /* there is a body, the first of it follows in ASSIGN_BODY messages */
    ASSIGN_HTTP = 8, /* of ASSIGN_BODY: of a request's body; behind a 101 it is nothing */
};

enum response_flags {
    RESPONSE_LAST = 1,    /* its end came with its head (RSP-8) */
    RESPONSE_FRAMES = 2,  /* body is a list of frames in the protocol's form, count first */
    RESPONSE_UPGRADE = 4, /* 101: raw bytes both ways from here on */
};

/* Room in front of a response head, for what the link needs there (port and ids). */
enum { HEADROOM = 24 };

/* What had happened when a local connection failed: what may be sent again depends on it. */
enum local_stage {
    LOCAL_UNREACHED, /* no connection: resolve or connect failed */
    LOCAL_UNWRITTEN, /* connected, but the kernel took nothing */
    LOCAL_WRITTEN,   /* something was written, not one byte of an answer came */
    LOCAL_ANSWERING, /* the answer had begun, or was no HTTP */
};

enum cancel_why {
    CANCEL_CLOSED,    /* the agent closed the connection (DEL-7, TCP-10) */
    CANCEL_LINK,      /* the link was lost */
    CANCEL_BROKEN,    /* the request's body broke (DEL-6) */
    CANCEL_TOO_LARGE, /* a message about it was larger than --agent-message-max (413) */
};

/* Where a link was when it ended: the ladder for old agents goes by it. */
enum link_step { STEP_CONNECT, STEP_PONG, STEP_VERSION, STEP_READY_FOR_LOGS, STEP_USE };

enum link_end {
    END_REFUSED,  /* connect failed: error */
    END_SILENT,   /* no answer in time */
    END_LOST,     /* EOF or an error of the socket */
    END_CLOSED,   /* the agent said Close(text) */
    END_PROTOCOL, /* bytes that are no message: text */
    END_ASKED,    /* we closed it */
};

enum subscribe_error {
    SUBSCRIBE_OK,
    SUBSCRIBE_STOLEN,    /* PortAlreadyStolen (SUB-16) */
    SUBSCRIBE_FORBIDDEN, /* Forbidden, ForbiddenWithReason (SUB-17) */
    SUBSCRIBE_FILTER,    /* the agent cannot read the filter (SUB-24) */
    SUBSCRIBE_OTHER,
};

#endif
