/* messages/trace_record.h -- one record of a trace, as it was read.
 *
 * Owner   the reader: a record, and all that it points to, is valid until the next one is asked for.
 *         trace_kind and type names live as long as the reader.
 */
#ifndef MESSAGES_TRACE_RECORD_H
#define MESSAGES_TRACE_RECORD_H

#include "runtime/effects.h"
#include "runtime/message.h"

enum { TRACE_NAME_MAX = 48, TRACE_SPANS_MAX = 2 };

/* A kind as the file has it. */
struct trace_field {
    char name[TRACE_NAME_MAX];
    uint8_t type; /* enum field_type */
    uint8_t span; /* FIELD_span: which one */
};
struct trace_kind {
    uint16_t number; /* in this file */
    uint16_t ours;   /* the kind of that name here; MSG_NONE: there is none, or its fields differ */
    char name[TRACE_NAME_MAX];
    bool is_known; /* all its fields are; if not, no call with it can be read or made */
    uint8_t field_count, span_count;
    struct trace_field fields[FIELDS_MAX];
};

/* kept < length: the rest was left out (--trace-bodies), hash is that of all. */
struct trace_bytes {
    const uint8_t *bytes; /* kept of them; may be NULL when there are none */
    uint32_t length, kept;
    uint64_t hash;
};

enum trace_what {
    TRACE_CALL,        /* an actor was called with a message */
    TRACE_END,         /* the actor `to` ended: flags is enum stop_reason */
    TRACE_UNDELIVERED, /* nobody heard it: no fields, no effects */
    TRACE_LAGGED,      /* `lost` calls of `worker` are missing here */
    TRACE_NOTE,        /* text: the recorder's own words */
};

struct trace_record {
    enum trace_what what;
    uint64_t offset;   /* of its frame in the file */
    uint64_t sequence; /* from 0, without a gap */
    uint64_t now_us;   /* the time that the actor saw */
    uint64_t ended_ns; /* of the trace's clock; it began took_ns before */
    uint32_t took_ns;
    uint16_t worker;
    struct actor_ref to, from; /* from: NOBODY for what the runtime itself says */
    const char *type;          /* of the actor `to`; NULL: not known */
    uint32_t number;           /* of the message among those that `to` has heard, from 1 */
    uint32_t exchange;         /* of the message; 0: none */
    uint32_t actor_exchange;   /* what `to` was at work on when it was called */
    uint16_t flags;
    const struct trace_kind *kind; /* CALL, UNDELIVERED */
    uint64_t values[FIELDS_MAX];   /* by field; a ref as ref_bits; not for spans */
    struct trace_bytes spans[TRACE_SPANS_MAX];
    const uint8_t *effects; /* for trace_effect_next */
    size_t effects_length;
    uint64_t lost;
    const char *text;
};

/* Which exchange it is about: the message's, else what the actor was at work on; 0: none. */
static inline uint32_t trace_record_exchange(const struct trace_record *r)
{
    return r->exchange ? r->exchange : r->actor_exchange;
}

static inline struct actor_ref trace_ref(uint64_t bits)
{
    return (struct actor_ref){(uint32_t)(bits >> 32), (uint32_t)bits};
}

/* The field of this name; -1: the kind has none. */
int trace_field(const struct trace_kind *k, const char *name);
/* The value of a field that is no span. False: there is no such field. */
bool trace_value(const struct trace_record *r, const char *name, uint64_t *value);
/* A span by its field's name; NULL: there is none. */
const struct trace_bytes *trace_span(const struct trace_record *r, const char *name);

/* What followed, one by one, in order. */
struct trace_effect {
    enum effect_kind kind; /* EFFECT_KINDS: none that is known here, see trace_effect_next_any */
    uint8_t number;        /* of the kind in this file */
    unsigned has;          /* enum effect_has */
    uint32_t n;
    uint64_t value;
    struct actor_ref ref;
    const char *type;                 /* SPAWN, LISTEN; NULL: not known */
    const struct trace_kind *message; /* SEND, SPAWN: its payload is in the receiver's record */
    char address[ADDRESS_TEXT_MAX];
    struct trace_bytes bytes;
    uint64_t length;
};

struct trace_reader;
/* Walks from *at = 0 to effects_length. False: there is none left. Passes over those whose names are not known
 * here: a file says of each what it has. */
bool trace_effect_next(const struct trace_reader *reader, const struct trace_record *r, size_t *at,
                       struct trace_effect *effect);
/* Gives these, too, as of the kind EFFECT_KINDS. Both end before effects_length when the file has no table of effects,
 * or one that this program is too old for. */
bool trace_effect_next_any(const struct trace_reader *reader, const struct trace_record *r,
                           size_t *at, struct trace_effect *effect);

#endif
