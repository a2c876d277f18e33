/* tests/test_trace_sweep.c -- one changed bit in any recorded input is found by the replay; and no value crashes it.
 *
 * A trace is read, one bit of one field of one message is changed, and it is written again, with checksums that
 * fit: so what finds the change is the replay alone. What it cannot find stands below, with the reason.
 *
 * Then fields get the values that code breaks on, and the sender's first message is left out of the trace, so that
 * nothing of the sender is there to be compared with: whatever comes of it, the replay goes on to the end.
 */
#include "messages/trace_copy.h"
#include "messages/trace_message.h"
#include "tests/check.h"
#include "tests/recording.h"
#include "tests/scenes.h"
#include <inttypes.h>
#include <stdlib.h>

/* How many bytes of a socket have not left is known to nobody else; and every signal is an end. */
static const char *const unseen[] = {"SOCKET_DRAINED.unsent", "SOCKET_FAILED.unsent",
                                     "SIGNAL.number"};

/* Of a request's metadata (addresses, TLS) the proxy reads some, and walks over the rest: a change there leads
 * to nothing. And an event may be of an exchange that its actor was at work on before. Both are few. */
static bool is_seldom_unseen(const char *name)
{
    const char *field = strchr(name, '.');
    bool event = strncmp(name, "SOCKET_", 7) == 0 || strncmp(name, "TIMER.", 6) == 0;
    return strcmp(name, "SOCKET_DATA.bytes") == 0 || (event && strcmp(field, ".exchange") == 0);
}

enum forgery { ONE_BIT, ALL_ZERO, ALL_ONES, FORGERIES };

enum field_of_all { F_FROM, F_TO, F_FLAGS, F_EXCHANGE, F_ACTOR_EXCHANGE, F_NUMBER, F_OF_ALL };

static uint64_t state = 88172645463325252u;
static uint32_t chance(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 32) * below >> 32);
}

struct change {
    uint64_t sequence;
    unsigned field; /* of the kind; then those of all */
    enum forgery how;
    struct actor_ref unborn; /* the beginning of this one is left out; NOBODY: of none */
    char name[100];
    bool done;
};

static unsigned bits_of(uint8_t type)
{
    switch (type) {
    case FIELD_u8: return 8;
    case FIELD_u16: return 16;
    case FIELD_u32:
    case FIELD_i32: return 32;
    case FIELD_flag: return 1;
    default: return 64;
    }
}

static void change_of_all(struct trace_record *r, enum field_of_all which)
{
    switch (which) {
    case F_FROM: r->from.place ^= 1u << chance(3); break;
    case F_TO: r->to.place ^= 1u << chance(3); break;
    case F_FLAGS: r->flags ^= (uint16_t)(1u << chance(16)); break;
    case F_EXCHANGE: r->exchange ^= 1u << chance(32); break;
    case F_ACTOR_EXCHANGE: r->actor_exchange ^= 1u << chance(32); break;
    default: r->number ^= 1u << chance(8); break;
    }
}

/* The reason phrase of a status line: the protocol has no place for it, so nobody hears it. */
static bool is_reason(const struct trace_bytes *s, uint32_t at)
{
    const uint8_t *end = memchr(s->bytes, '\r', s->length);
    return s->length > 13 && memcmp(s->bytes, "HTTP/1.1 ", 9) == 0 && at >= 12 && end &&
           s->bytes + at < end;
}

/* An empty span, or one that says to have all the bytes that there can be. */
static void forge_span(struct change *c, struct trace_bytes *s)
{
    c->done = c->how == ALL_ONES || s->length;
    s->kept = 0;
    s->length = c->how == ALL_ONES ? UINT32_MAX : 0;
}

static void forge(struct change *c, struct trace_record *r)
{
    const struct trace_field *f = &r->kind->fields[c->field];
    if (f->type == FIELD_span) {
        forge_span(c, &r->spans[f->span]);
        return;
    }
    uint64_t value = c->how == ALL_ZERO ? 0 : UINT64_MAX >> (64 - bits_of(f->type));
    c->done = r->values[c->field] != value;
    r->values[c->field] = value;
}

/* Changes what `c` says of this record, whose bytes are the reader's. */
static void change(struct change *c, struct trace_record *r)
{
    static const char *const names[] = {"from",           "to",    "flags", "exchange",
                                        "actor_exchange", "number"};
    unsigned of_kind = r->kind->field_count;
    if (c->field >= of_kind) {
        snprintf(c->name, sizeof c->name, "%s.%s", r->kind->name, names[c->field - of_kind]);
        change_of_all(r, (enum field_of_all)(c->field - of_kind));
        c->done = true;
        return;
    }
    const struct trace_field *f = &r->kind->fields[c->field];
    snprintf(c->name, sizeof c->name, "%s.%s", r->kind->name, f->name);
    if (c->how != ONE_BIT) {
        forge(c, r);
        return;
    }
    if (f->type != FIELD_span) {
        r->values[c->field] ^= UINT64_C(1) << chance(bits_of(f->type));
        c->done = true;
        return;
    }
    struct trace_bytes *s = &r->spans[f->span];
    uint32_t at = s->length ? chance(s->length) : 0;
    if (s->length == 0 || is_reason(s, at))
        return;
    ((uint8_t *)(uintptr_t)s->bytes)[at] ^= (uint8_t)(1u << chance(8));
    c->done = true;
}

static bool is_left_out(const struct change *c, const struct trace_record *r)
{
    return !ref_is_nobody(c->unborn) && r->what == TRACE_CALL && r->number == 1 &&
           ref_equal(r->to, c->unborn);
}

