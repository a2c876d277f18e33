/* actors/heard_bounds.c -- see heard_bounds.h */
#include "actors/heard_bounds.h"
#include "actors/agent_remote.h"
#include "actors/agent_settings.h"
#include "actors/destinations.h"
#include "actors/settings.h"
#include "messages/kinds.h"
#include "messages/vocabulary.h"
#include <inttypes.h>
#include <stdio.h>

static bool is_place(const char *what, uint64_t number, uint64_t count, char why[200])
{
    if (number < count)
        return true;
    snprintf(why, 200, "it heard of %s %" PRIu64 ", and the settings have %" PRIu64, what, number,
             count);
    return false;
}

static bool is_destination(uint64_t number, char why[200])
{
    return is_place("destination", number, destination_count(), why);
}

static bool is_agent_port(uint64_t index, char why[200])
{
    return is_place("the agent's port", index, agent_settings ? agent_settings->port_count : 0,
                    why);
}

static bool is_subscription(uint64_t number, char why[200])
{
    return is_place("subscription", number, settings ? settings->subscription_count : 0, why);
}

/* Some window there must be: a socket is not asked for 0 bytes. */
static bool is_window(uint64_t bytes, char why[200])
{
    if (bytes)
        return true;
    snprintf(why, 200, "it heard of a window of 0 bytes");
    return false;
}

static bool are_addresses(struct span packed, char why[200])
{
    if (packed.length == 2 * ADDRESS_PACKED_BYTES)
        return true;
    snprintf(why, 200, "it heard two addresses of %" PRIu32 " bytes instead of %d", packed.length,
             2 * ADDRESS_PACKED_BYTES);
    return false;
}

/* Of a request or a response; where an empty one has a meaning of its own (ASSIGN: raw bytes) it may be. */
static bool is_head(struct span head, char why[200])
{
    if (head.length)
        return true;
    snprintf(why, 200, "it heard an empty head");
    return false;
}

static bool is_format(uint16_t flags, char why[200])
{
    return is_place("an answer's format", flags & ANSWER_FORMAT_MASK, ANSWER_CHUNKED + 1, why);
}

bool heard_within_bounds(const struct actor_type *type, const struct message *given, char why[200])
{
    struct message *m = (struct message *)(uintptr_t)given; /* the accessors take no const */
    switch (m->kind) {
    case MSG_SOCKET_ACCEPTED:
        return type != &agent_remote_type || is_agent_port(msg_socket_accepted(m)->tag, why);
    case MSG_AGENT_PORT_OPEN:
        return msg_agent_port_open(m)->index == AGENT_NO_LISTENER ||
               is_agent_port(msg_agent_port_open(m)->index, why);
    case MSG_AGENT_PORT_READY:
        return !msg_agent_port_ready(m)->error ||
               is_agent_port(msg_agent_port_ready(m)->index, why);
    case MSG_AGENT_ATTACH: return are_addresses(msg_agent_attach(m)->addresses, why);
    case MSG_SUBSCRIBE: return is_subscription(msg_subscribe(m)->subscription, why);
    case MSG_INTERCEPT:
        return is_destination(msg_intercept(m)->destination, why) &&
               is_window(msg_intercept(m)->window, why);
    case MSG_ASSIGN: return is_window(msg_assign(m)->window, why);
    case MSG_REQUEST: return is_head(msg_request(m)->head, why);
    case MSG_RESPONSE: return is_head(msg_response(m)->head, why);
    case MSG_WANT: return is_destination(msg_want(m)->destination, why);
    case MSG_LOCAL_OPEN: return is_destination(msg_local_open(m)->destination, why);
    case MSG_ANSWER: return is_format(m->flags, why);
    default: return true;
    }
}
