/* tests/test_tap.c -- the tap between a proxy and an agent that tests play: bytes, lines, summary.
 *
 * Each test runs with several seeds: the order of what happens differs, what passes does not.
 */
#include "actors/tap.h"
#include "actors/tap_link.h"
#include "actors/tap_seen.h"
#include "messages/kinds.h"
#include "messages/limits.h"
#include "messages/wire_bytes.h"
#include "messages/wire_encoder.h"
#include "messages/wire_random.h"
#include "tests/recording.h"
#include "runtime/sim.h"
#include "tests/check.h"
#include "tests/wire_feed.h"
#include <signal.h>
#include <stdlib.h>

#define LISTEN "127.0.0.1:7000"
#define AGENT  "10.0.0.5:61337"

struct stage {
    struct sim sim;
    struct tap_settings settings;
    struct actor_ref tap;
    struct sim_peer *proxy, *agent;
    uint8_t room[400000];
    struct wire_writer w;
};

/* What the tap has written, and how its reader behaves. */
static struct {
    char lines[1 << 22], summary[8192], ready[300];
    size_t length;
    bool blocked, gone;
} reader;

static long reader_takes(const char *bytes, size_t length)
{
    if (reader.gone)
        return TAP_READER_GONE;
    if (reader.blocked)
        return 0;
    size_t n = length < 1000 ? length : 1000;
    if (reader.length + n < sizeof reader.lines)
        memcpy(reader.lines + reader.length, bytes, n);
    reader.length += n;
    return (long)n;
}

static void hear_summary(const char *text)
{
    snprintf(reader.summary, sizeof reader.summary, "%s", text);
}

static void hear_ready(const char *line)
{
    snprintf(reader.ready, sizeof reader.ready, "%s", line);
}

static struct address address_of(const char *text)
{
    struct address a;
    char error[160];
    bool fine = address_parse(&a, text, error);
    REQUIRE(fine);
    return a;
}

static void create(struct stage *s, uint64_t seed, const struct hooks *watcher)
{
    memset(s, 0, sizeof *s);
    memset(&reader, 0, sizeof reader);
    messages_init();
    s->settings = (struct tap_settings){.listen = address_of(LISTEN),
                                        .agent = address_of(AGENT),
                                        .bytes_max = 64,
                                        .message_max = MIB(64),
                                        .write = reader_takes,
                                        .ready = hear_ready,
                                        .summary = hear_summary};
    tap_settings = &s->settings;
    sim_create(&s->sim, seed, 2, watcher);
    sim_peer_listen(&s->sim, AGENT, NULL, NULL);
    s->w = wire_writer_over(s->room, sizeof s->room);
}

static void run(struct stage *s)
{
    CHECK(sim_run_until_idle(&s->sim));
}

static void begin(struct stage *s)
{
    s->tap = sim_spawn(&s->sim, &tap_type, tap_first());
    runtime_signals_to(&s->sim.runtime, s->tap);
    run(s);
}

/* One more proxy, and the agent's end of it. */
static void meet(struct stage *s)
{
    s->proxy = sim_peer_connect(&s->sim, LISTEN);
    REQUIRE(s->proxy != NULL);
    run(s);
    s->agent = sim_peer_accept(&s->sim, AGENT);
    REQUIRE(s->agent != NULL);
}

static void finish(struct stage *s)
{
    if (!sim_has_ended(&s->sim))
        sim_signal(&s->sim, SIGINT);
    CHECK(sim_advance(&s->sim, 1000));
    CHECK(sim_has_ended(&s->sim));
}

static int destroy(struct stage *s)
{
    int status = atomic_load(&s->sim.runtime.status);
    CHECK_UINT(sim_destroy(&s->sim), 0);
    return status;
}

/* Runs `test` once a seed; `prepare` (may be NULL) changes the settings before the tap begins. */
static void stage(void (*test)(struct stage *s), void (*prepare)(struct tap_settings *t))
{
    static struct stage s;
    const uint64_t seeds[] = {0, 1, 2, test_seed};
    for (unsigned i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        create(&s, seeds[i], NULL);
        if (prepare)
            prepare(&s.settings);
        begin(&s);
        test(&s);
        destroy(&s);
    }
}

