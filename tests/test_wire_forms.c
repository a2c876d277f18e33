/* tests/test_wire_forms.c -- bytes, text and JSON of messages, from one into the other and back. */
#include "messages/wire_bytes.h"
#include "messages/wire_random.h"
#include "messages/wire_text.h"
#include "tests/check.h"
#include "tests/wire_feed.h"
#include "tests/wire_forms.h"
#include "tests/wire_vectors.h"
#include <stdlib.h>

static const char *as_text(struct forms *f)
{
    wire_buffer_put(&f->out, "", 1);
    return (const char *)f->out.at;
}

/* ---- the vectors ----------------------------------------------------------------------------- */

static bool (*const there[])(struct forms *, enum wire_from, const void *,
                             size_t) = {forms_to_text, forms_to_json};
static bool (*const back[])(struct forms *, enum wire_from, const void *,
                            size_t) = {forms_from_text, forms_from_json};

/* Through a form and back: the bytes that the original writes. */
static void check_round(enum wire_from from, const uint8_t *bytes, size_t length,
                        const uint8_t *again, size_t again_length)
{
    struct forms a = {0}, b = {0};
    for (unsigned i = 0; i < 2; i++) {
        CHECK(there[i](&a, from, bytes, length));
        CHECK(back[i](&b, from, a.out.at, a.out.length));
        CHECK_STR(b.error, "");
        CHECK_BYTES(b.out.at, b.out.length, again, again_length);
    }
    forms_release(&a);
    forms_release(&b);
}

static void each_case(const struct vector *v, void *context)
{
    struct forms f = {0};
    if (strcmp(v->verdict, "ok") != 0)
        return;
    ++*(int *)context;
    CHECK(forms_canonical(&f, v->from, v->bytes, v->consumed));
    CHECK_UINT(f.unordered, v->unordered);
    if (!v->unordered) {
        CHECK_BYTES(f.out.at, f.out.length, v->again, v->again_length);
        check_round(v->from, v->bytes, v->consumed, v->again, v->again_length);
    }
    forms_release(&f);
}

static void vectors_come_back(void)
{
    int ok = 0;
    CHECK_UINT(vectors_decode_cases(each_case, &ok), 4000);
    CHECK(ok > 2000);
}

/* Reading goes over the end of nothing, however the bytes are. */
static void each_cut(const struct vector *v, void *context)
{
    struct forms f = {0};
    (void)context;
    for (size_t n = 0; n < v->length; n++) {
        uint8_t *copy = malloc(n + 1);
        REQUIRE(copy != NULL);
        memcpy(copy, v->bytes, n);
        if (f.error[0] == 0 || n % 2)
            CHECK(!forms_canonical(&f, v->from, copy, n) || n == v->length);
        CHECK(!forms_to_text(&f, v->from, copy, n));
        CHECK(f.error[0] != 0);
        free(copy);
    }
    forms_release(&f);
}

static void cut_messages_are_errors(void)
{
    CHECK_UINT(vectors_named(each_cut, NULL), 65);
}

/* ---- random messages ------------------------------------------------------------------------- */

enum { RANDOM_MESSAGES = 6000 };

static struct wire_random_source dice;

/* The next random message, in `b`. */
static void next_message(struct wire_bytes_sink *b, enum wire_from from)
{
    struct wire_transcode t = {&wire_random_source, &dice, &wire_bytes_sink, b, 0, ""};
    b->out.length = 0;
    b->lists = 0;
    REQUIRE(wire_transcode(&t, from));
}

static void random_messages_come_back(void)
{
    struct wire_bytes_sink b = {0};
    struct forms f = {0};
    wire_random_source_begin(&dice, test_seed, version_newest());
    for (unsigned i = 0; i < RANDOM_MESSAGES; i++) {
        enum wire_from from = (enum wire_from)(i & 1);
        next_message(&b, from);
        CHECK(forms_canonical(&f, from, b.out.at, b.out.length));
        CHECK_BYTES(f.out.at, f.out.length, b.out.at, b.out.length);
        check_round(from, b.out.at, b.out.length, b.out.at, b.out.length);
        CHECK(forms_dump(&f, from, b.out.at, b.out.length));
    }
    wire_bytes_sink_release(&b);
    forms_release(&f);
}

