/* tools/trace_convert_pcapng.c -- `convert --to pcapng`: what went over sockets, and what actors said, as packets.
 *
 * Interface "sockets": each socket of an actor as a TCP connection, see trace_packets.h. Interface "messages": each
 * record as one UDP packet to the syslog port, whose text is the line for people. So every tool shows it in its
 * list without a plug-in, "syslog.msg contains" searches it, and since each type of actor has an address with its
 * name, a flow graph has actors as its lifelines. Comments of packets would be seen one at a time, and a link type
 * of our own would be bytes without meaning to everybody.
 */
#include "messages/packet.h"
#include "messages/pcapng.h"
#include "tools/trace_convert.h"
#include "tools/trace_line.h"
#include "tools/trace_packets.h"
#include "tools/trace_words.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOCKETS, MESSAGES };
enum { SYSLOG_PORT = 514, LINE_BYTES_MAX = 8000, EXCERPT_BYTES = 256 };

static struct trace_packets *streams;

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

static struct trace_view view;
static struct trace_text line;

static void put_what(const struct trace_record *r, const struct trace_exchange *x)
{
    switch (r->what) {
    case TRACE_CALL:
        trace_text_word(&line, r->kind->name);
        trace_line_fields(&view, &line, r, x);
        break;
    case TRACE_UNDELIVERED:
        trace_text_word(&line, r->kind->name);
        trace_text_word(&line, " was not delivered: the actor had ended");
        break;
    case TRACE_END:
        trace_text_word(&line, "ended: ");
        trace_text_word(&line, trace_stop_reason(r->flags));
        break;
    case TRACE_LAGGED:
        trace_text_format(&line, "lagged: %" PRIu64 " calls are missing here", r->lost);
        break;
    case TRACE_NOTE: trace_text_escaped(&line, r->text, strlen(r->text)); break;
    }
}

/* As `show` has it, without what the packet itself says: when, from whom, to whom. */
static void put_line(const struct trace_record *r, const struct trace_exchange *x)
{
    struct trace_effect e;
    size_t at = 0;
    trace_text_format(&line, "#%" PRIu64 " [", r->sequence);
    if (trace_line_exchange(&line, r, x))
        trace_text_word(&line, "] ");
    else
        line.length -= 1;
    put_what(r, x);
    for (const char *before = " | "; trace_effect_next(view.reader, r, &at, &e); before = "; ") {
        trace_text_word(&line, before);
        trace_line_effect(&view, &line, &e);
    }
}

static const char *type_of(struct actor_ref who)
{
    const char *type = ref_is_nobody(who) ? "runtime" : trace_actors_type(view.actors, who);
    return type ? type : "an actor";
}

static void put_message(struct convert *c, const struct trace_record *r)
{
    static struct trace_out frame;
    struct packet p = {.number = ++packets};
    line.length = frame.length = 0;
    put_line(r, c->x);
    find_lifeline(c, type_of(r->from), &p.from);
    find_lifeline(c, type_of(r->to), &p.to);
    p.payload = (const uint8_t *)line.at;
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
    streams = trace_packets_new(SOCKETS);
    trace_view_create(&view, c->reader);
    view.excerpt = EXCERPT_BYTES;
}

static void record(struct convert *c, const struct trace_record *r)
{
    trace_view_take(&view, r);
    if (!c->no_messages && c->wanted)
        put_message(c, r);
    if (!c->no_streams)
        trace_packets_take(streams, &c->out, c->reader, r, convert_wall_ns(c, 0),
                           trace_selection_has_actor(c->selection, r->to));
}

static void end(struct convert *c)
{
    trace_packets_missing(streams, &c->capped, &c->capped_bytes);
    trace_packets_free(streams);
    trace_view_destroy(&view);
    trace_text_free(&line);
}

const struct convert_form convert_pcapng = {
    .name = "pcapng", .begin = begin, .record = record, .end = end, .selects = true};
