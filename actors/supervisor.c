/* actors/supervisor.c -- see supervisor.h */
#include "actors/supervisor.h"
#include "actors/agent.h"
#include "actors/agent_link.h"
#include "actors/destinations.h"
#include "actors/exit_codes.h"
#include "actors/incoming_proxy.h"
#include "actors/ready_line.h"
#include "actors/settings.h"
#include <stdio.h>
#include <string.h>

void (*supervisor_ready)(const char *line);
void (*supervisor_failed)(const char *why);

struct supervisor {
    struct actor actor;
    struct actor_ref proxy, link;
    bool ready, draining;
};

static void give_up(struct supervisor *self, uint8_t code, struct span text)
{
    char why[500];
    snprintf(why, sizeof why, "%.*s", (int)(text.length < 480 ? text.length : 480),
             text.length ? (const char *)span_bytes(text) : "");
    actor_log(&self->actor, LOG_ERROR, why, NULL);
    if (supervisor_failed)
        supervisor_failed(why);
    actor_end_program(&self->actor, code);
}

static void on_subscribed(struct supervisor *self, struct message *m)
{
    struct msg_subscribed *s = msg_subscribed(m);
    struct version v = {s->version};
    char line[READY_LINE_MAX];
    if (s->code) {
        give_up(self, s->code, s->text);
        return;
    }
    ready_line(line, sizeof line, v, s->negotiated);
    if (self->ready) {
        actor_log(&self->actor, LOG_INFO, "serving again", "state=\"%s\"", line);
        return;
    }
    self->ready = true;
    SAY(self, self->link, subscribed, .version = s->version, .negotiated = s->negotiated);
    actor_log(&self->actor, LOG_DEBUG, "ready", NULL);
    if (supervisor_ready)
        supervisor_ready(line);
}

/* Before the program was ever ready some ends of a link are its own end; later all are mended. */
static void on_link_lost(struct supervisor *self, struct message *m)
{
    struct msg_link_lost *l = msg_link_lost(m);
    if (l->code && !self->ready) {
        give_up(self, l->code, l->text);
        return;
    }
    char text[400];
    snprintf(text, sizeof text, "%.*s", (int)(l->text.length < 380 ? l->text.length : 380),
             l->text.length ? (const char *)span_bytes(l->text) : "");
    if (!self->draining)
        actor_log(&self->actor, LOG_WARN, text, NULL);
}

/* The first signal drains, the second one ends now. */
static void on_signal(struct supervisor *self)
{
    if (self->draining || !self->ready) {
        actor_end_program(&self->actor, self->draining ? EXIT_SIGNALLED_AGAIN : EXIT_DRAINED);
        return;
    }
    self->draining = true;
    actor_log(&self->actor, LOG_INFO, "ending: what is under way is finished, for up to 10 s",
              NULL);
    SAY(self, self->proxy, drain, .limit_ms = DRAIN_US / 1000);
}

static void on_drained(struct supervisor *self, struct message *m)
{
    uint32_t left = msg_drained(m)->left;
    if (left)
        actor_log(&self->actor, LOG_WARN, "ending with exchanges unfinished", "left=%u", left);
    SAY(self, self->link, stop, .reason = STOP_ASKED);
    /* the link's last bytes leave in this round, the end comes with the next */
    SAY(self, self->actor.ref, resume, .n = 1);
}

static void on_begin(struct supervisor *self)
{
    self->proxy = incoming_proxy_spawn(&self->actor);
    if (settings->standalone)
        agent_spawn(&self->actor);
    else
        self->link = agent_link_spawn(&self->actor, self->proxy);
}

/* --standalone: the agent inside listens, or cannot. */
static void on_agent_ready(struct supervisor *self, struct message *m)
{
    if (msg_agent_ready(m)->failed)
        give_up(self, EXIT_USAGE, msg_agent_ready(m)->text);
    else
        self->link = agent_link_spawn(&self->actor, self->proxy);
}

static void on_message(struct actor *actor, struct message *m)
{
    struct supervisor *self = (struct supervisor *)actor;
    switch (m->kind) {
    case MSG_CONTINUE:
        if (msg_resume(m)->n == 0)
            on_begin(self);
        else
            actor_end_program(actor, EXIT_DRAINED);
        break;
    case MSG_AGENT_READY: on_agent_ready(self, m); break;
    case MSG_SUBSCRIBED: on_subscribed(self, m); break;
    case MSG_LINK_LOST: on_link_lost(self, m); break;
    case MSG_SIGNAL: on_signal(self); break;
    case MSG_DRAINED: on_drained(self, m); break;
    default: actor_unexpected(actor, m); break;
    }
}

const struct actor_type supervisor_type = {"supervisor", sizeof(struct supervisor), on_message,
                                           NULL};

struct message *supervisor_first(void)
{
    return msg_resume_new((struct msg_resume){0});
}
