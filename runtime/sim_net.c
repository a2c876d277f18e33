/* runtime/sim_net.c -- connections, listeners and routes of the simulated network; see sim_parts.h
 *
 * As with the kernel's TCP on one host: bytes arrive at once, an end that is closed with bytes unread,
 * or that is written to after it was closed, breaks the connection, and what had come before
 * the break can still be read (unless sim_reset_drops). After a FIN a break is EPIPE, which only writing
 * meets; without one it is ECONNRESET, for whoever reads or writes first.
 */
#include "runtime/sim_parts.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void *sim_alloc(size_t bytes)
{
    void *p = calloc(1, bytes);
    if (!p)
        heap_exhausted("the simulation", bytes);
    return p;
}

/* ---- bytes ---- */

void sim_bytes_add(struct sim_bytes *b, const void *bytes, size_t length)
{
    if (length == 0)
        return;
    if (b->head && b->head + b->length + length > b->room) {
        memmove(b->data, b->data + b->head, b->length);
        b->head = 0;
    }
    if (b->length + length > b->room) {
        b->room = (b->length + length) * 2;
        b->data = realloc(b->data, b->room);
        if (!b->data)
            heap_exhausted("the simulation", b->room);
    }
    memcpy(b->data + b->head + b->length, bytes, length);
    b->length += length;
}

void sim_bytes_drop(struct sim_bytes *b, size_t length)
{
    assert(length <= b->length);
    b->head += length;
    b->length -= length;
    if (b->length == 0)
        b->head = 0;
}

void sim_bytes_free(struct sim_bytes *b)
{
    free(b->data);
    *b = (struct sim_bytes){NULL, 0, 0, 0};
}

/* ---- who is ready ---- */

static void ready_add(struct sim_ready *r, struct sim_turn *turn)
{
    if (r->count == r->room) {
        r->room = r->room ? r->room * 2 : 64;
        r->list = realloc(r->list, r->room * sizeof(struct sim_turn *));
        if (!r->list)
            heap_exhausted("the simulation", r->room * sizeof(struct sim_turn *));
    }
    r->list[r->count++] = turn;
    turn->place = r->count;
}

void sim_ready_set(struct sim *sim, struct sim_turn *turn, bool ready)
{
    struct sim_ready *r = &sim->ready;
    if (ready == (turn->place != 0))
        return;
    if (ready) {
        ready_add(r, turn);
        return;
    }
    struct sim_turn *last = r->list[--r->count];
    r->list[turn->place - 1] = last;
    last->place = turn->place;
    turn->place = 0;
}

/* Something has changed for this end: does it concern whoever has it? */
static void stir(struct sim_end *e)
{
    if (e->socket)
        sim_socket_refresh(e->socket);
    else if (e->peer)
        sim_peer_refresh(e->peer);
}

/* ---- ends ---- */

static void break_end(struct sim_end *e)
{
    if (e->closed || e->broken)
        return;
    e->error = e->ended ? EPIPE : ECONNRESET;
    e->broken = e->ended = true;
    stir(e);
}

/* What had come to this end and was not read is lost, if the test wants it so. */
static void overtake(struct sim_end *e)
{
    if (e->link->sim->reset_drops)
        sim_bytes_drop(&e->in, e->in.length);
}

/* What one read or write may move. */
static size_t cut(struct sim *sim, size_t length)
{
    if (!sim->cut_bytes || length == 0)
        return length;
    size_t most = sim->seed ? 1 + sim_random(sim, (uint32_t)sim->cut_bytes) : sim->cut_bytes;
    return length < most ? length : most;
}

static int take_error(struct sim_end *e)
{
    int error = e->error;
    e->error = 0;
    return error;
}

ssize_t sim_end_read(struct sim_end *e, void *into, size_t room)
{
    if (e->in.length) {
        size_t n = cut(e->link->sim, room < e->in.length ? room : e->in.length);
        memcpy(into, sim_bytes_first(&e->in), n);
        sim_bytes_drop(&e->in, n);
        if (!e->other->closed)
            stir(e->other);
        return (ssize_t)n;
    }
    if (e->error == ECONNRESET)
        return -take_error(e);
    return e->ended ? 0 : -EAGAIN;
}

size_t sim_end_room(const struct sim_end *e)
{
    size_t capacity = e->link->capacity_bytes, used = e->other->in.length;
    return used < capacity ? capacity - used : 0;
}

ssize_t sim_end_write(struct sim_end *e, const void *bytes, size_t length)
{
    if (e->error)
        return -take_error(e);
    if (e->broken || e->shut)
        return -EPIPE;
    if (e->other->closed) {
        overtake(e);
        break_end(e); /* the answer to these bytes is RST; they count as sent */
        return (ssize_t)length;
    }
    size_t room = sim_end_room(e);
    size_t n = cut(e->link->sim, length < room ? length : room);
    if (n == 0)
        return -EAGAIN;
    sim_bytes_add(&e->other->in, bytes, n);
    stir(e->other);
    return (ssize_t)n;
}

