/* tests/test_answers.c -- ids in front of a head, error answers, collected bodies, what a head says. */
#include "actors/answers.h"
#include "messages/http_head_builder.h"
#include "tests/bare.h"
#include "tests/check.h"

static struct span head_with_room(const char *bytes, size_t length)
{
    struct chunk *c = chunk_new((uint32_t)(HEADROOM + length));
    memcpy(c->bytes + HEADROOM, bytes, length);
    c->used = c->capacity;
    return (struct span){c, HEADROOM, (uint32_t)length};
}

/* Every width of each id; the room suffices for the widest. */
static void ids_go_in_front(void)
{
    static const struct {
        struct answer_ids ids;
        const char *want;
        size_t length;
    } rows[] = {
        {{80, 7, 0}, "\x50\x07\x00H", 4},
        {{250, 250, 250}, "\xfa\xfa\xfaH", 4},
        {{8080, 300, 1}, "\xfb\x90\x1f\xfb\x2c\x01\x01H", 8},
        {{65535, UINT64_MAX, 65535},
         "\xfb\xff\xff\xfd\xff\xff\xff\xff\xff\xff\xff\xff\xfb\xff\xffH",
         16},
        {{1, 70000, 2}, "\x01\xfc\x70\x11\x01\x00\x02H", 8},
    };
    struct bare b;
    bare_create(&b, 1);
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct span head = head_with_room("H", 1);
        answer_ids_prepend(&rows[i].ids, &head);
        CHECK_BYTES(span_bytes(head), head.length, rows[i].want, rows[i].length);
        span_release(&head);
    }
    bare_destroy(&b);
}

static void an_error_is_a_basic_answer(void)
{
    struct bare b;
    bare_create(&b, 1);
    struct answer_ids ids = {80, 7, 3};
    struct message *m = answer_error_new(&ids, HTTP_VERSION_1_0, 502, "it rains");
    struct msg_answer *a = msg_answer(m);
    CHECK_UINT(m->flags, ANSWER_BASIC | ANSWER_LAST);
    CHECK_BYTES(span_bytes(a->head), a->head.length, "\x50\x07\x03\xfb\xf6\x01\x08HTTP/1.0\x00",
                16);
    char want[100];
    int n = snprintf(want, sizeof want, "intproxyd v%s: it rains\n", INTPROXYD_VERSION);
    CHECK_BYTES(span_bytes(a->body), a->body.length, want, (size_t)n);
    message_free(m);
    bare_destroy(&b);
}

/* A text of any length is cut, never overrun. */
static void a_long_error_is_cut(void)
{
    static char text[5000];
    struct bare b;
    bare_create(&b, 1);
    memset(text, 'x', sizeof text - 1);
    struct message *m =
        answer_error_new(&(struct answer_ids){1, 1, 1}, HTTP_VERSION_1_1, 413, text);
    CHECK(msg_answer(m)->body.length < 600);
    message_free(m);
    bare_destroy(&b);
}

/* ---- what a request head says ---- */

static struct span request_head(const char *method, enum http_version version)
{
    struct http_head_builder builder;
    struct http_text m = {(const uint8_t *)method, strlen(method)};
    struct http_text target = {(const uint8_t *)"/", 1};
    http_head_builder_create(&builder);
    struct chunk *c = chunk_new((uint32_t)http_head_builder_request_size(&builder, m, target));
    http_head_builder_request_write(&builder, m, target, version, c->bytes);
    c->used = c->capacity;
    return (struct span){c, 0, c->capacity};
}

static void methods_and_versions(void)
{
    static const struct {
        const char *method;
        bool repeatable;
    } rows[] = {{"GET", true},   {"HEAD", true},   {"OPTIONS", true}, {"TRACE", true},
                {"PUT", true},   {"DELETE", true}, {"POST", false},   {"PATCH", false},
                {"get", false},  {"GE", false},    {"GETS", false},   {"CONNECT", false},
                {"PURGE", false}};
    struct bare b;
    bare_create(&b, 1);
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[32], cut[3];
        enum http_version v = (enum http_version)(i % 5);
        struct span head = request_head(rows[i].method, v);
        CHECK_UINT(http_is_repeatable(head), rows[i].repeatable);
        CHECK_UINT(http_version_of(head), v);
        http_method_of(head, text, sizeof text);
        CHECK_STR(text, rows[i].method);
        http_method_of(head, cut, sizeof cut);
        CHECK_UINT(strlen(cut), strlen(rows[i].method) < 2 ? strlen(rows[i].method) : 2);
        span_release(&head);
    }
    bare_destroy(&b);
}

