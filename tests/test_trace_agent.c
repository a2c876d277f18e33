/* tests/test_trace_agent.c -- a recorded agent that is played to a proxy: to the same, and to others.
 *
 * The proxy's side is a recording again: what it says is taken from there, message by message, and changed.
 */
#include "messages/trace_agent.h"
#include "messages/trace_speech.h"
#include "messages/wire_bytes.h"
#include "messages/wire_text.h"
#include "tests/recorded_world.h"
#include <stdlib.h>

enum { LINES_MAX = 100 };

/* What the live proxy will say, as text. NULL: not said. */
struct lines {
    char *of[LINES_MAX];
    bool proxy[LINES_MAX]; /* else the agent's, which it waits for */
    unsigned count;
};

static char *text_of(const struct trace_spoken *m)
{
    struct wire_bytes_source source = {0};
    struct wire_text_sink sink = {0};
    struct wire_transcode t = {&wire_bytes_source, &source, &wire_text_sink, &sink, 0, ""};
    wire_bytes_source_begin(&source, m->bytes, m->length);
    if (!m->capped)
        CHECK(wire_transcode(&t, m->message->from));
    CHECK(wire_buffer_put(&sink.out, "", 1));
    wire_bytes_source_release(&source);
    return (char *)sink.out.at;
}

static void take_line(void *context, const struct trace_spoken *m)
{
    struct lines *l = context;
    REQUIRE(l->count < LINES_MAX);
    l->proxy[l->count] = m->side == SIDE_NEAR;
    l->of[l->count++] = text_of(m);
}

static void lines_free(struct lines *l)
{
    for (unsigned i = 0; i < l->count; i++)
        free(l->of[i]);
    l->count = 0;
}

/* ---- a play ---- */

struct play {
    struct recorded_world r;
    struct lines lines;
    struct trace_agent *agent;
    struct trace_agent_options options;
    struct trace_findings findings;
    uint64_t now_us;
    unsigned said; /* by the agent */
};

static const struct trace_stream *link_of(struct play *p)
{
    return recorded_stream(&p->r, STREAM_LINK, 0);
}

/* After what was recorded. */
static void play_begin_with(struct play *p, bool swaps)
{
    char error[TRACE_SPEECH_ERROR_MAX];
    recorded_end(&p->r);
    REQUIRE(link_of(p) != NULL);
    p->lines.count = 0;
    trace_speech_read(link_of(p), take_line, &p->lines, error);
    p->findings = (struct trace_findings){0};
    p->options = (struct trace_agent_options){.rules = {trace_http_ignored, false},
                                              .give_up_us = 1000000,
                                              .settle_us = 1000,
                                              .swaps = swaps};
    p->agent = trace_agent_new(link_of(p), &p->options, &p->findings);
    p->now_us = 1000;
    p->said = 0;
    trace_agent_begin(p->agent, p->now_us);
}

static void play_begin(struct play *p)
{
    play_begin_with(p, false);
}

static void hear(struct play *p, const char *text)
{
    struct wire_text_source source = {0};
    struct wire_bytes_sink sink = {0};
    struct wire_transcode t = {&wire_text_source, &source, &wire_bytes_sink, &sink, 0, ""};
    wire_text_source_begin(&source, text, strlen(text));
    if (!wire_transcode(&t, WIRE_FROM_CLIENT))
        printf("\n    %s: %s\n", text, t.error);
    for (size_t i = 0; i < sink.out.length; i++) /* however it is cut */
        CHECK(trace_agent_hear(p->agent, sink.out.at + i, 1, p->now_us));
    wire_text_source_release(&source);
    wire_bytes_sink_release(&sink);
}

/* All that the agent says now; when it wants to be asked again. */
static enum trace_agent_next listen_to(struct play *p, uint64_t *due_us)
{
    const uint8_t *bytes;
    size_t length;
    enum trace_agent_next next;
    while ((next = trace_agent_next(p->agent, p->now_us, &bytes, &length, due_us)) == AGENT_SAY)
        p->said++;
    return next;
}

