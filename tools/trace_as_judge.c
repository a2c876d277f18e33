/* tools/trace_as_judge.c -- how app and client judge what came: what belongs to a transaction, and their order; see
 * trace_as.h */
#include "messages/trace_order.h"
#include "tools/trace_as.h"
#include <stdlib.h>
#include <string.h>

struct trace_about_what trace_as_about(const struct trace_transaction *t)
{
    return (struct trace_about_what){.raw = t->raw,
                                     .exchange = t->exchange,
                                     .method = t->request.method,
                                     .target = t->request.target};
}

void trace_as_find(struct trace_play *p, const struct trace_transaction *t,
                   enum finding_class class, const char *text)
{
    struct trace_about_what about = trace_as_about(t);
    trace_findings_add(&p->findings, class, &about, "%s", text);
}

bool trace_as_tail_is_same(struct trace_play *p, const struct trace_transaction *t,
                           enum stream_side side, const struct wire_buffer *tail)
{
    size_t http = t->http[side], expected = t->length[side] - http;
    const uint8_t *bytes = expected ? trace_transaction_bytes(t, side) + http : NULL;
    size_t least = expected < tail->length ? expected : tail->length;
    bool same = !least || !memcmp(bytes, tail->at, least);
    struct wire_buffer text = {0};
    if (same && expected == tail->length)
        return true;
    trace_bytes_difference(&text, "bytes", bytes, expected, tail->at, tail->length);
    trace_put(&text, "", 1);
    trace_as_find(p, t,
                  !same                     ? FINDING_DIFFERENT
                  : expected > tail->length ? FINDING_MISSING
                                            : FINDING_EXTRA,
                  (const char *)text.at);
    wire_buffer_release(&text);
    return false;
}

struct trace_turn *trace_as_turns(const struct trace_transactions *all)
{
    struct trace_turn *turns = calloc(all->count, sizeof *turns);
    if (!turns)
        heap_exhausted("requests of a trace", all->count * sizeof *turns);
    for (unsigned i = 0; i < all->count; i++)
        turns[i] = (struct trace_turn){all->list[i].began_ns, all->list[i].ended_ns, 0, 0};
    return turns;
}

struct trace_order *trace_as_order(const struct trace_turn *turns, unsigned count)
{
    struct trace_order *order = calloc(count, sizeof *order);
    if (!order)
        heap_exhausted("a report", count * sizeof *order);
    trace_order_judge(turns, count, order);
    return order;
}
