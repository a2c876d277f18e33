/* tests/recorded_world.c -- see recorded_world.h */
#include "tests/recorded_world.h"
#include <stdlib.h>

void recorded_begin(struct recorded_world *r)
{
    *r = (struct recorded_world){0};
    world_create(&r->w, 0);
    r->w.recording = recording_new();
    world_begin(&r->w);
}

struct sim_peer *recorded_app(struct recorded_world *r)
{
    struct sim_peer *new = world_app(&r->w);
    r->app = new ? new : r->app;
    REQUIRE(r->app != NULL);
    return r->app;
}

void recorded_get(struct recorded_world *r, uint64_t id, const char *path)
{
    agent_get(&r->w, id, path);
    app_say(&r->w, recorded_app(r), OK_2);
    agent_close(&r->w, id);
}

static bool is_peer(const struct trace_record *r)
{
    return r->type && (!strcmp(r->type, "link_connection") || !strcmp(r->type, "local_connection"));
}

/* As --trace-bodies does; what an actor wrote stays whole. */
static void cut(const struct recorded_world *w, struct trace_record *r)
{
    for (unsigned i = 0; r->what == TRACE_CALL && i < r->kind->span_count; i++)
        if (r->spans[i].length > w->bodies_max)
            r->spans[i].kept = w->bodies_max;
}

static void gather(struct recorded_world *r)
{
    struct trace_record record;
    enum trace_got got;
    unsigned at = 0;
    r->reader = trace_reader_new();
    r->streams = trace_streams_new();
    trace_reader_feed(r->reader, r->trace.bytes, r->trace.length);
    trace_reader_end(r->reader);
    while ((got = trace_reader_next(r->reader, &record)) != TRACE_MORE) {
        CHECK(got != TRACE_BAD);
        if (got != TRACE_RECORD)
            continue;
        if (r->bodies_max)
            cut(r, &record);
        if (is_peer(&record) && r->skip_one && at++ == r->skip_at)
            continue;
        trace_streams_take(r->streams, r->reader, &record);
    }
}

void recorded_end(struct recorded_world *r)
{
    const struct trace_out *trace = recording_trace(r->w.recording);
    r->trace.bytes = malloc(trace->length);
    REQUIRE(r->trace.bytes != NULL);
    memcpy(r->trace.bytes, trace->bytes, trace->length);
    r->trace.length = trace->length;
    world_end(&r->w);
    gather(r);
}

void recorded_free(struct recorded_world *r)
{
    trace_streams_free(r->streams);
    trace_reader_free(r->reader);
    free(r->trace.bytes);
}

const struct trace_stream *recorded_stream(const struct recorded_world *r, enum stream_kind kind,
                                           unsigned n)
{
    for (const struct trace_stream *s = trace_streams_first(r->streams); s; s = s->next)
        if (s->kind == kind && n-- == 0)
            return s;
    return NULL;
}
