/* tools/trace_convert_pcapng.c -- `convert --to pcapng`: what went over sockets, and what actors said, as packets.
 *
 * Interface "sockets": each socket of an actor as a TCP connection, see trace_streams.h. Interface "messages": each
 * record as one UDP packet to the syslog port, whose text is the line for people. So every tool shows it in its
 * list without a plug-in, "syslog.msg contains" searches it, and since each type of actor has an address with its
 * name, a flow graph has actors as its lifelines. Comments of packets would be seen one at a time, and a link type
 * of our own would be bytes without meaning to everybody.
 */
#include "messages/packet.h"
#include "messages/pcapng.h"
#include "tools/trace_convert.h"
#include "tools/trace_streams.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOCKETS, MESSAGES };
enum { SYSLOG_PORT = 514, LINE_BYTES_MAX = 8000, EXCERPT_BYTES = 256 };

static struct trace_streams *streams;

/* 198.18.0.x is a type of actor, by the order in which they come. */
static struct lifeline {
    char name[TRACE_NAME_MAX];
} lifelines[250];
static unsigned lifeline_count;
static uint16_t packets;

static void find_lifeline(struct convert *c, const char *name, struct address *a)
{
    unsigned i = 0;
    while (i < lifeline_count && strcmp(lifelines[i].name, name) != 0)
        i++;
    *a = (struct address){
        .family = ADDRESS_V4, .port = SYSLOG_PORT, .ip = {198, 18, 0, (uint8_t)(i + 1)}};
    if (i < lifeline_count || i == sizeof lifelines / sizeof lifelines[0])
        return;
    snprintf(lifelines[i].name, sizeof lifelines[i].name, "%s", name);
    lifeline_count++;
    pcapng_name(&c->out, a->ip, 4, name);
}

/* ---- a record as a line ---------------------------------------------------------------------- */

static void put_span(struct trace_out *line, const char *name, const struct trace_bytes *b)
{
    text_format(line, " %s=\"", name);
    text_printable(line, b->bytes, b->kept, EXCERPT_BYTES);
    text_format(line, b->kept < b->length ? "\"(%" PRIu32 ", not kept whole)" : "\"(%" PRIu32 ")",
                b->length);
}

static void put_fields(struct trace_out *line, const struct trace_record *r)
{
    for (unsigned i = 0; i < r->kind->field_count; i++)
        if (r->kind->fields[i].type == FIELD_span)
            put_span(line, r->kind->fields[i].name, &r->spans[r->kind->fields[i].span]);
        else
            text_format(line, " %s=%" PRIu64, r->kind->fields[i].name, r->values[i]);
}

static void put_line(struct convert *c, struct trace_out *line, const struct trace_record *r)
{
    struct trace_effect e;
    size_t at = 0;
    uint32_t exchange = r->exchange ? r->exchange : r->actor_exchange;
    text_format(line, "#%" PRIu64, r->sequence);
    if (exchange)
        text_format(line, " x%" PRIu32, exchange);
    text_format(line, " %s",
                r->kind                   ? r->kind->name
                : r->what == TRACE_END    ? "ends"
                : r->what == TRACE_LAGGED ? "records are missing"
                                          : "note:");
    if (r->what == TRACE_UNDELIVERED)
        text_add(line, " was not heard by anybody");
    if (r->what == TRACE_LAGGED)
        text_format(line, ": %" PRIu64, r->lost);
    if (r->what == TRACE_NOTE) {
        text_add(line, " ");
        text_printable(line, r->text, strlen(r->text), EXCERPT_BYTES);
    }
    if (r->what == TRACE_CALL)
        put_fields(line, r);
    while (trace_effect_next(c->reader, r, &at, &e))
        text_format(line, " | %s%s%s", effect_name(e.kind), e.message ? " " : "",
                    e.message ? e.message->name : "");
}

/* ---- types of those who speak ---------------------------------------------------------------- */

struct known {
    uint64_t ref;
    char type[TRACE_NAME_MAX];
    UT_hash_handle hh;
};
static struct known *known;

static void remember(const struct trace_record *r)
{
    uint64_t ref = ref_bits(r->to);
    struct known *k;
    HASH_FIND(hh, known, &ref, sizeof ref, k);
    if (k || !r->type)
        return;
    k = calloc(1, sizeof *k);
    if (!k)
        heap_exhausted("the actors of a trace", sizeof *k);
    k->ref = ref;
    snprintf(k->type, sizeof k->type, "%s", r->type);
    HASH_ADD(hh, known, ref, sizeof k->ref, k);
}

static const char *type_of(struct actor_ref who)
{
    uint64_t ref = ref_bits(who);
    struct known *k;
    if (ref_is_nobody(who))
        return "runtime";
    HASH_FIND(hh, known, &ref, sizeof ref, k);
    return k ? k->type : "an actor";
}

static void put_message(struct convert *c, const struct trace_record *r)
{
    static struct trace_out line, frame;
    struct packet p = {.number = ++packets};
    line.length = frame.length = 0;
    remember(r);
    put_line(c, &line, r);
    find_lifeline(c, type_of(r->from), &p.from);
    find_lifeline(c, type_of(r->to), &p.to);
    p.payload = line.bytes;
    p.length = p.kept = (uint32_t)(line.length < LINE_BYTES_MAX ? line.length : LINE_BYTES_MAX);
    size_t original = packet_udp(&frame, &p);
    pcapng_packet(&c->out, MESSAGES, convert_wall_ns(c, r->ended_ns - r->took_ns), frame.bytes,
                  frame.length, original, NULL);
}

/* ---- the form -------------------------------------------------------------------------------- */

static void begin(struct convert *c)
{
    struct trace_out about = {0};
    text_format(&about, "%s %s, recorded with: ", c->about.program, c->about.build);
    text_printable(&about, c->about.options, strlen(c->about.options), 2000);
    text_bytes(&about, "", 1);
    pcapng_section(&c->out, c->about.system, "intproxy-trace " INTPROXYD_VERSION,
                   (const char *)about.bytes);
    free(about.bytes);
    pcapng_interface(&c->out, PCAPNG_LINKTYPE_ETHERNET, "sockets",
                     "what went over sockets; packets are made up around bytes and times of the "
                     "trace");
    pcapng_interface(&c->out, PCAPNG_LINKTYPE_ETHERNET, "messages",
                     "messages between actors, one a packet, as text");
    streams = trace_streams_new(SOCKETS);
}

static void record(struct convert *c, const struct trace_record *r)
{
    if (!c->no_messages)
        put_message(c, r);
    if (!c->no_streams)
        trace_streams_take(streams, &c->out, c->reader, r, convert_wall_ns(c, 0));
}

static void end(struct convert *c)
{
    trace_streams_missing(streams, &c->capped, &c->capped_bytes);
    trace_streams_free(streams);
    struct known *k, *next;
    HASH_ITER(hh, known, k, next)
    {
        HASH_DEL(known, k);
        free(k);
    }
}

const struct convert_form convert_pcapng = {
    .name = "pcapng", .begin = begin, .record = record, .end = end};
