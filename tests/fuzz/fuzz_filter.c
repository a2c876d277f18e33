/* tests/fuzz/fuzz_filter.c -- libFuzzer over the filter language: any text gives a filter or an error.
 *
 * A filter that was accepted is run over a message whose values are the rest of the input: the first
 * zero byte ends the text. What is said while values are missing must not be contradicted later.
 */
#include "messages/filter.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"TcpSteal", "Data", "HttpResponse", "Ping"};

static const struct filter_field fields[] = {
    {"kind", FILTER_KIND, "", names, 4}, {"conn", FILTER_NUMBER, "", NULL, 0},
    {"t", FILTER_TIME, "", NULL, 0},     {"path", FILTER_TEXT, "", NULL, 0},
    {"from", FILTER_TEXT, "", names, 2}, {NULL, FILTER_TEXT, NULL, NULL, 0},
};

struct values {
    const uint8_t *bytes;
    size_t length;
    unsigned later; /* bit a field */
};

static bool get(void *context, unsigned field, struct filter_value *out)
{
    const struct values *v = context;
    if (v->length <= field || v->bytes[field] == '-')
        return false;
    out->later = v->later >> field & 1;
    out->number = v->bytes[field];
    out->text = (const char *)v->bytes + field;
    out->length = v->length - field;
    return true;
}

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[4097];
    char error[FILTER_ERROR_MAX];
    const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
    size_t length = zero ? (size_t)(zero - data) : size;
    if (length >= sizeof text)
        return 0;
    memcpy(text, data, length);
    text[length] = 0;
    struct filter_program *f = filter_new(text, fields, error);
    must((f == NULL) == (error[0] != 0));
    if (!f)
        return 0;
    struct values v = {zero ? zero + 1 : data, zero ? size - length - 1 : 0, 0};
    enum filter_verdict known = filter_judge(f, get, &v);
    must(known != FILTER_LATER);
    for (v.later = 1; v.later < 32; v.later++) {
        enum filter_verdict early = filter_judge(f, get, &v);
        must(early == FILTER_LATER || early == known);
    }
    filter_free(f);
    return 0;
}
