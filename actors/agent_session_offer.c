/* actors/agent_session_offer.c -- what remotes say: offers, bytes, failures, ends; see agent_session.h */
#include "actors/agent_exchange.h"
#include "actors/agent_settings.h"
#include "actors/agent_speech.h"
#include "messages/limits.h"
#include "runtime/address.h"
#include <stdlib.h>
#include <string.h>

/* ---- from remotes: who they are ---- */

static struct attached_remote *remote_of(struct agent_session *self, struct actor_ref who)
{
    uint64_t key = ref_bits(who);
    struct attached_remote *r;
    HASH_FIND(hh, self->remotes, &key, sizeof key, r);
    return r;
}

static struct wire_address wire_address_of(const uint8_t packed[ADDRESS_PACKED_BYTES])
{
    struct address a;
    struct wire_address w = {.family = 4};
    address_unpack(&a, packed);
    w.port = a.port;
    if (a.family == ADDRESS_V4 || a.family == ADDRESS_V6) {
        memcpy(w.octets, a.ip, a.family == ADDRESS_V4 ? 4 : 16);
        w.family = a.family == ADDRESS_V4 ? 4 : 6;
    }
    return w;
}

void agent_session_attach(struct agent_session *self, struct message *m)
{
    const struct msg_agent_attach *a = msg_agent_attach(m);
    const uint8_t *packed = span_bytes(a->addresses);
    assert(a->addresses.length == 2 * ADDRESS_PACKED_BYTES && !remote_of(self, m->from));
    struct attached_remote *r = calloc(1, sizeof *r);
    if (!r)
        abort();
    r->key = ref_bits(m->from);
    r->ref = m->from;
    r->port = a->port;
    r->source = wire_address_of(packed);
    r->destination = wire_address_of(packed + ADDRESS_PACKED_BYTES);
    HASH_ADD(hh, self->remotes, key, sizeof r->key, r);
    actor_monitor(&self->actor, r->ref);
}

/* ---- from remotes: offers ---- */

static enum request_variant variant_for(struct version v)
{
    if (version_allows(v, GATE_HTTP_CHUNKED_REQUEST_V2))
        return VARIANT_CHUNKED_V2;
    if (version_allows(v, GATE_HTTP_CHUNKED_REQUEST))
        return VARIANT_CHUNKED_V1;
    return version_allows(v, GATE_HTTP_FRAMED) ? VARIANT_FRAMED : VARIANT_BASIC;
}

/* The exchange of the remote's next request: the old kind goes on with the connection's id (AG-6). */
static struct agent_exchange *next_exchange(struct agent_session *self, struct attached_remote *r,
                                            uint64_t mode)
{
    struct agent_exchange *x = r->current[mode];
    if (!x)
        return agent_exchange_new(self, r, mode);
    agent_exchange_drop_held(x);
    if (x->state != EXCHANGE_COLLECTING)
        x->request++;
    x->request_ended = x->switching = x->broken = false;
    return x;
}

/* The whole request is there: it is offered at last. */
static void offer_collected(struct agent_session *self, struct agent_exchange *x)
{
    agent_speech_request(self, x);
    agent_exchange_drop_held(x);
    x->state = EXCHANGE_WAITING;
}

static void offer_collecting(struct agent_session *self, struct agent_exchange *x,
                             struct msg_agent_offer *o, bool last)
{
    x->state = EXCHANGE_COLLECTING;
    x->head = span_take(&o->head);
    span_settle(&x->head);
    if (o->body.length)
        agent_exchange_hold(x, span_take(&o->body), false, false);
    if (last)
        offer_collected(self, x);
}

/* A complete body is said to be complete: in StartV2 itself, after StartV1 by an empty last Body, which
 * agents 3.107 to 3.109 forget (AG-45). */
static void offer_started(struct agent_session *self, struct agent_exchange *x,
                          struct msg_agent_offer *o, bool last)
{
    x->state = EXCHANGE_WAITING;
    agent_speech_start(self, x, span_take(&o->head), span_take(&o->body), last);
    if (last && x->variant == VARIANT_CHUNKED_V1 && !agent_settings->lose_body_end)
        agent_speech_body(self, x, NO_BYTES, false);
}

static void offer_request(struct agent_session *self, struct agent_exchange *x,
                          struct msg_agent_offer *o, uint16_t flags)
{
    uint64_t bytes = o->body.length;
    bool last = flags & OFFER_LAST;
    x->variant = (uint8_t)variant_for(self->speaks);
    x->request_ended = last;
    if (x->variant == VARIANT_BASIC || x->variant == VARIANT_FRAMED)
        offer_collecting(self, x, o, last);
    else
        offer_started(self, x, o, last);
    agent_exchange_credit(self, x, bytes);
    if (x->id.mode == MODE_MIRROR)
        agent_exchange_close_if_finished(self, x);
}

void agent_session_offer(struct agent_session *self, struct message *m)
{
    struct attached_remote *r = remote_of(self, m->from);
    uint64_t mode = m->flags & OFFER_MIRROR ? MODE_MIRROR : MODE_STEAL;
    if (!r)
        return;
    struct agent_exchange *x = next_exchange(self, r, mode);
    x->number = m->exchange;
    if (m->flags & OFFER_RAW) {
        x->state = EXCHANGE_TCP;
        agent_speech_new_connection(self, x);
    } else {
        offer_request(self, x, msg_agent_offer(m), m->flags);
    }
}

/* ---- from remotes: bytes ---- */

