/* actors/incoming_proxy.c -- see incoming_proxy.h */
#include "actors/incoming_proxy.h"
#include "actors/answers.h"
#include "actors/exchange_map.h"
#include "actors/exit_codes.h"
#include "actors/interceptor.h"
#include "actors/local_pool.h"
#include "actors/subscriptions.h"
#include "runtime/limits.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TIMER_SUBSCRIBE, TIMER_DRAIN_LIMIT, TIMER_DRAIN_QUIET, TIMER_SLOW };
enum { STRIKES_MAX = 3 };

struct incoming_proxy {
    struct actor actor;
    struct actor_ref parent;
    struct actor_ref link; /* NOBODY: none */
    struct actor_ref pools[WORKERS_MAX];
    struct version version; /* what the agent said last */
    bool negotiated;        /* the version is the agent's word */
    bool was_ready;         /* SUBSCRIBED was said: from now on trouble is mended, and no end */
    bool refused;           /* SUBSCRIBED with a code was said */
    bool draining;
    bool looks_for_slow; /* TIMER_SLOW runs */
    uint8_t strikes;     /* links that the agent ended while a subscription waited for its answer */
    struct subscriptions subscriptions;
    struct exchange_map map;
    uint8_t said_http2[8192], said_tls[8192]; /* a bit a port: said once */
};

static struct incoming_proxy *proxy_of(struct actor *actor)
{
    return (struct incoming_proxy *)actor;
}

/* ---- subscriptions ---- */

static void say_subscribed(struct incoming_proxy *self, uint8_t code, const char *text)
{
    if (code == 0)
        self->was_ready = true;
    else if (self->refused)
        return;
    else
        self->refused = true;
    SAY(self, self->parent, subscribed, .text = span_copy(text, strlen(text)),
        .version = self->version.ordinal, .code = code, .negotiated = self->negotiated);
}

/* Before the first readiness an obstacle ends the program; afterwards the port is suspended and said,
 * never widened. */
static void refuse(struct incoming_proxy *self, int i, const char *why)
{
    self->subscriptions.state[i] = SUBSCRIPTION_SUSPENDED;
    if (!self->was_ready) {
        say_subscribed(self, EXIT_REFUSED, why);
        return;
    }
    actor_log(&self->actor, LOG_ERROR, "a port is not served while this agent is connected",
              "port=%u why=\"%s\"", settings->subscriptions[i].port, why);
}

static void subscribe_all(struct incoming_proxy *self)
{
    const char *obstacle = subscriptions_obstacle(self->version);
    subscriptions_reset(&self->subscriptions);
    if (self->draining)
        return;
    for (uint16_t i = 0; i < settings->subscription_count; i++) {
        if (obstacle) {
            refuse(self, i, obstacle);
            continue;
        }
        subscriptions_ask(&self->subscriptions, i);
        SAY(self, self->link, subscribe, .subscription = i);
    }
    if (subscriptions_any_asked(&self->subscriptions))
        timer_start(&self->actor, TIMER_SUBSCRIBE, SUBSCRIBE_RESULT_US);
}

/* One answer less to wait for, Ok or not. With the last one the time for them is over: else a port that
 * was refused would end the link, and every one after it. */
static void settled(struct incoming_proxy *self)
{
    if (!subscriptions_any_asked(&self->subscriptions))
        timer_stop(&self->actor, TIMER_SUBSCRIBE);
    if (subscriptions_all_confirmed(&self->subscriptions))
        say_subscribed(self, 0, "");
}

static void confirmed(struct incoming_proxy *self, int i)
{
    self->subscriptions.state[i] = SUBSCRIPTION_CONFIRMED;
    self->strikes = 0;
    settled(self);
}

