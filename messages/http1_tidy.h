/* messages/http1_tidy.h -- makes a response head plain that is a little wrong.
 *
 * Applications send what llhttp refuses and the original takes: blanks behind a Transfer-Encoding, the
 * same Content-Length twice. That is no attempt to smuggle: nobody but us reads the answer, and what
 * the agent gets is written anew. Pure; never for requests.
 */
#ifndef MESSAGES_HTTP1_TIDY_H
#define MESSAGES_HTTP1_TIDY_H

#include "messages/http_text.h"

/* head: lines that end in CR LF, the empty one last; changed in place. No line has blanks at its end
 * any more, and Content-Length lines whose numbers are all alike have become one number in one line
 * (RFC 9110 section 8.6); those that differ are left for the parser to refuse. Returns the length,
 * which is the old one if there was nothing to do. */
size_t http1_tidy_head(uint8_t *head, size_t length);

#endif