static void collect(struct agent_session *self, struct agent_exchange *x,
                    struct msg_agent_offer_body *b)
{
    if (b->bytes.length)
        agent_exchange_hold(x, span_take(&b->bytes), b->trailers, false);
    if (x->held_bytes > COLLECT_MAX) {
        actor_log(&self->actor, LOG_WARN, "a request is too long for this client, dropped",
                  "limit=%llu", (unsigned long long)COLLECT_MAX);
        agent_exchange_drop_remote(self, x);
        agent_exchange_remove(self, x);
    } else if (b->last) {
        x->request_ended = true;
        offer_collected(self, x);
    }
}

static void request_body(struct agent_session *self, struct agent_exchange *x,
                         struct msg_agent_offer_body *b)
{
    if (b->bytes.length)
        agent_speech_body(self, x, span_take(&b->bytes), b->trailers);
    if (!b->last)
        return;
    x->request_ended = true;
    agent_speech_body(self, x, NO_BYTES, false);
    agent_exchange_close_if_finished(self, x);
}

/* Bytes of an upgraded connection that come before the 101 is complete wait for it (AG-24). */
static void raw_bytes(struct agent_session *self, struct agent_exchange *x,
                      struct msg_agent_offer_body *b)
{
    if (!agent_exchange_is_raw(x)) {
        agent_exchange_hold(x, span_take(&b->bytes), false, b->last);
        return;
    }
    if (b->bytes.length)
        agent_speech_data(self, x, span_take(&b->bytes));
    if (!b->last)
        return;
    x->request_ended = true;
    agent_speech_data(self, x, NO_BYTES);
    agent_exchange_close_if_both_ended(self, x);
}

/* AG-12: a mirror that is behind is given up; it must not hold up who is stolen from. */
static bool mirror_is_behind(struct agent_session *self, struct agent_exchange *x)
{
    static const char why[] = "the client is too slow";
    if (x->id.mode != MODE_MIRROR || self->unsent <= AGENT_MIRROR_BEHIND_MAX)
        return false;
    agent_exchange_say_failed(self, x, why, sizeof why - 1);
    agent_exchange_close(self, x);
    return true;
}

void agent_session_offer_body(struct agent_session *self, struct message *m)
{
    struct msg_agent_offer_body *b = msg_agent_offer_body(m);
    struct attached_remote *r = remote_of(self, m->from);
    struct agent_exchange *x = r ? r->current[b->mirror ? MODE_MIRROR : MODE_STEAL] : NULL;
    uint64_t bytes = b->bytes.length;
    if (!x || mirror_is_behind(self, x))
        return;
    struct exchange_id id = x->id;
    if (x->state == EXCHANGE_COLLECTING)
        collect(self, x, b);
    else if (agent_exchange_is_raw(x) || x->switching)
        raw_bytes(self, x, b);
    else
        request_body(self, x, b);
    if (bytes && (x = agent_exchange_find(self, id.mode, id.connection)))
        agent_exchange_credit(self, x, bytes);
}

/* ---- from remotes: failures and ends ---- */

/* The old kind says Error and waits for the answer, if it has said anything at all (AG-6). */
static void old_request_broken(struct agent_session *self, struct agent_exchange *x,
                               struct wire_text why)
{
    if (x->state == EXCHANGE_COLLECTING) {
        agent_exchange_drop_remote(self, x);
        agent_exchange_remove(self, x);
        return;
    }
    agent_speech_request_error(self, x, why);
    x->request_ended = x->broken = true;
    agent_exchange_close_if_finished(self, x);
}

void agent_session_broken(struct agent_session *self, struct message *m)
{
    const struct msg_agent_broken *b = msg_agent_broken(m);
    struct attached_remote *r = remote_of(self, m->from);
    struct agent_exchange *x = r ? r->current[b->mirror ? MODE_MIRROR : MODE_STEAL] : NULL;
    const char *why = (const char *)span_bytes(b->text);
    if (!x)
        return;
    if (agent_is_old() && !agent_exchange_is_raw(x)) {
        old_request_broken(self, x, (struct wire_text){why, b->text.length});
        return;
    }
    if (x->state == EXCHANGE_COLLECTING) {
        agent_exchange_remove(self, x);
        return;
    }
    if (!agent_is_old())
        agent_exchange_say_failed(self, x, why, b->text.length);
    agent_exchange_close(self, x);
}

/* The remote has left, and nothing was broken by it. */
static void remote_left(struct agent_session *self, struct agent_exchange *x)
{
    static const char why[] = "connection closed before message completed";
    bool raw = agent_exchange_is_raw(x), both = x->request_ended && x->client_ended;
    x->remote = NULL;
    if (x->state == EXCHANGE_COLLECTING || (agent_is_old() && raw && both)) {
        agent_exchange_remove(self, x); /* nothing was said of it; or is any more (AG-48) */
    } else if (x->broken) {
        return; /* Close comes with the answer */
    } else if (agent_is_old() || raw) {
        agent_exchange_close(self, x);
    } else if (!x->request_ended) { /* AG-21: cut by ourselves, or else it would be broken */
        agent_exchange_say_failed(self, x, why, sizeof why - 1);
        agent_exchange_close(self, x);
    } else if (x->id.mode == MODE_MIRROR) {
        agent_exchange_close(self, x);
    }
    /* else AG-21: it is told when the answer comes */
}

void agent_session_remote_down(struct agent_session *self, struct actor_ref who)
{
    struct attached_remote *r = remote_of(self, who);
    if (!r)
        return;
    for (unsigned mode = 0; mode < 2; mode++)
        if (r->current[mode])
            remote_left(self, r->current[mode]);
    HASH_DEL(self->remotes, r);
    free(r);
}
