/* actors/agent_words.h -- the sentences that the stand-in agent logs to its clients and says to remotes.
 *
 * Source  AG-10, AG-11, AG-32 for the logs: a proxy may show them as they are.
 */
#ifndef ACTORS_AGENT_WORDS_H
#define ACTORS_AGENT_WORDS_H

#include "messages/http_head.h"
#include "runtime/chunk.h"

enum agent_words_what { AGENT_WORDS_STOLEN, AGENT_WORDS_MIRRORED, AGENT_WORDS_CONNECTION };

/* "... was not stolen due to mirrord-protocol version requirement: >=1.19.4". head: NULL, or what is
 * told about the request. */
struct span agent_words_too_old(enum agent_words_what what, const char *requirement,
                                const struct http_head *head, uint16_t port);
/* "An HTTP request was stolen by another user ..." */
struct span agent_words_taken(const struct http_head *head, uint16_t port);
/* "Stolen connection 7 failed: ..." */
struct span agent_words_failed(bool mirrored, uint64_t connection, const char *why,
                               size_t why_length);

#endif
