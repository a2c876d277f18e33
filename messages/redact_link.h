/* messages/redact_link.h -- a direction of a link to an agent: its messages' heads and bodies.
 *
 * Purpose  bytes of one body lie between those of others: each is given to the stream of its body.
 * Owner    whoever called redact_link_new.
 */
#ifndef MESSAGES_REDACT_LINK_H
#define MESSAGES_REDACT_LINK_H

#include "messages/redact_stream.h"
#include "messages/wire_message.h"

/* Whose bytes they are: the bodies of an exchange go one way in a link's direction. */
struct redact_body {
    uint64_t connection;
    uint16_t request;
    enum wire_mode mode;
    bool raw; /* of a connection */
};

struct redact_link;

/* body: bytes of one; gap: so many are missing here; edge: it begins or ends here. */
struct redact_bodies {
    void (*body)(void *context, const struct redact_body *which, const uint8_t *bytes,
                 size_t length, struct redact_spot spot);
    void (*gap)(void *context, const struct redact_body *which, uint64_t missing);
    void (*edge)(void *context, const struct redact_body *which);
    void *context;
};

struct redact_link *redact_link_new(struct redact_eyes *eyes, enum wire_from from,
                                    const struct redact_bodies *bodies);
void redact_link_free(struct redact_link *l);
void redact_link_feed(struct redact_link *l, const uint8_t *bytes, size_t length,
                      struct redact_spot spot);
/* Bytes are missing. If they are not all of one body, the next record is taken to begin with a message. */
void redact_link_gap(struct redact_link *l, uint64_t missing);

#endif
