/* tests/world.c -- making a world, watching it, ending it; see world.h. The agent is in world_agent.c. */
#include "tests/world_parts.h"
#include "actors/destinations.h"
#include "actors/link_connection.h"
#include "actors/supervisor.h"
#include <stdlib.h>

static struct world *current; /* the supervisor's listeners have no context */

static void on_ready(const char *line)
{
    current->ready_count++;
    snprintf(current->ready, sizeof current->ready, "%s", line);
}

static void on_give_up(const char *why)
{
    snprintf(current->failed, sizeof current->failed, "%s", why);
}

/* ---- watching ---- */

void *world_grown(void *list, size_t count, size_t *room, size_t each)
{
    if (count < *room)
        return list;
    *room = *room ? *room * 2 : 64;
    list = realloc(list, *room * each);
    if (!list)
        abort();
    return list;
}

static struct link_watch *watch_of(struct world *w, struct actor_ref link)
{
    for (unsigned i = w->link_count; i--;)
        if (ref_equal(w->links[i].ref, link))
            return &w->links[i];
    return NULL;
}

static void begin_watch(struct world *w, struct actor_ref link)
{
    w->links = realloc(w->links, (w->link_count + 1) * sizeof *w->links);
    if (!w->links)
        abort();
    w->links[w->link_count++] = (struct link_watch){.ref = link};
}

static void mark_version(struct link_watch *l, uint64_t version)
{
    l->marks = realloc(l->marks, (l->mark_count + 1) * sizeof *l->marks);
    if (!l->marks)
        abort();
    l->marks[l->mark_count++] = (struct version_mark){l->written, {version}};
}

static void see_send(struct world *w, const struct actor *from, const struct effect *e)
{
    struct message *m = message_copy(e->message);
    struct link_watch *l = watch_of(w, from->ref);
    if (l && m->kind == MSG_LINK_READY)
        mark_version(l, msg_link_ready(m)->version);
    if (l && m->kind == MSG_AGENT_PROTOCOL_VERSION)
        mark_version(l, msg_agent_protocol_version(m)->version);
    if (l && (m->flags & ANSWER_RETURNED) && m->kind >= MSG_ANSWER && m->kind <= MSG_ANSWER_ERROR)
        w->returned++;
    message_free(m);
    if (w->on_send)
        w->on_send(w, from, e);
}

/* NULL: nothing is recorded. */
static const struct hooks *recorder_of(const struct world *w)
{
    return w->recording ? recording_hooks(w->recording) : NULL;
}

static void see_effect(void *context, const struct actor *a, const struct effect *e)
{
    struct world *w = context;
    struct link_watch *l;
    if (e->kind == EFFECT_SPAWN) {
        w->spawned =
            world_grown(w->spawned, w->spawned_count, &w->spawned_room, sizeof *w->spawned);
        w->spawned[w->spawned_count++] = (struct spawned){e->ref, e->type};
    } else if (e->kind == EFFECT_SEND) {
        see_send(w, a, e);
    } else if (e->kind == EFFECT_WRITE && (l = watch_of(w, a->ref))) {
        l->written += e->length;
    }
    const struct hooks *h = recorder_of(w);
    if (h)
        h->effect(h->context, a, e);
}

static void see_input(void *context, const struct actor *a, const struct message *m, uint64_t now)
{
    struct world *w = context;
    struct msg_socket_connected connected;
    memcpy(&connected, m->payload.words, sizeof connected);
    if (m->kind == MSG_SOCKET_CONNECTED && a->type == &link_connection_type && !connected.error)
        begin_watch(w, a->ref);
    const struct hooks *h = recorder_of(w);
    if (h)
        h->input(h->context, a, m, now);
}

/* What the world itself does not look at goes to the recording. */

static void see_handled(void *context, const struct actor *a, bool goes_on)
{
    const struct hooks *h = recorder_of(context);
    if (h)
        h->handled(h->context, a, goes_on);
}

#define PASSED_ON(name)                                                                            \
    static void see_##name(void *context, const struct actor *a)                                   \
    {                                                                                              \
        const struct hooks *h = recorder_of(context);                                              \
        if (h)                                                                                     \
            h->name(h->context, a);                                                                \
    }
PASSED_ON(ending)
PASSED_ON(reaped)

static void see_undelivered(void *context, const struct worker *worker, const struct message *m)
{
    const struct hooks *h = recorder_of(context);
    if (h)
        h->undelivered(h->context, worker, m);
}