/* The decoder and the walk of the forms are two programs over one table: they agree. */
static void the_decoder_agrees(void)
{
    struct wire_bytes_sink b = {0};
    struct wire_decoder d;
    size_t consumed;
    wire_random_source_begin(&dice, test_seed + 1, version_newest());
    random_begin(1);
    for (unsigned i = 0; i < RANDOM_MESSAGES; i++) {
        enum wire_from from = (enum wire_from)(i & 1);
        next_message(&b, from);
        for (enum wire_cut cut = CUT_WHOLE; cut <= CUT_RANDOM; cut++) {
            CHECK_UINT(
                wire_feed_new(&d, from, version_newest(), b.out.at, b.out.length, cut, &consumed),
                WIRE_MESSAGE);
            CHECK_UINT(consumed, b.out.length);
            wire_decoder_destroy(&d);
        }
    }
    wire_bytes_sink_release(&b);
}

static void every_beginning_waits_for_more(void)
{
    struct wire_bytes_sink b = {0};
    struct wire_decoder d;
    size_t consumed;
    wire_random_source_begin(&dice, test_seed + 2, version_newest());
    for (unsigned i = 0; i < RANDOM_MESSAGES / 10; i++) {
        enum wire_from from = (enum wire_from)(i & 1);
        next_message(&b, from);
        for (size_t n = 0; n < b.out.length; n++) {
            CHECK_UINT(wire_feed_new(&d, from, version_newest(), b.out.at, n, CUT_WHOLE, &consumed),
                       WIRE_MORE);
            wire_decoder_destroy(&d);
        }
    }
    wire_bytes_sink_release(&b);
}

/* What is said of an older version, a peer of that version reads. */
static void older_versions_are_kept_to(void)
{
    static const struct version limits[] = {
        {VERSION_ORDINAL(1, 0, 0)}, {VERSION_ORDINAL(1, 8, 1)}, {VERSION_ORDINAL(1, 19, 0)}};
    struct wire_bytes_sink b = {0};
    struct wire_decoder d;
    size_t consumed;
    for (unsigned l = 0; l < 3; l++) {
        wire_random_source_begin(&dice, test_seed + 3 + l, limits[l]);
        for (unsigned i = 0; i < 1000; i++) {
            next_message(&b, (enum wire_from)(i & 1));
            CHECK_UINT(wire_feed_new(&d, (enum wire_from)(i & 1), limits[l], b.out.at, b.out.length,
                                     CUT_WHOLE, &consumed),
                       WIRE_MESSAGE);
            wire_decoder_destroy(&d);
        }
    }
    wire_bytes_sink_release(&b);
}

static unsigned variants_said;

static bool count_variant(struct wire_transcode *t, unsigned type, unsigned n)
{
    static bool said[1024];
    unsigned row = wire_types[type].first + n;
    variants_said += !said[row];
    said[row] = true;
    return wire_bytes_sink.variant(t, type, n);
}

static void every_variant_is_said(void)
{
    struct wire_sink counting = wire_bytes_sink;
    struct wire_bytes_sink b = {0};
    struct wire_transcode t = {&wire_random_source, &dice, &counting, &b, 0, ""};
    counting.variant = count_variant;
    wire_random_source_begin(&dice, 1, version_newest());
    for (unsigned i = 0; i < 400000 && variants_said < wire_variant_count; i++) {
        b.out.length = 0;
        CHECK(wire_transcode(&t, (enum wire_from)(i & 1)));
    }
    CHECK_UINT(variants_said, wire_variant_count);
    wire_bytes_sink_release(&b);
}

static void one_seed_is_one_sequence(void)
{
    struct wire_bytes_sink a = {0}, b = {0};
    struct forms f = {0};
    wire_random_source_begin(&dice, 9, version_newest());
    next_message(&a, WIRE_FROM_AGENT);
    wire_random_source_begin(&dice, 9, version_newest());
    next_message(&b, WIRE_FROM_AGENT);
    CHECK_BYTES(a.out.at, a.out.length, b.out.at, b.out.length);
    CHECK(forms_to_text(&f, WIRE_FROM_AGENT, a.out.at, a.out.length));
    CHECK_STR(as_text(&f), "UdpOutgoing(Close{connection_id: 84})");
    wire_bytes_sink_release(&a);
    wire_bytes_sink_release(&b);
    forms_release(&f);
}