/* Until the agent has said as much as stands before this line. */
static unsigned agents_before(const struct play *p, unsigned line)
{
    unsigned n = 0;
    for (unsigned i = 0; i < line; i++)
        n += !p->lines.proxy[i] && strcmp(p->lines.of[i], "Pong");
    return n;
}

static void play_from(struct play *p, unsigned line, bool pongs)
{
    uint64_t due_us;
    unsigned pings = 0;
    for (unsigned i = line; i < p->lines.count; i++) {
        enum trace_agent_next next = listen_to(p, &due_us);
        if (!p->lines.proxy[i] || !p->lines.of[i])
            continue;
        CHECK(next != AGENT_OVER);
        CHECK(!pongs || p->said - pings <= agents_before(p, i)); /* never ahead of its cause */
        pings += strcmp(p->lines.of[i], "Ping") == 0;
        hear(p, p->lines.of[i]);
    }
    for (unsigned i = 0; i < 100 && listen_to(p, &due_us) != AGENT_OVER; i++)
        p->now_us = due_us;
    trace_agent_judge(p->agent);
}

static void check_counts(struct play *p, const char *expected)
{
    char text[300];
    size_t n = (size_t)snprintf(text, sizeof text, "matched %u", (unsigned)p->findings.matched);
    for (unsigned i = 0; i < FINDING_CLASSES; i++)
        if (p->findings.counts[i])
            n += (size_t)snprintf(text + n, sizeof text - n, " %s %u", finding_name(i),
                                  (unsigned)p->findings.counts[i]);
    CHECK_STR(text, expected);
    for (unsigned i = 0; strcmp(text, expected) && i < p->findings.count; i++)
        printf("    %s\n", p->findings.list[i].text);
}

static void play_end(struct play *p)
{
    trace_agent_free(p->agent);
    trace_findings_release(&p->findings);
    lines_free(&p->lines);
    recorded_free(&p->r);
}

/* The n-th line of the proxy that holds this. */
static unsigned line_with(const struct play *p, const char *words, unsigned n)
{
    for (unsigned i = 0; i < p->lines.count; i++)
        if (p->lines.proxy[i] && p->lines.of[i] && strstr(p->lines.of[i], words) && n-- == 0)
            return i;
    CU_FAIL("there is no such line");
    return 0;
}

static void replace(struct play *p, unsigned line, const char *from, const char *to)
{
    char *old = p->lines.of[line], *at = strstr(old, from);
    REQUIRE(at != NULL);
    size_t room = strlen(old) + strlen(to) + 1;
    char *new = malloc(room);
    REQUIRE(new != NULL);
    snprintf(new, room, "%.*s%s%s", (int)(at - old), old, to, at + strlen(from));
    free(old);
    p->lines.of[line] = new;
}

static void drop(struct play *p, unsigned line)
{
    free(p->lines.of[line]);
    p->lines.of[line] = NULL;
}

/* GET /a whole, GET /b in pieces, a raw connection. */
static void record_usual(struct play *p)
{
    recorded_begin(&p->r);
    struct world *w = &p->r.w;
    recorded_get(&p->r, 1, "/a");
    agent_get(w, 2, "/b");
    struct sim_peer *app = recorded_app(&p->r);
    app_say(w, app, "HTTP/1.1 200 OK\r\ndate: now\r\ncontent-length: 6\r\n\r\nabc");
    app_say(w, app, "def");
    agent_close(w, 2);
    agent_connection(w, 3);
    app = recorded_app(&p->r);
    agent_data(w, 3, "question");
    app_say(w, app, "answer");
    agent_data(w, 3, "");
    sim_peer_close(app);
    world_run(w);
    agent_close(w, 3);
}

static void test_the_same_again(void)
{
    struct play p;
    record_usual(&p);
    play_begin(&p);
    CHECK_UINT(trace_agent_exchanges(p.agent), 3);
    play_from(&p, 0, true);
    check_counts(&p, "matched 3");
    CHECK(!trace_findings_failed(&p.findings, true));
    play_end(&p);
}

static void test_what_does_not_count(void)
{
    struct play p;
    record_usual(&p);
    play_begin(&p);
    replace(&p, line_with(&p, "\"date\"", 0), "\"now\"", "\"then\"");
    play_from(&p, 0, true);
    check_counts(&p, "matched 3");
    play_end(&p);
}

