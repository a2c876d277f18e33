/* runtime/io_ev.c -- libev and the kernel; see io.h
 *
 * One loop a worker. Watchers only report readiness; what follows from it is socket.c's.
 */
#include "runtime/runtime.h"
#include "runtime/worker.h"
#include <ev.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

struct ev_socket {
    struct socket base;
    ev_io read, write;
};

struct ev_worker {
    struct ev_loop *loop;
    ev_async wake;
    ev_timer deadline;
    uint64_t armed_us; /* what the timer is set to; 0: it is not */
    ev_signal signals[2];
};

static struct ev_worker *state_of(struct worker *w)
{
    return w->io_state;
}

/* ---- addresses ---- */

union sockaddr_any {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un unx;
    struct sockaddr_storage room;
};

static socklen_t to_sockaddr(const struct address *a, union sockaddr_any *out)
{
    memset(out, 0, sizeof *out);
    switch (a->family) {
    case ADDRESS_V4:
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(a->port);
        memcpy(&out->v4.sin_addr, a->ip, 4);
        return sizeof out->v4;
    case ADDRESS_V6:
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(a->port);
        memcpy(&out->v6.sin6_addr, a->ip, 16);
        return sizeof out->v6;
    case ADDRESS_UNIX:
        out->unx.sun_family = AF_UNIX;
        memcpy(out->unx.sun_path, a->name, strnlen(a->name, sizeof out->unx.sun_path - 1));
        return sizeof out->unx;
    default: return 0;
    }
}

static void from_sockaddr(const union sockaddr_any *in, struct address *a)
{
    memset(a, 0, sizeof *a);
    if (in->any.sa_family == AF_INET) {
        a->family = ADDRESS_V4;
        a->port = ntohs(in->v4.sin_port);
        memcpy(a->ip, &in->v4.sin_addr, 4);
    } else if (in->any.sa_family == AF_INET6) {
        a->family = ADDRESS_V6;
        a->port = ntohs(in->v6.sin6_port);
        memcpy(a->ip, &in->v6.sin6_addr, 16);
    } else {
        a->family = ADDRESS_UNIX;
    }
}

/* ---- sockets ---- */

static void set_int(int fd, int level, int option, int value)
{
    /* a socket without the option works all the same (DEL-11) */
    (void)setsockopt(fd, level, option, &value, sizeof value);
}

static void tune(int fd)
{
    set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1); /* 40 ms stalls without it: #4635, #4645, #4664 */
    set_int(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, NOTSENT_LOWAT_BYTES);
}

static void on_readable(struct ev_loop *loop, ev_io *io, int events)
{
    (void)loop, (void)events;
    socket_ready(io->data, true, false);
}

static void on_writable(struct ev_loop *loop, ev_io *io, int events)
{
    (void)loop, (void)events;
    socket_ready(io->data, false, true);
}

static void adopt_fd(struct socket *s, int fd)
{
    struct ev_socket *e = (struct ev_socket *)s;
    s->fd = fd;
    ev_io_init(&e->read, on_readable, fd, EV_READ);
    ev_io_init(&e->write, on_writable, fd, EV_WRITE);
    e->read.data = e->write.data = s;
}

/* A descriptor of the family of `at`, which is also written to `a` as the system wants it. */
static int open_fd(struct socket *s, const struct address *at, union sockaddr_any *a,
                   socklen_t *length)
{
    *length = to_sockaddr(at, a);
    if (*length == 0)
        return EAFNOSUPPORT;
    int fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    adopt_fd(s, fd);
    return 0;
}

static int ev_connect(struct socket *s, const struct address *to)
{
    union sockaddr_any a;
    socklen_t length;
    int error = open_fd(s, to, &a, &length);
    if (error)
        return error;
    if (to->family != ADDRESS_UNIX)
        tune(s->fd);
    if (connect(s->fd, &a.any, length) == 0)
        return 0;
    return errno; /* EINPROGRESS among them; a failed one is closed with the socket */
}

static int ev_connect_result(struct socket *s)
{
    int error = 0;
    socklen_t length = sizeof error;
    if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
        return errno;
    return error;
}

static int bound_port(int fd, uint16_t *port)
{
    union sockaddr_any a;
    socklen_t length = sizeof a;
    struct address bound;
    if (getsockname(fd, &a.any, &length) != 0)
        return errno;
    from_sockaddr(&a, &bound);
    *port = bound.port;
    return 0;
}

