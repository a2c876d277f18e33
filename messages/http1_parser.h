/* messages/http1_parser.h -- HTTP/1 bytes in, events out; llhttp 8.1.0 inside.
 *
 * One parser reads one direction of one connection: the answers of the local application, or the
 * requests of the stand-in agent's remote clients. No socket, no clock, no copy of a body.
 *
 *     http1_parser_begin(p, asked);
 *     while ((event = http1_parser_next(p, &fields, at, end - at, &consumed)) != HTTP1_MORE) {
 *         at += consumed;
 *         HEAD:     http_head_builder_response_write(&fields, p->status, p->version, out)
 *         BODY:     p->piece
 *         TRAILERS: http_head_builder_map_write(&fields, out)
 *         END:      p->keep_alive, p->upgrade, p->surplus; what follows is not consumed
 *         ERROR:    p->error; the connection is of no more use
 *     }
 *
 * The events of a message are HEAD, any number of BODY, at most one TRAILERS, END; ERROR may take
 * the place of any. They and all they say do not depend on how the bytes were cut, but for two things:
 * a cut in body data makes two BODY of one; and bytes behind the end of an answer are told by its END
 * (surplus) only if they came with it, while those that come later are an ERROR, with surplus too.
 *
 * After MORE every byte was consumed (except once a request has ended: nothing is read until begin is
 * called again).
 *
 * llhttp finds the fields and the framing, and counts the bytes of bodies and chunks. Its wrapper adds
 * what it lacks:
 *   - it decides itself that a message has no body (HEAD, 1xx, 204, 304, CONNECT answered by 2xx);
 *   - it stops at every end of message, and leaves HTTP for good at a 101;
 *   - it swallows other 1xx answers, 64 of them at most (DEL-22);
 *   - it refuses what http1_faults.def lists, above all what would make a decoder of
 *     mirrord-protocol drop its link (W-7), and more than 128 lines or 128 KiB of head;
 *   - it reads the lines with chunk sizes, since llhttp refuses extensions that must be ignored and
 *     padded sizes (RFC 9112 section 7.1.1), and hands on the bare size;
 *   - it reads Content-Length and Transfer-Encoding a second time and refuses where the two differ;
 *   - it takes of an application what the original takes: LF for CR LF in heads (http1_lines.h), one
 *     Content-Length said twice, blanks behind a coding (http1_tidy.h).
 * llhttp must be built with LLHTTP_STRICT_MODE, else it does not check the CR LF around chunks.
 *
 * Owner: the actor of the connection. Memory: the struct, and a head while it is incomplete.
 */
#ifndef MESSAGES_HTTP1_PARSER_H
#define MESSAGES_HTTP1_PARSER_H

#include "messages/http1_framing.h"
#include "messages/http1_lines.h"
#include "messages/http_head_builder.h"
#include <llhttp.h>

#define HTTP1_INTERIM_MAX              64
#define HTTP1_CHUNK_OVERHEAD_BYTES_MAX (16 * 1024)

enum http1_event {
    HTTP1_MORE,
    HTTP1_HEAD,
    HTTP1_BODY,
    HTTP1_TRAILERS,
    HTTP1_END,
    HTTP1_ERROR,
};

enum http1_role { HTTP1_RESPONSES, HTTP1_REQUESTS };

/* The method of the request that a response answers, as far as its framing depends on it. */
enum http1_asked { HTTP1_ASKED_OTHER, HTTP1_ASKED_HEAD, HTTP1_ASKED_CONNECT };

struct http1_parser {
    /* what the last event says */
    struct http_text piece;  /* BODY: inside the bytes given; never empty */
    struct http_text method; /* from HEAD of a request to the next call; borrowed as fields are */
    struct http_text target;
    struct http_facts facts; /* from HEAD on */
    const char *error;       /* static, for a person */
    uint16_t status;         /* responses */
    uint8_t version;         /* enum http_version: 1.0 or 1.1 */
    uint8_t body;            /* enum http1_framing; LENGTH is more than 0, the others are as said:
                                with NO_BODY, END needs no more bytes; TO_EOF is for responses */
    bool keep_alive;         /* from HEAD on: the peer lets the connection be used again */
    bool upgrade;            /* END: HTTP ends here (101; CONNECT answered by 2xx). In a request:
                                Upgrade or CONNECT was asked, the answer decides */
    bool surplus;            /* responses: bytes follow the end, do not pool the connection. At END
                                of those that were given with it, at ERROR of those that came since */
    bool began;              /* responses: a byte of this answer has come, interim ones included */

    /* inside */
    llhttp_t llhttp;
    struct http1_lines section;
    uint64_t chunk_bytes;    /* the chunk size that is being read */
    uint32_t overhead_bytes; /* of chunk headers since the last byte of data */
    uint8_t size_step;       /* how much of a line with a chunk size was read */
    uint8_t role;
    uint8_t asked;
    uint8_t phase;
    uint8_t interim; /* 1xx swallowed */
    bool complete;   /* llhttp has met the end of the message */
};

void http1_parser_create(struct http1_parser *p, enum http1_role role);
void http1_parser_destroy(struct http1_parser *p);

/* Before each response (asked: what was requested) and each request (HTTP1_ASKED_OTHER). Not after
 * an error or an upgrade. */
void http1_parser_begin(struct http1_parser *p, enum http1_asked asked);

/* The next event; *consumed bytes were eaten for it. fields is filled for HEAD and TRAILERS; it
 * borrows from bytes and from the parser, so write it before the next call. length may be 0: after
 * a BODY, the END may need no more bytes. Bytes while no message is awaited: HEAD cannot come, a
 * parser of responses answers ERROR, one of requests MORE without consuming. */
enum http1_event http1_parser_next(struct http1_parser *p, struct http_head_builder *fields,
                                   const uint8_t *bytes, size_t length, size_t *consumed);

/* The peer has closed its direction. END: the body ended so. MORE: nothing was under way. ERROR:
 * the message is incomplete; began says whether any of it had come. */
enum http1_event http1_parser_eof(struct http1_parser *p);

#endif
