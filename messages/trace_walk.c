/* messages/trace_walk.c -- see trace_walk.h */
#include "messages/trace_walk.h"

void trace_walk_begin(struct trace_walk *w, const struct trace_transaction *of,
                      enum stream_side mine, double speed, uint64_t now_us)
{
    bool waits = mine == SIDE_FAR && !of->raw && !of->early; /* for the whole request */
    *w = (struct trace_walk){.of = of, .mine = mine, .speed = speed, .before_us = now_us};
    w->before_ns = waits ? of->asked_ns : of->began_ns;
}

/* What ends a connection on which nobody waits for anything is no part of the exchange. */
static bool is_part(const struct trace_transaction *t, const struct trace_piece *p)
{
    return p->what == PIECE_END     ? t->ends[p->side]
           : p->what == PIECE_RESET ? t->resets[p->side]
                                    : true;
}

/* HTTP waits for nothing, but for an answer that was not whole: behind its last bytes the client left, or the
 * application broke it off. */
static bool http_has_come(const struct trace_walk *w, const struct trace_piece *p,
                          const struct trace_walk_heard *heard)
{
    const struct trace_transaction *t = w->of;
    if (w->mine != SIDE_NEAR || t->answer.ended || heard->http_ended)
        return true;
    if (p->what != PIECE_BYTES)
        return heard->ended;
    return w->said[p->side] + p->kept < t->http[p->side] || heard->http_as_far;
}

/* A piece of the other side: is what it stands for here? */
static bool has_come(const struct trace_walk *w, const struct trace_piece *p,
                     const struct trace_walk_heard *heard)
{
    const struct trace_transaction *t = w->of;
    bool speaks_freely = t->raw || t->upgraded;
    size_t up_to = w->said[p->side] + p->kept, http = t->http[p->side];
    if (p->what == PIECE_ASSIGN)
        return true;
    if (!speaks_freely || (p->what == PIECE_BYTES && !t->raw && up_to <= http))
        return http_has_come(w, p, heard);
    if (p->what == PIECE_BYTES)
        return heard->tail >= up_to - http || heard->ended;
    return p->what != PIECE_END || heard->ended;
}

/* What is said behind a 101 waits for it. */
static bool may_speak(const struct trace_walk *w, const struct trace_walk_heard *heard)
{
    const struct trace_transaction *t = w->of;
    bool behind = t->upgraded && w->mine == SIDE_NEAR && w->said[SIDE_NEAR] >= t->http[SIDE_NEAR];
    return !behind || heard->http_ended;
}

static uint64_t due_of(const struct trace_walk *w, const struct trace_piece *p)
{
    if (w->speed <= 0 || p->at_ns <= w->before_ns)
        return 0;
    return w->before_us + (uint64_t)((double)(p->at_ns - w->before_ns) / 1000 / w->speed);
}

static void pass(struct trace_walk *w, const struct trace_piece *p, uint64_t now_us)
{
    w->at++;
    if (p->what == PIECE_BYTES)
        w->said[p->side] += p->kept;
    if (p->at_ns > w->before_ns) {
        w->before_ns = p->at_ns;
        w->before_us = now_us;
    }
}

enum trace_walk_next trace_walk_next(struct trace_walk *w, const struct trace_walk_heard *heard,
                                     uint64_t now_us, const uint8_t **bytes, size_t *length,
                                     uint64_t *due_us)
{
    const struct trace_transaction *t = w->of;
    while (w->at < t->count) {
        const struct trace_piece *p = &t->stream->pieces[t->first + w->at];
        bool mine = p->side == w->mine && p->what != PIECE_ASSIGN;
        if (!is_part(t, p)) {
            w->at++;
            continue;
        }
        *due_us = UINT64_MAX;
        if (mine ? !may_speak(w, heard) : !has_come(w, p, heard))
            return WALK_WAIT;
        *due_us = mine ? due_of(w, p) : 0;
        if (now_us < *due_us)
            return WALK_WAIT;
        pass(w, p, now_us);
        if (!mine)
            continue;
        if (p->what == PIECE_END || p->what == PIECE_RESET)
            return p->what == PIECE_END ? WALK_END : WALK_RESET;
        *bytes = trace_piece_bytes(t->stream, p);
        *length = p->kept;
        return WALK_SAY;
    }
    return WALK_OVER;
}
