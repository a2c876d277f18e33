/* tests/purity/purity.h -- the outside of the live daemon: an agent and an application in threads.
 *
 * Purpose  `make purity` runs the daemon's actors on the real runtime, with two workers, sockets and
 *          clocks, records what every actor heard and did, and gives each its messages again, alone.
 *          What differs is an actor that knows something beside its messages.
 * Owner    the program; both threads end when `stop` is set, and know nothing of the runtime.
 */
#ifndef TESTS_PURITY_PURITY_H
#define TESTS_PURITY_PURITY_H

#include <stdatomic.h>
#include <stdint.h>

struct outside {
    int listener; /* bound and listening */
    uint64_t random;
    atomic_bool *stop;
    uint32_t served; /* requests that were answered, connections that were made */
};

/* Threads; the argument is a struct outside. */
void *purity_agent(void *argument);
void *purity_application(void *argument);

/* A listener on the loopback; the port that it got. */
int purity_listen(uint16_t *port);
/* xorshift, 0 to below - 1. */
uint32_t purity_chance(uint64_t *random, uint32_t below);
/* Waits for input for so long; false: there was none. */
int purity_wait(int fd, int ms);
/* All of it. False: the peer has gone. */
int purity_write(int fd, const void *bytes, uint32_t length);

#endif
