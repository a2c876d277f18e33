/* tests/toys.h -- small actors that tests of the runtime put to work; the same under sim, replay and threads.
 *
 * All speak with runtime kinds and DATA. What a toy has seen stands in its state, which a test reads
 * through sim_actor(), or in what it says to others.
 */
#ifndef TESTS_TOYS_H
#define TESTS_TOYS_H

#include "messages/kinds.h"
#include "runtime/sim.h"

/* Sends each DATA back with one more byte, until it is `TOY_PINGS` long; then both stop. RESUME(n = worker)
 * first: spawns its partner there. */
enum { TOY_PINGS = 40 };
struct toy_pinger {
    struct actor actor;
    struct actor_ref partner;
    uint32_t seen;
    bool is_first;
};
extern const struct actor_type toy_pinger_type;

/* Ticks by timers 1 (10 ms, again and again), 2 (25 ms, once) and 3 (armed for 5 ms, put away at once). Keeps the
 * numbers and the times of what rang. Stops after TOY_TICKS. */
enum { TOY_TICKS = 6 };
struct toy_ticker {
    struct actor actor;
    uint32_t count;
    uint32_t rang[TOY_TICKS];
    uint64_t at_us[TOY_TICKS];
};
extern const struct actor_type toy_ticker_type;

/* Listens at the address in DATA; each connection gets a toy_echo. */
struct toy_server {
    struct actor actor;
    uint32_t error;
    uint16_t port;
};
extern const struct actor_type toy_server_type, toy_echo_type;

/* Spawns RESUME.n children, on workers 0 and 1 by turns, monitors them, and tells each to stop. Then it is done;
 * STOP makes it end the program with status 7. */
struct toy_parent {
    struct actor actor;
    uint32_t children, answers, downs;
    bool ends_program;
};
extern const struct actor_type toy_parent_type, toy_child_type;

/* Connects to the address in DATA, writes what follows the address's NUL, and keeps what it heard. */
struct toy_client {
    struct actor actor;
    uint32_t error;
    uint64_t answered_us;
    bool connected, ended, failed;
    uint32_t failed_error;
    uint64_t received;
};
extern const struct actor_type toy_client_type;

enum { TOY_KEPT = 16 };

/* Does as it is told by the test, and keeps what it hears. DATA: a host to look up. RESUME(n): a file command. */
struct toy_asker {
    struct actor actor;
    uint32_t heard;
    uint16_t kinds[TOY_KEPT];
    int32_t errors[TOY_KEPT];
    uint64_t bytes[TOY_KEPT], at_us[TOY_KEPT];
    struct address first;
    char text[32];
};
enum { TOY_OPEN, TOY_WRITE, TOY_READ, TOY_CLOSE };
extern const struct actor_type toy_asker_type;

/* A sim of two workers that nobody watches. */
void toy_sim(struct sim *sim, uint64_t seed);

/* RESUME(n). */
struct message *resume(uint32_t n);
/* DATA with an address, a NUL, and more bytes. */
struct message *toy_at(const char *address, const char *more);

#endif
