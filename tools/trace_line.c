/* tools/trace_line.c -- see trace_line.h; fields and effects stand in trace_phrases.c */
#include "tools/trace_line.h"
#include "messages/exchange_number.h"
#include "messages/trace_reader.h"
#include "messages/vocabulary.h"
#include "tools/trace_words.h"
#include <inttypes.h>

enum { WIDTH_ACTOR = 21, WIDTH_EXCHANGE = 7, WIDTH_KIND = 15, WIDTH_TIME = 10 };

#define DIM  "\033[2m"
#define BOLD "\033[1m"
#define RED  "\033[31m"
#define END  "\033[0m"

void trace_view_create(struct trace_view *v, const struct trace_reader *reader)
{
    v->reader = reader;
    v->actors = trace_actors_new();
}

void trace_view_destroy(struct trace_view *v)
{
    trace_actors_free(v->actors);
}

void trace_view_take(struct trace_view *v, const struct trace_record *r)
{
    if (!v->has_begun) {
        v->has_begun = true;
        v->began_ns = v->last_ns = trace_began_ns(r);
    }
    trace_actors_take(v->actors, v->reader, r);
}

uint64_t trace_view_wall(const struct trace_view *v, uint64_t ns)
{
    const struct trace_about *a = trace_reader_about(v->reader);
    return a ? a->wall_us + (uint64_t)((int64_t)(ns - a->clock_ns) / 1000) : 0;
}

/* ---- columns --------------------------------------------------------------------------------- */

static void paint(const struct trace_view *v, struct trace_text *t, const char *colour)
{
    if (v->colour)
        trace_text_word(t, colour);
}

static void put_time(struct trace_view *v, struct trace_text *t, const struct trace_record *r)
{
    uint64_t ns = trace_began_ns(r);
    size_t from;
    struct trace_text number = {0};
    paint(v, t, DIM);
    if (v->times == TRACE_TIME_WALL) {
        trace_text_wall(t, trace_view_wall(v, ns));
    } else {
        if (v->times == TRACE_TIME_DELTA) {
            trace_text_char(&number, ns < v->last_ns ? '-' : '+');
            trace_text_seconds(&number, ns < v->last_ns ? v->last_ns - ns : ns - v->last_ns);
        } else {
            trace_text_seconds(&number, trace_view_since(v, ns));
        }
        from = t->length;
        if (number.length < WIDTH_TIME)
            trace_text_pad(t, from, WIDTH_TIME - number.length);
        trace_text_bytes(t, number.at, number.length);
        trace_text_free(&number);
    }
    v->last_ns = ns;
    paint(v, t, END);
    trace_text_char(t, ' ');
}

static void put_actor(const struct trace_view *v, struct trace_text *t, struct actor_ref who,
                      const char *nobody)
{
    char text[TRACE_ACTOR_TEXT_MAX];
    trace_text_word(t, ref_is_nobody(who) ? nobody : trace_actor_text(v->actors, who, text));
}

static bool ids_of_message(struct trace_text *t, const struct trace_record *r)
{
    uint64_t connection, mode, request;
    if (!trace_value(r, "connection", &connection) || !trace_value(r, "mode", &mode))
        return false;
    trace_text_word(t, mode == MODE_MIRROR ? "mirror " : "");
    trace_text_number(t, connection);
    if (trace_value(r, "request", &request))
        trace_text_format(t, "/%" PRIu64, request);
    return true;
}

bool trace_line_has_ids(const struct trace_record *r, const struct trace_exchange *x)
{
    uint64_t n;
    return (x && x->has_ids) || (trace_value(r, "connection", &n) && trace_value(r, "mode", &n));
}

bool trace_line_exchange(struct trace_text *t, const struct trace_record *r,
                         const struct trace_exchange *x)
{
    char text[EXCHANGE_TEXT_MAX];
    uint32_t number = trace_record_exchange(r);
    if (x && x->has_ids) {
        trace_text_word(t, x->mode == MODE_MIRROR ? "mirror " : "");
        trace_text_number(t, x->connection);
        if (!x->raw)
            trace_text_format(t, "/%u", x->request);
        return true;
    }
    if (ids_of_message(t, r))
        return true;
    if (number)
        trace_text_format(t, "#%s", exchange_number_print(number, text));
    return number;
}

static void put_exchange(const struct trace_view *v, struct trace_text *t,
                         const struct trace_record *r, const struct trace_exchange *x)
{
    static const char *const colours[] = {"\033[36m", "\033[32m", "\033[33m",
                                          "\033[35m", "\033[34m", "\033[91m"};
    uint32_t number = trace_record_exchange(r);
    if (number)
        paint(v, t, colours[number % (sizeof colours / sizeof colours[0])]);
    size_t from = t->length;
    trace_text_char(t, '[');
    if (trace_line_exchange(t, r, x))
        trace_text_char(t, ']');
    else
        t->length = from;
    trace_text_pad(t, from, WIDTH_EXCHANGE);
    if (number)
        paint(v, t, END);
    trace_text_char(t, ' ');
}

