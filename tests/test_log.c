/* tests/test_log.c -- lines of the log: their form, what is escaped, what is dropped. */
#include "runtime/log.h"
#include "tests/bare.h"
#include "tests/check.h"
#include <stdlib.h>

enum { WALL_SECONDS = 1772604367 }; /* 2026-03-04T06:06:07Z */
static const uint64_t wall_us = (uint64_t)WALL_SECONDS * 1000000 + 891999;

static const char *render(enum log_format format, enum log_level level, const char *text)
{
    static char line[512];
    size_t n = log_render(line, sizeof line, format, level, wall_us, text, strlen(text));
    line[n] = '\0';
    return line;
}

static void text_line_has_its_form(void)
{
    CHECK_STR(render(LOG_TEXT, LOG_WARN,
                     "link/0.3\x1f"
                     "agent closed the link\x1fin=250ms try=2"),
              "2026-03-04T06:06:07.891Z W link/0.3 agent closed the link in=250ms try=2\n");
    CHECK_STR(render(LOG_TEXT, LOG_ERROR, "a/0.1\x1fsentence\x1f"),
              "2026-03-04T06:06:07.891Z E a/0.1 sentence\n");
    CHECK_STR(render(LOG_TEXT, LOG_INFO, ""), "2026-03-04T06:06:07.891Z I\n");
}

static void json_line_has_its_form(void)
{
    CHECK_STR(
        render(LOG_JSON, LOG_DEBUG, "link/0.3\x1fsaid \"no\" \\\x1fin=250ms why=\"a b\" n=2"),
        "{\"time\":\"2026-03-04T06:06:07.891Z\",\"level\":\"debug\",\"actor\":\"link/0.3\","
        "\"message\":\"said \\\"no\\\" \\\\\",\"in\":\"250ms\",\"why\":\"a b\",\"n\":\"2\"}\n");
}

static void control_bytes_are_escaped(void)
{
    CHECK_STR(render(LOG_TEXT, LOG_INFO,
                     "a\x1f"
                     "b\nc\x1b[2J\r\x7f\x1fk=\tv"),
              "2026-03-04T06:06:07.891Z I a b\\x0ac\\x1b[2J\\x0d\\x7f k=\\x09v\n");
    CHECK_STR(render(LOG_JSON, LOG_INFO,
                     "a\x1f"
                     "b\nc\x1fk=\x01"),
              "{\"time\":\"2026-03-04T06:06:07.891Z\",\"level\":\"info\",\"actor\":\"a\","
              "\"message\":\"b\\u000ac\",\"k\":\"\\u0001\"}\n");
}

/* A field without a value, one that breaks off, and what is no field at all. */
static void odd_fields_are_kept(void)
{
    static const struct {
        const char *fields, *json;
    } rows[] = {{"k=", ",\"k\":\"\"}\n"},
                {"k=\"", ",\"k\":\"\"}\n"},
                {"k=\"a b", ",\"k\":\"a b\"}\n"},
                {"k=\"a\\", ",\"k\":\"a\\\\\"}\n"},
                {"k=\"\" n=1", ",\"k\":\"\",\"n\":\"1\"}\n"},
                {"k=\"a\\\" l=\\\\\" n=1", ",\"k\":\"a\\\" l=\\\\\",\"n\":\"1\"}\n"},
                {"Too many open files", ",\"detail\":\"Too many open files\"}\n"},
                {"n=1 all of it", ",\"n\":\"1\",\"detail\":\"all of it\"}\n"}};
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = malloc(4 + strlen(rows[i].fields)); /* no NUL behind it, no more bytes */
        size_t length = 4 + strlen(rows[i].fields);
        char line[256];
        REQUIRE(text != NULL);
        memcpy(text,
               "a\x1f"
               "b\x1f",
               4);
        memcpy(text + 4, rows[i].fields, length - 4);
        size_t n = log_render(line, sizeof line, LOG_JSON, LOG_INFO, wall_us, text, length);
        line[n] = '\0';
        CHECK_STR(strstr(line, "\"b\"") + 3, rows[i].json);
        free(text);
    }
}

