/* runtime/sim.h -- deterministic mode: a whole system on one thread, with a clock that a test moves.
 *
 * Purpose  the same object files as in production; replaced are the io table, the clock, and the
 *          choice of what happens next. Each step is one choice: a turn of an actor, the taking of
 *          an inbox, a flush, timers that are due, one event of a socket or of an outside peer.
 *          Seed 0 goes round in a fixed order; any other seed chooses at random, so that flushes
 *          come late and workers lag, yet what one actor says to another stays in order.
 * Owner    the struct must not move; sim_destroy frees all, peers included.
 * Thread   one. One sim (or runtime) at a time. Between calls the caller works with worker 0's heap,
 *          so it may make messages. sim_step and what calls it: not from a peer's callback.
 * Units    microseconds of the virtual clock, which begins at SIM_START_US and moves only in
 *          sim_advance and sim_run_until.
 * Errors   addresses are given as text (address.h); one that cannot be parsed is an assert.
 *
 *     struct sim sim;
 *     sim_create(&sim, test_seed, 2, NULL);
 *     sim_name_add(&sim, "app.test", "10.0.0.9");
 *     sim_peer_listen(&sim, "10.0.0.9:80", NULL, NULL);         an application, played by the test
 *     sim_spawn(&sim, &proxy_type, first);
 *     struct sim_peer *client = sim_peer_connect(&sim, "127.0.0.1:8080");
 *     sim_peer_write(client, "hello", 5);
 *     CHECK(sim_run_until_idle(&sim));
 *     struct sim_peer *application = sim_peer_accept(&sim, "10.0.0.9:80");
 *     size_t length;
 *     const uint8_t *bytes = sim_peer_received(application, &length);
 *     CHECK_BYTES(bytes, length, "hello", 5);
 *     sim_advance(&sim, 30000000);                              half a minute, at once
 *     CHECK(sim_log_contains(&sim, "application does not answer"));
 *     CHECK_UINT(sim_destroy(&sim), 0);                         nothing leaked
 */
#ifndef RUNTIME_SIM_H
#define RUNTIME_SIM_H

#include "runtime/runtime.h"

enum {
    SIM_START_US = 1000000,
    SIM_CAPACITY_BYTES = 256 * 1024, /* of a connection, each way, unless told otherwise */
    SIM_LOG_LINES = 512,             /* kept */
    SIM_STEPS_MAX = 20000000,        /* in one call: more is taken for a livelock */
};

struct sim_turn;

/* Who can do something in the simulated network, in the order in which they became able to. */
struct sim_ready {
    struct sim_turn **list;
    size_t count, room;
};

struct sim {
    struct runtime runtime;
    uint64_t now_us;
    uint64_t signature; /* of all inputs of all actors so far, in order: equal seeds, equal runs */
    uint64_t steps;
    uint64_t steps_max; /* of one call; SIM_STEPS_MAX */

    /* the rest is the sim's own */
    uint64_t seed, random;
    const struct hooks *watcher; /* may be NULL */
    struct hooks hooks;
    uint32_t inboxes; /* bit a worker: something was pushed and not yet taken */
    unsigned cursor;  /* seed 0: the choice before */
    bool end_seen;
    uint64_t held_until_us[WORKERS_MAX]; /* a call that blocks keeps the worker until then */

    struct sim_ready ready;
    struct sim_listener *listeners;
    struct sim_peer *peers, *peers_newest;
    struct sim_route *routes;
    struct sim_socket *connecting; /* whose outcome is not known yet */
    size_t capacity_bytes, cut_bytes;
    bool reset_drops;
    uint32_t descriptors, descriptors_max;
    int fds;
    uint16_t ports;

    struct sim_name *names;
    struct sim_file *files;
    uint64_t files_made, file_room_bytes, file_delay_us;
    int file_open_error;

    char *log[SIM_LOG_LINES];
    size_t log_lines; /* ever */
    bool log_blocked;
};

/* `workers` run actors, one more does what blocks. `watcher` may be NULL; see hooks.h. */
void sim_create(struct sim *sim, uint64_t seed, unsigned workers, const struct hooks *watcher);
/* Ends and frees all. Returns the number of objects that leaked: 0. */
uint64_t sim_destroy(struct sim *sim);

/* ---- actors ---- */

/* On worker 0. */
struct actor_ref sim_spawn(struct sim *sim, const struct actor_type *type, struct message *first);
/* From nobody. Consumes m. */
void sim_send(struct sim *sim, struct actor_ref to, struct message *m);
/* SIGTERM and its like, to whom runtime_signals_to said. */
void sim_signal(struct sim *sim, int number);
/* Ends an actor between two of its turns, as if it had failed. False: there is none. */
bool sim_kill(struct sim *sim, struct actor_ref who);
/* The state of an actor, to look at; NULL when it does not live. */
const struct actor *sim_actor(const struct sim *sim, struct actor_ref who);
/* Actors alive, without the runtime's own. */
uint32_t sim_actors(const struct sim *sim);
/* An actor has ended the program; the status is in runtime.status. */
bool sim_has_ended(const struct sim *sim);

/* ---- what happens ---- */

