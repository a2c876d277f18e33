/* tools/trace_chaos_links.c -- the links of a trace that can be played to a proxy; see trace_chaos.h */
#include "messages/trace_grow.h"
#include "tools/trace_chaos.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const struct trace_stream *next_link(const struct trace_stream *s)
{
    while (s && (s->kind != STREAM_LINK || s->by_agent || !s->connected || !s->count))
        s = s->next;
    return s;
}

static void take(struct chaos_links *l, const struct trace_stream *link)
{
    static const struct trace_agent_options options = {.rules = {.ignored = trace_http_ignored}};
    struct trace_findings findings = {0};
    struct trace_agent *a = trace_agent_new(link, &options, &findings);
    if (trace_agent_has_beginning(a)) {
        l->list = trace_grow(l->list, l->count, sizeof *l->list);
        l->list[l->count++] = link;
        l->left_out += findings.counts[FINDING_LEFT_OUT];
    } else {
        l->without_beginning++;
    }
    trace_agent_free(a);
    trace_findings_release(&findings);
}

void chaos_links_find(struct chaos_links *l, const struct trace_stream *first)
{
    for (const struct trace_stream *s = next_link(first); s; s = next_link(s->next))
        take(l, s);
}

const struct trace_stream *chaos_link(const struct chaos_links *l, unsigned number)
{
    return number < l->count ? l->list[number] : NULL;
}

void chaos_links_free(struct chaos_links *l)
{
    free(l->list);
}

void chaos_links_say(const struct chaos_links *l)
{
    if (!l->count && !l->without_beginning)
        fputs("intproxy-trace: there is no link to an agent in this trace: only a daemon's can be "
              "run anew\n",
              stderr);
    if (l->without_beginning)
        fprintf(stderr,
                "intproxy-trace: %u of %u links to the agent cannot be played: their handshake, or "
                "what comes between it and the first exchange, is not in the trace (it begins "
                "later, bytes were left out, or messages are missing)\n",
                l->without_beginning, l->count + l->without_beginning);
    if (l->left_out)
        fprintf(stderr,
                "intproxy-trace: %" PRIu64
                " things cannot be played: bytes of them, or of what comes before, are not in the "
                "trace\n",
                l->left_out);
}
