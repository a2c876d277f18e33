/* runtime/socket_read.c -- reading: one read a readiness, again only when it filled its room. */
#include "runtime/socket.h"
#include "runtime/lives.h"
#include "runtime/runtime.h"
#include "runtime/worker.h"
#include <errno.h>

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
bool socket_read_once(struct socket *s)
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
        socket_fail(s, (int)-n);
    }
    return false;
}

void socket_read(struct socket *s)
{
    /* twice at most, so that one fast peer does not hold up the others */
    while (s->owner && !s->paused && !s->ended && !s->failed && s->unheard < READS_UNHEARD)
        if (!socket_read_once(s))
            break;
    socket_watch(s);
}

void socket_heard(struct actor *owner, uint32_t n)
{
    struct socket *s = socket_find(owner, n);
    if (s->unheard)
        s->unheard--;
}

void socket_limit(struct actor *self, uint32_t n, uint32_t most)
{
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
    socket_watch(s);
}
