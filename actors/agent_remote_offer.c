/* actors/agent_remote_offer.c -- what goes to the answerer and to mirrors; see agent_remote.h */
#include "actors/agent_refs.h"
#include "actors/agent_remote.h"
#include "actors/local_connection.h"
#include <string.h>

/* ---- offers ---- */

/* A session learns who we are before anything else, once. We hear of its death. */
static void attach(struct agent_remote *self, struct actor_ref session)
{
    if (agent_refs_has(self->attached, session))
        return;
    agent_refs_add(&self->attached, session);
    SAY(self, session, agent_attach,
        .addresses = span_copy(self->addresses, sizeof self->addresses), .port = self->number);
    actor_monitor(&self->actor, session);
}

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
    struct message *first =
        msg_local_open_new((struct msg_local_open){.pool = NOBODY, .destination = self->upstream});
    first->exchange = self->actor.exchange;
    self->answerer = actor_spawn(&self->actor, &local_connection_type, WORKER_HERE, first);
}

void agent_remote_offer_raw(struct agent_remote *self)
{
    if (self->answerer_is_session)
        offer_to(self, self->answerer, NO_BYTES, NO_BYTES, OFFER_RAW);
    else
        assign(self, NO_BYTES, ASSIGN_RAW);
}

/* Of a request it says so: behind a 101 that is on its way it would be taken for raw bytes. */
static void pass_upstream(struct agent_remote *self, struct span bytes, bool last, bool trailers)
{
    struct message *m = msg_assign_body_new(
        (struct msg_assign_body){.bytes = bytes, .last = last, .trailers = trailers});
    m->flags = self->phase == PHASE_HTTP ? ASSIGN_HTTP : 0;
    actor_send(&self->actor, self->answerer, m);
}

static void offer_to_upstream(struct agent_remote *self, struct span body, bool last)
{
    bool any = body.length != 0;
    assign(self, span_ref(self->head), last && !any ? ASSIGN_LAST : 0);
    if (any || last)
        pass_upstream(self, span_take(&body), last, false);
}

void agent_remote_offer(struct agent_remote *self, struct span body, bool last)
{
    unsigned flags = last ? OFFER_LAST : 0;
    self->room -= body.length;
    for (unsigned i = 0; i < agent_refs_count(self->mirrors); i++)
        offer_to(self, agent_refs_get(self->mirrors, i), span_ref(self->head), span_ref(body),
                 flags | OFFER_MIRROR);
    if (ref_is_nobody(self->answerer))
        span_release(&body);
    else if (self->answerer_is_session)
        offer_to(self, self->answerer, span_ref(self->head), body, flags);
    else
        offer_to_upstream(self, body, last);
}

/* ---- parts ---- */

static void copy_to_mirrors(struct agent_remote *self, struct span mirrors, uint32_t exchange,
                            const struct msg_agent_offer_body *part)
{
    for (unsigned i = 0; i < agent_refs_count(mirrors); i++) {
        struct message *m = msg_agent_offer_body_new((struct msg_agent_offer_body){
            .bytes = span_ref(part->bytes),
            .mirror = true,
            .last = part->last,
            .trailers = part->trailers,
        });
        m->exchange = exchange;
        actor_send(&self->actor, agent_refs_get(mirrors, i), m);
    }
}

void agent_remote_part(struct agent_remote *self, struct span bytes, bool last, bool trailers)
{
    copy_to_mirrors(
        self, self->mirrors, self->actor.exchange,
        &(struct msg_agent_offer_body){.bytes = bytes, .last = last, .trailers = trailers});
    if (ref_is_nobody(self->answerer)) {
        span_release(&bytes);
        return;
    }
    self->room -= bytes.length;
    if (self->answerer_is_session)
        SAY(self, self->answerer, agent_offer_body, .bytes = bytes, .last = last,
            .trailers = trailers);
    else
        pass_upstream(self, bytes, last, trailers);
}

/* ---- mirrors of all bytes ---- */

void agent_remote_copy_raw(struct agent_remote *self, struct span bytes, bool last)
{
    copy_to_mirrors(self, self->raw_mirrors, self->raw_exchange,
                    &(struct msg_agent_offer_body){.bytes = bytes, .last = last});
}

void agent_remote_begin_raw_mirrors(struct agent_remote *self, struct span mirrors)
{
    self->raw_mirrors = mirrors;
    self->raw_exchange = self->actor.exchange;
    for (unsigned i = 0; i < agent_refs_count(mirrors); i++)
        offer_to(self, agent_refs_get(mirrors, i), NO_BYTES, NO_BYTES, OFFER_RAW | OFFER_MIRROR);
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

static void mirrors_broken(struct agent_remote *self, struct span mirrors, uint32_t exchange,
                           const char *why)
{
    for (unsigned i = 0; i < agent_refs_count(mirrors); i++) {
        struct message *m = msg_agent_broken_new(
            (struct msg_agent_broken){.text = span_copy(why, strlen(why)), .mirror = true});
        m->exchange = exchange;
        actor_send(&self->actor, agent_refs_get(mirrors, i), m);
    }
}

void agent_remote_broken(struct agent_remote *self, const char *why)
{
    mirrors_broken(self, self->mirrors, self->actor.exchange, why);
    span_release(&self->mirrors);
    if (self->phase == PHASE_RAW)
        mirrors_broken(self, self->raw_mirrors, self->raw_exchange, why);
    if (self->answerer_is_session && !ref_is_nobody(self->answerer))
        SAY(self, self->answerer, agent_broken, .text = span_copy(why, strlen(why)));
}

/* Sessions need not tell us of their death any more. */
void agent_remote_detach(struct agent_remote *self)
{
    for (unsigned i = 0; i < agent_refs_count(self->attached); i++)
        actor_demonitor(&self->actor, agent_refs_get(self->attached, i));
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
