/* tools/trace_as_loop.h -- sockets for a replay against a real peer: one thread, poll(), and nothing else.
 *
 * Purpose  the runtime's actors have no files, no shared plan and no own end; a replay against a peer is one plan
 *          that all its connections share, played once. What is to be said, and when, is decided by functions of
 *          messages/ that know no socket; this carries it out.
 * Owner    whoever zeroed the loop; loop_release at the end.
 * Thread   one.
 * Errors   of a connection: `failed` is called, with an errno.
 */
#ifndef TOOLS_TRACE_AS_LOOP_H
#define TOOLS_TRACE_AS_LOOP_H

#include "messages/wire_transcode.h"
#include "runtime/address.h"

struct loop;
struct loop_socket;

/* `owner` is the socket's. After failed and after loop_close nothing more is called. */
struct loop_handlers {
    void (*accepted)(struct loop_socket *s); /* of a listener: a new connection; set its owner */
    void (*connected)(struct loop_socket *s);
    void (*heard)(struct loop_socket *s, const uint8_t *bytes, size_t length);
    void (*ended)(struct loop_socket *s);             /* the peer has finished sending */
    void (*failed)(struct loop_socket *s, int error); /* 0: both sides had ended */
};

struct loop_socket {
    struct loop *loop;
    const struct loop_handlers *handlers;
    void *owner;
    int fd; /* -1: closed */
    bool listens, connecting, heard_end, over;
    bool shut;   /* the end is to be sent behind `out` */
    bool closes; /* ... and then it is closed */
    char *file;  /* of a listener: it goes with it; NULL: none */
    struct wire_buffer out;
    size_t sent;
};

struct loop {
    struct loop_socket **sockets;
    unsigned count;
    uint64_t now_us;
};

/* SIGINT and SIGTERM end a wait, and stay set. */
void loop_begin(struct loop *l);
bool loop_interrupted(void);
void loop_release(struct loop *l);

/* NULL: *error says why, for people (room for 200 bytes). */
struct loop_socket *loop_listen(struct loop *l, const struct address *at,
                                const struct loop_handlers *handlers, void *owner, char *error);
/* A failure may be told at once, by `failed`, before the next wait returns. */
struct loop_socket *loop_connect(struct loop *l, const struct address *to,
                                 const struct loop_handlers *handlers, void *owner, char *error);
void loop_write(struct loop_socket *s, const void *bytes, size_t length);
void loop_shutdown(struct loop_socket *s);
/* When all is written. */
void loop_close(struct loop_socket *s);
/* At once, with a RST. */
void loop_reset(struct loop_socket *s);
/* Waits until something happens, at most until due_us, and tells the handlers. */
void loop_wait(struct loop *l, uint64_t due_us);
uint64_t loop_clock_us(void);
/* "127.0.0.1:8080", with the port that the system gave. */
const char *loop_address(const struct loop_socket *s, char out[ADDRESS_TEXT_MAX]);

#endif
