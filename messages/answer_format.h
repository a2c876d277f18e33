/* messages/answer_format.h -- in which form an answer may go to this very agent.
 *
 * Purpose  the decision that this program exists for: what the request came as, and what the agent
 *          said last of its version, say together what it can read (RSP-6, RSP-7, RSP-8).
 * Thread   a pure function.
 *
 *   request came as          agent's version   answer whole with its head   body still to come
 *   HttpRequest              any               HttpResponse                 HttpResponse, collected
 *   HttpRequestFramed        any               HttpResponseFramed           HttpResponseFramed, collected
 *   HttpRequestChunked       >= 1.8.1          HttpResponseFramed           HttpResponseChunked, streamed
 *   HttpRequestChunked       < 1.8.1           HttpResponseFramed           HttpResponseFramed, collected
 *
 * The variant comes first: agents of 2023-08 to 2024-06 echo our own version (HS-12), and what they
 * send is the only true word about them. The version comes second: agents that send chunked requests
 * learned to read chunked responses only with 1.8.1 (#2562). A pre-release allows nothing (W-9).
 */
#ifndef MESSAGES_ANSWER_FORMAT_H
#define MESSAGES_ANSWER_FORMAT_H

#include "messages/version.h"
#include "messages/vocabulary.h"

static inline enum answer_format answer_format_of(enum request_variant variant,
                                                  struct version agent, bool whole)
{
    switch (variant) {
    case VARIANT_BASIC: return ANSWER_BASIC;
    case VARIANT_FRAMED: return ANSWER_FRAMED;
    default:
        return !whole && version_allows(agent, GATE_HTTP_CHUNKED_RESPONSE) ? ANSWER_CHUNKED
                                                                           : ANSWER_FRAMED;
    }
}

#endif
