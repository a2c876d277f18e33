/* actors/actor_types.c -- see actor_types.h */
#include "actors/actor_types.h"
#include "actors/agent.h"
#include "actors/agent_link.h"
#include "actors/agent_port.h"
#include "actors/agent_remote.h"
#include "actors/agent_session.h"
#include "actors/incoming_proxy.h"
#include "actors/interceptor.h"
#include "actors/link_connection.h"
#include "actors/local_connection.h"
#include "actors/local_pool.h"
#include "actors/supervisor.h"
#include <string.h>

const struct actor_type *const actor_types[] = {
    &interceptor_type,     &local_connection_type, &local_pool_type,   &incoming_proxy_type,
    &link_connection_type, &agent_link_type,       &supervisor_type,   &agent_type,
    &agent_session_type,   &agent_port_type,       &agent_remote_type, NULL,
};

const struct actor_type *actor_type_named(const char *name)
{
    for (const struct actor_type *const *t = actor_types; *t; t++)
        if (strcmp((*t)->name, name) == 0)
            return *t;
    return NULL;
}
