/* tools/trace_diagram_parts.h -- what the files that make a diagram share; nobody else needs it. */
#ifndef TOOLS_TRACE_DIAGRAM_PARTS_H
#define TOOLS_TRACE_DIAGRAM_PARTS_H

#include "tools/trace_diagram.h"
#include "messages/wire_message.h"

struct diagram_text_node;
struct diagram_blob_node;
struct diagram_actor_node;
struct diagram_pair;
struct diagram_id;
struct diagram_stream;
enum { DIAGRAM_KINDS_MAX = 1024, DIAGRAM_LABEL_MAX = 240 };

struct diagram_parts {
    struct diagram_text_node *text_of;
    struct diagram_blob_node *blob_of;
    struct diagram_actor_node *actor_of;
    uint32_t outside[LIFELINES];         /* actor + 1 */
    bool seen[LIFELINES];                /* an actor of it was called */
    uint32_t kind_of[DIAGRAM_KINDS_MAX]; /* by number in the file: kind + 1, to be looked at */
    struct diagram_pair *pairs;          /* what was said and not heard yet */
    struct diagram_id *ids;              /* which exchange has these ids */
    struct diagram_stream *streams;      /* links, decoded */
    uint8_t *joined;                     /* what one handler writes to one socket, put together */
    size_t joined_length;
    uint64_t joined_all;
};

/* ---- trace_diagram_build.c ---- */

/* An arrow of this record's time and exchange. Its values and spans are those added next. */
uint32_t diagram_add(struct diagram *d, const struct trace_record *r, enum diagram_what what);
void diagram_set_label(struct diagram *d, uint32_t arrow, const char *text, size_t length);
void diagram_set_kind(struct diagram *d, uint32_t arrow, uint32_t kind);
/* Who is at the other end of the sockets of an actor of this type. */
enum lifeline diagram_peer_of(enum lifeline who);
/* Bytes between an actor and its peer: what they say becomes the arrow's label. */
void diagram_tell_bytes(struct diagram *d, uint32_t arrow, uint32_t actor, bool arrives,
                        const uint8_t *bytes, size_t kept, uint64_t all);

/* ---- trace_diagram_effects.c ---- */

/* cause: the arrow of what was handled. */
void diagram_take_effects(struct diagram *d, const struct trace_reader *reader,
                          const struct trace_record *r, uint32_t cause);

/* ---- trace_diagram_tables.c ---- */

/* Room for `more` behind `have` elements; the array may move. */
void *diagram_grown(void *array, size_t have, size_t more, size_t each);
uint32_t diagram_text(struct diagram *d, const char *text, size_t length);
/* At most bytes_max of them; adds a span. all: the length of what they are the beginning of. */
void diagram_add_span(struct diagram *d, const uint8_t *bytes, size_t kept, uint64_t all);
void diagram_add_value(struct diagram *d, uint64_t value);
uint32_t diagram_actor_of(struct diagram *d, struct actor_ref ref, const char *type);
uint32_t diagram_outside(struct diagram *d, enum lifeline lifeline);
uint32_t diagram_kind_like(struct diagram *d, const struct diagram_kind *like);
uint32_t diagram_kind_of(struct diagram *d, const struct trace_kind *kind);
void diagram_tables_free(struct diagram *d);

/* ---- trace_diagram_causes.c ---- */

/* In the handler of `arrow` a message of this kind was said. */
void diagram_said(struct diagram *d, struct actor_ref from, struct actor_ref to, uint16_t number,
                  bool spawned, uint32_t arrow);
/* The arrow in whose handler it was; DIAGRAM_NONE: not known. */
uint32_t diagram_heard(struct diagram *d, struct actor_ref from, struct actor_ref to,
                       uint16_t number, bool *spawned);
/* Messages are missing: what was said before is matched no more. */
void diagram_said_forget(struct diagram *d);

/* ---- trace_diagram_ids.c ---- */

struct diagram_ids {
    bool has_request, begins; /* begins: from here on the ids mean something new */
    uint8_t mode;
    uint16_t request;
    uint64_t connection;
};
/* False: the message has none. */
bool diagram_ids_of(const struct trace_record *r, struct diagram_ids *ids);
/* An arrow with these ids: gets its exchange, now or when that is known, or says which one it is. */
void diagram_ids_take(struct diagram *d, const struct diagram_ids *ids, uint32_t arrow);
void diagram_ids_free(struct diagram *d);

/* ---- trace_diagram_link.c ---- */

/* What bytes on a link say. */
struct diagram_link {
    char text[DIAGRAM_LABEL_MAX]; /* the messages that end in them, or the one they are part of */
    bool pieces;                  /* nothing but data and bodies */
};
/* `all` bytes were there, `kept` of them are at `bytes`. The arrow that carries them gets its exchange, if they
 * are about one; of those that carry a part of one message, when that is known. */
void diagram_link_bytes(struct diagram *d, uint32_t arrow, struct actor_ref actor,
                        enum wire_from from, const uint8_t *bytes, size_t kept, uint64_t all,
                        struct diagram_link *out);
void diagram_link_free(struct diagram *d);

/* ---- trace_diagram_label.c ---- */

/* What a message is about. */
size_t diagram_label(const struct trace_record *r, char out[DIAGRAM_LABEL_MAX]);
/* The first line of HTTP text; 0: it is none. */
size_t diagram_http_line(const uint8_t *bytes, size_t length, char out[DIAGRAM_LABEL_MAX]);
/* Of an effect that is no arrow: "timer_start 3 30 s". */
size_t diagram_effect_text(const struct trace_effect *e, char *out, size_t room);

#endif