void sim_end_shutdown(struct sim_end *e)
{
    if (e->shut || e->broken)
        return;
    e->shut = true;
    e->other->ended = true;
    if (!e->other->closed)
        stir(e->other);
}

void sim_end_close(struct sim_end *e, bool reset)
{
    struct sim_end *other = e->other;
    bool unread = e->in.length != 0;
    e->closed = true;
    e->socket = NULL;
    e->peer = NULL;
    sim_bytes_free(&e->in);
    if (other->closed) {
        free(e->link);
        return;
    }
    if (unread)
        overtake(other);
    if (unread || reset)
        break_end(other);
    other->ended = true;
    stir(other);
}

/* ---- links and listeners ---- */

/* Where a client comes from: a port of its own on the loopback. */
static struct address ephemeral(struct sim *sim, const struct address *to)
{
    struct address from = {.family = to->family};
    sim->ports = sim->ports < 49152 || sim->ports == 65535 ? 49152 : (uint16_t)(sim->ports + 1);
    if (to->family == ADDRESS_V4 || to->family == ADDRESS_V6) {
        from.port = sim->ports;
        address_wildcard_to_loopback(&from);
    }
    return from;
}

struct sim_link *sim_link_new(struct sim *sim, const struct address *to)
{
    struct sim_link *link = sim_alloc(sizeof *link);
    link->sim = sim;
    link->from = ephemeral(sim, to);
    link->capacity_bytes = sim->capacity_bytes;
    for (unsigned i = 0; i < 2; i++) {
        link->ends[i].link = link;
        link->ends[i].other = &link->ends[1 - i];
    }
    return link;
}

static void wait_in_backlog(struct sim_listener *l, struct sim_end *e)
{
    if (l->newest)
        l->newest->next_waiting = e;
    else
        l->oldest = e;
    l->newest = e;
    sim_socket_refresh(l->socket);
}

void sim_link_arrive(struct sim_listener *l, struct sim_link *link)
{
    struct sim_end *far = &link->ends[1];
    if (l->socket) {
        wait_in_backlog(l, far);
        return;
    }
    struct sim_peer *p = sim_peer_new(link->sim, far);
    p->at = l->at;
    p->accepted = l->accepted;
    p->accepted_context = l->context;
    sim_peer_refresh(p);
}

static bool reaches(const struct address *listener, const struct address *to)
{
    struct address at = *listener;
    if (address_equal(&at, to))
        return true;
    address_wildcard_to_loopback(&at);
    return address_equal(&at, to);
}

struct sim_listener *sim_listener_find(struct sim *sim, const struct address *to)
{
    struct sim_listener *l = sim->listeners;
    while (l && !reaches(&l->at, to))
        l = l->next;
    return l;
}

struct sim_listener *sim_listener_add(struct sim *sim, const struct address *at)
{
    struct sim_listener *l = sim_alloc(sizeof *l);
    l->at = *at;
    l->next = sim->listeners;
    sim->listeners = l;
    return l;
}

void sim_listener_remove(struct sim *sim, struct sim_listener *l)
{
    struct sim_listener **at = &sim->listeners;
    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    while (l->oldest) {
        struct sim_end *e = l->oldest;
        l->oldest = e->next_waiting;
        sim_end_close(e, true);
    }
    free(l);
}

/* ---- properties ---- */

void sim_capacity(struct sim *sim, size_t bytes)
{
    sim->capacity_bytes = bytes;
}

void sim_cut(struct sim *sim, size_t bytes)
{
    sim->cut_bytes = bytes;
}

void sim_reset_drops(struct sim *sim, bool drops)
{
    sim->reset_drops = drops;
}

void sim_descriptors(struct sim *sim, uint32_t most)
{
    sim->descriptors_max = most;
}

void sim_parse(struct address *a, const char *text)
{
    char error[160];
    bool parsed = address_parse(a, text, error);
    assert(parsed);
    (void)parsed;
}

void sim_route(struct sim *sim, const char *to, enum sim_route_kind kind, uint64_t delay_us)
{
    struct address a;
    sim_parse(&a, to);
    struct sim_route *r = sim->routes;
    while (r && !address_equal(&r->to, &a))
        r = r->next;
    if (!r) {
        r = sim_alloc(sizeof *r);
        r->to = a;
        r->next = sim->routes;
        sim->routes = r;
    }
    r->kind = kind;
    r->delay_us = delay_us;
}

void sim_net_destroy(struct sim *sim)
{
    sim_peers_destroy(sim);
    while (sim->listeners)
        sim_listener_remove(sim, sim->listeners);
    while (sim->routes) {
        struct sim_route *r = sim->routes;
        sim->routes = r->next;
        free(r);
    }
    free(sim->ready.list);
}
