/* tests/test_trace_peers.c -- order, matching, pauses and comparison: what replays against real peers decide by. */
#include "messages/trace_clients.h"
#include "messages/trace_followers.h"
#include "messages/trace_match.h"
#include "messages/trace_order.h"
#include "messages/trace_walk.h"
#include "runtime/hash.h"
#include "tests/recorded_world.h"
#include <stdlib.h>

/* ---- order ---- */

/* 0 and 1 side by side, then 2 alone, then 3. */
static const struct trace_turn turns[] = {
    {10, 30, 0, 0}, {20, 40, 0, 0}, {50, 60, 0, 0}, {70, 80, 0, 0}};

static void test_a_gate(void)
{
    struct trace_gate *g = trace_gate_new(turns, 4);
    CHECK(trace_gate_is_open(g, 0) && trace_gate_is_open(g, 1));
    CHECK(!trace_gate_is_open(g, 2) && !trace_gate_is_open(g, 3));
    trace_gate_ended(g, 1);
    CHECK(!trace_gate_is_open(g, 2));
    trace_gate_ended(g, 0);
    CHECK(trace_gate_is_open(g, 2) && !trace_gate_is_open(g, 3));
    trace_gate_ended(g, 2);
    CHECK(trace_gate_is_open(g, 3));
    trace_gate_free(g);
}

/* A character for each: . in order, o overtook another, R came too early. */
static const char *judged(const uint64_t live[4][2])
{
    struct trace_turn t[4];
    struct trace_order order[4];
    static char text[40];
    static const char *const names[] = {".", "o", "R"};
    for (unsigned i = 0; i < 4; i++)
        t[i] = (struct trace_turn){turns[i].began, turns[i].ended, live[i][0], live[i][1]};
    trace_order_judge(t, 4, order);
    snprintf(text, sizeof text, "%s%s%s%s", names[order[0].how], names[order[1].how],
             names[order[2].how], names[order[3].how]);
    return text;
}

static void test_what_kept_its_order(void)
{
    CHECK_STR(judged((const uint64_t[4][2]){{1, 2}, {3, 4}, {5, 6}, {7, 8}}), "....");
    CHECK_STR(judged((const uint64_t[4][2]){{1, 4}, {2, 3}, {5, 6}, {7, 8}}), "....");
    CHECK_STR(judged((const uint64_t[4][2]){{3, 4}, {1, 2}, {5, 6}, {7, 8}}), ".o..");
    CHECK_STR(judged((const uint64_t[4][2]){{1, 2}, {3, 4}, {7, 8}, {5, 6}}), "...R");
    CHECK_STR(judged((const uint64_t[4][2]){{7, 8}, {1, 2}, {3, 4}, {5, 6}}), ".oRR");
    CHECK_STR(judged((const uint64_t[4][2]){{1, 6}, {2, 3}, {5, 7}, {8, 9}}), "..R.");
    CHECK_STR(judged((const uint64_t[4][2]){{0, 0}, {1, 2}, {0, 0}, {3, 4}}), "....");
}

/* ---- what followed on a connection ---- */

/* The live times of turns that began one after the other in the recording, each ended at once. A letter for each:
 * which one it came too early for; . none. */
static const char *followed(unsigned count, const struct trace_follower *who,
                            const uint64_t (*live)[2])
{
    struct trace_turn t[8];
    unsigned out[8];
    static char text[9];
    for (unsigned i = 0; i < count; i++)
        t[i] = (struct trace_turn){10 * i + 10, 10 * i + 15, live[i][0], live[i][1]};
    trace_followers_judge(t, who, count, out);
    for (unsigned i = 0; i < count; i++)
        text[i] = out[i] == i ? '.' : (char)('a' + out[i]);
    text[count] = '\0';
    return text;
}

static void test_what_followed(void)
{
    /* a and c of client 1, b of client 2, d of nobody known */
    static const struct trace_follower who[] = {{1, 0}, {2, 1}, {1, 2}, {0, 3}};
    CHECK_STR(followed(4, who, (const uint64_t[][2]){{1, 2}, {3, 4}, {5, 6}, {7, 8}}), "....");
    CHECK_STR(followed(4, who, (const uint64_t[][2]){{5, 6}, {7, 8}, {9, 10}, {1, 2}}), "....");
    CHECK_STR(followed(4, who, (const uint64_t[][2]){{5, 6}, {1, 2}, {3, 4}, {7, 8}}), "..a.");
    CHECK_STR(followed(4, who, (const uint64_t[][2]){{1, 6}, {2, 3}, {4, 5}, {7, 8}}), "..a.");
    CHECK_STR(followed(4, who, (const uint64_t[][2]){{0, 0}, {1, 2}, {3, 4}, {7, 8}}), "....");
    CHECK_STR(followed(4, who, (const uint64_t[][2]){{1, 2}, {3, 4}, {0, 0}, {7, 8}}), "....");
}

