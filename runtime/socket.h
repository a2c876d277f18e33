/* runtime/socket.h -- a socket as the runtime keeps it; actors name it by (self, n), see actor.h.
 *
 * Owner    the actor that opened it or was spawned with it, until it closes it. A closed socket
 *          lingers until what was written has left, for LINGER_MS at most, and then until the peer has
 *          ended too, for FIN_WAIT_MS at most. What comes meanwhile is read and dropped.
 * Broken   a write has failed: nothing can leave any more, but what the peer said before is still read.
 *          The owner hears SOCKET_FAILED when that is done.
 * Thread   its worker's.
 */
#ifndef RUNTIME_SOCKET_H
#define RUNTIME_SOCKET_H

#include "runtime/actor.h"

struct worker;

/* Bytes that wait for the kernel. */
struct piece {
    struct piece *next;
    struct span bytes;
};

struct socket {
    struct socket *next;          /* of the same owner, or in the worker's list of lingering ones */
    struct socket *dirty_next;    /* has something to flush this round */
    struct socket *starved_next;  /* a listener that waits for a descriptor */
    struct socket *internal_next; /* a listener that this process can reach by name */
    struct worker *worker;
    struct actor *owner;              /* NULL: lingering */
    const struct actor_type *accepts; /* a listener: what it spawns */
    struct piece *first, *last;
    uint64_t unsent;
    uint64_t lost; /* bytes that will not leave, for it is broken */
    uint64_t notify_below;
    uint64_t linger_until_us, starved_until_us;
    uint32_t n, serial;
    uint32_t tag;
    int fd;
    int broken; /* the errno of the write that failed; 0: none has */
    bool connecting, listening, paused, ended, failed;
    bool shut_wanted, shut_done, notify, dirty, starved;
    bool reads, writes;       /* what is watched for */
    bool bulk;                /* its last read was a large one */
    uint32_t read_most;       /* of one read */
    uint8_t unheard;          /* reads that its owner has not handled yet */
    struct address *internal; /* the name of such a listener */
};

/* A connection that a listener got: spawns its actor, which owns it. */
void socket_adopt(struct socket *listener, struct socket *fresh, const struct address *peer);
/* Takes what waits; when no descriptor is to be had, tries again after ACCEPT_RETRY_MS. */
void socket_accept(struct socket *listener);
/* From the worker: listeners that found no descriptor try again when it is time. */
void sockets_starved(struct worker *w);
/* It does not wait for a descriptor any more. */
void socket_unstarve(struct socket *listener);

/* ---- for socket*.c only ---- */

struct socket *socket_new(struct worker *w);
struct socket *socket_own(struct socket *s, struct actor *owner, uint32_t n);
struct socket *socket_find(const struct actor *owner, uint32_t n);
/* The same, and it must be there. */
struct socket *socket_mine(struct actor *self, uint32_t n);
/* Tells io what is waited for. */
void socket_watch(struct socket *s);
/* Nothing more will come of it; the owner hears SOCKET_FAILED, once. */
void socket_fail(struct socket *s, int error);
void socket_read(struct socket *s);
/* One read of a socket without owner. Returns how many bytes were dropped; 0: there are none now. */
size_t socket_discard(struct socket *s);
void socket_mark_dirty(struct socket *s);
void socket_undirty(struct socket *s);
void socket_drop_pieces(struct socket *s);
bool socket_is_over(const struct socket *s);

/* ---- for io and the worker ---- */

/* From io: the socket can be read, written, or is connected. */
void socket_ready(struct socket *s, bool readable, bool writable);
/* From the worker: writes what was asked for in this round. */
void sockets_flush(struct worker *w);
/* From the worker: the owner dies; everything it had is closed. */
void sockets_close_all(struct actor *owner);
/* From the worker: closes what has lingered too long. */
void sockets_lingering(struct worker *w);
/* Is (n, serial) still a socket of this actor? Late messages are not delivered. */
bool socket_is_live(const struct actor *owner, uint32_t n, uint32_t serial);
/* From the worker: the owner is about to handle a SOCKET_DATA of this socket. */
void socket_heard(struct actor *owner, uint32_t n);
/* At the end of all. */
void sockets_finish(struct worker *w);

#endif
