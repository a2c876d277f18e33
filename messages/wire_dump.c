/* messages/wire_dump.c -- see wire_dump.h
 *
 * What the source has eaten since the last line belongs to the value that is told now.
 */
#include "messages/wire_dump.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FAINT  "\033[2m"
#define NAME   "\033[36m"
#define VALUE  "\033[33m"
#define NORMAL "\033[0m"

static struct wire_dump_sink *sink(struct wire_transcode *t)
{
    return t->sink_state;
}

void wire_dump_sink_begin(struct wire_dump_sink *s, const struct wire_bytes_source *bytes)
{
    s->bytes = bytes;
    s->shown = bytes->begin;
    s->indent = 0;
    s->label = NULL;
    s->text.out.length = 0;
}

void wire_dump_sink_release(struct wire_dump_sink *s)
{
    wire_buffer_release(&s->text.out);
}

static bool put_bytes(struct wire_dump_sink *s, struct wire_buffer *out)
{
    size_t n = (size_t)(s->bytes->at - s->shown);
    size_t most = n > WIRE_DUMP_BYTES ? WIRE_DUMP_BYTES - 1 : n;
    bool fine = true;
    for (size_t i = 0; i < WIRE_DUMP_BYTES && fine; i++)
        fine = i < most             ? wire_buffer_format(out, "%02x ", s->shown[i])
               : i == most && n > i ? wire_buffer_text(out, ".. ")
                                    : wire_buffer_text(out, "   ");
    return fine;
}

/* Offset, bytes, indent and label; the value and the line's end are the caller's. */
static bool line(struct wire_transcode *t)
{
    struct wire_dump_sink *s = sink(t);
    struct wire_buffer *out = &s->text.out;
    uint64_t offset = s->base + (uint64_t)(s->shown - s->bytes->begin);
    bool fine = wire_buffer_format(out, "%s%06" PRIx64 "%s  ", s->colour ? FAINT : "", offset,
                                   s->colour ? NORMAL : "") &&
                put_bytes(s, out) && wire_buffer_format(out, " %*s", (int)(2 * s->indent), "");
    if (fine && s->label)
        fine = wire_buffer_format(out, "%s%s%s: ", s->colour ? NAME : "", s->label,
                                  s->colour ? NORMAL : "");
    s->label = NULL;
    s->shown = s->bytes->at;
    return fine || wire_transcode_fail(t, "no memory");
}

static bool word(struct wire_transcode *t, const char *text)
{
    struct wire_dump_sink *s = sink(t);
    return line(t) && (wire_buffer_format(&s->text.out, "%s%s%s\n", s->colour ? VALUE : "", text,
                                          s->colour ? NORMAL : "") ||
                       wire_transcode_fail(t, "no memory"));
}

static bool leaf(struct wire_transcode *t, unsigned op, const struct wire_leaf *l)
{
    struct wire_dump_sink *s = sink(t);
    if (!line(t) || !wire_buffer_text(&s->text.out, s->colour ? VALUE : ""))
        return false;
    t->sink_state = &s->text; /* written as the text form writes it */
    bool fine = wire_text_sink.leaf(t, op, l);
    t->sink_state = s;
    return fine && (wire_buffer_format(&s->text.out, "%s\n", s->colour ? NORMAL : "") ||
                    wire_transcode_fail(t, "no memory"));
}

static bool variant(struct wire_transcode *t, unsigned type, unsigned n)
{
    return word(t, wire_variant_names[wire_types[type].first + n]);
}

static bool some(struct wire_transcode *t, bool is_some)
{
    return word(t, is_some ? "Some" : "None");
}

static bool deeper(struct wire_transcode *t, const struct wire_group *g)
{
    struct wire_dump_sink *s = sink(t);
    if (g->shape == WIRE_SHAPE_STRUCT && s->label) {
        const uint8_t *shown = s->shown;
        if (!word(t, "")) /* a struct has no byte of its own, but a name */
            return false;
        s->shown = shown;
    }
    s->indent++;
    return true;
}

static bool field(struct wire_transcode *t, const struct wire_group *g, unsigned i)
{
    sink(t)->label = g->named ? g->names[i] : NULL;
    return true;
}

static bool shallower(struct wire_transcode *t, const struct wire_group *g)
{
    (void)g;
    sink(t)->indent--;
    return true;
}

static bool list_begin(struct wire_transcode *t, unsigned type)
{
    struct wire_dump_sink *s = sink(t);
    size_t own = (size_t)(s->bytes->at - s->shown);
    char count[32] = "";
    if (own)
        snprintf(count, sizeof count, "[%" PRIu64 "]", s->bytes->left[s->bytes->lists - 1]);
    (void)type;
    if ((own || s->label) && !word(t, count))
        return false;
    s->indent++;
    return true;
}

static bool list_end(struct wire_transcode *t, unsigned type, uint64_t count)
{
    (void)type, (void)count;
    sink(t)->indent--;
    return true;
}

const struct wire_sink wire_dump_sink = {
    .variant = variant,
    .some = some,
    .group_begin = deeper,
    .field = field,
    .group_end = shallower,
    .list_begin = list_begin,
    .list_end = list_end,
    .leaf = leaf,
};
