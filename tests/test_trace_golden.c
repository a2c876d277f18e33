/* tests/test_trace_golden.c -- the golden traces of the reference exchanges replay; and are made here.
 *
 * With GOLDEN_DIR in the environment the traces of now are written there (make golden compares them with the
 * golden ones, make golden-update makes them golden).
 */
#include "messages/kinds.h"
#include "tests/recording.h"
#include "tests/scenes.h"
#include <stdio.h>
#include <stdlib.h>

static const struct scene *played;
static unsigned written;

static void write_trace(const struct trace_out *trace)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.trace", getenv("GOLDEN_DIR"), played->name);
    FILE *f = fopen(path, "w");
    REQUIRE(f != NULL);
    written += fwrite(trace->bytes, 1, trace->length, f) == trace->length;
    CHECK_UINT(fclose(f), 0);
}

static void are_played(void)
{
    unsigned count = 0;
    written = 0;
    for (played = scenes; played->name; played++, count++)
        scene_record(played, getenv("GOLDEN_DIR") ? write_trace : NULL);
    CHECK_UINT(count, 14);
    CHECK_UINT(written, getenv("GOLDEN_DIR") ? count : 0);
}

static uint8_t *read_file(const char *path, size_t *length)
{
    static uint8_t bytes[1 << 20];
    FILE *f = fopen(path, "r");
    *length = f ? fread(bytes, 1, sizeof bytes, f) : 0;
    if (f)
        fclose(f);
    return bytes;
}

/* Their settings are those of a world of the same scene. */
static void replay_golden(const struct trace_out *trace)
{
    char path[4096], report[4000] = "";
    size_t length;
    (void)trace;
    snprintf(path, sizeof path, "tests/data/traces/%s.trace", played->name);
    const uint8_t *bytes = read_file(path, &length);
    CHECK(length > 1000);
    CHECK_UINT(replay_bytes(bytes, length, report, sizeof report), 0);
    CHECK_STR(report, "");
}

static void golden_ones_replay(void)
{
    for (played = scenes; played->name; played++)
        scene_record(played, replay_golden);
}

CU_TestInfo trace_golden_tests[] = {
    {"the reference exchanges are played", are_played},
    {"the golden traces of the reference exchanges replay", golden_ones_replay},
    CU_TEST_INFO_NULL,
};
