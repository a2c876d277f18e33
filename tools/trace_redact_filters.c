/* tools/trace_redact_filters.c -- see trace_redact_filters.h */
#include "tools/trace_redact_filters.h"
#include "messages/http_filter.h"
#include "messages/redact_bytes.h"
#include "messages/wire_message.h"
#include <inttypes.h>
#include <stdio.h>

/* Of one subscription. NULL: it is no sound filter. */
struct pair {
    struct http_filter *before, *after;
    uint64_t port; /* the actor that asks it */
    uint64_t record;
    uint64_t asked, differ; /* heads */
};

struct redact_filters {
    struct pair *pairs;
    size_t count;
};

static bool is_call(const struct trace_record *r, const char *kind)
{
    return r->what == TRACE_CALL && r->type && strcmp(r->type, "agent_port") == 0 &&
           strcmp(r->kind->name, kind) == 0;
}

static struct http_filter *compile(const struct trace_record *r, uint64_t form)
{
    char error[HTTP_FILTER_ERROR_MAX];
    const struct trace_bytes *b = trace_span(r, "filter");
    if (!b || b->kept < b->length)
        return NULL;
    return form == WIRE_SUBSCRIBE_HEADER ? http_filter_new_header(b->bytes, b->length, error)
                                         : http_filter_new(b->bytes, b->length, error);
}

static void on_subscribe(struct redact_filters *f, const struct trace_record *before,
                         const struct trace_record *after)
{
    uint64_t form;
    if (!trace_value(before, "form", &form) || form == WIRE_SUBSCRIBE_ALL)
        return;
    f->pairs = redact_grown(f->pairs, (f->count + 1) * sizeof *f->pairs);
    f->pairs[f->count++] = (struct pair){.before = compile(before, form),
                                         .after = compile(after, form),
                                         .port = ref_bits(before->to),
                                         .record = before->sequence};
}

static bool matches(struct http_filter *filter, const struct trace_bytes *b)
{
    struct http_head head;
    return filter && http_head_open_request(&head, NULL, b->bytes, b->length) &&
           http_filter_matches(filter, &head);
}

static void on_route(struct redact_filters *f, const struct trace_record *before,
                     const struct trace_record *after)
{
    const struct trace_bytes *old = trace_span(before, "head"), *new = trace_span(after, "head");
    if (!old || !new || !old->length || old->kept < old->length)
        return;
    for (size_t i = 0; i < f->count; i++) {
        struct pair *p = &f->pairs[i];
        if (p->port != ref_bits(before->to))
            continue;
        p->asked++;
        p->differ += matches(p->before, old) != matches(p->after, new);
    }
}

void redact_filters_record(struct redact_filters *f, const struct trace_record *before,
                           const struct trace_record *after)
{
    if (is_call(before, "AGENT_SUBSCRIBE"))
        on_subscribe(f, before, after);
    else if (is_call(before, "AGENT_ROUTE"))
        on_route(f, before, after);
}

void redact_filters_say(const struct redact_filters *f, const char *path)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct pair *p = &f->pairs[i];
        if (p->differ || (p->before && !p->after))
            fprintf(stderr,
                    "intproxy-trace: %s: the filter in record %" PRIu64
                    " decides otherwise than it did, about %" PRIu64 " of %" PRIu64
                    " requests: replay differs there, unless you --keep the header or the query "
                    "that it asks for\n",
                    path, p->record, p->differ, p->asked);
    }
}

struct redact_filters *redact_filters_new(void)
{
    return redact_zeroed(sizeof(struct redact_filters));
}

void redact_filters_free(struct redact_filters *f)
{
    for (size_t i = 0; i < f->count; i++) {
        http_filter_free(f->pairs[i].before);
        http_filter_free(f->pairs[i].after);
    }
    free(f->pairs);
    free(f);
}
