/* tools/trace_diagram.h -- a trace as a drawing has it: lifelines, and arrows between them.
 *
 * Purpose  what `diagram` draws, whatever with. Each call of a handler is an arrow from who said it; what the
 *          handler wrote, connected or closed are arrows too, to the world outside, and so is what the world said.
 * Owner    whoever called diagram_new; everything in it lives until diagram_free.
 * Thread   one at a time.
 * Errors   none; the end of memory is the program's.
 *
 *     d = diagram_new(&options)
 *     trace_exchanges_take(d->exchanges, &record)
 *     diagram_take(d, reader, &record, wanted)      each record, in order; also those that are not wanted
 *     diagram_finish(d)                             lifelines, exchanges; only what is wanted is left
 */
#ifndef TOOLS_TRACE_DIAGRAM_H
#define TOOLS_TRACE_DIAGRAM_H

#include "messages/trace_exchanges.h"
#include "messages/trace_reader.h"

/* ---- who ---- */

/* From left to right. Those of the world outside stand for whoever is at the other end of a socket. */
enum lifeline {
    LIFE_CLIENT, /* outside: remote clients of the stand-in agent */
    LIFE_AGENT_REMOTE,
    LIFE_AGENT_PORT,
    LIFE_AGENT_ROOT,
    LIFE_AGENT_SESSION,
    LIFE_PROXIES, /* outside: what connects to the stand-in agent, when that is not in the trace itself */
    LIFE_AGENT, /* outside: the agent, when it is not in the trace itself */
    LIFE_LINK,
    LIFE_PROXY,
    LIFE_INTERCEPTOR,
    LIFE_POOL,
    LIFE_CONNECTION,
    LIFE_APPLICATION, /* outside */
    LIFE_SUPERVISOR,
    LIFE_AGENT_LINK,
    LIFE_SYSTEM, /* outside: signals, names, files, listening */
    LIFE_OTHER,  /* actors of a type that is not known here */
    LIFELINES,
};

struct lifeline_info {
    const char *name; /* a word */
    const char *help;
    const char *type; /* of its actors; NULL: outside */
};
extern const struct lifeline_info lifelines[LIFELINES];

struct diagram_actor {
    struct actor_ref ref; /* NOBODY: the world outside */
    uint8_t lifeline;     /* enum lifeline */
    uint32_t type;        /* text: as the trace names it */
};

/* ---- what ---- */

enum diagram_what {
    DIAGRAM_MESSAGE, /* from actor to actor */
    DIAGRAM_SELF,    /* to itself: a timer, more to do */
    DIAGRAM_ARRIVES, /* from the world outside */
    DIAGRAM_LEAVES,  /* to it */
    DIAGRAM_LOST,    /* nobody heard it */
    DIAGRAM_ENDS,    /* the actor `to` ended */
    DIAGRAM_LOG,     /* `to` wrote a line into the log */
    DIAGRAM_NOTE,    /* the recorder's own words, or what it lost */
};

/* A kind of message, or of effect. */
struct diagram_kind {
    char name[TRACE_NAME_MAX];
    uint8_t field_count, span_count;
    struct trace_field fields[FIELDS_MAX];
};

struct diagram_bytes {
    uint64_t length; /* of all */
    uint32_t blob;   /* what is shown of them, see diagram.blobs */
    uint32_t kept;   /* what the trace holds of them */
};
struct diagram_blob {
    size_t at; /* in diagram.bytes */
    uint32_t length;
};

#define DIAGRAM_NONE UINT32_MAX

struct diagram_arrow {
    uint64_t at_ns;    /* when the handler began; of an effect, when it had ended */
    uint64_t ended_ns; /* when it had ended */
    uint64_t sequence; /* of the record */
    uint32_t took_ns;
    uint32_t from, to;      /* actors */
    uint32_t exchange;      /* 0: none */
    uint32_t of_agent;      /* private: the stand-in agent's number, until the proxy's is known */
    uint32_t label;         /* text: what it is about, in a few words */
    uint32_t detail;        /* text: what else the handler did; of a note its words */
    uint32_t cause;         /* arrow in whose handler it was said; DIAGRAM_NONE: not known */
    uint32_t values, bytes; /* first of them, by the fields of its kind, spans apart */
    uint32_t next_waiting;  /* private: of those that wait for their exchange */
    uint16_t kind;
    uint16_t flags;
    uint8_t what; /* enum diagram_what */
    uint8_t worker;
    bool spawned; /* the first message of `to` */
    bool repeats; /* a piece of more: data, bodies, credit */
    bool wanted;
};

struct diagram_options {
    uint64_t bytes_max; /* of each span so many bytes are kept */
};

struct diagram {
    struct diagram_options options;
    struct diagram_arrow *arrows;
    struct diagram_actor *actors;
    struct diagram_kind *kinds;
    uint64_t *values; /* a ref is the number of its actor; DIAGRAM_NONE: nobody */
    struct diagram_bytes *spans;
    struct diagram_blob *blobs; /* 0 is empty; equal bytes are kept once */
    uint8_t *bytes;
    const char **texts; /* 0 is empty; UTF-8, without control characters */
    uint32_t arrow_count, actor_count, kind_count, span_count, blob_count, text_count;
    size_t value_count, byte_count;
    struct trace_exchanges *exchanges;
    uint64_t cut_spans, cut_bytes; /* by bytes_max: of so many spans so much is missing */
    uint64_t capped_spans;         /* of which the trace itself holds no more (--trace-bodies) */
    uint64_t left_out;             /* arrows that were not wanted */
    bool has[LIFELINES];           /* an arrow of it is left */
    struct diagram_parts *p;       /* private */
};

struct diagram *diagram_new(const struct diagram_options *options);
void diagram_free(struct diagram *d);
/* After trace_exchanges_take of d->exchanges. `wanted`: it is to be drawn, and not only to be known of. */
void diagram_take(struct diagram *d, const struct trace_reader *reader,
                  const struct trace_record *r, bool wanted);
/* exchange: of this one alone, by the number of either side; 0: of all. False: there is no such exchange. */
bool diagram_finish(struct diagram *d, uint32_t exchange);

/* Bytes that the arrow carries: its spans. */
uint64_t diagram_size(const struct diagram *d, const struct diagram_arrow *a);
static inline unsigned diagram_lifeline(const struct diagram *d, uint32_t actor)
{
    return d->actors[actor].lifeline;
}
/* Runs: pieces of one kind between the same two, for one exchange (or for none), with nothing about it between
 * them that is no piece; they can be drawn as one. [i] is the first arrow of the run that i belongs to, i if it
 * is that one or belongs to none. malloc's. */
uint32_t *diagram_runs(const struct diagram *d);

#endif
