/* tools/wire_canonical.c -- see wire_canonical.h */
#include "tools/wire_canonical.h"
#include "messages/wire_bytes.h"
#include <stdio.h>

static void write_again(enum wire_from from, const uint8_t *bytes, struct wire_judgement *j)
{
    static struct wire_bytes_source source;
    static struct wire_bytes_sink sink;
    struct wire_transcode t = {&wire_bytes_source, &source, &wire_bytes_sink, &sink, 0, ""};
    wire_bytes_source_begin(&source, bytes, j->consumed);
    sink.out.length = 0;
    sink.lists = 0;
    if (!wire_transcode(&t, from)) {
        j->verdict = WIRE_BAD;
        snprintf(j->why, sizeof j->why, "%.199s", t.error);
    } else if (!source.unordered) {
        j->again = &sink.out;
    }
}

struct wire_judgement wire_judge(enum wire_from from, const uint8_t *bytes, size_t length)
{
    static struct wire_decoder d;
    struct wire_judgement j = {.verdict = WIRE_MORE};
    wire_decoder_create(&d, from, version_newest(), UINT64_MAX);
    j.verdict = wire_decoder_feed(&d, bytes, length, &j.consumed);
    if (j.verdict == WIRE_MESSAGE)
        write_again(from, bytes, &j);
    else
        snprintf(j.why, sizeof j.why, "%s", d.error);
    wire_decoder_destroy(&d);
    return j;
}
