/* runtime/io.h -- what a worker needs from the world, as a table: libev and the kernel, or a simulation.
 *
 * Purpose  the same object files run in production and in deterministic mode; only this table differs
 *          (io_ev.c, sim.c).
 * Thread   all but `wake` on the worker's own thread. The blocking calls (resolve, file_*, log) on the
 *          blocking worker's.
 * Errors   0 or an errno; reads and writes return a length or a negative errno.
 */
#ifndef RUNTIME_IO_H
#define RUNTIME_IO_H

#include "runtime/address.h"
#include "runtime/socket.h"
#include <sys/types.h>
#include <sys/uio.h>

struct worker;

struct io_ops {
    size_t socket_bytes; /* of the struct that begins with struct socket */

    /* 0: connected; EINPROGRESS: socket_ready tells; else it failed */
    int (*connect)(struct socket *s, const struct address *to);
    int (*connect_result)(struct socket *s);
    int (*listen)(struct socket *s, const struct address *at, uint16_t *port);
    /* 0: fresh is connected; EAGAIN: nobody waits, whether or not there is a descriptor for who might;
     * EMFILE and the like: somebody waits */
    int (*accept)(struct socket *listener, struct socket *fresh, struct address *peer);
    /* two ends of one connection within this process */
    int (*pair)(struct socket *a, struct socket *b);
    ssize_t (*read)(struct socket *s, void *into, size_t room);
    ssize_t (*writev)(struct socket *s, const struct iovec *pieces, int count);
    void (*shutdown)(struct socket *s);
    void (*close)(struct socket *s);
    void (*reset)(struct socket *s); /* the close that follows is to be a reset */
    /* socket_ready is to be called when the socket can do what is wanted */
    void (*watch)(struct socket *s, bool read, bool write);

    int (*start)(struct worker *w);
    void (*finish)(struct worker *w);
    uint64_t (*clock)(struct worker *w); /* microseconds, monotonic */
    uint64_t (*wall)(struct worker *w);  /* microseconds since 1970 */
    /* Reports readiness; waits until `until_us` at most when `may_wait`. */
    void (*poll)(struct worker *w, bool may_wait, uint64_t until_us);
    void (*wake)(struct worker *w); /* any thread */

    int (*resolve)(struct worker *w, const char *host, uint16_t port, struct address *out,
                   unsigned *count);
    int (*file_open)(struct worker *w, const char *directory, uint64_t *file);
    ssize_t (*file_write)(struct worker *w, uint64_t file, const void *bytes, size_t length);
    ssize_t (*file_read)(struct worker *w, uint64_t file, uint64_t offset, void *into, size_t room);
    void (*file_close)(struct worker *w, uint64_t file);
    /* true when written; false: the reader does not take it now */
    bool (*log)(struct worker *w, const char *line, size_t length);
};

enum { RESOLVED_MAX = 16, WAIT_FOREVER_US = 0 };

extern const struct io_ops io_ev;

#endif