/* What moves a cursor, and what is no UTF-8: RFC 3629 and the C1 set. */
static void bytes_that_are_no_text_are_escaped(void)
{
    CHECK_STR(
        render(LOG_TEXT, LOG_INFO, "a\x1f\xc3\xa9 \xf0\x9f\x98\x80 \xc2\x9b \xff \xe2\x82"),
        "2026-03-04T06:06:07.891Z I a \xc3\xa9 \xf0\x9f\x98\x80 \\xc2\\x9b \\xff \\xe2\\x82\n");
    static const struct {
        const char *bytes, *json;
    } rows[] = {{"\xc3\xa9", "\xc3\xa9"},
                {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
                {"\xc2\x9b", "\\u009b"},
                {"\x9b", "\\\\x9b"},
                {"\xc0\x80", "\\\\xc0\\\\x80"},
                {"\xed\xa0\x80", "\\\\xed\\\\xa0\\\\x80"},
                {"\xf4\x90\x80\x80", "\\\\xf4\\\\x90\\\\x80\\\\x80"},
                {"\xe2\x82", "\\\\xe2\\\\x82"},
                {"\xe2\x82"
                 "A",
                 "\\\\xe2\\\\x82A"},
                {"\xfe", "\\\\xfe"}};
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[32], want[64];
        snprintf(text, sizeof text, "a\x1f%s", rows[i].bytes);
        snprintf(want, sizeof want, "\"message\":\"%s\"}\n", rows[i].json);
        CHECK_STR(strstr(render(LOG_JSON, LOG_INFO, text), "\"message\""), want);
    }
}

static void json_line_is_cut_and_stays_whole(void)
{
    char text[400], line[600];
    memset(text, 1, sizeof text); /* each becomes six bytes */
    memcpy(text, "a\x1f", 2);
    for (size_t room = 200; room < 600; room++) {
        size_t n = log_render(line, room, LOG_JSON, LOG_INFO, wall_us, text, sizeof text);
        REQUIRE(n > 3 && n <= room);
        CHECK(memcmp(line + n - 3, "\"}\n", 3) == 0);
        CHECK(memcmp(line, "{\"time\":", 8) == 0);
    }
}

static void line_is_cut_and_still_ends(void)
{
    char text[300], line[320];
    memset(text, 'x', sizeof text);
    for (size_t room = 2; room < 320; room++) {
        memset(line, '#', sizeof line);
        size_t n = log_render(line, room, LOG_TEXT, LOG_INFO, wall_us, text, sizeof text);
        CHECK(n >= 1 && n <= room);
        CHECK_UINT(line[n - 1], '\n');
        CHECK(memchr(line, '\n', n) == line + n - 1);
        for (size_t i = room; i < sizeof line; i++)
            CHECK(line[i] == '#');
    }
}

static void levels_are_read_by_name(void)
{
    static const char *const names[] = {"error", "warn", "info", "debug", "trace"};
    enum log_level level = LOG_INFO;
    for (unsigned i = 0; i < 5; i++) {
        CHECK(log_level_parse(names[i], &level));
        CHECK_UINT(level, i);
    }
    CHECK(!log_level_parse("", &level));
    CHECK(!log_level_parse("Info", &level));
    CHECK(!log_level_parse("warning", &level));
    CHECK_UINT(level, LOG_TRACE);
}

/* ---- from an actor to the line ---- */

static void on_speak(struct actor *self, struct message *m)
{
    for (uint32_t i = 0; i < msg_resume(m)->n; i++)
        actor_log(self, LOG_INFO, "says", "i=%u", (unsigned)i);
    actor_log(self, LOG_TRACE, "says what nobody wants", NULL);
}

static const struct actor_type speaker_type = {"speaker", sizeof(struct actor), on_speak, NULL};

static struct actor_ref speaker_says(struct bare *b, uint32_t lines)
{
    return bare_spawn(b, 0, &speaker_type, msg_resume_new((struct msg_resume){.n = lines}));
}