/* ---- no memory ------------------------------------------------------------------------------- */

static long allocations_left;

static void *scarce(void *at, size_t length)
{
    if (allocations_left-- <= 0)
        return NULL;
    return realloc(at, length);
}

/* Some message with a map, lists and a URI that is rebuilt. */
static const char rich[] = "TcpSteal(HttpRequestChunked(StartV2{connection_id: 1, request_id: 2, "
                           "request: {method: \"GET\", "
                           "uri: \"http://a.example/x\", headers: {\"a\": [\"1\", \"2\"], \"b\": "
                           "[\"3\"]}, version: \"HTTP/1.1\", "
                           "body: {frames: [Data(\"xx\"), Trailers({\"t\": [\"v\"]})], is_last: "
                           "true}}, metadata: V1{source: "
                           "10.0.0.1:1, destination: [::1]:2}, transport: Tcp}))";

/* The n-th allocation fails, for every n, until none is missed. Returns how many there were. */
static long sweep(bool (*convert)(struct forms *, enum wire_from, const void *, size_t),
                  const void *bytes, size_t length)
{
    for (long n = 0;; n++) {
        struct forms f = {.reallocate = scarce};
        allocations_left = n;
        bool fine = convert(&f, WIRE_FROM_AGENT, bytes, length);
        if (!fine)
            CHECK_STR(f.error, "no memory");
        forms_release(&f);
        if (fine || n > 1000)
            return n;
    }
}

static void every_allocation_may_fail(void)
{
    struct forms bytes = {0}, json = {0};
    REQUIRE(forms_from_text(&bytes, WIRE_FROM_AGENT, rich, sizeof rich - 1));
    REQUIRE(forms_to_json(&json, WIRE_FROM_AGENT, bytes.out.at, bytes.out.length));
    CHECK(sweep(forms_canonical, bytes.out.at, bytes.out.length) >= 4);
    CHECK(sweep(forms_to_text, bytes.out.at, bytes.out.length) >= 4);
    CHECK(sweep(forms_to_json, bytes.out.at, bytes.out.length) >= 4);
    CHECK(sweep(forms_dump, bytes.out.at, bytes.out.length) >= 1);
    CHECK(sweep(forms_from_text, rich, sizeof rich - 1) >= 2);
    CHECK(sweep(forms_from_json, json.out.at, json.out.length) >= 1);
    forms_release(&bytes);
    forms_release(&json);
}

/* ---- how things are written ------------------------------------------------------------------ */