static void on_subscribe_result(struct incoming_proxy *self, struct message *m)
{
    const struct msg_subscribe_result *r = msg_subscribe_result(m);
    int i = subscriptions_answered(&self->subscriptions, r->names_port, r->port);
    if (i < 0)
        return; /* a second word about a port that is settled (SUB-11, SUB-16) */
    if (r->error == SUBSCRIBE_OK) {
        confirmed(self, i);
        return;
    }
    char why[400];
    snprintf(why, sizeof why, "the agent refuses port %u: %.*s", settings->subscriptions[i].port,
             (int)(r->text.length < 300 ? r->text.length : 300),
             r->text.length ? (const char *)span_bytes(r->text) : "");
    refuse(self, i, why);
    settled(self);
}

static void on_subscribe_silence(struct incoming_proxy *self)
{
    char why[100] = "";
    for (uint16_t i = 0; i < settings->subscription_count; i++) {
        if (self->subscriptions.state[i] != SUBSCRIPTION_ASKED)
            continue;
        uint16_t port = settings->subscriptions[i].port;
        actor_log(&self->actor, LOG_WARN, "the agent does not answer a subscription", "port=%u",
                  port);
        if (!why[0])
            snprintf(why, sizeof why,
                     "the agent did not answer the subscription of port %u within 15 s", port);
    }
    if (!self->was_ready)
        say_subscribed(self, EXIT_REFUSED, why);
    else
        SAY(self, self->link, stop, .reason = STOP_ASKED); /* a new link may do better */
}

/* ---- the link ---- */

static void on_link_ready(struct incoming_proxy *self, struct message *m)
{
    self->link = m->from;
    self->version.ordinal = msg_link_ready(m)->version;
    self->negotiated = msg_link_ready(m)->negotiated;
    actor_monitor(&self->actor, self->link);
    subscribe_all(self);
}

static void cancel_all(struct incoming_proxy *self, enum cancel_why why)
{
    for (struct exchange *x = self->map.exchanges; x; x = x->hh.next)
        SAY(self, x->interceptor, cancel, .why = (uint8_t)why);
}

/* SUB-24: the only answer of an old agent to a filter that it does not know is the end of the link. */
static void count_strike(struct incoming_proxy *self)
{
    const char *why = settings->filter_count
                          ? "the agent ends the link when it hears the subscription: it does not "
                            "know this kind of filter, whatever it says of its version"
                          : "the agent ended three links before it answered the subscription";
    if (++self->strikes < STRIKES_MAX)
        return;
    self->strikes = 0;
    if (self->was_ready)
        actor_log(&self->actor, LOG_ERROR, why, NULL);
    else
        say_subscribed(self, EXIT_REFUSED, why);
}

/* `asked`: by us. */
static void on_link_lost(struct incoming_proxy *self, bool asked)
{
    self->link = NOBODY;
    timer_stop(&self->actor, TIMER_SUBSCRIBE);
    if (!asked && subscriptions_any_asked(&self->subscriptions))
        count_strike(self);
    subscriptions_reset(&self->subscriptions);
    cancel_all(self, CANCEL_LINK);
    exchange_map_forget_ids(&self->map);
}

/* HS-7, HS-8: whatever the agent sent after its version is handled after it, by everyone. */
static void on_version(struct incoming_proxy *self, struct message *m)
{
    const struct msg_agent_protocol_version *v = msg_agent_protocol_version(m);
    self->version.ordinal = v->version;
    self->negotiated = v->negotiated;
    for (struct exchange *x = self->map.exchanges; x; x = x->hh.next)
        if (x->connection)
            SAY(self, x->interceptor, agent_protocol_version, .version = v->version,
                .negotiated = v->negotiated);
}

/* ---- exchanges ---- */

static void quiet_again(struct incoming_proxy *self)
{
    if (self->draining)
        timer_start(&self->actor, TIMER_DRAIN_QUIET, DRAIN_QUIET_US);
}

/* Who has waited long is asked why. Exchanges are in order of age: the first young one ends the look. */
static void look_for_slow(struct incoming_proxy *self)
{
    uint64_t now = actor_now(&self->actor);
    for (struct exchange *x = self->map.exchanges; x; x = x->hh.next) {
        if (now - x->began_us < SLOW_ANSWER_US)
            break;
        if (!x->raw && !x->asked_slow)
            SAY(self, x->interceptor, slow, .unused = 0);
        x->asked_slow = true;
    }
    self->looks_for_slow = exchange_map_count(&self->map) != 0;
    if (self->looks_for_slow)
        timer_start(&self->actor, TIMER_SLOW, SLOW_ANSWER_US / 6);
}

