/* messages/trace_exchanges.c -- see trace_exchanges.h */
#include "messages/trace_exchanges.h"
#include "messages/agent_vocabulary.h"
#include "messages/exchange_number.h"
#include "messages/http_head.h"
#include "messages/kinds.h"
#include <stdlib.h>
#include <string.h>

/* The newest with these ids: they come again. */
struct trace_exchange_ids {
    struct {
        uint64_t connection;
        uint32_t request, mode;
    } key;
    struct trace_exchange *newest;
    UT_hash_handle hh;
};

struct trace_exchanges {
    struct trace_exchange *all;
    struct trace_exchange_ids *by_ids;
};

struct trace_exchanges *trace_exchanges_new(void)
{
    struct trace_exchanges *x = calloc(1, sizeof *x);
    if (!x)
        heap_exhausted("a trace's exchanges", sizeof *x);
    return x;
}

void trace_exchanges_free(struct trace_exchanges *x)
{
    struct trace_exchange *e, *next;
    struct trace_exchange_ids *i, *next_ids;
    HASH_ITER(hh, x->by_ids, i, next_ids)
    {
        HASH_DEL(x->by_ids, i);
        free(i);
    }
    HASH_ITER(hh, x->all, e, next)
    {
        HASH_DEL(x->all, e);
        free(e->method);
        free(e->target);
        free(e);
    }
    free(x);
}

struct trace_exchange *trace_exchange_of_number(struct trace_exchanges *x, uint32_t number)
{
    struct trace_exchange *e;
    HASH_FIND(hh, x->all, &number, sizeof number, e);
    return e;
}

struct trace_exchange *trace_exchange_first(struct trace_exchanges *x)
{
    return x->all;
}

static struct trace_exchange_ids *find_ids(struct trace_exchanges *x, uint8_t mode,
                                           uint64_t connection, uint16_t request)
{
    struct trace_exchange_ids *found, key = {.key = {connection, request, mode}};
    HASH_FIND(hh, x->by_ids, &key.key, sizeof key.key, found);
    return found;
}

struct trace_exchange *trace_exchange_of_ids(struct trace_exchanges *x, uint8_t mode,
                                             uint64_t connection, uint16_t request)
{
    struct trace_exchange_ids *i = find_ids(x, mode, connection, request);
    return i ? i->newest : NULL;
}

static void add_ids(struct trace_exchanges *x, struct trace_exchange *e)
{
    struct trace_exchange_ids *i = find_ids(x, e->mode, e->connection, e->request);
    if (!i) {
        i = calloc(1, sizeof *i);
        if (!i)
            heap_exhausted("a trace's exchanges", sizeof *i);
        i->key.connection = e->connection;
        i->key.request = e->request;
        i->key.mode = e->mode;
        HASH_ADD(hh, x->by_ids, key, sizeof i->key, i);
    }
    i->newest = e;
}

static struct trace_exchange *add(struct trace_exchanges *x, uint32_t number, uint64_t began_ns)
{
    struct trace_exchange *e = calloc(1, sizeof *e);
    if (!e)
        heap_exhausted("a trace's exchanges", sizeof *e);
    e->number = number;
    e->began_ns = began_ns;
    HASH_ADD(hh, x->all, number, sizeof e->number, e);
    return e;
}

/* ---- heads ---- */

static const struct trace_bytes *head_of(const struct trace_record *r)
{
    const struct trace_bytes *head = trace_span(r, "head");
    return head && head->length && head->kept == head->length ? head : NULL;
}

static bool is_request(uint16_t kind)
{
    return kind == MSG_REQUEST || kind == MSG_ASSIGN || kind == MSG_AGENT_ROUTE ||
           kind == MSG_AGENT_OFFER;
}

bool trace_record_request(const struct trace_record *r, const char **method, size_t *method_length,
                          const char **target, size_t *target_length)
{
    struct http_head h;
    const struct trace_bytes *head = r->kind && is_request(r->kind->ours) ? head_of(r) : NULL;
    if (!head || !http_head_open_request(&h, NULL, head->bytes, head->length))
        return false;
    *method = (const char *)h.method.at;
    *method_length = h.method.length;
    *target = (const char *)h.target.at;
    *target_length = h.target.length;
    return true;
}

/* An ANSWER's begins with port, connection and request. */
static bool skip_ids(const uint8_t **at, const uint8_t *end)
{
    uint64_t number;
    for (unsigned i = 0; i < 3; i++)
        if (!http_wire_take_number(at, end, &number))
            return false;
    return true;
}

bool trace_record_status(const struct trace_record *r, uint16_t *status)
{
    struct http_head h;
    uint16_t kind = r->kind ? r->kind->ours : MSG_NONE;
    const struct trace_bytes *head = kind == MSG_RESPONSE || kind == MSG_ANSWER ? head_of(r) : NULL;
    if (!head)
        return false;
    const uint8_t *at = head->bytes, *end = at + head->length;
    if ((kind == MSG_ANSWER && !skip_ids(&at, end)) ||
        !http_head_open_response(&h, NULL, at, (size_t)(end - at)))
        return false;
    *status = h.status;
    return true;
}

/* ---- records ---- */

static char *copy(const char *text, size_t length)
{
    char *c = strndup(text, length);
    if (!c)
        heap_exhausted("a trace's exchanges", length);
    return c;
}

static void take_ids(struct trace_exchanges *x, struct trace_exchange *e,
                     const struct trace_record *r)
{
    uint64_t connection = 0, request = 0, mode = 0, port = 0;
    if (e->has_ids || !trace_value(r, "connection", &connection) || !trace_value(r, "mode", &mode))
        return;
    (void)trace_value(r, "request", &request);
    (void)trace_value(r, "port", &port);
    e->has_ids = true;
    e->raw = r->kind->ours == MSG_NEW_CONNECTION || r->kind->ours == MSG_DATA;
    e->mode = (uint8_t)mode;
    e->connection = connection;
    e->request = (uint16_t)request;
    e->port = (uint16_t)port;
    add_ids(x, e);
}

/* The agent says it by a flag. A mirror's copy of all bytes may be beside a request. */
static void take_raw(struct trace_exchange *e, const struct trace_record *r)
{
    uint16_t kind = r->kind->ours;
    if (exchange_is_agents(e->number) && ((kind == MSG_AGENT_OFFER && r->flags & OFFER_RAW) ||
                                          (kind == MSG_ASSIGN && r->flags & ASSIGN_RAW)))
        e->raw = true;
}

static void take_head(struct trace_exchange *e, const struct trace_record *r)
{
    const char *method, *target;
    size_t method_length, target_length;
    uint16_t status;
    if (!e->has_request &&
        trace_record_request(r, &method, &method_length, &target, &target_length)) {
        e->has_request = true;
        e->method = copy(method, method_length);
        e->target = copy(target, target_length);
    }
    if (!trace_record_status(r, &status))
        return;
    if (r->kind->ours == MSG_RESPONSE)
        e->status = status;
    else
        e->answer_status = status;
}

struct trace_exchange *trace_exchanges_take(struct trace_exchanges *x, const struct trace_record *r)
{
    uint32_t number = trace_record_exchange(r);
    if (!number)
        return NULL;
    struct trace_exchange *e = trace_exchange_of_number(x, number);
    if (!e)
        e = add(x, number, r->ended_ns - r->took_ns);
    e->ended_ns = r->ended_ns;
    e->records++;
    if (r->what == TRACE_CALL && r->kind->ours != MSG_NONE) {
        take_ids(x, e, r);
        take_raw(e, r);
        take_head(e, r);
    }
    return e;
}
