/* runtime/actor.h -- what an actor is, and all that it can do.
 *
 * An actor is a state struct that begins with `struct actor`, and one function that is called with
 * each message, in order, on the worker where the actor lives for life. In that function it may use
 * what stands here and nothing else that can be seen from outside: these are the *effects*. They
 * are recorded by the hooks (hooks.h); what is below them (partial writes, wake-ups, rounds) is
 * never seen by an actor, and so need not be repeated when a run is replayed.
 *
 * Thread   all functions: only from within the actor's own handler (its on_message or on_stop).
 * Errors   none of these fails. What goes wrong comes back as a message.
 */
#ifndef RUNTIME_ACTOR_H
#define RUNTIME_ACTOR_H

#include "runtime/address.h"
#include "runtime/kinds.h"
#include "runtime/log.h"

struct worker;
struct actor;

struct actor_type {
    const char *name;
    uint32_t state_bytes; /* the state begins zeroed */
    void (*on_message)(struct actor *self, struct message *m);
    void (*on_stop)(struct actor *self); /* releases what the state owns; may send; NULL: nothing */
};

enum stop_reason {
    STOP_DONE,   /* it had finished */
    STOP_FAILED, /* something it could not mend, already logged */
    STOP_ASKED,  /* told to, by a STOP message */
    STOP_NOBODY, /* DOWN only: there was no such actor when the monitor was set */
    STOP_KILLED, /* by a test */
};

struct actor {
    struct actor_ref ref;
    const struct actor_type *type;
    struct worker *worker;
    struct message *mailbox_oldest, *mailbox_newest;
    struct actor *run_next; /* in the worker's run queue */
    struct socket *sockets; /* that it owns */
    struct timer *timers;   /* that are armed */
    struct file *files;
    struct monitor *watchers; /* who hears DOWN */
    /* Messages, while somebody watches. Not beside `exchange`, as one load of both would wait for this store. */
    uint32_t heard;
    uint32_t serial;   /* the next socket's or timer's: tells a late event from a live one */
    uint32_t exchange; /* stamped on what it sends, when the message has none */
    uint8_t stop_reason;
    bool queued, stopping;
};

/* ---- messages ---- */

/* Gives m to `to`. Consumes m, always. FIFO per pair of actors. */
void actor_send(struct actor *self, struct actor_ref to, struct message *m);
/* Sends on the very message that is being handled, as it is but from us. */
void actor_forward(struct actor *self, struct actor_ref to, struct message *m);
/* Keeps the message that is being handled: the caller owns it now and frees or sends it later. */
struct message *actor_take(struct actor *self, struct message *m);

