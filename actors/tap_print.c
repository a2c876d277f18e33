/* actors/tap_print.c -- see tap_print.h */
#include "actors/tap_print.h"
#include "actors/tap_seen.h"
#include "actors/tap_source.h"
#include "messages/wire_json.h"
#include "messages/wire_text.h"
#include <inttypes.h>
#include <string.h>

void tap_printer_release(struct tap_printer *p)
{
    wire_bytes_source_release(&p->source);
}

static const char *name_of(const struct tap_record *r, char out[WIRE_NAME_MAX])
{
    struct wire_message m = {.path_length = r->path_length};
    memcpy(m.path, r->path, sizeof m.path);
    return wire_message_name(&m, out);
}

static void put_time(struct wire_buffer *out, const char *before, uint64_t us)
{
    wire_buffer_format(out, "%s%" PRIu64 ".%06u", before, us / 1000000, (unsigned)(us % 1000000));
}

/* ---- the message itself ---------------------------------------------------------------------- */

/* What the decoder has accepted can be conveyed; only memory can end, and then the line says so. */
static void put_text(struct tap_printer *p, enum wire_from from, struct wire_buffer *out)
{
    struct wire_text_sink sink = {*out, p->most};
    struct wire_transcode t = {&tap_source, &p->source, &wire_text_sink, &sink, 0, ""};
    bool fine = wire_transcode(&t, from);
    *out = sink.out;
    if (!fine)
        wire_buffer_format(out, " (%s)", t.error);
}

static void put_json(struct tap_printer *p, enum wire_from from, struct wire_buffer *out)
{
    size_t before = out->length;
    struct wire_json_sink sink = {*out, p->most};
    struct wire_transcode t = {&tap_source, &p->source, &wire_json_sink, &sink, 0, ""};
    bool fine = wire_transcode(&t, from);
    *out = sink.out;
    if (fine)
        return;
    out->length = before;
    wire_buffer_text(out, "null");
}

/* ---- text ------------------------------------------------------------------------------------ */

struct palette {
    const char *dim, *side[2], *note, *plain;
};

static const struct palette plain = {"", {"", ""}, "", ""};
static const struct palette coloured = {
    "\033[2m",
    {[WIRE_FROM_CLIENT] = "\033[32m", [WIRE_FROM_AGENT] = "\033[36m"},
    "\033[33m",
    "\033[0m"};

static void text_head(const struct tap_record *r, const struct palette *c, struct wire_buffer *out)
{
    char name[WIRE_NAME_MAX];
    wire_buffer_format(out, "%s%c %s%s", c->side[r->from], r->from == WIRE_FROM_AGENT ? '<' : '>',
                       name_of(r, name), c->plain);
    if (r->ids & TAP_HAS_CONNECTION)
        wire_buffer_format(out, " conn=%" PRIu64, r->connection);
    if (r->ids & TAP_HAS_REQUEST)
        wire_buffer_format(out, " req=%u", r->request);
    if (r->ids & TAP_HAS_PORT)
        wire_buffer_format(out, " port=%u", r->port);
    wire_buffer_format(out, " size=%" PRIu64 " ", r->size);
}

/* Some of a note's words are the peer's. */
static void put_visible(struct wire_buffer *out, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        wire_buffer_put(out, bytes[i] < ' ' || bytes[i] == 0x7F ? (const void *)"?" : bytes + i, 1);
}

static void print_text(struct tap_printer *p, const struct tap_record *r, const uint8_t *bytes,
                       struct wire_buffer *out)
{
    const struct palette *c = p->colour ? &coloured : &plain;
    put_time(out, c->dim, r->at_us);
    wire_buffer_format(out, " %u%s ", r->link, c->plain);
    if (r->kind == TAP_RECORD_NOTE) {
        wire_buffer_format(out, "%s* ", c->note);
        put_visible(out, bytes, r->held);
        wire_buffer_text(out, c->plain);
        return;
    }
    text_head(r, c, out);
    if (r->whole)
        put_text(p, (enum wire_from)r->from, out);
    else
        wire_buffer_text(out, "(not shown whole)");
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void put_string(struct wire_buffer *out, const uint8_t *bytes, size_t length)
{
    wire_buffer_text(out, "\"");
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] < ' ' || bytes[i] >= 0x7F)
            wire_buffer_format(out, "\\u%04x", bytes[i]);
        else
            wire_buffer_format(out, bytes[i] == '"' || bytes[i] == '\\' ? "\\%c" : "%c", bytes[i]);
    }
    wire_buffer_text(out, "\"");
}

static void json_ids(const struct tap_record *r, struct wire_buffer *out)
{
    if (r->ids & TAP_HAS_CONNECTION)
        wire_buffer_format(out,
                           r->connection > WIRE_JSON_EXACT_MAX ? ",\"conn\":\"%" PRIu64 "\""
                                                               : ",\"conn\":%" PRIu64,
                           r->connection);
    if (r->ids & TAP_HAS_REQUEST)
        wire_buffer_format(out, ",\"req\":%u", r->request);
    if (r->ids & TAP_HAS_PORT)
        wire_buffer_format(out, ",\"port\":%u", r->port);
}

static void print_json(struct tap_printer *p, const struct tap_record *r, const uint8_t *bytes,
                       struct wire_buffer *out)
{
    char name[WIRE_NAME_MAX];
    put_time(out, "{\"t\":", r->at_us);
    wire_buffer_format(out, ",\"link\":%u", r->link);
    if (r->kind == TAP_RECORD_NOTE) {
        wire_buffer_text(out, ",\"note\":");
        put_string(out, bytes, r->held);
        wire_buffer_text(out, "}");
        return;
    }
    wire_buffer_format(out, ",\"from\":\"%s\",\"kind\":\"%s\"",
                       r->from == WIRE_FROM_AGENT ? "agent" : "client", name_of(r, name));
    json_ids(r, out);
    wire_buffer_format(out, ",\"size\":%" PRIu64 ",\"message\":", r->size);
    if (r->whole)
        put_json(p, (enum wire_from)r->from, out);
    else
        wire_buffer_text(out, "null");
    wire_buffer_text(out, "}");
}

void tap_print(struct tap_printer *p, const struct tap_record *r, const uint8_t *bytes,
               struct wire_buffer *out)
{
    wire_bytes_source_begin(&p->source, bytes, r->held);
    if (p->json)
        print_json(p, r, bytes, out);
    else
        print_text(p, r, bytes, out);
    wire_buffer_text(out, "\n");
}
