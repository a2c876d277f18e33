/* actors/agent_port.c -- see agent_port.h */
#include "actors/agent_port.h"
#include "actors/agent_refs.h"
#include "actors/agent_remote.h"
#include "actors/agent_settings.h"
#include "actors/agent_words.h"
#include "messages/agent_vocabulary.h"
#include "messages/exchange_number.h"
#include "messages/http_filter.h"
#include "messages/wire_message.h"
#include <stdlib.h>
#include <string.h>

enum { LISTENER = 0 };

struct subscription_entry {
    struct subscription_entry *next; /* the newest first */
    struct actor_ref session;
    struct http_filter *filter; /* NULL: everything */
    struct version version;     /* that the client may be spoken to in */
    uint8_t mode;               /* enum traffic_mode */
};

struct agent_port {
    struct actor actor;
    struct actor_ref agent;
    struct subscription_entry *entries;
    uint16_t index;     /* in agent_settings; AGENT_NO_LISTENER */
    uint16_t number;    /* in the protocol */
    uint32_t exchanges; /* that it has numbered */
};

/* ---- entries ---- */

static struct subscription_entry *find(struct agent_port *self, struct actor_ref session,
                                       uint8_t mode)
{
    struct subscription_entry *e = self->entries;
    while (e && (e->mode != mode || !ref_equal(e->session, session)))
        e = e->next;
    return e;
}

static void entry_remove(struct agent_port *self, struct subscription_entry *gone)
{
    struct subscription_entry **at = &self->entries;
    while (*at != gone)
        at = &(*at)->next;
    *at = gone->next;
    http_filter_free(gone->filter);
    free(gone);
}

static void entry_add(struct agent_port *self, const struct msg_agent_subscribe *s,
                      struct http_filter *filter)
{
    struct subscription_entry *e = calloc(1, sizeof *e);
    if (!e)
        abort();
    /* its AGENT_VERSION follows right behind, and makes it ready */
    *e = (struct subscription_entry){self->entries, s->session, filter, {0}, s->mode};
    self->entries = e;
}

/* Entries that may get something; `e` is the first that is looked at. NULL: no more. */
static struct subscription_entry *ready(struct subscription_entry *e)
{
    while (e && e->version.ordinal == 0)
        e = e->next;
    return e;
}

static bool any_of_mode(const struct agent_port *self, uint8_t mode)
{
    for (const struct subscription_entry *e = self->entries; e; e = e->next)
        if (e->mode == mode)
            return true;
    return false;
}

/* ---- subscribing ---- */

/* SUB-16: an unfiltered subscription and any other do not go together. */
static bool is_stolen(const struct agent_port *self, const struct msg_agent_subscribe *s)
{
    if (!agent_is_old() || s->mode != MODE_STEAL)
        return false;
    for (const struct subscription_entry *e = self->entries; e; e = e->next)
        if (e->mode == MODE_STEAL && !ref_equal(e->session, s->session) &&
            (!e->filter || s->form == WIRE_SUBSCRIBE_ALL))
            return true;
    return false;
}

/* SUB-23: who asked for the port last has it; filtered ones live together. */
static void evict(struct agent_port *self, bool filtered)
{
    struct subscription_entry *e = self->entries, *next;
    for (; e; e = next) {
        next = e->next;
        if (e->mode == MODE_STEAL && (!filtered || !e->filter))
            entry_remove(self, e);
    }
}

static void replace(struct agent_port *self, const struct msg_agent_subscribe *s,
                    struct http_filter *filter)
{
    struct subscription_entry *before = find(self, s->session, s->mode);
    bool known = find(self, s->session, MODE_STEAL) || find(self, s->session, MODE_MIRROR);
    if (before && s->mode == MODE_MIRROR && before->filter && !filter)
        return; /* SUB-25: the old filter stays in force */
    if (before)
        entry_remove(self, before);
    if (s->mode == MODE_STEAL)
        evict(self, filter != NULL);
    entry_add(self, s, filter);
    if (!known)
        actor_monitor(&self->actor, s->session);
}

static struct http_filter *compile(const struct msg_agent_subscribe *s,
                                   char error[HTTP_FILTER_ERROR_MAX])
{
    const uint8_t *bytes = span_bytes(s->filter);
    if (s->form == WIRE_SUBSCRIBE_HEADER)
        return http_filter_new_header(bytes, s->filter.length, error);
    return http_filter_new(bytes, s->filter.length, error);
}

