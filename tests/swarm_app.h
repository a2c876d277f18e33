/* tests/swarm_app.h -- applications of a swarm: each request says in its path how it is to be answered.
 *
 *   /SIZE/MANNER    an answer of SIZE bytes, each a function of its place, in the manner of
 *     w  whole, in one write          l  head, then pieces of its body
 *     k  chunked, in pieces           c  up to the end of the connection
 *     f  whole, connection: close     n  never
 *     b  head, then it breaks         x  no answer, it closes
 *     g  no HTTP                      u  101, then whatever comes is said again
 * A connection that begins with anything else is raw and echoed.
 */
#ifndef TESTS_SWARM_APP_H
#define TESTS_SWARM_APP_H

#include "tests/world.h"

enum { SWARM_APPS_MAX = 512 };

struct swarm_app {
    struct sim_peer *peer;
    char manner; /* 0: waits for a request */
    bool raw, over;
    uint32_t size, said;
    char text[512]; /* of the request's head, as far as it has come */
    size_t length;
};

struct swarm_apps {
    struct world *world;
    struct swarm_app list[SWARM_APPS_MAX];
    unsigned count;
};

/* Listens at APP; everything that connects is in the list from then on. */
void swarm_apps_listen(struct swarm_apps *apps, struct world *w);
/* One of them says one more piece, if it has one to say. */
void swarm_app_go_on(struct swarm_apps *apps, unsigned which);
/* All say all that they have to say; those that never would, close. */
void swarm_apps_finish(struct swarm_apps *apps);
/* The byte at this place of every body. */
char swarm_byte(uint32_t place);

#endif
