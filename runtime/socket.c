/* runtime/socket.c -- the life of a socket; see socket.h. Reading, writing and listeners have files of
 * their own.
 */
#include "runtime/socket.h"
#include "runtime/lives.h"
#include "runtime/runtime.h"
#include "runtime/worker.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- finding, making, forgetting ---- */

struct socket *socket_find(const struct actor *owner, uint32_t n)
{
    struct socket *s = owner->sockets;
    while (s && s->n != n)
        s = s->next;
    return s;
}

bool socket_is_live(const struct actor *owner, uint32_t n, uint32_t serial)
{
    const struct socket *s = socket_find(owner, n);
    return s && s->serial == serial;
}

struct socket *socket_new(struct worker *w)
{
    struct socket *s = heap_alloc(w->io->socket_bytes);
    memset(s, 0, w->io->socket_bytes);
    s->worker = w;
    s->read_most = READ_MOST;
    s->fd = -1;
    return s;
}

struct socket *socket_own(struct socket *s, struct actor *owner, uint32_t n)
{
    assert(!socket_find(owner, n));
    s->owner = owner;
    s->n = n;
    s->serial = ++owner->serial;
    s->next = owner->sockets;
    owner->sockets = s;
    return s;
}

static void disown(struct socket *s)
{
    struct socket **at = &s->owner->sockets;
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    s->owner = NULL;
}

static void socket_free(struct socket *s)
{
    socket_undirty(s);
    socket_unstarve(s);
    socket_drop_pieces(s);
    if (s->fd >= 0)
        s->worker->io->close(s);
    if (s->internal) {
        runtime_internal_remove(s->worker->runtime, s);
        free(s->internal);
    }
    heap_free(s, s->worker->io->socket_bytes);
}

void socket_watch(struct socket *s)
{
    bool reads = !s->paused && !s->starved && !s->ended && !s->failed && !s->connecting;
    bool writes = !s->failed && !s->listening && (s->connecting || s->first);
    if (reads == s->reads && writes == s->writes)
        return;
    s->reads = reads;
    s->writes = writes;
    s->worker->io->watch(s, reads, writes);
}

/* ---- what the owner hears ---- */

static void say_connected(struct socket *s, int error)
{
    worker_event(
        s->worker, s->owner,
        msg_socket_connected_new((struct msg_socket_connected){s->n, s->serial, (uint32_t)error}));
}

void socket_fail(struct socket *s, int error)
{
    if (s->failed)
        return;
    uint64_t unsent = s->unsent + s->lost;
    s->failed = true;
    socket_drop_pieces(s);
    socket_watch(s);
    if (s->owner)
        worker_event(
            s->worker, s->owner,
            msg_socket_failed_new((struct msg_socket_failed){
                .n = s->n, .serial = s->serial, .error = (uint32_t)error, .unsent = unsent}));
}

/* ---- readiness ---- */

/* It lingers, and there is nothing left to wait for. */
bool socket_is_over(const struct socket *s)
{
    bool written = !s->first && !s->connecting;
    return s->owner == NULL && (s->failed || (written && (s->ended || s->worker->stopping)));
}

static void on_outcome(struct socket *s)
{
    int error = s->worker->io->connect_result(s);
    s->connecting = false;
    s->failed = error != 0;
    if (s->owner) /* else it was closed meanwhile, and what was written leaves all the same */
        say_connected(s, error);
    socket_mark_dirty(s);
    socket_watch(s);
}

static void on_readable(struct socket *s)
{
    if (s->owner) {
        socket_read(s);
        return;
    }
    socket_discard(s);
    socket_watch(s);
}

void socket_ready(struct socket *s, bool can_read, bool can_write)
{
    if (s->listening) {
        socket_accept(s);
        return;
    }
    if (s->connecting && can_write) {
        on_outcome(s);
        return;
    }
    if (can_read)
        on_readable(s);
    if (can_write)
        socket_mark_dirty(s);
}

/* ---- opening: each returns 0 or an errno ---- */

