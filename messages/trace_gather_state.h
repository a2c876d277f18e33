/* messages/trace_gather_state.h -- the state of a gatherer, for the files that are one: trace_gather.c (the list of
 * exchanges, records), trace_gather_parts.c (messages and bodies), trace_gather_local.c (the connection to the
 * application), trace_gather_remote.c (the stand-in agent's side).
 */
#ifndef MESSAGES_TRACE_GATHER_STATE_H
#define MESSAGES_TRACE_GATHER_STATE_H

#include "messages/kinds.h"
#include "messages/text_out.h"
#include "messages/trace_gather.h"
#include <string.h>

/* A local_connection, and for which exchange it works. */
struct local {
    uint64_t ref;
    uint32_t user; /* number of the exchange */
    uint32_t uses;
    bool answered; /* the head was there; what came before it was 100 Continue or the like */
    struct gathered_times times;
    char address[ADDRESS_TEXT_MAX];
    UT_hash_handle hh;
};

/* A connection of a remote client, and its exchange under way; NULL: none. */
struct remote {
    uint64_t ref;
    struct gathered *x;
    char address[ADDRESS_TEXT_MAX];
    UT_hash_handle hh;
};

struct trace_gather {
    struct gathered *by_number;
    struct gathered *oldest, *newest;
    struct local *locals;
    struct remote *remotes;
    enum gather_at at;
    uint32_t numbered; /* exchanges of remotes */
    uint64_t waiting;  /* bytes of those that have ended and were not given */
    bool at_end;
};

/* trace_gather.c */
void *gather_must(void *p);
struct gathered *gather_find(struct trace_gather *g, uint32_t number);
struct gathered *gather_add(struct trace_gather *g, uint32_t number, uint64_t began);
/* Nothing more comes about it. */
void gather_finish(struct trace_gather *g, struct gathered *x);
/* It has ended, and what it said last has arrived. */
void gather_finish_if_over(struct trace_gather *g, struct gathered *x);

static inline bool gather_is_type(const struct trace_record *r, const char *type)
{
    return r->type && strcmp(r->type, type) == 0;
}

/* trace_gather_parts.c */
void gathered_add(struct gathered_body *b, const struct trace_bytes *bytes);
/* Of a message with bytes, last and trailers. */
void gathered_add_part(struct gathered_body *b, const struct trace_record *r);
void gathered_add_whole(struct gathered_body *b, const struct trace_bytes *bytes, bool frames);
bool gathered_take_head(struct gathered *x, struct trace_out *out, const struct trace_bytes *head);
void gathered_set_failure(struct gathered *x, const struct trace_bytes *text);
/* RESPONSE */
void gathered_take_response(struct gathered *x, const struct trace_record *r);
/* What the interceptor hears. */
void gathered_take_message(struct gathered *x, const struct trace_record *r);
/* What the link hears of it, the answer to the agent. */
void gather_take_answer(struct trace_gather *g, const struct trace_record *r, uint32_t number);

/* trace_gather_local.c: what a local_connection hears and does */
void gather_take_local(struct trace_gather *g, const struct trace_reader *reader,
                       const struct trace_record *r);
void gather_forget_locals(struct trace_gather *g);

/* trace_gather_remote.c: each record, when it is gathered there */
void gather_take_remote(struct trace_gather *g, const struct trace_record *r);
void gather_forget_remotes(struct trace_gather *g);

#endif
