/* runtime/socket_read.c -- reading: one read a readiness, again only when it filled its room. */
#include "runtime/socket.h"
#include "runtime/lives.h"
#include "runtime/runtime.h"
#include "runtime/worker.h"
#include <errno.h>

static struct chunk *read_chunk(struct worker *w, uint32_t room_min)
{
    struct chunk *c = w->read_chunk;
    if (c)
        chunk_recycle(c);
    if (c && c->capacity - c->used >= room_min)
        return c;
    if (c)
        chunk_unref(c);
    return w->read_chunk = chunk_new_pooled();
}

/* The kernel tells an error once. When the write has heard of a reset, 0 is what the read gets in place of
 * it, and no end: an answer to the end of the connection would count as whole (DEL-30). EPIPE is the
 * error of a reset that came after a FIN. */
static void read_end(struct socket *s)
{
    if (!s->broken || s->broken == EPIPE) {
        s->ended = true;
        worker_event(s->worker, s->owner,
                     msg_socket_end_new((struct msg_socket_end){s->n, s->serial}));
    }
    if (s->broken)
        socket_fail(s, s->broken);
}

static void read_nothing(struct socket *s, ssize_t n)
{
    if (n == 0)
        read_end(s);
    else if (n == -EINTR || (n == -EAGAIN && !s->broken))
        return;
    else
        socket_fail(s, s->broken ? s->broken : (int)-n);
}

static ssize_t read_into(struct socket *s, struct chunk *c, uint32_t most)
{
    uint32_t room = c->capacity - c->used;
    ssize_t n = s->worker->io->read(s, c->bytes + c->used, room < most ? room : most);
    s->worker->counters.reads++;
    if (n > 0)
        s->worker->counters.bytes_read += (uint64_t)n;
    return n;
}

/* One read. Returns true when there may be more. */
static bool read_once(struct socket *s)
{
    struct worker *w = s->worker;
    struct chunk *c = read_chunk(w, s->bulk ? READ_MOST : READ_ROOM_MIN);
    ssize_t n = read_into(s, c, s->read_most);
    s->bulk = n >= READ_BULK;
    if (n <= 0) {
        read_nothing(s, n);
        return false;
    }
    chunk_ref(c);
    struct span bytes = {c, c->used, (uint32_t)n};
    c->used += (uint32_t)n;
    s->unheard++;
    worker_event(w, s->owner,
                 msg_socket_data_new((struct msg_socket_data){bytes, s->n, s->serial}));
    return bytes.length == s->read_most || c->used == c->capacity;
}

static bool may_read(const struct socket *s)
{
    return s->owner && !s->paused && !s->ended && !s->failed && s->unheard < READS_UNHEARD;
}

void socket_read(struct socket *s)
{
    /* twice at most, so that one fast peer does not hold up the others; a broken one until there is
     * nothing more, for nobody might report that it can be read */
    while (may_read(s) && (read_once(s) || s->broken))
        ;
    socket_watch(s);
}

size_t socket_discard(struct socket *s)
{
    struct chunk *c = read_chunk(s->worker, READ_MOST);
    ssize_t n = read_into(s, c, c->capacity);
    if (n == 0)
        s->ended = true;
    else if (n < 0 && n != -EAGAIN && n != -EINTR)
        socket_fail(s, (int)-n);
    return n > 0 ? (size_t)n : 0;
}

void socket_heard(struct actor *owner, uint32_t n)
{
    struct socket *s = socket_find(owner, n);
    if (s->unheard)
        s->unheard--;
    if (s->broken)
        socket_mark_dirty(s);
}

void socket_limit(struct actor *self, uint32_t n, uint32_t most)
{
    assert(most); /* a read into no room would pass for the peer's end */
    if (!SHOWN_ONLY(self, .kind = EFFECT_LIMIT, .n = n, .value = most))
        socket_mine(self, n)->read_most = most;
}

void socket_pause(struct actor *self, uint32_t n)
{
    if (SHOWN_ONLY(self, .kind = EFFECT_PAUSE, .n = n))
        return;
    struct socket *s = socket_mine(self, n);
    s->paused = true;
    socket_watch(s);
}

void socket_resume(struct actor *self, uint32_t n)
{
    if (SHOWN_ONLY(self, .kind = EFFECT_RESUME, .n = n))
        return;
    struct socket *s = socket_mine(self, n);
    s->paused = false;
    if (s->broken)
        socket_mark_dirty(s);
    socket_watch(s);
}
