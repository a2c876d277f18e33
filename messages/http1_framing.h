/* messages/http1_framing.h -- how a body is framed in HTTP/1, decided from the head.
 *
 * Requests toward the application follow DEL-17, answers of the stand-in agent AG-20. A plan says
 * what the head's lines become (http1_writer carries it out) and how the body is written
 * (http1_body). Pure functions; any thread.
 */
#ifndef MESSAGES_HTTP1_FRAMING_H
#define MESSAGES_HTTP1_FRAMING_H

#include "messages/http_head.h"

enum http1_framing {
    HTTP1_NO_BODY, /* not a byte behind the head */
    HTTP1_LENGTH,  /* exactly so many bytes, perhaps 0 */
    HTTP1_CHUNKED,
    HTTP1_TO_EOF, /* until the connection ends: answers only */
};

/* What is known of the body when the head is written. */
enum http1_body_known {
    HTTP1_BODY_UNKNOWN,  /* no data yet, and the end was not said */
    HTTP1_BODY_EMPTY,    /* complete, without a byte of data */
    HTTP1_BODY_HAS_DATA, /* data is there (for an answer: or it is a Basic one, AG-15) */
};

struct http1_plan {
    uint64_t length;     /* HTTP1_LENGTH */
    const char *refused; /* not NULL: the head cannot be written, static text for a person */
    uint8_t framing;     /* enum http1_framing */
    uint8_t version;     /* of the first line: enum http_version, 1.0 or 1.1 */
    bool drop_length;    /* leave out Content-Length lines */
    bool drop_coding;    /* leave out Transfer-Encoding lines */
    bool add_chunked;    /* append transfer-encoding: chunked */
    /* answers only */
    bool add_length_0;    /* append content-length: 0 */
    bool drop_keep_alive; /* leave out Connection lines that say keep-alive and nothing else */
    bool add_close;       /* append connection: close */
    bool add_keep_alive;  /* append connection: keep-alive */
    bool keep_alive;      /* the connection may serve another request */
    bool upgrade;         /* 101, HTTP ends behind the head */
};

/* DEL-17. The head alone, not a last Body message, tells where the body ends: agents 3.107 to 3.109
 * never say that a body that was complete at the start has ended (AG-45). Two decisions are our own, for
 * a request that has neither length nor coding:
 *   - an empty body stays no body, where the original adds chunked coding and a zero chunk: the
 *     application sees what the remote client sent, a bodiless DELETE stays bodiless;
 *   - the same while the body is UNKNOWN, since an HTTP/1 client that announced no body sends none,
 *     and with AG-45 waiting for more could last for ever. Data that comes after all is discarded;
 *     with HAS_DATA, chunked coding is added (not for GET, HEAD, CONNECT: DEL-17.3). */
struct http1_plan http1_plan_request(const struct http_head *head, const struct http_facts *facts,
                                     enum http1_body_known known);

/* Who is answered: the request as the stand-in agent read it. */
struct http1_asker {
    uint8_t version; /* enum http_version */
    bool head;       /* the method was HEAD */
    bool connect;
    bool keep_alive; /* the client lets its connection be used again */
};

/* AG-20. A 1.0 request, or a 1.0 answer of the application, gets a 1.0 answer (DEL-24). A final 1xx
 * other than 101, or a length that is none, is refused: the caller answers 500 or 502. */
struct http1_plan http1_plan_response(const struct http_head *head, const struct http_facts *facts,
                                      const struct http1_asker *asker, enum http1_body_known known);

#endif
