/* messages/trace_agent_script.c -- a recorded link as a list of steps; see trace_agent_state.h */
#include "messages/trace_agent_state.h"

struct reading {
    struct trace_agent *agent;
    bool pinged, ponged;
    bool heard_proxy;  /* it has said something, beside Ping */
    unsigned left_out; /* messages that cannot be played and belong to no exchange */
};

static struct agent_step *new_step(struct trace_agent *a, const struct trace_spoken *m)
{
    a->steps = trace_grow(a->steps, a->step_count, sizeof *a->steps);
    struct agent_step *s = &a->steps[a->step_count++];
    *s = (struct agent_step){.agent = m->side == SIDE_FAR,
                             .index = NO_EXCHANGE,
                             .at_ns = m->at_ns,
                             .bytes = m->bytes,
                             .length = m->length};
    return s;
}

/* ---- the agent ---- */

static enum answer_form richest(enum wire_kind kind)
{
    switch (kind) {
    case WIRE_HTTP_REQUEST: return FORM_BASIC;
    case WIRE_HTTP_REQUEST_FRAMED: return FORM_FRAMED;
    case WIRE_HTTP_REQUEST_START_V1:
    case WIRE_HTTP_REQUEST_START_V2: return FORM_CHUNKED;
    default: return FORM_NONE;
    }
}

static void take_line(struct agent_exchange *e, const struct trace_spoken *m)
{
    struct trace_http line = {0};
    const struct wire_range *head = &m->message->head;
    if (!m->capped && trace_http_request(&line, m->bytes + head->offset, (size_t)head->length)) {
        e->about.method = trace_text(line.method, strlen(line.method));
        e->about.target = trace_text(line.target, strlen(line.target));
    }
    trace_http_release(&line);
}

static void sum(struct agent_exchange *e, const struct trace_spoken *m,
                const struct wire_range *range)
{
    static const uint64_t factor = UINT64_C(0x100000001b3); /* FNV's */
    for (uint64_t i = 0; i < range->length; i++)
        e->asked_sum = e->asked_sum * factor + m->bytes[range->offset + i] + 1;
}

/* A part of a request. */
static void take_request(struct agent_exchange *e, const struct trace_spoken *m)
{
    const struct wire_message *w = m->message;
    if (richest(w->kind) != FORM_NONE)
        sum(e, m, &w->head);
    if (w->kind == WIRE_HTTP_REQUEST)
        sum(e, m, &w->body);
    for (uint32_t i = 0; i < w->frame_count; i++)
        if (!w->frames[i].is_trailers)
            sum(e, m, &w->frames[i].range);
}

static uint32_t new_request(struct trace_agent *a, const struct trace_spoken *m)
{
    const struct wire_message *w = m->message;
    struct agent_exchange e = {.about = {.has_ids = true,
                                         .mode = (uint8_t)w->mode,
                                         .connection = w->connection,
                                         .request = w->request},
                               .variant = (uint8_t)richest(w->kind)};
    take_line(&e, m);
    return agent_new_exchange(a, &e);
}

/* Everything about this connection ends here; what it had said until then counts. */
static uint32_t close_all(struct trace_agent *a, const struct wire_message *w)
{
    uint32_t newest = agent_find_connection(a->recorded, (uint8_t)w->mode, w->connection);
    for (uint32_t i = newest; i != NO_EXCHANGE && !a->exchanges[i].closed;
         i = a->exchanges[i].before)
        a->exchanges[i].closed = true;
    return newest;
}

static uint32_t exchange_of(struct trace_agent *a, const struct trace_spoken *m)
{
    const struct wire_message *w = m->message;
    switch (w->kind) {
    case WIRE_NEW_CONNECTION: return agent_new_raw(a, (uint8_t)w->mode, w->connection);
    case WIRE_TCP_CLOSE: return close_all(a, w);
    case WIRE_REQUEST_BODY:
    case WIRE_REQUEST_ERROR:
        return agent_find(a->recorded, (uint8_t)w->mode, w->connection, w->request, false);
    case WIRE_DATA: {
        uint32_t index = agent_find(a->recorded, (uint8_t)w->mode, w->connection, 0, true);
        if (index != NO_EXCHANGE)
            return index;
        index = agent_new_raw(a, (uint8_t)w->mode, w->connection); /* behind a 101 */
        a->exchanges[index].implicit = true;
        return index;
    }
    default: return richest(w->kind) != FORM_NONE ? new_request(a, m) : NO_EXCHANGE;
    }
}

static const char left_out[] = "its bytes were left out when it was recorded (--trace-bodies)";

