/* actors/tap_link_show.c -- decodes what was passed on, and gives what is wanted to the output. */
#include "actors/tap_link_state.h"
#include "actors/tap_record.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- records --------------------------------------------------------------------------------- */

void tap_link_flush(struct tap_link *self)
{
    struct wire_buffer *b = &self->batch;
    if (b->length && !ref_is_nobody(self->output)) {
        self->under_way += b->length;
        SAY(self, self->output, tap_show, .records = span_copy(b->at, b->length));
    }
    b->length = 0;
    if (b->room > 4 * TAP_BATCH)
        wire_buffer_release(b);
}

/* No memory: then it is not shown. */
static void put_record(struct tap_link *self, const struct tap_record *r, const void *bytes)
{
    static const uint8_t nothing[TAP_RECORD_ALIGN];
    struct wire_buffer *b = &self->batch;
    size_t room = tap_record_room(r->held);
    if (!wire_buffer_room(b, room))
        return;
    wire_buffer_put(b, r, sizeof *r);
    wire_buffer_put(b, bytes, r->held);
    wire_buffer_put(b, nothing, room - sizeof *r - r->held);
    if (b->length >= TAP_BATCH)
        tap_link_flush(self);
}

void tap_link_say(struct tap_link *self, const char *format, ...)
{
    char words[400];
    va_list list;
    if (ref_is_nobody(self->output))
        return;
    va_start(list, format);
    vsnprintf(words, sizeof words, format, list);
    va_end(list);
    struct tap_record r = {.at_us = actor_now(&self->actor) - self->began_us,
                           .link = self->totals.link,
                           .held = (uint32_t)strlen(words),
                           .kind = TAP_RECORD_NOTE};
    put_record(self, &r, words);
    tap_link_flush(self);
}

/* ---- what the output takes ------------------------------------------------------------------- */

static bool has_room(struct tap_link *self, size_t room)
{
    uint64_t used = self->under_way + self->batch.length;
    if (self->full && used > TAP_WINDOW / 2)
        return false;
    self->full = used && used + room > TAP_WINDOW;
    return !self->full;
}

static void say_dropped(struct tap_link *self)
{
    uint64_t dropped = self->dropped;
    self->totals.not_shown += dropped;
    self->dropped = 0;
    tap_link_say(self, "... %llu messages not shown: the output is not read",
                 (unsigned long long)dropped);
}

void tap_link_on_credit(struct tap_link *self, struct message *m)
{
    self->under_way -= msg_credit(m)->bytes;
    if (m->flags & TAP_NOBODY_READS)
        self->output = NOBODY;
    else if (self->dropped && has_room(self, 0))
        say_dropped(self);
}

static void show(struct tap_link *self, const struct tap_seen *s, bool whole)
{
    const struct wire_message *m = s->message;
    struct tap_record r = {.at_us = s->at_us,
                           .size = m->length,
                           .connection = m->connection,
                           .link = s->link,
                           .held = whole ? (uint32_t)s->held : 0,
                           .request = m->request,
                           .port = m->port,
                           .path_length = m->path_length,
                           .kind = TAP_RECORD_MESSAGE,
                           .from = (uint8_t)m->from,
                           .ids = (uint8_t)tap_ids_of(m),
                           .whole = whole};
    memcpy(r.path, m->path, sizeof r.path);
    if (!has_room(self, tap_record_room(r.held))) {
        self->dropped++;
        return;
    }
    if (self->dropped)
        say_dropped(self);
    put_record(self, &r, s->bytes);
}

/* ---- decoding -------------------------------------------------------------------------------- */

static struct tap_seen see(struct tap_link *self, const struct tap_stream *t, uint64_t at_us)
{
    return (struct tap_seen){.message = &t->decoder.message,
                             .bytes = t->bytes,
                             .held = t->held,
                             .at_us = at_us,
                             .link = self->totals.link,
                             .name = &self->name};
}

/* A message that has begun: are its bytes worth keeping? Those that are shown have all been kept. */
static bool wanted(void *context, struct tap_stream *t)
{
    struct tap_link *self = context;
    struct tap_seen s = see(self, t, self->passed->at_us - self->began_us);
    if (ref_is_nobody(self->output) || self->full)
        return false;
    s.held = 0;
    return filter_judge(tap_settings->filter, tap_field, &s) != FILTER_NO;
}

static void on_whole(struct tap_link *self, struct tap_stream *t, uint64_t at_us)
{
    struct tap_seen s = see(self, t, at_us);
    s.ended = true;
    tap_totals_note(&self->totals, &s);
    if (ref_is_nobody(self->output) ||
        filter_judge(tap_settings->filter, tap_field, &s) != FILTER_YES)
        return;
    if (t->unwanted && !t->whole) /* the output was full when it began */
        self->dropped++;
    else
        show(self, &s, t->whole);
}

static void on_bad(struct tap_link *self, struct tap_stream *t, size_t rest)
{
    enum wire_from from = t->decoder.from;
    struct tap_way *w = &self->totals.ways[from];
    const char *words = t->decoder.error;
    words += strncmp(words, ": ", 2) == 0 ? 2 : 0; /* in front stands the name, if there is one */
    memcpy(w->error, words, strlen(words) + 1);
    w->error_at = t->error_at;
    w->undecoded = rest;
    tap_link_say(self,
                 "what the %s sends cannot be decoded from byte %llu on: %s; its bytes are passed "
                 "on all the same",
                 from == WIRE_FROM_AGENT ? "agent" : "proxy", (unsigned long long)t->error_at,
                 w->error);
}

static void look_at(struct tap_link *self, const struct tap_passed *p)
{
    struct tap_stream *t = &self->sides[p->from].stream;
    const uint8_t *bytes = span_bytes(p->bytes);
    size_t length = p->bytes.length;
    enum tap_event event;
    if (tap_stream_is_broken(t))
        self->totals.ways[p->from].undecoded += length;
    while ((event = tap_stream_next(t, &bytes, &length, wanted, self)) == TAP_MESSAGE)
        on_whole(self, t, p->at_us - self->began_us);
    if (event == TAP_BAD)
        on_bad(self, t, length);
}

void tap_link_look(struct tap_link *self)
{
    while (self->passed) {
        struct tap_passed *p = self->passed;
        look_at(self, p);
        self->passed = p->next;
        span_release(&p->bytes);
        heap_free(p, sizeof *p);
    }
    self->passed_last = NULL;
    tap_link_flush(self);
}

void tap_link_pass(struct tap_link *self, uint8_t from, struct span bytes)
{
    struct tap_passed *p = heap_alloc(sizeof *p);
    *p = (struct tap_passed){NULL, bytes, actor_now(&self->actor), from};
    if (self->passed_last)
        self->passed_last->next = p;
    else
        self->passed = p;
    self->passed_last = p;
    if (self->connected)
        timer_start(&self->actor, TAP_TIMER_LOOK, 0);
}
