/* tests/test_redact_work.c -- how much redaction has to do: no more than there are bytes, whatever they are.
 *
 * What is counted is what a flow tells: parts of texts, and their bytes. Time would depend on the machine.
 */
#include "messages/redact_stream.h"
#include "tests/check.h"

struct work {
    uint64_t parts, bytes;
};

static void count_part(void *context, const struct redact_text *text, struct redact_spot spot,
                       uint32_t from, uint32_t length)
{
    struct work *work = context;
    (void)text, (void)spot, (void)from;
    work->parts++;
    work->bytes += length;
}

static struct redact_texts *learned(const char *bytes, size_t length)
{
    struct redact_texts *t = redact_texts_new("k", 1);
    redact_texts_learn(t, (const uint8_t *)bytes, length, REDACT_PLAIN, "test");
    return t;
}

/* Each `piece` bytes are a record. */
static struct work work_of(struct redact_texts *t, const char *bytes, size_t length, size_t piece)
{
    struct work work = {0};
    redact_texts_close(t);
    struct redact_eyes eyes = {NULL, {t, count_part, &work, NULL}, NULL, NULL};
    struct redact_stream *s = redact_stream_new(&eyes, NULL);
    uint32_t record = 0;
    for (size_t at = 0; at < length; at += piece)
        redact_stream_feed(s, (const uint8_t *)bytes + at,
                           length - at < piece ? length - at : piece,
                           (struct redact_spot){record++, 0, 0});
    redact_stream_free(s);
    redact_texts_free(t);
    return work;
}

static char *repeated(const char *word, size_t length)
{
    char *text = redact_grown(NULL, length + 1);
    for (size_t i = 0; i < length; i++)
        text[i] = word[i % strlen(word)];
    text[length] = '\0';
    return text;
}

/* At each byte a text of 8192 ends. */
static void test_a_value_of_names(void)
{
    enum { LENGTH = 100000 };
    char *text = repeated("password=", LENGTH);
    for (size_t piece = 1; piece <= LENGTH; piece *= 100) {
        struct redact_texts *t = learned(text + 9, LENGTH - 9);
        struct work work = work_of(t, text, LENGTH, piece);
        CHECK(work.bytes >= LENGTH - 8192 && work.bytes <= LENGTH);
        CHECK(work.parts <= work.bytes);
    }
    free(text);
}

/* At each byte all of them end. */
static void test_values_within_values(void)
{
    enum { LENGTH = 20000, VALUES = 300 };
    char *text = repeated("a", LENGTH);
    for (size_t piece = 1; piece <= LENGTH; piece *= 100) {
        struct redact_texts *t = redact_texts_new("k", 1);
        for (size_t n = 1; n <= VALUES; n++)
            redact_texts_learn(t, (const uint8_t *)text, n, REDACT_PLAIN, "test");
        struct work work = work_of(t, text, LENGTH, piece);
        CHECK_UINT(work.bytes, LENGTH);
        CHECK(work.parts <= LENGTH);
    }
    free(text);
}

/* What is about the framing is looked at twice. */
static void test_values_in_small_chunks(void)
{
    enum { LENGTH = 30000 };
    static const char chunk[] = "\r\n1\r\na";
    char *value = repeated("a", 4000), *text = repeated(chunk, LENGTH);
    struct work work = work_of(learned(value, 4000), text, LENGTH, 1);
    CHECK(work.bytes > 0 && work.bytes <= LENGTH / strlen(chunk));
    free(value);
    free(text);
}

