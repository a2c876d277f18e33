/* runtime/log_writer.c -- the actor that writes log lines, on the blocking worker.
 *
 * Receives  LOG_LINE from anywhere; its own TIMER while the reader of the log takes nothing.
 * Owns      the lines that wait for the reader. runtime_log() bounds how many there can be.
 */
#include "runtime/runtime.h"
#include "runtime/worker.h"
#include <stdio.h>
#include <string.h>

enum { LOG_RETRY_US = 50000 };

struct log_writer {
    struct actor actor;
    struct message *oldest, *newest; /* lines that wait */
};

static bool write_line(struct log_writer *self, struct message *m)
{
    struct worker *w = self->actor.worker;
    const struct msg_log_line *l = msg_log_line(m);
    char line[LOG_TEXT_MAX * 6 + 200]; /* \u0001 is the longest that a byte becomes */
    uint64_t wall = w->io->wall(w) - (w->io->clock(w) - l->when);
    size_t n = log_render(line, sizeof line, log_settings.format, l->level, wall,
                          (const char *)span_bytes(l->text), l->text.length);
    return w->io->log(w, line, n);
}

static void say_dropped(struct log_writer *self)
{
    struct worker *w = self->actor.worker;
    unsigned dropped = atomic_exchange(&w->runtime->log_dropped, 0);
    if (!dropped)
        return;
    char text[160], line[400];
    int n =
        snprintf(text, sizeof text,
                 "log\x1fthe log was not read in time, lines were dropped\x1flines=%u", dropped);
    size_t length = log_render(line, sizeof line, log_settings.format, LOG_WARN, w->io->wall(w),
                               text, (size_t)n);
    if (!w->io->log(w, line, length))
        atomic_fetch_add(&w->runtime->log_dropped, dropped);
}

static void done_with(struct log_writer *self, struct message *m)
{
    atomic_fetch_sub_explicit(&self->actor.worker->runtime->log_under_way, 1, memory_order_relaxed);
    message_free(m);
}

static void write_waiting(struct log_writer *self)
{
    while (self->oldest) {
        struct message *m = self->oldest;
        if (!write_line(self, m)) {
            timer_start(&self->actor, 0, LOG_RETRY_US);
            return;
        }
        self->oldest = message_next(m);
        done_with(self, m);
    }
    self->newest = NULL;
    say_dropped(self);
}

static void on_line(struct log_writer *self, struct message *m)
{
    actor_take(&self->actor, m);
    m->node.next = NULL;
    if (self->newest) {
        self->newest->node.next = &m->node;
        self->newest = m;
        return; /* the timer runs */
    }
    self->oldest = self->newest = m;
    write_waiting(self);
}

static void on_message(struct actor *actor, struct message *m)
{
    struct log_writer *self = (struct log_writer *)actor;
    switch (m->kind) {
    case MSG_LOG_LINE: on_line(self, m); break;
    case MSG_TIMER: write_waiting(self); break;
    case MSG_WATCH: break; /* its birth */
    default: break;
    }
}

static void on_stop(struct actor *actor)
{
    struct log_writer *self = (struct log_writer *)actor;
    while (self->oldest) {
        struct message *m = self->oldest;
        self->oldest = message_next(m);
        write_line(self, m);
        done_with(self, m);
    }
    say_dropped(self);
}

const struct actor_type log_writer_type = {"log", sizeof(struct log_writer), on_message, on_stop};