#define STAGED_WITH(name, prepare)                                                                 \
    static void name##_on(struct stage *s);                                                        \
    static void name(void)                                                                         \
    {                                                                                              \
        stage(name##_on, prepare);                                                                 \
    }                                                                                              \
    static void name##_on(struct stage *s)
#define STAGED(name) STAGED_WITH(name, NULL)

/* ---- what is said ---------------------------------------------------------------------------- */

/* Sends what was written to s->w. */
static void send(struct stage *s, struct sim_peer *from)
{
    CHECK(!s->w.overflow);
    sim_peer_write(from, s->room, (size_t)(s->w.at - s->room));
    s->w = wire_writer_over(s->room, sizeof s->room);
    run(s);
}

static void say_data(struct stage *s, struct sim_peer *from, uint64_t connection, size_t length)
{
    enum wire_from who = from == s->agent ? WIRE_FROM_AGENT : WIRE_FROM_CLIENT;
    static uint8_t payload[300000];
    for (size_t i = 0; i < length; i++)
        payload[i] = (uint8_t)('a' + i % 26);
    wire_put_data(&s->w, who, WIRE_STEAL, connection, length);
    wire_put_raw(&s->w, payload, length);
    send(s, from);
}

static void put_text(struct stage *s, const char *text)
{
    wire_put_string(&s->w, text, strlen(text));
}

/* GET `target` with a host, no body. */
static void say_request(struct stage *s, uint64_t connection, const char *target)
{
    struct wire_ids ids = {connection, 0, 80};
    wire_put_request(&s->w, WIRE_STEAL, WIRE_HTTP_REQUEST_FRAMED);
    put_text(s, "GET");
    put_text(s, target);
    wire_put_uint(&s->w, 1);
    put_text(s, "host");
    wire_put_uint(&s->w, 1);
    put_text(s, "shop.example");
    put_text(s, "HTTP/1.1");
    wire_put_uint(&s->w, 0);
    wire_put_request_end(&s->w, &ids);
    send(s, s->agent);
}

static void say_answer(struct stage *s, enum wire_kind kind, uint64_t connection, uint16_t status)
{
    struct wire_ids ids = {connection, 0, 80};
    wire_put_response(&s->w, kind, &ids);
    wire_put_status(&s->w, status);
    put_text(s, "HTTP/1.1");
    wire_put_uint(&s->w, 0);
    wire_put_uint(&s->w, 0);
    send(s, s->proxy);
}

static void say_versions(struct stage *s)
{
    wire_put_switch_version(&s->w, (struct wire_text){"1.29.0", 6});
    send(s, s->proxy);
    wire_put_version_answer(&s->w, (struct wire_text){"1.8.1", 5});
    send(s, s->agent);
}

/* ---- what came ------------------------------------------------------------------------------- */

static void check_got(struct sim_peer *peer, const void *want, size_t length)
{
    size_t got_length;
    const uint8_t *got = sim_peer_received(peer, &got_length);
    CHECK_BYTES(got, got_length, want, length);
    sim_peer_drop(peer, got_length);
}

static bool lines_have(const char *text)
{
    reader.lines[reader.length < sizeof reader.lines ? reader.length : sizeof reader.lines - 1] = 0;
    bool found = strstr(reader.lines, text) != NULL;
    if (!found)
        printf("\n    not in the lines: %s\n%s\n", text,
               reader.lines + (reader.length > 2000 ? reader.length - 2000 : 0));
    return found;
}

static bool summary_has(const char *text)
{
    bool found = strstr(reader.summary, text) != NULL;
    if (!found)
        printf("\n    not in the summary: %s\n%s\n", text, reader.summary);
    return found;
}

static unsigned count_in_lines(const char *text)
{
    unsigned n = 0;
    reader.lines[reader.length] = 0;
    for (const char *at = reader.lines; (at = strstr(at, text)); at++)
        n++;
    return n;
}

/* ---- bytes ----------------------------------------------------------------------------------- */

/* Anything both ways, mostly messages, in pieces of any size. */
static void pass_some(struct stage *s, unsigned rounds)
{
    static uint8_t sent[2][1 << 20];
    size_t length[2] = {0, 0};
    struct sim_peer *ends[2] = {s->proxy, s->agent};
    for (unsigned i = 0; i < rounds; i++) {
        unsigned from = (unsigned)random_below(2);
        size_t n = (size_t)random_below(random_below(4) ? 300 : 70000);
        wire_put_data(&s->w, from ? WIRE_FROM_AGENT : WIRE_FROM_CLIENT, WIRE_STEAL, i, n);
        size_t head = (size_t)(s->w.at - s->room);
        uint8_t *at = sent[from] + length[from];
        memcpy(at, s->room, head);
        for (size_t j = 0; j < n; j++)
            at[head + j] = (uint8_t)random_below(256);
        s->w = wire_writer_over(s->room, sizeof s->room);
        sim_peer_write(ends[from], at, head + n);
        length[from] += head + n;
        if (random_below(3) == 0)
            run(s);
    }
    run(s);
    check_got(s->agent, sent[0], length[0]);
    check_got(s->proxy, sent[1], length[1]);
}

static void bytes_pass(void)
{
    static struct stage s;
    static const size_t cuts[] = {0, 1, 7, 1000, 65536};
    random_begin(3);
    for (unsigned i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        create(&s, test_seed + i, NULL);
        sim_cut(&s.sim, cuts[i]);
        begin(&s);
        meet(&s);
        pass_some(&s, cuts[i] == 1 ? 6 : 30);
        finish(&s);
        CHECK_UINT(destroy(&s), 0);
    }
}

STAGED(bytes_that_mean_nothing)
{
    static const char junk[] = "\xff\xfe HTTP/1.1 400 \r\n", more[] = "and more";
    meet(s);
    wire_put_pong(&s->w);
    send(s, s->agent);
    sim_peer_write(s->agent, junk, sizeof junk);
    run(s);
    sim_peer_write(s->agent, more, sizeof more);
    run(s);
    uint8_t want[sizeof junk + sizeof more + 1] = {7};
    memcpy(want + 1, junk, sizeof junk);
    memcpy(want + 1 + sizeof junk, more, sizeof more);
    check_got(s->proxy, want, sizeof want);
    say_data(s, s->proxy, 7, 3); /* the other direction is still understood */
    finish(s);
    CHECK(lines_have("1 < Pong size=1 Pong\n"));
    CHECK(lines_have("1 * what the agent sends cannot be decoded from byte 2 on: "));
    CHECK_UINT(count_in_lines("cannot be decoded"), 1);
    CHECK(lines_have("1 > TcpSteal(Data) conn=7 size=7 TcpSteal(Data{connection_id: 7, bytes: "
                     "\"abc\"})\n"));
    CHECK(summary_has("  < not decoded from byte 2 on, "));
    CHECK_UINT(atomic_load(&s->sim.runtime.status), EXIT_DATA);
}

STAGED(ends_pass_one_by_one)
{
    meet(s);
    say_data(s, s->proxy, 1, 10);
    sim_peer_shutdown(s->proxy);
    run(s);
    CHECK(sim_peer_ended(s->agent));
    CHECK(!sim_peer_ended(s->proxy));
    say_data(s, s->agent, 1, 10);
    size_t length;
    sim_peer_received(s->proxy, &length);
    CHECK_UINT(length, 14);
    sim_peer_shutdown(s->agent);
    run(s);
    CHECK(sim_peer_ended(s->proxy));
    CHECK(lines_have("1 * the proxy has finished sending\n"));
    CHECK(lines_have("1 * both have ended\n"));
    CHECK_UINT(sim_actors(&s->sim), 2); /* the tap and its output */
    finish(s);
}

STAGED(agent_ends_first)
{
    meet(s);
    sim_peer_close(s->agent);
    run(s);
    CHECK(sim_peer_ended(s->proxy));
    sim_peer_reset(s->proxy);
    run(s);
    finish(s);
}

STAGED(a_reset_ends_both)
{
    meet(s);
    say_data(s, s->agent, 1, 10);
    sim_peer_reset(s->agent);
    run(s);
    size_t length;
    sim_peer_received(s->proxy, &length);
    CHECK_UINT(length, 14);
    CHECK(sim_peer_ended(s->proxy));
    CHECK(lines_have("the connection to the agent broke"));
    finish(s);
}

/* Bytes that the proxy sends before the agent is reached wait for it, ends too. */
static void early_bytes(void)
{
    static struct stage s;
    create(&s, test_seed, NULL);
    sim_route(&s.sim, AGENT, SIM_OPEN, 50000);
    begin(&s);
    s.proxy = sim_peer_connect(&s.sim, LISTEN);
    sim_peer_write(s.proxy, "\7\7", 2);
    sim_peer_shutdown(s.proxy);
    run(&s);
    sim_advance(&s.sim, 60000);
    s.agent = sim_peer_accept(&s.sim, AGENT);
    REQUIRE(s.agent != NULL);
    check_got(s.agent, "\7\7", 2);
    CHECK(sim_peer_ended(s.agent));
    finish(&s);
    CHECK_UINT(count_in_lines("> Ping size=1 Ping"), 2);
    CHECK_UINT(destroy(&s), 0);
}

/* Who does not read stops who sends, and nothing is lost. */
static void hold_up(struct stage *s, struct sim_peer *from, struct sim_peer *to)
{
    enum { PIECES = 40, PIECE = 250000 };
    size_t length;
    uint64_t all = 0;
    sim_peer_reads(to, false);
    for (unsigned i = 0; i < PIECES; i++) {
        wire_put_data(&s->w, from == s->agent ? WIRE_FROM_AGENT : WIRE_FROM_CLIENT, WIRE_STEAL, 1,
                      PIECE);
        all += PIECE + (size_t)(s->w.at - s->room);
        s->w.at += PIECE;
        send(s, from);
    }
    uint64_t inside = all - sim_peer_unread(from);
    CHECK(inside >= TAP_UNSENT_MAX);
    CHECK(inside <= TAP_UNSENT_MAX + 3 * TAP_READ_MOST + 2 * SIM_CAPACITY_BYTES);
    sim_peer_reads(to, true);
    run(s);
    sim_peer_received(to, &length);
    CHECK_UINT(length, all);
    sim_peer_drop(to, length);
}

STAGED(who_does_not_read)
{
    meet(s);
    hold_up(s, s->proxy, s->agent);
    hold_up(s, s->agent, s->proxy);
    finish(s);
    CHECK_UINT(count_in_lines(" size=2500"), 80);
}

/* ---- lines ----------------------------------------------------------------------------------- */

STAGED(lines)
{
    meet(s);
    sim_advance(&s->sim, 1234567);
    wire_put_ping(&s->w);
    send(s, s->proxy);
    say_request(s, 7, "/api?x=1");
    say_answer(s, WIRE_HTTP_RESPONSE_FRAMED, 7, 204);
    say_data(s, s->agent, 9, 100);
    finish(s);
    reader.lines[reader.length] = 0;
    CHECK_STR(reader.lines,
              "0.000000 1 * a proxy has connected from 127.0.0.1:49152\n"
              "1.234567 1 > Ping size=1 Ping\n"
              "1.234567 1 < TcpSteal(HttpRequestFramed) conn=7 req=0 port=80 size=48 "
              "TcpSteal(HttpRequestFramed({internal_request: {method: \"GET\", uri: \"/api?x=1\", "
              "headers: {\"host\": [\"shop.example\"]}, version: \"HTTP/1.1\", body: []}, "
              "connection_id: 7, request_id: 0, port: 80}))\n"
              "1.234567 1 > TcpSteal(HttpResponseFramed) conn=7 req=0 port=80 size=17 "
              "TcpSteal(HttpResponseFramed({port: 80, connection_id: 7, request_id: 0, "
              "status: 204, version: \"HTTP/1.1\", headers: {}, body: []}))\n"
              "1.234567 1 < TcpSteal(Data) conn=9 size=104 TcpSteal(Data{connection_id: 9, bytes: "
              "\"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl\"...(100 "
              "bytes)})\n");
}

static void as_json(struct tap_settings *t)
{
    t->json = true;
}

STAGED_WITH(lines_of_json, as_json)
{
    meet(s);
    sim_advance(&s->sim, 1234567);
    say_data(s, s->agent, 9, 100);
    say_data(s, s->proxy, UINT64_C(1) << 60, 3);
    finish(s);
    reader.lines[reader.length] = 0;
    CHECK_STR(
        strchr(reader.lines, '\n') + 1,
        "{\"t\":1.234567,\"link\":1,\"from\":\"agent\",\"kind\":\"TcpSteal(Data)\",\"conn\":9,"
        "\"size\":104,\"message\":{\"TcpSteal\":{\"Data\":{\"connection_id\":9,\"bytes\":"
        "{\"begin\":\"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl\","
        "\"length\":100}}}}}\n"
        "{\"t\":1.234567,\"link\":1,\"from\":\"client\",\"kind\":\"TcpSteal(Data)\","
        "\"conn\":\"1152921504606846976\",\"size\":15,\"message\":{\"TcpSteal\":{\"Data\":"
        "{\"connection_id\":\"1152921504606846976\",\"bytes\":\"abc\"}}}}\n");
    CHECK(lines_have(
        "{\"t\":0.000000,\"link\":1,\"note\":\"a proxy has connected from 127.0.0.1:49152\"}\n"));
}

/* However a message is cut, its line is the same; of long Data only the beginning is kept. */
static void lines_of_what_is_cut(void)
{
    static struct stage s;
    for (size_t cut = 1; cut < 100000; cut = cut * 5 + 1) {
        create(&s, 0, NULL);
        sim_cut(&s.sim, cut);
        begin(&s);
        meet(&s);
        say_data(&s, s.agent, 9, 20000);
        say_request(&s, 7, "/api?x=1");
        finish(&s);
        CHECK(lines_have("conn=9 size=20006 TcpSteal(Data{connection_id: 9, bytes: "
                         "\"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl\""
                         "...(20000 bytes)})\n"));
        CHECK(lines_have("uri: \"/api?x=1\", headers: {\"host\": [\"shop.example\"]}"));
        destroy(&s);
    }
}

/* Random messages of one direction, as the original writes them. */
static struct wire_bytes_sink some_messages(enum wire_from from, unsigned count, uint64_t seed)
{
    static struct wire_random_source dice;
    struct wire_bytes_sink bytes = {0};
    wire_random_source_begin(&dice, seed, version_newest());
    for (unsigned i = 0; i < count; i++) {
        struct wire_transcode t = {&wire_random_source, &dice, &wire_bytes_sink, &bytes, 0, ""};
        CHECK(wire_transcode(&t, from));
    }
    return bytes;
}

/* What is shown of them when reads and writes move at most `cut` bytes; free it. */
static char *lines_when_cut(size_t cut, unsigned count, uint64_t seed, bool json)
{
    static struct stage s;
    create(&s, seed, NULL);
    s.settings.json = json;
    s.settings.bytes_max = seed % 3 ? 10 : 0;
    sim_cut(&s.sim, cut);
    begin(&s);
    meet(&s);
    for (unsigned from = 0; from < 2; from++) {
        struct wire_bytes_sink m = some_messages((enum wire_from)from, count, seed + from);
        sim_peer_write(from == WIRE_FROM_AGENT ? s.agent : s.proxy, m.out.at, m.out.length);
        run(&s);
        check_got(from == WIRE_FROM_AGENT ? s.proxy : s.agent, m.out.at, m.out.length);
        wire_bytes_sink_release(&m);
    }
    finish(&s);
    CHECK_UINT(destroy(&s), 0);
    reader.lines[reader.length] = 0;
    CHECK_UINT(count_in_lines("\n"), 2 * count + 1);
    return strdup(reader.lines);
}

/* Every kind of message, however it is cut, is shown as if it had come whole. */
static void lines_of_anything(void)
{
    for (unsigned i = 0; i < 30; i++) {
        bool json = i % 2;
        char *whole = lines_when_cut(0, 40, test_seed + i, json);
        char *cut = lines_when_cut(i % 7 + 1, 40, test_seed + i, json);
        CHECK_STR(cut, whole);
        CHECK(strstr(whole, "not shown whole") == NULL);
        free(whole);
        free(cut);
    }
}

static void whole_but_small(struct tap_settings *t)
{
    t->bytes_max = 0;
    t->message_max = 1000;
}

STAGED_WITH(all_of_it_or_none, whole_but_small)
{
    meet(s);
    say_data(s, s->agent, 9, 100);
    say_data(s, s->agent, 9, 20000);
    sim_cut(&s->sim, 100);
    memset(s->room + 100000, 'x', 5000);
    wire_put_log(&s->w, WIRE_LEVEL_INFO, (struct wire_text){s->room + 100000, 5000});
    send(s, s->agent);
    finish(s);
    CHECK(lines_have("uvwxyzabcdefghijklmnopqrstuv\"})\n"));
    CHECK(lines_have("conn=9 size=20006 (not shown whole)\n"));
    CHECK(lines_have("< LogMessage size=5005 (not shown whole)\n"));
}

static void filtered(struct stage *s, const char *filter, unsigned lines)
{
    char error[FILTER_ERROR_MAX];
    struct filter_program *f = filter_new(filter, tap_fields, error);
    if (!f)
        printf("\n    %s\n", error);
    REQUIRE(f != NULL);
    s->settings.filter = f;
    begin(s);
    meet(s);
    say_versions(s);
    say_request(s, 7, "/api?x=1");
    say_request(s, 8, "http://other.example/index");
    say_answer(s, WIRE_HTTP_RESPONSE_FRAMED, 7, 404);
    say_data(s, s->agent, 9, 20000);
    finish(s);
    unsigned got = count_in_lines(" size=");
    if (got != lines)
        printf("\n    %s: %u lines, not %u\n%s", filter, got, lines, reader.lines);
    CHECK_UINT(got, lines);
    filter_free(f);
}

static void filters(void)
{
    static const struct {
        const char *filter;
        unsigned lines;
    } rows[] = {
        {"kind ~ \"HttpRe*\"", 3},
        {"kind == Data", 1},
        {"kind != Data", 5},
        {"conn == 7", 2},
        {"conn != 7", 2},
        {"path ~ \"/api\"", 1},
        {"path == \"/index\"", 1},
        {"host == other.example", 1},
        {"host == shop.example", 1},
        {"method == GET", 2},
        {"status >= 400", 1},
        {"version == 1.8.1", 1},
        {"has(version)", 2},
        {"from == agent && size > 1K", 1},
        {"mode == steal", 4},
        {"port == 80 && req == 0", 3},
        {"link == 2", 0},
        {"t < 1h && link == 1", 6},
    };
    static struct stage s;
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t cut = 0; cut < 40; cut += 39) {
            create(&s, test_seed, NULL);
            sim_cut(&s.sim, cut);
            filtered(&s, rows[i].filter, rows[i].lines);
            destroy(&s);
        }
}

