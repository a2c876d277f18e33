/* runtime/socket.c -- reads, writes and the life of a socket; see socket.h
 *
 * One read a readiness, again only when it filled its room. One writev a round and socket: what was
 * written in the round is queued as pieces, short ones copied together into the worker's write chunk.
 */
#include "runtime/socket.h"
#include "runtime/lives.h"
#include "runtime/runtime.h"
#include "runtime/worker.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- finding, making, forgetting ---- */

static struct socket *find(const struct actor *owner, uint32_t n)
{
    struct socket *s = owner->sockets;
    while (s && s->n != n)
        s = s->next;
    return s;
}

bool socket_is_live(const struct actor *owner, uint32_t n, uint32_t serial)
{
    const struct socket *s = find(owner, n);
    return s && s->serial == serial;
}

static struct socket *socket_new(struct worker *w)
{
    struct socket *s = heap_alloc(w->io->socket_bytes);
    memset(s, 0, w->io->socket_bytes);
    s->worker = w;
    s->read_most = READ_MOST;
    s->fd = -1;
    return s;
}

static struct socket *socket_own(struct socket *s, struct actor *owner, uint32_t n)
{
    assert(!find(owner, n));
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

static void drop_pieces(struct socket *s)
{
    while (s->first) {
        struct piece *p = s->first;
        s->first = p->next;
        span_release(&p->bytes);
        heap_free(p, sizeof *p);
    }
    s->last = NULL;
    s->unsent = 0;
}

static void socket_free(struct socket *s)
{
    drop_pieces(s);
    if (s->fd >= 0)
        s->worker->io->close(s);
    if (s->internal) {
        runtime_internal_remove(s->worker->runtime, s);
        free(s->internal);
    }
    heap_free(s, s->worker->io->socket_bytes);
}

static void mark_dirty(struct socket *s)
{
    if (s->dirty)
        return;
    s->dirty = true;
    s->dirty_next = s->worker->dirty;
    s->worker->dirty = s;
}

static void watch(struct socket *s)
{
    bool reads = s->owner && !s->paused && !s->ended && !s->failed && !s->connecting;
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

static void fail(struct socket *s, int error)
{
    if (s->failed)
        return;
    uint64_t unsent = s->unsent;
    s->failed = true;
    drop_pieces(s);
    watch(s);
    if (s->owner)
        worker_event(
            s->worker, s->owner,
            msg_socket_failed_new((struct msg_socket_failed){
                .n = s->n, .serial = s->serial, .error = (uint32_t)error, .unsent = unsent}));
}

/* Not before SOCKET_CONNECTED, which is the first word about a socket, nor after SOCKET_FAILED. */
static void say_drained(struct socket *s)
{
    if (!s->notify || s->unsent > s->notify_below || !s->owner || s->connecting || s->failed)
        return;
    s->notify = false;
    worker_event(s->worker, s->owner,
                 msg_socket_drained_new((struct msg_socket_drained){s->unsent, s->n, s->serial}));
}

/* ---- reading ---- */

static struct chunk *read_chunk(struct worker *w, uint32_t room_min)
{
    struct chunk *c = w->read_chunk;
    if (c && chunk_is_unshared(c))
        c->used = 0;
    if (c && c->capacity - c->used >= room_min)
        return c;
    if (c)
        chunk_unref(c);
    return w->read_chunk = chunk_new_pooled();
}

/* One read. Returns true when there may be more. */
static bool read_once(struct socket *s)
{
    struct worker *w = s->worker;
    struct chunk *c = read_chunk(w, s->bulk ? READ_MOST : READ_ROOM_MIN);
    uint32_t room = c->capacity - c->used;
    if (room > s->read_most)
        room = s->read_most;
    ssize_t n = w->io->read(s, c->bytes + c->used, room);
    w->counters.reads++;
    s->bulk = n >= READ_BULK;
    if (n > 0) {
        chunk_ref(c);
        struct span bytes = {c, c->used, (uint32_t)n};
        c->used += (uint32_t)n;
        w->counters.bytes_read += (uint64_t)n;
        s->unheard++;
        worker_event(w, s->owner,
                     msg_socket_data_new((struct msg_socket_data){bytes, s->n, s->serial}));
        return (uint32_t)n == room;
    }
    if (n == 0) {
        s->ended = true;
        worker_event(w, s->owner, msg_socket_end_new((struct msg_socket_end){s->n, s->serial}));
    } else if (n != -EAGAIN && n != -EINTR) {
        fail(s, (int)-n);
    }
    return false;
}

static void readable(struct socket *s)
{
    /* twice at most, so that one fast peer does not hold up the others */
    while (s->owner && !s->paused && !s->ended && !s->failed && s->unheard < READS_UNHEARD)
        if (!read_once(s))
            break;
    watch(s);
}

void socket_heard(struct actor *owner, uint32_t n)
{
    struct socket *s = find(owner, n);
    if (s->unheard)
        s->unheard--;
}

/* ---- writing ---- */

/* The peer takes no more. What it said before it left is still worth reading: an application may
 * answer an upload early and close. */
static void write_failed(struct socket *s, int error)
{
    for (unsigned reads = 0; s->owner && !s->ended && !s->failed && reads < 16; reads++) {
        uint64_t before = s->worker->counters.bytes_read;
        read_once(s);
        if (s->worker->counters.bytes_read == before)
            break;
    }
    fail(s, error);
}

static int gather(const struct socket *s, struct iovec *pieces)
{
    int count = 0;
    for (struct piece *p = s->first; p && count < WRITE_PIECES; p = p->next, count++) {
        pieces[count].iov_base = (void *)(uintptr_t)span_bytes(p->bytes);
        pieces[count].iov_len = p->bytes.length;
    }
    return count;
}

static void written(struct socket *s, size_t n)
{
    s->unsent -= n;
    s->worker->counters.bytes_written += n;
    while (n) {
        struct piece *p = s->first;
        if (n < p->bytes.length) {
            p->bytes.offset += (uint32_t)n;
            p->bytes.length -= (uint32_t)n;
            return;
        }
        n -= p->bytes.length;
        s->first = p->next;
        if (!s->first)
            s->last = NULL;
        span_release(&p->bytes);
        heap_free(p, sizeof *p);
    }
}

/* What stays behind for a slow peer should not pin a whole write chunk. */
static void settle_pieces(struct socket *s)
{
    for (struct piece *p = s->first; p; p = p->next)
        span_settle(&p->bytes);
}

static void flush(struct socket *s)
{
    struct worker *w = s->worker;
    struct iovec pieces[WRITE_PIECES];
    while (s->first && !s->failed && !s->connecting) {
        ssize_t n = w->io->writev(s, pieces, gather(s, pieces));
        w->counters.writes++;
        if (n == -EINTR)
            continue;
        if (n == -EAGAIN) {
            settle_pieces(s);
            break;
        }
        if (n < 0) {
            write_failed(s, (int)-n);
            break;
        }
        written(s, (size_t)n);
    }
    if (!s->first && s->shut_wanted && !s->shut_done && !s->connecting && !s->failed) {
        s->shut_done = true;
        w->io->shutdown(s);
    }
    say_drained(s);
    watch(s);
}

static bool lingering_is_over(const struct socket *s)
{
    return s->owner == NULL && (s->first == NULL || s->failed);
}

void sockets_flush(struct worker *w)
{
    while (w->dirty) {
        struct socket *s = w->dirty;
        w->dirty = s->dirty_next;
        s->dirty = false;
        flush(s);
        if (lingering_is_over(s))
            sockets_lingering(w);
    }
}

void socket_ready(struct socket *s, bool can_read, bool can_write)
{
    if (s->listening) {
        socket_accept(s);
        return;
    }
    if (s->connecting && can_write) {
        int error = s->worker->io->connect_result(s);
        s->connecting = false;
        if (s->owner)
            say_connected(s, error);
        if (error)
            s->failed = true;
        mark_dirty(s);
        watch(s);
        return;
    }
    if (can_read)
        readable(s);
    if (can_write)
        mark_dirty(s);
}

/* ---- effects ---- */

static bool open_pair(struct socket *s, struct socket *listener)
{
    struct worker *w = s->worker;
    struct socket *fresh = socket_new(w);
    int error = w->io->pair(s, fresh);
    if (error) {
        heap_free(fresh, w->io->socket_bytes);
        say_connected(s, error);
        s->failed = true;
        return false;
    }
    say_connected(s, 0);
    socket_adopt(listener, fresh, &(struct address){.family = ADDRESS_INTERNAL});
    watch(s);
    return true;
}

static int open_internal(struct socket *s, const struct address *to)
{
    struct socket *listener = runtime_internal_find(s->worker->runtime, to);
    if (!listener)
        return ECONNREFUSED;
    open_pair(s, listener);
    return 0;
}

void socket_connect(struct actor *self, uint32_t n, const struct address *to)
{
    if (SHOWN_ONLY(self, .kind = EFFECT_CONNECT, .n = n, .address = to))
        return;
    struct worker *w = self->worker;
    struct socket *s = socket_own(socket_new(w), self, n);
    if (to->family == ADDRESS_INTERNAL) {
        int refused = open_internal(s, to);
        if (refused) {
            say_connected(s, refused);
            s->failed = true;
        }
        return;
    }
    int error = w->io->connect(s, to);
    s->connecting = error == EINPROGRESS;
    if (!s->connecting) {
        say_connected(s, error);
        s->failed = error != 0;
    }
    watch(s);
}

static struct socket *mine(struct actor *self, uint32_t n)
{
    struct socket *s = find(self, n);
    assert(s);
    return s;
}

static void append_piece(struct socket *s, struct span bytes)
{
    struct piece *p = heap_alloc(sizeof *p);
    p->next = NULL;
    p->bytes = bytes;
    if (s->last)
        s->last->next = p;
    else
        s->first = p;
    s->last = p;
}

/* The last `written` bytes of the write chunk were filled for s. Joins the piece before, if it ends there. */
static void append_written(struct socket *s, struct chunk *c, uint32_t n)
{
    struct piece *p = s->last;
    if (p && p->bytes.chunk == c && p->bytes.offset + p->bytes.length == c->used) {
        p->bytes.length += n;
    } else {
        chunk_ref(c);
        append_piece(s, (struct span){c, c->used, n});
    }
    c->used += n;
}

static struct chunk *write_chunk(struct worker *w, uint32_t most)
{
    struct chunk *c = w->write_chunk;
    if (c && chunk_is_unshared(c))
        c->used = 0;
    if (c && c->capacity - c->used >= most)
        return c;
    if (c)
        chunk_unref(c);
    c = chunk_new_pooled();
    if (c->capacity < most) {
        chunk_unref(c);
        c = chunk_new(most);
    }
    return w->write_chunk = c;
}

void socket_write(struct actor *self, uint32_t n, struct span bytes)
{
    if (SHOWN_ONLY(self, .kind = EFFECT_WRITE, .n = n, .bytes = span_bytes(bytes),
                   .length = bytes.length)) {
        span_release(&bytes);
        return;
    }
    struct socket *s = mine(self, n);
    if (s->failed || s->shut_wanted || bytes.length == 0) {
        span_release(&bytes);
        return;
    }
    s->unsent += bytes.length;
    if (bytes.length < COPY_BELOW_BYTES) {
        struct chunk *c = write_chunk(self->worker, bytes.length);
        memcpy(c->bytes + c->used, span_bytes(bytes), bytes.length);
        append_written(s, c, bytes.length);
        span_release(&bytes);
    } else {
        append_piece(s, bytes);
    }
    mark_dirty(s);
}

uint8_t *socket_reserve(struct actor *self, uint32_t n, uint32_t most)
{
    struct worker *w = self->worker;
    (void)n;
    assert(!w->reserved);
    struct chunk *c = write_chunk(w, most);
    w->reserved_most = most;
    return w->reserved = c->bytes + c->used;
}

void socket_commit(struct actor *self, uint32_t n, uint32_t length)
{
    struct worker *w = self->worker;
    uint8_t *bytes = w->reserved;
    assert(bytes && length <= w->reserved_most);
    w->reserved = NULL;
    if (length == 0 ||
        SHOWN_ONLY(self, .kind = EFFECT_WRITE, .n = n, .bytes = bytes, .length = length))
        return;
    struct socket *s = mine(self, n);
    if (s->failed || s->shut_wanted)
        return;
    s->unsent += length;
    append_written(s, w->write_chunk, length);
    mark_dirty(s);
}

uint32_t socket_commit_up_to(struct actor *self, uint32_t n, const uint8_t *end)
{
    uint32_t length = (uint32_t)(end - self->worker->reserved);
    socket_commit(self, n, length);
    return length;
}

void socket_notify(struct actor *self, uint32_t n, uint64_t below)
{
    if (SHOWN_ONLY(self, .kind = EFFECT_NOTIFY, .n = n, .value = below))
        return;
    struct socket *s = mine(self, n);
    if (s->failed)
        return;
    s->notify = true;
    s->notify_below = below;
    mark_dirty(s);
}

void socket_limit(struct actor *self, uint32_t n, uint32_t most)
{
    if (!SHOWN_ONLY(self, .kind = EFFECT_LIMIT, .n = n, .value = most))
        mine(self, n)->read_most = most;
}

void socket_pause(struct actor *self, uint32_t n)
{
    if (SHOWN_ONLY(self, .kind = EFFECT_PAUSE, .n = n))
        return;
    struct socket *s = mine(self, n);
    s->paused = true;
    watch(s);
}

void socket_resume(struct actor *self, uint32_t n)
{
    if (SHOWN_ONLY(self, .kind = EFFECT_RESUME, .n = n))
        return;
    struct socket *s = mine(self, n);
    s->paused = false;
    watch(s);
}

void socket_shutdown(struct actor *self, uint32_t n)
{
    if (SHOWN_ONLY(self, .kind = EFFECT_SHUTDOWN, .n = n))
        return;
    struct socket *s = mine(self, n);
    s->shut_wanted = true;
    mark_dirty(s);
}

static void linger(struct socket *s)
{
    struct worker *w = s->worker;
    disown(s);
    s->notify = false;
    s->linger_until_us = w->now_us + (uint64_t)LINGER_MS * 1000;
    s->next = w->lingering;
    w->lingering = s;
    watch(s);
}

/* Out of the worker's list of dirty sockets, or of starved listeners: dirty_next is for either. */
static void undirty(struct socket *s)
{
    if (!s->dirty && !s->starved)
        return;
    struct socket **at = s->dirty ? &s->worker->dirty : &s->worker->starved;
    while (*at && *at != s)
        at = &(*at)->dirty_next;
    if (*at) /* at the very end the list is dropped before its sockets */
        *at = s->dirty_next;
    s->dirty = s->starved = false;
}

static void let_go(struct socket *s)
{
    if (s->first && !s->failed && !s->connecting) {
        linger(s);
        return;
    }
    undirty(s);
    disown(s);
    socket_free(s);
}

void socket_close(struct actor *self, uint32_t n)
{
    if (!SHOWN_ONLY(self, .kind = EFFECT_CLOSE, .n = n))
        let_go(mine(self, n));
}

void socket_abort(struct actor *self, uint32_t n)
{
    if (SHOWN_ONLY(self, .kind = EFFECT_ABORT, .n = n))
        return;
    struct socket *s = mine(self, n);
    drop_pieces(s);
    let_go(s);
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
        if (!lingering_is_over(s) && s->linger_until_us > w->now_us) {
            at = &s->next;
            continue;
        }
        *at = s->next;
        undirty(s);
        socket_free(s);
    }
}

void sockets_finish(struct worker *w)
{
    while (w->lingering) {
        struct socket *s = w->lingering;
        w->lingering = s->next;
        undirty(s);
        socket_free(s);
    }
}

/* ---- listeners ---- */

struct actor *socket_adopt(struct socket *listener, struct socket *fresh,
                           const struct address *peer)
{
    struct worker *w = listener->worker;
    struct msg_socket_accepted said = {.listener = listener->owner->ref,
                                       .tag = listener->tag,
                                       .port = peer->port,
                                       .family = peer->family};
    memcpy(&said.ip_high, peer->ip, 8);
    memcpy(&said.ip_low, peer->ip + 8, 8);
    struct actor *a =
        worker_spawn(w, listener->owner->ref, listener->accepts, msg_socket_accepted_new(said));
    socket_own(fresh, a, 0);
    watch(fresh);
    w->counters.accepted++;
    return a;
}

/* EMFILE and its like: connections wait in the backlog until somebody gives a descriptor back. */
static void starve(struct socket *listener, int error)
{
    struct worker *w = listener->worker;
    if (w->counters.accept_failed++ == 0)
        runtime_say(w, LOG_WARN, "no descriptor for a new connection, it waits", strerror(error));
    listener->starved = listener->paused = true;
    listener->linger_until_us = w->now_us + (uint64_t)ACCEPT_RETRY_MS * 1000;
    listener->dirty_next = w->starved;
    w->starved = listener;
    watch(listener);
}

void socket_accept(struct socket *listener)
{
    struct worker *w = listener->worker;
    for (unsigned i = 0; i < ACCEPT_BATCH && listener->owner; i++) {
        struct socket *fresh = socket_new(w);
        struct address peer = {.family = ADDRESS_NONE};
        int error = w->io->accept(listener, fresh, &peer);
        if (error == 0) {
            socket_adopt(listener, fresh, &peer);
            continue;
        }
        heap_free(fresh, w->io->socket_bytes);
        if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM)
            starve(listener, error);
        return;
    }
}

void sockets_starved(struct worker *w)
{
    for (struct socket **at = &w->starved; *at;) {
        struct socket *s = *at;
        if (s->linger_until_us > w->now_us) {
            at = &s->dirty_next;
            continue;
        }
        *at = s->dirty_next;
        s->starved = s->paused = false;
        watch(s);
    }
}

void socket_listen(struct actor *self, uint32_t n, const struct address *at,
                   const struct actor_type *type, uint32_t tag)
{
    if (SHOWN_ONLY(self, .kind = EFFECT_LISTEN, .n = n, .address = at, .type = type, .value = tag))
        return;
    struct worker *w = self->worker;
    struct socket *s = socket_own(socket_new(w), self, n);
    uint16_t port = at->port;
    int error = 0;
    s->listening = true;
    s->accepts = type;
    s->tag = tag;
    if (at->family == ADDRESS_INTERNAL)
        runtime_internal_add(w->runtime, s, at);
    else
        error = w->io->listen(s, at, &port);
    s->failed = error != 0;
    worker_event(w, self,
                 msg_socket_listening_new((struct msg_socket_listening){
                     .n = n, .serial = s->serial, .error = (uint32_t)error, .port = port}));
    if (at->family != ADDRESS_INTERNAL)
        watch(s);
}
