/* messages/trace_gather_remote.c -- exchanges as the stand-in agent has them with its remote clients; see
 * trace_gather_state.h
 *
 * Each request is asked a route for, at agent_port; it goes to a session (AGENT_OFFER) or to the upstream (ASSIGN); the
 * answer comes back to agent_remote. Copies for mirrors are not looked at. What the agent answers of its own (a 502)
 * is in no message, so it has no answer here.
 */
#include "messages/agent_vocabulary.h"
#include "messages/trace_gather_state.h"
#include <stdlib.h>

static struct remote *remote_of(struct trace_gather *g, struct actor_ref who)
{
    uint64_t ref = ref_bits(who);
    struct remote *m;
    HASH_FIND(hh, g->remotes, &ref, sizeof ref, m);
    return m;
}

static struct remote *add_remote(struct trace_gather *g, struct actor_ref who)
{
    struct remote *m = remote_of(g, who);
    if (m)
        return m;
    m = gather_must(calloc(1, sizeof *m));
    m->ref = ref_bits(who);
    HASH_ADD(hh, g->remotes, ref, sizeof m->ref, m);
    return m;
}

static void end_exchange(struct trace_gather *g, struct remote *m, bool over)
{
    if (!m->x)
        return;
    m->x->over = over;
    gather_finish(g, m->x);
    m->x = NULL;
}

static void on_accepted(struct remote *m, const struct trace_record *r)
{
    uint64_t high = 0, low = 0, port = 0, family = 0;
    (void)trace_value(r, "ip_high", &high);
    (void)trace_value(r, "ip_low", &low);
    (void)trace_value(r, "port", &port);
    (void)trace_value(r, "family", &family);
    struct address a = {.family = (uint8_t)family, .port = (uint16_t)port};
    memcpy(a.ip, &high, 8);
    memcpy(a.ip + 8, &low, 8);
    if (family == ADDRESS_V4 || family == ADDRESS_V6)
        address_print(&a, m->address);
}

/* A request, or a connection that is none. */
static void on_route(struct trace_gather *g, struct remote *m, const struct trace_record *r)
{
    uint64_t what = ASKED_ARRIVED;
    (void)trace_value(r, "what", &what);
    if (what == ASKED_ARRIVED)
        return;
    end_exchange(g, m, true);
    struct gathered *x = m->x = gather_add(g, ++g->numbered, r->ended_ns - r->took_ns);
    x->remote = true;
    x->local = r->from;
    x->raw = what == ASKED_RAW;
    x->times.assigned = x->times.began;
    x->has_request = gathered_take_head(x, &x->request_head, trace_span(r, "head"));
}

static void on_request_part(struct gathered *x, const struct trace_record *r)
{
    uint64_t mirror = 0;
    (void)trace_value(r, "mirror", &mirror);
    if (mirror)
        return;
    x->times.sent = r->ended_ns;
    gathered_add_part(x->raw || x->upgraded ? &x->to_application : &x->request, r);
}

/* What the remote says to who will answer. */
static void from_remote(struct trace_gather *g, struct remote *m, const struct trace_record *r)
{
    if (r->kind->ours == MSG_AGENT_ROUTE)
        on_route(g, m, r);
    if (!m->x)
        return;
    switch (r->kind->ours) {
    case MSG_AGENT_OFFER:
        if (r->flags & (OFFER_MIRROR | OFFER_RAW))
            return;
        gathered_add_whole(&m->x->request, trace_span(r, "body"), false);
        m->x->request.ended = r->flags & OFFER_LAST;
        m->x->times.sent = r->ended_ns;
        break;
    case MSG_ASSIGN:
        m->x->request.ended = r->flags & ASSIGN_LAST;
        m->x->times.sent = r->ended_ns;
        break;
    case MSG_AGENT_OFFER_BODY:
    case MSG_ASSIGN_BODY: on_request_part(m->x, r); break;
    default: break;
    }
}

static void on_answer_part(struct gathered *x, const struct trace_record *r)
{
    uint64_t when = r->ended_ns - r->took_ns;
    if (!x->times.first_byte)
        x->times.first_byte = when;
    x->times.last_byte = when;
    if (r->kind->ours == MSG_RESPONSE)
        gathered_take_response(x, r);
    else
        gathered_add_part(x->raw || x->upgraded ? &x->from_application : &x->response, r);
}

static void to_remote(struct remote *m, const struct trace_record *r)
{
    switch (r->kind->ours) {
    case MSG_SOCKET_ACCEPTED: on_accepted(m, r); break;
    case MSG_RESPONSE:
    case MSG_RESPONSE_BODY:
        if (m->x)
            on_answer_part(m->x, r);
        break;
    case MSG_LOCAL_FAILED:
        if (m->x)
            gathered_set_failure(m->x, trace_span(r, "text"));
        break;
    default: break;
    }
    if (m->x) {
        m->x->times.ended = r->ended_ns;
        memcpy(m->x->address, m->address, sizeof m->address);
    }
}

static void forget(struct trace_gather *g, struct remote *m, bool over)
{
    end_exchange(g, m, over);
    HASH_DEL(g->remotes, m);
    free(m);
}

/* Their parts are messages to many, so no numbers tell of whom they were: of any that is under way. */
static void lose_some(struct trace_gather *g)
{
    struct remote *m, *next;
    HASH_ITER(hh, g->remotes, m, next)
    {
        if (m->x && !gathered_is_whole(m->x))
            m->x->gap = true;
    }
}

void gather_take_remote(struct trace_gather *g, const struct trace_record *r)
{
    struct remote *m = remote_of(g, r->to);
    if (r->what == TRACE_LAGGED)
        lose_some(g);
    if (gather_is_type(r, "agent_remote") && r->what == TRACE_END) {
        if (m)
            forget(g, m, true);
        return;
    }
    if (r->what != TRACE_CALL)
        return;
    if (gather_is_type(r, "agent_remote"))
        to_remote(m ? m : add_remote(g, r->to), r);
    else if ((m = remote_of(g, r->from)))
        from_remote(g, m, r);
}

void gather_forget_remotes(struct trace_gather *g)
{
    struct remote *m, *next;
    HASH_ITER(hh, g->remotes, m, next)
    {
        HASH_DEL(g->remotes, m);
        free(m);
    }
}
