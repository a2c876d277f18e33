/* messages/http1_trailers.h -- trailers between HTTP/1 text and the protocol's form, as spans: they are
 * read before, or promised long before, the end of the body with which they are written.
 */
#ifndef MESSAGES_HTTP1_TRAILERS_H
#define MESSAGES_HTTP1_TRAILERS_H

#include "messages/http_head_builder.h"
#include "runtime/chunk.h"

/* A head, or trailers, whose text is longer are not made: it would have to be in memory at once. */
enum { HTTP1_TEXT_MAX = 1 << 20 };

/* A trailers section that was read, as what a trailers frame holds. */
struct span http1_trailers_map(const struct http_head_builder *fields);
/* The values of the head's Trailer lines; no bytes: none, or too many. */
struct span http1_trailers_names(const struct http_head *head, const struct http_facts *facts);

/* What http1_body_end wants to be told, and the room that it takes. */
struct http1_trailers {
    struct http_text map, names;
    uint32_t end_bytes_max;
};

/* Borrows from both. Trailers that are too long are left out: map is empty. */
struct http1_trailers http1_trailers_open(struct span map, struct span names);

#endif