static void agent_said(struct reading *r, const struct trace_spoken *m)
{
    struct trace_agent *a = r->agent;
    unsigned before = a->exchange_count;
    uint32_t index = exchange_of(a, m);
    struct agent_step *s = new_step(a, m);
    s->index = index;
    s->closes = m->message->kind == WIRE_TCP_CLOSE;
    if (a->exchange_count > before)
        a->exchanges[index].asked = a->step_count;
    if (m->message->kind == WIRE_PONG) {
        r->ponged = s->skipped = true;
    } else if (m->capped) {
        s->skipped = true;
        r->left_out += index == NO_EXCHANGE;
        if (index != NO_EXCHANGE)
            a->exchanges[index].left_out = left_out;
    } else if (index != NO_EXCHANGE && a->options.swaps) {
        take_request(&a->exchanges[index], m);
    }
}

/* ---- the proxy ---- */

static void need_progress(struct agent_step *s, const struct agent_exchange *e)
{
    const struct agent_told *t = &e->expected;
    s->need = NEED_PROGRESS;
    s->head = t->http.has_head;
    s->unsubscribed = t->unsubscribed;
    s->ended = e->about.raw ? t->raw_ended : t->http.ended || t->http.broken;
    s->amount = e->about.raw ? t->raw.length : t->http.body.length;
}

static void leave_out(struct reading *r, const struct trace_spoken *m)
{
    const struct wire_message *w = m->message;
    uint32_t index = agent_find(r->agent->recorded, (uint8_t)w->mode, w->connection, w->request,
                                w->kind == WIRE_DATA);
    if (index != NO_EXCHANGE)
        r->agent->exchanges[index].left_out = left_out;
}

/* A Ping comes before all else when the proxy looks whether somebody is there. */
static void note_first(struct reading *r, const struct trace_spoken *m)
{
    bool ping = m->message->kind == WIRE_PING;
    if (!ping && !r->heard_proxy)
        r->agent->announced = m->message->kind == WIRE_SWITCH_VERSION && !m->capped;
    r->heard_proxy |= !ping;
    r->pinged |= ping;
}

static void proxy_said(struct reading *r, const struct trace_spoken *m)
{
    struct trace_agent *a = r->agent;
    struct agent_step *s = new_step(a, m);
    struct agent_hearing h = {.agent = a,
                              .ids = &a->recorded,
                              .m = m->message,
                              .bytes = m->bytes,
                              .length = m->length,
                              .when = a->step_count};
    note_first(r, m);
    if (m->capped) {
        leave_out(r, m);
    } else if (agent_is_control(m->message->kind)) {
        struct agent_control *c = agent_new_control(a, &h);
        s->index = (uint32_t)(c - a->controls);
        s->need = c->waited ? NEED_CONTROL : NEED_NOTHING;
    } else if (agent_is_answer(m->message)) {
        s->index = agent_take_answer(&h);
        if (s->index != NO_EXCHANGE && !a->exchanges[s->index].closed)
            need_progress(s, &a->exchanges[s->index]);
    }
}

/* ---- all ---- */

static void hear(void *context, const struct trace_spoken *m)
{
    if (m->side == SIDE_FAR)
        agent_said(context, m);
    else
        proxy_said(context, m);
}

/* What belongs to an exchange that is left out is neither said nor awaited. */
static void skip_left_out(struct trace_agent *a)
{
    for (unsigned i = 0; i < a->step_count; i++) {
        struct agent_step *s = &a->steps[i];
        bool of_exchange = s->index != NO_EXCHANGE && s->need != NEED_CONTROL;
        if (of_exchange && (s->agent || s->need == NEED_PROGRESS) &&
            a->exchanges[s->index].left_out)
            s->skipped = true;
    }
    for (unsigned i = 0; i < a->exchange_count; i++)
        if (a->exchanges[i].left_out)
            trace_findings_add(a->findings, FINDING_LEFT_OUT, &a->exchanges[i].about, "%s",
                               a->exchanges[i].left_out);
}

void agent_read_script(struct trace_agent *a, const struct trace_stream *link)
{
    struct reading r = {.agent = a};
    char error[TRACE_SPEECH_ERROR_MAX];
    bool whole = trace_speech_read(link, hear, &r, error);
    if (!whole)
        trace_findings_add(a->findings, FINDING_LEFT_OUT, NULL, "%s", error);
    if (r.left_out)
        trace_findings_add(a->findings, FINDING_LEFT_OUT, NULL,
                           "%u messages of the agent that belong to no exchange: their bytes were "
                           "left out when it was recorded (--trace-bodies)",
                           r.left_out);
    a->begun_whole = !r.left_out && (whole || a->exchange_count);
    a->answers_pings = r.ponged || !r.pinged;
    skip_left_out(a);
}