/* ---- a reader that does not ------------------------------------------------------------------ */

STAGED(output_not_read)
{
    enum { MESSAGES = 30000 };
    size_t length;
    meet(s);
    reader.blocked = true;
    for (unsigned i = 0; i < MESSAGES; i += 100) {
        for (unsigned j = 0; j < 100; j++) {
            wire_put_client_close(&s->w);
            wire_put_ping(&s->w);
        }
        send(s, s->proxy);
    }
    sim_peer_received(s->agent, &length);
    CHECK_UINT(length, 2 * MESSAGES);
    reader.blocked = false;
    CHECK(sim_advance(&s->sim, 10000));
    CHECK(lines_have(" messages not shown: the output is not read\n"));
    reader.length = 0;
    wire_put_ping(&s->w);
    send(s, s->proxy);
    CHECK_UINT(count_in_lines("> Ping"), 1);
    finish(s);
    CHECK(summary_has(" messages not shown: the output was not read\n"));
    CHECK_UINT(atomic_load(&s->sim.runtime.status), 0);
}

STAGED(output_never_read)
{
    meet(s);
    reader.blocked = true;
    say_versions(s);
    sim_signal(&s->sim, SIGINT);
    CHECK(sim_advance(&s->sim, 1000000));
    CHECK(sim_has_ended(&s->sim));
    CHECK(summary_has("  2 messages not shown: the output was not read\n"));
}