/* A socket in the file system stays when its listener has ended, however it did; nobody could listen there again. */
static bool is_left_behind(const union sockaddr_any *a, socklen_t length)
{
    struct stat st;
    if (stat(a->unx.sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool refused = fd >= 0 && connect(fd, &a->any, length) != 0 && errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    return refused;
}

static bool bind_to(int fd, const union sockaddr_any *a, socklen_t length)
{
    if (bind(fd, &a->any, length) == 0)
        return true;
    if (a->any.sa_family != AF_UNIX || errno != EADDRINUSE)
        return false;
    if (is_left_behind(a, length))
        return unlink(a->unx.sun_path) == 0 && bind(fd, &a->any, length) == 0;
    errno = EADDRINUSE;
    return false;
}

static int ev_listen(struct socket *s, const struct address *at, uint16_t *port)
{
    union sockaddr_any a;
    socklen_t length;
    int error = open_fd(s, at, &a, &length);
    if (error)
        return error;
    set_int(s->fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (!bind_to(s->fd, &a, length) || listen(s->fd, LISTEN_BACKLOG) != 0)
        return errno;
    return at->family == ADDRESS_UNIX ? 0 : bound_port(s->fd, port);
}

/* A descriptor is looked for before the backlog is: without one, accept4 fails though nobody waits. */
static bool somebody_waits(int fd)
{
    struct pollfd waits = {.fd = fd, .events = POLLIN};
    return poll(&waits, 1, 0) == 1;
}

static int ev_accept(struct socket *listener, struct socket *fresh, struct address *peer)
{
    union sockaddr_any a;
    socklen_t length = sizeof a;
    memset(&a, 0, sizeof a);
    int fd = accept4(listener->fd, &a.any, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        int error = errno;
        if (error == EAGAIN || error == ECONNABORTED || error == EINTR)
            return EAGAIN;
        return somebody_waits(listener->fd) ? error : EAGAIN;
    }
    from_sockaddr(&a, peer);
    if (peer->family != ADDRESS_UNIX)
        tune(fd);
    adopt_fd(fresh, fd);
    return 0;
}

static int ev_pair(struct socket *a, struct socket *b)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0)
        return errno;
    adopt_fd(a, fds[0]);
    adopt_fd(b, fds[1]);
    return 0;
}

static ssize_t ev_read(struct socket *s, void *into, size_t room)
{
    ssize_t n = read(s->fd, into, room);
    return n < 0 ? -errno : n;
}

static ssize_t ev_writev(struct socket *s, const struct iovec *pieces, int count)
{
    struct msghdr m = {.msg_iov = (struct iovec *)(uintptr_t)pieces, .msg_iovlen = (size_t)count};
    ssize_t n = count == 1 ? send(s->fd, pieces->iov_base, pieces->iov_len, MSG_NOSIGNAL)
                           : sendmsg(s->fd, &m, MSG_NOSIGNAL);
    return n < 0 ? -errno : n;
}

static void ev_shutdown(struct socket *s)
{
    (void)shutdown(s->fd, SHUT_WR);
}

static void ev_watch(struct socket *s, bool reads, bool writes)
{
    struct ev_socket *e = (struct ev_socket *)s;
    struct ev_loop *loop = state_of(s->worker)->loop;
    if (s->fd < 0)
        return;
    if (reads)
        ev_io_start(loop, &e->read);
    else
        ev_io_stop(loop, &e->read);
    if (writes)
        ev_io_start(loop, &e->write);
    else
        ev_io_stop(loop, &e->write);
}

/* RFC 9293 3.10.5, as the sockets interface spells it. */
static void ev_reset(struct socket *s)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

static void ev_close(struct socket *s)
{
    ev_watch(s, false, false);
    close(s->fd);
    s->fd = -1;
}

/* ---- the loop ---- */

static void on_wake(struct ev_loop *loop, ev_async *wake, int events)
{
    (void)loop, (void)wake, (void)events; /* the round takes the inbox */
}

static void on_deadline(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    ((struct ev_worker *)timer->data)->armed_us = 0;
}

static void on_signal(struct ev_loop *loop, ev_signal *signal, int events)
{
    (void)loop, (void)events;
    struct worker *w = signal->data;
    struct message *m = msg_signal_new((struct msg_signal){(uint32_t)signal->signum});
    m->to = w->runtime->signal_actor;
    worker_deliver(w, m);
}

static void watch_signals(struct worker *w, struct ev_worker *e)
{
    static const int numbers[2] = {SIGTERM, SIGINT};
    signal(SIGPIPE, SIG_IGN);
    for (unsigned i = 0; i < 2; i++) {
        ev_signal_init(&e->signals[i], on_signal, numbers[i]);
        e->signals[i].data = w;
        ev_signal_start(e->loop, &e->signals[i]);
    }
}

static int ev_start(struct worker *w)
{
    struct ev_worker *e = calloc(1, sizeof *e);
    if (!e)
        return ENOMEM;
    e->loop = ev_loop_new(EVFLAG_NOENV); /* not the default one: it would take SIGCHLD */
    if (!e->loop)
        return ENOMEM;
    ev_async_init(&e->wake, on_wake);
    ev_async_start(e->loop, &e->wake);
    ev_init(&e->deadline, on_deadline);
    e->deadline.data = e;
    w->io_state = e;
    if (w->index == 0)
        watch_signals(w, e);
    return 0;
}

static void ev_finish(struct worker *w)
{
    struct ev_worker *e = state_of(w);
    ev_async_stop(e->loop, &e->wake);
    ev_timer_stop(e->loop, &e->deadline);
    if (w->index == 0)
        for (unsigned i = 0; i < 2; i++)
            ev_signal_stop(e->loop, &e->signals[i]);
    ev_loop_destroy(e->loop);
    free(e);
    w->io_state = NULL;
}

static uint64_t read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t ev_clock(struct worker *w)
{
    (void)w;
    return read_clock(CLOCK_MONOTONIC);
}

static uint64_t ev_wall(struct worker *w)
{
    (void)w;
    return read_clock(CLOCK_REALTIME);
}

/* The timer stays armed across rounds; it is only moved when something earlier is waited for. */
static void arm(struct ev_worker *e, uint64_t now_us, uint64_t until_us)
{
    if (until_us == WAIT_FOREVER_US ||
        (e->armed_us && e->armed_us <= until_us && e->armed_us > now_us))
        return;
    double delay = until_us > now_us ? (double)(until_us - now_us) / 1e6 : 0.0;
    ev_timer_stop(e->loop, &e->deadline);
    ev_now_update(e->loop);
    ev_timer_set(&e->deadline, delay, 0.0);
    ev_timer_start(e->loop, &e->deadline);
    e->armed_us = until_us;
}

static void ev_poll(struct worker *w, bool may_wait, uint64_t until_us)
{
    struct ev_worker *e = state_of(w);
    if (may_wait)
        arm(e, w->now_us, until_us);
    ev_run(e->loop, may_wait ? EVRUN_ONCE : EVRUN_NOWAIT);
    w->now_us = read_clock(CLOCK_MONOTONIC);
}

static void ev_wake(struct worker *w)
{
    struct ev_worker *e = state_of(w);
    if (e) /* none: the threads are joined, and heaps give each other back the last objects */
        ev_async_send(e->loop, &e->wake);
}

/* ---- what blocks ---- */

/* All addresses, also of families that this host has on its loopback only: a server may listen on [::1]
 * (DEL-9), and who connects tries one after the other. */
static int ev_resolve(struct worker *w, const char *host, uint16_t port, struct address *out,
                      unsigned *count)
{
    (void)w;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    int error = getaddrinfo(host, NULL, &hints, &found);
    *count = 0;
    if (error)
        return error;
    for (struct addrinfo *a = found; a && *count < RESOLVED_MAX; a = a->ai_next) {
        union sockaddr_any any;
        if (a->ai_family != AF_INET && a->ai_family != AF_INET6)
            continue;
        memcpy(&any, a->ai_addr, a->ai_addrlen);
        from_sockaddr(&any, &out[*count]);
        out[(*count)++].port = port;
    }
    freeaddrinfo(found);
    return *count ? 0 : EAI_NONAME;
}

static int ev_file_open(struct worker *w, const char *directory, uint64_t *file)
{
    (void)w;
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
        /* a file system without O_TMPFILE: a name for a moment */
        char path[300];
        size_t n = strnlen(directory, 256);
        memcpy(path, directory, n);
        memcpy(path + n, "/intproxyd.XXXXXX", sizeof "/intproxyd.XXXXXX");
        fd = mkostemp(path, O_CLOEXEC);
        if (fd >= 0)
            unlink(path);
    }
    if (fd < 0)
        return errno;
    *file = (uint64_t)fd;
    return 0;
}