/* ---- collected bodies ---- */

static void collecting(void)
{
    struct bare b;
    struct collected c = {.chunk = NULL};
    uint16_t flags = 0;
    bare_create(&b, 1);
    CHECK_UINT(collected_bytes(&c), 0);
    struct span none = collected_finish(&c, true, &flags);
    CHECK_UINT(none.length, 0);
    for (unsigned i = 0; i < 3000; i++) {
        struct span s = span_copy("0123456789", 1 + i % 10);
        CHECK(collected_add(&c, s, 20000));
        span_release(&s);
    }
    CHECK_UINT(collected_bytes(&c), 16500);
    struct span all = collected_finish(&c, false, &flags);
    CHECK_UINT(all.length, 16500);
    CHECK_BYTES(span_bytes(all), 6, "001012", 6);
    CHECK_UINT(flags, 0);
    CHECK_UINT(collected_bytes(&c), 0);
    span_release(&all);
    bare_destroy(&b);
}

static void collecting_has_a_limit(void)
{
    struct bare b;
    struct collected c = {.chunk = NULL};
    bare_create(&b, 1);
    struct span ten = span_copy("0123456789", 10);
    CHECK(collected_add(&c, ten, 20));
    CHECK(collected_add(&c, ten, 20));
    CHECK(!collected_add(&c, ten, 20));
    CHECK_UINT(collected_bytes(&c), 20);
    CHECK(collected_add(&c, NO_BYTES, 20));
    collected_destroy(&c);
    span_release(&ten);
    bare_destroy(&b);
}

/* DEL-46: frames are made for trailers alone, and Basic has no place for them. */
static void trailers_make_frames(void)
{
    struct bare b;
    bare_create(&b, 1);
    for (unsigned framed = 0; framed < 2; framed++) {
        struct collected c = {.chunk = NULL};
        uint16_t flags = 0;
        struct span hi = span_copy("hi", 2);
        CHECK(collected_add(&c, hi, 100));
        c.trailers = span_copy("\x00", 1); /* an empty map is as good as any here */
        struct span body = collected_finish(&c, framed, &flags);
        CHECK_UINT(flags, framed ? ANSWER_FRAMES : 0);
        if (framed)
            CHECK_BYTES(span_bytes(body), body.length, "\x02\x00\x02hi\x01\x00", 7);
        else
            CHECK_BYTES(span_bytes(body), body.length, "hi", 2);
        span_release(&body);
        span_release(&hi);
    }
    bare_destroy(&b);
}

static void data_of_frames(void)
{
    struct bare b;
    bare_create(&b, 1);
    static const struct {
        const char *data, *trailers;
    } rows[] = {{"hello", "\x00"}, {"", "\x00"}, {"hello", ""}, {"", ""}};
    for (unsigned i = 0; i < 4; i++) {
        struct span data = span_copy(rows[i].data, strlen(rows[i].data));
        struct span trailers = span_copy(rows[i].trailers, i < 2);
        struct span frames = frames_of(data, trailers);
        struct span again = frames_data(frames);
        CHECK_BYTES(span_bytes(again), again.length, rows[i].data, strlen(rows[i].data));
        span_release(&again);
        span_release(&data);
        span_release(&trailers);
    }
    bare_destroy(&b);
}

CU_TestInfo answers_tests[] = {
    {"ids go in front of a head", ids_go_in_front},
    {"an error is a Basic answer that names us", an_error_is_a_basic_answer},
    {"a long error text is cut", a_long_error_is_cut},
    {"methods and versions are read from a head", methods_and_versions},
    {"what is collected is all of it, in order", collecting},
    {"collecting has a limit", collecting_has_a_limit},
    {"trailers make frames, but for Basic", trailers_make_frames},
    {"the data of frames is found again", data_of_frames},
    CU_TEST_INFO_NULL,
};
