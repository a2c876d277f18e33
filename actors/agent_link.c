/* actors/agent_link.c -- see agent_link.h */
#include "actors/agent_link.h"
#include "actors/exit_codes.h"
#include "actors/link_connection.h"
#include "actors/settings.h"
#include "runtime/limits.h"
#include <stdio.h>
#include <string.h>

static_assert(AGENT_CONNECT_US <= NAME_WAIT_US, "a look-up is not given up before its asker");

struct agent_link {
    struct actor actor;
    struct actor_ref parent, proxy, link;
    uint64_t pause_us; /* before the next try */
    uint64_t random;
    uint8_t ladder; /* enum link_ladder */
    bool was_ready; /* the program was: from now on trouble is mended, and not its end */
    bool was_new;   /* an agent that answers our version was in use ... */
    bool doubted;   /* ... and a link has ended since where an old one ends it */
};

static void try_now(struct agent_link *self)
{
    self->link = actor_spawn(
        &self->actor, &link_connection_type, WORKER_HERE,
        msg_link_open_new((struct msg_link_open){
            .proxy = self->proxy, .announce = settings->announce.ordinal, .ladder = self->ladder}));
}

/* xorshift: a jitter need not be good, only known from the seed. */
static uint64_t jittered(struct agent_link *self, uint64_t us)
{
    self->random ^= self->random << 13;
    self->random ^= self->random >> 7;
    self->random ^= self->random << 17;
    return us - us / 4 + self->random % (us / 2 + 1);
}

/* `code`: with which the program ends if this was before it was ever ready; the supervisor knows. */
static void try_later(struct agent_link *self, const char *why, uint8_t code)
{
    uint64_t pause = jittered(self, self->pause_us);
    char text[480];
    if (code)
        snprintf(text, sizeof text, "%s", why);
    else
        snprintf(text, sizeof text, "%s; trying again in %u ms", why, (unsigned)(pause / 1000));
    SAY(self, self->parent, link_lost, .text = span_copy(text, strlen(text)), .code = code);
    self->pause_us *= 2;
    if (self->pause_us > RECONNECT_MOST_US)
        self->pause_us = RECONNECT_MOST_US;
    timer_start(&self->actor, 0, pause);
}

/* Who has answered our version once may lose a link anywhere, as any peer may. But twice in a row it is
 * another agent, and an old one. */
static bool is_chance(struct agent_link *self)
{
    bool chance = self->was_new && !self->doubted;
    self->doubted = true;
    return chance;
}

/* Old agents end the link at a message that they do not know. True: the next try leaves it out. */
static bool go_down_ladder(struct agent_link *self, const struct msg_link_ended *e)
{
    if (e->why != END_LOST)
        return false;
    if (e->step == STEP_VERSION && self->ladder < LADDER_NO_VERSION && !is_chance(self)) {
        actor_log(
            &self->actor, LOG_WARN,
            "the agent ended the link when it heard our version: trying without, as with agents "
            "of before 2023-08",
            NULL);
        self->ladder = LADDER_NO_VERSION;
        return true;
    }
    if (e->step == STEP_READY_FOR_LOGS && self->ladder < LADDER_NO_LOGS && !is_chance(self)) {
        actor_log(&self->actor, LOG_INFO,
                  "the agent ended the link at ReadyForLogs: trying without it", NULL);
        self->ladder = LADDER_NO_LOGS;
        return true;
    }
    return false;
}

/* How the program ends if it was never ready; 0: it goes on trying. */
static uint8_t exit_code_of(const struct msg_link_ended *e)
{
    switch (e->why) {
    case END_CLOSED: return EXIT_REFUSED;
    case END_PROTOCOL: return EXIT_PROTOCOL;
    case END_SILENT:
        if (e->step >= STEP_PONG && e->step < STEP_USE)
            return EXIT_REFUSED;
        break;
    default: break;
    }
    return settings->no_retry && e->step < STEP_READY_FOR_LOGS ? EXIT_UNREACHABLE : 0;
}

static void why_of(const struct msg_link_ended *e, char *out, size_t room)
{
    char to[ADDRESS_TEXT_MAX];
    const char *words = e->text.length ? (const char *)span_bytes(e->text) : "";
    address_print(&settings->agent, to);
    bool unreached = e->why == END_REFUSED || (e->why == END_SILENT && e->step == STEP_CONNECT);
    if (unreached)
        snprintf(out, room, "agent %s cannot be reached: %.*s", to, (int)e->text.length, words);
    else if (e->why == END_CLOSED)
        snprintf(out, room, "agent %s closes the session: \"%.*s\"", to, (int)e->text.length,
                 words);
    else if (e->why == END_PROTOCOL)
        snprintf(out, room, "agent %s sends what is no message of mirrord-protocol: %.*s", to,
                 (int)e->text.length, words);
    else
        snprintf(out, room, "link to agent %s lost: %.*s", to, (int)e->text.length, words);
}

/* A link is gone that was in use. The next one may be another agent's, and we may have left our version
 * out by mistake: it is said again. */
static void was_in_use(struct agent_link *self)
{
    self->pause_us = RECONNECT_FIRST_US;
    self->doubted = false;
    self->was_new = self->ladder < LADDER_NO_VERSION;
    if (self->ladder == LADDER_NO_VERSION)
        self->ladder = LADDER_FULL;
}

static void on_ended(struct agent_link *self, struct message *m)
{
    const struct msg_link_ended *e = msg_link_ended(m);
    char why[400];
    if (e->used)
        was_in_use(self);
    if (go_down_ladder(self, e)) {
        try_now(self);
        return;
    }
    why_of(e, why, sizeof why);
    try_later(self, why, self->was_ready ? 0 : exit_code_of(e));
}

static void on_begin(struct agent_link *self, struct message *m)
{
    self->parent = m->from;
    self->proxy = msg_link_open(m)->proxy;
    self->pause_us = RECONNECT_FIRST_US;
    self->random = settings->seed | 1;
    try_now(self);
}

static void on_message(struct actor *actor, struct message *m)
{
    struct agent_link *self = (struct agent_link *)actor;
    switch (m->kind) {
    case MSG_LINK_OPEN: on_begin(self, m); break;
    case MSG_LINK_ENDED: on_ended(self, m); break;
    case MSG_SUBSCRIBED: self->was_ready = true; break;
    case MSG_TIMER: try_now(self); break;
    case MSG_STOP:
        timer_stop(actor, 0);
        SAY(self, self->link, stop, .reason = STOP_ASKED);
        actor_stop(actor, STOP_ASKED);
        break;
    default: actor_unexpected(actor, m); break;
    }
}

const struct actor_type agent_link_type = {"agent_link", sizeof(struct agent_link), on_message,
                                           NULL};

struct actor_ref agent_link_spawn(struct actor *parent, struct actor_ref proxy)
{
    return actor_spawn(parent, &agent_link_type, WORKER_HERE,
                       msg_link_open_new((struct msg_link_open){.proxy = proxy}));
}
