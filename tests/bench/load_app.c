/* tests/bench/load_app.c -- the application behind the proxy: HTTP/1.1 answers, or an echo.
 *
 * One epoll; one read a readiness; an answer, or a piece of a long one, in one write. A peer
 * listens for input or for room to write, never for both: so an echo holds at most one piece,
 * and pipelined requests are answered one after the other.
 */
#include "tests/bench/load.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    HEAD_BYTES_MAX = 16 * 1024,
    PIECE_BYTES = 64 * 1024,
    PIECE_EXTRA_BYTES = 256, /* a status line and headers, or a chunk's size and the last chunk */
    EVENTS = 256,
};

enum manner { PLAIN, CHUNKED, NEVER };

struct peer {
    int fd;
    bool blocked;         /* waits for room to write, and reads nothing */
    bool answering;       /* a request is complete and its answer is not */
    enum manner manner;   /* of the answer to the request that is being read or answered */
    uint64_t body_left;   /* of the request */
    uint64_t answer_left; /* bytes of the answer's body not yet in `out` */
    size_t in_len;
    size_t out_at, out_len;
    char in[HEAD_BYTES_MAX];
    char out[PIECE_BYTES + PIECE_EXTRA_BYTES];
};

struct app {
    int epoll, listener;
    bool echo;
};

static void watch(const struct app *app, int operation, int fd, uint32_t events, struct peer *peer)
{
    struct epoll_event event = {.events = events, .data.ptr = peer};

    if (epoll_ctl(app->epoll, operation, fd, &event))
        load_die("epoll_ctl failed");
}

static void peer_set_blocked(const struct app *app, struct peer *peer, bool blocked)
{
    if (peer->blocked == blocked)
        return;
    peer->blocked = blocked;
    watch(app, EPOLL_CTL_MOD, peer->fd, blocked ? EPOLLOUT : EPOLLIN, peer);
}

static void peer_free(struct peer *peer)
{
    close(peer->fd);
    free(peer);
}

/* ---- what an answer is made of ---- */

static void put_format(struct peer *peer, const char *format, uint64_t number)
{
    int n = snprintf(peer->out + peer->out_len, sizeof peer->out - peer->out_len, format, number);

    peer->out_len += (size_t)n;
}

static void put_fill(struct peer *peer, size_t bytes)
{
    memset(peer->out + peer->out_len, 'x', bytes);
    peer->out_len += bytes;
    peer->answer_left -= bytes;
}

static size_t next_piece(const struct peer *peer)
{
    return peer->answer_left < PIECE_BYTES ? (size_t)peer->answer_left : PIECE_BYTES;
}

static void put_chunk(struct peer *peer)
{
    size_t bytes = next_piece(peer);

    if (bytes) {
        put_format(peer, "%jx\r\n", bytes);
        put_fill(peer, bytes);
        put_format(peer, "\r\n", 0);
    }
    if (peer->answer_left == 0) {
        put_format(peer, "0\r\n\r\n", 0);
        peer->answering = false;
    }
}

static void put_piece(struct peer *peer)
{
    if (peer->manner == CHUNKED) {
        put_chunk(peer);
        return;
    }
    put_fill(peer, next_piece(peer));
    peer->answering = peer->answer_left > 0;
}

/* A head of known length takes the first piece of its body along; a chunked one goes alone, so
 * that a proxy sees the head before the body is there. */
static void begin_answer(struct peer *peer)
{
    peer->answering = true;
    if (peer->manner == CHUNKED) {
        put_format(peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 0);
        return;
    }
    put_format(peer, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %ju\r\n\r\n",
               peer->answer_left);
    put_piece(peer);
}

/* ---- requests ---- */

static void read_target(struct peer *peer, const char *target)
{
    static const char chunked[] = "/chunked/";
    bool is_chunked = strncmp(target, chunked, sizeof chunked - 1) == 0;

    peer->manner = is_chunked ? CHUNKED : strncmp(target, "/hang", 5) == 0 ? NEVER : PLAIN;
    peer->answer_left = strtoull(target + (is_chunked ? sizeof chunked - 1 : 1), NULL, 10);
}

