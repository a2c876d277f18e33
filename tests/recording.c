/* tests/recording.c -- see recording.h */
#include "tests/recording.h"
#include "actors/actor_types.h"
#include "actors/heard_bounds.h"
#include "actors/settings_text.h"
#include "actors/tap.h"
#include "actors/tap_link.h"
#include "actors/tap_output.h"
#include "messages/trace_message.h"
#include "tests/toys.h"
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS = 4, TYPES_MAX = 64 };
#define WALL_US UINT64_C(1767225600000000) /* always the same: 2026-01-01 */

struct recording {
    struct recorder *recorder;
    struct trace_encoder *encoder;
    struct trace_out begin, out; /* the trace, in two pieces, until it is asked for */
    pthread_mutex_t draining;
    uint64_t actors, inputs;
};

static const struct actor_type *types[TYPES_MAX];

static unsigned type_count(void)
{
    unsigned n = 0;
    while (types[n])
        n++;
    return n;
}

void recording_watch(const struct actor_type *type)
{
    unsigned n = type_count();
    for (unsigned i = 0; i < n; i++)
        if (types[i] == type)
            return;
    if (n + 1 >= TYPES_MAX)
        abort();
    types[n] = type;
}

static void watch_usual(void)
{
    static const struct actor_type *const usual[] = {
        &tap_type,        &tap_link_type,   &tap_output_type, &toy_pinger_type,
        &toy_ticker_type, &toy_server_type, &toy_echo_type,   &toy_parent_type,
        &toy_child_type,  &toy_client_type, &toy_asker_type,  NULL};
    for (const struct actor_type *const *t = actor_types; *t; t++)
        recording_watch(*t);
    for (const struct actor_type *const *t = usual; *t; t++)
        recording_watch(*t);
}

const struct actor_type *recording_type(const char *name)
{
    for (const struct actor_type **t = types; *t; t++)
        if (strcmp((*t)->name, name) == 0)
            return *t;
    return NULL;
}

/* Each reading is later than those before it, whichever thread asks: an order of all, as causes have it. */
static uint64_t count_up(void)
{
    static atomic_uint_fast64_t now;
    return atomic_fetch_add(&now, 1) + 1;
}

static void drain(struct recording *r, uint64_t before)
{
    const struct recorded *h;
    pthread_mutex_lock(&r->draining);
    while ((h = recorder_next(r->recorder, before))) {
        const struct entry *e = h->entry;
        r->inputs += e->what == ENTRY_CALL;
        r->actors += e->what == ENTRY_CALL && e->number == 1;
        trace_encode_entry(r->encoder, &r->out, h);
        recorder_took(r->recorder, h);
    }
    recorder_waits(r->recorder, READER_NAPS);
    pthread_mutex_unlock(&r->draining);
}

/* The workers go on meanwhile: what they do from now on comes later, or an effect would come before its cause. */
static void on_half_full(void *context)
{
    drain(context, count_up());
}

struct recording *recording_new(void)
{
    struct recording *r = calloc(1, sizeof *r);
    int error;
    watch_usual();
    pthread_mutex_init(&r->draining, NULL);
    r->recorder = recorder_new(&(struct recorder_options){.types = types,
                                                          .workers = WORKERS,
                                                          .bodies_max = UINT32_MAX,
                                                          .ticks = count_up,
                                                          .wake = on_half_full,
                                                          .context = r},
                               &error);
    static const struct trace_setting none[1];
    r->encoder = trace_encoder_new(&(struct trace_about){0}, types, none);
    recorder_waits(r->recorder, READER_NAPS);
    return r;
}

void recording_free(struct recording *r)
{
    recorder_free(r->recorder);
    trace_encoder_free(r->encoder);
    pthread_mutex_destroy(&r->draining);
    free(r->begin.bytes);
    free(r->out.bytes);
    free(r);
}

const struct hooks *recording_hooks(struct recording *r)
{
    return recorder_hooks(r->recorder);
}

/* The settings are those of now: before the run they may not be known yet. */
static void begin_trace(struct recording *r)
{
    struct trace_about about = {.wall_us = WALL_US,
                                .workers = WORKERS,
                                .bodies_max = UINT32_MAX,
                                .program = settings ? "intproxyd" : "intproxy-agent",
                                .build = INTPROXYD_VERSION,
                                .options = "",
                                .protocol = "",
                                .system = ""};
    struct trace_setting *texts = settings_texts(settings, settings ? NULL : agent_settings);
    struct trace_encoder *e = trace_encoder_new(&about, types, texts);
    r->begin.length = 0;
    trace_encode_beginning(e, &r->begin, 0, "a test");
    trace_encoder_free(e);
    settings_texts_free(texts);
}

const struct trace_out *recording_trace(struct recording *r)
{
    drain(r, UINT64_MAX);
    begin_trace(r);
    if (r->out.length)
        memcpy(trace_out_room(&r->begin, r->out.length), r->out.bytes, r->out.length);
    r->begin.length += r->out.length;
    return &r->begin;
}

uint64_t recording_actors(struct recording *r)
{
    drain(r, UINT64_MAX);
    return r->actors;
}

uint64_t recording_inputs(struct recording *r)
{
    drain(r, UINT64_MAX);
    return r->inputs;
}

uint64_t recording_lost(struct recording *r)
{
    uint64_t lost = 0;
    for (unsigned i = 0; i < WORKERS; i++)
        lost += recorder_lost(r->recorder, i);
    return lost;
}

/* ---- replay ---- */

struct pass {
    struct trace_reader *reader;
    struct replay *replay;
    struct trace_call call;
    char *report;
    size_t room;
};

static void say(struct pass *p)
{
    const struct replay_difference *d = replay_difference(p->replay);
    snprintf(p->report, p->room,
             "%s/%u.%" PRIu32 " (generation %" PRIu32 ") diverged at message %" PRIu32
             ": %s\n  expected  %s\n  came      %s\n",
             d->type ? d->type->name : "?", ref_worker(d->actor), ref_slot(d->actor),
             d->actor.generation, d->number, d->what, d->expected, d->came);
}

uint64_t replay_bytes(const uint8_t *bytes, size_t length, char *report, size_t room)
{
    struct pass p = {
        .reader = trace_reader_new(), .replay = replay_new(), .report = report, .room = room};
    struct trace_record r;
    enum trace_got got;
    uint64_t bad = 0;
    if (room)
        report[0] = '\0';
    replay_complete(p.replay);
    replay_set_bounds(p.replay, heard_within_bounds);
    trace_reader_feed(p.reader, bytes, length);
    while ((got = trace_reader_next(p.reader, &r)) != TRACE_MORE) {
        if (got == TRACE_BAD && !bad++)
            snprintf(report, room, "%s", trace_reader_error(p.reader));
        if (got == TRACE_RECORD &&
            trace_replay_record(p.replay, &p.call, p.reader, &r, recording_type) ==
                REPLAY_DIFFERS &&
            !bad++)
            say(&p);
    }
    replay_finish(p.replay);
    uint64_t left_out = replay_counts(p.replay)->left_out;
    if (left_out && !bad && ++bad)
        snprintf(report, room, "%" PRIu64 " calls were left out", left_out);
    uint64_t leaked = replay_free(p.replay);
    if (leaked && !bad && ++bad)
        snprintf(report, room, "%" PRIu64 " objects are kept by actors after their end", leaked);
    trace_reader_free(p.reader);
    trace_call_free(&p.call);
    return bad;
}

uint64_t replay_all(struct recording *r, char *report, size_t room)
{
    const struct trace_out *trace = recording_trace(r);
    return replay_bytes(trace->bytes, trace->length, report, room);
}
