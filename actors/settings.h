/* actors/settings.h -- what the command line asked for, read by the actors, changed by nobody.
 *
 * Owner   tools/: filled before the runtime starts, alive until it has ended.
 * Thread  read-only everywhere. A replayed actor must be given the same settings.
 */
#ifndef ACTORS_SETTINGS_H
#define ACTORS_SETTINGS_H

#include "messages/limits.h"
#include "messages/version.h"
#include "runtime/address.h"
#include <stdbool.h>
#include <stdint.h>

enum filter_kind { FILTER_HEADER, FILTER_PATH, FILTER_METHOD };

struct filter {
    uint8_t kind; /* enum filter_kind */
    const char *text;
};

enum { FILTERS_MAX = 64, SUBSCRIPTIONS_MAX = 256 };

/* One -R: a remote port and where its traffic goes. */
struct subscription {
    uint16_t port;
    uint16_t destination; /* see destinations.h */
};

struct settings {
    struct address agent;
    struct subscription subscriptions[SUBSCRIPTIONS_MAX];
    uint16_t subscription_count;
    bool mirror; /* else steal */
    struct filter filters[FILTERS_MAX];
    uint16_t filter_count; /* 0: unfiltered */
    bool any_of;           /* else all must match */
    struct version announce;
    bool no_retry;
    bool standalone;  /* the stand-in agent is inside, see agent_settings.h */
    unsigned workers; /* that run exchanges */
    uint64_t seed;    /* of the jitter of reconnects */
    uint64_t agent_message_max, collect_max, spool_max, spool_total_max;
    uint32_t local_connections_max;
    const char *spool_dir;
};

extern const struct settings *settings;

/* The subscription of this remote port; -1: none. */
int settings_subscription_of(uint16_t port);
/* Defaults of messages/limits.h. */
void settings_default(struct settings *s);

#endif
