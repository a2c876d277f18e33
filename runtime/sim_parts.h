/* runtime/sim_parts.h -- what the files of the simulation know of each other; tests see sim.h.
 *
 * A connection is a link of two ends. Each end holds the bytes that have come to it and were not
 * read; writing puts bytes into the other end. An end belongs to a socket of an actor or to an
 * outside peer, or, with neither, waits in a listener's backlog.
 */
#ifndef RUNTIME_SIM_PARTS_H
#define RUNTIME_SIM_PARTS_H

#include "runtime/sim.h"
#include "runtime/worker.h"

/* A queue of bytes. */
struct sim_bytes {
    uint8_t *data;
    size_t head, length, room;
};

void sim_bytes_add(struct sim_bytes *b, const void *bytes, size_t length);
void sim_bytes_drop(struct sim_bytes *b, size_t length);
void sim_bytes_free(struct sim_bytes *b);
static inline const uint8_t *sim_bytes_first(const struct sim_bytes *b)
{
    return b->data + b->head;
}

/* Someone who may be able to do something. */
struct sim_turn {
    struct sim_socket *socket; /* one of the two */
    struct sim_peer *peer;
    size_t place; /* in the ready list, and one; 0: it is not there */
};

void sim_ready_set(struct sim *sim, struct sim_turn *turn, bool ready);

struct sim_end {
    struct sim_end *other;
    struct sim_link *link;
    struct sim_socket *socket;
    struct sim_peer *peer;
    struct sim_end *next_waiting; /* in a backlog */
    struct sim_bytes in;
    int error;  /* to be told once */
    bool ended; /* the other side has finished sending */
    bool shut;  /* this one has */
    bool broken, closed;
};

struct sim_link {
    struct sim_end ends[2]; /* ends[0] connected */
    struct sim *sim;
    struct address from;
    size_t capacity_bytes;
};

struct sim_listener {
    struct sim_listener *next;
    struct address at;
    struct sim_socket *socket; /* NULL: the test's */
    struct sim_end *oldest, *newest;
    sim_peer_heard *accepted;
    void *context;
};

struct sim_route {
    struct sim_route *next;
    struct address to;
    enum sim_route_kind kind;
    uint64_t delay_us;
};

/* An actor's socket. */
struct sim_socket {
    struct socket base;
    struct sim_turn turn;
    struct sim_end *end;           /* connected */
    struct sim_listener *listener; /* listening */
    struct sim_socket *next;       /* connecting */
    struct address to;
    uint64_t due_us; /* connecting: when the outcome is known; UINT64_MAX: never */
    int outcome;
    bool waits, known; /* connecting; and the outcome is known */
    bool reads, writes;
    bool resets; /* its close will be a reset */
};

struct sim_peer {
    struct sim_peer *next;
    struct sim *sim;
    struct sim_turn turn;
    struct sim_end *end; /* NULL: closed */
    struct address at;   /* the listener's that made it */
    struct sim_bytes outgoing, received;
    sim_peer_heard *accepted, *heard;
    void *accepted_context, *heard_context;
    int error;
    bool fetched, stopped; /* given to the test; does not read */
    bool ended, shut_wanted, shut_done, close_wanted;
};

static inline struct sim *sim_of(const struct worker *w)
{
    return w->io_state;
}

void *sim_alloc(size_t bytes); /* zeroed; of the C library */
void sim_parse(struct address *a, const char *text);
/* The sim enters and leaves the heap of the worker on whose behalf something happens. */
void sim_enter(struct worker *w);
void sim_leave(struct sim *sim);
/* The call that is being made takes so long. */
void sim_hold(struct worker *w, uint64_t us);

/* sim_net.c */
struct sim_listener *sim_listener_find(struct sim *sim, const struct address *to);
struct sim_listener *sim_listener_add(struct sim *sim, const struct address *at);
void sim_listener_remove(struct sim *sim, struct sim_listener *l);
struct sim_link *sim_link_new(struct sim *sim, const struct address *to);
/* The far end of a new connection goes to whoever listens. */
void sim_link_arrive(struct sim_listener *l, struct sim_link *link);
ssize_t sim_end_read(struct sim_end *e, void *into, size_t room);
ssize_t sim_end_write(struct sim_end *e, const void *bytes, size_t length);
size_t sim_end_room(const struct sim_end *e);
void sim_end_shutdown(struct sim_end *e);
void sim_end_close(struct sim_end *e, bool reset);
void sim_net_destroy(struct sim *sim);

/* sim_socket.c */
void sim_socket_refresh(struct sim_socket *x);
void sim_socket_step(struct sim_socket *x);
/* Outcomes of connects that are due now become known. */
void sim_sockets_due(struct sim *sim);

/* sim_peer.c */
struct sim_peer *sim_peer_new(struct sim *sim, struct sim_end *end);
void sim_peer_refresh(struct sim_peer *p);
void sim_peer_step(struct sim_peer *p);
void sim_peers_destroy(struct sim *sim);

/* sim_world.c */
void sim_world_destroy(struct sim *sim);

extern const struct io_ops io_sim;
int sim_io_resolve(struct worker *w, const char *host, uint16_t port, struct address *out,
                   unsigned *count);
int sim_io_file_open(struct worker *w, const char *directory, uint64_t *file);
ssize_t sim_io_file_write(struct worker *w, uint64_t file, const void *bytes, size_t length);
ssize_t sim_io_file_read(struct worker *w, uint64_t file, uint64_t offset, void *into, size_t room);
void sim_io_file_close(struct worker *w, uint64_t file);
bool sim_io_log(struct worker *w, const char *line, size_t length);

#endif
