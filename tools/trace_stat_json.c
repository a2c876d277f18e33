/* tools/trace_stat_json.c -- see trace_stat.h
 *
 * Times are nanoseconds. A wait has "count" 0 and no times when it is not known of any message.
 */
#include "messages/vocabulary.h"
#include "tools/output.h"
#include "tools/trace_stat.h"
#include <jansson.h>
#include <stdlib.h>

static json_t *number(uint64_t n)
{
    return json_integer((json_int_t)n);
}

/* Text of a file, which may be none that JSON takes. */
static json_t *text(const char *s)
{
    json_t *t = json_string(s);
    return t ? t : json_string("?");
}

static json_t *times(const struct trace_histogram *h)
{
    json_t *t = json_pack("{so}", "count", number(h->count));
    if (!h->count)
        return t;
    json_object_set_new(t, "mean", number(trace_histogram_mean(h)));
    json_object_set_new(t, "p50", number(trace_histogram_quantile(h, 0.5)));
    json_object_set_new(t, "p99", number(trace_histogram_quantile(h, 0.99)));
    json_object_set_new(t, "max", number(h->most));
    json_object_set_new(t, "sum", number(h->sum));
    return t;
}

static json_t *total(const struct trace_total *t, const char *name)
{
    return json_pack("{so so so so so so so}", "name", text(name), "calls", number(t->calls),
                     "bytes", number(t->bytes), "written", number(t->written), "undelivered",
                     number(t->undelivered), "wait_ns", times(&t->wait), "handling_ns",
                     times(&t->handled));
}

static json_t *table(const struct trace_total *t)
{
    json_t *list = json_array();
    for (; t; t = t->hh.next)
        json_array_append_new(list, total(t, t->name));
    return list;
}

static void put_ids(json_t *object, const struct trace_exchange *x)
{
    if (x && x->has_ids) {
        json_object_set_new(object, "connection", number(x->connection));
        if (!x->raw)
            json_object_set_new(object, "request", number(x->request));
        json_object_set_new(object, "mode", text(x->mode == MODE_MIRROR ? "mirror" : "steal"));
        json_object_set_new(object, "port", number(x->port));
    }
    if (x && x->has_request) {
        json_object_set_new(object, "method", text(x->method));
        json_object_set_new(object, "target", text(x->target));
    }
    if (x && (x->status || x->answer_status))
        json_object_set_new(object, "status", number(x->status ? x->status : x->answer_status));
}

static json_t *slowest(const struct trace_stat *s)
{
    unsigned count;
    json_t *list = json_array();
    const struct trace_exchange_total **all =
        trace_totals_slowest(s->totals, (unsigned)s->top, &count);
    for (unsigned i = 0; i < count; i++) {
        json_t *one = json_pack("{so so so so so so}", "exchange", number(all[i]->number),
                                "took_ns", number(all[i]->ended_ns - all[i]->began_ns), "wait_ns",
                                number(all[i]->wait_ns), "handling_ns", number(all[i]->handled_ns),
                                "records", number(all[i]->records), "bytes", number(all[i]->bytes));
        put_ids(one, trace_exchange_of_number(s->exchanges, all[i]->number));
        json_array_append_new(list, one);
    }
    free(all);
    return list;
}

static json_t *durations(const struct trace_stat *s, bool agents)
{
    struct trace_histogram *h = calloc(1, sizeof *h);
    if (!h)
        heap_exhausted("totals of a trace", sizeof *h);
    trace_totals_durations(s->totals, agents, h);
    json_t *t = times(h);
    free(h);
    return t;
}

void trace_stat_json(const struct trace_stat *s)
{
    const struct trace_totals *t = s->totals;
    json_t *all =
        json_pack("{so so so so so so so so so so so so so}", "records", number(t->records),
                  "span_ns", number(t->ended_ns - t->began_ns), "lost", number(t->lost), "damaged",
                  number(s->input->bad), "torn", number(s->input->torn), "notes", number(t->notes),
                  "waits_unknown", number(t->unpaired), "all", total(&t->all, "all"), "kinds",
                  table(t->kinds), "actors", table(t->types), "exchanges_ns", durations(s, false),
                  "agent_exchanges_ns", durations(s, true), "slowest", slowest(s));
    char *line = all ? json_dumps(all, JSON_COMPACT) : NULL;
    if (!line)
        heap_exhausted("totals of a trace", 0);
    output_text(line);
    output_text("\n");
    free(line);
    json_decref(all);
}
