/* tools/trace_diagram_build.c -- records become arrows; see trace_diagram.h */
#include "tools/trace_diagram_parts.h"
#include "messages/exchange_number.h"
#include "messages/kinds.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct diagram *diagram_new(const struct diagram_options *options)
{
    struct diagram *d = calloc(1, sizeof *d);
    struct diagram_parts *p = calloc(1, sizeof *p);
    if (!d || !p)
        heap_exhausted("a diagram", sizeof *d);
    d->options = *options;
    d->p = p;
    d->exchanges = trace_exchanges_new();
    diagram_text(d, "", 0);
    return d;
}

void diagram_free(struct diagram *d)
{
    diagram_said_forget(d);
    diagram_ids_free(d);
    diagram_link_free(d);
    diagram_tables_free(d);
    trace_exchanges_free(d->exchanges);
    free(d->arrows);
    free(d->actors);
    free(d->kinds);
    free(d->values);
    free(d->spans);
    free(d->blobs);
    free(d->bytes);
    free((void *)d->texts);
    free(d->p->joined);
    free(d->p);
    free(d);
}

/* ---- one arrow ---- */

uint32_t diagram_add(struct diagram *d, const struct trace_record *r, enum diagram_what what)
{
    uint32_t number = trace_record_exchange(r);
    d->arrows = diagram_grown(d->arrows, d->arrow_count, 1, sizeof *d->arrows);
    d->arrows[d->arrow_count] = (struct diagram_arrow){
        .at_ns = r->ended_ns - r->took_ns,
        .ended_ns = r->ended_ns,
        .sequence = r->sequence,
        .took_ns = r->took_ns,
        .exchange = exchange_of_proxy(number),
        .of_agent = exchange_is_agents(number) ? number : 0,
        .cause = DIAGRAM_NONE,
        .values = (uint32_t)d->value_count,
        .bytes = d->span_count,
        .flags = r->flags,
        .what = (uint8_t)what,
        .worker = (uint8_t)r->worker,
    };
    return d->arrow_count++;
}

void diagram_set_label(struct diagram *d, uint32_t arrow, const char *text, size_t length)
{
    uint32_t number = diagram_text(d, text, length);
    d->arrows[arrow].label = number;
}

void diagram_set_kind(struct diagram *d, uint32_t arrow, uint32_t kind)
{
    d->arrows[arrow].kind = (uint16_t)kind;
}

/* Who is at the other end of the sockets of an actor of this type. */
enum lifeline diagram_peer_of(enum lifeline who)
{
    switch (who) {
    case LIFE_AGENT_REMOTE: return LIFE_CLIENT;
    case LIFE_AGENT_SESSION: return LIFE_PROXIES;
    case LIFE_LINK: return LIFE_AGENT;
    case LIFE_CONNECTION: return LIFE_APPLICATION;
    default: return LIFE_SYSTEM;
    }
}

static bool is_of_peer(uint16_t kind)
{
    return kind == MSG_SOCKET_CONNECTED || kind == MSG_SOCKET_DATA || kind == MSG_SOCKET_END ||
           kind == MSG_SOCKET_FAILED || kind == MSG_SOCKET_DRAINED || kind == MSG_SOCKET_ACCEPTED;
}

/* ---- messages ---- */

static void copy_fields(struct diagram *d, const struct trace_record *r)
{
    for (unsigned i = 0; i < r->kind->field_count; i++) {
        const struct trace_field *f = &r->kind->fields[i];
        uint64_t value = r->values[i];
        if (f->type == FIELD_ref) {
            struct actor_ref ref = trace_ref(value);
            value = ref_is_nobody(ref) ? DIAGRAM_NONE : diagram_actor_of(d, ref, NULL);
        }
        if (f->type != FIELD_span)
            diagram_add_value(d, value);
    }
    for (unsigned i = 0; i < r->kind->span_count; i++)
        diagram_add_span(d, r->spans[i].bytes, r->spans[i].kept, r->spans[i].length);
}

static bool is_piece(const struct trace_record *r)
{
    switch (r->kind->ours) {
    case MSG_DATA:
    case MSG_REQUEST_BODY:
    case MSG_ASSIGN_BODY:
    case MSG_RESPONSE_BODY:
    case MSG_ANSWER_BODY:
    case MSG_AGENT_OFFER_BODY:
    case MSG_CREDIT:
    case MSG_SOCKET_DATA:
    case MSG_SOCKET_DRAINED:
    case MSG_FILE_WRITTEN:
    case MSG_FILE_READ: return true;
    default: return false;
    }
}

/* Bytes between an actor and its peer: what do they say? */
void diagram_tell_bytes(struct diagram *d, uint32_t arrow, uint32_t actor, bool arrives,
                        const uint8_t *bytes, size_t kept, uint64_t all)
{
    struct diagram_link link;
    char line[DIAGRAM_LABEL_MAX];
    enum lifeline who = diagram_lifeline(d, actor);
    if (who != LIFE_LINK && who != LIFE_AGENT_SESSION) {
        size_t n = diagram_http_line(bytes, kept, line);
        diagram_set_label(d, arrow, line, n);
        d->arrows[arrow].repeats = n == 0;
        return;
    }
    enum wire_from from = (who == LIFE_LINK) == arrives ? WIRE_FROM_AGENT : WIRE_FROM_CLIENT;
    diagram_link_bytes(d, arrow, d->actors[actor].ref, from, bytes, kept, all, &link);
    diagram_set_label(d, arrow, link.text, strlen(link.text));
    d->arrows[arrow].repeats = link.pieces;
}

