/* tools/trace_diagram_finish.c -- when all records were taken: lifelines, exchanges, and what is left out. */
#include "tools/trace_diagram_parts.h"
#include <stdlib.h>
#include <uthash.h>

const struct lifeline_info lifelines[LIFELINES] = {
    [LIFE_CLIENT] = {"client", "outside: remote clients of the agent", NULL},
    [LIFE_AGENT_REMOTE] = {"remote", "a remote connection, in the agent", "agent_remote"},
    [LIFE_AGENT_PORT] = {"port", "a port of the agent: who gets what", "agent_port"},
    [LIFE_AGENT_ROOT] = {"agent_root", "the agent's root: listener, ports", "agent"},
    [LIFE_AGENT_SESSION] = {"session", "one proxy's session, in the agent", "agent_session"},
    [LIFE_PROXIES] = {"intproxy", "outside: the proxy", NULL},
    [LIFE_AGENT] = {"agent", "outside: the agent", NULL},
    [LIFE_LINK] = {"link", "one connection to the agent", "link_connection"},
    [LIFE_PROXY] = {"proxy", "subscriptions, and which exchange is whose", "incoming_proxy"},
    [LIFE_INTERCEPTOR] = {"interceptor", "one exchange each", "interceptor"},
    [LIFE_POOL] = {"pool", "connections to the application", "local_pool"},
    [LIFE_CONNECTION] = {"connection", "one socket to the application each", "local_connection"},
    [LIFE_APPLICATION] = {"application", "outside: the local application", NULL},
    [LIFE_SUPERVISOR] = {"supervisor", "the graph, readiness, the drain", "supervisor"},
    [LIFE_AGENT_LINK] = {"agent_link", "tries to reach the agent", "agent_link"},
    [LIFE_SYSTEM] = {"system", "outside: signals, names, files, ports", NULL},
    [LIFE_OTHER] = {"other", "actors of a type that is not known here", NULL},
};

/* Both ends of a link in one trace: neither is outside. */
static void join_ends(struct diagram *d)
{
    if (!d->p->seen[LIFE_AGENT_SESSION] || !d->p->seen[LIFE_LINK])
        return;
    if (d->p->outside[LIFE_AGENT])
        d->actors[d->p->outside[LIFE_AGENT] - 1].lifeline = LIFE_AGENT_SESSION;
    if (d->p->outside[LIFE_PROXIES])
        d->actors[d->p->outside[LIFE_PROXIES] - 1].lifeline = LIFE_LINK;
}

/* ---- the stand-in agent's exchanges ----
 *
 * Its messages have numbers of its own and no ids; but what a session writes has ids, which tell the proxy's number
 * of the same request. What an agent_remote hears between two requests is about one of them. What no proxy has seen
 * keeps the agent's number.
 */

static bool is_effect(const struct diagram_arrow *a)
{
    return a->what == DIAGRAM_LEAVES || a->what == DIAGRAM_LOG;
}

static bool is_agents(const struct diagram *d, const struct diagram_arrow *a)
{
    enum lifeline to = diagram_lifeline(d, is_effect(a) ? a->from : a->to);
    return to == LIFE_AGENT_REMOTE || to == LIFE_AGENT_PORT || to == LIFE_AGENT_SESSION;
}

/* What led to it is about the same. */
static void spread_to_causes(struct diagram *d)
{
    for (uint32_t i = d->arrow_count; i-- > 0;) {
        struct diagram_arrow *a = &d->arrows[i];
        struct diagram_arrow *cause = a->cause == DIAGRAM_NONE ? NULL : &d->arrows[a->cause];
        if (cause && a->exchange && !cause->exchange && is_agents(d, a) && is_agents(d, cause))
            cause->exchange = a->exchange;
    }
}

static void spread_along_remote(struct diagram *d, uint32_t *of_actor, uint32_t actor,
                                struct diagram_arrow *a)
{
    if (diagram_lifeline(d, actor) != LIFE_AGENT_REMOTE)
        return;
    if (a->exchange)
        of_actor[actor] = a->exchange;
    else
        a->exchange = of_actor[actor];
}

/* The proxy's number of one of the agent's. */
struct joined {
    uint32_t of_agent, exchange;
    UT_hash_handle hh;
};

static struct joined *joined_of(struct joined *all, uint32_t of_agent)
{
    struct joined *j;
    HASH_FIND(hh, all, &of_agent, sizeof of_agent, j);
    return j;
}

static struct joined *learn(const struct diagram *d)
{
    struct joined *all = NULL;
    for (uint32_t i = 0; i < d->arrow_count; i++) {
        const struct diagram_arrow *a = &d->arrows[i];
        if (!a->of_agent || !a->exchange || joined_of(all, a->of_agent))
            continue; /* the first: each mirror's proxy has a number too */
        struct joined *j = malloc(sizeof *j);
        if (!j)
            heap_exhausted("a diagram", sizeof *j);
        *j = (struct joined){.of_agent = a->of_agent, .exchange = a->exchange};
        HASH_ADD(hh, all, of_agent, sizeof j->of_agent, j);
    }
    return all;
}

