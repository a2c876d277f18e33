/* runtime/sim_peer.c -- the outside ends of connections, which a test plays; see sim.h
 *
 * A peer has its turns like an actor's socket: it sends what was given to it as the connection has room,
 * takes in what came, and calls back. So a test's peer is neither faster nor slower than chance.
 */
#include "runtime/sim_parts.h"
#include <stdlib.h>
#include <string.h>

enum { PEER_READ_BYTES = 64 * 1024 };

/* ---- readiness ---- */

static bool has_input(const struct sim_peer *p)
{
    const struct sim_end *e = p->end;
    return !p->stopped && (e->in.length || e->error || (e->ended && !p->ended));
}

static bool can_send(const struct sim_peer *p)
{
    const struct sim_end *e = p->end;
    return p->outgoing.length && (e->broken || e->other->closed || sim_end_room(e) != 0);
}

static bool can_finish(const struct sim_peer *p)
{
    return p->outgoing.length == 0 && (p->close_wanted || (p->shut_wanted && !p->shut_done));
}

void sim_peer_refresh(struct sim_peer *p)
{
    sim_ready_set(p->sim, &p->turn,
                  p->end && (p->accepted || has_input(p) || can_send(p) || can_finish(p)));
}

/* ---- its turn ---- */

static void let_go(struct sim_peer *p, bool reset)
{
    struct sim_end *e = p->end;
    p->end = NULL;
    sim_bytes_drop(&p->outgoing, p->outgoing.length);
    sim_end_close(e, reset);
    sim_peer_refresh(p);
}

static void failed(struct sim_peer *p, int error)
{
    p->error = error;
    p->ended = true;
    sim_bytes_drop(&p->outgoing, p->outgoing.length);
}

static void send_some(struct sim_peer *p)
{
    ssize_t n = sim_end_write(p->end, sim_bytes_first(&p->outgoing), p->outgoing.length);
    if (n >= 0)
        sim_bytes_drop(&p->outgoing, (size_t)n);
    else
        failed(p, (int)-n);
}

static void take_some(struct sim_peer *p)
{
    uint8_t bytes[PEER_READ_BYTES];
    ssize_t n = sim_end_read(p->end, bytes, sizeof bytes);
    if (n > 0)
        sim_bytes_add(&p->received, bytes, (size_t)n);
    else if (n == 0 && p->end->error == 0)
        p->ended = true;
    else
        failed(p, n ? (int)-n : p->end->error);
    if (p->error)
        p->end->error = 0;
}

static void finish(struct sim_peer *p)
{
    p->shut_done = true;
    if (p->close_wanted)
        let_go(p, false);
    else
        sim_end_shutdown(p->end);
}

void sim_peer_step(struct sim_peer *p)
{
    if (p->accepted) {
        sim_peer_heard *accepted = p->accepted;
        p->accepted = NULL;
        p->fetched = true;
        accepted(p, p->accepted_context);
    } else if (has_input(p) && (!can_send(p) || sim_random(p->sim, 2))) {
        take_some(p);
        if (p->heard)
            p->heard(p, p->heard_context);
    } else if (can_send(p)) {
        send_some(p);
    } else {
        finish(p);
    }
    sim_peer_refresh(p);
}

/* ---- making and ending ---- */

struct sim_peer *sim_peer_new(struct sim *sim, struct sim_end *end)
{
    struct sim_peer *p = sim_alloc(sizeof *p);
    p->sim = sim;
    p->turn.peer = p;
    p->end = end;
    end->peer = p;
    if (sim->peers) /* oldest first, for accept */
        sim->peers_newest->next = p;
    else
        sim->peers = p;
    return sim->peers_newest = p;
}

void sim_peers_destroy(struct sim *sim)
{
    while (sim->peers) {
        struct sim_peer *p = sim->peers;
        if (p->end)
            let_go(p, true);
        sim->peers = p->next;
        sim_bytes_free(&p->outgoing);
        sim_bytes_free(&p->received);
        free(p);
    }
}

struct sim_peer *sim_peer_connect(struct sim *sim, const char *to)
{
    struct address a;
    sim_parse(&a, to);
    struct sim_listener *l = sim_listener_find(sim, &a);
    if (!l)
        return NULL;
    struct sim_link *link = sim_link_new(sim, &a);
    struct sim_peer *p = sim_peer_new(sim, &link->ends[0]);
    p->fetched = true;
    sim_link_arrive(l, link);
    return p;
}

void sim_peer_listen(struct sim *sim, const char *at, sim_peer_heard *accepted, void *context)
{
    struct address a;
    sim_parse(&a, at);
    assert(!sim_listener_find(sim, &a));
    struct sim_listener *l = sim_listener_add(sim, &a);
    l->accepted = accepted;
    l->context = context;
}

void sim_peer_unlisten(struct sim *sim, const char *at)
{
    struct address a;
    sim_parse(&a, at);
    struct sim_listener *l = sim_listener_find(sim, &a);
    assert(l && !l->socket);
    sim_listener_remove(sim, l);
}

struct sim_peer *sim_peer_accept(struct sim *sim, const char *at)
{
    struct address a;
    sim_parse(&a, at);
    for (struct sim_peer *p = sim->peers; p; p = p->next)
        if (!p->fetched && address_equal(&p->at, &a)) {
            p->fetched = true;
            return p;
        }
    return NULL;
}

void sim_peer_on_bytes(struct sim_peer *p, sim_peer_heard *heard, void *context)
{
    p->heard = heard;
    p->heard_context = context;
}

struct sim *sim_peer_sim(const struct sim_peer *p)
{
    return p->sim;
}

/* ---- what the test does with it ---- */

void sim_peer_write(struct sim_peer *p, const void *bytes, size_t length)
{
    if (!p->end || p->end->broken || p->shut_wanted || p->close_wanted)
        return;
    sim_bytes_add(&p->outgoing, bytes, length);
    sim_peer_refresh(p);
}

const uint8_t *sim_peer_received(const struct sim_peer *p, size_t *length)
{
    *length = p->received.length;
    return p->received.length ? sim_bytes_first(&p->received) : NULL;
}

void sim_peer_drop(struct sim_peer *p, size_t length)
{
    sim_bytes_drop(&p->received, length);
}

void sim_peer_reads(struct sim_peer *p, bool reads)
{
    p->stopped = !reads;
    sim_peer_refresh(p);
}

void sim_peer_shutdown(struct sim_peer *p)
{
    p->shut_wanted = true;
    sim_peer_refresh(p);
}

void sim_peer_close(struct sim_peer *p)
{
    p->close_wanted = true;
    sim_peer_refresh(p);
}

void sim_peer_reset(struct sim_peer *p)
{
    if (p->end)
        let_go(p, true);
}

bool sim_peer_ended(const struct sim_peer *p)
{
    return p->ended;
}

int sim_peer_error(const struct sim_peer *p)
{
    return p->error;
}

size_t sim_peer_unread(const struct sim_peer *p)
{
    return p->end ? p->outgoing.length + p->end->other->in.length : 0;
}
