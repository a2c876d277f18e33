/* actors/agent.c -- see agent.h */
#include "actors/agent.h"
#include "actors/agent_port.h"
#include "actors/agent_session.h"
#include "messages/agent_vocabulary.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

const struct agent_settings *agent_settings;
void (*agent_ready_line)(const char *line);

enum { LISTENER = 0 };

struct port_entry {
    uint64_t number; /* as wide as the hash wants it: no padding */
    struct actor_ref actor;
    UT_hash_handle hh;
};

struct agent {
    struct actor actor;
    struct actor_ref opener;
    struct port_entry *ports;
    uint16_t ports_ready;
    uint16_t listen_port;
    bool listening;
    bool said_ready;
    bool end_program;
};

/* ---- ready, or not ---- */

static void say_failed(struct agent *self, const struct address *at, uint32_t error)
{
    char where[ADDRESS_TEXT_MAX], text[ADDRESS_TEXT_MAX + 80];
    int n = snprintf(text, sizeof text, "cannot listen on %s: %s", address_print(at, where),
                     strerror((int)error));
    if (self->said_ready)
        return;
    self->said_ready = true;
    actor_log(&self->actor, LOG_ERROR, text, NULL);
    SAY(self, self->opener, agent_ready, .text = span_copy(text, (size_t)n), .failed = true);
    if (self->end_program)
        actor_end_program(&self->actor, 2);
}

static void print_ports(const struct agent *self, char *out, size_t room)
{
    size_t n = 0;
    out[0] = '\0';
    for (const struct port_entry *e = self->ports; e && n < room; e = e->hh.next)
        n += (size_t)snprintf(out + n, room - n, "%s%llu", n ? "," : "",
                              (unsigned long long)e->number);
}

static void say_ready(struct agent *self)
{
    if (self->said_ready || !self->listening || self->ports_ready < agent_settings->port_count)
        return;
    char where[ADDRESS_TEXT_MAX], ports[AGENT_PORTS_MAX * 6 + 1], line[600];
    struct address at = agent_settings->listen;
    at.port = self->listen_port;
    self->said_ready = true;
    print_ports(self, ports, sizeof ports);
    snprintf(line, sizeof line, "agent ready - version %s, %s kind, proxies at %s, ports %s",
             agent_settings->version_text, agent_is_old() ? "old" : "new",
             address_print(&at, where), ports);
    if (agent_ready_line)
        agent_ready_line(line);
    SAY(self, self->opener, agent_ready, .port = self->listen_port);
}

/* ---- ports ---- */

static struct port_entry *find_port(struct agent *self, uint16_t port)
{
    struct port_entry *entry;
    uint64_t number = port;
    HASH_FIND(hh, self->ports, &number, sizeof number, entry);
    return entry;
}

static struct port_entry *add_port(struct agent *self, uint16_t port, struct actor_ref actor)
{
    struct port_entry *entry = calloc(1, sizeof *entry);
    if (!entry)
        abort();
    entry->number = port;
    entry->actor = actor;
    HASH_ADD(hh, self->ports, number, sizeof entry->number, entry);
    return entry;
}

static struct actor_ref spawn_port(struct agent *self, uint16_t index, uint16_t port)
{
    return actor_spawn(
        &self->actor, &agent_port_type, WORKER_HERE,
        msg_agent_port_open_new((struct msg_agent_port_open){.index = index, .port = port}));
}

static void on_port_ready(struct agent *self, struct message *m)
{
    const struct msg_agent_port_ready *p = msg_agent_port_ready(m);
    if (p->error) {
        say_failed(self, &agent_settings->ports[p->index].listen, p->error);
        return;
    }
    if (!find_port(self, p->port))
        add_port(self, p->port, m->from);
    self->ports_ready++;
    say_ready(self);
}

static void to_port(struct agent *self, uint16_t port, struct message *m)
{
    struct port_entry *entry = find_port(self, port);
    if (!entry)
        entry = add_port(self, port, spawn_port(self, AGENT_NO_LISTENER, port));
    actor_forward(&self->actor, entry->actor, m);
}

static void to_every_port(struct agent *self, struct message *m)
{
    const struct msg_agent_version *v = msg_agent_version(m);
    for (struct port_entry *e = self->ports; e; e = e->hh.next)
        SAY(self, e->actor, agent_version, .session = v->session, .version = v->version);
}

/* ---- its life ---- */

static void on_open(struct agent *self, struct message *m)
{
    self->opener = m->from;
    self->end_program = msg_agent_open(m)->end_program;
    socket_listen(&self->actor, LISTENER, &agent_settings->listen, &agent_session_type, 0);
    for (uint16_t i = 0; i < agent_settings->port_count; i++)
        spawn_port(self, i, agent_settings->ports[i].listen.port);
}

static void on_listening(struct agent *self, struct message *m)
{
    const struct msg_socket_listening *l = msg_socket_listening(m);
    if (l->error) {
        say_failed(self, &agent_settings->listen, l->error);
        return;
    }
    self->listening = true;
    self->listen_port = l->port;
    say_ready(self);
}

static void on_end(struct agent *self)
{
    actor_log(&self->actor, LOG_INFO, "agent ends, as it was told to", NULL);
    actor_stop(&self->actor, STOP_ASKED);
    if (self->end_program)
        actor_end_program(&self->actor, 0);
}

static void agent_on_message(struct actor *actor, struct message *m)
{
    struct agent *self = (struct agent *)actor;
    switch (m->kind) {
    case MSG_AGENT_OPEN: on_open(self, m); break;
    case MSG_SOCKET_LISTENING: on_listening(self, m); break;
    case MSG_AGENT_PORT_READY: on_port_ready(self, m); break;
    case MSG_AGENT_SUBSCRIBE: to_port(self, msg_agent_subscribe(m)->port, m); break;
    case MSG_AGENT_UNSUBSCRIBE: to_port(self, msg_agent_unsubscribe(m)->port, m); break;
    case MSG_AGENT_VERSION: to_every_port(self, m); break;
    case MSG_SIGNAL:
    case MSG_STOP: on_end(self); break;
    default: actor_unexpected(actor, m); break;
    }
}

static void agent_on_stop(struct actor *actor)
{
    struct agent *self = (struct agent *)actor;
    struct port_entry *entry, *next;
    HASH_ITER(hh, self->ports, entry, next)
    {
        SAY(self, entry->actor, stop, .reason = STOP_ASKED);
        HASH_DEL(self->ports, entry);
        free(entry);
    }
}

const struct actor_type agent_type = {"agent", sizeof(struct agent), agent_on_message,
                                      agent_on_stop};

struct message *agent_first(void)
{
    return msg_agent_open_new((struct msg_agent_open){.end_program = true});
}

struct actor_ref agent_spawn(struct actor *parent)
{
    return actor_spawn(parent, &agent_type, WORKER_HERE,
                       msg_agent_open_new((struct msg_agent_open){.end_program = false}));
}
