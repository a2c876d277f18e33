/* messages/trace_order.c -- see trace_order.h */
#include "messages/trace_order.h"
#include "messages/trace_grow.h"

/* A turn's place when they are sorted by one of the times. */
struct place {
    uint64_t at;
    unsigned turn;
};

static int by_time(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->turn < y->turn ? -1 : x->turn > y->turn;
}

static void *array_of(unsigned count, size_t size)
{
    void *array = calloc(count ? count : 1, size);
    if (!array)
        heap_exhausted("the order of a trace", count * size);
    return array;
}

static struct place *sorted(const struct trace_turn *turns, unsigned count, bool by_end)
{
    struct place *places = array_of(count, sizeof *places);
    for (unsigned i = 0; i < count; i++)
        places[i] = (struct place){by_end ? turns[i].ended : turns[i].began, i};
    qsort(places, count, sizeof *places, by_time);
    return places;
}

/* How many places lie before this time. */
static unsigned places_before(const struct place *places, unsigned count, uint64_t at)
{
    unsigned low = 0, high = count;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (places[middle].at < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- the gate ---- */

struct trace_gate {
    unsigned count, done; /* of the places by end, the first `done` have ended */
    unsigned *needed;     /* by turn: so many of them must have */
    unsigned *place;      /* by turn: where it stands among the ends */
    bool *ended;          /* by place */
};

struct trace_gate *trace_gate_new(const struct trace_turn *turns, unsigned count)
{
    struct trace_gate *g = array_of(1, sizeof *g);
    struct place *ends = sorted(turns, count, true);
    g->count = count;
    g->needed = array_of(count, sizeof *g->needed);
    g->place = array_of(count, sizeof *g->place);
    g->ended = array_of(count, sizeof *g->ended);
    for (unsigned i = 0; i < count; i++) {
        g->needed[i] = places_before(ends, count, turns[i].began);
        g->place[ends[i].turn] = i;
    }
    free(ends);
    return g;
}

void trace_gate_free(struct trace_gate *g)
{
    if (!g)
        return;
    free(g->needed);
    free(g->place);
    free(g->ended);
    free(g);
}

bool trace_gate_is_open(const struct trace_gate *g, unsigned turn)
{
    return g->done >= g->needed[turn];
}

void trace_gate_ended(struct trace_gate *g, unsigned turn)
{
    g->ended[g->place[turn]] = true;
    while (g->done < g->count && g->ended[g->done])
        g->done++;
}

/* ---- judging ---- */

/* Of the places up to each one: which turn has the greatest live time. */
static unsigned *latest_of(const struct trace_turn *turns, const struct place *places,
                           unsigned count, bool by_end)
{
    unsigned *latest = array_of(count, sizeof *latest);
    uint64_t most = 0;
    for (unsigned i = 0; i < count; i++) {
        const struct trace_turn *t = &turns[places[i].turn];
        uint64_t live = by_end ? t->live_ended : t->live_began;
        latest[i] = i && live <= most ? latest[i - 1] : places[i].turn;
        most = live > most ? live : most;
    }
    return latest;
}

void trace_order_judge(const struct trace_turn *turns, unsigned count, struct trace_order *out)
{
    struct place *ends = sorted(turns, count, true), *begins = sorted(turns, count, false);
    unsigned *last_end = latest_of(turns, ends, count, true);
    unsigned *last_begin = latest_of(turns, begins, count, false);
    for (unsigned i = 0; i < count; i++) {
        const struct trace_turn *t = &turns[i];
        unsigned ended = places_before(ends, count, t->began);
        unsigned begun = places_before(begins, count, t->began);
        out[i] = (struct trace_order){TURNED_RIGHT, i};
        if (!t->live_began)
            continue;
        if (ended && turns[last_end[ended - 1]].live_ended > t->live_began)
            out[i] = (struct trace_order){TURNED_REORDERED, last_end[ended - 1]};
        else if (begun && turns[last_begin[begun - 1]].live_began > t->live_began)
            out[i] = (struct trace_order){TURNED_OVERTAKEN, last_begin[begun - 1]};
    }
    free(ends);
    free(begins);
    free(last_end);
    free(last_begin);
}