static void on_subscribe(struct agent_port *self, struct message *m)
{
    const struct msg_agent_subscribe *s = msg_agent_subscribe(m);
    char error[HTTP_FILTER_ERROR_MAX] = "";
    struct http_filter *filter = NULL;
    uint8_t result = SUBSCRIBED_OK;
    if (s->form != WIRE_SUBSCRIBE_ALL && !(filter = compile(s, error)))
        result = SUBSCRIBED_BAD_FILTER;
    else if (is_stolen(self, s))
        result = SUBSCRIBED_STOLEN;
    else
        replace(self, s, filter);
    if (result == SUBSCRIBED_STOLEN)
        http_filter_free(filter);
    SAY(self, s->session, agent_subscribed, .text = span_copy(error, strlen(error)),
        .port = s->port, .mode = s->mode, .result = result);
}

static void on_unsubscribe(struct agent_port *self, struct message *m)
{
    const struct msg_agent_unsubscribe *u = msg_agent_unsubscribe(m);
    struct subscription_entry *e = find(self, u->session, u->mode);
    if (e)
        entry_remove(self, e);
    if (e && !find(self, u->session, MODE_STEAL) && !find(self, u->session, MODE_MIRROR))
        actor_demonitor(&self->actor, u->session);
}

static void on_version(struct agent_port *self, struct message *m)
{
    const struct msg_agent_version *v = msg_agent_version(m);
    for (struct subscription_entry *e = self->entries; e; e = e->next)
        if (ref_equal(e->session, v->session))
            e->version.ordinal = v->version;
}

/* SUB-27 */
static void on_session_down(struct agent_port *self, struct actor_ref session)
{
    struct subscription_entry *e = self->entries, *next;
    for (; e; e = next) {
        next = e->next;
        if (ref_equal(e->session, session))
            entry_remove(self, e);
    }
}

/* ---- who gets what ---- */

struct route {
    struct actor_ref session; /* NOBODY: the upstream */
    uint8_t treat;            /* enum agent_treat */
    struct span mirrors;      /* refs, packed */
    uint32_t exchange;        /* whose route it is */
};

/* Ports take turns, so that no two have the same number, and one alone counts without gaps. */
static uint32_t number_exchange(struct agent_port *self)
{
    uint32_t ports = agent_settings->port_count ? agent_settings->port_count : 1;
    if (self->exchanges >= EXCHANGE_NUMBER_MAX / ports)
        self->exchanges = 0;
    return EXCHANGE_OF_AGENT | (self->exchanges++ * ports + self->index + 1);
}

static void say_log(struct agent_port *self, const struct route *r, struct actor_ref to,
                    uint8_t level, struct span text)
{
    struct message *m = msg_agent_log_new((struct msg_agent_log){.text = text, .level = level});
    m->exchange = r->exchange;
    actor_send(&self->actor, to, m);
}

/* What hinders this client from taking what it has subscribed to; NULL: nothing (AG-10, W-9). */
static const char *obstacle(const struct subscription_entry *e, bool http, bool upgrade)
{
    if (version_is_prerelease(e->version))
        return "*";
    if (!http)
        return NULL;
    if (!version_allows(e->version, GATE_MODE_AGNOSTIC_HTTP) &&
        (!e->filter || e->mode == MODE_MIRROR))
        return ">=1.19.4";
    return upgrade && !version_allows(e->version, GATE_HTTP_UPGRADE) ? ">=1.5.0" : NULL;
}

/* The old kind knows no pre-releases and sends no logs; what it cannot hand over it refuses, or, before
 * it knew upgrades at all, passes on. */
static void route_old_http(struct agent_port *self, struct route *r, struct http_head *head,
                           bool upgrade)
{
    r->treat = TREAT_HTTP;
    for (struct subscription_entry *e = ready(self->entries); e; e = ready(e->next)) {
        if (e->mode != MODE_STEAL || !e->filter || !http_filter_matches(e->filter, head))
            continue;
        if (upgrade && !version_allows(agent_settings->version, GATE_HTTP_UPGRADE))
            return;
        if (upgrade && !version_allows(e->version, GATE_HTTP_UPGRADE))
            r->treat = TREAT_REFUSE;
        else
            r->session = e->session;
        return;
    }
}

static void route_stealer(struct agent_port *self, struct route *r, struct subscription_entry *e,
                          const struct http_head *head, bool upgrade)
{
    const char *needs = obstacle(e, true, upgrade);
    if (needs)
        say_log(
            self, r, e->session, WIRE_LEVEL_ERROR,
            agent_words_too_old(AGENT_WORDS_STOLEN, needs, e->filter ? head : NULL, self->number));
    else if (ref_is_nobody(r->session))
        r->session = e->session;
    else
        say_log(self, r, e->session, WIRE_LEVEL_WARN, agent_words_taken(head, self->number));
}

