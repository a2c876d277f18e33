/* tools/trace_redact_verify.h -- is a secret left in a file that was redacted? */
#ifndef TOOLS_TRACE_REDACT_VERIFY_H
#define TOOLS_TRACE_REDACT_VERIFY_H

#include "messages/trace_redactor.h"

/* The redactor knows the secrets of the original. What is left is said on stderr, with its place but without itself.
 * 0: nothing; 1: something; or an exit status. */
int trace_redact_verify(struct redactor *d, const char *path);

#endif