struct version world_version_at(const struct world *w, unsigned link, uint64_t offset)
{
    struct version v = version_unnegotiated();
    if (link >= w->link_count)
        return v;
    const struct link_watch *l = &w->links[link];
    for (unsigned i = 0; i < l->mark_count && l->marks[i].offset <= offset; i++)
        v = l->marks[i].version;
    return v;
}

/* ---- beginning and end ---- */

void world_serve(struct world *w, uint16_t port, const char *to)
{
    struct address a;
    char error[160];
    REQUIRE(address_parse(&a, to, error));
    w->settings.subscriptions[w->settings.subscription_count++] =
        (struct subscription){port, destination_add(&a)};
}

void world_create_with(struct world *w, uint64_t seed, unsigned workers)
{
    char error[160];
    memset(w, 0, sizeof *w);
    messages_init();
    destinations_clear();
    settings_default(&w->settings);
    w->settings.workers = workers;
    w->settings.seed = seed;
    w->settings.spool_dir = "/spool";
    REQUIRE(address_parse(&w->settings.agent, AGENT, error));
    world_serve(w, 80, APP);
    w->script.version = "1.29.0";
    w->hooks = (struct hooks){.input = see_input,
                              .effect = see_effect,
                              .handled = see_handled,
                              .ending = see_ending,
                              .reaped = see_reaped,
                              .undelivered = see_undelivered,
                              .context = w};
    settings = &w->settings;
    current = w;
    supervisor_ready = on_ready;
    supervisor_failed = on_give_up;
    sim_create(&w->sim, seed, workers, &w->hooks);
    world_listen(w);
    sim_peer_listen(&w->sim, APP, NULL, NULL);
}

void world_create(struct world *w, uint64_t seed)
{
    world_create_with(w, seed, 1);
}

void world_begin(struct world *w)
{
    w->supervisor = sim_spawn(&w->sim, &supervisor_type, supervisor_first());
    runtime_signals_to(&w->sim.runtime, w->supervisor);
    world_run(w);
}

void world_ready(struct world *w, uint64_t seed)
{
    world_create(w, seed);
    world_begin(w);
    world_forget(w);
}

void world_run(struct world *w)
{
    CHECK(sim_run_until_idle(&w->sim));
}

void world_advance(struct world *w, uint64_t us)
{
    CHECK(sim_advance(&w->sim, us));
}

static void replay(struct world *w)
{
    char report[4000] = "";
    CHECK(recording_inputs(w->recording) > 0);
    CHECK_UINT(replay_all(w->recording, report, sizeof report), 0);
    if (report[0])
        printf("\n%s\n", report);
    if (w->on_trace)
        w->on_trace(recording_trace(w->recording));
    recording_free(w->recording);
}

void world_end(struct world *w)
{
    CHECK(!w->undecodable);
    CHECK_UINT(sim_destroy(&w->sim), 0);
    if (w->recording)
        replay(w);
    world_agent_free(w);
    for (unsigned i = 0; i < w->link_count; i++)
        free(w->links[i].marks);
    free(w->links);
    free(w->spawned);
    free(w->story);
    settings = NULL;
    supervisor_ready = NULL;
    supervisor_failed = NULL;
}

/* ---- looking ---- */

unsigned world_count(const struct world *w, const struct actor_type *type)
{
    unsigned n = 0;
    while (!ref_is_nobody(world_find(w, type, n)))
        n++;
    return n;
}

struct actor_ref world_find(const struct world *w, const struct actor_type *type, unsigned n)
{
    for (size_t i = 0; i < w->spawned_count; i++)
        if (w->spawned[i].type == type && sim_actor(&w->sim, w->spawned[i].ref) && n-- == 0)
            return w->spawned[i].ref;
    return NOBODY;
}

struct sim_peer *world_app(struct world *w)
{
    world_run(w);
    return sim_peer_accept(&w->sim, APP);
}

const char *peer_text(struct sim_peer *p)
{
    static char text[65536];
    size_t length;
    REQUIRE(p != NULL);
    const uint8_t *bytes = sim_peer_received(p, &length);
    size_t n = length < sizeof text - 1 ? length : sizeof text - 1;
    if (n)
        memcpy(text, bytes, n);
    text[n] = '\0';
    sim_peer_drop(p, length);
    return text;
}

void peer_say(struct sim_peer *p, const char *text)
{
    REQUIRE(p != NULL);
    sim_peer_write(p, text, strlen(text));
}

void app_say(struct world *w, struct sim_peer *p, const char *text)
{
    peer_say(p, text);
    world_run(w);
}
