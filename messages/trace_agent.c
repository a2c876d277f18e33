/* messages/trace_agent.c -- playing: what is said next, and when; see trace_agent.h */
#include "messages/trace_agent_state.h"

struct trace_agent *trace_agent_new(const struct trace_stream *link,
                                    const struct trace_agent_options *options,
                                    struct trace_findings *findings)
{
    struct trace_agent *a = calloc(1, sizeof *a);
    if (!a)
        heap_exhausted("an agent that is played", sizeof *a);
    a->options = *options;
    a->findings = findings;
    wire_decoder_create(&a->decoder, WIRE_FROM_CLIENT, version_newest(), UINT64_MAX);
    agent_read_script(a, link);
    return a;
}

static void release_told(struct agent_told *t)
{
    trace_http_release(&t->http);
    wire_buffer_release(&t->raw);
}

static void free_text(const char *text)
{
    union {
        const char *constant;
        char *own;
    } u = {text};
    free(u.own);
}

void trace_agent_free(struct trace_agent *a)
{
    if (!a)
        return;
    for (unsigned i = 0; i < a->exchange_count; i++) {
        free_text(a->exchanges[i].about.method);
        free_text(a->exchanges[i].about.target);
        release_told(&a->exchanges[i].expected);
        release_told(&a->exchanges[i].came);
    }
    for (unsigned i = 0; i < a->control_count; i++) {
        wire_buffer_release(&a->controls[i].expected);
        wire_buffer_release(&a->controls[i].came);
    }
    agent_ids_release(&a->recorded);
    agent_ids_release(&a->live);
    wire_decoder_destroy(&a->decoder);
    wire_buffer_release(&a->pending);
    free(a->exchanges);
    free(a->controls);
    free(a->steps);
    free(a);
}

bool trace_agent_has_beginning(const struct trace_agent *a)
{
    return a->announced && a->begun_whole;
}

unsigned trace_agent_exchanges(const struct trace_agent *a)
{
    return a->exchange_count;
}

unsigned trace_agent_steps(const struct trace_agent *a, enum stream_side side)
{
    unsigned n = 0;
    for (unsigned i = 0; i < a->step_count; i++)
        n += a->steps[i].agent == (side == SIDE_FAR) && !a->steps[i].skipped;
    return n;
}

/* Bytes behind a 101 may begin on either side: they are expected from the moment their request was. */
static void begin_implicit(struct trace_agent *a)
{
    for (unsigned i = 0; i < a->exchange_count; i++) {
        struct agent_exchange *e = &a->exchanges[i];
        if (!e->implicit || e->live_asked)
            continue;
        e->live_asked = ++a->events;
        agent_note(&a->live, e, i);
    }
}

void trace_agent_begin(struct trace_agent *a, uint64_t now_us)
{
    a->before_us = a->waits_us = now_us;
    a->before_ns = a->step_count ? a->steps[0].at_ns : 0;
    begin_implicit(a);
}

/* ---- the live proxy ---- */

/* The first of its sort that has not come. */
static void take_control(struct trace_agent *a, const struct agent_hearing *h)
{
    char name[WIRE_NAME_MAX];
    uint64_t value = agent_control_value(h->m);
    for (unsigned i = 0; i < a->control_count; i++) {
        struct agent_control *c = &a->controls[i];
        if (c->has_come || c->kind != h->m->kind || c->mode != h->m->mode || c->value != value)
            continue;
        c->has_come = true;
        trace_put(&c->came, h->bytes, h->length);
        return;
    }
    if (h->m->kind == WIRE_PORT_SUBSCRIBE)
        trace_findings_add(
            a->findings, FINDING_EXTRA, NULL,
            "the proxy said %s for port %u, which the recorded one did not subscribe",
            wire_message_name(h->m, name), h->m->port);
    else
        trace_findings_add(a->findings, FINDING_EXTRA, NULL,
                           "the proxy said %s, which the recorded one did not",
                           wire_message_name(h->m, name));
}

static void take_message(struct trace_agent *a, const uint8_t *bytes, size_t length,
                         uint64_t now_us)
{
    const struct wire_message *m = &a->decoder.message;
    struct agent_hearing h = {.agent = a,
                              .ids = &a->live,
                              .live = true,
                              .m = m,
                              .bytes = bytes,
                              .length = length,
                              .when = ++a->events};
    char name[WIRE_NAME_MAX];
    if (m->kind == WIRE_PING) {
        a->pongs += a->answers_pings;
        return;
    }
    if (m->kind != WIRE_PORT_UNSUBSCRIBE && m->kind != WIRE_CLOSE)
        a->waits_us = now_us;
    if (agent_is_control(m->kind))
        take_control(a, &h);
    else if (agent_is_answer(m))
        agent_take_answer(&h);
    else if (m->kind != WIRE_PORT_UNSUBSCRIBE && m->kind != WIRE_CLOSE)
        trace_findings_add(a->findings, FINDING_NOTE, NULL,
                           "the proxy said %s, which the recording has no answer for",
                           wire_message_name(m, name));
}

bool trace_agent_hear(struct trace_agent *a, const uint8_t *bytes, size_t length, uint64_t now_us)
{
    size_t seen = a->pending.length, begin = 0, consumed;
    trace_put(&a->pending, bytes, length);
    while (seen < a->pending.length) {
        enum wire_verdict verdict = wire_decoder_feed(&a->decoder, a->pending.at + seen,
                                                      a->pending.length - seen, &consumed);
        seen += consumed;
        if (verdict == WIRE_BAD || verdict == WIRE_TOO_LARGE) {
            trace_findings_add(a->findings, FINDING_DIFFERENT, NULL,
                               "what the proxy says is no message of mirrord-protocol: %s",
                               a->decoder.error);
            return false;
        }
        if (verdict == WIRE_MESSAGE) {
            take_message(a, a->pending.at + begin, seen - begin, now_us);
            begin = seen;
        }
    }
    if (begin) {
        memmove(a->pending.at, a->pending.at + begin, a->pending.length - begin);
        a->pending.length -= begin;
    }
    return true;
}