static void begin_looking(struct incoming_proxy *self)
{
    if (self->looks_for_slow)
        return;
    self->looks_for_slow = true;
    timer_start(&self->actor, TIMER_SLOW, SLOW_ANSWER_US);
}

/* Exchange k runs on worker k mod N, with that worker's pool. */
static struct exchange *begin(struct incoming_proxy *self, int subscription, uint8_t mode,
                              uint64_t connection, uint16_t request, bool raw)
{
    uint32_t number = exchange_map_number(&self->map);
    struct exchange *x = exchange_map_add(&self->map, number, mode, connection, request);
    unsigned worker = number % settings->workers;
    struct message *first = msg_intercept_new(
        (struct msg_intercept){.link = self->link,
                               .pool = self->pools[worker],
                               .version = self->version.ordinal,
                               .window = window_of(exchange_map_count(&self->map)),
                               .destination = settings->subscriptions[subscription].destination});
    first->exchange = number;
    first->flags =
        (uint16_t)((mode == MODE_MIRROR ? INTERCEPT_MIRROR : 0) | (raw ? INTERCEPT_RAW : 0));
    x->raw = raw;
    x->began_us = actor_now(&self->actor);
    begin_looking(self);
    x->interceptor = actor_spawn(&self->actor, &interceptor_type, worker, first);
    actor_monitor(&self->actor, x->interceptor);
    quiet_again(self);
    return x;
}

/* Sends m on, about exchange x. */
static void pass_on(struct incoming_proxy *self, struct exchange *x, struct message *m)
{
    m->exchange = x->number;
    actor_forward(&self->actor, x->interceptor, m);
}

/* SUB-20: a request that was under way when its subscription ended must not leave its remote waiting. */
static void answer_stale(struct incoming_proxy *self, const struct msg_request *r)
{
    if (r->mode != MODE_STEAL)
        return;
    struct answer_ids ids = {r->port, r->connection, r->request};
    struct message *m = answer_error_new(&ids, http_version_of(r->head), 502,
                                         "port no longer subscribed with an HTTP filter");
    actor_send(&self->actor, self->link, m);
}

static bool once(uint8_t *bits, uint16_t port)
{
    uint8_t mask = (uint8_t)(1u << port % 8);
    if (bits[port / 8] & mask)
        return false;
    bits[port / 8] |= mask;
    return true;
}

static void say_tls(struct incoming_proxy *self, bool tls, uint16_t port)
{
    if (tls && once(self->said_tls, port))
        actor_log(&self->actor, LOG_WARN, "TLS traffic is delivered in clear", "port=%u", port);
}

static void say_limits(struct incoming_proxy *self, const struct msg_request *r)
{
    say_tls(self, r->tls, r->port);
    if (http_version_of(r->head) >= HTTP_VERSION_2 && once(self->said_http2, r->port))
        actor_log(&self->actor, LOG_WARN,
                  "an HTTP/2 request is refused, this program delivers HTTP/1 only", "port=%u",
                  r->port);
}

static void on_request(struct incoming_proxy *self, struct message *m)
{
    const struct msg_request *r = msg_request(m);
    if (!ref_equal(m->from, self->link))
        return;
    if (exchange_map_request(&self->map, r->mode, r->connection, r->request)) {
        actor_log(&self->actor, LOG_WARN,
                  "the agent started a request twice, the second is ignored",
                  "connection=%" PRIu64 " request=%u", r->connection, r->request); /* DEL-3 */
        return;
    }
    int subscription = subscriptions_find(&self->subscriptions, r->port, r->mode);
    if (subscription < 0 && !self->draining) {
        answer_stale(self, r);
        return;
    }
    if (subscription < 0)
        subscription = settings_subscription_of(r->port);
    if (subscription < 0) {
        answer_stale(self, r);
        return;
    }
    say_limits(self, r);
    pass_on(self, begin(self, subscription, r->mode, r->connection, r->request, false), m);
}

