/* messages/trace_answers.c -- see trace_answers.h */
#include "messages/trace_answers.h"
#include "messages/kinds.h"
#include "messages/trace_grow.h"
#include "messages/vocabulary.h"
#include "runtime/hash.h"
#include <uthash.h>

struct known {
    uint32_t exchange;
    struct trace_http http; /* without a body */
    struct trace_http_part *parts;
    unsigned count;
    unsigned asked; /* transactions that have this number */
    bool unusable;  /* more than one answer, trailers, an upgrade */
    UT_hash_handle hh;
};

struct trace_answers {
    struct known *all;
};

struct trace_answers *trace_answers_new(void)
{
    struct trace_answers *a = calloc(1, sizeof *a);
    if (!a)
        heap_exhausted("answers of a trace", sizeof *a);
    return a;
}

void trace_answers_free(struct trace_answers *a)
{
    struct known *k, *next;
    if (!a)
        return;
    HASH_ITER(hh, a->all, k, next)
    {
        HASH_DEL(a->all, k);
        trace_http_release(&k->http);
        free(k->parts);
        free(k);
    }
    free(a);
}

static struct known *find(const struct trace_answers *a, uint32_t exchange)
{
    struct known *k;
    HASH_FIND(hh, a->all, &exchange, sizeof exchange, k);
    return k;
}

static struct known *get(struct trace_answers *a, uint32_t exchange)
{
    struct known *k = find(a, exchange);
    if (k)
        return k;
    k = calloc(1, sizeof *k);
    if (!k)
        heap_exhausted("an answer of a trace", sizeof *k);
    k->exchange = exchange;
    HASH_ADD(hh, a->all, exchange, sizeof k->exchange, k);
    return k;
}

static void add_part(struct known *k, const struct trace_bytes *b)
{
    if (!b || !b->length)
        return;
    k->parts = trace_grow(k->parts, k->count, sizeof *k->parts);
    k->parts[k->count++] = (struct trace_http_part){
        b->length, b->kept < b->length ? b->hash : hash_of(b->bytes, b->length)};
}

static void take_response(struct known *k, const struct trace_record *r)
{
    const struct trace_bytes *head = trace_span(r, "head");
    k->unusable |= k->http.has_head || (r->flags & (RESPONSE_FRAMES | RESPONSE_UPGRADE)) || !head ||
                   head->kept < head->length ||
                   !trace_http_answer(&k->http, head->bytes, head->length);
    k->http.ended = (r->flags & RESPONSE_LAST) != 0;
    add_part(k, trace_span(r, "body"));
}

static void take_body(struct known *k, const struct trace_record *r)
{
    uint64_t last = 0, trailers = 0;
    (void)trace_value(r, "last", &last);
    (void)trace_value(r, "trailers", &trailers);
    k->unusable |= trailers != 0;
    k->http.ended |= last != 0;
    add_part(k, trace_span(r, "bytes"));
}

void trace_answers_take(struct trace_answers *a, const struct trace_record *r)
{
    if (r->what != TRACE_CALL || !r->exchange || !r->type || strcmp(r->type, "interceptor") != 0)
        return;
    if (r->kind->ours == MSG_RESPONSE)
        take_response(get(a, r->exchange), r);
    else if (r->kind->ours == MSG_RESPONSE_BODY)
        take_body(get(a, r->exchange), r);
}

/* Sent again on another connection, an exchange has more transactions than answers. */
static void count_asked(struct trace_answers *a, const struct trace_transactions *of)
{
    for (unsigned i = 0; i < of->count; i++) {
        struct known *k = find(a, of->list[i].exchange);
        if (k)
            k->asked++;
    }
}

void trace_answers_give(struct trace_answers *a, struct trace_transactions *to)
{
    count_asked(a, to);
    for (unsigned i = 0; i < to->count; i++) {
        struct trace_transaction *t = &to->list[i];
        const struct known *k = trace_transaction_lacks_answer(t) ? find(a, t->exchange) : NULL;
        if (!k || k->unusable || !k->http.has_head || !k->http.ended || k->asked > 1)
            continue;
        trace_transaction_answer(t, &k->http, k->parts, k->count);
        to->left_out--;
    }
}
