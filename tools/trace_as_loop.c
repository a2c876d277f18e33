/* tools/trace_as_loop.c -- see trace_as_loop.h */
#include "tools/trace_as_loop.h"
#include "messages/trace_grow.h"
#include "runtime/ticks.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { READ_BYTES = 256 * 1024, BACKLOG = 512, ERROR_MAX = 200 };

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

/* Blocked but while poll waits: none comes between a look at the flag and the wait. */
void loop_begin(struct loop *l)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    l->now_us = loop_clock_us();
}

bool loop_interrupted(void)
{
    return interrupted != 0;
}

uint64_t loop_clock_us(void)
{
    return monotonic_ns() / 1000;
}

/* ---- sockets ---- */

static struct loop_socket *add(struct loop *l, int fd, const struct loop_handlers *handlers,
                               void *owner)
{
    struct loop_socket *s = calloc(1, sizeof *s);
    if (!s)
        heap_exhausted("a socket", sizeof *s);
    s->loop = l;
    s->handlers = handlers;
    s->owner = owner;
    s->fd = fd;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    l->sockets = trace_grow(l->sockets, l->count, sizeof *l->sockets);
    l->sockets[l->count++] = s;
    return s;
}

static void end(struct loop_socket *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    s->over = true;
}

static void fail(struct loop_socket *s, int error)
{
    if (s->over)
        return;
    bool told = s->closes; /* its owner has no more to do with it */
    end(s);
    if (!told)
        s->handlers->failed(s, error);
}

static void drop(struct loop_socket *s)
{
    end(s);
    if (s->file)
        unlink(s->file); /* or nobody could listen there again */
    free(s->file);
    wire_buffer_release(&s->out);
    free(s);
}

void loop_release(struct loop *l)
{
    for (unsigned i = 0; i < l->count; i++)
        drop(l->sockets[i]);
    free(l->sockets);
    *l = (struct loop){0};
}

/* ---- addresses ---- */

union any_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un un;
    struct sockaddr_storage room;
};

static bool look_up(const struct address *a, union any_address *out, socklen_t *length, char *error)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    char port[8];
    snprintf(port, sizeof port, "%u", a->port);
    int failed = getaddrinfo(a->name, port, &hints, &found);
    if (failed) {
        snprintf(error, ERROR_MAX, "\"%s\": %s", a->name, gai_strerror(failed));
        return false;
    }
    memcpy(out, found->ai_addr, found->ai_addrlen);
    *length = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

static bool resolve(const struct address *a, union any_address *out, socklen_t *length, char *error)
{
    memset(out, 0, sizeof *out);
    switch (a->family) {
    case ADDRESS_V4:
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(a->port);
        memcpy(&out->v4.sin_addr, a->ip, 4);
        *length = sizeof out->v4;
        return true;
    case ADDRESS_V6:
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(a->port);
        memcpy(&out->v6.sin6_addr, a->ip, 16);
        *length = sizeof out->v6;
        return true;
    case ADDRESS_UNIX:
        out->un.sun_family = AF_UNIX;
        snprintf(out->un.sun_path, sizeof out->un.sun_path, "%s", a->name);
        *length = sizeof out->un;
        return true;
    default: return look_up(a, out, length, error);
    }
}

const char *loop_address(const struct loop_socket *s, char out[ADDRESS_TEXT_MAX])
{
    union any_address bound;
    socklen_t length = sizeof bound;
    struct address a = {.family = ADDRESS_NONE};
    memset(&bound, 0, sizeof bound);
    getsockname(s->fd, &bound.any, &length);
    if (bound.any.sa_family == AF_INET) {
        a.family = ADDRESS_V4;
        a.port = ntohs(bound.v4.sin_port);
        memcpy(a.ip, &bound.v4.sin_addr, 4);
    } else if (bound.any.sa_family == AF_INET6) {
        a.family = ADDRESS_V6;
        a.port = ntohs(bound.v6.sin6_port);
        memcpy(a.ip, &bound.v6.sin6_addr, 16);
    } else {
        a.family = ADDRESS_UNIX;
        snprintf(a.name, sizeof a.name, "%s", bound.un.sun_path);
    }
    return address_print(&a, out);
}

