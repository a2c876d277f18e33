/* messages/trace_agent_hear.c -- what a proxy says, by exchange; see trace_agent_state.h
 *
 * The recorded proxy's messages and the live one's are taken by the same functions, into `expected` and `came`.
 */
#include "messages/trace_agent_state.h"

/* ---- ids ---- */

static uint32_t find_key(struct agent_id *ids, const struct agent_key *key)
{
    struct agent_id *id;
    HASH_FIND(hh, ids, key, sizeof *key, id);
    return id ? id->index : NO_EXCHANGE;
}

static void note_key(struct agent_id **ids, const struct agent_key *key, uint32_t index)
{
    struct agent_id *id;
    HASH_FIND(hh, *ids, key, sizeof *key, id);
    if (!id) {
        id = calloc(1, sizeof *id);
        if (!id)
            heap_exhausted("an id of a trace", sizeof *id);
        id->key = *key;
        HASH_ADD(hh, *ids, key, sizeof id->key, id);
    }
    id->index = index;
}

uint32_t agent_find(struct agent_id *ids, uint8_t mode, uint64_t connection, uint16_t request,
                    bool raw)
{
    struct agent_key key = {.connection = connection,
                            .request = raw ? 0 : request,
                            .mode = mode,
                            .what = raw ? KEY_RAW : KEY_REQUEST};
    return find_key(ids, &key);
}

uint32_t agent_find_connection(struct agent_id *ids, uint8_t mode, uint64_t connection)
{
    struct agent_key key = {.connection = connection, .mode = mode, .what = KEY_CONNECTION};
    return find_key(ids, &key);
}

void agent_note(struct agent_id **ids, const struct agent_exchange *e, uint32_t index)
{
    struct agent_key key = {.connection = e->about.connection,
                            .request = e->about.request,
                            .mode = e->about.mode,
                            .what = e->about.raw ? KEY_RAW : KEY_REQUEST};
    note_key(ids, &key, index);
    key.request = 0;
    key.what = KEY_CONNECTION;
    note_key(ids, &key, index);
}

void agent_ids_release(struct agent_id **ids)
{
    struct agent_id *id, *next;
    HASH_ITER(hh, *ids, id, next)
    {
        HASH_DEL(*ids, id);
        free(id);
    }
}

uint32_t agent_new_exchange(struct trace_agent *a, const struct agent_exchange *e)
{
    uint32_t index = a->exchange_count;
    a->exchanges = trace_grow(a->exchanges, a->exchange_count, sizeof *a->exchanges);
    a->exchanges[index] = *e;
    a->exchanges[index].before =
        agent_find_connection(a->recorded, e->about.mode, e->about.connection);
    agent_note(&a->recorded, e, index);
    a->exchange_count++;
    return index;
}

uint32_t agent_new_raw(struct trace_agent *a, uint8_t mode, uint64_t connection)
{
    struct agent_exchange e = {
        .about = {.has_ids = true, .raw = true, .mode = mode, .connection = connection}};
    return agent_new_exchange(a, &e);
}

/* ---- answers ---- */

bool agent_is_answer(const struct wire_message *m)
{
    switch (m->kind) {
    case WIRE_DATA:
    case WIRE_CONNECTION_UNSUBSCRIBE:
    case WIRE_HTTP_RESPONSE:
    case WIRE_HTTP_RESPONSE_FRAMED:
    case WIRE_HTTP_RESPONSE_START:
    case WIRE_RESPONSE_BODY:
    case WIRE_RESPONSE_ERROR: return true;
    default: return false;
    }
}

static bool is_raw(const struct wire_message *m)
{
    return m->kind == WIRE_DATA || m->kind == WIRE_CONNECTION_UNSUBSCRIBE;
}

static void take_frames(struct agent_told *told, const struct agent_hearing *h)
{
    for (uint32_t i = 0; i < h->m->frame_count; i++) {
        const struct wire_frame *f = &h->m->frames[i];
        trace_put(f->is_trailers ? &told->http.trailers : &told->http.body,
                  h->bytes + f->range.offset, (size_t)f->range.length);
    }
}

static void begin_answer(struct agent_told *told, const struct agent_hearing *h,
                         enum answer_form form)
{
    const struct wire_range *head = &h->m->head;
    trace_http_answer(&told->http, h->bytes + head->offset, (size_t)head->length);
    told->form = (uint8_t)form;
    told->began = h->when;
}

static void end_answer(struct agent_told *told, const struct agent_hearing *h)
{
    told->http.ended = true;
    told->ended = h->when;
}

