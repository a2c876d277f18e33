/* tools/trace_gather_inside.h -- for the files that are trace_gather: units of records (trace_gather.c), what a
 * message says (trace_gather_message.c), what an actor does (trace_gather_effects.c), the link's bytes
 * (trace_gather_link.c), heads and values (trace_gather_fields.c).
 */
#ifndef TOOLS_TRACE_GATHER_INSIDE_H
#define TOOLS_TRACE_GATHER_INSIDE_H

#include "tools/trace_actors.h"
#include "tools/trace_gather.h"

struct gather_link;
struct gather_number;
struct gather_ids;
struct gather_actor;

struct gather {
    struct trace_units *units;
    struct trace_strings *strings;
    struct trace_rules *rules;
    const struct trace_reader *reader;
    struct trace_actors *actors;
    struct gather_number *numbers; /* exchanges by number */
    struct gather_ids *ids;        /* ... by ids, the newest that has them */
    struct gather_actor *outside;  /* actors, by ref */
    struct gather_link *links;

    /* the record that is being looked at */
    const struct trace_record *record;
    struct trace_unit *unit;
    const char *type; /* of the actor that was called */
    bool unordered;   /* a rule says so of it */
    bool wanted;      /* the filter and the rules say so of it */
};

/* Who begins to speak of ids: at each of these an exchange begins anew once. */
enum gather_place { AT_AGENT_SESSION = 1, AT_LINK = 2, AT_PROXY = 4 };

/* trace_gather.c */
struct trace_unit *gather_unit_of_ids(struct gather *g, struct unit_ids ids,
                                      enum gather_place begins);
struct unit_item *gather_item(struct gather *g, struct trace_unit *x, struct unit_pair pair,
                              const char *kind, bool is_effect);
struct trace_stream *gather_stream(struct gather *g, struct trace_unit *x, struct unit_pair pair,
                                   const char *name);
struct unit_pair gather_pair(struct gather *g, const char *from, const char *to);

/* trace_gather_message.c */
void gather_message(struct gather *g);

/* trace_gather_effects.c */
void gather_effects(struct gather *g);

/* trace_gather_link.c: bytes that such an actor reads from, or writes to, the other end of a link */
bool gather_is_link(const char *type);
void gather_link_bytes(struct gather *g, const struct trace_bytes *bytes, bool written);
/* Calls are missing: there may be bytes among them. */
void gather_links_lost(struct gather *g);
void gather_links_free(struct gather *g);

/* trace_gather_fields.c; of: the item's kind, which rules may name */
void gather_number_field(struct gather *g, struct unit_item *i, const char *name, uint64_t value,
                         bool cut);
void gather_text_field(struct gather *g, struct unit_item *i, const char *name, const void *text,
                       size_t length);
void gather_bytes_field(struct gather *g, struct unit_item *i, const char *name,
                        const struct trace_bytes *bytes);
void gather_value_field(struct gather *g, struct unit_item *i, const struct trace_field *field,
                        uint64_t value, bool cut);
/* A head in the protocol's form, and what it tells of the unit. */
void gather_head(struct gather *g, struct trace_unit *x, struct unit_item *i, bool request,
                 const uint8_t *bytes, size_t length);
/* A header map alone: trailers. */
void gather_headers(struct gather *g, struct unit_item *i, const uint8_t *bytes, size_t length);

#endif
