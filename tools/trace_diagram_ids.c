/* tools/trace_diagram_ids.c -- the exchange of messages that have ids and no number of one.
 *
 * What is said about a request before incoming_proxy has made an exchange of it has ids alone; the interceptor's
 * messages have both. So those that come first wait until the number is known; later ones find it.
 */
#include "tools/trace_diagram_parts.h"
#include "messages/kinds.h"
#include <stdlib.h>
#include <uthash.h>

enum { ANY_REQUEST = 0x10000 }; /* what is about a connection alone */

struct id_key {
    uint64_t connection;
    uint32_t request;
    uint32_t mode;
};

struct diagram_id {
    struct id_key key;
    uint32_t exchange; /* 0: not known yet */
    uint32_t waiting;  /* arrows that wait for it; DIAGRAM_NONE ends */
    UT_hash_handle hh;
};

bool diagram_ids_of(const struct trace_record *r, struct diagram_ids *ids)
{
    uint64_t connection = 0, request = 0, mode = MSG_NONE;
    if (!trace_value(r, "connection", &connection) || !r->kind ||
        trace_field(r->kind, "connection") < 0 || r->kind->ours == MSG_GRANT)
        return false;
    *ids = (struct diagram_ids){0};
    ids->has_request = trace_value(r, "request", &request);
    /* what the interceptor answers names no mode: only what is stolen is answered */
    ids->mode = trace_value(r, "mode", &mode) ? (uint8_t)mode : WIRE_STEAL;
    ids->connection = connection;
    ids->request = (uint16_t)request;
    ids->begins = r->kind->ours == MSG_REQUEST || r->kind->ours == MSG_NEW_CONNECTION;
    return true;
}

static struct diagram_id *find(struct diagram *d, const struct id_key *key)
{
    struct diagram_id *id;
    HASH_FIND(hh, d->p->ids, key, sizeof *key, id);
    if (id)
        return id;
    id = calloc(1, sizeof *id);
    if (!id)
        heap_exhausted("a diagram", sizeof *id);
    id->key = *key;
    id->waiting = DIAGRAM_NONE;
    HASH_ADD(hh, d->p->ids, key, sizeof id->key, id);
    return id;
}

static void settle(struct diagram *d, struct diagram_id *id, uint32_t exchange)
{
    id->exchange = exchange;
    for (uint32_t at = id->waiting; at != DIAGRAM_NONE; at = d->arrows[at].next_waiting)
        d->arrows[at].exchange = exchange;
    id->waiting = DIAGRAM_NONE;
}

static void ask(struct diagram *d, struct diagram_id *id, bool begins, uint32_t arrow)
{
    if (begins && id->exchange)
        id->exchange = 0;
    if (id->exchange) {
        d->arrows[arrow].exchange = id->exchange;
        return;
    }
    d->arrows[arrow].next_waiting = id->waiting;
    id->waiting = arrow;
}

void diagram_ids_take(struct diagram *d, const struct diagram_ids *ids, uint32_t arrow)
{
    struct id_key key = {ids->connection, ids->has_request ? ids->request : ANY_REQUEST, ids->mode};
    struct diagram_id *id = find(d, &key);
    uint32_t exchange = d->arrows[arrow].exchange;
    if (!exchange) {
        ask(d, id, ids->begins, arrow);
        return;
    }
    settle(d, id, exchange);
    key.request = ANY_REQUEST; /* the newest of the connection */
    if (ids->has_request)
        settle(d, find(d, &key), exchange);
}

void diagram_ids_free(struct diagram *d)
{
    struct diagram_id *id, *next;
    HASH_ITER(hh, d->p->ids, id, next)
    {
        HASH_DEL(d->p->ids, id);
        free(id);
    }
}