static void test_what_followed_of_those_alike(void)
{
    /* Two clients, each: a request of its own behind one that both make. */
    static const struct trace_follower two[] = {{1, 0}, {1, 1}, {2, 0}, {2, 2}};
    CHECK_STR(followed(4, two, (const uint64_t[][2]){{1, 2}, {7, 8}, {5, 6}, {3, 4}}), "....");
    CHECK_STR(followed(4, two, (const uint64_t[][2]){{3, 4}, {7, 8}, {5, 6}, {1, 2}}), "...c");
    /* Two clients that make the same two, and a third that makes the second of them alone. */
    static const struct trace_follower same[] = {{1, 0}, {1, 1}, {2, 0}, {2, 1}, {3, 1}};
    CHECK_STR(followed(5, same, (const uint64_t[][2]){{3, 4}, {1, 2}, {5, 6}, {7, 8}, {9, 9}}),
              ".....");
    CHECK_STR(followed(5, same, (const uint64_t[][2]){{5, 6}, {1, 2}, {7, 8}, {3, 4}, {9, 9}}),
              "...c.");
    /* One sort, over two connections: two at a time, and no more. */
    static const struct trace_follower one[] = {{1, 0}, {2, 0}, {1, 0}, {2, 0}};
    CHECK_STR(followed(4, one, (const uint64_t[][2]){{1, 8}, {2, 3}, {4, 5}, {6, 7}}), "....");
    CHECK_STR(followed(4, one, (const uint64_t[][2]){{1, 8}, {2, 7}, {3, 5}, {6, 9}}), "..ab");
}

static uint32_t client_of(const struct trace_clients *c, uint64_t connection, uint16_t request)
{
    return trace_client_of(c, MODE_STEAL, connection, request, UINT64_MAX);
}

static void ask_as(struct recorded_world *r, enum request_variant variant, uint64_t connection,
                   uint16_t request, uint16_t source_port)
{
    agent_request(&r->w, (struct request){.variant = variant,
                                          .connection = connection,
                                          .request = request,
                                          .source_port = source_port});
    app_say(&r->w, recorded_app(r), OK_2);
}

/* By the address of the client where the agent says it, by the connection's id where it does not. */
static void test_whose_connection(void)
{
    struct recorded_world r;
    recorded_begin(&r);
    ask_as(&r, VARIANT_CHUNKED_V2, 1, 0, 40001);
    ask_as(&r, VARIANT_CHUNKED_V2, 2, 0, 40002);
    ask_as(&r, VARIANT_CHUNKED_V2, 3, 0, 40001);
    ask_as(&r, VARIANT_FRAMED, 4, 0, 0);
    ask_as(&r, VARIANT_FRAMED, 4, 1, 0);
    ask_as(&r, VARIANT_FRAMED, 5, 0, 0);
    recorded_end(&r);
    struct trace_clients *c = trace_clients_new(trace_streams_first(r.streams));
    CHECK(client_of(c, 1, 0) && client_of(c, 1, 0) == client_of(c, 3, 0));
    CHECK(client_of(c, 2, 0) && client_of(c, 1, 0) != client_of(c, 2, 0));
    CHECK(client_of(c, 4, 0) && client_of(c, 4, 0) == client_of(c, 4, 1));
    CHECK(client_of(c, 5, 0) && client_of(c, 5, 0) != client_of(c, 4, 0));
    CHECK_UINT(client_of(c, 6, 0), 0);
    CHECK_UINT(client_of(c, 1, 1), 0);
    CHECK_UINT(trace_client_of(c, MODE_MIRROR, 1, 0, UINT64_MAX), 0);
    CHECK_UINT(trace_client_of(c, MODE_STEAL, 1, 0, 0), 0);
    trace_clients_free(c);
    recorded_free(&r);
}

/* ---- comparison ---- */

static void read_text(struct trace_http *h, const char *text, enum http1_role role, size_t cut)
{
    struct trace_http_reader r = {0};
    size_t length = strlen(text);
    *h = (struct trace_http){0};
    trace_http_read(&r, h, role, HTTP1_ASKED_OTHER);
    for (size_t at = 0; at < length; at += cut) {
        size_t n = length - at < cut ? length - at : cut;
        CHECK(trace_http_feed(&r, (const uint8_t *)text + at, n) == n || h->ended);
    }
    trace_http_eof(&r);
    trace_http_reader_release(&r);
}

