/* tests/bench/load.h -- the roles of the bench yardstick, and the little that they share.
 *
 * Every role is a process of its own with one thread, and ends the process itself. A role is a
 * measuring instrument: what it cannot do right, it does not do at all, so every error is a line
 * on stderr and exit status 1. Addresses are 127.0.0.1 throughout. Units end a name.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdint.h>
#include <stdnoreturn.h>

enum load_mode {
    LOAD_HTTP,   /* requests, each on a connection id of its own */
    LOAD_UPLOAD, /* the same, but the body follows its head in frames instead of travelling in it */
    LOAD_TCP,    /* raw connections to an application that echoes */
};

struct load_plan {
    uint16_t port;       /* where the proxy will connect */
    const char *version; /* of the protocol, as this agent speaks it */
    enum load_mode mode;
    const char *path;    /* of every request; without a meaning for LOAD_TCP */
    uint64_t concurrent; /* requests or connections at a time; 0: subscribe, then do nothing */
    uint64_t count;      /* requests, or bytes each way for all connections together */
    uint64_t body_bytes; /* of every request: 0 makes it a GET, anything else a POST */
};

noreturn void load_app(uint16_t port);
noreturn void load_echo(uint16_t port);
noreturn void load_agent(const struct load_plan *plan);
noreturn void load_floor(uint16_t agent_port, uint16_t app_port);

/* Prints the sentence, with errno's text behind it if errno is set, and ends the process. */
noreturn void load_die(const char *sentence);
noreturn void load_fail(const char *sentence); /* the same without errno, whatever it holds */

int load_listen(uint16_t port);
int load_connect(uint16_t port); /* blocks until connected; the socket that it returns does not */
void load_prepare(int fd);       /* no waiting in calls, no delay of small segments */
void load_wait_writable(int fd);
uint64_t load_now_ns(void);

#endif
