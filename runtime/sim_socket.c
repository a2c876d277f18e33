/* runtime/sim_socket.c -- actors' sockets in the simulated network, as the io table wants them.
 *
 * Readiness is level-triggered as with epoll: a socket stays in the list of who can do something for
 * as long as it can do what it is watched for.
 */
#include "runtime/sim_parts.h"
#include <errno.h>
#include <string.h>

static struct sim_socket *of(struct socket *s)
{
    return (struct sim_socket *)s;
}

static struct sim *sim_at(const struct socket *s)
{
    return sim_of(s->worker);
}

/* ---- readiness ---- */

static bool can_read(const struct sim_socket *x)
{
    if (x->listener)
        return x->listener->oldest != NULL;
    return x->end && (x->end->in.length || x->end->ended || x->end->error);
}

static bool can_write(const struct sim_socket *x)
{
    if (x->waits)
        return x->known;
    return x->end &&
           (x->end->broken || x->end->shut || x->end->other->closed || sim_end_room(x->end) != 0);
}

void sim_socket_refresh(struct sim_socket *x)
{
    sim_ready_set(sim_at(&x->base), &x->turn,
                  (x->reads && can_read(x)) || (x->writes && can_write(x)));
}

void sim_socket_step(struct sim_socket *x)
{
    /* the socket may be gone afterwards: its owner could not be, but a lingering one is freed */
    struct worker *w = x->base.worker;
    socket_ready(&x->base, x->reads && can_read(x), x->writes && can_write(x));
    if (w->lingering)
        sockets_lingering(w);
}

static void io_watch(struct socket *s, bool reads, bool writes)
{
    struct sim_socket *x = of(s);
    x->reads = reads;
    x->writes = writes;
    if (s->fd >= 0)
        sim_socket_refresh(x);
}

/* ---- opening ---- */

static int open_descriptor(struct socket *s)
{
    struct sim *sim = sim_at(s);
    if (sim->descriptors >= sim->descriptors_max)
        return EMFILE;
    sim->descriptors++;
    s->fd = sim->fds++;
    of(s)->turn.socket = of(s);
    return 0;
}

static void adopt(struct socket *s, struct sim_end *end)
{
    end->socket = of(s);
    of(s)->end = end;
}

static const struct sim_route *route_to(const struct sim *sim, const struct address *to)
{
    static const struct sim_route open = {.kind = SIM_OPEN};
    for (const struct sim_route *r = sim->routes; r; r = r->next)
        if (address_equal(&r->to, to))
            return r;
    return &open;
}

/* The moment at which the kernel would know. */
static int try_connect(struct socket *s, const struct address *to)
{
    struct sim *sim = sim_at(s);
    struct sim_listener *l = sim_listener_find(sim, to);
    if (!l || route_to(sim, to)->kind == SIM_REFUSED)
        return to->family == ADDRESS_UNIX && !l ? ENOENT : ECONNREFUSED;
    struct sim_link *link = sim_link_new(sim, to);
    adopt(s, &link->ends[0]);
    sim_link_arrive(l, link);
    return 0;
}

static int io_connect(struct socket *s, const struct address *to)
{
    struct sim *sim = sim_at(s);
    struct sim_socket *x = of(s);
    const struct sim_route *r = route_to(sim, to);
    if (to->family != ADDRESS_V4 && to->family != ADDRESS_V6 && to->family != ADDRESS_UNIX)
        return EAFNOSUPPORT;
    int error = open_descriptor(s);
    if (error)
        return error;
    if (to->family == ADDRESS_UNIX)
        return try_connect(s, to);
    x->waits = true;
    x->to = *to;
    x->due_us = r->kind == SIM_SILENT ? UINT64_MAX : sim->now_us + r->delay_us;
    x->next = sim->connecting;
    sim->connecting = x;
    if (x->due_us <= sim->now_us)
        sim_sockets_due(sim);
    return EINPROGRESS;
}

static void forget_connecting(struct sim_socket *x)
{
    struct sim_socket **at = &sim_at(&x->base)->connecting;
    while (*at && *at != x)
        at = &(*at)->next;
    if (*at)
        *at = x->next;
}

void sim_sockets_due(struct sim *sim)
{
    for (struct sim_socket **at = &sim->connecting; *at;) {
        struct sim_socket *x = *at;
        if (x->due_us > sim->now_us) {
            at = &x->next;
            continue;
        }
        *at = x->next;
        x->known = true;
        x->outcome = try_connect(&x->base, &x->to);
        sim_socket_refresh(x);
    }
}

static int io_connect_result(struct socket *s)
{
    of(s)->waits = false;
    return of(s)->outcome;
}

static bool is_free(struct sim *sim, const struct address *at)
{
    return sim_listener_find(sim, at) == NULL;
}

static void choose_port(struct sim *sim, struct address *at)
{
    at->port = 40000;
    while (!is_free(sim, at))
        at->port++;
}