/* What is different in it, a line each. */
static const char *compared(const char *expected, const char *came, bool strict)
{
    static char differences[500];
    struct trace_http a, b;
    struct wire_buffer text = {0};
    struct trace_http_rules rules = {trace_http_ignored, strict};
    read_text(&a, expected, HTTP1_RESPONSES, 1000);
    read_text(&b, came, HTTP1_RESPONSES, 1);
    bool same = trace_http_compare(&a, &b, &rules, &text);
    trace_put(&text, "", 1);
    snprintf(differences, sizeof differences, "%s", (const char *)text.at);
    CHECK_UINT(same, differences[0] == '\0');
    wire_buffer_release(&text);
    trace_http_release(&a);
    trace_http_release(&b);
    return differences;
}

#define HEAD(lines) "HTTP/1.1 200 OK\r\n" lines "\r\n"

static void test_answers_are_compared(void)
{
    const char *whole = HEAD("content-length: 5\r\nx: 1\r\n") "abcde";
    CHECK_STR(
        compared(whole,
                 HEAD("x: 1\r\ntransfer-encoding: chunked\r\n") "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n",
                 false),
        "");
    CHECK_STR(compared(whole,
                       HEAD("x: 1\r\ntransfer-encoding: chunked\r\n") "5\r\nabcde\r\n0\r\n\r\n",
                       true),
              "header content-length: expected \"5\", came none\n");
    CHECK_STR(compared(whole, HEAD("X: 1\r\nDate: y\r\nserver: z\r\nconnection: close\r\n") "abcde",
                       false),
              "");
    CHECK_STR(compared(whole, HEAD("x: 2\r\ncontent-length: 5\r\n") "abcde", false),
              "header x: expected \"1\", came \"2\"\n");
    CHECK_STR(compared(whole, HEAD("y: 1\r\ncontent-length: 5\r\n") "abcde", false),
              "header x: expected \"1\", came none\nheader y: expected none, came \"1\"\n");
    CHECK_STR(
        compared(HEAD("set-cookie: a\r\nset-cookie: b\r\n"), HEAD("set-cookie: a\r\n"), false),
        "header set-cookie: expected \"a, b\", came \"a\"\n");
    CHECK_STR(
        compared(whole, HEAD("x: 1\r\ncontent-length: 5\r\n") "abc\"\n", false),
        "body: expected 5 bytes, came 5; from byte 3: expected \"de\", came \"\\x22\\x0a\"\n");
    CHECK_STR(compared(whole, HEAD("x: 1\r\n") "abcd", false),
              "body: expected 5 bytes, came 4; from byte 4: expected \"e\", came the end\n");
    CHECK_STR(compared(whole, HEAD("x: 1\r\ncontent-length: 5\r\n") "abc", false),
              "body: expected 5 bytes, came 3; from byte 3: expected \"de\", came the end\n"
              "end: expected whole, came broken off\n");
    CHECK_STR(compared(whole, "HTTP/1.0 404 No\r\nx: 1\r\ncontent-length: 5\r\n\r\nabcde", true),
              "status: expected 200, came 404\nHTTP version: expected 2, came 1\n");
    CHECK_STR(compared(HEAD("transfer-encoding: chunked\r\ntrailer: t\r\n") "0\r\nt: 1\r\n\r\n",
                       HEAD("transfer-encoding: chunked\r\ntrailer: t\r\n") "0\r\nt: 2\r\n\r\n",
                       false),
              "trailer t: expected \"1\", came \"2\"\n");
}

/* Of the expected body only the lengths and hashes of its pieces are known. */
static const char *compared_by_parts(const struct trace_http_part *parts, unsigned count,
                                     const char *came)
{
    static char differences[200];
    struct trace_http a, b;
    struct wire_buffer text = {0};
    struct trace_http_rules rules = {trace_http_ignored, false};
    read_text(&a, HEAD("content-length: 0\r\n"), HTTP1_RESPONSES, 1000);
    read_text(&b, came, HTTP1_RESPONSES, 3);
    a.parts = parts;
    a.part_count = count;
    bool same = trace_http_compare(&a, &b, &rules, &text);
    trace_put(&text, "", 1);
    snprintf(differences, sizeof differences, "%s", (const char *)text.at);
    CHECK_UINT(same, differences[0] == '\0');
    wire_buffer_release(&text);
    trace_http_release(&a);
    trace_http_release(&b);
    return differences;
}

#define CHUNKED(text) HEAD("transfer-encoding: chunked\r\n") text "0\r\n\r\n"

static void test_bodies_are_compared_by_hashes(void)
{
    const struct trace_http_part parts[] = {{3, hash_of("abc", 3)}, {2, hash_of("de", 2)}};
    CHECK_STR(compared_by_parts(parts, 2, CHUNKED("5\r\nabcde\r\n")), "");
    CHECK_STR(compared_by_parts(parts, 2, CHUNKED("1\r\na\r\n4\r\nbcde\r\n")), "");
    CHECK_STR(compared_by_parts(parts, 2, CHUNKED("5\r\nabcdf\r\n")),
              "body: of its 5 bytes, those from 3 to 4 are others\n");
    CHECK_STR(compared_by_parts(parts, 2, CHUNKED("3\r\nabc\r\n")),
              "body: expected 5 bytes, came 3\n");
    CHECK_STR(compared_by_parts(NULL, 0, CHUNKED("")), "");
}

