/* tools/trace_units.h -- a trace as it is compared: units, each with its messages and its streams of bytes.
 *
 * Purpose  a *unit* is an exchange, or an actor as far as it is at work for none. It holds *items*, in order:
 *          messages and effects, with those fields that are compared; and *streams*: what was said in pieces,
 *          as length and hash of all.
 * Owner    whoever called trace_units_new.
 * Thread   one at a time.
 */
#ifndef TOOLS_TRACE_UNITS_H
#define TOOLS_TRACE_UNITS_H

#include "tools/trace_stream.h"
#include "tools/trace_strings.h"
#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>

/* Names and values are of the strings that both traces share: equal ones are the same pointer. */
struct unit_field {
    const char *name, *value;
    bool cut; /* follows from how bytes were cut, as LAST does */
};

/* Who said something to whom. */
struct unit_pair {
    const char *from, *to; /* types of actors; "outside" */
};

struct unit_item {
    struct unit_pair pair;
    const char *kind;
    struct unit_field *fields;
    uint32_t count;
    bool cut;       /* whether it is said follows from how bytes were cut, as ANSWERED does */
    bool unordered; /* may come in any order among its like */
    bool once;      /* ... and equal ones count as one */
    uint64_t hash;  /* of kind and fields */
    uint64_t uncut; /* ... but for those that follow from the cut */
    uint64_t near;  /* ... and those that have a tolerance: those near enough have the same */
    uint64_t sequence;
    uint64_t since_us; /* the unit began */
    uint32_t took_us;
};

struct unit_stream {
    struct unit_pair pair;
    const char *name;  /* "body", "data", "socket 0" */
    uint64_t sequence; /* of its first piece */
    struct trace_stream bytes;
};

enum { UNIT_IDS_CONNECTION = 0x10000 }; /* as request: none, the connection itself */

struct unit_ids {
    uint64_t connection;
    uint32_t request;
    uint32_t mode;
};

struct trace_unit {
    uint32_t number;   /* of the exchange; 0: there was none */
    const char *actor; /* outside of exchanges: the type of the actor */
    uint32_t ordinal;  /* ... which one of its type, from 1 */
    bool has_ids, raw;
    struct unit_ids ids;
    const char *method, *target; /* of its first request; NULL: not known */
    uint64_t began_us, sequence;
    bool begun;
    bool ignored; /* rules ignore the request that it is about, or one of them */
    bool asked;   /* ... and it is about another one, that they do not: it stays */

    struct unit_item *items;
    size_t item_count, item_room;
    struct unit_stream *streams;
    size_t stream_count, stream_room;
    uint64_t hash;  /* of all: trace_units_finish */
    uint64_t uncut; /* ... but for what follows from how bytes were cut */
    uint64_t near;  /* ... and for fields that have a tolerance */

    struct trace_unit *into;  /* it turned out to be this one, and has moved there */
    struct trace_unit *other; /* in the other trace: trace_align */
};

struct trace_units {
    struct trace_strings *strings;
    const struct trace_rules *rules;
    struct trace_unit **all; /* in order of appearance */
    size_t count, room;
    uint64_t records, calls_lost;
    bool link_left_out; /* the link's bytes were not recorded whole */
    size_t kept_most; /* bytes of a stream that are kept, for who wants to see where they differ */
};

/* strings: not owned, shared by the two that are compared. rules: what sockets are freed of, and which fields have
 * a tolerance; not owned. */
struct trace_units *trace_units_new(struct trace_strings *strings, const struct trace_rules *rules);
void trace_units_free(struct trace_units *u);

struct trace_unit *trace_units_add(struct trace_units *u);
/* What it was added to, now. */
struct trace_unit *trace_unit_now(struct trace_unit *x);
/* Everything of `from` becomes part of `into`. */
void trace_unit_move(struct trace_unit *from, struct trace_unit *into);

struct unit_item *trace_unit_item(struct trace_unit *x, struct unit_pair pair, const char *kind);
void unit_item_field(struct unit_item *i, const char *name, const char *value, bool cut);
/* The stream of this name, made when there is none. */
struct trace_stream *trace_unit_stream(struct trace_units *u, struct trace_unit *x,
                                       struct unit_pair pair, const char *name, uint64_t sequence);

/* Hashes are made; units that have moved, hold nothing, or are ignored, are gone. */
void trace_units_finish(struct trace_units *u);

/* "exchange 7 GET /api", "interceptor 2 outside of exchanges" */
enum { UNIT_NAME_MAX = 200 };
const char *trace_unit_name(const struct trace_unit *x, char out[UNIT_NAME_MAX]);

#endif
