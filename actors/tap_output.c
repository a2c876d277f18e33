/* actors/tap_output.c -- see tap_output.h */
#include "actors/tap_output.h"
#include "actors/tap.h"
#include "actors/tap_link.h"
#include "actors/tap_print.h"
#include "messages/kinds.h"
#include <string.h>

enum { TIMER_RETRY };

struct tap_output {
    struct actor actor;
    struct actor_ref tap;
    struct message *oldest, *newest; /* TAP_SHOWs that wait */
    uint32_t at;                     /* in the records of the oldest */
    struct wire_buffer lines;        /* that were made and not written yet */
    size_t written;                  /* of them */
    uint64_t in_lines;               /* messages in them */
    struct tap_printer printer;
    unsigned retries; /* since STOP */
    bool gone, stopping, waiting;
};

/* ---- records --------------------------------------------------------------------------------- */

static const struct tap_record *record_at(struct span records, uint32_t at)
{
    const void *bytes = span_bytes(records) + at;
    return bytes;
}

/* The oldest TAP_SHOW has done its work. */
static void done_with_oldest(struct tap_output *self)
{
    struct message *m = self->oldest;
    struct message *credit =
        msg_credit_new((struct msg_credit){.bytes = msg_tap_show(m)->records.length});
    credit->flags = self->gone ? TAP_NOBODY_READS : 0;
    actor_send(&self->actor, m->from, credit);
    self->oldest = message_next(m);
    if (!self->oldest)
        self->newest = NULL;
    self->at = 0;
    message_free(m);
}

/* Messages in the lines and records that wait. */
static uint64_t count_waiting(const struct tap_output *self)
{
    uint64_t n = self->written < self->lines.length ? self->in_lines : 0;
    uint32_t at = self->at;
    for (struct message *m = self->oldest; m; m = message_next(m), at = 0) {
        struct span records = msg_tap_show(m)->records;
        while (at < records.length) {
            const struct tap_record *r = record_at(records, at);
            n += r->kind == TAP_RECORD_MESSAGE;
            at += (uint32_t)tap_record_room(r->held);
        }
    }
    return n;
}

/* Lines of the oldest records. */
static void make_lines(struct tap_output *self)
{
    struct span records = msg_tap_show(self->oldest)->records;
    self->lines.length = self->written = 0;
    self->in_lines = 0;
    while (self->at < records.length && self->lines.length < TAP_LINES_BYTES) {
        const struct tap_record *r = record_at(records, self->at);
        tap_print(&self->printer, r, (const uint8_t *)(r + 1), &self->lines);
        self->in_lines += r->kind == TAP_RECORD_MESSAGE;
        self->at += (uint32_t)tap_record_room(r->held);
    }
    if (self->at >= records.length)
        done_with_oldest(self);
}

/* ---- the reader ------------------------------------------------------------------------------ */

static void say_unread(struct tap_output *self)
{
    SAY(self, self->tap, tap_unread, .messages = count_waiting(self), .gone = self->gone);
    while (self->oldest)
        done_with_oldest(self);
    self->lines.length = self->written = 0;
}

/* True when all lines were taken. */
static bool write_lines(struct tap_output *self)
{
    while (self->written < self->lines.length) {
        long n = tap_settings->write((const char *)self->lines.at + self->written,
                                     self->lines.length - self->written);
        if (n == 0)
            return false;
        if (n < 0) {
            self->gone = true;
            return false;
        }
        self->written += (size_t)n;
    }
    return true;
}

static void wait_for_reader(struct tap_output *self)
{
    self->waiting = true;
    if (self->stopping && self->retries++ == TAP_LAST_RETRIES)
        say_unread(self);
    else
        timer_start(&self->actor, TIMER_RETRY, TAP_WRITE_RETRY_US);
}

static void work(struct tap_output *self)
{
    self->waiting = false;
    while (self->written < self->lines.length || self->oldest) {
        if (self->written == self->lines.length)
            make_lines(self);
        if (write_lines(self))
            continue;
        if (!self->gone) {
            wait_for_reader(self);
            break;
        }
        say_unread(self);
    }
    if (self->stopping && !self->oldest && self->written == self->lines.length)
        actor_stop(&self->actor, STOP_ASKED);
}

/* ---- messages -------------------------------------------------------------------------------- */

static void on_show(struct tap_output *self, struct message *m)
{
    actor_take(&self->actor, m);
    m->node.next = NULL;
    if (self->newest)
        self->newest->node.next = &m->node;
    else
        self->oldest = m;
    self->newest = m;
    if (self->gone)
        say_unread(self);
    else if (!self->waiting)
        work(self);
}

static void on_begin(struct tap_output *self, struct message *m)
{
    self->tap = m->from;
    self->printer.json = tap_settings->json;
    self->printer.colour = tap_settings->colour;
    self->printer.most = tap_settings->bytes_max;
}

static void on_message(struct actor *actor, struct message *m)
{
    struct tap_output *self = (struct tap_output *)actor;
    switch (m->kind) {
    case MSG_TAP_SHOW: on_show(self, m); break;
    case MSG_TIMER: work(self); break;
    case MSG_CONTINUE: on_begin(self, m); break;
    case MSG_STOP:
        self->stopping = true;
        work(self);
        break;
    default: actor_unexpected(actor, m); break;
    }
}

static void on_stop(struct actor *actor)
{
    struct tap_output *self = (struct tap_output *)actor;
    while (self->oldest) {
        struct message *m = self->oldest;
        self->oldest = message_next(m);
        message_free(m);
    }
    wire_buffer_release(&self->lines);
    tap_printer_release(&self->printer);
}

const struct actor_type tap_output_type = {"tap_output", sizeof(struct tap_output), on_message,
                                           on_stop};