/* ---- matching ---- */

static const char *how(enum trace_matched m)
{
    static const char *const names[] = {[MATCHED] = "",
                                        [MATCHED_AGAIN] = "again: ",
                                        [MATCHED_USED_UP] = "used up: ",
                                        [MATCHED_NEVER] = "never: "};
    return names[m];
}

static void ask(struct trace_match *m, const char *text, const char *expected)
{
    struct trace_http request;
    struct wire_buffer why = {0};
    unsigned index;
    char got[300];
    read_text(&request, text, HTTP1_REQUESTS, 7);
    enum trace_matched matched = trace_match_request(m, &request, &index, &why);
    if (matched == MATCHED)
        snprintf(got, sizeof got, "%u", index);
    else
        snprintf(got, sizeof got, "%s%.*s", how(matched), (int)why.length, (const char *)why.at);
    CHECK_STR(got, expected);
    wire_buffer_release(&why);
    trace_http_release(&request);
}

#define POST(type, body)                                                                           \
    "POST /p HTTP/1.1\r\ncontent-type: " type "\r\ncontent-length: 2\r\n\r\n" body

static void put_post(struct recorded_world *r, uint64_t id, const char *type, const char *body)
{
    char headers[80];
    snprintf(headers, sizeof headers, "content-length: 2\ncontent-type: %s\n", type);
    agent_request(&r->w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                          .connection = id,
                                          .method = "POST",
                                          .path = "/p",
                                          .headers = headers,
                                          .body = body});
    app_say(&r->w, recorded_app(r), OK_2);
}

static void test_requests_are_matched(void)
{
    static const char *const counted[] = {"content-type", NULL};
    struct recorded_world r;
    bool first;
    unsigned index;
    recorded_begin(&r);
    recorded_get(&r, 1, "/a");
    recorded_get(&r, 2, "/b");
    recorded_get(&r, 3, "/a");
    put_post(&r, 4, "x", "12");
    put_post(&r, 5, "y", "34");
    agent_connection(&r.w, 6);
    app_say(&r.w, recorded_app(&r), "hello");
    agent_data(&r.w, 6, "x");
    recorded_end(&r);
    struct trace_transactions *t = trace_transactions_new(trace_streams_first(r.streams), NULL);
    struct trace_match *m = trace_match_new(t, counted);
    CHECK_UINT(trace_match_left(m), 6);
    ask(m, "GET /a HTTP/1.1\r\nhost: other\r\n\r\n", "0");
    ask(m, "GET /a HTTP/1.1\r\n\r\n", "2");
    ask(m, "GET /a HTTP/1.1\r\n\r\n", "used up: it is recorded 2 times, and has come so often");
    ask(m, "GET /c HTTP/1.1\r\n\r\n", "never: nothing is recorded for this target");
    ask(m, "PUT /b HTTP/1.1\r\n\r\n", "never: recorded for this target is GET");
    ask(m, POST("x", "34"),
        "never: recorded is this request with another body, of 2 bytes; here it has 2");
    ask(m, POST("z", "34"), "never: recorded is this request with other header lines of interest");
    ask(m, POST("y", "34"), "4");
    ask(m, POST("x", "12"), "3");
    CHECK(!trace_match_is_used(m, 1) && trace_match_is_used(m, 3));
    CHECK(trace_match_alike(m, 2) == 0 && trace_match_alike(m, 1) == 1);
    CHECK(trace_match_alike(m, 4) == 4 && trace_match_alike(m, 5) == 5);
    REQUIRE(trace_match_raw_left(m, &first));
    CHECK(first);
    CHECK(trace_match_raw(m, NULL, 0, &index) && index == 5);
    CHECK(!trace_match_raw(m, NULL, 0, &index) && !trace_match_raw_left(m, &first));
    CHECK_UINT(trace_match_left(m), 1);
    trace_match_free(m);
    trace_transactions_free(t);
    recorded_free(&r);
}

