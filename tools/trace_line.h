/* tools/trace_line.h -- one record as one line for people, and what must be remembered for that.
 *
 *     0.713908 incoming_proxy/0.1 -> interceptor/0.9  [7/0] REQUEST GET /api port=80 last | send WANT
 *
 * Purpose  show, follow and tree write lines; JSON has the same view (trace_json.h).
 * Owner    whoever called trace_view_new.
 * Thread   one at a time.
 */
#ifndef TOOLS_TRACE_LINE_H
#define TOOLS_TRACE_LINE_H

#include "messages/trace_exchanges.h"
#include "tools/trace_actors.h"
#include "tools/trace_text.h"

enum trace_times { TRACE_TIME_RELATIVE, TRACE_TIME_DELTA, TRACE_TIME_WALL };

struct trace_view {
    const struct trace_reader *reader;
    struct trace_actors *actors;
    enum trace_times times;
    uint64_t excerpt; /* bytes of a payload that a line has */
    bool effects, bytes, colour;
    /* -- what is remembered -- */
    bool has_begun;
    uint64_t began_ns; /* the first record */
    uint64_t last_ns;  /* the line before */
};

enum { TRACE_EXCERPT = 48 };

void trace_view_create(struct trace_view *v, const struct trace_reader *reader);
void trace_view_destroy(struct trace_view *v);
/* Each record, in order, whether it is shown or not. */
void trace_view_take(struct trace_view *v, const struct trace_record *r);

static inline uint64_t trace_began_ns(const struct trace_record *r)
{
    return r->ended_ns - r->took_ns;
}
/* Since the first record. */
static inline uint64_t trace_view_since(const struct trace_view *v, uint64_t ns)
{
    return ns > v->began_ns ? ns - v->began_ns : 0;
}
/* Microseconds since 1970; 0: the file does not say. */
uint64_t trace_view_wall(const struct trace_view *v, uint64_t ns);

/* The whole line, with its newline, and with the bytes below it. x as for trace_filter_wants. */
void trace_line(struct trace_view *v, struct trace_text *t, const struct trace_record *r,
                const struct trace_exchange *x);

/* Pieces of it. " GET /api port=80 ...", without the ids if the exchange's are known: they stand before it. */
void trace_line_fields(const struct trace_view *v, struct trace_text *t,
                       const struct trace_record *r, const struct trace_exchange *x);
bool trace_line_has_ids(const struct trace_record *r, const struct trace_exchange *x);
/* "write 120 bytes" */
void trace_line_effect(const struct trace_view *v, struct trace_text *t,
                       const struct trace_effect *e);
/* "7/0", "7" for a raw connection, "mirror 7/0"; "#12" if its ids are not known. False: it has none. */
bool trace_line_exchange(struct trace_text *t, const struct trace_record *r,
                         const struct trace_exchange *x);

#endif
