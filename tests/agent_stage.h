/* tests/agent_stage.h -- the stand-in agent on a simulated network, with everybody around it played by a test.
 *
 *     struct agent_stage s;
 *     agent_stage_create(&s, seed, "1.29.0", AGENT_ANSWER_MIN, NULL);
 *     struct stage_proxy *p = stage_proxy(&s, "1.29.0");           has announced, is ready for logs
 *     stage_say_subscribe(p, "^x-mirrord: yes$");
 *     struct sim_peer *remote = stage_remote(&s, "GET / HTTP/1.1\r\nx-mirrord: yes\r\n\r\n");
 *     CHECK_STR(stage_heard(p), "Subscribed(8080) StartV2(0/0 GET / last)");
 *     agent_stage_destroy(&s);
 *
 * Everything runs until idle after each step. stage_heard() is what the agent has said to this proxy since
 * it was asked last, in short words: see agent_stage.c.
 */
#ifndef TESTS_AGENT_STAGE_H
#define TESTS_AGENT_STAGE_H

#include "actors/agent_settings.h"
#include "messages/wire_decoder.h"
#include "messages/wire_encoder.h"
#include "runtime/sim.h"
#include "tests/check.h"

enum { STAGE_PORT = 8080, STAGE_PROXIES_MAX = 4 };
#define STAGE_UPSTREAM "127.0.0.1:8081"

struct stage_proxy {
    struct agent_stage *stage;
    struct sim_peer *link;
    struct wire_decoder decoder;
    uint8_t room[70000];
    struct wire_writer w; /* over room: what is to be said */
    char heard[4096];
};

struct agent_stage {
    struct sim sim;
    struct agent_settings settings;
    struct stage_proxy *proxies[STAGE_PROXIES_MAX];
    unsigned proxy_count;
};

/* watcher: NULL, or a recording's hooks. */
void agent_stage_create(struct agent_stage *s, uint64_t seed, const char *version, uint8_t answer,
                        const struct hooks *watcher);
/* Checks that nothing leaked. s->settings are still what agent_settings says, for a replay. */
void agent_stage_destroy(struct agent_stage *s);
void stage_run(struct agent_stage *s);

/* A link on which Ping and, unless NULL, a version were answered, and ReadyForLogs was said. */
struct stage_proxy *stage_proxy(struct agent_stage *s, const char *version);
/* p->w begins anew; fill it with wire_put_*, then send. */
struct wire_writer *stage_say(struct stage_proxy *p);
void stage_send(struct stage_proxy *p);
/* Steal STAGE_PORT; NULL: unfiltered. */
void stage_say_subscribe(struct stage_proxy *p, const char *header_regex);
/* An answer with "content-length" unless length is negative; kind as wire_put_response wants it. */
void stage_say_answer(struct stage_proxy *p, enum wire_kind kind, uint64_t connection,
                      uint16_t request, uint16_t status, int length, const char *frame);
void stage_say_body(struct stage_proxy *p, uint64_t connection, uint16_t request, const char *frame,
                    bool last);
void stage_say_data(struct stage_proxy *p, uint64_t connection, const char *bytes);
const char *stage_heard(struct stage_proxy *p);

/* A remote client that says this at once. */
struct sim_peer *stage_remote(struct agent_stage *s, const char *bytes);
void stage_write(struct agent_stage *s, struct sim_peer *peer, const char *bytes);
/* What a peer has got since it was asked last, as a string. */
const char *stage_got(struct sim_peer *peer);
/* What the application got on its oldest connection that was not looked at; *application may answer. */
const char *stage_upstream_got(struct agent_stage *s, struct sim_peer **application);

#endif