static void put_who(const struct trace_view *v, struct trace_text *t, const struct trace_record *r)
{
    size_t from = t->length;
    put_actor(v, t, r->from, "runtime");
    trace_text_pad(t, from, WIDTH_ACTOR);
    trace_text_word(t, " -> ");
    from = t->length;
    put_actor(v, t, r->to, "nobody");
    trace_text_pad(t, from, WIDTH_ACTOR);
    trace_text_char(t, ' ');
}

static void put_effects(const struct trace_view *v, struct trace_text *t,
                        const struct trace_record *r)
{
    struct trace_effect e;
    size_t at = 0;
    const char *before = " | ";
    if (!v->effects || !r->effects_length)
        return;
    paint(v, t, DIM);
    for (; trace_effect_next(v->reader, r, &at, &e); before = "; ") {
        trace_text_word(t, before);
        trace_line_effect(v, t, &e);
    }
    paint(v, t, END);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static void put_bytes(struct trace_text *t, const char *name, const struct trace_bytes *b)
{
    if (!b->length)
        return;
    trace_text_word(t, "    ");
    trace_text_escaped(t, name, strlen(name));
    trace_text_format(t, ", %" PRIu32 " bytes", b->length);
    if (b->kept < b->length)
        trace_text_format(t, ", of which %" PRIu32 " were kept; XXH3 of all: %016" PRIx64, b->kept,
                          b->hash);
    trace_text_char(t, '\n');
    trace_text_dump(t, "    ", b->bytes, b->kept);
}

static void put_all_bytes(const struct trace_view *v, struct trace_text *t,
                          const struct trace_record *r)
{
    struct trace_effect e;
    size_t at = 0;
    for (unsigned i = 0; r->what == TRACE_CALL && i < r->kind->field_count; i++)
        if (r->kind->fields[i].type == FIELD_span)
            put_bytes(t, r->kind->fields[i].name, &r->spans[r->kind->fields[i].span]);
    while (v->effects && trace_effect_next(v->reader, r, &at, &e))
        if (e.has & EFFECT_HAS_BYTES)
            put_bytes(t, effect_name(e.kind), &e.bytes);
}

/* ---- lines ----------------------------------------------------------------------------------- */

static void put_kind(const struct trace_view *v, struct trace_text *t, const struct trace_record *r)
{
    paint(v, t, BOLD);
    size_t from = t->length;
    trace_text_escaped(t, r->kind->name, strlen(r->kind->name));
    trace_text_pad(t, from, WIDTH_KIND);
    paint(v, t, END);
}

static void put_message(const struct trace_view *v, struct trace_text *t,
                        const struct trace_record *r, const struct trace_exchange *x)
{
    put_who(v, t, r);
    put_exchange(v, t, r, x);
    put_kind(v, t, r);
    if (r->what == TRACE_UNDELIVERED)
        trace_text_word(t, " was not delivered: the actor had ended");
    else
        trace_line_fields(v, t, r, x);
}

static void put_end(const struct trace_view *v, struct trace_text *t, const struct trace_record *r,
                    const struct trace_exchange *x)
{
    size_t from = t->length;
    trace_text_pad(t, from, WIDTH_ACTOR + 4);
    from = t->length;
    put_actor(v, t, r->to, "nobody");
    trace_text_pad(t, from, WIDTH_ACTOR);
    trace_text_char(t, ' ');
    put_exchange(v, t, r, x);
    trace_text_word(t, "ended: ");
    trace_text_word(t, trace_stop_reason(r->flags));
}

static void put_remark(const struct trace_view *v, struct trace_text *t,
                       const struct trace_record *r)
{
    paint(v, t, RED);
    trace_text_word(t, "* ");
    if (r->what == TRACE_NOTE)
        trace_text_escaped(t, r->text, strlen(r->text));
    else
        trace_text_format(t,
                          "lagged: %" PRIu64 " calls of worker %u are missing here, the recorder "
                          "could not keep up",
                          r->lost, r->worker);
    paint(v, t, END);
}

void trace_line(struct trace_view *v, struct trace_text *t, const struct trace_record *r,
                const struct trace_exchange *x)
{
    put_time(v, t, r);
    switch (r->what) {
    case TRACE_CALL:
    case TRACE_UNDELIVERED: put_message(v, t, r, x); break;
    case TRACE_END: put_end(v, t, r, x); break;
    default: put_remark(v, t, r); break;
    }
    put_effects(v, t, r);
    while (t->length && t->at[t->length - 1] == ' ')
        t->length--;
    trace_text_char(t, '\n');
    if (v->bytes)
        put_all_bytes(v, t, r);
}
