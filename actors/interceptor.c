/* actors/interceptor.c -- dispatch, waiting for a connection, and the end; see interceptor.h */
#include "actors/interceptor_state.h"
#include "actors/resend.h"
#include "actors/settings.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static void on_intercept(struct interceptor *self, struct message *m)
{
    const struct msg_intercept *i = msg_intercept(m);
    self->link = i->link;
    self->pool = i->pool;
    self->version.ordinal = i->version;
    self->window = i->window;
    self->destination = i->destination;
    self->mirror = m->flags & INTERCEPT_MIRROR;
    self->raw_born = m->flags & INTERCEPT_RAW;
    upload_create(&self->upload, i->link, i->window, !self->raw_born);
}

void interceptor_want(struct interceptor *self, uint16_t flags)
{
    self->phase = PHASE_WAITING;
    self->wanting = true;
    if (self->raw_born)
        flags |= WANT_FRESH;
    else if (!http_is_repeatable(self->head))
        flags |= WANT_SHORT_IDLE;
    struct message *m = msg_want_new((struct msg_want){self->destination});
    m->flags = flags;
    actor_send(&self->actor, self->pool, m);
}

static void on_grant(struct interceptor *self, struct message *m)
{
    const struct msg_grant *g = msg_grant(m);
    if (self->phase != PHASE_WAITING) {
        self->wanting = false;
        SAY(self, g->connection, abandon, .after_written = false);
        return;
    }
    self->wanting = false;
    self->local = g->connection;
    self->granted_served = g->served;
    self->attempts++;
    self->phase = PHASE_ASKED;
    if (self->raw_born)
        raw_assign(self);
    else
        http_assign(self);
}

void interceptor_end(struct interceptor *self)
{
    self->phase = PHASE_ENDED;
    actor_stop(&self->actor, STOP_DONE);
}

static bool is_raw(const struct interceptor *self)
{
    return self->raw_born || self->phase == PHASE_RAW || self->phase == PHASE_CLOSING;
}

static void why_not_spooled(const struct interceptor *self, enum upload_result r, char *out,
                            size_t room)
{
    uint32_t error = self->upload.spool.error;
    if (r == UPLOAD_TOO_LARGE)
        snprintf(out, room, "--spool-max is reached");
    else if (r == UPLOAD_BEHIND)
        snprintf(out, room, "the disk is %u MiB behind", (unsigned)(SPOOL_BEHIND_MAX / MIB(1)));
    else
        snprintf(out, room, "the spool file failed: %s%s",
                 error ? strerror((int)error) : "it is shorter than what was written",
                 error == ENOSPC ? ", or --spool-total-max is reached" : "");
}

void interceptor_upload_result(struct interceptor *self, enum upload_result r)
{
    char limit[120], why[200];
    if (r == UPLOAD_OK || self->phase == PHASE_ENDED)
        return;
    why_not_spooled(self, r, limit, sizeof limit);
    snprintf(why, sizeof why, "the application does not take the upload: %s", limit);
    actor_log(&self->actor, LOG_ERROR, why, "connection=%llu port=%u spool-dir=\"%s\"",
              (unsigned long long)self->ids.connection, self->ids.port, settings->spool_dir);
    if (is_raw(self))
        raw_unsubscribe(self);
    else
        http_fail(self, 507, why);
}

void interceptor_moved(struct interceptor *self)
{
    self->moved_us = actor_now(&self->actor);
}

bool interceptor_lacks_descriptor(const struct msg_local_failed *f)
{
    return f->stage == LOCAL_UNREACHED && (f->error == EMFILE || f->error == ENFILE);
}

static void on_credit(struct interceptor *self, struct message *m)
{
    uint64_t bytes = msg_credit(m)->bytes;
    if (ref_equal(m->from, self->local)) {
        interceptor_moved(self);
        interceptor_upload_result(self, upload_credit(&self->actor, &self->upload, bytes));
        if (self->raw_born)
            upload_release_held(&self->upload); /* there is a connection: nothing is sent again */
        if (self->phase == PHASE_CLOSING)
            raw_check_closing(self);
    } else if (ref_equal(m->from, self->link)) {
        http_give_credit(self, bytes);
    }
}

static void on_file(struct interceptor *self, struct message *m)
{
    interceptor_moved(self);
    interceptor_upload_result(self, upload_on_file(&self->actor, &self->upload, m));
    if (self->phase == PHASE_CLOSING)
        raw_check_closing(self);
}

static void on_response(struct interceptor *self, struct message *m)
{
    if (ref_equal(m->from, self->local))
        http_on_response(self, m);
}

static void on_response_body(struct interceptor *self, struct message *m)
{
    if (!ref_equal(m->from, self->local))
        return;
    if (is_raw(self))
        raw_on_bytes(self, m);
    else
        http_on_response_body(self, m);
}