static void tell(struct diagram *d, uint32_t arrow, const struct trace_record *r)
{
    struct diagram_ids ids;
    char label[DIAGRAM_LABEL_MAX];
    const struct trace_bytes *bytes =
        r->kind->ours == MSG_SOCKET_DATA ? trace_span(r, "bytes") : NULL;
    d->arrows[arrow].repeats = is_piece(r);
    if (bytes) {
        diagram_tell_bytes(d, arrow, d->arrows[arrow].to, true, bytes->bytes, bytes->kept,
                           bytes->length);
        return;
    }
    diagram_set_label(d, arrow, label, diagram_label(r, label));
    if (diagram_ids_of(r, &ids))
        diagram_ids_take(d, &ids, arrow);
}

static uint32_t other_of(struct diagram *d, uint32_t arrow, const struct trace_record *r)
{
    struct diagram_arrow *a = &d->arrows[arrow];
    bool peers = is_of_peer(r->kind->ours);
    if (!ref_is_nobody(r->from) && r->kind->ours != MSG_SOCKET_ACCEPTED) {
        a->what = ref_equal(r->from, r->to) ? DIAGRAM_SELF : DIAGRAM_MESSAGE;
        return diagram_actor_of(d, r->from, NULL);
    }
    if (r->kind->ours == MSG_TIMER || r->kind->ours == MSG_CONTINUE) {
        a->what = DIAGRAM_SELF;
        return a->to;
    }
    a->what = DIAGRAM_ARRIVES;
    return diagram_outside(d, peers ? diagram_peer_of(diagram_lifeline(d, a->to)) : LIFE_SYSTEM);
}

static uint32_t take_call(struct diagram *d, const struct trace_record *r)
{
    uint32_t arrow = diagram_add(d, r, DIAGRAM_MESSAGE);
    uint32_t to = diagram_actor_of(d, r->to, r->type);
    bool spawned;
    d->arrows[arrow].to = to;
    uint32_t from = other_of(d, arrow, r);
    d->arrows[arrow].from = from;
    copy_fields(d, r);
    diagram_set_kind(d, arrow, diagram_kind_of(d, r->kind));
    d->arrows[arrow].cause = diagram_heard(d, r->from, r->to, r->kind->number, &spawned);
    d->arrows[arrow].spawned = spawned;
    tell(d, arrow, r);
    return arrow;
}

/* Its payload is not known. */
static void take_undelivered(struct diagram *d, const struct trace_record *r)
{
    uint32_t arrow = diagram_add(d, r, DIAGRAM_LOST);
    struct diagram_kind k = {.field_count = 0};
    bool spawned;
    snprintf(k.name, sizeof k.name, "%s", r->kind->name);
    uint32_t to = diagram_actor_of(d, r->to, NULL);
    d->arrows[arrow].to = to;
    d->arrows[arrow].from = ref_is_nobody(r->from) ? diagram_outside(d, LIFE_SYSTEM)
                                                   : diagram_actor_of(d, r->from, NULL);
    diagram_set_kind(d, arrow, diagram_kind_like(d, &k));
    d->arrows[arrow].cause = diagram_heard(d, r->from, r->to, r->kind->number, &spawned);
}

/* ---- records ---- */

static uint32_t take_end(struct diagram *d, const struct trace_record *r)
{
    static const char *const reasons[] = {"done", "failed", "asked to end", "nobody", "killed"};
    struct diagram_kind k = {.name = "END"};
    uint32_t arrow = diagram_add(d, r, DIAGRAM_ENDS);
    const char *why = r->flags < sizeof reasons / sizeof reasons[0] ? reasons[r->flags] : "?";
    uint32_t to = diagram_actor_of(d, r->to, r->type);
    d->arrows[arrow].from = d->arrows[arrow].to = to;
    diagram_set_kind(d, arrow, diagram_kind_like(d, &k));
    diagram_set_label(d, arrow, why, strlen(why));
    return arrow;
}

static void take_note(struct diagram *d, const struct trace_record *r)
{
    char text[DIAGRAM_LABEL_MAX];
    struct diagram_kind k = {.name = "NOTE"};
    uint32_t arrow = diagram_add(d, r, DIAGRAM_NOTE);
    int n = r->what == TRACE_LAGGED
                ? snprintf(text, sizeof text, "%" PRIu64 " calls of worker %u are missing here",
                           r->lost, r->worker)
                : snprintf(text, sizeof text, "%s", r->text);
    uint32_t system = diagram_outside(d, LIFE_SYSTEM);
    d->arrows[arrow].from = d->arrows[arrow].to = system;
    diagram_set_kind(d, arrow, diagram_kind_like(d, &k));
    diagram_set_label(d, arrow, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
    if (r->what == TRACE_LAGGED)
        diagram_said_forget(d);
}

void diagram_take(struct diagram *d, const struct trace_reader *reader,
                  const struct trace_record *r, bool wanted)
{
    uint32_t first = d->arrow_count;
    switch (r->what) {
    case TRACE_CALL: diagram_take_effects(d, reader, r, take_call(d, r)); break;
    case TRACE_END: diagram_take_effects(d, reader, r, take_end(d, r)); break;
    case TRACE_UNDELIVERED: take_undelivered(d, r); break;
    case TRACE_LAGGED:
    case TRACE_NOTE: take_note(d, r); break;
    }
    for (; first < d->arrow_count; first++)
        d->arrows[first].wanted = wanted;
}
