/* tests/recorded_world.h -- a proxy's run in deterministic mode, recorded, as streams: what replays against real
 * peers are made of.
 *
 *     struct recorded_world r;
 *     recorded_begin(&r);                  w is ready, and recorded
 *     agent_get(&r.w, 7, "/"); ...
 *     recorded_end(&r);                    r.streams holds all of it; w is gone
 *     ...
 *     recorded_free(&r);
 */
#ifndef TESTS_RECORDED_WORLD_H
#define TESTS_RECORDED_WORLD_H

#include "messages/trace_reader.h"
#include "messages/trace_streams.h"
#include "tests/world.h"

struct recorded_world {
    struct world w;
    struct trace_out trace; /* its own bytes */
    struct trace_reader *reader;
    struct trace_streams *streams;
    struct sim_peer *app; /* the newest connection to the application */
    bool skip_one; /* of the records of links and local connections, that of skip_at is not taken */
    unsigned skip_at;
    uint32_t bodies_max; /* what is longer is cut, as --trace-bodies does; 0: nothing is */
};

void recorded_begin(struct recorded_world *r);
void recorded_end(struct recorded_world *r);
void recorded_free(struct recorded_world *r);
/* The n-th stream of this kind; NULL: there is none. */
const struct trace_stream *recorded_stream(const struct recorded_world *r, enum stream_kind kind,
                                           unsigned n);
/* Fetches the newest connection, if there is a new one. */
struct sim_peer *recorded_app(struct recorded_world *r);
/* A request that is answered with OK_2: GET PATH for connection `id`. */
void recorded_get(struct recorded_world *r, uint64_t id, const char *path);

#endif