static void tell_failed(struct interceptor *self, struct message *failed)
{
    if (is_raw(self))
        raw_on_failed(self, failed);
    else
        http_on_failed(self, failed);
}

/* The connection went away between GRANT and ASSIGN: nothing was written. */
static void on_bounced(struct interceptor *self, struct message *m)
{
    if (msg_bounced(m)->kind != MSG_ASSIGN || !ref_equal(msg_bounced(m)->whom, self->local))
        return;
    struct message *failed = msg_local_failed_new(
        (struct msg_local_failed){.stage = LOCAL_UNWRITTEN, .served = self->granted_served});
    failed->from = self->local;
    tell_failed(self, failed);
    message_free(failed);
}

static void on_failed(struct interceptor *self, struct message *m)
{
    if (ref_equal(m->from, self->local))
        tell_failed(self, m);
}

static void on_cancel(struct interceptor *self, struct message *m)
{
    enum cancel_why why = msg_cancel(m)->why;
    if (is_raw(self))
        raw_on_cancel(self, why);
    else
        http_on_cancel(self, why);
}

static void say_slow(struct interceptor *self)
{
    char method[32];
    http_method_of(self->head, method, sizeof method);
    actor_log(&self->actor, LOG_WARN,
              self->upload.ended ? "the application has not answered for 30 s, waiting on"
                                 : "the application has not answered for 30 s, nor has the agent "
                                   "said the end of the request, waiting on",
              "method=%s port=%u", method, self->ids.port);
}

/* An upload may take as long as it likes: what counts is the time in which nothing of the request moved
 * that was not with the application. */
static void on_slow(struct interceptor *self)
{
    uint64_t still = actor_now(&self->actor) - self->moved_us;
    if (self->phase > PHASE_ASKED || is_raw(self))
        return;
    bool asked = self->phase == PHASE_ASKED && upload_is_empty(&self->upload);
    if (asked && still >= SLOW_ANSWER_US)
        say_slow(self);
    else
        timer_start(&self->actor, TIMER_SLOW, asked ? SLOW_ANSWER_US - still : SLOW_ANSWER_US);
}

static void on_timer(struct interceptor *self, struct message *m)
{
    switch (msg_timer(m)->n) {
    case TIMER_PAUSE: interceptor_want(self, 0); break;
    case TIMER_SLOW: on_slow(self); break;
    case UPLOAD_TIMER: upload_on_timer(&self->actor, &self->upload); break;
    default: raw_on_timer(self, msg_timer(m)->n); break;
    }
}

static void on_message(struct actor *actor, struct message *m)
{
    struct interceptor *self = interceptor_of(actor);
    switch (m->kind) {
    case MSG_INTERCEPT: on_intercept(self, m); break;
    case MSG_REQUEST: http_on_request(self, m); break;
    case MSG_REQUEST_BODY: http_on_request_body(self, m); break;
    case MSG_NEW_CONNECTION: raw_begin(self, m); break;
    case MSG_DATA: raw_on_data(self, m); break;
    case MSG_GRANT: on_grant(self, m); break;
    case MSG_RESPONSE: on_response(self, m); break;
    case MSG_RESPONSE_BODY: on_response_body(self, m); break;
    case MSG_CREDIT: on_credit(self, m); break;
    case MSG_LOCAL_FAILED: on_failed(self, m); break;
    case MSG_BOUNCED: on_bounced(self, m); break;
    case MSG_AGENT_PROTOCOL_VERSION:
        self->version.ordinal = msg_agent_protocol_version(m)->version;
        http_on_version(self);
        break;
    case MSG_ANSWER:
    case MSG_ANSWER_BODY:
    case MSG_ANSWER_ERROR: http_on_returned(self, m); break;
    case MSG_ANSWERED: interceptor_end(self); break;
    case MSG_CANCEL: on_cancel(self, m); break;
    case MSG_SLOW: on_slow(self); break;
    case MSG_TIMER: on_timer(self, m); break;
    case MSG_FILE_OPENED:
    case MSG_FILE_WRITTEN:
    case MSG_FILE_READ: on_file(self, m); break;
    default: actor_unexpected(actor, m); break;
    }
}

static void on_stop(struct actor *actor)
{
    struct interceptor *self = interceptor_of(actor);
    if (self->wanting)
        SAY(self, self->pool, unwant, .destination = self->destination);
    if (!ref_is_nobody(self->local))
        SAY(self, self->local, abandon,
            .after_written =
                self->raw && (self->closed_by_agent || (self->agent_ended && self->app_ended)));
    if (self->closed_by_agent || actor->stop_reason != STOP_DONE)
        SAY(self, self->link, forget, .unused = 0);
    span_release(&self->head);
    span_release(&self->answer_head);
    collected_destroy(&self->collected);
    raw_drop_early(self);
    upload_destroy(actor, &self->upload);
}

const struct actor_type interceptor_type = {"interceptor", sizeof(struct interceptor), on_message,
                                            on_stop};
