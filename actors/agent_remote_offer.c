/* actors/agent_remote_offer.c -- what goes to the answerer and to mirrors; see agent_remote.h */
#include "actors/agent_remote.h"
#include "actors/local_connection.h"
#include <string.h>

/* ---- lists of sessions ---- */

static unsigned refs_count(struct span refs)
{
    return refs.length / sizeof(struct actor_ref);
}

static struct actor_ref refs_get(struct span refs, unsigned i)
{
    struct actor_ref r;
    memcpy(&r, span_bytes(refs) + i * sizeof r, sizeof r);
    return r;
}

static void refs_add(struct span *refs, struct actor_ref r)
{
    struct chunk *c = chunk_new(refs->length + (uint32_t)sizeof r);
    if (refs->length)
        memcpy(c->bytes, span_bytes(*refs), refs->length);
    memcpy(c->bytes + refs->length, &r, sizeof r);
    c->used = c->capacity;
    struct span longer = {c, 0, refs->length + (uint32_t)sizeof r};
    span_release(refs);
    *refs = longer;
}

static bool refs_has(struct span refs, struct actor_ref r)
{
    for (unsigned i = 0; i < refs_count(refs); i++)
        if (ref_equal(refs_get(refs, i), r))
            return true;
    return false;
}

/* A session learns who we are before anything else, once. We hear of its death. */
static void attach(struct agent_remote *self, struct actor_ref session)
{
    if (refs_has(self->attached, session))
        return;
    refs_add(&self->attached, session);
    SAY(self, session, agent_attach,
        .addresses = span_copy(self->addresses, sizeof self->addresses), .port = self->number);
    actor_monitor(&self->actor, session);
}

/* ---- offers ---- */

static void offer_to(struct agent_remote *self, struct actor_ref session, struct span head,
                     struct span body, unsigned flags)
{
    attach(self, session);
    struct message *m = msg_agent_offer_new((struct msg_agent_offer){head, body});
    m->flags = (uint16_t)flags;
    actor_send(&self->actor, session, m);
}

static void assign(struct agent_remote *self, struct span head, unsigned flags)
{
    struct message *m = msg_assign_new((struct msg_assign){head, WINDOW_MAX});
    m->flags = (uint16_t)flags;
    actor_send(&self->actor, self->answerer, m);
}

void agent_remote_choose(struct agent_remote *self, struct actor_ref session)
{
    self->room = HOLD_MAX;
    self->owed = 0;
    self->answerer = session;
    self->answerer_is_session = !ref_is_nobody(session);
    if (self->answerer_is_session)
        return;
    self->answerer = actor_spawn(
        &self->actor, &local_connection_type, WORKER_HERE,
        msg_local_open_new((struct msg_local_open){.pool = NOBODY, .destination = self->upstream}));
}

void agent_remote_offer_raw(struct agent_remote *self)
{
    if (self->answerer_is_session)
        offer_to(self, self->answerer, NO_BYTES, NO_BYTES, OFFER_RAW);
    else
        assign(self, NO_BYTES, ASSIGN_RAW);
}

static void offer_to_upstream(struct agent_remote *self, struct span body, bool last)
{
    bool any = body.length != 0;
    assign(self, span_ref(self->head), last && !any ? ASSIGN_LAST : 0);
    if (any || last)
        SAY(self, self->answerer, assign_body, .bytes = span_take(&body), .last = last);
}

void agent_remote_offer(struct agent_remote *self, struct span body, bool last)
{
    unsigned flags = (last ? OFFER_LAST : 0) | (self->upgrade ? OFFER_UPGRADE : 0);
    self->room -= body.length;
    for (unsigned i = 0; i < refs_count(self->mirrors); i++)
        offer_to(self, refs_get(self->mirrors, i), span_ref(self->head), span_ref(body),
                 flags | OFFER_MIRROR);
    if (ref_is_nobody(self->answerer))
        span_release(&body);
    else if (self->answerer_is_session)
        offer_to(self, self->answerer, span_ref(self->head), body, flags);
    else
        offer_to_upstream(self, body, last);
}

/* ---- parts ---- */

static void copy_to_mirrors(struct agent_remote *self, struct span mirrors, struct span bytes,
                            bool last, bool trailers)
{
    for (unsigned i = 0; i < refs_count(mirrors); i++)
        SAY(self, refs_get(mirrors, i), agent_offer_body, .bytes = span_ref(bytes), .mirror = true,
            .last = last, .trailers = trailers);
}

void agent_remote_part(struct agent_remote *self, struct span bytes, bool last, bool trailers)
{
    copy_to_mirrors(self, self->mirrors, bytes, last, trailers);
    if (ref_is_nobody(self->answerer)) {
        span_release(&bytes);
        return;
    }
    self->room -= bytes.length;
    if (self->answerer_is_session)
        SAY(self, self->answerer, agent_offer_body, .bytes = bytes, .last = last,
            .trailers = trailers);
    else
        SAY(self, self->answerer, assign_body, .bytes = bytes, .last = last, .trailers = trailers);
}

/* ---- mirrors of all bytes ---- */

void agent_remote_copy_raw(struct agent_remote *self, struct span bytes, bool last)
{
    copy_to_mirrors(self, self->raw_mirrors, bytes, last, false);
}

void agent_remote_begin_raw_mirrors(struct agent_remote *self, struct span mirrors)
{
    self->raw_mirrors = mirrors;
    for (unsigned i = 0; i < refs_count(mirrors); i++)
        offer_to(self, refs_get(mirrors, i), NO_BYTES, NO_BYTES, OFFER_RAW | OFFER_MIRROR);
    struct span rest = span_ref(self->input);
    if (rest.length > self->first_left) {
        struct span first = span_split(&rest, self->first_left);
        agent_remote_copy_raw(self, first, false);
        span_release(&first);
    }
    if (rest.length)
        agent_remote_copy_raw(self, rest, false);
    span_release(&rest);
    if (self->input_ended)
        agent_remote_copy_raw(self, NO_BYTES, true);
}

/* ---- ends ---- */

void agent_remote_broken(struct agent_remote *self, const char *why)
{
    size_t length = strlen(why);
    for (unsigned i = 0; i < refs_count(self->mirrors); i++)
        SAY(self, refs_get(self->mirrors, i), agent_broken, .text = span_copy(why, length),
            .mirror = true);
    span_release(&self->mirrors);
    if (self->phase == PHASE_RAW)
        for (unsigned i = 0; i < refs_count(self->raw_mirrors); i++)
            SAY(self, refs_get(self->raw_mirrors, i), agent_broken, .text = span_copy(why, length),
                .mirror = true);
    if (self->answerer_is_session && !ref_is_nobody(self->answerer))
        SAY(self, self->answerer, agent_broken, .text = span_copy(why, length));
}

/* Sessions need not tell us of their death any more. */
void agent_remote_detach(struct agent_remote *self)
{
    for (unsigned i = 0; i < refs_count(self->attached); i++)
        actor_demonitor(&self->actor, refs_get(self->attached, i));
    span_release(&self->attached);
}

/* A local_connection ends with its user; what was written to it still goes out when the remote has
 * said all it had to say. */
void agent_remote_let_go(struct agent_remote *self)
{
    bool upstream = !ref_is_nobody(self->answerer) && !self->answerer_is_session;
    if (upstream && !(self->phase != PHASE_RAW && self->answer_ended))
        SAY(self, self->answerer, abandon,
            .after_written = self->phase == PHASE_RAW && self->request_ended);
    self->answerer = NOBODY;
}
