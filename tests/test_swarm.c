/* tests/test_swarm.c -- many runs at random: kills, closes, resets, slow peers, versions, lost links.
 *
 * Every run is a function of its seed, which is printed when it fails. SWARM_RUNS=n runs n of them,
 * SWARM_SEED=n begins with that one. Whatever happens, at the end: nothing leaked, no request was
 * answered twice or in a form that its agent could not read, each was answered if nobody forbade it,
 * and no exchange outlives its link.
 */
#include "actors/incoming_proxy.h"
#include "actors/interceptor.h"
#include "actors/link_connection.h"
#include "actors/local_connection.h"
#include "tests/swarm_app.h"
#include <stdlib.h>

enum { ASKED_MAX = 256, ACTIONS = 120 };

/* What the agent has offered; no connection id comes twice. */
struct asked {
    unsigned session;
    uint64_t connection;
    enum request_variant variant;
    struct actor_ref interceptor; /* of a request, once it was given to one */
    bool raw, closed, more, killed;
    uint32_t size;
    char manner;
};

struct swarm {
    struct world w; /* first: its on_send finds the swarm */
    struct swarm_apps apps;
    struct asked asked[ASKED_MAX];
    unsigned count;
    uint64_t ids;
    bool faulty;
    enum wire_mode mode;
};

static uint32_t chance(struct swarm *s, uint32_t below)
{
    return sim_random(&s->w.sim, below);
}

/* ---- what the agent does ---- */

static struct asked *some_asked(struct swarm *s)
{
    unsigned from = s->count > 20 ? s->count - 20 : 0;
    if (s->count == 0)
        return NULL;
    struct asked *a = &s->asked[from + chance(s, s->count - from)];
    return a->session + 1 == s->w.session_count ? a : NULL;
}

static const char *zs(uint32_t length)
{
    static char text[200001];
    memset(text, 'z', length);
    text[length] = '\0';
    return text;
}

static uint32_t some_size(struct swarm *s)
{
    static const uint32_t sizes[] = {0, 1, 100, 3000, 40000, 300000};
    uint32_t size = sizes[chance(s, 6)];
    return size + chance(s, 50);
}

static void offer_request(struct swarm *s)
{
    static const char manners[] = "wwwlllkkcfnbxgu";
    static const char *const methods[] = {"GET", "GET", "POST", "PUT", "HEAD", "DELETE"};
    struct asked *a = &s->asked[s->count++];
    char path[40];
    *a = (struct asked){.session = s->w.session_count - 1, .connection = s->ids++};
    a->variant = chance(s, 4);
    a->size = some_size(s);
    a->manner = manners[chance(s, sizeof manners - 1)];
    const char *method = methods[chance(s, 6)];
    bool has_body = method[0] == 'P';
    a->more = has_body && a->variant >= VARIANT_CHUNKED_V1 && chance(s, 2);
    if (method[0] == 'H')
        a->size = 0;
    snprintf(path, sizeof path, "/%u/%c", a->size, a->manner);
    uint32_t body = has_body ? chance(s, 2) ? chance(s, 200) : chance(s, 100000) : 0;
    agent_put_request(&s->w,
                      &(struct request){.variant = a->variant,
                                        .connection = a->connection,
                                        .method = method,
                                        .path = path,
                                        .headers = has_body ? "transfer-encoding: chunked\n" : NULL,
                                        .body = body ? zs(body) : NULL,
                                        .more = a->more,
                                        .mirror = s->mode == WIRE_MIRROR});
}

static void offer_connection(struct swarm *s)
{
    struct asked *a = &s->asked[s->count++];
    *a = (struct asked){.session = s->w.session_count - 1, .connection = s->ids++, .raw = true};
    agent_put_connection(&s->w, s->mode, a->connection, 80);
    agent_put_data(&s->w, s->mode, a->connection, "raw", 3);
}

