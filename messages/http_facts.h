/* messages/http_facts.h -- what the framing of a message depends on, gathered header line by line.
 *
 * Fed by whoever sees the lines: http_head_open_* from the wire form, http1_parser from the text.
 * A zeroed struct (http_facts_create) is a message without header lines.
 */
#ifndef MESSAGES_HTTP_FACTS_H
#define MESSAGES_HTTP_FACTS_H

#include "messages/http_text.h"

/* Of a longer Trailer list, what lies behind is not remembered: each of up to 128 trailers is looked
 * up in it, and a list of a megabyte would hold the worker. */
#define HTTP_TRAILER_LIST_BYTES_MAX (8 * 1024)

enum http_length {
    HTTP_LENGTH_NONE,
    HTTP_LENGTH_VALID,       /* content_length holds it; said once, or several times alike */
    HTTP_LENGTH_INVALID,     /* not a number, or beyond 64 bits */
    HTTP_LENGTH_CONFLICTING, /* several that differ: nobody can know where the body ends */
};

struct http_facts {
    uint64_t content_length; /* with HTTP_LENGTH_VALID */
    uint64_t text_bytes;     /* all lines as HTTP/1 text: "name: value" CR LF each */
    uint32_t trailer_bytes; /* room for the values of Trailer, a comma behind each; 0: no such line;
                                never more than HTTP_TRAILER_LIST_BYTES_MAX */
    uint32_t keep_alive_timeout_s; /* Keep-Alive: timeout=; 0 unless has_keep_alive_timeout */
    uint8_t length;                /* enum http_length */
    bool has_keep_alive_timeout;
    bool transfer_encoding;  /* there is such a line, whatever it says */
    bool chunked_last;       /* "chunked" is the last coding of all Transfer-Encoding lines */
    bool close;              /* Connection: close */
    bool keep_alive;         /* Connection: keep-alive */
    bool connection_upgrade; /* Connection: upgrade */
    bool upgrade;            /* there is an Upgrade line */
    bool expect_continue;    /* Expect: 100-continue */
    bool te_trailers;        /* TE is exactly "trailers" (AG-16) */
};

void http_facts_create(struct http_facts *f);

/* Names in either case; value without blanks at its ends. */
void http_facts_note(struct http_facts *f, struct http_text name, struct http_text value);

#endif
