/* actors/subscriptions.h -- the ports that were asked for, and how far each has come.
 *
 * Purpose  what to ask of an agent of this version, what must not be asked, and what its answers mean.
 *          A filter that the agent's version does not know is refused with the reason, never widened
 *          (SUB-8; SUB-5 is consciously not followed).
 * Owner    incoming_proxy. Pure.
 */
#ifndef ACTORS_SUBSCRIPTIONS_H
#define ACTORS_SUBSCRIPTIONS_H

#include "actors/settings.h"
#include "messages/vocabulary.h"

enum subscription_state {
    SUBSCRIPTION_IDLE, /* no link */
    SUBSCRIPTION_ASKED,
    SUBSCRIPTION_CONFIRMED,
    SUBSCRIPTION_SUSPENDED, /* this agent cannot do it; or it refused after a reconnect */
};

struct subscriptions {
    uint8_t state[SUBSCRIPTIONS_MAX];
    uint16_t asked_in_order[SUBSCRIPTIONS_MAX]; /* answers that name no port come in this order */
    uint16_t asked;
};

/* NULL when an agent of this version understands what the settings ask for; else why not. One that did
 * not negotiate has a version that meets no gate. */
const char *subscriptions_obstacle(struct version v);
/* All become idle: the link is gone. */
void subscriptions_reset(struct subscriptions *s);
/* Number i was asked for. */
void subscriptions_ask(struct subscriptions *s, uint16_t i);
/* Which one an answer is about; -1: none that waits. */
int subscriptions_answered(struct subscriptions *s, bool names_port, uint16_t port);
bool subscriptions_all_confirmed(const struct subscriptions *s);
bool subscriptions_any_asked(const struct subscriptions *s);
/* The subscription that traffic of this port and mode belongs to; -1: stale (SUB-20). */
int subscriptions_find(const struct subscriptions *s, uint16_t port, uint8_t mode);

#endif