/* SAY(self, to, credit, .bytes = n): a new message with this payload. */
#define SAY(self, to, name, ...)                                                                   \
    actor_send(&(self)->actor, (to), msg_##name##_new((struct msg_##name){__VA_ARGS__}))

/* Microseconds of the monotonic clock, as the worker read it when it polled last: the messages that are
 * handled until it polls again share one time. */
uint64_t actor_now(const struct actor *self);

/* ---- lives ---- */

/* A new actor; it begins with `first`, which must not be NULL. `worker` is a number as in
 * actor_worker(), or WORKER_HERE. When a far worker has no slot at hand, it lives here. */
struct actor_ref actor_spawn(struct actor *self, const struct actor_type *type, unsigned worker,
                             struct message *first);
enum { WORKER_HERE = 255 };
/* The number of the worker that this actor lives on. */
unsigned actor_worker(const struct actor *self);
/* Ends the actor after this message; what is in its mailbox is bounced or released. */
void actor_stop(struct actor *self, enum stop_reason reason);
/* One DOWN will come when `whom` ends, or at once when it has. */
void actor_monitor(struct actor *self, struct actor_ref whom);
void actor_demonitor(struct actor *self, struct actor_ref whom);
/* The runtime ends, with this exit status, when all has been written. */
void actor_end_program(struct actor *self, int status);

/* ---- timers: named by small numbers; arming again moves the time ---- */

void timer_start(struct actor *self, uint32_t n, uint64_t delay_us);
void timer_stop(struct actor *self, uint32_t n);

/* ---- sockets: named by small numbers; gone with the actor ---- */

/* SOCKET_CONNECTED follows. Bytes may be written before it came. V4, V6, UNIX and INTERNAL; INTERNAL only
 * from actors of worker 0, to listen as to connect. */
void socket_connect(struct actor *self, uint32_t n, const struct address *to);
/* SOCKET_LISTENING follows; then each connection spawns an actor of `type` on this worker, whose first
 * message is SOCKET_ACCEPTED with this tag, and which owns the connection as its socket 0. */
void socket_listen(struct actor *self, uint32_t n, const struct address *at,
                   const struct actor_type *type, uint32_t tag);
/* Takes the bytes. They leave at the end of the round, short ones together. */
void socket_write(struct actor *self, uint32_t n, struct span bytes);
/* The same for bytes that are made in place: room for `most`, then what was really written.
 * Between the two no other effect. */
uint8_t *socket_reserve(struct actor *self, uint32_t n, uint32_t most);
void socket_commit(struct actor *self, uint32_t n, uint32_t written);
/* The same, for all up to `end`; returns how many bytes that is. */
uint32_t socket_commit_up_to(struct actor *self, uint32_t n, const uint8_t *end);
/* Bytes given to the socket that the kernel has not taken yet. Known to the actor: it wrote them,
 * and SOCKET_DRAINED told what left. One SOCKET_DRAINED comes when at most `below` are left: none, when a
 * write has failed, for they are dropped then. SOCKET_FAILED counts them. */
void socket_notify(struct actor *self, uint32_t n, uint64_t below);
/* No SOCKET_DATA will be larger; READ_MOST (64 KiB) at first. Not 0. */
void socket_limit(struct actor *self, uint32_t n, uint32_t most);
/* No SOCKET_DATA and no SOCKET_END until resumed, but for those already in the mailbox. Nor the
 * SOCKET_FAILED of a write, which comes after all that the peer had said before. */
void socket_pause(struct actor *self, uint32_t n);
void socket_resume(struct actor *self, uint32_t n);
/* FIN after what is written. */
void socket_shutdown(struct actor *self, uint32_t n);
/* FIN after what is written, and the socket is forgotten: no more messages about it. What is written
 * leaves even when the connection is still to be made. */
void socket_close(struct actor *self, uint32_t n);
/* The same, but what is written and has not left is dropped. */
void socket_abort(struct actor *self, uint32_t n);
/* The same, and the peer sees a reset: for a stream whose end would be taken for its proper one. */
void socket_reset(struct actor *self, uint32_t n);

/* ---- what would block, done on the blocking worker ---- */

/* RESOLVED follows; takes host. */
void name_resolve(struct actor *self, uint32_t n, struct span host, uint16_t port);
/* The next address of those that RESOLVED brought; `at` begins with 0. False: there is none left. */
static inline bool resolved_next(struct span addresses, uint32_t *at, struct address *out)
{
    if (*at >= addresses.length)
        return false;
    address_unpack(out, span_bytes(addresses) + *at);
    *at += ADDRESS_PACKED_BYTES;
    return true;
}
/* An unlinked temporary file in `directory`; FILE_OPENED follows. */
void file_open(struct actor *self, uint32_t n, struct span directory);
/* Appends; FILE_WRITTEN follows. */
void file_write(struct actor *self, uint32_t n, struct span bytes);
/* FILE_READ follows, with at most `length` bytes (fewer only at the end of the file). */
void file_read(struct actor *self, uint32_t n, uint64_t offset, uint32_t length);
void file_close(struct actor *self, uint32_t n);

/* ---- the log ---- */

/* "sentence" and then key=value fields, made as printf does; one line in the end. */
void actor_log(struct actor *self, enum log_level level, const char *sentence, const char *fields,
               ...) __attribute__((format(printf, 4, 5)));

/* For the default case of a handler: a message that this actor has no use for is counted, and said
 * at debug. */
void actor_unexpected(struct actor *self, const struct message *m);

#endif
