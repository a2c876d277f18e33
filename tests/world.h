/* tests/world.h -- a whole proxy in deterministic mode, between a scripted agent and scripted applications.
 *
 * Purpose  a test says what the agent and the application do, and reads what they saw as text. The proxy
 *          is the daemon's own supervisor with all its actors; nothing of it is replaced.
 * Owner    struct world must not move. world_end frees all, and checks that nothing leaked.
 * Thread   one. One world at a time (settings and destinations are the program's).
 * Units    microseconds of the sim's clock.
 *
 *     struct world w;
 *     world_create(&w, 0);                  port 80 is stolen to APP; change w.settings, w.script
 *     world_begin(&w);                      until all is quiet: the ready line was said
 *     agent_get(&w, 7, "/");                StartV2 for connection 7, request 0
 *     struct sim_peer *app = world_app(&w); the connection that the proxy made
 *     CHECK_STR(peer_text(app), "GET / HTTP/1.1\r\n\r\n");
 *     peer_say(app, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi");
 *     CHECK_STR(world_story(&w), "framed 7/0 200 [hi]\n");
 *     world_end(&w);
 *
 * The story is what the agent understood, a line a message: "ping", "switch 1.29.0", "logs", "subscribe 80",
 * "filter 80", "unsubscribe port 80", "basic|framed|start C/R STATUS [body]", "body C/R [bytes]" (+ "last"),
 * "error C/R", "data C [bytes]", "unsubscribe C". A body of more than 100 bytes is told by its length.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include "actors/settings.h"
#include "messages/vocabulary.h"
#include "messages/wire_decoder.h"
#include "tests/recording.h"
#include "runtime/sim.h"
#include "tests/check.h"

#define AGENT "10.0.0.1:61337"
#define APP   "127.0.0.1:8080"

/* An answer of two bytes. */
#define OK_2 "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"

/* One message of the proxy, as the agent read it. */
struct heard {
    enum wire_kind kind;
    enum wire_mode mode;
    uint64_t connection;
    uint16_t request, port, status;
    bool is_last, trailers;
    uint32_t frames;
    char *body, *head, *text; /* malloc'd; body and head may hold NULs */
    size_t body_length, head_length;
    uint64_t filter_bytes;
    struct version version; /* the agent's, as the link knew it when this was written */
    uint64_t at_us;
    unsigned link; /* 0 and up */
};

/* How the agent behaves by itself. */
struct agent_script {
    const char *version; /* that it says */
    const char *reads;   /* that it truly has; NULL: the newest */
    bool echoes;         /* says what it hears instead (HS-12) */
    bool no_pong, no_version, no_confirm;
    bool ends_at_switch, ends_at_logs, ends_at_subscribe;
    const char *closes_at_subscribe; /* Close(text) instead of an answer (SUB-24) */
};

struct session;

/* What a link_connection wrote, and which versions it had heard at which byte. */
struct link_watch {
    struct actor_ref ref;
    uint64_t written;
    struct version_mark {
        uint64_t offset;
        struct version version;
    } * marks;
    unsigned mark_count;
};

struct spawned {
    struct actor_ref ref;
    const struct actor_type *type;
};

struct world {
    struct sim sim;
    struct settings settings;
    struct agent_script script;
    struct recording *recording; /* NULL: nothing is recorded */
    /* NULL, or the test's: gets the whole trace when it was replayed */
    void (*on_trace)(const struct trace_out *trace);

    struct actor_ref supervisor;
    char ready[4096], failed[600];
    unsigned ready_count;

    struct session *session; /* the newest; NULL: there was none yet */
    unsigned session_count;
    bool undecodable; /* the proxy sent what an agent of script.reads cannot read */
    struct heard *heard;
    size_t heard_count, heard_room, told;
    char *story;
    size_t story_room;

    struct hooks hooks;
    struct spawned *spawned;
    size_t spawned_count, spawned_room;
    struct link_watch *links; /* that came to be connected, in order */
    unsigned link_count;
    uint64_t returned; /* messages that a link sent back to an interceptor */
    /* NULL, or the test's: hears each SEND of an actor */
    void (*on_send)(struct world *w, const struct actor *from, const struct effect *e);
};