static void actor_speaks_through_the_writer(void)
{
    struct bare b;
    char want[64];
    bare_create(&b, 1);
    struct actor_ref speaker = speaker_says(&b, 3);
    bare_run(&b);
    CHECK_UINT(b.log_lines, 3);
    snprintf(want, sizeof want, " I speaker/0.%u says i=2\n", (unsigned)ref_slot(speaker));
    CHECK(strstr(b.log_last, want) != NULL);
    CHECK_UINT(atomic_load(&b.r.log_under_way), 0);
    bare_destroy(&b);
}

static void blocked_reader_loses_lines_and_is_told(void)
{
    struct bare b;
    bare_create(&b, 1);
    b.log_blocked = true;
    speaker_says(&b, LOG_LINES_MAX + 7);
    bare_run(&b);
    CHECK_UINT(b.log_lines, 0);
    CHECK_UINT(b.r.workers[0]->counters.log_dropped, 7);
    b.log_blocked = false;
    bare_advance(&b, 1000000);
    bare_run(&b);
    CHECK_UINT(b.log_lines, LOG_LINES_MAX + 1);
    CHECK(strstr(b.log_last, "W log the log was not read in time") != NULL);
    CHECK(strstr(b.log_last, "lines=7\n") != NULL);
    speaker_says(&b, 1); /* and goes on as before */
    bare_run(&b);
    CHECK_UINT(b.log_lines, LOG_LINES_MAX + 2);
    bare_destroy(&b);
}

/* The last chance to tell it is the end. */
static void lost_lines_are_told_at_the_end(void)
{
    struct bare b;
    bare_create(&b, 1);
    b.log_blocked = true;
    speaker_says(&b, LOG_LINES_MAX + 7);
    bare_run(&b);
    b.log_blocked = false;
    bare_destroy(&b);
    CHECK_UINT(b.log_lines, LOG_LINES_MAX + 1);
    CHECK(strstr(b.log_last, "lines=7\n") != NULL);
}

/* ---- hostile words ---- */

static const char *hostile; /* what the peer said */

static void on_quote(struct actor *self, struct message *m)
{
    (void)m;
    actor_log(self, LOG_WARN, hostile,
              "text=\"%.*s\" n=%u kind=%s all=\"%s\" x=%02x z=%zu l=%" PRIu64, (int)strlen(hostile),
              hostile, 7u, hostile, hostile, 10u, (size_t)11, UINT64_MAX);
}

static const struct actor_type quoter_type = {"quoter", sizeof(struct actor), on_quote, NULL};

/* The line that comes of it. */
static const char *said(struct bare *b, enum log_format format, const char *text)
{
    hostile = text;
    log_settings.format = format;
    b->log_last[0] = '\0';
    bare_spawn(b, 0, &quoter_type, msg_stop_new((struct msg_stop){0}));
    bare_run(b);
    log_settings.format = LOG_TEXT;
    return b->log_last;
}

/* Strict JSON (RFC 8259), as far as lines go: an object of strings, whose names are written down. */
static const char *json_string(const char *at)
{
    if (*at++ != '"')
        return NULL;
    for (; *at != '"'; at++) {
        if ((unsigned char)*at < 0x20)
            return NULL;
        if (*at == '\\' && (!*++at || !strchr("\"\\/bfnrtu", *at)))
            return NULL;
        if (at[-1] == '\\' && *at == 'u' && strspn(at + 1, "0123456789abcdef") < 4)
            return NULL;
    }
    return at + 1;
}

static bool json_line(const char *at, char *names, size_t room)
{
    size_t used = 0;
    do {
        const char *name = ++at; /* behind { or , */
        if (!(at = json_string(at)) || *at != ':')
            return false;
        used +=
            (size_t)snprintf(names + used, room - used, "%.*s ", (int)(at - name - 2), name + 1);
    } while ((at = json_string(at + 1)) && *at == ',');
    return at && strcmp(at, "}\n") == 0;
}

