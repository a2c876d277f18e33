/* actors/tap.c -- see tap.h */
#include "actors/tap.h"
#include "actors/tap_link.h"
#include "actors/tap_output.h"
#include "actors/tap_summary.h"
#include "messages/kinds.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct tap_settings *tap_settings;

enum {
    LISTENER = 0,
    TIMER_LAST = 0,   /* the output has not ended in time */
    LINKS_TOLD = 100, /* one by one in the summary; the rest is in the sum alone */
    OUTPUT_WORKER = 1,
};
#define LAST_US 2000000

struct tap {
    struct actor actor;
    struct actor_ref output;
    uint64_t began_us;
    struct actor_ref *links; /* that live */
    uint32_t link_count, link_room;
    uint32_t numbers;         /* links that there have been */
    struct wire_buffer told;  /* the summary's part about links that have ended */
    struct tap_totals totals; /* of those */
    bool ending, gone, reached, undecoded, over;
};

/* ---- the end --------------------------------------------------------------------------------- */

static int status(const struct tap *self)
{
    if (self->undecoded)
        return EXIT_DATA;
    return self->numbers && !self->reached ? EXIT_UNREACHABLE : 0;
}

static void say_summary(struct tap *self)
{
    struct wire_buffer *out = &self->told;
    self->totals.ended_us = actor_now(&self->actor) - self->began_us;
    if (self->numbers > LINKS_TOLD)
        wire_buffer_format(out, "and %u more links\n\n", self->numbers - LINKS_TOLD);
    tap_summary_all(out, &self->totals, self->numbers);
    if (self->gone)
        wire_buffer_text(out, "  the reader of the output had gone before the end\n");
    if (tap_settings->summary && wire_buffer_put(out, "", 1))
        tap_settings->summary((const char *)out->at);
}

static void finish(struct tap *self)
{
    if (self->over)
        return;
    self->over = true;
    say_summary(self);
    actor_end_program(&self->actor, status(self));
}

/* All links have told what they have seen: then the output writes its last lines. */
static void check_ended(struct tap *self)
{
    if (self->link_count || !(self->ending || self->gone))
        return;
    self->ending = true;
    SAY(self, self->output, stop, .reason = STOP_ASKED);
    timer_start(&self->actor, TIMER_LAST, LAST_US);
}

/* The first signal ends it in order, the second one now. */
static void on_end(struct tap *self)
{
    if (self->ending) {
        finish(self);
        return;
    }
    self->ending = true;
    socket_close(&self->actor, LISTENER);
    for (uint32_t i = 0; i < self->link_count; i++)
        SAY(self, self->links[i], stop, .reason = STOP_ASKED);
    check_ended(self);
}

static void on_unread(struct tap *self, struct message *m)
{
    const struct msg_tap_unread *u = msg_tap_unread(m);
    self->totals.not_shown += u->messages;
    self->gone |= u->gone;
    check_ended(self);
}

/* ---- links ----------------------------------------------------------------------------------- */

static void add_link(struct tap *self, struct actor_ref link)
{
    if (self->link_count == self->link_room) {
        self->link_room = self->link_room ? 2 * self->link_room : 16;
        self->links = realloc(self->links, self->link_room * sizeof *self->links);
        if (!self->links)
            heap_exhausted("links", self->link_room * sizeof *self->links);
    }
    self->links[self->link_count++] = link;
}

static void remove_link(struct tap *self, struct actor_ref link)
{
    for (uint32_t i = 0; i < self->link_count; i++)
        if (ref_equal(self->links[i], link)) {
            self->links[i] = self->links[--self->link_count];
            return;
        }
}

static void on_hello(struct tap *self, struct message *m)
{
    add_link(self, m->from);
    SAY(self, m->from, tap_welcome, .output = self->gone ? NOBODY : self->output,
        .began_us = self->began_us, .number = ++self->numbers);
    if (self->ending)
        SAY(self, m->from, stop, .reason = STOP_ASKED);
}

static void on_totals(struct tap *self, struct message *m)
{
    struct tap_totals t = tap_totals_unpack(msg_tap_totals(m)->totals);
    remove_link(self, m->from);
    tap_totals_add(&self->totals, &t);
    self->reached |= t.reached;
    for (unsigned from = 0; from < 2; from++)
        self->undecoded |= *t.ways[from].error != 0;
    if (t.link <= LINKS_TOLD) {
        tap_summary_link(&self->told, &t);
        wire_buffer_text(&self->told, "\n");
    }
    check_ended(self);
}

/* ---- its life -------------------------------------------------------------------------------- */

static void on_listening(struct tap *self, struct message *m)
{
    const struct msg_socket_listening *l = msg_socket_listening(m);
    char where[ADDRESS_TEXT_MAX], agent[ADDRESS_TEXT_MAX], line[2 * ADDRESS_TEXT_MAX + 100];
    struct address at = tap_settings->listen;
    at.port = l->port;
    address_print(&at, where);
    if (l->error) {
        actor_log(&self->actor, LOG_ERROR, "cannot listen", "at=%s why=\"%s\"", where,
                  strerror((int)l->error));
        actor_end_program(&self->actor, EXIT_IO);
        return;
    }
    snprintf(line, sizeof line, "tap ready - proxies at %s, agent at %s", where,
             address_print(&tap_settings->agent, agent));
    if (tap_settings->ready)
        tap_settings->ready(line);
}

static void on_begin(struct tap *self)
{
    self->began_us = actor_now(&self->actor);
    self->output = actor_spawn(&self->actor, &tap_output_type, OUTPUT_WORKER,
                               msg_resume_new((struct msg_resume){0}));
    actor_monitor(&self->actor, self->output);
    socket_listen(&self->actor, LISTENER, &tap_settings->listen, &tap_link_type, 0);
}

static void on_message(struct actor *actor, struct message *m)
{
    struct tap *self = (struct tap *)actor;
    switch (m->kind) {
    case MSG_CONTINUE: on_begin(self); break;
    case MSG_SOCKET_LISTENING: on_listening(self, m); break;
    case MSG_TAP_HELLO: on_hello(self, m); break;
    case MSG_TAP_TOTALS: on_totals(self, m); break;
    case MSG_TAP_UNREAD: on_unread(self, m); break;
    case MSG_TIMER:
    case MSG_DOWN: finish(self); break;
    case MSG_SIGNAL:
    case MSG_STOP: on_end(self); break;
    default: actor_unexpected(actor, m); break;
    }
}

static void on_stop(struct actor *actor)
{
    struct tap *self = (struct tap *)actor;
    free(self->links);
    wire_buffer_release(&self->told);
    tap_totals_destroy(&self->totals);
}

const struct actor_type tap_type = {"tap", sizeof(struct tap), on_message, on_stop};

struct message *tap_first(void)
{
    return msg_resume_new((struct msg_resume){0});
}
