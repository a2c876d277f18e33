/* messages/trace_match.h -- which recorded request is this one?
 *
 * Purpose  two requests are the same if method, target, the header lines of interest and the body are. The n-th of
 *          them that comes is the n-th that was recorded; but one with all the header lines of a later one is that.
 * Owner    whoever called trace_match_new; the transactions must outlive it.
 * Thread   one at a time.
 */
#ifndef MESSAGES_TRACE_MATCH_H
#define MESSAGES_TRACE_MATCH_H

#include "messages/trace_transactions.h"

enum trace_matched {
    MATCHED,
    MATCHED_AGAIN, /* it got no answer, but the end of its connection, and may be sent once more: the same again */
    MATCHED_USED_UP, /* as many as were recorded have come already */
    MATCHED_NEVER,   /* there is no such one */
};

struct trace_match;

/* headers: names of lines that count, in lower case; NULL ends. */
struct trace_match *trace_match_new(const struct trace_transactions *all,
                                    const char *const *headers);
void trace_match_free(struct trace_match *m);

/* A whole request. MATCHED: *index is its transaction, which no other request gets then. Otherwise `why` holds what
 * there is of it, for people. */
enum trace_matched trace_match_request(struct trace_match *m, const struct trace_http *request,
                                       unsigned *index, struct wire_buffer *why);
/* A head alone: the next one with it, if its answer began before its body had come. */
bool trace_match_early(struct trace_match *m, const struct trace_http *request, unsigned *index);
/* What there is of a request whose client left before it was whole: the next one that was recorded so. How far either
 * body got is chance. */
bool trace_match_broken(struct trace_match *m, const struct trace_http *request, unsigned *index);
/* A connection without HTTP, of which these bytes have come: the next one that began so, or else the next one. */
bool trace_match_raw(struct trace_match *m, const uint8_t *bytes, size_t length, unsigned *index);
/* The next one that began so, alone: an old agent passes requests on as bytes, too, and then they look like HTTP. */
bool trace_match_raw_like(struct trace_match *m, const uint8_t *bytes, size_t length,
                          unsigned *index);
/* Is there one still, and does the application speak first on it? */
bool trace_match_raw_left(struct trace_match *m, bool *speaks_first);
/* Recorded ones that did not come yet, and can be played. */
unsigned trace_match_left(const struct trace_match *m);
bool trace_match_is_used(const struct trace_match *m, unsigned index);
/* The first recorded one that is the same as this one: which of them comes cannot be told. */
unsigned trace_match_alike(const struct trace_match *m, unsigned index);

#endif