static void text_looks_like_this(void)
{
    static const struct {
        enum wire_from from;
        const char *text, *json;
    } rows[] = {
        {WIRE_FROM_CLIENT, "Ping", "\"Ping\""},
        {WIRE_FROM_CLIENT, "Tcp(PortSubscribe(80))", "{\"Tcp\":{\"PortSubscribe\":80}}"},
        {WIRE_FROM_AGENT, "LogMessage{message: \"a\\nb\\x1b\", level: Warn}",
         "{\"LogMessage\":{\"message\":\"a\\nb\\u001b\",\"level\":\"Warn\"}}"},
        {WIRE_FROM_AGENT,
         "TcpSteal(Data{connection_id: 18446744073709551615, bytes: \"\\xff\\x00\"})",
         "{\"TcpSteal\":{\"Data\":{\"connection_id\":\"18446744073709551615\",\"bytes\":{\"hex\":"
         "\"ff00\"}}}}"},
        {WIRE_FROM_AGENT, "OperatorPing(340282366920938463463374607431768211455)",
         "{\"OperatorPing\":\"340282366920938463463374607431768211455\"}"},
        {WIRE_FROM_CLIENT, "FileRequest(Seek{fd: 1, seek_from: End(-9223372036854775808)})",
         "{\"FileRequest\":{\"Seek\":{\"fd\":1,\"seek_from\":{\"End\":\"-9223372036854775808\"}}}"
         "}"},
        {WIRE_FROM_CLIENT, "TcpSteal(PortSubscribe(FilteredHttp(80, \"^a: é$\")))",
         "{\"TcpSteal\":{\"PortSubscribe\":{\"FilteredHttp\":[80,\"^a: é$\"]}}}"},
        {WIRE_FROM_CLIENT, "FileRequest(Xstat{path: None, fd: Some(3), follow_symlink: true})",
         "{\"FileRequest\":{\"Xstat\":{\"path\":null,\"fd\":3,\"follow_symlink\":true}}}"},
        {WIRE_FROM_AGENT,
         "GetAddrInfoResponse(Ok([{name: \"a\", ip: ::1}, {name: \"b\", ip: 10.0.0.1}]))",
         "{\"GetAddrInfoResponse\":{\"Ok\":[{\"name\":\"a\",\"ip\":\"::1\"},{\"name\":\"b\",\"ip\":"
         "\"10.0.0.1\"}]}}"},
    };
    struct forms bytes = {0}, out = {0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK(forms_from_text(&bytes, rows[i].from, rows[i].text, strlen(rows[i].text)));
        CHECK_STR(bytes.error, "");
        CHECK(forms_to_text(&out, rows[i].from, bytes.out.at, bytes.out.length));
        CHECK_STR(as_text(&out), rows[i].text);
        CHECK(forms_to_json(&out, rows[i].from, bytes.out.at, bytes.out.length));
        CHECK_STR(as_text(&out), rows[i].json);
    }
    forms_release(&bytes);
    forms_release(&out);
}

static void mistakes_of_text_are_named(void)
{
    static const struct {
        const char *text, *error;
    } rows[] = {
        {"", "column 1: the text ends where a variant of DaemonMessage belongs"},
        {"Foo", "column 1: a variant of DaemonMessage belongs here, not \"Foo\""},
        {"Pong x", "column 6: the end belongs here, not \"x\""},
        {"Tcp(Close{connection_id: -1})",
         "column 26: a positive integer belongs here, not \"-1})\""},
        {"Tcp(Close{connection: 1})",
         "column 11: connection_id belongs here, not \"connection: 1})\""},
        {"Tcp(Close{connection_id: 18446744073709551616})",
         "18446744073709551616 is more than 18446744073709551615"},
        {"Close(\"a", "column 9: the text ends where the closing quote of a string belongs"},
        {"Close(\"\\q\")",
         "column 9: \", \\, n, r, t or xNN after a backslash belongs here, not \"q\")\""},
        {"Close(\"\\xff\")", "\"\xff\" is not UTF-8"},
        {"Tcp(Data{connection_id: 1, bytes: \"a\"...(9 bytes)})",
         "column 38: the whole string (this one was cut when it was printed) belongs here, not "
         "\"...(9 bytes)})\""},
        {"ReverseDnsLookup(Ok{hostname: Maybe})",
         "column 31: a variant of HostnameResult belongs here, not \"Maybe})\""},
    };
    struct forms f = {0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK(!forms_from_text(&f, WIRE_FROM_AGENT, rows[i].text, strlen(rows[i].text)));
        CHECK_STR(f.error, rows[i].error);
    }
    forms_release(&f);
}

