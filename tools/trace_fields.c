/* tools/trace_fields.c -- what a filter can ask of a record; see trace_fields.h */
#include "tools/trace_fields.h"
#include "actors/actor_types.h"
#include "messages/http_head.h"
#include "messages/trace_reader.h"
#include "messages/version.h"
#include "messages/vocabulary.h"
#include <stdio.h>
#include <stdlib.h>

/* ---- what values there are ------------------------------------------------------------------- */

static const char *const kinds[] = {
#define F(type, name)
#define KIND(NAME, name, class, ...) #NAME,
#include "messages/kinds.def"
#undef KIND
#undef F
    /* and what trace_protocol_name makes of some */
    "HttpRequest",
    "HttpRequestFramed",
    "HttpRequestChunked",
    "StartV1",
    "StartV2",
    "Body",
    "HttpResponse",
    "HttpResponseFramed",
    "HttpResponseChunked",
    "Start",
    "Error",
    "Data",
    "NewConnection",
    "Close",
    "SubscribeResult",
    "PortSubscribe",
    "PortUnsubscribe",
    "ConnectionUnsubscribe",
};
static const char *const effects[] = {
#define EFFECT(NAME, name, has) #name,
#include "runtime/effects.def"
#undef EFFECT
};
static const char *const whats[] = {[TRACE_CALL] = "call",
                                    [TRACE_END] = "end",
                                    [TRACE_UNDELIVERED] = "undelivered",
                                    [TRACE_LAGGED] = "lagged",
                                    [TRACE_NOTE] = "note"};
