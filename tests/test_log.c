/* tests/test_log.c -- lines of the log: their form, what is escaped, what is dropped. */
#include "runtime/log.h"
#include "tests/bare.h"
#include "tests/check.h"

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
    {"a JSON line that is too long is cut and stays an object", json_line_is_cut_and_stays_whole},
    {"a line that is too long is cut and ends all the same", line_is_cut_and_still_ends},
    {"levels are read by their names", levels_are_read_by_name},
    {"what an actor says is written by the log's writer", actor_speaks_through_the_writer},
    {"a reader that takes nothing loses lines and is told", blocked_reader_loses_lines_and_is_told},
    {"a message that nobody expected is counted", unexpected_message_is_counted},
    CU_TEST_INFO_NULL,
};