static ssize_t ev_file_write(struct worker *w, uint64_t file, const void *bytes, size_t length)
{
    (void)w;
    ssize_t n = write((int)file, bytes, length);
    return n < 0 ? -errno : n;
}

static ssize_t ev_file_read(struct worker *w, uint64_t file, uint64_t offset, void *into,
                            size_t room)
{
    (void)w;
    ssize_t n = pread((int)file, into, room, (off_t)offset);
    return n < 0 ? -errno : n;
}

static void ev_file_close(struct worker *w, uint64_t file)
{
    (void)w;
    close((int)file);
}

static bool ev_log(struct worker *w, const char *line, size_t length)
{
    (void)w;
    /* the descriptor may be shared with others, so it is asked, not made non-blocking */
    struct pollfd ready = {.fd = log_settings.fd, .events = POLLOUT};
    if (poll(&ready, 1, 0) != 1)
        return false;
    ssize_t n = write(log_settings.fd, line, length);
    return n >= 0 || errno != EAGAIN; /* a log that is gone is no reason to keep lines */
}

const struct io_ops io_ev = {
    .socket_bytes = sizeof(struct ev_socket),
    .connect = ev_connect,
    .connect_result = ev_connect_result,
    .listen = ev_listen,
    .accept = ev_accept,
    .pair = ev_pair,
    .read = ev_read,
    .writev = ev_writev,
    .shutdown = ev_shutdown,
    .close = ev_close,
    .reset = ev_reset,
    .watch = ev_watch,
    .start = ev_start,
    .finish = ev_finish,
    .clock = ev_clock,
    .wall = ev_wall,
    .poll = ev_poll,
    .wake = ev_wake,
    .resolve = ev_resolve,
    .file_open = ev_file_open,
    .file_write = ev_file_write,
    .file_read = ev_file_read,
    .file_close = ev_file_close,
    .log = ev_log,
};