static void mistakes_of_json_are_named(void)
{
    static const struct {
        const char *text, *error;
    } rows[] = {
        {"7",
         "a variant of DaemonMessage belongs here, as \"Name\" or {\"Name\":...}, not an integer"},
        {"\"Foo\"", "DaemonMessage has no variant \"Foo\""},
        {"\"Tcp\"", "Tcp needs its fields"},
        {"{\"Pong\":1}", "Pong has no fields"},
        {"{\"Tcp\":{\"Close\":{}}}", "the field \"connection_id\" is missing"},
        {"{\"Tcp\":{\"Close\":{\"connection_id\":1,\"x\":2}}}", "there is no field \"x\" here"},
        {"{\"Tcp\":{\"Close\":{\"connection_id\":-1}}}",
         "an integer that is not negative belongs here, not an integer"},
        {"{\"Tcp\":{\"Close\":{\"connection_id\":\"1x\"}}}", "\"1x\" is no integer that fits"},
        {"{\"Tcp\":{\"Data\":{\"connection_id\":1,\"bytes\":{\"hex\":\"0\"}}}}",
         "\"hex\" has an odd number of digits"},
        {"{\"Tcp\":{\"Data\":{\"connection_id\":1,\"bytes\":{\"begin\":\"0\",\"length\":9}}}}",
         "this string was cut when it was printed"},
        {"{\"Tcp\":{\"Data\":{\"connection_id\":1,\"bytes\":null}}}",
         "a string, or {\"hex\":\"...\"}, belongs here, not null"},
    };
    struct forms f = {0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK(!forms_from_json(&f, WIRE_FROM_AGENT, rows[i].text, strlen(rows[i].text)));
        CHECK_STR(f.error, rows[i].error);
    }
    forms_release(&f);
}

/* A filter in a filter in a filter: an error at some depth, before the stack is used up. */
static void nesting_has_an_end(void)
{
    enum { LEVELS = 100000 };
    static const char begin[] = "TcpSteal(PortSubscribe(FilteredHttpEx(80, ";
    static const char level[] = "Composite{all: true, filters: [";
    struct wire_buffer text = {0};
    struct forms f = {0};
    wire_buffer_text(&text, begin);
    for (unsigned i = 0; i < LEVELS; i++)
        wire_buffer_text(&text, level);
    CHECK(!forms_from_text(&f, WIRE_FROM_CLIENT, text.at, text.length));
    CHECK_STR(f.error, "nested too deeply");
    wire_buffer_release(&text);
    forms_release(&f);
}

static void long_strings_may_be_cut(void)
{
    static const uint8_t data[] = {2, 1, 7, 5, 'h', 'e', 'l', 'l', 'o'};
    struct wire_bytes_source source = {0};
    struct wire_text_sink text = {.most = 2};
    struct wire_transcode t = {&wire_bytes_source, &source, &wire_text_sink, &text, 0, ""};
    wire_bytes_source_begin(&source, data, sizeof data);
    CHECK(wire_transcode(&t, WIRE_FROM_AGENT));
    wire_buffer_put(&text.out, "", 1);
    CHECK_STR((char *)text.out.at, "TcpSteal(Data{connection_id: 7, bytes: \"he\"...(5 bytes)})");
    wire_buffer_release(&text.out);
}

static void a_dump_says_what_each_byte_is(void)
{
    static const uint8_t data[] = {2, 1, 7, 5, 'h', 'e', 'l', 'l', 'o'};
    struct forms f = {0};
    CHECK(forms_dump(&f, WIRE_FROM_AGENT, data, sizeof data));
    CHECK_STR(as_text(&f), "000000  02                       TcpSteal\n"
                           "000001  01                         Data\n"
                           "000002  07                           connection_id: 7\n"
                           "000003  05 68 65 6c 6c 6f            bytes: \"hello\"\n");
    forms_release(&f);
}

CU_TestInfo wire_forms_tests[] = {
    {"the vectors come back through text and JSON", vectors_come_back},
    {"a message that is cut is an error", cut_messages_are_errors},
    {"random messages come back through every form", random_messages_come_back},
    {"the decoder takes each of them, however cut", the_decoder_agrees},
    {"every beginning of one waits for more", every_beginning_waits_for_more},
    {"what is said of an older version, its peers read", older_versions_are_kept_to},
    {"every variant of the table is said", every_variant_is_said},
    {"one seed is one sequence", one_seed_is_one_sequence},
    {"every allocation may fail", every_allocation_may_fail},
    {"how text and JSON look", text_looks_like_this},
    {"mistakes of a text are named", mistakes_of_text_are_named},
    {"mistakes of JSON are named", mistakes_of_json_are_named},
    {"nesting has an end", nesting_has_an_end},
    {"long strings may be cut", long_strings_may_be_cut},
    {"a dump says what each byte is", a_dump_says_what_each_byte_is},
    CU_TEST_INFO_NULL,
};
