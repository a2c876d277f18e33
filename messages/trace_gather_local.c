/* messages/trace_gather_local.c -- what the connection to the application did for an exchange; see
 * trace_gather_state.h
 */
#include "messages/trace_gather_state.h"
#include <stdlib.h>

static struct local *local_of(struct trace_gather *g, struct actor_ref ref)
{
    uint64_t bits = ref_bits(ref);
    struct local *l;
    HASH_FIND(hh, g->locals, &bits, sizeof bits, l);
    if (l)
        return l;
    l = gather_must(calloc(1, sizeof *l));
    l->ref = bits;
    HASH_ADD(hh, g->locals, ref, sizeof l->ref, l);
    return l;
}

/* Times of the connection itself are the exchange's if it was made for it. */
static void copy_dial(struct gathered *x, const struct local *l)
{
    memcpy(x->address, l->address, sizeof x->address);
    if (l->uses != 1)
        return;
    x->times.resolve = l->times.resolve;
    x->times.resolved = l->times.resolved;
    x->times.dial = l->times.dial;
    x->times.connected = l->times.connected;
}

static void on_assign(struct trace_gather *g, struct local *l, const struct trace_record *r)
{
    struct gathered *x = gather_find(g, r->exchange);
    l->user = r->exchange;
    l->uses++;
    l->answered = false;
    if (!x)
        return;
    x->attempts++;
    x->local = r->to;
    x->reused = l->uses > 1;
    x->times =
        (struct gathered_times){.began = x->times.began, .assigned = r->ended_ns - r->took_ns};
    gathered_set_failure(x, NULL);
    copy_dial(x, l);
}

/* An answer's first byte is none that came before the request went on: that was 100 Continue. */
static void on_write(const struct local *l, struct gathered *x, uint64_t when)
{
    x->times.sent = when;
    if (!l->answered)
        x->times.first_byte = x->times.last_byte = 0;
}

static void on_effect(struct local *l, struct gathered *x, const struct trace_effect *e,
                      uint64_t when)
{
    switch (e->kind) {
    case EFFECT_RESOLVE: l->times.resolve = when; break;
    case EFFECT_CONNECT:
        l->times.dial = when;
        memcpy(l->address, e->address, sizeof l->address);
        break;
    case EFFECT_WRITE:
        if (x && !x->upgraded && e->bytes.length)
            on_write(l, x, when);
        break;
    case EFFECT_SEND: l->answered |= e->message && e->message->ours == MSG_RESPONSE; break;
    default: break;
    }
}

static void note_events(struct local *l, struct gathered *x, const struct trace_record *r)
{
    uint64_t when = r->ended_ns - r->took_ns, error = 0;
    (void)trace_value(r, "error", &error);
    if (r->kind->ours == MSG_RESOLVED && !error)
        l->times.resolved = when;
    if (r->kind->ours == MSG_SOCKET_CONNECTED && !error)
        l->times.connected = when;
    if (r->kind->ours != MSG_SOCKET_DATA || !x)
        return;
    if (!x->times.first_byte)
        x->times.first_byte = when;
    x->times.last_byte = when;
}

void gather_take_local(struct trace_gather *g, const struct trace_reader *reader,
                       const struct trace_record *r)
{
    struct local *l = local_of(g, r->to);
    if (r->what == TRACE_END) {
        HASH_DEL(g->locals, l);
        free(l);
        return;
    }
    if (r->kind->ours == MSG_ASSIGN)
        on_assign(g, l, r);
    struct gathered *x = l->user ? gather_find(g, l->user) : NULL;
    note_events(l, x, r);
    struct trace_effect e;
    size_t at = 0;
    while (trace_effect_next(reader, r, &at, &e))
        on_effect(l, x, &e, r->ended_ns);
    if (x)
        copy_dial(x, l);
}

void gather_forget_locals(struct trace_gather *g)
{
    struct local *l, *next;
    HASH_ITER(hh, g->locals, l, next)
    {
        HASH_DEL(g->locals, l);
        free(l);
    }
}
