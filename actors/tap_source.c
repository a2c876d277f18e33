/* actors/tap_source.c -- see tap_source.h */
#include "actors/tap_source.h"

static bool variant(struct wire_transcode *t, unsigned type, unsigned *n)
{
    return wire_bytes_source.variant(t, type, n);
}

static bool some(struct wire_transcode *t, bool *is_some)
{
    return wire_bytes_source.some(t, is_some);
}

static bool list_begin(struct wire_transcode *t, unsigned type)
{
    return wire_bytes_source.list_begin(t, type);
}

static bool next(struct wire_transcode *t, unsigned type, uint64_t done, bool *more)
{
    return wire_bytes_source.next(t, type, done, more);
}

static bool list_end(struct wire_transcode *t, unsigned type)
{
    return wire_bytes_source.list_end(t, type);
}

/* Its length, and what there is of it. */
static bool bytes(struct wire_transcode *t, struct wire_leaf *out)
{
    struct wire_bytes_source *s = t->source_state;
    if (!wire_bytes_source.leaf(t, WIRE_OP_U64, out))
        return false;
    size_t there = (size_t)(s->end - s->at);
    out->length = (size_t)out->number.low;
    out->bytes = s->at;
    s->at += out->length < there ? out->length : there;
    return true;
}

static bool leaf(struct wire_transcode *t, unsigned op, struct wire_leaf *out)
{
    return op == WIRE_OP_BYTES ? bytes(t, out) : wire_bytes_source.leaf(t, op, out);
}

const struct wire_source tap_source = {
    .variant = variant,
    .some = some,
    .list_begin = list_begin,
    .next = next,
    .list_end = list_end,
    .leaf = leaf,
};
