/* tools/wire_show.c -- see wire_show.h */
#include "tools/wire_show.h"
#include "messages/wire_dump.h"
#include "messages/wire_json.h"
#include "messages/wire_text.h"
#include "tools/output.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {[WIRE_FROM_CLIENT] = "client", [WIRE_FROM_AGENT] = "agent"};

const char *wire_from_name(enum wire_from from)
{
    return names[from];
}

bool wire_from_parse(const char *text, size_t length, enum wire_from *out)
{
    for (unsigned i = 0; i < 2; i++)
        if (strlen(names[i]) == length && memcmp(names[i], text, length) == 0) {
            *out = (enum wire_from)i;
            return true;
        }
    return false;
}

static bool convey(struct wire_transcode *t, enum wire_from from)
{
    if (wire_transcode(t, from))
        return true;
    fprintf(stderr, "intproxy-wire: %s\n", t->error);
    return false;
}

static bool show_text(const struct wire_show *show, enum wire_from from,
                      struct wire_bytes_source *bytes)
{
    static struct wire_text_sink text; /* keeps its room from message to message */
    struct wire_transcode t = {&wire_bytes_source, bytes, &wire_text_sink, &text, 0, ""};
    text.most = show->most;
    text.out.length = 0;
    if (!convey(&t, from))
        return false;
    output_format("%s ", names[from]);
    output(text.out.at, text.out.length);
    output_text("\n");
    return true;
}

static bool show_json(const struct wire_show *show, enum wire_from from, uint64_t offset,
                      struct wire_bytes_source *bytes)
{
    static struct wire_json_sink json;
    struct wire_transcode t = {&wire_bytes_source, bytes, &wire_json_sink, &json, 0, ""};
    size_t size = (size_t)(bytes->end - bytes->begin);
    json.most = show->most;
    json.out.length = 0;
    if (!convey(&t, from))
        return false;
    output_format("{\"from\":\"%s\",\"offset\":%" PRIu64 ",\"size\":%zu,\"message\":", names[from],
                  offset, size);
    output(json.out.at, json.out.length);
    output_text("}\n");
    return true;
}

static bool show_dump(const struct wire_show *show, enum wire_from from, uint64_t offset,
                      struct wire_bytes_source *bytes)
{
    static struct wire_dump_sink dump;
    struct wire_transcode t = {&wire_bytes_source, bytes, &wire_dump_sink, &dump, 0, ""};
    bytes->raw = true;
    wire_dump_sink_begin(&dump, bytes);
    dump.base = offset;
    dump.colour = show->colour;
    dump.text.most = show->most;
    bool fine = convey(&t, from);
    bytes->raw = false;
    output_format("%s, %zu bytes\n", names[from], (size_t)(bytes->end - bytes->begin));
    output(dump.text.out.at, dump.text.out.length);
    output_text("\n");
    return fine;
}

bool wire_show(const struct wire_show *show, enum wire_from from, uint64_t offset,
               const uint8_t *bytes, size_t length)
{
    static struct wire_bytes_source source;
    wire_bytes_source_begin(&source, bytes, length);
    switch (show->form) {
    case WIRE_FORM_JSON: return show_json(show, from, offset, &source);
    case WIRE_FORM_BYTES: return show_dump(show, from, offset, &source);
    case WIRE_FORM_RAW: output(bytes, length); return true;
    case WIRE_FORM_HEX:
        output_format("%s\t", names[from]);
        output_hex(bytes, length);
        output_text("\n");
        return true;
    default: return show_text(show, from, &source);
    }
}
