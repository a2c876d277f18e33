/* tests/bench/load_floor.h -- the floor's two halves: what the agent sends, what comes back.
 *
 * load_floor.c owns the connections and passes requests on; load_floor_answer.c reads answers.
 */
#ifndef BENCH_LOAD_FLOOR_H
#define BENCH_LOAD_FLOOR_H

#include "tests/bench/load_wire.h"

#include <stdint.h>

enum {
    LANE_BYTES = 256 * 1024, /* more than the longest answer of known length */
    IDS = 1 << 16,           /* raw connections and uploads at a time */
    SUBSCRIBED_PORT = 8080,
};

/* One connection to the application: idle, or busy with the exchange `id`. */
struct lane {
    int fd;
    bool raw;            /* bytes pass as they are, for good */
    bool in_chunks;      /* the head of a chunked answer has passed */
    uint64_t chunk_left; /* data of the current chunk */
    uint64_t id;
    struct lane *next_idle;
    size_t len;
    char *bytes; /* of the answer, not yet passed on; LANE_BYTES, the last one for a NUL */
};

struct floor {
    int epoll, agent_fd;
    uint16_t app_port;
    struct buffer in, out; /* from the agent, to the agent */
    struct lane *idle;     /* the one used last comes first */
    struct lane *by_id[IDS];
};

/* Passes on what has come of the answer, and releases the lane at its end. */
void floor_pass_answer(struct floor *f, struct lane *lane);
/* Makes the lane free for the next request. */
void floor_release(struct floor *f, struct lane *lane);

#endif