/* Nobody asked for these lines to count, but they tell who asks. */
static void test_header_lines_tell_requests_that_are_alike(void)
{
    struct recorded_world r;
    recorded_begin(&r);
    for (unsigned i = 0; i < 3; i++) {
        static const char *const headers[] = {"cookie: one\n", "cookie: two\n", "cookie: one\n"};
        agent_request(&r.w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                             .connection = i,
                                             .method = "GET",
                                             .path = "/a",
                                             .headers = headers[i]});
        app_say(&r.w, i ? r.app : recorded_app(&r), OK_2);
    }
    recorded_end(&r);
    struct trace_transactions *t = trace_transactions_new(trace_streams_first(r.streams), NULL);
    struct trace_match *m = trace_match_new(t, NULL);
    ask(m, "GET /a HTTP/1.1\r\ncookie: two\r\n\r\n", "1");
    ask(m, "GET /a HTTP/1.1\r\ncookie: two\r\n\r\n", "0");
    ask(m, "GET /a HTTP/1.1\r\ncookie: one\r\n\r\n", "2");
    ask(m, "GET /a HTTP/1.1\r\ncookie: one\r\n\r\n",
        "used up: it is recorded 3 times, and has come so often");
    CHECK_UINT(trace_match_left(m), 0);
    trace_match_free(m);
    trace_transactions_free(t);
    recorded_free(&r);
}

/* The application ended an idle connection, and had it not, it would have been asked once. */
static void test_what_was_sent_again_is_one(void)
{
    struct recorded_world r;
    recorded_begin(&r);
    agent_get(&r.w, 1, "/a");
    app_say(&r.w, recorded_app(&r), OK_2);
    agent_get(&r.w, 2, "/b");
    sim_peer_close(r.app);
    app_say(&r.w, recorded_app(&r), OK_2);
    recorded_end(&r);
    struct trace_transactions *t = trace_transactions_new(trace_streams_first(r.streams), NULL);
    REQUIRE(t->count == 2);
    CHECK_STR(t->list[0].request.target, "/a");
    CHECK_STR(t->list[1].request.target, "/b");
    CHECK(t->list[0].answer.ended && t->list[1].answer.ended);
    CHECK(t->lanes == 2 && t->list[0].lane != t->list[1].lane);
    trace_transactions_free(t);
    recorded_free(&r);
}

/* If its connection had served before, the proxy asks once more: which had, is chance. */
static void test_what_got_no_answer_may_come_again(void)
{
    struct recorded_world r;
    recorded_begin(&r);
    agent_get(&r.w, 1, "/a");
    sim_peer_close(recorded_app(&r));
    world_run(&r.w);
    recorded_get(&r, 2, "/b");
    recorded_end(&r);
    struct trace_transactions *t = trace_transactions_new(trace_streams_first(r.streams), NULL);
    struct trace_match *m = trace_match_new(t, NULL);
    CHECK_UINT(t->count, 2);
    ask(m, "GET /a HTTP/1.1\r\n\r\n", "0");
    ask(m, "GET /a HTTP/1.1\r\n\r\n", "again: ");
    ask(m, "GET /a HTTP/1.1\r\n\r\n", "used up: it is recorded 1 time, and has come so often");
    ask(m, "GET /b HTTP/1.1\r\n\r\n", "1");
    ask(m, "GET /b HTTP/1.1\r\n\r\n", "used up: it is recorded 1 time, and has come so often");
    CHECK_UINT(trace_match_left(m), 0);
    trace_match_free(m);
    trace_transactions_free(t);
    recorded_free(&r);
}

static bool is_raw_like(struct trace_match *m, const char *text, unsigned *index)
{
    return trace_match_raw_like(m, (const uint8_t *)text, strlen(text), index);
}

/* Whichever connection comes first now: what is said on it tells which one it was. */
static void test_raw_connections_are_matched(void)
{
    static const char *const said[] = {"one", "", "GET /x HTTP/1.1\r\n\r\n", "one more", "last"};
    struct recorded_world r;
    unsigned index;
    recorded_begin(&r);
    for (unsigned i = 0; i < sizeof said / sizeof said[0]; i++) {
        agent_connection(&r.w, i);
        app_say(&r.w, recorded_app(&r), "hello");
        if (*said[i])
            agent_data(&r.w, i, said[i]);
    }
    recorded_end(&r);
    struct trace_transactions *t = trace_transactions_new(trace_streams_first(r.streams), NULL);
    struct trace_match *m = trace_match_new(t, NULL);
    CHECK_UINT(trace_match_left(m), 5);
    CHECK(!is_raw_like(m, "GET /y HTTP/1.1\r\n", &index));
    CHECK(is_raw_like(m, "GET /x HTTP/1.1\r\n", &index) && index == 2);
    CHECK(!is_raw_like(m, "GET /x HTTP/1.1\r\n", &index));
    CHECK(is_raw_like(m, "one more, and more", &index) && index == 0);
    CHECK(is_raw_like(m, "one more", &index) && index == 3);
    CHECK(trace_match_raw(m, (const uint8_t *)"la", 2, &index) && index == 4);
    CHECK(trace_match_raw(m, (const uint8_t *)"other", 5, &index) && index == 1);
    CHECK(!trace_match_raw(m, (const uint8_t *)"one", 3, &index));
    CHECK_UINT(trace_match_left(m), 0);
    trace_match_free(m);
    trace_transactions_free(t);
    recorded_free(&r);
}

