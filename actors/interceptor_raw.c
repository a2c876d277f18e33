/* actors/interceptor_raw.c -- bytes both ways: a raw connection, or a request that was answered with 101.
 *
 * Both directions are independent (TCP-13). An empty Data is a half-close, nothing else is (TCP-7, TCP-8).
 */
#include "actors/interceptor_state.h"
#include "runtime/heap.h"

static uint8_t mode_of(const struct interceptor *self)
{
    return self->mirror ? MODE_MIRROR : MODE_STEAL;
}

void raw_begin(struct interceptor *self, struct message *m)
{
    const struct msg_new_connection *c = msg_new_connection(m);
    self->ids = (struct answer_ids){c->port, c->connection, 0};
    interceptor_want(self, 0);
}

/* The agent has closed it: what it sent before is still written to the application (TCP-10). */
static void close_at_leisure(struct interceptor *self)
{
    if (self->mirror) {
        timer_start(&self->actor, TIMER_LINGER, MIRROR_LINGER_US);
        return;
    }
    self->phase = PHASE_CLOSING;
    raw_check_closing(self);
}

void raw_assign(struct interceptor *self)
{
    struct message *m = msg_assign_new((struct msg_assign){NO_BYTES, self->window});
    m->flags = ASSIGN_RAW;
    self->raw = true;
    self->phase = PHASE_RAW;
    actor_send(&self->actor, self->local, m);
    upload_attach(&self->actor, &self->upload, self->local, HOLD_MAX);
    if (self->closed_by_agent)
        close_at_leisure(self);
}

/* Data that came before the 101 is written after it. */
void raw_upgrade(struct interceptor *self)
{
    upload_upgrade(&self->actor, &self->upload);
    upload_attach(&self->actor, &self->upload, self->local, HOLD_MAX); /* both sides begin anew */
    self->raw = true;
    self->phase = PHASE_RAW;
    while (self->early) {
        struct part *p = self->early;
        self->early = p->next;
        bool last = p->last;
        interceptor_upload_result(
            self, upload_add(&self->actor, &self->upload, span_take(&p->bytes), last, false));
        self->agent_ended |= last;
        heap_free(p, sizeof *p);
    }
    self->early_last = NULL;
    if (self->closed_by_agent && self->phase == PHASE_RAW) /* mirrored; the rest lingers as usual */
        close_at_leisure(self);
}

void raw_drop_early(struct interceptor *self)
{
    while (self->early) {
        struct part *p = self->early;
        self->early = p->next;
        span_release(&p->bytes);
        heap_free(p, sizeof *p);
    }
    self->early_last = NULL;
}

static void keep_early(struct interceptor *self, struct span bytes)
{
    if (self->early_last && self->early_last->last) {
        span_release(&bytes);
        return; /* nothing follows a half-close (AG-24) */
    }
    self->early_bytes += bytes.length;
    if (self->early_bytes > EARLY_DATA_MAX) {
        span_release(&bytes);
        http_fail(self, 502, "more data than 64 KiB came before the upgrade was answered");
        return;
    }
    struct part *p = heap_alloc(sizeof *p);
    span_settle(&bytes);
    *p = (struct part){NULL, bytes, bytes.length == 0, false};
    if (self->early_last)
        self->early_last->next = p;
    else
        self->early = p;
    self->early_last = p;
}

static void both_ended(struct interceptor *self)
{
    /* the newest agents say Close now, those of 3.93 to 3.149 never do (TCP-9, AG-48) */
    if (self->agent_ended && self->app_ended)
        timer_start(&self->actor, TIMER_CLOSE, RAW_CLOSE_US);
}

void raw_on_data(struct interceptor *self, struct message *m)
{
    struct msg_data *d = msg_data(m);
    struct span bytes = span_take(&d->bytes);
    bool last = bytes.length == 0;
    if (self->phase == PHASE_ENDED || self->phase == PHASE_CLOSING) {
        span_release(&bytes);
        return;
    }
    if (!self->raw_born && self->phase != PHASE_RAW) {
        keep_early(self, bytes);
        return;
    }
    interceptor_upload_result(self, upload_add(&self->actor, &self->upload, bytes, last, false));
    self->agent_ended |= last;
    both_ended(self);
}