static void test_other_cuts_and_other_forms(void)
{
    struct play p;
    record_usual(&p);
    play_begin(&p);
    unsigned start = line_with(&p, "Start", 0), body = line_with(&p, "Body", 0);
    replace(&p, start, "\"abc\"", "\"abcdef\"");
    replace(&p, body, "\"def\"", "\"\"");
    play_from(&p, 0, true);
    check_counts(&p, "matched 3");
    play_end(&p);

    record_usual(&p);
    play_begin(&p);
    start = line_with(&p, "Start", 0);
    drop(&p, line_with(&p, "Body", 0));
    replace(&p, start, "HttpResponseChunked(Start(", "HttpResponseFramed(");
    replace(&p, start, "))", ")");
    replace(&p, start, "\"abc\"", "\"abcdef\"");
    play_from(&p, 0, true);
    check_counts(&p, "matched 3 other_form 1");
    CHECK(!trace_findings_failed(&p.findings, false));
    CHECK(trace_findings_failed(&p.findings, true));
    play_end(&p);
}

static void test_differences(void)
{
    static const struct {
        const char *line, *from, *to, *word;
    } changes[] = {{"\"hi\"", "200", "201", "status: expected 200, came 201"},
                   {"\"hi\"", "\"hi\"", "\"ho\"", "from byte 1: expected \"i\", came \"o\""},
                   {"\"date\"", "\"date\"", "\"mate\"", "header mate: expected none, came \"now\""},
                   {"Body", "def", "deg", "body: expected 6 bytes, came 6"},
                   {"answer", "answer", "unswer", "bytes: expected 6 bytes"}};
    for (unsigned i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct play p;
        record_usual(&p);
        play_begin(&p);
        replace(&p, line_with(&p, changes[i].line, 0), changes[i].from, changes[i].to);
        play_from(&p, 0, true);
        check_counts(&p, "matched 2 different 1");
        REQUIRE(p.findings.count == 1);
        CHECK(strstr(p.findings.list[0].text, changes[i].word) != NULL);
        CHECK(trace_findings_failed(&p.findings, false));
        play_end(&p);
    }
}

static const char *const alike_texts[] = {"\"01\"", "\"02\"", "\"03\""};

static void record_alike(struct play *p)
{
    static const char *const paths[] = {"/a", "/a", "/b"};
    char text[80];
    recorded_begin(&p->r);
    for (unsigned i = 0; i < 3; i++) {
        snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n%.2s",
                 alike_texts[i] + 1);
        agent_get(&p->r.w, i + 1, paths[i]);
        app_say(&p->r.w, i ? p->r.app : recorded_app(&p->r), text);
    }
}

/* Two that ask for the same get each other's answers, as an application gives them that counts: right if the order
 * is chance, but neither twice the same nor what another request got. */
static void test_answers_to_requests_that_are_alike(void)
{
    static const struct {
        unsigned come[3];
        bool swaps;
        const char *counts;
    } all[] = {{{0, 1, 2}, true, "matched 3"},
               {{1, 0, 2}, true, "matched 3"},
               {{1, 0, 2}, false, "matched 1 different 2"},
               {{1, 1, 2}, true, "matched 2 different 1"},
               {{0, 2, 1}, true, "matched 1 different 2"}};
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct play p;
        unsigned lines[3];
        record_alike(&p);
        play_begin_with(&p, all[i].swaps);
        for (unsigned k = 0; k < 3; k++)
            lines[k] = line_with(&p, alike_texts[k], 0);
        for (unsigned k = 0; k < 3; k++)
            replace(&p, lines[k], alike_texts[k], alike_texts[all[i].come[k]]);
        play_from(&p, 0, true);
        check_counts(&p, all[i].counts);
        play_end(&p);
    }
}