static void on_request_body(struct incoming_proxy *self, struct message *m)
{
    const struct msg_request_body *b = msg_request_body(m);
    struct exchange *x = exchange_map_request(&self->map, b->mode, b->connection, b->request);
    if (x && ref_equal(m->from, self->link))
        pass_on(self, x, m);
}

static void on_request_error(struct incoming_proxy *self, struct message *m)
{
    const struct msg_request_error *e = msg_request_error(m);
    struct exchange *x = exchange_map_request(&self->map, e->mode, e->connection, e->request);
    if (x && ref_equal(m->from, self->link))
        SAY(self, x->interceptor, cancel, .why = CANCEL_BROKEN);
}

static void on_request_too_large(struct incoming_proxy *self, struct message *m)
{
    const struct msg_request_too_large *l = msg_request_too_large(m);
    struct exchange *x = exchange_map_request(&self->map, l->mode, l->connection, l->request);
    actor_log(&self->actor, LOG_WARN, "a message of the agent is larger than --agent-message-max",
              "connection=%" PRIu64 " request=%u", l->connection, l->request);
    if (x) {
        SAY(self, x->interceptor, cancel, .why = CANCEL_TOO_LARGE);
    } else if (l->start && l->mode == MODE_STEAL && ref_equal(m->from, self->link)) {
        struct answer_ids ids = {l->port, l->connection, l->request};
        actor_send(&self->actor, self->link,
                   answer_error_new(&ids, HTTP_VERSION_1_1, 413,
                                    "the request is larger than --agent-message-max"));
    }
}

static void on_new_connection(struct incoming_proxy *self, struct message *m)
{
    const struct msg_new_connection *c = msg_new_connection(m);
    if (!ref_equal(m->from, self->link))
        return;
    int subscription = subscriptions_find(&self->subscriptions, c->port, c->mode);
    if (exchange_map_newest(&self->map, c->mode, c->connection)) {
        actor_log(&self->actor, LOG_WARN, "the agent opened an id twice, the second is ignored",
                  "connection=%" PRIu64, c->connection); /* to refuse it would end the first */
        return;
    }
    if (subscription < 0) {
        SAY(self, self->link, connection_unsubscribe, .connection = c->connection, .mode = c->mode);
        return;
    }
    say_tls(self, c->tls, c->port);
    pass_on(self, begin(self, subscription, c->mode, c->connection, 0, true), m);
}

static void on_data(struct incoming_proxy *self, struct message *m)
{
    const struct msg_data *d = msg_data(m);
    struct exchange *x = exchange_map_newest(&self->map, d->mode, d->connection);
    if (x && ref_equal(m->from, self->link))
        pass_on(self, x, m);
}

static void on_connection_closed(struct incoming_proxy *self, struct message *m)
{
    const struct msg_connection_closed *c = msg_connection_closed(m);
    if (!ref_equal(m->from, self->link))
        return;
    for (struct exchange *x = exchange_map_newest(&self->map, c->mode, c->connection); x;
         x = x->older)
        SAY(self, x->interceptor, cancel, .why = CANCEL_CLOSED);
    exchange_map_forget_connection(&self->map, c->mode, c->connection);
}

/* ---- the end ---- */

static void drained(struct incoming_proxy *self)
{
    timer_stop(&self->actor, TIMER_DRAIN_LIMIT);
    timer_stop(&self->actor, TIMER_DRAIN_QUIET);
    SAY(self, self->parent, drained, .left = exchange_map_count(&self->map));
}