static void go_on(struct swarm *s, struct asked *a)
{
    if (!a)
        return;
    if (a->raw || a->manner == 'u') {
        uint32_t n = chance(s, 5) ? chance(s, 30000) : 0;
        agent_put_data(&s->w, s->mode, a->connection, zs(n), n);
    } else if (a->more) {
        bool last = chance(s, 3) == 0;
        uint32_t n = chance(s, 50000);
        agent_put_body_of(&s->w, s->mode, a->connection, 0, zs(n), n, last);
        a->more = !last;
    }
}

static void close_one(struct swarm *s, struct asked *a)
{
    if (!a)
        return;
    a->closed = true;
    agent_put_close(&s->w, s->mode, a->connection);
}

static void new_version(struct swarm *s)
{
    static const char *const versions[] = {"1.2.1", "1.7.0", "1.8.0", "1.8.1", "1.29.0"};
    agent_put_version(&s->w, versions[chance(s, 5)]);
}

static void lose_link(struct swarm *s)
{
    switch (chance(s, 3)) {
    case 0: sim_peer_reset(agent_peer(&s->w)); break;
    case 1: sim_peer_close(agent_peer(&s->w)); break;
    default: sim_kill(&s->w.sim, world_find(&s->w, &link_connection_type, 0)); break;
    }
    world_advance(&s->w, MS(13000)); /* the next one comes within the longest pause */
}

/* ---- what befalls the proxy ---- */

/* Who got which request: an interceptor may be killed before it has seen it. */
static void see_send(struct world *w, const struct actor *from, const struct effect *e)
{
    struct swarm *s = (struct swarm *)w;
    struct msg_request request;
    if (e->message->kind != MSG_REQUEST || from->type != &incoming_proxy_type)
        return;
    memcpy(&request, e->message->payload.words, sizeof request);
    for (unsigned i = 0; i < s->count; i++)
        if (s->asked[i].connection == request.connection)
            s->asked[i].interceptor = e->ref;
}

static void kill_one(struct swarm *s, const struct actor_type *type)
{
    unsigned n = world_count(&s->w, type);
    if (n == 0)
        return;
    struct actor_ref ref = world_find(&s->w, type, chance(s, n));
    if (!sim_kill(&s->w.sim, ref))
        return;
    for (unsigned i = 0; i < s->count; i++)
        s->asked[i].killed |= ref_equal(s->asked[i].interceptor, ref);
}

static struct sim_peer *some_app(struct swarm *s)
{
    return s->apps.count ? s->apps.list[chance(s, s->apps.count)].peer : NULL;
}

static void act(struct swarm *s)
{
    struct sim *sim = &s->w.sim;
    struct sim_peer *app;
    switch (chance(s, 40)) {
    case 0:
    case 1: close_one(s, some_asked(s)); break;
    case 2: new_version(s); break;
    case 3:
        if (chance(s, 8) == 0)
            lose_link(s);
        break;
    case 4: kill_one(s, &interceptor_type); break;
    case 5: kill_one(s, &local_connection_type); break;
    case 6: sim_peer_reads(agent_peer(&s->w), chance(s, 3)); break;
    case 7:
        if ((app = some_app(s)))
            sim_peer_reads(app, chance(s, 3));
        break;
    case 8:
        if ((app = some_app(s)))
            sim_peer_reset(app);
        break;
    case 9: world_advance(&s->w, chance(s, 800000)); break;
    case 10: {
        enum sim_route_kind route = chance(s, 3) ? SIM_OPEN : SIM_REFUSED;
        sim_route(sim, APP, route, chance(s, 20000));
        break;
    }
    case 11:
    case 12: offer_connection(s); break;
    case 13:
    case 14:
    case 15:
    case 16:
    case 17:
    case 18: offer_request(s); break;
    case 19:
    case 20:
    case 21:
    case 22:
    case 23: go_on(s, some_asked(s)); break;
    case 24: {
        struct asked *a = some_asked(s);
        if (a && !a->raw && a->variant >= VARIANT_CHUNKED_V1)
            agent_put_error(&s->w, s->mode, a->connection);
        break;
    }
    default:
        if (s->apps.count)
            swarm_app_go_on(&s->apps, chance(s, s->apps.count));
        break;
    }
    for (uint32_t n = chance(s, 30); n; n--)
        sim_step(sim);
}