static void route_http(struct agent_port *self, struct route *r, struct http_head *head,
                       bool upgrade)
{
    r->treat = TREAT_HTTP;
    for (struct subscription_entry *e = ready(self->entries); e; e = ready(e->next)) {
        /* a client that is too old hears of every request, before any filter is asked (AG-11) */
        const char *needs = e->mode == MODE_MIRROR ? obstacle(e, true, false) : NULL;
        if (needs)
            say_log(self, r, e->session, WIRE_LEVEL_ERROR,
                    agent_words_too_old(AGENT_WORDS_MIRRORED, needs, NULL, self->number));
        else if (e->filter && !http_filter_matches(e->filter, head))
            continue;
        else if (e->mode == MODE_MIRROR)
            agent_refs_add(&r->mirrors, e->session);
        else
            route_stealer(self, r, e, head, upgrade);
    }
}

/* Not HTTP: for who takes everything (AG-27). */
static void route_raw(struct agent_port *self, struct route *r)
{
    r->treat = TREAT_RAW;
    for (struct subscription_entry *e = ready(self->entries); e; e = ready(e->next)) {
        const char *needs = agent_is_old() ? NULL : obstacle(e, false, false);
        if (e->filter)
            continue;
        if (needs)
            say_log(self, r, e->session, WIRE_LEVEL_ERROR,
                    agent_words_too_old(AGENT_WORDS_CONNECTION, needs, NULL, self->number));
        else if (e->mode == MODE_MIRROR)
            agent_refs_add(&r->mirrors, e->session);
        else
            r->session = e->session;
    }
}

static void route_arrived(struct agent_port *self, struct route *r)
{
    if (!agent_is_old()) {
        r->treat = self->entries ? TREAT_DETECT : TREAT_RAW;
        return;
    }
    route_raw(self, r);
    if (ref_is_nobody(r->session) && any_of_mode(self, MODE_STEAL))
        r->treat = TREAT_DETECT;
}

static void on_route(struct agent_port *self, struct message *m)
{
    const struct msg_agent_route *asked = msg_agent_route(m);
    struct route r = {.session = NOBODY,
                      .treat = TREAT_RAW,
                      .exchange = m->exchange ? m->exchange : number_exchange(self)};
    struct http_head head;
    if (asked->what == ASKED_ARRIVED)
        route_arrived(self, &r);
    else if (asked->what == ASKED_RAW && !agent_is_old())
        route_raw(self, &r);
    else if (asked->what == ASKED_HTTP &&
             http_head_open_request(&head, NULL, span_bytes(asked->head), asked->head.length))
        (agent_is_old() ? route_old_http : route_http)(self, &r, &head, asked->upgrade);
    struct message *routed = msg_agent_routed_new((struct msg_agent_routed){
        .mirrors = r.mirrors, .session = r.session, .port = self->number, .treat = r.treat});
    routed->exchange = r.exchange;
    actor_send(&self->actor, m->from, routed);
}

/* ---- its life ---- */

static void on_open(struct agent_port *self, struct message *m)
{
    const struct msg_agent_port_open *o = msg_agent_port_open(m);
    self->agent = m->from;
    self->index = o->index;
    self->number = o->port;
    actor_monitor(&self->actor, self->agent);
    if (o->index != AGENT_NO_LISTENER)
        socket_listen(&self->actor, LISTENER, &agent_settings->ports[o->index].listen,
                      &agent_remote_type, o->index);
}

static void on_listening(struct agent_port *self, struct message *m)
{
    const struct msg_socket_listening *l = msg_socket_listening(m);
    self->number = l->port;
    SAY(self, self->agent, agent_port_ready, .error = l->error, .index = self->index,
        .port = l->port);
}

static void on_down(struct agent_port *self, struct message *m)
{
    struct actor_ref who = msg_down(m)->who;
    if (ref_equal(who, self->agent))
        actor_stop(&self->actor, STOP_ASKED);
    else
        on_session_down(self, who);
}

static void agent_port_on_message(struct actor *actor, struct message *m)
{
    struct agent_port *self = (struct agent_port *)actor;
    switch (m->kind) {
    case MSG_AGENT_PORT_OPEN: on_open(self, m); break;
    case MSG_SOCKET_LISTENING: on_listening(self, m); break;
    case MSG_AGENT_SUBSCRIBE: on_subscribe(self, m); break;
    case MSG_AGENT_UNSUBSCRIBE: on_unsubscribe(self, m); break;
    case MSG_AGENT_VERSION: on_version(self, m); break;
    case MSG_AGENT_ROUTE: on_route(self, m); break;
    case MSG_DOWN: on_down(self, m); break;
    case MSG_STOP: actor_stop(actor, STOP_ASKED); break;
    default: actor_unexpected(actor, m); break;
    }
}

static void agent_port_on_stop(struct actor *actor)
{
    struct agent_port *self = (struct agent_port *)actor;
    while (self->entries)
        entry_remove(self, self->entries);
}

const struct actor_type agent_port_type = {"agent_port", sizeof(struct agent_port),
                                           agent_port_on_message, agent_port_on_stop};