/* The play waits, gives up, and goes on; nothing is said ahead of its cause meanwhile. */
static void test_missing_and_late(void)
{
    struct play p;
    record_usual(&p);
    play_begin(&p);
    drop(&p, line_with(&p, "\"hi\"", 0));
    uint64_t due_us;
    unsigned line = line_with(&p, "PortSubscribe", 0);
    for (unsigned i = 0; i <= line; i++)
        if (p.lines.proxy[i])
            hear(&p, p.lines.of[i]);
    CHECK_UINT(listen_to(&p, &due_us), AGENT_WAIT);
    unsigned said = p.said;
    CHECK_UINT(due_us, p.now_us + p.options.give_up_us);
    p.now_us = due_us - 1;
    CHECK_UINT(listen_to(&p, &due_us), AGENT_WAIT);
    CHECK_UINT(p.said, said);
    p.now_us = due_us;
    listen_to(&p, &due_us);
    CHECK_UINT(listen_to(&p, &due_us), AGENT_WAIT);
    CHECK(p.said > said);
    for (unsigned i = line + 1; i < p.lines.count; i++) {
        if (p.lines.proxy[i] && p.lines.of[i])
            hear(&p, p.lines.of[i]);
        listen_to(&p, &due_us);
    }
    trace_agent_judge(p.agent);
    check_counts(&p, "matched 2 missing 1");
    CHECK_STR(p.findings.list[0].about.target, "/a");
    play_end(&p);
}

static void test_extra(void)
{
    static const struct {
        const char *line, *expected;
    } extra[] = {
        {"TcpSteal(HttpResponse({port: 80, connection_id: 99, request_id: 0, "
         "status: 200, version: \"HTTP/1.1\", headers: {}, body: \"\"}))",
         "matched 3 extra 1"},
        {"TcpSteal(Data{connection_id: 77, bytes: \"x\"})", "matched 3 extra 1"},
        {"TcpSteal(PortSubscribe(All(81)))", "matched 3 extra 1"},
        {"TcpSteal(PortUnsubscribe(80))", "matched 3"},
        {"Ping", "matched 3"},
        {"GetAddrInfoRequest{node: \"x\"}", "matched 3 note 1"},
    };
    for (unsigned i = 0; i < sizeof extra / sizeof *extra; i++) {
        struct play p;
        record_usual(&p);
        play_begin(&p);
        hear(&p, extra[i].line);
        play_from(&p, 0, false);
        check_counts(&p, extra[i].expected);
        play_end(&p);
    }
}

/* Without what everything depends on, the play ends. */
static void test_no_subscription(void)
{
    struct play p;
    record_usual(&p);
    play_begin(&p);
    drop(&p, line_with(&p, "PortSubscribe", 0));
    for (unsigned i = 0; i < p.lines.count; i++)
        if (p.lines.proxy[i] && p.lines.of[i] && !strstr(p.lines.of[i], "TcpSteal"))
            hear(&p, p.lines.of[i]);
    uint64_t due_us;
    CHECK_UINT(listen_to(&p, &due_us), AGENT_WAIT);
    p.now_us = due_us;
    CHECK_UINT(listen_to(&p, &due_us), AGENT_OVER);
    trace_agent_judge(p.agent);
    check_counts(&p, "matched 0 missing 4");
    play_end(&p);
}

static void test_another_version(void)
{
    struct play p;
    record_usual(&p);
    play_begin(&p);
    replace(&p, line_with(&p, "SwitchProtocolVersion", 0), "1.29.0", "1.28.0");
    play_from(&p, 0, true);
    check_counts(&p, "matched 3 other_version 1");
    play_end(&p);
}

static void test_a_link_that_ends_early(void)
{
    struct play p;
    record_usual(&p);
    play_begin(&p);
    unsigned line = line_with(&p, "\"hi\"", 0);
    uint64_t due_us;
    for (unsigned i = 0; i <= line; i++) {
        listen_to(&p, &due_us);
        if (p.lines.proxy[i])
            hear(&p, p.lines.of[i]);
    }
    trace_agent_lost(p.agent, p.now_us);
    CHECK_UINT(listen_to(&p, &due_us), AGENT_OVER);
    trace_agent_judge(p.agent);
    check_counts(&p, "matched 1 missing 2");
    play_end(&p);

    record_usual(&p);
    play_begin(&p);
    CHECK(!trace_agent_hear(p.agent, (const uint8_t *)"\xff\xff", 2, p.now_us));
    trace_agent_judge(p.agent);
    CHECK_UINT(p.findings.counts[FINDING_DIFFERENT], 1);
    play_end(&p);
}