static const char *const words[] = {
    "",
    "plain",
    "a \" level=error b=\"c",
    "a\x1f"
    "level=error\x1ftime=now",
    "\\",
    "\\\" level=error",
    "a\n{\"level\":\"error\"}\n",
    "\xff\xfe\x80 \xc3",
    "\xc2\x9b"
    "2J\x1b[2J",
    "=",
    "%s%n%5000d",
};

static void hostile_words_stay_where_they_are(void)
{
    struct bare b;
    char names[512];
    bare_create(&b, 1);
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
        const char *line = said(&b, LOG_JSON, words[i]);
        CHECK(line[0] == '{' && json_line(line, names, sizeof names));
        CHECK_STR(names, "time level actor message text n kind all x z l ");
        CHECK(strstr(line, "\"level\":\"warn\"") != NULL);
        CHECK(strstr(line, "\"n\":\"7\"") != NULL);
        CHECK(strstr(line, "\"x\":\"0a\",\"z\":\"11\",\"l\":\"18446744073709551615\"}\n") != NULL);
        line = said(&b, LOG_TEXT, words[i]);
        CHECK(strchr(line, '\n') == line + strlen(line) - 1);
        CHECK(strstr(line, " n=7 ") != NULL && strchr(line, '\x1b') == NULL);
    }
    said(&b, LOG_JSON, words[2]);
    CHECK(strstr(b.log_last, "\"text\":\"a \\\" level=error b=\\\"c\",\"n\"") != NULL);
    CHECK(strstr(b.log_last, "\"kind\":\"a___level=error_b=_c\"") != NULL);
    said(&b, LOG_JSON, words[3]);
    CHECK(strstr(b.log_last, "\"message\":\"a\\\\x1flevel=error\\\\x1ftime=now\"") != NULL);
    bare_destroy(&b);
}

/* However long they are: the record is cut, and a line of JSON is whole all the same. */
static void long_words_are_cut(void)
{
    char text[1300], names[512], record[LOG_TEXT_MAX], line[LOG_TEXT_MAX * 6 + 200];
    for (unsigned i = 1; i < 256; i++) {
        memset(text, (int)i, sizeof text - 1);
        text[sizeof text - 1 - i] = '\0';
        size_t n = log_record(record, sizeof record, "a/0.1", text);
        CHECK_UINT(n, sizeof record);
        n = log_render(line, sizeof line, LOG_JSON, LOG_INFO, wall_us, record, n);
        line[n] = '\0';
        CHECK(json_line(line, names, sizeof names));
        for (size_t at = 0; at < n; at++)
            CHECK((unsigned char)line[at] < 0x80); /* none of these is UTF-8, repeated */
    }
}

static void unexpected_message_is_counted(void)
{
    struct bare b;
    bare_create(&b, 1);
    bare_send(&b, b.r.blocking, msg_stop_new((struct msg_stop){0}));
    bare_run(&b);
    CHECK_UINT(b.r.workers[1]->counters.unexpected, 1);
    bare_destroy(&b);
}

CU_TestInfo log_tests[] = {
    {"a text line has time, level, speaker, sentence and fields", text_line_has_its_form},
    {"a JSON line has a member for each field", json_line_has_its_form},
    {"control bytes are escaped in both formats", control_bytes_are_escaped},
    {"fields without a value, or that break off, are kept", odd_fields_are_kept},
    {"bytes that are no text are escaped", bytes_that_are_no_text_are_escaped},
    {"a JSON line that is too long is cut and stays an object", json_line_is_cut_and_stays_whole},
    {"a line that is too long is cut and ends all the same", line_is_cut_and_still_ends},
    {"levels are read by their names", levels_are_read_by_name},
    {"what an actor says is written by the log's writer", actor_speaks_through_the_writer},
    {"a reader that takes nothing loses lines and is told", blocked_reader_loses_lines_and_is_told},
    {"lines that were lost are told at the end", lost_lines_are_told_at_the_end},
    {"hostile words begin and end no field", hostile_words_stay_where_they_are},
    {"words that are too long are cut", long_words_are_cut},
    {"a message that nobody expected is counted", unexpected_message_is_counted},
    CU_TEST_INFO_NULL,
};