/* The trace with the change, in `out`. */
static void write_changed(const struct trace_out *trace, struct change *c, struct trace_out *out)
{
    struct trace_reader *reader = trace_reader_new();
    struct trace_copier *copier = trace_copier_new();
    struct trace_record r;
    enum trace_got got;
    bool begun = false;
    out->length = 0;
    trace_reader_feed(reader, trace->bytes, trace->length);
    while ((got = trace_reader_next(reader, &r)) != TRACE_MORE) {
        if (got != TRACE_RECORD)
            continue;
        if (!begun)
            trace_copy_beginning(copier, out, reader, NULL, NULL);
        begun = true;
        if (r.sequence == c->sequence && r.what == TRACE_CALL)
            change(c, &r);
        if (!is_left_out(c, &r))
            trace_copy_record(copier, out, reader, &r);
    }
    trace_copier_free(copier);
    trace_reader_free(reader);
}

static bool is_among(const char *name, const char *const *list, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(list[i], name) == 0)
            return true;
    return false;
}

struct sweep {
    unsigned tried, seldom_tried, seldom_unseen;
};

static void sweep_record(const struct trace_out *trace, uint64_t sequence, unsigned fields,
                         struct sweep *s)
{
    static struct trace_out changed;
    static char report[8000];
    for (unsigned f = 0; f < fields + F_OF_ALL; f++) {
        struct change c = {.sequence = sequence, .field = f};
        write_changed(trace, &c, &changed);
        if (!c.done)
            continue;
        bool found = replay_bytes(changed.bytes, changed.length, report, sizeof report) != 0;
        bool seldom = is_seldom_unseen(c.name);
        s->tried++;
        s->seldom_tried += seldom;
        s->seldom_unseen += seldom && !found;
        bool good = found || seldom || is_among(c.name, unseen, 3);
        if (!good)
            printf("\n    not found: record %" PRIu64 ", %s\n", sequence, c.name);
        CHECK(good);
    }
}

static struct sweep all;

static void sweep_trace(const struct trace_out *trace)
{
    struct trace_reader *reader = trace_reader_new();
    struct trace_record r;
    enum trace_got got;
    trace_reader_feed(reader, trace->bytes, trace->length);
    while ((got = trace_reader_next(reader, &r)) != TRACE_MORE)
        if (got == TRACE_RECORD && r.what == TRACE_CALL)
            sweep_record(trace, r.sequence, r.kind->field_count, &all);
    trace_reader_free(reader);
}

static void every_input(void)
{
    state ^= test_seed; /* other bits each time */
    for (const struct scene *s = scenes; s->name; s++)
        scene_record(s, sweep_trace);
    CHECK(all.tried > 3000);
    CHECK(all.seldom_unseen * 8 < all.seldom_tried);
}

/* ---- values that code breaks on ---- */

static unsigned forged;

static void forge_record(const struct trace_out *trace, const struct trace_record *r)
{
    static struct trace_out changed;
    static char report[8000];
    for (unsigned i = 0; i < r->kind->field_count * (FORGERIES - 1u); i++) {
        struct change c = {.sequence = r->sequence,
                           .field = i / (FORGERIES - 1),
                           .how = ALL_ZERO + i % (FORGERIES - 1),
                           .unborn = r->from};
        write_changed(trace, &c, &changed);
        if (!c.done)
            continue;
        forged++;
        (void)replay_bytes(changed.bytes, changed.length, report, sizeof report);
    }
}

static void forge_trace(const struct trace_out *trace)
{
    struct trace_reader *reader = trace_reader_new();
    struct trace_record r;
    enum trace_got got;
    trace_reader_feed(reader, trace->bytes, trace->length);
    while ((got = trace_reader_next(reader, &r)) != TRACE_MORE)
        if (got == TRACE_RECORD && r.what == TRACE_CALL)
            forge_record(trace, &r);
    trace_reader_free(reader);
}

static void any_value(void)
{
    for (const struct scene *s = scenes; s->name; s++)
        scene_record(s, forge_trace);
    CHECK(forged > 1000);
}

/* ---- the beginning of the file ---- */

static unsigned beginning_bytes(const struct trace_out *trace)
{
    struct trace_reader *reader = trace_reader_new();
    struct trace_record r;
    unsigned at = 0;
    trace_reader_feed(reader, trace->bytes, trace->length);
    for (enum trace_got got; !at && (got = trace_reader_next(reader, &r)) != TRACE_MORE;)
        at = got == TRACE_RECORD ? (unsigned)r.offset : 0;
    trace_reader_free(reader);
    return at;
}

enum { BEGINNING_FLIPS = 200 };

/* With sums that do not fit: the frame is not there, and the records are. */
static void flip_beginning(const struct trace_out *trace)
{
    static uint8_t bytes[1 << 20];
    static char report[8000];
    unsigned length = beginning_bytes(trace);
    REQUIRE(trace->length <= sizeof bytes);
    for (unsigned i = 0; i < BEGINNING_FLIPS; i++) {
        memcpy(bytes, trace->bytes, trace->length);
        bytes[chance(length)] ^= (uint8_t)(1u << chance(8));
        CHECK(replay_bytes(bytes, trace->length, report, sizeof report) != 0);
    }
}

static void any_beginning(void)
{
    state ^= test_seed;
    scene_record(scenes, flip_beginning);
}

CU_TestInfo trace_sweep_tests[] = {
    {"a changed bit in any input of the reference exchanges is found", every_input},
    {"any value in any field, of an actor that is not known: no crash", any_value},
    {"a changed bit in the beginning of a trace is found", any_beginning},
    CU_TEST_INFO_NULL,
};
