/* actors/resend.h -- what may be sent to the application again, and after which pause.
 *
 * Two rules, nothing else, ever:
 *   (a) nothing was accepted by the kernel (no connection, or the first write failed): every method,
 *       up to ATTEMPTS, with DEL-29's pauses;
 *   (b) a connection that had served before ended without one byte of answer, the method may be
 *       repeated and the whole request is still held: once, at once, on a new connection.
 * What the application has seen cannot be known after the first write; the original sends a POST ten
 * times (DEL-30). A mirrored request: (a) only. Pure functions.
 */
#ifndef ACTORS_RESEND_H
#define ACTORS_RESEND_H

#include "messages/vocabulary.h"

struct resend_case {
    enum local_stage stage;
    bool served;     /* the connection had answered somebody before */
    bool repeatable; /* the method */
    bool held;       /* the whole request, as far as it has come, is still here */
    bool mirror;
    bool resent;      /* by rule (b), already */
    uint8_t attempts; /* that were made, this one included */
};

enum resend { RESEND_NOT, RESEND_AFTER_PAUSE, RESEND_AT_ONCE_FRESH };

enum resend resend_decide(const struct resend_case *c);
/* Microseconds before attempt number `attempts` + 1 (DEL-29). */
uint64_t resend_pause_us(const struct resend_case *c);

#endif