STAGED(reader_gone)
{
    size_t length;
    meet(s);
    say_versions(s);
    reader.gone = true;
    say_data(s, s->agent, 7, 100);
    for (unsigned i = 0; i < 50; i++)
        say_data(s, s->agent, 7, 1000);
    sim_peer_received(s->proxy, &length);
    CHECK_UINT(length, 7 + 104 + 50 * 1006);
    CHECK(!sim_has_ended(&s->sim));
    sim_peer_close(s->proxy);
    sim_peer_close(s->agent);
    run(s);
    CHECK(sim_has_ended(&s->sim));
    CHECK(summary_has("the reader of the output had gone before the end"));
    CHECK(summary_has("51          50404 B  TcpSteal(Data)"));
    CHECK_UINT(atomic_load(&s->sim.runtime.status), 0);
}

/* ---- the summary ----------------------------------------------------------------------------- */

STAGED(summary)
{
    CHECK_STR(reader.ready, "tap ready - proxies at 127.0.0.1:7000, agent at 10.0.0.5:61337");
    meet(s);
    say_versions(s);
    say_request(s, 1, "/answered");
    say_answer(s, WIRE_HTTP_RESPONSE_FRAMED, 1, 200);
    say_request(s, 2, "/begun");
    say_answer(s, WIRE_HTTP_RESPONSE_START, 2, 200);
    say_request(s, 3, "/open");
    say_request(s, 4, "/closed");
    wire_put_tcp_close(&s->w, WIRE_STEAL, 4);
    send(s, s->agent);
    sim_advance(&s->sim, 2000000);
    sim_signal(&s->sim, SIGTERM);
    run(s);
    CHECK(sim_has_ended(&s->sim));
    CHECK(summary_has("link 1, proxy 127.0.0.1:49152, 0.000000 s to 2.000000 s\n"
                      "  versions: the proxy announced 1.29.0, the agent answered 1.8.1\n"
                      "  > proxy to agent            3 messages, 43 bytes\n"
                      "  < agent to proxy            6 messages, 197 bytes\n"
                      "  messages, bytes and names\n"
                      "    >          1              8 B  SwitchProtocolVersion\n"));
    CHECK(summary_has("    <          4            187 B  TcpSteal(HttpRequestFramed)\n"));
    CHECK(summary_has("  exchanges unfinished: 2\n"
                      "    steal conn=2 req=0 GET /begun, answer begun, 2.000000 s old\n"
                      "    steal conn=3 req=0 GET /open, no answer, 2.000000 s old\n"));
    CHECK_UINT(atomic_load(&s->sim.runtime.status), 0);
}

