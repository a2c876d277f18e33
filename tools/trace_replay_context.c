/* tools/trace_replay_context.c -- what an actor had heard before something; see trace_replay.h */
#include "tools/output.h"
#include "tools/trace_replay.h"

enum { LINES = 8 };

/* The last lines, each in its own text; the oldest is written over. */
struct tail {
    struct trace_text lines[LINES];
    unsigned count;
};

static void print(struct tail *t)
{
    unsigned shown = t->count < LINES ? t->count : LINES;
    for (unsigned i = t->count - shown; i < t->count; i++)
        trace_text_print(&t->lines[i % LINES]);
    for (unsigned i = 0; i < LINES; i++)
        trace_text_free(&t->lines[i]);
}

void replay_context(const struct trace_files *files, struct actor_ref actor, uint64_t sequence)
{
    struct trace_input in = {.quiet = true};
    struct trace_record r;
    struct trace_view view = {.excerpt = TRACE_EXCERPT, .effects = true};
    struct trace_exchanges *exchanges = trace_exchanges_new();
    struct tail tail = {0};
    trace_input_open(&in, files->names, files->count);
    trace_view_create(&view, in.reader);
    while (trace_input_next(&in, &r) && r.sequence <= sequence) {
        const struct trace_exchange *x = trace_exchanges_take(exchanges, &r);
        trace_view_take(&view, &r);
        if (!ref_equal(r.to, actor))
            continue;
        struct trace_text *line = &tail.lines[tail.count++ % LINES];
        line->length = 0;
        trace_line(&view, line, &r, x);
    }
    output_text("  what it had heard, the last of these as it was recorded:\n");
    print(&tail);
    trace_view_destroy(&view);
    trace_exchanges_free(exchanges);
    trace_input_close(&in);
}
