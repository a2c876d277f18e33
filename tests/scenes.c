/* tests/scenes.c -- see scenes.h */
#include "tests/scenes.h"

static void start(struct world *w)
{
    world_run(w);
}

static void get_short(struct world *w)
{
    agent_get(w, 7, "/short");
    struct sim_peer *app = world_app(w);
    REQUIRE(app != NULL);
    app_say(w, app, OK_2);
    agent_close(w, 7);
    world_advance(w, 5000000);
}

static void post_late(struct world *w)
{
    agent_request(w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                      .connection = 7,
                                      .method = "POST",
                                      .headers = "content-length: 10\n",
                                      .more = true});
    agent_body(w, 7, "hello", false);
    agent_body(w, 7, "world", false);
    agent_body(w, 7, "", true);
    struct sim_peer *app = world_app(w);
    REQUIRE(app != NULL);
    app_say(w, app, OK_2);
    agent_close(w, 7);
    world_advance(w, 5000000);
}

static void events(struct world *w)
{
    agent_get(w, 7, "/events");
    struct sim_peer *app = world_app(w);
    REQUIRE(app != NULL);
    app_say(w, app, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    app_say(w, app, "9\r\ndata: 1\n\n\r\n");
    world_advance(w, 1000000);
    app_say(w, app, "9\r\ndata: 2\n\n\r\n");
    agent_close(w, 7);
    world_advance(w, 5000000);
}

/* What the agent says of a gRPC call: its message is there at once, or comes later, with the request's end. What is
 * said to it is what this program can say: it delivers no HTTP/2. */
static void grpc(struct world *w, const char *message, bool more)
{
    agent_request(w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                      .connection = 7,
                                      .method = "POST",
                                      .path = "http://service/greet.Greeter/Hello",
                                      .version = "HTTP/2.0",
                                      .headers = "content-type: application/grpc\nte: trailers\n",
                                      .body = message,
                                      .more = more});
}

static void grpc_at_once(struct world *w)
{
    grpc(w, "a message", false);
    agent_close(w, 7);
    world_advance(w, 5000000);
}

static void grpc_in_parts(struct world *w)
{
    grpc(w, NULL, true);
    agent_body(w, 7, "a message", false);
    agent_body(w, 7, "", true);
    agent_close(w, 7);
    world_advance(w, 5000000);
}

static void websocket(struct world *w)
{
    agent_request(w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                      .connection = 7,
                                      .headers = "connection: Upgrade\nupgrade: websocket\n"});
    struct sim_peer *app = world_app(w);
    REQUIRE(app != NULL);
    app_say(w, app,
            "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: "
            "websocket\r\n\r\nfirst");
    agent_data(w, 7, "to the application");
    app_say(w, app, "to the remote");
    agent_data(w, 7, "");
    sim_peer_shutdown(app);
    world_run(w);
    agent_close(w, 7);
    world_advance(w, 5000000);
}

static void raw(struct world *w)
{
    agent_connection(w, 7);
    struct sim_peer *app = world_app(w);
    REQUIRE(app != NULL);
    agent_data(w, 7, "raw bytes");
    app_say(w, app, "and back");
    agent_data(w, 7, "");
    sim_peer_shutdown(app);
    world_run(w);
    agent_close(w, 7);
    world_advance(w, 5000000);
}

static void raw_refused(struct world *w)
{
    sim_route(&w->sim, APP, SIM_REFUSED, 0);
    agent_connection(w, 7);
    world_advance(w, 10000000);
}

static void not_running(struct world *w)
{
    sim_route(&w->sim, APP, SIM_REFUSED, 0);
    agent_get(w, 7, "/");
    world_advance(w, 10000000);
    agent_close(w, 7);
    world_run(w);
}

static void broken_body(struct world *w)
{
    agent_get(w, 7, "/");
    struct sim_peer *app = world_app(w);
    REQUIRE(app != NULL);
    app_say(w, app, "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nonly this");
    sim_peer_reset(app);
    world_advance(w, 5000000);
}

static void unsubscribed(struct world *w)
{
    sim_signal(&w->sim, 15);
    world_run(w);
    agent_get(w, 7, "/late");
    world_advance(w, 20000000);
}

static void july_2024(struct world *w)
{
    agent_request(w,
                  (struct request){.variant = VARIANT_CHUNKED_V1, .connection = 7, .more = true});
    agent_body(w, 7, "", true);
    struct sim_peer *app = world_app(w);
    REQUIRE(app != NULL);
    app_say(w, app, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n");
    app_say(w, app, "hi");
    agent_close(w, 7);
    world_advance(w, 5000000);
}

const struct scene scenes[] = {
    {"01-start", NULL, start},
    {"02-get-short", NULL, get_short},
    {"03-post-late", NULL, post_late},
    {"04-server-sent-events", NULL, events},
    {"05-grpc-refused", NULL, grpc_at_once},
    {"06-grpc-refused", NULL, grpc_in_parts},
    {"07-websocket", NULL, websocket},
    {"08-raw", NULL, raw},
    {"08-raw-refused", NULL, raw_refused},
    {"09-not-running", NULL, not_running},
    {"10-broken-body", NULL, broken_body},
    {"11-unsubscribed", NULL, unsubscribed},
    {"12-july-2024-streams", "1.8.1", july_2024},
    {"12-july-2024-collects", "1.8.0", july_2024},
    {NULL, NULL, NULL},
};

void scene_record(const struct scene *s, void (*on_trace)(const struct trace_out *trace))
{
    struct world w;
    world_create(&w, 0);
    w.recording = recording_new();
    w.on_trace = on_trace;
    if (s->version)
        w.script.version = s->version;
    world_begin(&w);
    s->play(&w);
    world_end(&w);
}
