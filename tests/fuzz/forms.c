/* tests/fuzz/forms.c -- see forms.h */
#include "tests/fuzz/forms.h"
#include "messages/wire_decoder.h"
#include <string.h>

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            __builtin_trap();                                                                      \
    } while (0)

static bool is_whole(enum wire_from from, const struct wire_buffer *b)
{
    static struct wire_decoder d;
    size_t eaten;
    wire_decoder_create(&d, from, version_newest(), UINT64_MAX);
    enum wire_verdict v = wire_decoder_feed(&d, b->at, b->length, &eaten);
    wire_decoder_destroy(&d);
    return v == WIRE_MESSAGE && eaten == b->length;
}

static bool same(const struct wire_buffer *a, const struct wire_buffer *b)
{
    return a->length == b->length && memcmp(a->at, b->at, a->length) == 0;
}

void fuzz_message(enum wire_from from, const uint8_t *bytes, size_t length)
{
    struct forms canonical = {0}, form = {0}, back = {0};
    MUST(forms_canonical(&canonical, from, bytes, length));
    MUST(is_whole(from, &canonical.out));
    MUST(forms_canonical(&back, from, canonical.out.at, canonical.out.length));
    MUST(same(&back.out, &canonical.out));
    MUST(forms_to_text(&form, from, bytes, length));
    MUST(forms_from_text(&back, from, form.out.at, form.out.length));
    MUST(same(&back.out, &canonical.out));
    MUST(forms_to_json(&form, from, bytes, length));
    MUST(forms_from_json(&back, from, form.out.at, form.out.length));
    MUST(same(&back.out, &canonical.out));
    MUST(forms_dump(&form, from, bytes, length));
    forms_release(&canonical);
    forms_release(&form);
    forms_release(&back);
}