static int open_pair(struct socket *s, struct socket *listener)
{
    struct worker *w = s->worker;
    struct socket *fresh = socket_new(w);
    int error = w->io->pair(s, fresh);
    if (error) {
        heap_free(fresh, w->io->socket_bytes);
        return error;
    }
    socket_adopt(listener, fresh, &(struct address){.family = ADDRESS_INTERNAL});
    return 0;
}

static int open_internal(struct socket *s, const struct address *to)
{
    assert(s->worker->index == 0); /* see runtime_internal_add */
    struct socket *listener = runtime_internal_find(s->worker->runtime, to);
    return listener ? open_pair(s, listener) : ECONNREFUSED;
}

void socket_connect(struct actor *self, uint32_t n, const struct address *to)
{
    if (SHOWN_ONLY(self, .kind = EFFECT_CONNECT, .n = n, .address = to))
        return;
    struct worker *w = self->worker;
    struct socket *s = socket_own(socket_new(w), self, n);
    int error = to->family == ADDRESS_INTERNAL ? open_internal(s, to) : w->io->connect(s, to);
    s->connecting = error == EINPROGRESS;
    s->failed = error && !s->connecting;
    if (!s->connecting)
        say_connected(s, error);
    socket_watch(s);
}

struct socket *socket_mine(struct actor *self, uint32_t n)
{
    struct socket *s = socket_find(self, n);
    assert(s);
    return s;
}

/* ---- closing ---- */

static void linger(struct socket *s)
{
    struct worker *w = s->worker;
    s->notify = s->paused = false;
    s->shut_wanted = true;
    s->linger_until_us = w->now_us + (uint64_t)LINGER_MS * 1000;
    s->next = w->lingering;
    w->lingering = s;
    socket_mark_dirty(s);
    socket_watch(s);
}

static bool may_speak(const struct socket *s)
{
    return s->fd >= 0 && !s->listening && !s->connecting && !s->failed && !s->ended;
}

/* Bytes that lie unread when a socket is closed make the kernel send RST in place of FIN, and the peer
 * loses what it has not read yet: so a peer that was speaking is listened to until its end. */
static void let_go(struct socket *s)
{
    disown(s);
    bool speaks = may_speak(s) && socket_discard(s);
    if (!s->failed && !s->broken && (s->first || speaks))
        linger(s);
    else
        socket_free(s);
}

void socket_close(struct actor *self, uint32_t n)
{
    if (!SHOWN_ONLY(self, .kind = EFFECT_CLOSE, .n = n))
        let_go(socket_mine(self, n));
}

/* Nothing is waited for, but a peer that has spoken should see an end and no reset if it can (HS-35). */
void socket_abort(struct actor *self, uint32_t n)
{
    if (SHOWN_ONLY(self, .kind = EFFECT_ABORT, .n = n))
        return;
    struct socket *s = socket_mine(self, n);
    size_t dropped = 1;
    disown(s);
    for (size_t total = 0; dropped && total < DISCARD_MAX && may_speak(s); total += dropped)
        dropped = socket_discard(s);
    socket_free(s);
}

void socket_reset(struct actor *self, uint32_t n)
{
    if (SHOWN_ONLY(self, .kind = EFFECT_RESET, .n = n))
        return;
    struct socket *s = socket_mine(self, n);
    disown(s);
    if (s->fd >= 0)
        s->worker->io->reset(s);
    socket_free(s);
}

void sockets_close_all(struct actor *owner)
{
    while (owner->sockets)
        let_go(owner->sockets);
}

void sockets_lingering(struct worker *w)
{
    for (struct socket **at = &w->lingering; *at;) {
        struct socket *s = *at;
        if (!socket_is_over(s) && s->linger_until_us > w->now_us) {
            at = &s->next;
            continue;
        }
        *at = s->next;
        if (may_speak(s))
            socket_discard(s); /* what came in this very round */
        socket_free(s);
    }
}

void sockets_finish(struct worker *w)
{
    while (w->lingering) {
        struct socket *s = w->lingering;
        w->lingering = s->next;
        socket_free(s);
    }
}
