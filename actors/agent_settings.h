/* actors/agent_settings.h -- what the stand-in agent was told to be, read by its actors.
 *
 * Owner   tools/: filled before the runtime starts, alive until it has ended.
 * Thread  read-only everywhere.
 *
 * `version` is the build of the agent: what it can read at all, and of which kind it is.
 *   new kind (>= 1.19.4)  a new connection id per request, request id 0, Close when request and answer
 *                         are finished; HTTP is found on every port (AG-5)
 *   old kind              an id per remote connection, request ids 0, 1, 2 ..., Close at its end; an
 *                         unfiltered port gives raw connections (AG-6, TCP-16)
 */
#ifndef ACTORS_AGENT_SETTINGS_H
#define ACTORS_AGENT_SETTINGS_H

#include "messages/version.h"
#include "runtime/address.h"

enum { AGENT_PORTS_MAX = 64 };

/* How SwitchProtocolVersion is answered. */
enum agent_answer {
    AGENT_ANSWER_MIN,  /* the smaller of the two versions (HS-10) */
    AGENT_ANSWER_ECHO, /* what the client said, whatever it was (HS-12) */
    AGENT_ANSWER_NONE, /* not at all */
};

struct agent_port_setting {
    struct address listen; /* V4 or V6; its port is the one that clients subscribe to */
    uint16_t upstream;     /* see destinations.h */
};

struct agent_settings {
    struct address listen; /* for proxies; also INTERNAL */
    struct agent_port_setting ports[AGENT_PORTS_MAX];
    uint16_t port_count;
    struct version version;
    char version_text[VERSION_TEXT_MAX]; /* as it is answered */
    uint8_t answer;                      /* enum agent_answer */
    bool lose_body_end;                  /* AG-45: as agents 3.107 to 3.109 */
    uint64_t message_max; /* a client's message in memory; 0: AGENT_CLIENT_MESSAGE_MAX */
};

extern const struct agent_settings *agent_settings;

static inline bool agent_is_old(void)
{
    return !version_allows(agent_settings->version, GATE_MODE_AGNOSTIC_HTTP);
}

#endif