struct loop_socket *loop_listen(struct loop *l, const struct address *at,
                                const struct loop_handlers *handlers, void *owner, char *error)
{
    union any_address to;
    socklen_t length;
    char text[ADDRESS_TEXT_MAX];
    if (!resolve(at, &to, &length, error))
        return NULL;
    int fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (fd < 0 || bind(fd, &to.any, length) < 0 || listen(fd, BACKLOG) < 0) {
        snprintf(error, ERROR_MAX, "cannot listen on %s: %s", address_print(at, text),
                 strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    struct loop_socket *s = add(l, fd, handlers, owner);
    s->listens = true;
    s->file = at->family == ADDRESS_UNIX ? trace_text(at->name, strlen(at->name)) : NULL;
    return s;
}

struct loop_socket *loop_connect(struct loop *l, const struct address *to,
                                 const struct loop_handlers *handlers, void *owner, char *error)
{
    union any_address where;
    socklen_t length;
    if (!resolve(to, &where, &length, error))
        return NULL;
    int fd = socket(where.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        snprintf(error, ERROR_MAX, "no socket: %s", strerror(errno));
        return NULL;
    }
    struct loop_socket *s = add(l, fd, handlers, owner);
    s->connecting = true;
    if (connect(fd, &where.any, length) < 0 && errno != EINPROGRESS && errno != EAGAIN) {
        snprintf(error, ERROR_MAX, "%s", strerror(errno));
        end(s);
        return NULL;
    }
    return s;
}

/* ---- writing ---- */

static void flush(struct loop_socket *s)
{
    while (!s->connecting && s->fd >= 0 && s->sent < s->out.length) {
        ssize_t n = send(s->fd, s->out.at + s->sent, s->out.length - s->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN)
            fail(s, errno);
        if (n <= 0)
            return;
        s->sent += (size_t)n;
    }
    if (s->fd < 0 || s->connecting)
        return;
    s->sent = s->out.length = 0;
    if (s->shut)
        shutdown(s->fd, SHUT_WR);
    s->shut = false;
}

/* Failures are told from loop_wait, never from here. */
void loop_write(struct loop_socket *s, const void *bytes, size_t length)
{
    if (s->fd >= 0)
        trace_put(&s->out, bytes, length);
}

void loop_shutdown(struct loop_socket *s)
{
    s->shut = true;
}

void loop_close(struct loop_socket *s)
{
    s->closes = true;
}

void loop_reset(struct loop_socket *s)
{
    struct linger linger = {1, 0};
    if (s->fd >= 0)
        setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    end(s);
}

/* ---- waiting ---- */

static void on_listener(struct loop_socket *s)
{
    for (;;) {
        int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
            return;
        struct loop_socket *new = add(s->loop, fd, s->handlers, s->owner);
        s->handlers->accepted(new);
    }
}

static void on_connected(struct loop_socket *s)
{
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error) {
        fail(s, error);
        return;
    }
    s->connecting = false;
    s->handlers->connected(s);
}

static void on_readable(struct loop_socket *s)
{
    static uint8_t bytes[READ_BYTES];
    ssize_t n = recv(s->fd, bytes, sizeof bytes, 0);
    if (n > 0) {
        if (!s->closes)
            s->handlers->heard(s, bytes, (size_t)n);
    } else if (n == 0) {
        s->heard_end = true;
        if (s->closes)
            end(s);
        else
            s->handlers->ended(s);
    } else if (errno != EAGAIN && errno != EINTR) {
        fail(s, errno);
    }
}

static void on_ready(struct loop_socket *s, short events)
{
    if (s->fd < 0)
        return;
    if (s->listens) {
        on_listener(s);
        return;
    }
    if (s->connecting && (events & (POLLOUT | POLLERR | POLLHUP)))
        on_connected(s);
    else if ((events & (POLLIN | POLLERR | POLLHUP)) && !s->heard_end)
        on_readable(s);
    else if (s->heard_end && (events & (POLLERR | POLLHUP)))
        fail(s, events & POLLERR ? ECONNRESET : 0);
}

/* What was decided since the last time is written; what is over goes. */
static void settle(struct loop *l)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < l->count; i++) {
        struct loop_socket *s = l->sockets[i];
        if (!s->listens && s->fd >= 0)
            flush(s);
        if (s->closes && s->out.length == 0)
            end(s);
    }
    for (unsigned i = 0; i < l->count; i++) {
        if (l->sockets[i]->over)
            drop(l->sockets[i]);
        else
            l->sockets[kept++] = l->sockets[i];
    }
    l->count = kept;
}

static struct pollfd *polled(struct loop *l)
{
    struct pollfd *fds = calloc(l->count + 1, sizeof *fds);
    if (!fds)
        heap_exhausted("sockets", l->count * sizeof *fds);
    for (unsigned i = 0; i < l->count; i++) {
        struct loop_socket *s = l->sockets[i];
        fds[i].fd = s->fd;
        fds[i].events = s->heard_end ? 0 : POLLIN;
        if (s->connecting || s->out.length)
            fds[i].events |= POLLOUT;
    }
    return fds;
}

void loop_wait(struct loop *l, uint64_t due_us)
{
    sigset_t none;
    struct timespec time, *until = NULL;
    sigemptyset(&none);
    settle(l);
    l->now_us = loop_clock_us();
    if (due_us != UINT64_MAX) {
        uint64_t us = due_us > l->now_us ? due_us - l->now_us : 0;
        time = (struct timespec){(time_t)(us / 1000000), (long)(us % 1000000) * 1000};
        until = &time;
    }
    struct pollfd *fds = polled(l);
    unsigned count = l->count;
    int ready = ppoll(fds, count, until, &none);
    l->now_us = loop_clock_us();
    for (unsigned i = 0; ready > 0 && i < count; i++)
        if (fds[i].revents)
            on_ready(l->sockets[i], fds[i].revents);
    free(fds);
}
