/* messages/redact_matches.h -- texts that were found in a flow and overlap: which bytes are whose.
 *
 * Purpose  a byte belongs to the text that begins first, of those to the longest. So what lies within another is
 *          nothing, and of what begins within another only the rest counts: all that is given together is no more than
 *          the flow has bytes, however many texts end at each of them and however long they are.
 * Owner    whoever has the struct; zeroed is empty. redact_matches_free.
 * Thread   one at a time.
 */
#ifndef MESSAGES_REDACT_MATCHES_H
#define MESSAGES_REDACT_MATCHES_H

#include "messages/redact_bytes.h"
#include <stdbool.h>

struct redact_match {
    uint64_t begin, end; /* in the flow */
    uint32_t text;       /* its number */
};

struct redact_matches {
    uint64_t settled; /* before this all bytes have been given that are anybody's */
    size_t first, count, room;
    struct redact_match *at; /* by where they begin; so they end in this order, too */
};

/* The longest text that ends there; behind the ends of those before. */
void redact_matches_add(struct redact_matches *m, uint64_t begin, uint64_t end, uint32_t text);
/* The next one that begins before `needed`, where none that is still to come will begin. From *own on its bytes are
 * its own. False: there is none. */
bool redact_matches_next(struct redact_matches *m, uint64_t needed, struct redact_match *next,
                         uint64_t *own);
void redact_matches_free(struct redact_matches *m);

#endif
