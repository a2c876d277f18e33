/* actors/tap_exchanges.c -- which stolen requests have no finished answer yet; see tap_totals.h
 *
 * A request opens an exchange; its whole answer, its Error, the Close of its connection from the agent
 * and the proxy's unsubscription from it end it. A mirrored request is answered by nobody.
 */
#include "actors/tap_totals.h"
#include "runtime/heap.h"
#include <stdlib.h>
#include <string.h>

static struct tap_open *find(struct tap_totals *t, const struct wire_message *m)
{
    for (uint32_t i = 0; i < t->open_count; i++)
        if (t->opens[i].connection == m->connection && t->opens[i].request == m->request)
            return &t->opens[i];
    return NULL;
}

static struct tap_open *new_open(struct tap_totals *t)
{
    if (t->open_count == t->open_room) {
        t->open_room = t->open_room ? 2 * t->open_room : 16;
        t->opens = realloc(t->opens, t->open_room * sizeof *t->opens);
        if (!t->opens)
            heap_exhausted("open exchanges", t->open_room * sizeof *t->opens);
    }
    return &t->opens[t->open_count++];
}

static void finish(struct tap_totals *t, struct tap_open *o)
{
    if (o)
        *o = t->opens[--t->open_count];
}

static void open_one(struct tap_totals *t, const struct tap_seen *s)
{
    const struct wire_message *m = s->message;
    struct http_text method, target;
    if (m->mode != WIRE_STEAL)
        return;
    finish(t, find(t, m)); /* an id that is used anew */
    if (t->open_count == TAP_EXCHANGES_MAX) {
        t->not_followed++;
        return;
    }
    struct tap_open *o = new_open(t);
    memset(o, 0, sizeof *o); /* it travels as bytes */
    o->connection = m->connection;
    o->request = m->request;
    o->began_us = s->at_us;
    if (!tap_request_line(s, &method, &target))
        return;
    tap_copy_text(o->method, sizeof o->method, method.at, method.length);
    tap_copy_text(o->target, sizeof o->target, target.at, target.length);
}

static void answer_begun(struct tap_open *o)
{
    if (o)
        o->answering = true;
}

static void finish_connection(struct tap_totals *t, const struct wire_message *m)
{
    for (uint32_t i = t->open_count; m->mode == WIRE_STEAL && i-- > 0;)
        if (t->opens[i].connection == m->connection)
            finish(t, &t->opens[i]);
}

void tap_exchanges_note(struct tap_totals *t, const struct tap_seen *s)
{
    const struct wire_message *m = s->message;
    switch (m->kind) {
    case WIRE_HTTP_REQUEST:
    case WIRE_HTTP_REQUEST_FRAMED:
    case WIRE_HTTP_REQUEST_START_V1:
    case WIRE_HTTP_REQUEST_START_V2: open_one(t, s); break;
    case WIRE_HTTP_RESPONSE_START: answer_begun(find(t, m)); break;
    case WIRE_RESPONSE_BODY:
        if (m->is_last)
            finish(t, find(t, m));
        break;
    case WIRE_REQUEST_ERROR:
        if (m->mode == WIRE_STEAL)
            finish(t, find(t, m));
        break;
    case WIRE_HTTP_RESPONSE:
    case WIRE_HTTP_RESPONSE_FRAMED:
    case WIRE_RESPONSE_ERROR: finish(t, find(t, m)); break;
    case WIRE_TCP_CLOSE:
    case WIRE_CONNECTION_UNSUBSCRIBE: finish_connection(t, m); break;
    default: break;
    }
}
