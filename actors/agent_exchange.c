/* actors/agent_exchange.c -- the exchanges of one client: ids, held frames, credit, ends; see agent_exchange.h */
#include "actors/agent_exchange.h"
#include "actors/agent_settings.h"
#include "actors/agent_speech.h"
#include "actors/agent_words.h"
#include "messages/limits.h"
#include <stdlib.h>

static void *must(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

/* ---- exchanges ---- */

struct agent_exchange *agent_exchange_find(struct agent_session *self, uint64_t mode,
                                           uint64_t connection)
{
    struct exchange_id id = {connection, mode};
    struct agent_exchange *x;
    HASH_FIND(hh, self->exchanges, &id, sizeof id, x);
    return x;
}

struct agent_exchange *agent_exchange_new(struct agent_session *self, struct attached_remote *r,
                                          uint64_t mode)
{
    struct agent_exchange *x = must(calloc(1, sizeof *x));
    x->id = (struct exchange_id){self->next_id[mode]++, mode};
    x->remote = r;
    r->current[mode] = x;
    HASH_ADD(hh, self->exchanges, id, sizeof x->id, x);
    return x;
}

void agent_exchange_drop_held(struct agent_exchange *x)
{
    while (x->held_first) {
        struct held_frame *f = x->held_first;
        x->held_first = f->next;
        span_release(&f->bytes);
        free(f);
    }
    x->held_last = NULL;
    x->held_bytes = 0;
    span_release(&x->head);
}

void agent_exchange_hold(struct agent_exchange *x, struct span bytes, bool trailers, bool fin)
{
    struct held_frame *f = must(calloc(1, sizeof *f));
    span_settle(&bytes);
    *f = (struct held_frame){NULL, bytes, trailers, fin};
    if (x->held_last)
        x->held_last->next = f;
    else
        x->held_first = f;
    x->held_last = f;
    x->held_bytes += bytes.length;
}

void agent_exchange_remove(struct agent_session *self, struct agent_exchange *x)
{
    if (x->remote)
        x->remote->current[x->id.mode] = NULL;
    agent_exchange_drop_held(x);
    HASH_DEL(self->exchanges, x);
    free(x);
}

void agent_exchange_close(struct agent_session *self, struct agent_exchange *x)
{
    agent_speech_tcp_close(self, x);
    agent_exchange_remove(self, x);
}

void agent_exchange_say_failed(struct agent_session *self, const struct agent_exchange *x,
                               const char *why, size_t length)
{
    struct span text = agent_words_failed(x->id.mode == MODE_MIRROR, x->id.connection, why, length);
    agent_speech_log(self, WIRE_LEVEL_WARN, text);
    span_release(&text);
}

/* Request and answer are finished: the new kind says so (AG-5), the old one goes on with the next
 * request of the connection. */
void agent_exchange_close_if_finished(struct agent_session *self, struct agent_exchange *x)
{
    if (!x->request_ended || (x->state != EXCHANGE_ANSWERED && x->id.mode == MODE_STEAL))
        return;
    if (!agent_is_old() || x->broken || !x->remote)
        agent_exchange_close(self, x);
}

/* Both directions of a raw connection are: agents of the old kind keep the id for ever (AG-48). */
void agent_exchange_close_if_both_ended(struct agent_session *self, struct agent_exchange *x)
{
    if (x->request_ended && (x->client_ended || x->id.mode == MODE_MIRROR) && !agent_is_old())
        agent_exchange_close(self, x);
}

bool agent_exchange_is_raw(const struct agent_exchange *x)
{
    return x->state == EXCHANGE_TCP || x->state == EXCHANGE_UPGRADED;
}

void agent_exchange_send(struct agent_session *self, const struct agent_exchange *x,
                         struct message *m)
{
    m->exchange = x->number;
    actor_send(&self->actor, x->remote->ref, m);
}

/* ---- credit: bytes of a remote that have been passed on ---- */

static void pay(struct agent_session *self, struct agent_exchange *x)
{
    if (x->switching)
        return; /* held_bytes is bounded by what is not paid */
    if (x->owed && x->remote)
        SAY_REMOTE(self, x, credit, .bytes = x->owed);
    x->owed = 0;
}

void agent_exchange_credit(struct agent_session *self, struct agent_exchange *x, uint64_t bytes)
{
    if (x->id.mode == MODE_MIRROR)
        return; /* copies are sent without asking */
    x->owed += bytes;
    if (self->unsent <= LINK_UNSENT_MAX) /* else SOCKET_DRAINED comes */
        pay(self, x);
}

void agent_session_pay(struct agent_session *self)
{
    for (struct agent_exchange *x = self->exchanges; x; x = x->hh.next)
        pay(self, x);
}

/* ---- ends ---- */

void agent_exchange_drop_remote(struct agent_session *self, struct agent_exchange *x)
{
    if (x->remote)
        SAY_REMOTE(self, x, agent_dropped, .unused = 0);
}

void agent_session_forget_all(struct agent_session *self)
{
    while (self->exchanges)
        agent_exchange_remove(self, self->exchanges);
    while (self->remotes) {
        struct attached_remote *r = self->remotes;
        HASH_DEL(self->remotes, r);
        free(r);
    }
}