/* One choice. False: nothing can happen until the clock moves or a peer acts. */
bool sim_step(struct sim *sim);
/* Steps until none is left. False: there was no end of it in steps_max. */
bool sim_run_until_idle(struct sim *sim);
/* Moves the clock: stops at each moment at which something is due, and runs until idle there. */
bool sim_advance(struct sim *sim, uint64_t us);
/* Steps, and moves the clock as far as needed, but not beyond limit_us from now, until `holds`. */
bool sim_run_until(struct sim *sim, bool (*holds)(void *context), void *context, uint64_t limit_us);
/* When something is next due; false: never. */
bool sim_next_due(const struct sim *sim, uint64_t *at_us);
/* The sim's own numbers, 0 to below - 1. */
uint32_t sim_random(struct sim *sim, uint32_t below);
/* True while a step runs: reading the real clock then is a fault (tests/real_clock.c). */
bool sim_is_running(void);

/* ---- the network: its properties ---- */

/* Of connections made from now on. */
void sim_capacity(struct sim *sim, size_t bytes);
/* A read or write moves at most so many bytes (with a seed: 1 to so many); 0: no cutting. */
void sim_cut(struct sim *sim, size_t bytes);
/* A reset overtakes what its sender had written: what the other side has not read yet is lost, when an end
 * is closed with bytes unread, or written to after its close. Else all of it had arrived in time. */
void sim_reset_drops(struct sim *sim, bool drops);
/* Actors' sockets that may be open at a time; more is EMFILE. */
void sim_descriptors(struct sim *sim, uint32_t most);
enum sim_route_kind {
    SIM_OPEN,    /* as it is: refused when nobody listens */
    SIM_REFUSED, /* ECONNREFUSED although somebody may listen */
    SIM_SILENT,  /* no answer, ever */
};
/* What becomes of connects to this address, and how much later. */
void sim_route(struct sim *sim, const char *to, enum sim_route_kind kind, uint64_t delay_us);

/* ---- the network: outside peers ---- */

struct sim_peer;
/* Bytes, an end or a failure have come. */
typedef void sim_peer_heard(struct sim_peer *peer, void *context);

/* To an actor that listens there. NULL: nobody does. */
struct sim_peer *sim_peer_connect(struct sim *sim, const char *to);
/* A listener of the test's. `accepted` (may be NULL) is called with each connection. */
void sim_peer_listen(struct sim *sim, const char *at, sim_peer_heard *accepted, void *context);
/* The oldest connection to a listener of the test's that was not yet fetched; NULL: none. */
struct sim_peer *sim_peer_accept(struct sim *sim, const char *at);
/* The listener goes; connections stay. */
void sim_peer_unlisten(struct sim *sim, const char *at);
void sim_peer_on_bytes(struct sim_peer *peer, sim_peer_heard *heard, void *context);
struct sim *sim_peer_sim(const struct sim_peer *peer);

/* Takes any number of bytes and lets them go as the connection has room. */
void sim_peer_write(struct sim_peer *peer, const void *bytes, size_t length);
/* What came and was not dropped; valid until the next step or drop. */
const uint8_t *sim_peer_received(const struct sim_peer *peer, size_t *length);
void sim_peer_drop(struct sim_peer *peer, size_t length);
/* While it does not read, the connection fills up and stays full. */
void sim_peer_reads(struct sim_peer *peer, bool reads);
/* FIN, after what was written. */
void sim_peer_shutdown(struct sim_peer *peer);
/* The same, and it reads no more: what comes then is answered by RST. */
void sim_peer_close(struct sim_peer *peer);
/* RST, at once. */
void sim_peer_reset(struct sim_peer *peer);
/* The other side has finished sending, and all of it was received. */
bool sim_peer_ended(const struct sim_peer *peer);
/* 0, or the errno with which the connection broke. */
int sim_peer_error(const struct sim_peer *peer);
/* Bytes written that the other side has not read yet. */
size_t sim_peer_unread(const struct sim_peer *peer);

/* ---- names, files, log ---- */

/* One more address (text without port) of the name. A name that was not added is EAI_NONAME;
 * numbers are their own addresses. */
void sim_name_add(struct sim *sim, const char *host, const char *ip);
void sim_name_fail(struct sim *sim, const char *host, int eai_error);
/* The blocking worker is held up for so long by each look-up. */
void sim_name_delay(struct sim *sim, const char *host, uint64_t delay_us);

/* Opening fails with this errno; 0: it does not. */
void sim_file_open_fails(struct sim *sim, int error);
/* Bytes that all files may still take, then ENOSPC. */
void sim_file_room(struct sim *sim, uint64_t bytes);
/* Bytes that may be in all open files together, as runtime_options says it; 0: no limit. */
void sim_file_total(struct sim *sim, uint64_t bytes);
/* Each file operation takes so long. */
void sim_file_delay(struct sim *sim, uint64_t us);
/* Files that are open. */
unsigned sim_files_open(const struct sim *sim);

/* One of the lines kept contains the text. */
bool sim_log_contains(const struct sim *sim, const char *text);
/* Prints the lines kept, for a test that failed. */
void sim_log_print(const struct sim *sim);
/* Whoever reads the log takes nothing. */
void sim_log_block(struct sim *sim, bool blocked);

#endif
