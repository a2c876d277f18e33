/* actors/resend.c -- see resend.h */
#include "actors/resend.h"
#include "messages/limits.h"

enum resend resend_decide(const struct resend_case *c)
{
    if (!c->held)
        return RESEND_NOT;
    if (c->stage == LOCAL_UNREACHED || c->stage == LOCAL_UNWRITTEN)
        return c->attempts < ATTEMPTS ? RESEND_AFTER_PAUSE : RESEND_NOT;
    if (c->stage == LOCAL_WRITTEN && c->served && c->repeatable && !c->mirror && !c->resent)
        return RESEND_AT_ONCE_FRESH;
    return RESEND_NOT;
}

uint64_t resend_pause_us(const struct resend_case *c)
{
    static const uint16_t pauses_ms[] = {50, 100, 200, 400, 500};
    /* a pooled connection that was closed already: no wait, but the attempt counts (#4649) */
    if (c->served && c->stage == LOCAL_UNWRITTEN)
        return 0;
    unsigned i = c->attempts ? c->attempts - 1u : 0;
    return MS(pauses_ms[i < 4 ? i : 4]);
}