/* A number comes with the route: what was asked for it, and what made the remote ask, is about the same. */
static void join_causes(struct diagram *d, const struct diagram_arrow *a)
{
    for (uint32_t i = a->cause; i != DIAGRAM_NONE; i = d->arrows[i].cause) {
        struct diagram_arrow *cause = &d->arrows[i];
        enum lifeline to = diagram_lifeline(d, cause->to);
        if (cause->exchange || (to != LIFE_AGENT_PORT && to != LIFE_AGENT_REMOTE))
            return;
        cause->exchange = a->exchange;
    }
}

static void join(struct diagram *d)
{
    struct joined *all = learn(d), *j, *next;
    for (uint32_t i = 0; i < d->arrow_count; i++) {
        struct diagram_arrow *a = &d->arrows[i];
        if (a->exchange || !a->of_agent)
            continue;
        j = joined_of(all, a->of_agent);
        a->exchange = j ? j->exchange : a->of_agent;
        join_causes(d, a);
    }
    HASH_ITER(hh, all, j, next)
    {
        HASH_DEL(all, j);
        free(j);
    }
}

static void spread(struct diagram *d)
{
    uint32_t *of_actor = calloc(d->actor_count + 1, sizeof *of_actor);
    if (!of_actor)
        heap_exhausted("a diagram", d->actor_count * sizeof *of_actor);
    spread_to_causes(d);
    join(d);
    for (uint32_t i = 0; i < d->arrow_count; i++) {
        struct diagram_arrow *a = &d->arrows[i];
        if ((is_effect(a) || a->spawned) && !a->exchange && a->cause != DIAGRAM_NONE)
            a->exchange = d->arrows[a->cause].exchange;
        spread_along_remote(d, of_actor, a->to, a);
        spread_along_remote(d, of_actor, a->from, a);
    }
    free(of_actor);
}

/* ---- what is left out ---- */

/* Causes move with what they name. */
static void keep_wanted(struct diagram *d, uint32_t exchange)
{
    uint32_t *place = malloc((d->arrow_count + 1) * sizeof *place), kept = 0;
    if (!place)
        heap_exhausted("a diagram", d->arrow_count * sizeof *place);
    for (uint32_t i = 0; i < d->arrow_count; i++) {
        struct diagram_arrow *a = &d->arrows[i];
        bool stays = a->wanted && (!exchange || a->exchange == exchange);
        if (a->cause != DIAGRAM_NONE)
            a->cause = place[a->cause];
        place[i] = stays ? kept : DIAGRAM_NONE;
        if (stays)
            d->arrows[kept++] = *a;
    }
    free(place);
    d->left_out = d->arrow_count - kept;
    d->arrow_count = kept;
}

static void count_cuts(struct diagram *d, const struct diagram_bytes *b)
{
    uint32_t shown = d->blobs[b->blob].length;
    d->cut_spans += shown < b->kept;
    d->cut_bytes += b->kept - shown;
    d->capped_spans += b->kept < b->length;
}

/* The number by which an exchange is drawn: of one of the agent's mostly its proxy's. 0: there is none. */
static uint32_t drawn_number(const struct diagram *d, uint32_t exchange)
{
    for (uint32_t i = 0; i < d->arrow_count; i++)
        if (d->arrows[i].exchange == exchange || d->arrows[i].of_agent == exchange)
            return d->arrows[i].exchange;
    return 0;
}

bool diagram_finish(struct diagram *d, uint32_t exchange)
{
    join_ends(d);
    spread(d);
    uint32_t drawn = exchange ? drawn_number(d, exchange) : 0;
    keep_wanted(d, drawn);
    for (uint32_t i = 0; i < d->arrow_count; i++)
        for (unsigned s = 0; s < d->kinds[d->arrows[i].kind].span_count; s++)
            count_cuts(d, &d->spans[d->arrows[i].bytes + s]);
    for (uint32_t i = 0; i < d->arrow_count; i++)
        if (d->arrows[i].what != DIAGRAM_NOTE) {
            d->has[diagram_lifeline(d, d->arrows[i].from)] = true;
            d->has[diagram_lifeline(d, d->arrows[i].to)] = true;
        }
    return !exchange || drawn;
}

uint64_t diagram_size(const struct diagram *d, const struct diagram_arrow *a)
{
    uint64_t size = 0;
    for (unsigned i = 0; i < d->kinds[a->kind].span_count; i++)
        size += d->spans[a->bytes + i].length;
    return size;
}