static const char *const modes[] = {[MODE_MIRROR] = "mirror", [MODE_STEAL] = "steal"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The types of actors, and behind them the runtime, as often as there is room. */
enum { TYPES = 16 };
static const char *types[TYPES];

void trace_fields_prepare(void)
{
    unsigned n = 0;
    for (const struct actor_type *const *t = actor_types; *t; t++) {
        assert(n + 1 < TYPES);
        types[n++] = (*t)->name;
    }
    while (n < TYPES)
        types[n++] = "runtime";
}

#define ROW(NAME, text, type, help) [TRACE_FIELD_##NAME] = {text, FILTER_##type, help, NULL, 0}
#define ROW_OF(NAME, text, type, values, help)                                                     \
    [TRACE_FIELD_##NAME] = {text, FILTER_##type, help, values, COUNT(values)}

const struct filter_field trace_filter_fields[] = {
    ROW_OF(
        KIND, "kind", KIND, kinds,
        "the message's name, e.g. REQUEST; or as the agent's protocol calls it, e.g. HttpRequest"),
    ROW_OF(WHAT, "what", TEXT, whats,
           "call (of an actor with a message), end (of an actor), undelivered, lagged, note"),
    ROW(SEQ, "seq", NUMBER, "the record's number"),
    ROW(T, "t", TIME,
        "when the call began, since the beginning of the trace, in whole microseconds"),
    ROW(TOOK, "took", TIME, "how long the call took; those of one turn and kind share"),
    ROW_OF(FROM, "from", TEXT, types,
           "the type of the actor that sent it, e.g. interceptor; or runtime (sockets, timers, "
           "signals)"),
    ROW_OF(TO, "to", TEXT, types, "the type of the actor that was called, or ended"),
    ROW(ACTOR, "actor", TEXT, "the actor that was called, with worker and slot: interceptor/0.9"),
    ROW(WORKER, "worker", NUMBER, "on which it was called"),
    ROW(EXCHANGE, "exchange", EXCHANGE,
        "the number of the exchange that it is about; the stand-in agent's own: a7"),
    ROW(CONN, "conn", NUMBER,
        "connection id, of incoming traffic; the message's, or its exchange's"),
    ROW(REQ, "req", NUMBER, "request id, of HTTP; the message's, or its exchange's"),
    ROW(REQUEST, "request", NUMBER, "the same as req"),
    ROW_OF(MODE, "mode", TEXT, modes, "of incoming traffic: steal or mirror"),
    ROW(PORT, "port", NUMBER, "the remote port; the message's, or its exchange's"),
    ROW(METHOD, "method", TEXT, "of the HTTP request; the message's, or its exchange's"),
    ROW(PATH, "path", TEXT, "the same, with its query"),
    ROW(HOST, "host", TEXT, "of messages with the head of an HTTP request"),
    ROW(STATUS, "status", NUMBER,
        "of the HTTP response; the message's, or its exchange's as far as it is known by then"),
    ROW(VERSION, "version", TEXT, "of the protocol, in messages that tell it"),
    ROW(ERROR, "error", NUMBER, "of messages that have one; 0: it went well"),
    ROW(SIZE, "size", NUMBER,
        "bytes of the message's payload, all of them even if not all were kept"),
    ROW(PAYLOAD, "payload", TEXT, "these bytes, as far as they were kept"),
    ROW_OF(EFFECT, "effect", KIND, effects,
           "what the actor did then: effect == write holds if it wrote, whatever else it did"),
    {NULL, FILTER_TEXT, NULL, NULL, 0},
};

const char *trace_what_name(enum trace_what what)
{
    return whats[what];
}

/* ---- values ---------------------------------------------------------------------------------- */

static bool text(struct filter_value *out, const void *at, size_t length)
{
    out->text = at;
    out->length = length;
    return true;
}

static bool word(struct filter_value *out, const char *at)
{
    return at && text(out, at, strlen(at));
}

static bool number(struct filter_value *out, uint64_t n)
{
    out->number = n;
    return true;
}

static const char *name_of_request(const struct trace_record *r)
{
    static const char *const variants[] = {
        [VARIANT_BASIC] = "HttpRequest",
        [VARIANT_FRAMED] = "HttpRequestFramed",
        [VARIANT_CHUNKED_V1] = "HttpRequestChunked(StartV1)",
        [VARIANT_CHUNKED_V2] = "HttpRequestChunked(StartV2)",
    };
    uint64_t variant;
    return trace_value(r, "variant", &variant) && variant < COUNT(variants) ? variants[variant]
                                                                            : NULL;
}

static const char *name_of_answer(const struct trace_record *r)
{
    static const char *const formats[] = {
        [ANSWER_BASIC] = "HttpResponse",
        [ANSWER_FRAMED] = "HttpResponseFramed",
        [ANSWER_CHUNKED] = "HttpResponseChunked(Start)",
    };
    unsigned format = r->flags & ANSWER_FORMAT_MASK;
    return r->what == TRACE_CALL && format < COUNT(formats) ? formats[format] : NULL;
}

const char *trace_protocol_name(const struct trace_record *r)
{
    switch (r->kind ? r->kind->ours : MSG_NONE) {
    case MSG_REQUEST: return name_of_request(r);
    case MSG_REQUEST_BODY: return "HttpRequestChunked(Body)";
    case MSG_REQUEST_ERROR: return "HttpRequestChunked(Error)";
    case MSG_ANSWER: return name_of_answer(r);
    case MSG_ANSWER_BODY: return "HttpResponseChunked(Body)";
    case MSG_ANSWER_ERROR: return "HttpResponseChunked(Error)";
    case MSG_DATA: return "Data";
    case MSG_NEW_CONNECTION: return "NewConnection";
    case MSG_CONNECTION_CLOSED: return "Close";
    case MSG_SUBSCRIBE_RESULT: return "SubscribeResult";
    case MSG_SUBSCRIBE: return "PortSubscribe";
    case MSG_UNSUBSCRIBE: return "PortUnsubscribe";
    case MSG_CONNECTION_UNSUBSCRIBE: return "ConnectionUnsubscribe";
    default: return NULL;
    }
}

/* REQUEST(HttpRequestFramed): one kind, which has both names. */
static bool kind(struct trace_seen *s, struct filter_value *out)
{
    const struct trace_kind *k = s->record->kind;
    const char *protocol = trace_protocol_name(s->record);
    if (!k || !protocol)
        return word(out, k ? k->name : NULL);
    int n = snprintf(s->text, sizeof s->text, "%s(%s)", k->name, protocol);
    return text(out, s->text, (size_t)n);
}

/* send(write): a kind, since these are compared by each of their names. */
static bool effect(struct trace_seen *s, struct filter_value *out)
{
    struct trace_effect e;
    size_t at = 0, n = 0, open = 0;
    uint32_t seen = 0;
    assert(s->reader); /* trace_filter_reader was forgotten */
    while (trace_effect_next(s->reader, s->record, &at, &e)) {
        size_t length = strlen(effects[e.kind]);
        if (seen & UINT32_C(1) << e.kind || n + length + open + 2 > sizeof s->text)
            continue;
        seen |= UINT32_C(1) << e.kind;
        if (n) {
            s->text[n++] = '(';
            open++;
        }
        memcpy(s->text + n, effects[e.kind], length);
        n += length;
    }
    memset(s->text + n, ')', open);
    return n && text(out, s->text, n + open);
}
static_assert(EFFECT_KINDS <= 32, "bits of `seen`");

/* A number that the message itself has; a ref is none. */
static bool own(const struct trace_record *r, const char *name, uint64_t *value)
{
    int i = r->what == TRACE_CALL ? trace_field(r->kind, name) : -1;
    return i >= 0 && r->kind->fields[i].type != FIELD_ref && trace_value(r, name, value);
}

static const struct trace_exchange *known(const struct trace_seen *s)
{
    return s->exchange && s->exchange->has_ids ? s->exchange : NULL;
}

static bool connection(const struct trace_seen *s, struct filter_value *out)
{
    return own(s->record, "connection", &out->number) ||
           (known(s) && number(out, known(s)->connection));
}

static bool request(const struct trace_seen *s, struct filter_value *out)
{
    return own(s->record, "request", &out->number) ||
           (known(s) && !known(s)->raw && number(out, known(s)->request));
}

/* Of what the runtime says, it is another one: a peer's, or where one listens. */
static bool port(const struct trace_seen *s, struct filter_value *out)
{
    const struct trace_kind *k = s->record->kind;
    return (k && k->ours >= MSG_RUNTIME_KINDS && own(s->record, "port", &out->number)) ||
           (known(s) && number(out, known(s)->port));
}

static bool mode(const struct trace_seen *s, struct filter_value *out)
{
    uint64_t m;
    if (!own(s->record, "mode", &m)) {
        if (!known(s))
            return false;
        m = known(s)->mode;
    }
    return m < COUNT(modes) && word(out, modes[m]);
}

static bool method(const struct trace_seen *s, struct filter_value *out)
{
    const char *method, *target;
    size_t method_length, target_length;
    if (trace_record_request(s->record, &method, &method_length, &target, &target_length))
        return text(out, method, method_length);
    return s->exchange && word(out, s->exchange->method);
}

static bool path(const struct trace_seen *s, struct filter_value *out)
{
    const char *method, *target = s->exchange ? s->exchange->target : NULL;
    size_t method_length, length = target ? strlen(target) : 0;
    if (!trace_record_request(s->record, &method, &method_length, &target, &length) && !target)
        return false;
    struct http_text p = http_target_path((struct http_text){(const uint8_t *)target, length});
    return text(out, p.at, p.length);
}

static bool host(const struct trace_seen *s, struct filter_value *out)
{
    const char *method, *target;
    size_t method_length, length;
    struct http_head head;
    struct http_text value;
    const struct trace_record *r = s->record;
    if (!trace_record_request(r, &method, &method_length, &target, &length))
        return false;
    value = http_target_authority((struct http_text){(const uint8_t *)target, length});
    if (value.at)
        return text(out, value.at, value.length);
    const struct trace_bytes *b = trace_span(r, "head");
    return http_head_open_request(&head, NULL, b->bytes, b->length) &&
           http_fields_find(head.fields, "host", &value) && text(out, value.at, value.length);
}

static bool status(const struct trace_seen *s, struct filter_value *out)
{
    const struct trace_exchange *x = s->exchange;
    uint16_t status = 0;
    if (trace_record_status(s->record, &status))
        return number(out, status);
    status = x ? x->status ? x->status : x->answer_status : 0;
    return status && number(out, status);
}

static bool version(struct trace_seen *s, struct filter_value *out)
{
    uint64_t ordinal;
    if (!own(s->record, "version", &ordinal))
        return false;
    return text(out, s->text, version_format((struct version){ordinal}, s->text));
}

static bool size(const struct trace_record *r, struct filter_value *out)
{
    if (r->what != TRACE_CALL)
        return false;
    for (unsigned i = 0; i < r->kind->span_count; i++)
        out->number += r->spans[i].length;
    return true;
}

static bool payload(struct trace_seen *s, struct filter_value *out)
{
    const struct trace_record *r = s->record;
    size_t n = 0, all = (size_t)r->spans[0].kept + r->spans[1].kept;
    if (r->what != TRACE_CALL || r->kind->span_count == 0)
        return false;
    if (!r->spans[1].kept)
        return text(out, r->spans[0].bytes, r->spans[0].kept);
    if (all > s->scratch_room && !(s->scratch = realloc(s->scratch, s->scratch_room = all)))
        heap_exhausted("a payload", all);
    for (unsigned i = 0; i < TRACE_SPANS_MAX; i++) {
        if (r->spans[i].kept)
            memcpy(s->scratch + n, r->spans[i].bytes, r->spans[i].kept);
        n += r->spans[i].kept;
    }
    return text(out, s->scratch, n);
}

/* The type of an actor. */
static bool type(const struct trace_seen *s, struct actor_ref who, struct filter_value *out)
{
    return word(out, ref_is_nobody(who) ? "runtime" : trace_actors_type(s->actors, who));
}

static bool actor(struct trace_seen *s, struct filter_value *out)
{
    if (ref_is_nobody(s->record->to))
        return false;
    return word(out, trace_actor_text(s->actors, s->record->to, s->text));
}

static bool is_about_actors(const struct trace_record *r)
{
    return r->what != TRACE_LAGGED && r->what != TRACE_NOTE;
}

static bool of_exchange(struct trace_seen *s, unsigned field, struct filter_value *out)
{
    switch (field) {
    case TRACE_FIELD_CONN: return connection(s, out);
    case TRACE_FIELD_REQ:
    case TRACE_FIELD_REQUEST: return request(s, out);
    case TRACE_FIELD_MODE: return mode(s, out);
    case TRACE_FIELD_PORT: return port(s, out);
    case TRACE_FIELD_METHOD: return method(s, out);
    case TRACE_FIELD_PATH: return path(s, out);
    case TRACE_FIELD_HOST: return host(s, out);
    default: return status(s, out);
    }
}

static bool of_call(struct trace_seen *s, unsigned field, struct filter_value *out)
{
    const struct trace_record *r = s->record;
    uint32_t exchange = trace_record_exchange(r);
    switch (field) {
    case TRACE_FIELD_TOOK: return r->what != TRACE_UNDELIVERED && number(out, r->took_ns);
    case TRACE_FIELD_FROM: return r->what != TRACE_END && type(s, r->from, out);
    case TRACE_FIELD_TO: return type(s, r->to, out);
    case TRACE_FIELD_ACTOR: return actor(s, out);
    case TRACE_FIELD_EXCHANGE: return exchange && number(out, exchange);
    case TRACE_FIELD_KIND: return kind(s, out);
    case TRACE_FIELD_VERSION: return version(s, out);
    case TRACE_FIELD_ERROR: return own(r, "error", &out->number);
    case TRACE_FIELD_SIZE: return size(r, out);
    case TRACE_FIELD_PAYLOAD: return payload(s, out);
    case TRACE_FIELD_EFFECT: return effect(s, out);
    default: return of_exchange(s, field, out);
    }
}

/* As it is shown: who copies it from there means this record. */
static uint64_t whole_us(uint64_t ns)
{
    return ns / 1000 * 1000;
}

bool trace_field_get(void *context, unsigned field, struct filter_value *out)
{
    struct trace_seen *s = context;
    const struct trace_record *r = s->record;
    uint64_t began_ns = r->ended_ns - r->took_ns;
    switch (field) {
    case TRACE_FIELD_WHAT: return word(out, whats[r->what]);
    case TRACE_FIELD_SEQ: return number(out, r->sequence);
    case TRACE_FIELD_T:
        return number(out, began_ns > s->began_ns ? whole_us(began_ns - s->began_ns) : 0);
    case TRACE_FIELD_WORKER: return r->what != TRACE_NOTE && number(out, r->worker);
    default: return is_about_actors(r) && of_call(s, field, out);
    }
}