void trace_agent_lost(struct trace_agent *a, uint64_t now_us)
{
    (void)now_us;
    a->lost = true;
}

/* ---- what was awaited ---- */

static bool has_progressed(const struct agent_exchange *e, const struct agent_step *s)
{
    const struct agent_told *t = &e->came;
    if (e->live_closed || t->unsubscribed)
        return true;
    if (s->unsubscribed)
        return false;
    if (e->about.raw)
        return t->raw.length >= s->amount && (t->raw_ended || !s->ended);
    if (t->http.ended || t->http.broken)
        return true;
    return (t->http.has_head || !s->head) && t->http.body.length >= s->amount && !s->ended;
}

bool agent_step_is_met(const struct trace_agent *a, const struct agent_step *s)
{
    if (s->skipped)
        return true;
    switch (s->need) {
    case NEED_PROGRESS: return has_progressed(&a->exchanges[s->index], s);
    case NEED_CONTROL: return a->controls[s->index].has_come;
    default: return true;
    }
}

/* All that is awaited before the agent goes on: it will not come, or too late. */
static void give_up(struct trace_agent *a)
{
    for (unsigned i = a->at; i < a->step_count && !a->steps[i].agent; i++) {
        struct agent_step *s = &a->steps[i];
        if (s->need == NEED_PROGRESS && !agent_step_is_met(a, s))
            a->exchanges[s->index].late = true;
    }
    /* nothing of an exchange that was given up is waited for again */
    for (unsigned i = a->at; i < a->step_count; i++) {
        struct agent_step *s = &a->steps[i];
        if (!s->agent && s->need == NEED_PROGRESS && a->exchanges[s->index].late)
            s->skipped = true;
    }
}

/* A proxy that does not announce itself or subscribe will not do so later. */
static bool waits_for_control(const struct trace_agent *a)
{
    return a->at < a->step_count && a->steps[a->at].need == NEED_CONTROL;
}

/* ---- what is said ---- */

static uint64_t due_of(const struct trace_agent *a, const struct agent_step *s)
{
    if (a->options.speed <= 0 || s->at_ns <= a->before_ns)
        return 0;
    return a->before_us + (uint64_t)((double)(s->at_ns - a->before_ns) / 1000 / a->options.speed);
}

static void pass(struct trace_agent *a, struct agent_step *s, uint64_t now_us)
{
    s->live_us = now_us;
    if (!s->skipped || !s->agent) {
        a->before_us = now_us;
        a->before_ns = s->at_ns;
    }
    a->waits_us = now_us;
    a->at++;
}

static void begin_live(struct trace_agent *a, const struct agent_step *s)
{
    struct agent_exchange *e = s->index == NO_EXCHANGE ? NULL : &a->exchanges[s->index];
    a->events++;
    if (e && !e->live_asked && !s->closes) {
        e->live_asked = a->events;
        agent_note(&a->live, e, s->index);
    }
    for (uint32_t i = s->closes ? s->index : NO_EXCHANGE;
         i != NO_EXCHANGE && !a->exchanges[i].live_closed; i = a->exchanges[i].before)
        a->exchanges[i].live_closed = true;
}

static enum trace_agent_next wait_for(struct trace_agent *a, uint64_t now_us, uint64_t *due_us)
{
    *due_us = a->waits_us + a->options.give_up_us;
    if (now_us < *due_us)
        return AGENT_WAIT;
    if (waits_for_control(a)) {
        a->at = a->step_count;
        a->lost = true;
        return AGENT_OVER;
    }
    give_up(a);
    a->waits_us = now_us;
    *due_us = now_us;
    return AGENT_WAIT;
}

static enum trace_agent_next settle(struct trace_agent *a, uint64_t now_us, uint64_t *due_us)
{
    *due_us = a->waits_us + a->options.settle_us;
    return a->lost || now_us >= *due_us ? AGENT_OVER : AGENT_WAIT;
}

static enum trace_agent_next say(struct trace_agent *a, struct agent_step *s, uint64_t now_us,
                                 const uint8_t **bytes, size_t *length, uint64_t *due_us)
{
    *due_us = due_of(a, s);
    if (now_us < *due_us)
        return AGENT_WAIT;
    begin_live(a, s);
    pass(a, s, now_us);
    *bytes = s->bytes;
    *length = s->length;
    return AGENT_SAY;
}

enum trace_agent_next trace_agent_next(struct trace_agent *a, uint64_t now_us,
                                       const uint8_t **bytes, size_t *length, uint64_t *due_us)
{
    static const uint8_t pong[] = {7};
    *due_us = UINT64_MAX;
    if (a->lost)
        return AGENT_OVER;
    if (a->pongs) {
        a->pongs--;
        *bytes = pong;
        *length = sizeof pong;
        return AGENT_SAY;
    }
    while (a->at < a->step_count) {
        struct agent_step *s = &a->steps[a->at];
        bool awaited = !s->agent && !agent_step_is_met(a, s);
        if (awaited)
            return wait_for(a, now_us, due_us);
        if (s->agent && !s->skipped)
            return say(a, s, now_us, bytes, length, due_us);
        pass(a, s, now_us);
    }
    return settle(a, now_us, due_us);
}