/* %252525...: each coding undone leaves one that is two bytes shorter. */
static void test_codings_within_codings(void)
{
    enum { LENGTH = 8000 };
    char *text = repeated("25", LENGTH);
    unsigned found = 0;
    text[0] = '%';
    memcpy(text + LENGTH - 4, "abcd", 4);
    memmove(text + 1, text + 2, LENGTH - 2);
    struct redact_texts *t = learned(text, LENGTH - 1);
    redact_texts_close(t);
    for (size_t shorter = 0; shorter < LENGTH - 10; shorter += 2) {
        char *layer = text + shorter;
        layer[0] = '%';
        found += redact_texts_find(t, (uint8_t *)layer, LENGTH - 1 - shorter) != NULL;
    }
    CHECK_UINT(found, REDACT_LAYERS_MAX + 1);
    redact_texts_free(t);
    free(text);
}

/* ---- whose a byte is ---- */

enum { WORDS = 6, TEXT = 60, WORD_MIN = 4, WORD_ROOM = 12 };

struct owners {
    const struct redact_text *of[TEXT];
    uint32_t from[TEXT];
    bool twice;
};

static void own_part(void *context, const struct redact_text *text, struct redact_spot spot,
                     uint32_t from, uint32_t length)
{
    struct owners *o = context;
    for (uint32_t i = 0; i < length; i++) {
        uint32_t at = spot.record + spot.offset + i;
        o->twice |= o->of[at] != NULL;
        o->of[at] = text;
        o->from[at] = from + i;
    }
}

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return *state >> 33;
}

static void random_text(uint64_t *random, char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        text[i] = (char)('a' + next_random(random) % 2);
    text[length] = '\0';
}

/* Of the texts that have this byte: which byte of the first one, of the longest of these. */
static void check_owner(const struct owners *o, char words[][WORD_ROOM], const char *text,
                        size_t at)
{
    for (size_t begin = 0; begin <= at; begin++) {
        size_t most = 0;
        for (unsigned i = 0; i < WORDS; i++) {
            size_t n = strlen(words[i]);
            if (n > most && begin + n > at && strncmp(text + begin, words[i], n) == 0)
                most = n;
        }
        if (most) {
            REQUIRE(o->of[at] != NULL);
            CHECK_UINT(o->of[at]->length, most);
            CHECK_UINT(o->from[at], at - begin);
            return;
        }
    }
    CHECK(o->of[at] == NULL);
}

static void feed_owners(struct redact_texts *t, const char *text, size_t piece, struct owners *o)
{
    struct redact_sink sink = {t, own_part, o, NULL};
    struct redact_flow f = {0};
    for (size_t at = 0; at < TEXT; at += piece) {
        redact_flow_feed(&f, &sink, (const uint8_t *)text + at,
                         TEXT - at < piece ? TEXT - at : piece,
                         (struct redact_spot){(uint32_t)at, 0, 0});
        redact_flow_forget(&f, &sink, f.at);
    }
    redact_flow_cut(&f, &sink, UINT32_MAX);
    redact_flow_free(&f);
}

static void test_each_byte_has_one_owner(void)
{
    uint64_t random = test_seed;
    for (unsigned round = 0; round < 500; round++) {
        char words[WORDS][WORD_ROOM], text[TEXT + 1];
        struct redact_texts *t = redact_texts_new("k", 1);
        struct owners o = {.twice = false};
        for (unsigned i = 0; i < WORDS; i++) {
            random_text(&random, words[i], WORD_MIN + next_random(&random) % 7);
            redact_texts_learn(t, (const uint8_t *)words[i], strlen(words[i]), REDACT_PLAIN, "x");
        }
        redact_texts_close(t);
        random_text(&random, text, TEXT);
        feed_owners(t, text, 1 + next_random(&random) % TEXT, &o);
        CHECK(!o.twice);
        for (size_t at = 0; at < TEXT; at++)
            check_owner(&o, words, text, at);
        redact_texts_free(t);
    }
}

CU_TestInfo redact_work_tests[] = {
    {"a value of names of values", test_a_value_of_names},
    {"values within values", test_values_within_values},
    {"values in small chunks", test_values_in_small_chunks},
    {"codings within codings", test_codings_within_codings},
    {"each byte has one owner", test_each_byte_has_one_owner},
    CU_TEST_INFO_NULL,
};
