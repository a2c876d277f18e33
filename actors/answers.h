/* actors/answers.h -- making the ANSWER messages: ids in front of a head, errors, collected bodies.
 *
 * Pure functions of bytes. Source: wire-format.md 4.8 (port, connection and request precede a response's head).
 */
#ifndef ACTORS_ANSWERS_H
#define ACTORS_ANSWERS_H

#include "messages/http_head.h"
#include "messages/vocabulary.h"

struct answer_ids {
    uint16_t port;
    uint64_t connection;
    uint16_t request;
};

/* Writes the ids into the HEADROOM in front of a response head that nobody else holds. */
void answer_ids_prepend(const struct answer_ids *ids, struct span *head);

/* A whole Basic answer without headers: every agent reads it (RSP-15). The text is prefixed with who
 * speaks (RSP-17) and ended with a newline. */
struct message *answer_error_new(const struct answer_ids *ids, enum http_version version,
                                 unsigned status, const char *text);

/* The version at the end of a request head. */
enum http_version http_version_of(struct span request_head);
/* The method is one that may be repeated (RFC 9110, 9.2.2; PATCH and what we do not know is not). */
bool http_is_repeatable(struct span request_head);
/* The method's text, for people: at most room - 1 bytes. */
void http_method_of(struct span request_head, char *out, size_t room);

/* A body that is being collected for an agent that takes no streams. */
struct collected {
    struct chunk *chunk;  /* NULL: nothing yet */
    struct span trailers; /* a header map, or nothing */
};

/* Adds bytes; false when there would be more than `most`. */
bool collected_add(struct collected *c, struct span bytes, uint64_t most);
uint64_t collected_bytes(const struct collected *c);
/* The whole as the body of an ANSWER: plain bytes, or with ANSWER_FRAMES in *flags when trailers are to
 * be kept (framed), which Basic cannot (DEL-46). Leaves c empty. */
struct span collected_finish(struct collected *c, bool framed, uint16_t *flags);
/* A list of frames in the protocol's form: one of data, if there is any, and one of trailers. */
struct span frames_of(struct span data, struct span trailers);
/* The data of such a list, for Basic answers, which lose trailers. Takes it. */
struct span frames_data(struct span frames);
void collected_destroy(struct collected *c);

#endif
