/* tests/fuzz/fuzz_redact.c -- libFuzzer over redaction: any rules, any bytes, cut in any way.
 *
 * Up to the first zero byte the input is rules, the rest a stream. However it is cut into records, the same comes
 * out of it: as long as it was, with all that separates things where it was, and without the secrets that were found.
 */
#include "messages/trace_redactor.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STREAM_MAX = 4096 };

static const struct trace_kind kind = {.name = "BYTES",
                                       .field_count = 1,
                                       .span_count = 1,
                                       .fields = {{.name = "bytes", .type = FIELD_span}}};

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void ignore_mistake(void *context, unsigned line, const char *error)
{
    (void)context, (void)line;
    must(error[0] != 0);
}

static struct trace_record piece_of(const uint8_t *bytes, size_t length, size_t at, size_t piece)
{
    uint32_t n = (uint32_t)(length - at < piece ? length - at : piece);
    return (struct trace_record){
        .what = TRACE_CALL, .kind = &kind, .spans = {{bytes + at, n, n, 0}}};
}

static void left(void *context, const char *what, const struct trace_record *where)
{
    (void)what, (void)where;
    ++*(unsigned *)context;
}

static unsigned redact(struct redact_rules *rules, const struct trace_reader *reader,
                       const uint8_t *bytes, size_t length, size_t piece, uint8_t *out)
{
    struct redactor *d = redactor_new(rules, "key", 3);
    struct trace_record r;
    unsigned found = 0;
    for (size_t at = 0; at < length; at += piece) {
        r = piece_of(bytes, length, at, piece);
        redactor_learn(d, reader, &r);
    }
    redactor_learned(d);
    for (size_t at = 0; at < length; at += piece) {
        r = piece_of(bytes, length, at, piece);
        redactor_find(d, reader, &r);
    }
    redactor_found(d);
    struct redactor_check *check = redactor_check_new(d, left, &found);
    for (size_t at = 0; at < length; at += piece) {
        r = piece_of(bytes, length, at, piece);
        const struct trace_record *new = redactor_apply(d, reader, &r);
        must(new &&new->spans[0].length == r.spans[0].length);
        memcpy(out + at, new->spans[0].bytes, new->spans[0].length);
        redactor_check_record(check, reader, new);
    }
    must(redactor_check_end(check));
    redactor_check_free(check);
    redactor_free(d);
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t whole[STREAM_MAX], cut[STREAM_MAX];
    static const char separators[] = "\r\n\t \"'&;:,{}[]<>\\()@?#";
    const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
    const uint8_t *bytes = zero ? zero + 1 : data;
    size_t length = size - (size_t)(bytes - data);
    if (length < 1 || length > STREAM_MAX)
        return 0;
    struct redact_rules *rules = redact_rules_new();
    struct trace_reader *reader = trace_reader_new();
    if (zero)
        redact_rules_read(rules, (const char *)data, (size_t)(zero - data), ignore_mistake, NULL);
    unsigned found = redact(rules, reader, bytes, length, length, whole);
    for (size_t i = 0; i < length; i++)
        if (strchr(separators, bytes[i]) || strchr(separators, whole[i]))
            must(bytes[i] == whole[i]);
    redact(rules, reader, bytes, length, 1 + bytes[0] % 7u, cut);
    must(memcmp(whole, cut, length) == 0);
    must(found == 0);
    trace_reader_free(reader);
    redact_rules_free(rules);
    return 0;
}