static void take_http(struct agent_told *told, const struct agent_hearing *h)
{
    switch (h->m->kind) {
    case WIRE_HTTP_RESPONSE:
        begin_answer(told, h, FORM_BASIC);
        trace_put(&told->http.body, h->bytes + h->m->body.offset, (size_t)h->m->body.length);
        end_answer(told, h);
        break;
    case WIRE_HTTP_RESPONSE_FRAMED:
        begin_answer(told, h, FORM_FRAMED);
        take_frames(told, h);
        end_answer(told, h);
        break;
    case WIRE_HTTP_RESPONSE_START:
        begin_answer(told, h, FORM_CHUNKED);
        take_frames(told, h);
        break;
    case WIRE_RESPONSE_BODY:
        take_frames(told, h);
        if (h->m->is_last)
            end_answer(told, h);
        break;
    default: /* WIRE_RESPONSE_ERROR */
        told->http.broken = true;
        told->ended = h->when;
        break;
    }
}

static void take_raw(struct agent_told *told, const struct agent_hearing *h)
{
    if (!told->began)
        told->began = h->when;
    if (h->m->kind == WIRE_CONNECTION_UNSUBSCRIBE)
        told->unsubscribed = true;
    else if (h->m->payload.length)
        trace_put(&told->raw, h->bytes + h->m->payload.offset, (size_t)h->m->payload.length);
    else
        told->raw_ended = true;
    if (told->unsubscribed || told->raw_ended)
        told->ended = h->when;
}

/* Two answers, or a body without a beginning. */
static bool is_out_of_place(const struct agent_told *told, const struct wire_message *m)
{
    bool over = told->http.ended || told->http.broken;
    switch (m->kind) {
    case WIRE_DATA: return told->raw_ended || told->unsubscribed;
    case WIRE_CONNECTION_UNSUBSCRIBE: return told->unsubscribed;
    case WIRE_RESPONSE_BODY:
    case WIRE_RESPONSE_ERROR: return over || !told->http.has_head;
    default: return told->http.has_head;
    }
}

static void say_extra(struct agent_hearing *h, const struct trace_about_what *about,
                      const char *why)
{
    char name[WIRE_NAME_MAX];
    struct trace_about_what ids = {.has_ids = true,
                                   .raw = is_raw(h->m),
                                   .mode = (uint8_t)h->m->mode,
                                   .connection = h->m->connection,
                                   .request = h->m->request};
    if (h->live)
        trace_findings_add(h->agent->findings, FINDING_EXTRA, about ? about : &ids,
                           "the proxy said %s, %s", wire_message_name(h->m, name), why);
}

/* An HTTP exchange may be unsubscribed from, too. */
static uint32_t find_for(const struct agent_hearing *h)
{
    const struct wire_message *m = h->m;
    return agent_find(*h->ids, (uint8_t)m->mode, m->connection, m->request, is_raw(m));
}

uint32_t agent_take_answer(struct agent_hearing *h)
{
    struct trace_agent *a = h->agent;
    uint32_t index = find_for(h);
    if (index == NO_EXCHANGE && h->m->kind == WIRE_CONNECTION_UNSUBSCRIBE)
        return NO_EXCHANGE;
    if (index == NO_EXCHANGE && !h->live && h->m->kind == WIRE_DATA) {
        index = agent_new_raw(a, (uint8_t)h->m->mode, h->m->connection);
        a->exchanges[index].implicit = true;
    }
    if (index == NO_EXCHANGE) {
        say_extra(h, NULL, "which nobody asked for");
        return index;
    }
    struct agent_exchange *e = &a->exchanges[index];
    struct agent_told *told = h->live ? &e->came : &e->expected;
    if (h->live && e->live_closed)
        return index; /* it was on its way when the agent closed it */
    if (is_out_of_place(told, h->m))
        say_extra(h, &e->about, "after its end, or without a beginning");
    else if (is_raw(h->m))
        take_raw(told, h);
    else
        take_http(told, h);
    return index;
}

/* ---- what is said once ---- */

bool agent_is_control(enum wire_kind kind)
{
    return kind == WIRE_SWITCH_VERSION || kind == WIRE_READY_FOR_LOGS ||
           kind == WIRE_PORT_SUBSCRIBE || kind == WIRE_OPERATOR_PONG;
}

uint64_t agent_control_value(const struct wire_message *m)
{
    if (m->kind == WIRE_OPERATOR_PONG)
        return m->operator_id.low;
    return m->kind == WIRE_PORT_SUBSCRIBE ? m->port : 0;
}

struct agent_control *agent_new_control(struct trace_agent *a, const struct agent_hearing *h)
{
    a->controls = trace_grow(a->controls, a->control_count, sizeof *a->controls);
    struct agent_control *c = &a->controls[a->control_count++];
    c->kind = h->m->kind;
    c->mode = (uint8_t)h->m->mode;
    c->value = agent_control_value(h->m);
    c->waited = c->kind != WIRE_READY_FOR_LOGS; /* whether it is said depends on the version */
    trace_put(&c->expected, h->bytes, h->length);
    return c;
}