/* ---- what must hold ---- */

static void check(struct swarm *s, bool holds, const struct asked *a, const char *what)
{
    if (holds)
        return;
    s->faulty = true;
    printf("\n    %s: session %u connection %" PRIu64 " /%u/%c\n", what, a->session, a->connection,
           a->size, a->manner);
}

static bool has_right_bytes(const struct seen_answer *answer)
{
    for (size_t i = 0; i < answer->length; i++)
        if (answer->body[i] != swarm_byte((uint32_t)i))
            return false;
    return true;
}

static void check_answer(struct swarm *s, const struct asked *a)
{
    struct seen_answer answer = world_answer(&s->w, a->session, a->connection, 0);
    check(s, answer.fault == NULL, a, answer.fault ? answer.fault : "");
    if (answer.kind != WIRE_OTHER && answer.status == 200) {
        check(s, has_right_bytes(&answer), a, "wrong bytes");
        check(s, !answer.ended || answer.length == a->size, a, "ended, and not whole");
        check(s, a->variant != VARIANT_BASIC || answer.kind == WIRE_HTTP_RESPONSE, a,
              "not Basic for a Basic request");
        check(s, a->variant != VARIANT_FRAMED || answer.kind == WIRE_HTTP_RESPONSE_FRAMED, a,
              "not Framed for a Framed request");
    }
    bool settled = answer.ended || answer.broken;
    if (s->mode == WIRE_MIRROR)
        check(s, answer.kind == WIRE_OTHER, a, "an answer to a mirrored request"); /* DEL-31 */
    else if (a->session + 1 == s->w.session_count && !a->closed && !a->killed)
        check(s, settled, a, "no answer");
    free(answer.body);
}

static void finish(struct swarm *s)
{
    sim_route(&s->w.sim, APP, SIM_OPEN, 0);
    sim_peer_reads(agent_peer(&s->w), true);
    for (unsigned i = 0; i < s->count;
         i++) /* raw ones have no end, and may be what others wait for */
        if ((s->asked[i].raw || s->asked[i].manner == 'u') &&
            s->asked[i].session + 1 == s->w.session_count)
            close_one(s, &s->asked[i]);
    /* attempts take 3.25 s, and where descriptors are few one waits for the other */
    for (unsigned i = 0; i < 100 && (i == 0 || world_count(&s->w, &interceptor_type)); i++) {
        swarm_apps_finish(&s->apps);
        world_run(&s->w);
        world_advance(&s->w, MS(500));
    }
}

static void check_all(struct swarm *s)
{
    for (unsigned i = 0; i < s->count; i++)
        if (!s->asked[i].raw)
            check_answer(s, &s->asked[i]);
}

/* The link goes, and with it all exchanges; idle connections follow. */
static void check_rest(struct swarm *s)
{
    sim_route(&s->w.sim, AGENT, SIM_REFUSED, 0);
    sim_peer_reset(agent_peer(&s->w));
    world_run(&s->w);
    world_advance(&s->w, POOL_IDLE_US + 1000);
    check(s, world_count(&s->w, &interceptor_type) == 0, &s->asked[0], "exchanges that live on");
    check(s, world_count(&s->w, &local_connection_type) == 0, &s->asked[0],
          "connections that live on");
    check(s, sim_files_open(&s->w.sim) == 0, &s->asked[0], "files that are open");
}

