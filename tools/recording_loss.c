/* tools/recording_loss.c -- see recording_loss.h
 *
 * A trace's own reader counts them: what a record is stands in one place.
 */
#include "tools/recording_loss.h"
#include "messages/trace_reader.h"
#include <stdlib.h>

/* What the recorder itself said is no loss. */
static uint64_t lost_with(const struct trace_record *r)
{
    return r->what == TRACE_LAGGED ? r->lost : r->what != TRACE_NOTE;
}

static void count(struct recording_loss *l, struct trace_reader *reader)
{
    struct trace_record r;
    enum trace_got got;
    while ((got = trace_reader_next(reader, &r)) != TRACE_MORE) {
        if (got != TRACE_RECORD)
            continue;
        if (l->first == UINT64_MAX)
            l->first = r.sequence;
        if (r.worker < WORKERS_MAX)
            l->lost[r.worker] += lost_with(&r);
        l->records += r.what != TRACE_LAGGED && r.what != TRACE_NOTE;
    }
}

struct recording_loss recording_loss_of(struct trace_encoder *e, const uint8_t *frames,
                                        size_t length)
{
    struct recording_loss l = {.first = UINT64_MAX};
    struct trace_reader *reader = trace_reader_new();
    struct trace_out begin = {0};
    trace_encode_beginning_of(e, &begin, UINT64_MAX, "");
    trace_reader_feed(reader, begin.bytes, begin.length);
    trace_reader_feed(reader, frames, length);
    trace_reader_end(reader);
    count(&l, reader);
    trace_reader_free(reader);
    free(begin.bytes);
    return l;
}