void world_create(struct world *w, uint64_t seed);
/* The same with so many workers for exchanges. */
void world_create_with(struct world *w, uint64_t seed, unsigned workers);
/* One more port, served from there. */
void world_serve(struct world *w, uint16_t port, const char *destination);
void world_begin(struct world *w);
/* Both for a test that changes nothing before; and the beginning is told. */
void world_ready(struct world *w, uint64_t seed);
/* Runs until nothing happens any more without time. */
void world_run(struct world *w);
void world_advance(struct world *w, uint64_t us);
/* Destroys the sim, replays what was recorded, frees. Checks that nothing leaked. */
void world_end(struct world *w);

/* What the agent understood since the last call. */
const char *world_story(struct world *w);
/* Everything so far is told. */
void world_forget(struct world *w);
/* The oldest connection to an application at APP that was not fetched yet. NULL: none. Runs first. */
struct sim_peer *world_app(struct world *w);
/* Spawned actors of this type that live; the n-th of them, oldest first (NOBODY: there is none). */
unsigned world_count(const struct world *w, const struct actor_type *type);
struct actor_ref world_find(const struct world *w, const struct actor_type *type, unsigned n);

/* ---- applications ---- */

/* What came, as a string, valid until the next call of it; and then it is forgotten. */
const char *peer_text(struct sim_peer *p);
void peer_say(struct sim_peer *p, const char *text);
/* Says it and runs. */
void app_say(struct world *w, struct sim_peer *p, const char *text);

/* ---- the agent; each says it, and runs ---- */

struct request {
    enum request_variant variant;
    uint64_t connection;
    uint16_t request;
    uint16_t port;       /* 0: 80 */
    const char *method;  /* NULL: GET */
    const char *path;    /* NULL: / */
    const char *version; /* NULL: HTTP/1.1 */
    const char *headers; /* "name: value\n" for each, NULL: none */
    const char *body;    /* first frame; NULL: none */
    size_t body_length;  /* 0: strlen(body) */
    bool more;           /* chunked: the body goes on */
    bool mirror;
    bool tls;             /* VARIANT_CHUNKED_V2 */
    uint16_t source_port; /* VARIANT_CHUNKED_V2: of the client; 0: 40000 */
};

/* Without running, so that several come in one read. */
void agent_put_request(struct world *w, const struct request *r);
void agent_put_body(struct world *w, uint64_t connection, uint16_t request, const char *bytes,
                    size_t length, bool last); /* of a stolen one */
void agent_put_body_of(struct world *w, enum wire_mode mode, uint64_t connection, uint16_t request,
                       const char *bytes, size_t length, bool last);
/* ErrorV1 */
void agent_put_error(struct world *w, enum wire_mode mode, uint64_t connection);
/* A frame of trailers, headers as in struct request. */
void agent_put_trailers(struct world *w, uint64_t connection, uint16_t request, const char *headers,
                        bool last);
void agent_put_connection(struct world *w, enum wire_mode mode, uint64_t connection, uint16_t port);
void agent_put_data(struct world *w, enum wire_mode mode, uint64_t connection, const char *bytes,
                    size_t length);
void agent_put_close(struct world *w, enum wire_mode mode, uint64_t connection);
void agent_put_version(struct world *w, const char *version);
void agent_put_bytes(struct world *w, const void *bytes, size_t length);

void agent_request(struct world *w, struct request r);
/* StartV2, whole. */
void agent_get(struct world *w, uint64_t connection, const char *path);
void agent_body(struct world *w, uint64_t connection, const char *bytes, bool last);
void agent_data(struct world *w, uint64_t connection, const char *bytes);
void agent_connection(struct world *w, uint64_t connection);
void agent_close(struct world *w, uint64_t connection);
void agent_version(struct world *w, const char *version);
void agent_error(struct world *w, uint64_t connection);
/* The agent's socket, for reading less and the like. NULL: no link. */
struct sim_peer *agent_peer(struct world *w);

/* All that was said in answer to one request, put together. */
struct seen_answer {
    enum wire_kind kind; /* of its beginning; WIRE_OTHER: there was none */
    uint16_t status;
    bool ended, broken, trailers;
    unsigned parts;    /* messages */
    const char *fault; /* NULL, or what no agent should hear: two answers, a part without a start, a
                          form that this agent could not read */
    char *body;        /* the caller frees it */
    size_t length;
};

/* In session `link` (0 and up). */
struct seen_answer world_answer(const struct world *w, unsigned link, uint64_t connection,
                                uint16_t request);

/* A header of a heard answer; NULL: there is none. Valid until the next call. */
const char *heard_header(const struct heard *h, const char *name);

#endif