static void some_limits(struct swarm *s)
{
    static const char *const versions[] = {"1.2.1", "1.7.0", "1.8.1", "1.29.0"};
    if (chance(s, 2))
        sim_cut(&s->w.sim, 60 + chance(s, 5000));
    if (chance(s, 2))
        sim_capacity(&s->w.sim, 2000 + chance(s, 60000));
    if (chance(s, 4) == 0)
        sim_descriptors(&s->w.sim, 4 + chance(s, 6));
    if (chance(s, 4) == 0)
        s->w.settings.local_connections_max = 1 + chance(s, 6);
    if (chance(s, 4) == 0)
        sim_file_delay(&s->w.sim, chance(s, 50000));
    if (chance(s, 6) == 0)
        sim_file_room(&s->w.sim, chance(s, 400000));
    if (chance(s, 6) == 0)
        s->w.settings.spool_max = chance(s, 400000);
    s->w.script.version = versions[chance(s, 4)];
    if (chance(s, 8) == 0)
        s->mode = WIRE_MIRROR;
    s->w.settings.mirror = s->mode == WIRE_MIRROR;
}

/* False: the run was faulty. */
static bool run(uint64_t seed, bool record)
{
    static struct swarm swarm;
    struct swarm *s = &swarm;
    unsigned records = CU_get_number_of_failure_records();
    memset(s, 0, sizeof *s);
    s->mode = WIRE_STEAL;
    world_create_with(&s->w, seed, 1 + (unsigned)(seed % 3));
    s->w.on_send = see_send;
    s->w.sim.steps_max = 2000000; /* of one call: a run has less in all */
    swarm_apps_listen(&s->apps, &s->w);
    some_limits(s);
    if (record)
        s->w.recording = recording_new();
    world_begin(&s->w);
    for (unsigned i = 0; i < ACTIONS && s->count + 2 < ASKED_MAX; i++) {
        if (!agent_peer(&s->w) || sim_has_ended(&s->w.sim))
            break;
        act(s);
    }
    check(s, !sim_has_ended(&s->w.sim), &s->asked[0], "the program has ended");
    if (!sim_has_ended(&s->w.sim)) {
        finish(s);
        check_all(s);
        check_rest(s);
    }
    world_end(&s->w);
    CHECK(!s->faulty);
    bool good = CU_get_number_of_failure_records() == records;
    if (!good)
        printf("\n    swarm: SWARM_SEED=%" PRIu64 "\n", seed);
    return good;
}

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    return text ? strtoull(text, NULL, 0) : otherwise;
}

/* Seeds that once found something. What a seed leads to changes with all that asks for chance, so what it
 * found stands beside it, and has a test of its own. */
static void as_once_failed(void)
{
    /* 4931: a reset behind a failed write, heard as the end of an answer that goes to the end of its
     * connection (test_sim_net.c, a failed write is told after all that came)
     * 523594: a request that broke off behind its whole answer, which then came back (test_format.c, version falls
     * under a whole answer whose request breaks) */
    static const uint64_t seeds[] = {4931, 523594};
    for (unsigned i = 0; i < sizeof seeds / sizeof seeds[0]; i++)
        CHECK(run(seeds[i], true));
}

static void at_random(void)
{
    uint64_t first = number_from("SWARM_SEED", test_seed % 1000000 + 1);
    uint64_t runs = number_from("SWARM_RUNS", getenv("SWARM_SEED") ? 1 : 300);
    for (uint64_t i = 0; i < runs; i++)
        if (!run(first + i, false))
            return;
}

/* Each actor, given its messages again, alone, does what it did. */
static void purely(void)
{
    uint64_t first = number_from("SWARM_SEED", test_seed % 1000000 + 1);
    uint64_t runs = number_from("SWARM_RUNS", getenv("SWARM_SEED") ? 1 : 300) / 10 + 1;
    for (uint64_t i = 0; i < runs; i++)
        if (!run(first + i, true))
            return;
}

CU_TestInfo swarm_tests[] = {
    {"what once failed at random holds", as_once_failed},
    {"whatever happens at random, what must hold holds", at_random},
    {"every actor of a swarm is a function of its messages", purely},
    CU_TEST_INFO_NULL,
};