/* The pauses of the recording are kept, counted from what was heard. */
static void test_pauses(void)
{
    struct play p;
    record_usual(&p);
    play_begin(&p);
    trace_agent_free(p.agent);
    p.options.speed = 0.000001; /* the recording's clock counts readings, not time */
    p.agent = trace_agent_new(link_of(&p), &p.options, &p.findings);
    trace_agent_begin(p.agent, p.now_us);
    uint64_t due_us;
    hear(&p, p.lines.of[0]);
    CHECK_UINT(listen_to(&p, &due_us), AGENT_WAIT);
    CHECK_UINT(p.said, 1); /* the Pong */
    unsigned switches = line_with(&p, "SwitchProtocolVersion", 0);
    hear(&p, p.lines.of[switches]);
    CHECK_UINT(listen_to(&p, &due_us), AGENT_WAIT);
    CHECK_UINT(p.said, 1);
    CHECK(due_us > p.now_us && due_us != UINT64_MAX);
    p.now_us = due_us;
    listen_to(&p, &due_us);
    CHECK_UINT(p.said, 2);
    play_end(&p);
}

static void test_what_was_left_out(void)
{
    struct play p;
    char long_text[300];
    memset(long_text, 'z', sizeof long_text);
    recorded_begin(&p.r);
    recorded_get(&p.r, 1, "/a");
    agent_connection(&p.r.w, 3);
    agent_put_data(&p.r.w, WIRE_STEAL, 3, long_text, sizeof long_text);
    world_run(&p.r.w);
    world_app(&p.r.w); /* its connection; that of /a is used again */
    agent_close(&p.r.w, 3);
    recorded_get(&p.r, 4, "/b");
    p.r.bodies_max = 200;
    play_begin(&p);
    CHECK_UINT(p.findings.counts[FINDING_LEFT_OUT], 1);
    CHECK(p.findings.list[0].about.raw);
    CHECK_UINT(p.findings.list[0].about.connection, 3);
    play_from(&p, 0, false);
    check_counts(&p, "matched 2 left_out 1");
    play_end(&p);
}

static bool has_beginning(const struct trace_stream *link)
{
    static const struct trace_agent_options options;
    struct trace_findings findings = {0};
    struct trace_agent *a = trace_agent_new(link, &options, &findings);
    bool has = trace_agent_has_beginning(a);
    trace_agent_free(a);
    trace_findings_release(&findings);
    return has;
}

/* As --trace-bodies 0 has it. */
static void cut(struct trace_stream *link, enum stream_side side)
{
    for (unsigned i = 0; i < link->count; i++)
        if (link->pieces[i].side == side)
            link->pieces[i].kept = 0;
}

static void test_the_beginning_of_a_link(void)
{
    struct play p;
    record_usual(&p);
    play_begin(&p);
    struct trace_stream link = *link_of(&p);
    CHECK(has_beginning(&link));
    link.middle = true;
    CHECK(!has_beginning(&link));
    link.middle = false;
    link.pieces[0].missing = 1;
    CHECK(!has_beginning(&link));
    link.pieces[0].missing = 0;
    cut(&link, SIDE_FAR);
    CHECK(!has_beginning(&link));
    link = *link_of(&p);
    cut(&link, SIDE_NEAR);
    CHECK(!has_beginning(&link));
    link.count = 0;
    CHECK(!has_beginning(&link));
    play_end(&p);
}

CU_TestInfo trace_agent_tests[] = {
    {"the same again", test_the_same_again},
    {"what does not count", test_what_does_not_count},
    {"other cuts and other forms", test_other_cuts_and_other_forms},
    {"differences", test_differences},
    {"answers to requests that are alike", test_answers_to_requests_that_are_alike},
    {"missing and late", test_missing_and_late},
    {"extra", test_extra},
    {"no subscription", test_no_subscription},
    {"another version", test_another_version},
    {"a link that ends early", test_a_link_that_ends_early},
    {"pauses", test_pauses},
    {"what was left out", test_what_was_left_out},
    {"the beginning of a link", test_the_beginning_of_a_link},
    CU_TEST_INFO_NULL,
};