static void mirror_bytes(struct interceptor *self, const struct msg_response_body *b)
{
    /* what the application says is read, or it would block, and dropped (TCP-12) */
    if (b->bytes.length)
        SAY(self, self->local, credit, .bytes = b->bytes.length);
    if (self->closed_by_agent)
        timer_start(&self->actor, TIMER_LINGER, MIRROR_LINGER_US);
}

void raw_on_bytes(struct interceptor *self, struct message *m)
{
    struct msg_response_body *b = msg_response_body(m);
    if (self->mirror) {
        mirror_bytes(self, b);
    } else if (self->phase == PHASE_CLOSING) {
        /* nothing may be said about an id after its Close (AG-47); keep the application going */
        if (b->bytes.length)
            SAY(self, self->local, credit, .bytes = b->bytes.length);
    } else {
        if (b->bytes.length)
            SAY(self, self->link, data, .bytes = span_take(&b->bytes),
                .connection = self->ids.connection, .mode = MODE_STEAL);
        if (b->last)
            SAY(self, self->link, data, .bytes = NO_BYTES, .connection = self->ids.connection,
                .mode = MODE_STEAL);
    }
    self->app_ended |= b->last;
    both_ended(self);
}

void raw_unsubscribe(struct interceptor *self)
{
    if (!self->closed_by_agent)
        SAY(self, self->link, connection_unsubscribe, .connection = self->ids.connection,
            .mode = mode_of(self));
    interceptor_end(self);
}

/* Nothing was sent, and all that came is held: it waits for a descriptor like a request. */
static void wait_for_descriptor(struct interceptor *self)
{
    timer_stop(&self->actor, TIMER_LINGER);
    self->attempts--;
    interceptor_want(self, WANT_AFTER_FULL);
}

/* One connection ends, nothing else (TCP-3, TCP-5, TCP-11). */
void raw_on_failed(struct interceptor *self, struct message *m)
{
    const struct msg_local_failed *f = msg_local_failed(m);
    self->local = NOBODY;
    upload_detach(&self->upload);
    if (self->raw_born && interceptor_lacks_descriptor(f)) {
        wait_for_descriptor(self);
        return;
    }
    if (f->stage == LOCAL_UNREACHED)
        actor_log(&self->actor, LOG_WARN, "a connection did not reach the application",
                  "port=%u why=\"%.*s\"", self->ids.port, (int)f->text.length,
                  f->text.length ? (const char *)span_bytes(f->text) : "");
    raw_unsubscribe(self);
}

void raw_check_closing(struct interceptor *self)
{
    if (upload_has_left(&self->upload))
        interceptor_end(self); /* on_stop abandons the local connection after what is written */
}

void raw_on_cancel(struct interceptor *self, enum cancel_why why)
{
    if (self->closed_by_agent || self->phase == PHASE_ENDED)
        return;
    if (why != CANCEL_CLOSED && why != CANCEL_LINK) {
        raw_unsubscribe(self); /* of the request that it was: the id is still the agent's */
        return;
    }
    self->closed_by_agent = true;
    if (!self->mirror)
        SAY(self, self->link, forget, .unused = 0);
    if (self->phase == PHASE_RAW && (self->mirror || why == CANCEL_CLOSED))
        close_at_leisure(self);
    else if (self->phase != PHASE_WAITING || why != CANCEL_CLOSED || upload_is_empty(&self->upload))
        interceptor_end(self);
    /* else it came and went before it had a connection: it still gets one (TCP-6) */
}

void raw_on_timer(struct interceptor *self, uint32_t n)
{
    if (!upload_has_left(&self->upload))
        timer_start(&self->actor, n, n == TIMER_LINGER ? MIRROR_LINGER_US : RAW_CLOSE_US);
    else if (n == TIMER_LINGER)
        interceptor_end(self);
    else
        raw_unsubscribe(self);
}
