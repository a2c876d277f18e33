/* tests/scenes.h -- the reference exchanges between agent, proxy and application, as a world plays them.
 *
 * Source: incoming-behaviour.md, appendix A; its numbers stand in the names. Of those over HTTP/2 (5, 6)
 * the agent's side is played; HTTP/2 is not delivered yet, so the answer is ours. Each begins with the handshake (1).
 */
#ifndef TESTS_SCENES_H
#define TESTS_SCENES_H

#include "tests/world.h"

struct scene {
    const char *name;
    const char *version; /* that the agent says; NULL: the newest */
    void (*play)(struct world *w);
};

/* A NULL name ends the list. */
extern const struct scene scenes[];

/* Plays it under the recorder, replays it, and gives the trace. */
void scene_record(const struct scene *s, void (*on_trace)(const struct trace_out *trace));

#endif
