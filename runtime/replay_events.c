/* runtime/replay_events.c -- see replay_events.h */
#include "runtime/replay_events.h"
#include "runtime/kinds.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct owned {
    bool timer; /* else a socket */
    uint32_t n, serial;
    uint64_t due_us;
};

/* What a listener had asked for. */
struct listened {
    const struct actor_type *type;
    uint64_t tag;
    bool internal;
};

static struct owned *find(const struct owned_all *o, bool timer, uint32_t n)
{
    for (uint32_t i = 0; i < o->count; i++)
        if (o->list[i].timer == timer && o->list[i].n == n)
            return &o->list[i];
    return NULL;
}

static void forget(struct owned_all *o, bool timer, uint32_t n)
{
    struct owned *x = find(o, timer, n);
    if (x)
        *x = o->list[--o->count];
}

static void begin(struct owned_all *o, bool timer, uint32_t n, uint64_t due_us)
{
    forget(o, timer, n);
    if (o->count == o->room) {
        o->room = o->room * 2 + 4;
        o->list = realloc(o->list, o->room * sizeof *o->list);
        if (!o->list)
            heap_exhausted("a replay", o->room * sizeof *o->list);
    }
    o->list[o->count++] = (struct owned){timer, n, ++o->serial, due_us};
}

static void listen(struct owned_all *o, const struct effect *e)
{
    size_t bytes = (o->listen_count + 1) * sizeof *o->listens;
    o->listens = realloc(o->listens, bytes);
    if (!o->listens)
        heap_exhausted("a replay", bytes);
    o->listens[o->listen_count++] =
        (struct listened){e->type, e->value, e->address->family == ADDRESS_INTERNAL};
}

void owned_did(struct owned_all *o, const struct effect *e, uint64_t now_us)
{
    switch (e->kind) {
    case EFFECT_TIMER_START: begin(o, true, e->n, now_us + e->value); break;
    case EFFECT_TIMER_STOP: forget(o, true, e->n); break;
    case EFFECT_CONNECT: begin(o, false, e->n, 0); break;
    case EFFECT_LISTEN:
        begin(o, false, e->n, 0);
        listen(o, e);
        break;
    case EFFECT_CLOSE:
    case EFFECT_ABORT:
    case EFFECT_RESET: forget(o, false, e->n); break;
    default: break;
    }
}

static bool timer_ran_out(struct owned_all *o, uint32_t n, uint32_t serial, uint64_t now_us,
                          char why[200])
{
    const struct owned *x = find(o, true, n);
    if (!x || x->serial != serial)
        snprintf(why, 200, "timer %" PRIu32 " (serial %" PRIu32 ") ran out, which does not run", n,
                 serial);
    else if (now_us < x->due_us)
        snprintf(why, 200, "timer %" PRIu32 " ran out %" PRIu64 " us early", n, x->due_us - now_us);
    else {
        forget(o, true, n);
        return true;
    }
    return false;
}

static bool socket_said(const struct owned_all *o, uint32_t n, uint32_t serial, char why[200])
{
    const struct owned *x = find(o, false, n);
    if (x && x->serial == serial)
        return true;
    snprintf(why, 200,
             "something came of socket %" PRIu32 " (serial %" PRIu32 "), which is not open", n,
             serial);
    return false;
}

bool owned_heard(struct owned_all *o, const struct message *given, uint64_t now_us, char why[200])
{
    struct message *m = (struct message *)(uintptr_t)given; /* the accessors take no const */
#define SOCKET(KIND, kind)                                                                         \
    case MSG_##KIND: return socket_said(o, msg_##kind(m)->n, msg_##kind(m)->serial, why);
    switch (m->kind) {
    case MSG_TIMER: return timer_ran_out(o, msg_timer(m)->n, msg_timer(m)->serial, now_us, why);
    case MSG_SOCKET_ACCEPTED:
        begin(o, false, 0, 0);
        return true;
        SOCKET(SOCKET_CONNECTED, socket_connected)
        SOCKET(SOCKET_LISTENING, socket_listening)
        SOCKET(SOCKET_DATA, socket_data)
        SOCKET(SOCKET_END, socket_end)
        SOCKET(SOCKET_FAILED, socket_failed)
        SOCKET(SOCKET_DRAINED, socket_drained)
    default: return true;
    }
#undef SOCKET
}

/* Within the program a peer has no address; from outside the kernel gives it, and nobody else knows it. */
static bool is_peer(const struct listened *l, const struct msg_socket_accepted *a)
{
    bool nowhere = !a->ip_high && !a->ip_low && !a->port;
    return l->internal ? a->family == ADDRESS_INTERNAL && nowhere : a->family != ADDRESS_INTERNAL;
}

bool owned_accepts(const struct owned_all *o, const struct actor_type *type,
                   const struct message *m, char why[200])
{
    const struct msg_socket_accepted *a = msg_socket_accepted((struct message *)(uintptr_t)m);
    for (uint32_t i = 0; i < o->listen_count; i++)
        if (o->listens[i].type == type && o->listens[i].tag == a->tag && is_peer(&o->listens[i], a))
            return true;
    snprintf(why, 200, "it was accepted by a listener that does not listen for it so");
    return false;
}

void owned_free(struct owned_all *o)
{
    free(o->list);
    free(o->listens);
}
