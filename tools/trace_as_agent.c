/* tools/trace_as_agent.c -- plays the recorded agent to a live proxy; see messages/trace_agent.h
 *
 * One recorded link after the other: when the recorded agent ended a link, so does this, and the proxy is expected
 * to come again.
 */
#include "actors/exit_codes.h"
#include "tools/trace_as.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct agent_play {
    struct trace_play *play;
    struct trace_agent *agent; /* of the link that is played */
    struct loop_socket *proxy; /* NULL: it is not connected */
    bool came_again;           /* more than one at a time */
};

/* ---- sockets ---- */

static void on_accepted(struct loop_socket *s)
{
    struct agent_play *a = s->owner;
    if (a->proxy || !a->agent) {
        a->came_again = true;
        loop_reset(s);
        return;
    }
    a->proxy = s;
    trace_agent_begin(a->agent, s->loop->now_us);
}

static void on_heard(struct loop_socket *s, const uint8_t *bytes, size_t length)
{
    struct agent_play *a = s->owner;
    if (s != a->proxy || trace_agent_hear(a->agent, bytes, length, s->loop->now_us))
        return;
    trace_agent_lost(a->agent, s->loop->now_us);
}

static void on_ended(struct loop_socket *s)
{
    struct agent_play *a = s->owner;
    if (s == a->proxy)
        trace_agent_lost(a->agent, s->loop->now_us);
}

static void on_failed(struct loop_socket *s, int error)
{
    struct agent_play *a = s->owner;
    (void)error;
    if (s != a->proxy)
        return;
    trace_agent_lost(a->agent, s->loop->now_us);
    a->proxy = NULL;
}

static const struct loop_handlers handlers = {
    .accepted = on_accepted, .heard = on_heard, .ended = on_ended, .failed = on_failed};

/* ---- links ---- */

/* Of a run with the agent inside, both of its ends are in the trace: the proxy's is taken. */
static bool is_played(const struct trace_stream *s, bool of_agent)
{
    return s->kind == STREAM_LINK && s->by_agent == of_agent && s->connected && s->count;
}

static const struct trace_stream *next_link(const struct trace_stream *s, bool of_agent)
{
    while (s && !is_played(s, of_agent))
        s = s->next;
    return s;
}

static bool wait_for_proxy(struct agent_play *a, uint64_t patience_us)
{
    struct loop *l = &a->play->loop;
    uint64_t until = loop_clock_us() + patience_us;
    while (!a->proxy && !loop_interrupted() && l->now_us < until)
        loop_wait(l, until);
    return a->proxy != NULL;
}

static void play_link(struct agent_play *a)
{
    struct loop *l = &a->play->loop;
    const uint8_t *bytes;
    size_t length;
    uint64_t due_us;
    while (!loop_interrupted()) {
        enum trace_agent_next next =
            trace_agent_next(a->agent, l->now_us, &bytes, &length, &due_us);
        if (next == AGENT_OVER)
            break;
        if (next == AGENT_SAY && a->proxy)
            loop_write(a->proxy, bytes, length);
        else
            loop_wait(l, due_us);
    }
    trace_agent_judge(a->agent);
    if (a->proxy)
        loop_close(a->proxy);
    a->proxy = NULL;
}

static struct trace_agent *new_agent(struct trace_play *p, const struct trace_stream *link)
{
    const struct trace_as *o = p->options;
    struct trace_agent_options options = {.rules = {o->ignored, o->strict},
                                          .speed = o->speed,
                                          .give_up_us = o->timeout_us,
                                          .settle_us = o->settle_us};
    return trace_agent_new(link, &options, &p->findings);
}

static bool ends_by_agent(const struct trace_stream *s)
{
    for (unsigned i = 0; i < s->count; i++)
        if (s->pieces[i].what == PIECE_END || s->pieces[i].what == PIECE_RESET)
            return s->pieces[i].side == SIDE_FAR;
    return false;
}

struct counts {
    unsigned links, exchanges, said, heard;
};

static void count(struct counts *c, const struct trace_agent *a)
{
    c->links++;
    c->exchanges += trace_agent_exchanges(a);
    c->said += trace_agent_steps(a, SIDE_FAR);
    c->heard += trace_agent_steps(a, SIDE_NEAR);
}

/* All links are read before the first is played: what cannot be is said before. */
static unsigned read_links(struct trace_play *p, bool of_agent, struct trace_agent ***agents,
                           const struct trace_stream ***links)
{
    unsigned n = 0;
    for (const struct trace_stream *s = next_link(trace_streams_first(p->streams), of_agent); s;
         s = next_link(s->next, of_agent)) {
        *agents = trace_grow(*agents, n, sizeof **agents);
        *links = trace_grow(*links, n, sizeof **links);
        (*links)[n] = s;
        (*agents)[n++] = new_agent(p, s);
    }
    return n;
}

static void play_links(struct agent_play *a, struct trace_agent **agents,
                       const struct trace_stream **links, unsigned n)
{
    const struct trace_as *o = a->play->options;
    for (unsigned i = 0; i < n; i++) {
        a->agent = agents[i];
        if (!loop_interrupted() && !wait_for_proxy(a, i ? o->timeout_us : o->first_us))
            trace_findings_add(&a->play->findings, FINDING_MISSING, NULL, "link %u: no proxy came",
                               i + 1);
        if (a->proxy)
            play_link(a);
        else
            trace_agent_judge(agents[i]);
        if (i + 1 < n && !ends_by_agent(links[i]))
            trace_findings_add(&a->play->findings, FINDING_NOTE, NULL,
                               "link %u was ended by the recorded proxy; here the agent ended it",
                               i + 1);
    }
    if (a->proxy)
        loop_close(a->proxy);
    loop_wait(&a->play->loop, 0); /* what is left to be written, and the end */
}

int trace_as_agent(struct trace_play *p)
{
    struct agent_play a = {.play = p};
    struct counts c = {0};
    struct trace_agent **agents = NULL;
    const struct trace_stream **links = NULL;
    unsigned n = read_links(p, false, &agents, &links);
    if (!n)
        n = read_links(p, true, &agents, &links);
    for (unsigned i = 0; i < n; i++)
        count(&c, agents[i]);
    trace_as_say_left_out(p);
    bool begun = c.said && trace_as_listen(p, &handlers, &a, "the agent");
    if (!c.said)
        trace_as_say("there is no link to an agent in this trace that can be played");
    if (begun)
        play_links(&a, agents, links, n);
    snprintf(p->summary, sizeof p->summary,
             "%u link%s, %u exchange%s; %u messages of the agent, %u of the proxy", c.links,
             c.links == 1 ? "" : "s", c.exchanges, c.exchanges == 1 ? "" : "s", c.said, c.heard);
    for (unsigned i = 0; i < n; i++)
        trace_agent_free(agents[i]);
    free(agents);
    free(links);
    return begun ? 0 : c.said ? EXIT_IO : EXIT_NOTHING;
}
