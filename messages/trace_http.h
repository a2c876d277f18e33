/* messages/trace_http.h -- a request or an answer as a whole, however it was said: to be compared.
 *
 * Purpose  the same answer comes as HTTP/1 text cut anywhere, as one protocol message or as several. Read into a
 *          struct trace_http, all of these are the same; trace_http_compare says in what two differ.
 * Owner    the caller; zero it first, trace_http_release at the end.
 * Thread   one at a time.
 */
#ifndef MESSAGES_TRACE_HTTP_H
#define MESSAGES_TRACE_HTTP_H

#include "messages/http1_parser.h"
#include "messages/trace_grow.h"

/* A piece of a body of which no more is known. */
struct trace_http_part {
    size_t length;
    uint64_t hash; /* hash_of() */
};

struct trace_http {
    bool has_head;
    bool ended;            /* whole */
    bool broken;           /* its end is known to be missing: an Error, a connection that broke */
    uint16_t status;       /* answers */
    uint8_t version;       /* enum http_version */
    char *method, *target; /* requests; NULL: none */
    struct wire_buffer fields; /* the header map, in wire form */
    struct wire_buffer body;   /* joined */
    const struct trace_http_part
        *parts; /* expected: in place of a body that is not known; another's */
    unsigned part_count;
    struct wire_buffer trailers; /* a header map; empty: none */
};

void trace_http_release(struct trace_http *h);
size_t trace_http_body_length(const struct trace_http *h);

/* From protocol bytes. False: malformed. */
bool trace_http_request(struct trace_http *h, const uint8_t *head, size_t length);
bool trace_http_answer(struct trace_http *h, const uint8_t *head, size_t length);

/* From HTTP/1 text. */
struct trace_http_reader {
    struct http1_parser parser;
    struct trace_http *into;
    const char *error; /* static; NULL: none */
    bool created;
    bool began;   /* a byte of it has come */
    bool upgrade; /* ended: what follows is no HTTP, in an answer; it was asked for, in a request */
    bool keep_alive;
};
/* Call again for the next on the same connection; zero it before the first time. */
void trace_http_read(struct trace_http_reader *r, struct trace_http *into, enum http1_role role,
                     enum http1_asked asked);
enum http1_asked trace_http_asked(const char *method);
/* Returns how many bytes belong to it: all, until it has ended (into->ended) or is wrong (error). */
size_t trace_http_feed(struct trace_http_reader *r, const uint8_t *bytes, size_t length);
/* The peer says no more. */
void trace_http_eof(struct trace_http_reader *r);
void trace_http_reader_release(struct trace_http_reader *r);

/* What does not count. */
struct trace_http_rules {
    const char *const *ignored; /* names of header lines, in lower case; NULL ends; may be NULL */
    bool strict;                /* the HTTP version counts, and both ends of Content-Length */
};
/* Lines that say when, by whom and how: date, server, connection, keep-alive, transfer-encoding. */
extern const char *const trace_http_ignored[];

/* Appends to `differences` a line for each, "status: expected 200, came 404\n". True: there are none. Of two of which
 * one was cut off (not ended, not broken), as much is compared as both have. */
bool trace_http_compare(const struct trace_http *expected, const struct trace_http *came,
                        const struct trace_http_rules *rules, struct wire_buffer *differences);

/* Two stretches of bytes: where they begin to differ, shown. */
void trace_bytes_difference(struct wire_buffer *out, const char *what, const void *expected,
                            size_t expected_length, const void *came, size_t came_length);
/* The values of a name, joined by ", ". False: there is no such line. */
bool trace_http_values(const struct wire_buffer *map, struct http_text name,
                       struct wire_buffer *out);

#endif