static void on_drain(struct incoming_proxy *self, struct message *m)
{
    if (self->draining)
        return;
    self->draining = true;
    for (uint16_t i = 0; i < settings->subscription_count && !ref_is_nobody(self->link); i++)
        SAY(self, self->link, unsubscribe, .port = settings->subscriptions[i].port,
            .mode = settings->mirror ? MODE_MIRROR : MODE_STEAL);
    subscriptions_reset(&self->subscriptions);
    timer_stop(&self->actor, TIMER_SUBSCRIBE);
    timer_start(&self->actor, TIMER_DRAIN_LIMIT, MS(msg_drain(m)->limit_ms));
    timer_start(&self->actor, TIMER_DRAIN_QUIET, DRAIN_QUIET_US);
}

static void on_timer(struct incoming_proxy *self, struct message *m)
{
    switch (msg_timer(m)->n) {
    case TIMER_SUBSCRIBE: on_subscribe_silence(self); break;
    case TIMER_DRAIN_LIMIT: drained(self); break;
    case TIMER_SLOW: look_for_slow(self); break;
    default:
        if (exchange_map_count(&self->map) == 0)
            drained(self);
        break;
    }
}

static void on_down(struct incoming_proxy *self, struct message *m)
{
    if (ref_equal(msg_down(m)->who, self->link)) {
        on_link_lost(self, msg_down(m)->reason == STOP_ASKED);
        return;
    }
    struct exchange *x = exchange_map_by_number(&self->map, m->exchange);
    if (x && ref_equal(x->interceptor, msg_down(m)->who)) {
        exchange_map_remove(&self->map, x);
        if (exchange_map_count(&self->map) == 0)
            quiet_again(self);
    }
}

static void on_begin(struct incoming_proxy *self, struct message *m)
{
    self->parent = m->from;
    self->version = version_unnegotiated();
    for (unsigned i = 0; i < settings->workers; i++)
        self->pools[i] = local_pool_spawn(&self->actor, i);
}

bool incoming_proxy_accepts(uint16_t kind)
{
    switch (kind) {
    case MSG_LINK_READY:
    case MSG_AGENT_PROTOCOL_VERSION:
    case MSG_SUBSCRIBE_RESULT:
    case MSG_NEW_CONNECTION:
    case MSG_DATA:
    case MSG_CONNECTION_CLOSED:
    case MSG_REQUEST:
    case MSG_REQUEST_BODY:
    case MSG_REQUEST_ERROR:
    case MSG_REQUEST_TOO_LARGE:
    case MSG_DRAIN:
    case MSG_DOWN:
    case MSG_TIMER:
    case MSG_CONTINUE: return true;
    default: return false;
    }
}

static void on_message(struct actor *actor, struct message *m)
{
    struct incoming_proxy *self = proxy_of(actor);
    switch (m->kind) {
    case MSG_LINK_READY: on_link_ready(self, m); break;
    case MSG_AGENT_PROTOCOL_VERSION: on_version(self, m); break;
    case MSG_SUBSCRIBE_RESULT: on_subscribe_result(self, m); break;
    case MSG_NEW_CONNECTION: on_new_connection(self, m); break;
    case MSG_DATA: on_data(self, m); break;
    case MSG_CONNECTION_CLOSED: on_connection_closed(self, m); break;
    case MSG_REQUEST: on_request(self, m); break;
    case MSG_REQUEST_BODY: on_request_body(self, m); break;
    case MSG_REQUEST_ERROR: on_request_error(self, m); break;
    case MSG_REQUEST_TOO_LARGE: on_request_too_large(self, m); break;
    case MSG_DRAIN: on_drain(self, m); break;
    case MSG_DOWN: on_down(self, m); break;
    case MSG_TIMER: on_timer(self, m); break;
    case MSG_CONTINUE: on_begin(self, m); break;
    default: actor_unexpected(actor, m); break;
    }
}

static void on_stop(struct actor *actor)
{
    exchange_map_destroy(&proxy_of(actor)->map);
}

const struct actor_type incoming_proxy_type = {"incoming_proxy", sizeof(struct incoming_proxy),
                                               on_message, on_stop};

struct actor_ref incoming_proxy_spawn(struct actor *parent)
{
    return actor_spawn(parent, &incoming_proxy_type, WORKER_HERE,
                       msg_resume_new((struct msg_resume){0}));
}