/* The application answers before the body has come: then the head alone has to do. */
static void test_an_early_answer(void)
{
    struct recorded_world r;
    struct trace_http head;
    unsigned index;
    recorded_begin(&r);
    agent_request(&r.w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                         .connection = 1,
                                         .method = "POST",
                                         .path = "/p",
                                         .body = "12",
                                         .headers = "content-length: 4\n",
                                         .more = true});
    app_say(&r.w, recorded_app(&r), "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nh");
    agent_body(&r.w, 1, "34", true);
    app_say(&r.w, r.app, "i");
    recorded_end(&r);
    struct trace_transactions *t = trace_transactions_new(trace_streams_first(r.streams), NULL);
    struct trace_match *m = trace_match_new(t, NULL);
    REQUIRE(t->count == 1);
    CHECK(t->list[0].early);
    read_text(&head, "POST /p HTTP/1.1\r\ncontent-length: 4\r\n\r\n", HTTP1_REQUESTS, 100);
    CHECK(trace_match_early(m, &head, &index) && index == 0);
    CHECK(!trace_match_early(m, &head, &index));
    trace_http_release(&head);
    trace_match_free(m);
    trace_transactions_free(t);
    recorded_free(&r);
}

static bool is_broken(struct trace_match *m, const char *text)
{
    struct trace_http request;
    unsigned index;
    read_text(&request, text, HTTP1_REQUESTS, 100);
    bool found = trace_match_broken(m, &request, &index);
    CHECK(!found || (index == 1 && trace_match_is_used(m, 1)));
    trace_http_release(&request);
    return found;
}

/* Its client left in the middle, which may be sooner or later the next time. */
static void test_a_request_that_is_not_whole(void)
{
    struct recorded_world r;
    recorded_begin(&r);
    recorded_get(&r, 1, "/p");
    agent_request(&r.w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                         .connection = 2,
                                         .method = "POST",
                                         .path = "/p",
                                         .body = "12",
                                         .headers = "content-length: 9\n",
                                         .more = true});
    (void)recorded_app(&r);
    agent_close(&r.w, 2);
    recorded_end(&r);
    struct trace_transactions *t = trace_transactions_new(trace_streams_first(r.streams), NULL);
    struct trace_match *m = trace_match_new(t, NULL);
    REQUIRE(t->count == 2);
    CHECK(!t->list[1].request.ended);
    CHECK(!is_broken(m, "GET /p HTTP/1.1\r\ncontent-length: 9\r\n\r\n12"));
    CHECK(!is_broken(m, "POST /p HTTP/1.1\r\ncontent-length: 9\r\n\r\n13"));
    CHECK(is_broken(m, "POST /p HTTP/1.1\r\ncontent-length: 9\r\n\r\n123"));
    CHECK(!is_broken(m, "POST /p HTTP/1.1\r\ncontent-length: 9\r\n\r\n1"));
    CHECK_UINT(trace_match_left(m), 1);
    trace_match_free(m);
    trace_transactions_free(t);
    recorded_free(&r);
}

/* ---- pieces ---- */

/* Everything that is said, as text; "+" waits for time, "?" for the peer, "E" ends, "R" resets. */
static void walk(struct trace_walk *w, const struct trace_walk_heard *heard, uint64_t *now_us,
                 const char *expected)
{
    char text[300] = "";
    const uint8_t *bytes;
    size_t length;
    uint64_t due_us;
    for (unsigned i = 0; i < 50; i++) {
        enum trace_walk_next next = trace_walk_next(w, heard, *now_us, &bytes, &length, &due_us);
        size_t at = strlen(text), room = sizeof text - at;
        if (next == WALK_SAY)
            snprintf(text + at, room, "[%.*s]", (int)length, (const char *)bytes);
        else
            snprintf(text + at, room, "%s",
                     next == WALK_END       ? "E"
                     : next == WALK_RESET   ? "R"
                     : next == WALK_OVER    ? "."
                     : due_us == UINT64_MAX ? "?"
                                            : "+");
        if (next == WALK_OVER || next == WALK_RESET || (next == WALK_WAIT && due_us == UINT64_MAX))
            break;
        if (next == WALK_WAIT)
            *now_us = due_us;
    }
    CHECK_STR(text, expected);
}