/* Takes a head from the front of `in`; false if it is not whole. */
static bool read_head(struct peer *peer)
{
    static const char length[] = "content-length:";
    char *end = memmem(peer->in, peer->in_len, "\r\n\r\n", 4), *target, *field;
    size_t head;

    if (!end)
        return false;
    *end = '\0';
    target = strchr(peer->in, ' ');
    read_target(peer, target ? target + 1 : "/");
    field = strcasestr(peer->in, length);
    peer->body_left = field ? strtoull(field + sizeof length - 1, NULL, 10) : 0;
    head = (size_t)(end - peer->in) + 4;
    peer->in_len -= head;
    memmove(peer->in, peer->in + head, peer->in_len);
    return true;
}

/* False until the request's body has passed. */
static bool drop_body(struct peer *peer)
{
    size_t n = peer->body_left < peer->in_len ? (size_t)peer->body_left : peer->in_len;

    peer->in_len -= n;
    peer->body_left -= n;
    memmove(peer->in, peer->in + n, peer->in_len);
    return peer->body_left == 0;
}

static void next_request(struct peer *peer)
{
    if (peer->manner == NEVER)
        peer->in_len = 0;
    if (peer->body_left == 0 && !read_head(peer))
        return;
    if (drop_body(peer) && peer->manner != NEVER)
        begin_answer(peer);
}

/* ---- the peer's two events ---- */

/* Writes until there is nothing to write or no room for it; false if the peer has gone. */
static bool peer_write(const struct app *app, struct peer *peer)
{
    while (peer->out_at < peer->out_len || peer->answering) {
        ssize_t n;

        if (peer->out_at == peer->out_len) {
            peer->out_at = peer->out_len = 0;
            put_piece(peer);
        }
        n = write(peer->fd, peer->out + peer->out_at, peer->out_len - peer->out_at);
        if (n < 0 && errno != EAGAIN)
            return false;
        if (n < 0) {
            peer_set_blocked(app, peer, true);
            return true;
        }
        peer->out_at += (size_t)n;
    }
    peer->out_at = peer->out_len = 0;
    peer_set_blocked(app, peer, false);
    return true;
}

static bool peer_respond(const struct app *app, struct peer *peer)
{
    size_t before;

    do {
        before = peer->in_len;
        next_request(peer);
        if (!peer_write(app, peer))
            return false;
    } while (!peer->blocked && peer->in_len && peer->in_len < before);
    return peer->blocked || peer->in_len < sizeof peer->in; /* else: a head without an end */
}

static bool peer_readable(const struct app *app, struct peer *peer)
{
    char *to = app->echo ? peer->out : peer->in + peer->in_len;
    size_t room = app->echo ? PIECE_BYTES : sizeof peer->in - peer->in_len;
    ssize_t n = read(peer->fd, to, room);

    if (n <= 0)
        return n < 0 && errno == EAGAIN;
    if (app->echo) {
        peer->out_len = (size_t)n;
        return peer_write(app, peer);
    }
    peer->in_len += (size_t)n;
    return peer_respond(app, peer);
}

/* What was pipelined behind a long answer is still in `in` and will not make the socket
 * readable: so it is looked at once the answer is out. */
static bool peer_writable(const struct app *app, struct peer *peer)
{
    if (!peer_write(app, peer))
        return false;
    return peer->blocked || peer->in_len == 0 || peer_respond(app, peer);
}

static void accept_peer(const struct app *app)
{
    int fd = accept4(app->listener, NULL, NULL, SOCK_CLOEXEC);
    struct peer *peer;

    if (fd < 0)
        return;
    peer = calloc(1, sizeof *peer);
    if (!peer)
        load_die("out of memory");
    load_prepare(fd);
    peer->fd = fd;
    watch(app, EPOLL_CTL_ADD, fd, EPOLLIN, peer);
}

static noreturn void serve(uint16_t port, bool echo)
{
    struct app app = {.epoll = epoll_create1(EPOLL_CLOEXEC), .echo = echo};
    struct epoll_event events[EVENTS];

    app.listener = load_listen(port);
    watch(&app, EPOLL_CTL_ADD, app.listener, EPOLLIN, NULL);
    for (;;) {
        int n = epoll_wait(app.epoll, events, EVENTS, -1);

        for (int i = 0; i < n; i++) {
            struct peer *peer = events[i].data.ptr;

            if (!peer)
                accept_peer(&app);
            else if (!(peer->blocked ? peer_writable(&app, peer) : peer_readable(&app, peer)))
                peer_free(peer);
        }
    }
}

noreturn void load_app(uint16_t port)
{
    serve(port, false);
}

noreturn void load_echo(uint16_t port)
{
    serve(port, true);
}
