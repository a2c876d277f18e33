/* runtime/socket_write.c -- writing: one writev a round and socket.
 *
 * What was written in the round is queued as pieces, short ones copied together into the worker's
 * write chunk.
 */
#include "runtime/socket.h"
#include "runtime/lives.h"
#include "runtime/runtime.h"
#include "runtime/worker.h"
#include <errno.h>
#include <string.h>

void socket_mark_dirty(struct socket *s)
{
    if (s->dirty)
        return;
    s->dirty = true;
    s->dirty_next = s->worker->dirty;
    s->worker->dirty = s;
}

void socket_undirty(struct socket *s)
{
    struct socket **at = &s->worker->dirty;
    if (!s->dirty)
        return;
    while (*at && *at != s)
        at = &(*at)->dirty_next;
    if (*at) /* at the very end the list is dropped before its sockets */
        *at = s->dirty_next;
    s->dirty = false;
}

void socket_drop_pieces(struct socket *s)
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

/* Not before SOCKET_CONNECTED, which is the first word about a socket, nor after SOCKET_FAILED. */
static void say_drained(struct socket *s)
{
    if (!s->notify || s->unsent > s->notify_below || !s->owner || s->connecting || s->failed)
        return;
    s->notify = false;
    worker_event(s->worker, s->owner,
                 msg_socket_drained_new((struct msg_socket_drained){s->unsent, s->n, s->serial}));
}

/* The peer takes no more. What it said before it left is still worth reading: an application may
 * answer an upload early and close (DEL-38). That is read as everything is, when its owner wants it. */
static void write_failed(struct socket *s, int error)
{
    s->broken = error;
    s->lost = s->unsent;
    socket_drop_pieces(s);
    if (s->ended || !s->owner)
        socket_fail(s, error);
    else
        socket_read(s);
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

static void write_pieces(struct socket *s)
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
}

/* All has left: the FIN follows. A closed socket has now only the peer's to wait for. */
static void all_written(struct socket *s)
{
    struct worker *w = s->worker;
    uint64_t until_us = w->now_us + (uint64_t)FIN_WAIT_MS * 1000;
    if (s->shut_wanted && !s->shut_done) {
        s->shut_done = true;
        w->io->shutdown(s);
    }
    if (!s->owner && s->linger_until_us > until_us)
        s->linger_until_us = until_us;
}

static void flush(struct socket *s)
{
    if (s->broken)
        socket_read(s);
    write_pieces(s);
    if (!s->first && !s->connecting && !s->failed && !s->broken)
        all_written(s);
    say_drained(s);
    socket_watch(s);
}

void sockets_flush(struct worker *w)
{
    while (w->dirty) {
        struct socket *s = w->dirty;
        w->dirty = s->dirty_next;
        s->dirty = false;
        flush(s);
        if (socket_is_over(s))
            sockets_lingering(w);
    }
    if (w->stopping && w->lingering)
        sockets_lingering(w); /* no peer's end is waited for any more */
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
    if (c)
        chunk_recycle(c);
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

/* Counts the bytes. False: they are not to be queued. */
static bool takes(struct socket *s, uint32_t length)
{
    if (s->failed || s->shut_wanted)
        return false;
    if (s->broken)
        s->lost += length;
    else
        s->unsent += length;
    return !s->broken;
}

void socket_write(struct actor *self, uint32_t n, struct span bytes)
{
    if (SHOWN_ONLY(self, .kind = EFFECT_WRITE, .n = n, .bytes = span_bytes(bytes),
                   .length = bytes.length, .chunk = bytes.chunk)) {
        span_release(&bytes);
        return;
    }
    struct socket *s = socket_mine(self, n);
    if (bytes.length == 0 || !takes(s, bytes.length)) {
        span_release(&bytes);
        return;
    }
    if (bytes.length < COPY_BELOW_BYTES) {
        struct chunk *c = write_chunk(self->worker, bytes.length);
        memcpy(c->bytes + c->used, span_bytes(bytes), bytes.length);
        append_written(s, c, bytes.length);
        span_release(&bytes);
    } else {
        append_piece(s, bytes);
    }
    socket_mark_dirty(s);
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
    struct socket *s = socket_mine(self, n);
    if (!takes(s, length))
        return;
    append_written(s, w->write_chunk, length);
    socket_mark_dirty(s);
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
    struct socket *s = socket_mine(self, n);
    if (s->failed)
        return;
    s->notify = true;
    s->notify_below = below;
    socket_mark_dirty(s);
}

void socket_shutdown(struct actor *self, uint32_t n)
{
    if (SHOWN_ONLY(self, .kind = EFFECT_SHUTDOWN, .n = n))
        return;
    struct socket *s = socket_mine(self, n);
    s->shut_wanted = true;
    socket_mark_dirty(s);
}
