/* runtime/socket_listen.c -- listeners, and the actors that they spawn for each connection. */
#include "runtime/socket.h"
#include "runtime/lives.h"
#include "runtime/runtime.h"
#include "runtime/worker.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void socket_adopt(struct socket *listener, struct socket *fresh, const struct address *peer)
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
    socket_watch(fresh);
    w->counters.accepted++;
}

/* EMFILE and its like: connections wait in the backlog until somebody gives a descriptor back. */
static void starve(struct socket *listener, int error)
{
    struct worker *w = listener->worker;
    char why[100];
    snprintf(why, sizeof why, "why=\"%s\"", strerror(error));
    if (w->counters.accept_failed++ == 0)
        runtime_say(w, LOG_WARN, "no descriptor for a new connection, it waits", why);
    if (listener->starved)
        return;
    listener->starved = true;
    listener->starved_until_us = w->now_us + (uint64_t)ACCEPT_RETRY_MS * 1000;
    listener->starved_next = w->starved;
    w->starved = listener;
    socket_watch(listener);
}

void socket_unstarve(struct socket *listener)
{
    struct socket **at = &listener->worker->starved;
    if (!listener->starved)
        return;
    while (*at != listener)
        at = &(*at)->starved_next;
    *at = listener->starved_next;
    listener->starved = false;
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
        if (s->starved_until_us > w->now_us) {
            at = &s->starved_next;
            continue;
        }
        *at = s->starved_next;
        s->starved = false;
        socket_watch(s);
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
        socket_watch(s);
}
