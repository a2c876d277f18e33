/* tests/fuzz/fuzz_http_text.c -- libFuzzer over what diff makes of a socket's bytes: in whatever pieces they come,
 * the same comes out, and no more than went in.
 *
 * The first byte says where the rest is cut.
 */
#include "messages/kinds.h"
#include "tools/trace_http_text.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct got {
    uint8_t bytes[8192];
    size_t length;
};

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void collect(void *context, const uint8_t *bytes, size_t length)
{
    struct got *g = context;
    must(g->length + length <= sizeof g->bytes);
    if (length)
        memcpy(g->bytes + g->length, bytes, length);
    g->length += length;
}

static void pass(const struct trace_rules *r, const uint8_t *data, size_t size, size_t step,
                 struct got *out)
{
    struct trace_http_text *t = trace_http_text_new(r);
    out->length = 0;
    for (size_t at = 0; at < size; at += step)
        trace_http_text_give(t, data + at, step < size - at ? step : size - at, collect, out);
    trace_http_text_end(t, collect, out);
    trace_http_text_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char text[] = "ignore header date\nignore header x-*\nunordered headers";
    static struct got whole, pieces;
    static struct rule_errors errors;
    if (!size || size > sizeof whole.bytes)
        return 0;
    messages_init();
    struct trace_rules *r = trace_rules_new();
    must(trace_rules_read(r, "rules", text, sizeof text - 1, &errors));
    pass(r, data + 1, size - 1, size, &whole);
    pass(r, data + 1, size - 1, (size_t)data[0] + 1, &pieces);
    must(whole.length < size);
    must(whole.length == pieces.length && memcmp(whole.bytes, pieces.bytes, whole.length) == 0);
    trace_rules_free(r);
    return 0;
}
