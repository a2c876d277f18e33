/* messages/limits.h -- time-outs and limits of links and exchanges, with their reasons.
 *
 * Times are microseconds, sizes bytes. Where an option is named beside it, a limit is the default of a
 * field of struct settings; the rest are constants. The runtime's own stand in runtime/limits.h, those
 * of a format with its codec: heads in http_head_builder.h, http1_parser.h and http_facts.h, protocol
 * messages in wire_message.h, wire_decoder.h and wire_syntax.h, filters in http_filter.h.
 */
#ifndef MESSAGES_LIMITS_H
#define MESSAGES_LIMITS_H

#include <stdint.h>

#define MS(n)  ((uint64_t)(n)*1000)
#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

/* ---- times ---- */

#define AGENT_CONNECT_US    MS(5000)
#define PONG_US             MS(10000) /* a port-forward accepts before the agent is reached (HS-4) */
#define VERSION_ANSWER_US   MS(10000)
#define SUBSCRIBE_RESULT_US MS(15000)
#define PING_EVERY_US                                                                              \
    MS(30000) /* HS-15; silence of a whole interval after a Ping ends the link (HS-16) */
#define RECONNECT_FIRST_US MS(250) /* doubles, +- 25 % */
#define RECONNECT_MOST_US  MS(10000)
#define RESOLVE_US         MS(5000)
#define LOCAL_CONNECT_US   MS(3000)  /* one attempt */
#define SLOW_ANSWER_US     MS(30000) /* no time-out: a log line (LIM-11) */
#define SHORT_IDLE_US                                                                              \
    MS(1000) /* a connection idle longer may be dead: not for what cannot be repeated */
#define POOL_IDLE_US     MS(3000) /* DEL-36 */
#define MIRROR_LINGER_US MS(1000) /* TCP-12 */
#define RAW_CLOSE_US                                                                               \
    MS(1000) /* both ways ended: Close is waited for, then we unsubscribe (TCP-9) */
#define DRAIN_US       MS(10000)
#define DRAIN_QUIET_US MS(100)
#define ATTEMPTS       10 /* DEL-29; pauses 50, 100, 200, 400, then 500 ms */
#define GRACE_US                                                                                   \
    MS(10) /* the link may rest so long for an application that empties a window in it */
#define GRACE_AGAIN_US MS(1000) /* ... and, where it did not, not again before */
#define DISK_GRACE_US  MS(100)  /* the same for a disk that is behind, but at work */
#define HOLD_REST_FACTOR                                                                           \
    20 /* a rest that was used up: none is granted for so many times its length */
#define DETECT_US MS(2000) /* AG-1 */

/* ---- bytes ---- */

#define AGENT_MESSAGE_MAX                                                                          \
    MIB(64) /* --agent-message-max: an undecoded message in memory, else 413 */
#define COLLECT_MAX                                                                                \
    MIB(64) /* --collect-max: an answer for an agent that takes no streams, else 502 */
#define SPOOL_EACH_MAX   GIB(1)  /* --spool-max: one exchange's upload on disk, else 507 */
#define SPOOL_ALL_MAX    GIB(4)  /* --spool-total-max */
#define SPOOL_BEHIND_MAX MIB(16) /* bytes that the disk has not taken yet */
#define SPOOL_READ_BYTES KIB(64)
#define WINDOW_ALL       MIB(32) /* divided by the live exchanges ... */
#define WINDOW_MIN       KIB(16) /* ... within these bounds: bytes under way, each way */
#define WINDOW_MAX       KIB(256)
#define HOLD_MAX                                                                                   \
    KIB(64) /* a request up to this size is kept, to be sent again if that is allowed */
#define EARLY_DATA_MAX        KIB(64)  /* Data that comes before the 101 (DEL-43) */
#define LINK_QUANTUM          KIB(16)  /* deficit round robin: an exchange's share of a round */
#define LINK_UNSENT_MAX       KIB(128) /* beyond it answers wait in their own queues */
#define LINK_UNSENT_LOW       KIB(64)
#define LINK_TURN_MESSAGES    64  /* decoded in one turn */
#define LOCAL_CONNECTIONS_MAX 512 /* --local-connections-max, per destination and worker */

static inline uint32_t window_of(uint64_t live)
{
    uint64_t w = WINDOW_ALL / (live ? live : 1);
    return (uint32_t)(w < WINDOW_MIN ? WINDOW_MIN : w > WINDOW_MAX ? WINDOW_MAX : w);
}

#endif