static int io_listen(struct socket *s, const struct address *at, uint16_t *port)
{
    struct sim *sim = sim_at(s);
    struct address bound = *at;
    if (at->family != ADDRESS_V4 && at->family != ADDRESS_V6 && at->family != ADDRESS_UNIX)
        return EAFNOSUPPORT;
    int error = open_descriptor(s);
    if (error)
        return error;
    if (at->family != ADDRESS_UNIX && bound.port == 0)
        choose_port(sim, &bound);
    if (!is_free(sim, &bound))
        return EADDRINUSE;
    of(s)->listener = sim_listener_add(sim, &bound);
    of(s)->listener->socket = of(s);
    *port = bound.port;
    return 0;
}

static int io_accept(struct socket *listener, struct socket *fresh, struct address *peer)
{
    struct sim_listener *l = of(listener)->listener;
    struct sim_end *e = l->oldest;
    if (!e)
        return EAGAIN;
    int error = open_descriptor(fresh);
    if (error)
        return error;
    l->oldest = e->next_waiting;
    if (!l->oldest)
        l->newest = NULL;
    sim_socket_refresh(of(listener));
    *peer = e->link->from;
    adopt(fresh, e);
    return 0;
}

static int io_pair(struct socket *a, struct socket *b)
{
    struct sim *sim = sim_at(a);
    if (sim->descriptors + 2 > sim->descriptors_max)
        return EMFILE;
    struct sim_link *link = sim_link_new(sim, &(struct address){.family = ADDRESS_INTERNAL});
    (void)open_descriptor(a);
    (void)open_descriptor(b);
    adopt(a, &link->ends[0]);
    adopt(b, &link->ends[1]);
    return 0;
}

/* ---- using ---- */

static ssize_t io_read(struct socket *s, void *into, size_t room)
{
    ssize_t n = of(s)->end ? sim_end_read(of(s)->end, into, room) : -ENOTCONN;
    sim_socket_refresh(of(s));
    return n;
}

static ssize_t io_writev(struct socket *s, const struct iovec *pieces, int count)
{
    struct sim_end *e = of(s)->end;
    ssize_t sum = 0;
    if (!e)
        return -ENOTCONN;
    for (int i = 0; i < count && !(sum && e->broken); i++) {
        ssize_t n = sim_end_write(e, pieces[i].iov_base, pieces[i].iov_len);
        if (n < 0)
            return sum ? sum : n;
        sum += n;
        if ((size_t)n < pieces[i].iov_len)
            break;
    }
    sim_socket_refresh(of(s));
    return sum;
}

static void io_shutdown(struct socket *s)
{
    if (of(s)->end)
        sim_end_shutdown(of(s)->end);
}

static void io_reset(struct socket *s)
{
    of(s)->resets = true;
}

static void io_close(struct socket *s)
{
    struct sim *sim = sim_at(s);
    struct sim_socket *x = of(s);
    forget_connecting(x);
    sim_ready_set(sim, &x->turn, false);
    if (x->listener)
        sim_listener_remove(sim, x->listener);
    if (x->end)
        sim_end_close(x->end, x->resets);
    x->listener = NULL;
    x->end = NULL;
    s->fd = -1;
    sim->descriptors--;
}

/* ---- the rest of the table ---- */

/* start has no other way to the sim than through the runtime that it holds. */
static int io_start(struct worker *w)
{
    w->io_state = (char *)w->runtime - offsetof(struct sim, runtime);
    return 0;
}

static void io_finish(struct worker *w)
{
    w->io_state = NULL;
}

static uint64_t io_clock(struct worker *w)
{
    return sim_of(w)->now_us;
}

/* The first of January 2026, when the virtual clock says 0. */
static uint64_t io_wall(struct worker *w)
{
    return sim_of(w)->now_us + UINT64_C(1767225600000000);
}

static void io_poll(struct worker *w, bool may_wait, uint64_t until_us)
{
    (void)w, (void)may_wait, (void)until_us;
    assert(w == NULL); /* a sim is stepped, not run */
}

static void io_wake(struct worker *w)
{
    (void)w; /* nobody sleeps here */
}

const struct io_ops io_sim = {
    .socket_bytes = sizeof(struct sim_socket),
    .connect = io_connect,
    .connect_result = io_connect_result,
    .listen = io_listen,
    .accept = io_accept,
    .pair = io_pair,
    .read = io_read,
    .writev = io_writev,
    .shutdown = io_shutdown,
    .close = io_close,
    .reset = io_reset,
    .watch = io_watch,
    .start = io_start,
    .finish = io_finish,
    .clock = io_clock,
    .wall = io_wall,
    .poll = io_poll,
    .wake = io_wake,
    .resolve = sim_io_resolve,
    .file_open = sim_io_file_open,
    .file_write = sim_io_file_write,
    .file_read = sim_io_file_read,
    .file_close = sim_io_file_close,
    .log = sim_io_log,
};