static void test_an_answer_in_pieces(void)
{
    struct recorded_world r;
    struct trace_walk w;
    struct trace_walk_heard heard = {true, 0, false, false};
    uint64_t now_us = 5000;
    recorded_begin(&r);
    agent_get(&r.w, 1, "/a");
    app_say(&r.w, recorded_app(&r), "HTTP/1.1 200 OK\r\n\r\nab");
    app_say(&r.w, r.app, "cd");
    sim_peer_close(r.app);
    world_run(&r.w);
    recorded_end(&r);
    struct trace_transactions *t = trace_transactions_new(trace_streams_first(r.streams), NULL);
    REQUIRE(t->count == 1);
    trace_walk_begin(&w, &t->list[0], SIDE_FAR, 0.000001, now_us);
    walk(&w, &heard, &now_us, "+[HTTP/1.1 200 OK\r\n\r\nab]+[cd]+E.");
    trace_walk_begin(&w, &t->list[0], SIDE_FAR, 0, now_us);
    walk(&w, &heard, &now_us, "[HTTP/1.1 200 OK\r\n\r\nab][cd]E.");
    trace_walk_begin(&w, &t->list[0], SIDE_NEAR, 0, now_us);
    walk(&w, &heard, &now_us, "[GET /a HTTP/1.1\r\n\r\n].");
    trace_transactions_free(t);
    recorded_free(&r);
}

/* A client that left in the middle leaves when it has heard as much, so long after that as it did. */
static void test_a_client_that_leaves(void)
{
    struct recorded_world r;
    struct trace_walk w;
    uint64_t now_us = 5000;
    recorded_begin(&r);
    agent_get(&r.w, 1, "/a");
    app_say(&r.w, recorded_app(&r), "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab");
    app_say(&r.w, r.app, "cd");
    agent_close(&r.w, 1);
    recorded_end(&r);
    struct trace_transactions *t = trace_transactions_new(trace_streams_first(r.streams), NULL);
    REQUIRE(t->count == 1);
    trace_walk_begin(&w, &t->list[0], SIDE_NEAR, 0.000001, now_us);
    walk(&w, &(struct trace_walk_heard){0}, &now_us, "[GET /a HTTP/1.1\r\n\r\n]?");
    walk(&w, &(struct trace_walk_heard){.http_as_far = true}, &now_us, "+R");
    trace_walk_begin(&w, &t->list[0], SIDE_NEAR, 0, now_us);
    walk(&w, &(struct trace_walk_heard){0}, &now_us, "[GET /a HTTP/1.1\r\n\r\n]?");
    walk(&w, &(struct trace_walk_heard){.http_ended = true}, &now_us, "R");
    trace_transactions_free(t);
    recorded_free(&r);
}

/* An application that broke off its answer is waited for until it does so again. */
static void test_an_answer_broken_off(void)
{
    struct recorded_world r;
    struct trace_walk w;
    uint64_t now_us = 5000;
    recorded_begin(&r);
    agent_get(&r.w, 1, "/a");
    app_say(&r.w, recorded_app(&r), "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab");
    sim_peer_close(r.app);
    world_run(&r.w);
    recorded_end(&r);
    struct trace_transactions *t = trace_transactions_new(trace_streams_first(r.streams), NULL);
    REQUIRE(t->count == 1 && t->list[0].answer.broken);
    trace_walk_begin(&w, &t->list[0], SIDE_NEAR, 0, now_us);
    walk(&w, &(struct trace_walk_heard){0}, &now_us, "[GET /a HTTP/1.1\r\n\r\n]?");
    walk(&w, &(struct trace_walk_heard){.http_as_far = true}, &now_us, "?");
    walk(&w, &(struct trace_walk_heard){.http_as_far = true, .ended = true}, &now_us, "E.");
    trace_transactions_free(t);
    recorded_free(&r);
}

/* The end of a connection that nobody needs any more is not waited for. */
static void test_an_idle_end(void)
{
    struct recorded_world r;
    struct trace_walk w;
    uint64_t now_us = 5000;
    recorded_begin(&r);
    recorded_get(&r, 1, "/a");
    world_advance(&r.w, 60000);
    sim_peer_close(r.app);
    world_run(&r.w);
    recorded_end(&r);
    struct trace_transactions *t = trace_transactions_new(trace_streams_first(r.streams), NULL);
    REQUIRE(t->count == 1);
    trace_walk_begin(&w, &t->list[0], SIDE_NEAR, 1, now_us);
    walk(&w, &(struct trace_walk_heard){0}, &now_us, "[GET /a HTTP/1.1\r\n\r\n].");
    trace_walk_begin(&w, &t->list[0], SIDE_FAR, 1, now_us);
    walk(&w, &(struct trace_walk_heard){true, 0, false, false}, &now_us,
         "[HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi].");
    trace_transactions_free(t);
    recorded_free(&r);
}