STAGED(summary_of_two)
{
    meet(s);
    say_versions(s);
    meet(s);
    say_versions(s);
    finish(s);
    CHECK(lines_have(" 2 > SwitchProtocolVersion size=8"));
    CHECK(summary_has("link 1, "));
    CHECK(summary_has("link 2, "));
    CHECK(summary_has("all, 2 links, "));
    CHECK(summary_has("    >          2             16 B  SwitchProtocolVersion\n"));
}

/* ---- reaching the agent ---------------------------------------------------------------------- */

STAGED(agent_that_is_not_there)
{
    sim_route(&s->sim, AGENT, SIM_REFUSED, 0);
    s->proxy = sim_peer_connect(&s->sim, LISTEN);
    run(s);
    CHECK(sim_peer_ended(s->proxy));
    CHECK(lines_have("1 * the agent 10.0.0.5:61337 cannot be reached: Connection refused\n"));
    finish(s);
    CHECK(summary_has("the agent was not reached"));
    CHECK_UINT(atomic_load(&s->sim.runtime.status), EXIT_UNREACHABLE);
}

static void agent_by_name(void)
{
    static struct stage s;
    create(&s, test_seed, NULL);
    s.settings.agent = address_of("agent.test:61337");
    sim_name_add(&s.sim, "agent.test", "10.0.0.1");
    sim_name_add(&s.sim, "agent.test", "10.0.0.2");
    sim_name_add(&s.sim, "agent.test", "10.0.0.5");
    sim_route(&s.sim, "10.0.0.1:61337", SIM_SILENT, 0);
    sim_route(&s.sim, "10.0.0.2:61337", SIM_REFUSED, 0);
    begin(&s);
    s.proxy = sim_peer_connect(&s.sim, LISTEN);
    run(&s);
    sim_advance(&s.sim, TAP_CONNECT_US);
    s.agent = sim_peer_accept(&s.sim, AGENT);
    REQUIRE(s.agent != NULL);
    say_data(&s, s.agent, 7, 100);
    finish(&s);
    CHECK(lines_have("conn=7 size=104"));
    CHECK_UINT(destroy(&s), 0);
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* Each actor, given its messages again, does the same again. */
static void replayed(void)
{
    static void (*const scenes[])(struct stage *) = {
        bytes_that_mean_nothing_on,
        ends_pass_one_by_one_on,
        a_reset_ends_both_on,
        who_does_not_read_on,
        lines_on,
        summary_on,
        agent_that_is_not_there_on,
    };
    static struct stage s;
    for (unsigned i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        struct recording *recording = recording_new();
        char report[4000] = "";
        create(&s, test_seed, recording_hooks(recording));
        begin(&s);
        scenes[i](&s);
        destroy(&s);
        CHECK(recording_inputs(recording) > 0);
        CHECK_UINT(replay_all(recording, report, sizeof report), 0);
        CHECK_STR(report, "");
        recording_free(recording);
    }
}

CU_TestInfo tap_tests[] = {
    {"every byte passes, both ways, however it is cut", bytes_pass},
    {"what cannot be decoded is said once, and passes", bytes_that_mean_nothing},
    {"a half-close is a half-close", ends_pass_one_by_one},
    {"an agent that closes", agent_ends_first},
    {"what came before a reset still arrives", a_reset_ends_both},
    {"bytes wait until the agent is reached", early_bytes},
    {"who does not read stops who sends", who_does_not_read},
    {"lines", lines},
    {"lines of JSON", lines_of_json},
    {"lines of messages that are cut", lines_of_what_is_cut},
    {"every kind of message has its line, however it is cut", lines_of_anything},
    {"long strings whole, long messages not", all_of_it_or_none},
    {"filters, also over messages that are cut", filters},
    {"an output that is not read slows nothing, and says so", output_not_read},
    {"an output that is never read does not keep it", output_never_read},
    {"a reader that has gone ends it with the last link", reader_gone},
    {"the summary", summary},
    {"the summary of two", summary_of_two},
    {"an agent that is not there", agent_that_is_not_there},
    {"each address of the agent's name is tried", agent_by_name},
    {"every actor of the tap is a function of its messages", replayed},
    CU_TEST_INFO_NULL,
};
