/* actors/settings.c -- see settings.h */
#include "actors/settings.h"
#include <string.h>

const struct settings *settings;

void settings_default(struct settings *s)
{
    memset(s, 0, sizeof *s);
    s->announce = version_newest();
    s->workers = 1;
    s->agent_message_max = AGENT_MESSAGE_MAX;
    s->collect_max = COLLECT_MAX;
    s->spool_max = SPOOL_EACH_MAX;
    s->spool_total_max = SPOOL_ALL_MAX;
    s->local_connections_max = LOCAL_CONNECTIONS_MAX;
    s->spool_dir = "/var/tmp";
}

int settings_subscription_of(uint16_t port)
{
    for (uint16_t i = 0; i < settings->subscription_count; i++)
        if (settings->subscriptions[i].port == port)
            return i;
    return -1;
}