/* Each side waits for as much as it had heard before. */
static void test_a_conversation(void)
{
    struct recorded_world r;
    struct trace_walk w;
    uint64_t now_us = 5000;
    recorded_begin(&r);
    agent_connection(&r.w, 1);
    agent_data(&r.w, 1, "one");
    app_say(&r.w, recorded_app(&r), "two");
    agent_data(&r.w, 1, "three");
    app_say(&r.w, r.app, "four");
    agent_data(&r.w, 1, "");
    sim_peer_close(r.app);
    world_run(&r.w);
    recorded_end(&r);
    struct trace_transactions *t = trace_transactions_new(trace_streams_first(r.streams), NULL);
    REQUIRE(t->count == 1);
    trace_walk_begin(&w, &t->list[0], SIDE_FAR, 0, now_us);
    walk(&w, &(struct trace_walk_heard){true, 2, false, false}, &now_us, "?");
    walk(&w, &(struct trace_walk_heard){true, 3, false, false}, &now_us, "[two]?");
    walk(&w, &(struct trace_walk_heard){true, 7, false, false}, &now_us, "?");
    walk(&w, &(struct trace_walk_heard){true, 8, false, false}, &now_us, "[four]?");
    walk(&w, &(struct trace_walk_heard){true, 8, true, false}, &now_us, "E.");
    trace_walk_begin(&w, &t->list[0], SIDE_NEAR, 0, now_us);
    walk(&w, &(struct trace_walk_heard){true, 0, false, false}, &now_us, "[one]?");
    walk(&w, &(struct trace_walk_heard){true, 3, false, false}, &now_us, "[three]?");
    walk(&w, &(struct trace_walk_heard){true, 7, false, false}, &now_us, "E?");
    walk(&w, &(struct trace_walk_heard){true, 7, true, false}, &now_us, ".");
    trace_transactions_free(t);
    recorded_free(&r);
}

/* Behind a 101 likewise; in front of it nothing is waited for but the 101 itself. */
static void test_an_upgrade(void)
{
    struct recorded_world r;
    struct trace_walk w;
    uint64_t now_us = 5000;
    recorded_begin(&r);
    agent_request(&r.w, (struct request){.variant = VARIANT_CHUNKED_V2,
                                         .connection = 1,
                                         .headers = "connection: upgrade\nupgrade: x\n"});
    app_say(&r.w, recorded_app(&r),
            "HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nfirst");
    agent_data(&r.w, 1, "second");
    app_say(&r.w, r.app, "third");
    recorded_end(&r);
    struct trace_transactions *t = trace_transactions_new(trace_streams_first(r.streams), NULL);
    REQUIRE(t->count == 1 && t->list[0].upgraded);
    trace_walk_begin(&w, &t->list[0], SIDE_FAR, 0, now_us);
    walk(&w, &(struct trace_walk_heard){true, 0, false, false}, &now_us,
         "[HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nfirst]?");
    walk(&w, &(struct trace_walk_heard){true, 6, false, false}, &now_us, "[third].");
    trace_walk_begin(&w, &t->list[0], SIDE_NEAR, 0, now_us);
    walk(&w, &(struct trace_walk_heard){false, 0, false, false}, &now_us,
         "[GET / HTTP/1.1\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n]?");
    walk(&w, &(struct trace_walk_heard){true, 4, false, false}, &now_us, "?");
    walk(&w, &(struct trace_walk_heard){true, 5, false, false}, &now_us, "[second]?");
    walk(&w, &(struct trace_walk_heard){true, 10, false, false}, &now_us, ".");
    trace_transactions_free(t);
    recorded_free(&r);
}

CU_TestInfo trace_peers_tests[] = {
    {"a gate", test_a_gate},
    {"what kept its order", test_what_kept_its_order},
    {"what followed", test_what_followed},
    {"what followed of those alike", test_what_followed_of_those_alike},
    {"whose connection", test_whose_connection},
    {"answers are compared", test_answers_are_compared},
    {"bodies are compared by hashes", test_bodies_are_compared_by_hashes},
    {"requests are matched", test_requests_are_matched},
    {"header lines tell requests that are alike", test_header_lines_tell_requests_that_are_alike},
    {"what was sent again is one", test_what_was_sent_again_is_one},
    {"what got no answer may come again", test_what_got_no_answer_may_come_again},
    {"raw connections are matched", test_raw_connections_are_matched},
    {"an early answer", test_an_early_answer},
    {"a request that is not whole", test_a_request_that_is_not_whole},
    {"an answer in pieces", test_an_answer_in_pieces},
    {"a client that leaves", test_a_client_that_leaves},
    {"an answer broken off", test_an_answer_broken_off},
    {"an idle end", test_an_idle_end},
    {"a conversation", test_a_conversation},
    {"an upgrade", test_an_upgrade},
    CU_TEST_INFO_NULL,
};
