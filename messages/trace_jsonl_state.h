/* messages/trace_jsonl_state.h -- what the files that read JSON lines have in common: values of JSON, and the state.
 *
 * trace_jsonl_values.c reads values, trace_jsonl_tables.c the beginning, trace_jsonl_in.c records.
 * A member that is not there is 0, null or empty. False: the value is none that fits, and the error is kept.
 */
#ifndef MESSAGES_TRACE_JSONL_STATE_H
#define MESSAGES_TRACE_JSONL_STATE_H

#include "messages/trace_copy.h"
#include "messages/trace_jsonl.h"
#include <jansson.h>

struct jsonl_source {
    bool renumber;
    bool is_lost;                /* the last line was no beginning that lines behind it can have */
    struct trace_reader *reader; /* knows the tables; NULL: no line has been read */
    struct trace_copier *copier;
    json_t *tables;  /* of the first beginning */
    json_t *effects; /* its table of effects */
    struct trace_out spans[TRACE_SPANS_MAX], bytes, blob, text;
    char error[JSONL_ERROR_MAX];
};

/* Keeps the first sentence; always false. */
bool jsonl_fail(struct jsonl_source *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A number, and what fits where it goes. */
struct jsonl_number {
    const char *name;
    uint64_t most;
    uint64_t value;
};
bool jsonl_number(struct jsonl_source *s, const json_t *in, struct jsonl_number *n);
/* All of a list that ends with a NULL name. */
bool jsonl_numbers(struct jsonl_source *s, const json_t *in, struct jsonl_number *n);
/* 32 bits with a sign, as the lower ones of *n. */
bool jsonl_signed(struct jsonl_source *s, const json_t *in, const char *name, uint64_t *n);
bool jsonl_ref(struct jsonl_source *s, const json_t *in, const char *name, struct actor_ref *ref);

/* Appends "text", or what {"text":..} or {"hex":..} stands for. */
bool jsonl_chars(struct jsonl_source *s, struct trace_out *out, const json_t *v, const char *name);
/* Into `out`, which is emptied before: b points there. */
bool jsonl_bytes(struct jsonl_source *s, struct trace_out *out, const json_t *in, const char *name,
                 struct trace_bytes *b);
/* Likewise, as a string without NUL in it. */
bool jsonl_text(struct jsonl_source *s, struct trace_out *out, const json_t *in, const char *name,
                const char **text);

/* "has" of a row of the table of effects. */
bool jsonl_effect_has(struct jsonl_source *s, const json_t *in, uint16_t *has);
/* The first line, or that of a further part. */
bool jsonl_take_beginning(struct jsonl_source *s, struct trace_out *out, json_t *line);

#endif
