/* tests/test_trace_reversion.c -- a recorded link, as an agent of another version would have spoken. */
#include "messages/trace_reversion.h"
#include "messages/trace_speech.h"
#include "tests/recorded_world.h"

#define STORY_BYTES 4000

struct told {
    char story[STORY_BYTES];
};

static void add(struct told *t, const char *text)
{
    size_t n = strlen(t->story);
    snprintf(t->story + n, sizeof t->story - n, "%s", text);
}

/* What the agent says, without its handshake: kinds, and of requests their bodies. */
static void tell(void *context, const struct trace_spoken *m)
{
    struct told *t = context;
    const struct wire_message *w = m->message;
    char text[200];
    if (m->side != SIDE_FAR || w->kind == WIRE_PONG || w->kind == WIRE_SUBSCRIBE_RESULT)
        return;
    snprintf(text, sizeof text, "%s%s ", wire_kind_name(w->kind), w->is_last ? "." : "");
    add(t, text);
    if (w->body.length) {
        snprintf(text, sizeof text, "<%.*s> ", (int)w->body.length, m->bytes + w->body.offset);
        add(t, text);
    }
    for (uint32_t i = 0; i < w->frame_count; i++) {
        const struct wire_range *f = &w->frames[i].range;
        snprintf(text, sizeof text, "[%.*s] ", w->frames[i].is_trailers ? 0 : (int)f->length,
                 m->bytes + f->offset);
        add(t, text);
    }
}

static void check_told(const struct trace_stream *link, const char *version, const char *want,
                       unsigned impossible)
{
    struct told t = {""};
    struct version v;
    char error[TRACE_SPEECH_ERROR_MAX];
    REQUIRE(version_parse(version, strlen(version), &v));
    struct trace_reversion *r = trace_reversion_new(link, v);
    CHECK(trace_speech_read(trace_reversion_link(r), tell, &t, error));
    CHECK_STR(t.story, want);
    CHECK_UINT(trace_reversion_impossible(r), impossible);
    trace_reversion_free(r);
}

static void answer(struct world *w)
{
    struct sim_peer *app = world_app(w);
    REQUIRE(app != NULL);
    app_say(w, app, OK_2);
}

static void test_requests_in_each_form(void)
{
    struct recorded_world r;
    recorded_begin(&r);
    agent_get(&r.w, 7, "/");
    answer(&r.w);
    agent_request(&r.w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                         .connection = 8,
                                         .method = "POST",
                                         .body = "first",
                                         .more = true});
    agent_body(&r.w, 8, "second", false);
    agent_put_trailers(&r.w, 8, 0, "x: y\n", true);
    world_run(&r.w);
    recorded_end(&r);
    const struct trace_stream *link = recorded_stream(&r, STREAM_LINK, 0);
    REQUIRE(link != NULL);
    check_told(
        link, "1.29.0",
        "VERSION_ANSWER HTTP_REQUEST_START_V2. HTTP_REQUEST_START_V2 [first] REQUEST_BODY [second] "
        "REQUEST_BODY. [] ",
        0);
    check_told(link, "1.18.0",
               "VERSION_ANSWER HTTP_REQUEST_START_V1 REQUEST_BODY. HTTP_REQUEST_START_V1 [first] "
               "REQUEST_BODY "
               "[second] REQUEST_BODY. [] ",
               0);
    check_told(link, "1.6.0",
               "VERSION_ANSWER HTTP_REQUEST_FRAMED HTTP_REQUEST_FRAMED [first] [second] [] ", 0);
    check_told(link, "1.2.2", "VERSION_ANSWER HTTP_REQUEST HTTP_REQUEST <firstsecond> ", 0);
    recorded_free(&r);
}

static void test_raw_connections_and_what_no_such_agent_says(void)
{
    struct recorded_world r;
    recorded_begin(&r);
    agent_connection(&r.w, 7);
    agent_data(&r.w, 7, "x");
    agent_request(&r.w,
                  (struct request){.variant = VARIANT_CHUNKED_V2, .connection = 9, .mirror = true});
    recorded_end(&r);
    const struct trace_stream *link = recorded_stream(&r, STREAM_LINK, 0);
    REQUIRE(link != NULL);
    check_told(link, "1.29.0", "VERSION_ANSWER NEW_CONNECTION DATA HTTP_REQUEST_START_V2. ", 0);
    check_told(link, "1.8.0", "VERSION_ANSWER NEW_CONNECTION DATA HTTP_REQUEST_START_V2. ", 1);
    recorded_free(&r);
}

CU_TestInfo trace_reversion_tests[] = {
    {"requests are said in the richest form of each version", test_requests_in_each_form},
    {"raw connections; what no such agent says is counted",
     test_raw_connections_and_what_no_such_agent_says},
    CU_TEST_INFO_NULL,
};
